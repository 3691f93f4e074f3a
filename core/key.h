/*
 * My public key on a computation: registration and check.  Reference 3.5, Q4, Q21.
 * Making, reading and keeping key pairs is core/userkey.h.
 */
#ifndef PRISM_CORE_KEY_H
#define PRISM_CORE_KEY_H

#include "core/core.h"

enum core_key_state { CORE_KEY_UNKNOWN, CORE_KEY_MISSING, CORE_KEY_REGISTERED };
enum core_key_state core_key_state(struct core *core, const char *computation_id); /* last known */
void core_key_check(struct core *core, const char *computation_id); /* in the background */
typedef void (*core_key_fn)(void *data, enum core_key_state state, const struct prism_error *err);
PRISM_MUST_USE
int core_key_check_now(struct core *core, const char *computation_id, struct prism_cancel *cancel,
                       core_key_fn done, void *data, struct prism_error *err);
/* text: PEM, or base64 of DER or PEM; a private key is refused loudly before anything is sent.
 * Sends base64 of the DER SubjectPublicKeyInfo; on a 400 once more base64 of the PEM (Q4). */
PRISM_MUST_USE
int core_key_register(struct core *core, const char *computation_id, const char *text, size_t len,
                      struct prism_cancel *cancel, core_done_fn done, void *data,
                      struct prism_error *err);

#endif
