/* SPDX-License-Identifier: MIT */
/*
 * spool - the unlinked temporary file behind inputs that cannot be sought.
 *
 * Memory: none; the bytes are the kernel's page cache until it writes them out.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "capture/spool.h"

#define PATH_LEN_MAX 4096

void spool_init(struct spool *s, uint64_t max)
{
	*s = (struct spool){ .fd = -1, .max = max };
}

void spool_release(struct spool *s)
{
	if (s->fd >= 0)
		(void)close(s->fd);
	s->fd = -1;
}

/* A file without a name, or one whose name is removed at once where the file system has no such. */
static int open_unnamed(const char *dir)
{
	char path[PATH_LEN_MAX];
	int fd, n;

	fd = open(dir, O_TMPFILE | O_RDWR | O_EXCL | O_CLOEXEC, 0600);
	if (fd >= 0)
		return fd;
	n = snprintf(path, sizeof(path), "%s/tcpshadow.XXXXXX", dir);
	if (n < 0 || (size_t)n >= sizeof(path))
		return -1;
	fd = mkostemp(path, O_CLOEXEC);
	if (fd >= 0)
		(void)unlink(path);
	return fd;
}

int spool_open(struct spool *s, struct err *e)
{
	const char *dirs[] = { getenv("TMPDIR"), "/var/tmp", "/tmp" };

	if (s->fd >= 0 || s->max == 0)
		return 0;
	for (size_t i = 0; i < ARRAY_LEN(dirs) && s->fd < 0; i++)
		if (dirs[i] && *dirs[i])
			s->fd = open_unnamed(dirs[i]);
	if (s->fd < 0)
		return err_set(e, "cannot create a temporary file in $TMPDIR, /var/tmp or /tmp: %s",
		    strerror(errno));
	return 0;
}

static size_t write_all(int fd, const uint8_t *bytes, size_t n, uint64_t at)
{
	size_t done = 0;

	while (done < n) {
		ssize_t k = pwrite(fd, bytes + done, n - done, (off_t)(at + done));

		if (k < 0 && errno == EINTR)
			continue;
		if (k <= 0)
			break;
		done += (size_t)k;
	}
	return done;
}

size_t spool_append(struct spool *s, const uint8_t *bytes, size_t n)
{
	uint64_t room = s->max - s->len;
	size_t kept;

	if (s->max == 0 || s->fd < 0)
		return 0;
	kept = s->is_full ? 0 : write_all(s->fd, bytes, n < room ? n : (size_t)room, s->len);
	s->len += kept;
	s->is_full = s->is_full || kept < n;
	s->overflow += n - kept;
	return kept;
}
