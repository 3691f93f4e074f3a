/*
 * TDX quotes: see tdx.h.
 *
 * Order of judgement (reference 8.2): quote signature with the attestation key, QE report's
 * signature with the PCK leaf, QE report data binding the attestation key, chain to the pinned
 * Intel root, QE identity, policy, report data.
 */
#include "core/tdx.h"

#include "base/mem.h"
#include "base/text.h"
#include "core/policy.h"
#include "core/trust.h"
#include "net/crypto.h"

#include <stdio.h>
#include <string.h>

enum { /* reference 8.1 */
	   HEADER_SIZE = 0x30,
	   BODY_10_SIZE = 584, /* TDX 1.0 body; version 5 body type 2 */
	   BODY_15_SIZE = 648, /* TDX 1.5 body; version 5 body type 3 */
	   KEY_ECDSA_P256 = 2,
	   TEE_TDX = 0x81,
	   CERT_QE_REPORT = 6,
	   CERT_PCK_CHAIN = 5,
	   QE_REPORT_SIZE = 384,
	   QE_DATA = 0x140, /* report data inside the QE report */
	   QE_MRSIGNER = 0x80,
	   QE_ISVPRODID = 0x100,
	   QE_ATTRIBUTES = 0x30,
};

struct cursor {
	const uint8_t *at, *end;
	bool bad;
};

static const uint8_t *take(struct cursor *c, size_t size)
{
	if (c->bad || (size_t)(c->end - c->at) < size) {
		c->bad = true;
		return NULL;
	}
	const uint8_t *data = c->at;
	c->at += size;
	return data;
}

static uint64_t get_le(const uint8_t *in, unsigned bytes)
{
	uint64_t value = 0;

	for (unsigned i = 0; in && i < bytes; i++)
		value |= (uint64_t)in[i] << (8 * i);
	return value;
}

static uint64_t take_le(struct cursor *c, unsigned bytes)
{
	return get_le(take(c, bytes), bytes);
}

/* ---- parsing -------------------------------------------------------------------------------- */

static void point_body(struct core_tdx_quote *q, const uint8_t *body, size_t size)
{
	q->tee_tcb_svn = body;
	q->mr_seam = body + 0x010;
	q->mr_signer_seam = body + 0x040;
	q->seam_attributes = body + 0x070;
	q->td_attributes = body + 0x078;
	q->xfam = body + 0x080;
	q->mr_td = body + 0x088;
	q->mr_config_id = body + 0x0B8;
	q->mr_owner = body + 0x0E8;
	q->mr_owner_config = body + 0x118;
	for (unsigned i = 0; i < 4; i++)
		q->rtmrs[i] = body + 0x148 + 48 * i;
	q->report_data = body + 0x208;
	q->mr_service_td = size == BODY_15_SIZE ? body + 0x258 : NULL;
}

static bool take_header(struct cursor *c, struct core_tdx_quote *q)
{
	const uint8_t *header = take(c, HEADER_SIZE);

	if (!header)
		return false;
	q->version = (unsigned)get_le(header, 2);
	q->pce_svn = (uint16_t)get_le(header + 8, 2);
	q->qe_svn = (uint16_t)get_le(header + 10, 2);
	q->qe_vendor_id = header + 12;
	return (q->version == 4 || q->version == 5) && get_le(header + 2, 2) == KEY_ECDSA_P256 &&
	       get_le(header + 4, 4) == TEE_TDX;
}

static bool take_body(struct cursor *c, struct core_tdx_quote *q)
{
	size_t size = BODY_10_SIZE;

	if (q->version == 5) {
		unsigned type = (unsigned)take_le(c, 2);
		size = type == 2 ? BODY_10_SIZE : BODY_15_SIZE;
		if (take_le(c, 4) != size || (type != 2 && type != 3))
			return false;
	}
	const uint8_t *body = take(c, size);
	if (!body)
		return false;
	point_body(q, body, size);
	return true;
}

static bool take_signature_data(struct cursor *c, struct core_tdx_quote *q)
{
	q->signature = take(c, 64);
	q->attestation_key = take(c, 64);
	if (take_le(c, 2) != CERT_QE_REPORT)
		return false;
	uint64_t size = take_le(c, 4);
	if (c->bad || size != (uint64_t)(c->end - c->at))
		return false;
	q->qe_report = take(c, QE_REPORT_SIZE);
	q->qe_signature = take(c, 64);
	q->qe_auth_size = (size_t)take_le(c, 2);
	q->qe_auth = take(c, q->qe_auth_size);
	if (take_le(c, 2) != CERT_PCK_CHAIN)
		return false;
	size = take_le(c, 4);
	if (c->bad || size != (uint64_t)(c->end - c->at))
		return false;
	q->pck_chain = (const char *)take(c, (size_t)size);
	q->pck_chain_size = (size_t)size;
	while (q->pck_chain_size > 0 && q->pck_chain[q->pck_chain_size - 1] == '\0')
		q->pck_chain_size--;
	return !c->bad;
}

int core_tdx_parse(const uint8_t *data, size_t size, struct core_tdx_quote *ret,
                   struct prism_error *err)
{
	struct cursor c = {data, data + size, false};

	memset(ret, 0, sizeof(*ret));
	if (size > CORE_TDX_QUOTE_MAX)
		return prism_error_raise(err, PRISM_ERROR_LIMIT, "a quote of %zu bytes is not read", size);
	if (!take_header(&c, ret))
		return prism_error_raise(err, PRISM_ERROR_INVALID,
		                         "not a TDX quote of version 4 or 5 with an ECDSA P-256 key");
	if (!take_body(&c, ret))
		return prism_error_raise(err, PRISM_ERROR_INVALID,
		                         "the body of the TDX quote is cut off or of unknown size");
	ret->signed_data = data;
	ret->signed_size = (size_t)(c.at - data);
	uint64_t length = take_le(&c, 4);
	if (c.bad || length > (uint64_t)(c.end - c.at))
		return prism_error_raise(err, PRISM_ERROR_INVALID,
		                         "the signature of the TDX quote is cut off");
	c.end = c.at + length; /* what follows is padding */
	if (!take_signature_data(&c, ret))
		return prism_error_raise(err, PRISM_ERROR_INVALID,
		                         "the signature data of the TDX quote is malformed");
	return 0;
}

/* ---- judging -------------------------------------------------------------------------------- */

#define HEX_MAX (2 * 64 + 1)
#define CHAIN_LENGTH 3u

struct job {
	const struct core_tdx_quote *quote;
	const struct core_policy_tdx *tdx;
	const struct core_policy_corim *corim;
	const struct core_trust *trust;
	const struct core_tdx_expectation *expect;
	struct core_verdict *verdict;
	struct net_cert *chain[CHAIN_LENGTH]; /* leaf, intermediate, root; owned */
	size_t chain_count;
};

static const char *hex(const uint8_t *data, size_t size, char out[HEX_MAX])
{
	prism_hex_encode(data, size, out);
	return out;
}

static void check_quote_signature(struct job *job)
{
	const struct core_tdx_quote *q = job->quote;
	struct prism_error err = PRISM_ERROR_INIT;
	struct net_pubkey *key =
	    net_pubkey_from_point(256, q->attestation_key, q->attestation_key + 32, 32, &err);

	if (!key || net_pubkey_verify(key, NET_SIG_ECDSA_P256_SHA256, q->signed_data, q->signed_size,
	                              q->signature, 64, &err) < 0)
		core_verdict_fail(job->verdict, CORE_RULE_REPORT_SIGNED, "", "", "%s", err.message);
	else
		core_verdict_pass(job->verdict, CORE_RULE_REPORT_SIGNED, "ECDSA P-256 with SHA-256");
	net_pubkey_destroy(key);
}

static const char *qe_fault(struct job *job)
{
	static const uint8_t zeros[32];
	const struct core_tdx_quote *q = job->quote;
	const uint8_t *report = q->qe_report;
	uint8_t bound[32];
	uint8_t signer[32];
	size_t size;

	struct net_pubkey *key = net_pubkey_from_cert(job->chain[0], NULL);
	int valid = key ? net_pubkey_verify(key, NET_SIG_ECDSA_P256_SHA256, report, QE_REPORT_SIZE,
	                                    q->qe_signature, 64, NULL)
	                : -1;
	net_pubkey_destroy(key);
	if (valid < 0)
		return "the quoting enclave's report is not signed by the platform's key";
	struct net_digest *digest = net_digest_create(NET_SHA256);
	uint8_t full[NET_DIGEST_MAX];
	net_digest_update(digest, q->attestation_key, 64);
	net_digest_update(digest, q->qe_auth, q->qe_auth_size);
	net_digest_final(digest, full);
	net_digest_destroy(digest);
	memcpy(bound, full, sizeof(bound));
	if (memcmp(report + QE_DATA, bound, 32) != 0 || memcmp(report + QE_DATA + 32, zeros, 32) != 0)
		return "the quoting enclave does not vouch for the attestation key";
	/* Reference 8.2 step 5: Intel's signer of the TD quoting enclave. */
	if (prism_hex_decode("dc9e2a7c6f948f17474e34a7fc43ed030f7c1563f1babddf6340c82e0e54a8c5", 64,
	                     signer, sizeof(signer), &size, NULL) < 0 ||
	    memcmp(report + QE_MRSIGNER, signer, 32) != 0)
		return "the quoting enclave was not signed by Intel";
	if (get_le(report + QE_ISVPRODID, 2) != 2)
		return "the enclave is not the TD quoting enclave";
	if (report[QE_ATTRIBUTES] & 2)
		return "the quoting enclave runs in debug mode";
	return NULL;
}

static bool test_root(struct job *job)
{
	const struct core_pin *pin =
	    job->chain_count ? core_trust_pin(job->trust, job->chain[job->chain_count - 1]) : NULL;

	return pin && pin->test;
}

static void check_qe(struct job *job)
{
	const char *fault = job->chain_count ? qe_fault(job) : "there is no PCK certificate";

	if (fault)
		core_verdict_fail(job->verdict, CORE_RULE_REPORT_QE, "", "", "%s", fault);
	else
		core_verdict_pass(job->verdict, CORE_RULE_REPORT_QE, "Intel's TD quoting enclave");
	core_verdict_skip(job->verdict, CORE_RULE_TCB_COLLATERAL,
	                  "the vendor's list of firmware versions was not fetched");
}

static void check_chain(struct job *job)
{
	struct prism_error err = PRISM_ERROR_INIT;

	if (net_cert_list_from_pem(job->quote->pck_chain, job->quote->pck_chain_size, job->chain,
	                           CHAIN_LENGTH, &job->chain_count, &err) < 0) {
		job->chain_count = 0;
		core_verdict_fail(job->verdict, CORE_RULE_CHAIN_SIGNED, "PCK leaf, intermediate, root", "",
		                  "%s", err.message);
		return;
	}
	const struct net_cert *root = job->chain[job->chain_count - 1];
	const struct core_pin *pin = core_trust_pin(job->trust, root);
	if (!pin || pin->kind != CORE_PIN_INTEL) {
		core_verdict_fail(job->verdict, CORE_RULE_CHAIN_ROOT, "Intel SGX Root CA",
		                  net_cert_common_name(root), "the root in the quote is not pinned");
		return;
	}
	if (test_root(job))
		core_verdict_mark_not_tee(job->verdict,
		                          "the evidence ends in a test root that you chose to accept");
	core_verdict_pass(job->verdict, CORE_RULE_CHAIN_ROOT, "%s", pin->name);
	const struct net_chain_spec spec = {
	    .leaf = job->chain[0],
	    .intermediates = (const struct net_cert *const *)job->chain + 1,
	    .intermediate_count = job->chain_count > 2 ? 1 : 0,
	    .roots = &root,
	    .root_count = 1,
	    .at_us = job->expect->at_us,
	    .allow_odd_names = true,
	};
	if (net_chain_verify(&spec, &err) < 0)
		core_verdict_fail(job->verdict, CORE_RULE_CHAIN_SIGNED, "", net_cert_subject(job->chain[0]),
		                  "%s", err.message);
	else
		core_verdict_pass(job->verdict, CORE_RULE_CHAIN_SIGNED, "%zu certificates",
		                  job->chain_count);
}

/* ---- TD attributes and XFAM (reference section 4) ------------------------------------------- */

#define TD_DEBUG 1ull
#define TD_ALLOWED ((1ull << 0) | (1ull << 28) | (1ull << 30) | (1ull << 63))
#define XFAM_NEEDED 0x3ull
#define XFAM_ALLOWED 0x6DBE7ull

static void check_attributes(struct job *job)
{
	uint64_t attributes = get_le(job->quote->td_attributes, 8);
	uint64_t xfam = get_le(job->quote->xfam, 8);
	bool debug = (attributes & TD_DEBUG) != 0;
	char found[64];

	core_verdict_compare(job->verdict, CORE_RULE_GUEST_DEBUG,
	                     !debug || (job->tdx && job->tdx->allow_debug), "debugging off",
	                     debug ? "debugging ON" : "debugging off",
	                     "the host can read the memory of this TD");
	snprintf(found, sizeof(found), "attributes 0x%llx, XFAM 0x%llx", (unsigned long long)attributes,
	         (unsigned long long)xfam);
	bool ok = !(attributes & ~TD_ALLOWED) && (xfam & XFAM_NEEDED) == XFAM_NEEDED &&
	          !(xfam & ~XFAM_ALLOWED);
	core_verdict_compare(job->verdict, CORE_RULE_TD_ATTRIBUTES, ok, "", found,
	                     "reserved bits are set, or mandatory ones missing");
}

/* ---- policy --------------------------------------------------------------------------------- */

static void compare(struct job *job, enum core_rule rule, const char *name,
                    const struct core_policy_bytes *want, const uint8_t *found)
{
	char expected_hex[HEX_MAX], found_hex[HEX_MAX];
	PRISM_AUTO_FREE char *reason = prism_asprintf("%s differs", name);

	if (want->size == 0)
		return;
	core_verdict_compare(job->verdict, rule, memcmp(want->data, found, want->size) == 0,
	                     hex(want->data, want->size, expected_hex),
	                     hex(found, want->size, found_hex), reason);
}

static void check_versions(struct job *job)
{
	const struct core_policy_tdx *p = job->tdx;
	const struct core_tdx_quote *q = job->quote;
	char expected[HEX_MAX] = "", found[HEX_MAX];
	bool ok = q->qe_svn >= p->minimum_qe_svn && q->pce_svn >= p->minimum_pce_svn;

	for (size_t i = 0; i < p->minimum_tee_tcb_svn.size; i++)
		ok = ok && q->tee_tcb_svn[i] >= p->minimum_tee_tcb_svn.data[i];
	core_verdict_compare(job->verdict, CORE_RULE_TCB_MIN, ok,
	                     hex(p->minimum_tee_tcb_svn.data, p->minimum_tee_tcb_svn.size, expected),
	                     hex(q->tee_tcb_svn, 16, found), "a component's version is lower");
}

static bool any_mr_td(const struct core_policy_tdx *p, const uint8_t *found)
{
	for (unsigned i = 0; i < p->any_mr_td_count; i++)
		if (memcmp(p->any_mr_td[i], found, 48) == 0)
			return true;
	return false;
}

static void check_json_measurement(struct job *job)
{
	const struct core_policy_tdx *p = job->tdx;
	char found[HEX_MAX];

	if (p->mr_td.size == 0 && p->any_mr_td_count == 0) {
		core_verdict_skip(job->verdict, CORE_RULE_REFERENCE, "the policy names no MRTD");
		return;
	}
	core_verdict_pass(job->verdict, CORE_RULE_REFERENCE, "MRTD");
	compare(job, CORE_RULE_MEASURED, "MRTD", &p->mr_td, job->quote->mr_td);
	if (p->any_mr_td_count > 0)
		core_verdict_compare(job->verdict, CORE_RULE_MEASURED, any_mr_td(p, job->quote->mr_td),
		                     "one of the policy's list", hex(job->quote->mr_td, 48, found),
		                     "MRTD is none of the policy's list");
}

static void check_json_policy(struct job *job)
{
	const struct core_policy_tdx *p = job->tdx;
	const struct core_tdx_quote *q = job->quote;

	check_versions(job);
	compare(job, CORE_RULE_GUEST_IDS, "the quoting enclave's vendor", &p->qe_vendor_id,
	        q->qe_vendor_id);
	compare(job, CORE_RULE_GUEST_IDS, "MRSEAM", &p->mr_seam, q->mr_seam);
	compare(job, CORE_RULE_GUEST_IDS, "MRCONFIGID", &p->mr_config_id, q->mr_config_id);
	compare(job, CORE_RULE_GUEST_IDS, "MROWNER", &p->mr_owner, q->mr_owner);
	compare(job, CORE_RULE_GUEST_IDS, "MROWNERCONFIG", &p->mr_owner_config, q->mr_owner_config);
	compare(job, CORE_RULE_TD_ATTRIBUTES, "the TD's attributes", &p->td_attributes,
	        q->td_attributes);
	compare(job, CORE_RULE_TD_ATTRIBUTES, "XFAM", &p->xfam, q->xfam);
	for (unsigned i = 0; i < 4; i++)
		compare(job, CORE_RULE_RTMRS, "an RTMR", &p->rtmrs[i], q->rtmrs[i]);
	check_json_measurement(job);
}

/* A triple of exactly six digests is MRTD, MRSEAM, RTMR0 to 3 (reference 5.4). */
static bool triple_matches(struct job *job, unsigned triple, unsigned *ret_usable)
{
	const uint8_t *found[6] = {job->quote->mr_td,    job->quote->mr_seam,  job->quote->rtmrs[0],
	                           job->quote->rtmrs[1], job->quote->rtmrs[2], job->quote->rtmrs[3]};
	unsigned count = 0, equal = 0;
	bool mr_td = false;

	for (unsigned i = 0; i < job->corim->digest_count; i++) {
		const struct core_corim_digest *digest = &job->corim->digests[i];
		if (digest->triple != triple || digest->size != 48)
			continue;
		mr_td |= memcmp(digest->data, job->quote->mr_td, 48) == 0;
		equal += count < 6 && memcmp(digest->data, found[count], 48) == 0;
		count++;
	}
	*ret_usable += count;
	if (count == 6) {
		core_verdict_compare(job->verdict, CORE_RULE_RTMRS, equal == 6, "all six equal", "",
		                     "MRSEAM or an RTMR differs from the policy");
		return equal == 6;
	}
	return mr_td;
}

static void check_corim(struct job *job)
{
	unsigned usable = 0;
	bool match = false;
	char found[HEX_MAX];

	for (unsigned triple = 0; triple < job->corim->triple_count; triple++)
		match |= triple_matches(job, triple, &usable);
	if (usable == 0) {
		core_verdict_fail(job->verdict, CORE_RULE_REFERENCE, "a 48-byte digest", "none",
		                  "the policy contains no reference values for this platform");
		return;
	}
	core_verdict_pass(job->verdict, CORE_RULE_REFERENCE, "%u reference values", usable);
	core_verdict_compare(job->verdict, CORE_RULE_MEASURED, match, "a reference value",
	                     hex(job->quote->mr_td, 48, found),
	                     "the measurements are none of the policy's reference values");
}

static void check_binding(struct job *job)
{
	char expected[HEX_MAX], found[HEX_MAX];

	if (!job->expect->report_data) {
		core_verdict_skip(job->verdict, CORE_RULE_FRESH,
		                  "looked at without a connection: whether it is fresh cannot be told");
		return;
	}
	core_verdict_require(job->verdict, CORE_RULE_FRESH);
	core_verdict_compare(job->verdict, CORE_RULE_FRESH,
	                     memcmp(job->expect->report_data, job->quote->report_data, 64) == 0,
	                     hex(job->expect->report_data, 64, expected),
	                     hex(job->quote->report_data, 64, found),
	                     "the quote was made for another connection");
}

static void require_rules(struct core_verdict *verdict)
{
	static const enum core_rule always[] = {
	    CORE_RULE_CHAIN_ROOT,    CORE_RULE_CHAIN_SIGNED, CORE_RULE_REPORT_FORM,
	    CORE_RULE_REPORT_SIGNED, CORE_RULE_REPORT_QE,    CORE_RULE_GUEST_DEBUG,
	    CORE_RULE_TD_ATTRIBUTES, CORE_RULE_REFERENCE,    CORE_RULE_MEASURED,
	};

	for (size_t i = 0; i < PRISM_COUNT(always); i++)
		core_verdict_require(verdict, always[i]);
}

void core_tdx_verify(const struct core_tdx_quote *quote, const struct core_policy *policy,
                     const struct core_trust *trust, const struct core_tdx_expectation *expect,
                     struct core_verdict *verdict)
{
	struct job job = {.quote = quote,
	                  .tdx = core_policy_tdx(policy),
	                  .corim = core_policy_corim(policy),
	                  .trust = trust,
	                  .expect = expect,
	                  .verdict = verdict};
	char text[HEX_MAX];

	require_rules(verdict);
	core_verdict_pass(verdict, CORE_RULE_REPORT_FORM, "version %u", quote->version);
	check_chain(&job);
	check_quote_signature(&job);
	check_qe(&job);
	check_attributes(&job);
	if (job.tdx)
		check_json_policy(&job);
	else if (job.corim)
		check_corim(&job);
	else
		core_verdict_skip(verdict, CORE_RULE_REFERENCE, "there is no policy for TDX");
	check_binding(&job);
	core_verdict_note(verdict, "platform", "Intel TDX, quote version %u", quote->version);
	core_verdict_note(verdict, "measurement", "%s", hex(quote->mr_td, 48, text));
	for (size_t i = 0; i < job.chain_count; i++)
		net_cert_destroy(job.chain[i]);
}
