/*
 * net/zip.c: hostile archives, built byte by byte here, and honest ones.
 */
#include "base/buf.h"
#include "net/zip.h"
#include "tests/lib/tmpdir.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

/* A zip under construction: one stored entry after the other, with whatever it claims. */
struct maker {
	struct prism_buf bytes, central;
	unsigned count;
};

struct claim {
	const char *name, *data;
	uint32_t mode; /* Unix mode in the external attributes; 0: regular file 0644 */
	uint32_t size; /* declared; 0: the truth */
	bool bad_crc;
};

static void le(struct prism_buf *buf, uint64_t value, int width)
{
	for (int i = 0; i < width; i++)
		prism_buf_putc(buf, (char)(value >> (8 * i)));
}

static uint32_t crc32_of(const char *data, size_t len)
{
	uint32_t crc = ~0u;

	for (size_t i = 0; i < len; i++) {
		crc ^= (unsigned char)data[i];
		for (int bit = 0; bit < 8; bit++)
			crc = crc & 1 ? 0xedb88320u ^ (crc >> 1) : crc >> 1;
	}
	return ~crc;
}

static void add_common(struct prism_buf *buf, const struct claim *c)
{
	size_t len = strlen(c->data);
	uint32_t size = c->size ? c->size : (uint32_t)len;

	le(buf, 20, 2);
	le(buf, 0, 2);
	le(buf, 0, 2);
	le(buf, 0, 2);
	le(buf, 0x21, 2);
	le(buf, crc32_of(c->data, len) ^ (c->bad_crc ? 1 : 0), 4);
	le(buf, size, 4);
	le(buf, size, 4);
	le(buf, strlen(c->name), 2);
	le(buf, 0, 2);
}

static void add(struct maker *m, struct claim c)
{
	size_t offset = m->bytes.len;

	le(&m->bytes, 0x04034b50, 4);
	add_common(&m->bytes, &c);
	prism_buf_puts(&m->bytes, c.name);
	prism_buf_puts(&m->bytes, c.data);
	le(&m->central, 0x02014b50, 4);
	le(&m->central, 0x0314, 2);
	add_common(&m->central, &c);
	le(&m->central, 0, 2);
	le(&m->central, 0, 4);
	le(&m->central, (uint64_t)(c.mode ? c.mode : 0100644) << 16, 4);
	le(&m->central, offset, 4);
	prism_buf_puts(&m->central, c.name);
	m->count++;
}

static char *finish(struct maker *m, const char *dir)
{
	char *path = prism_path_join(dir, "made.zip");
	size_t start = m->bytes.len;
	struct prism_error err = PRISM_ERROR_INIT;

	prism_buf_put(&m->bytes, m->central.data, m->central.len);
	le(&m->bytes, 0x06054b50, 4);
	le(&m->bytes, 0, 4);
	le(&m->bytes, m->count, 2);
	le(&m->bytes, m->count, 2);
	le(&m->bytes, m->central.len, 4);
	le(&m->bytes, start, 4);
	le(&m->bytes, 0, 2);
	assert_int_equal(prism_file_write(path, m->bytes.data, m->bytes.len, 0600, &err), 0);
	prism_buf_finish(&m->bytes);
	prism_buf_finish(&m->central);
	return path;
}

#define MAKER                                                 \
	{                                                         \
		PRISM_BUF_INIT(1u << 20), PRISM_BUF_INIT(1u << 20), 0 \
	}

static int unpack(const char *zip, const char *dir, uint64_t *files, struct prism_error *err)
{
	char *target = prism_path_join(dir, "out");
	int rc = net_zip_unpack(zip, target, NULL, files, err);

	free(target);
	return rc;
}

static bool exists(const char *dir, const char *name)
{
	char *path = prism_path_join(dir, name);
	bool there = access(path, F_OK) == 0;

	free(path);
	return there;
}

static void test_honest_archive(void **state)
{
	const char *dir = *state;
	struct maker m = MAKER;
	struct net_zip_list list;
	struct prism_buf text = {0};
	struct prism_error err = PRISM_ERROR_INIT;
	uint64_t files = 0;
	char *zip, *inner;

	add(&m, (struct claim){.name = "result.txt", .data = "accuracy 0.97\n"});
	add(&m, (struct claim){.name = "sub/", .data = "", .mode = 040755});
	add(&m, (struct claim){.name = "sub/deep/model.bin", .data = "weights"});
	zip = finish(&m, dir);
	assert_int_equal(net_zip_list(zip, &list, &err), 0);
	assert_int_equal(list.count, 3);
	assert_string_equal(list.entries[0].name, "result.txt");
	assert_int_equal(list.entries[0].size, 14);
	assert_true(list.entries[1].directory);
	assert_int_equal(list.total, 21);
	for (size_t i = 0; i < list.count; i++)
		assert_false(list.entries[i].refused);
	net_zip_list_finish(&list);
	assert_int_equal(unpack(zip, dir, &files, &err), 0);
	assert_int_equal(files, 2);
	inner = prism_path_join(dir, "out/sub/deep/model.bin");
	assert_int_equal(prism_file_read(inner, 100, &text, &err), 0);
	assert_string_equal(prism_buf_text(&text), "weights");
	prism_buf_finish(&text);
	/* a second time: nothing is overwritten */
	assert_int_equal(unpack(zip, dir, &files, &err), -1);
	assert_int_equal(err.category, PRISM_ERROR_CONFLICT);
	free(inner);
	free(zip);
}

static void refuse(const char *dir, struct claim hostile, const char *reason)
{
	struct maker m = MAKER;
	struct net_zip_list list;
	struct prism_error err = PRISM_ERROR_INIT;
	uint64_t files = 0;
	char *zip;

	add(&m, (struct claim){.name = "innocent.txt", .data = "hello"});
	add(&m, hostile);
	zip = finish(&m, dir);
	assert_int_equal(net_zip_list(zip, &list, &err), 0);
	assert_false(list.entries[0].refused);
	assert_true(list.entries[1].refused);
	assert_string_equal(list.entries[1].reason, reason);
	net_zip_list_finish(&list);
	assert_int_equal(unpack(zip, dir, &files, &err), -1);
	assert_int_equal(err.category, PRISM_ERROR_TRUST);
	assert_non_null(strstr(err.message, reason));
	assert_false(exists(dir, "out/innocent.txt")); /* before anything is written */
	free(zip);
}

static void test_hostile_names(void **state)
{
	const char *dir = *state;

	refuse(dir, (struct claim){.name = "../escape", .data = "x"},
	       "leads out of the target directory");
	refuse(dir, (struct claim){.name = "a/../../escape", .data = "x"},
	       "leads out of the target directory");
	refuse(dir, (struct claim){.name = "a/..", .data = "x"}, "leads out of the target directory");
	refuse(dir, (struct claim){.name = "/etc/escape", .data = "x"}, "absolute path");
	refuse(dir, (struct claim){.name = "a\\..\\escape", .data = "x"}, "backslash in the name");
	refuse(dir, (struct claim){.name = "a//b", .data = "x"}, "empty path component");
	refuse(dir, (struct claim){.name = "./b", .data = "x"}, "empty path component");
	refuse(dir, (struct claim){.name = "a\033[2Jb", .data = "x"}, "control character in the name");
	refuse(dir, (struct claim){.name = "", .data = "x"}, "no name");
	assert_false(exists(dir, "escape"));
}

static void test_hostile_types(void **state)
{
	const char *dir = *state;

	refuse(dir, (struct claim){.name = "link", .data = "/etc/passwd", .mode = S_IFLNK | 0777},
	       "symbolic link");
	refuse(dir, (struct claim){.name = "pipe", .data = "", .mode = S_IFIFO | 0644}, "special file");
}

/* What cannot lie beside an earlier entry is known before anything is written. */
static void test_names_that_clash(void **state)
{
	const char *dir = *state;
	static const char twice[] = "another entry has this name";
	struct maker m = MAKER;
	struct net_zip_list list;
	struct prism_error err = PRISM_ERROR_INIT;
	uint64_t files = 0;
	char *zip;

	refuse(dir, (struct claim){.name = "innocent.txt", .data = "other"}, twice);
	refuse(dir, (struct claim){.name = "innocent.txt/", .data = "", .mode = 040755}, twice);
	refuse(dir, (struct claim){.name = "innocent.txt/inner", .data = "x"},
	       "a file of the archive stands where its directory should");
	/* in any order; names between them, and a directory that is told twice, clash with nothing */
	add(&m, (struct claim){.name = "a/b/inner", .data = "1"});
	add(&m, (struct claim){.name = "a/b-c", .data = "2"});
	add(&m, (struct claim){.name = "a/", .data = "", .mode = 040755});
	add(&m, (struct claim){.name = "a/", .data = "", .mode = 040755});
	add(&m, (struct claim){.name = "a/b", .data = "3"});
	zip = finish(&m, dir);
	assert_int_equal(net_zip_list(zip, &list, &err), 0);
	for (size_t i = 1; i < list.count; i++)
		assert_false(list.entries[i].refused);
	assert_true(list.entries[0].refused);
	net_zip_list_finish(&list);
	assert_int_equal(unpack(zip, dir, &files, &err), -1);
	assert_int_equal(err.category, PRISM_ERROR_TRUST);
	assert_false(exists(dir, "out/a"));
	free(zip);
}

static void test_link_in_the_target_is_not_followed(void **state)
{
	const char *dir = *state;
	struct maker m = MAKER;
	struct prism_error err = PRISM_ERROR_INIT;
	uint64_t files = 0;
	char *zip, *out = prism_path_join(dir, "out"), *link = prism_path_join(dir, "out/sub");

	add(&m, (struct claim){.name = "sub/file", .data = "x"});
	zip = finish(&m, dir);
	assert_int_equal(mkdir(out, 0755), 0);
	assert_int_equal(symlink("/tmp", link), 0);
	assert_int_equal(unpack(zip, dir, &files, &err), -1);
	assert_int_equal(access("/tmp/file", F_OK), -1);
	free(out);
	free(link);
	free(zip);
}

static void test_bombs(void **state)
{
	const char *dir = *state;
	struct maker big = MAKER, longer = MAKER;
	struct prism_error err = PRISM_ERROR_INIT;
	uint64_t files = 0;
	char *zip;

	for (int i = 0; i < 20; i++) { /* 20 times 4 GiB declared: over the cap */
		char name[16];

		(void)snprintf(name, sizeof(name), "f%d", i);
		add(&big, (struct claim){.name = name, .data = "x", .size = 0xfffffff0u});
	}
	zip = finish(&big, dir);
	assert_int_equal(unpack(zip, dir, &files, &err), -1);
	assert_int_equal(err.category, PRISM_ERROR_LIMIT);
	assert_false(exists(dir, "out/f0"));
	free(zip);
	prism_error_clear(&err);
	add(&longer, (struct claim){.name = "short", .data = "x", .size = 100000});
	zip = finish(&longer, dir);
	assert_int_equal(unpack(zip, dir, &files, &err), -1);
	assert_false(exists(dir, "out/short")); /* the half file is gone */
	free(zip);
}

static void test_wrong_crc(void **state)
{
	const char *dir = *state;
	struct maker m = MAKER;
	struct prism_error err = PRISM_ERROR_INIT;
	uint64_t files = 0;
	char *zip;

	add(&m, (struct claim){.name = "bad", .data = "hello", .bad_crc = true});
	zip = finish(&m, dir);
	assert_int_equal(unpack(zip, dir, &files, &err), -1);
	assert_int_equal(err.category, PRISM_ERROR_PROTOCOL);
	assert_non_null(strstr(err.message, "damaged"));
	assert_false(exists(dir, "out/bad"));
	free(zip);
}

static void expect_not_a_zip(const char *dir, const void *bytes, size_t size,
                             enum prism_error_category category)
{
	char *path = prism_path_join(dir, "not.zip");
	struct prism_error err = PRISM_ERROR_INIT;
	struct net_zip_list list;

	assert_int_equal(prism_file_write(path, bytes, size, 0600, &err), 0);
	assert_int_equal(net_zip_list(path, &list, &err), -1);
	assert_int_equal(err.category, category);
	free(path);
}

static void test_not_a_zip(void **state)
{
	const char *dir = *state;
	struct maker m = MAKER;
	struct prism_buf forged = PRISM_BUF_INIT(1000);
	struct prism_error err = PRISM_ERROR_INIT;
	struct net_zip_list list;

	expect_not_a_zip(dir, "", 0, PRISM_ERROR_PROTOCOL);
	expect_not_a_zip(dir, "PK\003\004 and nothing else that would make it one", 40,
	                 PRISM_ERROR_PROTOCOL);
	/* cut at every byte */
	add(&m, (struct claim){.name = "f", .data = "hello"});
	{
		char *zip = finish(&m, dir);
		struct prism_buf whole = {0};

		assert_int_equal(prism_file_read(zip, 10000, &whole, &err), 0);
		for (size_t n = 0; n < whole.len; n++)
			expect_not_a_zip(dir, whole.data, n, PRISM_ERROR_PROTOCOL);
		prism_buf_finish(&whole);
		free(zip);
	}
	/* a zip64 end record that declares more entries than there are atoms */
	le(&forged, 0x06064b50, 4);
	le(&forged, 44, 8);
	le(&forged, 0x002d002d, 4);
	le(&forged, 0, 8);
	le(&forged, UINT64_C(0x0fffffffffffffff), 8);
	le(&forged, UINT64_C(0x0fffffffffffffff), 8);
	le(&forged, 0, 8);
	le(&forged, 0, 8);
	le(&forged, 0x07064b50, 4);
	le(&forged, 0, 4);
	le(&forged, 0, 8);
	le(&forged, 1, 4);
	le(&forged, 0x06054b50, 4);
	le(&forged, 0, 4);
	le(&forged, 0xffffffff, 4);
	le(&forged, 0xffffffff, 4);
	le(&forged, 0xffffffff, 4);
	le(&forged, 0, 2);
	expect_not_a_zip(dir, forged.data, forged.len, PRISM_ERROR_LIMIT);
	prism_buf_finish(&forged);
	assert_int_equal(net_zip_list("/nonexistent.zip", &list, &err), -1);
	assert_int_equal(net_zip_list("/tmp", &list, &err), -1);
}

static void test_empty_archive_is_22_bytes(void **state)
{
	const char *dir = *state;
	struct maker m = MAKER;
	struct net_zip_list list;
	struct prism_error err = PRISM_ERROR_INIT;
	uint64_t files = 9;
	char *zip = finish(&m, dir);

	assert_int_equal(net_zip_list(zip, &list, &err), 0);
	assert_int_equal(list.count, 0);
	net_zip_list_finish(&list);
	assert_int_equal(unpack(zip, dir, &files, &err), 0);
	assert_int_equal(files, 0);
	free(zip);
}

static void test_cancelled(void **state)
{
	const char *dir = *state;
	struct maker m = MAKER;
	struct prism_cancel *cancel = prism_cancel_create(NULL);
	struct prism_error err = PRISM_ERROR_INIT;
	uint64_t files = 0;
	char *zip, *target = prism_path_join(dir, "out");

	add(&m, (struct claim){.name = "f", .data = "hello"});
	zip = finish(&m, dir);
	prism_cancel_fire(cancel);
	assert_int_equal(net_zip_unpack(zip, target, cancel, &files, &err), -1);
	assert_int_equal(err.category, PRISM_ERROR_CANCELLED);
	assert_false(exists(dir, "out/f"));
	prism_cancel_destroy(cancel);
	free(target);
	free(zip);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, tmpdir_setup, tmpdir_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    CASE(test_honest_archive), CASE(test_hostile_names),
	    CASE(test_hostile_types),  CASE(test_link_in_the_target_is_not_followed),
	    CASE(test_bombs),          CASE(test_wrong_crc),
	    CASE(test_not_a_zip),      CASE(test_empty_archive_is_22_bytes),
	    CASE(test_cancelled),      CASE(test_names_that_clash),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
