/* SPDX-License-Identifier: MIT */
/*
 * words - the words of JSON and screens for the enumerations of record.h.
 *
 * Spec: state names RFC 9293 3.3.2; ICMP codes by IANA (RFC 792, 1812, 4443).
 */
#include "config.h"

#include "tcpshadow/record.h"
#include "tcpshadow/replay.h"

static const char *const state_names[] = {
#define STATE(id, name, brief) name,
#include "tcpshadow/state.def"
#undef STATE
};

static const char *const state_briefs[] = {
#define STATE(id, name, brief) brief,
#include "tcpshadow/state.def"
#undef STATE
};

static const char *const note_words[] = {
#define SEGMENT_NOTE(id, word, brief) word,
#include "tcpshadow/segment_note.def"
#undef SEGMENT_NOTE
};

static const char *const note_briefs[] = {
#define SEGMENT_NOTE(id, word, brief) brief,
#include "tcpshadow/segment_note.def"
#undef SEGMENT_NOTE
};

static const char *const handshake_words[] = {
	"complete",
	"simultaneous",
	"refused",
	"unanswered",
	"icmp_error",
	"unfinished",
	"midstream",
};

static const char *const close_words[] = {
	"none",
	"four_way",
	"three_segment",
	"simultaneous",
	"half_closed",
	"reset",
};

static const char *const zeek_states[ZEEK_STATE_COUNT] = { "S0", "S1", "SF", "REJ", "S2", "S3",
	"RSTO", "RSTR", "RSTOS0", "RSTRH", "SH", "SHR", "OTH" };

static const char *const side_words[] = { "client", "server" };

static const char *const opener_words[] = { "client", "both", "unknown" };

static const char *const retransmission_words[] = {
#define RETRANSMISSION_KIND(id, word, brief, class) word,
#include "tcpshadow/retransmission_kind.def"
#undef RETRANSMISSION_KIND
};

static const char *const retransmission_briefs[] = {
#define RETRANSMISSION_KIND(id, word, brief, class) brief,
#include "tcpshadow/retransmission_kind.def"
#undef RETRANSMISSION_KIND
};

static const uint8_t retransmission_classes[] = {
#define RETRANSMISSION_KIND(id, word, brief, class) RETRANSMISSION_##class,
#include "tcpshadow/retransmission_kind.def"
#undef RETRANSMISSION_KIND
};

static const char *const time_spent_words[] = {
#define TIME_SPENT(id, word, help) word,
#include "tcpshadow/time_spent.def"
#undef TIME_SPENT
};

static const char *const wait_labels[] = {
#define WAIT(id, label, spent) label,
#include "tcpshadow/wait.def"
#undef WAIT
};

const char *retransmission_word(enum retransmission_kind k)
{
	BUG_ON(k >= RETRANSMISSION_COUNT);
	return retransmission_words[k];
}

const char *retransmission_brief(enum retransmission_kind k)
{
	BUG_ON(k >= RETRANSMISSION_COUNT);
	return retransmission_briefs[k];
}

enum retransmission_kind retransmission_class(enum retransmission_kind k)
{
	BUG_ON(k >= RETRANSMISSION_COUNT);
	return (enum retransmission_kind)retransmission_classes[k];
}

const char *time_spent_word(enum time_spent t)
{
	BUG_ON(t >= SPENT_COUNT);
	return time_spent_words[t];
}

const char *wait_label(enum wait w)
{
	BUG_ON(w >= WAIT_COUNT);
	return wait_labels[w];
}

static const char *const vantage_words[VANTAGE_COUNT] = { "unknown", "client", "server", "middle" };

static const char *const mark_words[MARK_COUNT] = {
	"checksum_offload",
	"handshake_times",
	"ttl",
	"other_connections",
};

const char *vantage_word(enum vantage v)
{
	BUG_ON(v >= VANTAGE_COUNT);
	return vantage_words[v];
}

const char *vantage_mark_word(unsigned bit)
{
	BUG_ON(bit >= MARK_COUNT);
	return mark_words[bit];
}

const char *tcp_state_name(enum tcp_state s)
{
	BUG_ON(s >= TCPS_COUNT);
	return state_names[s];
}

const char *side_word(unsigned side)
{
	BUG_ON(side >= ARRAY_LEN(side_words));
	return side_words[side];
}

const char *zeek_state_word(enum zeek_conn_state s)
{
	BUG_ON(s >= ZEEK_STATE_COUNT);
	return zeek_states[s];
}

const char *tcp_state_brief(enum tcp_state s)
{
	BUG_ON(s >= TCPS_COUNT);
	return state_briefs[s];
}

const char *segment_note_word(enum segment_note n)
{
	BUG_ON(n >= SEGMENT_NOTE_COUNT);
	return note_words[n];
}

const char *segment_note_brief(enum segment_note n)
{
	BUG_ON(n >= SEGMENT_NOTE_COUNT);
	return note_briefs[n];
}

const char *handshake_word(enum handshake_outcome h)
{
	BUG_ON(h >= ARRAY_LEN(handshake_words));
	return handshake_words[h];
}

const char *close_word(enum close_outcome c)
{
	BUG_ON(c >= ARRAY_LEN(close_words));
	return close_words[c];
}

const char *opener_word(enum opener o)
{
	BUG_ON(o >= ARRAY_LEN(opener_words));
	return opener_words[o];
}

struct icmp_word {
	uint8_t type;
	int16_t code; /* -1 = any */
	const char *word;
};

static const struct icmp_word icmp4_words[] = {
	{ 3, 0, "net_unreachable" },
	{ 3, 1, "host_unreachable" },
	{ 3, 2, "protocol_unreachable" },
	{ 3, 3, "port_unreachable" },
	{ 3, 4, "fragmentation_needed" },
	{ 3, 5, "source_route_failed" },
	{ 3, 6, "net_unknown" },
	{ 3, 7, "host_unknown" },
	{ 3, 9, "net_prohibited" },
	{ 3, 10, "host_prohibited" },
	{ 3, 11, "net_unreachable_for_tos" },
	{ 3, 12, "host_unreachable_for_tos" },
	{ 3, 13, "admin_prohibited" },
	{ 3, -1, "unreachable" },
	{ 4, -1, "source_quench" },
	{ 5, -1, "redirect" },
	{ 11, 0, "ttl_exceeded" },
	{ 11, -1, "reassembly_time_exceeded" },
	{ 12, -1, "parameter_problem" },
};

static const struct icmp_word icmp6_words[] = {
	{ 1, 0, "no_route" },
	{ 1, 1, "admin_prohibited" },
	{ 1, 2, "beyond_scope" },
	{ 1, 3, "address_unreachable" },
	{ 1, 4, "port_unreachable" },
	{ 1, 5, "source_policy_failed" },
	{ 1, 6, "route_rejected" },
	{ 1, -1, "unreachable" },
	{ 2, -1, "packet_too_big" },
	{ 3, 0, "hop_limit_exceeded" },
	{ 3, -1, "reassembly_time_exceeded" },
	{ 4, -1, "parameter_problem" },
};

const char *icmp_kind_word(unsigned ip_version, unsigned type, unsigned code)
{
	const struct icmp_word *w = ip_version == 6 ? icmp6_words : icmp4_words;
	size_t n = ip_version == 6 ? ARRAY_LEN(icmp6_words) : ARRAY_LEN(icmp4_words);

	for (size_t i = 0; i < n; i++)
		if (w[i].type == type && (w[i].code < 0 || (unsigned)w[i].code == code))
			return w[i].word;
	return "other";
}

static const char *const policy_words[OVERLAP_COUNT] = { "linux", "bsd", "windows", "solaris",
	"first", "last" };
static const char *const gap_words[] = { "not_captured", "not_acknowledged", "cut" };

const char *overlap_policy_word(enum overlap_policy p)
{
	BUG_ON(p >= OVERLAP_COUNT);
	return policy_words[p];
}

enum overlap_policy overlap_policy_of(const char *word)
{
	unsigned i = 0;

	while (i < OVERLAP_COUNT && strcmp(word, policy_words[i]) != 0)
		i++;
	return (enum overlap_policy)i;
}

const char *stream_doubt_text(unsigned bit)
{
	static const char *const texts[DOUBT_COUNT] = {
		"two versions of the same bytes came before either was acknowledged",
		"a segment was sent that some hosts take and others drop",
		"bytes were acknowledged that the capture lacks",
		"no answer of the receiver was captured",
		"bytes were taken behind a RST that the receiver had to obey",
		"bytes were taken behind a FIN that the receiver had to obey",
		"a segment ran past the receiver's window",
	};

	BUG_ON(bit >= DOUBT_COUNT);
	return texts[bit];
}

const char *stream_gap_word(enum stream_gap g)
{
	BUG_ON(g >= ARRAY_LEN(gap_words));
	return gap_words[g];
}
