/*
 * Tokens around forged evidence: CBOR claims in COSE_Sign1 with ES256, in the member order and
 * with the numbers the agents use (reference attested-tls.md 3.10).
 */
#include "base/mem.h"
#include "net/crypto.h"
#include "sandbox/forge_private.h"

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <string.h>

#define EVIDENCE_MAX (1u << 20)
#define ISSUER "prism-sandbox (NOT A TEE)"
#define VALID_SECONDS 300

enum {
	MAJOR_UINT = 0,
	MAJOR_BYTES = 2,
	MAJOR_TEXT = 3,
	MAJOR_ARRAY = 4,
	MAJOR_MAP = 5,
	MAJOR_TAG = 6
};

static void put_head(struct prism_buf *out, unsigned major, uint64_t value)
{
	unsigned bytes = value < 24 ? 0 : value <= 0xff ? 1 : value <= 0xffff ? 2 : value >> 32 ? 8 : 4;
	static const uint8_t info[] = {0, 24, 25, 0, 26, 0, 0, 0, 27};

	prism_buf_putc(out, (char)(major << 5 | (bytes ? info[bytes] : value)));
	while (bytes-- > 0)
		prism_buf_putc(out, (char)(value >> (8 * bytes)));
}

static void put_bytes(struct prism_buf *out, const void *data, size_t size)
{
	put_head(out, MAJOR_BYTES, size);
	prism_buf_put(out, data, size);
}

static void put_text(struct prism_buf *out, const char *text)
{
	put_head(out, MAJOR_TEXT, strlen(text));
	prism_buf_puts(out, text);
}

static const char *platform_of(enum sb_forge_kind kind, enum sb_forge_fault fault)
{
	static const char *const words[SB_FORGE_KIND_COUNT] = {"SNP", "SNP-vTPM", "vTPM", "Azure"};

	return fault == SB_FORGE_EAT_PLATFORM ? "TDX" : words[kind];
}

static void put_claims(struct sb_forge *forge, enum sb_forge_kind kind, const uint8_t nonce[32],
                       int64_t now_us, enum sb_forge_fault fault, const struct prism_buf *raw,
                       struct prism_buf *out)
{
	uint64_t now = (uint64_t)(now_us / 1000000);
	uint8_t shown_nonce[32], measurement[48];

	memcpy(shown_nonce, nonce, sizeof(shown_nonce));
	memcpy(measurement, forge->measurement, sizeof(measurement));
	shown_nonce[0] ^= fault == SB_FORGE_EAT_NONCE;
	measurement[0] ^= fault == SB_FORGE_EAT_MEASUREMENT || fault == SB_FORGE_OTHER_MEASUREMENT;
	if (fault == SB_FORGE_EAT_MEASUREMENT)
		measurement[1] ^= 1;
	put_head(out, MAJOR_MAP, 7);
	put_head(out, MAJOR_UINT, 1);
	put_text(out, ISSUER);
	put_head(out, MAJOR_UINT, 6);
	put_head(out, MAJOR_UINT, now);
	put_head(out, MAJOR_UINT, 4);
	put_head(out, MAJOR_UINT, now + VALID_SECONDS);
	put_head(out, MAJOR_UINT, 10);
	put_bytes(out, shown_nonce, sizeof(shown_nonce));
	put_head(out, MAJOR_UINT, 265);
	if (kind == SB_FORGE_AZURE) /* the agent puts the head of the container here */
		put_bytes(out, raw->data, 32);
	else
		put_bytes(out, measurement, sizeof(measurement));
	put_text(out, "platform_type");
	put_text(out, platform_of(kind, fault));
	put_text(out, "raw_report");
	put_bytes(out, raw->data, raw->len);
}

static int sign_es256(EVP_PKEY *key, const struct prism_buf *data, uint8_t out[64],
                      struct prism_error *err)
{
	uint8_t der[128];
	size_t size = sizeof(der);
	const unsigned char *at = der;
	const BIGNUM *r, *s;
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	bool ok = ctx && EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, key) == 1 &&
	          EVP_DigestSign(ctx, der, &size, (const uint8_t *)data->data, data->len) == 1;

	EVP_MD_CTX_free(ctx);
	ECDSA_SIG *pair = ok ? d2i_ECDSA_SIG(NULL, &at, (long)size) : NULL;
	if (!pair)
		return sb_forge_raise(err, "a token");
	ECDSA_SIG_get0(pair, &r, &s);
	BN_bn2binpad(r, out, 32);
	BN_bn2binpad(s, out + 32, 32);
	ECDSA_SIG_free(pair);
	return 0;
}

int sb_forge_eat(struct sb_forge *forge, enum sb_forge_kind kind, const uint8_t report_data[64],
                 const uint8_t nonce[32], int64_t now_us, enum sb_forge_fault fault,
                 struct prism_buf *out, struct prism_error *err)
{
	static const uint8_t protected_header[] = {0xa1, 0x01, 0x26}; /* alg: ES256 */
	PRISM_AUTO_BUF struct prism_buf raw = PRISM_BUF_INIT(EVIDENCE_MAX);
	PRISM_AUTO_BUF struct prism_buf claims = PRISM_BUF_INIT(EVIDENCE_MAX);
	PRISM_AUTO_BUF struct prism_buf to_sign = PRISM_BUF_INIT(2 * EVIDENCE_MAX);
	uint8_t signature[64];

	if (sb_forge_evidence(forge, kind, report_data, nonce, fault, &raw, err) < 0)
		return -1;
	put_claims(forge, kind, nonce, now_us, fault, &raw, &claims);
	put_head(&to_sign, MAJOR_ARRAY, 4);
	put_text(&to_sign, "Signature1");
	put_bytes(&to_sign, protected_header, sizeof(protected_header));
	put_bytes(&to_sign, "", 0);
	put_bytes(&to_sign, claims.data, claims.len);
	if (sign_es256(forge->eat_key, &to_sign, signature, err) < 0)
		return -1;
	put_head(out, MAJOR_TAG, 18);
	put_head(out, MAJOR_ARRAY, 4);
	put_bytes(out, protected_header, sizeof(protected_header));
	put_head(out, MAJOR_MAP, 1);
	put_head(out, MAJOR_UINT, 4);
	put_bytes(out, ISSUER, strlen(ISSUER));
	put_bytes(out, claims.data, claims.len);
	put_bytes(out, signature, sizeof(signature));
	return 0;
}

/* Layout: reference attestation.md 5.2; one CoMID, one reference triple, one SHA-384 digest. */
void sb_forge_corim(struct sb_forge *forge, struct prism_buf *out)
{
	PRISM_AUTO_BUF struct prism_buf comid = PRISM_BUF_INIT(4096);

	put_head(&comid, MAJOR_TAG, 506);
	put_head(&comid, MAJOR_MAP, 2);
	put_head(&comid, MAJOR_UINT, 1);
	put_head(&comid, MAJOR_MAP, 1);
	put_head(&comid, MAJOR_UINT, 0);
	put_text(&comid, "snp-tag-sandbox (NOT A TEE)");
	put_head(&comid, MAJOR_UINT, 4);
	put_head(&comid, MAJOR_MAP, 1);
	put_head(&comid, MAJOR_UINT, 0);
	put_head(&comid, MAJOR_ARRAY, 1);
	put_head(&comid, MAJOR_ARRAY, 2);
	put_head(&comid, MAJOR_MAP, 1); /* environment: class: model */
	put_head(&comid, MAJOR_UINT, 0);
	put_head(&comid, MAJOR_MAP, 1);
	put_head(&comid, MAJOR_UINT, 2);
	put_text(&comid, "NOT A TEE");
	put_head(&comid, MAJOR_ARRAY, 1);
	put_head(&comid, MAJOR_MAP, 1); /* measurement: value: digests */
	put_head(&comid, MAJOR_UINT, 1);
	put_head(&comid, MAJOR_MAP, 1);
	put_head(&comid, MAJOR_UINT, 2);
	put_head(&comid, MAJOR_ARRAY, 1);
	put_head(&comid, MAJOR_ARRAY, 2);
	put_head(&comid, MAJOR_UINT, 7); /* SHA-384 */
	put_bytes(&comid, forge->measurement, 48);

	put_head(out, MAJOR_MAP, 2);
	put_head(out, MAJOR_UINT, 0);
	put_text(out, "snp-corim-sandbox (NOT A TEE)");
	put_head(out, MAJOR_UINT, 1);
	put_head(out, MAJOR_ARRAY, 1);
	put_bytes(out, comid.data, comid.len);
}
