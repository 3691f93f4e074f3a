/*
 * A JSON writer: fields in the order they are written, the escapes of Go's encoder (the real
 * services are Go programs): <, > and & as \u003c, \u003e, \u0026, U+2028 and U+2029 escaped,
 * invalid UTF-8 as U+FFFD.
 *
 * key NULL: an element of the array that is open.  Values are copied.
 */
#ifndef PRISM_SANDBOX_JSON_OUT_H
#define PRISM_SANDBOX_JSON_OUT_H

#include "base/buf.h"

#define SB_JSON_CAP (256u << 20) /* an answer of ours; 100 assets with 10 MB samples stay below */

struct sb_json {
	struct prism_buf buf;
	uint32_t filled; /* bit per level: something was written there */
	uint32_t arrays; /* bit per level: it is an array */
	unsigned depth;
};

void sb_json_init(struct sb_json *j);
void sb_json_finish(struct sb_json *j);
void sb_json_object(struct sb_json *j, const char *key);
void sb_json_array(struct sb_json *j, const char *key);
void sb_json_end(struct sb_json *j); /* closes the object or array opened last */
void sb_json_str(struct sb_json *j, const char *key, const char *value); /* NULL: "" */
void sb_json_strn(struct sb_json *j, const char *key, const char *value, size_t len);
void sb_json_int(struct sb_json *j, const char *key, int64_t value);
void sb_json_bool(struct sb_json *j, const char *key, bool value);
void sb_json_null(struct sb_json *j, const char *key);
void sb_json_time(struct sb_json *j, const char *key, int64_t us); /* PRISM_TIME_UNSET: Go's zero */
/* value is JSON already; NULL or "": the field is left out. */
void sb_json_raw(struct sb_json *j, const char *key, const char *value);

#endif
