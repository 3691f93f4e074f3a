/* core/cvm.c: what fits a filter, and which numbers of CPUs are offered. */
#include "core/cvm.h"

#include "base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static struct core_cvm cvm(enum core_cvm_phase phase, const char *platform, int64_t created_us)
{
	return (struct core_cvm){.phase = phase, .platform = platform, .created_us = created_us};
}

static bool fits(enum core_cvm_phase phase, const char *status)
{
	struct core_cvm one = cvm(phase, "sev-snp", 5);
	struct core_cvm_filter filter = {.status = status, .since_us = PRISM_TIME_UNSET};

	return core_cvm_fits(&one, &filter);
}

static void status_is_a_phase_or_a_word_for_several(void **state)
{
	assert_true(fits(CORE_CVM_READY, NULL));
	assert_false(fits(CORE_CVM_INACTIVE, NULL));
	assert_false(fits(CORE_CVM_INACTIVE, "active"));
	assert_true(fits(CORE_CVM_INACTIVE, "all"));
	assert_true(fits(CORE_CVM_INACTIVE, "inactive"));
	assert_true(fits(CORE_CVM_BUSY, "online"));
	assert_true(fits(CORE_CVM_READY, "online"));
	assert_false(fits(CORE_CVM_INITIALIZING, "online"));
	assert_true(fits(CORE_CVM_INITIALIZING, "initializing"));
	assert_false(fits(CORE_CVM_READY, "busy"));
}

static void platform_and_age_must_fit_too(void **state)
{
	struct core_cvm one = cvm(CORE_CVM_READY, "Intel TDX", 1000);
	struct core_cvm_filter filter = {.platform = "tdx", .since_us = 1000};

	assert_true(core_cvm_fits(&one, &filter));
	filter.since_us = 1001;
	assert_false(core_cvm_fits(&one, &filter));
	filter = (struct core_cvm_filter){.platform = "sev-snp", .since_us = PRISM_TIME_UNSET};
	assert_false(core_cvm_fits(&one, &filter));
	one.created_us = PRISM_TIME_UNSET; /* of an unknown age: not among the young */
	filter = (struct core_cvm_filter){.since_us = 1};
	assert_false(core_cvm_fits(&one, &filter));
}

static int check(const char *provider, const char *platform, int vcpus, struct prism_error *err)
{
	const struct core_cvm_draft draft = {
	    .name = "x", .provider = provider, .platform = platform, .vcpus = vcpus};

	return core_cvm_check_vcpus(&draft, err);
}

static void counts_follow_backend_and_platform(void **state)
{
	struct prism_error err = PRISM_ERROR_INIT;

	assert_int_equal(check("azure", "sev-snp", 96, &err), 0);
	assert_int_equal(check("azure", "tdx", 128, &err), 0);
	assert_int_equal(check("azure", "sev-snp", 128, &err), -1);
	assert_non_null(strstr(err.hint, "64, 96"));
	assert_int_equal(check("gcp", "tdx", 2, &err), -1);
	assert_non_null(strstr(err.hint, "4, 8, 22"));
	assert_int_equal(check("gcp", "tdx", 0, &err), 0);             /* nobody chose */
	assert_int_equal(check("ultraviolet", "sev-snp", 7, &err), 0); /* no list */
	assert_int_equal(check("elsewhere", "sev-snp", 7, &err), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(status_is_a_phase_or_a_word_for_several),
	    cmocka_unit_test(platform_and_age_must_fit_too),
	    cmocka_unit_test(counts_follow_backend_and_platform),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
