/* SPDX-License-Identifier: MIT */
/*
 * ladder_pair - the shape of a ladder of one connection.
 *
 *     PKT     t (s) CLIENT  |10.0.0.1:40000       10.0.0.2:80| SERVER  NOTES
 *       1  0.000000 SYNSNT  |- SYN 0 win 64240 ------------->| SYNRCV
 */
#include "config.h"

#include <string.h>

#include "tui/ladder_line.h"

enum {
	STATE_MIN = 6, /* "CLIENT" */
	ARROW_MIN = 31,
	ARROW_MAX = 64,
};

/* As wide as the widest state of this connection. */
static int state_width(const struct conn_record *r)
{
	int width = STATE_MIN;

	for (unsigned side = 0; side < 2; side++) {
		for (uint32_t i = 0; i < r->sides[side].nstates; i++) {
			const struct state_entry *e = &r->sides[side].states[i];
			int n = (int)strlen(tcp_state_brief(e->state)) + (e->certainty == PRESUMED);

			width = n > width ? n : width;
		}
	}
	return width;
}

static struct ladder_columns columns(const struct ladder_view *v, const struct ui *ui, int w)
{
	struct ladder_columns c = { .state = state_width(v->source.records) };
	int rest;

	ladder_lead_columns(&c, v, ui, w);
	c.arrows = ladder_lead_width(&c) + c.state + 1;
	rest = w - c.arrows - c.state - 1;
	if (w < LADDER_NARROW) {
		c.arrow = rest;
		return c;
	}
	c.arrow = rest * 7 / 10;
	if (c.arrow < ARROW_MIN)
		c.arrow = ARROW_MIN;
	if (c.arrow > ARROW_MAX)
		c.arrow = ARROW_MAX;
	if (c.arrow > rest)
		c.arrow = rest; /* both states are to be seen, whatever the notes say */
	c.notes_at = c.arrows + c.arrow + 1 + c.state + 1;
	c.notes = rest - c.arrow - 1;
	return c;
}

static void aim(struct ladder_line *l, uint16_t conn)
{
	l->conn = conn;
	l->from = l->c.arrows;
	l->span = l->c.arrow;
}

static void aim_all(struct ladder_line *l, uint64_t conns)
{
	(void)conns;
	aim(l, 0);
}

static int state_at(const struct ladder_line *l, unsigned side)
{
	return side == SIDE_CLIENT ? l->c.arrows - 1 - l->c.state : l->c.arrows + l->c.arrow + 1;
}

static void put_lifelines(const struct ladder_line *l)
{
	struct pen p = ladder_pen(l, l->c.arrows - 1, 1, ROLE_DIM);

	grid_put_glyph(&p, GLYPH_VLINE);
	p = ladder_pen(l, l->c.arrows + l->c.arrow, 1, ROLE_DIM);
	grid_put_glyph(&p, GLYPH_VLINE);
}

static void frame(struct ladder_line *l)
{
	put_lifelines(l);
}

static void states(struct ladder_line *l, const struct state_entry *const e[2])
{
	for (unsigned side = 0; side < 2; side++) {
		struct pen p = ladder_pen(l, state_at(l, side), l->c.state, ROLE_STATE);

		if (!e[side])
			continue;
		grid_puts(&p, tcp_state_brief(e[side]->state));
		if (e[side]->certainty == PRESUMED)
			grid_puts(&p, "?");
	}
}

/* Both endpoints over the ends of the arrows; their ports alone where there is no room. */
static void put_endpoints(const struct ladder_line *l)
{
	const struct side_record *sides = l->v->source.records->sides;
	struct pen p = ladder_pen(l, l->c.arrows, l->c.arrow, ROLE_HEAD);
	struct buf client = BUF_INIT, server = BUF_INIT;

	endpoint_text(&client, &sides[SIDE_CLIENT].addr);
	endpoint_text(&server, &sides[SIDE_SERVER].addr);
	if ((int)(client.len + server.len) >= l->c.arrow) {
		buf_reset(&client);
		buf_reset(&server);
		buf_addf(&client, "port %u", sides[SIDE_CLIENT].addr.port);
		buf_addf(&server, "port %u", sides[SIDE_SERVER].addr.port);
	}
	grid_puts(&p, client.data);
	grid_put_right(&p, server.data);
	buf_release(&client);
	buf_release(&server);
}

static void titles(const struct ladder_line *l)
{
	struct pen p = ladder_pen(l, state_at(l, SIDE_CLIENT), l->c.state, ROLE_HEAD);

	grid_puts(&p, "CLIENT");
	put_lifelines(l);
	put_endpoints(l);
	p = ladder_pen(l, state_at(l, SIDE_SERVER), l->c.state, ROLE_HEAD);
	grid_puts(&p, "SERVER");
	p = ladder_notes_pen(l, ROLE_HEAD);
	if (l->c.notes > 0)
		grid_puts(&p, "NOTES");
}

const struct ladder_shape ladder_shape_pair = {
	.columns = columns,
	.aim = aim,
	.aim_all = aim_all,
	.frame = frame,
	.arrow = ladder_put_arrow,
	.states = states,
	.titles = titles,
};
