/* SPDX-License-Identifier: MIT */
/*
 * sandbox_landlock - which files may be opened: none but those below some directories.
 *
 * Spec: landlock(7).  The numbers stand here because headers are older than kernels: each version of the interface
 *       adds rights, and a right that the kernel does not know makes it refuse all.
 */
#include "config.h"

#include <sys/syscall.h>

#include <fcntl.h>
#include <unistd.h>

#include "cli/sandbox.h"

#ifdef SYS_landlock_create_ruleset

enum {
	CREATE_VERSION = 1, /* flag: only tell the version */
	RULE_PATH_BENEATH = 1,
};

/* Rights to files. */
#define FS(bit) (UINT64_C(1) << (bit))
enum {
	FS_EXECUTE,
	FS_WRITE_FILE,
	FS_READ_FILE,
	FS_READ_DIR,
	FS_REMOVE_DIR,
	FS_REMOVE_FILE,
	FS_MAKE_CHAR,
	FS_MAKE_DIR,
	FS_MAKE_REG,
	FS_MAKE_SOCK,
	FS_MAKE_FIFO,
	FS_MAKE_BLOCK,
	FS_MAKE_SYM,
	FS_REFER,     /* version 2 */
	FS_TRUNCATE,  /* 3 */
	FS_IOCTL_DEV, /* 5 */
	FS_COUNT
};

struct ruleset {
	uint64_t fs, net, scoped; /* rights that are denied unless a rule gives them */
};

struct __attribute__((packed)) path_beneath {
	uint64_t allowed;
	int32_t dir;
};

static uint64_t known_rights(long version)
{
	unsigned n = FS_REFER;

	if (version >= 2)
		n = FS_REFER + 1;
	if (version >= 3)
		n = FS_TRUNCATE + 1;
	if (version >= 5)
		n = FS_IOCTL_DEV + 1;
	return FS(n) - 1;
}

static int new_ruleset(long version)
{
	struct ruleset r = { .fs = known_rights(version) };
	size_t size = sizeof(r.fs);

	if (version >= 4) {
		r.net = 3; /* bind and connect TCP */
		size = 2 * sizeof(uint64_t);
	}
	if (version >= 6) {
		r.scoped = 3; /* abstract Unix sockets and signals stay inside */
		size = sizeof(r);
	}
	return (int)syscall(SYS_landlock_create_ruleset, &r, size, 0);
}

static bool allow(int ruleset, const char *dir, uint64_t rights)
{
	struct path_beneath rule = { .allowed = rights };
	long rc;

	rule.dir = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (rule.dir < 0)
		return false;
	rc = syscall(SYS_landlock_add_rule, ruleset, RULE_PATH_BENEATH, &rule, 0);
	(void)close(rule.dir);
	return rc == 0;
}

int sandbox_landlock(const struct sandbox *s)
{
	const uint64_t read = FS(FS_READ_FILE) | FS(FS_READ_DIR);
	const uint64_t write = read | FS(FS_WRITE_FILE) | FS(FS_REMOVE_FILE) | FS(FS_MAKE_REG) |
	                       FS(FS_MAKE_DIR) | FS(FS_TRUNCATE);
	long version = syscall(SYS_landlock_create_ruleset, NULL, 0, CREATE_VERSION);
	int ruleset = version < 1 ? -1 : new_ruleset(version);
	bool ok = ruleset >= 0;

	for (size_t i = 0; ok && i < s->ndirs; i++)
		ok = allow(ruleset, s->dirs[i], write & known_rights(version));
	if (SANDBOX_SANITIZED)
		ok = ok && allow(ruleset, "/proc", read);
	ok = ok && syscall(SYS_landlock_restrict_self, ruleset, 0) == 0;
	if (ruleset >= 0)
		(void)close(ruleset);
	return ok ? (int)version : 0;
}

#else

int sandbox_landlock(const struct sandbox *s)
{
	(void)s;
	return 0;
}

#endif
