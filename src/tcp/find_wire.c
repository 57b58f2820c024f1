/* SPDX-License-Identifier: MIT */
/*
 * find_wire - what is wrong around the TCP header: checksums, lengths, IP header, fragments.
 *
 * Most of it makes the receiving host drop the packet before TCP sees it; track.c decides that,
 * this file only says so.  Checksums are judged by what the same side sends otherwise: a network
 * card that fills them in after the capture point spoils all of them.
 *
 * Spec: RFC 9293 3.1 (checksum, data offset), RFC 791, RFC 1122 3.2.1, RFC 1624, RFC 8200.
 */
#include "config.h"

#include "tcp/find.h"

static const struct wire_note {
	uint16_t note;      /* bits of enum seg_note, any of them */
	uint16_t id;        /* enum finding_id */
	uint8_t confidence; /* enum confidence */
} wire_notes[] = {
	{ SEG_HEADER_LENGTH_BAD, FINDING_HEADER_LENGTH_BAD, CONFIDENCE_CERTAIN },
	{ SEG_IP_TRUNCATED, FINDING_SEGMENT_TRUNCATED_BY_IP, CONFIDENCE_LIKELY },
	{ SEG_IP_LENGTH_ZERO, FINDING_IP_LENGTH_ZERO, CONFIDENCE_CERTAIN },
	{ SEG_IP_CHECKSUM_BAD, FINDING_IP_CHECKSUM_BAD, CONFIDENCE_LIKELY },
	{ SEG_IP_VERSION_BAD | SEG_IP_OPTIONS_BAD | SEG_EXT_HEADER_BAD, FINDING_IP_HEADER_BAD,
	    CONFIDENCE_CERTAIN },
	{ SEG_SOURCE_ROUTED, FINDING_IP_SOURCE_ROUTE, CONFIDENCE_CERTAIN },
	{ SEG_FRAGMENTED, FINDING_IP_FRAGMENTS, CONFIDENCE_CERTAIN },
	{ SEG_FRAGMENT_CONFLICT, FINDING_IP_FRAGMENT_OVERLAP, CONFIDENCE_CERTAIN },
};

static void look_at_notes(struct step *st)
{
	for (size_t i = 0; i < ARRAY_LEN(wire_notes); i++)
		if (st->seg->notes & wire_notes[i].note)
			(void)find_segment(st, (enum finding_id)wire_notes[i].id, BY_SELF,
			    (enum confidence)wire_notes[i].confidence);
}

/* Bad ones before the first good one wait: perhaps none of this side is good. */
static void look_at_bad_checksum(struct step *st)
{
	struct endpoint *e = st->self;

	if (e->good_checksums > 0) {
		(void)find_segment(st, FINDING_CHECKSUM_BAD, BY_SELF,
		    e->good_checksums > e->bad_checksums ? CONFIDENCE_CERTAIN : CONFIDENCE_LIKELY);
	} else if (!e->bad_checksum_packet) {
		e->bad_checksum_packet = st->seg->packet;
		e->bad_checksum_time = st->time;
	}
}

static void look_at_checksum(struct step *st)
{
	switch ((enum checksum_state)st->seg->checksum_state) {
	case CHECKSUM_GOOD:
	case CHECKSUM_UNVERIFIED:
		break;
	case CHECKSUM_BAD:
		look_at_bad_checksum(st);
		break;
	case CHECKSUM_PARTIAL:
		st->conn->traps |= TRAP_OFFLOAD;
		(void)find_segment(st, FINDING_CHECKSUM_OFFLOAD, BY_SELF, CONFIDENCE_CERTAIN);
		break;
	case CHECKSUM_ZERO_FFFF:
		(void)find_segment(st, FINDING_CHECKSUM_FFFF, BY_SELF, CONFIDENCE_CERTAIN);
		break;
	}
}

void find_wire(struct step *st)
{
	if (st->seg->notes & ~(unsigned)(SEG_TRAILER | SEG_TRUNCATED))
		look_at_notes(st);
	look_at_checksum(st);
}

/* None is right: such packets do not get far, so it is the capture.  Of a single one nobody can be sure. */
static void excuse_ip_checksums(struct conn *c, unsigned dir)
{
	struct finding *f = find_have(c, FINDING_IP_CHECKSUM_BAD, dir);

	if (f && !c->ends[dir].has_good_ip_checksum) {
		f->id = FINDING_IP_CHECKSUM_OFFLOAD;
		f->confidence = f->count > 1 ? CONFIDENCE_CERTAIN : CONFIDENCE_POSSIBLE;
	}
}

/*
 * None is right, or few: a host whose card fills them in computes those of the answers itself that no socket
 * sends, as from TIME-WAIT.
 */
static bool leaves_checksums(const struct endpoint *e)
{
	return e->bad_checksums > 2 * e->good_checksums;
}

static void take_back(struct conn *c, enum finding_id id, unsigned dir)
{
	struct finding *f = find_have(c, id, dir);

	if (f)
		find_drop(c, f);
}

/* All that were captured before a good one, or all there are. */
void find_wire_end(struct conn *c)
{
	for (unsigned dir = 0; dir < 2; dir++) {
		const struct endpoint *e = &c->ends[dir];
		bool is_offload = leaves_checksums(e);
		struct finding *f;

		excuse_ip_checksums(c, dir);
		if (!e->bad_checksum_packet)
			continue;
		if (is_offload) {
			take_back(c, FINDING_CHECKSUM_BAD, dir);
			take_back(c, FINDING_INSERTION_BAD_CHECKSUM, dir);
		}
		f = find_conn(c, is_offload ? FINDING_CHECKSUM_OFFLOAD : FINDING_CHECKSUM_BAD, dir,
		    is_offload && e->bad_checksums == 1 ? CONFIDENCE_POSSIBLE : CONFIDENCE_LIKELY,
		    e->bad_checksum_packet, e->bad_checksum_time);
		if (f && f->count < e->bad_checksums)
			f->count = e->bad_checksums;
	}
}
