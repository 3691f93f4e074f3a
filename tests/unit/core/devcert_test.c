/*
 * core/devcert.c and net/x509_make.c: a CA, a server and a client for each kind of key; they pass
 * our own checks and the openssl program's; the printed commands make certificates that pass too.
 */
#include "core/devcert.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "core/certcheck.h"
#include "tests/lib/tmpdir.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static int64_t now(void)
{
	return prism_clock_wall_us(prism_clock_system());
}

static int make(const char *dir, enum net_cert_role role, enum net_key_kind kind,
                struct prism_error *err)
{
	static const char *const hosts[] = {"agent.example", "10.0.0.7"};
	struct core_devcert_spec spec = {
	    .role = role,
	    .dir = dir,
	    .organisation = "Example / Org",
	    .names = hosts,
	    .name_count = role == NET_CERT_ROLE_SERVER ? 2 : 0,
	    .days = 90,
	    .kind = kind,
	    .now_us = now(),
	};
	struct core_devcert made;

	if (core_devcert_make(&spec, &made, err) < 0)
		return -1;
	core_devcert_finish(&made);
	return 0;
}

static int sh(const char *script, const char *dir)
{
	pid_t child = fork();
	int status = -1;

	if (child == 0) {
		if (chdir(dir) < 0 || !freopen("/dev/null", "w", stdout) ||
		    !freopen("/dev/null", "w", stderr))
			_exit(126);
		execl("/bin/sh", "sh", "-ec", script, (char *)NULL);
		_exit(127);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static const char verify_script[] =
    "openssl verify -x509_strict -purpose sslserver -CAfile ca-cert.pem server-cert.pem\n"
    "openssl verify -x509_strict -purpose sslclient -CAfile ca-cert.pem client-cert.pem\n"
    "openssl x509 -in server-cert.pem -noout -checkip 10.0.0.7\n"
    "openssl x509 -in server-cert.pem -noout -ext subjectAltName | grep agent.example\n"
    "openssl pkey -in server-key.pem -pubout > a; openssl x509 -in server-cert.pem -pubkey -noout "
    "> b; cmp a b\n"
    "! openssl verify -purpose sslclient -CAfile ca-cert.pem server-cert.pem\n";

static void check_directory(const char *dir)
{
	PRISM_AUTO_FREE char *ca = prism_path_join(dir, "ca-cert.pem");
	PRISM_AUTO_FREE char *cert = prism_path_join(dir, "server-cert.pem");
	PRISM_AUTO_FREE char *key = prism_path_join(dir, "server-key.pem");
	PRISM_AUTO_FREE char *own = prism_path_join(dir, "client-cert.pem");
	PRISM_AUTO_FREE char *own_key = prism_path_join(dir, "client-key.pem");
	struct core_certcheck *check =
	    core_certcheck_create(CORE_TLS_MTLS, now(), "agent.example:7002");

	core_certcheck_file(check, CORE_CERTCHECK_CERT, cert);
	core_certcheck_file(check, CORE_CERTCHECK_KEY, key);
	core_certcheck_file(check, CORE_CERTCHECK_SERVER_CA, ca);
	core_certcheck_file(check, CORE_CERTCHECK_CLIENT_CA, ca);
	core_certcheck_file(check, CORE_CERTCHECK_OWN_CERT, own);
	core_certcheck_file(check, CORE_CERTCHECK_OWN_KEY, own_key);
	core_certcheck_run(check);
	for (size_t i = 0; i < core_certcheck_count(check); i++)
		if (core_certcheck_line(check, i)->result != CORE_CERTCHECK_PASS)
			fail_msg("%s: %s", core_certcheck_line(check, i)->id,
			         core_certcheck_line(check, i)->found);
	core_certcheck_destroy(check);
}

static void test_every_kind_of_key(void **state)
{
	static const enum net_key_kind kinds[] = {NET_KEY_P256, NET_KEY_P384, NET_KEY_P521,
	                                          NET_KEY_ED25519};
	bool openssl = sh("openssl version", *state) == 0;

	for (size_t i = 0; i < PRISM_COUNT(kinds); i++) {
		PRISM_AUTO_FREE char *dir = prism_path_join(*state, net_key_kind_word(kinds[i]));
		struct prism_error err = PRISM_ERROR_INIT;
		for (int role = 0; role <= NET_CERT_ROLE_CLIENT; role++)
			assert_int_equal(make(dir, (enum net_cert_role)role, kinds[i], &err), 0);
		check_directory(dir);
		if (openssl)
			assert_int_equal(sh(verify_script, dir), 0);
	}
}

static void test_keys_are_private_and_files_are_kept(void **state)
{
	PRISM_AUTO_FREE char *dir = prism_path_join(*state, "private");
	PRISM_AUTO_FREE char *key = prism_path_join(dir, "ca-key.pem");
	struct prism_error err = PRISM_ERROR_INIT;
	struct stat info;

	assert_int_equal(make(dir, NET_CERT_ROLE_CA, NET_KEY_P256, &err), 0);
	assert_int_equal(stat(key, &info), 0);
	assert_int_equal(info.st_mode & 0777, 0600);
	assert_int_equal(make(dir, NET_CERT_ROLE_CA, NET_KEY_P256, &err), -1);
	assert_int_equal(err.category, PRISM_ERROR_CONFLICT);
}

static void test_refusals(void **state)
{
	PRISM_AUTO_FREE char *dir = prism_path_join(*state, "refused");
	static const char *const bad[] = {"agent:7002"}, *const inject[] = {"a,DNS:b"};
	struct prism_error err = PRISM_ERROR_INIT;
	struct core_devcert made;
	struct core_devcert_spec spec = {
	    .dir = dir, .days = 1, .kind = NET_KEY_P256, .now_us = now(), .common_name = "x"};

	assert_int_equal(make(dir, NET_CERT_ROLE_SERVER, NET_KEY_P256, &err), -1); /* no CA yet */
	assert_string_not_equal(err.hint, "");
	spec.days = 0;
	assert_int_equal(core_devcert_make(&spec, &made, &err), -1);
	spec.days = CORE_DEVCERT_DAYS_MAX + 1;
	assert_int_equal(core_devcert_make(&spec, &made, &err), -1);
	spec.days = 1;
	spec.common_name = "sixty-four bytes is the longest name that X.520 allows, this one is longer";
	assert_int_equal(core_devcert_make(&spec, &made, &err), -1);
	spec.common_name = "a\033[2J";
	assert_int_equal(core_devcert_make(&spec, &made, &err), -1);
	assert_int_not_equal(access(dir, F_OK), 0); /* nothing was left behind */
	assert_null(net_cert_alt_names_text(bad, 1, &err));
	assert_null(net_cert_alt_names_text(inject, 1, &err));
}

static void test_openssl_commands_make_the_same(void **state)
{
	static const char *const hosts[] = {"agent.example", "10.0.0.7"};
	PRISM_AUTO_FREE char *dir = prism_path_join(*state, "it's here");
	struct prism_error err = PRISM_ERROR_INIT;

	if (sh("openssl version", *state) != 0)
		skip();
	assert_int_equal(prism_file_mkdirs(dir, 0700, &err), 0);
	for (int role = 0; role <= NET_CERT_ROLE_CLIENT; role++) {
		PRISM_AUTO_BUF struct prism_buf text = PRISM_BUF_INIT(65536);
		struct core_devcert_spec spec = {
		    .role = (enum net_cert_role)role,
		    .dir = dir,
		    .organisation = "It's / Example",
		    .names = hosts,
		    .name_count = role == NET_CERT_ROLE_SERVER ? 2 : 0,
		    .days = 90,
		    .kind = NET_KEY_P256,
		    .now_us = now(),
		};
		assert_int_equal(core_devcert_openssl(&spec, &text, &err), 0);
		assert_int_equal(sh(prism_buf_text(&text), *state), 0);
	}
	check_directory(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_every_kind_of_key, tmpdir_setup, tmpdir_teardown),
	    cmocka_unit_test_setup_teardown(test_keys_are_private_and_files_are_kept, tmpdir_setup,
	                                    tmpdir_teardown),
	    cmocka_unit_test_setup_teardown(test_refusals, tmpdir_setup, tmpdir_teardown),
	    cmocka_unit_test_setup_teardown(test_openssl_commands_make_the_same, tmpdir_setup,
	                                    tmpdir_teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
