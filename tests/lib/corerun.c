#include "tests/lib/corerun.h"

#include "base/clock.h"
#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define DEADLINE_MS 20000

static void count_event(void *data, const struct core_event *event)
{
	struct corerun *run = data;
	run->events[event->type]++;
	if (event->type == CORE_EVENT_NOTICE)
		snprintf(run->notice, sizeof(run->notice), "%s", event->notice->text);
}

static struct corerun *open_run(const char *url, const struct prism_clock *clock,
                                const char *const *settings)
{
	struct corerun *run = prism_alloc(sizeof(*run));
	run->loop = prism_loop_create(clock ? clock : prism_clock_system());
	run->work = prism_work_create(run->loop, 2);
	run->options = core_options_create();
	core_remember_off(run->options);
	assert_int_equal(core_options_set(run->options, CORE_OPT_URL, url, NULL), 0);
	for (; settings && *settings; settings++)
		assert_int_equal(core_options_assign(run->options, *settings, NULL), 0);
	run->core = core_create(run->loop, run->work, run->options);
	core_subscribe(run->core, count_event, run);
	return run;
}

struct corerun *corerun_open(const char *url, const struct prism_clock *clock)
{
	return open_run(url, clock, NULL);
}

struct corerun *corerun_open_with(const char *url, const char *const *settings)
{
	return open_run(url, NULL, settings);
}

void corerun_close(struct corerun *run)
{
	core_destroy(run->core);
	prism_work_destroy(run->work);
	prism_loop_destroy(run->loop);
	core_options_destroy(run->options);
	prism_free(run);
}

void corerun_done(void *data, const struct prism_error *err)
{
	struct corerun *run = data;
	run->calls++;
	prism_error_clear(&run->err);
	if (err)
		run->err = *err;
}

void corerun_id(void *data, const char *id, const struct prism_error *err)
{
	struct corerun *run = data;
	snprintf(run->id, sizeof(run->id), "%s", id);
	corerun_done(data, err);
}

void corerun_until(struct corerun *run, bool (*cond)(struct corerun *run), const char *what)
{
	int64_t end = prism_clock_mono_ms(prism_clock_system()) + DEADLINE_MS;
	while (!cond(run)) {
		prism_loop_turn(run->loop, 50);
		if (prism_clock_mono_ms(prism_clock_system()) > end)
			fail_msg("waited 20 s in vain for: %s", what);
	}
}

enum prism_error_category corerun_wait(struct corerun *run)
{
	unsigned before = run->calls;
	int64_t end = prism_clock_mono_ms(prism_clock_system()) + DEADLINE_MS;
	while (run->calls == before) {
		prism_loop_turn(run->loop, 50);
		if (prism_clock_mono_ms(prism_clock_system()) > end)
			fail_msg("no callback within 20 s");
	}
	return run->err.category;
}

static bool settled(struct corerun *run)
{
	return core_pending(run->core) == 0;
}

void corerun_settle(struct corerun *run)
{
	corerun_until(run, settled, "no request in flight");
	prism_loop_turn(run->loop, 0);
	corerun_until(run, settled, "no request in flight");
}

void corerun_turns(struct corerun *run, int64_t ms)
{
	int64_t end = prism_clock_mono_ms(prism_clock_system()) + ms;
	while (prism_clock_mono_ms(prism_clock_system()) < end)
		prism_loop_turn(run->loop, 10);
}

void corerun_login(struct corerun *run, const char *login, const char *password)
{
	assert_int_equal(core_session_login(run->core, login, prism_secret_from_text(password), NULL,
	                                    corerun_done, run, NULL),
	                 0);
	if (corerun_wait(run) != PRISM_ERROR_NONE) {
		char line[1024];
		fail_msg("sign in: %s", prism_error_format(&run->err, line, sizeof(line)));
	}
}
