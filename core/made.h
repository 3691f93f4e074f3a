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
	/* Is this what was asked for? data is the spec's. */
	bool (*same)(const cJSON *entry, const void *data);
};

struct core_made {
	const struct core_made_type *type;
	const char *computation_id;        /* path argument of the list; NULL: none */
	const char *name;                  /* for the server's filter; NULL: none */
	int64_t asked_us;                  /* core_made_now() before the request */
	const struct prism_error *silence; /* NULL: an answer came, without the id */
	core_id_fn done;                   /* exactly once, maybe now */
	void *data;
};
int64_t core_made_now(struct core *core); /* the server's clock, as far as it is known */
/* Whether an error leaves it open if the change was made. */
bool core_made_unclear(const struct prism_error *err);
void core_made_look(struct core *core, const struct core_made *what);

#endif
