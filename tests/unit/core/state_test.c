/*
 * core/state.c: wire words to states (reference 4.5, every row), titles and tones (4.6), legal
 * actions.
 */
#include "core/state.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void test_status_words(void **state)
{
	static const struct {
		const char *word;
		enum core_comp_state want;
	} rows[] = {
	    {"stopped", CORE_COMP_CANCELLED},
	    {"StopComputationRun_Stopped", CORE_COMP_CANCELLED},
	    {"stop-computation-run", CORE_COMP_CANCELLED},
	    {"cancelled", CORE_COMP_CANCELLED},
	    {"Canceled", CORE_COMP_CANCELLED},
	    {"Terminated", CORE_COMP_CANCELLED},
	    {"failed", CORE_COMP_FAILED},
	    {"Running_Failed", CORE_COMP_FAILED},
	    {"VmProvision_Failed", CORE_COMP_FAILED},
	    {"error", CORE_COMP_FAILED},
	    {"complete", CORE_COMP_COMPLETED},
	    {"Completed", CORE_COMP_COMPLETED},
	    {"Complete_Completed", CORE_COMP_COMPLETED},
	    {"ConsumingResults_Ready", CORE_COMP_COMPLETED},
	    {"results ready", CORE_COMP_COMPLETED},
	    {"success", CORE_COMP_COMPLETED},
	    {"vm-provision", CORE_COMP_RUNNING},
	    {"ReceivingManifest", CORE_COMP_RUNNING},
	    {"Receiving Algorithm", CORE_COMP_RUNNING},
	    {"ReceivingData_InProgress", CORE_COMP_RUNNING},
	    {"Running_InProgress", CORE_COMP_RUNNING},
	    {"RUNNING", CORE_COMP_RUNNING},
	    {"AlgorithmRun_Warning", CORE_COMP_RUNNING},
	    {"started", CORE_COMP_RUNNING},
	    {"starting", CORE_COMP_RUNNING},
	    {"in-progress", CORE_COMP_RUNNING},
	    {"", CORE_COMP_NOT_STARTED},
	    {NULL, CORE_COMP_NOT_STARTED},
	    {"executable", CORE_COMP_NOT_STARTED},
	    {"created", CORE_COMP_NOT_STARTED},
	    {"IdleState", CORE_COMP_NOT_STARTED},
	    {"ready", CORE_COMP_NOT_STARTED},
	    {"hibernating", CORE_COMP_UNKNOWN},
	    {"StopComputationRun_Failed", CORE_COMP_UNKNOWN},
	    {"completedish", CORE_COMP_UNKNOWN},
	};
	for (size_t i = 0; i < PRISM_COUNT(rows); i++)
		if (core_comp_state_of(rows[i].word) != rows[i].want)
			fail_msg("\"%s\" became %s", rows[i].word ? rows[i].word : "(null)",
			         core_comp_state_info(core_comp_state_of(rows[i].word))->word);
}

static void test_events(void **state)
{
	static const struct {
		const char *type, *status;
		enum core_comp_state before, want;
	} rows[] = {
	    {"ReceivingAlgorithm", "InProgress", CORE_COMP_NOT_STARTED, CORE_COMP_RUNNING},
	    {"Running", "Completed", CORE_COMP_RUNNING, CORE_COMP_RUNNING},
	    {"Running", "Failed", CORE_COMP_RUNNING, CORE_COMP_FAILED},
	    {"AlgorithmRun", "Warning", CORE_COMP_RUNNING, CORE_COMP_RUNNING},
	    {"ConsumingResults", "Ready", CORE_COMP_RUNNING, CORE_COMP_COMPLETED},
	    {"Complete", "Completed", CORE_COMP_COMPLETED, CORE_COMP_COMPLETED},
	    {"Stopped", "Stopped", CORE_COMP_RUNNING, CORE_COMP_CANCELLED},
	    /* the stop did not work: unchanged */
	    {"StopComputationRun", "Failed", CORE_COMP_RUNNING, CORE_COMP_RUNNING},
	    {"StopComputationRun", "Completed", CORE_COMP_RUNNING, CORE_COMP_CANCELLED},
	    /* what nobody knows, and an agent that idles again, change nothing */
	    {"warp", "InProgress", CORE_COMP_FAILED, CORE_COMP_FAILED},
	    {"Idle", "", CORE_COMP_COMPLETED, CORE_COMP_COMPLETED},
	    {"warp", "failed", CORE_COMP_RUNNING, CORE_COMP_FAILED},
	    {"", "", CORE_COMP_RUNNING, CORE_COMP_RUNNING},
	    {NULL, "completed", CORE_COMP_RUNNING, CORE_COMP_COMPLETED},
	};
	for (size_t i = 0; i < PRISM_COUNT(rows); i++) {
		enum core_comp_state got =
		    core_comp_state_of_event(rows[i].type, rows[i].status, rows[i].before);
		if (got != rows[i].want)
			fail_msg("%s/%s became %s", rows[i].type, rows[i].status,
			         core_comp_state_info(got)->word);
	}
}

static void check_title(const char *word, const char *want)
{
	char buf[128];
	assert_string_equal(core_event_title(word, buf, sizeof(buf)), want);
}

static void test_titles(void **state)
{
	check_title("ReceivingAlgorithm", "Receiving algorithm");
	check_title("receiving-algorithm", "Receiving algorithm");
	check_title("VmProvision", "Virtual machine provisioning");
	check_title("IdleState", "Idle");
	check_title("StopComputationRun", "Stop computation run");
	check_title("InProgress", "In progress");
	check_title("warpDriveEngaged", "Warp drive engaged");
	check_title("TLSHandshakeDone", "TLS handshake done");
	check_title("a__b--c", "A b c");
	check_title("", "");
	check_title(NULL, "");
}

static void test_title_is_cut_to_its_buffer(void **state)
{
	char small[8], word[1000];
	memset(word, 'a', sizeof(word) - 1);
	word[sizeof(word) - 1] = '\0';
	core_event_title(word, small, sizeof(small));
	assert_true(strlen(small) < sizeof(small));
}

static void test_tones(void **state)
{
	assert_int_equal(core_status_tone("Running", "InProgress"), CORE_TONE_ACTIVE);
	assert_int_equal(core_status_tone("Running", "Completed"), CORE_TONE_GOOD);
	assert_int_equal(core_status_tone("AlgorithmRun", "Warning"), CORE_TONE_INFO);
	assert_int_equal(core_status_tone("VmProvision", "Starting"), CORE_TONE_INFO);
	assert_int_equal(core_status_tone("Failed", "Failed"), CORE_TONE_BAD);
	assert_int_equal(core_status_tone("Stopped", ""), CORE_TONE_BAD);
	assert_int_equal(core_status_tone("warp", "nine"), CORE_TONE_PLAIN);
}

static bool allowed(enum core_comp_action action, enum core_comp_state in)
{
	return core_comp_action_allowed(action, in, NULL, NULL, 0);
}

static void test_actions_by_state(void **state)
{
	/* the seed's table */
	assert_true(allowed(CORE_ACTION_MONITOR, CORE_COMP_RUNNING));
	assert_true(allowed(CORE_ACTION_STOP, CORE_COMP_RUNNING));
	assert_false(allowed(CORE_ACTION_EDIT, CORE_COMP_RUNNING));
	assert_true(allowed(CORE_ACTION_RESULTS, CORE_COMP_COMPLETED));
	assert_true(allowed(CORE_ACTION_DOWNLOAD, CORE_COMP_COMPLETED));
	assert_false(allowed(CORE_ACTION_RETRY, CORE_COMP_COMPLETED));
	assert_true(allowed(CORE_ACTION_RETRY, CORE_COMP_FAILED));
	assert_true(allowed(CORE_ACTION_EDIT, CORE_COMP_FAILED));
	assert_true(allowed(CORE_ACTION_RETRY, CORE_COMP_CANCELLED));
	assert_false(allowed(CORE_ACTION_STOP, CORE_COMP_CANCELLED));
	assert_true(allowed(CORE_ACTION_RUN, CORE_COMP_NOT_STARTED));
	assert_false(allowed(CORE_ACTION_DOWNLOAD, CORE_COMP_NOT_STARTED));
	for (int s = 0; s < CORE_COMP_STATE_COUNT; s++)
		assert_true(allowed(CORE_ACTION_LOGS, (enum core_comp_state)s));
}

static void test_reasons(void **state)
{
	char reason[120];
	struct core_permissions viewer = {
	    .known = true, .explicit_bits = CORE_PERM_VIEW, .effective = CORE_PERM_VIEW};
	assert_false(core_comp_action_allowed(CORE_ACTION_RUN, CORE_COMP_NOT_STARTED, &viewer, reason,
	                                      sizeof(reason)));
	assert_string_equal(reason, "needs the action run (you have: view)");
	assert_false(core_comp_action_allowed(CORE_ACTION_STOP, CORE_COMP_COMPLETED, &viewer, reason,
	                                      sizeof(reason)));
	assert_string_equal(reason, "it is completed");
	assert_true(core_comp_action_allowed(CORE_ACTION_LOGS, CORE_COMP_FAILED, &viewer, reason,
	                                     sizeof(reason)));
	assert_string_equal(reason, "");
	/* nothing known: the server decides */
	viewer.known = false;
	assert_true(core_comp_action_allowed(CORE_ACTION_RUN, CORE_COMP_NOT_STARTED, &viewer, reason,
	                                     sizeof(reason)));
	struct core_permissions none = {.known = true};
	assert_false(core_comp_action_allowed(CORE_ACTION_LOGS, CORE_COMP_FAILED, &none, reason, 20));
	assert_int_equal(strlen(reason), 19); /* cut, terminated */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_status_words), cmocka_unit_test(test_events),
	    cmocka_unit_test(test_titles),       cmocka_unit_test(test_title_is_cut_to_its_buffer),
	    cmocka_unit_test(test_tones),        cmocka_unit_test(test_actions_by_state),
	    cmocka_unit_test(test_reasons),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
