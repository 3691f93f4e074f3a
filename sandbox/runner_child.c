/*
 * The other side of fork(): the warden and, below it, the algorithm until exec.
 *
 * The sandbox has threads, so everything here is limited to what POSIX allows between fork and
 * exec (async-signal-safe calls; no allocation, no stdio, no locks).  The warden never execs: it is
 * this code to its end.
 *
 * Warden:
 *   1. becomes the reaper of its descendants, closes every descriptor but five
 *   2. forks the algorithm
 *   3. waits for the algorithm's end or for the end of the control pipe (a stop, or the sandbox
 * died)
 *   4. kills what is left, again and again until it has no children
 *   5. reports the algorithm's wait status and exits
 */
#include "sandbox/runner_private.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#ifdef __linux__
#include <sys/prctl.h>
#include <sys/syscall.h>
#endif

#define BUSY_TRIES 100 /* of 10 ms */

enum { STATUS_FD = 3, CONTROL_FD = 4, FIRST_FREE = 5 };

static void report(int event, int value)
{
	const struct sb_child_report report = {event, value};
	ssize_t put;
	do
		put = write(STATUS_FD, &report, sizeof(report));
	while (put < 0 && errno == EINTR);
}

static void close_from(int first)
{
#if defined(__linux__) && defined(SYS_close_range)
	if (syscall(SYS_close_range, (unsigned)first, UINT_MAX, 0u) == 0)
		return;
#endif
	struct rlimit limit;
	int last = 65536;
	if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < (rlim_t)last)
		last = (int)limit.rlim_cur;
	for (int fd = first; fd < last; fd++)
		close(fd);
}

/* Moves the five descriptors to 0 to 4. They are first copied above, so that none is overwritten
 * before it has moved. */
static void arrange_fds(const struct sb_child_spec *spec)
{
	const int wanted[FIRST_FREE] = {spec->null_fd, spec->out_fd, spec->err_fd, spec->status_fd,
	                                spec->control_fd};
	int high[FIRST_FREE];
	for (int i = 0; i < FIRST_FREE; i++)
		high[i] = fcntl(wanted[i], F_DUPFD, FIRST_FREE);
	for (int i = 0; i < FIRST_FREE; i++)
		if (dup2(high[i], i) < 0)
			_exit(127);
	(void)fcntl(STATUS_FD, F_SETFD, FD_CLOEXEC);
	(void)fcntl(CONTROL_FD, F_SETFD, FD_CLOEXEC);
	close_from(FIRST_FREE);
}

static void limit_set(int resource, rlim_t value)
{
	struct rlimit limit;
	if (getrlimit(resource, &limit) != 0)
		return;
	/* The soft limit may not exceed a hard one that is already lower. */
	if (limit.rlim_max == RLIM_INFINITY || value < limit.rlim_max)
		limit.rlim_max = value;
	limit.rlim_cur = limit.rlim_max;
	(void)setrlimit(resource, &limit);
}

/* Another child, forked while the algorithm's file was being written, may hold it open for a moment
 * longer, until it has closed its descriptors. */
static void exec_patiently(const struct sb_child_spec *spec)
{
	const struct timespec moment = {.tv_nsec = 10000000};
	for (int i = 0; i < BUSY_TRIES; i++) {
		execve(spec->program, spec->argv, spec->env);
		if (errno != ETXTBSY)
			return;
		(void)nanosleep(&moment, NULL);
	}
}

static _Noreturn void algorithm_exec(const struct sb_child_spec *spec)
{
	const struct sb_runner_limits *limits = &spec->limits;
	sigset_t none;
	close(CONTROL_FD);
	(void)setpgid(0, 0);
#ifdef __linux__
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0); /* should the warden itself be killed */
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
		report(SB_CHILD_NOT_BEGUN, errno);
		_exit(127);
	}
	limit_set(RLIMIT_NPROC, limits->processes);
#endif
	limit_set(RLIMIT_CORE, 0);
	limit_set(RLIMIT_CPU, limits->cpu_seconds);
	limit_set(RLIMIT_FSIZE, limits->file_size);
	limit_set(RLIMIT_NOFILE, limits->files);
	limit_set(RLIMIT_AS, limits->memory);
	for (int signum = 1; signum < NSIG; signum++)
		(void)signal(signum, SIG_DFL); /* the sandbox ignores SIGPIPE, the algorithm should not */
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	umask(077);
	if (chdir(spec->directory) == 0)
		exec_patiently(spec);
	report(SB_CHILD_NOT_BEGUN, errno);
	_exit(127);
}

static void on_sigchld(int signum)
{
	(void)signum; /* only interrupts pselect() */
}

/* Waits for the algorithm or the end of the control pipe. True when *status is the algorithm's. */
static bool wait_algorithm(pid_t algorithm, int *status)
{
	sigset_t all_but_chld;
	sigfillset(&all_but_chld);
	sigdelset(&all_but_chld, SIGCHLD);
	for (;;) {
		pid_t pid;
		while ((pid = waitpid(-1, status, WNOHANG)) > 0)
			if (pid == algorithm)
				return true;
		fd_set control;
		FD_ZERO(&control);
		FD_SET(CONTROL_FD, &control);
		if (pselect(CONTROL_FD + 1, &control, NULL, NULL, NULL, &all_but_chld) > 0)
			return false;
	}
}

static void kill_pid_list(const char *text, size_t len)
{
	long pid = 0;
	for (size_t i = 0; i < len; i++) {
		if (text[i] >= '0' && text[i] <= '9') {
			pid = pid * 10 + (text[i] - '0');
		} else {
			if (pid > 1)
				(void)kill((pid_t)pid, SIGKILL);
			pid = 0;
		}
	}
}

/* The kernel's list of our children; those whose parents die become ours and are seen next. A list
 * cut by the buffer loses nothing: what is left is still there in the next round. */
static void kill_children(void)
{
	char text[4096];
	int fd = open("/proc/thread-self/children", O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	ssize_t got = read(fd, text, sizeof(text));
	close(fd);
	if (got > 0)
		kill_pid_list(text, (size_t)got);
}

static void kill_tree(pid_t algorithm, int *status, bool *ended)
{
	for (;;) {
		int child_status;
		(void)kill(-algorithm, SIGKILL);
		if (!*ended)
			(void)kill(algorithm, SIGKILL); /* before it had made its process group */
		kill_children();
		pid_t pid = waitpid(-1, &child_status, 0);
		if (pid < 0 && errno != EINTR)
			return; /* ECHILD: nothing is left */
		if (pid == algorithm) {
			*status = child_status;
			*ended = true;
		}
	}
}

_Noreturn void sb_child_warden(const struct sb_child_spec *spec)
{
	sigset_t chld;
	struct sigaction action = {.sa_handler = on_sigchld};
	int status = 0;
	sigfillset(&chld); /* a Ctrl-C at the sandbox's terminal is the sandbox's to act on */
	sigprocmask(SIG_SETMASK, &chld, NULL);
	sigaction(SIGCHLD, &action, NULL);
	(void)setpgid(0, 0);
	arrange_fds(spec);
#ifdef __linux__
	(void)prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
#endif
	pid_t algorithm = fork();
	if (algorithm == 0)
		algorithm_exec(spec);
	if (algorithm < 0) {
		report(SB_CHILD_NOT_BEGUN, errno);
		_exit(0);
	}
	(void)setpgid(algorithm, algorithm); /* in both, so that the group exists for kill() */
	for (int fd = 0; fd < STATUS_FD; fd++)
		close(fd); /* the output pipes end with the algorithm, not with the warden */
	bool ended = wait_algorithm(algorithm, &status);
	kill_tree(algorithm, &status, &ended);
	report(SB_CHILD_EXITED, status);
	_exit(0);
}
