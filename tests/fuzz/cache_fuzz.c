/* Files of the cache: anything is one of ours or none; what comes out of a scrub holds no secret.
 */
#include "tests/fuzz/fuzz.h"

#include "base/mem.h"
#include "core/cache.h"

#include <string.h>
#include <strings.h>

const struct fuzz_seed fuzz_seeds[] = {
    FUZZ_TEXT(
        "prism-tui cache 1 1700000000000000 a\n{\"computations\":[{\"id\":\"1\",\"agent_config\":"
        "{\"key\":\"k\"}}],\"total\":1}"),
    FUZZ_TEXT("prism-tui cache 1 1 a\n[{\"token\":\"t\",\"deep\":{\"Password\":[1,2]}}]"),
    FUZZ_TEXT("prism-tui cache 1 99999999999999999999 a\n{}"),
};
const size_t fuzz_seed_count = PRISM_COUNT(fuzz_seeds);
const char *const fuzz_words[] = {
    "prism-tui cache 1 ", " a\n", "\"token\":", "\"agent_config\":", "\"key\":", "[", "{", NULL};

static void no_secret(const cJSON *doc)
{
	for (const cJSON *child = doc ? doc->child : NULL; child; child = child->next) {
		FUZZ_ASSERT(!child->string || (strcasecmp(child->string, "agent_config") != 0 &&
		                               strcasecmp(child->string, "token") != 0 &&
		                               strcasecmp(child->string, "password") != 0 &&
		                               strcasecmp(child->string, "key") != 0));
		no_secret(child);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int64_t us = 0;
	cJSON *doc = core_cache_parse((const char *)data, size, "a", &us);

	FUZZ_ASSERT(us >= 0);
	core_cache_scrub(doc);
	no_secret(doc);
	prism_json_free(doc);
	return 0;
}
