/* base/jsonread: any bytes, in pieces of any size, are read or refused; what it builds the other
 * parser reads too, and both agree on what is JSON. */
#include "tests/fuzz/fuzz.h"

#include "base/jsonread.h"
#include "base/mem.h"

#include <string.h>

const struct fuzz_seed fuzz_seeds[] = {
    FUZZ_TEXT("[{\"computation\":{\"name\":\"a\",\"agent_config\":{\"attested_tls\":false}},\n"
              "\"roles\":[{\"role_name\":\"owner\",\"actions\":[\"view\"],\"members\":null}]}]"),
    FUZZ_TEXT("[[[[[[[[1e308,-0,0.1,12345678901234567890]]]]]]]]"),
    FUZZ_TEXT("{\"a\":\"\\u001b[2J\\ud83d\\ude00\\\"\",\"A\":1,\"a\":2}"),
    FUZZ_TEXT("\xef\xbb\xbf[\"\xc3\xa9\"]"),
    FUZZ_TEXT("\xff\xfe[\0]\0"),
};
const size_t fuzz_seed_count = PRISM_COUNT(fuzz_seeds);
const char *const fuzz_words[] = {"null",    "true",    "\"id\":", "{\"a\":", "[[[[[[[[[[[[[[[[",
                                  "\\u0000", "\\ud800", "1e999",   "]]]]",    "\xff\xfe",
                                  "NaN",     NULL};

static void twice(void *data, const char *path, uint64_t line)
{
	PRISM_UNUSED(data);
	FUZZ_ASSERT(*path || line == 0 || line > 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct prism_source_memory memory = {(const char *)data, size, 0, size % 7};
	struct prism_jsonread *reader = prism_jsonread_create(prism_source_memory, &memory, 4096, 0, 1);
	struct prism_error err = PRISM_ERROR_INIT;
	enum prism_json_token token;
	cJSON *value = NULL;

	if (prism_jsonread_next(reader, &token, &err) < 0 ||
	    prism_jsonread_value(reader, token, twice, NULL, &value, &err) < 0) {
		FUZZ_ASSERT(!strncmp(err.message, "line ", 5));
		FUZZ_ASSERT(prism_jsonread_here(reader).line >= 1);
	} else {
		char *text = prism_json_print(value, false);
		cJSON *other = prism_json_parse(text, strlen(text), NULL);
		FUZZ_ASSERT(other != NULL);
		prism_json_free(other);
		prism_free(text);
	}
	prism_json_free(value);
	prism_jsonread_destroy(reader);
	return 0;
}
