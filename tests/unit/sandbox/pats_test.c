/* Covers sandbox/pats.c and sandbox/api_pats.c. */
#include "sandbox/pats.h"

#include "tests/lib/sbcall.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define PATS "/auth/pats"

static void create(struct sbcall *t, char **ret_id, char **ret_secret)
{
	assert_int_equal(sbcall(t, SB_BEN, "POST", "{\"name\":\"ci\",\"duration\":\"1h\"}", PATS), 201);
	*ret_id = prism_strdup(sbcall_text(t, "id"));
	*ret_secret = prism_strdup(sbcall_text(t, "secret"));
	assert_memory_equal(*ret_secret, "pat_", 4);
}

static int as_pat(struct sbcall *t, const char *secret, const char *path)
{
	t->bearer = secret;
	int status = sbcall(t, SB_NOBODY, "GET", NULL, "%s", path);
	t->bearer = NULL;
	return status;
}

static void a_token_stands_for_its_user(void **state)
{
	struct sbcall *t = *state;
	char *id, *secret;
	create(t, &id, &secret);
	assert_int_equal(as_pat(t, secret, "/users/profile"), 200);
	assert_string_equal(sbcall_text(t, "credentials.username"), "ben");
	assert_int_equal(as_pat(t, secret, "/users"), 403);
	assert_int_equal(as_pat(t, "pat_0_0", "/users/profile"), 401);
	assert_int_equal(as_pat(t, secret, PATS), 401); /* not for its own endpoints */
	sbcall(t, SB_BEN, "GET", NULL, PATS "/%s", id);
	assert_string_equal(sbcall_text(t, "last_used_at"), "2026-01-01T00:00:00Z");
	assert_string_equal(sbcall_text(t, "secret"), ""); /* shown once */
	prism_free(id);
	prism_free(secret);
}

static void it_ends_by_time_revocation_and_deletion(void **state)
{
	struct sbcall *t = *state;
	char *id, *secret;
	create(t, &id, &secret);
	prism_clock_manual_advance(&t->clock, 3599 * 1000);
	assert_int_equal(as_pat(t, secret, "/users/profile"), 200);
	prism_clock_manual_advance(&t->clock, 1000);
	assert_int_equal(as_pat(t, secret, "/users/profile"), 401);
	prism_free(t->token[SB_BEN]);
	t->token[SB_BEN] = NULL;
	sbcall(t, SB_BEN, "PATCH", "{\"duration\":\"2h\"}", PATS "/%s/secret/reset", id);
	PRISM_AUTO_FREE char *again = prism_strdup(sbcall_text(t, "secret"));
	assert_int_equal(as_pat(t, again, "/users/profile"), 200);
	assert_int_equal(as_pat(t, secret, "/users/profile"), 401);
	assert_int_equal(sbcall(t, SB_BEN, "PATCH", NULL, PATS "/%s/secret/revoke", id), 204);
	assert_int_equal(as_pat(t, again, "/users/profile"), 401);
	sbcall(t, SB_BEN, "GET", NULL, PATS "/%s", id);
	assert_string_equal(sbcall_text(t, "status"), "revoked");
	assert_int_equal(sbcall(t, SB_BEN, "DELETE", NULL, PATS "/%s", id), 204);
	assert_int_equal(sbcall(t, SB_BEN, "GET", NULL, PATS "/%s", id), 404);
	prism_free(id);
	prism_free(secret);
}

static void it_belongs_to_one_user(void **state)
{
	struct sbcall *t = *state;
	char *id, *secret;
	create(t, &id, &secret);
	assert_int_equal(sbcall(t, SB_ADA, "GET", NULL, PATS "/%s", id), 404);
	sbcall(t, SB_ADA, "GET", NULL, PATS);
	assert_int_equal(sbcall_int(t, "total"), 0);
	assert_int_equal(sbcall(t, SB_BEN, "PATCH", "{\"name\":\"cd\"}", PATS "/%s/name", id), 202);
	sbcall(t, SB_BEN, "GET", NULL, PATS "?name=CD");
	assert_int_equal(sbcall_int(t, "total"), 1);
	assert_int_equal(sbcall(t, SB_BEN, "DELETE", NULL, PATS), 200);
	sbcall(t, SB_BEN, "GET", NULL, PATS);
	assert_int_equal(sbcall_int(t, "total"), 0);
	prism_free(id);
	prism_free(secret);
}

static void fields_are_checked(void **state)
{
	struct sbcall *t = *state;
	sbcall(t, SB_BEN, "POST", "{\"duration\":\"1h\"}", PATS);
	sbcall_refused(t, 400, SB_TEXT_VALIDATION, "missing identity name");
	sbcall(t, SB_BEN, "POST", "{\"name\":\"x\",\"duration\":\"soon\"}", PATS);
	sbcall_refused(t, 400, SB_TEXT_VALIDATION, "invalid duration");
}

static void durations_are_those_of_go(void **state)
{
	static const struct {
		const char *text;
		int64_t us;
	} good[] = {{"720h", 2592000000000ll}, {"1h30m", 5400000000ll}, {"1.5h", 5400000000ll},
	            {"90s", 90000000},         {"250ms", 250000},       {"5m", 300000000}};
	static const char *const bad[] = {"", "h", "5", "5d", "-1h", "1h x", "0s", "999999999h"};
	int64_t us;
	for (unsigned i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_int_equal(sb_go_duration(good[i].text, &us), 0);
		assert_int_equal(us, good[i].us);
	}
	for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(sb_go_duration(bad[i], &us), -1);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, sbcall_setup, sbcall_teardown)
	const struct CMUnitTest tests[] = {
	    T(a_token_stands_for_its_user),
	    T(it_ends_by_time_revocation_and_deletion),
	    T(it_belongs_to_one_user),
	    T(fields_are_checked),
	    cmocka_unit_test(durations_are_those_of_go),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
