/*
 * The client under test: on a terminal (struct pty), or without a screen by -c.
 *
 * Both get their backend from the environment, as a person's profile would say it; nothing of the
 * machine's own configuration is read, because tests/run gives each test a home of its own.
 */
#ifndef PRISM_TESTS_CLIENT_H
#define PRISM_TESTS_CLIENT_H

#include "tests/lib/pty.h"
#include "tests/lib/sandbox.h"

#include <cjson/cJSON.h>

struct client_spec {
	const struct sandbox *sandbox; /* NULL: a port where nobody listens */
	int rows, cols;                /* 0: 24 and 80 */
	const char *term, *lang;       /* as in struct pty_spec */
	const char *const *env;        /* further ones; at most 16 */
	const char *const *args;       /* further ones; at most 16 */
	const char *dir;
	bool ignore_hup, no_screen;
};
struct pty *client_start(const struct client_spec *spec);

/* One run of `prism-tui -c`, signed in by a password file. */
struct cli {
	const struct sandbox *sandbox; /* lent */
	int user;
	const char *workspace; /* lent; NULL: the only one, or the remembered one */
	const char *dir;       /* working directory, lent; NULL: the present one */
	bool quiet;            /* print nothing when a must fails (a refusal is expected) */
	const char *input;     /* file that is its standard input, lent; NULL: /dev/null */
	/* Asked again and again while it runs; true: it is killed, here and now. NULL: never. */
	bool (*kill_now)(void *data);
	void *kill_data;
	/* of the last run; owned */
	char *out, *err;
	cJSON *doc; /* standard output as JSON; NULL when it is none */
	int status; /* exit status; -1 when it did not end by itself */
};
void cli_finish(struct cli *c);
/* printf-like: the command line after -c; -o json is added. " ;; " separates several of one
 * process; then doc is NULL. Returns the exit status. */
int cli_run(struct cli *c, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* The same; the test fails, with what was printed, unless the status is 0. Returns c->doc. */
cJSON *cli_must(struct cli *c, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Text of a member of doc, or of the first object of an array in which key_is equals is. "" when
 * there is none. Lent. */
const char *cli_text(const cJSON *doc, const char *key);
const cJSON *cli_find(const cJSON *array, const char *key, const char *is);

#endif
