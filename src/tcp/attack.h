/* SPDX-License-Identifier: MIT */
/*
 * attack - what find_attack.c remembers of a connection and of its ends.
 */
#ifndef TCP_ATTACK_H
#define TCP_ATTACK_H

#include <stdint.h>

/* Of what one end sent. */
struct attack_end {
	uint8_t synack_ttl; /* of its SYN-ACK, 0 = none */
	uint8_t first_ttl;  /* of the first segment behind that, 0 = none */
	uint8_t tiny;       /* tiny segments in a row, with more of them under way */
	uint8_t sacks;      /* SACKs although it takes next to nothing per segment */
};

#endif
