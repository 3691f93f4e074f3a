/*
 * Owns merging without loss or repetition.
 *
 * Entries have no id, and two entries may be equal in everything and still be two: a
 * program can print the same line twice in one microsecond.  So what the server holds is a
 * multiset, and what an answer tells about an entry is a number: how often it occurs in it, which
 * is never more often than the server holds it.  The store keeps the rule
 *
 *     copies here <= copies on the server                                   (never repeats)
 *
 * by adding, for every distinct entry of an answer, only what the answer holds more than the
 * store.  Overlapping answers, the same answer twice, answers in any order, shifted pages: all of
 * that adds nothing twice.  That nothing is missed, i.e. equality in the rule above, is the
 * business of the one who asks (core/logs.c): every group of equal timestamps must be seen whole in
 * one answer.  A server only ever adds entries, so counts only grow and any order of merging ends
 * in the same store.
 *
 * Entries of one time stand together in the index, so the copies here are counted by a binary
 * search and a walk; no other memory of what was seen is needed.
 */
#include "core/logstore_private.h"

#include "base/mem.h"

#include <string.h>

struct candidate {
	const struct core_log_entry *entry;
	uint32_t hash;
	uint16_t run;
	uint8_t level;
	size_t order; /* oldest first */
	size_t here;  /* copies in the store that this one and later ones account for */
};

static int by_time(const void *a, const void *b)
{
	const struct candidate *x = a, *y = b;

	if (x->entry->time_us != y->entry->time_us)
		return x->entry->time_us < y->entry->time_us ? -1 : 1;
	return x->order < y->order ? -1 : x->order > y->order;
}

static bool same_entry(const struct core_logstore *store, size_t index, const struct candidate *c)
{
	const struct line *line = core_gapvec_at(&store->lines, index);
	const char *text;
	size_t len;
	bool same = true;

	if (line->flags & FLAG_CONTINUATION || line->hash != c->hash || line->run != c->run ||
	    line->level != c->level)
		return false;
	struct core_log_pieces pieces = core_log_pieces_of(c->entry);
	while (same && core_log_next_piece(&pieces, &text, &len)) {
		same = index < store->lines.count && line->len == len &&
		       memcmp(text_of(store, line), text, len) == 0;
		if (same && ++index < store->lines.count)
			line = core_gapvec_at(&store->lines, index);
	}
	prism_buf_finish(&pieces.scratch);
	return same && (index == store->lines.count || !(line->flags & FLAG_CONTINUATION));
}

/* Equal entries become neighbours, the oldest first. */
static int by_content(const void *a, const void *b)
{
	const struct candidate *x = *(struct candidate *const *)a, *y = *(struct candidate *const *)b;
	int texts;

	if (x->hash != y->hash)
		return x->hash < y->hash ? -1 : 1;
	if (x->run != y->run || x->level != y->level)
		return x->run != y->run ? x->run - y->run : x->level - y->level;
	if (x->entry->len != y->entry->len)
		return x->entry->len < y->entry->len ? -1 : 1;
	texts = x->entry->len ? memcmp(x->entry->message, y->entry->message, x->entry->len) : 0;
	if (texts)
		return texts;
	return x->order < y->order ? -1 : x->order > y->order;
}

static bool same_content(const struct candidate *a, const struct candidate *b)
{
	return a->hash == b->hash && a->run == b->run && a->level == b->level &&
	       a->entry->len == b->entry->len &&
	       (a->entry->len == 0 || memcmp(a->entry->message, b->entry->message, a->entry->len) == 0);
}

/* Counts the copies of every distinct candidate among the lines [from, to). Candidates stand by
 * content; `here` is told at the first of each. */
static void count_here(const struct core_logstore *store, size_t from, size_t to,
                       struct candidate **list, size_t count)
{
	for (size_t i = from; i < to; i++) {
		const struct line *line = core_gapvec_at(&store->lines, i);
		size_t low = 0, high = count;
		while (low < high) {
			size_t middle = (low + high) / 2;
			if (list[middle]->hash < line->hash)
				low = middle + 1;
			else
				high = middle;
		}
		for (; low < count && list[low]->hash == line->hash; low++) {
			bool first = low == 0 || !same_content(list[low - 1], list[low]);
			if (first && same_entry(store, i, list[low])) {
				list[low]->here++;
				break;
			}
		}
	}
}

/* One time: [group, group + count) are all entries of the answer with it. The oldest copies are the
 * ones we have; what comes after them in the answer is new. Returns how many were put into `fresh`.
 */
static size_t pick_fresh(const struct core_logstore *store, struct candidate *group, size_t count,
                         struct pending *fresh)
{
	int64_t time_us = group->entry->time_us;
	size_t from = core_logstore_bound(store, time_us, false),
	       to = core_logstore_bound(store, time_us, true), picked = 0;
	PRISM_AUTO_FREE struct candidate **list = prism_alloc_array(count, sizeof(*list));

	for (size_t i = 0; i < count; i++)
		list[i] = &group[i];
	if (from < to) {
		qsort(list, count, sizeof(struct candidate *), by_content);
		count_here(store, from, to, list, count);
		for (size_t i = 1; i < count; i++) {
			/* Each copy we have accounts for one of the answer. */
			if (list[i - 1]->here && same_content(list[i - 1], list[i]))
				list[i]->here = list[i - 1]->here - 1;
		}
	}
	for (size_t i = 0; i < count; i++) {
		if (group[i].here)
			continue;
		fresh[picked++] = (struct pending){.entry = group[i].entry,
		                                   .line = {.time_us = time_us,
		                                            .hash = group[i].hash,
		                                            .run = group[i].run,
		                                            .level = group[i].level}};
	}
	return picked;
}

/* Puts entries in order of time where they belong; neighbours go in together. */
static void insert_sorted(struct core_logstore *store, const struct pending *fresh, size_t count)
{
	for (size_t i = 0, next; i < count; i = next) {
		size_t index = core_logstore_bound(store, fresh[i].line.time_us, true);
		for (next = i + 1; next < count; next++) {
			if (core_logstore_bound(store, fresh[next].line.time_us, true) != index)
				break;
		}
		core_logstore_insert(store, index, fresh + i, next - i);
	}
}

static struct candidate candidate_of(struct core_logstore *store,
                                     const struct core_log_entry *entry, size_t order)
{
	return (struct candidate){
	    .entry = entry,
	    .hash = core_logstore_hash(store, entry->message ? entry->message : "",
	                               entry->message ? entry->len : 0),
	    .run = (uint16_t)core_logstore_intern_run(store, entry->run_id),
	    .level = (uint8_t)core_logstore_intern_level(store, entry->level),
	    .order = order,
	};
}

size_t core_logstore_merge(struct core_logstore *store, const struct core_log_entry *entries,
                           size_t count)
{
	if (count == 0)
		return 0;
	PRISM_AUTO_FREE struct candidate *list = prism_alloc_array(count, sizeof(*list));
	bool newest_first = entries[0].time_us >= entries[count - 1].time_us;
	size_t added = 0, kept = 0;

	for (size_t i = 0; i < count; i++) {
		bool gone = store->dropped && entries[i].time_us <= store->horizon;
		if (!gone)
			list[kept++] = candidate_of(store, &entries[i], newest_first ? count - i : i);
	}
	qsort(list, kept, sizeof(*list), by_time);
	PRISM_AUTO_FREE struct pending *fresh = prism_alloc_array(kept, sizeof(*fresh));
	for (size_t i = 0, next; i < kept; i = next) {
		for (next = i + 1; next < kept && list[next].entry->time_us == list[i].entry->time_us;)
			next++;
		added += pick_fresh(store, list + i, next - i, fresh + added);
	}
	insert_sorted(store, fresh, added);
	return added;
}
