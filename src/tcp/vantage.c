/* SPDX-License-Identifier: MIT */
/*
 * vantage - where the capture was taken, as one connection shows it.
 *
 * Input:  a connection: checksums that were left to the card, the times of its handshake, its TTLs.
 * Output: the side, and which of these tell it.
 *
 * A checksum that is not there yet was captured before the sender's card.  Kernels answer a SYN and a SYN-ACK
 * at once, so the time from the tap to an end and back is the distance to it.  Hosts begin with a TTL of 32, 64,
 * 128 or 255: any other value has passed routers.
 */
#include "config.h"

#include "tcp/conn.h"

#define NEAR_MAX (NS_PER_SEC * 3 / 1000) /* an end that takes longer is not at the tap (ns) */
#define FAR_MIN  (NS_PER_SEC / 1000) /* an end that takes longer is surely not on this host (ns) */

enum {
	RATIO = 4,     /* one end is nearer than the other when it answers so much sooner */
	SLACK = 20000, /* ns: what the clock of the capture blurs */
};

static bool is_untouched(const struct endpoint *e)
{
	return e->ttl == 64 || e->ttl == 128 || e->ttl == 255 || e->ttl == 32;
}

/* By who left checksums to the card.  Both: a virtual network, or both ends on one host. */
static enum vantage by_checksums(const struct endpoint *client, const struct endpoint *server)
{
	if (client->leaves_checksums == server->leaves_checksums)
		return VANTAGE_UNKNOWN;
	return client->leaves_checksums ? VANTAGE_CLIENT : VANTAGE_SERVER;
}

/* By who answered sooner, where each packet of the handshake came once. */
static enum vantage by_times(const struct conn *c)
{
	int64_t server = c->synack_time - c->syn_time, client = c->ack_time - c->synack_time;

	if (c->syns != 1 || c->synacks != 1 || c->syn_time < 0 || server < 0 || client < 0 ||
	    c->both_syn)
		return VANTAGE_UNKNOWN;
	if (client < NEAR_MAX && server > client * RATIO + SLACK)
		return VANTAGE_CLIENT;
	if (server < NEAR_MAX && client > server * RATIO + SLACK)
		return VANTAGE_SERVER;
	return client > FAR_MIN && server > FAR_MIN ? VANTAGE_MIDDLE : VANTAGE_UNKNOWN;
}

/* By who is behind no router, where the other one is. */
static enum vantage by_ttl(const struct endpoint *client, const struct endpoint *server)
{
	if (client->ttl == 0 || server->ttl == 0 || is_untouched(client) == is_untouched(server))
		return VANTAGE_UNKNOWN;
	return is_untouched(client) ? VANTAGE_CLIENT : VANTAGE_SERVER;
}

enum vantage vantage_of(const struct conn *c, uint8_t *marks)
{
	const struct endpoint *client = &c->ends[c->client], *server = &c->ends[!c->client];
	enum vantage checksums = by_checksums(client, server), times = by_times(c);
	enum vantage ttl = by_ttl(client, server), said;

	*marks = 0;
	/* Within one host there is no side. */
	if (addr_equal(&c->addrs[0].ip, &c->addrs[1].ip))
		return VANTAGE_UNKNOWN;
	said = checksums != VANTAGE_UNKNOWN ? checksums : times != VANTAGE_UNKNOWN ? times : ttl;
	if (said == VANTAGE_UNKNOWN)
		return said;
	if (checksums == said)
		*marks |= MARK_CHECKSUMS;
	if (times == said)
		*marks |= MARK_TIMES;
	if (ttl == said)
		*marks |= MARK_TTL;
	return said;
}
