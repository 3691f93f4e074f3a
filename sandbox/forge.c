/*
 * Forged evidence: reports, containers, tokens and the policy they satisfy.  See forge.h; the
 * certificate hierarchy is in forge_x509.c, the TPM in forge_tpm.c.
 */
#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "net/crypto.h"
#include "sandbox/forge_private.h"

#include "evidence.pb-c.h"

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <string.h>

#define EVIDENCE_MAX (1u << 20)
#define REPORT_SIZE 1184u
#define SIGNED_SIZE 672u
#define GUEST_POLICY 0x30000ull /* SMT allowed, no debugging */
#define GUEST_DEBUG (1ull << 19)

static const struct {
	const char *word, *help;
} fault_rows[SB_FORGE_FAULT_COUNT] = {
    [SB_FORGE_SOUND] = {"sound", "nothing is wrong"},
    [SB_FORGE_DEBUG_POLICY] = {"debug-policy", "the guest allows debugging"},
    [SB_FORGE_STALE_TCB] = {"stale-tcb", "firmware older than the policy asks for"},
    [SB_FORGE_PROVISIONAL] = {"provisional-firmware", "firmware in use that is not committed"},
    [SB_FORGE_OTHER_MEASUREMENT] = {"other-measurement", "another image was launched"},
    [SB_FORGE_BAD_SIGNATURE] = {"bad-signature", "the report was altered after signing"},
    [SB_FORGE_OTHER_KEY] = {"other-key", "the report is signed by a key without a certificate"},
    [SB_FORGE_OTHER_CHIP] = {"other-chip", "the certificate is another chip's"},
    [SB_FORGE_EXPIRED_VCEK] = {"expired-vcek", "the certificate is out of date"},
    [SB_FORGE_NO_VCEK] = {"no-vcek", "the certificate is missing"},
    [SB_FORGE_MASKED_CHIP] = {"masked-chip", "the chip id is zero, which is allowed"},
    [SB_FORGE_STALE_NONCE] = {"stale-nonce", "the report was made for another session"},
    [SB_FORGE_QUOTE_NONCE] = {"quote-nonce", "the quote was made for another session"},
    [SB_FORGE_QUOTE_SIGNATURE] = {"quote-signature", "the quote's signature is wrong"},
    [SB_FORGE_PCR_CHANGED] = {"pcr-changed", "PCR values differ from the quoted ones"},
    [SB_FORGE_LOG_ALTERED] = {"log-altered", "the event log does not replay"},
    [SB_FORGE_AK_NOT_RESTRICTED] = {"ak-not-restricted", "the TPM's key may sign anything"},
    [SB_FORGE_AK_NOT_COVERED] = {"ak-not-covered", "the report does not cover the TPM's key"},
    [SB_FORGE_EAT_NONCE] = {"eat-nonce", "the token was made for another session"},
    [SB_FORGE_EAT_PLATFORM] = {"eat-platform", "the token names another platform"},
    [SB_FORGE_EAT_MEASUREMENT] = {"eat-measurement", "the token contradicts its report"},
};

const char *sb_forge_fault_help(enum sb_forge_fault fault)
{
	return fault < SB_FORGE_FAULT_COUNT ? fault_rows[fault].help : "";
}

const char *sb_forge_fault_word(enum sb_forge_fault fault)
{
	return fault < SB_FORGE_FAULT_COUNT ? fault_rows[fault].word : "";
}

struct sb_forge_tcb sb_forge_tcb_of(enum sb_forge_fault fault)
{
	struct sb_forge_tcb tcb = {.boot_loader = 4, .tee = 0, .snp = 24, .microcode = 219};

	if (fault == SB_FORGE_STALE_TCB)
		tcb.snp = 5;
	return tcb;
}

uint64_t sb_forge_tcb_value(struct sb_forge_tcb tcb)
{
	return (uint64_t)tcb.microcode << 56 | (uint64_t)tcb.snp << 48 | (uint64_t)tcb.tee << 8 |
	       tcb.boot_loader;
}

struct sb_forge *sb_forge_create(struct prism_error *err)
{
	struct sb_forge *forge = prism_alloc(sizeof(*forge));

	net_digest_bytes(NET_SHA384, SB_FORGE_SENTENCE, strlen(SB_FORGE_SENTENCE), forge->measurement);
	if (sb_forge_make_chain(forge, err) < 0 || sb_forge_make_tpm(forge, err) < 0) {
		sb_forge_destroy(forge);
		return NULL;
	}
	return forge;
}

void sb_forge_destroy(struct sb_forge *forge)
{
	if (!forge)
		return;
	EVP_PKEY *const keys[] = {forge->ark_key,   forge->ask_key, forge->vcek_key,
	                          forge->other_key, forge->ak_key,  forge->eat_key};
	X509 *const certs[] = {
	    forge->ark,       forge->ask, forge->vcek, forge->vcek_expired, forge->vcek_other_chip,
	    forge->vcek_stale};
	for (size_t i = 0; i < PRISM_COUNT(keys); i++)
		EVP_PKEY_free(keys[i]);
	for (size_t i = 0; i < PRISM_COUNT(certs); i++)
		X509_free(certs[i]);
	prism_free(forge->root_pem);
	prism_free(forge->ak_pub);
	prism_free(forge->ak_pub_open);
	prism_free(forge->log);
	prism_free(forge);
}

const char *sb_forge_root_pem(const struct sb_forge *forge)
{
	return forge->root_pem;
}

const uint8_t *sb_forge_measurement(const struct sb_forge *forge)
{
	return forge->measurement;
}

/* ---- the report ----------------------------------------------------------------------------- */

static void put_le(uint8_t *out, uint64_t value, unsigned bytes)
{
	for (unsigned i = 0; i < bytes; i++)
		out[i] = (uint8_t)(value >> (8 * i));
}

static void fill_report(const struct sb_forge *forge, const uint8_t report_data[64],
                        enum sb_forge_fault fault, uint8_t *raw)
{
	uint64_t tcb = sb_forge_tcb_value(sb_forge_tcb_of(fault));

	memset(raw, 0, REPORT_SIZE);
	put_le(raw, 3, 4); /* version */
	put_le(raw + 0x008, fault == SB_FORGE_DEBUG_POLICY ? GUEST_POLICY | GUEST_DEBUG : GUEST_POLICY,
	       8);
	put_le(raw + 0x034, 1, 4); /* ECDSA P-384 with SHA-384 */
	put_le(raw + 0x038, tcb, 8);
	put_le(raw + 0x040, 1, 8); /* SMT is on */
	memcpy(raw + 0x050, report_data, 64);
	if (fault == SB_FORGE_STALE_NONCE)
		raw[0x050] ^= 1;
	memcpy(raw + 0x090, forge->measurement, 48);
	if (fault == SB_FORGE_OTHER_MEASUREMENT)
		raw[0x090] ^= 1;
	memset(raw + 0x160, 0xff, 32); /* no migration agent */
	put_le(raw + 0x180, tcb, 8);
	raw[0x188] = 0x19; /* Milan */
	raw[0x189] = 0x01;
	raw[0x18A] = 0x01;
	if (fault != SB_FORGE_MASKED_CHIP)
		memcpy(raw + 0x1A0, forge->chip_id, 64);
	put_le(raw + 0x1E0, tcb, 8);
	raw[0x1E8] = raw[0x1EC] = 29; /* build */
	raw[0x1E9] = raw[0x1ED] = 55; /* minor */
	raw[0x1EA] = raw[0x1EE] = 1;  /* major */
	if (fault == SB_FORGE_PROVISIONAL)
		raw[0x1EC] = 28;
	put_le(raw + 0x1F0, tcb, 8);
}

static int sign_report(EVP_PKEY *key, uint8_t *raw, struct prism_error *err)
{
	uint8_t der[128];
	size_t size = sizeof(der);
	const unsigned char *at = der;
	const BIGNUM *r, *s;
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	bool ok = ctx && EVP_DigestSignInit(ctx, NULL, EVP_sha384(), NULL, key) == 1 &&
	          EVP_DigestSign(ctx, der, &size, raw, SIGNED_SIZE) == 1;

	EVP_MD_CTX_free(ctx);
	ECDSA_SIG *pair = ok ? d2i_ECDSA_SIG(NULL, &at, (long)size) : NULL;
	if (!pair)
		return sb_forge_raise(err, "a report");
	ECDSA_SIG_get0(pair, &r, &s);
	BN_bn2lebinpad(r, raw + 0x2A0, 72);
	BN_bn2lebinpad(s, raw + 0x2E8, 72);
	ECDSA_SIG_free(pair);
	return 0;
}

int sb_forge_report(struct sb_forge *forge, const uint8_t report_data[64],
                    enum sb_forge_fault fault, uint8_t out[1184], struct prism_error *err)
{
	fill_report(forge, report_data, fault, out);
	if (sign_report(fault == SB_FORGE_OTHER_KEY ? forge->other_key : forge->vcek_key, out, err) < 0)
		return -1;
	if (fault == SB_FORGE_BAD_SIGNATURE)
		out[0x0C0] ^= 1; /* host data, after signing */
	return 0;
}

/* ---- containers ----------------------------------------------------------------------------- */

static ProtobufCBinaryData bytes_of(const uint8_t *data, size_t size)
{
	/* protobuf-c only reads what it packs. */
	return (ProtobufCBinaryData){.len = size, .data = (uint8_t *)(uintptr_t)data};
}

static uint64_t get_le(const uint8_t *in, unsigned bytes)
{
	uint64_t value = 0;

	for (unsigned i = 0; i < bytes; i++)
		value |= (uint64_t)in[i] << (8 * i);
	return value;
}

static void decompose(const uint8_t *raw, Evidence__SnpReport *m)
{
	m->version = (uint32_t)get_le(raw, 4);
	m->policy = get_le(raw + 0x008, 8);
	m->family_id = bytes_of(raw + 0x010, 16);
	m->image_id = bytes_of(raw + 0x020, 16);
	m->signature_algo = (uint32_t)get_le(raw + 0x034, 4);
	m->current_tcb = get_le(raw + 0x038, 8);
	m->platform_info = get_le(raw + 0x040, 8);
	m->report_data = bytes_of(raw + 0x050, 64);
	m->measurement = bytes_of(raw + 0x090, 48);
	m->host_data = bytes_of(raw + 0x0C0, 32);
	m->id_key_digest = bytes_of(raw + 0x0E0, 48);
	m->author_key_digest = bytes_of(raw + 0x110, 48);
	m->report_id = bytes_of(raw + 0x140, 32);
	m->report_id_ma = bytes_of(raw + 0x160, 32);
	m->reported_tcb = get_le(raw + 0x180, 8);
	m->cpuid1eax_fms = 0x00a00f11; /* family 0x19, model 0x01, stepping 1 */
	m->chip_id = bytes_of(raw + 0x1A0, 64);
	m->committed_tcb = get_le(raw + 0x1E0, 8);
	m->current_build = raw[0x1E8];
	m->current_minor = raw[0x1E9];
	m->current_major = raw[0x1EA];
	m->committed_build = raw[0x1EC];
	m->committed_minor = raw[0x1ED];
	m->committed_major = raw[0x1EE];
	m->launch_tcb = get_le(raw + 0x1F0, 8);
	m->signature = bytes_of(raw + 0x2A0, 512);
}

struct der {
	unsigned char *data; /* OpenSSL's */
	int size;
};

static ProtobufCBinaryData encode(X509 *cert, struct der *keep)
{
	keep->size = cert ? i2d_X509(cert, &keep->data) : 0;
	return bytes_of(keep->data, keep->size > 0 ? (size_t)keep->size : 0);
}

static X509 *vcek_for(const struct sb_forge *forge, enum sb_forge_fault fault)
{
	switch (fault) {
	case SB_FORGE_EXPIRED_VCEK:
		return forge->vcek_expired;
	case SB_FORGE_OTHER_CHIP:
		return forge->vcek_other_chip;
	case SB_FORGE_STALE_TCB:
		return forge->vcek_stale;
	case SB_FORGE_NO_VCEK:
		return NULL;
	default:
		return forge->vcek;
	}
}

struct snp_message { /* everything an SNP message points to */
	uint8_t raw[REPORT_SIZE];
	Evidence__SnpReport report;
	Evidence__CertificateChain chain;
	Evidence__SnpAttestation whole;
	struct der der[3];
};

static int snp_message_init(struct snp_message *m, struct sb_forge *forge,
                            const uint8_t report_data[64], enum sb_forge_fault fault,
                            struct prism_error *err)
{
	memset(m, 0, sizeof(*m));
	evidence__snp_report__init(&m->report);
	evidence__certificate_chain__init(&m->chain);
	evidence__snp_attestation__init(&m->whole);
	if (sb_forge_report(forge, report_data, fault, m->raw, err) < 0)
		return -1;
	decompose(m->raw, &m->report);
	m->chain.vcek = encode(vcek_for(forge, fault), &m->der[0]);
	m->chain.ask = encode(forge->ask, &m->der[1]);
	m->chain.ark = encode(forge->ark, &m->der[2]);
	m->whole.report = &m->report;
	m->whole.certificate_chain = &m->chain;
	return 0;
}

static void snp_message_finish(struct snp_message *m)
{
	for (size_t i = 0; i < PRISM_COUNT(m->der); i++)
		OPENSSL_free(m->der[i].data);
}

struct quote_message { /* one bank */
	struct prism_buf quote, signature;
	Evidence__PcrEntry entries[SB_FORGE_PCRS], *entry_list[SB_FORGE_PCRS];
	uint8_t values[SB_FORGE_PCRS][48];
	Evidence__Pcrs pcrs;
	Evidence__Quote whole;
};

static int quote_message_init(struct quote_message *m, struct sb_forge *forge, unsigned bank,
                              const uint8_t nonce[32], enum sb_forge_fault fault,
                              struct prism_error *err)
{
	static const struct {
		uint32_t hash;
		size_t size;
	} names[] = {{11, 32}, {12, 48}};

	prism_buf_init(&m->quote, 4096);
	prism_buf_init(&m->signature, 4096);
	evidence__pcrs__init(&m->pcrs);
	evidence__quote__init(&m->whole);
	if (sb_forge_quote(forge, bank, nonce, fault, &m->quote, &m->signature, err) < 0)
		return -1;
	memcpy(m->values, forge->pcrs[bank], sizeof(m->values));
	if (fault == SB_FORGE_PCR_CHANGED)
		m->values[4][0] ^= 1;
	for (unsigned pcr = 0; pcr < SB_FORGE_PCRS; pcr++) {
		evidence__pcr_entry__init(&m->entries[pcr]);
		m->entries[pcr].index = pcr;
		m->entries[pcr].digest = bytes_of(m->values[pcr], names[bank].size);
		m->entry_list[pcr] = &m->entries[pcr];
	}
	m->pcrs.hash = names[bank].hash;
	m->pcrs.n_entries = SB_FORGE_PCRS;
	m->pcrs.entries = m->entry_list;
	m->whole.quote = bytes_of((const uint8_t *)m->quote.data, m->quote.len);
	m->whole.raw_sig = bytes_of((const uint8_t *)m->signature.data, m->signature.len);
	m->whole.pcrs = &m->pcrs;
	return 0;
}

static void quote_message_finish(struct quote_message *m)
{
	prism_buf_finish(&m->quote);
	prism_buf_finish(&m->signature);
}

/* REPORT_DATA covers the TPM's key: SHA3-512(report data || ak_pub). */
static void cover_ak(const struct sb_forge *forge, const uint8_t report_data[64], uint8_t out[64])
{
	struct net_digest *digest = net_digest_create(NET_SHA3_512);
	uint8_t full[NET_DIGEST_MAX];

	net_digest_update(digest, report_data, 64);
	net_digest_update(digest, forge->ak_pub, forge->ak_pub_size);
	net_digest_final(digest, full);
	net_digest_destroy(digest);
	memcpy(out, full, 64);
}

static int pack(const ProtobufCMessage *message, struct prism_buf *out, struct prism_error *err)
{
	size_t size = protobuf_c_message_get_packed_size(message);
	PRISM_AUTO_FREE uint8_t *packed = prism_alloc(size + 1);

	protobuf_c_message_pack(message, packed);
	return prism_buf_append(out, packed, size, err);
}

static int pack_tpm(struct sb_forge *forge, enum sb_forge_kind kind, Evidence__Quote **quotes,
                    struct snp_message *snp, enum sb_forge_fault fault, struct prism_buf *out,
                    struct prism_error *err)
{
	Evidence__TpmAttestation whole = EVIDENCE__TPM_ATTESTATION__INIT;
	PRISM_AUTO_FREE uint8_t *log = prism_memdup(forge->log, forge->log_size);

	if (fault == SB_FORGE_LOG_ALTERED)
		log[forge->log_size - 100] ^= 1; /* inside the last digests */
	whole.ak_pub =
	    bytes_of(fault == SB_FORGE_AK_NOT_RESTRICTED ? forge->ak_pub_open : forge->ak_pub,
	             forge->ak_pub_size);
	whole.quotes = quotes;
	whole.n_quotes = 2;
	whole.event_log = bytes_of(log, forge->log_size);
	whole.sev_snp = kind == SB_FORGE_VTPM ? NULL : &snp->whole;
	return pack(&whole.base, out, err);
}

static int tpm_evidence(struct sb_forge *forge, enum sb_forge_kind kind,
                        const uint8_t report_data[64], const uint8_t nonce[32],
                        enum sb_forge_fault fault, struct prism_buf *out, struct prism_error *err)
{
	struct quote_message *m = prism_alloc_array(2, sizeof(*m));
	Evidence__Quote *quotes[2] = {&m[0].whole, &m[1].whole};
	struct snp_message snp;
	uint8_t covered[64];
	int rc;

	if (kind == SB_FORGE_AZURE) { /* SHA-256 of runtime data that nobody sends along, and zeros */
		memset(covered, 0, sizeof(covered));
		net_digest_bytes(NET_SHA256, "NOT A TEE: runtime data", 23, covered);
	} else {
		cover_ak(forge, report_data, covered);
	}
	rc = snp_message_init(&snp, forge, fault == SB_FORGE_AK_NOT_COVERED ? report_data : covered,
	                      fault, err);
	for (unsigned bank = 0; bank < 2 && rc == 0; bank++)
		rc = quote_message_init(&m[bank], forge, bank, nonce, fault, err);
	if (rc == 0)
		rc = pack_tpm(forge, kind, quotes, &snp, fault, out, err);
	quote_message_finish(&m[0]);
	quote_message_finish(&m[1]);
	prism_free(m);
	snp_message_finish(&snp);
	return rc;
}

int sb_forge_evidence(struct sb_forge *forge, enum sb_forge_kind kind,
                      const uint8_t report_data[64], const uint8_t nonce[32],
                      enum sb_forge_fault fault, struct prism_buf *out, struct prism_error *err)
{
	struct snp_message snp;

	if (kind != SB_FORGE_SNP)
		return tpm_evidence(forge, kind, report_data, nonce, fault, out, err);
	int rc = snp_message_init(&snp, forge, report_data, fault, err);
	if (rc == 0)
		rc = pack(&snp.whole.base, out, err);
	snp_message_finish(&snp);
	return rc;
}

/* ---- policy --------------------------------------------------------------------------------- */

static void put_bank(const struct sb_forge *forge, unsigned bank, const char *name, size_t size,
                     struct prism_buf *out)
{
	static const unsigned listed[] = {0, 1, 2, 4, 5, 7, 9};
	char hex[97];

	prism_buf_printf(out, "    \"%s\": {\n", name);
	for (size_t i = 0; i < PRISM_COUNT(listed); i++) {
		prism_hex_encode(forge->pcrs[bank][listed[i]], size, hex);
		prism_buf_printf(out, "      \"%u\": \"%s\"%s\n", listed[i], hex,
		                 i + 1 < PRISM_COUNT(listed) ? "," : "");
	}
	prism_buf_puts(out, "    }");
}

void sb_forge_policy(struct sb_forge *forge, struct prism_buf *out)
{
	PRISM_AUTO_FREE char *measurement = prism_base64_encode(forge->measurement, 48);
	uint64_t tcb = sb_forge_tcb_value(sb_forge_tcb_of(SB_FORGE_SOUND));

	prism_buf_puts(out, "{\n  \"notice\": \"NOT A TEE: policy of a sandbox\",\n  \"pcr_values\": "
	                    "{\n    \"sha1\": null,\n");
	put_bank(forge, 0, "sha256", 32, out);
	prism_buf_puts(out, ",\n");
	put_bank(forge, 1, "sha384", 48, out);
	prism_buf_printf(out,
	                 "\n  },\n  \"policy\": {\n    \"measurement\": \"%s\",\n"
	                 "    \"minimumTcb\": \"%llu\",\n    \"minimumVersion\": \"1.55\",\n"
	                 "    \"policy\": \"%llu\",\n    \"product\": {\n"
	                 "      \"name\": \"SEV_PRODUCT_MILAN\"\n    },\n    \"vmpl\": 0\n  },\n"
	                 "  \"rootOfTrust\": {\n    \"product\": \"NOT A TEE\",\n"
	                 "    \"productLine\": \"Milan\"\n  }\n}",
	                 measurement, (unsigned long long)tcb, (unsigned long long)GUEST_POLICY);
}
