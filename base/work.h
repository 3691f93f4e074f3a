/*
 * Worker threads for blocking work: hashing, zipping, key generation, name lookup.
 *
 * run() executes on a worker and touches only `data`.  done() is called once, on the
 * loop thread, with the same data.  Cancelling does not interrupt work that already
 * runs: run() may poll prism_cancel_fired() between pieces; done() is told.
 *
 * Threads are started on first use and end in prism_work_destroy(), which waits for
 * running work and completes queued work as cancelled.
 */
#ifndef PRISM_BASE_WORK_H
#define PRISM_BASE_WORK_H

#include "base/cancel.h"
#include "base/loop.h"

struct prism_work;

struct prism_work *prism_work_create(struct prism_loop *loop, unsigned max_threads);
void prism_work_destroy(struct prism_work *work);
void prism_work_submit(struct prism_work *work, struct prism_cancel *cancel /* may be NULL */,
                       void (*run)(void *data), void (*done)(void *data, bool cancelled),
                       void *data);
unsigned prism_work_pending(const struct prism_work *work); /* queued, running or undelivered */

#endif
