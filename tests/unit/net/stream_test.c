/*
 * The chain: order of connecting, pass-through, vetoes, descriptions, silence after destroy.
 * Layers are made of nothing but their ops.
 */
#include "net/stream.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

struct layer {
	struct net_stream stream;
	const char *word;
};

static struct prism_buf journal = PRISM_BUF_INIT(4096);
static int verdict_object;

static void note(const struct net_stream *s, const char *what)
{
	prism_buf_printf(&journal, "%s:%s ", ((const struct layer *)s)->word, what);
}

static void layer_connect(struct net_stream *s)
{
	note(s, "connect");
}

static ssize_t layer_read(struct net_stream *s, void *buf, size_t size, struct prism_error *err)
{
	note(s, "read");
	return s->lower ? net_stream_read(s->lower, buf, size, err) : 0;
}

static ssize_t layer_write(struct net_stream *s, const void *buf, size_t size,
                           struct prism_error *err)
{
	note(s, "write");
	return (ssize_t)size;
}

static void layer_want(struct net_stream *s, unsigned events)
{
	note(s, events & PRISM_LOOP_WRITE ? "want-write" : "want");
}

static void layer_shutdown(struct net_stream *s)
{
	note(s, "shutdown");
}

static void layer_veto(struct net_stream *s, unsigned events)
{
	note(s, "veto");
}

static void layer_describe(const struct net_stream *s, struct prism_buf *out)
{
	prism_buf_puts(out, ((const struct layer *)s)->word);
}

static const void *layer_verdict(const struct net_stream *s)
{
	return &verdict_object;
}

static void layer_destroy(struct net_stream *s)
{
	note(s, "destroy");
	prism_free(s);
}

static const struct net_stream_ops bottom_ops = {.name = "bottom",
                                                 .connect = layer_connect,
                                                 .read = layer_read,
                                                 .write = layer_write,
                                                 .want = layer_want,
                                                 .shutdown_write = layer_shutdown,
                                                 .describe = layer_describe,
                                                 .destroy = layer_destroy};
static const struct net_stream_ops plain_ops = {.name = "plain", .destroy = layer_destroy};
static const struct net_stream_ops upper_ops = {.name = "upper",
                                                .connect = layer_connect,
                                                .read = layer_read,
                                                .lower_ready = layer_veto,
                                                .describe = layer_describe,
                                                .verdict = layer_verdict,
                                                .destroy = layer_destroy};

static struct net_stream *layer(const struct net_stream_ops *ops, struct prism_loop *loop,
                                struct net_stream *lower, const char *word)
{
	struct layer *made = prism_alloc(sizeof(*made));
	made->word = word;
	net_stream_init(&made->stream, ops, loop, lower);
	return &made->stream;
}

static void user_connected(void *data, const struct prism_error *err)
{
	prism_buf_printf(&journal, "user:%s ", err ? err->message : "up");
}

static void user_ready(void *data, unsigned events)
{
	prism_buf_printf(&journal, "user:ready%u ", events);
}

static void expect(const char *text)
{
	assert_string_equal(prism_buf_text(&journal), text);
	prism_buf_clear(&journal);
}

static int setup(void **state)
{
	*state = prism_loop_create(prism_clock_system());
	prism_buf_clear(&journal);
	return 0;
}

static int teardown(void **state)
{
	prism_loop_destroy(*state);
	prism_buf_finish(&journal);
	return 0;
}

static void test_connects_from_below(void **state)
{
	struct net_stream *a = layer(&bottom_ops, *state, NULL, "a");
	struct net_stream *b = layer(&plain_ops, *state, a, "b");
	struct net_stream *c = layer(&upper_ops, *state, b, "c");
	net_stream_connect(c, user_connected, user_ready, NULL);
	expect("a:connect ");
	net_stream_layer_connected(a, NULL); /* b has nothing to do of its own */
	expect("c:connect ");
	net_stream_layer_connected(c, NULL);
	expect("user:up ");
	net_stream_destroy(c);
	expect("c:destroy b:destroy a:destroy ");
}

static void test_failure_below_is_told_once(void **state)
{
	struct prism_error err = PRISM_ERROR_INIT;
	struct net_stream *a = layer(&bottom_ops, *state, NULL, "a");
	struct net_stream *c = layer(&upper_ops, *state, a, "c");
	net_stream_connect(c, user_connected, user_ready, NULL);
	prism_error_raise(&err, PRISM_ERROR_IO, "refused");
	net_stream_layer_connected(a, &err);
	expect("a:connect user:refused ");
	net_stream_destroy(c);
}

static void test_bottom_without_connect_is_up_later(void **state)
{
	struct net_stream *only = layer(&plain_ops, *state, NULL, "p");
	net_stream_connect(only, user_connected, user_ready, NULL);
	expect("");
	(void)prism_loop_turn(*state, 0);
	expect("user:up ");
	net_stream_destroy(only);
	struct net_stream *gone = layer(&plain_ops, *state, NULL, "g");
	net_stream_connect(gone, user_connected, user_ready, NULL);
	net_stream_destroy(gone);
	(void)prism_loop_turn(*state, 0);
	expect("p:destroy g:destroy ");
}

static void test_passing_through(void **state)
{
	struct prism_error err = PRISM_ERROR_INIT;
	char byte = 'x';
	struct net_stream *a = layer(&bottom_ops, *state, NULL, "a");
	struct net_stream *b = layer(&plain_ops, *state, a, "b");
	assert_int_equal(net_stream_read(b, &byte, 1, &err), -1); /* not up yet */
	net_stream_connect(b, user_connected, user_ready, NULL);
	net_stream_layer_connected(a, NULL);
	prism_buf_clear(&journal);
	assert_int_equal(net_stream_read(b, &byte, 1, &err), 0);
	assert_int_equal(net_stream_write(b, &byte, 1, &err), 1);
	net_stream_want(b, PRISM_LOOP_WRITE);
	net_stream_shutdown_write(b);
	net_stream_layer_ready(a, PRISM_LOOP_READ);
	expect("a:read a:write a:want-write a:shutdown user:ready1 ");
	net_stream_destroy(b);
}

static void test_an_upper_layer_may_veto(void **state)
{
	struct net_stream *a = layer(&bottom_ops, *state, NULL, "a");
	struct net_stream *b = layer(&plain_ops, *state, a, "b");
	struct net_stream *c = layer(&upper_ops, *state, b, "c");
	net_stream_connect(c, user_connected, user_ready, NULL);
	prism_buf_clear(&journal);
	net_stream_layer_ready(a, PRISM_LOOP_READ);
	expect("c:veto ");
	net_stream_layer_ready(c, PRISM_LOOP_READ);
	expect("user:ready1 ");
	net_stream_destroy(c);
}

static void test_words_and_verdict(void **state)
{
	struct net_stream *a = layer(&bottom_ops, *state, NULL, "TCP 127.0.0.1:7002");
	struct net_stream *b = layer(&plain_ops, *state, a, "b");
	assert_null(net_stream_verdict(b));
	struct net_stream *c = layer(&upper_ops, *state, b, "TLS 1.3");
	PRISM_AUTO_FREE char *text = net_stream_describe(c);
	assert_string_equal(text, "TLS 1.3 over TCP 127.0.0.1:7002");
	assert_ptr_equal(net_stream_verdict(c), &verdict_object);
	net_stream_destroy(c);
	net_stream_destroy(NULL);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
	    T(test_connects_from_below),
	    T(test_failure_below_is_told_once),
	    T(test_bottom_without_connect_is_up_later),
	    T(test_passing_through),
	    T(test_an_upper_layer_may_veto),
	    T(test_words_and_verdict),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
