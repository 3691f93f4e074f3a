/*
 * Time behind one injectable source.
 *
 * Monotonic time drives timers and deadlines; wall time is for people and for
 * comparing with what servers say.  Tests install a manual clock and move it.
 * All values are in the unit their name ends in.
 *
 * Thread rules: a system clock may be read from any thread; a manual clock only
 * from the loop thread.
 */
#ifndef PRISM_BASE_CLOCK_H
#define PRISM_BASE_CLOCK_H

#include "base/error.h"

#include <stdint.h>

struct prism_clock {
	int64_t (*mono_ms)(void *data); /* milliseconds since an arbitrary point, never backwards */
	int64_t (*wall_us)(void *data); /* microseconds since 1970-01-01T00:00:00Z */
	void *data;
};

const struct prism_clock *prism_clock_system(void); /* lent, static */

/* A clock that stands still until told. */
struct prism_clock_manual {
	struct prism_clock clock; /* hand out a pointer to this */
	int64_t mono, wall;
};
void prism_clock_manual_init(struct prism_clock_manual *manual, int64_t wall_us);
void prism_clock_manual_advance(struct prism_clock_manual *manual, int64_t ms);

int64_t prism_clock_mono_ms(const struct prism_clock *clock);
int64_t prism_clock_wall_us(const struct prism_clock *clock);

/* RFC 3339 section 5.6.  Go's zero time 0001-01-01T00:00:00Z, "" and NULL mean unset and give
 * PRISM_TIME_UNSET with success.  0 to 9 fractional digits are read, cut to microseconds. */
#define PRISM_TIME_UNSET INT64_MIN
PRISM_MUST_USE
int prism_time_parse(const char *text, int64_t *ret_us, struct prism_error *err);
#define PRISM_TIME_TEXT 40
/* "2025-11-12T14:00:01.654562Z"; fractional digits are dropped when digits is 0. Unset: Go's zero.
 */
char *prism_time_format(int64_t us, int digits, char buf[PRISM_TIME_TEXT]);
/* For people, local zone: "2025-11-12 14:00:01"; unset: "". */
char *prism_time_local(int64_t us, char buf[PRISM_TIME_TEXT]);
/* "3s", "4m 12s", "2h 05m", "3d 4h" */
char *prism_time_span(int64_t us, char buf[PRISM_TIME_TEXT]);

#endif
