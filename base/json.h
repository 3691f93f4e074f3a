/*
 * Typed access over cJSON for documents of unknown make.
 *
 * Parsing enforces a byte cap, a nesting cap and (unlike bare cJSON) rejects trailing
 * garbage, NUL inside strings that would truncate, and invalid UTF-8.  Getters are tolerant
 * by design, because every field may be missing: they return the fallback for a missing
 * field, null, or a value of the wrong type.  The `want` forms report instead, with the path
 * of the field: "computations[3].name: expected a string, found a number".
 *
 * Integers beyond 2^53, which a double would round, keep their digits (cJSON_Raw): the integer and
 * number getters read them, and printing the document gives them back unchanged.
 *
 * Strings returned are lent by the document.
 */
#ifndef PRISM_BASE_JSON_H
#define PRISM_BASE_JSON_H

#include "base/buf.h"

#include <stdint.h>

#include <cjson/cJSON.h>

#define PRISM_JSON_DEPTH 64       /* deeper documents are attacks on the stack, not data */
#define PRISM_JSON_CAP (64 << 20) /* bytes of one document; stops a server from filling memory */

/* NULL on failure. Names the byte offset, line and column of the fault. */
cJSON *prism_json_parse(const char *text, size_t len, struct prism_error *err);
void prism_json_free(cJSON *doc); /* NULL allowed */
void prism_json_wipe(cJSON *doc); /* frees what may hold secrets: its texts are overwritten */
void prism_json_cleanup(cJSON **slot);
#define PRISM_AUTO_JSON __attribute__((cleanup(prism_json_cleanup)))

/* Object member; NULL when absent, null, or obj is not an object. Exact, then ASCII
 * case-insensitive match (Go's rule). The first key of duplicates wins. */
const cJSON *prism_json_get(const cJSON *obj, const char *key);
/* The first member, whose next ones follow by ->next; NULL when obj is no object. A loop over
 * ->child of what may be an array meets members without a name. */
static inline const cJSON *prism_json_members(const cJSON *obj)
{
	return cJSON_IsObject(obj) ? obj->child : NULL;
}
const char *prism_json_str(const cJSON *obj, const char *key, const char *fallback);
int64_t prism_json_int(const cJSON *obj, const char *key, int64_t fallback); /* also "12" as text */
/* Text or number, each as it stands in the document: serial numbers have up to 49 digits. "" when
 * it is neither. Yours. */
char *prism_json_digits(const cJSON *obj, const char *key);
double prism_json_num(const cJSON *obj, const char *key, double fallback);
bool prism_json_bool(const cJSON *obj, const char *key, bool fallback);
int64_t prism_json_time(const cJSON *obj, const char *key); /* microseconds or PRISM_TIME_UNSET */
const cJSON *prism_json_array(const cJSON *obj, const char *key); /* NULL when not an array */

PRISM_MUST_USE
int prism_json_want_str(const cJSON *obj, const char *path, const char *key, const char **ret_value,
                        struct prism_error *err);

char *prism_json_print(const cJSON *doc, bool pretty); /* yours; two-space indentation */
/* The pretty form as a part of a larger document: what breaks is indented by depth steps more. */
void prism_json_print_part(const cJSON *doc, int depth, struct prism_buf *out);

#endif
