/*
 * Reading JSON that does not fit in memory: a pull reader that gives one token at a time, or one
 * whole value of a bounded size.
 *
 * It is strict where base/json.h is (RFC 8259; nesting cap, no NUL, valid UTF-8, no text behind
 * the document) and names the place of a fault: "line 12, column 3: expected a comma".  After an
 * error nothing more can be read.
 *
 * Values become cJSON trees with two differences, so that what is not understood goes on unchanged:
 *   - numbers are kept as they are written (cJSON_Raw), of any size;
 *   - `valueint` of every node is the line it stands in (INT_MAX when beyond).
 *
 * Thread rules: one thread at a time.
 */
#ifndef PRISM_BASE_JSONREAD_H
#define PRISM_BASE_JSONREAD_H

#include "base/json.h"
#include "base/source.h"

#define PRISM_JSONREAD_NODES                                             \
	1000000 /* of one value: "[0,0,0" costs 30 times its bytes as a tree \
	         */

enum prism_json_token {
	PRISM_JSON_OBJECT,
	PRISM_JSON_OBJECT_END,
	PRISM_JSON_ARRAY,
	PRISM_JSON_ARRAY_END,
	PRISM_JSON_KEY,
	PRISM_JSON_STRING,
	PRISM_JSON_NUMBER,
	PRISM_JSON_TRUE,
	PRISM_JSON_FALSE,
	PRISM_JSON_NULL,
	PRISM_JSON_END, /* of the document; again and again */
};

struct prism_jsonread;
/* value_max: bytes of one value, of one string, and of one key. offset, line: base/source.h. A
 * reader that begins inside a document (offset not 0) expects one value there, and what follows it
 * is not looked at. */
struct prism_jsonread *prism_jsonread_create(prism_source_fn read, void *data, size_t value_max,
                                             uint64_t offset, uint64_t line);
void prism_jsonread_destroy(struct prism_jsonread *reader); /* NULL allowed */
PRISM_MUST_USE
int prism_jsonread_next(struct prism_jsonread *reader, enum prism_json_token *ret_token,
                        struct prism_error *err);
/* Of the last key, string (decoded) or number (as written); lent until the next call. */
const char *prism_jsonread_text(const struct prism_jsonread *reader);
/* Where the last token begins, and where the reader stands: behind it. */
struct prism_place prism_jsonread_start(const struct prism_jsonread *reader);
struct prism_place prism_jsonread_here(const struct prism_jsonread *reader);

/* Told of a key that an object has twice, with its path: "roles[2].members". The tree holds both.
 */
typedef void (*prism_json_twice_fn)(void *data, const char *path, uint64_t line);
/* The whole value whose first token was read last; yours. */
PRISM_MUST_USE
int prism_jsonread_value(struct prism_jsonread *reader, enum prism_json_token first,
                         prism_json_twice_fn twice /* may be NULL */, void *data, cJSON **ret_value,
                         struct prism_error *err);

#endif
