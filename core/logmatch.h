/*
 * One pattern for log text: a literal or a regular expression, compiled once, used for filters,
 * search and highlighting.
 *
 * Case: smart (a pattern without capitals ignores case; capitals after a backslash do not count
 * in a regular expression), or exact.
 *
 * Regular expressions are PCRE2 with its just-in-time compiler where the system allows one, and
 * always with limits on steps, depth and memory, because a pattern with nested repeats can take
 * for ever on a hostile line.  A line on which a limit is hit does not match and is counted.
 *
 * Thread rules: one matcher, one thread at a time.
 */
#ifndef PRISM_CORE_LOGMATCH_H
#define PRISM_CORE_LOGMATCH_H

#include "base/error.h"

#include <stdint.h>

struct core_logmatch;

enum core_logmatch_flags {
	CORE_LOGMATCH_REGEX = 1 << 0,
	CORE_LOGMATCH_EXACT_CASE = 1 << 1,
};
#define CORE_LOGMATCH_PATTERN 4096 /* bytes of a pattern; longer ones are a mistake */

/* NULL on failure: empty, too long, no UTF-8, or not a regular expression (the message names the
 * place in the pattern). */
struct core_logmatch *core_logmatch_create(const char *pattern, unsigned flags,
                                           struct prism_error *err);
void core_logmatch_destroy(struct core_logmatch *match); /* NULL allowed */
const char *core_logmatch_pattern(const struct core_logmatch *match);
unsigned core_logmatch_flags_of(const struct core_logmatch *match);

/* First match at or after `from`; text must be valid UTF-8. Matches may be empty for regular
 * expressions. False: none. */
bool core_logmatch_find(struct core_logmatch *match, const char *text, size_t len, size_t from,
                        size_t *ret_start, size_t *ret_end);
/* True when many lines lying behind each other, with a NUL between, may be searched at once. */
bool core_logmatch_spans(const struct core_logmatch *match);
/* Lines given up because a limit was hit, since creation. */
uint64_t core_logmatch_gave_up(const struct core_logmatch *match);

#endif
