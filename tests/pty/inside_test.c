/*
 * The client where people really run it: inside tmux, GNU screen, script and mosh, and on a serial
 * console.  Each is a row of a table; what is missing on this machine is skipped and says so.
 *
 * The judge of every frame is a second client, started at once on a bare pty of the size that is
 * left inside: both screens must become equal, row by row.  A stale piece of an older frame, a
 * border that came out as letters or a resize that did not get through is a difference.
 *
 * The client runs under a small shell script that compares the line's settings before and after
 * and stays, so that what the client leaves behind is seen before its surroundings tidy up.
 */
#include "tests/lib/client.h"
#include "tests/lib/tmpdir.h"

#include "base/file.h"
#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define SOON 20000

/* The commands are for sh, in a private directory, with $RUN a command line that runs the client.
 */
struct wrap {
	const char *needs; /* programs that must be in PATH */
	const char *start;
	const char *left;        /* succeeds when the client left its inner terminal as it was */
	const char *end;         /* whatever is still there */
	const char *term, *lang; /* as in struct pty_spec */
	int rows_taken;          /* by a status line at the bottom */
	bool transparent;        /* the client's bytes reach the outer terminal as they are */
};

static const struct wrap tmux = {
    .needs = "tmux",
    .start = "exec tmux -f /dev/null new-session \"$RUN\"",
    .left = "test \"$(tmux display-message -p "
            "'#{alternate_on}#{mouse_any_flag}#{keypad_cursor_flag}#{cursor_flag}')\" = 0001",
    .end = "tmux kill-server",
    .rows_taken = 1,
};

static const struct wrap gnu_screen = {
    .needs = "screen",
    .start = "exec screen -c /dev/null -S inside $RUN",
    .left = ":",
    .end = "screen -S inside -X quit",
};

/* util-linux and the BSDs disagree about the place of the command. */
static const struct wrap script = {
    .needs = "script",
    .start = "script --version >/dev/null 2>&1 && exec script -q -e -c \"$RUN\" typescript; "
             "exec script -q typescript $RUN",
    .left = "test -s typescript",
    .end = ":",
    .transparent = true,
};

static const struct wrap mosh = {
    .needs = "mosh-server mosh-client",
    .start = "set -- $(mosh-server new -i 127.0.0.1 -- $RUN 2>server); shift $(($# - 4)); "
             "export MOSH_KEY=$4; exec mosh-client 127.0.0.1 $3",
    .left = ":",
    .end = "kill $(sed -n 's/.*detached, pid = \\([0-9]*\\).*/\\1/p' server)",
};

/* A line to a terminal that knows neither colours nor UTF-8. */
static const struct wrap serial = {
    .needs = "stty",
    .start = "exec $RUN",
    .left = ":",
    .end = ":",
    .term = "vt100",
    .lang = "C",
    .transparent = true,
};

static const char script_text[] = "before=$(stty -g)\n"
                                  "'%s'\n"
                                  "status=$?\n"
                                  "[ \"$(stty -g)\" = \"$before\" ] && echo settings-kept\n"
                                  "echo left-with-$status\n"
                                  "read answer\n";

struct world {
	const struct wrap *wrap;
	struct sandbox *sandbox; /* NULL: nobody listens */
	struct pty *p;           /* the terminal outside */
	char *dir;
	int clients; /* started so far; each has a home of its own */
};

/* --- the commands of a wrap --- */

static int run(const struct world *w, const char *command)
{
	PRISM_AUTO_FREE char *line = prism_asprintf(
	    "cd '%s' && export TMUX_TMPDIR=$PWD SCREENDIR=$PWD/screen && { %s; } >/dev/null 2>&1",
	    w->dir, command);

	pid_t pid;
	int status = -1;

	fflush(NULL);
	pid = fork();
	if (pid == 0) {
		execl("/bin/sh", "sh", "-c", line, (char *)NULL); /* all of it is written in this file */
		_exit(127);
	}
	return pid > 0 && waitpid(pid, &status, 0) == pid ? status : -1;
}

static bool installed(const struct world *w)
{
	PRISM_AUTO_FREE char *line =
	    prism_asprintf("for one in %s; do command -v $one || exit 1; done", w->wrap->needs);

	return run(w, line) == 0;
}

static void write_script(const struct world *w)
{
	PRISM_AUTO_FREE char *client = realpath(build_path("prism-tui"), NULL);
	PRISM_AUTO_FREE char *text = prism_asprintf(script_text, client);
	PRISM_AUTO_FREE char *path = prism_asprintf("%s/run.sh", w->dir);

	assert_non_null(client);
	assert_int_equal(prism_file_write(path, text, strlen(text), 0600, NULL), 0);
}

/* A fresh home, so that no draft of one client is seen by another. */
static void put_home(struct world *w, char home[600])
{
	PRISM_AUTO_FREE char *line = prism_asprintf("mkdir home-%d", ++w->clients);

	assert_int_equal(run(w, line), 0);
	snprintf(home, 600, "HOME=%s/home-%d", w->dir, w->clients);
}

static int setup(void **state)
{
	static struct world w;

	w = (struct world){.dir = tmpdir_create()};
	*state = &w;
	return run(&w, "mkdir -m 700 screen");
}

static int teardown(void **state)
{
	struct world *w = *state;

	pty_destroy(w->p);
	if (w->wrap)
		run(w, w->wrap->end);
	sandbox_stop(w->sandbox);
	tmpdir_remove(w->dir);
	return 0;
}

/* --- the client inside, and the one it is compared with --- */

static void start(struct world *w, const struct wrap *wrap, bool with_sandbox)
{
	PRISM_AUTO_FREE char *line = NULL;
	char home[600], url[256];

	w->wrap = wrap;
	if (!installed(w)) {
		print_message("SKIP inside: not all of %s is installed\n", wrap->needs);
		skip();
	}
	write_script(w);
	if (with_sandbox)
		w->sandbox = sandbox_start(NULL);
	put_home(w, home);
	snprintf(url, sizeof(url), "PRISM_TUI_URL=%s",
	         with_sandbox ? w->sandbox->url : "http://127.0.0.1:9");
	line = prism_asprintf(
	    "export TMUX_TMPDIR=$PWD SCREENDIR=$PWD/screen RUN=\"sh $PWD/run.sh\"; %s", wrap->start);
	w->p = pty_start(&(struct pty_spec){
	    .argv = (const char *const[]){"/bin/sh", "-c", line, NULL},
	    .rows = 24,
	    .cols = 80,
	    .term = wrap->term,
	    .lang = wrap->lang,
	    .dir = w->dir,
	    .env =
	        (const char *const[]){home, url, with_sandbox ? "PRISM_TUI_USER=ada" : "PRISM_TUI_USER",
	                              "PRISM_TUI_WORKSPACE=Open Science Lab", "XDG_STATE_HOME",
	                              "XDG_CONFIG_HOME", "XDG_CACHE_HOME", NULL},
	});
}

static struct pty *start_bare(struct world *w, int rows, int cols)
{
	char home[600];

	put_home(w, home);
	return client_start(&(struct client_spec){
	    .sandbox = w->sandbox,
	    .rows = rows - w->wrap->rows_taken,
	    .cols = cols,
	    .term = w->wrap->term,
	    .lang = w->wrap->lang,
	    .env = (const char *const[]){home, w->sandbox ? "PRISM_TUI_USER=ada" : "PRISM_TUI_USER",
	                                 "PRISM_TUI_WORKSPACE=Open Science Lab", "XDG_STATE_HOME",
	                                 "XDG_CONFIG_HOME", "XDG_CACHE_HOME", NULL},
	});
}

/* Every row of the bare one is on the same row of the other; 0, or the number of one that is not.
 */
static int differing_row(struct pty *p, struct pty *bare, int rows)
{
	for (int row = 0; row < rows; row++) {
		PRISM_AUTO_FREE char *one = pty_row(p, row);
		PRISM_AUTO_FREE char *other = pty_row(bare, row);

		if (strcmp(one, other) != 0)
			return row + 1;
	}
	return 0;
}

static void must_equal(struct world *w, struct pty *bare, int rows)
{
	int64_t deadline = pty_now_ns() + (int64_t)SOON * 1000000;
	int row;

	while ((row = differing_row(w->p, bare, rows - w->wrap->rows_taken)) != 0) {
		PRISM_AUTO_FREE char *is = pty_row(w->p, row - 1);
		PRISM_AUTO_FREE char *should = pty_row(bare, row - 1);

		if (pty_now_ns() >= deadline) {
			print_error("row %d of %d is\n%s\nand should be\n%s\n", row, rows, is, should);
			pty_check(w->p, false, "comparing with", "a client of that size", __FILE__, __LINE__);
		}
		pty_wait_byte(w->p, 20);
		pty_wait_byte(bare, 20);
	}
}

typedef void open_dialog_fn(const struct world *w, struct pty *p);

static void sign_in_dialog(const struct world *w, struct pty *p)
{
	pty_wait_text(p, "Sign in to Prism", SOON);
	pty_keys(p, "grace@example.org<Tab>");
	pty_wait_text(p, "grace@example.org", SOON);
}

static void creation_dialog(const struct world *w, struct pty *p)
{
	pty_wait_text(p, "Sign in to Prism", SOON);
	pty_keys(p, w->sandbox->users[0].password);
	pty_keys(p, "<Enter>");
	pty_wait_text(p, "Empty draft", SOON);
	pty_keys(p, "c");
	pty_wait_text(p, "Description *", SOON);
	pty_keys(p, "typed inside");
	pty_wait_text(p, "typed inside", SOON);
}

static void resized_with(struct world *w, open_dialog_fn *open)
{
	static const int sizes[][2] = {{24, 80}, {15, 60}, {30, 100}, {24, 80}};

	open(w, w->p);
	for (size_t i = 0; i < PRISM_COUNT(sizes); i++) {
		struct pty *bare = start_bare(w, sizes[i][0], sizes[i][1]);

		pty_resize(w->p, sizes[i][0], sizes[i][1]);
		open(w, bare);
		must_equal(w, bare, sizes[i][0]);
		pty_destroy(bare);
	}
}

/* Leaves by keys; then the surroundings. */
static void leave_by(struct world *w, const char *keys)
{
	PRISM_AUTO_FREE char *left = NULL;
	struct pty_state s;
	int status;

	pty_keys(w->p, keys);
	pty_wait_text(w->p, "left-with-0", SOON);
	pty_check(w->p, pty_has(w->p, "settings-kept"), "looking for", "settings-kept", __FILE__,
	          __LINE__);
	pty_wait_gone(w->p, "clear text, this machine", SOON); /* no frame stays */
	assert_int_equal(run(w, w->wrap->left), 0);
	pty_state(w->p, &s);
	if (w->wrap->transparent)
		assert_false(s.alt_screen || s.mouse || s.bracketed_paste || s.cursor_hidden ||
		             s.scroll_region);
	pty_keys(w->p, "<Enter>");
	pty_wait_exit(w->p, SOON, &status);
	assert_int_equal(status, 0);
	left = pty_left_over(w->p);
	assert_string_equal(left, "");
}

static void signing_in(void **state, const struct wrap *wrap)
{
	struct world *w = *state;

	start(w, wrap, false);
	resized_with(w, sign_in_dialog);
	leave_by(w, "<C-c>");
}

static void signed_in(void **state, const struct wrap *wrap)
{
	struct world *w = *state;

	start(w, wrap, true);
	resized_with(w, creation_dialog);
	pty_keys(w->p, "<Esc>");
	pty_wait_gone(w->p, "typed inside", SOON);
	leave_by(w, "q");
}

static void test_signing_in_inside_tmux(void **state)
{
	signing_in(state, &tmux);
}

static void test_signed_in_inside_tmux(void **state)
{
	signed_in(state, &tmux);
}

static void test_signing_in_inside_screen(void **state)
{
	signing_in(state, &gnu_screen);
}

static void test_signed_in_inside_screen(void **state)
{
	signed_in(state, &gnu_screen);
}

static void test_signing_in_inside_script(void **state)
{
	signing_in(state, &script);
}

static void test_signed_in_inside_script(void **state)
{
	signed_in(state, &script);
}

static void test_signing_in_inside_mosh(void **state)
{
	signing_in(state, &mosh);
}

static void test_signed_in_inside_mosh(void **state)
{
	signed_in(state, &mosh);
}

/* NUL is the padding that terminfo asks for. */
static void only_plain_bytes(const struct world *w)
{
	size_t len;
	const char *raw = pty_raw(w->p, &len);

	assert_true(len > 1000);
	for (size_t i = 0; i < len; i++)
		assert_true(raw[i] == 0 || (raw[i] >= 0x07 && raw[i] <= 0x7e));
	assert_false(pty_raw_colour(w->p));
	assert_false(pty_any_colour(w->p));
}

static void test_signing_in_on_a_serial_console(void **state)
{
	signing_in(state, &serial);
	only_plain_bytes(*state);
}

static void test_signed_in_on_a_serial_console(void **state)
{
	signed_in(state, &serial);
	only_plain_bytes(*state);
}

/* A getty's line knows no size: 24 by 80, as every terminal of that kind has. */
static void test_serial_console_without_a_size(void **state)
{
	static struct wrap sizeless;
	struct world *w = *state;
	struct pty *bare;

	sizeless = serial;
	sizeless.start = "stty rows 0 cols 0; exec $RUN";
	start(w, &sizeless, false);
	sign_in_dialog(w, w->p);
	bare = start_bare(w, 24, 80);
	sign_in_dialog(w, bare);
	must_equal(w, bare, 24);
	pty_destroy(bare);
	leave_by(w, "<C-c>");
	only_plain_bytes(w);
}

#define INSIDE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    INSIDE(test_signing_in_inside_tmux),         INSIDE(test_signed_in_inside_tmux),
	    INSIDE(test_signing_in_inside_screen),       INSIDE(test_signed_in_inside_screen),
	    INSIDE(test_signing_in_inside_script),       INSIDE(test_signed_in_inside_script),
	    INSIDE(test_signing_in_inside_mosh),         INSIDE(test_signed_in_inside_mosh),
	    INSIDE(test_signing_in_on_a_serial_console), INSIDE(test_signed_in_on_a_serial_console),
	    INSIDE(test_serial_console_without_a_size),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
