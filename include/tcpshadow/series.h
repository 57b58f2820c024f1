/* SPDX-License-Identifier: MIT */
/*
 * series - what a graph of a session shows, before it is drawn.
 *
 * Input:  the packets of a connection, one after the other; which graph, whose data, which time, how many columns.
 * Output: tracks: for each column the smallest and the largest value, so that no single packet is averaged away;
 *         marks; round numbers for the axes.
 * Memory: some bytes a column, however many packets there are.
 * Does not: draw, know colours or characters.
 */
#ifndef TCPSHADOW_SERIES_H
#define TCPSHADOW_SERIES_H

#include "tcpshadow/store.h"

enum series_graph {
	SERIES_SEQUENCE, /* data sent, acknowledged, and as far as the window lets it */
	SERIES_WINDOW,   /* bytes on the way, and the window they go into */
	SERIES_RTT,      /* samples, smoothed, that of the handshake */
	SERIES_RATE,     /* throughput and goodput */
	SERIES_GRAPH_COUNT
};

enum series_unit { SERIES_BYTES, SERIES_NS, SERIES_BYTES_PER_SECOND };

/* What is between the points of a track. */
enum series_style {
	SERIES_POINTS, /* nothing */
	SERIES_STEPS,  /* the value stays until there is another */
	SERIES_LINE,   /* straight lines */
};

enum series_track_id {
	SERIES_DATA,
	SERIES_ACKED,
	SERIES_CEILING,
	SERIES_FLIGHT,
	SERIES_OFFERED,
	SERIES_SAMPLES,
	SERIES_SMOOTHED,
	SERIES_HANDSHAKE,
	SERIES_THROUGHPUT,
	SERIES_GOODPUT,
	SERIES_TRACK_COUNT
};

struct series_column {
	uint64_t low, high;
	uint64_t first, last; /* values at its left and right edge */
	bool has;             /* otherwise nothing is known here */
};

struct series_track {
	uint8_t id;    /* enum series_track_id */
	uint8_t style; /* enum series_style */
	struct series_column *columns;
	bool is_above;   /* all of it is above the scale */
	uint64_t most;   /* largest value of all */
	uint64_t before; /* the last value before the first column */
	bool has_before;
};

/* Events, by column: the letter that stands on the axis. */
enum series_mark {
	SERIES_MARK_FIN = 1u << 0,         /* F */
	SERIES_MARK_SACK = 1u << 1,        /* S: the receiver has more behind a hole */
	SERIES_MARK_RETRANSMIT = 1u << 2,  /* R */
	SERIES_MARK_ZERO_WINDOW = 1u << 3, /* Z */
	SERIES_MARK_RST = 1u << 4,         /* X */
	SERIES_MARK_COUNT = 5
};

enum {
	SERIES_TRACKS_MAX = 3,
	SERIES_WAITS_MAX = 4,
};

struct series_row {
	int64_t time;      /* ns since the connection's start */
	uint64_t seq, ack; /* relative, unwrapped; ack with the ACK flag */
	uint64_t window;   /* bytes */
	uint32_t len;      /* payload */
	uint32_t notes;    /* 1u << SEGMENT_NOTE_x */
	uint16_t flags;    /* bits of enum tcp_flag */
	uint8_t side;      /* enum side */
	bool is_icmp;
	bool has_sack; /* it carries SACK blocks */
};

/* Where the packets come from: `next` is called nrows times for each series. */
struct series_input {
	size_t nrows;
	int64_t from, to; /* times of the first and the last */
	int64_t
	    handshake[2]; /* [enum side]: round trip of its SYN or SYN-ACK, ns; -1 = not known */
	void (*next)(void *ctx, struct series_row *out);
	void *ctx;
};

/* The packets of a connection of a store; borrowed by what series_of_store() gives. */
struct series_store {
	struct store_session row;
	uint32_t k; /* next packet */
	struct series_edge {
		uint32_t base; /* as on the wire */
		uint64_t edge; /* largest number so far, from base */
		bool is_known;
	} edges[2]; /* [enum side] */
};

struct series_input series_of_store(struct series_store *x, const struct store_session *s);

/* Nothing was sent for so long. */
struct series_wait {
	int64_t from, ns;
	size_t row; /* the packet that ended it */
};

struct series_options {
	enum series_graph graph;
	uint8_t side;     /* enum side: whose data */
	int64_t from, to; /* ns since the connection's start; to <= from: all of it */
	unsigned columns;
};

struct series {
	struct series_options o; /* from and to as they are shown */
	struct series_track tracks[SERIES_TRACKS_MAX];
	unsigned ntracks;
	uint8_t *marks;                             /* [column]: bits of enum series_mark */
	struct series_wait waits[SERIES_WAITS_MAX]; /* the longest in the shown time, by time */
	size_t nwaits;
	uint8_t unit;       /* enum series_unit */
	uint64_t low, high; /* of the scale */
	bool is_empty;      /* nothing to show: this side sent nothing, or nothing was measured */
};

void series_init(struct series *g, const struct series_input *in, const struct series_options *o);
void series_release(struct series *g);

const char *series_graph_word(enum series_graph g);    /* "time-sequence" */
const char *series_graph_brief(enum series_graph g);   /* "seq" */
const char *series_track_word(enum series_track_id t); /* "window" */
char series_mark_letter(enum series_mark m);
const char *series_mark_word(enum series_mark m);

/* The column of a time; -1 = outside. */
int series_column_of(const struct series *g, int64_t time);

/*
 * At most `most` round values between low and high, both included where they are round; the step is 1, 2 or
 * 5 times a power of ten.  Returns how many.
 */
size_t series_ticks(uint64_t low, uint64_t high, size_t most, uint64_t *out);
/* "48.2M", "11.8 ms", "1.3MB/s" */
void series_value_text(struct buf *out, enum series_unit unit, uint64_t value);

#endif
