/*
 * The environment in which cocos-cli reaches a computation's agent, as text for a shell: the mode
 * of the computation, the address of its latest run, and the files this person uses (arguments,
 * then AGENT_GRPC_* of this process, then the profile's settings).
 */
#ifndef PRISM_TUI_ENV_H
#define PRISM_TUI_ENV_H

#include "core/computation.h"
#include "tui/world.h"

#include <sys/types.h>

#define PT_ENV_MAX 65536 /* bytes of the text; five paths and an address have a few hundred */

struct pt_env_spec {   /* NULL: not given */
	const char *shell; /* word of core/shell.h; NULL: posix */
	const char *mode;  /* another mode than the stored one */
	const char *address, *server_ca, *client_cert, *client_key, *policy;
};
/* Appends the lines. Returns how many values are placeholders in <...>, or -1. */
PRISM_MUST_USE
ssize_t pt_env_text(struct pt_world *world, const struct core_computation *computation,
                    const struct pt_env_spec *spec, struct prism_buf *out, struct prism_error *err);

#endif
