/* SPDX-License-Identifier: MIT */
/*
 * report_fsm - the state table, the names of --where and the words of the program, as Markdown.
 */
#include "config.h"

#include "tcpshadow/decode.h"
#include "tcpshadow/outcome.h"
#include "tcpshadow/replay.h"
#include "tcpshadow/report.h"

void report_fsm(struct buf *out)
{
	buf_addstr(out, "| from | stimulus | to | RFC 9293 | why |\n|---|---|---|---|---|\n");
	for (size_t i = 0; i < fsm_rule_count(); i++) {
		const struct fsm_rule *r = fsm_rule_at(i);

		buf_addf(out, "| %s | %s | %s | %s | %s |\n", tcp_state_name(r->from),
		    fsm_stimulus_name(r->stimulus), tcp_state_name(r->to), r->rfc, r->why);
	}
	buf_addstr(
	    out, "\nEXT marks what is not in the RFC: an observer may have missed segments.\n");
}

void report_fields(struct buf *out)
{
	buf_addstr(out, "| name | short | type | meaning |\n|---|---|---|---|\n");
	for (size_t i = 0; i < where_name_count(); i++) {
		struct where_name n = where_name_at(i);

		buf_addf(
		    out, "| %s | %s | %s | %s |\n", n.path, n.bare ? n.bare : "", n.type, n.help);
	}
	buf_addstr(out,
	    "\nA star or a plus stands for client or server. Without it, a name means either side "
	    "with a star,\nboth together with a plus. Several values of = and != stand with a bar "
	    "between them: `port = 80|443`.\n");
}

void report_words(struct buf *out)
{
	buf_addstr(out, "# Notes on segments\n\n| word | meaning |\n|---|---|\n");
	for (unsigned i = 0; i < SEGMENT_NOTE_COUNT; i++)
		buf_addf(out, "| %s | %s |\n", segment_note_word(i), segment_note_brief(i));
	buf_addstr(out, "\n# Why a packet is skipped\n\n| word | meaning |\n|---|---|\n");
	for (unsigned i = 0; i < DECODE_REASON_COUNT; i++)
		buf_addf(out, "| %s | %s |\n", decode_reason_word(i), decode_reason_text(i));
	buf_addstr(out, "\n# How a connection stands or ended (state)\n\n");
	for (unsigned i = 0; i < STANDING_COUNT; i++)
		buf_addf(out, "- %s\n", standing_word((enum standing)i));
	buf_addstr(out, "\n# Outcomes of a handshake\n\n");
	for (unsigned i = 0; i <= HANDSHAKE_MIDSTREAM; i++)
		buf_addf(out, "- %s\n", handshake_word(i));
	buf_addstr(out, "\n# Outcomes of a close\n\n");
	for (unsigned i = 0; i <= CLOSE_RESET; i++)
		buf_addf(out, "- %s\n", close_word(i));
}
