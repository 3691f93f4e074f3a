/*
 * Assets: the workspace's list, reading, writing, linking.  Checksums are in core/checksum.c, the
 * assets of one computation in core/asset_linked.c.
 */
#include "core/asset_private.h"
#include "core/internal.h"
#include "core/made.h"
#include "core/validate.h"

#include <string.h>
#include <strings.h>

static const struct {
	const char *word, *label;
} types[CORE_ASSET_TYPE_COUNT] = {
    [CORE_ASSET_ALGORITHM] = {"algorithm", "Algorithm"},
    [CORE_ASSET_DATASET] = {"dataset", "Dataset"},
    [CORE_ASSET_OTHER] = {"", "Other"},
};

const char *core_asset_type_word(enum core_asset_type type)
{
	return types[type].word;
}

const char *core_asset_type_label(enum core_asset_type type)
{
	return types[type].label;
}

int core_asset_type_parse(const char *word, enum core_asset_type *ret, struct prism_error *err)
{
	if (strcasecmp(word, "algorithm") == 0 || strcasecmp(word, "algo") == 0)
		*ret = CORE_ASSET_ALGORITHM;
	else if (strcasecmp(word, "dataset") == 0 || strcasecmp(word, "datasets") == 0 ||
	         strcasecmp(word, "data") == 0)
		*ret = CORE_ASSET_DATASET;
	else
		return prism_error_raise(err, PRISM_ERROR_INVALID,
		                         "\"%s\" is neither algorithm nor dataset", word);
	return 0;
}

/* --- decoding --- */

bool core_asset_decode(void *item, const cJSON *entry, struct prism_arena *arena)
{
	struct core_asset *a = item;
	if (!cJSON_IsObject(entry))
		return false;
	a->id = core_str(arena, entry, "id");
	a->file_name = CORE_STR_ANY(arena, entry, "file_name", "filename", "name");
	a->owner = CORE_STR_SHARED(arena, entry, "UserID", "user_id", "owner");
	a->description = core_str(arena, entry, "description");
	a->type_word = CORE_STR_SHARED(arena, entry, "asset_type", "type");
	a->checksum = CORE_STR_ANY(arena, entry, "Checksum", "hash");
	a->mime_type = CORE_STR_SHARED(arena, entry, "mime_type");
	a->user_key = CORE_STR_SHARED(arena, entry, "UserKey", "user_key");
	a->created_us = prism_json_time(entry, "created_at");
	a->sample_size = strlen(prism_json_str(entry, "asset", ""));
	if (core_asset_type_parse(a->type_word, &a->type, NULL) < 0)
		a->type = CORE_ASSET_OTHER;
	const cJSON *computations = prism_json_array(entry, "Computations");
	a->computations_known = computations != NULL;
	a->computations = core_str_array(arena, computations, &a->computation_count);
	return true;
}

static const struct core_list_type list_type = {
    .endpoint = CORE_EP_ASSET_LIST,
    .key = "assets",
    .item_size = sizeof(struct core_asset),
    .event = CORE_EVENT_ASSETS,
    .decode = core_asset_decode,
};

static const struct core_module module = {.name = "assets", .list = &list_type};

struct core_list *core_assets(struct core *core)
{
	return core_module(core, &module);
}

static void links_changed(struct core *core, const char *computation_id)
{
	core_list_refresh(core_assets(core));
	if (computation_id) {
		core_list_refresh(core_computation_assets(core, computation_id));
		core_checklist_stale(core, computation_id);
	}
}

/* --- reading --- */

struct fetching {
	struct core *core;
	core_asset_fn done;
	void *data;
};

static void fetched(void *data, const struct core_reply *reply, const struct prism_error *err)
{
	struct fetching f = *(struct fetching *)data;
	struct prism_error failure = PRISM_ERROR_INIT;
	prism_free(data);
	struct core_asset asset = {0};
	struct prism_arena *arena = prism_arena_create();
	if (!err && !core_asset_decode(&asset, reply->json, arena)) {
		prism_error_raise(&failure, PRISM_ERROR_PROTOCOL, "the answer is not an asset");
		err = &failure;
	}
	f.done(f.data, err ? NULL : &asset, err ? NULL : reply->json, err);
	prism_arena_destroy(arena);
}

int core_asset_fetch(struct core *core, const char *id, struct prism_cancel *cancel,
                     core_asset_fn done, void *data, struct prism_error *err)
{
	struct fetching *f = prism_alloc(sizeof(*f));
	*f = (struct fetching){core, done, data};
	struct core_call call = {.endpoint = CORE_EP_ASSET_GET, .arg = {[CORE_ARG_A] = id}};
	if (core_request_start(core, &call, cancel, fetched, f, err))
		return 0;
	prism_free(f);
	return -1;
}

static const char *name_of(const void *item, int alternative)
{
	return alternative ? NULL : ((const struct core_asset *)item)->file_name;
}

int core_asset_resolve(struct core *core, const char *word, struct prism_cancel *cancel,
                       core_id_fn done, void *data, struct prism_error *err)
{
	return core_resolve_later(core_assets(core), "asset", word, name_of, cancel, done, data, err);
}

/* --- writing --- */

static int check_draft(const struct core_asset_draft *draft, bool create_new,
                       struct prism_error *err)
{
	if ((create_new || draft->description) &&
	    core_validate_named(CORE_FIELD_ASSET_DESCRIPTION, draft->description, err) < 0)
		return -1;
	if ((create_new || draft->checksum) &&
	    core_validate_named(CORE_FIELD_CHECKSUM, draft->checksum, err) < 0)
		return -1;
	if (draft->file_name && core_validate_named(CORE_FIELD_FILE_NAME, draft->file_name, err) < 0)
		return -1;
	if (create_new && draft->type == CORE_ASSET_OTHER)
		return prism_error_raise(err, PRISM_ERROR_INVALID, "the type must be algorithm or dataset");
	if (draft->sample && strlen(draft->sample) / 4 * 3 > CORE_SAMPLE_MAX + 2)
		return prism_error_raise(err, PRISM_ERROR_LIMIT, "the sample is larger than 10 MB");
	return 0;
}

static void merge(cJSON *asset, const struct core_asset_draft *draft)
{
	if (draft->file_name)
		core_json_put_any(asset, "file_name", draft->file_name);
	if (draft->description)
		core_json_put_any(asset, "description", draft->description);
	if (draft->type != CORE_ASSET_OTHER)
		core_json_put_any(asset, "asset_type", types[draft->type].word);
	if (draft->mime_type)
		core_json_put_any(asset, "mime_type", draft->mime_type);
	if (draft->sample)
		core_json_put_any(asset, "asset", draft->sample);
	if (draft->user_key)
		core_json_put_any(asset, "user_key", draft->user_key);
	if (draft->checksum)
		core_json_put_any(asset, "Checksum", draft->checksum); /* Q20: spelled exactly so */
}

static cJSON *wrapped(cJSON *asset)
{
	cJSON *body = cJSON_CreateObject();
	cJSON_AddItemToObject(body, "asset", asset);
	return body;
}

/* By what it holds; a server that lists no checksums is asked by name. */
static bool same_asset(const cJSON *entry, const char *const *wanted)
{
	const char *checksum = prism_json_str(entry, "checksum", prism_json_str(entry, "hash", ""));
	return *checksum ? strcasecmp(checksum, wanted[0]) == 0
	                 : strcmp(prism_json_str(entry, "file_name", ""), wanted[1]) == 0;
}

static void asset_made(struct core *core)
{
	links_changed(core, NULL);
}

static const struct core_made_type made_type = {.noun = "asset",
                                                .list = CORE_EP_ASSET_LIST,
                                                .key = "assets",
                                                .same = same_asset,
                                                .made = asset_made};

int core_asset_create(struct core *core, const struct core_asset_draft *draft,
                      struct prism_cancel *cancel, core_id_fn done, void *data,
                      struct prism_error *err)
{
	if (check_draft(draft, true, err) < 0)
		return -1;
	cJSON *asset = cJSON_CreateObject();
	merge(asset, draft);
	PRISM_AUTO_JSON cJSON *body = wrapped(asset);
	const struct core_call call = {.endpoint = CORE_EP_ASSET_CREATE, .body = body};
	const struct core_made what = {.type = &made_type,
	                               .wanted = {draft->checksum, draft->file_name},
	                               .done = done,
	                               .data = data};
	return core_make(core, &call, &what, cancel, err);
}

struct updating {
	struct core *core;
	char *id;
	cJSON *changes; /* what the draft says, already in wire words */
	struct prism_cancel *cancel;
	core_done_fn done;
	void *data;
};

static void updating_finish(struct updating *u, const struct prism_error *err)
{
	u->done(u->data, err);
	cJSON_Delete(u->changes);
	prism_free(u->id);
	prism_free(u);
}

static void updated(void *data, const struct core_reply *reply, const struct prism_error *err)
{
	struct updating *u = data;
	if (!err)
		links_changed(u->core, NULL);
	updating_finish(u, err);
}

static void update_base_read(void *data, const struct core_reply *reply,
                             const struct prism_error *err)
{
	struct updating *u = data;
	struct prism_error failure = PRISM_ERROR_INIT;
	if (err) {
		updating_finish(u, err);
		return;
	}
	const cJSON *inner = prism_json_get(reply->json, "asset");
	cJSON *asset = cJSON_Duplicate(cJSON_IsObject(inner) ? inner : reply->json, true);
	const cJSON *change;
	cJSON_ArrayForEach(change, u->changes)
	    core_json_put_any(asset, change->string, change->valuestring);
	PRISM_AUTO_JSON cJSON *body = wrapped(asset);
	struct core_call call = {
	    .endpoint = CORE_EP_ASSET_UPDATE, .arg = {[CORE_ARG_A] = u->id}, .body = body};
	if (!core_request_start(u->core, &call, u->cancel, updated, u, &failure))
		updating_finish(u, &failure);
}

int core_asset_update(struct core *core, const char *id, const struct core_asset_draft *draft,
                      struct prism_cancel *cancel, core_done_fn done, void *data,
                      struct prism_error *err)
{
	if (check_draft(draft, false, err) < 0)
		return -1;
	struct updating *u = prism_alloc(sizeof(*u));
	*u = (struct updating){core, prism_strdup(id), cJSON_CreateObject(), cancel, done, data};
	merge(u->changes, draft);
	struct core_call call = {.endpoint = CORE_EP_ASSET_GET, .arg = {[CORE_ARG_A] = id}};
	if (core_request_start(core, &call, cancel, update_base_read, u, err))
		return 0;
	cJSON_Delete(u->changes);
	prism_free(u->id);
	prism_free(u);
	return -1;
}

/* --- delete, link, unlink --- */

struct touching {
	struct core *core;
	char *computation; /* NULL: none */
	char *removed;     /* asset that is no more; NULL */
	core_done_fn done;
	void *data;
};

static void touched(void *data, const struct core_reply *reply, const struct prism_error *err)
{
	struct touching *t = data;
	struct prism_error failure = PRISM_ERROR_INIT;
	if (err && err->status == 403 && t->computation) { /* section 3.7 */
		prism_error_copy(&failure, err);
		prism_error_hint(&failure, "linking needs algo_provider or dataset_provider on that "
		                           "computation, whichever fits the asset");
		err = &failure;
	}
	if (!err && !core_dying(t->core)) {
		if (t->removed)
			core_list_remove(core_assets(t->core), t->removed);
		links_changed(t->core, t->computation);
	}
	t->done(t->data, err);
	prism_free(t->computation);
	prism_free(t->removed);
	prism_free(t);
}

static int touch(struct core *core, enum core_endpoint_id endpoint, const char *id,
                 const char *computation, bool removes, struct prism_cancel *cancel,
                 core_done_fn done, void *data, struct prism_error *err)
{
	struct touching *t = prism_alloc(sizeof(*t));
	*t = (struct touching){core, prism_strdup(computation), removes ? prism_strdup(id) : NULL, done,
	                       data};
	struct core_call call = {.endpoint = endpoint,
	                         .arg = {[CORE_ARG_A] = id, [CORE_ARG_C] = computation}};
	if (core_request_start(core, &call, cancel, touched, t, err))
		return 0;
	prism_free(t->computation);
	prism_free(t->removed);
	prism_free(t);
	return -1;
}

int core_asset_delete(struct core *core, const char *id, struct prism_cancel *cancel,
                      core_done_fn done, void *data, struct prism_error *err)
{
	return touch(core, CORE_EP_ASSET_DELETE, id, NULL, true, cancel, done, data, err);
}

int core_asset_link(struct core *core, const char *id, const char *computation_id,
                    struct prism_cancel *cancel, core_done_fn done, void *data,
                    struct prism_error *err)
{
	return touch(core, CORE_EP_ASSET_LINK, id, computation_id, false, cancel, done, data, err);
}

int core_asset_unlink(struct core *core, const char *id, const char *computation_id,
                      struct prism_cancel *cancel, core_done_fn done, void *data,
                      struct prism_error *err)
{
	return touch(core, CORE_EP_ASSET_UNLINK, id, computation_id, false, cancel, done, data, err);
}
