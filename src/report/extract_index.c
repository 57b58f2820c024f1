/* SPDX-License-Identifier: MIT */
/*
 * extract_index - rows in both forms, written as they come.
 */
#include "config.h"

#include <inttypes.h>

#include "report/extract_index.h"
#include "report/json.h"
#include "tcpshadow/digest.h"

enum {
	BLOCK_BYTES = 64 << 10,
};

static const char tsv_name[] = "index.tsv", json_name[] = "index.json";

static void add_endpoint(struct buf *out, const struct endpoint_addr *a)
{
	size_t start = out->len;

	addr_text(out, &a->ip, a->version);
	for (char *p = out->data + start; *p; p++)
		if (*p == ':')
			*p = '_';
	buf_addf(out, ".%u", a->port);
}

struct extract_conn extract_conn_of(const struct conn_record *r)
{
	return (struct extract_conn){
		.id = r->id,
		.ends = { r->sides[SIDE_CLIENT].addr, r->sides[SIDE_SERVER].addr },
	};
}

void extract_name(struct buf *out, const struct extract_conn *c)
{
	buf_addf(out, "%05" PRIu64 "-", c->id);
	add_endpoint(out, &c->ends[SIDE_CLIENT]);
	buf_addch(out, '-');
	add_endpoint(out, &c->ends[SIDE_SERVER]);
}

int extract_index_open(struct extract_index *x, struct outdir *d, const char *titles, struct err *e)
{
	buf_init(&x->tsv_buf);
	buf_init(&x->json_buf);
	x->tsv = x->json = NULL;
	if (outdir_check_free(d, tsv_name, e) < 0 || outdir_check_free(d, json_name, e) < 0)
		return -1;
	x->tsv = outfile_new(d, tsv_name, e);
	x->json = x->tsv ? outfile_new(d, json_name, e) : NULL;
	buf_addstr(&x->tsv_buf, titles);
	return x->json ? 0 : -1;
}

static int flush(struct outfile *f, struct buf *b, size_t least, struct err *e)
{
	int rc = b->len >= least ? outfile_write(f, b->data, b->len, e) : 0;

	if (b->len >= least)
		buf_reset(b);
	return rc;
}

static int commit(struct extract_index *x, struct err *e)
{
	if (flush(x->tsv, &x->tsv_buf, BLOCK_BYTES, e) < 0)
		return -1;
	return flush(x->json, &x->json_buf, BLOCK_BYTES, e);
}

/* --- cells of the table --- */

static void cell(struct buf *out)
{
	buf_addch(out, '\t');
}

static void u64_cell(struct buf *out, uint64_t v)
{
	cell(out);
	buf_add_u64(out, v);
}

static void endpoint_cell(struct buf *out, const struct endpoint_addr *a)
{
	cell(out);
	endpoint_text(out, a);
}

static void add_sha256(struct buf *out, const struct stream_facts *f)
{
	for (size_t i = 0; f->has_sha256 && i < DIGEST_BYTES; i++)
		buf_addf(out, "%02x", f->sha256[i]);
}

static void stream_row(struct buf *out, const struct conn_record *r, const struct extract_stream *s)
{
	const struct stream_facts *f = &r->sides[s->side].stream;

	buf_add_u64(out, r->id);
	cell(out);
	buf_addstr(out, side_word(s->side));
	endpoint_cell(out, &r->sides[s->side].addr);
	endpoint_cell(out, &r->sides[!s->side].addr);
	cell(out);
	buf_addstr(out, s->name ? s->name : "-");
	u64_cell(out, f->bytes);
	u64_cell(out, s->written);
	u64_cell(out, f->missing);
	u64_cell(out, f->gaps);
	u64_cell(out, f->conflicts);
	u64_cell(out, f->ambiguous != 0);
	cell(out);
	add_sha256(out, f);
	buf_addch(out, '\n');
}

/* --- objects --- */

static void endpoint_member(struct buf *out, const char *key, const struct endpoint_addr *a)
{
	json_object(out, key);
	json_string(out, "ip");
	addr_text(out, &a->ip, a->version);
	json_end_string(out);
	json_u64(out, "port", a->port);
	json_end_object(out);
}

static void stream_object(
    struct buf *out, const struct conn_record *r, const struct extract_stream *s)
{
	const struct stream_facts *f = &r->sides[s->side].stream;

	json_object(out, NULL);
	json_u64(out, "id", r->id);
	json_word(out, "side", side_word(s->side));
	endpoint_member(out, "from", &r->sides[s->side].addr);
	endpoint_member(out, "to", &r->sides[!s->side].addr);
	if (s->name)
		json_text(out, "file", s->name);
	json_u64(out, "bytes", f->bytes);
	json_u64(out, "written", s->written);
	json_u64(out, "missing", f->missing);
	json_u64(out, "gaps", f->gaps);
	json_u64(out, "conflicts", f->conflicts);
	json_bool(out, "ambiguous", f->ambiguous != 0);
	if (f->has_sha256) {
		json_string(out, "sha256");
		add_sha256(out, f);
		json_end_string(out);
	}
	json_end_object(out);
	json_end_line(out);
}

int extract_index_stream(struct extract_index *x, const struct conn_record *r,
    const struct extract_stream *s, struct err *e)
{
	stream_row(&x->tsv_buf, r, s);
	stream_object(&x->json_buf, r, s);
	return commit(x, e);
}

int extract_index_capture(struct extract_index *x, const struct extract_conn *c, const char *name,
    uint64_t packets, struct err *e)
{
	buf_add_u64(&x->tsv_buf, c->id);
	endpoint_cell(&x->tsv_buf, &c->ends[SIDE_CLIENT]);
	endpoint_cell(&x->tsv_buf, &c->ends[SIDE_SERVER]);
	cell(&x->tsv_buf);
	buf_addstr(&x->tsv_buf, name);
	u64_cell(&x->tsv_buf, packets);
	buf_addch(&x->tsv_buf, '\n');
	json_object(&x->json_buf, NULL);
	json_u64(&x->json_buf, "id", c->id);
	endpoint_member(&x->json_buf, "client", &c->ends[SIDE_CLIENT]);
	endpoint_member(&x->json_buf, "server", &c->ends[SIDE_SERVER]);
	json_text(&x->json_buf, "file", name);
	json_u64(&x->json_buf, "packets", packets);
	json_end_object(&x->json_buf);
	json_end_line(&x->json_buf);
	return commit(x, e);
}

int extract_index_finish(struct extract_index *x, struct err *e)
{
	int rc = flush(x->tsv, &x->tsv_buf, 0, e) | flush(x->json, &x->json_buf, 0, e);

	if (outfile_finish(x->tsv, tsv_name, rc < 0 ? NULL : e) < 0)
		rc = -1;
	if (outfile_finish(x->json, json_name, rc < 0 ? NULL : e) < 0)
		rc = -1;
	return rc;
}

void extract_index_release(struct extract_index *x)
{
	buf_release(&x->tsv_buf);
	buf_release(&x->json_buf);
}
