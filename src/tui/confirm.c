/* SPDX-License-Identifier: MIT */
/*
 * confirm - a question on the last line, and what is done when the answer is yes.
 */
#include "config.h"

#include <sys/stat.h>

#include <string.h>

#include "tcpshadow/text.h"
#include "tui/confirm.h"

bool confirm_is_open(const struct app *a)
{
	return a->question.text.len > 0;
}

static void ask(struct app *a, const struct act *act)
{
	a->question.id = act->id;
	buf_reset(&a->question.arg);
	buf_addstr(&a->question.arg, act->arg ? act->arg : "");
}

/*
 * What quitting would lose: packets of a live capture that -w does not write, or of a pipe that goes on, as of ssh and
 * tcpdump; and that no export has.
 */
static uint64_t unsaved(const struct ui *ui)
{
	if ((!ui->options->is_live && !ui_is_endless(ui)) || ui->options->recording)
		return 0;
	return ui->snap.ntcp > ui->nsaved ? ui->snap.ntcp - ui->nsaved : 0;
}

static bool quits(const struct app *a, const struct act *act)
{
	return act->id == ACTION_QUIT || (act->id == ACTION_BACK && a->ui.nstack == 1);
}

static bool ask_to_quit(struct app *a, const struct act *act)
{
	uint64_t lost = unsaved(&a->ui);
	struct buf *text = &a->question.text;

	if (lost == 0)
		return false;
	ask(a, act);
	buf_reset(text);
	buf_addstr(text, "quit and lose ");
	text_count(text, lost);
	buf_addstr(text, lost == 1 ? " packet?" : " packets?");
	return true;
}

/* Is it one of the files that are read, or the one that is recorded to? */
static bool is_input(const struct ui *ui, const struct stat *st)
{
	const struct cap_facts *facts = cap_facts(ui->options->cap);
	struct stat input;

	for (size_t i = 0; i < facts->nfiles; i++)
		if (stat(facts->files[i].name, &input) == 0 && input.st_dev == st->st_dev &&
		    input.st_ino == st->st_ino)
			return true;
	return ui->options->recording && stat(ui->options->recording, &input) == 0 &&
	       input.st_dev == st->st_dev && input.st_ino == st->st_ino;
}

static bool ask_to_replace(struct app *a, const struct act *act)
{
	struct stat st;

	if (!act->arg || stat(act->arg, &st) < 0)
		return false;
	if (!S_ISREG(st.st_mode)) {
		ui_complain(
		    &a->ui, "%s is %s", act->arg, S_ISDIR(st.st_mode) ? "a folder" : "no file");
	} else if (is_input(&a->ui, &st)) {
		ui_complain(&a->ui, "%s is the capture itself", act->arg);
	} else {
		ask(a, act);
		buf_addf(&a->question.text, "replace %s?", act->arg);
	}
	return true;
}

bool confirm_first(struct app *a, const struct act *act)
{
	if (quits(a, act))
		return ask_to_quit(a, act);
	return (act->id == ACTION_EXPORT || act->id == ACTION_SAVE) && ask_to_replace(a, act);
}

bool confirm_interrupt(struct app *a)
{
	const struct act quit = { .id = ACTION_QUIT };

	return (confirm_is_open(a) && quits(a, &(struct act){ .id = a->question.id })) ||
	       !confirm_first(a, &quit);
}

/* To quit again is a yes, too: who cannot wait presses ^C twice. */
static bool is_yes(const struct app *a, uint32_t key)
{
	return key == 'y' || key == 'Y' ||
	       (a->question.id == ACTION_QUIT && bind_lookup(&a->ui, key) == ACTION_QUIT);
}

void confirm_key(struct app *a, uint32_t key)
{
	struct act act = { .id = a->question.id, .arg = a->question.arg.data };
	bool yes = is_yes(a, key);

	buf_reset(&a->question.text);
	if (!yes) {
		ui_say(
		    &a->ui, "%s: not done", bind_row(quits(a, &act) ? ACTION_QUIT : act.id)->name);
		return;
	}
	a->ui.is_sure = true;
	app_act(a, &act);
	a->ui.is_sure = false;
}

void confirm_draw(struct app *a, struct rect line)
{
	static const char answers[] = " y/n";
	struct pen p = rect_pen(&a->grid, line, 0, ROLE_WARN);
	int end = p.end;

	p.end -= (int)sizeof(answers) - 1; /* whatever else has no room */
	grid_puts(&p, a->question.text.data);
	p.end = end;
	p.is_cut = false;
	grid_puts(&p, answers);
	a->grid.cursor_y = line.y;
	a->grid.cursor_x = p.x < line.x + line.w ? p.x : line.x + line.w - 1;
	p.role = ROLE_NORMAL;
	grid_pad(&p);
}
