/* SPDX-License-Identifier: MIT */
/*
 * stored - runs without a thread.
 */
#include "config.h"

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>

#include "lib/stored.h"

static void publish(void *ctx, int per_mille, uint64_t packets)
{
	store_publish(ctx, per_mille, packets);
}

bool stored_open(struct stored *s, const char *const *files, size_t n,
    const struct engine_options *o, struct sink *more)
{
	struct cap_options co = { .files = files, .nfiles = n, .spool_bytes = 1 << 24 };
	struct engine_options eo = *o;
	struct sink *sinks[2];
	struct err e;

	s->cap = cap_open(&co, &e);
	if (!s->cap)
		return false;
	s->store = store_new(cap_facts(s->cap));
	eo.progress = publish;
	eo.progress_ctx = s->store;
	sinks[0] = store_sink(s->store);
	sinks[1] = more;
	if (engine_run(s->cap, &eo, sinks, more ? 2 : 1, &e) == 0)
		return true;
	stored_close(s);
	return false;
}

void stored_close(struct stored *s)
{
	store_free(s->store);
	cap_close(s->cap);
}

void stored_path(char *path, const char *name)
{
	const char *top = getenv("top_srcdir");

	(void)snprintf(path, 4096, "%s/captures/%s", top ? top : ".", name);
}

void stored_for_captures(void (*check)(const char *name))
{
	char pattern[4096];
	glob_t found;

	stored_path(pattern, "*.pcap*");
	if (glob(pattern, 0, NULL, &found) != 0)
		return;
	for (size_t i = 0; i < found.gl_pathc; i++)
		check(found.gl_pathv[i]);
	globfree(&found);
}

bool stored_write_acks(FILE *f, uint32_t n, uint32_t every, const uint32_t *closed, size_t nclosed)
{
	static const struct {
		uint32_t magic;
		uint16_t major, minor;
		uint32_t zone, precision, snaplen, linktype;
	} head = { 0xa1b2c3d4, 2, 4, 0, 0, 65535, 101 }; /* raw IP */
	uint8_t p[40] = { [0] = 0x45,
		[3] = 40,
		[8] = 64,
		[9] = 6,
		[12] = 10,
		[15] = 1,
		[16] = 10,
		[19] = 2,
		[20] = 100,
		[23] = 80,
		[32] = 0x50,
		[33] = TCP_ACK };
	bool is_written = fwrite(&head, sizeof(head), 1, f) == 1;

	for (uint32_t i = 1; i <= n && is_written; i++) {
		uint32_t record[4] = { i / 1000, i % 1000, sizeof(p), sizeof(p) };
		bool is_closed = nclosed && *closed == i;

		p[21] = i % every == 0;
		p[34] = !is_closed;
		if (is_closed) {
			closed++;
			nclosed--;
		}
		is_written =
		    fwrite(record, sizeof(record), 1, f) == 1 && fwrite(p, sizeof(p), 1, f) == 1;
	}
	return is_written;
}
