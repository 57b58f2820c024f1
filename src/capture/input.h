/* SPDX-License-Identifier: MIT */
/*
 * input - one capture file: its source of bytes, the reader of its format, and what lies between.
 *
 * Memory: bytes read from the source go straight into the batch.  Those behind its last whole record
 *         are copied to `rest`, and from there into the next batch.
 */
#ifndef TCPSHADOW_CAPTURE_INPUT_H
#define TCPSHADOW_CAPTURE_INPUT_H

#include "capture/facts.h"
#include "capture/filter.h"
#include "capture/format.h"
#include "capture/source.h"

struct input {
	const char *name; /* for messages */
	uint16_t index;   /* of the file in the facts */
	struct cap_file_facts *file;
	struct source source;
	const struct format *format; /* NULL = not opened, or given up */
	void *reader;
	uint8_t *rest; /* rest_at to rest_len: read, not yet in a batch */
	size_t rest_at, rest_len, rest_cap;
	uint64_t offset;       /* of the next byte to be parsed */
	uint64_t record_start; /* offset of the record it belongs to */
	uint64_t records;      /* whole records before it */
	uint64_t skip;         /* bytes to pass over */
	size_t need;           /* bytes of the record wanted from `offset` on */
	bool has_ended;
};

/* What all inputs of a capture share while it is read. */
struct input_shared {
	struct facts *facts;
	struct filter *filter; /* NULL = everything passes */
	uint64_t left;         /* packets that may still pass (-c) */
};

/* Reads the beginning of the file; given as for source_open().  On failure the file's facts say so too. */
TS_NODISCARD int input_open(
    struct input *in, const int *given, struct facts *facts, struct spool *spool);
void input_release(struct input *in);

/* Fills the batch; 0 = the input has ended (its facts tell whether well). */
size_t input_read(struct input *in, struct input_shared *shared, struct cap_batch *b);

/* Reads the record at `offset` again into *bytes, which grows to *cap as needed. */
TS_NODISCARD int input_reread(const struct input *in, uint64_t offset, uint8_t **bytes, size_t *cap,
    struct packet *p, struct err *e);

/* Link type of the first packet, -1 = not known yet. */
int input_first_link(const struct input *in);

#endif
