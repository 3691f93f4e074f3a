/*
 * The main job over each TLS mode and both generations of attested TLS, by -c, with certificates
 * made here and settings in cocos-cli's variables; and every fault of an attested agent stopped
 * before the first byte of the algorithm, with the rule that failed and what to do.
 *
 * That nothing arrived is read from the sandbox's own log: it has a line for every call.
 */
#include "tests/lib/story.h"

#include "base/file.h"
#include "base/mem.h"
#include "sandbox/atls.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define CERTS "%1$s/agent-certificates/"
#define LOG_MAX (16u << 20)

/* Certificates and a key, once for all sandboxes. */
static int setup(void **state)
{
	struct story s;
	struct cli *c = &s.cli;
	const char *home = getenv("HOME");

	story_start(&s, NULL);
	cli_must(c, "cert generate %s/agent-certificates --type ca", home);
	cli_must(c, "cert generate %s/agent-certificates --type server --host 127.0.0.1", home);
	cli_must(c, "cert generate %s/agent-certificates --type client", home);
	cli_must(c, "key generate --type ed25519");
	story_stop(&s);
	return 0;
}

static void set_path(const char *variable, const char *name)
{
	PRISM_AUTO_FREE char *path = prism_asprintf("%s/%s", getenv("HOME"), name);

	setenv(variable, path, 1);
}

static void clear_settings(void)
{
	static const char *const variables[] = {
	    "AGENT_GRPC_SERVER_CA_CERTS", "AGENT_GRPC_CLIENT_CERT",        "AGENT_GRPC_CLIENT_KEY",
	    "AGENT_GRPC_ATTESTED_TLS",    "AGENT_GRPC_ATTESTATION_POLICY", "PRISM_TUI_TRUST_ROOT",
	    "PRISM_TUI_AGENT_TIMEOUT"};

	for (size_t i = 0; i < PRISM_COUNT(variables); i++)
		unsetenv(variables[i]);
}

enum input { CA = 1, CLIENT = 2, ATTESTED = 4 };

/* What a person with cocos-cli would export; the policy is the CVM's, fetched here. */
static void export_settings(struct story *s, unsigned inputs)
{
	clear_settings();
	if (inputs & CA)
		set_path("AGENT_GRPC_SERVER_CA_CERTS", "agent-certificates/ca-cert.pem");
	if (inputs & CLIENT) {
		set_path("AGENT_GRPC_CLIENT_CERT", "agent-certificates/client-cert.pem");
		set_path("AGENT_GRPC_CLIENT_KEY", "agent-certificates/client-key.pem");
	}
	if (inputs & ATTESTED) {
		set_path("AGENT_GRPC_ATTESTATION_POLICY", "attestation-policy");
		setenv("AGENT_GRPC_ATTESTED_TLS", "true", 1);
		setenv("PRISM_TUI_TRUST_ROOT", s->sandbox->attestation_root, 1);
		cli_must(&s->cli, "cvm policy %s --save %s --replace", s->cvm,
		         getenv("AGENT_GRPC_ATTESTATION_POLICY"));
	}
}

/* ---- the main job in each mode -------------------------------------------------------------- */

static const struct mode {
	const char *name, *generation, *options;
	unsigned inputs;
	const char *trust; /* in what a finished transfer says */
} modes[] = {
    {"none", "1", "--tls-mode none", 0, "clear text"},
    {"tls", "1",
     "--tls-mode tls --cert-file " CERTS "server-cert.pem --key-file " CERTS "server-key.pem", CA,
     "TLS, not attested"},
    {"mtls", "1",
     "--tls-mode mtls --cert-file " CERTS "server-cert.pem --key-file " CERTS
     "server-key.pem --server-ca-file " CERTS "ca-cert.pem --client-ca-file " CERTS "ca-cert.pem",
     CA | CLIENT, "TLS, not attested"},
    {"atls, generation 1", "1", "--tls-mode atls", ATTESTED, "NOT A TEE"},
    {"atls, generation 2", "2", "--tls-mode atls", ATTESTED, "NOT A TEE"},
    {"matls, generation 1", "1", "--tls-mode matls --client-ca-file " CERTS "ca-cert.pem",
     CLIENT | ATTESTED, "NOT A TEE"},
    {"matls, generation 2", "2",
     "--tls-mode matls --cert-file " CERTS "server-cert.pem --key-file " CERTS
     "server-key.pem --client-ca-file " CERTS "ca-cert.pem",
     CA | CLIENT | ATTESTED, "NOT A TEE"},
};

static void must_be_trusted(struct story *s, const struct mode *mode)
{
	const char *trust = cli_text(s->cli.doc, "trust");

	if (!strstr(trust, mode->trust))
		fail_msg("%s: a transfer says \"%s\" of its peer", mode->name, trust);
}

static void main_job(struct story *s, const struct mode *mode)
{
	struct cli *c = &s->cli;
	PRISM_AUTO_FREE char *zip = story_tmp("tls.zip");
	char id[80], options[1024];

	snprintf(options, sizeof(options), mode->options, getenv("HOME"));
	story_define(s, mode->name, options, build_path("samples/columns"), STORY_SAMPLES "flowers.csv",
	             id);
	story_run_until(s, id, "ReceivingAlgorithm");
	export_settings(s, mode->inputs);
	cli_must(c, "send algorithm %s %s --type bin", id, build_path("samples/columns"));
	must_be_trusted(s, mode);
	cli_must(c, "send data %s " STORY_SAMPLES "flowers.csv", id);
	must_be_trusted(s, mode);
	cli_must(c, "computation follow %s --until-state ConsumingResults --timeout 60s", id);
	cli_must(c, "result fetch %s --save %s", id, zip);
	must_be_trusted(s, mode);
	cli_must(c, "result show %s", zip);
	story_must_contain(c->out, "columns.csv");
	remove(zip);
	story_must_be(s, id, "Completed");
	clear_settings();
}

static void in_generation(const char *generation)
{
	struct story s;

	story_start(&s, (const char *const[]){"--agent-generation", generation, NULL});
	for (size_t i = 0; i < PRISM_COUNT(modes); i++)
		if (strcmp(modes[i].generation, generation) == 0)
			main_job(&s, &modes[i]);
	story_stop(&s);
}

static void test_every_mode_of_generation_1(void **state)
{
	in_generation("1");
}

static void test_every_mode_of_generation_2(void **state)
{
	in_generation("2");
}

/* ---- what a mode asks for and did not get --------------------------------------------------- */

static void test_missing_inputs_are_named_before_dialling(void **state)
{
	static const struct {
		size_t mode;
		unsigned inputs;
		const char *words;
	} rows[] = {
	    {2, CA, "the client certificate is missing"},
	    {3, 0, "the attestation policy is missing"},
	    {5, ATTESTED, "the client certificate is missing"},
	    {1, 0, "does not trust"}, /* and this one only after the handshake */
	};
	struct story s;

	story_start(&s, NULL);
	for (size_t i = 0; i < PRISM_COUNT(rows); i++) {
		char id[80], options[1024];

		snprintf(options, sizeof(options), modes[rows[i].mode].options, getenv("HOME"));
		story_define(&s, "inputs", options, build_path("samples/columns"),
		             STORY_SAMPLES "flowers.csv", id);
		story_run_until(&s, id, "ReceivingAlgorithm");
		export_settings(&s, rows[i].inputs);
		assert_int_not_equal(
		    cli_run(&s.cli, "send algorithm %s %s", id, build_path("samples/columns")), 0);
		if (i < 3)
			story_must_contain(s.cli.err, rows[i].words);
		clear_settings();
		cli_must(&s.cli, "computation stop %s", id);
	}
	story_stop(&s);
}

/* ---- faults --------------------------------------------------------------------------------- */

static void must_not_have_arrived(const char *log, const char *fault)
{
	PRISM_AUTO_BUF struct prism_buf text = PRISM_BUF_INIT(LOG_MAX);

	assert_int_equal(prism_file_read(log, LOG_MAX, &text, NULL), 0);
	if (strstr(prism_buf_text(&text), "call of /agent.AgentService/"))
		fail_msg("%s: a call reached the agent", fault);
}

static bool names_a_rule(const char *text)
{
	static const char *const groups[] = {"channel.", "chain.",       "report.", "tcb.",
	                                     "policy.",  "measurement.", "tpm."};

	for (size_t i = 0; i < PRISM_COUNT(groups); i++)
		if (strstr(text, groups[i]))
			return true;
	return false;
}

struct expectation {
	const char *fault, *rule; /* rule: what must be named; NULL: any rule */
};

static void stopped(struct story *s, const char *log, const struct expectation *row)
{
	struct cli *c = &s->cli;
	char id[80];

	story_define(s, row->fault, "--tls-mode atls", build_path("samples/columns"),
	             STORY_SAMPLES "flowers.csv", id);
	story_run_until(s, id, "ReceivingAlgorithm");
	export_settings(s, ATTESTED);
	setenv("PRISM_TUI_AGENT_TIMEOUT", "1s", 1);
	if (cli_run(c, "send algorithm %s %s", id, build_path("samples/columns")) == 0)
		fail_msg("%s: the algorithm was sent", row->fault);
	bool told = row->rule ? strstr(c->err, row->rule) != NULL : names_a_rule(c->err);
	if (!told || !strstr(c->err, "hint: "))
		fail_msg("%s: neither the rule nor a remedy in\n%s", row->fault, c->err);
	clear_settings();
	must_not_have_arrived(log, row->fault);
	cli_must(c, "computation stop %s", id);
}

/* One sandbox plays them all: each computation is named after the fault its agent has. */
static void all_stopped(const char *generation, const struct expectation *rows, size_t count)
{
	PRISM_AUTO_FREE char *log = story_tmp("sandbox.log");
	const char *args[2 * SB_FORGE_FAULT_COUNT + 2 * SB_ATLS_FAULT_COUNT + 8] = {
	    "--agent-generation", generation, "--log", log};
	PRISM_AUTO_FREE char *specs = prism_alloc(count * 64);
	size_t used = 4;
	struct story s;

	for (size_t i = 0; i < count; i++) {
		char *spec = specs + i * 64;

		snprintf(spec, 64, "%s@%s", rows[i].fault, rows[i].fault);
		args[used++] = "--agent-fault";
		args[used++] = spec;
	}
	remove(log);
	story_start(&s, args);
	for (size_t i = 0; i < count; i++)
		stopped(&s, log, &rows[i]);
	story_stop(&s);
}

/* Faults that need generation 1: its certificate, or its policy, which knows more than a CoRIM. */
static const struct expectation first[] = {
    {"double-evidence", "channel.evidence"},
    {"expired-leaf", "channel.leaf"},
    {"stale-tcb", "tcb.minimum"},
    {"other-channel", "channel.fresh"},
    {"no-evidence", "channel.evidence"},
    {"plain-tls", "channel.evidence"},
    {"clear-text", "does not speak TLS"},
    {"hang", "no TLS handshake"},
    {"debug-policy", "policy.debug"},
    {"expired-vcek", "chain.signed"},
    {"pcr-changed", "tpm.quote"},
    {"log-altered", "tpm.event-log"},
};

static bool needs_the_first_generation(const char *fault)
{
	return strcmp(fault, "double-evidence") == 0 || strcmp(fault, "expired-leaf") == 0 ||
	       strcmp(fault, "stale-tcb") == 0;
}

static void test_faults_of_generation_1_are_stopped(void **state)
{
	all_stopped("1", first, PRISM_COUNT(first));
}

static void test_every_other_fault_is_stopped_in_generation_2(void **state)
{
	struct expectation rows[SB_ATLS_FAULT_COUNT + SB_FORGE_FAULT_COUNT];
	size_t count = 0;

	for (int i = SB_ATLS_SOUND + 1; i < SB_ATLS_FAULT_COUNT; i++)
		rows[count++] = (struct expectation){sb_atls_fault_word((enum sb_atls_fault)i),
		                                     i == SB_ATLS_CLEAR_TEXT ? "does not speak TLS" : NULL};
	for (int i = SB_FORGE_SOUND + 1; i < SB_FORGE_FAULT_COUNT; i++)
		if (i != SB_FORGE_MASKED_CHIP) /* which is allowed */
			rows[count++] = (struct expectation){sb_forge_fault_word((enum sb_forge_fault)i), NULL};
	size_t kept = 0;
	for (size_t i = 0; i < count; i++)
		if (!needs_the_first_generation(rows[i].fault))
			rows[kept++] = rows[i];
	assert_true(kept >= 30);
	all_stopped("2", rows, kept);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_every_mode_of_generation_1),
	    cmocka_unit_test(test_every_mode_of_generation_2),
	    cmocka_unit_test(test_missing_inputs_are_named_before_dialling),
	    cmocka_unit_test(test_faults_of_generation_1_are_stopped),
	    cmocka_unit_test(test_every_other_fault_is_stopped_in_generation_2),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
