/*
 * Owns the descriptor, the sum over what was read, and the two readers on it.
 */
#include "core/bundle_file.h"

#include "base/csv.h"
#include "base/file.h"
#include "base/jsonread.h"
#include "base/mem.h"
#include "base/text.h"
#include "core/bundle_csv.h"
#include "net/crypto.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define WAIT_MS 200 /* between two looks at the cancel token while standard input is silent */

struct cursor { /* where a reader reads; data of its read function */
	struct core_bundle_file *file;
	off_t at;
	bool counts; /* the first pass: it makes the sum */
};

struct core_bundle_file {
	int fd;
	char *name, *directory;
	const struct prism_cancel *cancel;
	off_t size;
	struct timespec
	    changed; /* when the file was; another time later: it is not the same any more */
	_Atomic uint64_t done;
	struct cursor cursor;
	struct net_digest *digest;
	bool csv, started, array, over;
	struct prism_jsonread *json;
	struct prism_csv *rows;
	struct core_csv_header *header;
	size_t index;
	struct core_problems *problems; /* of the call that runs */
};

/* ---- the bytes ---- */

static ssize_t read_some(void *data, char *buf, size_t size, struct prism_error *err)
{
	struct cursor *cursor = data;
	struct core_bundle_file *file = cursor->file;
	ssize_t got;

	if (cursor->counts && prism_cancel_fired(file->cancel))
		return prism_error_raise(err, PRISM_ERROR_CANCELLED, "cancelled");
	do {
		got = pread(file->fd, buf, size, cursor->at);
	} while (got < 0 && errno == EINTR);
	if (got < 0)
		return prism_error_errno(err, errno, "cannot read %s", file->name);
	cursor->at += got;
	if (cursor->counts) {
		net_digest_update(file->digest, buf, (size_t)got);
		atomic_store(&file->done, (uint64_t)cursor->at);
	}
	return got;
}

static int wait_input(const struct prism_cancel *cancel, struct prism_error *err)
{
	struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};

	while (poll(&input, 1, WAIT_MS) <= 0)
		if (prism_cancel_fired(cancel))
			return prism_error_raise(err, PRISM_ERROR_CANCELLED, "cancelled");
	return 0;
}

static int write_all(int fd, const char *bytes, size_t size, struct prism_error *err)
{
	while (size) {
		ssize_t put = write(fd, bytes, size);
		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0)
			return prism_error_errno(err, errno, "standard input cannot be kept");
		bytes += put;
		size -= (size_t)put;
	}
	return 0;
}

/* Standard input into a file that has no name any more: private keys are not left behind. */
static int spool(const struct prism_cancel *cancel, struct prism_error *err)
{
	PRISM_AUTO_FREE char *dir = prism_path_state("");
	PRISM_AUTO_FREE char *path = prism_asprintf("%s/stdin-XXXXXX", dir ? dir : "/tmp");
	char bytes[65536];
	ssize_t got;

	if (dir && prism_file_mkdirs(dir, 0700, err) < 0)
		return -1;
	int fd = mkstemp(path); /* 0600 */
	if (fd < 0)
		return prism_error_errno(err, errno, "%s cannot be made", path);
	(void)fcntl(fd, F_SETFD, FD_CLOEXEC);
	unlink(path);
	do {
		if (wait_input(cancel, err) < 0)
			goto failed;
		got = read(STDIN_FILENO, bytes, sizeof(bytes));
		if (got < 0 && errno != EINTR) {
			prism_error_errno(err, errno, "cannot read standard input");
			goto failed;
		}
		if (got > 0 && write_all(fd, bytes, (size_t)got, err) < 0)
			goto failed;
	} while (got != 0);
	prism_wipe(bytes, sizeof(bytes));
	return fd;
failed:
	prism_wipe(bytes, sizeof(bytes));
	close(fd);
	return -1;
}

static int open_named(const char *path, struct prism_error *err)
{
	PRISM_AUTO_FREE char *expanded = prism_path_expand(path);
	struct stat info;
	int fd = open(expanded, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	if (fd < 0)
		return prism_error_errno(err, errno, "cannot open %s", path);
	if (fstat(fd, &info) < 0 || !S_ISREG(info.st_mode)) {
		close(fd);
		prism_error_raise(err, PRISM_ERROR_INVALID, "%s is not a regular file", path);
		prism_error_hint(err, "a pipe is read as standard input: -");
		return -1;
	}
	return fd;
}

static char *directory_of(const char *path)
{
	PRISM_AUTO_FREE char *expanded = prism_path_expand(path);
	char *slash = strrchr(expanded, '/');

	return slash ? prism_strndup(expanded, (size_t)(slash - expanded) + 1) : prism_strdup(".");
}

/* JSON begins with a bracket, whatever the file is called. */
static int sniff(struct core_bundle_file *file, struct prism_error *err)
{
	char bytes[4096];
	ssize_t got = pread(file->fd, bytes, sizeof(bytes), 0);
	ssize_t at = got >= 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;

	while (at < got && strchr(" \t\r\n", bytes[at]) && bytes[at])
		at++;
	if (got < 0)
		return prism_error_errno(err, errno, "cannot read %s", file->name);
	if (at == got) {
		prism_error_raise(err, PRISM_ERROR_INVALID, "%s is empty", file->name);
		prism_error_hint(err, "an export is a JSON array; CSV begins with a header row");
		return -1;
	}
	file->csv = bytes[at] != '[' && bytes[at] != '{';
	return 0;
}

struct core_bundle_file *core_bundle_file_open(const char *path, const struct prism_cancel *cancel,
                                               struct prism_error *err)
{
	bool input = strcmp(path, "-") == 0;
	int fd = input ? spool(cancel, err) : open_named(path, err);
	struct stat info;

	if (fd < 0)
		return NULL;
	struct core_bundle_file *file = prism_alloc(sizeof(*file));
	file->fd = fd;
	file->cancel = cancel;
	file->name = prism_strdup(input ? "standard input" : prism_path_base(path));
	file->directory = input ? prism_strdup(".") : directory_of(path);
	if (fstat(fd, &info) == 0) {
		file->size = info.st_size;
		file->changed = info.st_mtim;
	}
	file->digest = net_digest_create(NET_SHA3_256);
	file->cursor = (struct cursor){file, 0, true};
	if (sniff(file, err) == 0)
		return file;
	core_bundle_file_close(file);
	return NULL;
}

void core_bundle_file_close(struct core_bundle_file *file)
{
	if (!file)
		return;
	close(file->fd);
	prism_jsonread_destroy(file->json);
	prism_csv_destroy(file->rows);
	core_csv_header_destroy(file->header);
	net_digest_destroy(file->digest);
	prism_free(file->name);
	prism_free(file->directory);
	prism_free(file);
}

bool core_bundle_file_is_csv(const struct core_bundle_file *file)
{
	return file->csv;
}

const char *core_bundle_file_name(const struct core_bundle_file *file)
{
	return file->name;
}

uint64_t core_bundle_file_size(const struct core_bundle_file *file)
{
	return (uint64_t)file->size;
}

uint64_t core_bundle_file_done(const struct core_bundle_file *file)
{
	return atomic_load(&file->done);
}

/* ---- JSON ---- */

static void twice(void *data, const char *path, uint64_t line)
{
	struct core_bundle_file *file = data;
	char field[200];

	snprintf(field, sizeof(field), "[%zu].%s", file->index, path);
	core_problem_add(file->problems, CORE_PROBLEM_ERROR, file->index, line, field,
	                 "given twice: which one is meant is not clear");
}

static int json_start(struct core_bundle_file *file, enum prism_json_token *first,
                      struct prism_error *err)
{
	file->started = true;
	file->json = prism_jsonread_create(read_some, &file->cursor, CORE_BUNDLE_MAX, 0, 1);
	if (prism_jsonread_next(file->json, first, err) < 0)
		return -1;
	file->array = *first == PRISM_JSON_ARRAY;
	return file->array ? prism_jsonread_next(file->json, first, err) : 0;
}

static int json_next(struct core_bundle_file *file, struct core_bundle_place *place,
                     cJSON **ret_bundle, struct prism_error *err)
{
	enum prism_json_token token = PRISM_JSON_END;
	cJSON *doc;

	if (file->over)
		return 0;
	if ((file->started ? prism_jsonread_next(file->json, &token, err)
	                   : json_start(file, &token, err)) < 0)
		return -1;
	if (token == PRISM_JSON_ARRAY_END && prism_jsonread_next(file->json, &token, err) < 0)
		return -1; /* text behind the array */
	if (token == PRISM_JSON_END) {
		file->over = true;
		return 0;
	}
	struct prism_place start = prism_jsonread_start(file->json);
	*place = (struct core_bundle_place){file->index, start.offset, start.line, false};
	if (prism_jsonread_value(file->json, token, twice, file, &doc, err) < 0)
		return -1;
	*ret_bundle = core_bundle_normalise(doc, file->index, file->problems);
	return 1;
}

/* ---- CSV ---- */

static int csv_next(struct core_bundle_file *file, struct core_bundle_place *place,
                    cJSON **ret_bundle, struct prism_error *err)
{
	struct prism_csv_row row;

	if (!file->header) {
		file->rows = prism_csv_create(read_some, &file->cursor, CORE_BUNDLE_MAX, 0, 1);
		int got = prism_csv_next(file->rows, &row, err);
		if (got <= 0)
			return got;
		file->header = core_csv_header_create(&row, file->problems, err);
		if (!file->header)
			return -1;
	}
	int got = prism_csv_next(file->rows, &row, err);
	if (got <= 0)
		return got;
	*place = (struct core_bundle_place){file->index, row.start.offset, row.start.line, false};
	*ret_bundle = core_csv_bundle(file->header, &row, file->directory, file->index, file->problems);
	return 1;
}

int core_bundle_file_next(struct core_bundle_file *file, struct core_problems *problems,
                          struct core_bundle_place *ret_place, cJSON **ret_bundle,
                          struct prism_error *err)
{
	size_t errors = problems->by_level[CORE_PROBLEM_ERROR];

	file->problems = problems;
	*ret_bundle = NULL;
	*ret_place = (struct core_bundle_place){0};
	if (file->index == CORE_BUNDLES_MAX)
		return prism_error_raise(err, PRISM_ERROR_LIMIT, "more than %d computations in one file",
		                         CORE_BUNDLES_MAX);
	int got = file->csv ? csv_next(file, ret_place, ret_bundle, err)
	                    : json_next(file, ret_place, ret_bundle, err);
	if (got > 0)
		file->index++;
	ret_place->damaged = problems->by_level[CORE_PROBLEM_ERROR] > errors;
	return got;
}

static bool same(const struct core_bundle_file *file)
{
	struct stat info;

	return fstat(file->fd, &info) == 0 && info.st_size == file->size &&
	       info.st_mtim.tv_sec == file->changed.tv_sec &&
	       info.st_mtim.tv_nsec == file->changed.tv_nsec;
}

cJSON *core_bundle_file_again(struct core_bundle_file *file, const struct core_bundle_place *place,
                              struct prism_error *err)
{
	struct cursor cursor = {file, (off_t)place->offset, false};
	struct core_problems ignored;
	struct prism_csv_row row;
	enum prism_json_token token;
	cJSON *bundle = NULL;

	core_problems_init(&ignored);
	if (file->csv) {
		struct prism_csv *rows =
		    prism_csv_create(read_some, &cursor, CORE_BUNDLE_MAX, place->offset, place->line);
		if (prism_csv_next(rows, &row, err) > 0)
			bundle = core_csv_bundle(file->header, &row, file->directory, place->index, &ignored);
		prism_csv_destroy(rows);
	} else {
		struct prism_jsonread *json =
		    prism_jsonread_create(read_some, &cursor, CORE_BUNDLE_MAX, place->offset, place->line);
		cJSON *doc;
		if (prism_jsonread_next(json, &token, err) == 0 &&
		    prism_jsonread_value(json, token, NULL, NULL, &doc, err) == 0)
			bundle = core_bundle_normalise(doc, place->index, &ignored);
		prism_jsonread_destroy(json);
	}
	core_problems_finish(&ignored);
	if (bundle && same(file))
		return bundle;
	cJSON_Delete(bundle);
	if (err)
		prism_error_clear(err);
	prism_error_raise(err, PRISM_ERROR_CONFLICT, "%s has changed since it was looked at",
	                  file->name);
	return NULL;
}

int core_bundle_file_hash(struct core_bundle_file *file, char hex[65], struct prism_error *err)
{
	uint8_t digest[NET_DIGEST_MAX];
	char bytes[16384];
	ssize_t got;

	do {
		got = read_some(&file->cursor, bytes, sizeof(bytes), err);
		if (got < 0)
			return -1;
	} while (got > 0);
	prism_hex_encode(digest, net_digest_final(file->digest, digest), hex);
	return 0;
}
