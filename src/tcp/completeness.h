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
uint8_t completeness_of(const struct conn *c);

#endif
