/*
 * Covers core/unlock.c against a sandbox: the password of the session opens, anything else does
 * not, also while the server is gone; an access token opens a session that was begun with it.
 */
#include "core/unlock.h"

#include "core/options.h"
#include "tests/lib/corerun.h"
#include "tests/lib/sandbox.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static bool proof_known(struct corerun *run)
{
	return core_unlock_kind(run->core) == CORE_UNLOCK_PASSWORD;
}

static enum prism_error_category try(struct corerun *run, const char *text)
{
	struct prism_error err = PRISM_ERROR_INIT;

	if (core_unlock(run->core, prism_secret_from_text(text), NULL, corerun_done, run, &err) < 0)
		return err.category;
	return corerun_wait(run);
}

static void the_password_of_the_session_opens(void **state)
{
	struct sandbox *sb = sandbox_start(NULL);
	struct corerun *run = corerun_open(sb->url, NULL);

	(void)state;
	assert_int_equal(core_unlock_kind(run->core), CORE_UNLOCK_NOBODY);
	assert_int_equal(try(run, "anything"), PRISM_ERROR_AUTH);
	corerun_login(run, sb->users[0].email, sb->users[0].password);
	corerun_until(run, proof_known, "the password was put away");
	assert_int_equal(try(run, sb->users[0].password), PRISM_ERROR_NONE);
	assert_int_equal(try(run, sb->users[1].password), PRISM_ERROR_AUTH);
	assert_int_equal(try(run, ""), PRISM_ERROR_AUTH);
	sandbox_kill(sb);
	assert_int_equal(try(run, sb->users[0].password), PRISM_ERROR_NONE);
	assert_int_equal(try(run, "wrong"), PRISM_ERROR_AUTH);
	core_session_logout(run->core);
	assert_int_equal(core_unlock_kind(run->core), CORE_UNLOCK_NOBODY);
	corerun_close(run);
	sandbox_stop(sb);
}

static void an_access_token_opens_its_session(void **state)
{
	struct corerun *run =
	    corerun_open_with("http://127.0.0.1:1", (const char *const[]){"token=pat_abc_def", NULL});

	(void)state;
	assert_int_equal(core_unlock_kind(run->core), CORE_UNLOCK_TOKEN);
	assert_int_equal(try(run, "pat_abc_def"), PRISM_ERROR_NONE);
	assert_int_equal(try(run, "pat_abc_de"), PRISM_ERROR_AUTH);
	corerun_close(run);
}

static void a_failed_sign_in_leaves_the_session_as_it_was(void **state)
{
	struct sandbox *sb = sandbox_start(NULL);
	struct corerun *run = corerun_open(sb->url, NULL);

	(void)state;
	corerun_login(run, sb->users[0].email, sb->users[0].password);
	assert_int_equal(core_session_login(run->core, sb->users[0].email,
	                                    prism_secret_from_text("wrong"), NULL, corerun_done, run,
	                                    NULL),
	                 0);
	assert_int_equal(corerun_wait(run), PRISM_ERROR_AUTH);
	assert_int_equal(core_session_state(run->core), CORE_SESSION_SIGNED_IN);
	corerun_close(run);
	sandbox_stop(sb);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_password_of_the_session_opens),
	    cmocka_unit_test(an_access_token_opens_its_session),
	    cmocka_unit_test(a_failed_sign_in_leaves_the_session_as_it_was),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
