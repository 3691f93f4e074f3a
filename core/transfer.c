/*
 * Owns: the rows of the transfer queue, their order and life, progress and rate, and telling the
 * owner.  How a row moves from state to state is in core/transfer_run.c, what blocks in
 * core/transfer_job.c, the calls themselves in core/agent.c.
 *
 * Everything is told from one deferred function (flush), so that no callback of the owner runs
 * inside a function the owner called.
 */
#include "core/appraisal.h"
#include "core/transfer_private.h"

#include "base/text.h"

#include <string.h>
#include <sys/stat.h>

#define RATE_MS 250 /* bytes are weighed over at least this long */

static const char *const kind_words[CORE_TRANSFER_KIND_COUNT] = {
    [CORE_TRANSFER_ALGORITHM] = "algorithm",
    [CORE_TRANSFER_DATASET] = "dataset",
    [CORE_TRANSFER_RESULT] = "result",
};

const char *core_transfer_kind_word(enum core_transfer_kind kind)
{
	return kind < CORE_TRANSFER_KIND_COUNT ? kind_words[kind] : "";
}

static const struct state_row {
	const char *word;
	bool final;
} state_rows[CORE_TRANSFER_STATE_COUNT] = {
#define X(id, word, final) {word, final},
    CORE_TRANSFER_STATE_MAP(X)
#undef X
};

const char *core_transfer_state_word(enum core_transfer_state state)
{
	return state < CORE_TRANSFER_STATE_COUNT ? state_rows[state].word : "";
}

bool core_transfer_state_final(enum core_transfer_state state)
{
	return state_rows[state].final;
}

int64_t core_transfer_now(const struct core_transfer_queue *queue)
{
	return prism_clock_mono_ms(prism_loop_clock(queue->loop));
}

/* ---- trust ---- */

void core_transfer_note_trust(struct core_transfer *t)
{
	struct core_appraisal *appraisal =
	    t->lane && t->lane->agent ? core_agent_appraisal(t->lane->agent) : NULL;

	if (!appraisal && t->lane && !core_tls_mode_info(t->connection->mode)->attested)
		t->info.trust = t->connection->mode == CORE_TLS_NONE ? core_agent_clear_word(t->connection)
		                                                     : "TLS, not attested";
	if (!appraisal || appraisal == t->info.appraisal)
		return;
	prism_free(t->trust);
	core_appraisal_unref(t->info.appraisal);
	t->trust = prism_strdup(core_verdict_summary(core_appraisal_verdict(appraisal)));
	t->info.trust = t->trust;
	t->info.appraisal = core_appraisal_ref(appraisal);
}

bool core_transfer_peer(const struct core_transfer_queue *queue, struct core_transfer_peer *ret)
{
	const struct transfer_lane *found = NULL;

	PRISM_LIST_EACH (&queue->lanes, node, next) {
		const struct transfer_lane *lane = PRISM_CONTAINER(node, struct transfer_lane, node);
		if (lane->agent && (!found || (lane->active && !found->active)))
			found = lane;
	}
	if (!found)
		return false;
	*ret = (struct core_transfer_peer){.agent = found->connection->url,
	                                   .mode = found->connection->mode,
	                                   .clear = core_agent_clear_word(found->connection),
	                                   .appraisal = core_agent_appraisal(found->agent)};
	return true;
}

const char *core_transfer_peer_word(const struct core_transfer_peer *peer)
{
	if (peer->appraisal)
		return core_appraisal_word(peer->appraisal);
	if (core_tls_mode_info(peer->mode)->attested)
		return "not attested yet";
	return peer->mode == CORE_TLS_NONE ? peer->clear : "TLS, not attested";
}

/* ---- telling ---- */

static void transfer_free(struct core_transfer *t)
{
	prism_list_remove(&t->node);
	core_agent_connection_destroy(t->connection);
	prism_free(t->computation_id);
	prism_free(t->computation_name);
	prism_free(t->asset_name);
	prism_free(t->path);
	prism_free(t->filename);
	prism_free(t->agent);
	prism_free(t->key_file);
	prism_free(t->expected_sha3);
	prism_free(t->python_runtime);
	prism_free(t->requirements_path);
	for (size_t i = 0; i < t->arg_count; i++)
		prism_free(t->args[i]);
	prism_free(t->args);
	prism_secret_destroy(t->passphrase);
	net_zip_list_finish(&t->listing);
	prism_free(t->trust);
	core_appraisal_unref(t->info.appraisal);
	prism_free(t);
}

static void tell(struct core_transfer *t)
{
	const struct core_transfer_env *env = &t->queue->env; /* outlives the row */
	core_transfer_done_fn done = t->tell_done ? t->done : NULL;
	uint64_t id = t->info.id;

	t->dirty = t->moved = t->tell_done = false;
	if (done) {
		t->done = NULL;
		done(t->data, &t->info); /* may forget the row */
	}
	if (env->changed)
		env->changed(env->data, id);
}

/* Callbacks may submit, retry and forget: the rows are gone through anew after each. */
static void tell_all(struct core_transfer_queue *queue)
{
	struct core_transfer *found;

	do {
		found = NULL;
		PRISM_LIST_EACH (&queue->transfers, node, next) {
			struct core_transfer *t = PRISM_CONTAINER(node, struct core_transfer, node);

			if (t->dirty || t->tell_done) {
				found = t;
				break;
			}
		}
		if (found)
			tell(found);
	} while (found);
}

static void drop_old_history(struct core_transfer_queue *queue)
{
	size_t final = 0;

	PRISM_LIST_EACH (&queue->transfers, node, next) {
		struct core_transfer *t = PRISM_CONTAINER(node, struct core_transfer, node);

		if (core_transfer_state_final(t->info.state) && !t->tell_done &&
		    ++final > CORE_TRANSFER_HISTORY)
			transfer_free(t);
	}
}

static void on_tick(void *data);

static void flush(void *data)
{
	struct core_transfer_queue *queue = data;
	int64_t wait = core_transfer_pump(queue);

	tell_all(queue);
	drop_old_history(queue);
	if (wait < 0) {
		prism_timer_remove(queue->timer);
		queue->timer = NULL;
	} else if (queue->timer) {
		prism_timer_rearm(queue->timer, wait);
	} else {
		queue->timer = prism_loop_add_timer(queue->loop, wait, 0, on_tick, queue);
	}
}

void core_transfer_schedule(struct core_transfer_queue *queue)
{
	prism_loop_undefer(queue->loop, flush, queue);
	prism_loop_defer(queue->loop, flush, queue);
}

void core_transfer_touch(struct core_transfer *t)
{
	t->dirty = true;
	core_transfer_schedule(t->queue);
}

void core_transfer_set_note(struct core_transfer *t, const char *fmt, ...)
{
	char text[sizeof(t->note)];
	va_list args;

	va_start(args, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	if (!strcmp(text, t->note))
		return;
	memcpy(t->note, text, sizeof(text));
	core_transfer_touch(t);
}

void core_transfer_set_state(struct core_transfer *t, enum core_transfer_state state)
{
	t->info.state = state;
	core_transfer_touch(t);
}

/* ---- progress ---- */

void core_transfer_moved(struct core_transfer *t, uint64_t done, uint64_t total)
{
	if (t->info.done == done && t->info.total == total)
		return;
	t->info.done = done;
	if (total || t->info.kind == CORE_TRANSFER_RESULT)
		t->info.total = total;
	t->moved = true;
}

/* Exponential smoothing: three parts past, one part present. */
static void weigh(struct core_transfer *t)
{
	int64_t now = core_transfer_now(t->queue), span = now - t->rate_ms;
	uint64_t rate;

	if (span < RATE_MS)
		return;
	rate =
	    t->info.done > t->rate_bytes ? (t->info.done - t->rate_bytes) * 1000 / (uint64_t)span : 0;
	t->info.rate = t->info.rate ? (3 * t->info.rate + rate) / 4 : rate;
	t->rate_ms = now;
	t->rate_bytes = t->info.done;
	t->info.eta_ms = t->info.rate && t->info.total >= t->info.done
	                     ? (int64_t)((t->info.total - t->info.done) * 1000.0 / (double)t->info.rate)
	                     : -1;
}

static void on_tick(void *data)
{
	struct core_transfer_queue *queue = data;

	PRISM_LIST_EACH (&queue->transfers, node, next) {
		struct core_transfer *t = PRISM_CONTAINER(node, struct core_transfer, node);

		if (t->job && t->info.state != CORE_TRANSFER_QUEUED) {
			uint64_t total, done = core_transfer_job_progress(t->job, &total);

			if (t->info.state == CORE_TRANSFER_HASHING)
				core_transfer_moved(t, done, total);
		}
		if (t->job || t->call)
			weigh(t);
		t->dirty = t->dirty || t->moved;
	}
	flush(queue);
}

/* ---- the end of an attempt ---- */

static void lane_leave(struct core_transfer *t)
{
	struct transfer_lane *lane = t->lane;

	if (!lane)
		return;
	t->lane = NULL;
	if (lane->active == t)
		lane->active = NULL;
	if (--lane->users)
		return;
	prism_list_remove(&lane->node);
	core_agent_destroy(lane->agent);
	core_agent_connection_destroy(lane->connection);
	prism_free(lane->algorithm_sent_for);
	prism_free(lane);
}

void core_transfer_release(struct core_transfer *t)
{
	if (t->queue->hashing == t)
		t->queue->hashing = NULL;
	core_transfer_job_drop(t->job);
	t->job = NULL;
	core_saver_destroy(t->saver);
	t->saver = NULL;
	prism_secret_destroy(t->prepared.signature);
	core_payload_destroy(t->prepared.payload);
	core_payload_destroy(t->prepared.requirements);
	t->prepared = (struct core_prepared){0};
	t->call = NULL;
	lane_leave(t);
}

void core_transfer_finish(struct core_transfer *t, enum core_transfer_state state,
                          const struct prism_error *err)
{
	bool begun = t->tries > 0 || t->info.done > 0;

	core_transfer_release(t);
	t->info.ended_us = prism_clock_wall_us(prism_loop_clock(t->queue->loop));
	t->info.eta_ms = -1;
	prism_error_clear(&t->error);
	if (err && state == CORE_TRANSFER_FAILED)
		prism_error_copy(&t->error, err);
	t->info.error = state == CORE_TRANSFER_FAILED ? &t->error : NULL;
	t->info.listing =
	    state == CORE_TRANSFER_DONE && t->info.kind == CORE_TRANSFER_RESULT ? &t->listing : NULL;
	if (state != CORE_TRANSFER_DONE)
		t->note[0] = 0;
	t->tell_done = t->done != NULL;
	core_transfer_set_state(t, state);
	if (t->queue->env.ended)
		t->queue->env.ended(t->queue->env.data, &t->info, begun);
}

/* ---- rows ---- */

static bool same_text(const char *a, const char *b)
{
	return !a || !b ? a == b : !strcmp(a, b);
}

static bool same_connection(const struct core_agent_connection *a,
                            const struct core_agent_connection *b)
{
	return a->mode == b->mode && a->tunnel == b->tunnel && same_text(a->url, b->url) &&
	       same_text(a->server_ca_file, b->server_ca_file) &&
	       same_text(a->client_cert_file, b->client_cert_file) &&
	       same_text(a->client_key_file, b->client_key_file) &&
	       same_text(a->policy_file, b->policy_file) && a->generation == b->generation &&
	       same_text(a->extra_policy_file, b->extra_policy_file) &&
	       same_text(a->certificates_file, b->certificates_file) &&
	       same_text(a->policy_key_file, b->policy_key_file) &&
	       same_text(a->trust_root_file, b->trust_root_file);
}

void core_transfer_attach(struct core_transfer *t)
{
	struct core_transfer_queue *queue = t->queue;
	struct transfer_lane *lane;

	PRISM_LIST_EACH (&queue->lanes, node, next) {
		lane = PRISM_CONTAINER(node, struct transfer_lane, node);
		if (same_connection(lane->connection, t->connection)) {
			t->lane = lane;
			lane->users++;
			return;
		}
	}
	lane = prism_alloc(sizeof(*lane));
	lane->connection = core_agent_connection_copy(t->connection);
	lane->users = 1;
	prism_list_append(&queue->lanes, &lane->node);
	t->lane = lane;
}

static void reset_row(struct core_transfer *t)
{
	t->info.done = t->info.total = t->info.rate = 0;
	t->info.eta_ms = -1;
	t->info.queued_us = prism_clock_wall_us(prism_loop_clock(t->queue->loop));
	t->info.started_us = t->info.ended_us = PRISM_TIME_UNSET;
	t->info.error = NULL;
	t->info.listing = NULL;
	t->info.attempts++;
	net_zip_list_finish(&t->listing);
	t->sha3[0] = t->note[0] = 0;
	t->not_before_ms = t->next_poll_ms = 0;
	t->tries = t->late = 0;
	t->cancelling = false;
	core_transfer_attach(t);
	core_transfer_set_state(t, CORE_TRANSFER_QUEUED);
}

static int check_hash_text(const char *text, struct prism_error *err)
{
	if (!text || (strlen(text) == 64 && strspn(text, "0123456789abcdefABCDEF") == 64))
		return 0;
	prism_error_raise(err, PRISM_ERROR_INVALID, "the asset's checksum is not a SHA3-256 in hex");
	prism_error_hint(err, "update the asset: its checksum must have 64 hexadecimal digits");
	return -1;
}

static int check_target(const struct core_transfer_spec *spec, struct prism_error *err)
{
	PRISM_AUTO_FREE char *path = prism_path_expand(spec->path);
	struct stat st;

	if (spec->kind != CORE_TRANSFER_RESULT || stat(path, &st) < 0)
		return 0;
	if (S_ISDIR(st.st_mode)) {
		prism_error_raise(err, PRISM_ERROR_INVALID, "%s is a directory", path);
		prism_error_hint(err, "name a file in it, such as results.zip");
		return -1;
	}
	if (spec->overwrite)
		return 0;
	prism_error_raise(err, PRISM_ERROR_CONFLICT, "%s exists already", path);
	prism_error_hint(err, "choose another name, or remove that file");
	return -1;
}

static int check_spec(const struct core_transfer_queue *queue,
                      const struct core_transfer_spec *spec, struct prism_error *err)
{
	if (!spec->path || !*spec->path)
		return prism_error_raise(err, PRISM_ERROR_INVALID, "no file is named");
	if (!spec->key_file || !*spec->key_file) {
		prism_error_raise(err, PRISM_ERROR_INVALID, "no private key is chosen");
		prism_error_hint(err,
		                 "choose the key whose public half was registered for this computation");
		return -1;
	}
	if (core_agent_connection_check(spec->connection, err) < 0 ||
	    check_hash_text(spec->expected_sha3, err) < 0 || check_target(spec, err) < 0)
		return -1;
	for (size_t i = 0; i < spec->arg_count; i++)
		if (core_agent_check_arg(spec->args[i], err) < 0)
			return -1;
	PRISM_LIST_EACH (&queue->transfers, node, next) {
		const struct core_transfer *t = PRISM_CONTAINER(node, struct core_transfer, node);

		if (core_transfer_state_final(t->info.state) || t->info.kind != spec->kind ||
		    !same_connection(t->connection, spec->connection) ||
		    strcmp(t->computation_id, spec->computation_id) != 0)
			continue;
		if (spec->kind == CORE_TRANSFER_ALGORITHM || !strcmp(t->path, spec->path))
			return prism_error_raise(
			    err, PRISM_ERROR_CONFLICT, "this %s is on its way already (transfer %llu)",
			    core_transfer_kind_word(spec->kind), (unsigned long long)t->info.id);
	}
	return 0;
}

static char *expand_or_null(const char *path)
{
	return path && *path ? prism_path_expand(path) : NULL;
}

static struct core_transfer *row_create(struct core_transfer_queue *queue,
                                        const struct core_transfer_spec *spec)
{
	struct core_transfer *t = prism_alloc(sizeof(*t));

	t->queue = queue;
	t->connection = core_agent_connection_copy(spec->connection);
	t->computation_id = prism_strdup(spec->computation_id ? spec->computation_id : "");
	t->computation_name = prism_strdup(spec->computation_name ? spec->computation_name : "");
	t->asset_name = prism_strdup(spec->asset_name ? spec->asset_name : "");
	t->path = prism_path_expand(spec->path);
	t->filename = prism_strdup(spec->filename);
	t->agent = prism_strdup(spec->connection->url);
	t->key_file = prism_path_expand(spec->key_file);
	t->expected_sha3 = prism_strdup(spec->expected_sha3);
	t->python_runtime = prism_strdup(spec->python_runtime);
	t->requirements_path = expand_or_null(spec->requirements_path);
	if (spec->passphrase)
		t->passphrase = prism_secret_create(prism_secret_text(spec->passphrase),
		                                    prism_secret_size(spec->passphrase));
	t->arg_count = spec->arg_count;
	t->args = prism_alloc_array(spec->arg_count + 1, sizeof(*t->args));
	for (size_t i = 0; i < spec->arg_count; i++)
		t->args[i] = prism_strdup(spec->args[i]);
	t->decompress = spec->decompress;
	t->overwrite = spec->overwrite;
	t->algo_type = spec->algo_type;
	t->payload_flags = spec->payload_flags & CORE_PAYLOAD_ZIP_V08;
	t->info = (struct core_transfer_info){
	    .id = ++queue->last_id,
	    .kind = spec->kind,
	    .computation_id = t->computation_id,
	    .computation_name = t->computation_name,
	    .asset_name = t->asset_name,
	    .path = t->path,
	    .filename = t->filename ? t->filename : prism_path_base(t->path),
	    .agent = t->agent,
	    .sha3 = t->sha3,
	    .note = t->note,
	    .trust = "",
	};
	prism_list_prepend(&queue->transfers, &t->node);
	return t;
}

uint64_t core_transfer_submit(struct core_transfer_queue *queue,
                              const struct core_transfer_spec *spec, core_transfer_done_fn done,
                              void *data, struct prism_error *err)
{
	struct core_transfer_spec whole = *spec;
	struct core_transfer *t;

	if (!whole.computation_id)
		whole.computation_id = "";
	if ((queue->env.may && queue->env.may(queue->env.data, err) < 0) ||
	    check_spec(queue, &whole, err) < 0)
		return 0;
	t = row_create(queue, &whole);
	t->done = done;
	t->data = data;
	reset_row(t);
	return t->info.id;
}

static struct core_transfer *row_find(const struct core_transfer_queue *queue, uint64_t id)
{
	PRISM_LIST_EACH (&queue->transfers, node, next) {
		struct core_transfer *t = PRISM_CONTAINER(node, struct core_transfer, node);

		if (t->info.id == id)
			return t;
	}
	return NULL;
}

void core_transfer_cancel(struct core_transfer_queue *queue, uint64_t id)
{
	struct core_transfer *t = row_find(queue, id);

	if (!t || core_transfer_state_final(t->info.state) || t->cancelling)
		return;
	t->cancelling = true;
	if (t->call)
		core_agent_abort(t->call); /* call_done() follows */
	else
		core_transfer_finish(t, CORE_TRANSFER_CANCELLED, NULL);
}

static struct core_transfer *final_row(struct core_transfer_queue *queue, uint64_t id,
                                       struct prism_error *err)
{
	struct core_transfer *t = row_find(queue, id);

	if (!t)
		(void)prism_error_raise(err, PRISM_ERROR_MISSING, "there is no transfer %llu",
		                        (unsigned long long)id);
	else if (core_transfer_state_final(t->info.state))
		return t;
	else
		(void)prism_error_raise(err, PRISM_ERROR_CONFLICT, "the transfer is still on its way");
	return NULL;
}

int core_transfer_retry(struct core_transfer_queue *queue, uint64_t id, struct prism_error *err)
{
	struct core_transfer *t = final_row(queue, id, err);

	if (!t)
		return -1;
	if (t->info.state == CORE_TRANSFER_DONE)
		return prism_error_raise(err, PRISM_ERROR_CONFLICT, "the transfer is done already");
	reset_row(t);
	return 0;
}

int core_transfer_forget(struct core_transfer_queue *queue, uint64_t id, struct prism_error *err)
{
	struct core_transfer *t = final_row(queue, id, err);

	if (!t)
		return -1;
	transfer_free(t);
	return 0;
}

void core_transfer_poke(struct core_transfer_queue *queue)
{
	PRISM_LIST_EACH (&queue->transfers, node, next)
		PRISM_CONTAINER(node, struct core_transfer, node)->next_poll_ms = 0;
	core_transfer_schedule(queue);
}

size_t core_transfer_count(const struct core_transfer_queue *queue)
{
	size_t count = 0;

	PRISM_LIST_EACH (&queue->transfers, node, next)
		count++;
	return count;
}

size_t core_transfer_active(const struct core_transfer_queue *queue)
{
	size_t count = 0;

	PRISM_LIST_EACH (&queue->transfers, node, next)
		count += !core_transfer_state_final(
		    PRISM_CONTAINER(node, struct core_transfer, node)->info.state);
	return count;
}

const struct core_transfer_info *core_transfer_at(const struct core_transfer_queue *queue,
                                                  size_t index)
{
	PRISM_LIST_EACH (&queue->transfers, node, next)
		if (!index--)
			return &PRISM_CONTAINER(node, struct core_transfer, node)->info;
	return NULL;
}

const struct core_transfer_info *core_transfer_find(const struct core_transfer_queue *queue,
                                                    uint64_t id)
{
	const struct core_transfer *t = row_find(queue, id);

	return t ? &t->info : NULL;
}

/* ---- life ---- */

struct core_transfer_queue *core_transfer_queue_create(struct prism_loop *loop,
                                                       struct prism_work *work,
                                                       const struct core_transfer_env *env)
{
	struct core_transfer_queue *queue = prism_alloc(sizeof(*queue));

	queue->loop = loop;
	queue->work = work;
	queue->env = *env;
	prism_list_init(&queue->transfers);
	prism_list_init(&queue->lanes);
	return queue;
}

void core_transfer_queue_destroy(struct core_transfer_queue *queue)
{
	if (!queue)
		return;
	PRISM_LIST_EACH (&queue->lanes, lane_node, after) {
		struct transfer_lane *lane = PRISM_CONTAINER(lane_node, struct transfer_lane, node);

		core_agent_destroy(lane->agent); /* ends calls before what they read and write goes */
		lane->agent = NULL;
	}
	PRISM_LIST_EACH (&queue->transfers, node, next) {
		struct core_transfer *t = PRISM_CONTAINER(node, struct core_transfer, node);

		core_transfer_release(t);
		transfer_free(t);
	}
	prism_timer_remove(queue->timer);
	prism_loop_undefer(queue->loop, flush, queue);
	prism_free(queue);
}
