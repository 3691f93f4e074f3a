/*
 * The whole story by keyboard, the real client on a real pty, at 80x24 and at 120x40: sign in, pick
 * the workspace, define, key, assets, run, send, watch, fetch; then one that is stopped and one
 * that fails and is tried again.  Waits are for what a person would read next.
 */
#include "tests/lib/client.h"

#include "base/file.h"
#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define SOON 15000
#define LATER 40000 /* something is executed meanwhile */

struct story {
	struct sandbox *sandbox;
	struct pty *p;
	char dir[512]; /* where the client runs, with the sample files */
};

static void copy_sample(const struct story *s, const char *from, const char *name)
{
	PRISM_AUTO_FREE char *to = prism_path_join(s->dir, name);
	struct prism_buf data = PRISM_BUF_INIT(16u << 20);
	struct prism_error err = PRISM_ERROR_INIT;

	if (prism_file_read(from, 16u << 20, &data, &err) < 0 ||
	    prism_file_write(to, data.data, data.len, 0700, &err) < 0)
		fail_msg("%s: %s", name, err.message);
	prism_buf_finish(&data);
}

/* A configuration file that trusts the sandbox's attestation root, and a policy from a CVM. */
static void prepare_attestation(const struct story *s)
{
	struct cli c = {.sandbox = s->sandbox, .workspace = "Open Science Lab"};
	PRISM_AUTO_FREE char *dir = prism_path_join(s->dir, ".config/prism-tui");
	PRISM_AUTO_FREE char *config = prism_path_join(dir, "config");
	PRISM_AUTO_FREE char *text = prism_asprintf("trust_root = %s\nagent_policy = %s/policy\n",
	                                            s->sandbox->attestation_root, s->dir);
	const cJSON *cvms = cli_must(&c, "cvm list");
	char id[80];

	snprintf(id, sizeof(id), "%s", cli_text(cJSON_GetArrayItem(cvms, 0), "id"));
	cli_must(&c, "cvm policy %s --save %s/policy", id, s->dir);
	cli_finish(&c);
	assert_int_equal(prism_file_mkdirs(dir, 0700, NULL), 0);
	assert_int_equal(prism_file_write(config, text, strlen(text), 0600, NULL), 0);
}

/* generation: of attested TLS; NULL: nothing is attested in this story. */
static void begin_attested(struct story *s, int rows, int cols, const char *generation)
{
	const char *tmp = getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp";
	char home[600];

	*s = (struct story){0};
	s->sandbox = sandbox_start((const char *const[]){"--cvm-step", "50", "--agent-generation",
	                                                 generation ? generation : "1", NULL});
	snprintf(s->dir, sizeof(s->dir), "%s/story-XXXXXX", tmp);
	assert_non_null(mkdtemp(s->dir));
	copy_sample(s, "sandbox/samples/classify.py", "classify.py");
	copy_sample(s, "sandbox/samples/flowers.csv", "flowers.csv");
	copy_sample(s, "sandbox/samples/requirements.txt", "requirements.txt");
	copy_sample(s, "sandbox/samples/slow.py", "slow.py");
	copy_sample(s, "sandbox/samples/broken.py", "broken.py");
	copy_sample(s, build_path("samples/columns"), "columns");
	if (generation)
		prepare_attestation(s);
	snprintf(home, sizeof(home), "HOME=%s", s->dir);
	s->p = client_start(&(struct client_spec){
	    .sandbox = s->sandbox,
	    .rows = rows,
	    .cols = cols,
	    .dir = s->dir,
	    .env = (const char *const[]){"PRISM_TUI_USER=ada", home, "XDG_CONFIG_HOME",
	                                 "XDG_STATE_HOME", NULL},
	});
	pty_wait_text(s->p, "Sign in", SOON);
	pty_keys(s->p, s->sandbox->users[0].password);
	pty_keys(s->p, "<Enter>");
	pty_wait_text(s->p, "Hospital Pilot", SOON);
	pty_wait_gone(s->p, "Sign in", SOON);
	pty_keys(s->p, "/Open<Enter>");
	pty_wait_gone(s->p, "Hospital Pilot", SOON);
	pty_keys(s->p, "<Enter>");
	pty_wait_text(s->p, "Empty draft", SOON);
}

static void begin(struct story *s, int rows, int cols)
{
	begin_attested(s, rows, cols, NULL);
}

static void end(struct story *s)
{
	char *left;

	pty_keys(s->p, "Q");
	pty_wait_exit(s->p, SOON, NULL);
	left = pty_left_over(s->p);
	assert_string_equal(left, "");
	prism_free(left);
	pty_destroy(s->p);
	sandbox_stop(s->sandbox);
}

/* From the list of computations into a new one. */
static void create(struct story *s, const char *name)
{
	char row[80];

	pty_keys(s->p, "c");
	pty_wait_text(s->p, "Description *", SOON);
	pty_keys(s->p, name);
	pty_keys(s->p, "<Tab>made by keyboard<C-s>");
	pty_wait_gone(s->p, "Description *", SOON);
	snprintf(row, sizeof(row), "▸  %s", name);
	pty_wait_text(s->p, row, SOON); /* the cursor goes to what was made */
	pty_keys(s->p, "<Enter>");
	pty_wait_text(s->p, "Overview", SOON);
	pty_wait_text(s->p, "Not started", SOON);
}

static void give_actions(struct story *s)
{
	pty_keys(s->p, "]]]]");
	pty_wait_text(s->p, "Role Name", SOON);
	pty_wait_text(s->p, "owner", SOON);
	pty_keys(s->p, "a");
	pty_wait_text(s->p, "result_consumer    [ ]", SOON);
	pty_keys(s->p, "<Tab><Tab><Tab><Tab><Space><Tab><Space><Tab><Space>");
	pty_wait_text(s->p, "result_consumer    [x]", SOON);
	pty_keys(s->p, "<C-s>");
	pty_wait_gone(s->p, "[x]", SOON);
}

static void make_key(struct story *s)
{
	pty_keys(s->p, "6");
	pty_wait_text(s->p, "No key pairs yet", SOON);
	pty_keys(s->p, "c");
	pty_wait_text(s->p, "Directory", SOON);
	pty_keys(s->p, "<C-s>");
	pty_wait_text(s->p, "Ed25519", SOON);
	pty_keys(s->p, "1");
	pty_wait_text(s->p, "Role Name", SOON);
}

/* On the Assets tab. */
static void make_asset(struct story *s, const char *file, const char *type_keys)
{
	pty_keys(s->p, "c");
	pty_wait_text(s->p, "Description *", SOON);
	pty_keys(s->p, file);
	pty_keys(s->p, "<Tab>");
	pty_keys(s->p, type_keys);
	pty_keys(s->p, "<Tab>a sample<C-s>");
	pty_wait_gone(s->p, "Description *", SOON);
	pty_wait_text(s->p, file, SOON);
}

static void make_assets(struct story *s, const char *algorithm)
{
	pty_keys(s->p, "]");
	pty_wait_text(s->p, "Computation(s", SOON);
	make_asset(s, algorithm, "");
	make_asset(s, "flowers.csv", "<Right>");
	pty_keys(s->p, "[[[[[");
	pty_wait_text(s->p, "Enter resolves it", SOON);
}

static void register_key(struct story *s)
{
	pty_keys(s->p, "K");
	pty_wait_text(s->p, "public key of Ada Sample: done", SOON);
}

static void start_run(struct story *s)
{
	pty_keys(s->p, "R");
	pty_wait_text(s->p, "Create or Select CVM", SOON);
	pty_keys(s->p, "/Ready<Enter>");
	pty_wait_quiet(s->p, 100, 2000);
	pty_keys(s->p, "<Enter>");
	pty_wait_text(s->p, "waits for the algorithm", SOON);
}

static void send_algorithm(struct story *s, const char *file, const char *rest)
{
	pty_keys(s->p, "a");
	pty_wait_text(s->p, "Requirements", SOON);
	pty_keys(s->p, file);
	pty_keys(s->p, rest);
	pty_keys(s->p, "<C-s>");
	pty_wait_text(s->p, "waits for data", SOON);
	pty_wait_gone(s->p, "Requirements", SOON);
}

static void send_data(struct story *s)
{
	pty_keys(s->p, "d");
	pty_wait_text(s->p, "Decompress", SOON);
	pty_keys(s->p, "flowers.csv<C-s>");
	pty_wait_gone(s->p, "Decompress", SOON);
}

static void fetch(struct story *s, const char *entry)
{
	PRISM_AUTO_FREE char *zip = prism_path_join(s->dir, "results.zip");
	struct stat st;

	pty_keys(s->p, "f");
	pty_wait_text(s->p, "file to write", SOON);
	pty_keys(s->p, "<C-s>");
	pty_wait_text(s->p, entry, SOON);
	pty_keys(s->p, "<Esc>");
	pty_wait_gone(s->p, entry, SOON);
	assert_int_equal(stat(zip, &st), 0);
	assert_true(st.st_size > 22); /* more than an empty archive */
	unlink(zip);
}

/* Back to the list of computations. */
static void leave(struct story *s)
{
	pty_keys(s->p, "q");
	pty_wait_gone(s->p, "Overview", SOON);
	pty_wait_text(s->p, "Empty draft", SOON);
}

static void python_and_compiled(int rows, int cols)
{
	struct story s;

	begin(&s, rows, cols);
	create(&s, "Iris Classification Demo");
	give_actions(&s);
	make_key(&s);
	make_assets(&s, "classify.py");
	register_key(&s);
	start_run(&s);
	send_algorithm(&s, "classify.py", "<Tab><Tab>requirements.txt");
	send_data(&s);
	pty_wait_text(s.p, "Consuming results", LATER);
	fetch(&s, "report.txt");
	pty_wait_text(s.p, "Completed", SOON);
	pty_keys(s.p, "L");
	pty_wait_text(s.p, "accuracy 0.", SOON);
	leave(&s);

	create(&s, "Columns");
	give_actions(&s);
	make_assets(&s, "columns");
	register_key(&s);
	start_run(&s);
	send_algorithm(&s, "columns", "");
	send_data(&s);
	pty_wait_text(s.p, "Consuming results", LATER);
	fetch(&s, "columns.csv");
	leave(&s);
	end(&s);
}

static void test_at_80x24(void **state)
{
	python_and_compiled(24, 80);
}

static void test_at_120x40(void **state)
{
	python_and_compiled(40, 120);
}

/* The same over attested TLS; the transfers say of whom they went to. */
static void test_attested(void **state)
{
	struct story s;

	begin_attested(&s, 40, 120, "2");
	create(&s, "Attested columns");
	pty_keys(s.p, ":computation update --tls-mode atls<Enter>");
	pty_wait_text(s.p, "computation updated", SOON);
	give_actions(&s);
	make_key(&s);
	make_assets(&s, "columns");
	register_key(&s);
	start_run(&s);
	send_algorithm(&s, "columns", "");
	send_data(&s);
	pty_wait_text(s.p, "Consuming results", LATER);
	fetch(&s, "columns.csv");
	pty_keys(s.p, "5");
	pty_wait_text(s.p, "NOT A TEE", SOON);
	pty_keys(s.p, "1");
	pty_wait_text(s.p, "Overview", SOON);
	leave(&s);
	end(&s);
}

static void test_stop_fail_and_retry(void **state)
{
	struct story s;

	begin(&s, 40, 120);
	create(&s, "To be stopped");
	give_actions(&s);
	make_key(&s);
	make_assets(&s, "slow.py");
	register_key(&s);
	start_run(&s);
	send_algorithm(&s, "slow.py", "");
	send_data(&s);
	pty_wait_text(s.p, "Running ", SOON);
	pty_keys(s.p, "X");
	pty_wait_text(s.p, "stop", SOON);
	pty_keys(s.p, "y");
	pty_wait_text(s.p, "Cancelled", SOON);
	leave(&s);

	create(&s, "To fail");
	give_actions(&s);
	make_assets(&s, "broken.py");
	register_key(&s);
	for (int round = 1; round <= 2; round++) {
		char card[16];

		start_run(&s);
		send_algorithm(&s, "broken.py", "");
		send_data(&s);
		snprintf(card, sizeof(card), "#%d ● Failed", round);
		pty_wait_text(s.p, card, LATER);
	}
	pty_keys(s.p, "L");
	pty_wait_text(s.p, "no column named we", SOON); /* the pane cuts it */
	leave(&s);
	end(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_at_80x24),
	    cmocka_unit_test(test_at_120x40),
	    cmocka_unit_test(test_attested),
	    cmocka_unit_test(test_stop_fail_and_retry),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
