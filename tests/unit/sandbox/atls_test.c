/*
 * sandbox/atls_request.c: the authenticator requests that a real agent takes and refuses.
 */
#include "base/mem.h"
#include "base/text.h"
#include "sandbox/atls_private.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* Reference attested-tls.md 3.4 and 3.16: what the official client sends. */
#define CONTEXT "c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5"
#define OFFICIAL "1100002f20" CONTEXT "000c000d000400020403ff000000"

static int parse(const char *hex, uint8_t *bytes, size_t size, struct sb_atls_request *ret,
                 struct prism_error *err)
{
	size_t length = 0;

	assert_int_equal(prism_hex_decode(hex, strlen(hex), bytes, size, &length, NULL), 0);
	return sb_atls_request_parse(bytes, length, ret, err);
}

static void test_the_official_request(void **state)
{
	struct sb_atls_request request;
	uint8_t bytes[512];

	assert_int_equal(parse(OFFICIAL, bytes, sizeof(bytes), &request, NULL), 0);
	assert_int_equal(request.context_size, 32);
	assert_int_equal(request.context[0], 0xc5);
	assert_true(sb_atls_request_offers(&request, 0x0403));
	assert_false(sb_atls_request_offers(&request, 0x0804));
	assert_int_equal(
	    parse("0d00000f00000c000d000400020804ff000000", bytes, sizeof(bytes), &request, NULL),
	    0); /* the other message type, no context */
	assert_int_equal(request.context_size, 0);
	assert_true(sb_atls_request_offers(&request, 0x0804));
}

static void test_refusals(void **state)
{
	static const struct {
		const char *hex, *words;
	} rows[] = {
	    {"0b00002f20" CONTEXT "000c000d000400020403ff000000", "handshake type"},
	    {OFFICIAL "00", "trailing request bytes"},
	    {"1100003020" CONTEXT "000c000d000400020403ff000000", "truncated"},
	    {"1100002f20" CONTEXT "000b000d000400020403ff000000", "truncated"},
	    {"1100002f2f" CONTEXT "000c000d000400020403ff000000", "truncated"},
	    {"1100002b20" CONTEXT "0008000d000400020403", "not offered"},
	    {"1100002720" CONTEXT "0004ff000000", "missing signature_algorithms"},
	    {"1100002f20" CONTEXT "000c000d000400030403ff000000", "malformed"},
	    {"1100002f20" CONTEXT "000c000d000400020403ff000001", "truncated"},
	};

	for (size_t i = 0; i < PRISM_COUNT(rows); i++) {
		struct prism_error err = PRISM_ERROR_INIT;
		struct sb_atls_request request;
		uint8_t bytes[512];

		if (parse(rows[i].hex, bytes, sizeof(bytes), &request, &err) == 0 ||
		    !strstr(err.message, rows[i].words))
			fail_msg("row %zu: \"%s\" does not say \"%s\"", i, err.message, rows[i].words);
	}
}

static void test_cut_anywhere(void **state)
{
	uint8_t bytes[512];
	size_t size = 0;

	assert_int_equal(
	    prism_hex_decode(OFFICIAL, strlen(OFFICIAL), bytes, sizeof(bytes), &size, NULL), 0);
	for (size_t cut = 0; cut < size; cut++) {
		PRISM_AUTO_FREE uint8_t *part = prism_memdup(bytes, cut + 1); /* for the sanitizers */
		struct sb_atls_request request;

		assert_int_equal(sb_atls_request_parse(part, cut, &request, NULL), -1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_the_official_request),
	    cmocka_unit_test(test_refusals),
	    cmocka_unit_test(test_cut_anywhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
