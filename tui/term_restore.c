/*
 * Leaving the terminal as it was found when the process is killed or crashes.
 *
 * Owns the handlers of signals that end the process, and nothing else that is global: what they
 * need is in static memory, and they call only write(2), poll(2), tcsetattr(3), sigaction(2) and
 * raise(3), which POSIX lists as async-signal-safe.  A handler restores, puts the default
 * disposition back and raises the signal again, so that the parent sees the true cause.
 *
 * TERM, HUP and INT come here only while the loop does not watch them (before it runs and after it
 * ended).
 */
#include "tui/term_private.h"

#include "base/mem.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <termios.h>
#include <unistd.h>

#define RESET_MAX 512
#define STACK_SIZE \
	(64 * 1024) /* a crash by stack overflow needs another stack; above MINSIGSTKSZ */

static const int signals[] = {SIGSEGV, SIGBUS,  SIGILL,  SIGFPE, SIGABRT, SIGSYS, SIGTRAP,
                              SIGXCPU, SIGXFSZ, SIGTERM, SIGHUP, SIGINT,  SIGQUIT};

static struct {
	volatile sig_atomic_t active;
	bool armed;
	int fd;
	struct termios saved;
	char reset[RESET_MAX];
	size_t len;
	struct sigaction before[PRISM_COUNT(signals)];
	void *stack;
} restore;

static void put_right(void)
{
	struct pollfd wait = {.fd = restore.fd, .events = POLLOUT};
	size_t done = 0;

	if (!restore.active)
		return;
	restore.active = 0;
	/* First the settings of the line: they work even where output is stuck. */
	tcsetattr(restore.fd, TCSANOW, &restore.saved);
	for (int tries = 0; done < restore.len && tries < 20; tries++) {
		ssize_t n = write(restore.fd, restore.reset + done, restore.len - done);

		if (n > 0)
			done += (size_t)n;
		else if (n < 0 && (errno == EAGAIN || errno == EINTR))
			poll(&wait, 1, 20);
		else
			break;
	}
}

static void fatal(int signum)
{
	struct sigaction action = {.sa_handler = SIG_DFL};
	int saved = errno;

	put_right();
	sigaction(signum, &action, NULL);
	errno = saved;
	raise(signum);
}

void pt_restore_arm(int fd, const struct termios *saved, const char *reset, size_t len)
{
	struct sigaction action = {.sa_handler = fatal, .sa_flags = SA_ONSTACK | SA_NODEFER};
	stack_t stack = {.ss_size = STACK_SIZE};

	restore.fd = fd;
	restore.saved = *saved;
	restore.len = len < RESET_MAX ? len : RESET_MAX;
	memcpy(restore.reset, reset, restore.len);
	if (restore.armed)
		return;
	restore.armed = true;
	restore.stack = prism_alloc(STACK_SIZE);
	stack.ss_sp = restore.stack;
	sigaltstack(&stack, NULL);
	sigemptyset(&action.sa_mask);
	for (size_t i = 0; i < PRISM_COUNT(signals); i++) {
		sigaction(signals[i], NULL, &restore.before[i]);
		if (restore.before[i].sa_handler != SIG_IGN) /* nohup, background jobs */
			sigaction(signals[i], &action, NULL);
	}
}

void pt_restore_set_active(bool active)
{
	restore.active = active;
}

void pt_restore_disarm(void)
{
	stack_t off = {.ss_flags = SS_DISABLE};

	restore.active = 0;
	if (!restore.armed)
		return;
	restore.armed = false;
	for (size_t i = 0; i < PRISM_COUNT(signals); i++)
		sigaction(signals[i], &restore.before[i], NULL);
	sigaltstack(&off, NULL);
	prism_free(restore.stack);
	restore.stack = NULL;
}
