/* SPDX-License-Identifier: MIT */
/*
 * help - texts for people who ask.
 */
#include "config.h"

#include <string.h>

#include "cli/help.h"
#include "tcpshadow/where.h"

#define HELP_COLUMN 24 /* where the explanations begin */
#define HELP_WIDTH  80

/* `text` wrapped into the column of explanations. */
static void add_wrapped(struct buf *out, const char *text)
{
	size_t room = HELP_WIDTH - HELP_COLUMN, left = strlen(text);

	while (left > room) {
		size_t n = room;

		while (n > 0 && text[n] != ' ')
			n--;
		if (n == 0)
			n = room;
		buf_add(out, text, n);
		buf_addch(out, '\n');
		buf_pad(out, ' ', HELP_COLUMN);
		text += n + (text[n] == ' ');
		left = strlen(text);
	}
	buf_addstr(out, text);
	buf_addch(out, '\n');
}

static void add_row(struct buf *out, size_t line_start, const char *help)
{
	size_t used = out->len - line_start;

	if (used + 2 > HELP_COLUMN) {
		buf_addch(out, '\n');
		used = 0;
	}
	buf_pad(out, ' ', HELP_COLUMN - used);
	add_wrapped(out, help);
}

static void add_option(struct buf *out, const struct option_row *row)
{
	size_t start = out->len;

	buf_addstr(out, "  ");
	if (row->letter)
		buf_addf(out, "-%c, ", row->letter);
	else
		buf_addstr(out, "    ");
	buf_addf(out, "--%s", row->name);
	if (row->arg)
		buf_addf(out, " %s", row->arg);
	add_row(out, start, row->help);
}

static void add_options(struct buf *out, unsigned commands)
{
	buf_addstr(out, "\nOptions:\n");
	for (size_t i = 0; i < OPTION_COUNT; i++)
		if (option_rows[i].help && option_rows[i].commands & commands)
			add_option(out, &option_rows[i]);
}

static const char which_help[] =
    "\nWHICH is the connection's number in the list, HOST:PORT of either end\n"
    "([2001:db8::1]:80 for IPv6), or packet:NUMBER for the connection of a packet.\n";

static const char exit_help[] =
    "\nExit status: 0 done, 1 --fail-on matched, 2 wrong usage, 3 an input could not be\n"
    "read (what could be read is reported all the same), 4 output could not be\n"
    "written.\n";

static void add_commands(struct buf *out)
{
	buf_addstr(out, "\nCommands:\n");
	for (size_t i = 0; i < COMMAND_COUNT; i++) {
		size_t start = out->len;

		buf_addf(out, "  %s %s", command_rows[i].name, command_rows[i].operands);
		add_row(out, start, command_rows[i].help);
	}
}

void help_text(struct buf *out, enum command c)
{
	if (c == COMMAND_COUNT) {
		buf_addstr(out,
		    "Usage: tcpshadow [COMMAND] [OPTIONS] [FILE...]\n"
		    "Reads captures (pcap, pcapng; also .gz and .zst) and replays every TCP\n"
		    "connection in them through a shadow RFC 9293 state machine of both ends.\n"
		    "FILE '-' is standard input, which is also read when no file is named.\n");
		add_commands(out);
		add_options(out, ~0u);
		buf_addstr(out, exit_help);
		return;
	}
	buf_addf(out, "Usage: tcpshadow %s [OPTIONS] %s\n", command_rows[c].name,
	    command_rows[c].operands);
	add_row(out, out->len, command_rows[c].help);
	add_options(out, 1u << c);
	if (c == COMMAND_SHOW || c == COMMAND_FOLLOW)
		buf_addstr(out, which_help);
}

void help_version(struct buf *out)
{
	buf_addstr(out, PACKAGE_STRING "\nbuilt with:");
#ifdef HAVE_ZLIB
	buf_addstr(out, " gzip");
#endif
#ifdef HAVE_ZSTD
	buf_addstr(out, " zstd");
#endif
#ifdef HAVE_SECCOMP
	buf_addstr(out, " seccomp");
#endif
	buf_addstr(out, "\n");
}
