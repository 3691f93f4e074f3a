/*
 * core/validate.c: each rule with what passes and what is refused.
 */
#include "core/validate.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void good(enum core_field field, const char *text)
{
	struct prism_error err = PRISM_ERROR_INIT;
	if (core_validate(field, text, &err) < 0)
		fail_msg("%s refuses \"%s\": %s", core_field_word(field), text, err.message);
}

static void bad(enum core_field field, const char *text, const char *why)
{
	struct prism_error err = PRISM_ERROR_INIT;
	if (core_validate(field, text, &err) == 0)
		fail_msg("%s takes \"%s\"", core_field_word(field), text ? text : "(null)");
	assert_int_equal(err.category, PRISM_ERROR_INVALID);
	assert_non_null(strstr(err.message, why));
}

static void test_required(void **state)
{
	bad(CORE_FIELD_COMPUTATION_NAME, "", "cannot be empty.");
	bad(CORE_FIELD_COMPUTATION_NAME, NULL, "cannot be empty.");
	bad(CORE_FIELD_COMPUTATION_NAME, " \t", "cannot be empty.");
	good(CORE_FIELD_COMPUTATION_NAME, "Iris Classification Demo");
	good(CORE_FIELD_LOG_LEVEL, "");
	good(CORE_FIELD_PASSWORD, "   "); /* spaces may be a password */
	bad(CORE_FIELD_PASSWORD, "", "empty");
}

static void test_words(void **state)
{
	good(CORE_FIELD_LOG_LEVEL, "debug");
	bad(CORE_FIELD_LOG_LEVEL, "deb", "one of");
	good(CORE_FIELD_ASSET_TYPE, "dataset");
	bad(CORE_FIELD_ASSET_TYPE, "model", "one of");
}

static void test_lengths(void **state)
{
	char long_name[300];
	memset(long_name, 'a', sizeof(long_name) - 1);
	long_name[sizeof(long_name) - 1] = '\0';
	bad(CORE_FIELD_ROLE_NAME, long_name, "too long");
	long_name[200] = '\0';
	good(CORE_FIELD_ROLE_NAME, long_name);
	bad(CORE_FIELD_NEW_PASSWORD, "1234567", "8 characters");
	good(CORE_FIELD_NEW_PASSWORD, "12345678");
	bad(CORE_FIELD_USER_SEARCH, "ab", "three");
}

static void test_addresses(void **state)
{
	good(CORE_FIELD_EMAIL, "ada@example.org");
	bad(CORE_FIELD_EMAIL, "ada", "e-mail");
	bad(CORE_FIELD_EMAIL, "@example.org", "e-mail");
	bad(CORE_FIELD_EMAIL, "a da@example.org", "e-mail");
	good(CORE_FIELD_URL, "https://prism.ultraviolet.rs");
	good(CORE_FIELD_URL, "http://127.0.0.1:8080/base");
	bad(CORE_FIELD_URL, "prism.ultraviolet.rs", "https://");
	bad(CORE_FIELD_URL, "https://", "no host");
	bad(CORE_FIELD_URL, "https://user:pw@host", "user name");
	bad(CORE_FIELD_URL, "https://host/?x=1", "query");
	good(CORE_FIELD_AGENT_ADDRESS, "10.0.0.1:7002");
	good(CORE_FIELD_AGENT_ADDRESS, "[::1]:7002");
	bad(CORE_FIELD_AGENT_ADDRESS, "10.0.0.1", "host:port");
	bad(CORE_FIELD_AGENT_ADDRESS, ":7002", "host:port");
	bad(CORE_FIELD_AGENT_ADDRESS, "h:0", "port");
	bad(CORE_FIELD_AGENT_ADDRESS, "h:65536", "port");
	bad(CORE_FIELD_AGENT_ADDRESS, "https://h:1", "scheme");
}

static void test_names(void **state)
{
	good(CORE_FIELD_USERNAME, "ada-1_x");
	bad(CORE_FIELD_USERNAME, "-ada", "begin");
	bad(CORE_FIELD_USERNAME, "a__b", "__");
	bad(CORE_FIELD_USERNAME, "a.b", "letters");
	good(CORE_FIELD_WORKSPACE_ALIAS, "0f0e0d0c-0b0a-0908-0706-050403020100");
	bad(CORE_FIELD_WORKSPACE_ALIAS, "1lab", "letter");
	good(CORE_FIELD_FILE_NAME, "iris.csv");
	bad(CORE_FIELD_FILE_NAME, "../iris.csv", "directories");
	bad(CORE_FIELD_FILE_NAME, "a\nb", "control");
	bad(CORE_FIELD_COMPUTATION_NAME, "\xff\xfe", "UTF-8");
}

static void test_checksums(void **state)
{
	good(CORE_FIELD_CHECKSUM, "a9a96ff672cde7f6b2badcc4eb13b95afe59255650abfcbd9f73d34fc61480ad");
	good(CORE_FIELD_CHECKSUM, "A9A96FF672CDE7F6B2BADCC4EB13B95AFE59255650ABFCBD9F73D34FC61480AD");
	bad(CORE_FIELD_CHECKSUM, "a9a96f", "64");
	bad(CORE_FIELD_CHECKSUM, "g9a96ff672cde7f6b2badcc4eb13b95afe59255650abfcbd9f73d34fc61480ad",
	    "64");
}

static void test_named(void **state)
{
	struct prism_error err = PRISM_ERROR_INIT;
	assert_int_equal(core_validate_named(CORE_FIELD_CVM_NAME, "", &err), -1);
	assert_string_equal(err.message, "CVM Name cannot be empty.");
	assert_int_equal(core_validate_named(CORE_FIELD_CVM_NAME, "one", &err), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_required), cmocka_unit_test(test_words),
	    cmocka_unit_test(test_lengths),  cmocka_unit_test(test_addresses),
	    cmocka_unit_test(test_names),    cmocka_unit_test(test_checksums),
	    cmocka_unit_test(test_named),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
