/* SPDX-License-Identifier: MIT */
/*
 * confirm - a question on the last line, and what is done when the answer is yes.
 */
#include "config.h"

#include <sys/stat.h>

#include <fnmatch.h>
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
 * tcpdump; and that no export has.  By now, also while the screen is kept as it was.
 */
static uint64_t unsaved(const struct ui *ui)
{
	struct store_snapshot now;

	if ((!ui->options->is_live && !ui_is_endless(ui)) || ui->options->recording)
		return 0;
	store_snapshot(ui->store, &now);
	return now.ntcp > ui->nsaved ? now.ntcp - ui->nsaved : 0;
}

static bool quits(const struct app *a, const struct act *act)
{
	const struct view *v = ui_top(&a->ui);

	if (act->id == ACTION_BACK && v->ops->keeps_back && v->ops->keeps_back(v))
		return false;
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

/* The folder of a name, and what is behind its last slash. */
static const char *split(const char *name, struct buf *folder)
{
	const char *slash = strrchr(name, '/');

	if (!slash)
		buf_addstr(folder, ".");
	else
		buf_add(folder, name, slash == name ? 1 : (size_t)(slash - name));
	return slash ? slash + 1 : name;
}

static bool is_same_folder(const char *a, const char *b)
{
	struct stat x, y;

	return stat(a, &x) == 0 && stat(b, &y) == 0 && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

/* For fnmatch(): what strftime() fills in may be anything. */
static void pattern_of(const char *base, struct buf *out)
{
	for (; *base; base++) {
		if (base[0] == '%' && base[1]) {
			buf_addch(out, '*');
			base++;
			continue;
		}
		if (strchr("*?[\\", *base))
			buf_addch(out, '\\');
		buf_addch(out, *base);
	}
}

/* Files that follow each other have a time in their names (-G), a number behind them (-C -W), or both. */
static bool is_like(const char *pattern, const char *base)
{
	struct buf stem = BUF_INIT;
	bool is_it = fnmatch(pattern, base, 0) == 0;

	buf_addstr(&stem, base);
	while (!is_it && stem.len && strchr("0123456789", stem.data[stem.len - 1])) {
		stem.data[--stem.len] = '\0';
		is_it = fnmatch(pattern, stem.data, 0) == 0;
	}
	buf_release(&stem);
	return is_it;
}

/* Does the recorder write to it, or can it come to that? */
static bool is_recording(const struct ui *ui, const char *name)
{
	struct buf folder = BUF_INIT, own = BUF_INIT, pattern = BUF_INIT;
	bool is_it;

	if (!ui->options->recording)
		return false;
	pattern_of(split(ui->options->recording, &own), &pattern);
	is_it =
	    is_like(pattern.data, split(name, &folder)) && is_same_folder(own.data, folder.data);
	buf_release(&folder);
	buf_release(&own);
	buf_release(&pattern);
	return is_it;
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

	if (act->arg && is_recording(&a->ui, act->arg)) {
		ui_complain(&a->ui, "%s has a name of the recording: -w %s", act->arg,
		    a->ui.options->recording);
		return true;
	}
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
