/*
 * core/policy*.c: both spellings, exact numbers, refusals by field, the official output form,
 * editing, CoRIM reading and making.
 */
#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"
#include "core/policy.h"
#include "core/policy_json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define SNP(members) "{\"policy\":{\"policy\":\"196608\"" members "}}"

static struct core_policy *parse(const char *text)
{
	struct prism_error err = PRISM_ERROR_INIT;
	struct core_policy *policy = core_policy_parse(text, strlen(text), &err);

	if (!policy)
		fail_msg("%s", err.message);
	return policy;
}

static void refuse_bytes(const void *data, size_t size, const char *words)
{
	struct prism_error err = PRISM_ERROR_INIT;
	char text[1024];

	assert_null(core_policy_parse(data, size, &err));
	prism_error_format(&err, text, sizeof(text));
	if (!strstr(text, words))
		fail_msg("\"%s\" does not say \"%s\"", text, words);
}

static void refuse(const char *text, const char *words)
{
	refuse_bytes(text, strlen(text), words);
}

static void test_numbers_above_2_63_stay_exact(void **state)
{
	static const char *const forms[] = {
	    "{\"policy\":{\"policy\":196608,\"minimum_tcb\":15352208179752599555}}",
	    "{\"policy\":{\"policy\":\"196608\",\"minimumTcb\":\"15352208179752599555\"}}",
	};

	for (size_t i = 0; i < PRISM_COUNT(forms); i++) {
		struct core_policy *policy = parse(forms[i]);
		assert_true(core_policy_snp(policy)->minimum_tcb == 15352208179752599555u);
		core_policy_destroy(policy);
	}
	struct core_policy *policy = parse(SNP(",\"minimumTcb\":18446744073709551615"));
	assert_true(core_policy_snp(policy)->minimum_tcb == UINT64_MAX);
	core_policy_destroy(policy);
	refuse(SNP(",\"minimumTcb\":18446744073709551616"), "minimumTcb");
	refuse(SNP(",\"minimumTcb\":-1"), "minimumTcb");
	refuse(SNP(",\"minimumTcb\":1.5"), "minimumTcb");
}

static void test_snp_refusals(void **state)
{
	refuse(SNP(",\"minimumTcb\":1,\"minimum_tcb\":1"), "side by side");
	refuse("{\"policy\":{\"policy\":0}}", "bit 17");
	refuse("{\"policy\":{}}", "bit 17");
	refuse("{}", "\"policy\" object");
	refuse(SNP(",\"vmpl\":4"), "vmpl");
	refuse(SNP(",\"minimumBuild\":256"), "minimumBuild");
	refuse(SNP(",\"minimumVersion\":\"1\""), "minimumVersion");
	refuse(SNP(",\"minimumVersion\":\"1.256\""), "minimumVersion");
	refuse(SNP(",\"minimumVersion\":\"1.2.3\""), "minimumVersion");
	refuse(SNP(",\"measurement\":\"AAAA\""), "3 bytes instead of 48");
	refuse(SNP(",\"measurement\":\"!!\""), "not base64");
	refuse(SNP(",\"measurement\":5"), "base64 text");
	refuse(SNP(",\"checkCrl\":1,\"requireIdBlock\":3"), "requireIdBlock");
	refuse(SNP(",\"vmpl\":1,\"vmpl\":2"), "stands twice");
	refuse("", "empty");
	refuse("  \n", "empty");
	refuse("{\"policy\":", "JSON");
	refuse("[1]", "not an attestation policy");
	refuse("{\"policy\":{\"policy\":01}}", "not a number");
}

static void test_pcr_refusals(void **state)
{
#define PCR(bank) "{\"pcr_values\":" bank ",\"policy\":{\"policy\":\"196608\"}}"
	refuse(PCR("{\"sha256\":{\"24\":\"00\"}}"), "not a PCR");
	refuse(PCR("{\"sha256\":{\"01\":\"00\"}}"), "write \"1\"");
	refuse(PCR("{\"sha256\":{\"-1\":\"00\"}}"), "not a PCR");
	refuse(PCR("{\"sha256\":{\"1\":\"000\"}}"), "32 bytes in hex");
	refuse(PCR("{\"sha1\":{\"1\":7}}"), "20 bytes in hex");
	/* Go reads these with any case of the name, and refuses other types: not to see them would
	 * be to enforce less than the agent's own tools. */
	refuse("{\"pcr_Values\":{\"sha256\":{}},\"policy\":{\"policy\":\"196608\"}}",
	       "write \"pcr_values\"");
	refuse(PCR("{\"SHA256\":{\"1\":\"00\"}}"), "write \"sha256\"");
	refuse(PCR("[1]"), "not an object");
	refuse(PCR("\"\""), "not an object");
	refuse(PCR("{\"sha256\":[]}"), "must be an object");
	refuse(PCR("{\"sha256\":\"\"}"), "must be an object");
	struct core_policy *policy = parse(PCR("null"));
	core_policy_destroy(policy);
	policy = parse(PCR("{\"sha1\":null,\"sha256\":null}"));
	assert_int_equal(core_policy_snp(policy)->pcrs[CORE_PCR_SHA256].count, 0);
	core_policy_destroy(policy);
}

static void test_size_cap(void **state)
{
	size_t size = CORE_POLICY_MAX + 1;
	char *big = prism_alloc(size + 1);

	memset(big, ' ', size);
	big[0] = '{';
	struct prism_error err = PRISM_ERROR_INIT;
	assert_null(core_policy_parse(big, size, &err));
	assert_int_equal(err.category, PRISM_ERROR_LIMIT);
	prism_free(big);
}

static void test_unknown_names_go_back_as_they_came(void **state)
{
#define LONG                                                                         \
	"a_name_that_is_longer_than_any_of_the_known_ones_and_than_the_room_that_there_" \
	"was_for_one"
	struct core_policy *policy =
	    parse("{\"pcr_values\":{\"sha512\":{\"1\":\"ab\"}},\"policy\":{\"policy\":\"196608\","
	          "\"trusted_Id_key_hashes\":[3],\"x_y\":1,"
	          "\"" LONG "\":2}}");
	PRISM_AUTO_BUF struct prism_buf buf = PRISM_BUF_INIT(CORE_POLICY_MAX);

	assert_int_equal(core_policy_print(policy, &buf, NULL), 0);
	core_policy_destroy(policy);
	assert_non_null(strstr(prism_buf_text(&buf), "\"trusted_Id_key_hashes\": ["));
	assert_non_null(strstr(prism_buf_text(&buf), "\"" LONG "\": 2"));
	assert_non_null(strstr(prism_buf_text(&buf), "\"sha384\": null,\n    \"sha512\": {\n"));
	core_policy_destroy(parse(prism_buf_text(&buf)));
}

static void test_base64_url_alphabet_and_envelope(void **state)
{
	struct core_policy *policy =
	    parse(SNP(",\"hostData\":\"__________________________________________8\""));
	assert_int_equal(core_policy_snp(policy)->host_data.data[31], 0xff);
	core_policy_destroy(policy);

	PRISM_AUTO_FREE char *wrapped = prism_base64_encode(SNP(""), strlen(SNP("")));
	policy = parse(wrapped);
	assert_int_equal(core_policy_kind(policy), CORE_POLICY_SNP);
	core_policy_destroy(policy);
}

/* ---- output --------------------------------------------------------------------------------- */

static void check_print(const char *in, const char *out)
{
	struct core_policy *policy = parse(in);
	PRISM_AUTO_BUF struct prism_buf buf = PRISM_BUF_INIT(CORE_POLICY_MAX);

	assert_int_equal(core_policy_print(policy, &buf, NULL), 0);
	assert_string_equal(prism_buf_text(&buf), out);
	core_policy_destroy(policy);
}

static void test_output_is_stable(void **state)
{
	const char *in =
	    "{\"policy\":{\"policy\":196608,\"vmpl\":0,\"minimum_tcb\":15352208179752599555,"
	    "\"product\":{\"name\":1},\"minimum_build\":0,\"later_number\":7},"
	    "\"root_of_trust\":{\"product_line\":\"Milan\",\"check_crl\":false}}";
	const char *out = "{\n"
	                  "  \"pcr_values\": {\n"
	                  "    \"sha1\": null,\n"
	                  "    \"sha256\": null,\n"
	                  "    \"sha384\": null\n"
	                  "  },\n"
	                  "  \"policy\": {\n"
	                  "    \"laterNumber\": 7,\n"
	                  "    \"minimumTcb\": \"15352208179752599555\",\n"
	                  "    \"policy\": \"196608\",\n"
	                  "    \"product\": {\n"
	                  "      \"name\": \"SEV_PRODUCT_MILAN\"\n"
	                  "    },\n"
	                  "    \"vmpl\": 0\n"
	                  "  },\n"
	                  "  \"rootOfTrust\": {\n"
	                  "    \"productLine\": \"Milan\"\n"
	                  "  }\n"
	                  "}";

	check_print(in, out);
	check_print(out, out);
}

/* ---- editing -------------------------------------------------------------------------------- */

static const char zeros48[] = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

static void test_set_measurement(void **state)
{
	struct core_policy *policy = parse(SNP(",\"unknown_member\":\"kept\""));
	struct prism_error err = PRISM_ERROR_INIT;
	PRISM_AUTO_BUF struct prism_buf out = PRISM_BUF_INIT(CORE_POLICY_MAX);
	char hex[97];

	assert_int_equal(core_policy_set_measurement(policy, zeros48, NULL), 0);
	memset(hex, 'f', 96);
	hex[96] = '\0';
	assert_int_equal(core_policy_set_measurement(policy, hex, NULL), 0);
	assert_int_equal(core_policy_snp(policy)->measurement.data[47], 0xff);
	hex[94] = '\0'; /* 47 bytes */
	assert_int_equal(core_policy_set_measurement(policy, hex, &err), -1);
	assert_int_equal(core_policy_set_measurement(policy, "AAAA", &err), -1);
	assert_int_equal(core_policy_set_host_data(policy, "//////8=", &err), -1);
	assert_int_equal(core_policy_print(policy, &out, NULL), 0);
	assert_non_null(strstr(prism_buf_text(&out), "\"measurement\": \"////"));
	assert_non_null(strstr(prism_buf_text(&out), "\"unknownMember\": \"kept\""));
	core_policy_destroy(policy);
}

static void test_editing_refuses_other_kinds(void **state)
{
	struct core_policy *policy = parse("{\"policy\":{\"headerPolicy\":{}}}");
	struct prism_error err = PRISM_ERROR_INIT;

	assert_int_equal(core_policy_kind(policy), CORE_POLICY_TDX);
	assert_int_equal(core_policy_set_measurement(policy, zeros48, &err), -1);
	assert_non_null(strstr(err.message, "TDX"));
	core_policy_destroy(policy);
}

struct extend_case {
	enum core_policy_extend form;
	const char *manifests[2];
	const char *sha256, *sha384;
};

static const char sample[] = "{\"id\":\"1\",\"name\":\"sample\"}";

static const struct extend_case extend_cases[] = {
    {CORE_EXTEND_COMPATIBLE,
     {"{}"},
     "284db5609d5320acb9ee2d735468a4c51cec4503b4ae6ced3fd1a6ab998212a5",
     "5f39faa6110e0462f66fba1b16366971d894162ff3e4b6ac447fe32ba772fc740f5761c509cedd184340db8e84f54"
     "630"},
    {CORE_EXTEND_AS_TPM,
     {"{}"},
     "2c0c9654fae8c3ef01a2830b8971fd0272c051905007acf6b62d3f25f693ad5f",
     "7762b2fb5bf2c17cd639c630940b731838fcba984f0274a5a80b30cbfc28f157612214d63c78cbcc469a2de054147"
     "2d5"},
    {CORE_EXTEND_COMPATIBLE,
     {sample},
     "5a701790b601b39cd7179b253558eaa38b2710464d469a4bd3fa1247afef41ea",
     "7284c6bac4445eb4ca81b3a22e525a1dcba6b9c27a15a6f87c9f68e867559fbc43f27bed230b7ec7d036e225093cf"
     "7bb"},
    {CORE_EXTEND_AS_TPM,
     {sample},
     "fe2b35eea45f940e829daa3b4cde5ad68fd88e211b9192f074a3bfdff448e9f0",
     "0de6b01bd03376787998010d0d2c69d56c9f942b624ca57201a056ab52294efa09387c19677e87ba07ffb1af4db5e"
     "48d"},
    {CORE_EXTEND_COMPATIBLE,
     {"{}", sample},
     "68c3c3b5886eef92b204a6d03e1506893757514dddfa034378cc6883ba7ea0e1",
     "3dcfbb050dc0ccd8709d7145d9d40e70688b221e1a3b55c1f88a6e3f50f3dd32c2620251170743b9354b57eb74d39"
     "836"},
};

static void test_extend(void **state)
{
	for (size_t i = 0; i < PRISM_COUNT(extend_cases); i++) {
		const struct extend_case *c = &extend_cases[i];
		struct core_policy *policy = parse(SNP(""));
		PRISM_AUTO_BUF struct prism_buf out = PRISM_BUF_INIT(CORE_POLICY_MAX);

		for (size_t m = 0; m < 2 && c->manifests[m]; m++)
			assert_int_equal(
			    core_policy_extend(policy, c->form, c->manifests[m], strlen(c->manifests[m]), NULL),
			    0);
		assert_int_equal(core_policy_print(policy, &out, NULL), 0);
		assert_non_null(strstr(prism_buf_text(&out), c->sha256));
		assert_non_null(strstr(prism_buf_text(&out), c->sha384));
		core_policy_destroy(policy);
	}
}

/* ---- TDX ------------------------------------------------------------------------------------ */

static void test_tdx(void **state)
{
	struct core_policy *policy = parse("{\"policy\":{\"headerPolicy\":{\"minimumQeSvn\":3,"
	                                   "\"qeVendorId\":\"k5pyM/ecTKmUCg2zlX8GBw==\"},"
	                                   "\"tdQuoteBodyPolicy\":{\"rtmrs\":[\"\",\"\",\"\",\"\"]}},"
	                                   "\"rootOfTrust\":{\"checkCrl\":true}}");
	const struct core_policy_tdx *tdx = core_policy_tdx(policy);

	assert_int_equal(tdx->minimum_qe_svn, 3);
	assert_int_equal(tdx->qe_vendor_id.size, 16);
	assert_int_equal(tdx->rtmrs[0].size, 0);
	assert_true(tdx->check_crl);
	core_policy_destroy(policy);
	refuse("{\"policy\":{\"headerPolicy\":{\"minimumQeSvnn\":3}}}", "unknown member");
	refuse("{\"policy\":{\"headerPolicy\":[1]}}", "headerPolicy is not an object");
	refuse("{\"policy\":{\"headerPolicy\":{},\"tdQuoteBodyPolicy\":[[1]]}}", "not an object");
	refuse("{\"policy\":{\"headerPolicy\":{}},\"rootOfTrust\":[1]}", "not an object");
	refuse("{\"policy\":{\"headerPolicy\":{},\"tdQuoteBodyPolicy\":{\"rtmrs\":[\"\"]}}}",
	       "all four");
	refuse("{\"policy\":{\"headerPolicy\":{\"minimumQeSvn\":65536}}}", "minimumQeSvn");
}

/* ---- CoRIM ---------------------------------------------------------------------------------- */

/* Published fixture: one reference triple with a SHA-384 digest of zeros (attestation.md 5.3). */
static const char corim_hex[] =
    "a200782e736e702d636f72696d2d30303030303030302d303030302d303030302d303030302d30303030303030"
    "3030303030018158b3d901faa201a100782c736e702d7461672d30303030303030302d303030302d303030302d"
    "303030302d30303030303030303030303004a1008182a200a100d8255011111111222243338444555555555555"
    "01d825501e73b153b2c25f83950ca04adab2cb0f81a200d82550aaaaaaaabbbb4ccc8dddeeeeeeeeeeee01a102"
    "818207583000000000000000000000000000000000000000000000000000000000000000000000000000000000"
    "0000000000000000";

/* What the official generator writes for a normal call: no reference values at all. */
static const char empty_corim_hex[] =
    "a200782e736e702d636f72696d2d30303030303030302d303030302d303030302d303030302d30303030303030"
    "303030303001f6";

static size_t from_hex(const char *hex, uint8_t *out, size_t cap)
{
	size_t size = 0;

	assert_int_equal(prism_hex_decode(hex, strlen(hex), out, cap, &size, NULL), 0);
	return size;
}

static void test_corim(void **state)
{
	uint8_t bytes[512];
	size_t size = from_hex(corim_hex, bytes, sizeof(bytes));
	struct prism_error err = PRISM_ERROR_INIT;
	struct core_policy *policy = core_policy_parse(bytes, size, &err);

	if (!policy)
		fail_msg("%s", err.message);
	const struct core_policy_corim *corim = core_policy_corim(policy);
	assert_non_null(corim);
	assert_int_equal(corim->digest_count, 1);
	assert_int_equal(corim->digests[0].algorithm, 7);
	assert_int_equal(corim->digests[0].size, 48);
	assert_false(corim->is_signed);
	assert_int_equal(core_policy_generation(policy), 2);
	core_policy_destroy(policy);
}

static void test_corim_without_values_is_read_as_such(void **state)
{
	uint8_t bytes[512];
	size_t size = from_hex(empty_corim_hex, bytes, sizeof(bytes));
	struct core_policy *policy = core_policy_parse(bytes, size, NULL);

	assert_non_null(policy);
	assert_int_equal(core_policy_corim(policy)->digest_count, 0);
	core_policy_destroy(policy);
}

static void test_corim_cut_anywhere_is_refused(void **state)
{
	uint8_t bytes[512];
	size_t size = from_hex(corim_hex, bytes, sizeof(bytes));

	for (size_t cut = 1; cut < size; cut++)
		assert_null(core_policy_parse(bytes, cut, NULL));
	bytes[size] = 0;
	refuse_bytes(bytes, size + 1, "follow");
}

static void test_corim_digest_of_wrong_length(void **state)
{
	uint8_t bytes[512];
	size_t size = from_hex(corim_hex, bytes, sizeof(bytes));

	assert_int_equal(bytes[size - 51], 7);
	bytes[size - 51] = 1; /* SHA-256 with 48 bytes */
	refuse_bytes(bytes, size, "does not fit its algorithm");
}

static void test_corim_made_here_is_read_back(void **state)
{
	PRISM_AUTO_BUF struct prism_buf out = PRISM_BUF_INIT(CORE_POLICY_MAX);
	uint8_t measurement[48];

	memset(measurement, 0x5a, sizeof(measurement));
	core_policy_make_corim(measurement, CORE_SNP_MILAN, &out);
	struct core_policy *policy = core_policy_parse(out.data, out.len, NULL);
	assert_non_null(policy);
	assert_memory_equal(core_policy_corim(policy)->digests[0].data, measurement, 48);
	core_policy_destroy(policy);
}

/* ---- real files ----------------------------------------------------------------------------- */

static void test_published_policies(void **state)
{
	const char *data = getenv("PRISM_TESTDATA");
	struct prism_error err = PRISM_ERROR_INIT;

	if (!data) {
		print_message("PRISM_TESTDATA is not set: no published policies\n");
		skip();
	}
	PRISM_AUTO_FREE char *snp = prism_asprintf("%s/policy/cocos-snp.json", data);
	struct core_policy *policy = core_policy_read(snp, &err);
	if (!policy)
		fail_msg("%s", err.message);
	const struct core_policy_snp *rules = core_policy_snp(policy);
	assert_true(rules->minimum_tcb == 15352208179752599555u);
	assert_int_equal(rules->vmpl, 2);
	assert_int_equal(rules->minimum_minor, 55);
	assert_true(rules->permit_provisional);
	assert_int_equal(rules->product, CORE_SNP_MILAN);
	assert_int_equal(rules->pcrs[CORE_PCR_SHA256].count, 9);
	assert_false(rules->pcrs[CORE_PCR_SHA384].listed[8]);
	core_policy_destroy(policy);
	PRISM_AUTO_FREE char *tdx = prism_asprintf("%s/policy/cocos-tdx.json", data);
	policy = core_policy_read(tdx, &err);
	if (!policy)
		fail_msg("%s", err.message);
	assert_int_equal(core_policy_kind(policy), CORE_POLICY_TDX);
	core_policy_destroy(policy);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_numbers_above_2_63_stay_exact),
	    cmocka_unit_test(test_snp_refusals),
	    cmocka_unit_test(test_pcr_refusals),
	    cmocka_unit_test(test_size_cap),
	    cmocka_unit_test(test_unknown_names_go_back_as_they_came),
	    cmocka_unit_test(test_base64_url_alphabet_and_envelope),
	    cmocka_unit_test(test_output_is_stable),
	    cmocka_unit_test(test_set_measurement),
	    cmocka_unit_test(test_editing_refuses_other_kinds),
	    cmocka_unit_test(test_extend),
	    cmocka_unit_test(test_tdx),
	    cmocka_unit_test(test_corim),
	    cmocka_unit_test(test_corim_without_values_is_read_as_such),
	    cmocka_unit_test(test_corim_cut_anywhere_is_refused),
	    cmocka_unit_test(test_corim_digest_of_wrong_length),
	    cmocka_unit_test(test_corim_made_here_is_read_back),
	    cmocka_unit_test(test_published_policies),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
