/*
 * Inputs of a connection to an agent: see agent_settings.h.
 */
#include "core/agent_settings.h"

#include "base/mem.h"
#include "core/attest.h"
#include "core/options.h"

#include <stdlib.h>
#include <string.h>

struct source {
	const struct core_options *options; /* NULL: none */
	const char *const *names;
};

static const char *setting(const struct source *from, const char *variable, enum core_option_id id)
{
	struct core_setting own = {.text = ""};
	const char *value = variable ? getenv(variable) : NULL;

	if (from->options)
		own = core_option_for(from->options, id, from->names);
	if (!value || !*value || own.source >= CORE_FROM_ENVIRONMENT)
		value = own.text;
	return *value ? value : NULL;
}

const char *core_agent_settings_url(const struct core_options *options, const char *const *names)
{
	return setting(&(struct source){options, names}, "AGENT_GRPC_URL", CORE_OPT_AGENT_URL);
}

/* What Go's strconv.ParseBool takes. */
static int go_bool(const char *text, bool *ret, struct prism_error *err)
{
	static const struct {
		const char *word;
		bool value;
	} words[] = {{"1", true},    {"t", true},      {"T", true},      {"true", true},
	             {"TRUE", true}, {"True", true},   {"0", false},     {"f", false},
	             {"F", false},   {"false", false}, {"FALSE", false}, {"False", false}};

	for (size_t i = 0; i < PRISM_COUNT(words); i++) {
		if (!strcmp(words[i].word, text)) {
			*ret = words[i].value;
			return 0;
		}
	}
	return prism_error_raise(err, PRISM_ERROR_INVALID,
	                         "AGENT_GRPC_ATTESTED_TLS is \"%.40s\", neither true nor false", text);
}

static int make_attested(struct core_agent_connection *connection, struct prism_error *err)
{
	const char *text = getenv("AGENT_GRPC_ATTESTED_TLS");
	bool attested = false;

	if (!text || !*text)
		return 0;
	if (go_bool(text, &attested, err) < 0)
		return -1;
	if (attested && connection->mode == CORE_TLS_MTLS)
		connection->mode = CORE_TLS_MATLS;
	else if (attested && connection->mode != CORE_TLS_MATLS)
		connection->mode = CORE_TLS_ATLS;
	return 0;
}

/* Never weaker than the computation: attestation stays, and so does TLS. */
static int choose_mode(const struct source *from, struct core_agent_connection *connection,
                       struct prism_error *err)
{
	const char *word = setting(from, NULL, CORE_OPT_AGENT_MODE);
	enum core_tls_mode mode;

	if (!word || strcmp(word, "auto") == 0)
		return 0;
	if (core_tls_mode_parse(word, &mode, err) < 0)
		return -1;
	if ((core_tls_mode_info(connection->mode)->attested && !core_tls_mode_info(mode)->attested) ||
	    (connection->mode != CORE_TLS_NONE && mode == CORE_TLS_NONE)) {
		prism_error_raise(err, PRISM_ERROR_INVALID,
		                  "agent_mode is %s, but the computation asks for %s", word,
		                  core_tls_mode_info(connection->mode)->label);
		prism_error_hint(err, "a weaker connection is never made: set agent_mode to auto");
		return -1;
	}
	connection->mode = mode;
	return 0;
}

static int choose_generation(const struct source *from, struct core_agent_connection *connection,
                             struct prism_error *err)
{
	const char *word = setting(from, NULL, CORE_OPT_AGENT_GENERATION);
	enum core_attest_generation generation;

	if (connection->generation != 0)
		return 0;
	if (core_attest_generation_parse(word ? word : "auto", &generation, err) < 0)
		return -1;
	connection->generation = (unsigned)generation;
	return 0;
}

static void choose_product(const struct source *from, struct core_agent_connection *connection)
{
	const char *word = setting(from, "AGENT_GRPC_PRODUCT_NAME", CORE_OPT_AGENT_PRODUCT);

	if (!connection->product_line && word && strcmp(word, "auto") != 0)
		connection->product_line = word;
}

int core_agent_settings_fill(const struct core_options *options, const char *const *names,
                             struct core_agent_connection *connection, struct prism_error *err)
{
	const struct source from = {options, names};
	const struct {
		const char **field;
		const char *variable;
		enum core_option_id id;
	} fields[] = {
	    {&connection->server_ca_file, "AGENT_GRPC_SERVER_CA_CERTS", CORE_OPT_AGENT_SERVER_CA},
	    {&connection->client_cert_file, "AGENT_GRPC_CLIENT_CERT", CORE_OPT_AGENT_CLIENT_CERT},
	    {&connection->client_key_file, "AGENT_GRPC_CLIENT_KEY", CORE_OPT_AGENT_CLIENT_KEY},
	    {&connection->policy_file, "AGENT_GRPC_ATTESTATION_POLICY", CORE_OPT_AGENT_POLICY},
	    {&connection->extra_policy_file, NULL, CORE_OPT_AGENT_EXTRA_POLICY},
	    {&connection->policy_key_file, NULL, CORE_OPT_AGENT_POLICY_KEY},
	    {&connection->certificates_file, NULL, CORE_OPT_AGENT_CERTIFICATES},
	    {&connection->trust_root_file, NULL, CORE_OPT_TRUST_ROOT},
	};

	for (size_t i = 0; i < PRISM_COUNT(fields); i++)
		if (!*fields[i].field)
			*fields[i].field = setting(&from, fields[i].variable, fields[i].id);
	if (connection->attest_timeout_ms == 0 && options)
		connection->attest_timeout_ms =
		    core_option_for(options, CORE_OPT_AGENT_TIMEOUT, names).number;
	choose_product(&from, connection);
	if (choose_generation(&from, connection, err) < 0 || choose_mode(&from, connection, err) < 0)
		return -1;
	return make_attested(connection, err);
}
