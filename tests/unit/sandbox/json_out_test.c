/* Covers sandbox/json_out.c: shape and escapes of what the sandbox writes. */
#include "sandbox/json_out.h"

#include "base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void nesting_and_commas(void **state)
{
	struct sb_json j;
	sb_json_init(&j);
	sb_json_object(&j, NULL);
	sb_json_array(&j, "a");
	sb_json_int(&j, NULL, 1);
	sb_json_object(&j, NULL);
	sb_json_end(&j);
	sb_json_bool(&j, NULL, false);
	sb_json_end(&j);
	sb_json_str(&j, "b", NULL);
	sb_json_null(&j, "c");
	sb_json_raw(&j, "d", "[1,2]");
	sb_json_raw(&j, "e", "");
	sb_json_end(&j);
	assert_string_equal(j.buf.data, "{\"a\":[1,{},false],\"b\":\"\",\"c\":null,\"d\":[1,2]}");
	sb_json_finish(&j);
}

static void text(const char *in, size_t len, const char *out)
{
	struct sb_json j;
	sb_json_init(&j);
	sb_json_strn(&j, NULL, in, len);
	assert_string_equal(j.buf.data, out);
	sb_json_finish(&j);
}

static void escapes_are_those_of_go(void **state)
{
	text("a\"b\\c", 5, "\"a\\\"b\\\\c\"");
	text("<&>", 3, "\"\\u003c\\u0026\\u003e\"");
	text("\n\r\t\x01\x1b", 5, "\"\\n\\r\\t\\u0001\\u001b\"");
	text("a\0b", 3, "\"a\\u0000b\"");
	text("\xe2\x80\xa8", 3, "\"\\u2028\"");
}

static void bad_bytes_become_replacement_characters(void **state)
{
	text("\xff", 1, "\"\xef\xbf\xbd\"");
	text("a\xc3", 2, "\"a\xef\xbf\xbd\"");
	text("\xed\xa0\x80", 3, "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"");
	text("µ", 2, "\"µ\"");
}

static void times(void **state)
{
	struct sb_json j;
	sb_json_init(&j);
	sb_json_array(&j, NULL);
	sb_json_time(&j, NULL, PRISM_TIME_UNSET);
	sb_json_time(&j, NULL, 1767225600000000ll);
	sb_json_time(&j, NULL, 1767225600654562ll);
	sb_json_end(&j);
	assert_string_equal(j.buf.data, "[\"0001-01-01T00:00:00Z\",\"2026-01-01T00:00:00Z\","
	                                "\"2026-01-01T00:00:00.654562Z\"]");
	sb_json_finish(&j);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(nesting_and_commas),
	    cmocka_unit_test(escapes_are_those_of_go),
	    cmocka_unit_test(bad_bytes_become_replacement_characters),
	    cmocka_unit_test(times),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
