/*
 * What the doctor asks of the network: the agent's name, its port, TLS with the certificates at
 * hand, and whether an agent answers there.  Every part is skipped, with the reason, when the one
 * before it did not end well.
 */
#include "core/doctor_private.h"

#include "base/text.h"
#include "core/agent_private.h"
#include "core/run.h"
#include "core/tunnels.h"
#include "net/grpc.h"
#include "net/stream_tcp.h"
#include "net/stream_tls.h"

#include <netdb.h>
#include <string.h>
#include <sys/socket.h>

#define NETWORK CORE_DOCTOR_GROUP_NETWORK
#define PASS CORE_DOCTOR_PASS
#define SKIPPED CORE_DOCTOR_SKIPPED
#define FAIL CORE_DOCTOR_FAIL
#define ADDRESSES_SHOWN 4

static const char resolves[] = "The agent's name has an address";
static const char connects[] = "The agent's port can be reached";
static const char protects[] = "TLS is agreed on, each side proven";
static const char answers[] = "An agent answers there";

static void skip(struct core_doctor *d, const char *id, const char *line, const char *why)
{
	core_doctor_add(d, CORE_DOCTOR_ROW(NETWORK, SKIPPED, id, line), "%s", why);
}

static void skip_from(struct core_doctor *d, int part, const char *why)
{
	if (part <= 1)
		skip(d, "network.connects", connects, why);
	if (part <= 2 && d->reach != CORE_TLS_NONE)
		skip(d, "network.tls", protects, why);
	if (part <= 3)
		skip(d, "network.answers", answers, why);
}

/* --- name --- */

struct resolving {
	struct core_doctor *d;
	char *host;
	char found[ADDRESSES_SHOWN * 64];
	int code; /* of getaddrinfo */
};

static void resolve(void *data)
{
	struct resolving *r = data;
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *list = NULL;
	size_t used = 0, count = 0;
	r->code = getaddrinfo(r->host, NULL, &hints, &list);
	for (const struct addrinfo *at = r->code ? NULL : list; at && count < ADDRESSES_SHOWN;
	     at = at->ai_next, count++) {
		char text[64];
		if (getnameinfo(at->ai_addr, at->ai_addrlen, text, sizeof(text), NULL, 0, NI_NUMERICHOST) ==
		    0)
			used += (size_t)snprintf(r->found + used, sizeof(r->found) - used, "%s%s",
			                         used ? ", " : "", text);
	}
	if (list)
		freeaddrinfo(list);
}

static void resolved(void *data, bool cancelled)
{
	struct resolving *r = data;
	struct core_doctor *d = r->d;
	if (!core_doctor_gone(d)) {
		bool good = !cancelled && r->code == 0;
		core_doctor_add(
		    d,
		    CORE_DOCTOR_ROW(NETWORK, good ? PASS : FAIL, "network.resolves", resolves,
		                    "nothing can be sent to a name without one",
		                    "check the agent's address and this machine's name service"),
		    "%s: %s", r->host, good ? r->found : gai_strerror(r->code));
		if (!good) {
			skip_from(d, 1, "the name has no address");
			prism_free(d->host);
			d->host = NULL;
		}
		core_doctor_next(d);
	}
	prism_free(r->host);
	prism_free(r);
}

/* Through SSH hosts, when the settings say so. */
static bool find_way(struct core_doctor *d)
{
	struct prism_error err = PRISM_ERROR_INIT;
	const char *names[CORE_RUN_NAMES];
	core_run_cvm_names(d->core, d->id, NULL, d->connection->url, names);
	if (core_tunnel_of_agent(d->core, d->connection->url, names, &d->connection->tunnel, &err) == 0)
		return true;
	core_doctor_add(d,
	                CORE_DOCTOR_ROW(NETWORK, FAIL, "network.address", "The way to it can be read",
	                                "nothing can be dialled without it", err.hint),
	                "%s", err.message);
	prism_free(d->host);
	d->host = NULL;
	return false;
}

/* Which address: what the person names, else that of the latest run. */
static bool find_address(struct core_doctor *d)
{
	struct prism_error err = PRISM_ERROR_INIT;
	const char *url = d->connection->url;
	if (!url || !*url)
		url = core_run_agent_url(d->core, d->id, NULL);
	d->connection->mode = d->reach;
	if (!*url)
		core_doctor_add(
		    d,
		    CORE_DOCTOR_ROW(NETWORK, SKIPPED, "network.address", "The agent's address is known",
		                    NULL, "run the computation, or name the address", "computation run"),
		    "no run has told it");
	else if (core_agent_address(url, &d->host, &d->port, &err) < 0)
		core_doctor_add(d,
		                CORE_DOCTOR_ROW(NETWORK, FAIL, "network.address",
		                                "The agent's address is known",
		                                "nothing can be dialled without it",
		                                "give host and port, such as 192.0.2.7:7002"),
		                "%s", err.message);
	else
		core_doctor_add(
		    d, CORE_DOCTOR_ROW(NETWORK, PASS, "network.address", "The agent's address is known"),
		    "%s", url);
	if (d->host && url != d->connection->url) {
		struct core_agent_connection with = *d->connection;
		with.url = url;
		struct core_agent_connection *copy = core_agent_connection_copy(&with);
		core_agent_connection_destroy(d->connection);
		d->connection = copy;
	}
	return d->host != NULL && find_way(d);
}

void core_doctor_resolve(struct core_doctor *d)
{
	if (!find_address(d)) {
		skip(d, "network.resolves", resolves, "the address is not known");
		skip_from(d, 1, "the address is not known");
		core_doctor_next(d);
		return;
	}
	if (d->connection->tunnel) {
		skip(d, "network.resolves", resolves, "names are looked up by the last SSH host");
		core_doctor_next(d);
		return;
	}
	struct resolving *r = prism_alloc(sizeof(*r));
	r->d = d;
	r->host = prism_strdup(d->host);
	d->doing = "looking up the agent's name";
	d->busy = true;
	prism_work_submit(core_work(d->core), d->cancel, resolve, resolved, r);
}

/* --- connection --- */

static void add_tls_checks(struct core_doctor *d, struct net_stream *layer)
{
	const struct net_tls_check *checks = net_stream_tls_checks(layer);
	for (int i = 0; i < NET_TLS_CHECK_COUNT; i++) {
		if (checks[i].outcome != NET_TLS_FAIL)
			continue;
		PRISM_AUTO_FREE char *id = prism_asprintf("network.%s", net_tls_check_word(i));
		core_doctor_add(d,
		                CORE_DOCTOR_ROW(NETWORK, FAIL, id, net_tls_check_proves(i),
		                                "the connection is refused for that",
		                                "look at the files with the certificate doctor",
		                                "cert doctor"),
		                "%s", checks[i].detail);
	}
}

static void connected_tls(struct core_doctor *d, const struct prism_error *err)
{
	struct net_stream *layer = net_stream_tls_of(d->stream);
	if (!layer)
		return;
	struct net_tls_info info = net_stream_tls_info(layer);
	if (err)
		core_doctor_add(
		    d,
		    CORE_DOCTOR_ROW(NETWORK, FAIL, "network.tls", protects,
		                    "without it nothing may be sent",
		                    *err->hint ? err->hint : "compare the mode with what the agent speaks",
		                    "cert doctor"),
		    "%s", err->message);
	else
		core_doctor_add(d, CORE_DOCTOR_ROW(NETWORK, PASS, "network.tls", protects), "%s, %s",
		                info.version_text, info.cipher);
	if (err)
		add_tls_checks(d, layer);
}

static void connected(void *data, const struct prism_error *err)
{
	struct core_doctor *d = data;
	bool tcp = err && (strncmp(err->message, NET_TCP_CONNECT_WORDS,
	                           sizeof(NET_TCP_CONNECT_WORDS) - 1) == 0 ||
	                   (d->connection->tunnel &&
	                    (!net_stream_tls_of(d->stream) || err->category == PRISM_ERROR_DENIED)));
	core_doctor_add(
	    d,
	    CORE_DOCTOR_ROW(NETWORK, tcp ? FAIL : PASS, "network.connects", connects,
	                    "a firewall, a wrong port, or an agent that is not up",
	                    err && *err->hint ? err->hint : "check firewall rules and the agent",
	                    "cvm list"),
	    "%s port %u%s%s", d->host, d->port, tcp ? ": " : "", tcp ? err->message : "");
	if (tcp)
		skip_from(d, 2, "the port cannot be reached");
	else
		connected_tls(d, err);
	if (err && !tcp)
		skip_from(d, 3, "TLS failed");
	net_stream_destroy(d->stream);
	d->stream = NULL;
	if (err) {
		prism_free(d->host);
		d->host = NULL;
	}
	core_doctor_next(d);
}

static void stream_ready(void *data, unsigned events)
{
}

/* Mode and files do not make a connection: said once, in words of the files. */
static void cannot_dial(struct core_doctor *d, const struct prism_error *err)
{
	core_doctor_add(d,
	                CORE_DOCTOR_ROW(NETWORK, FAIL, "network.inputs",
	                                "What the mode needs to connect is at hand",
	                                "a weaker connection is never used instead",
	                                *err->hint ? err->hint : "name what the mode needs",
	                                "cert doctor"),
	                "%s", err->message);
	skip_from(d, 1, "nothing was dialled");
	prism_free(d->host);
	d->host = NULL;
	core_doctor_next(d);
}

void core_doctor_dial(struct core_doctor *d)
{
	struct prism_error err = PRISM_ERROR_INIT;
	if (!d->host) {
		core_doctor_next(d);
		return;
	}
	if (core_tls_mode_info(d->reach)->attested) {
		skip_from(d, 1,
		          "an agent with attested TLS may close its port when a handshake is broken off; "
		          "send or fetch something instead");
		prism_free(d->host);
		d->host = NULL;
		core_doctor_next(d);
		return;
	}
	d->connection->connect_timeout_ms = CORE_DOCTOR_CONNECT_MS;
	if (core_agent_connection_check(d->connection, &err) == 0)
		d->stream = core_agent_stream_create(NULL, core_loop(d->core), core_work(d->core),
		                                     d->connection, &err);
	if (!d->stream) {
		cannot_dial(d, &err);
		return;
	}
	d->doing = "connecting to the agent";
	net_stream_connect(d->stream, connected, stream_ready, d);
}

/* --- does an agent answer? --- */

/* grpc.health.v1.HealthCheckRequest{service: "agent"} (reference agent.md section 1). */
static int health_request(void *data, struct prism_buf *out, struct prism_error *err)
{
	struct core_doctor *d = data;
	static const char message[] = "\x0a\x05"
	                              "agent";
	if (d->asked)
		return 0;
	d->asked = true;
	return prism_buf_append(out, message, sizeof(message) - 1, err) < 0 ? -1 : 1;
}

/* HealthCheckResponse{status: SERVING = 1}; nothing else is worth decoding. */
static int health_answer(void *data, const void *message, size_t len, struct prism_error *err)
{
	struct core_doctor *d = data;
	d->serving = len == 2 && memcmp(message, "\x08\x01", 2) == 0;
	return 0;
}

static void health_done(void *data, int status, const struct prism_error *err)
{
	struct core_doctor *d = data;
	bool good = status == NET_GRPC_OK && d->serving;
	/* Any gRPC status but "unavailable" comes from somebody who speaks gRPC. */
	core_doctor_add(d,
	                CORE_DOCTOR_ROW(NETWORK, good ? PASS : FAIL, "network.answers", answers,
	                                "something else listens there, the mode is another one, or it "
	                                "does not take your certificate",
	                                err && *err->hint
	                                    ? err->hint
	                                    : "compare address and mode with the computation's",
	                                "computation update"),
	                "%s",
	                good  ? "its health service says it is serving"
	                : err ? err->message
	                      : "its health service says it is not serving");
	net_grpc_channel_destroy(d->channel);
	d->channel = NULL;
	core_doctor_next(d);
}

void core_doctor_ask_health(struct core_doctor *d)
{
	struct prism_error err = PRISM_ERROR_INIT;
	struct net_stream *stream = NULL;
	if (!d->host) {
		core_doctor_next(d);
		return;
	}
	PRISM_AUTO_FREE char *authority =
	    prism_asprintf(strchr(d->host, ':') ? "[%s]:%u" : "%s:%u", d->host, d->port);
	const struct net_grpc_call_spec spec = {
	    .path = "/grpc.health.v1.Health/Check",
	    .timeout_ms = CORE_DOCTOR_CONNECT_MS,
	    .next_message = health_request,
	    .on_message = health_answer,
	    .done = health_done,
	    .data = d,
	};
	d->doing = "asking the agent for its health";
	stream =
	    core_agent_stream_create(NULL, core_loop(d->core), core_work(d->core), d->connection, &err);
	if (stream)
		d->channel = net_grpc_channel_create(core_loop(d->core), stream, authority,
		                                     d->reach != CORE_TLS_NONE);
	if (!d->channel || !net_grpc_call_start(d->channel, &spec, NULL, &err))
		health_done(d, NET_GRPC_UNAVAILABLE, &err);
}
