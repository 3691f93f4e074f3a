/*
 * Covers core/keep.c, base/keyring.c and their use by the session, against a sandbox: a second
 * start goes on signed in, signing out leaves nothing, and what is not safe or not ours is not
 * used.
 */
#include "core/keep.h"

#include "base/file.h"
#include "base/keyring.h"
#include "core/request.h"
#include "core/unlock.h"
#include "core/workspace.h"
#include "tests/lib/corerun.h"
#include "tests/lib/sandbox.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static struct corerun *start(const char *url, const char *place)
{
	PRISM_AUTO_FREE char *setting = prism_asprintf("keep_session=%s", place);

	return corerun_open_with(url, (const char *const[]){setting, NULL});
}

/* A request that needs an access token, which a second start has to get first. */
static enum prism_error_category list_workspaces(struct corerun *run)
{
	struct prism_error err = PRISM_ERROR_INIT;

	core_request_set_parking(run->core, false);
	if (core_workspace_resolve(run->core, "Hospital Pilot", NULL, corerun_id, run, &err) < 0)
		return err.category;
	return corerun_wait(run);
}

static void goes_on_after_a_restart(struct sandbox *sb, const char *place)
{
	struct corerun *run = start(sb->url, place);

	corerun_login(run, sb->users[0].email, sb->users[0].password);
	corerun_close(run);
	run = start(sb->url, place);
	assert_true(core_session_ready(run->core));
	assert_string_equal(core_session_login_name(run->core), sb->users[0].email);
	assert_int_equal(core_unlock_kind(run->core), CORE_UNLOCK_SERVER);
	assert_int_equal(list_workspaces(run), PRISM_ERROR_NONE);
	corerun_close(run);

	run = start("http://127.0.0.1:1", place); /* never to another server */
	assert_false(core_session_ready(run->core));
	corerun_close(run);

	run = start(sb->url, place);
	core_session_logout(run->core);
	corerun_close(run);
	run = start(sb->url, place);
	assert_false(core_session_ready(run->core));
	assert_int_equal(list_workspaces(run), PRISM_ERROR_AUTH);
	corerun_close(run);
}

static void in_a_file(void **state)
{
	struct sandbox *sb = sandbox_start(NULL);
	PRISM_AUTO_FREE char *path = prism_path_state("default.session");
	struct corerun *run;
	struct stat st;

	(void)state;
	goes_on_after_a_restart(sb, "file");
	assert_int_not_equal(access(path, F_OK), 0);

	run = start(sb->url, "file");
	corerun_login(run, sb->users[0].email, sb->users[0].password);
	corerun_close(run);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);

	assert_int_equal(chmod(path, 0644), 0); /* readable by others: not used, and said */
	run = start(sb->url, "file");
	assert_false(core_session_ready(run->core));
	assert_non_null(core_session_error(run->core));
	assert_int_equal(core_session_error(run->core)->category, PRISM_ERROR_TRUST);
	corerun_close(run);

	assert_int_equal(prism_file_write(path, "nonsense", 8, 0600, NULL), 0);
	assert_int_equal(chmod(path, 0600), 0);
	run = start(sb->url, "file");
	assert_false(core_session_ready(run->core));
	corerun_close(run);
	unlink(path);
	sandbox_stop(sb);
}

static void in_a_keyring(const char *place, enum prism_keyring ring)
{
	struct prism_secret *probe = prism_secret_from_text("probe");
	struct prism_error err = PRISM_ERROR_INIT;
	struct sandbox *sb;

	if (prism_keyring_put(ring, "prism-tui-test:probe", probe, 30, &err) < 0) {
		prism_secret_destroy(probe);
		print_message("SKIP %s keyring: %s\n", place, err.message);
		skip();
	}
	prism_keyring_forget(ring, "prism-tui-test:probe");
	assert_null(prism_keyring_get(ring, "prism-tui-test:probe", &err));
	prism_secret_destroy(probe);
	sb = sandbox_start(NULL);
	goes_on_after_a_restart(sb, place);
	sandbox_stop(sb);
}

static void in_the_session_keyring(void **state)
{
	(void)state;
	in_a_keyring("session", PRISM_KEYRING_SESSION);
}

static void in_the_user_keyring(void **state)
{
	(void)state;
	in_a_keyring("user", PRISM_KEYRING_USER);
}

static void nothing_is_kept_unasked(void **state)
{
	struct sandbox *sb = sandbox_start(NULL);
	struct corerun *run = corerun_open(sb->url, NULL);
	PRISM_AUTO_FREE char *path = prism_path_state("default.session");

	(void)state;
	corerun_login(run, sb->users[0].email, sb->users[0].password);
	corerun_close(run);
	assert_int_not_equal(access(path, F_OK), 0);
	run = corerun_open(sb->url, NULL);
	assert_false(core_session_ready(run->core));
	corerun_close(run);
	sandbox_stop(sb);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(in_a_file),
	    cmocka_unit_test(in_the_session_keyring),
	    cmocka_unit_test(in_the_user_keyring),
	    cmocka_unit_test(nothing_is_kept_unasked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
