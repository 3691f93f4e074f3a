/*
 * Between core/role.c (the cache) and core/role_edit.c (the changes).
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

#endif
