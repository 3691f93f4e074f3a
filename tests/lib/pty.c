/*
 * The pty harness: process, descriptor, waits and key names.  The emulated screen and the track
 * of terminal modes are in ptyscreen.c.
 */
#include "tests/lib/pty.h"

#include "base/buf.h"
#include "base/mem.h"
#include "tests/lib/ptyscreen.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#define RAW_MAX (16u << 20)

struct pty {
	int fd; /* our side; -1 after hang-up */
	pid_t pid;
	bool ended, eof;
	int status; /* valid when ended */
	struct termios before;
	struct ptyscreen *screen;
	struct prism_buf raw;
	uint64_t bytes, reads;
	int64_t start_ns, first_ns, last_ns;
};

int64_t pty_now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* In the child: the world of the program, then the program. Never returns. */
static void become(const struct pty_spec *spec, const char *slave)
{
	int fd;
	sigset_t none;

	setsid();
	fd = open(slave, O_RDWR);
	if (fd < 0)
		_exit(126);
	ioctl(fd, TIOCSCTTY, 0);
	dup2(fd, 0);
	dup2(fd, 1);
	dup2(fd, 2);
	for (int i = 3; i < 256; i++)
		close(i);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	for (int sig = 1; sig < 32; sig++)
		signal(sig, SIG_DFL);
	if (spec->ignore_hup)
		signal(SIGHUP, SIG_IGN);
	setenv("TERM", spec->term ? spec->term : "xterm-256color", 1);
	if (spec->term && !spec->term[0])
		unsetenv("TERM");
	setenv("LC_ALL", spec->lang ? spec->lang : "C.UTF-8", 1);
	unsetenv("LINES");
	unsetenv("COLUMNS");
	for (const char *const *e = spec->env; e && *e; e++) {
		const char *eq = strchr(*e, '=');
		char *name = eq ? strndup(*e, (size_t)(eq - *e)) : strdup(*e);

		if (eq)
			setenv(name, eq + 1, 1);
		else
			unsetenv(name);
		free(name);
	}
	if (spec->dir && chdir(spec->dir) != 0)
		_exit(126);
	execvp(spec->argv[0], (char *const *)(uintptr_t)spec->argv);
	_exit(127);
}

struct pty *pty_start(const struct pty_spec *spec)
{
	struct pty *p = prism_alloc(sizeof(*p));
	struct winsize size = {.ws_row = (unsigned short)(spec->rows ? spec->rows : 40),
	                       .ws_col = (unsigned short)(spec->cols ? spec->cols : 120)};
	char slave[128];
	int keep;

	p->fd = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	assert_true(p->fd >= 0);
	assert_int_equal(grantpt(p->fd), 0);
	assert_int_equal(unlockpt(p->fd), 0);
	snprintf(slave, sizeof(slave), "%s", ptsname(p->fd));
	keep = open(slave, O_RDWR | O_NOCTTY | O_CLOEXEC); /* until the child has its own */
	assert_true(keep >= 0);
	assert_int_equal(ioctl(p->fd, TIOCSWINSZ, &size), 0);
	assert_int_equal(tcgetattr(p->fd, &p->before), 0);
	p->screen = ptyscreen_create(size.ws_row, size.ws_col, spec->no_screen);
	prism_buf_init(&p->raw, RAW_MAX);
	fflush(NULL);
	p->start_ns = pty_now_ns();
	p->pid = fork();
	assert_true(p->pid >= 0);
	if (p->pid == 0)
		become(spec, slave);
	/* The child opens the slave by itself; wait for exec by keeping ours open until first output
	 * would need it: closing early would make reads fail with EIO before the child opened it. */
	for (;;) {
		struct pollfd one = {.fd = p->fd, .events = POLLIN};
		int status;

		if (poll(&one, 1, 1) != 0)
			break;
		if (tcgetpgrp(p->fd) == p->pid)
			break;
		if (waitpid(p->pid, &status, WNOHANG) == p->pid) {
			p->ended = true;
			p->status = status;
			break;
		}
	}
	close(keep);
	fcntl(p->fd, F_SETFL, fcntl(p->fd, F_GETFL) | O_NONBLOCK);
	return p;
}

void pty_destroy(struct pty *p)
{
	if (!p)
		return;
	if (!p->ended) {
		kill(p->pid, SIGKILL);
		waitpid(p->pid, NULL, 0);
	}
	if (p->fd >= 0)
		close(p->fd);
	ptyscreen_destroy(p->screen);
	prism_buf_finish(&p->raw);
	prism_free(p);
}

pid_t pty_pid(const struct pty *p)
{
	return p->pid;
}

/* Input */

void pty_write(struct pty *p, const void *data, size_t size)
{
	const char *at = data;

	while (size > 0) {
		ssize_t n = write(p->fd, at, size);

		if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
			struct pollfd one = {.fd = p->fd, .events = POLLOUT};

			poll(&one, 1, 1000);
			continue;
		}
		if (n < 0)
			return; /* the program is gone; the wait that follows says so */
		at += n;
		size -= (size_t)n;
	}
}

static const struct {
	const char *name, *bytes;
} key_names[] = {
    {"Enter", "\r"},    {"Esc", "\033"},     {"Tab", "\t"},       {"S-Tab", "\033[Z"},
    {"BS", "\177"},     {"Space", " "},      {"lt", "<"},         {"Up", "\033OA"},
    {"Down", "\033OB"}, {"Right", "\033OC"}, {"Left", "\033OD"},  {"Home", "\033OH"},
    {"End", "\033OF"},  {"PgUp", "\033[5~"}, {"PgDn", "\033[6~"}, {"Del", "\033[3~"},
    {"F1", "\033OP"},   {"F2", "\033OQ"},    {"F3", "\033OR"},    {"F4", "\033OS"},
    {"F5", "\033[15~"}, {"F6", "\033[17~"},  {"F7", "\033[18~"},  {"F8", "\033[19~"},
    {"F9", "\033[20~"}, {"F10", "\033[21~"}, {"F11", "\033[23~"}, {"F12", "\033[24~"},
};

/* Length of "<name>" at keys when it is one, with its bytes; 0 otherwise. */
static size_t named_key(const char *keys, char *bytes, size_t size)
{
	const char *end = strchr(keys, '>');
	size_t len;

	if (*keys != '<' || !end)
		return 0;
	len = (size_t)(end - keys - 1);
	for (size_t i = 0; i < PRISM_COUNT(key_names); i++) {
		if (strlen(key_names[i].name) == len && memcmp(key_names[i].name, keys + 1, len) == 0) {
			snprintf(bytes, size, "%s", key_names[i].bytes);
			return len + 2;
		}
	}
	if (len == 3 && memcmp(keys + 1, "C-", 2) == 0) {
		snprintf(bytes, size, "%c", keys[3] & 0x1f);
		return len + 2;
	}
	return 0;
}

void pty_keys(struct pty *p, const char *keys)
{
	while (*keys) {
		char bytes[16];
		size_t used = named_key(keys, bytes, sizeof(bytes));

		if (used) {
			pty_write(p, bytes, strlen(bytes));
			keys += used;
		} else {
			pty_write(p, keys++, 1);
		}
	}
}

void pty_signal(struct pty *p, int signum)
{
	if (!p->ended)
		kill(p->pid, signum);
}

pid_t pty_foreground(const struct pty *p)
{
	return tcgetpgrp(p->fd);
}

void pty_resize(struct pty *p, int rows, int cols)
{
	struct winsize size = {.ws_row = (unsigned short)rows, .ws_col = (unsigned short)cols};

	ioctl(p->fd, TIOCSWINSZ, &size);
	ptyscreen_resize(p->screen, rows, cols);
}

void pty_hang_up(struct pty *p)
{
	close(p->fd);
	p->fd = -1;
	p->eof = true;
}

/* Waits */

static void take(struct pty *p, const char *data, size_t size, int64_t now)
{
	p->bytes += size;
	p->reads++;
	p->last_ns = now;
	if (!p->first_ns)
		p->first_ns = now;
	if (p->raw.len + size < RAW_MAX)
		prism_buf_put(&p->raw, data, size);
	ptyscreen_feed(p->screen, data, size);
	if (p->fd >= 0) {
		char answer[256];
		size_t n = ptyscreen_answer(p->screen, answer, sizeof(answer));

		if (n)
			pty_write(p, answer, n);
	}
}

static void reap(struct pty *p)
{
	if (!p->ended && waitpid(p->pid, &p->status, WNOHANG) == p->pid)
		p->ended = true;
}

/* Reads what is there, waiting at most ms for the first byte. False when nothing came. */
static bool step(struct pty *p, int ms)
{
	char data[65536];
	struct pollfd one = {.fd = p->fd, .events = POLLIN};
	ssize_t n;

	if (p->eof) {
		reap(p);
		if (!p->ended && ms > 0)
			poll(NULL, 0, ms < 5 ? ms : 5); /* no descriptor left to wait on */
		return false;
	}
	if (poll(&one, 1, ms) <= 0) {
		reap(p);
		return false;
	}
	n = read(p->fd, data, sizeof(data));
	if (n > 0) {
		take(p, data, (size_t)n, pty_now_ns());
		return true;
	}
	if (n == 0 || (errno != EAGAIN && errno != EINTR))
		p->eof = true;
	return false;
}

static int left_ms(int64_t deadline)
{
	int64_t left = (deadline - pty_now_ns() + 999999) / 1000000;

	return left < 0 ? 0 : left > INT_MAX ? INT_MAX : (int)left;
}

bool pty_wait_either_(struct pty *p, const char *const *markers, int ms, int *ret_which)
{
	int64_t deadline = pty_now_ns() + (int64_t)ms * 1000000;

	for (;;) {
		while (step(p, 0))
			;
		for (int i = 0; markers[i]; i++) {
			if (pty_has(p, markers[i])) {
				if (ret_which)
					*ret_which = i;
				return true;
			}
		}
		if (pty_now_ns() >= deadline || (p->eof && p->ended))
			return false;
		step(p, left_ms(deadline));
	}
}

bool pty_wait_text_(struct pty *p, const char *marker, int ms)
{
	return pty_wait_either_(p, (const char *const[]){marker, NULL}, ms, NULL);
}

bool pty_wait_gone_(struct pty *p, const char *marker, int ms)
{
	int64_t deadline = pty_now_ns() + (int64_t)ms * 1000000;

	for (;;) {
		while (step(p, 0))
			;
		if (!pty_has(p, marker))
			return true;
		if (pty_now_ns() >= deadline || p->eof)
			return false;
		step(p, left_ms(deadline));
	}
}

bool pty_wait_raw_(struct pty *p, const char *bytes, int ms)
{
	int64_t deadline = pty_now_ns() + (int64_t)ms * 1000000;

	for (;;) {
		if (pty_raw_has(p, bytes))
			return true;
		if (pty_now_ns() >= deadline || p->eof)
			return false;
		step(p, left_ms(deadline));
	}
}

bool pty_wait_quiet(struct pty *p, int quiet_ms, int ms)
{
	int64_t deadline = pty_now_ns() + (int64_t)ms * 1000000;

	while (pty_now_ns() < deadline && !p->eof) {
		if (!step(p, quiet_ms))
			return true;
	}
	return p->eof;
}

bool pty_wait_byte(struct pty *p, int ms)
{
	uint64_t before = p->bytes;
	int64_t deadline = pty_now_ns() + (int64_t)ms * 1000000;

	while (p->bytes == before && !p->eof && pty_now_ns() < deadline)
		step(p, left_ms(deadline));
	return p->bytes != before;
}

bool pty_wait_exit_(struct pty *p, int ms, int *ret_status)
{
	int64_t deadline = pty_now_ns() + (int64_t)ms * 1000000;

	for (;;) {
		while (step(p, 0))
			;
		reap(p);
		if (p->ended) {
			while (step(p, 0))
				;
			if (ret_status)
				*ret_status = p->status;
			return true;
		}
		if (pty_now_ns() >= deadline)
			return false;
		step(p, 5);
	}
}

void pty_check(struct pty *p, bool good, const char *doing, const char *what, const char *file,
               int line)
{
	char *screen;

	if (good)
		return;
	screen = pty_screen(p);
	reap(p);
	/* cmocka's print_error() cuts at a kilobyte */
	fprintf(stderr, "%s \"%s\"; %s, and the screen is:\n%s", doing, what,
	        p->ended ? "the program has ended" : "the program runs", screen);
	prism_free(screen);
	_fail(file, line);
}

/* What was counted */

void pty_mark(struct pty *p)
{
	p->bytes = p->reads = 0;
	p->first_ns = 0;
	prism_buf_clear(&p->raw);
}

uint64_t pty_bytes(const struct pty *p)
{
	return p->bytes;
}

uint64_t pty_reads(const struct pty *p)
{
	return p->reads;
}

int64_t pty_first_ns(const struct pty *p)
{
	return p->first_ns;
}

int64_t pty_last_ns(const struct pty *p)
{
	return p->last_ns;
}

int64_t pty_start_ns(const struct pty *p)
{
	return p->start_ns;
}

const char *pty_raw(const struct pty *p, size_t *ret_len)
{
	*ret_len = p->raw.len;
	return prism_buf_text(&p->raw);
}

/* The screen */

char *pty_row(struct pty *p, int row)
{
	return ptyscreen_row(p->screen, row);
}

char *pty_screen(struct pty *p)
{
	struct prism_buf out = PRISM_BUF_INIT(1u << 20);

	for (int row = 0; row < ptyscreen_rows(p->screen); row++) {
		char *text = pty_row(p, row);

		prism_buf_printf(&out, "%s\n", text);
		prism_free(text);
	}
	return prism_buf_take(&out, NULL);
}

int pty_find_row(struct pty *p, const char *text)
{
	for (int row = 0; row < ptyscreen_rows(p->screen); row++) {
		char *line = pty_row(p, row);
		bool found = strstr(line, text) != NULL;

		prism_free(line);
		if (found)
			return row;
	}
	return -1;
}

bool pty_has(struct pty *p, const char *text)
{
	return pty_find_row(p, text) >= 0;
}

bool pty_any_colour(struct pty *p)
{
	return ptyscreen_any_colour(p->screen);
}

void pty_state(const struct pty *p, struct pty_state *ret_state)
{
	struct termios now;

	ptyscreen_modes(p->screen, ret_state);
	ret_state->termios_changed = false;
	if (p->fd >= 0 && tcgetattr(p->fd, &now) == 0)
		ret_state->termios_changed =
		    now.c_iflag != p->before.c_iflag || now.c_oflag != p->before.c_oflag ||
		    now.c_cflag != p->before.c_cflag || now.c_lflag != p->before.c_lflag ||
		    memcmp(now.c_cc, p->before.c_cc, sizeof(now.c_cc)) != 0;
}

char *pty_left_over(const struct pty *p)
{
	struct pty_state s;

	pty_state(p, &s);
	return prism_asprintf(
	    "%s%s%s%s%s%s%s%s", s.alt_screen ? "alternate screen; " : "",
	    s.cursor_hidden ? "cursor hidden; " : "", s.mouse ? "mouse reports; " : "",
	    s.bracketed_paste ? "bracketed paste; " : "", s.focus_events ? "focus events; " : "",
	    s.application_keys ? "application keys; " : "", s.scroll_region ? "scroll region; " : "",
	    s.termios_changed ? "tty settings; " : "");
}
