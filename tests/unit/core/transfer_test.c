/*
 * core/transfer.c, core/transfer_run.c, core/transfer_job.c: the queue against a scripted agent.
 * Time is the loop's manual clock, moved a little with every turn.
 */
#include "base/file.h"
#include "base/text.h"
#include "core/transfer.h"
#include "net/crypto.h"
#include "tests/lib/fakeagent.h"
#include "tests/lib/tmpdir.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define MIB (1u << 20)
#define DONE_MAX 16

struct world {
	char *dir, *key_file;
	struct prism_clock_manual clock;
	struct prism_loop *loop;
	struct prism_work *work;
	struct fakeagent fake;
	struct core_agent_connection connection;
	struct core_transfer_queue *queue;
	enum core_agent_state state;
	unsigned asked, changes;
	uint64_t done[DONE_MAX]; /* ids in the order they became final */
	size_t done_count;
};

static enum core_agent_state agent_state(void *data, const char *computation_id)
{
	struct world *w = data;

	assert_string_equal(computation_id, "c1");
	w->asked++;
	return w->state;
}

static void changed(void *data, uint64_t id)
{
	((struct world *)data)->changes++;
}

static void finished(void *data, const struct core_transfer_info *info)
{
	struct world *w = data;

	assert_true(core_transfer_state_final(info->state));
	w->done[w->done_count++] = info->id;
}

static void make_key(struct world *w)
{
	struct prism_error err = PRISM_ERROR_INIT;
	struct net_key *key = net_key_generate(NET_KEY_ED25519, &err);
	struct prism_buf pem = PRISM_BUF_INIT(10000);

	assert_int_equal(net_key_private_pem(key, NULL, &pem, &err), 0);
	assert_int_equal(prism_file_write(w->key_file, pem.data, pem.len, 0600, &err), 0);
	prism_buf_wipe(&pem);
	net_key_destroy(key);
}

static int setup(void **state)
{
	struct world *w = prism_alloc(sizeof(*w));
	struct core_transfer_env env = {.agent_state = agent_state, .changed = changed, .data = w};

	w->dir = tmpdir_create();
	w->key_file = prism_path_join(w->dir, "key.pem");
	make_key(w);
	prism_clock_manual_init(&w->clock, INT64_C(1762956001000000));
	w->loop = prism_loop_create(&w->clock.clock);
	w->work = prism_work_create(w->loop, 2);
	fakeagent_start(&w->fake, w->loop);
	w->connection.url = fakeagent_address(&w->fake);
	w->queue = core_transfer_queue_create(w->loop, w->work, &env);
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;

	core_transfer_queue_destroy(w->queue);
	fakeagent_stop(&w->fake);
	prism_work_destroy(w->work);
	prism_loop_destroy(w->loop);
	tmpdir_remove(w->dir);
	prism_free(w->key_file);
	prism_free(w);
	return 0;
}

static void turn(struct world *w)
{
	prism_loop_turn(w->loop, 1);
	prism_clock_manual_advance(&w->clock, 20);
}

/* Turns until the condition holds; a real deadline ends a test that would never end. */
#define WAIT_UNTIL(w, condition)                                                   \
	do {                                                                           \
		int64_t limit_ = prism_clock_mono_ms(prism_clock_system()) + 20000;        \
		while (!(condition) && prism_clock_mono_ms(prism_clock_system()) < limit_) \
			turn(w);                                                               \
		assert_true(condition);                                                    \
	} while (0)

static char *write_input(struct world *w, const char *name, size_t size)
{
	char *bytes = prism_alloc(size + 1), *path = prism_path_join(w->dir, name);
	struct prism_error err = PRISM_ERROR_INIT;

	for (size_t i = 0; i < size; i++)
		bytes[i] = (char)(i * 2654435761u >> 9);
	assert_int_equal(prism_file_write(path, bytes, size, 0600, &err), 0);
	prism_free(bytes);
	return path;
}

static struct core_transfer_spec spec_for(struct world *w, enum core_transfer_kind kind,
                                          const char *path)
{
	return (struct core_transfer_spec){
	    .kind = kind,
	    .connection = &w->connection,
	    .computation_id = "c1",
	    .key_file = w->key_file,
	    .path = path,
	};
}

static uint64_t submit(struct world *w, struct core_transfer_spec spec)
{
	struct prism_error err = PRISM_ERROR_INIT;
	size_t before = w->done_count;
	uint64_t id = core_transfer_submit(w->queue, &spec, finished, w, &err);

	assert_true(id > 0);
	assert_int_equal(w->done_count, before); /* never from inside */
	return id;
}

static enum core_transfer_state state_of(struct world *w, uint64_t id)
{
	return core_transfer_find(w->queue, id)->state;
}

static void wait_final(struct world *w, uint64_t id)
{
	WAIT_UNTIL(w, core_transfer_state_final(state_of(w, id)) && w->done_count);
}

static void sha3_of(const char *path, char hex[65])
{
	struct prism_error err = PRISM_ERROR_INIT;
	uint8_t digest[NET_DIGEST_MAX];

	assert_int_equal(net_digest_file(NET_SHA3_256, path, NULL, NULL, NULL, digest, &err), 0);
	prism_hex_encode(digest, 32, hex);
}

static void test_algorithm(void **state)
{
	struct world *w = *state;
	static const char *const args[] = {"-v", "2"};
	char *path = write_input(w, "algo.py", 2 * MIB + 1), hex[65];
	struct core_transfer_spec spec = spec_for(w, CORE_TRANSFER_ALGORITHM, path);
	const struct core_transfer_info *info;
	uint64_t id;

	sha3_of(path, hex);
	hex[0] = (char)(hex[0] >= 'a' ? hex[0] - 32 : hex[0]); /* case of the digits is no matter */
	spec.expected_sha3 = hex;
	spec.algo_type = CORE_ALGO_PYTHON;
	spec.args = args;
	spec.arg_count = 2;
	id = submit(w, spec);
	assert_int_equal(core_transfer_active(w->queue), 1);
	wait_final(w, id);
	info = core_transfer_find(w->queue, id);
	assert_int_equal(info->state, CORE_TRANSFER_DONE);
	assert_null(info->error);
	assert_int_equal(info->done, 2 * MIB + 1);
	assert_int_equal(info->total, 2 * MIB + 1);
	assert_string_equal(info->filename, "algo.py");
	assert_int_equal(info->attempts, 1);
	assert_true(info->ended_us >= info->started_us && info->started_us != PRISM_TIME_UNSET);
	assert_int_equal(w->fake.algorithm_bytes, 2 * MIB + 1);
	assert_string_equal(w->fake.algo_type, "python");
	assert_string_equal(w->fake.args[1], "2");
	assert_int_equal(core_transfer_active(w->queue), 0);
	assert_int_equal(w->done_count, 1);
	assert_true(w->changes >= 3);
	while (prism_loop_turn(w->loop, 0))
		;
	assert_int_equal(prism_loop_next_deadline_ms(w->loop), -1); /* nothing wakes an idle queue */
	prism_free(path);
}

/* Who is talked to, and what is known of it, only as long as the connection is kept. */
static void test_the_peer_is_named_while_it_lives(void **state)
{
	struct world *w = *state;
	char *path = write_input(w, "algo.py", 2 * MIB);
	struct core_transfer_peer peer;
	uint64_t id = submit(w, spec_for(w, CORE_TRANSFER_ALGORITHM, path));
	bool seen = false;

	assert_false(core_transfer_peer(w->queue, &peer)); /* nobody was dialled yet */
	for (int turn = 0;
	     turn < 20000 && !core_transfer_state_final(core_transfer_find(w->queue, id)->state);
	     turn++) {
		prism_loop_turn(w->loop, 10);
		if (!core_transfer_peer(w->queue, &peer))
			continue;
		seen = true;
		assert_string_equal(peer.agent, fakeagent_address(&w->fake));
		assert_string_equal(core_transfer_peer_word(&peer), "clear text, this machine");
	}
	assert_true(seen);
	assert_false(core_transfer_peer(w->queue, &peer));
	peer = (struct core_transfer_peer){.mode = CORE_TLS_MTLS};
	assert_string_equal(core_transfer_peer_word(&peer), "TLS, not attested");
	peer.mode = CORE_TLS_ATLS;
	assert_string_equal(core_transfer_peer_word(&peer), "not attested yet");
	prism_free(path);
}

static void test_wrong_hash_sends_nothing(void **state)
{
	struct world *w = *state;
	char *path = write_input(w, "algo", 1000), hex[65];
	struct core_transfer_spec spec = spec_for(w, CORE_TRANSFER_ALGORITHM, path);
	const struct core_transfer_info *info;
	uint64_t id;

	sha3_of(path, hex);
	spec.expected_sha3 = "5715fa35598bd3aa2c7f483cc4e2b54fcd9112b2b8e0bbfaa546ea0cf3426470";
	id = submit(w, spec);
	wait_final(w, id);
	info = core_transfer_find(w->queue, id);
	assert_int_equal(info->state, CORE_TRANSFER_FAILED);
	assert_int_equal(info->error->category, PRISM_ERROR_TRUST);
	assert_non_null(strstr(info->error->message, hex));
	assert_non_null(strstr(info->error->message, spec.expected_sha3));
	assert_int_equal(w->fake.algo_calls, 0);
	prism_free(path);
}

static void test_order_per_agent(void **state)
{
	struct world *w = *state;
	char *a = write_input(w, "a.csv", 100), *b = write_input(w, "b.csv", 100),
	     *algo = write_input(w, "algo", 100);
	uint64_t data1 = submit(w, spec_for(w, CORE_TRANSFER_DATASET, a));
	uint64_t data2 = submit(w, spec_for(w, CORE_TRANSFER_DATASET, b));
	uint64_t first = submit(w, spec_for(w, CORE_TRANSFER_ALGORITHM, algo));

	w->state = CORE_AGENT_STATE_RECEIVING_ALGORITHM;
	WAIT_UNTIL(w, w->done_count == 3);
	assert_int_equal(w->done[0], first); /* though it came last */
	assert_int_equal(w->done[1], data1);
	assert_int_equal(w->done[2], data2);
	/* the owner's state lagged behind all the time: what we sent ourselves is known */
	assert_int_equal(w->state, CORE_AGENT_STATE_RECEIVING_ALGORITHM);
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(core_transfer_at(w->queue, i)->state, CORE_TRANSFER_DONE);
	assert_int_equal(core_transfer_at(w->queue, 0)->id, first); /* newest first */
	assert_null(core_transfer_at(w->queue, 3));
	prism_free(a);
	prism_free(b);
	prism_free(algo);
}

static void test_waits_for_the_agent(void **state)
{
	struct world *w = *state;
	char *path = write_input(w, "a.csv", 100);
	uint64_t id;

	w->state = CORE_AGENT_STATE_RECEIVING_MANIFEST;
	id = submit(w, spec_for(w, CORE_TRANSFER_DATASET, path));
	WAIT_UNTIL(w, state_of(w, id) == CORE_TRANSFER_WAITING &&
	                  core_transfer_find(w->queue, id)->note[0]);
	assert_string_equal(core_transfer_find(w->queue, id)->note,
	                    "waits until the agent has its algorithm");
	w->asked = 0;
	for (int i = 0; i < 250; i++) /* five seconds of its clock */
		turn(w);
	assert_int_equal(w->fake.data_calls, 0);
	assert_in_range(w->asked, 3, 7); /* about once a second */
	w->state = CORE_AGENT_STATE_RECEIVING_DATA;
	core_transfer_poke(w->queue);
	wait_final(w, id);
	assert_int_equal(state_of(w, id), CORE_TRANSFER_DONE);
	prism_free(path);
}

static void test_too_late_is_said_without_sending(void **state)
{
	struct world *w = *state;
	char *path = write_input(w, "algo", 100);
	uint64_t id;

	w->state = CORE_AGENT_STATE_RUNNING;
	id = submit(w, spec_for(w, CORE_TRANSFER_ALGORITHM, path));
	wait_final(w, id);
	assert_int_equal(state_of(w, id), CORE_TRANSFER_FAILED);
	assert_int_equal(core_transfer_find(w->queue, id)->error->category, PRISM_ERROR_CONFLICT);
	assert_int_equal(w->fake.algo_calls, 0);
	prism_free(path);
}

static void test_race_after_the_algorithm(void **state)
{
	struct world *w = *state;
	char *path = write_input(w, "a.csv", 100);
	uint64_t id;

	w->fake.wrong_state = 1;
	id = submit(w, spec_for(w, CORE_TRANSFER_DATASET, path));
	wait_final(w, id);
	assert_int_equal(state_of(w, id), CORE_TRANSFER_DONE);
	assert_int_equal(w->fake.data_calls, 2);
	/* but not for ever */
	w->fake.wrong_state = 100;
	w->done_count = 0;
	id = submit(w, spec_for(w, CORE_TRANSFER_DATASET, path));
	wait_final(w, id);
	assert_int_equal(state_of(w, id), CORE_TRANSFER_FAILED);
	assert_string_equal(core_transfer_find(w->queue, id)->error->message,
	                    "the agent is not at this step");
	assert_int_equal(w->fake.data_calls, 6);
	prism_free(path);
}

static void test_nobody_answers_yet(void **state)
{
	struct world *w = *state;
	char *path = write_input(w, "a.csv", 100);
	struct core_agent_connection nowhere = {.url = "127.0.0.1:1"};
	struct core_transfer_spec spec = spec_for(w, CORE_TRANSFER_DATASET, path);
	uint64_t id;

	spec.connection = &nowhere;
	id = submit(w, spec);
	WAIT_UNTIL(w, strstr(core_transfer_find(w->queue, id)->note, "nobody answers"));
	wait_final(w, id);
	assert_int_equal(core_transfer_find(w->queue, id)->error->category, PRISM_ERROR_IO);
	prism_free(path);
}

/* A connection that broke is not knocked at again without being told: it may be an attested one. */
static void test_lost_connection_is_final(void **state)
{
	struct world *w = *state;
	char *path = write_input(w, "a.csv", 2 * MIB);
	uint64_t id;

	w->fake.drop_after = MIB;
	id = submit(w, spec_for(w, CORE_TRANSFER_DATASET, path));
	wait_final(w, id);
	assert_int_equal(core_transfer_find(w->queue, id)->error->category, PRISM_ERROR_IO);
	assert_int_equal(w->fake.data_calls, 1);
	prism_free(path);
}

static void broken_says(struct world *w, enum core_agent_state later, const char *what)
{
	char *path = write_input(w, "b.csv", 2 * MIB);
	const struct core_transfer_info *info;
	uint64_t id;

	w->fake.drop_after = MIB;
	w->state = CORE_AGENT_STATE_RECEIVING_DATA;
	id = submit(w, spec_for(w, CORE_TRANSFER_DATASET, path));
	WAIT_UNTIL(w, core_transfer_find(w->queue, id)->state == CORE_TRANSFER_SENDING);
	w->state = later;
	wait_final(w, id);
	info = core_transfer_find(w->queue, id);
	if (!strstr(info->error->hint, " were sent; the agent cannot go on from there") ||
	    !strstr(info->error->hint, what))
		fail_msg("%s", info->error->hint);
	prism_free(path);
}

static void test_a_broken_upload_says_how_far_it_got(void **state)
{
	broken_says(*state, CORE_AGENT_STATE_RECEIVING_DATA, "start the transfer again");
	broken_says(*state, CORE_AGENT_STATE_RUNNING, "do not send it again");
	broken_says(*state, CORE_AGENT_STATE_UNKNOWN, "look at the timeline");
}

static void test_cancel_and_retry(void **state)
{
	struct world *w = *state;
	char *path = write_input(w, "algo", 40 * MIB);
	struct prism_error err = PRISM_ERROR_INIT;
	uint64_t id;

	w->fake.hold = true;
	id = submit(w, spec_for(w, CORE_TRANSFER_ALGORITHM, path));
	assert_int_equal(core_transfer_retry(w->queue, id, &err), -1); /* it is on its way */
	assert_int_equal(core_transfer_forget(w->queue, id, &err), -1);
	WAIT_UNTIL(w, core_transfer_find(w->queue, id)->done > 0 && w->fake.messages);
	assert_int_equal(state_of(w, id), CORE_TRANSFER_SENDING);
	core_transfer_cancel(w->queue, id);
	wait_final(w, id);
	assert_int_equal(state_of(w, id), CORE_TRANSFER_CANCELLED);
	assert_null(core_transfer_find(w->queue, id)->error);
	core_transfer_cancel(w->queue, id); /* no-op */
	w->fake.hold = false;
	assert_int_equal(core_transfer_retry(w->queue, id, &err), 0);
	WAIT_UNTIL(w, core_transfer_state_final(state_of(w, id)));
	assert_int_equal(state_of(w, id), CORE_TRANSFER_DONE);
	assert_int_equal(core_transfer_find(w->queue, id)->attempts, 2);
	assert_int_equal(w->done_count, 1); /* told once */
	assert_int_equal(core_transfer_retry(w->queue, id, &err), -1);
	assert_int_equal(core_transfer_forget(w->queue, id, &err), 0);
	assert_null(core_transfer_find(w->queue, id));
	assert_int_equal(core_transfer_retry(w->queue, id, &err), -1);
	assert_int_equal(err.category, PRISM_ERROR_MISSING);
	prism_free(path);
}

static void test_cancel_while_queued_and_hashing(void **state)
{
	struct world *w = *state;
	char *path = write_input(w, "algo", 30 * MIB), *other = write_input(w, "b", 10);
	uint64_t a = submit(w, spec_for(w, CORE_TRANSFER_ALGORITHM, path));
	uint64_t b = submit(w, spec_for(w, CORE_TRANSFER_DATASET, other));

	WAIT_UNTIL(w, state_of(w, a) == CORE_TRANSFER_HASHING);
	assert_int_equal(state_of(w, b), CORE_TRANSFER_QUEUED); /* one is hashed at a time */
	core_transfer_cancel(w->queue, b);
	core_transfer_cancel(w->queue, a);
	WAIT_UNTIL(w, w->done_count == 2);
	assert_int_equal(state_of(w, a), CORE_TRANSFER_CANCELLED);
	assert_int_equal(state_of(w, b), CORE_TRANSFER_CANCELLED);
	assert_int_equal(w->fake.algo_calls + w->fake.data_calls, 0);
	prism_free(path);
	prism_free(other);
}

static void test_directory_is_zipped(void **state)
{
	struct world *w = *state;
	char *dir = prism_path_join(w->dir, "cohort"), *path, hex[65];
	struct core_transfer_spec spec;
	uint64_t id;

	assert_int_equal(mkdir(dir, 0700), 0);
	path = write_input(w, "cohort/a.csv", 2 * MIB);
	spec = spec_for(w, CORE_TRANSFER_DATASET, dir);
	spec.decompress = true;
	id = submit(w, spec);
	wait_final(w, id);
	assert_int_equal(state_of(w, id), CORE_TRANSFER_DONE);
	assert_string_equal(w->fake.filename, "cohort"); /* without .zip */
	assert_string_equal(w->fake.decompress, "true");
	assert_true(w->fake.dataset_bytes > 2 * MIB);
	prism_hex_encode(w->fake.dataset_sha3, 32, hex);
	assert_string_equal(hex,
	                    core_transfer_find(w->queue, id)->sha3); /* the bytes that were hashed */
	prism_free(dir);
	prism_free(path);
}

/* The smallest honest archive with one entry; returns its length. */
static size_t result_zip(struct world *w, char *into, size_t cap)
{
	char *dir = prism_path_join(w->dir, "results"), *file;
	struct prism_buf buf = PRISM_BUF_INIT(4096);
	struct prism_error err = PRISM_ERROR_INIT;
	struct core_payload *payload;
	size_t size;

	(void)mkdir(dir, 0700);
	file = write_input(w, "results/model.txt", 11);
	payload = core_payload_open(dir, 0, NULL, NULL, &err);
	size = (size_t)core_payload_read(payload, 0, into, cap, &err);
	core_payload_destroy(payload);
	prism_buf_finish(&buf);
	prism_free(dir);
	prism_free(file);
	return size;
}

static void test_result_is_saved_and_listed(void **state)
{
	struct world *w = *state;
	char zip[4096], hex[65], *path = prism_path_join(w->dir, "out.zip");
	const struct core_transfer_info *info;
	struct stat st;
	uint64_t id;

	w->fake.result = zip;
	w->fake.result_len = result_zip(w, zip, sizeof(zip));
	w->fake.refuse = "computation results are not yet ready";
	id = submit(w, spec_for(w, CORE_TRANSFER_RESULT, path));
	WAIT_UNTIL(w, w->fake.result_calls >= 3); /* asks again without end */
	WAIT_UNTIL(w, state_of(w, id) == CORE_TRANSFER_WAITING);
	w->fake.refuse = NULL;
	wait_final(w, id);
	info = core_transfer_find(w->queue, id);
	assert_int_equal(info->state, CORE_TRANSFER_DONE);
	assert_int_equal(info->listing->count, 1);
	assert_string_equal(info->listing->entries[0].name, "model.txt");
	assert_string_equal(info->note, "1 entry, 11 B unpacked");
	sha3_of(path, hex);
	assert_string_equal(info->sha3, hex);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_string_equal(w->fake.user_id, "consumer");
	prism_free(path);
}

static void expect_no_file(struct world *w, const char *path)
{
	assert_int_equal(access(path, F_OK), -1);
}

/* More than the saver and the windows hold, so that the agent is held back and let go again. */
static void test_large_result(void **state)
{
	struct world *w = *state;
	char *dir = prism_path_join(w->dir, "large"), *path = prism_path_join(w->dir, "out.zip");
	struct prism_error err = PRISM_ERROR_INIT;
	struct core_payload *zip;
	char *bytes, *file, hex[65];
	uint64_t id;

	assert_int_equal(mkdir(dir, 0700), 0);
	file = write_input(w, "large/weights", 48 * MIB);
	zip = core_payload_open(dir, 0, NULL, NULL, &err);
	w->fake.result_len = core_payload_size(zip);
	w->fake.result = bytes = prism_alloc(w->fake.result_len);
	assert_int_equal(core_payload_read(zip, 0, bytes, w->fake.result_len, &err),
	                 w->fake.result_len);
	id = submit(w, spec_for(w, CORE_TRANSFER_RESULT, path));
	wait_final(w, id);
	assert_int_equal(state_of(w, id), CORE_TRANSFER_DONE);
	sha3_of(path, hex);
	assert_string_equal(hex, core_payload_sha3(zip));
	core_payload_destroy(zip);
	prism_free(bytes);
	prism_free(file);
	prism_free(dir);
	prism_free(path);
}

static void test_cancelled_result_leaves_nothing(void **state)
{
	struct world *w = *state;
	char *bytes = prism_alloc(3 * MIB), *path = prism_path_join(w->dir, "out.zip");
	uint64_t id;

	w->fake.result = bytes;
	w->fake.result_len = 3 * MIB;
	w->fake.result_hangs = true;
	id = submit(w, spec_for(w, CORE_TRANSFER_RESULT, path));
	WAIT_UNTIL(w, core_transfer_find(w->queue, id)->done == MIB);
	assert_int_equal(core_transfer_find(w->queue, id)->total, 3 * MIB);
	expect_no_file(w, path);
	core_transfer_cancel(w->queue, id);
	wait_final(w, id);
	assert_int_equal(state_of(w, id), CORE_TRANSFER_CANCELLED);
	expect_no_file(w, path);
	prism_free(bytes);
	prism_free(path);
}

static void test_bad_results(void **state)
{
	struct world *w = *state;
	char *path = prism_path_join(w->dir, "out.zip");
	uint64_t id;

	w->fake.result = "";
	w->fake.result_len = 0;
	id = submit(w, spec_for(w, CORE_TRANSFER_RESULT, path));
	wait_final(w, id);
	assert_string_equal(core_transfer_find(w->queue, id)->error->message,
	                    "the agent delivered an empty result");
	expect_no_file(w, path);
	w->fake.result = "this is not a zip archive at all";
	w->fake.result_len = 32;
	w->done_count = 0;
	id = submit(w, spec_for(w, CORE_TRANSFER_RESULT, path));
	wait_final(w, id);
	assert_int_equal(core_transfer_find(w->queue, id)->error->category, PRISM_ERROR_PROTOCOL);
	expect_no_file(w, path);
	w->fake.refuse = "algorithm execution error: exit status 3";
	w->done_count = 0;
	id = submit(w, spec_for(w, CORE_TRANSFER_RESULT, path));
	wait_final(w, id);
	assert_non_null(strstr(core_transfer_find(w->queue, id)->error->message, "exit status 3"));
	prism_free(path);
}

static void test_refusals_at_submit(void **state)
{
	struct world *w = *state;
	char *path = write_input(w, "algo", 100);
	struct core_transfer_spec spec = spec_for(w, CORE_TRANSFER_ALGORITHM, path);
	struct core_agent_connection unknown = {.url = ":"};
	static const char *const bad_args[] = {"\xc3\xa9"};
	struct prism_error err = PRISM_ERROR_INIT;

	spec.path = "";
	assert_int_equal(core_transfer_submit(w->queue, &spec, NULL, NULL, &err), 0);
	spec = spec_for(w, CORE_TRANSFER_ALGORITHM, path);
	spec.key_file = NULL;
	assert_int_equal(core_transfer_submit(w->queue, &spec, NULL, NULL, &err), 0);
	spec = spec_for(w, CORE_TRANSFER_ALGORITHM, path);
	spec.expected_sha3 = "short";
	assert_int_equal(core_transfer_submit(w->queue, &spec, NULL, NULL, &err), 0);
	spec = spec_for(w, CORE_TRANSFER_ALGORITHM, path);
	spec.connection = &unknown;
	assert_int_equal(core_transfer_submit(w->queue, &spec, NULL, NULL, &err), 0);
	assert_non_null(strstr(err.message, "not known yet"));
	spec = spec_for(w, CORE_TRANSFER_ALGORITHM, path);
	spec.args = bad_args;
	spec.arg_count = 1;
	assert_int_equal(core_transfer_submit(w->queue, &spec, NULL, NULL, &err), 0);
	spec = spec_for(w, CORE_TRANSFER_RESULT, path); /* exists */
	assert_int_equal(core_transfer_submit(w->queue, &spec, NULL, NULL, &err), 0);
	assert_int_equal(err.category, PRISM_ERROR_CONFLICT);
	spec = spec_for(w, CORE_TRANSFER_RESULT, w->dir);
	assert_int_equal(core_transfer_submit(w->queue, &spec, NULL, NULL, &err), 0);
	spec = spec_for(w, CORE_TRANSFER_ALGORITHM, path);
	assert_true(core_transfer_submit(w->queue, &spec, NULL, NULL, &err) > 0);
	assert_int_equal(core_transfer_submit(w->queue, &spec, NULL, NULL, &err), 0); /* twice */
	assert_int_equal(err.category, PRISM_ERROR_CONFLICT);
	assert_int_equal(core_transfer_count(w->queue), 1);
	prism_free(path);
}

static void test_local_failures(void **state)
{
	struct world *w = *state;
	struct core_transfer_spec spec = spec_for(w, CORE_TRANSFER_ALGORITHM, "/nonexistent/algo");
	char *empty = write_input(w, "empty", 0), *good = write_input(w, "good", 5);
	uint64_t id = submit(w, spec);

	wait_final(w, id);
	assert_int_equal(core_transfer_find(w->queue, id)->error->category, PRISM_ERROR_MISSING);
	w->done_count = 0;
	id = submit(w, spec_for(w, CORE_TRANSFER_ALGORITHM, empty));
	wait_final(w, id);
	assert_non_null(strstr(core_transfer_find(w->queue, id)->error->message, "is empty"));
	w->done_count = 0;
	spec = spec_for(w, CORE_TRANSFER_ALGORITHM, good);
	spec.key_file = good;
	id = submit(w, spec);
	wait_final(w, id);
	assert_int_equal(core_transfer_find(w->queue, id)->error->category, PRISM_ERROR_INVALID);
	assert_int_equal(w->fake.algo_calls, 0);
	prism_free(empty);
	prism_free(good);
}

static void test_destroy_in_every_state(void **state)
{
	struct world *w = *state;
	struct core_transfer_env env = {0};
	char *path = write_input(w, "algo", 20 * MIB), *out = prism_path_join(w->dir, "o.zip");
	struct core_transfer_spec spec = spec_for(w, CORE_TRANSFER_ALGORITHM, path);
	struct core_transfer_spec result = spec_for(w, CORE_TRANSFER_RESULT, out);
	struct prism_error err = PRISM_ERROR_INIT;

	w->fake.hold = true;
	for (int turns = 0; turns < 40; turns++) {
		struct core_transfer_queue *queue = core_transfer_queue_create(w->loop, w->work, &env);

		assert_true(core_transfer_submit(queue, &spec, finished, w, &err) > 0);
		assert_true(core_transfer_submit(queue, &result, finished, w, &err) > 0);
		for (int i = 0; i < turns; i++)
			prism_loop_turn(w->loop, 1);
		core_transfer_queue_destroy(queue);
	}
	while (prism_work_pending(w->work))
		turn(w);
	assert_int_equal(w->done_count, 0);
	expect_no_file(w, out);
	prism_free(path);
	prism_free(out);
}

static void test_history_is_kept_short(void **state)
{
	struct world *w = *state;
	char *path = write_input(w, "a", 5);
	uint64_t id = 0;

	for (int i = 0; i < CORE_TRANSFER_HISTORY + 5; i++) {
		struct prism_error err = PRISM_ERROR_INIT;
		struct core_transfer_spec spec = spec_for(w, CORE_TRANSFER_DATASET, path);

		id = core_transfer_submit(w->queue, &spec, NULL, NULL, &err);
		core_transfer_cancel(w->queue, id);
		prism_loop_turn(w->loop, 0);
		prism_loop_turn(w->loop, 0);
	}
	assert_int_equal(core_transfer_count(w->queue), CORE_TRANSFER_HISTORY);
	assert_int_equal(core_transfer_at(w->queue, 0)->id, id);
	prism_free(path);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    CASE(test_algorithm),
	    CASE(test_the_peer_is_named_while_it_lives),
	    CASE(test_wrong_hash_sends_nothing),
	    CASE(test_order_per_agent),
	    CASE(test_waits_for_the_agent),
	    CASE(test_too_late_is_said_without_sending),
	    CASE(test_race_after_the_algorithm),
	    CASE(test_nobody_answers_yet),
	    CASE(test_lost_connection_is_final),
	    CASE(test_a_broken_upload_says_how_far_it_got),
	    CASE(test_cancel_and_retry),
	    CASE(test_cancel_while_queued_and_hashing),
	    CASE(test_directory_is_zipped),
	    CASE(test_result_is_saved_and_listed),
	    CASE(test_large_result),
	    CASE(test_cancelled_result_leaves_nothing),
	    CASE(test_bad_results),
	    CASE(test_refusals_at_submit),
	    CASE(test_local_failures),
	    CASE(test_destroy_in_every_state),
	    CASE(test_history_is_kept_short),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
