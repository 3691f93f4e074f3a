/*
 * A sandbox for one test: build/prism-sandbox as a child process, on a port the system chose.
 *
 * It has ended, and its directory is gone, when sandbox_stop() returns.
 */
#ifndef PRISM_TESTS_SANDBOX_H
#define PRISM_TESTS_SANDBOX_H

#include <stdbool.h>
#include <sys/types.h>

struct sandbox_user {
	char *username, *email, *password, *note;
};

struct sandbox {
	pid_t pid;
	char *url;              /* "http://127.0.0.1:PORT" */
	char *ca_file;          /* NULL without --tls */
	char *attestation_root; /* PEM file of the root that its evidence ends in */
	char *notice;           /* what it says about not being a TEE */
	struct sandbox_user *users;
	int user_count;
	int out; /* its standard output */
};

/* args: further arguments, NULL-terminated; NULL for none. --listen 127.0.0.1:0 and --store
 * :memory: are always given. Fails the running test when no ready line comes within 20 s. */
struct sandbox *sandbox_start(const char *const *args);
void sandbox_stop(struct sandbox *sb); /* TERM, then wait; NULL allowed */
/* SIGKILL and wait: a backend that vanishes. sandbox_stop() is still needed. */
void sandbox_kill(struct sandbox *sb);

/* "build/prism-tui" of the build under test (PRISM_BUILD, or build). Lent. */
const char *build_path(const char *name);

#endif
