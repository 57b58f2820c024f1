/* SPDX-License-Identifier: MIT */
/*
 * filter - libpcap's compiler and interpreter.
 *
 * libpcap compiles for DLT_ numbers of the running system, files hold LINKTYPE_ numbers.  Rather than
 * repeat its table, libpcap is given an empty capture of the link type to open.
 */
#include "config.h"

#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>

#include "capture/filter.h"
#include "tcpshadow/mem.h"

#define SNAPLEN 262144 /* what a match returns; any value but 0 will do */

struct program {
	uint16_t linktype;
	bool is_valid; /* false = the expression cannot be compiled for this link type */
	struct bpf_program code;
};

struct filter {
	const char *expression;
	struct program *programs;
	size_t n, cap;
	struct err error; /* of the last link type it is wrong for */
};

struct filter *filter_new(const char *expression)
{
	struct filter *f;

	if (!expression)
		return NULL;
	f = mem_alloc(1, sizeof(*f));
	f->expression = expression;
	return f;
}

void filter_free(struct filter *f)
{
	if (!f)
		return;
	for (size_t i = 0; i < f->n; i++)
		if (f->programs[i].is_valid)
			pcap_freecode(&f->programs[i].code);
	free(f->programs);
	free(f);
}

/* A handle on a capture without packets: a file header in the byte order of this machine. */
static pcap_t *open_empty(uint16_t linktype, struct err *e)
{
	struct pcap_file_header header = {
		.magic = 0xa1b2c3d4,
		.version_major = PCAP_VERSION_MAJOR,
		.version_minor = PCAP_VERSION_MINOR,
		.snaplen = SNAPLEN,
		.linktype = linktype,
	};
	char text[PCAP_ERRBUF_SIZE] = "";
	FILE *file = fmemopen(&header, sizeof(header), "r");
	pcap_t *pcap;

	if (!file) {
		(void)err_set(e, "filter: no memory");
		return NULL;
	}
	pcap = pcap_fopen_offline(file, text);
	if (!pcap) {
		(void)fclose(file);
		(void)err_set(e, "filter: %s", text);
	}
	return pcap;
}

static int compile(struct program *p, const char *expression, struct err *e)
{
	pcap_t *pcap = open_empty(p->linktype, e);
	int status;

	if (!pcap)
		return -1;
	status = pcap_compile(pcap, &p->code, expression, 1, PCAP_NETMASK_UNKNOWN);
	if (status < 0)
		(void)err_set(e, "filter \"%s\": %s", expression, pcap_geterr(pcap));
	pcap_close(pcap);
	return status < 0 ? -1 : 0;
}

static struct program *find_program(struct filter *f, uint16_t linktype)
{
	struct program *p;

	for (size_t i = 0; i < f->n; i++)
		if (f->programs[i].linktype == linktype)
			return &f->programs[i];
	f->programs = mem_grow(f->programs, f->n, &f->cap, sizeof(*f->programs));
	p = &f->programs[f->n++];
	*p = (struct program){ .linktype = linktype };
	p->is_valid = compile(p, f->expression, &f->error) == 0;
	return p;
}

int filter_compile(struct filter *f, uint16_t linktype, struct err *e)
{
	return find_program(f, linktype)->is_valid ? 0 : err_set(e, "%s", f->error.text);
}

bool filter_match(struct filter *f, const struct packet *p)
{
	struct pcap_pkthdr header = { .caplen = p->caplen, .len = p->wire_len };
	const struct program *program = find_program(f, p->linktype);

	return program->is_valid && pcap_offline_filter(&program->code, &header, p->data) != 0;
}
