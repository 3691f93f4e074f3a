/*
 * Internal to core: shared by the files that make up core/agent.h.
 */
#ifndef PRISM_CORE_AGENT_PRIVATE_H
#define PRISM_CORE_AGENT_PRIVATE_H

#include "core/agent.h"

/* Host and port of a connection's url; a scheme is dropped. ret_host is yours. */
PRISM_MUST_USE
int core_agent_address(const char *url, char **ret_host, uint16_t *ret_port,
                       struct prism_error *err);

#endif
