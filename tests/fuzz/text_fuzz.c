/* base/text: whatever comes in, nothing hostile comes out, and the columns add up. */
#include "tests/fuzz/fuzz.h"

#include "base/mem.h"
#include "base/text.h"

const struct fuzz_seed fuzz_seeds[] = {
    FUZZ_TEXT("plain line of a log"),
    FUZZ_TEXT("\033]52;c;aGk=\007\033[2J\033P+q\033\\\x9b"
              "31m\xc2\x9b"
              "6n"),
    FUZZ_TEXT("\xe2\x80\xae"
              "evil\xe2\x80\xac \xe2\x81\xa6x\xe2\x81\xa9 \xef\xbb\xbf"),
    FUZZ_TEXT("\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x92\xbb e\xcc\x81 \xe6\x97\xa5\xe6\x9c\xac"),
    FUZZ_TEXT("\xc0\xaf\xed\xa0\x80\xf4\x90\x80\x80\xff\xfe"),
};
const size_t fuzz_seed_count = PRISM_COUNT(fuzz_seeds);
const char *const fuzz_words[] = {"\033[",
                                  "\xc2\x9b",
                                  "\xe2\x80\xa8",
                                  "\xf3\xa0\x80\x81",
                                  "\xef\xbf\xb9",
                                  "\xcc\x81",
                                  "\x7f",
                                  "\xe2\x80\x8f",
                                  NULL};

static void check_clean(const struct prism_buf *out, bool ascii)
{
	const char *pos = prism_buf_text(out), *end = pos + out->len;

	FUZZ_ASSERT(prism_utf8_valid(pos, out->len));
	while (pos < end) {
		int32_t cp = prism_utf8_next(&pos, end);

		FUZZ_ASSERT(cp >= 0x20 && !prism_text_hostile((uint32_t)cp));
		FUZZ_ASSERT(!ascii || cp < 0x7f);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data, *pos = text;
	size_t columns = 0;

	for (int ascii = 0; ascii < 2; ascii++) {
		struct prism_buf out = PRISM_BUF_INIT(SIZE_MAX / 2);

		prism_text_neutralise(&out, text, size, ascii);
		check_clean(&out, ascii);
		prism_buf_finish(&out);
	}
	while (pos < text + size) {
		const char *before = pos;
		int32_t cp = prism_utf8_next(&pos, text + size);
		int width = prism_text_width((uint32_t)cp);

		FUZZ_ASSERT(pos > before && pos <= text + size);
		FUZZ_ASSERT(cp >= 0 && cp <= 0x10ffff && width >= 0);
		columns += (size_t)width;
	}
	FUZZ_ASSERT(prism_text_columns(text, size) <= columns);
	return 0;
}
