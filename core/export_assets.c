/*
 * Owns the assets of an export: each is read once, however many computations link it, and a few are
 * read ahead of the one that is written.
 *
 *   ASKED   its request is on its way
 *   HERE    its text, as it stands in the file, is kept
 *   NO      it cannot be read: why is told with each computation that links it
 *
 * How many are asked for ahead follows from what they weigh: AHEAD_BYTES of answers may be under
 * way or wait to be written, by the weight of those seen so far.  Whoever is written next may
 * always be asked for.  What nobody waits for any more is kept for the next one that links it,
 * CACHE_BYTES of it, the least recently used going first.
 */
#include "core/bundle.h"
#include "core/export_private.h"

#include <string.h>

#define AHEAD_BYTES (8u << 20)
#define CACHE_BYTES (8u << 20)
#define AHEAD_COUNT 8          /* requests; polite to a server */
#define FIRST_GUESS (4u << 20) /* bytes of an asset before one was seen: a few at first */
#define BUCKETS 256

struct entry {
	struct prism_list chain; /* of its bucket */
	struct prism_list idle;  /* of those nobody waits for */
	struct export_assets *assets;
	char *id;
	enum { ASKED, HERE, NO } state;
	unsigned wanted; /* by so many places in the file */
	char *text;
	size_t len;
	struct prism_error error; /* NO */
};

struct export_assets {
	struct exporting *x;
	struct prism_list bucket[BUCKETS], idle; /* idle: the longest unused first */
	unsigned in_flight;
	size_t waiting, cached; /* bytes of text */
	size_t guess;           /* bytes of the next answer */
};

/* ---- entries ---- */

static struct prism_list *bucket_of(struct export_assets *assets, const char *id)
{
	uint32_t hash = 2166136261u; /* FNV-1a */

	for (; *id; id++)
		hash = (hash ^ (unsigned char)*id) * 16777619u;
	return &assets->bucket[hash % BUCKETS];
}

static struct entry *find(struct export_assets *assets, const char *id)
{
	PRISM_LIST_EACH (bucket_of(assets, id), node, next) {
		struct entry *entry = PRISM_CONTAINER(node, struct entry, chain);
		if (strcmp(entry->id, id) == 0)
			return entry;
	}
	return NULL;
}

static void entry_free(struct entry *entry)
{
	prism_list_remove(&entry->chain);
	prism_list_remove(&entry->idle);
	prism_free(entry->id);
	prism_free(entry->text);
	prism_free(entry);
}

struct export_assets *core_export_assets_create(struct exporting *x)
{
	struct export_assets *assets = prism_alloc(sizeof(*assets));

	assets->x = x;
	assets->guess = FIRST_GUESS;
	prism_list_init(&assets->idle);
	for (size_t i = 0; i < BUCKETS; i++)
		prism_list_init(&assets->bucket[i]);
	return assets;
}

void core_export_assets_destroy(struct export_assets *assets)
{
	for (size_t i = 0; assets && i < BUCKETS; i++)
		PRISM_LIST_EACH (&assets->bucket[i], node, next)
			entry_free(PRISM_CONTAINER(node, struct entry, chain));
	prism_free(assets);
}

unsigned core_export_assets_in_flight(const struct export_assets *assets)
{
	return assets->in_flight;
}

/* ---- who waits for it ---- */

/* What it holds in memory, about. */
static size_t weight(const struct entry *entry)
{
	return sizeof(*entry) + entry->len;
}

static void want(struct entry *entry)
{
	if (entry->wanted++ || entry->state == ASKED)
		return;
	if (entry->idle.next)
		entry->assets->cached -= weight(entry);
	prism_list_remove(&entry->idle);
	entry->idle = (struct prism_list){NULL, NULL};
	entry->assets->waiting += weight(entry);
}

static void let_go(struct entry *entry)
{
	struct export_assets *assets = entry->assets;

	if (--entry->wanted || entry->state == ASKED)
		return;
	assets->waiting -= weight(entry);
	assets->cached += weight(entry);
	prism_list_append(&assets->idle, &entry->idle);
	while (assets->cached > CACHE_BYTES) {
		struct entry *oldest = PRISM_CONTAINER(assets->idle.next, struct entry, idle);
		assets->cached -= weight(oldest);
		entry_free(oldest);
	}
}

/* ---- asking ---- */

static void arrived(struct entry *entry, const struct core_reply *reply)
{
	struct export_assets *assets = entry->assets;
	const cJSON *inner = prism_json_get(reply->json, "asset");
	PRISM_AUTO_JSON cJSON *asset =
	    core_bundle_asset(cJSON_IsObject(inner) ? inner : reply->json, assets->x->samples);
	struct prism_buf text;
	size_t lighter = assets->guess - assets->guess / 8;

	prism_buf_init(&text, SIZE_MAX / 2); /* whoever fetched it capped it */
	core_bundle_print_asset(asset, &text);
	entry->text = prism_buf_take(&text, &entry->len);
	assets->guess = reply->text_len > lighter ? reply->text_len : lighter;
}

static void asset_here(void *data, const struct core_reply *reply, const struct prism_error *err)
{
	struct entry *entry = data;
	struct export_assets *assets = entry->assets;
	struct exporting *x = assets->x;

	assets->in_flight--;
	entry->state = err ? NO : HERE;
	if (err && !core_export_bearable(err))
		core_export_fail(x, err);
	if (err)
		prism_error_copy(&entry->error, err);
	else if (!core_export_failed(x))
		arrived(entry, reply);
	assets->waiting += weight(entry);
	entry->wanted++; /* so that it goes where it belongs when nobody waits any more */
	let_go(entry);
	core_export_pump(x);
}

/* The entry of that id, asked for when it is new. */
static struct entry *ask(struct export_assets *assets, const char *id)
{
	struct entry *entry = prism_alloc(sizeof(*entry));
	struct core_call call = {.endpoint = CORE_EP_ASSET_GET, .arg = {[CORE_ARG_A] = id}};
	struct prism_error err = PRISM_ERROR_INIT;

	entry->assets = assets;
	entry->id = prism_strdup(id);
	prism_list_append(bucket_of(assets, id), &entry->chain);
	assets->in_flight++;
	if (core_request_start(assets->x->core, &call, assets->x->cancel, asset_here, entry, &err))
		return entry;
	assets->in_flight--;
	entry->state = NO;
	prism_error_copy(&entry->error, &err);
	if (!core_export_bearable(&err))
		core_export_fail(assets->x, &err);
	return entry;
}

static bool has_room(const struct export_assets *assets)
{
	return assets->in_flight < AHEAD_COUNT &&
	       assets->waiting + (assets->in_flight + 1) * assets->guess <= AHEAD_BYTES;
}

static void want_next(struct export_assets *assets, struct export_job *job)
{
	const char *id = job->assets[job->next_ahead++].id;
	struct entry *entry = find(assets, id);

	want(entry ? entry : ask(assets, id));
}

void core_export_assets_ahead(struct export_assets *assets)
{
	struct exporting *x = assets->x;

	PRISM_LIST_EACH (&x->jobs, node, next) {
		struct export_job *job = PRISM_CONTAINER(node, struct export_job, node);
		if (!job->assets_known)
			return; /* in their order */
		while (!job->gone && job->next_ahead < job->asset_count) {
			if (core_export_failed(x) || !has_room(assets))
				return;
			want_next(assets, job);
		}
	}
}

/* ---- writing ---- */

bool core_export_assets_write(struct export_assets *assets, struct export_job *job)
{
	struct exporting *x = assets->x;
	struct prism_error err = PRISM_ERROR_INIT;
	const struct core_asset *asset = &job->assets[job->next_asset];
	struct entry *entry;

	if (job->next_ahead <= job->next_asset)
		want_next(assets, job);
	entry = find(assets, asset->id);
	if (core_export_failed(x) || entry->state == ASKED)
		return false;
	job->next_asset++;
	if (entry->state == NO) {
		core_export_warn(x, job, asset->file_name, &entry->error);
		x->result.incomplete++;
	} else if (core_bundle_write_asset_text(&x->writer, entry->text, entry->len, asset->id, &err) <
	           0) {
		core_export_fail(x, &err);
	}
	let_go(entry);
	return true;
}

void core_export_assets_leave(struct export_assets *assets, struct export_job *job)
{
	for (; job->next_asset < job->next_ahead; job->next_asset++)
		let_go(find(assets, job->assets[job->next_asset].id));
}
