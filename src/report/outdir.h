/* SPDX-License-Identifier: MIT */
/*
 * outdir - many files in one directory, written side by side, each whole or not there.
 *
 * A file grows under NAME.part and gets its own name when it is finished.  Nothing is written outside of
 * the directory: names have no slash, and no symbolic link is followed.
 * Memory: about 100 bytes per unfinished file; a bounded number of them is open.
 */
#ifndef REPORT_OUTDIR_H
#define REPORT_OUTDIR_H

#include "tcpshadow/err.h"

struct outdir;
struct outfile;

/* The directory is made if it is not there.  force: files that exist are replaced. */
struct outdir *outdir_open(const char *path, bool force, struct err *e);
/* What is not finished is removed.  NULL is fine. */
void outdir_close(struct outdir *d);
/* -1 and a sentence when the name is taken and may not be replaced. */
TS_NODISCARD int outdir_check_free(const struct outdir *d, const char *name, struct err *e);

/* NULL when it cannot be made. */
struct outfile *outfile_new(struct outdir *d, const char *name, struct err *e);
TS_NODISCARD int outfile_write(struct outfile *f, const void *bytes, size_t n, struct err *e);
/* It gets this name, and is gone as an object, in any case. */
TS_NODISCARD int outfile_finish(struct outfile *f, const char *name, struct err *e);

#endif
