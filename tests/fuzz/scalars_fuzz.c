/* The small parsers: times, durations, numbers, hex, base64.  What is accepted prints back. */
#include "tests/fuzz/fuzz.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"

const struct fuzz_seed fuzz_seeds[] = {
    FUZZ_TEXT("2025-01-02T03:04:05.678901Z"), FUZZ_TEXT("0001-01-01T00:00:00Z"),
    FUZZ_TEXT("9999-12-31T23:59:60+14:00"),   FUZZ_TEXT("250ms"),
    FUZZ_TEXT("18446744073709551616"),        FUZZ_TEXT("deadBEEF00"),
    FUZZ_TEXT("aGVsbG8_d29ybGQ-IQ=="),
};
const size_t fuzz_seed_count = PRISM_COUNT(fuzz_seeds);
const char *const fuzz_words[] = {
    "T", "Z", "+00:00", "-", ".999999999", "1h", "9223372036854775807", "=", NULL};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = prism_strndup((const char *)data, size);
	struct prism_buf bytes = PRISM_BUF_INIT(1u << 20);
	uint8_t small[64];
	size_t small_len;
	uint64_t number;
	int64_t ms;

	if (prism_text_parse_u64(text, 1000, &number, NULL) == 0)
		FUZZ_ASSERT(number <= 1000);
	if (prism_text_parse_duration_ms(text, &ms, NULL) == 0)
		FUZZ_ASSERT(ms >= 0);
	if (prism_hex_decode(text, strlen(text), small, sizeof(small), &small_len, NULL) == 0)
		FUZZ_ASSERT(small_len <= sizeof(small) && small_len * 2 == strlen(text));
	if (prism_base64_decode(text, strlen(text), &bytes, NULL) == 0) {
		struct prism_buf again = PRISM_BUF_INIT(1u << 20);
		char *encoded = prism_base64_encode(bytes.data, bytes.len);

		FUZZ_ASSERT(prism_base64_decode(encoded, strlen(encoded), &again, NULL) == 0);
		FUZZ_ASSERT(again.len == bytes.len);
		prism_buf_finish(&again);
		prism_free(encoded);
	}
	if (prism_time_parse(text, &ms, NULL) == 0 && ms != PRISM_TIME_UNSET) {
		char printed[PRISM_TIME_TEXT];
		int64_t again;

		prism_time_format(ms, 6, printed);
		FUZZ_ASSERT(prism_time_parse(printed, &again, NULL) == 0 && again == ms);
		(void)prism_time_local(ms, printed);
	}
	prism_buf_finish(&bytes);
	prism_free(text);
	return 0;
}
