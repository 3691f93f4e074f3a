/*
 * The manifest: kept as bytes, shown as a table (reference 6.2).
 */
#include "core/manifest.h"

#include "base/file.h"
#include "base/text.h"
#include "core/internal.h"
#include "core/single.h"
#include "net/crypto.h"

#include <string.h>
#include <strings.h>

#define ENTRIES_MAX 10000 /* datasets or consumers of one manifest */

/* --- decoding --- */

static void hash_decode(char out[65], const cJSON *hash)
{
	uint8_t bytes[64];
	size_t len = 0;
	out[0] = '\0';
	if (cJSON_IsArray(hash)) {
		const cJSON *number;
		cJSON_ArrayForEach(number, hash)
		{
			if (!cJSON_IsNumber(number) || number->valuedouble < 0 || number->valuedouble > 255 ||
			    len >= 32)
				return;
			bytes[len++] = (uint8_t)number->valueint;
		}
	} else if (cJSON_IsString(hash)) {
		const char *text = hash->valuestring;
		if (strlen(text) == 64 &&
		    prism_hex_decode(text, 64, bytes, sizeof(bytes), &len, NULL) == 0) {
			/* hex */
		} else {
			PRISM_AUTO_BUF struct prism_buf decoded = PRISM_BUF_INIT(256);
			len = 0;
			if (prism_base64_decode(text, strlen(text), &decoded, NULL) == 0 && decoded.len == 32) {
				memcpy(bytes, decoded.data, 32);
				len = 32;
			}
		}
	}
	if (len == 32)
		prism_hex_encode(bytes, 32, out);
}

static void entry_decode(struct core_manifest_entry *entry, const cJSON *obj, const char *use,
                         struct prism_arena *arena)
{
	hash_decode(entry->hash, prism_json_get(obj, "hash"));
	entry->file_name = CORE_STR_ANY(arena, obj, "filename", "file_name");
	entry->user_key = CORE_STR_ANY(arena, obj, "user_key", "userKey");
	entry->algo_type = core_str(arena, obj, "algo_type");
	entry->use = use;
	entry->fingerprint[0] = '\0';
	if (!*entry->user_key)
		return;
	struct net_key *key = net_key_read_public(entry->user_key, strlen(entry->user_key), NULL);
	if (key && net_key_fingerprint(key, entry->fingerprint, NULL) < 0)
		entry->fingerprint[0] = '\0';
	net_key_destroy(key);
}

static const struct core_manifest_entry *
entries_decode(const cJSON *array, const char *use, struct prism_arena *arena, size_t *ret_count)
{
	*ret_count = 0;
	int size = cJSON_IsArray(array) ? cJSON_GetArraySize(array) : 0;
	if (size > ENTRIES_MAX)
		size = ENTRIES_MAX;
	struct core_manifest_entry *entries =
	    prism_arena_alloc(arena, ((size_t)size + 1) * sizeof(*entries));
	const cJSON *obj;
	cJSON_ArrayForEach(obj, array)
	{
		if (*ret_count < (size_t)size)
			entry_decode(&entries[(*ret_count)++], obj, use, arena);
	}
	return entries;
}

struct core_manifest *core_manifest_decode(struct prism_arena *arena, const char *text, size_t len,
                                           struct prism_error *err)
{
	PRISM_AUTO_JSON cJSON *doc = prism_json_parse(text, len, err);
	if (!doc)
		return NULL;
	if (!cJSON_IsObject(doc)) {
		prism_error_raise(err, PRISM_ERROR_PROTOCOL, "the document is not a manifest");
		return NULL;
	}
	struct core_manifest *m = prism_arena_alloc(arena, sizeof(*m));
	const cJSON *algorithm = prism_json_get(doc, "algorithm");
	m->id = core_str(arena, doc, "id");
	m->name = core_str(arena, doc, "name");
	m->description = core_str(arena, doc, "description");
	m->has_algorithm = cJSON_IsObject(algorithm);
	entry_decode(&m->algorithm, algorithm, "algorithm", arena);
	m->datasets =
	    entries_decode(prism_json_get(doc, "datasets"), "dataset", arena, &m->dataset_count);
	m->consumers = entries_decode(prism_json_get(doc, "result_consumers"), "result consumer", arena,
	                              &m->consumer_count);
	m->raw = prism_arena_strndup(arena, text, len);
	m->raw_len = len;
	return m;
}

/* --- cache --- */

struct cached {
	struct prism_list node;
	struct core_single single;
	char *id;
	bool gone;
	struct prism_arena *arena;
	struct core_manifest *manifest;
};

struct cache {
	struct prism_list all;
};

static void *create(struct core *core)
{
	struct cache *cache = prism_alloc(sizeof(*cache));
	prism_list_init(&cache->all);
	return cache;
}

static void cached_free(struct cached *c)
{
	prism_list_remove(&c->node);
	core_single_finish(&c->single);
	prism_arena_destroy(c->arena);
	prism_free(c->id);
	prism_free(c);
}

static void destroy(void *state)
{
	struct cache *cache = state;
	PRISM_LIST_EACH (&cache->all, node, next)
		cached_free(PRISM_CONTAINER(node, struct cached, node));
	prism_free(cache);
}

static void reset(void *state)
{
	struct cache *cache = state;
	PRISM_LIST_EACH (&cache->all, node, next) {
		struct cached *c = PRISM_CONTAINER(node, struct cached, node);
		if (c->single.status.loading)
			c->gone = true;
		else
			cached_free(c);
	}
}

static const struct core_module module = {
    .name = "manifests", .create = create, .destroy = destroy, .reset = reset};

static void answered(void *data, const struct core_reply *reply, const struct prism_error *err)
{
	struct cached *c = data;
	struct prism_error failure = PRISM_ERROR_INIT;
	if (c->gone) {
		c->single.status.loading = false;
		cached_free(c);
		return;
	}
	struct prism_arena *arena = prism_arena_create();
	struct core_manifest *fresh = NULL;
	if (!err) {
		fresh = core_manifest_decode(arena, reply->text, reply->text_len, &failure);
		err = fresh ? NULL : &failure;
	}
	if (fresh) {
		prism_arena_destroy(c->arena);
		c->arena = arena;
		c->manifest = fresh;
	} else {
		prism_arena_destroy(arena);
	}
	core_single_loaded(&c->single, err);
}

static void start(struct core_single *single)
{
	struct cached *c = PRISM_CONTAINER(single, struct cached, single);
	struct core_call call = {.endpoint = CORE_EP_COMP_MANIFEST, .arg = {[CORE_ARG_C] = c->id}};
	struct prism_error err = PRISM_ERROR_INIT;
	if (!core_request_start(single->core, &call, core_cancel(single->core), answered, c, &err))
		core_single_loaded(single, &err);
}

static struct cached *cached_of(struct core *core, const char *id)
{
	struct cache *cache = core_module(core, &module);
	PRISM_LIST_EACH (&cache->all, node, next) {
		struct cached *c = PRISM_CONTAINER(node, struct cached, node);
		if (c->gone || strcmp(c->id, id) != 0)
			continue;
		core_cache_use(&cache->all, node);
		return c;
	}
	struct prism_list *old = core_cache_surplus(&cache->all);
	if (old && !core_single_busy(&PRISM_CONTAINER(old, struct cached, node)->single))
		cached_free(PRISM_CONTAINER(old, struct cached, node));
	struct cached *c = prism_alloc(sizeof(*c));
	c->id = prism_strdup(id);
	core_single_init(&c->single, core, CORE_EVENT_MANIFEST, c->id, start);
	prism_list_prepend(&cache->all, &c->node);
	return c;
}

const struct core_manifest *core_manifest(struct core *core, const char *computation_id)
{
	return cached_of(core, computation_id)->manifest;
}

const struct core_status *core_manifest_status(struct core *core, const char *computation_id)
{
	return &cached_of(core, computation_id)->single.status;
}

void core_manifest_load(struct core *core, const char *computation_id, bool refresh)
{
	core_single_load(&cached_of(core, computation_id)->single, refresh);
}

int core_manifest_await(struct core *core, const char *computation_id, bool refresh,
                        struct prism_cancel *cancel, core_done_fn done, void *data,
                        struct prism_error *err)
{
	return core_single_await(&cached_of(core, computation_id)->single, refresh, cancel, done, data,
	                         err);
}

int core_manifest_save(const struct core_manifest *manifest, const char *path,
                       struct prism_error *err)
{
	PRISM_AUTO_FREE char *expanded = prism_path_expand(path);
	return prism_file_write(expanded, manifest->raw, manifest->raw_len, 0644, err);
}

const struct core_manifest_entry *core_manifest_find_hash(const struct core_manifest *manifest,
                                                          const char *hex, int *ret_index)
{
	if (!manifest || !*hex)
		return NULL;
	if (manifest->has_algorithm && strcasecmp(manifest->algorithm.hash, hex) == 0) {
		*ret_index = -1;
		return &manifest->algorithm;
	}
	for (size_t i = 0; i < manifest->dataset_count; i++) {
		if (strcasecmp(manifest->datasets[i].hash, hex) == 0) {
			*ret_index = (int)i;
			return &manifest->datasets[i];
		}
	}
	return NULL;
}
