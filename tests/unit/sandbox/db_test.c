/* Covers sandbox/db.c and sandbox/schema.c: statements, transactions, cached counts, migration. */
#include "sandbox/db.h"

#include "base/mem.h"
#include "tests/lib/tmpdir.h"

#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static int setup(void **state)
{
	*state = sb_db_open(":memory:", NULL);
	return *state ? 0 : -1;
}

static int teardown(void **state)
{
	sb_db_close(*state);
	return 0;
}

static void values_come_back_as_bound(void **state)
{
	struct sb_db *db = *state;
	SB_AUTO_ROWS struct sb_rows *rows = sb_db_query(
	    db, "SELECT ?, ?, ?, ?", SB_ARGS(SB_T("x"), SB_I(-7), SB_B("a\0b", 3), SB_T(NULL)));
	size_t size;
	assert_true(sb_rows_next(&rows));
	assert_string_equal(sb_rows_text(rows, 0), "x");
	assert_int_equal(sb_rows_int(rows, 1), -7);
	assert_memory_equal(sb_rows_blob(rows, 2, &size), "a\0b", 3);
	assert_int_equal(size, 3);
	assert_true(sb_rows_null(rows, 3));
	assert_string_equal(sb_rows_text(rows, 3), "");
	assert_false(sb_rows_next(&rows));
	assert_null(rows);
}

static void one_text_can_be_read_twice_at_once(void **state)
{
	struct sb_db *db = *state;
	static const char sql[] = "SELECT 1 UNION SELECT 2";
	SB_AUTO_ROWS struct sb_rows *a = sb_db_query(db, sql, SB_NOARGS);
	assert_true(sb_rows_next(&a));
	SB_AUTO_ROWS struct sb_rows *b = sb_db_query(db, sql, SB_NOARGS);
	assert_true(sb_rows_next(&b));
	assert_true(sb_rows_next(&a));
	assert_int_equal(sb_rows_int(a, 0), 2);
	assert_int_equal(sb_rows_int(b, 0), 1);
}

static void the_cache_of_statements_is_bounded(void **state)
{
	struct sb_db *db = *state;
	for (int i = 0; i < 1000; i++) {
		char sql[32];
		snprintf(sql, sizeof(sql), "SELECT %d", i);
		assert_int_equal(sb_db_int(db, -1, sql, SB_NOARGS), i);
	}
}

static void constraints_are_an_outcome_not_a_fault(void **state)
{
	struct sb_db *db = *state;
	static const char sql[] = "INSERT INTO meta(key, value) VALUES (?, 'v')";
	assert_int_equal(sb_db_run(db, sql, SB_ARGS(SB_T("k"))), 1);
	assert_int_equal(sb_db_run(db, sql, SB_ARGS(SB_T("k"))), -1);
	assert_null(sb_db_fault(db));
}

static void inner_rollback_undoes_the_whole(void **state)
{
	struct sb_db *db = *state;
	sb_db_begin(db);
	sb_db_set_meta(db, "a", "1");
	sb_db_begin(db);
	sb_db_set_meta(db, "b", "1");
	sb_db_rollback(db);
	sb_db_commit(db);
	assert_null(sb_db_meta(db, "a"));
	sb_db_begin(db);
	sb_db_set_meta(db, "a", "2");
	sb_db_commit(db);
	PRISM_AUTO_FREE char *kept = sb_db_meta(db, "a");
	assert_string_equal(kept, "2");
}

static void counts_are_kept_until_the_generation_changes(void **state)
{
	struct sb_db *db = *state;
	static const char sql[] = "SELECT count(*) FROM cvm_stats WHERE online = ?";
	uint64_t before = sb_db_generation(db, "workspaces");
	assert_int_equal(sb_db_count(db, before, sql, SB_ARGS(SB_I(1))), 0);
	assert_int_equal(
	    sb_db_run(db,
	              "INSERT INTO workspaces(id, name, route, created_by, created_at) VALUES"
	              " ('i', 'n', 'r', 'c', 1)",
	              SB_NOARGS),
	    1);
	uint64_t after = sb_db_generation(db, "workspaces");
	assert_int_not_equal(before, after);
	static const char count[] = "SELECT count(*) FROM workspaces";
	assert_int_equal(sb_db_count(db, before, count, SB_NOARGS), 1);
	sb_db_run(db, "DELETE FROM workspaces WHERE id = 'i'", SB_NOARGS);
	assert_int_equal(sb_db_count(db, before, count, SB_NOARGS), 1); /* not asked again */
	assert_int_equal(sb_db_count(db, sb_db_generation(db, "workspaces"), count, SB_NOARGS), 0);
}

static void a_file_is_private_and_lasts(void **state)
{
	char *dir = tmpdir_create();
	PRISM_AUTO_FREE char *path = prism_asprintf("%s/store", dir);
	struct stat st;
	struct sb_db *db = sb_db_open(path, NULL);
	assert_non_null(db);
	sb_db_set_meta(db, "k", "v");
	sb_db_close(db);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	db = sb_db_open(path, NULL);
	PRISM_AUTO_FREE char *value = sb_db_meta(db, "k");
	assert_string_equal(value, "v");
	sb_db_close(db);
	tmpdir_remove(dir);
}

static void a_store_is_for_one_at_a_time(void **state)
{
	char *dir = tmpdir_create();
	PRISM_AUTO_FREE char *path = prism_asprintf("%s/store", dir);
	struct prism_error err = PRISM_ERROR_INIT;
	struct sb_db *db = sb_db_open(path, NULL);
	assert_non_null(db);
	sb_db_set_meta(db, "k", "v");
	assert_null(sb_db_open(path, &err));
	assert_non_null(strstr(err.message, "locked"));
	assert_non_null(strstr(err.hint, "another prism-sandbox"));
	sb_db_close(db);
	tmpdir_remove(dir);
}

static void what_is_no_store_is_refused(void **state)
{
	char *dir = tmpdir_create();
	PRISM_AUTO_FREE char *path = prism_asprintf("%s/store", dir);
	struct prism_error err = PRISM_ERROR_INIT;
	FILE *file = fopen(path, "w");
	for (int i = 0; i < 100; i++)
		fputs("this is not a database at all\n", file);
	fclose(file);
	assert_null(sb_db_open(path, &err));
	assert_int_not_equal(err.category, PRISM_ERROR_NONE);
	assert_null(sb_db_open("/nowhere/at/all", &err));
	tmpdir_remove(dir);
}

static void a_newer_store_is_refused(void **state)
{
	char *dir = tmpdir_create();
	PRISM_AUTO_FREE char *path = prism_asprintf("%s/store", dir);
	struct prism_error err = PRISM_ERROR_INIT;
	sqlite3 *raw;
	assert_int_equal(sqlite3_open(path, &raw), SQLITE_OK);
	sqlite3_exec(raw, "PRAGMA user_version = 999", NULL, NULL, NULL);
	sqlite3_close(raw);
	assert_null(sb_db_open(path, &err));
	assert_int_equal(err.category, PRISM_ERROR_INVALID);
	assert_non_null(strstr(err.message, "newer"));
	tmpdir_remove(dir);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
	    T(values_come_back_as_bound),
	    T(one_text_can_be_read_twice_at_once),
	    T(the_cache_of_statements_is_bounded),
	    T(constraints_are_an_outcome_not_a_fault),
	    T(inner_rollback_undoes_the_whole),
	    T(counts_are_kept_until_the_generation_changes),
	    cmocka_unit_test(a_file_is_private_and_lasts),
	    cmocka_unit_test(a_store_is_for_one_at_a_time),
	    cmocka_unit_test(what_is_no_store_is_refused),
	    cmocka_unit_test(a_newer_store_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
