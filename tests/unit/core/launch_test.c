/*
 * core/launch.c: the published launch digests, step by step and whole, and every refusal.
 *
 * Whole measurements need firmware images that are not ours to ship; they run where
 * PRISM_TESTDATA names them.  Refusals and single steps run everywhere, on images made here.
 */
#include "base/file.h"
#include "base/mem.h"
#include "base/text.h"
#include "core/launch.h"
#include "net/crypto.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static char dir[] = "/tmp/prism-launch-XXXXXX";
static char *empty_file;

static char *write_file(const char *name, const void *data, size_t size)
{
	char *path = prism_path_join(dir, name);
	assert_int_equal(prism_file_write(path, data, size, 0600, NULL), 0);
	return path;
}

static int setup(void **state)
{
	assert_non_null(mkdtemp(dir));
	empty_file = write_file("empty", "", 0);
	return 0;
}

static int teardown(void **state)
{
	prism_free(empty_file);
	static const char *const names[] = {"empty", "image"};
	for (size_t i = 0; i < PRISM_COUNT(names); i++) {
		char *path = prism_path_join(dir, names[i]);
		unlink(path);
		prism_free(path);
	}
	return rmdir(dir);
}

static void check_hex(const uint8_t digest[48], const char *expected)
{
	char hex[97];

	prism_hex_encode(digest, 48, hex);
	assert_string_equal(hex, expected);
}

static void test_single_steps(void **state)
{
	uint8_t zero_page[48] = {0}, normal[48] = {0}, zeros[4096] = {0};

	core_launch_update(zero_page, CORE_LAUNCH_PAGE_ZERO, NULL, 0x800000);
	check_hex(zero_page, "4472405c6dbc65e5629805f2be1b3df74eb119841eff12466c24f43e67083c23df5e645b"
	                     "2742b6d9aa0f943e095cebaa");
	core_launch_update(normal, CORE_LAUNCH_PAGE_NORMAL, zeros, 0xfffff000);
	check_hex(normal,
	          "46c510442a54cc32344cef32e14dc3d6312fc4a010780dd11fd33204df5550590356b069e6c6c"
	          "a5bbfca71561f370399");
}

static void test_vmsa(void **state)
{
	struct core_launch_spec spec = CORE_LAUNCH_SPEC_INIT;
	uint8_t page[4096], digest[48];

	spec.vcpu_signature = 0x800f12;
	core_launch_vmsa(&spec, 0xfffffff0, page);
	net_digest_bytes(NET_SHA384, page, sizeof(page), digest);
	check_hex(digest,
	          "77920c4c629ff47e90c0e174fc1ad0eb6fa664f88cd4739488058a8c6cb1a77b3856f55378e95"
	          "18d0da99452d51c553a");
	spec.guest_features = 0x21;
	core_launch_vmsa(&spec, 0xfffffff0, page);
	net_digest_bytes(NET_SHA384, page, sizeof(page), digest);
	check_hex(digest,
	          "ae79efa6efbe1594a2717dfd42af495a0e4ed37b00e529a5fdf349bea04c3513962ffb0c74cf6"
	          "5b0d9a1857271833d6e");
}

static void test_cpu_names(void **state)
{
	static const struct {
		const char *name;
		uint32_t signature;
	} rows[] = {{"EPYC-v4", 0x800f12},
	            {"EPYC-Rome", 0x830f10},
	            {"EPYC-Milan-v2", 0xa00f11},
	            {"EPYC-Genoa", 0xa10f10},
	            {"EPYC-Turin", 0xb00f00}};
	struct prism_error err = PRISM_ERROR_INIT;
	uint32_t signature = 0;

	for (size_t i = 0; i < PRISM_COUNT(rows); i++) {
		assert_int_equal(core_launch_cpu_parse(rows[i].name, &signature, NULL), 0);
		assert_int_equal(signature, rows[i].signature);
	}
	assert_int_equal(core_launch_cpu_parse("EPYC-v9", &signature, &err), -1);
	assert_int_equal(err.category, PRISM_ERROR_INVALID);
	assert_non_null(strstr(err.hint, "EPYC-Turin"));
}

/* ---- whole measurements --------------------------------------------------------------------- */

struct vector {
	const char *image;
	enum core_launch_vmm vmm;
	unsigned vcpus;
	bool kernel;
	const char *append;
	uint64_t features;
	bool rdx_zero;
	const char *digest;
};

static const struct vector vectors[] = {
    {"AmdSev", CORE_LAUNCH_QEMU, 1, true, "console=ttyS0 loglevel=7", 0x21, false,
     "803f691094946e42068aaa3a8f9e26a5c89f36f7b73ecfb28c653360fe4b3aba7e534442e7e1e17895dfe778d0228"
     "977"},
    {"AmdSev", CORE_LAUNCH_QEMU, 1, true, "console=ttyS0 loglevel=7", 0x1, false,
     "6d287813eb5222d770f75005c664e34c204f385ce832cc2ce7d0d6f354454362f390ef83a92046c042e706363b4b0"
     "8fa"},
    {"AmdSev", CORE_LAUNCH_QEMU, 4, true, NULL, 0x21, false,
     "4953b1fb416fa874980e8442b3706d345926d5f38879134e00813c5d7abcbe78eafe7b422907be0b4698e2414a631"
     "942"},
    {"AmdSev", CORE_LAUNCH_QEMU, 4, true, NULL, 0x1, false,
     "5061fffb019493a903613d56d54b94912a1a2f9e4502385f5c194616753720a92441310ba6c4933de877c36e23046"
     "ad5"},
    {"AmdSev", CORE_LAUNCH_QEMU, 1, false, NULL, 0x21, false,
     "e1e1ca029dd7973ab9513295be68198472dcd4fc834bd9af9b63f6e8a1674dbf281a9278a4a2ebe0eed9f22adbcd0"
     "e2b"},
    {"AmdSev", CORE_LAUNCH_QEMU, 1, false, NULL, 0x1, false,
     "19358ba9a7615534a9a1e2f0dfc29384dcd4dcb7062ff9c6013b26869a5fc6ecabe033c48dd6f6db5d6d76e7c5df6"
     "32d"},
    {"OvmfX64", CORE_LAUNCH_QEMU, 1, false, NULL, 0x21, false,
     "28797ae0afaba4005a81e629acebfb59e6687949d6be44007cd5506823b0dd66f146aaae26ff291eed7b493d8a64c"
     "385"},
    {"AmdSev", CORE_LAUNCH_EC2, 1, true, NULL, 0x21, false,
     "0ce9ccc06bab55eebe8abc234f3df6514883977a68a591b71052498ab52b2f1aa415db338033946ef93aa8278c0d6"
     "7fb"},
    {"AmdSev", CORE_LAUNCH_EC2, 1, true, NULL, 0x1, true,
     "7d3756157c805bf6adf617064c8552e8c1688fa1c8756f11cbf56ba5d25c9270fb69c0505c1cbe1c5c66c0e34c6ed"
     "3be"},
    {"AmdSev", CORE_LAUNCH_GCE, 4, true, NULL, 0x1, false,
     "5c5debf100fc339f90276e761ee1f1658d08922c3b20e2a2e6c7a6c3370b2452a15a00eae11886a93d6fd1e7ab81e"
     "29d"},
};

static char *image_path(const char *image)
{
	const char *data = getenv("PRISM_TESTDATA");

	if (!data) {
		print_message("PRISM_TESTDATA is not set: no firmware images to measure\n");
		skip();
	}
	return prism_asprintf("%s/launch/ovmf_%s_suffix.bin", data, image);
}

static void test_published_digests(void **state)
{
	for (size_t i = 0; i < PRISM_COUNT(vectors); i++) {
		const struct vector *v = &vectors[i];
		PRISM_AUTO_FREE char *path = image_path(v->image);
		struct core_launch_spec spec = CORE_LAUNCH_SPEC_INIT;
		struct prism_error err = PRISM_ERROR_INIT;
		uint8_t digest[48];

		spec.vmm = v->vmm;
		spec.ovmf = path;
		spec.kernel = v->kernel ? empty_file : NULL;
		spec.initrd = v->kernel ? empty_file : NULL;
		spec.append = v->append;
		spec.vcpus = v->vcpus;
		spec.vcpu_signature = 0x800f12;
		spec.guest_features = v->features;
		spec.ec2_rdx_zero = v->rdx_zero;
		if (core_launch_measure(&spec, NULL, digest, &err) < 0)
			fail_msg("vector %zu: %s", i, err.message);
		check_hex(digest, v->digest);
	}
}

static void test_ovmf_digest_stands_in_for_contents(void **state)
{
	PRISM_AUTO_FREE char *path = image_path("AmdSev");
	struct core_launch_spec spec = CORE_LAUNCH_SPEC_INIT;
	uint8_t ovmf[48], digest[48];

	assert_int_equal(core_launch_ovmf_digest(path, ovmf, NULL), 0);
	check_hex(ovmf,
	          "086e2e9149ebf45abdc3445fba5b2da8270bdbb04094d7a2c37faaa4b24af3aa16aff8c374c2a55c"
	          "467a50da6d466b74");
	spec.ovmf = path;
	spec.ovmf_digest = ovmf;
	spec.vcpu_signature = 0x800f12;
	assert_int_equal(core_launch_measure(&spec, NULL, digest, NULL), 0);
	check_hex(digest, vectors[5].digest);
}

static void test_kernel_needs_a_hashes_section(void **state)
{
	PRISM_AUTO_FREE char *path = image_path("OvmfX64");
	struct core_launch_spec spec = CORE_LAUNCH_SPEC_INIT;
	struct prism_error err = PRISM_ERROR_INIT;
	uint8_t digest[48];

	spec.ovmf = path;
	spec.kernel = empty_file;
	spec.vcpu_signature = 0x800f12;
	assert_int_equal(core_launch_measure(&spec, NULL, digest, &err), -1);
	assert_non_null(strstr(err.message, "kernel"));
}

/* ---- refusals, on images made here ---------------------------------------------------------- */

static const uint8_t footer[] = {0xde, 0x82, 0xb5, 0x96, 0xb2, 0x1f, 0xf7, 0x45,
                                 0xba, 0xea, 0xa3, 0x66, 0xc5, 0x5a, 0x08, 0x2d};
static const uint8_t metadata_guid[] = {0x66, 0x65, 0x88, 0xdc, 0x4a, 0x98, 0x98, 0x47,
                                        0xa7, 0x5e, 0x55, 0x85, 0xa7, 0xbf, 0x67, 0xcc};

/* One page: metadata with one section at 0x100, a footer table that points to it. */
static void make_image(uint8_t page[4096])
{
	const size_t end = 4096 - 32;

	memset(page, 0, 4096);
	memcpy(page + end - 16, footer, 16);
	page[end - 18] = 18 + 22; /* total */
	memcpy(page + end - 18 - 16, metadata_guid, 16);
	page[end - 18 - 18] = 22;
	uint32_t offset = 4096 - 0x100;
	memcpy(page + end - 18 - 22, &offset, 4);
	memcpy(page + 0x100, "ASEV", 4);
	page[0x108] = 1;    /* version */
	page[0x10c] = 1;    /* count */
	page[0x112] = 0x80; /* gpa 0x800000 */
	page[0x115] = 0x10; /* size 0x1000 */
	page[0x118] = 1;    /* SEC_MEM */
}

static int measure_page(const uint8_t *page, size_t size, unsigned vcpus, struct prism_error *err)
{
	PRISM_AUTO_FREE char *path = write_file("image", page, size);
	struct core_launch_spec spec = CORE_LAUNCH_SPEC_INIT;
	uint8_t digest[48];

	spec.ovmf = path;
	spec.vcpus = vcpus;
	spec.vcpu_signature = 0x800f12;
	return core_launch_measure(&spec, NULL, digest, err);
}

static void refuse(const uint8_t *page, size_t size, unsigned vcpus, const char *words)
{
	struct prism_error err = PRISM_ERROR_INIT;
	char text[1024];

	assert_int_equal(measure_page(page, size, vcpus, &err), -1);
	prism_error_format(&err, text, sizeof(text));
	if (!strstr(text, words))
		fail_msg("\"%s\" does not say \"%s\"", text, words);
}

static void test_image_made_here_is_measured(void **state)
{
	uint8_t page[4096];

	make_image(page);
	assert_int_equal(measure_page(page, sizeof(page), 1, NULL), 0);
}

static void test_refusals(void **state)
{
	uint8_t page[4096];

	make_image(page);
	refuse(page, 4095, 1, "multiple of 4096");
	refuse(page, 0, 1, "multiple of 4096");
	refuse(page, 4096, 0, "0 vCPUs");
	refuse(page, 4096, 2, "reset vector");
	page[4096 - 32 - 16] ^= 1;
	refuse(page, 4096, 1, "footer table");
	make_image(page);
	page[4096 - 32 - 17] = 0xff;
	refuse(page, 4096, 1, "claims");
	make_image(page);
	page[0x108] = 2;
	refuse(page, 4096, 1, "version 2");
	make_image(page);
	page[0x10c] = 65;
	refuse(page, 4096, 1, "65 sections");
	make_image(page);
	page[0x118] = 9;
	refuse(page, 4096, 1, "unknown type 0x9");
	make_image(page);
	page[0x114] = 1;
	refuse(page, 4096, 1, "whole pages");
	make_image(page);
	page[0x100] = 'B';
	refuse(page, 4096, 1, "ASEV");
}

static void test_options_that_do_not_fit(void **state)
{
	struct core_launch_spec spec = CORE_LAUNCH_SPEC_INIT;
	struct prism_error err = PRISM_ERROR_INIT;
	uint8_t digest[48];

	spec.vcpu_signature = 1;
	assert_int_equal(core_launch_measure(&spec, NULL, digest, &err), -1); /* no image */
	spec.ovmf = empty_file;
	spec.initrd = empty_file;
	assert_int_equal(core_launch_measure(&spec, NULL, digest, &err), -1);
	assert_non_null(strstr(err.message, "initrd without a kernel"));
	spec.initrd = NULL;
	spec.vcpu_signature = 0;
	assert_int_equal(core_launch_measure(&spec, NULL, digest, &err), -1);
	assert_non_null(strstr(err.message, "vCPU type"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_single_steps),
	    cmocka_unit_test(test_vmsa),
	    cmocka_unit_test(test_cpu_names),
	    cmocka_unit_test(test_published_digests),
	    cmocka_unit_test(test_ovmf_digest_stands_in_for_contents),
	    cmocka_unit_test(test_kernel_needs_a_hashes_section),
	    cmocka_unit_test(test_image_made_here_is_measured),
	    cmocka_unit_test(test_refusals),
	    cmocka_unit_test(test_options_that_do_not_fit),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
