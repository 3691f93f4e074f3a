/* Covers the seed files: the demo's variety and sameness, scale, and a store that has a past. */
#include "sandbox/seed.h"

#include "base/file.h"
#include "base/text.h"
#include "net/crypto.h"
#include "sandbox/router.h"
#include "sandbox/seed_rows.h"
#include "tests/lib/sbcall.h"
#include "tests/lib/tmpdir.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static int64_t count(struct sbcall *t, const char *sql)
{
	return sb_db_int(t->sb->db, -1, sql, SB_NOARGS);
}

static void the_demo_shows_every_state(void **state)
{
	struct sbcall *t = *state;
	static const char *const states[] = {"executable", "running", "completed", "failed",
	                                     "cancelled"};
	for (unsigned i = 0; i < 5; i++)
		assert_true(sb_db_int(t->sb->db, 0, "SELECT count(*) FROM computations WHERE status = ?",
		                      SB_ARGS(SB_T(states[i]))) > 0);
	static const char *const statuses[] = {"creating", "starting", "online", "offline"};
	for (unsigned i = 0; i < 4; i++)
		assert_true(sb_db_int(t->sb->db, 0, "SELECT count(*) FROM cvms WHERE status = ?",
		                      SB_ARGS(SB_T(statuses[i]))) > 0);
	assert_true(count(t, "SELECT count(*) FROM cvms WHERE deleted_at IS NOT NULL") > 0);
	assert_true(count(t, "SELECT count(*) FROM cvms WHERE state = 'Running'") > 0);
	assert_int_equal(count(t, "SELECT count(*) FROM workspaces"), 2);
}

static void every_sample_user_signs_in(void **state)
{
	struct sbcall *t = *state;
	for (int who = SB_ADA; who <= SB_CYD; who++)
		assert_int_equal(sbcall(t, who, "GET", NULL, "/users/profile"), 200);
	assert_null(sb_seed_users()[4].username);
}

static void histories_agree_with_states(void **state)
{
	struct sbcall *t = *state;
	assert_int_equal(count(t,
	                       "SELECT count(*) FROM computations c WHERE c.status <> 'executable' AND"
	                       " c.status <> (SELECT status FROM runs WHERE computation = c.n ORDER BY"
	                       " number DESC LIMIT 1)"),
	                 0);
	assert_int_equal(count(t, "SELECT count(*) FROM runs WHERE (end_time IS NULL) <> (status ="
	                          " 'running')"),
	                 0);
	assert_int_equal(count(t, "SELECT count(*) FROM runs r WHERE NOT EXISTS (SELECT 1 FROM events"
	                          " WHERE run = r.n)"),
	                 0);
	assert_int_equal(count(t,
	                       "SELECT count(*) FROM computations c WHERE log_count <> (SELECT count(*)"
	                       " FROM logs WHERE computation = c.n)"),
	                 0);
	assert_int_equal(sb_db_int(t->sb->db, -1, "SELECT count(*) FROM logs WHERE at > ?",
	                           SB_ARGS(SB_I(sb_now_us(t->sb)))),
	                 0);
}

static void the_same_seed_gives_the_same_ids(void **state)
{
	struct sbcall *t = *state, other;
	static const char *const tables[] = {"users",  "workspaces", "computations",
	                                     "assets", "cvms",       "runs"};
	sbcall_start(&other, NULL);
	for (unsigned i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
		PRISM_AUTO_FREE char *sql = prism_asprintf(
		    "SELECT group_concat(id) FROM (SELECT id FROM %s ORDER BY n)", tables[i]);
		PRISM_AUTO_FREE char *a = sb_db_text(t->sb->db, sql, SB_NOARGS);
		PRISM_AUTO_FREE char *b = sb_db_text(other.sb->db, sql, SB_NOARGS);
		assert_string_equal(a, b);
	}
	PRISM_AUTO_FREE char *a =
	    sb_db_text(t->sb->db, "SELECT group_concat(message || at) FROM logs", SB_NOARGS);
	PRISM_AUTO_FREE char *b =
	    sb_db_text(other.sb->db, "SELECT group_concat(message || at) FROM logs", SB_NOARGS);
	assert_string_equal(a, b);
	sbcall_finish(&other);
}

static void checksums_are_of_the_samples(void **state)
{
	struct sbcall *t = *state;
	static const struct {
		const char *path, *want;
	} files[] = {
	    {"sandbox/samples/classify.py", SB_SEED_CLASSIFY_SHA3},
	    {"sandbox/samples/flowers.csv", SB_SEED_FLOWERS_SHA3},
	};
	for (unsigned i = 0; i < 2; i++) {
		uint8_t digest[NET_DIGEST_MAX];
		char hex[65];
		struct prism_buf data = PRISM_BUF_INIT(1u << 20);
		assert_int_equal(prism_file_read(files[i].path, 1u << 20, &data, NULL), 0);
		net_digest_bytes(NET_SHA3_256, data.data, data.len, digest);
		prism_hex_encode(digest, 32, hex);
		assert_string_equal(hex, files[i].want);
		prism_buf_finish(&data);
	}
	SB_AUTO_ROWS struct sb_rows *rows =
	    sb_db_query(t->sb->db, "SELECT sample, checksum FROM assets WHERE sample <> ''", SB_NOARGS);
	unsigned seen = 0;
	for (; sb_rows_next(&rows); seen++) {
		uint8_t digest[NET_DIGEST_MAX];
		char hex[65];
		struct prism_buf bytes = PRISM_BUF_INIT(1u << 20);
		const char *text = sb_rows_text(rows, 0);
		assert_int_equal(prism_base64_decode(text, strlen(text), &bytes, NULL), 0);
		net_digest_bytes(NET_SHA3_256, bytes.data, bytes.len, digest);
		prism_hex_encode(digest, 32, hex);
		assert_string_equal(hex, sb_rows_text(rows, 1));
		prism_buf_finish(&bytes);
	}
	assert_true(seen > 10);
}

static void only_a_key_is_missing_to_try_it(void **state)
{
	struct sbcall *t = *state;
	PRISM_AUTO_FREE char *id = sbcall_computation(t, "Flower classification");
	PRISM_AUTO_FREE char *ada = sbcall_user_id(t, SB_ADA);
	sbcall(t, SB_ADA, "POST", NULL, "/computations/{W}/computations/%s/dryrun", id);
	assert_int_equal(sbcall_size(t, "missing_items.keys"), 1);
	assert_string_equal(sbcall_text(t, "missing_items.keys.0"), ada);
	assert_int_equal(sbcall_size(t, "missing_items.info"), -1);
}

static void the_running_one_goes_on(void **state)
{
	struct sbcall *t = *state;
	PRISM_AUTO_FREE char *id = sbcall_computation(t, "Credit card fraud screening");
	sbcall(t, SB_ADA, "GET", NULL, "/computations/{W}/computations/%s/logs", id);
	int64_t before = sbcall_int(t, "total");
	for (int i = 0; i < 3; i++) {
		prism_clock_manual_advance(&t->clock, 4000);
		while (prism_loop_turn(t->loop, 0))
			;
	}
	sbcall(t, SB_ADA, "GET", NULL, "/computations/{W}/computations/%s/logs", id);
	assert_int_equal(sbcall_int(t, "total"), before + 3);
	assert_int_equal(sbcall(t, SB_ADA, "GET", NULL, "/computations/{W}/computations/%s/stop", id),
	                 200);
	sbcall(t, SB_ADA, "GET", NULL, "/computations/{W}/computations/%s", id);
	assert_string_equal(sbcall_text(t, "status"), "cancelled");
}

static void scale_adds_computations_and_log_lines(void **state)
{
	struct sbcall t;
	sbcall_start(&t, &(struct sb_config){.seed = "scale=500,logs=1500"});
	sbcall(&t, SB_ADA, "GET", NULL, "/computations/{W}/computations?limit=1");
	assert_true(sbcall_int(&t, "total") >= 500);
	assert_true(count(&t, "SELECT max(log_count) FROM computations") >= 1500);
	assert_int_equal(count(&t, "SELECT count(*) FROM roles WHERE kind = 1 AND entity > 100"), 0);
	sbcall_finish(&t);
}

static void empty_is_empty(void **state)
{
	struct sbcall t;
	sbcall_start(&t, &(struct sb_config){.seed = "empty"});
	assert_int_equal(count(&t, "SELECT count(*) FROM users"), 0);
	sbcall_finish(&t);
}

static void a_seed_must_be_one(void **state)
{
	static const char *const bad[] = {"",
	                                  "demos",
	                                  "scale=",
	                                  "scale=x",
	                                  "scale=1,lines=2",
	                                  "scale=100001",
	                                  "scale=1,logs=1000001",
	                                  "scale=1,logs="};
	for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct prism_error err = PRISM_ERROR_INIT;
		assert_int_equal(sb_seed_check(bad[i], &err), -1);
		assert_string_not_equal(err.message, "");
	}
	assert_int_equal(sb_seed_check("demo", NULL), 0);
	assert_int_equal(sb_seed_check("scale=100000,logs=1000000", NULL), 0);
}

static void a_store_with_a_past_keeps_it(void **state)
{
	char *dir = tmpdir_create();
	PRISM_AUTO_FREE char *path = prism_asprintf("%s/store", dir);
	struct sbcall t;
	sbcall_start(&t, &(struct sb_config){.store = path});
	assert_int_equal(sbcall(&t, SB_ADA, "POST", "{\"name\":\"Kept\",\"description\":\"d\"}",
	                        "/computations/{W}/computations"),
	                 201);
	PRISM_AUTO_FREE char *token = prism_strdup(t.token[SB_ADA]);
	sbcall_finish(&t);
	sbcall_start(&t, &(struct sb_config){.store = path, .seed = "empty"});
	t.bearer = token; /* the signing key is in the store */
	assert_int_equal(sbcall(&t, SB_NOBODY, "GET", NULL, "/computations/{W}/computations?name=Kept"),
	                 200);
	assert_int_equal(sbcall_int(&t, "total"), 1);
	sbcall_finish(&t);
	tmpdir_remove(dir);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, sbcall_setup, sbcall_teardown)
	const struct CMUnitTest tests[] = {
	    T(the_demo_shows_every_state),
	    T(every_sample_user_signs_in),
	    T(histories_agree_with_states),
	    T(the_same_seed_gives_the_same_ids),
	    T(checksums_are_of_the_samples),
	    T(only_a_key_is_missing_to_try_it),
	    T(the_running_one_goes_on),
	    cmocka_unit_test(scale_adds_computations_and_log_lines),
	    cmocka_unit_test(empty_is_empty),
	    cmocka_unit_test(a_seed_must_be_one),
	    cmocka_unit_test(a_store_with_a_past_keeps_it),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
