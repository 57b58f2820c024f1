/* SPDX-License-Identifier: MIT */
/*
 * fsm - the state table, expanded from fsm.def: rules, and an index by state and stimulus.
 */
#include "config.h"

#include "tcp/fsm.h"

/* One enumerator per arrow: a second row for the same state and stimulus does not compile. */
enum fsm_row {
#define FSM(from, stimulus, to, rfc, why) ROW_##from##_##stimulus,
#include "tcp/fsm.def"
#undef FSM
	ROW_COUNT
};

static const struct fsm_rule rules[ROW_COUNT] = {
#define FSM(from, stimulus, to, rfc, why) { TCPS_##from, stimulus, TCPS_##to, rfc, why },
#include "tcp/fsm.def"
#undef FSM
};

/* Row number + 1, so that the cells without a row are 0. */
static const uint8_t row_index[TCPS_COUNT][FSM_STIMULUS_COUNT] = {
#define FSM(from, stimulus, to, rfc, why) [TCPS_##from][stimulus] = ROW_##from##_##stimulus + 1,
#include "tcp/fsm.def"
#undef FSM
};

static const char *const stimulus_names[FSM_STIMULUS_COUNT] = {
	"SND_SYN",
	"SND_SYNACK",
	"SND_FIN",
	"SND_RST",
	"RCV_SYN",
	"RCV_SYNACK",
	"RCV_ACKSYN",
	"RCV_ACKFIN",
	"RCV_FIN",
	"RCV_RST",
	"RCV_RST_PASSIVE",
	"RCV_ICMP",
	"RCV_ANSWER",
	"IMPLIED_OPEN",
	"TIMEOUT",
	"REUSED",
};

uint16_t fsm_rule_find(enum tcp_state from, enum fsm_stimulus stimulus)
{
	uint8_t row = row_index[from][stimulus];

	return row ? (uint16_t)(row - 1) : FSM_RULE_NONE;
}

size_t fsm_rule_count(void)
{
	return ROW_COUNT;
}

const struct fsm_rule *fsm_rule_at(size_t i)
{
	BUG_ON(i >= ROW_COUNT);
	return &rules[i];
}

const char *fsm_stimulus_name(uint8_t stimulus)
{
	BUG_ON(stimulus >= FSM_STIMULUS_COUNT);
	return stimulus_names[stimulus];
}
