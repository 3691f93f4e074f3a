/*
 * core/payload.c: files and directories as uploads, names, hashes, and change after hashing.
 */
#include "base/file.h"
#include "base/text.h"
#include "core/payload.h"
#include "net/crypto.h"
#include "tests/lib/tmpdir.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

static char *put(const char *dir, const char *name, const char *text)
{
	char *path = prism_path_join(dir, name);
	struct prism_error err = PRISM_ERROR_INIT;

	assert_int_equal(prism_file_write(path, text, strlen(text), 0644, &err), 0);
	assert_int_equal(chmod(path, 0644), 0);
	return path;
}

static void test_file(void **state)
{
	char *path = put(*state, "hello.txt", "hello\n"), bytes[10];
	struct prism_error err = PRISM_ERROR_INIT;
	struct core_payload_progress progress = {0};
	struct core_payload *p = core_payload_open(path, 0, NULL, &progress, &err);

	assert_non_null(p);
	assert_int_equal(core_payload_size(p), 6);
	assert_string_equal(core_payload_sha3(p),
	                    "b314e28493eae9dab57ac4f0c6d887bddbbeb810e900d818395ace558e96516d");
	assert_string_equal(core_payload_name(p), "hello.txt");
	assert_string_equal(core_payload_path(p), path);
	assert_false(core_payload_is_directory(p));
	assert_int_equal(progress.done, 6);
	assert_int_equal(progress.total, 6);
	assert_int_equal(core_payload_read(p, 0, bytes, 10, &err), 6);
	assert_memory_equal(bytes, "hello\n", 6);
	assert_int_equal(core_payload_read(p, 4, bytes, 10, &err), 2);
	assert_int_equal(core_payload_read(p, 6, bytes, 10, &err), 0);
	assert_int_equal(core_payload_unchanged(p, &err), 0);
	core_payload_destroy(p);
	prism_free(path);
}

static void test_change_is_seen(void **state)
{
	char *path = put(*state, "f", "first");
	struct prism_error err = PRISM_ERROR_INIT;
	struct core_payload *p = core_payload_open(path, 0, NULL, NULL, &err);
	struct timespec old[2] = {{.tv_sec = 1}, {.tv_sec = 1}};
	struct stat st;
	int fd = open(path, O_WRONLY);

	/* same size and the old time put back: the change time still tells */
	assert_int_equal(fstat(fd, &st), 0);
	old[0] = old[1] = st.st_mtim;
	assert_int_equal(pwrite(fd, "other", 5, 0), 5);
	assert_int_equal(futimens(fd, old), 0);
	close(fd);
	assert_int_equal(core_payload_unchanged(p, &err), -1);
	assert_int_equal(err.category, PRISM_ERROR_CONFLICT);
	core_payload_destroy(p);
	p = core_payload_open(path, 0, NULL, NULL, &err);
	assert_int_equal(truncate(path, 2), 0);
	assert_int_equal(core_payload_unchanged(p, &err), -1);
	assert_int_equal(core_payload_read(p, 0, (char[5]){0}, 5, &err), -1);
	core_payload_destroy(p);
	prism_free(path);
}

/* Replacing the file under its name does not matter: the opened one is what is sent. */
static void test_replaced_file(void **state)
{
	char *path = put(*state, "f", "first"), bytes[5];
	struct prism_error err = PRISM_ERROR_INIT;
	struct core_payload *p = core_payload_open(path, CORE_PAYLOAD_NO_HASH, NULL, NULL, &err);

	prism_free(put(*state, "f", "other")); /* renamed over it */
	assert_int_equal(core_payload_read(p, 0, bytes, 5, &err), 5);
	assert_memory_equal(bytes, "first", 5);
	core_payload_destroy(p);
	prism_free(path);
}

static void test_directory(void **state)
{
	char *sub = prism_path_join(*state, "in"), *inner = prism_path_join(*state, "in/sub"),
	     *files[3];
	char *slash = prism_path_join(*state, "in/");
	struct prism_error err = PRISM_ERROR_INIT;
	struct core_payload *p;
	char bytes[400];

	setenv("TZ", "UTC", 1);
	tzset();
	assert_int_equal(mkdir(sub, 0755), 0);
	assert_int_equal(mkdir(inner, 0755), 0);
	files[0] = put(*state, "in/a.txt", "hello\n");
	files[1] = put(*state, "in/empty", "");
	files[2] = put(*state, "in/sub/b", "x");
	p = core_payload_open(slash, 0, NULL, NULL, &err);
	assert_non_null(p);
	assert_true(core_payload_is_directory(p));
	assert_string_equal(core_payload_name(p), "in"); /* despite the slash, and without .zip */
	assert_int_equal(core_payload_size(p), 389);
	assert_string_equal(core_payload_sha3(p),
	                    "5715fa35598bd3aa2c7f483cc4e2b54fcd9112b2b8e0bbfaa546ea0cf3426470");
	assert_int_equal(core_payload_read(p, 0, bytes, sizeof(bytes), &err), 389);
	assert_memory_equal(bytes, "PK\003\004", 4);
	assert_int_equal(core_payload_unchanged(p, &err), 0);
	core_payload_destroy(p);
	p = core_payload_open(sub, CORE_PAYLOAD_HASH_ONLY, NULL, NULL, &err);
	assert_string_equal(core_payload_sha3(p),
	                    "5715fa35598bd3aa2c7f483cc4e2b54fcd9112b2b8e0bbfaa546ea0cf3426470");
	core_payload_destroy(p);
	p = core_payload_open(sub, CORE_PAYLOAD_ZIP_V08, NULL, NULL, &err);
	assert_string_not_equal(core_payload_sha3(p),
	                        "5715fa35598bd3aa2c7f483cc4e2b54fcd9112b2b8e0bbfaa546ea0cf3426470");
	core_payload_destroy(p);
	for (int i = 0; i < 3; i++)
		prism_free(files[i]);
	prism_free(sub);
	prism_free(inner);
	prism_free(slash);
}

static void test_refusals(void **state)
{
	char *empty = put(*state, "empty", ""), *pipe = prism_path_join(*state, "pipe");
	struct prism_error err = PRISM_ERROR_INIT;
	struct prism_cancel *cancel = prism_cancel_create(NULL);
	struct core_payload *p;

	assert_null(core_payload_open("/nonexistent", 0, NULL, NULL, &err));
	assert_null(core_payload_open(empty, 0, NULL, NULL, &err));
	assert_non_null(strstr(err.message, "is empty"));
	p = core_payload_open(empty, CORE_PAYLOAD_NO_HASH, NULL, NULL,
	                      &err); /* an empty requirements file */
	assert_non_null(p);
	assert_string_equal(core_payload_sha3(p), "");
	core_payload_destroy(p);
	assert_int_equal(mkfifo(pipe, 0600), 0);
	assert_null(core_payload_open(pipe, 0, NULL, NULL, &err)); /* and does not hang */
	assert_int_equal(err.category, PRISM_ERROR_INVALID);
	prism_cancel_fire(cancel);
	prism_free(empty);
	empty = put(*state, "full", "x");
	assert_null(core_payload_open(empty, 0, cancel, NULL, &err));
	assert_int_equal(err.category, PRISM_ERROR_CANCELLED);
	prism_cancel_destroy(cancel);
	prism_free(empty);
	prism_free(pipe);
}

struct waiter {
	unsigned calls;
	struct core_payload *payload;
	struct prism_error err;
};

static void opened(void *data, struct core_payload *payload, const struct prism_error *err)
{
	struct waiter *w = data;

	w->calls++;
	w->payload = payload;
	if (err)
		prism_error_copy(&w->err, err);
}

static void test_on_the_loop(void **state)
{
	char *path = put(*state, "f", "hello\n");
	struct prism_loop *loop = prism_loop_create(prism_clock_system());
	struct prism_work *work = prism_work_create(loop, 1);
	struct prism_cancel *cancel = prism_cancel_create(NULL);
	struct waiter a = {0}, b = {0};

	core_payload_start(loop, work, path, 0, NULL, NULL, opened, &a);
	assert_int_equal(a.calls, 0);
	while (!a.calls)
		prism_loop_turn(loop, 1000);
	assert_non_null(a.payload);
	assert_int_equal(core_payload_size(a.payload), 6);
	core_payload_destroy(a.payload);
	prism_cancel_fire(cancel);
	core_payload_start(loop, work, path, 0, cancel, NULL, opened, &b);
	while (!b.calls)
		prism_loop_turn(loop, 1000);
	assert_null(b.payload);
	assert_int_equal(b.err.category, PRISM_ERROR_CANCELLED);
	prism_cancel_destroy(cancel);
	prism_work_destroy(work);
	prism_loop_destroy(loop);
	prism_free(path);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, tmpdir_setup, tmpdir_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    CASE(test_file),      CASE(test_change_is_seen), CASE(test_replaced_file),
	    CASE(test_directory), CASE(test_refusals),       CASE(test_on_the_loop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
