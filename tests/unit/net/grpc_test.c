/*
 * The codec: frames whole, byte by byte and cut at every byte; refusals; percent coding; timeouts;
 * statuses.
 */
#include "net/grpc.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

struct seen {
	unsigned count;
	struct prism_buf text; /* messages joined by '|' */
	int fail_at;
};

static int on_message(void *data, const void *msg, size_t len, struct prism_error *err)
{
	struct seen *seen = data;
	seen->count++;
	prism_buf_put(&seen->text, msg, len);
	prism_buf_putc(&seen->text, '|');
	if (seen->fail_at && (unsigned)seen->fail_at == seen->count)
		return prism_error_raise(err, PRISM_ERROR_CONFLICT, "enough");
	return 0;
}

static void put_message(struct prism_buf *wire, const char *text)
{
	uint8_t header[5];
	net_grpc_frame_header(header, (uint32_t)strlen(text));
	prism_buf_put(wire, header, 5);
	prism_buf_puts(wire, text);
}

static struct prism_buf sample(void)
{
	struct prism_buf wire = PRISM_BUF_INIT(4096);
	put_message(&wire, "first");
	put_message(&wire, "");
	put_message(&wire, "a longer third message");
	put_message(&wire, "4");
	return wire;
}
#define SAMPLE_TEXT "first||a longer third message|4|"

static void feed(struct net_grpc_framer *framer, struct seen *seen, const char *bytes, size_t size)
{
	struct prism_error err = PRISM_ERROR_INIT;
	assert_int_equal(net_grpc_framer_feed(framer, bytes, size, on_message, seen, &err), 0);
}

static void finish(struct net_grpc_framer *framer, struct seen *seen)
{
	net_grpc_framer_finish(framer);
	prism_buf_finish(&seen->text);
}

static void test_frame_header(void **state)
{
	uint8_t header[5];
	net_grpc_frame_header(header, 0x01020304);
	assert_memory_equal(header, "\0\1\2\3\4", 5);
}

static void test_cut_everywhere(void **state)
{
	struct prism_buf wire = sample();
	for (size_t first = 0; first <= wire.len; first++) {
		for (size_t second = first; second <= wire.len; second++) {
			struct net_grpc_framer framer = NET_GRPC_FRAMER_INIT;
			struct seen seen = {.text = PRISM_BUF_INIT(4096)};
			feed(&framer, &seen, wire.data, first);
			feed(&framer, &seen, wire.data + first, second - first);
			feed(&framer, &seen, wire.data + second, wire.len - second);
			assert_string_equal(prism_buf_text(&seen.text), SAMPLE_TEXT);
			assert_true(net_grpc_framer_idle(&framer));
			finish(&framer, &seen);
		}
	}
	prism_buf_finish(&wire);
}

static void test_byte_by_byte(void **state)
{
	struct prism_buf wire = sample();
	struct net_grpc_framer framer = NET_GRPC_FRAMER_INIT;
	struct seen seen = {.text = PRISM_BUF_INIT(4096)};
	for (size_t i = 0; i < wire.len; i++)
		feed(&framer, &seen, wire.data + i, 1);
	assert_string_equal(prism_buf_text(&seen.text), SAMPLE_TEXT);
	feed(&framer, &seen, "\0\0", 2);
	assert_false(net_grpc_framer_idle(&framer));
	finish(&framer, &seen);
	prism_buf_finish(&wire);
}

static void assert_refused(const char *header, size_t split, int status)
{
	struct prism_error err = PRISM_ERROR_INIT;
	struct net_grpc_framer framer = NET_GRPC_FRAMER_INIT;
	struct seen seen = {.text = PRISM_BUF_INIT(4096)};
	int fed = net_grpc_framer_feed(&framer, header, split, on_message, &seen, &err);
	if (fed == 0)
		fed = net_grpc_framer_feed(&framer, header + split, 5 - split, on_message, &seen, &err);
	assert_int_equal(fed, -1);
	assert_int_equal(err.status, status);
	assert_int_equal(seen.count, 0);
	finish(&framer, &seen);
}

static void test_refusals(void **state)
{
	for (size_t split = 0; split <= 5; split++) {
		assert_refused("\0\0\x40\0\1", split, NET_GRPC_RESOURCE_EXHAUSTED);
		assert_refused("\0\xff\xff\xff\xff", split, NET_GRPC_RESOURCE_EXHAUSTED);
		assert_refused("\1\0\0\0\1", split, NET_GRPC_INTERNAL);
		assert_refused("\2\0\0\0\1", split, NET_GRPC_INTERNAL);
	}
}

static void test_limit_text_is_that_of_the_real_peer(void **state)
{
	struct prism_error err = PRISM_ERROR_INIT;
	struct net_grpc_framer framer = NET_GRPC_FRAMER_INIT;
	assert_int_equal(net_grpc_framer_feed(&framer, "\0\0\x40\0\1", 5, on_message, NULL, &err), -1);
	assert_string_equal(err.message,
	                    "grpc: received message larger than max (4194305 vs. 4194304)");
	assert_int_equal(err.category, PRISM_ERROR_LIMIT);
	net_grpc_framer_finish(&framer);
}

static void test_largest_message_in_pieces(void **state)
{
	struct net_grpc_framer framer = NET_GRPC_FRAMER_INIT;
	struct seen seen = {.text = PRISM_BUF_INIT(NET_GRPC_MESSAGE_MAX + 1)};
	uint8_t header[5];
	char *piece = prism_alloc(65536);
	net_grpc_frame_header(header, NET_GRPC_MESSAGE_MAX);
	feed(&framer, &seen, (const char *)header, 5);
	for (size_t i = 0; i < NET_GRPC_MESSAGE_MAX / 65536; i++)
		feed(&framer, &seen, piece, 65536);
	assert_int_equal(seen.count, 1);
	assert_int_equal(seen.text.len, NET_GRPC_MESSAGE_MAX + 1);
	finish(&framer, &seen);
	prism_free(piece);
}

static void test_receiver_stops(void **state)
{
	struct prism_error err = PRISM_ERROR_INIT;
	struct prism_buf wire = sample();
	struct net_grpc_framer framer = NET_GRPC_FRAMER_INIT;
	struct seen seen = {.text = PRISM_BUF_INIT(4096), .fail_at = 2};
	assert_int_equal(net_grpc_framer_feed(&framer, wire.data, wire.len, on_message, &seen, &err),
	                 -1);
	assert_int_equal(seen.count, 2);
	assert_string_equal(err.message, "enough");
	finish(&framer, &seen);
	prism_buf_finish(&wire);
}

static void test_percent_coding(void **state)
{
	static const struct {
		const char *plain, *coded;
	} rows[] = {
	    {"", ""},
	    {"plain text", "plain text"},
	    {"100 %", "100 %25"},
	    {"caf\xc3\xa9\n", "caf%C3%A9%0A"},
	    {"\x7f~", "%7F~"},
	};
	for (size_t i = 0; i < PRISM_COUNT(rows); i++) {
		PRISM_AUTO_FREE char *coded = net_grpc_message_encode(rows[i].plain);
		PRISM_AUTO_FREE char *plain = net_grpc_message_decode(coded, strlen(coded));
		assert_string_equal(coded, rows[i].coded);
		assert_string_equal(plain, rows[i].plain);
	}
	static const struct {
		const char *coded, *plain;
	} odd[] = {{"%c3%a9", "\xc3\xa9"}, {"%", "%"},         {"%4", "%4"},
	           {"%zz", "%zz"},         {"a%00b", "a%00b"}, {"%%41", "%A"}};
	for (size_t i = 0; i < PRISM_COUNT(odd); i++) {
		PRISM_AUTO_FREE char *plain = net_grpc_message_decode(odd[i].coded, strlen(odd[i].coded));
		assert_string_equal(plain, odd[i].plain);
	}
}

static void test_timeouts(void **state)
{
	char text[NET_GRPC_TIMEOUT_TEXT];
	int64_t ms;
	assert_string_equal(net_grpc_timeout_format(1500, text), "1500m");
	assert_string_equal(net_grpc_timeout_format(99999999, text), "99999999m");
	assert_string_equal(net_grpc_timeout_format(100000000, text), "100000S");
	assert_string_equal(net_grpc_timeout_format(INT64_MAX, text), "99999999H");
	assert_string_equal(net_grpc_timeout_format(-5, text), "1m");
	static const struct {
		const char *text;
		int64_t ms;
	} rows[] = {{"1500m", 1500}, {"2S", 2000}, {"3M", 180000},
	            {"1H", 3600000}, {"1n", 1},    {"1500u", 2}};
	for (size_t i = 0; i < PRISM_COUNT(rows); i++) {
		assert_int_equal(net_grpc_timeout_parse(rows[i].text, strlen(rows[i].text), &ms), 0);
		assert_int_equal(ms, rows[i].ms);
	}
	static const char *const bad[] = {"", "m", "1", "1x", "-1m", "1 m", "123456789m", "0x1m"};
	for (size_t i = 0; i < PRISM_COUNT(bad); i++)
		assert_int_equal(net_grpc_timeout_parse(bad[i], strlen(bad[i]), &ms), -1);
}

static void test_statuses(void **state)
{
	assert_string_equal(net_grpc_status_word(NET_GRPC_OK), "OK");
	assert_string_equal(net_grpc_status_word(16), "UNAUTHENTICATED");
	assert_string_equal(net_grpc_status_word(17), "UNKNOWN STATUS");
	assert_string_equal(net_grpc_status_word(-1), "UNKNOWN STATUS");
	for (int status = 1; status < NET_GRPC_STATUS_COUNT; status++) {
		struct prism_error err = PRISM_ERROR_INIT;
		assert_int_equal(net_grpc_error(&err, status, ""), -1);
		assert_int_equal(err.status, status);
		assert_string_equal(err.message, net_grpc_status_word(status));
		/* Only our own cancel may be silent. */
		assert_int_not_equal(err.category, PRISM_ERROR_CANCELLED);
		assert_int_not_equal(err.category, PRISM_ERROR_NONE);
	}
	assert_int_equal(net_grpc_status_from_http(502), NET_GRPC_UNAVAILABLE);
	assert_int_equal(net_grpc_status_from_http(404), NET_GRPC_UNIMPLEMENTED);
	assert_int_equal(net_grpc_status_from_http(418), NET_GRPC_UNKNOWN);
}

static void test_values(void **state)
{
	assert_true(net_grpc_value_ok(""));
	assert_true(net_grpc_value_ok(" ~"));
	assert_false(net_grpc_value_ok("a\tb"));
	assert_false(net_grpc_value_ok("\xc3\xa9"));
	assert_false(net_grpc_value_ok("\x7f"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_frame_header),
	    cmocka_unit_test(test_cut_everywhere),
	    cmocka_unit_test(test_byte_by_byte),
	    cmocka_unit_test(test_refusals),
	    cmocka_unit_test(test_limit_text_is_that_of_the_real_peer),
	    cmocka_unit_test(test_largest_message_in_pieces),
	    cmocka_unit_test(test_receiver_stops),
	    cmocka_unit_test(test_percent_coding),
	    cmocka_unit_test(test_timeouts),
	    cmocka_unit_test(test_statuses),
	    cmocka_unit_test(test_values),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
