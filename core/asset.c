/*
 * Assets: lists, reading, writing, linking.  Checksums are in core/checksum.c.
 *
 * The assets of one computation come from an inferred endpoint where the server has it; otherwise
 * (reference Q10) from what each asset says about its computations, asking per asset where it is
 * silent.
 */
#include "core/asset.h"

#include "base/file.h"
#include "core/computation.h"
#include "core/internal.h"
#include "core/single.h"
#include "core/validate.h"

#include <string.h>
#include <strings.h>

#define ASK_AT_ONCE 4
#define ASK_MAX 500 /* assets asked one by one; more would take longer than anybody waits */

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

static bool decode(void *item, const cJSON *entry, struct prism_arena *arena)
{
	struct core_asset *a = item;
	if (!cJSON_IsObject(entry))
		return false;
	a->id = core_str(arena, entry, "id");
	a->file_name = CORE_STR_ANY(arena, entry, "file_name", "filename", "name");
	a->owner = CORE_STR_ANY(arena, entry, "UserID", "user_id", "owner");
	a->description = core_str(arena, entry, "description");
	a->type_word = CORE_STR_ANY(arena, entry, "asset_type", "type");
	a->checksum = CORE_STR_ANY(arena, entry, "Checksum", "hash");
	a->mime_type = core_str(arena, entry, "mime_type");
	a->user_key = CORE_STR_ANY(arena, entry, "UserKey", "user_key");
	a->created_us = prism_json_time(entry, "created_at");
	a->sample_size = strlen(prism_json_str(entry, "asset", ""));
	if (core_asset_type_parse(a->type_word, &a->type, NULL) < 0)
		a->type = CORE_ASSET_OTHER;
	const cJSON *computations = prism_json_array(entry, "Computations");
	a->computations_known = computations != NULL;
	a->computations = core_str_array(arena, computations, &a->computation_count);
	return true;
}

static void copy_asset(void *item, const void *from, struct prism_arena *arena)
{
	struct core_asset *to = item;
	*to = *(const struct core_asset *)from;
	const char **texts[] = {&to->id,        &to->file_name, &to->owner,     &to->description,
	                        &to->type_word, &to->checksum,  &to->mime_type, &to->user_key};
	for (size_t i = 0; i < PRISM_COUNT(texts); i++)
		*texts[i] = prism_arena_strdup(arena, *texts[i]);
	const char **words = prism_arena_alloc(arena, (to->computation_count + 1) * sizeof(*words));
	for (size_t i = 0; i < to->computation_count; i++)
		words[i] = prism_arena_strdup(arena, to->computations[i]);
	to->computations = words;
}

static const struct core_list_type list_type = {
    .endpoint = CORE_EP_ASSET_LIST,
    .key = "assets",
    .item_size = sizeof(struct core_asset),
    .event = CORE_EVENT_ASSETS,
    .decode = decode,
};

/* --- assets of one computation --- */

struct linked {
	struct prism_list node;
	struct core *core;
	char *computation;
	struct core_list *list;
	/* the other way: */
	bool deriving;
	size_t next, in_flight;
	struct prism_error error;
};

struct assets {
	struct core *core;
	struct core_list *list;
	struct prism_list linked;
};

static bool linked_fallback(struct core_list *list, void *data);

static const struct core_list_type linked_type = {
    .endpoint = CORE_EP_COMP_ASSETS,
    .key = "assets",
    .item_size = sizeof(struct core_asset),
    .event = CORE_EVENT_ASSETS,
    .decode = decode,
    .fallback = linked_fallback,
};

static void *create(struct core *core)
{
	struct assets *a = prism_alloc(sizeof(*a));
	a->core = core;
	a->list = core_list_create(core, &list_type, NULL, NULL);
	prism_list_init(&a->linked);
	return a;
}

static void linked_free(struct linked *linked)
{
	prism_list_remove(&linked->node);
	core_list_destroy(linked->list);
	prism_free(linked->computation);
	prism_free(linked);
}

static void destroy(void *state)
{
	struct assets *a = state;
	core_list_destroy(a->list);
	PRISM_LIST_EACH (&a->linked, node, next)
		linked_free(PRISM_CONTAINER(node, struct linked, node));
	prism_free(a);
}

static void reset(void *state)
{
	struct assets *a = state;
	core_list_clear(a->list);
	/* Lists are only emptied: somebody may hold one, and answers may still be on their way. */
	PRISM_LIST_EACH (&a->linked, node, next) {
		struct linked *linked = PRISM_CONTAINER(node, struct linked, node);
		linked->deriving = false;
		core_list_clear(linked->list);
	}
}

static const struct core_module module = {
    .name = "assets", .create = create, .destroy = destroy, .reset = reset};

static struct assets *assets_of(struct core *core)
{
	return core_module(core, &module);
}

struct core_list *core_assets(struct core *core)
{
	return assets_of(core)->list;
}

struct core_list *core_computation_assets(struct core *core, const char *computation_id)
{
	struct assets *a = assets_of(core);
	PRISM_LIST_EACH (&a->linked, node, next) {
		struct linked *linked = PRISM_CONTAINER(node, struct linked, node);
		if (strcmp(linked->computation, computation_id) == 0)
			return linked->list;
	}
	struct linked *linked = prism_alloc(sizeof(*linked));
	linked->core = core;
	linked->computation = prism_strdup(computation_id);
	linked->list = core_list_create(core, &linked_type, computation_id, linked);
	core_list_set_arg(linked->list, CORE_ARG_C, computation_id);
	prism_list_prepend(&a->linked, &linked->node);
	return linked->list;
}

static bool names_computation(const struct linked *linked, const char *word)
{
	const struct core_computation *c = core_computation_get(linked->core, linked->computation);
	return strcmp(word, linked->computation) == 0 || (c && strcmp(word, c->name) == 0);
}

static bool says_linked(const struct linked *linked, const struct core_asset *asset)
{
	for (size_t i = 0; i < asset->computation_count; i++)
		if (names_computation(linked, asset->computations[i]))
			return true;
	return false;
}

struct asking {
	struct linked *linked;
	char *asset;
};

static void derive_next(struct linked *linked);

static void computations_answered(void *data, const struct core_reply *reply,
                                  const struct prism_error *err)
{
	struct asking *asking = data;
	struct linked *linked = asking->linked;
	linked->in_flight--;
	if (err) {
		if (linked->error.category == PRISM_ERROR_NONE && err->category != PRISM_ERROR_MISSING)
			prism_error_copy(&linked->error, err);
	} else if (linked->deriving) {
		struct prism_arena *arena = prism_arena_create();
		size_t count;
		const char *const *words =
		    core_str_array(arena, core_items_of(reply->json, "computations"), &count);
		bool found = false;
		for (size_t i = 0; i < count; i++)
			found = found || names_computation(linked, words[i]);
		const struct core_asset *asset = core_list_find(core_assets(linked->core), asking->asset);
		if (found && asset)
			core_list_feed(linked->list, asset, copy_asset);
		prism_arena_destroy(arena);
	}
	prism_free(asking->asset);
	prism_free(asking);
	derive_next(linked);
}

static bool ask_asset(struct linked *linked, const char *id)
{
	struct asking *asking = prism_alloc(sizeof(*asking));
	*asking = (struct asking){linked, prism_strdup(id)};
	struct core_call call = {.endpoint = CORE_EP_ASSET_COMPS, .arg = {[CORE_ARG_A] = id}};
	if (core_request_start(linked->core, &call, core_cancel(linked->core), computations_answered,
	                       asking, &linked->error)) {
		linked->in_flight++;
		return true;
	}
	prism_free(asking->asset);
	prism_free(asking);
	return false;
}

static void derive_next(struct linked *linked)
{
	struct core_list *all = core_assets(linked->core);
	if (!linked->deriving || core_dying(linked->core))
		return;
	while (linked->next < core_list_count(all) && linked->next < ASK_MAX &&
	       linked->in_flight < ASK_AT_ONCE && linked->error.category == PRISM_ERROR_NONE) {
		const struct core_asset *asset = core_asset_at(all, linked->next++);
		if (asset->computations_known) {
			if (says_linked(linked, asset))
				core_list_feed(linked->list, asset, copy_asset);
		} else if (!ask_asset(linked, asset->id)) {
			break;
		}
	}
	if (linked->in_flight > 0)
		return;
	linked->deriving = false;
	core_list_feed_end(linked->list, linked->error.category ? &linked->error : NULL);
}

static void all_assets_known(void *data, const struct prism_error *err)
{
	struct linked *linked = data;
	if (err)
		prism_error_copy(&linked->error, err);
	derive_next(linked);
}

static bool linked_fallback(struct core_list *list, void *data)
{
	struct linked *linked = data;
	if (linked->deriving)
		return true;
	linked->deriving = true;
	linked->next = 0;
	prism_error_clear(&linked->error);
	if (core_list_await(core_assets(linked->core), false, core_cancel(linked->core),
	                    all_assets_known, linked, NULL) == 0)
		return true;
	linked->deriving = false;
	return false;
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
	if (!err && !decode(&asset, reply->json, arena)) {
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
	if (draft->sample && strlen(draft->sample) > CORE_STRING_MAX)
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

struct creating {
	struct core *core;
	char *checksum, *file_name;
	core_id_fn done;
	void *data;
};

static void creating_finish(struct creating *c, const char *id, const struct prism_error *err)
{
	c->done(c->data, id, err);
	prism_free(c->checksum);
	prism_free(c->file_name);
	prism_free(c);
}

/* The server did not say the id: the newest asset with that checksum and name is it. */
static void created_listed(void *data, const struct prism_error *err)
{
	struct creating *c = data;
	struct core_list *list = core_assets(c->core);
	const struct core_asset *newest = NULL;
	for (size_t i = 0; !err && i < core_list_count(list); i++) {
		const struct core_asset *at = core_asset_at(list, i);
		bool same = *at->checksum ? strcasecmp(at->checksum, c->checksum) == 0
		                          : strcmp(at->file_name, c->file_name) == 0;
		if (same && (!newest || at->created_us > newest->created_us))
			newest = at;
	}
	PRISM_AUTO_FREE char *id = prism_strdup(newest ? newest->id : "");
	creating_finish(c, id, NULL);
}

static void created(void *data, const struct core_reply *reply, const struct prism_error *err)
{
	struct creating *c = data;
	if (err) {
		creating_finish(c, "", err);
	} else if (*reply->id) {
		links_changed(c->core, NULL);
		creating_finish(c, reply->id, NULL);
	} else if (core_list_await(core_assets(c->core), true, core_cancel(c->core), created_listed, c,
	                           NULL) < 0) {
		creating_finish(c, "", NULL);
	}
}

int core_asset_create(struct core *core, const struct core_asset_draft *draft,
                      struct prism_cancel *cancel, core_id_fn done, void *data,
                      struct prism_error *err)
{
	if (check_draft(draft, true, err) < 0)
		return -1;
	cJSON *asset = cJSON_CreateObject();
	merge(asset, draft);
	PRISM_AUTO_JSON cJSON *body = wrapped(asset);
	struct creating *c = prism_alloc(sizeof(*c));
	*c = (struct creating){core, prism_strdup(draft->checksum),
	                       prism_strdup(draft->file_name ? draft->file_name : ""), done, data};
	struct core_call call = {.endpoint = CORE_EP_ASSET_CREATE, .body = body};
	if (core_request_start(core, &call, cancel, created, c, err))
		return 0;
	prism_free(c->checksum);
	prism_free(c->file_name);
	prism_free(c);
	return -1;
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
