/*
 * CBOR reader: see cbor.h.
 */
#include "core/cbor.h"

#include "base/text.h"

#include <string.h>

#define MAP_KEYS_MAX 256u /* of one map, when looking for duplicates; ours have under 40 */

void core_cbor_init(struct core_cbor *cbor, const void *data, size_t size)
{
	cbor->at = data;
	cbor->end = cbor->at + size;
	cbor->failure = NULL;
}

bool core_cbor_ok(const struct core_cbor *cbor)
{
	return cbor->failure == NULL;
}

bool core_cbor_done(const struct core_cbor *cbor)
{
	return cbor->failure == NULL && cbor->at == cbor->end;
}

void core_cbor_fail(struct core_cbor *cbor, const char *why)
{
	if (!cbor->failure)
		cbor->failure = why;
}

enum core_cbor_type core_cbor_peek(const struct core_cbor *cbor)
{
	if (cbor->failure || cbor->at == cbor->end)
		return CORE_CBOR_END;
	return (enum core_cbor_type)(*cbor->at >> 5);
}

/* Head of an item: major type and argument (RFC 8949 section 3). */
static bool head(struct core_cbor *cbor, enum core_cbor_type want, uint64_t *ret_value)
{
	if (core_cbor_peek(cbor) != want) {
		core_cbor_fail(cbor, "an item is of another type than expected, or missing");
		return false;
	}
	unsigned info = *cbor->at & 0x1f;
	unsigned extra = info < 24 ? 0 : info <= 27 ? 1u << (info - 24) : 99;
	if (extra == 99) {
		core_cbor_fail(cbor, info == 31 ? "an item has no definite length"
		                                : "an item has a reserved length");
		return false;
	}
	if ((size_t)(cbor->end - cbor->at) < 1 + (size_t)extra) {
		core_cbor_fail(cbor, "an item is cut off");
		return false;
	}
	uint64_t value = extra ? 0 : info;
	for (unsigned i = 1; i <= extra; i++)
		value = value << 8 | cbor->at[i];
	cbor->at += 1 + extra;
	*ret_value = value;
	return true;
}

uint64_t core_cbor_uint(struct core_cbor *cbor)
{
	uint64_t value = 0;

	return head(cbor, CORE_CBOR_UINT, &value) ? value : 0;
}

int64_t core_cbor_int(struct core_cbor *cbor)
{
	enum core_cbor_type type = core_cbor_peek(cbor);
	uint64_t value = 0;

	if (!head(cbor, type == CORE_CBOR_NINT ? CORE_CBOR_NINT : CORE_CBOR_UINT, &value))
		return 0;
	if (value > INT64_MAX) {
		core_cbor_fail(cbor, "a number is too large");
		return 0;
	}
	return type == CORE_CBOR_NINT ? -1 - (int64_t)value : (int64_t)value;
}

static const uint8_t *string(struct core_cbor *cbor, enum core_cbor_type type, size_t *ret_size)
{
	uint64_t size = 0;

	*ret_size = 0;
	if (!head(cbor, type, &size))
		return NULL;
	if (size > (uint64_t)(cbor->end - cbor->at)) {
		core_cbor_fail(cbor, "a string is longer than what follows");
		return NULL;
	}
	const uint8_t *data = cbor->at;
	cbor->at += size;
	*ret_size = (size_t)size;
	return data;
}

const uint8_t *core_cbor_bytes(struct core_cbor *cbor, size_t *ret_size)
{
	return string(cbor, CORE_CBOR_BYTES, ret_size);
}

const char *core_cbor_text(struct core_cbor *cbor, size_t *ret_size)
{
	const char *text = (const char *)string(cbor, CORE_CBOR_TEXT, ret_size);

	if (text && !prism_utf8_valid(text, *ret_size)) {
		core_cbor_fail(cbor, "a text is not UTF-8");
		*ret_size = 0;
		return NULL;
	}
	return text;
}

static uint64_t container(struct core_cbor *cbor, enum core_cbor_type type, unsigned per_item)
{
	uint64_t count = 0;

	if (!head(cbor, type, &count))
		return 0;
	if (count > (uint64_t)(cbor->end - cbor->at) / per_item) {
		core_cbor_fail(cbor, "a container claims more items than there are bytes");
		return 0;
	}
	return count;
}

uint64_t core_cbor_array(struct core_cbor *cbor)
{
	return container(cbor, CORE_CBOR_ARRAY, 1);
}

uint64_t core_cbor_map(struct core_cbor *cbor)
{
	return container(cbor, CORE_CBOR_MAP, 2);
}

uint64_t core_cbor_tag(struct core_cbor *cbor)
{
	uint64_t value = 0;

	return head(cbor, CORE_CBOR_TAG, &value) ? value : 0;
}

bool core_cbor_null(struct core_cbor *cbor)
{
	if (core_cbor_peek(cbor) != CORE_CBOR_SIMPLE || *cbor->at != 0xf6)
		return false;
	cbor->at++;
	return true;
}

struct span {
	const uint8_t *at;
	size_t size;
};

static bool seen_before(const struct span *keys, unsigned count, struct span key)
{
	for (unsigned i = 0; i < count; i++)
		if (keys[i].size == key.size && memcmp(keys[i].at, key.at, key.size) == 0)
			return true;
	return false;
}

static void skip_item(struct core_cbor *cbor, unsigned depth);

static void skip_map(struct core_cbor *cbor, unsigned depth)
{
	struct span keys[MAP_KEYS_MAX];
	uint64_t pairs = core_cbor_map(cbor);

	if (pairs > MAP_KEYS_MAX) {
		core_cbor_fail(cbor, "a map has too many members");
		return;
	}
	for (unsigned i = 0; i < pairs && core_cbor_ok(cbor); i++) {
		const uint8_t *start = cbor->at;
		skip_item(cbor, depth + 1);
		keys[i] = (struct span){start, (size_t)(cbor->at - start)};
		if (seen_before(keys, i, keys[i]))
			core_cbor_fail(cbor, "a member stands twice in a map");
		skip_item(cbor, depth + 1);
	}
}

/* Recursion is bounded by CORE_CBOR_DEPTH. */
static void skip_item(struct core_cbor *cbor, unsigned depth)
{
	uint64_t value = 0;
	size_t size;

	if (depth > CORE_CBOR_DEPTH) {
		core_cbor_fail(cbor, "items are nested too deeply");
		return;
	}
	switch (core_cbor_peek(cbor)) {
	case CORE_CBOR_UINT:
	case CORE_CBOR_NINT:
	case CORE_CBOR_SIMPLE:
		head(cbor, core_cbor_peek(cbor), &value);
		return;
	case CORE_CBOR_BYTES:
	case CORE_CBOR_TEXT:
		string(cbor, core_cbor_peek(cbor), &size);
		return;
	case CORE_CBOR_ARRAY:
		value = core_cbor_array(cbor);
		for (uint64_t i = 0; i < value && core_cbor_ok(cbor); i++)
			skip_item(cbor, depth + 1);
		return;
	case CORE_CBOR_MAP:
		skip_map(cbor, depth);
		return;
	case CORE_CBOR_TAG:
		core_cbor_tag(cbor);
		skip_item(cbor, depth + 1);
		return;
	case CORE_CBOR_END:
		core_cbor_fail(cbor, "an item is missing");
		return;
	}
}

void core_cbor_skip(struct core_cbor *cbor)
{
	skip_item(cbor, 0);
}

bool core_cbor_validate(const void *data, size_t size, const char **ret_failure)
{
	struct core_cbor cbor;

	core_cbor_init(&cbor, data, size);
	core_cbor_skip(&cbor);
	if (core_cbor_ok(&cbor) && !core_cbor_done(&cbor))
		core_cbor_fail(&cbor, "bytes follow the last item");
	if (cbor.failure && ret_failure)
		*ret_failure = cbor.failure;
	return cbor.failure == NULL;
}
