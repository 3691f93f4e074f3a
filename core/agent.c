/*
 * Owns: the connection to one agent and the calls on it.  Words and checks are in
 * core/agent_words.c, the meaning of refusals in core/agent_error.c, the pieces of an upload in
 * core/upload.c, order and retries in core/transfer.c, the layers below HTTP/2 in
 * core/agent_stream.c.
 *
 * A connection that broke stays broken (net/grpc.h); the next call dials a new one.  The old one
 * lives until its last call has been told, hence struct link with a count.
 */
#include "core/agent_private.h"
#include "core/attest.h"
#include "core/upload.h"

#include "agent.pb-c.h"
#include "base/file.h"
#include "base/list.h"
#include "base/text.h"
#include "net/grpc.h"
#include "net/stream_tcp.h"

#include <assert.h>
#include <string.h>

#define ARGS_MAX \
	32768u /* bytes of all arguments: what HTTP/2 servers take as headers without ado */
#define TEE_NONCE_MAX 64 /* reference agent.md section 1 */
#define VTPM_NONCE_MAX 32
#define PCR10_SIZE 20 /* SHA-1 */
#define UNANNOUNCED UINT64_MAX

struct link { /* one HTTP/2 connection */
	struct prism_list node;
	struct net_grpc_channel *channel;
	unsigned calls;
};

struct core_agent {
	struct prism_loop *loop;
	struct prism_work *work;
	struct core_agent_connection *connection;
	struct core_attest *attest; /* attested modes; NULL otherwise */
	core_agent_stream_fn make;
	void *make_data;
	char *authority;      /* host:port */
	struct link *current; /* NULL until the first call, or when the last connection broke */
	struct prism_list links, calls;
};

struct core_agent_call {
	struct prism_list node;
	struct core_agent *agent;
	struct link *link;
	struct net_grpc_call *grpc;
	const char *operation; /* static text for errors */
	struct core_agent_handlers handlers;
	core_agent_evidence_fn evidence; /* instead of handlers.done */
	int (*decode)(struct core_agent_call *call, const void *msg, size_t len,
	              struct prism_error *err);
	/* sending: an upload, or one request message */
	struct core_upload *upload;
	struct prism_buf request;
	bool request_sent;
	/* receiving */
	struct core_agent_result_spec result;
	uint64_t received, announced;
	struct prism_buf file;
	uint8_t pcr10[PCR10_SIZE];
	bool has_pcr10;
	bool needs_bytes; /* an answer without any is a refusal: v0.10.2 gives an empty token off Azure
	                   */
};

/* ---- connection ---- */

/* Reads and checks every file before anything is dialled. */
static struct core_attest *attest_open(struct prism_loop *loop,
                                       const struct core_agent_connection *connection,
                                       struct prism_error *err)
{
	const struct core_attest_config config = {
	    .mode = connection->mode,
	    .generation = (enum core_attest_generation)connection->generation,
	    .policy_file = connection->policy_file,
	    .server_ca_file = connection->server_ca_file,
	    .client_cert_file = connection->client_cert_file,
	    .client_key_file = connection->client_key_file,
	    .certificates_file = connection->certificates_file,
	    .policy_key_file = connection->policy_key_file,
	    .trust_root_file = connection->trust_root_file,
	    .extra_policy_file = connection->extra_policy_file,
	    .timeout_ms = connection->attest_timeout_ms,
	    .product_line = connection->product_line,
	};

	return core_attest_create(loop, &config, err);
}

struct core_appraisal *core_agent_appraisal(const struct core_agent *agent)
{
	return agent->attest ? core_attest_last(agent->attest) : NULL;
}

static struct net_stream *stream_open(struct core_agent *agent, struct prism_error *err)
{
	const struct core_agent_connection *connection = agent->connection;
	PRISM_AUTO_FREE char *host = NULL;
	uint16_t port;

	if (!agent->attest)
		return agent->make(agent->make_data, agent->loop, agent->work, connection, err);
	if (core_agent_address(connection->url, &host, &port, err) < 0)
		return NULL;
	return core_attest_stream(
	    agent->attest, core_agent_bottom(agent->loop, agent->work, connection, host, port), host);
}

struct core_agent *core_agent_create(struct prism_loop *loop, struct prism_work *work,
                                     const struct core_agent_connection *connection,
                                     core_agent_stream_fn make, void *make_data,
                                     struct prism_error *err)
{
	struct core_agent *agent;
	PRISM_AUTO_FREE char *host = NULL;
	uint16_t port;

	if (core_agent_connection_check(connection, err) < 0 ||
	    core_agent_address(connection->url, &host, &port, err) < 0)
		return NULL;
	agent = prism_alloc(sizeof(*agent));
	agent->loop = loop;
	agent->work = work;
	agent->connection = core_agent_connection_copy(connection);
	agent->make = make ? make : core_agent_stream_create;
	if (!make && core_tls_mode_info(connection->mode)->attested) {
		agent->attest = attest_open(loop, connection, err);
		if (!agent->attest) {
			core_agent_connection_destroy(agent->connection);
			prism_free(agent);
			return NULL;
		}
	}
	agent->make_data = make_data;
	agent->authority = prism_asprintf(strchr(host, ':') ? "[%s]:%u" : "%s:%u", host, port);
	prism_list_init(&agent->links);
	prism_list_init(&agent->calls);
	return agent;
}

static void link_free(struct core_agent *agent, struct link *link)
{
	if (agent->current == link)
		agent->current = NULL;
	prism_list_remove(&link->node);
	net_grpc_channel_destroy(link->channel);
	prism_free(link);
}

static void link_release(struct core_agent *agent, struct link *link)
{
	link->calls--;
	if (!link->calls && !net_grpc_channel_usable(link->channel))
		link_free(agent, link);
}

static struct link *link_acquire(struct core_agent *agent, struct prism_error *err)
{
	struct link *link = agent->current;
	struct net_stream *stream;

	if (link && net_grpc_channel_usable(link->channel)) {
		link->calls++;
		return link;
	}
	if (link && !link->calls) /* broke while nothing was under way */
		link_free(agent, link);
	agent->current = NULL;
	stream = stream_open(agent, err);
	if (!stream)
		return NULL;
	link = agent->current = prism_alloc(sizeof(*link));
	link->channel = net_grpc_channel_create(agent->loop, stream, agent->authority,
	                                        agent->connection->mode != CORE_TLS_NONE);
	link->calls = 1;
	prism_list_append(&agent->links, &link->node);
	return link;
}

char *core_agent_describe(const struct core_agent *agent)
{
	const struct net_stream *stream =
	    agent->current ? net_grpc_channel_stream(agent->current->channel) : NULL;

	return stream ? net_stream_describe(stream) : prism_strdup(agent->authority);
}

static void call_free(struct core_agent_call *call)
{
	prism_list_remove(&call->node);
	core_upload_destroy(call->upload);
	prism_buf_finish(&call->request);
	prism_buf_finish(&call->file);
	prism_free(call);
}

void core_agent_destroy(struct core_agent *agent)
{
	if (!agent)
		return;
	PRISM_LIST_EACH (&agent->links, node, next)
		link_free(agent, PRISM_CONTAINER(node, struct link, node));
	PRISM_LIST_EACH (&agent->calls, call, after)
		call_free(PRISM_CONTAINER(call, struct core_agent_call, node));
	core_attest_unref(agent->attest);
	core_agent_connection_destroy(agent->connection);
	prism_free(agent->authority);
	prism_free(agent);
}

/* ---- a call: what net/grpc.h asks of us ---- */

static int next_message(void *data, struct prism_buf *out, struct prism_error *err)
{
	struct core_agent_call *call = data;
	struct prism_buf empty;

	if (call->upload)
		return core_upload_next(call->upload, out, err);
	if (call->request_sent)
		return 0;
	call->request_sent = true;
	empty = *out;
	*out = call->request;
	call->request = empty;
	return 1;
}

static void upload_ready(void *data)
{
	struct core_agent_call *call = data;

	if (call->grpc)
		net_grpc_call_resume(call->grpc);
}

static void on_sent(void *data, uint64_t bytes)
{
	struct core_agent_call *call = data;
	uint64_t total;

	if (!call->upload || !call->handlers.progress)
		return;
	total = core_upload_total(call->upload); /* bytes include a few of framing in each piece */
	call->handlers.progress(call->handlers.data, bytes < total ? bytes : total, total);
}

static void on_headers(void *data, const struct net_grpc_metadata *headers, size_t count)
{
	struct core_agent_call *call = data;
	struct prism_error ignored = PRISM_ERROR_INIT;

	for (size_t i = 0; i < count; i++) {
		uint64_t size;

		if (!strcmp(headers[i].key, "file-size") &&
		    prism_text_parse_u64(headers[i].value, UINT64_MAX - 1, &size, &ignored) == 0)
			call->announced = size;
	}
}

static int on_message(void *data, const void *msg, size_t len, struct prism_error *err)
{
	struct core_agent_call *call = data;

	return call->decode(call, msg, len, err);
}

/* The announced size is a progress total, and compared at the end (agent.md section 11, 17). */
static int check_size(const struct core_agent_call *call, struct prism_error *err)
{
	if (call->announced == UNANNOUNCED || call->received == call->announced)
		return 0;
	prism_error_raise(err, PRISM_ERROR_PROTOCOL, "the agent announced %llu bytes and sent %llu",
	                  (unsigned long long)call->announced, (unsigned long long)call->received);
	prism_error_hint(err, "the transfer was cut short; fetch it again");
	return -1;
}

static int check_answer(const struct core_agent_call *call, struct prism_error *err)
{
	if (call->needs_bytes && !call->received) {
		prism_error_raise(err, PRISM_ERROR_CONFLICT, "the agent's answer holds no evidence");
		prism_error_hint(err, "the machine may be no TEE of this kind");
		return -1;
	}
	return check_size(call, err);
}

static void add_context(const struct core_agent_call *call, struct prism_error *err)
{
	(void)snprintf(err->operation, sizeof(err->operation), "%s", call->operation);
	if (!err->peer[0])
		(void)snprintf(err->peer, sizeof(err->peer), "%s", call->agent->authority);
}

static void on_done(void *data, int status, const struct prism_error *why)
{
	struct core_agent_call *call = data;
	struct core_agent *agent = call->agent;
	struct core_agent_handlers handlers = call->handlers;
	struct prism_error err = PRISM_ERROR_INIT;
	const struct prism_error *result = NULL;

	if (why)
		prism_error_copy(&err, why);
	if (status == NET_GRPC_OK ? check_answer(call, &err) < 0 : true) {
		(void)core_agent_explain(&err);
		add_context(call, &err);
		result = &err;
	}
	link_release(agent, call->link);
	prism_list_remove(&call->node);
	if (call->evidence)
		call->evidence(handlers.data, result ? NULL : prism_buf_text(&call->file),
		               result ? 0 : call->file.len, !result && call->has_pcr10 ? call->pcr10 : NULL,
		               result);
	else
		handlers.done(handlers.data, result);
	call_free(call); /* the callback may have destroyed the agent: it is not looked at again */
}

/* ---- what answers hold ---- */

static int damaged(struct prism_error *err)
{
	return prism_error_raise(err, PRISM_ERROR_PROTOCOL, "the agent's answer cannot be decoded");
}

static int count_received(struct core_agent_call *call, size_t size, uint64_t cap,
                          struct prism_error *err)
{
	char text[24];

	call->received += size;
	if (call->received > cap)
		return prism_error_raise(err, PRISM_ERROR_LIMIT, "the agent sent more than %s",
		                         prism_text_bytes(cap, text));
	if (call->received > call->announced)
		return check_size(call, err);
	return 0;
}

static int decode_empty(struct core_agent_call *call, const void *msg, size_t len,
                        struct prism_error *err)
{
	return 0; /* AlgoResponse and DataResponse have no fields; later ones are not ours to judge */
}

static int decode_result(struct core_agent_call *call, const void *msg, size_t len,
                         struct prism_error *err)
{
	Agent__ResultResponse *m = agent__result_response__unpack(NULL, len, msg);
	uint64_t cap = call->result.cap ? call->result.cap : CORE_AGENT_RESULT_CAP;
	int rc;

	if (!m)
		return damaged(err);
	rc = count_received(call, m->file.len, cap, err);
	if (rc == 0 && m->file.len)
		rc = call->result.sink(call->result.sink_data, m->file.data, m->file.len, err);
	agent__result_response__free_unpacked(m, NULL);
	if (rc == 0 && call->handlers.progress)
		call->handlers.progress(call->handlers.data, call->received,
		                        call->announced == UNANNOUNCED ? 0 : call->announced);
	return rc;
}

static int keep_evidence(struct core_agent_call *call, const ProtobufCBinaryData *bytes,
                         struct prism_error *err)
{
	if (count_received(call, bytes->len, CORE_ATTESTATION_CAP, err) < 0)
		return -1;
	return prism_buf_append(&call->file, bytes->data, bytes->len, err);
}

static int decode_attestation(struct core_agent_call *call, const void *msg, size_t len,
                              struct prism_error *err)
{
	Agent__AttestationResponse *m = agent__attestation_response__unpack(NULL, len, msg);
	int rc = m ? keep_evidence(call, &m->file, err) : damaged(err);

	if (m)
		agent__attestation_response__free_unpacked(m, NULL);
	return rc;
}

/* pcr10 counts in the first message only (agent.md section 11, 20). */
static int decode_ima(struct core_agent_call *call, const void *msg, size_t len,
                      struct prism_error *err)
{
	Agent__IMAMeasurementsResponse *m = agent__imameasurements_response__unpack(NULL, len, msg);
	int rc = m ? keep_evidence(call, &m->file, err) : damaged(err);

	if (m && !call->has_pcr10 && m->pcr10.len == PCR10_SIZE) {
		memcpy(call->pcr10, m->pcr10.data, PCR10_SIZE);
		call->has_pcr10 = true;
	}
	if (m)
		agent__imameasurements_response__free_unpacked(m, NULL);
	return rc;
}

static int decode_token(struct core_agent_call *call, const void *msg, size_t len,
                        struct prism_error *err)
{
	Agent__AttestationTokenResponse *m = agent__attestation_token_response__unpack(NULL, len, msg);
	int rc = m ? keep_evidence(call, &m->file, err) : damaged(err);

	if (m)
		agent__attestation_token_response__free_unpacked(m, NULL);
	return rc;
}

/* ---- starting ---- */

static struct core_agent_call *call_create(struct core_agent *agent, const char *operation)
{
	struct core_agent_call *call = prism_alloc(sizeof(*call));

	call->agent = agent;
	call->operation = operation;
	call->announced = UNANNOUNCED;
	call->decode = decode_empty;
	prism_list_init(&call->node);
	prism_buf_init(&call->request, NET_GRPC_MESSAGE_MAX);
	prism_buf_init(&call->file, CORE_ATTESTATION_CAP);
	return call;
}

static void call_upload(struct core_agent_call *call, struct core_upload_spec spec)
{
	spec.ready = upload_ready;
	spec.data = call;
	call->upload = core_upload_create(call->agent->work, &spec);
}

/* Takes the call over: NULL means it is gone and err says why. */
static struct core_agent_call *call_start(struct core_agent_call *call, const char *path,
                                          const struct net_grpc_metadata *metadata, size_t count,
                                          struct prism_cancel *cancel, struct prism_error *err)
{
	const struct net_grpc_call_spec spec = {
	    .path = path,
	    .metadata = metadata,
	    .metadata_count = count,
	    .next_message = next_message,
	    .on_headers = on_headers,
	    .on_message = on_message,
	    .on_sent = on_sent,
	    .done = on_done,
	    .data = call,
	};

	call->link = link_acquire(call->agent, err);
	if (call->link) {
		call->grpc = net_grpc_call_start(call->link->channel, &spec, cancel, err);
		if (!call->grpc)
			link_release(call->agent, call->link);
	}
	if (call->grpc) {
		prism_list_append(&call->agent->calls, &call->node);
		return call;
	}
	if (err)
		add_context(call, err);
	call_free(call);
	return NULL;
}

void core_agent_pause(struct core_agent_call *call, bool paused)
{
	net_grpc_call_pause(call->grpc, paused);
}

void core_agent_abort(struct core_agent_call *call)
{
	net_grpc_call_abort(call->grpc);
}

static unsigned field_of(const ProtobufCMessageDescriptor *message, const char *name)
{
	const ProtobufCFieldDescriptor *field =
	    protobuf_c_message_descriptor_get_field_by_name(message, name);

	assert(field);
	return field->id;
}

static size_t put_identity(struct net_grpc_metadata *list, enum core_agent_role role,
                           const struct prism_secret *signature)
{
	list[0] = (struct net_grpc_metadata){"user-id", core_agent_role_word(role), false};
	list[1] = (struct net_grpc_metadata){"signature", prism_secret_text(signature), true};
	return 2;
}

static int check_args(const struct core_agent_algo_spec *spec, struct prism_error *err)
{
	size_t total = 0;

	for (size_t i = 0; i < spec->arg_count; i++) {
		if (core_agent_check_arg(spec->args[i], err) < 0)
			return -1;
		total += strlen(spec->args[i]) + 1;
	}
	if (total > ARGS_MAX)
		return prism_error_raise(err, PRISM_ERROR_LIMIT,
		                         "the arguments are longer than %u bytes in all", ARGS_MAX);
	return spec->python_runtime ? core_agent_check_arg(spec->python_runtime, err) : 0;
}

struct core_agent_call *core_agent_algo(struct core_agent *agent,
                                        const struct core_agent_algo_spec *spec,
                                        const struct core_agent_handlers *handlers,
                                        struct prism_cancel *cancel, struct prism_error *err)
{
	const ProtobufCMessageDescriptor *message = &agent__algo_request__descriptor;
	struct core_upload_spec upload = {0};
	PRISM_AUTO_FREE struct net_grpc_metadata *list = NULL;
	struct core_agent_call *call;
	size_t count;

	if (check_args(spec, err) < 0)
		return NULL;
	list = prism_alloc_array(spec->arg_count + 4, sizeof(*list));
	count = put_identity(list, CORE_AGENT_ALGORITHM_PROVIDER, spec->signature);
	/* always: a request without it crashes an agent (agent.md section 11, 1) */
	list[count++] = (struct net_grpc_metadata){"algo_type", core_algo_type_word(spec->type), false};
	if (spec->type == CORE_ALGO_PYTHON)
		list[count++] = (struct net_grpc_metadata){
		    "python_runtime", spec->python_runtime ? spec->python_runtime : "python3", false};
	for (size_t i = 0; i < spec->arg_count; i++)
		list[count++] = (struct net_grpc_metadata){"algo_args", spec->args[i], false};
	if (spec->requirements)
		upload.parts[upload.part_count++] =
		    (struct core_upload_part){spec->requirements, field_of(message, "requirements")};
	upload.parts[upload.part_count++] =
	    (struct core_upload_part){spec->algorithm, field_of(message, "algorithm")};
	call = call_create(agent, "send the algorithm");
	call->handlers = *handlers;
	call_upload(call, upload);
	return call_start(call, "/agent.AgentService/Algo", list, count, cancel, err);
}

static int check_filename(const char *name, struct prism_error *err)
{
	if (prism_path_safe_name(name) && prism_utf8_valid(name, strlen(name)))
		return 0;
	prism_error_raise(err, PRISM_ERROR_INVALID, "the dataset's file name cannot be sent");
	prism_error_hint(err, "it must be one file name in UTF-8, without control characters");
	return -1;
}

struct core_agent_call *core_agent_data(struct core_agent *agent,
                                        const struct core_agent_data_spec *spec,
                                        const struct core_agent_handlers *handlers,
                                        struct prism_cancel *cancel, struct prism_error *err)
{
	const ProtobufCMessageDescriptor *message = &agent__data_request__descriptor;
	const char *name =
	    spec->filename ? prism_path_base(spec->filename) : core_payload_name(spec->dataset);
	struct core_upload_spec upload = {
	    .parts = {{spec->dataset, field_of(message, "dataset")}},
	    .part_count = 1,
	    .name_field = field_of(message, "filename"),
	    .name = name,
	};
	struct net_grpc_metadata list[3];
	struct core_agent_call *call;
	size_t count;

	if (check_filename(name, err) < 0)
		return NULL;
	count = put_identity(list, CORE_AGENT_DATA_PROVIDER, spec->signature);
	list[count++] =
	    (struct net_grpc_metadata){"decompress", spec->decompress ? "true" : "false", false};
	call = call_create(agent, "send the dataset");
	call->handlers = *handlers;
	call_upload(call, upload);
	return call_start(call, "/agent.AgentService/Data", list, count, cancel, err);
}

struct core_agent_call *core_agent_result(struct core_agent *agent,
                                          const struct core_agent_result_spec *spec,
                                          const struct core_agent_handlers *handlers,
                                          struct prism_cancel *cancel, struct prism_error *err)
{
	struct core_agent_call *call =
	    call_create(agent, "fetch the result"); /* empty request message */
	struct net_grpc_metadata list[2];
	size_t count = put_identity(list, CORE_AGENT_CONSUMER, spec->signature);

	call->handlers = *handlers;
	call->result = *spec;
	call->result.signature = NULL;
	call->decode = decode_result;
	return call_start(call, "/agent.AgentService/Result", list, count, cancel, err);
}

/* ---- evidence ---- */

static struct core_agent_call *evidence_create(struct core_agent *agent, const char *operation,
                                               core_agent_evidence_fn done, void *data)
{
	struct core_agent_call *call = call_create(agent, operation);

	call->evidence = done;
	call->handlers.data = data;
	return call;
}

static void pack_request(struct core_agent_call *call, const ProtobufCMessage *message)
{
	size_t size = protobuf_c_message_get_packed_size(message);
	uint8_t bytes[256];

	assert(size <= sizeof(bytes)); /* two nonces and a number */
	(void)protobuf_c_message_pack(message, bytes);
	prism_buf_put(&call->request, bytes, size);
}

static ProtobufCBinaryData lend(const uint8_t *bytes, size_t len)
{
	return (ProtobufCBinaryData){.len = len, .data = (uint8_t *)(uintptr_t)bytes};
}

static int check_nonce(size_t len, size_t max, const char *what, struct prism_error *err)
{
	if (len <= max)
		return 0;
	return prism_error_raise(err, PRISM_ERROR_INVALID, "the %s is longer than %zu bytes", what,
	                         max);
}

struct core_agent_call *core_agent_attestation(struct core_agent *agent,
                                               enum core_attestation_type type,
                                               const uint8_t *tee_nonce, size_t tee_nonce_len,
                                               const uint8_t *vtpm_nonce, size_t vtpm_nonce_len,
                                               core_agent_evidence_fn done, void *data,
                                               struct prism_cancel *cancel, struct prism_error *err)
{
	Agent__AttestationRequest message = AGENT__ATTESTATION_REQUEST__INIT;
	struct core_agent_call *call;

	if (check_nonce(tee_nonce_len, TEE_NONCE_MAX, "TEE nonce", err) < 0 ||
	    check_nonce(vtpm_nonce_len, VTPM_NONCE_MAX, "vTPM nonce", err) < 0)
		return NULL;
	message.teenonce = lend(tee_nonce, tee_nonce_len);
	message.vtpmnonce = lend(vtpm_nonce, vtpm_nonce_len);
	message.type = (int32_t)type;
	call = evidence_create(agent, "fetch the attestation", done, data);
	call->decode = decode_attestation;
	call->needs_bytes = true;
	pack_request(call, &message.base);
	return call_start(call, "/agent.AgentService/Attestation", NULL, 0, cancel, err);
}

struct core_agent_call *core_agent_ima(struct core_agent *agent, core_agent_evidence_fn done,
                                       void *data, struct prism_cancel *cancel,
                                       struct prism_error *err)
{
	struct core_agent_call *call = evidence_create(agent, "fetch the IMA log", done, data);

	call->decode = decode_ima;
	return call_start(call, "/agent.AgentService/IMAMeasurements", NULL, 0, cancel, err);
}

struct core_agent_call *core_agent_azure_token(struct core_agent *agent, const uint8_t *nonce,
                                               size_t nonce_len, core_agent_evidence_fn done,
                                               void *data, struct prism_cancel *cancel,
                                               struct prism_error *err)
{
	Agent__AttestationTokenRequest message = AGENT__ATTESTATION_TOKEN_REQUEST__INIT;
	struct core_agent_call *call;

	if (check_nonce(nonce_len, VTPM_NONCE_MAX, "token nonce", err) < 0)
		return NULL;
	message.tokennonce = lend(nonce, nonce_len);
	message.type = (int32_t)CORE_ATTESTATION_AZURE;
	call = evidence_create(agent, "fetch the attestation token", done, data);
	call->decode = decode_token;
	call->needs_bytes = true;
	pack_request(call, &message.base);
	return call_start(call, "/agent.AgentService/AzureAttestationToken", NULL, 0, cancel, err);
}
