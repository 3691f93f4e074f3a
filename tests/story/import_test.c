/*
 * Export and import by -c against the sandbox: there and back gives the same bytes, an import that
 * is killed at any point and repeated ends where one ends that was not, damaged files are refused
 * with their place, standard input and CSV work.
 */
#include "core/workspace.h"
#include "tests/lib/client.h"
#include "tests/lib/corerun.h"
#include "tests/lib/tmpdir.h"

#include "base/file.h"
#include "base/mem.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define FILE_MAX (8u << 20)

struct place {
	struct sandbox *sandbox;
	struct cli cli;
	struct corerun *run;
	char *dir, *base, *base_text; /* an export of a workspace that only ada belongs to */
	char home[128];               /* workspace */
};

/* ---- helpers ---- */

/* An empty workspace; it becomes the client's. */
static void new_workspace(struct place *p, const char *name)
{
	assert_int_equal(
	    core_workspace_create(p->run->core, name, NULL, NULL, corerun_id, p->run, NULL), 0);
	assert_int_equal(corerun_wait(p->run), PRISM_ERROR_NONE);
	snprintf(p->home, sizeof(p->home), "%s", name);
	p->cli.workspace = p->home;
}

static bool changes(const char *line)
{
	static const char *const keys[] = {"\"created_at\":", "\"start_time\":", "\"end_time\":",
	                                   "\"id\":",         "\"asset_id\":",   "\"UserID\":"};

	line += strspn(line, " ");
	for (size_t i = 0; i < PRISM_COUNT(keys); i++)
		if (strncmp(line, keys[i], strlen(keys[i])) == 0)
			return true;
	return false;
}

/* A file without what differs from one workspace to the next: ids and times. Yours. */
static char *text_of(const char *path)
{
	struct prism_buf file, out = PRISM_BUF_INIT(FILE_MAX);

	assert_int_equal(prism_file_read(path, FILE_MAX, &file, NULL), 0);
	for (char *line = file.data, *next; line && *line; line = next) {
		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		if (changes(line))
			*strchr(line, ':') = '\0';
		prism_buf_printf(&out, "%s\n", line);
	}
	prism_buf_finish(&file);
	return prism_buf_take(&out, NULL);
}

static char *path_in(const struct place *p, const char *name)
{
	return prism_asprintf("%s/%s", p->dir, name);
}

/* What the workspace holds is what the base holds, once. */
static void must_be_the_base(struct place *p, const char *when)
{
	PRISM_AUTO_FREE char *path = path_in(p, "there.json");

	cli_must(&p->cli, "computation export --replace %s --all", path);
	PRISM_AUTO_FREE char *text = text_of(path);
	if (strcmp(text, p->base_text) != 0)
		fail_msg("%s: the workspace is not what was imported: %zu bytes, not %zu", when,
		         strlen(text), strlen(p->base_text));
}

static int start(void **state)
{
	struct place *p = prism_alloc(sizeof(*p));

	p->sandbox = sandbox_start(NULL);
	p->cli = (struct cli){.sandbox = p->sandbox, .workspace = "Open Science Lab"};
	p->dir = tmpdir_create();
	p->run = corerun_open(p->sandbox->url, NULL);
	corerun_login(p->run, p->sandbox->users[0].email, p->sandbox->users[0].password);
	p->base = path_in(p, "base.json");
	PRISM_AUTO_FREE char *demo = path_in(p, "demo.json");
	cli_must(&p->cli, "computation export --replace %s --all", demo);
	new_workspace(p, "Base");
	cli_run(&p->cli, "computation import %s --create-assets", demo);
	cli_must(&p->cli, "computation export --replace %s --all", p->base);
	p->base_text = text_of(p->base);
	assert_non_null(strstr(p->base_text, "Iris classification baseline"));
	*state = p;
	return 0;
}

static int stop(void **state)
{
	struct place *p = *state;

	corerun_close(p->run);
	cli_finish(&p->cli);
	sandbox_stop(p->sandbox);
	tmpdir_remove(p->dir);
	prism_free(p->base);
	prism_free(p->base_text);
	prism_free(p);
	return 0;
}

/* ---- there and back ---- */

static void there_and_back_gives_the_same_bytes(void **state)
{
	struct place *p = *state;
	PRISM_AUTO_FREE char *again = path_in(p, "again.json");
	struct stat info;

	cli_must(&p->cli, "computation export --replace %s --all", again);
	PRISM_AUTO_FREE char *text = text_of(again);
	assert_string_equal(text, p->base_text);
	assert_int_equal(stat(again, &info), 0);
	assert_int_equal(info.st_mode & 0777, 0600);
	new_workspace(p, "There");
	cli_must(&p->cli, "computation import %s --create-assets", p->base);
	must_be_the_base(p, "once");
	cli_must(&p->cli, "computation import %s --create-assets", p->base);
	must_be_the_base(p, "twice");
	cli_must(&p->cli, "computation import %s --again --existing update", p->base);
	must_be_the_base(p, "updated");
	cli_must(&p->cli, "computation import %s --again --existing skip", p->base);
	must_be_the_base(p, "skipped");
	assert_int_not_equal(cli_run(&p->cli, "computation export --replace %s", again),
	                     0); /* none named, no --all */
}

static void a_preview_changes_nothing(void **state)
{
	struct place *p = *state;
	const cJSON *doc, *all;

	new_workspace(p, "Preview");
	doc = cli_must(&p->cli, "computation import %s --dry-run", p->base);
	all = cJSON_GetObjectItem(doc, "computations");
	assert_string_equal(cli_text(all, "action"), "create");
	assert_int_equal(cJSON_GetArraySize(cli_must(&p->cli, "computation list")), 0);
	assert_int_equal(cJSON_GetArraySize(cli_must(&p->cli, "asset list")), 0);
}

/* ---- killed ---- */

struct threshold {
	char *dir;
	size_t lines; /* of the newest journal: kill when there are so many */
	bool killed;
};

static size_t lines_of(const char *path)
{
	FILE *f = fopen(path, "r");
	size_t lines = 0;

	for (int c; f && (c = fgetc(f)) != EOF;)
		lines += c == '\n';
	if (f)
		fclose(f);
	return lines;
}

static void remove_journals(void)
{
	PRISM_AUTO_FREE char *dir = prism_path_state("imports");
	DIR *all = opendir(dir);

	for (struct dirent *item; all && (item = readdir(all));) {
		PRISM_AUTO_FREE char *path = prism_path_join(dir, item->d_name);
		if (item->d_name[0] != '.')
			assert_int_equal(unlink(path), 0);
	}
	if (all)
		closedir(all);
}

static size_t newest_lines(const char *dir)
{
	DIR *all = opendir(dir);
	struct timespec newest = {0};
	size_t lines = 0;

	for (struct dirent *item; all && (item = readdir(all));) {
		PRISM_AUTO_FREE char *path = prism_path_join(dir, item->d_name);
		struct stat info;
		bool later =
		    stat(path, &info) == 0 && S_ISREG(info.st_mode) &&
		    (info.st_mtim.tv_sec > newest.tv_sec ||
		     (info.st_mtim.tv_sec == newest.tv_sec && info.st_mtim.tv_nsec > newest.tv_nsec));
		if (later) {
			newest = info.st_mtim;
			lines = lines_of(path);
		}
	}
	if (all)
		closedir(all);
	return lines;
}

static bool reached(void *data)
{
	struct threshold *t = data;

	if (!t->killed && newest_lines(t->dir) >= t->lines)
		t->killed = true;
	return t->killed;
}

/* Killed at every so many lines of its journal, and repeated until it gets to its end. */
static void killed_at(struct place *p, size_t first, size_t step)
{
	PRISM_AUTO_FREE char *dir = prism_path_state("imports");
	struct threshold t = {.dir = dir, .lines = first};
	size_t kills = 0;

	p->cli.kill_now = reached;
	p->cli.kill_data = &t;
	for (;;) {
		t.killed = false;
		cli_run(&p->cli, "computation import %s --create-assets", p->base);
		if (!t.killed)
			break;
		kills++;
		t.lines += step;
	}
	p->cli.kill_now = NULL;
	assert_int_equal(p->cli.status, 0);
	assert_true(kills > 5);
	must_be_the_base(p, "killed");
}

static void an_import_that_is_killed_and_repeated_ends_the_same(void **state)
{
	struct place *p = *state;

	for (size_t n = 0; n < 3; n++) {
		PRISM_AUTO_FREE char *name = prism_asprintf("Killed %zu", n);
		new_workspace(p, name);
		remove_journals(); /* of other workspaces */
		killed_at(p, 2 + n, 1 + n);
	}
}

/* ---- damage ---- */

static char *damaged(struct place *p, const char *name, const char *text)
{
	char *path = path_in(p, name);

	assert_int_equal(prism_file_write(path, text, strlen(text), 0600, NULL), 0);
	return path;
}

static void a_truncated_file_is_refused_and_its_whole_part_taken_on_request(void **state)
{
	struct place *p = *state;
	struct prism_buf file;
	const char *second;

	new_workspace(p, "Truncated");
	assert_int_equal(prism_file_read(p->base, FILE_MAX, &file, NULL), 0);
	second = strstr(strstr(file.data, "\n  },\n") + 5, "\n  },\n");
	file.data[second - file.data + 60] = '\0';
	PRISM_AUTO_FREE char *path = damaged(p, "cut.json", file.data);
	prism_buf_finish(&file);
	p->cli.quiet = true;
	assert_int_equal(cli_run(&p->cli, "computation import %s", path), 2);
	assert_non_null(strstr(p->cli.err, "line "));
	assert_non_null(strstr(p->cli.err, "--partial"));
	assert_int_equal(cJSON_GetArraySize(cli_must(&p->cli, "computation list")), 0);
	cli_must(&p->cli, "computation import %s --partial --create-assets", path);
	assert_int_equal(cJSON_GetArraySize(cli_must(&p->cli, "computation list")), 2);
}

static void what_can_be_created_is_created(void **state)
{
	struct place *p = *state;
	PRISM_AUTO_FREE char *report = path_in(p, "report.json");
	PRISM_AUTO_FREE char *path =
	    damaged(p, "mixed.json",
	            "[{\"computation\":{\"name\":\"Good\",\"description\":\"d\"},\"asset_links\":"
	            "[{\"asset_id\":\"gone\"}]},\n{\"computation\":{\"description\":\"no name\"}},\n"
	            "{\"computation\":{\"name\":\"Good too\",\"description\":\"d\",\"agent_config\":"
	            "{\"x_limit\":7}}}]");
	struct prism_buf text;

	new_workspace(p, "Mixed");
	p->cli.quiet = true;
	assert_int_equal(cli_run(&p->cli, "computation import %s --report %s", path, report), 6);
	assert_int_equal(cJSON_GetArraySize(cli_must(&p->cli, "computation list")), 2);
	assert_int_equal(prism_file_read(report, FILE_MAX, &text, NULL), 0);
	assert_non_null(strstr(text.data, "\"[1].computation.name\""));
	assert_non_null(strstr(text.data, "gone is not in the workspace"));
	assert_non_null(strstr(text.data, "\"outcome\": \"not done\""));
	prism_buf_finish(&text);
	/* a field nobody knows went to the server and comes back */
	cli_must(&p->cli, "computation export --replace %s --all", report);
	assert_int_equal(prism_file_read(report, FILE_MAX, &text, NULL), 0);
	assert_non_null(strstr(text.data, "\"x_limit\": 7"));
	prism_buf_finish(&text);
}

/* ---- templates ---- */

static void a_copy_is_the_same_under_another_name(void **state)
{
	struct place *p = *state;
	PRISM_AUTO_FREE char *one = path_in(p, "one.json"), *two = path_in(p, "two.json");
	char id[80];

	new_workspace(p, "Copies");
	cli_must(&p->cli, "computation import %s --create-assets", p->base);
	snprintf(
	    id, sizeof(id), "%s",
	    cli_text(cli_must(&p->cli, "computation copy 'Survey word counts' --name Twin"), "id"));
	assert_true(id[0] != '\0');
	cli_must(&p->cli, "computation export --replace %s 'Survey word counts'", one);
	cli_must(&p->cli, "computation export --replace %s %s", two, id);
	PRISM_AUTO_FREE char *first = text_of(one);
	PRISM_AUTO_FREE char *second = text_of(two);
	char *name = strstr(second, "\"Twin\"");
	assert_non_null(name);
	/* the same bytes but for the name, which is on a line of its own */
	assert_string_equal(strstr(name, ",\n"),
	                    strstr(strstr(first, "\"Survey word counts\""), ",\n"));
	p->cli.quiet = true;
	assert_int_not_equal(cli_run(&p->cli, "computation copy Twin --name ''"), 0);
}

/* ---- sheets and standard input ---- */

static void a_sheet_from_standard_input(void **state)
{
	struct place *p = *state;
	PRISM_AUTO_FREE char *path = damaged(p, "sheet.csv",
	                                     "name,description,attested_tls,viewers\n\"From, a "
	                                     "sheet\",\"two\nlines\",yes,nobody-there\n");

	new_workspace(p, "Sheet");
	p->cli.input = path;
	cli_must(&p->cli, "computation import -");
	p->cli.input = NULL;
	const cJSON *list = cli_must(&p->cli, "computation list");
	assert_int_equal(cJSON_GetArraySize(list), 1);
	assert_string_equal(cli_text(list, "name"), "From, a sheet");
	assert_string_equal(cli_text(list, "description"), "two\nlines");
}

static void private_keys_can_be_left_out(void **state)
{
	struct place *p = *state;
	PRISM_AUTO_FREE char *out = path_in(p, "keys.json");
	PRISM_AUTO_FREE char *path = damaged(
	    p, "key.json",
	    "{\"computation\":{\"name\":\"K\",\"description\":\"d\",\"agent_config\":{\"cert_file\":"
	    "\"-----BEGIN CERTIFICATE-----\\nAA==\\n-----END CERTIFICATE-----\\n\",\"server_key\":"
	    "\"-----BEGIN PRIVATE KEY-----\\nAA==\\n-----END PRIVATE KEY-----\\n\"}}}");
	struct prism_buf text;

	new_workspace(p, "Keys");
	cli_must(&p->cli, "computation import %s", path);
	cli_must(&p->cli, "computation export --replace %s K", out);
	assert_non_null(strstr(p->cli.err, "private keys of 1 agent"));
	assert_int_equal(prism_file_read(out, FILE_MAX, &text, NULL), 0);
	assert_non_null(strstr(text.data, "BEGIN PRIVATE KEY"));
	prism_buf_finish(&text);
	cli_must(&p->cli, "computation export --replace %s K --no-private-keys", out);
	assert_int_equal(prism_file_read(out, FILE_MAX, &text, NULL), 0);
	assert_null(strstr(text.data, "PRIVATE KEY"));
	assert_non_null(strstr(text.data, "BEGIN CERTIFICATE"));
	prism_buf_finish(&text);
	/* and an import of that one does not wipe the key that is there */
	cli_must(&p->cli, "computation import %s --existing update", out);
	cli_must(&p->cli, "computation export --replace %s K", out);
	assert_int_equal(prism_file_read(out, FILE_MAX, &text, NULL), 0);
	assert_non_null(strstr(text.data, "BEGIN PRIVATE KEY"));
	prism_buf_finish(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(there_and_back_gives_the_same_bytes),
	    cmocka_unit_test(a_preview_changes_nothing),
	    cmocka_unit_test(an_import_that_is_killed_and_repeated_ends_the_same),
	    cmocka_unit_test(a_truncated_file_is_refused_and_its_whole_part_taken_on_request),
	    cmocka_unit_test(what_can_be_created_is_created),
	    cmocka_unit_test(a_copy_is_the_same_under_another_name),
	    cmocka_unit_test(a_sheet_from_standard_input),
	    cmocka_unit_test(private_keys_can_be_left_out),
	};
	return cmocka_run_group_tests(tests, start, stop);
}
