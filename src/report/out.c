/* SPDX-License-Identifier: MIT */
/*
 * out - blocks of text to a file, with every failed write noticed.
 */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "tcpshadow/report.h"

#define BLOCK_BYTES ((size_t)64 << 10)

void report_out_init(struct report_out *o, FILE *file)
{
	o->file = file;
	o->error = 0;
	buf_init(&o->buf);
}

void report_out_release(struct report_out *o)
{
	buf_release(&o->buf);
}

static int failed(struct report_out *o, struct err *e)
{
	if (!o->error)
		o->error = errno ? errno : EIO;
	return err_set(e, "cannot write output: %s", strerror(o->error));
}

static int write_waiting(struct report_out *o, struct err *e)
{
	size_t written;

	errno = o->error;
	if (o->error)
		return failed(o, e);
	written = fwrite(o->buf.data, 1, o->buf.len, o->file);
	if (written < o->buf.len)
		return failed(o, e);
	buf_reset(&o->buf);
	return 0;
}

int report_out_commit(struct report_out *o, struct err *e)
{
	return o->buf.len < BLOCK_BYTES ? 0 : write_waiting(o, e);
}

int report_out_flush(struct report_out *o, struct err *e)
{
	if (write_waiting(o, e) < 0)
		return -1;
	errno = 0;
	return fflush(o->file) == 0 ? 0 : failed(o, e);
}

int report_out_show(struct report_out *o, struct err *e)
{
	return o->buf.len ? report_out_flush(o, e) : 0;
}
