/*
 * core/saver.c: order of bytes, holding the sender back while the disk (a worker that is kept
 * busy) is slow, failures of writing, and ends at every moment.
 */
#include "base/mem.h"
#include "core/saver.h"
#include "tests/lib/tmpdir.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmocka.h>

#define MIB (1u << 20)

struct world {
	char *dir, *path;
	struct prism_loop *loop;
	struct prism_work *work;
	struct core_saver *saver;
	unsigned holds, releases, drained;
	bool failed;
	struct prism_error err;
	int gate[2]; /* a worker that is kept busy reads from it */
};

static void on_hold(void *data, bool held)
{
	struct world *w = data;

	if (held)
		w->holds++;
	else
		w->releases++;
}

static void on_drained(void *data, const struct prism_error *err)
{
	struct world *w = data;

	w->drained++;
	w->failed = err != NULL;
	if (err)
		prism_error_copy(&w->err, err);
}

static int setup(void **state)
{
	struct world *w = prism_alloc(sizeof(*w));
	struct core_saver_owner owner = {.hold = on_hold, .drained = on_drained, .data = w};
	struct prism_error err = PRISM_ERROR_INIT;

	w->dir = tmpdir_create();
	w->path = prism_path_join(w->dir, "out");
	w->loop = prism_loop_create(prism_clock_system());
	w->work = prism_work_create(w->loop, 1);
	assert_int_equal(pipe(w->gate), 0);
	w->saver = core_saver_create(w->work, prism_file_writer_create(w->path, 0600, &err), &owner);
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;

	core_saver_destroy(w->saver);
	prism_work_destroy(w->work);
	prism_loop_destroy(w->loop);
	assert_int_equal(access(w->path, F_OK), -1); /* never without commit */
	tmpdir_remove(w->dir);
	close(w->gate[0]);
	close(w->gate[1]);
	prism_free(w->path);
	prism_free(w);
	return 0;
}

static void wait_at_gate(void *data)
{
	struct world *w = data;
	char c;

	(void)!read(w->gate[0], &c, 1);
}

static void gate_done(void *data, bool cancelled)
{
}

static void close_gate(struct world *w)
{
	prism_work_submit(w->work, NULL, wait_at_gate, gate_done, w);
}

static void open_gate(struct world *w)
{
	assert_int_equal(write(w->gate[1], "x", 1), 1);
}

static void drain(struct world *w)
{
	core_saver_drain(w->saver);
	assert_int_equal(w->drained, 0);
	while (!w->drained)
		prism_loop_turn(w->loop, 1000);
	assert_int_equal(w->drained, 1);
}

static void test_order(void **state)
{
	struct world *w = *state;
	struct prism_error err = PRISM_ERROR_INIT;
	struct prism_file_writer *writer;
	struct prism_buf back = {0};

	for (int i = 0; i < 1000; i++) {
		char line[16];

		(void)snprintf(line, sizeof(line), "%04d\n", i);
		assert_int_equal(core_saver_add(w->saver, line, 5, &err), 0);
		if (i % 100 == 0)
			prism_loop_turn(w->loop, 0);
	}
	drain(w);
	assert_false(w->failed);
	writer = core_saver_take(w->saver);
	assert_int_equal(prism_file_read(prism_file_writer_temp(writer), 10000, &back, &err), 0);
	assert_int_equal(back.len, 5000);
	for (int i = 0; i < 1000; i++)
		assert_int_equal(strtol(back.data + 5 * i, NULL, 10), i);
	prism_buf_finish(&back);
	prism_file_writer_discard(writer);
}

static void test_nothing_at_all(void **state)
{
	struct world *w = *state;

	drain(w);
	assert_false(w->failed);
}

static void test_sender_is_held_back(void **state)
{
	struct world *w = *state;
	struct prism_error err = PRISM_ERROR_INIT;
	char *piece = prism_alloc(MIB);

	close_gate(w);
	for (int i = 0; i < 8; i++)
		assert_int_equal(core_saver_add(w->saver, piece, MIB, &err), 0);
	assert_int_equal(w->holds, 0); /* one piece went to the worker at once, seven wait */
	assert_int_equal(core_saver_add(w->saver, piece, MIB, &err), 0);
	assert_int_equal(w->holds, 1);
	assert_int_equal(core_saver_add(w->saver, piece, MIB, &err), 0); /* what was under way */
	assert_int_equal(w->holds, 1);
	assert_int_equal(w->releases, 0);
	open_gate(w);
	while (!w->releases)
		prism_loop_turn(w->loop, 1000);
	drain(w);
	assert_false(w->failed);
	prism_free(piece);
}

static void test_cap(void **state)
{
	struct world *w = *state;
	struct prism_error err = PRISM_ERROR_INIT;
	char *piece = prism_alloc(MIB);
	int rc = 0;

	close_gate(w);
	for (int i = 0; i < 30 && rc == 0; i++)
		rc = core_saver_add(w->saver, piece, MIB, &err);
	assert_int_equal(rc, -1); /* a sender that does not obey */
	assert_int_equal(err.category, PRISM_ERROR_LIMIT);
	open_gate(w);
	prism_free(piece);
}

static void test_failed_write(void **state)
{
	struct world *w = *state;
	struct rlimit before, small = {.rlim_cur = 4096, .rlim_max = RLIM_INFINITY};
	struct prism_error err = PRISM_ERROR_INIT;
	char *piece = prism_alloc(MIB);
	int rc = 0;

	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	small.rlim_max = before.rlim_max;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	for (int i = 0; i < 1000 && rc == 0; i++) {
		rc = core_saver_add(w->saver, piece, 1000, &err);
		prism_loop_turn(w->loop, 1);
	}
	assert_int_equal(rc, -1);
	assert_non_null(strstr(err.message, "cannot be saved"));
	drain(w);
	assert_true(w->failed);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	prism_free(piece);
}

static void test_destroyed_while_writing(void **state)
{
	struct world *w = *state;
	struct prism_error err = PRISM_ERROR_INIT;

	close_gate(w);
	assert_int_equal(core_saver_add(w->saver, "x", 1, &err), 0);
	core_saver_destroy(w->saver);
	w->saver = NULL;
	open_gate(w);
	while (prism_work_pending(w->work))
		prism_loop_turn(w->loop, 1000);
	assert_int_equal(w->drained, 0);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    CASE(test_order), CASE(test_nothing_at_all), CASE(test_sender_is_held_back),
	    CASE(test_cap),   CASE(test_failed_write),   CASE(test_destroyed_while_writing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
