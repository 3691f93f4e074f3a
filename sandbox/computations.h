/* What more than one file needs to know about computations. */
#ifndef PRISM_SANDBOX_COMPUTATIONS_H
#define PRISM_SANDBOX_COMPUTATIONS_H

#include "sandbox/sandbox.h"

bool sb_computation_running(struct sb *sb, int64_t computation); /* a run of it is in progress */

#endif
