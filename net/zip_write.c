/*
 * Owns: the zip of a directory, byte for byte as the agent's official client makes it, because
 * the checksum of a directory is the checksum of these bytes (reference agent.md section 3).
 * Reading is in net/zip.c.
 *
 * Two passes: the names are gathered and put in order, then every file is read once and goes
 * out as it is read: local header with zero sizes, the bytes, a data descriptor; the central
 * directory last.  Sizes and offsets past 32 bits take the zip64 forms that Go's archive/zip
 * writes (zip64 descriptor and central extra field, version 45 in the central record only).
 */
#include "net/zip.h"

#include "base/mem.h"
#include "base/text.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define PIECE (1u << 20)    /* read at a time */
#define OUT_SIZE (1u << 18) /* gathered before the sink is called */
#define DEPTH_MAX 128       /* stops a recursion without end; deeper trees are mistakes */
#define NAME_LEN_MAX 65535u /* the format's 16-bit length */
#define MAX16 0xffffu       /* "see the zip64 record" */
#define MAX32 0xffffffffull

struct member {
	char *name; /* relative to the directory, '/' between components; owned */
	uint32_t mode, crc, mtime;
	uint16_t dos_time, dos_date, flags;
	uint64_t size, offset;
};

struct writer {
	const char *dir;
	enum net_zip_layout layout;
	const struct prism_cancel *cancel;
	int (*sink)(void *data, const void *bytes, size_t size, struct prism_error *err);
	void *data;
	struct member *members;
	size_t count, alloc;
	uint64_t offset; /* bytes given out, gathered ones included */
	char *out, *piece;
	size_t out_len;
	uint32_t crc_table[8][256]; /* CRC-32 of ISO 3309, eight bytes at a step */
};

static void crc_prepare(struct writer *w)
{
	for (uint32_t i = 0; i < 256; i++) {
		uint32_t c = i;

		for (int bit = 0; bit < 8; bit++)
			c = c & 1 ? 0xedb88320u ^ (c >> 1) : c >> 1;
		w->crc_table[0][i] = c;
	}
	for (int row = 1; row < 8; row++)
		for (int i = 0; i < 256; i++)
			w->crc_table[row][i] =
			    (w->crc_table[row - 1][i] >> 8) ^ w->crc_table[0][w->crc_table[row - 1][i] & 0xff];
}

static uint32_t crc_update(const struct writer *w, uint32_t crc, const unsigned char *p, size_t n)
{
	crc = ~crc;
	for (; n >= 8; n -= 8, p += 8) {
		crc ^= (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
		crc = w->crc_table[7][crc & 0xff] ^ w->crc_table[6][crc >> 8 & 0xff] ^
		      w->crc_table[5][crc >> 16 & 0xff] ^ w->crc_table[4][crc >> 24] ^
		      w->crc_table[3][p[4]] ^ w->crc_table[2][p[5]] ^ w->crc_table[1][p[6]] ^
		      w->crc_table[0][p[7]];
	}
	while (n--)
		crc = crc >> 8 ^ w->crc_table[0][(crc ^ *p++) & 0xff];
	return ~crc;
}

/* ---- output ---- */

static int flush_out(struct writer *w, struct prism_error *err)
{
	size_t len = w->out_len;

	w->out_len = 0;
	return len ? w->sink(w->data, w->out, len, err) : 0;
}

static int put(struct writer *w, const void *bytes, size_t size, struct prism_error *err)
{
	if (w->out_len + size > OUT_SIZE && flush_out(w, err) < 0)
		return -1;
	w->offset += size;
	if (size > OUT_SIZE / 2) /* a whole piece: no need to copy it */
		return flush_out(w, err) < 0 ? -1 : w->sink(w->data, bytes, size, err);
	memcpy(w->out + w->out_len, bytes, size);
	w->out_len += size;
	return 0;
}

/* Little-endian records, built on the stack. */
struct record {
	unsigned char bytes[128];
	size_t len;
};

static void add(struct record *r, uint64_t value, int width)
{
	for (int i = 0; i < width; i++)
		r->bytes[r->len++] = (unsigned char)(value >> (8 * i));
}

static bool is_zip64(const struct member *m)
{
	return m->size >= MAX32;
}

/* The extended-timestamp field: id 0x5455, 5 bytes, modification time only. */
static void add_time_extra(struct record *r, const struct member *m)
{
	add(r, 0x5455, 2);
	add(r, 5, 2);
	add(r, 1, 1);
	add(r, m->mtime, 4);
}

static int put_local_header(struct writer *w, struct member *m, struct prism_error *err)
{
	struct record r = {.len = 0};

	m->offset = w->offset;
	add(&r, 0x04034b50, 4);
	add(&r, 20, 2);
	add(&r, m->flags, 2);
	add(&r, 0, 2); /* stored */
	add(&r, m->dos_time, 2);
	add(&r, m->dos_date, 2);
	add(&r, 0, 4); /* CRC and sizes follow in the descriptor */
	add(&r, 0, 4);
	add(&r, 0, 4);
	add(&r, strlen(m->name), 2);
	add(&r, 9, 2);
	if (put(w, r.bytes, r.len, err) < 0 || put(w, m->name, strlen(m->name), err) < 0)
		return -1;
	r.len = 0;
	add_time_extra(&r, m);
	return put(w, r.bytes, r.len, err);
}

static int put_descriptor(struct writer *w, const struct member *m, struct prism_error *err)
{
	struct record r = {.len = 0};
	int width = is_zip64(m) ? 8 : 4;

	add(&r, 0x08074b50, 4);
	add(&r, m->crc, 4);
	add(&r, m->size, width);
	add(&r, m->size, width);
	return put(w, r.bytes, r.len, err);
}

static int put_central_record(struct writer *w, const struct member *m, struct prism_error *err)
{
	bool wide = is_zip64(m) || m->offset >= MAX32;
	uint64_t size = wide ? MAX32 : m->size;
	struct record r = {.len = 0};

	add(&r, 0x02014b50, 4);
	add(&r, 0x0314, 2); /* made on Unix, version 2.0 */
	add(&r, is_zip64(m) ? 45 : 20, 2);
	add(&r, m->flags, 2);
	add(&r, 0, 2);
	add(&r, m->dos_time, 2);
	add(&r, m->dos_date, 2);
	add(&r, m->crc, 4);
	add(&r, size, 4);
	add(&r, size, 4);
	add(&r, strlen(m->name), 2);
	add(&r, wide ? 9 + 28 : 9, 2);
	add(&r, 0, 2); /* comment */
	add(&r, 0, 4); /* disk, internal attributes */
	add(&r, (uint64_t)m->mode << 16 | (m->mode & S_IWUSR ? 0 : 1), 4);
	add(&r, m->offset > MAX32 ? MAX32 : m->offset, 4);
	if (put(w, r.bytes, r.len, err) < 0 || put(w, m->name, strlen(m->name), err) < 0)
		return -1;
	r.len = 0;
	add_time_extra(&r, m);
	if (wide) {
		add(&r, 1, 2);
		add(&r, 24, 2);
		add(&r, m->size, 8);
		add(&r, m->size, 8);
		add(&r, m->offset, 8);
	}
	return put(w, r.bytes, r.len, err);
}

static int put_end(struct writer *w, uint64_t start, struct prism_error *err)
{
	uint64_t end = w->offset, size = end - start, count = w->count;
	struct record r = {.len = 0};

	if (count >= MAX16 || size >= MAX32 || start >= MAX32) {
		add(&r, 0x06064b50, 4);
		add(&r, 44, 8);
		add(&r, 45, 2);
		add(&r, 45, 2);
		add(&r, 0, 4);
		add(&r, 0, 4);
		add(&r, count, 8);
		add(&r, count, 8);
		add(&r, size, 8);
		add(&r, start, 8);
		add(&r, 0x07064b50, 4);
		add(&r, 0, 4);
		add(&r, end, 8);
		add(&r, 1, 4);
		count = MAX16;
		size = start = MAX32;
	}
	add(&r, 0x06054b50, 4);
	add(&r, 0, 4);
	add(&r, count, 2);
	add(&r, count, 2);
	add(&r, size, 4);
	add(&r, start, 4);
	add(&r, 0, 2);
	return put(w, r.bytes, r.len, err);
}

/* ---- input ---- */

/* Flag 0x0800 "names are UTF-8" under the condition Go uses: some character outside 0x20..0x7d or
 * a backslash, and no invalid byte. */
static uint16_t name_flags(const char *name)
{
	bool need = false;

	for (const char *p = name; *p; p++) {
		unsigned char c = (unsigned char)*p;

		if (c < 0x20 || c > 0x7d || c == '\\')
			need = true;
	}
	return (uint16_t)(0x0008 | (need && prism_utf8_valid(name, strlen(name)) ? 0x0800 : 0));
}

static void set_times(struct member *m, time_t at)
{
	struct tm tm;

	m->mtime = (uint32_t)at;
	if (!localtime_r(&at, &tm)) /* the layout holds local time, whatever its reader's zone */
		return;
	m->dos_date = (uint16_t)(tm.tm_mday + (tm.tm_mon + 1) * 32 + (tm.tm_year - 80) * 512);
	m->dos_time = (uint16_t)(tm.tm_sec / 2 + tm.tm_min * 32 + tm.tm_hour * 2048);
}

static int keep_member(struct writer *w, const char *relative, const char *full,
                       struct prism_error *err)
{
	struct stat target, itself;
	const struct stat *st = w->layout == NET_ZIP_LAYOUT_V08 ? &itself : &target;
	struct member *m;

	if (stat(full, &target) < 0 || lstat(full, &itself) < 0)
		return prism_error_errno(err, errno, "%s", full);
	if (!S_ISREG(target.st_mode)) {
		prism_error_raise(err, PRISM_ERROR_INVALID, "%s is %s", full,
		                  S_ISDIR(target.st_mode) ? "a link to a directory" : "not a regular file");
		prism_error_hint(err, "a directory that is sent may hold files and directories only");
		return -1;
	}
	if (w->count >= NET_ZIP_ENTRIES_MAX)
		return prism_error_raise(err, PRISM_ERROR_LIMIT, "%s holds more than %u files", w->dir,
		                         NET_ZIP_ENTRIES_MAX);
	if (w->count == w->alloc) {
		w->alloc = w->alloc ? 2 * w->alloc : 64;
		w->members = prism_realloc_array(w->members, w->alloc, sizeof(*w->members));
	}
	m = &w->members[w->count++];
	*m = (struct member){.name = prism_strdup(relative), .mode = st->st_mode};
	m->flags = name_flags(relative);
	set_times(m, w->layout == NET_ZIP_LAYOUT_V08 ? st->st_mtime : 0);
	return 0;
}

static int gather(struct writer *w, const char *prefix, unsigned depth, struct prism_error *err);

static int gather_entry(struct writer *w, const char *prefix, const char *name, unsigned depth,
                        struct prism_error *err)
{
	PRISM_AUTO_FREE char *relative = prism_asprintf("%s%s%s", prefix, *prefix ? "/" : "", name);
	PRISM_AUTO_FREE char *full = prism_path_join(w->dir, relative);
	struct stat st;

	if (strlen(relative) > NAME_LEN_MAX)
		return prism_error_raise(err, PRISM_ERROR_LIMIT, "a path below %s is too long", w->dir);
	if (lstat(full, &st) < 0)
		return prism_error_errno(err, errno, "%s", full);
	return S_ISDIR(st.st_mode) ? gather(w, relative, depth + 1, err)
	                           : keep_member(w, relative, full, err);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Names of one directory, sorted bytewise; yours. */
static int read_names(const char *path, char ***ret_names, size_t *ret_count,
                      struct prism_error *err)
{
	DIR *stream = opendir(path);
	char **names = NULL;
	size_t count = 0, alloc = 0;
	struct dirent *entry;

	if (!stream)
		return prism_error_errno(err, errno, "%s", path);
	while ((entry = readdir(stream))) {
		if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
			continue;
		if (count == alloc) {
			alloc = alloc ? 2 * alloc : 64;
			names = prism_realloc_array(names, alloc, sizeof(*names));
		}
		names[count++] = prism_strdup(entry->d_name);
	}
	closedir(stream);
	if (count)
		qsort(names, count, sizeof(*names), by_name);
	*ret_names = names;
	*ret_count = count;
	return 0;
}

static int gather(struct writer *w, const char *prefix, unsigned depth, struct prism_error *err)
{
	PRISM_AUTO_FREE char *path = *prefix ? prism_path_join(w->dir, prefix) : prism_strdup(w->dir);
	char **names;
	size_t count;
	int rc = 0;

	if (depth > DEPTH_MAX)
		return prism_error_raise(err, PRISM_ERROR_LIMIT, "%s is nested too deeply", w->dir);
	if (prism_cancel_fired(w->cancel))
		return prism_error_raise(err, PRISM_ERROR_CANCELLED, "cancelled");
	if (read_names(path, &names, &count, err) < 0)
		return -1;
	for (size_t i = 0; i < count; i++) {
		if (rc == 0)
			rc = gather_entry(w, prefix, names[i], depth, err);
		prism_free(names[i]);
	}
	prism_free(names);
	return rc;
}

static int put_content(struct writer *w, struct member *m, int fd, struct prism_error *err)
{
	for (;;) {
		ssize_t n;

		if (prism_cancel_fired(w->cancel))
			return prism_error_raise(err, PRISM_ERROR_CANCELLED, "cancelled");
		n = read(fd, w->piece, PIECE);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return prism_error_errno(err, errno, "read %s", m->name);
		if (n == 0)
			return 0;
		m->crc = crc_update(w, m->crc, (const unsigned char *)w->piece, (size_t)n);
		m->size += (uint64_t)n;
		if (put(w, w->piece, (size_t)n, err) < 0)
			return -1;
	}
}

static int put_member(struct writer *w, struct member *m, struct prism_error *err)
{
	PRISM_AUTO_FREE char *full = prism_path_join(w->dir, m->name);
	PRISM_AUTO_FD int fd = open(full, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0)
		return prism_error_errno(err, errno, "%s", full);
	if (put_local_header(w, m, err) < 0 || put_content(w, m, fd, err) < 0)
		return -1;
	return put_descriptor(w, m, err);
}

static int by_member_name(const void *a, const void *b)
{
	return strcmp(((const struct member *)a)->name, ((const struct member *)b)->name);
}

static int write_all(struct writer *w, struct prism_error *err)
{
	uint64_t start;

	if (gather(w, "", 0, err) < 0)
		return -1;
	/* v0.9 sorts whole paths ("a.txt" before "a/b"); v0.8.2 kept the order of the walk */
	if (w->layout == NET_ZIP_LAYOUT_V09 && w->count)
		qsort(w->members, w->count, sizeof(*w->members), by_member_name);
	for (size_t i = 0; i < w->count; i++)
		if (put_member(w, &w->members[i], err) < 0)
			return -1;
	start = w->offset;
	for (size_t i = 0; i < w->count; i++)
		if (put_central_record(w, &w->members[i], err) < 0)
			return -1;
	return put_end(w, start, err) < 0 ? -1 : flush_out(w, err);
}

int net_zip_directory(const char *dir, enum net_zip_layout layout,
                      const struct prism_cancel *cancel,
                      int (*sink)(void *data, const void *bytes, size_t size,
                                  struct prism_error *err),
                      void *data, struct prism_error *err)
{
	struct writer *w = prism_alloc(sizeof(*w));
	int rc;

	w->dir = dir;
	w->layout = layout;
	w->cancel = cancel;
	w->sink = sink;
	w->data = data;
	w->out = prism_alloc(OUT_SIZE);
	w->piece = prism_alloc(PIECE);
	crc_prepare(w);
	rc = write_all(w, err);
	for (size_t i = 0; i < w->count; i++)
		prism_free(w->members[i].name);
	prism_free(w->members);
	prism_free(w->out);
	prism_free(w->piece);
	prism_free(w);
	return rc;
}
