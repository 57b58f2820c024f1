/* SPDX-License-Identifier: MIT */
/*
 * capture_json - the facts of the whole capture as one object, the last line of `list --json`.
 */
#include "config.h"

#include "report/json.h"
#include "report/place.h"
#include "report/quality.h"
#include "report/record_json.h"

#define COMMENTS_MAX 100

static void file_json(struct buf *out, const struct cap_file_facts *f)
{
	json_object(out, NULL);
	json_text(out, "name", f->name);
	if (f->format)
		json_word(out, "format", f->format);
	if (f->compression)
		json_word(out, "compression", f->compression);
	json_u64(out, "packets", f->packets);
	if (f->size)
		json_u64(out, "size", f->size);
	if (f->snaplen)
		json_u64(out, "snaplen", f->snaplen);
	json_u64(out, "interfaces", f->interfaces);
	if (f->sections)
		json_u64(out, "sections", f->sections);
	json_bool(out, "nanoseconds", f->nanoseconds);
	if (f->is_broken)
		json_text(out, "error", f->error.text);
	json_end_object(out);
}

static void files_json(struct buf *out, const struct cap_facts *c)
{
	json_array(out, "files");
	for (size_t i = 0; i < c->nfiles; i++)
		file_json(out, &c->files[i]);
	json_end_array(out);
	json_array(out, "errors");
	for (size_t i = 0; i < c->nfiles; i++)
		if (c->files[i].is_broken)
			json_text(out, NULL, c->files[i].error.text);
	json_end_array(out);
}

static void links_json(struct buf *out, const struct cap_facts *c)
{
	json_array(out, "link_types");
	for (size_t i = 0; i < c->nlinks; i++) {
		const char *name = cap_link_name(c->links[i].linktype);

		json_object(out, NULL);
		json_u64(out, "number", c->links[i].linktype);
		if (name)
			json_word(out, "name", name);
		json_u64(out, "packets", c->links[i].packets);
		json_end_object(out);
	}
	json_end_array(out);
}

static void volume_json(struct buf *out, const struct cap_facts *c)
{
	json_u64(out, "packets", c->packets);
	json_u64(out, "filtered", c->filtered);
	json_u64(out, "bytes", c->bytes);
	json_u64(out, "wire_bytes", c->wire_bytes);
	json_u64(out, "truncated_packets", c->truncated);
	if (c->packets) {
		json_epoch(out, "start", c->first_ts);
		json_epoch(out, "end", c->last_ts);
		json_ns(out, "duration", c->last_ts - c->first_ts);
	}
	json_u64(out, "time_steps_back", c->time_steps_back);
	if (c->drops_known) {
		json_object(out, "drops");
		json_u64(out, "kernel", c->dropped_kernel);
		json_u64(out, "interface", c->dropped_interface);
		if (c->is_live)
			json_u64(out, "queue", c->dropped_queue);
		json_end_object(out);
	}
}

static void comments_json(struct buf *out, const struct cap_facts *c)
{
	json_object(out, "comments");
	json_u64(out, "count", c->comments_seen);
	json_array(out, "texts");
	for (size_t i = 0; i < c->ncomments && i < COMMENTS_MAX; i++) {
		json_object(out, NULL);
		if (c->comments[i].ordinal)
			json_u64(out, "packet", place_number(c, c->comments[i].ordinal));
		json_text(out, "text", c->comments[i].text);
		json_end_object(out);
	}
	json_end_array(out);
	json_end_object(out);
}

static void decode_json(struct buf *out, const struct decode_counts *d)
{
	json_u64(out, "segments", d->segments);
	json_u64(out, "icmp_errors", d->icmp_errors);
	json_object(out, "skipped");
	for (unsigned i = 0; i < DECODE_REASON_COUNT; i++)
		if (d->skipped[i])
			json_u64(out, decode_reason_word(i), d->skipped[i]);
	json_end_object(out);
	json_object(out, "fragments");
	json_u64(out, "seen", d->fragments);
	json_u64(out, "evicted", d->fragments_evicted);
	json_u64(out, "overlapping", d->fragments_overlapping);
	json_end_object(out);
}

/* Connections by outcome and by kind of verdict. */
static void verdicts_json(struct buf *out, const struct tally *t)
{
	uint64_t outcomes[OUTCOME_COUNT] = { 0 };

	for (unsigned i = 0; i < VERDICT_COUNT; i++)
		outcomes[verdict_outcome((enum verdict_kind)i)] += t->verdicts[i].count;
	json_object(out, "verdicts");
	for (unsigned i = 0; i < OUTCOME_COUNT; i++)
		if (outcomes[i])
			json_u64(out, outcome_word((enum outcome)i), outcomes[i]);
	json_end_object(out);
	json_object(out, "verdict_kinds");
	for (unsigned i = 0; i < VERDICT_COUNT; i++)
		if (t->verdicts[i].count)
			json_u64(out, verdict_word((enum verdict_kind)i), t->verdicts[i].count);
	json_end_object(out);
}

static void outcomes_json(struct buf *out, const struct tally *t)
{
	json_u64(out, "connections", t->connections);
	json_u64(out, "matched", t->matched);
	json_u64(out, "open_at_end", t->open);
	verdicts_json(out, t);
	json_object(out, "handshakes");
	for (unsigned i = 0; i <= HANDSHAKE_MIDSTREAM; i++)
		if (t->handshakes[i])
			json_u64(out, handshake_word(i), t->handshakes[i]);
	json_end_object(out);
	json_object(out, "closes");
	for (unsigned i = 0; i <= CLOSE_RESET; i++)
		if (t->closes[i])
			json_u64(out, close_word(i), t->closes[i]);
	json_end_object(out);
}

/* Findings by severity, and connections that have each kind. */
static void finding_counts_json(struct buf *out, const struct tally *t)
{
	json_object(out, "severities");
	for (unsigned i = SEVERITY_COUNT; i-- > 0;)
		json_u64(out, severity_word((enum severity)i), t->severities[i]);
	json_end_object(out);
	json_object(out, "finding_counts");
	for (unsigned i = 0; i < FINDING_COUNT; i++)
		if (t->findings[i])
			json_u64(out, finding_info((enum finding_id)i)->name, t->findings[i]);
	json_end_object(out);
}

static void limits_json(struct buf *out, const struct run_summary *s)
{
	json_object(out, "limits");
	json_u64(out, "memory", s->memory_limit);
	json_u64(out, "evicted", s->evicted);
	json_u64(out, "half_open_rolled_up", s->half_open_rolled_up);
	json_u64(out, "spool_overflow", s->capture->spool_overflow);
	if (s->capture->is_live)
		json_u64(out, "unrecorded", s->capture->unrecorded);
	json_end_object(out);
}

void capture_json(struct buf *out, const struct run_summary *s, const struct tally *t)
{
	json_object(out, NULL);
	json_word(out, "type", "capture");
	json_u64(out, "schema", 1);
	files_json(out, s->capture);
	volume_json(out, s->capture);
	links_json(out, s->capture);
	decode_json(out, s->decode);
	json_u64(out, "icmp_unmatched", s->icmp_unmatched);
	outcomes_json(out, t);
	finding_counts_json(out, t);
	record_json_findings(out, s->findings, s->nfindings, s->capture);
	quality_json(out, s->quality);
	json_u64(out, "missing_bytes", t->missing_bytes);
	json_u64(out, "one_sided", t->one_sided);
	json_u64(out, "duplicate_frames", t->duplicate_frames);
	json_u64(out, "bad_checksums", t->bad_checksums);
	limits_json(out, s);
	comments_json(out, s->capture);
	json_bool(out, "interrupted", s->interrupted);
	json_end_object(out);
	json_end_line(out);
}
