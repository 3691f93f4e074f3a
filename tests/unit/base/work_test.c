/* base/work.c: results come back on the loop thread; cancelling, and ending with work left. */
#include "base/work.h"

#include "base/mem.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

struct task {
	pthread_t loop_thread;
	bool ran, done, cancelled, on_other_thread;
	int gate; /* run() waits for a byte when not negative */
	atomic_bool started;
};

static struct prism_loop *loop;
static struct prism_work *work;

static int setup(void **state)
{
	loop = prism_loop_create(prism_clock_system());
	work = prism_work_create(loop, 1);
	return 0;
}

static int teardown(void **state)
{
	prism_work_destroy(work);
	prism_loop_destroy(loop);
	return 0;
}

static void run_task(void *data)
{
	struct task *task = data;
	char byte;

	task->on_other_thread = !pthread_equal(pthread_self(), task->loop_thread);
	atomic_store(&task->started, true);
	if (task->gate >= 0 && read(task->gate, &byte, 1) != 1)
		return;
	task->ran = true;
}

static void task_done(void *data, bool cancelled)
{
	struct task *task = data;

	assert_false(task->done);
	assert_true(pthread_equal(pthread_self(), task->loop_thread));
	task->done = true;
	task->cancelled = cancelled;
}

static struct task new_task(int gate)
{
	return (struct task){.loop_thread = pthread_self(), .gate = gate};
}

static void wait_for(const bool *flag)
{
	while (!*flag)
		prism_loop_turn(loop, -1);
}

static void work_runs_elsewhere_and_completes_here(void **state)
{
	struct task task = new_task(-1);

	prism_work_submit(work, NULL, run_task, task_done, &task);
	assert_int_equal(prism_work_pending(work), 1);
	assert_false(task.done);
	wait_for(&task.done);
	assert_true(task.ran && task.on_other_thread);
	assert_false(task.cancelled);
	assert_int_equal(prism_work_pending(work), 0);
}

static void many_tasks_all_complete(void **state)
{
	struct task tasks[200];

	for (int i = 0; i < 200; i++) {
		tasks[i] = new_task(-1);
		prism_work_submit(work, NULL, run_task, task_done, &tasks[i]);
	}
	for (int i = 0; i < 200; i++)
		wait_for(&tasks[i].done);
	assert_int_equal(prism_work_pending(work), 0);
}

static void queued_work_is_cancelled_without_waiting(void **state)
{
	int gate[2];
	assert_int_equal(pipe(gate), 0);
	struct task first = new_task(gate[0]), second = new_task(-1);
	struct prism_cancel *cancel = prism_cancel_create(NULL);

	prism_work_submit(work, NULL, run_task, task_done, &first);
	prism_work_submit(work, cancel, run_task, task_done, &second);
	prism_cancel_fire(cancel);
	assert_false(second.done); /* never from inside the call */
	wait_for(&second.done);
	assert_true(second.cancelled);
	assert_false(second.ran);
	assert_false(first.done);
	assert_int_equal(write(gate[1], "x", 1), 1);
	wait_for(&first.done);
	prism_cancel_destroy(cancel);
	close(gate[0]);
	close(gate[1]);
}

static void running_work_ends_and_is_told(void **state)
{
	int gate[2];
	assert_int_equal(pipe(gate), 0);
	struct task task = new_task(gate[0]);
	struct prism_cancel *cancel = prism_cancel_create(NULL);

	prism_work_submit(work, cancel, run_task, task_done, &task);
	while (!atomic_load(&task.started))
		;
	prism_cancel_destroy(cancel); /* the job holds a reference */
	assert_int_equal(write(gate[1], "x", 1), 1);
	wait_for(&task.done);
	assert_true(task.ran && task.cancelled);
	close(gate[0]);
	close(gate[1]);
}

static void a_dead_token_means_no_run(void **state)
{
	struct task task = new_task(-1);
	struct prism_cancel *cancel = prism_cancel_create(NULL);

	prism_cancel_fire(cancel);
	prism_work_submit(work, cancel, run_task, task_done, &task);
	assert_false(task.done);
	wait_for(&task.done);
	assert_true(task.cancelled);
	prism_cancel_destroy(cancel);
}

static void destroy_waits_and_completes_the_queue_as_cancelled(void **state)
{
	int gate[2];
	assert_int_equal(pipe(gate), 0);
	struct task running = new_task(gate[0]), queued = new_task(-1);
	struct prism_work *other = prism_work_create(loop, 1);

	prism_work_submit(other, NULL, run_task, task_done, &running);
	prism_work_submit(other, NULL, run_task, task_done, &queued);
	while (!atomic_load(&running.started))
		;
	assert_int_equal(write(gate[1], "x", 1), 1);
	prism_work_destroy(other);
	assert_true(running.done && running.ran);
	assert_true(queued.done);
	prism_work_destroy(NULL);
	close(gate[0]);
	close(gate[1]);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
	    T(work_runs_elsewhere_and_completes_here),
	    T(many_tasks_all_complete),
	    T(queued_work_is_cancelled_without_waiting),
	    T(running_work_ends_and_is_told),
	    T(a_dead_token_means_no_run),
	    T(destroy_waits_and_completes_the_queue_as_cancelled),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
