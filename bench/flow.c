/* SPDX-License-Identifier: MIT */
/* flow - one simulated connection. */
#include "config.h"

#include "flow.h"

enum {
	SPACING_US = 13, /* between the packets of a burst */
	RTO_US = 250000,
	REQUEST_DELAY_US = 150,
	WINDOW = 502, /* times 2^7 */
};

uint64_t prng_next(struct prng *r)
{
	uint64_t z = r->state += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

uint32_t prng_between(struct prng *r, uint32_t low, uint32_t high)
{
	return low + (uint32_t)(prng_next(r) % (high - low + 1u));
}

void flow_start(struct flow *f, const struct flow_plan *plan, struct prng *r)
{
	*f = (struct flow){
		.plan = *plan,
		.due = plan->start_us,
		.client = { .end = plan->client, .ts_base = (uint32_t)prng_next(r) / 2 },
		.server = { .end = plan->server, .ts_base = (uint32_t)prng_next(r) / 2 },
	};
}

/* ------------------------------------------------------------------------------- one packet */

static uint32_t ts_of(const struct flow *f, const struct flow_sender *s)
{
	return s->ts_base + (uint32_t)(f->due / 1000);
}

static struct wire_packet packet_from(struct flow *f, struct flow_sender *me, uint8_t flags)
{
	const struct flow_sender *peer = me == &f->client ? &f->server : &f->client;

	return (struct wire_packet){
		.from = me->end,
		.to = peer->end,
		.flags = flags,
		.window = WINDOW,
		.ip_id = me->ip_id++,
	};
}

static void add_timestamps(
    struct wire_packet *p, const struct flow *f, const struct flow_sender *me)
{
	static const uint8_t head[4] = { 1, 1, 8, 10 };

	wire_option(p, head, sizeof head);
	wire_option_u32(p, ts_of(f, me));
	wire_option_u32(p, me->ts_recent);
}

static void send_syn(struct flow *f, struct wire *w, struct flow_sender *me)
{
	static const uint8_t mss_sack_ts[8] = { 2, 4, 1460 >> 8, 1460 & 0xff, 4, 2, 8, 10 };
	static const uint8_t scale[4] = { 1, 3, 3, 7 };
	bool reply = me == &f->server;
	struct wire_packet p = packet_from(f, me, reply ? WIRE_SYN | WIRE_ACK : WIRE_SYN);

	p.seq = reply ? f->plan.server_isn : f->plan.client_isn;
	p.ack = reply ? f->plan.client_isn + 1 : 0;
	p.window = 64240;
	wire_option(&p, mss_sack_ts, sizeof mss_sack_ts);
	wire_option_u32(&p, ts_of(f, me));
	wire_option_u32(&p, me->ts_recent);
	wire_option(&p, scale, sizeof scale);
	wire_write(w, f->due, &p);
}

/* The sequence number of the server's segment i. */
static uint32_t data_seq(const struct flow *f, uint32_t i)
{
	uint32_t whole = i < f->plan.segments ? i : f->plan.segments - 1;
	uint32_t seq = f->plan.server_isn + 1 + whole * WIRE_MSS;

	return i < f->plan.segments ? seq : seq + f->plan.last_len;
}

/* Runs of segments beyond a hole, as first and end; at most half the window and one. */
static size_t find_runs(const struct flow *f, uint32_t (*runs)[2])
{
	size_t n = 0;
	bool inside = false;

	for (uint32_t i = 0; i <= FLOW_WINDOW_MAX; i++) {
		bool has = (f->beyond >> i & 1) != 0;

		if (has && !inside)
			runs[n][0] = f->delivered + i;
		else if (!has && inside)
			runs[n++][1] = f->delivered + i;
		inside = has;
	}
	return n;
}

/* At most three SACK blocks fit beside timestamps; the latest arrival comes first (RFC 2018 4). */
static void add_sack(struct wire_packet *p, const struct flow *f)
{
	uint32_t runs[FLOW_WINDOW_MAX / 2 + 1][2];
	size_t n = find_runs(f, runs);
	size_t first = 0;

	if (n == 0)
		return;
	for (size_t i = 0; i < n; i++) {
		if (f->latest >= runs[i][0] && f->latest < runs[i][1])
			first = i;
	}
	n = n > 3 ? 3 : n;
	wire_option(p, (const uint8_t[4]){ 1, 1, 5, (uint8_t)(2 + 8 * n) }, 4);
	for (size_t i = 0; i < n; i++) {
		/* `first`, then the others from the lowest */
		size_t k = i == 0 ? first : i - (i <= first);

		wire_option_u32(p, data_seq(f, runs[k][0]));
		wire_option_u32(p, data_seq(f, runs[k][1]));
	}
}

static void client_sends(struct flow *f, struct wire *w, uint8_t flags, uint32_t len)
{
	struct wire_packet p = packet_from(f, &f->client, flags);

	p.seq = f->plan.client_isn + 1;
	if (f->phase > FLOW_REQUEST)
		p.seq += f->plan.request_len;
	p.ack = data_seq(f, f->delivered);
	if (f->phase == FLOW_CLIENT_FIN)
		p.ack++;
	p.payload_len = len;
	add_timestamps(&p, f, &f->client);
	add_sack(&p, f);
	wire_write(w, f->due, &p);
	f->server.ts_recent = ts_of(f, &f->client);
}

static void server_sends(struct flow *f, struct wire *w, uint8_t flags, uint32_t segment)
{
	struct wire_packet p = packet_from(f, &f->server, flags);
	uint32_t end = segment + (f->phase == FLOW_DATA);

	p.seq = data_seq(f, segment);
	p.ack = f->plan.client_isn + 1 + f->plan.request_len;
	if (f->phase == FLOW_LAST_ACK) {
		p.seq++;
		p.ack++;
	}
	p.payload_len = data_seq(f, end) - data_seq(f, segment);
	add_timestamps(&p, f, &f->server);
	wire_write(w, f->due, &p);
}

/* ----------------------------------------------------------------------------- the response */

/*
 * Holes below the highest segment that arrived are sent again; so is the first missing one, after a
 * timeout, when nothing else can be sent.
 */
static void plan_round(struct flow *f)
{
	f->round_len = f->round_at = f->arrived = 0;
	for (uint32_t i = 0; f->beyond >> i != 0; i++) {
		if ((f->beyond >> i & 1) == 0)
			f->round[f->round_len++] = f->delivered + i;
	}
	while (f->next < f->plan.segments && f->next - f->delivered < f->plan.window)
		f->round[f->round_len++] = f->next++;
	if (f->round_len == 0) {
		f->round[f->round_len++] = f->delivered;
		f->due += RTO_US;
	}
}

static void send_segment(struct flow *f, struct wire *w, struct prng *r)
{
	uint32_t segment = f->round[f->round_at];
	bool lost = f->plan.loss != 0 && prng_between(r, 1, f->plan.loss) == 1;
	bool seen = !lost || prng_between(r, 0, 1) == 1; /* lost before the tap, or behind it */
	uint8_t flags = WIRE_ACK;

	f->round_at++;
	if (segment + 1 == f->plan.segments)
		flags |= WIRE_PSH;
	if (seen)
		server_sends(f, w, flags, segment);
	if (!lost) {
		f->arrived_ts[f->arrived] = ts_of(f, &f->server);
		f->round[f->arrived++] = segment;
	}
}

static void round_sent(struct flow *f)
{
	if (f->round_at < f->round_len) {
		f->due += SPACING_US;
		return;
	}
	f->round_at = 0;
	f->due += f->plan.rtt_us;
	f->phase = FLOW_DATA_ACKS;
}

/* The client receives a segment.  Returns whether it acknowledges at once. */
static bool take_segment(struct flow *f, uint32_t segment, uint32_t ts)
{
	bool had_holes = f->beyond != 0;

	f->latest = segment;
	f->beyond |= (uint64_t)1 << (segment - f->delivered);
	if ((f->beyond & 1) != 0)
		f->client.ts_recent = ts;
	while ((f->beyond & 1) != 0) {
		f->beyond >>= 1;
		f->delivered++;
		f->unacked++;
	}
	return had_holes || f->beyond != 0 || f->unacked >= 2;
}

/* Goes over what arrived until something must be acknowledged; the last segment always is. */
static void ack_round(struct flow *f, struct wire *w)
{
	bool send = false;

	while (!send && f->round_at < f->arrived) {
		uint32_t i = f->round_at++;

		send = take_segment(f, f->round[i], f->arrived_ts[i]) || f->round_at == f->arrived;
	}
	if (send) {
		client_sends(f, w, WIRE_ACK, 0);
		f->unacked = 0;
	}
	if (f->round_at < f->arrived) {
		f->due += SPACING_US;
		return;
	}
	f->due += f->plan.rtt_us;
	f->phase = f->delivered == f->plan.segments ? FLOW_SERVER_FIN : FLOW_DATA;
	if (f->phase == FLOW_DATA)
		plan_round(f);
}

/* ------------------------------------------------------------------------------- the whole */

static void handshake_step(struct flow *f, struct wire *w)
{
	switch (f->phase) {
	case FLOW_SYN:
		send_syn(f, w, &f->client);
		f->server.ts_recent = ts_of(f, &f->client);
		f->due += f->plan.rtt_us;
		break;
	case FLOW_SYN_ACK:
		send_syn(f, w, &f->server);
		f->client.ts_recent = ts_of(f, &f->server);
		f->due += f->plan.rtt_us;
		break;
	case FLOW_ACK:
		client_sends(f, w, WIRE_ACK, 0);
		f->due += REQUEST_DELAY_US;
		break;
	default:
		client_sends(f, w, WIRE_ACK | WIRE_PSH, f->plan.request_len);
		f->due += f->plan.rtt_us + f->plan.think_us;
		plan_round(f);
		break;
	}
	f->phase++;
}

static void close_step(struct flow *f, struct wire *w)
{
	switch (f->phase) {
	case FLOW_SERVER_FIN:
		server_sends(f, w, WIRE_FIN | WIRE_ACK, f->plan.segments);
		f->client.ts_recent = ts_of(f, &f->server);
		break;
	case FLOW_CLIENT_FIN:
		client_sends(f, w, WIRE_FIN | WIRE_ACK, 0);
		break;
	default:
		server_sends(f, w, WIRE_ACK, f->plan.segments);
		break;
	}
	f->due += f->plan.rtt_us;
	f->phase++;
}

void flow_step(struct flow *f, struct wire *w, struct prng *r)
{
	if (f->phase < FLOW_DATA) {
		handshake_step(f, w);
	} else if (f->phase == FLOW_DATA) {
		send_segment(f, w, r);
		round_sent(f);
	} else if (f->phase == FLOW_DATA_ACKS) {
		ack_round(f, w);
	} else {
		close_step(f, w);
	}
}
