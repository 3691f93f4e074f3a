/*
 * The client call against a server made of raw bytes: good answers cut at every byte, ended at
 * every byte and with every byte changed; refusals followed by a reset of the connection; GOAWAY;
 * peers that are no gRPC server or a hostile one; what the client itself puts on the wire.
 * Calls between our own two sides are in tests/unit/sandbox/grpc_server_test.c.
 */
#include "net/grpc.h"
#include "net/stream_tcp.h"

#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <nghttp2/nghttp2.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

struct world {
	struct prism_loop *loop;
	struct net_grpc_channel *channel;
	struct net_grpc_call *call;
	int peer;
	struct prism_buf heard; /* what the client sent */
	unsigned to_send, messages, headers;
	size_t piece;
	bool done;
	int status;
	struct prism_error err;
};

/* The server's bytes. */

static void frame(struct prism_buf *wire, uint8_t type, uint8_t flags, uint32_t stream,
                  const void *payload, size_t size)
{
	const uint8_t head[9] = {
	    (uint8_t)(size >> 16), (uint8_t)(size >> 8), (uint8_t)size, type, flags, 0, 0, 0,
	    (uint8_t)stream};
	prism_buf_put(wire, head, sizeof(head));
	prism_buf_put(wire, payload, size);
}

/* HPACK: literal without indexing, new name, no Huffman (RFC 7541 section 6.2.2). */
static void field(struct prism_buf *block, const char *name, const char *value)
{
	prism_buf_putc(block, 0);
	prism_buf_putc(block, (char)strlen(name));
	prism_buf_puts(block, name);
	prism_buf_putc(block, (char)strlen(value));
	prism_buf_puts(block, value);
}

/* Pairs of name and value, NULL-terminated. */
static void headers(struct prism_buf *wire, bool end, const char *const *pairs)
{
	struct prism_buf block = PRISM_BUF_INIT(65536);
	for (; *pairs; pairs += 2)
		field(&block, pairs[0], pairs[1]);
	frame(wire, 1, end ? 0x5 : 0x4, 1, block.data, block.len);
	prism_buf_finish(&block);
}
#define HEADERS(wire, end, ...) headers((wire), (end), (const char *const[]){__VA_ARGS__, NULL})
#define GRPC_200 ":status", "200", "content-type", "application/grpc"

static void good_answer(struct prism_buf *wire)
{
	frame(wire, 4, 0, 0, "", 0);
	HEADERS(wire, false, GRPC_200, "file-size", "5");
	frame(wire, 0, 0, 1, "\0\0\0\0\5hel", 8);
	frame(wire, 0, 0, 1, "lo\0\0\0\0\0", 7);
	HEADERS(wire, true, "grpc-status", "0");
}

/* The client. */

static int next(void *data, struct prism_buf *out, struct prism_error *err)
{
	struct world *w = data;
	if (w->to_send == 0)
		return 0;
	w->to_send--;
	char *piece = prism_alloc(w->piece + 1);
	prism_buf_put(out, piece, w->piece);
	prism_free(piece);
	return 1;
}

static void on_headers(void *data, const struct net_grpc_metadata *items, size_t count)
{
	struct world *w = data;
	w->headers += (unsigned)count;
}

static int on_message(void *data, const void *msg, size_t len, struct prism_error *err)
{
	struct world *w = data;
	w->messages++;
	return 0;
}

static void on_done(void *data, int status, const struct prism_error *err)
{
	struct world *w = data;
	w->done = true;
	w->status = status;
	prism_error_copy(&w->err, err);
}

static void start(struct world *w, int fd, int peer)
{
	static const struct net_grpc_metadata metadata[] = {{"signature", "c2VjcmV0", true},
	                                                    {"algo_type", "bin", false}};
	struct prism_error err = PRISM_ERROR_INIT;
	const struct net_grpc_call_spec spec = {.path = "/agent.AgentService/Algo",
	                                        .metadata = metadata,
	                                        .metadata_count = 2,
	                                        .timeout_ms = 60000,
	                                        .next_message = next,
	                                        .on_headers = on_headers,
	                                        .on_message = w->piece == 7 ? NULL : on_message,
	                                        .done = on_done,
	                                        .data = w};
	w->peer = peer;
	w->done = false;
	w->messages = w->headers = 0;
	prism_error_clear(&w->err);
	prism_buf_clear(&w->heard);
	(void)fcntl(peer, F_SETFL, O_NONBLOCK);
	w->channel = net_grpc_channel_create(w->loop, net_stream_fd_create(w->loop, fd),
	                                     "agent.example:7002", false);
	w->call = net_grpc_call_start(w->channel, &spec, NULL, &err);
	assert_non_null(w->call);
}

static void open_pair(struct world *w)
{
	int pair[2];
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	start(w, pair[0], pair[1]);
}

static void end(struct world *w)
{
	net_grpc_channel_destroy(w->channel);
	w->channel = NULL;
	if (w->peer >= 0)
		close(w->peer);
	w->peer = -1;
}

static void hear(struct world *w)
{
	char bytes[65536];
	ssize_t got;
	while (w->peer >= 0 && (got = read(w->peer, bytes, sizeof(bytes))) > 0)
		if (w->heard.len < 100000)
			prism_buf_put(&w->heard, bytes, (size_t)got);
}

static void turns(struct world *w, int count)
{
	for (int i = 0; i < count && !w->done; i++) {
		(void)prism_loop_turn(w->loop, 0);
		hear(w);
	}
}

static void say(struct world *w, const void *bytes, size_t size)
{
	assert_int_equal(write(w->peer, bytes, size), size);
	turns(w, 4);
}

/* Feeds a whole conversation and then hangs up. */
static void answer(struct world *w, const struct prism_buf *wire)
{
	open_pair(w);
	turns(w, 6);
	if (wire->len > 0)
		say(w, wire->data, wire->len);
	turns(w, 6);
}

static void hang_up(struct world *w)
{
	hear(w);
	close(w->peer);
	w->peer = -1;
	turns(w, 10);
	assert_true(w->done);
}

static int setup(void **state)
{
	struct world *w = prism_alloc(sizeof(*w));
	w->loop = prism_loop_create(prism_clock_system());
	w->peer = -1;
	prism_buf_init(&w->heard, 1u << 20);
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

static void test_good_answer(void **state)
{
	struct world *w = *state;
	struct prism_buf wire = PRISM_BUF_INIT(65536);
	good_answer(&wire);
	answer(w, &wire);
	assert_true(w->done);
	assert_int_equal(w->status, NET_GRPC_OK);
	assert_int_equal(w->messages, 2);
	assert_int_equal(w->headers, 2);
	prism_buf_finish(&wire);
}

static void test_cut_at_every_byte(void **state)
{
	struct world *w = *state;
	struct prism_buf wire = PRISM_BUF_INIT(65536);
	good_answer(&wire);
	for (size_t cut = 0; cut <= wire.len; cut++) {
		open_pair(w);
		turns(w, 6);
		say(w, wire.data, cut);
		say(w, wire.data + cut, wire.len - cut);
		turns(w, 6);
		assert_true(w->done);
		assert_int_equal(w->status, NET_GRPC_OK);
		assert_int_equal(w->messages, 2);
		end(w);
	}
	open_pair(w);
	turns(w, 6);
	for (size_t i = 0; i < wire.len; i++)
		say(w, wire.data + i, 1);
	turns(w, 6);
	assert_int_equal(w->status, NET_GRPC_OK);
	prism_buf_finish(&wire);
}

static void test_ended_at_every_byte(void **state)
{
	struct world *w = *state;
	struct prism_buf wire = PRISM_BUF_INIT(65536);
	good_answer(&wire);
	for (size_t len = 0; len < wire.len; len++) {
		open_pair(w);
		turns(w, 6);
		say(w, wire.data, len);
		hang_up(w);
		assert_int_equal(w->status, NET_GRPC_UNAVAILABLE);
		assert_int_equal(w->err.category, PRISM_ERROR_IO);
		end(w);
	}
	prism_buf_finish(&wire);
}

static void test_every_byte_changed(void **state)
{
	struct world *w = *state;
	struct prism_buf wire = PRISM_BUF_INIT(65536);
	static const uint8_t changes[] = {0x01, 0x80, 0xff};
	good_answer(&wire);
	for (size_t i = 0; i < wire.len; i++) {
		for (size_t c = 0; c < PRISM_COUNT(changes); c++) {
			wire.data[i] = (char)(wire.data[i] ^ changes[c]);
			answer(w, &wire);
			if (!w->done)
				hang_up(w);
			end(w);
			wire.data[i] = (char)(wire.data[i] ^ changes[c]);
		}
	}
	prism_buf_finish(&wire);
}

static void answer_expect(struct world *w, struct prism_buf *wire, int status, const char *message)
{
	answer(w, wire);
	if (!w->done)
		hang_up(w);
	assert_int_equal(w->status, status);
	if (message)
		assert_string_equal(w->err.message, message);
	end(w);
	prism_buf_clear(wire);
	frame(wire, 4, 0, 0, "", 0);
}

static void test_answers_that_are_not_right(void **state)
{
	struct world *w = *state;
	struct prism_buf wire = PRISM_BUF_INIT(1u << 20);
	frame(&wire, 4, 0, 0, "", 0);

	HEADERS(&wire, false, ":status", "502", "content-type", "text/plain");
	frame(&wire, 0, 1, 1, "backend is down", 15);
	answer_expect(w, &wire, NET_GRPC_UNAVAILABLE, "HTTP status 502: backend is down");

	HEADERS(&wire, true, ":status", "200", "content-type", "text/html");
	answer_expect(w, &wire, NET_GRPC_UNKNOWN, "the answer is not gRPC: content type text/html");

	HEADERS(&wire, true, GRPC_200);
	answer_expect(w, &wire, NET_GRPC_INTERNAL, "the server ended the call without a status");

	HEADERS(&wire, false, GRPC_200);
	frame(&wire, 0, 0, 1, "\0\0\0\0\5hel", 8);
	HEADERS(&wire, true, "grpc-status", "0");
	answer_expect(w, &wire, NET_GRPC_INTERNAL, "the last message of the answer is cut off");

	HEADERS(&wire, false, GRPC_200);
	frame(&wire, 0, 0, 1, "\1\0\0\0\1x", 6);
	answer_expect(w, &wire, NET_GRPC_INTERNAL,
	              "a compressed message arrived, but no compression was agreed");

	HEADERS(&wire, false, GRPC_200);
	frame(&wire, 0, 0, 1, "\0\x7f\0\0\0", 5);
	answer_expect(w, &wire, NET_GRPC_RESOURCE_EXHAUSTED, NULL);

	frame(&wire, 0, 0, 1, "\0\0\0\0\0", 5); /* data before headers */
	answer_expect(w, &wire, NET_GRPC_UNAVAILABLE, NULL);

	frame(&wire, 3, 0, 1, "\0\0\0\7", 4); /* REFUSED_STREAM */
	answer_expect(w, &wire, NET_GRPC_UNAVAILABLE, "the server reset the call (HTTP/2 code 7)");
	prism_buf_finish(&wire);
}

static void test_hostile_frames(void **state)
{
	struct world *w = *state;
	static const struct {
		uint8_t type, flags;
		uint32_t stream;
		const char *payload;
		size_t size;
	} rows[] = {
	    {5, 4, 1, "\0\0\0\2", 4},             /* PUSH_PROMISE, which was switched off */
	    {4, 0, 0, "\0\5\0\0\0\1", 6},         /* SETTINGS_MAX_FRAME_SIZE below the minimum */
	    {4, 0, 0, "\0\4\xff\xff\xff\xff", 6}, /* window above 2^31-1 */
	    {4, 0, 0, "xxxxx", 5},                /* not a multiple of 6 */
	    {8, 0, 0, "\0\0\0\0", 4},             /* WINDOW_UPDATE of nothing */
	    {8, 0, 0, "\x7f\xff\xff\xff", 4},     /* that overflows the window */
	    {6, 0, 0, "xxxxxxx", 7},              /* PING of 7 bytes */
	    {9, 4, 1, "", 0},                     /* CONTINUATION of nothing */
	    {1, 4, 2, "", 0},                     /* HEADERS on a stream of the server's own */
	    {1, 4, 0, "", 0},                     /* on the connection */
	    {0, 8, 1, "\xff", 1},                 /* padding longer than the frame */
	    {1, 4, 1, "\xff\xff\xff\xff\xff", 5}, /* HPACK garbage */
	    {1, 4, 1, "\x80", 1},                 /* index 0 */
	};
	for (size_t i = 0; i < PRISM_COUNT(rows); i++) {
		struct prism_buf wire = PRISM_BUF_INIT(4096);
		frame(&wire, 4, 0, 0, "", 0);
		frame(&wire, 4, 1, 0, "", 0); /* ours are in force from here on */
		frame(&wire, rows[i].type, rows[i].flags, rows[i].stream, rows[i].payload, rows[i].size);
		answer(w, &wire);
		assert_true(w->done); /* at once, not when the peer hangs up */
		assert_int_equal(w->err.category, PRISM_ERROR_PROTOCOL);
		assert_false(net_grpc_channel_usable(w->channel));
		end(w);
		prism_buf_finish(&wire);
	}
}

static void test_frame_larger_than_agreed(void **state)
{
	struct world *w = *state;
	struct prism_buf wire = PRISM_BUF_INIT(1u << 20);
	char *large = prism_alloc(300000);
	frame(&wire, 4, 0, 0, "", 0);
	frame(&wire, 0, 0, 1, large, 300000);
	prism_free(large);
	answer(w, &(struct prism_buf){.data = wire.data, .len = 9 + 9});
	assert_true(w->done);
	assert_int_equal(w->err.category, PRISM_ERROR_PROTOCOL);
	prism_buf_finish(&wire);
}

static void test_floods(void **state)
{
	struct world *w = *state;
	struct prism_buf wire = PRISM_BUF_INIT(1u << 20);
	frame(&wire, 4, 0, 0, "", 0);
	for (int i = 0; i < 40; i++)
		HEADERS(&wire, false, ":status", "103");
	answer_expect(w, &wire, NET_GRPC_RESOURCE_EXHAUSTED,
	              "the server sent interim answers without end");

	const char *pairs[2 * 300 + 5] = {GRPC_200};
	for (size_t i = 4; i < 604; i += 2) {
		pairs[i] = "x";
		pairs[i + 1] = "y";
	}
	headers(&wire, false, pairs);
	answer_expect(w, &wire, NET_GRPC_RESOURCE_EXHAUSTED, "the server sent too many headers");
	prism_buf_finish(&wire);
}

static void test_http1_server(void **state)
{
	struct world *w = *state;
	struct prism_buf wire = PRISM_BUF_INIT(4096);
	prism_buf_puts(&wire, "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
	answer(w, &wire);
	assert_true(w->done);
	assert_int_equal(w->err.category, PRISM_ERROR_PROTOCOL);
	assert_string_not_equal(w->err.hint, "");
	prism_buf_finish(&wire);
}

static void test_goaway(void **state)
{
	struct world *w = *state;
	struct prism_buf wire = PRISM_BUF_INIT(4096);
	frame(&wire, 4, 0, 0, "", 0);
	frame(&wire, 7, 0, 0, "\0\0\0\0\0\0\0\0moving house", 20); /* nothing was taken up */
	answer(w, &wire);
	assert_true(w->done);
	assert_int_equal(w->status, NET_GRPC_UNAVAILABLE);
	assert_string_equal(w->err.message, "moving house");
	assert_false(net_grpc_channel_usable(w->channel));
	end(w);
	/* With our stream among those taken up, the call is still answered. */
	prism_buf_clear(&wire);
	frame(&wire, 4, 0, 0, "", 0);
	frame(&wire, 7, 0, 0, "\0\0\0\1\0\0\0\0", 8);
	HEADERS(&wire, true, GRPC_200, "grpc-status", "0");
	answer(w, &wire);
	assert_true(w->done);
	assert_int_equal(w->status, NET_GRPC_OK);
	assert_false(net_grpc_channel_usable(w->channel));
	prism_buf_finish(&wire);
}

static void test_unexpected_message(void **state)
{
	struct world *w = *state;
	struct prism_buf wire = PRISM_BUF_INIT(4096);
	good_answer(&wire);
	w->piece = 7; /* start() then leaves on_message out */
	answer(w, &wire);
	assert_int_equal(w->status, NET_GRPC_INTERNAL);
	assert_string_equal(w->err.message, "an unexpected message arrived");
	prism_buf_finish(&wire);
}

/* A server that refuses, then closes with unread data, so that the kernel resets the connection
 * under an upload in full swing: the reason must still come through. */
static void test_reason_survives_a_reset(void **state)
{
	struct world *w = *state;
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(0x7f000001)};
	socklen_t len = sizeof(address);
	struct prism_buf wire = PRISM_BUF_INIT(4096);
	frame(&wire, 4, 0, 0, "\0\4\x7f\xff\xff\xff", 6); /* a huge window, so that we do send */
	frame(&wire, 8, 0, 0, "\x7f\x00\0\0", 4);
	HEADERS(&wire, true, GRPC_200, "grpc-status", "16", "grpc-message", "wrong key");
	for (int round = 0; round < 20; round++) {
		int listener = socket(AF_INET, SOCK_STREAM, 0), peer, fd = socket(AF_INET, SOCK_STREAM, 0);
		address.sin_port = 0;
		assert_int_equal(bind(listener, (struct sockaddr *)&address, len), 0);
		assert_int_equal(listen(listener, 1), 0);
		assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &len), 0);
		assert_int_equal(connect(fd, (struct sockaddr *)&address, len), 0);
		peer = accept(listener, NULL, NULL);
		close(listener);
		w->to_send = 1000;
		w->piece = 1u << 20;
		start(w, fd, peer);
		for (int i = 0; i < 5; i++) /* nobody reads what comes */
			(void)prism_loop_turn(w->loop, 0);
		size_t first = 9 + 6 + 9 + 4; /* settings and window */
		assert_int_equal(write(peer, wire.data, first), first);
		for (int i = 0; i < 3 + round; i++)
			(void)prism_loop_turn(w->loop, 0);
		assert_int_equal(write(peer, wire.data + first, wire.len - first), wire.len - first);
		close(peer); /* with megabytes unread: RST */
		w->peer = -1;
		for (int i = 0; i < 200 && !w->done; i++)
			(void)prism_loop_turn(w->loop, 20);
		assert_true(w->done);
		assert_string_equal(w->err.message, "wrong key");
		assert_int_equal(w->status, NET_GRPC_UNAUTHENTICATED);
		end(w);
	}
	prism_buf_finish(&wire);
}

/* What we send. */

static void inflate(const uint8_t *in, size_t size, bool *ret_secret_kept, bool *ret_complete)
{
	nghttp2_hd_inflater *inflater;
	unsigned found = 0;
	bool never_indexed = false;
	assert_int_equal(nghttp2_hd_inflate_new(&inflater), 0);
	for (;;) {
		nghttp2_nv nv;
		int flags = 0;
		ssize_t used = nghttp2_hd_inflate_hd2(inflater, &nv, &flags, in, size, 1);
		assert_true(used >= 0);
		in += used;
		size -= (size_t)used;
		if (flags & NGHTTP2_HD_INFLATE_EMIT) {
			static const char *const want[] = {"te:trailers",
			                                   "content-type:application/grpc",
			                                   ":path:/agent.AgentService/Algo",
			                                   ":authority:agent.example:7002",
			                                   "grpc-timeout:60000m",
			                                   "algo_type:bin"};
			PRISM_AUTO_FREE char *text = prism_asprintf("%s:%s", nv.name, nv.value);
			for (size_t i = 0; i < PRISM_COUNT(want); i++)
				found += strcmp(text, want[i]) == 0;
			if (strcmp((char *)nv.name, "signature") == 0)
				never_indexed = (nv.flags & NGHTTP2_NV_FLAG_NO_INDEX) != 0;
		}
		if (flags & NGHTTP2_HD_INFLATE_FINAL)
			break;
	}
	nghttp2_hd_inflate_del(inflater);
	*ret_secret_kept = never_indexed;
	*ret_complete = found == 6;
}

static void test_request_on_the_wire(void **state)
{
	struct world *w = *state;
	bool secret_kept = false, complete = false, half_closed = false;
	w->to_send = 1;
	w->piece = 3;
	open_pair(w);
	turns(w, 6);
	const uint8_t *at = (const uint8_t *)w->heard.data, *stop = at + w->heard.len;
	assert_memory_equal(at, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 24);
	for (at += 24; at + 9 <= stop;) {
		size_t size = (size_t)at[0] << 16 | (size_t)at[1] << 8 | at[2];
		if (at[3] == 1)
			inflate(at + 9, size, &secret_kept, &complete);
		if (at[3] == 0 && size > 0)
			assert_memory_equal(at + 9, "\0\0\0\0\3\0\0\0", 8);
		half_closed = half_closed || (at[3] == 0 && (at[4] & 1));
		at += 9 + size;
	}
	assert_true(complete);
	assert_true(secret_kept);
	assert_true(half_closed);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
	    T(test_good_answer),
	    T(test_cut_at_every_byte),
	    T(test_ended_at_every_byte),
	    T(test_every_byte_changed),
	    T(test_answers_that_are_not_right),
	    T(test_hostile_frames),
	    T(test_frame_larger_than_agreed),
	    T(test_floods),
	    T(test_http1_server),
	    T(test_goaway),
	    T(test_unexpected_message),
	    T(test_reason_survives_a_reset),
	    T(test_request_on_the_wire),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
