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
	pty_type(s->p, "<Enter>", "Hospital Pilot", SOON);
	pty_wait_gone(s->p, "Sign in", SOON);
	pty_type_away(s->p, "/Open<Enter>", "Hospital Pilot", SOON);
	pty_type(s->p, "<Enter>", "Empty draft", SOON);
}

static void begin(struct story *s, int rows, int cols)
{
	begin_attested(s, rows, cols, NULL);
}

static void end(struct story *s)
{
	char *left;

	pty_keys(s->p, "Q");
	if (pty_wait_text_(s->p, "under way", 300)) /* the agent was quicker than the answer */
		pty_keys(s->p, "<Tab><Enter>");
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

	pty_type(s->p, "c", "Description *", SOON);
	pty_keys(s->p, name);
	pty_type_away(s->p, "<Tab>made by keyboard<C-s>", "Description *", SOON);
	snprintf(row, sizeof(row), "▸  %s", name);
	pty_wait_text(s->p, row, SOON); /* the cursor goes to what was made */
	pty_type(s->p, "<Enter>", "Overview", SOON);
	snprintf(row, sizeof(row), "Computations › %s", name);
	pty_wait_text(s->p, row, SOON);
	pty_wait_text(s->p, "Not started", SOON);
}

static void give_actions(struct story *s)
{
	pty_type(s->p, "]]]]", "Role Name", SOON);
	pty_wait_text(s->p, "owner", SOON);
	pty_type(s->p, "a", "result_consumer    [ ]", SOON);
	pty_type(s->p, "<Tab><Tab><Tab><Tab><Space><Tab><Space><Tab><Space>", "result_consumer    [x]",
	         SOON);
	pty_type_away(s->p, "<C-s>", "[x]", SOON);
}

static void make_key(struct story *s)
{
	pty_type(s->p, "6", "No key pairs yet", SOON);
	pty_type(s->p, "c", "Directory", SOON);
	pty_type(s->p, "<C-s>", "Ed25519", SOON);
	pty_type(s->p, "1", "Role Name", SOON);
}

/* On the Assets tab. */
static void make_asset(struct story *s, const char *file, const char *type_keys)
{
	pty_type(s->p, "c", "Description *", SOON);
	pty_keys(s->p, file);
	pty_keys(s->p, "<Tab>");
	pty_keys(s->p, type_keys);
	pty_type_away(s->p, "<Tab>a sample<C-s>", "Description *", SOON);
	pty_wait_text(s->p, file, SOON);
}

static void make_assets(struct story *s, const char *algorithm)
{
	pty_type(s->p, "]", "Computation(s", SOON);
	make_asset(s, algorithm, "");
	make_asset(s, "flowers.csv", "<Right>");
	pty_type(s->p, "[[[[[", "Enter resolves it", SOON);
}

static void register_key(struct story *s)
{
	pty_type(s->p, "K", "public key of Ada Sample: done", SOON);
}

static void start_run(struct story *s)
{
	pty_type(s->p, "R", "Create or Select CVM", SOON);
	pty_keys(s->p, "/Ready<Enter>");
	pty_wait_quiet(s->p, 100, 2000);
	pty_type(s->p, "<Enter>", "waits for the algorithm", SOON);
}

static void send_algorithm(struct story *s, const char *file, const char *rest)
{
	pty_type(s->p, "a", "Requirements", SOON);
	pty_keys(s->p, file);
	pty_keys(s->p, rest);
	pty_type(s->p, "<C-s>", "waits for data", SOON);
	pty_wait_gone(s->p, "Requirements", SOON);
}

static void send_data(struct story *s)
{
	pty_type(s->p, "d", "Decompress", SOON);
	pty_type_away(s->p, "flowers.csv<C-s>", "Decompress", SOON);
}

static void fetch(struct story *s, const char *entry)
{
	PRISM_AUTO_FREE char *zip = prism_path_join(s->dir, "results.zip");
	struct stat st;

	pty_type(s->p, "f", "file to write", SOON);
	pty_type(s->p, "<C-s>", entry, SOON);
	pty_type_away(s->p, "<Esc>", entry, SOON);
	assert_int_equal(stat(zip, &st), 0);
	assert_true(st.st_size > 22); /* more than an empty archive */
	unlink(zip);
}

/* Back to the list of computations. */
static void leave(struct story *s)
{
	pty_type_away(s->p, "q", "Overview", SOON);
	pty_wait_text(s->p, "Empty draft", SOON);
}

/* Everything until the agent has what it waits for. first: no key pair was made yet. */
static void run_with(struct story *s, const char *algorithm, const char *rest, bool first)
{
	give_actions(s);
	if (first)
		make_key(s);
	make_assets(s, algorithm);
	register_key(s);
	start_run(s);
	send_algorithm(s, algorithm, rest);
	send_data(s);
}

static void python_and_compiled(int rows, int cols)
{
	struct story s;

	begin(&s, rows, cols);
	create(&s, "Iris Classification Demo");
	run_with(&s, "classify.py", "<Tab><Tab>requirements.txt", true);
	pty_wait_text(s.p, "Consuming results", LATER);
	fetch(&s, "report.txt");
	pty_wait_text(s.p, "Completed", SOON);
	pty_type(s.p, "L", "accuracy 0.", SOON);
	leave(&s);

	create(&s, "Columns");
	run_with(&s, "columns", "", false);
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
	pty_type(s.p, ":computation update --tls-mode atls<Enter>", "computation updated", SOON);
	run_with(&s, "columns", "", true);
	pty_wait_text(s.p, "Consuming results", LATER);
	fetch(&s, "columns.csv");
	pty_type(s.p, "5", "NOT A TEE", SOON);
	pty_type(s.p, "1", "Overview", SOON);
	leave(&s);
	end(&s);
}

static void test_stop_fail_and_retry(void **state)
{
	struct story s;

	begin(&s, 40, 120);
	create(&s, "To be stopped");
	run_with(&s, "slow.py", "", true);
	pty_wait_text(s.p, "Running ", SOON);
	pty_type(s.p, "X", "stop", SOON);
	pty_type(s.p, "y", "Cancelled", SOON);
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
	pty_type(s.p, "L", "no column named", SOON); /* the pane cuts it */
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
