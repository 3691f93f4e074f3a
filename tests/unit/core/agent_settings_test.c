/*
 * core/agent_settings.c: which of command, own settings, cocos-cli's variables, CVM and profile
 * wins, and that a mode is never made weaker.
 */
#include "core/agent_settings.h"

#include "base/mem.h"
#include "core/options.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char *const names[] = {"lab", NULL};
static struct core_options *options;

static const char *const variables[] = {
    "AGENT_GRPC_URL",          "AGENT_GRPC_SERVER_CA_CERTS",    "AGENT_GRPC_CLIENT_CERT",
    "AGENT_GRPC_CLIENT_KEY",   "AGENT_GRPC_ATTESTATION_POLICY", "AGENT_GRPC_ATTESTED_TLS",
    "AGENT_GRPC_PRODUCT_NAME", "PRISM_TUI_AGENT_POLICY"};

static int setup(void **state)
{
	for (size_t i = 0; i < PRISM_COUNT(variables); i++)
		unsetenv(variables[i]);
	options = core_options_create();
	return 0;
}

static int teardown(void **state)
{
	for (size_t i = 0; i < PRISM_COUNT(variables); i++)
		unsetenv(variables[i]);
	core_options_destroy(options);
	return 0;
}

static void set(enum core_option_id id, const char *text)
{
	assert_int_equal(core_options_set(options, id, text, NULL), 0);
}

static void test_every_variable_of_cocos_cli(void **state)
{
	struct core_agent_connection connection = {.mode = CORE_TLS_NONE};

	setenv("AGENT_GRPC_URL", "host:6100", 1);
	setenv("AGENT_GRPC_SERVER_CA_CERTS", "ca", 1);
	setenv("AGENT_GRPC_CLIENT_CERT", "cert", 1);
	setenv("AGENT_GRPC_CLIENT_KEY", "key", 1);
	setenv("AGENT_GRPC_ATTESTATION_POLICY", "policy", 1);
	setenv("AGENT_GRPC_ATTESTED_TLS", "T", 1);
	setenv("AGENT_GRPC_PRODUCT_NAME", "Genoa", 1);
	assert_int_equal(core_agent_settings_fill(options, NULL, &connection, NULL), 0);
	assert_string_equal(connection.server_ca_file, "ca");
	assert_string_equal(connection.client_cert_file, "cert");
	assert_string_equal(connection.client_key_file, "key");
	assert_string_equal(connection.policy_file, "policy");
	assert_string_equal(connection.product_line, "Genoa");
	assert_int_equal(connection.mode, CORE_TLS_ATLS);
	assert_string_equal(core_agent_settings_url(options, NULL), "host:6100");
}

static void test_who_outranks_whom(void **state)
{
	struct core_agent_connection connection = {.policy_file = "of the command"};

	setenv("AGENT_GRPC_ATTESTATION_POLICY", "of cocos-cli", 1);
	assert_int_equal(core_agent_settings_fill(options, names, &connection, NULL), 0);
	assert_string_equal(connection.policy_file, "of the command");
	connection.policy_file = NULL;
	assert_int_equal(core_agent_settings_fill(options, names, &connection, NULL), 0);
	assert_string_equal(connection.policy_file, "of cocos-cli");
	set(CORE_OPT_AGENT_POLICY, "of the command line");
	connection.policy_file = NULL;
	assert_int_equal(core_agent_settings_fill(options, names, &connection, NULL), 0);
	assert_string_equal(connection.policy_file, "of the command line");
}

static void test_own_variables_outrank_cocos_cli(void **state)
{
	struct core_agent_connection connection = {.policy_file = NULL};

	setenv("AGENT_GRPC_ATTESTATION_POLICY", "of cocos-cli", 1);
	setenv("PRISM_TUI_AGENT_POLICY", "own", 1);
	core_options_environment(options);
	assert_int_equal(core_agent_settings_fill(options, names, &connection, NULL), 0);
	assert_string_equal(connection.policy_file, "own");
}

static void test_numbers_and_words(void **state)
{
	struct core_agent_connection connection = {.mode = CORE_TLS_ATLS};

	set(CORE_OPT_AGENT_TIMEOUT, "7s");
	set(CORE_OPT_AGENT_GENERATION, "gen2");
	set(CORE_OPT_AGENT_PRODUCT, "Turin");
	assert_int_equal(core_agent_settings_fill(options, NULL, &connection, NULL), 0);
	assert_int_equal(connection.attest_timeout_ms, 7000);
	assert_int_equal(connection.generation, 2);
	assert_string_equal(connection.product_line, "Turin");
	assert_null(core_agent_settings_url(options, NULL));
}

static void test_a_mode_is_never_made_weaker(void **state)
{
	static const struct {
		enum core_tls_mode computation;
		const char *wish;
		int result; /* the mode; -1: refused */
	} rows[] = {
	    {CORE_TLS_NONE, "auto", CORE_TLS_NONE},
	    {CORE_TLS_NONE, "tls", CORE_TLS_TLS},
	    {CORE_TLS_TLS, "none", -1},
	    {CORE_TLS_TLS, "atls", CORE_TLS_ATLS},
	    {CORE_TLS_MTLS, "matls", CORE_TLS_MATLS},
	    {CORE_TLS_ATLS, "tls", -1},
	    {CORE_TLS_ATLS, "mtls", -1},
	    {CORE_TLS_MATLS, "none", -1},
	    {CORE_TLS_ATLS, "matls", CORE_TLS_MATLS},
	    {CORE_TLS_ATLS, "auto", CORE_TLS_ATLS},
	};

	for (size_t i = 0; i < PRISM_COUNT(rows); i++) {
		struct core_agent_connection connection = {.mode = rows[i].computation};
		struct prism_error err = PRISM_ERROR_INIT;

		set(CORE_OPT_AGENT_MODE, rows[i].wish);
		int rc = core_agent_settings_fill(options, NULL, &connection, &err);
		if (rc == 0 ? (int)connection.mode != rows[i].result : rows[i].result != -1)
			fail_msg("row %zu: %d, mode %d", i, rc, (int)connection.mode);
		if (rc < 0)
			assert_non_null(strstr(err.message, "asks for"));
	}
}

static void test_attested_tls_as_go_reads_it(void **state)
{
	static const struct {
		const char *text;
		enum core_tls_mode from;
		int to;
	} rows[] = {
	    {"true", CORE_TLS_MTLS, CORE_TLS_MATLS},
	    {"1", CORE_TLS_TLS, CORE_TLS_ATLS},
	    {"0", CORE_TLS_TLS, CORE_TLS_TLS},
	    {"false", CORE_TLS_ATLS, CORE_TLS_ATLS},
	    {"yes", CORE_TLS_TLS, -1},
	    {"tRUE", CORE_TLS_TLS, -1},
	};

	for (size_t i = 0; i < PRISM_COUNT(rows); i++) {
		struct core_agent_connection connection = {.mode = rows[i].from};

		setenv("AGENT_GRPC_ATTESTED_TLS", rows[i].text, 1);
		int rc = core_agent_settings_fill(options, NULL, &connection, NULL);
		if (rc == 0 ? (int)connection.mode != rows[i].to : rows[i].to != -1)
			fail_msg("%s: %d, mode %d", rows[i].text, rc, (int)connection.mode);
	}
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
	    T(test_every_variable_of_cocos_cli),     T(test_who_outranks_whom),
	    T(test_own_variables_outrank_cocos_cli), T(test_numbers_and_words),
	    T(test_a_mode_is_never_made_weaker),     T(test_attested_tls_as_go_reads_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
