/*
 * The table of routes: method, path, handler, what the caller must be allowed, and how the body
 * is treated.  Static segments stand before parameters of the same place.  Sections are those of
 * prism-api.md.
 */
#include "sandbox/api.h"

#define GET(path, name, need, flags)                       \
	{                                                      \
		SB_GET, path, sb_api_##name, SB_NEED_##need, flags \
	}
#define POST(path, name, need, flags)                       \
	{                                                       \
		SB_POST, path, sb_api_##name, SB_NEED_##need, flags \
	}
#define PUT(path, name, need, flags)                       \
	{                                                      \
		SB_PUT, path, sb_api_##name, SB_NEED_##need, flags \
	}
#define PATCH(path, name, need, flags)                       \
	{                                                        \
		SB_PATCH, path, sb_api_##name, SB_NEED_##need, flags \
	}
#define DEL(path, name, need, flags)                          \
	{                                                         \
		SB_DELETE, path, sb_api_##name, SB_NEED_##need, flags \
	}
#define BODY SB_ROUTE_BODY
#define SESSION SB_ROUTE_SESSION

/* 3.2: the same service behind two prefixes */
#define WORKSPACES(base)                                                     \
	POST(base "/domains", workspace_create, USER, BODY),                     \
	    GET(base "/domains", workspace_list, USER, 0),                       \
	    GET(base "/domains/{D}", workspace_view, MEMBER, 0),                 \
	    PATCH(base "/domains/{D}", workspace_update, WS_UPDATE, BODY),       \
	    POST(base "/domains/{D}/enable", workspace_enable, WS_ENABLE, 0),    \
	    POST(base "/domains/{D}/disable", workspace_disable, WS_DISABLE, 0), \
	    POST(base "/domains/{D}/freeze", workspace_freeze, ADMIN, 0)

/* 3.3 and 3.6: the same below an entity; VIEW, MANAGE, ... are needs */
#define ROLES(base, VIEW, MANAGE, MEMBERS, ADD, REMOVE)                                     \
	POST(base "/roles", role_create, MANAGE, BODY), GET(base "/roles", role_list, VIEW, 0), \
	    GET(base "/roles/members", role_members_all, MEMBERS, 0),                           \
	    GET(base "/roles/{R}", role_view, VIEW, 0),                                         \
	    PUT(base "/roles/{R}", role_rename, MANAGE, BODY),                                  \
	    DEL(base "/roles/{R}", role_delete, MANAGE, 0),                                     \
	    GET(base "/roles/{R}/actions", role_actions, VIEW, 0),                              \
	    POST(base "/roles/{R}/actions", role_actions_add, MANAGE, BODY),                    \
	    POST(base "/roles/{R}/actions/delete", role_actions_remove, MANAGE, BODY),          \
	    POST(base "/roles/{R}/actions/delete-all", role_actions_clear, MANAGE, 0),          \
	    GET(base "/roles/{R}/members", role_members, MEMBERS, 0),                           \
	    POST(base "/roles/{R}/members", role_members_add, ADD, BODY),                       \
	    POST(base "/roles/{R}/members/delete", role_members_remove, REMOVE, BODY),          \
	    POST(base "/roles/{R}/members/delete-all", role_members_clear, REMOVE, 0)

/* 3.2 to 3.4: everything about workspaces, behind two prefixes */
#define WORKSPACE_SERVICE(base)                                                                  \
	GET(base "/domains/roles/available-actions", role_actions_known, USER, 0), WORKSPACES(base), \
	    ROLES(base "/domains/{D}", WS_READ, WS_MANAGE_ROLE, WS_VIEW_USERS, WS_ADD_USERS,         \
	          WS_REMOVE_USERS),                                                                  \
	    POST(base "/domains/{D}/invitations", invitation_send, WS_ADD_USERS, BODY),              \
	    GET(base "/domains/{D}/invitations", invitation_list, WS_ADMIN, 0),                      \
	    DEL(base "/domains/{D}/invitations", invitation_delete, MEMBER, BODY),                   \
	    GET(base "/invitations", invitation_mine, USER, 0),                                      \
	    POST(base "/invitations/accept", invitation_accept, USER, BODY),                         \
	    POST(base "/invitations/reject", invitation_reject, USER, BODY)

#define P "/computations/{D}/computations"
#define Q "/computations/{D}/assets"
#define V "/backends/{D}/cvms"
#define K "/certs/{D}/certs"

/* clang-format off */
const struct sb_route sb_routes[] = {
	/* 3.13 */
	GET("/workspaces/health", health, NOTHING, 0),
	GET("/auth/health", health, NOTHING, 0),
	GET("/computations/health", health, NOTHING, 0),
	GET("/backends/health", health, NOTHING, 0),
	GET("/certs/health", health, NOTHING, 0),
	GET("/health", health, NOTHING, 0),

	/* 3.1 */
	POST("/users/tokens/issue", token_issue, NOTHING, BODY),
	POST("/users/tokens/refresh", token_refresh, NOTHING, 0),
	POST("/users/tokens/revoke", token_revoke, TOKEN, BODY | SESSION),
	POST("/users", user_create, NOTHING, BODY),
	GET("/users", user_list, ADMIN, 0),
	POST("/users/send-verification", user_send_verification, TOKEN, 0),
	GET("/users/profile", user_profile, TOKEN, 0),
	GET("/users/search", user_search, USER, 0),
	PATCH("/users/secret", secret_update, USER, BODY),
	GET("/users/{U}", user_view, USER, 0),
	PATCH("/users/{U}", user_update, USER, BODY),
	DEL("/users/{U}", user_delete, USER, 0),
	PATCH("/users/{U}/username", user_update_username, USER, BODY),
	PATCH("/users/{U}/email", user_update_email, USER, BODY),
	PATCH("/users/{U}/tags", user_update_tags, USER, BODY),
	PATCH("/users/{U}/picture", user_update_picture, USER, BODY),
	PATCH("/users/{U}/role", user_update_role, ADMIN, BODY),
	POST("/users/{U}/enable", user_enable, USER, 0),
	POST("/users/{U}/disable", user_disable, USER, 0),
	POST("/password/reset-request", password_reset_request, NOTHING, BODY),
	PUT("/password/reset", password_reset, NOTHING, BODY),

	WORKSPACE_SERVICE("/workspaces"),
	WORKSPACE_SERVICE("/auth"),

	/* 2.3; the service's prefix is stripped */
	POST("/auth/pats", pat_create, USER, BODY | SESSION),
	GET("/auth/pats", pat_list, USER, SESSION),
	DEL("/auth/pats", pat_clear, USER, SESSION),
	GET("/auth/pats/{S}", pat_view, USER, SESSION),
	DEL("/auth/pats/{S}", pat_delete, USER, SESSION),
	PATCH("/auth/pats/{S}/name", pat_rename, USER, BODY | SESSION),
	PATCH("/auth/pats/{S}/description", pat_describe, USER, BODY | SESSION),
	PATCH("/auth/pats/{S}/secret/reset", pat_reset, USER, BODY | SESSION),
	PATCH("/auth/pats/{S}/secret/revoke", pat_revoke, USER, SESSION),

	/* 3.5 */
	POST(P, computation_create, WS_CREATE_COMPUTATION, BODY),
	GET(P, computation_list, MEMBER, 0),
	GET(P "/runs", run_list, MEMBER, 0),
	GET(P "/statistics", computation_statistics, MEMBER, 0),
	GET(P "/roles/available-actions", role_actions_known, MEMBER, 0),
	GET(P "/{C}", computation_view, C_VIEW, 0),
	PUT(P "/{C}", computation_update, C_EDIT, BODY),
	DEL(P "/{C}", computation_delete, C_OWNER, 0),
	POST(P "/{C}/key", computation_key_set, C_VIEW, BODY),
	GET(P "/{C}/key", computation_key_check, C_VIEW, 0),
	POST(P "/{C}/run", computation_run, C_RUN, 0),
	GET(P "/{C}/run", run_latest, C_VIEW, 0),
	POST(P "/{C}/dryrun", computation_dryrun, C_VIEW, SB_ROUTE_NO_TYPE),
	GET(P "/{C}/stop", computation_stop, C_RUN, 0),
	GET(P "/{C}/manifest", computation_manifest, C_VIEW, 0),

	/* 3.6 */
	ROLES(P "/{C}", C_VIEW, C_OWNER, C_VIEW, C_OWNER, C_OWNER),

	/* 3.7 */
	POST(Q, asset_create, MEMBER, BODY),
	GET(Q, asset_list, MEMBER, 0),
	GET(Q "/{A}", asset_view, MEMBER, 0),
	PUT(Q "/{A}", asset_update, MEMBER, BODY),
	DEL(Q "/{A}", asset_delete, MEMBER, 0),
	GET(Q "/{A}/computations", asset_computations, MEMBER, 0),
	POST(Q "/{A}/{C}", asset_link, C_VIEW, 0),
	PUT(Q "/{A}/{C}", asset_unlink, C_VIEW, 0),
	GET(P "/{C}/assets", computation_assets, C_VIEW, 0),

	/* 3.8 */
	GET(P "/{C}/logs", computation_logs, C_VIEW, 0),
	GET(P "/{C}/events", computation_events, C_VIEW, 0),
	GET(P "/{C}/status", computation_status, C_VIEW, 0),

	/* 3.9 */
	POST(V "/{B}/{N}/{L}", cvm_create, WS_CREATE_CVMS, BODY),
	GET(V, cvm_list, MEMBER, 0),
	GET(V "/{V}", cvm_view, MEMBER, 0),
	DEL(V "/{V}", cvm_delete, WS_REMOVE_CVMS, 0),
	GET(V "/{V}/statistics", cvm_statistics, MEMBER, 0),
	GET(V "/{V}/attestation_policy", cvm_policy, MEMBER, 0),

	/* 3.10; the entity's kind in the path varies (Q8) */
	GET("/certs/certs/get-ca/token", ca_token, USER, 0),
	GET("/certs/certs/download-ca", ca_download, NOTHING, 0),
	POST("/certs/certs/ocsp", ocsp, NOTHING, SB_ROUTE_NO_TYPE),
	POST("/certs/ocsp", ocsp, NOTHING, SB_ROUTE_NO_TYPE),
	POST(K "/issue/cvm/{V}", cert_issue, MEMBER, BODY),
	POST(K "/issue/computation/{V}", cert_issue, MEMBER, BODY),
	POST(K "/issue/backend/{V}", cert_issue, MEMBER, BODY),
	POST(K "/issue/{V}", cert_issue, MEMBER, BODY),
	GET(K, cert_list, MEMBER, 0),
	DEL(K, cert_delete, MEMBER, 0),
	GET(K "/{S}", cert_view, MEMBER, 0),
	PATCH(K "/{S}/renew", cert_renew, MEMBER, 0),
	PATCH(K "/{S}/revoke", cert_revoke, MEMBER, 0),
	GET(K "/{S}/download/token", cert_token, MEMBER, 0),
	GET(K "/{S}/download", cert_download, MEMBER, 0),
};
/* clang-format on */

const unsigned sb_route_count = PRISM_COUNT(sb_routes);
