/* Reaching the agent of a computation: see agent_reach.h. */
#include "tui/agent_reach.h"

#include "base/file.h"
#include "base/mem.h"
#include "core/agent_settings.h"
#include "core/computation.h"
#include "core/cvm.h"
#include "core/run.h"
#include "core/tunnels.h"

struct reaching {
	struct pt_command *command;
	pt_agent_reach_fn then;
	void *data;
	char *address;
};

static void reaching_free(struct reaching *r)
{
	prism_free(r->address);
	prism_free(r);
}

static void failed(struct reaching *r, const struct prism_error *err)
{
	struct pt_command *command = r->command;

	reaching_free(r);
	pt_command_done(command, err);
}

static const char *computation_of(const struct reaching *r)
{
	return pt_command_get(r->command, "computation");
}

/* A computation that asks for TLS is never spoken to in clear text. */
static void computation_here(void *data, const struct core_computation *computation,
                             const struct prism_error *err)
{
	struct reaching *r = data;

	if (err) {
		failed(r, err);
		return;
	}
	r->then(r->data, r->address, core_tls_mode_of(computation->agent));
	reaching_free(r);
}

static void with_address(struct reaching *r, const char *address)
{
	struct prism_error err = PRISM_ERROR_INIT;

	r->address = prism_strdup(address);
	if (core_computation_fetch(r->command->core, computation_of(r), r->command->cancel,
	                           computation_here, r, &err) < 0)
		failed(r, &err);
}

static void cvms_here(void *data, const struct prism_error *err)
{
	struct reaching *r = data;
	const char *url = core_run_agent_url(r->command->core, computation_of(r), NULL);
	const char *names[CORE_RUN_NAMES];
	struct prism_error unknown = PRISM_ERROR_INIT;

	core_run_cvm_names(r->command->core, computation_of(r), NULL, *url ? url : NULL, names);
	const char *set = core_agent_settings_url(r->command->world->options, names);
	if (set || *url) {
		with_address(r, set ? set : url);
		return;
	}
	if (err)
		prism_error_copy(&unknown, err);
	else
		prism_error_raise(&unknown, PRISM_ERROR_MISSING, "the address of the agent is not known");
	prism_error_hint(&unknown, "run the computation first, or give --address host:port");
	failed(r, &unknown);
}

static void timeline_here(void *data, const struct prism_error *err)
{
	struct reaching *r = data;
	struct prism_error none = PRISM_ERROR_INIT;

	if (err)
		failed(r, err);
	else if (core_list_await(core_cvms(r->command->core), false, r->command->cancel, cvms_here, r,
	                         &none) < 0)
		failed(r, &none);
}

void pt_agent_reach(struct pt_command *command, pt_agent_reach_fn then, void *data)
{
	const char *named = pt_command_get(command, "address");
	const char *address = named ? named : core_agent_settings_url(command->world->options, NULL);
	struct reaching *r = prism_alloc(sizeof(*r));
	struct prism_error err = PRISM_ERROR_INIT;

	*r = (struct reaching){.command = command, .then = then, .data = data};
	if (address)
		with_address(r, address);
	else if (core_timeline_await(command->core, computation_of(r), true, command->cancel,
	                             timeline_here, r, &err) < 0)
		failed(r, &err);
}

struct core_agent_connection *pt_agent_connection(struct pt_command *command, const char *address,
                                                  enum core_tls_mode mode, struct prism_error *err)
{
	const char *policy = pt_command_get(command, "policy");
	const char *root = pt_command_get(command, "test-root");
	PRISM_AUTO_FREE char *policy_path = policy ? prism_path_expand(policy) : NULL;
	PRISM_AUTO_FREE char *root_path = root ? prism_path_expand(root) : NULL;
	struct core_agent_connection connection = {
	    .url = address, .mode = mode, .policy_file = policy_path, .trust_root_file = root_path};
	const char *names[CORE_RUN_NAMES];

	core_run_cvm_names(command->core, pt_command_get(command, "computation"), NULL, address, names);
	if (core_agent_settings_fill(command->world->options, names, &connection, err) < 0 ||
	    core_tunnel_of_agent(command->core, address, names, &connection.tunnel, err) < 0)
		return NULL;
	if (*core_agent_warning(&connection))
		pt_command_say(command, "%s", core_agent_warning(&connection));
	return core_agent_connection_copy(&connection);
}
