/* SPDX-License-Identifier: MIT */
/*
 * main - from the command line to an exit code.
 *
 * Does not: anything itself.
 */
#include "config.h"

#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/help.h"
#include "cli/live.h"
#include "cli/message.h"
#include "cli/run.h"

/* Options that only ask about the program.  -1 = there are none. */
static int answer_question(const struct options *o)
{
	struct buf text = BUF_INIT;

	if (o->command == COMMAND_HELP && !o->given[OPTION_HELP])
		help_text(&text, o->which ? options_command(o->which) : COMMAND_COUNT);
	else if (o->given[OPTION_HELP])
		help_text(&text, o->command_given ? o->command : COMMAND_COUNT);
	else if (o->given[OPTION_VERSION])
		help_version(&text);
	else if (o->given[OPTION_MAN_PAGE])
		help_man_page(&text);
	else if (o->given[OPTION_LIST_INTERFACES])
		return live_list_interfaces();
	else
		return -1;
	return run_print(&text);
}

/* Is somebody sitting there who can look around? */
static bool has_terminal(void)
{
	const char *term = getenv("TERM");

	return isatty(STDOUT_FILENO) && isatty(STDERR_FILENO) && term && *term &&
	       strcmp(term, "dumb") != 0;
}

/* Without a command: browse where that is possible, otherwise list.  Who only records wants lines that scroll by. */
static void choose_command(struct options *o)
{
	if (o->command_given || o->given[OPTION_WRITE] || !has_terminal())
		return;
	for (size_t i = 0; i < OPTION_COUNT; i++)
		if (o->given[i] && !(option_rows[i].commands & 1u << COMMAND_BROWSE))
			return;
	o->command = COMMAND_BROWSE;
}

/* Without a file there is standard input, unless that is a person. */
static int choose_input(struct options *o)
{
	if (o->nfiles || o->command == COMMAND_CATALOGUE || o->given[OPTION_INTERFACE])
		return EXIT_DONE;
	if (isatty(STDIN_FILENO))
		return message_usage("which capture? name a file, or send one to standard input");
	options_add_file(o, "-");
	return EXIT_DONE;
}

static int run(struct options *o)
{
	struct settings s;
	struct err e = { "" };
	int code = answer_question(o);

	if (code >= 0)
		return code;
	choose_command(o);
	code = choose_input(o);
	if (code != EXIT_DONE)
		return code;
	if (settings_init(&s, o, &e) < 0)
		code = message_usage(e.text);
	else
		code = run_command(o, &s);
	settings_release(&s);
	return code;
}

int main(int argc, char **argv)
{
	struct options o;
	struct err e = { "" };
	int code;

	(void)setlocale(LC_CTYPE, "");
	run_catch_signals();
	if (options_parse(&o, argc, argv, &e) < 0)
		code = message_usage(e.text);
	else
		code = run(&o);
	options_release(&o);
	return code;
}
