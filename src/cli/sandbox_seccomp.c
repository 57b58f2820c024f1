/* SPDX-License-Identifier: MIT */
/*
 * sandbox_seccomp - which system calls may be made; all others fail with EPERM.
 *
 * A list of what is allowed, since nobody can list what is dangerous.
 */
#include "config.h"

#include "cli/sandbox.h"

#ifdef HAVE_SECCOMP

#include <sys/ioctl.h>
#include <sys/prctl.h>

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <seccomp.h>
#include <termios.h>
#include <unistd.h>

/* Memory, threads, time, signals, and files that are open. */
static const int always[] = {
	SCMP_SYS(read),
	SCMP_SYS(readv),
	SCMP_SYS(pread64),
	SCMP_SYS(write),
	SCMP_SYS(writev),
	SCMP_SYS(pwrite64),
	SCMP_SYS(close),
	SCMP_SYS(lseek),
	SCMP_SYS(_llseek),
	SCMP_SYS(fstat),
	SCMP_SYS(fstat64),
	SCMP_SYS(ftruncate),
	SCMP_SYS(ftruncate64),
	SCMP_SYS(fadvise64),
	SCMP_SYS(fsync),
	SCMP_SYS(fdatasync),
	SCMP_SYS(fallocate),
	SCMP_SYS(dup),
	SCMP_SYS(dup2),
	SCMP_SYS(dup3),
	SCMP_SYS(fcntl),
	SCMP_SYS(pipe),
	SCMP_SYS(pipe2),
	SCMP_SYS(eventfd2),
	SCMP_SYS(poll),
	SCMP_SYS(ppoll),
	SCMP_SYS(select),
	SCMP_SYS(pselect6),
	SCMP_SYS(brk),
	SCMP_SYS(munmap),
	SCMP_SYS(mremap),
	SCMP_SYS(madvise),
	SCMP_SYS(futex),
	SCMP_SYS(set_robust_list),
	SCMP_SYS(get_robust_list),
	SCMP_SYS(rseq),
	SCMP_SYS(sched_yield),
	SCMP_SYS(sched_getaffinity),
	SCMP_SYS(membarrier),
	SCMP_SYS(gettid),
	SCMP_SYS(getpid),
	SCMP_SYS(exit),
	SCMP_SYS(exit_group),
	SCMP_SYS(restart_syscall),
	SCMP_SYS(clock_gettime),
	SCMP_SYS(clock_getres),
	SCMP_SYS(clock_nanosleep),
	SCMP_SYS(nanosleep),
	SCMP_SYS(gettimeofday),
	SCMP_SYS(time),
	SCMP_SYS(getrandom),
	SCMP_SYS(rt_sigaction),
	SCMP_SYS(rt_sigprocmask),
	SCMP_SYS(rt_sigreturn),
	SCMP_SYS(rt_sigpending),
	SCMP_SYS(rt_sigtimedwait),
	SCMP_SYS(sigaltstack),
	SCMP_SYS(prlimit64),
	SCMP_SYS(getrlimit),
	SCMP_SYS(getrusage),
	SCMP_SYS(sysinfo),
	SCMP_SYS(uname),
	SCMP_SYS(getuid),
	SCMP_SYS(geteuid),
	SCMP_SYS(getgid),
	SCMP_SYS(getegid),
};

/* libpcap asks the socket what was lost, whether its interface is still there, and unties it at the end. */
static const int of_capture[] = {
	SCMP_SYS(getsockopt),
	SCMP_SYS(setsockopt),
	SCMP_SYS(getsockname),
	SCMP_SYS(recvfrom),
	SCMP_SYS(recvmsg),
};

/* Landlock says where. */
static const int of_files[] = {
	SCMP_SYS(open),
	SCMP_SYS(openat),
	SCMP_SYS(mkdir),
	SCMP_SYS(mkdirat),
	SCMP_SYS(unlink),
	SCMP_SYS(unlinkat),
	SCMP_SYS(rename),
	SCMP_SYS(renameat),
	SCMP_SYS(renameat2),
	SCMP_SYS(newfstatat),
	SCMP_SYS(statx),
	SCMP_SYS(stat),
	SCMP_SYS(lstat),
	SCMP_SYS(access),
	SCMP_SYS(faccessat),
	SCMP_SYS(faccessat2),
	SCMP_SYS(getdents64),
	SCMP_SYS(getcwd),
};

static const int of_sanitizers[] = {
	SCMP_SYS(open),
	SCMP_SYS(openat),
	SCMP_SYS(getdents),
	SCMP_SYS(stat),
	SCMP_SYS(readlink),
	SCMP_SYS(readlinkat),
	SCMP_SYS(getdents64),
	SCMP_SYS(clone),
	SCMP_SYS(wait4),
	SCMP_SYS(ptrace),
	SCMP_SYS(prctl),
	SCMP_SYS(arch_prctl),
	SCMP_SYS(mincore),
	SCMP_SYS(getppid),
	SCMP_SYS(mprotect),
	SCMP_SYS(mmap),
	SCMP_SYS(kill),
	SCMP_SYS(tgkill),
	SCMP_SYS(personality),
	SCMP_SYS(process_vm_readv),
	SCMP_SYS(newfstatat),
	SCMP_SYS(statx),
};

/* TIOCSTI, which types on the terminal for its user, is not among them. */
static const unsigned long terminal_reads[] = { TCGETS, TIOCGWINSZ, TIOCGPGRP };
static const unsigned long terminal_writes[] = { TCSETS, TCSETSW, TCSETSF, TIOCSPGRP };

#define SIOCGIFFLAGS_NUMBER 0x8913UL /* net/if.h of libc and of the kernel exclude each other */

static bool add_all(scmp_filter_ctx f, const int *calls, size_t n)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < n; i++)
		if (calls[i] >= 0) /* others do not exist on this machine */
			rc = seccomp_rule_add(f, SCMP_ACT_ALLOW, calls[i], 0);
	return rc == 0 || rc == -EEXIST;
}

static bool add_ioctls(scmp_filter_ctx f, const unsigned long *requests, size_t n)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < n; i++)
		rc = seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(ioctl), 1,
		    SCMP_A1(SCMP_CMP_MASKED_EQ, UINT32_MAX, requests[i]));
	return rc == 0;
}

/* New memory is never executable; new processes are threads of this one; signals go to itself only. */
static bool add_limited(scmp_filter_ctx f)
{
	const scmp_datum_t exec = 4; /* PROT_EXEC */
	const scmp_datum_t self = (scmp_datum_t)getpid();

	return seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 1,
	           SCMP_A2(SCMP_CMP_MASKED_EQ, exec, 0)) == 0 &&
	       seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), 1,
	           SCMP_A2(SCMP_CMP_MASKED_EQ, exec, 0)) == 0 &&
	       seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(clone), 1,
	           SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, CLONE_THREAD)) == 0 &&
	       seccomp_rule_add(
	           f, SCMP_ACT_ALLOW, SCMP_SYS(tgkill), 1, SCMP_A0(SCMP_CMP_EQ, self, 0)) == 0 &&
	       seccomp_rule_add(
	           f, SCMP_ACT_ALLOW, SCMP_SYS(kill), 1, SCMP_A0(SCMP_CMP_EQ, self, 0)) == 0;
}

/* Its flags lie in memory: unknown to a filter.  The C library then takes clone(). */
static bool refuse_clone3(scmp_filter_ctx f)
{
	return seccomp_rule_add(f, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0) == 0;
}

/* fstat() of the C library: of what is open, by an empty name.  Names cannot be looked at, but it cannot be told. */
static bool add_fstat(scmp_filter_ctx f)
{
	return seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(newfstatat), 1,
	           SCMP_A3(SCMP_CMP_MASKED_EQ, AT_EMPTY_PATH, AT_EMPTY_PATH)) == 0;
}

static bool fill(scmp_filter_ctx f, const struct sandbox *s)
{
	const unsigned long flags = SIOCGIFFLAGS_NUMBER;
	bool ok = add_all(f, always, ARRAY_LEN(always)) &&
	          add_ioctls(f, terminal_reads, ARRAY_LEN(terminal_reads)) && refuse_clone3(f);

	if (SANDBOX_SANITIZED)
		ok = ok && add_all(f, of_sanitizers, ARRAY_LEN(of_sanitizers));
	else
		ok = ok && add_limited(f);
	if (s->ndirs)
		ok = ok && add_all(f, of_files, ARRAY_LEN(of_files));
	else if (!SANDBOX_SANITIZED)
		ok = ok && add_fstat(f);
	if (s->is_live)
		ok =
		    ok && add_all(f, of_capture, ARRAY_LEN(of_capture)) && add_ioctls(f, &flags, 1);
	if (s->has_terminal)
		ok = ok && add_ioctls(f, terminal_writes, ARRAY_LEN(terminal_writes));
	return ok;
}

bool sandbox_seccomp(const struct sandbox *s)
{
	scmp_filter_ctx f = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	bool ok = f && fill(f, s) && seccomp_load(f) == 0;

	if (f)
		seccomp_release(f);
	return ok;
}

#else

bool sandbox_seccomp(const struct sandbox *s)
{
	(void)s;
	return false;
}

#endif
