/* SPDX-License-Identifier: MIT */
/*
 * onefile - run a fuzz target over files, without libFuzzer: any compiler can replay a corpus.
 *
 * Input:  files as arguments.
 * Output: the number of inputs; a file that cannot be read ends the run with exit 1.
 * Memory: each input is in a block of exactly its size, so that a sanitizer sees every byte beyond it.
 */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tcpshadow/mem.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static int read_all(FILE *f, uint8_t **bytes, size_t *n)
{
	size_t capacity = 0, got = 1;

	*bytes = NULL;
	*n = 0;
	while (got > 0) {
		*bytes = mem_grow(*bytes, *n, &capacity, 1);
		got = fread(*bytes + *n, 1, capacity - *n, f);
		*n += got;
	}
	*bytes = mem_resize(*bytes, *n, 1);
	return ferror(f) ? -1 : 0;
}

static int run_file(const char *path)
{
	FILE *f = fopen(path, "rb");
	uint8_t *bytes = NULL;
	size_t n = 0;
	int result;

	if (!f) {
		(void)fprintf(stderr, "onefile: %s: %s\n", path, strerror(errno));
		return -1;
	}
	result = read_all(f, &bytes, &n);
	(void)fclose(f);
	if (result)
		(void)fprintf(stderr, "onefile: %s: %s\n", path, strerror(errno));
	else
		(void)LLVMFuzzerTestOneInput(bytes, n);
	free(bytes);
	return result;
}

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		/* The name first: after a crash it is the last line. */
		(void)fprintf(stderr, "%s\n", argv[i]);
		if (run_file(argv[i]))
			return EXIT_FAILURE;
	}
	(void)printf("%d inputs\n", argc - 1);
	return EXIT_SUCCESS;
}
