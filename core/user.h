/*
 * Users: me, display names of others (fetched once, in the background), search for pickers.
 * Reference 3.1, 4.1.
 */
#ifndef PRISM_CORE_USER_H
#define PRISM_CORE_USER_H

#include "base/json.h"
#include "core/core.h"

struct prism_arena;

struct core_user { /* strings never NULL */
	const char *id, *first_name, *last_name, *email, *username, *status, *role, *picture;
	const char *const *tags;
	size_t tag_count;
	int64_t created_us, verified_us; /* verified_us unset: not verified, or not told */
};
bool core_user_decode(struct core_user *user, const cJSON *entry, struct prism_arena *arena);
/* "First Last", else user name, else id. buf is filled; returns buf. */
char *core_user_display(const struct core_user *user, char *buf, size_t size);

/* Display name of a user id: lent until the core dies; the id itself until the name is known, and
 * the first question starts the (background) lookup; CORE_EVENT_USERS tells. "" for NULL or "". */
const char *core_user_name(struct core *core, const char *user_id);

struct core_users {
	const struct core_user *users;
	size_t count;
};
typedef void (*core_users_fn)(void *data, const struct core_users *users,
                              const struct prism_error *err);
/* By user name, at least 3 characters (reference 3.1). Falls back to first name when nothing is
 * found. */
PRISM_MUST_USE
int core_user_search(struct core *core, const char *text, struct prism_cancel *cancel,
                     core_users_fn done, void *data, struct prism_error *err);
/* User id for "me", an id, a user name or an e-mail of mine; looks it up when it must. */
PRISM_MUST_USE
int core_user_resolve(struct core *core, const char *word, struct prism_cancel *cancel,
                      core_id_fn done, void *data, struct prism_error *err);

#endif
