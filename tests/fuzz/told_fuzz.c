/* Bytes of peers that are told field by field: evidence with all its facts, IMA lists, tokens. Any
 * input is refused or told; what is told is one line a fact. */
#include "tests/fuzz/fuzz.h"

#include "base/clock.h"
#include "base/json.h"
#include "base/mem.h"
#include "core/appraisal.h"
#include "core/ima.h"
#include "core/judge.h"
#include "core/token.h"

#include <string.h>

const struct fuzz_seed fuzz_seeds[] = {
    FUZZ_TEXT("10 0101010101010101010101010101010101010101 ima-ng sha256:00ff boot_aggregate\n"
              "10 0000000000000000000000000000000000000000 ima-ng sha256:00bb /busy\n"),
    FUZZ_TEXT("eyJhbGciOiJSUzI1NiIsImtpZCI6Im9uZSJ9."
              "eyJpc3MiOiJ4IiwiZXhwIjoxODAwMDAwMDAwLCJhIjp7ImIiOlsxXX19.AAAA"),
    FUZZ_TEXT("\x02\x00\x00\x00\x00\x00\x00\x00\x00\x00\x03"),
};
const size_t fuzz_seed_count = PRISM_COUNT(fuzz_seeds);
const char *const fuzz_words[] = {"10 ", "ima-ng ", "\n", ".", "eyJ", "sha256:", NULL};

static void told(const struct core_facts *facts)
{
	PRISM_AUTO_BUF struct prism_buf text = PRISM_BUF_INIT(64u << 20);
	PRISM_AUTO_JSON cJSON *doc = core_facts_json(facts);

	FUZZ_ASSERT(doc);
	core_facts_text(facts, NULL, &text);
	FUZZ_ASSERT(!memchr(prism_buf_text(&text), 0x1b, text.len));
}

static void evidence(const uint8_t *data, size_t size)
{
	struct prism_error err = PRISM_ERROR_INIT;
	const struct core_judge_spec spec = {
	    .source = "x", .bytes = data, .size = size, .at_us = PRISM_TIME_UNSET};
	struct core_judge *judge = core_judge_create(&spec, &err);
	struct core_appraisal *appraisal = judge ? core_judge_finish(judge) : NULL;

	FUZZ_ASSERT(judge || err.category != PRISM_ERROR_NONE);
	if (appraisal)
		told(core_appraisal_facts(appraisal));
	FUZZ_ASSERT(!appraisal || !core_appraisal_attested(appraisal)); /* there is no policy */
	core_appraisal_unref(appraisal);
	core_judge_destroy(judge);
}

static void token(const char *text, size_t size)
{
	struct prism_error err = PRISM_ERROR_INIT;
	struct core_token *token = core_token_parse(text, size, &err);
	struct core_facts *facts;

	FUZZ_ASSERT(token || err.category != PRISM_ERROR_NONE);
	if (!token)
		return;
	FUZZ_ASSERT(core_token_check(token, "{\"keys\":[]}", 11, 0, &err) == 0);
	FUZZ_ASSERT(core_token_signature(token) == CORE_TOKEN_BAD);
	facts = core_token_facts(token);
	told(facts);
	core_facts_destroy(facts);
	core_token_destroy(token);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct core_facts *facts = core_ima_facts((const char *)data, size, NULL);

	told(facts);
	core_facts_destroy(facts);
	token((const char *)data, size);
	evidence(data, size);
	return 0;
}
