/*
 * Does the person at the keyboard know the password this session was begun with?  For unlocking a
 * screen on a shared machine, also while the server cannot be reached.
 *
 * At sign-in the password is put through scrypt with a fresh salt on a worker, and only the result
 * is kept, in locked memory.  A session that began otherwise knows no password:
 *   access token   the token itself is asked for
 *   kept session   (core/keep.h) the server is asked, which is a sign-in
 *
 * Thread rules: loop thread only.
 */
#ifndef PRISM_CORE_UNLOCK_H
#define PRISM_CORE_UNLOCK_H

#include "base/mem.h"
#include "core/core.h"

enum core_unlock_kind {
	CORE_UNLOCK_NOBODY,   /* nobody is signed in: nothing to ask for */
	CORE_UNLOCK_PASSWORD, /* of this session, checked here */
	CORE_UNLOCK_TOKEN,    /* the personal access token, checked here */
	CORE_UNLOCK_SERVER,   /* the password, checked by the server */
};
enum core_unlock_kind core_unlock_kind(struct core *core);

/* text: given. done: err NULL when it is right, category auth when it is wrong, others when it
 * could not be checked. */
PRISM_MUST_USE
int core_unlock(struct core *core, struct prism_secret *text, struct prism_cancel *cancel,
                core_done_fn done, void *data, struct prism_error *err);

/* session.c: the password that was accepted (lent), and its end. */
void core_unlock_learn(struct core *core, const struct prism_secret *password);
void core_unlock_forget(struct core *core);

#endif
