/*
 * Between core/import_run.c (items one after another, creating) and core/import_ops.c (roles,
 * people, assets, links of one).  Internal to the import.
 */
#ifndef PRISM_CORE_IMPORT_RUN_H
#define PRISM_CORE_IMPORT_RUN_H

#include "core/import_private.h"

#define CORE_IMPORT_GRANTS 8

struct import_op;
struct import_run {
	size_t next; /* index of the item after the present one */
	struct core_import_item *item;
	cJSON *bundle, *merged;
	char *id; /* of the computation, once it is known */
	bool created, looked, working, orphan;
	bool no_roles; /* they may not be read: assets are linked all the same */
	size_t changes, failures;
	struct prism_error unclear; /* why it is not known whether it was created */
	struct import_op *first, *last;
	void (*then)(struct core_import *import); /* when the queue is empty */
	char *granted_role, *granted[CORE_IMPORT_GRANTS];
	size_t granted_count;
	char *my_role; /* where the file has me, when I am moved there at the end; NULL */
	size_t asset;  /* that is being made */
};

bool core_import_fatal(const struct prism_error *err); /* stops the run, not only the item */
void core_import_stop(struct core_import *import, const struct prism_error *err);
/* A part of it was refused: told with its place; the other parts are done all the same. */
void core_import_item_refused(struct core_import *import, uint64_t line, const char *field,
                              const char *what, const struct prism_error *err);
void core_import_item_failed(struct core_import *import, const struct prism_error *err);
void core_import_item_done(struct core_import *import);

/* import_update.c: then core_import_roles() */
void core_import_update(struct core_import *import);

/* import_ops.c */
/* The steps after the roles; each goes on to the next, the last ends in item_done or stop. */
void core_import_people(struct core_import *import);
void core_import_take(struct core_import *import);
/* Sends what is queued, one after another, and goes on with then. */
void core_import_drain(struct core_import *import, void (*then)(struct core_import *import));
/* A request of this computation, sent in its turn; body and what (for people) are given. */
void core_import_queue(struct import_run *run, enum core_endpoint_id endpoint, const char *role,
                       const char *asset, cJSON *body, char *what, uint64_t line);
void core_import_roles(struct core_import *import); /* from ROLES on; ends in item_done or stop */
void core_import_ops_clear(struct import_run *run);
/* These actions of my role are lent, and taken back at the end. */
void core_import_lend(struct import_run *run, const char *role, const char *const *actions,
                      size_t count);

/* import_links.c */
void core_import_ask_linked(struct core_import *import);  /* then core_import_people() */
void core_import_make_assets(struct core_import *import); /* links too; then core_import_take() */
bool core_import_is_linked(struct core_import *import, const char *asset); /* as far as is known */

/* import_beyond.c: queues the removal of what the plan lists, when it shall be removed. */
void core_import_prune(struct core_import *import);

#endif
