/*
 * core/options.c and core/remember.c: layers, profiles, faults by line, ranges, secrets, state.
 */
#include "core/options.h"

#include "base/file.h"
#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char dir[64];

static int make_dir(void **state)
{
	snprintf(dir, sizeof(dir), "/tmp/core-options-XXXXXX");
	return mkdtemp(dir) ? 0 : -1;
}

static int drop_dir(void **state)
{
	char path[128];
	static const char *const names[] = {"config", "prism-tui/default.state", "prism-tui"};
	for (size_t i = 0; i < PRISM_COUNT(names); i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, names[i]);
		remove(path);
	}
	return rmdir(dir);
}

static struct core_options *load(const char *text)
{
	char path[128];
	snprintf(path, sizeof(path), "%s/config", dir);
	assert_int_equal(prism_file_write(path, text, strlen(text), 0600, NULL), 0);
	struct core_options *options = core_options_create();
	assert_int_equal(core_options_load(options, path, NULL), 0);
	return options;
}

static void test_table(void **state)
{
	struct core_options *options = core_options_create();
	for (int i = 0; i < CORE_OPTION_COUNT; i++) {
		assert_int_equal(core_option_find(core_option_table[i].name), i);
		assert_int_not_equal(core_option_table[i].text[0], 0);
		assert_int_equal(core_option_source(options, (enum core_option_id)i), CORE_FROM_BUILTIN);
	}
	assert_int_equal(core_option_find("no such"), -1);
	assert_int_equal(core_option_int(options, CORE_OPT_INTERVAL_STATUS), 3000);
	assert_true(core_option_bool(options, CORE_OPT_FOLLOW));
	core_options_destroy(options);
}

static void test_layers(void **state)
{
	struct core_options *o = load("theme = light\n"
	                              "[defaults]\n"
	                              "interval_idle = 1m ; a comment\n"
	                              "[profile lab]\n"
	                              "url = https://lab.example.org\n"
	                              "interval_idle = 2s\n"
	                              "low_bandwidth = on\n"
	                              "[profile home]\n"
	                              "user = ada\n");
	assert_int_equal(core_options_problem_count(o), 0);
	assert_int_equal(core_options_profile_count(o), 3);
	assert_string_equal(core_option_text(o, CORE_OPT_THEME), "light");
	assert_int_equal(core_option_int(o, CORE_OPT_INTERVAL_IDLE), 60000);
	assert_int_equal(core_options_use(o, "lab", NULL), 0);
	assert_string_equal(core_options_profile(o), "lab");
	assert_string_equal(core_option_text(o, CORE_OPT_URL), "https://lab.example.org");
	assert_int_equal(core_option_int(o, CORE_OPT_INTERVAL_IDLE), 2000);
	assert_true(core_option_bool(o, CORE_OPT_LOW_BANDWIDTH));
	/* nothing of the former profile stays */
	assert_int_equal(core_options_use(o, "home", NULL), 0);
	assert_int_equal(core_option_int(o, CORE_OPT_INTERVAL_IDLE), 60000);
	assert_false(core_option_bool(o, CORE_OPT_LOW_BANDWIDTH));
	assert_string_equal(core_option_text(o, CORE_OPT_USER), "ada");
	/* the command line wins over all */
	assert_int_equal(core_options_assign(o, "user=ben", NULL), 0);
	assert_string_equal(core_option_text(o, CORE_OPT_USER), "ben");
	assert_int_equal(core_option_source(o, CORE_OPT_USER), CORE_FROM_COMMAND);
	struct prism_error err = PRISM_ERROR_INIT;
	assert_int_equal(core_options_use(o, "moon", &err), -1);
	assert_int_equal(err.category, PRISM_ERROR_MISSING);
	assert_non_null(strstr(err.hint, "lab"));
	core_options_destroy(o);
}

static void test_environment(void **state)
{
	setenv("PRISM_TUI_THEME", "contrast", 1);
	setenv("PRISM_TUI_INTERVAL_LOGS", "soon", 1);
	struct core_options *o = load("theme = light\n");
	core_options_environment(o);
	assert_string_equal(core_option_text(o, CORE_OPT_THEME), "contrast");
	assert_int_equal(core_option_source(o, CORE_OPT_THEME), CORE_FROM_ENVIRONMENT);
	assert_int_equal(core_option_int(o, CORE_OPT_INTERVAL_LOGS), 3000);
	assert_int_equal(core_options_problem_count(o), 1);
	assert_non_null(strstr(core_options_problem(o, 0), "PRISM_TUI_INTERVAL_LOGS"));
	unsetenv("PRISM_TUI_THEME");
	unsetenv("PRISM_TUI_INTERVAL_LOGS");
	core_options_destroy(o);
}

static void has_problem(const struct core_options *o, size_t index, const char *line,
                        const char *text)
{
	assert_true(index < core_options_problem_count(o));
	const char *problem = core_options_problem(o, index);
	if (!strstr(problem, line) || !strstr(problem, text))
		fail_msg("\"%s\" lacks %s or %s", problem, line, text);
}

static void test_faults_are_told_by_line(void **state)
{
	struct core_options *o = load("# first\n"
	                              "theme = dark\n"
	                              "interval_idle = 5 parsecs\n"
	                              "nonsense = 1\n"
	                              "url = ftp://x\n"
	                              "[profile ../evil]\n"
	                              "theme = light\n"
	                              "[profile ok]\n"
	                              "log_lines = 5\n"
	                              "confirm = never\n"
	                              "mouse = perhaps\n"
	                              "profile = ok\n"
	                              "just words\n");
	has_problem(o, 0, "config:3:", "interval_idle");
	has_problem(o, 1, "config:4:", "nonsense: unknown setting");
	has_problem(o, 2, "config:5:", "https://");
	has_problem(o, 3, "config:7:", "not a name");
	has_problem(o, 4, "config:9:", "out of range: 1000 to");
	has_problem(o, 5, "config:10:", "danger always");
	has_problem(o, 6, "config:11:", "neither yes nor no");
	has_problem(o, 7, "config:12:", "before the first section");
	has_problem(o, 8, "config:13:", "neither a [section]");
	assert_int_equal(core_options_problem_count(o), 9);
	/* each fault costs only its own setting */
	assert_string_equal(core_option_text(o, CORE_OPT_THEME), "dark");
	assert_int_equal(core_option_int(o, CORE_OPT_INTERVAL_IDLE), 30000);
	core_options_destroy(o);
}

static void test_hostile_files(void **state)
{
	char *big = prism_alloc(300000);
	memset(big, 'a', 299999);
	struct core_options *o = load(big);
	has_problem(o, 0, ":1:", "longer");
	core_options_destroy(o);
	for (int i = 0; i < 299990; i += 4)
		memcpy(big + i, "x=\n\n", 4);
	o = load(big);
	assert_int_equal(core_options_problem_count(o), 100); /* and no more */
	core_options_destroy(o);
	prism_free(big);
	o = load("\xff\xfe\x00[]]]\n=\n[\n");
	assert_true(core_options_problem_count(o) > 0);
	core_options_destroy(o);
}

static void test_missing_files(void **state)
{
	struct core_options *o = core_options_create();
	struct prism_error err = PRISM_ERROR_INIT;
	assert_int_equal(core_options_load(o, "/no/such/file", &err), -1); /* named: must be there */
	assert_int_equal(err.category, PRISM_ERROR_MISSING);
	setenv("XDG_CONFIG_HOME", dir, 1);
	assert_int_equal(core_options_load(o, NULL, NULL), 0); /* the default place may be empty */
	unsetenv("XDG_CONFIG_HOME");
	core_options_destroy(o);
}

static void test_secrets_are_not_text(void **state)
{
	struct core_options *o = load("[profile p]\ntoken = pat_abc_def\n");
	assert_int_equal(core_options_use(o, "p", NULL), 0);
	assert_string_equal(core_option_text(o, CORE_OPT_TOKEN), "");
	assert_non_null(core_option_secret(o, CORE_OPT_TOKEN));
	assert_string_equal(prism_secret_text(core_option_secret(o, CORE_OPT_TOKEN)), "pat_abc_def");
	assert_int_equal(core_options_use(o, "default", NULL), 0);
	assert_null(core_option_secret(o, CORE_OPT_TOKEN));
	core_options_destroy(o);
}

/* An access token that a server signed is a line of a kilobyte or more. */
static void test_long_tokens(void **state)
{
	char *text = prism_alloc(20000), *token = text + strlen("token = ");
	memcpy(text, "token = ", 8);
	memcpy(token, "eyJ", 3);
	memset(token + 3, 'x', 4000);
	struct core_options *o = load(text);
	assert_int_equal(core_options_problem_count(o), 0);
	assert_non_null(core_option_secret(o, CORE_OPT_TOKEN));
	assert_string_equal(prism_secret_text(core_option_secret(o, CORE_OPT_TOKEN)), token);
	core_options_destroy(o);
	memset(token + 3, 'x', 17000);
	o = load(text);
	has_problem(o, 0, "config:1:", "longer than 16384 bytes");
	assert_null(strstr(core_options_problem(o, 0), "xxx")); /* nothing of a token is told */
	assert_null(core_option_secret(o, CORE_OPT_TOKEN));
	core_options_destroy(o);
	prism_free(text);
}

static void test_refusals_at_run_time(void **state)
{
	struct core_options *o = core_options_create();
	struct prism_error err = PRISM_ERROR_INIT;
	assert_int_equal(core_options_assign(o, "interval_logs=9h", &err), -1);
	assert_int_equal(core_options_assign(o, "nothing", &err), -1);
	assert_int_equal(core_options_assign(o, "no_such=1", &err), -1);
	assert_int_equal(core_options_assign(o, "interval_logs=0", NULL), 0);
	assert_int_equal(core_option_int(o, CORE_OPT_INTERVAL_LOGS), 0);
	core_options_destroy(o);
}

static void test_remembering(void **state)
{
	setenv("XDG_STATE_HOME", dir, 1);
	struct core_options *o = core_options_create();
	assert_null(core_remembered(o, "workspace"));
	core_remember(o, "workspace", "w1");
	core_remember(o, "pane.detail", "40");
	core_remember(o, "pane.detail", core_remembered(o, "pane.detail"));
	assert_int_equal(core_remember_flush(o, NULL), 0);
	core_options_destroy(o);
	char path[128];
	struct stat st;
	snprintf(path, sizeof(path), "%s/prism-tui/default.state", dir);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	o = core_options_create();
	assert_string_equal(core_remembered(o, "workspace"), "w1");
	assert_string_equal(core_remembered(o, "pane.detail"), "40");
	core_remember(o, "workspace", NULL);
	assert_null(core_remembered(o, "workspace"));
	core_options_destroy(o);
	/* a broken file counts as empty, and is replaced */
	assert_int_equal(prism_file_write(path, "[1,", 3, 0600, NULL), 0);
	o = core_options_create();
	assert_null(core_remembered(o, "workspace"));
	core_remember(o, "a", "b");
	assert_int_equal(core_remember_flush(o, NULL), 0);
	core_remember_off(o);
	core_remember(o, "a", "c");
	assert_int_equal(core_remember_flush(o, NULL), 0);
	core_options_destroy(o);
	o = core_options_create();
	assert_string_equal(core_remembered(o, "a"), "b");
	core_options_destroy(o);
	unsetenv("XDG_STATE_HOME");
}

static void test_one_cvm(void **state)
{
	static const char *const names[] = {"lab 1", "127.0.0.1:7002", NULL};
	static const char *const others[] = {"lab 2", "", NULL};
	struct core_options *o = load("agent_policy = all.json\n"
	                              "[cvm lab 1]\nagent_policy = one.json\nagent_timeout = 5s\n"
	                              "[cvm 127.0.0.1:7002]\nagent_product = Genoa\n"
	                              "agent_policy = late.json\n"
	                              "[cvm lab 2]\nagent_product = Naples\ntheme = light\n");
	struct core_setting setting = core_option_for(o, CORE_OPT_AGENT_POLICY, names);

	assert_string_equal(setting.text, "one.json"); /* the first name that says something */
	assert_int_equal(setting.source, CORE_FROM_CVM);
	assert_int_equal(core_option_for(o, CORE_OPT_AGENT_TIMEOUT, names).number, 5000);
	assert_string_equal(core_option_for(o, CORE_OPT_AGENT_PRODUCT, names).text, "Genoa");
	assert_string_equal(core_option_for(o, CORE_OPT_AGENT_POLICY, others).text, "all.json");
	assert_string_equal(core_option_for(o, CORE_OPT_AGENT_POLICY, NULL).text, "all.json");
	assert_int_equal(core_options_problem_count(o), 2);
	assert_non_null(strstr(core_options_problem(o, 0), ":9: agent_product: "));
	assert_non_null(strstr(core_options_problem(o, 1), ":10: theme: is no setting of one CVM"));
	assert_int_equal(core_options_set(o, CORE_OPT_AGENT_POLICY, "now.json", NULL), 0);
	assert_string_equal(core_option_for(o, CORE_OPT_AGENT_POLICY, names).text, "now.json");
	core_options_destroy(o);
}

/* What is installed beside the manual is read from the top of the tree, where tests run. */
static void test_sample_has_no_problem(void **state)
{
	struct core_options *o = core_options_create();
	assert_int_equal(core_options_load(o, "core/config.sample", NULL), 0);
	for (size_t i = 0; i < core_options_problem_count(o); i++)
		fail_msg("%s", core_options_problem(o, i));
	assert_int_equal(core_options_use(o, "hospital", NULL), 0);
	assert_true(core_option_bool(o, CORE_OPT_READ_ONLY));
	core_options_destroy(o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_table),
	    cmocka_unit_test(test_layers),
	    cmocka_unit_test(test_environment),
	    cmocka_unit_test(test_faults_are_told_by_line),
	    cmocka_unit_test(test_hostile_files),
	    cmocka_unit_test(test_missing_files),
	    cmocka_unit_test(test_secrets_are_not_text),
	    cmocka_unit_test(test_long_tokens),
	    cmocka_unit_test(test_refusals_at_run_time),
	    cmocka_unit_test(test_remembering),
	    cmocka_unit_test(test_one_cvm),
	    cmocka_unit_test(test_sample_has_no_problem),
	};
	return cmocka_run_group_tests(tests, make_dir, drop_dir);
}
