/* net/grpc framing: any bytes in any pieces give whole messages or one refusal, and the same
 * bytes give the same messages however they are cut. Percent coding of grpc-message comes back. */
#include "tests/fuzz/fuzz.h"

#include "base/mem.h"
#include "net/grpc.h"

const struct fuzz_seed fuzz_seeds[] = {
    FUZZ_TEXT("\x03\0\0\0\0\x05hello\0\0\0\0\0\0\0\0\0\x01x"),
    FUZZ_TEXT("\x01\x01\0\0\0\x02zz"),
    FUZZ_TEXT("\x02\0\0\xff\xff\xff\xff"),
    FUZZ_TEXT("\x02\0\0\x40\0\0 a bit"),
    FUZZ_TEXT("\x01%E2%82%AC 100%25 done%0A%zz%"),
};
const size_t fuzz_seed_count = PRISM_COUNT(fuzz_seeds);
const char *const fuzz_words[] = {"%25", "%0", "\x01\x01\x01\x01", "\xff\xff\xff", NULL};

struct seen {
	size_t count, bytes;
};

static int on_message(void *data, const void *msg, size_t len, struct prism_error *err)
{
	struct seen *seen = data;

	FUZZ_ASSERT(len <= NET_GRPC_MESSAGE_MAX && (msg || len == 0));
	seen->count++;
	seen->bytes += len;
	return 0;
}

static int feed(const char *data, size_t size, size_t piece, struct seen *seen)
{
	struct net_grpc_framer framer = NET_GRPC_FRAMER_INIT;
	struct prism_error err = PRISM_ERROR_INIT;
	int rc = 0;

	for (size_t at = 0; at < size && rc == 0; at += piece) {
		size_t len = size - at < piece ? size - at : piece;

		rc = net_grpc_framer_feed(&framer, data + at, len, on_message, seen, &err);
		FUZZ_ASSERT(rc == 0 || err.category != PRISM_ERROR_NONE);
	}
	net_grpc_framer_finish(&framer);
	return rc;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	struct seen whole = {0}, cut = {0};
	char *decoded, *encoded, *again;
	int rc;

	if (size == 0)
		return 0;
	rc = feed(text + 1, size - 1, size, &whole);
	FUZZ_ASSERT(feed(text + 1, size - 1, 1 + (data[0] & 15), &cut) == rc);
	FUZZ_ASSERT(whole.count == cut.count && whole.bytes == cut.bytes);

	decoded = net_grpc_message_decode(text + 1, size - 1);
	encoded = net_grpc_message_encode(decoded);
	again = net_grpc_message_decode(encoded, strlen(encoded));
	FUZZ_ASSERT(strcmp(decoded, again) == 0);
	prism_free(again);
	prism_free(encoded);
	prism_free(decoded);
	return 0;
}
