/*
 * Finding what was made: when the server did not say its id, and when no answer came at all, so
 * that nobody knows whether it was made.  A write is never repeated blindly; the client looks
 * first.
 *
 * The look is a list request of the newest entries, and takes the newest that is what was asked for
 * and, after silence, not older than the asking.  While the server cannot be reached it is repeated
 * every CORE_MADE_AGAIN_MS, CORE_MADE_TRIES times at most.
 *
 * What comes out after silence:
 *   found            success, with a notice that says so
 *   not found        the first error, with the hint that there is no sign of it so far
 *   still no answer  the first error, with the hint to look before trying again
 *
 * Internal to core.  Thread rules: loop thread only.
 */
#ifndef PRISM_CORE_MADE_H
#define PRISM_CORE_MADE_H

#include "core/internal.h"

#define CORE_MADE_AGAIN_MS 3000
#define CORE_MADE_TRIES 20
/* Clocks are compared over a network: entries this much older than the asking still count. */
#define CORE_MADE_SLACK_US (5 * 1000000LL)

struct core_made_type {
	const char *noun; /* "computation" */
	enum core_endpoint_id list;
	const char *key; /* of the array in the answer; a bare object counts as one entry */
	bool by_name;    /* the server can filter the list by wanted[0] */
	/* Is this what was asked for? wanted is the spec's. */
	bool (*same)(const cJSON *entry, const char *const *wanted);
	void (*made)(struct core *core); /* it was made: lists that are stale now. core_make() only */
};

#define CORE_MADE_WANTED 2

struct core_made { /* texts are copied */
	const struct core_made_type *type;
	const char *computation_id;           /* path argument of the list; NULL: none */
	const char *wanted[CORE_MADE_WANTED]; /* what same() compares with; NULL is "" */
	int64_t asked_us;                     /* core_made_now() before the request */
	core_id_fn done;                      /* exactly once */
	void *data;
};
int64_t core_made_now(struct core *core); /* the server's clock, as far as it is known */
/* An answer, or silence, to a request that makes something: done is called now with the id or the
 * error when that is clear, else after a look. id: "" when the answer did not say it. */
void core_made_answer(struct core *core, const struct core_made *what, const char *id,
                      const struct prism_error *err);
/* The whole of it for what one request makes and its answer's id names. Fails now, without done, or
 * calls it later; asked_us is filled in. */
PRISM_MUST_USE
int core_make(struct core *core, const struct core_call *call, const struct core_made *what,
              struct prism_cancel *cancel, struct prism_error *err);

#endif
