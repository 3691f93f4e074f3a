/*
 * One program run on the side: an argument vector given to the kernel as it is, never a shell.
 *
 * The child gets a session of its own (no terminal, no signals of ours), /dev/null as input, and a
 * pipe for what it says, of which the first PRISM_SPAWN_OUTPUT bytes are kept for the message of a
 * failure.  Its environment is exactly what is given.  Other descriptors are closed.
 *
 * It is over when it closed its output, or is killed when the time is over; a program that goes on
 * in the background must close or redirect its output.
 *
 * Thread rules: loop thread only; done comes once, from the loop.
 */
#ifndef PRISM_BASE_SPAWN_H
#define PRISM_BASE_SPAWN_H

#include "base/loop.h"

#define PRISM_SPAWN_OUTPUT 400

struct prism_spawn_result {
	int status;       /* exit status; -1: ended by a signal */
	int signum;       /* that signal; 0: none */
	bool timed_out;   /* killed by us */
	const char *said; /* first bytes of its output; raw, lent, may be "" */
};
typedef void (*prism_spawn_fn)(void *data, const struct prism_spawn_result *result);

struct prism_spawn;

/* argv[0]: an absolute path; argv and env end with NULL and are not kept. NULL: not started. */
struct prism_spawn *prism_spawn(struct prism_loop *loop, const char *const argv[],
                                const char *const env[], int64_t timeout_ms, prism_spawn_fn done,
                                void *data, struct prism_error *err);
/* Stops listening; the program is killed. Not after done. NULL allowed. */
void prism_spawn_abandon(struct prism_spawn *spawn);

#endif
