/* SPDX-License-Identifier: MIT */
/*
 * storytool - write a story as a capture file, for a look with other tools.
 *
 * Input:  storytool -w out.pcap story.pkt
 */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "lib/story.h"

static int write_file(const char *path, const struct buf *bytes)
{
	FILE *f = fopen(path, "wb");
	bool ok;

	if (!f) {
		(void)fprintf(stderr, "storytool: %s: %s\n", path, strerror(errno));
		return EXIT_FAILURE;
	}
	ok = fwrite(bytes->data, 1, bytes->len, f) == bytes->len;
	ok = fclose(f) == 0 && ok;
	if (!ok)
		(void)fprintf(stderr, "storytool: %s: not written\n", path);
	return ok ? EXIT_SUCCESS : EXIT_FAILURE;
}

int main(int argc, char **argv)
{
	struct err e = { "" };
	struct buf bytes = BUF_INIT;
	struct story *st;
	int status;

	if (argc != 4 || strcmp(argv[1], "-w") != 0) {
		(void)fprintf(stderr, "usage: storytool -w out.pcap story.pkt\n");
		return 2;
	}
	st = story_load(argv[3], &e);
	if (!st) {
		(void)fprintf(stderr, "storytool: %s\n", e.text);
		return EXIT_FAILURE;
	}
	story_pcap(st, &bytes);
	status = write_file(argv[2], &bytes);
	buf_release(&bytes);
	story_free(st);
	return status;
}
