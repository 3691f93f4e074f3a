/*
 * All profiles at once: a slow backend and a dead one delay nobody else, each row tells its own
 * state, and switching keeps what the others have.
 */
#include "base/file.h"
#include "base/mem.h"
#include "core/computation.h"
#include "core/options.h"
#include "core/session.h"
#include "tests/lib/sandbox.h"
#include "tests/lib/tmpdir.h"
#include "tui/fleet.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define LATENCY_MS 700

struct fixture {
	char *dir, *config;
	struct sandbox *fast, *slow;
	struct prism_loop *loop;
	struct prism_work *work;
	struct core_options *options;
	struct pt_world *world;
	struct pt_fleet *fleet;
	unsigned done;
};

static int setup(void **state)
{
	static const char *const late[] = {"--latency", "700", NULL};
	struct fixture *f = prism_alloc(sizeof(*f));
	PRISM_AUTO_FREE char *text = NULL;

	f->dir = tmpdir_create();
	setenv("XDG_STATE_HOME", f->dir, 1);
	setenv("XDG_CACHE_HOME", f->dir, 1);
	f->fast = sandbox_start(NULL);
	f->slow = sandbox_start(late);
	f->config = prism_path_join(f->dir, "config");
	text = prism_asprintf("[defaults]\nworkspace = Open Science Lab\n"
	                      "[profile fast]\nurl = %s\n[profile slow]\nurl = %s\n"
	                      "[profile dead]\nurl = http://127.0.0.1:1\ntoken = pat_x_y\n"
	                      "[profile out]\nurl = %s\n",
	                      f->fast->url, f->slow->url, f->fast->url);
	assert_int_equal(prism_file_write(f->config, text, strlen(text), 0600, NULL), 0);
	f->loop = prism_loop_create(prism_clock_system());
	f->work = prism_work_create(f->loop, 2);
	f->options = core_options_create();
	assert_int_equal(core_options_load(f->options, f->config, NULL), 0);
	assert_int_equal(core_options_use(f->options, "fast", NULL), 0);
	assert_int_equal(core_options_set(f->options, CORE_OPT_READ_ONLY, "yes", NULL), 0);
	assert_int_equal(core_options_set(f->options, CORE_OPT_USER, "somebody", NULL), 0);
	f->world = pt_world_create(f->loop, f->work, f->options);
	f->world->screen = true;
	f->fleet = pt_world_fleet(f->world);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	pt_world_destroy(f->world);
	prism_work_destroy(f->work);
	prism_loop_destroy(f->loop);
	core_options_destroy(f->options);
	sandbox_stop(f->fast);
	sandbox_stop(f->slow);
	prism_free(f->config);
	tmpdir_remove(f->dir);
	prism_free(f);
	return 0;
}

static const struct pt_fleet_member *member(struct fixture *f, const char *profile)
{
	const struct pt_fleet_member *found = pt_fleet_find(f->fleet, profile);

	assert_non_null(found);
	return found;
}

static void until(struct fixture *f, const char *profile, enum pt_fleet_state state)
{
	int64_t end = prism_clock_mono_ms(prism_clock_system()) + 20000;
	char text[1000];

	while (member(f, profile)->state != state && prism_clock_mono_ms(prism_clock_system()) < end)
		prism_loop_turn(f->loop, 50);
	if (member(f, profile)->state != state)
		fail_msg("%s: %s", profile, pt_fleet_text(member(f, profile), text, sizeof(text)));
}

static void signed_in(void *data, const struct prism_error *err)
{
	assert_null(err);
}

static void sign_in(struct fixture *f, const char *profile, const struct sandbox *sb)
{
	struct core *core = member(f, profile)->world->core;

	assert_int_equal(core_session_login(core, sb->users[0].email,
	                                    prism_secret_from_text(sb->users[0].password), NULL,
	                                    signed_in, f, NULL),
	                 0);
}

static void done(void *data, const struct prism_error *err)
{
	assert_null(err);
	((struct fixture *)data)->done++;
}

static void nobody_waits_for_the_slow_one(void **state)
{
	struct fixture *f = *state;
	char text[1000];
	int64_t before;

	assert_int_equal(pt_fleet_count(f->fleet), 4);
	pt_fleet_load(f->fleet);
	until(f, "out", PT_FLEET_SIGNED_OUT);
	until(f, "dead", PT_FLEET_FAILED);
	assert_non_null(strstr(pt_fleet_text(member(f, "dead"), text, sizeof(text)), "refused"));
	sign_in(f, "slow", f->slow);
	sign_in(f, "fast", f->fast);
	before = prism_clock_mono_ms(prism_clock_system());
	until(f, "fast", PT_FLEET_READY);
	if (prism_clock_mono_ms(prism_clock_system()) - before < LATENCY_MS)
		assert_int_not_equal(member(f, "slow")->state, PT_FLEET_READY);
	assert_true(core_list_count(pt_fleet_computations(member(f, "fast"))) > 5);
	until(f, "slow", PT_FLEET_READY);
	assert_true(core_list_count(pt_fleet_computations(member(f, "slow"))) > 5);
	assert_null(pt_fleet_computations(member(f, "out")));
	assert_int_equal(member(f, "out")->state, PT_FLEET_SIGNED_OUT);
}

static void limits_hold_for_all_and_names_do_not(void **state)
{
	struct fixture *f = *state;
	const struct core_options *other;

	pt_fleet_load(f->fleet);
	other = member(f, "slow")->world->options;
	assert_true(core_option_bool(other, CORE_OPT_READ_ONLY));
	assert_string_equal(core_option_text(other, CORE_OPT_USER), "");
	assert_string_equal(core_option_text(other, CORE_OPT_URL), f->slow->url);
	assert_string_equal(core_option_text(other, CORE_OPT_WORKSPACE), "Open Science Lab");
}

static void switching_keeps_the_others(void **state)
{
	struct fixture *f = *state;
	struct prism_error err = PRISM_ERROR_INIT;
	char *computation = NULL;

	assert_null(pt_fleet_next(f->fleet, &computation));
	assert_int_equal(pt_fleet_switch(f->fleet, "nowhere", NULL, &err), -1);
	assert_int_equal(err.category, PRISM_ERROR_MISSING);
	assert_int_equal(pt_fleet_switch(f->fleet, "out", "c1", &err), 0);
	assert_ptr_equal(pt_fleet_next(f->fleet, &computation), member(f, "out")->world);
	assert_string_equal(computation, "c1");
	prism_free(computation);
	assert_true(member(f, "out")->current);
	assert_false(member(f, "fast")->current);
	sign_in(f, "out", f->fast);
	until(f, "out", PT_FLEET_CLOSED); /* it is on the screen: its views ask for what they show */
	assert_int_equal(pt_fleet_switch(f->fleet, "fast", NULL, &err), 0);
	assert_ptr_equal(pt_fleet_next(f->fleet, &computation), f->world);
	assert_null(computation);
	while (!core_session_ready(member(f, "out")->world->core))
		prism_loop_turn(f->loop, 50);
	pt_fleet_load(f->fleet);
	until(f, "out", PT_FLEET_READY); /* still signed in */
}

static void all_have_answered_or_failed(void **state)
{
	struct fixture *f = *state;
	struct prism_error err = PRISM_ERROR_INIT;

	assert_int_equal(pt_fleet_await(f->fleet, NULL, done, f, &err), 0);
	assert_int_equal(pt_fleet_await(f->fleet, NULL, done, f, &err), -1);
	assert_int_equal(err.category, PRISM_ERROR_CONFLICT);
	while (!f->done)
		prism_loop_turn(f->loop, 50);
	for (size_t i = 0; i < pt_fleet_count(f->fleet); i++)
		assert_true(pt_fleet_at(f->fleet, i)->state == PT_FLEET_FAILED ||
		            pt_fleet_at(f->fleet, i)->state == PT_FLEET_SIGNED_OUT);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
	    TEST(nobody_waits_for_the_slow_one),
	    TEST(limits_hold_for_all_and_names_do_not),
	    TEST(switching_keeps_the_others),
	    TEST(all_have_answered_or_failed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
