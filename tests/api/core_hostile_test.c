/*
 * The domain library against a server that misbehaves, and against time: many requests and one dead
 * token, sessions that end in the middle of work, answers of absurd size, a clock an hour off,
 * cancelling, and going away with requests in flight.
 */
#include "base/mem.h"
#include "core/computation.h"
#include "core/cvm.h"
#include "core/list.h"
#include "core/request.h"
#include "core/watch.h"
#include "core/workspace.h"
#include "tests/lib/corerun.h"
#include "tests/lib/peer.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <string.h>

#include <cmocka.h>

struct server {
	struct peer *peer;
	atomic_int refreshes, logins, lists, refused; /* requests seen */
	atomic_int good_token;                        /* only "T<n>" with this n is accepted */
	atomic_bool refresh_dead, hour_off, silent;
	char *list; /* body of a list answer; NULL: paged */
	atomic_int paged_total;
	bool out_of_order; /* the second page is answered after the fourth was */
	bool fourth_answered;
	pthread_mutex_t lock; /* of the two above */
	pthread_cond_t change;
	atomic_int resets; /* so many connections are reset in place of an answer */
	char url[64];
};

static void reply(struct peer_conn *conn, const struct server *s, int status, const char *body,
                  size_t len)
{
	char head[512];
	/* The sandbox's now is ours: an hour off is the year 2001. */
	snprintf(head, sizeof(head),
	         "HTTP/1.1 %d X\r\nContent-Type: application/json\r\n%sContent-Length: %zu\r\n\r\n",
	         status, s->hour_off ? "Date: Fri, 09 Nov 2001 09:09:09 GMT\r\n" : "", len);
	/* One write: two would wait for the delayed acknowledgement of the first. */
	struct prism_buf out = PRISM_BUF_INIT(65u << 20);
	prism_buf_puts(&out, head);
	prism_buf_put(&out, body, len);
	peer_write(conn, out.data, out.len);
	prism_buf_finish(&out);
}

static void reply_text(struct peer_conn *conn, const struct server *s, int status, const char *body)
{
	reply(conn, s, status, body, strlen(body));
}

static void reply_tokens(struct peer_conn *conn, struct server *s)
{
	char body[128];
	snprintf(body, sizeof(body), "{\"access_token\":\"T%d\",\"refresh_token\":\"R\"}",
	         atomic_load(&s->good_token));
	reply_text(conn, s, 201, body);
}

static void reply_page(struct peer_conn *conn, struct server *s, const char *request)
{
	const char *limit_at = strstr(request, "limit="), *offset_at = strstr(request, "offset=");
	long limit = limit_at ? strtol(limit_at + 6, NULL, 10) : 10;
	long offset = offset_at ? strtol(offset_at + 7, NULL, 10) : 0, total = s->paged_total;
	struct prism_buf body = PRISM_BUF_INIT(64u << 20);
	prism_buf_printf(&body, "{\"total\":%ld,\"computations\":[", total);
	for (long i = offset; i < offset + limit && i < total; i++)
		prism_buf_printf(&body, "%s{\"id\":\"c%ld\",\"name\":\"Computation %ld\"}",
		                 i > offset ? "," : "", i, i);
	prism_buf_puts(&body, "]}");
	pthread_mutex_lock(&s->lock);
	while (s->out_of_order && offset == 100 && !s->fourth_answered)
		pthread_cond_wait(&s->change, &s->lock);
	pthread_mutex_unlock(&s->lock);
	reply(conn, s, 200, body.data, body.len);
	pthread_mutex_lock(&s->lock);
	s->fourth_answered = s->fourth_answered || offset == 300;
	pthread_cond_broadcast(&s->change);
	pthread_mutex_unlock(&s->lock);
	prism_buf_finish(&body);
}

/* False: the connection ends here. */
static bool answer(struct peer_conn *conn, struct server *s, const char *request)
{
	char bearer[64];
	snprintf(bearer, sizeof(bearer), "Bearer T%d\r\n", atomic_load(&s->good_token));
	if (strstr(request, "/tokens/issue")) {
		s->logins++;
		reply_tokens(conn, s);
	} else if (strstr(request, "/tokens/refresh")) {
		s->refreshes++;
		if (s->refresh_dead)
			reply_text(conn, s, 401, "{\"message\":\"token expired\"}");
		else
			reply_tokens(conn, s);
	} else if (!strstr(request, bearer)) {
		s->refused++;
		reply_text(conn, s, 401, "{\"message\":\"unauthenticated\"}");
	} else if (strstr(request, "/profile")) {
		reply_text(conn, s, 200, "{\"id\":\"u1\"}");
	} else if (s->resets > 0) {
		s->resets--;
		peer_reset(conn);
		return false;
	} else if (s->silent) {
		peer_wait_closed(conn);
	} else {
		s->lists++;
		if (s->list)
			reply_text(conn, s, 200, s->list);
		else
			reply_page(conn, s, request);
	}
	return true;
}

static void serve(struct peer_conn *conn, void *data)
{
	char *request = prism_alloc(65536);
	while (peer_read_request(conn, request, 65536) && answer(conn, data, request))
		;
	prism_free(request);
}

static struct corerun *open_signed_in(struct server *s, const struct prism_clock *clock)
{
	pthread_mutex_init(&s->lock, NULL);
	pthread_cond_init(&s->change, NULL);
	s->peer = peer_start(serve, s, NULL);
	snprintf(s->url, sizeof(s->url), "http://127.0.0.1:%u", peer_port(s->peer));
	struct corerun *run = corerun_open(s->url, clock);
	corerun_login(run, "ada", "secret");
	core_workspace_select(run->core, "w1", "Lab");
	return run;
}

static void shut(struct server *s, struct corerun *run)
{
	corerun_close(run);
	peer_stop(s->peer);
	prism_free(s->list);
}

struct tally {
	unsigned good, bad, cancelled;
	struct prism_error last;
};

static void counted(void *data, const struct core_reply *reply_, const struct prism_error *err)
{
	struct tally *tally = data;
	if (!err)
		tally->good++;
	else if (err->category == PRISM_ERROR_CANCELLED)
		tally->cancelled++;
	else
		tally->bad++;
	if (err)
		tally->last = *err;
}

static void start_many(struct corerun *run, struct tally *tally, int count)
{
	struct core_call call = {.endpoint = CORE_EP_COMP_LIST};
	for (int i = 0; i < count; i++)
		assert_non_null(core_request_start(run->core, &call, NULL, counted, tally, NULL));
}

/* --- tokens --- */

static void test_401_storm_refreshes_once(void **state)
{
	struct server s = {.good_token = 1};
	struct corerun *run = open_signed_in(&s, NULL);
	struct tally tally = {0};
	s.good_token = 2; /* the token dies */
	start_many(run, &tally, 40);
	corerun_settle(run);
	assert_int_equal(tally.good, 40);
	assert_int_equal(s.refreshes, 1);
	assert_int_equal(s.logins, 1);
	shut(&s, run);
}

static void test_dead_session_parks_and_goes_on(void **state)
{
	struct server s = {.good_token = 1};
	struct corerun *run = open_signed_in(&s, NULL);
	struct tally tally = {0};
	s.good_token = 2;
	s.refresh_dead = true;
	start_many(run, &tally, 5);
	while (core_parked(run->core) < 5)
		prism_loop_turn(run->loop, 50);
	assert_int_equal(core_session_state(run->core), CORE_SESSION_LOGIN_NEEDED);
	assert_int_equal(core_pending(run->core), 5);
	assert_int_equal(tally.good + tally.bad, 0);
	assert_int_equal(s.refreshes, 1);
	/* what starts now waits, too */
	start_many(run, &tally, 1);
	corerun_turns(run, 50);
	assert_int_equal(core_parked(run->core), 6);
	/* and a write that was refused for its token is sent again: the server did nothing */
	corerun_login(run, "ada", "secret");
	corerun_settle(run);
	assert_int_equal(tally.good, 6);
	assert_int_equal(core_parked(run->core), 0);
	assert_int_equal(core_session_state(run->core), CORE_SESSION_SIGNED_IN);
	shut(&s, run);
}

static void test_dead_session_fails_without_parking(void **state)
{
	struct server s = {.good_token = 1};
	struct corerun *run = open_signed_in(&s, NULL);
	struct tally tally = {0};
	core_request_set_parking(run->core, false);
	s.good_token = 2;
	s.refresh_dead = true;
	start_many(run, &tally, 3);
	corerun_settle(run);
	assert_int_equal(tally.bad, 3);
	assert_int_equal(tally.last.category, PRISM_ERROR_AUTH);
	shut(&s, run);
}

static void test_giving_up_the_login_fails_what_waited(void **state)
{
	struct server s = {.good_token = 1};
	struct corerun *run = open_signed_in(&s, NULL);
	struct tally tally = {0};
	s.good_token = 2;
	s.refresh_dead = true;
	start_many(run, &tally, 2);
	while (core_parked(run->core) < 2)
		prism_loop_turn(run->loop, 50);
	core_session_abandon(run->core);
	assert_int_equal(tally.bad, 2);
	assert_int_equal(core_pending(run->core), 0);
	shut(&s, run);
}

static void test_logout_wipes_and_refuses(void **state)
{
	struct server s = {.good_token = 1, .paged_total = 3};
	struct corerun *run = open_signed_in(&s, NULL);
	assert_int_equal(
	    core_list_await(core_computations(run->core), true, NULL, corerun_done, run, NULL), 0);
	assert_int_equal(corerun_wait(run), PRISM_ERROR_NONE);
	core_session_logout(run->core);
	assert_int_equal(core_list_count(core_computations(run->core)), 0);
	assert_int_equal(core_session_access_left_ms(run->core), 0);
	assert_string_equal(core_workspace_id(run->core), "");
	struct prism_error err = PRISM_ERROR_INIT;
	struct core_call call = {.endpoint = CORE_EP_COMP_LIST};
	assert_null(core_request_start(run->core, &call, NULL, counted, NULL, &err));
	assert_int_equal(err.category, PRISM_ERROR_AUTH);
	shut(&s, run);
}

/* A token from the configuration: nobody signed in, so whose it is has to be asked; and it cannot
 * be renewed, so a refusal asks for a login at once. */
static void test_access_token(void **state)
{
	struct server s = {.good_token = 1};
	s.list = prism_strdup("{\"total\":1,\"domains\":[{\"id\":\"w1\",\"name\":\"Lab\"}]}");
	s.peer = peer_start(serve, &s, NULL);
	snprintf(s.url, sizeof(s.url), "http://127.0.0.1:%u", peer_port(s.peer));
	struct corerun *run = corerun_open(s.url, NULL);
	core_destroy(run->core); /* the token is read when a core is made */
	assert_int_equal(core_options_set(run->options, CORE_OPT_TOKEN, "T1", NULL), 0);
	run->core = core_create(run->loop, run->work, run->options);
	assert_int_equal(core_workspace_enter(run->core, NULL, NULL, corerun_done, run, NULL), 0);
	assert_int_equal(corerun_wait(run), PRISM_ERROR_NONE);
	corerun_settle(run);
	assert_string_equal(core_workspace_id(run->core), "w1");
	assert_string_equal(core_session_user_id(run->core), "u1");
	struct tally tally = {0};
	s.good_token = 2;
	start_many(run, &tally, 2);
	while (core_parked(run->core) < 2)
		prism_loop_turn(run->loop, 50);
	assert_int_equal(core_session_state(run->core), CORE_SESSION_LOGIN_NEEDED);
	assert_int_equal(s.refreshes, 0);
	assert_non_null(strstr(core_session_error(run->core)->hint, "personal access tokens"));
	corerun_login(run, "ada", "secret");
	corerun_settle(run);
	assert_int_equal(tally.good, 2);
	shut(&s, run);
}

/* --- sizes --- */

static void test_hundred_thousand_entries_in_one_answer(void **state)
{
	struct server s = {.good_token = 1};
	struct prism_buf body = PRISM_BUF_INIT(64u << 20);
	prism_buf_puts(&body, "{\"total\":100000,\"computations\":[");
	for (int i = 0; i < 100000; i++)
		prism_buf_printf(&body, "%s{\"id\":\"c%d\",\"name\":\"n\"}", i ? "," : "", i);
	prism_buf_puts(&body, "]}");
	s.list = prism_buf_take(&body, NULL);
	struct corerun *run = open_signed_in(&s, NULL);
	struct core_list *list = core_computations(run->core);
	assert_int_equal(core_list_await(list, true, NULL, corerun_done, run, NULL), 0);
	assert_int_equal(corerun_wait(run), PRISM_ERROR_NONE);
	assert_int_equal(core_list_count(list), 100000);
	assert_int_equal(core_list_index(list, "c99999"), 99999);
	assert_int_equal(s.lists, 1);
	shut(&s, run);
}

static void test_many_pages_become_one_list(void **state)
{
	struct server s = {.good_token = 1, .paged_total = 20000};
	struct corerun *run = open_signed_in(&s, NULL);
	struct core_list *list = core_computations(run->core);
	assert_int_equal(core_list_await(list, false, NULL, corerun_done, run, NULL), 0);
	/* the first page is there long before the last */
	while (core_list_count(list) == 0)
		prism_loop_turn(run->loop, 50);
	assert_true(core_list_status(list)->loading);
	assert_int_equal(core_list_status(list)->freshness, CORE_READY);
	assert_int_equal(core_list_status(list)->total, 20000);
	assert_int_equal(corerun_wait(run), PRISM_ERROR_NONE);
	assert_int_equal(core_list_count(list), 20000);
	assert_int_equal(s.lists, 200);
	/* in the server's order, although several pages were on their way at once */
	for (size_t i = 0; i < 20000; i++)
		assert_int_equal(strtol(core_computation_at(list, i)->id + 1, NULL, 10), i);
	/* a refresh keeps showing the old ones until the new ones are whole */
	s.paged_total = 19000;
	core_list_refresh(list);
	for (int i = 0; i < 20; i++) {
		prism_loop_turn(run->loop, 10);
		assert_true(core_list_count(list) == 20000 || !core_list_status(list)->loading);
	}
	corerun_settle(run);
	assert_int_equal(core_list_count(list), 19000);
	/* and a visible part is one request */
	int before = s.lists;
	core_list_refresh_range(list, 500, 40);
	corerun_settle(run);
	assert_int_equal(s.lists, before + 1);
	shut(&s, run);
}

static void test_pages_that_overtake_each_other(void **state)
{
	struct server s = {.good_token = 1, .paged_total = 650, .out_of_order = true};
	struct corerun *run = open_signed_in(&s, NULL);
	struct core_list *list = core_computations(run->core);
	assert_int_equal(core_list_await(list, false, NULL, corerun_done, run, NULL), 0);
	assert_int_equal(corerun_wait(run), PRISM_ERROR_NONE);
	assert_true(s.fourth_answered);
	assert_int_equal(core_list_count(list), 650);
	for (size_t i = 0; i < 650; i++)
		assert_int_equal(strtol(core_computation_at(list, i)->id + 1, NULL, 10), i);
	shut(&s, run);
}

static void test_absurd_total_is_capped(void **state)
{
	struct server s = {.good_token = 1};
	s.list = prism_strdup("{\"total\":9000000000000000000,\"computations\":[{\"id\":\"a\"}]}");
	struct corerun *run = open_signed_in(&s, NULL);
	core_list_load(core_computations(run->core));
	while (core_list_count(core_computations(run->core)) == 0)
		prism_loop_turn(run->loop, 50);
	assert_int_equal(core_list_status(core_computations(run->core))->total, CORE_LIST_MAX);
	shut(&s, run); /* in the middle of it */
}

static void test_ten_megabyte_strings(void **state)
{
	struct server s = {.good_token = 1};
	size_t size = 10u << 20;
	char *big = prism_alloc(size + 1);
	memset(big, 'x', size);
	s.list = prism_asprintf("{\"total\":1,\"computations\":[{\"id\":\"a\",\"name\":\"%s\"}]}", big);
	prism_free(big);
	struct corerun *run = open_signed_in(&s, NULL);
	struct core_list *list = core_computations(run->core);
	assert_int_equal(core_list_await(list, true, NULL, corerun_done, run, NULL), 0);
	assert_int_equal(corerun_wait(run), PRISM_ERROR_NONE);
	assert_true(strlen(core_computation_at(list, 0)->name) <= 65536);
	shut(&s, run);
}

static void test_deep_nesting_is_refused(void **state)
{
	struct server s = {.good_token = 1};
	s.list = prism_alloc(200001);
	memset(s.list, '[', 200000);
	struct corerun *run = open_signed_in(&s, NULL);
	assert_int_equal(
	    core_list_await(core_computations(run->core), true, NULL, corerun_done, run, NULL), 0);
	assert_int_equal(corerun_wait(run), PRISM_ERROR_PROTOCOL);
	shut(&s, run);
}

/* --- time and the wire --- */

static void test_clock_off_is_told_once_and_harmless(void **state)
{
	struct server s = {.good_token = 1, .paged_total = 1, .hour_off = true};
	struct corerun *run = open_signed_in(&s, NULL);
	assert_int_equal(
	    core_list_await(core_computations(run->core), true, NULL, corerun_done, run, NULL), 0);
	assert_int_equal(corerun_wait(run), PRISM_ERROR_NONE);
	prism_loop_turn(run->loop, 0);
	assert_non_null(strstr(run->notice, "clock of this machine"));
	assert_int_equal(run->events[CORE_EVENT_NOTICE], 1);
	assert_true(core_clock_skew_us(run->core) < -CORE_SKEW_WARN_US);
	assert_int_equal(s.refreshes, 0);
	shut(&s, run);
}

static void test_reset_connections_are_tried_again(void **state)
{
	struct server s = {.good_token = 1, .paged_total = 1, .resets = 2};
	struct corerun *run = open_signed_in(&s, NULL);
	assert_int_equal(
	    core_list_await(core_computations(run->core), true, NULL, corerun_done, run, NULL), 0);
	assert_int_equal(corerun_wait(run), PRISM_ERROR_NONE);
	assert_int_equal(core_connection(run->core), CORE_CONN_UP);
	shut(&s, run);
}

static void test_nobody_there(void **state)
{
	struct corerun *run = corerun_open("http://127.0.0.1:1", NULL);
	assert_int_equal(core_session_login(run->core, "ada", prism_secret_from_text("x"), NULL,
	                                    corerun_done, run, NULL),
	                 0);
	assert_int_equal(corerun_wait(run), PRISM_ERROR_IO);
	assert_string_equal(run->err.operation, "sign in");
	assert_non_null(strstr(run->err.peer, "127.0.0.1:1"));
	assert_int_not_equal(run->err.hint[0], 0);
	assert_int_equal(core_connection(run->core), CORE_CONN_DOWN);
	corerun_close(run);
}

static void test_cancelling(void **state)
{
	struct server s = {.good_token = 1, .silent = true};
	struct corerun *run = open_signed_in(&s, NULL);
	struct tally tally = {0};
	struct prism_cancel *cancel = prism_cancel_create(core_cancel(run->core));
	struct core_call call = {.endpoint = CORE_EP_COMP_LIST};
	assert_non_null(core_request_start(run->core, &call, cancel, counted, &tally, NULL));
	assert_non_null(core_request_start(run->core, &call, cancel, counted, &tally, NULL));
	corerun_turns(run, 50);
	prism_cancel_fire(cancel);
	assert_int_equal(tally.cancelled, 0); /* never from inside */
	corerun_settle(run);
	assert_int_equal(tally.cancelled, 2);
	/* and before it was even sent */
	assert_non_null(core_request_start(run->core, &call, cancel, counted, &tally, NULL));
	assert_int_equal(tally.cancelled, 2);
	corerun_settle(run);
	assert_int_equal(tally.cancelled, 3);
	prism_cancel_destroy(cancel);
	shut(&s, run);
}

static void test_going_away_with_requests_in_flight(void **state)
{
	struct server s = {.good_token = 1, .silent = true};
	struct corerun *run = open_signed_in(&s, NULL);
	struct tally tally = {0};
	start_many(run, &tally, 3);
	struct core_watch *watch = core_watch(run->core, CORE_WATCH_COMPUTATIONS, NULL);
	struct core_watch *detail = core_watch(run->core, CORE_WATCH_COMPUTATION, "c1");
	struct core_watch *timeline = core_watch(run->core, CORE_WATCH_TIMELINE, "c1");
	corerun_turns(run, 100);
	start_many(run, &tally, 2);
	core_unwatch(watch);
	core_unwatch(detail);
	core_unwatch(timeline);
	shut(&s, run);
	assert_int_equal(tally.cancelled, 5);
	assert_int_equal(tally.good + tally.bad, 0);
}

static void test_nothing_is_polled_that_nobody_watches(void **state)
{
	struct server s = {.good_token = 1, .paged_total = 1};
	struct corerun *run = open_signed_in(&s, NULL);
	assert_int_equal(core_options_assign(run->options, "interval_idle=10ms", NULL), 0);
	struct core_watch *watch = core_watch(run->core, CORE_WATCH_COMPUTATIONS, NULL);
	while (s.lists < 4)
		prism_loop_turn(run->loop, 50);
	/* held: out of sight */
	core_watch_hold(watch, true);
	corerun_settle(run);
	int held = s.lists;
	corerun_turns(run, 60);
	assert_int_equal(s.lists, held);
	core_watch_hold(watch, false);
	while (s.lists < held + 2)
		prism_loop_turn(run->loop, 50);
	core_unwatch(watch);
	corerun_settle(run);
	int seen = s.lists;
	assert_int_equal(prism_loop_next_deadline_ms(run->loop) <= 50 &&
	                     prism_loop_next_deadline_ms(run->loop) >= 0,
	                 0);
	corerun_turns(run, 60);
	assert_int_equal(s.lists, seen);
	/* following off: one look, then silence */
	assert_int_equal(core_options_assign(run->options, "follow=no", NULL), 0);
	watch = core_watch(run->core, CORE_WATCH_CVMS, NULL);
	corerun_turns(run, 60);
	corerun_settle(run);
	assert_int_equal(s.lists, seen + 1);
	core_unwatch(watch);
	shut(&s, run);
}

static void test_another_workspace_starts_empty(void **state)
{
	struct server s = {.good_token = 1, .paged_total = 350};
	struct corerun *run = open_signed_in(&s, NULL);
	struct core_list *list = core_computations(run->core);
	struct core_watch *watch = core_watch(run->core, CORE_WATCH_COMPUTATIONS, NULL);
	struct core_watch *detail = core_watch(run->core, CORE_WATCH_COMPUTATION, "c1");
	while (core_list_count(list) == 0)
		prism_loop_turn(run->loop, 50);
	s.paged_total = 2;
	core_workspace_select(run->core, "w2", "Other"); /* in the middle of the load */
	assert_int_equal(core_list_count(list), 0);
	assert_int_equal(core_list_status(list)->freshness, CORE_EMPTY);
	assert_null(core_computation_get(run->core, "c1"));
	while (core_list_status(list)->freshness != CORE_READY)
		prism_loop_turn(run->loop, 50);
	corerun_settle(run);
	assert_int_equal(core_list_count(list), 2); /* nothing of the former arrived late */
	core_unwatch(detail);
	core_unwatch(watch);
	shut(&s, run);
}

/* Getters for a thing nobody loaded, details of many computations: all of it is bounded and
 * harmless. */
static void test_many_computations_looked_at(void **state)
{
	struct server s = {.good_token = 1, .paged_total = 1};
	struct corerun *run = open_signed_in(&s, NULL);
	for (int i = 0; i < 200; i++) {
		char id[16], reason[100];
		snprintf(id, sizeof(id), "c%d", i);
		struct core_watch *watch = core_watch(run->core, CORE_WATCH_COMPUTATION, id);
		(void)core_computation_may(run->core, id, CORE_ACTION_RUN, reason, sizeof(reason));
		assert_int_equal(core_participants(run->core, id).algo_count, 0);
		if (i % 20 == 0)
			corerun_settle(run);
		core_unwatch(watch);
	}
	corerun_settle(run);
	shut(&s, run);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_401_storm_refreshes_once),
	    cmocka_unit_test(test_dead_session_parks_and_goes_on),
	    cmocka_unit_test(test_dead_session_fails_without_parking),
	    cmocka_unit_test(test_giving_up_the_login_fails_what_waited),
	    cmocka_unit_test(test_logout_wipes_and_refuses),
	    cmocka_unit_test(test_access_token),
	    cmocka_unit_test(test_hundred_thousand_entries_in_one_answer),
	    cmocka_unit_test(test_many_pages_become_one_list),
	    cmocka_unit_test(test_pages_that_overtake_each_other),
	    cmocka_unit_test(test_absurd_total_is_capped),
	    cmocka_unit_test(test_ten_megabyte_strings),
	    cmocka_unit_test(test_deep_nesting_is_refused),
	    cmocka_unit_test(test_clock_off_is_told_once_and_harmless),
	    cmocka_unit_test(test_reset_connections_are_tried_again),
	    cmocka_unit_test(test_nobody_there),
	    cmocka_unit_test(test_cancelling),
	    cmocka_unit_test(test_going_away_with_requests_in_flight),
	    cmocka_unit_test(test_nothing_is_polled_that_nobody_watches),
	    cmocka_unit_test(test_another_workspace_starts_empty),
	    cmocka_unit_test(test_many_computations_looked_at),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
