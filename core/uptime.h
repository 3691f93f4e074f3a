/*
 * Up-time of a CVM: the changes between online and offline that the server recorded (reference
 * 3.9, 4.13), over the last so many days.
 *
 * Between two records the first one holds.  What was before the first record is unknown, and counts
 * neither as up nor as down.
 */
#ifndef PRISM_CORE_UPTIME_H
#define PRISM_CORE_UPTIME_H

#include "core/list.h"

#define CORE_UPTIME_DAYS 7 /* what the web console shows first */
#define CORE_UPTIME_DAYS_MAX 365
#define CORE_UPTIME_POINTS 20000 /* records kept; a CVM that flaps every minute for two weeks */

struct core_uptime_point {
	int64_t at_us;
	bool online; /* from here until the next point */
};

struct core_uptime {
	const struct core_uptime_point *points; /* ascending, equal neighbours merged */
	size_t count;
	int64_t from_us, to_us; /* the period asked for; to: when it was asked */
	const struct core_status *status;
};

/* Lent until the next event STATISTICS of this CVM. days: 1 to CORE_UPTIME_DAYS_MAX. */
struct core_uptime core_uptime(struct core *core, const char *cvm_id, unsigned days);
void core_uptime_load(struct core *core, const char *cvm_id, unsigned days, bool refresh);
PRISM_MUST_USE
int core_uptime_await(struct core *core, const char *cvm_id, unsigned days,
                      struct prism_cancel *cancel, core_done_fn done, void *data,
                      struct prism_error *err);

/* Records of an answer in order of time, each different from the one before; yours. Pure. */
struct core_uptime_point *core_uptime_decode(const cJSON *array, size_t *ret_count);
/* Known time of the period in which it was online, and all known time, in microseconds. Pure. */
void core_uptime_sums(const struct core_uptime *uptime, int64_t *ret_up_us, int64_t *ret_known_us);

#endif
