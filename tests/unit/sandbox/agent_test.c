/*
 * The sandbox's agent as a client meets it: the whole story over gRPC, every refusal with its code
 * and text, events and logs in their order, both dataset rules, faults.
 */
#include "sandbox/agent.h"

#include "agent.pb-c.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/text.h"
#include "net/crypto.h"
#include "net/grpc.h"
#include "net/stream_tcp.h"
#include "net/zip.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define MIB (1u << 20)

struct answer {
	bool done;
	int status;
	char message[PRISM_ERROR_TEXT];
	struct prism_buf file, pcr10;
	char file_size[32];
	unsigned messages;
};

struct world {
	struct prism_loop *loop;
	struct prism_work *work;
	char dir[64];
	struct net_key *algo_key, *data_key, *consumer_key;
	struct prism_buf algo_der, data_der, consumer_der;
	struct sb_agent_config config;
	struct sb_agent_manifest manifest;
	struct sb_agent_dataset datasets[2];
	struct sb_agent_consumer consumer;
	struct sb_agent *agent;
	struct net_grpc_channel *channel;
	struct prism_buf events; /* "Running/Starting ..." */
	struct prism_buf states;
	struct prism_buf logs; /* "LEVEL text\n" */
	size_t longest_log;
	bool untimed_warning;
	bool destroy_on_event;
};

static struct net_key *make_key(enum net_key_kind kind, struct prism_buf *der)
{
	struct prism_error err = PRISM_ERROR_INIT;
	struct net_key *key = net_key_generate(kind, &err);
	assert_non_null(key);
	prism_buf_init(der, 4096);
	assert_int_equal(net_key_public_der(key, der, &err), 0);
	return key;
}

static const char algo_sh[] = "#!/bin/sh\necho \"args: $*\"\ncat datasets/* > results/all\n"
                              "echo careful >&2\n";
static const char rows[] = "sepal,petal\n5.1,1.4\n";

static int setup(void **state)
{
	struct world *w = prism_alloc(sizeof(*w));
	w->loop = prism_loop_create(prism_clock_system());
	w->work = prism_work_create(w->loop, 2);
	snprintf(w->dir, sizeof(w->dir), "/tmp/prism-agent-XXXXXX");
	assert_non_null(mkdtemp(w->dir));
	w->algo_key = make_key(NET_KEY_ED25519, &w->algo_der);
	w->data_key = make_key(NET_KEY_P256, &w->data_der);
	w->consumer_key = make_key(NET_KEY_P384, &w->consumer_der);
	prism_buf_init(&w->events, MIB);
	prism_buf_init(&w->states, MIB);
	prism_buf_init(&w->logs, 16 * MIB);
	w->config = (struct sb_agent_config){.directory = w->dir};
	w->manifest = (struct sb_agent_manifest){
	    .id = "run-1",
	    .name = "Iris",
	    .algorithm = {.key = (uint8_t *)w->algo_der.data, .key_len = w->algo_der.len},
	    .datasets = w->datasets,
	    .dataset_count = 1,
	    .consumers = &w->consumer,
	    .consumer_count = 1,
	};
	w->consumer = (struct sb_agent_consumer){(uint8_t *)w->consumer_der.data, w->consumer_der.len};
	for (int i = 0; i < 2; i++)
		w->datasets[i] = (struct sb_agent_dataset){.key = (uint8_t *)w->data_der.data,
		                                           .key_len = w->data_der.len,
		                                           .filename = i ? "more.csv" : "iris.csv"};
	net_digest_bytes(NET_SHA3_256, algo_sh, strlen(algo_sh), w->manifest.algorithm.hash);
	net_digest_bytes(NET_SHA3_256, rows, strlen(rows), w->datasets[0].hash);
	net_digest_bytes(NET_SHA3_256, "x", 1, w->datasets[1].hash);
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;
	net_grpc_channel_destroy(w->channel);
	sb_agent_destroy(w->agent);
	while (prism_work_pending(w->work) > 0)
		(void)prism_loop_turn(w->loop, 100);
	prism_work_destroy(w->work);
	prism_loop_destroy(w->loop);
	assert_int_equal(rmdir(w->dir), 0); /* the agent left nothing behind */
	net_key_destroy(w->algo_key);
	net_key_destroy(w->data_key);
	net_key_destroy(w->consumer_key);
	struct prism_buf *bufs[] = {&w->algo_der, &w->data_der, &w->consumer_der,
	                            &w->events,   &w->states,   &w->logs};
	for (size_t i = 0; i < PRISM_COUNT(bufs); i++)
		prism_buf_finish(bufs[i]);
	prism_free(w);
	return 0;
}

static void on_event(void *data, const char *type, const char *status, int64_t timestamp_us,
                     const char *originator, const char *details)
{
	struct world *w = data;
	bool run = strcmp(type, "AlgorithmRun") == 0;
	prism_buf_printf(&w->events, "%s/%s ", type, status);
	if (run && timestamp_us == PRISM_TIME_UNSET && strcmp(originator, "computation-runner") == 0)
		w->untimed_warning = true;
	if (w->destroy_on_event) {
		sb_agent_destroy(w->agent);
		w->agent = NULL;
	}
}

static void on_log(void *data, const char *level, const char *message, size_t len,
                   int64_t timestamp_us)
{
	struct world *w = data;
	prism_buf_printf(&w->logs, "%s %s\n", level, message);
	if (len > w->longest_log)
		w->longest_log = len;
}

static void on_state(void *data, const char *word)
{
	struct world *w = data;
	prism_buf_printf(&w->states, "%s ", word);
}

static void start(struct world *w)
{
	struct prism_error err = PRISM_ERROR_INIT;
	const struct sb_agent_callbacks callbacks = {on_event, on_log, on_state, w};
	char *host;
	uint16_t port;
	w->agent = sb_agent_create(w->loop, w->work, &w->config, &w->manifest, &callbacks, &err);
	assert_non_null(w->agent);
	assert_int_equal(w->events.len, 0); /* later, from the loop */
	assert_int_equal(net_address_parse(sb_agent_address(w->agent), 0, &host, &port, &err), 0);
	w->channel =
	    net_grpc_channel_create(w->loop, net_stream_tcp_create(w->loop, w->work, host, port, 5000),
	                            sb_agent_address(w->agent), false);
	prism_free(host);
}

#define WAIT(w, condition)                                                 \
	do {                                                                   \
		int64_t end_ = prism_clock_mono_ms(prism_clock_system()) + 20000;  \
		while (!(condition)) {                                             \
			assert_true(prism_clock_mono_ms(prism_clock_system()) < end_); \
			(void)prism_loop_turn((w)->loop, 1000);                        \
		}                                                                  \
	} while (0)

static void wait_state(struct world *w, const char *word)
{
	PRISM_AUTO_FREE char *want = prism_asprintf("%s ", word);
	WAIT(w, strstr(prism_buf_text(&w->states), want));
	assert_string_equal(sb_agent_state(w->agent), word);
}

/* A call. */

struct request {
	struct world *w;
	struct answer *answer;
	enum { ALGO, DATA, RESULT, ATTEST, IMA, AZURE } method;
	const char *bytes, *filename, *requirements;
	size_t len, sent, chunk;
	size_t nonce_len;
	int type;
	bool raw; /* bytes are the message itself */
	unsigned pulled;
};

static int pack(struct prism_buf *out, const ProtobufCMessage *message)
{
	struct prism_error err = PRISM_ERROR_INIT;
	size_t size = protobuf_c_message_get_packed_size(message);
	assert_int_equal(prism_buf_reserve(out, size, &err), 0);
	protobuf_c_message_pack(message, (uint8_t *)out->data + out->len);
	out->len += size;
	return 1;
}

static int pull_upload(struct request *r, struct prism_buf *out)
{
	size_t piece = r->len - r->sent < r->chunk ? r->len - r->sent : r->chunk;
	if (piece == 0 && !(r->pulled == 1 && (r->filename || r->requirements)))
		return 0;
	Agent__AlgoRequest algo;
	agent__algo_request__init(&algo);
	Agent__DataRequest data;
	agent__data_request__init(&data);
	const ProtobufCBinaryData bytes = {piece, (uint8_t *)(uintptr_t)(r->bytes + r->sent)};
	r->sent += piece;
	if (r->method == DATA) {
		data.dataset = bytes;
		data.filename = (char *)(uintptr_t)(r->filename ? r->filename : "");
		return pack(out, &data.base);
	}
	algo.algorithm = bytes;
	if (r->pulled == 1 && r->requirements)
		algo.requirements =
		    (ProtobufCBinaryData){strlen(r->requirements), (uint8_t *)(uintptr_t)r->requirements};
	return pack(out, &algo.base);
}

static int pull(void *user, struct prism_buf *out, struct prism_error *err)
{
	struct request *r = user;
	uint8_t nonce[200] = {0};
	r->pulled++;
	if (r->raw) {
		if (r->pulled > 1)
			return 0;
		prism_buf_put(out, r->bytes, r->len);
		return 1;
	}
	if (r->method <= DATA)
		return pull_upload(r, out);
	if (r->pulled > 1)
		return 0;
	Agent__AttestationRequest attest;
	agent__attestation_request__init(&attest);
	Agent__AttestationTokenRequest token;
	agent__attestation_token_request__init(&token);
	Agent__ResultRequest result;
	agent__result_request__init(&result);
	attest.type = r->type;
	attest.teenonce = (ProtobufCBinaryData){r->nonce_len, nonce};
	token.tokennonce = attest.teenonce;
	return pack(out, r->method == ATTEST  ? &attest.base
	                 : r->method == AZURE ? &token.base
	                                      : &result.base);
}

static void call_headers(void *user, const struct net_grpc_metadata *headers, size_t count)
{
	struct request *r = user;
	for (size_t i = 0; i < count; i++)
		if (strcmp(headers[i].key, "file-size") == 0)
			snprintf(r->answer->file_size, sizeof(r->answer->file_size), "%s", headers[i].value);
}

static int call_message(void *user, const void *msg, size_t len, struct prism_error *err)
{
	struct request *r = user;
	r->answer->messages++;
	if (r->method <= DATA)
		return 0;
	/* Field numbers are those of every download; IMA's has one more. */
	Agent__IMAMeasurementsResponse *part = agent__imameasurements_response__unpack(NULL, len, msg);
	if (!part)
		return prism_error_raise(err, PRISM_ERROR_PROTOCOL, "not a download message");
	prism_buf_put(&r->answer->file, part->file.data, part->file.len);
	if (part->pcr10.len > 0)
		prism_buf_put(&r->answer->pcr10, part->pcr10.data, part->pcr10.len);
	agent__imameasurements_response__free_unpacked(part, NULL);
	return 0;
}

static void call_done(void *user, int status, const struct prism_error *err)
{
	struct request *r = user;
	r->answer->done = true;
	r->answer->status = status;
	if (err)
		snprintf(r->answer->message, sizeof(r->answer->message), "%s", err->message);
}

static char *sign(const struct net_key *key, const char *role)
{
	struct prism_error err = PRISM_ERROR_INIT;
	PRISM_AUTO_BUF struct prism_buf sig = PRISM_BUF_INIT(4096);
	assert_int_equal(net_key_sign(key, role, strlen(role), &sig, &err), 0);
	return prism_base64_encode(sig.data, sig.len);
}

static struct answer perform(struct world *w, struct request r,
                             const struct net_grpc_metadata *metadata, size_t count)
{
	static const char *const paths[] = {
	    "Algo", "Data", "Result", "Attestation", "IMAMeasurements", "AzureAttestationToken"};
	struct prism_error err = PRISM_ERROR_INIT;
	struct answer answer = {.file = PRISM_BUF_INIT(256 * MIB), .pcr10 = PRISM_BUF_INIT(64)};
	PRISM_AUTO_FREE char *path = prism_asprintf("/agent.AgentService/%s", paths[r.method]);
	r.w = w;
	r.answer = &answer;
	r.chunk = r.chunk ? r.chunk : MIB;
	const struct net_grpc_call_spec spec = {.path = path,
	                                        .metadata = metadata,
	                                        .metadata_count = count,
	                                        .next_message = pull,
	                                        .on_headers = call_headers,
	                                        .on_message = call_message,
	                                        .done = call_done,
	                                        .data = &r};
	assert_non_null(net_grpc_call_start(w->channel, &spec, NULL, &err));
	WAIT(w, answer.done);
	if (answer.status == NET_GRPC_OK && r.method <= DATA)
		assert_int_equal(answer.messages, 1);
	return answer;
}

static struct answer signed_call(struct world *w, struct request r, const struct net_key *key,
                                 const char *role, const char *extra_key, const char *extra)
{
	PRISM_AUTO_FREE char *signature = sign(key, role);
	const struct net_grpc_metadata metadata[] = {
	    {"user-id", role, false},         {"signature", signature, true}, {extra_key, extra, false},
	    {"algo_args", "--epochs", false}, {"algo_args", "3", false},
	};
	return perform(w, r, metadata, !extra_key ? 2 : r.method == ALGO ? 5 : 3);
}

static struct answer send_algo(struct world *w, const char *text, const char *type)
{
	return signed_call(w, (struct request){.method = ALGO, .bytes = text, .len = strlen(text)},
	                   w->algo_key, "algorithm-provider", "algo_type", type);
}

static struct answer send_data(struct world *w, const char *text, const char *name)
{
	return signed_call(
	    w, (struct request){.method = DATA, .bytes = text, .len = strlen(text), .filename = name},
	    w->data_key, "data-provider", NULL, NULL);
}

static struct answer get_result(struct world *w)
{
	return signed_call(w, (struct request){.method = RESULT}, w->consumer_key, "consumer", NULL,
	                   NULL);
}

static void assert_answer(struct answer answer, int status, const char *message)
{
	assert_string_equal(answer.message, message);
	assert_int_equal(answer.status, status);
	prism_buf_finish(&answer.file);
	prism_buf_finish(&answer.pcr10);
}
#define OK(answer) assert_answer((answer), NET_GRPC_OK, "")
#define REFUSED(answer, text) assert_answer((answer), NET_GRPC_UNKNOWN, (text))

static void assert_zip_holds(struct world *w, const struct prism_buf *zip, const char *name,
                             size_t size)
{
	struct prism_error err = PRISM_ERROR_INIT;
	struct net_zip_list list;
	PRISM_AUTO_FREE char *path = prism_path_join(w->dir, "fetched.zip");
	assert_int_equal(prism_file_write(path, zip->data, zip->len, 0600, &err), 0);
	assert_int_equal(net_zip_list(path, &list, &err), 0);
	assert_int_equal(list.count, 1);
	assert_string_equal(list.entries[0].name, name);
	assert_int_equal(list.entries[0].size, size);
	net_zip_list_finish(&list);
	assert_int_equal(unlink(path), 0);
}

static void test_story(void **state)
{
	struct world *w = *state;
	start(w);
	assert_string_equal(sb_agent_state(w->agent), "ReceivingAlgorithm");
	OK(send_algo(w, algo_sh, "bin"));
	wait_state(w, "ReceivingData");
	OK(send_data(w, rows, "iris.csv"));
	wait_state(w, "ConsumingResults");
	for (int i = 0; i < 2; i++) { /* any number of times */
		struct answer result = get_result(w);
		assert_int_equal(result.status, NET_GRPC_OK);
		char size[24];
		snprintf(size, sizeof(size), "%zu", result.file.len);
		assert_string_equal(result.file_size, size);
		assert_zip_holds(w, &result.file, "all", strlen(rows));
		prism_buf_finish(&result.file);
		wait_state(w, "Complete");
	}
	assert_string_equal(prism_buf_text(&w->events),
	                    "ReceivingAlgorithm/InProgress ReceivingData/InProgress Running/Starting "
	                    "Running/InProgress AlgorithmRun/Warning Running/Completed "
	                    "ConsumingResults/Ready Complete/Completed ");
	assert_string_equal(prism_buf_text(&w->states),
	                    "ReceivingAlgorithm ReceivingData Running ConsumingResults Complete ");
	assert_true(w->untimed_warning);
	const char *logs = prism_buf_text(&w->logs);
	assert_non_null(strstr(logs, "WARN this agent belongs to a sandbox: NOT A TEE"));
	assert_non_null(strstr(logs, "INFO agent service gRPC server listening at 127.0.0.1:"));
	assert_non_null(strstr(logs, "INFO Method Algo took "));
	assert_non_null(strstr(logs, " to complete without errors\n"));
	assert_non_null(strstr(logs, "DEBUG args: --epochs 3\n"));
	assert_non_null(strstr(logs, "ERROR careful\n"));
}

static void test_no_datasets(void **state)
{
	struct world *w = *state;
	w->manifest.dataset_count = 0;
	start(w);
	static const char text[] = "#!/bin/sh\necho r > results/r\n";
	net_digest_bytes(NET_SHA3_256, text, strlen(text), w->manifest.algorithm.hash);
	sb_agent_destroy(w->agent); /* with the hash of the text above */
	net_grpc_channel_destroy(w->channel);
	w->manifest.id = "run-2";
	prism_buf_clear(&w->events);
	start(w);
	OK(send_algo(w, text, ""));
	wait_state(w, "ConsumingResults");
	assert_null(strstr(prism_buf_text(&w->events), "ReceivingData"));
}

static void set_algo(struct world *w, const char *text)
{
	net_digest_bytes(NET_SHA3_256, text, strlen(text), w->manifest.algorithm.hash);
}

static void test_failing_run(void **state)
{
	struct world *w = *state;
	static const char text[] = "import sys\nprint('boom', file=sys.stderr)\nsys.exit(4)\n";
	w->manifest.dataset_count = 0;
	set_algo(w, text);
	start(w);
	OK(send_algo(w, text, "python"));
	wait_state(w, "Failed");
	REFUSED(get_result(w), "algorithm execution error: exit status 4");
	assert_string_equal(sb_agent_error(w->agent), "algorithm execution error: exit status 4");
	assert_non_null(
	    strstr(prism_buf_text(&w->events), "AlgorithmRun/Warning Running/Failed Failed/Failed "));
	REFUSED(send_algo(w, text, "python"),
	        "agent not expecting this operation in the current state");
}

static void test_signatures(void **state)
{
	struct world *w = *state;
	start(w);
	const struct request algo = {.method = ALGO, .bytes = algo_sh, .len = strlen(algo_sh)};
	static const char refused[] = "signature verification failed";
	assert_answer(signed_call(w, algo, w->data_key, "algorithm-provider", "algo_type", "bin"),
	              NET_GRPC_UNAUTHENTICATED, refused);
	assert_answer(signed_call(w, algo, w->algo_key, "data-provider", "algo_type", "bin"),
	              NET_GRPC_UNAUTHENTICATED, refused);
	struct net_grpc_metadata metadata[3] = {
	    {"algo_type", "bin", false}, {"signature", "!!!", true}, {"signature", "AAAA", true}};
	assert_answer(perform(w, algo, metadata, 2), NET_GRPC_UNAUTHENTICATED, refused);
	static const char odd[] =
	    "rpc error: code = Unauthenticated desc = invalid metadata : invalid metadata";
	assert_answer(perform(w, algo, metadata, 1), NET_GRPC_UNAUTHENTICATED, odd);
	assert_answer(perform(w, algo, metadata, 3), NET_GRPC_UNAUTHENTICATED, odd);
	assert_string_equal(sb_agent_state(w->agent), "ReceivingAlgorithm");
}

static void test_states(void **state)
{
	struct world *w = *state;
	static const char wrong[] = "agent not expecting this operation in the current state";
	start(w);
	REFUSED(send_data(w, rows, "iris.csv"), wrong);
	REFUSED(get_result(w), "computation results are not yet ready");
	OK(send_algo(w, algo_sh, "bin"));
	REFUSED(send_algo(w, algo_sh, "bin"), wrong);
	REFUSED(get_result(w), "computation results are not yet ready");
}

static void test_algorithm_refusals(void **state)
{
	struct world *w = *state;
	start(w);
	REFUSED(send_algo(w, "", "bin"), "algorithm binary is required");
	REFUSED(send_algo(w, "other bytes", "bin"), "malformed data, hash does not match manifest");
	const struct request algo = {.method = ALGO, .bytes = algo_sh, .len = strlen(algo_sh)};
	REFUSED(signed_call(w, algo, w->algo_key, "algorithm-provider", NULL, NULL),
	        "missing metadata: algo_type is required");
	OK(send_algo(w, algo_sh, "bin")); /* and it can still be sent */
}

static void test_dataset_rule_v10(void **state)
{
	struct world *w = *state;
	w->manifest.dataset_count = 2;
	start(w);
	OK(send_algo(w, algo_sh, "bin"));
	REFUSED(send_data(w, "", "iris.csv"), "dataset is required");
	REFUSED(send_data(w, rows, "other.csv"), "dataset not declared in computation manifest");
	REFUSED(send_data(w, "changed", "iris.csv"), "malformed data, hash does not match manifest");
	OK(send_data(w, rows, "iris.csv"));
	assert_string_equal(sb_agent_state(w->agent), "ReceivingData");
	REFUSED(send_data(w, rows, "iris.csv"), "dataset not declared in computation manifest");
	OK(send_data(w, "x", "more.csv"));
	wait_state(w, "ConsumingResults");
}

static void test_dataset_rule_v08(void **state)
{
	struct world *w = *state;
	w->config.rule = SB_AGENT_RULE_V08;
	w->manifest.dataset_count = 2;
	start(w);
	OK(send_algo(w, algo_sh, "bin"));
	REFUSED(send_data(w, "changed", "iris.csv"), "dataset not declared in computation manifest");
	OK(send_data(w, "x", "any-name.csv")); /* the hash decides */
	OK(send_data(w, rows, "iris.csv"));
	wait_state(w, "ConsumingResults");
	assert_false(w->untimed_warning);
}

static void test_unknown_type(void **state)
{
	struct world *w = *state;
	w->manifest.dataset_count = 0;
	start(w);
	OK(send_algo(w, algo_sh, "fortran"));
	wait_state(w, "Failed");
	REFUSED(get_result(w), "unsupported algorithm type: fortran");
}

static void test_unknown_type_v08(void **state)
{
	struct world *w = *state;
	w->config.rule = SB_AGENT_RULE_V08;
	start(w);
	OK(send_algo(w, algo_sh, "fortran"));
	assert_string_equal(sb_agent_state(w->agent), "ReceivingAlgorithm");
}

static int sink_put(void *data, const void *bytes, size_t size, struct prism_error *err)
{
	return prism_buf_append(data, bytes, size, err);
}

static void test_decompress(void **state)
{
	struct world *w = *state;
	struct prism_error err = PRISM_ERROR_INIT;
	PRISM_AUTO_BUF struct prism_buf zip = PRISM_BUF_INIT(MIB);
	PRISM_AUTO_FREE char *dir = prism_path_join(w->dir, "made");
	PRISM_AUTO_FREE char *sub = prism_path_join(dir, "sub");
	PRISM_AUTO_FREE char *file = prism_path_join(sub, "b.csv");
	assert_int_equal(prism_file_mkdirs(sub, 0700, &err), 0);
	assert_int_equal(prism_file_write(file, rows, strlen(rows), 0600, &err), 0);
	assert_int_equal(net_zip_directory(dir, NET_ZIP_LAYOUT_V09, NULL, sink_put, &zip, &err), 0);
	assert_int_equal(unlink(file) | rmdir(sub) | rmdir(dir), 0);
	static const char text[] = "#!/bin/sh\ncp datasets/sub/b.csv results/\n";
	set_algo(w, text);
	w->manifest.dataset_count = 2;
	w->datasets[0].filename = "made";
	net_digest_bytes(NET_SHA3_256, zip.data, zip.len, w->datasets[0].hash);
	w->datasets[1].decompress = true; /* by the manifest, and it is no zip */
	start(w);
	OK(send_algo(w, text, "bin"));
	const struct request data = {
	    .method = DATA, .bytes = zip.data, .len = zip.len, .filename = "made"};
	OK(signed_call(w, data, w->data_key, "data-provider", "decompress", "true"));
	assert_string_equal(sb_agent_state(w->agent), "ReceivingData");
	REFUSED(send_data(w, "x", "more.csv"),
	        "error decompressing dataset: zip: not a valid zip file");
	/* Struck off before it was unpacked: it stays in ReceivingData for good. */
	REFUSED(send_data(w, "x", "more.csv"), "all expected manifest Items have been received");
	assert_string_equal(sb_agent_state(w->agent), "ReceivingData");
}

static void test_hostile_names(void **state)
{
	struct world *w = *state;
	w->datasets[0].filename = "../../escape";
	start(w);
	OK(send_algo(w, algo_sh, "bin"));
	struct answer answer = send_data(w, rows, "../../escape");
	assert_int_equal(answer.status, NET_GRPC_UNKNOWN);
	assert_non_null(strstr(answer.message, "error creating dataset file: "));
}

static void test_requirements_and_interleaving(void **state)
{
	struct world *w = *state;
	static const char text[] = "import os\nprint(open('requirements.txt').read())\n";
	w->manifest.dataset_count = 0;
	set_algo(w, text);
	start(w);
	/* bin, so that no environment is made: what counts here is that both fields arrive. */
	const struct request algo = {.method = ALGO,
	                             .bytes = text,
	                             .len = strlen(text),
	                             .chunk = 5,
	                             .requirements = "numpy==2.0\n"};
	OK(signed_call(w, algo, w->algo_key, "algorithm-provider", "algo_type", "bin"));
	wait_state(w, "Failed");
	assert_non_null(strstr(sb_agent_error(w->agent), "exec format error"));
}

static void test_large_upload(void **state)
{
	struct world *w = *state;
	size_t size = 50 * MIB + 17;
	char *bytes = prism_alloc(size);
	for (size_t i = 0; i < size; i += 4096)
		bytes[i] = (char)(i >> 12);
	net_digest_bytes(NET_SHA3_256, bytes, size, w->datasets[0].hash);
	start(w);
	OK(send_algo(w, algo_sh, "bin"));
	const struct request data = {
	    .method = DATA, .bytes = bytes, .len = size, .filename = "iris.csv"};
	OK(signed_call(w, data, w->data_key, "data-provider", NULL, NULL));
	wait_state(w, "ConsumingResults");
	struct answer result = get_result(w);
	assert_int_equal(result.status, NET_GRPC_OK);
	assert_true(result.messages > 50);
	assert_zip_holds(w, &result.file, "all", size);
	prism_buf_finish(&result.file);
	prism_free(bytes);
}

static void test_oversize_message(void **state)
{
	struct world *w = *state;
	start(w);
	/* The client refuses to make such a message, so the limit is met with the largest it makes. */
	char *bytes = prism_alloc(NET_GRPC_MESSAGE_MAX);
	const struct request algo = {
	    .method = ALGO, .bytes = bytes, .len = NET_GRPC_MESSAGE_MAX, .raw = true};
	struct answer answer =
	    signed_call(w, algo, w->algo_key, "algorithm-provider", "algo_type", "bin");
	assert_int_equal(answer.status, NET_GRPC_INTERNAL); /* zeros are no protobuf */
	assert_non_null(strstr(answer.message, "cannot parse invalid wire-format data"));
	prism_free(bytes);
}

static void test_evidence_is_honest(void **state)
{
	struct world *w = *state;
	start(w);
	struct answer answer = perform(w, (struct request){.method = ATTEST, .type = 0}, NULL, 0);
	assert_int_equal(answer.status, NET_GRPC_UNKNOWN);
	assert_non_null(strstr(answer.message, "EmptyProvider should not be used"));
	assert_non_null(strstr(answer.message, "NOT A TEE"));
	REFUSED(perform(w, (struct request){.method = ATTEST, .type = 5}, NULL, 0),
	        "invalid attestation type");
	REFUSED(perform(w, (struct request){.method = ATTEST, .nonce_len = 65}, NULL, 0),
	        "malformed report data, expect less or equal to 64 bytes");
	REFUSED(perform(w, (struct request){.method = AZURE, .nonce_len = 33}, NULL, 0),
	        "malformed vTPM nonce, expect less or equal to 32 bytes");
	answer = perform(w, (struct request){.method = AZURE, .nonce_len = 32}, NULL, 0);
	assert_non_null(strstr(answer.message, "NOT A TEE"));
}

static void test_evidence_v08(void **state)
{
	struct world *w = *state;
	w->config.rule = SB_AGENT_RULE_V08;
	start(w);
	struct answer answer = perform(w, (struct request){.method = ATTEST, .type = 2}, NULL, 0);
	assert_int_equal(answer.status, NET_GRPC_OK);
	assert_string_equal(answer.file_size, "1240");
	assert_int_equal(answer.file.len, 1240);
	assert_memory_equal(answer.file.data, "NOT A TEE", 9);
	prism_buf_finish(&answer.file);
	REFUSED(perform(w, (struct request){.method = ATTEST, .type = 3}, NULL, 0),
	        "invalid attestation type");
}

static void test_ima_log_replays(void **state)
{
	struct world *w = *state;
	start(w);
	struct answer answer = perform(w, (struct request){.method = IMA}, NULL, 0);
	assert_int_equal(answer.status, NET_GRPC_OK);
	assert_int_equal(answer.pcr10.len, 20);
	uint8_t pcr[40] = {0};
	unsigned lines = 0;
	for (const char *line = prism_buf_text(&answer.file); *line; lines++) {
		struct prism_error err = PRISM_ERROR_INIT;
		size_t len;
		assert_memory_equal(line, "10 ", 3);
		assert_int_equal(prism_hex_decode(line + 3, 40, pcr + 20, 20, &len, &err), 0);
		net_digest_bytes(NET_SHA1, pcr, 40, pcr);
		line = strchr(line, '\n') + 1;
	}
	assert_true(lines >= 3);
	assert_memory_equal(pcr, answer.pcr10.data, 20);
	assert_non_null(strstr(prism_buf_text(&answer.file), "NOT-A-TEE"));
	prism_buf_finish(&answer.file);
	prism_buf_finish(&answer.pcr10);
}

static void test_stop_kills_the_run(void **state)
{
	struct world *w = *state;
	static const char text[] = "#!/bin/sh\necho started\nsleep 1000\n";
	w->manifest.dataset_count = 0;
	set_algo(w, text);
	start(w);
	OK(send_algo(w, text, "bin"));
	WAIT(w, strstr(prism_buf_text(&w->logs), "DEBUG started"));
	sb_agent_stop(w->agent);
	assert_string_equal(sb_agent_state(w->agent), "Idle");
	assert_non_null(strstr(prism_buf_text(&w->events), "Running/InProgress Stopped/Stopped "));
	size_t told = w->events.len;
	for (int i = 0; i < 20; i++)
		(void)prism_loop_turn(w->loop, 1);
	assert_int_equal(w->events.len, told);
}

static void test_destroyed_by_a_callback(void **state)
{
	struct world *w = *state;
	w->destroy_on_event = true;
	start(w);
	WAIT(w, !w->agent);
	for (int i = 0; i < 20; i++)
		(void)prism_loop_turn(w->loop, 1);
	assert_string_equal(prism_buf_text(&w->events), "ReceivingAlgorithm/InProgress ");
}

static void test_destroyed_while_uploading(void **state)
{
	struct world *w = *state;
	struct prism_error err = PRISM_ERROR_INIT;
	start(w);
	struct answer answer = {0};
	PRISM_AUTO_FREE char *signature = sign(w->algo_key, "algorithm-provider");
	const struct net_grpc_metadata metadata[] = {{"signature", signature, true},
	                                             {"algo_type", "bin", false}};
	char *bytes = prism_alloc(64 * MIB);
	struct request r = {
	    .w = w, .answer = &answer, .method = ALGO, .bytes = bytes, .len = 64 * MIB, .chunk = MIB};
	const struct net_grpc_call_spec spec = {.path = "/agent.AgentService/Algo",
	                                        .metadata = metadata,
	                                        .metadata_count = 2,
	                                        .next_message = pull,
	                                        .done = call_done,
	                                        .data = &r};
	assert_non_null(net_grpc_call_start(w->channel, &spec, NULL, &err));
	WAIT(w, r.sent >= 10 * MIB); /* a worker has some of it */
	sb_agent_destroy(w->agent);
	w->agent = NULL;
	WAIT(w, answer.done);
	assert_int_equal(answer.status, NET_GRPC_UNAVAILABLE);
	prism_free(bytes);
}

static void test_manifest_with_a_bad_key(void **state)
{
	struct world *w = *state;
	struct prism_error err = PRISM_ERROR_INIT;
	const struct sb_agent_callbacks callbacks = {on_event, on_log, on_state, w};
	w->consumer.key_len = 10;
	assert_null(sb_agent_create(w->loop, w->work, &w->config, &w->manifest, &callbacks, &err));
	assert_non_null(strstr(err.message, "a consumer"));
}

static void test_same_run_twice(void **state)
{
	struct world *w = *state;
	struct prism_error err = PRISM_ERROR_INIT;
	const struct sb_agent_callbacks callbacks = {on_event, on_log, on_state, w};
	start(w);
	assert_null(sb_agent_create(w->loop, w->work, &w->config, &w->manifest, &callbacks, &err));
	OK(send_algo(w, algo_sh, "bin")); /* the first one is unharmed */
	w->manifest.id = "../x";
	assert_null(sb_agent_create(w->loop, w->work, &w->config, &w->manifest, &callbacks, &err));
}

static void test_fault_fail_run(void **state)
{
	struct world *w = *state;
	w->config.faults.fail_run = true;
	w->manifest.dataset_count = 0;
	start(w);
	OK(send_algo(w, algo_sh, "bin"));
	wait_state(w, "Failed");
	REFUSED(get_result(w), "algorithm execution error: exit status 1");
}

static void test_fault_early_reject(void **state)
{
	struct world *w = *state;
	w->config.faults.early_reject = "the enclave is on holiday";
	start(w);
	REFUSED(send_algo(w, algo_sh, "bin"), "the enclave is on holiday");
}

static void test_fault_drops(void **state)
{
	struct world *w = *state;
	w->config.faults.drop_after_bytes = 10;
	start(w);
	assert_int_equal(send_algo(w, algo_sh, "bin").status, NET_GRPC_UNAVAILABLE);
}

static void test_fault_drops_result(void **state)
{
	struct world *w = *state;
	w->config.faults.drop_result = true;
	w->manifest.dataset_count = 0;
	start(w);
	OK(send_algo(w, algo_sh, "bin"));
	wait_state(w, "ConsumingResults");
	struct answer answer = get_result(w);
	assert_int_equal(answer.status, NET_GRPC_UNAVAILABLE);
	prism_buf_finish(&answer.file);
	assert_string_equal(sb_agent_state(w->agent), "ConsumingResults");
}

static void test_fault_slow(void **state)
{
	struct world *w = *state;
	w->config.faults.slow_bytes_per_s = 2 * MIB;
	w->manifest.dataset_count = 0;
	start(w);
	char *bytes = prism_alloc(MIB);
	const struct request algo = {.method = ALGO, .bytes = bytes, .len = MIB, .chunk = 65536};
	int64_t begun = prism_clock_mono_ms(prism_clock_system());
	REFUSED(signed_call(w, algo, w->algo_key, "algorithm-provider", "algo_type", "bin"),
	        "malformed data, hash does not match manifest");
	assert_true(prism_clock_mono_ms(prism_clock_system()) - begun >= 250);
	prism_free(bytes);
}

static void test_logs_are_cut(void **state)
{
	struct world *w = *state;
	static const char text[] = "#!/bin/sh\nhead -c 3000 /dev/zero | tr '\\0' z\n";
	w->manifest.dataset_count = 0;
	set_algo(w, text);
	start(w);
	OK(send_algo(w, text, "bin"));
	wait_state(w, "ConsumingResults");
	assert_int_equal(w->longest_log, 500);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
	    T(test_story),
	    T(test_no_datasets),
	    T(test_failing_run),
	    T(test_signatures),
	    T(test_states),
	    T(test_algorithm_refusals),
	    T(test_dataset_rule_v10),
	    T(test_dataset_rule_v08),
	    T(test_unknown_type),
	    T(test_unknown_type_v08),
	    T(test_decompress),
	    T(test_hostile_names),
	    T(test_requirements_and_interleaving),
	    T(test_large_upload),
	    T(test_oversize_message),
	    T(test_evidence_is_honest),
	    T(test_evidence_v08),
	    T(test_ima_log_replays),
	    T(test_stop_kills_the_run),
	    T(test_destroyed_by_a_callback),
	    T(test_destroyed_while_uploading),
	    T(test_manifest_with_a_bad_key),
	    T(test_same_run_twice),
	    T(test_fault_fail_run),
	    T(test_fault_early_reject),
	    T(test_fault_drops),
	    T(test_fault_drops_result),
	    T(test_fault_slow),
	    T(test_logs_are_cut),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
