/* SPDX-License-Identifier: MIT */
/*
 * search - the one connection that a person means, for the commands that show one.
 */
#ifndef CLI_SEARCH_H
#define CLI_SEARCH_H

#include "cli/settings.h"
#include "tcpshadow/find.h"

/* The search while it goes on.  Set `o` and `s`; the rest begins as 0. */
struct search {
	const struct options *o;
	struct settings *s;
	struct cap *cap; /* as far as it was read */
	struct finder *finder;
	int code; /* the exit code once it failed; the user has been told */
};

/* Leaves a finder that has the session and the packets of the one connection meant.  -1: see `code`. */
TS_NODISCARD int search_which(struct search *f);
/* Open the inputs anew, for another reading. */
TS_NODISCARD int search_reopen(struct search *f);
/* Read the packets of the connection again, into the session's rows. */
TS_NODISCARD int search_read_rows(struct search *f, struct session *session);
void search_release(struct search *f);

#endif
