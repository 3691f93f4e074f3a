/* Covers sandbox/api_assets.c. */
#include "sandbox/router.h"

#include "tests/lib/sbcall.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define PATH "/computations/{W}/assets"
#define SUM "d175b271e7a2d521ff5fb25d50a41afb29c0467d3e9e6d6721919645467b7b44"

static char *create(struct sbcall *t, int who, const char *type)
{
	PRISM_AUTO_FREE char *body =
	    prism_asprintf("{\"asset\":{\"file_name\":\"a.py\",\"description\":\"d\",\"asset_type\":\"%"
	                   "s\",\"Checksum\":"
	                   "\"" SUM "\",\"asset\":\"aGVsbG8=\",\"mime_type\":\"text/plain\"}}",
	                   type);
	assert_int_equal(sbcall(t, who, "POST", body, PATH), 201);
	assert_memory_equal(t->location, "/assets/", 8);
	return prism_strdup(t->location + 8);
}

static void an_asset_comes_back_with_the_names_of_the_wire(void **state)
{
	struct sbcall *t = *state;
	PRISM_AUTO_FREE char *id = create(t, SB_BEN, "algorithm"), *ben = sbcall_user_id(t, SB_BEN);
	assert_int_equal(sbcall(t, SB_CYD, "GET", NULL, PATH "/%s", id), 200);
	assert_string_equal(sbcall_text(t, "UserID"), ben);
	assert_string_equal(sbcall_text(t, "Checksum"), SUM);
	assert_string_equal(sbcall_text(t, "asset"), "aGVsbG8=");
	assert_non_null(strstr(t->text, "\"Computations\":null"));
	sbcall(t, SB_CYD, "GET", NULL, PATH "?name=a.py");
	assert_int_equal(sbcall_int(t, "total"), 1);
	assert_string_equal(sbcall_text(t, "assets.0.id"), id);
	assert_string_equal(sbcall_text(t, "assets.0.asset"), ""); /* samples do not travel in lists */
}

static void bodies_are_checked(void **state)
{
	struct sbcall *t = *state;
	static const struct {
		const char *fields, *reason;
	} rows[] = {
	    {"\"asset_type\":\"algorithm\"", "missing description"},
	    {"\"description\":\"d\",\"asset_type\":\"film\"", "invalid asset type"},
	    {"\"description\":\"d\",\"asset_type\":\"dataset\",\"Checksum\":\"abc\"",
	     "invalid checksum"},
	    {"\"description\":\"d\",\"asset_type\":\"dataset\",\"file_name\":\"a/b\"",
	     "invalid file name"},
	    {"\"description\":\"d\",\"asset_type\":\"dataset\",\"asset\":\"***\"",
	     "sample is not base64"},
	};
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		PRISM_AUTO_FREE char *body = prism_asprintf("{\"asset\":{%s}}", rows[i].fields);
		sbcall(t, SB_ADA, "POST", body, PATH);
		sbcall_refused(t, 400, SB_TEXT_VALIDATION, rows[i].reason);
	}
}

static void a_sample_ends_at_ten_megabytes(void **state)
{
	struct sbcall *t = *state;
	size_t len = (10u << 20) / 3 * 4 + 400;
	struct prism_buf body = PRISM_BUF_INIT(64u << 20);
	prism_buf_puts(&body,
	               "{\"asset\":{\"description\":\"d\",\"asset_type\":\"dataset\",\"asset\":\"");
	for (size_t i = 0; i < len; i++)
		prism_buf_putc(&body, 'A');
	prism_buf_puts(&body, "\"}}");
	sbcall(t, SB_ADA, "POST", body.data, PATH);
	sbcall_refused(t, 400, SB_TEXT_VALIDATION, "sample is larger than 10 MB");
	prism_buf_finish(&body);
}

static void only_its_owner_or_an_admin_changes_it(void **state)
{
	struct sbcall *t = *state;
	PRISM_AUTO_FREE char *id = create(t, SB_BEN, "algorithm");
	static const char body[] = "{\"asset\":{\"description\":\"e\",\"asset_type\":\"dataset\"}}";
	assert_int_equal(sbcall(t, SB_CYD, "PUT", body, PATH "/%s", id), 403);
	assert_int_equal(sbcall(t, SB_CYD, "DELETE", NULL, PATH "/%s", id), 403);
	assert_int_equal(sbcall(t, SB_BEN, "PUT", body, PATH "/%s", id), 200);
	sbcall(t, SB_BEN, "GET", NULL, PATH "/%s", id);
	assert_string_equal(sbcall_text(t, "description"), "e");
	assert_int_equal(sbcall(t, SB_ADA, "DELETE", NULL, PATH "/%s", id), 204);
	assert_int_equal(sbcall(t, SB_BEN, "GET", NULL, PATH "/%s", id), 404);
}

static void linking_needs_the_action_of_the_type(void **state)
{
	struct sbcall *t = *state;
	PRISM_AUTO_FREE char *computation = sbcall_computation(t, "Flower classification");
	PRISM_AUTO_FREE char *dataset = create(t, SB_ADA, "dataset");
	PRISM_AUTO_FREE char *draft = sbcall_computation(t, "Empty draft");
	sbcall(t, SB_ADA, "POST", NULL, PATH "/%s/%s", dataset, draft); /* owner, but no provider */
	sbcall_refused(t, 403, SB_TEXT_AUTHZ, "");
	assert_int_equal(sbcall(t, SB_ADA, "POST", NULL, PATH "/%s/%s", dataset, computation), 201);
	sbcall(t, SB_ADA, "POST", NULL, PATH "/%s/%s", dataset, computation);
	sbcall_refused(t, 422, "failed to create entity", "entity already exists");
	sbcall(t, SB_ADA, "GET", NULL, PATH "/%s/computations", dataset);
	assert_string_equal(sbcall_text(t, "computations.0.id"), computation);
	sbcall(t, SB_ADA, "GET", NULL, "/computations/{W}/computations/%s/assets", computation);
	assert_int_equal(sbcall_int(t, "total"), 3);
}

static void a_second_algorithm_is_a_conflict(void **state)
{
	struct sbcall *t = *state;
	PRISM_AUTO_FREE char *computation = sbcall_computation(t, "Flower classification");
	PRISM_AUTO_FREE char *algorithm = create(t, SB_ADA, "algorithm");
	assert_int_equal(sbcall(t, SB_ADA, "POST", NULL, PATH "/%s/%s", algorithm, computation), 409);
}

static void unlinking_is_a_put(void **state)
{
	struct sbcall *t = *state;
	PRISM_AUTO_FREE char *computation = sbcall_computation(t, "Flower classification");
	PRISM_AUTO_FREE char *dataset = create(t, SB_ADA, "dataset");
	sbcall(t, SB_ADA, "POST", NULL, PATH "/%s/%s", dataset, computation);
	assert_int_equal(sbcall(t, SB_BEN, "PUT", NULL, PATH "/%s/%s", dataset, computation), 403);
	assert_int_equal(sbcall(t, SB_ADA, "PUT", NULL, PATH "/%s/%s", dataset, computation), 204);
	assert_int_equal(sbcall(t, SB_ADA, "PUT", NULL, PATH "/%s/%s", dataset, computation), 422);
}

static void other_workspaces_do_not_see_it(void **state)
{
	struct sbcall *t = *state;
	PRISM_AUTO_FREE char *id = create(t, SB_ADA, "dataset");
	assert_int_equal(sbcall(t, SB_ADA, "GET", NULL, "/computations/{H}/assets/%s", id), 404);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, sbcall_setup, sbcall_teardown)
	const struct CMUnitTest tests[] = {
	    T(an_asset_comes_back_with_the_names_of_the_wire),
	    T(bodies_are_checked),
	    T(a_sample_ends_at_ten_megabytes),
	    T(only_its_owner_or_an_admin_changes_it),
	    T(linking_needs_the_action_of_the_type),
	    T(a_second_algorithm_is_a_conflict),
	    T(unlinking_is_a_put),
	    T(other_workspaces_do_not_see_it),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
