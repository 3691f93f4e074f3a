/* What a gRPC server may send back: any bytes in any pieces end the call exactly once, and messages
 * stay within their cap.  The server is a stream layer that plays the input. */
#include "tests/fuzz/fuzz.h"

#include "base/list.h"
#include "base/mem.h"
#include "net/grpc.h"

#include <string.h>

#define SETTINGS "\0\0\0\004\0\0\0\0\0"
#define SETTINGS_ACK "\0\0\0\004\001\0\0\0\0"
#define STATUS_200 "\x88"
#define CONTENT_TYPE \
	"\x40\x0c"       \
	"content-type"   \
	"\x10"           \
	"application/grpc"
#define GRPC_STATUS(digit) \
	"\x40\x0b"             \
	"grpc-status"          \
	"\x01" digit
#define HEADERS(len, flags) "\0\0" len "\001" flags "\0\0\0\001"

const struct fuzz_seed fuzz_seeds[] = {
    /* an answer of one message, then trailers */
    FUZZ_TEXT("\x20" SETTINGS SETTINGS_ACK HEADERS("\x20", "\004") STATUS_200 CONTENT_TYPE
              "\0\0\x0a\0\0\0\0\0\001"
              "\0\0\0\0\005hello" HEADERS("\x0f", "\005") GRPC_STATUS("0")),
    /* trailers only: refused */
    FUZZ_TEXT("\x01" SETTINGS HEADERS("\x2f", "\005") STATUS_200 CONTENT_TYPE GRPC_STATUS("9")),
    /* reset, and the end of the connection */
    FUZZ_TEXT("\x07" SETTINGS "\0\0\004\003\0\0\0\0\001\0\0\0\010"),
    FUZZ_TEXT("\x40" SETTINGS "\0\0\x0d\007\0\0\0\0\0"
              "\0\0\0\001\0\0\0\002"
              "bye.."),
    FUZZ_TEXT("\x10"
              "HTTP/1.1 400 Bad Request\r\n\r\n"),
};
const size_t fuzz_seed_count = PRISM_COUNT(fuzz_seeds);
const char *const fuzz_words[] = {
    "\x88", "grpc-status", "grpc-message", "\x40\x0b", "\x7f\xff\xff\xff", "\001\005", NULL};

struct replay { /* the bottom layer */
	struct net_stream base;
	const uint8_t *data;
	size_t left, piece;
	bool asked;
};

static void wake(void *data)
{
	struct replay *r = data;

	r->asked = false;
	net_stream_layer_ready(&r->base, PRISM_LOOP_READ | PRISM_LOOP_WRITE);
}

static ssize_t replay_read(struct net_stream *s, void *buf, size_t size, struct prism_error *err)
{
	struct replay *r = PRISM_CONTAINER(s, struct replay, base);
	size_t n = r->left < r->piece ? r->left : r->piece;

	if (n > size)
		n = size;
	memcpy(buf, r->data, n);
	r->data += n;
	r->left -= n;
	return (ssize_t)n;
}

static ssize_t replay_write(struct net_stream *s, const void *buf, size_t size,
                            struct prism_error *err)
{
	return (ssize_t)size;
}

static void replay_want(struct net_stream *s, unsigned events)
{
	struct replay *r = PRISM_CONTAINER(s, struct replay, base);

	if (events && !r->asked) {
		r->asked = true;
		prism_loop_defer(s->loop, wake, r);
	}
}

static void replay_destroy(struct net_stream *s)
{
	struct replay *r = PRISM_CONTAINER(s, struct replay, base);

	prism_loop_undefer(s->loop, wake, r);
	prism_free(r);
}

static const struct net_stream_ops replay_ops = {
    .name = "replay",
    .read = replay_read,
    .write = replay_write,
    .want = replay_want,
    .destroy = replay_destroy,
};

struct outcome {
	int messages, ends, status;
	bool asked;
};

static int one_message(void *data, struct prism_buf *out, struct prism_error *err)
{
	struct outcome *o = data;

	if (o->asked)
		return 0;
	o->asked = true;
	return prism_buf_append(out, "x", 1, err) < 0 ? -1 : 1;
}

static int on_message(void *data, const void *msg, size_t len, struct prism_error *err)
{
	struct outcome *o = data;

	FUZZ_ASSERT(len <= NET_GRPC_MESSAGE_MAX && o->ends == 0);
	o->messages++;
	return 0;
}

static void on_done(void *data, int status, const struct prism_error *err)
{
	struct outcome *o = data;

	FUZZ_ASSERT((status == NET_GRPC_OK) == (err == NULL));
	o->ends++;
	o->status = status;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct prism_clock_manual clock;
	struct prism_loop *loop;
	struct replay *r;
	struct net_grpc_channel *channel;
	struct outcome o = {0};
	const struct net_grpc_call_spec spec = {
	    .path = "/agent.AgentService/State",
	    .next_message = one_message,
	    .on_message = on_message,
	    .done = on_done,
	    .data = &o,
	};

	if (size == 0)
		return 0;
	prism_clock_manual_init(&clock, 0);
	loop = prism_loop_create(&clock.clock);
	r = prism_alloc(sizeof(*r));
	net_stream_init(&r->base, &replay_ops, loop, NULL);
	r->data = data + 1;
	r->left = size - 1;
	r->piece = data[0] ? data[0] : 1;
	channel = net_grpc_channel_create(loop, &r->base, "127.0.0.1:7002", false);
	FUZZ_ASSERT(net_grpc_call_start(channel, &spec, NULL, NULL) != NULL);
	for (size_t turn = 0; turn < size + 64 && o.ends == 0; turn++)
		prism_loop_turn(loop, 0);
	FUZZ_ASSERT(o.ends == 1);
	net_grpc_channel_destroy(channel);
	prism_loop_turn(loop, 0);
	prism_loop_destroy(loop);
	return 0;
}
