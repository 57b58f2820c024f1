/* SPDX-License-Identifier: MIT */
/*
 * stored - a capture read into a store.
 */
#ifndef TESTS_STORED_H
#define TESTS_STORED_H

#include <stdio.h>

#include "tcpshadow/store.h"

struct stored {
	struct cap *cap;
	struct store *store;
};

/* `more` is a second sink or NULL; batch and checkpoint as in engine_options.  False when it is no capture. */
bool stored_open(struct stored *s, const char *const *files, size_t n,
    const struct engine_options *o, struct sink *more);
void stored_close(struct stored *s);
/* For every capture of the source. */
void stored_for_captures(void (*check)(const char *name));
/* The path of one of them; at most 4096 bytes. */
void stored_path(char *path, const char *name);
/*
 * A capture of n acknowledgments from 10.0.0.1 to 10.0.0.2, each `every`th of a second connection, the rest of the
 * first.  Those that `closed` names close their window: numbers from 1, ascending.  False = the file does not take it.
 */
bool stored_write_acks(FILE *f, uint32_t n, uint32_t every, const uint32_t *closed, size_t nclosed);

#endif
