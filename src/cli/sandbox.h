/* SPDX-License-Identifier: MIT */
/*
 * sandbox - take away from the process what reading packets does not need, before the first packet is read.
 *
 * Input:  what it will still have to do; everything that must be open is open, no other thread runs.
 * Output: a process that can open files only below the given directories, makes no sockets, runs no program, traces
 *         nobody, has no capabilities and, when it captures, is not root.
 * Limits: what the kernel or the build cannot do is left out and reported; only giving up root must not fail.
 * Spec:   capabilities(7), landlock(7), seccomp(2).
 */
#ifndef CLI_SANDBOX_H
#define CLI_SANDBOX_H

#include "tcpshadow/buf.h"
#include "tcpshadow/err.h"

enum { SANDBOX_DIRS_MAX = 4 };

struct sandbox {
	/* Below them files may be made, read, replaced and removed; they exist. */
	const char *dirs[SANDBOX_DIRS_MAX];
	size_t ndirs;
	bool is_live; /* a packet socket is open and will be used and closed; root is given up */
	bool has_terminal; /* the terminal's modes will be changed (TUI); terminfo has been read */
	const char *user;  /* who to become when root captures: NULL = $SUDO_USER, or nobody */
	int output_fd;     /* a file made for this run, which that user is to own; -1 = none */
	bool makes_files; /* more files will be made in dirs[0]: it is checked that this user can */
};

/* What was done; false where the system does not have it. */
struct sandbox_state {
	char user[64]; /* "" = unchanged */
	bool no_new_privileges, no_capabilities, seccomp;
	int landlock; /* version of the kernel's interface, 0 = none */
};

TS_NODISCARD int sandbox_enter(const struct sandbox *s, struct sandbox_state *done, struct err *e);
/* One line for -v. */
void sandbox_text(struct buf *out, const struct sandbox_state *done);
/* Everything that this program knows of was done. */
bool sandbox_is_whole(const struct sandbox_state *done);

/* Its parts. */
int sandbox_landlock(const struct sandbox *s);
bool sandbox_seccomp(const struct sandbox *s);

/* Instrumented builds look at themselves: sanitizers read /proc and stop other threads. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANDBOX_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANDBOX_SANITIZED 1
#endif
#endif
#ifndef SANDBOX_SANITIZED
#define SANDBOX_SANITIZED 0
#endif

#endif
