/* core/policy: any bytes are a policy or are refused; what was read prints and reads again. */
#include "tests/fuzz/fuzz.h"

#include "base/mem.h"
#include "core/policy.h"

const struct fuzz_seed fuzz_seeds[] = {
    FUZZ_TEXT("{\"pcr_values\":{\"sha1\":null,\"sha256\":{\"16\":"
              "\"00000000000000000000000000000000000000000000000000000000000000ff\"}},"
              "\"policy\":{\"policy\":\"196608\",\"minimumTcb\":15352208179752599555,\"vmpl\":2,"
              "\"minimumVersion\":\"1.55\",\"product\":{\"name\":1},"
              "\"hostData\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\"},"
              "\"rootOfTrust\":{\"productLine\":\"Milan\",\"checkCrl\":true}}"),
    FUZZ_TEXT("{\"policy\":{\"headerPolicy\":[1],\"tdQuoteBodyPolicy\":{\"rtmrs\":[\"\"]}},"
              "\"rootOfTrust\":[2]}"),
    FUZZ_TEXT("{\"policy\":{\"policy\":196608,\"minimum_tcb\":1,\"trusted_id_key_hashes\":[]},"
              "\"root_of_trust\":{\"check_crl\":false}}"),
    FUZZ_TEXT("{\"policy\":{\"headerPolicy\":{\"minimumQeSvn\":3},\"tdQuoteBodyPolicy\":{\"rtmrs\":"
              "[\"\",\"\",\"\",\"\"],\"anyMrTd\":[]}},\"rootOfTrust\":{}}"),
    /* CoRIM: id "x", one CoMID with one triple of one measurement with a SHA-256 digest */
    FUZZ_TEXT("\xa2\x00\x61x\x01\x81\x58\x3e\xd9\x01\xfa\xa2\x01\xa1\x00\x61y\x04\xa1\x00\x81\x82"
              "\xa0\x81\xa1\x01\xa2\x01\xd9\x02\x28\x05\x02\x81\x82\x01\x58\x20"
              "0123456789abcdef0123456789abcdef"),
    FUZZ_TEXT("\xd2\x84\x43\xa1\x01\x26\xa0\x46\xa2\x00\x61x\x01\xf6\x40"),
};
const size_t fuzz_seed_count = PRISM_COUNT(fuzz_seeds);
const char *const fuzz_words[] = {
    "[1]",  "\"pcr_Values\":", "\"policy\":", "\"measurement\":\"", "18446744073709551616",
    "null", "\xd9\x01\xfa",    "\x9f",        "\xbb\xff\xff",       "\x1b\xff\xff",
    NULL};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct prism_error err = PRISM_ERROR_INIT;
	struct core_policy *policy = core_policy_parse(data, size, &err), *again;
	PRISM_AUTO_BUF struct prism_buf out = PRISM_BUF_INIT(16u << 20);

	if (!policy) {
		FUZZ_ASSERT(err.category != PRISM_ERROR_NONE && err.message[0]);
		return 0;
	}
	if (core_policy_kind(policy) == CORE_POLICY_SNP)
		FUZZ_ASSERT(core_policy_extend(policy, CORE_EXTEND_AS_TPM, data, size, &err) == 0);
	FUZZ_ASSERT(core_policy_print(policy, &out, &err) == 0);
	if (out.len <= CORE_POLICY_MAX) {
		again = core_policy_parse(out.data, out.len, &err);
		FUZZ_ASSERT(again != NULL);
		core_policy_destroy(again);
	}
	core_policy_destroy(policy);
	return 0;
}
