/*
 * Removing what an algorithm left: nested directories, links that are not followed, directories
 * without permissions, a nest deeper than the limit, and nothing at all.
 */
#include "sandbox/tree.h"

#include "base/file.h"
#include "base/mem.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

struct world {
	char dir[64];
	char *tree, *outside;
};

static int setup(void **state)
{
	struct world *w = prism_alloc(sizeof(*w));
	snprintf(w->dir, sizeof(w->dir), "/tmp/prism-tree-XXXXXX");
	assert_non_null(mkdtemp(w->dir));
	w->tree = prism_path_join(w->dir, "tree");
	w->outside = prism_path_join(w->dir, "outside");
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;
	(void)unlink(w->outside);
	assert_int_equal(rmdir(w->dir), 0); /* nothing of the tree is left */
	prism_free(w->tree);
	prism_free(w->outside);
	prism_free(w);
	return 0;
}

static void make_dir(const struct world *w, const char *name, mode_t mode)
{
	struct prism_error err = PRISM_ERROR_INIT;
	PRISM_AUTO_FREE char *path = prism_path_join(w->tree, name);
	assert_int_equal(prism_file_mkdirs(path, 0700, &err), 0);
	assert_int_equal(chmod(path, mode), 0);
}

static void make_file(const char *dir, const char *name)
{
	struct prism_error err = PRISM_ERROR_INIT;
	PRISM_AUTO_FREE char *path = name ? prism_path_join(dir, name) : prism_strdup(dir);
	assert_int_equal(prism_file_write(path, "x", 1, 0400, &err), 0);
}

static int remove_tree(const struct world *w)
{
	struct prism_error err = PRISM_ERROR_INIT;
	return sb_tree_remove(w->tree, &err);
}

static void test_nested(void **state)
{
	struct world *w = *state;
	make_dir(w, "a/b/c", 0700);
	make_dir(w, "a/closed", 0700);
	make_file(w->tree, "a/b/c/f");
	make_file(w->tree, "a/closed/f");
	make_file(w->tree, "f");
	make_dir(w, "a/closed", 0000);
	assert_int_equal(remove_tree(w), 0);
	assert_int_equal(access(w->tree, F_OK), -1);
}

static void test_links_are_not_followed(void **state)
{
	struct world *w = *state;
	PRISM_AUTO_FREE char *file_link = prism_path_join(w->tree, "file");
	PRISM_AUTO_FREE char *dir_link = prism_path_join(w->tree, "dir");
	make_dir(w, ".", 0700);
	make_file(w->outside, NULL);
	assert_int_equal(symlink(w->outside, file_link), 0);
	assert_int_equal(symlink("/tmp", dir_link), 0);
	assert_int_equal(remove_tree(w), 0);
	assert_int_equal(access(w->outside, F_OK), 0);
}

static void test_nothing_there(void **state)
{
	assert_int_equal(remove_tree(*state), 0);
}

static void test_a_plain_file(void **state)
{
	struct world *w = *state;
	make_file(w->tree, NULL);
	assert_int_equal(remove_tree(w), 0);
}

static void test_a_nest_too_deep(void **state)
{
	struct world *w = *state;
	struct prism_error err = PRISM_ERROR_INIT;
	char back[4096];
	assert_non_null(getcwd(back, sizeof(back)));
	make_dir(w, ".", 0700);
	assert_int_equal(chdir(w->tree), 0);
	for (int i = 0; i < SB_TREE_DEPTH + 20; i++) { /* stepwise: the whole path would be too long */
		assert_int_equal(mkdir("d", 0700), 0);
		assert_int_equal(chdir("d"), 0);
	}
	assert_int_equal(chdir(back), 0);
	assert_int_equal(sb_tree_remove(w->tree, &err), -1);
	assert_int_equal(err.category, PRISM_ERROR_INVALID); /* ELOOP */
	/* What was out of reach is still there; from nearer it can be removed. */
	PRISM_AUTO_FREE char *nearer =
	    prism_asprintf("%s/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d", w->tree);
	assert_int_equal(sb_tree_remove(nearer, &err), 0);
	assert_int_equal(remove_tree(w), 0);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
	    T(test_nested),       T(test_links_are_not_followed), T(test_nothing_there),
	    T(test_a_plain_file), T(test_a_nest_too_deep),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
