/* Covers sandbox/plan.c: metered operations at and beyond their limit. */
#include "sandbox/plan.h"

#include "sandbox/router.h"
#include "tests/lib/sbcall.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void start(struct sbcall *t, const char *plan)
{
	struct sb_config config = {0};
	if (plan)
		assert_int_equal(sb_plan_parse(plan, &config.plan, NULL), 0);
	sbcall_start(t, &config);
}

#define COMPUTATION "{\"name\":\"n\",\"description\":\"d\"}"

static void one_more_is_refused_with_the_plan_s_own_words(void **state)
{
	struct sbcall t;
	start(&t, "computations=4,cvms=9");
	assert_int_equal(sbcall(&t, SB_CYD, "POST", COMPUTATION, "/computations/{H}/computations"),
	                 201);
	assert_int_equal(sbcall(&t, SB_CYD, "POST", COMPUTATION, "/computations/{H}/computations"),
	                 402);
	assert_string_equal(t.text, "plan limit reached: 4 of 4 computations\n");
	assert_string_equal(t.type, "text/plain; charset=utf-8");
	assert_int_equal(
	    sbcall(&t, SB_ADA, "POST", "{\"name\":\"n\"}", "/backends/{W}/cvms/manager/2/snp"), 201);
	sbcall_finish(&t);
}

static void deleted_cvms_do_not_count(void **state)
{
	struct sbcall t;
	start(&t, "cvms=8");
	assert_int_equal(
	    sbcall(&t, SB_ADA, "POST", "{\"name\":\"n\"}", "/backends/{W}/cvms/manager/2/snp"), 201);
	PRISM_AUTO_FREE char *id = prism_strdup(sbcall_text(&t, "id"));
	assert_int_equal(
	    sbcall(&t, SB_ADA, "POST", "{\"name\":\"n\"}", "/backends/{W}/cvms/manager/2/snp"), 402);
	sbcall(&t, SB_ADA, "DELETE", NULL, "/backends/{W}/cvms/%s", id);
	assert_int_equal(
	    sbcall(&t, SB_ADA, "POST", "{\"name\":\"n\"}", "/backends/{W}/cvms/manager/2/snp"), 201);
	sbcall_finish(&t);
}

static void members_are_counted_when_they_join(void **state)
{
	struct sbcall t;
	start(&t, "members=2");
	sbcall(&t, SB_BEN, "GET", NULL, "/workspaces/invitations");
	PRISM_AUTO_FREE char *body =
	    prism_asprintf("{\"domain_id\":\"%s\"}", sbcall_text(&t, "invitations.0.domain_id"));
	assert_int_equal(sbcall(&t, SB_BEN, "POST", body, "/workspaces/invitations/accept"), 402);
	sbcall_finish(&t);
	start(&t, "members=3");
	assert_int_equal(sbcall(&t, SB_BEN, "POST", body, "/workspaces/invitations/accept"), 204);
	sbcall_finish(&t);
}

static void what_is_checked_first_stays_first(void **state)
{
	struct sbcall t;
	start(&t, "computations=0");
	assert_int_equal(sbcall(&t, SB_CYD, "POST", COMPUTATION, "/computations/{W}/computations"),
	                 403);
	assert_int_equal(sbcall(&t, SB_ADA, "POST", "{}", "/computations/{W}/computations"), 400);
	assert_int_equal(sbcall(&t, SB_ADA, "POST", COMPUTATION, "/computations/{W}/computations"),
	                 402);
	sbcall_finish(&t);
}

static void without_a_plan_nothing_is_limited(void **state)
{
	struct sbcall t;
	start(&t, NULL);
	assert_int_equal(sbcall(&t, SB_ADA, "POST", COMPUTATION, "/computations/{W}/computations"),
	                 201);
	sbcall_finish(&t);
}

static void the_free_plan_is_that_of_the_reference(void **state)
{
	struct sb_plan plan;
	assert_int_equal(sb_plan_parse("free", &plan, NULL), 0);
	assert_int_equal(plan.limit[SB_PLAN_COMPUTATIONS], 10);
	assert_int_equal(plan.limit[SB_PLAN_RUNS], 5);
	assert_int_equal(plan.limit[SB_PLAN_CVMS], 5);
	assert_int_equal(plan.limit[SB_PLAN_MEMBERS], 3);
	assert_int_equal(sb_plan_parse("", &plan, NULL), -1);
	assert_int_equal(sb_plan_parse("free,cvms=1", &plan, NULL), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(one_more_is_refused_with_the_plan_s_own_words),
	    cmocka_unit_test(deleted_cvms_do_not_count),
	    cmocka_unit_test(members_are_counted_when_they_join),
	    cmocka_unit_test(what_is_checked_first_stays_first),
	    cmocka_unit_test(without_a_plan_nothing_is_limited),
	    cmocka_unit_test(the_free_plan_is_that_of_the_reference),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
