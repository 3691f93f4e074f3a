/*
 * Owns an export under way.
 *
 * A job is one computation (core/export_job.c): fetching, then ready.  The first job of the queue
 * is written when it is ready, asset by asset (core/export_assets.c); then the next.  Every
 * callback ends in pump(), which starts what may be started and ends the whole when nothing is
 * left.
 */
#include "core/computation.h"
#include "core/export_private.h"
#include "core/saver.h"

#include <string.h>
#include <unistd.h>

static void drop_jobs(struct exporting *x);
static void begin(void *data);

/* ---- life ---- */

static void *create(struct core *core)
{
	struct prism_list *all = prism_alloc(sizeof(*all));

	PRISM_UNUSED(core);
	prism_list_init(all);
	return all;
}

/* The requests have ended already; what is left waits for a worker. */
static void destroy(void *state)
{
	struct prism_list *all = state;
	struct prism_error err = PRISM_ERROR_INIT;

	prism_error_raise(&err, PRISM_ERROR_CANCELLED, "cancelled");
	PRISM_LIST_EACH (all, node, next) {
		struct exporting *x = PRISM_CONTAINER(node, struct exporting, node);
		prism_list_remove(node);
		prism_loop_undefer(core_loop(x->core), begin, x);
		x->orphan = true;
		core_saver_destroy(x->saver);
		x->saver = NULL;
		core_export_fail(x, &err);
		x->done(x->data, &x->result, &err);
		core_export_pump(x);
	}
	prism_free(all);
}

static const struct core_module module = {.name = "exports", .create = create, .destroy = destroy};

static void exporting_free(struct exporting *x)
{
	for (size_t i = 0; i < x->count; i++)
		prism_free(x->ids[i]);
	prism_free(x->ids);
	prism_free(x->manifests);
	core_export_assets_destroy(x->assets);
	core_saver_destroy(x->saver);
	core_bundle_writer_finish(&x->writer);
	prism_cancel_destroy(x->cancel);
	prism_free(x);
}

void core_export_fail(struct exporting *x, const struct prism_error *err)
{
	if (x->error.category == PRISM_ERROR_NONE)
		prism_error_copy(&x->error, err);
	prism_cancel_fire(x->cancel);
}

bool core_export_failed(const struct exporting *x)
{
	return x->error.category != PRISM_ERROR_NONE;
}

void core_export_warn(struct exporting *x, const struct export_job *job, const char *what,
                      const struct prism_error *err)
{
	const char *name = job->name ? job->name : job->id;
	PRISM_AUTO_FREE char *text = prism_asprintf("%s: %s: %s", name, what, err->message);

	if (x->spec.warn)
		x->spec.warn(x->data, text);
}

/* An answer that says no about this one, not about the way to the server. */
bool core_export_bearable(const struct prism_error *err)
{
	return err->category == PRISM_ERROR_MISSING || err->category == PRISM_ERROR_DENIED;
}

static void finish(struct exporting *x)
{
	bool bad = core_export_failed(x);

	if (!bad)
		bad = prism_file_writer_commit(core_saver_take(x->saver), &x->error) < 0;
	prism_list_remove(&x->node);
	core_pending_add(x->core, -1);
	x->result.bytes = x->writer.bytes;
	x->done(x->data, &x->result, bad ? &x->error : NULL);
	exporting_free(x);
}

/* ---- writing ---- */

static int sink(void *data, const char *bytes, size_t size, struct prism_error *err)
{
	struct exporting *x = data;

	return core_saver_add(x->saver, bytes, size, err);
}

static void write_head(struct exporting *x, struct export_job *job)
{
	struct prism_error err = PRISM_ERROR_INIT;
	cJSON *role;
	int result;

	job->head_written = true;
	x->result.keys += job->has_key;
	result = core_bundle_write_computation(&x->writer, PRISM_STEAL(job->computation), &err);
	while (result == 0 && (role = cJSON_DetachItemFromArray(job->roles, 0)))
		result = core_bundle_write_role(&x->writer, role, &err);
	if (result < 0)
		core_export_fail(x, &err);
}

/* One step of the first job; false: it has to wait. */
static bool write_step(struct exporting *x, struct export_job *job)
{
	struct prism_error err = PRISM_ERROR_INIT;

	if (job->pending || x->held)
		return false;
	if (!core_export_failed(x) && !job->gone) {
		if (!job->head_written)
			write_head(x, job);
		if (!core_export_failed(x) && job->next_asset < job->asset_count) {
			return core_export_assets_write(x->assets, job);
		}
		if (!core_export_failed(x) && core_bundle_write_close(&x->writer, &err) < 0)
			core_export_fail(x, &err);
	}
	core_export_assets_leave(x->assets, job);
	x->result.computations += !job->gone;
	x->result.skipped += job->gone;
	if (x->spec.progress)
		x->spec.progress(x->data, x->result.computations + x->result.skipped, x->count);
	core_export_job_free(job);
	return true;
}

/* After a failure the queue is emptied as its answers come back. */
static void drop_jobs(struct exporting *x)
{
	PRISM_LIST_EACH (&x->jobs, node, next) {
		struct export_job *job = PRISM_CONTAINER(node, struct export_job, node);
		if (!job->pending)
			core_export_job_free(job);
	}
}

static void step(struct exporting *x)
{
	bool moved = true;

	while (moved && !core_export_failed(x)) {
		moved = false;
		while (!core_export_failed(x) && x->running < CORE_EXPORT_AHEAD && x->next < x->count &&
		       !x->held)
			core_export_job_start(x);
		core_export_assets_ahead(x->assets);
		if (!prism_list_empty(&x->jobs))
			moved = write_step(x, PRISM_CONTAINER(x->jobs.next, struct export_job, node));
	}
	if (core_export_failed(x))
		drop_jobs(x);
}

void core_export_pump(struct exporting *x)
{
	struct prism_error err = PRISM_ERROR_INIT;

	if (x->orphan) {
		drop_jobs(x);
		if (!x->running && !x->listing && !x->saving && !core_export_assets_in_flight(x->assets))
			exporting_free(x);
		return;
	}
	x->again = true;
	if (x->pumping || x->listing)
		return;
	x->pumping = true;
	while (x->again) {
		x->again = false;
		step(x);
	}
	x->pumping = false;
	if (x->running || x->saving || x->draining || core_export_assets_in_flight(x->assets) ||
	    (!core_export_failed(x) && x->next < x->count))
		return;
	if (!core_export_failed(x) && core_bundle_write_end(&x->writer, &err) < 0)
		core_export_fail(x, &err);
	x->draining = true;
	core_saver_drain(x->saver);
}

static void hold(void *data, bool held)
{
	struct exporting *x = data;

	x->held = held;
	if (!held)
		core_export_pump(x);
}

static void drained(void *data, const struct prism_error *err)
{
	struct exporting *x = data;

	/* Stopped while the last bytes were on their way to the disk: nothing appears all the same. */
	if (!core_export_failed(x) && err)
		prism_error_copy(&x->error, err);
	else if (!core_export_failed(x) && prism_cancel_fired(x->cancel))
		prism_error_raise(&x->error, PRISM_ERROR_CANCELLED, "cancelled");
	finish(x);
}

/* ---- what is exported ---- */

struct when { /* of one computation */
	char *id;
	int64_t created_us;
};

static int by_time(const void *a, const void *b)
{
	const struct when *left = a, *right = b;

	if (left->created_us != right->created_us)
		return left->created_us < right->created_us ? -1 : 1;
	return strcmp(left->id, right->id);
}

/* Oldest first; each once. */
static void take_ids(struct exporting *x, struct when *all, size_t count)
{
	qsort(all, count, sizeof(*all), by_time);
	x->ids = prism_alloc_array(count + 1, sizeof(*x->ids));
	for (size_t i = 0; i < count; i++) {
		if (x->count && strcmp(all[i].id, x->ids[x->count - 1]) == 0)
			prism_free(all[i].id);
		else
			x->ids[x->count++] = all[i].id;
	}
}

static void listed(void *data, const struct prism_error *err)
{
	struct exporting *x = data;
	struct core_list *list = err ? NULL : core_computations(x->core);
	size_t count = list ? core_list_count(list) : 0;

	x->listing = false;
	if (err) {
		core_export_fail(x, err);
	} else {
		struct when *all = prism_alloc_array(count + 1, sizeof(*all));
		for (size_t i = 0; i < count; i++) {
			const struct core_computation *c = core_computation_at(list, i);
			all[i] = (struct when){prism_strdup(c->id), c->created_us};
		}
		take_ids(x, all, count);
		prism_free(all);
	}
	core_export_pump(x);
}

static void take_named(struct exporting *x, const struct core_export_spec *spec)
{
	struct when *all = prism_alloc_array(spec->count, sizeof(*all));

	for (size_t i = 0; i < spec->count; i++) {
		const struct core_computation *c = core_computation_get(x->core, spec->ids[i]);
		all[i] = (struct when){prism_strdup(spec->ids[i]), c ? c->created_us : INT64_MAX};
	}
	take_ids(x, all, spec->count);
	prism_free(all);
}

static void begin(void *data)
{
	core_export_pump(data);
}

int core_export_start(struct core *core, const struct core_export_spec *spec,
                      struct prism_cancel *cancel, core_export_fn done, void *data,
                      struct prism_error *err)
{
	PRISM_AUTO_FREE char *path = prism_path_expand(spec->path);
	PRISM_AUTO_FREE char *manifests = spec->manifests ? prism_path_expand(spec->manifests) : NULL;

	if (!spec->replace && access(path, F_OK) == 0) {
		prism_error_raise(err, PRISM_ERROR_CONFLICT, "%s exists already", spec->path);
		prism_error_hint(err, "choose another name, or have it replaced");
		return -1;
	}
	if (manifests && prism_file_mkdirs(manifests, 0700, err) < 0)
		return -1;
	struct prism_file_writer *writer = prism_file_writer_create(path, 0600, err);
	if (!writer)
		return -1;
	struct exporting *x = prism_alloc(sizeof(*x));
	const struct core_saver_owner owner = {hold, drained, x};
	*x = (struct exporting){.core = core,
	                        .cancel = prism_cancel_create(cancel ? cancel : core_cancel(core)),
	                        .manifests = PRISM_STEAL(manifests),
	                        .private_keys = spec->private_keys,
	                        .samples = spec->samples,
	                        .spec = {.progress = spec->progress, .warn = spec->warn},
	                        .done = done,
	                        .data = data};
	prism_list_init(&x->jobs);
	x->assets = core_export_assets_create(x);
	x->saver = core_saver_create(core_work(core), writer, &owner);
	core_bundle_writer_init(&x->writer, sink, x);
	if (spec->count) {
		take_named(x, spec);
		prism_loop_defer(core_loop(core), begin, x);
	} else {
		x->listing = true;
		if (core_list_await(core_computations(core), true, x->cancel, listed, x, err) < 0) {
			exporting_free(x);
			return -1;
		}
	}
	prism_list_append(core_module(core, &module), &x->node);
	core_pending_add(core, 1);
	return 0;
}
