/*
 * Commands: the actions that do something, run the same way from a key, the palette and `-c`.
 *
 * Life of a command:
 *   pt_command_start  checks arguments, session and read-only mode: fails now (NULL), or
 *   looking           a host that a new file is named on is reached (tui/hostfile.h)
 *   resolving         names given for ids are looked up, one after the other (core's resolve calls)
 *   judging           where the state of the computation decides (tui/legal.h), it is read now, and
 *                     what it forbids fails with category conflict before anything is written
 *   running           the row's `run` handler; it ends in exactly one pt_command_done/_fail
 *   placing           what the handler wrote for a host is saved there
 *   done              front->done once, from the loop; the command is freed afterwards
 *
 * Handlers see local paths only: a new file on a host is written to a private file of this machine,
 * which is placed after the handler's end, whatever that was, unless it was cancelled.  Where that
 * file stands in the message or the records, the name on the host is put.
 *
 * Handlers see ids only: by the time they run, every argument that names a computation, CVM,
 * asset, role, user or workspace has been replaced by its id.
 *
 * Cancelling (pt_command_cancel, or the parent token) completes with category cancelled.
 *
 * Thread rules: loop thread only.
 */
#ifndef PRISM_TUI_COMMAND_H
#define PRISM_TUI_COMMAND_H

#include "tui/args.h"
#include "tui/records.h"
#include "tui/world.h"

struct core_appraisal;
struct prism_secret;
struct pt_command;
struct pt_page;

/* Who asked. Any but done may be NULL. */
struct pt_front {
	/* News while it runs ("signed in as ..."). */
	void (*say)(void *data, const char *text);
	void (*progress)(void *data, const char *what, uint64_t done, uint64_t total /* 0: unknown */);
	/* Rows of a command that goes on ("computation follow"): print, they are dropped after. */
	void (*rows)(void *data, const struct pt_records *records);
	/* The name that confirms something dangerous; yours; NULL when nobody can be asked. Blocks. */
	char *(*ask_name)(void *data, const char *what, const char *name);
	/* A password: the first line of that file, or typed unseen (file NULL). NULL with err. Blocks.
	 */
	struct prism_secret *(*ask_secret)(void *data, const char *file, const char *prompt,
	                                   struct prism_error *err);
	/* A secret that is told once: shown on request, copied, saved. Given. */
	void (*keep_secret)(void *data, struct prism_secret *secret);
	void (*done)(void *data, struct pt_command *command, const struct prism_error *err);
};

struct pt_command {
	const struct pt_action *action;
	struct pt_values *values; /* ids resolved */
	struct pt_world *world;
	struct core *core;           /* world's */
	struct prism_cancel *cancel; /* parent of what the handler starts */
	struct pt_records *records;  /* the answer; NULL when there is only a message */
	char *message;               /* one line for success; NULL: none */
	/* What was judged, a reference: the screen opens it, whatever the end; NULL: nothing. */
	struct core_appraisal *appraisal;
	struct pt_page *page; /* what the screen opens instead of printing the records; NULL: nothing */
	char *id;             /* of what was made; NULL */
	void *state;          /* the handler's */
	void (*state_free)(void *state);
	struct pt_command_private *p;
};

/* values: given. cancel: parent, may be NULL. front and data must outlive the command. */
struct pt_command *pt_command_start(struct pt_world *world, struct pt_values *values,
                                    struct prism_cancel *cancel, const struct pt_front *front,
                                    void *data, struct prism_error *err);
/* It changes something on a server, a disk or a host: refused when read-only. */
bool pt_command_writes(const struct pt_values *values);
void pt_command_cancel(struct pt_command *command);
bool pt_command_placing(
    const struct pt_command *command); /* looking or placing: can be cancelled */

/* ---- for handlers ---- */

const char *pt_command_get(const struct pt_command *command,
                           const char *name); /* NULL: not given */
/* Bytes behind an argument (pt_values_attach); NULL: none. Lent. */
const struct prism_secret *pt_command_attached(const struct pt_command *command, const char *name);
bool pt_command_flag(const struct pt_command *command, const char *name);
uint64_t pt_command_number(const struct pt_command *command, const char *name, uint64_t fallback);
/* A time argument in microseconds; PRISM_TIME_UNSET when not given. */
PRISM_MUST_USE
int pt_command_time(struct pt_command *command, const char *name, int64_t *ret_us,
                    struct prism_error *err);
/* All values of a repeated argument; the array is the command's. */
const char *const *pt_command_all(struct pt_command *command, const char *name, size_t *ret_count);

/* True when `name` was confirmed (--confirm, or asked for); else fills err. */
PRISM_MUST_USE
int pt_command_confirm(struct pt_command *command, const char *what, const char *name,
                       struct prism_error *err);
/* A file that is about to be written: one that is there is refused, unless --replace was given. For
 * arguments with PT_ARG_FRESH. */
PRISM_MUST_USE
int pt_command_new_file(struct pt_command *command, const char *path, struct prism_error *err);
/* A password, from the file of that argument or typed unseen; yours. NULL with err. */
struct prism_secret *pt_command_secret(struct pt_command *command, const char *file_argument,
                                       const char *prompt, struct prism_error *err);
/* Whether somebody can be shown a secret that is told once; then given to them. */
bool pt_command_keeps_secrets(const struct pt_command *command);
void pt_command_keep_secret(struct pt_command *command, struct prism_secret *secret);
void pt_command_say(struct pt_command *command, const char *fmt, ...) PRISM_PRINTF(2, 3);
void pt_command_progress(struct pt_command *command, const char *what, uint64_t done,
                         uint64_t total);
/* Prints and drops command->records. */
void pt_command_rows(struct pt_command *command);
void pt_command_message(struct pt_command *command, const char *fmt, ...) PRISM_PRINTF(2, 3);

/* The end: err NULL is success. Copies err. */
void pt_command_done(struct pt_command *command, const struct prism_error *err);
/* For `return pt_command_try(cmd, core_x(..., &err), &err)`: a start that failed ends it. */
void pt_command_try(struct pt_command *command, int started, const struct prism_error *err);
/* Goes on when no request is in flight (display names arrive in the background), or after
 * PT_COMMAND_SETTLE_MS at the latest. */
#define PT_COMMAND_SETTLE_MS 3000
void pt_command_settle(struct pt_command *command, void (*then)(struct pt_command *command));
/* Callbacks of the shape core calls; data is the command. The message must be set before. */
void pt_command_on_done(void *data, const struct prism_error *err);
void pt_command_on_id(void *data, const char *id, const struct prism_error *err);

#endif
