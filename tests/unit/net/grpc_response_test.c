/*
 * Header blocks of an answer: what counts as gRPC, where the status may stand, caps, pages that are
 * not gRPC, resets.
 */
#include "net/grpc_response.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

/* "name: value" pairs, NULL-terminated; returns what end() returns. */
static int block(struct net_grpc_response *response, const char *const *fields)
{
	struct prism_error err = PRISM_ERROR_INIT;
	net_grpc_response_begin(response);
	for (; *fields; fields++) {
		const char *colon = strstr(*fields, ": ");
		assert_int_equal(net_grpc_response_header(response, *fields, (size_t)(colon - *fields),
		                                          colon + 2, strlen(colon + 2), &err),
		                 0);
	}
	return net_grpc_response_end(response, &err);
}
#define BLOCK(response, ...) block((response), (const char *const[]){__VA_ARGS__, NULL})

static void assert_concludes(const struct net_grpc_response *response, uint32_t reset, int status,
                             const char *message)
{
	struct prism_error err = PRISM_ERROR_INIT;
	assert_int_equal(net_grpc_response_conclude(response, reset, &err), status);
	assert_string_equal(err.message, message);
}

static struct net_grpc_response fresh(void)
{
	struct net_grpc_response response;
	net_grpc_response_init(&response);
	return response;
}

static void test_usual_answer(void **state)
{
	struct net_grpc_response response = fresh();
	assert_int_equal(BLOCK(&response, ":status: 200", "content-type: application/grpc+proto",
	                       "file-size: 12", "file-size: 13"),
	                 1);
	assert_int_equal(response.count, 3);
	assert_string_equal(response.headers[1].key, "file-size");
	assert_string_equal(response.headers[2].value, "13");
	assert_int_equal(BLOCK(&response, "grpc-status: 0"), 0);
	assert_concludes(&response, 0, NET_GRPC_OK, "");
	net_grpc_response_finish(&response);
}

static void test_trailers_only(void **state)
{
	struct net_grpc_response response = fresh();
	assert_int_equal(BLOCK(&response, ":status: 200", "content-type: application/grpc",
	                       "grpc-status: 16", "grpc-message: signature%20failed"),
	                 0);
	/* Whatever reset follows it, the status stands. */
	assert_concludes(&response, 0, NET_GRPC_UNAUTHENTICATED, "signature failed");
	assert_concludes(&response, 8, NET_GRPC_UNAUTHENTICATED, "signature failed");
	net_grpc_response_finish(&response);
}

static void test_first_status_counts(void **state)
{
	struct net_grpc_response response = fresh();
	(void)BLOCK(&response, ":status: 200", "content-type: application/grpc");
	(void)BLOCK(&response, "grpc-status: 5", "grpc-message: one", "grpc-status: 0",
	            "grpc-message: two");
	assert_concludes(&response, 0, NET_GRPC_NOT_FOUND, "one");
	net_grpc_response_finish(&response);
}

static void test_odd_statuses(void **state)
{
	static const struct {
		const char *field;
		int status;
		const char *message;
	} rows[] = {
	    {"grpc-status: 99", 99, "UNKNOWN STATUS"},
	    {"grpc-status: two", NET_GRPC_UNKNOWN, "the server sent a status that is no number: two"},
	    {"grpc-status: -1", NET_GRPC_UNKNOWN, "the server sent a status that is no number: -1"},
	    {"grpc-status: ", NET_GRPC_UNKNOWN, "UNKNOWN"},
	    {"grpc-status: 123456789", NET_GRPC_UNKNOWN, "UNKNOWN"},
	    {"grpc-status: 2", NET_GRPC_UNKNOWN, "UNKNOWN"},
	};
	for (size_t i = 0; i < PRISM_COUNT(rows); i++) {
		struct net_grpc_response response = fresh();
		(void)BLOCK(&response, ":status: 200", "content-type: application/grpc", rows[i].field);
		assert_concludes(&response, 0, rows[i].status, rows[i].message);
		net_grpc_response_finish(&response);
	}
}

static void test_error_pages(void **state)
{
	struct net_grpc_response response = fresh();
	assert_int_equal(BLOCK(&response, ":status: 502", "content-type: text/html"), 0);
	assert_false(net_grpc_response_page(&response, "<html><h1>Bad\r\n  Gateway</h1>", 29));
	assert_concludes(&response, 0, NET_GRPC_UNAVAILABLE, "HTTP status 502: Bad Gateway");
	net_grpc_response_finish(&response);

	response = fresh();
	(void)BLOCK(&response, ":status: 200", "content-type: text/html");
	assert_concludes(&response, 0, NET_GRPC_UNKNOWN,
	                 "the answer is not gRPC: content type text/html");
	net_grpc_response_finish(&response);

	response = fresh();
	(void)BLOCK(&response, ":status: 200");
	assert_concludes(&response, 0, NET_GRPC_UNKNOWN,
	                 "the answer is not gRPC: content type missing");
	net_grpc_response_finish(&response);
}

static void test_long_page_is_cut(void **state)
{
	struct net_grpc_response response = fresh();
	char page[1000];
	memset(page, 'x', sizeof(page));
	(void)BLOCK(&response, ":status: 500");
	assert_true(net_grpc_response_page(&response, page, sizeof(page)));
	assert_true(net_grpc_response_page(&response, page, sizeof(page)));
	assert_int_equal(response.page.len, NET_GRPC_ERROR_PAGE_MAX);
	net_grpc_response_finish(&response);
}

static void test_status_beats_http(void **state)
{
	struct net_grpc_response response = fresh();
	(void)BLOCK(&response, ":status: 503", "content-type: application/grpc", "grpc-status: 14",
	            "grpc-message: draining");
	assert_concludes(&response, 0, NET_GRPC_UNAVAILABLE, "draining");
	net_grpc_response_finish(&response);
}

static void test_resets(void **state)
{
	static const struct {
		uint32_t code;
		int status;
	} rows[] = {{1, NET_GRPC_INTERNAL},
	            {2, NET_GRPC_INTERNAL},
	            {7, NET_GRPC_UNAVAILABLE},
	            {8, NET_GRPC_CANCELLED},
	            {0xb, NET_GRPC_RESOURCE_EXHAUSTED},
	            {0xc, NET_GRPC_PERMISSION_DENIED}};
	for (size_t i = 0; i < PRISM_COUNT(rows); i++) {
		struct prism_error err = PRISM_ERROR_INIT;
		struct net_grpc_response response = fresh();
		assert_int_equal(net_grpc_response_conclude(&response, rows[i].code, &err), rows[i].status);
		assert_int_not_equal(err.category, PRISM_ERROR_CANCELLED);
		net_grpc_response_finish(&response);
	}
}

static void test_end_without_status(void **state)
{
	struct net_grpc_response response = fresh();
	(void)BLOCK(&response, ":status: 200", "content-type: application/grpc");
	assert_concludes(&response, 0, NET_GRPC_INTERNAL, "the server ended the call without a status");
	net_grpc_response_finish(&response);
}

static void test_ok_then_reset_is_not_ok(void **state)
{
	struct net_grpc_response response = fresh();
	(void)BLOCK(&response, ":status: 200", "content-type: application/grpc", "grpc-status: 0");
	assert_concludes(&response, 2, NET_GRPC_INTERNAL, "the server reset the call (HTTP/2 code 2)");
	net_grpc_response_finish(&response);
}

static void test_interim_answers(void **state)
{
	struct net_grpc_response response = fresh();
	for (int i = 0; i < NET_GRPC_INTERIM_MAX; i++)
		assert_int_equal(BLOCK(&response, ":status: 103", "link: x"), 0);
	assert_int_equal(BLOCK(&response, ":status: 103"), -1);
	assert_int_equal(BLOCK(&response, ":status: 200", "content-type: application/grpc"), 1);
	assert_int_equal(response.http_status, 200);
	net_grpc_response_finish(&response);
}

static void test_header_caps(void **state)
{
	struct net_grpc_response response = fresh();
	struct prism_error err = PRISM_ERROR_INIT;
	unsigned taken = 0;
	net_grpc_response_begin(&response);
	while (net_grpc_response_header(&response, "x", 1, "", 0, &err) == 0)
		taken++;
	assert_int_equal(taken, NET_GRPC_HEADERS_MAX);
	assert_int_equal(err.category, PRISM_ERROR_LIMIT);
	char *large = prism_alloc(NET_GRPC_METADATA_MAX);
	net_grpc_response_begin(&response); /* a new block begins at nothing */
	assert_int_equal(net_grpc_response_header(&response, "x", 1, "y", 1, &err), 0);
	assert_int_equal(
	    net_grpc_response_header(&response, "x", 1, large, NET_GRPC_METADATA_MAX - 40, &err), -1);
	prism_free(large);
	net_grpc_response_finish(&response);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_usual_answer),        cmocka_unit_test(test_trailers_only),
	    cmocka_unit_test(test_first_status_counts), cmocka_unit_test(test_odd_statuses),
	    cmocka_unit_test(test_error_pages),         cmocka_unit_test(test_long_page_is_cut),
	    cmocka_unit_test(test_status_beats_http),   cmocka_unit_test(test_resets),
	    cmocka_unit_test(test_end_without_status),  cmocka_unit_test(test_ok_then_reset_is_not_ok),
	    cmocka_unit_test(test_interim_answers),     cmocka_unit_test(test_header_caps),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
