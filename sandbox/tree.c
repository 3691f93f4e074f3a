/*
 * Removing a directory tree; see the header.  Works relative to open directories, so that a
 * process that renames things meanwhile cannot lead it elsewhere.
 */
#include "sandbox/tree.h"

#include "base/mem.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static int remove_at(int parent, const char *name, unsigned depth);

static int empty_directory(int fd, unsigned depth)
{
	DIR *dir = fdopendir(fd);
	int failed = 0;
	if (!dir) {
		close(fd);
		return errno;
	}
	for (struct dirent *entry; (entry = readdir(dir));) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		int result = remove_at(dirfd(dir), entry->d_name, depth + 1);
		failed = failed ? failed : result;
	}
	closedir(dir);
	return failed;
}

/* 0 or an errno; goes on after a failure, so that as much as possible is gone. */
static int remove_at(int parent, const char *name, unsigned depth)
{
	if (depth > SB_TREE_DEPTH)
		return ELOOP;
	if (unlinkat(parent, name, 0) == 0)
		return 0;
	if (errno != EISDIR && errno != EPERM)
		return errno;
	int opened_up = fchmodat(parent, name, 0700, 0); /* the next step tells if it was not */
	PRISM_UNUSED(opened_up);
	int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	int failed = fd < 0 ? errno : empty_directory(fd, depth);
	if (unlinkat(parent, name, AT_REMOVEDIR) == 0)
		return 0;
	return failed ? failed : errno;
}

int sb_tree_remove(const char *path, struct prism_error *err)
{
	int failed = remove_at(AT_FDCWD, path, 0);
	if (failed == 0 || failed == ENOENT)
		return 0;
	return prism_error_errno(err, failed, "remove %.200s", path);
}
