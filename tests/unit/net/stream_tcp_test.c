/*
 * TCP: dialling real loopback sockets, refusals, the deadline, the race over addresses, a lookup
 * that outlives its stream, hang-ups, and the parser of addresses.
 */
#include "net/stream_tcp.h"

#include "base/mem.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

struct world {
	struct prism_clock_manual clock;
	struct prism_loop *loop;
	struct prism_work *work;
	int listener;
	uint16_t port;
	struct net_stream *stream;
	bool told, up, destroy_when_told;
	struct prism_error err;
	unsigned ready, ready_calls;
};

static int setup(void **state)
{
	struct world *w = prism_alloc(sizeof(*w));
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(0x7f000001)};
	socklen_t len = sizeof(address);
	prism_clock_manual_init(&w->clock, 0);
	w->loop = prism_loop_create(&w->clock.clock);
	w->work = prism_work_create(w->loop, 1);
	w->listener = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(bind(w->listener, (struct sockaddr *)&address, len), 0);
	assert_int_equal(listen(w->listener, 0), 0);
	assert_int_equal(getsockname(w->listener, (struct sockaddr *)&address, &len), 0);
	w->port = ntohs(address.sin_port);
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;
	net_stream_destroy(w->stream);
	prism_work_destroy(w->work);
	prism_loop_destroy(w->loop);
	if (w->listener >= 0)
		close(w->listener);
	prism_free(w);
	return 0;
}

static void connected(void *data, const struct prism_error *err)
{
	struct world *w = data;
	w->told = true;
	w->up = !err;
	prism_error_copy(&w->err, err);
	if (w->destroy_when_told) {
		net_stream_destroy(w->stream);
		w->stream = NULL;
	}
}

static void ready(void *data, unsigned events)
{
	struct world *w = data;
	w->ready |= events;
	w->ready_calls++;
}

static void dial(struct world *w, const char *host, uint16_t port)
{
	w->told = w->up = false;
	prism_error_clear(&w->err);
	w->stream = net_stream_tcp_create(w->loop, w->work, host, port, 3000);
	net_stream_connect(w->stream, connected, ready, w);
	assert_false(w->told);
}

static void turns(struct world *w, const bool *flag)
{
	for (int i = 0; i < 500 && !*flag; i++)
		(void)prism_loop_turn(w->loop, 20);
	assert_true(*flag);
}

static void test_connects_and_carries(void **state)
{
	struct world *w = *state;
	struct prism_error err = PRISM_ERROR_INIT;
	char text[16] = "";
	dial(w, "127.0.0.1", w->port);
	turns(w, &w->told);
	assert_true(w->up);
	int peer = accept(w->listener, NULL, NULL);
	assert_int_equal(net_stream_read(w->stream, text, sizeof(text), &err), NET_STREAM_AGAIN);
	assert_int_equal(net_stream_write(w->stream, "ping", 4, &err), 4);
	assert_int_equal(read(peer, text, sizeof(text)), 4);
	assert_int_equal(write(peer, "pong!", 5), 5);
	net_stream_want(w->stream, PRISM_LOOP_READ);
	for (int i = 0; i < 100 && !w->ready; i++)
		(void)prism_loop_turn(w->loop, 20);
	assert_int_equal(w->ready, PRISM_LOOP_READ);
	assert_int_equal(net_stream_read(w->stream, text, sizeof(text), &err), 5);
	net_stream_shutdown_write(w->stream);
	assert_int_equal(read(peer, text, sizeof(text)), 0);
	close(peer);
	PRISM_AUTO_FREE char *words = net_stream_describe(w->stream);
	PRISM_AUTO_FREE char *want = prism_asprintf("TCP 127.0.0.1:%u", w->port);
	assert_string_equal(words, want);
}

static void test_refused(void **state)
{
	struct world *w = *state;
	close(w->listener);
	w->listener = -1;
	dial(w, "127.0.0.1", w->port);
	turns(w, &w->told);
	assert_false(w->up);
	assert_int_equal(w->err.category, PRISM_ERROR_IO);
	assert_non_null(strstr(w->err.message, "127.0.0.1"));
	assert_string_not_equal(w->err.hint, "");
	assert_string_not_equal(w->err.peer, "");
}

static void test_name_with_several_addresses(void **state)
{
	struct world *w = *state;
	struct addrinfo *found = NULL;
	if (getaddrinfo("localhost", NULL, NULL, &found) != 0)
		skip(); /* a machine without even a hosts file */
	freeaddrinfo(found);
	dial(w, "localhost", w->port); /* where ::1 comes first it is refused, and the next one wins */
	turns(w, &w->told);
	assert_true(w->up);
}

static void test_unknown_name(void **state)
{
	struct world *w = *state;
	dial(w, "no-such-host.invalid", w->port);
	turns(w, &w->told);
	assert_int_equal(w->err.category, PRISM_ERROR_IO);
	assert_non_null(strstr(w->err.message, "no-such-host.invalid"));
}

static void test_deadline(void **state)
{
	struct world *w = *state;
	int filler[8];
	struct sockaddr_in address = {
	    .sin_family = AF_INET, .sin_port = htons(w->port), .sin_addr.s_addr = htonl(0x7f000001)};
	/* A listener whose queue is full answers no further handshake. */
	for (size_t i = 0; i < PRISM_COUNT(filler); i++) {
		filler[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
		(void)!connect(filler[i], (struct sockaddr *)&address, sizeof(address));
	}
	dial(w, "127.0.0.1", w->port);
	(void)prism_loop_turn(w->loop, 0);
	(void)prism_loop_turn(w->loop, 0);
	prism_clock_manual_advance(&w->clock, 2999);
	(void)prism_loop_turn(w->loop, 0);
	assert_false(w->told);
	prism_clock_manual_advance(&w->clock, 1);
	turns(w, &w->told);
	assert_int_equal(w->err.category, PRISM_ERROR_TIMEOUT);
	for (size_t i = 0; i < PRISM_COUNT(filler); i++)
		close(filler[i]);
}

static void test_destroyed_at_every_stage(void **state)
{
	struct world *w = *state;
	static const char *const hosts[] = {"127.0.0.1", "localhost", "no-such-host.invalid"};
	assert_int_equal(listen(w->listener, 64), 0); /* nobody accepts what is dialled here */
	for (size_t i = 0; i < PRISM_COUNT(hosts); i++) {
		for (int stage = 0; stage < 4; stage++) {
			dial(w, hosts[i], w->port);
			for (int turn = 0; turn < stage; turn++)
				(void)prism_loop_turn(w->loop, 0);
			bool was_told = w->told;
			net_stream_destroy(w->stream);
			w->stream = NULL;
			(void)prism_loop_turn(w->loop, 0);
			assert_int_equal(w->told, was_told);
		}
	}
	w->destroy_when_told = true;
	dial(w, "127.0.0.1", w->port);
	turns(w, &w->told);
	assert_null(w->stream);
}

static void test_hangup_is_read_not_spun_on(void **state)
{
	struct world *w = *state;
	struct prism_error err = PRISM_ERROR_INIT;
	int pair[2];
	char byte;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	w->stream = net_stream_fd_create(w->loop, pair[0]);
	net_stream_connect(w->stream, connected, ready, w);
	turns(w, &w->told);
	net_stream_want(w->stream, PRISM_LOOP_READ);
	close(pair[1]);
	(void)prism_loop_turn(w->loop, 100);
	assert_int_equal(w->ready, PRISM_LOOP_READ);
	assert_int_equal(net_stream_read(w->stream, &byte, 1, &err), 0);
	assert_int_equal(net_stream_write(w->stream, "x", 1, &err), -1); /* and no SIGPIPE */
	assert_int_equal(err.category, PRISM_ERROR_IO);
	net_stream_want(w->stream, 0);
	w->ready_calls = 0;
	for (int i = 0; i < 5; i++)
		(void)prism_loop_turn(w->loop, 0);
	assert_int_equal(w->ready_calls, 0);
}

static void test_addresses(void **state)
{
	static const struct {
		const char *text;
		uint16_t fallback;
		const char *host;
		uint16_t port; /* 0: refused */
	} rows[] = {
	    {"agent.example:7002", 0, "agent.example", 7002},
	    {"127.0.0.1:1", 0, "127.0.0.1", 1},
	    {"[::1]:65535", 0, "::1", 65535},
	    {"[::1]", 7002, "::1", 7002},
	    {"host", 7002, "host", 7002},
	    {"host", 0, NULL, 0},
	    {":7002", 0, NULL, 0},
	    {"", 7002, NULL, 0},
	    {"host:", 7002, NULL, 0},
	    {"host:0", 7002, NULL, 0},
	    {"host:65536", 0, NULL, 0},
	    {"host:70x", 0, NULL, 0},
	    {"::1:7002", 0, NULL, 0},
	    {"[::1", 7002, NULL, 0},
	    {"[::1]x", 7002, NULL, 0},
	    {"[]:1", 0, NULL, 0},
	    {"a b:1", 0, NULL, 0},
	    {"user@host:1", 0, NULL, 0},
	    {"http://host:1", 0, NULL, 0},
	};
	for (size_t i = 0; i < PRISM_COUNT(rows); i++) {
		struct prism_error err = PRISM_ERROR_INIT;
		char *host = NULL;
		uint16_t port = 0;
		int parsed = net_address_parse(rows[i].text, rows[i].fallback, &host, &port, &err);
		assert_int_equal(parsed, rows[i].port ? 0 : -1);
		if (parsed == 0) {
			assert_string_equal(host, rows[i].host);
			assert_int_equal(port, rows[i].port);
		} else {
			assert_int_equal(err.category, PRISM_ERROR_INVALID);
		}
		prism_free(host);
	}
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
	    T(test_connects_and_carries),
	    T(test_refused),
	    T(test_name_with_several_addresses),
	    T(test_unknown_name),
	    T(test_deadline),
	    T(test_destroyed_at_every_stage),
	    T(test_hangup_is_read_not_spun_on),
	    cmocka_unit_test(test_addresses),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
