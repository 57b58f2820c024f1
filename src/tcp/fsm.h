/* SPDX-License-Identifier: MIT */
/*
 * fsm - look-up in the state table of fsm.def.
 *
 * Spec: RFC 9293 3.3.2 and 3.10; the rows name their sections.
 */
#ifndef TCP_FSM_H
#define TCP_FSM_H

#include "tcpshadow/record.h"

enum fsm_stimulus {
	SND_SYN,
	SND_SYNACK,
	SND_FIN,
	SND_RST,
	RCV_SYN,
	RCV_SYNACK,
	RCV_ACKSYN,
	RCV_ACKFIN,
	RCV_FIN,
	RCV_RST,
	RCV_RST_PASSIVE, /* in SYN-RECEIVED of a passive open */
	RCV_ICMP,
	RCV_ANSWER,   /* a SYN-ACK for a SYN the capture lacks */
	IMPLIED_OPEN, /* sent what only an open connection sends */
	TIMEOUT,
	REUSED,
	FSM_STIMULUS_COUNT
};

/* The rule for a state and a stimulus, or FSM_RULE_NONE where the table has no cell. */
uint16_t fsm_rule_find(enum tcp_state from, enum fsm_stimulus stimulus);

#endif
