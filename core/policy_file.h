/*
 * Policy files: edited in place without losing what was there.
 *
 * The first edit keeps the untouched original beside the file, as FILE.orig; later edits leave
 * that one alone, so it stays what Prism or a colleague delivered.  The file itself is replaced
 * atomically with its mode kept; a failure on the way leaves both as they were.
 *
 * Thread rules: none; blocking I/O on small files.
 */
#ifndef PRISM_CORE_POLICY_FILE_H
#define PRISM_CORE_POLICY_FILE_H

#include "core/policy.h"

/* ret_kept: the original was put aside just now, under "PATH.orig"; NULL: not of interest. */
PRISM_MUST_USE
int core_policy_save(const struct core_policy *policy, const char *path, bool *ret_kept,
                     struct prism_error *err);

/* A value as a person gives it: base64, hex of exactly `size` bytes, or "@FILE" for a file that
 * holds one of these or the bytes themselves. Yours, in base64. NULL on failure. */
char *core_policy_value(const char *text, size_t size, struct prism_error *err);

#endif
