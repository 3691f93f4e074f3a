/*
 * Between sandbox/runner.c (the sandbox's side: pipes, limits, phases) and sandbox/runner_child.c
 * (what happens after fork).  Nobody else includes it.
 */
#ifndef PRISM_SANDBOX_RUNNER_PRIVATE_H
#define PRISM_SANDBOX_RUNNER_PRIVATE_H

#include "sandbox/runner.h"

/* Everything the child needs, ready before fork: afterwards nothing may be allocated. */
struct sb_child_spec {
	const char *directory;
	const char *program;
	char *const *argv;
	char *const *env;
	struct sb_runner_limits limits; /* no zeros; processes counts the user's present ones too */
	int null_fd;                    /* /dev/null */
	int out_fd, err_fd;             /* write ends of the output pipes */
	int status_fd;                  /* write end: struct sb_child_report */
	int control_fd;                 /* read end: its end of file means kill */
};

enum sb_child_event {
	SB_CHILD_EXITED,    /* value: wait status */
	SB_CHILD_NOT_BEGUN, /* value: errno of fork, chdir or exec */
};

struct sb_child_report { /* smaller than PIPE_BUF, so each is written whole */
	int event, value;
};

/* Becomes the warden. Never returns. */
_Noreturn void sb_child_warden(const struct sb_child_spec *spec);

#endif
