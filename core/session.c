/*
 * The session: tokens, their life, sign-in, renewal, sign-out.  States are explained in the header.
 */
#include "core/session.h"

#include "base/log.h"
#include "base/text.h"
#include "core/cache.h"
#include "core/internal.h"
#include "core/keep.h"
#include "core/unlock.h"

#include <string.h>

#define TOKEN_MAX 65536 /* bytes of one token; stops a server from filling memory */
#define RENEW_AGAIN_MS \
	10000 /* after a renewal that failed in transport, while the old token lives */

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

static void set_state(struct session *s, enum core_session_state state)
{
	if (s->state != state)
		prism_log(PRISM_LOG_INFO, "session", "%s", state_words[state]);
	s->state = state;
	core_emit(s->core, CORE_EVENT_SESSION, NULL);
}

static void token_drop(struct token *token)
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
	token_drop(&s->access);
	token_drop(&s->refresh);
	prism_arena_destroy(s->user_arena);
	prism_free(s->login);
	prism_free(s);
}

static const struct core_module module = {.name = "session", .create = create, .destroy = destroy};

static struct session *session_of(const struct core *core)
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
	token_drop(token);
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
static int tokens_take(struct session *s, const cJSON *doc, struct prism_error *err)
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
	struct session *s = session_of(core);
	return refresh ? s->refresh.text : s->access.text;
}

unsigned core_session_generation(const struct core *core)
{
	return session_of(core)->generation;
}

bool core_session_stale(const struct core *core)
{
	const struct session *s = session_of(core);
	if (s->pat || !s->refresh.text)
		return false;
	int64_t now = now_ms(s), left = s->access.until_ms - now;
	/* Tokens that live shorter than the margin are renewed at half their life: see renew_pace(). */
	if (left >= CORE_TOKEN_MARGIN_MS)
		return false;
	return left <= 0 || now >= s->renew_not_before_ms;
}

bool core_session_known(const struct core *core)
{
	return session_of(core)->known;
}

/* --- renewal --- */

void core_session_needs_login(struct core *core, const struct prism_error *why)
{
	struct session *s = session_of(core);
	prism_error_copy(&s->error, why);
	token_drop(&s->access);
	token_drop(&s->refresh);
	if (core_keep_wanted(core_options(core)))
		core_keep_forget(core_options(core));
	if (s->known) /* not after signing out */
		set_state(s, CORE_SESSION_LOGIN_NEEDED);
	core_requests_token_failed(core, why, true);
}

/* The next renewal: at once after a refusal, otherwise not before a moment has passed, so that
 * short lived tokens are not renewed for every request. */
static void renew_pace(struct session *s)
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
	if (!err && tokens_take(s, reply->json, &failure) < 0)
		err = &failure;
	if (!err) {
		prism_error_clear(&s->error);
		renew_pace(s);
		set_state(s, CORE_SESSION_SIGNED_IN);
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
	set_state(s, CORE_SESSION_SIGNED_IN);
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
	struct session *s = session_of(core);
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
		set_state(s, CORE_SESSION_REFRESHING);
}

/* --- signing in --- */

struct login {
	struct session *s;
	struct prism_secret *password;
	struct prism_cancel *cancel; /* borrowed */
	core_done_fn done;
	void *data;
	enum core_session_state before;
	bool old_form;
	char user_before[64];
};

static void login_finish(struct login *login, const struct prism_error *err)
{
	struct session *s = login->s;
	core_done_fn done = login->done;
	void *data = login->data;
	if (err && !core_dying(s->core)) {
		prism_error_copy(&s->error, err);
		set_state(s, login->before);
	}
	prism_secret_destroy(login->password);
	prism_free(login);
	done(data, err);
}

static void login_answered(void *data, const struct core_reply *reply,
                           const struct prism_error *err);

static int login_send(struct login *login, struct prism_error *err)
{
	struct session *s = login->s;
	/* Room for every character escaped, reserved at once: no copy of the password is left behind by
	 * a growing buffer. */
	size_t room = 6 * (strlen(s->login) + prism_secret_size(login->password)) + 64;
	struct prism_buf body = PRISM_BUF_INIT(room);
	if (prism_buf_reserve(&body, room - 1, err) < 0)
		return -1;
	prism_buf_puts(&body, login->old_form ? "{\"identity\":" : "{\"username\":");
	core_json_text(&body, s->login);
	prism_buf_puts(&body, login->old_form ? ",\"secret\":" : ",\"password\":");
	core_json_text(&body, prism_secret_text(login->password));
	prism_buf_putc(&body, '}');
	struct core_call call = {.endpoint = CORE_EP_TOKEN_ISSUE, .secret = &body};
	struct core_request *request =
	    core_request_start(s->core, &call, login->cancel, login_answered, login, err);
	prism_buf_wipe(&body);
	return request ? 0 : -1;
}

static void user_set(struct session *s, const cJSON *doc)
{
	struct prism_arena *arena = prism_arena_create();
	struct core_user user = {0};
	if (!core_user_decode(&user, doc, arena)) {
		prism_arena_destroy(arena);
		return;
	}
	prism_arena_destroy(s->user_arena);
	s->user_arena = arena;
	s->user = user;
	snprintf(s->user_id, sizeof(s->user_id), "%s", user.id);
}

static void profile_answered(void *data, const struct core_reply *reply,
                             const struct prism_error *err)
{
	struct login *login = data;
	struct session *s = login->s;
	if (core_dying(s->core)) {
		login_finish(login, err);
		return;
	}
	if (!err)
		user_set(s, reply->json);
	if (login->user_before[0] && strcmp(login->user_before, s->user_id) != 0)
		core_workspaces_forget(s->core);
	core_emit(s->core, CORE_EVENT_SESSION, NULL);
	core_emit(s->core, CORE_EVENT_USERS, NULL);
	/* Signed in either way; a profile that cannot be read is no reason to refuse. */
	if (err && err->category != PRISM_ERROR_CANCELLED)
		core_notify_error(s->core, err);
	core_requests_unpark(s->core);
	login_finish(login, NULL);
}

static void login_succeeded(struct login *login)
{
	struct session *s = login->s;
	struct core_call call = {.endpoint = CORE_EP_PROFILE};
	struct prism_error err = PRISM_ERROR_INIT;
	s->known = true;
	core_unlock_learn(s->core, login->password);
	prism_error_clear(&s->error);
	renew_pace(s);
	if (strcmp(login->user_before, s->user_id) != 0) {
		prism_arena_destroy(s->user_arena);
		s->user_arena = NULL;
	}
	set_state(s, CORE_SESSION_SIGNED_IN);
	if (!core_request_start(s->core, &call, login->cancel, profile_answered, login, &err))
		login_finish(login, &err);
}

static bool wants_old_form(const struct login *login, const struct prism_error *err)
{
	return !login->old_form && err->status == 400 &&
	       (prism_text_contains(err->message, "identity") ||
	        prism_text_contains(err->message, "username") ||
	        prism_text_contains(err->message, "secret"));
}

static void login_answered(void *data, const struct core_reply *reply,
                           const struct prism_error *err)
{
	struct login *login = data;
	struct prism_error failure = PRISM_ERROR_INIT;
	if (err && wants_old_form(login, err)) {
		login->old_form = true;
		if (login_send(login, &failure) == 0)
			return;
		err = &failure;
	}
	if (!err && tokens_take(login->s, reply->json, &failure) < 0)
		err = &failure;
	if (err)
		login_finish(login, err);
	else
		login_succeeded(login);
}

int core_session_login(struct core *core, const char *login_name, struct prism_secret *password,
                       struct prism_cancel *cancel, core_done_fn done, void *data,
                       struct prism_error *err)
{
	struct session *s = session_of(core);
	if (!login_name || !*login_name || !password || prism_secret_size(password) == 0) {
		prism_secret_destroy(password);
		return prism_error_raise(err, PRISM_ERROR_INVALID, "%s cannot be empty",
		                         login_name && *login_name ? "the password" : "the e-mail address");
	}
	if (s->state == CORE_SESSION_SIGNING_IN) {
		prism_secret_destroy(password);
		return prism_error_raise(err, PRISM_ERROR_CONFLICT, "a sign-in is already running");
	}
	struct login *login = prism_alloc(sizeof(*login));
	*login =
	    (struct login){.s = s, .password = password, .cancel = cancel, .done = done, .data = data};
	/* A failed attempt leaves a session that goes on as it was. */
	login->before = s->state == CORE_SESSION_REFRESHING ? CORE_SESSION_SIGNED_IN : s->state;
	snprintf(login->user_before, sizeof(login->user_before), "%s", s->user_id);
	char *copy = prism_strdup(login_name);
	prism_free(s->login);
	s->login = copy;
	if (login_send(login, err) < 0) {
		prism_secret_destroy(login->password);
		prism_free(login);
		return -1;
	}
	set_state(s, CORE_SESSION_SIGNING_IN);
	return 0;
}

void core_session_abandon(struct core *core)
{
	struct prism_error why = PRISM_ERROR_INIT;
	prism_error_raise(&why, PRISM_ERROR_AUTH, "not signed in");
	prism_error_hint(&why, "sign in again");
	core_requests_fail_parked(core, &why);
}

/* Whoever signs out on a shared machine leaves nothing to read. */
static void wipe_cache(struct core *core)
{
	struct prism_error err = PRISM_ERROR_INIT;
	size_t count;
	if (core_cache_clear(core, &count, &err) == 0)
		return;
	prism_error_wrap(&err, "what was kept for the next start is still there");
	core_notify_error(core, &err);
}

void core_session_logout(struct core *core)
{
	struct session *s = session_of(core);
	if (s->known)
		wipe_cache(core);
	token_drop(&s->access);
	token_drop(&s->refresh);
	prism_arena_destroy(s->user_arena);
	s->user_arena = NULL;
	s->user_id[0] = '\0';
	s->known = s->pat = s->restored = false;
	if (core_keep_wanted(core_options(core)))
		core_keep_forget(core_options(core));
	core_unlock_forget(core);
	s->generation++;
	prism_error_clear(&s->error);
	set_state(s, CORE_SESSION_SIGNED_OUT);
	core_session_abandon(core);
	core_workspaces_forget(core);
}

struct signing_out {
	struct session *s;
	core_sign_out_fn done;
	void *data;
	struct core_request *request;
	struct prism_timer *limit;
};

static void sign_out_finish(struct signing_out *out, const struct prism_error *err)
{
	struct signing_out o = *out;
	prism_timer_remove(out->limit);
	prism_free(out);
	if (!core_dying(o.s->core))
		core_session_logout(o.s->core);
	o.done(o.data, err == NULL, err);
}

static void sign_out_answered(void *data, const struct core_reply *reply,
                              const struct prism_error *err)
{
	PRISM_UNUSED(reply);
	sign_out_finish(data, err);
}

static void sign_out_alone(void *data)
{
	struct prism_error why = PRISM_ERROR_INIT;
	prism_error_raise(&why, PRISM_ERROR_MISSING, "the session has no id that could be revoked");
	sign_out_finish(data, &why);
}

/* The refresh token is what keeps a session alive; access tokens end within the hour. */
static void sign_out_revoke(struct signing_out *out)
{
	struct session *s = out->s;
	struct core_token_claims claims = {.verified = -1};
	PRISM_AUTO_JSON cJSON *body = cJSON_CreateObject();
	struct core_call call = {
	    .endpoint = CORE_EP_TOKEN_REVOKE, .body = body, .timeout_ms = CORE_SIGN_OUT_MS};
	if (s->refresh.text && core_token_decode(prism_secret_text(s->refresh.text),
	                                         prism_secret_size(s->refresh.text), &claims, NULL) < 0)
		claims.id[0] = '\0';
	cJSON_AddStringToObject(body, "token_id", claims.id);
	out->request = NULL;
	if (claims.id[0])
		out->request =
		    core_request_start(s->core, &call, core_cancel(s->core), sign_out_answered, out, NULL);
	if (!out->request)
		prism_loop_defer(core_loop(s->core), sign_out_alone, out);
}

static void sign_out_renewed(void *data, const struct core_reply *reply,
                             const struct prism_error *err)
{
	PRISM_UNUSED(reply);
	if (err)
		sign_out_finish(data, err);
	else
		sign_out_revoke(data);
}

/* Also when the request waits for somebody to sign in, as it does once the session has ended. */
static void sign_out_late(void *data)
{
	struct signing_out *out = data;
	if (out->request)
		core_request_abort(out->request);
}

void core_session_sign_out(struct core *core, core_sign_out_fn done, void *data)
{
	struct signing_out *out = prism_alloc(sizeof(*out));
	struct core_call call = {.endpoint = CORE_EP_PROFILE, .timeout_ms = CORE_SIGN_OUT_MS};
	*out = (struct signing_out){.s = session_of(core), .done = done, .data = data};
	out->limit = prism_loop_add_timer(core_loop(core), CORE_SIGN_OUT_MS, 0, sign_out_late, out);
	/* Renewing changes the refresh token: first that, so that the one to revoke is the last. */
	if (core_session_stale(core))
		out->request =
		    core_request_start(core, &call, core_cancel(core), sign_out_renewed, out, NULL);
	if (!out->request)
		sign_out_revoke(out);
}

int core_session_send_verification(struct core *core, struct prism_cancel *cancel,
                                   core_done_fn done, void *data, struct prism_error *err)
{
	struct core_call call = {.endpoint = CORE_EP_VERIFICATION};
	return core_call_plain(core, &call, cancel, done, data, err);
}

/* --- whose access token --- */

static void owner_answered(void *data, const struct core_reply *reply,
                           const struct prism_error *err)
{
	struct session *s = data;
	if (core_dying(s->core))
		return;
	if (!err)
		user_set(s, reply->json);
	core_emit(s->core, CORE_EVENT_SESSION, NULL);
	core_emit(s->core, CORE_EVENT_USERS, NULL);
}

void core_session_reload_profile(struct core *core)
{
	struct session *s = session_of(core);
	struct core_call call = {.endpoint = CORE_EP_PROFILE};
	struct prism_error err = PRISM_ERROR_INIT;
	if (core_session_ready(core) &&
	    !core_request_start(core, &call, core_cancel(core), owner_answered, s, &err))
		core_notify_error(core, &err);
}

/* A token from the configuration comes without a sign-in that would tell who it belongs to; my
 * roles cannot be told from others' before that is known. */
void core_session_learn_owner(struct core *core)
{
	struct session *s = session_of(core);
	struct core_call call = {.endpoint = CORE_EP_PROFILE};
	if ((!s->pat && !s->restored) || s->user_arena || s->owner_asked)
		return;
	s->owner_asked = core_request_start(core, &call, core_cancel(core), owner_answered, s, NULL);
}

/* --- getters --- */

enum core_session_state core_session_state(const struct core *core)
{
	return session_of(core)->state;
}

bool core_session_ready(const struct core *core)
{
	enum core_session_state state = session_of(core)->state;
	return state == CORE_SESSION_SIGNED_IN || state == CORE_SESSION_REFRESHING;
}

const char *core_session_login_name(const struct core *core)
{
	return session_of(core)->login;
}

const struct core_user *core_session_user(const struct core *core)
{
	const struct session *s = session_of(core);
	return s->user_arena ? &s->user : NULL;
}

const char *core_session_user_id(const struct core *core)
{
	return session_of(core)->user_id;
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
	const struct session *s = session_of(core);
	return left_ms(s, &s->access);
}

int64_t core_session_refresh_left_ms(const struct core *core)
{
	const struct session *s = session_of(core);
	return left_ms(s, &s->refresh);
}

bool core_session_uses_pat(const struct core *core)
{
	return session_of(core)->pat;
}

const struct prism_error *core_session_error(const struct core *core)
{
	const struct session *s = session_of(core);
	return s->error.category == PRISM_ERROR_NONE ? NULL : &s->error;
}
