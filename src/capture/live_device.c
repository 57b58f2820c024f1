/* SPDX-License-Identifier: MIT */
/*
 * live_device - opening with libpcap, in words a user understands.
 *
 * libpcap reads the interface's own count of lost packets from sysfs at every pcap_stats(), by name.  That fails
 * once no file may be opened any more, so the files are opened here, at the beginning, and read again and again.
 */
#include "config.h"

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "capture/live_device.h"
#include "tcpshadow/mem.h"
#include "tcpshadow/near.h"

/* After so many ms the kernel hands over a block that is not full.  Short, so that nobody waits to see a packet. */
#define BLOCK_TIMEOUT 20
#define SYSFS_NET     "/sys/class/net"

static const char *const loss_files[] = { "rx_missed_errors", "rx_fifo_errors" };

/* ---- losses of interfaces */

static void watch_losses(struct live_device *d, int sysfs, const char *interface)
{
	char path[512];

	for (size_t i = 0; i < ARRAY_LEN(loss_files); i++) {
		int n = snprintf(path, sizeof(path), "%s/statistics/%s", interface, loss_files[i]);
		int fd = n < (int)sizeof(path) ? openat(sysfs, path, O_RDONLY | O_CLOEXEC) : -1;

		if (fd < 0)
			continue;
		d->loss_fds = mem_resize(d->loss_fds, d->nloss + 1, sizeof(*d->loss_fds));
		d->loss_fds[d->nloss++] = fd;
	}
}

static void watch_all(struct live_device *d, int sysfs)
{
	DIR *dir = opendir(SYSFS_NET);
	const struct dirent *entry;

	while (dir && (entry = readdir(dir)) != NULL)
		if (entry->d_name[0] != '.')
			watch_losses(d, sysfs, entry->d_name);
	if (dir)
		(void)closedir(dir);
}

static uint64_t read_losses(const struct live_device *d)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < d->nloss; i++) {
		char text[32] = "";
		ssize_t n = pread(d->loss_fds[i], text, sizeof(text) - 1, 0);

		if (n > 0)
			sum += strtoull(text, NULL, 10);
	}
	return sum;
}

static void open_losses(struct live_device *d)
{
	int sysfs = open(SYSFS_NET, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (sysfs < 0)
		return;
	if (strcmp(d->name, "any") == 0)
		watch_all(d, sysfs);
	else
		watch_losses(d, sysfs, d->name);
	(void)close(sysfs);
	d->loss_start = read_losses(d);
}

void live_device_losses(struct live_device *d, uint64_t *kernel, uint64_t *interface)
{
	uint64_t lost = read_losses(d);
	struct pcap_stat st;

	if (pcap_stats(d->pcap, &st) == 0) {
		d->dropped += st.ps_drop - d->last_dropped;
		d->last_dropped = st.ps_drop;
	}
	*kernel = d->dropped;
	*interface = lost > d->loss_start ? lost - d->loss_start : 0;
}

/* ---- messages */

/* The name of an interface, or NULL when it is one. */
static void unknown_interface(const char *name, struct err *e)
{
	char text[PCAP_ERRBUF_SIZE], names[256] = "";
	const char *near = NULL;
	pcap_if_t *all = NULL;
	size_t len = 0;

	if (pcap_findalldevs(&all, text) < 0)
		all = NULL;
	for (const pcap_if_t *i = all; i; i = i->next) {
		near = near_best(name, i->name, near);
		if (i->flags & PCAP_IF_UP && len < sizeof(names) / 2)
			len += (size_t)snprintf(
			    names + len, sizeof(names) - len, "%s%.32s", len ? ", " : "", i->name);
	}
	if (near)
		(void)err_set(e, "there is no interface '%s'; did you mean '%s'?", name, near);
	else
		(void)err_set(e, "there is no interface '%s'; up are: %s (-D lists all)", name,
		    len ? names : "none");
	if (all)
		pcap_freealldevs(all);
}

static bool is_interface(const char *name)
{
	char text[PCAP_ERRBUF_SIZE];
	pcap_if_t *all = NULL;
	bool found = false;

	if (pcap_findalldevs(&all, text) < 0)
		return true;
	for (const pcap_if_t *i = all; i && !found; i = i->next)
		found = strcmp(i->name, name) == 0;
	if (all)
		pcap_freealldevs(all);
	return found;
}

static void no_right(const char *name, struct err *e)
{
	char self[512];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

	self[n > 0 ? n : 0] = '\0';
	(void)err_set(e,
	    "no right to capture from '%s': run it with sudo, or give it the right once and for "
	    "all "
	    "with: sudo setcap cap_net_raw+ep %s",
	    name, n > 0 ? self : "$(command -v tcpshadow)");
}

static int failed(const struct live_device *d, int status, struct err *e)
{
	if (status == PCAP_ERROR_NO_SUCH_DEVICE || !is_interface(d->name))
		unknown_interface(d->name, e);
	else if (status == PCAP_ERROR_PERM_DENIED || status == PCAP_ERROR_PROMISC_PERM_DENIED)
		no_right(d->name, e);
	else if (status == PCAP_ERROR_IFACE_NOT_UP)
		(void)err_set(
		    e, "the interface '%s' is down: sudo ip link set %s up", d->name, d->name);
	else if (status == PCAP_ERROR)
		(void)err_set(e, "cannot capture from '%s': %s", d->name, pcap_geterr(d->pcap));
	else
		(void)err_set(e, "cannot capture from '%s': %s", d->name, pcap_statustostr(status));
	return -1;
}

/* ---- opening */

static void set_options(struct live_device *d, const struct cap_live_options *o)
{
	uint64_t buffer = o->buffer_bytes ? o->buffer_bytes : CAP_BUFFER_DEFAULT;

	d->snaplen = o->snaplen ? o->snaplen : CAP_SNAPLEN_MAX;
	(void)pcap_set_snaplen(d->pcap, (int)d->snaplen);
	(void)pcap_set_promisc(d->pcap, !o->no_promiscuous);
	(void)pcap_set_timeout(d->pcap, BLOCK_TIMEOUT);
	(void)pcap_set_immediate_mode(d->pcap, o->immediate);
	(void)pcap_set_buffer_size(d->pcap, buffer < INT32_MAX ? (int)buffer : INT32_MAX);
	if (!o->microseconds)
		(void)pcap_set_tstamp_precision(d->pcap, PCAP_TSTAMP_PRECISION_NANO);
}

/*
 * libpcap names link types by DLT_ numbers, files by LINKTYPE_ numbers.  Rather than repeat its table, it is
 * made to write the head of a file.
 */
static uint16_t file_linktype(pcap_t *pcap)
{
	struct pcap_file_header header = { .linktype = 0 };
	FILE *file = fmemopen(&header, sizeof(header), "w");
	pcap_dumper_t *dump = file ? pcap_dump_fopen(pcap, file) : NULL;

	if (dump)
		pcap_dump_close(dump);
	else if (file)
		(void)fclose(file);
	return header.linktype < UINT16_MAX ? (uint16_t)header.linktype : UINT16_MAX;
}

static int set_filter(struct live_device *d, const char *bpf, struct err *e)
{
	struct bpf_program code;
	int status;

	if (!bpf)
		return 0;
	if (pcap_compile(d->pcap, &code, bpf, 1, PCAP_NETMASK_UNKNOWN) < 0)
		return err_set(e, "filter \"%s\": %s", bpf, pcap_geterr(d->pcap));
	status = pcap_setfilter(d->pcap, &code);
	pcap_freecode(&code);
	if (status < 0)
		return err_set(e, "filter \"%s\": %s", bpf, pcap_geterr(d->pcap));
	return 0;
}

static int activate(struct live_device *d, const char *bpf, struct err *e)
{
	char text[PCAP_ERRBUF_SIZE];
	int status = pcap_activate(d->pcap);

	if (status < 0)
		return failed(d, status, e);
	/* "any": cooked headers with the number of the interface. */
	if (pcap_datalink(d->pcap) == DLT_LINUX_SLL)
		(void)pcap_set_datalink(d->pcap, DLT_LINUX_SLL2);
	if (pcap_setnonblock(d->pcap, 1, text) < 0)
		return err_set(e, "cannot capture from '%s': %s", d->name, text);
	d->linktype = file_linktype(d->pcap);
	d->nanoseconds = pcap_get_tstamp_precision(d->pcap) == PCAP_TSTAMP_PRECISION_NANO;
	d->snaplen = (uint32_t)pcap_snapshot(d->pcap);
	return set_filter(d, bpf, e);
}

int live_device_open(
    struct live_device *d, const struct cap_live_options *o, const char *bpf, struct err *e)
{
	char text[PCAP_ERRBUF_SIZE];

	*d = (struct live_device){ .name = o->interface };
	d->pcap = pcap_create(o->interface, text);
	if (!d->pcap)
		return err_set(e, "cannot capture from '%s': %s", o->interface, text);
	set_options(d, o);
	if (activate(d, bpf, e) < 0) {
		live_device_close(d);
		return -1;
	}
	open_losses(d);
	return 0;
}

void live_device_close(struct live_device *d)
{
	if (d->pcap)
		pcap_close(d->pcap);
	d->pcap = NULL;
	for (size_t i = 0; i < d->nloss; i++)
		(void)close(d->loss_fds[i]);
	free(d->loss_fds);
	d->loss_fds = NULL;
	d->nloss = 0;
}
