/* Covers sandbox/auth.c and sandbox/api_tokens.c: tokens, their ends, passwords. */
#include "sandbox/auth.h"

#include "base/text.h"
#include "sandbox/seed.h"
#include "tests/lib/sbcall.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define ISSUE "/users/tokens/issue"
#define REFRESH "/users/tokens/refresh"
#define ADA "{\"username\":\"ada\",\"password\":\"ada-sample-1\"}"

static void sign_in(struct sbcall *t, const char *body, char **access, char **refresh)
{
	assert_int_equal(sbcall(t, SB_NOBODY, "POST", body, ISSUE), 201);
	*access = prism_strdup(sbcall_text(t, "access_token"));
	*refresh = prism_strdup(sbcall_text(t, "refresh_token"));
}

static int with_token(struct sbcall *t, const char *token, const char *method, const char *path)
{
	t->bearer = token;
	int status = sbcall(t, SB_NOBODY, method, NULL, "%s", path);
	t->bearer = NULL;
	return status;
}

static void name_and_mail_both_sign_in(void **state)
{
	struct sbcall *t = *state;
	assert_int_equal(sbcall(t, SB_NOBODY, "POST", ADA, ISSUE), 201);
	assert_int_equal(sbcall(t, SB_NOBODY, "POST",
	                        "{\"username\":\"Ada@Sandbox.example\",\"password\":\"ada-sample-1\"}",
	                        ISSUE),
	                 201);
}

static void wrong_credentials_have_the_texts_of_the_reference(void **state)
{
	struct sbcall *t = *state;
	sbcall(t, SB_NOBODY, "POST", "{\"username\":\"ada\",\"password\":\"wrong-pass\"}", ISSUE);
	sbcall_refused(t, 401, "invalid user id or secret", "");
	sbcall(t, SB_NOBODY, "POST", "{\"username\":\"eve\",\"password\":\"wrong-pass\"}", ISSUE);
	sbcall_refused(t, 401, "failed to perform authentication over the entity", "");
	sbcall(t, SB_NOBODY, "POST", "{\"identity\":\"ada\",\"secret\":\"ada-sample-1\"}", ISSUE);
	sbcall_refused(t, 400, SB_TEXT_VALIDATION, "missing entity identity");
	sbcall(t, SB_NOBODY, "POST", "{\"username\":\"ada\"}", ISSUE);
	sbcall_refused(t, 400, SB_TEXT_VALIDATION, "missing secret");
}

static void claims_are_those_of_the_reference(void **state)
{
	struct sbcall *t = *state;
	char *access, *refresh;
	struct prism_buf text = PRISM_BUF_INIT(4096);
	sign_in(t, ADA, &access, &refresh);
	const char *first = strchr(access, '.') + 1;
	assert_int_equal(prism_base64_decode(first, strcspn(first, "."), &text, NULL), 0);
	cJSON *claims = cJSON_Parse(text.data);
	PRISM_AUTO_FREE char *id = sbcall_user_id(t, SB_ADA);
	assert_string_equal(prism_json_str(claims, "iss", ""), "supermq.auth");
	assert_string_equal(prism_json_str(claims, "sub", ""), id);
	assert_int_equal(prism_json_int(claims, "type", -1), 0);
	assert_int_equal(prism_json_int(claims, "role", -1), 2);
	assert_int_equal(prism_json_int(claims, "exp", 0) - prism_json_int(claims, "iat", 0), 3600);
	cJSON_Delete(claims);
	prism_buf_finish(&text);
	prism_free(access);
	prism_free(refresh);
}

/* The id that revokes a session is the jti of its refresh token. */
static char *token_id_body(const char *token)
{
	struct prism_buf text = PRISM_BUF_INIT(4096);
	const char *first = strchr(token, '.') + 1;
	assert_int_equal(prism_base64_decode(first, strcspn(first, "."), &text, NULL), 0);
	cJSON *claims = cJSON_Parse(text.data);
	char *body = prism_asprintf("{\"token_id\":\"%s\"}", prism_json_str(claims, "jti", ""));
	cJSON_Delete(claims);
	prism_buf_finish(&text);
	return body;
}

static void a_revoked_session_is_not_renewed(void **state)
{
	struct sbcall *t = *state;
	char *access, *refresh;
	sign_in(t, ADA, &access, &refresh);
	PRISM_AUTO_FREE char *body = token_id_body(refresh);
	assert_int_equal(sbcall(t, SB_BEN, "POST", body, "/users/tokens/revoke"), 404); /* not his */
	assert_int_equal(sbcall(t, SB_NOBODY, "POST", body, "/users/tokens/revoke"), 401);
	assert_int_equal(sbcall(t, SB_ADA, "POST", "{}", "/users/tokens/revoke"), 400);
	assert_int_equal(sbcall(t, SB_ADA, "POST", body, "/users/tokens/revoke"), 204);
	assert_int_equal(sbcall(t, SB_ADA, "POST", body, "/users/tokens/revoke"), 404); /* once */
	assert_int_equal(with_token(t, refresh, "POST", REFRESH), 401);
	prism_free(access);
	prism_free(refresh);
}

static void access_ends_after_an_hour(void **state)
{
	struct sbcall *t = *state;
	char *access, *refresh;
	sign_in(t, ADA, &access, &refresh);
	prism_clock_manual_advance(&t->clock, 3599 * 1000);
	assert_int_equal(with_token(t, access, "GET", "/users/profile"), 200);
	prism_clock_manual_advance(&t->clock, 1000);
	assert_int_equal(with_token(t, access, "GET", "/users/profile"), 401);
	assert_int_equal(with_token(t, refresh, "POST", REFRESH), 201);
	prism_free(access);
	prism_free(refresh);
}

static void the_option_shortens_both_lives(void **state)
{
	struct sbcall t;
	char *access, *refresh;
	sbcall_start(&t, &(struct sb_config){.token_ttl_s = 5});
	sign_in(&t, ADA, &access, &refresh);
	prism_clock_manual_advance(&t.clock, 5000);
	assert_int_equal(with_token(&t, access, "GET", "/users/profile"), 401);
	prism_clock_manual_advance(&t.clock, 24 * 5000 - 6000);
	assert_int_equal(with_token(&t, refresh, "POST", REFRESH), 201);
	prism_free(access);
	prism_free(refresh);
	sign_in(&t, ADA, &access, &refresh);
	prism_clock_manual_advance(&t.clock, 24 * 5000);
	assert_int_equal(with_token(&t, refresh, "POST", REFRESH), 401);
	prism_free(access);
	prism_free(refresh);
	sbcall_finish(&t);
}

static void a_refresh_token_is_good_once(void **state)
{
	struct sbcall *t = *state;
	char *access, *refresh;
	sign_in(t, ADA, &access, &refresh);
	assert_int_equal(with_token(t, refresh, "POST", REFRESH), 201);
	PRISM_AUTO_FREE char *next = prism_strdup(sbcall_text(t, "refresh_token"));
	assert_string_not_equal(next, refresh);
	assert_int_equal(with_token(t, refresh, "POST", REFRESH), 401);
	assert_int_equal(with_token(t, next, "POST", REFRESH), 201);
	prism_free(access);
	prism_free(refresh);
}

static void tokens_do_not_change_places(void **state)
{
	struct sbcall *t = *state;
	char *access, *refresh;
	sign_in(t, ADA, &access, &refresh);
	assert_int_equal(with_token(t, refresh, "GET", "/users/profile"), 401);
	assert_int_equal(with_token(t, access, "POST", REFRESH), 401);
	prism_free(access);
	prism_free(refresh);
}

static void every_changed_byte_is_noticed(void **state)
{
	struct sbcall *t = *state;
	char *access, *refresh;
	struct sb_caller caller;
	sign_in(t, ADA, &access, &refresh);
	assert_int_equal(sb_auth_check(t->sb, access, SB_TOKEN_ACCESS, &caller), 0);
	assert_true(caller.admin);
	size_t len = strlen(access);
	for (size_t i = 0; i + 1 < len; i++) { /* the last character has unused bits */
		char kept = access[i];
		access[i] = kept == 'A' ? 'B' : 'A';
		assert_int_equal(sb_auth_check(t->sb, access, SB_TOKEN_ACCESS, &caller), -1);
		access[i] = '\0';
		assert_int_equal(sb_auth_check(t->sb, access, SB_TOKEN_ACCESS, &caller), -1);
		access[i] = kept;
	}
	prism_free(access);
	prism_free(refresh);
}

static void another_sandbox_does_not_know_the_token(void **state)
{
	struct sbcall *t = *state, other;
	char *access, *refresh;
	sign_in(t, ADA, &access, &refresh);
	sbcall_start(&other, NULL);
	assert_int_equal(with_token(&other, access, "GET", "/users/profile"), 401);
	sbcall_finish(&other);
	prism_free(access);
	prism_free(refresh);
}

static void a_new_password_ends_all_sessions(void **state)
{
	struct sbcall *t = *state;
	char *access, *refresh;
	sign_in(t, ADA, &access, &refresh);
	prism_clock_manual_advance(&t->clock, 1);
	t->bearer = access;
	sbcall(t, SB_NOBODY, "PATCH",
	       "{\"old_secret\":\"not-it-at-all\",\"new_secret\":\"new-sample-2\"}", "/users/secret");
	sbcall_refused(t, 401, "invalid user id or secret", "");
	sbcall(t, SB_NOBODY, "PATCH", "{\"old_secret\":\"ada-sample-1\",\"new_secret\":\"short\"}",
	       "/users/secret");
	sbcall_refused(t, 400, SB_TEXT_VALIDATION, "password does not meet the requirements");
	assert_int_equal(sbcall(t, SB_NOBODY, "PATCH",
	                        "{\"old_secret\":\"ada-sample-1\",\"new_secret\":\"new-sample-2\"}",
	                        "/users/secret"),
	                 200);
	t->bearer = NULL;
	prism_clock_manual_advance(&t->clock, 1);
	assert_int_equal(with_token(t, access, "GET", "/users/profile"), 401);
	assert_int_equal(with_token(t, refresh, "POST", REFRESH), 401);
	assert_int_equal(sbcall(t, SB_NOBODY, "POST", ADA, ISSUE), 401);
	assert_int_equal(
	    sbcall(t, SB_NOBODY, "POST", "{\"username\":\"ada\",\"password\":\"new-sample-2\"}", ISSUE),
	    201);
	prism_free(access);
	prism_free(refresh);
}

static void a_recovery_token_sets_a_password(void **state)
{
	struct sbcall *t = *state;
	PRISM_AUTO_FREE char *token = sb_auth_recovery_token(t->sb, 1);
	static const char differ[] =
	    "{\"password\":\"new-sample-2\",\"confirm_password\":\"new-sample-3\"}";
	static const char same[] =
	    "{\"password\":\"new-sample-2\",\"confirm_password\":\"new-sample-2\"}";
	t->bearer = token;
	assert_int_equal(sbcall(t, SB_NOBODY, "PUT", differ, "/password/reset"), 400);
	assert_int_equal(sbcall(t, SB_NOBODY, "PUT", same, "/password/reset"), 201);
	t->bearer = "wrong.token.text";
	assert_int_equal(sbcall(t, SB_NOBODY, "PUT", same, "/password/reset"), 401);
}

static void hashes_match_their_password_alone(void **state)
{
	uint8_t one[SB_SECRET_SIZE], two[SB_SECRET_SIZE];
	sb_secret_hash("correct horse", one);
	sb_secret_hash("correct horse", two);
	assert_memory_not_equal(one, two, sizeof(one)); /* salted */
	assert_true(sb_secret_matches("correct horse", one, sizeof(one)));
	assert_false(sb_secret_matches("correct horsf", one, sizeof(one)));
	assert_false(sb_secret_matches("correct horse", one, sizeof(one) - 1));
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, sbcall_setup, sbcall_teardown)
	const struct CMUnitTest tests[] = {
	    T(name_and_mail_both_sign_in),
	    T(wrong_credentials_have_the_texts_of_the_reference),
	    T(claims_are_those_of_the_reference),
	    T(a_revoked_session_is_not_renewed),
	    T(access_ends_after_an_hour),
	    cmocka_unit_test(the_option_shortens_both_lives),
	    T(a_refresh_token_is_good_once),
	    T(tokens_do_not_change_places),
	    T(every_changed_byte_is_noticed),
	    T(another_sandbox_does_not_know_the_token),
	    T(a_new_password_ends_all_sessions),
	    T(a_recovery_token_sets_a_password),
	    cmocka_unit_test(hashes_match_their_password_alone),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
