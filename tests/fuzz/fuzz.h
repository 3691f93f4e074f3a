/*
 * A fuzz target: one file per decoder that exports the function libFuzzer calls, a few seeds and
 * the words of its language.  `make check` runs it under driver.c, `make fuzz` under libFuzzer.
 * A target must accept any bytes, leak nothing and keep no state between inputs.
 */
#ifndef PRISM_TESTS_FUZZ_H
#define PRISM_TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>

struct fuzz_seed {
	const char *data;
	size_t size;
};
#define FUZZ_TEXT(text)        \
	{                          \
		text, sizeof(text) - 1 \
	}

extern const struct fuzz_seed fuzz_seeds[];
extern const size_t fuzz_seed_count;
extern const char *const fuzz_words[]; /* NULL-terminated */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Ends the run as a crash does: something that must always hold did not. */
#define FUZZ_ASSERT(cond)     \
	do {                      \
		if (!(cond))          \
			__builtin_trap(); \
	} while (0)

#endif
