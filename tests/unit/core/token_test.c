/*
 * core/token.c: tokens signed here, under key sets made here.  Whatever is checked, nothing in
 * this file ends in "attested".
 */
#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "core/token.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define HEADER "{\"alg\":\"RS256\",\"kid\":\"one\",\"typ\":\"JWT\"}"
#define CLAIMS                                                                                \
	"{\"iss\":\"https://attest.example\",\"nbf\":1700000000,\"exp\":1800000000,"              \
	"\"x-ms-isolation-tee\":{\"x-ms-sevsnpvm-launchmeasurement\":\"00ff\",\"x-ms-compliance-" \
	"status\":\"azure-compliant-cvm\"},\"list\":[1,2]}"
#define WHEN (INT64_C(1750000000) * 1000000)

static EVP_PKEY *key, *other;

static char *base64url(const void *data, size_t size)
{
	char *text = prism_base64_encode(data, size);
	size_t n = 0;

	for (const char *c = text; *c && *c != '='; c++)
		text[n++] = *c == '+' ? '-' : *c == '/' ? '_' : *c;
	text[n] = '\0';
	return text;
}

static char *make(const char *header, const char *claims, EVP_PKEY *signer)
{
	PRISM_AUTO_FREE char *first = base64url(header, strlen(header));
	PRISM_AUTO_FREE char *second = base64url(claims, strlen(claims));
	PRISM_AUTO_FREE char *text = prism_asprintf("%s.%s", first, second);
	uint8_t signature[1024];
	size_t size = sizeof(signature);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();

	assert_int_equal(EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, signer), 1);
	assert_int_equal(
	    EVP_DigestSign(ctx, signature, &size, (const unsigned char *)text, strlen(text)), 1);
	EVP_MD_CTX_free(ctx);
	PRISM_AUTO_FREE char *third = base64url(signature, size);
	return prism_asprintf("%s.%s", text, third);
}

static char *key_set(EVP_PKEY *pkey, const char *kid)
{
	BIGNUM *n = NULL, *e = NULL;
	uint8_t modulus[512], exponent[8];

	assert_int_equal(EVP_PKEY_get_bn_param(pkey, OSSL_PKEY_PARAM_RSA_N, &n), 1);
	assert_int_equal(EVP_PKEY_get_bn_param(pkey, OSSL_PKEY_PARAM_RSA_E, &e), 1);
	PRISM_AUTO_FREE char *n_text = base64url(modulus, (size_t)BN_bn2bin(n, modulus));
	PRISM_AUTO_FREE char *e_text = base64url(exponent, (size_t)BN_bn2bin(e, exponent));
	BN_free(n);
	BN_free(e);
	return prism_asprintf("{\"keys\":[{\"kty\":\"EC\",\"kid\":\"zero\"},{\"kty\":\"RSA\",\"kid\":"
	                      "\"%s\",\"n\":\"%s\",\"e\":\"%s\"}]}",
	                      kid, n_text, e_text);
}

static struct core_token *check(const char *text, const char *jwks, int64_t at_us)
{
	struct prism_error err = PRISM_ERROR_INIT;
	struct core_token *token = core_token_parse(text, strlen(text), &err);

	if (!token || core_token_check(token, jwks, jwks ? strlen(jwks) : 0, at_us, &err) < 0)
		fail_msg("%s", err.message);
	return token;
}

static void expect(const char *text, const char *jwks, int64_t at_us,
                   enum core_token_result signature, enum core_token_result dates,
                   const char *words)
{
	struct core_token *token = check(text, jwks, at_us);

	assert_int_equal(core_token_signature(token), signature);
	assert_int_equal(core_token_dates(token), dates);
	if (!strstr(core_token_summary(token), words))
		fail_msg("\"%s\" does not say \"%s\"", core_token_summary(token), words);
	core_token_destroy(token);
}

static void test_signature(void **state)
{
	PRISM_AUTO_FREE char *text = make(HEADER, CLAIMS, key);
	PRISM_AUTO_FREE char *forged = make(HEADER, CLAIMS, other);
	PRISM_AUTO_FREE char *none = make("{\"alg\":\"none\",\"kid\":\"one\"}", CLAIMS, key);
	PRISM_AUTO_FREE char *set = key_set(key, "one");
	PRISM_AUTO_FREE char *named_otherwise = key_set(key, "two");

	expect(text, NULL, WHEN, CORE_TOKEN_NOT_CHECKED, CORE_TOKEN_GOOD, "no key set was given");
	expect(text, set, WHEN, CORE_TOKEN_GOOD, CORE_TOKEN_GOOD, "signature good");
	expect(forged, set, WHEN, CORE_TOKEN_BAD, CORE_TOKEN_GOOD, "does not hold");
	expect(text, named_otherwise, WHEN, CORE_TOKEN_BAD, CORE_TOKEN_GOOD, "no key of the name");
	expect(none, set, WHEN, CORE_TOKEN_BAD, CORE_TOKEN_GOOD, "not signed with RS256");
	expect(text, "{\"keys\":[]}", WHEN, CORE_TOKEN_BAD, CORE_TOKEN_GOOD, "no key of the name");
}

static void test_every_changed_letter_of_the_claims_is_noticed(void **state)
{
	PRISM_AUTO_FREE char *text = make(HEADER, CLAIMS, key);
	PRISM_AUTO_FREE char *set = key_set(key, "one");
	size_t from = strcspn(text, ".") + 1, to = from + strcspn(text + from, ".");

	for (size_t i = from; i < to; i += 7) {
		char was = text[i];
		text[i] = was == 'A' ? 'B' : 'A';
		struct core_token *token = core_token_parse(text, strlen(text), NULL);
		if (token) { /* most changes leave no JSON */
			assert_int_equal(core_token_check(token, set, strlen(set), WHEN, NULL), 0);
			assert_int_equal(core_token_signature(token), CORE_TOKEN_BAD);
			core_token_destroy(token);
		}
		text[i] = was;
	}
}

static void test_dates(void **state)
{
	PRISM_AUTO_FREE char *text = make(HEADER, CLAIMS, key);
	PRISM_AUTO_FREE char *undated = make(HEADER, "{\"iss\":\"x\"}", key);

	expect(text, NULL, INT64_C(1700000000000000), CORE_TOKEN_NOT_CHECKED, CORE_TOKEN_GOOD, "");
	expect(text, NULL, INT64_C(1699999999000000), CORE_TOKEN_NOT_CHECKED, CORE_TOKEN_BAD,
	       "not valid yet");
	expect(text, NULL, INT64_C(1800000000000000), CORE_TOKEN_NOT_CHECKED, CORE_TOKEN_BAD,
	       "has expired");
	expect(text, NULL, PRISM_TIME_UNSET, CORE_TOKEN_NOT_CHECKED, CORE_TOKEN_NOT_CHECKED,
	       "not looked at");
	expect(undated, NULL, WHEN, CORE_TOKEN_NOT_CHECKED, CORE_TOKEN_NOT_CHECKED, "no date");
}

static void test_told(void **state)
{
	PRISM_AUTO_FREE char *text = make(HEADER, CLAIMS, key);
	PRISM_AUTO_FREE char *spaced = prism_asprintf("\n  %s\r\n", text);
	struct core_token *token = check(spaced, NULL, WHEN);
	struct core_facts *facts = core_token_facts(token);

	assert_string_equal(core_facts_find(facts, "claims.0")->value, "https://attest.example");
	assert_string_equal(core_facts_find(facts, "claims.2")->value, "2027-01-15T08:00:00Z");
	assert_string_equal(core_facts_find(facts, "claims.3.0")->value, "00ff");
	assert_string_equal(core_facts_find(facts, "claims.3.0")->meaning, "launch measurement");
	assert_string_equal(core_facts_find(facts, "claims.4")->value, "[1,2]");
	assert_int_equal(core_facts_find(facts, "checks.signature")->state, CORE_FACT_OPEN);
	assert_non_null(strstr(core_facts_find(facts, "checks")->meaning, "never attested"));
	core_facts_destroy(facts);
	core_token_destroy(token);
}

static void refuse(const char *text, const char *words)
{
	struct prism_error err = PRISM_ERROR_INIT;

	assert_null(core_token_parse(text, strlen(text), &err));
	if (!strstr(err.message, words))
		fail_msg("\"%s\": \"%s\" does not say \"%s\"", text, err.message, words);
}

static void test_what_is_no_token(void **state)
{
	PRISM_AUTO_FREE char *text = make(HEADER, CLAIMS, key);
	PRISM_AUTO_FREE char *large = prism_alloc(CORE_TOKEN_MAX + 2);
	struct prism_error err = PRISM_ERROR_INIT;
	struct core_token *token = check(text, NULL, WHEN);

	refuse("", "three parts");
	refuse("a.b", "three parts");
	refuse("e30.e30.e30.e30", "three parts");
	refuse("e30..e30", "base64url");
	refuse("W10.e30.AA", "JSON object");
	refuse("e30=.e30.AA", "base64url");
	memset(large, 'a', CORE_TOKEN_MAX + 1);
	refuse(large, "is not read");
	assert_int_equal(core_token_check(token, "junk", 4, WHEN, &err), -1);
	prism_error_clear(&err);
	assert_int_equal(core_token_check(token, "{}", 2, WHEN, &err), -1);
	assert_non_null(strstr(err.message, "keys"));
	core_token_destroy(token);
	core_token_destroy(NULL);
}

static int start(void **state)
{
	key = EVP_RSA_gen(2048);
	other = EVP_RSA_gen(2048);
	return key && other ? 0 : -1;
}

static int stop(void **state)
{
	EVP_PKEY_free(key);
	EVP_PKEY_free(other);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_signature),
	    cmocka_unit_test(test_every_changed_letter_of_the_claims_is_noticed),
	    cmocka_unit_test(test_dates),
	    cmocka_unit_test(test_told),
	    cmocka_unit_test(test_what_is_no_token),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
