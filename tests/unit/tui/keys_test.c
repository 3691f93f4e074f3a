/* tui/keys.c: bytes to events, names of keys. */
#include "tui/keys.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

struct seen {
	char names[4096];
	char paste[256];
	size_t paste_len;
	int events;
};

static void record(void *data, const struct pt_event *event)
{
	struct seen *seen = data;
	char name[PT_KEY_NAME];
	size_t used = strlen(seen->names);

	seen->events++;
	if (event->kind == PT_EVENT_PASTE) {
		seen->paste_len = event->len;
		snprintf(seen->paste, sizeof(seen->paste), "%s", event->text);
		snprintf(name, sizeof(name), "PASTE");
	} else if (event->kind == PT_EVENT_MOUSE) {
		snprintf(name, sizeof(name), "MOUSE%d@%d,%d", (int)event->button, event->x, event->y);
	} else if (event->kind == PT_EVENT_FOCUS) {
		snprintf(name, sizeof(name), "FOCUS%u", (unsigned)event->key);
	} else {
		pt_key_name(event, name);
	}
	snprintf(seen->names + used, sizeof(seen->names) - used, "%s%s", used ? " " : "", name);
}

/* Whole, byte by byte, and then flushed: the events must be the same. */
static void expect(const char *bytes, const char *names)
{
	for (int piecewise = 0; piecewise < 2; piecewise++) {
		struct seen seen = {.events = 0};
		struct pt_keys *keys = pt_keys_create(record, &seen);

		if (piecewise)
			for (size_t i = 0; i < strlen(bytes); i++)
				pt_keys_feed(keys, bytes + i, 1);
		else
			pt_keys_feed(keys, bytes, strlen(bytes));
		pt_keys_flush(keys);
		assert_string_equal(seen.names, names);
		pt_keys_destroy(keys);
	}
}

static void characters_are_themselves(void **state)
{
	expect("aZ/ é日", "a Z / space é 日");
	expect("\x01\x1a\x1c\x1f", "ctrl-a ctrl-z ctrl-\\ ctrl-_");
	expect("\r\n\t\x7f\b", "enter enter tab backspace ctrl-h");
}

static void sequences_of_the_usual_terminals(void **state)
{
	expect("\033[A\033[B\033[C\033[D\033OA\033OD", "up down right left up left");
	expect("\033[1;5C\033[1;2A\033[1;3D\033[1;7B", "ctrl-right shift-up alt-left ctrl-alt-down");
	expect("\033[H\033[F\033OH\033[1~\033[4~\033[7~\033[8~", "home end home home end home end");
	expect("\033[2~\033[3~\033[5~\033[6~\033[3;5~", "insert delete page-up page-down ctrl-delete");
	expect("\033OP\033[11~\033[[A\033[15~\033[24~\033[1;5P", "f1 f1 f1 f5 f12 ctrl-f1");
	expect("\033[Z\033[a\033Oc\033[5^\033[5@",
	       "shift-tab shift-up ctrl-right ctrl-page-up ctrl-shift-page-up");
	expect("\033OM\033Ox\033Ok", "enter 8 +");
	expect("\033[27;5;105~\033[105;5u\033[27u\033[13;2u", "ctrl-i ctrl-i esc shift-enter");
}

static void escape_alone_and_with_a_key(void **state)
{
	expect("\033", "esc");
	expect("\033\033", "esc esc");
	expect("\033x", "alt-x");
	expect("\033\r", "alt-enter");
	expect("\033[", "alt-[");
	expect("\033O", "alt-O");
	expect("\033é", "alt-é");
}

static void escape_waits_until_flushed(void **state)
{
	struct seen seen = {.events = 0};
	struct pt_keys *keys = pt_keys_create(record, &seen);

	pt_keys_feed(keys, "\033", 1);
	assert_int_equal(seen.events, 0);
	assert_true(pt_keys_pending(keys));
	pt_keys_flush(keys);
	assert_string_equal(seen.names, "esc");
	assert_false(pt_keys_pending(keys));
	pt_keys_flush(keys);
	assert_int_equal(seen.events, 1);
	pt_keys_destroy(keys);
}

static void what_nobody_asked_for_is_dropped(void **state)
{
	expect("\033[?62;22cx", "x");         /* device attributes */
	expect("\033[<35;10;10Mx", "x");      /* motion */
	expect("\033[<0;10;10mx", "x");       /* release */
	expect("\xff\xfe\x80x", "x");         /* no UTF-8 */
	expect("\xe6\x97x", "x");             /* cut short */
	expect("\xc2\x9bx", "x");             /* C1 */
	expect("\xe2\x80\xaex", "x");         /* bidirectional override */
	expect("\033[99999999999999~x", "x"); /* number without a key */
	expect("\033[55555ux", "x");          /* half a character, U+D903 */
	expect("\033[57343u\033[1114112ux", "x");
	expect("\033[128512u", "\xf0\x9f\x98\x80");
}

static void sequences_without_end_are_dropped(void **state)
{
	char bytes[300] = "\033[";

	memset(bytes + 2, '1', 200);
	snprintf(bytes + 202, 8, "~x");
	expect(bytes, "x");
}

static void mouse_and_focus(void **state)
{
	expect("\033[<0;1;1M\033[<2;80;24M\033[<64;5;6M\033[<65;5;6M",
	       "MOUSE0@0,0 MOUSE2@79,23 MOUSE3@4,5 MOUSE4@4,5");
	expect("\033[I\033[O", "FOCUS1 FOCUS0");
	expect("\033[<0;0;5Mx", "x"); /* before the first column */
}

static void a_paste_is_one_event(void **state)
{
	struct seen seen = {.events = 0};
	struct pt_keys *keys = pt_keys_create(record, &seen);
	static const char bytes[] = "\033[200~one\r\ntwo\rq\033[2\033[201~j";

	for (size_t i = 0; i < sizeof(bytes) - 1; i++)
		pt_keys_feed(keys, bytes + i, 1);
	assert_string_equal(seen.names, "PASTE j");
	assert_string_equal(seen.paste, "one\ntwo\nq\033[2");
	pt_keys_destroy(keys);
}

static void a_paste_has_a_limit(void **state)
{
	struct seen seen = {.events = 0};
	struct pt_keys *keys = pt_keys_create(record, &seen);
	char *big = prism_alloc(PT_KEYS_PASTE_MAX + 1000);

	memset(big, 'x', PT_KEYS_PASTE_MAX + 1000);
	pt_keys_feed(keys, "\033[200~", 6);
	pt_keys_feed(keys, big, PT_KEYS_PASTE_MAX + 1000);
	pt_keys_feed(keys, "\033[201~", 6);
	assert_int_equal(seen.paste_len, PT_KEYS_PASTE_MAX);
	prism_free(big);
	pt_keys_destroy(keys);
}

static void names_are_read_back(void **state)
{
	static const char *const names[] = {
	    "a",         "G",  "é",   "ctrl-a",        "alt-x", "space",  "ctrl-space", "enter",
	    "shift-tab", "f1", "f12", "ctrl-alt-left", "-",     "ctrl--", "page-down",  "backspace"};

	for (size_t i = 0; i < PRISM_COUNT(names); i++) {
		struct prism_error err = PRISM_ERROR_INIT;
		struct pt_event event;
		char name[PT_KEY_NAME];

		assert_int_equal(pt_key_parse(names[i], strlen(names[i]), &event, &err), 0);
		assert_string_equal(pt_key_name(&event, name), names[i]);
	}
}

static void names_in_another_spelling(void **state)
{
	static const struct {
		const char *given, *name;
	} rows[] = {
	    {"alt-ctrl-x", "ctrl-alt-x"}, {"ctrl-X", "ctrl-x"}, {"shift-a", "A"}, {"escape", "esc"},
	    {"pgdn", "page-down"},        {"return", "enter"}};

	for (size_t i = 0; i < PRISM_COUNT(rows); i++) {
		struct prism_error err = PRISM_ERROR_INIT;
		struct pt_event event;
		char name[PT_KEY_NAME];

		assert_int_equal(pt_key_parse(rows[i].given, strlen(rows[i].given), &event, &err), 0);
		assert_string_equal(pt_key_name(&event, name), rows[i].name);
	}
}

static void names_that_are_none(void **state)
{
	static const char *const names[] = {"", "ctrl-", "f13", "hyper-x", "ab", "\033", "\xff", "upp"};

	for (size_t i = 0; i < PRISM_COUNT(names); i++) {
		struct prism_error err = PRISM_ERROR_INIT;
		struct pt_event event;

		assert_int_equal(pt_key_parse(names[i], strlen(names[i]), &event, &err), -1);
		assert_int_equal(err.category, PRISM_ERROR_INVALID);
	}
}

static void text_keys(void **state)
{
	assert_true(pt_key_text(&(struct pt_event){.key = 'a'}));
	assert_true(pt_key_text(&(struct pt_event){.key = ' '}));
	assert_false(pt_key_text(&(struct pt_event){.key = 'a', .mods = PT_MOD_CTRL}));
	assert_false(pt_key_text(&(struct pt_event){.key = PT_KEY_UP}));
	assert_false(pt_key_text(&(struct pt_event){.kind = PT_EVENT_PASTE, .key = 'a'}));
	assert_true(pt_key_is(&(struct pt_event){.key = 'a'}, 'a', 0));
	assert_false(pt_key_is(&(struct pt_event){.key = 'a'}, 'a', PT_MOD_ALT));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(characters_are_themselves),
	    cmocka_unit_test(sequences_of_the_usual_terminals),
	    cmocka_unit_test(escape_alone_and_with_a_key),
	    cmocka_unit_test(escape_waits_until_flushed),
	    cmocka_unit_test(what_nobody_asked_for_is_dropped),
	    cmocka_unit_test(sequences_without_end_are_dropped),
	    cmocka_unit_test(mouse_and_focus),
	    cmocka_unit_test(a_paste_is_one_event),
	    cmocka_unit_test(a_paste_has_a_limit),
	    cmocka_unit_test(names_are_read_back),
	    cmocka_unit_test(names_in_another_spelling),
	    cmocka_unit_test(names_that_are_none),
	    cmocka_unit_test(text_keys),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
