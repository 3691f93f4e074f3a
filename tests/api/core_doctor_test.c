/*
 * The doctor of a computation against a real sandbox: what it finds in good order and in bad, that
 * an agent with attested TLS is left alone, and that it can be stopped and destroyed at any step.
 */
#include "core/doctor.h"

#include "base/mem.h"
#include "core/computation.h"
#include "core/cvm.h"
#include "core/run.h"
#include "core/workspace.h"
#include "tests/lib/corerun.h"
#include "tests/lib/sandbox.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static struct sandbox *sandbox;
static struct corerun *run;

static void must(int started, const char *what)
{
	char line[1024];

	if (started < 0)
		fail_msg("%s: not started", what);
	if (corerun_wait(run) != PRISM_ERROR_NONE)
		fail_msg("%s: %s", what, prism_error_format(&run->err, line, sizeof(line)));
}

static int start(void **state)
{
	sandbox = sandbox_start((const char *const[]){NULL});
	run = corerun_open(sandbox->url, NULL);
	corerun_login(run, sandbox->users[0].email, sandbox->users[0].password);
	must(core_workspace_resolve(run->core, "Open Science Lab", NULL, corerun_id, run, NULL),
	     "resolve");
	must(core_workspace_enter(run->core, run->id, NULL, corerun_done, run, NULL), "enter");
	return 0;
}

static int stop(void **state)
{
	corerun_close(run);
	sandbox_stop(sandbox);
	return 0;
}

static char *computation(const char *name)
{
	must(core_computation_resolve(run->core, name, NULL, corerun_id, run, NULL), "resolve");
	return prism_strdup(run->id);
}

static void looked(void *data, bool done)
{
	bool *flag = data;

	*flag = done;
}

static bool finished;

static bool is_finished(struct corerun *r)
{
	return finished;
}

static struct core_doctor *examine(const struct core_doctor_spec *spec)
{
	finished = false;
	struct core_doctor *d = core_doctor_start(run->core, spec, looked, &finished);

	corerun_until(run, is_finished, "the doctor");
	assert_true(core_doctor_done(d));
	assert_string_equal(core_doctor_doing(d), "");
	return d;
}

static const struct core_doctor_line *line_of(const struct core_doctor *d, const char *id)
{
	for (size_t i = 0; i < core_doctor_count(d); i++)
		if (strcmp(core_doctor_line(d, i)->id, id) == 0)
			return core_doctor_line(d, i);
	fail_msg("no line %s", id);
	return NULL;
}

static void want(const struct core_doctor *d, const char *id, enum core_doctor_result result,
                 const char *found)
{
	const struct core_doctor_line *line = line_of(d, id);

	if (line->result != result || !strstr(line->found, found))
		fail_msg("%s: %s: %s", id, core_doctor_result_word(line->result), line->found);
	if (result >= CORE_DOCTOR_WARN)
		assert_true(*line->why && *line->remedy);
	if (result == CORE_DOCTOR_PASS)
		assert_false(*line->why || *line->remedy);
}

static void an_empty_draft_lacks_everything(void **state)
{
	PRISM_AUTO_FREE char *id = computation("Empty draft");
	struct core_doctor *d = examine(&(struct core_doctor_spec){.computation_id = id});
	struct prism_error err = PRISM_ERROR_INIT;

	want(d, "server.answers", CORE_DOCTOR_PASS, "in ");
	want(d, "server.clock", CORE_DOCTOR_PASS, "within");
	want(d, "ready.result-consumer", CORE_DOCTOR_FAIL, "missing");
	assert_string_equal(line_of(d, "ready.result-consumer")->fix, "role action add");
	want(d, "cvm.run", CORE_DOCTOR_SKIPPED, "never run");
	want(d, "cvm.ready", CORE_DOCTOR_PASS, "ready");
	want(d, "certificates.mode", CORE_DOCTOR_WARN, "No TLS");
	want(d, "network.connects", CORE_DOCTOR_SKIPPED, "not known");
	want(d, "upload.role", CORE_DOCTOR_SKIPPED, "");
	assert_int_equal(core_doctor_worst(d), CORE_DOCTOR_FAIL);
	assert_int_equal(core_doctor_raise(d, &err), -1);
	assert_int_equal(err.category, PRISM_ERROR_CONFLICT);
	core_doctor_destroy(d);
}

static void what_cannot_be_read_ends_it(void **state)
{
	struct core_doctor *d = examine(&(struct core_doctor_spec){.computation_id = "none"});

	want(d, "server.answers", CORE_DOCTOR_PASS, "");
	want(d, "server.computation", CORE_DOCTOR_FAIL, "");
	assert_int_equal(core_doctor_line(d, core_doctor_count(d) - 1)->group,
	                 CORE_DOCTOR_GROUP_SERVER);
	core_doctor_destroy(d);
}

/* On a CVM that is ready; the agent listens afterwards. */
static void run_now(const char *id)
{
	struct core_list *list = core_cvms(run->core);
	char cvm[64] = "";

	must(core_list_await(list, true, NULL, corerun_done, run, NULL), "CVMs");
	for (size_t i = 0; i < core_list_count(list); i++)
		if (core_cvm_ready(core_cvm_at(list, i)))
			snprintf(cvm, sizeof(cvm), "%s", core_cvm_at(list, i)->id);
	must(core_run_start(run->core, id, cvm, NULL, corerun_id, run, NULL), "run");
}

static void a_running_agent_is_reached(void **state)
{
	PRISM_AUTO_FREE char *id = computation("Protein folding sample");
	struct core_doctor_spec spec = {.computation_id = id, .key_file = "/nowhere/key.pem"};

	run_now(id);
	struct core_doctor *d = examine(&spec);
	want(d, "cvm.online", CORE_DOCTOR_PASS, "Busy");
	want(d, "network.resolves", CORE_DOCTOR_PASS, "127.0.0.1");
	want(d, "network.connects", CORE_DOCTOR_PASS, "127.0.0.1");
	want(d, "network.answers", CORE_DOCTOR_PASS, "serving");
	core_doctor_destroy(d);
	/* another address: nobody there, and the rest is skipped */
	spec.connection.url = "127.0.0.1:1";
	d = examine(&spec);
	want(d, "network.connects", CORE_DOCTOR_FAIL, "refused");
	want(d, "network.answers", CORE_DOCTOR_SKIPPED, "cannot be reached");
	core_doctor_destroy(d);
	spec.connection.url = "name.invalid:7002";
	d = examine(&spec);
	want(d, "network.resolves", CORE_DOCTOR_FAIL, "name.invalid");
	want(d, "network.connects", CORE_DOCTOR_SKIPPED, "no address");
	core_doctor_destroy(d);
	spec.connection.url = "not an address";
	d = examine(&spec);
	want(d, "network.address", CORE_DOCTOR_FAIL, "");
	core_doctor_destroy(d);
	/* the wrong thing listens there */
	spec.connection.url = strstr(sandbox->url, "//") + 2;
	d = examine(&spec);
	want(d, "network.connects", CORE_DOCTOR_PASS, "");
	want(d, "network.answers", CORE_DOCTOR_FAIL, "");
	core_doctor_destroy(d);
}

static void an_attested_agent_is_left_alone(void **state)
{
	PRISM_AUTO_FREE char *id = computation("Empty draft");
	struct core_computation_draft draft = {.set_mode = true, .mode = CORE_TLS_ATLS};

	must(core_computation_update(run->core, id, &draft, NULL, corerun_done, run, NULL), "update");
	struct core_doctor_spec spec = {.computation_id = id, .connection.url = "127.0.0.1:1"};
	struct core_doctor *d = examine(&spec);
	want(d, "attestation.policy", CORE_DOCTOR_FAIL, "none is named");
	assert_string_equal(line_of(d, "attestation.policy")->fix, "cvm policy");
	/* nobody listens there: had it tried, it would say so */
	want(d, "network.connects", CORE_DOCTOR_SKIPPED, "may close its port");
	want(d, "network.tls", CORE_DOCTOR_SKIPPED, "may close its port");
	core_doctor_destroy(d);
}

static void it_can_be_stopped_at_every_step(void **state)
{
	PRISM_AUTO_FREE char *id = computation("Protein folding sample");
	const struct core_doctor_spec spec = {.computation_id = id};

	for (unsigned turns = 0; turns < 60; turns++) {
		finished = false;
		struct core_doctor *d = core_doctor_start(run->core, &spec, looked, &finished);
		for (unsigned i = 0; i < turns && !finished; i++)
			prism_loop_turn(run->loop, 20);
		bool complete = finished;
		finished = false;
		if (turns % 2)
			core_doctor_stop(d);
		size_t count = core_doctor_count(d);
		if (turns % 2) {
			corerun_turns(run, 5);
			assert_int_equal(core_doctor_count(d), count); /* what it found stays */
		}
		core_doctor_destroy(d);
		corerun_settle(run);
		assert_false(finished); /* no callback afterwards */
		if (complete)
			break;
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(an_empty_draft_lacks_everything),
	    cmocka_unit_test(what_cannot_be_read_ends_it),
	    cmocka_unit_test(a_running_agent_is_reached),
	    cmocka_unit_test(an_attested_agent_is_left_alone),
	    cmocka_unit_test(it_can_be_stopped_at_every_step),
	};
	return cmocka_run_group_tests(tests, start, stop);
}
