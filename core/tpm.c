/*
 * vTPM quotes: parsing and judging.  See tpm.h; the event log is in core/tpm_log.c.
 *
 * Structures are big-endian.  Order of judgement (reference attestation.md 7.3): the key parses
 * and is a restricted signing key, each quote's signature, type, nonce and selection, its digest
 * over the delivered PCR values, the event log's replay, the policy's PCR values.
 */
#include "core/tpm.h"

#include "base/mem.h"
#include "base/text.h"
#include "net/crypto.h"
#include "net/x509.h"

#include "evidence.pb-c.h"

#include <stdio.h>
#include <string.h>

enum { /* TPM 2.0 part 2: algorithm ids and structure tags */
	   ALG_RSA = 0x0001,
	   ALG_SHA1 = 0x0004,
	   ALG_SHA256 = 0x000B,
	   ALG_SHA384 = 0x000C,
	   ALG_SHA512 = 0x000D,
	   ALG_NULL = 0x0010,
	   ALG_RSASSA = 0x0014,
	   ALG_ECDSA = 0x0018,
	   ALG_ECC = 0x0023,
	   CURVE_P256 = 0x0003,
	   CURVE_P384 = 0x0004,
	   ST_ATTEST_QUOTE = 0x8018,
};
#define TPM_MAGIC 0xff544347u
#define ATTR_FIXED_TPM 0x2u
#define ATTR_RESTRICTED 0x10000u
#define ATTR_DECRYPT 0x20000u
#define ATTR_SIGN 0x40000u

struct cursor {
	const uint8_t *at, *end;
	bool bad;
};

/* data may be NULL when size is 0: a field that the container left out. */
static struct cursor cursor_on(const uint8_t *data, size_t size)
{
	static const uint8_t nothing[1];

	if (!size)
		data = nothing;
	return (struct cursor){data, data + size, false};
}

static uint64_t take_be(struct cursor *c, unsigned bytes)
{
	uint64_t value = 0;

	if (c->bad || (size_t)(c->end - c->at) < bytes) {
		c->bad = true;
		return 0;
	}
	for (unsigned i = 0; i < bytes; i++)
		value = value << 8 | c->at[i];
	c->at += bytes;
	return value;
}

static const uint8_t *take_sized(struct cursor *c, size_t *ret_size) /* TPM2B */
{
	size_t size = (size_t)take_be(c, 2);

	*ret_size = 0;
	if (c->bad || (size_t)(c->end - c->at) < size) {
		c->bad = true;
		return NULL;
	}
	const uint8_t *data = c->at;
	c->at += size;
	*ret_size = size;
	return data;
}

static bool finished(const struct cursor *c)
{
	return !c->bad && c->at == c->end;
}

/* ---- containers ----------------------------------------------------------------------------- */

static bool bank_of_container(uint32_t hash, struct core_tpm_pcrs *pcrs)
{
	static const struct {
		uint32_t hash;
		enum core_pcr_bank bank;
		size_t size;
	} known[] = {{ALG_SHA1, CORE_PCR_SHA1, 20},
	             {ALG_SHA256, CORE_PCR_SHA256, 32},
	             {ALG_SHA384, CORE_PCR_SHA384, 48}};

	for (size_t i = 0; i < PRISM_COUNT(known); i++) {
		if (known[i].hash == hash) {
			pcrs->bank = known[i].bank;
			pcrs->known_bank = true;
			pcrs->size = known[i].size;
			return true;
		}
	}
	pcrs->size = 64;
	return hash == ALG_SHA512;
}

static int take_pcrs(const Evidence__Pcrs *message, struct core_tpm_pcrs *pcrs,
                     struct prism_error *err)
{
	if (!message || !bank_of_container(message->hash, pcrs))
		return prism_error_raise(err, PRISM_ERROR_INVALID, "a quote names an unknown PCR bank");
	for (size_t i = 0; i < message->n_entries; i++) {
		const Evidence__PcrEntry *entry = message->entries[i];
		if (entry->index >= CORE_PCR_COUNT || entry->digest.len != pcrs->size ||
		    pcrs->present[entry->index])
			return prism_error_raise(
			    err, PRISM_ERROR_INVALID,
			    "PCR %u of a quote is out of range, doubled or of wrong length", entry->index);
		memcpy(pcrs->value[entry->index], entry->digest.data, pcrs->size);
		pcrs->present[entry->index] = true;
	}
	return 0;
}

int core_tpm_from_message(const Evidence__TpmAttestation *message, struct core_tpm_evidence *ret,
                          struct prism_error *err)
{
	memset(ret, 0, sizeof(*ret));
	ret->ak_pub = message->ak_pub.data;
	ret->ak_pub_size = message->ak_pub.len;
	ret->log = message->event_log.len ? message->event_log.data : NULL;
	ret->log_size = message->event_log.len;
	if (message->n_quotes > CORE_TPM_QUOTES_MAX)
		return prism_error_raise(err, PRISM_ERROR_LIMIT, "more than %u quotes",
		                         CORE_TPM_QUOTES_MAX);
	for (size_t i = 0; i < message->n_quotes; i++) {
		const Evidence__Quote *quote = message->quotes[i];
		ret->quotes[i].quote = quote->quote.data;
		ret->quotes[i].quote_size = quote->quote.len;
		ret->quotes[i].signature = quote->raw_sig.data;
		ret->quotes[i].signature_size = quote->raw_sig.len;
		if (take_pcrs(quote->pcrs, &ret->quotes[i].pcrs, err) < 0)
			return -1;
	}
	ret->quote_count = (unsigned)message->n_quotes;
	return 0;
}

/* ---- attestation key (reference 7.1) -------------------------------------------------------- */

static struct net_pubkey *take_rsa(struct cursor *c, struct prism_error *err)
{
	size_t size;

	take_be(c, 2); /* key bits: the modulus tells */
	uint32_t exponent = (uint32_t)take_be(c, 4);
	const uint8_t *modulus = take_sized(c, &size);
	if (!finished(c) || size < 256)
		return NULL;
	return net_pubkey_from_rsa(modulus, size, exponent ? exponent : 65537, err);
}

static struct net_pubkey *take_ecc(struct cursor *c, struct prism_error *err)
{
	size_t x_size, y_size;
	unsigned curve = (unsigned)take_be(c, 2);

	if (take_be(c, 2) != ALG_NULL) /* key derivation scheme: its parameters are not expected */
		c->bad = true;
	const uint8_t *x = take_sized(c, &x_size);
	const uint8_t *y = take_sized(c, &y_size);
	if (!finished(c) || x_size != y_size || (curve != CURVE_P256 && curve != CURVE_P384))
		return NULL;
	return net_pubkey_from_point(curve == CURVE_P384 ? 384 : 256, x, y, x_size, err);
}

static struct net_pubkey *read_ak(const uint8_t *data, size_t size, struct prism_error *err)
{
	struct cursor c = cursor_on(data, size);
	size_t policy_size;
	struct net_pubkey *key = NULL;

	unsigned type = (unsigned)take_be(&c, 2);
	take_be(&c, 2); /* name algorithm */
	uint32_t attributes = (uint32_t)take_be(&c, 4);
	take_sized(&c, &policy_size);
	if (take_be(&c, 2) != ALG_NULL)
		c.bad = true; /* a signing key has no symmetric part */
	if (take_be(&c, 2) != ALG_NULL)
		take_be(&c, 2); /* the scheme's hash */
	if (!c.bad && (!(attributes & ATTR_RESTRICTED) || !(attributes & ATTR_SIGN) ||
	               !(attributes & ATTR_FIXED_TPM) || (attributes & ATTR_DECRYPT))) {
		prism_error_raise(err, PRISM_ERROR_TRUST,
		                  "the attestation key is not a restricted signing key of one TPM");
		return NULL;
	}
	if (!c.bad && type == ALG_RSA)
		key = take_rsa(&c, err);
	else if (!c.bad && type == ALG_ECC)
		key = take_ecc(&c, err);
	if (!key && (!err || err->category == PRISM_ERROR_NONE))
		prism_error_raise(err, PRISM_ERROR_INVALID, "the attestation key is malformed");
	return key;
}

/* ---- quotes (reference 7.2) ----------------------------------------------------------------- */

struct attest { /* TPMS_ATTEST of a quote; lent */
	const uint8_t *extra, *digest;
	size_t extra_size, digest_size;
	unsigned bank;
	bool selected[CORE_PCR_COUNT];
};

static bool take_selection(struct cursor *c, struct attest *ret)
{
	if (take_be(c, 4) != 1)
		return false;
	ret->bank = (unsigned)take_be(c, 2);
	if (take_be(c, 1) != 3)
		return false;
	for (unsigned byte = 0; byte < 3; byte++) {
		unsigned bits = (unsigned)take_be(c, 1);
		for (unsigned bit = 0; bit < 8; bit++)
			ret->selected[8 * byte + bit] = (bits >> bit & 1) != 0;
	}
	return !c->bad;
}

static const char *read_attest(const uint8_t *data, size_t size, struct attest *ret)
{
	struct cursor c = cursor_on(data, size);
	size_t signer_size;

	memset(ret, 0, sizeof(*ret));
	if (take_be(&c, 4) != TPM_MAGIC)
		return "the quote was not made by a TPM (its magic number is wrong)";
	if (take_be(&c, 2) != ST_ATTEST_QUOTE)
		return "the TPM's statement is not a quote";
	take_sized(&c, &signer_size);
	ret->extra = take_sized(&c, &ret->extra_size);
	take_be(&c, 8); /* clock */
	take_be(&c, 8); /* resetCount, restartCount */
	take_be(&c, 1); /* safe */
	take_be(&c, 8); /* firmware version */
	if (!take_selection(&c, ret))
		return "the quote's PCR selection is not a single bank of 24";
	ret->digest = take_sized(&c, &ret->digest_size);
	return finished(&c) ? NULL : "the quote is cut off or has bytes behind it";
}

bool core_tpm_quote_nonce(const struct core_tpm_evidence *evidence, unsigned index,
                          const uint8_t **ret_nonce, size_t *ret_size)
{
	struct attest attest;

	if (read_attest(evidence->quotes[index].quote, evidence->quotes[index].quote_size, &attest))
		return false;
	*ret_nonce = attest.extra;
	*ret_size = attest.extra_size;
	return true;
}

struct signature_info {
	enum net_sig_scheme scheme;
	enum net_digest_kind hash;
	uint8_t raw[96]; /* ECDSA r||s */
	const uint8_t *bytes;
	size_t size;
};

static bool pad_component(struct cursor *c, uint8_t *out, size_t width)
{
	size_t size;
	const uint8_t *data = take_sized(c, &size);

	if (!data || size > width)
		return false;
	memset(out, 0, width - size);
	memcpy(out + width - size, data, size);
	return true;
}

static const char *read_signature(const uint8_t *data, size_t size, struct signature_info *ret)
{
	static const struct {
		unsigned hash;
		enum net_digest_kind digest;
		enum net_sig_scheme rsa;
	} hashes[] = {{ALG_SHA256, NET_SHA256, NET_SIG_RSA_PKCS1_SHA256},
	              {ALG_SHA384, NET_SHA384, NET_SIG_RSA_PKCS1_SHA384},
	              {ALG_SHA512, NET_SHA512, NET_SIG_RSA_PKCS1_SHA512}};
	struct cursor c = cursor_on(data, size);
	unsigned scheme = (unsigned)take_be(&c, 2), hash = (unsigned)take_be(&c, 2);
	size_t row = 0;

	while (row < PRISM_COUNT(hashes) && hashes[row].hash != hash)
		row++;
	if (row == PRISM_COUNT(hashes))
		return "the quote is signed with a weak or unknown hash";
	ret->hash = hashes[row].digest;
	if (scheme == ALG_RSASSA) {
		ret->scheme = hashes[row].rsa;
		ret->bytes = take_sized(&c, &ret->size);
	} else if (scheme == ALG_ECDSA && ret->hash != NET_SHA512) {
		size_t width = ret->hash == NET_SHA384 ? 48 : 32;
		ret->scheme =
		    ret->hash == NET_SHA384 ? NET_SIG_ECDSA_P384_SHA384 : NET_SIG_ECDSA_P256_SHA256;
		if (!pad_component(&c, ret->raw, width) || !pad_component(&c, ret->raw + width, width))
			return "the quote's signature is malformed";
		ret->bytes = ret->raw;
		ret->size = 2 * width;
	} else {
		return "the quote is signed with an unknown scheme";
	}
	return finished(&c) ? NULL : "the quote's signature is malformed";
}

static bool digest_matches(const struct attest *attest, const struct core_tpm_pcrs *pcrs,
                           enum net_digest_kind hash)
{
	struct net_digest *digest = net_digest_create(hash);
	uint8_t out[NET_DIGEST_MAX];

	for (unsigned i = 0; i < CORE_PCR_COUNT; i++)
		if (attest->selected[i])
			net_digest_update(digest, pcrs->value[i], pcrs->size);
	size_t size = net_digest_final(digest, out);
	net_digest_destroy(digest);
	return size == attest->digest_size && memcmp(out, attest->digest, size) == 0;
}

static bool selection_matches(const struct attest *attest, const struct core_tpm_pcrs *pcrs)
{
	static const unsigned ids[CORE_PCR_BANK_COUNT] = {ALG_SHA1, ALG_SHA256, ALG_SHA384};

	if (pcrs->known_bank ? attest->bank != ids[pcrs->bank] : attest->bank != ALG_SHA512)
		return false;
	return memcmp(attest->selected, pcrs->present, sizeof(pcrs->present)) == 0;
}

/* NULL when the quote holds. */
static const char *quote_fault(const struct core_tpm_evidence *evidence, unsigned index,
                               const struct net_pubkey *key,
                               const struct core_tpm_expectation *expect)
{
	struct attest attest;
	struct signature_info signature;
	const uint8_t *quote = evidence->quotes[index].quote;
	size_t size = evidence->quotes[index].quote_size;
	const char *fault = read_attest(quote, size, &attest);

	if (!fault)
		fault = read_signature(evidence->quotes[index].signature,
		                       evidence->quotes[index].signature_size, &signature);
	if (fault)
		return fault;
	if (net_pubkey_verify(key, signature.scheme, quote, size, signature.bytes, signature.size,
	                      NULL) < 0)
		return "the quote's signature does not verify";
	if (expect->nonce && (attest.extra_size != expect->nonce_size ||
	                      !net_equal_const_time(attest.extra, expect->nonce, expect->nonce_size)))
		return "the quote was made for another nonce";
	if (!selection_matches(&attest, &evidence->quotes[index].pcrs))
		return "the quote covers other PCRs than those delivered";
	if (!digest_matches(&attest, &evidence->quotes[index].pcrs, signature.hash))
		return "the delivered PCR values are not those that were quoted";
	return NULL;
}

/* ---- policy and event log ------------------------------------------------------------------- */

struct job {
	const struct core_tpm_evidence *evidence;
	const struct core_policy_snp *policy; /* NULL: no PCR values */
	struct core_verdict *verdict;
	const struct core_tpm_pcrs *verified[CORE_PCR_BANK_COUNT]; /* NULL: no verified quote */
};

static bool check_policy_bank(struct job *job, enum core_pcr_bank bank)
{
	const struct core_policy_pcrs *want = &job->policy->pcrs[bank];
	const struct core_tpm_pcrs *found = job->verified[bank];
	size_t size = core_pcr_bank_size(bank);
	char expected_hex[97], found_hex[97], found_text[128];

	if (!found) {
		core_verdict_fail(job->verdict, CORE_RULE_PCRS, core_pcr_bank_word(bank), "not quoted",
		                  "the policy has %s values, but no verified quote covers that bank",
		                  core_pcr_bank_word(bank));
		return false;
	}
	for (unsigned i = 0; i < CORE_PCR_COUNT; i++) {
		if (!want->listed[i] ||
		    (found->present[i] && memcmp(want->value[i], found->value[i], size) == 0))
			continue;
		prism_hex_encode(want->value[i], size, expected_hex);
		prism_hex_encode(found->value[i], size, found_hex);
		snprintf(found_text, sizeof(found_text), "%s",
		         found->present[i] ? found_hex : "not quoted");
		core_verdict_fail(job->verdict, CORE_RULE_PCRS, expected_hex, found_text,
		                  "PCR %u of the %s bank differs", i, core_pcr_bank_word(bank));
		return false;
	}
	return true;
}

static void check_policy(struct job *job)
{
	unsigned compared = 0;

	for (int bank = 0; job->policy && bank < CORE_PCR_BANK_COUNT; bank++) {
		unsigned count = job->policy->pcrs[bank].count;
		if (count == 0)
			continue;
		if (!check_policy_bank(job, (enum core_pcr_bank)bank))
			return;
		compared += count;
	}
	if (compared > 0)
		core_verdict_pass(job->verdict, CORE_RULE_PCRS, "%u values equal", compared);
	else
		core_verdict_skip(job->verdict, CORE_RULE_PCRS, "the policy lists no PCR values");
}

static bool replay_bank(struct job *job, const struct core_tpm_log *log, enum core_pcr_bank bank)
{
	uint8_t values[CORE_PCR_COUNT][48];
	bool seen[CORE_PCR_COUNT];
	const struct core_tpm_pcrs *quoted = job->verified[bank];
	size_t size = core_pcr_bank_size(bank);
	char expected[97], found[97];

	core_tpm_log_replay(log, bank, values, seen);
	for (unsigned i = 0; i < CORE_PCR_COUNT; i++) {
		if (!seen[i] || !quoted->present[i] || memcmp(values[i], quoted->value[i], size) == 0)
			continue;
		prism_hex_encode(quoted->value[i], size, expected);
		prism_hex_encode(values[i], size, found);
		core_verdict_fail(job->verdict, CORE_RULE_EVENT_LOG, expected, found,
		                  "replaying the log gives another value for PCR %u of the %s bank", i,
		                  core_pcr_bank_word(bank));
		return false;
	}
	return true;
}

static void check_log(struct job *job)
{
	struct prism_error err = PRISM_ERROR_INIT;
	struct core_tpm_log log;
	unsigned banks = 0;
	bool ok = true;

	if (!job->evidence->log) {
		core_verdict_skip(job->verdict, CORE_RULE_EVENT_LOG, "the evidence has no event log");
		return;
	}
	if (core_tpm_log_parse(job->evidence->log, job->evidence->log_size, &log, &err) < 0) {
		core_verdict_fail(job->verdict, CORE_RULE_EVENT_LOG, "", "", "%s", err.message);
		return;
	}
	for (int bank = 0; bank < CORE_PCR_BANK_COUNT && ok; bank++) {
		if (!job->verified[bank] || !log.has_bank[bank])
			continue;
		ok = replay_bank(job, &log, (enum core_pcr_bank)bank);
		banks++;
	}
	if (ok && banks == 0)
		core_verdict_skip(job->verdict, CORE_RULE_EVENT_LOG, "the log covers no quoted bank");
	else if (ok)
		core_verdict_pass(job->verdict, CORE_RULE_EVENT_LOG, "%u events replay in %u bank%s",
		                  log.count, banks, banks == 1 ? "" : "s");
	core_tpm_log_finish(&log);
}

static bool policy_wants(const struct core_policy_snp *policy, const struct core_tpm_pcrs *pcrs)
{
	return policy && pcrs->known_bank && policy->pcrs[pcrs->bank].count > 0;
}

/* A quote of a bank that no policy value needs may fail without harm, as long as one holds. */
static void check_quotes(struct job *job, const struct net_pubkey *key,
                         const struct core_tpm_expectation *expect)
{
	unsigned verified = 0;
	const char *last_fault = "the evidence contains no quote";

	for (unsigned i = 0; i < job->evidence->quote_count; i++) {
		const struct core_tpm_pcrs *pcrs = &job->evidence->quotes[i].pcrs;
		const char *fault = quote_fault(job->evidence, i, key, expect);
		if (fault && policy_wants(job->policy, pcrs)) {
			core_verdict_fail(job->verdict, CORE_RULE_QUOTE_SIGNED, "", "", "%s", fault);
			return;
		}
		if (fault) {
			last_fault = fault;
			continue;
		}
		if (pcrs->known_bank)
			job->verified[pcrs->bank] = pcrs;
		verified += !(pcrs->known_bank && pcrs->bank == CORE_PCR_SHA1); /* never alone */
	}
	if (verified == 0)
		core_verdict_fail(job->verdict, CORE_RULE_QUOTE_SIGNED, "a quote of a SHA-2 bank", "none",
		                  "%s", last_fault);
	else
		core_verdict_pass(job->verdict, CORE_RULE_QUOTE_SIGNED, "%u of %u quotes%s", verified,
		                  job->evidence->quote_count,
		                  expect->nonce ? "" : " (nonce not compared: no connection)");
}

void core_tpm_verify(const struct core_tpm_evidence *evidence, const struct core_policy *policy,
                     const struct core_tpm_expectation *expect, struct core_verdict *verdict)
{
	struct job job = {.evidence = evidence, .policy = core_policy_snp(policy), .verdict = verdict};
	struct prism_error err = PRISM_ERROR_INIT;

	core_verdict_require(verdict, CORE_RULE_QUOTE_SIGNED);
	for (int bank = 0; job.policy && bank < CORE_PCR_BANK_COUNT; bank++)
		if (job.policy->pcrs[bank].count > 0)
			core_verdict_require(verdict, CORE_RULE_PCRS);
	struct net_pubkey *key = read_ak(evidence->ak_pub, evidence->ak_pub_size, &err);
	if (!key) {
		core_verdict_fail(verdict, CORE_RULE_QUOTE_SIGNED, "", "", "%s", err.message);
		return;
	}
	check_quotes(&job, key, expect);
	net_pubkey_destroy(key);
	if (core_verdict_find(verdict, CORE_RULE_QUOTE_SIGNED)->result == CORE_CHECK_FAIL) {
		core_verdict_skip(verdict, CORE_RULE_PCRS, "no quote verified");
		core_verdict_skip(verdict, CORE_RULE_EVENT_LOG, "no quote verified");
		return;
	}
	check_policy(&job);
	check_log(&job);
}
