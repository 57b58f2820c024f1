/* SPDX-License-Identifier: MIT */
/*
 * gather - the packets of chosen connections, for new captures.
 *
 * A connection's record comes after its packets, so there are up to three readings: `pick` learns which
 * connections match, `gather` which packets are theirs, and gather_save() or gather_split() copy them in
 * order of capture.
 * Memory: a bit per connection; 16 bytes per packet of those that match, and for gather_split() 100 bytes
 * per such connection.
 */
#ifndef TCPSHADOW_GATHER_H
#define TCPSHADOW_GATHER_H

#include "tcpshadow/pcapout.h"
#include "tcpshadow/report.h"

struct pick;

/* where is borrowed; NULL = all. */
struct pick *pick_new(const struct where *where);
void pick_free(struct pick *p); /* NULL is fine */
struct sink *pick_sink(struct pick *p);
bool pick_has(const struct pick *p, uint64_t id); /* p NULL: true */

struct gather;

/* pick NULL = all connections.  names: connections are remembered too, for gather_split(). */
struct gather *gather_new(const struct pick *pick, bool names);
void gather_free(struct gather *g); /* NULL is fine */
struct sink *gather_sink(struct gather *g);

/* The packets that were gathered, or with g NULL all, as a capture. */
TS_NODISCARD int gather_save(const struct gather *g, struct cap *cap, const struct pcapout *format,
    struct report_out *out, struct err *e);

struct extract_options {
	const char *dir;
	bool force; /* replace files that exist */
	const struct pick *pick;
	const struct cap_facts *facts;
};

/* One capture for each connection that was gathered, and an index. */
TS_NODISCARD int gather_split(struct gather *g, struct cap *cap, const struct pcapout *format,
    const struct extract_options *o, struct err *e);

/* The sink that writes each stream to a file, and an index.  NULL and *e when the directory cannot be used. */
struct sink *extract_new(const struct extract_options *o, struct err *e);

#endif
