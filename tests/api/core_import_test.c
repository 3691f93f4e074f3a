/* core/import.c against a sandbox in another process: given up at any moment, by its owner or by
 * the end of the core, it tells nobody any more; cancelled, it goes on to the same end. */
#include "core/import.h"

#include "base/file.h"
#include "base/mem.h"
#include "core/computation.h"
#include "core/export.h"
#include "core/workspace.h"
#include "tests/lib/corerun.h"
#include "tests/lib/sandbox.h"
#include "tests/lib/tmpdir.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

struct place {
	struct sandbox *sandbox;
	char *dir, *path;
	unsigned made;
};

static struct corerun *signed_in(const struct place *p, const char *workspace)
{
	struct corerun *run = corerun_open(p->sandbox->url, NULL);

	corerun_login(run, p->sandbox->users[0].email, p->sandbox->users[0].password);
	assert_int_equal(core_workspace_enter(run->core, workspace, NULL, corerun_done, run, NULL), 0);
	assert_int_equal(corerun_wait(run), PRISM_ERROR_NONE);
	return run;
}

static struct corerun *in_new_workspace(struct place *p)
{
	struct corerun *run = signed_in(p, "Open Science Lab");
	PRISM_AUTO_FREE char *name = prism_asprintf("Import %u", p->made++);

	assert_int_equal(core_workspace_create(run->core, name, NULL, NULL, corerun_id, run, NULL), 0);
	assert_int_equal(corerun_wait(run), PRISM_ERROR_NONE);
	core_workspace_select(run->core, run->id, name);
	return run;
}

static bool closed;

static void changed(void *data)
{
	PRISM_UNUSED(data);
	assert_false(closed);
}

static struct core_import *open_it(struct place *p, struct corerun *run)
{
	const struct core_import_spec spec = {.path = p->path, .create_assets = true};
	struct core_import *import = core_import_open(run->core, &spec, changed, NULL, NULL);

	assert_non_null(import);
	closed = false;
	return import;
}

/* Turns the loop so often, and begins as soon as there is a plan. */
static void go(struct corerun *run, struct core_import *import, int turns)
{
	for (int i = 0; i < turns; i++) {
		prism_loop_turn(run->loop, 20);
		if (core_import_stage(import) == CORE_IMPORT_READY && core_import_todo(import))
			assert_int_equal(core_import_start(import, NULL), 0);
	}
}

static void closing_at_any_moment_is_quiet(void **state)
{
	struct place *p = *state;

	for (int turns = 0; turns < 150; turns += 9) {
		struct corerun *run = in_new_workspace(p);
		struct core_import *import = open_it(p, run);
		go(run, import, turns);
		core_import_close(import);
		closed = true;
		for (int i = 0; i < 5; i++)
			prism_loop_turn(run->loop, 1);
		corerun_close(run);
	}
}

static void the_core_may_go_first(void **state)
{
	struct place *p = *state;

	for (int turns = 0; turns < 150; turns += 9) {
		struct corerun *run = in_new_workspace(p);
		struct core_import *import = open_it(p, run);
		go(run, import, turns);
		closed = true;
		corerun_close(run);
		core_import_close(import);
	}
}

static void cancelled_again_and_again_it_goes_on_to_its_end(void **state)
{
	struct place *p = *state;
	struct corerun *run = in_new_workspace(p);
	struct core_import *import = open_it(p, run);
	unsigned stops = 0;

	while (core_import_stage(import) != CORE_IMPORT_DONE) {
		go(run, import, 12);
		if (core_import_stage(import) == CORE_IMPORT_RUNNING && stops < 12)
			core_import_cancel(import);
		go(run, import, 2);
		if (core_import_stage(import) == CORE_IMPORT_STOPPED) {
			stops++;
			assert_int_equal(core_import_start(import, NULL), 0);
		}
		assert_int_not_equal(core_import_stage(import), CORE_IMPORT_FAILED);
	}
	assert_true(stops > 5);
	assert_int_equal(core_import_counts(import).by_outcome[CORE_IMPORT_NOT_DONE], 0);
	assert_int_equal(
	    core_list_await(core_computations(run->core), true, NULL, corerun_done, run, NULL), 0);
	assert_int_equal(corerun_wait(run), PRISM_ERROR_NONE);
	assert_int_equal(core_list_count(core_computations(run->core)), core_import_count(import));
	core_import_close(import);
	corerun_close(run);
}

static void one_left_out_is_left_out(void **state)
{
	struct place *p = *state;
	struct corerun *run = in_new_workspace(p);
	struct core_import *import = open_it(p, run);

	while (core_import_stage(import) < CORE_IMPORT_READY)
		prism_loop_turn(run->loop, 20);
	for (size_t i = 1; i < core_import_count(import); i++)
		core_import_leave_out(import, i, true);
	assert_int_equal(core_import_todo(import), 1);
	assert_int_equal(core_import_start(import, NULL), 0);
	assert_int_equal(core_import_start(import, NULL), -1); /* it runs */
	while (core_import_stage(import) == CORE_IMPORT_RUNNING)
		prism_loop_turn(run->loop, 20);
	assert_int_equal(core_import_at(import, 0)->outcome, CORE_IMPORT_CREATED);
	assert_int_equal(core_import_at(import, 1)->outcome, CORE_IMPORT_LEFT_OUT);
	core_import_close(import);
	corerun_close(run);
}

static void exported(void *data, const struct core_export_result *result,
                     const struct prism_error *err)
{
	PRISM_UNUSED(result);
	corerun_done(data, err);
}

static int start(void **state)
{
	struct place *p = prism_alloc(sizeof(*p));

	p->sandbox = sandbox_start(NULL);
	p->dir = tmpdir_create();
	p->path = prism_asprintf("%s/all.json", p->dir);
	struct corerun *run = signed_in(p, "Open Science Lab");
	const struct core_export_spec spec = {.path = p->path, .samples = true};
	assert_int_equal(core_export_start(run->core, &spec, NULL, exported, run, NULL), 0);
	assert_int_equal(corerun_wait(run), PRISM_ERROR_NONE);
	corerun_close(run);
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
	    cmocka_unit_test(closing_at_any_moment_is_quiet),
	    cmocka_unit_test(the_core_may_go_first),
	    cmocka_unit_test(cancelled_again_and_again_it_goes_on_to_its_end),
	    cmocka_unit_test(one_left_out_is_left_out),
	};
	return cmocka_run_group_tests(tests, start, stop);
}
