/* SPDX-License-Identifier: MIT */
/*
 * prompt - a line that is typed, with completion, history, and what is wrong with it so far.
 *
 * While it is open every key that types a character goes into it.
 */
#ifndef TUI_PROMPT_H
#define TUI_PROMPT_H

#include "tcpshadow/err.h"
#include "tui/choices.h"
#include "tui/key.h"

struct prompt_error {
	bool is_wrong;
	size_t at, len; /* bytes of the text; len 0 = its end */
	struct err what;
};

struct history;

struct prompt {
	const char *label; /* NULL = it is closed */
	struct buf text;
	size_t at; /* cursor, a byte of the text */
	struct choices choices;
	size_t chosen; /* SIZE_MAX = none */
	struct prompt_error error;
	const struct history *history;
	size_t back;      /* how far in the history; 0 = the new line */
	struct buf draft; /* the new line, while the history is shown */
};

enum prompt_result {
	PROMPT_IGNORED, /* nothing has changed */
	PROMPT_MOVED,   /* the cursor, or a choice */
	PROMPT_EDITED,  /* the text: complete and check it anew */
	PROMPT_TAKEN,   /* Enter */
	PROMPT_LEFT,    /* Esc */
};

void prompt_open(struct prompt *p, const char *label, const char *text, const struct history *h);
void prompt_close(struct prompt *p);
void prompt_release(struct prompt *p);
enum prompt_result prompt_key(struct prompt *p, uint32_t key);
/* On the row `y`, with its choices below (or above where there is more room), inside r. */
void prompt_draw(const struct prompt *p, struct grid *g, struct rect r, int y);

#endif
