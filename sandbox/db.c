/*
 * Owns the SQLite connection, the statement cache and the count cache.  The tables themselves
 * are in schema.c; what they mean is known to the files that read them.
 */
#include "sandbox/db.h"

#include "base/buf.h"
#include "base/mem.h"
#include "sandbox/schema.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sqlite3.h>

#define STATEMENTS_MAX 160 /* more texts than this come only from odd filter combinations */
#define COUNTS_MAX 64
#define TABLES_MAX 32

struct sb_rows {
	struct sb_db *db;
	sqlite3_stmt *st;
	char *sql;
	bool busy;
	bool transient; /* not in the cache: finalised when closed */
	uint64_t used;  /* turn of last use, to evict the oldest */
};

struct count_entry {
	char *key; /* statement and its bound values */
	uint64_t generation;
	int64_t count;
};

struct table_generation {
	char *name;
	uint64_t generation;
};

struct sb_db {
	sqlite3 *handle;
	struct sb_rows *cache[STATEMENTS_MAX];
	unsigned cached;
	uint64_t turn;
	unsigned depth;
	bool doomed; /* an inner transaction was rolled back */
	struct count_entry counts[COUNTS_MAX];
	unsigned next_count;
	struct table_generation tables[TABLES_MAX];
	unsigned table_count;
	uint64_t generation; /* of every table, when a whole table is emptied */
	char *fault;
};

static void die(struct sb_db *db, const char *sql)
{
	fprintf(stderr, "prism-sandbox: statement does not compile: %s\n  %s\n",
	        sqlite3_errmsg(db->handle), sql);
	abort();
}

static void set_fault(struct sb_db *db)
{
	if (!db->fault)
		db->fault = prism_strdup(sqlite3_errmsg(db->handle));
}

const char *sb_db_fault(const struct sb_db *db)
{
	return db->fault;
}

void sb_db_clear_fault(struct sb_db *db)
{
	prism_free(db->fault);
	db->fault = NULL;
}

static struct table_generation *table_find(struct sb_db *db, const char *name)
{
	for (unsigned i = 0; i < db->table_count; i++)
		if (strcmp(db->tables[i].name, name) == 0)
			return &db->tables[i];
	if (db->table_count == TABLES_MAX)
		return NULL;
	db->tables[db->table_count].name = prism_strdup(name);
	return &db->tables[db->table_count++];
}

static void on_change(void *data, int op, const char *database, const char *table,
                      sqlite3_int64 row)
{
	struct sb_db *db = data;
	struct table_generation *t = table_find(db, table);
	if (t)
		t->generation++;
}

static int open_fail(struct sb_db *db, const char *path, struct prism_error *err)
{
	prism_error_raise(err, PRISM_ERROR_IO, "store %s: %s", path,
	                  db->handle ? sqlite3_errmsg(db->handle) : "out of memory");
	bool busy = db->handle && sqlite3_errcode(db->handle) == SQLITE_BUSY;
	prism_error_hint(err, busy ? "another prism-sandbox has it open; end that one first"
	                           : "name a file this user may write, or use --store :memory:");
	sb_db_close(db);
	return -1;
}

/* A store holds password hashes and the token key: nobody else may read it. */
static int create_private(const char *path, struct prism_error *err)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return prism_error_errno(err, errno, "store %s", path);
	close(fd);
	return 0;
}

struct sb_db *sb_db_open(const char *path, struct prism_error *err)
{
	bool memory = strcmp(path, ":memory:") == 0;
	if (!memory && create_private(path, err) < 0)
		return NULL;
	struct sb_db *db = prism_alloc(sizeof(*db));
	int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
	if (sqlite3_open_v2(path, &db->handle, flags, NULL) != SQLITE_OK) {
		open_fail(db, path, err);
		return NULL;
	}
	sqlite3_busy_timeout(db->handle, 300);
	sqlite3_update_hook(db->handle, on_change, db);
	const char *pragmas = memory ? "PRAGMA foreign_keys = ON; PRAGMA temp_store = MEMORY;"
	                               "PRAGMA journal_mode = MEMORY;"
	                             : "PRAGMA foreign_keys = ON; PRAGMA temp_store = MEMORY;"
	                               "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;"
	                               "PRAGMA locking_mode = EXCLUSIVE;";
	if (sqlite3_exec(db->handle, pragmas, NULL, NULL, NULL) != SQLITE_OK) {
		open_fail(db, path, err);
		return NULL;
	}
	if (sb_schema_apply(db, db->handle, err) < 0) {
		sb_db_close(db);
		return NULL;
	}
	return db;
}

static void rows_free(struct sb_rows *rows)
{
	sqlite3_finalize(rows->st);
	prism_free(rows->sql);
	prism_free(rows);
}

void sb_db_close(struct sb_db *db)
{
	if (!db)
		return;
	for (unsigned i = 0; i < db->cached; i++)
		rows_free(db->cache[i]);
	for (unsigned i = 0; i < COUNTS_MAX; i++)
		prism_free(db->counts[i].key);
	sqlite3_close(db->handle);
	for (unsigned i = 0; i < db->table_count; i++)
		prism_free(db->tables[i].name);
	prism_free(db->fault);
	prism_free(db);
}

static struct sb_rows *rows_prepare(struct sb_db *db, const char *sql)
{
	struct sb_rows *rows = prism_alloc(sizeof(*rows));
	rows->db = db;
	if (sqlite3_prepare_v3(db->handle, sql, -1, SQLITE_PREPARE_PERSISTENT, &rows->st, NULL) !=
	    SQLITE_OK)
		die(db, sql);
	rows->sql = prism_strdup(sql);
	return rows;
}

/* The slot of the statement used longest ago, or NULL when all are being read. */
static struct sb_rows **oldest_idle(struct sb_db *db)
{
	struct sb_rows **oldest = NULL;
	for (unsigned i = 0; i < db->cached; i++)
		if (!db->cache[i]->busy && (!oldest || db->cache[i]->used < (*oldest)->used))
			oldest = &db->cache[i];
	return oldest;
}

static struct sb_rows *rows_obtain(struct sb_db *db, const char *sql)
{
	for (unsigned i = 0; i < db->cached; i++) {
		struct sb_rows *rows = db->cache[i];
		if (!rows->busy && strcmp(rows->sql, sql) == 0) {
			rows->used = ++db->turn;
			return rows;
		}
	}
	struct sb_rows *rows = rows_prepare(db, sql);
	rows->used = ++db->turn;
	if (db->cached < STATEMENTS_MAX) {
		db->cache[db->cached++] = rows;
		return rows;
	}
	struct sb_rows **slot = oldest_idle(db);
	if (slot) {
		rows_free(*slot);
		*slot = rows;
	} else {
		rows->transient = true;
	}
	return rows;
}

static void bind_args(struct sb_rows *rows, const struct sb_arg *args)
{
	int want = sqlite3_bind_parameter_count(rows->st), index = 0;
	for (; args && args[index].type != SB_ARG_END; index++) {
		const struct sb_arg *arg = &args[index];
		if (arg->type == SB_ARG_INT)
			sqlite3_bind_int64(rows->st, index + 1, arg->number);
		else if (arg->type == SB_ARG_TEXT && arg->data)
			sqlite3_bind_text(rows->st, index + 1, arg->data, -1, SQLITE_STATIC);
		else if (arg->type == SB_ARG_BLOB)
			sqlite3_bind_blob64(rows->st, index + 1, arg->data ? arg->data : "", arg->size,
			                    SQLITE_STATIC);
		else
			sqlite3_bind_null(rows->st, index + 1);
	}
	if (index != want) {
		fprintf(stderr, "prism-sandbox: %d values bound where %d are wanted:\n  %s\n", index, want,
		        rows->sql);
		abort();
	}
}

struct sb_rows *sb_db_query(struct sb_db *db, const char *sql, const struct sb_arg *args)
{
	struct sb_rows *rows = rows_obtain(db, sql);
	rows->busy = true;
	bind_args(rows, args);
	return rows;
}

void sb_rows_close(struct sb_rows **slot)
{
	struct sb_rows *rows = *slot;
	*slot = NULL;
	if (!rows)
		return;
	sqlite3_reset(rows->st);
	sqlite3_clear_bindings(rows->st);
	rows->busy = false;
	if (rows->transient)
		rows_free(rows);
}

bool sb_rows_next(struct sb_rows **slot)
{
	if (!*slot)
		return false;
	int rc = sqlite3_step((*slot)->st);
	if (rc == SQLITE_ROW)
		return true;
	if (rc != SQLITE_DONE)
		set_fault((*slot)->db);
	sb_rows_close(slot);
	return false;
}

int64_t sb_rows_int(const struct sb_rows *rows, int column)
{
	return sqlite3_column_int64(rows->st, column);
}

bool sb_rows_null(const struct sb_rows *rows, int column)
{
	return sqlite3_column_type(rows->st, column) == SQLITE_NULL;
}

const char *sb_rows_text(const struct sb_rows *rows, int column)
{
	const unsigned char *text = sqlite3_column_text(rows->st, column);
	return text ? (const char *)text : "";
}

const void *sb_rows_blob(const struct sb_rows *rows, int column, size_t *ret_size)
{
	const void *data = sqlite3_column_blob(rows->st, column);
	*ret_size = (size_t)sqlite3_column_bytes(rows->st, column);
	return data;
}

int sb_db_run(struct sb_db *db, const char *sql, const struct sb_arg *args)
{
	struct sb_rows *rows = sb_db_query(db, sql, args);
	int rc = sqlite3_step(rows->st);
	if (rc == SQLITE_ROW || rc == SQLITE_DONE) {
		sb_rows_close(&rows);
		return sqlite3_changes(db->handle);
	}
	if ((rc & 0xff) != SQLITE_CONSTRAINT)
		set_fault(db);
	sb_rows_close(&rows);
	return -1;
}

int64_t sb_db_int(struct sb_db *db, int64_t fallback, const char *sql, const struct sb_arg *args)
{
	SB_AUTO_ROWS struct sb_rows *rows = sb_db_query(db, sql, args);
	if (!sb_rows_next(&rows) || sb_rows_null(rows, 0))
		return fallback;
	return sb_rows_int(rows, 0);
}

char *sb_db_text(struct sb_db *db, const char *sql, const struct sb_arg *args)
{
	SB_AUTO_ROWS struct sb_rows *rows = sb_db_query(db, sql, args);
	if (!sb_rows_next(&rows) || sb_rows_null(rows, 0))
		return NULL;
	return prism_strdup(sb_rows_text(rows, 0));
}

int64_t sb_db_last_id(const struct sb_db *db)
{
	return sqlite3_last_insert_rowid(db->handle);
}

void sb_db_begin(struct sb_db *db)
{
	if (db->depth++ == 0)
		sb_db_run(db, "BEGIN IMMEDIATE", SB_NOARGS);
}

static void transaction_end(struct sb_db *db)
{
	if (--db->depth > 0)
		return;
	if (db->doomed || sb_db_run(db, "COMMIT", SB_NOARGS) < 0)
		sb_db_run(db, "ROLLBACK", SB_NOARGS);
	if (db->doomed)
		db->generation++;
	db->doomed = false;
}

void sb_db_commit(struct sb_db *db)
{
	transaction_end(db);
}

void sb_db_rollback(struct sb_db *db)
{
	db->doomed = true;
	transaction_end(db);
}

uint64_t sb_db_generation(struct sb_db *db, const char *table)
{
	struct table_generation *t = table_find(db, table);
	return (t ? t->generation : 0) + db->generation;
}

static char *count_key(const char *sql, const struct sb_arg *args)
{
	struct prism_buf key = PRISM_BUF_INIT(1u << 20);
	prism_buf_puts(&key, sql);
	for (unsigned i = 0; args && args[i].type != SB_ARG_END; i++) {
		if (args[i].type == SB_ARG_INT)
			prism_buf_printf(&key, "\x1f%lld", (long long)args[i].number);
		else
			prism_buf_printf(&key, "\x1f%s", args[i].data ? (const char *)args[i].data : "");
	}
	return prism_buf_take(&key, NULL);
}

int64_t sb_db_count(struct sb_db *db, uint64_t generation, const char *sql,
                    const struct sb_arg *args)
{
	PRISM_AUTO_FREE char *key = count_key(sql, args);
	for (unsigned i = 0; i < COUNTS_MAX; i++) {
		struct count_entry *entry = &db->counts[i];
		if (entry->key && strcmp(entry->key, key) == 0 && entry->generation == generation)
			return entry->count;
	}
	struct count_entry *entry = &db->counts[db->next_count++ % COUNTS_MAX];
	prism_free(entry->key);
	entry->count = sb_db_int(db, 0, sql, args);
	entry->generation = generation;
	entry->key = PRISM_STEAL(key);
	return entry->count;
}

char *sb_db_meta(struct sb_db *db, const char *key)
{
	return sb_db_text(db, "SELECT value FROM meta WHERE key = ?", SB_ARGS(SB_T(key)));
}

void sb_db_set_meta(struct sb_db *db, const char *key, const char *value)
{
	sb_db_run(db, "INSERT OR REPLACE INTO meta(key, value) VALUES (?, ?)",
	          SB_ARGS(SB_T(key), SB_T(value)));
}
