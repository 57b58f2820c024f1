/* SPDX-License-Identifier: MIT */
/*
 * text - from bytes and numbers to text that is safe to show, and back from text to numbers.
 *
 * Spec: JSON strings RFC 8259 section 7; IPv6 text RFC 5952 (inet_ntop's form).
 */
#ifndef TCPSHADOW_TEXT_H
#define TCPSHADOW_TEXT_H

#include "tcpshadow/buf.h"
#include "tcpshadow/err.h"

/*
 * Untrusted bytes for a terminal: printable ASCII and valid printable UTF-8 as they are, everything else
 * (controls, invalid UTF-8, bidirectional and zero-width marks) as \xNN or <U+NNNN>.
 */
void text_escape(struct buf *out, const void *bytes, size_t n);
/* One character at p[0..n), n > 0.  Returns its bytes and sets *c, or 0 when it is not UTF-8. */
size_t text_utf8_decode(const uint8_t *p, size_t n, uint32_t *c);
/* A code point as UTF-8; returns its bytes. */
size_t text_utf8_encode(char out[4], uint32_t c);
/* Does it show something, and leave its neighbours alone?  False: controls, bidirectional marks, zero width. */
bool text_is_printable(uint32_t c);
/* Untrusted bytes as a JSON string with its quotes; invalid UTF-8 becomes U+FFFD. */
void text_json_string(struct buf *out, const void *bytes, size_t n);

/* Nanoseconds as seconds with nine decimals: -1.000000001, 1795198003.409614123. */
void text_ns(struct buf *out, int64_t ns);
/* A duration for people, four significant characters or so: 22 us, 11.8 ms, 4.10 s, 12m41s, 3h05m. */
void text_duration(struct buf *out, int64_t ns);
/* A count of bytes for people: 812, 3.4k, 48.2M (powers of 1000). */
void text_bytes(struct buf *out, uint64_t n);
/* A count with thousands separators: 1,204. */
void text_count(struct buf *out, uint64_t n);
/* Likewise of a number that may be below 0, modulo 2^64. */
void text_signed_count(struct buf *out, uint64_t n);
/* How many digits it has in decimal. */
unsigned text_digits(uint64_t n);
/* Date and time of day: 2026-08-21 10:04:39.602114 (local time, or UTC with a Z). */
void text_date(struct buf *out, int64_t ns, bool utc);

/* A size such as 64k, 10M, 1GiB, 2000 (k = 1000, Ki = 1024, case ignored, trailing B allowed), in bytes. */
TS_NODISCARD int text_parse_size(const char *s, uint64_t *out, struct err *e);

#endif
