/*
 * Algo and Data: taking an upload, and deciding about it.
 *
 *   receiving -> (half-close) -> draining -> matching -> [unpacking] -> answered
 *
 * Bytes are never held: messages collect in `filling` while a worker writes and hashes `draining`
 * into the spool file; the two swap.  When more than PENDING_MAX waits, the call is paused, so
 * memory stays flat and the loop never waits for the disk.
 *
 * The order of checks is the agent's (agent.md sections 4 and 6): signature before anything is
 * read; emptiness, state, name and hash once everything is there.  One refusal comes earlier than
 * the real agent's: a call in a state that can no longer become the right one.
 */
#include "sandbox/agent_private.h"

#include "agent.pb-c.h"
#include "base/file.h"
#include "net/zip.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define PENDING_MAX (4u << 20)
#define REQUIREMENTS_MAX (16u << 20) /* stops a client that sends a list without end */
#define ARGS_MAX 1000

#define WRONG_STATE "agent not expecting this operation in the current state"
#define WRONG_HASH "malformed data, hash does not match manifest"

struct upload {
	struct sb_agent *agent;
	struct sb_grpc_call *call; /* NULL once gone */
	bool is_algo;
	bool ended;  /* half-closed */
	bool busy;   /* a job of ours is on a worker */
	bool closed; /* concluded: nothing more to do but to be freed */
	int64_t since_us;
	uint64_t total;
	char *path; /* spool file */
	int fd;
	int write_errno;
	struct net_digest *digest;
	uint8_t hash[NET_DIGEST_MAX];
	struct prism_buf filling, draining;
	struct prism_buf requirements;
	char *filename;
	bool decompress;
	/* Unpacking. */
	struct sb_agent_item *item;
	char *datasets_dir;
	bool unpack_failed;
	char *unpack_error;
};

static void upload_free(struct upload *upload)
{
	if (upload->fd >= 0)
		close(upload->fd);
	(void)unlink(upload->path); /* fails when it has become the algorithm or a dataset */
	net_digest_destroy(upload->digest);
	prism_buf_finish(&upload->filling);
	prism_buf_finish(&upload->draining);
	prism_buf_finish(&upload->requirements);
	prism_free(upload->path);
	prism_free(upload->filename);
	prism_free(upload->datasets_dir);
	prism_free(upload->unpack_error);
	prism_free(upload);
}

static const char *upload_method(const struct upload *upload)
{
	return upload->is_algo ? "Algo" : "Data";
}

static void upload_refuse(struct upload *upload, const char *text)
{
	upload->closed = true;
	if (upload->total > 0) /* an empty request never reaches the method that logs */
		sb_agent_log_method(upload->agent, upload_method(upload), upload->since_us, text);
	if (upload->call)
		sb_grpc_call_finish(upload->call, NET_GRPC_UNKNOWN, text);
}

static void upload_accept(struct upload *upload)
{
	upload->closed = true;
	sb_agent_log_method(upload->agent, upload_method(upload), upload->since_us, NULL);
	if (upload->call)
		sb_grpc_call_reply(upload->call, "", 0); /* AlgoResponse and DataResponse are empty */
}

/* Matching: the algorithm. */

static int algorithm_place(struct upload *upload, struct prism_error *err)
{
	struct sb_agent *agent = upload->agent;
	const char *file = agent->algo_type == SB_ALGO_PYTHON ? "algorithm.py" : "algorithm";
	PRISM_AUTO_FREE char *path = prism_path_join(agent->run_dir, file);
	if (rename(upload->path, path) != 0)
		return prism_error_errno(err, errno, "error creating algorithm file");
	if (upload->requirements.len > 0) {
		PRISM_AUTO_FREE char *list = prism_path_join(agent->run_dir, "requirements.txt");
		if (prism_file_write(list, upload->requirements.data, upload->requirements.len, 0600, err) <
		    0)
			return -1;
		agent->requirements_file = prism_strdup("requirements.txt");
	}
	agent->algo_file = prism_strdup(file);
	return 0;
}

static void algorithm_take_metadata(struct sb_agent *agent, const struct sb_grpc_call *call)
{
	prism_free(agent->algo_word);
	agent->algo_word = prism_strdup(sb_grpc_call_metadata(call, "algo_type", 0));
	agent->algo_known = sb_algo_type_parse(agent->algo_word, &agent->algo_type) == 0;
	for (size_t i = 0; i < agent->algo_arg_count;
	     i++) /* of an algorithm that could not be stored */
		prism_free(agent->algo_args[i]);
	prism_free(agent->algo_args);
	agent->algo_arg_count = 0;
	agent->algo_args = prism_alloc_array(ARGS_MAX, sizeof(*agent->algo_args));
	const char *arg;
	while (agent->algo_arg_count < ARGS_MAX &&
	       (arg = sb_grpc_call_metadata(call, "algo_args", agent->algo_arg_count)))
		agent->algo_args[agent->algo_arg_count++] = prism_strdup(arg);
}

static void algorithm_match(struct upload *upload)
{
	struct sb_agent *agent = upload->agent;
	struct prism_error err = PRISM_ERROR_INIT;
	if (upload->total == 0) {
		upload_refuse(upload, "algorithm binary is required");
	} else if (agent->state != SB_AGENT_RECEIVING_ALGORITHM) {
		upload_refuse(upload, WRONG_STATE);
	} else if (agent->algo_file) { /* v0.8.2 after an unknown type */
		upload_refuse(upload, "all expected manifest Items have been received");
	} else if (memcmp(upload->hash, agent->algorithm_hash, sizeof(agent->algorithm_hash)) != 0) {
		upload_refuse(upload, WRONG_HASH);
	} else {
		algorithm_take_metadata(agent, upload->call);
		if (algorithm_place(upload, &err) < 0) {
			upload_refuse(upload, err.message);
			return;
		}
		upload_accept(upload);
		sb_agent_algorithm_received(agent);
	}
}

/* Matching: a dataset. */

static struct sb_agent_item *dataset_find(const struct upload *upload)
{
	const struct sb_agent *agent = upload->agent;
	for (size_t i = 0; i < agent->item_count; i++) {
		struct sb_agent_item *item = &agent->items[i];
		bool fits = agent->rule == SB_AGENT_RULE_V08
		                ? memcmp(item->hash, upload->hash, sizeof(item->hash)) == 0
		                : strcmp(item->filename, upload->filename ? upload->filename : "") == 0;
		if (!item->received && fits)
			return item;
	}
	return NULL;
}

static bool datasets_complete(const struct sb_agent *agent)
{
	for (size_t i = 0; i < agent->item_count; i++)
		if (!agent->items[i].received)
			return false;
	return true;
}

static void dataset_placed(struct upload *upload)
{
	upload->item->placed = true;
	upload_accept(upload);
	sb_agent_dataset_received(upload->agent);
}

static void dataset_store(struct upload *upload)
{
	const char *name = upload->filename ? upload->filename : "";
	PRISM_AUTO_FREE char *path = prism_path_join(upload->datasets_dir, name);
	PRISM_AUTO_FREE char *text = NULL;
	if (!prism_path_safe_name(name))
		text = prism_asprintf(
		    "error creating dataset file: open datasets/%.200s: invalid file name", name);
	else if (rename(upload->path, path) != 0)
		text = prism_asprintf("error creating dataset file: open datasets/%.200s: %s", name,
		                      strerror(errno));
	if (text)
		upload_refuse(upload, text);
	else
		dataset_placed(upload);
}

static void unpack_run(void *data)
{
	struct upload *upload = data;
	struct prism_error err = PRISM_ERROR_INIT;
	struct net_zip_list list;
	uint64_t files;
	upload->unpack_failed = true;
	if (net_zip_list(upload->path, &list, &err) < 0) {
		upload->unpack_error = prism_strdup("zip: not a valid zip file"); /* Go's words */
		return;
	}
	net_zip_list_finish(&list);
	if (net_zip_unpack(upload->path, upload->datasets_dir, NULL, &files, &err) < 0)
		upload->unpack_error = prism_strdup(err.message);
	else
		upload->unpack_failed = false;
}

static void unpack_done(void *data)
{
	struct upload *upload = data;
	upload->busy = false;
	if (!upload->agent->destroyed && !upload->agent->stopped) {
		if (upload->unpack_failed) {
			PRISM_AUTO_FREE char *text = prism_asprintf(
			    "error decompressing dataset: %s",
			    upload->unpack_error ? upload->unpack_error : "the work was cancelled");
			upload_refuse(upload, text);
		} else {
			dataset_placed(upload);
		}
	}
	if (!upload->call)
		upload_free(upload);
}

static void dataset_match(struct upload *upload)
{
	struct sb_agent *agent = upload->agent;
	if (upload->total == 0) {
		upload_refuse(upload, "dataset is required");
		return;
	}
	if (agent->state != SB_AGENT_RECEIVING_DATA) {
		upload_refuse(upload, WRONG_STATE);
		return;
	}
	if (datasets_complete(agent)) {
		upload_refuse(upload, "all expected manifest Items have been received");
		return;
	}
	upload->item = dataset_find(upload);
	if (!upload->item) {
		upload_refuse(upload, "dataset not declared in computation manifest");
		return;
	}
	if (memcmp(upload->hash, upload->item->hash, sizeof(upload->item->hash)) != 0) {
		upload_refuse(upload, WRONG_HASH);
		return;
	}
	upload->item->received = true; /* before it is stored, as the agent does */
	upload->datasets_dir = prism_path_join(agent->run_dir, "datasets");
	if (upload->decompress || upload->item->decompress) {
		upload->busy = true;
		sb_agent_job(agent, unpack_run, unpack_done, upload);
	} else {
		dataset_store(upload);
	}
}

/* Receiving. */

static void drain_run(void *data)
{
	struct upload *upload = data;
	const char *at = upload->draining.data;
	size_t left = upload->draining.len;
	net_digest_update(upload->digest, at, left);
	while (left > 0 && !upload->write_errno) {
		ssize_t put = write(upload->fd, at, left);
		if (put < 0 && errno != EINTR)
			upload->write_errno = errno;
		if (put > 0) {
			at += put;
			left -= (size_t)put;
		}
	}
}

static void upload_continue(struct upload *upload);

static void drain_done(void *data)
{
	struct upload *upload = data;
	prism_buf_clear(&upload->draining);
	upload->busy = false;
	if (upload->call)
		upload_continue(upload);
	else
		upload_free(upload);
}

static void upload_conclude(struct upload *upload)
{
	upload->since_us = sb_agent_now_us(upload->agent);
	(void)net_digest_final(upload->digest, upload->hash);
	close(upload->fd);
	upload->fd = -1;
	if (upload->is_algo)
		algorithm_match(upload);
	else
		dataset_match(upload);
}

static void upload_continue(struct upload *upload)
{
	if (upload->busy || upload->closed || sb_grpc_call_finished(upload->call))
		return;
	if (upload->write_errno) {
		PRISM_AUTO_FREE char *text =
		    prism_asprintf("error creating %s file: %s", upload->is_algo ? "algorithm" : "dataset",
		                   strerror(upload->write_errno));
		upload_refuse(upload, text);
	} else if (upload->filling.len > 0) {
		struct prism_buf full = upload->filling;
		upload->filling = upload->draining;
		upload->draining = full;
		upload->busy = true;
		sb_agent_job(upload->agent, drain_run, drain_done, upload);
		sb_grpc_call_pause(upload->call, false);
	} else if (upload->ended) {
		upload_conclude(upload);
	}
}

static void upload_take(struct upload *upload, const void *bytes, size_t size)
{
	const struct sb_agent_faults *faults = &upload->agent->faults;
	upload->total += size;
	if (faults->drop_after_bytes > 0 && upload->total >= faults->drop_after_bytes) {
		sb_grpc_call_drop(upload->call);
		return;
	}
	prism_buf_put(&upload->filling, bytes, size); /* its cap holds the limit and one window */
	if (upload->filling.len > PENDING_MAX)
		sb_grpc_call_pause(upload->call, true);
	upload_continue(upload);
}

static bool state_is_past(const struct sb_agent *agent, bool is_algo)
{
	return agent->state > (is_algo ? SB_AGENT_RECEIVING_ALGORITHM : SB_AGENT_RECEIVING_DATA);
}

static struct upload *upload_create(struct sb_agent *agent, struct sb_grpc_call *call, bool is_algo)
{
	struct upload *upload = prism_alloc(sizeof(*upload));
	char name[32];
	snprintf(name, sizeof(name), "upload-%u", agent->spool_count++);
	upload->agent = agent;
	upload->call = call;
	upload->is_algo = is_algo;
	upload->path = prism_path_join(agent->spool_dir, name);
	upload->fd = open(upload->path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	upload->write_errno = upload->fd < 0 ? errno : 0;
	upload->digest = net_digest_create(NET_SHA3_256);
	prism_buf_init(&upload->filling, 64u << 20);
	prism_buf_init(&upload->draining, 64u << 20);
	prism_buf_init(&upload->requirements, REQUIREMENTS_MAX);
	sb_grpc_call_set_data(call, upload);
	return upload;
}

static struct upload *upload_begin(struct sb_agent *agent, struct sb_grpc_call *call,
                                   enum sb_agent_role role)
{
	bool is_algo = role == SB_AGENT_ALGORITHM_PROVIDER;
	if (!sb_agent_authenticate(agent, call, role))
		return NULL;
	if (agent->faults.early_reject) {
		sb_grpc_call_finish(call, NET_GRPC_UNKNOWN, agent->faults.early_reject);
		return NULL;
	}
	if (state_is_past(agent, is_algo)) {
		sb_agent_log_method(agent, is_algo ? "Algo" : "Data", sb_agent_now_us(agent), WRONG_STATE);
		sb_grpc_call_finish(call, NET_GRPC_UNKNOWN, WRONG_STATE);
		return NULL;
	}
	return upload_create(agent, call, is_algo);
}

void sb_agent_algo_begin(void *service, struct sb_grpc_call *call)
{
	/* The real agent dies of a missing algo_type (agent.md section 11, trap 1). */
	if (upload_begin(service, call, SB_AGENT_ALGORITHM_PROVIDER) &&
	    !sb_grpc_call_metadata(call, "algo_type", 0))
		sb_grpc_call_finish(call, NET_GRPC_UNKNOWN, "missing metadata: algo_type is required");
}

void sb_agent_data_begin(void *service, struct sb_grpc_call *call)
{
	struct upload *upload = upload_begin(service, call, SB_AGENT_DATA_PROVIDER);
	const char *decompress = sb_grpc_call_metadata(call, "decompress", 0);
	if (upload)
		upload->decompress = decompress && strcmp(decompress, "true") == 0;
}

static void message_broken(struct sb_grpc_call *call)
{
	sb_grpc_call_finish(call, NET_GRPC_INTERNAL,
	                    "rpc error: code = Internal desc = grpc: failed to unmarshal the received "
	                    "message: proto: cannot parse invalid wire-format data");
}

void sb_agent_algo_message(void *service, struct sb_grpc_call *call, const void *msg, size_t len)
{
	struct upload *upload = sb_grpc_call_data(call);
	struct prism_error err = PRISM_ERROR_INIT;
	Agent__AlgoRequest *request = agent__algo_request__unpack(NULL, len, msg);
	if (!request) {
		message_broken(call);
		return;
	}
	if (prism_buf_append(&upload->requirements, request->requirements.data,
	                     request->requirements.len, &err) < 0)
		sb_grpc_call_finish(call, NET_GRPC_RESOURCE_EXHAUSTED, "the requirements are too long");
	else
		upload_take(upload, request->algorithm.data, request->algorithm.len);
	agent__algo_request__free_unpacked(request, NULL);
}

void sb_agent_data_message(void *service, struct sb_grpc_call *call, const void *msg, size_t len)
{
	struct upload *upload = sb_grpc_call_data(call);
	Agent__DataRequest *request = agent__data_request__unpack(NULL, len, msg);
	if (!request) {
		message_broken(call);
		return;
	}
	if (request->filename && *request->filename) { /* the last one counts */
		prism_free(upload->filename);
		upload->filename = prism_strdup(request->filename);
	}
	upload_take(upload, request->dataset.data, request->dataset.len);
	agent__data_request__free_unpacked(request, NULL);
}

void sb_agent_upload_end(void *service, struct sb_grpc_call *call)
{
	struct upload *upload = sb_grpc_call_data(call);
	upload->ended = true;
	upload_continue(upload);
}

void sb_agent_upload_broken(void *service, struct sb_grpc_call *call, const struct prism_error *err)
{
	PRISM_AUTO_FREE char *text = prism_asprintf(
	    "rpc error: code = %s desc = %s",
	    err->status == NET_GRPC_RESOURCE_EXHAUSTED ? "ResourceExhausted" : "Internal",
	    err->message);
	sb_grpc_call_finish(call, NET_GRPC_INTERNAL, text);
}

void sb_agent_upload_gone(void *service, struct sb_grpc_call *call)
{
	struct upload *upload = sb_grpc_call_data(call);
	if (!upload)
		return; /* refused before it began */
	upload->call = NULL;
	if (!upload->busy)
		upload_free(upload);
}
