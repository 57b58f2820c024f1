/* SPDX-License-Identifier: MIT */
/*
 * quality - see quality.h for the contract.
 */
#include "config.h"

#include "report/json.h"
#include "report/quality.h"
#include "tcpshadow/text.h"

static const char *const side_texts[VANTAGE_COUNT] = {
	[VANTAGE_CLIENT] = "on the client's side",
	[VANTAGE_SERVER] = "on the server's side",
	[VANTAGE_MIDDLE] = "between the ends",
	[VANTAGE_UNKNOWN] = "not known",
};

static const enum vantage order[VANTAGE_COUNT] = { VANTAGE_CLIENT, VANTAGE_SERVER, VANTAGE_MIDDLE,
	VANTAGE_UNKNOWN };

void quality_vantage_line(struct buf *out, const struct capture_quality *q, size_t width)
{
	const char *sep = "";
	size_t start = out->len;

	if (q->connections == q->vantages[VANTAGE_UNKNOWN])
		return;
	buf_addstr(out, "taken");
	buf_pad(out, ' ', width - (out->len - start));
	if (q->has_tap_host) {
		buf_addstr(out, "at ");
		addr_text(out, &q->tap_host.ip, q->tap_host.version);
		sep = "; connections: ";
	}
	for (size_t i = 0; i < VANTAGE_COUNT; i++) {
		if (!q->vantages[order[i]])
			continue;
		buf_addstr(out, sep);
		text_count(out, q->vantages[order[i]]);
		buf_addf(out, " %s", side_texts[order[i]]);
		sep = ", ";
	}
	buf_addch(out, '\n');
}

static void vantage_json(struct buf *out, const struct capture_quality *q)
{
	json_object(out, "vantage");
	if (q->has_tap_host) {
		json_string(out, "host");
		addr_text(out, &q->tap_host.ip, q->tap_host.version);
		json_end_string(out);
	}
	for (size_t i = 0; i < VANTAGE_COUNT; i++)
		json_u64(out, vantage_word(order[i]), q->vantages[order[i]]);
	json_end_object(out);
}

void quality_json(struct buf *out, const struct capture_quality *q)
{
	json_object(out, "quality");
	vantage_json(out, q);
	if (q->clock_unit)
		json_ns(out, "clock_resolution", (int64_t)q->clock_unit);
	json_ns(out, "largest_step_back", q->largest_step_back);
	json_object(out, "connections_with");
	for (unsigned i = 0; i < TRAP_COUNT; i++)
		if (q->troubled[i])
			json_u64(out, trap_word(i), q->troubled[i]);
	json_end_object(out);
	json_end_object(out);
}
