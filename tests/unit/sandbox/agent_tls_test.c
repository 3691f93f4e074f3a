/*
 * Which transport an agent_config means: each row of the table served or refused.
 */
#include "sandbox/agent_private.h"
#include "tests/lib/testca.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static struct testca authority, server;

static int group_setup(void **state)
{
	authority = testca_make(&(struct testca_spec){.name = "CA", .ca = true}, NULL);
	server =
	    testca_make(&(struct testca_spec){.name = "agent", .names = "IP:127.0.0.1"}, &authority);
	return 0;
}

static int group_teardown(void **state)
{
	testca_finish(&authority);
	testca_finish(&server);
	return 0;
}

static void assert_serves(struct sb_agent_tls tls, const char *words)
{
	struct prism_error err = PRISM_ERROR_INIT;
	struct sb_agent agent = {0};
	assert_int_equal(sb_agent_tls_open(&agent, &tls, &err), 0);
	assert_string_equal(sb_agent_tls_words(&agent), words);
	net_tls_unref(agent.tls);
}

static void assert_refuses(struct sb_agent_tls tls, const char *words)
{
	struct prism_error err = PRISM_ERROR_INIT;
	struct sb_agent agent = {0};
	char text[2048];
	assert_int_equal(sb_agent_tls_open(&agent, &tls, &err), -1);
	assert_null(agent.tls);
	assert_non_null(strstr(prism_error_format(&err, text, sizeof(text)), words));
}

static void test_rows(void **state)
{
	const char *cert = server.cert_pem, *key = server.key_pem, *ca = authority.cert_pem;
	assert_serves((struct sb_agent_tls){NULL}, "without TLS");
	assert_serves((struct sb_agent_tls){.cert = "", .key = "", .client_ca = ""}, "without TLS");
	assert_serves((struct sb_agent_tls){.server_ca = ca}, "without TLS");
	assert_serves((struct sb_agent_tls){.cert = cert, .key = key}, "with TLS");
	assert_serves((struct sb_agent_tls){.cert = cert, .key = key, .server_ca = ca}, "with TLS");
	assert_serves((struct sb_agent_tls){.cert = cert, .key = key, .client_ca = ca}, "with mTLS");
}

static void test_refusals(void **state)
{
	const char *cert = server.cert_pem, *key = server.key_pem;
	assert_refuses((struct sb_agent_tls){.cert = cert}, "without its key");
	assert_refuses((struct sb_agent_tls){.key = key}, "without its certificate");
	assert_refuses((struct sb_agent_tls){.cert = "/etc/cert.pem", .key = key}, "cert_file");
	assert_refuses((struct sb_agent_tls){.cert = cert, .key = authority.key_pem},
	               "do not belong together");
	assert_refuses((struct sb_agent_tls){.cert = cert, .key = key, .client_ca = key},
	               "client_ca_file");
	assert_refuses((struct sb_agent_tls){.attested = true}, "NOT A TEE");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_rows),
	    cmocka_unit_test(test_refusals),
	};
	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
