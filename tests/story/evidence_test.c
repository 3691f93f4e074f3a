/*
 * Evidence and policies through the real binary: what is printed, the exit status a script sees,
 * what is left on the disk.
 */
#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"
#include "tests/lib/client.h"
#include "tests/lib/story.h"
#include "tests/lib/tmpdir.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define CVM "'lab-snp-2 (NOT A TEE)'"
#define INVALID 2
#define CONFLICT 6
#define UNTRUSTED 10
#define ZEROS64 "0000000000000000000000000000000000000000000000000000000000000000"
#define ZEROS128 ZEROS64 ZEROS64
#define HEX48                                                                                      \
	"000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f202122232425262728292a2b2c2d" \
	"2e2f"

static struct sandbox *sandbox;
static char *dir;

static int start(void **state)
{
	sandbox = sandbox_start(NULL);
	dir = tmpdir_create();
	return 0;
}

static int stop(void **state)
{
	sandbox_stop(sandbox);
	tmpdir_remove(dir);
	return 0;
}

static struct cli client(void)
{
	return (struct cli){
	    .sandbox = sandbox, .workspace = "Open Science Lab", .dir = dir, .quiet = true};
}

static void must_say(const struct cli *c, const char *part)
{
	if (!strstr(c->err, part))
		fail_msg("\"%s\" is not in:\n%s", part, c->err);
}

static const cJSON *check_of(const struct cli *c, const char *id)
{
	return cli_find(prism_json_array(c->doc, "checks"), "id", id);
}

static void evidence_of_a_cvm(void **state)
{
	struct cli c = client();

	/* Nobody said that the sandbox's root counts. */
	assert_int_equal(cli_run(&c, "cvm evidence " CVM), UNTRUSTED);
	assert_string_equal(cli_text(check_of(&c, "chain.root"), "result"), "fail");
	must_say(&c, "chain.root");
	/* Told so: still nothing says what the TPM's key was bound to. */
	assert_int_equal(cli_run(&c, "cvm evidence " CVM " --test-root %s", sandbox->attestation_root),
	                 UNTRUSTED);
	assert_string_equal(cli_text(check_of(&c, "tpm.ak-bound"), "result"), "not checked");
	/* Its agent had no certificate: nonces of zero. */
	cli_must(&c, "cvm evidence " CVM " --test-root %s --report-data " ZEROS128 " --nonce " ZEROS64,
	         sandbox->attestation_root);
	assert_string_equal(prism_json_str(c.doc, "state", ""), "attested");
	assert_false(prism_json_bool(c.doc, "tee", true));
	/* With a certificate it would have been other ones. */
	assert_int_equal(cli_run(&c, "cvm evidence " CVM " --test-root %s --certificate %s",
	                         sandbox->attestation_root, sandbox->attestation_root),
	                 UNTRUSTED);
	assert_string_equal(cli_text(check_of(&c, "channel.fresh"), "result"), "fail");
	cli_finish(&c);
}

static void a_policy_is_explained_edited_and_compared(void **state)
{
	struct cli c = client();
	PRISM_AUTO_FREE char *file = prism_path_join(dir, "policy.json");
	PRISM_AUTO_FREE char *original = prism_asprintf("%s.orig", file);

	cli_must(&c, "cvm policy " CVM " --save %s", file);
	cli_must(&c, "policy explain %s", file);
	assert_non_null(prism_json_array(c.doc, "facts"));
	assert_int_equal(strlen(prism_json_str(c.doc, "sha256", "")), 64);
	cli_must(&c, "policy compare %s %s", file, file);
	assert_true(prism_json_bool(c.doc, "same", false));

	cli_must(&c, "policy measurement " HEX48 " %s", file);
	assert_int_equal(access(original, R_OK), 0);
	assert_int_equal(cli_run(&c, "policy compare %s %s", original, file), CONFLICT);
	assert_false(prism_json_bool(c.doc, "same", true));
	assert_int_equal(prism_json_int(c.doc, "differences", 0), 1);
	must_say(&c, "differ in 1 field");

	/* Against the edited policy the same evidence fails, and at that rule. */
	assert_int_equal(cli_run(&c,
	                         "cvm evidence " CVM
	                         " --policy %s --test-root %s --report-data " ZEROS128
	                         " --nonce " ZEROS64,
	                         file, sandbox->attestation_root),
	                 UNTRUSTED);
	assert_string_equal(cli_text(check_of(&c, "measurement.match"), "result"), "fail");
	assert_string_equal(cli_text(check_of(&c, "report.signed"), "result"), "pass");

	assert_int_equal(cli_run(&c, "policy measurement 00 %s", file), INVALID);
	assert_int_equal(cli_run(&c, "policy explain %s", sandbox->attestation_root), INVALID);
	cli_finish(&c);
}

static void the_policy_of_a_run(void **state)
{
	struct cli c = client();

	cli_must(&c, "run policy 'Iris classification baseline'");
	assert_non_null(prism_json_get(c.doc, "policy"));
	assert_int_equal(cli_run(&c, "run policy 'Empty draft'"), 5);
	must_say(&c, "never ran");
	cli_finish(&c);
}

/* What an agent tells about itself, over attested TLS: asked for nonces made at that moment. */
static void an_agent_is_asked(void **state)
{
	struct story s;
	struct cli *c = &s.cli;
	PRISM_AUTO_FREE char *policy = story_tmp("agent-policy.json");
	PRISM_AUTO_FREE char *saved = story_tmp("agent-evidence.bin");
	PRISM_AUTO_FREE char *list = story_tmp("agent-ima.txt");
	struct stat st;
	char id[80];

	story_start(&s, NULL);
	cli_must(c, "key generate --type ed25519");
	story_define(&s, "asked", "--tls-mode atls", build_path("samples/columns"),
	             STORY_SAMPLES "flowers.csv", id);
	story_run_until(&s, id, "ReceivingAlgorithm");
	cli_must(c, "run policy %s --save %s", id, policy);

	/* Without its root nothing is said to the agent. */
	c->quiet = true;
	assert_int_equal(cli_run(c, "agent attestation %s --policy %s", id, policy), UNTRUSTED);
	story_must_contain(c->err, "chain.root");
	c->quiet = false;
	cli_must(c, "agent attestation %s --policy %s --test-root %s --save %s", id, policy,
	         s.sandbox->attestation_root, saved);
	assert_string_equal(prism_json_str(c->doc, "state", ""), "attested");
	assert_string_equal(cli_text(check_of(c, "channel.fresh"), "result"), "pass");
	assert_int_equal(stat(saved, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	/* The file alone says the same, but for whom it was made. */
	c->quiet = true;
	assert_int_equal(cli_run(c,
	                         "evidence verify %s --policy %s --test-root %s --report-data " ZEROS128
	                         " --nonce " ZEROS64,
	                         saved, policy, s.sandbox->attestation_root),
	                 UNTRUSTED);
	assert_string_equal(cli_text(check_of(c, "channel.fresh"), "result"), "fail");
	assert_string_equal(cli_text(check_of(c, "report.signed"), "result"), "pass");

	c->quiet = false;
	cli_must(c, "agent ima %s --policy %s --test-root %s --save %s", id, policy,
	         s.sandbox->attestation_root, list);
	story_must_contain(prism_json_str(c->doc, "outcome", ""), "replays to PCR 10");
	assert_int_equal(access(list, R_OK), 0);
	c->quiet = true;
	assert_int_not_equal(cli_run(c, "agent azure-token %s --policy %s --test-root %s", id, policy,
	                             s.sandbox->attestation_root),
	                     0);
	story_must_contain(c->err, "NOT A TEE");
	story_stop(&s);
	remove(policy);
	remove(saved);
	remove(list);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(evidence_of_a_cvm),
	    cmocka_unit_test(a_policy_is_explained_edited_and_compared),
	    cmocka_unit_test(the_policy_of_a_run),
	    cmocka_unit_test(an_agent_is_asked),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
