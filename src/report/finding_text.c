/* SPDX-License-Identifier: MIT */
/*
 * finding_text - words around findings.
 */
#include "config.h"

#include <string.h>

#include "report/outcome.h"
#include "report/place.h"
#include "report/wrap.h"
#include "tcpshadow/finding_text.h"
#include "tcpshadow/text.h"
#include "tcpshadow/verdict.h"

static unsigned severity_of(const struct finding *f)
{
	return finding_info(f->id)->severity;
}

/* Does x come before y?  Both are of one list. */
static bool is_before(const struct finding *x, const struct finding *y)
{
	if (severity_of(x) != severity_of(y))
		return severity_of(x) > severity_of(y);
	if (x->confidence != y->confidence)
		return x->confidence > y->confidence;
	return x->cost != y->cost ? x->cost > y->cost : x < y;
}

const struct finding *finding_text_next(
    const struct finding *list, size_t n, const struct finding *last)
{
	const struct finding *next = NULL;

	for (const struct finding *f = list; f < list + n; f++)
		if ((!last || is_before(last, f)) && (!next || is_before(f, next)))
			next = f;
	return next;
}

enum severity finding_text_severity(const struct conn_record *r)
{
	const struct finding *f = finding_text_next(r->findings, r->nfindings, NULL);
	unsigned verdict = verdict_severity((enum verdict_kind)r->verdict.kind);

	return (enum severity)(f && severity_of(f) > verdict ? severity_of(f) : verdict);
}

char finding_text_health(const struct conn_record *r)
{
	return outcome_health(finding_text_severity(r), (enum handshake_outcome)r->handshake);
}

/* Between the words of a list: what is still to come decides. */
static const char *separator(unsigned left)
{
	return left & (left - 1) ? ", " : " or ";
}

void finding_text_confidence(struct buf *out, const struct finding *f)
{
	const char *sep = "; ";

	buf_addstr(out, confidence_word(f->confidence));
	for (unsigned i = 0; i < TRAP_COUNT; i++) {
		if (!(f->traps & 1u << i))
			continue;
		buf_addstr(out, sep);
		outcome_words(out, trap_word(i));
		sep = separator((unsigned)f->traps >> (i + 1));
	}
	if (f->traps)
		buf_addstr(out, " not excluded");
}

void finding_text_packets(struct buf *out, const struct finding *f, const struct cap_facts *facts)
{
	if (f->npackets)
		buf_addstr(out, f->npackets == 1 ? "packet " : "packets ");
	for (unsigned i = 0; i < f->npackets; i++) {
		if (i)
			buf_addstr(out, i + 1 == FINDING_PACKETS && f->count > FINDING_PACKETS
			                    ? " ... "
			                    : ", ");
		buf_add_u64(out, place_number(facts, f->packets[i]));
	}
}

/* The closing parenthesis is left to the caller. */
static void begin_story(struct buf *out, const struct finding *f, const struct cap_facts *facts)
{
	finding_sentence(out, f, f->npackets ? place_number(facts, f->packets[0]) : 0);
	buf_addstr(out, " (");
	finding_text_confidence(out, f);
	if (f->cost && !strstr(finding_info(f->id)->sentence, "{cost}")) {
		buf_addstr(out, "; cost ");
		text_duration(out, f->cost);
	}
}

void finding_text_story(struct buf *out, const struct finding *f, const struct cap_facts *facts)
{
	begin_story(out, f, facts);
	buf_addch(out, ')');
}

void finding_text_item(
    struct buf *out, const struct finding *f, const struct report_options *o, size_t column)
{
	const struct finding_info *info = finding_info(f->id);
	struct buf text = BUF_INIT;

	outcome_letter(out, outcome_mark((enum severity)info->severity), o);
	buf_addf(&text, "%s: ", info->name);
	begin_story(&text, f, o->facts);
	if (f->npackets)
		buf_addstr(&text, "; ");
	finding_text_packets(&text, f, o->facts);
	if (strcmp(info->rfc, "-") != 0)
		buf_addf(&text, "; RFC %s", info->rfc);
	buf_addch(&text, ')');
	wrap_text(out, text.data, o->width, column + 2, column + 2);
	buf_release(&text);
}
