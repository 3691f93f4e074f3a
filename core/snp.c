/*
 * Reading SEV-SNP reports: see snp.h.  Judging them is in core/snp_verify.c.
 *
 * The field table below is the layout of the report (reference 6.2).  Raw bytes and decomposed
 * messages meet in one place: the message is written out as the raw form and then parsed.
 */
#include "core/snp.h"

#include "base/mem.h"

#include "evidence.pb-c.h"

#include <stdio.h>
#include <string.h>

static uint64_t get_le(const uint8_t *in, unsigned bytes)
{
	uint64_t value = 0;

	for (unsigned i = 0; i < bytes; i++)
		value |= (uint64_t)in[i] << (8 * i);
	return value;
}

static void put_le(uint8_t *out, uint64_t value, unsigned bytes)
{
	for (unsigned i = 0; i < bytes; i++)
		out[i] = (uint8_t)(value >> (8 * i));
}

/* ---- names ---------------------------------------------------------------------------------- */

static const char *const product_words[CORE_SNP_PRODUCT_COUNT] = {
    [CORE_SNP_UNKNOWN] = "unknown", [CORE_SNP_MILAN] = "Milan",   [CORE_SNP_GENOA] = "Genoa",
    [CORE_SNP_TURIN] = "Turin",     [CORE_SNP_VENICE] = "Venice",
};

const char *core_snp_product_word(enum core_snp_product product)
{
	return product < CORE_SNP_PRODUCT_COUNT ? product_words[product] : "unknown";
}

enum core_snp_product core_snp_product_parse(const char *word)
{
	for (int i = CORE_SNP_MILAN; i < CORE_SNP_PRODUCT_COUNT; i++)
		if (strncasecmp(word, product_words[i], strlen(product_words[i])) == 0)
			return (enum core_snp_product)i;
	return CORE_SNP_UNKNOWN;
}

/* Reference 6.3, last paragraph. Ordered by family, then model. */
static const struct {
	uint8_t family, model_low, model_high;
	enum core_snp_product product;
} models[] = {
    {0x19, 0x00, 0x0F, CORE_SNP_MILAN},  {0x19, 0x10, 0x1F, CORE_SNP_GENOA},
    {0x19, 0xA0, 0xAF, CORE_SNP_GENOA},  {0x1A, 0x00, 0x11, CORE_SNP_TURIN},
    {0x1A, 0x50, 0x57, CORE_SNP_VENICE}, {0x1A, 0x90, 0xAF, CORE_SNP_VENICE},
    {0x1A, 0xC0, 0xC7, CORE_SNP_VENICE},
};

static enum core_snp_product product_of(uint8_t family, uint8_t model)
{
	for (size_t i = 0; i < PRISM_COUNT(models); i++)
		if (models[i].family == family && model >= models[i].model_low &&
		    model <= models[i].model_high)
			return models[i].product;
	return CORE_SNP_UNKNOWN;
}

static const struct core_snp_bit policy_bits[] = {
    {16, "SMT", "may run with simultaneous multi-threading"},
    {17, "reserved-1", "must be one"},
    {18, "MIGRATE_MA", "may be migrated by a migration agent"},
    {19, "DEBUG", "may be debugged: the host can read its memory"},
    {20, "SINGLE_SOCKET", "may run on one socket only"},
    {21, "CXL_ALLOW", "may use CXL memory"},
    {22, "MEM_AES_256_XTS", "requires AES-256-XTS memory encryption"},
    {23, "RAPL_DIS", "requires running average power limits to be off"},
    {24, "CIPHERTEXT_HIDING_DRAM", "requires ciphertext hiding"},
    {25, "PAGE_SWAP_DISABLE", "forbids page swapping"},
};

static const struct core_snp_bit platform_bits[] = {
    {0, "SMT_EN", "simultaneous multi-threading is on"},
    {1, "TSME_EN", "all memory is encrypted transparently"},
    {2, "ECC_EN", "memory has error correction"},
    {3, "RAPL_DIS", "running average power limits are off"},
    {4, "CIPHERTEXT_HIDING_DRAM_EN", "ciphertext hiding is on"},
    {5, "ALIAS_CHECK_COMPLETE", "memory was checked for aliases"},
    {7, "SEV_TIO", "trusted I/O is on"},
};

const struct core_snp_bit *core_snp_policy_bits(size_t *ret_count)
{
	*ret_count = PRISM_COUNT(policy_bits);
	return policy_bits;
}

const struct core_snp_bit *core_snp_platform_bits(size_t *ret_count)
{
	*ret_count = PRISM_COUNT(platform_bits);
	return platform_bits;
}

/* ---- TCB (reference 6.3) -------------------------------------------------------------------- */

void core_snp_tcb_split(uint64_t tcb, enum core_snp_product product, struct core_snp_tcb *ret)
{
	uint8_t bytes[8];

	put_le(bytes, tcb, 8);
	*ret = (struct core_snp_tcb){.microcode = bytes[7]};
	if (product == CORE_SNP_TURIN || product == CORE_SNP_VENICE) {
		ret->fmc = bytes[0];
		ret->boot_loader = bytes[1];
		ret->tee = bytes[2];
		ret->snp = bytes[3];
	} else {
		ret->boot_loader = bytes[0];
		ret->tee = bytes[1];
		ret->snp = bytes[6];
	}
}

void core_snp_tcb_text(uint64_t tcb, enum core_snp_product product, char *out, size_t size)
{
	struct core_snp_tcb split;
	char fmc[16] = "";

	core_snp_tcb_split(tcb, product, &split);
	if (product == CORE_SNP_TURIN || product == CORE_SNP_VENICE)
		snprintf(fmc, sizeof(fmc), ", FMC %u", split.fmc);
	snprintf(out, size, "microcode %u, SNP %u, TEE %u, boot loader %u%s", split.microcode,
	         split.snp, split.tee, split.boot_loader, fmc);
}

bool core_snp_tcb_at_most(uint64_t low, uint64_t high)
{
	for (unsigned shift = 0; shift < 64; shift += 8)
		if ((uint8_t)(low >> shift) > (uint8_t)(high >> shift))
			return false;
	return true;
}

/* ---- the raw report (reference 6.2) --------------------------------------------------------- */

struct range {
	uint16_t from, to;
	uint8_t before_version; /* zero only in versions below this one; 0: always */
};

static const struct range reserved[] = {
    {0x04C, 0x050, 0}, {0x188, 0x18B, 3}, {0x18B, 0x1A0, 0}, {0x1EB, 0x1EC, 0},
    {0x1EF, 0x1F0, 0}, {0x1F8, 0x208, 5}, {0x208, 0x2A0, 0}, {0x330, 0x4A0, 0},
};

static int check_reserved(const uint8_t *raw, uint32_t version, struct prism_error *err)
{
	for (size_t i = 0; i < PRISM_COUNT(reserved); i++) {
		if (reserved[i].before_version && version >= reserved[i].before_version)
			continue;
		for (unsigned at = reserved[i].from; at < reserved[i].to; at++)
			if (raw[at] != 0)
				return prism_error_raise(err, PRISM_ERROR_INVALID,
				                         "byte 0x%03x of the report is reserved but not zero", at);
	}
	if (get_le(raw + 0x048, 4) >> 5)
		return prism_error_raise(err, PRISM_ERROR_INVALID,
		                         "reserved signer bits of the report are set");
	return 0;
}

static void point_fields(struct core_snp_report *r)
{
	const struct {
		const uint8_t **field;
		unsigned offset;
	} fields[] = {
	    {&r->family_id, 0x010},         {&r->image_id, 0x020},  {&r->report_data, 0x050},
	    {&r->measurement, 0x090},       {&r->host_data, 0x0C0}, {&r->id_key_digest, 0x0E0},
	    {&r->author_key_digest, 0x110}, {&r->report_id, 0x140}, {&r->report_id_ma, 0x160},
	    {&r->chip_id, 0x1A0},           {&r->signature, 0x2A0},
	};

	for (size_t i = 0; i < PRISM_COUNT(fields); i++)
		*fields[i].field = r->raw + fields[i].offset;
}

static void read_numbers(struct core_snp_report *r)
{
	const uint8_t *raw = r->raw;

	r->guest_svn = (uint32_t)get_le(raw + 0x004, 4);
	r->policy = get_le(raw + 0x008, 8);
	r->vmpl = (uint32_t)get_le(raw + 0x030, 4);
	r->signature_algo = (uint32_t)get_le(raw + 0x034, 4);
	r->current_tcb = get_le(raw + 0x038, 8);
	r->platform_info = get_le(raw + 0x040, 8);
	r->signer_info = (uint32_t)get_le(raw + 0x048, 4);
	r->reported_tcb = get_le(raw + 0x180, 8);
	r->family = raw[0x188];
	r->model = raw[0x189];
	r->stepping = raw[0x18A];
	r->committed_tcb = get_le(raw + 0x1E0, 8);
	r->current_build = raw[0x1E8];
	r->current_minor = raw[0x1E9];
	r->current_major = raw[0x1EA];
	r->committed_build = raw[0x1EC];
	r->committed_minor = raw[0x1ED];
	r->committed_major = raw[0x1EE];
	r->launch_tcb = get_le(raw + 0x1F0, 8);
	r->launch_mitigation = get_le(raw + 0x1F8, 8);
	r->current_mitigation = get_le(raw + 0x200, 8);
}

int core_snp_report_parse(const uint8_t *raw, size_t size, struct core_snp_report *ret,
                          struct prism_error *err)
{
	if (size != CORE_SNP_REPORT_SIZE)
		return prism_error_raise(err, PRISM_ERROR_INVALID, "a report has %u bytes, not %zu",
		                         CORE_SNP_REPORT_SIZE, size);
	uint32_t version = (uint32_t)get_le(raw, 4);
	if (version < 2 || version > 5)
		return prism_error_raise(err, PRISM_ERROR_INVALID,
		                         "report version %u is not known (2 to 5 are)", version);
	if (check_reserved(raw, version, err) < 0)
		return -1;
	memcpy(ret->raw, raw, size);
	ret->version = version;
	read_numbers(ret);
	point_fields(ret);
	ret->product = version >= 3 ? product_of(ret->family, ret->model) : CORE_SNP_UNKNOWN;
	return 0;
}

/* ---- raw evidence: report and certificate table (reference 6.1) ----------------------------- */

#define TABLE_ENTRY 24u
#define TABLE_ENTRIES_MAX 16u

static const uint8_t guid_vcek[] = {0x63, 0xda, 0x75, 0x8d, 0xe6, 0x64, 0x45, 0x64,
                                    0xad, 0xc5, 0xf4, 0xb9, 0x3b, 0xe8, 0xac, 0xcd};
static const uint8_t guid_vlek[] = {0xa8, 0x07, 0x4b, 0xc2, 0xa2, 0x5a, 0x48, 0x3e,
                                    0xaa, 0xe6, 0x39, 0xc0, 0x45, 0xa0, 0xb8, 0xa1};
static const uint8_t guid_ask[] = {0x4a, 0xb7, 0xb3, 0x79, 0xbb, 0xac, 0x4f, 0xe4,
                                   0xa0, 0x2f, 0x05, 0xae, 0xf3, 0x27, 0xc7, 0x82};
static const uint8_t guid_ark[] = {0xc0, 0xb4, 0x06, 0xa4, 0xa8, 0x03, 0x49, 0x52,
                                   0x97, 0x43, 0x3f, 0xb6, 0x01, 0x4c, 0xd0, 0xae};

static bool zero(const uint8_t *data, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (data[i])
			return false;
	return true;
}

static void take_certificate(struct core_snp_evidence *evidence, const uint8_t *guid,
                             const uint8_t *data, size_t size)
{
	bool vlek = ((evidence->report.signer_info >> 2) & 7) == CORE_SNP_VLEK;

	if (memcmp(guid, vlek ? guid_vlek : guid_vcek, 16) == 0) {
		evidence->vcek = data;
		evidence->vcek_size = size;
	} else if (memcmp(guid, guid_ask, 16) == 0) {
		evidence->ask = data;
		evidence->ask_size = size;
	} else if (memcmp(guid, guid_ark, 16) == 0) {
		evidence->ark = data;
		evidence->ark_size = size;
	}
}

static int read_certificate_table(struct core_snp_evidence *evidence, const uint8_t *table,
                                  size_t size, struct prism_error *err)
{
	for (unsigned i = 0; i < TABLE_ENTRIES_MAX; i++) {
		const uint8_t *row = table + TABLE_ENTRY * (size_t)i;
		if (TABLE_ENTRY * ((size_t)i + 1) > size)
			return prism_error_raise(err, PRISM_ERROR_INVALID,
			                         "the certificate table behind the report has no end");
		if (zero(row, TABLE_ENTRY))
			return 0;
		uint64_t offset = get_le(row + 16, 4), length = get_le(row + 20, 4);
		if (offset > size || length > size - offset)
			return prism_error_raise(err, PRISM_ERROR_INVALID,
			                         "an entry of the certificate table lies outside the evidence");
		take_certificate(evidence, row, table + offset, (size_t)length);
	}
	return prism_error_raise(err, PRISM_ERROR_LIMIT, "more than %u certificate table entries",
	                         TABLE_ENTRIES_MAX);
}

int core_snp_from_raw(const uint8_t *data, size_t size, struct core_snp_evidence *ret,
                      struct prism_error *err)
{
	memset(ret, 0, sizeof(*ret));
	if (size < CORE_SNP_REPORT_SIZE)
		return prism_error_raise(err, PRISM_ERROR_INVALID, "a report has %u bytes, not %zu",
		                         CORE_SNP_REPORT_SIZE, size);
	if (core_snp_report_parse(data, CORE_SNP_REPORT_SIZE, &ret->report, err) < 0)
		return -1;
	if (size == CORE_SNP_REPORT_SIZE)
		return 0;
	return read_certificate_table(ret, data + CORE_SNP_REPORT_SIZE, size - CORE_SNP_REPORT_SIZE,
	                              err);
}

/* ---- decomposed evidence (reference 1.1) ---------------------------------------------------- */

struct message_bytes {
	const ProtobufCBinaryData *data;
	unsigned offset, size;
	const char *name;
};

static int put_message_bytes(const Evidence__SnpReport *m, uint8_t *raw, struct prism_error *err)
{
	const struct message_bytes fields[] = {
	    {&m->family_id, 0x010, 16, "family_id"},
	    {&m->image_id, 0x020, 16, "image_id"},
	    {&m->report_data, 0x050, 64, "report_data"},
	    {&m->measurement, 0x090, 48, "measurement"},
	    {&m->host_data, 0x0C0, 32, "host_data"},
	    {&m->id_key_digest, 0x0E0, 48, "id_key_digest"},
	    {&m->author_key_digest, 0x110, 48, "author_key_digest"},
	    {&m->report_id, 0x140, 32, "report_id"},
	    {&m->report_id_ma, 0x160, 32, "report_id_ma"},
	    {&m->chip_id, 0x1A0, 64, "chip_id"},
	    {&m->signature, 0x2A0, 512, "signature"},
	};

	for (size_t i = 0; i < PRISM_COUNT(fields); i++) {
		if (fields[i].data->len != fields[i].size)
			return prism_error_raise(err, PRISM_ERROR_INVALID,
			                         "%s of the report has %zu bytes instead of %u", fields[i].name,
			                         fields[i].data->len, fields[i].size);
		memcpy(raw + fields[i].offset, fields[i].data->data, fields[i].size);
	}
	return 0;
}

static void put_model(uint32_t eax, uint8_t *raw)
{
	raw[0x188] = (uint8_t)(((eax >> 20) & 0xff) + ((eax >> 8) & 0xf));
	raw[0x189] = (uint8_t)(((eax >> 16) & 0xf) << 4 | ((eax >> 4) & 0xf));
	raw[0x18A] = (uint8_t)(eax & 0xf);
}

static int put_message_numbers(const Evidence__SnpReport *m, uint8_t *raw, struct prism_error *err)
{
	const struct {
		uint64_t value;
		unsigned offset, size;
	} fields[] = {
	    {m->version, 0x000, 4},
	    {m->guest_svn, 0x004, 4},
	    {m->policy, 0x008, 8},
	    {m->vmpl, 0x030, 4},
	    {m->signature_algo, 0x034, 4},
	    {m->current_tcb, 0x038, 8},
	    {m->platform_info, 0x040, 8},
	    {m->signer_info, 0x048, 4},
	    {m->reported_tcb, 0x180, 8},
	    {m->committed_tcb, 0x1E0, 8},
	    {m->current_build, 0x1E8, 1},
	    {m->current_minor, 0x1E9, 1},
	    {m->current_major, 0x1EA, 1},
	    {m->committed_build, 0x1EC, 1},
	    {m->committed_minor, 0x1ED, 1},
	    {m->committed_major, 0x1EE, 1},
	    {m->launch_tcb, 0x1F0, 8},
	    {m->launch_mit_vector, 0x1F8, 8},
	    {m->current_mit_vector, 0x200, 8},
	};

	for (size_t i = 0; i < PRISM_COUNT(fields); i++) {
		if (fields[i].size < 8 && fields[i].value >> (8 * fields[i].size))
			return prism_error_raise(err, PRISM_ERROR_INVALID,
			                         "a number of the report does not fit its field at 0x%03x",
			                         fields[i].offset);
		put_le(raw + fields[i].offset, fields[i].value, fields[i].size);
	}
	if (m->version >= 3)
		put_model(m->cpuid1eax_fms, raw);
	return 0;
}

int core_snp_from_message(const Evidence__SnpAttestation *message, struct core_snp_evidence *ret,
                          struct prism_error *err)
{
	uint8_t raw[CORE_SNP_REPORT_SIZE] = {0};

	memset(ret, 0, sizeof(*ret));
	if (!message->report)
		return prism_error_raise(err, PRISM_ERROR_INVALID, "the evidence contains no report");
	if (put_message_bytes(message->report, raw, err) < 0 ||
	    put_message_numbers(message->report, raw, err) < 0 ||
	    core_snp_report_parse(raw, sizeof(raw), &ret->report, err) < 0)
		return -1;
	if (message->product && message->product->name < CORE_SNP_VENICE)
		ret->product_hint = (enum core_snp_product)message->product->name;
	const Evidence__CertificateChain *chain = message->certificate_chain;
	if (chain) {
		bool vlek = ((ret->report.signer_info >> 2) & 7) == CORE_SNP_VLEK;
		const ProtobufCBinaryData *leaf = vlek ? &chain->vlek : &chain->vcek;
		ret->vcek = leaf->len ? leaf->data : NULL;
		ret->vcek_size = leaf->len;
		ret->ask = chain->ask.len ? chain->ask.data : NULL;
		ret->ask_size = chain->ask.len;
		ret->ark = chain->ark.len ? chain->ark.data : NULL;
		ret->ark_size = chain->ark.len;
	}
	return 0;
}
