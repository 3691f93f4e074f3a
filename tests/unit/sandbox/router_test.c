/* Covers sandbox/router.c: finding routes, the shared checks and the bodies of refusals. */
#include "sandbox/router.h"

#include "tests/lib/sbcall.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define VALIDATION SB_TEXT_VALIDATION

static void a_known_path_is_answered(void **state)
{
	struct sbcall *t = *state;
	assert_int_equal(sbcall(t, SB_NOBODY, "GET", NULL, "/computations/health"), 200);
	assert_string_equal(sbcall_text(t, "status"), "pass");
	assert_string_equal(t->type, "application/health+json");
}

static void an_unknown_path_is_404_as_json(void **state)
{
	struct sbcall *t = *state;
	sbcall(t, SB_NOBODY, "GET", NULL, "/nothing/here");
	sbcall_refused(t, 404, "404 page not found", "");
}

static void an_unknown_path_is_the_web_page_under_html_fallback(void **state)
{
	struct sbcall t;
	sbcall_start(&t, &(struct sb_config){.html_fallback = true});
	assert_int_equal(sbcall(&t, SB_NOBODY, "GET", NULL, "/nothing/here"), 200);
	assert_string_equal(t.type, "text/html; charset=utf-8");
	sbcall_finish(&t);
}

static void another_method_is_405(void **state)
{
	struct sbcall *t = *state;
	assert_int_equal(sbcall(t, SB_ADA, "DELETE", NULL, "/users/profile/x"), 404);
	assert_int_equal(sbcall(t, SB_ADA, "PUT", "{}", "/users/tokens/issue"), 405);
	assert_string_equal(t->text, "");
}

static void collection_roots_answer_with_and_without_slash(void **state)
{
	struct sbcall *t = *state;
	assert_int_equal(sbcall(t, SB_ADA, "GET", NULL, "/auth/domains/"), 200);
	assert_int_equal(sbcall(t, SB_ADA, "GET", NULL, "/workspaces/domains"), 200);
}

static void a_token_is_wanted(void **state)
{
	struct sbcall *t = *state;
	sbcall(t, SB_NOBODY, "GET", NULL, "/users/profile");
	sbcall_refused(t, 401, "missing or invalid bearer user token", "");
	t->bearer = "abc.def.ghi";
	sbcall(t, SB_NOBODY, "GET", NULL, "/users/profile");
	sbcall_refused(t, 401, "failed to perform authentication over the entity", "");
}

static void repeated_query_keys_are_refused(void **state)
{
	struct sbcall *t = *state;
	sbcall(t, SB_ADA, "GET", NULL, "/workspaces/domains?limit=1&limit=1");
	sbcall_refused(t, 400, VALIDATION, "invalid query parameters");
	assert_int_equal(sbcall(t, SB_ADA, "GET", NULL, "/workspaces/domains?limit=1&offset=1"), 200);
}

static void broken_escapes_are_refused(void **state)
{
	struct sbcall *t = *state;
	static const char *const broken[] = {"%zz", "%2", "%00", "%ff", "%c0%80"};
	for (unsigned i = 0; i < sizeof(broken) / sizeof(broken[0]); i++)
		assert_int_equal(sbcall(t, SB_ADA, "GET", NULL, "/workspaces/domains?name=%s", broken[i]),
		                 400);
	assert_int_equal(sbcall(t, SB_ADA, "GET", NULL, "/workspaces/domains?name=open+sci%s", "%65"),
	                 200);
	assert_int_equal(sbcall_int(t, "total"), 1);
}

static void writes_need_a_json_content_type(void **state)
{
	struct sbcall *t = *state;
	t->content_type = "text/plain";
	sbcall(t, SB_NOBODY, "POST", "{}", "/users/tokens/refresh");
	sbcall_refused(t, 415, "unsupported content type", "");
	t->content_type = "application/jsonx";
	assert_int_equal(sbcall(t, SB_NOBODY, "POST", "{}", "/users/tokens/refresh"), 415);
	t->content_type = "Application/JSON; charset=utf-8";
	assert_int_equal(sbcall(t, SB_NOBODY, "POST", "{}", "/users/tokens/refresh"), 401);
}

static void a_body_must_be_an_object(void **state)
{
	struct sbcall *t = *state;
	static const char *const bodies[] = {"", "{", "[]", "3", "{\"a\":1}x"};
	for (unsigned i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
		assert_int_equal(sbcall(t, SB_NOBODY, "POST", bodies[i], "/users/tokens/issue"), 400);
		assert_string_equal(sbcall_text(t, "message"), SB_TEXT_MALFORMED);
	}
}

static void workspaces_of_others_are_forbidden(void **state)
{
	struct sbcall *t = *state;
	sbcall(t, SB_BEN, "GET", NULL, "/computations/{H}/computations");
	sbcall_refused(t, 403, SB_TEXT_AUTHZ, "");
	sbcall(t, SB_BEN, "GET", NULL, "/computations/no-such-workspace/computations");
	sbcall_refused(t, 403, SB_TEXT_AUTHZ, "");
	assert_int_equal(sbcall(t, SB_CYD, "GET", NULL, "/computations/{H}/computations"), 200);
}

static void computations_of_other_workspaces_are_not_found(void **state)
{
	struct sbcall *t = *state;
	PRISM_AUTO_FREE char *id = sbcall_computation(t, "Readmission risk");
	sbcall(t, SB_CYD, "GET", NULL, "/computations/{W}/computations/%s", id);
	sbcall_refused(t, 404, "entity not found", "");
	assert_int_equal(sbcall(t, SB_CYD, "GET", NULL, "/computations/{H}/computations/%s", id), 200);
}

static void permission_is_checked_per_route(void **state)
{
	struct sbcall *t = *state;
	PRISM_AUTO_FREE char *id = sbcall_computation(t, "Iris classification baseline");
	assert_int_equal(sbcall(t, SB_CYD, "GET", NULL, "/computations/{W}/computations/%s", id), 200);
	sbcall(t, SB_CYD, "DELETE", NULL, "/computations/{W}/computations/%s", id);
	sbcall_refused(t, 403, SB_TEXT_AUTHZ, "");
	sbcall(t, SB_BEN, "GET", NULL, "/users");
	sbcall_refused(t, 403, SB_TEXT_AUTHZ, "not authorized to perform admin action");
	assert_int_equal(sbcall(t, SB_ADA, "GET", NULL, "/users"), 200);
}

static void every_row_has_a_readable_template(void **state)
{
	for (unsigned i = 0; i < sb_route_count; i++) {
		const struct sb_route *row = &sb_routes[i];
		assert_int_equal(row->path[0], '/');
		assert_non_null(row->handler);
		for (unsigned k = 0; k < i; k++)
			if (sb_routes[k].method == row->method)
				assert_string_not_equal(sb_routes[k].path, row->path);
	}
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, sbcall_setup, sbcall_teardown)
	const struct CMUnitTest tests[] = {
	    T(a_known_path_is_answered),
	    T(an_unknown_path_is_404_as_json),
	    cmocka_unit_test(an_unknown_path_is_the_web_page_under_html_fallback),
	    T(another_method_is_405),
	    T(collection_roots_answer_with_and_without_slash),
	    T(a_token_is_wanted),
	    T(repeated_query_keys_are_refused),
	    T(broken_escapes_are_refused),
	    T(writes_need_a_json_content_type),
	    T(a_body_must_be_an_object),
	    T(workspaces_of_others_are_forbidden),
	    T(computations_of_other_workspaces_are_not_found),
	    T(permission_is_checked_per_route),
	    cmocka_unit_test(every_row_has_a_readable_template),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
