/* The sandbox as a program: the ready line, sign-in, refusals, faults on demand, a clean end. */
#include "tests/lib/api.h"

#include "base/mem.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include <cmocka.h>

static int start(void **state)
{
	*state = sandbox_start((const char *const[]){"--seed", "demo", NULL});
	return 0;
}

static int stop(void **state)
{
	sandbox_stop(*state);
	return 0;
}

static void test_ready_line_says_what_it_is(void **state)
{
	const struct sandbox *sb = *state;

	assert_true(strncmp(sb->url, "http://127.0.0.1:", 17) == 0);
	assert_non_null(strstr(sb->notice, "not a TEE"));
	assert_true(sb->user_count >= 3);
}

static void test_every_sample_user_can_sign_in(void **state)
{
	const struct sandbox *sb = *state;

	for (int i = 0; i < sb->user_count; i++) {
		struct api api;
		cJSON *page;

		api_init(&api, sb);
		api_login(&api, i, NULL);
		if (!api.workspace) { /* only invited so far */
			assert_string_equal(sb->users[i].username, "dee");
			api_finish(&api);
			continue;
		}
		page = api_must(&api, "GET", "/computations/%w/computations?offset=0&limit=5", NULL);
		assert_true(cJSON_IsArray(cJSON_GetObjectItemCaseSensitive(page, "computations")));
		cJSON_Delete(page);
		api_finish(&api);
	}
}

static void test_a_wrong_password_is_refused(void **state)
{
	struct api api;

	api_init(&api, *state);
	cJSON_Delete(api_call(&api, "POST", "/users/tokens/issue",
	                      "{\"username\":\"ada\",\"password\":\"wrong\"}"));
	assert_int_equal(api.status, 401);
	api_finish(&api);
}

static void test_no_token_no_answer(void **state)
{
	struct api api;

	api_init(&api, *state);
	cJSON_Delete(api_call(&api, "GET", "/workspaces/domains", NULL));
	assert_int_equal(api.status, 401);
	api_finish(&api);
}

static void test_a_fault_is_played_so_often(void **state)
{
	struct sandbox *sb =
	    sandbox_start((const char *const[]){"--fault", "5xx=503@GET:/workspaces/*#1", NULL});
	struct api api;

	api_init(&api, sb);
	api.token = NULL;
	cJSON_Delete(api_call(&api, "GET", "/workspaces/domains", NULL));
	assert_int_equal(api.status, 503);
	api_login(&api, 0, NULL);
	api_finish(&api);
	sandbox_stop(sb);
}

static void test_term_ends_it_with_success(void **state)
{
	struct sandbox *sb = sandbox_start(NULL);
	int status;

	kill(sb->pid, SIGTERM);
	assert_int_equal(waitpid(sb->pid, &status, 0), sb->pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	sb->pid = 0;
	sandbox_stop(sb);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_ready_line_says_what_it_is),
	    cmocka_unit_test(test_every_sample_user_can_sign_in),
	    cmocka_unit_test(test_a_wrong_password_is_refused),
	    cmocka_unit_test(test_no_token_no_answer),
	    cmocka_unit_test(test_a_fault_is_played_so_often),
	    cmocka_unit_test(test_term_ends_it_with_success),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
