/* tui/status.c: status line, hints, messages and toasts. */
#include "tui/status.h"

#include "base/mem.h"
#include "tests/lib/grid.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static struct prism_clock_manual clock_;
static struct pt_messages *messages;
static struct pt_canvas *canvas;

static int setup(void **state)
{
	prism_clock_manual_init(&clock_, 1000);
	messages = pt_messages_create(&clock_.clock);
	canvas = pt_canvas_create(14, 60, true);
	return 0;
}

static int teardown(void **state)
{
	grid_check(canvas);
	pt_messages_destroy(messages);
	pt_canvas_destroy(canvas);
	return 0;
}

static void expect_row(int y, const char *text)
{
	PRISM_AUTO_FREE char *row = grid_row(canvas, y);

	assert_string_equal(row, text);
}

static void the_status_line_says_the_urgent_first(void **state)
{
	struct pt_status status = {.backend = "host:1",
	                           .workspace = "Lab",
	                           .user = "Ada",
	                           .refreshed = "14:02:11",
	                           .pending = 2,
	                           .transfers = 1,
	                           .notice = "offline",
	                           .safety = PT_SAFETY_BAD,
	                           .safety_text = "not verified"};

	pt_status_draw(&status, canvas, (struct pt_rect){0, 0, 60, 1});
	expect_row(0, " offline · not verified · Lab · Ada · host:1 · 1 transfer");
	status.notice = status.workspace = NULL;
	status.user = "";
	status.pending = 0;
	pt_status_draw(&status, canvas, (struct pt_rect){0, 1, 60, 1});
	expect_row(1, " not verified · host:1 · 1 transfer                14:02:11");
	pt_status_draw(&(struct pt_status){0}, canvas, (struct pt_rect){0, 2, 60, 1});
	expect_row(2, "");
}

/* Before anything that a narrow window might cut: what the secret things are sent to. */
static void the_agent_is_seen_in_forty_columns(void **state)
{
	struct pt_status status = {.workspace = "Open Science Lab",
	                           .working = "measuring 4 MB",
	                           .safety = PT_SAFETY_GOOD,
	                           .safety_text = "HTTPS verified",
	                           .agent_safety = PT_SAFETY_WARN,
	                           .agent_text = "agent attested, NOT A TEE"};

	pt_status_draw(&status, canvas, (struct pt_rect){0, 3, 40, 1});
	expect_row(3, " agent attested, NOT A TEE · HTTPS veri…");
	pt_status_draw(&status, canvas, (struct pt_rect){0, 4, 60, 1});
	expect_row(4, " agent attested, NOT A TEE · HTTPS verified · measuring 4 MB");
	status.agent_text = NULL;
	pt_status_draw(&status, canvas, (struct pt_rect){0, 5, 60, 1});
	expect_row(5, " HTTPS verified · measuring 4 MB · Open Science Lab");
}

static void hints_that_do_not_fit_are_left_out_whole(void **state)
{
	static const struct pt_hint hints[] = {{"enter", "open"}, {"/", "filter"}, {"q", "close"}};

	pt_hints_draw(hints, 3, canvas, (struct pt_rect){0, 0, 60, 1});
	expect_row(0, " enter open  / filter  q close");
	pt_hints_draw(hints, 3, canvas, (struct pt_rect){0, 1, 24, 1});
	expect_row(1, " enter open  / filter");
	pt_hints_draw(hints, 3, canvas, (struct pt_rect){0, 2, 5, 1});
	expect_row(2, "");
}

static void equal_messages_are_counted(void **state)
{
	pt_messages_add(messages, PT_SLOT_INFO, "one");
	pt_messages_add(messages, PT_SLOT_INFO, "one");
	pt_messages_add(messages, PT_SLOT_BAD, "one"); /* another tone is another message */
	assert_int_equal(pt_messages_count(messages), 2);
	assert_int_equal(pt_messages_get(messages, 0)->repeats, 1);
	assert_int_equal(pt_messages_get(messages, 0)->wall_us, 1000);
	pt_toasts_draw(messages, canvas, (struct pt_rect){0, 0, 20, 14});
	expect_row(12, "          ● one (2)");
	expect_row(13, "              ● one");
	pt_canvas_clear(canvas);
	pt_toasts_draw(messages, canvas, (struct pt_rect){0, 0, 20, 8}); /* low: only the last */
	expect_row(6, "");
	expect_row(7, "              ● one");
}

static void toasts_go_errors_last_longer(void **state)
{
	assert_int_equal(pt_messages_next(messages), -1);
	pt_messages_add(messages, PT_SLOT_GOOD, "good");
	pt_messages_add(messages, PT_SLOT_BAD, "bad");
	assert_int_equal(pt_messages_next(messages), prism_clock_mono_ms(&clock_.clock) + PT_TOAST_MS);
	prism_clock_manual_advance(&clock_, PT_TOAST_MS);
	pt_toasts_draw(messages, canvas, (struct pt_rect){0, 0, 20, 5});
	assert_int_equal(grid_find(canvas, "good"), -1);
	assert_int_equal(grid_find(canvas, "bad"), 4);
	prism_clock_manual_advance(&clock_, PT_TOAST_MS);
	assert_int_equal(pt_messages_next(messages), -1);
	assert_int_equal(pt_messages_count(messages), 2); /* the history keeps them */
}

static void dismissed_toasts_are_gone_at_once(void **state)
{
	pt_messages_add(messages, PT_SLOT_GOOD, "good");
	pt_messages_dismiss(messages);
	assert_int_equal(pt_messages_next(messages), -1);
}

static void a_long_message_is_cut_to_the_window(void **state)
{
	char text[5000];

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	pt_messages_add(messages, PT_SLOT_INFO, text);
	assert_true(strlen(pt_messages_get(messages, 0)->text) < 1000);
	for (int width = 0; width < 60; width++)
		pt_toasts_draw(messages, canvas, (struct pt_rect){0, 0, width, 2});
	pt_toasts_draw(messages, canvas, (struct pt_rect){0, 4, 12, 1});
	expect_row(4, " ● xxxxxxx…");
}

/* The end of an error says what to do: it is not what is cut off. */
static void an_error_is_wrapped_to_its_remedy(void **state)
{
	pt_messages_add(messages, PT_SLOT_INFO, "before");
	pt_messages_add(messages, PT_SLOT_BAD, "rejected: it is there already; choose another name");
	pt_toasts_draw(messages, canvas, (struct pt_rect){0, 0, 30, 14});
	expect_row(10, "                     ● before");
	expect_row(11, "    ● rejected: it is there");
	expect_row(12, "      already; choose another");
	expect_row(13, "      name");
	pt_canvas_clear(canvas);
	pt_toasts_draw(messages, canvas, (struct pt_rect){0, 4, 30, 2}); /* no more than there is */
	expect_row(3, "");
	expect_row(4, " ● rejected: it is there");
	expect_row(5, "   already; choose another n…");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
	    TEST(the_status_line_says_the_urgent_first),
	    TEST(the_agent_is_seen_in_forty_columns),
	    TEST(hints_that_do_not_fit_are_left_out_whole),
	    TEST(equal_messages_are_counted),
	    TEST(toasts_go_errors_last_longer),
	    TEST(dismissed_toasts_are_gone_at_once),
	    TEST(a_long_message_is_cut_to_the_window),
	    TEST(an_error_is_wrapped_to_its_remedy),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
