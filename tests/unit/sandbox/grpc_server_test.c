/*
 * The gRPC server and the client call against each other on loopback: unary, both kinds of
 * streaming, refusals in the middle of an upload, deadlines, cancelling, back pressure, lost
 * connections, health.
 */
#include "base/mem.h"
#include "net/grpc.h"
#include "net/stream_tcp.h"
#include "sandbox/grpc_server.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define MIB (1u << 20)

enum { ECHO, COUNT, FEED, REFUSE, HANG, DROP, METHODS };

struct world {
	struct prism_loop *loop;
	struct prism_work *work;
	struct sb_grpc_server *server;
	struct net_grpc_channel *channel;
	/* server side */
	uint64_t received;
	unsigned messages, gone;
	bool hold; /* COUNT pauses after its first message */
	struct sb_grpc_call *held;
	unsigned feed_left;
	bool feed_waits;
	struct sb_grpc_call *feeding;
	/* client side */
	unsigned to_send, sent;
	size_t message_size;
	int give_up; /* next_message fails after so many */
	uint64_t got;
	unsigned got_messages;
	char last[64];
	char header[64];
	bool done;
	int status;
	struct prism_error err;
	uint64_t reported;
	struct net_grpc_call *call;
};

/* Server. */

static void echo_message(void *service, struct sb_grpc_call *call, const void *msg, size_t len)
{
	sb_grpc_call_header(call, "x-tag", sb_grpc_call_metadata(call, "x-tag", 0));
	sb_grpc_call_reply(call, msg, len);
}

static void count_message(void *service, struct sb_grpc_call *call, const void *msg, size_t len)
{
	struct world *w = service;
	w->received += len;
	w->messages++;
	if (w->hold) {
		sb_grpc_call_pause(call, true);
		w->held = call;
	}
}

static void count_end(void *service, struct sb_grpc_call *call)
{
	sb_grpc_call_reply(call, "", 0);
}

static int feed_next(void *data, struct prism_buf *out)
{
	struct world *w = data;
	if (w->feed_left == 0)
		return 0;
	if (w->feed_waits) {
		w->feed_waits = false;
		return NET_STREAM_AGAIN;
	}
	w->feed_left--;
	char *piece = prism_alloc(MIB);
	prism_buf_put(out, piece, MIB);
	prism_free(piece);
	if (w->feed_left == 3 && w->feeding) {
		sb_grpc_call_finish(w->feeding, NET_GRPC_DATA_LOSS, "the tape tore");
		prism_buf_clear(out);
		return NET_STREAM_AGAIN;
	}
	return 1;
}

static void feed_end(void *service, struct sb_grpc_call *call)
{
	struct world *w = service;
	sb_grpc_call_header(call, "file-size", "8388608");
	sb_grpc_call_stream(call, feed_next, w);
	if (w->feeding)
		w->feeding = call;
}

static void refuse_begin(void *service, struct sb_grpc_call *call)
{
	sb_grpc_call_finish(call, NET_GRPC_UNAUTHENTICATED,
	                    "signature verification failed \xe2\x9c\x97");
}

static void drop_message(void *service, struct sb_grpc_call *call, const void *msg, size_t len)
{
	sb_grpc_call_drop(call);
}

static void hang(void *service, struct sb_grpc_call *call)
{
}

static void any_gone(void *service, struct sb_grpc_call *call)
{
	struct world *w = service;
	w->gone++;
	w->held = NULL;
}

static const struct sb_grpc_method methods[METHODS] = {
    [ECHO] = {"/test.Service/Echo", .message = echo_message, .gone = any_gone},
    [COUNT] = {"/test.Service/Count", .message = count_message, .half_close = count_end,
               .gone = any_gone},
    [FEED] = {"/test.Service/Feed", .half_close = feed_end, .gone = any_gone},
    [REFUSE] = {"/test.Service/Refuse", .begin = refuse_begin, .gone = any_gone},
    [HANG] = {"/test.Service/Hang", .half_close = hang, .gone = any_gone},
    [DROP] = {"/test.Service/Drop", .message = drop_message, .gone = any_gone},
};

/* Client. */

static int client_next(void *data, struct prism_buf *out, struct prism_error *err)
{
	struct world *w = data;
	if (w->give_up && w->sent == (unsigned)w->give_up)
		return prism_error_raise(err, PRISM_ERROR_IO, "the disk is gone");
	if (w->sent == w->to_send)
		return 0;
	w->sent++;
	char *piece = prism_alloc(w->message_size + 1);
	memset(piece, 'm', w->message_size);
	prism_buf_put(out, piece, w->message_size);
	prism_free(piece);
	return 1;
}

static int client_message(void *data, const void *msg, size_t len, struct prism_error *err)
{
	struct world *w = data;
	w->got += len;
	w->got_messages++;
	snprintf(w->last, sizeof(w->last), "%.*s", (int)(len < 60 ? len : 60), (const char *)msg);
	return 0;
}

static void client_headers(void *data, const struct net_grpc_metadata *headers, size_t count)
{
	struct world *w = data;
	for (size_t i = 0; i < count; i++)
		if (strcmp(headers[i].key, "file-size") == 0 || strcmp(headers[i].key, "x-tag") == 0)
			snprintf(w->header, sizeof(w->header), "%s", headers[i].value);
}

static void client_sent(void *data, uint64_t bytes)
{
	struct world *w = data;
	assert_true(bytes > w->reported);
	w->reported = bytes;
}

static void client_done(void *data, int status, const struct prism_error *err)
{
	struct world *w = data;
	assert_false(w->done);
	w->done = true;
	w->status = status;
	assert_int_equal(status == NET_GRPC_OK, err == NULL);
	prism_error_copy(&w->err, err);
}

static struct net_grpc_channel *dial(struct world *w)
{
	char *host;
	uint16_t port;
	struct prism_error err = PRISM_ERROR_INIT;
	assert_int_equal(net_address_parse(sb_grpc_server_address(w->server), 0, &host, &port, &err),
	                 0);
	struct net_stream *stream = net_stream_tcp_create(w->loop, w->work, host, port, 5000);
	prism_free(host);
	return net_grpc_channel_create(w->loop, stream, sb_grpc_server_address(w->server), false);
}

static int setup(void **state)
{
	struct world *w = prism_alloc(sizeof(*w));
	struct prism_error err = PRISM_ERROR_INIT;
	w->loop = prism_loop_create(prism_clock_system());
	w->work = prism_work_create(w->loop, 1);
	const struct sb_grpc_config config = {.listen = "127.0.0.1:0",
	                                      .methods = methods,
	                                      .method_count = METHODS,
	                                      .health_service = "test",
	                                      .service = w};
	w->server = sb_grpc_server_create(w->loop, &config, &err);
	assert_non_null(w->server);
	w->channel = dial(w);
	w->message_size = 4;
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;
	net_grpc_channel_destroy(w->channel);
	sb_grpc_server_destroy(w->server);
	prism_work_destroy(w->work);
	prism_loop_destroy(w->loop);
	prism_free(w);
	return 0;
}

static void start_spec(struct world *w, const char *path, int64_t timeout_ms,
                       struct prism_cancel *cancel)
{
	static const struct net_grpc_metadata metadata[] = {{"x-tag", "blue", false},
	                                                    {"signature", "c2VjcmV0", true}};
	struct prism_error err = PRISM_ERROR_INIT;
	const struct net_grpc_call_spec spec = {.path = path,
	                                        .metadata = metadata,
	                                        .metadata_count = 2,
	                                        .timeout_ms = timeout_ms,
	                                        .next_message = client_next,
	                                        .on_headers = client_headers,
	                                        .on_message = client_message,
	                                        .on_sent = client_sent,
	                                        .done = client_done,
	                                        .data = w};
	w->done = false;
	w->sent = 0;
	w->reported = 0;
	w->call = net_grpc_call_start(w->channel, &spec, cancel, &err);
	assert_non_null(w->call);
	assert_false(w->done);
}

static void turn_until(struct world *w, const bool *flag)
{
	int64_t end = prism_clock_mono_ms(prism_clock_system()) + 20000;
	while (!*flag) {
		assert_true(prism_clock_mono_ms(prism_clock_system()) < end);
		(void)prism_loop_turn(w->loop, 1000);
	}
}

static void call(struct world *w, const char *path)
{
	start_spec(w, path, 0, NULL);
	turn_until(w, &w->done);
}

static void test_unary(void **state)
{
	struct world *w = *state;
	w->to_send = 1;
	call(w, "/test.Service/Echo");
	assert_int_equal(w->status, NET_GRPC_OK);
	assert_string_equal(w->last, "mmmm");
	assert_string_equal(w->header, "blue");
	call(w, "/test.Service/Echo"); /* and again on the same connection */
	assert_int_equal(w->got_messages, 2);
}

static void test_upload(void **state)
{
	struct world *w = *state;
	w->to_send = 40; /* more than every window together */
	w->message_size = MIB;
	call(w, "/test.Service/Count");
	assert_int_equal(w->status, NET_GRPC_OK);
	assert_int_equal(w->received, 40 * MIB);
	assert_int_equal(w->messages, 40);
}

static void test_empty_messages(void **state)
{
	struct world *w = *state;
	w->to_send = 300;
	w->message_size = 0;
	call(w, "/test.Service/Count");
	assert_int_equal(w->messages, 300);
}

static void test_largest_message(void **state)
{
	struct world *w = *state;
	w->to_send = 1;
	w->message_size = NET_GRPC_MESSAGE_MAX;
	call(w, "/test.Service/Count");
	assert_int_equal(w->status, NET_GRPC_OK);
	assert_int_equal(w->received, NET_GRPC_MESSAGE_MAX);
}

static void test_refused_while_uploading(void **state)
{
	struct world *w = *state;
	w->to_send = 100000;
	w->message_size = MIB;
	call(w, "/test.Service/Refuse");
	assert_int_equal(w->status, NET_GRPC_UNAUTHENTICATED);
	assert_int_equal(w->err.category, PRISM_ERROR_AUTH);
	assert_string_equal(w->err.message, "signature verification failed \xe2\x9c\x97");
	assert_true(w->sent < 100);
	/* The connection is still good. */
	w->to_send = 1;
	w->message_size = 4;
	call(w, "/test.Service/Echo");
	assert_int_equal(w->status, NET_GRPC_OK);
}

static void test_download(void **state)
{
	struct world *w = *state;
	w->feed_left = 8;
	w->feed_waits = false;
	call(w, "/test.Service/Feed");
	assert_int_equal(w->status, NET_GRPC_OK);
	assert_int_equal(w->got, 8 * MIB);
	assert_string_equal(w->header, "8388608");
}

static void test_download_breaks_off(void **state)
{
	struct world *w = *state;
	w->feed_left = 8;
	w->feeding = (void *)w; /* set to the call when it begins */
	call(w, "/test.Service/Feed");
	assert_int_equal(w->status, NET_GRPC_DATA_LOSS);
	assert_string_equal(w->err.message, "the tape tore");
	assert_int_equal(w->got, 4 * MIB);
}

static void test_paused_download_holds_the_window(void **state)
{
	struct world *w = *state;
	w->feed_left = 64;
	start_spec(w, "/test.Service/Feed", 0, NULL);
	net_grpc_call_pause(w->call, true);
	for (int i = 0; i < 200 && prism_loop_turn(w->loop, 20); i++)
		;
	assert_false(w->done);
	assert_true(w->got <= 9 * MIB); /* one stream window, and what was pulled for it */
	net_grpc_call_pause(w->call, false);
	turn_until(w, &w->done);
	assert_int_equal(w->got, 64 * MIB);
}

static void test_server_back_pressure(void **state)
{
	struct world *w = *state;
	w->hold = true;
	w->to_send = 64;
	w->message_size = MIB;
	start_spec(w, "/test.Service/Count", 0, NULL);
	for (int i = 0; i < 200 && prism_loop_turn(w->loop, 20); i++)
		;
	assert_true(w->received <= 9 * MIB);
	assert_non_null(w->held);
	w->hold = false;
	sb_grpc_call_pause(w->held, false);
	turn_until(w, &w->done);
	assert_int_equal(w->received, 64 * MIB);
}

static void test_deadline(void **state)
{
	struct world *w = *state;
	start_spec(w, "/test.Service/Hang", 30, NULL);
	turn_until(w, &w->done);
	assert_int_equal(w->status, NET_GRPC_DEADLINE_EXCEEDED);
	assert_int_equal(w->err.category, PRISM_ERROR_TIMEOUT);
}

static void test_cancel(void **state)
{
	struct world *w = *state;
	struct prism_cancel *cancel = prism_cancel_create(NULL);
	start_spec(w, "/test.Service/Hang", 0, cancel);
	for (int i = 0; i < 50; i++)
		(void)prism_loop_turn(w->loop, 1);
	prism_cancel_fire(cancel);
	assert_false(w->done); /* later, from the loop */
	turn_until(w, &w->done);
	assert_int_equal(w->err.category, PRISM_ERROR_CANCELLED);
	while (w->gone == 0) /* the server hears of it */
		(void)prism_loop_turn(w->loop, 1000);
	prism_cancel_destroy(cancel);
}

static void test_cancelled_before_connected(void **state)
{
	struct world *w = *state;
	start_spec(w, "/test.Service/Hang", 0, NULL);
	net_grpc_call_abort(w->call);
	turn_until(w, &w->done);
	assert_int_equal(w->err.category, PRISM_ERROR_CANCELLED);
	w->to_send = 1;
	call(w, "/test.Service/Echo");
	assert_int_equal(w->status, NET_GRPC_OK);
}

static void test_source_gives_up(void **state)
{
	struct world *w = *state;
	w->to_send = 100;
	w->give_up = 3;
	call(w, "/test.Service/Count");
	assert_int_equal(w->status, NET_GRPC_CANCELLED);
	assert_string_equal(w->err.message, "the disk is gone");
	assert_int_equal(w->err.category, PRISM_ERROR_IO);
}

static void test_connection_dropped(void **state)
{
	struct world *w = *state;
	w->to_send = 50;
	w->message_size = MIB;
	call(w, "/test.Service/Drop");
	assert_int_equal(w->status, NET_GRPC_UNAVAILABLE);
	assert_int_equal(w->err.category, PRISM_ERROR_IO);
	assert_false(net_grpc_channel_usable(w->channel));
	struct prism_error err = PRISM_ERROR_INIT;
	const struct net_grpc_call_spec spec = {
	    .path = "/x/y", .next_message = client_next, .done = client_done, .data = w};
	assert_null(net_grpc_call_start(w->channel, &spec, NULL, &err));
	assert_int_equal(err.status, NET_GRPC_UNAVAILABLE);
}

static void test_nobody_listens(void **state)
{
	struct world *w = *state;
	sb_grpc_server_destroy(w->server);
	w->server = NULL;
	call(w, "/test.Service/Echo");
	assert_int_equal(w->status, NET_GRPC_UNAVAILABLE);
	assert_int_equal(w->err.category, PRISM_ERROR_IO);
	assert_string_not_equal(w->err.hint, "");
}

static void test_unknown_methods(void **state)
{
	struct world *w = *state;
	call(w, "/test.Service/Nope");
	assert_int_equal(w->status, NET_GRPC_UNIMPLEMENTED);
	assert_string_equal(w->err.message, "unknown method Nope for service test.Service");
	call(w, "/other.Service/Nope");
	assert_string_equal(w->err.message, "unknown service other.Service");
}

static int health_next(void *data, struct prism_buf *out, struct prism_error *err)
{
	struct world *w = data;
	if (w->sent++ > 0)
		return 0;
	uint8_t tag[2] = {0x0a, (uint8_t)strlen(w->header)};
	prism_buf_put(out, tag, 2);
	prism_buf_puts(out, w->header);
	return 1;
}

static int health(struct world *w, const char *service)
{
	struct prism_error err = PRISM_ERROR_INIT;
	const struct net_grpc_call_spec spec = {.path = "/grpc.health.v1.Health/Check",
	                                        .next_message = health_next,
	                                        .on_message = client_message,
	                                        .done = client_done,
	                                        .data = w};
	snprintf(w->header, sizeof(w->header), "%s", service);
	w->done = false;
	w->sent = 0;
	assert_non_null(net_grpc_call_start(w->channel, &spec, NULL, &err));
	turn_until(w, &w->done);
	return w->status;
}

static void test_health(void **state)
{
	struct world *w = *state;
	assert_int_equal(health(w, ""), NET_GRPC_OK);
	assert_string_equal(w->last, "\x08\x01");
	assert_int_equal(health(w, "test"), NET_GRPC_OK);
	assert_int_equal(health(w, "toast"), NET_GRPC_NOT_FOUND);
}

static void test_metadata_refused(void **state)
{
	struct world *w = *state;
	struct prism_error err = PRISM_ERROR_INIT;
	struct net_grpc_metadata bad[] = {{"algo_args", "na\xc3\xafve", false}};
	struct net_grpc_call_spec spec = {.path = "/x/y",
	                                  .metadata = bad,
	                                  .metadata_count = 1,
	                                  .next_message = client_next,
	                                  .done = client_done,
	                                  .data = w};
	assert_null(net_grpc_call_start(w->channel, &spec, NULL, &err));
	assert_int_equal(err.category, PRISM_ERROR_INVALID);
	bad[0] = (struct net_grpc_metadata){"Upper", "x", false};
	assert_null(net_grpc_call_start(w->channel, &spec, NULL, &err));
	bad[0] = (struct net_grpc_metadata){"a b", "line\nbreak", false};
	assert_null(net_grpc_call_start(w->channel, &spec, NULL, &err));
}

static void destroy_in_done(void *data, int status, const struct prism_error *err)
{
	struct world *w = data;
	w->done = true;
	net_grpc_channel_destroy(w->channel);
	w->channel = NULL;
}

static int destroy_in_message(void *data, const void *msg, size_t len, struct prism_error *err)
{
	struct world *w = data;
	w->got_messages++;
	w->done = true;
	net_grpc_channel_destroy(w->channel);
	w->channel = NULL;
	return 0;
}

static void test_channel_destroyed_in_callbacks(void **state)
{
	struct world *w = *state;
	struct prism_error err = PRISM_ERROR_INIT;
	struct net_grpc_call_spec spec = {.path = "/test.Service/Feed",
	                                  .next_message = client_next,
	                                  .on_message = client_message,
	                                  .done = destroy_in_done,
	                                  .data = w};
	w->feed_left = 2;
	assert_non_null(net_grpc_call_start(w->channel, &spec, NULL, &err));
	assert_non_null(net_grpc_call_start(w->channel, &spec, NULL, &err));
	turn_until(w, &w->done);
	w->channel = dial(w);
	spec.on_message = destroy_in_message;
	w->feed_left = 8;
	w->done = false;
	w->got_messages = 0;
	assert_non_null(net_grpc_call_start(w->channel, &spec, NULL, &err));
	turn_until(w, &w->done);
	for (int i = 0; i < 20; i++)
		(void)prism_loop_turn(w->loop, 1);
	assert_int_equal(w->got_messages, 1);
}

static void test_progress_is_reported(void **state)
{
	struct world *w = *state;
	w->hold = true; /* the call stays open, so everything that left was reported */
	w->to_send = 6;
	w->message_size = MIB;
	start_spec(w, "/test.Service/Count", 0, NULL);
	for (int i = 0; i < 200 && w->reported < 6 * MIB; i++)
		(void)prism_loop_turn(w->loop, 20);
	assert_int_equal(w->reported, 6 * MIB);
}

static void test_many_calls_at_once(void **state)
{
	struct world *w = *state;
	struct prism_error err = PRISM_ERROR_INIT;
	struct world each[100];
	memset(each, 0, sizeof(each));
	for (size_t i = 0; i < PRISM_COUNT(each); i++) { /* more than the server takes at a time */
		each[i].to_send = 3;
		each[i].message_size = 1000;
		const struct net_grpc_call_spec spec = {.path = "/test.Service/Count",
		                                        .next_message = client_next,
		                                        .on_message = client_message,
		                                        .done = client_done,
		                                        .data = &each[i]};
		assert_non_null(net_grpc_call_start(w->channel, &spec, NULL, &err));
	}
	for (size_t i = 0; i < PRISM_COUNT(each); i++) {
		turn_until(w, &each[i].done);
		assert_int_equal(each[i].status, NET_GRPC_OK);
	}
	assert_int_equal(w->received, 300000);
}

static void test_bad_listen_addresses(void **state)
{
	struct world *w = *state;
	static const char *const bad[] = {"127.0.0.1", "nowhere.invalid:0", ":7002", "127.0.0.1:x"};
	for (size_t i = 0; i < PRISM_COUNT(bad); i++) {
		struct prism_error err = PRISM_ERROR_INIT;
		const struct sb_grpc_config config = {.listen = bad[i]};
		assert_null(sb_grpc_server_create(w->loop, &config, &err));
		assert_int_equal(err.category, PRISM_ERROR_INVALID);
	}
	struct prism_error err = PRISM_ERROR_INIT;
	const struct sb_grpc_config taken = {.listen = sb_grpc_server_address(w->server)};
	assert_null(sb_grpc_server_create(w->loop, &taken, &err));
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
	    T(test_unary),
	    T(test_upload),
	    T(test_empty_messages),
	    T(test_largest_message),
	    T(test_refused_while_uploading),
	    T(test_download),
	    T(test_download_breaks_off),
	    T(test_paused_download_holds_the_window),
	    T(test_server_back_pressure),
	    T(test_deadline),
	    T(test_cancel),
	    T(test_cancelled_before_connected),
	    T(test_source_gives_up),
	    T(test_connection_dropped),
	    T(test_nobody_listens),
	    T(test_unknown_methods),
	    T(test_health),
	    T(test_metadata_refused),
	    T(test_channel_destroyed_in_callbacks),
	    T(test_progress_is_reported),
	    T(test_many_calls_at_once),
	    T(test_bad_listen_addresses),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
