/* SPDX-License-Identifier: MIT */
/*
 * view - what the screens share, and what each of them provides.
 *
 * A view draws (snapshot of the store, state of the screens) into a rect of a grid, and takes actions: it never
 * sees a key, a terminal or a clock.  Its row is in screen.def, its keys are in keybind.def.
 */
#ifndef TUI_VIEW_H
#define TUI_VIEW_H

#include "tcpshadow/tui.h"
#include "tui/grid.h"
#include "tui/key.h"

enum screen {
#define SCREEN(id, view, name) SCREEN_##id,
#include "tui/screen.def"
#undef SCREEN
	SCREEN_COUNT
};

enum action {
#define BIND(id, name, argument, keys, screens, bar, help) ACTION_##id,
#include "tui/keybind.def"
#undef BIND
	ACTION_COUNT
};

enum setting {
#define SETTING(id, name, words, help) SETTING_##id,
#include "tui/setting.def"
#undef SETTING
	SETTING_COUNT
};

/* Values of settings are indices of their words. */
enum setting_time {
	TIME_START,
	TIME_DELTA,
	TIME_DELTA_SIDE,
	TIME_DAY_UTC,
	TIME_DAY_LOCAL,
	TIME_EPOCH
};
enum { NUMBERS_RELATIVE, NUMBERS_ABSOLUTE };
enum { FOLD_ON, FOLD_OFF };
enum { GAPS_LOG, GAPS_LINEAR, GAPS_OFF };

struct act {
	enum action id;
	uint64_t count;  /* typed before it: 123G; 0 = none */
	const char *arg; /* of the command line, or the key typed next; NULL = none */
};

struct ui;
struct view;
struct choices;
struct prompt_error;

struct view_ops {
	size_t size; /* of the view's own struct, whose first member is a struct view */
	void (*open)(struct view *v, struct ui *ui); /* NULL = zeroed memory is enough */
	void (*close)(struct view *v);               /* NULL = nothing is owned */
	bool is_kept; /* when it is left it waits: opened again, it is as it was */
	/* The snapshot has changed: before each event and each drawing.  NULL = nothing depends on it. */
	void (*update)(struct view *v, struct ui *ui);
	/*
	 * Draws all of r.  Changes nothing that can be seen later: scroll positions are stored by actions
	 * only, so that a screen made small and large again looks as before.
	 */
	void (*draw)(struct view *v, struct ui *ui, struct grid *g, struct rect r);
	bool (*action)(struct view *v, struct ui *ui, const struct act *a); /* false = not for it */
	/* What an action can take: for its menu, and to complete the text typed so far.  NULL = nothing. */
	void (*choices)(
	    struct view *v, struct ui *ui, enum action a, const char *typed, struct choices *out);
	/* A prompt for the action opens: the text to begin with.  NULL = none. */
	void (*prompt)(struct view *v, struct ui *ui, enum action a, struct buf *text);
	/* The text so far: what is wrong with it; what is right may take effect at once.  NULL = anything goes. */
	void (*typing)(
	    struct view *v, struct ui *ui, enum action a, const char *text, struct prompt_error *e);
	/* BACK does not leave the screen: the focus leaves its box.  NULL = it always does. */
	bool (*keeps_back)(const struct view *v);
	/* The store is another one: forget what was known of the old one.  For the first screen. */
	void (*renew)(struct view *v, struct ui *ui);
	/* The mouse: true = the cursor is on what was clicked.  NULL = clicks do nothing. */
	bool (*click)(struct view *v, struct ui *ui, int y, int x);
	/*
	 * To the next (step 1) or previous (-1) place that ui_is_found(); false = there is none.  Who has not
	 * looked at everything, or cannot, says so and returns true.
	 */
	bool (*find)(struct view *v, struct ui *ui, int step);
};

struct view {
	const struct view_ops *ops;
	enum screen screen;
};

#define SCREEN(id, view, name) extern const struct view_ops view;
#include "tui/screen.def"
#undef SCREEN

enum {
	UI_STACK_MAX = 16,
	UI_BOOKMARKS = 26,
	UI_KEYS_MAX = 64,
};

/* A place remembered under a letter. */
struct bookmark {
	bool is_set;
	uint32_t session;
	uint64_t packet;
};

struct user_key {
	uint32_t key;
	enum action action;
};

/* Shared by all views.  The current packet stays the same when the view changes. */
struct ui {
	const struct tui_options *options; /* borrowed */
	const struct store *store;         /* of the options; it grows meanwhile */
	struct store_snapshot snap;        /* taken before each event and before each drawing */
	bool is_paused;                    /* the snapshot is kept as it is */
	const uint64_t *rates; /* bytes a second of each session of late; NULL = not live */
	uint32_t nrates;
	int64_t key_at;   /* ns: the last key */
	bool is_asking;   /* a prompt or a menu is open */
	bool is_drawing;  /* update() comes before a drawing, not before an event */
	uint32_t session; /* index of the current session, STORE_NONE = none */
	uint64_t packet;  /* ordinal of the current packet, 0 = none */
	uint8_t setting[SETTING_COUNT];
	enum glyph_tier tier;
	int64_t now;                        /* ns, from the event that is handled */
	struct role_look looks[ROLE_COUNT]; /* of the theme, with what the user changed */
	bool is_own_look[ROLE_COUNT];       /* the user changed it: no theme does */
	struct bookmark bookmarks[UI_BOOKMARKS];
	struct user_key keys[UI_KEYS_MAX]; /* that the user bound; they go before the table */
	size_t nkeys;
	int page, width;    /* rows of the screen, for paging; its columns */
	struct buf find;    /* what is searched for, empty = nothing */
	struct buf message; /* for the last line, until the next key */
	bool message_is_error;
	struct buf copied; /* waits for the terminal */
	struct view *stack[UI_STACK_MAX];
	size_t nstack;
	struct view *kept[SCREEN_COUNT]; /* those that were left and wait; NULL = none */
	uint32_t *merged;                /* sessions of the merged ladder, in order */
	size_t nmerged;
	bool is_sure;      /* the action was asked about and is wanted: it may replace its file */
	uint64_t nsaved;   /* packets of the capture that an export has: the first so many */
	bool wants_reload; /* the capture shall be read again: ui_drop(), ui_take() */
	bool wants_redraw; /* the terminal may show something else than it was sent */
	bool is_over;      /* quit */
};

void ui_init(struct ui *ui, const struct tui_options *o);
void ui_release(struct ui *ui);
/* Close all screens but the first, and forget what is about the store: options->store and cap can be replaced then. */
void ui_drop(struct ui *ui);
void ui_take(struct ui *ui); /* show those */
/* Take over how the theme that is set looks, but for the roles that the user changed. */
void ui_take_theme(struct ui *ui);
struct view *ui_top(const struct ui *ui);
/* One screen deeper; when that screen is open already, back to it. */
void ui_open(struct ui *ui, enum screen s);
void ui_back(struct ui *ui); /* from the first screen: the end */
void ui_say(struct ui *ui, const char *format, ...) TS_PRINTF(2, 3);
void ui_complain(struct ui *ui, const char *format, ...) TS_PRINTF(2, 3);
/* Hand text to the clipboard of the terminal, and say so. */
void ui_copy(struct ui *ui, const void *bytes, size_t n);
/* Does the text have what is searched for?  Case is ignored unless a capital was typed. */
bool ui_is_found(const struct ui *ui, const char *text, size_t n);
/* Plain lines: views say in words what they would draw. */
static inline bool ui_is_linear(const struct ui *ui)
{
	return ui->setting[SETTING_LINEAR] != 0;
}
/* Nobody knows when it ends: an interface, or a pipe that is still being read. */
static inline bool ui_is_endless(const struct ui *ui)
{
	return !ui->snap.is_done && (ui->options->is_live || ui->snap.per_mille < 0);
}
/* For texts that go to grid_put(); on plain lines the word for it where there is one. */
const char *ui_glyph(const struct ui *ui, enum glyph g);

/* The two lines on top of every screen; any text may be NULL.  Takes them off r; the second only if there is room. */
struct head {
	const char *title, *right;         /* first line */
	const char *status, *status_right; /* second line */
	bool is_warning;                   /* `right` tells of trouble */
};
void frame_head(struct grid *g, struct rect *r, const struct head *h);

/*
 * Cursor and scroll position of a list of `total` rows.  Moves by the actions up, down, pages, ends; false when the
 * action is none of them.
 */
struct list {
	size_t cursor, top;
};
bool list_action(struct list *l, const struct act *a, size_t total, int page);

#endif
