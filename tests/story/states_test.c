/*
 * The table of states by -c: in each state, the commands that it leaves and those it forbids; what
 * is refused was not done.
 */
#include "base/file.h"
#include "base/mem.h"
#include "tests/lib/client.h"
#include "tests/lib/tmpdir.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define CONFLICT 6
#define FORBIDDEN "needs one that is"

static struct sandbox *sandbox;
static char *dir, *file, *zip;

static int start(void **state)
{
	*state = NULL;
	sandbox = sandbox_start(NULL);
	dir = tmpdir_create();
	file = prism_path_join(dir, "data.csv");
	zip = prism_path_join(dir, "results.zip");
	return prism_file_write(file, "a,b\n", 4, 0600, NULL);
}

static int stop(void **state)
{
	(void)state;
	sandbox_stop(sandbox);
	tmpdir_remove(dir);
	prism_free(file);
	prism_free(zip);
	return 0;
}

/* The demo's computations of user ada, one per state. */
static const struct {
	const char *label, *name;
	bool stop, update, send, fetch; /* allowed there */
} states[] = {
    {"not started", "Empty draft", false, true, false, false},
    {"running", "Credit card fraud screening", true, false, true, true},
    {"completed", "Survey word counts", false, true, false, true},
    {"failed", "Air quality forecast", false, true, false, false},
    {"cancelled", "Federated churn model", false, true, false, false},
};

static void one(struct cli *c, size_t i, bool allowed, const char *line)
{
	bool refused = cli_run(c, "%s", line) == CONFLICT && strstr(c->err, FORBIDDEN);

	if (refused == allowed)
		fail_msg("\"%s\" while %s: exit %d\n%s", line, states[i].label, c->status, c->err);
	if (!refused)
		return;
	PRISM_AUTO_FREE char *is =
	    prism_asprintf("the computation \"%s\" is %s", states[i].name, states[i].label);
	if (!strstr(c->err, is) || !strstr(c->err, "possible with it as it is: "))
		fail_msg("\"%s\":\n%s", line, c->err);
}

static void each_state_allows_what_its_row_says(void **state)
{
	struct cli c = {.sandbox = sandbox, .workspace = "Open Science Lab", .quiet = true};

	(void)state;
	for (size_t i = 0; i < PRISM_COUNT(states); i++) {
		const char *name = states[i].name;
		PRISM_AUTO_FREE char *update =
		    prism_asprintf("computation update '%s' --description 'told by %zu'", name, i);
		PRISM_AUTO_FREE char *data = prism_asprintf("send data '%s' %s", name, file);
		PRISM_AUTO_FREE char *algorithm = prism_asprintf("send algorithm '%s' %s", name, file);
		PRISM_AUTO_FREE char *fetch = prism_asprintf("result fetch '%s' --save %s", name, zip);
		PRISM_AUTO_FREE char *stopping = prism_asprintf("computation stop '%s'", name);

		one(&c, i, states[i].update, update);
		one(&c, i, states[i].send, data);
		one(&c, i, states[i].send, algorithm);
		one(&c, i, states[i].fetch, fetch);
		/* Refused is not done, and allowed is. */
		cli_must(&c, "computation show '%s'", name);
		PRISM_AUTO_FREE char *told = prism_asprintf("told by %zu", i);
		assert_int_equal(strcmp(cli_text(c.doc, "description"), told) == 0, states[i].update);
		one(&c, i, states[i].stop, stopping); /* last: it changes the state */
	}
	cli_must(&c, "computation show 'Credit card fraud screening'");
	assert_string_equal(cli_text(c.doc, "state"), "Cancelled");
	cli_finish(&c);
}

static void what_is_legal_everywhere_is_not_asked_about(void **state)
{
	struct cli c = {.sandbox = sandbox, .workspace = "Open Science Lab", .quiet = true};

	(void)state;
	for (size_t i = 0; i < PRISM_COUNT(states); i++) {
		cli_must(&c, "computation logs '%s'", states[i].name);
		cli_must(&c, "role list '%s'", states[i].name);
		/* Running again and retrying are one command; another rule may stand in its way. */
		(void)cli_run(&c, "computation run '%s' --cvm nowhere", states[i].name);
		assert_null(strstr(c.err, FORBIDDEN));
	}
	cli_must(&c, "computation delete 'Federated churn model' --confirm 'Federated churn model'");
	cli_finish(&c);
}

/* An id is read too, and so is what nobody can be told about. */
static void by_id_and_what_is_not_there(void **state)
{
	struct cli c = {.sandbox = sandbox, .workspace = "Open Science Lab", .quiet = true};
	PRISM_AUTO_FREE char *id = NULL;

	(void)state;
	cli_must(&c, "computation show 'Survey word counts'");
	id = prism_strdup(cli_text(c.doc, "id"));
	assert_int_equal(cli_run(&c, "computation stop %s", id), CONFLICT);
	assert_non_null(strstr(c.err, "the computation \"Survey word counts\" is completed"));
	assert_int_equal(cli_run(&c, "computation stop 'No such computation'"), 5);
	assert_null(strstr(c.err, FORBIDDEN));
	cli_finish(&c);
}

/* The server is still believed: what its own rules forbid fails with its words. */
static void a_refusal_of_the_server_is_told(void **state)
{
	struct cli c = {.sandbox = sandbox, .workspace = "Open Science Lab", .quiet = true};

	(void)state;
	assert_int_equal(cli_run(&c, "computation delete 'Network anomaly scoring' --confirm 'Network "
	                             "anomaly scoring'"),
	                 CONFLICT);
	assert_non_null(strstr(c.err, "computation is running"));
	assert_null(strstr(c.err, FORBIDDEN));
	cli_finish(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(each_state_allows_what_its_row_says),
	    cmocka_unit_test(what_is_legal_everywhere_is_not_asked_about),
	    cmocka_unit_test(by_id_and_what_is_not_there),
	    cmocka_unit_test(a_refusal_of_the_server_is_told),
	};
	return cmocka_run_group_tests(tests, start, stop);
}
