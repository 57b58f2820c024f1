/* SPDX-License-Identifier: MIT */
/*
 * ui - the stack of screens and what they share.
 */
#include "config.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "tcpshadow/mem.h"
#include "tcpshadow/text.h"
#include "tui/view.h"

static const struct view_ops *const screens[SCREEN_COUNT] = {
#define SCREEN(id, view, name) &(view),
#include "tui/screen.def"
#undef SCREEN
};

void ui_init(struct ui *ui, const struct tui_options *o)
{
	*ui = (struct ui){ .options = o, .store = o->store, .session = STORE_NONE, .page = 1 };
	ui->tier = o->ascii ? TIER_ASCII : TIER_BLOCKS;
	ui_take_theme(ui);
	buf_init(&ui->find);
	buf_init(&ui->message);
	buf_init(&ui->copied);
}

void ui_take_theme(struct ui *ui)
{
	for (unsigned i = 0; i < ROLE_COUNT; i++) {
		struct role_look look =
		    role_look((enum theme)ui->setting[SETTING_THEME], (enum role)i);

		if (!ui->is_own_look[i])
			ui->looks[i] = look;
		else if (ui->looks[i].color_256 >= ROLE_COLORS_8)
			ui->looks[i].color_8 = look.color_8; /* the user's is for 256 colours */
	}
}

static void close_view(struct view *v)
{
	if (v && v->ops->close)
		v->ops->close(v);
	free(v);
}

static void close_top(struct ui *ui)
{
	struct view *v = ui->stack[--ui->nstack];

	if (v->ops->is_kept)
		ui->kept[v->screen] = v;
	else
		close_view(v);
}

void ui_release(struct ui *ui)
{
	while (ui->nstack)
		close_top(ui);
	for (unsigned i = 0; i < SCREEN_COUNT; i++)
		close_view(ui->kept[i]);
	free(ui->merged);
	buf_release(&ui->find);
	buf_release(&ui->message);
	buf_release(&ui->copied);
}

void ui_drop(struct ui *ui)
{
	while (ui->nstack > 1)
		close_top(ui);
	for (unsigned i = 0; i < SCREEN_COUNT; i++) {
		close_view(ui->kept[i]);
		ui->kept[i] = NULL;
	}
	for (unsigned i = 0; i < UI_BOOKMARKS; i++)
		ui->bookmarks[i].is_set = false;
	ui->nmerged = 0;
	ui->rates = NULL;
	ui->nrates = 0;
	ui->session = STORE_NONE;
	ui->packet = 0;
	ui->is_paused = ui->wants_reload = false;
	buf_reset(&ui->find);
}

void ui_take(struct ui *ui)
{
	struct view *first = ui->stack[0];

	ui->store = ui->options->store;
	store_snapshot(ui->store, &ui->snap);
	if (first->ops->renew)
		first->ops->renew(first, ui);
}

struct view *ui_top(const struct ui *ui)
{
	BUG_ON(ui->nstack == 0);
	return ui->stack[ui->nstack - 1];
}

static bool is_open(const struct ui *ui, enum screen s)
{
	for (size_t i = 0; i < ui->nstack; i++)
		if (ui->stack[i]->screen == s)
			return true;
	return false;
}

static void new_view(struct ui *ui, enum screen s)
{
	struct view *v = mem_alloc(1, screens[s]->size);

	v->ops = screens[s];
	v->screen = s;
	ui->stack[ui->nstack++] = v;
	if (v->ops->open)
		v->ops->open(v, ui);
}

void ui_open(struct ui *ui, enum screen s)
{
	if (is_open(ui, s)) {
		while (ui_top(ui)->screen != s)
			close_top(ui);
		return;
	}
	BUG_ON(ui->nstack == UI_STACK_MAX);
	if (ui->kept[s])
		ui->stack[ui->nstack++] = ui->kept[s];
	else
		new_view(ui, s);
	ui->kept[s] = NULL;
}

void ui_back(struct ui *ui)
{
	if (ui->nstack > 1)
		close_top(ui);
	else
		ui->is_over = true;
}

TS_PRINTF(3, 0)
static void say(struct ui *ui, bool is_error, const char *format, va_list args)
{
	buf_reset(&ui->message);
	buf_addv(&ui->message, format, args);
	ui->message_is_error = is_error;
}

void ui_say(struct ui *ui, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say(ui, false, format, args);
	va_end(args);
}

void ui_complain(struct ui *ui, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say(ui, true, format, args);
	va_end(args);
}

void ui_copy(struct ui *ui, const void *bytes, size_t n)
{
	buf_reset(&ui->copied);
	buf_add(&ui->copied, bytes, n);
	ui_say(ui, "copied: %.*s", (int)(n > 200 ? 200 : n), ui->copied.data);
}

static bool equals(const char *a, const char *b, size_t n, bool exact)
{
	if (exact)
		return memcmp(a, b, n) == 0;
	for (size_t i = 0; i < n; i++)
		if (tolower((unsigned char)a[i]) != tolower((unsigned char)b[i]))
			return false;
	return true;
}

bool ui_is_found(const struct ui *ui, const char *text, size_t n)
{
	const struct buf *what = &ui->find;
	bool exact = false;

	for (size_t i = 0; i < what->len; i++)
		exact = exact || isupper((unsigned char)what->data[i]);
	if (what->len == 0)
		return false;
	for (size_t i = 0; i + what->len <= n; i++)
		if (equals(text + i, what->data, what->len, exact))
			return true;
	return false;
}

static const char *word_for(enum glyph g)
{
	switch ((int)g) {
	case GLYPH_BETWEEN:
		return "to";
	case GLYPH_SORT_DOWN:
		return "descending";
	case GLYPH_SORT_UP:
		return "ascending";
	}
	return NULL;
}

const char *ui_glyph(const struct ui *ui, enum glyph g)
{
	if (ui_is_linear(ui) && word_for(g))
		return word_for(g);
	return glyph_text(ui->tier, g);
}

static size_t moved_up(size_t at, size_t by)
{
	return at > by ? at - by : 0;
}

static bool move(size_t *at, const struct act *a, size_t last, size_t page)
{
	size_t by = a->count ? (size_t)a->count : 1;

	switch ((int)a->id) {
	case ACTION_UP:
		*at = moved_up(*at, by);
		return true;
	case ACTION_DOWN:
		*at = by > last - *at ? last : *at + by;
		return true;
	case ACTION_PAGE_UP:
		*at = moved_up(*at, page);
		return true;
	case ACTION_PAGE_DOWN:
		*at += page;
		return true;
	case ACTION_HALF_UP:
		*at = moved_up(*at, (page + 1) / 2);
		return true;
	case ACTION_HALF_DOWN:
		*at += (page + 1) / 2;
		return true;
	case ACTION_FIRST:
		*at = a->count ? (size_t)a->count - 1 : 0;
		return true;
	case ACTION_LAST:
		*at = a->count ? (size_t)a->count - 1 : last;
		return true;
	}
	return false;
}

bool list_action(struct list *l, const struct act *a, size_t total, int page)
{
	size_t last = total ? total - 1 : 0;

	if (l->cursor > last)
		l->cursor = last;
	if (!move(&l->cursor, a, last, page > 0 ? (size_t)page : 1))
		return false;
	if (l->cursor > last)
		l->cursor = last;
	l->top = list_top(l->top, l->cursor, total, page);
	return true;
}
