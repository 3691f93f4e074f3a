/*
 * Between core/role.c (the cache) and core/role_edit.c (the changes).
 */
#ifndef PRISM_CORE_ROLE_PRIVATE_H
#define PRISM_CORE_ROLE_PRIVATE_H

#include "core/endpoints.h"
#include "core/role.h"

/* Rows of the endpoint table for the two kinds of scope. */
struct core_role_rows {
	enum core_endpoint_id known, create, list, all_members, rename, remove, actions, actions_add,
	    actions_remove, members, members_add, members_remove;
};
const struct core_role_rows *core_role_rows(const char *scope); /* NULL or "": the workspace */

#endif
