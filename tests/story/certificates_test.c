/*
 * The TLS modes by -c: certificates made here, checked, stored with a computation in each of the
 * five modes, refused where they are wrong, fetched back, and rendered as environment.
 */
#include "tests/lib/client.h"

#include "base/file.h"
#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

static struct sandbox *sandbox;
static struct cli cli;
static char workspace[128], dir[256];

static int start(void **state)
{
	sandbox = sandbox_start((const char *const[]){NULL});
	cli = (struct cli){.sandbox = sandbox};
	snprintf(
	    workspace, sizeof(workspace), "%s",
	    cli_text(cli_find(cli_must(&cli, "workspace list"), "name", "Open Science Lab"), "id"));
	cli.workspace = workspace;
	snprintf(dir, sizeof(dir), "%s/certificates", getenv("HOME"));
	cli_must(&cli, "cert generate %s --type ca", dir);
	cli_must(&cli, "cert generate %s --type server --host agent.example", dir);
	cli_must(&cli, "cert generate %s --type client", dir);
	return 0;
}

static int stop(void **state)
{
	cli_finish(&cli);
	sandbox_stop(sandbox);
	return 0;
}

static void test_each_mode_is_stored_and_rendered(void **state)
{
	static const struct {
		const char *mode, *label, *files, *env;
	} rows[] = {
	    {"none", "No TLS", "", "AGENT_GRPC_URL"},
	    {"tls", "TLS", "--cert-file %1$s/server-cert.pem --key-file %1$s/server-key.pem",
	     "AGENT_GRPC_SERVER_CA_CERTS"},
	    {"mtls", "Mutual TLS",
	     "--cert-file %1$s/server-cert.pem --key-file %1$s/server-key.pem "
	     "--server-ca-file %1$s/ca-cert.pem --client-ca-file %1$s/ca-cert.pem",
	     "AGENT_GRPC_CLIENT_KEY"},
	    {"atls", "Attested TLS", "", "AGENT_GRPC_ATTESTED_TLS=true"},
	    {"matls", "Mutual Attested TLS", "--client-ca-file %1$s/ca-cert.pem",
	     "AGENT_GRPC_ATTESTATION_POLICY"},
	};
	for (size_t i = 0; i < PRISM_COUNT(rows); i++) {
		char files[1024];
		snprintf(files, sizeof(files), rows[i].files, dir);
		cli_must(&cli, "computation create 'tls %s' --description x --tls-mode %s %s", rows[i].mode,
		         rows[i].mode, files);
		assert_string_equal(
		    cli_text(cli_must(&cli, "computation show 'tls %s'", rows[i].mode), "tls_mode"),
		    rows[i].label);
		const char *text =
		    cli_text(cli_must(&cli, "agent env 'tls %s'", rows[i].mode), "environment");
		assert_non_null(strstr(text, rows[i].env));
	}
}

static void test_what_is_wrong_is_not_sent(void **state)
{
	cli.quiet = true;
	assert_int_equal(cli_run(&cli,
	                         "computation create wrong --description x --tls-mode tls --cert-file "
	                         "%s/server-cert.pem --key-file %s/client-key.pem",
	                         dir, dir),
	                 10); /* trust */
	assert_non_null(strstr(cli.err, "another certificate"));
	assert_int_equal(
	    cli_run(&cli,
	            "computation create wrong --description x --tls-mode tls --cert-file %s/ca-key.pem "
	            "--key-file %s/server-key.pem",
	            dir, dir),
	    2); /* invalid */
	assert_int_equal(cli_run(&cli, "computation create wrong --description x --tls-mode mtls"), 2);
	assert_int_not_equal(cli_run(&cli, "computation show wrong"), 0);
	cli.quiet = false;
}

static void test_stored_files_come_back(void **state)
{
	struct stat info;
	char path[512];

	cli_must(&cli,
	         "computation create back --description x --tls-mode tls --cert-file "
	         "%s/server-cert.pem --key-file %s/server-key.pem",
	         dir, dir);
	cli_must(&cli, "computation certs back %s/back", dir);
	snprintf(path, sizeof(path), "%s/back/key.pem", dir);
	assert_int_equal(stat(path, &info), 0);
	assert_int_equal(info.st_mode & 0777, 0600);
	cli_must(&cli,
	         "cert check --mode tls --cert-file %s/back/cert.pem --key-file %s --server-ca-file "
	         "%s/ca-cert.pem --host agent.example",
	         dir, path, dir);
	cli.quiet = true;
	assert_int_not_equal(cli_run(&cli, "computation certs back %s/back", dir), 0);
	cli.quiet = false;
	cli_must(&cli, "computation update back --tls-mode atls");
	assert_string_equal(cli_text(cli_must(&cli, "computation show back"), "cert_file"),
	                    "Not Required");
}

/* ---- Prism's certificate service ---- */

#define CVM "'lab-snp-2 (NOT A TEE)'"

static void test_a_certificate_from_issue_to_deletion(void **state)
{
	char first[64], second[64], path[512];
	struct stat info;

	snprintf(first, sizeof(first), "%s",
	         cli_text(cli_must(&cli, "cert issue " CVM " --ip 192.0.2.7"), "serial_number"));
	assert_string_equal(
	    cli_text(cli_find(cli_must(&cli, "cert list " CVM), "serial_number", first), "state"),
	    "valid");
	/* named by its CVM: the one in force */
	cli_must(&cli, "cert download " CVM " %s/service", dir);
	snprintf(path, sizeof(path), "%s/service/key.pem", dir);
	assert_int_equal(stat(path, &info), 0);
	assert_int_equal(info.st_mode & 0777, 0600);
	cli_must(
	    &cli,
	    "cert check --mode tls --cert-file %1$s/service/cert.pem --key-file %1$s/service/key.pem "
	    "--server-ca-file %1$s/service/ca.pem --host 192.0.2.7",
	    dir);
	snprintf(second, sizeof(second), "%s",
	         cli_text(cli_must(&cli, "cert renew %s", first), "serial_number"));
	assert_string_not_equal(first, second);
	assert_string_equal(cli_text(cli_must(&cli, "cert ocsp %s", second), "status"), "valid");
	cli.quiet = true;
	assert_int_equal(cli_run(&cli, "cert revoke %s", second), 2);
	assert_int_equal(cli_run(&cli, "cert revoke %s --confirm 12345678", second), 2);
	cli.quiet = false;
	cli_must(&cli, "cert revoke %s --confirm %s", second, second + strlen(second) - 8);
	cli.quiet = true;
	assert_int_equal(cli_run(&cli, "cert ocsp %s", second), 10); /* trust */
	assert_non_null(strstr(cli.out, "\"revoked\""));
	assert_int_equal(cli_run(&cli, "cert renew %s", second), 4); /* denied, still signed in */
	assert_non_null(strstr(cli.err, "issue a new one"));
	assert_int_equal(cli_run(&cli, "cert issue " CVM " --ip agent.example"), 2);
	assert_int_equal(cli_run(&cli, "cert download " CVM " %s/service", dir), 6); /* conflict */
	cli.quiet = false;
	cli_must(&cli, "cert delete " CVM " --confirm " CVM);
	assert_int_equal(cJSON_GetArraySize(cli_must(&cli, "cert list " CVM)), 0);
}

static void test_the_ca_verifies_what_the_service_made(void **state)
{
	cli_must(&cli, "cert ca --save %s/service-ca.pem", dir);
	cli_must(&cli, "cert download 'lab-snp-1 (NOT A TEE)' %s/other", dir);
	assert_non_null(cli_text(cli_must(&cli, "cert ca"), "ca"));
	cli_must(&cli,
	         "cert check --mode tls --cert-file %1$s/other/cert.pem --key-file %1$s/other/key.pem "
	         "--server-ca-file %1$s/service-ca.pem",
	         dir);
	/* what expires within a week, and only that */
	const cJSON *list = cli_must(&cli, "cert list --attention");
	assert_int_equal(cJSON_GetArraySize(list), 2);
	assert_non_null(cli_find(list, "state", "expired"));
	assert_non_null(cli_find(list, "cvm", "basement-rack (NOT A TEE)"));
}

/* ---- keys ---- */

static void test_a_protected_key_is_shown_registered_and_opened(void **state)
{
	char pass[512], bad[512];

	snprintf(pass, sizeof(pass), "%s/pass", dir);
	snprintf(bad, sizeof(bad), "%s/bad", dir);
	assert_int_equal(prism_file_write(pass, "open sesame\n", 12, 0600, NULL), 0);
	assert_int_equal(prism_file_write(bad, "something else\n", 15, 0600, NULL), 0);
	cli_must(&cli, "key generate --type p384 --name story-key --passphrase-file %s", pass);
	const cJSON *shown = cli_must(&cli, "key show story-key --passphrase-file %s", pass);
	assert_string_equal(cli_text(shown, "kind"), "ECDSA P-384");
	assert_true(cJSON_IsTrue(cJSON_GetObjectItem(shown, "encrypted")));
	assert_true(cJSON_IsTrue(cJSON_GetObjectItem(shown, "opened")));
	assert_non_null(strstr(cli_text(shown, "cocos_cli"), "passphrases"));
	assert_null(strstr(cli.out, "PRIVATE KEY"));
	char private_path[512];
	snprintf(private_path, sizeof(private_path), "%s", cli_text(shown, "path"));
	cli.quiet = true;
	assert_int_equal(cli_run(&cli, "key show story-key --passphrase-file %s", bad), 3);
	assert_int_equal(cli_run(&cli, "key show %s", pass), 2); /* no key at all */
	/* an empty passphrase protects nothing; without a terminal nobody can type one */
	assert_int_equal(prism_file_write(bad, "\n", 1, 0600, NULL), 0);
	assert_int_not_equal(cli_run(&cli, "key generate --name none --passphrase-file %s", bad), 0);
	cli.quiet = false;
	/* registering needs the public half only */
	cli_must(&cli, "key register 'Flower classification' %s", private_path);
	assert_null(strstr(cli.err, "used in the workspace"));
	assert_string_equal(
	    cli_text(cli_must(&cli, "key status 'Flower classification'"), "registered"), "yes");
}

/* The answer is a line of JSON for each check. */
static void has(const char *text)
{
	if (!strstr(cli.out, text))
		fail_msg("no %s in\n%s", text, cli.out);
}

static void test_the_doctor_follows_what_is_mended(void **state)
{
	cli.quiet = true;
	assert_int_equal(cli_run(&cli, "computation doctor 'Empty draft'"), 6); /* conflict */
	has("\"id\":\"ready.result-consumer\",\"result\":\"failure\"");
	has("\"action\":\"role action add\"");
	has("\"id\":\"certificates.mode\",\"result\":\"warning\"");
	cli.quiet = false;
	cli_must(&cli,
	         "computation update 'Empty draft' --tls-mode matls --client-ca-file %s/ca-cert.pem",
	         dir);
	cli.quiet = true;
	assert_int_equal(cli_run(&cli,
	                         "computation doctor 'Empty draft' --client-cert %1$s/client-cert.pem "
	                         "--client-key %1$s/server-key.pem",
	                         dir),
	                 6);
	has("\"id\":\"certificates.mode\",\"result\":\"pass\"");
	has("\"id\":\"certificates.client-key.key\",\"result\":\"failure\"");
	has("\"id\":\"attestation.policy\",\"result\":\"failure\"");
	has("\"action\":\"cvm policy\"");
	cli.quiet = false;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_each_mode_is_stored_and_rendered),
	    cmocka_unit_test(test_what_is_wrong_is_not_sent),
	    cmocka_unit_test(test_stored_files_come_back),
	    cmocka_unit_test(test_a_certificate_from_issue_to_deletion),
	    cmocka_unit_test(test_the_ca_verifies_what_the_service_made),
	    cmocka_unit_test(test_a_protected_key_is_shown_registered_and_opened),
	    cmocka_unit_test(test_the_doctor_follows_what_is_mended),
	};
	return cmocka_run_group_tests(tests, start, stop);
}
