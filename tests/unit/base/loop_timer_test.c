/* base/loop_timer.c: deadlines by the manual clock, order, repetition, removal. */
#include "base/loop.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static struct prism_clock_manual manual;
static struct prism_loop *loop;

static int setup(void **state)
{
	prism_clock_manual_init(&manual, 0);
	loop = prism_loop_create(&manual.clock);
	return 0;
}

static int teardown(void **state)
{
	prism_loop_destroy(loop);
	return 0;
}

static void after(int64_t ms)
{
	prism_clock_manual_advance(&manual, ms);
	prism_loop_turn(loop, 0);
}

static void count(void *data)
{
	++*(int *)data;
}

static void a_timer_fires_at_its_deadline_and_not_before(void **state)
{
	int fired = 0;
	struct prism_timer *timer = prism_loop_add_timer(loop, 100, 0, count, &fired);

	assert_int_equal(prism_loop_next_deadline_ms(loop), 100);
	after(99);
	assert_int_equal(fired, 0);
	after(1);
	assert_int_equal(fired, 1);
	after(1000);
	assert_int_equal(fired, 1);
	assert_int_equal(prism_loop_next_deadline_ms(loop), -1);
	prism_timer_remove(timer);
	prism_timer_remove(NULL);
}

static void a_fired_or_stopped_timer_can_be_armed_again(void **state)
{
	int fired = 0;
	struct prism_timer *timer = prism_loop_add_timer(loop, -1, 0, count, &fired);

	after(1000);
	assert_int_equal(fired, 0);
	prism_timer_rearm(timer, 10);
	after(10);
	prism_timer_rearm(timer, 10);
	prism_timer_rearm(timer, 30); /* later wins */
	after(10);
	assert_int_equal(fired, 1);
	prism_timer_rearm(timer, -1);
	after(100);
	assert_int_equal(fired, 1);
	prism_timer_rearm(timer, INT64_MAX);
	after(100);
	assert_int_equal(fired, 1);
	prism_timer_remove(timer);
}

static void a_repeating_timer_skips_what_it_missed(void **state)
{
	int fired = 0;
	struct prism_timer *timer = prism_loop_add_timer(loop, 10, 10, count, &fired);

	after(10);
	after(10);
	assert_int_equal(fired, 2);
	after(95);
	assert_int_equal(fired, 3);
	assert_int_equal(prism_loop_next_deadline_ms(loop), 125);
	prism_timer_remove(timer);
}

static char order[64];

static void note(void *data)
{
	order[strlen(order)] = *(const char *)data;
}

static void timers_fire_oldest_deadline_first(void **state)
{
	static const char names[] = "abcdefgh";
	static const int delays[] = {50, 10, 30, 10, 80, 20, 10, 70};
	struct prism_timer *timers[8];

	memset(order, 0, sizeof(order));
	for (int i = 0; i < 8; i++) {
		char *name;
		memcpy(&name, &(const char *){names + i}, sizeof(name));
		timers[i] = prism_loop_add_timer(loop, delays[i], 0, note, name);
	}
	prism_timer_remove(timers[5]);
	after(100);
	assert_string_equal(order, "bdgcahe");
	for (int i = 0; i < 8; i++) {
		if (i != 5)
			prism_timer_remove(timers[i]);
	}
}

static void many_timers_stay_sorted(void **state)
{
	enum { MANY = 1000 };
	static struct prism_timer *timers[MANY];
	int fired = 0;
	uint32_t seed = 1;

	for (int i = 0; i < MANY; i++) {
		seed = seed * 1664525 + 1013904223;
		timers[i] = prism_loop_add_timer(loop, 1 + seed % 5000, 0, count, &fired);
	}
	for (int i = 0; i < MANY; i += 3)
		prism_timer_rearm(timers[i], 1 + i);
	for (int i = 1; i < MANY; i += 3)
		prism_timer_remove(timers[i]);
	int64_t last = 0;
	for (int64_t next; (next = prism_loop_next_deadline_ms(loop)) >= 0;) {
		assert_true(next >= last);
		last = next;
		after(next - prism_clock_mono_ms(&manual.clock));
	}
	assert_int_equal(fired, MANY - 333);
	for (int i = 0; i < MANY; i++) {
		if (i % 3 != 1)
			prism_timer_remove(timers[i]);
	}
}

struct self {
	struct prism_timer *timer, *other;
	int fired;
};

static void rearm_self(void *data)
{
	struct self *self = data;

	self->fired++;
	prism_timer_rearm(self->timer, 0);
}

static void a_timer_that_arms_itself_with_zero_fires_once_a_turn(void **state)
{
	struct self self = {0};

	self.timer = prism_loop_add_timer(loop, 0, 0, rearm_self, &self);
	after(0);
	assert_int_equal(self.fired, 1);
	after(0);
	assert_int_equal(self.fired, 2);
	prism_timer_remove(self.timer);
}

static void remove_both(void *data)
{
	struct self *self = data;

	self->fired++;
	prism_timer_remove(self->timer);
	prism_timer_remove(self->other);
}

static void a_callback_may_remove_itself_and_others(void **state)
{
	struct self self = {0};

	self.timer = prism_loop_add_timer(loop, 5, 5, remove_both, &self);
	self.other = prism_loop_add_timer(loop, 5, 0, remove_both, &self);
	after(5);
	after(50);
	assert_int_equal(self.fired, 1);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
	    T(a_timer_fires_at_its_deadline_and_not_before),
	    T(a_fired_or_stopped_timer_can_be_armed_again),
	    T(a_repeating_timer_skips_what_it_missed),
	    T(timers_fire_oldest_deadline_first),
	    T(many_timers_stay_sorted),
	    T(a_timer_that_arms_itself_with_zero_fires_once_a_turn),
	    T(a_callback_may_remove_itself_and_others),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
