/*
 * The TLS-mode table and its readers: derivation, status panel, writing a mode, environment
 * snippet.
 */
#include "core/tlsmode.h"

#include "base/mem.h"
#include "base/text.h"

#include <string.h>

#define BIT(file) (1u << CORE_TLS_FILE_##file)

static const struct core_tls_file_info files[CORE_TLS_FILE_COUNT] = {
#define X(id, key_, label_, status_, file_) \
	[CORE_TLS_FILE_##                       \
	    id] = {.key = key_, .label = label_, .status_label = status_, .file_name = file_},
    CORE_TLS_FILE_MAP(X)
#undef X
};

/* Reference 5.3 (inputs), 5.5 (environment). */
static const struct core_tls_mode_info modes[CORE_TLS_COUNT] = {
    [CORE_TLS_NONE] =
        {
            .word = "none",
            .label = "No TLS",
            .badge = "NOTLS",
            .env = CORE_TLS_ENV_URL,
            .proves = "nobody",
            .use = "only in completely trusted, air-gapped environments",
            .warning = "everything travels in the clear, algorithm and data included",
        },
    [CORE_TLS_TLS] =
        {
            .word = "tls",
            .label = "TLS",
            .badge = "TLS",
            .required = BIT(CERT) | BIT(KEY),
            .env = CORE_TLS_ENV_URL | CORE_TLS_ENV_SERVER_CA,
            .proves = "the agent, by its certificate",
            .use = "trusted networks, basic deployments",
            .warning = "",
        },
    [CORE_TLS_MTLS] =
        {
            .word = "mtls",
            .label = "Mutual TLS",
            .badge = "MTLS",
            .required = BIT(CERT) | BIT(KEY) | BIT(SERVER_CA) | BIT(CLIENT_CA),
            .env = CORE_TLS_ENV_URL | CORE_TLS_ENV_SERVER_CA | CORE_TLS_ENV_CLIENT,
            .proves = "the agent and the client, each by its certificate",
            .use = "production with strict rules on who may connect",
            .warning = "",
        },
    [CORE_TLS_ATLS] =
        {
            .word = "atls",
            .label = "Attested TLS",
            .badge = "ATLS",
            .attested = true,
            .env = CORE_TLS_ENV_URL | CORE_TLS_ENV_ATTESTED,
            .proves = "the enclave, by hardware evidence checked against the attestation policy",
            .use = "confidential computing that needs proof of the hardware",
            .warning = "",
        },
    [CORE_TLS_MATLS] =
        {
            .word = "matls",
            .label = "Mutual Attested TLS",
            .badge = "MATLS",
            .attested = true,
            .required = BIT(CLIENT_CA),
            .optional = BIT(CERT) | BIT(KEY) | BIT(SERVER_CA),
            .env = CORE_TLS_ENV_URL | CORE_TLS_ENV_SERVER_CA | CORE_TLS_ENV_CLIENT |
                   CORE_TLS_ENV_ATTESTED,
            .proves = "the enclave, by hardware evidence, and the client, by its certificate",
            .use = "mission-critical workloads",
            .warning = "",
        },
};

const struct core_tls_file_info *core_tls_file_info(unsigned file)
{
	return &files[file];
}

const struct core_tls_mode_info *core_tls_mode_info(enum core_tls_mode mode)
{
	return &modes[mode];
}

int core_tls_mode_parse(const char *word, enum core_tls_mode *ret, struct prism_error *err)
{
	for (int mode = 0; mode < CORE_TLS_COUNT; mode++) {
		if (strcmp(modes[mode].word, word) == 0 || strcmp(modes[mode].badge, word) == 0) {
			*ret = (enum core_tls_mode)mode;
			return 0;
		}
	}
	prism_error_raise(err, PRISM_ERROR_INVALID, "\"%s\" is no TLS mode", word);
	prism_error_hint(err, "one of none, tls, mtls, atls, matls");
	return -1;
}

static const struct core_log_level_info levels[] = {
    {"", "Default", "what the agent does by itself: info"},
    {"debug", "Debug",
     "everything, which may slow the agent down: for development and, for a while, to find a "
     "fault"},
    {"info", "Info", "recommended: what happens and when, at no cost: for production"},
    {"warn", "Warn", "only what may become a problem: for watching"},
    {"error", "Error", "only what failed: for production that has to log as little as possible"},
};

const struct core_log_level_info *core_log_level_info(const char *word)
{
	for (size_t i = 0; i < PRISM_COUNT(levels); i++)
		if (strcmp(levels[i].word, word) == 0)
			return &levels[i];
	return NULL;
}

void core_agent_config_decode(struct core_agent_config *config, const cJSON *agent_config)
{
	config->present = cJSON_IsObject(agent_config);
	config->log_level = prism_json_str(agent_config, "log_level", "");
	for (unsigned i = 0; i < CORE_TLS_FILE_COUNT; i++)
		config->file[i] = prism_json_str(agent_config, files[i].key, "");
	config->attested_tls = prism_json_bool(agent_config, "attested_tls", false);
}

enum core_tls_mode core_tls_mode_of(const struct core_agent_config *config)
{
	bool cert = *config->file[CORE_TLS_FILE_CERT] || *config->file[CORE_TLS_FILE_KEY];
	bool ca = *config->file[CORE_TLS_FILE_SERVER_CA] || *config->file[CORE_TLS_FILE_CLIENT_CA];
	if (config->attested_tls)
		return *config->file[CORE_TLS_FILE_CLIENT_CA] ? CORE_TLS_MATLS : CORE_TLS_ATLS;
	if (ca && cert)
		return CORE_TLS_MTLS;
	return cert ? CORE_TLS_TLS : CORE_TLS_NONE;
}

const char *core_tls_mode_note(const struct core_agent_config *config)
{
	bool cert = *config->file[CORE_TLS_FILE_CERT] || *config->file[CORE_TLS_FILE_KEY];
	bool ca = *config->file[CORE_TLS_FILE_SERVER_CA] || *config->file[CORE_TLS_FILE_CLIENT_CA];
	switch (core_tls_mode_of(config)) {
	case CORE_TLS_NONE:
		return ca ? "a CA without certificate and key has no effect: agents ignore it" : "";
	case CORE_TLS_ATLS:
		return cert || ca ? "the stored files are ignored, or used as identity, by the agent" : "";
	default:
		return "";
	}
}

/* --- values --- */

static bool is_pem(const char *text)
{
	return strncmp(text, "-----BEGIN ", 11) == 0;
}

enum core_tls_value core_tls_value_kind(const char *value)
{
	if (!value || !*value)
		return CORE_TLS_VALUE_EMPTY;
	if (is_pem(value))
		return CORE_TLS_VALUE_PEM;
	PRISM_AUTO_BUF struct prism_buf decoded = PRISM_BUF_INIT(16u << 20);
	if (prism_base64_decode(value, strlen(value), &decoded, NULL) == 0 && decoded.len > 0) {
		if (is_pem(prism_buf_text(&decoded)))
			return CORE_TLS_VALUE_PEM_BASE64;
		if ((unsigned char)decoded.data[0] == 0x30) /* DER SEQUENCE */
			return CORE_TLS_VALUE_DER_BASE64;
	}
	return CORE_TLS_VALUE_PATH;
}

const char *core_tls_file_badge(const struct core_agent_config *config, unsigned file)
{
	const struct core_tls_mode_info *mode = &modes[core_tls_mode_of(config)];
	unsigned bit = 1u << file;
	bool used = ((mode->required | mode->optional) & bit) != 0;
	if (used && *config->file[file])
		return "Uploaded";
	return mode->required & bit ? "Missing" : "Not Required";
}

static void put(cJSON *obj, const char *key, cJSON *value)
{
	if (cJSON_GetObjectItemCaseSensitive(obj, key))
		cJSON_ReplaceItemInObjectCaseSensitive(obj, key, value);
	else
		cJSON_AddItemToObject(obj, key, value);
}

/* CRLF and CR to LF, one newline at the end (section 5.2): the bytes the agent will read. */
static char *normalise_pem(const char *text)
{
	struct prism_buf out = PRISM_BUF_INIT(strlen(text) + 2);
	for (; *text; text++) {
		if (*text == '\r') {
			if (text[1] != '\n')
				prism_buf_putc(&out, '\n');
		} else {
			prism_buf_putc(&out, *text);
		}
	}
	while (out.len > 1 && out.data[out.len - 1] == '\n' && out.data[out.len - 2] == '\n')
		out.data[--out.len] = '\0';
	if (out.len && out.data[out.len - 1] != '\n')
		prism_buf_putc(&out, '\n');
	return prism_buf_take(&out, NULL);
}

void core_tls_mode_apply(cJSON *agent_config, enum core_tls_mode mode,
                         const char *const file[CORE_TLS_FILE_COUNT])
{
	const struct core_tls_mode_info *info = &modes[mode];
	for (unsigned i = 0; i < CORE_TLS_FILE_COUNT; i++) {
		bool used = ((info->required | info->optional) & (1u << i)) != 0;
		if (!used) {
			put(agent_config, files[i].key, cJSON_CreateString(""));
		} else if (file && file[i]) {
			PRISM_AUTO_FREE char *text = *file[i] ? normalise_pem(file[i]) : prism_strdup("");
			put(agent_config, files[i].key, cJSON_CreateString(text));
		} else if (!cJSON_GetObjectItemCaseSensitive(agent_config, files[i].key)) {
			put(agent_config, files[i].key, cJSON_CreateString(""));
		}
	}
	put(agent_config, "attested_tls", cJSON_CreateBool(info->attested));
}

/* --- environment --- */

struct env_row {
	const char *name, *value, *placeholder;
};
#define ENV_ROWS 6

/* The variables of a mode, in the order of the documentation. Returns how many. */
static size_t env_rows(enum core_tls_mode mode, const struct core_tls_env_values *values,
                       struct env_row rows[ENV_ROWS])
{
	const struct {
		unsigned bit;
		struct env_row row;
	} all[ENV_ROWS] = {
	    {CORE_TLS_ENV_URL, {"AGENT_GRPC_URL", values->agent_url, "<backend_host>:<agent_port>"}},
	    {CORE_TLS_ENV_CLIENT,
	     {"AGENT_GRPC_CLIENT_CERT", values->client_cert, "<path_to_client_cert>"}},
	    {CORE_TLS_ENV_CLIENT,
	     {"AGENT_GRPC_CLIENT_KEY", values->client_key, "<path_to_client_key>"}},
	    {CORE_TLS_ENV_SERVER_CA,
	     {"AGENT_GRPC_SERVER_CA_CERTS", values->server_ca, "<path_to_ca_cert>"}},
	    {CORE_TLS_ENV_ATTESTED, {"AGENT_GRPC_ATTESTED_TLS", "true", ""}},
	    {CORE_TLS_ENV_ATTESTED,
	     {"AGENT_GRPC_ATTESTATION_POLICY", values->policy, "<path_to_attestation_policy_file>"}},
	};
	size_t count = 0;

	for (size_t i = 0; i < ENV_ROWS; i++)
		if (modes[mode].env & all[i].bit)
			rows[count++] = all[i].row;
	return count;
}

void core_tls_env_snippet(enum core_tls_mode mode, const struct core_tls_env_values *values,
                          struct prism_buf *out)
{
	struct env_row rows[ENV_ROWS];
	size_t count = env_rows(mode, values, rows);

	for (size_t i = 0; i < count; i++) {
		if (rows[i].value && *rows[i].value)
			core_shell_set(CORE_SHELL_POSIX, rows[i].name, rows[i].value, out);
		else
			prism_buf_printf(out, "export %s=%s\n", rows[i].name, rows[i].placeholder);
	}
}

size_t core_tls_env_render(enum core_tls_mode mode, enum core_shell shell,
                           const struct core_tls_env_values *values, struct prism_buf *out)
{
	struct env_row rows[ENV_ROWS];
	size_t count = env_rows(mode, values, rows), open = 0;

	for (size_t i = 0; i < count; i++) {
		bool known = rows[i].value && *rows[i].value;
		core_shell_set(shell, rows[i].name, known ? rows[i].value : rows[i].placeholder, out);
		open += !known;
	}
	return open;
}
