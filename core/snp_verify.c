/*
 * Judging an SEV-SNP report: certificate chain, signature, firmware versions, guest policy,
 * measurement, binding to the session.  See snp.h; every rule's meaning is in core/verdict.h.
 *
 * Sources: reference attestation.md 2.3 to 2.5 (comparisons), 6.2 to 6.4 (report, TCB, chain).
 */
#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "core/policy.h"
#include "core/snp.h"
#include "core/trust.h"
#include "net/x509.h"

#include <stdio.h>
#include <string.h>

struct job { /* what the checks below share */
	const struct core_snp_evidence *evidence;
	const struct core_snp_report *report;
	const struct core_policy_snp *snp;     /* NULL: no JSON policy */
	const struct core_policy_corim *corim; /* NULL: no CoRIM */
	const struct core_trust *trust;
	const struct core_snp_expectation *expect;
	struct core_verdict *verdict;
	struct net_cert *vcek, *ask, *ark; /* owned; NULL when absent */
	enum core_snp_product product;     /* as far as known */
};

#define HEX_MAX (2 * 64 + 1)

static const char *hex(const uint8_t *data, size_t size, char out[HEX_MAX])
{
	prism_hex_encode(data, size, out);
	return out;
}

/* Compares a field with what the policy says about it; not listed there is nothing to check. */
static void compare_bytes(struct job *job, enum core_rule rule, const char *name,
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

/* ---- certificate extensions (reference 6.4) ------------------------------------------------- */

#define AMD_OID "1.3.6.1.4.1.3704.1."

enum extension {
	EXT_PRODUCT,
	EXT_BOOT_LOADER,
	EXT_TEE,
	EXT_SNP,
	EXT_MICROCODE,
	EXT_FMC,
	EXT_HWID,
	EXT_CSP_ID,
	EXT_COUNT
};

static const char *const extension_oids[EXT_COUNT] = {
    [EXT_PRODUCT] = AMD_OID "2", [EXT_BOOT_LOADER] = AMD_OID "3.1", [EXT_TEE] = AMD_OID "3.2",
    [EXT_SNP] = AMD_OID "3.3",   [EXT_MICROCODE] = AMD_OID "3.8",   [EXT_FMC] = AMD_OID "3.9",
    [EXT_HWID] = AMD_OID "4",    [EXT_CSP_ID] = AMD_OID "5",
};

struct vcek_extensions {
	unsigned count[EXT_COUNT];
	uint8_t number[EXT_COUNT];
	char product[32];
	uint8_t hwid[64];
	size_t hwid_size;
	bool malformed;
};

static void take_integer(struct vcek_extensions *ext, enum extension id, const uint8_t *octets,
                         size_t size)
{
	bool wide = size == 4 && octets[1] == 2 && octets[2] == 0 && octets[3] >= 0x80;

	if (size < 3 || octets[0] != 0x02 || !((size == 3 && octets[1] == 1) || wide))
		ext->malformed = true;
	else
		ext->number[id] = octets[size - 1];
}

static void take_product(struct vcek_extensions *ext, const uint8_t *octets, size_t size)
{
	if (size < 2 || octets[0] != 0x16 || octets[1] != size - 2 || size - 2 >= sizeof(ext->product))
		ext->malformed = true;
	else
		snprintf(ext->product, sizeof(ext->product), "%.*s", (int)(size - 2), octets + 2);
}

static void take_hwid(struct vcek_extensions *ext, const uint8_t *octets, size_t size)
{
	/* Raw bytes as AMD writes them, or wrapped in an OCTET STRING. */
	if ((size == 66 || size == 10) && octets[0] == 0x04 && octets[1] == size - 2) {
		octets += 2;
		size -= 2;
	}
	if (size != 64 && size != 8) {
		ext->malformed = true;
		return;
	}
	memcpy(ext->hwid, octets, size);
	ext->hwid_size = size;
}

static void take_extension(void *data, const char *oid, const uint8_t *octets, size_t size)
{
	struct vcek_extensions *ext = data;

	for (int id = 0; id < EXT_COUNT; id++) {
		if (strcmp(oid, extension_oids[id]) != 0)
			continue;
		ext->count[id]++;
		if (id == EXT_PRODUCT)
			take_product(ext, octets, size);
		else if (id == EXT_HWID)
			take_hwid(ext, octets, size);
		else if (id != EXT_CSP_ID)
			take_integer(ext, (enum extension)id, octets, size);
	}
}

static bool read_extensions(const struct net_cert *vcek, struct vcek_extensions *ret)
{
	memset(ret, 0, sizeof(*ret));
	net_cert_extensions(vcek, AMD_OID, take_extension, ret);
	for (int id = 0; id < EXT_COUNT; id++)
		if (ret->count[id] > 1)
			ret->malformed = true;
	return !ret->malformed && ret->count[EXT_BOOT_LOADER] && ret->count[EXT_TEE] &&
	       ret->count[EXT_SNP] && ret->count[EXT_MICROCODE];
}

static void check_certificate_tcb(struct job *job, const struct vcek_extensions *ext)
{
	struct core_snp_tcb reported;
	char expected[96], found[96];

	core_snp_tcb_split(job->report->reported_tcb, job->product, &reported);
	bool turin = job->product == CORE_SNP_TURIN || job->product == CORE_SNP_VENICE;
	bool same = ext->number[EXT_BOOT_LOADER] == reported.boot_loader &&
	            ext->number[EXT_TEE] == reported.tee && ext->number[EXT_SNP] == reported.snp &&
	            ext->number[EXT_MICROCODE] == reported.microcode &&
	            (!turin || (ext->count[EXT_FMC] && ext->number[EXT_FMC] == reported.fmc));
	core_snp_tcb_text(job->report->reported_tcb, job->product, expected, sizeof(expected));
	snprintf(found, sizeof(found), "microcode %u, SNP %u, TEE %u, boot loader %u",
	         ext->number[EXT_MICROCODE], ext->number[EXT_SNP], ext->number[EXT_TEE],
	         ext->number[EXT_BOOT_LOADER]);
	core_verdict_compare(job->verdict, CORE_RULE_CHAIN_TCB, same, expected, found,
	                     "the certificate was issued for other firmware versions");
	if (same && !core_snp_tcb_at_most(job->report->reported_tcb, job->report->current_tcb))
		core_verdict_fail(job->verdict, CORE_RULE_CHAIN_TCB, "at most the current version",
		                  expected, "the reported firmware version is above the current one");
}

static void check_chip(struct job *job, const struct vcek_extensions *ext)
{
	static const uint8_t zeros[64];
	char expected[HEX_MAX], found[HEX_MAX];
	const uint8_t *chip = job->report->chip_id;

	if (((job->report->signer_info >> 2) & 7) == CORE_SNP_VLEK) {
		if (ext->hwid_size || !ext->count[EXT_CSP_ID])
			core_verdict_fail(job->verdict, CORE_RULE_CHAIN_CHIP, "a provider's id", "a chip id",
			                  "a VLEK certificate must name the provider and no chip");
		else
			core_verdict_pass(job->verdict, CORE_RULE_CHAIN_CHIP,
			                  "a VLEK names the provider, not a chip");
		return;
	}
	if (memcmp(chip, zeros, 64) == 0) {
		core_verdict_pass(job->verdict, CORE_RULE_CHAIN_CHIP, "the host masks the chip id");
		return;
	}
	bool same = ext->hwid_size && memcmp(ext->hwid, chip, ext->hwid_size) == 0 &&
	            memcmp(zeros, chip + ext->hwid_size, 64 - ext->hwid_size) == 0;
	core_verdict_compare(job->verdict, CORE_RULE_CHAIN_CHIP, same, hex(chip, 64, expected),
	                     hex(ext->hwid, ext->hwid_size, found),
	                     "the certificate is that of another chip");
}

static void check_product(struct job *job, const struct vcek_extensions *ext)
{
	enum core_snp_product named = core_snp_product_parse(ext->product);
	enum core_snp_product want = job->snp ? job->snp->product : CORE_SNP_UNKNOWN;

	if (named == CORE_SNP_UNKNOWN ||
	    (job->report->product != CORE_SNP_UNKNOWN && job->report->product != named))
		core_verdict_fail(job->verdict, CORE_RULE_CHAIN_PRODUCT,
		                  core_snp_product_word(job->report->product), ext->product,
		                  "the certificate is for another product line than the report");
	else if (want != CORE_SNP_UNKNOWN && want != named)
		core_verdict_fail(job->verdict, CORE_RULE_CHAIN_PRODUCT, core_snp_product_word(want),
		                  ext->product, "the policy expects another product line");
	else if (job->expect->product != CORE_SNP_UNKNOWN && job->expect->product != named)
		core_verdict_fail(job->verdict, CORE_RULE_CHAIN_PRODUCT,
		                  core_snp_product_word(job->expect->product), ext->product,
		                  "the settings expect another product line");
	else
		core_verdict_pass(job->verdict, CORE_RULE_CHAIN_PRODUCT, "%s", ext->product);
}

/* ---- chain ---------------------------------------------------------------------------------- */

static struct net_cert *read_certificate(const uint8_t *data, size_t size)
{
	return data && size ? net_cert_from_any(data, size, NULL) : NULL;
}

/* The first cached certificate with this pin kind and the job's product line. */
static const struct net_cert *cached(const struct job *job, enum core_pin_kind kind)
{
	size_t count;
	const struct net_cert *const *list = core_trust_certificates(job->trust, &count);

	for (size_t i = 0; i < count; i++) {
		const struct core_pin *pin = core_trust_pin(job->trust, list[i]);
		if (pin && pin->kind == kind &&
		    (job->product == CORE_SNP_UNKNOWN || pin->product == job->product ||
		     pin->product == CORE_SNP_UNKNOWN))
			return list[i];
	}
	return NULL;
}

static const struct net_cert *find_root(struct job *job)
{
	if (job->ark && core_trust_pin(job->trust, job->ark))
		return job->ark;
	return cached(job, CORE_PIN_ARK);
}

static void check_crl(struct job *job, const struct net_cert *root, const struct net_cert *ask)
{
	const uint8_t *der;
	size_t size;
	struct prism_error err = PRISM_ERROR_INIT;
	bool asked = job->snp && job->snp->check_crl;

	if (asked)
		core_verdict_require(job->verdict, CORE_RULE_CHAIN_CRL);
	if (!core_trust_crl(job->trust, job->product, &der, &size)) {
		if (asked)
			core_verdict_skip(job->verdict, CORE_RULE_CHAIN_CRL,
			                  "the policy asks for it, but no revocation list was given");
		return;
	}
	if (net_crl_check(der, size, root, ask, job->expect->at_us, &err) < 0)
		core_verdict_fail(job->verdict, CORE_RULE_CHAIN_CRL, "", "", "%s", err.message);
	else
		core_verdict_pass(job->verdict, CORE_RULE_CHAIN_CRL, "not on the list");
}

static void check_chain(struct job *job)
{
	bool vlek = ((job->report->signer_info >> 2) & 7) == CORE_SNP_VLEK;
	const struct net_cert *root = find_root(job);
	const struct net_cert *from_cache = cached(job, vlek ? CORE_PIN_ASVK : CORE_PIN_ASK);
	const struct net_cert *ask = job->ask ? job->ask : from_cache;
	struct prism_error err = PRISM_ERROR_INIT;

	if (!root) {
		core_verdict_fail(job->verdict, CORE_RULE_CHAIN_ROOT, "a pinned AMD root",
		                  job->ark ? net_cert_common_name(job->ark) : "none",
		                  job->ark ? "the root in the evidence is not pinned"
		                           : "neither the evidence nor the cache has a root");
		return;
	}
	const struct core_pin *pin = core_trust_pin(job->trust, root);
	if (pin->test)
		core_verdict_mark_not_tee(job->verdict,
		                          "the evidence ends in a test root that you chose to accept");
	bool line = pin->kind == CORE_PIN_ARK &&
	            (pin->product == CORE_SNP_UNKNOWN || pin->test ||
	             job->product == CORE_SNP_UNKNOWN || pin->product == job->product);
	core_verdict_compare(job->verdict, CORE_RULE_CHAIN_ROOT, line,
	                     core_snp_product_word(job->product), pin->name,
	                     "the root belongs to another product line");
	if (!ask) {
		core_verdict_fail(job->verdict, CORE_RULE_CHAIN_SIGNED, "ASK", "none",
		                  "the intermediate certificate is missing");
		return;
	}
	const struct net_chain_spec spec = {
	    .leaf = job->vcek,
	    .intermediates = &ask,
	    .intermediate_count = 1,
	    .roots = &root,
	    .root_count = 1,
	    .at_us = job->expect->at_us,
	    .allow_odd_names = true,
	};
	if (net_chain_verify(&spec, &err) < 0)
		core_verdict_fail(job->verdict, CORE_RULE_CHAIN_SIGNED, "", net_cert_subject(job->vcek),
		                  "%s", err.message);
	else
		core_verdict_pass(job->verdict, CORE_RULE_CHAIN_SIGNED, "%s, %s, %s",
		                  net_cert_common_name(job->vcek), net_cert_common_name(ask),
		                  net_cert_common_name(root));
	check_crl(job, root, ask);
}

static void check_certificates(struct job *job)
{
	struct vcek_extensions ext;

	if (!job->vcek) {
		core_verdict_fail(job->verdict, CORE_RULE_CHAIN_SIGNED, "VCEK or VLEK", "none",
		                  job->evidence->vcek ? "the hardware key's certificate is unreadable"
		                                      : "the hardware key's certificate is missing");
		return;
	}
	if (!read_extensions(job->vcek, &ext)) {
		core_verdict_fail(
		    job->verdict, CORE_RULE_CHAIN_TCB, "AMD's extensions", "",
		    "the certificate's firmware extensions are missing, doubled or malformed");
		return;
	}
	enum core_snp_product named = core_snp_product_parse(ext.product);
	if (job->report->product == CORE_SNP_UNKNOWN && named != CORE_SNP_UNKNOWN)
		job->product = named; /* a version 2 report: AMD's word outranks every guess */
	check_product(job, &ext);
	check_certificate_tcb(job, &ext);
	check_chip(job, &ext);
	check_chain(job);
}

/* ---- signature (reference 6.2) -------------------------------------------------------------- */

/* 72 little-endian bytes into 48 big-endian ones; false when the rest is not zero. */
static bool component(const uint8_t *le, uint8_t be[48])
{
	for (unsigned i = 48; i < 72; i++)
		if (le[i])
			return false;
	for (unsigned i = 0; i < 48; i++)
		be[i] = le[47 - i];
	return true;
}

static void check_signature(struct job *job)
{
	uint8_t signature[96];
	struct prism_error err = PRISM_ERROR_INIT;
	unsigned key_kind = (job->report->signer_info >> 2) & 7;

	if (job->report->signature_algo != 1 || key_kind > CORE_SNP_VLEK) {
		core_verdict_fail(job->verdict, CORE_RULE_REPORT_SIGNED, "ECDSA P-384 by VCEK or VLEK",
		                  key_kind == CORE_SNP_UNSIGNED ? "unsigned" : "another algorithm or key",
		                  "the report is not signed in a known way");
		return;
	}
	if (!job->vcek) {
		core_verdict_fail(job->verdict, CORE_RULE_REPORT_SIGNED, "", "",
		                  "there is no certificate to check the signature with");
		return;
	}
	struct net_pubkey *key = net_pubkey_from_cert(job->vcek, &err);
	bool valid = key && component(job->report->signature, signature) &&
	             component(job->report->signature + 72, signature + 48) &&
	             net_pubkey_verify(key, NET_SIG_ECDSA_P384_SHA384, job->report->raw,
	                               CORE_SNP_SIGNED_SIZE, signature, sizeof(signature), &err) == 0;
	net_pubkey_destroy(key);
	if (valid)
		core_verdict_pass(job->verdict, CORE_RULE_REPORT_SIGNED, "ECDSA P-384 with SHA-384, by %s",
		                  key_kind == CORE_SNP_VLEK ? "VLEK" : "VCEK");
	else
		core_verdict_fail(job->verdict, CORE_RULE_REPORT_SIGNED, "", "", "%s",
		                  *err.message ? err.message : "the signature's bytes are malformed");
}

/* ---- firmware versions (reference 2.3, 2.4) ------------------------------------------------- */

static void compare_tcb(struct job *job, enum core_rule rule, uint64_t minimum, uint64_t found,
                        const char *reason)
{
	char low[96], high[96];

	core_snp_tcb_text(minimum, job->product, low, sizeof(low));
	core_snp_tcb_text(found, job->product, high, sizeof(high));
	core_verdict_compare(job->verdict, rule, core_snp_tcb_at_most(minimum, found), low, high,
	                     reason);
}

static unsigned version_number(uint8_t major, uint8_t minor)
{
	return (unsigned)major << 8 | minor;
}

static void check_committed(struct job *job)
{
	const struct core_snp_report *r = job->report;
	bool provisional = job->snp && job->snp->permit_provisional;
	unsigned current = version_number(r->current_major, r->current_minor);
	unsigned committed = version_number(r->committed_major, r->committed_minor);
	char current_text[128], committed_text[128];
	bool ok = provisional ? core_snp_tcb_at_most(r->committed_tcb, r->current_tcb) &&
	                            committed <= current && r->committed_build <= r->current_build
	                      : r->committed_tcb == r->current_tcb && committed == current &&
	                            r->committed_build == r->current_build;

	snprintf(current_text, sizeof(current_text), "current %u.%u.%u", r->current_major,
	         r->current_minor, r->current_build);
	snprintf(committed_text, sizeof(committed_text), "committed %u.%u.%u", r->committed_major,
	         r->committed_minor, r->committed_build);
	core_verdict_compare(job->verdict, CORE_RULE_TCB_COMMITTED, ok, committed_text, current_text,
	                     provisional ? "committed firmware is newer than the current one"
	                                 : "provisional firmware is running");
}

static void check_tcb(struct job *job)
{
	const struct core_snp_report *r = job->report;
	char minimum[32], found[32];

	check_committed(job);
	if (!job->snp)
		return;
	compare_tcb(job, CORE_RULE_TCB_MIN, job->snp->minimum_tcb, r->reported_tcb,
	            "the reported firmware is older");
	compare_tcb(job, CORE_RULE_TCB_LAUNCH, job->snp->minimum_launch_tcb, r->launch_tcb,
	            "the firmware at launch was older");
	snprintf(minimum, sizeof(minimum), "%u.%u build %u", job->snp->minimum_major,
	         job->snp->minimum_minor, job->snp->minimum_build);
	snprintf(found, sizeof(found), "%u.%u build %u", r->current_major, r->current_minor,
	         r->current_build);
	bool ok = version_number(r->current_major, r->current_minor) >=
	              version_number(job->snp->minimum_major, job->snp->minimum_minor) &&
	          r->current_build >= job->snp->minimum_build;
	core_verdict_compare(job->verdict, CORE_RULE_TCB_BUILD, ok, minimum, found,
	                     "the firmware's version or build is older");
}

/* ---- guest policy and identity (reference 2.3, 2.5) ----------------------------------------- */

#define POLICY_SMT (1ull << 16)
#define POLICY_ONE (1ull << 17)
#define POLICY_MIGRATE (1ull << 18)
#define POLICY_DEBUG (1ull << 19)
#define POLICY_SINGLE_SOCKET (1ull << 20)
#define POLICY_CXL (1ull << 21)
#define POLICY_AES256 (1ull << 22)
#define POLICY_RAPL (1ull << 23)
#define POLICY_HIDING (1ull << 24)
#define POLICY_LAST_BIT 25

/* Reported bits that the policy must allow, and bits of the policy that the report must have. */
#define POLICY_PERMISSIONS (POLICY_MIGRATE | POLICY_DEBUG | POLICY_SMT | POLICY_CXL)
#define POLICY_DEMANDS (POLICY_SINGLE_SOCKET | POLICY_AES256 | POLICY_RAPL | POLICY_HIDING)

#define PLATFORM_PERMISSIONS ((1ull << 0) | (1ull << 1)) /* SMT, TSME */
#define PLATFORM_DEMANDS ((1ull << 2) | (1ull << 3) | (1ull << 4) | (1ull << 5))

static const char *policy_fault(uint64_t found, uint64_t want)
{
	if (found >> (POLICY_LAST_BIT + 1))
		return "reserved policy bits are set";
	if (!(found & POLICY_ONE))
		return "the bit that must be one is zero";
	if ((want & 0xffff) > (found & 0xffff))
		return "the guest demands an older firmware interface than the policy";
	if (found & POLICY_PERMISSIONS & ~want)
		return "the guest allows something that the policy does not";
	if (want & POLICY_DEMANDS & ~found)
		return "the guest does not demand something that the policy does";
	return NULL;
}

static void check_guest_policy(struct job *job)
{
	uint64_t found = job->report->policy;
	/* Without a JSON policy everything but debugging and reserved bits is left to the measurement.
	 */
	uint64_t want = job->snp ? job->snp->policy : POLICY_PERMISSIONS | POLICY_ONE;
	const char *fault = policy_fault(found, want);
	char expected[32], text[32];

	core_verdict_compare(job->verdict, CORE_RULE_GUEST_DEBUG, !(found & POLICY_DEBUG),
	                     "debugging off", found & POLICY_DEBUG ? "debugging ON" : "debugging off",
	                     "the host can read the memory of this guest");
	snprintf(expected, sizeof(expected), "0x%llx", (unsigned long long)want);
	snprintf(text, sizeof(text), "0x%llx", (unsigned long long)found);
	core_verdict_compare(job->verdict, CORE_RULE_GUEST_POLICY, !fault, job->snp ? expected : "",
	                     text, fault ? fault : "");
}

static void check_platform(struct job *job)
{
	uint64_t found = job->report->platform_info;
	char expected[32], text[32];

	if (!job->snp || !job->snp->has_platform_info)
		return;
	uint64_t want = job->snp->platform_info;
	bool ok = !(found & PLATFORM_PERMISSIONS & ~want) && !(want & PLATFORM_DEMANDS & ~found);
	snprintf(expected, sizeof(expected), "0x%llx", (unsigned long long)want);
	snprintf(text, sizeof(text), "0x%llx", (unsigned long long)found);
	core_verdict_compare(job->verdict, CORE_RULE_GUEST_PLATFORM, ok, expected, text,
	                     "the platform's settings are not those of the policy");
}

static bool trusted_digest(const uint8_t (*list)[48], unsigned count, const uint8_t *digest)
{
	for (unsigned i = 0; i < count; i++)
		if (memcmp(list[i], digest, 48) == 0)
			return true;
	return false;
}

static void check_keys(struct job *job)
{
	const struct core_policy_snp *p = job->snp;
	const struct core_snp_report *r = job->report;
	char found[HEX_MAX];

	if (!p || (!p->require_author_key && !p->require_id_block))
		return;
	bool author = (r->signer_info & 1) != 0 &&
	              trusted_digest(p->author_keys, p->author_key_count, r->author_key_digest);
	bool id = trusted_digest(p->id_keys, p->id_key_count, r->id_key_digest);
	bool ok = author || (!p->require_author_key && id);
	core_verdict_compare(
	    job->verdict, CORE_RULE_GUEST_KEYS, ok,
	    p->require_author_key ? "a trusted author key" : "a trusted identity key",
	    hex(p->require_author_key ? r->author_key_digest : r->id_key_digest, 48, found),
	    "the key is not in the policy's list");
}

static void check_identity(struct job *job)
{
	const struct core_policy_snp *p = job->snp;
	const struct core_snp_report *r = job->report;
	char expected[16], found[16];

	if (!p)
		return;
	if (p->vmpl >= 0) {
		snprintf(expected, sizeof(expected), "VMPL %d", p->vmpl);
		snprintf(found, sizeof(found), "VMPL %u", r->vmpl);
		core_verdict_compare(job->verdict, CORE_RULE_GUEST_VMPL, r->vmpl == (unsigned)p->vmpl,
		                     expected, found, "the report comes from another privilege level");
	}
	snprintf(expected, sizeof(expected), "%u", p->minimum_guest_svn);
	snprintf(found, sizeof(found), "%u", r->guest_svn);
	core_verdict_compare(job->verdict, CORE_RULE_GUEST_SVN, r->guest_svn >= p->minimum_guest_svn,
	                     expected, found, "the guest's security version is lower");
	compare_bytes(job, CORE_RULE_GUEST_IDS, "the family id", &p->family_id, r->family_id);
	compare_bytes(job, CORE_RULE_GUEST_IDS, "the image id", &p->image_id, r->image_id);
	compare_bytes(job, CORE_RULE_GUEST_IDS, "the report id", &p->report_id, r->report_id);
	compare_bytes(job, CORE_RULE_GUEST_IDS, "the migration agent's report id", &p->report_id_ma,
	              r->report_id_ma);
	compare_bytes(job, CORE_RULE_GUEST_IDS, "the chip id", &p->chip_id, r->chip_id);
	compare_bytes(job, CORE_RULE_HOST_DATA, "the host data", &p->host_data, r->host_data);
}

/* ---- measurement ---------------------------------------------------------------------------- */

static void check_corim_measurement(struct job *job)
{
	char found[HEX_MAX], expected[HEX_MAX] = "";
	unsigned usable = 0;
	bool match = false;

	for (unsigned i = 0; i < job->corim->digest_count; i++) {
		const struct core_corim_digest *digest = &job->corim->digests[i];
		if (digest->size != 48)
			continue;
		if (usable++ == 0)
			hex(digest->data, 48, expected);
		match |= memcmp(digest->data, job->report->measurement, 48) == 0;
	}
	if (usable == 0) {
		core_verdict_fail(job->verdict, CORE_RULE_REFERENCE, "a 48-byte digest", "none",
		                  "the policy contains no reference values for this platform");
		return;
	}
	core_verdict_pass(job->verdict, CORE_RULE_REFERENCE, "%u reference value%s", usable,
	                  usable == 1 ? "" : "s");
	core_verdict_compare(job->verdict, CORE_RULE_MEASURED, match, expected,
	                     hex(job->report->measurement, 48, found),
	                     "the launch measurement is none of the policy's reference values");
	if (job->corim->has_svn) {
		bool ok = job->corim->svn_is_minimum ? job->report->guest_svn >= job->corim->svn
		                                     : job->report->guest_svn == job->corim->svn;
		snprintf(expected, sizeof(expected), "%s%llu",
		         job->corim->svn_is_minimum ? "at least " : "",
		         (unsigned long long)job->corim->svn);
		snprintf(found, sizeof(found), "%u", job->report->guest_svn);
		core_verdict_compare(job->verdict, CORE_RULE_GUEST_SVN, ok, expected, found,
		                     "the guest's security version is not the policy's");
	}
}

static void check_measurement(struct job *job)
{
	char found[HEX_MAX], expected[HEX_MAX];

	if (job->corim) {
		check_corim_measurement(job);
		return;
	}
	if (!job->snp || job->snp->measurement.size == 0) {
		core_verdict_skip(job->verdict, CORE_RULE_REFERENCE, "%s",
		                  job->snp ? "the policy names no measurement" : "there is no policy");
		return;
	}
	core_verdict_pass(job->verdict, CORE_RULE_REFERENCE, "1 reference value");
	core_verdict_compare(job->verdict, CORE_RULE_MEASURED,
	                     memcmp(job->snp->measurement.data, job->report->measurement, 48) == 0,
	                     hex(job->snp->measurement.data, 48, expected),
	                     hex(job->report->measurement, 48, found),
	                     "the launch measurement is not the policy's");
}

/* ---- all of it ------------------------------------------------------------------------------ */

static void check_binding(struct job *job)
{
	char expected[HEX_MAX], found[HEX_MAX];

	if (!job->expect->report_data) {
		core_verdict_skip(job->verdict, CORE_RULE_FRESH,
		                  "looked at without a connection: whether it is fresh cannot be told");
		return;
	}
	core_verdict_compare(job->verdict, CORE_RULE_FRESH,
	                     memcmp(job->expect->report_data, job->report->report_data, 64) == 0,
	                     hex(job->expect->report_data, 64, expected),
	                     hex(job->report->report_data, 64, found),
	                     "the report was made for another connection");
}

static void require_rules(struct job *job)
{
	static const enum core_rule always[] = {
	    CORE_RULE_CHAIN_ROOT,    CORE_RULE_CHAIN_SIGNED,  CORE_RULE_CHAIN_TCB,
	    CORE_RULE_CHAIN_CHIP,    CORE_RULE_CHAIN_PRODUCT, CORE_RULE_REPORT_FORM,
	    CORE_RULE_REPORT_SIGNED, CORE_RULE_TCB_COMMITTED, CORE_RULE_GUEST_DEBUG,
	    CORE_RULE_GUEST_POLICY,  CORE_RULE_REFERENCE,     CORE_RULE_MEASURED,
	};

	for (size_t i = 0; i < PRISM_COUNT(always); i++)
		core_verdict_require(job->verdict, always[i]);
	if (job->expect->report_data)
		core_verdict_require(job->verdict, CORE_RULE_FRESH);
}

static void note_facts(struct job *job)
{
	const struct core_snp_report *r = job->report;
	char text[HEX_MAX];

	core_verdict_note(job->verdict, "platform", "AMD SEV-SNP, %s, report version %u",
	                  core_snp_product_word(job->product), r->version);
	core_verdict_note(job->verdict, "measurement", "%s", hex(r->measurement, 48, text));
	core_snp_tcb_text(r->reported_tcb, job->product, text, sizeof(text));
	core_verdict_note(job->verdict, "tcb", "%s", text);
	core_verdict_note(job->verdict, "vmpl", "%u", r->vmpl);
}

static enum core_snp_product guess_product(const struct core_snp_evidence *evidence)
{
	static const uint8_t zeros[56];
	const struct core_snp_report *r = &evidence->report;

	if (r->product != CORE_SNP_UNKNOWN)
		return r->product;
	if (evidence->product_hint != CORE_SNP_UNKNOWN)
		return evidence->product_hint;
	/* Turin's chip ids have eight bytes (reference 6.3). */
	if (memcmp(r->chip_id, zeros, 8) != 0 && memcmp(r->chip_id + 8, zeros, 56) == 0)
		return CORE_SNP_TURIN;
	return CORE_SNP_UNKNOWN;
}

enum core_snp_product core_snp_evidence_product(const struct core_snp_evidence *evidence)
{
	enum core_snp_product product = guess_product(evidence);
	struct net_cert *vcek = read_certificate(evidence->vcek, evidence->vcek_size);
	struct vcek_extensions ext;

	if (product == CORE_SNP_UNKNOWN && vcek && read_extensions(vcek, &ext))
		product = core_snp_product_parse(ext.product);
	net_cert_destroy(vcek);
	return product;
}

void core_snp_verify(const struct core_snp_evidence *evidence, const struct core_policy *policy,
                     const struct core_trust *trust, const struct core_snp_expectation *expect,
                     struct core_verdict *verdict)
{
	struct job job = {
	    .evidence = evidence,
	    .report = &evidence->report,
	    .snp = core_policy_snp(policy),
	    .corim = core_policy_corim(policy),
	    .trust = trust,
	    .expect = expect,
	    .verdict = verdict,
	    .product = guess_product(evidence),
	    .vcek = read_certificate(evidence->vcek, evidence->vcek_size),
	    .ask = read_certificate(evidence->ask, evidence->ask_size),
	    .ark = read_certificate(evidence->ark, evidence->ark_size),
	};

	require_rules(&job);
	core_verdict_pass(verdict, CORE_RULE_REPORT_FORM, "version %u", job.report->version);
	check_certificates(&job);
	check_signature(&job);
	check_tcb(&job);
	check_guest_policy(&job);
	check_platform(&job);
	check_identity(&job);
	check_keys(&job);
	check_measurement(&job);
	check_binding(&job);
	note_facts(&job);
	net_cert_destroy(job.vcek);
	net_cert_destroy(job.ask);
	net_cert_destroy(job.ark);
}
