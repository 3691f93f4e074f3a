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
	X(token_revoke)           \
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
	X(computation_key_check)  \
	/* api_roles.c */         \
	X(role_actions_known)     \
	X(role_create)            \
	X(role_list)              \
	X(role_view)              \
	X(role_rename)            \
	X(role_delete)            \
	X(role_actions)           \
	X(role_actions_add)       \
	X(role_actions_remove)    \
	X(role_actions_clear)     \
	X(role_members)           \
	X(role_members_all)       \
	X(role_members_add)       \
	X(role_members_remove)    \
	X(role_members_clear)     \
	/* api_invitations.c */   \
	X(invitation_send)        \
	X(invitation_list)        \
	X(invitation_mine)        \
	X(invitation_delete)      \
	X(invitation_accept)      \
	X(invitation_reject)      \
	/* api_assets.c */        \
	X(asset_create)           \
	X(asset_list)             \
	X(asset_view)             \
	X(asset_update)           \
	X(asset_delete)           \
	X(asset_link)             \
	X(asset_unlink)           \
	X(asset_computations)     \
	X(computation_assets)     \
	/* api_cvms.c */          \
	X(cvm_create)             \
	X(cvm_list)               \
	X(cvm_view)               \
	X(cvm_delete)             \
	X(cvm_statistics)         \
	X(cvm_policy)             \
	/* api_logs.c */          \
	X(computation_logs)       \
	X(computation_events)     \
	X(computation_status)     \
	/* api_statistics.c */    \
	X(computation_statistics) \
	/* api_runs.c */          \
	X(computation_run)        \
	X(run_latest)             \
	X(run_list)               \
	X(computation_stop)       \
	X(computation_dryrun)     \
	X(computation_manifest)   \
	/* api_pats.c */          \
	X(pat_create)             \
	X(pat_list)               \
	X(pat_view)               \
	X(pat_delete)             \
	X(pat_clear)              \
	X(pat_rename)             \
	X(pat_describe)           \
	X(pat_reset)              \
	X(pat_revoke)             \
	/* api_certs.c */         \
	X(cert_issue)             \
	X(cert_list)              \
	X(cert_view)              \
	X(cert_renew)             \
	X(cert_revoke)            \
	X(cert_delete)            \
	X(cert_token)             \
	X(cert_download)          \
	X(ca_token)               \
	X(ca_download)            \
	X(ocsp)

/* The places where pages of logs and events ended (api_logs.c); one per sandbox. */
struct sb_places *sb_places_create(void);
void sb_places_destroy(struct sb_places *places); /* NULL allowed */

#define X(name) void sb_api_##name(struct sb_call *call);
SB_HANDLERS(X)
#undef X

#endif
