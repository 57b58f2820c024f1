/* SPDX-License-Identifier: MIT */
/*
 * report_catalogue - the rows of finding.def: for people, as JSON, as the page doc/FINDINGS.md.
 */
#include "config.h"

#include <string.h>

#include "report/json.h"
#include "report/outcome.h"
#include "report/wrap.h"
#include "tcpshadow/finding_text.h"

#define PAGE_WIDTH 100

/* "; can be faked by capture drop, one sided" */
static void traps_text(struct buf *out, const struct finding_info *f)
{
	const char *sep = "; can be faked by ";

	for (unsigned i = 0; i < TRAP_COUNT; i++) {
		if (!(f->traps & 1u << i))
			continue;
		buf_addstr(out, sep);
		outcome_words(out, trap_word(i));
		sep = ", ";
	}
}

/* "network, warn, RFC 9293 3.8.3; can be faked by duplicate frame" */
static void facts_text(struct buf *out, const struct finding_info *f)
{
	buf_addf(out, "%s, %s", finding_class_word((enum finding_class)f->class),
	    severity_word((enum severity)f->severity));
	if (strcmp(f->rfc, "-") != 0)
		buf_addf(out, ", RFC %s", f->rfc);
	traps_text(out, f);
}

void report_catalogue_entry(struct buf *out, enum finding_id id, const struct report_options *o)
{
	const struct finding_info *f = finding_info(id);
	struct buf text = BUF_INIT;

	outcome_letter(out, outcome_mark((enum severity)f->severity), o);
	buf_addf(out, "%s%s%s: %s\n    ", o->color ? "\033[1m" : "", f->name,
	    o->color ? "\033[0m" : "", f->title);
	facts_text(&text, f);
	wrap_text(out, text.data, o->width, 4, 4);
	buf_addstr(out, "    ");
	wrap_text(out, f->explanation, o->width, 4, 4);
	buf_release(&text);
}

void report_catalogue_json(struct buf *out, enum finding_id id)
{
	const struct finding_info *f = finding_info(id);

	json_object(out, NULL);
	json_word(out, "id", f->name);
	json_word(out, "class", finding_class_word((enum finding_class)f->class));
	json_word(out, "severity", severity_word((enum severity)f->severity));
	json_text(out, "title", f->title);
	json_word(out, "rfc", f->rfc);
	json_array(out, "traps");
	for (unsigned i = 0; i < TRAP_COUNT; i++)
		if (f->traps & 1u << i)
			json_word(out, NULL, trap_word(i));
	json_end_array(out);
	json_text(out, "sentence", f->sentence);
	json_text(out, "explanation", f->explanation);
	json_end_object(out);
	json_end_line(out);
}

static const char page_head[] =
    "# Findings\n"
    "\n"
    "Made by `tcpshadow catalogue --markdown`; the rows are in `include/tcpshadow/finding.def`.\n"
    "An id never changes its meaning.\n"
    "\n"
    "- **Severity**: `info` a fact; `note` unusual, usually harmless; `warn` costs time or data;\n"
    "  `error` the connection failed or stalled, or the protocol was broken.\n"
    "- **Confidence** of each single finding: `certain`, `likely`, `possible`. It goes down one "
    "step\n"
    "  when the capture shows something that can fake the finding; what that is, is named with "
    "it.\n"
    "- **Class** of what did it: `endpoint` one of the hosts; `network` the path between them;\n"
    "  `capture` the capture itself, never anybody's fault; `security` hostile, or looks so.\n";

static void page_traps(struct buf *out)
{
	buf_addstr(out, "\n| what can fake a finding | |\n|---|---|\n");
	for (unsigned i = 0; i < TRAP_COUNT; i++)
		buf_addf(out, "| `%s` | %s |\n", trap_word(i), trap_text(i));
}

static void page_entry(struct buf *out, const struct finding_info *f)
{
	struct buf text = BUF_INIT;

	buf_addf(out, "\n### %s\n\n", f->name);
	buf_addf(&text, "**%s** (", f->title);
	facts_text(&text, f);
	buf_addch(&text, ')');
	wrap_text(out, text.data, PAGE_WIDTH, 0, 0);
	buf_addch(out, '\n');
	wrap_text(out, f->explanation, PAGE_WIDTH, 0, 0);
	buf_release(&text);
}

void report_catalogue_page(struct buf *out)
{
	static const char *const titles[CLASS_COUNT] = {
		[CLASS_ENDPOINT] = "The endpoints",
		[CLASS_NETWORK] = "The network",
		[CLASS_CAPTURE] = "The capture",
		[CLASS_SECURITY] = "Security",
	};

	buf_addstr(out, page_head);
	page_traps(out);
	for (unsigned c = 0; c < CLASS_COUNT; c++) {
		buf_addf(out, "\n## %s\n", titles[c]);
		for (unsigned i = 0; i < FINDING_COUNT; i++)
			if (finding_info((enum finding_id)i)->class == c)
				page_entry(out, finding_info((enum finding_id)i));
	}
}
