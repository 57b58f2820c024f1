/* SPDX-License-Identifier: MIT */
/*
 * options - the parser of the command line.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/options.h"
#include "tcpshadow/mem.h"
#include "tcpshadow/near.h"

#define ON(command) (1u << COMMAND_##command)
#define READS       (REPORTS | ON(BROWSE))
#define REPORTS     (ON(LIST) | ON(SHOW) | ON(FOLLOW) | ON(SUMMARY) | ON(FINDINGS) | ON(EXTRACT))
#define LIVE        (ON(LIST) | ON(SUMMARY) | ON(FINDINGS) | ON(BROWSE))
#define ALL         (READS | ON(CATALOGUE) | ON(HELP))

const struct command_row command_rows[COMMAND_COUNT] = {
#define COMMAND(id, name, operands, help) { name, operands, help },
#include "cli/command.def"
#undef COMMAND
};

const struct option_row option_rows[OPTION_COUNT] = {
#define OPTION(id, name, letter, arg, commands, help) { name, letter, arg, commands, help },
#include "cli/option.def"
#undef OPTION
};

enum { WORD_MAX = 32 }; /* bytes of a word worth a suggestion */

static const char *near_option(const char *typed)
{
	const char *near = NULL;

	for (size_t i = 0; i < OPTION_COUNT; i++)
		if (option_rows[i].help)
			near = near_best(typed, option_rows[i].name, near);
	return near;
}

/* The longest name of an option that the n bytes at `name` are; OPTION_COUNT = none. */
static size_t find_long(const char *name, size_t n)
{
	for (size_t i = 0; i < OPTION_COUNT; i++)
		if (strlen(option_rows[i].name) == n && memcmp(option_rows[i].name, name, n) == 0)
			return i;
	return OPTION_COUNT;
}

static size_t find_letter(char c)
{
	for (size_t i = 0; i < OPTION_COUNT; i++)
		if (option_rows[i].letter == c && c)
			return i;
	return OPTION_COUNT;
}

void options_add_file(struct options *o, const char *name)
{
	o->files = mem_grow(o->files, o->nfiles, &o->cap_files, sizeof(*o->files));
	o->files[o->nfiles++] = name;
}

static void take(struct options *o, size_t id, const char *value)
{
	o->given[id]++;
	o->value[id] = value;
	if (id == OPTION_READ)
		options_add_file(o, value);
}

/* The words not read yet. */
struct words {
	char **at;
	int left;
};

static const char *next_word(struct words *w)
{
	if (w->left == 0)
		return NULL;
	w->left--;
	return *w->at++;
}

static int unknown_long(const char *word, size_t n, struct err *e)
{
	char name[WORD_MAX + 1];
	const char *near = NULL;

	if (n <= WORD_MAX) {
		memcpy(name, word, n);
		name[n] = '\0';
		near = near_option(name);
	}
	if (near)
		return err_set(
		    e, "unknown option '--%.*s'; did you mean '--%s'?", (int)n, word, near);
	return err_set(e, "unknown option '--%.*s'", (int)n, word);
}

static int long_option(struct options *o, const char *word, struct words *w, struct err *e)
{
	const char *equals = strchr(word, '='), *value = NULL;
	size_t n = equals ? (size_t)(equals - word) : strlen(word);
	size_t id = find_long(word, n);

	if (id == OPTION_COUNT)
		return unknown_long(word, n, e);
	if (!option_rows[id].arg) {
		if (equals)
			return err_set(e, "option '--%s' takes no argument", option_rows[id].name);
	} else {
		value = equals ? equals + 1 : next_word(w);
		if (!value)
			return err_set(e, "option '--%s' needs an argument: %s",
			    option_rows[id].name, option_rows[id].arg);
	}
	take(o, id, value);
	return 0;
}

/* -q, -qv, -c5, -c 5 */
static int letters(struct options *o, const char *word, struct words *w, struct err *e)
{
	for (; *word; word++) {
		size_t id = find_letter(*word);
		const char *value = NULL;

		if (id == OPTION_COUNT)
			return err_set(e, "unknown option '-%c'", *word);
		if (option_rows[id].arg) {
			value = word[1] ? word + 1 : next_word(w);
			if (!value)
				return err_set(e, "option '-%c' needs an argument: %s", *word,
				    option_rows[id].arg);
		}
		take(o, id, value);
		if (value)
			return 0;
	}
	return 0;
}

/* A word that is no file but nearly a command was meant as one. */
static int check_command(const char *word, struct err *e)
{
	const char *near = NULL;

	if (strpbrk(word, "./") || strcmp(word, "-") == 0 || access(word, F_OK) == 0)
		return 0;
	for (size_t i = 0; i < COMMAND_COUNT; i++)
		near = near_best(word, command_rows[i].name, near);
	return near ? err_set(e, "unknown command '%s'; did you mean '%s'?", word, near) : 0;
}

static bool takes_which(enum command c)
{
	return c == COMMAND_SHOW || c == COMMAND_FOLLOW;
}

/* Takes a word or none, and reads no capture. */
static bool reads_nothing(enum command c)
{
	return c == COMMAND_CATALOGUE || c == COMMAND_HELP;
}

enum command options_command(const char *word)
{
	for (size_t i = 0; i < COMMAND_COUNT; i++)
		if (strcmp(word, command_rows[i].name) == 0)
			return (enum command)i;
	return COMMAND_COUNT;
}

/* `help` is about a command, and there is none of another name. */
static int check_help(const struct options *o, struct err *e)
{
	if (o->command != COMMAND_HELP || !o->which || options_command(o->which) != COMMAND_COUNT)
		return 0;
	return check_command(o->which, e) < 0
	           ? -1
	           : err_set(e, "no command is called '%s'; 'tcpshadow help' lists them", o->which);
}

static int operand(struct options *o, const char *word, size_t position, struct err *e)
{
	if (position == 0) {
		enum command c = options_command(word);

		if (c != COMMAND_COUNT) {
			o->command = c;
			o->command_given = true;
			return 0;
		}
		if (check_command(word, e) < 0)
			return -1;
	}
	if ((takes_which(o->command) || reads_nothing(o->command)) && !o->which)
		o->which = word;
	else
		options_add_file(o, word);
	return 0;
}

/* What is only for -i, or cannot be with it. */
static int check_live(const struct options *o, struct err *e)
{
	static const enum option_id live_only[] = { OPTION_SNAPLEN, OPTION_NO_PROMISCUOUS,
		OPTION_BUFFER, OPTION_IMMEDIATE, OPTION_PRECISION, OPTION_EVERY, OPTION_ROTATE_SIZE,
		OPTION_ROTATE_SECONDS, OPTION_ROTATE_FILES, OPTION_USER };
	bool rotates = o->given[OPTION_ROTATE_SIZE] || o->given[OPTION_ROTATE_SECONDS];

	for (size_t i = 0; i < ARRAY_LEN(live_only) && !o->given[OPTION_INTERFACE]; i++)
		if (o->given[live_only[i]])
			return err_set(e, "option '--%s' needs an interface (-i)",
			    option_rows[live_only[i]].name);
	if (!o->given[OPTION_INTERFACE])
		return 0;
	if (o->nfiles || o->given[OPTION_INTERFACE] > 1)
		return err_set(e,
		    o->nfiles ? "-i reads no files" : "one -i at a time; 'any' is all interfaces");
	if ((rotates || o->given[OPTION_ROTATE_FILES]) && !o->given[OPTION_WRITE])
		return err_set(e, "-C, -G and -W are about the file of -w, which is not given");
	if (o->given[OPTION_ROTATE_FILES] && !rotates)
		return err_set(e, "-W needs -C or -G");
	if (o->given[OPTION_WRITE] && o->given[OPTION_WHERE])
		return err_set(e,
		    "-w --where with -i: which connections match is known only when their packets "
		    "are "
		    "gone; record with -w alone, then: tcpshadow -w OUT --where EXPR FILE");
	if (o->given[OPTION_EVERY] && (o->given[OPTION_JSON] || o->given[OPTION_CSV]))
		return err_set(e, "--every is about the table, not --json or --csv");
	if (o->given[OPTION_SORT] && !o->given[OPTION_EVERY])
		return err_set(
		    e, "--sort with -i needs --every: connections are shown as they end");
	return 0;
}

/* What excludes or needs something else. */
static int check_together(const struct options *o, struct err *e)
{
	const char *w = o->value[OPTION_WRITE];

	if (!!o->given[OPTION_HEX] + !!o->given[OPTION_RAW] + !!o->given[OPTION_C_ARRAY] > 1)
		return err_set(e, "one of --hex, --raw and --c-array at a time");
	if (w && strcmp(w, "-") == 0 &&
	    (o->given[OPTION_JSON] || o->given[OPTION_CSV] || o->given[OPTION_ZEEK]))
		return err_set(e, "-w - and a report would both go to standard output");
	if (w && o->command == COMMAND_BROWSE && strcmp(w, "-") == 0)
		return err_set(e, "-w -: the screens are on standard output");
	if (w && o->command == COMMAND_BROWSE && !o->given[OPTION_INTERFACE])
		return err_set(
		    e, "browse -w needs an interface (-i); the key e writes what is shown");
	if (o->command == COMMAND_SHOW &&
	    !!o->given[OPTION_JSON] + !!o->given[OPTION_MERMAID] + !!o->given[OPTION_EXPLAIN] > 1)
		return err_set(e, "one of --json, --mermaid and --explain at a time");
	if (o->command == COMMAND_EXTRACT && !o->given[OPTION_OUTPUT])
		return err_set(e, "extract to which directory? name it with -o DIR");
	return check_live(o, e);
}

/* What only the screens take says what is meant. */
static void imply_browse(struct options *o)
{
	for (size_t i = 0; i < OPTION_COUNT && !o->command_given; i++)
		if (o->given[i] && option_rows[i].commands == ON(BROWSE))
			o->command = COMMAND_BROWSE;
}

static int check_usage(const struct options *o, struct err *e)
{
	const char *command = command_rows[o->command].name;

	if (o->given[OPTION_HELP] || o->given[OPTION_VERSION] || o->given[OPTION_LIST_INTERFACES])
		return 0;
	for (size_t i = 0; i < OPTION_COUNT; i++)
		if (o->given[i] && !(option_rows[i].commands & 1u << o->command))
			return err_set(e, "option '--%s' does not belong to '%s'",
			    option_rows[i].name, command);
	if (takes_which(o->command) && !o->which)
		return err_set(
		    e, "which connection? %s takes its id, host:port, or packet:NUMBER", command);
	if (reads_nothing(o->command) && o->nfiles)
		return err_set(e, "'%s' takes one %s and reads no file", command,
		    o->command == COMMAND_HELP ? "command" : "id");
	if (check_help(o, e) < 0)
		return -1;
	return check_together(o, e);
}

int options_parse(struct options *o, int argc, char **argv, struct err *e)
{
	struct words w = { argv + 1, argc > 0 ? argc - 1 : 0 };
	size_t position = 0;
	bool only_operands = false;
	const char *word;
	int rc = 0;

	memset(o, 0, sizeof(*o));
	o->command = COMMAND_LIST;
	while (rc == 0 && (word = next_word(&w))) {
		if (only_operands || word[0] != '-' || word[1] == '\0')
			rc = operand(o, word, position++, e);
		else if (strcmp(word, "--") == 0)
			only_operands = true;
		else if (word[1] == '-')
			rc = long_option(o, word + 2, &w, e);
		else
			rc = letters(o, word + 1, &w, e);
	}
	imply_browse(o);
	return rc < 0 ? -1 : check_usage(o, e);
}

void options_release(struct options *o)
{
	free(o->files);
	o->files = NULL;
}
