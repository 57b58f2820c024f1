/* SPDX-License-Identifier: MIT */
/*
 * transfer_json - how the data of both sides got across, as members of the connection object.
 */
#ifndef REPORT_TRANSFER_JSON_H
#define REPORT_TRANSFER_JSON_H

#include "tcpshadow/buf.h"
#include "tcpshadow/capture.h"
#include "tcpshadow/record.h"

void transfer_json(struct buf *out, const struct conn_record *r, const struct cap_facts *facts);

#endif
