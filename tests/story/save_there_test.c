/*
 * Results, policies and other answers saved straight on a bastion: what is there afterwards, what
 * is refused before anything is done, and where the data is when the host refuses or the line
 * breaks. Against a real sshd; skipped where there is none.
 */
#include "base/file.h"
#include "base/mem.h"
#include "tests/lib/sshd.h"
#include "tests/lib/story.h"
#include "tests/lib/tmpdir.h"
#include "tests/lib/wire.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define SAMPLES STORY_SAMPLES
#define EXIT_INVALID 2

static const char *missing;
static struct sshd *sshd, *strict; /* the second one lets nothing be written */
static char *base, *there;         /* of the test; directory of the host */
static char *cvm;

static void set(const char *name, const char *value)
{
	assert_int_equal(setenv(name, value, 1), 0);
}

static int start(void **state)
{
	struct story *s = prism_alloc(sizeof(*s));

	*state = s;
	missing = sshd_missing();
	if (missing)
		return 0;
	story_start(s, NULL);
	base = tmpdir_create();
	there = prism_path_join(base, "there");
	assert_int_equal(mkdir(there, 0755), 0);
	sshd = sshd_start(base, NULL);
	strict = sshd_start(base, "ForceCommand internal-sftp -R\n");
	set("PRISM_TUI_SSH_CONFIG", "none");
	set("PRISM_TUI_SSH_KNOWN_HOSTS", sshd->known_hosts);
	set("PRISM_TUI_SSH_STRICT", "yes");
	set("PRISM_TUI_SSH_KEY", sshd->key);
	unsetenv("SSH_AUTH_SOCK");
	cvm = prism_strdup(cli_text(cli_find(cli_must(&s->cli, "cvm list"), "phase", "Ready"), "id"));
	assert_true(*cvm != '\0');
	return 0;
}

static int stop(void **state)
{
	if (!missing)
		story_stop(*state);
	sshd_stop(sshd);
	sshd_stop(strict);
	prism_free(there);
	prism_free(cvm);
	tmpdir_remove(base);
	prism_free(*state);
	return 0;
}

static void need_sshd(void)
{
	if (missing) {
		print_message("%s\n", missing);
		skip();
	}
}

static char *on(unsigned port, const char *name)
{
	return prism_asprintf("%s@127.0.0.1:%u:%s/%s", sshd->user, port, there, name);
}

/* Files below dir, two levels of it, with the hidden ones. */
static unsigned files_in(const char *dir)
{
	DIR *d = opendir(dir);
	unsigned count = 0;

	for (const struct dirent *e; d && (e = readdir(d));) {
		PRISM_AUTO_FREE char *path = prism_path_join(dir, e->d_name);
		struct stat st;

		if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, "..") || lstat(path, &st) < 0)
			continue;
		count += S_ISDIR(st.st_mode) ? files_in(path) : 1;
	}
	if (d)
		closedir(d);
	return count;
}

static unsigned unsent(void)
{
	PRISM_AUTO_FREE char *dir = prism_path_state("unsent");

	return files_in(dir);
}

static void same_file(const char *a, const char *b)
{
	struct prism_buf x = {0}, y = {0};
	struct prism_error err = PRISM_ERROR_INIT;

	assert_int_equal(prism_file_read(a, 1u << 30, &x, &err), 0);
	assert_int_equal(prism_file_read(b, 1u << 30, &y, &err), 0);
	assert_int_equal(x.len, y.len);
	assert_memory_equal(x.data, y.data, x.len);
	prism_buf_finish(&x);
	prism_buf_finish(&y);
}

static void a_policy_is_saved_there(void **state)
{
	struct story *s = *state;
	struct cli *c = &s->cli;
	PRISM_AUTO_FREE char *here = NULL;
	PRISM_AUTO_FREE char *far = NULL;
	PRISM_AUTO_FREE char *name = NULL;

	need_sshd();
	here = story_tmp("policy.json");
	far = prism_path_join(there, "policy.json");
	name = on(sshd->port, "policy.json");
	cli_must(c, "cvm policy %s --save %s", cvm, here);
	cli_must(c, "cvm policy %s --save %s", cvm, name);
	same_file(here, far);
	assert_int_equal(files_in(there), 1);
	assert_int_equal(unsent(), 0);
	/* With --replace a policy is overwritten here; there the former one is kept beside. */
	cli_must(c, "cvm policy %s --save %s --replace", cvm, name);
	same_file(here, far);
	assert_int_equal(files_in(there), 2);
	story_must_contain(c->err, "the former file is ");
	/* No name, no directory, and what takes directories of this machine only. */
	c->quiet = true;
	assert_int_equal(
	    cli_run(c, "cvm policy %s --save %s@127.0.0.1:%u:/", cvm, sshd->user, (unsigned)sshd->port),
	    EXIT_INVALID);
	assert_int_not_equal(cli_run(c, "cvm policy %s --save %s/none/policy.json", cvm, name), 0);
	story_must_contain(c->err, "there is no directory");
	assert_int_equal(cli_run(c, "key generate --directory %s", name), EXIT_INVALID);
	story_must_contain(c->err, "a directory of this machine");
	c->quiet = false;
	assert_int_equal(files_in(there), 2);
}

static void a_result_is_saved_there(void **state)
{
	struct story *s = *state;
	struct cli *c = &s->cli;
	PRISM_AUTO_FREE char *far = NULL;
	PRISM_AUTO_FREE char *name = NULL;
	PRISM_AUTO_FREE char *taken = NULL;
	char id[80];
	struct stat st;

	need_sshd();
	far = prism_path_join(there, "results.zip");
	name = on(sshd->port, "results.zip");
	taken = on(sshd->port, "taken.zip");
	PRISM_AUTO_FREE char *taken_path = prism_path_join(there, "taken.zip");
	struct prism_error err = PRISM_ERROR_INIT;
	assert_int_equal(prism_file_write(taken_path, "before", 6, 0600, &err), 0);
	cli_must(c, "key generate --type ed25519");
	story_define(s, "Saved on the bastion", "", SAMPLES "classify.py", SAMPLES "flowers.csv", id);
	story_run_until(s, id, "ReceivingAlgorithm");
	cli_must(c, "send algorithm %s " SAMPLES "classify.py --type python", id);
	cli_must(c, "send data %s " SAMPLES "flowers.csv", id);
	cli_must(c, "computation follow %s --until-state ConsumingResults --timeout 60s", id);
	/* A result is never written over, as here; and the agent was not even asked. */
	c->quiet = true;
	assert_int_not_equal(cli_run(c, "result fetch %s --save %s", id, taken), 0);
	c->quiet = false;
	story_must_contain(c->err, "exists already");
	assert_int_equal(stat(taken_path, &st), 0);
	assert_int_equal(st.st_size, 6);
	/* Told by its name there, wherever the answer names it. */
	const cJSON *told = cli_must(c, "result fetch %s --save %s", id, name);
	assert_string_equal(cli_text(told, "path"), name);
	cli_must(c, "result show %s", far);
	story_must_contain(c->out, "report.txt");
	assert_int_equal(stat(far, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(unsent(), 0);
	story_must_be(s, id, "Completed");
}

/* The command that the hint gives, up to the end of its line. */
static char *try_again_of(const struct cli *c)
{
	const char *at = strstr(c->err, "host put ");

	assert_non_null(at);
	return prism_strndup(at, strcspn(at, "\n;"));
}

static void a_refusal_says_where_the_data_is(void **state)
{
	struct story *s = *state;
	struct cli *c = &s->cli;
	PRISM_AUTO_FREE char *here = NULL;
	PRISM_AUTO_FREE char *name = NULL;
	PRISM_AUTO_FREE char *again = NULL;
	PRISM_AUTO_FREE char *far = NULL;
	unsigned before;

	need_sshd();
	before = files_in(there);
	here = story_tmp("policy-here.json");
	far = prism_path_join(there, "refused.json");
	name = on(strict->port, "refused.json");
	set("PRISM_TUI_SSH_KEY", strict->key);
	c->quiet = true;
	assert_int_not_equal(cli_run(c, "cvm policy %s --save %s", cvm, name), 0);
	c->quiet = false;
	set("PRISM_TUI_SSH_KEY", sshd->key);
	story_must_contain(c->err, "does not allow it");
	story_must_contain(c->err, "it is kept here");
	assert_int_equal(files_in(there), before);
	assert_int_equal(unsent(), 1);
	/* What the hint says works, once the host lets it. */
	again = try_again_of(c);
	PRISM_AUTO_FREE char *closed = prism_asprintf(":%u ", (unsigned)strict->port);
	const char *port = strstr(again, closed);
	assert_non_null(port);
	PRISM_AUTO_FREE char *fixed = prism_asprintf("%.*s:%u %s", (int)(port - again), again,
	                                             (unsigned)sshd->port, strchr(port, ' ') + 1);
	cli_must(c, "%s", fixed);
	cli_must(c, "cvm policy %s --save %s", cvm, here);
	same_file(here, far);
}

/* To the host, so far away that each of some steps takes its time: it is caught under way. The host
 * key is the same behind the relay's port. */
static struct wire *slow_way(void)
{
	struct wire *wire = wire_start(sshd->port);
	PRISM_AUTO_FREE char *line = NULL;
	struct prism_buf known = {0};
	struct prism_error err = PRISM_ERROR_INIT;

	wire_delay(wire, 60, 0);
	assert_int_equal(prism_file_read(sshd->known_hosts, 1 << 16, &known, &err), 0);
	line = prism_asprintf("%s[127.0.0.1]:%d%s", prism_buf_text(&known), wire_port(wire),
	                      strchr(prism_buf_text(&known), ' '));
	prism_buf_finish(&known);
	assert_int_equal(prism_file_write(sshd->known_hosts, line, strlen(line), 0600, &err), 0);
	return wire;
}

/* A temporary name has appeared: the line is cut under it. */
struct cutting {
	struct wire *wire;
	unsigned before;
	bool done;
};

static bool cut_when_it_begins(void *data)
{
	struct cutting *cutting = data;

	if (!cutting->done && files_in(there) > cutting->before) {
		wire_set(cutting->wire, WIRE_CUT);
		cutting->done = true;
	}
	return false;
}

static void a_line_that_breaks_leaves_no_half_file(void **state)
{
	struct story *s = *state;
	struct cli *c = &s->cli;
	struct cutting cutting = {0};
	PRISM_AUTO_FREE char *far = NULL;
	PRISM_AUTO_FREE char *name = NULL;
	unsigned kept;

	need_sshd();
	cutting.wire = slow_way();
	cutting.before = files_in(there);
	kept = unsent();
	far = prism_path_join(there, "broken.json");
	name = on((unsigned)wire_port(cutting.wire), "broken.json");
	c->quiet = true;
	c->kill_now = cut_when_it_begins;
	c->kill_data = &cutting;
	assert_int_not_equal(cli_run(c, "cvm policy %s --save %s", cvm, name), 0);
	c->kill_now = NULL;
	c->quiet = false;
	assert_true(cutting.done);
	assert_int_not_equal(access(far, F_OK), 0);
	story_must_contain(c->err, "it is kept here");
	story_must_contain(c->err, "a part of it may be there as ");
	assert_int_equal(unsent(), kept + 1);
	wire_stop(cutting.wire);
}

static void guards_hold(void **state)
{
	struct story *s = *state;
	struct cli *c = &s->cli;
	PRISM_AUTO_FREE char *name = NULL;
	PRISM_AUTO_FREE char *here = NULL;
	unsigned before;

	need_sshd();
	name = on(sshd->port, "guarded.json");
	here = story_tmp("guarded.json");
	before = files_in(there);
	/* Read-only: a policy may be saved here, which changes nothing of anybody's; not there. */
	set("PRISM_TUI_READ_ONLY", "yes");
	c->quiet = true;
	cli_must(c, "cvm policy %s --save %s", cvm, here);
	assert_int_not_equal(cli_run(c, "cvm policy %s --save %s", cvm, name), 0);
	story_must_contain(c->err, "read-only");
	unsetenv("PRISM_TUI_READ_ONLY");
	assert_int_equal(files_in(there), before);
	/* Restricted: files of this machine outside of the directories are refused; a host is none. */
	set("PRISM_TUI_RESTRICTED", "yes");
	set("PRISM_TUI_RESTRICTED_DIRS", base);
	assert_int_not_equal(cli_run(c, "cvm policy %s --save /var/tmp/guarded.json", cvm), 0);
	cli_must(c, "cvm policy %s --save %s", cvm, name);
	unsetenv("PRISM_TUI_RESTRICTED");
	unsetenv("PRISM_TUI_RESTRICTED_DIRS");
	c->quiet = false;
	assert_int_equal(files_in(there), before + 1);
}

/* ---- on the screen ---- */

#define SOON 20000

static void command(struct pty *p, const char *words)
{
	pty_keys(p, ":");
	pty_wait_text(p, "Command", SOON);
	pty_keys(p, words);
	pty_keys(p, "<Enter>");
}

static struct pty *open_policy(struct story *s)
{
	const char *env[] = {"PRISM_TUI_USER=ada", "PRISM_TUI_FOLLOW=no", NULL};
	struct client_spec spec = {.sandbox = s->sandbox, .env = env, .rows = 24, .cols = 100};
	struct pty *p;

	set("PRISM_TUI_WORKSPACE", s->workspace);
	p = client_start(&spec);
	pty_wait_text(p, "Sign in", SOON);
	pty_keys(p, s->sandbox->users[0].password);
	pty_keys(p, "<Enter>");
	pty_wait_text(p, "signed in as", SOON);
	pty_wait_quiet(p, 400, SOON); /* the workspace is entered, which closes what is open */
	PRISM_AUTO_FREE char *words = prism_asprintf("cvm policy %s", cvm);
	command(p, words);
	pty_wait_text(p, "Attestation policy of", SOON);
	return p;
}

static void a_person_looks_for_a_place_there(void **state)
{
	struct story *s = *state;
	struct pty *p;
	PRISM_AUTO_FREE char *host = NULL;
	PRISM_AUTO_FREE char *dir = NULL;
	PRISM_AUTO_FREE char *far = NULL;

	need_sshd();
	far = prism_path_join(there, "attestation_policy.json");
	host = prism_asprintf("%s@127.0.0.1:%u/", sshd->user, (unsigned)sshd->port);
	dir = prism_asprintf("%s/", there);
	p = open_policy(s);
	pty_keys(p, "W");
	pty_wait_text(p, "ctrl-o browses", SOON);
	pty_keys(p, "<C-o>");
	pty_wait_text(p, "ctrl-s saves here", SOON);
	pty_keys(p, host);
	pty_wait_text(p, "@127.0.0.1:", SOON);
	pty_keys(p, dir);
	pty_wait_text(p, "policy.json", SOON); /* of the first test */
	pty_keys(p, "<C-s>");
	pty_wait_text(p, "there/attestation_policy.json", SOON);
	assert_int_not_equal(access(far, F_OK), 0);
	pty_keys(p, "<Enter>");
	pty_wait_text(p, "policy saved as", SOON);
	assert_int_equal(access(far, F_OK), 0);
	/* The same name again is refused, and nothing is changed. */
	pty_keys(p, "W<C-u>");
	pty_keys(p, sshd->user);
	PRISM_AUTO_FREE char *rest = prism_asprintf("@127.0.0.1:%u:%s", (unsigned)sshd->port, far);
	pty_keys(p, rest);
	pty_keys(p, "<Enter>");
	pty_wait_text(p, "exists already", SOON);
	pty_destroy(p);
}

/* A token is told once: its dialog knows that it is kept only when it is there. */
static void a_token_is_saved_there(void **state)
{
	struct story *s = *state;
	struct pty *p;
	struct stat st;
	PRISM_AUTO_FREE char *far = NULL;
	PRISM_AUTO_FREE char *name = NULL;

	need_sshd();
	far = prism_path_join(there, "token.txt");
	name = on(sshd->port, "token.txt");
	p = open_policy(s);
	pty_keys(p, "q");
	command(p, "token create look --life 1h");
	pty_wait_text(p, "This is told once", SOON);
	pty_keys(p, "s");
	pty_wait_text(p, "File to write, mode 0600", SOON);
	pty_keys(p, "<C-u>");
	pty_keys(p, name);
	pty_keys(p, "<Enter>");
	pty_wait_text(p, "saved, readable by you alone: on the host", SOON);
	assert_int_equal(stat(far, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_true(st.st_size > 20);
	pty_destroy(p);
}

/* The lines of a log are many, and go by a file of their own. */
static void a_log_is_saved_there(void **state)
{
	struct story *s = *state;
	struct pty *p;
	PRISM_AUTO_FREE char *far = NULL;
	PRISM_AUTO_FREE char *name = NULL;

	need_sshd();
	far = prism_path_join(there, "log.jsonl");
	name = on(sshd->port, "log.jsonl");
	p = open_policy(s);
	pty_keys(p, "q1/Saved<Enter>");
	pty_wait_gone(p, "Empty draft", SOON);
	pty_keys(p, "L");
	pty_wait_text(p, "computation started", SOON);
	pty_keys(p, "W");
	pty_wait_text(p, "Save to", SOON);
	pty_keys(p, "<C-u>");
	pty_keys(p, name);
	pty_keys(p, "<Enter>");
	pty_wait_text(p, "lines saved as", SOON);
	assert_int_equal(access(far, F_OK), 0);
	pty_destroy(p);
}

static void until_it_begins(struct pty *p, unsigned before)
{
	for (int i = 0; i < 4000 && files_in(there) == before; i++)
		pty_wait_quiet(p, 1, SOON);
	assert_int_equal(files_in(there), before + 1);
}

static void an_interrupted_command_says_where_it_is(void **state)
{
	struct story *s = *state;
	struct pty *p;
	struct wire *wire;
	unsigned before, kept;
	int status;
	PRISM_AUTO_FREE char *name = NULL;
	PRISM_AUTO_FREE char *password = NULL;
	struct prism_error err = PRISM_ERROR_INIT;

	need_sshd();
	wire = slow_way();
	name = on((unsigned)wire_port(wire), "interrupted.json");
	before = files_in(there);
	kept = unsent();
	password = prism_path_join(base, "password");
	assert_int_equal(prism_file_write(password, s->sandbox->users[0].password,
	                                  strlen(s->sandbox->users[0].password), 0600, &err),
	                 0);
	PRISM_AUTO_FREE char *words = prism_asprintf("cvm policy %s --save %s", cvm, name);
	const char *args[] = {"--password-file", password, "-c", words, NULL};
	const char *env[] = {"PRISM_TUI_USER=ada", NULL};
	set("PRISM_TUI_WORKSPACE", s->workspace);
	p = client_start(&(struct client_spec){.sandbox = s->sandbox, .args = args, .env = env});
	until_it_begins(p, before);
	pty_keys(p, "<C-c>");
	pty_wait_text(p, "not saved there: it is kept here", SOON);
	pty_wait_exit(p, SOON, &status);
	assert_int_equal(WEXITSTATUS(status), 12);
	assert_int_equal(files_in(there), before);
	assert_int_equal(unsent(), kept + 1);
	pty_destroy(p);
	wire_stop(wire);
}

static void a_person_stops_it(void **state)
{
	struct story *s = *state;
	struct pty *p;
	struct wire *wire;
	PRISM_AUTO_FREE char *far = NULL;
	PRISM_AUTO_FREE char *name = NULL;
	unsigned before, kept;

	need_sshd();
	wire = slow_way();
	far = prism_path_join(there, "stopped.json");
	name = on((unsigned)wire_port(wire), "stopped.json");
	before = files_in(there);
	kept = unsent();
	p = open_policy(s);
	PRISM_AUTO_FREE char *words = prism_asprintf("cvm policy %s --save %s", cvm, name);
	pty_keys(p, "q");
	command(p, words);
	until_it_begins(p, before);
	pty_keys(p, "<C-g>");
	pty_wait_text(p, "not saved there: it is kept here", SOON);
	assert_int_equal(files_in(there), before);
	assert_int_not_equal(access(far, F_OK), 0);
	assert_int_equal(unsent(), kept + 1);
	pty_destroy(p);
	wire_stop(wire);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_policy_is_saved_there),
	    cmocka_unit_test(a_result_is_saved_there),
	    cmocka_unit_test(a_refusal_says_where_the_data_is),
	    cmocka_unit_test(a_line_that_breaks_leaves_no_half_file),
	    cmocka_unit_test(guards_hold),
	    cmocka_unit_test(a_person_looks_for_a_place_there),
	    cmocka_unit_test(a_token_is_saved_there),
	    cmocka_unit_test(a_log_is_saved_there),
	    cmocka_unit_test(a_person_stops_it),
	    cmocka_unit_test(an_interrupted_command_says_where_it_is),
	};

	return cmocka_run_group_tests_name("save_there", tests, start, stop);
}
