/*
 * Evidence of any kind: see evidence.h.
 *
 * A parsed object keeps the bytes, the unpacked protobuf message if there was one, and one of
 * the three readings (SNP, TPM with or without SNP, TDX), all of which lend from the first two.
 */
#include "core/evidence.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/text.h"
#include "core/eat.h"
#include "core/snp.h"
#include "core/tdx.h"
#include "core/tpm.h"
#include "net/crypto.h"

#include "evidence.pb-c.h"

#include <string.h>

struct core_evidence {
	enum core_evidence_kind kind;
	struct prism_arena *arena;
	const uint8_t *data; /* the whole, in the arena */
	size_t size;
	struct core_eat eat;
	Evidence__TpmAttestation *tpm_message; /* owned; or NULL */
	Evidence__SnpAttestation *snp_message; /* owned; or NULL */
	struct core_snp_evidence snp;
	struct core_tpm_evidence tpm;
	struct core_tdx_quote tdx;
};

static const char *const kind_words[CORE_EVIDENCE_KIND_COUNT] = {
    [CORE_EVIDENCE_SNP] = "SEV-SNP",
    [CORE_EVIDENCE_SNP_VTPM] = "SEV-SNP with vTPM",
    [CORE_EVIDENCE_VTPM] = "vTPM alone",
    [CORE_EVIDENCE_TDX] = "TDX",
};

const char *core_evidence_kind_word(enum core_evidence_kind kind)
{
	return kind < CORE_EVIDENCE_KIND_COUNT ? kind_words[kind] : "";
}

/* ---- telling reports apart (reference attestation.md section 1) ----------------------------- */

static uint32_t get_le32(const uint8_t *in)
{
	return (uint32_t)in[0] | (uint32_t)in[1] << 8 | (uint32_t)in[2] << 16 | (uint32_t)in[3] << 24;
}

static bool is_raw_snp(const uint8_t *data, size_t size)
{
	return size >= CORE_SNP_REPORT_SIZE && get_le32(data) >= 2 && get_le32(data) <= 5 &&
	       (data[10] & 2); /* bit 17 of POLICY */
}

static bool is_tdx(const uint8_t *data, size_t size)
{
	return size >= 8 && (data[0] == 4 || data[0] == 5) && data[1] == 0 &&
	       get_le32(data + 4) == 0x81;
}

/* Field 1 of attest.Attestation is a TPMT_PUBLIC; of sevsnp.Attestation, a message. */
static bool is_tpm_message(const uint8_t *data, size_t size)
{
	size_t at = 1;

	if (size < 8 || data[0] != 0x0a)
		return false;
	while (at < size && at < 6 && (data[at] & 0x80))
		at++;
	at++;
	return at + 2 <= size && data[at] == 0 && (data[at + 1] == 0x01 || data[at + 1] == 0x23);
}

static int read_tpm_message(struct core_evidence *e, const uint8_t *data, size_t size,
                            struct prism_error *err)
{
	e->tpm_message = evidence__tpm_attestation__unpack(NULL, size, data);
	if (!e->tpm_message)
		return prism_error_raise(err, PRISM_ERROR_INVALID, "the vTPM container is malformed");
	if (core_tpm_from_message(e->tpm_message, &e->tpm, err) < 0)
		return -1;
	e->kind = e->tpm_message->sev_snp ? CORE_EVIDENCE_SNP_VTPM : CORE_EVIDENCE_VTPM;
	return e->tpm_message->sev_snp ? core_snp_from_message(e->tpm_message->sev_snp, &e->snp, err)
	                               : 0;
}

static int read_report(struct core_evidence *e, const uint8_t *data, size_t size,
                       struct prism_error *err)
{
	if (is_raw_snp(data, size)) {
		e->kind = CORE_EVIDENCE_SNP;
		return core_snp_from_raw(data, size, &e->snp, err);
	}
	if (is_tdx(data, size)) {
		e->kind = CORE_EVIDENCE_TDX;
		return core_tdx_parse(data, size, &e->tdx, err);
	}
	if (is_tpm_message(data, size))
		return read_tpm_message(e, data, size, err);
	e->kind = CORE_EVIDENCE_SNP;
	e->snp_message = evidence__snp_attestation__unpack(NULL, size, data);
	if (!e->snp_message || !e->snp_message->report) {
		prism_error_raise(err, PRISM_ERROR_INVALID, "not evidence of a known kind");
		prism_error_hint(err, "known: SEV-SNP reports, vTPM containers, TDX quotes, EATs");
		return -1;
	}
	return core_snp_from_message(e->snp_message, &e->snp, err);
}

struct core_evidence *core_evidence_parse(const void *data, size_t size, struct prism_error *err)
{
	struct core_evidence *e = prism_alloc(sizeof(*e));
	int rc;

	e->arena = prism_arena_create();
	if (size == 0 || size > CORE_EVIDENCE_MAX) {
		prism_error_raise(err, size ? PRISM_ERROR_LIMIT : PRISM_ERROR_INVALID,
		                  "evidence of %zu bytes is not read", size);
		core_evidence_destroy(e);
		return NULL;
	}
	uint8_t *copy = prism_arena_alloc(e->arena, size + 1); /* text forms want a terminator */
	memcpy(copy, data, size);
	e->data = copy;
	e->size = size;
	if (!is_raw_snp(copy, size) && core_eat_detect(copy, size)) {
		rc = core_eat_parse(copy, size, e->arena, &e->eat, err);
		if (rc == 0)
			rc = read_report(e, e->eat.raw_report, e->eat.raw_report_size, err);
	} else {
		rc = read_report(e, copy, size, err);
	}
	if (rc < 0) {
		core_evidence_destroy(e);
		return NULL;
	}
	return e;
}

struct core_evidence *core_evidence_read(const char *path, struct prism_error *err)
{
	PRISM_AUTO_BUF struct prism_buf bytes = PRISM_BUF_INIT(CORE_EVIDENCE_MAX);
	struct core_evidence *evidence = NULL;

	if (prism_file_read(path, CORE_EVIDENCE_MAX, &bytes, err) == 0)
		evidence = core_evidence_parse(bytes.data ? bytes.data : "", bytes.len, err);
	if (!evidence)
		prism_error_wrap(err, "evidence in %s", path);
	return evidence;
}

void core_evidence_destroy(struct core_evidence *evidence)
{
	if (!evidence)
		return;
	if (evidence->tpm_message)
		evidence__tpm_attestation__free_unpacked(evidence->tpm_message, NULL);
	if (evidence->snp_message)
		evidence__snp_attestation__free_unpacked(evidence->snp_message, NULL);
	prism_arena_destroy(evidence->arena);
	prism_free(evidence);
}

enum core_evidence_kind core_evidence_kind(const struct core_evidence *evidence)
{
	return evidence->kind;
}

const struct core_eat *core_evidence_eat(const struct core_evidence *evidence)
{
	return evidence->eat.present ? &evidence->eat : NULL;
}

const struct core_snp_evidence *core_evidence_snp(const struct core_evidence *evidence)
{
	return evidence->kind == CORE_EVIDENCE_SNP || evidence->kind == CORE_EVIDENCE_SNP_VTPM
	           ? &evidence->snp
	           : NULL;
}

const struct core_tpm_evidence *core_evidence_tpm(const struct core_evidence *evidence)
{
	return evidence->kind == CORE_EVIDENCE_VTPM || evidence->kind == CORE_EVIDENCE_SNP_VTPM
	           ? &evidence->tpm
	           : NULL;
}

const struct core_tdx_quote *core_evidence_tdx(const struct core_evidence *evidence)
{
	return evidence->kind == CORE_EVIDENCE_TDX ? &evidence->tdx : NULL;
}

const uint8_t *core_evidence_bytes(const struct core_evidence *evidence, size_t *ret_size)
{
	*ret_size = evidence->size;
	return evidence->data;
}

static const uint8_t *keep(struct core_evidence *evidence, const uint8_t *data, size_t size)
{
	uint8_t *copy = prism_arena_alloc(evidence->arena, size + 1);

	memcpy(copy, data, size);
	return copy;
}

int core_evidence_set_vcek(struct core_evidence *evidence, const uint8_t *data, size_t size,
                           struct prism_error *err)
{
	if (!core_evidence_snp(evidence))
		return prism_error_raise(err, PRISM_ERROR_INVALID, "only SEV-SNP reports have a VCEK");
	evidence->snp.vcek = keep(evidence, data, size);
	evidence->snp.vcek_size = size;
	return 0;
}

void core_evidence_set_chain(struct core_evidence *evidence, const uint8_t *ask, size_t ask_size,
                             const uint8_t *ark, size_t ark_size)
{
	struct core_snp_evidence *snp = &evidence->snp;

	if (!core_evidence_snp(evidence))
		return;
	snp->ask = keep(evidence, ask, ask_size);
	snp->ask_size = ask_size;
	snp->ark = keep(evidence, ark, ark_size);
	snp->ark_size = ark_size;
}

/* ---- judging -------------------------------------------------------------------------------- */

#define EAT_SKEW_US (300ll * 1000000) /* reference attested-tls.md 3.11 */

static void check_eat_times(const struct core_eat *eat, int64_t at_us, struct core_verdict *verdict)
{
	if (at_us == PRISM_TIME_UNSET)
		core_verdict_skip(verdict, CORE_RULE_CLOCK, "dates were not looked at");
	else if (eat->expires_us != PRISM_TIME_UNSET && eat->expires_us < at_us)
		core_verdict_skip(verdict, CORE_RULE_CLOCK,
		                  "the token says it has expired; the claim is not signed by hardware");
	else if (eat->issued_us != PRISM_TIME_UNSET && eat->issued_us > at_us + EAT_SKEW_US)
		core_verdict_skip(verdict, CORE_RULE_CLOCK,
		                  "the token says it was made in the future; the claim is not signed");
	else
		core_verdict_pass(verdict, CORE_RULE_CLOCK, "in date");
}

static const char *const eat_platforms[CORE_EVIDENCE_KIND_COUNT] = {
    [CORE_EVIDENCE_SNP] = "SNP",
    [CORE_EVIDENCE_SNP_VTPM] = "SNP-vTPM",
    [CORE_EVIDENCE_VTPM] = "vTPM",
    [CORE_EVIDENCE_TDX] = "TDX",
};

/* On Azure the claim "measurements" is no measurement but the head of the container. */
static bool is_azure(const struct core_eat *eat)
{
	return strcmp(eat->platform, "Azure") == 0;
}

/* The report wins over claims; a claim that contradicts it is a fault of the token. */
static const char *eat_fault(const struct core_evidence *e,
                             const struct core_evidence_expectation *expect)
{
	const struct core_eat *eat = &e->eat;
	const struct core_snp_evidence *snp = core_evidence_snp(e);

	if (eat->platform[0] && strcmp(eat->platform, eat_platforms[e->kind]) != 0 && !is_azure(eat))
		return "the token names another platform than its report";
	if (expect->nonce &&
	    (eat->nonce_size != 32 || !net_equal_const_time(eat->nonce, expect->nonce, 32)))
		return "the token was made for another nonce";
	if (snp && eat->measurement && !is_azure(eat) &&
	    (eat->measurement_size != 48 || memcmp(eat->measurement, snp->report.measurement, 48) != 0))
		return "the token claims another measurement than its report";
	return NULL;
}

static void check_eat(const struct core_evidence *e, const struct core_evidence_expectation *expect,
                      struct core_verdict *verdict)
{
	const char *fault = eat_fault(e, expect);

	core_verdict_require(verdict, CORE_RULE_EAT);
	if (fault)
		core_verdict_fail(verdict, CORE_RULE_EAT, eat_platforms[e->kind], e->eat.platform, "%s",
		                  fault);
	else
		core_verdict_pass(verdict, CORE_RULE_EAT, "%s",
		                  e->eat.issuer[0] ? e->eat.issuer : "no issuer named");
	check_eat_times(&e->eat, expect->at_us, verdict);
}

/* REPORT_DATA of an SNP report behind a vTPM: SHA3-512(report data || ak_pub). */
static void cover_ak(const struct core_tpm_evidence *tpm, const uint8_t report_data[64],
                     uint8_t out[64])
{
	struct net_digest *digest = net_digest_create(NET_SHA3_512);
	uint8_t full[NET_DIGEST_MAX];

	net_digest_update(digest, report_data, 64);
	net_digest_update(digest, tpm->ak_pub, tpm->ak_pub_size);
	net_digest_final(digest, full);
	net_digest_destroy(digest);
	memcpy(out, full, 64);
}

/* Reference attested-tls.md 2.8 #2, 3.9. */
static void skip_paravisor(struct core_verdict *verdict)
{
	core_verdict_require(verdict, CORE_RULE_FRESH);
	core_verdict_skip(verdict, CORE_RULE_FRESH,
	                  "Azure's paravisor fills in the report's data; it cannot name a connection");
	core_verdict_note(verdict, "azure", "the report is the paravisor's and binds no connection");
}

static void check_snp_vtpm(const struct core_evidence *e, const struct core_policy *policy,
                           const struct core_trust *trust,
                           const struct core_evidence_expectation *expect,
                           struct core_verdict *verdict)
{
	uint8_t bound[64];
	struct core_snp_expectation snp = {.at_us = expect->at_us, .product = expect->product};
	struct core_tpm_expectation tpm = {.nonce = expect->nonce, .nonce_size = 32};

	core_verdict_require(verdict, CORE_RULE_AK_BOUND);
	if (expect->paravisor) {
		skip_paravisor(verdict);
		core_verdict_skip(verdict, CORE_RULE_AK_BOUND,
		                  "Azure's report does not cover the TPM's key without runtime data, "
		                  "which the agent does not send");
	} else if (expect->report_data) {
		cover_ak(&e->tpm, expect->report_data, bound);
		snp.report_data = bound;
		tpm.ak_trusted = memcmp(bound, e->snp.report.report_data, 64) == 0;
		core_verdict_compare(verdict, CORE_RULE_AK_BOUND, tpm.ak_trusted, "", "",
		                     "the report does not cover the TPM's key for this connection");
	} else {
		core_verdict_skip(verdict, CORE_RULE_AK_BOUND,
		                  "the report covers the key together with a nonce that is not known here");
	}
	core_snp_verify(&e->snp, policy, trust, &snp, verdict);
	core_tpm_verify(&e->tpm, policy, &tpm, verdict);
}

static void check_vtpm(const struct core_evidence *e, const struct core_policy *policy,
                       const struct core_evidence_expectation *expect, struct core_verdict *verdict)
{
	const struct core_tpm_expectation tpm = {.nonce = expect->nonce, .nonce_size = 32};

	core_verdict_require(verdict, CORE_RULE_AK_BOUND);
	core_verdict_require(verdict, CORE_RULE_CHAIN_ROOT);
	core_verdict_skip(verdict, CORE_RULE_AK_BOUND, "no CPU report vouches for this TPM's key");
	core_verdict_skip(verdict, CORE_RULE_CHAIN_ROOT, "a vTPM alone leads to no hardware root");
	core_tpm_verify(&e->tpm, policy, &tpm, verdict);
	core_verdict_note(verdict, "platform", "vTPM without a CPU report");
}

void core_evidence_verify(const struct core_evidence *evidence, const struct core_policy *policy,
                          const struct core_trust *trust,
                          const struct core_evidence_expectation *expected,
                          struct core_verdict *verdict)
{
	struct core_evidence_expectation expect = *expected;

	expect.paravisor |= evidence->eat.present && is_azure(&evidence->eat);
	const uint8_t *report_data = expect.paravisor ? NULL : expect.report_data;
	const struct core_snp_expectation snp = {report_data, expect.at_us, expect.product};
	const struct core_tdx_expectation tdx = {report_data, expect.at_us};

	if (evidence->eat.present)
		check_eat(evidence, &expect, verdict);
	switch (evidence->kind) {
	case CORE_EVIDENCE_SNP:
		if (expect.paravisor)
			skip_paravisor(verdict);
		core_snp_verify(&evidence->snp, policy, trust, &snp, verdict);
		break;
	case CORE_EVIDENCE_SNP_VTPM:
		check_snp_vtpm(evidence, policy, trust, &expect, verdict);
		break;
	case CORE_EVIDENCE_VTPM:
		check_vtpm(evidence, policy, &expect, verdict);
		break;
	case CORE_EVIDENCE_TDX:
		if (expect.paravisor)
			skip_paravisor(verdict);
		core_tdx_verify(&evidence->tdx, policy, trust, &tdx, verdict);
		break;
	case CORE_EVIDENCE_KIND_COUNT:
		break;
	}
}
