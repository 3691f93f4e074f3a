/*
 * A core for one test: loop, workers, options of its own (nothing of the machine's configuration),
 * and waiting for callbacks with a deadline.
 */
#ifndef PRISM_TESTS_CORERUN_H
#define PRISM_TESTS_CORERUN_H

#include "core/core.h"
#include "core/options.h"
#include "core/session.h"

struct corerun {
	struct prism_loop *loop;
	struct prism_work *work;
	struct core_options *options;
	struct core *core;
	/* of the callback waited for */
	unsigned calls;
	struct prism_error err; /* category NONE: success */
	char id[256];
	/* events seen, by type */
	unsigned events[CORE_EVENT_COUNT];
	char notice[2048]; /* text of the last */
};

/* clock NULL: the system's. */
struct corerun *corerun_open(const char *url, const struct prism_clock *clock);
/* "name=value" settings that core reads when it is made; NULL-terminated. */
struct corerun *corerun_open_with(const char *url, const char *const *settings);
void corerun_close(struct corerun *run);

/* Callbacks that record; data is the struct corerun. */
void corerun_done(void *data, const struct prism_error *err);
void corerun_id(void *data, const char *id, const struct prism_error *err);

/* Turns the loop until one callback more has come; the test fails after 20 s. Returns the category.
 */
enum prism_error_category corerun_wait(struct corerun *run);
/* Turns until cond is true; the test fails, naming it, after 20 s. */
void corerun_until(struct corerun *run, bool (*cond)(struct corerun *run), const char *what);
/* Turns until no request is in flight. */
void corerun_settle(struct corerun *run);
void corerun_turns(struct corerun *run, int64_t ms); /* for showing that nothing happens */
/* Signs in and waits; fails the test when it does not work. */
void corerun_login(struct corerun *run, const char *login, const char *password);

#endif
