/*
 * core/pem.c: which blocks a text has and what is around them, fed whole and cut at every byte.
 */
#include "core/pem.h"

#include "base/buf.h"
#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static const char two[] = "comment\n"
                          "-----BEGIN EC PARAMETERS-----\nBggq\n-----END EC PARAMETERS-----\n"
                          "-----BEGIN EC PRIVATE KEY-----\nMHcC\n-----END EC PRIVATE KEY-----\n";

static struct core_pem scan(const char *text)
{
	struct core_pem pem;

	core_pem_scan(text, strlen(text), &pem);
	return pem;
}

static void test_blocks(void **state)
{
	struct core_pem pem = scan(two);

	assert_int_equal(pem.blocks, 2);
	assert_int_equal(pem.of_kind[CORE_PEM_KEY], 1);
	assert_int_equal(pem.block[1].line, 5);
	assert_string_equal(pem.block[1].label, "EC PRIVATE KEY");
	assert_true(pem.block[1].closed && pem.block[1].base64);
	assert_true(pem.text_before);
	assert_false(pem.text_after || pem.text_between || pem.crlf || pem.controls);
}

static void test_damage(void **state)
{
	assert_false(scan("-----BEGIN CERTIFICATE-----\nAAAA\n").block[0].closed);
	assert_false(
	    scan("-----BEGIN CERTIFICATE-----\nAAAA\n-----END PRIVATE KEY-----\n").block[0].closed);
	assert_false(
	    scan("-----BEGIN CERTIFICATE-----\nA%AA\n-----END CERTIFICATE-----\n").block[0].base64);
	assert_false(scan("-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n").block[0].base64);
	assert_int_equal(scan("BEGIN CERTIFICATE\n").blocks, 0);
	assert_int_equal(scan("").blocks, 0);
}

static void test_old_encryption(void **state)
{
	struct core_pem pem = scan("-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n"
	                           "DEK-Info: AES-128-CBC,00\n\nAAAA\n-----END RSA PRIVATE KEY-----\n");

	assert_int_equal(pem.of_kind[CORE_PEM_ENCRYPTED_KEY], 1);
	assert_true(pem.block[0].base64);
}

static void test_cut_at_every_byte(void **state)
{
	for (size_t n = 0; n <= strlen(two); n++) {
		PRISM_AUTO_FREE char *part = prism_memdup(two, n ? n : 1);
		struct core_pem pem;
		core_pem_scan(part, n, &pem);
		assert_true(pem.blocks <= 2 && pem.kept == pem.blocks);
	}
}

static void test_many_are_counted(void **state)
{
	struct prism_buf text = PRISM_BUF_INIT(1 << 20);
	struct core_pem pem;

	for (int i = 0; i < 1000; i++)
		prism_buf_puts(&text, "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
	core_pem_scan(text.data, text.len, &pem);
	assert_int_equal(pem.blocks, 1000);
	assert_int_equal(pem.of_kind[CORE_PEM_CERT], 1000);
	assert_int_equal(pem.kept, CORE_PEM_KEPT);
	prism_buf_finish(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_blocks),           cmocka_unit_test(test_damage),
	    cmocka_unit_test(test_old_encryption),   cmocka_unit_test(test_cut_at_every_byte),
	    cmocka_unit_test(test_many_are_counted),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
