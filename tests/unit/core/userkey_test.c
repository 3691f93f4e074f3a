/*
 * core/userkey.c: pairs on disk (modes, no overwriting, listing) and bindings.
 */
#include "base/file.h"
#include "base/text.h"
#include "core/userkey.h"
#include "tests/lib/tmpdir.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

struct world {
	char *dir, *keys_dir;
	struct prism_loop *loop;
	struct prism_work *work;
	struct core_userkeys *keys;
	unsigned calls;
	bool ok;
	char private_path[500], public_path[500], description[64], fingerprint[64];
	struct prism_error err;
};

static int setup(void **state)
{
	struct world *w = prism_alloc(sizeof(*w));

	w->dir = tmpdir_create();
	w->keys_dir = prism_path_join(w->dir, "state/keys");
	w->loop = prism_loop_create(prism_clock_system());
	w->work = prism_work_create(w->loop, 1);
	w->keys = core_userkeys_create(w->loop, w->work, w->keys_dir);
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;

	core_userkeys_destroy(w->keys);
	prism_work_destroy(w->work);
	prism_loop_destroy(w->loop);
	tmpdir_remove(w->dir);
	prism_free(w->keys_dir);
	prism_free(w);
	return 0;
}

static void made(void *data, const struct core_userkey_info *info, const struct prism_error *err)
{
	struct world *w = data;

	w->calls++;
	w->ok = info != NULL;
	if (info) {
		(void)snprintf(w->private_path, sizeof(w->private_path), "%s", info->private_path);
		(void)snprintf(w->public_path, sizeof(w->public_path), "%s", info->public_path);
		(void)snprintf(w->description, sizeof(w->description), "%s", info->description);
		(void)snprintf(w->fingerprint, sizeof(w->fingerprint), "%s", info->fingerprint);
	}
	prism_error_clear(&w->err);
	if (err)
		prism_error_copy(&w->err, err);
}

static void generate(struct world *w, struct core_userkey_spec spec, struct prism_cancel *cancel)
{
	struct prism_error err = PRISM_ERROR_INIT;

	w->calls = 0;
	assert_int_equal(core_userkeys_generate(w->keys, &spec, cancel, made, w, &err), 0);
	assert_int_equal(w->calls, 0);
	while (!w->calls)
		prism_loop_turn(w->loop, 1000);
	assert_int_equal(w->calls, 1);
}

static unsigned mode_of(const char *path)
{
	struct stat st;

	assert_int_equal(stat(path, &st), 0);
	return st.st_mode & 07777;
}

static void test_generate_and_list(void **state)
{
	struct world *w = *state;
	struct core_userkey_list list;
	struct prism_error err = PRISM_ERROR_INIT;
	struct net_key *key;

	assert_int_equal(core_userkeys_list(w->keys, &list, &err), 0); /* no directory yet */
	assert_int_equal(list.count, 0);
	generate(w, (struct core_userkey_spec){.kind = NET_KEY_ED25519, .name = "mine"}, NULL);
	assert_true(w->ok);
	assert_int_equal(mode_of(w->private_path), 0600);
	assert_int_equal(mode_of(w->keys_dir), 0700);
	assert_string_equal(w->description, "Ed25519");
	key = net_key_read_private_file(w->private_path, NULL, &err);
	assert_non_null(key);
	net_key_destroy(key);
	generate(w, (struct core_userkey_spec){.kind = NET_KEY_P256, .name = "also"}, NULL);
	assert_int_equal(core_userkeys_list(w->keys, &list, &err), 0);
	assert_int_equal(list.count, 2);
	assert_string_equal(list.keys[0].name, "also");
	assert_string_equal(list.keys[0].description, "ECDSA P-256");
	assert_string_equal(list.keys[0].fingerprint, w->fingerprint);
	assert_string_equal(list.keys[0].public_path, w->public_path);
	assert_string_equal(list.keys[1].name, "mine");
	assert_int_equal(list.keys[1].mode, 0600);
	core_userkey_list_finish(&list);
}

static void test_never_overwrites(void **state)
{
	struct world *w = *state;
	char first[64];
	struct core_userkey_info info;
	struct prism_error err = PRISM_ERROR_INIT;

	generate(w, (struct core_userkey_spec){.kind = NET_KEY_ED25519, .name = "mine"}, NULL);
	memcpy(first, w->fingerprint, sizeof(first));
	generate(w, (struct core_userkey_spec){.kind = NET_KEY_ED25519, .name = "mine"}, NULL);
	assert_false(w->ok);
	assert_int_equal(w->err.category, PRISM_ERROR_CONFLICT);
	assert_int_equal(core_userkey_inspect(w->private_path, &info, &err), 0);
	assert_string_equal(info.fingerprint, first);
	core_userkey_info_finish(&info);
	/* a public file in the way: the private one must not appear either */
	assert_int_equal(unlink(w->private_path), 0);
	generate(w, (struct core_userkey_spec){.kind = NET_KEY_ED25519, .name = "mine"}, NULL);
	assert_false(w->ok);
	assert_int_equal(access(w->private_path, F_OK), -1);
	generate(w,
	         (struct core_userkey_spec){.kind = NET_KEY_ED25519, .name = "mine", .overwrite = true},
	         NULL);
	assert_true(w->ok);
	assert_string_not_equal(w->fingerprint, first);
}

static void test_passphrase(void **state)
{
	struct world *w = *state;
	struct prism_secret *pass = prism_secret_from_text("open sesame");
	struct core_userkey_info info;
	struct prism_error err = PRISM_ERROR_INIT;
	char *base64;

	generate(w,
	         (struct core_userkey_spec){.kind = NET_KEY_P256, .name = "locked", .passphrase = pass},
	         NULL);
	assert_true(w->ok);
	assert_int_equal(core_userkey_inspect(w->private_path, &info, &err), 0);
	assert_string_equal(info.description, "ECDSA P-256, encrypted"); /* told by the public half */
	assert_string_equal(info.fingerprint, w->fingerprint);
	core_userkey_info_finish(&info);
	assert_null(core_userkey_public_base64(w->private_path, NULL, &err));
	assert_int_equal(err.category, PRISM_ERROR_AUTH);
	base64 = core_userkey_public_base64(w->private_path, pass, &err);
	assert_non_null(base64);
	prism_free(base64);
	assert_int_equal(unlink(w->public_path), 0);
	assert_int_equal(core_userkey_inspect(w->private_path, &info, &err), 0);
	assert_string_equal(info.description, "encrypted");
	assert_null(info.public_path);
	core_userkey_info_finish(&info);
	prism_secret_destroy(pass);
}

static void test_own_paths_and_public_half(void **state)
{
	struct world *w = *state;
	char *private_path = prism_path_join(w->dir, "private.pem");
	char *public_path = prism_path_join(w->dir, "public.pem");
	struct core_userkey_info info;
	struct prism_error err = PRISM_ERROR_INIT;
	struct prism_buf pem = {0};
	char *a, *b;

	generate(w,
	         (struct core_userkey_spec){
	             .kind = NET_KEY_P384, .private_path = private_path, .public_path = public_path},
	         NULL);
	assert_true(w->ok);
	assert_int_equal(core_userkey_inspect(private_path, &info, &err), 0);
	assert_string_equal(info.public_path, public_path);
	core_userkey_info_finish(&info);
	a = core_userkey_public_base64(private_path, NULL, &err);
	b = core_userkey_public_base64(public_path, NULL, &err);
	assert_string_equal(a, b);
	assert_int_equal(prism_file_read(public_path, 10000, &pem, &err), 0);
	assert_true(core_userkey_same(a, prism_buf_text(&pem)));
	assert_true(core_userkey_same(a, b));
	assert_false(core_userkey_same(a, ""));
	assert_false(core_userkey_same(a, "AAAA"));
	assert_false(core_userkey_same(a, NULL));
	generate(w, (struct core_userkey_spec){.kind = NET_KEY_P384, .name = "other"}, NULL);
	prism_free(b);
	b = core_userkey_public_base64(w->public_path, NULL, &err);
	assert_false(core_userkey_same(a, b));
	prism_buf_finish(&pem);
	prism_free(a);
	prism_free(b);
	prism_free(private_path);
	prism_free(public_path);
}

static void test_bad_names(void **state)
{
	static const char *const bad[] = {"",        ".",         "..",    "a/b",
	                                  ".hidden", "two words", "x.pub", "a\nb"};
	struct world *w = *state;
	struct prism_error err = PRISM_ERROR_INIT;

	for (size_t i = 0; i < PRISM_COUNT(bad); i++) {
		struct core_userkey_spec spec = {.kind = NET_KEY_ED25519, .name = bad[i]};

		assert_int_equal(core_userkeys_generate(w->keys, &spec, NULL, made, w, &err), -1);
		assert_int_equal(err.category, PRISM_ERROR_INVALID);
	}
	assert_int_equal(core_userkey_inspect("/nonexistent", &(struct core_userkey_info){0}, &err),
	                 -1);
}

static void test_cancelled(void **state)
{
	struct world *w = *state;
	struct prism_cancel *cancel = prism_cancel_create(NULL);
	struct core_userkey_list list;
	struct prism_error err = PRISM_ERROR_INIT;

	prism_cancel_fire(cancel);
	generate(w, (struct core_userkey_spec){.kind = NET_KEY_ED25519, .name = "never"}, cancel);
	assert_false(w->ok);
	assert_int_equal(w->err.category, PRISM_ERROR_CANCELLED);
	assert_int_equal(core_userkeys_list(w->keys, &list, &err), 0);
	assert_int_equal(list.count, 0);
	prism_cancel_destroy(cancel);
}

static void test_destroyed_while_it_works(void **state)
{
	struct world *w = *state;
	struct core_userkey_spec spec = {.kind = NET_KEY_P256, .name = "late"};
	struct prism_error err = PRISM_ERROR_INIT;

	assert_int_equal(core_userkeys_generate(w->keys, &spec, NULL, made, w, &err), 0);
	core_userkeys_destroy(w->keys);
	w->keys = NULL;
	while (prism_work_pending(w->work))
		prism_loop_turn(w->loop, 1000);
	assert_int_equal(w->calls, 0);
}

static void test_bindings(void **state)
{
	struct world *w = *state;
	struct prism_error err = PRISM_ERROR_INIT;

	assert_null(core_userkeys_bound(w->keys, "computation", "c1"));
	assert_int_equal(core_userkeys_bind(w->keys, "computation", "c1", "/keys/with space.pem", &err),
	                 0);
	assert_int_equal(core_userkeys_bind(w->keys, "workspace", "c1", "/keys/b.pem", &err), 0);
	assert_int_equal(core_userkeys_bind(w->keys, "computation", "c2", "/keys/c.pem", &err), 0);
	assert_int_equal(core_userkeys_bind(w->keys, "computation", "c2", NULL, &err), 0);
	core_userkeys_destroy(w->keys); /* remembered over a restart */
	w->keys = core_userkeys_create(w->loop, w->work, w->keys_dir);
	assert_string_equal(core_userkeys_bound(w->keys, "computation", "c1"), "/keys/with space.pem");
	assert_string_equal(core_userkeys_bound(w->keys, "workspace", "c1"), "/keys/b.pem");
	assert_null(core_userkeys_bound(w->keys, "computation", "c2"));
	assert_int_equal(core_userkeys_bind(w->keys, "computation", "c 3", "/k", &err), -1);
	assert_int_equal(core_userkeys_bind(w->keys, "computation", "c3", "/k\n/l", &err), -1);
}

static void test_damaged_bindings_are_survived(void **state)
{
	struct world *w = *state;
	char *path;
	struct prism_error err = PRISM_ERROR_INIT;
	static const char text[] = "\n \nx\nx y\nx  z\ncomputation c1 /a\ncomputation c1 /b\nno end";

	assert_int_equal(prism_file_mkdirs(w->keys_dir, 0700, &err), 0);
	path = prism_path_join(w->keys_dir, "bindings");
	assert_int_equal(prism_file_write(path, text, sizeof(text) - 1, 0600, &err), 0);
	assert_string_equal(core_userkeys_bound(w->keys, "computation", "c1"), "/a");
	assert_null(core_userkeys_bound(w->keys, "x", "y"));
	prism_free(path);
}

/* ---- facts ---- */

static void want_facts(const char *path, const struct prism_secret *passphrase,
                       struct core_userkey_facts *ret)
{
	struct prism_error err = PRISM_ERROR_INIT;

	if (core_userkey_facts(path, passphrase, ret, &err) < 0)
		fail_msg("%s", err.message);
}

static void test_facts_of_each_kind(void **state)
{
	struct world *w = *state;
	static const struct {
		enum net_key_kind kind;
		const char *name, *description;
	} rows[] = {{NET_KEY_P256, "a", "ECDSA P-256"},
	            {NET_KEY_P384, "b", "ECDSA P-384"},
	            {NET_KEY_P521, "c", "ECDSA P-521"},
	            {NET_KEY_ED25519, "d", "Ed25519"}};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct core_userkey_facts of_private, of_public;

		generate(w, (struct core_userkey_spec){.kind = rows[i].kind, .name = rows[i].name}, NULL);
		want_facts(w->private_path, NULL, &of_private);
		want_facts(w->public_path, NULL, &of_public);
		assert_true(of_private.is_private && of_private.opened && !of_private.encrypted);
		assert_false(of_public.is_private);
		assert_string_equal(of_private.description, rows[i].description);
		assert_string_equal(of_private.fingerprint, w->fingerprint);
		assert_string_equal(of_private.official, "");
		assert_int_equal(of_private.mode, 0600);
		assert_string_equal(of_public.fingerprint, of_private.fingerprint);
		assert_string_equal(of_public.public_base64, of_private.public_base64);
		assert_non_null(strstr(of_private.public_pem, "BEGIN PUBLIC KEY"));
		assert_null(strstr(of_private.public_pem, "PRIVATE"));
		core_userkey_facts_finish(&of_private);
		core_userkey_facts_finish(&of_public);
	}
}

static void test_facts_of_a_protected_key(void **state)
{
	struct world *w = *state;
	struct prism_secret *right = prism_secret_from_text("right"),
	                    *wrong = prism_secret_from_text("wrong");
	struct core_userkey_facts facts;
	struct prism_error err = PRISM_ERROR_INIT;

	generate(w, (struct core_userkey_spec){.kind = NET_KEY_P256, .name = "x", .passphrase = right},
	         NULL);
	want_facts(w->private_path, NULL, &facts); /* by the public file beside it */
	assert_true(facts.encrypted && !facts.opened && *facts.fingerprint);
	assert_non_null(strstr(facts.official, "passphrases"));
	core_userkey_facts_finish(&facts);
	want_facts(w->private_path, right, &facts);
	assert_true(facts.encrypted && facts.opened);
	core_userkey_facts_finish(&facts);
	assert_int_equal(core_userkey_facts(w->private_path, wrong, &facts, &err), -1);
	assert_int_equal(err.category, PRISM_ERROR_AUTH);
	assert_int_equal(unlink(w->public_path), 0);
	want_facts(w->private_path, NULL, &facts); /* nothing but that it is protected */
	assert_true(facts.encrypted && !*facts.fingerprint && !*facts.public_base64);
	core_userkey_facts_finish(&facts);
	prism_secret_destroy(right);
	prism_secret_destroy(wrong);
}

static void test_facts_of_what_is_no_key(void **state)
{
	struct world *w = *state;
	PRISM_AUTO_FREE char *path = prism_path_join(w->dir, "file.pem");
	struct core_userkey_facts facts;
	struct prism_error err = PRISM_ERROR_INIT;

	assert_int_equal(core_userkey_facts(path, NULL, &facts, &err), -1); /* not there */
	assert_int_equal(prism_file_write(path, "", 0, 0644, NULL), 0);
	assert_int_equal(core_userkey_facts(path, NULL, &facts, &err), -1);
	assert_int_equal(prism_file_write(path, "-----BEGIN PRIVATE KEY-----\nAAAA\n", 33, 0644, NULL),
	                 0);
	assert_int_equal(core_userkey_facts(path, NULL, &facts, &err), -1);
	assert_non_null(strstr(err.message, path));
}

static void test_a_key_in_two_workspaces_is_noticed(void **state)
{
	struct world *w = *state;
	PRISM_AUTO_FREE char *copy = prism_path_join(w->dir, "copy.pem");
	struct prism_buf text = PRISM_BUF_INIT(65536);

	generate(w, (struct core_userkey_spec){.kind = NET_KEY_ED25519, .name = "mine"}, NULL);
	assert_null(core_userkeys_used(w->keys, "w1", w->private_path));
	assert_null(core_userkeys_used(w->keys, "w1", w->private_path)); /* again there is fine */
	assert_string_equal(core_userkeys_used(w->keys, "w2", w->private_path), "w1");
	/* the same key under another name */
	assert_int_equal(prism_file_read(w->private_path, 65536, &text, NULL), 0);
	assert_int_equal(prism_file_write(copy, text.data, text.len, 0600, NULL), 0);
	prism_buf_wipe(&text);
	assert_non_null(core_userkeys_used(w->keys, "w3", copy));
	generate(w, (struct core_userkey_spec){.kind = NET_KEY_ED25519, .name = "other"}, NULL);
	assert_null(core_userkeys_used(w->keys, "w4", w->private_path));
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    CASE(test_generate_and_list),
	    CASE(test_never_overwrites),
	    CASE(test_passphrase),
	    CASE(test_own_paths_and_public_half),
	    CASE(test_bad_names),
	    CASE(test_cancelled),
	    CASE(test_destroyed_while_it_works),
	    CASE(test_bindings),
	    CASE(test_damaged_bindings_are_survived),
	    CASE(test_facts_of_each_kind),
	    CASE(test_facts_of_a_protected_key),
	    CASE(test_facts_of_what_is_no_key),
	    CASE(test_a_key_in_two_workspaces_is_noticed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
