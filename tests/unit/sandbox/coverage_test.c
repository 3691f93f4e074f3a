/*
 * Two readings of the same reference kept honest: every endpoint of the client's table is a route
 * of the sandbox, and every route of the sandbox is known to the client or named here with a
 * reason.
 */
#include "core/endpoints.h"
#include "sandbox/router.h"
#include "tests/lib/sbcall.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* Asked for by the client where a server has it; the pinned generation does not. */
static const enum core_endpoint_id not_offered[] = {
    CORE_EP_COMP_STOP_POST, /* the second try when GET is refused, section 3.5 */
    CORE_EP_BILLING_PLANS,  /* closed service, section 3.12 */
};

/* Of the reference, without a place in the client. */
static const char *const not_asked_for[] = {
    "PUT /password/reset", /* a link in a mail leads to the web application */
    "DELETE /auth/pats",   /* tokens are deleted one by one */
    "PATCH /auth/pats/{S}/name",
    "PATCH /auth/pats/{S}/description",
    "POST /certs/certs/ocsp", /* the path of the guide; the client takes the shorter one */
    "POST /certs/{D}/certs/issue/computation/{V}", /* other spellings of the same, Q8 */
    "POST /certs/{D}/certs/issue/backend/{V}",
    "POST /certs/{D}/certs/issue/{V}",
};

static bool offered(enum core_endpoint_id id)
{
	for (size_t i = 0; i < PRISM_COUNT(not_offered); i++)
		if (not_offered[i] == id)
			return false;
	return true;
}

static char *full_path(const char *prefix, const struct core_endpoint *row)
{
	return prism_asprintf("%s%s", prefix, row->path);
}

/* {X} in either table stands for one segment, whatever its letter. */
static bool same_shape(const char *a, const char *b)
{
	for (; *a && *b; a++, b++) {
		if (*a == '{' && *b == '{') {
			a = strchr(a, '}');
			b = strchr(b, '}');
		} else if (*a != *b) {
			return false;
		}
	}
	return *a == *b;
}

static bool routed(const char *method, const char *path)
{
	for (unsigned i = 0; i < sb_route_count; i++)
		if ((int)sb_routes[i].method == sb_method_parse(method) &&
		    same_shape(sb_routes[i].path, path))
			return true;
	return false;
}

static void every_endpoint_has_a_route(void **state)
{
	unsigned missing = 0;
	for (int id = 0; id < CORE_ENDPOINT_COUNT; id++) {
		const struct core_endpoint *row = &core_endpoints[id];
		const char *method = net_http_method_word(row->method);
		const char *prefixes[] = {core_service_prefix(row->service),
		                          core_service_alternative(row->service)};
		for (unsigned k = 0; k < 2; k++) {
			PRISM_AUTO_FREE char *path = prefixes[k] ? full_path(prefixes[k], row) : NULL;
			if (!path || routed(method, path) == offered((enum core_endpoint_id)id))
				continue;
			print_error("%s %s\n", method, path);
			missing++;
		}
	}
	assert_int_equal(missing, 0);
}

static bool asked_for(const struct sb_route *route)
{
	for (int id = 0; id < CORE_ENDPOINT_COUNT; id++) {
		const struct core_endpoint *row = &core_endpoints[id];
		if (sb_method_parse(net_http_method_word(row->method)) != (int)route->method)
			continue;
		const char *prefixes[] = {core_service_prefix(row->service),
		                          core_service_alternative(row->service)};
		for (unsigned k = 0; k < 2; k++) {
			PRISM_AUTO_FREE char *path = prefixes[k] ? full_path(prefixes[k], row) : NULL;
			if (path && same_shape(path, route->path))
				return true;
		}
	}
	return false;
}

static bool excused(const struct sb_route *route)
{
	static const char *const words[] = {"GET", "POST", "PUT", "PATCH", "DELETE"};
	PRISM_AUTO_FREE char *text = prism_asprintf("%s %s", words[route->method], route->path);
	for (size_t i = 0; i < PRISM_COUNT(not_asked_for); i++)
		if (strcmp(not_asked_for[i], text) == 0)
			return true;
	return strstr(route->path, "/health") != NULL; /* one probe of several */
}

static void every_route_is_asked_for(void **state)
{
	unsigned idle = 0;
	for (unsigned i = 0; i < sb_route_count; i++) {
		if (asked_for(&sb_routes[i]) || excused(&sb_routes[i]))
			continue;
		print_error("%d %s\n", sb_routes[i].method, sb_routes[i].path);
		idle++;
	}
	assert_int_equal(idle, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_endpoint_has_a_route),
	    cmocka_unit_test(every_route_is_asked_for),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
