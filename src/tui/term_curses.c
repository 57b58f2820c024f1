/* SPDX-License-Identifier: MIT */
/*
 * term_curses - grids on a terminal, by ncurses.
 *
 * Output: only what the grid holds: its characters are safe already, here they are only shown.  ncurses sends the
 *         difference to what the terminal shows.
 * Spec:   copying is OSC 52 of xterm.
 */
#include "config.h"

#include <sys/ioctl.h>

#include <curses.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <wchar.h>

#include "tcpshadow/mem.h"
#include "tui/escape.h"
#include "tui/key.h"
#include "tui/term.h"

enum {
	ESCAPE_MS = 25,   /* a lone Esc is taken as such after this */
	REST_MS = 100,    /* so long the rest of a sequence may take to come */
	COPY_MAX = 74994, /* bytes in an OSC 52 that all common terminals take */
	MANY_COLORS = 256,
	ESCAPE = 27,
};

struct term {
	SCREEN *screen;
	FILE *in, *out;
	struct cell *shown; /* what was handed to ncurses; NULL = nothing, or not known */
	int shown_w, shown_h;
	int depth; /* colours: 0, 8, 16, 256 */
	attr_t attrs[ROLE_COUNT];
	mmask_t mouse;
};

/* The number of colours to use: as wished, and no more than the terminal has. */
static int depth_of(enum tui_color color)
{
	static const int wished[] = { MANY_COLORS, 0, 8, 16, MANY_COLORS };
	const char *no = getenv("NO_COLOR");
	int depth = wished[color];

	if (color == TUI_COLOR_AUTO && no && *no)
		return 0;
	if (!has_colors() || COLORS < 8)
		return 0;
	if (color == TUI_COLOR_AUTO && COLORS < depth)
		depth = COLORS < 16 ? 8 : COLORS < MANY_COLORS ? 16 : MANY_COLORS;
	return depth > COLORS ? 8 : depth;
}

static attr_t curses_attr(unsigned attr)
{
	attr_t a = A_NORMAL;

	if (attr & ATTR_BOLD)
		a |= A_BOLD;
	if (attr & ATTR_DIM)
		a |= A_DIM;
	if (attr & ATTR_REVERSE)
		a |= A_REVERSE;
	if (attr & ATTR_UNDERLINE)
		a |= A_UNDERLINE;
	return a;
}

/* The pair of a role is the role's number + 1. */
static void set_roles(struct term *t, const struct role_look *looks)
{
	for (unsigned i = 0; i < ROLE_COUNT; i++) {
		const struct role_look *look = &looks[i];
		int color = t->depth == MANY_COLORS ? look->color_256 : look->color_8;

		t->attrs[i] = curses_attr(t->depth ? look->attr : look->mono);
		if (t->depth)
			(void)init_pair((short)(i + 1), (short)color, -1);
	}
}

void term_set_color(struct term *t, enum tui_color color, const struct role_look *looks)
{
	t->depth = depth_of(color);
	set_roles(t, looks);
	term_forget(t);
}

void term_set_mouse(struct term *t, bool on)
{
	t->mouse = mousemask(on ? BUTTON1_CLICKED | BUTTON1_PRESSED | BUTTON1_DOUBLE_CLICKED |
	                              BUTTON4_PRESSED | BUTTON5_PRESSED
	                        : 0,
	    NULL);
	(void)mouseinterval(on ? 150 : 0);
}

static int unfit(struct err *e, const char *name, const char *why)
{
	return err_set(
	    e, "the terminal '%s' %s; 'tcpshadow list' prints the connections as text", name, why);
}

static void set_modes(void)
{
	(void)cbreak();
	(void)noecho();
	(void)nonl();
	(void)intrflush(stdscr, FALSE);
	(void)keypad(stdscr, TRUE);
	(void)nodelay(stdscr, TRUE);
	(void)meta(stdscr, TRUE);
	(void)start_color();
	(void)use_default_colors();
	(void)set_escdelay(ESCAPE_MS);
}

/* NULL and *e: no terminal of that name, or one that cannot even move its cursor. */
static SCREEN *open_screen(const struct tui_terminal *from, struct err *e)
{
	const char *name = getenv("TERM");
	SCREEN *screen;

	if (!name || !*name) {
		(void)err_set(
		    e, "TERM is not set; 'tcpshadow list' prints the connections as text");
		return NULL;
	}
	screen = newterm(NULL, from->out, from->in);
	if (!screen) {
		(void)unfit(e, name, "is unknown here (TERM=xterm-256color may do)");
		return NULL;
	}
	if (tigetstr("cup"))
		return screen;
	(void)endwin();
	delscreen(screen);
	(void)unfit(e, name, "cannot show screens");
	return NULL;
}

struct term *term_open(const struct tui_terminal *from, struct err *e)
{
	struct term *t = mem_alloc(1, sizeof(*t));

	t->in = from->in;
	t->out = from->out;
	t->screen = open_screen(from, e);
	if (!t->screen) {
		free(t);
		return NULL;
	}
	set_modes();
	return t;
}

void term_close(struct term *t)
{
	if (!t)
		return;
	(void)endwin();
	delscreen(t->screen);
	free(t->shown);
	free(t);
}

void term_size(struct term *t, int *w, int *h)
{
	struct winsize size = { 0 };

	if (ioctl(fileno(t->out), TIOCGWINSZ, &size) == 0 && size.ws_col && size.ws_row) {
		if (!is_term_resized(size.ws_row, size.ws_col)) {
			*w = size.ws_col;
			*h = size.ws_row;
			return;
		}
		(void)resizeterm(size.ws_row, size.ws_col);
		term_forget(t);
	}
	getmaxyx(stdscr, *h, *w);
}

void term_forget(struct term *t)
{
	free(t->shown);
	t->shown = NULL;
	(void)clearok(stdscr, TRUE);
}

/* What a cell looks like to ncurses.  A character that the C library thinks otherwise of is not shown as it is. */
static void to_curses(const struct term *t, const struct cell *c, cchar_t *out)
{
	wchar_t text[CELL_CHARS + 1] = { 0 };
	attr_t attr = t->attrs[c->role] | curses_attr(c->attr);

	for (size_t i = 0; i < CELL_CHARS; i++)
		text[i] = (wchar_t)c->ch[i];
	if (wcwidth(text[0]) != c->width) {
		text[0] = L'?';
		text[1] = c->width == 2 ? L'?' : L'\0';
	}
	if (c->attr & ATTR_SELECTED)
		attr ^= A_REVERSE;
	(void)setcchar(out, text, attr, t->depth ? (short)(c->role + 1) : 0, NULL);
}

static void show_cell(const struct term *t, const struct cell *c, int y, int x)
{
	cchar_t out;
	struct cell half = *c;

	if (c->width == 0)
		return;
	if (c->width == 2 && wcwidth((wchar_t)c->ch[0]) != 2) {
		half = (struct cell){ { U'?' }, 1, c->role, c->attr };
		to_curses(t, &half, &out);
		(void)mvadd_wch(y, x + 1, &out);
	}
	to_curses(t, &half, &out);
	(void)mvadd_wch(y, x, &out);
}

static bool is_shown(const struct term *t, const struct grid *g, int y)
{
	size_t at = (size_t)y * (size_t)g->w;

	return t->shown &&
	       memcmp(t->shown + at, g->cells + at, (size_t)g->w * sizeof(*g->cells)) == 0;
}

static void remember(struct term *t, const struct grid *g)
{
	size_t n = (size_t)g->w * (size_t)g->h;

	if (!t->shown || t->shown_w != g->w || t->shown_h != g->h)
		t->shown = mem_resize(t->shown, n, sizeof(*t->shown));
	memcpy(t->shown, g->cells, n * sizeof(*t->shown));
	t->shown_w = g->w;
	t->shown_h = g->h;
}

void term_show(struct term *t, const struct grid *g)
{
	if (t->shown && (t->shown_w != g->w || t->shown_h != g->h))
		term_forget(t);
	for (int y = 0; y < g->h; y++)
		for (int x = 0; x < g->w && !is_shown(t, g, y); x++)
			show_cell(t, grid_at(g, y, x), y, x);
	remember(t, g);
	(void)curs_set(g->cursor_y >= 0);
	if (g->cursor_y >= 0)
		(void)move(g->cursor_y, g->cursor_x);
	(void)refresh();
}

static uint32_t function_key(wint_t code)
{
	static const struct {
		wint_t curses;
		uint32_t key;
	} table[] = {
		{ KEY_UP, TUI_KEY_UP },
		{ KEY_DOWN, TUI_KEY_DOWN },
		{ KEY_LEFT, TUI_KEY_LEFT },
		{ KEY_RIGHT, TUI_KEY_RIGHT },
		{ KEY_HOME, TUI_KEY_HOME },
		{ KEY_FIND, TUI_KEY_HOME },
		{ KEY_END, TUI_KEY_END },
		{ KEY_SELECT, TUI_KEY_END },
		{ KEY_PPAGE, TUI_KEY_PAGE_UP },
		{ KEY_NPAGE, TUI_KEY_PAGE_DOWN },
		{ KEY_IC, TUI_KEY_INSERT },
		{ KEY_DC, TUI_KEY_DELETE },
		{ KEY_BTAB, TUI_KEY_BACK_TAB },
		{ KEY_ENTER, TUI_KEY_ENTER },
		{ KEY_BACKSPACE, TUI_KEY_BACKSPACE },
	};

	if (code > KEY_F0 && code <= KEY_F(12))
		return TUI_KEY_F1 + (code - KEY_F(1));
	for (size_t i = 0; i < ARRAY_LEN(table); i++)
		if (table[i].curses == code)
			return table[i].key;
	return 0;
}

static uint32_t character_key(wint_t c)
{
	switch (c) {
	case '\r':
	case '\n':
		return TUI_KEY_ENTER;
	case '\t':
		return TUI_KEY_TAB;
	case 127:
	case '\b':
		return TUI_KEY_BACKSPACE;
	default:
		return (uint32_t)c;
	}
}

/* Behind an Esc: if nothing has come by now, or another Esc, that key was meant. */
static uint32_t escaped_key(void)
{
	struct escape e = { 0 };
	wint_t c;
	int rc = get_wch(&c);

	if (rc == ERR)
		return TUI_KEY_ESCAPE;
	if (rc == OK && c == ESCAPE) {
		(void)ungetch(ESCAPE);
		return TUI_KEY_ESCAPE;
	}
	timeout(REST_MS);
	while (rc == OK && c != ESCAPE && escape_add(&e, (uint32_t)c))
		rc = get_wch(&c);
	timeout(0);
	if (rc == KEY_CODE_YES || (rc == OK && c == ESCAPE))
		(void)ungetch((int)c);
	return escape_key(&e);
}

static enum term_input read_mouse(struct term_mouse *mouse)
{
	MEVENT ev;

	if (getmouse(&ev) != OK)
		return TERM_UNKNOWN;
	*mouse = (struct term_mouse){ .y = ev.y, .x = ev.x };
	if (ev.bstate & BUTTON4_PRESSED)
		mouse->wheel = -3;
	else if (ev.bstate & BUTTON5_PRESSED)
		mouse->wheel = 3;
	mouse->is_double = (ev.bstate & BUTTON1_DOUBLE_CLICKED) != 0;
	return TERM_MOUSE;
}

enum term_input term_read(struct term *t, uint32_t *key, struct term_mouse *mouse)
{
	wint_t c;
	int rc = get_wch(&c);

	(void)t;

	if (rc == ERR)
		return TERM_NOTHING;
	if (rc == KEY_CODE_YES && c == KEY_MOUSE)
		return read_mouse(mouse);
	if (rc == KEY_CODE_YES)
		*key = function_key(c);
	else
		*key = c == ESCAPE ? escaped_key() : character_key(c);
	return *key ? TERM_KEY : TERM_UNKNOWN;
}

void term_leave(struct term *t)
{
	(void)t;
	(void)endwin();
}

void term_return(struct term *t)
{
	term_forget(t);
	(void)refresh();
}

static void base64(struct buf *out, const uint8_t *p, size_t n)
{
	static const char digits[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

	for (size_t i = 0; i < n; i += 3) {
		uint32_t three = (uint32_t)p[i] << 16;

		three |= i + 1 < n ? (uint32_t)p[i + 1] << 8 : 0;
		three |= i + 2 < n ? p[i + 2] : 0;
		buf_addch(out, digits[three >> 18]);
		buf_addch(out, digits[three >> 12 & 63]);
		buf_addch(out, i + 1 < n ? digits[three >> 6 & 63] : '=');
		buf_addch(out, i + 2 < n ? digits[three & 63] : '=');
	}
}

bool term_copy(struct term *t, const void *bytes, size_t n)
{
	struct buf text = BUF_INIT;

	if (n > COPY_MAX)
		return false;
	buf_addstr(&text, "\033]52;c;");
	base64(&text, bytes, n);
	buf_addstr(&text, "\a");
	(void)fwrite(text.data, 1, text.len, t->out);
	(void)fflush(t->out);
	buf_release(&text);
	return true;
}
