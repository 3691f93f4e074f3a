/*
 * Rows of roles and members, for workspaces and computations alike.  One role per user and
 * entity.
 *
 * The seven built-in roles of a computation are made when first needed: until then its creator
 * is known to be in `owner` (perms.c), and a hundred thousand seeded computations cost no rows.
 */
#ifndef PRISM_SANDBOX_ROLES_H
#define PRISM_SANDBOX_ROLES_H

#include "sandbox/perms.h"
#include "sandbox/sandbox.h"

/* Built-in roles of an entity; the creator becomes member of the first. */
void sb_roles_make(struct sb *sb, enum sb_role_kind kind, int64_t entity, const char *creator_id,
                   int64_t creator);
void sb_roles_ensure(struct sb *sb, int64_t computation); /* makes those of a computation once */
/* Row number; 0: the name is taken. */
int64_t sb_role_insert(struct sb *sb, enum sb_role_kind kind, int64_t entity, const char *name,
                       uint32_t actions, bool builtin, const char *created_by);
/* -1: the user has a role there already. */
PRISM_MUST_USE
int sb_role_add_member(struct sb *sb, enum sb_role_kind kind, int64_t entity, int64_t role,
                       int64_t user);
/* Row number of an entity's role by name or by id; 0: none. */
int64_t sb_role_by_name(struct sb *sb, enum sb_role_kind kind, int64_t entity, const char *name);
int64_t sb_role_by_id(struct sb *sb, enum sb_role_kind kind, int64_t entity, const char *id);

#endif
