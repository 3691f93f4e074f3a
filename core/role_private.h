/*
 * Between core/role.c (the cache), role_load.c (what a load gathers) and role_edit.c (the changes).
 */
#ifndef PRISM_CORE_ROLE_PRIVATE_H
#define PRISM_CORE_ROLE_PRIVATE_H

#include "core/endpoints.h"
#include "core/role.h"

/* Rows of the endpoint table for the two kinds of scope. */
struct core_role_rows {
	enum core_endpoint_id known, create, list, all_members, get, rename, remove, actions,
	    actions_add, actions_remove, actions_clear, members, members_add, members_remove,
	    members_clear;
};
const struct core_role_rows *core_role_rows(const char *scope); /* NULL or "": the workspace */

/* Id, name, times; actions and members stay empty. */
void core_role_decode(struct core_role *role, const cJSON *entry, struct prism_arena *arena);

/* ---- one load ---- */

#define CORE_ROLE_MEMBERS_MAX 100000

struct core_role_told { /* one role of a member, as the list of all members has it; ids may be "" */
	const char *member, *role_id, *role_name;
	const char *const *actions;
	size_t action_count;
	unsigned bits;
};

struct core_role_load { /* one load in progress: becomes the content when whole */
	struct prism_arena *arena;
	bool workspace; /* else of a computation */
	struct core_role *roles;
	size_t count, room;
	struct core_role_told *told;
	size_t told_count, told_room;
	enum {
		CORE_ROLE_TOLD_UNASKED,
		CORE_ROLE_TOLD_COMES,
		CORE_ROLE_TOLD_ALL,
		CORE_ROLE_TOLD_REFUSED
	} telling;
	bool listed; /* every page of roles is here */
	unsigned pending;
	struct prism_error error;
};

struct core_role_load *core_role_load_create(bool workspace);
void core_role_load_free(struct core_role_load *load); /* NULL allowed */
/* A role of the list: id, name, times; NULL: it is none. */
struct core_role *core_role_load_add(struct core_role_load *load, const cJSON *entry);
void core_role_load_actions(struct core_role_load *load, struct core_role *role,
                            const cJSON *array);
void core_role_load_members(struct core_role_load *load, struct core_role *role,
                            const cJSON *array);
/* entry: a role of this member in the list of all members. */
void core_role_load_tell(struct core_role_load *load, const char *member, const cJSON *entry);
/* What was told about this role, which the list of roles did not say itself. */
void core_role_load_take(struct core_role_load *load, struct core_role *role);
bool core_role_load_lacks_members(const struct core_role_load *load);

#endif
