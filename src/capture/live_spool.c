/* SPDX-License-Identifier: MIT */
/*
 * live_spool - positions count up for ever, and are places in the file modulo its size.
 */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "capture/live_spool.h"
#include "tcpshadow/mem.h"

/* Before each packet's bytes, in the machine's own order: the file never leaves the process. */
struct head {
	int64_t ts;
	uint32_t caplen, wire_len;
};

#define WAITING_MAX ((size_t)64 << 10)

void live_spool_init(struct live_spool *s, struct spool *spool)
{
	memset(s, 0, sizeof(*s));
	s->spool = spool && spool->max && spool->fd >= 0 ? spool : NULL;
	atomic_store(&s->broken, UINT64_MAX);
	buf_init(&s->waiting);
}

void live_spool_release(struct live_spool *s)
{
	buf_release(&s->waiting);
}

static size_t part_before_end(const struct live_spool *s, uint64_t at, size_t n)
{
	uint64_t to_end = s->spool->max - at % s->spool->max;

	return n < to_end ? n : (size_t)to_end;
}

static int write_at(const struct live_spool *s, const char *bytes, size_t n, uint64_t at)
{
	while (n > 0) {
		size_t part = part_before_end(s, at, n);
		ssize_t k = pwrite(s->spool->fd, bytes, part, (off_t)(at % s->spool->max));

		if (k < 0 && errno == EINTR)
			continue;
		if (k <= 0)
			return -1;
		bytes += k;
		at += (uint64_t)k;
		n -= (size_t)k;
	}
	return 0;
}

static int read_at(const struct live_spool *s, uint8_t *bytes, size_t n, uint64_t at)
{
	while (n > 0) {
		size_t part = part_before_end(s, at, n);
		ssize_t k = pread(s->spool->fd, bytes, part, (off_t)(at % s->spool->max));

		if (k < 0 && errno == EINTR)
			continue;
		if (k <= 0)
			return -1;
		bytes += k;
		at += (uint64_t)k;
		n -= (size_t)k;
	}
	return 0;
}

uint64_t live_spool_add(struct live_spool *s, const struct ring_packet *p)
{
	struct head h = { p->ts, p->caplen, p->wire_len };
	uint64_t at;

	if (!s->spool)
		return 0;
	if (s->waiting.len >= WAITING_MAX)
		live_spool_flush(s);
	at = atomic_load_explicit(&s->written, memory_order_relaxed) + s->waiting.len;
	buf_add(&s->waiting, &h, sizeof(h));
	buf_add(&s->waiting, p->data, p->caplen);
	return at;
}

void live_spool_flush(struct live_spool *s)
{
	uint64_t at = atomic_load_explicit(&s->written, memory_order_relaxed);
	bool is_broken = atomic_load(&s->broken) != UINT64_MAX;

	if (!s->spool || s->waiting.len == 0)
		return;
	if (!is_broken && write_at(s, s->waiting.data, s->waiting.len, at) < 0)
		atomic_store(&s->broken, at);
	atomic_store(&s->written, at + s->waiting.len);
	buf_reset(&s->waiting);
}

/* The position of the oldest byte that is still there; those being written over just now are not. */
static uint64_t oldest(const struct live_spool *s)
{
	uint64_t written = atomic_load(&s->written) + WAITING_MAX + CAP_SNAPLEN_MAX;
	uint64_t end = atomic_load(&s->broken);

	if (end < written)
		written = end;
	return written > s->spool->max ? written - s->spool->max : 0;
}

uint64_t live_spool_lost(const struct live_spool *s)
{
	uint64_t written = atomic_load(&s->written), broken = atomic_load(&s->broken);
	uint64_t first;

	if (!s->spool)
		return 0;
	first = oldest(s);
	if (first > written)
		first = written;
	return first + (broken < written ? written - broken : 0);
}

static int gone(struct err *e)
{
	return err_set(e, "the packet is no longer kept; --spool SIZE keeps more");
}

int live_spool_get(struct live_spool *s, uint64_t at, uint8_t **bytes, size_t *cap,
    struct packet *p, struct err *e)
{
	struct head h;
	uint64_t end;

	if (!s->spool)
		return err_set(e, "packets are not kept");
	end = atomic_load(&s->written);
	if (end > atomic_load(&s->broken))
		end = atomic_load(&s->broken);
	if (at + sizeof(h) > end || at < oldest(s) || read_at(s, (uint8_t *)&h, sizeof(h), at) < 0)
		return gone(e);
	if (h.caplen > CAP_SNAPLEN_MAX || at + sizeof(h) + h.caplen > end)
		return gone(e);
	if (h.caplen > *cap) {
		*bytes = mem_resize(*bytes, h.caplen, 1);
		*cap = h.caplen;
	}
	/* Looked at again afterwards: it may have been written over meanwhile. */
	if (read_at(s, *bytes, h.caplen, at + sizeof(h)) < 0 || at < oldest(s))
		return gone(e);
	*p = (struct packet){
		.ts = h.ts, .caplen = h.caplen, .wire_len = h.wire_len, .data = *bytes
	};
	return 0;
}
