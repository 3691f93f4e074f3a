/*
 * Policies as facts: see policy_facts.h.  One table a kind of policy; a row is a field with the
 * place of its value and its meaning.
 */
#include "core/policy_facts.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "core/policy_json.h"
#include "core/snp.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

/* ---- how a value is written ---- */

enum shape {
	SHAPE_BYTES, /* struct core_policy_bytes */
	SHAPE_U8,
	SHAPE_U16,
	SHAPE_U32,
	SHAPE_BOOL,
	SHAPE_TCB,      /* uint64_t, components */
	SHAPE_GUEST,    /* uint64_t, bits of the guest's POLICY */
	SHAPE_PLATFORM, /* uint64_t, bits of PLATFORM_INFO; with has_platform_info */
	SHAPE_VMPL,     /* int, -1: unset */
	SHAPE_VERSION,  /* two uint8_t */
	SHAPE_PRODUCT,  /* enum core_snp_product */
};

struct row {
	const char *name; /* as the official tools write it */
	enum shape shape;
	size_t at; /* offset in the struct of the kind */
	const char *meaning;
};

#define SNP(field) offsetof(struct core_policy_snp, field)
#define TDX(field) offsetof(struct core_policy_tdx, field)

/* Ordered as a person asks: what was launched, who may look, how new, who signed. */
static const struct row snp_rows[] = {
    {"measurement", SHAPE_BYTES, SNP(measurement),
     "digest of what was launched (firmware, kernel, initrd, command line, vCPUs); must be equal"},
    {"hostData", SHAPE_BYTES, SNP(host_data), "32 bytes the host gave at launch; must be equal"},
    {"policy", SHAPE_GUEST, SNP(policy),
     "what the guest may allow (debugging, migration, SMT) and must demand of its host"},
    {"vmpl", SHAPE_VMPL, SNP(vmpl), "privilege level the report must come from; 0 is the highest"},
    {"product", SHAPE_PRODUCT, SNP(product), "processor line of the key's certificate"},
    {"minimumTcb", SHAPE_TCB, SNP(minimum_tcb),
     "firmware versions that the reported ones must reach, each by itself"},
    {"minimumLaunchTcb", SHAPE_TCB, SNP(minimum_launch_tcb),
     "firmware versions that must have been there when the guest was launched"},
    {"minimumVersion", SHAPE_VERSION, SNP(minimum_major), "SNP firmware version, at least"},
    {"minimumBuild", SHAPE_U8, SNP(minimum_build), "SNP firmware build, at least"},
    {"permitProvisionalFirmware", SHAPE_BOOL, SNP(permit_provisional),
     "whether firmware that can still be rolled back may run"},
    {"minimumGuestSvn", SHAPE_U32, SNP(minimum_guest_svn),
     "security version of the guest image, at least"},
    {"platformInfo", SHAPE_PLATFORM, SNP(platform_info),
     "settings of the host that are allowed (SMT, TSME) or demanded (ECC, alias check)"},
    {"familyId", SHAPE_BYTES, SNP(family_id), "family of the guest image, given at launch"},
    {"imageId", SHAPE_BYTES, SNP(image_id), "the guest image, given at launch"},
    {"reportId", SHAPE_BYTES, SNP(report_id), "this very guest; another one after every boot"},
    {"reportIdMa", SHAPE_BYTES, SNP(report_id_ma), "its migration agent; all ones: it has none"},
    {"chipId", SHAPE_BYTES, SNP(chip_id), "the one processor it may run on"},
    {"requireIdBlock", SHAPE_BOOL, SNP(require_id_block),
     "whether the launch must be signed by a trusted identity or author key"},
    {"requireAuthorKey", SHAPE_BOOL, SNP(require_author_key),
     "whether that key must itself be signed by a trusted author key"},
    {"checkCrl", SHAPE_BOOL, SNP(check_crl), "whether AMD's revocation list must be looked at"},
};

static const struct row tdx_rows[] = {
    {"mrTd", SHAPE_BYTES, TDX(mr_td), "digest of the TD as it was built; must be equal"},
    {"rtmrs.0", SHAPE_BYTES, TDX(rtmrs[0]), "run-time measurement 0: firmware configuration"},
    {"rtmrs.1", SHAPE_BYTES, TDX(rtmrs[1]), "run-time measurement 1: boot loader, kernel"},
    {"rtmrs.2", SHAPE_BYTES, TDX(rtmrs[2]), "run-time measurement 2: operating system"},
    {"rtmrs.3", SHAPE_BYTES, TDX(rtmrs[3]), "run-time measurement 3: free for applications"},
    {"mrSeam", SHAPE_BYTES, TDX(mr_seam), "digest of Intel's TDX module; must be equal"},
    {"mrConfigId", SHAPE_BYTES, TDX(mr_config_id), "configuration chosen by the TD's owner"},
    {"mrOwner", SHAPE_BYTES, TDX(mr_owner), "owner of the TD"},
    {"mrOwnerConfig", SHAPE_BYTES, TDX(mr_owner_config), "configuration of that owner"},
    {"tdAttributes", SHAPE_BYTES, TDX(td_attributes), "attributes of the TD; bit 0 is debugging"},
    {"xfam", SHAPE_BYTES, TDX(xfam), "processor features the TD may use"},
    {"minimumTeeTcbSvn", SHAPE_BYTES, TDX(minimum_tee_tcb_svn),
     "security versions of the TDX module, at least, byte by byte"},
    {"qeVendorId", SHAPE_BYTES, TDX(qe_vendor_id), "vendor of the quoting enclave"},
    {"minimumQeSvn", SHAPE_U16, TDX(minimum_qe_svn), "quoting enclave's version, at least"},
    {"minimumPceSvn", SHAPE_U16, TDX(minimum_pce_svn), "provisioning enclave's version, at least"},
    {"checkCrl", SHAPE_BOOL, TDX(check_crl), "whether Intel's revocation lists must be looked at"},
    {"getCollateral", SHAPE_BOOL, TDX(get_collateral),
     "whether Intel's TCB status must be asked for"},
};

void core_bits_text(uint64_t value, const struct core_snp_bit *bits, size_t count, char *out,
                    size_t size)
{
	size_t used = (size_t)snprintf(out, size, "0x%llx", (unsigned long long)value);

	for (size_t i = 0, shown = 0; i < count && used < size; i++)
		if (value >> bits[i].bit & 1)
			used += (size_t)snprintf(out + used, size - used, "%s%s", shown++ ? ", " : ": ",
			                         bits[i].name);
}

static void put_bits(struct core_facts *facts, uint64_t value, const struct core_snp_bit *bits,
                     size_t count)
{
	char text[400];

	core_bits_text(value, bits, count, text, sizeof(text));
	core_facts_value(facts, "%s", text);
}

static uint64_t u64_at(const void *base, size_t at)
{
	uint64_t value;

	memcpy(&value, (const uint8_t *)base + at, sizeof(value));
	return value;
}

static void put_tcb(struct core_facts *facts, uint64_t tcb, enum core_snp_product product)
{
	char text[120];

	core_snp_tcb_text(tcb, product, text, sizeof(text));
	core_facts_value(facts, "%s", tcb ? text : CORE_POLICY_UNSET);
}

static void put_bytes(struct core_facts *facts, const struct core_policy_bytes *bytes)
{
	if (bytes->size)
		core_facts_raw(facts, bytes->data, bytes->size, -1);
	else
		core_facts_value(facts, CORE_POLICY_UNSET);
}

static void put_number(struct core_facts *facts, unsigned value)
{
	if (value)
		core_facts_value(facts, "%u", value);
	else
		core_facts_value(facts, CORE_POLICY_UNSET);
}

static void put_guest(struct core_facts *facts, uint64_t value)
{
	size_t count;
	const struct core_snp_bit *bits = core_snp_policy_bits(&count);
	char text[400];

	core_bits_text(value, bits, count, text, sizeof(text));
	core_facts_value(facts, "%s; firmware interface %u.%u", text, (unsigned)(value >> 8 & 0xff),
	                 (unsigned)(value & 0xff));
}

static void put_snp_value(struct core_facts *facts, const struct row *row,
                          const struct core_policy_snp *snp)
{
	const uint8_t *place = (const uint8_t *)snp + row->at;
	size_t count;
	const struct core_snp_bit *bits = core_snp_platform_bits(&count);

	switch (row->shape) {
	case SHAPE_TCB:
		put_tcb(facts, u64_at(snp, row->at), snp->product);
		break;
	case SHAPE_GUEST:
		put_guest(facts, snp->policy);
		break;
	case SHAPE_PLATFORM:
		if (snp->has_platform_info)
			put_bits(facts, snp->platform_info, bits, count);
		else
			core_facts_value(facts, CORE_POLICY_UNSET);
		break;
	case SHAPE_VMPL:
		if (snp->vmpl >= 0)
			core_facts_value(facts, "%d", snp->vmpl);
		else
			core_facts_value(facts, CORE_POLICY_UNSET);
		break;
	case SHAPE_VERSION:
		if (snp->minimum_major || snp->minimum_minor)
			core_facts_value(facts, "%u.%u", place[0], snp->minimum_minor);
		else
			core_facts_value(facts, CORE_POLICY_UNSET);
		break;
	default:
		core_facts_value(facts, "%s",
		                 snp->product == CORE_SNP_UNKNOWN ? CORE_POLICY_UNSET
		                                                  : core_snp_product_word(snp->product));
	}
}

/* Values both kinds have; false: the kind's own. */
static bool put_common(struct core_facts *facts, const struct row *row, const void *base)
{
	const uint8_t *place = (const uint8_t *)base + row->at;
	uint16_t u16;
	uint32_t u32;
	struct core_policy_bytes bytes;

	switch (row->shape) {
	case SHAPE_BYTES:
		memcpy(&bytes, place, sizeof(bytes));
		put_bytes(facts, &bytes);
		return true;
	case SHAPE_U8:
		put_number(facts, *place);
		return true;
	case SHAPE_U16:
		memcpy(&u16, place, sizeof(u16));
		put_number(facts, u16);
		return true;
	case SHAPE_U32:
		memcpy(&u32, place, sizeof(u32));
		put_number(facts, u32);
		return true;
	case SHAPE_BOOL:
		core_facts_value(facts, "%s", *place ? "yes" : "no");
		return true;
	default:
		return false;
	}
}

static void put_rows(struct core_facts *facts, const struct row *rows, size_t count,
                     const void *base, bool snp)
{
	for (size_t i = 0; i < count; i++) {
		core_facts_addf(facts, 1, rows[i].name, "policy.%s", rows[i].name);
		core_facts_meaning(facts, rows[i].meaning);
		if (!put_common(facts, &rows[i], base) && snp)
			put_snp_value(facts, &rows[i], base);
	}
}

/* ---- lists ---- */

static void put_digests(struct core_facts *facts, const char *name, const uint8_t (*list)[48],
                        unsigned count, const char *meaning)
{
	char label[80];

	for (unsigned i = 0; i < count; i++) {
		snprintf(label, sizeof(label), "%s %u", name, i + 1);
		core_facts_addf(facts, 1, label, "policy.%s.%u", name, i);
		core_facts_meaning(facts, meaning);
		core_facts_raw(facts, list[i], 48, -1);
	}
}

/* What a PC Client platform measures where (TCG PC Client Platform Firmware Profile, 3.3.4); 16 is
 * extended by the agent (reference 3.2). */
static const char *const pcr_meanings[CORE_PCR_COUNT] = {
    [0] = "firmware code",
    [1] = "firmware configuration",
    [2] = "option ROMs: code",
    [3] = "option ROMs: configuration",
    [4] = "boot loader, as it was started",
    [5] = "boot loader's configuration, partition table",
    [6] = "states and wake events of the platform",
    [7] = "Secure Boot: keys and what they signed",
    [8] = "kernel command line, measured by the boot loader",
    [9] = "kernel and initial RAM disk, measured by the boot loader",
    [10] = "files opened by the kernel (IMA)",
    [11] = "unified kernel image",
    [12] = "kernel command line and credentials of a unified image",
    [13] = "system extensions",
    [14] = "keys of the shim loader",
    [15] = "system identity",
    [16] = "the computation: extended by the agent with its manifest",
    [23] = "free for applications",
};

const char *core_pcr_meaning(unsigned pcr)
{
	return pcr < CORE_PCR_COUNT && pcr_meanings[pcr] ? pcr_meanings[pcr] : "";
}

static void put_pcrs(struct core_facts *facts, const struct core_policy_pcrs *pcrs,
                     enum core_pcr_bank bank)
{
	const char *word = core_pcr_bank_word(bank);
	char label[40];

	if (!pcrs->count)
		return;
	snprintf(label, sizeof(label), "PCR values, bank %s", word);
	core_facts_addf(facts, 0, label, "pcrs.%s", word);
	core_facts_value(facts, "%u values", pcrs->count);
	core_facts_fold(facts);
	for (unsigned i = 0; i < CORE_PCR_COUNT; i++) {
		if (!pcrs->listed[i])
			continue;
		snprintf(label, sizeof(label), "PCR %u", i);
		core_facts_addf(facts, 1, label, "pcrs.%s.%u", word, i);
		core_facts_meaning(facts, core_pcr_meaning(i));
		core_facts_raw(facts, pcrs->value[i], core_pcr_bank_size(bank), -1);
	}
}

/* ---- members nobody knows here ---- */

static bool known_name(const char *name, const struct row *rows, size_t count)
{
	static const char *const others[] = {"policy",
	                                     "rootOfTrust",
	                                     "pcr_values",
	                                     "productLine",
	                                     "cabundlePaths",
	                                     "cabundles",
	                                     "disallowNetwork",
	                                     "reportData",
	                                     "trustedIdKeys",
	                                     "trustedIdKeyHashes",
	                                     "trustedAuthorKeys",
	                                     "trustedAuthorKeyHashes",
	                                     "headerPolicy",
	                                     "tdQuoteBodyPolicy",
	                                     "rtmrs",
	                                     "anyMrTd"};
	char camel[64];

	core_policy_json_camel(name, camel, sizeof(camel));
	for (size_t i = 0; i < count; i++)
		if (!strcmp(rows[i].name, camel))
			return true;
	for (size_t i = 0; i < PRISM_COUNT(others); i++)
		if (!strcmp(others[i], camel) || !strcmp(others[i], name))
			return true;
	return false;
}

static void put_unknown(struct core_facts *facts, const cJSON *object, const char *where,
                        const struct row *rows, size_t count, bool *titled)
{
	for (const cJSON *item = prism_json_members(object); item; item = item->next) {
		if (known_name(item->string, rows, count))
			continue;
		if (!*titled) {
			core_facts_add(facts, 0, "unknown", "Members not known here");
			core_facts_meaning(facts, "never compared; kept when the file is written");
		}
		*titled = true;
		PRISM_AUTO_FREE char *text = prism_json_print(item, false);
		core_facts_addf(facts, 1, item->string, "unknown.%s%.80s", where, item->string);
		core_facts_value(facts, "%.400s", text);
	}
}

static void put_json_rest(struct core_facts *facts, const struct core_policy *policy,
                          const struct row *rows, size_t count)
{
	const cJSON *doc = core_policy_doc(policy);
	bool titled = false;

	put_unknown(facts, doc, "", rows, count, &titled);
	put_unknown(facts, cJSON_GetObjectItemCaseSensitive(doc, "policy"), "policy.", rows, count,
	            &titled);
}

/* ---- kinds ---- */

static void put_snp(struct core_facts *facts, const struct core_policy *policy)
{
	const struct core_policy_snp *snp = core_policy_snp(policy);

	put_rows(facts, snp_rows, PRISM_COUNT(snp_rows), snp, true);
	put_digests(facts, "trustedIdKeyHashes", snp->id_keys, snp->id_key_count,
	            "SHA-384 of an identity key that may sign a launch");
	put_digests(facts, "trustedAuthorKeyHashes", snp->author_keys, snp->author_key_count,
	            "SHA-384 of an author key that may sign identity keys");
	for (int bank = 0; bank < CORE_PCR_BANK_COUNT; bank++)
		put_pcrs(facts, &snp->pcrs[bank], (enum core_pcr_bank)bank);
	put_json_rest(facts, policy, snp_rows, PRISM_COUNT(snp_rows));
}

static void put_tdx(struct core_facts *facts, const struct core_policy *policy)
{
	const struct core_policy_tdx *tdx = core_policy_tdx(policy);

	put_rows(facts, tdx_rows, PRISM_COUNT(tdx_rows), tdx, false);
	put_digests(facts, "anyMrTd", tdx->any_mr_td, tdx->any_mr_td_count,
	            "one of the values MRTD may have");
}

static void put_time(struct core_facts *facts, const char *key, const char *label, int64_t at_us,
                     const char *meaning)
{
	char text[PRISM_TIME_TEXT];

	core_facts_add(facts, 1, key, label);
	core_facts_meaning(facts, meaning);
	core_facts_value(facts, "%s",
	                 at_us == PRISM_TIME_UNSET ? CORE_POLICY_UNSET
	                                           : prism_time_format(at_us, 0, text));
}

/* IANA named information hash algorithms, as far as policies have them (reference 5.2). */
static const char *digest_word(int64_t algorithm)
{
	static const char *const words[] = {[1] = "SHA-256",   [7] = "SHA-384",   [8] = "SHA-512",
	                                    [10] = "SHA3-256", [11] = "SHA3-384", [12] = "SHA3-512"};

	return algorithm > 0 && algorithm < (int64_t)PRISM_COUNT(words) && words[algorithm]
	           ? words[algorithm]
	           : "another algorithm";
}

static void put_reference(struct core_facts *facts, const struct core_policy_corim *corim)
{
	char label[48];

	core_facts_add(facts, 0, "digests", "Reference values");
	core_facts_value(facts, "%u", corim->digest_count);
	core_facts_meaning(facts, corim->digest_count
	                              ? "the measurement must be one of them"
	                              : "there are none: nothing can ever match this policy");
	for (unsigned i = 0; i < corim->digest_count; i++) {
		const struct core_corim_digest *digest = &corim->digests[i];

		snprintf(label, sizeof(label), "triple %u, %s", digest->triple + 1,
		         digest_word(digest->algorithm));
		core_facts_addf(facts, 1, label, "digests.%u", i);
		core_facts_meaning(facts, digest->size == 48
		                              ? "launch measurement (SEV-SNP) or MRTD (TDX)"
		                              : "of no use here: measurements have 48 bytes");
		core_facts_raw(facts, digest->data, digest->size, -1);
	}
}

static void put_corim(struct core_facts *facts, const struct core_policy_corim *corim)
{
	core_facts_add(facts, 1, "policy.id", "corim-id");
	core_facts_value(facts, "%s", corim->id);
	core_facts_meaning(facts, "names this manifest");
	core_facts_add(facts, 1, "policy.signed", "signature");
	core_facts_value(facts, "%s", corim->is_signed ? "signed (COSE_Sign1)" : "unsigned");
	core_facts_meaning(facts, "checked only under a key you configure (agent_policy_key)");
	put_time(facts, "policy.not-before", "not-before", corim->not_before_us, "not in force before");
	put_time(facts, "policy.not-after", "not-after", corim->not_after_us, "not in force after");
	core_facts_add(facts, 1, "policy.svn", "svn");
	core_facts_meaning(facts, "security version of the guest");
	if (corim->has_svn)
		core_facts_value(facts, "%s%llu", corim->svn_is_minimum ? "at least " : "",
		                 (unsigned long long)corim->svn);
	else
		core_facts_value(facts, CORE_POLICY_UNSET);
	put_reference(facts, corim);
}

struct core_facts *core_policy_facts(const struct core_policy *policy)
{
	struct core_facts *facts = core_facts_create();

	core_facts_add(facts, 0, "policy", core_policy_kind_word(core_policy_kind(policy)));
	switch (core_policy_kind(policy)) {
	case CORE_POLICY_SNP:
		put_snp(facts, policy);
		break;
	case CORE_POLICY_TDX:
		put_tdx(facts, policy);
		break;
	case CORE_POLICY_CORIM:
		put_corim(facts, core_policy_corim(policy));
		break;
	}
	return facts;
}

/* ---- two of them ---- */

/* What a fact says, as one line. Yours. */
static char *text_of(const struct core_fact *fact)
{
	if (!fact)
		return prism_strdup(CORE_POLICY_UNSET);
	if (!fact->raw)
		return prism_strdup(fact->value);
	char *hex = prism_alloc(2 * fact->raw_size + 1);
	prism_hex_encode(fact->raw, fact->raw_size, hex);
	return hex;
}

static void put_pair(struct core_facts *out, const struct core_fact *named,
                     const struct core_fact *a, const struct core_fact *b)
{
	PRISM_AUTO_FREE char *left = text_of(a);
	PRISM_AUTO_FREE char *right = text_of(b);

	if (named->depth && !strcmp(left, CORE_POLICY_UNSET) && !strcmp(right, CORE_POLICY_UNSET))
		return;
	core_facts_add(out, named->depth, named->key, named->label);
	core_facts_meaning(out, named->meaning);
	if (!named->depth)
		return;
	core_facts_value(out, "%s", left);
	core_facts_compare(out, strcmp(left, right) ? CORE_FACT_DIFFERS : CORE_FACT_SAME, right);
}

/* Where the section of the fact at `index` ends. */
static size_t section_end(const struct core_facts *facts, size_t index)
{
	size_t at = index + 1;

	while (at < core_facts_count(facts) && core_facts_at(facts, at)->depth > 0)
		at++;
	return at;
}

static size_t index_of(const struct core_facts *facts, const char *key)
{
	size_t i = 0;

	while (i < core_facts_count(facts) && strcmp(core_facts_at(facts, i)->key, key) != 0)
		i++;
	return i;
}

/* The section of a, then what only b has in it. */
static void put_section(struct core_facts *out, const struct core_facts *a, size_t at,
                        const struct core_facts *b)
{
	size_t other = index_of(b, core_facts_at(a, at)->key);

	for (size_t i = at; i < section_end(a, at); i++) {
		const struct core_fact *fact = core_facts_at(a, i);
		put_pair(out, fact, fact, core_facts_find(b, fact->key));
	}
	for (size_t i = other + 1; other < core_facts_count(b) && i < section_end(b, other); i++) {
		const struct core_fact *fact = core_facts_at(b, i);
		if (!core_facts_find(a, fact->key))
			put_pair(out, fact, NULL, fact);
	}
}

static void put_only_b(struct core_facts *out, const struct core_facts *a,
                       const struct core_facts *b)
{
	for (size_t i = 0; i < core_facts_count(b); i = section_end(b, i)) {
		if (core_facts_find(a, core_facts_at(b, i)->key))
			continue;
		for (size_t k = i; k < section_end(b, i); k++)
			put_pair(out, core_facts_at(b, k), NULL, core_facts_at(b, k));
	}
}

struct core_facts *core_policy_compare(const struct core_policy *a, const struct core_policy *b,
                                       struct prism_error *err)
{
	if (core_policy_kind(a) != core_policy_kind(b)) {
		prism_error_raise(
		    err, PRISM_ERROR_INVALID, "the policies are of different kinds: %s and %s",
		    core_policy_kind_word(core_policy_kind(a)), core_policy_kind_word(core_policy_kind(b)));
		prism_error_hint(err, "compare two JSON policies of one platform, or two CoRIMs");
		return NULL;
	}
	struct core_facts *out = core_facts_create();
	struct core_facts *left = core_policy_facts(a), *right = core_policy_facts(b);
	for (size_t i = 0; i < core_facts_count(left); i = section_end(left, i))
		put_section(out, left, i, right);
	put_only_b(out, left, right);
	core_facts_destroy(left);
	core_facts_destroy(right);
	return out;
}
