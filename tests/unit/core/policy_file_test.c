/* core/policy_file.c: the original stays beside an edited file, values come in every form. */
#include "base/file.h"
#include "base/mem.h"
#include "core/policy_file.h"
#include "tests/lib/tmpdir.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define POLICY "{\"policy\":{\"policy\":\"196608\"},\"note\":\"as it came\"}"
#define HEX48                                          \
	"000102030405060708090a0b0c0d0e0f1011121314151617" \
	"18191a1b1c1d1e1f202122232425262728292a2b2c2d2e2f"

static char *directory, *file, *original;

static int setup(void **state)
{
	directory = tmpdir_create();
	file = prism_path_join(directory, "policy.json");
	original = prism_asprintf("%s.orig", file);
	assert_int_equal(prism_file_write(file, POLICY, strlen(POLICY), 0640, NULL), 0);
	return 0;
}

static int teardown(void **state)
{
	chmod(directory, 0700);
	tmpdir_remove(directory);
	prism_free(file);
	prism_free(original);
	return 0;
}

static void expect(const char *path, const char *text, bool whole)
{
	PRISM_AUTO_BUF struct prism_buf bytes = PRISM_BUF_INIT(1u << 16);

	assert_int_equal(prism_file_read(path, 1u << 16, &bytes, NULL), 0);
	if (whole)
		assert_string_equal(prism_buf_text(&bytes), text);
	else
		assert_non_null(strstr(prism_buf_text(&bytes), text));
}

static int edit(const char *value, bool *ret_kept, struct prism_error *err)
{
	struct core_policy *policy = core_policy_read(file, err);
	int rc = policy ? core_policy_set_measurement(policy, value, err) : -1;

	if (rc == 0)
		rc = core_policy_save(policy, file, ret_kept, err);
	core_policy_destroy(policy);
	return rc;
}

static void test_the_first_original_is_kept_for_good(void **state)
{
	PRISM_AUTO_FREE char *one = core_policy_value(HEX48, 48, NULL);
	PRISM_AUTO_FREE char *two = prism_strdup(HEX48);
	struct stat st;
	bool kept = false;

	assert_int_equal(edit(one, &kept, NULL), 0);
	assert_true(kept);
	expect(original, POLICY, true);
	expect(file, "\"measurement\": \"AAECAwQF", false);
	expect(file, "as it came", false); /* unknown members too */
	assert_int_equal(stat(file, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0640);

	two[0] = 'f';
	assert_int_equal(edit(two, &kept, NULL), 0);
	assert_false(kept);
	expect(original, POLICY, true);
	expect(file, "\"measurement\": \"8AECAwQF", false);
}

static void test_a_failure_leaves_both_as_they_were(void **state)
{
	struct prism_error err = PRISM_ERROR_INIT;
	bool kept = false;

	if (geteuid() == 0)
		skip(); /* root writes everywhere */
	assert_int_equal(chmod(directory, 0500), 0);
	assert_int_equal(edit(HEX48, &kept, &err), -1);
	assert_int_equal(chmod(directory, 0700), 0);
	expect(file, POLICY, true);
	assert_int_equal(access(original, F_OK), -1);
}

static void test_a_new_file_has_no_original(void **state)
{
	struct core_policy *policy = core_policy_read(file, NULL);
	bool kept = true;

	assert_int_equal(unlink(file), 0);
	assert_int_equal(core_policy_save(policy, file, &kept, NULL), 0);
	assert_false(kept);
	assert_int_equal(access(original, F_OK), -1);
	core_policy_destroy(policy);
}

static void value_is(const char *text, size_t size, const char *base64)
{
	struct prism_error err = PRISM_ERROR_INIT;
	PRISM_AUTO_FREE char *value = core_policy_value(text, size, &err);

	if (!value)
		fail_msg("%s: %s", text, err.message);
	assert_string_equal(value, base64);
}

static void value_refused(const char *text, size_t size, const char *words)
{
	struct prism_error err = PRISM_ERROR_INIT;
	char line[PRISM_ERROR_TEXT];

	assert_null(core_policy_value(text, size, &err));
	prism_error_format(&err, line, sizeof(line));
	if (!strstr(line, words))
		fail_msg("\"%s\" does not say \"%s\"", line, words);
}

static void test_values(void **state)
{
	const uint8_t bytes[32] = {1, 2, 3};
	const char *const base64 = "AQIDAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
	PRISM_AUTO_FREE char *raw = prism_path_join(directory, "raw");
	PRISM_AUTO_FREE char *text = prism_path_join(directory, "text");
	PRISM_AUTO_FREE char *at_raw = prism_asprintf("@%s", raw);
	PRISM_AUTO_FREE char *at_text = prism_asprintf("@%s", text);

	assert_int_equal(prism_file_write(raw, bytes, sizeof(bytes), 0600, NULL), 0);
	assert_int_equal(
	    prism_file_write(text, "AQIDAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n", 45, 0600, NULL),
	    0);
	value_is(base64, 32, base64);
	value_is("0102030000000000000000000000000000000000000000000000000000000000", 32, base64);
	value_is(at_raw, 32, base64);
	value_is(at_text, 32, base64);
	value_refused(base64, 48, "32 bytes instead of 48");
	value_refused("01", 32, "instead of 32");
	value_refused(at_raw, 48, raw);
	value_refused("@/nowhere/file", 32, "/nowhere/file");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_the_first_original_is_kept_for_good, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_a_failure_leaves_both_as_they_were, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_a_new_file_has_no_original, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_values, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
