/* See fakeagent.h. */
#include "tests/lib/fakeagent.h"

#include "agent.pb-c.h"
#include "base/mem.h"
#include "sandbox/grpc_server.h"

#include <string.h>

#define WRONG_STATE "agent not expecting this operation in the current state"
#define CHUNK 1048576u

static void copy_meta(struct sb_grpc_call *call, const char *key, char *into, size_t size)
{
	const char *value = sb_grpc_call_metadata(call, key, 0);

	(void)snprintf(into, size, "%s", value ? value : "");
}

static bool refused(struct fakeagent *a, struct sb_grpc_call *call)
{
	if (a->wrong_state) {
		a->wrong_state--;
		sb_grpc_call_finish(call, NET_GRPC_UNKNOWN, WRONG_STATE);
		return true;
	}
	if (!a->refuse)
		return false;
	sb_grpc_call_finish(call, a->refuse_status, a->refuse);
	return true;
}

static void begin_upload(struct fakeagent *a, struct sb_grpc_call *call)
{
	copy_meta(call, "user-id", a->user_id, sizeof(a->user_id));
	copy_meta(call, "signature", a->signature, sizeof(a->signature));
	net_digest_destroy(a->digest);
	a->digest = net_digest_create(NET_SHA3_256);
	a->upload_bytes = 0;
	a->messages = 0;
	if (a->refuse_early)
		(void)refused(a, call);
}

static void count_upload(struct fakeagent *a, struct sb_grpc_call *call, const void *bytes,
                         size_t len)
{
	a->messages++;
	a->upload_bytes += len;
	if (len > a->largest_chunk)
		a->largest_chunk = len;
	net_digest_update(a->digest, bytes, len);
	if (a->hold)
		sb_grpc_call_pause(call, true);
	if (a->drop_after && a->upload_bytes >= a->drop_after)
		sb_grpc_call_drop(call);
}

static void end_upload(struct fakeagent *a, struct sb_grpc_call *call, uint8_t sha3[32],
                       const char *rpc)
{
	uint8_t digest[NET_DIGEST_MAX];

	net_digest_final(a->digest, digest);
	memcpy(sha3, digest, 32);
	if (sb_grpc_call_finished(call) || refused(a, call))
		return;
	sb_grpc_call_reply(call, "", 0);
	if (a->on_end)
		a->on_end(a->data, rpc);
}

static void algo_begin(void *service, struct sb_grpc_call *call)
{
	struct fakeagent *a = service;
	const char *value;

	a->algo_calls++;
	a->algorithm_bytes = a->requirements_bytes = 0;
	a->requirements_first = false;
	copy_meta(call, "algo_type", a->algo_type, sizeof(a->algo_type));
	copy_meta(call, "python_runtime", a->python_runtime, sizeof(a->python_runtime));
	for (a->arg_count = 0; a->arg_count < FAKE_ARGS_MAX &&
	                       (value = sb_grpc_call_metadata(call, "algo_args", a->arg_count));
	     a->arg_count++)
		(void)snprintf(a->args[a->arg_count], sizeof(a->args[0]), "%s", value);
	begin_upload(a, call);
}

static void algo_message(void *service, struct sb_grpc_call *call, const void *msg, size_t len)
{
	struct fakeagent *a = service;
	Agent__AlgoRequest *m = agent__algo_request__unpack(NULL, len, msg);

	a->requirements_bytes += m->requirements.len;
	a->algorithm_bytes += m->algorithm.len;
	if (m->requirements.len && !a->algorithm_bytes)
		a->requirements_first = true;
	count_upload(a, call, m->algorithm.data, m->algorithm.len);
	agent__algo_request__free_unpacked(m, NULL);
}

static void algo_end(void *service, struct sb_grpc_call *call)
{
	struct fakeagent *a = service;

	end_upload(a, call, a->algorithm_sha3, "Algo");
}

static void data_begin(void *service, struct sb_grpc_call *call)
{
	struct fakeagent *a = service;

	a->data_calls++;
	a->dataset_bytes = 0;
	copy_meta(call, "decompress", a->decompress, sizeof(a->decompress));
	begin_upload(a, call);
}

static void data_message(void *service, struct sb_grpc_call *call, const void *msg, size_t len)
{
	struct fakeagent *a = service;
	Agent__DataRequest *m = agent__data_request__unpack(NULL, len, msg);

	a->dataset_bytes += m->dataset.len;
	if (*m->filename)
		(void)snprintf(a->filename, sizeof(a->filename), "%s", m->filename);
	count_upload(a, call, m->dataset.data, m->dataset.len);
	agent__data_request__free_unpacked(m, NULL);
}

static void data_end(void *service, struct sb_grpc_call *call)
{
	struct fakeagent *a = service;

	end_upload(a, call, a->dataset_sha3, "Data");
}

/* One chunk, as field 1; the IMA answer carries 20 bytes of pcr10 in its first message. */
static int next_chunk(struct fakeagent *a, struct prism_buf *out, bool ima)
{
	size_t left = a->result_len - a->result_at, size = left < CHUNK ? left : CHUNK;
	Agent__IMAMeasurementsResponse m = AGENT__IMAMEASUREMENTS_RESPONSE__INIT;
	static uint8_t pcr[20] = {1, 2, 3};
	uint8_t *bytes;

	if (!left)
		return 0;
	if (a->result_hangs && a->result_at)
		return NET_STREAM_AGAIN;
	m.file.data = (uint8_t *)(uintptr_t)a->result + a->result_at;
	m.file.len = size;
	if (ima) { /* a second value later, which a client must ignore */
		pcr[0] = a->result_at ? 99 : 1;
		m.pcr10.data = pcr;
		m.pcr10.len = sizeof(pcr);
	}
	a->result_at += size;
	bytes = prism_alloc(agent__imameasurements_response__get_packed_size(&m));
	prism_buf_put(out, bytes, agent__imameasurements_response__pack(&m, bytes));
	prism_free(bytes);
	return 1;
}

static int next_result(void *data, struct prism_buf *out)
{
	return next_chunk(data, out, false);
}

static int next_ima(void *data, struct prism_buf *out)
{
	return next_chunk(data, out, true);
}

static void deliver(struct fakeagent *a, struct sb_grpc_call *call,
                    int (*next)(void *, struct prism_buf *))
{
	char size[32];

	if (refused(a, call))
		return;
	(void)snprintf(size, sizeof(size), "%lld",
	               (long long)(a->announce == -1 ? (int64_t)a->result_len : a->announce));
	if (a->announce != -2)
		sb_grpc_call_header(call, "file-size", size);
	a->result_at = 0;
	sb_grpc_call_stream(call, next, a);
}

static void result_end(void *service, struct sb_grpc_call *call)
{
	struct fakeagent *a = service;

	a->result_calls++;
	copy_meta(call, "user-id", a->user_id, sizeof(a->user_id));
	copy_meta(call, "signature", a->signature, sizeof(a->signature));
	deliver(a, call, next_result);
}

static void attestation_message(void *service, struct sb_grpc_call *call, const void *msg,
                                size_t len)
{
	struct fakeagent *a = service;
	Agent__AttestationRequest *m = agent__attestation_request__unpack(NULL, len, msg);

	a->tee_nonce_len = m->teenonce.len;
	a->vtpm_nonce_len = m->vtpmnonce.len;
	if (m->teenonce.len && m->teenonce.len <= sizeof(a->tee_nonce))
		memcpy(a->tee_nonce, m->teenonce.data, m->teenonce.len);
	if (m->vtpmnonce.len && m->vtpmnonce.len <= sizeof(a->vtpm_nonce))
		memcpy(a->vtpm_nonce, m->vtpmnonce.data, m->vtpmnonce.len);
	a->type = m->type;
	agent__attestation_request__free_unpacked(m, NULL);
}

static void attestation_end(void *service, struct sb_grpc_call *call)
{
	deliver(service, call, next_result);
}

static void ima_end(void *service, struct sb_grpc_call *call)
{
	deliver(service, call, next_ima);
}

static void token_message(void *service, struct sb_grpc_call *call, const void *msg, size_t len)
{
	struct fakeagent *a = service;
	Agent__AttestationTokenRequest *m = agent__attestation_token_request__unpack(NULL, len, msg);

	a->vtpm_nonce_len = m->tokennonce.len;
	a->type = m->type;
	agent__attestation_token_request__free_unpacked(m, NULL);
}

static void token_end(void *service, struct sb_grpc_call *call)
{
	struct fakeagent *a = service;
	Agent__AttestationTokenResponse m = AGENT__ATTESTATION_TOKEN_RESPONSE__INIT;
	uint8_t bytes[4096];

	if (refused(a, call))
		return;
	m.file.data = (uint8_t *)(uintptr_t)a->result;
	m.file.len = a->result_len;
	sb_grpc_call_reply(call, bytes, agent__attestation_token_response__pack(&m, bytes));
}

static const struct sb_grpc_method methods[] = {
    {"/agent.AgentService/Algo", algo_begin, algo_message, algo_end, NULL, NULL},
    {"/agent.AgentService/Data", data_begin, data_message, data_end, NULL, NULL},
    {"/agent.AgentService/Result", NULL, NULL, result_end, NULL, NULL},
    {"/agent.AgentService/Attestation", NULL, attestation_message, attestation_end, NULL, NULL},
    {"/agent.AgentService/IMAMeasurements", NULL, NULL, ima_end, NULL, NULL},
    {"/agent.AgentService/AzureAttestationToken", NULL, token_message, token_end, NULL, NULL},
};

void fakeagent_start(struct fakeagent *agent, struct prism_loop *loop)
{
	struct sb_grpc_config config = {
	    .listen = "127.0.0.1:0",
	    .methods = methods,
	    .method_count = PRISM_COUNT(methods),
	    .health_service = "agent",
	    .service = agent,
	};
	struct prism_error err = PRISM_ERROR_INIT;

	agent->announce = -1;
	agent->refuse_status = NET_GRPC_UNKNOWN;
	agent->server = sb_grpc_server_create(loop, &config, &err);
	if (!agent->server)
		abort();
}

void fakeagent_stop(struct fakeagent *agent)
{
	sb_grpc_server_destroy(agent->server);
	net_digest_destroy(agent->digest);
	agent->server = NULL;
	agent->digest = NULL;
}

const char *fakeagent_address(const struct fakeagent *agent)
{
	return sb_grpc_server_address(agent->server);
}
