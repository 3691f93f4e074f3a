/* Covers sandbox/arguments.c, sandbox/agent_faults.c and the words of sandbox/plan.c: every option,
 * and its refusal. */
#include "sandbox/arguments.h"

#include "base/mem.h"
#include "sandbox/agent_faults.h"
#include "sandbox/faults.h"

#include <getopt.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

struct world {
	struct sb_arguments args;
	struct prism_error err;
};

static int setup(void **state)
{
	struct world *w = prism_alloc(sizeof(*w));
	w->args.config.faults = sb_faults_create();
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;
	sb_faults_destroy(w->args.config.faults);
	prism_free(w);
	return 0;
}

/* NULL ends. */
static int parse(struct world *w, const char *first, ...)
{
	char *argv[16] = {(char *)(uintptr_t) "prism-sandbox"};
	int argc = 1;
	va_list list;
	va_start(list, first);
	for (const char *arg = first; arg; arg = va_arg(list, const char *))
		argv[argc++] = (char *)(uintptr_t)arg;
	va_end(list);
	optind = 0; /* getopt begins anew */
	opterr = 0;
	prism_error_clear(&w->err);
	return sb_arguments_parse(&w->args, argc, argv, &w->err);
}

static void values_arrive(void **state)
{
	struct world *w = *state;
	const struct sb_config *c = &w->args.config;
	assert_int_equal(parse(w, "--listen", "127.0.0.1:80", "--store", "f", "--seed", "empty",
	                       "--tls", "--html-fallback", "--cert-zip", "--allow-remote", "--log", "l",
	                       NULL),
	                 0);
	assert_string_equal(c->listen, "127.0.0.1:80");
	assert_string_equal(c->store, "f");
	assert_string_equal(c->seed, "empty");
	assert_string_equal(w->args.log, "l");
	assert_true(c->tls && c->html_fallback && c->cert_zip && c->allow_remote);
	assert_int_equal(parse(w, "--token-ttl", "7", "--latency", "5-9", "--clock-skew", "-3600",
	                       "--cvm-step", "3", "--linger", "4", "--agent-port-range", "7000-7010",
	                       NULL),
	                 0);
	assert_int_equal(c->token_ttl_s, 7);
	assert_int_equal(c->latency_min_ms, 5);
	assert_int_equal(c->latency_max_ms, 9);
	assert_int_equal(c->clock_skew_s, -3600);
	assert_int_equal(c->cvm_step_ms, 3);
	assert_int_equal(c->linger_s, 4);
	assert_int_equal(c->port_first, 7000);
	assert_int_equal(c->port_last, 7010);
	assert_int_equal(parse(w, "--agent-rule", "v08", "--run-seconds", "9", "--latency", "6", NULL),
	                 0);
	assert_int_equal(c->agent_rule, SB_AGENT_RULE_V08);
	assert_int_equal(c->run_limits.wall_seconds, 9);
	assert_int_equal(parse(w, "--plan", "cvms=1,runs=0", NULL), 0);
	assert_int_equal(c->plan.limit[SB_PLAN_CVMS], 1);
	assert_int_equal(c->plan.limit[SB_PLAN_RUNS], 0);
	assert_int_equal(c->plan.limit[SB_PLAN_MEMBERS], -1);
	assert_int_equal(c->latency_max_ms, 6);
}

static void bad_values_are_refused(void **state)
{
	struct world *w = *state;
	static const char *const bad[][2] = {
	    {"--seed", "nothing"},
	    {"--token-ttl", "0"},
	    {"--token-ttl", "x"},
	    {"--latency", "9-5"},
	    {"--latency", "-3"},
	    {"--latency", "fast"},
	    {"--clock-skew", "soon"},
	    {"--agent-port-range", "0-5"},
	    {"--agent-port-range", "1-70000"},
	    {"--fault", "explode"},
	    {"--agent-fault", "explode"},
	    {"--agent-fault", "slow=0"},
	    {"--agent-rule", "v9"},
	    {"--plan", "gold"},
	    {"--plan", "cvms"},
	    {"--plan", "cvms=x"},
	    {"--cvm-step", "-1"},
	    {"--linger", "0"},
	    {"--run-seconds", "0"},
	    {"--agent-fault", "drop=x"},
	};
	for (unsigned i = 0; i < PRISM_COUNT(bad); i++) {
		assert_int_equal(parse(w, bad[i][0], bad[i][1], NULL), -1);
		assert_int_equal(w->err.category, PRISM_ERROR_INVALID);
		assert_string_not_equal(w->err.message, "");
	}
	assert_int_equal(parse(w, "--no-such-option", NULL), -1);
	assert_int_equal(parse(w, "stray", NULL), -1);
	assert_int_equal(parse(w, "--listen", NULL), -1);
}

static void faults_gather(void **state)
{
	struct world *w = *state;
	struct sb_agent_faults f;
	assert_int_equal(parse(w, "--fault", "delay=5", "--fault", "html@/x", "--agent-fault",
	                       "slow=500", "--agent-fault", "reject=go away", "--agent-fault",
	                       "drop-result", "--agent-fault", "fail-run", "--agent-fault", "drop",
	                       NULL),
	                 0);
	assert_int_equal(sb_fault_plan_make(w->args.config.faults, "GET", "/x").delay_ms, 5);
	assert_true(sb_fault_plan_make(w->args.config.faults, "GET", "/x").html);
	f = sb_agent_faults_of(&w->args.config.agent_faults, "any");
	assert_int_equal(f.slow_bytes_per_s, 500);
	assert_string_equal(f.early_reject, "go away");
	assert_int_equal(f.drop_after_bytes, 1);
	assert_true(f.drop_result && f.fail_run);
}

static void agent_faults_by_name(void **state)
{
	struct world *w = *state;
	struct sb_agent_faults f;

	assert_int_equal(parse(w, "--agent-fault", "debug-policy@Trial *", "--agent-fault",
	                       "reject=a@b@Other", NULL),
	                 0);
	f = sb_agent_faults_of(&w->args.config.agent_faults, "Trial 3");
	assert_int_equal(f.evidence, SB_FORGE_DEBUG_POLICY);
	assert_null(f.early_reject);
	f = sb_agent_faults_of(&w->args.config.agent_faults, "Other");
	assert_int_equal(f.evidence, SB_FORGE_SOUND);
	assert_string_equal(f.early_reject, "a@b");
	assert_int_equal(parse(w, "--agent-fault", "no-such@Trial", NULL), -1);
}

static void nothing_is_fine(void **state)
{
	struct world *w = *state;
	assert_int_equal(parse(w, NULL), 0);
	assert_false(w->args.done);
	assert_int_equal(w->args.config.agent_faults.count, 0);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
	    T(values_arrive),        T(bad_values_are_refused), T(faults_gather),
	    T(agent_faults_by_name), T(nothing_is_fine),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
