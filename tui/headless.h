/*
 * Commands without a screen: `prism-tui -c 'computation list' -o json`.
 *
 * Tables, JSON or CSV go to standard output; news, progress and errors to standard error.  The exit
 * code is that of the first command that fails (prism_error_exit_code(), documented in the manual);
 * later ones are not run.  All lines are read and checked before the first one does anything.
 *
 * A password comes from --password-file, --password-fd, or a prompt on the terminal without echo;
 * never from an argument or the environment.
 */
#ifndef PRISM_TUI_HEADLESS_H
#define PRISM_TUI_HEADLESS_H

#include "base/mem.h"
#include "tui/records.h"
#include "tui/world.h"

struct pt_headless {
	const char *const *lines; /* lent */
	size_t count;
	enum pt_format format;
	bool no_headings;
	bool quiet;                /* no news, no progress */
	const char *password_file; /* NULL: none */
	int password_fd;           /* -1: none */
};
/* Runs the world's loop until all is done. Returns the exit code. */
int pt_headless_run(struct pt_world *world, const struct pt_headless *how);

/* Reads a password: file, descriptor, else the terminal. NULL with err. Yours. */
struct prism_secret *pt_headless_password(const char *file, int fd, const char *prompt,
                                          struct prism_error *err);

#endif
