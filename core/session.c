/*
 * The session: tokens, their life and renewal, what is known of it.  Signing in and out is
 * core/session_sign.c.  States are explained in the header.
 */
#include "core/session_private.h"

#include "base/log.h"
#include "base/text.h"
#include "core/internal.h"
#include "core/keep.h"

#include <string.h>

#define TOKEN_MAX 65536 /* bytes of one token; stops a server from filling memory */
#define RENEW_AGAIN_MS \
	10000 /* after a renewal that failed in transport, while the old token lives */

static const char *const state_words[CORE_SESSION_COUNT] = {
    [CORE_SESSION_SIGNED_OUT] = "signed out",       [CORE_SESSION_SIGNING_IN] = "signing in",
    [CORE_SESSION_SIGNED_IN] = "signed in",         [CORE_SESSION_REFRESHING] = "renewing",
    [CORE_SESSION_LOGIN_NEEDED] = "sign in needed",
};

const char *core_session_word(enum core_session_state state)
{
	return state_words[state];
}

static int64_t now_ms(const struct session *s)
{
	return prism_clock_mono_ms(core_clock(s->core));
}

void core_session_enter(struct session *s, enum core_session_state state)
{
	if (s->state != state)
		prism_log(PRISM_LOG_INFO, "session", "%s", state_words[state]);
	s->state = state;
	core_emit(s->core, CORE_EVENT_SESSION, NULL);
}

void core_session_drop_token(struct token *token)
{
	prism_secret_destroy(token->text);
	token->text = NULL;
	token->until_ms = 0;
}

static void token_set(struct session *s, struct token *token, const char *text);

/* A session kept by an earlier start: the first request renews its access token. */
static void restore(struct session *s)
{
	struct core_kept kept;
	struct prism_error err = PRISM_ERROR_INIT;
	if (!core_keep_wanted(core_options(s->core)))
		return;
	if (core_keep_load(core_options(s->core), &kept, &err) < 0) {
		if (err.category != PRISM_ERROR_MISSING)
			prism_error_copy(&s->error, &err);
		return;
	}
	const char *wanted = core_option_text(core_options(s->core), CORE_OPT_USER);
	if (!*wanted || !strcmp(wanted, kept.login)) {
		prism_free(s->login);
		s->login = prism_strdup(kept.login);
		token_set(s, &s->refresh, prism_secret_text(kept.refresh));
		s->known = s->restored = true;
		s->state = CORE_SESSION_SIGNED_IN;
	}
	core_kept_finish(&kept);
}

static void *create(struct core *core)
{
	struct session *s = prism_alloc(sizeof(*s));
	s->core = core;
	s->login = prism_strdup(core_option_text(core_options(core), CORE_OPT_USER));
	const struct prism_secret *pat = core_option_secret(core_options(core), CORE_OPT_TOKEN);
	if (pat) {
		s->access.text = prism_secret_from_text(prism_secret_text(pat));
		s->access.until_ms = INT64_MAX;
		s->pat = s->known = true;
		s->state = CORE_SESSION_SIGNED_IN;
		s->generation = 1;
	} else {
		restore(s);
	}
	return s;
}

static void destroy(void *state)
{
	struct session *s = state;
	core_session_drop_token(&s->access);
	core_session_drop_token(&s->refresh);
	prism_arena_destroy(s->user_arena);
	prism_free(s->login);
	prism_free(s);
}

static const struct core_module module = {.name = "session", .create = create, .destroy = destroy};

struct session *core_session_self(const struct core *core)
{
	/* The module table is bookkeeping: looking a state up does not change the core. */
	union {
		const struct core *in;
		struct core *out;
	} both = {.in = core};
	return core_module(both.out, &module);
}

/* --- tokens --- */

int core_token_decode(const char *jwt, size_t len, struct core_token_claims *ret,
                      struct prism_error *err)
{
	const char *first = memchr(jwt, '.', len);
	if (!first)
		return prism_error_raise(err, PRISM_ERROR_PROTOCOL, "the token is not a JWT");
	const char *start = first + 1;
	const char *end = memchr(start, '.', len - (size_t)(start - jwt));
	if (!end)
		return prism_error_raise(err, PRISM_ERROR_PROTOCOL, "the token is not a JWT");
	PRISM_AUTO_BUF struct prism_buf claims = PRISM_BUF_INIT(TOKEN_MAX);
	if (prism_base64_decode(start, (size_t)(end - start), &claims, err) < 0)
		return -1;
	PRISM_AUTO_JSON cJSON *doc = prism_json_parse(prism_buf_text(&claims), claims.len, err);
	if (!doc)
		return -1;
	struct core_token_claims out = {.verified = -1};
	out.iat_s = prism_json_int(doc, "iat", 0);
	out.exp_s = prism_json_int(doc, "exp", 0);
	const char *subject = prism_json_str(doc, "sub", "");
	if (!*subject)
		subject = prism_json_str(doc, "user", ""); /* 2024 tokens */
	snprintf(out.subject, sizeof(out.subject), "%s", subject);
	snprintf(out.id, sizeof(out.id), "%s", prism_json_str(doc, "jti", ""));
	const cJSON *verified = prism_json_get(doc, "verified");
	if (cJSON_IsBool(verified))
		out.verified = cJSON_IsTrue(verified) ? 1 : 0;
	*ret = out;
	return 0;
}

/* Life in milliseconds from now. Counted from the server's own stamps, so our clock does not
 * matter; without iat the measured skew is used. */
static int64_t token_life_ms(struct session *s, const struct core_token_claims *claims)
{
	if (claims->exp_s <= 0)
		return CORE_TOKEN_DEFAULT_MS;
	int64_t from_s = claims->iat_s;
	if (from_s <= 0 || from_s > claims->exp_s)
		from_s = (prism_clock_wall_us(core_clock(s->core)) + core_clock_skew_us(s->core)) / 1000000;
	int64_t life_s = claims->exp_s - from_s;
	if (life_s < 0)
		life_s = 0;
	if (life_s > 366 * 86400LL)
		life_s = 366 * 86400LL;
	return life_s * 1000;
}

static void token_set(struct session *s, struct token *token, const char *text)
{
	struct core_token_claims claims = {.verified = -1};
	struct prism_secret *copy = prism_secret_from_text(text);
	if (core_token_decode(text, strlen(text), &claims, NULL) < 0)
		claims = (struct core_token_claims){.verified = -1};
	core_session_drop_token(token);
	token->text = copy;
	token->until_ms = now_ms(s) + token_life_ms(s, &claims);
	if (claims.subject[0])
		snprintf(s->user_id, sizeof(s->user_id), "%s", claims.subject);
}

static void keep(struct session *s)
{
	struct prism_error err = PRISM_ERROR_INIT;
	if (!core_keep_wanted(core_options(s->core)) || !s->refresh.text || !*s->login)
		return;
	if (core_keep_save(core_options(s->core), s->login, s->refresh.text,
	                   s->refresh.until_ms - now_ms(s), &err) == 0) {
		s->keep_failed = false;
	} else if (!s->keep_failed) { /* once, not at every renewal */
		s->keep_failed = true;
		core_notify_error(s->core, &err);
	}
}

/* Takes both tokens of an answer; the old refresh token stays when the answer has none (2.1). */
int core_session_take(struct session *s, const cJSON *doc, struct prism_error *err)
{
	const char *access = prism_json_str(doc, "access_token", "");
	const char *refresh = prism_json_str(doc, "refresh_token", "");
	if (!*access)
		return prism_error_raise(err, PRISM_ERROR_PROTOCOL, "the answer holds no access token");
	if (strlen(access) > TOKEN_MAX || strlen(refresh) > TOKEN_MAX)
		return prism_error_raise(err, PRISM_ERROR_LIMIT, "the token is too large");
	if (*refresh)
		token_set(s, &s->refresh, refresh);
	token_set(s, &s->access, access); /* second: its subject wins */
	s->generation++;
	s->renew_not_before_ms = 0;
	s->pat = false;
	keep(s);
	return 0;
}

const struct prism_secret *core_session_bearer(struct core *core, bool refresh)
{
	struct session *s = core_session_self(core);
	return refresh ? s->refresh.text : s->access.text;
}

unsigned core_session_generation(const struct core *core)
{
	return core_session_self(core)->generation;
}

bool core_session_stale(const struct core *core)
{
	const struct session *s = core_session_self(core);
	if (s->pat || !s->refresh.text)
		return false;
	int64_t now = now_ms(s), left = s->access.until_ms - now;
	/* Tokens that live shorter than the margin are renewed at half their life: see
	 * core_session_pace(). */
	if (left >= CORE_TOKEN_MARGIN_MS)
		return false;
	return left <= 0 || now >= s->renew_not_before_ms;
}

bool core_session_known(const struct core *core)
{
	return core_session_self(core)->known;
}

/* --- renewal --- */

void core_session_needs_login(struct core *core, const struct prism_error *why)
{
	struct session *s = core_session_self(core);
	prism_error_copy(&s->error, why);
	core_session_drop_token(&s->access);
	core_session_drop_token(&s->refresh);
	if (core_keep_wanted(core_options(core)))
		core_keep_forget(core_options(core));
	if (s->known) /* not after signing out */
		core_session_enter(s, CORE_SESSION_LOGIN_NEEDED);
	core_requests_token_failed(core, why, true);
}

/* The next renewal: at once after a refusal, otherwise not before a moment has passed, so that
 * short lived tokens are not renewed for every request. */
void core_session_pace(struct session *s)
{
	int64_t left = s->access.until_ms - now_ms(s);
	if (left < CORE_TOKEN_MARGIN_MS)
		s->renew_not_before_ms = now_ms(s) + left / 2;
}

static void renewed(void *data, const struct core_reply *reply, const struct prism_error *err)
{
	struct session *s = data;
	struct prism_error failure = PRISM_ERROR_INIT;
	s->renewal = NULL;
	if (core_dying(s->core))
		return;
	if (!err && core_session_take(s, reply->json, &failure) < 0)
		err = &failure;
	if (!err) {
		prism_error_clear(&s->error);
		core_session_pace(s);
		core_session_enter(s, CORE_SESSION_SIGNED_IN);
		core_requests_token_ready(s->core);
		return;
	}
	struct prism_error why = *err;
	if (why.category == PRISM_ERROR_AUTH || why.category == PRISM_ERROR_DENIED ||
	    why.category == PRISM_ERROR_INVALID) {
		prism_error_hint(&why, "the session has ended; sign in again, the work goes on afterwards");
		core_session_needs_login(s->core, &why);
		return;
	}
	prism_error_copy(&s->error, &why);
	s->renew_not_before_ms = now_ms(s) + RENEW_AGAIN_MS;
	core_session_enter(s, CORE_SESSION_SIGNED_IN);
	if (s->access.until_ms > now_ms(s))
		core_requests_token_ready(s->core); /* the old one still lives */
	else
		core_requests_token_failed(s->core, &why, false);
}

static void renew_impossible(void *data)
{
	struct session *s = data;
	struct prism_error why = PRISM_ERROR_INIT;
	prism_error_raise(&why, PRISM_ERROR_AUTH,
	                  s->pat ? "the access token was refused" : "the session has ended");
	prism_error_hint(&why, s->pat ? "personal access tokens may not be accepted by every service; "
	                                "sign in with a password"
	                              : "sign in again, the work goes on afterwards");
	s->pat = false;
	core_session_needs_login(s->core, &why);
}

void core_session_renew(struct core *core)
{
	struct session *s = core_session_self(core);
	if (s->renewal)
		return;
	struct core_call call = {.endpoint = CORE_EP_TOKEN_REFRESH};
	if (!s->refresh.text || s->refresh.until_ms <= now_ms(s)) {
		prism_loop_undefer(core_loop(core), renew_impossible, s);
		prism_loop_defer(core_loop(core), renew_impossible, s);
		return;
	}
	s->renewal = core_request_start(core, &call, core_cancel(core), renewed, s, NULL);
	if (s->renewal)
		core_session_enter(s, CORE_SESSION_REFRESHING);
}

/* --- getters --- */

enum core_session_state core_session_state(const struct core *core)
{
	return core_session_self(core)->state;
}

bool core_session_ready(const struct core *core)
{
	enum core_session_state state = core_session_self(core)->state;
	return state == CORE_SESSION_SIGNED_IN || state == CORE_SESSION_REFRESHING;
}

const char *core_session_login_name(const struct core *core)
{
	return core_session_self(core)->login;
}

const struct core_user *core_session_user(const struct core *core)
{
	const struct session *s = core_session_self(core);
	return s->user_arena ? &s->user : NULL;
}

const char *core_session_user_id(const struct core *core)
{
	return core_session_self(core)->user_id;
}

static int64_t left_ms(const struct session *s, const struct token *token)
{
	if (!token->text)
		return 0;
	if (token->until_ms == INT64_MAX)
		return INT64_MAX;
	int64_t left = token->until_ms - now_ms(s);
	return left > 0 ? left : 0;
}

int64_t core_session_access_left_ms(const struct core *core)
{
	const struct session *s = core_session_self(core);
	return left_ms(s, &s->access);
}

int64_t core_session_refresh_left_ms(const struct core *core)
{
	const struct session *s = core_session_self(core);
	return left_ms(s, &s->refresh);
}

bool core_session_uses_pat(const struct core *core)
{
	return core_session_self(core)->pat;
}

const struct prism_error *core_session_error(const struct core *core)
{
	const struct session *s = core_session_self(core);
	return s->error.category == PRISM_ERROR_NONE ? NULL : &s->error;
}
