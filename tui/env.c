/* The environment of cocos-cli as text; see env.h. */
#include "tui/env.h"

#include "core/agent_settings.h"
#include "core/run.h"
#include "core/shell.h"

ssize_t pt_env_text(struct pt_world *world, const struct core_computation *computation,
                    const struct pt_env_spec *spec, struct prism_buf *out, struct prism_error *err)
{
	enum core_tls_mode mode = core_tls_mode_of(computation->agent);
	enum core_shell shell = CORE_SHELL_POSIX;
	const char *url = core_run_agent_url(world->core, computation->id, NULL);
	const char *names[CORE_RUN_NAMES];
	struct core_agent_connection settings = {
	    .mode = mode,
	    .server_ca_file = spec->server_ca,
	    .client_cert_file = spec->client_cert,
	    .client_key_file = spec->client_key,
	    .policy_file = spec->policy,
	};

	core_run_cvm_names(world->core, computation->id, NULL, spec->address ? spec->address : url,
	                   names);
	const char *set = core_agent_settings_url(world->options, names);
	if ((spec->shell && core_shell_parse(spec->shell, &shell, err) < 0) ||
	    (spec->mode && core_tls_mode_parse(spec->mode, &mode, err) < 0) ||
	    core_agent_settings_fill(world->options, names, &settings, err) < 0)
		return -1;
	const struct core_tls_env_values values = {
	    .agent_url = spec->address ? spec->address
	                 : set         ? set
	                               : url,
	    .server_ca = settings.server_ca_file,
	    .client_cert = settings.client_cert_file,
	    .client_key = settings.client_key_file,
	    .policy = settings.policy_file,
	};
	return (ssize_t)core_tls_env_render(mode, shell, &values, out);
}
