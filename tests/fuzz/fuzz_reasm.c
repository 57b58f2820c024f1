/* SPDX-License-Identifier: MIT */
/*
 * fuzz_reasm - any bytes as pieces and acknowledgments of one stream, for the reassembler and its reference.
 */
#include "config.h"

#include "lib/reasm_duel.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct buf difference = BUF_INIT;

	if (reasm_duel(bytes, n, &difference) < 0)
		util_bug(__FILE__, __LINE__, difference.data);
	buf_release(&difference);
	return 0;
}
