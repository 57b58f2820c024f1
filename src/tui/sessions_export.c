/* SPDX-License-Identifier: MIT */
/*
 * sessions_export - writes what is marked, or all that is shown, to a file.
 *
 * Output: by the name's ending: .csv, .json and .txt as `list` prints them, .pcap and .pcapng a capture.
 *         While an interface is captured: what was captured by then, and of reports the sessions that are over.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "tcpshadow/mem.h"
#include "tcpshadow/pcapout.h"
#include "tcpshadow/text.h"
#include "tui/save.h"
#include "tui/sessions.h"

/* Where a packet is. */
struct place {
	uint64_t ordinal, offset;
	uint16_t file;
};

struct export;
typedef int write_fn(struct export *x, struct err *e);
static write_fn write_json;

struct export
{
	struct ui *ui;
	write_fn *write;
	struct report_options report;
	uint32_t *sessions; /* indices, in order of the screen */
	size_t n;
	size_t nopen; /* of them, that a report cannot tell of yet */
	struct place *places;
	size_t nplaces, cap_places;
};

static void choose(struct export *x, const struct sessions *s)
{
	uint32_t total = x->ui->snap.nsessions;

	x->sessions = mem_alloc(total ? total : 1, sizeof(*x->sessions));
	for (uint32_t i = 0; s->nmarked && i < total; i++)
		if (sessions_is_marked(s, i))
			x->sessions[x->n++] = i;
	if (s->nmarked)
		return;
	memcpy(x->sessions, s->shown, s->nshown * sizeof(*s->shown));
	x->n = s->nshown;
}

/* Of a capture that has not ended there is no summary, but a table asks for little. */
static int finish(struct export *x, struct sink *sink, struct err *e)
{
	const struct run_summary *whole = store_summary(x->ui->store);
	const struct run_summary part = {
		.capture = cap_facts(x->ui->options->cap), .connections = x->n, .interrupted = true
	};

	if (whole)
		return sink->ops->finish(sink, whole, e);
	return x->write == write_json ? 0 : sink->ops->finish(sink, &part, e);
}

/* The records go through a sink as they do when a capture is read. */
static int write_records(struct export *x, struct sink *sink, struct err *e)
{
	struct store_session row;
	int rc = 0;

	for (size_t i = 0; i < x->n && rc == 0; i++) {
		struct event ev = { .type = EVENT_RECORD };

		store_session(x->ui->store, x->sessions[i], &row);
		if (!row.record) {
			x->nopen++;
			continue;
		}
		ev.u.record = row.record;
		ev.uid = row.record->uid;
		ev.id = row.record->id;
		rc = sink->ops->event(sink, &ev, e);
	}
	if (rc == 0)
		rc = finish(x, sink, e);
	report_sink_free(sink);
	return rc;
}

static int write_csv(struct export *x, struct err *e)
{
	return write_records(x, report_csv_new(&x->report), e);
}

static int write_json(struct export *x, struct err *e)
{
	return write_records(x, report_json_new(&x->report), e);
}

static int write_text(struct export *x, struct err *e)
{
	return write_records(x, report_list_new(&x->report), e);
}

static int compare(const void *a, const void *b)
{
	const struct place *x = a, *y = b;

	return x->ordinal < y->ordinal ? -1 : x->ordinal > y->ordinal;
}

static void find_packets(struct export *x)
{
	struct store_session row;
	struct store_packet packet;

	for (size_t i = 0; i < x->n; i++) {
		store_session(x->ui->store, x->sessions[i], &row);
		for (uint32_t k = 0; k < row.npackets; k++) {
			store_packet(&row, k, &packet);
			x->places =
			    mem_grow(x->places, x->nplaces, &x->cap_places, sizeof(*x->places));
			x->places[x->nplaces++] =
			    (struct place){ packet.ordinal, packet.offset, packet.file };
		}
	}
	if (x->nplaces)
		qsort(x->places, x->nplaces, sizeof(*x->places), compare);
}

static int write_packets(struct export *x, struct err *e)
{
	struct report_out *out = x->report.out;
	struct cap *cap = x->ui->options->cap;
	struct cap_reader *reader = cap_reader_new(cap);
	struct pcapout format;
	struct packet packet;
	int rc = 0;

	find_packets(x);
	pcapout_init(&format, cap_facts(cap));
	pcapout_begin(&format, &out->buf);
	for (size_t i = 0; i < x->nplaces && rc == 0; i++) {
		const struct place *p = &x->places[i];

		rc = cap_reader_read(reader, p->file, p->offset, &packet, e);
		if (rc == 0)
			pcapout_packet(&format, &out->buf, &packet);
		if (rc == 0)
			rc = report_out_commit(out, e);
	}
	pcapout_release(&format);
	cap_reader_free(reader);
	return rc;
}

static write_fn *writer_of(const char *name)
{
	static const struct {
		const char *ending;
		write_fn *write;
	} table[] = {
		{ ".pcap", write_packets },
		{ ".pcapng", write_packets },
		{ ".csv", write_csv },
		{ ".json", write_json },
		{ ".txt", write_text },
	};
	const char *dot = strrchr(name, '.');

	for (size_t i = 0; dot && i < ARRAY_LEN(table); i++)
		if (strcmp(table[i].ending, dot) == 0)
			return table[i].write;
	return NULL;
}

static int export_to(void *ctx, struct report_out *out, struct err *e)
{
	struct export *x = ctx;

	x->report.out = out;
	return x->write(x, e);
}

static void say_written(const struct export *x, const char *name)
{
	size_t n = x->n - x->nopen;
	struct buf text = BUF_INIT;

	buf_addstr(&text, "wrote ");
	text_count(&text, n);
	buf_addf(&text, " session%s to %s", n == 1 ? "" : "s", name);
	if (x->nopen)
		buf_addf(&text, "; %zu more %s still open", x->nopen, x->nopen == 1 ? "is" : "are");
	ui_say(x->ui, "%s", text.data);
	buf_release(&text);
}

/* Reports tell of sessions that are over: is there one? */
static bool has_any(const struct export *x)
{
	struct store_session row;

	for (size_t i = 0; i < x->n && x->write != write_packets; i++) {
		store_session(x->ui->store, x->sessions[i], &row);
		if (row.record)
			return true;
	}
	return x->write == write_packets || x->ui->snap.is_done;
}

/*
 * Quitting loses none of the packets that were captured by the snapshot, when every session is in the file or was
 * forgotten: of those there is nothing to write any more.
 */
static void note_saved(const struct export *x, const struct sessions *s)
{
	const struct store_snapshot *now = &x->ui->snap;

	if (x->write == write_packets && s->nmarked == 0 &&
	    x->n + now->nforgotten == now->nsessions)
		x->ui->nsaved = now->ntcp;
}

void sessions_export(struct sessions *s, struct ui *ui, const char *name)
{
	struct export x = { .ui = ui, .write = writer_of(name) };
	struct err e = { "" };

	if (!x.write) {
		ui_complain(ui, "the name must end in .pcap, .pcapng, .csv, .json or .txt");
		return;
	}
	if (!ui->snap.is_done && !ui_is_endless(ui)) {
		ui_complain(ui, "the capture is still being read: wait until it is done");
		return;
	}
	x.report = (struct report_options){ .facts = cap_facts(ui->options->cap),
		.sort = REPORT_SORT_COUNT,
		.utc = ui->options->utc };
	sessions_update(s, ui, true); /* the rows may be older than the snapshot: keys hold them */
	choose(&x, s);
	if (!has_any(&x)) {
		ui_complain(ui, "none of them is over yet; .pcap has what was captured so far");
	} else if (save_report(ui, name, export_to, &x, &e) < 0) {
		ui_complain(ui, "%s", e.text);
	} else {
		say_written(&x, name);
		note_saved(&x, s);
	}
	free(x.sessions);
	free(x.places);
}
