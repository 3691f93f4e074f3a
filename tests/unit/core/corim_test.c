/*
 * core/policy_corim.c: signed manifests (COSE_Sign1, ES256) under keys of the test's own, their
 * time limits, and what reference attestation.md 11 wants refused.
 *
 * Unsigned ones, the published fixtures and cuts are in tests/unit/core/policy_test.c.
 */
#include "base/clock.h"
#include "base/mem.h"
#include "core/policy.h"
#include "core/snp.h"

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static EVP_PKEY *key, *other;
static char *key_pem, *other_pem;
static uint8_t manifest[512];
static size_t manifest_size;

/* {1: -7, 3: "application/rim+cbor", 8: {0: {0: ""}}} */
static const uint8_t header[] = "\xa3\x01\x26\x03\x74"
                                "application/rim+cbor"
                                "\x08\x45\xa1\x00\xa1\x00\x60";
#define HEADER (sizeof(header) - 1)

static char *public_pem(EVP_PKEY *from)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *data;

	PEM_write_bio_PUBKEY(bio, from);
	long size = BIO_get_mem_data(bio, &data);
	char *pem = prism_strndup(data, (size_t)size);
	BIO_free(bio);
	return pem;
}

static int setup(void **state)
{
	PRISM_AUTO_BUF struct prism_buf out = PRISM_BUF_INIT(CORE_POLICY_MAX);
	uint8_t measurement[48];

	memset(measurement, 0x5a, sizeof(measurement));
	core_policy_make_corim(measurement, CORE_SNP_MILAN, &out);
	memcpy(manifest, out.data, out.len);
	manifest_size = out.len;
	key = EVP_EC_gen("P-256");
	other = EVP_EC_gen("P-256");
	key_pem = public_pem(key);
	other_pem = public_pem(other);
	return 0;
}

static int teardown(void **state)
{
	EVP_PKEY_free(key);
	EVP_PKEY_free(other);
	prism_free(key_pem);
	prism_free(other_pem);
	return 0;
}

static void put_bytes(struct prism_buf *out, const void *data, size_t size)
{
	const uint8_t head[] = {0x59, (uint8_t)(size >> 8), (uint8_t)size};

	prism_buf_put(out, head, sizeof(head));
	prism_buf_put(out, data, size);
}

static void sign(const struct prism_buf *text, uint8_t out[64])
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	uint8_t der[128];
	size_t size = sizeof(der);
	const uint8_t *at = der;
	const BIGNUM *r, *s;

	if (EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, key) != 1 ||
	    EVP_DigestSign(ctx, der, &size, (const uint8_t *)text->data, text->len) != 1)
		abort();
	ECDSA_SIG *pair = d2i_ECDSA_SIG(NULL, &at, (long)size);
	ECDSA_SIG_get0(pair, &r, &s);
	BN_bn2binpad(r, out, 32);
	BN_bn2binpad(s, out + 32, 32);
	ECDSA_SIG_free(pair);
	EVP_MD_CTX_free(ctx);
}

/* 18([protected, {}, payload, signature over ["Signature1", protected, h'', payload]]) */
static void make(const uint8_t *protected_header, size_t size, struct prism_buf *out)
{
	PRISM_AUTO_BUF struct prism_buf text = PRISM_BUF_INIT(4096);
	uint8_t signature[64];
	static const uint8_t start[] = "\x84\x6a"
	                               "Signature1";
	static const uint8_t empty[] = {0x40}, envelope[] = {0xd2, 0x84}, map[] = {0xa0};

	prism_buf_put(&text, start, sizeof(start) - 1);
	/* The structure has lengths in their shortest form, whatever the envelope does. */
	const uint8_t head[] = {0x58, (uint8_t)size};
	prism_buf_put(&text, head, size < 24 ? 0 : 2);
	if (size < 24)
		prism_buf_putc(&text, (char)(0x40 + size));
	prism_buf_put(&text, protected_header, size);
	prism_buf_put(&text, empty, 1);
	const uint8_t payload[] = {0x58, (uint8_t)manifest_size};
	assert_true(manifest_size < 256);
	prism_buf_put(&text, payload, 2);
	prism_buf_put(&text, manifest, manifest_size);
	sign(&text, signature);
	prism_buf_put(out, envelope, 2);
	put_bytes(out, protected_header, size);
	prism_buf_put(out, map, 1);
	put_bytes(out, manifest, manifest_size);
	const uint8_t last[] = {0x58, 64};
	prism_buf_put(out, last, 2);
	prism_buf_put(out, signature, 64);
}

static int verify(const struct prism_buf *bytes, const char *pem)
{
	struct core_policy *policy = core_policy_parse(bytes->data, bytes->len, NULL);
	int rc = policy ? core_policy_verify_signature(policy, pem, strlen(pem), NULL) : -2;

	if (rc == 0)
		assert_true(core_policy_corim(policy)->signature_checked);
	core_policy_destroy(policy);
	return rc;
}

static void test_signed(void **state)
{
	PRISM_AUTO_BUF struct prism_buf bytes = PRISM_BUF_INIT(4096);

	make(header, HEADER, &bytes);
	struct core_policy *policy = core_policy_parse(bytes.data, bytes.len, NULL);
	assert_non_null(policy);
	assert_true(core_policy_corim(policy)->is_signed);
	assert_false(core_policy_corim(policy)->signature_checked); /* nobody looked yet */
	assert_int_equal(core_policy_corim(policy)->digest_count, 1);
	core_policy_destroy(policy);
	assert_int_equal(verify(&bytes, key_pem), 0);
	assert_int_equal(verify(&bytes, other_pem), -1);
	assert_int_equal(verify(&bytes, "no key at all"), -1);
}

static void test_no_byte_may_change(void **state)
{
	PRISM_AUTO_BUF struct prism_buf bytes = PRISM_BUF_INIT(4096);

	make(header, HEADER, &bytes);
	for (size_t at = 0; at < bytes.len; at++) {
		bytes.data[at] ^= 1;
		if (verify(&bytes, key_pem) == 0)
			fail_msg("byte %zu of %zu was turned over", at, bytes.len);
		bytes.data[at] ^= 1;
	}
}

static void test_other_algorithms(void **state)
{
	static const uint8_t es384[] = {0xa1, 0x01, 0x38, 0x22}, none[] = {0xa0};
	PRISM_AUTO_BUF struct prism_buf bytes = PRISM_BUF_INIT(4096);

	make(es384, sizeof(es384), &bytes);
	assert_int_not_equal(verify(&bytes, key_pem), 0);
	prism_buf_clear(&bytes);
	make(none, sizeof(none), &bytes);
	assert_int_not_equal(verify(&bytes, key_pem), 0);
}

static void test_unsigned_with_a_key(void **state)
{
	PRISM_AUTO_BUF struct prism_buf bytes = PRISM_BUF_INIT(4096);

	prism_buf_put(&bytes, manifest, manifest_size);
	assert_int_equal(verify(&bytes, key_pem), -1);
}

/* {0: "x", 1: [], 4: {0: ..., 1: ...}} */
static void expect_limits(const char *validity, size_t size, int64_t from_us, int64_t until_us)
{
	static const uint8_t start[] = {0xa3, 0x00, 0x61, 'x', 0x01, 0x80, 0x04};
	PRISM_AUTO_BUF struct prism_buf bytes = PRISM_BUF_INIT(4096);
	struct prism_error err = PRISM_ERROR_INIT;

	prism_buf_put(&bytes, start, sizeof(start));
	prism_buf_put(&bytes, validity, size);
	struct core_policy *policy = core_policy_parse(bytes.data, bytes.len, &err);
	if (!policy)
		fail_msg("%s", err.message);
	assert_int_equal(core_policy_corim(policy)->not_before_us, from_us);
	assert_int_equal(core_policy_corim(policy)->not_after_us, until_us);
	core_policy_destroy(policy);
}

static void test_time_limits(void **state)
{
	static const char both[] = "\xa2\x00\xc1\x1a\x00\x00\x00\x05\x01\xc1\x1a\x00\x00\x00\x09";
	static const char untagged[] = "\xa1\x01\x07";
	static const char negative[] = "\xa2\x00\x20\x01\x38\x63"; /* -1 and -100 */
	static const char far_off[] = "\xa1\x00\x1b\x7f\xff\xff\xff\xff\xff\xff\xff";

	expect_limits(both, sizeof(both) - 1, 5000000, 9000000);
	expect_limits(untagged, sizeof(untagged) - 1, PRISM_TIME_UNSET, 7000000);
	expect_limits(negative, sizeof(negative) - 1, 0, 0); /* over since long, not without end */
	expect_limits(far_off, sizeof(far_off) - 1, INT64_MAX / 1000000 * 1000000, PRISM_TIME_UNSET);
}

/* The tag of a CoMID left out, or another one's: its values are not reference values. */
static void test_a_manifest_without_its_tag(void **state)
{
	uint8_t bytes[512];
	size_t at = 0;

	memcpy(bytes, manifest, manifest_size);
	while (at + 3 < manifest_size && memcmp(bytes + at, "\xd9\x01\xfa", 3) != 0)
		at++;
	assert_true(at + 3 < manifest_size);
	bytes[at + 2] = 0xf9; /* CoSWID */
	struct core_policy *policy = core_policy_parse(bytes, manifest_size, NULL);
	assert_true(!policy || core_policy_corim(policy)->digest_count == 0);
	core_policy_destroy(policy);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_signed),           cmocka_unit_test(test_no_byte_may_change),
	    cmocka_unit_test(test_other_algorithms), cmocka_unit_test(test_unsigned_with_a_key),
	    cmocka_unit_test(test_time_limits),      cmocka_unit_test(test_a_manifest_without_its_tag),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
