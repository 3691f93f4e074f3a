/*
 * Covers core/request_answer.c and core/watch.c where they wait: a server that names a time is not
 * asked before it, in seconds or as a date, and low_bandwidth doubles the rhythm of polls.
 *
 * Only lower bounds of times are held, so that a slow machine fails nothing.
 */
#include "core/watch.h"
#include "core/workspace.h"
#include "tests/lib/corerun.h"
#include "tests/lib/peer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#define POLL_MS 150

static int64_t now_ms(void)
{
	return prism_clock_mono_ms(prism_clock_system());
}

/* ---- Retry-After ---- */

struct busy {
	char after[64]; /* value of the header; "": a date DATE_S ahead */
	atomic_int requests;
	_Atomic int64_t first_ms, second_ms;
};

#define DATE_S 3 /* a date has whole seconds: at least DATE_S - 1 s are ahead */

static void refuse_once(struct peer_conn *conn, void *data)
{
	struct busy *busy = data;
	char request[4096], answer[512], after[64];

	while (peer_read_request(conn, request, sizeof(request))) {
		time_t at = time(NULL) + DATE_S;
		struct tm utc;

		if (atomic_fetch_add(&busy->requests, 1)) {
			busy->second_ms = now_ms();
			peer_puts(conn, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
			                "Content-Length: 24\r\n\r\n{\"total\":0,\"domains\":[]}");
			continue;
		}
		busy->first_ms = now_ms();
		gmtime_r(&at, &utc);
		strftime(after, sizeof(after), "%a, %d %b %Y %H:%M:%S GMT", &utc);
		snprintf(answer, sizeof(answer),
		         "HTTP/1.1 503 Service Unavailable\r\nRetry-After: %s\r\nContent-Length: 0\r\n\r\n",
		         *busy->after ? busy->after : after);
		peer_puts(conn, answer);
	}
}

/* How long the second attempt was put off, in milliseconds. */
static int64_t wait_of(const char *after)
{
	struct busy busy = {0};
	struct peer *peer;
	char url[64];
	struct corerun *run;

	snprintf(busy.after, sizeof(busy.after), "%s", after);
	peer = peer_start(refuse_once, &busy, NULL);
	snprintf(url, sizeof(url), "http://127.0.0.1:%u", (unsigned)peer_port(peer));
	run = corerun_open_with(url, (const char *const[]){"token=pat_abc_def", NULL});
	assert_int_equal(core_workspace_resolve(run->core, "nowhere", NULL, corerun_id, run, NULL), 0);
	(void)corerun_wait(run);
	assert_true(busy.requests >= 2);
	corerun_close(run);
	peer_stop(peer);
	return busy.second_ms - busy.first_ms;
}

static void seconds_are_waited_for(void **state)
{
	(void)state;
	assert_true(wait_of("2") >= 1990);
}

static void a_date_is_waited_for(void **state)
{
	(void)state;
	assert_true(wait_of("") >= (DATE_S - 1) * 1000 - 10);
}

/* What cannot be read is as if it were not there; so is a date that has gone. */
static void nonsense_is_passed_over(void **state)
{
	(void)state;
	assert_true(wait_of("soon") < 60000);
	assert_true(wait_of("Sun, 06 Nov 1994 08:49:37 GMT") < 60000);
}

/* ---- low_bandwidth ---- */

struct ticking {
	struct core_poll *poll;
	unsigned ticks;
	int64_t last_ms, shortest_ms;
};

static int64_t interval(void *data)
{
	(void)data;
	return POLL_MS;
}

static void tick(void *data)
{
	struct ticking *t = data;
	int64_t now = now_ms();

	if (t->ticks++ && now - t->last_ms < t->shortest_ms)
		t->shortest_ms = now - t->last_ms;
	t->last_ms = now;
	core_poll_done(t->poll, false);
}

static struct ticking polled;

static bool four_times(struct corerun *run)
{
	(void)run;
	return polled.ticks >= 4;
}

static int64_t shortest_interval(const char *low)
{
	char setting[40];
	struct corerun *run;

	snprintf(setting, sizeof(setting), "low_bandwidth=%s", low);
	run = corerun_open_with("http://127.0.0.1:1",
	                        (const char *const[]){"token=pat_abc_def", setting, NULL});
	polled = (struct ticking){.shortest_ms = 1000000};
	polled.poll = core_poll_create(run->core, interval, tick, &polled);
	core_poll_now(polled.poll);
	corerun_until(run, four_times, "four polls");
	core_poll_destroy(polled.poll);
	corerun_close(run);
	return polled.shortest_ms;
}

static void polls_are_halved(void **state)
{
	(void)state;
	assert_true(shortest_interval("no") >= POLL_MS - 1);
	assert_true(shortest_interval("yes") >= 2 * POLL_MS - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(seconds_are_waited_for),
	    cmocka_unit_test(a_date_is_waited_for),
	    cmocka_unit_test(nonsense_is_passed_over),
	    cmocka_unit_test(polls_are_halved),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
