/*
 * Cancel tokens form a tree: app, view, request.  Cancelling a token cancels
 * everything below it.  A request registers a hook; the hook fires at most once,
 * from prism_cancel_fire(), and must not free the token.
 *
 * A cancelled request still completes: its callback is called once, later, from
 * the loop, with category cancelled.
 *
 * Thread rules: loop thread only, except prism_cancel_fired(), which any thread
 * may call (workers poll it between pieces of work).
 */
#ifndef PRISM_BASE_CANCEL_H
#define PRISM_BASE_CANCEL_H

#include "base/list.h"

struct prism_cancel;

struct prism_cancel_hook {
	struct prism_list node; /* private */
	void (*fire)(void *data);
	void *data;
};

struct prism_cancel *prism_cancel_create(struct prism_cancel *parent); /* parent may be NULL */
/* Fires what still hangs on it, then frees it and detaches it from its parent. NULL allowed. */
void prism_cancel_destroy(struct prism_cancel *cancel);
struct prism_cancel *prism_cancel_ref(struct prism_cancel *cancel); /* for worker threads */
void prism_cancel_unref(struct prism_cancel *cancel);
void prism_cancel_fire(struct prism_cancel *cancel);
bool prism_cancel_fired(const struct prism_cancel *cancel); /* NULL gives false */
/* A hook added to a fired token fires at once. The hook's memory stays the caller's. */
void prism_cancel_add(struct prism_cancel *cancel, struct prism_cancel_hook *hook);
void prism_cancel_remove(struct prism_cancel_hook *hook); /* safe when not added or already fired */

#endif
