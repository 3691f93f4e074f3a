/* Covers tui/legal.c: every row of the table of states against every state, and the sentence. */
#include "tui/legal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static int check(enum pt_action_id id, enum core_comp_state state, struct prism_error *err)
{
	*err = (struct prism_error)PRISM_ERROR_INIT;
	return pt_legal_check(id, state, "Iris", err);
}

/* The seed's table, written out: which commands each state leaves. */
static void each_state_leaves_what_the_table_says(void **state)
{
	static const enum pt_action_id ids[] = {
	    PT_ACTION_COMPUTATION_RUN,    PT_ACTION_COMPUTATION_STOP, PT_ACTION_COMPUTATION_UPDATE,
	    PT_ACTION_COMPUTATION_DELETE, PT_ACTION_SEND_ALGORITHM,   PT_ACTION_SEND_DATA,
	    PT_ACTION_RESULT_FETCH,       PT_ACTION_LOG_OPEN,
	};
	static const char *const legal[CORE_COMP_STATE_COUNT] = {
	    [CORE_COMP_NOT_STARTED] = "1.11...1", [CORE_COMP_RUNNING] = "11.11111",
	    [CORE_COMP_COMPLETED] = "1.11..11",   [CORE_COMP_FAILED] = "1.11...1",
	    [CORE_COMP_CANCELLED] = "1.11...1",   [CORE_COMP_UNKNOWN] = "11111111",
	};
	struct prism_error err;

	(void)state;
	for (int s = 0; s < CORE_COMP_STATE_COUNT; s++)
		for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
			int rc = check(ids[i], (enum core_comp_state)s, &err);

			if ((rc == 0) != (legal[s][i] == '1'))
				fail_msg("%s while %s: %d", pt_action(ids[i])->name,
				         core_comp_state_info((enum core_comp_state)s)->word, rc);
			assert_int_equal(err.category, rc < 0 ? PRISM_ERROR_CONFLICT : PRISM_ERROR_NONE);
		}
}

static void a_refusal_says_what_is_and_what_may_be(void **state)
{
	struct prism_error err;

	(void)state;
	assert_int_equal(check(PT_ACTION_COMPUTATION_STOP, CORE_COMP_COMPLETED, &err), -1);
	assert_string_equal(err.message, "the computation \"Iris\" is completed; \"computation stop\" "
	                                 "needs one that is running");
	assert_string_equal(err.hint, "possible with it as it is: logs, run, results, download, edit, "
	                              "delete, roles, key, assets, manifest, export");
	assert_int_equal(check(PT_ACTION_COMPUTATION_UPDATE, CORE_COMP_RUNNING, &err), -1);
	assert_non_null(
	    strstr(err.message, "needs one that is not started, completed, failed or cancelled"));
	assert_int_equal(check(PT_ACTION_RESULT_FETCH, CORE_COMP_FAILED, &err), -1);
	assert_non_null(strstr(err.message, "needs one that is running or completed"));
	assert_non_null(strstr(err.hint, "retry"));
}

static void other_actions_are_about_no_state(void **state)
{
	enum core_comp_action is[2];

	(void)state;
	assert_int_equal(pt_legal_states(PT_ACTION_COMPUTATION_SHOW), CORE_S_ANY);
	assert_false(pt_legal_actions(PT_ACTION_COMPUTATION_SHOW, is));
	assert_true(pt_legal_actions(PT_ACTION_COMPUTATION_RUN, is));
	assert_int_equal(is[1], CORE_ACTION_RETRY);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(each_state_leaves_what_the_table_says),
	    cmocka_unit_test(a_refusal_says_what_is_and_what_may_be),
	    cmocka_unit_test(other_actions_are_about_no_state),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
