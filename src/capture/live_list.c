/* SPDX-License-Identifier: MIT */
/*
 * live_list - the interfaces of this machine.
 */
#include "config.h"

#include <netdb.h>
#include <netinet/in.h>
#include <pcap/pcap.h>
#include <stdlib.h>
#include <string.h>

#include "tcpshadow/capture.h"
#include "tcpshadow/mem.h"

static char *copy_text(const char *text)
{
	return text ? mem_strdup(text) : NULL;
}

static void add_address(struct cap_interface *i, const struct sockaddr *a)
{
	socklen_t len =
	    a->sa_family == AF_INET6 ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in);
	char text[NI_MAXHOST];

	if (a->sa_family != AF_INET && a->sa_family != AF_INET6)
		return;
	if (getnameinfo(a, len, text, sizeof(text), NULL, 0, NI_NUMERICHOST) != 0)
		return;
	i->addresses = mem_resize(i->addresses, i->naddresses + 1, sizeof(*i->addresses));
	i->addresses[i->naddresses++] = copy_text(text);
}

static void describe(struct cap_interface *i, const pcap_if_t *from)
{
	*i = (struct cap_interface){
		.name = copy_text(from->name),
		.description = copy_text(from->description),
		.is_up = from->flags & PCAP_IF_UP,
		.is_running = from->flags & PCAP_IF_RUNNING,
		.is_loopback = from->flags & PCAP_IF_LOOPBACK,
		.is_wireless = from->flags & PCAP_IF_WIRELESS,
		.is_disconnected = (from->flags & PCAP_IF_CONNECTION_STATUS) ==
		                   PCAP_IF_CONNECTION_STATUS_DISCONNECTED,
	};
	for (const pcap_addr_t *a = from->addresses; a; a = a->next)
		if (a->addr)
			add_address(i, a->addr);
}

int cap_interfaces(struct cap_interface **list, size_t *n, struct err *e)
{
	char text[PCAP_ERRBUF_SIZE];
	pcap_if_t *all = NULL;

	*list = NULL;
	*n = 0;
	if (pcap_findalldevs(&all, text) < 0)
		return err_set(e, "cannot list the interfaces: %s", text);
	for (const pcap_if_t *i = all; i; i = i->next) {
		*list = mem_resize(*list, *n + 1, sizeof(**list));
		describe(&(*list)[(*n)++], i);
	}
	if (all)
		pcap_freealldevs(all);
	return 0;
}

void cap_interfaces_free(struct cap_interface *list, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		for (size_t k = 0; k < list[i].naddresses; k++)
			free(list[i].addresses[k]);
		free(list[i].addresses);
		free(list[i].name);
		free(list[i].description);
	}
	free(list);
}
