/* Owns signing in and out, and whose the session is. */
#include "core/session_private.h"

#include "base/text.h"
#include "core/cache.h"
#include "core/keep.h"
#include "core/unlock.h"

#include <string.h>

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
		core_session_enter(s, login->before);
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
	core_session_pace(s);
	if (strcmp(login->user_before, s->user_id) != 0) {
		prism_arena_destroy(s->user_arena);
		s->user_arena = NULL;
	}
	core_session_enter(s, CORE_SESSION_SIGNED_IN);
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
	if (!err && core_session_take(login->s, reply->json, &failure) < 0)
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
	struct session *s = core_session_self(core);
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
	core_session_enter(s, CORE_SESSION_SIGNING_IN);
	return 0;
}

void core_session_abandon(struct core *core)
{
	struct prism_error why = PRISM_ERROR_INIT;
	prism_error_raise(&why, PRISM_ERROR_AUTH, "not signed in");
	prism_error_hint(&why, "sign in again");
	core_requests_fail_parked(core, &why);
}

/* --- signing out --- */

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
	struct session *s = core_session_self(core);
	if (s->known)
		wipe_cache(core);
	core_session_drop_token(&s->access);
	core_session_drop_token(&s->refresh);
	prism_arena_destroy(s->user_arena);
	s->user_arena = NULL;
	s->user_id[0] = '\0';
	s->known = s->pat = s->restored = false;
	if (core_keep_wanted(core_options(core)))
		core_keep_forget(core_options(core));
	core_unlock_forget(core);
	s->generation++;
	prism_error_clear(&s->error);
	core_session_enter(s, CORE_SESSION_SIGNED_OUT);
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
	*out = (struct signing_out){.s = core_session_self(core), .done = done, .data = data};
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
	struct session *s = core_session_self(core);
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
	struct session *s = core_session_self(core);
	struct core_call call = {.endpoint = CORE_EP_PROFILE};
	if ((!s->pat && !s->restored) || s->user_arena || s->owner_asked)
		return;
	s->owner_asked = core_request_start(core, &call, core_cancel(core), owner_answered, s, NULL);
}
