/*
 * Signing in and staying signed in.
 *
 * States:  SIGNED_OUT → SIGNING_IN → SIGNED_IN ⇄ REFRESHING;  SIGNED_IN → LOGIN_NEEDED when the
 * refresh token is dead (requests park, the front end lays a login over the work, and the work
 * goes on after core_session_login());  anything → SIGNED_OUT by logout, which wipes and resets.
 * With option `token` (a personal access token) the session is SIGNED_IN from the start and
 * a 401 leads to LOGIN_NEEDED at once, because such tokens cannot be renewed.
 *
 * Tokens live in prism_secret only.  A refresh is due when the access token has less than
 * CORE_TOKEN_MARGIN_MS left (reference 2.2); its life is counted from `exp - iat` on the monotonic
 * clock, so a machine whose clock is wrong still refreshes in time.  `exp` missing: 10 minutes.
 */
#ifndef PRISM_CORE_SESSION_H
#define PRISM_CORE_SESSION_H

#include "base/mem.h"
#include "core/core.h"
#include "core/user.h"

#define CORE_TOKEN_MARGIN_MS 60000
#define CORE_TOKEN_DEFAULT_MS 600000

enum core_session_state {
	CORE_SESSION_SIGNED_OUT,
	CORE_SESSION_SIGNING_IN,
	CORE_SESSION_SIGNED_IN,
	CORE_SESSION_REFRESHING,
	CORE_SESSION_LOGIN_NEEDED,
	CORE_SESSION_COUNT
};
const char *core_session_word(enum core_session_state state);

/* login: user name or e-mail address. password: given (destroyed here, also on failure). Afterwards
 * the profile is known (core_session_user) and parked requests go on. Signing in as somebody else
 * than before resets every collection. */
PRISM_MUST_USE
int core_session_login(struct core *core, const char *login, struct prism_secret *password,
                       struct prism_cancel *cancel, core_done_fn done, void *data,
                       struct prism_error *err);
void core_session_logout(
    struct core *core); /* wipes tokens, fails parked requests, resets collections */
/* The same after the server was told to revoke the session, where it can (reference 2.1: newer
 * services).  Never fails: whatever is answered, or when nothing is within CORE_SIGN_OUT_MS, the
 * tokens are wiped.  revoked false: the server does not know it, and `why` (may be NULL) says the
 * reason; its tokens end by themselves. */
#define CORE_SIGN_OUT_MS 5000
typedef void (*core_sign_out_fn)(void *data, bool revoked, const struct prism_error *why);
void core_session_sign_out(struct core *core, core_sign_out_fn done, void *data);
/* Reads my profile again, in the background: event SESSION. */
void core_session_reload_profile(struct core *core);
/* Asks once for the profile of a token that came without a sign-in: event SESSION. */
void core_session_learn_owner(struct core *core);
/* Gives up waiting for a login: parked requests fail with category auth. */
void core_session_abandon(struct core *core);

enum core_session_state core_session_state(const struct core *core);
bool core_session_ready(const struct core *core);                   /* SIGNED_IN or REFRESHING */
const char *core_session_login_name(const struct core *core);       /* as typed last; "" */
const struct core_user *core_session_user(const struct core *core); /* me; NULL until known */
const char *core_session_user_id(const struct core *core);          /* from profile or token; "" */
/* Milliseconds the access token lives; INT64_MAX for access tokens of unknown life, 0 when signed
 * out. */
int64_t core_session_access_left_ms(const struct core *core);
int64_t core_session_refresh_left_ms(const struct core *core);
bool core_session_uses_pat(const struct core *core);
/* Why the last sign-in or refresh failed; NULL when it did not. */
const struct prism_error *core_session_error(const struct core *core);
PRISM_MUST_USE
int core_session_send_verification(struct core *core, struct prism_cancel *cancel,
                                   core_done_fn done, void *data, struct prism_error *err);

/* Claims of a JWT without checking its signature (a client cannot; reference 2.2). Pure. */
struct core_token_claims {
	int64_t iat_s, exp_s; /* 0 when missing */
	char subject[64];     /* user id; "" */
	char id[64];          /* jti: what revokes it; "" */
	int verified;         /* 1, 0, -1 when not said */
};
PRISM_MUST_USE
int core_token_decode(const char *jwt, size_t len, struct core_token_claims *ret,
                      struct prism_error *err);

#endif
