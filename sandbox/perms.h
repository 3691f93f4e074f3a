/*
 * Who may do what: the actions of workspaces and computations, the built-in roles, and the rules
 * of prism-api.md section 4.9.
 *
 * Actions are bits; the order of the table is the order in which the API lists them.
 */
#ifndef PRISM_SANDBOX_PERMS_H
#define PRISM_SANDBOX_PERMS_H

#include "sandbox/db.h"

enum sb_role_kind { SB_ROLE_WORKSPACE, SB_ROLE_COMPUTATION, SB_ROLE_KIND_COUNT };

/* X(ENUM, "wire word") */
#define SB_COMPUTATION_ACTIONS(X)           \
	X(VIEW, "view")                         \
	X(EDIT, "edit")                         \
	X(RUN, "run")                           \
	X(ADMINISTRATOR, "administrator")       \
	X(DATASET_PROVIDER, "dataset_provider") \
	X(ALGO_PROVIDER, "algo_provider")       \
	X(RESULT_CONSUMER, "result_consumer")
#define SB_WORKSPACE_ACTIONS(X)               \
	X(UPDATE, "update")                       \
	X(READ, "read")                           \
	X(DELETE, "delete")                       \
	X(ENABLE, "enable")                       \
	X(DISABLE, "disable")                     \
	X(MANAGE_ROLE, "manage_role")             \
	X(ADD_ROLE_USERS, "add_role_users")       \
	X(REMOVE_ROLE_USERS, "remove_role_users") \
	X(VIEW_ROLE_USERS, "view_role_users")     \
	X(CREATE_CVMS, "create_cvms")             \
	X(REMOVE_CVMS, "remove_cvms")             \
	X(CREATE_COMPUTATION, "create_computation")

enum {
#define X(id, word) SB_C_BIT_##id,
	SB_COMPUTATION_ACTIONS(X)
#undef X
	    SB_C_COUNT
};
enum {
#define X(id, word) SB_W_BIT_##id,
	SB_WORKSPACE_ACTIONS(X)
#undef X
	    SB_W_COUNT
};
enum {
#define X(id, word) SB_C_##id = 1u << SB_C_BIT_##id,
	SB_COMPUTATION_ACTIONS(X)
#undef X
#define X(id, word) SB_W_##id = 1u << SB_W_BIT_##id,
	    SB_WORKSPACE_ACTIONS(X)
#undef X
	        SB_W_ALL = (1u << SB_W_COUNT) - 1,
	SB_C_ALL = (1u << SB_C_COUNT) - 1,
};

unsigned sb_action_count(enum sb_role_kind kind);
const char *sb_action_word(enum sb_role_kind kind, unsigned bit);
/* The bit set of one word, 0 when there is no such action. */
uint32_t sb_action_parse(enum sb_role_kind kind, const char *word);

/* Built-in roles, in the order the reference lists them. */
struct sb_builtin_role {
	const char *name;
	uint32_t actions;
};
const struct sb_builtin_role *sb_builtin_roles(enum sb_role_kind kind, unsigned *ret_count);

/* What a route asks of its caller. */
enum sb_need {
	SB_NEED_NOTHING,  /* no token */
	SB_NEED_TOKEN,    /* a token; an unverified e-mail is fine */
	SB_NEED_USER,     /* a token of a verified user */
	SB_NEED_ADMIN,    /* a platform administrator */
	SB_NEED_MEMBER,   /* any role in the workspace of the path */
	SB_NEED_WS_ADMIN, /* all workspace actions */
	SB_NEED_WS_UPDATE,
	SB_NEED_WS_READ,
	SB_NEED_WS_ENABLE,
	SB_NEED_WS_DISABLE,
	SB_NEED_WS_MANAGE_ROLE,
	SB_NEED_WS_ADD_USERS,
	SB_NEED_WS_REMOVE_USERS,
	SB_NEED_WS_VIEW_USERS,
	SB_NEED_WS_CREATE_CVMS,
	SB_NEED_WS_REMOVE_CVMS,
	SB_NEED_WS_CREATE_COMPUTATION,
	SB_NEED_C_VIEW,  /* any action on the computation, or workspace admin */
	SB_NEED_C_EDIT,  /* edit, administrator, or workspace admin */
	SB_NEED_C_RUN,   /* run, administrator, or workspace admin */
	SB_NEED_C_OWNER, /* administrator or workspace admin */
	SB_NEED_COUNT
};

/* The rules alone: may someone with these bits do this? member: has any role in the workspace. */
bool sb_allowed(enum sb_need need, bool member, uint32_t workspace, uint32_t computation);

/* Bits of a user in a workspace; ret_member tells a role without actions from no role. */
uint32_t sb_workspace_actions(struct sb_db *db, int64_t workspace, int64_t user, bool *ret_member);
/* Bits of a user on a computation; the built-in roles need not have been made yet. */
uint32_t sb_computation_actions(struct sb_db *db, int64_t computation, int64_t user);

#endif
