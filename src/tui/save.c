/* SPDX-License-Identifier: MIT */
/*
 * save - screens into files.
 */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tui/save.h"
#include "tui/script.h"

bool save_ends(const char *name, const char *ending)
{
	size_t n = strlen(name), e = strlen(ending);

	return n > e && strcmp(name + n - e, ending) == 0;
}

bool save_is_text(struct ui *ui, const char *name)
{
	bool is_text = name && save_ends(name, ".txt");

	if (!is_text)
		ui_complain(ui, "the name must end in .txt");
	return is_text;
}

/* Where it cannot be created, why. */
static int refused(const char *name, int error, struct err *e)
{
	if (error != EACCES && error != EPERM)
		return err_set(e, "%s: %s", name, strerror(error));
	if (access(".", W_OK) < 0)
		return err_set(e,
		    "uid %u cannot make files in this folder: start elsewhere, or with -Z USER",
		    (unsigned)geteuid());
	return err_set(e, "%s: not allowed: files go below the folder it was started in", name);
}

/* A file that is being written: what it replaces stays until all is in it. */
struct target {
	const char *name; /* borrowed */
	struct buf path;  /* where the bytes go: the name, or beside the file that is replaced */
	FILE *f;
};

static int begin(struct target *t, const struct ui *ui, struct err *e)
{
	buf_addstr(&t->path, t->name);
	if (ui->is_sure)
		buf_addf(&t->path, ".%ld.new", (long)getpid());
	t->f = fopen(t->path.data, "wxe");
	return t->f ? 0 : refused(t->name, errno, e);
}

/* rc: of what was written.  Of what fails nothing is left. */
static int end(struct target *t, int rc, struct err *e)
{
	bool replaces = strcmp(t->path.data, t->name) != 0;

	if (fclose(t->f) != 0 && rc == 0)
		rc = err_set(e, "%s: %s", t->name, strerror(errno));
	if (rc == 0 && replaces && rename(t->path.data, t->name) < 0)
		rc = refused(t->name, errno, e);
	if (rc < 0)
		(void)unlink(t->path.data);
	return rc;
}

int save_report(const struct ui *ui, const char *name, save_write *write, void *ctx, struct err *e)
{
	struct target t = { .name = name, .path = BUF_INIT };
	struct report_out out;
	int rc = begin(&t, ui, e);

	if (rc == 0) {
		report_out_init(&out, t.f);
		rc = write(ctx, &out, e);
		if (rc == 0)
			rc = report_out_flush(&out, e);
		report_out_release(&out);
		rc = end(&t, rc, e);
	}
	buf_release(&t.path);
	return rc;
}

static int put(void *ctx, struct report_out *out, struct err *e)
{
	const struct buf *bytes = ctx;

	buf_add(&out->buf, bytes->data, bytes->len);
	return report_out_commit(out, e);
}

void save_bytes(struct ui *ui, const char *name, const struct buf *bytes)
{
	struct buf from = *bytes;
	struct err e = { "" };

	if (save_report(ui, name, put, &from, &e) < 0)
		ui_complain(ui, "%s", e.text);
	else
		ui_say(ui, "saved %s", name);
}

void save_view(struct ui *ui, struct view *v, int w, int h, const char *name)
{
	struct buf text = BUF_INIT;
	struct grid g;

	grid_init(&g, w, h, ui->tier);
	g.is_linear = ui_is_linear(ui);
	v->ops->draw(v, ui, &g, grid_rect(&g));
	script_text(&text, &g);
	grid_release(&g);
	save_bytes(ui, name, &text);
	buf_release(&text);
}
