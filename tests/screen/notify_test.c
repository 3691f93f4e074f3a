/*
 * The program of a person is started when a followed computation changes: with the arguments the
 * manual names, and without what is ours.
 */
#include "base/file.h"
#include "base/mem.h"
#include "tests/lib/grid.h"
#include "tests/lib/player.h"
#include "tests/lib/tmpdir.h"

#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static const char script[] =
    "#!/bin/sh\n"
    "out=$1; shift\n"
    "{ for a in \"$@\"; do echo \"[$a]\"; done; echo \"token=$PRISM_TUI_TOKEN\"; } "
    ">\"$out.part\"\n"
    "mv \"$out.part\" \"$out\"\n";

static void stop_followed(struct player *player)
{
	player_keys(player, "ada<tab>ada-sample-1<enter><down><enter>");
	player_keys(player, "/Network<enter>wX<tab><enter>");
}

static void a_program_is_started(void **state)
{
	char *dir = tmpdir_create();
	PRISM_AUTO_FREE char *hook = prism_asprintf("%s/hook", dir);
	PRISM_AUTO_FREE char *out = prism_asprintf("%s/with blanks; $(out)", dir);
	PRISM_AUTO_FREE char *setting = prism_asprintf("notify_command=%s \"%s\"", hook, out);
	struct player_spec spec = {.rows = 24, .cols = 80, .setting = setting};
	PRISM_AUTO_BUF struct prism_buf said = PRISM_BUF_INIT(65536);
	struct prism_error err = PRISM_ERROR_INIT;
	struct player *player;

	assert_int_equal(prism_file_write(hook, script, strlen(script), 0700, &err), 0);
	setenv("PRISM_TUI_TOKEN", "not for programs", 1);
	player = player_create(&spec);
	stop_followed(player);
	for (int i = 0; i < 2000 && access(out, R_OK) != 0; i++)
		poll(NULL, 0, 10);
	player_settle(player);
	player_destroy(player);
	if (prism_file_read(out, 65536, &said, &err) < 0)
		fail_msg("%s", err.message);
	assert_non_null(strstr(prism_buf_text(&said), "[state]\n["));
	assert_non_null(strstr(prism_buf_text(&said), "]\n[Network anomaly scoring]\n[running]\n"
	                                              "[cancelled]\n[]\n[Open Science Lab]\ntoken=\n"));
	tmpdir_remove(dir);
}

static void one_that_fails_is_told(void **state)
{
	struct player_spec spec = {
	    .rows = 24, .cols = 80, .setting = "notify_command=/nonexistent/program"};
	struct player *player = player_create(&spec);

	stop_followed(player);
	assert_true(grid_find(player_screen(player), "notify_command") >= 0);
	player_destroy(player);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_program_is_started),
	    cmocka_unit_test(one_that_fails_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
