/*
 * Options to tunnels: see tunnels.h.
 */
#include "core/tunnels.h"

#include "base/file.h"
#include "base/mem.h"
#include "core/agent_private.h"
#include "core/internal.h"
#include "core/options.h"
#include "net/known_hosts.h"

#include <string.h>

struct tunnels {
	struct core *core;
	struct core_tunnel_asker asker;
	bool has_asker;
	struct net_tunnels *net; /* NULL until a way is asked for */
};

static void *create(struct core *core)
{
	struct tunnels *t = prism_alloc(sizeof(*t));

	t->core = core;
	return t;
}

static void destroy(void *state)
{
	struct tunnels *t = state;

	net_tunnels_destroy(t->net);
	prism_free(t);
}

static const struct core_module module = {.name = "tunnels", .create = create, .destroy = destroy};

static struct tunnels *tunnels_of(struct core *core)
{
	return core_module(core, &module);
}

static void on_ask(void *data, struct net_tunnel *tunnel, const struct net_ssh_question *question)
{
	struct tunnels *t = data;

	core_emit(t->core, CORE_EVENT_TUNNELS, NULL);
	t->asker.ask(t->asker.data, tunnel, question);
}

static void on_withdraw(void *data, struct net_tunnel *tunnel)
{
	struct tunnels *t = data;

	t->asker.withdraw(t->asker.data, tunnel);
}

static void on_changed(void *data, struct net_tunnel *tunnel)
{
	struct tunnels *t = data;

	PRISM_UNUSED(tunnel);
	core_emit(t->core, CORE_EVENT_TUNNELS, NULL);
}

static void on_problem(void *data, const char *text)
{
	struct tunnels *t = data;

	core_notify(t->core, CORE_WARNING, "SSH configuration, %s", text);
}

static const char *text_or_null(struct core *core, enum core_option_id id)
{
	const char *text = core_option_text(core_options(core), id);

	return *text ? text : NULL;
}

static struct net_tunnels *net_of(struct tunnels *t)
{
	const char *config = text_or_null(t->core, CORE_OPT_SSH_CONFIG);
	const char *strict = core_option_text(core_options(t->core), CORE_OPT_SSH_STRICT);
	PRISM_AUTO_FREE char *state = prism_path_state(NULL);
	PRISM_AUTO_FREE char *expanded = config ? prism_path_expand(config) : NULL;
	struct net_tunnels_config how = {
	    .ssh_config = config && !strcmp(config, "none") ? "" : expanded,
	    .known_hosts = text_or_null(t->core, CORE_OPT_SSH_KNOWN_HOSTS),
	    .identity = text_or_null(t->core, CORE_OPT_SSH_KEY),
	    .socket_dir = state,
	    .strict = -1,
	    .connect_timeout_ms = core_option_int(core_options(t->core), CORE_OPT_CONNECT_TIMEOUT),
	    .ask = t->has_asker ? on_ask : NULL,
	    .withdraw = t->has_asker ? on_withdraw : NULL,
	    .changed = on_changed,
	    .problem = on_problem,
	    .data = t,
	};

	for (int i = 0; i < NET_SSH_STRICT_COUNT; i++)
		if (!strcmp(strict, net_ssh_strict_word((enum net_ssh_strict)i)))
			how.strict = i;
	if (!t->net)
		t->net = net_tunnels_create(core_loop(t->core), core_work(t->core), &how);
	return t->net;
}

void core_tunnels_set_asker(struct core *core, const struct core_tunnel_asker *asker)
{
	struct tunnels *t = tunnels_of(core);

	t->has_asker = asker != NULL;
	t->asker = asker ? *asker : (struct core_tunnel_asker){0};
}

struct net_tunnel *core_tunnel(struct core *core, const char *via, struct prism_error *err)
{
	return net_tunnels_get(net_of(tunnels_of(core)), via, err);
}

static int tunnel_of(struct core *core, const char *via, struct net_tunnel **ret,
                     struct prism_error *err)
{
	*ret = NULL;
	if (!*via || !strcmp(via, "none"))
		return 0;
	*ret = core_tunnel(core, via, err);
	return *ret ? 0 : -1;
}

int core_tunnel_of_service(struct core *core, enum core_service service, struct net_tunnel **ret,
                           struct prism_error *err)
{
	const char *url = core_service_option(service); /* "users_url" */
	PRISM_AUTO_FREE char *name =
	    prism_asprintf("%.*s_via", (int)(strlen(url) - strlen("_url")), url);
	int id = core_option_find(name);
	const char *via = id >= 0 ? core_option_text(core_options(core), (enum core_option_id)id) : "";

	return tunnel_of(core, *via ? via : core_option_text(core_options(core), CORE_OPT_VIA), ret,
	                 err);
}

static bool matches(const char *pattern, size_t len, const char *host, const char *const *names)
{
	if (net_ssh_pattern(pattern, len, host))
		return true;
	for (; names && *names; names++)
		if (net_ssh_pattern(pattern, len, *names))
			return true;
	return false;
}

char *core_tunnel_choose(const char *rules, const char *host, const char *const *names)
{
	for (const char *at = rules; *at;) {
		size_t len, pattern;

		at += strspn(at, " \t");
		len = strcspn(at, " \t");
		pattern = strcspn(at, "= \t");
		if (len && pattern >= len) /* the way for all the others */
			return prism_strndup(at, len);
		if (len && matches(at, pattern, host, names))
			return prism_strndup(at + pattern + 1, len - pattern - 1);
		at += len;
	}
	return prism_strdup("");
}

int core_tunnel_of_agent(struct core *core, const char *address, const char *const *names,
                         struct net_tunnel **ret, struct prism_error *err)
{
	const char *rules = core_option_for(core_options(core), CORE_OPT_AGENT_VIA, names).text;
	PRISM_AUTO_FREE char *host = NULL;
	uint16_t port;

	if (core_agent_address(address, &host, &port, err) < 0)
		return -1;
	PRISM_AUTO_FREE char *via = core_tunnel_choose(rules, host, names);
	return tunnel_of(core, *via ? via : core_option_text(core_options(core), CORE_OPT_VIA), ret,
	                 err);
}

size_t core_tunnel_count(struct core *core)
{
	struct tunnels *t = tunnels_of(core);

	return t->net ? net_tunnels_count(t->net) : 0;
}

struct net_tunnel *core_tunnel_at(struct core *core, size_t index)
{
	return net_tunnels_at(tunnels_of(core)->net, index);
}

struct net_tunnel *core_tunnel_find(struct core *core, const char *name, struct prism_error *err)
{
	struct net_tunnel *found = NULL;

	for (size_t i = 0; i < core_tunnel_count(core); i++) {
		struct net_tunnel *tunnel = core_tunnel_at(core, i);
		struct net_tunnel_info info = net_tunnel_info(tunnel);

		if (!strcmp(info.name, name))
			return tunnel;
		if (strcmp(info.hop, name) != 0)
			continue;
		if (found) {
			prism_error_raise(err, PRISM_ERROR_CONFLICT, "several tunnels end at %s", name);
			prism_error_hint(err, "give the whole way");
			return NULL;
		}
		found = tunnel;
	}
	if (!found)
		prism_error_raise(err, PRISM_ERROR_MISSING, "there is no tunnel %s", name);
	return found;
}
