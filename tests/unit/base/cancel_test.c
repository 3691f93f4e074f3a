/* base/cancel.c: the tree, hooks that change it while it fires, references. */
#include "base/cancel.h"

#include "base/mem.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void count(void *data)
{
	++*(int *)data;
}

static void firing_reaches_everything_below_once(void **state)
{
	int own = 0, below = 0;
	struct prism_cancel *app = prism_cancel_create(NULL);
	struct prism_cancel *view = prism_cancel_create(app);
	struct prism_cancel *request = prism_cancel_create(view);
	struct prism_cancel_hook a = {.fire = count, .data = &own}, b = {.fire = count, .data = &below};

	prism_cancel_add(app, &a);
	prism_cancel_add(request, &b);
	assert_false(prism_cancel_fired(request));
	prism_cancel_fire(app);
	prism_cancel_fire(app);
	assert_int_equal(own, 1);
	assert_int_equal(below, 1);
	assert_true(prism_cancel_fired(request));
	prism_cancel_destroy(request);
	prism_cancel_destroy(view);
	prism_cancel_destroy(app);
}

static void firing_a_branch_leaves_the_rest(void **state)
{
	int fired = 0;
	struct prism_cancel *app = prism_cancel_create(NULL);
	struct prism_cancel *left = prism_cancel_create(app), *right = prism_cancel_create(app);
	struct prism_cancel_hook hook = {.fire = count, .data = &fired};

	prism_cancel_add(right, &hook);
	prism_cancel_fire(left);
	assert_false(prism_cancel_fired(app));
	assert_false(prism_cancel_fired(right));
	assert_int_equal(fired, 0);
	prism_cancel_destroy(left);
	prism_cancel_destroy(app);
	assert_int_equal(fired, 1);
	prism_cancel_destroy(right);
}

static void a_removed_hook_does_not_fire(void **state)
{
	int fired = 0;
	struct prism_cancel *cancel = prism_cancel_create(NULL);
	struct prism_cancel_hook hook = {.fire = count, .data = &fired}, never = {.fire = count};

	prism_cancel_remove(&never);
	prism_cancel_add(cancel, &hook);
	prism_cancel_remove(&hook);
	prism_cancel_remove(&hook);
	prism_cancel_destroy(cancel);
	assert_int_equal(fired, 0);
}

static void a_fired_token_fires_new_hooks_and_children_at_once(void **state)
{
	int fired = 0;
	struct prism_cancel *cancel = prism_cancel_create(NULL);
	struct prism_cancel_hook hook = {.fire = count, .data = &fired};

	prism_cancel_fire(cancel);
	prism_cancel_add(cancel, &hook);
	assert_int_equal(fired, 1);
	struct prism_cancel *late = prism_cancel_create(cancel);
	assert_true(prism_cancel_fired(late));
	prism_cancel_destroy(late);
	prism_cancel_destroy(cancel);
}

struct pair {
	struct prism_cancel *doomed;
	struct prism_cancel_hook *other;
};

static void destroy_and_remove(void *data)
{
	struct pair *pair = data;

	prism_cancel_remove(pair->other);
	prism_cancel_destroy(pair->doomed);
}

static void a_hook_may_remove_hooks_and_destroy_children(void **state)
{
	int fired = 0;
	struct prism_cancel *cancel = prism_cancel_create(NULL);
	struct prism_cancel_hook other = {.fire = count, .data = &fired};
	struct pair pair = {prism_cancel_create(cancel), &other};
	struct prism_cancel_hook first = {.fire = destroy_and_remove, .data = &pair};

	prism_cancel_add(cancel, &first);
	prism_cancel_add(cancel, &other);
	prism_cancel_fire(cancel);
	assert_int_equal(fired, 0);
	prism_cancel_destroy(cancel);
}

static void a_reference_outlives_destroy(void **state)
{
	struct prism_cancel *cancel = prism_cancel_create(NULL);

	prism_cancel_ref(cancel);
	prism_cancel_destroy(cancel);
	assert_true(prism_cancel_fired(cancel));
	prism_cancel_unref(cancel);
	prism_cancel_unref(NULL);
	prism_cancel_destroy(NULL);
	assert_null(prism_cancel_ref(NULL));
	assert_false(prism_cancel_fired(NULL));
	prism_cancel_fire(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(firing_reaches_everything_below_once),
	    cmocka_unit_test(firing_a_branch_leaves_the_rest),
	    cmocka_unit_test(a_removed_hook_does_not_fire),
	    cmocka_unit_test(a_fired_token_fires_new_hooks_and_children_at_once),
	    cmocka_unit_test(a_hook_may_remove_hooks_and_destroy_children),
	    cmocka_unit_test(a_reference_outlives_destroy),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
