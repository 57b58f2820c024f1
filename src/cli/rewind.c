/* SPDX-License-Identifier: MIT */
/*
 * rewind - standard input kept for another reading.
 *
 * Limits: --spool bytes.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/rewind.h"
#include "cli/run.h"
#include "tcpshadow/text.h"

#define BLOCK_BYTES ((size_t)64 << 10)

static bool reads_stdin(const struct settings *s)
{
	for (size_t i = 0; i < s->cap.nfiles; i++)
		if (strcmp(s->cap.files[i], "-") == 0)
			return true;
	return false;
}

int rewind_temporary(struct err *e)
{
	const char *dir = getenv("TMPDIR");
	int fd;

	if (!dir || !*dir)
		dir = "/tmp";
	fd = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (fd < 0)
		return err_set(e, "cannot keep standard input in %s: %s", dir, strerror(errno));
	return fd;
}

static int write_all(int fd, const char *bytes, size_t n, struct err *e)
{
	while (n > 0) {
		ssize_t written = write(fd, bytes, n);

		if (written < 0)
			return err_set(e, "cannot keep standard input: %s", strerror(errno));
		bytes += written;
		n -= (size_t)written;
	}
	return 0;
}

/* A signal ends the copy: what came until then is shown. */
static int copy(int to, uint64_t most, struct err *e)
{
	char block[BLOCK_BYTES];
	uint64_t total = 0;

	while (!run_is_stopped()) {
		ssize_t n = read(STDIN_FILENO, block, sizeof(block));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_set(e, "cannot read standard input: %s", strerror(errno));
		if (n == 0)
			break;
		total += (uint64_t)n;
		if (total > most) {
			struct buf size = BUF_INIT;

			text_bytes(&size, most);
			(void)err_set(e,
			    "standard input is longer than %s bytes; --spool allows more",
			    size.data);
			buf_release(&size);
			return -1;
		}
		if (write_all(to, block, (size_t)n, e) < 0)
			return -1;
	}
	return 0;
}

int rewind_prepare(const struct settings *s, struct err *e)
{
	int fd, rc;

	if (!reads_stdin(s) || lseek(STDIN_FILENO, 0, SEEK_CUR) >= 0)
		return 0;
	fd = rewind_temporary(e);
	if (fd < 0)
		return -1;
	rc = copy(fd, s->spool, e);
	if (rc == 0 && dup2(fd, STDIN_FILENO) < 0)
		rc = err_set(e, "cannot replace standard input: %s", strerror(errno));
	(void)close(fd);
	return rc;
}

int rewind_inputs(const struct settings *s, struct err *e)
{
	if (reads_stdin(s) && lseek(STDIN_FILENO, 0, SEEK_SET) < 0)
		return err_set(e, "cannot read standard input again: %s", strerror(errno));
	return 0;
}
