/*
 * The evidence payload of generation 2: see cmw.h.
 *
 * Stricter than the official client on purpose (reference attested-tls.md 3.8): exact member
 * names, no duplicates, version and media type compared, no attestation results, strict base64.
 */
#include "core/cmw.h"

#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"
#include "core/evidence.h"
#include "net/ea.h"

#include <string.h>

#define MEDIA_TYPE "application/eat+cwt"

static void hash_two(enum net_digest_kind kind, const void *a, size_t a_size, const void *b,
                     size_t b_size, uint8_t *out)
{
	struct net_digest *digest = net_digest_create(kind);
	uint8_t full[NET_DIGEST_MAX];

	net_digest_update(digest, a, a_size);
	net_digest_update(digest, b, b_size);
	size_t size = net_digest_final(digest, full);
	net_digest_destroy(digest);
	memcpy(out, full, size);
}

void core_binding_gen1(const uint8_t *spki, size_t spki_size, const uint8_t nonce[64],
                       struct core_binding *ret)
{
	hash_two(NET_SHA3_512, spki, spki_size, nonce, 64, ret->report_data);
	memcpy(ret->nonce, ret->report_data, sizeof(ret->nonce));
}

void core_binding_gen2(enum net_digest_kind hash, const uint8_t *spki, size_t spki_size,
                       const uint8_t exported[32], struct core_binding2 *ret)
{
	ret->hash_size = net_digest_size(hash);
	net_digest_bytes(hash, spki, spki_size, ret->key_hash);
	hash_two(hash, spki, spki_size, exported, 32, ret->binder);
	net_digest_bytes(NET_SHA512, ret->binder, ret->hash_size, ret->binding.report_data);
	net_digest_bytes(NET_SHA256, exported, 32, ret->binding.nonce);
}

/* ---- opening -------------------------------------------------------------------------------- */

static const cJSON *exact(const cJSON *object, const char *key)
{
	const cJSON *found = NULL;

	for (const cJSON *item = prism_json_members(object); item; item = item->next) {
		if (strcmp(item->string, key) != 0)
			continue;
		if (found)
			return NULL; /* twice is as good as never */
		found = item;
	}
	return found;
}

static bool doubled(const cJSON *object)
{
	for (const cJSON *a = prism_json_members(object); a; a = a->next)
		for (const cJSON *b = a->next; b; b = b->next)
			if (strcmp(a->string, b->string) == 0)
				return true;
	return false;
}

/* RFC 4648 section 4: standard alphabet with padding, nothing else. */
static bool strict_base64(const cJSON *item, struct prism_buf *out)
{
	if (!cJSON_IsString(item))
		return false;
	const char *text = item->valuestring;
	size_t size = strlen(text);
	if (size == 0 || size % 4 != 0 || strpbrk(text, "-_ \t\r\n"))
		return false;
	return prism_base64_decode(text, size, out, NULL) == 0 && out->len > 0;
}

static bool hash_equals(const cJSON *item, const uint8_t *want, size_t size)
{
	PRISM_AUTO_BUF struct prism_buf bytes = PRISM_BUF_INIT(1024);

	return strict_base64(item, &bytes) && bytes.len == size &&
	       net_equal_const_time(bytes.data, want, size);
}

static const char *shape_fault(const cJSON *doc, const cJSON *binder)
{
	const cJSON *version = exact(doc, "version"), *type = exact(doc, "media_type");
	const cJSON *label = exact(binder, "exporter_label");

	if (doubled(doc) || !cJSON_IsObject(binder) || doubled(binder))
		return "its members are doubled or missing";
	if (!cJSON_IsNumber(version) || version->valuedouble != 1)
		return "its version is not 1";
	if (type && (!cJSON_IsString(type) || strcmp(type->valuestring, MEDIA_TYPE) != 0))
		return "its media type is not " MEDIA_TYPE;
	if (exact(doc, "attestation_results"))
		return "it carries attestation results, which nobody here has asked for";
	if (label &&
	    (!cJSON_IsString(label) || strcmp(label->valuestring, NET_EA_LABEL_ATTESTATION) != 0))
		return "its exporter label is not the agreed one";
	return NULL;
}

static void check_binder(const cJSON *binder, const struct core_binding2 *expect,
                         struct core_verdict *verdict)
{
	char want[97];

	prism_hex_encode(expect->binder, expect->hash_size, want);
	if (!hash_equals(exact(binder, "aik_pub_hash"), expect->key_hash, expect->hash_size))
		core_verdict_fail(verdict, CORE_RULE_BINDER, "", "",
		                  "the binder names another key than that of this connection");
	else if (!hash_equals(exact(binder, "binding"), expect->binder, expect->hash_size))
		core_verdict_fail(verdict, CORE_RULE_BINDER, want, "",
		                  "the binder was computed for another connection");
	else
		core_verdict_pass(verdict, CORE_RULE_BINDER, "%s", want);
}

int core_cmw_open(const void *payload, size_t size, const struct core_binding2 *expect,
                  struct core_verdict *verdict, struct prism_buf *ret_evidence,
                  struct prism_error *err)
{
	PRISM_AUTO_JSON cJSON *doc = prism_json_parse(payload, size, err);

	core_verdict_require(verdict, CORE_RULE_BINDER);
	if (!doc)
		return prism_error_wrap(err, "the evidence payload is not JSON");
	const cJSON *binder = exact(doc, "binder");
	const char *fault = cJSON_IsObject(doc) ? shape_fault(doc, binder) : "it is not an object";
	if (fault)
		return prism_error_raise(err, PRISM_ERROR_PROTOCOL, "the evidence payload is refused: %s",
		                         fault);
	check_binder(binder, expect, verdict);
	PRISM_AUTO_BUF struct prism_buf evidence = PRISM_BUF_INIT(CORE_EVIDENCE_MAX);
	if (!strict_base64(exact(doc, "evidence"), &evidence))
		return prism_error_raise(err, PRISM_ERROR_PROTOCOL,
		                         "the evidence payload is refused: it carries no evidence");
	return prism_buf_append(ret_evidence, evidence.data, evidence.len, err);
}
