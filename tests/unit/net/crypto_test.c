/*
 * net/crypto.c, net/key.c, net/crypto_ossl.c: published digests, the agent's signature vectors,
 * every form of key file and the ones that must be refused.  Keys are made at run time; the one
 * fixed key is the published seed of RFC 8032 section 7.1, test 1.
 */
#include "base/file.h"
#include "base/text.h"
#include "net/crypto.h"
#include "net/crypto_ossl.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/x509.h>

static void check_digest(enum net_digest_kind kind, const char *text, const char *expected)
{
	uint8_t out[NET_DIGEST_MAX];
	char hex[2 * NET_DIGEST_MAX + 1];

	net_digest_bytes(kind, text, strlen(text), out);
	prism_hex_encode(out, net_digest_size(kind), hex);
	assert_string_equal(hex, expected);
}

static void test_digests(void **state)
{
	/* the agent interface, sections 2 and 4 */
	check_digest(NET_SHA3_256, "hello\n",
	             "b314e28493eae9dab57ac4f0c6d887bddbbeb810e900d818395ace558e96516d");
	check_digest(NET_SHA256, "hello\n",
	             "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03");
	check_digest(NET_SHA256, "algorithm-provider",
	             "c1301398d6196946ebf1f808ca9d8bb2d9e8f6c9ab35f5e9b2a644c255cd234c");
	check_digest(NET_SHA256, "data-provider",
	             "911e0ed44f3246fdfc5976c8d867bbfe8dfa27f283b595ecce7175e40f6281f5");
	check_digest(NET_SHA256, "consumer",
	             "6bfbd709d5fdc0618ab5ea71913d552464b1fad43b2fc34cf25e96f3d2a904dc");
	/* FIPS 180-4 and FIPS 202, empty message */
	check_digest(NET_SHA1, "", "da39a3ee5e6b4b0d3255bfef95601890afd80709");
	check_digest(
	    NET_SHA384, "",
	    "38b060a751ac96384cd9327eb1b1e36a21fdb71114be07434c0cc7bf63f6e1da274edebfe76f65fbd51ad2f148"
	    "98b95b");
	check_digest(
	    NET_SHA512, "",
	    "cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce47d0d13c5d85f2b0ff8318d287"
	    "7eec2f63b931bd47417a81a538327af927da3e");
	check_digest(NET_SHA3_256, "",
	             "a7ffc6f8bf1ed76651c14756a061d662f580ff4de43b49fa82d80a4b80f8434a");
	check_digest(
	    NET_SHA3_384, "",
	    "0c63a75b845e4f7d01107d852e4c2485c51a50aaaa94fc61995e71bbee983a2ac3713831264adb47fb6bd1e058"
	    "d5f004");
}

static void test_digest_in_pieces(void **state)
{
	struct net_digest *d = net_digest_create(NET_SHA3_256);
	uint8_t whole[NET_DIGEST_MAX], pieces[NET_DIGEST_MAX];

	net_digest_bytes(NET_SHA3_256, "hello\n", 6, whole);
	for (int i = 0; i < 6; i++)
		net_digest_update(d, "hello\n" + i, 1);
	assert_int_equal(net_digest_final(d, pieces), 32);
	assert_memory_equal(whole, pieces, 32);
	net_digest_destroy(d);
	net_digest_destroy(NULL);
}

struct seen {
	uint64_t done, total;
	unsigned calls;
};

static void note_progress(void *data, uint64_t done, uint64_t total)
{
	struct seen *seen = data;

	seen->done = done;
	seen->total = total;
	seen->calls++;
}

static void test_digest_file(void **state)
{
	char path[] = "/tmp/prism-crypto-test-XXXXXX";
	int fd = mkstemp(path);
	size_t size = (2u << 20) + 5;
	char *bytes = prism_alloc(size);
	uint8_t a[NET_DIGEST_MAX], b[NET_DIGEST_MAX];
	struct seen seen = {0};
	struct prism_error err = PRISM_ERROR_INIT;
	struct prism_cancel *cancel = prism_cancel_create(NULL);

	memset(bytes, 'x', size);
	assert_int_equal(write(fd, bytes, size), size);
	close(fd);
	net_digest_bytes(NET_SHA3_256, bytes, size, a);
	assert_int_equal(net_digest_file(NET_SHA3_256, path, cancel, note_progress, &seen, b, &err), 0);
	assert_memory_equal(a, b, 32);
	assert_int_equal(seen.done, size);
	assert_int_equal(seen.total, size);
	assert_int_equal(seen.calls, 3);
	prism_cancel_fire(cancel);
	assert_int_equal(net_digest_file(NET_SHA3_256, path, cancel, NULL, NULL, b, &err), -1);
	assert_int_equal(err.category, PRISM_ERROR_CANCELLED);
	prism_cancel_destroy(cancel);
	unlink(path);
	assert_int_equal(net_digest_file(NET_SHA3_256, path, NULL, NULL, NULL, b, &err), -1);
	assert_int_equal(net_digest_file(NET_SHA3_256, "/tmp", NULL, NULL, NULL, b, &err), -1);
	assert_int_equal(err.category, PRISM_ERROR_INVALID);
	prism_free(bytes);
}

static void test_uuid_and_random(void **state)
{
	char a[37], b[37];

	net_uuid4(a);
	net_uuid4(b);
	assert_int_equal(strlen(a), 36);
	assert_int_equal(strspn(a, "0123456789abcdef-"), 36);
	assert_int_equal(a[14], '4');
	assert_non_null(strchr("89ab", a[19]));
	assert_string_not_equal(a, b);
	assert_true(net_equal_const_time("ab", "ab", 2));
	assert_false(net_equal_const_time("ab", "ac", 2));
}

/* A PEM block with a label of our choice around the key's PKCS#8, or PKCS#1 or SEC 1. */
static char *pem_under(const char *label, const EVP_PKEY *pkey, bool pkcs8)
{
	unsigned char *der = NULL;
	PKCS8_PRIV_KEY_INFO *info = pkcs8 ? EVP_PKEY2PKCS8(pkey) : NULL;
	int len = pkcs8 ? i2d_PKCS8_PRIV_KEY_INFO(info, &der) : i2d_PrivateKey(pkey, &der);
	BIO *bio = BIO_new(BIO_s_mem());
	char *data, *copy;

	assert_true(len > 0);
	PEM_write_bio(bio, label, "", der, len);
	len = (int)BIO_get_mem_data(bio, &data);
	copy = prism_strndup(data, (size_t)len);
	BIO_free(bio);
	OPENSSL_free(der);
	PKCS8_PRIV_KEY_INFO_free(info);
	return copy;
}

static struct net_key *rfc8032_key(void)
{
	static const char seed_hex[] =
	    "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60";
	struct prism_error err = PRISM_ERROR_INIT;
	uint8_t seed[32];
	size_t len;
	EVP_PKEY *pkey;
	struct net_key *key;
	char *pem;

	assert_int_equal(prism_hex_decode(seed_hex, 64, seed, 32, &len, &err), 0);
	pkey = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed, len);
	pem = pem_under("PRIVATE KEY", pkey, true);
	key = net_key_read_private(pem, strlen(pem), NULL, &err);
	assert_non_null(key);
	free(pem);
	EVP_PKEY_free(pkey);
	return key;
}

static void check_signature(const struct net_key *key, const char *role, const char *expected)
{
	PRISM_AUTO_BUF struct prism_buf sig = PRISM_BUF_INIT(4096);
	PRISM_AUTO_FREE char *text = NULL;
	struct prism_error err = PRISM_ERROR_INIT;

	assert_int_equal(net_key_sign(key, role, strlen(role), &sig, &err), 0);
	text = prism_base64_encode(sig.data, sig.len);
	assert_string_equal(text, expected);
}

static void test_agent_signature_vectors(void **state)
{
	struct net_key *key = rfc8032_key();
	char *text = net_key_describe(key);

	assert_string_equal(text, "Ed25519");
	free(text);
	check_signature(
	    key, "algorithm-provider",
	    "m4Yownfl0lH+svSvgjNHIu8p+xLzYW6vmr3kmaop2p6OTZMJVy8/MSs7FAr1EeNg8ZIzTfouL6dMG/FFczwDDw==");
	check_signature(
	    key, "data-provider",
	    "tTDONOjLtQJGH+biPMi/e2rZUTC5RYy0jgzUWSYBNXJN/1S3fpR8GPahKAVUDEeEW5BMtfktPFGUv2xZagJzCw==");
	check_signature(
	    key, "consumer",
	    "brrEKqX0/0zX2NMlNkk5sKvxAmRiTH13BfQs6JQJ3BdqJoo+Xe7SKDp/zOeEIMuzAVmx8EtcuXsbNEExs3DEBQ==");
	net_key_destroy(key);
}

/* Signs, verifies with the public half, refuses a changed message and another key. */
static void round_trip(enum net_key_kind kind, const char *description, size_t sig_len)
{
	struct prism_error err = PRISM_ERROR_INIT;
	struct net_key *key = net_key_generate(kind, &err), *pub, *other;
	PRISM_AUTO_BUF struct prism_buf sig = PRISM_BUF_INIT(4096), pem = PRISM_BUF_INIT(16384);
	char a[64], b[64], *text;

	assert_non_null(key);
	assert_true(net_key_is_private(key));
	text = net_key_describe(key);
	assert_string_equal(text, description);
	free(text);
	assert_int_equal(net_key_sign(key, "consumer", 8, &sig, &err), 0);
	if (sig_len)
		assert_int_equal(sig.len, sig_len);
	assert_int_equal(net_key_public_pem(key, &pem, &err), 0);
	pub = net_key_read_public(pem.data, pem.len, &err);
	assert_non_null(pub);
	assert_false(net_key_is_private(pub));
	assert_int_equal(net_key_verify(pub, "consumer", 8, sig.data, sig.len, &err), 0);
	assert_int_equal(net_key_verify(pub, "Consumer", 8, sig.data, sig.len, &err), -1);
	assert_int_equal(err.category, PRISM_ERROR_TRUST);
	sig.data[sig.len / 2] ^= 1;
	assert_int_equal(net_key_verify(pub, "consumer", 8, sig.data, sig.len, &err), -1);
	assert_int_equal(net_key_sign(pub, "x", 1, &sig, &err), -1);
	assert_int_equal(net_key_fingerprint(key, a, &err), 0);
	assert_int_equal(net_key_fingerprint(pub, b, &err), 0);
	assert_string_equal(a, b);
	assert_int_equal(strncmp(a, "SHA256:", 7), 0);
	assert_int_equal(strlen(a), 7 + 43);
	other = net_key_generate(NET_KEY_ED25519, &err);
	assert_int_equal(net_key_verify(other, "consumer", 8, sig.data, sig.len, &err), -1);
	assert_int_equal(ERR_peek_error(), 0); /* the queue is left empty */
	net_key_destroy(other);
	net_key_destroy(pub);
	net_key_destroy(key);
}

static void test_key_kinds(void **state)
{
	round_trip(NET_KEY_P256, "ECDSA P-256", 0);
	round_trip(NET_KEY_P384, "ECDSA P-384", 0);
	round_trip(NET_KEY_P521, "ECDSA P-521", 0);
	round_trip(NET_KEY_ED25519, "Ed25519", 64);
}

static void test_kind_words(void **state)
{
	struct prism_error err = PRISM_ERROR_INIT;
	enum net_key_kind kind;

	for (int i = 0; i < NET_KEY_COUNT; i++) {
		assert_int_equal(net_key_kind_parse(net_key_kind_word((enum net_key_kind)i), &kind, &err),
		                 0);
		assert_int_equal(kind, i);
	}
	assert_int_equal(net_key_kind_parse("dsa", &kind, &err), -1);
	assert_int_equal(net_key_kind_parse(NULL, &kind, &err), -1);
}

static void check_label(const struct net_key *key, const struct prism_secret *pass,
                        const char *label)
{
	struct prism_buf pem = PRISM_BUF_INIT(16384);
	struct prism_error err = PRISM_ERROR_INIT;
	struct net_key *again;
	char a[64], b[64], line[80];

	assert_int_equal(net_key_private_pem(key, pass, &pem, &err), 0);
	(void)snprintf(line, sizeof(line), "-----BEGIN %s-----", label);
	assert_int_equal(strncmp(pem.data, line, strlen(line)), 0);
	again = net_key_read_private(pem.data, pem.len, pass, &err);
	assert_non_null(again);
	assert_int_equal(net_key_fingerprint(key, a, &err), 0);
	assert_int_equal(net_key_fingerprint(again, b, &err), 0);
	assert_string_equal(a, b);
	net_key_destroy(again);
	if (pass) {
		struct prism_secret *wrong = prism_secret_from_text("wrong");

		assert_null(net_key_read_private(pem.data, pem.len, NULL, &err));
		assert_int_equal(err.category, PRISM_ERROR_AUTH);
		assert_non_null(strstr(err.hint, "passphrase"));
		assert_null(net_key_read_private(pem.data, pem.len, wrong, &err));
		assert_int_equal(err.category, PRISM_ERROR_AUTH);
		prism_secret_destroy(wrong);
	}
	prism_buf_wipe(&pem);
}

static void test_private_pem_forms(void **state)
{
	struct prism_error err = PRISM_ERROR_INIT;
	struct prism_secret *pass = prism_secret_from_text("pass phrase");
	struct net_key *ec = net_key_generate(NET_KEY_P256, &err), *ed = rfc8032_key();

	check_label(ec, NULL, "EC PRIVATE KEY");
	check_label(ed, NULL, "PRIVATE KEY");
	check_label(ec, pass, "ENCRYPTED PRIVATE KEY");
	check_label(ed, pass, "ENCRYPTED PRIVATE KEY");
	net_key_destroy(ec);
	net_key_destroy(ed);
	prism_secret_destroy(pass);
}

static void expect_key(const char *pem, const char *description)
{
	struct prism_error err = PRISM_ERROR_INIT;
	struct net_key *key = net_key_read_private(pem, strlen(pem), NULL, &err);
	PRISM_AUTO_FREE char *text = NULL;

	assert_non_null(key);
	text = net_key_describe(key);
	assert_string_equal(text, description);
	net_key_destroy(key);
}

static void test_cocos_rsa_quirk_and_other_labels(void **state)
{
	EVP_PKEY *rsa = EVP_RSA_gen(2048), *ec = EVP_EC_gen("P-256");
	char *pkcs1_as_pkcs8 = pem_under("PRIVATE KEY", rsa, false);
	char *pkcs1 = pem_under("RSA PRIVATE KEY", rsa, false);
	char *pkcs8 = pem_under("PRIVATE KEY", rsa, true);
	char *sec1 = pem_under("EC PRIVATE KEY", ec, false);
	char *with_params = prism_asprintf("-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n"
	                                   "-----END EC PARAMETERS-----\n%s",
	                                   sec1);
	struct prism_error err = PRISM_ERROR_INIT;
	struct net_key *key;
	struct prism_buf sig = PRISM_BUF_INIT(4096);

	expect_key(pkcs1_as_pkcs8, "RSA 2048");
	expect_key(pkcs1, "RSA 2048");
	expect_key(pkcs8, "RSA 2048");
	expect_key(sec1, "ECDSA P-256");
	expect_key(with_params, "ECDSA P-256");
	key = net_key_read_private(pkcs1_as_pkcs8, strlen(pkcs1_as_pkcs8), NULL, &err);
	assert_int_equal(net_key_sign(key, "consumer", 8, &sig, &err), 0);
	assert_int_equal(sig.len, 256); /* PKCS#1 v1.5: modulus length */
	assert_int_equal(net_key_verify(key, "consumer", 8, sig.data, sig.len, &err), 0);
	prism_buf_finish(&sig);
	net_key_destroy(key);
	free(pkcs1_as_pkcs8);
	free(pkcs1);
	free(pkcs8);
	free(sec1);
	free(with_params);
	EVP_PKEY_free(rsa);
	EVP_PKEY_free(ec);
}

static void test_legacy_encrypted_pem(void **state)
{
	EVP_PKEY *ec = EVP_EC_gen("P-256");
	BIO *bio = BIO_new(BIO_s_mem());
	struct prism_secret *pass = prism_secret_from_text("old");
	struct prism_error err = PRISM_ERROR_INIT;
	struct net_key *key;
	char *data;
	long len;

	assert_int_equal(PEM_write_bio_PrivateKey_traditional(
	                     bio, ec, EVP_aes_128_cbc(), (const unsigned char *)"old", 3, NULL, NULL),
	                 1);
	len = BIO_get_mem_data(bio, &data);
	key = net_key_read_private(data, (size_t)len, pass, &err);
	assert_non_null(key);
	net_key_destroy(key);
	assert_null(net_key_read_private(data, (size_t)len, NULL, &err));
	assert_int_equal(err.category, PRISM_ERROR_AUTH);
	prism_secret_destroy(pass);
	BIO_free(bio);
	EVP_PKEY_free(ec);
}

static void test_private_refusals(void **state)
{
	static const struct {
		const char *pem, *message;
	} bad[] = {
	    {"", "no private key found"},
	    {"just words\n", "no private key found"},
	    {"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", "damaged"},
	    {"-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n",
	     "damaged"},
	    {"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n", "this is a public key"},
	    {"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "this is a certificate"},
	    {"-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n",
	     "OpenSSH"},
	};
	struct prism_error err = PRISM_ERROR_INIT;
	EVP_PKEY *x = EVP_PKEY_Q_keygen(NULL, NULL, "X25519");
	char *pem = pem_under("PRIVATE KEY", x, true), *huge;

	for (size_t i = 0; i < PRISM_COUNT(bad); i++) {
		prism_error_clear(&err);
		assert_null(net_key_read_private(bad[i].pem, strlen(bad[i].pem), NULL, &err));
		assert_int_equal(err.category, PRISM_ERROR_INVALID);
		assert_non_null(strstr(err.message, bad[i].message));
		assert_int_equal(ERR_peek_error(), 0);
	}
	assert_null(net_key_read_private(pem, strlen(pem), NULL, &err));
	assert_non_null(strstr(err.message, "not supported"));
	huge = prism_alloc(70000);
	assert_null(net_key_read_private(huge, 70000, NULL, &err));
	assert_int_equal(err.category, PRISM_ERROR_LIMIT);
	assert_null(net_key_read_private_file("/nonexistent.pem", NULL, &err));
	free(huge);
	free(pem);
	EVP_PKEY_free(x);
}

static void test_public_forms(void **state)
{
	struct prism_error err = PRISM_ERROR_INIT;
	struct net_key *key = rfc8032_key(), *pub;
	struct prism_buf pem = PRISM_BUF_INIT(4096), der = PRISM_BUF_INIT(4096),
	                 priv = PRISM_BUF_INIT(4096);
	char *der64, *pem64, *priv64;
	const char *forms[3], *secrets[2];

	assert_int_equal(net_key_public_pem(key, &pem, &err), 0);
	assert_int_equal(net_key_public_der(key, &der, &err), 0);
	assert_int_equal(net_key_private_pem(key, NULL, &priv, &err), 0);
	der64 = prism_base64_encode(der.data, der.len);
	pem64 = prism_base64_encode(pem.data, pem.len);
	priv64 = prism_base64_encode(priv.data, priv.len);
	forms[0] = pem.data;
	forms[1] = der64;
	forms[2] = pem64;
	for (int i = 0; i < 3; i++) {
		char a[64], b[64];

		pub = net_key_read_public(forms[i], strlen(forms[i]), &err);
		assert_non_null(pub);
		assert_int_equal(net_key_fingerprint(key, a, &err), 0);
		assert_int_equal(net_key_fingerprint(pub, b, &err), 0);
		assert_string_equal(a, b);
		net_key_destroy(pub);
	}
	secrets[0] = priv.data;
	secrets[1] = priv64;
	for (int i = 0; i < 2; i++) {
		assert_null(net_key_read_public(secrets[i], strlen(secrets[i]), &err));
		assert_int_equal(err.category, PRISM_ERROR_INVALID);
		assert_non_null(strstr(err.message, "PRIVATE"));
	}
	assert_null(net_key_read_public("bm9uc2Vuc2U=", 12, &err));
	assert_null(net_key_read_public("", 0, &err));
	assert_null(net_key_read_public("-----BEGIN X-----\nAAAA\n-----END X-----\n", 39, &err));
	free(der64);
	free(pem64);
	free(priv64);
	prism_buf_finish(&pem);
	prism_buf_finish(&der);
	prism_buf_wipe(&priv);
	net_key_destroy(key);
}

/* A file decides how much work opening it is, up to a point. */
static void a_key_cannot_ask_for_hours(void **state)
{
	static const struct {
		int rounds;
		enum prism_error_category want;
	} cases[] = {{2048, PRISM_ERROR_NONE}, {2000001, PRISM_ERROR_LIMIT}};
	struct prism_secret *word = prism_secret_from_text("sesame");

	(void)state;
	for (size_t i = 0; i < PRISM_COUNT(cases); i++) {
		EVP_PKEY *made = EVP_EC_gen("P-256");
		PKCS8_PRIV_KEY_INFO *info = EVP_PKEY2PKCS8(made);
		X509_SIG *sealed =
		    PKCS8_encrypt(-1, EVP_aes_256_cbc(), "sesame", 6, NULL, 0, cases[i].rounds, info);
		BIO *bio = BIO_new(BIO_s_mem());
		struct prism_error err = PRISM_ERROR_INIT;
		struct net_key *key;
		char *pem;
		long size;

		assert_int_equal(PEM_write_bio_PKCS8(bio, sealed), 1);
		size = BIO_get_mem_data(bio, &pem);
		key = net_key_read_private(pem, (size_t)size, word, &err);
		assert_int_equal(err.category, cases[i].want);
		assert_int_equal(key != NULL, cases[i].want == PRISM_ERROR_NONE);
		net_key_destroy(key);
		BIO_free(bio);
		X509_SIG_free(sealed);
		PKCS8_PRIV_KEY_INFO_free(info);
		EVP_PKEY_free(made);
	}
	prism_secret_destroy(word);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_key_cannot_ask_for_hours),
	    cmocka_unit_test(test_digests),
	    cmocka_unit_test(test_digest_in_pieces),
	    cmocka_unit_test(test_digest_file),
	    cmocka_unit_test(test_uuid_and_random),
	    cmocka_unit_test(test_agent_signature_vectors),
	    cmocka_unit_test(test_key_kinds),
	    cmocka_unit_test(test_kind_words),
	    cmocka_unit_test(test_private_pem_forms),
	    cmocka_unit_test(test_cocos_rsa_quirk_and_other_labels),
	    cmocka_unit_test(test_legacy_encrypted_pem),
	    cmocka_unit_test(test_private_refusals),
	    cmocka_unit_test(test_public_forms),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
