/* SPDX-License-Identifier: MIT */
/*
 * find - the list of a connection's findings.
 */
#include "config.h"

#include "tcp/find.h"
#include "tcpshadow/mem.h"

struct finding *find_among(const struct conn *c, enum finding_id id, unsigned dir)
{
	for (unsigned i = 0; i < c->nfindings; i++)
		if (c->findings[i].id == id && c->findings[i].by == dir)
			return &c->findings[i];
	return NULL;
}

static struct finding *append(struct conn *c)
{
	size_t cap = c->findings_cap;

	if (c->nfindings == FINDINGS_MAX) {
		c->findings_lost++;
		return NULL;
	}
	c->findings = mem_grow(c->findings, c->nfindings, &cap, sizeof(*c->findings));
	c->findings_cap = (uint16_t)cap;
	return &c->findings[c->nfindings++];
}

/* The first three packets stay, the last is replaced. */
static void add_packet(struct finding *f, uint64_t packet)
{
	if (packet == 0 || (f->npackets && f->packets[f->npackets - 1] == packet))
		return;
	if (f->npackets < FINDING_PACKETS)
		f->npackets++;
	f->packets[f->npackets - 1] = packet;
}

struct finding *find_conn(struct conn *c, enum finding_id id, unsigned dir,
    enum confidence confidence, uint64_t packet, int64_t time)
{
	struct finding *f = find_have(c, id, dir);

	if (!f) {
		f = append(c);
		if (!f)
			return NULL;
		*f = (struct finding){
			.id = (uint16_t)id,
			.confidence = (uint8_t)confidence,
			.by = (uint8_t)dir,
			.time = time,
		};
	}
	if (confidence > f->confidence)
		f->confidence = (uint8_t)confidence;
	f->count++;
	add_packet(f, packet);
	return f;
}

void find_drop(struct conn *c, struct finding *f)
{
	size_t behind = (size_t)(c->findings + c->nfindings - (f + 1));

	memmove(f, f + 1, behind * sizeof(*f));
	c->nfindings--;
}

static void remove_packet(struct finding *f, uint64_t packet)
{
	unsigned at = 0;

	while (at < f->npackets && f->packets[at] != packet)
		at++;
	/* (One packet is always shown.) */
	if (at == f->npackets || f->npackets == 1)
		return;
	for (f->npackets--; at < f->npackets; at++)
		f->packets[at] = f->packets[at + 1];
}

void find_withdraw(struct conn *c, enum finding_id id, unsigned dir, uint64_t packet)
{
	struct finding *f = find_have(c, id, dir);

	if (!f)
		return;
	remove_packet(f, packet);
	if (--f->count == 0)
		find_drop(c, f);
}

struct finding *find_segment(
    struct step *st, enum finding_id id, unsigned who, enum confidence confidence)
{
	unsigned dir = who == BY_NOBODY ? BY_NOBODY : who == BY_PEER ? !st->dir : st->dir;

	return find_conn(st->conn, id, dir, confidence, st->seg->packet, st->time);
}

enum confidence find_header_confidence(const struct step *st)
{
	switch ((enum checksum_state)st->seg->checksum_state) {
	case CHECKSUM_GOOD:
	case CHECKSUM_PARTIAL:
	case CHECKSUM_ZERO_FFFF:
		return CONFIDENCE_CERTAIN;
	case CHECKSUM_BAD:
	case CHECKSUM_UNVERIFIED:
		return CONFIDENCE_LIKELY;
	}
	return CONFIDENCE_LIKELY;
}

void find_forget(struct conn *c, uint64_t packet)
{
	for (unsigned i = c->nfindings; i-- > 0;) {
		struct finding *f = &c->findings[i];

		if (f->npackets == 0 || f->packets[f->npackets - 1] != packet)
			continue;
		f->npackets--;
		if (--f->count == 0)
			find_drop(c, f);
	}
}
