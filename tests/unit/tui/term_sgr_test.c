/* tui/term_sgr.c: from style to style with few bytes. */
#include "tui/term_sgr.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static const struct pt_sgr xterm = {
    .colors = 256, .resets = true, .dim = true, .italic = true, .not_colored = -1};
static const struct pt_sgr console = {.colors = 8, .resets = true, .dim = true, .not_colored = 18};
static const struct pt_sgr vt100 = {.colors = -1, .not_colored = -1};

#define STYLE(...) (&(const struct pt_style){__VA_ARGS__})
#define RED PT_COLOR_INDEX(1)
#define PINK PT_COLOR_INDEX(9)
#define GREY PT_COLOR_INDEX(245)

static void expect(const struct pt_sgr *how, const struct pt_style *from, const struct pt_style *to,
                   const char *bytes)
{
	PRISM_AUTO_BUF struct prism_buf out = PRISM_BUF_INIT(256);

	pt_sgr(how, from, to, &out);
	assert_string_equal(prism_buf_text(&out), bytes);
}

static void from_anything(void **state)
{
	expect(&xterm, NULL, STYLE(0), "\033[m");
	expect(&xterm, NULL, STYLE(.fg = RED, .attrs = PT_ATTR_BOLD), "\033[0;1;31m");
	expect(&xterm, NULL, STYLE(.fg = GREY, .bg = PINK), "\033[0;38;5;245;101m");
	expect(&xterm, NULL, STYLE(.fg = PT_COLOR_RGB(0x010203)), "\033[0;38;2;1;2;3m");
}

static void by_the_difference(void **state)
{
	expect(&xterm, STYLE(.fg = RED), STYLE(.fg = RED), "");
	expect(&xterm, STYLE(.fg = RED, .bg = GREY), STYLE(.fg = GREY, .bg = GREY), "\033[38;5;245m");
	expect(&xterm, STYLE(.fg = RED, .bg = GREY), STYLE(.bg = GREY), "\033[39m");
	expect(&xterm, STYLE(.fg = GREY, .attrs = PT_ATTR_BOLD), STYLE(.fg = GREY), "\033[22m");
	expect(&xterm, STYLE(.fg = GREY, .attrs = PT_ATTR_BOLD),
	       STYLE(.fg = GREY, .attrs = PT_ATTR_DIM), "\033[22;2m");
	expect(&xterm, STYLE(.attrs = PT_ATTR_UNDERLINE | PT_ATTR_REVERSE),
	       STYLE(.attrs = PT_ATTR_REVERSE), "\033[24m");
}

static void by_a_reset_where_that_is_shorter(void **state)
{
	expect(&xterm, STYLE(.fg = RED, .bg = GREY, .attrs = PT_ATTR_BOLD), STYLE(0), "\033[m");
	expect(&xterm, STYLE(.fg = GREY, .bg = GREY, .attrs = PT_ATTR_BOLD | PT_ATTR_UNDERLINE),
	       STYLE(.fg = RED), "\033[0;31m");
}

static void eight_colours_make_bright_ones_bold(void **state)
{
	expect(&console, NULL, STYLE(.fg = PINK), "\033[0;1;31m");
	expect(&console, NULL, STYLE(.bg = PINK), "\033[0;41m");
	expect(&console, STYLE(.fg = PINK), STYLE(.fg = RED), "\033[0;31m");
}

static void what_cannot_be_shown_is_left_out(void **state)
{
	expect(&console, NULL, STYLE(.fg = RED, .attrs = PT_ATTR_UNDERLINE | PT_ATTR_DIM),
	       "\033[0;31m"); /* they would be drawn as colours */
	expect(&console, NULL, STYLE(.attrs = PT_ATTR_UNDERLINE), "\033[0;4m");
	expect(&console, NULL, STYLE(.attrs = PT_ATTR_ITALIC), "\033[m");
}

static void a_vt100_starts_from_nothing_each_time(void **state)
{
	expect(&vt100, STYLE(.attrs = PT_ATTR_BOLD), STYLE(.attrs = PT_ATTR_REVERSE), "\033[0;7m");
	expect(&vt100, STYLE(.attrs = PT_ATTR_BOLD), STYLE(0), "\033[m");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(from_anything),
	    cmocka_unit_test(by_the_difference),
	    cmocka_unit_test(by_a_reset_where_that_is_shorter),
	    cmocka_unit_test(eight_colours_make_bright_ones_bold),
	    cmocka_unit_test(what_cannot_be_shown_is_left_out),
	    cmocka_unit_test(a_vt100_starts_from_nothing_each_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
