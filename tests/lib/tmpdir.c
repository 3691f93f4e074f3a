/* See tmpdir.h. */
#include "tests/lib/tmpdir.h"

#include "base/mem.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

char *tmpdir_create(void)
{
	const char *root = getenv("TMPDIR");
	char *path = prism_asprintf("%s/prism-test-XXXXXX", root && *root ? root : "/tmp");

	if (!mkdtemp(path))
		abort();
	return path;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *where)
{
	return remove(path);
}

void tmpdir_remove(char *path)
{
	if (!path)
		return;
	(void)nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	prism_free(path);
}

int tmpdir_setup(void **state)
{
	*state = tmpdir_create();
	return 0;
}

int tmpdir_teardown(void **state)
{
	tmpdir_remove(*state);
	return 0;
}
