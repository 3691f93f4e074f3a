/*
 * The sandbox's agent: its life, its state machine, the run, and what it tells its owner.
 *
 * States and who moves them (the table is in sandbox/agent.h):
 *
 *   sb_agent_create            -> ReceivingAlgorithm
 *   sb_agent_algorithm_received-> ReceivingData | Running
 *   sb_agent_dataset_received  -> Running, after the last one
 *   run_done                   -> Failed, or the result archive is made and then ConsumingResults
 *   sb_agent_result_consumed   -> Complete
 *   sb_agent_stop              -> Idle
 *
 * state_set() is the only setter.  Everything told to the owner goes through the outbox, which is
 * emptied by a deferred call: the owner never runs inside a gRPC pump, and may destroy the agent
 * from a callback.
 *
 * Jobs on workers hold the agent's memory; sb_agent_destroy() with jobs under way leaves the last
 * of them to free it.
 */
#include "sandbox/agent_private.h"

#include "base/file.h"
#include "base/text.h"
#include "net/zip.h"
#include "sandbox/tree.h"

#include <assert.h>
#include <errno.h>
#include <sys/stat.h>

static const char *const state_words[] = {
    [SB_AGENT_IDLE] = "Idle",
    [SB_AGENT_RECEIVING_MANIFEST] = "ReceivingManifest",
    [SB_AGENT_RECEIVING_ALGORITHM] = "ReceivingAlgorithm",
    [SB_AGENT_RECEIVING_DATA] = "ReceivingData",
    [SB_AGENT_RUNNING] = "Running",
    [SB_AGENT_CONSUMING_RESULTS] = "ConsumingResults",
    [SB_AGENT_COMPLETE] = "Complete",
    [SB_AGENT_FAILED] = "Failed",
};
_Static_assert(PRISM_COUNT(state_words) == SB_AGENT_STATE_COUNT, "one word per state");

/* Jobs. */

struct job {
	struct sb_agent *agent;
	void (*run)(void *job);
	void (*done)(void *job);
	void *data;
};

static void agent_free(struct sb_agent *agent);

static void job_run(void *data)
{
	struct job *job = data;
	job->run(job->data);
}

static void job_done(void *data, bool cancelled)
{
	struct job *job = data;
	struct sb_agent *agent = job->agent;
	job->done(job->data);
	prism_free(job);
	agent->jobs--;
	if (agent->destroyed && agent->jobs == 0)
		agent_free(agent);
}

void sb_agent_job(struct sb_agent *agent, void (*run)(void *job), void (*done)(void *job),
                  void *data)
{
	struct job *job = prism_alloc(sizeof(*job));
	*job = (struct job){agent, run, done, data};
	agent->jobs++;
	prism_work_submit(agent->work, NULL, job_run, job_done, job);
}

/* State machine. */

static void state_set(struct sb_agent *agent, enum sb_agent_state state)
{
	if (agent->state == state)
		return;
	agent->state = state;
	sb_agent_tell_state(agent, state_words[state]);
}

static void run_failed(struct sb_agent *agent, const char *error)
{
	prism_free(agent->run_error);
	agent->run_error = prism_strdup(error);
	sb_agent_log(agent, "WARN", "failed to run computation: %s", error);
	sb_agent_event(agent, "Running", "Failed");
	state_set(agent, SB_AGENT_FAILED);
	sb_agent_event(agent, "Failed", "Failed");
}

struct archive_job {
	struct sb_agent *agent;
	char *results;
	int failed;
	struct prism_error err;
};

static int archive_sink(void *data, const void *bytes, size_t size, struct prism_error *err)
{
	return prism_file_writer_write(data, bytes, size, err);
}

static void archive_run(void *data)
{
	struct archive_job *job = data;
	enum net_zip_layout layout =
	    job->agent->rule == SB_AGENT_RULE_V08 ? NET_ZIP_LAYOUT_V08 : NET_ZIP_LAYOUT_V09;
	struct prism_file_writer *writer =
	    prism_file_writer_create(job->agent->result_path, 0600, &job->err);
	job->failed = -1;
	if (!writer)
		return;
	if (net_zip_directory(job->results, layout, NULL, archive_sink, writer, &job->err) < 0)
		prism_file_writer_discard(writer);
	else
		job->failed = prism_file_writer_commit(writer, &job->err);
}

static void archive_done(void *data)
{
	struct archive_job *job = data;
	struct sb_agent *agent = job->agent;
	if (!agent->destroyed && !agent->stopped) {
		if (job->failed) {
			PRISM_AUTO_FREE char *error =
			    prism_asprintf("error zipping results: %s", job->err.message);
			run_failed(agent, error);
		} else {
			sb_agent_event(agent, "Running", "Completed");
			state_set(agent, SB_AGENT_CONSUMING_RESULTS);
			sb_agent_event(agent, "ConsumingResults", "Ready");
		}
	}
	prism_free(job->results);
	prism_free(job);
}

static void run_output(void *data, enum sb_runner_stream stream, const char *bytes, size_t len)
{
	struct sb_agent *agent = data;
	sb_agent_log_bytes(agent, stream == SB_RUNNER_STDOUT ? "DEBUG" : "ERROR", bytes, len);
	if (stream == SB_RUNNER_STDERR)
		sb_agent_event_warning(agent);
}

static void run_done(void *data, const char *error)
{
	struct sb_agent *agent = data;
	if (!error && agent->faults.fail_run)
		error = "algorithm execution error: exit status 1";
	if (error) {
		run_failed(agent, error);
		return;
	}
	struct archive_job *job = prism_alloc(sizeof(*job));
	job->agent = agent;
	job->results = prism_path_join(agent->run_dir, "results");
	sb_agent_job(agent, archive_run, archive_done, job);
}

static void run_begin(struct sb_agent *agent)
{
	struct prism_error err = PRISM_ERROR_INIT;
	const struct sb_runner_spec spec = {.directory = agent->run_dir,
	                                    .type = agent->algo_type,
	                                    .algorithm = agent->algo_file,
	                                    .requirements = agent->requirements_file,
	                                    .args = (const char *const *)agent->algo_args,
	                                    .arg_count = agent->algo_arg_count,
	                                    .limits = agent->limits,
	                                    .on_output = run_output,
	                                    .done = run_done,
	                                    .data = agent};
	state_set(agent, SB_AGENT_RUNNING);
	sb_agent_event(agent, "Running", "Starting");
	sb_agent_log(agent, "DEBUG", "computation run started");
	sb_agent_event(agent, "Running", "InProgress");
	if (!agent->algo_known) {
		PRISM_AUTO_FREE char *text =
		    prism_asprintf("unsupported algorithm type: %.100s", agent->algo_word);
		run_failed(agent, text);
		return;
	}
	agent->runner = sb_runner_start(agent->loop, &spec, &err);
	if (!agent->runner) {
		PRISM_AUTO_FREE char *text = prism_asprintf("error starting algorithm: %s", err.message);
		run_failed(agent, text);
	}
}

void sb_agent_algorithm_received(struct sb_agent *agent)
{
	if (!agent->algo_known && agent->rule == SB_AGENT_RULE_V08)
		return; /* v0.8.2 answers OK and stays where it is (agent.md section 6) */
	if (agent->item_count == 0) {
		run_begin(agent);
		return;
	}
	state_set(agent, SB_AGENT_RECEIVING_DATA);
	sb_agent_event(agent, "ReceivingData", "InProgress");
}

void sb_agent_dataset_received(struct sb_agent *agent)
{
	for (size_t i = 0; i < agent->item_count; i++)
		if (!agent->items[i].placed)
			return;
	if (agent->state == SB_AGENT_RECEIVING_DATA)
		run_begin(agent);
}

void sb_agent_result_consumed(struct sb_agent *agent)
{
	if (agent->consumed || agent->state != SB_AGENT_CONSUMING_RESULTS)
		return;
	agent->consumed = true;
	state_set(agent, SB_AGENT_COMPLETE);
	sb_agent_event(agent, "Complete", "Completed");
}

/* Life. */

static struct net_key *key_from_der(const uint8_t *der, size_t len, const char *whose,
                                    struct prism_error *err)
{
	PRISM_AUTO_FREE char *text = prism_base64_encode(der, len);
	struct net_key *key = net_key_read_public(text, strlen(text), err);
	if (!key)
		(void)prism_error_wrap(err, "the manifest's key of %s cannot be read", whose);
	return key;
}

static int manifest_copy(struct sb_agent *agent, const struct sb_agent_manifest *manifest,
                         struct prism_error *err)
{
	agent->id = prism_strdup(manifest->id);
	agent->name = prism_strdup(manifest->name ? manifest->name : "");
	memcpy(agent->algorithm_hash, manifest->algorithm.hash, sizeof(agent->algorithm_hash));
	agent->algorithm_key = key_from_der(manifest->algorithm.key, manifest->algorithm.key_len,
	                                    "the algorithm provider", err);
	if (!agent->algorithm_key)
		return -1;
	agent->items = prism_alloc_array(manifest->dataset_count + 1, sizeof(*agent->items));
	for (size_t i = 0; i < manifest->dataset_count; i++) {
		const struct sb_agent_dataset *from = &manifest->datasets[i];
		struct sb_agent_item *item = &agent->items[agent->item_count++];
		memcpy(item->hash, from->hash, sizeof(item->hash));
		item->filename = prism_strdup(from->filename ? from->filename : "");
		item->decompress = from->decompress;
		item->key = key_from_der(from->key, from->key_len, "a dataset provider", err);
		if (!item->key)
			return -1;
	}
	agent->consumers = prism_alloc_array(manifest->consumer_count + 1, sizeof(*agent->consumers));
	for (size_t i = 0; i < manifest->consumer_count; i++) {
		struct net_key *key = key_from_der(manifest->consumers[i].key,
		                                   manifest->consumers[i].key_len, "a consumer", err);
		if (!key)
			return -1;
		agent->consumers[agent->consumer_count++] = key;
	}
	return 0;
}

static int directories_make(struct sb_agent *agent, const char *root, struct prism_error *err)
{
	if (!prism_path_safe_name(agent->id))
		return prism_error_raise(err, PRISM_ERROR_INVALID, "\"%.80s\" is no run id", agent->id);
	PRISM_AUTO_FREE char *directory = prism_path_join(root, agent->id);
	if (mkdir(directory, 0700) != 0)
		return prism_error_errno(err, errno, "make the directory of the run");
	agent->directory = PRISM_STEAL(directory); /* from here on it is ours to remove */
	agent->spool_dir = prism_path_join(agent->directory, "spool");
	agent->run_dir = prism_path_join(agent->directory, "cocos");
	agent->result_path = prism_path_join(agent->spool_dir, "result.zip");
	PRISM_AUTO_FREE char *datasets = prism_path_join(agent->run_dir, "datasets");
	PRISM_AUTO_FREE char *results = prism_path_join(agent->run_dir, "results");
	if (prism_file_mkdirs(agent->spool_dir, 0700, err) < 0 ||
	    prism_file_mkdirs(datasets, 0700, err) < 0 || prism_file_mkdirs(results, 0700, err) < 0)
		return -1;
	return 0;
}

static int server_open(struct sb_agent *agent, const struct sb_agent_config *config,
                       const struct sb_agent_tls *tls, struct prism_error *err)
{
	if (sb_agent_tls_open(agent, tls, err) < 0)
		return -1;
	const struct sb_grpc_config server = {
	    .listen = config->listen ? config->listen : "127.0.0.1:0",
	    .methods = sb_agent_methods,
	    .method_count = sb_agent_method_count,
	    .health_service = "agent",
	    .service = agent,
	    .wrap = agent->tls || agent->atls ? sb_agent_tls_wrap : NULL,
	    .wrap_data = agent,
	    .bytes_per_s = config->faults.slow_bytes_per_s,
	};
	agent->server = sb_grpc_server_create(agent->loop, &server, err);
	return agent->server ? 0 : -1;
}

struct sb_agent *sb_agent_create(struct prism_loop *loop, struct prism_work *work,
                                 const struct sb_agent_config *config,
                                 const struct sb_agent_manifest *manifest,
                                 const struct sb_agent_callbacks *callbacks,
                                 struct prism_error *err)
{
	struct sb_agent *agent = prism_alloc(sizeof(*agent));
	agent->loop = loop;
	agent->work = work;
	agent->callbacks = *callbacks;
	agent->rule = config->rule;
	agent->forge = config->forge;
	agent->generation = config->generation;
	agent->faults = config->faults;
	agent->faults.early_reject = prism_strdup(config->faults.early_reject);
	agent->limits = config->limits;
	prism_list_init(&agent->outbox);
	agent->state = SB_AGENT_RECEIVING_MANIFEST;
	if (manifest_copy(agent, manifest, err) < 0 ||
	    directories_make(agent, config->directory, err) < 0 ||
	    server_open(agent, config, &manifest->tls, err) < 0) {
		sb_agent_destroy(agent);
		return NULL;
	}
	state_set(agent, SB_AGENT_RECEIVING_ALGORITHM);
	sb_agent_log(agent, "WARN",
	             "this agent belongs to a sandbox: NOT A TEE, nothing here is confidential");
	sb_agent_log(agent, "INFO", "agent service gRPC server listening at %s %s",
	             sb_agent_address(agent), sb_agent_tls_words(agent));
	sb_agent_event(agent, "ReceivingAlgorithm", "InProgress");
	return agent;
}

static void tree_run(void *path)
{
	struct prism_error err = PRISM_ERROR_INIT;
	(void)!sb_tree_remove(path, &err); /* in a temporary directory: what resists is left there */
}

static void tree_done(void *path, bool cancelled)
{
	if (cancelled) /* the workers are ending: it never ran */
		tree_run(path);
	prism_free(path);
}

static void strings_free(char **strings, size_t count)
{
	for (size_t i = 0; i < count; i++)
		prism_free(strings[i]);
	prism_free(strings);
}

static void agent_free(struct sb_agent *agent)
{
	if (agent->directory)
		prism_work_submit(agent->work, NULL, tree_run, tree_done, agent->directory);
	for (size_t i = 0; i < agent->item_count; i++) {
		prism_free(agent->items[i].filename);
		net_key_destroy(agent->items[i].key);
	}
	for (size_t i = 0; i < agent->consumer_count; i++)
		net_key_destroy(agent->consumers[i]);
	net_key_destroy(agent->algorithm_key);
	net_tls_unref(agent->tls);
	sb_atls_destroy(agent->atls);
	strings_free(agent->algo_args, agent->algo_arg_count);
	char *texts[] = {agent->id,          agent->name,
	                 agent->spool_dir,   agent->run_dir,
	                 agent->result_path, agent->algo_word,
	                 agent->algo_file,   agent->requirements_file,
	                 agent->run_error,   (char *)(uintptr_t)agent->faults.early_reject};
	for (size_t i = 0; i < PRISM_COUNT(texts); i++)
		prism_free(texts[i]);
	prism_free(agent->items);
	prism_free(agent->consumers);
	prism_free(agent);
}

/* Port closed, connections cut, processes gone. */
static void agent_close(struct sb_agent *agent)
{
	sb_grpc_server_destroy(agent->server);
	agent->server = NULL;
	sb_runner_destroy(agent->runner);
	agent->runner = NULL;
}

void sb_agent_destroy(struct sb_agent *agent)
{
	if (!agent)
		return;
	assert(!agent->destroyed);
	agent->destroyed = true;
	if (agent->flush_alive)
		*agent->flush_alive = false;
	agent_close(agent);
	sb_agent_outbox_drop(agent);
	if (agent->jobs == 0)
		agent_free(agent);
}

void sb_agent_stop(struct sb_agent *agent)
{
	if (agent->stopped)
		return;
	agent->stopped = true;
	agent_close(agent);
	sb_agent_event(agent, "Stopped", "Stopped");
	state_set(agent, SB_AGENT_IDLE);
	sb_agent_outbox_flush(agent);
}

const char *sb_agent_address(const struct sb_agent *agent)
{
	return agent->server ? sb_grpc_server_address(agent->server) : "";
}

const char *sb_agent_state(const struct sb_agent *agent)
{
	return state_words[agent->state];
}

const char *sb_agent_error(const struct sb_agent *agent)
{
	return agent->run_error ? agent->run_error : "";
}
