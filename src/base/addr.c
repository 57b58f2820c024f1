/* SPDX-License-Identifier: MIT */
/*
 * addr - addresses and endpoints as text.
 *
 * Spec: RFC 5952 for IPv6 (what inet_ntop writes).
 */
#include "config.h"

#include <sys/socket.h>

#include <arpa/inet.h>

#include "tcpshadow/addr.h"
#include "tcpshadow/digits.h"

_Static_assert(ADDR_ROOM >= INET6_ADDRSTRLEN, "inet_ntop ends with a NUL");

/* By hand: this runs for every line of a listing, and inet_ntop formats with snprintf. */
static char *ipv4_put(char *p, const uint8_t *b)
{
	for (int i = 0; i < 4; i++) {
		p = digits_u64(p, b[i]);
		*p++ = '.';
	}
	return p - 1;
}

char *addr_put(char *p, const struct addr *a, unsigned version)
{
	if (version == 4)
		return ipv4_put(p, a->b);
	return inet_ntop(AF_INET6, a->b, p, ADDR_ROOM) ? p + strlen(p) : p;
}

void addr_text(struct buf *out, const struct addr *a, unsigned version)
{
	buf_reserve(out, ADDR_ROOM);
	buf_end_at(out, addr_put(out->data + out->len, a, version));
}

void endpoint_text(struct buf *out, const struct endpoint_addr *e)
{
	if (e->version != 4)
		buf_addch(out, '[');
	addr_text(out, &e->ip, e->version);
	if (e->version != 4)
		buf_addch(out, ']');
	buf_addch(out, ':');
	buf_add_u64(out, e->port);
}
