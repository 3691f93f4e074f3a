/* base/json: any bytes parse or are refused; what parses prints and parses again. */
#include "tests/fuzz/fuzz.h"

#include "base/json.h"
#include "base/mem.h"

const struct fuzz_seed fuzz_seeds[] = {
    FUZZ_TEXT("{\"total\":3,\"offset\":0,\"computations\":[{\"id\":\"a\",\"name\":\"Iris\","
              "\"created_at\":"
              "\"2025-01-02T03:04:05.678901Z\",\"n\":\"12\",\"b\":true,\"x\":null}]}"),
    FUZZ_TEXT("[[[[[[[[1e308,-0,0.1,12345678901234567890]]]]]]]]"),
    FUZZ_TEXT("{\"a\":\"\\u001b[2J\\ud83d\\ude00\\u0000\\\"\",\"A\":1,\"a\":2}"),
    FUZZ_TEXT("\"\xc3\xa9\xe2\x80\xae\""),
    FUZZ_TEXT("<html><body>502</body></html>"),
};
const size_t fuzz_seed_count = PRISM_COUNT(fuzz_seeds);
const char *const fuzz_words[] = {"null",    "true",    "\"id\":", "{\"a\":", "[[[[[[[[[[[[[[[[",
                                  "\\u0000", "\\ud800", "1e999",   "]]]]",    "\xff\xfe",
                                  NULL};

static void walk(const cJSON *node)
{
	const cJSON *child;

	(void)prism_json_str(node, "name", "");
	(void)prism_json_int(node, "total", -1);
	(void)prism_json_num(node, "n", 0);
	(void)prism_json_bool(node, "b", false);
	(void)prism_json_time(node, "created_at");
	cJSON_ArrayForEach(child, node)
	{
		walk(child); /* the parser's nesting cap bounds this */
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct prism_error err = PRISM_ERROR_INIT;
	cJSON *doc = prism_json_parse((const char *)data, size, &err), *again;
	char *text;

	if (!doc) {
		FUZZ_ASSERT(err.category != PRISM_ERROR_NONE && err.message[0]);
		return 0;
	}
	walk(doc);
	text = prism_json_print(doc, size & 1);
	again = prism_json_parse(text, strlen(text), &err);
	FUZZ_ASSERT(again != NULL);
	prism_json_free(again);
	prism_free(text);
	prism_json_free(doc);
	return 0;
}
