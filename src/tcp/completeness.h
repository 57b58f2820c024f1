/* SPDX-License-Identifier: MIT */
/*
 * completeness - which parts of a connection were captured, as Wireshark's tcp.completeness counts them.
 *
 * Spec: doc/INTEROP.md; bits in record.h.
 */
#ifndef TCP_COMPLETENESS_H
#define TCP_COMPLETENESS_H

#include "tcp/conn.h"

/* For each captured segment, before it is counted. */
void completeness_segment(struct step *st);
/* The same of one without SYN, FIN and RST. */
static inline void completeness_plain(struct step *st)
{
	st->conn->completeness |= (uint8_t)(st->seg->len ? COMPLETE_DATA : COMPLETE_ACK);
}
uint8_t completeness_of(const struct conn *c);

#endif
