/* SPDX-License-Identifier: MIT */
/*
 * addr - an IP address and an endpoint (address and port) as plain values.
 *
 * Bytes are in network order; an IPv4 address uses the first four, the rest is zero, so that memcmp
 * and hashing of the whole value are right.
 */
#ifndef TCPSHADOW_ADDR_H
#define TCPSHADOW_ADDR_H

#include <string.h>

#include "tcpshadow/buf.h"

struct addr {
	uint8_t b[16]; /* network order; IPv4: b[0..3], rest 0 */
};

struct endpoint_addr {
	struct addr ip;
	uint16_t port;   /* host order */
	uint8_t version; /* 4 or 6 */
	uint8_t zero;    /* always 0: the value has no indeterminate bytes */
};

static inline bool addr_equal(const struct addr *a, const struct addr *b)
{
	return memcmp(a, b, sizeof(*a)) == 0;
}

enum {
	ADDR_ROOM = 46, /* the longest address as text, and a NUL */
};

/* At p, where ADDR_ROOM bytes are free; returns what is behind it. */
char *addr_put(char *p, const struct addr *a, unsigned version);
void addr_text(struct buf *out, const struct addr *a, unsigned version);
/* 10.0.0.1:80 or [2001:db8::1]:80 */
void endpoint_text(struct buf *out, const struct endpoint_addr *e);

#endif
