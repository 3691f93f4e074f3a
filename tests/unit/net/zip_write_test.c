/*
 * net/zip_write.c: the byte-exact layout (known vectors of the agent interface, section 3), order,
 * flags, and what may not be sent.
 */
#include "base/buf.h"
#include "base/clock.h"
#include "base/text.h"
#include "net/crypto.h"
#include "net/zip.h"
#include "tests/lib/tmpdir.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

static void put_file(const char *dir, const char *name, const char *text)
{
	char *path = prism_path_join(dir, name);
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	(void)fputs(text, file);
	fclose(file);
	assert_int_equal(chmod(path, 0644), 0);
	free(path);
}

static void put_dir(const char *dir, const char *name)
{
	char *path = prism_path_join(dir, name);

	assert_int_equal(mkdir(path, 0755), 0);
	free(path);
}

static int gather(void *data, const void *bytes, size_t size, struct prism_error *err)
{
	return prism_buf_append(data, bytes, size, err);
}

static void zip_it(const char *dir, enum net_zip_layout layout, struct prism_buf *out)
{
	struct prism_error err = PRISM_ERROR_INIT;

	assert_int_equal(net_zip_directory(dir, layout, NULL, gather, out, &err), 0);
}

static void set_zone(const char *zone)
{
	setenv("TZ", zone, 1);
	tzset();
}

static void expect_sha3(const struct prism_buf *zip, const char *expected)
{
	uint8_t digest[32];
	char hex[65];

	net_digest_bytes(NET_SHA3_256, zip->data, zip->len, digest);
	prism_hex_encode(digest, 32, hex);
	assert_string_equal(hex, expected);
}

static void vector_tree(const char *dir)
{
	put_file(dir, "a.txt", "hello\n");
	put_file(dir, "empty", "");
	put_dir(dir, "sub");
	put_file(dir, "sub/b", "x");
}

static void test_known_vector(void **state)
{
	PRISM_AUTO_BUF struct prism_buf utc = PRISM_BUF_INIT(10000), east = PRISM_BUF_INIT(10000);

	vector_tree(*state);
	set_zone("UTC");
	zip_it(*state, NET_ZIP_LAYOUT_V09, &utc);
	assert_int_equal(utc.len, 389);
	expect_sha3(&utc, "5715fa35598bd3aa2c7f483cc4e2b54fcd9112b2b8e0bbfaa546ea0cf3426470");
	set_zone("ZON-5:30"); /* DOS times are local: another zone, another hash */
	zip_it(*state, NET_ZIP_LAYOUT_V09, &east);
	assert_int_equal(east.len, 389);
	assert_memory_not_equal(utc.data, east.data, 389);
	set_zone("UTC");
}

static void put_old_file(const char *dir, const char *name, const char *text, mode_t mode)
{
	struct timespec times[2] = {{.tv_sec = 1000000000}, {.tv_sec = 1000000000}};
	char *path = prism_path_join(dir, name);

	put_file(dir, name, text);
	assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
	assert_int_equal(chmod(path, mode), 0);
	free(path);
}

/* Names in UTF-8, three modes, a file beside a directory of the same stem, nested and empty ones:
 * what `checksum` of the official client v0.8.2 and v0.10.2 prints for this tree. */
static void test_vectors_of_the_official_client(void **state)
{
	PRISM_AUTO_BUF struct prism_buf v08 = PRISM_BUF_INIT(10000), v09 = PRISM_BUF_INIT(10000);
	PRISM_AUTO_BUF struct prism_buf kolkata = PRISM_BUF_INIT(10000);

	put_dir(*state, "a");
	put_dir(*state, "sub");
	put_dir(*state, "sub/deep");
	put_old_file(*state, "a.txt", "hello\n", 0644);
	put_old_file(*state, "a/b", "1", 0644);
	put_old_file(*state, "sub/empty", "", 0644);
	put_old_file(*state,
	             "sub/deep/gr\xc3\xbc\xc3\x9f"
	             "e",
	             "x", 0644);
	put_old_file(*state, "readonly", "r", 0444);
	put_old_file(*state, "run.sh", "#!/bin/sh\n", 0755);
	set_zone("UTC");
	zip_it(*state, NET_ZIP_LAYOUT_V08, &v08);
	expect_sha3(&v08, "d7f1467f7b000d3c8d619d6a0955ab18af86a2e4f030aa13065e3c0fdd4cada8");
	zip_it(*state, NET_ZIP_LAYOUT_V09, &v09);
	expect_sha3(&v09, "c700ab48940f05cfb3ac25d8dc0dc82bdf01f3afbd03adc28fc9b5a1bed06d09");
	set_zone("ZON-5:30");
	zip_it(*state, NET_ZIP_LAYOUT_V09, &kolkata);
	expect_sha3(&kolkata, "fe28bd5417a38aa820415e28de6b657f3644a4b4bbb1edc96a1f408206f0daea");
	set_zone("UTC");
}

static void test_empty_directory(void **state)
{
	PRISM_AUTO_BUF struct prism_buf zip = PRISM_BUF_INIT(1000);

	zip_it(*state, NET_ZIP_LAYOUT_V09, &zip);
	assert_int_equal(zip.len, 22);
}

/* Names in the order of the local headers, joined by spaces. */
static void names_of(const char *dir, const struct prism_buf *zip, struct prism_buf *out)
{
	char *path = prism_asprintf("%s.zip", dir);
	struct prism_error err = PRISM_ERROR_INIT;
	struct net_zip_list list;

	assert_int_equal(prism_file_write(path, zip->data, zip->len, 0600, &err), 0);
	assert_int_equal(net_zip_list(path, &list, &err), 0);
	for (size_t i = 0; i < list.count; i++)
		prism_buf_printf(out, "%s ", list.entries[i].name);
	net_zip_list_finish(&list);
	unlink(path);
	free(path);
}

static void test_order(void **state)
{
	PRISM_AUTO_BUF struct prism_buf v09 = PRISM_BUF_INIT(10000), v08 = PRISM_BUF_INIT(10000);
	PRISM_AUTO_BUF struct prism_buf a = PRISM_BUF_INIT(1000), b = PRISM_BUF_INIT(1000);

	put_dir(*state, "a");
	put_dir(*state, "hollow"); /* empty directories vanish */
	put_file(*state, "a/b", "1");
	put_file(*state, "a.txt", "2");
	zip_it(*state, NET_ZIP_LAYOUT_V09, &v09);
	names_of(*state, &v09, &a);
	assert_string_equal(prism_buf_text(&a), "a.txt a/b ");
	zip_it(*state, NET_ZIP_LAYOUT_V08, &v08);
	names_of(*state, &v08, &b);
	assert_string_equal(prism_buf_text(&b), "a/b a.txt ");
}

/* What reads as "no time" when it is listed, and what as the file's own. */
static void test_times_when_listed(void **state)
{
	PRISM_AUTO_BUF struct prism_buf v09 = PRISM_BUF_INIT(10000), v08 = PRISM_BUF_INIT(10000);
	char *path = prism_asprintf("%s.zip", (char *)*state);
	struct prism_error err = PRISM_ERROR_INIT;
	struct net_zip_list list;

	put_old_file(*state, "f", "x", 0644);
	set_zone("ZON-5:30");
	zip_it(*state, NET_ZIP_LAYOUT_V09, &v09);
	zip_it(*state, NET_ZIP_LAYOUT_V08, &v08);
	assert_int_equal(prism_file_write(path, v09.data, v09.len, 0600, &err), 0);
	assert_int_equal(net_zip_list(path, &list, &err), 0);
	assert_true(list.entries[0].mtime_us == PRISM_TIME_UNSET);
	net_zip_list_finish(&list);
	assert_int_equal(prism_file_write(path, v08.data, v08.len, 0600, &err), 0);
	assert_int_equal(net_zip_list(path, &list, &err), 0);
	assert_true(list.entries[0].mtime_us == INT64_C(1000000000000000));
	net_zip_list_finish(&list);
	set_zone("UTC");
	unlink(path);
	free(path);
}

static unsigned flags_of(const char *name)
{
	char *dir = tmpdir_create();
	struct prism_buf zip = PRISM_BUF_INIT(10000);
	unsigned flags;

	put_file(dir, name, "");
	zip_it(dir, NET_ZIP_LAYOUT_V09, &zip);
	flags = (unsigned char)zip.data[6] | (unsigned)(unsigned char)zip.data[7] << 8;
	prism_buf_finish(&zip);
	tmpdir_remove(dir);
	return flags;
}

static void test_name_flags(void **state)
{
	assert_int_equal(flags_of("plain.csv"), 0x0008);
	assert_int_equal(flags_of("gr\xc3\xbc\xc3\x9f"
	                          "e"),
	                 0x0808);
	assert_int_equal(flags_of("tilde~"), 0x0808);
	assert_int_equal(flags_of("back\\slash"), 0x0808);
	assert_int_equal(flags_of("bad\xff"), 0x0008);
}

static void test_mode_changes_the_bytes_and_time_only_in_v08(void **state)
{
	PRISM_AUTO_BUF struct prism_buf a = PRISM_BUF_INIT(1000), b = PRISM_BUF_INIT(1000);
	PRISM_AUTO_BUF struct prism_buf c = PRISM_BUF_INIT(1000), d = PRISM_BUF_INIT(1000);
	struct timespec times[2] = {{.tv_sec = 1000000000}, {.tv_sec = 1000000000}};
	char *path = prism_path_join(*state, "f");

	put_file(*state, "f", "x");
	zip_it(*state, NET_ZIP_LAYOUT_V09, &a);
	zip_it(*state, NET_ZIP_LAYOUT_V08, &c);
	assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
	zip_it(*state, NET_ZIP_LAYOUT_V09, &b);
	zip_it(*state, NET_ZIP_LAYOUT_V08, &d);
	assert_int_equal(a.len, b.len);
	assert_memory_equal(a.data, b.data, a.len);
	assert_memory_not_equal(c.data, d.data, c.len);
	prism_buf_clear(&b);
	assert_int_equal(chmod(path, 0444), 0);
	zip_it(*state, NET_ZIP_LAYOUT_V09, &b);
	assert_memory_not_equal(a.data, b.data, a.len);
	free(path);
}

static void test_links(void **state)
{
	PRISM_AUTO_BUF struct prism_buf zip = PRISM_BUF_INIT(10000);
	struct prism_error err = PRISM_ERROR_INIT;
	char *link = prism_path_join(*state, "link"), *loop = prism_path_join(*state, "loop");

	put_file(*state, "f", "content");
	assert_int_equal(symlink("f", link), 0);
	zip_it(*state, NET_ZIP_LAYOUT_V09, &zip); /* a link to a file: its target's content */
	assert_int_equal(symlink(".", loop), 0);
	assert_int_equal(net_zip_directory(*state, NET_ZIP_LAYOUT_V09, NULL, gather, &zip, &err), -1);
	assert_int_equal(err.category, PRISM_ERROR_INVALID);
	assert_non_null(strstr(err.message, "a link to a directory"));
	free(link);
	free(loop);
}

static void test_what_cannot_be_sent(void **state)
{
	PRISM_AUTO_BUF struct prism_buf zip = PRISM_BUF_INIT(10000);
	struct prism_error err = PRISM_ERROR_INIT;
	struct prism_cancel *cancel = prism_cancel_create(NULL);
	char *pipe = prism_path_join(*state, "pipe");

	assert_int_equal(mkfifo(pipe, 0600), 0); /* must not hang either */
	assert_int_equal(net_zip_directory(*state, NET_ZIP_LAYOUT_V09, NULL, gather, &zip, &err), -1);
	assert_int_equal(err.category, PRISM_ERROR_INVALID);
	assert_int_equal(
	    net_zip_directory("/nonexistent", NET_ZIP_LAYOUT_V09, NULL, gather, &zip, &err), -1);
	prism_cancel_fire(cancel);
	assert_int_equal(net_zip_directory(*state, NET_ZIP_LAYOUT_V09, cancel, gather, &zip, &err), -1);
	assert_int_equal(err.category, PRISM_ERROR_CANCELLED);
	prism_cancel_destroy(cancel);
	free(pipe);
}

static int refuse(void *data, const void *bytes, size_t size, struct prism_error *err)
{
	return prism_error_raise(err, PRISM_ERROR_IO, "disk full");
}

static void test_sink_can_stop_it(void **state)
{
	struct prism_error err = PRISM_ERROR_INIT;

	vector_tree(*state);
	assert_int_equal(net_zip_directory(*state, NET_ZIP_LAYOUT_V09, NULL, refuse, NULL, &err), -1);
	assert_string_equal(err.message, "disk full");
}

/* Content longer than a piece, unpacked by libzip, which checks the CRC. */
static void test_round_trip_of_a_larger_file(void **state)
{
	struct prism_buf zip = PRISM_BUF_INIT(8u << 20), back = {0};
	struct prism_error err = PRISM_ERROR_INIT;
	size_t size = (3u << 20) + 7;
	char *bytes = prism_alloc(size), *path = prism_path_join(*state, "in"), *archive, *out, *file;
	uint64_t files = 0;

	for (size_t i = 0; i < size; i++)
		bytes[i] = (char)(i * 2654435761u >> 13);
	assert_int_equal(mkdir(path, 0700), 0);
	file = prism_path_join(path, "big");
	assert_int_equal(prism_file_write(file, bytes, size, 0600, &err), 0);
	free(file);
	zip_it(path, NET_ZIP_LAYOUT_V09, &zip);
	archive = prism_path_join(*state, "a.zip");
	out = prism_path_join(*state, "out");
	assert_int_equal(prism_file_write(archive, zip.data, zip.len, 0600, &err), 0);
	assert_int_equal(net_zip_unpack(archive, out, NULL, &files, &err), 0);
	file = prism_path_join(out, "big");
	assert_int_equal(prism_file_read(file, 8u << 20, &back, &err), 0);
	assert_int_equal(back.len, size);
	assert_memory_equal(back.data, bytes, size);
	prism_buf_finish(&zip);
	prism_buf_finish(&back);
	free(file);
	free(out);
	free(archive);
	free(path);
	free(bytes);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, tmpdir_setup, tmpdir_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    CASE(test_known_vector),
	    CASE(test_vectors_of_the_official_client),
	    CASE(test_empty_directory),
	    CASE(test_order),
	    CASE(test_times_when_listed),
	    CASE(test_name_flags),
	    CASE(test_mode_changes_the_bytes_and_time_only_in_v08),
	    CASE(test_links),
	    CASE(test_what_cannot_be_sent),
	    CASE(test_sink_can_stop_it),
	    CASE(test_round_trip_of_a_larger_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
