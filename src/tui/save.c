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

FILE *save_create(const struct ui *ui, const char *name, struct err *e)
{
	FILE *f;

	if (ui->is_sure)
		(void)unlink(name);
	f = fopen(name, "wxe");
	if (!f)
		(void)refused(name, errno, e);
	return f;
}

static int write_file(
    const struct ui *ui, const char *name, const void *bytes, size_t n, struct err *e)
{
	FILE *f = save_create(ui, name, e);
	int error;

	if (!f)
		return -1;
	error = fwrite(bytes, 1, n, f) == n ? 0 : errno;
	if (fclose(f) != 0 && !error)
		error = errno;
	if (error)
		(void)unlink(name);
	return error ? err_set(e, "%s: %s", name, strerror(error)) : 0;
}

int save_report(const struct ui *ui, const char *name, save_write *write, void *ctx, struct err *e)
{
	FILE *f = save_create(ui, name, e);
	struct report_out out;
	int rc;

	if (!f)
		return -1;
	report_out_init(&out, f);
	rc = write(ctx, &out, e);
	if (rc == 0)
		rc = report_out_flush(&out, e);
	report_out_release(&out);
	if (fclose(f) != 0 && rc == 0)
		rc = err_set(e, "%s: %s", name, strerror(errno));
	if (rc < 0)
		(void)unlink(name);
	return rc;
}

void save_bytes(struct ui *ui, const char *name, const void *bytes, size_t n)
{
	struct err e = { "" };

	if (write_file(ui, name, bytes, n, &e) < 0)
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
	save_bytes(ui, name, text.data, text.len);
	buf_release(&text);
}
