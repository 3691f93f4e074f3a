/*
 * A strict pull reader for CBOR (RFC 8949), for evidence and policies.
 *
 * Accepts definite lengths only, shortest or longer argument encodings alike, no more nesting
 * than CORE_CBOR_DEPTH.  Never allocates; strings are lent from the input.  A count is believed
 * only as far as the remaining bytes can hold that many items.
 *
 * Every call advances past what it read, or fails and leaves the reader failed for good, so a
 * sequence of calls may be checked once at its end.
 */
#ifndef PRISM_CORE_CBOR_H
#define PRISM_CORE_CBOR_H

#include "base/error.h"

#include <stdint.h>

#define CORE_CBOR_DEPTH 16u

enum core_cbor_type { /* major types, RFC 8949 section 3.1 */
	                  CORE_CBOR_UINT = 0,
	                  CORE_CBOR_NINT = 1,
	                  CORE_CBOR_BYTES = 2,
	                  CORE_CBOR_TEXT = 3,
	                  CORE_CBOR_ARRAY = 4,
	                  CORE_CBOR_MAP = 5,
	                  CORE_CBOR_TAG = 6,
	                  CORE_CBOR_SIMPLE = 7,
	                  CORE_CBOR_END = 8, /* nothing left, or the reader has failed */
};

struct core_cbor {
	const uint8_t *at, *end;
	const char *failure; /* NULL while all is well */
};

void core_cbor_init(struct core_cbor *cbor, const void *data, size_t size);
bool core_cbor_ok(const struct core_cbor *cbor);
bool core_cbor_done(const struct core_cbor *cbor); /* ok, and every byte was read */
void core_cbor_fail(struct core_cbor *cbor, const char *why /* static */);
enum core_cbor_type core_cbor_peek(const struct core_cbor *cbor);

uint64_t core_cbor_uint(struct core_cbor *cbor);
int64_t core_cbor_int(struct core_cbor *cbor); /* unsigned or negative; beyond int64 fails */
/* Lends; *ret_size is 0 and the result NULL on failure. */
const uint8_t *core_cbor_bytes(struct core_cbor *cbor, size_t *ret_size);
const char *core_cbor_text(struct core_cbor *cbor,
                           size_t *ret_size);     /* not terminated; valid UTF-8 */
uint64_t core_cbor_array(struct core_cbor *cbor); /* items that follow */
uint64_t core_cbor_map(struct core_cbor *cbor);   /* pairs that follow */
uint64_t core_cbor_tag(struct core_cbor *cbor);
bool core_cbor_null(struct core_cbor *cbor); /* true and consumed when null is next */
void core_cbor_skip(struct core_cbor *cbor); /* one whole item */
/* Checks a whole item, nesting and duplicate map keys included, without moving. */
bool core_cbor_validate(const void *data, size_t size, const char **ret_failure);

#endif
