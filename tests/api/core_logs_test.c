/*
 * core/logs.c against a real sandbox: the end of a long log first, older lines on demand, what the
 * server filters, following, losing the server, another workspace.
 */
#include "core/logs.h"

#include "base/json.h"
#include "base/mem.h"
#include "core/computation.h"
#include "core/workspace.h"
#include "tests/lib/api.h"
#include "tests/lib/corerun.h"
#include "tests/lib/sandbox.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct sandbox *sandbox;
static struct corerun *run;
static struct core_logs *logs;
static char id[64];
static int64_t lines; /* entries on the server */

static void must(int started)
{
	char line[1024];

	assert_int_equal(started, 0);
	if (corerun_wait(run) != PRISM_ERROR_NONE)
		fail_msg("%s", prism_error_format(&run->err, line, sizeof(line)));
}

static int64_t total_of(struct api *api, const char *computation, const char *query)
{
	PRISM_AUTO_FREE char *path =
	    prism_asprintf("/computations/%%w/computations/%s/logs?%s", computation, query);
	PRISM_AUTO_JSON cJSON *doc = api_must(api, "GET", path, NULL);

	return prism_json_int(doc, "total", -1);
}

/* The seed hangs its lines on one of the computations. */
static void find_long_log(void)
{
	struct core_list *list = core_computations(run->core);
	struct api api;

	lines = 0;
	api_init(&api, sandbox);
	api_login(&api, 0, "Open Science Lab");
	for (size_t i = 0; i < core_list_count(list); i++) {
		const struct core_computation *c = core_computation_at(list, i);
		int64_t total = total_of(&api, c->id, "limit=1");
		if (total <= lines)
			continue;
		lines = total;
		snprintf(id, sizeof(id), "%s", c->id);
	}
	api_finish(&api);
	assert_true(lines >= 3500);
}

static int setup(void **state)
{
	sandbox = sandbox_start((const char *const[]){"--seed", "scale=3,logs=3500", NULL});
	run = corerun_open(sandbox->url, NULL);
	corerun_login(run, sandbox->users[0].email, sandbox->users[0].password);
	must(core_workspace_enter(run->core, "Open Science Lab", NULL, corerun_done, run, NULL));
	must(core_list_await(core_computations(run->core), true, NULL, corerun_done, run, NULL));
	find_long_log();
	logs = core_logs_open(run->core, id);
	return 0;
}

static int teardown(void **state)
{
	core_logs_close(logs);
	corerun_close(run);
	sandbox_stop(sandbox);
	return 0;
}

static size_t entries(void)
{
	return core_logstore_entries(core_logs_store(logs));
}

static bool arrived(struct corerun *r)
{
	const struct core_status *status = core_logs_status(logs);

	return !status->loading && status->freshness != CORE_EMPTY;
}

static void refresh(void)
{
	core_logs_refresh(logs);
	corerun_until(run, arrived, "the end of a walk");
}

static void the_end_comes_first_and_the_rest_on_demand(void **state)
{
	assert_int_equal(core_logs_status(logs)->freshness, CORE_EMPTY);
	refresh();
	assert_int_equal(core_logs_status(logs)->freshness, CORE_READY);
	assert_in_range(entries(), 1000, 1200);
	assert_int_equal(core_logs_older(logs), lines - (int64_t)entries());
	assert_true(run->events[CORE_EVENT_LOGS] > 0);
	for (int i = 0; i < 5 && core_logs_older(logs); i++) {
		core_logs_fetch_older(logs);
		corerun_until(run, arrived, "older lines");
	}
	assert_int_equal(entries(), lines);
	assert_int_equal(core_logs_older(logs), 0);
	core_logs_fetch_older(logs); /* nothing is left: nothing is asked */
	assert_false(core_logs_status(logs)->loading);
	refresh();
	assert_int_equal(entries(), lines);
	for (uint32_t i = 1; i < core_logstore_count(core_logs_store(logs)); i++) {
		uint32_t first = core_logstore_first(core_logs_store(logs));
		assert_true(core_logstore_line(core_logs_store(logs), first + i - 1).time_us <=
		            core_logstore_line(core_logs_store(logs), first + i).time_us);
	}
}

static size_t of_level(enum core_log_level level)
{
	struct core_logstore *store = core_logs_store(logs);
	uint32_t first = core_logstore_first(store);
	size_t found = 0;

	for (uint32_t i = 0; i < core_logstore_count(store); i++)
		found += core_logstore_line(store, first + i).level == level;
	return found;
}

static void the_server_filters_what_is_not_here(void **state)
{
	struct api api;
	const struct core_logs_query errors = {
	    .level = "error", .from_us = PRISM_TIME_UNSET, .to_us = PRISM_TIME_UNSET};

	api_init(&api, sandbox);
	api_login(&api, 0, "Open Science Lab");
	size_t total = (size_t)total_of(&api, id, "level=error&limit=1");
	api_finish(&api);
	refresh();
	size_t before = of_level(CORE_LOG_ERROR);
	assert_true(before < total);
	core_logs_fetch_matching(logs, &errors);
	corerun_until(run, arrived, "matching lines");
	assert_int_equal(of_level(CORE_LOG_ERROR), total);
	/* What lies between is still fetched, once. */
	for (int i = 0; i < 6 && core_logs_older(logs); i++) {
		core_logs_fetch_older(logs);
		corerun_until(run, arrived, "older lines");
	}
	refresh();
	assert_int_equal(entries(), lines);
	assert_int_equal(of_level(CORE_LOG_ERROR), total);
}

static void following_asks_at_once_and_can_be_shared(void **state)
{
	struct core_logs *again = core_logs_open(run->core, id);

	assert_ptr_equal(again, logs);
	assert_string_equal(core_logs_id(again), id);
	assert_false(core_logs_following(logs));
	core_logs_follow(logs, true);
	core_logs_follow(again, true);
	corerun_until(run, arrived, "the first poll");
	core_logs_follow(again, false);
	assert_true(core_logs_following(logs));
	core_logs_follow(logs, false);
	core_logs_follow(logs, false); /* one too many is harmless */
	assert_false(core_logs_following(logs));
	core_logs_close(again);
	core_logs_close(NULL);
}

static void lines_stay_when_the_server_goes(void **state)
{
	refresh();
	size_t had = entries();
	sandbox_kill(sandbox);
	refresh();
	assert_int_equal(core_logs_status(logs)->freshness, CORE_STALE);
	assert_int_equal(core_logs_status(logs)->error.category, PRISM_ERROR_IO);
	assert_int_equal(entries(), had);
}

static void a_closed_feed_keeps_its_lines_for_a_while(void **state)
{
	refresh();
	size_t had = entries();
	core_logs_close(logs);
	logs = core_logs_open(run->core, id);
	assert_int_equal(entries(), had);
	/* Other feeds push it out. */
	core_logs_close(logs);
	for (int i = 0; i <= CORE_LOGS_KEPT; i++) {
		char other[20];
		snprintf(other, sizeof(other), "other-%d", i);
		core_logs_close(core_logs_open(run->core, other));
	}
	logs = core_logs_open(run->core, id);
	assert_int_equal(entries(), 0);
}

static void another_workspace_sees_nothing_of_it(void **state)
{
	refresh();
	assert_true(entries() > 0);
	core_logs_refresh(logs); /* in flight while the workspace changes */
	must(core_workspace_enter(run->core, "Hospital Pilot", NULL, corerun_done, run, NULL));
	corerun_settle(run);
	assert_int_equal(entries(), 0);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
	    T(the_end_comes_first_and_the_rest_on_demand), T(the_server_filters_what_is_not_here),
	    T(following_asks_at_once_and_can_be_shared),   T(lines_stay_when_the_server_goes),
	    T(a_closed_feed_keeps_its_lines_for_a_while),  T(another_workspace_sees_nothing_of_it),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
