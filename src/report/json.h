/* SPDX-License-Identifier: MIT */
/*
 * json - writes JSON straight into a buffer; commas come by themselves.
 *
 * Every function takes the key of the member, or NULL for an element of an array.  Keys and words
 * are the program's own and need no escaping; text from elsewhere goes through json_text().
 */
#ifndef REPORT_JSON_H
#define REPORT_JSON_H

#include "tcpshadow/buf.h"

void json_object(struct buf *out, const char *key);
void json_array(struct buf *out, const char *key);
void json_end_object(struct buf *out);
void json_end_array(struct buf *out);

void json_u64(struct buf *out, const char *key, uint64_t v);
void json_ns(struct buf *out, const char *key, int64_t ns);    /* seconds, nine decimals */
void json_epoch(struct buf *out, const char *key, int64_t ns); /* the same as a string */
void json_bool(struct buf *out, const char *key, bool v);
void json_null(struct buf *out, const char *key);
void json_word(struct buf *out, const char *key, const char *word);
void json_text(struct buf *out, const char *key, const char *text);
/* A string whose safe content the caller appends in between. */
void json_string(struct buf *out, const char *key);
void json_end_string(struct buf *out);

#endif
