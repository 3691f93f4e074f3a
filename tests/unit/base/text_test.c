/* base/text.c: UTF-8 without trust, widths, neutralising, folding. */
#include "base/text.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void every_code_point_round_trips(void **state)
{
	for (uint32_t cp = 1; cp <= 0x10FFFF; cp++) {
		char text[4];
		if (cp >= 0xD800 && cp <= 0xDFFF)
			continue;
		size_t len = prism_utf8_encode(cp, text);
		const char *pos = text;
		if ((uint32_t)prism_utf8_next(&pos, text + len) != cp || pos != text + len)
			fail_msg("U+%04X", (unsigned)cp);
	}
}

static void broken_sequences_are_replaced_a_byte_at_a_time(void **state)
{
	static const char *const rows[] = {
	    "\x80",
	    "\xC0\xAF",
	    "\xC1\x81",
	    "\xE0\x80\x80",
	    "\xED\xA0\x80",
	    "\xF0\x80\x80\x80",
	    "\xF4\x90\x80\x80",
	    "\xF5\x80\x80\x80",
	    "\xFF",
	    "\xE2\x82",
	    "\xC3(",
	    "\xE2(\xA1",
	    "\xF0\x90(\xBC",
	};

	for (size_t i = 0; i < PRISM_COUNT(rows); i++) {
		const char *pos = rows[i], *end = rows[i] + strlen(rows[i]);
		assert_int_equal(prism_utf8_next(&pos, end), 0xFFFD);
		assert_ptr_equal(pos, rows[i] + 1);
		assert_false(prism_utf8_valid(rows[i], strlen(rows[i])));
	}
	const char *pos = "";
	assert_int_equal(prism_utf8_next(&pos, pos), -1);
	char text[4];
	assert_int_equal(prism_utf8_encode(0xD800, text), 3);
	assert_memory_equal(text, "\xEF\xBF\xBD", 3);
	assert_int_equal(prism_utf8_encode(0x110000, text), 3);
}

static void valid_text_is_valid(void **state)
{
	assert_true(prism_utf8_valid("", 0));
	assert_true(prism_utf8_valid("caf\xC3\xA9 \xE2\x82\xAC \xF0\x9F\x98\x80 \xEF\xBF\xBD", 18));
	assert_false(prism_utf8_valid("caf\xC3", 4));
}

static void hostile_code_points(void **state)
{
	static const uint32_t hostile[] = {0,      0x1B,   '\n',    '\t',    0x7F,   0x80,
	                                   0x9B,   0x9F,   0x61C,   0x200E,  0x200F, 0x2028,
	                                   0x2029, 0x202A, 0x202E,  0x2066,  0x2069, 0xFEFF,
	                                   0xFFF9, 0xFFFB, 0xE0000, 0xE0041, 0xE007F};
	static const uint32_t harmless[] = {' ',    '~',    0xA0,   0xE9,   0x200D,  0x2027,
	                                    0x202F, 0x2065, 0x206A, 0xFFFD, 0x1F600, 0xE0100};

	for (size_t i = 0; i < PRISM_COUNT(hostile); i++)
		assert_true(prism_text_hostile(hostile[i]));
	for (size_t i = 0; i < PRISM_COUNT(harmless); i++)
		assert_false(prism_text_hostile(harmless[i]));
}

static void widths(void **state)
{
	static const struct {
		uint32_t cp;
		int width;
	} rows[] = {
	    {'a', 1},     {0xE9, 1},    {0xAD, 1},    {0x301, 0},   {0x200D, 0},
	    {0xFE0F, 0},  {0x4E2D, 2},  {0xAC00, 2},  {0xFF21, 2},  {0xFF71, 1},
	    {0x1F600, 2}, {0x1FAE8, 2}, {0x20000, 2}, {0x3FFFD, 2}, {0x1100, 2},
	    {0x1160, 0},  {0x303F, 1},  {0x2500, 1},  {0x1F1E6, 1}, {0x1B, 1},
	    {0x7F, 1},    {0x85, 8},    {0x202E, 8},  {0xE0041, 9}, {0xFFFD, 1},
	};

	for (size_t i = 0; i < PRISM_COUNT(rows); i++) {
		if (prism_text_width(rows[i].cp) != rows[i].width)
			fail_msg("U+%04X: %d", (unsigned)rows[i].cp, prism_text_width(rows[i].cp));
	}
	assert_int_equal(prism_text_columns("a\xE4\xB8\xAD\xCC\x81z\x1B", 8), 5);
	assert_int_equal(prism_text_columns("\xFF\xFF", 2), 2);
}

static void neutral(const char *text, size_t len, bool ascii, const char *want)
{
	PRISM_AUTO_BUF struct prism_buf buf = PRISM_BUF_INIT(1000);

	prism_text_neutralise(&buf, text, len, ascii);
	assert_string_equal(prism_buf_text(&buf), want);
}

static void neutralised_text_has_no_control_left(void **state)
{
	neutral("plain", 5, false, "plain");
	neutral("\x1b[31m", 5, false, "\xE2\x90\x9B[31m");
	neutral("a\0b\x7f", 4, false,
	        "a\xE2\x90\x80"
	        "b\xE2\x90\xA1");
	neutral("\xC2\x9B"
	        "1m",
	        4, false, "<U+009B>1m");
	neutral("\xE2\x80\xAE", 3, false, "<U+202E>");
	neutral("\xFFz", 2, false, "\xEF\xBF\xBDz");
	neutral("\xC3\xA9\xE4\xB8\xAD", 5, false, "\xC3\xA9\xE4\xB8\xAD");
	neutral("\x1b\xC3\xA9\x7f\xC2\x9B", 6, true, "^[?^?<U+009B>");
	neutral("", 0, false, "");
}

static void neutralised_columns_match_the_width_table(void **state)
{
	for (uint32_t cp = 0; cp <= 0xE0200; cp++) {
		char text[4];
		size_t len = prism_utf8_encode(cp, text);
		if (!prism_text_hostile(cp))
			continue;
		PRISM_AUTO_BUF struct prism_buf buf = PRISM_BUF_INIT(100);
		prism_text_neutralise(&buf, text, len, false);
		assert_int_equal(prism_text_columns(buf.data, buf.len), prism_text_width(cp));
	}
}

static void folding(void **state)
{
	static const uint32_t rows[][2] = {
	    {'A', 'a'},     {'z', 'z'},     {'[', '['},     {0xC9, 0xE9},
	    {0xD7, 0xD7},   {0x391, 0x3B1}, {0x3A3, 0x3C3}, {0x3C2, 0x3C3},
	    {0x386, 0x3AC}, {0x38C, 0x3CC}, {0x38F, 0x3CE}, {0x388, 0x3AD},
	    {0x410, 0x430}, {0x401, 0x451}, {0x460, 0x461}, {0x4E2D, 0x4E2D}};

	for (size_t i = 0; i < PRISM_COUNT(rows); i++)
		assert_int_equal(prism_text_fold(rows[i][0]), rows[i][1]);
}

static void contains_ignores_case(void **state)
{
	assert_true(prism_text_contains("Iris Classification", "CLASS"));
	assert_true(prism_text_contains("\xC3\x89t\xC3\xA9", "\xC3\xA9T\xC3\x89"));
	assert_true(prism_text_contains("abc", ""));
	assert_true(prism_text_contains("aab", "ab"));
	assert_false(prism_text_contains("abc", "abcd"));
	assert_false(prism_text_contains("", "a"));
}

static void punctuation_has_ascii_twins(void **state)
{
	static const char text[] = "a · b … “c” – d → é";
	PRISM_AUTO_BUF struct prism_buf out = PRISM_BUF_INIT(256);

	PRISM_UNUSED(state);
	prism_text_neutralise(&out, text, strlen(text), true);
	assert_string_equal(prism_buf_text(&out), "a - b ~ \"c\" - d > ?");
	prism_buf_clear(&out);
	prism_text_neutralise(&out, text, strlen(text), false);
	assert_string_equal(prism_buf_text(&out), text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(punctuation_has_ascii_twins),
	    cmocka_unit_test(every_code_point_round_trips),
	    cmocka_unit_test(broken_sequences_are_replaced_a_byte_at_a_time),
	    cmocka_unit_test(valid_text_is_valid),
	    cmocka_unit_test(hostile_code_points),
	    cmocka_unit_test(widths),
	    cmocka_unit_test(neutralised_text_has_no_control_left),
	    cmocka_unit_test(neutralised_columns_match_the_width_table),
	    cmocka_unit_test(folding),
	    cmocka_unit_test(contains_ignores_case),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
