/* base/text_codec.c: hex, base64, numbers, sizes, durations. */
#include "base/text.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void hex_both_ways(void **state)
{
	uint8_t data[4];
	char text[9];
	size_t len;

	assert_int_equal(prism_hex_decode("00fFa5", 6, data, sizeof(data), &len, NULL), 0);
	assert_int_equal(len, 3);
	assert_memory_equal(data, "\x00\xff\xa5", 3);
	prism_hex_encode(data, 3, text);
	assert_string_equal(text, "00ffa5");
	prism_hex_encode(data, 0, text);
	assert_string_equal(text, "");
}

static void bad_hex_is_refused(void **state)
{
	struct prism_error err = PRISM_ERROR_INIT;
	uint8_t data[2];
	size_t len;

	assert_int_equal(prism_hex_decode("abc", 3, data, 2, &len, &err), -1);
	assert_int_equal(prism_hex_decode("zz", 2, data, 2, &len, &err), -1);
	assert_int_equal(err.category, PRISM_ERROR_INVALID);
	assert_int_equal(prism_hex_decode("aabbcc", 6, data, 2, &len, &err), -1);
	assert_int_equal(err.category, PRISM_ERROR_LIMIT);
}

static void base64_vectors(void **state)
{
	/* RFC 4648 section 10 */
	static const char *const rows[][2] = {{"", ""},
	                                      {"f", "Zg=="},
	                                      {"fo", "Zm8="},
	                                      {"foo", "Zm9v"},
	                                      {"foob", "Zm9vYg=="},
	                                      {"fooba", "Zm9vYmE="},
	                                      {"foobar", "Zm9vYmFy"}};

	for (size_t i = 0; i < PRISM_COUNT(rows); i++) {
		PRISM_AUTO_FREE char *text = prism_base64_encode(rows[i][0], strlen(rows[i][0]));
		assert_string_equal(text, rows[i][1]);
		for (size_t cut = strcspn(text, "="); cut <= strlen(text);
		     cut = cut == strlen(text) ? cut + 1 : strlen(text)) {
			PRISM_AUTO_BUF struct prism_buf buf = PRISM_BUF_INIT(100);
			assert_int_equal(prism_base64_decode(text, cut, &buf, NULL), 0);
			assert_string_equal(prism_buf_text(&buf), rows[i][0]);
		}
	}
}

static void base64_reads_both_alphabets_and_white_space(void **state)
{
	PRISM_AUTO_BUF struct prism_buf a = PRISM_BUF_INIT(100), b = PRISM_BUF_INIT(100);

	assert_int_equal(prism_base64_decode("+/ +\n/", 6, &a, NULL), 0);
	assert_int_equal(prism_base64_decode("-_-_", 4, &b, NULL), 0);
	assert_memory_equal(a.data, "\xfb\xff\xbf", 3);
	assert_memory_equal(b.data, a.data, 3);
}

/* However a long text is broken into lines, it means the same; a bad digit is found where it is. */
static void base64_of_any_length_and_line(void **state)
{
	uint8_t bytes[10000];

	PRISM_UNUSED(state);
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(i * 2654435761u >> 13);
	for (size_t line = 1; line < 200; line += line < 10 ? 1 : 33) {
		PRISM_AUTO_FREE char *text = prism_base64_encode(bytes, sizeof(bytes));
		PRISM_AUTO_BUF struct prism_buf broken = PRISM_BUF_INIT(1 << 20);
		PRISM_AUTO_BUF struct prism_buf read = PRISM_BUF_INIT(sizeof(bytes));
		struct prism_error err = PRISM_ERROR_INIT;
		for (size_t at = 0; text[at]; at++)
			prism_buf_printf(&broken, "%s%c", at && at % line == 0 ? "\n" : "", text[at]);
		assert_int_equal(prism_base64_decode(broken.data, broken.len, &read, NULL), 0);
		assert_int_equal(read.len, sizeof(bytes));
		assert_memory_equal(read.data, bytes, sizeof(bytes));
		prism_buf_clear(&read);
		text[9001] = '*';
		assert_int_equal(prism_base64_decode(text, strlen(text), &read, &err), -1);
		assert_non_null(strstr(err.message, "offset 9001"));
	}
}

static void bad_base64_is_refused(void **state)
{
	static const char *const rows[] = {"A",    "AAAAA", "A=",    "AA=A",
	                                   "AA*A", "AAAA=", "AA===", "===="};

	for (size_t i = 0; i < PRISM_COUNT(rows); i++) {
		PRISM_AUTO_BUF struct prism_buf buf = PRISM_BUF_INIT(100);
		struct prism_error err = PRISM_ERROR_INIT;
		assert_int_equal(prism_base64_decode(rows[i], strlen(rows[i]), &buf, &err), -1);
		assert_int_equal(err.category, PRISM_ERROR_INVALID);
	}
	PRISM_AUTO_BUF struct prism_buf small = PRISM_BUF_INIT(2);
	assert_int_equal(prism_base64_decode("Zm9v", 4, &small, NULL), -1);
}

static void sizes_for_people(void **state)
{
	static const struct {
		uint64_t count;
		const char *text;
	} rows[] = {
	    {0, "0 B"},         {512, "512 B"},         {999, "999 B"},
	    {1000, "1.0 kB"},   {1500, "1.5 kB"},       {999949, "999.9 kB"},
	    {999950, "1.0 MB"}, {2000000000, "2.0 GB"}, {UINT64_MAX, "18.4 EB"},
	};
	char text[24];

	for (size_t i = 0; i < PRISM_COUNT(rows); i++)
		assert_string_equal(prism_text_bytes(rows[i].count, text), rows[i].text);
}

static void numbers(void **state)
{
	static const char *const bad[] = {"", "-1", "+1", "1x", " 1", "101", "99999999999999999999999"};
	uint64_t value = 0;

	assert_int_equal(prism_text_parse_u64("100", 100, &value, NULL), 0);
	assert_int_equal(value, 100);
	assert_int_equal(prism_text_parse_u64("18446744073709551615", UINT64_MAX, &value, NULL), 0);
	assert_true(value == UINT64_MAX);
	assert_int_equal(prism_text_parse_u64(NULL, 100, &value, NULL), -1);
	for (size_t i = 0; i < PRISM_COUNT(bad); i++)
		assert_int_equal(prism_text_parse_u64(bad[i], 100, &value, NULL), -1);
}

static void durations(void **state)
{
	static const char *const bad[] = {
	    "", "3", "s", "3 s", "-3s", "3d", "3.5s", "99999999999999999h", "999999999999999999999ms"};
	int64_t ms;

	assert_int_equal(prism_text_parse_duration_ms("250ms", &ms, NULL), 0);
	assert_int_equal(ms, 250);
	assert_int_equal(prism_text_parse_duration_ms("3s", &ms, NULL), 0);
	assert_int_equal(ms, 3000);
	assert_int_equal(prism_text_parse_duration_ms("2m", &ms, NULL), 0);
	assert_int_equal(ms, 120000);
	assert_int_equal(prism_text_parse_duration_ms("1h", &ms, NULL), 0);
	assert_int_equal(ms, 3600000);
	assert_int_equal(prism_text_parse_duration_ms(NULL, &ms, NULL), -1);
	for (size_t i = 0; i < PRISM_COUNT(bad); i++)
		assert_int_equal(prism_text_parse_duration_ms(bad[i], &ms, NULL), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(hex_both_ways),
	    cmocka_unit_test(bad_hex_is_refused),
	    cmocka_unit_test(base64_vectors),
	    cmocka_unit_test(base64_reads_both_alphabets_and_white_space),
	    cmocka_unit_test(base64_of_any_length_and_line),
	    cmocka_unit_test(bad_base64_is_refused),
	    cmocka_unit_test(sizes_for_people),
	    cmocka_unit_test(numbers),
	    cmocka_unit_test(durations),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
