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

/* 3.2: the same service behind two prefixes */
#define WORKSPACES(base)                                                     \
	POST(base "/domains", workspace_create, USER, BODY),                     \
	    GET(base "/domains", workspace_list, USER, 0),                       \
	    GET(base "/domains/{D}", workspace_view, MEMBER, 0),                 \
	    PATCH(base "/domains/{D}", workspace_update, WS_UPDATE, BODY),       \
	    POST(base "/domains/{D}/enable", workspace_enable, WS_ENABLE, 0),    \
	    POST(base "/domains/{D}/disable", workspace_disable, WS_DISABLE, 0), \
	    POST(base "/domains/{D}/freeze", workspace_freeze, ADMIN, 0)

#define P "/computations/{D}/computations"

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

	WORKSPACES("/workspaces"),
	WORKSPACES("/auth"),

	/* 3.5 */
	POST(P, computation_create, WS_CREATE_COMPUTATION, BODY),
	GET(P, computation_list, MEMBER, 0),
	GET(P "/{C}", computation_view, C_VIEW, 0),
	PUT(P "/{C}", computation_update, C_EDIT, BODY),
	DEL(P "/{C}", computation_delete, C_OWNER, 0),
	POST(P "/{C}/key", computation_key_set, C_VIEW, BODY),
	GET(P "/{C}/key", computation_key_check, C_VIEW, 0),
};
/* clang-format on */

const unsigned sb_route_count = PRISM_COUNT(sb_routes);
