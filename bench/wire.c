/* SPDX-License-Identifier: MIT */
/* wire - write TCP packets with right checksums to a capture file. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "wire.h"

enum {
	ETHER_LEN = 14,
	IP_LEN = 20,
	TCP_LEN = 20,
	RECORD_LEN = 16,
	TEXT_LEN = 65536, /* a power of two */
	FRAME_MAX = ETHER_LEN + IP_LEN + TCP_LEN + WIRE_OPTIONS_MAX + WIRE_MSS,
	FILE_BUFFER = 1 << 20,
};

static void put_be16(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static void put_be32(uint8_t *p, uint32_t v)
{
	put_be16(p, v >> 16);
	put_be16(p + 2, v & 0xffff);
}

static void put_le32(uint8_t *p, uint32_t v)
{
	for (size_t i = 0; i < 4; i++)
		p[i] = (uint8_t)(v >> (8 * i));
}

/* Lines of words, so that tools which look into the payload find nothing they would stop at. */
static void fill_text(uint8_t *text)
{
	char line[80];

	for (size_t at = 0; at < TEXT_LEN + WIRE_MSS;) {
		int n = snprintf(
		    line, sizeof line, "%06zu the quick brown fox jumps over the lazy dog\n", at);
		size_t len = (size_t)n;

		if (len > TEXT_LEN + WIRE_MSS - at)
			len = TEXT_LEN + WIRE_MSS - at;
		memcpy(text + at, line, len);
		at += len;
	}
}

int wire_open(struct wire *w, const char *path)
{
	uint8_t head[24] = { 0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0 };

	*w = (struct wire){ .out = fopen(path, "wb"), .text = malloc(TEXT_LEN + WIRE_MSS) };
	if (w->out == NULL || w->text == NULL) {
		if (w->out != NULL)
			fclose(w->out);
		free(w->text);
		return -1;
	}
	setvbuf(w->out, NULL, _IOFBF, FILE_BUFFER);
	fill_text(w->text);
	put_le32(head + 16, 262144);
	put_le32(head + 20, 1);
	fwrite(head, 1, sizeof head, w->out);
	w->bytes = sizeof head;
	return 0;
}

int wire_close(struct wire *w)
{
	int failed = ferror(w->out);

	free(w->text);
	if (fclose(w->out) != 0 || failed)
		return -1;
	return 0;
}

static uint32_t sum16(const uint8_t *p, size_t len, uint32_t sum)
{
	for (size_t i = 0; i + 1 < len; i += 2)
		sum += (uint32_t)p[i] << 8 | p[i + 1];
	if (len % 2 != 0)
		sum += (uint32_t)p[len - 1] << 8;
	return sum;
}

static uint32_t fold(uint32_t sum)
{
	sum = (sum >> 16) + (sum & 0xffff);
	sum = (sum >> 16) + (sum & 0xffff);
	return ~sum & 0xffff;
}

static void put_ip(uint8_t *ip, const struct wire_packet *p, size_t tcp_len)
{
	memset(ip, 0, IP_LEN);
	ip[0] = 0x45;
	put_be16(ip + 2, (uint32_t)(IP_LEN + tcp_len));
	put_be16(ip + 4, p->ip_id);
	ip[6] = 0x40; /* do not fragment */
	ip[8] = 60;
	ip[9] = 6;
	put_be32(ip + 12, p->from.addr);
	put_be32(ip + 16, p->to.addr);
	put_be16(ip + 10, fold(sum16(ip, IP_LEN, 0)));
}

static void put_tcp(uint8_t *tcp, const struct wire_packet *p, const uint8_t *text, size_t len)
{
	size_t header = TCP_LEN + p->options_len;
	uint32_t pseudo = 6 + (uint32_t)len;

	put_be16(tcp, p->from.port);
	put_be16(tcp + 2, p->to.port);
	put_be32(tcp + 4, p->seq);
	put_be32(tcp + 8, p->ack);
	tcp[12] = (uint8_t)(header << 2);
	tcp[13] = p->flags;
	put_be16(tcp + 14, p->window);
	put_be32(tcp + 16, 0);
	memcpy(tcp + TCP_LEN, p->options, p->options_len);
	memcpy(tcp + header, text + (p->seq & (TEXT_LEN - 1)), p->payload_len);
	pseudo += (p->from.addr >> 16) + (p->from.addr & 0xffff);
	pseudo += (p->to.addr >> 16) + (p->to.addr & 0xffff);
	put_be16(tcp + 16, fold(sum16(tcp, len, pseudo)));
}

void wire_write(struct wire *w, int64_t time_us, const struct wire_packet *p)
{
	static const uint8_t ether[ETHER_LEN] = { 2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 8, 0 };
	uint8_t record[RECORD_LEN + FRAME_MAX];
	uint8_t *frame = record + RECORD_LEN;
	size_t tcp_len = TCP_LEN + p->options_len + p->payload_len;
	size_t len = ETHER_LEN + IP_LEN + tcp_len;

	put_le32(record, (uint32_t)(time_us / 1000000));
	put_le32(record + 4, (uint32_t)(time_us % 1000000));
	put_le32(record + 8, (uint32_t)len);
	put_le32(record + 12, (uint32_t)len);
	memcpy(frame, ether, ETHER_LEN);
	put_ip(frame + ETHER_LEN, p, tcp_len);
	put_tcp(frame + ETHER_LEN + IP_LEN, p, w->text, tcp_len);
	fwrite(record, 1, RECORD_LEN + len, w->out);
	w->packets++;
	w->bytes += RECORD_LEN + len;
}

void wire_option(struct wire_packet *p, const void *bytes, size_t len)
{
	memcpy(p->options + p->options_len, bytes, len);
	p->options_len += len;
}

void wire_option_u32(struct wire_packet *p, uint32_t value)
{
	put_be32(p->options + p->options_len, value);
	p->options_len += 4;
}
