/* SPDX-License-Identifier: MIT */
/*
 * follow_form - what a form of `follow` is told: turns, their bytes, gaps, pauses.
 *
 * A turn is what one side sends until the other side's bytes come, or until a gap.
 */
#ifndef REPORT_FOLLOW_FORM_H
#define REPORT_FOLLOW_FORM_H

#include "report/pauses.h"
#include "tcpshadow/event.h"
#include "tcpshadow/follow.h"

struct follow_gap {
	uint8_t side; /* enum side */
	uint8_t kind; /* enum stream_gap */
	uint64_t offset, n;
};

/* What the forms share. */
struct follow {
	struct sink sink; /* first */
	const struct session *session;
	const struct report_options *o;
	const struct follow_options *f;
	const struct follow_form_ops *form;
	struct pauses pauses;
	bool in_turn;
	uint8_t side;          /* of the turn at hand */
	unsigned turns[2];     /* [enum side]: how many began */
	bool behind_gap[2];    /* [enum side] */
	struct follow_gap gap; /* not shown yet; n = 0: none */
	void *state;           /* of the form */
};

struct follow_form_ops {
	size_t state_size;
	void (*begin)(struct follow *f);
	void (*turn)(struct follow *f, const struct event_data *d);
	void (*bytes)(struct follow *f, const struct event_data *d);
	void (*turn_end)(struct follow *f);
	void (*gap)(struct follow *f, const struct follow_gap *g);
	void (*pause)(struct follow *f, int64_t ns, const char *label);
	void (*end)(struct follow *f);
	void (*release)(struct follow *f);
};

extern const struct follow_form_ops follow_text, follow_hex, follow_raw, follow_carray;

/* Pieces for the forms. */
const char *follow_color(const struct follow *f, unsigned side); /* "" without colours */
const char *follow_dim(const struct follow *f);
const char *follow_plain(const struct follow *f);
/* "1,400 bytes of the server missing: acknowledged, not captured" */
void follow_gap_text(struct buf *out, const struct follow_gap *g);
/* A line across: ---- text ---- */
void follow_rule(struct follow *f, const char *text, bool is_gap);
/* The doubts as wide as the terminal; before and after: what stands around them, `after` in any case. */
void follow_show_doubts(struct follow *f, const char *before, const char *after);
/* "#1  10.0.0.1:40000 <-> 10.0.0.2:80" */
void follow_title(struct follow *f, struct buf *out);

#endif
