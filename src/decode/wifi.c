/* SPDX-License-Identifier: MIT */
/*
 * wifi - 802.11 data frames, and the radiotap and PPI headers in front of them.
 *
 * Spec: IEEE 802.11 9.2; radiotap.org; PPI 1.0.7.
 * Does not: decrypt; split aggregated frames (A-MSDU), which hold several packets.
 */
#include "config.h"

#include "decode/walk.h"

enum {
	WIFI_TYPE_MASK = 0x0c,
	WIFI_TYPE_DATA = 0x08,
	WIFI_SUBTYPE_NULL = 0x40, /* carries no data */
	WIFI_SUBTYPE_QOS = 0x80,
	WIFI_TO_DS = 0x01,
	WIFI_FROM_DS = 0x02,
	WIFI_MORE_FRAGMENTS = 0x04,
	WIFI_PROTECTED = 0x40,
	WIFI_ORDER = 0x80, /* with QoS: four bytes of HT control */
	WIFI_QOS_AMSDU = 0x80,
	RADIOTAP_TSFT = 1u << 0,
	RADIOTAP_FLAGS = 1u << 1,
	RADIOTAP_PADDED = 0x20, /* header padded to four bytes */
	PPI_HEADER = 8,
};

/* The flags field of radiotap, 0 when it has none. */
static uint8_t radiotap_flags(struct rd r)
{
	const uint8_t *start = r.p;
	uint32_t present, word;

	rd_skip(&r, 4);
	present = rd_le32(&r);
	for (word = present; (word & UINT32_C(0x80000000)) && !r.is_short;)
		word = rd_le32(&r);
	if (!(present & RADIOTAP_FLAGS))
		return 0;
	/* TSFT is aligned to eight bytes from the start of the header. */
	if (present & RADIOTAP_TSFT)
		rd_skip(&r, (size_t)(r.p - start) % 8 + 8);
	return rd_u8(&r);
}

/* Length of the 802.11 header of a data frame. */
static size_t frame_header(uint8_t control, uint8_t flags)
{
	size_t len = 24;

	if ((flags & WIFI_TO_DS) && (flags & WIFI_FROM_DS))
		len += 6;
	if (control & WIFI_SUBTYPE_QOS)
		len += (flags & WIFI_ORDER) ? 6 : 2;
	return len;
}

static enum step frame(struct walk *w, bool is_padded)
{
	struct rd r = w->r;
	uint8_t control = rd_u8(&r);
	uint8_t flags = rd_u8(&r);
	size_t len = frame_header(control, flags);

	if ((control & WIFI_TYPE_MASK) != WIFI_TYPE_DATA || (control & WIFI_SUBTYPE_NULL))
		return walk_skip(w, r.is_short ? DECODE_LINK_SHORT : DECODE_NOT_IP);
	if (flags & WIFI_PROTECTED)
		return walk_skip(w, DECODE_ENCRYPTED);
	rd_skip(&r, 20);
	/* A fragment of a frame: sequence control holds its number. */
	if ((flags & WIFI_MORE_FRAGMENTS) || (rd_le16(&r) & 15))
		return walk_skip(w, DECODE_NOT_IP);
	if ((flags & WIFI_TO_DS) && (flags & WIFI_FROM_DS))
		rd_skip(&r, 6);
	if ((control & WIFI_SUBTYPE_QOS) && (rd_u8(&r) & WIFI_QOS_AMSDU))
		return walk_skip(w, DECODE_NOT_IP);
	if (is_padded)
		len = (len + 3) & ~(size_t)3;
	return walk_past(w, len, STEP_LLC);
}

enum step wifi_frame(struct walk *w)
{
	return frame(w, false);
}

enum step wifi_radiotap(struct walk *w)
{
	struct rd r = w->r;
	size_t len;

	rd_skip(&r, 2);
	len = rd_le16(&r);
	if (r.is_short || len < 8 || rd_left(&w->r) < len)
		return walk_skip(w, DECODE_LINK_SHORT);
	r = rd_sub(&w->r, len);
	return frame(w, (radiotap_flags(r) & RADIOTAP_PADDED) != 0);
}

/* Version, flags, length, then the LINKTYPE_ value of what follows. */
enum step wifi_ppi(struct walk *w)
{
	struct rd r = w->r;
	size_t len;
	uint32_t linktype;

	rd_skip(&r, 2);
	len = rd_le16(&r);
	linktype = rd_le32(&r);
	if (r.is_short || len < PPI_HEADER)
		return walk_skip(w, DECODE_LINK_SHORT);
	if (linktype > UINT16_MAX)
		return walk_skip(w, DECODE_LINK_UNKNOWN);
	w->type = (uint16_t)linktype;
	return walk_past(w, len, STEP_LINK);
}
