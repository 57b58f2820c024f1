/* SPDX-License-Identifier: MIT */
/*
 * decode - from a captured frame to the TCP segment (or ICMP error) inside it.
 *
 * The loop over the steps, their table, and the counters.  Most packets need no steps: plain.h.
 * Limits: DECODE_STEPS_MAX headers in one packet.
 */
#include "config.h"

#include <stdlib.h>

#include "decode/plain.h"
#include "decode/walk.h"
#include "tcpshadow/mem.h"

enum {
	DECODE_STEPS_MAX = 128,
};

static const step_fn steps[STEP_COUNT] = {
	[STEP_LINK] = link_step,
	[STEP_ETHERNET] = shim_ethernet,
	[STEP_ETHERTYPE] = shim_ethertype,
	[STEP_VLAN] = shim_vlan,
	[STEP_LLC] = shim_llc,
	[STEP_PPPOE] = shim_pppoe,
	[STEP_PPP] = shim_ppp,
	[STEP_MPLS] = shim_mpls,
	[STEP_NULL] = link_null,
	[STEP_PPP_DIRECTION] = link_ppp_direction,
	[STEP_PPP_OR_HDLC] = link_ppp_or_hdlc,
	[STEP_COOKED2] = link_cooked2,
	[STEP_FRAME_RELAY] = link_frame_relay,
	[STEP_NLPID] = shim_nlpid,
	[STEP_ATM_CLIP] = link_atm_clip,
	[STEP_ARCNET] = link_arcnet,
	[STEP_PFLOG] = link_pflog,
	[STEP_RADIOTAP] = wifi_radiotap,
	[STEP_PPI] = wifi_ppi,
	[STEP_WIFI] = wifi_frame,
	[STEP_IP] = ip_by_version,
	[STEP_IP4] = ip4_header,
	[STEP_IP6] = ip6_header,
	[STEP_PROTOCOL] = ip_by_protocol,
	[STEP_IP6_HOP_BY_HOP] = ip6_hop_by_hop,
	[STEP_IP6_MISPLACED] = ip6_misplaced,
	[STEP_IP6_DESTINATION] = ip6_destination,
	[STEP_IP6_ROUTING] = ip6_routing,
	[STEP_IP6_FRAGMENT] = ip6_fragment,
	[STEP_IP6_SKIPPED] = ip6_skipped,
	[STEP_AH] = ip_authentication,
	[STEP_TCP] = tcphdr_segment,
	[STEP_ICMP] = icmp_error,
	[STEP_UDP] = tunnel_udp,
	[STEP_GRE] = tunnel_gre,
	[STEP_IP_IN_IP] = tunnel_ip_in_ip,
	[STEP_ETHER_IN_IP] = tunnel_ether_in_ip,
	[STEP_MPLS_IN_IP] = tunnel_mpls_in_ip,
	[STEP_VXLAN] = tunnel_vxlan,
	[STEP_VXLAN_GPE] = tunnel_vxlan_gpe,
	[STEP_GENEVE] = tunnel_geneve,
	[STEP_GTP] = tunnel_gtp,
	[STEP_TEREDO] = tunnel_teredo,
	[STEP_GRE_IN_UDP] = tunnel_gre_in_udp,
};

static const struct {
	const char *word, *text;
} reasons[DECODE_REASON_COUNT] = {
#define DECODE_REASON(id, word_, text_) [DECODE_##id] = { word_, text_ },
#include "tcpshadow/decode_reason.def"
#undef DECODE_REASON
};

const char *decode_reason_word(enum decode_reason r)
{
	return reasons[r].word;
}

const char *decode_reason_text(enum decode_reason r)
{
	return reasons[r].text;
}

struct decoder *decoder_new(const struct decode_options *o)
{
	struct decoder *d = mem_alloc(1, sizeof(*d));

	d->options = *o;
	d->fragments = frag_table_new(o->max_fragment_bytes);
	return d;
}

void decoder_free(struct decoder *d)
{
	if (!d)
		return;
	frag_table_free(d->fragments);
	free(d);
}

void decoder_batch_done(struct decoder *d)
{
	frag_batch_done(d->fragments);
}

struct datagram *decoder_batch_take(struct decoder *d)
{
	return frag_batch_take(d->fragments);
}

void decoder_batch_give(struct decoder *d, struct datagram *taken)
{
	frag_batch_give(d->fragments, taken);
}

const uint64_t *decoder_fragments(const struct decoder *d, size_t *n)
{
	*n = d->nparts;
	return d->parts;
}

const struct decode_counts *decoder_counts(const struct decoder *d)
{
	return &d->counts;
}

void walk_fill(const struct walk *w, struct segment *out)
{
	const struct packet *p = w->packet;

	out->packet = p->ordinal;
	out->ts = p->ts;
	out->offset = p->offset;
	out->wire_len = (uint32_t)(w->wire_len > UINT32_MAX ? UINT32_MAX : w->wire_len);
	out->interface = w->interface;
	out->file = p->file;
	out->ip_version = w->ip.version;
	out->src = w->ip.src;
	out->dst = w->ip.dst;
	out->tunnel = w->tunnel;
	out->vlan = w->vlan;
	out->notes = w->notes;
	out->ttl = w->ip.ttl;
	out->tos = w->ip.tos;
	out->ip_id = w->ip.id;
	out->dont_fragment = w->ip.dont_fragment;
	out->flow_label = w->ip.flow_label;
	out->ip_len = w->ip.len;
	out->icmp_type = 0;
	out->icmp_code = 0;
	out->icmp_mtu = 0;
	out->icmp_from = (struct addr){ .b = { 0 } };
}

static void begin(struct walk *w, struct decoder *d, const struct packet *p, struct segment *out)
{
	w->decoder = d;
	w->packet = p;
	w->out = out;
	w->r = rd_make(p->data, p->caplen);
	/* The file may claim less than it holds. */
	w->uncaptured = p->wire_len > p->caplen ? p->wire_len - p->caplen : 0;
	w->claimed = 0;
	w->wire_len = p->wire_len;
	w->depth = 0;
	w->tunnel = 0;
	w->interface = p->interface;
	w->type = p->linktype;
	w->vlan = 0;
	w->notes = 0;
	w->reason = DECODE_LINK_UNKNOWN;
	w->ip.version = 0;
}

static enum step run(struct walk *w)
{
	enum step step = STEP_LINK;

	for (unsigned n = 0; n < DECODE_STEPS_MAX; n++) {
		step = steps[step](w);
		if (step >= STEP_COUNT)
			return step;
	}
	return walk_skip(w, DECODE_TUNNEL_DEPTH);
}

/* (Apart, so that what it keeps at hand is not made ready for the packets that need no steps.) */
static __attribute__((noinline)) enum decode_result by_steps(
    struct decoder *d, const struct packet *p, struct segment *out)
{
	struct walk w;
	enum step end;

	begin(&w, d, p, out);
	end = run(&w);
	if (end == STEP_FOUND) {
		d->counts.segments += out->kind == SEG_TCP;
		d->counts.icmp_errors += out->kind == SEG_ICMP;
		return DECODED_SEGMENT;
	}
	if (end == STEP_HELD)
		w.reason = DECODE_FRAGMENT_HELD;
	d->counts.skipped[w.reason]++;
	return end == STEP_HELD ? DECODED_HELD : DECODED_NOTHING;
}

enum decode_result decode_packet(struct decoder *d, const struct packet *p, struct segment *out)
{
	d->counts.packets++;
	if (!plain_segment(p, d->options.verify_checksums, out))
		return by_steps(d, p, out);
	d->counts.segments++;
	return DECODED_SEGMENT;
}
