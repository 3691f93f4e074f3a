/*
 * core/agent_words.c: words of the interface, signatures, arguments, connection descriptions.
 */
#include "base/text.h"
#include "core/agent.h"
#include "net/crypto.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void test_roles_and_signature(void **state)
{
	struct prism_error err = PRISM_ERROR_INIT;
	struct net_key *key = net_key_generate(NET_KEY_P256, &err);
	struct prism_secret *text = NULL, *pub_text = NULL;
	PRISM_AUTO_BUF struct prism_buf sig = PRISM_BUF_INIT(1000), der = PRISM_BUF_INIT(1000);
	PRISM_AUTO_FREE char *base64 = NULL;
	struct net_key *pub;

	assert_string_equal(core_agent_role_word(CORE_AGENT_ALGORITHM_PROVIDER), "algorithm-provider");
	assert_string_equal(core_agent_role_word(CORE_AGENT_DATA_PROVIDER), "data-provider");
	assert_string_equal(core_agent_role_word(CORE_AGENT_CONSUMER), "consumer");
	assert_int_equal(core_agent_sign(key, CORE_AGENT_CONSUMER, &text, &err), 0);
	assert_int_equal(strcspn(prism_secret_text(text), "\n "),
	                 prism_secret_size(text)); /* one line */
	assert_int_equal(
	    prism_base64_decode(prism_secret_text(text), prism_secret_size(text), &sig, &err), 0);
	assert_int_equal(net_key_verify(key, "consumer", 8, sig.data, sig.len, &err), 0);
	assert_int_equal(net_key_verify(key, "data-provider", 13, sig.data, sig.len, &err), -1);
	assert_int_equal(net_key_public_der(key, &der, &err), 0);
	base64 = prism_base64_encode(der.data, der.len);
	pub = net_key_read_public(base64, strlen(base64), &err);
	assert_int_equal(core_agent_sign(pub, CORE_AGENT_CONSUMER, &pub_text, &err), -1);
	assert_null(pub_text);
	net_key_destroy(pub);
	net_key_destroy(key);
	prism_secret_destroy(text);
}

static void test_algorithm_types(void **state)
{
	struct prism_error err = PRISM_ERROR_INIT;
	enum core_algo_type type;

	for (int i = 0; i < CORE_ALGO_COUNT; i++) {
		assert_int_equal(
		    core_algo_type_parse(core_algo_type_word((enum core_algo_type)i), &type, &err), 0);
		assert_int_equal(type, i);
	}
	assert_int_equal(core_algo_type_parse("perl", &type, &err), -1);
	assert_int_equal(core_algo_type_parse(NULL, &type, &err), -1);
	assert_int_equal(core_algo_type_guess("/a/train.py"), CORE_ALGO_PYTHON);
	assert_int_equal(core_algo_type_guess("TRAIN.PY"), CORE_ALGO_PYTHON);
	assert_int_equal(core_algo_type_guess("x.wasm"), CORE_ALGO_WASM);
	assert_int_equal(core_algo_type_guess("image.tar"), CORE_ALGO_DOCKER);
	assert_int_equal(core_algo_type_guess("dir.py/program"), CORE_ALGO_BIN);
	assert_int_equal(core_algo_type_guess("program"), CORE_ALGO_BIN);
}

static void test_states(void **state)
{
	for (int i = 1; i < CORE_AGENT_STATE_COUNT; i++)
		assert_int_equal(core_agent_state_parse(core_agent_state_word((enum core_agent_state)i)),
		                 i);
	assert_string_equal(core_agent_state_word(CORE_AGENT_STATE_CONSUMING_RESULTS),
	                    "ConsumingResults");
	assert_int_equal(core_agent_state_parse("Stopped"), CORE_AGENT_STATE_UNKNOWN);
	assert_int_equal(core_agent_state_parse(""), CORE_AGENT_STATE_UNKNOWN);
	assert_int_equal(core_agent_state_parse(NULL), CORE_AGENT_STATE_UNKNOWN);
}

static void test_arguments(void **state)
{
	static const char *const good[] = {"", "--x=1", "a b", "~!@#$%^&*()"};
	static const char *const bad[] = {"\x01", "a\tb", "caf\xc3\xa9", "\x7f", " x", "x ", " "};
	struct prism_error err = PRISM_ERROR_INIT;

	for (size_t i = 0; i < PRISM_COUNT(good); i++)
		assert_int_equal(core_agent_check_arg(good[i], &err), 0);
	for (size_t i = 0; i < PRISM_COUNT(bad); i++)
		assert_int_equal(core_agent_check_arg(bad[i], &err), -1);
}

static int check(struct core_agent_connection connection, struct prism_error *err)
{
	return core_agent_connection_check(&connection, err);
}

static void test_connection_check(void **state)
{
	struct prism_error err = PRISM_ERROR_INIT;

	assert_int_equal(check((struct core_agent_connection){.url = "localhost:7002"}, &err), 0);
	assert_int_equal(check((struct core_agent_connection){.url = "https://host:7002/"}, &err), 0);
	assert_int_equal(check((struct core_agent_connection){.url = "[::1]:7002"}, &err), 0);
	assert_int_equal(check((struct core_agent_connection){.url = "host"}, &err), 0); /* port 7002 */
	assert_int_equal(check((struct core_agent_connection){.url = ":"}, &err), -1);
	assert_int_equal(check((struct core_agent_connection){.url = ""}, &err), -1);
	assert_int_equal(check((struct core_agent_connection){.url = NULL}, &err), -1);
	assert_int_equal(check((struct core_agent_connection){.url = "host:99999"}, &err), -1);
	assert_int_equal(check((struct core_agent_connection){.url = ":7002"}, &err), -1);
	assert_int_equal(
	    check((struct core_agent_connection){.url = "h:1", .mode = CORE_TLS_TLS}, &err), 0);
	assert_int_equal(
	    check((struct core_agent_connection){.url = "h:1", .mode = CORE_TLS_MTLS}, &err), -1);
	assert_int_equal(check((struct core_agent_connection){.url = "h:1",
	                                                      .mode = CORE_TLS_MTLS,
	                                                      .client_cert_file = "c",
	                                                      .client_key_file = "k"},
	                       &err),
	                 0);
	assert_int_equal(
	    check((struct core_agent_connection){.url = "h:1", .mode = CORE_TLS_ATLS}, &err), -1);
	assert_non_null(strstr(err.hint, "agent_policy")); /* what is to be set, by its name */
	assert_int_equal(
	    check(
	        (struct core_agent_connection){.url = "h:1", .mode = CORE_TLS_ATLS, .policy_file = "p"},
	        &err),
	    0);
}

static void test_warning_and_copy(void **state)
{
	struct core_agent_connection here = {.url = "127.0.0.1:7002"}, there = {.url = "10.0.0.9:7002"};
	struct core_agent_connection safe = {
	    .url = "10.0.0.9:7002", .mode = CORE_TLS_TLS, .server_ca_file = "ca"};
	struct core_agent_connection *copy = core_agent_connection_copy(&safe);
	struct prism_error err = PRISM_ERROR_INIT;

	assert_non_null(strstr(core_agent_warning(&here), "on this machine"));
	assert_non_null(strstr(core_agent_warning(&there), "clear text"));
	assert_string_equal(core_agent_warning(&safe), "");
	assert_string_equal(core_agent_clear_word(&here), "clear text, this machine");
	assert_string_equal(core_agent_clear_word(&there), "clear text");
	assert_string_equal(core_agent_clear_word(&safe), "");
	/* Loopback at the end of a tunnel is the bastion's; only whether there is one counts here. */
	here.tunnel = there.tunnel = (struct net_tunnel *)&err;
	assert_null(strstr(core_agent_warning(&here), "on this machine"));
	assert_non_null(strstr(core_agent_warning(&here), "the last host; on it"));
	assert_non_null(strstr(core_agent_warning(&there), "behind it"));
	assert_string_equal(core_agent_clear_word(&here), "clear text on the bastion");
	assert_string_equal(core_agent_clear_word(&there), "clear text behind the bastion");
	assert_string_equal(copy->url, safe.url);
	assert_ptr_not_equal(copy->url, safe.url);
	assert_string_equal(copy->server_ca_file, "ca");
	core_agent_connection_destroy(copy);
	core_agent_connection_destroy(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_roles_and_signature),
	    cmocka_unit_test(test_algorithm_types),
	    cmocka_unit_test(test_states),
	    cmocka_unit_test(test_arguments),
	    cmocka_unit_test(test_connection_check),
	    cmocka_unit_test(test_warning_and_copy),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
