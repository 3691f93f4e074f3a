/*
 * Facts: a tree of what was decoded, each with its meaning and, where there is one, the other
 * value it is compared with.  Evidence, policies and the comparison of two policies are all told
 * this way; the screen, the text report and JSON read the same tree.
 *
 * The tree is a row of nodes in the order they are read, each with its depth; children follow
 * their parent.  Built once, then read-only.
 *
 * Ownership: one arena; texts and bytes handed in are copied, those handed out are lent.
 * Thread rules: one thread at a time.
 */
#ifndef PRISM_CORE_FACTS_H
#define PRISM_CORE_FACTS_H

#include "base/buf.h"
#include "base/json.h"

#include <stdint.h>

#define CORE_FACT_RAW_MAX 4096u /* bytes kept of one value; event data may be half a megabyte */

enum core_fact_state {
	CORE_FACT_PLAIN,   /* nothing to compare with */
	CORE_FACT_SAME,    /* equal, or as demanded */
	CORE_FACT_DIFFERS, /* not so */
	CORE_FACT_OPEN,    /* there is another value, but it was not compared, or only one has it */
	CORE_FACT_STATE_COUNT
};
const char *core_fact_state_word(enum core_fact_state state); /* "", "same", "DIFFERS", ... */

struct core_fact {
	const char *key;     /* "report.measurement": unique in the tree, stable between versions */
	const char *label;   /* the field's own name in its specification */
	const char *value;   /* decoded, one line; "" when the bytes are all there is */
	const char *meaning; /* one line; "" */
	const char *other;   /* what it is compared with: the policy's value, or the second policy's */
	const uint8_t *raw;  /* NULL: none */
	size_t raw_size;     /* bytes kept */
	size_t full_size;    /* bytes there were */
	long offset;         /* of raw in the report; -1: not part of it */
	unsigned depth;      /* 0: a section */
	bool folded;         /* proposed closed: long, or rarely wanted */
	enum core_fact_state state;
};

struct core_facts;
struct core_facts *core_facts_create(void);
void core_facts_destroy(struct core_facts *facts); /* NULL allowed */

/* ---- building: each call goes on with the node added last ---- */

void core_facts_add(struct core_facts *facts, unsigned depth, const char *key, const char *label);
void core_facts_addf(struct core_facts *facts, unsigned depth, const char *label,
                     const char *key_fmt, ...) PRISM_PRINTF(4, 5);
void core_facts_value(struct core_facts *facts, const char *fmt, ...) PRISM_PRINTF(2, 3);
void core_facts_meaning(struct core_facts *facts, const char *meaning);
void core_facts_raw(struct core_facts *facts, const void *data, size_t size, long offset);
/* other NULL: the state alone. */
void core_facts_compare(struct core_facts *facts, enum core_fact_state state, const char *other);
void core_facts_fold(struct core_facts *facts);

/* ---- reading ---- */

size_t core_facts_count(const struct core_facts *facts);
const struct core_fact *core_facts_at(const struct core_facts *facts, size_t index);
const struct core_fact *core_facts_find(const struct core_facts *facts, const char *key);
bool core_facts_has_children(const struct core_facts *facts, size_t index);
size_t core_facts_count_state(const struct core_facts *facts, enum core_fact_state state);

/* The tree as nested objects: an array of sections; yours. */
cJSON *core_facts_json(const struct core_facts *facts);
/* Indented lines; raw bytes in hex. names: what the two values are called when there is another
 * one ("found", "policy"); NULL: "value" and "other". */
struct core_fact_names {
	const char *value, *other;
};
void core_facts_text(const struct core_facts *facts, const struct core_fact_names *names,
                     struct prism_buf *out);

#endif
