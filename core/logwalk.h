/*
 * Which pages of a server's log to ask for so that a store ends up with exactly what the server
 * has.  No network here: the owner asks for pages and hands over what came.
 *
 * What the server gives (reference 3.8): entries newest first, without ids, by limit and offset,
 * with a total.  What can go wrong: entries arrive between two pages and shift them, entries share
 * a timestamp and straddle a page, equal entries that are really several, entries that appear late
 * with an old timestamp, totals that are missing or wrong, pages shorter than asked.
 *
 * The rules, each with its reason:
 *
 *   1. Whatever a page holds is merged by counting (core_logstore_merge()).  That never adds an
 *      entry twice, however pages overlap.
 *   2. The next page starts where the oldest timestamp of this page starts, not where the page
 *      ends.  So a group of equal timestamps that was cut is seen whole in the next answer, and
 *      equal entries in it are counted right.  Entries are only ever added, so a group never
 *      starts earlier in the list than it did: nothing is jumped over.
 *   3. When a page is all one timestamp, it is kept and the pages after it are merged together
 *      with it, as long as the total says that nothing moved; else the group is asked for again.
 *   4. A walk ends when counting proves that it may: what is here is a part of what the server has
 *      (rule 1), so when the total of the first page == entries here + entries known not to be
 *      here, nothing of that moment is missing.  This finds late entries of any age without looking
 *      back on a quiet poll.  Should an entry that arrived during the walk have stood in for one
 *      that is missing, the next walk's count tells.
 *   5. Without a total, with one below what is here (the server deletes), and every
 *      CORE_LOGWALK_SWEEP polls, a walk goes back at least CORE_LOGWALK_OVERLAP_US before the
 *      newest line it started with.
 *   6. The first walk stops after CORE_LOGWALK_FIRST entries; what is older is fetched when asked
 *      for.
 *
 * Thread rules: loop thread only.
 */
#ifndef PRISM_CORE_LOGWALK_H
#define PRISM_CORE_LOGWALK_H

#include "core/logstore.h"

#define CORE_LOGWALK_FIRST 1000 /* entries of the first walk, and of one step to older lines */
#define CORE_LOGWALK_SWEEP 16   /* every so many walks the overlap is looked at again */
#define CORE_LOGWALK_OVERLAP_US 30000000 /* how late an entry may come without a total */
#define CORE_LOGWALK_PAGES 20000         /* of one walk; stops a server that never ends */
#define CORE_LOGWALK_CARRY 5000          /* entries of one timestamp that are merged together */
#define CORE_LOGWALK_UNKNOWN (-1)

struct core_logwalk;

struct core_logwalk *core_logwalk_create(struct core_logstore *store); /* lent */
void core_logwalk_destroy(struct core_logwalk *walk);                  /* NULL allowed */

/* Starts a walk: for what is new, or (older) for the next lines before the first. */
void core_logwalk_begin(struct core_logwalk *walk, bool older);
size_t core_logwalk_offset(const struct core_logwalk *walk); /* of the page to ask for */
/* Hands over the page that was asked for; total: CORE_LOGWALK_UNKNOWN when the server did not say.
 * True: the walk goes on with another page. */
bool core_logwalk_page(struct core_logwalk *walk, const struct core_log_entry *entries,
                       size_t count, int64_t total);
size_t core_logwalk_added(const struct core_logwalk *walk); /* entries, by the present walk */

/* Entries the server has and we have not asked for; CORE_LOGWALK_UNKNOWN: some, not told. */
int64_t core_logwalk_older(const struct core_logwalk *walk);

#endif
