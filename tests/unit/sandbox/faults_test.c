/* Covers sandbox/faults.c: the grammar of --fault, and what a plan makes of an answer. */
#include "sandbox/faults.h"

#include "base/mem.h"
#include "sandbox/router.h"

#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static int setup(void **state)
{
	*state = sb_faults_create();
	return 0;
}

static int teardown(void **state)
{
	sb_faults_destroy(*state);
	return 0;
}

static struct sb_fault_plan plan(struct sb_faults *faults, const char *method, const char *target)
{
	return sb_fault_plan_make(faults, method, target);
}

static void every_kind_is_read(void **state)
{
	static const char *const good[] = {
	    "delay",
	    "delay=5",
	    "delay=5-9",
	    "5xx",
	    "5xx=503",
	    "5xx=429",
	    "reset",
	    "short",
	    "type",
	    "type=text/html",
	    "truncate",
	    "401",
	    "401#3",
	    "drip",
	    "drip=1000",
	    "html",
	    "plan",
	    "hostile",
	    "huge=5@GET:/x",
	    "flood",
	    "deep=3#1",
	    "plan=too many@POST:/computations/*#2",
	    "delay=1@/users/*",
	    "html@GET:",
	    "reset#0",
	};
	for (unsigned i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		assert_int_equal(sb_faults_add(*state, good[i], NULL), 0);
}

static void nonsense_is_refused_with_a_reason(void **state)
{
	static const char *const bad[] = {
	    "",        "explode", "delay=x", "delay=5-x",     "5xx=200",
	    "5xx=700", "drip=0",  "401#x",   "html@FETCH:/x", "delay=999999999",
	};
	for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct prism_error err = PRISM_ERROR_INIT;
		assert_int_equal(sb_faults_add(*state, bad[i], &err), -1);
		assert_string_not_equal(err.message, "");
	}
}

static void paths_and_methods_select(void **state)
{
	assert_int_equal(sb_faults_add(*state, "5xx=503@POST:/computations/*", NULL), 0);
	assert_int_equal(plan(*state, "POST", "/computations/1/x?y=1").status, 503);
	assert_int_equal(plan(*state, "GET", "/computations/1/x").status, 0);
	assert_int_equal(plan(*state, "POST", "/users").status, 0);
	assert_int_equal(plan(NULL, "POST", "/computations/1").status, 0);
}

static void counts_run_out(void **state)
{
	assert_int_equal(sb_faults_add(*state, "5xx=500@/a#2", NULL), 0);
	assert_int_equal(sb_faults_add(*state, "401@/b", NULL), 0);
	for (int i = 0; i < 4; i++) {
		assert_int_equal(plan(*state, "GET", "/a").status, i < 2 ? 500 : 0);
		assert_int_equal(plan(*state, "GET", "/b").status, i < 1 ? 401 : 0);
	}
}

static void faults_add_up(void **state)
{
	assert_int_equal(sb_faults_add(*state, "delay=20", NULL), 0);
	assert_int_equal(sb_faults_add(*state, "delay=30", NULL), 0);
	assert_int_equal(sb_faults_add(*state, "truncate", NULL), 0);
	struct sb_fault_plan p = plan(*state, "GET", "/x");
	assert_int_equal(p.delay_ms, 50);
	assert_true(p.truncate);
}

/* The body and type a plan gives to an answer that was {"a":1} */
static char *spoiled(struct sb_faults *faults, int *ret_status, char type[80])
{
	struct sb_fault_plan p = plan(faults, "GET", "/x");
	struct sb_call call = {.arena = prism_arena_create()};
	sb_json_init(&call.out);
	if (!sb_fault_answer(&p, &call)) {
		prism_buf_puts(&call.out.buf, "{\"a\":1}");
		call.answer_type = "application/json";
		call.status = 200;
	}
	sb_fault_spoil(&p, &call);
	*ret_status = call.status;
	snprintf(type, 80, "%s", call.answer_type ? call.answer_type : "");
	char *text = prism_strdup(prism_buf_text(&call.out.buf));
	sb_call_finish(&call);
	return text;
}

static void answers_are_spoiled_as_planned(void **state)
{
	static const struct {
		const char *spec;
		int status;
		const char *type, *body;
	} rows[] = {
	    {"truncate", 200, "application/json", "{\"a"},
	    {"type", 200, "text/plain", "{\"a\":1}"},
	    {"type=image/png", 200, "image/png", "{\"a\":1}"},
	    {"5xx", 500, "", ""},
	    {"5xx=502", 502, "text/plain; charset=utf-8", "upstream connect error (sandbox fault)\n"},
	    {"plan=no more", 402, "text/plain; charset=utf-8", "no more"},
	    {"401", 401, "application/json",
	     "{\"error\":\"\",\"message\":\"failed to perform authentication over the entity\"}"},
	    {"delay=1", 200, "application/json", "{\"a\":1}"},
	};
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct sb_faults *faults = sb_faults_create();
		int status;
		char type[80];
		assert_int_equal(sb_faults_add(faults, rows[i].spec, NULL), 0);
		PRISM_AUTO_FREE char *body = spoiled(faults, &status, type);
		assert_int_equal(status, rows[i].status);
		assert_string_equal(type, rows[i].type);
		assert_string_equal(body, rows[i].body);
		sb_faults_destroy(faults);
	}
}

static void there_is_an_end_to_faults(void **state)
{
	struct prism_error err = PRISM_ERROR_INIT;
	int rc = 0;
	for (int i = 0; i < 65; i++)
		rc = sb_faults_add(*state, "delay", &err);
	assert_int_equal(rc, -1);
	assert_int_equal(err.category, PRISM_ERROR_LIMIT);
}

static void count_line(void *data, const char *text)
{
	++*(int *)data;
}

static void help_names_every_kind(void **state)
{
	int lines = 0;
	sb_faults_help(count_line, &lines);
	assert_int_equal(lines, 19);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
	    T(every_kind_is_read),
	    T(nonsense_is_refused_with_a_reason),
	    T(paths_and_methods_select),
	    T(counts_run_out),
	    T(faults_add_up),
	    T(answers_are_spoiled_as_planned),
	    T(there_is_an_end_to_faults),
	    T(help_names_every_kind),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
