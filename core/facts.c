/* The tree of facts: see facts.h. */
#include "core/facts.h"

#include "base/mem.h"
#include "base/text.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define VALUE_MAX 4096u /* bytes of one decoded line; lists of bits are the longest */

struct core_facts {
	struct prism_arena *arena;
	struct core_fact *items;
	size_t count, alloc;
};

static const char *const state_words[CORE_FACT_STATE_COUNT] = {
    [CORE_FACT_PLAIN] = "",
    [CORE_FACT_SAME] = "same",
    [CORE_FACT_DIFFERS] = "DIFFERS",
    [CORE_FACT_OPEN] = "not compared",
};

const char *core_fact_state_word(enum core_fact_state state)
{
	return state_words[state];
}

struct core_facts *core_facts_create(void)
{
	struct core_facts *facts = prism_alloc(sizeof(*facts));

	facts->arena = prism_arena_create();
	return facts;
}

void core_facts_destroy(struct core_facts *facts)
{
	if (!facts)
		return;
	prism_arena_destroy(facts->arena);
	prism_free(facts->items);
	prism_free(facts);
}

/* ---- building ---- */

static struct core_fact *last(struct core_facts *facts)
{
	assert(facts->count > 0);
	return &facts->items[facts->count - 1];
}

void core_facts_add(struct core_facts *facts, unsigned depth, const char *key, const char *label)
{
	if (facts->count == facts->alloc) {
		facts->alloc = facts->alloc ? 2 * facts->alloc : 64;
		facts->items = prism_realloc_array(facts->items, facts->alloc, sizeof(*facts->items));
	}
	facts->items[facts->count++] = (struct core_fact){
	    .key = prism_arena_strdup(facts->arena, key),
	    .label = prism_arena_strdup(facts->arena, label),
	    .value = "",
	    .meaning = "",
	    .other = "",
	    .offset = -1,
	    .depth = depth,
	};
}

static const char *keepv(struct core_facts *facts, const char *fmt, va_list ap)
{
	char text[VALUE_MAX];

	vsnprintf(text, sizeof(text), fmt, ap);
	return prism_arena_strdup(facts->arena, text);
}

void core_facts_addf(struct core_facts *facts, unsigned depth, const char *label, const char *fmt,
                     ...)
{
	char key[160];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(key, sizeof(key), fmt, ap);
	va_end(ap);
	core_facts_add(facts, depth, key, label);
}

void core_facts_value(struct core_facts *facts, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	last(facts)->value = keepv(facts, fmt, ap);
	va_end(ap);
}

void core_facts_meaning(struct core_facts *facts, const char *meaning)
{
	last(facts)->meaning = prism_arena_strdup(facts->arena, meaning);
}

void core_facts_raw(struct core_facts *facts, const void *data, size_t size, long offset)
{
	struct core_fact *fact = last(facts);
	size_t kept = size < CORE_FACT_RAW_MAX ? size : CORE_FACT_RAW_MAX;
	uint8_t *copy = prism_arena_alloc(facts->arena, kept + 1);

	if (kept)
		memcpy(copy, data, kept);
	fact->raw = copy;
	fact->raw_size = kept;
	fact->full_size = size;
	fact->offset = offset;
}

void core_facts_compare(struct core_facts *facts, enum core_fact_state state, const char *other)
{
	last(facts)->state = state;
	if (other)
		last(facts)->other = prism_arena_strdup(facts->arena, other);
}

void core_facts_fold(struct core_facts *facts)
{
	last(facts)->folded = true;
}

/* ---- reading ---- */

size_t core_facts_count(const struct core_facts *facts)
{
	return facts->count;
}

const struct core_fact *core_facts_at(const struct core_facts *facts, size_t index)
{
	return index < facts->count ? &facts->items[index] : NULL;
}

const struct core_fact *core_facts_find(const struct core_facts *facts, const char *key)
{
	for (size_t i = 0; i < facts->count; i++)
		if (strcmp(facts->items[i].key, key) == 0)
			return &facts->items[i];
	return NULL;
}

bool core_facts_has_children(const struct core_facts *facts, size_t index)
{
	return index + 1 < facts->count && facts->items[index + 1].depth > facts->items[index].depth;
}

size_t core_facts_count_state(const struct core_facts *facts, enum core_fact_state state)
{
	size_t count = 0;

	for (size_t i = 0; i < facts->count; i++)
		count += facts->items[i].state == state;
	return count;
}

/* ---- JSON ---- */

static void add_text(cJSON *object, const char *name, const char *text)
{
	if (*text)
		cJSON_AddStringToObject(object, name, text);
}

static void add_bytes(cJSON *object, const struct core_fact *fact)
{
	PRISM_AUTO_FREE char *hex = prism_alloc(2 * fact->raw_size + 1);
	PRISM_AUTO_FREE char *base64 = prism_base64_encode(fact->raw, fact->raw_size);

	prism_hex_encode(fact->raw, fact->raw_size, hex);
	cJSON_AddStringToObject(object, "hex", hex);
	cJSON_AddStringToObject(object, "base64", base64);
	if (fact->full_size > fact->raw_size)
		cJSON_AddNumberToObject(object, "size", (double)fact->full_size);
	if (fact->offset >= 0)
		cJSON_AddNumberToObject(object, "offset", (double)fact->offset);
}

static cJSON *node_json(const struct core_fact *fact)
{
	cJSON *object = cJSON_CreateObject();

	cJSON_AddStringToObject(object, "key", fact->key);
	cJSON_AddStringToObject(object, "label", fact->label);
	add_text(object, "value", fact->value);
	if (fact->raw)
		add_bytes(object, fact);
	add_text(object, "meaning", fact->meaning);
	add_text(object, "other", fact->other);
	add_text(object, "state", state_words[fact->state]);
	return object;
}

/* Children from *at on that are deeper than `depth`; recursion is as deep as the tree: a few. */
static cJSON *list_json(const struct core_facts *facts, size_t *at, unsigned depth)
{
	cJSON *list = cJSON_CreateArray();

	while (*at < facts->count && facts->items[*at].depth >= depth) {
		const struct core_fact *fact = &facts->items[(*at)++];
		cJSON *object = node_json(fact);

		if (*at < facts->count && facts->items[*at].depth > fact->depth)
			cJSON_AddItemToObject(object, "facts", list_json(facts, at, fact->depth + 1));
		cJSON_AddItemToArray(list, object);
	}
	return list;
}

cJSON *core_facts_json(const struct core_facts *facts)
{
	size_t at = 0;

	return list_json(facts, &at, 0);
}

/* ---- text ---- */

#define LINE_BYTES 32u /* of a hex dump: 64 digits fit beside an indent in 80 columns */

static void put_indent(struct prism_buf *out, unsigned depth)
{
	for (unsigned i = 0; i < depth; i++)
		prism_buf_puts(out, "  ");
}

static void put_bytes(const struct core_fact *fact, struct prism_buf *out)
{
	char hex[2 * LINE_BYTES + 1];

	for (size_t at = 0; at < fact->raw_size; at += LINE_BYTES) {
		size_t size = fact->raw_size - at < LINE_BYTES ? fact->raw_size - at : LINE_BYTES;

		prism_hex_encode(fact->raw + at, size, hex);
		put_indent(out, fact->depth + 1);
		if (fact->offset >= 0)
			prism_buf_printf(out, "%04lx  ", (unsigned long)fact->offset + (unsigned long)at);
		prism_buf_printf(out, "%s\n", hex);
	}
	if (fact->full_size > fact->raw_size) {
		put_indent(out, fact->depth + 1);
		prism_buf_printf(out, "(%zu bytes more)\n", fact->full_size - fact->raw_size);
	}
}

/* What a peer wrote may hold line breaks and escapes: one line stays one line. */
static void put_line(struct prism_buf *out, unsigned depth, const char *label, const char *text)
{
	if (!*text)
		return;
	put_indent(out, depth);
	prism_buf_printf(out, "%s: ", label);
	prism_text_neutralise(out, text, strlen(text), false);
	prism_buf_putc(out, '\n');
}

static void put_node(const struct core_fact *fact, const struct core_fact_names *names,
                     struct prism_buf *out)
{
	bool compared = fact->state != CORE_FACT_PLAIN;

	put_indent(out, fact->depth);
	prism_text_neutralise(out, fact->label, strlen(fact->label), false); /* claims name these */
	if (fact->depth == 0)
		prism_buf_putc(out, fact->value[0] ? ':' : '\n');
	if (*fact->value && !*fact->other) {
		prism_buf_puts(out, fact->depth ? ": " : " ");
		prism_text_neutralise(out, fact->value, strlen(fact->value), false);
	}
	if (compared)
		prism_buf_printf(out, "%s[%s]", fact->depth ? "  " : " ", state_words[fact->state]);
	if (fact->depth || fact->value[0])
		prism_buf_putc(out, '\n');
	if (*fact->other) {
		put_line(out, fact->depth + 1, names->value, fact->value);
		put_line(out, fact->depth + 1, names->other, fact->other);
	}
	if (*fact->meaning) {
		put_indent(out, fact->depth + 1);
		prism_buf_printf(out, "(%s)\n", fact->meaning);
	}
	if (fact->raw && !*fact->other)
		put_bytes(fact, out);
}

void core_facts_text(const struct core_facts *facts, const struct core_fact_names *names,
                     struct prism_buf *out)
{
	static const struct core_fact_names plain = {"value", "other"};

	for (size_t i = 0; i < facts->count; i++) {
		if (i && facts->items[i].depth == 0)
			prism_buf_putc(out, '\n');
		put_node(&facts->items[i], names ? names : &plain, out);
	}
}
