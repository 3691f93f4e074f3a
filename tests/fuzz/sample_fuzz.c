/*
 * Samples of assets laid out to be read: CSV in columns, text, bytes.  The first byte picks what
 * the asset calls itself; what comes out is UTF-8 when the sample was, and bounded.
 */
#include "tests/fuzz/fuzz.h"

#include "base/mem.h"
#include "base/text.h"
#include "tui/sampletext.h"

#include <string.h>

const struct fuzz_seed fuzz_seeds[] = {
    FUZZ_TEXT("0a,b\n1,2\n"),
    FUZZ_TEXT("1\"a, b\",\"say \"\"x\"\"\"\r\n-1.5e3,\xe6\x97\xa5\xe6\x9c\xac\r\n"),
    FUZZ_TEXT("2def f():\n\treturn 1\n"),
    FUZZ_TEXT("3\"open\n\x1b[31m,\xe2\x80\xae\n"),
};
const size_t fuzz_seed_count = PRISM_COUNT(fuzz_seeds);
const char *const fuzz_words[] = {"\"\"", ",", "\r\n", "\xef\xbb\xbf", "\xff\xfe", "\t", NULL};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct prism_buf out = PRISM_BUF_INIT(64u << 20);
	if (size == 0)
		return 0;
	PRISM_AUTO_FREE char *text = prism_strndup("", 0);
	text = prism_realloc_array(text, size, 1);
	memcpy(text, data + 1, size - 1);
	text[size - 1] = '\0';
	const struct core_asset asset = {.mime_type = data[0] & 1 ? "text/csv" : "",
	                                 .file_name = data[0] & 2 ? "a.csv" : "a.txt"};
	const struct core_sample sample = {
	    .bytes = text,
	    .size = size - 1,
	    .kind = core_sample_kind_of(asset.mime_type, asset.file_name, text, size - 1),
	    .asset = &asset};
	pt_sample_text(&sample, data[0] & 4, &out);
	FUZZ_ASSERT(out.len > 0 || sample.kind == CORE_SAMPLE_CSV);
	FUZZ_ASSERT(prism_utf8_valid(prism_buf_text(&out), out.len));
	prism_buf_finish(&out);
	return 0;
}
