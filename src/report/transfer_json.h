/* SPDX-License-Identifier: MIT */
/*
 * transfer_json - how the data of both sides got across, as members of the connection object.
 */
#ifndef REPORT_TRANSFER_JSON_H
#define REPORT_TRANSFER_JSON_H

#include "report/json.h"
#include "tcpshadow/buf.h"
#include "tcpshadow/capture.h"
#include "tcpshadow/record.h"

/* The object of an end. */
static inline char *put_side(char *p, unsigned side)
{
	return side == SIDE_CLIENT ? put_object(p, KEY("client")) : put_object(p, KEY("server"));
}

static inline char *put_side_word(char *p, const char *key, unsigned side)
{
	return side == SIDE_CLIENT ? put_word(p, key, "client") : put_word(p, key, "server");
}

void transfer_json(struct buf *out, const struct conn_record *r, const struct cap_facts *facts);

#endif
