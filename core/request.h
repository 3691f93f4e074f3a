/*
 * One call of the Prism HTTP API in flight: built from its endpoint row, authorised, retried by
 * its row's rule, its answer decoded.
 *
 * States:
 *   WAIT_TOKEN  the access token is about to expire or was refused; a refresh shared by all is
 * running PARKED      the refresh token is dead; goes on after the next sign-in (nothing was lost)
 *   SENT        handed to net/http
 *   WAIT_RETRY  an idempotent read failed in transport, or 429/502/503/504 came; capped exponential
 *               back-off with jitter, Retry-After (seconds or a date) honoured up to
 *               CORE_RETRY_AFTER_MAX_MS
 *   DONE        the callback was called
 *
 * Writes are never repeated, except after a 401 (the server did nothing).  A 401 leads to one
 * refresh and one retry; not for "email not verified", sign-in calls and certificate renewal.
 *
 * Errors carry operation (the row's name), peer (scheme and host), status, and the hint for that
 * status.
 */
#ifndef PRISM_CORE_REQUEST_H
#define PRISM_CORE_REQUEST_H

#include "base/json.h"
#include "base/mem.h"
#include "core/core.h"
#include "core/endpoints.h"

#define CORE_RETRY_MAX 3 /* repetitions of an idempotent read */
#define CORE_RETRY_FIRST_MS 250
#define CORE_RETRY_CAP_MS 8000
#define CORE_RETRY_AFTER_MAX_MS 60000 /* stops a server that parks us for hours */

/* Query parameters under construction; each key at most once (supermq refuses repeated keys). */
struct core_query {
	struct prism_buf text; /* private */
};
void core_query_add(struct core_query *query, const char *key,
                    const char *value); /* value NULL or "": skipped */
void core_query_add_int(struct core_query *query, const char *key, int64_t value);

struct core_reply {
	int status;        /* 2xx */
	const cJSON *json; /* NULL when the body is empty or not JSON */
	const char *text;  /* the body, NUL-terminated; unmodified */
	size_t text_len;
	const char *id; /* of what was created: JSON id, HX-Location, Location; "" when none */
};
typedef void (*core_reply_fn)(void *data, const struct core_reply *reply,
                              const struct prism_error *err);

struct core_call {
	enum core_endpoint_id endpoint;
	const char
	    *arg[CORE_ARG_COUNT]; /* path arguments by letter; [CORE_ARG_D] NULL: current workspace */
	void (*query)(struct core_query *query, void *data); /* may be NULL; called during start */
	void *query_data;
	const cJSON *body; /* printed during start; NULL: none */
	const struct prism_buf
	    *secret; /* in place of body: JSON text that holds a password; copied, wiped */
	const struct prism_buf *bytes; /* in place of body: not JSON; copied */
	const char *content_type;      /* of bytes; lent for the life of the request */
	const char *accept;            /* NULL: application/json; lent for the life of the request */
	int64_t timeout_ms;            /* 0: the row's class */
	bool once;                     /* no retry at all, whatever the row says */
};

/* Fails now when not signed in, no workspace is chosen though the path needs one, or an argument
 * is missing. The reply is lent during the callback. */
struct core_request *core_request_start(struct core *core, const struct core_call *call,
                                        struct prism_cancel *cancel, core_reply_fn done, void *data,
                                        struct prism_error *err);
void core_request_abort(struct core_request *request); /* done comes later, category cancelled */

/* When false, a dead session fails requests (category auth) in place of parking them: command line.
 */
void core_request_set_parking(struct core *core, bool parking);

/* The answer of a server made into one readable line and a hint (reference section 2.4): every
 * generation of error body. `row` may be NULL. Always returns -1. Pure; for tests and the fuzzer.
 */
int core_reply_error(int status, const char *content_type, const char *body, size_t len,
                     const struct core_endpoint *row, struct prism_error *err);
/* A web page where data was expected: by content type, else by its first bytes. */
bool core_reply_is_html(const char *content_type, const char *body);
/* The id in a path, URL, or JSON with "path" (HX-Location): the last segment; yours, NULL when
 * none. */
char *core_id_from_location(const char *location);

#endif
