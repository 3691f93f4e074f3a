/* net/http_queue.c: who goes at once, who waits, who is next. */
#include "net/http_queue.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define URL "http://localhost:9000/computations/x?limit=1"

struct guest {
	struct net_http_place place;
	int order; /* of its turn; 0: none yet */
};

static int turns;

static void my_turn(struct net_http_place *place)
{
	PRISM_CONTAINER(place, struct guest, place)->order = ++turns;
}

static bool enter(struct net_http_queue *queue, struct guest *guest, const char *url,
                  const char *way)
{
	*guest = (struct guest){.place = {.turn = my_turn}};
	return net_http_queue_enter(queue, &guest->place, url, way);
}

static void beyond_the_limit_one_waits_in_line(void **state)
{
	struct net_http_queue queue;
	struct guest a, b, c, d;

	PRISM_UNUSED(state);
	turns = 0;
	net_http_queue_init(&queue, 2);
	assert_true(enter(&queue, &a, URL, NULL));
	assert_true(enter(&queue, &b, "http://localhost:9000/other", NULL));
	assert_false(enter(&queue, &c, URL, NULL));
	assert_false(enter(&queue, &d, URL, NULL));
	net_http_queue_leave(&queue, &a.place);
	assert_int_equal(c.order, 1);
	assert_int_equal(d.order, 0);
	net_http_queue_leave(&queue, &a.place); /* is gone already: nothing happens */
	assert_int_equal(d.order, 0);
	net_http_queue_leave(&queue, &d.place); /* gives up; takes nobody's place */
	net_http_queue_leave(&queue, &b.place);
	net_http_queue_leave(&queue, &c.place);
	assert_int_equal(d.order, 0);
	assert_true(enter(&queue, &a, URL, NULL));
	assert_true(enter(&queue, &b, URL, NULL));
	assert_false(enter(&queue, &c, URL, NULL));
	net_http_queue_finish(&queue);
}

static void another_host_port_or_way_has_connections_of_its_own(void **state)
{
	struct net_http_queue queue;
	struct guest all[5];

	PRISM_UNUSED(state);
	net_http_queue_init(&queue, 1);
	assert_true(enter(&queue, &all[0], URL, NULL));
	assert_true(enter(&queue, &all[1], "https://localhost:9000/", NULL));
	assert_true(enter(&queue, &all[2], "http://localhost:900/", NULL));
	assert_true(enter(&queue, &all[3], URL, "/run/gate"));
	assert_false(enter(&queue, &all[4], "http://localhost:9000", NULL));
	net_http_queue_finish(&queue);
}

static void a_connection_for_many_lets_everybody_in(void **state)
{
	struct net_http_queue queue;
	struct guest a, b, c, other, waits;

	PRISM_UNUSED(state);
	turns = 0;
	net_http_queue_init(&queue, 1);
	assert_true(enter(&queue, &a, URL, NULL));
	assert_false(enter(&queue, &b, URL, NULL));
	assert_false(enter(&queue, &c, URL, NULL));
	assert_true(enter(&queue, &other, "http://elsewhere/", NULL));
	assert_false(enter(&queue, &waits, "http://elsewhere/", NULL));
	net_http_queue_open(&queue, &a.place);
	assert_int_equal(b.order, 1);
	assert_int_equal(c.order, 2);
	assert_int_equal(waits.order, 0); /* that host has not shown it */
	net_http_queue_leave(&queue, &a.place);
	assert_true(enter(&queue, &a, URL, NULL));
	net_http_queue_finish(&queue);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(beyond_the_limit_one_waits_in_line),
	    cmocka_unit_test(another_host_port_or_way_has_connections_of_its_own),
	    cmocka_unit_test(a_connection_for_many_lets_everybody_in),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
