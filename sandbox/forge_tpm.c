/*
 * The test TPM of forged evidence: an attestation key, a TCG event log with a few events, PCR
 * banks replayed from it, and quotes over them.
 *
 * Structures are big-endian (TPM 2.0 Library Specification part 2), the log little-endian (TCG PC
 * Client Platform Firmware Profile); layouts as in reference attestation.md section 7.
 */
#include "base/mem.h"
#include "net/crypto.h"
#include "sandbox/forge_private.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <string.h>

#define BANKS 2u
#define AK_BITS 2048

static const struct {
	uint16_t algorithm; /* TPM_ALG_ID */
	enum net_digest_kind digest;
	size_t size;
} banks[BANKS] = {{0x000B, NET_SHA256, 32}, {0x000C, NET_SHA384, 48}};

/* UEFI_VARIABLE_DATA of SecureBoot, switched off: EFI_GLOBAL_VARIABLE, lengths of the name in
 * characters and of the value in bytes, name in UTF-16, value. */
#define SECURE_BOOT_OFF                                                                            \
	"\x61\xdf\xe4\x8b\xca\x93\xd2\x11\xaa\x0d\x00\xe0\x98\x03\x2b\x8c\x0a\0\0\0\0\0\0\0\x01\0\0\0" \
	"\0"                                                                                           \
	"\0\0\0S\0e\0c\0u\0r\0e\0B\0o\0o\0t\0\0"
#define SEPARATOR(pcr)               \
	{                                \
		pcr, 0x00000004, 4, "\0\0\0" \
	} /* EV_SEPARATOR: four zero bytes, no other */
#define TEXT(pcr, type, text)             \
	{                                     \
		pcr, type, sizeof(text) - 1, text \
	}

/* What a boot of the sandbox "measured": PCR, event type, size, data.  The order and the fixed
 * events are those that readers of firmware logs insist on. */
static const struct {
	uint32_t pcr, type;
	size_t size;
	const char *data;
} events[] = {
    TEXT(0, 0x00000008, "NOT A TEE: firmware version"),
    TEXT(0, 0x00000001, "NOT A TEE: firmware volume"),
    TEXT(7, 0x80000001, SECURE_BOOT_OFF),
    TEXT(1, 0x80000002, "NOT A TEE: boot order"),
    TEXT(4, 0x80000007, "Calling EFI Application from Boot Option"),
    SEPARATOR(0),
    SEPARATOR(1),
    SEPARATOR(2),
    SEPARATOR(3),
    SEPARATOR(4),
    SEPARATOR(5),
    SEPARATOR(6),
    SEPARATOR(7),
    TEXT(4, 0x80000003, "NOT A TEE: kernel image"),
    TEXT(5, 0x80000006, "NOT A TEE: partition table"),
    TEXT(9, 0x0000000D, "NOT A TEE: initial RAM disk"),
};

/* ---- writing -------------------------------------------------------------------------------- */

static void put_be(struct prism_buf *out, uint64_t value, unsigned bytes)
{
	while (bytes-- > 0)
		prism_buf_putc(out, (char)(value >> (8 * bytes)));
}

static void put_le(struct prism_buf *out, uint64_t value, unsigned bytes)
{
	for (unsigned i = 0; i < bytes; i++)
		prism_buf_putc(out, (char)(value >> (8 * i)));
}

static void put_sized(struct prism_buf *out, const void *data, size_t size)
{
	put_be(out, size, 2);
	prism_buf_put(out, data, size);
}

/* ---- event log and PCRs --------------------------------------------------------------------- */

static void put_header(struct prism_buf *out)
{
	struct prism_buf spec = PRISM_BUF_INIT(256);
	static const uint8_t zeros[20];

	prism_buf_put(&spec, "Spec ID Event03", 16);
	put_le(&spec, 0, 4);   /* platform class: client */
	put_le(&spec, 0, 1);   /* minor */
	put_le(&spec, 2, 1);   /* major */
	put_le(&spec, 105, 1); /* errata */
	put_le(&spec, 2, 1);   /* size of UINTN */
	put_le(&spec, BANKS, 4);
	for (unsigned bank = 0; bank < BANKS; bank++) {
		put_le(&spec, banks[bank].algorithm, 2);
		put_le(&spec, banks[bank].size, 2);
	}
	put_le(&spec, 0, 1); /* vendor info */
	put_le(out, 0, 4);
	put_le(out, 3, 4); /* EV_NO_ACTION */
	prism_buf_put(out, zeros, sizeof(zeros));
	put_le(out, spec.len, 4);
	prism_buf_put(out, spec.data, spec.len);
	prism_buf_finish(&spec);
}

static void extend(struct sb_forge *forge, unsigned bank, uint32_t pcr, const uint8_t *digest)
{
	uint8_t input[96];

	memcpy(input, forge->pcrs[bank][pcr], banks[bank].size);
	memcpy(input + banks[bank].size, digest, banks[bank].size);
	net_digest_bytes(banks[bank].digest, input, 2 * banks[bank].size, forge->pcrs[bank][pcr]);
}

static void put_event(struct sb_forge *forge, struct prism_buf *out, size_t index)
{
	size_t size = events[index].size;
	uint8_t digest[NET_DIGEST_MAX];

	put_le(out, events[index].pcr, 4);
	put_le(out, events[index].type, 4);
	put_le(out, BANKS, 4);
	for (unsigned bank = 0; bank < BANKS; bank++) {
		net_digest_bytes(banks[bank].digest, events[index].data, size, digest);
		put_le(out, banks[bank].algorithm, 2);
		prism_buf_put(out, digest, banks[bank].size);
		extend(forge, bank, events[index].pcr, digest);
	}
	put_le(out, size, 4);
	prism_buf_put(out, events[index].data, size);
}

static void make_log(struct sb_forge *forge)
{
	struct prism_buf log = PRISM_BUF_INIT(1u << 16);

	put_header(&log);
	for (size_t i = 0; i < PRISM_COUNT(events); i++)
		put_event(forge, &log, i);
	forge->log_size = log.len;
	forge->log = (uint8_t *)prism_buf_take(&log, NULL);
}

/* ---- attestation key ------------------------------------------------------------------------ */

static uint8_t *ak_template(const uint8_t *modulus, size_t size, uint32_t attributes,
                            size_t *ret_size)
{
	struct prism_buf out = PRISM_BUF_INIT(1024);

	put_be(&out, 0x0001, 2); /* RSA */
	put_be(&out, 0x000B, 2); /* name algorithm: SHA-256 */
	put_be(&out, attributes, 4);
	put_be(&out, 0, 2);      /* no policy */
	put_be(&out, 0x0010, 2); /* no symmetric part */
	put_be(&out, 0x0014, 2); /* RSASSA */
	put_be(&out, 0x000B, 2); /* with SHA-256 */
	put_be(&out, AK_BITS, 2);
	put_be(&out, 0, 4); /* exponent 65537 */
	put_sized(&out, modulus, size);
	*ret_size = out.len;
	return (uint8_t *)prism_buf_take(&out, NULL);
}

int sb_forge_make_tpm(struct sb_forge *forge, struct prism_error *err)
{
	BIGNUM *n = NULL;
	uint8_t modulus[AK_BITS / 8];

	forge->ak_key = EVP_RSA_gen(AK_BITS);
	if (!forge->ak_key || !EVP_PKEY_get_bn_param(forge->ak_key, OSSL_PKEY_PARAM_RSA_N, &n) ||
	    BN_bn2binpad(n, modulus, sizeof(modulus)) != (int)sizeof(modulus)) {
		BN_free(n);
		return sb_forge_raise(err, "the TPM's key");
	}
	BN_free(n);
	/* fixedTPM, fixedParent, sensitiveDataOrigin, userWithAuth, restricted, sign; and without
	 * restricted, which a verifier must refuse. */
	forge->ak_pub = ak_template(modulus, sizeof(modulus), 0x00050072, &forge->ak_pub_size);
	forge->ak_pub_open = ak_template(modulus, sizeof(modulus), 0x00040072, &forge->ak_pub_size);
	make_log(forge);
	return 0;
}

/* ---- quotes --------------------------------------------------------------------------------- */

static void digest_bank(const struct sb_forge *forge, unsigned bank, uint8_t out[32])
{
	struct net_digest *digest = net_digest_create(NET_SHA256);
	uint8_t full[NET_DIGEST_MAX];

	for (unsigned pcr = 0; pcr < SB_FORGE_PCRS; pcr++)
		net_digest_update(digest, forge->pcrs[bank][pcr], banks[bank].size);
	net_digest_final(digest, full);
	net_digest_destroy(digest);
	memcpy(out, full, 32);
}

static void put_quote(const struct sb_forge *forge, unsigned bank, const uint8_t nonce[32],
                      enum sb_forge_fault fault, struct prism_buf *out)
{
	uint8_t signer[34] = {0x00, 0x0B}, extra[32], digest[32];

	memcpy(extra, nonce, sizeof(extra));
	if (fault == SB_FORGE_QUOTE_NONCE)
		extra[31] ^= 1;
	digest_bank(forge, bank, digest);
	put_be(out, 0xff544347, 4);
	put_be(out, 0x8018, 2);
	put_sized(out, signer, sizeof(signer));
	put_sized(out, extra, sizeof(extra));
	put_be(out, 1000, 8); /* clock */
	put_be(out, 1, 4);    /* resets */
	put_be(out, 0, 4);    /* restarts */
	put_be(out, 1, 1);    /* safe */
	put_be(out, 1, 8);    /* firmware version */
	put_be(out, 1, 4);
	put_be(out, banks[bank].algorithm, 2);
	put_be(out, 3, 1);
	put_be(out, 0xffffff, 3);
	put_sized(out, digest, sizeof(digest));
}

int sb_forge_quote(struct sb_forge *forge, unsigned bank, const uint8_t nonce[32],
                   enum sb_forge_fault fault, struct prism_buf *ret_quote,
                   struct prism_buf *ret_signature, struct prism_error *err)
{
	uint8_t signature[AK_BITS / 8];
	size_t size = sizeof(signature);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();

	put_quote(forge, bank, nonce, fault, ret_quote);
	bool ok = ctx && EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, forge->ak_key) == 1 &&
	          EVP_DigestSign(ctx, signature, &size, (const uint8_t *)ret_quote->data,
	                         ret_quote->len) == 1;
	EVP_MD_CTX_free(ctx);
	if (!ok)
		return sb_forge_raise(err, "a quote");
	if (fault == SB_FORGE_QUOTE_SIGNATURE)
		signature[0] ^= 1;
	put_be(ret_signature, 0x0014, 2);
	put_be(ret_signature, 0x000B, 2);
	put_sized(ret_signature, signature, size);
	return 0;
}
