/* Owns the rules of core/logwalk.h. */
#include "core/logwalk.h"

#include "base/mem.h"

#include <string.h>

enum { CARRY_RESTARTS = 5, SUSPECT_MOST = 3 };

struct core_logwalk {
	struct core_logstore *store;
	int64_t base;       /* server entries that are not here: older ones not asked for */
	bool known;         /* the first walk is over */
	int64_t covered_us; /* everything younger was seen; lines below it came by a filter */
	bool whole;         /* the end of the list was seen: nothing older is left */
	unsigned walks, suspect;
	/* the present walk */
	bool older, sweep;
	size_t offset, added, pages;
	int64_t first_total;          /* of the first page */
	bool deleted;                 /* the server has less than is here */
	bool inexact;                 /* a group was not seen whole */
	int64_t floor_us;             /* oldest time here when the walk began */
	int64_t settled_us;           /* newest time here when the walk began */
	struct core_log_entry *carry; /* one group that fills whole pages */
	size_t carry_count, carry_offset;
	int64_t carry_total;
	unsigned restarts;
	struct prism_arena *arena; /* texts of the carry */
};

struct core_logwalk *core_logwalk_create(struct core_logstore *store)
{
	struct core_logwalk *walk = prism_alloc(sizeof(*walk));

	walk->store = store;
	walk->covered_us = INT64_MIN;
	return walk;
}

static void drop_carry(struct core_logwalk *walk)
{
	free(walk->carry);
	walk->carry = NULL;
	walk->carry_count = 0;
	prism_arena_destroy(walk->arena);
	walk->arena = NULL;
}

void core_logwalk_destroy(struct core_logwalk *walk)
{
	if (!walk)
		return;
	drop_carry(walk);
	free(walk);
}

/* Entries that came from the server, those the cap dropped included. */
static int64_t held(const struct core_logwalk *walk)
{
	return (int64_t)core_logstore_entries(walk->store) +
	       (int64_t)core_logstore_dropped_entries(walk->store);
}

void core_logwalk_begin(struct core_logwalk *walk, bool older)
{
	size_t count = core_logstore_count(walk->store);
	uint32_t first = core_logstore_first(walk->store);

	drop_carry(walk);
	walk->older = older && walk->known;
	walk->sweep = ++walk->walks % CORE_LOGWALK_SWEEP == 0;
	walk->added = walk->pages = 0;
	walk->first_total = CORE_LOGWALK_UNKNOWN;
	walk->deleted = walk->inexact = false;
	walk->restarts = 0;
	walk->offset = 0;
	walk->floor_us = walk->settled_us = INT64_MIN;
	if (count == 0)
		return;
	/* What the cap took away is not looked for again. */
	walk->floor_us = core_logstore_line(walk->store, first).time_us;
	if (core_logstore_dropped(walk->store) == 0 || walk->covered_us > walk->floor_us)
		walk->floor_us = walk->covered_us;
	walk->settled_us = core_logstore_line(walk->store, first + (uint32_t)count - 1).time_us;
	if (walk->older)
		walk->offset = core_logstore_entries_after(walk->store, walk->floor_us);
}

size_t core_logwalk_offset(const struct core_logwalk *walk)
{
	return walk->offset;
}

size_t core_logwalk_added(const struct core_logwalk *walk)
{
	return walk->added;
}

int64_t core_logwalk_older(const struct core_logwalk *walk)
{
	if (walk->whole || !walk->known)
		return 0;
	return walk->base > 0 ? walk->base : CORE_LOGWALK_UNKNOWN;
}

/* ---- one timestamp on whole pages ---- */

static void keep(struct core_logwalk *walk, const struct core_log_entry *entries, size_t count,
                 int64_t total)
{
	if (walk->carry_count + count > CORE_LOGWALK_CARRY) {
		drop_carry(walk);
		walk->inexact = true;
		return;
	}
	if (!walk->arena) {
		walk->arena = prism_arena_create();
		walk->carry_offset = walk->offset;
		walk->carry_total = total;
	}
	walk->carry = prism_realloc_array(walk->carry, walk->carry_count + count, sizeof(*walk->carry));
	for (size_t i = 0; i < count; i++) {
		struct core_log_entry *copy = &walk->carry[walk->carry_count++];
		*copy = entries[i];
		copy->run_id = prism_arena_strdup(walk->arena, entries[i].run_id);
		copy->level = prism_arena_strdup(walk->arena, entries[i].level);
		if (entries[i].len == 0)
			continue;
		char *text = prism_arena_alloc(walk->arena, entries[i].len);
		memcpy(text, entries[i].message, entries[i].len);
		copy->message = text;
	}
}

static size_t merge_carry(struct core_logwalk *walk, const struct core_log_entry *entries,
                          size_t count)
{
	size_t all = walk->carry_count + count;
	PRISM_AUTO_FREE struct core_log_entry *both = prism_alloc_array(all, sizeof(*both));

	memcpy(both, walk->carry, walk->carry_count * sizeof(*both));
	if (count)
		memcpy(both + walk->carry_count, entries, count * sizeof(*both));
	return core_logstore_merge(walk->store, both, all);
}

/* ---- is it over? ---- */

/* What is not here of the first page's moment lies below the floor. Entries that arrived during
 * the walk and were seen make this too small, never too large: then the next walk is longer than it
 * need be, but nothing is taken for known that is not. A group that could not be counted whole is
 * not taken for known either. */
static bool finish(struct core_logwalk *walk)
{
	if (!walk->inexact)
		walk->base = walk->first_total >= 0 ? walk->first_total - held(walk) : 0;
	walk->known = true;
	drop_carry(walk);
	return false;
}

/* Rule 4: entries of the first page's moment that are neither here nor known not to be here. */
static bool counts_agree(struct core_logwalk *walk, int64_t total, bool *ret_missing)
{
	*ret_missing = false;
	if (total < 0 || walk->first_total < 0 || walk->suspect >= SUSPECT_MOST)
		return false;
	int64_t missing = walk->first_total - walk->base - held(walk);
	if (walk->pages == 1)
		walk->deleted = missing < 0;
	*ret_missing = missing > 0;
	return missing <= 0 && !walk->deleted;
}

static bool goes_on(struct core_logwalk *walk, int64_t oldest_us, int64_t total)
{
	bool overlapped =
	    walk->settled_us == INT64_MIN || oldest_us < walk->settled_us - CORE_LOGWALK_OVERLAP_US;
	bool missing;

	if (walk->older || !walk->known) {
		bool enough = walk->added >= CORE_LOGWALK_FIRST || walk->pages >= CORE_LOGWALK_FIRST;
		walk->covered_us = oldest_us;
		if (enough || (walk->older && core_logstore_full(walk->store)))
			return finish(walk);
		return true;
	}
	if (oldest_us < walk->floor_us || walk->pages >= CORE_LOGWALK_PAGES) {
		/* Everything from the floor on was seen, so a difference lies below it, or the total
		 * counts something else than entries. */
		walk->suspect += total >= 0 && walk->added == 0;
		return finish(walk);
	}
	if (counts_agree(walk, total, &missing) && !walk->sweep) {
		walk->suspect = 0;
		return false;
	}
	return missing || !overlapped ? true : finish(walk);
}

/* Where the oldest timestamp of the page begins. */
static size_t newer_than_oldest(const struct core_log_entry *entries, size_t count,
                                int64_t *ret_oldest)
{
	size_t newer = 0;

	*ret_oldest = INT64_MAX;
	for (size_t i = 0; i < count; i++) {
		if (entries[i].time_us < *ret_oldest) {
			*ret_oldest = entries[i].time_us;
			newer = i;
		}
	}
	return newer;
}

/* Merges the page; with the group that fills the pages before it, when that ends here. False: the
 * group moved while it was read, and is asked for again. */
static bool take(struct core_logwalk *walk, const struct core_log_entry *entries, size_t count,
                 int64_t total, bool group_ends)
{
	if (walk->carry_count && total != walk->carry_total) {
		size_t start = walk->carry_offset;
		drop_carry(walk);
		walk->added += core_logstore_merge(walk->store, entries, count);
		if (++walk->restarts <= CARRY_RESTARTS) {
			walk->offset = start;
			return false;
		}
		walk->inexact = true;
	} else if (walk->carry_count && group_ends) {
		walk->added += merge_carry(walk, entries, count);
	} else {
		walk->added += core_logstore_merge(walk->store, entries, count);
	}
	return true;
}

bool core_logwalk_page(struct core_logwalk *walk, const struct core_log_entry *entries,
                       size_t count, int64_t total)
{
	int64_t oldest_us;
	size_t newer = newer_than_oldest(entries, count, &oldest_us);

	if (total >= 0 && (uint64_t)total < walk->offset + count)
		total = CORE_LOGWALK_UNKNOWN; /* counts something else, a page perhaps */
	bool end = count == 0 || (total >= 0 && walk->offset + count >= (uint64_t)total);
	if (++walk->pages == 1)
		walk->first_total = total;
	if (!take(walk, entries, count, total, newer > 0 || end))
		return true;
	if (end) {
		walk->whole = true;
		walk->covered_us = INT64_MIN;
		return finish(walk);
	}
	if (newer > 0)
		drop_carry(walk);
	else
		keep(walk, entries, count, total);
	walk->offset += newer > 0 ? newer : count;
	return goes_on(walk, oldest_us, total);
}
