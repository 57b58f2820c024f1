/* SPDX-License-Identifier: MIT */
/*
 * manpage - the manual page, made from command.def, option.def, the names of --where, the settings and
 *           the keys of the screens.
 *
 * Output: man(7) macros.
 */
#include "config.h"

#include <string.h>

#include "cli/help.h"
#include "tcpshadow/tui.h"
#include "tcpshadow/where.h"

/* Text with what troff would take for its own made harmless. */
static void add_text(struct buf *out, const char *text)
{
	for (; *text; text++) {
		if (*text == '-')
			buf_addstr(out, "\\-");
		else if (*text == '\'')
			buf_addstr(out, "\\(aq");
		else if (*text == '\\')
			buf_addstr(out, "\\e");
		else if (*text == '^')
			buf_addstr(out, "\\(ha");
		else
			buf_addch(out, *text);
	}
}

static void add_commands(struct buf *out)
{
	buf_addstr(out, ".SH COMMANDS\n");
	for (size_t i = 0; i < COMMAND_COUNT; i++) {
		buf_addf(
		    out, ".TP\n\\fB%s\\fR %s\n", command_rows[i].name, command_rows[i].operands);
		add_text(out, command_rows[i].help);
		buf_addstr(out, ".\n");
	}
}

static void add_takers(struct buf *out, unsigned commands)
{
	unsigned all = (1u << COMMAND_COUNT) - 1;
	const char *sep = "";

	if ((commands & all) == all)
		return;
	buf_addstr(out, " (");
	for (unsigned i = 0; i < COMMAND_COUNT; i++) {
		if (!(commands & 1u << i))
			continue;
		buf_addf(out, "%s%s", sep, command_rows[i].name);
		sep = ", ";
	}
	buf_addch(out, ')');
}

static void add_options(struct buf *out)
{
	buf_addstr(out, ".SH OPTIONS\nThe commands that take an option stand behind it.\n");
	for (size_t i = 0; i < OPTION_COUNT; i++) {
		const struct option_row *row = &option_rows[i];

		if (!row->help)
			continue;
		buf_addstr(out, ".TP\n");
		if (row->letter)
			buf_addf(out, "\\fB\\-%c\\fR, ", row->letter);
		buf_addstr(out, "\\fB\\-\\-");
		add_text(out, row->name);
		buf_addstr(out, "\\fR");
		if (row->arg)
			buf_addf(out, " \\fI%s\\fR", row->arg);
		buf_addch(out, '\n');
		add_text(out, row->help);
		add_takers(out, row->commands);
		buf_addstr(out, ".\n");
	}
}

static void add_short_names(struct buf *out, const char *names)
{
	for (size_t n; names && *names; names += n + (names[n] == ' ')) {
		n = strcspn(names, " ");
		buf_addstr(out, ", \\fB");
		buf_add(out, names, n);
		buf_addstr(out, "\\fR");
	}
}

static void add_names(struct buf *out)
{
	buf_addstr(out,
	    ".SH FILTERS\n"
	    "\\fB\\-\\-where\\fR takes terms joined by \\fBand\\fR, \\fBor\\fR, "
	    "\\fBnot\\fR and parentheses.\n"
	    "A term is \\fIname op value\\fR with the operators = != < <= > >= and ~ (a "
	    "regular expression),\n"
	    "\\fBhost\\fR \\fIaddress\\fR, \\fBport\\fR \\fInumber\\fR, \\fBnet\\fR "
	    "\\fIaddress/bits\\fR,\n"
	    "\\fBsince\\fR \\fItime\\fR (it had packets then or later), \\fBuntil\\fR "
	    "\\fItime\\fR (it began then or before),\n"
	    "the outcome of a handshake or a close (such as \\fBrefused\\fR or "
	    "\\fBreset\\fR), a flag,\n"
	    "or the id of a finding (such as \\fBsyn\\-unanswered\\fR; "
	    "\\fBtcpshadow catalogue\\fR explains them all).\n"
	    "Values take units: 50ms, 2m, 2k, 1MB.\n"
	    "Times are 2026\\-08\\-21T10:04:39, or a time of day, 10:05, of the day on which the "
	    "capture\n"
	    "began (of the next where it would be more than 12 hours before); of here, or of UTC "
	    "with a Z\n"
	    "behind them or \\fB\\-\\-utc\\fR.\n"
	    "With = and != several values can stand with a bar between them: "
	    "\\fBport = 80|443\\fR.\n"
	    "A star or a plus stands for client or server. Without it, the name and the short "
	    "ones mean\n"
	    "either side with a star (with != that neither side is so), and both together with a "
	    "plus;\n"
	    "what adds up can stand alone, \\fBretx\\fR, for being more than 0.\n"
	    "The columns of \\fBlist\\fR and of the screens are \\fBhealth\\fR, \\fBid\\fR, "
	    "\\fBstate\\fR, \\fBbytes\\fR,\n"
	    "\\fBpackets\\fR, \\fBrtt\\fR, \\fBretx\\fR, \\fBzwin\\fR, \\fBgap\\fR, "
	    "\\fBduration\\fR and \\fBrate\\fR here;\n"
	    "\\fBhealth\\fR is the severity alone, also where the column says that nobody "
	    "answered.\n"
	    "What is not known of a connection matches nothing.\n");
	for (size_t i = 0; i < where_name_count(); i++) {
		struct where_name n = where_name_at(i);

		buf_addstr(out, ".TP\n\\fB");
		add_text(out, n.path);
		buf_addstr(out, "\\fR");
		add_short_names(out, n.bare);
		buf_addf(out, " (%s)\n", n.type);
		add_text(out, n.help);
		buf_addstr(out, ".\n");
	}
}

/* Of the screens: names for bind and the command line, keys, where, what. */
static void add_actions(struct buf *out)
{
	struct buf screens = BUF_INIT;

	buf_addstr(out, ".SS Keys and actions\n"
	                "An action has its name on the command line and for \\fBbind\\fR; the "
	                "keys stand behind it, and the screens that have it unless all do.\n");
	for (size_t i = 0; i < tui_action_count(); i++) {
		struct tui_action a = tui_action_at(i);

		buf_reset(&screens);
		tui_action_screens(&screens, i);
		buf_addstr(out, ".TP\n\\fB");
		add_text(out, a.name);
		buf_addstr(out, "\\fR");
		if (a.keys) {
			buf_addch(out, ' ');
			add_text(out, a.keys);
		}
		if (screens.len)
			buf_addf(out, " (%s)", screens.data);
		buf_addch(out, '\n');
		add_text(out, a.help);
		buf_addstr(out, ".\n");
	}
	buf_release(&screens);
}

static void add_settings(struct buf *out)
{
	buf_addstr(out,
	    ".SH SCREENS\n"
	    "\\fBbrowse\\fR shows its keys with \\fB?\\fR and takes commands behind "
	    "\\fB:\\fR, among them \\fBset\\fR.\n"
	    "\\fI$XDG_CONFIG_HOME/tcpshadow/config\\fR (or \\fI~/.config\\fR) has lines of "
	    "the kinds\n"
	    "\\fBset\\fR \\fINAME VALUE\\fR, \\fBbind\\fR \\fIKEY ACTION\\fR and "
	    "\\fBrole\\fR \\fINAME COLOR\\fR [\\fBbold\\fR] [\\fBdim\\fR] "
	    "[\\fBreverse\\fR]\n[\\fBunderline\\fR]\n"
	    "(a colour from 0 to 255, or \\-1 for the terminal\\(aqs own).\n"
	    "What can be set, the default first:\n");
	for (size_t i = 0; i < tui_setting_count(); i++) {
		struct tui_setting s = tui_setting_at(i);

		buf_addf(out, ".TP\n\\fB%s\\fR ", s.name);
		add_text(out, s.words);
		buf_addch(out, '\n');
		add_text(out, s.help);
		buf_addstr(out, ".\n");
	}
}

void help_man_page(struct buf *out)
{
	buf_addstr(out,
	    ".\\\" Made by 'tcpshadow --man-page'.\n"
	    ".TH TCPSHADOW 1 \"\" \"" PACKAGE_STRING "\" \"User Commands\"\n"
	    ".SH NAME\n"
	    "tcpshadow \\- replay TCP connections of a capture through a shadow state "
	    "machine\n"
	    ".SH SYNOPSIS\n"
	    "\\fBtcpshadow\\fR [\\fICOMMAND\\fR] [\\fIOPTIONS\\fR] [\\fIFILE\\fR...]\n"
	    ".SH DESCRIPTION\n"
	    "Reads captures (pcap and pcapng, also compressed with gzip or zstd) and "
	    "reconstructs every TCP\n"
	    "connection in them: the state of both endpoints by RFC 9293, with the "
	    "packet that caused each\n"
	    "change and the one that proves it, and how the connection was opened and "
	    "closed.\n"
	    "A state that nothing proves is marked as presumed, in tables with a "
	    "question mark.\n"
	    "Several files are read as one capture. \\(oq\\-\\(cq is standard input.\n");
	add_commands(out);
	buf_addstr(out, ".PP\n\\fIWHICH\\fR is a connection\\(aqs number in the list, "
	                "\\fIHOST\\fR:\\fIPORT\\fR of either end,\n"
	                "or \\fBpacket:\\fINUMBER\\fR for the connection of a packet.\n");
	add_options(out);
	add_names(out);
	add_settings(out);
	add_actions(out);
	buf_addstr(out,
	    ".SH EXIT STATUS\n"
	    ".TP\n0\ndone\n"
	    ".TP\n1\n\\fB\\-\\-fail\\-on\\fR matched\n"
	    ".TP\n2\nwrong usage\n"
	    ".TP\n3\nan input could not be read; what could be read is reported all the "
	    "same\n"
	    ".TP\n4\noutput could not be written\n"
	    ".SH ENVIRONMENT\n"
	    "\\fBNO_COLOR\\fR switches colours off, \\fBCOLUMNS\\fR is the width of "
	    "output that is not a\n"
	    "terminal, \\fBTMPDIR\\fR is where standard input is kept for a second "
	    "reading.\n"
	    ".SH SEE ALSO\n"
	    ".BR tcpdump (1),\n"
	    ".BR pcap\\-filter (7)\n");
}
