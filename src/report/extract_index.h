/* SPDX-License-Identifier: MIT */
/*
 * extract_index - what was extracted: index.tsv for people and awk, index.json for programs.
 */
#ifndef REPORT_EXTRACT_INDEX_H
#define REPORT_EXTRACT_INDEX_H

#include "report/outdir.h"
#include "tcpshadow/record.h"

struct extract_index {
	struct outfile *tsv, *json;
	struct buf tsv_buf, json_buf;
};

/* What names a connection. */
struct extract_conn {
	uint64_t id;
	struct endpoint_addr ends[2]; /* [enum side] */
};

struct extract_conn extract_conn_of(const struct conn_record *r);

/* A stream that was written; name NULL: there were no bytes. */
struct extract_stream {
	uint8_t side;
	const char *name;
	uint64_t written;
};

/* 00001-10.0.0.1.40000-10.0.0.2.80: safe on any file system. */
void extract_name(struct buf *out, const struct extract_conn *c);

TS_NODISCARD int extract_index_open(
    struct extract_index *x, struct outdir *d, const char *titles, struct err *e);
/* One row. */
TS_NODISCARD int extract_index_stream(struct extract_index *x, const struct conn_record *r,
    const struct extract_stream *s, struct err *e);
TS_NODISCARD int extract_index_capture(struct extract_index *x, const struct extract_conn *c,
    const char *name, uint64_t packets, struct err *e);
TS_NODISCARD int extract_index_finish(struct extract_index *x, struct err *e);
void extract_index_release(struct extract_index *x);

#define EXTRACT_STREAM_TITLES                                                                      \
	"id\tside\tfrom\tto\tfile\tbytes\twritten\tmissing\tgaps\tconflicts\tambiguous\tsha256\n"
#define EXTRACT_CAPTURE_TITLES "id\tclient\tserver\tfile\tpackets\n"

#endif
