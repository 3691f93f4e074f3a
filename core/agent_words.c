/*
 * Owns: the words of the agent interface (roles, algorithm types, states), what may be sent as an
 * argument, connection descriptions, and the signature.  Declared in core/agent.h; the calls are
 * in core/agent.c.
 */
#include "base/file.h"
#include "base/text.h"
#include "core/agent_private.h"
#include "net/crypto.h"
#include "net/stream_tcp.h"

#include <string.h>
#include <strings.h>

static const char *const role_words[CORE_AGENT_ROLE_COUNT] = {
    [CORE_AGENT_ALGORITHM_PROVIDER] = "algorithm-provider",
    [CORE_AGENT_DATA_PROVIDER] = "data-provider",
    [CORE_AGENT_CONSUMER] = "consumer",
};

const char *core_agent_role_word(enum core_agent_role role)
{
	return role < CORE_AGENT_ROLE_COUNT ? role_words[role] : "";
}

int core_agent_sign(const struct net_key *key, enum core_agent_role role,
                    struct prism_secret **ret_signature, struct prism_error *err)
{
	const char *word = core_agent_role_word(role);
	struct prism_buf sig = PRISM_BUF_INIT(4096);
	char *text;

	if (net_key_sign(key, word, strlen(word), &sig, err) < 0) {
		prism_buf_wipe(&sig);
		return -1;
	}
	text = prism_base64_encode(sig.data, sig.len);
	prism_buf_wipe(&sig);
	*ret_signature = prism_secret_from_text(text);
	prism_wipe(text, strlen(text));
	prism_free(text);
	return 0;
}

static const struct type_row {
	const char *word, *extension;
} type_rows[CORE_ALGO_COUNT] = {
    [CORE_ALGO_BIN] = {"bin", NULL},
    [CORE_ALGO_PYTHON] = {"python", ".py"},
    [CORE_ALGO_WASM] = {"wasm", ".wasm"},
    [CORE_ALGO_DOCKER] = {"docker", ".tar"},
};

const char *core_algo_type_word(enum core_algo_type type)
{
	return type < CORE_ALGO_COUNT ? type_rows[type].word : "";
}

int core_algo_type_parse(const char *word, enum core_algo_type *ret, struct prism_error *err)
{
	for (int i = 0; word && i < CORE_ALGO_COUNT; i++) {
		if (!strcmp(word, type_rows[i].word)) {
			*ret = (enum core_algo_type)i;
			return 0;
		}
	}
	prism_error_raise(err, PRISM_ERROR_INVALID, "unknown algorithm type \"%.60s\"",
	                  word ? word : "");
	prism_error_hint(err, "one of bin, python, wasm, docker");
	return -1;
}

enum core_algo_type core_algo_type_guess(const char *path)
{
	const char *dot = strrchr(prism_path_base(path), '.');

	for (int i = 0; dot && i < CORE_ALGO_COUNT; i++)
		if (type_rows[i].extension && !strcasecmp(dot, type_rows[i].extension))
			return (enum core_algo_type)i;
	return CORE_ALGO_BIN;
}

int core_agent_check_arg(const char *arg, struct prism_error *err)
{
	for (const char *p = arg; *p; p++) {
		if ((unsigned char)*p >= 0x20 && (unsigned char)*p <= 0x7e)
			continue;
		prism_error_raise(err, PRISM_ERROR_INVALID,
		                  "an argument holds a character that cannot be sent (byte %td)",
		                  p - arg + 1);
		prism_error_hint(err, "arguments travel as header values: printable ASCII only");
		return -1;
	}
	if (*arg && (arg[0] == ' ' || arg[strlen(arg) - 1] == ' ')) {
		prism_error_raise(err, PRISM_ERROR_INVALID, "an argument begins or ends with a space");
		prism_error_hint(err, "header values lose such spaces on the way");
		return -1;
	}
	return 0;
}

static const char *const state_words[CORE_AGENT_STATE_COUNT] = {
#define X(id, word) word,
    CORE_AGENT_STATE_MAP(X)
#undef X
};

const char *core_agent_state_word(enum core_agent_state state)
{
	return state < CORE_AGENT_STATE_COUNT ? state_words[state] : "";
}

enum core_agent_state core_agent_state_parse(const char *word)
{
	for (int i = 1; word && i < CORE_AGENT_STATE_COUNT; i++)
		if (!strcmp(word, state_words[i]))
			return (enum core_agent_state)i;
	return CORE_AGENT_STATE_UNKNOWN;
}

/* ---- connections ---- */

struct core_agent_connection *core_agent_connection_copy(const struct core_agent_connection *from)
{
	struct core_agent_connection *copy = prism_alloc(sizeof(*copy));

	*copy = *from;
	copy->url = prism_strdup(from->url);
	copy->server_ca_file = prism_strdup(from->server_ca_file);
	copy->client_cert_file = prism_strdup(from->client_cert_file);
	copy->client_key_file = prism_strdup(from->client_key_file);
	copy->policy_file = prism_strdup(from->policy_file);
	copy->extra_policy_file = prism_strdup(from->extra_policy_file);
	copy->certificates_file = prism_strdup(from->certificates_file);
	copy->policy_key_file = prism_strdup(from->policy_key_file);
	copy->trust_root_file = prism_strdup(from->trust_root_file);
	copy->product_line = prism_strdup(from->product_line);
	return copy;
}

static void free_text(const char *text)
{
	prism_free((void *)(uintptr_t)text); /* the copy's own */
}

void core_agent_connection_destroy(struct core_agent_connection *connection)
{
	if (!connection)
		return;
	free_text(connection->url);
	free_text(connection->server_ca_file);
	free_text(connection->client_cert_file);
	free_text(connection->client_key_file);
	free_text(connection->policy_file);
	free_text(connection->extra_policy_file);
	free_text(connection->certificates_file);
	free_text(connection->policy_key_file);
	free_text(connection->trust_root_file);
	free_text(connection->product_line);
	prism_free(connection);
}

int core_agent_address(const char *url, char **ret_host, uint16_t *ret_port,
                       struct prism_error *err)
{
	PRISM_AUTO_FREE char *plain = NULL;
	const char *at = url ? url : "";
	size_t len;

	if (!strncasecmp(at, "http://", 7))
		at += 7;
	else if (!strncasecmp(at, "https://", 8))
		at += 8;
	len = strlen(at);
	if (len && at[len - 1] == '/')
		len--;
	plain = prism_strndup(at, len);
	if (!*plain || !strcmp(plain, ":")) { /* ":" is what the API gives for a CVM not yet up */
		prism_error_raise(err, PRISM_ERROR_INVALID, "the agent's address is not known yet");
		prism_error_hint(err, "it is known once the CVM is online and the run has started");
		return -1;
	}
	return net_address_parse(plain, CORE_AGENT_PORT, ret_host, ret_port, err);
}

/* option: where a profile names it. */
static int need_file(const char *path, const char *what, const char *option,
                     struct prism_error *err)
{
	if (path && *path)
		return 0;
	prism_error_raise(err, PRISM_ERROR_INVALID, "%s is missing", what);
	prism_error_hint(err, "this computation's agent asks for it; set %s in the profile", option);
	return -1;
}

int core_agent_connection_check(const struct core_agent_connection *connection,
                                struct prism_error *err)
{
	enum core_tls_mode mode = connection->mode;
	PRISM_AUTO_FREE char *host = NULL;
	uint16_t port;

	if (core_agent_address(connection->url, &host, &port, err) < 0)
		return -1;
	if ((mode == CORE_TLS_MTLS || mode == CORE_TLS_MATLS) &&
	    (need_file(connection->client_cert_file, "the client certificate", "agent_client_cert",
	               err) < 0 ||
	     need_file(connection->client_key_file, "the client certificate's key", "agent_client_key",
	               err) < 0))
		return -1;
	if ((mode == CORE_TLS_ATLS || mode == CORE_TLS_MATLS) &&
	    need_file(connection->policy_file, "the attestation policy", "agent_policy", err) < 0)
		return -1;
	return 0;
}

static bool is_loopback(const char *host)
{
	return !strcmp(host, "localhost") || !strncmp(host, "127.", 4) || !strcmp(host, "::1");
}

/* Where it is in clear text: 0 on this machine, 1 on the network, and two more of the same behind a
 * tunnel, where loopback is that of the last SSH host. */
static unsigned clear_where(const struct core_agent_connection *connection)
{
	struct prism_error ignored = PRISM_ERROR_INIT;
	PRISM_AUTO_FREE char *host = NULL;
	uint16_t port;
	bool near =
	    core_agent_address(connection->url, &host, &port, &ignored) == 0 && is_loopback(host);

	return (connection->tunnel ? 2 : 0) + (near ? 0 : 1);
}

const char *core_agent_warning(const struct core_agent_connection *connection)
{
	static const char *const words[] = {
	    "no TLS: acceptable here only because the agent is on this machine",
	    "no TLS: the file and a replayable signature travel in clear text, and nothing proves who "
	    "the agent is",
	    "no TLS: SSH protects the way to the last host; on it the file and a replayable signature "
	    "are in clear text, and nothing proves who answers there",
	    "no TLS: SSH protects the way to the last host only; behind it the file and a replayable "
	    "signature travel in clear text, and nothing proves who the agent is",
	};

	return connection->mode == CORE_TLS_NONE ? words[clear_where(connection)] : "";
}

const char *core_agent_clear_word(const struct core_agent_connection *connection)
{
	static const char *const words[] = {"clear text, this machine", "clear text",
	                                    "clear text on the bastion",
	                                    "clear text behind the bastion"};

	return connection->mode == CORE_TLS_NONE ? words[clear_where(connection)] : "";
}
