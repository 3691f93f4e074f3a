/*
 * Personal access tokens (reference 2.3): a bearer for programs that outlives a session.
 *
 * The text of a token is told once, when it is made or made anew; it comes as a secret and is kept
 * nowhere.  Prism's own services may refuse such tokens (reference Q7), and the token service
 * refuses to be called with one.
 */
#ifndef PRISM_CORE_PAT_H
#define PRISM_CORE_PAT_H

#include "base/mem.h"
#include "core/list.h"

struct core_pat { /* strings never NULL */
	const char *id, *name, *description, *status /* "active", "revoked", "expired", or "" */;
	int64_t issued_us, expires_us, used_us, updated_us, revoked_us;
	bool revoked;
};
/* "active", "revoked" or "expired", also for servers that do not say it. */
const char *core_pat_state(const struct core_pat *pat, int64_t now_us);

/* Fills a zeroed struct core_pat; false: not one. Survives any JSON. */
struct prism_arena;
bool core_pat_decode(void *item, const cJSON *entry, struct prism_arena *arena);

struct core_list *core_pats(struct core *core);
static inline const struct core_pat *core_pat_at(const struct core_list *list, size_t i)
{
	return core_list_at(list, i);
}
/* Id by id or unique name. */
PRISM_MUST_USE
int core_pat_resolve(struct core *core, const char *word, struct prism_cancel *cancel,
                     core_id_fn done, void *data, struct prism_error *err);

/* secret: given, yours to destroy; NULL with err. */
typedef void (*core_pat_fn)(void *data, const char *id, struct prism_secret *secret,
                            const struct prism_error *err);
#define CORE_PAT_LIFE_MAX_MS (INT64_C(366) * 86400 * 1000) /* a year: longer is a mistake */
/* life_ms: 1 minute to CORE_PAT_LIFE_MAX_MS. description may be NULL. */
PRISM_MUST_USE
int core_pat_create(struct core *core, const char *name, const char *description, int64_t life_ms,
                    struct prism_cancel *cancel, core_pat_fn done, void *data,
                    struct prism_error *err);
/* A new text for the same token; the old one stops working. */
PRISM_MUST_USE
int core_pat_reset(struct core *core, const char *id, int64_t life_ms, struct prism_cancel *cancel,
                   core_pat_fn done, void *data, struct prism_error *err);
PRISM_MUST_USE
int core_pat_revoke(struct core *core, const char *id, struct prism_cancel *cancel,
                    core_done_fn done, void *data, struct prism_error *err);
PRISM_MUST_USE
int core_pat_delete(struct core *core, const char *id, struct prism_cancel *cancel,
                    core_done_fn done, void *data, struct prism_error *err);
typedef void (*core_pat_one_fn)(void *data, const struct core_pat *pat,
                                const struct prism_error *err);
PRISM_MUST_USE
int core_pat_fetch(struct core *core, const char *id, struct prism_cancel *cancel,
                   core_pat_one_fn done, void *data, struct prism_error *err);

#endif
