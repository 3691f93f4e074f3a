/*
 * Inside the session only: its memory, and what session.c (tokens, renewal) does for
 * session_sign.c (signing in and out).
 */
#ifndef PRISM_CORE_SESSION_PRIVATE_H
#define PRISM_CORE_SESSION_PRIVATE_H

#include "core/internal.h"
#include "core/session.h"
#include "core/user.h"

struct token {
	struct prism_secret *text; /* NULL: none */
	int64_t until_ms;          /* monotonic */
};

struct session {
	struct core *core;
	enum core_session_state state;
	struct token access, refresh;
	unsigned generation;
	int64_t renew_not_before_ms;
	bool known, pat, owner_asked, restored, keep_failed;
	char *login;
	char user_id[64];
	struct prism_arena *user_arena;
	struct core_user user; /* valid when user_arena is set */
	struct prism_error error;
	struct core_request *renewal;
};

struct session *core_session_self(const struct core *core);
void core_session_enter(struct session *s, enum core_session_state state); /* the only setter */
void core_session_drop_token(struct token *token);
/* Takes both tokens of an answer; the old refresh token stays when the answer has none (2.1). */
PRISM_MUST_USE
int core_session_take(struct session *s, const cJSON *doc, struct prism_error *err);
void core_session_pace(struct session *s); /* when to renew next */

#endif
