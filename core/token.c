/* Azure's attestation tokens: see token.h. */
#include "core/token.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "net/x509.h"

#include <stdio.h>
#include <string.h>

#define KEYS_MAX 64u /* of one set; services publish a handful */
#define MODULUS_MAX 1024u
#define VALUE_MAX 600u /* bytes shown of one claim */
#define DEPTH_MAX 4u   /* of claims told one by one; deeper ones as JSON */

struct core_token {
	char *signed_text; /* header and claims, as they were signed */
	cJSON *header, *claims;
	struct prism_buf signature;
	enum core_token_result signature_result, dates_result;
	char signature_reason[200], dates_reason[120], summary[340];
};

/* ---- reading -------------------------------------------------------------------------------- */

static int decode_part(const char *text, size_t size, struct prism_buf *out,
                       struct prism_error *err)
{
	if (size == 0 || memchr(text, '=', size) || memchr(text, '+', size) || memchr(text, '/', size))
		return prism_error_raise(err, PRISM_ERROR_INVALID, "a part of the token is no base64url");
	return prism_base64_decode(text, size, out, err);
}

static cJSON *json_part(const char *text, size_t size, struct prism_error *err)
{
	PRISM_AUTO_BUF struct prism_buf bytes = PRISM_BUF_INIT(CORE_TOKEN_MAX);
	cJSON *doc = NULL;

	if (decode_part(text, size, &bytes, err) == 0)
		doc = prism_json_parse(prism_buf_text(&bytes), bytes.len, err);
	if (doc && !cJSON_IsObject(doc)) {
		prism_error_raise(err, PRISM_ERROR_INVALID, "a part of the token is no JSON object");
		prism_json_free(doc);
		doc = NULL;
	}
	return doc;
}

static int read_parts(struct core_token *token, const char *text, size_t size,
                      struct prism_error *err)
{
	const char *end = text + size;
	const char *first = memchr(text, '.', size);
	const char *second = first ? memchr(first + 1, '.', (size_t)(end - first - 1)) : NULL;

	if (!second || memchr(second + 1, '.', (size_t)(end - second - 1)))
		return prism_error_raise(err, PRISM_ERROR_INVALID, "not a token: it has not three parts");
	token->signed_text = prism_strndup(text, (size_t)(second - text));
	token->header = json_part(text, (size_t)(first - text), err);
	token->claims = token->header ? json_part(first + 1, (size_t)(second - first - 1), err) : NULL;
	if (!token->claims)
		return -1;
	return decode_part(second + 1, (size_t)(end - second - 1), &token->signature, err);
}

struct core_token *core_token_parse(const char *text, size_t size, struct prism_error *err)
{
	struct core_token *token = prism_alloc(sizeof(*token));

	prism_buf_init(&token->signature, CORE_TOKEN_MAX);
	while (size && strchr(" \t\r\n", *text) && *text) {
		text++;
		size--;
	}
	while (size && strchr(" \t\r\n", text[size - 1]) && text[size - 1])
		size--;
	int rc = size > CORE_TOKEN_MAX ? prism_error_raise(err, PRISM_ERROR_LIMIT,
	                                                   "a token of %zu bytes is not read", size)
	                               : read_parts(token, text, size, err);
	if (rc < 0) {
		core_token_destroy(token);
		return NULL;
	}
	return token;
}

void core_token_destroy(struct core_token *token)
{
	if (!token)
		return;
	prism_free(token->signed_text);
	prism_json_free(token->header);
	prism_json_free(token->claims);
	prism_buf_finish(&token->signature);
	prism_free(token);
}

/* ---- checking ------------------------------------------------------------------------------- */

static void signature_is(struct core_token *token, enum core_token_result result, const char *why)
{
	token->signature_result = result;
	snprintf(token->signature_reason, sizeof(token->signature_reason), "%s", why);
}

static struct net_pubkey *read_key(const cJSON *jwk, struct prism_error *err)
{
	PRISM_AUTO_BUF struct prism_buf modulus = PRISM_BUF_INIT(MODULUS_MAX);
	PRISM_AUTO_BUF struct prism_buf exponent = PRISM_BUF_INIT(MODULUS_MAX);
	const char *n = prism_json_str(jwk, "n", ""), *e = prism_json_str(jwk, "e", "");
	uint32_t value = 0;

	if (strcmp(prism_json_str(jwk, "kty", ""), "RSA") != 0 ||
	    decode_part(n, strlen(n), &modulus, err) < 0 ||
	    decode_part(e, strlen(e), &exponent, err) < 0 || exponent.len == 0 || exponent.len > 4)
		return NULL;
	for (size_t i = 0; i < exponent.len; i++)
		value = value << 8 | (uint8_t)exponent.data[i];
	if (modulus.len < 256) /* RFC 7518 section 3.3: 2048 bits or more */
		return NULL;
	return net_pubkey_from_rsa((const uint8_t *)modulus.data, modulus.len, value, err);
}

static bool verifies(const struct core_token *token, const cJSON *jwk)
{
	struct net_pubkey *key = read_key(jwk, NULL);
	bool good = key && net_pubkey_verify(key, NET_SIG_RSA_PKCS1_SHA256, token->signed_text,
	                                     strlen(token->signed_text), token->signature.data,
	                                     token->signature.len, NULL) == 0;

	net_pubkey_destroy(key);
	return good;
}

static void check_signature(struct core_token *token, const cJSON *keys)
{
	const char *kid = prism_json_str(token->header, "kid", "");
	const cJSON *jwk;
	unsigned looked = 0;

	if (strcmp(prism_json_str(token->header, "alg", ""), "RS256") != 0) {
		signature_is(token, CORE_TOKEN_BAD, "it is not signed with RS256");
		return;
	}
	cJSON_ArrayForEach(jwk, keys)
	{
		if (looked++ >= KEYS_MAX)
			break;
		if (strcmp(prism_json_str(jwk, "kid", ""), kid) != 0)
			continue;
		if (verifies(token, jwk))
			signature_is(token, CORE_TOKEN_GOOD, "it holds under the key set that was given");
		else
			signature_is(token, CORE_TOKEN_BAD, "it does not hold under the key it names");
		return;
	}
	signature_is(token, CORE_TOKEN_BAD, "the key set has no key of the name in the token");
}

static void check_dates(struct core_token *token, int64_t at_us)
{
	int64_t now = at_us / 1000000;
	int64_t from = prism_json_int(token->claims, "nbf", 0);
	int64_t until = prism_json_int(token->claims, "exp", 0);
	const char *why = "";

	token->dates_result = CORE_TOKEN_NOT_CHECKED;
	if (at_us == PRISM_TIME_UNSET)
		why = "dates were not looked at";
	else if (!until)
		why = "it names no date of expiry";
	else if (now >= until || now < from)
		token->dates_result = CORE_TOKEN_BAD;
	else
		token->dates_result = CORE_TOKEN_GOOD;
	if (token->dates_result == CORE_TOKEN_BAD)
		why = now >= until ? "it has expired" : "it is not valid yet";
	snprintf(token->dates_reason, sizeof(token->dates_reason), "%s", why);
}

int core_token_check(struct core_token *token, const char *jwks, size_t jwks_size, int64_t at_us,
                     struct prism_error *err)
{
	static const char *const words[] = {"not checked", "good", "BAD"};
	PRISM_AUTO_JSON cJSON *doc = jwks ? prism_json_parse(jwks, jwks_size, err) : NULL;
	const cJSON *keys = prism_json_array(doc, "keys");

	if (jwks && !doc)
		return prism_error_wrap(err, "the key set is not JSON");
	if (jwks && !keys)
		return prism_error_raise(err, PRISM_ERROR_INVALID, "the key set has no \"keys\"");
	if (keys)
		check_signature(token, keys);
	else
		signature_is(token, CORE_TOKEN_NOT_CHECKED, "no key set was given (--jwks)");
	check_dates(token, at_us);
	snprintf(token->summary, sizeof(token->summary), "signature %s: %s%s%s",
	         words[token->signature_result], token->signature_reason,
	         *token->dates_reason ? "; " : "", token->dates_reason);
	return 0;
}

enum core_token_result core_token_signature(const struct core_token *token)
{
	return token->signature_result;
}

enum core_token_result core_token_dates(const struct core_token *token)
{
	return token->dates_result;
}

const char *core_token_summary(const struct core_token *token)
{
	return token->summary;
}

/* ---- told ----------------------------------------------------------------------------------- */

static const char *claim_meaning(const char *name)
{
	static const struct {
		const char *name, *meaning;
	} known[] = {
	    {"iss", "the service that issued it"},
	    {"iat", "issued"},
	    {"nbf", "not valid before"},
	    {"exp", "not valid after"},
	    {"jti", "its number"},
	    {"x-ms-attestation-type", "kind of evidence the service looked at"},
	    {"x-ms-compliance-status", "what the service says of it"},
	    {"x-ms-isolation-tee", "what the service read in the hardware's report"},
	    {"x-ms-sevsnpvm-launchmeasurement", "launch measurement"},
	    {"x-ms-sevsnpvm-hostdata", "host data"},
	    {"x-ms-sevsnpvm-reportid", "report id; another one after every boot"},
	    {"x-ms-sevsnpvm-is-debuggable", "whether the guest may be debugged"},
	    {"x-ms-sevsnpvm-guestsvn", "security version of the guest"},
	    {"x-ms-sevsnpvm-bootloader-svn", "boot loader version"},
	    {"x-ms-sevsnpvm-tee-svn", "TEE version"},
	    {"x-ms-sevsnpvm-snpfw-svn", "SNP firmware version"},
	    {"x-ms-sevsnpvm-microcode-svn", "microcode version"},
	};

	for (size_t i = 0; i < PRISM_COUNT(known); i++)
		if (!strcmp(known[i].name, name))
			return known[i].meaning;
	return "";
}

static void tell_value(struct core_facts *facts, const cJSON *item)
{
	char time[PRISM_TIME_TEXT];
	bool date = !strcmp(item->string, "iat") || !strcmp(item->string, "nbf") ||
	            !strcmp(item->string, "exp");

	if (date && cJSON_IsNumber(item) && item->valuedouble > 0 && item->valuedouble < 1e11) {
		core_facts_value(facts, "%s",
		                 prism_time_format((int64_t)item->valuedouble * 1000000, 0, time));
	} else if (cJSON_IsString(item)) {
		core_facts_value(facts, "%.*s", (int)VALUE_MAX, item->valuestring);
	} else {
		PRISM_AUTO_FREE char *json = prism_json_print(item, false);
		core_facts_value(facts, "%.*s", (int)VALUE_MAX, json);
	}
}

static void tell_claims(struct core_facts *facts, const cJSON *object, const char *prefix,
                        unsigned depth)
{
	unsigned index = 0;

	for (const cJSON *item = object->child; item; item = item->next) {
		PRISM_AUTO_FREE char *key = prism_asprintf("%s.%u", prefix, index++);

		core_facts_add(facts, depth, key, item->string ? item->string : "");
		core_facts_meaning(facts, item->string ? claim_meaning(item->string) : "");
		if (cJSON_IsObject(item) && depth < DEPTH_MAX && item->child)
			tell_claims(facts, item, key, depth + 1);
		else if (item->string)
			tell_value(facts, item);
	}
}

static void tell_check(struct core_facts *facts, const char *key, const char *label,
                       const char *meaning, enum core_token_result result, const char *reason)
{
	static const enum core_fact_state states[] = {CORE_FACT_OPEN, CORE_FACT_SAME,
	                                              CORE_FACT_DIFFERS};
	static const char *const words[] = {"not checked", "good", "bad"};

	core_facts_add(facts, 1, key, label);
	core_facts_meaning(facts, meaning);
	core_facts_value(facts, "%s%s%s", words[result], *reason ? ": " : "", reason);
	core_facts_compare(facts, states[result], NULL);
}

struct core_facts *core_token_facts(const struct core_token *token)
{
	struct core_facts *facts = core_facts_create();

	core_facts_add(facts, 0, "checks", "Checks");
	core_facts_meaning(facts, "a token is a service's word, not the hardware's: never attested");
	tell_check(facts, "checks.signature", "signature", "RS256 under a key of the given set",
	           token->signature_result, token->signature_reason);
	tell_check(facts, "checks.dates", "dates", "within nbf and exp", token->dates_result,
	           token->dates_reason);
	core_facts_add(facts, 0, "claims", "Claims");
	tell_claims(facts, token->claims, "claims", 1);
	core_facts_add(facts, 0, "header", "Header");
	tell_claims(facts, token->header, "header", 1);
	return facts;
}
