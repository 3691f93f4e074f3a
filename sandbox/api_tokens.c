/* Sign-in, refresh, passwords (prism-api.md sections 2.1 and 3.1). */
#include "sandbox/api.h"
#include "sandbox/auth.h"
#include "sandbox/users.h"

static void answer_tokens(struct sb_call *call, int64_t user)
{
	char *access, *refresh;
	sb_auth_issue(call->sb, user, &access, &refresh);
	sb_json_object(&call->out, NULL);
	sb_json_str(&call->out, "access_token", access);
	sb_json_str(&call->out, "refresh_token", refresh);
	sb_json_end(&call->out);
	prism_free(access);
	prism_free(refresh);
	sb_ok(call, 201);
}

static void login_refused(struct sb_call *call, int64_t user)
{
	if (user)
		sb_fail(call, 401, "invalid user id or secret", "");
	else
		sb_fail(call, 401, SB_TEXT_AUTHN, "");
}

void sb_api_token_issue(struct sb_call *call)
{
	const char *login = prism_json_str(call->json, "username", "");
	const char *password = prism_json_str(call->json, "password", "");
	if (!login[0]) {
		sb_invalid(call, "missing entity identity");
		return;
	}
	if (!password[0]) {
		sb_invalid(call, "missing secret");
		return;
	}
	SB_AUTO_ROWS struct sb_rows *rows =
	    sb_db_query(call->sb->db,
	                strchr(login, '@')
	                    ? "SELECT n, secret FROM users WHERE email = ? AND status = 'enabled'"
	                    : "SELECT n, secret FROM users WHERE username = ? AND status = 'enabled'",
	                SB_ARGS(SB_T(login)));
	if (!sb_rows_next(&rows)) {
		login_refused(call, 0);
		return;
	}
	int64_t user = sb_rows_int(rows, 0);
	size_t size;
	const void *secret = sb_rows_blob(rows, 1, &size);
	bool right = sb_secret_matches(password, secret, size);
	sb_rows_close(&rows);
	if (right)
		answer_tokens(call, user);
	else
		login_refused(call, user);
}

void sb_api_token_refresh(struct sb_call *call)
{
	if (!call->bearer || !call->bearer[0])
		sb_fail(call, 401, SB_TEXT_BEARER, "");
	else if (sb_auth_take_refresh(call->sb, call->bearer, &call->caller) < 0)
		sb_fail(call, 401, SB_TEXT_AUTHN, "");
	else
		answer_tokens(call, call->caller.n);
}

/* 2.1, newer services: ends the session a refresh token keeps alive. Access tokens live on. */
void sb_api_token_revoke(struct sb_call *call)
{
	const char *id = prism_json_str(call->json, "token_id", "");
	if (!id[0])
		sb_invalid(call, SB_TEXT_MISSING_ID);
	else if (sb_db_run(call->sb->db, "DELETE FROM refresh_tokens WHERE jti = ? AND user = ?",
	                   SB_ARGS(SB_T(id), SB_I(call->caller.n))) == 1)
		sb_empty(call, 204);
	else
		sb_fail(call, 404, SB_TEXT_NOT_FOUND, "");
}

static bool password_acceptable(struct sb_call *call, const char *password)
{
	if (!password[0]) {
		sb_invalid(call, "missing password");
		return false;
	}
	if (strlen(password) < SB_PASSWORD_MIN) {
		sb_invalid(call, "password does not meet the requirements");
		return false;
	}
	return true;
}

static void set_password(struct sb *sb, int64_t user, const char *password)
{
	uint8_t secret[SB_SECRET_SIZE];
	sb_secret_hash(password, secret);
	sb_db_run(sb->db, "UPDATE users SET secret = ?, updated_at = ? WHERE n = ?",
	          SB_ARGS(SB_B(secret, sizeof(secret)), SB_I(sb_now_us(sb)), SB_I(user)));
	sb_auth_end_sessions(sb, user);
}

void sb_api_secret_update(struct sb_call *call)
{
	const char *old = prism_json_str(call->json, "old_secret", "");
	const char *fresh = prism_json_str(call->json, "new_secret", "");
	if (!password_acceptable(call, old) || !password_acceptable(call, fresh))
		return;
	SB_AUTO_ROWS struct sb_rows *rows = sb_db_query(
	    call->sb->db, "SELECT secret FROM users WHERE n = ?", SB_ARGS(SB_I(call->caller.n)));
	size_t size = 0;
	const void *secret = sb_rows_next(&rows) ? sb_rows_blob(rows, 0, &size) : NULL;
	bool right = secret && sb_secret_matches(old, secret, size);
	sb_rows_close(&rows);
	if (!right) {
		login_refused(call, call->caller.n);
		return;
	}
	set_password(call->sb, call->caller.n, fresh);
	sb_user_write(call, call->caller.n, true);
	sb_ok(call, 200);
}

void sb_api_password_reset_request(struct sb_call *call)
{
	const char *email = prism_json_str(call->json, "email", "");
	if (!email[0]) {
		sb_invalid(call, "missing email");
		return;
	}
	int64_t user =
	    sb_db_int(call->sb->db, 0, "SELECT n FROM users WHERE email = ?", SB_ARGS(SB_T(email)));
	if (user) { /* there is no mail here: the operator of the sandbox reads it from its output */
		PRISM_AUTO_FREE char *token = sb_auth_recovery_token(call->sb, user);
		fprintf(stderr, "password reset token: %s\n", token);
	}
	sb_json_object(&call->out, NULL);
	sb_json_str(&call->out, "msg", "Email with reset link is sent");
	sb_json_end(&call->out);
	sb_ok(call, 201);
}

void sb_api_password_reset(struct sb_call *call)
{
	const char *password = prism_json_str(call->json, "password", "");
	const char *confirm = prism_json_str(call->json, "confirm_password", "");
	if (!call->bearer || !call->bearer[0]) {
		sb_fail(call, 401, SB_TEXT_BEARER, "");
		return;
	}
	if (!password_acceptable(call, password))
		return;
	if (strcmp(password, confirm) != 0) {
		sb_invalid(call, "invalid reset password");
		return;
	}
	if (sb_auth_check(call->sb, call->bearer, SB_TOKEN_RECOVERY, &call->caller) < 0) {
		sb_fail(call, 401, SB_TEXT_AUTHN, "");
		return;
	}
	set_password(call->sb, call->caller.n, password);
	sb_json_object(&call->out, NULL);
	sb_json_end(&call->out);
	sb_ok(call, 201);
}
