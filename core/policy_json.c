/*
 * JSON of attestation policies: see policy_json.h.
 *
 * Why numbers are kept as text: a policy's TCB value is a number above 2^63, which a double
 * corrupts (reference 2.2).  Before the parser sees the text, every bare number becomes a string
 * with a marker no file contains (U+0001 is not allowed unescaped); afterwards those items become
 * raw items, which print as they were.
 */
#include "core/policy_json.h"

#include "base/mem.h"
#include "base/text.h"

#include <ctype.h>
#include <string.h>

#define MARK "\\u0001"

static bool starts_number(char c)
{
	return c == '-' || (c >= '0' && c <= '9');
}

static bool in_number(char c)
{
	return starts_number(c) || c == '+' || c == '.' || c == 'e' || c == 'E';
}

static void mark_numbers(const char *text, size_t size, struct prism_buf *out)
{
	bool quoted = false;

	for (size_t i = 0; i < size; i++) {
		if (quoted || !starts_number(text[i])) {
			prism_buf_putc(out, text[i]);
			if (quoted && text[i] == '\\' && i + 1 < size)
				prism_buf_putc(out, text[++i]);
			else if (text[i] == '"')
				quoted = !quoted;
			continue;
		}
		size_t end = i;
		while (end < size && in_number(text[end]))
			end++;
		prism_buf_puts(out, "\"" MARK);
		prism_buf_put(out, text + i, end - i);
		prism_buf_putc(out, '"');
		i = end - 1;
	}
}

static bool number_text(const char *text)
{
	const char *p = text + (*text == '-');

	if (!isdigit((unsigned char)*p) || (p[0] == '0' && isdigit((unsigned char)p[1])))
		return false;
	while (isdigit((unsigned char)*p))
		p++;
	if (*p == '.') {
		if (!isdigit((unsigned char)*++p))
			return false;
		while (isdigit((unsigned char)*p))
			p++;
	}
	if (*p == 'e' || *p == 'E') {
		p += p[1] == '+' || p[1] == '-' ? 2 : 1;
		if (!isdigit((unsigned char)*p))
			return false;
		while (isdigit((unsigned char)*p))
			p++;
	}
	return *p == '\0';
}

/* The same name twice, or both spellings of one name: which of them counts would be a guess. */
static int refuse_duplicates(const cJSON *object, struct prism_error *err)
{
	char first[64], second[64];

	for (const cJSON *a = prism_json_members(object); a; a = a->next) {
		core_policy_json_camel(a->string, first, sizeof(first));
		for (const cJSON *b = a->next; b; b = b->next) {
			core_policy_json_camel(b->string, second, sizeof(second));
			if (strcmp(a->string, b->string) == 0)
				return prism_error_raise(err, PRISM_ERROR_INVALID, "member \"%.80s\" stands twice",
				                         a->string);
			if (strcmp(first, second) == 0)
				return prism_error_raise(err, PRISM_ERROR_INVALID,
				                         "%.80s and %.80s stand side by side", a->string,
				                         b->string);
		}
	}
	return 0;
}

#define MEMBERS_MAX 1000 /* of one object; keeps the search for duplicates short */

/* Recursion is bounded by PRISM_JSON_DEPTH, which the parser enforced. */
static int settle(cJSON *item, struct prism_error *err)
{
	if (cJSON_IsString(item) && item->valuestring[0] == 1) {
		if (!number_text(item->valuestring + 1))
			return prism_error_raise(err, PRISM_ERROR_INVALID, "\"%.40s\" is not a number",
			                         item->valuestring + 1);
		memmove(item->valuestring, item->valuestring + 1, strlen(item->valuestring));
		item->type = cJSON_Raw;
		return 0;
	}
	if (cJSON_GetArraySize(item) > MEMBERS_MAX)
		return prism_error_raise(err, PRISM_ERROR_LIMIT, "an object with more than %d members",
		                         MEMBERS_MAX);
	if (cJSON_IsObject(item) && refuse_duplicates(item, err) < 0)
		return -1;
	for (cJSON *child = item->child; child; child = child->next)
		if (settle(child, err) < 0)
			return -1;
	return 0;
}

cJSON *core_policy_json_parse(const char *text, size_t size, struct prism_error *err)
{
	PRISM_AUTO_BUF struct prism_buf marked = PRISM_BUF_INIT(16u * CORE_POLICY_MAX);

	if (size > CORE_POLICY_MAX) {
		prism_error_raise(err, PRISM_ERROR_LIMIT, "a policy of %zu bytes is not read", size);
		return NULL;
	}
	mark_numbers(text, size, &marked);
	cJSON *doc = prism_json_parse(prism_buf_text(&marked), marked.len, err);
	if (doc && settle(doc, err) < 0) {
		prism_json_free(doc);
		return NULL;
	}
	return doc;
}

/* ---- spellings ------------------------------------------------------------------------------ */

void core_policy_json_snake(const char *camel, char *out, size_t size)
{
	size_t at = 0;

	for (; *camel && at + 2 < size; camel++) {
		if (isupper((unsigned char)*camel))
			out[at++] = '_';
		out[at++] = (char)tolower((unsigned char)*camel);
	}
	out[at] = '\0';
}

void core_policy_json_camel(const char *snake, char *out, size_t size)
{
	size_t at = 0;

	for (; *snake && at + 1 < size; snake++) {
		if (*snake == '_' && snake[1])
			out[at++] = (char)toupper((unsigned char)*++snake);
		else
			out[at++] = *snake;
	}
	out[at] = '\0';
}

int core_policy_json_member(const cJSON *object, const char *camel, const cJSON **ret_item,
                            struct prism_error *err)
{
	char snake[64];

	core_policy_json_snake(camel, snake, sizeof(snake));
	const cJSON *a = cJSON_GetObjectItemCaseSensitive(object, camel);
	const cJSON *b =
	    strcmp(camel, snake) == 0 ? NULL : cJSON_GetObjectItemCaseSensitive(object, snake);
	if (a && b)
		return prism_error_raise(err, PRISM_ERROR_INVALID, "%s and %s stand side by side", camel,
		                         snake);
	const cJSON *item = a ? a : b;
	*ret_item = item && !cJSON_IsNull(item) ? item : NULL;
	return 0;
}

/* ---- typed members -------------------------------------------------------------------------- */

int core_policy_json_u64(const cJSON *object, const char *camel, uint64_t max, uint64_t *out,
                         bool *ret_present, struct prism_error *err)
{
	const cJSON *item;
	uint64_t value;

	if (core_policy_json_member(object, camel, &item, err) < 0)
		return -1;
	if (ret_present)
		*ret_present = item != NULL;
	if (!item)
		return 0;
	if (!cJSON_IsRaw(item) && !cJSON_IsString(item))
		return prism_error_raise(err, PRISM_ERROR_INVALID, "%s must be a number", camel);
	if (prism_text_parse_u64(item->valuestring, max, &value, NULL) < 0)
		return prism_error_raise(err, PRISM_ERROR_INVALID,
		                         "%s: \"%.40s\" is not a number from 0 to %llu", camel,
		                         item->valuestring, (unsigned long long)max);
	*out = value;
	return 0;
}

int core_policy_json_bool(const cJSON *object, const char *camel, bool *out,
                          struct prism_error *err)
{
	const cJSON *item;

	if (core_policy_json_member(object, camel, &item, err) < 0)
		return -1;
	if (item && !cJSON_IsBool(item))
		return prism_error_raise(err, PRISM_ERROR_INVALID, "%s must be true or false", camel);
	if (item)
		*out = cJSON_IsTrue(item);
	return 0;
}

int core_policy_json_decode(const cJSON *item, const char *name, size_t size, uint8_t *out,
                            struct prism_error *err)
{
	PRISM_AUTO_BUF struct prism_buf bytes = PRISM_BUF_INIT(CORE_POLICY_MAX);

	if (!cJSON_IsString(item))
		return prism_error_raise(err, PRISM_ERROR_INVALID, "%s must be base64 text", name);
	if (prism_base64_decode(item->valuestring, strlen(item->valuestring), &bytes, err) < 0)
		return prism_error_wrap(err, "%s is not base64", name);
	if (bytes.len != size)
		return prism_error_raise(err, PRISM_ERROR_INVALID, "%s has %zu bytes instead of %zu", name,
		                         bytes.len, size);
	memcpy(out, bytes.data, size);
	return 0;
}

int core_policy_json_bytes(const cJSON *object, const char *camel, size_t size,
                           struct core_policy_bytes *out, struct prism_error *err)
{
	const cJSON *item;

	if (core_policy_json_member(object, camel, &item, err) < 0)
		return -1;
	if (!item || (cJSON_IsString(item) && item->valuestring[0] == '\0'))
		return 0;
	if (core_policy_json_decode(item, camel, size, out->data, err) < 0)
		return -1;
	out->size = size;
	return 0;
}
