/* tui/app*.c, dialog*.c, status.c: where events go, panes, overlays, messages, one frame a turn. */
#include "tui/app.h"

#include "base/loop.h"
#include "base/mem.h"
#include "tests/lib/grid.h"
#include "tui/dialog.h"
#include "tui/textview.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static struct prism_clock_manual clock_;
static struct prism_loop *loop;
static struct pt_term *term;
static struct pt_app *app;

static struct {
	char keys[256]; /* what reached the key map */
	char log[512];  /* life of views */
	long weight, zoom;
	int quits;
} seen;

static void note(char *to, size_t size, const char *what)
{
	snprintf(to + strlen(to), size - strlen(to), "%s ", what);
}

/* A view that says what happens to it. */
static void say(struct pt_view *view, const char *what)
{
	char text[64];

	snprintf(text, sizeof(text), "%s:%s", (char *)view->state, what);
	note(seen.log, sizeof(seen.log), text);
}

static const char *plain_title(struct pt_view *view)
{
	return view->state;
}

static void plain_draw(const struct pt_view *view, struct pt_canvas *canvas, struct pt_rect area,
                       bool focus)
{
	pt_canvas_printf(canvas, area.x, area.y, area.w, PT_SLOT_TEXT, 0, "<%s%s>", (char *)view->state,
	                 focus ? " focus" : "");
	/* far outside: must be clipped */
	pt_canvas_fill(canvas, (struct pt_rect){-5, area.y + 1, 400, area.h - 1}, PT_SLOT_DIM, 0);
}

static unsigned plain_key(struct pt_view *view, const struct pt_event *event)
{
	if (event->kind == PT_EVENT_PASTE) {
		say(view, event->text);
		return PT_HANDLED;
	}
	if (pt_key_is(event, 'x', 0))
		return PT_HANDLED | PT_CLOSE;
	return PT_IGNORED;
}

static void plain_shown(struct pt_view *view, bool visible)
{
	say(view, visible ? "shown" : "hidden");
}

static void plain_destroy(struct pt_view *view)
{
	say(view, "gone");
}

static const struct pt_view_ops plain_ops = {.name = "plain",
                                             .title = plain_title,
                                             .draw = plain_draw,
                                             .key = plain_key,
                                             .shown = plain_shown,
                                             .destroy = plain_destroy};
static const struct pt_view_ops typing_ops = {.name = "typing",
                                              .flags = PT_VIEW_TAKES_TEXT,
                                              .title = plain_title,
                                              .draw = plain_draw,
                                              .key = plain_key};

static struct pt_view *make(const char *name)
{
	return pt_view_create(app, &plain_ops, (void *)(uintptr_t)name);
}

static struct pt_view *open_one(struct pt_app *of)
{
	return pt_view_create(of, &plain_ops, (void *)(uintptr_t) "one");
}

static struct pt_view *open_two(struct pt_app *of)
{
	return pt_view_create(of, &plain_ops, (void *)(uintptr_t) "two");
}

static unsigned hook_key(struct pt_app *of, struct pt_view *view, const struct pt_event *event)
{
	char name[PT_KEY_NAME];

	note(seen.keys, sizeof(seen.keys), pt_key_name(event, name));
	return PT_HANDLED;
}

static size_t hook_hints(struct pt_app *of, struct pt_view *view, struct pt_hint *out, size_t cap)
{
	out[0] = (struct pt_hint){"enter", "open"};
	out[1] = (struct pt_hint){"q", "close"};
	return 2;
}

static void hook_status(struct pt_app *of, struct pt_status *out)
{
	out->backend = "prism.example";
	out->workspace = "Lab\033[31m"; /* from a server */
	out->pending = 1;
	out->safety = PT_SAFETY_BAD;
	out->safety_text = "not verified";
}

static void hook_quit(struct pt_app *of)
{
	seen.quits++;
}

static long hook_get(struct pt_app *of, const char *key)
{
	return strcmp(key, "pane.zoom") == 0   ? seen.zoom
	       : strcmp(key, "pane.list") == 0 ? seen.weight
	                                       : -1;
}

static void hook_set(struct pt_app *of, const char *key, long value)
{
	if (strcmp(key, "pane.zoom") == 0)
		seen.zoom = value;
	else if (strcmp(key, "pane.list") == 0)
		seen.weight = value;
}

static const struct pt_app_hooks hooks = {.key = hook_key,
                                          .hints = hook_hints,
                                          .status = hook_status,
                                          .quit = hook_quit,
                                          .state_get = hook_get,
                                          .state_set = hook_set};
static const struct pt_tab tabs[] = {{"one", "One", open_one}, {"two", "Two", open_two}};

static const struct pt_tab many[] = {
    {"a", "Alpha", open_one}, {"b", "Bravo", open_two}, {"c", "Charlie", open_one},
    {"d", "Delta", open_two}, {"e", "Echo", open_one},  {"f", "Foxtrot", open_two},
    {"g", "Golf", open_one},  {"h", "Hotel", open_two}, {"i", "India", open_one},
    {"j", "Julia", open_two}, {"k", "Kilo", open_one},  {"l", "Lima", open_two},
};

static int start_with(int rows, int cols, const struct pt_tab *tabs_, size_t count, size_t home)
{
	struct prism_error err = PRISM_ERROR_INIT;
	struct pt_app_config config = {
	    .clock = &clock_.clock, .hooks = &hooks, .tabs = tabs_, .tab_count = count, .home = home};

	prism_clock_manual_init(&clock_, 0);
	config.loop = loop = prism_loop_create(&clock_.clock);
	config.term = term = pt_term_memory(rows, cols, true, PT_DEPTH_256);
	app = pt_app_create(&config, &err);
	assert_non_null(app);
	pt_app_open_tab(app, home);
	return 0;
}

static int start(int rows, int cols)
{
	return start_with(rows, cols, tabs, 2, 0);
}

static int setup(void **state)
{
	memset(&seen, 0, sizeof(seen));
	seen.weight = seen.zoom = -1;
	start(24, 80);
	prism_loop_turn(loop, 0);
	return 0;
}

static int teardown(void **state)
{
	pt_app_destroy(app);
	prism_loop_destroy(loop);
	pt_term_close(term);
	return 0;
}

static void turn(void)
{
	while (prism_loop_turn(loop, 0))
		continue;
	grid_check(pt_term_memory_screen(term));
}

static void key(void *data, const struct pt_event *event)
{
	pt_app_event(app, event);
}

static void keys(const char *script)
{
	grid_keys(script, key, NULL);
	turn();
}

static void on_screen(const char *text)
{
	PRISM_AUTO_FREE char *screen = grid_text(pt_term_memory_screen(term));

	if (!strstr(screen, text))
		fail_msg("\"%s\" is not on the screen:\n%s", text, screen);
}

static void not_on_screen(const char *text)
{
	assert_int_equal(grid_find(pt_term_memory_screen(term), text), -1);
}

static void chrome(void **state)
{
	on_screen(" One  Two\n One");
	on_screen("<one focus>");
	on_screen("not verified · Lab␛[31m · prism.example · 1 request");
	on_screen(" enter open  q close");
}

static void many_keys_are_one_frame(void **state)
{
	unsigned before = pt_term_memory_frames(term);

	for (int i = 0; i < 200; i++)
		grid_keys("j", key, NULL);
	turn();
	assert_int_equal(pt_term_memory_frames(term), before + 1);
	turn(); /* and nothing more without a reason */
	assert_int_equal(pt_term_memory_frames(term), before + 1);
	assert_int_equal(prism_loop_next_deadline_ms(loop), -1);
}

static void tabs_keep_what_was_in_them(void **state)
{
	struct prism_error err = PRISM_ERROR_INIT;

	pt_app_push(app, PT_PANE_LIST, make("deep"));
	turn();
	assert_int_equal(pt_app_open_tab_named(app, "two", &err), 0);
	turn();
	on_screen("<two focus>");
	pt_app_open_tab(app, 0);
	turn();
	on_screen("<deep focus>");
	on_screen("One › deep");
	assert_string_equal(
	    seen.log, "one:shown one:hidden deep:shown deep:hidden two:shown deep:shown two:hidden ");
	assert_int_equal(pt_app_open_tab_named(app, "three", &err), -1);
	assert_int_equal(err.category, PRISM_ERROR_MISSING);
}

static void back_steps_out_until_the_root(void **state)
{
	pt_app_push(app, PT_PANE_DETAIL, make("detail"));
	pt_app_push(app, PT_PANE_DETAIL, make("more"));
	turn();
	on_screen("<more focus>");
	assert_true(pt_app_back(app));
	turn();
	on_screen("<detail focus>");
	assert_true(pt_app_back(app));
	turn();
	on_screen("<one focus>");
	assert_false(pt_app_back(app));
}

static void a_view_may_close_itself(void **state)
{
	pt_app_push(app, PT_PANE_DETAIL, make("detail"));
	keys("x");
	not_on_screen("detail");
	on_screen("<one focus>");
	assert_non_null(strstr(seen.log, "detail:gone"));
}

static void show_replaces_and_leaves_the_focus(void **state)
{
	pt_app_show(app, PT_PANE_DETAIL, make("a"));
	pt_app_show(app, PT_PANE_DETAIL, make("b"));
	turn();
	on_screen("<one focus>");
	on_screen("<b>");
	not_on_screen("<a>");
	pt_app_cycle_focus(app, 1);
	turn();
	on_screen("<b focus>");
	pt_app_cycle_focus(app, 1);
	assert_int_equal(pt_app_focus(app), PT_PANE_LIST);
}

static void panes_side_by_side_and_stacked(void **state)
{
	PRISM_AUTO_FREE char *row = NULL;

	pt_app_show(app, PT_PANE_DETAIL, make("detail"));
	pt_app_show(app, PT_PANE_LOG, make("log"));
	pt_term_memory_resize(term, 40, 120);
	pt_app_dirty(app);
	turn();
	row = grid_row(pt_term_memory_screen(term), grid_find(pt_term_memory_screen(term), "<one"));
	assert_non_null(strstr(row, "<detail>")); /* on the same row */
	on_screen("<log>");
	pt_term_memory_resize(term, 30, 80);
	pt_app_dirty(app);
	turn();
	prism_free(row);
	row = grid_row(pt_term_memory_screen(term), grid_find(pt_term_memory_screen(term), "<one"));
	assert_null(strstr(row, "<detail>"));
	on_screen("<detail>");
	pt_term_memory_resize(term, 12, 40);
	pt_app_dirty(app);
	turn();
	on_screen("─ detail ─"); /* its title only */
	not_on_screen("<detail>");
}

static void zoom_and_sizes_are_remembered(void **state)
{
	pt_app_show(app, PT_PANE_DETAIL, make("detail"));
	pt_app_zoom(app);
	turn();
	not_on_screen("<detail>");
	assert_true(pt_app_zoomed(app));
	assert_int_equal(seen.zoom, 1);
	pt_app_zoom(app);
	assert_int_equal(seen.zoom, 0);
	pt_app_resize_pane(app, 2);
	assert_int_equal(seen.weight, 55);
	for (int i = 0; i < 50; i++)
		pt_app_resize_pane(app, -1);
	assert_int_equal(seen.weight, 10);
}

static void keys_go_to_the_view_then_to_the_key_map(void **state)
{
	keys("ab<f1>");
	assert_string_equal(seen.keys, "a b f1 ");
	pt_app_push(app, PT_PANE_DETAIL, make("detail"));
	keys("x"); /* the view takes it */
	assert_string_equal(seen.keys, "a b f1 ");
}

static void a_paste_is_no_string_of_commands(void **state)
{
	keys("<paste:dD>");
	assert_string_equal(seen.keys, "");
	on_screen("Pasted text ignored");
	pt_app_push(app, PT_PANE_DETAIL,
	            pt_view_create(app, &typing_ops, (void *)(uintptr_t) "typing"));
	keys("<paste:dD>");
	assert_non_null(strstr(seen.log, "typing:dD"));
}

static void confirm_done(void *data, bool yes)
{
	note(data, 64, yes ? "yes" : "no");
}

static void confirming(void **state)
{
	static const struct {
		const char *keys, *answer;
	} rows[] = {
	    {"<enter>", "no "},    {"<esc>", "no "},         {"n", "no "},
	    {"y", "yes "},         {"<tab><enter>", "yes "}, {"<right><left><enter>", "no "},
	    {"zzD<enter>", "no "},
	};

	for (size_t i = 0; i < PRISM_COUNT(rows); i++) {
		struct pt_confirm confirm = {.title = "Stop", .text = "It will stop.", .yes = "Stop"};
		char answer[64] = "";

		pt_dialog_confirm(app, &confirm, confirm_done, answer);
		turn();
		on_screen("[ Cancel ]");
		keys(rows[i].keys);
		assert_string_equal(answer, rows[i].answer);
		not_on_screen("[ Cancel ]");
	}
	assert_string_equal(seen.keys, "");
}

static void confirming_by_name(void **state)
{
	static const struct {
		const char *keys, *answer;
	} rows[] = {
	    {"<enter>", "no "},      {"Iri<tab><enter>", "no "},
	    {"Iris<enter>", "yes "}, {"Iris<backspace><enter>", "no "},
	    {"iris<enter>", "no "},  {"Iris<tab><enter>", "no "},
	    {"y<enter>", "no "},     {"<paste:Iris><enter>", "yes "},
	};

	for (size_t i = 0; i < PRISM_COUNT(rows); i++) {
		struct pt_confirm confirm = {
		    .title = "Delete", .text = "Gone for good.", .yes = "Delete", .name = "Iris"};
		char answer[64] = "";

		pt_dialog_confirm(app, &confirm, confirm_done, answer);
		turn();
		on_screen("Type Iris to confirm:");
		keys(rows[i].keys);
		if (strcmp(answer, rows[i].answer) != 0)
			fail_msg("%s: %s", rows[i].keys, answer);
	}
}

static void a_closed_question_is_answered_no(void **state)
{
	struct pt_confirm confirm = {.title = "Stop", .yes = "Stop"};
	char answer[64] = "";

	pt_dialog_confirm(app, &confirm, confirm_done, answer);
	pt_app_close(app, pt_app_top_overlay(app));
	turn();
	assert_string_equal(answer, "no ");
}

static void choose_done(void *data, ptrdiff_t index)
{
	*(ptrdiff_t *)data = index;
}

static void choosing(void **state)
{
	const struct pt_dialog_item items[] = {
	    {"alpha", "ready", false}, {"beta", "busy", true}, {"gamma", NULL, false}};
	static const struct {
		const char *keys;
		ptrdiff_t index;
	} rows[] = {{"<enter>", 0}, {"<down><enter><down><enter>", 2}, {"gam<enter>", 2},
	            {"<esc>", -1},  {"zzz<enter><esc><esc>", -1},      {"<up><down 9><enter>", 2}};

	for (size_t i = 0; i < PRISM_COUNT(rows); i++) {
		ptrdiff_t index = 99;

		pt_dialog_choose(app, "Select a CVM", items, 3, 0, choose_done, &index);
		turn();
		keys(rows[i].keys);
		assert_int_equal(index, rows[i].index);
	}
}

static void input_done(void *data, const char *text)
{
	snprintf(data, 64, "%s", text ? text : "(closed)");
}

static void asking_for_a_line(void **state)
{
	char text[64] = "";

	pt_dialog_input(app, "Save", "File", "a.zip", NULL, input_done, text);
	keys("<ctrl-u>b.zip<enter>");
	assert_string_equal(text, "b.zip");
	pt_dialog_input(app, "Save", "File", NULL, NULL, input_done, text);
	keys("x<esc>");
	assert_string_equal(text, "(closed)");
}

static void errors_go_where_their_category_says(void **state)
{
	struct prism_error err = PRISM_ERROR_INIT;

	prism_error_raise(&err, PRISM_ERROR_CANCELLED, "nobody needs to know");
	pt_app_report(app, &err);
	turn();
	not_on_screen("nobody needs to know");
	prism_error_clear(&err);
	prism_error_raise(&err, PRISM_ERROR_DENIED, "not allowed here");
	prism_error_hint(&err, "ask an administrator");
	pt_app_report(app, &err);
	turn();
	on_screen("not allowed here; ask an administrator");
	assert_null(pt_app_top_overlay(app));
	prism_error_clear(&err);
	prism_error_raise(&err, PRISM_ERROR_TRUST, "certificate expired");
	prism_error_wrap(&err, "list CVMs");
	pt_app_report(app, &err);
	turn();
	on_screen("list CVMs");
	on_screen("because     certificate expired");
	on_screen("kind        trust");
	keys("<esc>");
	assert_null(pt_app_top_overlay(app));
}

static void messages_come_and_go(void **state)
{
	pt_app_message(app, PT_SLOT_GOOD, "computation ran %s", "successfully");
	pt_app_message(app, PT_SLOT_GOOD, "computation ran %s", "successfully");
	turn();
	on_screen("● computation ran successfully (2)");
	assert_int_equal(pt_messages_count(pt_app_messages(app)), 1);
	prism_clock_manual_advance(&clock_, PT_TOAST_MS);
	turn();
	not_on_screen("computation ran");
	assert_int_equal(prism_loop_next_deadline_ms(loop), -1); /* nothing left to wake for */
	for (int i = 0; i < 2 * PT_MESSAGES_MAX; i++)
		pt_app_message(app, PT_SLOT_INFO, "number %d\033", i);
	turn();
	assert_int_equal(pt_messages_count(pt_app_messages(app)), PT_MESSAGES_MAX);
	assert_string_equal(pt_messages_get(pt_app_messages(app), 0)->text, "number 500\033");
	on_screen("number 999␛");
	not_on_screen("number 996");
}

static void ask_changed(void *data, const char *text)
{
	note(seen.log, sizeof(seen.log), text);
}

static void ask_done(void *data, const char *text)
{
	note(seen.log, sizeof(seen.log), text ? text : "(none)");
}

static void the_prompt_line(void **state)
{
	struct pt_ask ask = {.label = "/", .on_change = ask_changed, .on_done = ask_done};

	seen.log[0] = '\0';
	pt_app_ask(app, &ask);
	keys("abc"); /* three keys of one turn: one call */
	assert_string_equal(seen.log, "abc ");
	on_screen("/abc");
	keys("d<enter>");
	assert_string_equal(seen.log, "abc abcd abcd ");
	assert_false(pt_app_asking(app));
	pt_app_ask(app, &ask);
	keys("x<esc>");
	assert_non_null(strstr(seen.log, "(none) "));
	pt_app_ask(app, &ask);
	keys("<backspace>"); /* of nothing */
	assert_false(pt_app_asking(app));
	assert_string_equal(seen.keys, "");
}

static void mouse_gives_the_focus(void **state)
{
	struct pt_event event = {.kind = PT_EVENT_MOUSE, .x = 10, .y = 18};

	pt_app_show(app, PT_PANE_DETAIL, make("detail"));
	turn();
	pt_app_event(app, &event);
	assert_int_equal(pt_app_focus(app), PT_PANE_DETAIL);
	event = (struct pt_event){.kind = PT_EVENT_MOUSE, .x = 6, .y = 0};
	pt_app_event(app, &event);
	assert_int_equal(pt_app_tab(app), 1);
}

static int setup_many(void **state)
{
	memset(&seen, 0, sizeof(seen));
	seen.weight = seen.zoom = -1;
	start_with(24, 40, many, PRISM_COUNT(many), 2);
	prism_loop_turn(loop, 0);
	return 0;
}

static void line_of_tabs(const char *expected)
{
	PRISM_AUTO_FREE char *screen = grid_text(pt_term_memory_screen(term));

	turn();
	prism_free(screen);
	screen = grid_text(pt_term_memory_screen(term));
	screen[strcspn(screen, "\n")] = '\0';
	assert_string_equal(screen, expected);
}

static void more_tabs_than_fit_scroll(void **state)
{
	line_of_tabs(" Alpha  Bravo  Charlie  Delta  Echo    \u203a");
	pt_app_open_tab(app, 4);
	line_of_tabs(
	    " Alpha  Bravo  Charlie  Delta  Echo    \u203a"); /* nothing moves for what is seen */
	pt_app_open_tab(app, 5);
	line_of_tabs("\u2039 Bravo  Charlie  Delta  Echo  Foxtrot \u203a");
	pt_app_open_tab(app, 11);
	line_of_tabs("\u2039 Golf  Hotel  India  Julia  Kilo  Lima");
	pt_app_open_tab(app, 1);
	line_of_tabs("\u2039 Bravo  Charlie  Delta  Echo  Foxtrot \u203a");
	pt_term_memory_resize(term, 24, 120); /* room for all of them: none stays hidden */
	pt_app_dirty(app);
	line_of_tabs(" Alpha  Bravo  Charlie  Delta  Echo  Foxtrot  Golf  Hotel  India  Julia  Kilo  "
	             "Lima");
}

static void marks_of_the_tab_line_are_clicked(void **state)
{
	struct pt_event event = {.kind = PT_EVENT_MOUSE, .x = 39, .y = 0};

	turn();
	pt_app_event(app, &event);
	assert_int_equal(pt_app_tab(app), 5);
	turn();
	event.x = 0;
	pt_app_event(app, &event);
	assert_int_equal(pt_app_tab(app), 0);
}

static void quitting_happens_once(void **state)
{
	pt_app_quit(app);
	pt_app_quit(app);
	assert_int_equal(seen.quits, 1);
	grid_keys("a", key, NULL);
	assert_string_equal(seen.keys, "");
}

static void another_workspace_closes_everything(void **state)
{
	pt_app_push(app, PT_PANE_DETAIL, make("detail"));
	pt_app_open_tab(app, 1);
	pt_app_reset_tabs(app);
	turn();
	on_screen("<two focus>");
	pt_app_open_tab(app, 0);
	turn();
	not_on_screen("detail");
	assert_non_null(strstr(seen.log, "detail:gone"));
}

static void themes_are_changed_while_running(void **state)
{
	struct prism_error err = PRISM_ERROR_INIT;

	assert_int_equal(pt_app_set_theme(app, "light", &err), 0);
	assert_string_equal(pt_theme_name(pt_app_theme(app)), "light");
	assert_int_equal(pt_app_set_theme(app, "nonsense", &err), -1);
	assert_string_equal(pt_theme_name(pt_app_theme(app)), "light");
}

static void every_size_is_drawn(void **state)
{
	struct pt_confirm confirm = {
	    .title = "Delete", .text = "Gone.", .detail = "a\nb\nc", .name = "Iris"};
	const struct pt_dialog_item items[] = {{"alpha", "ready", false}};

	for (int what = 0; what < 5; what++) {
		if (what == 1)
			pt_app_show(app, PT_PANE_DETAIL, make("detail"));
		if (what == 2)
			pt_app_show(app, PT_PANE_LOG, make("log"));
		if (what == 3)
			pt_dialog_confirm(app, &confirm, NULL, NULL);
		if (what == 4)
			pt_dialog_choose(app, "Choose", items, 1, 0, NULL, NULL);
		pt_app_message(app, PT_SLOT_WARN, "a message of some length %d", what);
		for (int rows = 1; rows <= 100; rows += rows < 26 ? 1 : 37) {
			for (int cols = 1; cols <= 300; cols += cols < 24 ? 1 : 29) {
				pt_term_memory_resize(term, rows, cols);
				pt_app_dirty(app);
				turn();
			}
		}
	}
	on_screen("Choose");
	pt_term_memory_resize(term, 3, 14);
	pt_app_dirty(app);
	turn();
	on_screen("too small");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
	    TEST(chrome),
	    TEST(many_keys_are_one_frame),
	    TEST(tabs_keep_what_was_in_them),
	    TEST(back_steps_out_until_the_root),
	    cmocka_unit_test_setup_teardown(more_tabs_than_fit_scroll, setup_many, teardown),
	    cmocka_unit_test_setup_teardown(marks_of_the_tab_line_are_clicked, setup_many, teardown),
	    TEST(a_view_may_close_itself),
	    TEST(show_replaces_and_leaves_the_focus),
	    TEST(panes_side_by_side_and_stacked),
	    TEST(zoom_and_sizes_are_remembered),
	    TEST(keys_go_to_the_view_then_to_the_key_map),
	    TEST(a_paste_is_no_string_of_commands),
	    TEST(confirming),
	    TEST(confirming_by_name),
	    TEST(a_closed_question_is_answered_no),
	    TEST(choosing),
	    TEST(asking_for_a_line),
	    TEST(errors_go_where_their_category_says),
	    TEST(messages_come_and_go),
	    TEST(the_prompt_line),
	    TEST(mouse_gives_the_focus),
	    TEST(quitting_happens_once),
	    TEST(another_workspace_closes_everything),
	    TEST(themes_are_changed_while_running),
	    TEST(every_size_is_drawn),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
