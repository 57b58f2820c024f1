/* SPDX-License-Identifier: MIT */
/*
 * live - the thread that captures on one side of the ring, the one that reads on the other.
 *
 * Capturing waits for packets only: what does not fit the ring is counted and gone.  Recording and spooling
 * happen where the packets are read, so a slow disk fills the ring and then shows as drops of ours, and a recorded
 * file has exactly the packets that were analysed, under the same numbers.
 */
#include "config.h"

#include <sys/eventfd.h>

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "capture/format.h"
#include "capture/live.h"
#include "capture/live_device.h"
#include "capture/live_ring.h"
#include "capture/live_spool.h"
#include "tcpshadow/mem.h"
#include "tcpshadow/recorder.h"

#define PATIENCE   100              /* ms that reading waits for a packet */
#define LOSS_TICK  (NS_PER_SEC / 5) /* so often losses are asked for */
#define DRAIN_TIME (NS_PER_SEC / 4) /* so long packets are taken after the end was asked for */
#define LAST_PACKETS                                                                               \
	((uint64_t)8 << 20) /* most bytes taken from the kernel after the end was asked for */

struct live {
	struct live_device device;
	struct ring ring;
	int wake_fd;         /* for the reader: something was put into the ring */
	int stop_fd;         /* for the capturing thread: end */
	_Atomic bool waits;  /* the reader does */
	_Atomic bool stop;   /* asked for */
	_Atomic bool is_fed; /* the capturing thread has ended: nothing more comes */
	struct err failure;  /* why it ended, "" = it was asked to; written before is_fed */
	int64_t losses_at;   /* when losses were asked for last */

	_Atomic uint64_t packets, dropped_kernel, dropped_interface, dropped_queue, unrecorded;
	_Atomic bool is_down;

	/* the reader's */
	struct facts *facts;
	struct recorder *recorder;
	struct live_spool spool;
	uint64_t left; /* packets that may still be read (-c) */
	bool is_over;
};

static int64_t now(void)
{
	struct timespec t = { 0 };

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * NS_PER_SEC + t.tv_nsec;
}

static void signal_fd(int fd)
{
	uint64_t one = 1;

	if (write(fd, &one, sizeof(one)) < 0)
		return; /* it is signalled already */
}

static void clear_fd(int fd)
{
	uint64_t count;

	if (read(fd, &count, sizeof(count)) < 0)
		return; /* it was not signalled */
}

/* ---- the thread that captures */

static void wake_reader(struct live *l)
{
	if (atomic_load(&l->waits))
		signal_fd(l->wake_fd);
}

static void take(u_char *user, const struct pcap_pkthdr *h, const u_char *bytes)
{
	void *ctx = user;
	struct live *l = ctx;
	struct ring_packet p = {
		.ts =
		    h->ts.tv_sec * NS_PER_SEC + h->ts.tv_usec * (l->device.nanoseconds ? 1 : 1000),
		.caplen = h->caplen,
		.wire_len = h->len,
		.data = bytes,
	};

	if (!ring_put(&l->ring, &p))
		atomic_fetch_add_explicit(&l->dropped_queue, 1, memory_order_relaxed);
}

static void look_at_losses(struct live *l)
{
	uint64_t kernel, interface;

	live_device_losses(&l->device, &kernel, &interface);
	atomic_store_explicit(&l->dropped_kernel, kernel, memory_order_relaxed);
	atomic_store_explicit(&l->dropped_interface, interface, memory_order_relaxed);
	l->losses_at = now();
}

/* A failed interface is told of as "The interface disappeared". */
static void fail(struct live *l)
{
	const char *text = pcap_geterr(l->device.pcap);

	if (strstr(text, "disappeared"))
		(void)err_set(&l->failure, "%s: the interface is gone", l->device.name);
	else
		(void)err_set(&l->failure, "%s: capture failed: %s", l->device.name, text);
}

/* Packets that are there now.  False when the device has failed. */
static bool dispatch(struct live *l)
{
	int n = pcap_dispatch(l->device.pcap, -1, take, (u_char *)l);

	if (n > 0 || n == PCAP_ERROR_BREAK)
		wake_reader(l);
	return n >= 0 || n == PCAP_ERROR_BREAK;
}

/* Down, not gone: libpcap wants to be asked now and then until one of them is clear. */
static void look_at_state(struct live *l)
{
	atomic_store_explicit(&l->is_down, pcap_get_required_select_timeout(l->device.pcap) != NULL,
	    memory_order_relaxed);
}

/*
 * What the kernel had when the end was asked for; a block is handed over when its time is up.  On a busy interface
 * there is always more: not for long.
 */
static void drain(struct live *l)
{
	struct pollfd fd = { .fd = pcap_get_selectable_fd(l->device.pcap), .events = POLLIN };
	uint64_t start = atomic_load(&l->ring.head);
	int64_t end = now() + DRAIN_TIME;

	while (atomic_load(&l->ring.head) - start < LAST_PACKETS && now() < end &&
	       poll(&fd, 1, PATIENCE) > 0)
		if (!dispatch(l))
			break;
}

void live_pump(struct live *l)
{
	struct pollfd fds[2] = {
		{ .fd = pcap_get_selectable_fd(l->device.pcap), .events = POLLIN },
		{ .fd = l->stop_fd, .events = POLLIN },
	};

	while (!atomic_load(&l->stop)) {
		(void)poll(fds, 2, PATIENCE);
		if (!dispatch(l)) {
			fail(l);
			break;
		}
		look_at_state(l);
		if (now() - l->losses_at >= LOSS_TICK)
			look_at_losses(l);
	}
	if (!l->failure.text[0])
		drain(l);
	look_at_losses(l);
	atomic_store(&l->is_fed, true);
	signal_fd(l->wake_fd);
}

void live_stop(struct live *l)
{
	atomic_store(&l->stop, true);
	signal_fd(l->stop_fd);
}

/* ---- the thread that reads */

/*
 * The flag that the reader waits and the head of the ring are written and then read in opposite order by the
 * two threads, all sequentially consistent: at least one of them sees the other.
 */
static void wait_for_packets(struct live *l)
{
	struct pollfd fd = { .fd = l->wake_fd, .events = POLLIN };

	atomic_store(&l->waits, true);
	if (ring_used(&l->ring) == 0 && !atomic_load(&l->is_fed))
		(void)poll(&fd, 1, PATIENCE);
	atomic_store(&l->waits, false);
	clear_fd(l->wake_fd);
}

static void copy_counters(struct live *l)
{
	struct cap_facts *sum = &l->facts->sum;
	struct cap_counters c;

	live_counters(l, &c);
	sum->dropped_kernel = c.dropped_kernel;
	sum->dropped_interface = c.dropped_interface;
	sum->dropped_queue = c.dropped_queue;
	sum->unrecorded = c.unrecorded;
	sum->spool_overflow = live_spool_lost(&l->spool);
}

static void take_packet(struct live *l, struct packet *p, const struct ring_packet *from)
{
	struct cap_file_facts *file = &l->facts->sum.files[0];

	*p = (struct packet){
		.ts = from->ts,
		.caplen = from->caplen,
		.wire_len = from->wire_len,
		.linktype = l->device.linktype,
		.data = p->data,
		.offset = live_spool_add(&l->spool, from),
	};
	facts_packets(l->facts, file, p, 1);
	if (l->recorder)
		recorder_add(l->recorder, p);
}

/* Copies the next packet into the batch.  False when there is none, or no room for it. */
static bool read_one(struct live *l, struct cap_batch *b, size_t *used)
{
	struct packet *p = &b->packets[b->count];
	struct ring_packet from;

	if (!ring_get(&l->ring, &from))
		return false;
	if (l->recorder && recorder_ends_before(l->recorder, from.ts)) {
		l->left = 0;
		return false;
	}
	if (b->count == 0 && from.caplen > b->max_bytes) {
		b->bytes = mem_resize(b->bytes, from.caplen, 1);
		b->max_bytes = from.caplen;
	}
	if (from.caplen > b->max_bytes - *used)
		return false;
	if (from.caplen)
		memcpy(b->bytes + *used, from.data, from.caplen);
	p->data = b->bytes + *used;
	*used += from.caplen;
	b->count++;
	take_packet(l, p, &from);
	ring_done(&l->ring);
	return true;
}

static void end(struct live *l)
{
	struct cap_file_facts *file = &l->facts->sum.files[0];

	l->is_over = true;
	if (!l->failure.text[0] || file->is_broken)
		return;
	file->is_broken = true;
	file->error = l->failure;
}

static void finish_batch(struct live *l)
{
	live_spool_flush(&l->spool);
	if (l->recorder)
		atomic_store(&l->unrecorded, recorder_flush(l->recorder));
	atomic_store_explicit(&l->packets, l->facts->sum.packets, memory_order_relaxed);
}

size_t live_read(struct live *l, struct cap_batch *b)
{
	bool is_fed = atomic_load(&l->is_fed); /* before looking into the ring */
	size_t used = 0;

	b->count = 0;
	if (l->is_over)
		return 0;
	if (!is_fed && ring_used(&l->ring) == 0)
		wait_for_packets(l);
	while (b->count < b->max_packets && l->left > 0 && read_one(l, b, &used))
		l->left--;
	finish_batch(l);
	if (l->left == 0)
		live_stop(l);
	if ((is_fed && b->count == 0) || l->left == 0)
		end(l);
	copy_counters(l);
	return b->count;
}

bool live_is_over(const struct live *l)
{
	return l->is_over;
}

int live_reread(
    struct live *l, uint64_t offset, uint8_t **bytes, size_t *cap, struct packet *p, struct err *e)
{
	if (live_spool_get(&l->spool, offset, bytes, cap, p, e) < 0)
		return -1;
	p->linktype = l->device.linktype;
	p->offset = offset;
	return 0;
}

void live_counters(const struct live *l, struct cap_counters *out)
{
	*out = (struct cap_counters){
		.packets = atomic_load_explicit(&l->packets, memory_order_relaxed),
		.dropped_kernel = atomic_load_explicit(&l->dropped_kernel, memory_order_relaxed),
		.dropped_interface =
		    atomic_load_explicit(&l->dropped_interface, memory_order_relaxed),
		.dropped_queue = atomic_load_explicit(&l->dropped_queue, memory_order_relaxed),
		.unrecorded = atomic_load(&l->unrecorded),
		.queued = ring_used(&l->ring),
		.is_interface_down = atomic_load_explicit(&l->is_down, memory_order_relaxed),
	};
}

/* ---- opening and closing */

static void describe(struct live *l)
{
	struct cap_facts *sum = &l->facts->sum;
	struct cap_file_facts *file = &sum->files[0];

	sum->is_live = true;
	sum->drops_known = true;
	file->format = "live";
	file->interfaces = 1;
	file->snaplen = l->device.snaplen;
	file->nanoseconds = l->device.nanoseconds;
}

/* Twice what the kernel has: the analysis may stand still for longer than the thread that captures. */
static uint64_t ring_bytes(const struct cap_live_options *o)
{
	uint64_t wanted = 2 * (o->buffer_bytes ? o->buffer_bytes : CAP_BUFFER_DEFAULT);
	uint64_t bytes = 1;

	while (bytes < wanted)
		bytes *= 2;
	return bytes;
}

static int prepare(struct live *l, const struct cap_options *o, struct spool *spool, struct err *e)
{
	l->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	l->stop_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (l->wake_fd < 0 || l->stop_fd < 0)
		return err_set(e, "cannot capture: no more files can be opened");
	if (o->spool_bytes && spool_open(spool, e) < 0)
		return -1;
	live_spool_init(&l->spool, spool);
	if (l->recorder && recorder_begin(l->recorder, l->device.linktype, l->device.snaplen,
	                       l->device.nanoseconds, e) < 0)
		return -1;
	ring_init(&l->ring, ring_bytes(&o->live));
	return 0;
}

struct live *live_open(
    const struct cap_options *o, struct facts *facts, struct spool *spool, struct err *e)
{
	struct live *l = mem_alloc(1, sizeof(*l));

	l->wake_fd = l->stop_fd = -1;
	l->facts = facts;
	l->recorder = o->live.recorder;
	l->left = o->max_packets ? o->max_packets : UINT64_MAX;
	if (live_device_open(&l->device, &o->live, o->bpf, e) < 0 || prepare(l, o, spool, e) < 0) {
		live_close(l);
		return NULL;
	}
	describe(l);
	return l;
}

void live_close(struct live *l)
{
	if (!l)
		return;
	live_device_close(&l->device);
	if (l->wake_fd >= 0)
		(void)close(l->wake_fd);
	if (l->stop_fd >= 0)
		(void)close(l->stop_fd);
	live_spool_release(&l->spool);
	ring_release(&l->ring);
	free(l);
}
