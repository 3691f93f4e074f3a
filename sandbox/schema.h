/*
 * The tables of the sandbox and how an older store file becomes a newer one.
 *
 * Rows are joined by their integer number `n`, which never leaves the process; the `id` text is
 * what the API shows.  Times are microseconds since 1970 (UTC), NULL for "unset".  Role actions
 * are bit sets in the order of perms.h.
 */
#ifndef PRISM_SANDBOX_SCHEMA_H
#define PRISM_SANDBOX_SCHEMA_H

#include "sandbox/db.h"

struct sqlite3;

/* Brings the database to the present version (PRAGMA user_version), one step at a time. A store
 * written by a newer program is refused. */
PRISM_MUST_USE
int sb_schema_apply(struct sb_db *db, struct sqlite3 *handle, struct prism_error *err);

#endif
