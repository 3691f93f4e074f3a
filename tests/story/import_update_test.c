/*
 * Importing over computations that are there, by -c against the sandbox: what the file has is
 * brought in line although a part is refused, what it has not stays or is removed as asked for, and
 * an update that is killed at any point and repeated ends where one ends that was not.
 */
#include "tests/lib/client.h"
#include "tests/lib/tmpdir.h"

#include "base/buf.h"
#include "base/file.h"
#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define FILE_MAX (8u << 20)
#define NAME "Words to compare" /* a copy of one of the demo, with its owner only */

struct place {
	struct sandbox *sandbox;
	struct cli cli;
	char *dir, *file, *text; /* an export of NAME as it was in the beginning */
};

/* ---- helpers ---- */

static char *export_of(struct place *p, const char *name)
{
	PRISM_AUTO_FREE char *path = prism_asprintf("%s/now.json", p->dir);
	struct prism_buf text;

	cli_must(&p->cli, "computation export --replace %s '%s'", path, name);
	assert_int_equal(prism_file_read(path, FILE_MAX, &text, NULL), 0);
	return prism_buf_take(&text, NULL);
}

/* The text with one part of it replaced, in a file of its own; the path is yours. */
static char *file_with(struct place *p, const char *text, const char *old, const char *new)
{
	const char *at = strstr(text, old);
	char *path = prism_asprintf("%s/changed.json", p->dir);

	assert_non_null(at);
	PRISM_AUTO_FREE char *changed =
	    prism_asprintf("%.*s%s%s", (int)(at - text), text, new, at + strlen(old));
	assert_int_equal(prism_file_write(path, changed, strlen(changed), 0600, NULL), 0);
	return path;
}

static const cJSON *beyond_of(struct place *p, const char *how)
{
	return cJSON_GetObjectItem(
	    cJSON_GetArrayItem(
	        cJSON_GetObjectItem(cli_must(&p->cli,
	                                     "computation import %s --existing update --again %s",
	                                     p->file, how),
	                            "computations"),
	        0),
	    "not_in_file");
}

static void must_say(struct place *p, const char *text)
{
	PRISM_AUTO_FREE char *doc = cJSON_Print(p->cli.doc);

	if (!doc || !strstr(doc, text))
		fail_msg("not said: %s\n%s\n%s", text, doc ? doc : "nothing", p->cli.err);
}

static void must_be(struct place *p, const char *when)
{
	PRISM_AUTO_FREE char *now = export_of(p, NAME);

	if (strcmp(now, p->text) != 0)
		fail_msg("%s, it is not as in the file:\n%s", when, now);
}

/* A person, a role, an action and no link of what the file has; and a link is taken away. */
static void drift(struct place *p)
{
	cli_must(&p->cli, "role member add '%s' viewer ben", NAME);
	cli_must(&p->cli, "role create '%s' auditor --action view --member cyd", NAME);
	cli_must(&p->cli, "role action add '%s' editor run", NAME);
	cli_must(&p->cli, "computation update '%s' --description 'Somebody wrote this'", NAME);
}

static int start(void **state)
{
	struct place *p = prism_alloc(sizeof(*p));

	p->sandbox = sandbox_start(NULL);
	p->cli = (struct cli){.sandbox = p->sandbox, .workspace = "Open Science Lab"};
	p->dir = tmpdir_create();
	cli_must(&p->cli, "computation copy 'Survey word counts' --name '%s' --no-members", NAME);
	p->text = export_of(p, NAME);
	p->file = prism_asprintf("%s/as-it-was.json", p->dir);
	assert_int_equal(prism_file_write(p->file, p->text, strlen(p->text), 0600, NULL), 0);
	*state = p;
	return 0;
}

static int stop(void **state)
{
	struct place *p = *state;

	cli_finish(&p->cli);
	sandbox_stop(p->sandbox);
	tmpdir_remove(p->dir);
	prism_free(p->file);
	prism_free(p->text);
	prism_free(p);
	return 0;
}

/* ---- what the file has not ---- */

static void it_stays_and_is_removed_on_request(void **state)
{
	struct place *p = *state;
	const cJSON *beyond;

	drift(p);
	beyond = beyond_of(p, "--dry-run");
	assert_int_equal(cJSON_GetArraySize(beyond), 4); /* cyd in role auditor too */
	assert_string_equal(cli_text(cli_find(beyond, "role", "viewer"), "kind"), "person");
	assert_string_equal(cli_text(cli_find(beyond, "kind", "role"), "role"), "auditor");
	assert_string_equal(cli_text(cli_find(beyond, "kind", "action"), "id"), "run");
	assert_true(cJSON_IsFalse(cJSON_GetObjectItem(cJSON_GetArrayItem(beyond, 0), "removed")));

	assert_int_equal(cJSON_GetArraySize(beyond_of(p, "")), 4); /* told, and left alone */
	assert_non_null(strstr(p->cli.err, "--prune"));
	PRISM_AUTO_FREE char *kept = export_of(p, NAME);
	assert_non_null(strstr(kept, "auditor"));
	assert_null(strstr(kept, "Somebody wrote this")); /* what the file has is brought in line */

	beyond = beyond_of(p, "--prune --dry-run");
	assert_true(cJSON_IsTrue(cJSON_GetObjectItem(cJSON_GetArrayItem(beyond, 0), "removed")));
	PRISM_AUTO_FREE char *still = export_of(p, NAME);
	assert_string_equal(still, kept);

	(void)beyond_of(p, "--prune");
	must_be(p, "pruned");
	assert_int_equal(cJSON_GetArraySize(beyond_of(p, "--prune")), 0);
	must_say(p, "\"unchanged\"");
}

static const cJSON *changes_of(struct place *p)
{
	(void)beyond_of(p, "--dry-run");
	return cJSON_GetObjectItem(
	    cJSON_GetArrayItem(cJSON_GetObjectItem(p->cli.doc, "computations"), 0), "changes");
}

static void the_preview_says_what_changes(void **state)
{
	struct place *p = *state;
	const cJSON *changes;

	assert_int_equal(cJSON_GetArraySize(changes_of(p)), 0);
	cli_must(&p->cli, "computation update '%s' --description 'Somebody wrote this'", NAME);
	cli_must(&p->cli, "computation update '%s' --log-level debug", NAME);
	cli_must(&p->cli, "role action remove '%s' viewer view", NAME);
	cli_must(&p->cli, "asset unlink word_count.py '%s'", NAME);
	changes = changes_of(p);
	assert_int_equal(cJSON_GetArraySize(changes), 4);
	assert_non_null(cli_find(changes, "id", "description"));
	assert_non_null(cli_find(changes, "id", "agent_config.log_level"));
	assert_string_equal(cli_text(cli_find(changes, "kind", "action"), "role"), "viewer");
	assert_non_null(cli_find(changes, "kind", "link"));
	cli_must(&p->cli, "computation import %s --existing update --again", p->file);
	must_be(p, "changed");
	assert_int_equal(cJSON_GetArraySize(changes_of(p)), 0);
}

static void a_link_is_removed_and_only_then(void **state)
{
	struct place *p = *state;
	const char *links = strstr(p->text, "\"assets\": [");
	PRISM_AUTO_FREE char *path = prism_asprintf("%s/no-links.json", p->dir);
	PRISM_AUTO_FREE char *text = prism_asprintf("%.*s\"assets\": [], \"asset_links\": []}]",
	                                            (int)(links - p->text), p->text);

	assert_non_null(strstr(links, "\"asset_id\"")); /* it has one */
	assert_int_equal(prism_file_write(path, text, strlen(text), 0600, NULL), 0);
	cli_must(&p->cli, "computation import %s --existing update", path);
	must_say(p, "\"link\"");
	must_be(p, "linked still");
	cli_must(&p->cli, "computation import %s --existing update --prune --again", path);
	PRISM_AUTO_FREE char *bare = export_of(p, NAME);
	assert_null(strstr(bare, "\"asset_id\""));
	cli_must(&p->cli, "computation import %s --existing update --again", p->file);
	must_be(p, "linked again");
}

static void whoever_imports_and_the_last_administrator_stay(void **state)
{
	struct place *p = *state;
	const char *owners = strstr(p->text, "\"members\": ["), *end = strchr(owners, ']');
	PRISM_AUTO_FREE char *mine = prism_asprintf("%.*s", (int)(end + 1 - owners), owners);
	PRISM_AUTO_FREE char *path = file_with(p, p->text, mine, "\"members\": null");

	cli_must(&p->cli, "computation import %s --existing update --prune", path);
	must_say(p, "\"it is you\"");
	must_be(p, "nobody was removed");
	cli_must(&p->cli, "role member add '%s' owner ben", NAME);
	cli_must(&p->cli, "role member remove '%s' owner ada", NAME);
	cli_must(&p->cli, "computation import %s --existing update --prune --again", path);
	must_say(p, "nobody else would administer it");
	PRISM_AUTO_FREE char *now = export_of(p, NAME);
	assert_null(strstr(now, "\"members\": null,\n        \"role_name\": \"owner\""));
	assert_non_null(strstr(strstr(now, "\"owner\""), "\"members\": ["));
	/* with ada in the file ben is not the last any more */
	cli_must(&p->cli, "computation import %s --existing update --prune --again", p->file);
	must_be(p, "the file's owner is the owner");
}

/* A sheet names a role and is silent about the others: nothing is beyond it there. */
static void a_sheet_does_not_speak_of_roles_it_has_no_column_for(void **state)
{
	struct place *p = *state;
	PRISM_AUTO_FREE char *path = prism_asprintf("%s/sheet.csv", p->dir);
	static const char text[] = "name,description,viewers\n" NAME ",Counts,cyd\n";

	drift(p);
	assert_int_equal(prism_file_write(path, text, strlen(text), 0600, NULL), 0);
	p->cli.quiet = true; /* cyd is in role auditor and moves */
	cli_run(&p->cli, "computation import %s --existing update --prune --dry-run", path);
	p->cli.quiet = false;
	const cJSON *beyond = cJSON_GetObjectItem(
	    cJSON_GetArrayItem(cJSON_GetObjectItem(p->cli.doc, "computations"), 0), "not_in_file");
	assert_int_equal(cJSON_GetArraySize(beyond), 1); /* ben, a viewer */
	assert_string_equal(cli_text(cJSON_GetArrayItem(beyond, 0), "role"), "viewer");
	(void)beyond_of(p, "--prune");
	must_be(p, "pruned after the sheet");
}

/* Two of the file for one of the workspace: said, and the last one counts. */
static void two_that_change_the_same_one_are_told(void **state)
{
	struct place *p = *state;
	PRISM_AUTO_FREE char *path = prism_asprintf("%s/two.json", p->dir);
	static const char text[] =
	    "[{\"computation\":{\"name\":\"" NAME "\",\"description\":\"first\"}},"
	    "{\"computation\":{\"name\":\"" NAME "\",\"description\":\"second\"}}]";

	assert_int_equal(prism_file_write(path, text, strlen(text), 0600, NULL), 0);
	cli_must(&p->cli, "computation import %s --existing update", path);
	must_say(p, "[1].computation.name");
	must_say(p, "the last one counts");
	PRISM_AUTO_FREE char *now = export_of(p, NAME);
	assert_non_null(strstr(now, "\"description\": \"second\""));
	(void)beyond_of(p, "");
	must_be(p, "as before");
}

/* ---- refused ---- */

static void a_refused_change_of_fields_does_not_stop_the_rest(void **state)
{
	struct place *p = *state;
	PRISM_AUTO_FREE char *ran = export_of(p, "Recommendation audit"); /* TLS part is read-only */
	PRISM_AUTO_FREE char *first =
	    file_with(p, ran, "\"log_level\": \"\"", "\"log_level\": \"debug\"");
	struct prism_buf text;

	assert_int_equal(prism_file_read(first, FILE_MAX, &text, NULL), 0);
	PRISM_AUTO_FREE char *path = file_with(
	    p, text.data, "\"roles\": [",
	    "\"roles\": [{\"role_name\":\"auditor\",\"actions\":[\"view\"],\"members\":null},");
	prism_buf_finish(&text);
	p->cli.quiet = true;
	assert_int_equal(cli_run(&p->cli, "computation import %s --existing update", path), 6);
	p->cli.quiet = false;
	must_say(p, "\"partly\"");
	must_say(p, "read-only after the first run"); /* the server's word */
	must_say(p, "[0].computation");
	PRISM_AUTO_FREE char *now = export_of(p, "Recommendation audit");
	assert_non_null(strstr(now, "\"auditor\""));
	cli_must(&p->cli, "role delete 'Recommendation audit' auditor --confirm auditor");
}

/* ---- killed ---- */

struct patience {
	int polls, left;
};

static bool over(void *data)
{
	struct patience *patience = data;

	return patience->left-- <= 0;
}

static void killed_and_repeated_it_ends_the_same(void **state)
{
	struct place *p = *state;
	struct patience patience = {.polls = 10};
	int kills = 0;

	drift(p);
	cli_must(&p->cli, "asset unlink word_count.py '%s'", NAME);
	p->cli.kill_now = over;
	p->cli.kill_data = &patience;
	do {
		patience.left = patience.polls += 4;
		cli_run(&p->cli, "computation import %s --existing update --prune", p->file);
		kills += p->cli.status != 0;
	} while (p->cli.status != 0);
	p->cli.kill_now = NULL;
	assert_true(kills > 3);
	must_be(p, "killed");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(it_stays_and_is_removed_on_request),
	    cmocka_unit_test(the_preview_says_what_changes),
	    cmocka_unit_test(a_link_is_removed_and_only_then),
	    cmocka_unit_test(whoever_imports_and_the_last_administrator_stay),
	    cmocka_unit_test(a_sheet_does_not_speak_of_roles_it_has_no_column_for),
	    cmocka_unit_test(two_that_change_the_same_one_are_told),
	    cmocka_unit_test(a_refused_change_of_fields_does_not_stop_the_rest),
	    cmocka_unit_test(killed_and_repeated_it_ends_the_same),
	};
	return cmocka_run_group_tests(tests, start, stop);
}
