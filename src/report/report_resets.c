/* SPDX-License-Identifier: MIT */
/*
 * report_resets - the causes of resets, what speaks for them, and the verdicts, as Markdown.
 */
#include "config.h"

#include <stdlib.h>

#include "tcpshadow/report.h"

static const char intro[] =
    "# Resets and verdicts\n\n"
    "Made by `tcpshadow catalogue --resets`; the rows are in `include/tcpshadow/reset_cause.def`,\n"
    "`reset_evidence.def` and `verdict.def`.\n\n"
    "## How a reset looks\n\n"
    "Measured on Linux 6.18 with every cause provoked on purpose. Other stacks differ, so evidence "
    "is\n"
    "added up and no single sign decides.\n\n"
    "| sent by | flags, numbers | window | timestamps | IP ID, flow label |\n"
    "|---|---|---|---|---|\n"
    "| a live socket: aborted, unread data, keepalive | RST and ACK, its own next number | real | "
    "as negotiated | those of the socket |\n"
    "| a host without the socket, to a SYN | RST and ACK, number 0, acknowledges the SYN | 0 | "
    "none | ID 0 |\n"
    "| a host without the socket, to anything else | RST, its number is the acknowledgment it "
    "answers | 0 | none | ID 0, another flow label |\n"
    "| a firewall that rejects | as without the socket | 0 | none | ID 0; often another TTL, or "
    "too fast |\n"
    "| Windows (by hearsay, not measured) | as Linux | 0 | none | |\n"
    "| macOS, a live socket | RST and ACK, its own next number | real | none | |\n\n"
    "Unread data and an abort (SO_LINGER) look alike: what was received and not answered, and how "
    "soon\n"
    "the reset followed, tells which is likelier. A closed port and a firewall's reset of a SYN "
    "look alike too.\n\n"
    "Recorded in `captures/`: `refused-port.pcap` (closed port), `refused-firewall.pcap` (a "
    "firewall: the\n"
    "same on the wire), `reset-unread-data.pcap`, `reset-linger.pcap`, "
    "`reset-data-after-close.pcap`,\n"
    "`keepalive-timeout.pcap`. The stories named below were written after recordings of the same "
    "kind.\n\n";

static void cause_rows(struct buf *out)
{
	buf_addstr(out,
	    "## Causes\n\nMost confidence: how sure a passive observer can be at best.\n\n"
	    "| cause | the reset came because | most confidence | story |\n|---|---|---|---|\n");
	for (unsigned c = 0; c < CAUSE_COUNT; c++) {
		const char *finding = finding_info(reset_cause_finding((enum reset_cause)c))->name;

		buf_addf(out, "| `%s` | %s | %s | `find-%s.pkt` |\n",
		    reset_cause_word((enum reset_cause)c), reset_cause_text((enum reset_cause)c),
		    confidence_word(reset_cause_ceiling((enum reset_cause)c)), finding);
	}
}

/* The causes to which a piece of evidence gives points of this sign. */
static void weight_cell(struct buf *out, enum reset_evidence e, int sign)
{
	const char *sep = "";

	for (unsigned c = 0; c < CAUSE_COUNT; c++) {
		int points = reset_weight(e, (enum reset_cause)c);

		if (points * sign <= 0)
			continue;
		buf_addf(out, "%s%s %+d", sep, reset_cause_word((enum reset_cause)c), points);
		sep = ", ";
	}
}

static void evidence_rows(struct buf *out)
{
	buf_addstr(out,
	    "\n## Evidence\n\nPoints are added up per cause; the highest sum is named first, the "
	    "next two are the\n"
	    "alternatives. A lead of 6 points is certain (where the cause can be), of 2 likely.\n\n"
	    "| evidence | for | against |\n|---|---|---|\n");
	for (unsigned e = 0; e < EVIDENCE_COUNT; e++) {
		buf_addf(out, "| %s | ", reset_evidence_pattern((enum reset_evidence)e));
		weight_cell(out, (enum reset_evidence)e, 1);
		buf_addstr(out, " | ");
		weight_cell(out, (enum reset_evidence)e, -1);
		buf_addstr(out, " |\n");
	}
}

static void verdict_rows(struct buf *out)
{
	buf_addstr(out,
	    "\n## Verdicts\n\nThe first that fits, from top to bottom of a connection's life. A "
	    "capture that shows one side only or\n"
	    "ends too early blames nobody.\n\n"
	    "| kind | outcome | party | severity | sentence |\n|---|---|---|---|---|\n");
	for (unsigned k = 0; k < VERDICT_COUNT; k++) {
		enum verdict_kind kind = (enum verdict_kind)k;

		buf_addf(out, "| `%s` | %s | %s | %s | %s |\n", verdict_word(kind),
		    outcome_word(verdict_outcome(kind)), verdict_party_pattern(kind),
		    severity_word(verdict_severity(kind)), verdict_pattern(kind));
	}
}

void report_resets(struct buf *out)
{
	buf_addstr(out, intro);
	cause_rows(out);
	evidence_rows(out);
	verdict_rows(out);
}
