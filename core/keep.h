/*
 * The session kept across starts, when the option `keep_session` asks for it: the refresh token and
 * the name signed in with.  The password is never kept.
 *
 *   session   the kernel's session keyring: gone when the login session ends
 *   user      the kernel's user keyring: for every login of this user, until the token dies
 *   file      a file of mode 0600 in the state directory, made atomically; the weakest choice
 *
 * What is kept ends with the token's life (a time limit in the keyring), with signing out, and when
 * the server refuses it.  A file that others may read, or that belongs to somebody else, is not
 * used.
 *
 * Thread rules: loop thread only.
 */
#ifndef PRISM_CORE_KEEP_H
#define PRISM_CORE_KEEP_H

#include "base/mem.h"
#include "core/options.h"

#include <stdint.h>

struct core_kept {
	struct prism_secret *refresh; /* yours */
	char *login;                  /* yours */
};

bool core_keep_wanted(const struct core_options *options);
/* 0, or -1: category missing when nothing is kept. */
PRISM_MUST_USE
int core_keep_load(const struct core_options *options, struct core_kept *ret,
                   struct prism_error *err);
PRISM_MUST_USE
int core_keep_save(const struct core_options *options, const char *login,
                   const struct prism_secret *refresh, int64_t life_ms, struct prism_error *err);
void core_keep_forget(const struct core_options *options); /* in every place it may be */
void core_kept_finish(struct core_kept *kept);

#endif
