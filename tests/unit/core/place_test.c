/*
 * core/place.c and core/place_local.c: listings, reading and writing from this machine, what is no
 * regular file, paths as text, and work that hangs: cancelled at once, left behind at the end.
 */
#include "core/place.h"

#include "base/file.h"
#include "base/mem.h"
#include "tests/lib/tmpdir.h"

#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static struct prism_loop *loop;
static struct core_place *place;
static char *dir;

/* What the last operation said. */
static struct {
	int calls;
	struct prism_error error;
	struct core_place_listing listing;
	struct core_place_entry entry;
	char bytes[256];
	size_t len;
} got;

static int setup(void **state)
{
	(void)state;
	memset(&got, 0, sizeof(got));
	loop = prism_loop_create(prism_clock_system());
	place = core_place_local_create(loop);
	dir = tmpdir_create();
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	core_place_destroy(place);
	prism_loop_destroy(loop);
	core_place_listing_finish(&got.listing);
	tmpdir_remove(dir);
	return 0;
}

static void keep_error(const struct prism_error *err)
{
	got.calls++;
	prism_error_clear(&got.error);
	if (err)
		got.error = *err;
}

static void listed(void *data, struct core_place_listing *listing, const struct prism_error *err)
{
	(void)data;
	keep_error(err);
	if (!listing)
		return;
	core_place_listing_finish(&got.listing);
	got.listing = *listing;
	*listing = (struct core_place_listing){0};
}

static void looked(void *data, const struct core_place_entry *entry, const struct prism_error *err)
{
	(void)data;
	keep_error(err);
	if (entry)
		got.entry = *entry;
}

static void was_read(void *data, struct prism_buf *bytes, const struct core_place_entry *entry,
                     const struct prism_error *err)
{
	(void)data;
	keep_error(err);
	if (entry)
		got.entry = *entry;
	got.len = bytes ? bytes->len : 0;
	if (bytes && bytes->len)
		memcpy(got.bytes, bytes->data, bytes->len < 255 ? bytes->len : 255);
}

static void was_done(void *data, const struct prism_error *err)
{
	(void)data;
	keep_error(err);
}

static void wait_calls(int calls)
{
	while (got.calls < calls)
		prism_loop_turn(loop, -1);
}

static char *in_dir(const char *name)
{
	return core_place_join(dir, name);
}

static void make(const char *name, const char *text)
{
	PRISM_AUTO_FREE char *path = in_dir(name);

	assert_int_equal(prism_file_write(path, text, strlen(text), 0640, NULL), 0);
}

static const struct core_place_entry *find(const char *name)
{
	for (size_t i = 0; i < got.listing.count; i++)
		if (strcmp(got.listing.entries[i].name, name) == 0)
			return &got.listing.entries[i];
	return NULL;
}

static void list(const char *path)
{
	int before = got.calls;

	assert_int_equal(core_place_list(place, path, NULL, listed, NULL, NULL), 0);
	assert_int_equal(got.calls, before); /* never from inside */
	wait_calls(before + 1);
}

static void a_listing_says_what_each_entry_is(void **state)
{
	PRISM_AUTO_FREE char *sub = in_dir("sub"), *fifo = in_dir("pipe"), *link = in_dir("link");
	PRISM_AUTO_FREE char *gone = in_dir("gone"), *escape = in_dir("a\x1b[2J");

	(void)state;
	make("cert.pem", "hello");
	make(".hidden", "");
	assert_int_equal(prism_file_write(escape, "x", 1, 0600, NULL), 0);
	assert_int_equal(mkdir(sub, 0700), 0);
	assert_int_equal(mkfifo(fifo, 0600), 0);
	assert_int_equal(symlink("cert.pem", link), 0);
	assert_int_equal(symlink("nowhere", gone), 0);
	list(dir);
	assert_string_equal(got.listing.path, dir);
	assert_int_equal(got.listing.count, 7);
	assert_int_equal(find("cert.pem")->size, 5);
	assert_int_equal(find("cert.pem")->kind, CORE_PLACE_FILE);
	assert_int_equal(find("cert.pem")->mode & 0600, 0600);
	assert_true(find("cert.pem")->modified_us > 0);
	assert_int_equal(find("sub")->kind, CORE_PLACE_DIRECTORY);
	assert_int_equal(find("pipe")->kind, CORE_PLACE_SPECIAL);
	assert_true(find("link")->link && !find("link")->broken);
	assert_int_equal(find("link")->size, 5);
	assert_true(find("gone")->broken);
	assert_non_null(find(".hidden"));
	assert_non_null(find("a\x1b[2J")); /* bytes as they are; showing them is another matter */
}

static void a_directory_that_cannot_be_read_is_an_error(void **state)
{
	PRISM_AUTO_FREE char *missing = in_dir("missing"), *file = in_dir("file");

	(void)state;
	make("file", "x");
	list(missing);
	assert_int_equal(got.error.category, PRISM_ERROR_MISSING);
	assert_non_null(strstr(got.error.message, missing));
	list(file);
	assert_int_not_equal(got.error.category, PRISM_ERROR_NONE);
}

static void the_home_directory_is_found(void **state)
{
	(void)state;
	setenv("HOME", dir, 1);
	make("here", "");
	list("~");
	assert_string_equal(got.listing.path, dir);
	assert_non_null(find("here"));
	list("~/./x/..");
	assert_string_equal(got.listing.path, dir);
}

static void a_file_is_read_up_to_the_cap(void **state)
{
	PRISM_AUTO_FREE char *path = in_dir("file");

	(void)state;
	make("file", "12345");
	assert_int_equal(core_place_read(place, path, 5, NULL, was_read, NULL, NULL), 0);
	wait_calls(1);
	assert_int_equal(got.error.category, PRISM_ERROR_NONE);
	assert_int_equal(got.len, 5);
	assert_memory_equal(got.bytes, "12345", 5);
	assert_int_equal(got.entry.size, 5);
	assert_int_equal(got.entry.mode, 0640);
	assert_int_equal(core_place_read(place, path, 4, NULL, was_read, NULL, NULL), 0);
	wait_calls(2);
	assert_int_equal(got.error.category, PRISM_ERROR_LIMIT);
	assert_int_equal(got.len, 0);
}

static void what_is_no_file_is_refused_at_once(void **state)
{
	PRISM_AUTO_FREE char *fifo = in_dir("pipe");
	const char *const paths[] = {fifo, "/dev/zero", dir};

	(void)state;
	assert_int_equal(mkfifo(fifo, 0600), 0);
	for (size_t i = 0; i < PRISM_COUNT(paths); i++) {
		assert_int_equal(core_place_read(place, paths[i], 100, NULL, was_read, NULL, NULL), 0);
		wait_calls((int)i + 1);
		assert_int_equal(got.error.category, PRISM_ERROR_INVALID);
		assert_non_null(strstr(got.error.message, paths[i]));
	}
}

static void writing_is_atomic_and_keeps_the_mode(void **state)
{
	PRISM_AUTO_FREE char *path = in_dir("key.pem"), *nowhere = in_dir("no/key.pem");
	struct stat info;

	(void)state;
	assert_int_equal(core_place_write(place, path, "key", 3, 0600, NULL, was_done, NULL, NULL), 0);
	wait_calls(1);
	assert_int_equal(got.error.category, PRISM_ERROR_NONE);
	assert_int_equal(stat(path, &info), 0);
	assert_int_equal(info.st_mode & 0777, 0600);
	assert_int_equal(info.st_size, 3);
	assert_int_equal(core_place_write(place, nowhere, "key", 3, 0600, NULL, was_done, NULL, NULL),
	                 0);
	wait_calls(2);
	assert_int_equal(got.error.category, PRISM_ERROR_MISSING);
}

static void one_entry_is_looked_at(void **state)
{
	PRISM_AUTO_FREE char *path = in_dir("file"), *missing = in_dir("missing");

	(void)state;
	make("file", "12345");
	assert_int_equal(core_place_stat(place, path, NULL, looked, NULL, NULL), 0);
	wait_calls(1);
	assert_int_equal(got.entry.size, 5);
	assert_int_equal(core_place_stat(place, missing, NULL, looked, NULL, NULL), 0);
	wait_calls(2);
	assert_int_equal(got.error.category, PRISM_ERROR_MISSING);
}

/* ---- work that hangs ---- */

static int gate[2];
static atomic_int left;

static void hang(void *data)
{
	char byte;

	(void)data;
	if (read(gate[0], &byte, 1) == 1)
		atomic_fetch_add(&left, 1);
}

static void let_go(int count)
{
	for (int i = 0; i < count; i++)
		assert_int_equal(write(gate[1], "x", 1), 1);
	while (atomic_load(&left) < count)
		sched_yield();
}

static void cancelling_does_not_wait(void **state)
{
	struct prism_cancel *cancel = prism_cancel_create(NULL);

	(void)state;
	assert_int_equal(pipe(gate), 0);
	atomic_store(&left, 0);
	core_place_local_before(place, hang, NULL);
	assert_int_equal(core_place_list(place, dir, cancel, listed, NULL, NULL), 0);
	prism_cancel_fire(cancel);
	assert_int_equal(got.calls, 0);
	assert_int_equal(core_place_pending(place), 1);
	wait_calls(1);
	assert_int_equal(core_place_pending(place), 0);
	assert_int_equal(got.error.category, PRISM_ERROR_CANCELLED);
	let_go(1); /* it comes back late: nobody is told again */
	core_place_local_before(place, NULL, NULL);
	list(dir);
	assert_int_equal(got.calls, 2);
	prism_cancel_destroy(cancel);
	close(gate[0]);
	close(gate[1]);
}

static void destroying_does_not_wait(void **state)
{
	(void)state;
	assert_int_equal(pipe(gate), 0);
	atomic_store(&left, 0);
	core_place_local_before(place, hang, NULL);
	assert_int_equal(core_place_list(place, dir, NULL, listed, NULL, NULL), 0);
	core_place_destroy(place);
	place = NULL;
	assert_int_equal(got.calls, 1);
	assert_int_equal(got.error.category, PRISM_ERROR_CANCELLED);
	let_go(1);
	close(gate[0]);
	close(gate[1]);
}

static void no_more_than_a_few_may_hang(void **state)
{
	struct prism_error err = PRISM_ERROR_INIT;
	struct prism_cancel *cancel = prism_cancel_create(NULL);

	(void)state;
	assert_int_equal(pipe(gate), 0);
	atomic_store(&left, 0);
	core_place_local_before(place, hang, NULL);
	for (int i = 0; i < CORE_PLACE_LOCAL_MAX; i++)
		assert_int_equal(core_place_list(place, dir, cancel, listed, NULL, NULL), 0);
	assert_int_equal(core_place_list(place, dir, cancel, listed, NULL, &err), -1);
	assert_int_equal(err.category, PRISM_ERROR_TIMEOUT);
	prism_cancel_fire(cancel);
	wait_calls(CORE_PLACE_LOCAL_MAX);
	assert_int_equal(core_place_list(place, dir, NULL, listed, NULL, NULL), -1); /* still there */
	let_go(CORE_PLACE_LOCAL_MAX);
	core_place_local_before(place, NULL, NULL);
	while (core_place_list(place, dir, NULL, listed, NULL, NULL) < 0)
		sched_yield(); /* the last thread is on its way out */
	wait_calls(CORE_PLACE_LOCAL_MAX + 1);
	assert_int_equal(got.error.category, PRISM_ERROR_NONE);
	prism_cancel_destroy(cancel);
	close(gate[0]);
	close(gate[1]);
}

static void a_listing_can_be_waited_for_a_little(void **state)
{
	struct core_place_listing listing;
	struct prism_error err = PRISM_ERROR_INIT;
	PRISM_AUTO_FREE char *missing = in_dir("missing");

	(void)state;
	make("here", "");
	assert_int_equal(core_place_local_list_now(dir, 10000, &listing, &err), 0);
	assert_int_equal(listing.count, 1);
	assert_string_equal(listing.entries[0].name, "here");
	core_place_listing_finish(&listing);
	assert_int_equal(core_place_local_list_now(missing, 10000, &listing, &err), -1);
	assert_int_equal(err.category, PRISM_ERROR_MISSING);
}

/* ---- text ---- */

static void what_a_server_lists_is_checked(void **state)
{
	static const char *const bad[] = {"", ".", "..", "a/b", "/etc/passwd"};
	struct core_place_listing listing;
	struct core_place_entry entry = {.name = "fine"};

	(void)state;
	core_place_listing_init(&listing, prism_strdup("/"));
	assert_true(core_place_listing_add(&listing, &entry));
	for (size_t i = 0; i < PRISM_COUNT(bad); i++) {
		entry.name = bad[i];
		assert_false(core_place_listing_add(&listing, &entry));
	}
	assert_int_equal(listing.count, 1);
	assert_false(listing.cut);
	entry.name = "x";
	while (core_place_listing_add(&listing, &entry))
		;
	assert_int_equal(listing.count, CORE_PLACE_ENTRIES_MAX);
	assert_true(listing.cut);
	core_place_listing_finish(&listing);
}

static void paths_are_normalised(void **state)
{
	static const struct {
		const char *base, *path, *want;
	} cases[] = {
	    {"/data/u", "x", "/data/u/x"},  {"/data/u", "/x/", "/x"},      {"/", "..", "/"},
	    {"/a/b", "../c/./d", "/a/c/d"}, {"/a", "//b///c", "/b/c"},     {"/a", "", "/a"},
	    {"/a", "../../..", "/"},        {"/a", "..x/.y", "/a/..x/.y"}, {"/", "x", "/x"},
	};

	(void)state;
	for (size_t i = 0; i < PRISM_COUNT(cases); i++) {
		PRISM_AUTO_FREE char *is = core_place_normalise(cases[i].base, cases[i].path);
		assert_string_equal(is, cases[i].want);
	}
}

static void parents_and_joins(void **state)
{
	PRISM_AUTO_FREE char *root = core_place_parent("/x"), *up = core_place_parent("/a/b");
	PRISM_AUTO_FREE char *top = core_place_parent("/"), *join = core_place_join("/", "x");
	PRISM_AUTO_FREE char *deep = core_place_join("/a", "x");

	(void)state;
	assert_string_equal(root, "/");
	assert_string_equal(top, "/");
	assert_string_equal(up, "/a");
	assert_string_equal(join, "/x");
	assert_string_equal(deep, "/a/x");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(a_listing_says_what_each_entry_is, setup, teardown),
	    cmocka_unit_test_setup_teardown(a_directory_that_cannot_be_read_is_an_error, setup,
	                                    teardown),
	    cmocka_unit_test_setup_teardown(the_home_directory_is_found, setup, teardown),
	    cmocka_unit_test_setup_teardown(a_file_is_read_up_to_the_cap, setup, teardown),
	    cmocka_unit_test_setup_teardown(what_is_no_file_is_refused_at_once, setup, teardown),
	    cmocka_unit_test_setup_teardown(writing_is_atomic_and_keeps_the_mode, setup, teardown),
	    cmocka_unit_test_setup_teardown(one_entry_is_looked_at, setup, teardown),
	    cmocka_unit_test_setup_teardown(cancelling_does_not_wait, setup, teardown),
	    cmocka_unit_test_setup_teardown(destroying_does_not_wait, setup, teardown),
	    cmocka_unit_test_setup_teardown(no_more_than_a_few_may_hang, setup, teardown),
	    cmocka_unit_test_setup_teardown(a_listing_can_be_waited_for_a_little, setup, teardown),
	    cmocka_unit_test(what_a_server_lists_is_checked),
	    cmocka_unit_test(paths_are_normalised),
	    cmocka_unit_test(parents_and_joins),
	};

	return cmocka_run_group_tests_name("core/place", tests, NULL, NULL);
}
