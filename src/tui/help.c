/* SPDX-License-Identifier: MIT */
/*
 * help - the box of keys.
 */
#include "config.h"

#include <string.h>

#include "tcpshadow/text.h"
#include "tui/help.h"
#include "tui/para.h"

enum {
	KEYS_WIDTH = 18,
	KEYS_NARROW = 2, /* the keys are on a line of their own, this is the indent below them */
	NARROW = 50,     /* columns of the box */
	BOX_WIDTH = 100,
	EDGE = 2,
};

/* "Down j", "Space", ":name" for what has no key. */
static void keys_text(struct buf *out, enum action a)
{
	const struct bind_row *row = bind_row(a);

	if (row->keys)
		buf_addstr(out, row->keys);
	else
		buf_addf(out, ":%s", row->name);
}

/*
 * Places in the list: those of actions that only some screens have come first, for the others are known soon.
 * Each action has a place in both halves, and is in one of them.
 */
enum { PLACES = 2 * ACTION_COUNT };

static enum action action_at(unsigned place)
{
	return (enum action)(place % ACTION_COUNT);
}

static bool is_wanted(const struct help *h, const struct ui *ui, unsigned place)
{
	const struct bind_row *row = bind_row(action_at(place));
	bool is_everywhere = row->screens == (1u << SCREEN_COUNT) - 1;

	if (!(row->screens & 1u << ui_top(ui)->screen) || is_everywhere == (place < ACTION_COUNT))
		return false;
	return h->search.len == 0 || strcasestr(row->help, h->search.data) ||
	       strcasestr(row->name, h->search.data) ||
	       (row->keys && strcasestr(row->keys, h->search.data));
}

/* Where the words of the help begin, in a box w columns wide. */
static int indent_of(int w)
{
	return w < NARROW ? KEYS_NARROW : KEYS_WIDTH + 1;
}

static int width_of(int w)
{
	return w < BOX_WIDTH ? w : BOX_WIDTH;
}

/* Lines that the action takes there. */
static int lines_of(const struct ui *ui, enum action a, int w)
{
	const char *text = bind_row(a)->help;
	int lines = para_lines(ui->tier, text, strlen(text), w - 2 * EDGE - indent_of(w));

	return w < NARROW ? lines + 1 : lines;
}

static size_t count(const struct help *h, const struct ui *ui)
{
	size_t n = 0;

	for (unsigned i = 0; i < PLACES; i++)
		n += is_wanted(h, ui, i);
	return n;
}

static int count_lines(const struct help *h, const struct ui *ui, int w)
{
	int n = 0;

	for (unsigned i = 0; i < PLACES; i++)
		n += is_wanted(h, ui, i) ? lines_of(ui, action_at(i), w) : 0;
	return n;
}

/* Rows of the box, of a screen with `h` rows above the key bar. */
static int tallest(int h)
{
	return h > 6 ? h - 2 : h;
}

/* The action to begin with at most, so that the last ones fill the box. */
static size_t last_top(const struct help *h, const struct ui *ui)
{
	int w = width_of(ui->width), left = tallest(ui->page) - 2;
	size_t n = count(h, ui);

	for (unsigned i = PLACES; i-- > 0 && n > 0;) {
		if (!is_wanted(h, ui, i))
			continue;
		left -= lines_of(ui, action_at(i), w);
		if (left < 0)
			break;
		n--;
	}
	return n;
}

static void scroll(struct help *h, const struct ui *ui, int by)
{
	size_t most = last_top(h, ui);

	if (by < 0)
		h->list.top -= h->list.top < (size_t)-by ? h->list.top : (size_t)-by;
	else
		h->list.top = h->list.top + (size_t)by > most ? most : h->list.top + (size_t)by;
}

static void search(struct help *h, uint32_t key)
{
	char bytes[4];

	h->list.top = 0;
	if (key == TUI_KEY_BACKSPACE) {
		while (h->search.len && ((uint8_t)h->search.data[h->search.len - 1] & 0xc0) == 0x80)
			h->search.data[--h->search.len] = '\0';
		if (h->search.len)
			h->search.data[--h->search.len] = '\0';
	} else if (key_is_text(key) && h->search.len < 40) {
		buf_add(&h->search, bytes, text_utf8_encode(bytes, key));
	}
}

void help_key(struct help *h, const struct ui *ui, uint32_t key)
{
	if (key == '?' || (key == 'q' && h->search.len == 0)) { /* what else leaves a screen */
		h->is_open = false;
		return;
	}
	switch (key) {
	case TUI_KEY_ESCAPE:
	case TUI_KEY_ENTER:
	case TUI_KEY_F1:
		h->is_open = false;
		break;
	case TUI_KEY_UP:
		scroll(h, ui, -1);
		break;
	case TUI_KEY_DOWN:
		scroll(h, ui, 1);
		break;
	case TUI_KEY_PAGE_UP:
		scroll(h, ui, -ui->page / 2);
		break;
	case TUI_KEY_PAGE_DOWN:
		scroll(h, ui, ui->page / 2);
		break;
	default:
		search(h, key);
	}
}

/* Words in the frame. */
static void edge_text(struct grid *g, struct rect box, int y, const char *left, const char *right)
{
	struct pen p = grid_pen(g, y, box.x + EDGE, box.w - 2 * EDGE, ROLE_HEAD);
	int w = grid_measure(g->tier, right, strlen(right));

	grid_puts(&p, left);
	p = grid_pen(g, y, box.x + box.w - EDGE - w, w, ROLE_DIM);
	if (box.w > NARROW)
		grid_puts(&p, right);
}

static void draw_frame(const struct help *h, const struct ui *ui, struct grid *g, struct rect box)
{
	struct buf text = BUF_INIT, title = BUF_INIT;

	grid_box(g, box);
	if (h->search.len)
		buf_addf(&text, " %s_ ", h->search.data);
	else
		buf_addstr(&text, " type to search ");
	buf_addf(&title, " Keys: %s ", screen_name(ui_top(ui)->screen));
	edge_text(g, box, box.y, title.data, text.data);
	buf_reset(&text);
	buf_addf(&text, " %zu keys ", count(h, ui));
	edge_text(g, box, box.y + box.h - 1, " Up Down scroll, Esc closes ", text.data);
	buf_release(&text);
	buf_release(&title);
}

static void draw_row(struct grid *g, struct rect r, enum action a, int w)
{
	const char *text = bind_row(a)->help;
	struct buf keys = BUF_INIT;
	struct pen p = rect_pen(g, rect_take_top(&r, 1), 0, ROLE_HEAD);

	keys_text(&keys, a);
	grid_puts(&p, keys.data);
	buf_release(&keys);
	if (w < NARROW && r.h > 0)
		p = rect_pen(g, rect_take_top(&r, 1), 0, ROLE_NORMAL);
	p.role = ROLE_NORMAL;
	grid_pad_to(&p, p.start + indent_of(w));
	para_put(&p, &r, text, strlen(text));
}

/* Over all of the screen where no frame tells it from what is behind. */
static struct rect box_of(const struct help *h, const struct ui *ui, struct rect r)
{
	int w = width_of(r.w), rows = count_lines(h, ui, w);
	int most = tallest(r.h), tall = rows + 2 < most ? rows + 2 : most;

	if (ui_is_linear(ui))
		return r;
	return (struct rect){ r.y + (r.h - tall) / 2, r.x + (r.w - w) / 2, tall, w };
}

void help_draw(const struct help *h, const struct ui *ui, struct grid *g, struct rect r)
{
	struct rect box = box_of(h, ui, r);
	struct rect inner = { box.y + 1, box.x + EDGE, box.h - 2, box.w - 2 * EDGE };
	size_t skip = h->list.top;

	draw_frame(h, ui, g, box);
	for (unsigned i = 0; i < PLACES && inner.h > 0; i++) {
		if (!is_wanted(h, ui, i) || (skip && skip--))
			continue;
		draw_row(g, rect_take_top(&inner, lines_of(ui, action_at(i), box.w)), action_at(i),
		    box.w);
	}
	g->cursor_y = box.y;
	g->cursor_x = box.x;
}
