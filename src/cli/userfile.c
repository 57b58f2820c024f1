/* SPDX-License-Identifier: MIT */
/*
 * userfile - paths of the user's files.
 */
#include "config.h"

#include <sys/stat.h>

#include <stdlib.h>
#include <string.h>

#include "cli/userfile.h"

void userfile_path(struct buf *out, const char *variable, const char *otherwise, const char *name)
{
	const char *base = getenv(variable), *home = getenv("HOME");

	if (base && *base == '/')
		buf_addf(out, "%s/tcpshadow/%s", base, name);
	else if (home && *home == '/')
		buf_addf(out, "%s/%s/tcpshadow/%s", home, otherwise, name);
}

void userfile_make_folders(const char *file)
{
	struct buf path = BUF_INIT;

	for (const char *slash = strchr(file + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		buf_reset(&path);
		buf_add(&path, file, (size_t)(slash - file));
		(void)mkdir(path.data, S_IRWXU);
	}
	buf_release(&path);
}
