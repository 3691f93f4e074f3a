/*
 * Attestation policies: telling kinds apart, reading files, editing.  See policy.h.
 *
 * Owns the policy object.  The schemas live in core/policy_snp.c, core/policy_tdx.c and
 * core/policy_corim.c; what a policy means for evidence is in the verifiers.
 */
#include "core/policy.h"

#include "base/file.h"
#include "base/mem.h"
#include "base/text.h"
#include "core/policy_json.h"
#include "net/crypto.h"

#include <stdio.h>
#include <string.h>

#define PCR_MANIFEST "16" /* the PCR the agent extends with the computation */

struct core_policy {
	unsigned refs;
	enum core_policy_kind kind;
	struct prism_buf bytes; /* the file, decoded from base64 if it was that */
	cJSON *doc;             /* JSON kinds */
	char id[65];
	union {
		struct core_policy_snp snp;
		struct core_policy_tdx tdx;
		struct core_policy_corim corim;
	};
};

static const char *const kind_words[] = {
    [CORE_POLICY_SNP] = "SEV-SNP policy (JSON, generation 1)",
    [CORE_POLICY_TDX] = "TDX policy (JSON, generation 1)",
    [CORE_POLICY_CORIM] = "CoRIM policy (generation 2)",
};

static const struct {
	const char *word;
	size_t size;
	enum net_digest_kind digest;
} banks[CORE_PCR_BANK_COUNT] = {
    [CORE_PCR_SHA1] = {"sha1", 20, NET_SHA1},
    [CORE_PCR_SHA256] = {"sha256", 32, NET_SHA256},
    [CORE_PCR_SHA384] = {"sha384", 48, NET_SHA384},
};

const char *core_policy_kind_word(enum core_policy_kind kind)
{
	return kind_words[kind];
}

const char *core_pcr_bank_word(enum core_pcr_bank bank)
{
	return banks[bank].word;
}

size_t core_pcr_bank_size(enum core_pcr_bank bank)
{
	return banks[bank].size;
}

/* ---- reading -------------------------------------------------------------------------------- */

static size_t leading_space(const char *text, size_t size)
{
	size_t at = size >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;

	while (at < size && strchr(" \t\r\n", text[at]) && text[at])
		at++;
	return at;
}

static bool looks_binary(uint8_t first)
{
	return (first >= 0xa0 && first <= 0xbb) || first == 0xd2 || first == 0xd9;
}

static int not_a_policy(struct prism_error *err)
{
	prism_error_raise(err, PRISM_ERROR_INVALID, "not an attestation policy");
	prism_error_hint(err, "expected JSON, CoRIM (CBOR), or base64 of one of them");
	return -1;
}

/* Reference 5.1: base64 text of any of the others is what Prism's own JSON delivers. */
static int unwrap_base64(struct prism_buf *bytes, struct prism_error *err)
{
	struct prism_buf decoded = PRISM_BUF_INIT(CORE_POLICY_MAX);

	if (prism_base64_decode(bytes->data, bytes->len, &decoded, NULL) < 0 || decoded.len == 0) {
		prism_buf_finish(&decoded);
		return not_a_policy(err);
	}
	prism_buf_finish(bytes);
	*bytes = decoded;
	return 0;
}

static int read_json(struct core_policy *policy, size_t start, struct prism_error *err)
{
	policy->doc =
	    core_policy_json_parse(policy->bytes.data + start, policy->bytes.len - start, err);
	if (!policy->doc)
		return prism_error_wrap(err, "the policy is not valid JSON");
	if (!cJSON_IsObject(policy->doc))
		return prism_error_raise(err, PRISM_ERROR_INVALID, "the policy is not a JSON object");
	const cJSON *rules = cJSON_GetObjectItemCaseSensitive(policy->doc, "policy");
	bool tdx = cJSON_GetObjectItemCaseSensitive(rules, "headerPolicy") ||
	           cJSON_GetObjectItemCaseSensitive(rules, "tdQuoteBodyPolicy") ||
	           cJSON_GetObjectItemCaseSensitive(rules, "header_policy") ||
	           cJSON_GetObjectItemCaseSensitive(rules, "td_quote_body_policy");
	policy->kind = tdx ? CORE_POLICY_TDX : CORE_POLICY_SNP;
	return tdx ? core_policy_tdx_read(policy->doc, &policy->tdx, err)
	           : core_policy_snp_read(policy->doc, &policy->snp, err);
}

static int read_any(struct core_policy *policy, struct prism_error *err)
{
	size_t start = leading_space(policy->bytes.data, policy->bytes.len);

	if (start == policy->bytes.len)
		return prism_error_raise(err, PRISM_ERROR_INVALID, "the policy is empty");
	uint8_t first = (uint8_t)policy->bytes.data[start];
	if (first != '{' && !looks_binary(first)) {
		if (unwrap_base64(&policy->bytes, err) < 0)
			return -1;
		start = leading_space(policy->bytes.data, policy->bytes.len);
		first = start < policy->bytes.len ? (uint8_t)policy->bytes.data[start] : 0;
		if (first != '{' && !looks_binary(first))
			return not_a_policy(err);
	}
	if (first == '{')
		return read_json(policy, start, err);
	policy->kind = CORE_POLICY_CORIM;
	return core_policy_corim_read((const uint8_t *)policy->bytes.data, policy->bytes.len,
	                              &policy->corim, err);
}

struct core_policy *core_policy_parse(const void *data, size_t size, struct prism_error *err)
{
	struct core_policy *policy = prism_alloc(sizeof(*policy));
	uint8_t digest[32];

	policy->refs = 1;
	prism_buf_init(&policy->bytes, CORE_POLICY_MAX);
	if (prism_buf_append(&policy->bytes, data, size, err) < 0 || read_any(policy, err) < 0) {
		core_policy_destroy(policy);
		return NULL;
	}
	net_digest_bytes(NET_SHA256, policy->bytes.data, policy->bytes.len, digest);
	prism_hex_encode(digest, sizeof(digest), policy->id);
	return policy;
}

struct core_policy *core_policy_read(const char *path, struct prism_error *err)
{
	PRISM_AUTO_BUF struct prism_buf bytes = PRISM_BUF_INIT(CORE_POLICY_MAX);

	if (prism_file_read(path, CORE_POLICY_MAX, &bytes, err) < 0) {
		prism_error_wrap(err, "read attestation policy %s", path);
		return NULL;
	}
	struct core_policy *policy = core_policy_parse(bytes.data ? bytes.data : "", bytes.len, err);
	if (!policy)
		prism_error_wrap(err, "attestation policy %s", path);
	return policy;
}

struct core_policy *core_policy_ref(struct core_policy *policy)
{
	if (policy)
		policy->refs++;
	return policy;
}

void core_policy_destroy(struct core_policy *policy)
{
	if (!policy || --policy->refs > 0)
		return;
	prism_json_free(policy->doc);
	prism_buf_finish(&policy->bytes);
	prism_free(policy);
}

enum core_policy_kind core_policy_kind(const struct core_policy *policy)
{
	return policy->kind;
}

const struct core_policy_snp *core_policy_snp(const struct core_policy *policy)
{
	return policy && policy->kind == CORE_POLICY_SNP ? &policy->snp : NULL;
}

const struct core_policy_tdx *core_policy_tdx(const struct core_policy *policy)
{
	return policy && policy->kind == CORE_POLICY_TDX ? &policy->tdx : NULL;
}

const struct core_policy_corim *core_policy_corim(const struct core_policy *policy)
{
	return policy && policy->kind == CORE_POLICY_CORIM ? &policy->corim : NULL;
}

const cJSON *core_policy_doc(const struct core_policy *policy)
{
	return policy->doc;
}

unsigned core_policy_generation(const struct core_policy *policy)
{
	return policy->kind == CORE_POLICY_CORIM ? 2 : 1;
}

const char *core_policy_id(const struct core_policy *policy)
{
	return policy->id;
}

void core_policy_bytes(const struct core_policy *policy, struct prism_buf *out)
{
	prism_buf_put(out, policy->bytes.data, policy->bytes.len);
}

int core_policy_verify_signature(struct core_policy *policy, const char *pem, size_t size,
                                 struct prism_error *err)
{
	if (policy->kind != CORE_POLICY_CORIM || !policy->corim.is_signed)
		return prism_error_raise(err, PRISM_ERROR_TRUST, "the policy is not signed");
	if (core_policy_corim_verify((const uint8_t *)policy->bytes.data, policy->bytes.len, pem, size,
	                             err) < 0)
		return -1;
	policy->corim.signature_checked = true;
	return 0;
}

/* ---- editing (reference 3.1, 3.2) ----------------------------------------------------------- */

static int want_snp(const struct core_policy *policy, struct prism_error *err)
{
	if (policy->kind == CORE_POLICY_SNP)
		return 0;
	prism_error_raise(err, PRISM_ERROR_INVALID, "this is a %s", kind_words[policy->kind]);
	prism_error_hint(err,
	                 "only SEV-SNP policies in JSON are edited; anything else would be damaged");
	return -1;
}

static cJSON *member(cJSON *object, const char *camel)
{
	char snake[64];
	cJSON *item = cJSON_GetObjectItemCaseSensitive(object, camel);

	core_policy_json_snake(camel, snake, sizeof(snake));
	return item ? item : cJSON_GetObjectItemCaseSensitive(object, snake);
}

static void set_string(cJSON *object, const char *camel, const char *text)
{
	cJSON *old = member(object, camel);
	cJSON *item = cJSON_CreateString(text);

	if (old) {
		PRISM_AUTO_FREE char *name = prism_strdup(old->string);
		cJSON_ReplaceItemInObjectCaseSensitive(object, name, item);
	} else {
		cJSON_AddItemToObject(object, camel, item);
	}
}

int core_policy_decode(const char *text, size_t size, uint8_t *out, struct prism_error *err)
{
	PRISM_AUTO_BUF struct prism_buf bytes = PRISM_BUF_INIT(1u << 16);
	size_t length;

	if (strlen(text) == 2 * size && prism_hex_decode(text, 2 * size, out, size, &length, NULL) == 0)
		return 0;
	if (prism_base64_decode(text, strlen(text), &bytes, NULL) < 0)
		return prism_error_raise(err, PRISM_ERROR_INVALID, "neither base64 nor %zu hex digits",
		                         2 * size);
	if (bytes.len != size)
		return prism_error_raise(err, PRISM_ERROR_INVALID, "%zu bytes instead of %zu", bytes.len,
		                         size);
	memcpy(out, bytes.data, size);
	return 0;
}

static int set_bytes(struct core_policy *policy, const char *name, const char *text, size_t size,
                     struct core_policy_bytes *field, struct prism_error *err)
{
	uint8_t value[64];

	if (want_snp(policy, err) < 0)
		return -1;
	if (core_policy_decode(text, size, value, err) < 0)
		return prism_error_wrap(err, "%s", name);
	PRISM_AUTO_FREE char *base64 = prism_base64_encode(value, size);
	set_string(cJSON_GetObjectItemCaseSensitive(policy->doc, "policy"), name, base64);
	memcpy(field->data, value, size);
	field->size = size;
	return 0;
}

int core_policy_set_measurement(struct core_policy *policy, const char *text,
                                struct prism_error *err)
{
	return set_bytes(policy, "measurement", text, 48, &policy->snp.measurement, err);
}

int core_policy_set_host_data(struct core_policy *policy, const char *text, struct prism_error *err)
{
	return set_bytes(policy, "hostData", text, 32, &policy->snp.host_data, err);
}

struct extend_form {
	enum core_pcr_bank bank;
	enum net_digest_kind manifest, chain; /* over the manifest; over PCR and digest */
};

/* Reference 3.2: what the official command computes, and what the agent and its TPM do. */
static const struct extend_form extend_forms[2][2] = {
    [CORE_EXTEND_COMPATIBLE] = {{CORE_PCR_SHA256, NET_SHA512_256, NET_SHA512_256},
                                {CORE_PCR_SHA384, NET_SHA384, NET_SHA384}},
    [CORE_EXTEND_AS_TPM] = {{CORE_PCR_SHA256, NET_SHA3_256, NET_SHA256},
                            {CORE_PCR_SHA384, NET_SHA3_384, NET_SHA384}},
};

static cJSON *object_member(cJSON *parent, const char *name)
{
	cJSON *item = cJSON_GetObjectItemCaseSensitive(parent, name);

	if (cJSON_IsObject(item))
		return item;
	if (item)
		cJSON_DeleteItemFromObjectCaseSensitive(parent, name);
	return cJSON_AddObjectToObject(parent, name);
}

static void extend_bank(struct core_policy *policy, const struct extend_form *form,
                        const void *manifest, size_t size)
{
	struct core_policy_pcrs *pcrs = &policy->snp.pcrs[form->bank];
	size_t width = banks[form->bank].size;
	uint8_t input[96];
	char hex[97];

	memcpy(input, pcrs->value[16], width);
	net_digest_bytes(form->manifest, manifest, size, input + width);
	net_digest_bytes(form->chain, input, 2 * width, pcrs->value[16]);
	pcrs->count += !pcrs->listed[16];
	pcrs->listed[16] = true;
	prism_hex_encode(pcrs->value[16], width, hex);
	cJSON *values = object_member(policy->doc, "pcr_values");
	set_string(object_member(values, banks[form->bank].word), PCR_MANIFEST, hex);
}

int core_policy_extend(struct core_policy *policy, enum core_policy_extend form,
                       const void *manifest, size_t size, struct prism_error *err)
{
	if (want_snp(policy, err) < 0)
		return -1;
	for (size_t i = 0; i < PRISM_COUNT(extend_forms[form]); i++)
		extend_bank(policy, &extend_forms[form][i], manifest, size);
	return 0;
}

int core_policy_print(const struct core_policy *policy, struct prism_buf *out,
                      struct prism_error *err)
{
	if (policy->kind != CORE_POLICY_SNP)
		return prism_buf_append(out, policy->bytes.data, policy->bytes.len, err);
	core_policy_snp_print(policy->doc, out);
	return 0;
}
