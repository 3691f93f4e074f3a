/*
 * The sandbox's side of a run: which commands, with which environment and limits; pipes; the wall
 * clock; the words for what went wrong.  What happens after fork() is in sandbox/runner_child.c.
 *
 * A run is a row of phases, one process tree each:
 *
 *   bin               algorithm
 *   python            algorithm, by python3
 *   python with       venv -> requirements -> algorithm, by the python of that environment
 *     requirements
 *
 * A phase ends when its warden has reported, all three pipes are at their end and the warden is
 * reaped.  The first phase that fails ends the run; each has its own prefix for the error text
 * (reference agent.md section 6).  pip itself is not updated: the one of the environment is recent
 * enough, and a machine without a network could not run anything else.  Requirements that name
 * nothing (comments only) need no environment, which not every machine can make.
 */
#include "sandbox/runner_private.h"

#include "base/file.h"
#include "base/mem.h"

#include <assert.h>
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define OUTPUT_PIECE 1024  /* as the agent reads its algorithm's pipes */
#define LINGER_MS 50       /* how long half a line waits for its other half */
#define PIECES_PER_TURN 32 /* a chatty algorithm leaves time for others */
#define REQUIREMENTS_MAX (1u << 20)
#define MINIMAL_PATH "/usr/local/bin:/usr/bin:/bin"

enum phase { PHASE_VENV, PHASE_REQUIREMENTS, PHASE_ALGORITHM, PHASE_DONE };
static const char *const phase_errors[] = {
    [PHASE_VENV] = "error creating virtual environment",
    [PHASE_REQUIREMENTS] = "error installing requirements",
    [PHASE_ALGORITHM] = "algorithm execution error",
};

struct output {
	struct sb_runner *runner;
	enum sb_runner_stream stream;
	int fd; /* -1: at its end */
	struct prism_fd *watch;
	char piece[OUTPUT_PIECE]; /* read, not handed on: the beginning of a line */
	size_t used;
	struct prism_timer *linger;
};

struct sb_runner {
	struct prism_loop *loop;
	struct sb_runner_spec spec; /* strings are copies, see below */
	char *directory, *algorithm, *requirements;
	char **args;
	enum phase phase;
	struct output outputs[2];
	int status_fd, control_fd; /* -1: closed */
	struct prism_fd *status_watch;
	struct sb_child_report report;
	bool reported, killed;
	pid_t warden; /* 0: none */
	struct prism_timer *wall;
	char *error; /* the outcome, once known */
};

static const char *const type_words[] = {
    [SB_ALGO_BIN] = "bin",
    [SB_ALGO_PYTHON] = "python",
    [SB_ALGO_WASM] = "wasm",
    [SB_ALGO_DOCKER] = "docker",
};
_Static_assert(PRISM_COUNT(type_words) == SB_ALGO_COUNT, "one word per type");

const char *sb_algo_type_word(enum sb_algo_type type)
{
	return type_words[type];
}

int sb_algo_type_parse(const char *word, enum sb_algo_type *ret_type)
{
	if (!*word) {
		*ret_type = SB_ALGO_BIN;
		return 0;
	}
	for (int type = 0; type < SB_ALGO_COUNT; type++) {
		if (strcmp(word, type_words[type]) == 0) {
			*ret_type = (enum sb_algo_type)type;
			return 0;
		}
	}
	return -1;
}

/* Limits. */

/* RLIMIT_NPROC counts every thread of the user, so the limit is set above what is there already.
 * The link count of a process's task directory is its threads and two. */
static unsigned user_threads(void)
{
	unsigned count = 0;
	DIR *dir = opendir("/proc");
	if (!dir)
		return 0;
	for (struct dirent *entry; (entry = readdir(dir));) {
		struct stat st;
		char path[64];
		if (!isdigit((unsigned char)entry->d_name[0]))
			continue;
		snprintf(path, sizeof(path), "/proc/%.20s/task", entry->d_name);
		if (stat(path, &st) == 0 && st.st_uid == getuid() && st.st_nlink > 2)
			count += (unsigned)st.st_nlink - 2;
	}
	closedir(dir);
	return count;
}

static struct sb_runner_limits limits_with_defaults(struct sb_runner_limits limits)
{
	if (!limits.cpu_seconds)
		limits.cpu_seconds = 600;
	if (!limits.wall_seconds)
		limits.wall_seconds = 1800;
	if (!limits.memory)
		limits.memory = 4ull << 30;
	if (!limits.file_size)
		limits.file_size = 4ull << 30;
	if (!limits.processes)
		limits.processes = 256;
	if (!limits.files)
		limits.files = 1024;
	return limits;
}

/* Commands. */

static char *find_program(const char *name, const char *path)
{
	while (path && *path) {
		size_t len = strcspn(path, ":");
		PRISM_AUTO_FREE char *dir = prism_strndup(path, len);
		PRISM_AUTO_FREE char *file = prism_path_join(dir, name);
		if (len > 0 && dir[0] == '/' && access(file, X_OK) == 0)
			return PRISM_STEAL(file);
		path += len + (path[len] == ':');
	}
	return NULL;
}

static char *find_python(const struct sb_runner *runner)
{
	if (runner->requirements && runner->phase != PHASE_VENV)
		return prism_asprintf("%s/venv/bin/python", runner->directory);
	char *python = find_program("python3", MINIMAL_PATH);
	return python ? python : find_program("python3", getenv("PATH"));
}

struct command {
	char *program; /* NULL: not found */
	char **argv;   /* NULL-terminated; strings owned */
	size_t count;
};

static void command_add(struct command *command, const char *word)
{
	command->argv = prism_realloc_array(command->argv, command->count + 2, sizeof(char *));
	command->argv[command->count++] = prism_strdup(word);
	command->argv[command->count] = NULL;
}

static void strings_free(char **strings)
{
	for (size_t i = 0; strings && strings[i]; i++)
		prism_free(strings[i]);
	prism_free(strings);
}

static void command_finish(struct command *command)
{
	prism_free(command->program);
	strings_free(command->argv);
}

static void command_build(const struct sb_runner *runner, struct command *command)
{
	static const char *const venv[] = {"python3", "-m", "venv", "venv", NULL};
	static const char *const pip[] = {
	    "-m", "pip", "--disable-pip-version-check", "--no-input", "install", "-r", NULL};
	const char *const *words = runner->phase == PHASE_VENV           ? venv
	                           : runner->phase == PHASE_REQUIREMENTS ? pip
	                                                                 : NULL;
	bool python = runner->spec.type == SB_ALGO_PYTHON;
	command->program =
	    python ? find_python(runner) : prism_path_join(runner->directory, runner->algorithm);
	/* An interpreter finds its environment by the path it was called by. */
	bool in_environment = python && runner->requirements && runner->phase != PHASE_VENV;
	if (in_environment)
		command_add(command, command->program);
	for (size_t i = 0; words && words[i]; i++)
		command_add(command, words[i]);
	if (runner->phase == PHASE_REQUIREMENTS)
		command_add(command, runner->requirements);
	if (runner->phase != PHASE_ALGORITHM)
		return;
	if (python && !in_environment)
		command_add(command, "python3");
	command_add(command, runner->algorithm);
	for (size_t i = 0; i < runner->spec.arg_count; i++)
		command_add(command, runner->args[i]);
}

static void env_add(struct command *env, const char *name, const char *value)
{
	if (!value)
		return;
	PRISM_AUTO_FREE char *text = prism_asprintf("%s=%s", name, value);
	command_add(env, text);
}

/* Nothing of the sandbox's own environment, except what pip needs to reach its index. */
static char **env_build(const struct sb_runner *runner)
{
	static const char *const for_pip[] = {"http_proxy",    "https_proxy",   "no_proxy",
	                                      "HTTP_PROXY",    "HTTPS_PROXY",   "NO_PROXY",
	                                      "PIP_INDEX_URL", "SSL_CERT_FILE", "PIP_CERT"};
	struct command env = {0};
	PRISM_AUTO_FREE char *tmp = prism_path_join(runner->directory, "tmp");
	env_add(&env, "PATH", MINIMAL_PATH);
	env_add(&env, "HOME", runner->directory);
	env_add(&env, "TMPDIR", tmp);
	env_add(&env, "LANG", "C.UTF-8");
	env_add(&env, "PYTHONUNBUFFERED", "1"); /* its output is watched live */
	env_add(&env, "PYTHONDONTWRITEBYTECODE", "1");
	for (size_t i = 0; runner->phase == PHASE_REQUIREMENTS && i < PRISM_COUNT(for_pip); i++)
		env_add(&env, for_pip[i], getenv(for_pip[i]));
	return env.argv;
}

/* Errors, in the words of the agent. */

/* "Segmentation fault" as Go writes it: "segmentation fault". */
static void lower_first(char *text)
{
	if (text[0] && !isupper((unsigned char)text[1]))
		text[0] = (char)tolower((unsigned char)text[0]);
}

static char *status_text(int status)
{
	if (WIFEXITED(status))
		return prism_asprintf("exit status %d", WEXITSTATUS(status));
	char name[64];
	snprintf(name, sizeof(name), "%s", strsignal(WTERMSIG(status)));
	lower_first(name);
	return prism_asprintf("signal: %s", name);
}

static char *report_error(const struct sb_runner *runner)
{
	const char *prefix = phase_errors[runner->phase];
	if (!runner->reported) /* the warden itself was killed */
		return prism_asprintf("%s: signal: killed", prefix);
	if (runner->report.event == SB_CHILD_NOT_BEGUN) {
		char reason[128];
		if (strerror_r(runner->report.value, reason, sizeof(reason)) != 0)
			snprintf(reason, sizeof(reason), "errno %d", runner->report.value);
		lower_first(reason);
		return prism_asprintf("%s: fork/exec %s: %s",
		                      runner->phase == PHASE_ALGORITHM ? "error starting algorithm"
		                                                       : prefix,
		                      runner->algorithm, reason);
	}
	if (runner->report.value == 0)
		return NULL;
	PRISM_AUTO_FREE char *text = status_text(runner->report.value);
	return prism_asprintf("%s: %s", prefix, text);
}

/* Phases. */

static void phase_start(void *data);

static void run_finish(struct sb_runner *runner)
{
	prism_timer_remove(runner->wall);
	runner->wall = NULL;
	runner->spec.done(runner->spec.data, runner->error);
}

static void run_finish_deferred(void *data)
{
	run_finish(data);
}

static void run_fail(struct sb_runner *runner, char *error)
{
	runner->error = error;
	prism_loop_defer(runner->loop, run_finish_deferred, runner);
}

static void pipes_close(struct sb_runner *runner)
{
	for (int i = 0; i < 2; i++) {
		prism_fd_remove(runner->outputs[i].watch);
		prism_timer_remove(runner->outputs[i].linger);
		runner->outputs[i].watch = NULL;
		runner->outputs[i].linger = NULL;
		runner->outputs[i].used = 0;
		if (runner->outputs[i].fd >= 0)
			close(runner->outputs[i].fd);
		runner->outputs[i].fd = -1;
	}
	prism_fd_remove(runner->status_watch);
	runner->status_watch = NULL;
	if (runner->status_fd >= 0)
		close(runner->status_fd);
	if (runner->control_fd >= 0)
		close(runner->control_fd);
	runner->status_fd = runner->control_fd = -1;
}

static void reap(struct sb_runner *runner)
{
	pid_t got;
	if (!runner->warden)
		return;
	do
		got = waitpid(runner->warden, NULL, 0);
	while (got < 0 && errno == EINTR);
	runner->warden = 0;
}

static void phase_check(struct sb_runner *runner)
{
	if (runner->status_fd >= 0 || runner->outputs[0].fd >= 0 || runner->outputs[1].fd >= 0)
		return;
	pipes_close(runner);
	reap(runner);
	runner->error = report_error(runner);
	if (!runner->error && runner->killed)
		runner->error = prism_asprintf("%s: signal: killed", phase_errors[runner->phase]);
	runner->phase++;
	if (runner->error || runner->phase == PHASE_DONE)
		run_finish(runner);
	else
		prism_loop_defer(runner->loop, phase_start, runner);
}

/* Hands on the first len bytes of what was read. */
static void output_emit(struct output *output, size_t len)
{
	struct sb_runner *runner = output->runner;
	if (len > 0 && runner->spec.on_output)
		runner->spec.on_output(runner->spec.data, output->stream, output->piece, len);
	output->used -= len;
	memmove(output->piece, output->piece + len, output->used);
}

static void linger_over(void *data)
{
	struct output *output = data;
	output_emit(output, output->used);
}

/* Whole lines go at once. A program that writes a line in parts (Python's unbuffered print does)
 * gets a moment, so that what it means as one line is mostly one entry. */
static void output_sort(struct output *output)
{
	size_t lines = output->used;
	while (lines > 0 && output->piece[lines - 1] != '\n')
		lines--;
	if (lines == 0 && output->used == sizeof(output->piece))
		lines = output->used;
	output_emit(output, lines);
	if (output->used > 0)
		prism_timer_rearm(output->linger, LINGER_MS);
}

static void output_end(struct output *output)
{
	output_emit(output, output->used);
	prism_fd_remove(output->watch);
	prism_timer_remove(output->linger);
	output->watch = NULL;
	output->linger = NULL;
	close(output->fd);
	output->fd = -1;
	phase_check(output->runner);
}

static void output_ready(void *data, int fd, unsigned events)
{
	struct output *output = data;
	for (int i = 0; i < PIECES_PER_TURN; i++) {
		ssize_t got = read(fd, output->piece + output->used, sizeof(output->piece) - output->used);
		if (got < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		if (got <= 0) {
			output_end(output);
			return;
		}
		output->used += (size_t)got;
		output_sort(output);
	}
}

static void status_ready(void *data, int fd, unsigned events)
{
	struct sb_runner *runner = data;
	struct sb_child_report report;
	ssize_t got = read(fd, &report, sizeof(report));
	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (got == (ssize_t)sizeof(report)) {
		if (!runner->reported)
			runner->report = report; /* of two, "could not begin" comes first and says more */
		runner->reported = true;
		return;
	}
	prism_fd_remove(runner->status_watch);
	runner->status_watch = NULL;
	close(runner->status_fd);
	runner->status_fd = -1;
	phase_check(runner);
}

/* out[0] is ours, non-blocking; out[1] the child's. */
static int pipe_open(int out[2], bool write_end_ours)
{
	if (pipe(out) != 0)
		return -1;
	for (int i = 0; i < 2; i++)
		(void)fcntl(out[i], F_SETFD, FD_CLOEXEC);
	int ours = out[write_end_ours];
	(void)fcntl(ours, F_SETFL, fcntl(ours, F_GETFL) | O_NONBLOCK);
	return 0;
}

static void fds_close(int *fds, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (fds[i] >= 0)
			close(fds[i]);
}

/* 0, or the errno of what failed. */
static int warden_start(struct sb_runner *runner, const struct command *command, char **env)
{
	/* 0,1 stdout; 2,3 stderr; 4,5 status; 6,7 control; 8 /dev/null */
	int fds[9] = {-1, -1, -1, -1, -1, -1, -1, -1, -1};
	fds[8] = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (fds[8] < 0 || pipe_open(fds, false) < 0 || pipe_open(fds + 2, false) < 0 ||
	    pipe_open(fds + 4, false) < 0 || pipe_open(fds + 6, true) < 0) {
		int failed = errno;
		fds_close(fds, PRISM_COUNT(fds));
		return failed;
	}
	struct sb_child_spec spec = {.directory = runner->directory,
	                             .program = command->program,
	                             .argv = command->argv,
	                             .env = env,
	                             .limits = runner->spec.limits,
	                             .null_fd = fds[8],
	                             .out_fd = fds[1],
	                             .err_fd = fds[3],
	                             .status_fd = fds[5],
	                             .control_fd = fds[6]};
	spec.limits.processes += user_threads();
	pid_t pid = fork();
	if (pid == 0)
		sb_child_warden(&spec);
	int failed = errno;
	const int theirs[] = {fds[1], fds[3], fds[5], fds[6], fds[8]};
	for (size_t i = 0; i < PRISM_COUNT(theirs); i++)
		close(theirs[i]);
	runner->outputs[0].fd = fds[0];
	runner->outputs[1].fd = fds[2];
	runner->status_fd = fds[4];
	runner->control_fd = fds[7];
	if (pid < 0) {
		pipes_close(runner);
		return failed;
	}
	runner->warden = pid;
	return 0;
}

static void outputs_watch(struct sb_runner *runner)
{
	for (int i = 0; i < 2; i++) {
		struct output *output = &runner->outputs[i];
		output->watch =
		    prism_loop_add_fd(runner->loop, output->fd, PRISM_LOOP_READ, output_ready, output);
		/* Far away until half a line waits. */
		output->linger = prism_loop_add_timer(runner->loop, INT32_MAX, 0, linger_over, output);
	}
}

static void phase_start(void *data)
{
	struct sb_runner *runner = data;
	struct command command = {0};
	char **env = env_build(runner);
	command_build(runner, &command);
	runner->reported = false;
	if (runner->killed) {
		run_fail(runner, prism_asprintf("%s: signal: killed", phase_errors[runner->phase]));
	} else if (!command.program) {
		run_fail(runner,
		         prism_strdup("error starting algorithm: exec: \"python3\": executable file not "
		                      "found in $PATH"));
	} else {
		int failed = warden_start(runner, &command, env);
		if (failed != 0) {
			runner->report = (struct sb_child_report){SB_CHILD_NOT_BEGUN, failed};
			runner->reported = true;
			run_fail(runner, report_error(runner));
		} else {
			outputs_watch(runner);
			runner->status_watch = prism_loop_add_fd(runner->loop, runner->status_fd,
			                                         PRISM_LOOP_READ, status_ready, runner);
		}
	}
	command_finish(&command);
	strings_free(env);
}

static void wall_passed(void *data)
{
	struct sb_runner *runner = data;
	char text[96];
	int len = snprintf(text, sizeof(text), "the sandbox ended the run: time limit of %u s\n",
	                   runner->spec.limits.wall_seconds);
	if (runner->spec.on_output)
		runner->spec.on_output(runner->spec.data, SB_RUNNER_STDERR, text, (size_t)len);
	sb_runner_kill(runner);
}

/* The public side. */

static int files_prepare(const struct sb_runner *runner, struct prism_error *err)
{
	static const char *const dirs[] = {"datasets", "results", "tmp"};
	for (size_t i = 0; i < PRISM_COUNT(dirs); i++) {
		PRISM_AUTO_FREE char *path = prism_path_join(runner->directory, dirs[i]);
		if (prism_file_mkdirs(path, 0700, err) < 0)
			return -1;
	}
	if (runner->spec.type != SB_ALGO_BIN)
		return 0;
	PRISM_AUTO_FREE char *binary = prism_path_join(runner->directory, runner->algorithm);
	if (chmod(binary, 0700) != 0)
		return prism_error_errno(err, errno, "make the algorithm executable");
	return 0;
}

static struct sb_runner *runner_create(struct prism_loop *loop, const struct sb_runner_spec *spec)
{
	struct sb_runner *runner = prism_alloc(sizeof(*runner));
	runner->loop = loop;
	runner->spec = *spec;
	runner->spec.limits = limits_with_defaults(spec->limits);
	runner->directory = prism_strdup(spec->directory);
	runner->algorithm = prism_strdup(spec->algorithm);
	runner->requirements = prism_strdup(spec->requirements);
	runner->args = prism_alloc_array(spec->arg_count + 1, sizeof(*runner->args));
	for (size_t i = 0; i < spec->arg_count; i++)
		runner->args[i] = prism_strdup(spec->args[i]);
	for (int i = 0; i < 2; i++)
		runner->outputs[i] = (struct output){
		    .runner = runner, .stream = i ? SB_RUNNER_STDERR : SB_RUNNER_STDOUT, .fd = -1};
	runner->status_fd = runner->control_fd = -1;
	return runner;
}

/* A requirements file in which some line is neither empty nor a comment. */
static bool names_packages(const struct sb_runner *runner)
{
	PRISM_AUTO_BUF struct prism_buf text = PRISM_BUF_INIT(REQUIREMENTS_MAX);
	PRISM_AUTO_FREE char *path = prism_path_join(runner->directory, runner->requirements);
	if (prism_file_read(path, REQUIREMENTS_MAX, &text, NULL) < 0)
		return true; /* pip says what is wrong with it */
	for (const char *line = prism_buf_text(&text); *line; line += *line == '\n') {
		line += strspn(line, " \t\r");
		if (*line && *line != '#' && *line != '\n')
			return true;
		line += strcspn(line, "\n");
	}
	return false;
}

struct sb_runner *sb_runner_start(struct prism_loop *loop, const struct sb_runner_spec *spec,
                                  struct prism_error *err)
{
	assert(spec->done);
	struct sb_runner *runner = runner_create(loop, spec);
	if (spec->type != SB_ALGO_BIN && spec->type != SB_ALGO_PYTHON) {
		/* Neither a Wasm runtime nor a container engine belongs to the sandbox. */
		run_fail(runner,
		         prism_asprintf("unsupported algorithm type: %s", sb_algo_type_word(spec->type)));
		return runner;
	}
	if (files_prepare(runner, err) < 0) {
		sb_runner_destroy(runner);
		return NULL;
	}
	if (spec->type != SB_ALGO_PYTHON || (runner->requirements && !names_packages(runner))) {
		prism_free(runner->requirements);
		runner->requirements = NULL;
	}
	runner->phase = runner->requirements ? PHASE_VENV : PHASE_ALGORITHM;
	runner->wall = prism_loop_add_timer(loop, (int64_t)runner->spec.limits.wall_seconds * 1000, 0,
	                                    wall_passed, runner);
	phase_start(runner);
	return runner;
}

void sb_runner_kill(struct sb_runner *runner)
{
	runner->killed = true;
	if (runner->control_fd >= 0)
		close(runner->control_fd);
	runner->control_fd = -1;
}

void sb_runner_destroy(struct sb_runner *runner)
{
	if (!runner)
		return;
	prism_loop_undefer(runner->loop, run_finish_deferred, runner);
	prism_loop_undefer(runner->loop, phase_start, runner);
	prism_timer_remove(runner->wall);
	pipes_close(runner); /* the control pipe among them: the warden kills */
	reap(runner);
	for (size_t i = 0; i < runner->spec.arg_count; i++)
		prism_free(runner->args[i]);
	prism_free(runner->args);
	prism_free(runner->directory);
	prism_free(runner->algorithm);
	prism_free(runner->requirements);
	prism_free(runner->error);
	prism_free(runner);
}
