/*
 * Covers core/made.c against a sandbox whose answers get lost: what was made is found and not made
 * twice; what was not made is said to be missing; a lost answer to a run is found too.
 */
#include "core/made.h"

#include "core/asset.h"
#include "core/computation.h"
#include "core/cvm.h"
#include "core/list.h"
#include "core/run.h"
#include "core/workspace.h"
#include "tests/lib/corerun.h"
#include "tests/lib/sandbox.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

struct place {
	struct sandbox *sb;
	struct corerun *run;
};

static void begin(struct place *p, const char *fault)
{
	p->sb = sandbox_start((const char *const[]){"--fault", fault, NULL});
	p->run = corerun_open(p->sb->url, NULL);
	corerun_login(p->run, p->sb->users[0].email, p->sb->users[0].password);
	assert_int_equal(
	    core_workspace_enter(p->run->core, "Open Science Lab", NULL, corerun_done, p->run, NULL),
	    0);
	assert_int_equal(corerun_wait(p->run), PRISM_ERROR_NONE);
}

static void end(struct place *p)
{
	corerun_close(p->run);
	sandbox_stop(p->sb);
}

static enum prism_error_category create(struct place *p, const char *name)
{
	struct core_computation_draft draft = {.name = name, .description = "made by a test"};

	assert_int_equal(core_computation_create(p->run->core, &draft, NULL, corerun_id, p->run, NULL),
	                 0);
	return corerun_wait(p->run);
}

static size_t count(struct place *p, const char *name)
{
	struct core_list *list = core_computations(p->run->core);
	size_t found = 0;

	assert_int_equal(core_list_await(list, true, NULL, corerun_done, p->run, NULL), 0);
	assert_int_equal(corerun_wait(p->run), PRISM_ERROR_NONE);
	for (size_t i = 0; i < core_list_count(list); i++)
		found += !strcmp(core_computation_at(list, i)->name, name);
	return found;
}

static bool cvm_was_made(struct corerun *run)
{
	return strstr(run->notice, "the CVM was made") != NULL;
}

static bool computation_was_made(struct corerun *run)
{
	return strstr(run->notice, "no answer came, but the computation was made") != NULL;
}

static void a_lost_answer_is_looked_for(void **state)
{
	struct place p;

	(void)state;
	begin(&p, "lost@POST:/computations/*/computations#1");
	assert_int_equal(create(&p, "Lost answer"), PRISM_ERROR_NONE);
	assert_true(p.run->id[0] != '\0');
	assert_int_equal(count(&p, "Lost answer"), 1);
	corerun_until(p.run, computation_was_made, "the notice");
	end(&p);
}

static void an_older_one_of_that_name_is_not_it(void **state)
{
	struct place p;

	(void)state;
	begin(&p, "5xx=503@POST:/computations/*/computations#1");
	/* "Empty draft" is in the seed, days old; the request is answered by a proxy, nothing is made
	 */
	assert_int_not_equal(create(&p, "Empty draft"), PRISM_ERROR_NONE);
	assert_non_null(strstr(p.run->err.hint, "no sign of the computation"));
	assert_int_equal(count(&p, "Empty draft"), 1);
	end(&p);
}

static void a_refusal_is_not_looked_into(void **state)
{
	struct place p;

	(void)state;
	begin(&p, "plan@POST:/computations/*/computations#1");
	assert_int_not_equal(create(&p, "Too many"), PRISM_ERROR_NONE);
	assert_null(strstr(p.run->err.hint, "no sign"));
	assert_int_equal(count(&p, "Too many"), 0);
	end(&p);
}

static void a_cvm_is_not_made_twice(void **state)
{
	struct place p;
	struct core_cvm_draft draft = {
	    .name = "lost-cvm", .provider = "ultraviolet", .platform = "sev-snp"};

	(void)state;
	begin(&p, "lost@POST:/backends/*#1");
	assert_int_equal(core_cvm_create(p.run->core, &draft, NULL, corerun_id, p.run, NULL), 0);
	if (corerun_wait(p.run) != PRISM_ERROR_NONE)
		fail_msg("%s; %s", p.run->err.message, p.run->err.hint);
	assert_true(p.run->id[0] != '\0');
	corerun_until(p.run, cvm_was_made, "the notice");
	end(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_lost_answer_is_looked_for),
	    cmocka_unit_test(an_older_one_of_that_name_is_not_it),
	    cmocka_unit_test(a_refusal_is_not_looked_into),
	    cmocka_unit_test(a_cvm_is_not_made_twice),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
