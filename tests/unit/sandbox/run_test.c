/*
 * Covers sandbox/run.c, sandbox/api_runs.c and sandbox/manifest.c: what is missing for a run, the
 * manifest, and whole runs with a real agent and a real process.
 */
#include "sandbox/run.h"

#include "agent.pb-c.h"
#include "base/text.h"
#include "net/crypto.h"
#include "net/grpc.h"
#include "net/stream_tcp.h"
#include "sandbox/cvm.h"
#include "sandbox/router.h"
#include "tests/lib/sbcall.h"
#include "tests/lib/tmpdir.h"

#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define P "/computations/{W}/computations"
#define Q "/computations/{W}/assets"

static const char good_sh[] = "#!/bin/sh\nset -e\necho working\ncp datasets/* results/\n";
static const char bad_sh[] = "#!/bin/sh\necho broken >&2\nexit 3\n";
static const char slow_sh[] = "#!/bin/sh\nsleep 60\n";
static const char rows_csv[] = "a,b\n1,2\n";

struct world {
	struct sbcall t;
	struct net_key *key;
	char *computation, *cvm, *algorithm_asset;
	struct net_grpc_channel *channel;
};

/* ---- a world in which only the choice of algorithm is open ---- */

static char *checksum(const char *text)
{
	uint8_t digest[NET_DIGEST_MAX];
	char hex[65];
	net_digest_bytes(NET_SHA3_256, text, strlen(text), digest);
	prism_hex_encode(digest, 32, hex);
	return prism_strdup(hex);
}

static char *add_asset(struct world *w, const char *type, const char *name, const char *bytes)
{
	PRISM_AUTO_FREE char *sum = checksum(bytes);
	PRISM_AUTO_FREE char *body = prism_asprintf(
	    "{\"asset\":{\"file_name\":\"%s\",\"description\":\"d\",\"asset_type\":\"%s\","
	    "\"Checksum\":\"%s\"}}",
	    name, type, sum);
	assert_int_equal(sbcall(&w->t, SB_ADA, "POST", body, Q), 201);
	char *id = prism_strdup(w->t.location + strlen("/assets/"));
	assert_int_equal(sbcall(&w->t, SB_ADA, "POST", NULL, Q "/%s/%s", id, w->computation), 201);
	return id;
}

static void add_key(struct world *w)
{
	struct prism_buf der = PRISM_BUF_INIT(4096);
	assert_int_equal(net_key_public_der(w->key, &der, NULL), 0);
	PRISM_AUTO_FREE char *text = prism_base64_encode(der.data, der.len);
	PRISM_AUTO_FREE char *body = prism_asprintf("{\"key\":\"%s\"}", text);
	assert_int_equal(sbcall(&w->t, SB_ADA, "POST", body, P "/%s/key", w->computation), 201);
	prism_buf_finish(&der);
}

static void take_roles(struct world *w)
{
	sbcall(&w->t, SB_ADA, "GET", NULL, P "/%s/roles", w->computation);
	PRISM_AUTO_FREE char *owner = prism_strdup(sbcall_text(&w->t, "roles.0.id"));
	assert_int_equal(
	    sbcall(&w->t, SB_ADA, "POST",
	           "{\"actions\":[\"algo_provider\",\"dataset_provider\",\"result_consumer\"]}",
	           P "/%s/roles/%s/actions", w->computation, owner),
	    200);
}

static void start_world(struct world *w, const struct sb_config *config)
{
	memset(w, 0, sizeof(*w));
	sbcall_start_real(&w->t, config);
	w->key = net_key_generate(NET_KEY_ED25519, NULL);
	sbcall(&w->t, SB_ADA, "POST", "{\"name\":\"Run me\",\"description\":\"d\"}", P);
	w->computation = prism_strdup(w->t.location + strlen("/computations/"));
	sbcall(&w->t, SB_ADA, "GET", NULL, "/backends/{W}/cvms?name=lab-snp-1");
	w->cvm = prism_strdup(sbcall_text(&w->t, "cvms.0.id"));
}

static int setup(void **state)
{
	struct world *w = prism_alloc(sizeof(*w));
	start_world(w, &(struct sb_config){.linger_s = 1});
	*state = w;
	return 0;
}

static void finish_world(struct world *w)
{
	net_grpc_channel_destroy(w->channel);
	sbcall_finish(&w->t);
	net_key_destroy(w->key);
	prism_free(w->computation);
	prism_free(w->cvm);
	prism_free(w->algorithm_asset);
}

static int teardown(void **state)
{
	finish_world(*state);
	prism_free(*state);
	return 0;
}

static void make_runnable(struct world *w, const char *algorithm)
{
	take_roles(w);
	add_key(w);
	w->algorithm_asset = add_asset(w, "algorithm", "algo.sh", algorithm);
	prism_free(add_asset(w, "dataset", "rows.csv", rows_csv));
}

/* ---- looking ---- */

static const char *field(struct world *w, const char *key)
{
	sbcall(&w->t, SB_ADA, "GET", NULL, P "/%s", w->computation);
	return sbcall_text(&w->t, key);
}

static const char *cvm_field(struct world *w, const char *key)
{
	sbcall(&w->t, SB_ADA, "GET", NULL, "/backends/{W}/cvms/%s", w->cvm);
	return sbcall_text(&w->t, key);
}

#define WAIT(w, condition)                                                 \
	do {                                                                   \
		int64_t end_ = prism_clock_mono_ms(prism_clock_system()) + 20000;  \
		while (!(condition)) {                                             \
			assert_true(prism_clock_mono_ms(prism_clock_system()) < end_); \
			(void)prism_loop_turn((w)->t.loop, 50);                        \
		}                                                                  \
	} while (0)

/* ---- the client's side of the agent ---- */

struct upload {
	const char *bytes, *filename; /* filename NULL: the algorithm; bytes NULL: the result */
	bool sent, done;
	int status;
	size_t received;
};

static int next_message(void *data, struct prism_buf *out, struct prism_error *err)
{
	struct upload *u = data;
	uint8_t packed[4096];
	size_t size = 0;
	if (u->sent)
		return 0;
	u->sent = true;
	ProtobufCBinaryData bytes = {u->bytes ? strlen(u->bytes) : 0, (uint8_t *)(uintptr_t)u->bytes};
	if (u->bytes && u->filename) {
		Agent__DataRequest message;
		agent__data_request__init(&message);
		message.dataset = bytes;
		message.filename = (char *)(uintptr_t)u->filename;
		size = agent__data_request__pack(&message, packed);
	} else if (u->bytes) {
		Agent__AlgoRequest message;
		agent__algo_request__init(&message);
		message.algorithm = bytes;
		size = agent__algo_request__pack(&message, packed);
	}
	prism_buf_put(out, packed, size);
	return 1;
}

static int on_message(void *data, const void *message, size_t len, struct prism_error *err)
{
	((struct upload *)data)->received += len;
	return 0;
}

static void on_done(void *data, int status, const struct prism_error *err)
{
	struct upload *u = data;
	u->done = true;
	u->status = status;
}

static struct upload call_agent(struct world *w, const char *method, const char *role,
                                const char *bytes, const char *filename)
{
	struct upload u = {.bytes = bytes, .filename = filename};
	struct prism_buf sig = PRISM_BUF_INIT(4096);
	assert_int_equal(net_key_sign(w->key, role, strlen(role), &sig, NULL), 0);
	PRISM_AUTO_FREE char *signature = prism_base64_encode(sig.data, sig.len);
	PRISM_AUTO_FREE char *path = prism_asprintf("/agent.AgentService/%s", method);
	const struct net_grpc_metadata metadata[] = {
	    {"user-id", role, false}, {"signature", signature, true}, {"algo_type", "bin", false}};
	const struct net_grpc_call_spec spec = {.path = path,
	                                        .metadata = metadata,
	                                        .metadata_count = bytes && !filename ? 3 : 2,
	                                        .next_message = next_message,
	                                        .on_message = on_message,
	                                        .done = on_done,
	                                        .data = &u};
	assert_non_null(net_grpc_call_start(w->channel, &spec, NULL, NULL));
	WAIT(w, u.done);
	prism_buf_finish(&sig);
	return u;
}

static void connect_agent(struct world *w)
{
	PRISM_AUTO_FREE char *host = NULL;
	uint16_t port;
	PRISM_AUTO_FREE char *url = prism_strdup(cvm_field(w, "agent_url"));
	assert_int_equal(net_address_parse(url, 0, &host, &port, NULL), 0);
	w->channel = net_grpc_channel_create(
	    w->t.loop, net_stream_tcp_create(w->t.loop, w->t.sb->work, host, port, 5000), url, false);
}

static char *start_run(struct world *w)
{
	assert_int_equal(sbcall(&w->t, SB_ADA, "POST", NULL, P "/%s/run?cvm=%s&domainID={W}",
	                        w->computation, w->cvm),
	                 200);
	assert_true(cJSON_IsString(w->t.doc)); /* a bare string */
	return prism_strdup(w->t.doc->valuestring);
}

static void upload_all(struct world *w, const char *algorithm)
{
	connect_agent(w);
	assert_int_equal(call_agent(w, "Algo", "algorithm-provider", algorithm, NULL).status, 0);
	assert_int_equal(call_agent(w, "Data", "data-provider", rows_csv, "rows.csv").status, 0);
}

/* ---- before the run ---- */

static void the_dry_run_names_what_is_missing(void **state)
{
	struct world *w = *state;
	PRISM_AUTO_FREE char *ada = sbcall_user_id(&w->t, SB_ADA);
	assert_int_equal(sbcall(&w->t, SB_ADA, "POST", NULL, P "/%s/dryrun", w->computation), 200);
	assert_int_equal(sbcall_size(&w->t, "missing_items.info"), 2);
	take_roles(w);
	sbcall(&w->t, SB_ADA, "POST", NULL, P "/%s/dryrun", w->computation);
	assert_string_equal(sbcall_text(&w->t, "missing_items.info.0"), "Link Algorithm Asset");
	assert_string_equal(sbcall_text(&w->t, "missing_items.info.1"), "Link Dataset(s) Asset");
	assert_string_equal(sbcall_text(&w->t, "missing_items.keys.0"), ada);
	add_key(w);
	PRISM_AUTO_FREE char *a = add_asset(w, "algorithm", "a", "x");
	assert_int_equal(sbcall(&w->t, SB_ADA, "PUT",
	                        "{\"asset\":{\"file_name\":\"a\",\"description\":\"d\",\"asset_type\":"
	                        "\"algorithm\"}}",
	                        Q "/%s", a),
	                 200);
	prism_free(add_asset(w, "dataset", "b", "y"));
	sbcall(&w->t, SB_ADA, "POST", NULL, P "/%s/dryrun", w->computation);
	assert_string_equal(w->t.text,
	                    "{\"missing_items\":{\"keys\":null,\"hashes\":[\"a\"],\"info\":null}}");
}

static void an_incomplete_one_does_not_run(void **state)
{
	struct world *w = *state;
	sbcall(&w->t, SB_ADA, "POST", NULL, P "/%s/run?cvm=%s", w->computation, w->cvm);
	sbcall_refused(&w->t, 422, "update entity failed", "computation is missing items, see dryrun");
}

static void a_cvm_is_wanted_and_must_be_ready(void **state)
{
	struct world *w = *state;
	make_runnable(w, good_sh);
	sbcall(&w->t, SB_ADA, "POST", NULL, P "/%s/run", w->computation);
	sbcall_refused(&w->t, 400, SB_TEXT_VALIDATION, "missing entity id");
	sbcall(&w->t, SB_ADA, "POST", NULL, P "/%s/run?cvm=none", w->computation);
	sbcall_refused(&w->t, 404, "entity not found", "");
	sbcall(&w->t, SB_ADA, "GET", NULL, "/backends/{W}/cvms?name=lab-tdx-1");
	PRISM_AUTO_FREE char *busy = prism_strdup(sbcall_text(&w->t, "cvms.0.id"));
	sbcall(&w->t, SB_ADA, "POST", NULL, P "/%s/run?cvm=%s", w->computation, busy);
	sbcall_refused(&w->t, 409, "cvm is not ready to run a computation", "");
}

static void the_manifest_has_the_forms_of_the_agent(void **state)
{
	struct world *w = *state;
	make_runnable(w, good_sh);
	assert_int_equal(sbcall(&w->t, SB_ADA, "GET", NULL, P "/%s/manifest", w->computation), 200);
	assert_int_equal(sbcall_size(&w->t, "algorithm.hash"), 32);
	assert_string_equal(sbcall_text(&w->t, "datasets.0.filename"), "rows.csv");
	uint8_t digest[NET_DIGEST_MAX];
	net_digest_bytes(NET_SHA3_256, rows_csv, strlen(rows_csv), digest);
	assert_int_equal(sbcall_int(&w->t, "datasets.0.hash.0"), digest[0]);
	const char *key = sbcall_text(&w->t, "result_consumers.0.user_key");
	struct net_key *back = net_key_read_public(key, strlen(key), NULL);
	assert_non_null(back);
	net_key_destroy(back);
	assert_string_equal(sbcall_text(&w->t, "id"), "");
}

/* ---- runs ---- */

static void a_run_goes_all_the_way(void **state)
{
	struct world *w = *state;
	make_runnable(w, good_sh);
	PRISM_AUTO_FREE char *run = start_run(w);
	assert_string_equal(field(w, "status"), "running");
	assert_string_equal(cvm_field(w, "state"), "ReceivingAlgorithm");
	sbcall(&w->t, SB_ADA, "POST", NULL, P "/%s/run?cvm=%s", w->computation, w->cvm);
	assert_int_equal(w->t.status, 409); /* busy now */
	upload_all(w, good_sh);
	WAIT(w, strcmp(cvm_field(w, "state"), "ConsumingResults") == 0);
	assert_string_equal(field(w, "status"), "completed");
	assert_true(call_agent(w, "Result", "consumer", NULL, NULL).received > 0);
	WAIT(w, strcmp(cvm_field(w, "state"), "Complete") == 0);
	sbcall(&w->t, SB_ADA, "GET", NULL, P "/%s/events?limit=100", w->computation);
	assert_int_equal(sbcall_int(&w->t, "total"), 7);
	assert_string_equal(sbcall_text(&w->t, "events.0.event_type"), "Complete");
	assert_string_equal(sbcall_text(&w->t, "events.6.event_type"), "ReceivingAlgorithm");
	assert_string_equal(sbcall_text(&w->t, "events.6.run_id"), run);
	sbcall(&w->t, SB_ADA, "GET", NULL, P "/%s/logs?limit=100&message=started%%20by",
	       w->computation);
	assert_string_equal(sbcall_text(&w->t, "logs.0.message"),
	                    "computation started by user Ada Sample");
	sbcall(&w->t, SB_ADA, "GET", NULL, P "/%s/run", w->computation);
	assert_string_equal(sbcall_text(&w->t, "id"), run);
	assert_int_equal(sbcall_int(&w->t, "index"), 1);
	WAIT(w, strcmp(cvm_field(w, "state"), "ReceivingManifest") == 0); /* lingered for a second */
	assert_int_equal(sb_runs_live(w->t.sb), 0);
	assert_string_equal(field(w, "status"), "completed");
}

static void a_failing_one_is_failed_and_can_run_again(void **state)
{
	struct world *w = *state;
	make_runnable(w, bad_sh);
	prism_free(start_run(w));
	upload_all(w, bad_sh);
	WAIT(w, strcmp(field(w, "status"), "failed") == 0);
	sbcall(&w->t, SB_ADA, "GET", NULL, P "/%s/logs?level=error", w->computation);
	assert_true(sbcall_int(&w->t, "total") > 0);
	sbcall(&w->t, SB_ADA, "GET", NULL, P "/%s/events?event_type=AlgorithmRun", w->computation);
	assert_string_equal(sbcall_text(&w->t, "events.0.originator"), "computation-runner");
	WAIT(w, strcmp(cvm_field(w, "state"), "ReceivingManifest") == 0);
	prism_free(start_run(w));
	sbcall(&w->t, SB_ADA, "GET", NULL, P "/%s/run", w->computation);
	assert_int_equal(sbcall_int(&w->t, "index"), 2);
	assert_string_equal(field(w, "status"), "running");
}

static void stopping_cancels_and_frees_the_cvm(void **state)
{
	struct world *w = *state;
	make_runnable(w, slow_sh);
	prism_free(start_run(w));
	upload_all(w, slow_sh);
	WAIT(w, strcmp(cvm_field(w, "state"), "Running") == 0);
	assert_int_equal(sbcall(&w->t, SB_CYD, "GET", NULL, P "/%s/stop", w->computation), 403);
	assert_int_equal(sbcall(&w->t, SB_ADA, "GET", NULL, P "/%s/stop", w->computation), 200);
	assert_string_equal(field(w, "status"), "cancelled");
	assert_string_equal(cvm_field(w, "state"), "ReceivingManifest");
	sbcall(&w->t, SB_ADA, "GET", NULL, P "/%s/status", w->computation);
	assert_string_equal(sbcall_text(&w->t, "event_type"), "Stopped");
	sbcall(&w->t, SB_ADA, "GET", NULL, P "/%s/stop", w->computation);
	sbcall_refused(&w->t, 409, "computation is not running", "");
}

static void two_runs_on_two_cvms(void **state)
{
	struct world *w = *state;
	make_runnable(w, good_sh);
	prism_free(start_run(w));
	sbcall(&w->t, SB_ADA, "GET", NULL, "/backends/{W}/cvms?name=lab-snp-2");
	prism_free(w->cvm);
	w->cvm = prism_strdup(sbcall_text(&w->t, "cvms.0.id"));
	prism_free(start_run(w));
	assert_int_equal(sb_runs_live(w->t.sb), 2);
	sbcall(&w->t, SB_ADA, "GET", NULL, P "/runs?limit=2");
	assert_string_equal(sbcall_text(&w->t, "runs.1.status"), "running");
	sbcall(&w->t, SB_ADA, "GET", NULL, P "/%s/stop", w->computation);
	assert_int_equal(sb_runs_live(w->t.sb), 0);
}

static void a_restart_fails_what_was_running(void **state)
{
	char *dir = tmpdir_create();
	PRISM_AUTO_FREE char *path = prism_asprintf("%s/store", dir);
	struct world w;
	const struct sb_config config = {.store = path};
	start_world(&w, &config);
	make_runnable(&w, good_sh);
	prism_free(start_run(&w));
	sbcall_finish(&w.t);
	sbcall_start_real(&w.t, &config);
	assert_string_equal(field(&w, "status"), "failed");
	assert_string_equal(cvm_field(&w, "state"), "ReceivingManifest");
	PRISM_AUTO_FREE char *sample = sbcall_computation(&w.t, "Credit card fraud screening");
	sbcall(&w.t, SB_ADA, "GET", NULL, P "/%s", sample);
	assert_string_equal(sbcall_text(&w.t, "status"), "running"); /* it never had an agent */
	finish_world(&w);
	tmpdir_remove(dir);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
	    T(the_dry_run_names_what_is_missing),
	    T(an_incomplete_one_does_not_run),
	    T(a_cvm_is_wanted_and_must_be_ready),
	    T(the_manifest_has_the_forms_of_the_agent),
	    T(a_run_goes_all_the_way),
	    T(a_failing_one_is_failed_and_can_run_again),
	    T(stopping_cancels_and_frees_the_cvm),
	    T(two_runs_on_two_cvms),
	    cmocka_unit_test(a_restart_fails_what_was_running),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
