/* SPDX-License-Identifier: MIT */
/*
 * proto - numbers and sizes of headers that both the steps of walk.h and plain.h know.
 *
 * Spec: IEEE 802.3, 802.1Q; RFC 791 3.1; RFC 8200 3; RFC 9293 3.1.
 */
#ifndef DECODE_PROTO_H
#define DECODE_PROTO_H

enum {
	LINKTYPE_ETHERNET = 1,
	ETHERTYPE_IP4 = 0x0800,
	ETHERTYPE_IP6 = 0x86dd,
	ETHERTYPE_VLAN = 0x8100,
	VLAN_ID = 0xfff,
	IP4_HEADER = 20, /* bytes, without options */
	IP4_DONT_FRAGMENT = 0x4000,
	IP6_HEADER = 40,
	IP_PROTOCOL_TCP = 6,
	TCP_HEADER = 20, /* bytes, without options */
};

#endif
