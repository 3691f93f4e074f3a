/*
 * A host as a place, against a real sshd: listing, reading, writing without half files, replacing
 * with the former file kept, refusals, a session that breaks.  Skipped where there is no sshd.
 */
#include "core/place_sftp.h"

#include "base/file.h"
#include "base/mem.h"
#include "net/crypto.h"
#include "tests/lib/sshway.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

struct world {
	struct sshway way;
	char *files;
	struct core_place *place;
	/* the last answer */
	unsigned told;
	struct prism_error err;
	struct core_place_listing listing;
	struct core_place_entry entry;
	struct prism_buf bytes;
	char *kept;
	uint8_t sha256[32];
	uint64_t moved; /* as told, of writing and comparing */
	bool compared;
};

static int setup(void **state)
{
	struct world *w = prism_alloc(sizeof(*w));

	sshway_init(&w->way);
	w->files = prism_path_join(w->way.dir, "files");
	assert_int_equal(mkdir(w->files, 0700), 0);
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;

	core_place_destroy(w->place);
	sshway_finish(&w->way);
	core_place_listing_finish(&w->listing);
	prism_buf_finish(&w->bytes);
	prism_free(w->kept);
	prism_free(w->files);
	prism_free(w);
	return 0;
}

static void begin_with(struct world *w, const char *extra, int64_t patience_ms)
{
	w->place = core_place_sftp_create(w->way.loop, sshway_begin(&w->way, extra), patience_ms);
	assert_non_null(w->place);
}

static void begin(struct world *w, const char *extra)
{
	begin_with(w, extra, 0);
}

static void note(struct world *w, const struct prism_error *err)
{
	w->told++;
	prism_error_clear(&w->err);
	prism_error_copy(&w->err, err);
}

static void listed(void *data, struct core_place_listing *listing, const struct prism_error *err)
{
	struct world *w = data;

	note(w, err);
	core_place_listing_finish(&w->listing);
	if (listing) {
		w->listing = *listing;
		*listing = (struct core_place_listing){0};
	}
}

static void seen(void *data, const struct core_place_entry *entry, const struct prism_error *err)
{
	struct world *w = data;

	note(w, err);
	if (entry)
		w->entry = *entry;
}

static void was_read(void *data, struct prism_buf *bytes, const struct core_place_entry *entry,
                     const struct prism_error *err)
{
	struct world *w = data;

	seen(w, entry, err);
	prism_buf_finish(&w->bytes);
	if (bytes) {
		w->bytes = *bytes;
		*bytes = (struct prism_buf){0};
	}
}

static void written(void *data, const struct prism_error *err)
{
	note(data, err);
}

static void replaced(void *data, const char *kept, const uint8_t *sha256,
                     const struct prism_error *err)
{
	struct world *w = data;

	note(w, err);
	prism_free(w->kept);
	w->kept = prism_strdup(kept);
	if (sha256)
		memcpy(w->sha256, sha256, 32);
}

static void wait_for(struct world *w, unsigned told)
{
	for (int i = 0; i < 20000 && w->told < told; i++)
		prism_loop_turn(w->way.loop, 20);
	assert_int_equal(w->told, told);
}

static char *path_of(struct world *w, const char *name)
{
	return prism_path_join(w->files, name);
}

static void put(struct world *w, const char *name, const char *text)
{
	PRISM_AUTO_FREE char *path = path_of(w, name);
	struct prism_error err = PRISM_ERROR_INIT;

	assert_int_equal(prism_file_write(path, text, strlen(text), 0640, &err), 0);
}

static const struct core_place_entry *find(struct world *w, const char *name)
{
	for (size_t i = 0; i < w->listing.count; i++)
		if (!strcmp(w->listing.entries[i].name, name))
			return &w->listing.entries[i];
	return NULL;
}

/* Names in the directory, hidden ones too. */
static unsigned files_there(struct world *w)
{
	DIR *dir = opendir(w->files);
	unsigned count = 0;

	while (readdir(dir))
		count++;
	closedir(dir);
	return count - 2;
}

static void list(void **state)
{
	struct world *w = *state;
	struct prism_error err = PRISM_ERROR_INIT;
	PRISM_AUTO_FREE char *sub = path_of(w, "sub");
	PRISM_AUTO_FREE char *link = path_of(w, "link");
	PRISM_AUTO_FREE char *broken = path_of(w, "broken");
	PRISM_AUTO_FREE char *fifo = path_of(w, "fifo");

	begin(w, NULL);
	put(w, "file", "12345");
	assert_int_equal(mkdir(sub, 0755), 0);
	assert_int_equal(symlink("sub", link), 0);
	assert_int_equal(symlink("nowhere", broken), 0);
	assert_int_equal(mkfifo(fifo, 0600), 0);
	assert_int_equal(core_place_list(w->place, w->files, NULL, listed, w, &err), 0);
	assert_int_equal(w->told, 0); /* later, from the loop */
	assert_int_equal(core_place_pending(w->place), 1);
	wait_for(w, 1);
	assert_int_equal(w->err.category, PRISM_ERROR_NONE);
	assert_int_equal(w->listing.count, 5);
	assert_int_equal(find(w, "file")->kind, CORE_PLACE_FILE);
	assert_int_equal(find(w, "file")->size, 5);
	assert_int_equal(find(w, "file")->mode, 0640);
	assert_true(find(w, "file")->modified_us > 0);
	assert_int_equal(find(w, "sub")->kind, CORE_PLACE_DIRECTORY);
	assert_true(find(w, "link")->link);
	assert_int_equal(find(w, "link")->kind, CORE_PLACE_DIRECTORY);
	assert_true(find(w, "broken")->broken);
	assert_int_equal(find(w, "fifo")->kind, CORE_PLACE_SPECIAL);

	assert_int_equal(core_place_list(w->place, "~", NULL, listed, w, &err), 0);
	wait_for(w, 2);
	assert_int_equal(w->listing.path[0], '/');
	assert_int_equal(core_place_list(w->place, "/no/such/place", NULL, listed, w, &err), 0);
	wait_for(w, 3);
	assert_int_equal(w->err.category, PRISM_ERROR_MISSING);
}

static void read_and_stat(void **state)
{
	struct world *w = *state;
	struct prism_error err = PRISM_ERROR_INIT;
	PRISM_AUTO_FREE char *path = path_of(w, "file");

	begin(w, NULL);
	put(w, "file", "content");
	assert_int_equal(core_place_read(w->place, path, 100, NULL, was_read, w, &err), 0);
	assert_int_equal(core_place_stat(w->place, path, NULL, seen, w, &err), 0);
	wait_for(w, 2);
	assert_string_equal(prism_buf_text(&w->bytes), "content");
	assert_int_equal(w->entry.size, 7);
	assert_int_equal(core_place_read(w->place, path, 6, NULL, was_read, w, &err), 0);
	wait_for(w, 3);
	assert_int_equal(w->err.category, PRISM_ERROR_LIMIT);
	assert_int_equal(core_place_read(w->place, w->files, 6, NULL, was_read, w, &err), 0);
	wait_for(w, 4);
	assert_int_equal(w->err.category, PRISM_ERROR_INVALID);
}

static void must_hold(struct world *w, const char *name, const char *text, unsigned mode)
{
	PRISM_AUTO_FREE char *path = path_of(w, name);
	struct prism_buf there = {0};
	struct stat st;

	assert_int_equal(prism_file_read(path, 1 << 20, &there, &w->err), 0);
	assert_string_equal(prism_buf_text(&there), text);
	prism_buf_finish(&there);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, mode);
}

static void writes(void **state)
{
	struct world *w = *state;
	struct prism_error err = PRISM_ERROR_INIT;
	PRISM_AUTO_FREE char *path = path_of(w, "new");
	PRISM_AUTO_FREE char *link = path_of(w, "link");

	begin(w, NULL);
	assert_int_equal(core_place_write(w->place, path, "one", 3, 0600, NULL, written, w, &err), 0);
	wait_for(w, 1);
	assert_int_equal(w->err.category, PRISM_ERROR_NONE);
	must_hold(w, "new", "one", 0600);
	/* over a link: the file it leads to, and the link stays */
	assert_int_equal(symlink("new", link), 0);
	assert_int_equal(core_place_write(w->place, link, "two", 3, 0644, NULL, written, w, &err), 0);
	wait_for(w, 2);
	must_hold(w, "new", "two", 0644);
	assert_int_equal(files_there(w), 2); /* nothing temporary, nothing put aside */
	/* what is no file is not replaced */
	assert_int_equal(core_place_write(w->place, w->files, "x", 1, 0644, NULL, written, w, &err), 0);
	wait_for(w, 3);
	assert_int_equal(w->err.category, PRISM_ERROR_INVALID);
	PRISM_AUTO_FREE char *nowhere = path_of(w, "none/new");
	assert_int_equal(core_place_write(w->place, nowhere, "x", 1, 0644, NULL, written, w, &err), 0);
	wait_for(w, 4);
	assert_int_equal(w->err.category, PRISM_ERROR_MISSING);
	assert_int_equal(files_there(w), 2);
}

static void replace_keeps(void **state)
{
	struct world *w = *state;
	struct prism_error err = PRISM_ERROR_INIT;
	PRISM_AUTO_FREE char *path = path_of(w, "key.pem");
	uint8_t digest[NET_DIGEST_MAX];

	begin(w, NULL);
	assert_int_equal(
	    core_place_sftp_replace(w->place, path, "first", 5, 0600, NULL, replaced, w, &err), 0);
	wait_for(w, 1);
	assert_null(w->kept);
	assert_int_equal(
	    core_place_sftp_replace(w->place, path, "second", 6, 0600, NULL, replaced, w, &err), 0);
	wait_for(w, 2);
	must_hold(w, "key.pem", "second", 0600);
	assert_non_null(w->kept);
	assert_int_equal(strncmp(w->kept, path, strlen(path)), 0);
	must_hold(w, prism_path_base(w->kept), "first", 0600);
	net_digest_bytes(NET_SHA256, "second", 6, digest);
	assert_memory_equal(digest, w->sha256, 32);
	assert_int_equal(files_there(w), 2);
}

/* Larger than any buffer between here and there. */
static void large(void **state)
{
	struct world *w = *state;
	struct prism_error err = PRISM_ERROR_INIT;
	PRISM_AUTO_FREE char *path = path_of(w, "large");
	size_t size = (3u << 20) + 17;
	PRISM_AUTO_FREE char *bytes = prism_alloc(size);

	begin(w, NULL);
	net_random_bytes(bytes, size);
	assert_int_equal(core_place_write(w->place, path, bytes, size, 0600, NULL, written, w, &err),
	                 0);
	assert_int_equal(core_place_read(w->place, path, size, NULL, was_read, w, &err), 0);
	wait_for(w, 2);
	assert_int_equal(w->bytes.len, size);
	assert_memory_equal(w->bytes.data, bytes, size);
}

/* ---- a file of this machine, saved there ---- */

#define BIG ((48u << 20) + 5) /* too large to be over before the first news of it */

static char *make_file(struct world *w, size_t size)
{
	char *path = prism_path_join(w->way.dir, "here.bin");
	PRISM_AUTO_FREE char *bytes = prism_alloc(size + 1);
	struct prism_error err = PRISM_ERROR_INIT;

	net_random_bytes(bytes, size);
	assert_int_equal(prism_file_write(path, bytes, size, 0600, &err), 0);
	return path;
}

static void went_on(void *data, const char *what, uint64_t done, uint64_t total)
{
	struct world *w = data;

	assert_true(done <= total);
	w->compared = w->compared || !strcmp(what, "comparing");
	w->moved = done;
}

static void put_file(struct world *w, const char *file, const char *name, bool fresh,
                     struct prism_cancel *cancel)
{
	PRISM_AUTO_FREE char *path = path_of(w, name);
	const struct core_place_put what = {
	    .file = file, .path = path, .mode = 0640, .fresh = fresh, .progress = went_on};
	struct prism_error err = PRISM_ERROR_INIT;

	w->moved = 0;
	assert_int_equal(core_place_sftp_put(w->place, &what, cancel, replaced, w, &err), 0);
}

static void same_file(const char *a, const char *b)
{
	struct prism_buf x = {0}, y = {0};
	struct prism_error err = PRISM_ERROR_INIT;

	assert_int_equal(prism_file_read(a, 1u << 30, &x, &err), 0);
	assert_int_equal(prism_file_read(b, 1u << 30, &y, &err), 0);
	assert_int_equal(x.len, y.len);
	assert_memory_equal(x.data, y.data, x.len);
	prism_buf_finish(&x);
	prism_buf_finish(&y);
}

/* Larger than the window it travels in, so that the window moves. */
static void puts_a_file(void **state)
{
	struct world *w = *state;
	PRISM_AUTO_FREE char *there = path_of(w, "there");
	PRISM_AUTO_FREE char *file = NULL;
	struct stat st;

	begin(w, NULL);
	file = make_file(w, (3u << 20) + 77);
	put_file(w, file, "there", true, NULL);
	wait_for(w, 1);
	assert_int_equal(w->err.category, PRISM_ERROR_NONE);
	assert_null(w->kept);
	assert_true(w->compared);
	assert_int_equal(w->moved, (3u << 20) + 77);
	same_file(file, there);
	assert_int_equal(stat(there, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0640);
	/* The same again: refused as new, else the former one is kept. */
	put_file(w, file, "there", true, NULL);
	wait_for(w, 2);
	assert_int_equal(w->err.category, PRISM_ERROR_CONFLICT);
	assert_int_equal(files_there(w), 1);
	put_file(w, file, "there", false, NULL);
	wait_for(w, 3);
	assert_int_equal(w->err.category, PRISM_ERROR_NONE);
	assert_non_null(w->kept);
	assert_int_equal(files_there(w), 2);
}

static void put_is_refused(void **state)
{
	struct world *w = *state;
	PRISM_AUTO_FREE char *file = NULL;

	begin(w, "ForceCommand internal-sftp -R\n");
	file = make_file(w, 10);
	put_file(w, file, "there", true, NULL);
	wait_for(w, 1);
	assert_int_equal(w->err.category, PRISM_ERROR_DENIED);
	assert_non_null(strstr(w->err.message, "does not allow it"));
	put_file(w, "/no/such/file", "there", true, NULL);
	wait_for(w, 2);
	assert_int_equal(w->err.category, PRISM_ERROR_IO);
	assert_int_equal(files_there(w), 0);
}

static void wait_for_bytes(struct world *w)
{
	for (int i = 0; i < 20000 && !w->moved && !w->told; i++)
		prism_loop_turn(w->way.loop, 20);
	assert_int_equal(w->told, 0);
	assert_true(w->moved > 0);
}

static void a_put_that_is_stopped_leaves_nothing(void **state)
{
	struct world *w = *state;
	struct prism_cancel *cancel = prism_cancel_create(NULL);
	PRISM_AUTO_FREE char *file = NULL;

	begin(w, NULL);
	file = make_file(w, BIG);
	put_file(w, file, "there", true, cancel);
	wait_for_bytes(w);
	assert_int_equal(files_there(w), 1); /* its temporary name */
	prism_cancel_fire(cancel);
	wait_for(w, 1);
	assert_int_equal(w->err.category, PRISM_ERROR_CANCELLED);
	assert_int_equal(files_there(w), 0);
	prism_cancel_destroy(cancel);
	/* and the channel still works */
	put_file(w, w->way.sshd->key, "there", true, NULL);
	wait_for(w, 2);
	assert_int_equal(w->err.category, PRISM_ERROR_NONE);
}

static void a_put_that_breaks_says_what_is_left(void **state)
{
	struct world *w = *state;
	PRISM_AUTO_FREE char *there = path_of(w, "there");
	PRISM_AUTO_FREE char *file = NULL;
	const char *left;

	begin(w, NULL);
	file = make_file(w, BIG);
	put_file(w, file, "there", true, NULL);
	wait_for_bytes(w);
	sshd_kill(w->way.sshd);
	wait_for(w, 1);
	assert_int_equal(w->err.category, PRISM_ERROR_IO);
	assert_int_not_equal(access(there, F_OK), 0);
	left = strstr(w->err.hint, w->files);
	assert_non_null(left);
	assert_int_equal(access(left, F_OK), 0);
}

static void names_of_hosts(void **state)
{
	static const struct {
		const char *text, *via, *path;
	} good[] = {
	    {"ada@bastion:/srv/results.zip", "ada@bastion", "/srv/results.zip"},
	    {"ada@bastion:results.zip", "ada@bastion", "results.zip"},
	    {"ada@bastion:~/a:b,c@d", "ada@bastion", "~/a:b,c@d"},
	    {"ada@bastion:2222:results.zip", "ada@bastion:2222", "results.zip"},
	    {"ada@[2001:db8::1]:22:/x", "ada@[2001:db8::1]:22", "/x"},
	    {"ada@[2001:db8::1]:x", "ada@[2001:db8::1]", "x"},
	    {"ada@a:22,bo@b:/x", "ada@a:22,bo@b", "/x"},
	    {"ada@a,b:/x", "ada@a,b", "/x"},
	};
	static const char *const local[] = {"results.zip", "./ada@host:x",   "/tmp/ada@host:x",
	                                    "ada@host",    "report:1@2.txt", "@host:x",
	                                    "a,b@c:d",     "ada@host/x:y",   ""};
	static const char *const bad[] = {"ada@host:", "ada@host:/srv/", "ada@host:2222",
	                                  "ada@host:2222/x", "ada@host:99999:x"};
	char *via, *path;
	struct prism_error err = PRISM_ERROR_INIT;

	PRISM_UNUSED(state);
	for (size_t i = 0; i < PRISM_COUNT(good); i++) {
		assert_int_equal(core_place_sftp_split(good[i].text, &via, &path, &err), 1);
		assert_string_equal(via, good[i].via);
		assert_string_equal(path, good[i].path);
		prism_free(via);
		prism_free(path);
	}
	for (size_t i = 0; i < PRISM_COUNT(local); i++)
		assert_int_equal(core_place_sftp_split(local[i], &via, &path, &err), 0);
	for (size_t i = 0; i < PRISM_COUNT(bad); i++) {
		if (core_place_sftp_split(bad[i], &via, &path, &err) >= 0)
			fail_msg("%s was taken", bad[i]);
		assert_true(err.hint[0] != '\0');
	}
}

static void no_subsystem(void **state)
{
	struct world *w = *state;
	struct prism_error err = PRISM_ERROR_INIT;

	begin(w, "MaxSessions 0\n");
	assert_int_equal(core_place_list(w->place, "/", NULL, listed, w, &err), 0);
	wait_for(w, 1);
	assert_int_equal(w->err.category, PRISM_ERROR_DENIED);
	assert_non_null(strstr(w->err.hint, "MaxSessions"));
}

static void forced_command_is_no_sftp(void **state)
{
	struct world *w = *state;
	struct prism_error err = PRISM_ERROR_INIT;

	begin(w, "ForceCommand echo this is no file server\n");
	assert_int_equal(core_place_list(w->place, "/", NULL, listed, w, &err), 0);
	wait_for(w, 1);
	assert_int_not_equal(w->err.category, PRISM_ERROR_NONE);
}

/* A pause that is shorter, and much work: nothing is given up. */
static void patience_is_not_a_deadline(void **state)
{
	struct world *w = *state;
	struct prism_error err = PRISM_ERROR_INIT;

	begin_with(w, NULL, 400);
	for (unsigned i = 1; i <= 3; i++) {
		assert_int_equal(core_place_list(w->place, "/", NULL, listed, w, &err), 0);
		wait_for(w, i);
		assert_int_equal(w->err.category, PRISM_ERROR_NONE);
		for (int64_t until = prism_clock_mono_ms(prism_clock_system()) + 900;
		     prism_clock_mono_ms(prism_clock_system()) < until;)
			prism_loop_turn(w->way.loop, 20);
	}
}

static void cancelling(void **state)
{
	struct world *w = *state;
	struct prism_error err = PRISM_ERROR_INIT;
	struct prism_cancel *cancel = prism_cancel_create(NULL);

	begin(w, NULL);
	assert_int_equal(core_place_list(w->place, "/", cancel, listed, w, &err), 0);
	prism_cancel_fire(cancel);
	assert_int_equal(w->told, 0);
	wait_for(w, 1);
	assert_int_equal(w->err.category, PRISM_ERROR_CANCELLED);
	prism_cancel_destroy(cancel);
	/* Destroying the place tells who still waits. */
	assert_int_equal(core_place_list(w->place, "/", NULL, listed, w, &err), 0);
	core_place_destroy(w->place);
	w->place = NULL;
	assert_int_equal(w->told, 2);
	assert_int_equal(w->err.category, PRISM_ERROR_CANCELLED);
}

static void session_breaks(void **state)
{
	struct world *w = *state;
	struct prism_error err = PRISM_ERROR_INIT;

	begin(w, NULL);
	assert_int_equal(core_place_list(w->place, "/", NULL, listed, w, &err), 0);
	wait_for(w, 1);
	sshd_kill(w->way.sshd);
	assert_int_equal(core_place_list(w->place, "/", NULL, listed, w, &err), 0);
	wait_for(w, 2);
	assert_int_equal(w->err.category, PRISM_ERROR_IO);
	sshd_restart(w->way.sshd);
	assert_int_equal(core_place_list(w->place, "/", NULL, listed, w, &err), 0);
	wait_for(w, 3);
	assert_int_equal(w->err.category, PRISM_ERROR_NONE);
}

#define ONE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    ONE(list),
	    ONE(read_and_stat),
	    ONE(writes),
	    ONE(replace_keeps),
	    ONE(large),
	    ONE(no_subsystem),
	    ONE(patience_is_not_a_deadline),
	    ONE(cancelling),
	    ONE(forced_command_is_no_sftp),
	    ONE(session_breaks),
	    ONE(puts_a_file),
	    ONE(put_is_refused),
	    ONE(a_put_that_is_stopped_leaves_nothing),
	    ONE(a_put_that_breaks_says_what_is_left),
	    ONE(names_of_hosts),
	};

	return cmocka_run_group_tests_name("place_sftp", tests, NULL, NULL);
}
