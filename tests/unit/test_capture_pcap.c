/* SPDX-License-Identifier: MIT */
/*
 * test_capture_pcap - our reader against libpcap's, packet by packet, over folders of captures.
 *
 * Input:  captures/ of the source; a further collection in $TCPSHADOW_SHARED or ../shared, if there is one.
 * Output: TAP, one line per folder.
 *
 * Known differences, each a rule below:
 *   - libpcap ends a pcapng where ours goes on (`goes_on`);
 *   - libpcap cuts a packet to the file's snaplen, ours delivers what is there;
 *   - libpcap takes the seconds of native pcap files as signed, ours as unsigned;
 *   - libpcap rewrites pseudo-headers of some link types into this machine's byte order.
 */
#include "config.h"

#include <glob.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tcpshadow/buf.h"
#include "tcpshadow/capture.h"

/* Errors of libpcap that are limits of its reader, not faults of the file. */
static const char *const goes_on[] = {
	"different from the type of the first interface",
	"different from the snapshot length of the first interface",
	"sections with different byte orders",
	"bigger than snaplen of",
};

/* Link types whose pseudo-headers libpcap rewrites. */
static const int rewritten[] = { DLT_USB_LINUX, DLT_USB_LINUX_MMAPPED, DLT_NFLOG, DLT_PKTAP };

struct pair {
	const char *path;
	pcap_t *pcap;
	struct cap *cap;
	struct cap_batch batch;
	size_t next;  /* packet in the batch */
	size_t count; /* pairs that were the same */
	int linktype; /* LINKTYPE_ value as libpcap would write it, -1 = it has none */
};

static const struct packet *next_ours(struct pair *p)
{
	if (p->next == p->batch.count) {
		p->next = 0;
		if (cap_read(p->cap, &p->batch) == 0)
			return NULL;
	}
	return &p->batch.packets[p->next++];
}

/* libpcap tells DLT_ numbers only, except in the header of a file it writes. */
static int find_linktype(pcap_t *pcap)
{
	char *bytes = NULL;
	size_t n = 0;
	uint32_t linktype;
	FILE *f = open_memstream(&bytes, &n);
	pcap_dumper_t *d = f ? pcap_dump_fopen(pcap, f) : NULL;
	int result = -1;

	if (d) {
		(void)pcap_dump_flush(d);
		if (n >= 24) {
			memcpy(&linktype, bytes + 20, sizeof(linktype));
			result = (int)(linktype & 0x03ffffff);
		}
		pcap_dump_close(d);
	} else if (f) {
		(void)fclose(f);
	}
	free(bytes);
	return result;
}

static bool is_rewritten(pcap_t *pcap)
{
	for (size_t i = 0; i < ARRAY_LEN(rewritten); i++)
		if (pcap_datalink(pcap) == rewritten[i])
			return true;
	return false;
}

/* The 32 bits of seconds are all that a pcap file has. */
static bool is_same_time(const struct pcap_pkthdr *h, const struct packet *p)
{
	int64_t theirs = h->ts.tv_sec * NS_PER_SEC + h->ts.tv_usec;

	return theirs == p->ts || theirs + (INT64_C(1) << 32) * NS_PER_SEC == p->ts;
}

static const char *compare(
    struct pair *pair, const struct pcap_pkthdr *h, const u_char *data, const struct packet *p)
{
	bool is_cut = p->caplen > h->caplen && (int)h->caplen == pcap_snapshot(pair->pcap);

	if (!is_same_time(h, p))
		return "time";
	if (h->caplen != p->caplen && !is_cut)
		return "captured length";
	if (h->len != p->wire_len && !is_rewritten(pair->pcap))
		return "wire length";
	if (pair->linktype >= 0 && pair->linktype != p->linktype)
		return "link type";
	if (memcmp(data, p->data, h->caplen) != 0 && !is_rewritten(pair->pcap))
		return "bytes";
	return NULL;
}

static bool complain(const struct pair *p, const char *what, const char *detail)
{
	printf("# %s: packet %zu: %s %s\n", p->path, p->count + 1, what, detail);
	return false;
}

static bool compare_ends(struct pair *p, int status)
{
	const struct cap_file_facts *file = &cap_facts(p->cap)->files[0];
	const char *theirs = pcap_geterr(p->pcap);
	const struct packet *more = next_ours(p);

	if (status == PCAP_ERROR_BREAK)
		return !more && !file->is_broken
		           ? true
		           : complain(p, "libpcap says the file ends well; ours:",
		                 more ? "one more" : file->error.text);
	for (size_t i = 0; i < ARRAY_LEN(goes_on); i++)
		if (strstr(theirs, goes_on[i]))
			return true;
	if (more)
		return complain(p, "ours goes on, libpcap says", theirs);
	return file->is_broken ? true : complain(p, "ours finds no fault, libpcap says", theirs);
}

static bool compare_packets(struct pair *p)
{
	const struct packet *ours;
	const char *difference;
	struct pcap_pkthdr *h;
	const u_char *data;
	int status;

	p->linktype = find_linktype(p->pcap);
	while ((status = pcap_next_ex(p->pcap, &h, &data)) == 1) {
		ours = next_ours(p);
		if (!ours)
			return complain(p, "is missing:", cap_facts(p->cap)->files[0].error.text);
		difference = compare(p, h, data, ours);
		if (difference)
			return complain(p, "differs in", difference);
		p->count++;
	}
	return compare_ends(p, status);
}

/* What libpcap cannot open, ours must find broken, now or when it reads. */
static bool compare_failure(struct pair *p, const char *theirs)
{
	if (!p->cap)
		return true;
	while (next_ours(p))
		p->count++;
	if (cap_facts(p->cap)->files[0].is_broken)
		return true;
	return complain(p, "libpcap cannot open the file, ours can:", theirs);
}

static bool compare_file(const char *path)
{
	struct cap_options o = { .files = &path, .nfiles = 1 };
	struct pair p = { .path = path };
	char theirs[PCAP_ERRBUF_SIZE] = "";
	struct err e = { "" };
	bool is_same;

	cap_batch_init(&p.batch, 100, 10000);
	p.cap = cap_open(&o, &e);
	p.pcap = pcap_open_offline_with_tstamp_precision(path, PCAP_TSTAMP_PRECISION_NANO, theirs);
	if (!p.pcap)
		is_same = compare_failure(&p, theirs);
	else if (!p.cap)
		is_same = complain(&p, "cannot be opened:", e.text);
	else
		is_same = compare_packets(&p);
	if (p.pcap)
		pcap_close(p.pcap);
	cap_close(p.cap);
	cap_batch_release(&p.batch);
	return is_same;
}

static void compare_folder(int number, const char *root, const char *pattern)
{
	struct buf path = BUF_INIT;
	size_t different = 0;
	glob_t found = { 0 };

	buf_addf(&path, "%s/%s", root, pattern);
	if (glob(path.data, GLOB_BRACE, NULL, &found) != 0) {
		printf("ok %d - %s # SKIP there are no such files\n", number, pattern);
		buf_release(&path);
		return;
	}
	for (size_t i = 0; i < found.gl_pathc; i++)
		different += !compare_file(found.gl_pathv[i]);
	printf("%s %d - %s: %zu of %zu captures read as libpcap reads them\n",
	    different ? "not ok" : "ok", number, pattern, found.gl_pathc - different,
	    found.gl_pathc);
	globfree(&found);
	buf_release(&path);
}

int main(void)
{
	const char *source = getenv("top_srcdir"), *shared = getenv("TCPSHADOW_SHARED");
	struct buf beside = BUF_INIT;

	if (!source)
		source = ".";
	buf_addf(&beside, "%s/../shared", source);
	if (!shared)
		shared = beside.data;
	printf("1..4\n");
	compare_folder(1, source, "captures/*.{pcap,pcapng}");
	compare_folder(2, shared, "captures/public/*.{pcap,pcapng}");
	compare_folder(3, shared, "captures/reset-lab/*.pcap");
	compare_folder(4, shared, "oracle/cases/*/*.pcap");
	buf_release(&beside);
	return 0;
}
