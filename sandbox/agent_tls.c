/*
 * The transport of the sandbox's agent, from the computation's agent_config (agent.md section 8):
 *
 *   nothing set            clear text
 *   cert_file, server_key  TLS
 *   + client_ca_file       TLS with a client certificate required and verified
 *   server_ca_file         has no effect on a server
 *   attested_tls           attested TLS, with evidence that proves nothing (sandbox/forge.h) and is
 *                          labelled so; refused where no forge is given
 *   + client_ca_file       a client certificate is required as well
 *
 * Where the real agent quietly speaks clear text (a certificate without its key), this one refuses.
 */
#include "sandbox/agent_private.h"

static bool given(const char *pem)
{
	return pem && *pem;
}

/* The agent takes short values for paths inside the CVM; there is none here. */
static int check_pem(const char *pem, const char *field, struct prism_error *err)
{
	if (!given(pem) || strstr(pem, "-----BEGIN "))
		return 0;
	prism_error_raise(err, PRISM_ERROR_INVALID, "%s of the agent's configuration is no PEM text",
	                  field);
	prism_error_hint(err, "store the contents of the file, not its path");
	return -1;
}

static int open_attested(struct sb_agent *agent, const struct sb_agent_tls *tls,
                         struct prism_error *err)
{
	const struct sb_atls_config config = {
	    .generation = agent->generation == 2 ? 2 : 1,
	    .kind = SB_FORGE_SNP_VTPM,
	    .fault = agent->faults.attest,
	    .evidence_fault = agent->faults.evidence,
	    .cert_pem = given(tls->cert) ? tls->cert : NULL,
	    .key_pem = given(tls->key) ? tls->key : NULL,
	    .client_ca_pem = given(tls->client_ca) ? tls->client_ca : NULL,
	};
	if (!agent->forge)
		return prism_error_raise(err, PRISM_ERROR_INVALID,
		                         "attested TLS needs a TEE, and this sandbox is NOT A TEE");
	agent->atls = sb_atls_create(agent->loop, agent->forge, &config, err);
	agent->mutual = given(tls->client_ca);
	return agent->atls ? 0 : prism_error_wrap(err, "the agent cannot serve attested TLS");
}

int sb_agent_tls_open(struct sb_agent *agent, const struct sb_agent_tls *tls,
                      struct prism_error *err)
{
	if (check_pem(tls->cert, "cert_file", err) < 0 || check_pem(tls->key, "server_key", err) < 0 ||
	    check_pem(tls->client_ca, "client_ca_file", err) < 0)
		return -1;
	if (tls->attested)
		return open_attested(agent, tls, err);
	if (!given(tls->cert) && !given(tls->key))
		return 0;
	const struct net_tls_config config = {
	    .role = NET_TLS_SERVER,
	    .ca_pem = given(tls->client_ca) ? tls->client_ca : NULL,
	    .ca_len = given(tls->client_ca) ? strlen(tls->client_ca) : 0,
	    .ca_name = "client_ca_file",
	    .cert_pem = given(tls->cert) ? tls->cert : NULL,
	    .cert_len = given(tls->cert) ? strlen(tls->cert) : 0,
	    .key_pem = given(tls->key) ? tls->key : NULL,
	    .key_len = given(tls->key) ? strlen(tls->key) : 0,
	    .resumption = true, /* as the real one: Go's servers give tickets */
	};
	agent->tls = net_tls_create(&config, err);
	agent->mutual = given(tls->client_ca);
	return agent->tls ? 0 : prism_error_wrap(err, "the agent cannot serve TLS");
}

struct net_stream *sb_agent_tls_wrap(void *data, struct net_stream *accepted)
{
	const struct sb_agent *agent = data;
	if (agent->atls)
		return sb_atls_wrap(agent->atls, accepted);
	const struct net_stream_tls_spec spec = {.tls = agent->tls};
	return net_stream_tls_create(accepted, &spec);
}

const char *sb_agent_tls_words(const struct sb_agent *agent)
{
	if (agent->atls)
		return agent->mutual ? "with Attested mTLS" : "with Attested TLS";
	return !agent->tls ? "without TLS" : agent->mutual ? "with mTLS" : "with TLS";
}
