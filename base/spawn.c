/* One program on the side; see the header. */
#include "base/spawn.h"

#include "base/error.h"
#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define FD_SEARCHED 4096 /* descriptors of ours that are looked for to be closed in the child */

#ifndef POSIX_SPAWN_SETSID /* of POSIX 2024; glibc and musl have it under another macro */
#define POSIX_SPAWN_SETSID 0x80
#endif
#define REAP_MS 20 /* between output closed and the end of the process, as a rule less */

struct prism_spawn {
	struct prism_loop *loop;
	pid_t pid;
	int pipe;
	struct prism_fd *watch;
	struct prism_timer *timer;
	int64_t deadline_ms;
	char said[PRISM_SPAWN_OUTPUT + 1];
	size_t said_len;
	prism_spawn_fn done;
	void *data;
};

static void spawn_free(struct prism_spawn *s)
{
	prism_fd_remove(s->watch);
	prism_timer_remove(s->timer);
	close(s->pipe);
	prism_free(s);
}

static void finish(struct prism_spawn *s, int state, bool timed_out)
{
	struct prism_spawn_result result = {
	    .status = WIFEXITED(state) ? WEXITSTATUS(state) : -1,
	    .signum = WIFSIGNALED(state) ? WTERMSIG(state) : 0,
	    .timed_out = timed_out,
	};
	prism_spawn_fn done = s->done;
	void *data = s->data;
	char said[sizeof(s->said)];

	memcpy(said, s->said, sizeof(said));
	result.said = said;
	spawn_free(s);
	done(data, &result);
}

/* Kills it with what it started, which shares its session, and takes its status. */
static int end_it(struct prism_spawn *s)
{
	int state = 0;

	kill(-s->pid, SIGKILL);
	kill(s->pid, SIGKILL);
	while (waitpid(s->pid, &state, 0) < 0 && errno == EINTR)
		;
	return state;
}

/* Due at the deadline; and every REAP_MS once the output was closed. */
static void on_time(void *data)
{
	struct prism_spawn *s = data;
	int state = 0;
	pid_t pid = waitpid(s->pid, &state, WNOHANG);

	if (pid == s->pid)
		finish(s, state, false);
	else if (prism_clock_mono_ms(prism_loop_clock(s->loop)) >= s->deadline_ms)
		finish(s, end_it(s), true);
	else
		prism_timer_rearm(s->timer, REAP_MS);
}

static void on_output(void *data, int fd, unsigned events)
{
	struct prism_spawn *s = data;
	char piece[512];
	ssize_t n = read(fd, piece, sizeof(piece));
	size_t room = PRISM_SPAWN_OUTPUT - s->said_len, take;

	PRISM_UNUSED(events);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n > 0) {
		take = (size_t)n < room ? (size_t)n : room;
		memcpy(s->said + s->said_len, piece, take);
		s->said_len += take;
		return;
	}
	prism_fd_remove(s->watch);
	s->watch = NULL;
	on_time(s);
}

/* --- starting --- */

/* Everything above the standard three is closed in the child. What we open is close-on-exec; this
 * is for what somebody gave us without it. */
static int prepare_files(posix_spawn_file_actions_t *files, int output)
{
	long max = sysconf(_SC_OPEN_MAX);

	if (posix_spawn_file_actions_addopen(files, STDIN_FILENO, "/dev/null", O_RDONLY, 0) ||
	    posix_spawn_file_actions_adddup2(files, output, STDOUT_FILENO) ||
	    posix_spawn_file_actions_adddup2(files, output, STDERR_FILENO))
		return -1;
	for (int fd = STDERR_FILENO + 1; fd < FD_SEARCHED && fd < max; fd++)
		if (fcntl(fd, F_GETFD) >= 0 && posix_spawn_file_actions_addclose(files, fd))
			return -1;
	return 0;
}

static int prepare_attributes(posix_spawnattr_t *attributes)
{
	sigset_t none, all;

	sigemptyset(&none);
	sigfillset(&all);
	return posix_spawnattr_setsigmask(attributes, &none) ||
	               posix_spawnattr_setsigdefault(attributes, &all) ||
	               posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETSIGMASK |
	                                                        POSIX_SPAWN_SETSIGDEF |
	                                                        POSIX_SPAWN_SETSID)
	           ? -1
	           : 0;
}

/* 0, or the errno of what failed. */
static int start(pid_t *ret_pid, int output, const char *const argv[], const char *const env[])
{
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attributes;
	int error = ENOMEM;

	if (posix_spawn_file_actions_init(&files))
		return error;
	if (posix_spawnattr_init(&attributes)) {
		posix_spawn_file_actions_destroy(&files);
		return error;
	}
	if (prepare_files(&files, output) == 0 && prepare_attributes(&attributes) == 0)
		error = posix_spawn(ret_pid, argv[0], &files, &attributes, /* neither is written to */
		                    (char *const *)(uintptr_t)argv, (char *const *)(uintptr_t)env);
	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&files);
	return error;
}

struct prism_spawn *prism_spawn(struct prism_loop *loop, const char *const argv[],
                                const char *const env[], int64_t timeout_ms, prism_spawn_fn done,
                                void *data, struct prism_error *err)
{
	struct prism_spawn *s;
	int ends[2], error;
	pid_t pid;

	if (argv[0][0] != '/') {
		prism_error_raise(err, PRISM_ERROR_INVALID, "%s: the path of a program must be absolute",
		                  argv[0]);
		return NULL;
	}
	if (pipe(ends) < 0) {
		prism_error_errno(err, errno, "a pipe for %s", argv[0]);
		return NULL;
	}
	fcntl(ends[0], F_SETFD, FD_CLOEXEC);
	fcntl(ends[1], F_SETFD, FD_CLOEXEC);
	fcntl(ends[0], F_SETFL, O_NONBLOCK);
	error = start(&pid, ends[1], argv, env);
	close(ends[1]);
	if (error) {
		close(ends[0]);
		prism_error_errno(err, error, "%s", argv[0]);
		return NULL;
	}
	s = prism_alloc(sizeof(*s));
	s->loop = loop;
	s->pid = pid;
	s->pipe = ends[0];
	s->done = done;
	s->data = data;
	s->deadline_ms = prism_clock_mono_ms(prism_loop_clock(loop)) + timeout_ms;
	s->watch = prism_loop_add_fd(loop, s->pipe, PRISM_LOOP_READ, on_output, s);
	s->timer = prism_loop_add_timer(loop, timeout_ms, 0, on_time, s);
	return s;
}

void prism_spawn_abandon(struct prism_spawn *s)
{
	if (!s)
		return;
	end_it(s);
	spawn_free(s);
}
