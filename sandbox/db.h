/*
 * The sandbox's database handle: one SQLite connection, a cache of prepared statements, typed
 * binding, and counters that tell when a table last changed (for cached counts).
 *
 * SQL that does not compile is a bug of ours and aborts with the text.  A constraint that is
 * violated is an outcome, returned to the caller.  Anything else (disk full, damaged file) is
 * remembered as the fault of the handle; the router turns the answer in progress into a 500.
 *
 * Thread rules: loop thread only.
 */
#ifndef PRISM_SANDBOX_DB_H
#define PRISM_SANDBOX_DB_H

#include "base/error.h"

#include <stdint.h>

struct sb_db;
struct sb_rows; /* a statement that is being read */

/* path: a file (created 0600) or ":memory:". Applies the schema and its migrations. */
struct sb_db *sb_db_open(const char *path, struct prism_error *err);
void sb_db_close(struct sb_db *db); /* NULL allowed */

/* Values bound to the ?s of a statement, in order:
 *   sb_db_run(db, "UPDATE t SET a = ? WHERE n = ?", SB_ARGS(SB_T(text), SB_I(n))); */
enum sb_arg_type { SB_ARG_END, SB_ARG_NULL, SB_ARG_TEXT, SB_ARG_INT, SB_ARG_BLOB };
struct sb_arg {
	enum sb_arg_type type;
	int64_t number;
	const void *data; /* lent until the statement is closed */
	size_t size;
};
#define SB_T(text)                          \
	{                                       \
		.type = SB_ARG_TEXT, .data = (text) \
	} /* NULL binds null */
#define SB_I(value)                           \
	{                                         \
		.type = SB_ARG_INT, .number = (value) \
	}
#define SB_B(bytes, count)                                    \
	{                                                         \
		.type = SB_ARG_BLOB, .data = (bytes), .size = (count) \
	}
#define SB_ARGS(...)           \
	(const struct sb_arg[])    \
	{                          \
		__VA_ARGS__,           \
		{                      \
			.type = SB_ARG_END \
		}                      \
	}
#define SB_NOARGS NULL

/* Reading. next() gives false at the end and closes by itself; close early otherwise. */
struct sb_rows *sb_db_query(struct sb_db *db, const char *sql, const struct sb_arg *args);
bool sb_rows_next(struct sb_rows **rows);
void sb_rows_close(struct sb_rows **rows); /* NULL inside allowed */
#define SB_AUTO_ROWS __attribute__((cleanup(sb_rows_close)))
int64_t sb_rows_int(const struct sb_rows *rows, int column);
bool sb_rows_null(const struct sb_rows *rows, int column);
const char *sb_rows_text(const struct sb_rows *rows,
                         int column); /* lent until next(); never NULL */
const void *sb_rows_blob(const struct sb_rows *rows, int column, size_t *ret_size);

/* Rows changed, or -1 when a constraint refused it (or the handle has a fault). */
int sb_db_run(struct sb_db *db, const char *sql, const struct sb_arg *args);
/* First column of the first row. */
int64_t sb_db_int(struct sb_db *db, int64_t fallback, const char *sql, const struct sb_arg *args);
char *sb_db_text(struct sb_db *db, const char *sql, const struct sb_arg *args); /* yours; or NULL */
int64_t sb_db_last_id(const struct sb_db *db);

/* Transactions nest: only the outermost commits. */
void sb_db_begin(struct sb_db *db);
void sb_db_commit(struct sb_db *db);
void sb_db_rollback(struct sb_db *db);

/* Grows with every change to the table, and never otherwise. */
uint64_t sb_db_generation(struct sb_db *db, const char *table);
/* A count(*) whose answer is kept while `generation` (of what it counts) stays the same. */
int64_t sb_db_count(struct sb_db *db, uint64_t generation, const char *sql,
                    const struct sb_arg *args);

const char *sb_db_fault(const struct sb_db *db); /* NULL: healthy */
void sb_db_clear_fault(struct sb_db *db);

/* Small facts about the store itself (signing key, seed). */
char *sb_db_meta(struct sb_db *db, const char *key); /* yours; or NULL */
void sb_db_set_meta(struct sb_db *db, const char *key, const char *value);

#endif
