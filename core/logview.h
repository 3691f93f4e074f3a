/*
 * A filtered look at a log store: which lines pass, kept up to date as lines come, go and arrive
 * late; and searching among them.
 *
 * Filtering goes in slices from the loop, so that keys are answered between two of them; the lines
 * found so far are there to be shown meanwhile.  Without a filter there is no list of lines at
 * all: every line passes.
 *
 * Positions are 0 to count - 1 among the lines that pass.
 *
 * Thread rules: loop thread only.
 */
#ifndef PRISM_CORE_LOGVIEW_H
#define PRISM_CORE_LOGVIEW_H

#include "base/loop.h"
#include "core/logmatch.h"
#include "core/logstore.h"

#include <sys/types.h>

struct core_log_filter {
	uint32_t levels;      /* bit set of level indices; 0: all */
	unsigned run;         /* 0: all */
	int64_t from_us;      /* PRISM_TIME_UNSET: open */
	int64_t to_us;        /* inclusive; PRISM_TIME_UNSET: open */
	bool marked;          /* only marked lines */
	bool exclude;         /* lines on which the pattern does not match */
	const char *pattern;  /* NULL or "": none; copied */
	unsigned match_flags; /* enum core_logmatch_flags */
};
#define CORE_LOG_FILTER_ALL                                    \
	{                                                          \
		.from_us = PRISM_TIME_UNSET, .to_us = PRISM_TIME_UNSET \
	}

struct core_logview;

/* The store is lent and must outlive the view. `changed` is called from the loop after lines or the
 * state of filtering changed, at most once a turn; loop NULL: nothing happens by itself, call
 * core_logview_work(). */
struct core_logview *core_logview_create(struct core_logstore *store, struct prism_loop *loop,
                                         void (*changed)(void *data), void *data);
void core_logview_destroy(struct core_logview *view); /* NULL allowed */
struct core_logstore *core_logview_store(const struct core_logview *view);

/* Starts over with this filter. On failure (pattern) the old one stays. */
PRISM_MUST_USE
int core_logview_filter(struct core_logview *view, const struct core_log_filter *filter,
                        struct prism_error *err);
const struct core_log_filter *core_logview_filter_of(const struct core_logview *view);
bool core_logview_filtered(const struct core_logview *view); /* false: every line passes */
struct core_logmatch *core_logview_match(const struct core_logview *view); /* NULL: no pattern */
/* A mark, or whatever else the filter looks at, changed on this line. */
void core_logview_touch(struct core_logview *view, uint32_t id);

size_t core_logview_count(const struct core_logview *view);
uint32_t core_logview_id(const struct core_logview *view, size_t pos);
/* First position whose id is at or after; count when none is. */
size_t core_logview_pos(const struct core_logview *view, uint32_t id);

/* Filters for at most budget_us by the system clock, -1: to the end. True when all is done. */
bool core_logview_work(struct core_logview *view, int64_t budget_us);
unsigned core_logview_progress(const struct core_logview *view); /* percent; 100: done */

/* Searches among the lines that pass, from `pos` on (included), in slices like the above.
 * RET_MORE: call again with *pos as it was left. */
enum core_logsearch { CORE_LOGSEARCH_NONE, CORE_LOGSEARCH_FOUND, CORE_LOGSEARCH_MORE };
enum core_logsearch core_logview_search(struct core_logview *view, struct core_logmatch *match,
                                        bool backward, size_t *pos, int64_t budget_us);

#endif
