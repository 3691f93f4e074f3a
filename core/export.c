/*
 * Owns an export under way.
 *
 * A job is one computation: fetching (its document, its roles, the list of its assets, the
 * manifest, all at once), then ready.  The first job of the queue is written when it is ready,
 * asset by asset; then the next.  Every callback ends in pump(), which starts what may be started
 * and ends the whole when nothing is left.
 */
#include "core/export.h"

#include "base/file.h"
#include "core/asset_private.h"
#include "core/bundle.h"
#include "core/bundle_write.h"
#include "core/computation.h"
#include "core/internal.h"
#include "core/role.h"
#include "core/saver.h"

#include <assert.h>
#include <string.h>

struct job {
	struct prism_list node;
	struct exporting *x;
	char *id;
	unsigned pending;
	cJSON *doc;
	cJSON *roles; /* array of bundle roles */
	struct prism_arena *arena;
	struct core_asset *assets;
	size_t asset_count, asset_room, next_asset;
	bool gone;         /* left out: went away, or not mine to see */
	bool head_written; /* computation and roles are in the file */
	bool fetching_asset;
};

struct exporting {
	struct prism_list node; /* of the module */
	struct core *core;
	bool orphan; /* the core is gone; freed when workers and lists have given it back */
	struct prism_cancel *cancel; /* own token, child of the caller's */
	char *manifests;
	bool private_keys, samples;
	bool derive; /* the server does not list a computation's assets: another way */
	char **ids;
	size_t count, next; /* next to be fetched */
	struct prism_list jobs;
	size_t running;
	struct core_saver *saver;
	struct core_bundle_writer writer;
	bool held, draining, pumping, again, listing;
	unsigned saving; /* manifests being written by workers */
	struct prism_error error;
	struct core_export_result result;
	struct core_export_spec spec; /* callbacks only */
	core_export_fn done;
	void *data;
};

static void pump(struct exporting *x);
static void exporting_free(struct exporting *x);
static void fail(struct exporting *x, const struct prism_error *err);
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
		fail(x, &err);
		x->done(x->data, &x->result, &err);
		pump(x);
	}
	prism_free(all);
}

static const struct core_module module = {.name = "exports", .create = create, .destroy = destroy};

static void job_free(struct job *job)
{
	prism_list_remove(&job->node);
	job->x->running--;
	cJSON_Delete(job->doc);
	cJSON_Delete(job->roles);
	prism_arena_destroy(job->arena);
	prism_free(job->assets);
	prism_free(job->id);
	prism_free(job);
}

static void exporting_free(struct exporting *x)
{
	for (size_t i = 0; i < x->count; i++)
		prism_free(x->ids[i]);
	prism_free(x->ids);
	prism_free(x->manifests);
	core_saver_destroy(x->saver);
	core_bundle_writer_finish(&x->writer);
	prism_cancel_destroy(x->cancel);
	prism_free(x);
}

static void fail(struct exporting *x, const struct prism_error *err)
{
	if (x->error.category == PRISM_ERROR_NONE)
		prism_error_copy(&x->error, err);
	prism_cancel_fire(x->cancel);
}

static bool failed(const struct exporting *x)
{
	return x->error.category != PRISM_ERROR_NONE;
}

static void warn(struct exporting *x, const struct job *job, const char *what,
                 const struct prism_error *err)
{
	const char *name = job->doc ? prism_json_str(job->doc, "name", job->id) : job->id;
	PRISM_AUTO_FREE char *text = prism_asprintf("%s: %s: %s", name, what, err->message);

	if (x->spec.warn)
		x->spec.warn(x->data, text);
}

/* An answer that says no about this one, not about the way to the server. */
static bool bearable(const struct prism_error *err)
{
	return err->category == PRISM_ERROR_MISSING || err->category == PRISM_ERROR_DENIED;
}

static void finish(struct exporting *x)
{
	bool bad = failed(x);

	if (!bad)
		bad = prism_file_writer_commit(core_saver_take(x->saver), &x->error) < 0;
	prism_list_remove(&x->node);
	core_pending_add(x->core, -1);
	x->result.bytes = x->writer.bytes;
	x->done(x->data, &x->result, bad ? &x->error : NULL);
	exporting_free(x);
}

/* ---- reading one computation ---- */

static void part_done(struct job *job)
{
	job->pending--;
	pump(job->x);
}

static void doc_here(void *data, const struct core_reply *reply, const struct prism_error *err)
{
	struct job *job = data;

	if (!err && cJSON_IsObject(reply->json)) {
		job->doc = cJSON_Duplicate(reply->json, true);
	} else if (!err || bearable(err)) {
		struct prism_error odd = PRISM_ERROR_INIT;
		(void)prism_error_raise(&odd, PRISM_ERROR_PROTOCOL, "the answer is not a computation");
		warn(job->x, job, "left out", err ? err : &odd);
		job->gone = true;
	} else {
		fail(job->x, err);
	}
	part_done(job);
}

static int by_role(const void *a, const void *b)
{
	return core_bundle_role_order(*(const struct core_role *const *)a,
	                              *(const struct core_role *const *)b);
}

static void take_roles(struct job *job, struct core_roles roles)
{
	const struct core_role **sorted = prism_alloc_array(roles.count + 1, sizeof(*sorted));
	bool whole = true;

	for (size_t i = 0; i < roles.count; i++)
		sorted[i] = &roles.roles[i];
	qsort(sorted, roles.count, sizeof(*sorted), by_role);
	for (size_t i = 0; i < roles.count; i++) {
		whole = whole && sorted[i]->members_known;
		cJSON_AddItemToArray(job->roles, core_bundle_role(sorted[i]));
	}
	prism_free(sorted);
	if (!whole) {
		struct prism_error err = PRISM_ERROR_INIT;
		(void)prism_error_raise(&err, PRISM_ERROR_DENIED, "the server does not show them");
		warn(job->x, job, "members of its roles left out", &err);
		job->x->result.incomplete++;
	}
}

static void roles_here(void *data, const struct prism_error *err)
{
	struct job *job = data;

	if (!err)
		take_roles(job, core_roles(job->x->core, job->id));
	else if (!bearable(err))
		fail(job->x, err);
	else if (!job->gone) {
		warn(job->x, job, "roles left out", err);
		job->x->result.incomplete++;
	}
	part_done(job);
}

static void add_asset(struct job *job, const struct core_asset *asset)
{
	struct core_asset *kept;

	if (job->asset_count == job->asset_room) {
		job->asset_room = job->asset_room ? job->asset_room * 2 : 8;
		job->assets = prism_realloc_array(job->assets, job->asset_room, sizeof(*job->assets));
	}
	kept = &job->assets[job->asset_count++];
	*kept = (struct core_asset){
	    .id = prism_arena_strdup(job->arena, asset->id),
	    .file_name = prism_arena_strdup(job->arena, asset->file_name),
	    .type_word = prism_arena_strdup(job->arena, asset->type_word),
	    .checksum = prism_arena_strdup(job->arena, asset->checksum),
	};
}

static int by_asset(const void *a, const void *b)
{
	return core_bundle_asset_order(a, b);
}

static void assets_known(struct job *job)
{
	if (job->asset_count)
		qsort(job->assets, job->asset_count, sizeof(*job->assets), by_asset);
	part_done(job);
}

static void derived(void *data, const struct prism_error *err)
{
	struct job *job = data;
	struct core_list *list = err ? NULL : core_computation_assets(job->x->core, job->id);

	if (err)
		fail(job->x, err);
	for (size_t i = 0; list && i < core_list_count(list); i++)
		add_asset(job, core_asset_at(list, i));
	assets_known(job);
}

static void derive(struct job *job)
{
	struct prism_error err = PRISM_ERROR_INIT;

	if (core_list_await(core_computation_assets(job->x->core, job->id), true, job->x->cancel,
	                    derived, job, &err) < 0)
		derived(job, &err);
}

static void page_query(struct core_query *query, void *data)
{
	const struct job *job = data;

	core_query_add_int(query, "limit", CORE_LIST_PAGE);
	core_query_add_int(query, "offset", (int64_t)job->asset_count);
}

static void ask_assets(struct job *job);

static void assets_here(void *data, const struct core_reply *reply, const struct prism_error *err)
{
	struct job *job = data;
	const cJSON *items = err ? NULL : core_items_of(reply->json, "assets"), *entry;
	size_t seen = 0;

	if (err && err->category == PRISM_ERROR_MISSING && !job->gone) {
		job->x->derive = true;
		derive(job);
		return;
	}
	if (err && !bearable(err))
		fail(job->x, err);
	cJSON_ArrayForEach(entry, items)
	{
		struct core_asset asset = {0};
		struct prism_arena *arena = prism_arena_create();
		if (core_asset_decode(&asset, entry, arena) && *asset.id)
			add_asset(job, &asset);
		prism_arena_destroy(arena);
		seen++;
	}
	bool more = !err && seen > 0 &&
	            (int64_t)job->asset_count < prism_json_int(reply->json, "total", 0) &&
	            job->asset_count < CORE_BUNDLE_ASSETS;
	if (more && !failed(job->x))
		ask_assets(job);
	else
		assets_known(job);
}

static void ask_assets(struct job *job)
{
	struct core_call call = {.endpoint = CORE_EP_COMP_ASSETS,
	                         .arg = {[CORE_ARG_C] = job->id},
	                         .query = page_query,
	                         .query_data = job};
	struct prism_error err = PRISM_ERROR_INIT;

	if (!core_request_start(job->x->core, &call, job->x->cancel, assets_here, job, &err))
		assets_here(job, NULL, &err);
}

/* ---- manifests ---- */

struct saving {
	struct exporting *x;
	char *path, *text;
	size_t len;
	bool failed;
	struct prism_error error;
};

static void save_run(void *data)
{
	struct saving *s = data;

	s->failed = prism_file_write(s->path, s->text, s->len, 0600, &s->error) < 0;
}

static void save_done(void *data, bool cancelled)
{
	struct saving *s = data;
	struct exporting *x = s->x;

	PRISM_UNUSED(cancelled);
	if (s->failed && !x->orphan)
		fail(x, &s->error);
	prism_free(s->path);
	prism_free(s->text);
	prism_free(s);
	x->saving--;
	pump(x);
}

static void manifest_here(void *data, const struct core_reply *reply, const struct prism_error *err)
{
	struct job *job = data;
	struct exporting *x = job->x;

	if (!err) {
		struct saving *s = prism_alloc(sizeof(*s));
		PRISM_AUTO_FREE char *name = prism_asprintf("%s.json", job->id);
		*s = (struct saving){.x = x,
		                     .path = prism_path_join(x->manifests, name),
		                     .text = prism_memdup(reply->text, reply->text_len + 1),
		                     .len = reply->text_len};
		x->saving++;
		prism_work_submit(core_work(x->core), NULL, save_run, save_done, s);
	} else if (!bearable(err)) {
		fail(x, err);
	} else if (!job->gone) {
		warn(x, job, "no manifest", err);
	}
	part_done(job);
}

/* ---- starting a job ---- */

static void ask(struct job *job, enum core_endpoint_id endpoint, core_reply_fn done)
{
	struct core_call call = {.endpoint = endpoint, .arg = {[CORE_ARG_C] = job->id}};
	struct prism_error err = PRISM_ERROR_INIT;

	job->pending++;
	if (!core_request_start(job->x->core, &call, job->x->cancel, done, job, &err))
		done(job, NULL, &err);
}

static void start_job(struct exporting *x)
{
	struct job *job = prism_alloc(sizeof(*job));
	struct prism_error err = PRISM_ERROR_INIT;

	job->x = x;
	job->id = prism_strdup(x->ids[x->next++]);
	job->roles = cJSON_CreateArray();
	job->arena = prism_arena_create();
	job->pending = 2; /* roles, assets */
	x->running++;
	prism_list_append(&x->jobs, &job->node);
	ask(job, CORE_EP_COMP_GET, doc_here);
	if (core_roles_await(x->core, job->id, true, x->cancel, roles_here, job, &err) < 0)
		roles_here(job, &err);
	if (x->derive)
		derive(job);
	else
		ask_assets(job);
	if (x->manifests && prism_path_safe_name(job->id))
		ask(job, CORE_EP_COMP_MANIFEST, manifest_here);
}

/* ---- writing ---- */

static int sink(void *data, const char *bytes, size_t size, struct prism_error *err)
{
	struct exporting *x = data;

	return core_saver_add(x->saver, bytes, size, err);
}

static void write_head(struct exporting *x, struct job *job)
{
	struct prism_error err = PRISM_ERROR_INIT;
	cJSON *role;
	int result;

	job->head_written = true;
	if (x->private_keys && core_bundle_has_key(job->doc))
		x->result.keys++;
	result = core_bundle_write_computation(
	    &x->writer, core_bundle_computation(job->doc, x->private_keys), &err);
	while (result == 0 && (role = cJSON_DetachItemFromArray(job->roles, 0)))
		result = core_bundle_write_role(&x->writer, role, &err);
	if (result < 0)
		fail(x, &err);
}

static void asset_here(void *data, const struct core_reply *reply, const struct prism_error *err)
{
	struct job *job = data;
	struct exporting *x = job->x;
	struct prism_error failure = PRISM_ERROR_INIT;
	const cJSON *inner = err ? NULL : prism_json_get(reply->json, "asset");

	job->fetching_asset = false;
	if (err && !bearable(err)) {
		fail(x, err);
	} else if (err) {
		warn(x, job, job->assets[job->next_asset].file_name, err);
		x->result.incomplete++;
	} else if (core_bundle_write_asset(
	               &x->writer,
	               core_bundle_asset(cJSON_IsObject(inner) ? inner : reply->json, x->samples),
	               &failure) < 0) {
		fail(x, &failure);
	}
	job->next_asset++;
	pump(x);
}

static void ask_asset(struct job *job)
{
	struct core_call call = {.endpoint = CORE_EP_ASSET_GET,
	                         .arg = {[CORE_ARG_A] = job->assets[job->next_asset].id}};
	struct prism_error err = PRISM_ERROR_INIT;

	job->fetching_asset = true;
	if (!core_request_start(job->x->core, &call, job->x->cancel, asset_here, job, &err))
		asset_here(job, NULL, &err);
}

/* One step of the first job; false: it has to wait. */
static bool write_step(struct exporting *x, struct job *job)
{
	struct prism_error err = PRISM_ERROR_INIT;

	if (job->pending || job->fetching_asset || x->held)
		return false;
	if (!failed(x) && !job->gone) {
		if (!job->head_written)
			write_head(x, job);
		if (!failed(x) && job->next_asset < job->asset_count) {
			ask_asset(job);
			return true;
		}
		if (!failed(x) && core_bundle_write_close(&x->writer, &err) < 0)
			fail(x, &err);
	}
	x->result.computations += !job->gone;
	x->result.skipped += job->gone;
	if (x->spec.progress)
		x->spec.progress(x->data, x->result.computations + x->result.skipped, x->count);
	job_free(job);
	return true;
}

/* After a failure the queue is emptied as its answers come back. */
static void drop_jobs(struct exporting *x)
{
	PRISM_LIST_EACH (&x->jobs, node, next) {
		struct job *job = PRISM_CONTAINER(node, struct job, node);
		if (!job->pending && !job->fetching_asset)
			job_free(job);
	}
}

static void step(struct exporting *x)
{
	bool moved = true;

	while (moved && !failed(x)) {
		moved = false;
		while (!failed(x) && x->running < CORE_EXPORT_AHEAD && x->next < x->count && !x->held)
			start_job(x);
		if (!prism_list_empty(&x->jobs))
			moved = write_step(x, PRISM_CONTAINER(x->jobs.next, struct job, node));
	}
	if (failed(x))
		drop_jobs(x);
}

static void pump(struct exporting *x)
{
	struct prism_error err = PRISM_ERROR_INIT;

	if (x->orphan) {
		drop_jobs(x);
		if (!x->running && !x->listing && !x->saving)
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
	if (x->running || x->saving || x->draining || (!failed(x) && x->next < x->count))
		return;
	if (!failed(x) && core_bundle_write_end(&x->writer, &err) < 0)
		fail(x, &err);
	x->draining = true;
	core_saver_drain(x->saver);
}

static void hold(void *data, bool held)
{
	struct exporting *x = data;

	x->held = held;
	if (!held)
		pump(x);
}

static void drained(void *data, const struct prism_error *err)
{
	struct exporting *x = data;

	/* Stopped while the last bytes were on their way to the disk: nothing appears all the same. */
	if (!failed(x) && err)
		prism_error_copy(&x->error, err);
	else if (!failed(x) && prism_cancel_fired(x->cancel))
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
		fail(x, err);
	} else {
		struct when *all = prism_alloc_array(count + 1, sizeof(*all));
		for (size_t i = 0; i < count; i++) {
			const struct core_computation *c = core_computation_at(list, i);
			all[i] = (struct when){prism_strdup(c->id), c->created_us};
		}
		take_ids(x, all, count);
		prism_free(all);
	}
	pump(x);
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
	pump(data);
}

int core_export_start(struct core *core, const struct core_export_spec *spec,
                      struct prism_cancel *cancel, core_export_fn done, void *data,
                      struct prism_error *err)
{
	PRISM_AUTO_FREE char *path = prism_path_expand(spec->path);
	PRISM_AUTO_FREE char *manifests = spec->manifests ? prism_path_expand(spec->manifests) : NULL;

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
