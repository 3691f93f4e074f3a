/*
 * Importing computations from a file (core/bundle_file.h): a preview that touches nothing, then, on
 * confirmation, exactly that.
 *
 * Stages:
 *   READING    a worker goes through the file: form, fields, sums
 *   COMPARING  names, assets, people of the workspace are asked for
 *   READY      the plan stands; items may be left out; nothing has been changed
 *   RUNNING    computations are created one after another
 *   DONE       everything was gone through; what could not be done is in the items
 *   STOPPED    cancelled, or something stands in the way of all of it (error); going on later is
 *              safe: see core/import_journal.h
 *   FAILED     there is no plan: error says why
 *
 * What is created: the computation with all its fields but ids and times, roles with exactly the
 * actions of the file, members who belong to the workspace, links to assets found by id, then by
 * checksum and type; on request assets from the samples in the file.  All that can be created is
 * created, nothing is taken back.
 *
 * What is updated gets what the file has.  What it has beyond the file is in the plan (`beyond`)
 * and stays, unless `prune` says otherwise; then exactly what the plan lists is removed, and
 * nothing that came since.  Whoever imports and the last who administers are never removed.  A role
 * the file does not name is beyond it only when the file names all roles, as an export does: it
 * gives `owner` its actions.
 *
 * Reading again what is there before each step makes every step repeatable; the creation itself,
 * which is not, is written down before and after.  When its outcome is not known, computations of
 * that name are looked at first.
 *
 * Linking needs the provider actions on a role of one's own: where the file does not give them to
 * it they are lent for the time and taken back.
 *
 * Thread rules: loop thread only.
 */
#ifndef PRISM_CORE_IMPORT_H
#define PRISM_CORE_IMPORT_H

#include "core/asset.h"
#include "core/core.h"
#include "core/problem.h"
#include "core/tlsmode.h"

enum core_import_stage {
	CORE_IMPORT_READING,
	CORE_IMPORT_COMPARING,
	CORE_IMPORT_READY,
	CORE_IMPORT_RUNNING,
	CORE_IMPORT_DONE,
	CORE_IMPORT_STOPPED,
	CORE_IMPORT_FAILED,
	CORE_IMPORT_STAGE_COUNT
};
const char *core_import_stage_word(enum core_import_stage stage);

/* What is done when a computation of the same name is there already. */
enum core_import_existing {
	CORE_IMPORT_EXISTING_CREATE, /* another one of that name, with a warning */
	CORE_IMPORT_EXISTING_SKIP,
	CORE_IMPORT_EXISTING_UPDATE, /* it is changed to what the file says */
	CORE_IMPORT_EXISTING_COUNT
};
/* "create skip update", in the order of the enum. */
#define CORE_IMPORT_EXISTING_WORDS "create skip update"
PRISM_MUST_USE
int core_import_existing_parse(const char *word, enum core_import_existing *ret,
                               struct prism_error *err);

struct core_import_spec {
	const char *path; /* "-": standard input */
	enum core_import_existing existing;
	bool create_assets; /* missing ones, from the sample, checksum and description in the file */
	bool no_members;    /* roles without people */
	bool again;         /* forget that this file was imported before */
	bool prune;         /* an update removes what the file has not; core_import_set_prune() */
	/* For a file of one computation: what it is called in place of what the file says. NULL: that.
	 */
	const char *name, *description;
};

enum core_import_action {
	CORE_IMPORT_CREATE,
	CORE_IMPORT_UPDATE,
	CORE_IMPORT_GO_ON,  /* begun by an earlier import of this file */
	CORE_IMPORT_THERE,  /* made by an earlier import of this file, whole */
	CORE_IMPORT_SKIP,   /* left out: its name is taken, or the person said so */
	CORE_IMPORT_BROKEN, /* cannot be created: its problems say why */
	CORE_IMPORT_ACTION_COUNT
};
const char *core_import_action_word(enum core_import_action action);
enum core_import_outcome {
	CORE_IMPORT_NOT_YET,
	CORE_IMPORT_CREATED,
	CORE_IMPORT_UPDATED,
	CORE_IMPORT_UNCHANGED, /* was there already, as the file has it */
	CORE_IMPORT_PARTLY,    /* created or updated, but not all of it: problems */
	CORE_IMPORT_NOT_DONE,  /* not created: problems */
	CORE_IMPORT_LEFT_OUT,
	CORE_IMPORT_OUTCOME_COUNT
};
const char *core_import_outcome_word(enum core_import_outcome outcome);

enum core_import_found {
	CORE_IMPORT_FOUND,       /* by its id */
	CORE_IMPORT_BY_CHECKSUM, /* another id, same checksum and type */
	CORE_IMPORT_EMBEDDED,    /* is made from the file */
	CORE_IMPORT_MISSING,
	CORE_IMPORT_FOUND_COUNT
};
const char *core_import_found_word(enum core_import_found found);

struct core_import_asset { /* texts never NULL */
	const char *id, *checksum, *file_name;
	enum core_asset_type type; /* OTHER: the file does not say */
	bool embedded;             /* the file has what it takes to make one */
	size_t at;                 /* index in "assets" of the bundle; SIZE_MAX: only linked */
	uint64_t line;
	enum core_import_found found;
	const char *found_id, *found_name; /* id and file name of what was found; "" none */
};
struct core_import_role {
	const char *name;
	size_t actions;
	unsigned bits;              /* CORE_PERM_* of them */
	bool says_actions;          /* false: the file is silent about them */
	bool says_members;          /* likewise */
	bool other_actions;         /* words that are not among CORE_PERM_* */
	const char *const *members; /* as the file has them: ids, in CSV names too */
	size_t member_count;
	size_t unknown; /* members who are not in the workspace */
	uint64_t line;
};
enum core_import_beyond_kind {
	CORE_IMPORT_LINK,
	CORE_IMPORT_PERSON,
	CORE_IMPORT_ROLE,
	CORE_IMPORT_ROLE_ACTION,
	CORE_IMPORT_FIELD,
	CORE_IMPORT_BEYOND_COUNT
};
const char *core_import_beyond_word(enum core_import_beyond_kind kind); /* "link", "person" ... */
/* What a computation that is updated has and the file has not, or the other way round. Texts never
 * NULL. */
struct core_import_beyond {
	enum core_import_beyond_kind kind;
	const char *role; /* its name; "" of a link or field */
	const char *id;   /* user id, action word, asset id; "" of a role */
	const char *name; /* of a link: file name; else as id */
	const char *kept; /* why it is never removed; "" */
};
struct core_import_field;
struct core_import_item {
	size_t index; /* in the file */
	uint64_t line;
	const char *name, *description; /* never NULL; description cut to a line */
	enum core_tls_mode mode;
	bool has_key; /* brings a private key */
	enum core_import_action action;
	enum core_import_outcome outcome;
	const char *id;  /* of the computation it is, or became; "" */
	const char *why; /* of the action, for people; "" */
	struct core_import_asset *assets;
	struct core_import_role *roles;
	size_t asset_count, role_count;
	bool all_roles, all_assets;              /* the file means to name every one */
	const struct core_import_beyond *beyond; /* links, people, roles, actions; mine last */
	size_t beyond_count;
	/* What an update changes: fields by their path, and what is added; when `compared`. */
	const struct core_import_beyond *news;
	size_t news_count;
	bool compared;
	const struct core_import_field *fields; /* of the file; the import's own */
	size_t field_count;
	size_t warnings; /* problems of level warning */
	bool left_out;   /* by core_import_leave_out() */
	bool name_taken; /* in the workspace, when the plan was made */
};

struct core_import_counts {
	size_t by_action[CORE_IMPORT_ACTION_COUNT];
	size_t by_outcome[CORE_IMPORT_OUTCOME_COUNT];
	size_t by_found[CORE_IMPORT_FOUND_COUNT]; /* assets, of what would be created or changed */
	size_t beyond;          /* of what is updated and not left out: what may be removed */
	size_t beyond_kept;     /* and what is never removed */
	size_t members_unknown; /* distinct people */
	size_t name_clashes;    /* created though the name is taken */
};

struct core_import;
/* changed: something is new to show; from the loop. Fails now only when nothing can be started. */
struct core_import *core_import_open(struct core *core, const struct core_import_spec *spec,
                                     void (*changed)(void *data), void *data,
                                     struct prism_error *err);
/* Stops what runs (it can be gone on with later); no more callbacks. NULL allowed. */
void core_import_close(struct core_import *import);
/* Stops: the stage becomes STOPPED, or FAILED before there is a plan. */
void core_import_cancel(struct core_import *import);

enum core_import_stage core_import_stage(const struct core_import *import);
const struct prism_error *core_import_error(const struct core_import *import); /* NULL: none */
const char *core_import_file(const struct core_import *import);                /* its name; lent */
const char *core_import_format(const struct core_import *import);              /* "json" or "csv" */
/* NULL: read to its end. Else where and why its form is broken; what came before it stands. */
const struct prism_error *core_import_broken(const struct core_import *import);
/* When this file was imported before, or "": RFC 3339. */
const char *core_import_before(const struct core_import *import);
/* READING: bytes; RUNNING: computations. */
void core_import_progress(const struct core_import *import, uint64_t *ret_done,
                          uint64_t *ret_total);
const char *core_import_step(const struct core_import *import); /* what it does just now; lent */

size_t core_import_count(const struct core_import *import); /* from READY on; 0 before */
const struct core_import_item *core_import_at(const struct core_import *import, size_t index);
/* Sorted by computation, except while COMPARING and RUNNING. */
const struct core_problems *core_import_problems(const struct core_import *import);
struct core_import_counts core_import_counts(const struct core_import *import);
/* How many would be created, changed or gone on with. */
size_t core_import_todo(const struct core_import *import);
/* READY only. */
void core_import_leave_out(struct core_import *import, size_t index, bool left_out);
void core_import_set_prune(struct core_import *import, bool prune);
bool core_import_prunes(const struct core_import *import);
/* "ben in role viewer", "asset iris.csv"; buf is filled; returns buf. */
char *core_import_beyond_text(const struct core_import *import,
                              const struct core_import_beyond *beyond, char *buf, size_t size);
/* "stays", "is removed", or why it is kept. */
const char *core_import_beyond_fate(const struct core_import *import,
                                    const struct core_import_beyond *beyond);

/* Does it. From READY, and from STOPPED to go on. */
PRISM_MUST_USE
int core_import_start(struct core_import *import, struct prism_error *err);

/* What is planned, or what was done: text for people, JSON for programs. */
void core_import_report(const struct core_import *import, bool json, struct prism_buf *out);

#endif
