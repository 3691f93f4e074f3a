/*
 * SSH private keys: what ssh-keygen writes is read, with and without passphrase, and signs so that
 * the public half agrees; damage is refused at every byte.  Skipped without ssh-keygen.
 */
#include "net/ssh_key.h"

#include "base/file.h"
#include "net/ssh_bcrypt.h"
#include "net/ssh_wire.h"
#include "tests/lib/tmpdir.h"

#include <setjmp.h>
#include <spawn.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/wait.h>

#include <cmocka.h>

extern char **environ;

static bool run(const char *const *argv)
{
	pid_t pid;
	int status = -1;

	if (posix_spawnp(&pid, argv[0], NULL, NULL, (char *const *)(uintptr_t)argv, environ) != 0)
		return false;
	(void)waitpid(pid, &status, 0);
	return status == 0;
}

static void make(const char *dir, const char *type, const char *bits, const char *passphrase,
                 const char *format, struct prism_buf *text)
{
	PRISM_AUTO_FREE char *path = prism_asprintf("%s/%s%s%s", dir, type, bits, passphrase);
	PRISM_AUTO_FREE char *public = prism_asprintf("%s.pub", path);
	struct prism_error err = PRISM_ERROR_INIT;

	if (!run((const char *[]){"ssh-keygen", "-q", "-t", type, "-b", bits, "-N", passphrase, "-a",
	                          "4", "-m", format, "-f", path, NULL})) {
		print_message("no ssh-keygen here\n");
		skip();
	}
	assert_int_equal(prism_file_read(path, NET_SSH_KEY_FILE_MAX, text, &err), 0);
}

static void opens(const struct prism_buf *text, const char *passphrase, const char *type)
{
	struct prism_secret *secret = *passphrase ? prism_secret_from_text(passphrase) : NULL;
	struct prism_error err = PRISM_ERROR_INIT;
	struct net_ssh_key_info info;
	struct net_ssh_key *key = net_ssh_key_open(text->data, text->len, secret, &err);
	struct prism_buf signature = PRISM_BUF_INIT(4096);

	if (!key)
		fail_msg("%s: %s", type, err.message);
	PRISM_AUTO_FREE char *is =
	    net_ssh_blob_type(net_ssh_key_blob(key)->data, net_ssh_key_blob(key)->len);
	assert_string_equal(is, type);
	assert_int_equal(net_ssh_key_inspect(text->data, text->len, &info, &err), 0);
	assert_int_equal(info.encrypted, *passphrase != 0);
	if (info.blob.len) {
		assert_int_equal(info.blob.len, net_ssh_key_blob(key)->len);
		assert_memory_equal(info.blob.data, net_ssh_key_blob(key)->data, info.blob.len);
	}
	net_ssh_key_info_finish(&info);
	assert_int_equal(net_ssh_key_sign(key, "data", 4, &signature, &err), 0);
	assert_true(signature.len >= 64);
	prism_buf_finish(&signature);
	net_ssh_key_destroy(key);
	prism_secret_destroy(secret);
}

static void kinds(void **state)
{
	static const struct {
		const char *type, *bits, *name;
	} rows[] = {{"ed25519", "256", "ssh-ed25519"},
	            {"ecdsa", "256", "ecdsa-sha2-nistp256"},
	            {"ecdsa", "384", "ecdsa-sha2-nistp384"},
	            {"ecdsa", "521", "ecdsa-sha2-nistp521"},
	            {"rsa", "2048", "ssh-rsa"}};

	for (size_t i = 0; i < PRISM_COUNT(rows); i++) {
		struct prism_buf plain = PRISM_BUF_INIT(1), locked = PRISM_BUF_INIT(1);

		make(*state, rows[i].type, rows[i].bits, "", "RFC4716", &plain);
		opens(&plain, "", rows[i].name);
		make(*state, rows[i].type, rows[i].bits, "secret words", "RFC4716", &locked);
		opens(&locked, "secret words", rows[i].name);
		prism_buf_finish(&plain);
		prism_buf_finish(&locked);
	}
}

static void pem(void **state)
{
	struct prism_buf text = PRISM_BUF_INIT(1);

	make(*state, "rsa", "2048", "", "PEM", &text);
	opens(&text, "", "ssh-rsa");
	prism_buf_finish(&text);
	make(*state, "ecdsa", "384", "", "PKCS8", &text);
	opens(&text, "", "ecdsa-sha2-nistp384");
	prism_buf_finish(&text);
}

static void wrong_passphrase(void **state)
{
	struct prism_buf text = PRISM_BUF_INIT(1);
	struct prism_secret *wrong = prism_secret_from_text("wrong");
	struct prism_error err = PRISM_ERROR_INIT;

	make(*state, "ed25519", "256", "right", "RFC4716", &text);
	assert_null(net_ssh_key_open(text.data, text.len, wrong, &err));
	assert_int_equal(err.category, PRISM_ERROR_AUTH);
	assert_non_null(strstr(err.message, "wrong"));
	assert_null(net_ssh_key_open(text.data, text.len, NULL, &err));
	assert_int_equal(err.category, PRISM_ERROR_AUTH);
	assert_non_null(strstr(err.message, "needs its passphrase"));
	prism_secret_destroy(wrong);
	prism_buf_finish(&text);
}

static void cut_at_every_byte(void **state)
{
	struct prism_buf text = PRISM_BUF_INIT(1);

	make(*state, "ed25519", "256", "", "RFC4716", &text);
	for (size_t len = 0; len + 2 < text.len; len++) {
		struct prism_error err = PRISM_ERROR_INIT;
		PRISM_AUTO_FREE char *copy = prism_memdup(text.data, len + 1); /* exactly so many bytes */

		assert_null(net_ssh_key_open(copy, len, NULL, &err));
		assert_int_not_equal(err.category, PRISM_ERROR_NONE);
	}
	prism_buf_finish(&text);
}

static void fingerprint(void **state)
{
	char text[NET_SSH_FINGERPRINT];

	PRISM_UNUSED(state);
	/* SHA-256 of nothing, as FIPS 180-4's examples have it */
	assert_string_equal(net_ssh_blob_fingerprint("", 0, text),
	                    "SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU");
}

static void derivation_has_limits(void **state)
{
	uint8_t out[48], salt[16] = {0};
	struct prism_error err = PRISM_ERROR_INIT;

	PRISM_UNUSED(state);
	assert_int_equal(net_ssh_bcrypt_pbkdf("p", 1, salt, 16, 1, out, sizeof(out), &err), 0);
	assert_int_equal(net_ssh_bcrypt_pbkdf("p", 1, salt, 16, 0, out, sizeof(out), &err), -1);
	assert_int_equal(net_ssh_bcrypt_pbkdf("p", 1, salt, 16, 100000, out, sizeof(out), &err), -1);
	assert_int_equal(net_ssh_bcrypt_pbkdf("p", 1, salt, 0, 1, out, sizeof(out), &err), -1);
	assert_int_equal(net_ssh_bcrypt_pbkdf("", 0, salt, 16, 1, out, sizeof(out), &err), -1);
}

/* RFC 4251 section 5's own examples of mpint. */
static void wire(void **state)
{
	struct prism_buf out = PRISM_BUF_INIT(100);
	const uint8_t big[] = {0x09, 0xa3, 0x78, 0xf9, 0xb2, 0xe3, 0x32, 0xa7}, high[] = {0x80};
	struct net_ssh_reader r;

	PRISM_UNUSED(state);
	net_ssh_put_mpint(&out, (const uint8_t *)"", 0);
	net_ssh_put_mpint(&out, big, sizeof(big));
	net_ssh_put_mpint(&out, high, 1);
	assert_memory_equal(out.data,
	                    "\0\0\0\0\0\0\0\010\x09\xa3\x78\xf9\xb2\xe3\x32\xa7\0\0\0\2\0\x80", 22);
	r = net_ssh_reader(out.data, out.len);
	assert_int_equal(net_ssh_read_string(&r).len, 0);
	assert_int_equal(net_ssh_read_string(&r).len, 8);
	assert_int_equal(net_ssh_read_string(&r).len, 2);
	assert_false(r.bad);
	assert_int_equal(net_ssh_read_u32(&r), 0);
	assert_true(r.bad);
	prism_buf_finish(&out);
}

#define ONE(name) cmocka_unit_test_setup_teardown(name, tmpdir_setup, tmpdir_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    ONE(kinds),
	    ONE(pem),
	    ONE(wrong_passphrase),
	    ONE(cut_at_every_byte),
	    cmocka_unit_test(fingerprint),
	    cmocka_unit_test(derivation_has_limits),
	    cmocka_unit_test(wire),
	};

	return cmocka_run_group_tests_name("ssh_key", tests, NULL, NULL);
}
