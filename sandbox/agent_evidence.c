/*
 * What the sandbox's agent says when it is asked for evidence.  It is NOT A TEE, and every answer
 * says so:
 *
 *   Attestation            an agent of attested TLS: evidence made under the sandbox's own root,
 *                          from rule v10 on inside an EAT.  Any other one runs on a machine
 *                          without a TEE: refused, as v0.9 and later do it; rule v08 sends a blob
 *                          of the size that v0.8.2 embeds for that case, plain text and no report
 *   IMAMeasurements        a made-up list of a few lines whose PCR 10 replays, all paths labelled
 *   AzureAttestationToken  refused
 *
 * Nonces and types are checked first, with the agent's own texts (agent.md sections 1 and 6).
 */
#include "sandbox/agent_private.h"
#include "sandbox/forge.h"

#include "agent.pb-c.h"
#include "base/text.h"

enum { TYPE_SNP = 0, TYPE_VTPM = 1, TYPE_SNP_VTPM = 2 }; /* agent.md section 1 */
#define TEE_NONCE_MAX 64
#define VTPM_NONCE_MAX 32
#define SAMPLE_SIZE 1240 /* of v0.8.2's embedded attestation.bin */
#define NOT_A_TEE "NOT A TEE (Prism sandbox)"

#define NO_PROVIDER \
	"rpc error: code = Unknown desc = EmptyProvider should not be used: this agent is " NOT_A_TEE

static void refuse(struct sb_agent *agent, struct sb_grpc_call *call, const char *method,
                   const char *text)
{
	sb_agent_log_method(agent, method, sb_agent_now_us(agent), text);
	sb_grpc_call_finish(call, NET_GRPC_UNKNOWN, text);
}

static bool type_valid(const struct sb_agent *agent, int type)
{
	bool azure = type == 3;
	return type >= 0 && type <= 4 && !(azure && agent->rule == SB_AGENT_RULE_V08);
}

/* What a forge can make; an agent without one runs on a machine without a TEE. */
static bool can_forge(const struct sb_agent *agent, const Agent__AttestationRequest *request)
{
	return agent->forge && (request->type == TYPE_SNP || request->type == TYPE_VTPM ||
	                        request->type == TYPE_SNP_VTPM);
}

static const char *attestation_refusal(const struct sb_agent *agent,
                                       const Agent__AttestationRequest *request)
{
	if (!request)
		return "proto: cannot parse invalid wire-format data";
	if (request->teenonce.len > TEE_NONCE_MAX)
		return "malformed report data, expect less or equal to 64 bytes";
	if (request->vtpmnonce.len > VTPM_NONCE_MAX)
		return "malformed vTPM nonce, expect less or equal to 32 bytes";
	if (!type_valid(agent, request->type))
		return "invalid attestation type";
	if (can_forge(agent, request))
		return NULL;
	return agent->rule == SB_AGENT_RULE_V08 ? NULL : "failed to get raw quote : " NO_PROVIDER;
}

/* Evidence in the real formats, under the sandbox's root: from v0.9 inside an EAT. */
static uint8_t *forged(struct sb_agent *agent, const Agent__AttestationRequest *request,
                       size_t *ret_size)
{
	enum sb_forge_kind kind = request->type == TYPE_SNP    ? SB_FORGE_SNP
	                          : request->type == TYPE_VTPM ? SB_FORGE_VTPM
	                                                       : SB_FORGE_SNP_VTPM;
	struct prism_buf bytes = PRISM_BUF_INIT(1u << 20);
	uint8_t tee[TEE_NONCE_MAX] = {0}, vtpm[VTPM_NONCE_MAX] = {0};
	if (request->teenonce.len)
		memcpy(tee, request->teenonce.data, request->teenonce.len);
	if (request->vtpmnonce.len)
		memcpy(vtpm, request->vtpmnonce.data, request->vtpmnonce.len);
	int rc = agent->rule == SB_AGENT_RULE_V08
	             ? sb_forge_evidence(agent->forge, kind, tee, vtpm, SB_FORGE_SOUND, &bytes, NULL)
	             : sb_forge_eat(agent->forge, kind, tee, vtpm, sb_agent_now_us(agent),
	                            SB_FORGE_SOUND, &bytes, NULL);
	if (rc < 0) {
		prism_buf_finish(&bytes);
		return NULL;
	}
	return (uint8_t *)prism_buf_take(&bytes, ret_size);
}

void sb_agent_attestation(void *service, struct sb_grpc_call *call, const void *msg, size_t len)
{
	struct sb_agent *agent = service;
	if (sb_grpc_call_data(call))
		return; /* a second request in one call */
	Agent__AttestationRequest *request = agent__attestation_request__unpack(NULL, len, msg);
	const char *refusal = attestation_refusal(agent, request);
	size_t size = 0;
	uint8_t *made = !refusal && can_forge(agent, request) ? forged(agent, request, &size) : NULL;
	if (request)
		agent__attestation_request__free_unpacked(request, NULL);
	if (refusal) {
		refuse(agent, call, "Attestation", refusal);
		return;
	}
	if (made) {
		sb_agent_log_method(agent, "Attestation", sb_agent_now_us(agent), NULL);
		sb_agent_send_blob(agent, call, made, size, NULL);
		return;
	}
	uint8_t *sample = prism_alloc(SAMPLE_SIZE);
	memset(sample, '.', SAMPLE_SIZE);
	memcpy(sample, NOT_A_TEE, strlen(NOT_A_TEE));
	sb_agent_log_method(agent, "Attestation", sb_agent_now_us(agent), NULL);
	sb_agent_send_blob(agent, call, sample, SAMPLE_SIZE, NULL);
}

/* One line of the kernel's ASCII list, template ima-ng: PCR, SHA-1 of the template data, template,
 * file hash, path. PCR 10 is extended with the template hash. */
static void ima_line(struct prism_buf *log, uint8_t pcr[20], const char *path)
{
	uint8_t file[32], entry[20], both[40];
	char file_hex[65], entry_hex[41];
	net_digest_bytes(NET_SHA256, path, strlen(path), file);
	prism_hex_encode(file, sizeof(file), file_hex);
	struct prism_buf data = PRISM_BUF_INIT(4096);
	const uint8_t digest_len[4] = {40, 0, 0, 0}; /* "sha256:" NUL and 32 bytes, little endian */
	const uint8_t path_len[4] = {(uint8_t)(strlen(path) + 1), 0, 0, 0};
	prism_buf_put(&data, digest_len, sizeof(digest_len));
	prism_buf_put(&data, "sha256:", 8);
	prism_buf_put(&data, file, sizeof(file));
	prism_buf_put(&data, path_len, sizeof(path_len));
	prism_buf_put(&data, path, strlen(path) + 1);
	net_digest_bytes(NET_SHA1, data.data, data.len, entry);
	prism_buf_finish(&data);
	prism_hex_encode(entry, sizeof(entry), entry_hex);
	prism_buf_printf(log, "10 %s ima-ng sha256:%s %s\n", entry_hex, file_hex, path);
	memcpy(both, pcr, 20);
	memcpy(both + 20, entry, 20);
	net_digest_bytes(NET_SHA1, both, sizeof(both), pcr);
}

void sb_agent_ima(void *service, struct sb_grpc_call *call, const void *msg, size_t len)
{
	static const char *const paths[] = {
	    "boot_aggregate",
	    "/NOT-A-TEE/prism-sandbox/usr/bin/agent",
	    "/NOT-A-TEE/prism-sandbox/cocos/algorithm",
	};
	struct sb_agent *agent = service;
	if (sb_grpc_call_data(call))
		return;
	struct prism_buf log = PRISM_BUF_INIT(1u << 16);
	uint8_t pcr[20] = {0};
	for (size_t i = 0; i < PRISM_COUNT(paths); i++)
		ima_line(&log, pcr, paths[i]);
	sb_agent_log_method(agent, "IMAMeasurements", sb_agent_now_us(agent), NULL);
	size_t size;
	uint8_t *bytes = (uint8_t *)prism_buf_take(&log, &size);
	sb_agent_send_blob(agent, call, bytes, size, pcr);
}

void sb_agent_azure_token(void *service, struct sb_grpc_call *call, const void *msg, size_t len)
{
	struct sb_agent *agent = service;
	Agent__AttestationTokenRequest *request =
	    agent__attestation_token_request__unpack(NULL, len, msg);
	const char *refusal = "failed to get raw quote : " NO_PROVIDER;
	if (!request)
		refusal = "proto: cannot parse invalid wire-format data";
	else if (request->tokennonce.len > VTPM_NONCE_MAX)
		refusal = "malformed vTPM nonce, expect less or equal to 32 bytes";
	else if (agent->rule == SB_AGENT_RULE_V08)
		refusal = "attestation type does not exist or is not supported";
	if (request)
		agent__attestation_token_request__free_unpacked(request, NULL);
	refuse(agent, call, "AzureAttestationToken", refusal);
}
