/* core/export.c against a sandbox in another process: an export that is given up, by its token or
 * by the end of the core, says so once and leaves no file. */
#include "core/export.h"

#include "base/mem.h"
#include "core/workspace.h"
#include "tests/lib/corerun.h"
#include "tests/lib/sandbox.h"
#include "tests/lib/tmpdir.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void export_done(void *data, const struct core_export_result *result,
                        const struct prism_error *err)
{
	PRISM_UNUSED(result);
	corerun_done(data, err);
}

static struct corerun *signed_in(const struct sandbox *sb)
{
	struct corerun *run = corerun_open(sb->url, NULL);

	corerun_login(run, sb->users[0].email, sb->users[0].password);
	assert_int_equal(
	    core_workspace_enter(run->core, "Open Science Lab", NULL, corerun_done, run, NULL), 0);
	assert_int_equal(corerun_wait(run), PRISM_ERROR_NONE);
	run->calls = 0;
	return run;
}

static size_t files_in(const char *path)
{
	DIR *dir = opendir(path);
	size_t count = 0;

	for (struct dirent *item; (item = readdir(dir));)
		count += item->d_name[0] != '.' || item->d_name[1] > '.';
	closedir(dir);
	return count;
}

struct place {
	struct sandbox *sandbox;
	char *dir, *path;
};

static void begin(struct place *p, struct corerun *run, struct prism_cancel *cancel)
{
	const struct core_export_spec spec = {.path = p->path, .samples = true};

	assert_int_equal(core_export_start(run->core, &spec, cancel, export_done, run, NULL), 0);
}

/* Given up after so many turns of the loop: while listing, while reading, while writing. */
static void cancelling_leaves_no_file(void **state)
{
	struct place *p = *state;

	for (int turns = 0; turns < 40; turns += 3) {
		struct corerun *run = signed_in(p->sandbox);
		struct prism_cancel *cancel = prism_cancel_create(NULL);
		begin(p, run, cancel);
		for (int i = 0; i < turns && !run->calls; i++)
			prism_loop_turn(run->loop, 20);
		if (!run->calls) {
			prism_cancel_fire(cancel);
			assert_int_equal(corerun_wait(run), PRISM_ERROR_CANCELLED);
			assert_int_equal(files_in(p->dir), 0);
		}
		assert_int_equal(run->calls, 1);
		prism_cancel_destroy(cancel);
		corerun_close(run);
		remove(p->path);
	}
}

static unsigned ended;
static enum prism_error_category how;

static void count_end(void *data, const struct core_export_result *result,
                      const struct prism_error *err)
{
	PRISM_UNUSED(data);
	PRISM_UNUSED(result);
	ended++;
	how = err ? err->category : PRISM_ERROR_NONE;
}

static void the_end_of_the_core_ends_it(void **state)
{
	struct place *p = *state;

	for (int turns = 0; turns < 40; turns += 3) {
		struct corerun *run = signed_in(p->sandbox);
		const struct core_export_spec spec = {
		    .path = p->path, .samples = true, .manifests = p->dir};
		ended = 0;
		assert_int_equal(core_export_start(run->core, &spec, NULL, count_end, NULL, NULL), 0);
		for (int i = 0; i < turns && !ended; i++)
			prism_loop_turn(run->loop, 20);
		corerun_close(run);
		assert_int_equal(ended, 1);
		assert_true(how == PRISM_ERROR_CANCELLED || how == PRISM_ERROR_NONE);
		remove(p->path);
	}
}

static int start(void **state)
{
	struct place *p = prism_alloc(sizeof(*p));

	p->sandbox = sandbox_start(NULL);
	p->dir = tmpdir_create();
	p->path = prism_asprintf("%s/out.json", p->dir);
	*state = p;
	return 0;
}

static int stop(void **state)
{
	struct place *p = *state;

	sandbox_stop(p->sandbox);
	tmpdir_remove(p->dir);
	prism_free(p->path);
	prism_free(p);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(cancelling_leaves_no_file),
	    cmocka_unit_test(the_end_of_the_core_ends_it),
	};
	return cmocka_run_group_tests(tests, start, stop);
}
