/* SPDX-License-Identifier: MIT */
/*
 * wire - write TCP packets with right checksums to a capture file.
 *
 * Output: pcap, microseconds, little-endian, Ethernet and IPv4.
 */
#ifndef TCPSHADOW_BENCH_WIRE_H
#define TCPSHADOW_BENCH_WIRE_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum { WIRE_FIN = 1, WIRE_SYN = 2, WIRE_PSH = 8, WIRE_ACK = 16 };
enum { WIRE_MSS = 1448, WIRE_OPTIONS_MAX = 40 };

struct wire_end {
	uint32_t addr;
	uint16_t port;
};

struct wire_packet {
	struct wire_end from, to;
	uint32_t seq, ack;
	uint8_t flags;
	uint16_t window;
	uint16_t ip_id;
	uint8_t options[WIRE_OPTIONS_MAX];
	size_t options_len; /* bytes, a multiple of 4 */
	size_t payload_len; /* at most WIRE_MSS; its bytes depend on seq alone */
};

struct wire {
	FILE *out;
	uint64_t packets;
	uint64_t bytes; /* of the file */
	uint8_t *text;  /* what payload is cut from */
};

/* Returns 0, or -1 with errno set. */
int wire_open(struct wire *w, const char *path);
int wire_close(struct wire *w);

/* A failed write shows at wire_close. */
void wire_write(struct wire *w, int64_t time_us, const struct wire_packet *p);

/* Append an option to a packet. */
void wire_option(struct wire_packet *p, const void *bytes, size_t len);
void wire_option_u32(struct wire_packet *p, uint32_t value);

#endif
