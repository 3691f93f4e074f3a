/*
 * core/tdx.c on quotes of versions 4 and 5 in all three body forms, built here from reference
 * attestation.md 8.1 under a hierarchy of the test's own; and the negative tests of section 11.
 *
 * The real quote, flipped and cut at every byte, is in tests/unit/core/evidence_test.c.
 */
#include "core/tdx.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "core/evidence.h"
#include "core/policy.h"
#include "core/trust.h"
#include "tests/lib/judged.h"
#include "tests/lib/testca.h"

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum variant {
	SOUND,
	BAD_SIGNATURE,
	OTHER_QUOTE_KEY,
	BAD_QE_SIGNATURE,
	OTHER_QE_DATA, /* the QE report covers another attestation key */
	CHANGED_AUTH,  /* auth data that the QE report does not cover */
	QE_DATA_TAIL,  /* the second half of the QE's report data is not zero */
	OTHER_SIGNER,  /* MRSIGNER of another enclave */
	OTHER_PRODUCT, /* ISVPRODID of another enclave */
	DEBUG_QE,
	DEBUG_TD,
	ODD_ATTRIBUTES,
	ODD_XFAM,
	NO_XFAM,
	OTHER_MRTD,
	LATE_REPORT_DATA, /* one bit in the last 32 bytes */
	OTHER_CHAIN,      /* made by somebody else */
	ROOT_MISSING,
	EXPIRED_LEAF,
	TYPE_5_OUTSIDE, /* certification type 5 where 6 belongs */
	TYPE_6_INSIDE,
	OTHER_KEY_TYPE,
	OTHER_TEE,
	VERSION_3,
	BODY_TYPE_1,
	BODY_SIZE, /* version 5: the size of the other type */
};

struct spec {
	unsigned version, body_type; /* version 5: 2 or 3 */
	enum variant variant;
};

static struct testca root, platform, leaf, old_leaf, stranger_root, stranger_platform,
    stranger_leaf;
static EVP_PKEY *quote_key, *other_key;
static struct core_trust *trust;
static struct core_policy *policy;
static int64_t now_us;
static uint8_t mr_td[48], report_data[64];

static int setup(void **state)
{
	static const struct testca_spec ca = {.name = "Intel SGX Root CA", .ca = true};
	static const struct testca_spec middle = {.name = "Intel SGX PCK Platform CA", .ca = true};
	static const struct testca_spec end = {.name = "Intel SGX PCK Certificate"};
	static const struct testca_spec old = {
	    .name = "Intel SGX PCK Certificate", .from = -7200, .until = -3600};
	char json[256];

	now_us = prism_clock_wall_us(prism_clock_system());
	root = testca_make(&ca, NULL);
	platform = testca_make(&middle, &root);
	leaf = testca_make(&end, &platform);
	old_leaf = testca_make(&old, &platform);
	stranger_root = testca_make(&ca, NULL);
	stranger_platform = testca_make(&middle, &stranger_root);
	stranger_leaf = testca_make(&end, &stranger_platform);
	quote_key = EVP_EC_gen("P-256");
	other_key = EVP_EC_gen("P-256");
	memset(mr_td, 0x4d, sizeof(mr_td));
	memset(report_data, 0x5a, sizeof(report_data));
	trust = core_trust_create();
	assert_int_equal(core_trust_add_test_root(trust, CORE_PIN_INTEL, CORE_SNP_UNKNOWN,
	                                          root.cert_pem, strlen(root.cert_pem), NULL),
	                 0);
	PRISM_AUTO_FREE char *text = prism_base64_encode(mr_td, 48);
	int size = snprintf(json, sizeof(json),
	                    "{\"policy\":{\"tdQuoteBodyPolicy\":{\"mrTd\":\"%s\"}},"
	                    "\"rootOfTrust\":{}}",
	                    text);
	policy = core_policy_parse(json, (size_t)size, NULL);
	assert_non_null(policy);
	return 0;
}

static int teardown(void **state)
{
	struct testca *const made[] = {&root,          &platform,          &leaf,         &old_leaf,
	                               &stranger_root, &stranger_platform, &stranger_leaf};

	for (size_t i = 0; i < PRISM_COUNT(made); i++)
		testca_finish(made[i]);
	EVP_PKEY_free(quote_key);
	EVP_PKEY_free(other_key);
	core_policy_destroy(policy);
	core_trust_destroy(trust);
	return 0;
}

/* ---- building ------------------------------------------------------------------------------- */

static void put_le(struct prism_buf *out, uint64_t value, unsigned bytes)
{
	for (unsigned i = 0; i < bytes; i++)
		prism_buf_putc(out, (char)(value >> (8 * i)));
}

/* R and S, big-endian, 32 bytes each. */
static void sign(EVP_PKEY *key, const void *data, size_t size, uint8_t out[64])
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	uint8_t der[128];
	size_t der_size = sizeof(der);
	const uint8_t *at = der;
	const BIGNUM *r, *s;

	if (EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, key) != 1 ||
	    EVP_DigestSign(ctx, der, &der_size, data, size) != 1)
		abort();
	ECDSA_SIG *pair = d2i_ECDSA_SIG(NULL, &at, (long)der_size);
	ECDSA_SIG_get0(pair, &r, &s);
	BN_bn2binpad(r, out, 32);
	BN_bn2binpad(s, out + 32, 32);
	ECDSA_SIG_free(pair);
	EVP_MD_CTX_free(ctx);
}

static EVP_PKEY *key_of(const struct testca *made)
{
	BIO *bio = BIO_new_mem_buf(made->key_pem, -1);
	EVP_PKEY *key = PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL);

	BIO_free(bio);
	return key;
}

static void public_point(EVP_PKEY *key, uint8_t out[64])
{
	uint8_t *encoded = NULL;
	size_t size = EVP_PKEY_get1_encoded_public_key(key, &encoded);

	assert_int_equal(size, 65);
	memcpy(out, encoded + 1, 64);
	OPENSSL_free(encoded);
}

static void put_header(const struct spec *s, struct prism_buf *out)
{
	uint8_t rest[36] = {0};

	put_le(out, s->variant == VERSION_3 ? 3 : s->version, 2);
	put_le(out, s->variant == OTHER_KEY_TYPE ? 3 : 2, 2);
	put_le(out, s->variant == OTHER_TEE ? 0 : 0x81, 4);
	put_le(out, 0, 4); /* PCE and QE SVN */
	prism_buf_put(out, rest, sizeof(rest));
	if (s->version == 5) {
		put_le(out, s->variant == BODY_TYPE_1 ? 1 : s->body_type, 2);
		put_le(out, (s->body_type == 3) != (s->variant == BODY_SIZE) ? 648 : 584, 4);
	}
}

static void put_body(const struct spec *s, struct prism_buf *out)
{
	uint8_t body[648] = {0};

	body[0x78] = s->variant == DEBUG_TD;
	body[0x7b] = s->variant == ODD_ATTRIBUTES ? 0x02 : 0x10; /* bit 28 is a known one */
	body[0x80] = s->variant == NO_XFAM ? 0x04 : 0x07;
	body[0x87] = s->variant == ODD_XFAM ? 0x80 : 0;
	memcpy(body + 0x88, mr_td, 48);
	body[0x88 + 47] ^= s->variant == OTHER_MRTD;
	memcpy(body + 0x208, report_data, 64);
	body[0x208 + 63] ^= s->variant == LATE_REPORT_DATA;
	prism_buf_put(out, body, s->version == 5 && s->body_type == 3 ? 648 : 584);
}

static void make_qe_report(const struct spec *s, const uint8_t point[64], const char *auth,
                           uint8_t report[384])
{
	static const char signer[] =
	    "dc9e2a7c6f948f17474e34a7fc43ed030f7c1563f1babddf6340c82e0e54a8c5"; /* reference 8.2 */
	uint8_t covered[128];
	size_t size;

	memset(report, 0, 384);
	report[0x30] = s->variant == DEBUG_QE ? 0x07 : 0x05;
	assert_int_equal(prism_hex_decode(signer, 64, report + 0x80, 32, &size, NULL), 0);
	report[0x80] ^= s->variant == OTHER_SIGNER;
	report[0x100] = s->variant == OTHER_PRODUCT ? 1 : 2;
	memcpy(covered, point, 64);
	memcpy(covered + 64, auth, strlen(auth));
	EVP_Q_digest(NULL, "SHA256", NULL, covered, 64 + strlen(auth), report + 0x140, NULL);
	report[0x140] ^= s->variant == OTHER_QE_DATA;
	report[0x140 + 63] = s->variant == QE_DATA_TAIL;
}

static void put_chain(const struct spec *s, struct prism_buf *out)
{
	bool strange = s->variant == OTHER_CHAIN;
	const struct testca *end = strange                      ? &stranger_leaf
	                           : s->variant == EXPIRED_LEAF ? &old_leaf
	                                                        : &leaf;

	prism_buf_puts(out, end->cert_pem);
	prism_buf_puts(out, (strange ? &stranger_platform : &platform)->cert_pem);
	if (s->variant != ROOT_MISSING)
		prism_buf_puts(out, (strange ? &stranger_root : &root)->cert_pem);
	prism_buf_putc(out, '\0'); /* as the real ones end */
}

static void put_signature_data(const struct spec *s, const struct prism_buf *quote,
                               struct prism_buf *out)
{
	const char *auth = "auth data";
	PRISM_AUTO_BUF struct prism_buf certification = PRISM_BUF_INIT(1u << 16);
	PRISM_AUTO_BUF struct prism_buf chain = PRISM_BUF_INIT(1u << 16);
	uint8_t signature[64], point[64], report[384];
	EVP_PKEY *pck = key_of(s->variant == OTHER_CHAIN    ? &stranger_leaf
	                       : s->variant == EXPIRED_LEAF ? &old_leaf
	                                                    : &leaf);

	sign(s->variant == OTHER_QUOTE_KEY ? other_key : quote_key, quote->data, quote->len, signature);
	signature[63] ^= s->variant == BAD_SIGNATURE;
	prism_buf_put(out, signature, 64);
	public_point(quote_key, point);
	prism_buf_put(out, point, 64);
	make_qe_report(s, point, auth, report);
	sign(pck, report, sizeof(report), signature);
	signature[0] ^= s->variant == BAD_QE_SIGNATURE;
	EVP_PKEY_free(pck);
	prism_buf_put(&certification, report, sizeof(report));
	prism_buf_put(&certification, signature, 64);
	put_le(&certification, strlen(auth), 2);
	prism_buf_puts(&certification, s->variant == CHANGED_AUTH ? "auth dat4" : auth);
	put_chain(s, &chain);
	put_le(&certification, s->variant == TYPE_6_INSIDE ? 6 : 5, 2);
	put_le(&certification, chain.len, 4);
	prism_buf_put(&certification, chain.data, chain.len);
	put_le(out, s->variant == TYPE_5_OUTSIDE ? 5 : 6, 2);
	put_le(out, certification.len, 4);
	prism_buf_put(out, certification.data, certification.len);
}

static void make(const struct spec *s, struct prism_buf *out)
{
	PRISM_AUTO_BUF struct prism_buf data = PRISM_BUF_INIT(1u << 17);

	put_header(s, out);
	put_body(s, out);
	put_signature_data(s, out, &data);
	put_le(out, data.len, 4);
	prism_buf_put(out, data.data, data.len);
	prism_buf_puts(out, "padding behind the quote"); /* must be ignored */
}

/* ---- judging -------------------------------------------------------------------------------- */

/* NULL: it cannot be read. */
static struct core_verdict *judge(const struct spec *s)
{
	PRISM_AUTO_BUF struct prism_buf bytes = PRISM_BUF_INIT(1u << 18);
	const struct core_evidence_expectation expect = {.report_data = report_data, .at_us = now_us};

	make(s, &bytes);
	return judged(bytes.data, bytes.len, policy, trust, &expect);
}

static void test_both_versions_and_bodies(void **state)
{
	static const struct spec rows[] = {{4, 0, SOUND}, {5, 2, SOUND}, {5, 3, SOUND}};

	for (size_t i = 0; i < PRISM_COUNT(rows); i++) {
		struct core_verdict *verdict = judge(&rows[i]);

		judged_attested(verdict, "version %u, body %u", rows[i].version, rows[i].body_type);
		assert_non_null(core_verdict_not_tee(verdict));
		core_verdict_destroy(verdict);
	}
}

static void test_refusals_each_at_its_own_rule(void **state)
{
	static const struct {
		enum variant variant;
		enum core_rule rule;
	} rows[] = {
	    {BAD_SIGNATURE, CORE_RULE_REPORT_SIGNED},  {OTHER_QUOTE_KEY, CORE_RULE_REPORT_SIGNED},
	    {BAD_QE_SIGNATURE, CORE_RULE_REPORT_QE},   {OTHER_QE_DATA, CORE_RULE_REPORT_QE},
	    {CHANGED_AUTH, CORE_RULE_REPORT_QE},       {QE_DATA_TAIL, CORE_RULE_REPORT_QE},
	    {OTHER_SIGNER, CORE_RULE_REPORT_QE},       {OTHER_PRODUCT, CORE_RULE_REPORT_QE},
	    {DEBUG_QE, CORE_RULE_REPORT_QE},           {DEBUG_TD, CORE_RULE_GUEST_DEBUG},
	    {ODD_ATTRIBUTES, CORE_RULE_TD_ATTRIBUTES}, {ODD_XFAM, CORE_RULE_TD_ATTRIBUTES},
	    {NO_XFAM, CORE_RULE_TD_ATTRIBUTES},        {OTHER_MRTD, CORE_RULE_MEASURED},
	    {LATE_REPORT_DATA, CORE_RULE_FRESH},       {OTHER_CHAIN, CORE_RULE_CHAIN_ROOT},
	    {EXPIRED_LEAF, CORE_RULE_CHAIN_SIGNED},
	};
	static const struct spec forms[] = {{4, 0, SOUND}, {5, 3, SOUND}};

	for (size_t i = 0; i < PRISM_COUNT(rows) * PRISM_COUNT(forms); i++) {
		struct spec s = forms[i % 2];

		s.variant = rows[i / 2].variant;
		struct core_verdict *verdict = judge(&s);
		judged_first(verdict, rows[i / 2].rule, "version %u, variant %d", s.version,
		             (int)s.variant);
		judged_fails(verdict, rows[i / 2].rule, "version %u, variant %d", s.version,
		             (int)s.variant);
		core_verdict_destroy(verdict);
	}
}

static void test_forms_that_are_not_read(void **state)
{
	static const struct spec rows[] = {
	    {4, 0, TYPE_5_OUTSIDE}, {4, 0, TYPE_6_INSIDE}, {4, 0, OTHER_KEY_TYPE}, {4, 0, OTHER_TEE},
	    {4, 0, VERSION_3},      {5, 2, BODY_TYPE_1},   {5, 2, BODY_SIZE},      {5, 3, BODY_SIZE},
	};

	for (size_t i = 0; i < PRISM_COUNT(rows); i++)
		if (judge(&rows[i]))
			fail_msg("variant %d was read", (int)rows[i].variant);
}

static void test_a_chain_without_its_root(void **state)
{
	const struct spec s = {4, 0, ROOT_MISSING};
	struct core_verdict *verdict = judge(&s);

	assert_true(!verdict || core_verdict_state(verdict) != CORE_VERDICT_ATTESTED);
	core_verdict_destroy(verdict);
}

static void test_cut_anywhere(void **state)
{
	static const struct spec s = {5, 3, SOUND};
	PRISM_AUTO_BUF struct prism_buf bytes = PRISM_BUF_INIT(1u << 18);

	make(&s, &bytes);
	bytes.len -= strlen("padding behind the quote");
	for (size_t size = 0; size < bytes.len; size += size < 0x300 ? 1 : 37) {
		PRISM_AUTO_FREE uint8_t *part = prism_memdup(bytes.data, size + 1);
		struct core_tdx_quote quote;

		if (core_tdx_parse(part, size, &quote, NULL) == 0)
			fail_msg("cut to %zu of %zu bytes and read", size, bytes.len);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_both_versions_and_bodies),
	    cmocka_unit_test(test_refusals_each_at_its_own_rule),
	    cmocka_unit_test(test_forms_that_are_not_read),
	    cmocka_unit_test(test_a_chain_without_its_root),
	    cmocka_unit_test(test_cut_anywhere),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
