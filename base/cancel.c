/*
 * Owns the tree of cancel tokens.  Firing takes hooks and children off their lists before it
 * calls anything, so a hook may remove other hooks and destroy tokens below.
 */
#include "base/cancel.h"

#include "base/mem.h"

#include <stdatomic.h>

struct prism_cancel {
	struct prism_list node;     /* in the parent's children */
	struct prism_list children; /* of struct prism_cancel */
	struct prism_list hooks;    /* of struct prism_cancel_hook */
	atomic_int refs;
	atomic_bool fired;
};

struct prism_cancel *prism_cancel_create(struct prism_cancel *parent)
{
	struct prism_cancel *cancel = prism_alloc(sizeof(*cancel));

	prism_list_init(&cancel->node);
	prism_list_init(&cancel->children);
	prism_list_init(&cancel->hooks);
	atomic_init(&cancel->refs, 1);
	atomic_init(&cancel->fired, prism_cancel_fired(parent));
	if (parent && !prism_cancel_fired(parent))
		prism_list_append(&parent->children, &cancel->node);
	return cancel;
}

void prism_cancel_destroy(struct prism_cancel *cancel)
{
	if (!cancel)
		return;
	prism_cancel_fire(cancel);
	prism_list_remove(&cancel->node);
	prism_cancel_unref(cancel);
}

struct prism_cancel *prism_cancel_ref(struct prism_cancel *cancel)
{
	if (cancel)
		atomic_fetch_add(&cancel->refs, 1);
	return cancel;
}

void prism_cancel_unref(struct prism_cancel *cancel)
{
	if (cancel && atomic_fetch_sub(&cancel->refs, 1) == 1)
		free(cancel);
}

void prism_cancel_fire(struct prism_cancel *cancel)
{
	if (!cancel || atomic_exchange(&cancel->fired, true))
		return;
	prism_cancel_ref(cancel);
	while (!prism_list_empty(&cancel->hooks)) {
		struct prism_cancel_hook *hook =
		    PRISM_CONTAINER(cancel->hooks.next, struct prism_cancel_hook, node);
		prism_list_remove(&hook->node);
		hook->fire(hook->data);
	}
	while (!prism_list_empty(&cancel->children)) {
		struct prism_cancel *child =
		    PRISM_CONTAINER(cancel->children.next, struct prism_cancel, node);
		prism_list_remove(&child->node);
		prism_cancel_fire(child);
	}
	prism_cancel_unref(cancel);
}

bool prism_cancel_fired(const struct prism_cancel *cancel)
{
	return cancel && atomic_load(&cancel->fired);
}

void prism_cancel_add(struct prism_cancel *cancel, struct prism_cancel_hook *hook)
{
	prism_list_init(&hook->node);
	if (prism_cancel_fired(cancel))
		hook->fire(hook->data);
	else if (cancel)
		prism_list_append(&cancel->hooks, &hook->node);
}

void prism_cancel_remove(struct prism_cancel_hook *hook)
{
	prism_list_remove(&hook->node);
}
