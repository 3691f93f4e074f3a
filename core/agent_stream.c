/*
 * Owns: the chain of layers that a mode of an agent's connection stands for, from the files that
 * the user named.  The layers themselves are net's.
 *
 *   No TLS       TCP
 *   TLS          TLS over TCP; the agent judged by the server CA, or by the system's
 *   Mutual TLS   the same, and a client certificate is shown
 *
 * With a tunnel a channel of SSH takes the place of TCP; what is above it is the same.
 *
 * A mode that cannot be built is refused before anything is dialled; no mode is ever weakened.
 */
#include "core/agent_private.h"

#include "base/file.h"
#include "net/stream_ssh.h"
#include "net/stream_tcp.h"
#include "net/stream_tls.h"

#define PEM_CAP (1u << 20) /* a bundle of the usual public authorities is 220 KiB */

struct credentials {
	struct prism_buf ca, cert, key;
};

static void credentials_finish(struct credentials *credentials)
{
	prism_buf_finish(&credentials->ca);
	prism_buf_finish(&credentials->cert);
	prism_buf_wipe(&credentials->key);
}

/* A path that is not set leaves the buffer empty; a file that is empty is refused: it must not
 * quietly mean "none". */
static int read_pem(const char *path, const char *what, struct prism_buf *out,
                    struct prism_error *err)
{
	prism_buf_init(out, PEM_CAP);
	if (!path || !*path)
		return 0;
	PRISM_AUTO_FREE char *expanded = prism_path_expand(path);
	if (prism_file_read(expanded, PEM_CAP, out, err) < 0)
		return prism_error_wrap(err, "%s cannot be read", what);
	if (out->len > 0)
		return 0;
	prism_error_raise(err, PRISM_ERROR_INVALID, "the file of %s is empty", what);
	prism_error_hint(err, "give a PEM file; clear text is never used instead");
	return -1;
}

static int credentials_read(const struct core_agent_connection *connection, struct credentials *out,
                            struct prism_error *err)
{
	bool mutual = connection->mode == CORE_TLS_MTLS || connection->mode == CORE_TLS_MATLS;
	*out = (struct credentials){0};
	if (read_pem(connection->server_ca_file, "the server CA", &out->ca, err) < 0 ||
	    (mutual &&
	     (read_pem(connection->client_cert_file, "the client certificate", &out->cert, err) < 0 ||
	      read_pem(connection->client_key_file, "the client certificate's key", &out->key, err) <
	          0)))
		return -1;
	return 0;
}

static struct net_tls *settings_make(const struct core_agent_connection *connection,
                                     struct prism_error *err)
{
	struct credentials credentials;
	struct net_tls *tls = NULL;
	if (credentials_read(connection, &credentials, err) == 0) {
		const struct net_tls_config config = {
		    .role = NET_TLS_CLIENT,
		    .ca_pem = credentials.ca.len ? credentials.ca.data : NULL,
		    .ca_len = credentials.ca.len,
		    .ca_name = credentials.ca.len ? prism_path_base(connection->server_ca_file) : NULL,
		    .cert_pem = credentials.cert.len ? credentials.cert.data : NULL,
		    .cert_len = credentials.cert.len,
		    .key_pem = credentials.key.len ? credentials.key.data : NULL,
		    .key_len = credentials.key.len,
		};
		tls = net_tls_create(&config, err);
	}
	credentials_finish(&credentials);
	return tls;
}

struct net_stream *core_agent_bottom(struct prism_loop *loop, struct prism_work *work,
                                     const struct core_agent_connection *connection,
                                     const char *host, uint16_t port)
{
	int64_t timeout =
	    connection->connect_timeout_ms > 0 ? connection->connect_timeout_ms : CORE_AGENT_CONNECT_MS;

	return connection->tunnel ? net_stream_ssh_create(connection->tunnel, host, port, timeout)
	                          : net_stream_tcp_create(loop, work, host, port, timeout);
}

struct net_stream *core_agent_stream_create(void *unused, struct prism_loop *loop,
                                            struct prism_work *work,
                                            const struct core_agent_connection *connection,
                                            struct prism_error *err)
{
	int64_t timeout =
	    connection->connect_timeout_ms > 0 ? connection->connect_timeout_ms : CORE_AGENT_CONNECT_MS;
	PRISM_AUTO_FREE char *host = NULL;
	uint16_t port;
	if (core_tls_mode_info(connection->mode)->attested) {
		prism_error_raise(err, PRISM_ERROR_INVALID, "this build cannot speak %s to an agent",
		                  core_tls_mode_info(connection->mode)->label);
		prism_error_hint(err, "nothing was sent; a weaker connection is never used instead");
		return NULL;
	}
	if (core_agent_address(connection->url, &host, &port, err) < 0)
		return NULL;
	if (connection->mode == CORE_TLS_NONE)
		return core_agent_bottom(loop, work, connection, host, port);
	struct net_tls *tls = settings_make(connection, err);
	if (!tls)
		return NULL;
	const struct net_stream_tls_spec spec = {.tls = tls, .host = host, .timeout_ms = timeout};
	struct net_stream *stream =
	    net_stream_tls_create(core_agent_bottom(loop, work, connection, host, port), &spec);
	net_tls_unref(tls);
	return stream;
}
