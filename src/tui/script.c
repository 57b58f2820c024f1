/* SPDX-License-Identifier: MIT */
/*
 * script - keys from a text, screens as text.
 */
#include "config.h"

#include <string.h>

#include "tcpshadow/text.h"
#include "tui/config_file.h"
#include "tui/script.h"

enum { NS_PER_MS = 1000000 };

struct script {
	struct app *app;
	struct buf *out;
	struct err *error;
	unsigned line;
	int64_t now;
	const char *word; /* of the line that is run: what is behind the command */
	size_t len;
};

static void event(struct script *s, struct app_event ev)
{
	ev.now = s->now;
	app_event(s->app, &ev);
}

static void cell_text(struct buf *out, const struct cell *c)
{
	char bytes[4];

	for (size_t i = 0; i < CELL_CHARS && c->ch[i]; i++)
		buf_add(out, bytes, text_utf8_encode(bytes, c->ch[i]));
}

static void trim(struct buf *out, size_t from)
{
	while (out->len > from && out->data[out->len - 1] == ' ')
		out->data[--out->len] = '\0';
}

void script_text(struct buf *out, const struct grid *g)
{
	for (int y = 0; y < g->h; y++) {
		size_t from = out->len;

		for (int x = 0; x < g->w; x++)
			cell_text(out, grid_at(g, y, x));
		trim(out, from);
		buf_addch(out, '\n');
	}
}

static char letter_of(const struct cell *c)
{
	char letter = role_letter((enum role)c->role);

	if (c->attr & ATTR_SELECTED)
		return (char)(letter - 'a' + 'A');
	if (c->attr & ATTR_UNDERLINE)
		return '_';
	return c->role == ROLE_NORMAL ? (c->ch[0] == U' ' ? ' ' : '.') : letter;
}

static void dump_row(struct buf *out, const struct grid *g, int y, bool roles)
{
	buf_addch(out, '|');
	for (int x = 0; x < g->w; x++) {
		if (roles)
			buf_addch(out, letter_of(grid_at(g, y, x)));
		else
			cell_text(out, grid_at(g, y, x));
	}
	buf_addstr(out, "|\n");
}

static bool is_blank(const struct grid *g, int y)
{
	for (int x = 0; x < g->w; x++)
		if (grid_at(g, y, x)->ch[0] != U' ' || letter_of(grid_at(g, y, x)) != ' ')
			return false;
	return true;
}

/* Of several blank rows only the first, and how many there are. */
static void dump_plane(struct buf *out, const struct grid *g, bool roles)
{
	int blank = 0;

	for (int y = 0; y < g->h; y++) {
		blank = is_blank(g, y) ? blank + 1 : 0;
		if (blank <= 1)
			dump_row(out, g, y, roles);
		else if (y + 1 == g->h || !is_blank(g, y + 1))
			buf_addf(out, "= %d blank rows\n", blank);
	}
}

void script_dump(struct buf *out, const struct grid *g, const char *title)
{
	buf_addf(out, "== %s: %dx%d", title, g->w, g->h);
	if (g->cursor_y >= 0)
		buf_addf(out, ", cursor at row %d column %d", g->cursor_y, g->cursor_x);
	buf_addch(out, '\n');
	dump_plane(out, g, false);
	buf_addstr(out, "-- roles\n");
	dump_plane(out, g, true);
}

/* Take the next word off the line; length 0 = it has no more. */
static size_t next_word(struct script *s, const char **word)
{
	size_t n = 0;

	while (s->len && *s->word == ' ') {
		s->word++;
		s->len--;
	}
	while (n < s->len && s->word[n] != ' ')
		n++;
	*word = s->word;
	s->word += n;
	s->len -= n;
	return n;
}

static int run_keys(struct script *s)
{
	const char *word;
	size_t n;

	while ((n = next_word(s, &word)) > 0) {
		uint32_t key = key_by_name(word, n);

		if (key == 0)
			return err_set(
			    s->error, "line %u: no key is called '%.*s'", s->line, (int)n, word);
		event(s, (struct app_event){ .type = APP_KEY, .key = key });
		app_draw(s->app);
	}
	return 0;
}

static int run_type(struct script *s)
{
	uint32_t c;
	size_t n;

	for (; s->len > 0; s->word += n, s->len -= n) {
		n = text_utf8_decode((const uint8_t *)s->word, s->len, &c);
		if (n == 0)
			return err_set(s->error, "line %u: not UTF-8", s->line);
		event(s, (struct app_event){ .type = APP_KEY, .key = c });
		app_draw(s->app);
	}
	return 0;
}

bool tui_parse_size(const char *text, size_t n, struct tui_size *size)
{
	int *to = &size->w;

	size->w = size->h = 0;
	for (size_t i = 0; i < n; i++) {
		if (text[i] == 'x' && to == &size->w)
			to = &size->h;
		else if (text[i] >= '0' && text[i] <= '9' && *to < 1000)
			*to = *to * 10 + (text[i] - '0');
		else
			return false;
	}
	return size->w > 0 && size->h > 0;
}

static int run_size(struct script *s)
{
	const char *word;
	size_t n = next_word(s, &word);
	struct tui_size size;

	if (!tui_parse_size(word, n, &size))
		return err_set(s->error, "line %u: a size is WIDTHxHEIGHT", s->line);
	event(s, (struct app_event){ .type = APP_RESIZE, .w = size.w, .h = size.h });
	return 0;
}

static int run_tick(struct script *s)
{
	const char *word;
	size_t n = next_word(s, &word);
	int64_t ms = 0;

	for (size_t i = 0; i < n && word[i] >= '0' && word[i] <= '9'; i++)
		ms = ms * 10 + (word[i] - '0');
	s->now += ms * NS_PER_MS;
	event(s, (struct app_event){ .type = APP_TICK });
	return 0;
}

static int run_dump(struct script *s)
{
	struct buf title = BUF_INIT;

	buf_add(&title, s->word, s->len);
	app_draw(s->app);
	script_dump(s->out, &s->app->grid, title.data);
	buf_release(&title);
	return 0;
}

static int run_text(struct script *s)
{
	app_draw(s->app);
	script_text(s->out, &s->app->grid);
	return 0;
}

static int run_tier(struct script *s)
{
	static const char *const words[TIER_COUNT] = { "ascii", "lines", "blocks" };
	const char *word;
	size_t n = next_word(s, &word);

	for (unsigned i = 0; i < TIER_COUNT; i++) {
		if (strlen(words[i]) != n || memcmp(words[i], word, n) != 0)
			continue;
		s->app->ui.tier = (enum glyph_tier)i;
		return 0;
	}
	return err_set(s->error, "line %u: the tiers are ascii, lines and blocks", s->line);
}

static int run_config(struct script *s)
{
	struct buf name = BUF_INIT;
	struct err e;

	buf_add(&name, s->word, s->len);
	if (config_file_read(&s->app->ui, name.data, &e) < 0)
		ui_complain(&s->app->ui, "%s", e.text);
	buf_release(&name);
	return 0;
}

static int run_line(struct script *s)
{
	static const struct {
		const char *name;
		int (*run)(struct script *s);
	} commands[] = {
		{ "keys", run_keys },
		{ "type", run_type },
		{ "size", run_size },
		{ "tick", run_tick },
		{ "tier", run_tier },
		{ "config", run_config },
		{ "dump", run_dump },
		{ "text", run_text },
	};
	const char *word;
	size_t n = next_word(s, &word);

	if (n == 0 || *word == '#')
		return 0;
	if (s->len)
		s->word++, s->len--;
	for (size_t i = 0; i < ARRAY_LEN(commands); i++)
		if (strlen(commands[i].name) == n && memcmp(commands[i].name, word, n) == 0)
			return commands[i].run(s);
	return err_set(s->error, "line %u: unknown command '%.*s'", s->line, (int)n, word);
}

int script_run(struct app *a, const char *script, struct buf *out, struct err *e)
{
	struct script s = { .app = a, .out = out, .error = e };

	for (; *script; script += *script == '\n') {
		s.word = script;
		s.len = strcspn(script, "\n");
		script += s.len;
		s.line++;
		if (run_line(&s) < 0)
			return -1;
	}
	return 0;
}

int tui_script(const struct tui_options *o, struct tui_size size, const char *script,
    struct buf *out, struct err *e)
{
	struct app app;
	int rc;

	app_init(&app, o, size.w, size.h);
	app_draw(&app);
	rc = script_run(&app, script, out, e);
	app_release(&app);
	return rc;
}
