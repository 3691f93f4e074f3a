/*
 * What was known last: written without secrets, there at once without a server, ignored when it is
 * damaged, another's, or about something else.
 */
#include "base/file.h"
#include "base/mem.h"
#include "core/cache.h"
#include "core/computation.h"
#include "core/logs.h"
#include "core/run.h"
#include "core/workspace.h"
#include "tests/lib/corerun.h"
#include "tests/lib/sandbox.h"
#include "tests/lib/tmpdir.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define KEY_TEXT "-----BEGIN EC PRIVATE KEY-----\nnever to be kept\n-----END EC PRIVATE KEY-----\n"

static char *home;
static struct sandbox *sandbox;

static void must(struct corerun *run, int started)
{
	char line[1024];

	assert_int_equal(started, 0);
	if (corerun_wait(run) != PRISM_ERROR_NONE)
		fail_msg("%s", prism_error_format(&run->err, line, sizeof(line)));
}

static struct corerun *open_client(const char *setting)
{
	const char *const settings[] = {setting, NULL};
	struct corerun *run = corerun_open_with(sandbox->url, settings);

	core_cache_start(run->core);
	return run;
}

static struct corerun *sign_in(int user)
{
	struct corerun *run = open_client(NULL);

	corerun_login(run, sandbox->users[user].email, sandbox->users[user].password);
	must(run, core_workspace_enter(run->core, "Open Science Lab", NULL, corerun_done, run, NULL));
	return run;
}

static char *first_of_state(struct corerun *run, const char *status)
{
	const struct core_list *list = core_computations(run->core);

	for (size_t i = 0; i < core_list_count(list); i++)
		if (strcmp(core_computation_at(list, i)->status, status) == 0)
			return prism_strdup(core_computation_at(list, i)->id);
	fail_msg("no computation is %s", status);
	return NULL;
}

/* Looks at a list, a detail with a private key, a timeline and a log. Returns ids; yours. */
static void look_around(char **ret_with_key, char **ret_done, char **ret_workspace)
{
	struct corerun *run = sign_in(0);
	struct core_computation_draft draft = {
	    .name = "Keyed", .description = "has a key", .set_mode = true, .mode = CORE_TLS_TLS};
	struct core_logs *logs;
	int64_t end = prism_clock_mono_ms(prism_clock_system()) + 20000;

	draft.file[CORE_TLS_FILE_KEY] = KEY_TEXT;
	draft.file[CORE_TLS_FILE_CERT] =
	    "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
	must(run, core_computation_create(run->core, &draft, NULL, corerun_id, run, NULL));
	*ret_with_key = prism_strdup(run->id);
	must(run, core_list_await(core_computations(run->core), true, NULL, corerun_done, run, NULL));
	*ret_done = first_of_state(run, "completed");
	core_computation_load(run->core, *ret_with_key, true);
	must(run, core_timeline_await(run->core, *ret_done, true, NULL, corerun_done, run, NULL));
	logs = core_logs_open(run->core, *ret_done);
	core_logs_refresh(logs);
	while (core_logs_status(logs)->freshness != CORE_READY &&
	       prism_clock_mono_ms(prism_clock_system()) < end)
		prism_loop_turn(run->loop, 50);
	assert_true(core_logstore_count(core_logs_store(logs)) > 10);
	core_logs_close(logs);
	corerun_settle(run);
	*ret_workspace = prism_strdup(core_workspace_id(run->core));
	corerun_close(run); /* what is still to be written is written now */
}

static char *cache_dir(void)
{
	return prism_asprintf("%s/prism-tui/default", home);
}

typedef void (*each_fn)(const char *path, void *data);

static size_t each_file(each_fn fn, void *data)
{
	PRISM_AUTO_FREE char *dir = cache_dir();
	DIR *open = opendir(dir);
	const struct dirent *entry;
	size_t count = 0;

	while (open && (entry = readdir(open))) {
		PRISM_AUTO_FREE char *path = prism_path_join(dir, entry->d_name);

		if (!strstr(entry->d_name, ".cache"))
			continue;
		count++;
		if (fn)
			fn(path, data);
	}
	if (open)
		closedir(open);
	return count;
}

static void check_file(const char *path, void *data)
{
	PRISM_AUTO_BUF struct prism_buf text = PRISM_BUF_INIT(CORE_CACHE_FILE);
	struct stat info;

	assert_int_equal(stat(path, &info), 0);
	assert_int_equal(info.st_mode & 07777, 0600);
	assert_int_equal(prism_file_read(path, CORE_CACHE_FILE, &text, NULL), 0);
	assert_null(strstr(prism_buf_text(&text), "PRIVATE KEY"));
	assert_null(strstr(prism_buf_text(&text), "agent_config"));
	assert_null(strstr(prism_buf_text(&text), "attestation"));
	assert_null(strstr(prism_buf_text(&text), "token"));
}

/* What a start without a server shows of them. */
static bool shown_offline(const char *workspace, const char *with_key, const char *done)
{
	struct corerun *run = open_client(NULL);
	const struct core_computation *c;
	struct core_logs *logs;
	bool list;

	core_list_load(core_workspaces(run->core));
	core_workspace_select(run->core, workspace, NULL);
	core_list_load(core_computations(run->core));
	list = core_list_count(core_computations(run->core)) > 5;
	if (list) {
		assert_int_equal(core_list_status(core_computations(run->core))->freshness, CORE_STALE);
		core_computation_load(run->core, with_key, false);
		c = core_computation_get(run->core, with_key);
		assert_non_null(c);
		assert_string_equal(c->name, "Keyed");
		/* nothing of it ever goes back to a server */
		assert_null(core_computation_snapshot(run->core, with_key));
		core_timeline_load(run->core, done, false);
		assert_non_null(core_card_find(run->core, done, NULL));
		assert_int_equal(core_timeline(run->core, done).cards[0].state, CORE_COMP_COMPLETED);
		logs = core_logs_open(run->core, done);
		assert_true(core_logstore_count(core_logs_store(logs)) > 10);
		assert_int_equal(core_logs_status(logs)->freshness, CORE_STALE);
		core_logs_close(logs);
		corerun_settle(run);
		/* the failure leaves what was there */
		assert_int_equal(core_list_status(core_computations(run->core))->freshness, CORE_STALE);
		assert_int_not_equal(core_list_status(core_computations(run->core))->error.category,
		                     PRISM_ERROR_NONE);
	}
	corerun_close(run);
	return list;
}

static void damage(const char *path, void *data)
{
	const char *with = data;
	struct prism_error err = PRISM_ERROR_INIT;

	if (strcmp(with, "mode") == 0)
		assert_int_equal(chmod(path, 0644), 0);
	else if (strcmp(with, "link") == 0)
		assert_true(unlink(path) == 0 && symlink("/etc/hostname", path) == 0);
	else if (strcmp(with, "cut") == 0)
		assert_int_equal(truncate(path, 70), 0);
	else if (prism_file_write(path, with, strlen(with), 0600, &err) < 0)
		fail_msg("%s", err.message);
}

static void known_last_and_nothing_secret(void **state)
{
	PRISM_AUTO_FREE char *with_key = NULL, *done = NULL, *workspace = NULL;
	PRISM_AUTO_FREE char *dir = cache_dir();
	struct stat info;

	look_around(&with_key, &done, &workspace);
	assert_int_equal(stat(dir, &info), 0);
	assert_int_equal(info.st_mode & 07777, 0700);
	assert_true(each_file(check_file, NULL) >= 5);
	sandbox_kill(sandbox);
	assert_true(shown_offline(workspace, with_key, done));
	each_file(damage, (void *)(uintptr_t) "mode");
	assert_false(shown_offline(workspace, with_key, done));
}

static void damaged_files_count_as_none(void **state)
{
	static const char *const kinds[] = {"link",
	                                    "cut",
	                                    "",
	                                    "prism-tui cache 1 1 nothing like it\n{}",
	                                    "prism-tui cache 9 1 x\n{\"computations\":[]}",
	                                    "\n\n\n",
	                                    "{\"computations\":[{}]}"};

	for (size_t i = 0; i < PRISM_COUNT(kinds); i++) {
		PRISM_AUTO_FREE char *with_key = NULL, *done = NULL, *workspace = NULL;
		size_t count;
		struct corerun *run;

		look_around(&with_key, &done, &workspace);
		assert_true(each_file(damage, (void *)(uintptr_t)kinds[i]) >= 5);
		assert_false(shown_offline(workspace, with_key, done));
		run = open_client(NULL);
		assert_int_equal(core_cache_clear(run->core, &count, NULL), 0);
		assert_int_equal(each_file(NULL, NULL), 0);
		corerun_close(run);
	}
}

static void it_belongs_to_one_person(void **state)
{
	PRISM_AUTO_FREE char *with_key = NULL, *done = NULL, *workspace = NULL;
	struct corerun *run;

	look_around(&with_key, &done, &workspace);
	run = open_client(NULL);
	core_workspace_select(run->core, workspace, NULL);
	core_list_load(core_computations(run->core));
	assert_true(core_list_count(core_computations(run->core)) > 5);
	corerun_login(run, sandbox->users[1].email, sandbox->users[1].password);
	assert_int_equal(core_list_count(core_computations(run->core)), 0);
	assert_string_equal(core_workspace_id(run->core), "");
	corerun_close(run);
	assert_true(each_file(NULL, NULL) < 3); /* of the new one alone */
}

static void signing_out_leaves_nothing(void **state)
{
	PRISM_AUTO_FREE char *with_key = NULL, *done = NULL, *workspace = NULL;
	struct corerun *run;

	look_around(&with_key, &done, &workspace);
	assert_true(each_file(NULL, NULL) >= 5);
	run = open_client(NULL);
	corerun_login(run, sandbox->users[0].email, sandbox->users[0].password);
	core_session_logout(run->core);
	corerun_settle(run);
	assert_int_equal(each_file(NULL, NULL), 0);
	corerun_close(run);
}

static void off_means_off(void **state)
{
	struct corerun *run = open_client("cache=no");

	corerun_login(run, sandbox->users[0].email, sandbox->users[0].password);
	must(run, core_workspace_enter(run->core, "Open Science Lab", NULL, corerun_done, run, NULL));
	must(run, core_list_await(core_computations(run->core), true, NULL, corerun_done, run, NULL));
	assert_false(core_cache_active(run->core));
	corerun_close(run);
	assert_int_equal(each_file(NULL, NULL), 0);
	run = corerun_open(sandbox->url, NULL); /* as -c: never started */
	corerun_login(run, sandbox->users[0].email, sandbox->users[0].password);
	corerun_close(run);
	assert_int_equal(each_file(NULL, NULL), 0);
}

static void the_oldest_go_first(void **state)
{
	struct corerun *run = open_client("cache_size=1");
	PRISM_AUTO_FREE char *large = prism_alloc(600001);
	int64_t bytes, us;

	memset(large, 'x', 600000);
	memcpy(large, "{\"a\":\"", 6);
	memcpy(large + 599998, "\"}", 2);
	for (int i = 0; i < 40; i++) {
		PRISM_AUTO_FREE char *name = prism_asprintf("thing %d", i);

		core_cache_store(run->core, name, large, 600000);
		while (prism_work_pending(run->work))
			prism_loop_turn(run->loop, 50);
	}
	assert_true(core_cache_size(run->core, &bytes) < 40); /* looked at every 32 writes */
	cJSON *doc = core_cache_fetch(run->core, "thing 39", &us);
	assert_non_null(doc);
	cJSON_Delete(doc);
	assert_null(core_cache_fetch(run->core, "thing 0", &us));
	corerun_close(run);
}

static void a_directory_of_others_is_not_used(void **state)
{
	PRISM_AUTO_FREE char *dir = cache_dir();
	struct corerun *run;

	assert_int_equal(prism_file_mkdirs(dir, 0700, NULL), 0);
	assert_int_equal(rmdir(dir), 0);
	assert_int_equal(symlink("/tmp", dir), 0);
	run = open_client(NULL);
	assert_false(core_cache_active(run->core));
	corerun_close(run);
}

static void names_that_hold_secrets(void **state)
{
	static const char text[] =
	    "{\"id\":\"1\",\"Agent_Config\":{\"x\":1},\"deep\":[{\"access_token\":\"a\",\"ok\":2,"
	    "\"Key\":\"k\",\"myPassword\":\"p\",\"keyboard\":\"kept\"}],\"UserKey\":\"u\"}";
	cJSON *doc = prism_json_parse(text, strlen(text), NULL);
	PRISM_AUTO_FREE char *left = NULL;

	core_cache_scrub(doc);
	left = prism_json_print(doc, false);
	assert_string_equal(left, "{\"id\":\"1\",\"deep\":[{\"ok\":2,\"keyboard\":\"kept\"}]}");
	prism_json_free(doc);
}

static void what_a_file_must_begin_with(void **state)
{
	static const char good[] = "prism-tui cache 1 1700000000000000 a b\n[1]";
	int64_t us = 0;
	cJSON *doc = core_cache_parse(good, strlen(good), "a b", &us);

	assert_true(cJSON_IsArray(doc));
	assert_int_equal(us, INT64_C(1700000000000000));
	prism_json_free(doc);
	assert_null(core_cache_parse(good, strlen(good), "a c", &us));
	assert_null(core_cache_parse(good, 20, "a b", &us));
	assert_null(core_cache_parse("prism-tui cache 1 x a b\n[1]", 27, "a b", &us));
	assert_null(core_cache_parse("", 0, "a b", &us));
}

static int setup(void **state)
{
	home = tmpdir_create();
	setenv("XDG_CACHE_HOME", home, 1);
	sandbox = sandbox_start(NULL);
	return 0;
}

static int teardown(void **state)
{
	sandbox_stop(sandbox);
	tmpdir_remove(home);
	return 0;
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
	    TEST(known_last_and_nothing_secret),
	    TEST(damaged_files_count_as_none),
	    TEST(it_belongs_to_one_person),
	    TEST(signing_out_leaves_nothing),
	    TEST(off_means_off),
	    TEST(the_oldest_go_first),
	    TEST(a_directory_of_others_is_not_used),
	    cmocka_unit_test(names_that_hold_secrets),
	    cmocka_unit_test(what_a_file_must_begin_with),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
