/* core/cert.c and core/cert_files.c without a server: states, what a download may hold, and that
 * files appear together or not at all.  What is asked of the server is in tests/api/core. */
#include "core/cert.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/text.h"
#include "net/zip.h"
#include "tests/lib/testca.h"
#include "tests/lib/tmpdir.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define NOW_US 1767225600000000LL
#define DAY_US 86400000000LL

static struct testca ca, leaf, other;
static char *dir;

static int setup(void **state)
{
	ca = testca_make(&(struct testca_spec){.name = "CA", .ca = true}, NULL);
	leaf = testca_make(&(struct testca_spec){.name = "agent"}, &ca);
	other = testca_make(&(struct testca_spec){.name = "other"}, &ca);
	dir = tmpdir_create();
	return 0;
}

static int teardown(void **state)
{
	testca_finish(&ca);
	testca_finish(&leaf);
	testca_finish(&other);
	tmpdir_remove(dir);
	return 0;
}

static void states_follow_from_the_date(void **state)
{
	static const struct {
		int64_t left_us;
		bool revoked;
		enum core_cert_state state;
	} rows[] = {
	    {30 * DAY_US, false, CORE_CERT_VALID},
	    {CORE_CERT_SOON_DAYS * DAY_US, false, CORE_CERT_VALID},
	    {CORE_CERT_SOON_DAYS * DAY_US - 1, false, CORE_CERT_EXPIRING},
	    {1, false, CORE_CERT_EXPIRING},
	    {0, false, CORE_CERT_EXPIRED},
	    {-DAY_US, true, CORE_CERT_REVOKED},
	    {30 * DAY_US, true, CORE_CERT_REVOKED},
	};

	for (size_t i = 0; i < PRISM_COUNT(rows); i++) {
		struct core_cert cert = {.expires_us = NOW_US + rows[i].left_us,
		                         .revoked = rows[i].revoked};
		assert_int_equal(core_cert_state(&cert, NOW_US), rows[i].state);
	}
	struct core_cert unknown = {.expires_us = PRISM_TIME_UNSET};
	assert_int_equal(core_cert_state(&unknown, NOW_US), CORE_CERT_VALID);
}

/* ---- downloads ---- */

static char *as_json(const char *ca_pem, const char *cert_pem, const char *key_pem, bool base64)
{
	char *a = base64 ? prism_base64_encode(ca_pem, strlen(ca_pem)) : prism_strdup(ca_pem);
	char *b = base64 ? prism_base64_encode(cert_pem, strlen(cert_pem)) : prism_strdup(cert_pem);
	char *c = base64 ? prism_base64_encode(key_pem, strlen(key_pem)) : prism_strdup(key_pem);
	cJSON *doc = cJSON_CreateObject();

	cJSON_AddStringToObject(doc, "ca", a);
	cJSON_AddStringToObject(doc, "certificate", b);
	cJSON_AddStringToObject(doc, "private_key", c);
	char *text = prism_json_print(doc, false);
	prism_json_free(doc);
	prism_free(a);
	prism_free(b);
	prism_free(c);
	return text;
}

static int sink(void *data, const void *bytes, size_t size, struct prism_error *err)
{
	return prism_buf_append(data, bytes, size, err);
}

/* names and texts: pairs, NULL ends. */
static void as_zip(const char *const *pairs, struct prism_buf *out)
{
	char *from = tmpdir_create();

	for (; *pairs; pairs += 2) {
		PRISM_AUTO_FREE char *path = prism_path_join(from, pairs[0]);
		assert_int_equal(prism_file_write(path, pairs[1], strlen(pairs[1]), 0600, NULL), 0);
	}
	assert_int_equal(net_zip_directory(from, NET_ZIP_LAYOUT_V09, NULL, sink, out, NULL), 0);
	tmpdir_remove(from);
}

static void want(const void *data, size_t size)
{
	struct core_cert_files files;
	struct prism_error err = PRISM_ERROR_INIT;

	if (core_cert_files_read(data, size, &files, &err) < 0)
		fail_msg("%s", err.message);
	assert_string_equal(prism_buf_text(&files.pem[CORE_CERT_FILE_CA]), ca.cert_pem);
	assert_string_equal(prism_buf_text(&files.pem[CORE_CERT_FILE_CERT]), leaf.cert_pem);
	assert_string_equal(prism_buf_text(&files.pem[CORE_CERT_FILE_KEY]), leaf.key_pem);
	core_cert_files_finish(&files);
}

static void refuse(const void *data, size_t size, enum prism_error_category category,
                   const char *word)
{
	struct core_cert_files files;
	struct prism_error err = PRISM_ERROR_INIT;

	assert_int_equal(core_cert_files_read(data, size, &files, &err), -1);
	if (err.category != category || !strstr(err.message, word))
		fail_msg("%s: %s", prism_error_word(err.category), err.message);
	for (size_t i = 0; i < CORE_CERT_FILE_COUNT; i++)
		assert_int_equal(files.pem[i].len, 0);
}

static void json_and_zip_are_read(void **state)
{
	PRISM_AUTO_FREE char *encoded = as_json(ca.cert_pem, leaf.cert_pem, leaf.key_pem, true);
	PRISM_AUTO_FREE char *plain = as_json(ca.cert_pem, leaf.cert_pem, leaf.key_pem, false);
	PRISM_AUTO_BUF struct prism_buf zip = PRISM_BUF_INIT(1 << 20);
	PRISM_AUTO_BUF struct prism_buf odd = PRISM_BUF_INIT(1 << 20);

	want(encoded, strlen(encoded));
	want(plain, strlen(plain));
	as_zip((const char *const[]){"ca.pem", ca.cert_pem, "cert.pem", leaf.cert_pem, "key.pem",
	                             leaf.key_pem, "README", "hello", NULL},
	       &zip);
	want(zip.data, zip.len);
	as_zip((const char *const[]){"ca.crt", ca.cert_pem, "cert.crt", leaf.cert_pem, "cert.key",
	                             leaf.key_pem, NULL},
	       &odd);
	want(odd.data, odd.len);
	for (size_t len = 0; len < zip.len; len += 13) { /* cut anywhere: refused */
		struct core_cert_files files;
		assert_int_equal(core_cert_files_read(zip.data, len, &files, NULL), -1);
	}
}

static void what_is_no_download_is_refused(void **state)
{
	PRISM_AUTO_FREE char *mixed = as_json(ca.cert_pem, leaf.cert_pem, other.key_pem, true);
	PRISM_AUTO_FREE char *swapped = as_json(ca.cert_pem, leaf.key_pem, leaf.cert_pem, true);
	PRISM_AUTO_FREE char *bad = as_json(ca.cert_pem, leaf.cert_pem, "x", true);
	PRISM_AUTO_BUF struct prism_buf zip = PRISM_BUF_INIT(1 << 20);
	PRISM_AUTO_FREE char *huge = prism_alloc(CORE_CERT_FILE_MAX * 2);

	refuse(mixed, strlen(mixed), PRISM_ERROR_TRUST, "belongs to another certificate");
	refuse(swapped, strlen(swapped), PRISM_ERROR_INVALID, "");
	refuse(bad, strlen(bad), PRISM_ERROR_PROTOCOL, "no key.pem");
	refuse("", 0, PRISM_ERROR_PROTOCOL, "neither zip nor JSON");
	refuse("<html>", 6, PRISM_ERROR_PROTOCOL, "neither zip nor JSON");
	refuse("[]", 2, PRISM_ERROR_PROTOCOL, "neither zip nor JSON");
	refuse("{\"ca\":\"%%\"}", 11, PRISM_ERROR_INVALID, "the ca of the download");
	as_zip((const char *const[]){"ca.pem", ca.cert_pem, "cert.pem", leaf.cert_pem, NULL}, &zip);
	refuse(zip.data, zip.len, PRISM_ERROR_PROTOCOL, "no key.pem");
	/* a bomb: a member larger than any PEM */
	memset(huge, 'A', CORE_CERT_FILE_MAX * 2 - 1);
	zip.len = 0;
	as_zip((const char *const[]){"ca.pem", huge, NULL}, &zip);
	refuse(zip.data, zip.len, PRISM_ERROR_LIMIT, "");
}

/* ---- files ---- */

static void read_good(struct core_cert_files *ret)
{
	PRISM_AUTO_FREE char *json = as_json(ca.cert_pem, leaf.cert_pem, leaf.key_pem, true);

	assert_int_equal(core_cert_files_read(json, strlen(json), ret, NULL), 0);
}

static mode_t mode_of(const char *in, const char *name)
{
	PRISM_AUTO_FREE char *path = prism_path_join(in, name);
	struct stat st;

	return stat(path, &st) == 0 ? st.st_mode & 0777 : 0;
}

static void files_are_written_together(void **state)
{
	PRISM_AUTO_FREE char *into = prism_path_join(dir, "new/deep");
	struct core_cert_files files;
	struct prism_error err = PRISM_ERROR_INIT;

	umask(022);
	read_good(&files);
	assert_int_equal(core_cert_files_save(&files, into, false, NULL), 0);
	assert_int_equal(mode_of(into, "key.pem"), 0600);
	assert_int_equal(mode_of(into, "cert.pem"), 0644);
	assert_int_equal(mode_of(into, "ca.pem"), 0644);
	assert_int_equal(mode_of(dir, "new"), 0700);
	assert_int_equal(core_cert_files_save(&files, into, false, &err), -1);
	assert_int_equal(err.category, PRISM_ERROR_CONFLICT);
	assert_int_equal(core_cert_files_save(&files, into, true, NULL), 0);
	core_cert_files_finish(&files);
}

static void a_name_that_is_taken_leaves_no_other_file(void **state)
{
	PRISM_AUTO_FREE char *into = prism_path_join(dir, "taken");
	PRISM_AUTO_FREE char *key = prism_path_join(into, "key.pem");
	struct core_cert_files files;

	read_good(&files);
	assert_int_equal(mkdir(into, 0700), 0);
	assert_int_equal(prism_file_write(key, "mine", 4, 0600, NULL), 0);
	assert_int_equal(core_cert_files_save(&files, into, false, NULL), -1);
	assert_int_equal(mode_of(into, "cert.pem"), 0);
	assert_int_equal(mode_of(into, "ca.pem"), 0);
	/* something that is no file is not replaced, and again nothing else appears */
	assert_int_equal(unlink(key), 0);
	assert_int_equal(mkdir(key, 0700), 0);
	assert_int_equal(core_cert_files_save(&files, into, true, NULL), -1);
	assert_int_equal(mode_of(into, "cert.pem"), 0);
	core_cert_files_finish(&files);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(states_follow_from_the_date),
	    cmocka_unit_test(json_and_zip_are_read),
	    cmocka_unit_test(what_is_no_download_is_refused),
	    cmocka_unit_test(files_are_written_together),
	    cmocka_unit_test(a_name_that_is_taken_leaves_no_other_file),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
