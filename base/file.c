/*
 * Owns reading and atomic writing of files, and making directories.  Paths as text are in
 * base/path.c.
 */
#include "base/file.h"

#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { READ_STEP = 64 * 1024, TEMP_TRIES = 100 };

static int open_regular(const char *path, struct stat *ret_info, struct prism_error *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	if (fd < 0)
		return prism_error_errno(err, errno, "cannot open %s", path);
	if (fstat(fd, ret_info) < 0) {
		prism_error_errno(err, errno, "cannot look at %s", path);
	} else if (S_ISDIR(ret_info->st_mode)) {
		prism_error_raise(err, PRISM_ERROR_INVALID, "%s is a directory", path);
		prism_error_hint(err, "name a file in it");
	} else if (!S_ISREG(ret_info->st_mode)) {
		prism_error_raise(err, PRISM_ERROR_INVALID, "%s is not a regular file", path);
		prism_error_hint(err, "copy its contents into a file first");
	} else {
		return fd;
	}
	close(fd);
	return -1;
}

int prism_file_read_stat(const char *path, size_t cap, struct prism_buf *ret_data,
                         struct stat *ret_info, struct prism_error *err)
{
	prism_buf_init(ret_data, cap);
	PRISM_AUTO_FD int fd = open_regular(path, ret_info, err);
	if (fd < 0)
		return -1;
	if (ret_info->st_size > 0 && (uintmax_t)ret_info->st_size > cap)
		return prism_error_raise(err, PRISM_ERROR_LIMIT, "%s is larger than %zu bytes", path, cap);
	if (prism_buf_reserve(ret_data, (size_t)ret_info->st_size, err) < 0)
		return -1;
	PRISM_AUTO_FREE char *step = prism_alloc(READ_STEP);
	for (;;) {
		ssize_t got = read(fd, step, READ_STEP);
		if (got < 0 && errno == EINTR)
			continue;
		if (got == 0)
			return 0;
		if (got < 0)
			prism_error_errno(err, errno, "cannot read %s", path);
		else if (prism_buf_append(ret_data, step, (size_t)got, NULL) < 0)
			prism_error_raise(err, PRISM_ERROR_LIMIT, "%s is larger than %zu bytes", path, cap);
		else
			continue;
		prism_buf_finish(ret_data);
		return -1;
	}
}

int prism_file_read(const char *path, size_t cap, struct prism_buf *ret_data,
                    struct prism_error *err)
{
	struct stat info;

	return prism_file_read_stat(path, cap, ret_data, &info, err);
}

/* ---- atomic writing ---- */

struct prism_file_writer {
	char *path; /* the final name, links resolved */
	char *temp;
	int fd;
};

/* Where the bytes must land: a link is followed so that it stays a link. */
static char *final_path(const char *path, struct prism_error *err)
{
	struct stat info;

	if (!path[0]) {
		prism_error_raise(err, PRISM_ERROR_INVALID, "the file name is empty");
		return NULL;
	}
	if (lstat(path, &info) < 0) {
		if (errno == ENOENT)
			return prism_strdup(path);
		prism_error_errno(err, errno, "cannot look at %s", path);
		return NULL;
	}
	char *real = NULL;
	if (S_ISLNK(info.st_mode)) {
		real = realpath(path, NULL);
		if (!real || stat(real, &info) < 0) {
			prism_error_errno(err, errno, "cannot follow the link %s", path);
			free(real);
			return NULL;
		}
	}
	if (!S_ISREG(info.st_mode)) {
		prism_error_raise(err, PRISM_ERROR_INVALID, "%s is %s, not a regular file", path,
		                  S_ISDIR(info.st_mode) ? "a directory" : "a special file");
		prism_error_hint(err, "choose another name");
		free(real);
		return NULL;
	}
	return real ? real : prism_strdup(path);
}

/* Names need to be new, not secret: O_EXCL is what protects. */
static char *temp_name(const char *path)
{
	static atomic_uint counter;
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return prism_asprintf("%s.%lx%lx%x.part", path, (unsigned long)getpid(),
	                      (unsigned long)now.tv_nsec, atomic_fetch_add(&counter, 1));
}

struct prism_file_writer *prism_file_writer_create(const char *path, mode_t mode,
                                                   struct prism_error *err)
{
	char *real = final_path(path, err);

	if (!real)
		return NULL;
	for (int i = 0; i < TEMP_TRIES; i++) {
		char *temp = temp_name(real);
		int fd = open(temp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);
		if (fd >= 0) {
			struct prism_file_writer *w = prism_alloc(sizeof(*w));
			*w = (struct prism_file_writer){.path = real, .temp = temp, .fd = fd};
			return w;
		}
		int reason = errno;
		free(temp);
		if (reason == EEXIST)
			continue;
		prism_error_errno(err, reason, "cannot create %s", path);
		free(real);
		return NULL;
	}
	prism_error_raise(err, PRISM_ERROR_CONFLICT, "cannot find a free temporary name for %s", path);
	free(real);
	return NULL;
}

int prism_file_writer_write(struct prism_file_writer *w, const void *data, size_t size,
                            struct prism_error *err)
{
	const char *p = data;

	while (size > 0) {
		ssize_t put = write(w->fd, p, size);
		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0)
			return prism_error_errno(err, errno, "cannot write %s", w->path);
		p += put;
		size -= (size_t)put;
	}
	return 0;
}

const char *prism_file_writer_temp(const struct prism_file_writer *w)
{
	return w->temp;
}

static void free_writer(struct prism_file_writer *w)
{
	if (w->fd >= 0)
		close(w->fd);
	free(w->path);
	free(w->temp);
	free(w);
}

/* The new name itself must survive a power cut; a file system that cannot do it is let off. */
static void sync_directory(const char *path)
{
	const char *slash = strrchr(path, '/');
	PRISM_AUTO_FREE char *dir =
	    !slash ? prism_strdup(".")
	           : prism_strndup(path, slash == path ? 1 : (size_t)(slash - path));
	PRISM_AUTO_FD int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd >= 0)
		(void)fsync(fd);
}

int prism_file_writer_commit(struct prism_file_writer *w, struct prism_error *err)
{
	int failed = 0;

	if (fsync(w->fd) < 0 && errno != EINVAL && errno != ENOSYS)
		failed = errno;
	if (close(w->fd) < 0 && !failed)
		failed = errno;
	w->fd = -1;
	if (!failed && rename(w->temp, w->path) < 0)
		failed = errno;
	if (failed) {
		prism_error_errno(err, failed, "cannot write %s", w->path);
		unlink(w->temp);
	} else {
		sync_directory(w->path);
	}
	free_writer(w);
	return failed ? -1 : 0;
}

void prism_file_writer_discard(struct prism_file_writer *w)
{
	if (!w)
		return;
	unlink(w->temp);
	free_writer(w);
}

int prism_file_write(const char *path, const void *data, size_t size, mode_t mode,
                     struct prism_error *err)
{
	struct prism_file_writer *w = prism_file_writer_create(path, mode, err);

	if (!w)
		return -1;
	if (prism_file_writer_write(w, data, size, err) < 0) {
		prism_file_writer_discard(w);
		return -1;
	}
	return prism_file_writer_commit(w, err);
}

/* ---- directories ---- */

static int make_one(const char *path, mode_t mode, struct prism_error *err)
{
	struct stat info;

	if (mkdir(path, mode) == 0)
		return 0;
	int reason = errno;
	if (stat(path, &info) == 0) {
		if (S_ISDIR(info.st_mode))
			return 0;
		return prism_error_raise(err, PRISM_ERROR_CONFLICT, "%s is in the way: not a directory",
		                         path);
	}
	return prism_error_errno(err, reason, "cannot make the directory %s", path);
}

int prism_file_mkdirs(const char *path, mode_t mode, struct prism_error *err)
{
	PRISM_AUTO_FREE char *copy = prism_strdup(path);

	if (!copy || !copy[0])
		return prism_error_raise(err, PRISM_ERROR_INVALID, "the directory name is empty");
	for (char *p = copy + 1; *p; p++) {
		if (*p != '/' || p[-1] == '/')
			continue;
		*p = '\0';
		if (make_one(copy, mode, err) < 0)
			return -1;
		*p = '/';
	}
	return make_one(copy, mode, err);
}
