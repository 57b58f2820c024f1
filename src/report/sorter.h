/* SPDX-License-Identifier: MIT */
/*
 * sorter - holds lines of text until the end and gives them back in another order.
 *
 * Memory: 48 bytes a line; the text itself goes to an unlinked temporary file beyond SORTER_MEMORY.
 */
#ifndef REPORT_SORTER_H
#define REPORT_SORTER_H

#include "tcpshadow/report.h"

#define SORTER_MEMORY ((size_t)16 << 20) /* bytes of text */

struct sorter;

/* spill_fd: as in report_options; one sorter at a time may use it. */
struct sorter *sorter_new(enum report_sort key, bool descending, int spill_fd);
void sorter_free(struct sorter *s);
TS_NODISCARD int sorter_add(
    struct sorter *s, const struct conn_record *r, const char *line, size_t len, struct err *e);
/* The same with words of the caller's own, the first one most significant. */
TS_NODISCARD int sorter_add_words(
    struct sorter *s, const uint64_t word[3], const char *line, size_t len, struct err *e);
/* Put in order what was added; then sorter_line() replaces *line by the i-th of them. */
void sorter_sort(struct sorter *s);
size_t sorter_count(const struct sorter *s);
TS_NODISCARD int sorter_line(struct sorter *s, size_t i, struct buf *line, struct err *e);
/* All lines in order, as they are. */
TS_NODISCARD int sorter_write(struct sorter *s, struct report_out *out, struct err *e);

#endif
