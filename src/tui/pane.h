/* SPDX-License-Identifier: MIT */
/*
 * pane - the box of text under a list, which may have more lines than there is room for.
 *
 * The view draws it into a grid of its own, tall enough; what is seen of that scrolls while the box has the focus.
 */
#ifndef TUI_PANE_H
#define TUI_PANE_H

#include "tui/view.h"

struct pane {
	int top; /* lines scrolled off, of the text about `about`; another one begins at its beginning */
	uint64_t about; /* the view's number of what the text is about */
	bool has_focus; /* keys that move scroll it, as long as there is more than is shown */
	/* As drawn last. */
	uint64_t shown;
	int lines, h; /* of the text, of the box */
};

/* A grid for the text of r; its first r.h lines are where it is drawn if nothing is scrolled. */
void pane_begin(struct grid *text, const struct grid *g, struct rect r);
/* Shows it in r, says in the rule above r how much more there is, and gives the grid back. */
void pane_end(struct pane *p, struct grid *text, struct grid *g, struct rect r, uint64_t about);
/* It is not drawn. */
void pane_hide(struct pane *p);
/* False: the action is none of the box. */
bool pane_action(struct pane *p, struct ui *ui, const struct act *a);

#endif
