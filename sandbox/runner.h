/*
 * Runs one algorithm as a real process: in a private directory, with resource limits, a wall
 * clock, no inherited descriptors, a minimal environment, and every process it leaves behind
 * killed with it.
 *
 * Processes.  The runner forks a warden, which becomes the reaper of everything below it
 * (prctl PR_SET_CHILD_SUBREAPER, Linux), forks the algorithm into a process group of its own,
 * waits for it, kills what is left, and reports the exit status over a pipe.  A stop, a passed
 * deadline or the death of the sandbox makes the warden kill the whole tree.  Where there are no
 * subreapers only the process group is killed.
 *
 * What it is not: a security boundary.  The algorithm runs as the user of the sandbox and can
 * read what that user can read.  It is a demonstration, not a TEE.
 *
 * Thread rules: loop thread only.  The child does only what is safe between fork and exec.
 */
#ifndef PRISM_SANDBOX_RUNNER_H
#define PRISM_SANDBOX_RUNNER_H

#include "base/loop.h"

#include <stdint.h>

/* 0 in any field: the default beside it. */
struct sb_runner_limits {
	unsigned cpu_seconds;  /* 600; RLIMIT_CPU, per process */
	unsigned wall_seconds; /* 1800; the whole run, installation of requirements included */
	uint64_t memory;       /* 4 GiB; RLIMIT_AS in bytes, per process */
	uint64_t file_size;    /* 4 GiB; RLIMIT_FSIZE in bytes, per file */
	unsigned processes;    /* 256; more than the user already has (RLIMIT_NPROC counts per user) */
	unsigned files;        /* 1024; RLIMIT_NOFILE */
};

enum sb_algo_type { SB_ALGO_BIN, SB_ALGO_PYTHON, SB_ALGO_WASM, SB_ALGO_DOCKER, SB_ALGO_COUNT };
/* "bin", "python", "wasm", "docker"; "" means bin, as with the real agent. -1: unknown. */
PRISM_MUST_USE
int sb_algo_type_parse(const char *word, enum sb_algo_type *ret_type);
const char *sb_algo_type_word(enum sb_algo_type type);

enum sb_runner_stream { SB_RUNNER_STDOUT, SB_RUNNER_STDERR };

struct sb_runner_spec {    /* everything is copied */
	const char *directory; /* working directory; holds the files named below */
	enum sb_algo_type type;
	const char *algorithm;    /* file name inside directory */
	const char *requirements; /* file name inside directory; NULL: none */
	const char *const *args;
	size_t arg_count;
	struct sb_runner_limits limits;
	/* Output of the algorithm, 1 to 1024 bytes: whole lines where it writes lines soon enough, else
	 * cut anywhere. It must not destroy the runner. */
	void (*on_output)(void *data, enum sb_runner_stream stream, const char *bytes, size_t len);
	/* Once, after the last output and after every process of the run is gone. error is NULL on
	 * success, otherwise the run error as the agent words it ("algorithm execution error: exit
	 * status 3"); lent. Not called after sb_runner_destroy(). */
	void (*done)(void *data, const char *error);
	void *data;
};

struct sb_runner;

/* Fails now, without a callback, when no process can be made; a type that cannot be run here is a
 * run error through done. */
struct sb_runner *sb_runner_start(struct prism_loop *loop, const struct sb_runner_spec *spec,
                                  struct prism_error *err);
void sb_runner_kill(struct sb_runner *runner); /* kills the tree; done follows ("signal: killed") */
/* Kills the tree, waits for it (SIGKILL, so briefly) and frees, without done. NULL allowed. */
void sb_runner_destroy(struct sb_runner *runner);

#endif
