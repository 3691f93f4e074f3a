/*
 * What is still missing before a computation can run.  Reference section 7 ("Run is disabled").
 *
 * The server's dry run is authoritative; where it is not offered the same list is derived from
 * roles and assets.  A ready CVM is asked for on top.  Every item names the action that resolves
 * it.
 */
#ifndef PRISM_CORE_CHECKLIST_H
#define PRISM_CORE_CHECKLIST_H

#include "core/core.h"

enum core_requirement_kind {
	CORE_REQUIREMENT_RESULT_CONSUMER,
	CORE_REQUIREMENT_ALGO_PROVIDER,
	CORE_REQUIREMENT_DATASET_PROVIDER,
	CORE_REQUIREMENT_ALGO_ASSET,
	CORE_REQUIREMENT_DATASET_ASSET,
	CORE_REQUIREMENT_KEY,
	CORE_REQUIREMENT_HASH,
	CORE_REQUIREMENT_CVM,
	CORE_REQUIREMENT_INFO,
	CORE_REQUIREMENT_COUNT
};
struct core_requirement {
	enum core_requirement_kind kind;
	bool done;
	bool mandatory;      /* an open one keeps Run disabled */
	const char *text;    /* "Link Algorithm Asset", "public key of Ada Sample", info verbatim */
	const char *fix;     /* id of the front end's action that resolves it: "role action add", "key
	                        register", "asset create", "cvm create"; "" when nothing does */
	const char *subject; /* user id, hash; "" */
};
struct core_checklist {
	const struct core_requirement *items;
	size_t count, open; /* open: mandatory and not done */
	bool authoritative; /* the dry run answered */
	/* Everything was looked at: the dry run answered, or is not offered and roles and assets are
	 * here. While false, an item that is listed is a fact, one that is not says nothing. */
	bool known;
	bool runnable; /* nothing mandatory is open, as far as it is known: nothing forbids a run */
	const struct core_status *status; /* of what decides; its error says why it is not known */
};
struct core_checklist core_checklist(struct core *core, const char *computation_id);
void core_checklist_load(struct core *core, const char *computation_id, bool refresh);
/* Done with everything that decides: without a dry run, roles and assets too. */
PRISM_MUST_USE
int core_checklist_await(struct core *core, const char *computation_id, bool refresh,
                         struct prism_cancel *cancel, core_done_fn done, void *data,
                         struct prism_error *err);

#endif
