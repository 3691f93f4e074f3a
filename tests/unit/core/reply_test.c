/*
 * core/reply.c: error bodies of every generation and what they become; ids in locations.
 */
#include "core/request.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

struct row {
	int status;
	const char *type, *body;
	enum core_endpoint_id endpoint;
	enum prism_error_category category;
	const char *message, *hint;
};

static void check(const struct row *row)
{
	struct prism_error err = PRISM_ERROR_INIT;
	assert_int_equal(core_reply_error(row->status, row->type, row->body, strlen(row->body),
	                                  &core_endpoints[row->endpoint], &err),
	                 -1);
	if (err.category != row->category || !strstr(err.message, row->message) ||
	    !strstr(err.hint, row->hint))
		fail_msg("%d %s became %s: %s (%s)", row->status, row->body, prism_error_word(err.category),
		         err.message, err.hint);
	assert_int_equal(err.status, row->status);
	assert_null(strchr(err.message, '\n'));
}

static void test_bodies(void **state)
{
	static const struct row rows[] = {
	    {400, "application/json", "{\"error\":\"bad limit\",\"message\":\"wrong\"}",
	     CORE_EP_COMP_LIST, PRISM_ERROR_INVALID, "wrong: bad limit", ""},
	    {400, "application/json", "{\"error\":\"same\",\"message\":\"same\"}", CORE_EP_COMP_LIST,
	     PRISM_ERROR_INVALID, "same", ""},
	    {403, "application/json", "{\"message\":\"no\"}", CORE_EP_COMP_GET, PRISM_ERROR_DENIED,
	     "no", "administrator"},
	    {404, "application/json", "{\"error\":\"gone\"}", CORE_EP_COMP_GET, PRISM_ERROR_MISSING,
	     "gone", "deleted"},
	    {404, "application/json", "{\"error\":{\"message\":\"nested\"}}", CORE_EP_COMP_GET,
	     PRISM_ERROR_MISSING, "nested", ""},
	    {400, "application/json", "\"just text\"", CORE_EP_COMP_GET, PRISM_ERROR_INVALID,
	     "just text", ""},
	    {400, "application/json", "[1,2]", CORE_EP_COMP_GET, PRISM_ERROR_INVALID,
	     "bad request (HTTP 400)", ""},
	    {400, "application/json", "{\"error\":5,\"message\":null}", CORE_EP_COMP_GET,
	     PRISM_ERROR_INVALID, "bad request", ""},
	    {503, "text/plain", "no healthy upstream", CORE_EP_COMP_GET, PRISM_ERROR_IO,
	     "no healthy upstream", "later"},
	    {504, NULL, "", CORE_EP_COMP_GET, PRISM_ERROR_IO, "gateway timeout (HTTP 504)", ""},
	    {599, "", "", CORE_EP_COMP_GET, PRISM_ERROR_IO, "server error (HTTP 599)", ""},
	    {418, "", "", CORE_EP_COMP_GET, PRISM_ERROR_INVALID, "refused (HTTP 418)", ""},
	    {429, "", "", CORE_EP_COMP_GET, PRISM_ERROR_IO, "too many requests", "wait"},
	};
	for (size_t i = 0; i < PRISM_COUNT(rows); i++)
		check(&rows[i]);
}

static void test_special_readings(void **state)
{
	static const struct row rows[] = {
	    {400, "application/json", "{\"message\":\"view entity failed\"}", CORE_EP_COMP_GET,
	     PRISM_ERROR_MISSING, "view entity failed", "deleted"},
	    /* on a write it is an ordinary 400 */
	    {400, "application/json", "{\"message\":\"view entity failed\"}", CORE_EP_COMP_CREATE,
	     PRISM_ERROR_INVALID, "view entity failed", ""},
	    {401, "application/json", "{\"message\":\"email not verified\"}", CORE_EP_COMP_LIST,
	     PRISM_ERROR_DENIED, "email not verified", "verification mail"},
	    {401, "application/json", "{\"message\":\"invalid user id or secret\"}",
	     CORE_EP_TOKEN_ISSUE, PRISM_ERROR_AUTH, "invalid user id", "password"},
	    {401, "application/json", "{\"message\":\"certificate revoked\"}", CORE_EP_CERT_RENEW,
	     PRISM_ERROR_DENIED, "revoked", ""},
	    {422, "application/json", "{\"message\":\"failed to create entity\"}", CORE_EP_COMP_CREATE,
	     PRISM_ERROR_CONFLICT, "rejected by the server: failed",
	     "already exists, missing, or not allowed"},
	    {406, "text/plain", "too many runs", CORE_EP_COMP_RUN, PRISM_ERROR_DENIED, "too many runs",
	     "limit of the plan"},
	    /* a call that is not metered has no plan to hit */
	    {406, "text/plain", "not acceptable", CORE_EP_COMP_GET, PRISM_ERROR_INVALID,
	     "not acceptable", ""},
	    {403, "application/json", "{\"message\":\"CVM limit reached\"}", CORE_EP_CVM_CREATE,
	     PRISM_ERROR_DENIED, "CVM limit reached", "limit of the plan"},
	    {200, "text/html", "<html>", CORE_EP_COMP_LIST, PRISM_ERROR_PROTOCOL, "web UI",
	     "https://cloud.prism.ultraviolet.rs"},
	    {404, "text/html", "<html>", CORE_EP_COMP_ASSETS, PRISM_ERROR_MISSING, "not offered", ""},
	    {502, "text/html", "<html>", CORE_EP_COMP_LIST, PRISM_ERROR_IO, "bad gateway (HTTP 502)",
	     ""},
	    {302, "text/html", "", CORE_EP_COMP_LIST, PRISM_ERROR_PROTOCOL, "redirects", "base URL"},
	};
	for (size_t i = 0; i < PRISM_COUNT(rows); i++)
		check(&rows[i]);
}

static void test_long_bodies_are_cut(void **state)
{
	char body[4096];
	size_t used = (size_t)snprintf(body, sizeof(body), "{\"message\":\"");
	while (used < sizeof(body) - 8)
		used += (size_t)snprintf(body + used, sizeof(body) - used, "\xc3\xa4");
	snprintf(body + used, sizeof(body) - used, "\"}");
	struct prism_error err = PRISM_ERROR_INIT;
	core_reply_error(400, "application/json", body, strlen(body), NULL, &err);
	assert_true(strlen(err.message) < PRISM_ERROR_TEXT);
	/* a page of plain text is no message */
	memset(body, 'x', sizeof(body) - 1);
	body[sizeof(body) - 1] = '\0';
	core_reply_error(500, "text/plain", body, strlen(body), NULL, &err);
	assert_string_equal(err.message, "internal server error (HTTP 500)");
}

static void check_location(const char *location, const char *want)
{
	PRISM_AUTO_FREE char *id = core_id_from_location(location);
	if (!want) {
		assert_null(id);
		return;
	}
	assert_non_null(id);
	assert_string_equal(id, want);
}

static void test_locations(void **state)
{
	check_location("/computations/abc", "abc");
	check_location("/computations/abc/", "abc");
	check_location("https://h/computations/abc?x=1#y", "abc");
	check_location("{\"path\":\"/computations/abc\"}", "abc");
	check_location("abc", "abc");
	check_location("https://host", NULL);
	check_location("", NULL);
	check_location(NULL, NULL);
	check_location("/", NULL);
	check_location("{\"target\":\"x\"}", NULL);
	check_location("{broken", NULL);
}

static void test_table_is_consistent(void **state)
{
	for (int i = 0; i < CORE_ENDPOINT_COUNT; i++) {
		const struct core_endpoint *row = &core_endpoints[i];
		assert_non_null(row->name);
		assert_true(!*row->path || *row->path == '/');
		for (const char *at = strchr(row->path, '{'); at; at = strchr(at + 1, '{')) {
			assert_non_null(strchr(core_arg_letters, at[1]));
			assert_int_equal(at[2], '}');
		}
		/* only reads, and the one dry run, are repeated */
		if (row->flags & CORE_EPF_IDEMPOTENT)
			assert_true(row->method == NET_HTTP_GET || i == CORE_EP_COMP_DRYRUN ||
			            i == CORE_EP_OCSP);
		/* ?domainID= needs a workspace to name */
		if (row->flags & CORE_EPF_DOMAIN_Q)
			assert_non_null(strstr(row->path, "{D}"));
	}
	assert_false(core_endpoints[CORE_EP_COMP_STOP].flags & CORE_EPF_IDEMPOTENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_bodies),
	    cmocka_unit_test(test_special_readings),
	    cmocka_unit_test(test_long_bodies_are_cut),
	    cmocka_unit_test(test_locations),
	    cmocka_unit_test(test_table_is_consistent),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
