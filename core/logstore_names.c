/* Owns the names that lines share: ids of runs, words of levels. */
#include "core/logstore_private.h"

#include "base/mem.h"

#include <string.h>
#include <strings.h>

/* FNV-1a from a start of our own, so that nobody can prepare texts of equal hash. */
uint32_t core_logstore_hash(const struct core_logstore *store, const char *text, size_t len)
{
	uint32_t hash = store->hash_seed;

	for (size_t i = 0; i < len; i++)
		hash = (hash ^ (uint8_t)text[i]) * 16777619u;
	return hash;
}

unsigned core_logstore_runs(const struct core_logstore *store)
{
	return store->run_count - 1;
}

const char *core_logstore_run(const struct core_logstore *store, unsigned run)
{
	return run < store->run_count ? store->runs[run] : "";
}

unsigned core_logstore_find_run(const struct core_logstore *store, const char *run_id)
{
	if (!run_id || !run_id[0])
		return 0;
	if (strcmp(store->runs[store->last_run], run_id) == 0)
		return store->last_run;
	uint32_t hash = core_logstore_hash(store, run_id, strlen(run_id));
	for (unsigned i = store->run_count - 1; i > 0; i--) {
		if (store->run_hashes[i] == hash && strcmp(store->runs[i], run_id) == 0)
			return i;
	}
	return 0;
}

unsigned core_logstore_intern_run(struct core_logstore *store, const char *run_id)
{
	if (!run_id || !run_id[0])
		return 0;
	unsigned run = core_logstore_find_run(store, run_id);
	if (run == 0 && store->run_count >= CORE_LOG_RUNS)
		run = store->run_count - 1;
	if (run == 0) {
		run = store->run_count++;
		if (run >= 8 && (run & (run - 1)) == 0) {
			store->runs = prism_realloc_array(store->runs, run * 2, sizeof(*store->runs));
			store->run_hashes =
			    prism_realloc_array(store->run_hashes, run * 2, sizeof(*store->run_hashes));
		}
		store->runs[run] = prism_strdup(run_id);
		store->run_hashes[run] = core_logstore_hash(store, run_id, strlen(run_id));
	}
	store->last_run = run;
	return run;
}

void core_logstore_guest(struct core_logstore *store, const char *run_id)
{
	unsigned run = core_logstore_intern_run(store, run_id);

	if (!store->guests)
		store->guests = prism_alloc(UINT16_MAX / 8 + 1);
	store->guests[run / 8] |= (uint8_t)(1u << run % 8);
}

unsigned core_logstore_levels(const struct core_logstore *store)
{
	return store->level_count;
}

const char *core_logstore_level(const struct core_logstore *store, unsigned level)
{
	return level < store->level_count ? store->levels[level] : "";
}

unsigned core_logstore_intern_level(struct core_logstore *store, const char *word)
{
	if (!word || !word[0])
		return CORE_LOG_NONE;
	if (strcasecmp(word, "warning") == 0)
		return CORE_LOG_WARN;
	for (unsigned i = 1; i < store->level_count; i++) {
		if (strcasecmp(store->levels[i], word) == 0)
			return i;
	}
	if (store->level_count == CORE_LOG_LEVELS)
		return CORE_LOG_LEVELS - 1;
	store->levels[store->level_count] = prism_strndup(word, 32);
	return store->level_count++;
}
