/* SPDX-License-Identifier: MIT */
/*
 * build - packets from one line of words, outermost header first, with lengths and checksums filled in.
 *
 *   4  6            IPv4, IPv6 header; the protocol follows from the next word
 *   4/47            the same with protocol 47
 *   4{94040000}     with these options (IPv4 only)
 *   U4789           UDP header to this port
 *   T  T{02040564}  TCP header, perhaps with options; the payload is "hello"
 *   I0304:00000578  ICMP or ICMPv6: type, code, second word
 *   0800            any other word: these bytes in hexadecimal
 *
 * The innermost IP header goes from 10.0.0.1 to 10.0.0.2 (2001:db8::1 to ::2); the one around it from 10.1.0.1 to
 * 10.1.0.2, and so on.  TCP goes from port 40000 to 80, sequence number 0x01020304, ACK 0x05060708, window 512.
 */
#ifndef TESTS_BUILD_H
#define TESTS_BUILD_H

#include "tcpshadow/util.h"

enum {
	BUILD_MAX = 4096,
	BUILD_PAYLOAD = 5, /* "hello" */
};

struct build {
	uint8_t room[BUILD_MAX];
	uint8_t *data; /* the packet: up to the end of `room` */
	size_t len;
	uint8_t *tcp;   /* its TCP (innermost) header, NULL = none */
	bool is_reply;  /* addresses and ports are exchanged */
	unsigned level; /* IP headers so far */
	size_t upper;   /* bytes of the TCP or ICMP message not yet summed; 0 = none */
	uint8_t upper_protocol;
	uint8_t next; /* protocol number of what begins at `data` */
};

/* Aborts on a word that is wrong. */
void build_packet(struct build *b, const char *words, bool is_reply);
/* Slow and plain: the Internet checksum over n bytes, added to sum; 0xffff = right. */
uint32_t build_sum(uint32_t sum, const uint8_t *p, size_t n);
/* Fill in the checksum of the IPv4 header at p again. */
void build_fix_ip4(uint8_t *p);
/* The same for the TCP segment at p with n bytes behind the given IPv4 header. */
void build_fix_tcp4(const uint8_t *ip, uint8_t *p, size_t n);

#endif
