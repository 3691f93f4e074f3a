/*
 * The whole story by -c: from sign-in to the result zip, on real files that the sandbox's agent
 * really executes; then one that is stopped, one that fails, and its retry.
 *
 * One sandbox serves all; each test defines a computation of its own.
 */
#include "tests/lib/client.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define SAMPLES "sandbox/samples/"

struct story {
	struct sandbox *sandbox;
	struct cli cli;
	char workspace[128], cvm[80];
};

static int start(void **state)
{
	struct story *s = prism_alloc(sizeof(*s));
	const cJSON *list;

	s->sandbox = sandbox_start((const char *const[]){"--cvm-step", "50", NULL});
	s->cli = (struct cli){.sandbox = s->sandbox};
	list = cli_find(cli_must(&s->cli, "workspace list"), "name", "Open Science Lab");
	assert_non_null(list);
	snprintf(s->workspace, sizeof(s->workspace), "%s", cli_text(list, "id"));
	s->cli.workspace = s->workspace;
	*state = s;
	return 0;
}

static int stop(void **state)
{
	struct story *s = *state;

	cli_finish(&s->cli);
	sandbox_stop(s->sandbox);
	prism_free(s);
	return 0;
}

/* A CVM that is ready: one of the seed, else a new one. */
static void find_cvm(struct story *s)
{
	const cJSON *one, *list = cli_must(&s->cli, "cvm list");

	s->cvm[0] = '\0';
	cJSON_ArrayForEach(one, list)
	{
		if (strcasecmp(cli_text(one, "phase"), "ready") == 0)
			snprintf(s->cvm, sizeof(s->cvm), "%s", cli_text(one, "id"));
	}
	if (!s->cvm[0]) {
		list = cli_must(&s->cli, "cvm create --name story --wait");
		snprintf(s->cvm, sizeof(s->cvm), "%s", cli_text(list, "id"));
	}
	assert_true(s->cvm[0] != '\0');
}

static void must_contain(const char *text, const char *part)
{
	if (!text || !strstr(text, part))
		fail_msg("\"%s\" is not in:\n%s", part, text ? text : "(nothing)");
}

/* A computation with the owner in every role, a registered key, and both assets linked. */
static void define(struct story *s, const char *name, const char *algorithm, const char *dataset,
                   char id[80])
{
	const cJSON *list, *role;
	struct cli *c = &s->cli;
	char role_id[80];
	int open = 0;

	snprintf(id, 80, "%s",
	         cli_text(cli_must(c, "computation create '%s' --description 'made by a test'", name),
	                  "id"));
	assert_true(id[0] != '\0');
	list = cli_must(c, "role list %s", id);
	role = cli_find(list, "name", "owner");
	if (!role)
		role = cJSON_GetArrayItem(list, 0);
	snprintf(role_id, sizeof(role_id), "%s", cli_text(role, "id"));
	cli_must(c, "role action add %s %s algo_provider dataset_provider result_consumer", id,
	         role_id);
	cli_must(c, "key register %s", id);
	cli_must(c, "asset create %s --type algorithm --description 'the algorithm' --link %s",
	         algorithm, id);
	if (dataset)
		cli_must(c, "asset create %s --type dataset --description 'the data' --link %s", dataset,
		         id);
	list = cli_must(c, "computation checklist %s", id);
	cJSON_ArrayForEach(role, list)
	{
		open += !cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(role, "done")) &&
		        cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(role, "mandatory"));
	}
	if (open)
		fail_msg("the check-list still has %d open:\n%s", open, c->out);
}

static void run_until(struct story *s, const char *id, const char *event)
{
	find_cvm(s);
	cli_must(&s->cli, "computation run %s --cvm %s", id, s->cvm);
	cli_must(&s->cli, "computation follow %s --until-state %s --timeout 30s", id, event);
}

static void must_be(struct story *s, const char *id, const char *state)
{
	const char *is = cli_text(cli_must(&s->cli, "computation show %s", id), "state");

	if (strcasecmp(is, state) != 0)
		fail_msg("the computation is %s, not %s", is, state);
}

static char *in_tmp(const char *name)
{
	return prism_asprintf("%s/%s", getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp", name);
}

static void test_python(void **state)
{
	struct story *s = *state;
	struct cli *c = &s->cli;
	char *zip = in_tmp("python.zip"), *dir = in_tmp("python"), *report, id[80];
	struct stat st;

	cli_must(c, "key generate --type ed25519");
	define(s, "Iris Classification Demo", SAMPLES "classify.py", SAMPLES "flowers.csv", id);
	run_until(s, id, "ReceivingAlgorithm");
	cli_must(c,
	         "send algorithm %s " SAMPLES "classify.py --type python --requirements " SAMPLES
	         "requirements.txt --arg --neighbours --arg 3",
	         id);
	cli_must(c, "computation follow %s --until-state ReceivingData --timeout 30s", id);
	cli_must(c, "send data %s " SAMPLES "flowers.csv", id);
	cli_must(c, "computation follow %s --until-state ConsumingResults --timeout 60s", id);
	cli_must(c, "result fetch %s --save %s", id, zip);
	cli_must(c, "result show %s", zip);
	must_contain(c->out, "report.txt");
	must_contain(c->out, "confusion.csv");
	cli_must(c, "result unpack %s %s", zip, dir);
	report = prism_asprintf("%s/report.txt", dir);
	assert_int_equal(stat(report, &st), 0);
	assert_true(st.st_size > 0);
	cli_must(c, "computation follow %s --timeout 30s", id);
	must_be(s, id, "Completed");
	cli_must(c, "computation logs %s", id);
	must_contain(c->out, "training on 120 rows");
	must_contain(c->out, "accuracy 0.");
	prism_free(report);
	prism_free(dir);
	prism_free(zip);
}

static void test_compiled(void **state)
{
	struct story *s = *state;
	struct cli *c = &s->cli;
	char *zip = in_tmp("compiled.zip"), id[80];

	define(s, "Column statistics", build_path("samples/columns"), SAMPLES "flowers.csv", id);
	run_until(s, id, "ReceivingAlgorithm");
	cli_must(c, "send algorithm %s %s --type bin", id, build_path("samples/columns"));
	cli_must(c, "send data %s " SAMPLES "flowers.csv", id);
	cli_must(c, "computation follow %s --until-state ConsumingResults --timeout 60s", id);
	cli_must(c, "result fetch %s --save %s", id, zip);
	cli_must(c, "result show %s", zip);
	must_contain(c->out, "columns.csv");
	must_be(s, id, "Completed");
	prism_free(zip);
}

static void test_a_wrong_file_is_refused_before_a_byte(void **state)
{
	struct story *s = *state;
	struct cli *c = &s->cli;
	char id[80];

	define(s, "Wrong file", SAMPLES "classify.py", SAMPLES "flowers.csv", id);
	run_until(s, id, "ReceivingAlgorithm");
	assert_int_equal(cli_run(c, "send algorithm %s " SAMPLES "slow.py --type python", id), 10);
	must_contain(c->err, "its SHA3-256 is ");
	must_contain(c->err, "the asset's is ");
	cli_must(c, "computation stop %s", id);
}

static void test_stop(void **state)
{
	struct story *s = *state;
	struct cli *c = &s->cli;
	char id[80];

	define(s, "To be stopped", SAMPLES "slow.py", SAMPLES "flowers.csv", id);
	run_until(s, id, "ReceivingAlgorithm");
	cli_must(c, "send algorithm %s " SAMPLES "slow.py --type python", id);
	cli_must(c, "send data %s " SAMPLES "flowers.csv", id);
	cli_must(c, "computation follow %s --until-state Running --timeout 30s", id);
	cli_must(c, "computation stop %s", id);
	must_be(s, id, "Cancelled");
}

static void test_failure_and_retry(void **state)
{
	struct story *s = *state;
	struct cli *c = &s->cli;
	char id[80];

	define(s, "To fail", SAMPLES "broken.py", SAMPLES "flowers.csv", id);
	for (int round = 0; round < 2; round++) {
		run_until(s, id, "ReceivingAlgorithm");
		cli_must(c, "send algorithm %s " SAMPLES "broken.py --type python", id);
		cli_must(c, "send data %s " SAMPLES "flowers.csv", id);
		assert_int_equal(cli_run(c, "computation follow %s --timeout 30s", id), 6);
		must_be(s, id, "Failed");
		cli_must(c, "computation logs %s", id);
		must_contain(c->out, "no column named weight");
	}
	assert_int_equal(cJSON_GetArraySize(cli_must(c, "run list %s", id)), 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_python),
	    cmocka_unit_test(test_compiled),
	    cmocka_unit_test(test_a_wrong_file_is_refused_before_a_byte),
	    cmocka_unit_test(test_stop),
	    cmocka_unit_test(test_failure_and_retry),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
