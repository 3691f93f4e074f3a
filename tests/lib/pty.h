/*
 * A program on a terminal of its own: a real pty, the screen kept by libvterm.
 *
 * The harness never sleeps: every wait is a poll on the pty with a deadline, and ends when what
 * was waited for is on the screen.  Bytes are counted and stamped as they are read, before the
 * screen is updated, so the numbers are the program's and not the emulator's.
 *
 * Failures of a wait print the screen and fail the running cmocka test.
 */
#ifndef PRISM_TESTS_PTY_H
#define PRISM_TESTS_PTY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct pty;

struct pty_spec {
	const char *const *argv; /* NULL-terminated; argv[0] is searched in PATH when it has no '/' */
	int rows, cols;          /* 0: 40 rows, 120 columns */
	const char *term;        /* NULL: xterm-256color; "": unset */
	const char *lang;        /* NULL: C.UTF-8 */
	const char *const *env;  /* NULL-terminated "NAME=value", or "NAME" to remove; may be NULL */
	const char *dir;         /* working directory; NULL: the present one */
	bool ignore_hup;         /* start with SIGHUP ignored, as under nohup */
	bool no_screen;          /* do not emulate; rows are empty then (benches) */
};

struct pty *pty_start(const struct pty_spec *spec);
void pty_destroy(struct pty *p); /* kills what is left of the program; NULL allowed */
pid_t pty_pid(const struct pty *p);

/* Input. Keys: characters as they are, and <Enter> <Esc> <Tab> <S-Tab> <BS> <Space> <lt> <Up>
 * <Down> <Left> <Right> <Home> <End> <PgUp> <PgDn> <Del> <F1>..<F12> <C-x>. */
void pty_keys(struct pty *p, const char *keys);
void pty_write(struct pty *p, const void *data, size_t size);
void pty_signal(struct pty *p, int signum);
pid_t pty_foreground(const struct pty *p); /* process group that reads the terminal */
void pty_resize(struct pty *p, int rows, int cols);
void pty_hang_up(struct pty *p); /* closes our side: the terminal vanishes */

/* Waits. `ms` is the deadline; the _ form returns false when it passes, the others fail the test.
 */
bool pty_wait_text_(struct pty *p, const char *marker, int ms);
bool pty_wait_gone_(struct pty *p, const char *marker, int ms);
bool pty_wait_either_(struct pty *p, const char *const *markers, int ms, int *ret_which);
/* Until nothing was read for quiet_ms. False when ms passed before. */
bool pty_wait_quiet(struct pty *p, int quiet_ms, int ms);
/* Until one more byte arrives; for latencies. */
bool pty_wait_byte(struct pty *p, int ms);
/* Until the program ended; its wait status. */
bool pty_wait_exit_(struct pty *p, int ms, int *ret_status);
bool pty_wait_raw_(struct pty *p, const char *bytes, int ms); /* bytes since pty_mark() */

#define pty_wait_text(p, marker, ms) \
	pty_check(p, pty_wait_text_(p, marker, ms), "waiting for", marker, __FILE__, __LINE__)
#define pty_wait_gone(p, marker, ms)                                                        \
	pty_check(p, pty_wait_gone_(p, marker, ms), "waiting for the end of", marker, __FILE__, \
	          __LINE__)
/* Keys, and what they bring to the screen, or take from it. */
#define pty_type(p, keys, brings, ms) (pty_keys(p, keys), pty_wait_text(p, brings, ms))
#define pty_type_away(p, keys, takes, ms) (pty_keys(p, keys), pty_wait_gone(p, takes, ms))
#define pty_wait_exit(p, ms, ret_status)                                                           \
	pty_check(p, pty_wait_exit_(p, ms, ret_status), "waiting for", "the program to end", __FILE__, \
	          __LINE__)
void pty_check(struct pty *p, bool good, const char *doing, const char *what, const char *file,
               int line);

/* The screen. */
char *pty_screen(struct pty *p);       /* rows, right-trimmed, each ended by a newline; yours */
char *pty_row(struct pty *p, int row); /* one row, right-trimmed; yours */
bool pty_has(struct pty *p, const char *text);     /* on one row of the screen */
int pty_find_row(struct pty *p, const char *text); /* -1: nowhere */
bool pty_any_colour(struct pty *p); /* a cell with a colour that is not the default */

/* What went over the wire since pty_mark(): counted, stamped (CLOCK_MONOTONIC, ns), and kept up to
 * 16 MiB for inspection. */
void pty_mark(struct pty *p);
uint64_t pty_bytes(const struct pty *p);
uint64_t pty_reads(const struct pty *p);
int64_t pty_first_ns(const struct pty *p); /* 0: nothing yet */
int64_t pty_last_ns(const struct pty *p);
int64_t pty_start_ns(const struct pty *p);                 /* just before exec */
const char *pty_raw(const struct pty *p, size_t *ret_len); /* lent */
bool pty_raw_has(const struct pty *p, const char *bytes);
bool pty_raw_colour(const struct pty *p); /* holds a sequence that sets a colour */
int64_t pty_now_ns(void);

/* What the program left switched on, from the bytes it sent and the tty itself. */
struct pty_state {
	bool alt_screen, cursor_hidden, mouse, bracketed_paste, focus_events, application_keys;
	bool scroll_region;   /* a region smaller than the screen is still set */
	bool termios_changed; /* against what it was before the program started */
};
void pty_state(const struct pty *p, struct pty_state *ret_state);
/* "" when everything is as it was, otherwise the list of what is not. Yours. */
char *pty_left_over(const struct pty *p);

#endif
