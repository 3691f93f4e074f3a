/*
 * Between core/import.c (life), import_read.c (reading), import_known.c (asking for the workspace),
 * import_plan.c, import_news.c and import_beyond.c (comparing), import_run.c with its parts (doing
 * it) and import_report.c.  Nobody else includes this.
 */
#ifndef PRISM_CORE_IMPORT_PRIVATE_H
#define PRISM_CORE_IMPORT_PRIVATE_H

#include "base/mem.h"
#include "core/bundle_file.h"
#include "core/import.h"
#include "core/import_journal.h"
#include "core/internal.h"
#include "core/list.h"

#include <stdatomic.h>

struct import_run;

struct core_import {
	struct prism_list node; /* of the module */
	struct core *core;
	struct prism_loop *loop;      /* the worker posts to it */
	struct core_import_spec spec; /* path is owned */
	char *path;
	void (*changed)(void *data);
	void *data;
	enum core_import_stage stage;
	struct prism_cancel *cancel; /* of what runs now; polled by the worker */
	struct prism_error error;
	bool notified; /* a call of changed is on its way */

	/* the worker's while READING */
	struct core_bundle_file *file;
	struct prism_arena *arena;
	struct core_import_item *items;
	struct core_bundle_place *places;
	size_t count, room;
	struct core_problems problems;
	struct prism_error broken;
	char hash[65];
	_Atomic uint64_t read_done, read_size; /* bytes */
	bool working;                          /* a worker has it */
	unsigned calls;                        /* on their way: their callbacks have this */
	bool orphan; /* closed meanwhile: freed when the worker and the last call are back */

	/* comparing */
	struct core_journal *journal;
	struct import_people *people;
	struct import_assets *assets;
	size_t look_next;   /* item whose rest is looked at next; core/import_beyond.c */
	unsigned look_busy; /* items being looked at */
	char *step;

	/* running */
	struct import_run *run;
	size_t run_done, run_total;
};

/* Around every call of core: hold before it is started, and in its callback first of all gone():
 * true when the import was closed meanwhile (and may be freed by now). */
void core_import_hold(struct core_import *import);
bool core_import_gone(struct core_import *import);
void core_import_say(struct core_import *import, const char *fmt, ...) PRISM_PRINTF(2, 3);
void core_import_changed(struct core_import *import); /* tells, from the loop, soon */
void core_import_set_stage(struct core_import *import, enum core_import_stage stage);
/* The stage becomes STOPPED or FAILED. */
void core_import_fail(struct core_import *import, const struct prism_error *err);
struct core_journal *core_import_journal(struct core_import *import, enum core_journal_mode mode,
                                         struct prism_error *err);
void core_import_problem(struct core_import *import, struct core_import_item *item,
                         enum core_problem_level level, uint64_t line, const char *field,
                         const char *fmt, ...) PRISM_PRINTF(6, 7);

/* import_read.c */
void core_import_read(void *data);       /* the worker; data is the import */
void core_import_progressed(void *data); /* in the loop: it tells how far it is */

/* import_plan.c: from what is known; goes on with import_beyond.c */
void core_import_plan(struct core_import *import);
void core_import_planned(struct core_import *import); /* ends in READY */

/* import_known.c */
/* A computation of the file changes the one of that name; false: one before it does already. */
bool core_import_claim(struct core_import *import, const char *name);
size_t core_import_unknown_people(const struct core_import *import);
void core_import_compare(struct core_import *import); /* ends in READY or FAILED */
void core_import_plan_finish(struct core_import *import);
/* User id of a word of the file; NULL: not somebody of the workspace. */
const char *core_import_person(const struct core_import *import, const char *word);
/* An asset made meanwhile is found by the items that come. */
void core_import_asset_made(struct core_import *import, const struct core_import_asset *asset,
                            const char *id);
/* Looks an asset up again: what was missing may have been made. */
void core_import_find_asset(struct core_import *import, struct core_import_asset *asset);
/* Ids of computations of that name when the plan was made; count in *ret. Lent. */
const char *const *core_import_named(const struct core_import *import, const char *name,
                                     size_t *ret_count);

/* True: the stage is not COMPARING any more, or err ended it. */
bool core_import_plan_stopped(struct core_import *import, const struct prism_error *err);

/* import_beyond.c: what computations that are updated have beyond the file; ends in planned() */
void core_import_look_beyond(struct core_import *import);

/* import_beyond.c: a list of differences that grows, and is kept in the import's arena at last. */
struct core_import_differences {
	struct core_import *import;
	struct core_import_beyond *all;
	size_t count, room;
};
/* Texts are copied, kept is not. */
void core_import_differ(struct core_import_differences *list, enum core_import_beyond_kind kind,
                        const char *role, const char *id, const char *name, const char *kept);
const struct core_import_beyond *core_import_keep(struct core_import_differences *list,
                                                  size_t *ret_count);

/* import_news.c: what an update changes */
/* From the worker, while reading. */
void core_import_note_fields(struct core_import *import, struct core_import_item *item,
                             const cJSON *computation);
/* doc: the computation as the server has it; its roles and links are loaded. */
void core_import_compare_news(struct core_import *import, struct core_import_item *item,
                              const cJSON *doc);
bool core_import_field_is_empty(const cJSON *field); /* says what a missing one says */
bool core_import_field_is_own(const char *key);      /* of the server, never changed */
bool core_import_field_left_out(const cJSON *field); /* an empty private key: not in the file */

/* import_run.c */
void core_import_run_finish(struct core_import *import);

#endif
