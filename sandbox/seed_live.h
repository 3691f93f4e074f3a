/*
 * The demo's running computation goes on: it has no agent, so this writes its progress, a line
 * every few seconds, until it is stopped or an hour has passed.
 */
#ifndef PRISM_SANDBOX_SEED_LIVE_H
#define PRISM_SANDBOX_SEED_LIVE_H

#include "sandbox/sandbox.h"

struct sb_seed_live;
struct sb_seed_live *sb_seed_live_create(struct sb *sb);
void sb_seed_live_destroy(struct sb_seed_live *live); /* NULL allowed */

#endif
