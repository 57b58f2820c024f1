/* SPDX-License-Identifier: MIT */
/*
 * capture - packets from capture files, in order, with everything the file says about them; or from an interface.
 *
 * Input:  pcap (us, ns, both byte orders, variants) and pcapng (several sections and interfaces), plain,
 *         gzip or zstd; "-" is standard input; several files in order are one capture.  A network interface.
 * Output: batches of packets; facts about the capture; the errors met on the way.
 * Limits: a batch holds at most the given bytes and packets; packets point into the batch.
 * Spec:   draft-ietf-opsawg-pcap, draft-ietf-opsawg-pcapng.
 * Does not: know protocols beyond the link type.
 */
#ifndef TCPSHADOW_CAPTURE_H
#define TCPSHADOW_CAPTURE_H

#include "tcpshadow/buf.h"
#include "tcpshadow/err.h"
#include "tcpshadow/util.h"

/*
 * One captured frame.  Valid until its batch is read into again.  `ordinal` identifies it everywhere
 * inside the program; people see `number` (and the file's name where there are several).
 */
struct packet {
	uint64_t ordinal; /* position over all inputs, from 1; filtered packets are counted too */
	uint64_t number;  /* position in its own file, from 1, as tcpdump and Wireshark count */
	uint64_t offset; /* of its record in the seekable bytes (file or spool): for cap_reread() */
	int64_t ts;      /* nanoseconds since the epoch */
	uint32_t caplen; /* bytes at `data` */
	uint32_t
	    wire_len; /* bytes it had on the wire: a claim of the file; >= caplen is NOT guaranteed */
	uint32_t interface;  /* pcapng interface of its section, else 0 */
	uint16_t linktype;   /* LINKTYPE_ value as in the file */
	uint16_t file;       /* index of the input */
	const uint8_t *data; /* caplen bytes */
};

struct cap_batch {
	struct packet *packets; /* `count` of them, in capture order */
	size_t count;
	size_t max_packets;
	uint8_t *bytes; /* packet data lives here */
	size_t max_bytes;
};

/* max_bytes is raised as needed when one packet alone is larger. */
void cap_batch_init(struct cap_batch *b, size_t max_packets, size_t max_bytes);
void cap_batch_release(struct cap_batch *b);

/* An interface to capture from. */
struct cap_live_options {
	const char *interface;     /* its name, or "any"; NULL = none: files are read */
	uint32_t snaplen;          /* most bytes kept of a packet; 0 = CAP_SNAPLEN_MAX */
	uint64_t buffer_bytes;     /* of the kernel; 0 = CAP_BUFFER_DEFAULT */
	bool no_promiscuous;       /* only what is sent to this host, or by it */
	bool immediate;            /* the kernel hands over each packet at once */
	bool microseconds;         /* times in microseconds rather than nanoseconds */
	struct recorder *recorder; /* is given every packet that is read; borrowed; NULL = none */
};

#define CAP_SNAPLEN_MAX    262144
#define CAP_BUFFER_DEFAULT ((uint64_t)16 << 20)

struct cap_options {
	const char *const *files; /* names; "-" = standard input; borrowed until cap_close */
	size_t nfiles;
	/* Of cap_open_files(), in the same order, borrowed; NULL = files are opened by name. */
	const int *fds;
	struct filter
	    *filter;     /* of cap_filter_new() with the same bpf, borrowed; NULL = made here */
	const char *bpf; /* capture filter in libpcap's language, NULL = all */
	uint64_t max_packets; /* stop after this many packets passed the filter; 0 = all (-c) */
	uint64_t spool_bytes; /* most bytes kept of an input that cannot be sought; 0 = keep none */
	struct cap_live_options live; /* instead of files */
};

struct cap_link {
	uint16_t linktype;
	uint64_t packets;
};

/* What one input says of itself.  Strings belong to the cap. */
struct cap_file_facts {
	const char *name;
	const char *format;      /* "pcap", "pcapng" */
	const char *compression; /* "none", "gzip", "zstd" */
	/* Records read, filtered ones included.  Others may look while the file is read. */
	_Atomic uint64_t packets;
	uint64_t size;    /* bytes of the file itself, 0 = not known (a pipe) */
	uint32_t snaplen; /* largest snaplen of its interfaces; 0 = none said */
	uint32_t sections, interfaces;
	bool nanoseconds;
	bool is_broken;   /* an error below is about this file */
	struct err error; /* what and where, when broken */
};

struct cap_comment {
	uint64_t ordinal; /* packet it belongs to, 0 = section or interface */
	char *text;       /* NUL-terminated UTF-8 as found: untrusted */
};

struct cap_facts {
	struct cap_file_facts *files;
	size_t nfiles;
	uint64_t packets;           /* records read */
	uint64_t filtered;          /* of them rejected by the filter */
	uint64_t bytes;             /* captured bytes read */
	uint64_t wire_bytes;        /* bytes on the wire */
	uint64_t truncated;         /* packets with caplen < wire_len */
	int64_t first_ts, last_ts;  /* smallest and largest time; 0,0 when there are no packets */
	uint64_t time_steps_back;   /* packets older than the one before */
	uint64_t dropped_kernel;    /* live, or pcapng statistics: isb_osdrop + EPB dropcounts */
	uint64_t dropped_interface; /* live, or pcapng statistics: isb_ifdrop */
	uint64_t dropped_queue;     /* live: analysis did not keep up */
	bool drops_known;           /* live, or a statistics block said so (0 is then a value) */
	bool is_live;               /* the one file is an interface */
	uint64_t unrecorded;        /* live: packets that were read and could not be recorded */
	struct cap_link *links;
	size_t nlinks;
	struct cap_comment *comments; /* at most 10,000 are kept */
	size_t ncomments;
	uint64_t comments_seen;
	uint64_t
	    spool_overflow; /* bytes that no longer fitted the spool: such packets cannot be re-read */
};

struct cap;

/*
 * For a process that will not be allowed to open files: opened now, read as often as needed.  -errno stands for a file
 * that cannot be opened; standard input is left alone.
 */
void cap_open_files(const char *const *files, size_t n, int *fds);
void cap_close_files(int *fds, size_t n);
/* Likewise: names of hosts, ports and protocols in it are looked up now.  NULL for NULL. */
struct filter *cap_filter_new(const char *bpf);
void cap_filter_free(struct filter *f);

/*
 * Opens every input far enough to know its format.  NULL and *e when an option is wrong (filter) or no
 * input at all could be opened; an input that fails among others is recorded in the facts.
 */
struct cap *cap_open(const struct cap_options *o, struct err *e);
void cap_close(struct cap *c);

/*
 * Fill the batch with the next packets.  Returns the number of packets, 0 at the end of all inputs.  A
 * broken input ends with the last whole packet; its error is in cap_facts()->files[i].
 * Live it also returns 0 when no packet came for a tenth of a second: cap_is_over() tells.
 */
size_t cap_read(struct cap *c, struct cap_batch *b);
bool cap_is_over(const struct cap *c); /* when cap_read() has returned 0 */

/* Complete once cap_read() returned 0; grows until then.  Borrowed. */
const struct cap_facts *cap_facts(const struct cap *c);
/* How much of the inputs was read, 0 to 1000 per mille; -1 = not known (a pipe). */
int cap_progress(const struct cap *c);

/*
 * Read one packet again by file and offset.  `data` points into memory of the cap, valid until the next
 * call.  Returns -1 and *e when it cannot be read (spool too small, file changed).
 */
TS_NODISCARD int cap_reread(
    struct cap *c, uint16_t file, uint64_t offset, struct packet *p, struct err *e);

/*
 * The same for other threads, while the capture is still being read: each with a reader of its own.  What was read
 * before can be read again; close the capture after its readers.
 */
struct cap_reader;
struct cap_reader *cap_reader_new(const struct cap *c);
void cap_reader_free(struct cap_reader *r);
TS_NODISCARD int cap_reader_read(
    struct cap_reader *r, uint16_t file, uint64_t offset, struct packet *p, struct err *e);

/*
 * From any thread: cap_read() shall not wait for a pipe any more; such inputs end where they are.  Live: no more packets
 * are taken from the interface; those taken are still read.
 */
void cap_interrupt(struct cap *c);

/*
 * Live: takes packets from the interface into a bounded queue, from which cap_read() reads, until cap_interrupt() or a
 * failure of the interface.  Meant for a thread of its own: it waits for nothing but packets, and counts those for
 * which the queue has no room.
 */
void cap_pump(struct cap *c);

/* What is happening, for any thread at any time. */
struct cap_counters {
	uint64_t packets; /* read */
	uint64_t dropped_kernel, dropped_interface, dropped_queue;
	uint64_t unrecorded;
	uint64_t queued;        /* bytes that wait in the queue */
	bool is_interface_down; /* it may come back */
};

void cap_counters(const struct cap *c, struct cap_counters *out);
/* "3 by the kernel, 0 by the interface, 0 by tcpshadow" */
void cap_lost_text(struct buf *out, const struct cap_counters *c);

struct cap_interface {
	char *name, *description; /* description may be NULL */
	char **addresses;         /* as text */
	size_t naddresses;
	bool is_up, is_running, is_loopback, is_wireless, is_disconnected;
};

/* All there are, those that may be captured from and others.  Free with cap_interfaces_free(). */
TS_NODISCARD int cap_interfaces(struct cap_interface **list, size_t *n, struct err *e);
void cap_interfaces_free(struct cap_interface *list, size_t n);

/* Short name of a LINKTYPE_ value ("ETHERNET"), or NULL. */
const char *cap_link_name(uint16_t linktype);

#endif
