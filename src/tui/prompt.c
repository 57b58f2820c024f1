/* SPDX-License-Identifier: MIT */
/*
 * prompt - a line editor that knows no terminal.
 */
#include "config.h"

#include <string.h>

#include "tcpshadow/text.h"
#include "tui/history.h"
#include "tui/prompt.h"

#define NOT_CHOSEN SIZE_MAX

enum {
	TEXT_MAX = 4096, /* bytes */
	POPUP_ROWS = 10,
};

static void set_text(struct prompt *p, const char *text)
{
	buf_reset(&p->text);
	buf_addstr(&p->text, text);
	p->at = p->text.len;
}

void prompt_open(struct prompt *p, const char *label, const char *text, const struct history *h)
{
	p->label = label;
	p->history = h;
	p->back = 0;
	p->chosen = NOT_CHOSEN;
	p->error = (struct prompt_error){ 0 };
	set_text(p, text);
}

void prompt_close(struct prompt *p)
{
	p->label = NULL;
	choices_clear(&p->choices);
}

void prompt_release(struct prompt *p)
{
	buf_release(&p->text);
	buf_release(&p->draft);
	choices_release(&p->choices);
}

/* Put n bytes in the place of [from, to). */
static void replace(struct prompt *p, size_t from, size_t to, const char *bytes, size_t n)
{
	struct buf text = BUF_INIT;

	buf_add(&text, p->text.data, from);
	buf_add(&text, bytes, n);
	buf_add(&text, p->text.data + to, p->text.len - to);
	if (text.len <= TEXT_MAX) {
		set_text(p, text.data);
		p->at = from + n;
	}
	buf_release(&text);
}

static size_t before(const struct prompt *p, size_t at)
{
	do {
		at -= at > 0;
	} while (at > 0 && ((uint8_t)p->text.data[at] & 0xc0) == 0x80);
	return at;
}

static size_t after(const struct prompt *p, size_t at)
{
	do {
		at += at < p->text.len;
	} while (at < p->text.len && ((uint8_t)p->text.data[at] & 0xc0) == 0x80);
	return at;
}

static size_t word_start(const struct prompt *p)
{
	size_t at = p->at;

	while (at > 0 && p->text.data[at - 1] == ' ')
		at--;
	while (at > 0 && p->text.data[at - 1] != ' ')
		at--;
	return at;
}

/* The next (or previous) of the choices takes the place of the word. */
static enum prompt_result choose(struct prompt *p, bool next)
{
	size_t n = p->choices.n;
	const char *text;

	if (n == 0)
		return PROMPT_IGNORED;
	if (p->chosen == NOT_CHOSEN)
		p->chosen = next ? 0 : n - 1;
	else
		p->chosen = (p->chosen + (next ? 1 : n - 1)) % n;
	text = p->choices.items[p->chosen].text;
	replace(p, p->choices.from, p->at, text, strlen(text));
	return n == 1 ? PROMPT_EDITED : PROMPT_MOVED;
}

static enum prompt_result recall(struct prompt *p, bool older)
{
	size_t n = p->history ? history_count(p->history) : 0;

	if (older ? p->back >= n : p->back == 0)
		return PROMPT_IGNORED;
	if (p->back == 0) {
		buf_reset(&p->draft);
		buf_addstr(&p->draft, p->text.data);
	}
	p->back += older ? 1 : -(size_t)1;
	set_text(p, p->back ? history_at(p->history, p->back - 1) : p->draft.data);
	return PROMPT_EDITED;
}

static enum prompt_result erase(struct prompt *p, size_t from, size_t to)
{
	if (from == to)
		return PROMPT_IGNORED;
	replace(p, from, to, "", 0);
	return PROMPT_EDITED;
}

static enum prompt_result move(struct prompt *p, size_t to)
{
	p->at = to;
	return PROMPT_MOVED;
}

static enum prompt_result type(struct prompt *p, uint32_t key)
{
	char bytes[4];

	if (!key_is_text(key))
		return PROMPT_IGNORED;
	replace(p, p->at, p->at, bytes, text_utf8_encode(bytes, key));
	return PROMPT_EDITED;
}

enum { CTRL_A = 1, CTRL_E = 5, CTRL_K = 11, CTRL_U = 21, CTRL_W = 23 };

static enum prompt_result edit_key(struct prompt *p, uint32_t key)
{
	switch (key) {
	case TUI_KEY_BACKSPACE:
		return p->text.len ? erase(p, before(p, p->at), p->at) : PROMPT_LEFT;
	case TUI_KEY_DELETE:
		return erase(p, p->at, after(p, p->at));
	case CTRL_U:
		return erase(p, 0, p->at);
	case CTRL_K:
		return erase(p, p->at, p->text.len);
	case CTRL_W:
		return erase(p, word_start(p), p->at);
	case TUI_KEY_LEFT:
		return move(p, before(p, p->at));
	case TUI_KEY_RIGHT:
		return move(p, after(p, p->at));
	case TUI_KEY_HOME:
	case CTRL_A:
		return move(p, 0);
	case TUI_KEY_END:
	case CTRL_E:
		return move(p, p->text.len);
	}
	return type(p, key);
}

enum prompt_result prompt_key(struct prompt *p, uint32_t key)
{
	switch (key) {
	case TUI_KEY_ENTER:
		return PROMPT_TAKEN;
	case TUI_KEY_ESCAPE:
		return PROMPT_LEFT;
	case TUI_KEY_TAB:
		return choose(p, true);
	case TUI_KEY_BACK_TAB:
		return choose(p, false);
	case TUI_KEY_UP:
		return recall(p, true);
	case TUI_KEY_DOWN:
		return recall(p, false);
	}
	p->back = 0;
	return edit_key(p, key);
}

/* Bytes at the start of the text that scroll off so that the cursor has room. */
static size_t scrolled(const struct prompt *p, enum glyph_tier tier, int room)
{
	size_t from = 0;

	while (from < p->at && grid_measure(tier, p->text.data + from, p->at - from) >= room)
		from = after(p, from);
	return from;
}

/* The bytes [from, to) of the text, as far as they can be seen. */
static void put_part(const struct prompt *p, struct pen *pen, size_t from, size_t to, bool wrong)
{
	pen->role = wrong ? ROLE_ERROR : ROLE_NORMAL;
	pen->attr = wrong ? ATTR_UNDERLINE : 0;
	if (to > from)
		grid_put(pen, p->text.data + from, to - from);
	pen->attr = 0;
}

static void put_text(const struct prompt *p, struct pen *pen, size_t from)
{
	size_t wrong = p->error.at, end = p->error.at + p->error.len;

	if (!p->error.is_wrong || wrong > p->text.len || end > p->text.len)
		wrong = end = p->text.len;
	wrong = wrong < from ? from : wrong;
	end = end < from ? from : end;
	put_part(p, pen, from, wrong, false);
	put_part(p, pen, wrong, end, true);
	put_part(p, pen, end, p->text.len, false);
	pen->role = ROLE_NORMAL;
}

static void draw_line(const struct prompt *p, struct grid *g, struct rect r, int y)
{
	struct pen pen = grid_pen(g, y, r.x, r.w, ROLE_HEAD);
	size_t from;

	grid_puts(&pen, p->label);
	from = scrolled(p, g->tier, pen.end - pen.x);
	g->cursor_y = y;
	g->cursor_x = pen.x + grid_measure(g->tier, p->text.data + from, p->at - from);
	put_text(p, &pen, from);
	grid_pad(&pen);
}

static void draw_error(const struct prompt *p, struct grid *g, struct rect r, int y)
{
	struct pen pen = grid_pen(g, y, r.x, r.w, ROLE_ERROR);

	grid_putf(&pen, "%s", p->error.what.text);
	pen.role = ROLE_NORMAL;
	grid_pad(&pen);
}

static void draw_choices(const struct prompt *p, struct grid *g, struct rect r, int y)
{
	int below = r.y + r.h - y - 1, above = y - r.y;
	struct rect room = { y + 1, g->cursor_x, below, r.w }, box;

	if (above > below)
		room.h = above;
	if (room.h > POPUP_ROWS)
		room.h = POPUP_ROWS;
	box = choices_box(&p->choices, room);
	if (box.h < 3)
		return;
	if (above > below)
		box.y = y - box.h;
	if (box.x + box.w > r.x + r.w)
		box.x = r.x + r.w - box.w;
	choices_draw(&p->choices, g, box, p->chosen);
}

void prompt_draw(const struct prompt *p, struct grid *g, struct rect r, int y)
{
	int next = y + 1 < r.y + r.h ? y + 1 : y - 1;

	draw_line(p, g, r, y);
	if (p->choices.n)
		draw_choices(p, g, r, y);
	else if (p->error.is_wrong)
		draw_error(p, g, r, next);
}
