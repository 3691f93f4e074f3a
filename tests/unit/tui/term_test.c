/* tui/term.c and term_memory.c: clipboard sequences, refusals, the terminal of tests. */
#include "tui/term_private.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static char sent[8192];

static void catch_raw(struct pt_term *term, const char *bytes, size_t len)
{
	snprintf(sent, sizeof(sent), "%.*s", (int)len, bytes);
}

static const struct pt_term_ops catching = {.raw = catch_raw};
static struct pt_term term = {.ops = &catching, .utf8 = true};

static void expect_copy(const char *name, const char *tmux, const char *text, const char *bytes)
{
	struct prism_error err = PRISM_ERROR_INIT;

	setenv("TERM", name, 1);
	if (tmux)
		setenv("TMUX", tmux, 1);
	else
		unsetenv("TMUX");
	assert_int_equal(pt_term_copy(&term, text, strlen(text), &err), 0);
	assert_string_equal(sent, bytes);
}

static void copying_by_kind_of_terminal(void **state)
{
	expect_copy("xterm-256color", NULL, "hello", "\033]52;c;aGVsbG8=\a");
	expect_copy("tmux-256color", "/tmp/tmux-0/default,1,0", "hello",
	            "\033]52;c;aGVsbG8=\a"
	            "\033Ptmux;\033\033]52;c;aGVsbG8=\a\033\\");
	expect_copy("screen", NULL, "hello",
	            "\033P\033]52;c;\033\\"
	            "\033PaGVsbG8=\033\\"
	            "\033P\a\033\\");
	expect_copy("xterm", NULL, "", "\033]52;c;\a");
}

static void notifications_carry_no_control(void **state)
{
	unsetenv("TMUX");
	pt_term_notify(&term, false, "Iris", "Completed");
	assert_string_equal(sent, "\033]9;Iris: Completed\a");
	pt_term_notify(&term, true, "Iris; \033[31m\a", "Failed");
	assert_string_equal(sent, "\033]777;notify;Iris, ␛[31m␇;Failed\a");
	setenv("TMUX", "/tmp/tmux-0/default,1,0", 1);
	pt_term_notify(&term, false, "Iris", "Running");
	assert_string_equal(sent, "\033Ptmux;\033\033]9;Iris: Running\a\033\\");
	unsetenv("TMUX");
}

static void too_much_for_a_clipboard(void **state)
{
	size_t most = PT_CLIPBOARD_MAX / 4 * 3;
	char *text = prism_alloc(most + 1);
	struct prism_error err = PRISM_ERROR_INIT;

	setenv("TERM", "xterm", 1);
	unsetenv("TMUX");
	assert_int_equal(pt_term_copy(&term, text, most, &err), 0);
	assert_int_equal(pt_term_copy(&term, text, most + 1, &err), -1);
	assert_int_equal(err.category, PRISM_ERROR_LIMIT);
	assert_non_null(strstr(err.hint, "file"));
	prism_free(text);
}

static void a_title_carries_no_control(void **state)
{
	setenv("TERM", "xterm", 1);
	pt_term_title(&term, "a\033]0;b\a\xc2\x9c"
	                     "c");
	assert_string_equal(sent, "\033]2;a␛]0;b␇<U+009C>c\a");
	sent[0] = '\0';
	setenv("TERM", "linux", 1); /* would show it */
	pt_term_title(&term, "a");
	assert_string_equal(sent, "");
}

static void colour_words(void **state)
{
	assert_int_equal(pt_colors_parse("never"), PT_COLORS_NEVER);
	assert_int_equal(pt_colors_parse("256"), PT_COLORS_256);
	assert_int_equal(pt_colors_parse("true"), PT_COLORS_TRUE);
	assert_int_equal(pt_colors_parse("auto"), PT_COLORS_AUTO);
	assert_int_equal(pt_colors_parse("nonsense"), PT_COLORS_AUTO);
}

static void without_a_terminal_there_is_none(void **state)
{
	struct prism_error err = PRISM_ERROR_INIT;

	/* tests run with /dev/null as input */
	if (isatty(STDIN_FILENO) && isatty(STDOUT_FILENO))
		skip();
	assert_null(pt_term_open(&(struct pt_term_options){0}, &err));
	assert_int_equal(err.category, PRISM_ERROR_INVALID);
	pt_term_close(NULL);
}

static void the_terminal_of_tests(void **state)
{
	struct pt_term *memory = pt_term_memory(3, 10, true, PT_DEPTH_256);
	struct pt_canvas *canvas = pt_canvas_create(3, 10, true);
	struct prism_error err = PRISM_ERROR_INIT;
	char bytes[4];

	pt_canvas_text(canvas, 0, 1, 10, PT_SLOT_TEXT, 0, "hi");
	assert_true(pt_term_draw(memory, canvas, NULL));
	assert_int_equal(pt_canvas_cell(pt_term_memory_screen(memory), 0, 1)->ch, 'h');
	assert_int_equal(pt_term_memory_frames(memory), 1);
	assert_int_equal(pt_term_read(memory, bytes, 4), 0);
	pt_term_memory_type(memory, "abcdef", 6);
	assert_int_equal(pt_term_read(memory, bytes, 4), 4);
	assert_int_equal(pt_term_read(memory, bytes, 4), 2);
	assert_memory_equal(bytes, "ef", 2);
	pt_term_bell(memory);
	assert_int_equal(pt_term_memory_bells(memory), 1);
	assert_string_equal(pt_term_memory_clipboard(memory), "");
	assert_int_equal(pt_term_copy(memory, "text", 4, &err), 0);
	assert_string_equal(pt_term_memory_clipboard(memory), "text");
	pt_term_memory_resize(memory, 5, 20);
	assert_true(pt_term_resize(memory));
	assert_int_equal(pt_term_cols(memory), 20);
	assert_int_equal(pt_term_fd(memory), -1);
	pt_canvas_destroy(canvas);
	pt_term_close(memory);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(copying_by_kind_of_terminal),
	    cmocka_unit_test(notifications_carry_no_control),
	    cmocka_unit_test(too_much_for_a_clipboard),
	    cmocka_unit_test(a_title_carries_no_control),
	    cmocka_unit_test(colour_words),
	    cmocka_unit_test(without_a_terminal_there_is_none),
	    cmocka_unit_test(the_terminal_of_tests),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
