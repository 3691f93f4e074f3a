/*
 * Workspaces (the services call them domains): list, choice, create, update.  Reference 3.2, 4.2.
 * Tokens are not workspace-scoped: choosing one is a matter of this client only.
 */
#ifndef PRISM_CORE_WORKSPACE_H
#define PRISM_CORE_WORKSPACE_H

#include "core/list.h"

struct core_workspace { /* strings never NULL */
	const char *id, *name, *alias, *status, *role_name, *created_by;
	int64_t created_us, updated_us;
	unsigned actions; /* mine: CORE_WPERM_*, see core/permission.h; 0 when not told */
};

struct core_list *core_workspaces(struct core *core);
static inline const struct core_workspace *core_workspace_at(const struct core_list *list, size_t i)
{
	return core_list_at(list, i);
}

const char *core_workspace_id(const struct core *core); /* current; "" when none */
const char *
core_workspace_name(const struct core *core); /* current; the id until the name is known */
/* Makes it current, resets what belonged to the other one, remembers it. NULL or "" leaves. */
void core_workspace_select(struct core *core, const char *id, const char *name /* may be NULL */);
/* Id by id, name or alias; loads the list when it must; ambiguous names fail with category
 * conflict. */
PRISM_MUST_USE
int core_workspace_resolve(struct core *core, const char *word, struct prism_cancel *cancel,
                           core_id_fn done, void *data, struct prism_error *err);
/* Enters: `word` when given, else option `workspace`, else the one used last, else the only one
 * there is. Category missing when none of these decides: ask the user. */
PRISM_MUST_USE
int core_workspace_enter(struct core *core, const char *word, struct prism_cancel *cancel,
                         core_done_fn done, void *data, struct prism_error *err);
/* One of them with what I may do there; lent for the call. */
typedef void (*core_workspace_fn)(void *data, const struct core_workspace *workspace,
                                  const struct prism_error *err);
PRISM_MUST_USE
int core_workspace_fetch(struct core *core, const char *id, struct prism_cancel *cancel,
                         core_workspace_fn done, void *data, struct prism_error *err);
/* alias NULL: a fresh UUID goes as alias and as route, as the web console does. */
PRISM_MUST_USE
int core_workspace_create(struct core *core, const char *name, const char *alias,
                          struct prism_cancel *cancel, core_id_fn done, void *data,
                          struct prism_error *err);
PRISM_MUST_USE
int core_workspace_rename(struct core *core, const char *id, const char *name,
                          struct prism_cancel *cancel, core_done_fn done, void *data,
                          struct prism_error *err);
PRISM_MUST_USE
int core_workspace_set_enabled(struct core *core, const char *id, bool enabled,
                               struct prism_cancel *cancel, core_done_fn done, void *data,
                               struct prism_error *err);

#endif
