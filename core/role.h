/*
 * Roles with their actions and members, of one computation or of the workspace (reference 3.3,
 * 3.6, 4.9).  `scope` everywhere: a computation id, or NULL for the current workspace.
 */
#ifndef PRISM_CORE_ROLE_H
#define PRISM_CORE_ROLE_H

#include "core/core.h"
#include "core/permission.h"

struct core_role { /* strings never NULL */
	const char *id, *name, *created_by;
	int64_t created_us, updated_us;
	const char *const *actions; /* wire words, unknown ones too */
	size_t action_count;
	unsigned bits;              /* CORE_PERM_* or CORE_WPERM_* */
	const char *const *members; /* user ids */
	size_t member_count;
	bool builtin;       /* its name is one of the built-in ones */
	bool members_known; /* false: the server did not let us read them */
};
struct core_roles {
	const struct core_role *roles;
	size_t count;
	const struct core_status *status;
};
struct core_roles core_roles(struct core *core, const char *scope);
const struct core_role *core_role_find(struct core *core, const char *scope,
                                       const char *id_or_name);
/* The role a person has there: one at most (reference 3.3). NULL: none, or not known. */
const struct core_role *core_role_of(struct core *core, const char *scope, const char *user_id);
void core_roles_load(struct core *core, const char *scope, bool refresh);
/* What is cached is dropped; whoever asks next reads it anew. */
void core_roles_forget(struct core *core, const char *scope);
PRISM_MUST_USE
int core_roles_await(struct core *core, const char *scope, bool refresh,
                     struct prism_cancel *cancel, core_done_fn done, void *data,
                     struct prism_error *err);

/* Names that may be used in actions: from the server, else the reference's list. */
typedef void (*core_words_fn)(void *data, const char *const *words, size_t count,
                              const struct prism_error *err);
PRISM_MUST_USE
int core_role_actions_known(struct core *core, const char *scope, struct prism_cancel *cancel,
                            core_words_fn done, void *data, struct prism_error *err);

PRISM_MUST_USE
int core_role_create(struct core *core, const char *scope, const char *name,
                     const char *const *actions, size_t action_count, const char *const *members,
                     size_t member_count, struct prism_cancel *cancel, core_id_fn done, void *data,
                     struct prism_error *err);
PRISM_MUST_USE
int core_role_rename(struct core *core, const char *scope, const char *role, const char *name,
                     struct prism_cancel *cancel, core_done_fn done, void *data,
                     struct prism_error *err);
PRISM_MUST_USE
int core_role_delete(struct core *core, const char *scope, const char *role,
                     struct prism_cancel *cancel, core_done_fn done, void *data,
                     struct prism_error *err);

typedef void (*core_role_fn)(void *data, const struct core_role *role,
                             const struct prism_error *err);
/* One role as the server has it now: id, name and times; its actions and members are in the list.
 */
PRISM_MUST_USE
int core_role_fetch(struct core *core, const char *scope, const char *role,
                    struct prism_cancel *cancel, core_role_fn done, void *data,
                    struct prism_error *err);

/* Adds or removes actions or members. `role`: role id. Words already there are skipped by the
 * server. Adding a person who is known to have another role there fails now, with category conflict
 * and that role's name: one role for each person. */
enum core_role_change {
	CORE_ROLE_ADD_ACTIONS,
	CORE_ROLE_REMOVE_ACTIONS,
	CORE_ROLE_ADD_MEMBERS,
	CORE_ROLE_REMOVE_MEMBERS
};
PRISM_MUST_USE
int core_role_edit(struct core *core, const char *scope, const char *role,
                   enum core_role_change change, const char *const *words, size_t count,
                   struct prism_cancel *cancel, core_done_fn done, void *data,
                   struct prism_error *err);
/* Takes all actions or all members; the built-in admin of a workspace must keep a member. */
PRISM_MUST_USE
int core_role_clear(struct core *core, const char *scope, const char *role, bool members,
                    struct prism_cancel *cancel, core_done_fn done, void *data,
                    struct prism_error *err);
/* From the role the person has to this one. When the second step is refused, the first is taken
 * back, and the error says whether that worked. */
PRISM_MUST_USE
int core_role_move(struct core *core, const char *scope, const char *role, const char *user,
                   struct prism_cancel *cancel, core_done_fn done, void *data,
                   struct prism_error *err);
/* "Give myself": adds the actions to the role I am in (the owner role at creation). */
PRISM_MUST_USE
int core_role_grant_me(struct core *core, const char *scope, const char *const *actions,
                       size_t count, struct prism_cancel *cancel, core_done_fn done, void *data,
                       struct prism_error *err);

#endif
