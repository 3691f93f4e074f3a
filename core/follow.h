/*
 * Computations a person follows: kept in the remembered state, per profile and workspace, with the
 * state they were last seen in.  A change is told once, also when it happened between two starts of
 * the program.
 *
 * Life: core_follow_start() (a screen does it, -c does not) makes core keep the timelines of all
 * followed computations fresh while their workspace is open; each change emits
 * CORE_EVENT_FOLLOWED with the computation's id, and core_follow_change() says what changed.
 * Nothing is polled when nothing is followed.
 *
 * What counts as a change: the computation's state, and within a run the step the agent is in
 * (receiving algorithm, receiving data, running, results waiting).  What the algorithm prints does
 * not.
 *
 * Thread rules: loop thread only.
 */
#ifndef PRISM_CORE_FOLLOW_H
#define PRISM_CORE_FOLLOW_H

#include "core/core.h"
#include "core/state.h"

#define CORE_FOLLOW_MAX 32 /* per workspace: each is polled as an open timeline is */

bool core_followed(struct core *core, const char *id);
size_t core_followed_count(struct core *core);
const char *core_followed_at(struct core *core, size_t index); /* lent until the next change */
/* In the current workspace. Category limit beyond CORE_FOLLOW_MAX; what is already so is fine. */
PRISM_MUST_USE
int core_follow(struct core *core, const char *id, bool on, struct prism_error *err);
void core_follow_start(struct core *core);

struct core_change {
	const char *id, *name; /* lent until the next turn; name: the id when it is not known */
	enum core_comp_state before, after;
	const char *step; /* type of the latest event of a run that goes on; "" */
};
/* The last change told; false: not followed, or nothing changed yet. */
bool core_follow_change(struct core *core, const char *id, struct core_change *ret);
/* "Running: receiving data", "Completed"; returns buf. */
char *core_change_text(const struct core_change *change, char *buf, size_t size);

#endif
