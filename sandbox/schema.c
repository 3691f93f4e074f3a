/*
 * Owns the SQL that creates and migrates the tables; steps[i] takes a store from version i to
 * i + 1 and is never edited once released.
 */
#include "sandbox/schema.h"

#include "base/mem.h"

#include <sqlite3.h>

static const char step_1[] =
    "CREATE TABLE meta(key TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID;"

    "CREATE TABLE users(n INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, username TEXT NOT NULL"
    " UNIQUE COLLATE NOCASE, email TEXT NOT NULL UNIQUE COLLATE NOCASE, first_name TEXT NOT"
    " NULL, last_name TEXT NOT NULL, secret BLOB NOT NULL, status TEXT NOT NULL DEFAULT"
    " 'enabled', role TEXT NOT NULL DEFAULT 'user', tags TEXT, metadata TEXT, picture TEXT,"
    " created_at INTEGER NOT NULL, updated_at INTEGER, updated_by TEXT, verified_at INTEGER,"
    " sessions_from INTEGER NOT NULL DEFAULT 0);"
    "CREATE TABLE refresh_tokens(jti TEXT PRIMARY KEY, user INTEGER NOT NULL REFERENCES users(n)"
    " ON DELETE CASCADE, expires_at INTEGER NOT NULL) WITHOUT ROWID;"

    "CREATE TABLE workspaces(n INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, name TEXT NOT NULL,"
    " route TEXT NOT NULL UNIQUE, tags TEXT, metadata TEXT, status TEXT NOT NULL DEFAULT"
    " 'enabled', created_by TEXT NOT NULL, created_at INTEGER NOT NULL, updated_by TEXT,"
    " updated_at INTEGER);"

    /* kind 0: of a workspace, 1: of a computation; entity: its n */
    "CREATE TABLE roles(n INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, kind INTEGER NOT NULL,"
    " entity INTEGER NOT NULL, name TEXT NOT NULL, actions INTEGER NOT NULL, builtin INTEGER NOT"
    " NULL DEFAULT 0, created_by TEXT, created_at INTEGER NOT NULL, updated_by TEXT, updated_at"
    " INTEGER, UNIQUE(kind, entity, name));"
    "CREATE TABLE role_members(role INTEGER NOT NULL REFERENCES roles(n) ON DELETE CASCADE, kind"
    " INTEGER NOT NULL, entity INTEGER NOT NULL, user INTEGER NOT NULL REFERENCES users(n) ON"
    " DELETE CASCADE, added_at INTEGER NOT NULL, PRIMARY KEY(kind, entity, user)) WITHOUT ROWID;"
    "CREATE INDEX role_members_by_role ON role_members(role);"
    "CREATE INDEX role_members_by_user ON role_members(user, kind);"

    "CREATE TABLE invitations(n INTEGER PRIMARY KEY, workspace INTEGER NOT NULL REFERENCES"
    " workspaces(n) ON DELETE CASCADE, invitee INTEGER NOT NULL REFERENCES users(n) ON DELETE"
    " CASCADE, inviter INTEGER NOT NULL REFERENCES users(n) ON DELETE CASCADE, role INTEGER NOT"
    " NULL REFERENCES roles(n) ON DELETE CASCADE, resend INTEGER NOT NULL DEFAULT 0, created_at"
    " INTEGER NOT NULL, updated_at INTEGER, confirmed_at INTEGER, rejected_at INTEGER,"
    " UNIQUE(workspace, invitee));"
    "CREATE INDEX invitations_by_invitee ON invitations(invitee);"

    "CREATE TABLE computations(n INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, workspace INTEGER"
    " NOT NULL REFERENCES workspaces(n) ON DELETE CASCADE, name TEXT NOT NULL, description TEXT"
    " NOT NULL, owner INTEGER NOT NULL REFERENCES users(n), status TEXT NOT NULL DEFAULT"
    " 'executable', agent_config TEXT, created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL,"
    " start_time INTEGER, end_time INTEGER, roles_made INTEGER NOT NULL DEFAULT 0, runs INTEGER"
    " NOT NULL DEFAULT 0, log_count INTEGER NOT NULL DEFAULT 0);"
    "CREATE INDEX computations_by_creation ON computations(workspace, created_at, n);"
    "CREATE INDEX computations_by_update ON computations(workspace, updated_at, n);"
    "CREATE INDEX computations_by_name ON computations(workspace, name COLLATE NOCASE, n);"
    "CREATE INDEX computations_by_status ON computations(workspace, status, created_at, n);"
    "CREATE INDEX computations_by_owner ON computations(owner);"
    "CREATE TABLE computation_keys(computation INTEGER NOT NULL REFERENCES computations(n) ON"
    " DELETE CASCADE, user INTEGER NOT NULL REFERENCES users(n) ON DELETE CASCADE, der BLOB NOT"
    " NULL, created_at INTEGER NOT NULL, PRIMARY KEY(computation, user)) WITHOUT ROWID;"

    "CREATE TABLE assets(n INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, workspace INTEGER NOT"
    " NULL REFERENCES workspaces(n) ON DELETE CASCADE, owner INTEGER NOT NULL REFERENCES"
    " users(n), file_name TEXT NOT NULL DEFAULT '', description TEXT NOT NULL, asset_type TEXT"
    " NOT NULL, mime_type TEXT NOT NULL DEFAULT '', sample TEXT NOT NULL DEFAULT '', checksum"
    " TEXT NOT NULL DEFAULT '', user_key TEXT NOT NULL DEFAULT '', created_at INTEGER NOT NULL,"
    " updated_at INTEGER);"
    "CREATE INDEX assets_by_workspace ON assets(workspace, created_at, n);"
    "CREATE TABLE asset_links(computation INTEGER NOT NULL REFERENCES computations(n) ON DELETE"
    " CASCADE, asset INTEGER NOT NULL REFERENCES assets(n) ON DELETE CASCADE, linked_by INTEGER"
    " NOT NULL, linked_at INTEGER NOT NULL, PRIMARY KEY(computation, asset)) WITHOUT ROWID;"
    "CREATE INDEX asset_links_by_asset ON asset_links(asset);"

    "CREATE TABLE cvms(n INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, workspace INTEGER NOT"
    " NULL REFERENCES workspaces(n) ON DELETE CASCADE, name TEXT NOT NULL, cvm_id TEXT NOT NULL,"
    " agent_url TEXT NOT NULL DEFAULT ':', status TEXT NOT NULL, state TEXT NOT NULL DEFAULT '',"
    " provider TEXT NOT NULL, vcpus INTEGER NOT NULL, cc_platform TEXT NOT NULL, log_level TEXT"
    " NOT NULL, cost TEXT NOT NULL DEFAULT '', created_by TEXT NOT NULL, created_at INTEGER NOT"
    " NULL, deleted_at INTEGER, next_at INTEGER);" /* when the life cycle takes its next step */
    "CREATE INDEX cvms_by_workspace ON cvms(workspace, created_at, n);"
    "CREATE INDEX cvms_due ON cvms(next_at) WHERE next_at IS NOT NULL;"
    "CREATE TABLE cvm_stats(n INTEGER PRIMARY KEY, id TEXT NOT NULL, cvm INTEGER NOT NULL"
    " REFERENCES cvms(n) ON DELETE CASCADE, at INTEGER NOT NULL, online INTEGER NOT NULL);"
    "CREATE INDEX cvm_stats_by_cvm ON cvm_stats(cvm, at);"

    "CREATE TABLE runs(n INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, computation INTEGER NOT"
    " NULL REFERENCES computations(n) ON DELETE CASCADE, cvm INTEGER NOT NULL REFERENCES"
    " cvms(n), user INTEGER NOT NULL REFERENCES users(n), number INTEGER NOT NULL, status TEXT"
    " NOT NULL, agent_url TEXT NOT NULL DEFAULT ':', manifest TEXT, created_at INTEGER NOT NULL,"
    " start_time INTEGER, end_time INTEGER);"
    "CREATE INDEX runs_by_computation ON runs(computation, number);"
    "CREATE INDEX runs_by_cvm ON runs(cvm);"
    "CREATE INDEX runs_by_time ON runs(created_at);"

    "CREATE TABLE events(n INTEGER PRIMARY KEY, id TEXT NOT NULL, computation INTEGER NOT NULL"
    " REFERENCES computations(n) ON DELETE CASCADE, run INTEGER NOT NULL, type TEXT NOT NULL,"
    " status TEXT NOT NULL, details TEXT NOT NULL DEFAULT '', originator TEXT NOT NULL, at"
    " INTEGER NOT NULL);"
    "CREATE INDEX events_by_computation ON events(computation, at, n);"
    "CREATE INDEX events_by_time ON events(at);"

    /* level 0 debug, 1 info, 2 warn, 3 error */
    "CREATE TABLE logs(n INTEGER PRIMARY KEY, computation INTEGER NOT NULL REFERENCES"
    " computations(n) ON DELETE CASCADE, run INTEGER NOT NULL, at INTEGER NOT NULL, level"
    " INTEGER NOT NULL, message TEXT NOT NULL);"
    "CREATE INDEX logs_by_computation ON logs(computation, at, n);"
    "CREATE INDEX logs_by_level ON logs(computation, level, at, n);"
    "CREATE INDEX logs_by_run ON logs(run, at, n);";

/* Personal access tokens and certificates. */
static const char step_2[] =
    "CREATE TABLE pats(n INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, user INTEGER NOT NULL"
    " REFERENCES users(n) ON DELETE CASCADE, name TEXT NOT NULL, description TEXT NOT NULL"
    " DEFAULT '', digest TEXT NOT NULL UNIQUE, issued_at INTEGER NOT NULL, expires_at INTEGER"
    " NOT NULL, updated_at INTEGER, last_used_at INTEGER, revoked INTEGER NOT NULL DEFAULT 0,"
    " revoked_at INTEGER);"
    "CREATE INDEX pats_by_user ON pats(user);"

    /* serial: decimal text; entity: id of what the certificate is for */
    "CREATE TABLE certs(n INTEGER PRIMARY KEY, serial TEXT NOT NULL UNIQUE, workspace INTEGER NOT"
    " NULL REFERENCES workspaces(n) ON DELETE CASCADE, entity TEXT NOT NULL, addresses TEXT NOT"
    " NULL DEFAULT '', common_name TEXT NOT NULL, certificate TEXT NOT NULL, key TEXT NOT NULL,"
    " issued_at INTEGER NOT NULL, expires_at INTEGER NOT NULL, revoked_at INTEGER);"
    "CREATE INDEX certs_by_entity ON certs(workspace, entity);";

/* Orders and filters of lists of many computations that would sort all of them. */
static const char step_3[] =
    "CREATE INDEX computations_by_workspace_owner ON computations(workspace, owner, n);"
    "CREATE INDEX computations_by_description ON computations(workspace, description COLLATE"
    " NOCASE, n);"
    "CREATE INDEX computations_by_status_update ON computations(workspace, status, updated_at, n);";

static const char *const steps[] = {step_1, step_2, step_3};

static int user_version(sqlite3 *handle)
{
	sqlite3_stmt *st = NULL;
	int version = -1;
	if (sqlite3_prepare_v2(handle, "PRAGMA user_version", -1, &st, NULL) == SQLITE_OK &&
	    sqlite3_step(st) == SQLITE_ROW)
		version = sqlite3_column_int(st, 0);
	sqlite3_finalize(st);
	return version;
}

static int apply_step(sqlite3 *handle, int version, struct prism_error *err)
{
	PRISM_AUTO_FREE char *sql = prism_asprintf(
	    "BEGIN IMMEDIATE; %s PRAGMA user_version = %d; COMMIT;", steps[version], version + 1);
	char *text = NULL;
	if (sqlite3_exec(handle, sql, NULL, NULL, &text) == SQLITE_OK)
		return 0;
	prism_error_raise(err, PRISM_ERROR_IO, "store: migration to version %d: %s", version + 1,
	                  text ? text : "failed");
	sqlite3_free(text);
	sqlite3_exec(handle, "ROLLBACK", NULL, NULL, NULL);
	return -1;
}

int sb_schema_apply(struct sb_db *db, struct sqlite3 *handle, struct prism_error *err)
{
	int version = user_version(handle), newest = (int)PRISM_COUNT(steps);
	if (version < 0) {
		prism_error_raise(err, PRISM_ERROR_INVALID, "store: %s", sqlite3_errmsg(handle));
		prism_error_hint(err, "the file is not a store of this program; name another");
		return -1;
	}
	if (version > newest) {
		prism_error_raise(err, PRISM_ERROR_INVALID, "store: version %d is newer than %d", version,
		                  newest);
		prism_error_hint(err, "use the prism-sandbox that wrote it");
		return -1;
	}
	for (; version < newest; version++)
		if (apply_step(handle, version, err) < 0)
			return -1;
	return 0;
}
