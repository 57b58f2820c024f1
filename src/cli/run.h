/* SPDX-License-Identifier: MIT */
/*
 * run - the commands.  Each returns the exit code of the program.
 */
#ifndef CLI_RUN_H
#define CLI_RUN_H

#include "cli/settings.h"

void run_catch_signals(void);
bool run_is_stopped(void); /* a signal asked to end */
void run_catch_counters(void);
bool run_takes_counters(void); /* SIGUSR1 came since the last call */
int run_command(const struct options *o, struct settings *s);

/*
 * Pieces that the commands share.  Those that return an exit code have told the user.  Other readings than
 * the first take run_again(): it leaves out what --fail-on and -w look for.
 */
TS_NODISCARD int run_engine(struct cap *cap, struct settings *s, struct sink *sink, struct err *e);
TS_NODISCARD int run_again(struct cap *cap, struct settings *s, struct sink *sink, struct err *e);
int run_print(struct buf *text); /* to standard output; releases it */
struct sink *run_new_sink(const struct options *o, const struct settings *s);
int run_fail_on_code(const struct options *o, const struct settings *s, int code);
int run_output_failed(const struct report_out *out, const struct err *e);
int run_input_failed(const struct err *e);
int run_input_code(const struct cap_facts *f);

#endif
