/*
 * What a shared machine asks for, through the real binary: read-only, production, restricted mode,
 * the audit trail, and that no secret is left in any file, argument or environment.
 */
#include "base/file.h"
#include "base/mem.h"
#include "core/audit.h"
#include "tests/lib/api.h"
#include "tests/lib/client.h"
#include "tests/lib/tmpdir.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static struct sandbox *sandbox;

static int start(void **state)
{
	sandbox = sandbox_start(NULL);
	*state = NULL;
	return 0;
}

static int stop(void **state)
{
	(void)state;
	sandbox_stop(sandbox);
	return 0;
}

static struct cli client(void)
{
	return (struct cli){.sandbox = sandbox, .workspace = "Open Science Lab"};
}

static void must_say(const struct cli *c, const char *part)
{
	if (!strstr(c->err, part))
		fail_msg("\"%s\" is not in:\n%s", part, c->err);
}

static void read_only_changes_nothing(void **state)
{
	struct cli c = client();

	(void)state;
	setenv("PRISM_TUI_READ_ONLY", "yes", 1);
	cli_must(&c, "computation list");
	assert_int_equal(cli_run(&c, "computation create 'RO' --description d"), 4);
	must_say(&c, "read-only");
	assert_int_equal(cli_run(&c, "computation delete 'Empty draft' --confirm 'Empty draft'"), 4);
	assert_int_equal(cli_run(&c, "send data 'Flower classification' Makefile"), 4);
	unsetenv("PRISM_TUI_READ_ONLY");
	assert_null(cli_find(cli_must(&c, "computation list"), "name", "RO"));
	cli_finish(&c);
}

/* Emptying the role that administers would lock everybody out: it is confirmed by name. */
static void emptying_a_role_is_confirmed(void **state)
{
	struct sandbox *sb = sandbox_start(NULL);
	struct cli c = {.sandbox = sb, .workspace = "Open Science Lab"};
	const cJSON *role;

	assert_int_equal(cli_run(&c, "workspace role action clear admin"), 2);
	must_say(&c, "--confirm");
	role = cli_must(&c, "workspace role show admin");
	assert_true(cJSON_GetArraySize(cJSON_GetObjectItem(role, "actions")) > 0);
	cli_must(&c, "workspace role action clear reader --confirm reader");
	assert_int_equal(cli_run(&c, "computation create '' --description d"), 2);
	must_say(&c, "Name cannot be empty");
	assert_int_equal(cli_run(&c, "computation show nowhere"), 5);
	must_say(&c, "a list shows their names");
	cli_finish(&c);
	sandbox_stop(sb);
}

static void write_config(const char *token, size_t padding)
{
	PRISM_AUTO_FREE char *path = prism_path_config("config");
	PRISM_AUTO_FREE char *folder = prism_path_config("");
	struct prism_buf text = PRISM_BUF_INIT(1u << 20);

	assert_int_equal(prism_file_mkdirs(folder, 0700, NULL), 0);
	prism_buf_printf(&text, "[profile default]\ntoken = %s", token);
	for (size_t i = 0; i < padding; i++)
		prism_buf_putc(&text, 'x');
	prism_buf_putc(&text, '\n');
	assert_int_equal(prism_file_write(path, text.data, text.len, 0600, NULL), 0);
	prism_buf_finish(&text);
}

/* The server's own tokens are one long line; what is too long is named by file and line. */
static void a_token_of_the_server_stands_in_the_configuration(void **state)
{
	struct cli c = client();
	struct api api;
	PRISM_AUTO_FREE char *path = prism_path_config("config");

	(void)state;
	api_init(&api, sandbox);
	api_login(&api, 1, NULL); /* ben, while the client would sign in as ada */
	assert_true(strlen(api.token) > 200);
	write_config(api.token, 0);
	assert_string_equal(cli_text(cli_must(&c, "account show"), "username"), "ben");
	assert_string_equal(cli_text(cli_must(&c, "whoami"), "user"), "Ben Sample");
	write_config(api.token, 17000);
	assert_string_equal(cli_text(cli_must(&c, "account show"), "username"), "ada");
	must_say(&c, "prism-tui/config:2: line is longer than 16384 bytes");
	assert_null(strstr(c.err, "xxx"));
	remove(path);
	api_finish(&api);
	cli_finish(&c);
}

static void production_wants_to_be_told(void **state)
{
	struct cli c = client();

	(void)state;
	setenv("PRISM_TUI_PRODUCTION", "ask", 1);
	cli_must(&c, "computation list");
	assert_int_equal(cli_run(&c, "computation create 'Prod' --description d"), 4);
	must_say(&c, "production");
	must_say(&c, "--production");
	setenv("PRISM_TUI_PRODUCTION", "confirmed", 1);
	cli_must(&c, "computation create 'Prod' --description d");
	unsetenv("PRISM_TUI_PRODUCTION");
	cli_finish(&c);
}

static void restricted_mode_does_the_job_in_its_directories(void **state)
{
	struct cli c = client();
	char *dir = tmpdir_create(), *other = tmpdir_create();
	PRISM_AUTO_FREE char *inside = prism_path_join(dir, "data.csv");
	PRISM_AUTO_FREE char *saved = prism_path_join(dir, "manifest.json");
	PRISM_AUTO_FREE char *outside = prism_path_join(other, "data.csv");
	PRISM_AUTO_FREE char *elsewhere = prism_path_join(other, "manifest.json");

	(void)state;
	assert_int_equal(prism_file_write(inside, "a,b\n1,2\n", 8, 0600, NULL), 0);
	assert_int_equal(prism_file_write(outside, "a,b\n1,2\n", 8, 0600, NULL), 0);
	setenv("PRISM_TUI_RESTRICTED", "yes", 1);
	setenv("PRISM_TUI_RESTRICTED_DIRS", dir, 1);
	cli_must(&c, "asset create %s --type dataset --description d", inside);
	cli_must(&c, "checksum %s", inside);
	cli_must(&c, "computation manifest 'Flower classification' --save %s", saved);
	assert_int_equal(access(saved, R_OK), 0);
	assert_int_equal(cli_run(&c, "checksum %s", outside), 4);
	must_say(&c, "restricted");
	assert_int_equal(
	    cli_run(&c, "computation manifest 'Flower classification' --save %s", elsewhere), 4);
	assert_int_not_equal(access(elsewhere, F_OK), 0);
	unsetenv("PRISM_TUI_RESTRICTED");
	unsetenv("PRISM_TUI_RESTRICTED_DIRS");
	cli_finish(&c);
	tmpdir_remove(dir);
	tmpdir_remove(other);
}

static void changes_are_in_the_audit_trail(void **state)
{
	struct cli c = client();
	const cJSON *row;

	(void)state;
	cli_must(&c, "computation create 'Audited' --description d");
	cli_must(&c, "computation delete 'Audited' --confirm 'Audited'");
	row = cJSON_GetArrayItem(cli_must(&c, "audit list --text delete --limit 1"), 0);
	assert_string_equal(cli_text(row, "action"), "delete the computation");
	assert_string_equal(cli_text(row, "outcome"), "done");
	assert_true(strlen(cli_text(row, "request_id")) == CORE_AUDIT_ID - 1);
	cli_run(&c, "computation delete 'No such one' --confirm x"); /* refused here: no change */
	row = cJSON_GetArrayItem(cli_must(&c, "audit list --text delete --limit 1"), 0);
	assert_string_equal(cli_text(row, "outcome"), "done");
	cli_finish(&c);
}

/* All of it, what was rotated away first, and for its owner only. */
static void the_trail_can_be_taken_elsewhere(void **state)
{
	struct cli c = client();
	char *dir = tmpdir_create();
	PRISM_AUTO_FREE char *trail = prism_path_join(dir, "audit.jsonl");
	PRISM_AUTO_FREE char *older = prism_path_join(dir, "audit.jsonl.1");
	PRISM_AUTO_FREE char *saved = prism_path_join(dir, "saved");
	static const char line[] = "{\"action\":\"long ago\"}\n";
	PRISM_AUTO_BUF struct prism_buf text = PRISM_BUF_INIT(1 << 20);
	struct stat st;

	(void)state;
	assert_int_equal(prism_file_write(older, line, sizeof(line) - 1, 0600, NULL), 0);
	setenv("PRISM_TUI_AUDIT_FILE", trail, 1);
	cli_must(&c, "computation create 'Exported' --description d");
	cli_must(&c, "audit save %s", saved);
	unsetenv("PRISM_TUI_AUDIT_FILE");
	assert_int_equal(stat(saved, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(prism_file_read(saved, 1 << 20, &text, NULL), 0);
	assert_int_equal(strncmp(prism_buf_text(&text), line, sizeof(line) - 1), 0);
	assert_non_null(strstr(prism_buf_text(&text), "\"action\":\"create"));
	assert_string_equal(prism_buf_text(&text) + text.len - 2, "}\n");
	cli_finish(&c);
	tmpdir_remove(dir);
}

/* A person at a script must hear of it as well as one at a screen. */
static void a_trail_that_cannot_be_written_is_said(void **state)
{
	struct cli c = client();
	char *dir = tmpdir_create();

	(void)state;
	setenv("PRISM_TUI_AUDIT_FILE", dir, 1); /* a directory is none */
	cli_must(&c, "computation create 'Unrecorded' --description d");
	must_say(&c, "warning: changes are not recorded");
	setenv("PRISM_TUI_AUDIT", "required", 1);
	assert_int_not_equal(cli_run(&c, "computation create 'Never made' --description d"), 0);
	must_say(&c, "nothing is changed");
	unsetenv("PRISM_TUI_AUDIT");
	unsetenv("PRISM_TUI_AUDIT_FILE");
	assert_null(cli_find(cli_must(&c, "computation list"), "name", "Never made"));
	cli_finish(&c);
	tmpdir_remove(dir);
}

/* Named by the person, so it is written wherever it lies, but nothing else is written there. */
static void restricted_mode_keeps_the_trail_that_is_named(void **state)
{
	struct cli c = client();
	char *dir = tmpdir_create(), *trails = tmpdir_create();
	PRISM_AUTO_FREE char *trail = prism_path_join(trails, "audit.jsonl");
	PRISM_AUTO_FREE char *beside = prism_path_join(trails, "manifest.json");
	PRISM_AUTO_BUF struct prism_buf text = PRISM_BUF_INIT(1 << 20);

	(void)state;
	setenv("PRISM_TUI_RESTRICTED", "yes", 1);
	setenv("PRISM_TUI_RESTRICTED_DIRS", dir, 1);
	setenv("PRISM_TUI_AUDIT_FILE", trail, 1);
	setenv("PRISM_TUI_AUDIT", "required", 1);
	cli_must(&c, "computation create 'Restricted' --description d");
	assert_int_equal(cli_run(&c, "computation manifest 'Flower classification' --save %s", beside),
	                 4);
	must_say(&c, "restricted");
	unsetenv("PRISM_TUI_AUDIT");
	unsetenv("PRISM_TUI_AUDIT_FILE");
	unsetenv("PRISM_TUI_RESTRICTED");
	unsetenv("PRISM_TUI_RESTRICTED_DIRS");
	assert_int_equal(prism_file_read(trail, 1 << 20, &text, NULL), 0);
	assert_non_null(strstr(prism_buf_text(&text), "\"action\":\"create"));
	cli_finish(&c);
	tmpdir_remove(dir);
	tmpdir_remove(trails);
}

/* Said where the way is used, though the host is never reached. */
static void an_ssh_configuration_is_not_half_understood_in_silence(void **state)
{
	struct cli c = client();
	PRISM_AUTO_FREE char *path = prism_asprintf("%s/ssh_config", getenv("HOME"));
	static const char text[] =
	    "Host *\n  ProxyCommand nc %h %p\n  PreferredAuthentications password\n"
	    "  Compression yes\n";

	(void)state;
	assert_int_equal(prism_file_write(path, text, sizeof(text) - 1, 0600, NULL), 0);
	setenv("PRISM_TUI_SSH_CONFIG", path, 1);
	setenv("PRISM_TUI_VIA", "nobody@127.0.0.1:1", 1);
	assert_int_not_equal(cli_run(&c, "computation list"), 0);
	must_say(&c, "ssh_config:2: ProxyCommand is not supported");
	must_say(&c, "ssh_config:3: PreferredAuthentications is not supported");
	assert_null(strstr(c.err, "Compression"));
	unsetenv("PRISM_TUI_VIA");
	unsetenv("PRISM_TUI_SSH_CONFIG");
	cli_finish(&c);
}

/* ---- no secret in a file ---- */

static bool holds(const char *data, size_t size, const char *secret)
{
	size_t len = strlen(secret);

	for (size_t i = 0; i + len <= size; i++)
		if (!memcmp(data + i, secret, len))
			return true;
	return false;
}

static void search(const char *dir, const char *secret)
{
	DIR *d = opendir(dir);

	for (struct dirent *e; d && (e = readdir(d));) {
		PRISM_AUTO_FREE char *path = prism_path_join(dir, e->d_name);
		PRISM_AUTO_BUF struct prism_buf text = PRISM_BUF_INIT(0);
		struct stat st;

		if (e->d_name[0] == '.' && (!e->d_name[1] || !strcmp(e->d_name, "..")))
			continue;
		if (lstat(path, &st) != 0)
			continue;
		if (S_ISDIR(st.st_mode))
			search(path, secret);
		else if (S_ISREG(st.st_mode) && prism_file_read(path, 64u << 20, &text, NULL) == 0 &&
		         holds(text.data, text.len, secret))
			fail_msg("%s holds a secret", path);
	}
	if (d)
		closedir(d);
}

static void no_secret_is_left_behind(void **state)
{
	struct cli c = client();
	PRISM_AUTO_FREE char *log = prism_asprintf("%s/debug.log", getenv("HOME"));

	(void)state;
	setenv("PRISM_TUI_LOG_FILE", log, 1);
	setenv("PRISM_TUI_LOG_LEVEL", "debug", 1);
	cli_must(&c, "computation list");
	cli_must(&c, "computation create 'Secretive' --description d");
	assert_int_equal(access(log, R_OK), 0);
	search(getenv("HOME"), sandbox->users[0].password);
	search(getenv("HOME"), "eyJ"); /* how every JWT begins */
	unsetenv("PRISM_TUI_LOG_FILE");
	unsetenv("PRISM_TUI_LOG_LEVEL");
	cli_finish(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(read_only_changes_nothing),
	    cmocka_unit_test(emptying_a_role_is_confirmed),
	    cmocka_unit_test(a_token_of_the_server_stands_in_the_configuration),
	    cmocka_unit_test(production_wants_to_be_told),
	    cmocka_unit_test(restricted_mode_does_the_job_in_its_directories),
	    cmocka_unit_test(changes_are_in_the_audit_trail),
	    cmocka_unit_test(the_trail_can_be_taken_elsewhere),
	    cmocka_unit_test(a_trail_that_cannot_be_written_is_said),
	    cmocka_unit_test(restricted_mode_keeps_the_trail_that_is_named),
	    cmocka_unit_test(an_ssh_configuration_is_not_half_understood_in_silence),
	    cmocka_unit_test(no_secret_is_left_behind),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
