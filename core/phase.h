/*
 * Phases of a run, made of its events: how long each took, and whom it waits for.
 *
 * A phase begins with the first event of its kind and ends where the next one begins or the run
 * ends.  Events of the same kind belong to one phase; a kind that comes again after another
 * (an agent that is asked for its algorithm twice) makes another phase.  Between the start of the
 * run and the first event lies the preparation of the CVM.
 *
 * Pure functions; times in microseconds since 1970.
 */
#ifndef PRISM_CORE_PHASE_H
#define PRISM_CORE_PHASE_H

#include "core/permission.h"
#include "core/run.h"

/* X(ENUM, "word", "label", permission of those it waits for, or 0) */
#define CORE_PHASE_MAP(X)                                                       \
	X(PREPARE, "prepare", "Preparing", 0)                                       \
	X(PROVISION, "provision", "Provisioning", 0)                                \
	X(MANIFEST, "manifest", "Receiving manifest", 0)                            \
	X(ALGORITHM, "algorithm", "Waiting for algorithm", CORE_PERM_ALGO_PROVIDER) \
	X(DATA, "data", "Waiting for data", CORE_PERM_DATASET_PROVIDER)             \
	X(RUN, "run", "Running", 0)                                                 \
	X(RESULT, "result", "Results waiting", CORE_PERM_RESULT_CONSUMER)           \
	X(OTHER, "other", "Other", 0)

enum core_phase_kind {
#define X(id, word, label, waits) CORE_PHASE_##id,
	CORE_PHASE_MAP(X)
#undef X
	    CORE_PHASE_COUNT
};
const char *core_phase_word(enum core_phase_kind kind);
const char *core_phase_label(enum core_phase_kind kind);
unsigned core_phase_waits_for(enum core_phase_kind kind); /* a CORE_PERM_ bit, or 0 */

struct core_phase {
	enum core_phase_kind kind;
	int64_t from_us;
	int64_t to_us; /* PRISM_TIME_UNSET: it goes on */
};

#define CORE_PHASES_MAX 32 /* of one run; what follows is counted to the last one */

/* Oldest first; returns how many. An agent that stopped talking leaves the last phase of an ended
 * run without end: it ends when the run did. */
size_t core_phases(const struct core_card *card, struct core_phase ret[CORE_PHASES_MAX]);
/* How long a phase took, until `now_us` while it goes on. Never negative. */
int64_t core_phase_took(const struct core_phase *phase, int64_t now_us);
/* How long the phases of that kind took together; -1: there was none. */
int64_t core_phases_took(const struct core_phase *phases, size_t count, enum core_phase_kind kind,
                         int64_t now_us);
/* From start to end, until `now_us` while it runs; -1: not known. */
int64_t core_run_took(const struct core_run *run, enum core_comp_state state, int64_t now_us);

/* Who is waited for in that phase: "Ada Sample (owner), Ben Sample (providers)"; "" when nobody is,
 * or when the roles are not known. Uses core_participants(). Returns buf. */
char *core_phase_people(struct core *core, const char *computation_id, enum core_phase_kind kind,
                        char *buf, size_t size);

#endif
