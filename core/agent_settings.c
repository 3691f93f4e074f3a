/*
 * Inputs of a connection to an agent: see agent_settings.h.
 */
#include "core/agent_settings.h"

#include "base/mem.h"
#include "core/attest.h"
#include "core/options.h"

#include <stdlib.h>
#include <string.h>

static const char *setting(const struct core_options *options, const char *variable,
                           enum core_option_id id)
{
	const char *value = variable ? getenv(variable) : NULL;

	if (!value || !*value)
		value = options ? core_option_text(options, id) : NULL;
	return value && *value ? value : NULL;
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

int core_agent_settings_fill(const struct core_options *options,
                             struct core_agent_connection *connection, struct prism_error *err)
{
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
	const char *word = options ? core_option_text(options, CORE_OPT_AGENT_GENERATION) : "auto";
	enum core_attest_generation generation;

	for (size_t i = 0; i < PRISM_COUNT(fields); i++)
		if (!*fields[i].field)
			*fields[i].field = setting(options, fields[i].variable, fields[i].id);
	if (connection->attest_timeout_ms == 0 && options)
		connection->attest_timeout_ms = core_option_int(options, CORE_OPT_AGENT_TIMEOUT);
	if (connection->generation == 0) {
		if (core_attest_generation_parse(word, &generation, err) < 0)
			return -1;
		connection->generation = (unsigned)generation;
	}
	return make_attested(connection, err);
}
