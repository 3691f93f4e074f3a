/*
 * core/attest.c over net/stream_atls.c against sandbox/atls.c: both generations, plain and mutual,
 * on real sockets with a real gRPC call on top.  Every fault is stopped before the call reaches
 * the agent, at its own rule.
 */
#include "base/clock.h"
#include "base/file.h"
#include "base/loop.h"
#include "base/mem.h"
#include "base/work.h"
#include "core/appraisal.h"
#include "core/attest.h"
#include "core/policy.h"
#include "net/grpc.h"
#include "net/stream_atls.h"
#include "net/stream_tcp.h"
#include "sandbox/atls.h"
#include "sandbox/grpc_server.h"
#include "tests/lib/testca.h"
#include "tests/lib/tmpdir.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define TURNS_MAX 4000 /* of the loop, 50 ms each at most: a deadline, not a wait */

static struct prism_loop *loop;
static struct prism_work *work;
static struct sb_forge *forge;
static struct testca authority, server_id, client_id, stranger;
static char *dir, *policy_json, *policy_corim, *root_pem, *ca_pem, *client_cert, *client_key,
    *stranger_ca;

static char *put(const char *name, const void *data, size_t size)
{
	char *path = prism_path_join(dir, name);

	assert_int_equal(prism_file_write(path, data, size, 0600, NULL), 0);
	return path;
}

static char *put_text(const char *name, const char *text)
{
	return put(name, text, strlen(text));
}

static int setup(void **state)
{
	PRISM_AUTO_BUF struct prism_buf json = PRISM_BUF_INIT(1u << 16);
	PRISM_AUTO_BUF struct prism_buf corim = PRISM_BUF_INIT(1u << 16);

	loop = prism_loop_create(prism_clock_system());
	work = prism_work_create(loop, 1);
	forge = sb_forge_create(NULL);
	assert_non_null(forge);
	authority = testca_make(&(struct testca_spec){.name = "CA", .ca = true}, NULL);
	stranger = testca_make(&(struct testca_spec){.name = "Other CA", .ca = true}, NULL);
	server_id =
	    testca_make(&(struct testca_spec){.name = "agent", .names = "IP:127.0.0.1"}, &authority);
	client_id = testca_make(&(struct testca_spec){.name = "client"}, &authority);
	dir = tmpdir_create();
	sb_forge_policy(forge, &json);
	core_policy_make_corim(sb_forge_measurement(forge), CORE_SNP_MILAN, &corim);
	policy_json = put("policy.json", json.data, json.len);
	policy_corim = put("policy.corim", corim.data, corim.len);
	root_pem = put_text("root.pem", sb_forge_root_pem(forge));
	ca_pem = put_text("ca.pem", authority.cert_pem);
	stranger_ca = put_text("stranger.pem", stranger.cert_pem);
	client_cert = put_text("client.pem", client_id.cert_pem);
	client_key = put_text("client-key.pem", client_id.key_pem);
	return 0;
}

static int teardown(void **state)
{
	char *const paths[] = {policy_json, policy_corim, root_pem,  ca_pem,
	                       stranger_ca, client_cert,  client_key};

	tmpdir_remove(dir);
	for (size_t i = 0; i < PRISM_COUNT(paths); i++)
		prism_free(paths[i]);
	testca_finish(&authority);
	testca_finish(&stranger);
	testca_finish(&server_id);
	testca_finish(&client_id);
	sb_forge_destroy(forge);
	prism_work_destroy(work);
	prism_loop_destroy(loop);
	return 0;
}

/* ---- one exchange --------------------------------------------------------------------------- */

struct exchange {
	struct sb_atls *atls;
	struct sb_grpc_server *server;
	struct core_attest *attest;
	struct net_grpc_channel *channel;
	unsigned calls_seen; /* by the agent: what must stay 0 when anything is wrong */
	bool over;
	struct prism_error err;
	int status;
};

static void method_begin(void *service, struct sb_grpc_call *call)
{
	((struct exchange *)service)->calls_seen++;
}

static void method_message(void *service, struct sb_grpc_call *call, const void *msg, size_t len)
{
}

static void method_half_close(void *service, struct sb_grpc_call *call)
{
	sb_grpc_call_reply(call, "", 0);
}

static const struct sb_grpc_method methods[] = {
    {.path = "/test/Call",
     .begin = method_begin,
     .message = method_message,
     .half_close = method_half_close},
};

static int no_message(void *data, struct prism_buf *out, struct prism_error *err)
{
	return 0;
}

static int any_message(void *data, const void *msg, size_t len, struct prism_error *err)
{
	return 0;
}

static void call_done(void *data, int status, const struct prism_error *err)
{
	struct exchange *x = data;

	x->over = true;
	x->status = status;
	prism_error_copy(&x->err, err);
}

static void exchange_start(struct exchange *x, const struct sb_atls_config *agent,
                           const struct core_attest_config *client)
{
	struct prism_error err = PRISM_ERROR_INIT;
	PRISM_AUTO_FREE char *host = NULL;
	uint16_t port;

	memset(x, 0, sizeof(*x));
	x->atls = sb_atls_create(loop, forge, agent, &err);
	if (!x->atls)
		fail_msg("%s", err.message);
	const struct sb_grpc_config config = {.listen = "127.0.0.1:0",
	                                      .methods = methods,
	                                      .method_count = PRISM_COUNT(methods),
	                                      .service = x,
	                                      .wrap = sb_atls_wrap,
	                                      .wrap_data = x->atls};
	x->server = sb_grpc_server_create(loop, &config, &err);
	x->attest = core_attest_create(loop, client, &err);
	if (!x->server || !x->attest)
		fail_msg("%s", err.message);
	const char *address = sb_grpc_server_address(x->server);
	assert_int_equal(net_address_parse(address, 0, &host, &port, NULL), 0);
	struct net_stream *stream =
	    core_attest_stream(x->attest, net_stream_tcp_create(loop, work, host, port, 5000), host);
	x->channel = net_grpc_channel_create(loop, stream, address, true);
	const struct net_grpc_call_spec spec = {.path = "/test/Call",
	                                        .next_message = no_message,
	                                        .on_message = any_message,
	                                        .done = call_done,
	                                        .data = x};
	assert_non_null(net_grpc_call_start(x->channel, &spec, NULL, &err));
}

static void exchange_run(struct exchange *x)
{
	for (unsigned turn = 0; turn < TURNS_MAX && !x->over; turn++)
		prism_loop_turn(loop, 50);
	assert_true(x->over);
}

static void exchange_finish(struct exchange *x)
{
	net_grpc_channel_destroy(x->channel);
	core_attest_unref(x->attest);
	sb_grpc_server_destroy(x->server);
	sb_atls_destroy(x->atls);
	prism_loop_turn(loop, 0);
}

static struct core_attest_config plain(unsigned generation)
{
	return (struct core_attest_config){
	    .mode = CORE_TLS_ATLS,
	    .policy_file = generation == 1 ? policy_json : policy_corim,
	    .extra_policy_file = generation == 1 ? NULL : policy_json,
	    .trust_root_file = root_pem,
	};
}

static struct core_attest_config mutual(unsigned generation)
{
	struct core_attest_config config = plain(generation);

	config.mode = CORE_TLS_MATLS;
	config.server_ca_file = ca_pem;
	config.client_cert_file = client_cert;
	config.client_key_file = client_key;
	return config;
}

static void expect_attested(struct exchange *x)
{
	struct core_appraisal *last = core_attest_last(x->attest);
	const struct core_verdict *verdict = last ? core_appraisal_verdict(last) : NULL;

	if (x->status != NET_GRPC_OK) {
		PRISM_AUTO_FREE char *text = verdict ? core_verdict_text(verdict) : prism_strdup("");
		fail_msg("%s\n%s", x->err.message, text);
	}
	assert_int_equal(x->calls_seen, 1);
	assert_int_equal(core_verdict_state(verdict), CORE_VERDICT_ATTESTED);
	assert_non_null(core_verdict_not_tee(verdict));
	assert_ptr_equal(net_stream_verdict(net_grpc_channel_stream(x->channel)), last);
}

static void test_both_generations(void **state)
{
	for (unsigned generation = 1; generation <= 2; generation++) {
		struct exchange x;
		struct core_attest_config client = plain(generation);

		exchange_start(
		    &x, &(struct sb_atls_config){.generation = generation, .kind = SB_FORGE_SNP_VTPM},
		    &client);
		assert_int_equal(core_attest_generation(x.attest), generation); /* told by the policy */
		exchange_run(&x);
		expect_attested(&x);
		exchange_finish(&x);
	}
}

static void test_snp_without_a_tpm_in_generation_2(void **state)
{
	struct exchange x;
	struct core_attest_config client = plain(2);

	client.extra_policy_file = NULL;
	exchange_start(&x, &(struct sb_atls_config){.generation = 2, .kind = SB_FORGE_SNP}, &client);
	exchange_run(&x);
	expect_attested(&x);
	exchange_finish(&x);
}

static void test_mutual_in_generation_2(void **state)
{
	struct exchange x;
	struct core_attest_config client = mutual(2);

	exchange_start(&x,
	               &(struct sb_atls_config){.generation = 2,
	                                        .kind = SB_FORGE_SNP_VTPM,
	                                        .cert_pem = server_id.cert_pem,
	                                        .key_pem = server_id.key_pem,
	                                        .client_ca_pem = authority.cert_pem},
	               &client);
	exchange_run(&x);
	expect_attested(&x);
	exchange_finish(&x);
}

static void test_mutual_without_a_server_ca(void **state)
{
	for (unsigned generation = 1; generation <= 2; generation++) {
		struct exchange x;
		struct core_attest_config client = mutual(generation);
		const struct core_check *check;

		client.server_ca_file = NULL;
		exchange_start(&x,
		               &(struct sb_atls_config){.generation = generation,
		                                        .kind = SB_FORGE_SNP_VTPM,
		                                        .client_ca_pem = authority.cert_pem},
		               &client);
		exchange_run(&x);
		expect_attested(&x);
		check = core_verdict_find(core_appraisal_verdict(core_attest_last(x.attest)),
		                          CORE_RULE_SERVER_CA);
		assert_non_null(check);
		assert_int_equal(check->result, CORE_CHECK_SKIPPED);
		exchange_finish(&x);
	}
}

/* ---- refusals ------------------------------------------------------------------------------- */

struct refusal {
	unsigned generation;
	const char *fault;
	enum core_rule rule; /* COUNT: fails before there is a verdict */
};

static const struct refusal refusals[] = {
    {2, "replayed-context", CORE_RULE_AUTHENTICATOR},
    {2, "other-tls-key", CORE_RULE_AUTHENTICATOR},
    {2, "wrong-hash", CORE_RULE_AUTHENTICATOR},
    {2, "bad-finished", CORE_RULE_AUTHENTICATOR},
    {2, "truncated-frame", CORE_RULE_AUTHENTICATOR},
    {2, "oversize-frame", CORE_RULE_AUTHENTICATOR},
    {2, "wrong-frame", CORE_RULE_AUTHENTICATOR},
    {2, "empty-authenticator", CORE_RULE_AUTHENTICATOR},
    {2, "other-channel", CORE_RULE_BINDER},
    {2, "relayed-evidence", CORE_RULE_FRESH},
    {2, "no-evidence", CORE_RULE_EVIDENCE},
    {2, "debug-policy", CORE_RULE_GUEST_DEBUG},
    {2, "stale-tcb", CORE_RULE_TCB_MIN},
    {2, "pcr-changed", CORE_RULE_QUOTE_SIGNED},
    {2, "log-altered", CORE_RULE_EVENT_LOG},
    {2, "expired-vcek", CORE_RULE_CHAIN_SIGNED},
    {2, "other-measurement", CORE_RULE_MEASURED},
    {2, "eat-measurement", CORE_RULE_EAT},
    {2, "plain-tls", CORE_RULE_AUTHENTICATOR},
    {2, "hang", CORE_RULE_AUTHENTICATOR},
    {1, "other-tls-key", CORE_RULE_FRESH},
    {1, "other-channel", CORE_RULE_FRESH},
    {1, "no-evidence", CORE_RULE_EVIDENCE},
    {1, "plain-tls", CORE_RULE_EVIDENCE},
    {1, "double-evidence", CORE_RULE_EVIDENCE},
    {1, "expired-leaf", CORE_RULE_LEAF},
    {1, "debug-policy", CORE_RULE_GUEST_DEBUG},
    {1, "ak-not-covered", CORE_RULE_FRESH},
    {1, "quote-nonce", CORE_RULE_QUOTE_SIGNED},
};

static void refuse(const struct refusal *row, const struct sb_atls_config *agent,
                   const struct core_attest_config *client)
{
	struct exchange x;

	exchange_start(&x, agent, client);
	exchange_run(&x);
	assert_int_not_equal(x.status, NET_GRPC_OK);
	if (x.calls_seen != 0)
		fail_msg("%s: the call reached the agent", row->fault);
	const struct core_verdict *verdict = core_appraisal_verdict(core_attest_last(x.attest));
	if (!verdict)
		fail_msg("%s: no verdict (%s)", row->fault, x.err.message);
	const struct core_check *check = core_verdict_find(verdict, row->rule);
	if (!check || check->result != CORE_CHECK_FAIL) {
		PRISM_AUTO_FREE char *text = core_verdict_text(verdict);
		fail_msg("generation %u, %s: %s did not fail\n%s", row->generation, row->fault,
		         core_rule_id(row->rule), text);
	}
	assert_int_not_equal(core_verdict_state(verdict), CORE_VERDICT_ATTESTED);
	exchange_finish(&x);
}

static void test_each_fault_is_stopped_before_the_first_byte(void **state)
{
	for (size_t i = 0; i < PRISM_COUNT(refusals); i++) {
		const struct refusal *row = &refusals[i];
		struct sb_atls_config agent = {.generation = row->generation, .kind = SB_FORGE_SNP_VTPM};
		struct core_attest_config client = plain(row->generation);

		client.timeout_ms = strcmp(row->fault, "hang") == 0 ? 100 : 0;
		assert_int_equal(sb_atls_fault_parse(row->fault, &agent.fault, &agent.evidence_fault, NULL),
		                 0);
		refuse(row, &agent, &client);
	}
}

static void test_without_the_test_root(void **state)
{
	const struct refusal row = {2, "no root", CORE_RULE_CHAIN_ROOT};
	struct core_attest_config client = plain(2);

	client.trust_root_file = NULL;
	refuse(&row, &(struct sb_atls_config){.generation = 2, .kind = SB_FORGE_SNP_VTPM}, &client);
}

static void test_another_product_line_than_expected(void **state)
{
	const struct refusal row = {2, "product line", CORE_RULE_CHAIN_PRODUCT};
	const struct sb_atls_config agent = {.generation = 2, .kind = SB_FORGE_SNP_VTPM};
	struct core_attest_config client = plain(2);
	struct exchange x;

	client.product_line = "Genoa";
	refuse(&row, &agent, &client);
	client.product_line = "Milan";
	exchange_start(&x, &agent, &client);
	exchange_run(&x);
	expect_attested(&x);
	exchange_finish(&x);
}

static void test_mutual_with_another_ca(void **state)
{
	const struct refusal row = {2, "other CA", CORE_RULE_SERVER_CA};
	struct core_attest_config client = mutual(2);

	client.server_ca_file = stranger_ca;
	refuse(&row,
	       &(struct sb_atls_config){.generation = 2,
	                                .kind = SB_FORGE_SNP_VTPM,
	                                .cert_pem = server_id.cert_pem,
	                                .key_pem = server_id.key_pem,
	                                .client_ca_pem = authority.cert_pem},
	       &client);
}

/* Azure's report binds no connection: nothing is wrong with it, and yet it is never attested. */
static void test_azure_is_never_attested(void **state)
{
	for (unsigned generation = 1; generation <= 2; generation++) {
		struct exchange x;
		struct core_attest_config client = plain(generation);

		exchange_start(&x,
		               &(struct sb_atls_config){.generation = generation, .kind = SB_FORGE_AZURE},
		               &client);
		exchange_run(&x);
		assert_int_not_equal(x.status, NET_GRPC_OK);
		assert_int_equal(x.calls_seen, 0);
		const struct core_verdict *verdict = core_appraisal_verdict(core_attest_last(x.attest));
		if (core_verdict_state(verdict) != CORE_VERDICT_UNPROVEN) {
			PRISM_AUTO_FREE char *text = core_verdict_text(verdict);
			fail_msg("%s", text);
		}
		assert_int_equal(core_verdict_find(verdict, CORE_RULE_AK_BOUND)->result,
		                 CORE_CHECK_SKIPPED);
		assert_int_equal(core_verdict_find(verdict, CORE_RULE_QUOTE_SIGNED)->result,
		                 CORE_CHECK_PASS);
		assert_non_null(strstr(x.err.message, "paravisor"));
		exchange_finish(&x);
	}
}

/* What happened to the connection itself is said in the words of the TLS layer. */
static void refuse_early(const struct sb_atls_config *agent,
                         const struct core_attest_config *client, const char *words)
{
	struct exchange x;
	char text[2048];

	exchange_start(&x, agent, client);
	exchange_run(&x);
	assert_int_not_equal(x.status, NET_GRPC_OK);
	assert_int_equal(x.calls_seen, 0);
	snprintf(text, sizeof(text), "%s | %s", x.err.message, x.err.hint);
	if (!strstr(text, words))
		fail_msg("\"%s\" does not say \"%s\"", text, words);
	exchange_finish(&x);
}

static void test_broken_connections_name_their_remedy(void **state)
{
	struct core_attest_config client;
	struct sb_atls_config agent = {.kind = SB_FORGE_SNP_VTPM};

	for (agent.generation = 1; agent.generation <= 2; agent.generation++) {
		client = plain(agent.generation);
		client.timeout_ms = 100;
		agent.fault = SB_ATLS_CLEAR_TEXT;
		refuse_early(&agent, &client, "without TLS");
		agent.fault = SB_ATLS_HANG;
		refuse_early(&agent, &client,
		             agent.generation == 1 ? "no TLS handshake" : "check the mode");
		agent.fault = SB_ATLS_SOUND;
		agent.client_ca_pem = authority.cert_pem;
		client.timeout_ms = 0;
		refuse_early(&agent, &client, "client certificate");
		agent.client_ca_pem = NULL;
	}
}

/* A client of generation 1 at a listener of generation 2 and the other way round: refused. */
static void test_generations_do_not_mix(void **state)
{
	struct exchange x;
	struct core_attest_config client = plain(1);

	exchange_start(&x, &(struct sb_atls_config){.generation = 2, .kind = SB_FORGE_SNP_VTPM},
	               &client);
	exchange_run(&x);
	assert_int_not_equal(x.status, NET_GRPC_OK);
	assert_int_equal(x.calls_seen, 0);
	exchange_finish(&x);
	client = plain(2);
	exchange_start(&x, &(struct sb_atls_config){.generation = 1, .kind = SB_FORGE_SNP_VTPM},
	               &client);
	exchange_run(&x);
	assert_int_not_equal(x.status, NET_GRPC_OK);
	assert_int_equal(x.calls_seen, 0);
	exchange_finish(&x);
}

/* ---- settings ------------------------------------------------------------------------------- */

static void refuse_settings(struct core_attest_config config, const char *words)
{
	struct prism_error err = PRISM_ERROR_INIT;
	char text[1024];

	assert_null(core_attest_create(loop, &config, &err));
	prism_error_format(&err, text, sizeof(text));
	if (!strstr(text, words))
		fail_msg("\"%s\" does not say \"%s\"", text, words);
}

static void test_settings_are_checked_before_dialling(void **state)
{
	struct core_attest_config config = plain(1);

	config.policy_file = NULL;
	refuse_settings(config, "policy");
	config = plain(1);
	config.product_line = "Naples";
	refuse_settings(config, "product line");
	config = plain(1);
	config.policy_file = root_pem;
	refuse_settings(config, "not an attestation policy");
	config = mutual(2);
	config.client_key_file = NULL;
	refuse_settings(config, "client certificate");
	config = mutual(2);
	config.server_ca_file = policy_json;
	refuse_settings(config, "certificate");
	config = mutual(2);
	config.client_key_file = policy_json;
	refuse_settings(config, "");
	config = plain(1);
	config.trust_root_file = policy_json;
	refuse_settings(config, "certificate");
	config = plain(2);
	config.policy_key_file = root_pem;
	refuse_settings(config, "not signed");
}

static void test_server_name_of_generation_1(void **state)
{
	uint8_t nonce[NET_ATLS_NONCE];
	char sni[NET_ATLS_SNI];

	memset(nonce, 0xab, sizeof(nonce));
	net_atls_sni(nonce, sni);
	assert_int_equal(strlen(sni), 134);
	assert_string_equal(sni + 124, "abab.nonce");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_both_generations),
	    cmocka_unit_test(test_snp_without_a_tpm_in_generation_2),
	    cmocka_unit_test(test_mutual_in_generation_2),
	    cmocka_unit_test(test_mutual_without_a_server_ca),
	    cmocka_unit_test(test_azure_is_never_attested),
	    cmocka_unit_test(test_broken_connections_name_their_remedy),
	    cmocka_unit_test(test_each_fault_is_stopped_before_the_first_byte),
	    cmocka_unit_test(test_without_the_test_root),
	    cmocka_unit_test(test_mutual_with_another_ca),
	    cmocka_unit_test(test_another_product_line_than_expected),
	    cmocka_unit_test(test_generations_do_not_mix),
	    cmocka_unit_test(test_settings_are_checked_before_dialling),
	    cmocka_unit_test(test_server_name_of_generation_1),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
