/*
 * What a new store starts with.
 *
 *   empty               nothing; register users through the API
 *   demo                two workspaces, three sample users, a believable fortnight of work
 *   scale=N[,logs=M]    the demo, and N more computations; M log lines on the first of them
 *
 * The same seed gives the same ids and texts every time; times are relative to the start.
 */
#ifndef PRISM_SANDBOX_SEED_H
#define PRISM_SANDBOX_SEED_H

#include "sandbox/sandbox.h"

#define SB_SCALE_MAX 100000
#define SB_SCALE_LOGS_MAX 1000000

struct sb_sample_user {
	const char *username, *email, *password, *note;
};
/* The users of the demo, for the ready line; NULL ends. */
const struct sb_sample_user *sb_seed_users(void);

PRISM_MUST_USE
int sb_seed_check(const char *seed, struct prism_error *err); /* is it a seed? */
PRISM_MUST_USE
int sb_seed_apply(struct sb *sb, const char *seed, struct prism_error *err);

#endif
