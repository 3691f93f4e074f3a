/*
 * core/agent.c and core/upload.c against a scripted agent: metadata, pieces, refusals in the middle
 * of an upload, files that change, results and evidence.
 */
#include "base/file.h"
#include "base/text.h"
#include "core/agent.h"
#include "net/crypto.h"
#include "tests/lib/fakeagent.h"
#include "tests/lib/tmpdir.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define MIB (1u << 20)

struct world {
	char *dir, *path;
	struct prism_loop *loop;
	struct prism_work *work;
	struct fakeagent fake;
	struct core_agent *agent;
	struct prism_secret *signature;
	unsigned calls;
	bool ok;
	struct prism_error err;
	uint64_t done, total;
	unsigned steps;
	struct prism_buf got;
	uint8_t pcr10[20];
	bool has_pcr10, sink_fails;
};

static int setup(void **state)
{
	struct world *w = prism_alloc(sizeof(*w));
	struct core_agent_connection connection = {0};
	struct prism_error err = PRISM_ERROR_INIT;

	w->dir = tmpdir_create();
	w->path = prism_path_join(w->dir, "input");
	w->loop = prism_loop_create(prism_clock_system());
	w->work = prism_work_create(w->loop, 2);
	fakeagent_start(&w->fake, w->loop);
	connection.url = fakeagent_address(&w->fake);
	w->agent = core_agent_create(w->loop, w->work, &connection, NULL, NULL, &err);
	assert_non_null(w->agent);
	w->signature = prism_secret_from_text("c2lnbmF0dXJl");
	prism_buf_init(&w->got, 64 * MIB);
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;

	core_agent_destroy(w->agent);
	fakeagent_stop(&w->fake);
	prism_work_destroy(w->work);
	prism_loop_destroy(w->loop);
	prism_secret_destroy(w->signature);
	prism_buf_finish(&w->got);
	tmpdir_remove(w->dir);
	prism_free(w->path);
	prism_free(w);
	return 0;
}

static void on_done(void *data, const struct prism_error *err)
{
	struct world *w = data;

	w->calls++;
	w->ok = !err;
	prism_error_clear(&w->err);
	if (err)
		prism_error_copy(&w->err, err);
}

static void on_progress(void *data, uint64_t done, uint64_t total)
{
	struct world *w = data;

	assert_true(done >= w->done);
	assert_true(done <= total || !total);
	w->done = done;
	w->total = total;
	w->steps++;
}

static struct core_agent_handlers handlers(struct world *w)
{
	w->calls = 0;
	w->done = 0;
	return (struct core_agent_handlers){.progress = on_progress, .done = on_done, .data = w};
}

static void wait_done(struct world *w)
{
	int64_t deadline = prism_clock_mono_ms(prism_clock_system()) + 20000;

	while (!w->calls && prism_clock_mono_ms(prism_clock_system()) < deadline)
		prism_loop_turn(w->loop, 1000);
	assert_int_equal(w->calls, 1);
}

static void write_input(struct world *w, const char *name, size_t size)
{
	char *bytes = prism_alloc(size + 1);
	char *path = prism_path_join(w->dir, name);
	struct prism_error err = PRISM_ERROR_INIT;

	for (size_t i = 0; i < size; i++)
		bytes[i] = (char)(i * 2654435761u >> 11);
	assert_int_equal(prism_file_write(path, bytes, size, 0600, &err), 0);
	prism_free(path);
	prism_free(bytes);
}

static struct core_payload *open_input(struct world *w, const char *name, unsigned flags)
{
	struct prism_error err = PRISM_ERROR_INIT;
	char *path = prism_path_join(w->dir, name);
	struct core_payload *payload = core_payload_open(path, flags, NULL, NULL, &err);

	assert_non_null(payload);
	prism_free(path);
	return payload;
}

static void expect_sha3(const uint8_t digest[32], const struct core_payload *payload)
{
	char hex[65];

	prism_hex_encode(digest, 32, hex);
	assert_string_equal(hex, core_payload_sha3(payload));
}

static void send_algo(struct world *w, struct core_agent_algo_spec spec,
                      struct prism_cancel *cancel)
{
	struct core_agent_handlers h = handlers(w);
	struct prism_error err = PRISM_ERROR_INIT;

	spec.signature = w->signature;
	assert_non_null(core_agent_algo(w->agent, &spec, &h, cancel, &err));
	assert_int_equal(w->calls, 0);
	wait_done(w);
}

static void test_algorithm_with_everything(void **state)
{
	struct world *w = *state;
	static const char *const args[] = {"--epochs", "3", "a b", ""};
	struct core_payload *algorithm, *requirements;

	write_input(w, "algo.py", 3 * MIB + 5);
	write_input(w, "requirements.txt", 100);
	algorithm = open_input(w, "algo.py", 0);
	requirements = open_input(w, "requirements.txt", CORE_PAYLOAD_NO_HASH);
	send_algo(w,
	          (struct core_agent_algo_spec){.algorithm = algorithm,
	                                        .requirements = requirements,
	                                        .type = CORE_ALGO_PYTHON,
	                                        .args = args,
	                                        .arg_count = 4},
	          NULL);
	assert_true(w->ok);
	assert_string_equal(w->fake.user_id, "algorithm-provider");
	assert_string_equal(w->fake.signature, "c2lnbmF0dXJl");
	assert_string_equal(w->fake.algo_type, "python");
	assert_string_equal(w->fake.python_runtime, "python3");
	assert_int_equal(w->fake.arg_count, 4);
	assert_string_equal(w->fake.args[0], "--epochs");
	assert_string_equal(w->fake.args[2], "a b");
	assert_string_equal(w->fake.args[3], "");
	assert_true(w->fake.requirements_first);
	assert_int_equal(w->fake.requirements_bytes, 100);
	assert_int_equal(w->fake.algorithm_bytes, 3 * MIB + 5);
	assert_int_equal(w->fake.largest_chunk, MIB);
	assert_int_equal(w->fake.messages, 5);
	expect_sha3(w->fake.algorithm_sha3, algorithm);
	assert_int_equal(w->done, 3 * MIB + 105);
	assert_int_equal(w->total, 3 * MIB + 105);
	core_payload_destroy(algorithm);
	core_payload_destroy(requirements);
}

static void test_binary_has_type_but_no_runtime(void **state)
{
	struct world *w = *state;
	struct core_payload *algorithm;

	write_input(w, "algo", 10);
	algorithm = open_input(w, "algo", 0);
	send_algo(w, (struct core_agent_algo_spec){.algorithm = algorithm}, NULL);
	assert_true(w->ok);
	assert_string_equal(w->fake.algo_type, "bin");
	assert_string_equal(w->fake.python_runtime, "");
	assert_int_equal(w->fake.arg_count, 0);
	core_payload_destroy(algorithm);
}

static void test_arguments_are_refused_before_sending(void **state)
{
	struct world *w = *state;
	static const char *const bad[] = {"caf\xc3\xa9", "a\nb", "tab\t", "\x7f", " lead", "trail "};
	struct core_agent_handlers h = handlers(w);
	struct prism_error err = PRISM_ERROR_INIT;
	struct core_payload *algorithm;
	char *huge = prism_alloc(40000);
	const char *long_args[1] = {huge};
	struct core_agent_algo_spec spec = {.signature = w->signature, .arg_count = 1};

	write_input(w, "algo", 10);
	spec.algorithm = algorithm = open_input(w, "algo", 0);
	for (size_t i = 0; i < PRISM_COUNT(bad); i++) {
		spec.args = &bad[i];
		assert_null(core_agent_algo(w->agent, &spec, &h, NULL, &err));
		assert_int_equal(err.category, PRISM_ERROR_INVALID);
	}
	memset(huge, 'x', 39999);
	spec.args = long_args;
	assert_null(core_agent_algo(w->agent, &spec, &h, NULL, &err));
	assert_int_equal(err.category, PRISM_ERROR_LIMIT);
	while (prism_loop_turn(w->loop, 0))
		;
	assert_int_equal(w->fake.algo_calls, 0);
	assert_int_equal(w->calls, 0);
	prism_free(huge);
	core_payload_destroy(algorithm);
}

static void send_data(struct world *w, struct core_agent_data_spec spec)
{
	struct core_agent_handlers h = handlers(w);
	struct prism_error err = PRISM_ERROR_INIT;

	spec.signature = w->signature;
	assert_non_null(core_agent_data(w->agent, &spec, &h, NULL, &err));
	wait_done(w);
}

static void test_dataset_names(void **state)
{
	struct world *w = *state;
	struct core_agent_handlers h = handlers(w);
	struct prism_error err = PRISM_ERROR_INIT;
	struct core_payload *dataset;
	static const char *const bad[] = {"", ".", "..", "a/", "x\ny", "bad\xff"};

	write_input(w, "iris.csv", MIB);
	dataset = open_input(w, "iris.csv", 0);
	send_data(w, (struct core_agent_data_spec){.dataset = dataset});
	assert_true(w->ok);
	assert_string_equal(w->fake.filename, "iris.csv");
	assert_string_equal(w->fake.user_id, "data-provider");
	assert_string_equal(w->fake.decompress, "false");
	assert_int_equal(w->fake.messages, 1);
	expect_sha3(w->fake.dataset_sha3, dataset);
	send_data(w, (struct core_agent_data_spec){
	                 .dataset = dataset, .filename = "/some/where/other.csv", .decompress = true});
	assert_string_equal(w->fake.filename, "other.csv"); /* the last component only */
	assert_string_equal(w->fake.decompress, "true");
	for (size_t i = 0; i < PRISM_COUNT(bad); i++) {
		struct core_agent_data_spec spec = {
		    .dataset = dataset, .filename = bad[i], .signature = w->signature};

		assert_null(core_agent_data(w->agent, &spec, &h, NULL, &err));
		assert_int_equal(err.category, PRISM_ERROR_INVALID);
	}
	core_payload_destroy(dataset);
}

static void test_early_refusal_gives_its_reason(void **state)
{
	struct world *w = *state;
	struct core_payload *algorithm;

	write_input(w, "algo", 24 * MIB);
	algorithm = open_input(w, "algo", 0);
	w->fake.refuse = "signature verification failed";
	w->fake.refuse_status = NET_GRPC_UNAUTHENTICATED;
	w->fake.refuse_early = true;
	send_algo(w, (struct core_agent_algo_spec){.algorithm = algorithm}, NULL);
	assert_false(w->ok);
	assert_int_equal(w->err.category, PRISM_ERROR_DENIED);
	assert_int_equal(w->err.status, NET_GRPC_UNAUTHENTICATED);
	assert_string_equal(w->err.message, "the agent does not accept this key");
	assert_string_equal(w->err.cause[0], "signature verification failed");
	assert_true(w->err.hint[0] != 0);
	assert_string_equal(w->err.operation, "send the algorithm");
	assert_string_equal(w->err.peer, fakeagent_address(&w->fake));
	assert_int_equal(core_agent_refusal(&w->err), CORE_AGENT_BAD_SIGNATURE);
	/* the same connection serves the next call */
	w->fake.refuse = NULL;
	send_algo(w, (struct core_agent_algo_spec){.algorithm = algorithm}, NULL);
	assert_true(w->ok);
	core_payload_destroy(algorithm);
}

static void test_changed_file_is_not_sent(void **state)
{
	struct world *w = *state;
	struct core_payload *dataset;
	char *path = prism_path_join(w->dir, "moving");
	int fd;

	write_input(w, "moving", 2 * MIB);
	dataset = open_input(w, "moving", 0);
	fd = open(path, O_WRONLY | O_APPEND);
	assert_int_equal(write(fd, "more", 4), 4);
	close(fd);
	send_data(w, (struct core_agent_data_spec){.dataset = dataset});
	assert_false(w->ok);
	assert_int_equal(w->err.category, PRISM_ERROR_CONFLICT);
	assert_non_null(strstr(w->err.message, "changed after it was hashed"));
	assert_int_equal(w->fake.dataset_bytes, 0);
	core_payload_destroy(dataset);
	prism_free(path);
}

static void test_cancel_in_the_middle(void **state)
{
	struct world *w = *state;
	struct prism_cancel *cancel = prism_cancel_create(NULL);
	struct core_agent_handlers h = handlers(w);
	struct core_agent_algo_spec spec = {.signature = w->signature};
	struct prism_error err = PRISM_ERROR_INIT;

	write_input(w, "algo", 40 * MIB);
	spec.algorithm = open_input(w, "algo", 0);
	w->fake.hold = true;
	assert_non_null(core_agent_algo(w->agent, &spec, &h, cancel, &err));
	core_payload_destroy(spec.algorithm); /* the upload has its own reference */
	while (!w->fake.messages)
		prism_loop_turn(w->loop, 1000);
	prism_cancel_fire(cancel);
	assert_int_equal(w->calls, 0);
	wait_done(w);
	assert_int_equal(w->err.category, PRISM_ERROR_CANCELLED);
	prism_cancel_destroy(cancel);
}

static void test_lost_connection_and_a_new_one(void **state)
{
	struct world *w = *state;
	struct core_payload *algorithm;

	write_input(w, "algo", 4 * MIB);
	algorithm = open_input(w, "algo", 0);
	w->fake.drop_after = 2 * MIB;
	send_algo(w, (struct core_agent_algo_spec){.algorithm = algorithm}, NULL);
	assert_false(w->ok);
	assert_int_equal(w->err.category, PRISM_ERROR_IO);
	assert_int_equal(core_agent_refusal(&w->err), CORE_AGENT_UNAVAILABLE);
	w->fake.drop_after = 0;
	send_algo(w, (struct core_agent_algo_spec){.algorithm = algorithm}, NULL);
	assert_true(w->ok);
	core_payload_destroy(algorithm);
}

static void test_destroy_in_the_middle(void **state)
{
	struct world *w = *state;
	struct core_agent_handlers h = handlers(w);
	struct core_agent_algo_spec spec = {.signature = w->signature};
	struct prism_error err = PRISM_ERROR_INIT;

	write_input(w, "algo", 40 * MIB);
	spec.algorithm = open_input(w, "algo", 0);
	w->fake.hold = true;
	assert_non_null(core_agent_algo(w->agent, &spec, &h, NULL, &err));
	core_payload_destroy(spec.algorithm);
	while (!w->fake.messages)
		prism_loop_turn(w->loop, 1000);
	core_agent_destroy(w->agent);
	w->agent = NULL;
	while (prism_work_pending(w->work))
		prism_loop_turn(w->loop, 1000);
	assert_int_equal(w->calls, 0);
}

static int sink(void *data, const void *bytes, size_t size, struct prism_error *err)
{
	struct world *w = data;

	if (w->sink_fails)
		return prism_error_raise(err, PRISM_ERROR_IO, "disk full");
	return prism_buf_append(&w->got, bytes, size, err);
}

static void fetch(struct world *w, uint64_t cap)
{
	struct core_agent_handlers h = handlers(w);
	struct core_agent_result_spec spec = {
	    .signature = w->signature, .cap = cap, .sink = sink, .sink_data = w};
	struct prism_error err = PRISM_ERROR_INIT;

	prism_buf_clear(&w->got);
	assert_non_null(core_agent_result(w->agent, &spec, &h, NULL, &err));
	wait_done(w);
}

static void test_result(void **state)
{
	struct world *w = *state;
	size_t size = 2 * MIB + 7;
	char *bytes = prism_alloc(size);

	memset(bytes, 'r', size);
	w->fake.result = bytes;
	w->fake.result_len = size;
	fetch(w, 0);
	assert_true(w->ok);
	assert_string_equal(w->fake.user_id, "consumer");
	assert_int_equal(w->got.len, size);
	assert_memory_equal(w->got.data, bytes, size);
	assert_int_equal(w->done, size);
	assert_int_equal(w->total, size);
	w->fake.announce = -2; /* no file-size: the total stays unknown, the bytes count */
	fetch(w, 0);
	assert_true(w->ok);
	assert_int_equal(w->total, 0);
	w->fake.announce = (int64_t)size - 1;
	fetch(w, 0);
	assert_int_equal(w->err.category, PRISM_ERROR_PROTOCOL);
	w->fake.announce = (int64_t)size + 1;
	fetch(w, 0);
	assert_int_equal(w->err.category, PRISM_ERROR_PROTOCOL);
	assert_non_null(strstr(w->err.message, "announced 2097160 bytes and sent 2097159"));
	w->fake.announce = -1;
	fetch(w, MIB);
	assert_int_equal(w->err.category, PRISM_ERROR_LIMIT);
	w->sink_fails = true;
	fetch(w, 0);
	assert_string_equal(w->err.message, "disk full");
	prism_free(bytes);
}

static void test_result_of_a_failed_run(void **state)
{
	struct world *w = *state;

	w->fake.refuse = "algorithm execution error: exit status 1";
	fetch(w, 0);
	assert_false(w->ok);
	assert_int_equal(core_agent_refusal(&w->err), CORE_AGENT_RUN_FAILED);
	assert_string_equal(w->err.message, "the run failed: algorithm execution error: exit status 1");
	w->fake.refuse = "computation results are not yet ready";
	fetch(w, 0);
	assert_int_equal(core_agent_refusal(&w->err), CORE_AGENT_NOT_READY);
}

static void on_evidence(void *data, const void *file, size_t len, const uint8_t *pcr10,
                        const struct prism_error *err)
{
	struct world *w = data;
	struct prism_error ignored = PRISM_ERROR_INIT;

	on_done(w, err);
	prism_buf_clear(&w->got);
	if (file)
		assert_int_equal(prism_buf_append(&w->got, file, len, &ignored), 0);
	w->has_pcr10 = pcr10 != NULL;
	if (pcr10)
		memcpy(w->pcr10, pcr10, 20);
}

static void test_attestation(void **state)
{
	struct world *w = *state;
	uint8_t nonce[65] = {7, 8, 9};
	struct prism_error err = PRISM_ERROR_INIT;

	w->fake.result = "evidence";
	w->fake.result_len = 8;
	w->calls = 0;
	assert_non_null(core_agent_attestation(w->agent, CORE_ATTESTATION_SNP_VTPM, nonce, 64, nonce,
	                                       32, on_evidence, w, NULL, &err));
	wait_done(w);
	assert_true(w->ok);
	assert_string_equal(prism_buf_text(&w->got), "evidence");
	assert_false(w->has_pcr10);
	assert_int_equal(w->fake.type, 2);
	assert_int_equal(w->fake.tee_nonce_len, 64);
	assert_int_equal(w->fake.vtpm_nonce_len, 32);
	assert_memory_equal(w->fake.tee_nonce, nonce, 64);
	assert_null(core_agent_attestation(w->agent, CORE_ATTESTATION_SNP, nonce, 65, nonce, 0,
	                                   on_evidence, w, NULL, &err));
	assert_int_equal(err.category, PRISM_ERROR_INVALID);
	assert_null(core_agent_attestation(w->agent, CORE_ATTESTATION_SNP, nonce, 0, nonce, 33,
	                                   on_evidence, w, NULL, &err));
	w->fake.refuse = "failed to get raw quote : no device";
	w->calls = 0;
	assert_non_null(core_agent_attestation(w->agent, CORE_ATTESTATION_SNP, nonce, 64, NULL, 0,
	                                       on_evidence, w, NULL, &err));
	wait_done(w);
	assert_string_equal(w->err.message, "the CVM cannot give this evidence");
}

static void test_ima_and_token(void **state)
{
	struct world *w = *state;
	size_t size = MIB + 10;
	char *bytes = prism_alloc(size);
	struct prism_error err = PRISM_ERROR_INIT;

	memset(bytes, 'i', size);
	w->fake.result = bytes;
	w->fake.result_len = size;
	w->calls = 0;
	assert_non_null(core_agent_ima(w->agent, on_evidence, w, NULL, &err));
	wait_done(w);
	assert_true(w->ok);
	assert_int_equal(w->got.len, size);
	assert_true(w->has_pcr10);
	assert_int_equal(w->pcr10[0], 1); /* of the first message */
	w->fake.result = "ey.J.x";
	w->fake.result_len = 6;
	w->calls = 0;
	assert_non_null(
	    core_agent_azure_token(w->agent, (const uint8_t *)"n", 1, on_evidence, w, NULL, &err));
	wait_done(w);
	assert_string_equal(prism_buf_text(&w->got), "ey.J.x");
	assert_int_equal(w->fake.type, 3);
	w->fake.result_len = 0; /* accepted, and empty: as v0.10.2 does off Azure */
	w->calls = 0;
	assert_non_null(
	    core_agent_azure_token(w->agent, (const uint8_t *)"n", 1, on_evidence, w, NULL, &err));
	wait_done(w);
	assert_false(w->ok);
	assert_non_null(strstr(w->err.message, "no evidence"));
	prism_free(bytes);
}

static void test_nobody_listens(void **state)
{
	struct world *w = *state;
	struct core_agent_connection connection = {.url = "127.0.0.1:1"};
	struct prism_error err = PRISM_ERROR_INIT;

	core_agent_destroy(w->agent);
	w->agent = core_agent_create(w->loop, w->work, &connection, NULL, NULL, &err);
	fetch(w, 0);
	assert_int_equal(w->err.category, PRISM_ERROR_IO);
	assert_int_equal(core_agent_refusal(&w->err), CORE_AGENT_NOT_LISTENING);
	assert_true(w->err.hint[0] != 0);
}

static void test_tls_is_never_replaced_by_clear_text(void **state)
{
	struct world *w = *state;
	struct core_agent_connection connection = {
	    .url = fakeagent_address(&w->fake), .mode = CORE_TLS_TLS, .server_ca_file = "ca.pem"};
	struct core_agent_handlers h = handlers(w);
	struct core_agent_result_spec spec = {.signature = w->signature, .sink = sink, .sink_data = w};
	struct prism_error err = PRISM_ERROR_INIT;

	core_agent_destroy(w->agent);
	w->agent = core_agent_create(w->loop, w->work, &connection, NULL, NULL, &err);
	assert_non_null(w->agent);
	assert_null(core_agent_result(w->agent, &spec, &h, NULL, &err));
	assert_int_equal(err.category, PRISM_ERROR_MISSING); /* the CA file */
	while (prism_loop_turn(w->loop, 0))
		;
	assert_int_equal(w->fake.result_calls, 0);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    CASE(test_algorithm_with_everything),
	    CASE(test_binary_has_type_but_no_runtime),
	    CASE(test_arguments_are_refused_before_sending),
	    CASE(test_dataset_names),
	    CASE(test_early_refusal_gives_its_reason),
	    CASE(test_changed_file_is_not_sent),
	    CASE(test_cancel_in_the_middle),
	    CASE(test_lost_connection_and_a_new_one),
	    CASE(test_destroy_in_the_middle),
	    CASE(test_result),
	    CASE(test_result_of_a_failed_run),
	    CASE(test_attestation),
	    CASE(test_ima_and_token),
	    CASE(test_nobody_listens),
	    CASE(test_tls_is_never_replaced_by_clear_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
