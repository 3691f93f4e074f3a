/*
 * Small secrets in the kernel's keyrings (keyrings(7)): in memory that is never swapped to disk in
 * the clear, gone with the login session or at a time limit, never in a file.
 *
 * Linux only, by system call; elsewhere, and where a container forbids the calls, every function
 * fails with category missing.
 *
 * Thread rules: none; the calls do not block.
 */
#ifndef PRISM_BASE_KEYRING_H
#define PRISM_BASE_KEYRING_H

#include "base/mem.h"

#include <stdint.h>

enum prism_keyring {
	PRISM_KEYRING_SESSION, /* this login session; other logins of the same user do not see it */
	PRISM_KEYRING_USER,    /* every process of this user, until the time limit or a reboot */
};

#define PRISM_KEYRING_MAX                                                   \
	32767 /* bytes of a payload of type "user" (user-key type, keyrings(7)) \
	       */

/* Replaces what has that name. lifetime_s: 0 keeps it until the keyring goes. */
PRISM_MUST_USE
int prism_keyring_put(enum prism_keyring ring, const char *name, const struct prism_secret *secret,
                      unsigned lifetime_s, struct prism_error *err);
/* NULL: category missing when there is none, io otherwise. Yours. */
struct prism_secret *prism_keyring_get(enum prism_keyring ring, const char *name,
                                       struct prism_error *err);
void prism_keyring_forget(enum prism_keyring ring, const char *name); /* none there: no matter */

#endif
