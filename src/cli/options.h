/* SPDX-License-Identifier: MIT */
/*
 * options - the command line as typed, checked against option.def and command.def.
 *
 * Spec: POSIX.1 utility conventions with GNU long options; options and operands may be mixed, "--"
 *       ends the options, "-" is an operand.
 */
#ifndef CLI_OPTIONS_H
#define CLI_OPTIONS_H

#include "tcpshadow/err.h"

enum command {
#define COMMAND(id, name, operands, help) COMMAND_##id,
#include "cli/command.def"
#undef COMMAND
	COMMAND_COUNT
};

enum option_id {
#define OPTION(id, name, letter, arg, commands, help) OPTION_##id,
#include "cli/option.def"
#undef OPTION
	OPTION_COUNT
};

struct command_row {
	const char *name, *operands, *help;
};

struct option_row {
	const char *name;
	char letter;       /* 0 = none */
	const char *arg;   /* what its argument is called, NULL = takes none */
	unsigned commands; /* bits: 1u << enum command */
	const char *help;  /* NULL = hidden */
};

enum command options_command(const char *word); /* COMMAND_COUNT = there is none */
extern const struct command_row command_rows[COMMAND_COUNT];
extern const struct option_row option_rows[OPTION_COUNT];

struct options {
	enum command command;
	bool command_given;
	unsigned given[OPTION_COUNT];    /* how often */
	const char *value[OPTION_COUNT]; /* the last argument; from argv */
	const char **files;              /* of -r and operands, in order */
	size_t nfiles, cap_files;
	const char *which; /* show: the connection; catalogue: the finding */
};

/* 0, or -1 with a sentence for the user. */
TS_NODISCARD int options_parse(struct options *o, int argc, char **argv, struct err *e);
/* One more input; the name is borrowed. */
void options_add_file(struct options *o, const char *name);
void options_release(struct options *o);

#endif
