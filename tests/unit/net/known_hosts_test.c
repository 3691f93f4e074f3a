/*
 * known_hosts: names plain, hashed, with ports and patterns; what each answer means; appending.
 */
#include "net/known_hosts.h"

#include "base/file.h"
#include "base/mem.h"
#include "base/text.h"
#include "tests/lib/tmpdir.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

/* Keys as SSH writes them: a type, and bytes that tell them apart. */
#define ED "\0\0\0\013ssh-ed25519\0\0\0\004"
#define KEY(last) ED "key" last, sizeof(ED "key" last) - 1
#define RSA "\0\0\0\007ssh-rsa\0\0\0\0041234"

static char *base64(const void *blob, size_t len)
{
	return prism_base64_encode(blob, len);
}

static struct net_known_hosts *load(const char *dir, const char *text)
{
	PRISM_AUTO_FREE char *path = prism_path_join(dir, "known_hosts");
	PRISM_AUTO_FREE char *none = prism_path_join(dir, "none");
	const char *paths[] = {none, path};
	struct prism_error err = PRISM_ERROR_INIT;
	struct net_known_hosts *known;

	assert_int_equal(prism_file_write(path, text, strlen(text), 0600, &err), 0);
	known = net_known_hosts_load(paths, 2, &err);
	assert_non_null(known);
	return known;
}

static enum net_known check(const char *dir, const char *text, const char *host, uint16_t port,
                            struct net_known_result *result)
{
	struct net_known_hosts *known = load(dir, text);

	net_known_hosts_check(known, host, port, KEY("1"), result);
	net_known_hosts_destroy(known);
	return result->verdict;
}

static void verdicts(void **state)
{
	PRISM_AUTO_FREE char *one = base64(KEY("1"));
	PRISM_AUTO_FREE char *two = base64(KEY("2"));
	PRISM_AUTO_FREE char *rsa = base64(RSA, sizeof(RSA) - 1);
	const struct {
		const char *names, *type, *key;
		const char *host;
		uint16_t port;
		enum net_known verdict;
	} rows[] = {
	    {"host", "ssh-ed25519", one, "host", 22, NET_KNOWN_MATCH},
	    {"host", "ssh-ed25519", one, "HOST", 22, NET_KNOWN_MATCH},
	    {"host", "ssh-ed25519", two, "host", 22, NET_KNOWN_CHANGED},
	    {"host", "ssh-rsa", rsa, "host", 22, NET_KNOWN_OTHER_TYPE},
	    {"host", "ssh-ed25519", one, "other", 22, NET_KNOWN_UNKNOWN},
	    {"host", "ssh-ed25519", one, "host", 2222, NET_KNOWN_UNKNOWN},
	    {"[host]:2222", "ssh-ed25519", one, "host", 2222, NET_KNOWN_MATCH},
	    {"[host]:2222", "ssh-ed25519", one, "host", 22, NET_KNOWN_UNKNOWN},
	    {"a,host,b", "ssh-ed25519", one, "host", 22, NET_KNOWN_MATCH},
	    {"*.org,!bad.org", "ssh-ed25519", one, "good.org", 22, NET_KNOWN_MATCH},
	    {"*.org,!bad.org", "ssh-ed25519", one, "bad.org", 22, NET_KNOWN_UNKNOWN},
	    {"@revoked *", "ssh-ed25519", one, "host", 22, NET_KNOWN_REVOKED},
	    {"@revoked *", "ssh-ed25519", two, "host", 22, NET_KNOWN_UNKNOWN},
	    {"@cert-authority *", "ssh-ed25519", one, "host", 22, NET_KNOWN_UNKNOWN},
	    {"@something *", "ssh-ed25519", one, "host", 22, NET_KNOWN_UNKNOWN},
	    {"#host", "ssh-ed25519", one, "host", 22, NET_KNOWN_UNKNOWN},
	};

	for (size_t i = 0; i < PRISM_COUNT(rows); i++) {
		PRISM_AUTO_FREE char *text =
		    prism_asprintf("\n%s %s %s comment\n", rows[i].names, rows[i].type, rows[i].key);
		struct net_known_result result;

		if (check(*state, text, rows[i].host, rows[i].port, &result) != rows[i].verdict)
			fail_msg("%s for %s:%u: %d", rows[i].names, rows[i].host, rows[i].port,
			         (int)result.verdict);
		if (result.verdict != NET_KNOWN_UNKNOWN)
			assert_non_null(strstr(result.where, "known_hosts:2"));
	}
}

/* The right key beside a wrong one is known; a revocation outweighs it. */
static void several_lines(void **state)
{
	PRISM_AUTO_FREE char *one = base64(KEY("1"));
	PRISM_AUTO_FREE char *two = base64(KEY("2"));
	struct net_known_result result;
	PRISM_AUTO_FREE char *both =
	    prism_asprintf("host ssh-ed25519 %s\nhost ssh-ed25519 %s", two, one);
	PRISM_AUTO_FREE char *revoked =
	    prism_asprintf("host ssh-ed25519 %s\n@revoked host ssh-ed25519 %s\n", one, one);
	PRISM_AUTO_FREE char *authority = prism_asprintf("@cert-authority *.org ssh-ed25519 %s\n", one);

	assert_int_equal(check(*state, both, "host", 22, &result), NET_KNOWN_MATCH);
	assert_int_equal(check(*state, revoked, "host", 22, &result), NET_KNOWN_REVOKED);
	assert_int_equal(check(*state, authority, "x.org", 22, &result), NET_KNOWN_UNKNOWN);
	assert_non_null(strstr(result.authority, "known_hosts:1"));
	assert_int_equal(check(*state, authority, "x.com", 22, &result), NET_KNOWN_UNKNOWN);
	assert_string_equal(result.authority, "");
}

static void hashed(void **state)
{
	PRISM_AUTO_FREE char *one = base64(KEY("1"));
	PRISM_AUTO_FREE char *path = prism_path_join(*state, "hashed");
	const char *paths[] = {path};
	struct prism_error err = PRISM_ERROR_INIT;
	struct net_known_hosts *known;
	struct net_known_result result;
	struct prism_buf text = PRISM_BUF_INIT(4096);

	assert_int_equal(net_known_hosts_add(path, "Bastion.example.org", 2222, KEY("1"), true, &err),
	                 0);
	assert_int_equal(prism_file_read(path, 4096, &text, &err), 0);
	assert_non_null(strstr(text.data, "|1|"));
	assert_null(strstr(text.data, "astion"));
	prism_buf_finish(&text);
	known = net_known_hosts_load(paths, 1, &err);
	net_known_hosts_check(known, "bastion.example.org", 2222, KEY("1"), &result);
	assert_int_equal(result.verdict, NET_KNOWN_MATCH);
	net_known_hosts_check(known, "bastion.example.org", 22, KEY("1"), &result);
	assert_int_equal(result.verdict, NET_KNOWN_UNKNOWN);
	assert_true(net_known_hosts_has(known, "bastion.example.org", 2222, "ssh-ed25519"));
	assert_false(net_known_hosts_has(known, "bastion.example.org", 2222, "ssh-rsa"));
	net_known_hosts_destroy(known);
}

static void adding(void **state)
{
	PRISM_AUTO_FREE char *dir = prism_path_join(*state, "new");
	PRISM_AUTO_FREE char *path = prism_path_join(dir, "known_hosts");
	PRISM_AUTO_FREE char *one = base64(KEY("1"));
	struct prism_error err = PRISM_ERROR_INIT;
	struct prism_buf text = PRISM_BUF_INIT(4096);
	struct stat st;

	assert_int_equal(net_known_hosts_add(path, "a", 22, KEY("1"), false, &err), 0);
	assert_int_equal(stat(dir, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0700);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	/* a last line without its end is not glued to the next one */
	assert_int_equal(prism_file_write(path, "# no end", 8, 0600, &err), 0);
	assert_int_equal(net_known_hosts_add(path, "b", 22, KEY("1"), false, &err), 0);
	assert_int_equal(prism_file_read(path, 4096, &text, &err), 0);
	PRISM_AUTO_FREE char *want = prism_asprintf("# no end\nb ssh-ed25519 %s\n", one);
	assert_string_equal(text.data, want);
	prism_buf_finish(&text);
	/* a name is no way to write other lines */
	assert_int_equal(net_known_hosts_add(path, "b\nc", 22, KEY("1"), false, &err), -1);
	assert_int_equal(net_known_hosts_add(path, "*", 22, KEY("1"), false, &err), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(verdicts, tmpdir_setup, tmpdir_teardown),
	    cmocka_unit_test_setup_teardown(several_lines, tmpdir_setup, tmpdir_teardown),
	    cmocka_unit_test_setup_teardown(hashed, tmpdir_setup, tmpdir_teardown),
	    cmocka_unit_test_setup_teardown(adding, tmpdir_setup, tmpdir_teardown),
	};

	return cmocka_run_group_tests_name("known_hosts", tests, NULL, NULL);
}
