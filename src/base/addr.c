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

/* By hand: this runs for every line of a listing, and inet_ntop formats with snprintf. */
static void ipv4_text(struct buf *out, const uint8_t *b)
{
	for (int i = 0; i < 4; i++) {
		if (i)
			buf_addch(out, '.');
		buf_add_u64(out, b[i]);
	}
}

void addr_text(struct buf *out, const struct addr *a, unsigned version)
{
	char text[INET6_ADDRSTRLEN];

	if (version == 4)
		ipv4_text(out, a->b);
	else if (inet_ntop(AF_INET6, a->b, text, sizeof(text)))
		buf_addstr(out, text);
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
