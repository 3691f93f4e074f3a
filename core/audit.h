/*
 * The audit trail: every change made through the client, one JSON object a line, appended to a file
 * only its owner can read.
 *
 * What is in it: requests that may change something (core/endpoints.def: everything that is not
 * idempotent, signing in and out included, renewing a token not), and uploads to and downloads from
 * agents.  What is not: bodies, tokens, passwords, names of files other than those sent.
 *
 *     {"time":"2026-05-04T08:15:30.123Z","profile":"default","server":"https://prism.example",
 *      "user":"ada@example.org","workspace":"<id>","action":"run the computation",
 *      "object":"computation <id>","outcome":"done","status":201,"error":"","request_id":"<16
 * hex>"}
 *
 * Option `audit`: "on" writes and warns once when it cannot; "required" refuses every change while
 * it cannot; "off" writes nothing.  Option `audit_syslog` sends the same line to syslog (facility
 * user, priority notice) as well.
 *
 * The file is rotated at CORE_AUDIT_BYTES: audit.jsonl becomes audit.jsonl.1, and so on up to
 * CORE_AUDIT_KEEP.  Several clients may append to one file: each line is one write(2) to a
 * descriptor opened with O_APPEND, and rotating is done under an advisory lock.
 *
 * Thread rules: loop thread only.  Appending is a local write of some hundred bytes and is done in
 * place; nothing is fsynced, so a machine that loses power may lose the last lines.
 */
#ifndef PRISM_CORE_AUDIT_H
#define PRISM_CORE_AUDIT_H

#include "core/core.h"

#define CORE_AUDIT_BYTES (4u << 20) /* some ten thousand lines; opens at once in any pager */
#define CORE_AUDIT_KEEP 5           /* rotated files beside the present one */
#define CORE_AUDIT_ID 17            /* 64 random bits in hex, and NUL */

/* X(ENUM, "word", text) */
#define CORE_AUDIT_OUTCOME_MAP(X)                                                 \
	X(DONE, "done", "the change was made")                                        \
	X(REFUSED, "refused", "the server or the agent said no; nothing was changed") \
	X(UNCLEAR, "unclear", "no answer came; it may or may not have happened")      \
	X(CANCELLED, "cancelled", "stopped by the person; it may have begun")
enum core_audit_outcome {
#define X(id, word, text) CORE_AUDIT_##id,
	CORE_AUDIT_OUTCOME_MAP(X)
#undef X
	    CORE_AUDIT_OUTCOME_COUNT
};
const char *core_audit_outcome_word(enum core_audit_outcome outcome);

/* One change. Strings are lent for the call; NULL reads as "". */
struct core_audit_entry {
	const char *action; /* the row's name: "run the computation" */
	const char *object; /* "computation <id>" */
	enum core_audit_outcome outcome;
	int status; /* HTTP or gRPC; 0: none */
	const struct prism_error *error;
	const char *request_id;
	const char *server; /* NULL: the profile's */
};
void core_audit_write(struct core *core, const struct core_audit_entry *entry);

/* Whether a change may be begun: -1, category io, when the trail is required and cannot be written.
 */
PRISM_MUST_USE
int core_audit_ready(struct core *core, struct prism_error *err);

/* What an error says about a change that was asked for. NULL: it was made. */
enum core_audit_outcome core_audit_judge(const struct prism_error *error);
void core_audit_new_id(char ret[CORE_AUDIT_ID]);

/* Path of the file; yours; NULL when there is no home. */
char *core_audit_path(const struct core_options *options);

/* ---- reading ---- */

struct core_audit_row {
	int64_t wall_us; /* PRISM_TIME_UNSET when the line does not say */
	const char *profile, *server, *user, *workspace, *action, *object, *outcome, *error,
	    *request_id; /* "" when missing */
	int status;
};
struct core_audit_log {
	struct prism_arena *arena;
	struct core_audit_row *rows; /* newest first */
	size_t count;
	size_t damaged; /* lines that are not JSON: a cut last line, somebody's editor */
};
/* The newest `most` lines of the present file and those rotated away; older files are read only as
 * far as they are needed for that. A missing file is an empty one. */
PRISM_MUST_USE
int core_audit_read(const char *path, size_t most, struct core_audit_log *ret,
                    struct prism_error *err);
void core_audit_log_finish(struct core_audit_log *log);

#endif
