/*
 * core/eat.c and core/cbor.c: tokens in COSE_Sign1, bare and as JWT, spelled out byte by byte; what
 * reference attested-tls.md 3.19 (45 to 47) wants refused.
 */
#include "core/eat.h"

#include "base/mem.h"
#include "base/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* {"platform_type": "SNP", "raw_report": h'01020304', 10: h'aa'*8} */
#define PLATFORM                       \
	"6d706c6174666f726d5f747970656353" \
	"4e50"
#define REPORT "6a7261775f7265706f72744401020304"
#define NONCE "0a48aaaaaaaaaaaaaaaa"
#define CLAIMS "a3" PLATFORM REPORT NONCE /* 43 bytes */
#define SIGNATURE                                                                            \
	"5840"                                                                                   \
	"00000000000000000000000000000000000000000000000000000000000000000000000000000000000000" \
	"000000000000000000000000000000000000000000"
#define ISSUER "a1044161"
#define ES256 "43a10126"

static int parse(const char *hex, struct core_eat *ret, struct prism_error *err)
{
	struct prism_arena *arena = prism_arena_create();
	PRISM_AUTO_FREE uint8_t *bytes = prism_alloc(strlen(hex) / 2 + 1);
	size_t size = 0;

	assert_int_equal(prism_hex_decode(hex, strlen(hex), bytes, strlen(hex) / 2 + 1, &size, NULL),
	                 0);
	PRISM_AUTO_FREE uint8_t *exact = prism_memdup(bytes, size); /* for the sanitizers */
	int rc = core_eat_parse(exact, size, arena, ret, err);
	if (rc == 0) {
		assert_int_equal(ret->raw_report_size, 4);
		assert_int_equal(ret->raw_report[3], 4);
	}
	prism_arena_destroy(arena);
	return rc;
}

/* The payload as a byte string: its length is written here. */
static char *cose(const char *protected_header, const char *payload, const char *signature)
{
	char length[8];

	snprintf(length, sizeof(length), "58%02zx", strlen(payload) / 2);
	return prism_asprintf("d284%s" ISSUER "%s%s%s", protected_header, length, payload, signature);
}

static void test_bare_and_in_an_envelope(void **state)
{
	PRISM_AUTO_FREE char *wrapped = cose(ES256, CLAIMS, SIGNATURE);
	const char *const rows[] = {CLAIMS, wrapped};

	for (size_t i = 0; i < PRISM_COUNT(rows); i++) {
		struct prism_error err = PRISM_ERROR_INIT;
		struct core_eat eat;

		if (parse(rows[i], &eat, &err) < 0)
			fail_msg("row %zu: %s", i, err.message);
		assert_true(eat.present);
		assert_string_equal(eat.platform, "SNP");
		assert_int_equal(eat.nonce_size, 8);
	}
}

static void test_order_does_not_matter_and_unknown_claims_are_skipped(void **state)
{
	struct core_eat eat;

	assert_int_equal(parse("a5" REPORT NONCE "19010443616263"
	                       "6161820102" PLATFORM,
	                       &eat, NULL),
	                 0);
	assert_string_equal(eat.platform, "SNP");
}

static void test_jwt(void **state)
{
	static const char claims[] =
	    "{\"platform_type\":\"SNP\",\"raw_report\":\"AQIDBA==\",\"iat\":5}";
	PRISM_AUTO_FREE char *body = prism_base64_encode(claims, sizeof(claims) - 1);
	struct prism_arena *arena = prism_arena_create();
	struct core_eat eat;

	body[strcspn(body, "=")] = '\0';
	PRISM_AUTO_FREE char *token = prism_asprintf("eyJhbGciOiJFUzI1NiJ9.%s.c2ln", body);
	assert_true(core_eat_detect((const uint8_t *)token, strlen(token)));
	assert_int_equal(core_eat_parse((const uint8_t *)token, strlen(token), arena, &eat, NULL), 0);
	assert_int_equal(eat.raw_report_size, 4);
	assert_int_equal(eat.issued_us, 5000000);
	*strrchr(token, '.') = ' '; /* two parts only */
	assert_int_equal(core_eat_parse((const uint8_t *)token, strlen(token), arena, &eat, NULL), -1);
	prism_arena_destroy(arena);
}

static void refuse(const char *hex, const char *what)
{
	struct core_eat eat;

	if (parse(hex, &eat, NULL) == 0)
		fail_msg("%s was taken", what);
}

static void test_refused_envelopes(void **state)
{
	const struct {
		char *hex;
		const char *what;
	} rows[] = {
	    {prism_asprintf("d283" ES256 ISSUER "582b" CLAIMS), "three parts"},
	    {prism_asprintf("d284" ES256 ISSUER "f6" SIGNATURE), "no payload"},
	    {cose("43a10127", CLAIMS, SIGNATURE), "EdDSA"},
	    {cose("40", CLAIMS, SIGNATURE), "no algorithm"},
	    {cose(ES256, CLAIMS,
	          "41"
	          "00"),
	     "a short signature"},
	    {cose(ES256, CLAIMS, SIGNATURE "00"), "a byte behind it"},
	    {cose(ES256, "80", SIGNATURE), "an array for claims"},
	    {cose(ES256, CLAIMS "00", SIGNATURE), "a byte behind the claims"},
	};

	for (size_t i = 0; i < PRISM_COUNT(rows); i++) {
		refuse(rows[i].hex, rows[i].what);
		prism_free(rows[i].hex);
	}
}

static void test_refused_claims(void **state)
{
	refuse("a2" PLATFORM NONCE, "no report");
	refuse("a26a7261775f7265706f727440" PLATFORM, "an empty report");
	refuse("a26a7261775f7265706f72746401020304" PLATFORM, "a report that is text");
	refuse("bf" PLATFORM REPORT "ff", "a map of indefinite length");
	refuse("a2" PLATFORM "6a7261775f7265706f72745f4401020304ff", "a string in pieces");
	refuse("a36a7261775f7265706f72744401020304" REPORT PLATFORM, "a claim twice");
	refuse("a46a7261775f7265706f72744401020304" PLATFORM, "fewer claims than told");
	refuse("bbffffffffffffffff" PLATFORM REPORT, "2^64-1 claims");
	refuse("a26a7261775f7265706f72745bffffffffffffffff01020304" PLATFORM, "2^64-1 bytes");
	refuse("a26a7261775f7265706f72745a7fffffff01020304" PLATFORM, "2^31-1 bytes");
}

static void test_a_thousand_levels(void **state)
{
	PRISM_AUTO_BUF struct prism_buf hex = PRISM_BUF_INIT(1u << 16);

	prism_buf_puts(&hex, "a3" PLATFORM REPORT "6161");
	for (unsigned level = 0; level < 1000; level++)
		prism_buf_puts(&hex, "81");
	prism_buf_puts(&hex, "00");
	refuse(prism_buf_text(&hex), "a thousand levels");
}

static void test_cut_anywhere(void **state)
{
	PRISM_AUTO_FREE char *whole = cose(ES256, CLAIMS, SIGNATURE);

	for (size_t size = 0; size < strlen(whole); size += 2) {
		PRISM_AUTO_FREE char *part = prism_strndup(whole, size);

		refuse(part, "a cut token");
	}
	for (size_t size = 0; size < strlen(CLAIMS); size += 2) {
		PRISM_AUTO_FREE char *part = prism_strndup(CLAIMS, size);

		refuse(part, "cut claims");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_bare_and_in_an_envelope),
	    cmocka_unit_test(test_order_does_not_matter_and_unknown_claims_are_skipped),
	    cmocka_unit_test(test_jwt),
	    cmocka_unit_test(test_refused_envelopes),
	    cmocka_unit_test(test_refused_claims),
	    cmocka_unit_test(test_a_thousand_levels),
	    cmocka_unit_test(test_cut_anywhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
