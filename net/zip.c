/*
 * Owns: listing and unpacking archives that strangers made.  Writing is in net/zip_write.c.
 *
 * Order of trust: the end record is looked at by hand first, so that a count without end never
 * reaches libzip's allocator; then libzip reads the central directory; then every name, type and
 * size is judged; only then a byte is written, below a directory descriptor that no link in the
 * target can lead out of.
 */
#include "net/zip.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <zip.h>

#define PIECE (1u << 18)
#define NAME_LEN_MAX 4096u /* PATH_MAX: longer names could not be created anyway */
#define END_SIZE 22u       /* end of central directory, APPNOTE 4.3.16 */
#define END_SEARCH (END_SIZE + 65535u)
#define LOCATOR_SIZE 20u /* zip64 locator, APPNOTE 4.3.15 */
#define END64_SIZE 56u   /* zip64 end record, APPNOTE 4.3.14 */
#define CENTRAL_MIN 46u  /* smallest central record, APPNOTE 4.3.12 */

/* ---- the end record, before libzip ---- */

static uint64_t little(const unsigned char *p, int width)
{
	uint64_t value = 0;

	for (int i = width - 1; i >= 0; i--)
		value = value << 8 | p[i];
	return value;
}

static int not_a_zip(const char *path, struct prism_error *err)
{
	prism_error_raise(err, PRISM_ERROR_PROTOCOL, "%s is not a zip archive", path);
	prism_error_hint(err, "it may be cut short; fetch it again");
	return -1;
}

/* An archive in a file, or in memory (data not NULL). */
struct source {
	int fd;
	const unsigned char *data;
	off_t size;
	const char *name; /* for messages */
};

static bool read_at(const struct source *from, off_t offset, void *into, size_t size)
{
	if (offset < 0 || offset > from->size || (off_t)size > from->size - offset)
		return false;
	if (!from->data)
		return pread(from->fd, into, size, offset) == (ssize_t)size;
	memcpy(into, from->data + offset, size);
	return true;
}

/* The declared entry count, from the zip64 record when there is one. */
static int declared_entries(const struct source *from, uint64_t *ret, struct prism_error *err)
{
	size_t len = from->size < (off_t)END_SEARCH ? (size_t)from->size : END_SEARCH;
	PRISM_AUTO_FREE unsigned char *tail = prism_alloc(len + 1);
	unsigned char locator[LOCATOR_SIZE], end64[END64_SIZE];
	off_t base = from->size - (off_t)len;
	size_t at;

	if (len < END_SIZE || !read_at(from, base, tail, len))
		return not_a_zip(from->name, err);
	for (at = len - END_SIZE; little(tail + at, 4) != 0x06054b50; at--)
		if (at == 0)
			return not_a_zip(from->name, err);
	*ret = little(tail + at + 10, 2);
	if (!read_at(from, base + (off_t)at - (off_t)LOCATOR_SIZE, locator, sizeof(locator)) ||
	    little(locator, 4) != 0x07064b50)
		return 0;
	if (little(locator + 8, 8) > INT64_MAX ||
	    !read_at(from, (off_t)little(locator + 8, 8), end64, sizeof(end64)) ||
	    little(end64, 4) != 0x06064b50)
		return not_a_zip(from->name, err);
	*ret = little(end64 + 32, 8);
	return 0;
}

static int check_count(const struct source *from, struct prism_error *err)
{
	uint64_t count = 0;

	if (declared_entries(from, &count, err) < 0)
		return -1;
	if (count > NET_ZIP_ENTRIES_MAX)
		return prism_error_raise(err, PRISM_ERROR_LIMIT,
		                         "the archive declares %llu entries, more than %u",
		                         (unsigned long long)count, NET_ZIP_ENTRIES_MAX);
	if (count * CENTRAL_MIN > (uint64_t)from->size)
		return not_a_zip(from->name, err);
	return 0;
}

static int check_end(const char *path, struct prism_error *err)
{
	PRISM_AUTO_FD int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st;

	if (fd < 0)
		return prism_error_errno(err, errno, "open %s", path);
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return prism_error_raise(err, PRISM_ERROR_INVALID, "%s is not a regular file", path);
	return check_count(&(struct source){fd, NULL, st.st_size, path}, err);
}

/* ---- judging entries ---- */

static const char *name_fault(const char *name)
{
	size_t len = strlen(name);
	const char *part = name;

	if (!len)
		return "no name";
	if (len > NAME_LEN_MAX)
		return "the name is too long";
	if (name[0] == '/')
		return "absolute path";
	if (strchr(name, '\\'))
		return "backslash in the name";
	for (const char *p = name; *p; p++)
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			return "control character in the name";
	while (*part) {
		size_t n = strcspn(part, "/");

		if (n == 2 && part[0] == '.' && part[1] == '.')
			return "leads out of the target directory";
		if (n == 0 || (n == 1 && part[0] == '.'))
			return "empty path component";
		part += n;
		if (*part == '/')
			part++;
	}
	return NULL;
}

static const char *type_fault(zip_t *zip, zip_uint64_t index)
{
	zip_uint8_t made_on = 0;
	zip_uint32_t attributes = 0;
	mode_t type;

	if (zip_file_get_external_attributes(zip, index, 0, &made_on, &attributes) < 0)
		return "no attributes";
	if (made_on != ZIP_OPSYS_UNIX)
		return NULL;
	type = (mode_t)(attributes >> 16) & S_IFMT;
	if (type == S_IFLNK)
		return "symbolic link";
	return type == 0 || type == S_IFREG || type == S_IFDIR ? NULL : "special file";
}

/* The extended timestamp (extra field 0x5455) before the DOS time, which knows neither zones nor
 * years before 1980. Time zero is what writers put who want the same bytes every time: no time. */
static int64_t modified_us(zip_t *zip, zip_uint64_t index, const zip_stat_t *st)
{
	zip_uint16_t len = 0;
	const zip_uint8_t *extra =
	    zip_file_extra_field_get_by_id(zip, index, 0x5455, 0, &len, ZIP_FL_CENTRAL);
	int32_t seconds;

	if (!extra || len < 5 || !(extra[0] & 1))
		return st->valid & ZIP_STAT_MTIME ? (int64_t)st->mtime * 1000000 : PRISM_TIME_UNSET;
	seconds = (int32_t)little(extra + 1, 4);
	return seconds ? (int64_t)seconds * 1000000 : PRISM_TIME_UNSET;
}

static int judge(zip_t *zip, zip_uint64_t index, struct net_zip_entry *entry,
                 struct prism_error *err)
{
	const zip_uint64_t needed = ZIP_STAT_SIZE | ZIP_STAT_COMP_SIZE;
	const char *name = zip_get_name(zip, index, ZIP_FL_ENC_RAW);
	zip_stat_t st;

	if (!name || zip_stat_index(zip, index, 0, &st) < 0 || (st.valid & needed) != needed)
		return prism_error_raise(err, PRISM_ERROR_PROTOCOL, "entry %llu of the archive is damaged",
		                         (unsigned long long)index);
	entry->name = prism_strdup(name);
	entry->size = st.size;
	entry->packed = st.comp_size;
	entry->mtime_us = modified_us(zip, index, &st);
	entry->directory = *name && name[strlen(name) - 1] == '/';
	entry->reason = name_fault(name);
	if (!entry->reason)
		entry->reason = type_fault(zip, index);
	if (!entry->reason && (st.valid & ZIP_STAT_ENCRYPTION_METHOD) &&
	    st.encryption_method != ZIP_EM_NONE)
		entry->reason = "encrypted";
	entry->refused = entry->reason != NULL;
	return 0;
}

static int open_archive(const char *path, zip_t **ret, struct prism_error *err)
{
	zip_error_t why;
	int code = 0;

	if (check_end(path, err) < 0)
		return -1;
	*ret = zip_open(path, ZIP_RDONLY, &code);
	if (*ret)
		return 0;
	zip_error_init_with_code(&why, code);
	prism_error_raise(err, PRISM_ERROR_PROTOCOL, "%s cannot be read as a zip archive: %s", path,
	                  zip_error_strerror(&why));
	prism_error_hint(err, "it may be cut short; fetch it again");
	zip_error_fini(&why);
	return -1;
}

static int list_open(zip_t *zip, struct net_zip_list *list, struct prism_error *err)
{
	zip_int64_t count = zip_get_num_entries(zip, 0);

	*list = (struct net_zip_list){0};
	if (count < 0 || (uint64_t)count > NET_ZIP_ENTRIES_MAX)
		return prism_error_raise(err, PRISM_ERROR_LIMIT, "the archive holds more than %u entries",
		                         NET_ZIP_ENTRIES_MAX);
	list->entries = prism_alloc_array((size_t)count + 1, sizeof(*list->entries));
	for (zip_int64_t i = 0; i < count; i++) {
		struct net_zip_entry *entry = &list->entries[list->count];

		if (judge(zip, (zip_uint64_t)i, entry, err) < 0)
			return -1;
		list->count++;
		list->total =
		    entry->size > UINT64_MAX - list->total ? UINT64_MAX : list->total + entry->size;
	}
	net_zip_clashes(list);
	return 0;
}

void net_zip_list_finish(struct net_zip_list *list)
{
	if (!list)
		return;
	for (size_t i = 0; i < list->count; i++)
		prism_free(list->entries[i].name);
	prism_free(list->entries);
	*list = (struct net_zip_list){0};
}

int net_zip_list(const char *path, struct net_zip_list *ret, struct prism_error *err)
{
	struct net_zip_list list = {0};
	zip_t *zip;
	int rc;

	if (open_archive(path, &zip, err) < 0)
		return -1;
	rc = list_open(zip, &list, err);
	zip_discard(zip);
	if (rc == 0)
		*ret = list;
	else
		net_zip_list_finish(&list);
	return rc;
}

/* ---- unpacking ---- */

static int check_all(const struct net_zip_list *list, int dir, struct prism_error *err)
{
	struct statvfs fs;
	char need[24], room[24];

	for (size_t i = 0; i < list->count; i++) {
		if (!list->entries[i].refused)
			continue;
		prism_error_raise(err, PRISM_ERROR_TRUST, "entry \"%.120s\" is refused: %s",
		                  list->entries[i].name, list->entries[i].reason);
		prism_error_hint(err,
		                 "nothing was unpacked; ask the algorithm's author about this archive");
		return -1;
	}
	if (list->total > NET_ZIP_UNPACK_MAX)
		return prism_error_raise(err, PRISM_ERROR_LIMIT, "the archive would unpack to %s",
		                         prism_text_bytes(list->total, need));
	if (fstatvfs(dir, &fs) == 0 && list->total > (uint64_t)fs.f_bavail * fs.f_frsize) {
		prism_error_raise(err, PRISM_ERROR_IO, "the archive needs %s, the disk has %s left",
		                  prism_text_bytes(list->total, need),
		                  prism_text_bytes((uint64_t)fs.f_bavail * fs.f_frsize, room));
		prism_error_hint(err, "make room or choose another directory");
		return -1;
	}
	return 0;
}

/* Opens (and makes) the directory that holds the last component of name; never through a link. */
static int open_parent(int dir, const char *name, const char **ret_last, struct prism_error *err)
{
	int at = fcntl(dir, F_DUPFD_CLOEXEC, 3);

	if (at < 0)
		return prism_error_errno(err, errno, "unpack %s", name);
	for (;;) {
		size_t n = strcspn(name, "/");
		PRISM_AUTO_FREE char *part = prism_strndup(name, n);
		int next;

		if (!name[n] || !name[n + 1]) {
			*ret_last = name;
			return at;
		}
		if (mkdirat(at, part, 0755) < 0 && errno != EEXIST) {
			(void)prism_error_errno(err, errno, "make directory %s", part);
			close(at);
			return -1;
		}
		next = openat(at, part, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (next < 0) {
			(void)prism_error_errno(err, errno, "directory %s", part);
			close(at);
			return -1;
		}
		close(at);
		at = next;
		name += n + 1;
	}
}

static int copy_out(zip_file_t *from, int to, const struct net_zip_entry *entry,
                    const struct prism_cancel *cancel, struct prism_error *err)
{
	PRISM_AUTO_FREE char *piece = prism_alloc(PIECE);
	uint64_t done = 0;

	for (;;) {
		zip_int64_t n;

		if (prism_cancel_fired(cancel))
			return prism_error_raise(err, PRISM_ERROR_CANCELLED, "cancelled");
		n = zip_fread(from, piece, PIECE);
		if (n < 0)
			return prism_error_raise(err, PRISM_ERROR_PROTOCOL, "entry \"%.120s\" is damaged: %s",
			                         entry->name, zip_error_strerror(zip_file_get_error(from)));
		done += (uint64_t)n;
		if (done > entry->size || (n == 0 && done != entry->size))
			return prism_error_raise(err, PRISM_ERROR_PROTOCOL,
			                         "entry \"%.120s\" is not as long as declared", entry->name);
		if (n == 0)
			return 0;
		for (zip_int64_t at = 0; at < n;) {
			ssize_t w = write(to, piece + at, (size_t)(n - at));

			if (w < 0 && errno != EINTR)
				return prism_error_errno(err, errno, "write %s", entry->name);
			at += w > 0 ? w : 0;
		}
	}
}

static int unpack_file(zip_t *zip, zip_uint64_t index, const struct net_zip_entry *entry,
                       int parent, const char *last, const struct prism_cancel *cancel,
                       struct prism_error *err)
{
	PRISM_AUTO_FD int to =
	    openat(parent, last, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
	zip_file_t *from;
	int rc;

	if (to < 0 && errno == EEXIST) {
		prism_error_raise(err, PRISM_ERROR_CONFLICT, "%s exists already", entry->name);
		prism_error_hint(err, "unpack into an empty directory");
		return -1;
	}
	if (to < 0)
		return prism_error_errno(err, errno, "create %s", entry->name);
	from = zip_fopen_index(zip, index, 0);
	rc = from ? copy_out(from, to, entry, cancel, err)
	          : prism_error_raise(err, PRISM_ERROR_PROTOCOL, "entry \"%.120s\" cannot be read: %s",
	                              entry->name, zip_strerror(zip));
	if (from)
		zip_fclose(from);
	if (rc < 0)
		(void)unlinkat(parent, last, 0);
	return rc;
}

static int unpack_entry(zip_t *zip, zip_uint64_t index, const struct net_zip_entry *entry, int dir,
                        const struct prism_cancel *cancel, struct prism_error *err)
{
	const char *last = NULL;
	PRISM_AUTO_FD int parent = open_parent(dir, entry->name, &last, err);

	if (parent < 0)
		return -1;
	if (entry->directory) {
		PRISM_AUTO_FREE char *name = prism_strndup(last, strcspn(last, "/"));

		if (mkdirat(parent, name, 0755) < 0 && errno != EEXIST)
			return prism_error_errno(err, errno, "make directory %s", entry->name);
		return 0;
	}
	return unpack_file(zip, index, entry, parent, last, cancel, err);
}

int net_zip_unpack(const char *path, const char *dir, const struct prism_cancel *cancel,
                   uint64_t *ret_files, struct prism_error *err)
{
	struct net_zip_list list = {0};
	uint64_t files = 0;
	int dir_fd = -1, rc = -1;
	zip_t *zip;

	if (open_archive(path, &zip, err) < 0)
		return -1;
	if (list_open(zip, &list, err) < 0 || prism_file_mkdirs(dir, 0755, err) < 0)
		goto out;
	dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir_fd < 0) {
		(void)prism_error_errno(err, errno, "open %s", dir);
		goto out;
	}
	rc = check_all(&list, dir_fd, err);
	for (size_t i = 0; rc == 0 && i < list.count; i++) {
		rc = unpack_entry(zip, i, &list.entries[i], dir_fd, cancel, err);
		files += rc == 0 && !list.entries[i].directory;
	}
out:
	if (dir_fd >= 0)
		close(dir_fd);
	net_zip_list_finish(&list);
	zip_discard(zip);
	if (rc == 0)
		*ret_files = files;
	return rc;
}

/* ---- small archives in memory ---- */

static zip_t *open_memory(const void *data, size_t size, struct prism_error *err)
{
	const struct source from = {-1, data, (off_t)size, "the answer"};
	zip_error_t why;
	zip_source_t *source;
	zip_t *zip;

	if (size > NET_ZIP_MEMORY_MAX) {
		prism_error_raise(err, PRISM_ERROR_LIMIT, "an archive of %zu bytes is not read here", size);
		return NULL;
	}
	if (check_count(&from, err) < 0)
		return NULL;
	zip_error_init(&why);
	source = zip_source_buffer_create(data, size, 0, &why);
	zip = source ? zip_open_from_source(source, ZIP_RDONLY, &why) : NULL;
	if (!zip) {
		prism_error_raise(err, PRISM_ERROR_PROTOCOL, "the zip archive cannot be read: %s",
		                  zip_error_strerror(&why));
		zip_source_free(source);
	}
	zip_error_fini(&why);
	return zip;
}

static int read_member(zip_t *zip, zip_uint64_t index, const struct net_zip_entry *entry,
                       struct prism_buf *out, struct prism_error *err)
{
	char piece[4096];
	zip_file_t *from = zip_fopen_index(zip, index, 0);
	zip_int64_t n = -1;
	int rc = 0;

	while (from && rc == 0 && (n = zip_fread(from, piece, sizeof(piece))) > 0)
		rc = prism_buf_append(out, piece, (size_t)n, err);
	if (rc == 0 && n < 0)
		rc = prism_error_raise(err, PRISM_ERROR_PROTOCOL, "entry \"%.120s\" cannot be read",
		                       entry->name);
	if (from)
		zip_fclose(from);
	prism_wipe(piece, sizeof(piece));
	return rc;
}

int net_zip_member(const void *data, size_t size, const char *name, struct prism_buf *out,
                   struct prism_error *err)
{
	zip_t *zip = open_memory(data, size, err);
	struct net_zip_list list = {0};
	int rc = zip ? list_open(zip, &list, err) : -1;

	for (size_t i = 0; rc == 0 && i < list.count; i++) {
		const struct net_zip_entry *entry = &list.entries[i];

		if (!entry->refused && !entry->directory && !strcmp(prism_path_base(entry->name), name)) {
			rc = read_member(zip, i, entry, out, err) < 0 ? -1 : 1;
			break;
		}
	}
	net_zip_list_finish(&list);
	if (zip)
		zip_discard(zip);
	return rc;
}
