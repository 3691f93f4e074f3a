/* Owns the shape of the sample attestation policy. */
#include "sandbox/policy.h"

#include "base/mem.h"
#include "base/text.h"
#include "net/crypto.h"
#include "sandbox/auth.h"
#include "sandbox/forge.h"
#include "sandbox/json_out.h"
#include "sandbox/sandbox.h"

#define NOT_A_TEE "NOT A TEE"
#define PCR_COUNT 10
#define TOKEN_LIFE_S 28800

/* A fixed-size field that begins with the notice; base64. */
static void put_field(struct sb_json *j, const char *key, size_t size)
{
	uint8_t bytes[64] = {0};
	memcpy(bytes, NOT_A_TEE, sizeof(NOT_A_TEE) - 1);
	PRISM_AUTO_FREE char *text = prism_base64_encode(bytes, size);
	sb_json_str(j, key, text);
}

static void put_pcrs(struct sb_json *j, const char *bank, enum net_digest_kind kind,
                     const char *cvm_id)
{
	sb_json_object(j, bank);
	for (unsigned i = 0; i < PCR_COUNT; i++) {
		uint8_t digest[NET_DIGEST_MAX];
		char hex[2 * NET_DIGEST_MAX + 1], index[8];
		PRISM_AUTO_FREE char *text = prism_asprintf(NOT_A_TEE " %s PCR %u", cvm_id, i);
		net_digest_bytes(kind, text, strlen(text), digest);
		prism_hex_encode(digest, net_digest_size(kind), hex);
		snprintf(index, sizeof(index), "%u", i);
		sb_json_str(j, index, hex);
	}
	sb_json_end(j);
}

char *sb_policy_no_evidence(const char *cvm_id)
{
	PRISM_AUTO_FREE char *text =
	    prism_asprintf("NOT A TEE: sandbox CVM %s has no evidence to show.\n", cvm_id);
	return prism_base64_encode(text, strlen(text));
}

char *sb_policy_evidence(struct sb *sb, const char *cvm_id, const char *platform)
{
	static const uint8_t zeros[64];
	PRISM_AUTO_BUF struct prism_buf bytes = PRISM_BUF_INIT(1u << 20);
	bool snp = !platform || strstr(platform, "tdx") == NULL;
	struct sb_forge *forge = snp ? sb_forge_of(sb, NULL) : NULL;
	if (!forge ||
	    sb_forge_evidence(forge, SB_FORGE_SNP_VTPM, zeros, zeros, SB_FORGE_SOUND, &bytes, NULL) < 0)
		return sb_policy_no_evidence(cvm_id);
	return prism_base64_encode(bytes.data, bytes.len);
}

/* Names of claims: reference attestation.md section 3.3. */
static void put_claims(struct sb_json *j, const char *cvm_id, int64_t now_s)
{
	sb_json_object(j, NULL);
	sb_json_str(j, "iss", "https://not-a-tee.sandbox.example");
	sb_json_int(j, "iat", now_s);
	sb_json_int(j, "nbf", now_s);
	sb_json_int(j, "exp", now_s + TOKEN_LIFE_S);
	sb_json_str(j, "x-ms-attestation-type", "azurevm");
	sb_json_object(j, "x-ms-isolation-tee");
	sb_json_str(j, "x-ms-attestation-type", "sevsnpvm");
	sb_json_str(j, "x-ms-compliance-status", NOT_A_TEE);
	sb_json_bool(j, "x-ms-sevsnpvm-is-debuggable", false);
	sb_json_end(j);
	sb_json_str(j, "notice", SB_NOTICE);
	sb_json_str(j, "cvm", cvm_id);
	sb_json_end(j);
}

char *sb_policy_token(const struct sb *sb, const char *cvm_id)
{
	static const char head[] = "{\"alg\":\"RS256\",\"kid\":\"" NOT_A_TEE "\",\"typ\":\"JWT\"}";
	static const char unsigned_[] = NOT_A_TEE ": nobody signed this";
	struct sb_json j;

	sb_json_init(&j);
	put_claims(&j, cvm_id, sb_now_us(sb) / 1000000);
	PRISM_AUTO_FREE char *header = sb_base64url(head, sizeof(head) - 1);
	PRISM_AUTO_FREE char *claims = sb_base64url(j.buf.data, j.buf.len);
	PRISM_AUTO_FREE char *signature = sb_base64url(unsigned_, sizeof(unsigned_) - 1);
	PRISM_AUTO_FREE char *token = prism_asprintf("%s.%s.%s", header, claims, signature);
	sb_json_finish(&j);
	return prism_base64_encode(token, strlen(token));
}

char *sb_policy_json(const char *cvm_id, const char *platform)
{
	struct sb_json j;
	sb_json_init(&j);
	sb_json_object(&j, NULL);
	sb_json_str(&j, "notice", SB_NOTICE);
	sb_json_object(&j, "pcr_values");
	sb_json_null(&j, "sha1");
	put_pcrs(&j, "sha256", NET_SHA256, cvm_id);
	put_pcrs(&j, "sha384", NET_SHA384, cvm_id);
	sb_json_end(&j);
	sb_json_object(&j, "policy");
	put_field(&j, "chipId", 64);
	put_field(&j, "familyId", 16);
	put_field(&j, "hostData", 32);
	put_field(&j, "imageId", 16);
	put_field(&j, "measurement", 48);
	put_field(&j, "reportIdMa", 32);
	sb_json_int(&j, "minimumBuild", 0);
	sb_json_str(&j, "minimumLaunchTcb", "0");
	sb_json_str(&j, "minimumTcb", "0");
	sb_json_str(&j, "minimumVersion", "0.0");
	sb_json_str(&j, "policy", "196608");
	sb_json_bool(&j, "permitProvisionalFirmware", false);
	sb_json_object(&j, "product");
	sb_json_str(&j, "name", "SEV_PRODUCT_UNKNOWN (" NOT_A_TEE ")");
	sb_json_end(&j);
	sb_json_int(&j, "vmpl", 0);
	sb_json_end(&j);
	sb_json_object(&j, "rootOfTrust");
	sb_json_bool(&j, "checkCrl", false);
	sb_json_str(&j, "product", NOT_A_TEE);
	sb_json_str(&j, "productLine", NOT_A_TEE);
	sb_json_end(&j);
	sb_json_str(&j, "platform", platform ? platform : "");
	sb_json_end(&j);
	char *text = prism_buf_take(&j.buf, NULL);
	sb_json_finish(&j);
	return text;
}

int sb_policy_for(struct sb *sb, const char *cvm_id, const char *platform, struct prism_buf *out)
{
	bool snp = !platform || strstr(platform, "tdx") == NULL;
	struct sb_forge *forge = snp ? sb_forge_of(sb, NULL) : NULL;
	if (snp && !forge)
		return -1;
	if (!snp) {
		PRISM_AUTO_FREE char *sample = sb_policy_json(cvm_id, platform);
		prism_buf_puts(out, sample);
	} else if (sb->config.agent_generation == 2) {
		sb_forge_corim(forge, out);
	} else {
		sb_forge_policy(forge, out);
	}
	return 0;
}
