/* Covers base/ini.c: what a line is, faults by line, the cap. */
#include "base/ini.h"

#include "base/buf.h"
#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* What came, as text: "2 [s] name=value|" and "3! why|". */
static struct prism_buf told;

static void setting(void *data, int line, const char *section, const char *name, const char *value)
{
	assert_ptr_equal(data, &told);
	prism_buf_printf(&told, "%d [%s] %s=%s|", line, section, name, value);
}

static void fault(void *data, int line, const char *why)
{
	prism_buf_printf(data, "%d! %s|", line, why);
}

static const char *read_bytes(const char *text, size_t len)
{
	char *copy = prism_alloc(len + 1);
	memcpy(copy, text, len);
	prism_buf_finish(&told);
	prism_buf_init(&told, 1u << 20);
	prism_ini_read(copy, len,
	               &(struct prism_ini){.setting = setting, .fault = fault, .data = &told});
	prism_free(copy);
	return prism_buf_text(&told);
}

static const char *read_text(const char *text)
{
	return read_bytes(text, strlen(text));
}

static void settings_and_sections(void **state)
{
	(void)state;
	assert_string_equal(read_text("a = 1\n[one]\nb=2\r\n  c : x y \n[ two ]\n\n d =\n"),
	                    "1 [] a=1|3 [one] b=2|4 [one] c=x y|7 [two] d=|");
	assert_string_equal(read_text("last = line without an end"), "1 [] last=line without an end|");
	assert_string_equal(read_text("\xef\xbb\xbf"
	                              "a = 1"),
	                    "1 [] a=1|");
	assert_string_equal(read_text("url = https://h:1/?a=b"), "1 [] url=https://h:1/?a=b|");
	assert_string_equal(read_text(""), "");
}

static void comments(void **state)
{
	(void)state;
	assert_string_equal(read_text("# a = 1\n  ; b = 2\nc = 3 ; four\nd = 5;6\n[s] ; t\ne=#7\n"),
	                    "3 [] c=3|4 [] d=5;6|6 [s] e=#7|");
	assert_string_equal(read_text("g = ; nothing\n"), "1 [] g=|");
}

static void faults_cost_their_line(void **state)
{
	(void)state;
	assert_string_equal(read_text("words\n[open\na = 1\n"),
	                    "1! neither a [section] nor name = value|"
	                    "2! neither a [section] nor name = value|3 [] a=1|");
	assert_string_equal(read_bytes("a = 1\0b\nc = 2\n", 14),
	                    "1! holds a byte 0: not a text file|2 [] c=2|");
}

static void lines_have_a_cap(void **state)
{
	char *text = prism_alloc(PRISM_INI_LINE + 32);

	(void)state;
	memcpy(text, "t = ", 4);
	memset(text + 4, 'x', PRISM_INI_LINE - 4);
	memcpy(text + PRISM_INI_LINE, "\nu=1\n", 6);
	const char *found = read_text(text);
	assert_non_null(strstr(found, "|2 [] u=1|"));
	assert_int_equal(strspn(found + strlen("1 [] t="), "x"), PRISM_INI_LINE - 4);
	memcpy(text + PRISM_INI_LINE, "x\nu=1\n", 7);
	assert_string_equal(read_text(text), "1! line is longer than 16384 bytes|2 [] u=1|");
	prism_free(text);
	prism_buf_finish(&told);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(settings_and_sections),
	    cmocka_unit_test(comments),
	    cmocka_unit_test(faults_cost_their_line),
	    cmocka_unit_test(lines_have_a_cap),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
