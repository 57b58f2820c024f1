/* SPDX-License-Identifier: MIT */
/*
 * zeek - Zeek's TCP analyser as far as its conn.log shows it: seven states an end, letters of history.
 *
 * Each step stands in the order of Zeek's own: the letters of a packet come before its change of state, a
 * gap after it.  Numbers are 32-bit differences as there; nothing is checked against a window.
 */
#include "config.h"

#include "tcp/conn.h"
#include "tcpshadow/seq.h"

/* States of one end, in Zeek's terms. */
enum end_state {
	END_INACTIVE, /* nothing seen */
	END_SYN_SENT,
	END_SYN_ACK_SENT, /* the originator's first packet was a SYN-ACK */
	END_PARTIAL,      /* something without a SYN */
	END_ESTABLISHED,
	END_CLOSED, /* sent a FIN */
	END_RESET,  /* sent a RST */
};

/* Letters that are said once per end. */
enum once {
	ONCE_SYN = 1u << 0, /* S and H share it */
	ONCE_FIN = 1u << 1,
	ONCE_RST = 1u << 2,
	ONCE_FIN_RST = 1u << 3,
	ONCE_MIXED = 1u << 4,
	ONCE_DATA = 1u << 5,
	ONCE_ACK = 1u << 6,
};

/* A SYN or RST whose number is farther off than this is not believed. */
#define FAR_JUMP 1048576

/* One segment on its way through. */
struct packet_at {
	struct zeek *z;
	struct zeek_end *self, *peer;
	const struct segment *s;
	uint8_t dir;
	bool syn, fin, rst, ack;
};

/* Ports that Zeek 7's base scripts take for a server's (likely_server_ports), TCP only; ascending. */
static const uint16_t likely_server_ports[] = { 21, 22, 25, 53, 80, 81, 88, 135, 139, 143, 389, 443,
	445, 502, 563, 585, 587, 614, 631, 636, 989, 990, 992, 993, 995, 1080, 1434, 1883, 2811,
	3128, 3268, 3306, 3389, 5060, 5222, 5223, 5269, 5432, 6379, 6666, 6667, 6668, 6669, 8000,
	8080, 8888, 20000 };

static bool is_server_port(uint16_t port)
{
	for (size_t i = 0; i < ARRAY_LEN(likely_server_ports); i++)
		if (likely_server_ports[i] == port)
			return true;
	return false;
}

/* Without a SYN the roles are guessed from the ports; a SYN-ACK may belong to a stealth scan. */
static bool begins_flipped(const struct segment *s)
{
	if ((s->flags & (TCP_SYN | TCP_ACK)) == TCP_SYN || !is_server_port(s->sport))
		return false;
	if (is_server_port(s->dport))
		return !(s->flags & TCP_SYN) && s->sport < s->dport;
	return true;
}

static void begin(struct zeek *z, const struct segment *s, uint8_t dir)
{
	z->has_begun = true;
	z->is_flipped = begins_flipped(s);
	z->originator = z->is_flipped ? !dir : dir;
}

static bool is_originator(const struct packet_at *p)
{
	return p->dir == p->z->originator;
}

static void say(struct zeek *z, char letter, uint8_t dir)
{
	if (z->nletters == ZEEK_HISTORY_MAX)
		z->letters_lost++;
	else
		z->letters[z->nletters++] = (uint8_t)((unsigned)letter | (unsigned)dir << 7);
}

/* The first time; true when it had been said before. */
static inline bool say_once(const struct packet_at *p, enum once once, char letter)
{
	if (p->self->seen & once)
		return true;
	p->self->seen |= (uint16_t)once;
	say(p->z, letter, p->dir);
	return false;
}

/* Likewise, and again when the number is another one than last time. */
static void say_numbered(
    const struct packet_at *p, enum once once, char letter, uint32_t *last, uint32_t number)
{
	if (say_once(p, once, letter) && *last != number)
		say(p->z, letter, p->dir);
	*last = number;
}

/* The first time, the tenth, the hundredth ... */
static void say_scaled(struct zeek *z, uint8_t dir, char letter, uint32_t *count)
{
	uint32_t n = ++*count;

	while (n >= 10 && n % 10 == 0)
		n /= 10;
	if (n == 1)
		say(z, letter, dir);
}

static void set_state(struct zeek_end *e, enum end_state s)
{
	if (e->state == s)
		return;
	e->previous = e->state;
	e->state = (uint8_t)s;
}

static bool is_inactive(const struct zeek_end *e)
{
	return e->state == END_INACTIVE || e->state == END_PARTIAL;
}

/* Sequence space as Zeek counts it: the payload of a RST takes none. */
static uint32_t length_of(const struct packet_at *p)
{
	return (p->rst ? 0 : p->s->len) + p->syn + p->fin;
}

static void start_numbers(struct zeek_end *e, uint32_t start, uint64_t last)
{
	e->start = start;
	e->last = last;
	e->acked = 0;
}

static void init_numbers(const struct packet_at *p)
{
	struct zeek_end *e = p->self;
	uint32_t seq = p->s->seq;

	switch ((enum end_state)e->state) {
	case END_INACTIVE:
		if (p->syn)
			start_numbers(e, seq, length_of(p));
		else
			start_numbers(e, seq - 1, 1);
		break;
	case END_SYN_SENT:
	case END_SYN_ACK_SENT:
		if (p->syn && seq != e->start)
			start_numbers(e, seq, length_of(p));
		break;
	case END_PARTIAL:
	case END_ESTABLISHED:
		if (p->syn)
			start_numbers(e, seq, length_of(p));
		break;
	case END_RESET:
		if (p->syn && e->previous == END_INACTIVE)
			start_numbers(e, seq, length_of(p));
		break;
	case END_CLOSED:
		break;
	}
}

static void say_flags(const struct packet_at *p)
{
	struct zeek_end *e = p->self;
	uint32_t number = p->s->seq - e->start;

	if (p->syn + p->fin + p->rst > 1)
		(void)(p->fin && p->rst ? say_once(p, ONCE_FIN_RST, 'I')
		                        : say_once(p, ONCE_MIXED, 'Q'));
	else if (p->syn)
		say_numbered(p, ONCE_SYN, p->ack ? 'H' : 'S', &e->syn, number);
	else if (p->fin)
		say_numbered(p, ONCE_FIN, 'F', &e->fin, number + p->s->len);
	else if (p->rst)
		say_numbered(p, ONCE_RST, 'R', &e->rst, number);
	else if (p->s->len)
		(void)say_once(p, ONCE_DATA, 'D');
	else if (p->ack)
		(void)say_once(p, ONCE_ACK, 'A');
}

static void say_zero_window(const struct packet_at *p)
{
	if (p->s->window == 0 && !p->rst && p->peer->state != END_CLOSED &&
	    p->self->state != END_RESET)
		say_scaled(p->z, p->dir, 'W', &p->self->zero_windows);
}

/* True when more of the peer's numbers is acknowledged than before. */
static inline bool update_acked(const struct packet_at *p)
{
	struct zeek_end *peer = p->peer;
	int32_t ahead;

	if (!p->ack)
		return false;
	if (peer->state == END_INACTIVE) {
		start_numbers(peer, p->s->ack - 1, 0);
		return false;
	}
	ahead = (int32_t)(p->s->ack - (peer->start + (uint32_t)peer->acked));
	if (p->rst || ahead <= 0 || (p->s->ack == 0 && ahead > FAR_JUMP))
		return false;
	peer->acked += (uint64_t)ahead;
	return true;
}

static inline void update_last(const struct packet_at *p)
{
	struct zeek_end *e = p->self;
	int32_t ahead = (int32_t)(p->s->seq + length_of(p) - (e->start + (uint32_t)e->last));

	if ((p->syn || p->rst) && (ahead > FAR_JUMP || ahead < -FAR_JUMP))
		return;
	if (e->state == END_RESET)
		return;
	if (ahead > 0)
		e->last += (uint64_t)ahead;
	else if (p->s->len)
		say_scaled(p->z, p->dir, 'T', &e->repeats);
}

/* The ends were taken for each other: a SYN-ACK came first. */
static void flip(const struct packet_at *p)
{
	p->z->is_flipped = true;
	p->z->originator = p->dir;
	set_state(p->peer, END_ESTABLISHED);
}

static void first_syn(const struct packet_at *p)
{
	if (is_originator(p)) {
		set_state(p->self, p->ack ? END_SYN_ACK_SENT : END_SYN_SENT);
		return;
	}
	if (!p->ack && p->peer->state == END_SYN_ACK_SENT)
		flip(p);
	if (p->peer->state == END_SYN_SENT)
		set_state(p->peer, END_ESTABLISHED);
	set_state(p->self, END_ESTABLISHED);
}

/* The first of an end, without SYN, FIN and RST. */
static void first_plain(const struct packet_at *p)
{
	if (!is_originator(p) && p->peer->state == END_SYN_ACK_SENT)
		flip(p);
	/* An ACK in answer to a SYN is waited out. */
	if (!is_originator(p) && !p->s->len && p->peer->state == END_SYN_SENT)
		return;
	if (p->ack && p->peer->state == END_ESTABLISHED)
		set_state(p->self, END_ESTABLISHED);
	else
		set_state(p->self, END_PARTIAL);
}

static void from_inactive(const struct packet_at *p)
{
	if (p->syn)
		first_syn(p);
	if (p->fin)
		set_state(p->self, END_CLOSED);
	if (p->rst)
		set_state(p->self, END_RESET);
	if (p->self->state == END_INACTIVE)
		first_plain(p);
}

static void from_established(const struct packet_at *p)
{
	struct zeek_end *e = p->self, *peer = p->peer;

	if (p->syn && !p->ack && e->state == END_PARTIAL && peer->state == END_INACTIVE)
		set_state(e, END_SYN_SENT);
	if (p->fin && !p->rst) {
		set_state(e, END_CLOSED);
		/* FIN and RST, then the peer's FIN: closed in order after all. */
		if (peer->state == END_RESET && peer->previous == END_CLOSED)
			set_state(peer, END_CLOSED);
	}
	if (p->rst)
		set_state(e, END_RESET);
}

static void change_state(const struct packet_at *p)
{
	struct zeek_end *e = p->self;

	switch ((enum end_state)e->state) {
	case END_INACTIVE:
		from_inactive(p);
		break;
	case END_SYN_SENT:
	case END_SYN_ACK_SENT:
		if (p->fin)
			set_state(e, END_CLOSED);
		if (p->rst)
			set_state(e, END_RESET);
		break;
	case END_PARTIAL:
	case END_ESTABLISHED:
		from_established(p);
		break;
	case END_CLOSED:
		/* Both closed: a RST changes nothing any more. */
		if (p->rst && p->peer->state != END_CLOSED)
			set_state(e, END_RESET);
		break;
	case END_RESET:
		break;
	}
	if ((p->fin || p->rst) && e->state >= END_CLOSED)
		e->is_closed = true;
}

static bool can_have_gap(const struct zeek_end *e)
{
	return e->state == END_ESTABLISHED ||
	       (e->state == END_CLOSED && e->previous == END_ESTABLISHED);
}

/* The peer's bytes were acknowledged and not captured.  Its FIN does not count. */
static void say_gap(const struct packet_at *p, const struct step *st)
{
	const struct endpoint *from = st->peer;
	uint64_t until = st->ack;

	if (from->fin_seen && until >= from->fin_end)
		until = from->fin_end - 1;
	if (!from->nholes && until <= from->snd_nxt)
		return;
	if (from->has_seq && until > track_contiguous(from) && can_have_gap(p->self) &&
	    can_have_gap(p->peer))
		say_scaled(p->z, !p->dir, 'G', &p->peer->gaps);
}

/* As in track.c: only held against an end that has sent good ones. */
static bool is_spoiled(const struct step *st)
{
	return st->seg->checksum_state == CHECKSUM_BAD && st->self->good_checksums > 0;
}

static inline struct packet_at at(struct step *st, uint16_t flags)
{
	struct zeek *z = &st->conn->zeek;

	return (struct packet_at){
		.z = z,
		.self = &z->ends[st->dir],
		.peer = &z->ends[!st->dir],
		.s = st->seg,
		.dir = st->dir,
		.syn = flags & TCP_SYN,
		.fin = flags & TCP_FIN,
		.rst = flags & TCP_RST,
		.ack = flags & TCP_ACK,
	};
}

/* Every packet, whatever it is. */
static void count(const struct packet_at *p)
{
	p->self->packets++;
	p->self->ip_bytes += p->s->ip_len;
}

/* What comes when both ends are closed does not make a connection longer. */
static void note_time(struct zeek *z, int64_t time)
{
	if (!z->ends[0].is_closed || !z->ends[1].is_closed)
		z->last_time = time;
}

/* An open connection and no flag that changes anything. */
static bool is_plain(const struct step *st)
{
	const struct zeek *z = &st->conn->zeek;
	const uint16_t telling = TCP_SYN | TCP_FIN | TCP_RST | TCP_ACK;

	return z->ends[0].state == END_ESTABLISHED && z->ends[1].state == END_ESTABLISHED &&
	       (st->seg->flags & telling) == TCP_ACK && st->seg->window;
}

/* True when it acknowledges more than was. */
static inline bool plain(const struct packet_at *p, const struct step *st)
{
	bool advanced;

	count(p);
	(void)(p->s->len ? say_once(p, ONCE_DATA, 'D') : say_once(p, ONCE_ACK, 'A'));
	note_time(p->z, st->time);
	advanced = update_acked(p);
	update_last(p);
	return advanced;
}

void zeek_plain(struct step *st)
{
	const struct packet_at p = at(st, TCP_ACK);

	(void)plain(&p, st);
}

void zeek_segment(struct step *st)
{
	struct zeek *z = &st->conn->zeek;
	const struct segment *s = st->seg;
	const struct packet_at p = at(st, s->flags);
	bool advanced;

	if (!z->has_begun)
		begin(z, s, st->dir);
	if (is_spoiled(st)) {
		say_scaled(z, st->dir, 'C', &p.self->bad_checksums);
		return;
	}
	if (is_plain(st)) {
		if (plain(&p, st))
			say_gap(&p, st);
		return;
	}
	count(&p);
	init_numbers(&p);
	say_flags(&p);
	say_zero_window(&p);
	note_time(z, st->time);
	if (p.fin && p.self->nfins < UINT16_MAX)
		p.self->nfins++;
	advanced = update_acked(&p);
	update_last(&p);
	change_state(&p);
	if (advanced)
		say_gap(&p, st);
}

void zeek_squeeze(struct conn *c)
{
	struct zeek *z = &c->zeek;

	z->last_time ^= c->end;
	for (unsigned i = 0; i < 2; i++) {
		struct zeek_end *e = &z->ends[i];
		const struct endpoint *end = &c->ends[i];
		uint64_t sent = end->snd_nxt - end->iss;

		e->packets ^= end->packets;
		e->start ^= end->isn;
		e->last ^= sent;
		e->acked ^= sent;
		e->fin ^= (uint32_t)sent - 1;
	}
}

/* Without the numbers of SYN and FIN. */
static uint64_t size_of(const struct zeek_end *e)
{
	uint64_t size = e->last > e->acked ? e->last : e->acked;

	if (size)
		size--;
	if (size && e->nfins)
		size--;
	return size;
}

/* An unanswered SYN, then a RST of the same end: S0 that was taken back. */
static bool is_cancelled(const struct zeek *z)
{
	unsigned i = 1;

	if (!z->nletters || z->letters[0] != ('S' | z->originator << 7))
		return false;
	for (; i < z->nletters; i++) {
		char letter = (char)(z->letters[i] & 0x7f);

		if (z->letters[i] >> 7 != z->originator)
			continue;
		if (letter == 'R')
			return true;
		if (strchr("HAFGIQ", letter))
			return false;
	}
	return false;
}

static enum zeek_conn_state reset_by_responder(
    const struct zeek *z, const struct zeek_end *o, const struct zeek_end *r)
{
	(void)z;
	if (o->state == END_SYN_SENT || o->state == END_SYN_ACK_SENT ||
	    (o->state == END_RESET && !size_of(o) && !size_of(r)))
		return ZEEK_REJ;
	return is_inactive(o) ? ZEEK_RSTRH : ZEEK_RSTR;
}

static enum zeek_conn_state conn_state(
    const struct zeek *z, const struct zeek_end *o, const struct zeek_end *r)
{
	if (r->state == END_RESET)
		return reset_by_responder(z, o, r);
	if (o->state == END_RESET && is_inactive(r))
		return is_cancelled(z) ? ZEEK_RSTOS0 : ZEEK_OTH;
	if (o->state == END_RESET)
		return ZEEK_RSTO;
	if (o->state == END_CLOSED && r->state == END_CLOSED)
		return ZEEK_SF;
	if (o->state == END_CLOSED)
		return is_inactive(r) ? ZEEK_SH : ZEEK_S2;
	if (r->state == END_CLOSED)
		return is_inactive(o) ? ZEEK_SHR : ZEEK_S3;
	if (o->state == END_SYN_SENT && r->state == END_INACTIVE)
		return ZEEK_S0;
	if (o->state == END_ESTABLISHED && r->state == END_ESTABLISHED)
		return ZEEK_S1;
	return ZEEK_OTH;
}

static void spell_history(char *out, const struct zeek *z)
{
	if (z->is_flipped)
		*out++ = '^';
	for (unsigned i = 0; i < z->nletters; i++) {
		unsigned letter = z->letters[i] & 0x7fu, is_responder = z->letters[i] >> 7;

		is_responder ^= z->originator;
		*out++ = (char)(letter | is_responder << 5);
	}
	*out = '\0';
}

void zeek_fill(struct zeek_facts *out, const struct zeek *z, uint8_t client)
{
	const struct zeek_end *o = &z->ends[z->originator], *r = &z->ends[!z->originator];

	out->state = (uint8_t)conn_state(z, o, r);
	out->originator = z->originator == client ? SIDE_CLIENT : SIDE_SERVER;
	out->duration = z->last_time;
	out->letters_lost = z->letters_lost;
	for (unsigned i = 0; i < 2; i++) {
		const struct zeek_end *e = i ? r : o;

		out->sizes[i] = size_of(e);
		out->packets[i] = e->packets;
		out->ip_bytes[i] = e->ip_bytes;
	}
	spell_history(out->history, z);
}
