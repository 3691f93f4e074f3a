/*
 * core/manifest.c: tolerant decoding, raw bytes kept, hashes found.
 */
#include "core/manifest.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"

#include <cmocka.h>

#define HEX "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
#define NUMBERS \
	"0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31"

static const struct core_manifest *decode(struct prism_arena *arena, const char *text)
{
	return core_manifest_decode(arena, text, strlen(text), NULL);
}

static void test_hash_forms(void **state)
{
	struct prism_arena *arena = prism_arena_create();
	const struct core_manifest *m =
	    decode(arena, "{\"algorithm\":{\"hash\":[" NUMBERS "]},\"datasets\":["
	                  "{\"hash\":\"" HEX "\",\"filename\":\"a\"},"
	                  "{\"hash\":\"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\"},"
	                  "{\"hash\":[1,2]},{\"hash\":[" NUMBERS
	                  ",32]},{\"hash\":[-1]},{\"hash\":{}},5,null]}");
	assert_non_null(m);
	assert_true(m->has_algorithm);
	assert_string_equal(m->algorithm.hash, HEX);
	assert_int_equal(m->dataset_count, 8);
	assert_string_equal(m->datasets[0].hash, HEX);
	assert_string_equal(m->datasets[1].hash, HEX);
	for (size_t i = 2; i < 8; i++)
		assert_string_equal(m->datasets[i].hash, "");
	int index;
	assert_non_null(core_manifest_find_hash(m, HEX, &index));
	assert_int_equal(index, -1);
	assert_null(core_manifest_find_hash(m, "", &index)); /* unreadable ones match nothing */
	assert_null(core_manifest_find_hash(NULL, HEX, &index));
	prism_arena_destroy(arena);
}

static void test_absent_and_null(void **state)
{
	struct prism_arena *arena = prism_arena_create();
	const struct core_manifest *m = decode(
	    arena, "{\"datasets\":null,\"algorithm\":null,\"name\":3,\"result_consumers\":\"x\"}");
	assert_non_null(m);
	assert_false(m->has_algorithm);
	assert_int_equal(m->dataset_count + m->consumer_count, 0);
	assert_string_equal(m->name, "");
	assert_null(decode(arena, "[]"));
	assert_null(decode(arena, "{\"name\":"));
	assert_null(decode(arena, ""));
	prism_arena_destroy(arena);
}

static void test_keys(void **state)
{
	struct prism_arena *arena = prism_arena_create();
	const struct core_manifest *m =
	    decode(arena, "{\"result_consumers\":[{\"userKey\":"
	                  "\"MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\"},"
	                  "{\"user_key\":\"garbage\"}]}");
	assert_int_equal(m->consumer_count, 2);
	assert_int_equal(strncmp(m->consumers[0].fingerprint, "SHA256:", 7), 0);
	assert_string_equal(m->consumers[1].fingerprint, "");
	assert_string_equal(m->consumers[1].user_key, "garbage");
	prism_arena_destroy(arena);
}

static void test_saved_unchanged(void **state)
{
	static const char text[] = "{ \"name\" : \"x\",\n\t\"zzz\":[1, 2]}\n";
	char path[64];
	struct prism_arena *arena = prism_arena_create();
	const struct core_manifest *m = decode(arena, text);
	snprintf(path, sizeof(path), "/tmp/core-manifest-%d.json", (int)getpid());
	assert_int_equal(core_manifest_save(m, path, NULL), 0);
	struct prism_buf read = PRISM_BUF_INIT(4096);
	assert_int_equal(prism_file_read(path, 4096, &read, NULL), 0);
	assert_string_equal(prism_buf_text(&read), text);
	prism_buf_finish(&read);
	unlink(path);
	assert_int_equal(core_manifest_save(m, "/no/such/dir/x", NULL), -1);
	prism_arena_destroy(arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_hash_forms),
	    cmocka_unit_test(test_absent_and_null),
	    cmocka_unit_test(test_keys),
	    cmocka_unit_test(test_saved_unchanged),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
