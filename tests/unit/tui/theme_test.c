/* tui/theme*.c: files, colours, slots, looks. */
#include "tui/theme.h"

#include "base/file.h"
#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static char path[64];

static int setup(void **state)
{
	int fd;

	snprintf(path, sizeof(path), "/tmp/prism-theme-XXXXXX");
	fd = mkstemp(path);
	close(fd);
	return 0;
}

static int teardown(void **state)
{
	unlink(path);
	return 0;
}

static struct pt_theme *load(const char *text, enum pt_depth depth)
{
	struct prism_error err = PRISM_ERROR_INIT;
	struct pt_theme *theme;

	assert_int_equal(prism_file_write(path, text, strlen(text), 0600, &err), 0);
	theme = pt_theme_create(path, depth, &err);
	assert_non_null(theme);
	return theme;
}

static void every_builtin_loads_without_complaint(void **state)
{
	assert_int_equal(pt_theme_builtin_count(), 5);
	for (size_t i = 0; i < pt_theme_builtin_count(); i++) {
		for (int depth = PT_DEPTH_MONO; depth <= PT_DEPTH_TRUE; depth++) {
			struct prism_error err = PRISM_ERROR_INIT;
			struct pt_theme *theme =
			    pt_theme_create(pt_theme_builtin_name(i), (enum pt_depth)depth, &err);

			assert_non_null(theme);
			assert_string_equal(pt_theme_warning(theme), "");
			assert_string_equal(pt_theme_name(theme), pt_theme_builtin_name(i));
			pt_theme_destroy(theme);
		}
	}
}

/* The files themselves, with complaints: a slot that is misspelt or left out shows here. */
static void every_file_names_every_slot(void **state)
{
	for (size_t i = 0; i < pt_theme_builtin_count(); i++) {
		PRISM_AUTO_FREE char *file = prism_asprintf("themes/%s.theme", pt_theme_builtin_name(i));
		PRISM_AUTO_BUF struct prism_buf text = PRISM_BUF_INIT(65536);
		struct prism_error err = PRISM_ERROR_INIT;
		struct pt_theme *theme = pt_theme_create(file, PT_DEPTH_TRUE, &err);

		assert_non_null(theme);
		assert_string_equal(pt_theme_warning(theme), "");
		pt_theme_destroy(theme);
		assert_int_equal(prism_file_read(file, 65536, &text, &err), 0);
		for (int slot = 0; slot < PT_SLOT_COUNT; slot++) {
			PRISM_AUTO_FREE char *line =
			    prism_asprintf("\n%s = ", pt_slot_name((enum pt_slot)slot));

			if (!strstr(prism_buf_text(&text), line))
				fail_msg("%s does not say %s", file, line + 1);
		}
	}
}

static void a_file_says_only_what_it_changes(void **state)
{
	struct pt_theme *theme = load("# mine\n[theme]\nname = x\n[slots]\n"
	                              "bad = #ff0000 on 16, bold, underline\r\n good=green\n",
	                              PT_DEPTH_TRUE);
	struct pt_style style = pt_theme_style(theme, PT_SLOT_BAD, 0);

	assert_string_equal(pt_theme_warning(theme), "");
	assert_string_equal(pt_theme_path(theme), path);
	assert_int_equal(style.fg, PT_COLOR_RGB(0xff0000));
	assert_int_equal(style.bg, PT_COLOR_INDEX(16));
	assert_int_equal(style.attrs, PT_ATTR_BOLD | PT_ATTR_UNDERLINE);
	assert_int_equal(pt_theme_style(theme, PT_SLOT_GOOD, 0).fg, PT_COLOR_INDEX(2));
	assert_int_equal(pt_theme_style(theme, PT_SLOT_INFO, 0).fg, PT_COLOR_INDEX(117)); /* dark's */
	pt_theme_destroy(theme);
}

static void a_file_may_stand_on_another_builtin(void **state)
{
	struct pt_theme *theme = load("[inherit]\nbase = light\n[slots]\nbad = red\n", PT_DEPTH_256);

	assert_string_equal(pt_theme_warning(theme), "");
	assert_int_equal(pt_theme_style(theme, PT_SLOT_GOOD, 0).fg, PT_COLOR_INDEX(28));
	assert_int_equal(pt_theme_style(theme, PT_SLOT_BAD, 0).fg, PT_COLOR_INDEX(1));
	pt_theme_destroy(theme);
	theme = load("[slots]\nbad = red\n[inherit]\nbase = light\n", PT_DEPTH_256);
	assert_non_null(strstr(pt_theme_warning(theme), ":4: too late"));
	pt_theme_destroy(theme);
	theme = load("[inherit]\nbase = evening\n", PT_DEPTH_256);
	assert_non_null(strstr(pt_theme_warning(theme), "no built-in theme \"evening\""));
	pt_theme_destroy(theme);
}

static void problems_are_named_and_the_rest_is_used(void **state)
{
	static const struct {
		const char *text, *warning;
	} rows[] = {
	    {"[slots]\nbda = red\ngood = green\n", ":2: no such slot \"bda\""},
	    {"[slots]\nbad = rde\ngood = green\n", ":2: not a style \"rde\""},
	    {"[slots]\nbad = red on\ngood = green\n", ":2: not a style \"red on\""},
	    {"[slots]\nbad = 256\ngood = green\n", ":2: not a style \"256\""},
	    {"[slots]\nbad = #12345\ngood = green\n", ":2: not a style \"#12345\""},
	    {"[slots]\nbad = red, loud\ngood = green\n", ":2: not a style \"red, loud\""},
	    {"[colors]\n[slots]\ngood = green\n", ":1: no such section \"[colors]\""},
	    {"[slots]\nbad\ngood = green\n", ":2: no \"=\" in \"bad\""},
	    {"bad = red\n[slots]\ngood = green\n", ":1: no such setting \"bad\""},
	};

	for (size_t i = 0; i < PRISM_COUNT(rows); i++) {
		struct pt_theme *theme = load(rows[i].text, PT_DEPTH_256);

		assert_non_null(strstr(pt_theme_warning(theme), rows[i].warning));
		assert_int_equal(pt_theme_style(theme, PT_SLOT_GOOD, 0).fg, PT_COLOR_INDEX(2));
		assert_int_equal(pt_theme_style(theme, PT_SLOT_BAD, 0).fg, PT_COLOR_INDEX(203));
		pt_theme_destroy(theme);
	}
}

static void a_theme_that_is_not_there(void **state)
{
	struct prism_error err = PRISM_ERROR_INIT;
	struct pt_theme *theme;

	assert_null(pt_theme_create("no-such-theme", PT_DEPTH_256, &err));
	assert_int_equal(err.category, PRISM_ERROR_MISSING);
	assert_non_null(strstr(err.hint, "high-contrast"));
	prism_error_clear(&err);
	assert_null(pt_theme_create("/no/such/file", PT_DEPTH_256, &err));
	prism_error_clear(&err);
	assert_null(pt_theme_create("..", PT_DEPTH_256, &err));
	/* and a failed load leaves the old one */
	theme = pt_theme_create("light", PT_DEPTH_256, &err);
	assert_int_equal(pt_theme_load(theme, "no-such-theme", &err), -1);
	assert_string_equal(pt_theme_name(theme), "light");
	assert_int_equal(pt_theme_load(theme, "dark", &err), 0);
	assert_string_equal(pt_theme_name(theme), "dark");
	pt_theme_destroy(theme);
}

static void colours_are_reduced(void **state)
{
	static const char text[] = "[slots]\nbad = #ff0000\ngood = 114\nwarn = 250\ninfo = #5fafff\n";
	struct pt_theme *theme = load(text, PT_DEPTH_256);

	assert_int_equal(pt_theme_style(theme, PT_SLOT_BAD, 0).fg, PT_COLOR_INDEX(196));
	assert_int_equal(pt_theme_style(theme, PT_SLOT_INFO, 0).fg, PT_COLOR_INDEX(75));
	pt_theme_destroy(theme);
	theme = load(text, PT_DEPTH_16);
	assert_int_equal(pt_theme_style(theme, PT_SLOT_BAD, 0).fg, PT_COLOR_INDEX(9));
	assert_int_equal(pt_theme_style(theme, PT_SLOT_GOOD, 0).fg,
	                 PT_COLOR_INDEX(10)); /* green, not grey */
	assert_int_equal(pt_theme_style(theme, PT_SLOT_WARN, 0).fg, PT_COLOR_INDEX(7));
	assert_int_equal(pt_theme_style(theme, PT_SLOT_INFO, 0).fg, PT_COLOR_INDEX(12));
	pt_theme_destroy(theme);
}

static void without_colours_attributes_tell(void **state)
{
	struct prism_error err = PRISM_ERROR_INIT;
	struct pt_theme *theme = pt_theme_create("prism", PT_DEPTH_MONO, &err);

	for (int slot = 0; slot < PT_SLOT_COUNT; slot++) {
		struct pt_style style = pt_theme_style(theme, (enum pt_slot)slot, 0xff);

		assert_int_equal(style.fg, PT_COLOR_DEFAULT);
		assert_int_equal(style.bg, PT_COLOR_DEFAULT);
	}
	assert_int_not_equal(pt_theme_style(theme, PT_SLOT_TEXT, PT_LOOK_SELECTED).attrs, 0);
	assert_int_not_equal(pt_theme_style(theme, PT_SLOT_TEXT, PT_LOOK_MATCH).attrs, 0);
	assert_int_not_equal(pt_theme_style(theme, PT_SLOT_BUTTON_FOCUS, 0).attrs,
	                     pt_theme_style(theme, PT_SLOT_BUTTON, 0).attrs);
	assert_int_not_equal(pt_theme_style(theme, PT_SLOT_INPUT_FOCUS, 0).attrs,
	                     pt_theme_style(theme, PT_SLOT_INPUT, 0).attrs);
	pt_theme_destroy(theme);
}

static void looks_lie_over_slots(void **state)
{
	struct pt_theme *theme =
	    load("[slots]\ntext = 1\nbad = 2\nselected = 3 on 4, bold\nmatch = 5 on 6\n"
	         "dialog = 7 on 8\n",
	         PT_DEPTH_256);
	struct pt_style style = pt_theme_style(theme, PT_SLOT_BAD, PT_LOOK_SELECTED);

	assert_int_equal(style.fg, PT_COLOR_INDEX(3));
	assert_int_equal(style.bg, PT_COLOR_INDEX(4));
	assert_int_equal(style.attrs, PT_ATTR_BOLD);
	style = pt_theme_style(theme, PT_SLOT_BAD, PT_LOOK_SELECTED | PT_LOOK_MATCH);
	assert_int_equal(style.bg, PT_COLOR_INDEX(6)); /* a match is seen in the selection too */
	style = pt_theme_style(theme, PT_SLOT_BAD, PT_LOOK_DIALOG);
	assert_int_equal(style.fg, PT_COLOR_INDEX(2));
	assert_int_equal(style.bg, PT_COLOR_INDEX(8));
	style = pt_theme_style(theme, PT_SLOT_BAD, PT_LOOK_UNDERLINE | PT_LOOK_BOLD);
	assert_int_equal(style.attrs, PT_ATTR_BOLD | PT_ATTR_UNDERLINE);
	pt_theme_destroy(theme);
}

static void slots_are_found_by_name(void **state)
{
	assert_int_equal(pt_slot_find("status-bad", 10), PT_SLOT_STATUS_BAD);
	assert_int_equal(pt_slot_find("status", 6), PT_SLOT_STATUS);
	assert_int_equal(pt_slot_find("statu", 5), -1);
	for (int i = 0; i < PT_SLOT_COUNT; i++)
		assert_true(*pt_slot_text((enum pt_slot)i));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
	    TEST(every_builtin_loads_without_complaint),
	    TEST(every_file_names_every_slot),
	    TEST(a_file_says_only_what_it_changes),
	    TEST(a_file_may_stand_on_another_builtin),
	    TEST(problems_are_named_and_the_rest_is_used),
	    TEST(a_theme_that_is_not_there),
	    TEST(colours_are_reduced),
	    TEST(without_colours_attributes_tell),
	    TEST(looks_lie_over_slots),
	    TEST(slots_are_found_by_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
