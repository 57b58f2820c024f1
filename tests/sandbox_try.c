/* SPDX-License-Identifier: MIT */
/*
 * sandbox_try - enters the sandbox as the program does, then tries from inside what must not be possible.
 *
 * sandbox_try read|write|live DIR: with nothing allowed, with outputs allowed below DIR, as a capture.  Prints TAP.  DIR
 * holds a file "there".  Runs as anyone; root gives itself up for `live`.
 */
#include "config.h"

#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/sandbox.h"

static unsigned count;
static bool failed;

static void check(bool ok, const char *what)
{
	printf("%s %u - %s\n", ok ? "ok" : "not ok", ++count, what);
	failed = failed || !ok;
}

static void skip(const char *what, const char *why)
{
	printf("ok %u - %s # SKIP %s\n", ++count, what, why);
}

static bool can_open(const char *path, int flags)
{
	int fd = open(path, flags | O_CLOEXEC, 0600);

	if (fd >= 0)
		(void)close(fd);
	return fd >= 0;
}

static bool can_run(void)
{
	char name[] = "/bin/true", *argv[] = { name, NULL };
	pid_t child = fork();
	int status = 1;

	if (child == 0) {
		execv(argv[0], argv);
		_exit(1);
	}
	return child > 0 && waitpid(child, &status, 0) == child && status == 0;
}

/* Without a process of its own: in place of this one. */
static bool can_become(void)
{
	char name[] = "/bin/echo", text[] = "not ok 99 - a program was run";
	char *argv[] = { name, text, NULL };

	return execv(argv[0], argv) == 0;
}

static bool can_make_code(void)
{
	return mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) !=
	       MAP_FAILED;
}

static void *thread(void *arg)
{
	*(bool *)arg = true;
	return NULL;
}

static bool can_start_thread(void)
{
	bool has_run = false;
	pthread_t t;

	return pthread_create(&t, NULL, thread, &has_run) == 0 && pthread_join(t, NULL) == 0 &&
	       has_run;
}

static void try_files(const char *dir, bool may_write)
{
	char there[256], new[256];

	(void)snprintf(there, sizeof(there), "%s/there", dir);
	(void)snprintf(new, sizeof(new), "%s/new", dir);
	check(!can_open("/etc/passwd", O_RDONLY), "a file of the system cannot be read");
	check(!can_open("/tmp", O_RDONLY | O_DIRECTORY), "a folder cannot be listed");
	check(
	    !can_open("/tmp/sandbox_try.new", O_WRONLY | O_CREAT), "no file can be made elsewhere");
	check(!can_open("/proc/self/mem", O_RDWR), "the process' memory cannot be opened");
	check(can_open(there, O_RDONLY) == may_write, "the folder for outputs");
	check(can_open(new, O_WRONLY | O_CREAT) == may_write, "a new file in it");
	if (!may_write)
		return;
	check(unlink(new) == 0, "and its removal");
	check(mkdir(new, 0700) == 0 && access(new, F_OK) == 0, "and a folder in its place");
	check(symlink("/etc/passwd", there) < 0 && link("/etc/passwd", new) < 0, "but no links");
}

static void try_calls(bool has_seccomp)
{
	const char *why = "no seccomp";

	check(!can_become(), "no program can be run");
	if (!has_seccomp) {
		skip("no sockets", why);
		return;
	}
	check(!can_run(), "no process can be made");
	check(socket(AF_INET, SOCK_STREAM, 0) < 0, "no socket for the network");
	check(socket(AF_UNIX, SOCK_STREAM, 0) < 0, "no socket on this host");
	check(socket(AF_PACKET, SOCK_RAW, 0) < 0, "no other packet socket");
	check(ptrace(PTRACE_TRACEME, 0, NULL, NULL) < 0, "no tracing");
	check(kill(getppid(), 0) < 0, "no signal to another process");
	check(kill(getpid(), 0) == 0, "signals to itself");
	check(!can_make_code(), "no new code in memory");
	check(setuid(0) < 0, "no other user");
}

static void try_root(const struct sandbox_state *done)
{
	if (!done->user[0])
		return;
	check(geteuid() != 0 && getegid() != 0, "root has been given up");
	check(setuid(0) < 0 && seteuid(0) < 0, "and does not come back");
}

int main(int argc, char **argv)
{
	struct sandbox s = { .output_fd = -1 };
	struct sandbox_state done;
	struct err e = { "" };
	struct stat before;

	if (argc != 3) {
		fprintf(stderr, "usage: sandbox_try read|write|live DIR\n");
		return 2;
	}
	(void)setvbuf(stdout, NULL, _IOLBF, 0);
	s.is_live = strcmp(argv[1], "live") == 0;
	if (strcmp(argv[1], "write") == 0)
		s.dirs[s.ndirs++] = argv[2];
	check(stat("/etc/passwd", &before) == 0, "outside, files can be looked at");
	check(sandbox_enter(&s, &done, &e) == 0, "the sandbox lets itself be entered");
	check(done.no_new_privileges && done.no_capabilities, "no privileges are left");
	if (done.landlock || (done.seccomp && !s.ndirs))
		try_files(argv[2], s.ndirs > 0);
	else
		skip("files", "the kernel has no Landlock");
	if (SANDBOX_SANITIZED)
		skip("system calls", "sanitizers need more of them");
	else
		try_calls(done.seccomp);
	check(can_start_thread(), "threads can still be started");
	try_root(&done);
	printf("1..%u\n", count);
	return failed;
}
