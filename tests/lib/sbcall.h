/*
 * A sandbox inside the test, called at its router: no socket, no process, and a clock that stands
 * still until the test moves it.
 */
#ifndef PRISM_TESTS_SBCALL_H
#define PRISM_TESTS_SBCALL_H

#include "base/clock.h"
#include "sandbox/sandbox.h"

#include <cjson/cJSON.h>

#define SBCALL_WALL_US 1767225600000000ll /* 2026-01-01T00:00:00Z */

enum { SB_ADA, SB_BEN, SB_CYD, SB_NOBODY }; /* who calls: the sample users in order */

struct sbcall {
	struct prism_clock_manual clock;
	struct prism_loop *loop;
	struct sb *sb;
	char *token[3]; /* access tokens, by sample user; made on first use */
	/* of the last call; owned */
	int status;
	char *text;         /* body */
	cJSON *doc;         /* body as JSON; NULL when it is none */
	char type[80];      /* content type; "" none */
	char location[128]; /* Location or HX-Location */
	/* for the next calls */
	const char *content_type; /* of bodies; NULL: application/json */
	const char *bearer;       /* instead of the user's token; NULL: that one */
};

/* config NULL: demo in memory. seed and store may be NULL inside. */
void sbcall_start(struct sbcall *t, const struct sb_config *config);
/* The same on the system's clock, for tests that wait for real processes and sockets. */
void sbcall_start_real(struct sbcall *t, const struct sb_config *config);
void sbcall_finish(struct sbcall *t);
/* cmocka fixtures: *state is a struct sbcall with the demo. */
int sbcall_setup(void **state);
int sbcall_setup_empty(void **state);
int sbcall_teardown(void **state);

/* path is printf-like; {W} inside the finished path becomes the id of "Open Science Lab", {H} that
 * of "Hospital Pilot". body NULL: none. Returns the status. */
int sbcall(struct sbcall *t, int who, const char *method, const char *body, const char *path, ...)
    __attribute__((format(printf, 5, 6)));
/* Text of a member of the last answer, or of a path like "roles.0.id"; "" when absent. Lent. */
const char *sbcall_text(struct sbcall *t, const char *path);
int64_t sbcall_int(struct sbcall *t, const char *path); /* INT64_MIN when it is no number */
int sbcall_size(struct sbcall *t, const char *path);    /* of an array; -1 otherwise */
/* {"error":inner,"message":outer} with this status; fails the test otherwise. */
void sbcall_refused(struct sbcall *t, int status, const char *outer, const char *inner);
char *sbcall_user_id(struct sbcall *t, int who); /* yours */
/* Id of a computation of the demo by its name. Yours. */
char *sbcall_computation(struct sbcall *t, const char *name);

#endif
