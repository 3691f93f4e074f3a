/*
 * Personal access tokens as rows (prism-api.md section 2.3).  The text "pat_<opaque>_<random>" is
 * shown once; only its digest is kept.  A token stands for its user everywhere except at the
 * endpoints of tokens themselves.
 */
#ifndef PRISM_SANDBOX_PATS_H
#define PRISM_SANDBOX_PATS_H

#include "sandbox/router.h"

#define SB_PAT_PREFIX "pat_"

bool sb_pat_is(const char *bearer);
/* -1: unknown, revoked, expired, or of a user who is gone. Notes the use. */
PRISM_MUST_USE
int sb_pat_check(struct sb *sb, const char *bearer, struct sb_caller *ret_caller);
/* A fresh text for the row, whose digest is stored. Yours; wipe it. */
char *sb_pat_renew(struct sb *sb, int64_t pat, int64_t expires_us);

/* Go's duration: "720h", "1h30m", "1.5h", "90s". -1: not one, or not positive. */
PRISM_MUST_USE
int sb_go_duration(const char *text, int64_t *ret_us);

#endif
