/*
 * The pump, in the server's role, against clients made of raw bytes: a good client cut at every
 * byte, garbage, floods, hang-ups at every byte; and a connection that cannot be made.
 */
#include "net/h2.h"

#include "base/mem.h"
#include "net/stream_tcp.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#define PREFACE "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
/* SETTINGS; HEADERS stream 1, END_STREAM: GET http://x/, by the static table (RFC 7541 appendix A)
 */
#define REQUEST "\0\0\0\4\0\0\0\0\0\0\0\6\1\5\0\0\0\1\x82\x84\x86\1\1x"
#define REQUEST_LEN (9 + 9 + 6)

struct world {
	struct prism_loop *loop;
	struct net_h2 *h2;
	int peer;
	unsigned settled, requests;
	bool over;
	struct prism_error err;
	struct net_h2_body body;
	unsigned pulls;
	int32_t stream_id;
	struct prism_buf heard;
};

static int body_next(void *data, struct prism_buf *out)
{
	struct world *w = data;
	switch (w->pulls++) {
	case 0:
		return NET_STREAM_AGAIN;
	case 1:
		prism_buf_puts(out, "message");
		return 1;
	default:
		return 0;
	}
}

static int on_frame(nghttp2_session *session, const nghttp2_frame *frame, void *user)
{
	struct world *w = net_h2_user(user);
	assert_true(net_h2_busy(w->h2));
	if (frame->hd.type != NGHTTP2_HEADERS)
		return 0;
	w->requests++;
	w->stream_id = frame->hd.stream_id;
	w->body.next = body_next;
	w->body.data = w;
	const nghttp2_nv status = {(uint8_t *)(uintptr_t) ":status", (uint8_t *)(uintptr_t) "200", 7, 3,
	                           0};
	const nghttp2_data_provider provider = net_h2_body_provider(&w->body);
	return nghttp2_submit_response(session, frame->hd.stream_id, &status, 1, &provider);
}

static void settled(void *data, bool over, const struct prism_error *err)
{
	struct world *w = data;
	assert_false(net_h2_busy(w->h2));
	assert_false(w->over);
	w->settled++;
	w->over = over;
	prism_error_copy(&w->err, err);
}

static void start(struct world *w, struct net_stream *stream)
{
	nghttp2_session_callbacks *callbacks;
	assert_int_equal(nghttp2_session_callbacks_new(&callbacks), 0);
	nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, on_frame);
	const struct net_h2_config config = {
	    .server = true, .callbacks = callbacks, .settled = settled, .data = w};
	w->over = false;
	w->requests = w->pulls = w->settled = 0;
	w->body = (struct net_h2_body){0};
	prism_buf_init(&w->body.message, 4096);
	prism_error_clear(&w->err);
	prism_buf_clear(&w->heard);
	w->h2 = net_h2_create(w->loop, stream, &config);
	nghttp2_session_callbacks_del(callbacks);
	net_h2_connect(w->h2);
}

static void open_pair(struct world *w)
{
	int pair[2];
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	(void)fcntl(pair[1], F_SETFL, O_NONBLOCK);
	w->peer = pair[1];
	start(w, net_stream_fd_create(w->loop, pair[0]));
}

static void end(struct world *w)
{
	net_h2_destroy(w->h2);
	net_h2_body_finish(&w->body);
	if (w->peer >= 0)
		close(w->peer);
	w->h2 = NULL;
	w->peer = -1;
}

static void turns(struct world *w, int count)
{
	char bytes[4096];
	ssize_t got;
	for (int i = 0; i < count; i++) {
		(void)prism_loop_turn(w->loop, 0);
		while (w->peer >= 0 && (got = read(w->peer, bytes, sizeof(bytes))) > 0)
			prism_buf_put(&w->heard, bytes, (size_t)got);
	}
}

static void say(struct world *w, const char *bytes, size_t size)
{
	assert_int_equal(write(w->peer, bytes, size), size);
	turns(w, 3);
}

static bool heard(const struct world *w, const char *bytes, size_t size)
{
	for (size_t i = 0; i + size <= w->heard.len; i++)
		if (memcmp(w->heard.data + i, bytes, size) == 0)
			return true;
	return false;
}

static int setup(void **state)
{
	struct world *w = prism_alloc(sizeof(*w));
	w->loop = prism_loop_create(prism_clock_system());
	w->peer = -1;
	prism_buf_init(&w->heard, 16u << 20);
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;
	end(w);
	prism_loop_destroy(w->loop);
	prism_buf_finish(&w->heard);
	prism_free(w);
	return 0;
}

static void test_request_and_deferred_answer(void **state)
{
	struct world *w = *state;
	open_pair(w);
	say(w, PREFACE REQUEST, 24 + REQUEST_LEN);
	assert_int_equal(w->requests, 1);
	assert_true(net_h2_up(w->h2));
	assert_false(heard(w, "message", 7)); /* the body said: not yet */
	net_h2_body_resume(w->h2, &w->body, w->stream_id);
	turns(w, 3);
	assert_true(heard(w, "\0\0\0\0\7message", 12));
	assert_int_equal(w->body.sent, 7);
}

static void test_cut_at_every_byte(void **state)
{
	struct world *w = *state;
	for (size_t cut = 0; cut <= 24 + REQUEST_LEN; cut++) {
		open_pair(w);
		say(w, PREFACE REQUEST, cut);
		say(w, &(PREFACE REQUEST)[cut], 24 + REQUEST_LEN - cut);
		assert_int_equal(w->requests, 1);
		assert_false(w->over);
		end(w);
	}
}

static void test_hang_up_at_every_byte(void **state)
{
	struct world *w = *state;
	for (size_t len = 0; len <= 24 + REQUEST_LEN; len++) {
		open_pair(w);
		say(w, PREFACE REQUEST, len);
		close(w->peer);
		w->peer = -1;
		turns(w, 4);
		assert_true(w->over);
		assert_int_equal(w->err.category, PRISM_ERROR_IO);
		end(w);
	}
}

static void test_garbage(void **state)
{
	struct world *w = *state;
	open_pair(w);
	say(w, "GET / HTTP/1.1\r\nHost: x\r\n\r\n", 27);
	assert_true(w->over);
	assert_int_equal(w->err.category, PRISM_ERROR_PROTOCOL);
	unsigned told = w->settled;
	net_h2_schedule(w->h2); /* over means over */
	turns(w, 3);
	assert_int_equal(w->settled, told);
}

static void test_violation_is_answered_with_goaway(void **state)
{
	struct world *w = *state;
	open_pair(w);
	say(w,
	    PREFACE "\0\0\0\4\0\0\0\0\0"
	            "\0\0\4\x8\0\0\0\0\0\0\0\0\0",
	    24 + 9 + 13);
	turns(w, 3);
	assert_true(w->over);
	assert_int_equal(w->err.category, PRISM_ERROR_PROTOCOL);
	assert_true(heard(w, "\x7\0\0\0\0\0", 6)); /* GOAWAY on stream 0 */
}

/* A peer that asks for acknowledgements and never reads them may not fill our memory. */
static void test_ping_flood(void **state)
{
	struct world *w = *state;
	open_pair(w);
	(void)!write(w->peer, PREFACE "\0\0\0\4\0\0\0\0\0", 24 + 9);
	for (int i = 0; i < 400000 && !w->over; i++) {
		ssize_t put = write(w->peer, "\0\0\x8\6\0\0\0\0\0abcdefgh", 17);
		if (put != 17)
			(void)prism_loop_turn(w->loop, 0); /* and what comes back stays unread */
	}
	assert_true(w->over);
	assert_int_equal(w->err.category, PRISM_ERROR_PROTOCOL);
}

static void test_connection_that_fails(void **state)
{
	struct world *w = *state;
	struct prism_work *work = prism_work_create(w->loop, 1);
	start(w, net_stream_tcp_create(w->loop, work, "127.0.0.1", 1, 1000));
	for (int i = 0; i < 100 && !w->over; i++)
		(void)prism_loop_turn(w->loop, 20);
	assert_true(w->over);
	assert_false(net_h2_up(w->h2));
	assert_int_equal(w->err.category, PRISM_ERROR_IO);
	end(w);
	prism_work_destroy(work);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
	    T(test_request_and_deferred_answer),
	    T(test_cut_at_every_byte),
	    T(test_hang_up_at_every_byte),
	    T(test_garbage),
	    T(test_violation_is_answered_with_goaway),
	    T(test_ping_flood),
	    T(test_connection_that_fails),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
