/*
 * core/checksum.c: SHA3-256 of files and directories on a worker, progress, cancelling, refusals,
 * and a core that goes away meanwhile.
 */
#include "base/file.h"
#include "core/asset.h"
#include "tests/lib/corerun.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char dir[64];

static int make_dir(void **state)
{
	snprintf(dir, sizeof(dir), "/tmp/core-checksum-XXXXXX");
	return mkdtemp(dir) ? 0 : -1;
}

static int drop_dir(void **state)
{
	static const char *const names[] = {"abc", "big", "sub/one", "sub"};
	char path[128];
	for (size_t i = 0; i < 4; i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, names[i]);
		remove(path);
	}
	return rmdir(dir);
}

static const char *put(char path[128], const char *name, const void *data, size_t size)
{
	snprintf(path, 128, "%s/%s", dir, name);
	assert_int_equal(prism_file_write(path, data, size, 0644, NULL), 0);
	return path;
}

static void hashed(void *data, const char *hex, uint64_t size, const struct prism_error *err)
{
	struct corerun *run = data;
	snprintf(run->id, sizeof(run->id), "%s %llu", hex, (unsigned long long)size);
	corerun_done(run, err);
}

static void test_known_answer(void **state)
{
	struct corerun *run = corerun_open("http://127.0.0.1:1", NULL);
	char path[128];
	/* NIST, SHA3-256("abc") */
	assert_int_equal(
	    core_checksum_path(run->core, put(path, "abc", "abc", 3), NULL, NULL, hashed, run, NULL),
	    0);
	assert_int_equal(core_pending(run->core), 1);
	assert_int_equal(corerun_wait(run), PRISM_ERROR_NONE);
	assert_string_equal(run->id,
	                    "3a985da74fe225b2045c172d6bd390bd855f086e3e9d525b46bfe24511431532 3");
	assert_int_equal(core_pending(run->core), 0);
	corerun_close(run);
}

static void test_directory(void **state)
{
	struct corerun *run = corerun_open("http://127.0.0.1:1", NULL);
	char path[128], first[256];
	snprintf(path, sizeof(path), "%s/sub", dir);
	assert_int_equal(mkdir(path, 0755), 0);
	put(path, "sub/one", "1", 1);
	snprintf(path, sizeof(path), "%s/sub/", dir);
	assert_int_equal(core_checksum_path(run->core, path, NULL, NULL, hashed, run, NULL), 0);
	assert_int_equal(corerun_wait(run), PRISM_ERROR_NONE);
	snprintf(first, sizeof(first), "%s", run->id);
	assert_int_equal(strspn(first, "0123456789abcdef"), 64);
	/* the bytes are the same every time: no time, no order of the disk in them */
	assert_int_equal(core_checksum_path(run->core, path, NULL, NULL, hashed, run, NULL), 0);
	assert_int_equal(corerun_wait(run), PRISM_ERROR_NONE);
	assert_string_equal(run->id, first);
	corerun_close(run);
}

static void test_refused(void **state)
{
	struct corerun *run = corerun_open("http://127.0.0.1:1", NULL);
	struct prism_error err = PRISM_ERROR_INIT;
	assert_int_equal(core_checksum_path(run->core, "/no/such", NULL, NULL, hashed, run, &err), -1);
	assert_int_equal(err.category, PRISM_ERROR_MISSING);
	assert_int_equal(core_checksum_path(run->core, "/dev/zero", NULL, NULL, hashed, run, &err), -1);
	assert_int_equal(core_pending(run->core), 0);
	corerun_close(run);
}

static void test_cancelled(void **state)
{
	struct corerun *run = corerun_open("http://127.0.0.1:1", NULL);
	struct prism_cancel *cancel = prism_cancel_create(NULL);
	char path[128];
	assert_int_equal(
	    core_checksum_path(run->core, put(path, "abc", "abc", 3), cancel, NULL, hashed, run, NULL),
	    0);
	prism_cancel_destroy(cancel); /* the caller's token goes first */
	assert_int_equal(corerun_wait(run), PRISM_ERROR_CANCELLED);
	corerun_close(run);
}

static void test_core_goes_first(void **state)
{
	struct corerun *run = corerun_open("http://127.0.0.1:1", NULL);
	char path[128];
	static char big[4 << 20];
	assert_int_equal(core_checksum_path(run->core, put(path, "big", big, sizeof(big)), NULL, NULL,
	                                    hashed, run, NULL),
	                 0);
	core_destroy(run->core);
	run->core = NULL;
	assert_int_equal(run->calls, 1);
	assert_int_equal(run->err.category, PRISM_ERROR_CANCELLED);
	corerun_close(run);
}

static void test_mime(void **state)
{
	assert_string_equal(core_mime_of("iris.CSV"), "text/csv");
	assert_string_equal(core_mime_of("count.py"), "text/x-python");
	assert_string_equal(core_mime_of(".csv"), "application/octet-stream");
	assert_string_equal(core_mime_of("addition"), "application/octet-stream");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_known_answer),    cmocka_unit_test(test_directory),
	    cmocka_unit_test(test_refused),         cmocka_unit_test(test_cancelled),
	    cmocka_unit_test(test_core_goes_first), cmocka_unit_test(test_mime),
	};
	return cmocka_run_group_tests(tests, make_dir, drop_dir);
}
