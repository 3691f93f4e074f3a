/*
 * Owns the tokens of JSON and the building of trees from them.
 *
 * State between tokens is what may come next (enum expect) and, for each open container, whether
 * it is an object.  The nesting cap bounds both that stack and the recursion of the builder.
 */
#include "base/jsonread.h"

#include "base/buf.h"
#include "base/mem.h"
#include "base/text.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

enum expect {
	EXPECT_VALUE,
	EXPECT_VALUE_OR_END, /* behind '[' */
	EXPECT_KEY_OR_END,   /* behind '{' */
	EXPECT_KEY,          /* behind a comma in an object */
	EXPECT_COMMA_OR_END,
	EXPECT_NOTHING, /* the document is whole */
};

struct prism_jsonread {
	struct prism_source source;
	bool begun, inside; /* inside: begins in the middle of a document */
	enum expect expect;
	bool object[PRISM_JSON_DEPTH];
	size_t depth;
	size_t value_max;
	struct prism_buf text;
	struct prism_place start;
	size_t nodes; /* of the value being built */
	uint64_t value_start;
	prism_json_twice_fn twice;
	void *twice_data;
};

struct prism_jsonread *prism_jsonread_create(prism_source_fn read, void *data, size_t value_max,
                                             uint64_t offset, uint64_t line)
{
	struct prism_jsonread *reader = prism_alloc(sizeof(*reader));

	prism_source_init(&reader->source, read, data, offset, line);
	prism_buf_init(&reader->text, value_max);
	reader->value_max = value_max;
	reader->inside = offset > 0;
	return reader;
}

void prism_jsonread_destroy(struct prism_jsonread *reader)
{
	if (!reader)
		return;
	prism_source_finish(&reader->source);
	prism_buf_wipe(&reader->text);
	prism_free(reader);
}

const char *prism_jsonread_text(const struct prism_jsonread *reader)
{
	return prism_buf_text(&reader->text);
}

struct prism_place prism_jsonread_start(const struct prism_jsonread *reader)
{
	return reader->start;
}

struct prism_place prism_jsonread_here(const struct prism_jsonread *reader)
{
	return prism_source_place(&reader->source);
}

/* ---- bytes ---- */

static int fail(struct prism_jsonread *reader, struct prism_error *err, const char *what)
{
	return prism_source_fail(prism_source_place(&reader->source), err, "%s", what);
}

/* The next byte that is not white space; -1 at the end, -2 with err. */
static int skip_space(struct prism_jsonread *reader, struct prism_error *err)
{
	struct prism_source *s = &reader->source;

	for (;;) {
		while (s->pos < s->len && s->buf[s->pos] == ' ') /* indentation */
			s->pos++;
		int c = prism_source_peek(s, err);
		if (c != ' ' && c != '\n' && c != '\t' && c != '\r')
			return c;
		s->pos++;
		if (c == '\n')
			prism_source_newline(s);
	}
}

static int add(struct prism_jsonread *reader, const char *bytes, size_t size,
               struct prism_error *err)
{
	if (reader->text.len + size > reader->value_max)
		return prism_source_fail(reader->start, err, "a string or number of more than %zu bytes",
		                         reader->value_max);
	return prism_buf_append(&reader->text, bytes, size, err);
}

/* Four hex digits behind "\u". */
static int read_unit(struct prism_jsonread *reader, uint32_t *ret_unit, struct prism_error *err)
{
	uint32_t unit = 0;

	for (int i = 0; i < 4; i++) {
		int c = prism_source_peek(&reader->source, err);
		int digit = c >= '0' && c <= '9'   ? c - '0'
		            : c >= 'a' && c <= 'f' ? c - 'a' + 10
		            : c >= 'A' && c <= 'F' ? c - 'A' + 10
		                                   : -1;
		if (c == -2)
			return -1;
		if (digit < 0)
			return fail(reader, err, "four hex digits have to follow \\u");
		unit = unit << 4 | (uint32_t)digit;
		reader->source.pos++;
	}
	*ret_unit = unit;
	return 0;
}

static int expect_bytes(struct prism_jsonread *reader, const char *bytes, const char *complaint,
                        struct prism_error *err)
{
	for (; *bytes; bytes++) {
		int c = prism_source_peek(&reader->source, err);
		if (c == -2)
			return -1;
		if (c != *bytes)
			return fail(reader, err, complaint);
		reader->source.pos++;
	}
	return 0;
}

static int read_unicode(struct prism_jsonread *reader, struct prism_error *err)
{
	static const char lone[] = "half a surrogate pair in a string";
	uint32_t unit, low;
	char bytes[4];

	if (read_unit(reader, &unit, err) < 0)
		return -1;
	if (unit == 0)
		return fail(reader, err, "a NUL character in a string");
	if (unit >= 0xdc00 && unit < 0xe000)
		return fail(reader, err, lone);
	if (unit >= 0xd800 && unit < 0xdc00) {
		if (expect_bytes(reader, "\\u", lone, err) < 0 || read_unit(reader, &low, err) < 0)
			return -1;
		if (low < 0xdc00 || low >= 0xe000)
			return fail(reader, err, lone);
		unit = 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
	}
	return add(reader, bytes, prism_utf8_encode(unit, bytes), err);
}

static int read_escape(struct prism_jsonread *reader, struct prism_error *err)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
	int c;

	reader->source.pos++; /* the backslash */
	c = prism_source_peek(&reader->source, err);
	if (c == -2)
		return -1;
	const char *found = c > 0 ? strchr(from, c) : NULL;
	if (c != 'u' && !found)
		return fail(reader, err, "a backslash before something it cannot stand before");
	reader->source.pos++;
	return found ? add(reader, &to[found - from], 1, err) : read_unicode(reader, err);
}

/* From the opening quote to behind the closing one, decoded into text. */
static int read_string(struct prism_jsonread *reader, struct prism_error *err)
{
	struct prism_source *s = &reader->source;

	prism_buf_clear(&reader->text);
	s->pos++;
	for (;;) {
		int c = prism_source_peek(s, err);
		if (c == -2)
			return -1;
		if (c == -1)
			return prism_source_fail(reader->start, err, "a string that does not end");
		size_t run = s->pos;
		while (run < s->len && s->buf[run] != '"' && s->buf[run] != '\\' &&
		       (unsigned char)s->buf[run] >= 0x20)
			run++;
		if (run > s->pos) {
			if (add(reader, s->buf + s->pos, run - s->pos, err) < 0)
				return -1;
			s->pos = run;
			continue;
		}
		if (c == '"')
			break;
		if (c != '\\')
			return fail(reader, err, "a control character in a string");
		if (read_escape(reader, err) < 0)
			return -1;
	}
	s->pos++;
	if (!prism_utf8_valid(reader->text.data ? reader->text.data : "", reader->text.len))
		return prism_source_fail(reader->start, err, "a string that is not UTF-8");
	return 0;
}

/* int [frac] [exp] */
static bool is_number(const char *text)
{
	const char *p = text + (*text == '-');
	size_t digits = strspn(p, "0123456789");

	if (digits == 0 || (digits > 1 && *p == '0'))
		return false;
	p += digits;
	if (*p == '.') {
		digits = strspn(++p, "0123456789");
		if (digits == 0)
			return false;
		p += digits;
	}
	if (*p == 'e' || *p == 'E') {
		p++;
		p += *p == '+' || *p == '-';
		digits = strspn(p, "0123456789");
		if (digits == 0)
			return false;
		p += digits;
	}
	return *p == '\0';
}

static int read_number(struct prism_jsonread *reader, struct prism_error *err)
{
	prism_buf_clear(&reader->text);
	for (;;) {
		int c = prism_source_peek(&reader->source, err);
		if (c == -2)
			return -1;
		if (c <= 0 || !strchr("+-.0123456789eE", c))
			break;
		char byte = (char)c;
		if (reader->text.len >= 1024)
			return prism_source_fail(reader->start, err, "a number of more than 1024 digits");
		if (add(reader, &byte, 1, err) < 0)
			return -1;
		reader->source.pos++;
	}
	if (!is_number(prism_buf_text(&reader->text)))
		return prism_source_fail(reader->start, err, "not a number JSON knows");
	return 0;
}

/* ---- tokens ---- */

static void value_ended(struct prism_jsonread *reader)
{
	reader->expect = reader->depth ? EXPECT_COMMA_OR_END : EXPECT_NOTHING;
}

static int open_container(struct prism_jsonread *reader, bool object, enum prism_json_token *ret,
                          struct prism_error *err)
{
	if (reader->depth == PRISM_JSON_DEPTH)
		return prism_source_fail(reader->start, err, "nested deeper than %d", PRISM_JSON_DEPTH);
	reader->source.pos++;
	reader->object[reader->depth++] = object;
	reader->expect = object ? EXPECT_KEY_OR_END : EXPECT_VALUE_OR_END;
	*ret = object ? PRISM_JSON_OBJECT : PRISM_JSON_ARRAY;
	return 0;
}

static int close_container(struct prism_jsonread *reader, enum prism_json_token *ret)
{
	reader->source.pos++;
	reader->depth--;
	*ret = reader->object[reader->depth] ? PRISM_JSON_OBJECT_END : PRISM_JSON_ARRAY_END;
	value_ended(reader);
	return 0;
}

static int read_word(struct prism_jsonread *reader, int c, enum prism_json_token *ret,
                     struct prism_error *err)
{
	static const char unknown[] = "expected a value";

	*ret = c == 't' ? PRISM_JSON_TRUE : c == 'f' ? PRISM_JSON_FALSE : PRISM_JSON_NULL;
	if (c == 'N' || c == 'I')
		return fail(reader, err, "NaN and Infinity are not JSON; null stands for no value");
	if (c != 't' && c != 'f' && c != 'n')
		return fail(reader, err, c == -1 ? "the text ends where a value should be" : unknown);
	if (expect_bytes(reader, c == 't' ? "true" : c == 'f' ? "false" : "null", unknown, err) < 0)
		return -1;
	value_ended(reader);
	return 0;
}

static int read_value(struct prism_jsonread *reader, int c, enum prism_json_token *ret,
                      struct prism_error *err)
{
	if (c == '{' || c == '[')
		return open_container(reader, c == '{', ret, err);
	if (c != '"' && c != '-' && (c < '0' || c > '9'))
		return read_word(reader, c, ret, err);
	*ret = c == '"' ? PRISM_JSON_STRING : PRISM_JSON_NUMBER;
	if ((c == '"' ? read_string(reader, err) : read_number(reader, err)) < 0)
		return -1;
	value_ended(reader);
	return 0;
}

static int read_key(struct prism_jsonread *reader, int c, enum prism_json_token *ret,
                    struct prism_error *err)
{
	if (c != '"')
		return fail(reader, err,
		            c == -1 ? "the text ends inside an object" : "expected a name in quotes");
	if (read_string(reader, err) < 0)
		return -1;
	c = skip_space(reader, err);
	if (c == -2)
		return -1;
	if (c != ':')
		return fail(reader, err, "expected a colon behind the name");
	reader->source.pos++;
	reader->expect = EXPECT_VALUE;
	*ret = PRISM_JSON_KEY;
	return 0;
}

/* Passes the comma, or sees the container's end. 1: closed, 0: go on with *c. */
static int separate(struct prism_jsonread *reader, int *c, enum prism_json_token *ret,
                    struct prism_error *err)
{
	bool object = reader->object[reader->depth - 1];

	if (*c == (object ? '}' : ']'))
		return close_container(reader, ret) + 1;
	if (reader->expect != EXPECT_COMMA_OR_END)
		return 0;
	if (*c != ',')
		return fail(
		    reader, err,
		    *c == -1 ? (object ? "the text ends inside an object" : "the text ends inside an array")
		             : "expected a comma or the end");
	reader->source.pos++;
	*c = skip_space(reader, err);
	reader->start = prism_source_place(&reader->source);
	reader->expect = object ? EXPECT_KEY : EXPECT_VALUE;
	return *c == -2 ? -1 : 0;
}

static int begin(struct prism_jsonread *reader, struct prism_error *err)
{
	reader->begun = true;
	return reader->inside ? 0 : prism_source_begin(&reader->source, err);
}

int prism_jsonread_next(struct prism_jsonread *reader, enum prism_json_token *ret_token,
                        struct prism_error *err)
{
	if (!reader->begun && begin(reader, err) < 0)
		return -1;
	if (reader->expect == EXPECT_NOTHING && reader->inside) {
		*ret_token = PRISM_JSON_END;
		return 0;
	}
	int c = skip_space(reader, err);
	reader->start = prism_source_place(&reader->source);
	if (c == -2)
		return -1;
	if (reader->expect == EXPECT_NOTHING) {
		*ret_token = PRISM_JSON_END;
		return c == -1 ? 0 : fail(reader, err, "more text behind the document");
	}
	if (reader->expect != EXPECT_VALUE && reader->expect != EXPECT_KEY) {
		int closed = separate(reader, &c, ret_token, err);
		if (closed)
			return closed < 0 ? -1 : 0;
	}
	if (reader->expect == EXPECT_KEY || reader->expect == EXPECT_KEY_OR_END)
		return read_key(reader, c, ret_token, err);
	return read_value(reader, c, ret_token, err);
}

/* ---- trees ---- */

struct frame { /* where the builder is, for the path of a field */
	const struct frame *up;
	const char *key; /* NULL: an array */
	size_t index;
};

static void path_of(const struct frame *frame, struct prism_buf *out)
{
	if (!frame)
		return;
	path_of(frame->up, out);
	if (frame->key)
		prism_buf_printf(out, "%s%.200s", out->len ? "." : "", frame->key);
	else
		prism_buf_printf(out, "[%zu]", frame->index);
}

static int by_key(const void *a, const void *b)
{
	const cJSON *const *left = a, *const *right = b;
	int order = strcmp((*left)->string, (*right)->string);

	return order ? order
	             : ((*left)->valueint > (*right)->valueint) -
	                   ((*left)->valueint < (*right)->valueint);
}

static void find_twice(struct prism_jsonread *reader, const cJSON *object, size_t count,
                       const struct frame *up)
{
	const cJSON **all = count > 1 && reader->twice ? prism_alloc_array(count, sizeof(*all)) : NULL;
	size_t used = 0;

	if (!all)
		return;
	for (const cJSON *item = object->child; item; item = item->next)
		all[used++] = item;
	qsort(all, used, sizeof(*all), by_key);
	for (size_t i = 1; i < used; i++) {
		if (strcmp(all[i - 1]->string, all[i]->string) != 0)
			continue;
		PRISM_AUTO_BUF struct prism_buf path = PRISM_BUF_INIT(65536);
		struct frame last = {up, all[i]->string, 0};
		path_of(&last, &path);
		reader->twice(reader->twice_data, prism_buf_text(&path), (uint64_t)all[i]->valueint);
	}
	prism_free(all);
}

static cJSON *node(struct prism_jsonread *reader, int type)
{
	cJSON *item = cJSON_CreateNull();

	item->type = type;
	item->valueint = reader->start.line > INT_MAX ? INT_MAX : (int)reader->start.line;
	return item;
}

static char *text_copy(struct prism_jsonread *reader)
{
	char *copy = cJSON_malloc(reader->text.len + 1);

	if (!copy)
		abort();
	memcpy(copy, prism_buf_text(&reader->text), reader->text.len + 1);
	return copy;
}

static cJSON *scalar(struct prism_jsonread *reader, enum prism_json_token token)
{
	cJSON *item;

	switch (token) {
	case PRISM_JSON_STRING:
	case PRISM_JSON_NUMBER:
		item = node(reader, token == PRISM_JSON_STRING ? cJSON_String : cJSON_Raw);
		item->valuestring = text_copy(reader);
		return item;
	case PRISM_JSON_TRUE:
		return node(reader, cJSON_True);
	case PRISM_JSON_FALSE:
		return node(reader, cJSON_False);
	default:
		return node(reader, cJSON_NULL);
	}
}

static void append(cJSON *parent, cJSON *last, cJSON *item)
{
	if (last) {
		last->next = item;
		item->prev = last;
	} else {
		parent->child = item;
	}
	parent->child->prev = item; /* cJSON's rule: the first knows the last */
}

static int check_size(struct prism_jsonread *reader, struct prism_error *err)
{
	if (++reader->nodes > PRISM_JSONREAD_NODES)
		return prism_source_fail(reader->start, err, "more than %d values in one document",
		                         PRISM_JSONREAD_NODES);
	if (reader->start.offset - reader->value_start > reader->value_max)
		return prism_source_fail(reader->start, err, "a document of more than %zu bytes",
		                         reader->value_max);
	return 0;
}

static cJSON *build(struct prism_jsonread *reader, enum prism_json_token token,
                    const struct frame *up, struct prism_error *err);

/* One member behind the token just read; NULL with err. */
static cJSON *build_member(struct prism_jsonread *reader, enum prism_json_token token,
                           struct frame *frame, struct prism_error *err)
{
	PRISM_AUTO_FREE char *key = NULL;

	if (token == PRISM_JSON_KEY) {
		key = prism_strdup(prism_buf_text(&reader->text));
		frame->key = key;
		if (prism_jsonread_next(reader, &token, err) < 0)
			return NULL;
	}
	cJSON *item = build(reader, token, frame, err);
	if (item && key) {
		item->string = cJSON_malloc(strlen(key) + 1);
		if (!item->string)
			abort();
		memcpy(item->string, key, strlen(key) + 1);
	}
	frame->key = NULL;
	return item;
}

static int build_container(struct prism_jsonread *reader, cJSON *parent, const struct frame *up,
                           struct prism_error *err)
{
	enum prism_json_token token;
	struct frame frame = {up, NULL, 0};
	cJSON *last = NULL;

	for (;; frame.index++) {
		if (prism_jsonread_next(reader, &token, err) < 0)
			return -1;
		if (token == PRISM_JSON_OBJECT_END || token == PRISM_JSON_ARRAY_END)
			break;
		cJSON *item = build_member(reader, token, &frame, err);
		if (!item)
			return -1;
		append(parent, last, item);
		last = item;
	}
	if (cJSON_IsObject(parent))
		find_twice(reader, parent, frame.index, up);
	return 0;
}

static cJSON *build(struct prism_jsonread *reader, enum prism_json_token token,
                    const struct frame *up, struct prism_error *err)
{
	bool object = token == PRISM_JSON_OBJECT;

	if (check_size(reader, err) < 0)
		return NULL;
	if (!object && token != PRISM_JSON_ARRAY)
		return scalar(reader, token);
	cJSON *item = node(reader, object ? cJSON_Object : cJSON_Array);
	if (build_container(reader, item, up, err) == 0)
		return item;
	cJSON_Delete(item);
	return NULL;
}

int prism_jsonread_value(struct prism_jsonread *reader, enum prism_json_token first,
                         prism_json_twice_fn twice, void *data, cJSON **ret_value,
                         struct prism_error *err)
{
	reader->nodes = 0;
	reader->value_start = reader->start.offset;
	reader->twice = twice;
	reader->twice_data = data;
	cJSON *value = build(reader, first, NULL, err);
	if (!value)
		return -1;
	*ret_value = value;
	return 0;
}
