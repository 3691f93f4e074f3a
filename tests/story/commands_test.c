/*
 * The whole story by -c: from sign-in to the result zip, on real files that the sandbox's agent
 * really executes; then one that is stopped, one that fails, and its retry.
 *
 * One sandbox serves all; each test defines a computation of its own.
 */
#include "tests/lib/story.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#define SAMPLES STORY_SAMPLES

static int start(void **state)
{
	struct story *s = prism_alloc(sizeof(*s));

	story_start(s, NULL);
	*state = s;
	return 0;
}

static int stop(void **state)
{
	story_stop(*state);
	prism_free(*state);
	return 0;
}

static void test_python(void **state)
{
	struct story *s = *state;
	struct cli *c = &s->cli;
	char *zip = story_tmp("python.zip"), *dir = story_tmp("python"), *report, id[80];
	struct stat st;

	cli_must(c, "key generate --type ed25519");
	story_define(s, "Iris Classification Demo", "", SAMPLES "classify.py", SAMPLES "flowers.csv",
	             id);
	story_run_until(s, id, "ReceivingAlgorithm");
	cli_must(c,
	         "send algorithm %s " SAMPLES "classify.py --type python --requirements " SAMPLES
	         "requirements.txt --arg --neighbours --arg 3",
	         id);
	cli_must(c, "computation follow %s --until-state ReceivingData --timeout 30s", id);
	cli_must(c, "send data %s " SAMPLES "flowers.csv", id);
	cli_must(c, "computation follow %s --until-state ConsumingResults --timeout 60s", id);
	cli_must(c, "result fetch %s --save %s", id, zip);
	cli_must(c, "result show %s", zip);
	story_must_contain(c->out, "report.txt");
	story_must_contain(c->out, "confusion.csv");
	cli_must(c, "result unpack %s %s", zip, dir);
	report = prism_asprintf("%s/report.txt", dir);
	assert_int_equal(stat(report, &st), 0);
	assert_true(st.st_size > 0);
	cli_must(c, "computation follow %s --timeout 30s", id);
	story_must_be(s, id, "Completed");
	cli_must(c, "computation logs %s", id);
	story_must_contain(c->out, "training on 120 rows");
	story_must_contain(c->out, "accuracy 0.");
	prism_free(report);
	prism_free(dir);
	prism_free(zip);
}

static void test_compiled(void **state)
{
	struct story *s = *state;
	struct cli *c = &s->cli;
	char *zip = story_tmp("compiled.zip"), id[80];

	story_define(s, "Column statistics", "", build_path("samples/columns"), SAMPLES "flowers.csv",
	             id);
	story_run_until(s, id, "ReceivingAlgorithm");
	cli_must(c, "send algorithm %s %s --type bin", id, build_path("samples/columns"));
	cli_must(c, "send data %s " SAMPLES "flowers.csv", id);
	cli_must(c, "computation follow %s --until-state ConsumingResults --timeout 60s", id);
	cli_must(c, "result fetch %s --save %s", id, zip);
	cli_must(c, "result show %s", zip);
	story_must_contain(c->out, "columns.csv");
	story_must_be(s, id, "Completed");
	prism_free(zip);
}

static void test_a_wrong_file_is_refused_before_a_byte(void **state)
{
	struct story *s = *state;
	struct cli *c = &s->cli;
	char id[80];

	story_define(s, "Wrong file", "", SAMPLES "classify.py", SAMPLES "flowers.csv", id);
	story_run_until(s, id, "ReceivingAlgorithm");
	assert_int_equal(cli_run(c, "send algorithm %s " SAMPLES "slow.py --type python", id), 10);
	story_must_contain(c->err, "its SHA3-256 is ");
	story_must_contain(c->err, "the asset's is ");
	cli_must(c, "computation stop %s", id);
}

static void test_stop(void **state)
{
	struct story *s = *state;
	struct cli *c = &s->cli;
	char id[80];

	story_define(s, "To be stopped", "", SAMPLES "slow.py", SAMPLES "flowers.csv", id);
	story_run_until(s, id, "ReceivingAlgorithm");
	cli_must(c, "send algorithm %s " SAMPLES "slow.py --type python", id);
	cli_must(c, "send data %s " SAMPLES "flowers.csv", id);
	cli_must(c, "computation follow %s --until-state Running --timeout 30s", id);
	cli_must(c, "computation stop %s", id);
	story_must_be(s, id, "Cancelled");
}

static void test_failure_and_retry(void **state)
{
	struct story *s = *state;
	struct cli *c = &s->cli;
	char id[80];

	story_define(s, "To fail", "", SAMPLES "broken.py", SAMPLES "flowers.csv", id);
	for (int round = 0; round < 2; round++) {
		story_run_until(s, id, "ReceivingAlgorithm");
		cli_must(c, "send algorithm %s " SAMPLES "broken.py --type python", id);
		cli_must(c, "send data %s " SAMPLES "flowers.csv", id);
		assert_int_equal(cli_run(c, "computation follow %s --timeout 30s", id), 6);
		story_must_be(s, id, "Failed");
		cli_must(c, "computation logs %s", id);
		story_must_contain(c->out, "no column named weight");
	}
	assert_int_equal(cJSON_GetArraySize(cli_must(c, "run list %s", id)), 2);
}

/* What goes on, without a screen: counts, what needs whom, two runs side by side, marks. */
static void test_seeing(void **state)
{
	struct story *s = *state;
	struct cli *c = &s->cli;
	const cJSON *doc;
	char id[80];

	story_define(s, "Seen from afar", "", SAMPLES "classify.py", SAMPLES "flowers.csv", id);
	story_run_until(s, id, "ReceivingAlgorithm");
	doc = cli_must(c, "dashboard --days 14");
	assert_true(cJSON_GetNumberValue(
	                cJSON_GetObjectItem(cJSON_GetObjectItem(doc, "computations"), "total")) > 10);
	assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItem(doc, "runs_per_day")), 14);
	assert_string_equal(
	    cli_text(cli_find(cJSON_GetObjectItem(doc, "needs"), "computation_id", id), "kind"),
	    "algorithm");
	assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItem(doc, "errors")), 0);
	assert_int_equal(cli_run(c, "dashboard --days 91"), 2);
	assert_int_equal(cli_run(c, "run compare %s", id), 5); /* one run */
	cli_must(c, "computation stop %s", id);
	cli_must(c, "run compare %s --with 'Iris classification baseline'", id);
	story_must_contain(c->out, "\"Waiting for algorithm\"");
	cli_must(c, "notify %s", id);
	assert_non_null(cli_find(cli_must(c, "notify list"), "id", id));
	cli_must(c, "notify %s --off", id);
	assert_null(cli_find(cli_must(c, "notify list"), "id", id));
	assert_non_null(cli_find(cli_must(c, "fleet"), "profile", "default"));
	cli_must(c, "cache show");
	cli_must(c, "cache clear");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_python),
	    cmocka_unit_test(test_compiled),
	    cmocka_unit_test(test_a_wrong_file_is_refused_before_a_byte),
	    cmocka_unit_test(test_stop),
	    cmocka_unit_test(test_failure_and_retry),
	    cmocka_unit_test(test_seeing),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
