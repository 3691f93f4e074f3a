/*
 * Owns the reading of one computation of an export: its document, its roles, the list of its
 * assets and its manifest, all asked for at once.  The assets themselves are read by
 * core/export_assets.c when their turn comes near.
 */
#include "core/asset_private.h"
#include "core/bundle.h"
#include "core/computation.h"
#include "core/export_private.h"
#include "core/role.h"

#include "base/file.h"

#include <string.h>

void core_export_job_free(struct export_job *job)
{
	prism_list_remove(&job->node);
	job->x->running--;
	prism_json_wipe(job->computation); /* may hold a private key */
	prism_free(job->name);
	cJSON_Delete(job->roles);
	prism_arena_destroy(job->arena);
	prism_free(job->assets);
	prism_free(job->id);
	prism_free(job);
}

/* ---- reading one computation ---- */

static void part_done(struct export_job *job)
{
	job->pending--;
	core_export_pump(job->x);
}

static void doc_here(void *data, const struct core_reply *reply, const struct prism_error *err)
{
	struct export_job *job = data;

	if (!err && cJSON_IsObject(reply->json)) {
		job->name = prism_strdup(prism_json_str(reply->json, "name", job->id));
		job->has_key = job->x->private_keys && core_bundle_has_key(reply->json);
		job->computation = core_bundle_computation(reply->json, job->x->private_keys);
	} else if (!err || core_export_bearable(err)) {
		struct prism_error odd = PRISM_ERROR_INIT;
		(void)prism_error_raise(&odd, PRISM_ERROR_PROTOCOL, "the answer is not a computation");
		core_export_warn(job->x, job, "left out", err ? err : &odd);
		job->gone = true;
	} else {
		core_export_fail(job->x, err);
	}
	part_done(job);
}

static int by_role(const void *a, const void *b)
{
	return core_bundle_role_order(*(const struct core_role *const *)a,
	                              *(const struct core_role *const *)b);
}

static void take_roles(struct export_job *job, struct core_roles roles)
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
		core_export_warn(job->x, job, "members of its roles left out", &err);
		job->x->result.incomplete++;
	}
}

static void roles_here(void *data, const struct prism_error *err)
{
	struct export_job *job = data;

	if (!err)
		take_roles(job, core_roles(job->x->core, job->id));
	else if (!core_export_bearable(err))
		core_export_fail(job->x, err);
	else if (!job->gone) {
		core_export_warn(job->x, job, "roles left out", err);
		job->x->result.incomplete++;
	}
	part_done(job);
}

static void add_asset(struct export_job *job, const struct core_asset *asset)
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

static void assets_known(struct export_job *job)
{
	if (job->asset_count)
		qsort(job->assets, job->asset_count, sizeof(*job->assets), by_asset);
	job->assets_known = true;
	part_done(job);
}

static void derived(void *data, const struct prism_error *err)
{
	struct export_job *job = data;
	struct core_list *list = err ? NULL : core_computation_assets(job->x->core, job->id);

	if (err)
		core_export_fail(job->x, err);
	for (size_t i = 0; list && i < core_list_count(list); i++)
		add_asset(job, core_asset_at(list, i));
	assets_known(job);
}

static void derive(struct export_job *job)
{
	struct prism_error err = PRISM_ERROR_INIT;

	if (core_list_await(core_computation_assets(job->x->core, job->id), true, job->x->cancel,
	                    derived, job, &err) < 0)
		derived(job, &err);
}

static void page_query(struct core_query *query, void *data)
{
	const struct export_job *job = data;

	core_query_add_int(query, "limit", CORE_LIST_PAGE);
	core_query_add_int(query, "offset", (int64_t)job->asset_count);
}

static void ask_assets(struct export_job *job);

static void assets_here(void *data, const struct core_reply *reply, const struct prism_error *err)
{
	struct export_job *job = data;
	const cJSON *items = err ? NULL : core_items_of(reply->json, "assets"), *entry;
	size_t seen = 0;

	if (err && err->category == PRISM_ERROR_MISSING && !job->gone) {
		job->x->derive = true;
		derive(job);
		return;
	}
	if (err && !core_export_bearable(err))
		core_export_fail(job->x, err);
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
	if (more && !core_export_failed(job->x))
		ask_assets(job);
	else
		assets_known(job);
}

static void ask_assets(struct export_job *job)
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
		core_export_fail(x, &s->error);
	prism_free(s->path);
	prism_free(s->text);
	prism_free(s);
	x->saving--;
	core_export_pump(x);
}

static void manifest_here(void *data, const struct core_reply *reply, const struct prism_error *err)
{
	struct export_job *job = data;
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
	} else if (!core_export_bearable(err)) {
		core_export_fail(x, err);
	} else if (!job->gone) {
		core_export_warn(x, job, "no manifest", err);
	}
	part_done(job);
}

/* ---- starting a job ---- */

static void ask(struct export_job *job, enum core_endpoint_id endpoint, core_reply_fn done)
{
	struct core_call call = {.endpoint = endpoint, .arg = {[CORE_ARG_C] = job->id}};
	struct prism_error err = PRISM_ERROR_INIT;

	job->pending++;
	if (!core_request_start(job->x->core, &call, job->x->cancel, done, job, &err))
		done(job, NULL, &err);
}

void core_export_job_start(struct exporting *x)
{
	struct export_job *job = prism_alloc(sizeof(*job));
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
