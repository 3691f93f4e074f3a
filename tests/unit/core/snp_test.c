/*
 * core/snp.c and core/snp_verify.c on reports that nobody has published: versions 2 to 5, Milan,
 * Genoa and Turin, VCEK and VLEK, with their certificates in the extended report's table.  Built
 * here from reference attestation.md 6.1 to 6.4 under the forge's root; and the negative tests of
 * section 11, each at its own rule.
 *
 * Real reports, flipped at every byte, are in tests/unit/core/evidence_test.c.
 */
#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "core/evidence.h"
#include "core/policy.h"
#include "core/trust.h"
#include "sandbox/forge_private.h"
#include "tests/lib/judged.h"

#include <openssl/ec.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define REPORT 1184u
#define AMD "1.3.6.1.4.1.3704.1."

enum variant {
	SOUND,
	MASKED_CHIP,
	R_ZERO,
	S_ZERO,
	R_TOO_LARGE, /* at least the order of the curve */
	PADDED,      /* a byte in the upper third of R's field */
	OTHER_KEY,
	OTHER_TCB, /* in the certificate */
	OTHER_HWID,
	MILAN_ORDER, /* a Turin report whose TCB is laid out as Milan's */
	NO_FMC,
	DOUBLED_EXTENSION,
	NO_EXTENSION,
	VLEK_WITH_HWID,
	VCEK_OF_A_PROVIDER, /* a VCEK that names a provider and no chip */
	UNSIGNED,           /* SIGNING_KEY 7 */
	RESERVED_KEY,       /* SIGNING_KEY 3 */
	OTHER_ALGORITHM,
	RESERVED_4C,
	RESERVED_18B,
	RESERVED_1EB,
	RESERVED_208,
	RESERVED_330, /* behind the signature, which does not cover it */
	RESERVED_POLICY,
	OTHER_LINE, /* the certificate is for another product line than the report's CPU */
	OTHER_ROOT, /* ASK and ARK with the right names, made by somebody else */
	OTHER_ASK,  /* the root is right, the ASK is not its child */
	EXPIRED,
	NEWER_THAN_CURRENT, /* the reported TCB is above the current one */
};

struct spec {
	unsigned version;
	uint8_t family, model; /* 0: none (version 2) */
	const char *product;   /* of the certificate */
	bool turin, vlek;
	enum variant variant;
};

static struct sb_forge *forge, *stranger;
static struct core_trust *trust;
static struct core_policy *policy;
static int64_t now_us;

static int setup(void **state)
{
	PRISM_AUTO_BUF struct prism_buf text = PRISM_BUF_INIT(4096);

	now_us = prism_clock_wall_us(prism_clock_system());
	forge = sb_forge_create(NULL);
	stranger = sb_forge_create(NULL);
	assert_non_null(forge);
	assert_non_null(stranger);
	trust = core_trust_create();
	assert_int_equal(core_trust_add_test_root(trust, CORE_PIN_ARK, CORE_SNP_UNKNOWN,
	                                          sb_forge_root_pem(forge),
	                                          strlen(sb_forge_root_pem(forge)), NULL),
	                 0);
	PRISM_AUTO_FREE char *measurement = prism_base64_encode(sb_forge_measurement(forge), 48);
	prism_buf_printf(&text,
	                 "{\"policy\":{\"policy\":\"196608\",\"measurement\":\"%s\",\"vmpl\":0},"
	                 "\"rootOfTrust\":{}}",
	                 measurement);
	policy = core_policy_parse(text.data, text.len, NULL);
	assert_non_null(policy);
	return 0;
}

static int teardown(void **state)
{
	core_policy_destroy(policy);
	core_trust_destroy(trust);
	sb_forge_destroy(forge);
	sb_forge_destroy(stranger);
	return 0;
}

/* ---- certificates --------------------------------------------------------------------------- */

static const uint8_t chip[64] = {0xc0, 0xff, 0xee, 1, 2, 3, 4, 5, 6, 7, 8, 9};

static void add(X509 *cert, const char *oid, const void *data, size_t size)
{
	ASN1_OBJECT *number = OBJ_txt2obj(oid, 1);
	ASN1_OCTET_STRING *octets = ASN1_OCTET_STRING_new();

	ASN1_OCTET_STRING_set(octets, data, (int)size);
	X509_EXTENSION *extension = X509_EXTENSION_create_by_OBJ(NULL, number, 0, octets);
	if (!extension || X509_add_ext(cert, extension, -1) != 1)
		abort();
	X509_EXTENSION_free(extension);
	ASN1_OCTET_STRING_free(octets);
	ASN1_OBJECT_free(number);
}

static void add_number(X509 *cert, const char *oid, unsigned value)
{
	const uint8_t small[] = {2, 1, (uint8_t)value}, large[] = {2, 2, 0, (uint8_t)value};

	add(cert, oid, value < 0x80 ? small : large, value < 0x80 ? 3 : 4);
}

static void add_tcb(X509 *cert, const struct spec *s)
{
	add_number(cert, AMD "3.1", 4);
	if (s->variant != NO_EXTENSION)
		add_number(cert, AMD "3.2", 1);
	add_number(cert, AMD "3.3", s->variant == OTHER_TCB ? 23 : 24);
	add_number(cert, AMD "3.8", 219);
	if (s->turin && s->variant != NO_FMC)
		add_number(cert, AMD "3.9", 7);
	if (!s->turin)
		add_number(cert, AMD "3.4", 0);
	if (s->variant == DOUBLED_EXTENSION)
		add_number(cert, AMD "3.3", 24);
}

static void add_owner(X509 *cert, const struct spec *s)
{
	static const uint8_t provider[] = {0x16, 5, 'c', 'l', 'o', 'u', 'd'};
	uint8_t hwid[64];

	memcpy(hwid, chip, sizeof(hwid));
	hwid[7] ^= s->variant == OTHER_HWID;
	if (s->vlek || s->variant == VCEK_OF_A_PROVIDER)
		add(cert, AMD "5", provider, sizeof(provider));
	if (!(s->vlek || s->variant == VCEK_OF_A_PROVIDER) || s->variant == VLEK_WITH_HWID)
		add(cert, AMD "4", hwid, s->turin ? 8 : 64);
}

static void sign_pss(X509 *cert, EVP_PKEY *key)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	EVP_PKEY_CTX *pctx = NULL;

	if (EVP_DigestSignInit(ctx, &pctx, EVP_sha384(), NULL, key) != 1 ||
	    EVP_PKEY_CTX_set_rsa_padding(pctx, RSA_PKCS1_PSS_PADDING) != 1 ||
	    EVP_PKEY_CTX_set_rsa_pss_saltlen(pctx, RSA_PSS_SALTLEN_DIGEST) != 1 ||
	    X509_sign_ctx(cert, ctx) <= 0)
		abort();
	EVP_MD_CTX_free(ctx);
}

static X509 *leaf(const struct spec *s, const struct sb_forge *issuer)
{
	X509 *cert = X509_new();
	X509_NAME *name = X509_get_subject_name(cert);
	uint8_t product[34] = {0x16, (uint8_t)strlen(s->product)};
	long until = s->variant == EXPIRED ? -3600 : 86400;

	memcpy(product + 2, s->product, strlen(s->product));
	X509_set_version(cert, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(cert), 0);
	X509_gmtime_adj(X509_getm_notBefore(cert), -86400);
	X509_gmtime_adj(X509_getm_notAfter(cert), until);
	X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
	                           (const uint8_t *)(s->vlek ? "SEV-VLEK" : "SEV-VCEK"), -1, -1, 0);
	X509_set_issuer_name(cert, X509_get_subject_name(issuer->ask));
	X509_set_pubkey(cert, forge->vcek_key);
	add_number(cert, AMD "1", s->turin ? 1 : 0);
	add(cert, AMD "2", product, 2 + strlen(s->product));
	add_tcb(cert, s);
	add_owner(cert, s);
	sign_pss(cert, issuer->ask_key);
	return cert;
}

/* ---- the report and its table --------------------------------------------------------------- */

static void put_le(uint8_t *out, uint64_t value, unsigned bytes)
{
	for (unsigned i = 0; i < bytes; i++)
		out[i] = (uint8_t)(value >> (8 * i));
}

static void put_tcb(uint8_t *out, const struct spec *s, uint8_t snp)
{
	memset(out, 0, 8);
	out[7] = 219;
	if (s->turin && s->variant != MILAN_ORDER) {
		out[0] = 7; /* FMC */
		out[1] = 4;
		out[2] = 1;
		out[3] = snp;
	} else {
		out[0] = 4;
		out[1] = 1;
		out[6] = snp;
	}
}

static void spoil(uint8_t *r, enum variant variant)
{
	static const struct {
		enum variant variant;
		unsigned at;
	} reserved[] = {{RESERVED_4C, 0x4C},   {RESERVED_18B, 0x18B}, {RESERVED_1EB, 0x1EB},
	                {RESERVED_208, 0x208}, {RESERVED_330, 0x330}, {RESERVED_POLICY, 0x00C}};

	for (size_t i = 0; i < PRISM_COUNT(reserved); i++)
		if (reserved[i].variant == variant)
			r[reserved[i].at] |= 0x40;
	if (variant == UNSIGNED)
		r[0x48] = 7 << 2;
	if (variant == RESERVED_KEY)
		r[0x48] = 3 << 2;
	if (variant == OTHER_ALGORITHM)
		r[0x34] = 2;
	if (variant == MASKED_CHIP)
		memset(r + 0x1A0, 0, 64);
}

static void fill(const struct spec *s, uint8_t *r)
{
	memset(r, 0, REPORT);
	put_le(r, s->version, 4);
	put_le(r + 0x008, 0x30000, 8);
	r[0x034] = 1;
	put_tcb(r + 0x038, s, s->variant == NEWER_THAN_CURRENT ? 23 : 24);
	r[0x048] = s->vlek ? 1 << 2 : 0;
	r[0x050] = 0x5a; /* report data */
	memcpy(r + 0x090, sb_forge_measurement(forge), 48);
	memset(r + 0x160, 0xff, 32);
	put_tcb(r + 0x180, s, 24);
	if (s->version >= 3) {
		r[0x188] = s->family;
		r[0x189] = s->model;
	}
	memcpy(r + 0x1A0, chip, s->turin ? 8 : 64);
	put_tcb(r + 0x1E0, s, s->variant == NEWER_THAN_CURRENT ? 23 : 24);
	r[0x1E8] = r[0x1EC] = 29;
	r[0x1E9] = r[0x1ED] = 55;
	r[0x1EA] = r[0x1EE] = 1;
	put_tcb(r + 0x1F0, s, 24);
	if (s->version >= 5)
		put_le(r + 0x1F8, 3, 8); /* mitigations at launch, and now */
	if (s->version >= 5)
		put_le(r + 0x200, 7, 8);
	spoil(r, s->variant);
}

static void sign(const struct spec *s, uint8_t *r)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	uint8_t der[160];
	size_t size = sizeof(der);
	const uint8_t *at = der;
	const BIGNUM *first, *second;

	if (EVP_DigestSignInit(ctx, NULL, EVP_sha384(), NULL,
	                       s->variant == OTHER_KEY ? forge->other_key : forge->vcek_key) != 1 ||
	    EVP_DigestSign(ctx, der, &size, r, 0x2A0) != 1)
		abort();
	ECDSA_SIG *pair = d2i_ECDSA_SIG(NULL, &at, (long)size);
	ECDSA_SIG_get0(pair, &first, &second);
	BN_bn2lebinpad(first, r + 0x2A0, 72);
	BN_bn2lebinpad(second, r + 0x2E8, 72);
	ECDSA_SIG_free(pair);
	EVP_MD_CTX_free(ctx);
	if (s->variant == R_ZERO)
		memset(r + 0x2A0, 0, 72);
	if (s->variant == S_ZERO)
		memset(r + 0x2E8, 0, 72);
	if (s->variant == R_TOO_LARGE)
		memset(r + 0x2A0, 0xff, 48);
	if (s->variant == PADDED)
		r[0x2A0 + 60] = 1;
}

struct entry {
	const char *guid;
	X509 *cert;
};

/* 24 bytes each: GUID, offset, size; ended by zeros; the certificates behind. */
static void put_table(struct prism_buf *out, const struct entry *entries, size_t count)
{
	PRISM_AUTO_BUF struct prism_buf bodies = PRISM_BUF_INIT(1u << 16);
	size_t start = (count + 1) * 24;
	static const uint8_t zeros[24];

	for (size_t i = 0; i < count; i++) {
		uint8_t row[24], *der = NULL;
		size_t guid_size;
		int size = i2d_X509(entries[i].cert, &der);

		assert_int_equal(prism_hex_decode(entries[i].guid, 32, row, 16, &guid_size, NULL), 0);
		put_le(row + 16, start + bodies.len, 4);
		put_le(row + 20, (uint64_t)size, 4);
		prism_buf_put(out, row, sizeof(row));
		prism_buf_put(&bodies, der, (size_t)size);
		OPENSSL_free(der);
	}
	prism_buf_put(out, zeros, sizeof(zeros));
	prism_buf_put(out, bodies.data, bodies.len);
}

static void make(const struct spec *s, struct prism_buf *out)
{
	const struct sb_forge *chain = s->variant == OTHER_ROOT ? stranger : forge;
	X509 *cert = leaf(s, chain);
	uint8_t report[REPORT];
	const struct entry entries[] = {
	    {s->vlek ? "a8074bc2a25a483eaae639c045a0b8a1" : "63da758de6644564adc5f4b93be8accd", cert},
	    {"4ab7b379bbac4fe4a02f05aef327c782", s->variant == OTHER_ASK ? stranger->ask : chain->ask},
	    {"c0b406a4a803495297433fb6014cd0ae", chain->ark},
	};

	fill(s, report);
	sign(s, report);
	prism_buf_put(out, report, sizeof(report));
	put_table(out, entries, PRISM_COUNT(entries));
	X509_free(cert);
}

/* ---- judging -------------------------------------------------------------------------------- */

/* NULL: it cannot even be read. */
static struct core_verdict *judge(const struct spec *s)
{
	PRISM_AUTO_BUF struct prism_buf bytes = PRISM_BUF_INIT(1u << 17);
	uint8_t report_data[64] = {0x5a};
	const struct core_evidence_expectation expect = {.report_data = report_data, .at_us = now_us};

	make(s, &bytes);
	return judged(bytes.data, bytes.len, policy, trust, &expect);
}

static void expect_rule(const struct spec *s, enum core_rule rule)
{
	struct core_verdict *verdict = judge(s);

	judged_first(verdict, rule, "version %u, %s, variant %d", s->version, s->product,
	             (int)s->variant);
	core_verdict_destroy(verdict);
}

static void expect_attested(const struct spec *s)
{
	struct core_verdict *verdict = judge(s);

	judged_attested(verdict, "version %u, %s, variant %d", s->version, s->product, (int)s->variant);
	assert_non_null(core_verdict_not_tee(verdict));
	core_verdict_destroy(verdict);
}

static const struct spec milan = {
    .version = 3, .family = 0x19, .model = 0x01, .product = "Milan-B0"};
static const struct spec turin = {
    .version = 5, .family = 0x1a, .model = 0x02, .product = "Turin", .turin = true};
static const struct spec vlek = {
    .version = 3, .family = 0x19, .model = 0x01, .product = "Milan", .vlek = true};

static void test_every_version_line_and_key(void **state)
{
	static const struct spec rows[] = {
	    {2, 0, 0, "Milan-B0", false, false, SOUND},
	    {2, 0, 0, "Milan-B1", false, false, SOUND},
	    {2, 0, 0, "Genoa-B2", false, false, SOUND},
	    {2, 0, 0, "Turin", true, false, SOUND}, /* the line is told by the certificate */
	    {3, 0x19, 0x00, "Milan-B0", false, false, SOUND},
	    {3, 0x19, 0x0f, "Milan-B1", false, false, SOUND},
	    {3, 0x19, 0x11, "Genoa-B1", false, false, SOUND},
	    {3, 0x19, 0xa0, "Genoa-B0", false, false, SOUND}, /* Bergamo */
	    {4, 0x19, 0x11, "Genoa-B1", false, false, SOUND},
	    {5, 0x19, 0x01, "Milan-B0", false, false, SOUND},
	    {5, 0x1a, 0x02, "Turin", true, false, SOUND},
	    {5, 0x1a, 0x11, "Turin-C1", true, false, SOUND},
	    {3, 0x19, 0x01, "Milan", false, true, SOUND}, /* VLEK: no stepping */
	    {5, 0x1a, 0x02, "Turin", true, true, SOUND},
	    {3, 0x19, 0x01, "Milan-B0", false, false, MASKED_CHIP},
	    {5, 0x1a, 0x02, "Turin", true, false, MASKED_CHIP},
	};

	for (size_t i = 0; i < PRISM_COUNT(rows); i++)
		expect_attested(&rows[i]);
}

static void test_refusals_each_at_its_own_rule(void **state)
{
	static const struct {
		const struct spec *base;
		enum variant variant;
		enum core_rule rule;
	} rows[] = {
	    {&milan, R_ZERO, CORE_RULE_REPORT_SIGNED},
	    {&milan, S_ZERO, CORE_RULE_REPORT_SIGNED},
	    {&milan, R_TOO_LARGE, CORE_RULE_REPORT_SIGNED},
	    {&milan, PADDED, CORE_RULE_REPORT_SIGNED},
	    {&milan, OTHER_KEY, CORE_RULE_REPORT_SIGNED},
	    {&milan, UNSIGNED, CORE_RULE_REPORT_SIGNED},
	    {&milan, RESERVED_KEY, CORE_RULE_REPORT_SIGNED},
	    {&milan, OTHER_ALGORITHM, CORE_RULE_REPORT_SIGNED},
	    {&milan, OTHER_TCB, CORE_RULE_CHAIN_TCB},
	    {&turin, OTHER_TCB, CORE_RULE_CHAIN_TCB},
	    {&turin, MILAN_ORDER, CORE_RULE_CHAIN_TCB},
	    {&turin, NO_FMC, CORE_RULE_CHAIN_TCB},
	    {&milan, DOUBLED_EXTENSION, CORE_RULE_CHAIN_TCB},
	    {&milan, NO_EXTENSION, CORE_RULE_CHAIN_TCB},
	    {&milan, NEWER_THAN_CURRENT, CORE_RULE_CHAIN_TCB},
	    {&milan, OTHER_HWID, CORE_RULE_CHAIN_CHIP},
	    {&turin, OTHER_HWID, CORE_RULE_CHAIN_CHIP},
	    {&milan, VCEK_OF_A_PROVIDER, CORE_RULE_CHAIN_CHIP},
	    {&vlek, VLEK_WITH_HWID, CORE_RULE_CHAIN_CHIP},
	    {&milan, EXPIRED, CORE_RULE_CHAIN_SIGNED},
	    {&milan, OTHER_ASK, CORE_RULE_CHAIN_SIGNED},
	    {&milan, OTHER_ROOT, CORE_RULE_CHAIN_SIGNED}, /* the pinned root did not make it */
	    {&milan, RESERVED_POLICY, CORE_RULE_GUEST_POLICY},
	};

	for (size_t i = 0; i < PRISM_COUNT(rows); i++) {
		struct spec s = *rows[i].base;

		s.variant = rows[i].variant;
		expect_rule(&s, rows[i].rule);
	}
}

static void test_product_lines_must_agree(void **state)
{
	struct spec s = milan;

	s.product = "Genoa-B0";
	expect_rule(&s, CORE_RULE_CHAIN_PRODUCT);
	s.product = "Naples";
	expect_rule(&s, CORE_RULE_CHAIN_PRODUCT);
}

static void test_versions_that_do_not_exist(void **state)
{
	static const unsigned versions[] = {0, 1, 6, 255};

	for (size_t i = 0; i < PRISM_COUNT(versions); i++) {
		struct spec s = milan;

		s.version = versions[i];
		assert_null(judge(&s));
	}
}

/* Such a report is not even read: it is of a form that nobody here knows. */
static void test_reserved_bytes(void **state)
{
	static const enum variant variants[] = {RESERVED_4C, RESERVED_18B, RESERVED_1EB, RESERVED_208,
	                                        RESERVED_330};

	for (size_t i = 0; i < PRISM_COUNT(variants); i++) {
		struct spec s = milan;

		s.variant = variants[i];
		assert_null(judge(&s));
		s = turin;
		s.variant = variants[i];
		assert_null(judge(&s));
	}
}

/* Mitigation vectors are part of version 5 alone; before, those bytes are reserved. */
static void test_mitigation_vectors(void **state)
{
	struct prism_error err = PRISM_ERROR_INIT;
	struct core_snp_report read;
	uint8_t report[REPORT];

	fill(&turin, report);
	assert_int_equal(core_snp_report_parse(report, REPORT, &read, NULL), 0);
	assert_int_equal(read.launch_mitigation, 3);
	assert_int_equal(read.current_mitigation, 7);
	fill(&milan, report);
	assert_int_equal(core_snp_report_parse(report, REPORT, &read, NULL), 0);
	report[0x1F8] = 1;
	assert_int_equal(core_snp_report_parse(report, REPORT, &read, &err), -1);
	assert_non_null(strstr(err.message, "0x1f8"));
}

/* The table of certificates, cut and damaged: refused or ignored, never read past its end. */
static void test_damaged_tables(void **state)
{
	PRISM_AUTO_BUF struct prism_buf bytes = PRISM_BUF_INIT(1u << 17);
	struct spec s = milan;

	make(&s, &bytes);
	for (size_t size = REPORT - 1; size < bytes.len; size += size < REPORT + 120 ? 1 : 97) {
		PRISM_AUTO_FREE uint8_t *part = prism_memdup(bytes.data, size);

		core_evidence_destroy(core_evidence_parse(part, size, NULL));
	}
	for (size_t at = REPORT; at < REPORT + 4 * 24; at++) {
		PRISM_AUTO_FREE uint8_t *copy = prism_memdup(bytes.data, bytes.len);

		copy[at] ^= 0xff;
		core_evidence_destroy(core_evidence_parse(copy, bytes.len, NULL));
	}
	assert_null(core_evidence_parse(bytes.data, REPORT - 1, NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_every_version_line_and_key),
	    cmocka_unit_test(test_refusals_each_at_its_own_rule),
	    cmocka_unit_test(test_product_lines_must_agree),
	    cmocka_unit_test(test_versions_that_do_not_exist),
	    cmocka_unit_test(test_reserved_bytes),
	    cmocka_unit_test(test_mitigation_vectors),
	    cmocka_unit_test(test_damaged_tables),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
