/*
 * Events and log lines of computations, as rows.
 *
 * Log text may be anything an algorithm prints; it is stored as valid UTF-8 without NUL, other
 * control characters kept (whoever shows it is responsible).
 */
#ifndef PRISM_SANDBOX_RECORD_H
#define PRISM_SANDBOX_RECORD_H

#include "sandbox/sandbox.h"

enum sb_level { SB_LEVEL_DEBUG, SB_LEVEL_INFO, SB_LEVEL_WARN, SB_LEVEL_ERROR, SB_LEVEL_COUNT };
const char *sb_level_word(enum sb_level level); /* lower case, as on the wire */
/* Any case, "warning" too; -1: none of them. */
PRISM_MUST_USE
int sb_level_parse(const char *word, enum sb_level *ret_level);

struct sb_run_ref { /* row numbers */
	int64_t computation, run;
};

void sb_record_log(struct sb *sb, struct sb_run_ref ref, int64_t at_us, enum sb_level level,
                   const char *message, size_t len);
void sb_record_event(struct sb *sb, struct sb_run_ref ref, int64_t at_us, const char *type,
                     const char *status, const char *originator, const char *details);

#endif
