/*
 * core/session.c: claims of tokens; life measured against the server's own stamps; renewal in time.
 */
#include "core/session.h"

#include "base/mem.h"
#include "base/text.h"
#include "core/request.h"
#include "tests/lib/corerun.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static char *jwt(const char *claims)
{
	PRISM_AUTO_FREE char *body = prism_base64_encode(claims, strlen(claims));
	for (char *at = body; *at; at++)
		*at = *at == '+' ? '-' : *at == '/' ? '_' : *at == '=' ? '\0' : *at;
	return prism_asprintf("aGVhZA.%s.c2ln", body);
}

static void test_claims(void **state)
{
	struct core_token_claims claims;
	PRISM_AUTO_FREE char *token = jwt(
	    "{\"iss\":\"supermq.auth\",\"sub\":\"u-1\",\"iat\":100,\"exp\":3700,\"verified\":true}");
	assert_int_equal(core_token_decode(token, strlen(token), &claims, NULL), 0);
	assert_int_equal(claims.iat_s, 100);
	assert_int_equal(claims.exp_s, 3700);
	assert_string_equal(claims.subject, "u-1");
	assert_int_equal(claims.verified, 1);
	PRISM_AUTO_FREE char *old = jwt("{\"user\":\"u-2\",\"exp\":\"12\",\"verified\":false}");
	assert_int_equal(core_token_decode(old, strlen(old), &claims, NULL), 0);
	assert_string_equal(claims.subject, "u-2");
	assert_int_equal(claims.exp_s, 12);
	assert_int_equal(claims.verified, 0);
	PRISM_AUTO_FREE char *empty = jwt("{}");
	assert_int_equal(core_token_decode(empty, strlen(empty), &claims, NULL), 0);
	assert_int_equal(claims.exp_s, 0);
	assert_int_equal(claims.verified, -1);
}

static void test_what_is_no_token(void **state)
{
	static const char *const bad[] = {"",           "a", "a.b", "..", "a.!!!.c", "a.bm90IGpzb24.c",
	                                  "pat_abc_def"};
	struct core_token_claims claims;
	struct prism_error err = PRISM_ERROR_INIT;
	for (size_t i = 0; i < PRISM_COUNT(bad); i++)
		if (core_token_decode(bad[i], strlen(bad[i]), &claims, &err) == 0)
			fail_msg("\"%s\" was taken for a token", bad[i]);
}

static void test_refused_at_once(void **state)
{
	struct corerun *run = corerun_open("http://127.0.0.1:1", NULL);
	struct prism_error err = PRISM_ERROR_INIT;
	assert_int_equal(core_session_login(run->core, "", prism_secret_from_text("x"), NULL,
	                                    corerun_done, run, &err),
	                 -1);
	assert_int_equal(err.category, PRISM_ERROR_INVALID);
	assert_int_equal(core_session_login(run->core, "ada", prism_secret_from_text(""), NULL,
	                                    corerun_done, run, &err),
	                 -1);
	assert_int_equal(core_session_login(run->core, "ada", NULL, NULL, corerun_done, run, &err), -1);
	assert_int_equal(core_session_state(run->core), CORE_SESSION_SIGNED_OUT);
	/* one at a time */
	assert_int_equal(core_session_login(run->core, "ada", prism_secret_from_text("x"), NULL,
	                                    corerun_done, run, &err),
	                 0);
	assert_int_equal(core_session_login(run->core, "ada", prism_secret_from_text("x"), NULL,
	                                    corerun_done, run, &err),
	                 -1);
	assert_int_equal(err.category, PRISM_ERROR_CONFLICT);
	corerun_wait(run);
	assert_int_equal(core_session_state(run->core), CORE_SESSION_SIGNED_OUT);
	assert_non_null(core_session_error(run->core));
	corerun_close(run);
}

static void test_access_token_from_the_profile(void **state)
{
	struct prism_loop *loop = prism_loop_create(prism_clock_system());
	struct prism_work *work = prism_work_create(loop, 1);
	struct core_options *options = core_options_create();
	core_remember_off(options);
	assert_int_equal(core_options_set(options, CORE_OPT_TOKEN, "pat_x_y", NULL), 0);
	struct core *core = core_create(loop, work, options);
	assert_int_equal(core_session_state(core), CORE_SESSION_SIGNED_IN);
	assert_true(core_session_uses_pat(core));
	assert_true(core_session_access_left_ms(core) == INT64_MAX);
	core_destroy(core);
	prism_work_destroy(work);
	prism_loop_destroy(loop);
	core_options_destroy(options);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_claims),
	    cmocka_unit_test(test_what_is_no_token),
	    cmocka_unit_test(test_refused_at_once),
	    cmocka_unit_test(test_access_token_from_the_profile),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
