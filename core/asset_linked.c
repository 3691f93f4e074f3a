/*
 * The assets of one computation.
 *
 * They come from an inferred endpoint where the server has it; otherwise (reference Q10) from what
 * each asset says about its computations, asking per asset where it is silent.
 */
#include "core/asset_private.h"
#include "core/computation.h"
#include "core/internal.h"

#include <string.h>

#define ASK_AT_ONCE 4
#define ASK_MAX 500 /* assets asked one by one; more would take longer than anybody waits */

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

struct links {
	struct prism_list all; /* of struct linked */
};

static bool linked_fallback(struct core_list *list, void *data);

static const struct core_list_type linked_type = {
    .endpoint = CORE_EP_COMP_ASSETS,
    .key = "assets",
    .item_size = sizeof(struct core_asset),
    .event = CORE_EVENT_ASSETS,
    .decode = core_asset_decode,
    .fallback = linked_fallback,
};

static void *create(struct core *core)
{
	struct links *links = prism_alloc(sizeof(*links));
	prism_list_init(&links->all);
	return links;
}

static void destroy(void *state)
{
	struct links *links = state;
	PRISM_LIST_EACH (&links->all, node, next) {
		struct linked *linked = PRISM_CONTAINER(node, struct linked, node);
		prism_list_remove(node);
		core_list_destroy(linked->list);
		prism_free(linked->computation);
		prism_free(linked);
	}
	prism_free(links);
}

/* Lists are only emptied: somebody may hold one, and answers may still be on their way. */
static void reset(void *state)
{
	struct links *links = state;
	PRISM_LIST_EACH (&links->all, node, next) {
		struct linked *linked = PRISM_CONTAINER(node, struct linked, node);
		linked->deriving = false;
		core_list_clear(linked->list);
	}
}

static const struct core_module module = {
    .name = "linked assets", .create = create, .destroy = destroy, .reset = reset};

struct core_list *core_computation_assets(struct core *core, const char *computation_id)
{
	struct links *links = core_module(core, &module);
	PRISM_LIST_EACH (&links->all, node, next) {
		struct linked *linked = PRISM_CONTAINER(node, struct linked, node);
		if (strcmp(linked->computation, computation_id) == 0)
			return linked->list;
	}
	struct linked *linked = prism_alloc(sizeof(*linked));
	linked->core = core;
	linked->computation = prism_strdup(computation_id);
	linked->list = core_list_create(core, &linked_type, computation_id, linked);
	core_list_set_arg(linked->list, CORE_ARG_C, computation_id);
	prism_list_prepend(&links->all, &linked->node);
	return linked->list;
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
