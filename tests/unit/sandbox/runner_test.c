/*
 * The runner with real processes: exit statuses and their words, output, arguments, the closed
 * world a run lives in, limits, and that nothing of a run survives it.
 */
#include "base/buf.h"
#include "base/file.h"
#include "base/mem.h"
#include "sandbox/runner.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

struct world {
	struct prism_loop *loop;
	char dir[64];
	struct prism_buf out, err;
	bool done;
	char *error;
	struct sb_runner *runner;
	size_t longest;
	unsigned ragged;     /* pieces that do not end a line */
	const char *kill_at; /* kill the run when stdout holds this */
};

static int setup(void **state)
{
	struct world *w = prism_alloc(sizeof(*w));
	w->loop = prism_loop_create(prism_clock_system());
	snprintf(w->dir, sizeof(w->dir), "/tmp/prism-runner-XXXXXX");
	assert_non_null(mkdtemp(w->dir));
	prism_buf_init(&w->out, 64u << 20);
	prism_buf_init(&w->err, 1u << 20);
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;
	sb_runner_destroy(w->runner);
	prism_loop_destroy(w->loop);
	static const char *const files[] = {"algo",      "requirements.txt", "venv",    "pid",
	                                    "results/r", "datasets",         "results", "tmp"};
	for (size_t i = 0; i < PRISM_COUNT(files); i++) {
		PRISM_AUTO_FREE char *path = prism_path_join(w->dir, files[i]);
		(void)remove(path);
	}
	assert_int_equal(rmdir(w->dir), 0);
	prism_buf_finish(&w->out);
	prism_buf_finish(&w->err);
	prism_free(w->error);
	prism_free(w);
	return 0;
}

static void put_file(struct world *w, const char *name, const char *text)
{
	struct prism_error err = PRISM_ERROR_INIT;
	PRISM_AUTO_FREE char *path = prism_path_join(w->dir, name);
	assert_int_equal(prism_file_write(path, text, strlen(text), 0600, &err), 0);
}

static void on_output(void *data, enum sb_runner_stream stream, const char *bytes, size_t len)
{
	struct world *w = data;
	if (len > w->longest)
		w->longest = len;
	if (bytes[len - 1] != '\n')
		w->ragged++;
	prism_buf_put(stream == SB_RUNNER_STDOUT ? &w->out : &w->err, bytes, len);
	if (w->kill_at && strstr(prism_buf_text(&w->out), w->kill_at))
		sb_runner_kill(w->runner);
}

static void on_done(void *data, const char *error)
{
	struct world *w = data;
	w->done = true;
	w->error = prism_strdup(error);
}

static void start(struct world *w, struct sb_runner_spec spec)
{
	struct prism_error err = PRISM_ERROR_INIT;
	spec.directory = w->dir;
	spec.algorithm = "algo";
	spec.on_output = on_output;
	spec.done = on_done;
	spec.data = w;
	w->runner = sb_runner_start(w->loop, &spec, &err);
	assert_non_null(w->runner);
	assert_false(w->done);
}

static void finish(struct world *w)
{
	int64_t end = prism_clock_mono_ms(prism_clock_system()) + 30000;
	while (!w->done) {
		assert_true(prism_clock_mono_ms(prism_clock_system()) < end);
		(void)prism_loop_turn(w->loop, 1000);
	}
}

static void run(struct world *w, const char *script, struct sb_runner_spec spec)
{
	put_file(w, "algo", script);
	start(w, spec);
	finish(w);
}

#define BIN                 \
	(struct sb_runner_spec) \
	{                       \
		.type = SB_ALGO_BIN \
	}
#define PYTHON                 \
	(struct sb_runner_spec)    \
	{                          \
		.type = SB_ALGO_PYTHON \
	}

static void test_success(void **state)
{
	struct world *w = *state;
	run(w, "#!/bin/sh\necho out; echo err >&2; echo r > results/r\n", BIN);
	assert_null(w->error);
	assert_string_equal(prism_buf_text(&w->out), "out\n");
	assert_string_equal(prism_buf_text(&w->err), "err\n");
	PRISM_AUTO_FREE char *result = prism_path_join(w->dir, "results/r");
	assert_int_equal(access(result, R_OK), 0);
}

static void test_exit_status(void **state)
{
	struct world *w = *state;
	run(w, "#!/bin/sh\nexit 3\n", BIN);
	assert_string_equal(w->error, "algorithm execution error: exit status 3");
}

static void test_signals(void **state)
{
	struct world *w = *state;
	run(w, "#!/bin/sh\nkill -SEGV $$\n", BIN);
	assert_string_equal(w->error, "algorithm execution error: signal: segmentation fault");
}

static void test_not_executable(void **state)
{
	struct world *w = *state;
	run(w, "print('python sent as a binary')\n", BIN);
	assert_string_equal(w->error, "error starting algorithm: fork/exec algo: exec format error");
}

static void test_arguments(void **state)
{
	struct world *w = *state;
	static const char *const args[] = {"--epochs", "10", "two words", ""};
	run(w, "#!/bin/sh\nfor a; do echo \"[$a]\"; done\n",
	    (struct sb_runner_spec){.type = SB_ALGO_BIN, .args = args, .arg_count = 4});
	assert_string_equal(prism_buf_text(&w->out), "[--epochs]\n[10]\n[two words]\n[]\n");
}

static void test_python(void **state)
{
	struct world *w = *state;
	static const char *const args[] = {"x"};
	run(w, "import sys, os\nprint(sys.argv[1], sorted(os.listdir('.')))\nsys.exit(7)\n",
	    (struct sb_runner_spec){.type = SB_ALGO_PYTHON, .args = args, .arg_count = 1});
	assert_string_equal(w->error, "algorithm execution error: exit status 7");
	assert_string_equal(prism_buf_text(&w->out), "x ['algo', 'datasets', 'results', 'tmp']\n");
}

static void test_python_traceback_is_stderr(void **state)
{
	struct world *w = *state;
	run(w, "raise ValueError('no rows')\n", PYTHON);
	assert_string_equal(w->error, "algorithm execution error: exit status 1");
	assert_non_null(strstr(prism_buf_text(&w->err), "ValueError: no rows"));
}

static void test_requirements_that_name_nothing_need_no_environment(void **state)
{
	struct world *w = *state;
	put_file(w, "requirements.txt", "# standard library only\n \t\n#");
	put_file(w, "venv", "in the way\n");
	run(w, "print('ran')\n",
	    (struct sb_runner_spec){.type = SB_ALGO_PYTHON, .requirements = "requirements.txt"});
	assert_null(w->error);
	assert_string_equal(prism_buf_text(&w->out), "ran\n");
}

static void test_virtual_environment_fails(void **state)
{
	struct world *w = *state;
	put_file(w, "requirements.txt", "something\n");
	put_file(w, "venv", "in the way\n");
	run(w, "print(1)\n",
	    (struct sb_runner_spec){.type = SB_ALGO_PYTHON, .requirements = "requirements.txt"});
	assert_string_equal(w->error, "error creating virtual environment: exit status 1");
	assert_int_equal(w->out.len, 0);
}

static void test_unsupported_types(void **state)
{
	struct world *w = *state;
	run(w, "", (struct sb_runner_spec){.type = SB_ALGO_WASM});
	assert_string_equal(w->error, "unsupported algorithm type: wasm");
}

static void test_type_words(void **state)
{
	enum sb_algo_type type;
	assert_int_equal(sb_algo_type_parse("", &type), 0);
	assert_int_equal(type, SB_ALGO_BIN);
	assert_int_equal(sb_algo_type_parse("docker", &type), 0);
	assert_string_equal(sb_algo_type_word(type), "docker");
	assert_int_equal(sb_algo_type_parse("Python", &type), -1);
}

static void test_closed_world(void **state)
{
	struct world *w = *state;
	int open_one = dup(1); /* inheritable on purpose */
	assert_int_equal(setenv("PRISM_TEST_SECRET", "s", 1), 0);
	run(w,
	    "#!/bin/sh\n"
	    "env | cut -d= -f1 | sort | tr '\\n' ' '\n"
	    "ls /proc/self/fd | tr '\\n' ' '; readlink /proc/self/fd/0\n"
	    "grep NoNewPrivs /proc/self/status\nulimit -c\npwd -P\n",
	    BIN);
	close(open_one);
	assert_null(w->error);
	const char *out = prism_buf_text(&w->out);
	assert_null(strstr(out, "PRISM_TEST_SECRET"));
	assert_non_null(strstr(out, "PATH"));
	assert_non_null(strstr(out, "0 1 2 3 /dev/null\n")); /* 3: ls reads the directory */
	assert_non_null(strstr(out, "NoNewPrivs:\t1\n0\n"));
	assert_non_null(strstr(out, w->dir));
}

static void test_file_size_limit(void **state)
{
	struct world *w = *state;
	struct sb_runner_spec spec = BIN;
	spec.limits.file_size = 100000;
	run(w, "#!/bin/sh\nexec head -c 200000 /dev/zero > results/r\n", spec);
	assert_string_equal(w->error, "algorithm execution error: signal: file size limit exceeded");
}

static void test_memory_limit(void **state)
{
	struct world *w = *state;
	struct sb_runner_spec spec = PYTHON;
	spec.limits.memory = 200u << 20;
	run(w, "x = bytearray(400 << 20)\n", spec);
	assert_string_equal(w->error, "algorithm execution error: exit status 1");
	assert_non_null(strstr(prism_buf_text(&w->err), "MemoryError"));
}

static void test_wall_clock(void **state)
{
	struct world *w = *state;
	struct sb_runner_spec spec = BIN;
	spec.limits.wall_seconds = 1;
	run(w, "#!/bin/sh\nsleep 100\n", spec);
	assert_string_equal(w->error, "algorithm execution error: signal: killed");
	assert_non_null(strstr(prism_buf_text(&w->err), "time limit of 1 s"));
}

static void test_kill(void **state)
{
	struct world *w = *state;
	w->kill_at = "ready";
	run(w, "#!/bin/sh\necho ready\nsleep 100\n", BIN);
	assert_string_equal(w->error, "algorithm execution error: signal: killed");
}

static pid_t read_pid(struct world *w)
{
	struct prism_error err = PRISM_ERROR_INIT;
	PRISM_AUTO_BUF struct prism_buf text = PRISM_BUF_INIT(100);
	PRISM_AUTO_FREE char *path = prism_path_join(w->dir, "pid");
	assert_int_equal(prism_file_read(path, 100, &text, &err), 0);
	return (pid_t)strtol(prism_buf_text(&text), NULL, 10);
}

/* A process that left the group and the session, whose parent is dead. */
#define ESCAPEE                                                                              \
	"#!/bin/sh\n"                                                                            \
	"(setsid sh -c 'echo $$ > pid.new; mv pid.new pid; trap \"\" TERM; exec sleep 100' &)\n" \
	"while [ ! -e pid ]; do sleep 0.01; done\n"

static void test_nothing_survives_the_end(void **state)
{
	struct world *w = *state;
	run(w, ESCAPEE, BIN);
	assert_null(w->error); /* the algorithm itself ended well */
	assert_int_equal(kill(read_pid(w), 0), -1);
	assert_int_equal(errno, ESRCH);
}

static void test_nothing_survives_a_kill(void **state)
{
	struct world *w = *state;
	w->kill_at = "ready";
	run(w, ESCAPEE "echo ready\nsleep 100\n", BIN);
	assert_int_equal(kill(read_pid(w), 0), -1);
}

static void test_nothing_survives_a_destroy(void **state)
{
	struct world *w = *state;
	put_file(w, "algo", ESCAPEE "echo ready\nsleep 100\n");
	start(w, BIN);
	while (!strstr(prism_buf_text(&w->out), "ready"))
		(void)prism_loop_turn(w->loop, 1000);
	pid_t pid = read_pid(w);
	assert_int_equal(kill(pid, 0), 0);
	sb_runner_destroy(w->runner);
	w->runner = NULL;
	assert_int_equal(kill(pid, 0), -1);
	assert_false(w->done);
}

static void test_lines_stay_together(void **state)
{
	struct world *w = *state;
	run(w, "import sys\nfor i in range(20):\n    print('a', 'b', i)\nsys.stdout.write('end')\n",
	    PYTHON);
	assert_null(w->error);
	assert_int_equal(w->ragged, 1); /* the last one */
	assert_int_equal(w->out.len, 10 * 6 + 10 * 7 + 3);
}

static void test_much_output(void **state)
{
	struct world *w = *state;
	run(w, "#!/bin/sh\nexec head -c 5000000 /dev/zero\n", BIN);
	assert_null(w->error);
	assert_int_equal(w->out.len, 5000000);
	assert_int_equal(w->longest, 1024);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
	    T(test_success),
	    T(test_exit_status),
	    T(test_signals),
	    T(test_not_executable),
	    T(test_arguments),
	    T(test_python),
	    T(test_python_traceback_is_stderr),
	    T(test_requirements_that_name_nothing_need_no_environment),
	    T(test_virtual_environment_fails),
	    T(test_unsupported_types),
	    cmocka_unit_test(test_type_words),
	    T(test_closed_world),
	    T(test_file_size_limit),
	    T(test_memory_limit),
	    T(test_wall_clock),
	    T(test_kill),
	    T(test_nothing_survives_the_end),
	    T(test_nothing_survives_a_kill),
	    T(test_nothing_survives_a_destroy),
	    T(test_lines_stay_together),
	    T(test_much_output),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
