/*
 * Owns parsing and typed reading of JSON.  The text is looked over before cJSON sees it
 * (size, UTF-8, nesting, NUL escapes), because cJSON recurses by the nesting, keeps
 * strings as C strings and does not look at UTF-8 at all.
 */
#include "base/json.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static int fail_at(struct prism_error *err, const char *text, size_t len, size_t at,
                   const char *what)
{
	size_t line = 1, start = 0;

	at = at < len ? at : len;
	for (size_t i = 0; i < at; i++) {
		if (text[i] == '\n') {
			line++;
			start = i + 1;
		}
	}
	return prism_error_raise(err, PRISM_ERROR_PROTOCOL,
	                         "malformed JSON: %s at byte %zu (line %zu, column %zu)", what, at,
	                         line, at - start + 1);
}

/* Walks a string from its opening quote; *pos is left on the closing one. */
static int check_string(const char *text, size_t len, size_t *pos, struct prism_error *err)
{
	for (size_t i = *pos + 1; i < len; i++) {
		if (text[i] == '"') {
			*pos = i;
			return 0;
		}
		if (text[i] == '\0')
			return fail_at(err, text, len, i, "a NUL byte");
		if (text[i] != '\\')
			continue;
		if (len - i > 5 && memcmp(text + i + 1, "u0000", 5) == 0)
			return fail_at(err, text, len, i, "a NUL character in a string");
		i++;
	}
	return fail_at(err, text, len, len, "a string that does not end");
}

/* Digits of an integer that a double would round: more than 2^53 and no fraction. */
static bool large_integer(const char *digits, size_t count)
{
	const char *exact = "9007199254740992"; /* 2^53 */

	return count > 16 || (count == 16 && memcmp(digits, exact, 16) > 0);
}

static size_t digits_at(const char *text, size_t len, size_t at)
{
	size_t count = 0;

	while (at + count < len && text[at + count] >= '0' && text[at + count] <= '9')
		count++;
	return count;
}

static int check_text(const char *text, size_t len, bool *ret_large, struct prism_error *err)
{
	size_t depth = 0;

	if (len > PRISM_JSON_CAP)
		return prism_error_raise(err, PRISM_ERROR_LIMIT, "the JSON document is larger than %d MiB",
		                         PRISM_JSON_CAP >> 20);
	if (!prism_utf8_valid(text, len))
		return prism_error_raise(err, PRISM_ERROR_PROTOCOL, "malformed JSON: not UTF-8 text");
	for (size_t i = 0; i < len; i++) {
		if (text[i] == '"') {
			if (check_string(text, len, &i, err) < 0)
				return -1;
		} else if (text[i] == '{' || text[i] == '[') {
			if (++depth > PRISM_JSON_DEPTH)
				return fail_at(err, text, len, i, "nesting too deep");
		} else if ((text[i] == '}' || text[i] == ']') && depth > 0) {
			depth--;
		} else if ((unsigned char)text[i] < 0x20 && !is_space(text[i])) {
			/* cJSON takes any control byte for white space. */
			return fail_at(err, text, len, i, "a control character");
		} else if (text[i] >= '0' && text[i] <= '9') {
			size_t count = digits_at(text, len, i);
			*ret_large = *ret_large || large_integer(text + i, count);
			i += count - 1;
		}
	}
	if (depth > 0)
		return fail_at(err, text, len, len, "unexpected end");
	return 0;
}

static size_t skip_space(const char *text, size_t len, size_t at)
{
	while (at < len && is_space(text[at]))
		at++;
	return at;
}

/* The next number of the text outside of strings; the document is known to be well formed. */
static size_t next_number(const char *text, size_t at)
{
	for (;; at++) {
		if (text[at] == '"') {
			for (at++; text[at] != '"'; at++)
				at += text[at] == '\\';
		} else if (text[at] == '-' || (text[at] >= '0' && text[at] <= '9')) {
			return at;
		}
	}
}

/* Numbers are met in the order of the text.  Integers that a double cannot hold (serial numbers)
 * keep their digits: cJSON prints such an item unchanged. */
static void keep_large(cJSON *item, const char *text, size_t len, size_t *at)
{
	for (; item; item = item->next) {
		if (cJSON_IsNumber(item)) {
			size_t start = *at = next_number(text, *at);
			size_t sign = text[start] == '-';
			size_t end = start + sign + digits_at(text, len, start + sign);
			bool fraction = end < len && strchr(".eE", text[end]);
			while (end < len && strchr("+-.eE0123456789", text[end]))
				end++;
			*at = end;
			if (fraction || !large_integer(text + start + sign, end - start - sign))
				continue;
			PRISM_AUTO_FREE char *digits = prism_strndup(text + start, end - start);
			cJSON *raw = cJSON_CreateRaw(digits);
			item->type = (item->type & ~0xff) | cJSON_Raw;
			item->valuestring = raw->valuestring;
			raw->valuestring = NULL;
			cJSON_Delete(raw);
		}
		keep_large(item->child, text, len, at);
	}
}

cJSON *prism_json_parse(const char *text, size_t len, struct prism_error *err)
{
	const char *end = NULL;
	bool large = false;

	if (!text || skip_space(text, len, 0) == len) {
		prism_error_raise(err, PRISM_ERROR_PROTOCOL, "malformed JSON: the document is empty");
		return NULL;
	}
	if (check_text(text, len, &large, err) < 0)
		return NULL;
	cJSON *doc = cJSON_ParseWithLengthOpts(text, len, &end, false);
	size_t at = end && end >= text ? (size_t)(end - text) : 0;
	if (!doc) {
		fail_at(err, text, len, at, "unexpected text");
		return NULL;
	}
	at = skip_space(text, len, at);
	if (at < len) {
		fail_at(err, text, len, at, "more text after the document");
		cJSON_Delete(doc);
		return NULL;
	}
	if (large) {
		at = 0;
		keep_large(doc, text, len, &at);
	}
	return doc;
}

void prism_json_free(cJSON *doc)
{
	cJSON_Delete(doc);
}

static void wipe_texts(cJSON *item)
{
	for (; item; item = item->next) {
		if (item->valuestring && !(item->type & cJSON_IsReference))
			prism_wipe(item->valuestring, strlen(item->valuestring));
		wipe_texts(item->child); /* as deep as the parser allows */
	}
}

void prism_json_wipe(cJSON *doc)
{
	wipe_texts(doc);
	cJSON_Delete(doc);
}

void prism_json_cleanup(cJSON **slot)
{
	cJSON_Delete(*slot);
}

/* ---- reading ---- */

/* The first exact match, else the first match without regard to ASCII case. */
static const cJSON *find(const cJSON *obj, const char *key)
{
	const cJSON *loose = NULL;

	if (!cJSON_IsObject(obj))
		return NULL;
	for (const cJSON *item = obj->child; item; item = item->next) {
		if (!item->string)
			continue;
		if (strcmp(item->string, key) == 0)
			return item;
		if (!loose && strcasecmp(item->string, key) == 0)
			loose = item;
	}
	return loose;
}

const cJSON *prism_json_get(const cJSON *obj, const char *key)
{
	const cJSON *item = find(obj, key);

	return cJSON_IsNull(item) ? NULL : item;
}

const char *prism_json_str(const cJSON *obj, const char *key, const char *fallback)
{
	const cJSON *item = find(obj, key);

	return cJSON_IsString(item) && item->valuestring ? item->valuestring : fallback;
}

static bool text_to_int(const char *text, int64_t *ret_value)
{
	char *end;

	errno = 0;
	long long value = strtoll(text, &end, 10);
	if (end == text || *end || errno)
		return false;
	*ret_value = value;
	return true;
}

int64_t prism_json_int(const cJSON *obj, const char *key, int64_t fallback)
{
	const cJSON *item = find(obj, key);
	int64_t value;

	if (cJSON_IsString(item) && item->valuestring)
		return text_to_int(item->valuestring, &value) ? value : fallback;
	if (cJSON_IsRaw(item) && item->valuestring) /* beyond 2^53 */
		return text_to_int(item->valuestring, &value) ? value
		       : *item->valuestring == '-'            ? INT64_MIN
		                                              : INT64_MAX;
	if (!cJSON_IsNumber(item) || isnan(item->valuedouble))
		return fallback;
	/* 2^63 as a double; the conversion of anything at or past it is undefined. */
	if (item->valuedouble >= 9223372036854775808.0)
		return INT64_MAX;
	if (item->valuedouble <= -9223372036854775808.0)
		return INT64_MIN;
	return (int64_t)item->valuedouble;
}

double prism_json_num(const cJSON *obj, const char *key, double fallback)
{
	const cJSON *item = find(obj, key);

	if (cJSON_IsRaw(item) && item->valuestring)
		return strtod(item->valuestring, NULL);
	return cJSON_IsNumber(item) ? item->valuedouble : fallback;
}

char *prism_json_digits(const cJSON *obj, const char *key)
{
	const cJSON *item = find(obj, key);

	if (cJSON_IsNumber(item))
		return prism_asprintf("%.0f", item->valuedouble);
	return prism_strdup(
	    (cJSON_IsString(item) || cJSON_IsRaw(item)) && item->valuestring ? item->valuestring : "");
}

bool prism_json_bool(const cJSON *obj, const char *key, bool fallback)
{
	const cJSON *item = find(obj, key);

	return cJSON_IsBool(item) ? (bool)cJSON_IsTrue(item) : fallback;
}

int64_t prism_json_time(const cJSON *obj, const char *key)
{
	int64_t us;

	if (prism_time_parse(prism_json_str(obj, key, NULL), &us, NULL) < 0)
		return PRISM_TIME_UNSET;
	return us;
}

const cJSON *prism_json_array(const cJSON *obj, const char *key)
{
	const cJSON *item = find(obj, key);

	return cJSON_IsArray(item) ? item : NULL;
}

static const char *type_word(const cJSON *item)
{
	if (!item)
		return "nothing";
	switch (item->type & 0xFF) {
	case cJSON_NULL:
		return "null";
	case cJSON_True:
	case cJSON_False:
		return "a boolean";
	case cJSON_Raw: /* a large integer */
	case cJSON_Number:
		return "a number";
	case cJSON_String:
		return "a string";
	case cJSON_Array:
		return "an array";
	default:
		return "an object";
	}
}

int prism_json_want_str(const cJSON *obj, const char *path, const char *key, const char **ret_value,
                        struct prism_error *err)
{
	const cJSON *item = find(obj, key);
	const char *dot = path && path[0] ? "." : "";

	if (!cJSON_IsString(item))
		return prism_error_raise(err, PRISM_ERROR_PROTOCOL, "%s%s%s: expected a string, found %s",
		                         path ? path : "", dot, key, type_word(item));
	*ret_value = item->valuestring;
	return 0;
}

/* ---- printing ---- */

/* Of the text: what JSON prints as it is. */
static size_t plain_len(const char *text)
{
	const unsigned char *p = (const unsigned char *)text;

	while (*p >= 0x20 && *p != '"' && *p != '\\')
		p++;
	return (size_t)((const char *)p - text);
}

/* Most texts need no escape: they are copied, which costs a tenth of what cJSON does with them. */
static bool print_plain(struct prism_buf *buf, const char *text)
{
	size_t len = plain_len(text);

	if (text[len])
		return false;
	prism_buf_putc(buf, '"');
	prism_buf_put(buf, text, len);
	prism_buf_putc(buf, '"');
	return true;
}

static void print_scalar(struct prism_buf *buf, const cJSON *item)
{
	if (cJSON_IsString(item) && item->valuestring && print_plain(buf, item->valuestring))
		return;
	char *text = cJSON_PrintUnformatted(item);

	prism_buf_puts(buf, text ? text : "null");
	cJSON_free(text);
}

static void print_key(struct prism_buf *buf, const char *key)
{
	cJSON quoted = {.type = cJSON_String};

	/* cJSON only reads it: the item is not const for the sake of its other users. */
	memcpy(&quoted.valuestring, &key, sizeof(key));
	print_scalar(buf, &quoted);
	prism_buf_put(buf, ": ", 2);
}

static void indent(struct prism_buf *buf, int depth)
{
	static const char line[] = "\n                                ";
	int spaces = depth * 2, first = spaces < (int)sizeof(line) - 2 ? spaces : (int)sizeof(line) - 2;

	prism_buf_put(buf, line, (size_t)first + 1);
	for (spaces -= first; spaces > 0; spaces -= 2)
		prism_buf_put(buf, "  ", 2);
}

static void print_pretty(struct prism_buf *buf, const cJSON *item, int depth)
{
	bool object = cJSON_IsObject(item);

	if ((!object && !cJSON_IsArray(item)) || !item->child || depth > PRISM_JSON_DEPTH) {
		print_scalar(buf, item);
		return;
	}
	prism_buf_putc(buf, object ? '{' : '[');
	for (const cJSON *child = item->child; child; child = child->next) {
		indent(buf, depth + 1);
		if (object)
			print_key(buf, child->string ? child->string : "");
		print_pretty(buf, child, depth + 1);
		if (child->next)
			prism_buf_putc(buf, ',');
	}
	indent(buf, depth);
	prism_buf_putc(buf, object ? '}' : ']');
}

void prism_json_print_part(const cJSON *doc, int depth, struct prism_buf *out)
{
	print_pretty(out, doc, depth);
}

char *prism_json_print(const cJSON *doc, bool pretty)
{
	struct prism_buf buf = PRISM_BUF_INIT(SIZE_MAX - 1);

	if (pretty)
		print_pretty(&buf, doc, 0);
	else
		print_scalar(&buf, doc);
	return prism_buf_take(&buf, NULL);
}
