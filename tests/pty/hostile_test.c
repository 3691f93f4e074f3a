/*
 * What a server, an agent or an algorithm says never reaches the terminal as it came: names,
 * descriptions, error texts and log lines full of escape sequences, C1 bytes and overrides.
 */
#include "tests/lib/api.h"
#include "tests/lib/client.h"

#include "base/file.h"
#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include <cmocka.h>

#define SOON 15000

/* As JSON, and as an algorithm prints it. */
#define HOSTILE_JSON                                                    \
	"x\\u001b]0;owned\\u0007\\u001b]52;c;aGk=\\u0007\\u001b[2J\\u001b[" \
	"6n\\u009b31m\\u001bPq\\u007f\\u202eevil"
#define HOSTILE_SH                                          \
	"x\\033]0;owned\\007\\033]52;c;aGk=\\007\\033[2J\\033[" \
	"6n\\302\\23331m\\033Pq\\177\\342\\200\\256evil\\n"

static const char *const never[] = {"\033]", "\033[2J", "\033[6n",      "\302\233", "\033P",
                                    "\177",  "\007",    "\342\200\256", "\033[c"};

static void check_clean(struct pty *p)
{
	for (size_t i = 0; i < PRISM_COUNT(never); i++) {
		if (pty_raw_has(p, never[i]))
			fail_msg("the terminal got hostile sequence %zu", i);
	}
}

static struct pty *signed_in(const struct sandbox *sb, const char *lang)
{
	struct pty *p = client_start(&(struct client_spec){
	    .sandbox = sb,
	    .rows = 40,
	    .cols = 120,
	    .lang = lang,
	    .env = (const char *const[]){"PRISM_TUI_USER=ada", "PRISM_TUI_WORKSPACE=Open Science Lab",
	                                 NULL},
	});

	pty_wait_text(p, "Sign in", SOON);
	pty_mark(p); /* the start clears the screen, and may */
	pty_keys(p, sb->users[0].password);
	pty_keys(p, "<Enter>");
	pty_wait_text(p, "Empty draft", SOON);
	return p;
}

static void names(const char *lang, const char *shown)
{
	struct sandbox *sb = sandbox_start(NULL);
	struct api api;
	struct pty *p;

	api_init(&api, sb);
	api_login(&api, 0, "Open Science Lab");
	cJSON_Delete(api_must(&api, "POST", "/computations/%w/computations",
	                      "{\"name\":\"" HOSTILE_JSON "\",\"description\":\"" HOSTILE_JSON "\"}"));
	p = signed_in(sb, lang);
	pty_wait_text(p, shown, SOON);
	pty_keys(p, "g");
	pty_wait_quiet(p, 100, 2000);
	pty_keys(p, "<Enter>");
	pty_wait_text(p, "Overview", SOON);
	pty_wait_quiet(p, 300, 5000);
	pty_keys(p, "]");
	pty_wait_quiet(p, 300, 5000);
	check_clean(p);
	pty_destroy(p);
	api_finish(&api);
	sandbox_stop(sb);
}

static void test_names(void **state)
{
	names(NULL, "x␛]0;owned");
}

static void test_names_without_utf8(void **state)
{
	names("C", "x^[]0;owned");
}

static void test_a_refusal(void **state)
{
	struct sandbox *sb = sandbox_start((const char *const[]){
	    "--fault", "plan=x\033]0;owned\007\033[2J\302\23331mevil@POST:/computations/*", NULL});
	struct pty *p = signed_in(sb, NULL);

	pty_keys(p, "c");
	pty_wait_text(p, "Description *", SOON);
	pty_keys(p, "refused<Tab>by plan<C-s>");
	pty_wait_text(p, "]0;owned", SOON);
	check_clean(p);
	pty_destroy(p);
	sandbox_stop(sb);
}

/* A computation whose algorithm prints what it should not; it has ended when this returns. */
static void run_hostile(struct sandbox *sb, char *id, size_t size)
{
	struct cli c = {.sandbox = sb, .workspace = "Open Science Lab"};
	static const char script[] =
	    "#!/bin/sh\nmkdir -p results\nprintf '" HOSTILE_SH "'\nprintf '" HOSTILE_SH "' >&2\n";
	PRISM_AUTO_FREE char *path =
	    prism_asprintf("%s/hostile.sh", getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp");
	const cJSON *one;
	char cvm[80] = "";

	assert_int_equal(prism_file_write(path, script, sizeof(script) - 1, 0700, NULL), 0);
	snprintf(
	    id, size, "%s",
	    cli_text(cli_must(&c, "computation create Hostile --description 'prints escapes'"), "id"));
	cli_must(&c, "role action add %s owner algo_provider result_consumer", id);
	cli_must(&c, "key generate --name %s", id);
	cli_must(&c, "asset create %s --type algorithm --description a --link %s", path, id);
	cli_must(&c, "key list");
	one = cli_find(c.doc, "name", id);
	assert_non_null(one);
	{
		PRISM_AUTO_FREE char *public = prism_strdup(cli_text(one, "public"));

		cli_must(&c, "key register %s %s", id, public);
	}
	cli_must(&c, "cvm list");
	cJSON_ArrayForEach(one, c.doc)
	{
		if (strcasecmp(cli_text(one, "phase"), "ready") == 0)
			snprintf(cvm, sizeof(cvm), "%s", cli_text(one, "id"));
	}
	cli_must(&c, "computation run %s --cvm %s", id, cvm);
	cli_must(&c, "computation follow %s --until-state ReceivingAlgorithm --timeout 30s", id);
	cli_must(&c, "send algorithm %s %s --type bin", id, path);
	cli_must(&c, "computation follow %s --until-state ConsumingResults --timeout 30s", id);
	cli_must(&c, "computation logs %s", id);
	assert_null(strstr(c.out, "\033"));
	assert_null(strstr(c.out, "\302\233"));
	cli_finish(&c);
}

static void test_log_lines(void **state)
{
	struct sandbox *sb = sandbox_start((const char *const[]){"--cvm-step", "50", NULL});
	char id[80];
	struct pty *p;

	run_hostile(sb, id, sizeof(id));
	p = signed_in(sb, NULL);
	pty_wait_text(p, "Hostile", SOON);
	pty_keys(p, "g");
	pty_wait_quiet(p, 100, 2000);
	pty_keys(p, "<Enter>");
	pty_wait_text(p, "Overview", SOON);
	pty_keys(p, "L");
	pty_wait_text(p, "x␛]0;owned", SOON);
	pty_wait_quiet(p, 300, 5000);
	check_clean(p);
	pty_destroy(p);
	sandbox_stop(sb);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_names),
	    cmocka_unit_test(test_names_without_utf8),
	    cmocka_unit_test(test_a_refusal),
	    cmocka_unit_test(test_log_lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
