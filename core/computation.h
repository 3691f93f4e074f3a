/*
 * Computations: list, detail, create, update, delete, participants.  Reference 3.5, 4.3, 4.5.
 *
 * The list holds what the list call tells; the detail holds the whole document, because an update
 * is GET, merge, PUT: fields we do not know go back unchanged.
 */
#ifndef PRISM_CORE_COMPUTATION_H
#define PRISM_CORE_COMPUTATION_H

#include "core/list.h"
#include "core/state.h"
#include "core/tlsmode.h"

struct core_computation { /* strings never NULL */
	const char *id, *name, *description;
	const char *owner;  /* user id; core_user_name() */
	const char *status; /* as the server says it */
	int64_t created_us, start_us, end_us;
	const struct core_agent_config *agent; /* never NULL; agent->present false in lists */
};

struct core_list *core_computations(struct core *core);
static inline const struct core_computation *core_computation_at(const struct core_list *list,
                                                                 size_t i)
{
	return core_list_at(list, i);
}

/* Best knowledge: the detail, else the list's entry, else NULL. */
const struct core_computation *core_computation_get(struct core *core, const char *id);
/* State from status, or from the latest event when status is empty or unknown and events are known.
 */
enum core_comp_state core_computation_state(struct core *core, const char *id);
/* The same of an entry at hand, without looking it up: for lists of many. ret_label: what
 * core_computation_state_label() says. */
enum core_comp_state core_computation_state_of(struct core *core, const struct core_computation *c,
                                               const char **ret_label);
/* Label to show: the state's, or for unknown words the raw text. Lent. */
const char *core_computation_state_label(struct core *core, const char *id);

const struct core_status *core_computation_status(struct core *core,
                                                  const char *id); /* of the detail */
/* The server does not even show it: who has any action on it may view it (reference 4.9), so that
 * this says I have none. False while it was not asked for. */
bool core_computation_hidden(struct core *core, const char *id);
void core_computation_load(struct core *core, const char *id,
                           bool refresh); /* detail, in the background */
typedef void (*core_computation_fn)(void *data, const struct core_computation *computation,
                                    const struct prism_error *err);
PRISM_MUST_USE
int core_computation_fetch(struct core *core, const char *id, struct prism_cancel *cancel,
                           core_computation_fn done, void *data, struct prism_error *err);
/* Id by id or unique name (loads the list); ambiguous names fail with category conflict. */
PRISM_MUST_USE
int core_computation_resolve(struct core *core, const char *word, struct prism_cancel *cancel,
                             core_id_fn done, void *data, struct prism_error *err);

/* What to write. NULL members are left as they are (update) or empty (create). */
struct core_computation_draft {
	const char *name, *description;
	const char *log_level; /* "" default, debug, info, warn, error */
	bool set_mode;         /* mode and file[] are meant */
	enum core_tls_mode mode;
	const char *file[CORE_TLS_FILE_COUNT]; /* PEM text; NULL: keep what is stored */
	/* Update: the document (JSON) that the changes were made on. When name, description or agent
	 * configuration of the server's copy are not those of it any more, nothing is written and the
	 * update fails with category conflict. NULL: not compared. */
	const char *base;
};
/* What of the detail's document is compared, as JSON: for core_computation_draft.base. Yours; NULL
 * without a detail. Holds private keys when the computation does: wipe it. */
char *core_computation_snapshot(struct core *core, const char *id);
/* Why the agent configuration cannot be changed any more: it has run (reference 3.5). NULL: it can.
 * Lent, constant. */
const char *core_computation_locked(struct core *core, const char *id);
PRISM_MUST_USE
int core_computation_create(struct core *core, const struct core_computation_draft *draft,
                            struct prism_cancel *cancel, core_id_fn done, void *data,
                            struct prism_error *err);
PRISM_MUST_USE
int core_computation_update(struct core *core, const char *id,
                            const struct core_computation_draft *draft, struct prism_cancel *cancel,
                            core_done_fn done, void *data, struct prism_error *err);
PRISM_MUST_USE
int core_computation_delete(struct core *core, const char *id, struct prism_cancel *cancel,
                            core_done_fn done, void *data, struct prism_error *err);

/* Action legal for me in the present state? See core_comp_action_allowed(). */
bool core_computation_may(struct core *core, const char *id, enum core_comp_action action,
                          char *reason, size_t size);

/* Participants, derived from the roles (core_roles_load first). */
struct core_participant {
	const char *user_id, *name; /* display name */
	const char *role;           /* role name */
	bool key_missing;           /* the dry run asks for this user's public key */
};
struct core_participants {
	bool known; /* roles are loaded */
	const struct core_participant *dataset_providers, *algo_providers, *result_consumers;
	size_t dataset_count, algo_count, consumer_count;
};
struct core_participants core_participants(struct core *core, const char *id);

#endif
