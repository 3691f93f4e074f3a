/*
 * The order of the doctor's parts, and the lines they leave.  A part that asks core or a worker
 * sets `busy`; a doctor that is destroyed then lives on until that answer comes, and is freed by
 * it.  Streams and channels end without callbacks and are destroyed at once.
 */
#include "core/doctor_private.h"

#include "base/clock.h"
#include "core/checklist.h"
#include "core/cvm.h"
#include "core/manifest.h"
#include "core/role.h"
#include "core/run.h"
#include "net/grpc.h"
#include "net/stream.h"

#include <string.h>

static const struct {
	const char *word, *title;
} groups[CORE_DOCTOR_GROUP_COUNT] = {
#define X(id, word, title) [CORE_DOCTOR_GROUP_##id] = {word, title},
    CORE_DOCTOR_GROUP_MAP(X)
#undef X
};

const char *core_doctor_group_word(enum core_doctor_group group)
{
	return groups[group].word;
}

const char *core_doctor_group_title(enum core_doctor_group group)
{
	return groups[group].title;
}

const char *core_doctor_result_word(enum core_doctor_result result)
{
	static const char *const words[] = {[CORE_DOCTOR_PASS] = "pass",
	                                    [CORE_DOCTOR_SKIPPED] = "skipped",
	                                    [CORE_DOCTOR_WARN] = "warning",
	                                    [CORE_DOCTOR_FAIL] = "failure"};
	return words[result];
}

/* --- lines --- */

static const char *text_of(struct core_doctor *d, const char *text)
{
	return prism_arena_strdup(d->arena, text ? text : "");
}

void core_doctor_add(struct core_doctor *d, const struct core_doctor_row *row, const char *fmt, ...)
{
	char found[1024];
	va_list ap;
	if (d->count == CORE_DOCTOR_LINES_MAX)
		return;
	va_start(ap, fmt);
	vsnprintf(found, sizeof(found), fmt, ap);
	va_end(ap);
	bool good = row->result == CORE_DOCTOR_PASS;
	d->lines = prism_realloc_array(d->lines, d->count + 1, sizeof(*d->lines));
	d->lines[d->count++] = (struct core_doctor_line){
	    .group = row->group,
	    .result = row->result,
	    .id = text_of(d, row->id),
	    .line = text_of(d, row->line),
	    .found = text_of(d, found),
	    .why = text_of(d, good ? NULL : row->why),
	    .remedy = text_of(d, good ? NULL : row->remedy),
	    .fix = text_of(d, row->fix),
	    .subject = text_of(d, row->subject),
	};
}

size_t core_doctor_count(const struct core_doctor *doctor)
{
	return doctor->count;
}

const struct core_doctor_line *core_doctor_line(const struct core_doctor *doctor, size_t index)
{
	return index < doctor->count ? &doctor->lines[index] : NULL;
}

const char *core_doctor_doing(const struct core_doctor *doctor)
{
	return doctor->done ? "" : doctor->doing;
}

bool core_doctor_done(const struct core_doctor *doctor)
{
	return doctor->done;
}

enum core_doctor_result core_doctor_worst(const struct core_doctor *doctor)
{
	enum core_doctor_result worst = CORE_DOCTOR_PASS;
	for (size_t i = 0; i < doctor->count; i++)
		if (doctor->lines[i].result > worst)
			worst = doctor->lines[i].result;
	return worst;
}

int core_doctor_raise(const struct core_doctor *doctor, struct prism_error *err)
{
	size_t failures = 0, first = 0;
	for (size_t i = doctor->count; i > 0; i--) {
		if (doctor->lines[i - 1].result != CORE_DOCTOR_FAIL)
			continue;
		failures++;
		first = i - 1;
	}
	if (!failures)
		return 0;
	prism_error_raise(err, PRISM_ERROR_CONFLICT, "%zu failure%s; first: %s: %s", failures,
	                  failures == 1 ? "" : "s", doctor->lines[first].line,
	                  doctor->lines[first].found);
	prism_error_hint(err, "%s", doctor->lines[first].remedy);
	return -1;
}

/* --- parts --- */

bool core_doctor_gone(struct core_doctor *d)
{
	bool gone = d->dead || d->stopped;
	d->busy = false;
	if (d->dead)
		core_doctor_destroy(d);
	return gone;
}

/* A start that failed is an answer like any other. */
static void ask(struct core_doctor *d, int started, core_done_fn done, struct prism_error *err)
{
	if (started < 0)
		done(d, err);
}

/* A setting may ask for more than the computation does, never for less. */
static void choose_modes(struct core_doctor *d, const struct core_computation *computation)
{
	enum core_tls_mode set = d->connection->mode;
	d->mode = d->reach = core_tls_mode_of(computation->agent);
	if (set != CORE_TLS_NONE &&
	    (core_tls_mode_info(set)->attested || !core_tls_mode_info(d->mode)->attested))
		d->reach = set;
}

static void computation_here(void *data, const struct core_computation *computation,
                             const struct prism_error *err)
{
	struct core_doctor *d = data;
	if (core_doctor_gone(d))
		return;
	d->computation_known = !err;
	if (computation)
		choose_modes(d, computation);
	core_doctor_look_server(d, err);
	core_doctor_next(d);
}

static void ask_computation(struct core_doctor *d)
{
	struct prism_error err = PRISM_ERROR_INIT;
	d->doing = "asking the server";
	d->busy = true;
	d->started_ms = prism_clock_mono_ms(core_clock(d->core));
	if (core_computation_fetch(d->core, d->id, d->cancel, computation_here, d, &err) < 0)
		computation_here(d, NULL, &err);
}

/* What could not be read shows in the lines that need it. */
static void loaded(void *data, const struct prism_error *err)
{
	struct core_doctor *d = data;
	if (!core_doctor_gone(d))
		core_doctor_next(d);
}

static void ask_roles(struct core_doctor *d)
{
	struct prism_error err = PRISM_ERROR_INIT;
	d->doing = "reading roles";
	d->busy = true;
	ask(d, core_roles_await(d->core, d->id, true, d->cancel, loaded, d, &err), loaded, &err);
}

static void checklist_here(void *data, const struct prism_error *err)
{
	struct core_doctor *d = data;
	if (core_doctor_gone(d))
		return;
	core_doctor_look_ready(d, err);
	core_doctor_next(d);
}

static void ask_checklist(struct core_doctor *d)
{
	struct prism_error err = PRISM_ERROR_INIT;
	d->doing = "asking what is missing";
	d->busy = true;
	ask(d, core_checklist_await(d->core, d->id, true, d->cancel, checklist_here, d, &err),
	    checklist_here, &err);
}

static void ask_timeline(struct core_doctor *d)
{
	struct prism_error err = PRISM_ERROR_INIT;
	d->doing = "reading runs and events";
	d->busy = true;
	ask(d, core_timeline_await(d->core, d->id, true, d->cancel, loaded, d, &err), loaded, &err);
}

static void ask_cvms(struct core_doctor *d)
{
	struct prism_error err = PRISM_ERROR_INIT;
	d->doing = "reading CVMs";
	d->busy = true;
	ask(d, core_list_await(core_cvms(d->core), true, d->cancel, loaded, d, &err), loaded, &err);
}

static void ask_manifest(struct core_doctor *d)
{
	struct prism_error err = PRISM_ERROR_INIT;
	d->doing = "reading the manifest";
	d->busy = true;
	ask(d, core_manifest_await(d->core, d->id, true, d->cancel, loaded, d, &err), loaded, &err);
}

static void look(struct core_doctor *d)
{
	d->doing = "reading certificates and keys";
	core_doctor_look_cvm(d);
	core_doctor_look_files(d);
	core_doctor_look_attestation(d);
	core_doctor_next(d);
}

static void look_last(struct core_doctor *d)
{
	core_doctor_look_uploads(d);
	core_doctor_next(d);
}

static void (*const steps[])(struct core_doctor *d) = {
    ask_computation, ask_roles, ask_checklist,       ask_timeline,     ask_cvms,
    ask_manifest,    look,      core_doctor_resolve, core_doctor_dial, core_doctor_ask_health,
    look_last,
};

static void go(void *data)
{
	struct core_doctor *d = data;
	/* Without the computation there is nothing further to ask. */
	if (d->step >= PRISM_COUNT(steps) || (d->step > 0 && !d->computation_known)) {
		d->done = true;
		d->changed(d->data, true);
		return;
	}
	steps[d->step++](d);
}

void core_doctor_next(struct core_doctor *d)
{
	prism_loop_defer(core_loop(d->core), go, d);
	d->changed(d->data, false);
}

/* --- life --- */

struct core_doctor *core_doctor_start(struct core *core, const struct core_doctor_spec *spec,
                                      void (*changed)(void *data, bool done), void *data)
{
	struct core_doctor *d = prism_alloc(sizeof(*d));
	d->core = core;
	d->id = prism_strdup(spec->computation_id);
	d->key_file = prism_strdup(spec->key_file);
	d->connection = core_agent_connection_copy(&spec->connection);
	d->changed = changed;
	d->data = data;
	d->cancel = prism_cancel_create(core_cancel(core));
	d->arena = prism_arena_create();
	d->doing = "";
	prism_loop_defer(core_loop(core), go, d);
	return d;
}

void core_doctor_stop(struct core_doctor *d)
{
	d->stopped = true;
	prism_loop_undefer(core_loop(d->core), go, d);
	net_stream_destroy(d->stream);
	net_grpc_channel_destroy(d->channel);
	d->stream = NULL;
	d->channel = NULL;
	if (d->busy)
		prism_cancel_fire(d->cancel);
}

void core_doctor_destroy(struct core_doctor *d)
{
	if (!d)
		return;
	if (!d->stopped)
		core_doctor_stop(d);
	d->dead = true;
	if (d->busy) /* the answer frees it */
		return;
	prism_cancel_destroy(d->cancel);
	core_agent_connection_destroy(d->connection);
	prism_arena_destroy(d->arena);
	prism_free(d->lines);
	prism_free(d->id);
	prism_free(d->key_file);
	prism_free(d->host);
	prism_free(d->cvm_id);
	prism_free(d);
}
