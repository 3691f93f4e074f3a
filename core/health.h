/*
 * Is the server there, and what does it run (reference 3.13)?  Any JSON answer is a sign of life,
 * whatever its status; a web page means the base URL is not that of the services.
 */
#ifndef PRISM_CORE_HEALTH_H
#define PRISM_CORE_HEALTH_H

#include "core/core.h"

struct core_health {    /* strings never NULL, lent for the callback */
	const char *status; /* "pass"; "" when the answer does not say */
	const char *version, *commit, *description;
	int64_t took_ms; /* from asking to the answer */
};
typedef void (*core_health_fn)(void *data, const struct core_health *health,
                               const struct prism_error *err);
/* Needs no session. */
PRISM_MUST_USE
int core_health_probe(struct core *core, struct prism_cancel *cancel, core_health_fn done,
                      void *data, struct prism_error *err);

#endif
