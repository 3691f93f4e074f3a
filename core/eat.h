/*
 * Entity attestation tokens (EAT), internal to core/evidence.c and its tests.
 */
#ifndef PRISM_CORE_EAT_H
#define PRISM_CORE_EAT_H

#include "base/mem.h"
#include "core/evidence.h"

/* Could these bytes be an EAT: COSE_Sign1, a bare claims map, or a JWT. */
bool core_eat_detect(const uint8_t *data, size_t size);
/* Lends from data, or from the arena for JWTs. Fails without a raw report. */
PRISM_MUST_USE
int core_eat_parse(const uint8_t *data, size_t size, struct prism_arena *arena,
                   struct core_eat *ret, struct prism_error *err);

#endif
