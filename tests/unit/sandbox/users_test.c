/* Covers sandbox/users.c and sandbox/api_users.c. */
#include "sandbox/users.h"

#include "tests/lib/sbcall.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define INVALID(reason) sbcall_refused(t, 400, SB_TEXT_VALIDATION, reason)

static const char dora[] =
    "{\"first_name\":\"Dora\",\"last_name\":\"Sample\",\"email\":\"dora@sandbox.example\","
    "\"credentials\":{\"username\":\"dora\",\"secret\":\"dora-sample-1\"}}";

static char *register_and_sign_in(struct sbcall *t)
{
	assert_int_equal(sbcall(t, SB_NOBODY, "POST", dora, "/users"), 201);
	sbcall(t, SB_NOBODY, "POST", "{\"username\":\"dora\",\"password\":\"dora-sample-1\"}",
	       "/users/tokens/issue");
	assert_int_equal(t->status, 201);
	return prism_strdup(sbcall_text(t, "access_token"));
}

static void registering_answers_the_user(void **state)
{
	struct sbcall *t = *state;
	assert_int_equal(sbcall(t, SB_NOBODY, "POST", dora, "/users"), 201);
	assert_string_equal(sbcall_text(t, "credentials.username"), "dora");
	assert_string_equal(sbcall_text(t, "verified_at"), "0001-01-01T00:00:00Z");
	char want[64];
	snprintf(want, sizeof(want), "/users/%s", sbcall_text(t, "id"));
	assert_string_equal(t->location, want);
	assert_null(strstr(t->text, "sample-1"));
}

static void registering_twice_is_422(void **state)
{
	struct sbcall *t = *state;
	sbcall(t, SB_NOBODY, "POST", dora, "/users");
	sbcall(t, SB_NOBODY, "POST", dora, "/users");
	sbcall_refused(t, 422, "failed to create entity", "");
}

static void fields_are_checked_one_by_one(void **state)
{
	struct sbcall *t = *state;
	static const struct {
		const char *first, *last, *email, *name, *secret, *reason;
	} rows[] = {
	    {"", "b", "a@b.c", "dora", "12345678", "missing first name"},
	    {"a", "", "a@b.c", "dora", "12345678", "missing last name"},
	    {"a", "b", "", "dora", "12345678", "missing email"},
	    {"a", "b", "a.b.c", "dora", "12345678", "invalid email"},
	    {"a", "b", "a@b@c.d", "dora", "12345678", "invalid email"},
	    {"a", "b", "a@b.c", "", "12345678", "missing username"},
	    {"a", "b", "a@b.c", "-dora", "12345678", "invalid username"},
	    {"a", "b", "a@b.c", "do__ra", "12345678", "invalid username"},
	    {"a", "b", "a@b.c", "d@b.c", "12345678", "invalid username"},
	    {"a", "b", "a@b.c", "dora-dora-dora-dora-dora-dora-dora", "12345678", "invalid username"},
	    {"a", "b", "a@b.c", "dora", "", "missing password"},
	    {"a", "b", "a@b.c", "dora", "1234567", "password does not meet the requirements"},
	};
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		PRISM_AUTO_FREE char *body = prism_asprintf(
		    "{\"first_name\":\"%s\",\"last_name\":\"%s\",\"email\":\"%s\",\"credentials\":{"
		    "\"username\":\"%s\",\"secret\":\"%s\"}}",
		    rows[i].first, rows[i].last, rows[i].email, rows[i].name, rows[i].secret);
		sbcall(t, SB_NOBODY, "POST", body, "/users");
		INVALID(rows[i].reason);
	}
}

static void an_unverified_user_may_only_verify(void **state)
{
	struct sbcall *t = *state;
	PRISM_AUTO_FREE char *token = register_and_sign_in(t);
	t->bearer = token;
	assert_int_equal(sbcall(t, SB_NOBODY, "GET", NULL, "/users/profile"), 200);
	sbcall(t, SB_NOBODY, "GET", NULL, "/workspaces/domains");
	sbcall_refused(t, 401, "email not verified", "");
	assert_int_equal(sbcall(t, SB_NOBODY, "POST", NULL, "/users/send-verification"), 200);
	assert_int_equal(sbcall(t, SB_NOBODY, "GET", NULL, "/workspaces/domains"), 200);
	assert_int_equal(sbcall(t, SB_NOBODY, "POST", NULL, "/users/send-verification"), 409);
}

static void others_show_no_more_than_their_name(void **state)
{
	struct sbcall *t = *state;
	PRISM_AUTO_FREE char *id = sbcall_user_id(t, SB_ADA);
	assert_int_equal(sbcall(t, SB_BEN, "GET", NULL, "/users/%s", id), 200);
	assert_string_equal(sbcall_text(t, "first_name"), "Ada");
	assert_string_equal(sbcall_text(t, "email"), "");
	assert_string_equal(sbcall_text(t, "created_at"), "");
	assert_int_equal(sbcall(t, SB_ADA, "GET", NULL, "/users/%s", id), 200);
	assert_string_equal(sbcall_text(t, "email"), "ada@sandbox.example");
}

static void an_unknown_user_is_400(void **state)
{
	struct sbcall *t = *state;
	sbcall(t, SB_ADA, "GET", NULL, "/users/0b9f12a4-0000-4000-8000-000000000000");
	sbcall_refused(t, 400, "view entity failed", "entity not found");
}

static void searching_wants_three_characters(void **state)
{
	struct sbcall *t = *state;
	sbcall(t, SB_BEN, "GET", NULL, "/users/search?username=ad");
	INVALID("search query must be at least 3 characters");
	sbcall(t, SB_BEN, "GET", NULL, "/users/search");
	INVALID("search query must not be empty");
	assert_int_equal(sbcall(t, SB_BEN, "GET", NULL, "/users/search?username=ADA"), 200);
	assert_int_equal(sbcall_int(t, "total"), 1);
	assert_string_equal(sbcall_text(t, "users.0.email"), "");
	assert_int_equal(sbcall(t, SB_BEN, "GET", NULL, "/users/search?last_name=sam"), 200);
	assert_int_equal(sbcall_int(t, "total"), 4);
}

static void one_changes_oneself_only(void **state)
{
	struct sbcall *t = *state;
	PRISM_AUTO_FREE char *ada = sbcall_user_id(t, SB_ADA), *ben = sbcall_user_id(t, SB_BEN);
	sbcall(t, SB_BEN, "PATCH", "{\"first_name\":\"Eve\"}", "/users/%s", ada);
	sbcall_refused(t, 403, SB_TEXT_AUTHZ, "");
	assert_int_equal(sbcall(t, SB_BEN, "PATCH", "{\"first_name\":\"Benno\"}", "/users/%s", ben),
	                 200);
	assert_string_equal(sbcall_text(t, "first_name"), "Benno");
	assert_string_equal(sbcall_text(t, "last_name"), "Sample");
	assert_string_equal(sbcall_text(t, "updated_by"), ben);
	assert_int_equal(sbcall(t, SB_ADA, "PATCH", "{\"last_name\":\"S\"}", "/users/%s", ben), 200);
}

static void names_and_mails_stay_unique(void **state)
{
	struct sbcall *t = *state;
	PRISM_AUTO_FREE char *ben = sbcall_user_id(t, SB_BEN);
	sbcall(t, SB_BEN, "PATCH", "{\"username\":\"ada\"}", "/users/%s/username", ben);
	sbcall_refused(t, 422, "update entity failed", "");
	assert_int_equal(
	    sbcall(t, SB_BEN, "PATCH", "{\"username\":\"ben2\"}", "/users/%s/username", ben), 200);
	assert_int_equal(
	    sbcall(t, SB_BEN, "PATCH", "{\"email\":\"ada@sandbox.example\"}", "/users/%s/email", ben),
	    422);
	assert_int_equal(sbcall(t, SB_BEN, "PATCH", "{\"email\":\"nope\"}", "/users/%s/email", ben),
	                 400);
	assert_int_equal(sbcall(t, SB_BEN, "PATCH", "{\"tags\":[\"a\"]}", "/users/%s/tags", ben), 200);
	assert_string_equal(sbcall_text(t, "tags.0"), "a");
	assert_int_equal(
	    sbcall(t, SB_BEN, "PATCH", "{\"profile_picture\":\"x\"}", "/users/%s/picture", ben), 400);
}

static void platform_roles_are_for_platform_administrators(void **state)
{
	struct sbcall *t = *state;
	PRISM_AUTO_FREE char *ben = sbcall_user_id(t, SB_BEN);
	sbcall(t, SB_BEN, "PATCH", "{\"role\":\"admin\"}", "/users/%s/role", ben);
	sbcall_refused(t, 403, SB_TEXT_AUTHZ, "not authorized to perform admin action");
	assert_int_equal(sbcall(t, SB_ADA, "PATCH", "{\"role\":\"admin\"}", "/users/%s/role", ben),
	                 200);
	assert_int_equal(sbcall(t, SB_BEN, "GET", NULL, "/users"), 200);
	assert_int_equal(sbcall(t, SB_ADA, "PATCH", "{\"role\":\"king\"}", "/users/%s/role", ben), 400);
}

static void a_disabled_user_cannot_go_on(void **state)
{
	struct sbcall *t = *state;
	PRISM_AUTO_FREE char *ben = sbcall_user_id(t, SB_BEN);
	assert_int_equal(sbcall(t, SB_BEN, "POST", NULL, "/users/%s/disable", ben), 200);
	assert_int_equal(sbcall(t, SB_BEN, "GET", NULL, "/users/profile"), 401);
	sbcall(t, SB_ADA, "POST", NULL, "/users/%s/disable", ben);
	sbcall_refused(t, 409, "status already assigned", "");
	assert_int_equal(sbcall(t, SB_ADA, "POST", NULL, "/users/%s/enable", ben), 200);
	assert_int_equal(sbcall(t, SB_BEN, "GET", NULL, "/users/profile"), 200);
	assert_int_equal(sbcall(t, SB_ADA, "DELETE", NULL, "/users/%s", ben), 204);
	assert_int_equal(sbcall(t, SB_BEN, "GET", NULL, "/users/profile"), 401);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, sbcall_setup, sbcall_teardown)
	const struct CMUnitTest tests[] = {
	    T(registering_answers_the_user),        T(registering_twice_is_422),
	    T(fields_are_checked_one_by_one),       T(an_unverified_user_may_only_verify),
	    T(others_show_no_more_than_their_name), T(an_unknown_user_is_400),
	    T(searching_wants_three_characters),    T(one_changes_oneself_only),
	    T(names_and_mails_stay_unique),         T(platform_roles_are_for_platform_administrators),
	    T(a_disabled_user_cannot_go_on),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
