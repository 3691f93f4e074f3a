/*
 * The handlers named by the table of routes.  Each is called after the checks of its row; it
 * answers exactly once.
 */
#ifndef PRISM_SANDBOX_API_H
#define PRISM_SANDBOX_API_H

#include "sandbox/router.h"

#define SB_HANDLERS(X)        \
	/* api_health.c */        \
	X(health)                 \
	/* api_tokens.c */        \
	X(token_issue)            \
	X(token_refresh)          \
	X(secret_update)          \
	X(password_reset_request) \
	X(password_reset)         \
	/* api_users.c */         \
	X(user_create)            \
	X(user_send_verification) \
	X(user_profile)           \
	X(user_view)              \
	X(user_list)              \
	X(user_search)            \
	X(user_update)            \
	X(user_update_username)   \
	X(user_update_email)      \
	X(user_update_tags)       \
	X(user_update_picture)    \
	X(user_update_role)       \
	X(user_enable)            \
	X(user_disable)           \
	X(user_delete)            \
	/* api_workspaces.c */    \
	X(workspace_create)       \
	X(workspace_list)         \
	X(workspace_view)         \
	X(workspace_update)       \
	X(workspace_enable)       \
	X(workspace_disable)      \
	X(workspace_freeze)       \
	/* api_computations.c */  \
	X(computation_create)     \
	X(computation_list)       \
	X(computation_view)       \
	X(computation_update)     \
	X(computation_delete)     \
	X(computation_key_set)    \
	X(computation_key_check)

#define X(name) void sb_api_##name(struct sb_call *call);
SB_HANDLERS(X)
#undef X

#endif
