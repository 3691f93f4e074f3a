/*
 * The table of TLS modes of an agent (reference 5.3, 5.5): inputs, who proves identity,
 * environment. A mode is not on the wire; it is derived from what agent_config holds.  Pure.
 */
#ifndef PRISM_CORE_TLSMODE_H
#define PRISM_CORE_TLSMODE_H

#include "base/buf.h"
#include "base/json.h"
#include "core/shell.h"

#include <stdint.h>

enum core_tls_mode {
	CORE_TLS_NONE,
	CORE_TLS_TLS,
	CORE_TLS_MTLS,
	CORE_TLS_ATLS,
	CORE_TLS_MATLS,
	CORE_TLS_COUNT
};

/* The four files of agent_config. X(ENUM, json key, form label, status label, file name on save) */
#define CORE_TLS_FILE_MAP(X)                                                       \
	X(CERT, "cert_file", "Cert File", "Cert File", "cert.pem")                     \
	X(KEY, "server_key", "Key File", "Key File", "key.pem")                        \
	X(SERVER_CA, "server_ca_file", "Server CA File", "Server CA", "server-ca.pem") \
	X(CLIENT_CA, "client_ca_file", "Client CA File", "Client CA", "client-ca.pem")
enum {
#define X(id, key, label, status, file) CORE_TLS_FILE_##id,
	CORE_TLS_FILE_MAP(X)
#undef X
	    CORE_TLS_FILE_COUNT
};
struct core_tls_file_info {
	const char *key, *label, *status_label, *file_name;
};
const struct core_tls_file_info *core_tls_file_info(unsigned file);

enum core_tls_env { /* environment variables of cocos-cli that the mode needs (5.5) */
	                CORE_TLS_ENV_URL = 1 << 0,
	                CORE_TLS_ENV_SERVER_CA = 1 << 1,
	                CORE_TLS_ENV_CLIENT = 1 << 2,   /* client certificate and key */
	                CORE_TLS_ENV_ATTESTED = 1 << 3, /* ATTESTED_TLS=true and the policy */
};

struct core_tls_mode_info {
	const char *word;  /* "none", "tls", "mtls", "atls", "matls": command line, JSON */
	const char *label; /* "No TLS", "TLS", "Mutual TLS", "Attested TLS", "Mutual Attested TLS" */
	const char *badge; /* "NOTLS", "TLS", "MTLS", "ATLS", "MATLS" */
	bool attested;
	unsigned required, optional; /* bits 1 << CORE_TLS_FILE_* */
	unsigned env;                /* CORE_TLS_ENV_* */
	const char *proves;          /* who proves identity, one line */
	const char *use;             /* when to use, one line */
	const char *warning;         /* "" when there is none */
};
const struct core_tls_mode_info *core_tls_mode_info(enum core_tls_mode mode);
PRISM_MUST_USE
int core_tls_mode_parse(const char *word, enum core_tls_mode *ret, struct prism_error *err);

/* Log levels of an agent, and what the product's documentation advises. */
struct core_log_level_info {
	const char *word, *label, *advice; /* "debug", "Debug", a line */
};
/* "" is the default. NULL: no such level. */
const struct core_log_level_info *core_log_level_info(const char *word);

/* agent_config (section 5.1). Strings never NULL; file contents kept verbatim, unknown fields stay
 * in the computation's raw document. */
struct core_agent_config {
	bool present;          /* the object was there */
	const char *log_level; /* "" = default info */
	const char *file[CORE_TLS_FILE_COUNT];
	bool attested_tls;
};
void core_agent_config_decode(struct core_agent_config *config,
                              const cJSON *agent_config /* borrowed strings */);
enum core_tls_mode core_tls_mode_of(const struct core_agent_config *config);
/* A line worth showing beside the mode (lone CA, files ignored by attestation); "" when none. */
const char *core_tls_mode_note(const struct core_agent_config *config);

/* What one stored value is (section 5.2, tolerant reading). */
enum core_tls_value {
	CORE_TLS_VALUE_EMPTY,
	CORE_TLS_VALUE_PEM,
	CORE_TLS_VALUE_PEM_BASE64,
	CORE_TLS_VALUE_DER_BASE64,
	CORE_TLS_VALUE_PATH
};
enum core_tls_value core_tls_value_kind(const char *value);
/* Badge of the status panel (5.4): "Not Required", "Uploaded", "Missing". */
const char *core_tls_file_badge(const struct core_agent_config *config, unsigned file);

/* Writes the mode into an agent_config object: clears each file the mode does not use, sets
 * attested_tls, sets the files given (NULL: keep). Unknown fields stay. */
void core_tls_mode_apply(cJSON *agent_config, enum core_tls_mode mode,
                         const char *const file[CORE_TLS_FILE_COUNT]);

/* Lines "export NAME=value" for a POSIX shell with safely quoted values; empty strings become
 * placeholders such as <path_to_ca_cert>. */
struct core_tls_env_values {
	const char *agent_url, *server_ca, *client_cert, *client_key, *policy;
};
void core_tls_env_snippet(enum core_tls_mode mode, const struct core_tls_env_values *values,
                          struct prism_buf *out);
/* The same for any shell, safe for eval: placeholders are quoted too. Returns how many there are.
 */
size_t core_tls_env_render(enum core_tls_mode mode, enum core_shell shell,
                           const struct core_tls_env_values *values, struct prism_buf *out);

#endif
