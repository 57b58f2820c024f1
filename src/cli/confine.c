/* SPDX-License-Identifier: MIT */
/*
 * confine - what is opened early, because it cannot be opened late.
 */
#include "config.h"

#include <sys/stat.h>

#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "cli/confine.h"
#include "cli/message.h"
#include "cli/rewind.h"
#include "tcpshadow/mem.h"

int confine(const struct settings *s, const struct sandbox *wanted)
{
	struct sandbox_state done;
	struct buf text = BUF_INIT;
	struct err e = { "" };

	if (sandbox_enter(wanted, &done, &e) < 0) {
		message_error(e.text);
		return EXIT_INPUT;
	}
	if (s->verbose || (wanted->is_live && !s->quiet && !sandbox_is_whole(&done))) {
		sandbox_text(&text, &done);
		message_note("%s", text.data);
	}
	buf_release(&text);
	return EXIT_DONE;
}

/* Things that libraries open when they are first used. */
static void warm_up(struct settings *s)
{
	struct err e;
	int fd = rewind_temporary(&e);

	tzset();
	s->report.spill_fd = fd < 0 ? 0 : fd;
}

static bool has_input(const struct settings *s)
{
	for (size_t i = 0; i < s->cap.nfiles; i++)
		if (s->fds[i] >= 0 || s->cap.files[i][0] == '-')
			return true;
	return false;
}

void confine_open_inputs(struct settings *s)
{
	s->fds = mem_alloc(s->cap.nfiles + 1, sizeof(*s->fds));
	cap_open_files(s->cap.files, s->cap.nfiles, s->fds);
	s->filter = cap_filter_new(s->cap.bpf);
	s->cap.fds = s->fds;
	s->cap.filter = s->filter;
}

static bool is_replaced(const char *name, int fd)
{
	struct stat now, then;

	return fd >= 0 && stat(name, &now) == 0 && fstat(fd, &then) == 0 &&
	       (now.st_dev != then.st_dev || now.st_ino != then.st_ino);
}

int confine_refresh_inputs(struct settings *s, struct err *e)
{
	for (size_t i = 0; i < s->cap.nfiles; i++) {
		const char *name = s->cap.files[i];
		int fd;

		if (!is_replaced(name, s->fds[i]))
			continue;
		cap_open_files(&name, 1, &fd);
		if (fd < 0)
			return err_set(e,
			    "%s is another file now, which the sandbox keeps closed: start again",
			    name);
		cap_close_files(&s->fds[i], 1);
		s->fds[i] = fd;
	}
	return 0;
}

int confine_reading(struct settings *s, const char *dir)
{
	struct sandbox wanted = { .output_fd = -1 };

	confine_open_inputs(s);
	warm_up(s);
	if (dir && has_input(s)) {
		(void)mkdir(dir, 0777); /* who cannot be made will be missed where it is opened */
		wanted.dirs[wanted.ndirs++] = dir;
	}
	if (wanted.ndirs && access(dir, F_OK) < 0)
		wanted.ndirs = 0;
	return s->no_sandbox ? EXIT_DONE : confine(s, &wanted);
}

/* The file at hand, and where those that follow it will be. */
static void want_recorder(
    struct sandbox *wanted, const struct settings *s, const struct recorder *r)
{
	if (!r)
		return;
	if (recorder_has_made_file(r))
		wanted->output_fd = recorder_fd(r);
	wanted->makes_files = s->record.rotate_bytes || s->record.rotate_seconds;
	if (wanted->makes_files)
		wanted->dirs[wanted->ndirs++] = recorder_folder(r);
}

int confine_capture(struct settings *s, const struct recorder *r)
{
	struct sandbox wanted = { .is_live = true, .user = s->user, .output_fd = -1 };

	warm_up(s);
	want_recorder(&wanted, s, r);
	return confine(s, &wanted);
}

int confine_browsing(
    struct settings *s, const struct recorder *r, const char *const *dirs, size_t n)
{
	struct sandbox wanted = {
		.is_live = s->report.live, .has_terminal = true, .user = s->user, .output_fd = -1
	};

	warm_up(s);
	want_recorder(&wanted, s, r);
	for (size_t i = 0; i < n && wanted.ndirs < SANDBOX_DIRS_MAX; i++)
		if (access(dirs[i], F_OK) == 0)
			wanted.dirs[wanted.ndirs++] = dirs[i];
	return confine(s, &wanted);
}

void confine_release(struct settings *s)
{
	if (s->fds)
		cap_close_files(s->fds, s->cap.nfiles);
	free(s->fds);
	cap_filter_free(s->filter);
	if (s->report.spill_fd > 0)
		(void)close(s->report.spill_fd);
}
