/*
 * core/tpm.c and core/tpm_log.c on containers of the forge that are taken apart, changed and signed
 * again: the negative tests of reference attestation.md 11 for quotes, PCRs and event logs, each at
 * its own rule.
 */
#include "base/clock.h"
#include "base/mem.h"
#include "core/evidence.h"
#include "core/policy.h"
#include "core/trust.h"
#include "sandbox/forge_private.h"
#include "tests/lib/judged.h"

#include "evidence.pb-c.h"

#include <openssl/rsa.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* Offsets in a quote of the forge (reference 7.2). */
enum {
	MAGIC = 0,
	TYPE = 4,
	EXTRA = 42, /* its size; then 32 bytes */
	BANK = 105,
	BITMAP = 108,
	DIGEST = 113,
};

enum variant {
	SOUND,
	OTHER_MAGIC,
	OTHER_TYPE,
	NONCE_31,
	NONCE_33,
	OTHER_NONCE,
	OTHER_SIGNER,
	SHA1_SIGNATURE,
	FEWER_SELECTED, /* one PCR less than delivered */
	OTHER_DIGEST,
	OTHER_BANK, /* selection and delivered values disagree */
	TRAILING_BYTE,
	PCR_MISSING, /* one delivered value less than selected */
	PCR_CHANGED, /* value and digest agree, the policy does not */
	BANK_NOT_QUOTED,
	NO_QUOTE,
	AK_DECRYPTS,
	LOG_COUNT, /* 2^32-1 digests in an event */
	LOG_OTHER, /* replays to something else */
	LOG_EMPTY,
};

static struct sb_forge *forge;
static struct core_trust *trust;
static struct core_policy *policy;
static EVP_PKEY *other_key;
static int64_t now_us;
static const uint8_t report_data[64] = {1, 2, 3}, nonce[32] = {4, 5, 6};

static int setup(void **state)
{
	PRISM_AUTO_BUF struct prism_buf text = PRISM_BUF_INIT(1u << 16);
	const char *root;

	now_us = prism_clock_wall_us(prism_clock_system());
	forge = sb_forge_create(NULL);
	assert_non_null(forge);
	other_key = EVP_RSA_gen(2048);
	root = sb_forge_root_pem(forge);
	trust = core_trust_create();
	assert_int_equal(
	    core_trust_add_test_root(trust, CORE_PIN_ARK, CORE_SNP_UNKNOWN, root, strlen(root), NULL),
	    0);
	sb_forge_policy(forge, &text);
	policy = core_policy_parse(text.data, text.len, NULL);
	assert_non_null(policy);
	return 0;
}

static int teardown(void **state)
{
	EVP_PKEY_free(other_key);
	core_policy_destroy(policy);
	core_trust_destroy(trust);
	sb_forge_destroy(forge);
	return 0;
}

/* ---- changing a container ------------------------------------------------------------------- */

/* TPMT_SIGNATURE: RSASSA, hash, size, PKCS#1 v1.5. */
static void sign(Evidence__Quote *quote, enum variant variant)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	bool sha1 = variant == SHA1_SIGNATURE;
	size_t size = 256;
	uint8_t *out = prism_alloc(6 + 256);

	out[1] = 0x14;
	out[3] = sha1 ? 0x04 : 0x0b;
	out[4] = 1; /* 256 bytes */
	if (EVP_DigestSignInit(ctx, NULL, sha1 ? EVP_sha1() : EVP_sha256(), NULL,
	                       variant == OTHER_SIGNER ? other_key : forge->ak_key) != 1 ||
	    EVP_DigestSign(ctx, out + 6, &size, quote->quote.data, quote->quote.len) != 1)
		abort();
	EVP_MD_CTX_free(ctx);
	free(quote->raw_sig.data);
	quote->raw_sig.data = memcpy(malloc(6 + size), out, 6 + size);
	quote->raw_sig.len = 6 + size;
	prism_free(out);
}

static void resize(ProtobufCBinaryData *data, size_t at, int by)
{
	uint8_t *made = calloc(1, data->len + 1);
	size_t size = (size_t)((ptrdiff_t)data->len + by);

	memcpy(made, data->data, at);
	if (by > 0)
		memcpy(made + at + 1, data->data + at, data->len - at);
	else
		memcpy(made + at, data->data + at + 1, data->len - at - 1);
	free(data->data);
	data->data = made;
	data->len = size;
}

/* Behind a changed PCR: the digest over the delivered values, as the TPM would make it. */
static void digest_again(Evidence__Quote *quote)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();

	EVP_DigestInit_ex(ctx, EVP_sha256(), NULL);
	for (size_t i = 0; i < quote->pcrs->n_entries; i++)
		EVP_DigestUpdate(ctx, quote->pcrs->entries[i]->digest.data,
		                 quote->pcrs->entries[i]->digest.len);
	EVP_DigestFinal_ex(ctx, quote->quote.data + DIGEST, NULL);
	EVP_MD_CTX_free(ctx);
}

static void change_quote(Evidence__Quote *quote, enum variant variant)
{
	uint8_t *q = quote->quote.data;

	switch (variant) {
	case OTHER_MAGIC:
		q[MAGIC] ^= 1;
		break;
	case OTHER_TYPE:
		q[TYPE + 1] = 0x17; /* a certification, not a quote */
		break;
	case NONCE_31:
		q[EXTRA + 1] = 31;
		resize(&quote->quote, EXTRA + 2 + 31, -1);
		break;
	case NONCE_33:
		q[EXTRA + 1] = 33;
		resize(&quote->quote, EXTRA + 2 + 32, 1);
		break;
	case OTHER_NONCE:
		q[EXTRA + 2 + 31] ^= 1;
		break;
	case FEWER_SELECTED:
		q[BITMAP + 2] = 0x7f;
		break;
	case OTHER_DIGEST:
		q[DIGEST] ^= 1;
		break;
	case OTHER_BANK:
		q[BANK + 1] = q[BANK + 1] == 0x0b ? 0x0c : 0x0b;
		break;
	case TRAILING_BYTE:
		resize(&quote->quote, quote->quote.len, 1);
		break;
	case PCR_MISSING:
		evidence__pcr_entry__free_unpacked(quote->pcrs->entries[--quote->pcrs->n_entries], NULL);
		break;
	case PCR_CHANGED:
		quote->pcrs->entries[0]->digest.data[0] ^= 1;
		digest_again(quote);
		break;
	default:
		return;
	}
}

/* The first event behind the header: PCR, type, then the count of digests. */
static void change_log(ProtobufCBinaryData *log, enum variant variant)
{
	size_t header = 8 + 20 + 4; /* of the first event, in the old form */
	size_t size = (size_t)log->data[28] | (size_t)log->data[29] << 8;

	if (variant == LOG_COUNT)
		memset(log->data + header + size + 8, 0xff, 4);
	if (variant == LOG_OTHER)
		log->data[header + size + 8 + 4 + 2] ^= 1; /* in the first digest */
	if (variant == LOG_EMPTY)
		log->len = 0;
}

static void change(Evidence__TpmAttestation *whole, enum variant variant)
{
	for (size_t i = 0; i < whole->n_quotes; i++)
		change_quote(whole->quotes[i], variant);
	for (size_t i = 0; i < whole->n_quotes; i++)
		sign(whole->quotes[i], variant);
	if (variant == BANK_NOT_QUOTED || variant == NO_QUOTE) {
		size_t left = variant == NO_QUOTE ? 0 : 1;
		while (whole->n_quotes > left)
			evidence__quote__free_unpacked(whole->quotes[--whole->n_quotes], NULL);
	}
	if (variant == AK_DECRYPTS)
		whole->ak_pub.data[5] |= 2; /* decrypt, beside sign and restricted */
	change_log(&whole->event_log, variant);
}

static Evidence__TpmAttestation *container(void)
{
	PRISM_AUTO_BUF struct prism_buf bytes = PRISM_BUF_INIT(1u << 20);

	assert_int_equal(sb_forge_evidence(forge, SB_FORGE_SNP_VTPM, report_data, nonce, SB_FORGE_SOUND,
	                                   &bytes, NULL),
	                 0);
	Evidence__TpmAttestation *whole =
	    evidence__tpm_attestation__unpack(NULL, bytes.len, (const uint8_t *)bytes.data);
	assert_non_null(whole);
	return whole;
}

/* NULL: it cannot be read. Frees the container. */
static struct core_verdict *judge(Evidence__TpmAttestation *whole)
{
	const struct core_evidence_expectation expect = {report_data, nonce, now_us, false,
	                                                 CORE_SNP_UNKNOWN};
	size_t size = evidence__tpm_attestation__get_packed_size(whole);
	PRISM_AUTO_FREE uint8_t *packed = prism_alloc(size + 1);

	evidence__tpm_attestation__pack(whole, packed);
	evidence__tpm_attestation__free_unpacked(whole, NULL);
	return judged(packed, size, policy, trust, &expect);
}

/* ---- tests ---------------------------------------------------------------------------------- */

static void test_signed_again_it_is_still_sound(void **state)
{
	Evidence__TpmAttestation *whole = container();

	change(whole, SOUND);
	struct core_verdict *verdict = judge(whole);
	assert_int_equal(core_verdict_state(verdict), CORE_VERDICT_ATTESTED);
	core_verdict_destroy(verdict);
}

static void expect_rule(enum variant variant, enum core_rule rule)
{
	Evidence__TpmAttestation *whole = container();

	change(whole, variant);
	struct core_verdict *verdict = judge(whole);
	judged_fails(verdict, rule, "variant %d", (int)variant);
	core_verdict_destroy(verdict);
}

static void test_refusals_each_at_its_own_rule(void **state)
{
	static const struct {
		enum variant variant;
		enum core_rule rule;
	} rows[] = {
	    {OTHER_MAGIC, CORE_RULE_QUOTE_SIGNED},    {OTHER_TYPE, CORE_RULE_QUOTE_SIGNED},
	    {NONCE_31, CORE_RULE_QUOTE_SIGNED},       {NONCE_33, CORE_RULE_QUOTE_SIGNED},
	    {OTHER_NONCE, CORE_RULE_QUOTE_SIGNED},    {OTHER_SIGNER, CORE_RULE_QUOTE_SIGNED},
	    {SHA1_SIGNATURE, CORE_RULE_QUOTE_SIGNED}, {FEWER_SELECTED, CORE_RULE_QUOTE_SIGNED},
	    {OTHER_DIGEST, CORE_RULE_QUOTE_SIGNED},   {OTHER_BANK, CORE_RULE_QUOTE_SIGNED},
	    {TRAILING_BYTE, CORE_RULE_QUOTE_SIGNED},  {PCR_MISSING, CORE_RULE_QUOTE_SIGNED},
	    {NO_QUOTE, CORE_RULE_QUOTE_SIGNED},       {PCR_CHANGED, CORE_RULE_PCRS},
	    {BANK_NOT_QUOTED, CORE_RULE_PCRS},        {LOG_COUNT, CORE_RULE_EVENT_LOG},
	    {LOG_OTHER, CORE_RULE_EVENT_LOG},
	};

	for (size_t i = 0; i < PRISM_COUNT(rows); i++)
		expect_rule(rows[i].variant, rows[i].rule);
}

/* A changed key is not the one that the report covers, whatever else it may be. */
static void test_a_key_that_decrypts(void **state)
{
	Evidence__TpmAttestation *whole = container();

	change(whole, AK_DECRYPTS);
	struct core_verdict *verdict = judge(whole);
	assert_true(!verdict || core_verdict_state(verdict) == CORE_VERDICT_FAILED);
	core_verdict_destroy(verdict);
}

static void test_an_empty_log_explains_nothing(void **state)
{
	Evidence__TpmAttestation *whole = container();

	change(whole, LOG_EMPTY);
	struct core_verdict *verdict = judge(whole);
	assert_non_null(verdict);
	const struct core_check *check = core_verdict_find(verdict, CORE_RULE_EVENT_LOG);
	assert_true(!check || check->result != CORE_CHECK_PASS);
	core_verdict_destroy(verdict);
}

/* Cut in each field of each event: whole events that are left over replay to something else. */
static void test_a_log_cut_anywhere_never_explains_the_pcrs(void **state)
{
	size_t whole_size = forge->log_size;

	for (size_t size = 1; size < whole_size; size += 3) {
		Evidence__TpmAttestation *whole = container();

		change(whole, SOUND);
		whole->event_log.len = size;
		struct core_verdict *verdict = judge(whole);
		const struct core_check *check =
		    verdict ? core_verdict_find(verdict, CORE_RULE_EVENT_LOG) : NULL;
		if (check && check->result == CORE_CHECK_PASS)
			fail_msg("cut to %zu of %zu bytes, and it passes", size, whole_size);
		core_verdict_destroy(verdict);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_signed_again_it_is_still_sound),
	    cmocka_unit_test(test_refusals_each_at_its_own_rule),
	    cmocka_unit_test(test_a_key_that_decrypts),
	    cmocka_unit_test(test_an_empty_log_explains_nothing),
	    cmocka_unit_test(test_a_log_cut_anywhere_never_explains_the_pcrs),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
