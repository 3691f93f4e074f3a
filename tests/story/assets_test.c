/*
 * Assets by -c against the sandbox: a directory is one, hashed as its agent hashes it; a sample
 * that is too large never leaves; and a sample, whose bytes and name are somebody else's, takes no
 * other file's place on this machine, nor does what is saved of a CVM.
 */
#include "tests/lib/client.h"
#include "tests/lib/tmpdir.h"

#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define SAMPLE_MAX (10u << 20) /* reference section 3.7 */
#define MINE "what was here before"

struct place {
	struct sandbox *sandbox;
	struct cli cli;
	char *dir;
};

static int start(void **state)
{
	struct place *p = prism_alloc(sizeof(*p));

	p->sandbox = sandbox_start(NULL);
	p->cli = (struct cli){.sandbox = p->sandbox, .workspace = "Open Science Lab"};
	p->dir = tmpdir_create();
	*state = p;
	return 0;
}

static int stop(void **state)
{
	struct place *p = *state;

	cli_finish(&p->cli);
	tmpdir_remove(p->dir);
	sandbox_stop(p->sandbox);
	prism_free(p);
	return 0;
}

static char *put(const struct place *p, const char *name, const void *bytes, size_t size)
{
	char *path = prism_path_join(p->dir, name);
	struct prism_error err = PRISM_ERROR_INIT;

	assert_int_equal(prism_file_write(path, bytes, size, 0644, &err), 0);
	return path;
}

static void must_hold(const char *path, const char *text)
{
	struct prism_error err = PRISM_ERROR_INIT;
	PRISM_AUTO_BUF struct prism_buf bytes = PRISM_BUF_INIT(1u << 20);

	assert_int_equal(prism_file_read(path, 1u << 20, &bytes, &err), 0);
	assert_string_equal(prism_buf_text(&bytes), text);
}

static void say(const struct cli *c, const char *part)
{
	if (!strstr(c->err, part))
		fail_msg("no \"%s\" in: %s", part, c->err);
}

static void a_directory_is_an_asset(void **state)
{
	struct place *p = *state;
	PRISM_AUTO_FREE char *sub = prism_path_join(p->dir, "data");
	PRISM_AUTO_FREE char *one = NULL, *hex = NULL;

	assert_int_equal(mkdir(sub, 0755), 0);
	one = put(p, "data/one.csv", "1,2\n", 4);
	hex = prism_strdup(prism_json_str(cli_must(&p->cli, "checksum %s", sub), "sha3_256", ""));
	assert_int_equal(strlen(hex), 64);
	cli_must(&p->cli, "asset create %s --type dataset --description d --name folder", sub);
	assert_string_equal(prism_json_str(cli_must(&p->cli, "asset show folder"), "checksum", ""),
	                    hex);
	PRISM_AUTO_FREE char *two = put(p, "data/two.csv", "3,4\n", 4); /* every file counts */
	assert_string_not_equal(prism_json_str(cli_must(&p->cli, "checksum %s", sub), "sha3_256", ""),
	                        hex);
}

static void a_sample_has_a_limit(void **state)
{
	struct place *p = *state;
	char *bytes = prism_alloc(SAMPLE_MAX + 1);
	PRISM_AUTO_FREE char *most = put(p, "most.bin", bytes, SAMPLE_MAX);
	PRISM_AUTO_FREE char *more = put(p, "more.bin", bytes, SAMPLE_MAX + 1);

	prism_free(bytes);
	assert_int_equal(
	    cli_run(&p->cli, "asset create %s --type dataset --description d --name more --sample %s",
	            most, more),
	    11);
	say(&p->cli, "10 MiB");
	say(&p->cli, "hint: ");
	assert_int_equal(cli_run(&p->cli, "asset show more"), 5); /* nothing was sent */
	cli_must(&p->cli, "asset create %s --type dataset --description d --name most --sample %s",
	         most, most);
	assert_int_equal(cli_run(&p->cli, "asset update most --sample %s", more), 11);
}

static void a_sample_takes_no_other_files_place(void **state)
{
	struct place *p = *state;
	PRISM_AUTO_FREE char *mine = put(p, "taken.csv", MINE, strlen(MINE));
	PRISM_AUTO_FREE char *sample = put(p, "sample.csv", "a,b\n", 4);

	cli_must(&p->cli, "asset create %s --type dataset --description d --name taken.csv --sample %s",
	         sample, sample);
	assert_int_equal(cli_run(&p->cli, "asset download taken.csv --save %s", mine), 6);
	say(&p->cli, "exists already");
	say(&p->cli, "--replace");
	must_hold(mine, MINE);
	cli_must(&p->cli, "asset download taken.csv --save %s --replace", mine);
	must_hold(mine, "a,b\n");
	/* a name that a shell or an editor would read by itself is only taken from the person */
	cli_must(&p->cli, "asset create %s --type dataset --description d --name .profile --sample %s",
	         sample, sample);
	assert_int_equal(cli_run(&p->cli, "asset download .profile"), 2);
	say(&p->cli, "--save");
	assert_int_not_equal(access(".profile", F_OK), 0);
}

/* One name is proposed for the policies and reports of all CVMs, and a policy may have been edited.
 */
static void what_was_saved_of_a_cvm_stays(void **state)
{
	static const char *const commands[] = {"cvm policy", "cvm attestation"};
	struct place *p = *state;
	PRISM_AUTO_FREE char *mine = put(p, "mine", MINE, strlen(MINE));

	for (size_t i = 0; i < PRISM_COUNT(commands); i++) {
		assert_int_equal(
		    cli_run(&p->cli, "%s 'lab-snp-1 (NOT A TEE)' --save %s", commands[i], mine), 6);
		say(&p->cli, "exists already");
		must_hold(mine, MINE);
	}
	cli_must(&p->cli, "cvm policy 'lab-snp-1 (NOT A TEE)' --save %s --replace", mine);
	cli_must(&p->cli, "policy explain %s", mine);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(a_directory_is_an_asset, start, stop),
	    cmocka_unit_test_setup_teardown(a_sample_has_a_limit, start, stop),
	    cmocka_unit_test_setup_teardown(a_sample_takes_no_other_files_place, start, stop),
	    cmocka_unit_test_setup_teardown(what_was_saved_of_a_cvm_stays, start, stop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
