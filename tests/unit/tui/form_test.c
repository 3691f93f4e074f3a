/* tui/form*.c: values, validation, keys, drafts, drawing. */
#include "tui/form.h"

#include "base/mem.h"
#include "tests/lib/grid.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static int long_enough(void *data, const struct pt_form *form, const char *value,
                       struct prism_error *err)
{
	return strlen(value) >= 3 ? 0 : prism_error_raise(err, PRISM_ERROR_INVALID, "is too short.");
}

static bool wants_reason(void *data, const struct pt_form *form)
{
	return pt_form_checked(form, "agree");
}

static const struct pt_choice levels[] = {
    {"debug", "Debug", "all of it"}, {"info", "Info", NULL}, {"error", NULL, NULL}};
static const struct pt_field fields[] = {
    {.id = "h", .label = "Basic", .kind = PT_FIELD_HEADING},
    {.id = "name",
     .label = "Name",
     .kind = PT_FIELD_TEXT,
     .flags = PT_FIELD_REQUIRED,
     .validate = long_enough,
     .help = "what others see"},
    {.id = "text", .label = "Description", .kind = PT_FIELD_LINES, .rows = 2},
    {.id = "level",
     .label = "Level",
     .kind = PT_FIELD_SELECT,
     .choices = levels,
     .choice_count = 3,
     .initial = "info"},
    {.id = "agree", .label = "Agree", .kind = PT_FIELD_CHECK},
    {.id = "reason", .label = "Reason", .kind = PT_FIELD_TEXT, .applies = wants_reason},
    {.id = "id", .label = "ID", .kind = PT_FIELD_TEXT, .flags = PT_FIELD_READONLY, .initial = "42"},
    {.id = "secret", .label = "Password", .kind = PT_FIELD_PASSWORD},
    {.id = "n", .label = "Seen by every member of the workspace.", .kind = PT_FIELD_NOTE},
};

static struct pt_form *form;
static unsigned result;

static int setup(void **state)
{
	form = pt_form_create(fields, PRISM_COUNT(fields), "Create", "Cancel", NULL);
	return 0;
}

static int teardown(void **state)
{
	pt_form_destroy(form);
	return 0;
}

static void key(void *data, const struct pt_event *event)
{
	result = pt_form_key(form, event);
}

static void keys(const char *script)
{
	grid_keys(script, key, NULL);
}

static char *drawn(int rows, int cols)
{
	struct pt_canvas *canvas = pt_canvas_create(rows, cols, true);
	char *text;

	pt_form_prepare(form, cols, rows);
	pt_form_draw(form, canvas, (struct pt_rect){0, 0, cols, rows}, true);
	grid_check(canvas);
	text = grid_text(canvas);
	pt_canvas_destroy(canvas);
	return text;
}

static void fields_are_filled_in_order(void **state)
{
	assert_string_equal(pt_form_focused(form), "name");
	keys("Iris<enter>line<enter>two<tab><right><tab><space><tab>why<tab>");
	assert_string_equal(pt_form_focused(form), "secret"); /* not the read-only one */
	assert_string_equal(pt_form_get(form, "name"), "Iris");
	assert_string_equal(pt_form_get(form, "text"), "line\ntwo");
	assert_string_equal(pt_form_get(form, "level"), "error");
	assert_true(pt_form_checked(form, "agree"));
	assert_string_equal(pt_form_get(form, "reason"), "why");
	assert_string_equal(pt_form_get(form, "id"), "42");
	assert_string_equal(pt_form_get(form, "no such field"), "");
}

static void enter_in_the_last_field_submits(void **state)
{
	keys("Iris<tab 4>");
	assert_string_equal(pt_form_focused(form), "secret"); /* the hidden field was passed by */
	keys("pw<enter>");
	assert_int_equal(result & PT_SUBMIT, PT_SUBMIT);
}

static void what_is_not_right_is_marked(void **state)
{
	PRISM_AUTO_FREE char *text = NULL;

	keys("<ctrl-s>");
	assert_int_equal(result & PT_SUBMIT, 0);
	assert_string_equal(pt_form_focused(form), "name");
	text = drawn(20, 60);
	assert_non_null(strstr(text, "cannot be empty."));
	keys("ab<tab>"); /* leaving it looks at it */
	prism_free(text);
	text = drawn(20, 60);
	assert_non_null(strstr(text, "is too short."));
	keys("<shift-tab>c");
	prism_free(text);
	text = drawn(20, 60);
	assert_null(strstr(text, "is too short.")); /* being repaired */
	keys("<ctrl-s>");
	assert_int_equal(result & PT_SUBMIT, PT_SUBMIT);
}

static void a_server_may_mark_too(void **state)
{
	struct prism_error error = {
	    .category = PRISM_ERROR_CONFLICT, .message = "name is taken", .hint = "choose another"};
	PRISM_AUTO_FREE char *text = NULL;

	pt_form_mark(form, "level", "is not offered here.");
	pt_form_set_error(form, &error);
	assert_string_equal(pt_form_focused(form), "level");
	text = drawn(20, 60);
	assert_non_null(strstr(text, "is not offered here."));
	assert_non_null(strstr(text, "name is taken; choose another"));
	error.category = PRISM_ERROR_CANCELLED;
	pt_form_set_error(form, &error);
	prism_free(text);
	text = drawn(20, 60);
	assert_null(strstr(text, "name is taken"));
}

static void buttons(void **state)
{
	keys("Iris<tab 5>");
	assert_string_equal(pt_form_focused(form), "submit");
	keys("<right>");
	assert_string_equal(pt_form_focused(form), "cancel");
	keys("<enter>");
	assert_int_equal(result & PT_CANCEL, PT_CANCEL);
	keys("<left><space>");
	assert_int_equal(result & PT_SUBMIT, PT_SUBMIT);
	keys("<esc>");
	assert_int_equal(result & PT_CANCEL, PT_CANCEL);
}

static void busy_takes_no_keys_but_escape(void **state)
{
	PRISM_AUTO_FREE char *text = NULL;

	pt_form_set_busy(form, "Creating...");
	keys("xyz<ctrl-s>");
	assert_string_equal(pt_form_get(form, "name"), "");
	text = drawn(20, 60);
	assert_non_null(strstr(text, "Creating..."));
	keys("<esc>");
	assert_int_equal(result & PT_CANCEL, PT_CANCEL);
	pt_form_set_busy(form, NULL);
	keys("x");
	assert_string_equal(pt_form_get(form, "name"), "x");
}

static void a_password_leaves_only_as_a_secret(void **state)
{
	struct prism_secret *secret;
	PRISM_AUTO_FREE char *text = NULL;

	pt_form_focus(form, "secret");
	keys("hunter2");
	text = drawn(20, 60);
	assert_null(strstr(text, "hunter2"));
	assert_string_equal(pt_form_get(form, "secret"), "");
	secret = pt_form_take_secret(form, "secret");
	assert_string_equal(prism_secret_text(secret), "hunter2");
	prism_secret_destroy(secret);
	secret = pt_form_take_secret(form, "secret");
	assert_int_equal(prism_secret_size(secret), 0);
	prism_secret_destroy(secret);
}

static void put_draft(void *data, const char *id, const char *value)
{
	snprintf((char *)data + strlen(data), 256 - strlen(data), "%s=%s;", id, value);
}

static void a_draft_goes_out_and_in(void **state)
{
	char draft[256] = "";

	keys("Iris");
	pt_form_focus(form, "secret");
	keys("hunter2");
	pt_form_export(form, put_draft, draft);
	assert_string_equal(draft, "name=Iris;text=;level=info;agree=no;reason=;id=42;");
	pt_form_set(form, "name", "Other");
	pt_form_set(form, "level", "debug");
	pt_form_set(form, "agree", "yes");
	pt_form_set(form, "of an older version", "x");
	assert_string_equal(pt_form_get(form, "name"), "Other");
	assert_string_equal(pt_form_get(form, "level"), "debug");
	assert_true(pt_form_checked(form, "agree"));
}

static void modified_is_known(void **state)
{
	assert_false(pt_form_modified(form));
	keys("<tab><shift-tab>");
	assert_false(pt_form_modified(form));
	keys("x");
	assert_true(pt_form_modified(form));
	pt_form_clean(form);
	assert_false(pt_form_modified(form));
}

static void choices_that_come_later(void **state)
{
	static const struct pt_choice more[] = {{"trace", NULL, NULL}, {"info", NULL, NULL}};

	pt_form_set_choices(form, "level", more, 2);
	assert_string_equal(pt_form_get(form, "level"), "info"); /* still there */
	pt_form_set_choices(form, "level", NULL, 0);
	assert_string_equal(pt_form_get(form, "level"), "info"); /* waits for its choice */
	pt_form_set_choices(form, "level", levels, 1);
	assert_string_equal(pt_form_get(form, "level"), "debug");
	pt_form_focus(form, "level");
	keys("<left>");
	assert_string_equal(pt_form_get(form, "level"), "debug");
}

static void how_it_looks(void **state)
{
	PRISM_AUTO_FREE char *text = NULL;

	keys("Iris");
	text = drawn(14, 50);
	assert_string_equal(text, "\n"
	                          "Basic\n"
	                          "Name *        Iris\n"
	                          "Description\n"
	                          "\n"
	                          "Level         < Info > 2/3\n"
	                          "Agree         [ ]\n"
	                          "ID            42\n"
	                          "Password\n"
	                          "Seen by every member of the workspace.\n"
	                          "\n"
	                          "\n"
	                          "what others see\n"
	                          "  Create      Cancel\n");
}

static void the_field_with_the_cursor_is_seen(void **state)
{
	PRISM_AUTO_FREE char *text = NULL;

	pt_form_focus(form, "secret");
	text = drawn(5, 50);
	assert_non_null(strstr(text, "Password"));
	assert_non_null(strstr(text, "Create"));
}

static void every_size_is_drawn(void **state)
{
	for (int rows = 1; rows <= 100; rows += rows < 20 ? 1 : 40)
		for (int cols = 1; cols <= 300; cols += cols < 60 ? 1 : 120) {
			int w, h;

			prism_free(drawn(rows, cols));
			pt_form_measure(form, cols, rows, &w, &h);
			assert_true(w <= cols && h <= rows);
		}
}

static void lines_say_more_about_a_value(void **state)
{
	const struct pt_form_line lines[] = {{PT_SLOT_GOOD, 0, "pass Length: fits"},
	                                     {PT_SLOT_DIM, 5, "what others see is short"}};
	PRISM_AUTO_FREE char *text = NULL;

	pt_form_set_lines(form, "name", lines, 2);
	pt_form_set_lines(form, "no such field", lines, 2);
	text = drawn(20, 60);
	assert_non_null(strstr(text, "pass Length: fits"));
	assert_non_null(strstr(text, "     what others see is short"));
	pt_form_set_lines(form, "name", NULL, 0);
	prism_free(text);
	text = drawn(20, 60);
	assert_null(strstr(text, "pass Length"));
}

static void a_secret_can_be_looked_at_and_stays(void **state)
{
	struct prism_secret *copy;

	assert_null(pt_form_copy_secret(form, "secret"));
	keys("Iris<tab 4>pw");
	copy = pt_form_copy_secret(form, "secret");
	assert_string_equal(prism_secret_text(copy), "pw");
	prism_secret_destroy(copy);
	copy = pt_form_take_secret(form, "secret");
	assert_string_equal(prism_secret_text(copy), "pw");
	prism_secret_destroy(copy);
}

static void shift_tab_leaves_a_path(void **state)
{
	static const struct pt_field two[] = {
	    {.id = "n", .label = "Name", .kind = PT_FIELD_TEXT},
	    {.id = "p", .label = "File", .kind = PT_FIELD_PATH, .initial = "/"}};
	struct pt_form *other = pt_form_create(two, 2, "Send", NULL, NULL);
	const struct pt_event back = {.kind = PT_EVENT_KEY, .key = PT_KEY_TAB, .mods = PT_MOD_SHIFT};

	(void)state;
	pt_form_focus(other, "p");
	pt_form_key(other, &back);
	assert_string_equal(pt_form_focused(other), "n");
	assert_string_equal(pt_form_get(other, "p"), "/");
	pt_form_destroy(other);
}

static void a_path_can_be_browsed_for(void **state)
{
	static const struct pt_field path[] = {{.id = "p", .label = "File", .kind = PT_FIELD_PATH}};
	struct pt_form *other = pt_form_create(path, 1, "Send", NULL, NULL);
	const struct pt_event event = {.kind = PT_EVENT_KEY, .key = 'o', .mods = PT_MOD_CTRL};

	assert_int_equal(pt_form_key(other, &event) & PT_BROWSE, PT_BROWSE);
	assert_int_equal(pt_form_key(form, &event) & PT_BROWSE, 0); /* a text is no path */
	assert_string_equal(pt_form_label(other, "p"), "File");
	pt_form_destroy(other);
}

static void what_is_out_of_sight_can_be_scrolled_to(void **state)
{
	PRISM_AUTO_FREE char *text = drawn(6, 60);

	(void)state;
	assert_null(strstr(text, "Password"));
	keys("<page-down 3>");
	prism_free(text);
	text = drawn(6, 60);
	assert_non_null(strstr(text, "Password"));
	assert_string_equal(pt_form_focused(form), "name"); /* it is not left */
	keys("x");
	prism_free(text);
	text = drawn(6, 60);
	assert_non_null(strstr(text, "Name"));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
	    TEST(fields_are_filled_in_order),
	    TEST(enter_in_the_last_field_submits),
	    TEST(what_is_not_right_is_marked),
	    TEST(a_server_may_mark_too),
	    TEST(buttons),
	    TEST(busy_takes_no_keys_but_escape),
	    TEST(a_password_leaves_only_as_a_secret),
	    TEST(a_draft_goes_out_and_in),
	    TEST(modified_is_known),
	    TEST(choices_that_come_later),
	    TEST(lines_say_more_about_a_value),
	    TEST(a_secret_can_be_looked_at_and_stays),
	    TEST(a_path_can_be_browsed_for),
	    TEST(shift_tab_leaves_a_path),
	    TEST(what_is_out_of_sight_can_be_scrolled_to),
	    TEST(how_it_looks),
	    TEST(the_field_with_the_cursor_is_seen),
	    TEST(every_size_is_drawn),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
