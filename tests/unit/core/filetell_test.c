/* core/filetell.c: what a file holds, in words; and what is nothing of that kind. */
#include "core/filetell.h"

#include "base/clock.h"
#include "base/mem.h"
#include "tests/lib/testca.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum { DAY = 86400 };

static int64_t now(void)
{
	return prism_clock_wall_us(prism_clock_system());
}

static void expect_bytes(const char *data, size_t size, const char *want)
{
	PRISM_AUTO_FREE char *is = core_filetell(data, size, now());

	assert_string_equal(is, want);
}

static void expect(const char *text, const char *want)
{
	expect_bytes(text, strlen(text), want);
}

static void certificates(void **state)
{
	struct testca ca = testca_make(
	    &(struct testca_spec){.name = "Root", .ca = true, .until = 100 * DAY + 1800}, NULL);
	struct testca old =
	    testca_make(&(struct testca_spec){.name = "old", .from = -9 * DAY, .until = -2 * DAY}, &ca);
	struct testca young =
	    testca_make(&(struct testca_spec){.name = "young", .from = DAY, .until = 2 * DAY}, &ca);
	PRISM_AUTO_FREE char *chain = prism_asprintf("%s%s", ca.cert_pem, old.cert_pem);
	PRISM_AUTO_FREE char *both = prism_asprintf("%s%s", ca.cert_pem, ca.key_pem);

	(void)state;
	expect(ca.cert_pem, "CA Root, 100 days");
	expect(old.cert_pem, "certificate old, expired 2 days ago");
	expect(young.cert_pem, "certificate young, not valid yet");
	expect(chain, "CA Root, 100 days, and 1 more");
	expect(both, "CA Root, 100 days + private key");
	expect(ca.key_pem, "private key, ECDSA P-256");
	expect("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "damaged certificate");
	testca_finish(&ca);
	testca_finish(&old);
	testca_finish(&young);
}

static void other_blocks(void **state)
{
	(void)state;
	expect("-----BEGIN CERTIFICATE REQUEST-----\nMIIB\n-----END CERTIFICATE REQUEST-----\n",
	       "certificate request (CSR)");
	expect("-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIIB\n-----END ENCRYPTED PRIVATE KEY-----\n",
	       "private key, encrypted");
	expect("-----BEGIN PRIVATE KEY-----\nMIIB\n-----END PRIVATE KEY-----\n",
	       "private key that cannot be read");
	expect("-----BEGIN PUBLIC KEY-----\nMIIB\n-----END PUBLIC KEY-----\n", "public key");
	expect("-----BEGIN GREETING-----\nMIIB\n-----END GREETING-----\n", "GREETING");
}

static void der(void **state)
{
	(void)state;
	expect_bytes("\x30\x82\x01\x00\x02\x01\x03\x30\x00", 9, "PKCS#12 bundle");
	expect_bytes("\x30\x82\x01\x00\x02\x01\x00\x30\x00", 9, "private key (DER)");
	assert_int_equal(core_der_kind("\x30\x03\x02\x01\x07", 5), CORE_DER_OTHER);
	assert_int_equal(core_der_kind("\x30\xff\xff\xff\xff\xff", 6), CORE_DER_OTHER);
	assert_int_equal(core_der_kind("\x30", 1), CORE_DER_NONE);
	assert_int_equal(core_der_kind("hello, world", 12), CORE_DER_NONE);
}

static void nothing_of_that_kind(void **state)
{
	(void)state;
	expect("", "");
	expect("a text", "");
	expect_bytes("\177ELF\0\1", 6, "");
	expect_bytes("\x30\x03\x02\x01\x07", 5, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(certificates),
	    cmocka_unit_test(other_blocks),
	    cmocka_unit_test(der),
	    cmocka_unit_test(nothing_of_that_kind),
	};

	return cmocka_run_group_tests_name("core/filetell", tests, NULL, NULL);
}
