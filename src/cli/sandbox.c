/* SPDX-License-Identifier: MIT */
/*
 * sandbox - identity and capabilities; the rest is in sandbox_landlock.c and sandbox_seccomp.c.
 *
 * Capabilities are two system calls: a library for them would be one more thing to trust.
 */
#include "config.h"

#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/sandbox.h"

#define NOBODY "nobody"

/* ---- giving up root */

static const struct passwd *user_of(const struct sandbox *s)
{
	const char *name = s->user ? s->user : getenv("SUDO_USER");
	const struct passwd *pw;

	if (!s->user && (!name || !*name || strcmp(name, "root") == 0))
		name = NOBODY;
	errno = 0;
	pw = getpwnam(name);
	return pw || s->user ? pw : getpwnam(NOBODY);
}

/* The file was made by root just now. */
static void give_file(int fd, const struct passwd *pw)
{
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_uid != 0)
		return;
	if (fchown(fd, pw->pw_uid, pw->pw_gid) < 0)
		return; /* it stays root's, and is written to all the same */
}

static int become(const struct passwd *pw, struct err *e)
{
	if (initgroups(pw->pw_name, pw->pw_gid) < 0 ||
	    setresgid(pw->pw_gid, pw->pw_gid, pw->pw_gid) < 0 ||
	    setresuid(pw->pw_uid, pw->pw_uid, pw->pw_uid) < 0)
		return err_set(e, "cannot become %s: %s; -Z USER names another user", pw->pw_name,
		    strerror(errno));
	if (pw->pw_uid != 0 && setuid(0) == 0)
		return err_set(e, "root could not be given up");
	return 0;
}

static int give_up_root(const struct sandbox *s, struct sandbox_state *done, struct err *e)
{
	const struct passwd *pw;

	if (!s->is_live || geteuid() != 0)
		return s->is_live && s->user
		           ? err_set(e, "-Z %s: only root can become another user", s->user)
		           : 0;
	pw = user_of(s);
	if (!pw)
		return err_set(e, "there is no user '%s' to become", s->user ? s->user : NOBODY);
	give_file(s->output_fd, pw);
	if (become(pw, e) < 0)
		return -1;
	(void)snprintf(done->user, sizeof(done->user), "%s", pw->pw_name);
	if (s->makes_files && s->ndirs && access(s->dirs[0], W_OK | X_OK) < 0)
		return err_set(e,
		    "%s, who goes on with the capture, cannot make files in %s; name another "
		    "folder, or "
		    "another user with -Z",
		    pw->pw_name, s->dirs[0]);
	return 0;
}

/* ---- capabilities */

/*
 * Root keeps its right to make files in folders of others: where that may be is limited by Landlock.
 */
static bool drop_capabilities(const struct sandbox *s)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = { { 0 } };

	for (unsigned long cap = 0; cap < 64; cap++)
		(void)prctl(PR_CAPBSET_DROP, cap, 0, 0, 0); /* fails without CAP_SETPCAP */
	(void)prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	if (!s->is_live && s->ndirs && geteuid() == 0)
		data[0].effective = data[0].permitted = 1u << CAP_DAC_OVERRIDE;
	return syscall(SYS_capset, &head, data) == 0;
}

int sandbox_enter(const struct sandbox *s, struct sandbox_state *done, struct err *e)
{
	*done = (struct sandbox_state){ .landlock = 0 };
	if (give_up_root(s, done, e) < 0)
		return -1;
	done->no_capabilities = drop_capabilities(s);
	done->no_new_privileges = prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0;
	if (!done->no_new_privileges)
		return 0; /* without it the kernel takes no filter */
	done->landlock = sandbox_landlock(s);
	done->seccomp = sandbox_seccomp(s);
	return 0;
}

void sandbox_text(struct buf *out, const struct sandbox_state *done)
{
	buf_addstr(out, "sandbox: ");
	if (done->user[0])
		buf_addf(out, "user %s, ", done->user);
	buf_addstr(out, done->no_capabilities ? "no capabilities, " : "capabilities KEPT, ");
	if (done->landlock)
		buf_addf(out, "files limited (Landlock %d), ", done->landlock);
	else
		buf_addstr(out, "files NOT limited (the kernel has no Landlock), ");
	buf_addstr(out, done->seccomp ? "system calls limited (seccomp)"
	                              : "system calls NOT limited (no seccomp)");
}

bool sandbox_is_whole(const struct sandbox_state *done)
{
	return done->no_capabilities && done->landlock && done->seccomp;
}
