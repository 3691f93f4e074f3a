/*
 * Owns: the states of a transfer and what moves it from one to the next.
 *
 *   queued ── its turn to hash ──► hashing ── hash fits ──► waiting ── lane free, state right ──►
 *   sending ── agent accepts ──► done
 *                                              waiting ──► receiving ──► checking ──► done
 *
 * What an answer of the agent does while sending or receiving:
 *   - "not at this step": back to waiting. Right after the algorithm that is a race of a moment
 *     (reference agent.md section 6, notes); otherwise a few tries with growing pauses, because
 *     each costs the whole upload;
 *   - "results not ready": back to waiting, without end: asking costs nothing;
 *   - nobody listens: a few tries, the CVM may still be starting;
 *   - anything else: failed, in the agent's words.
 */
#include "core/transfer_private.h"

#include "base/text.h"

#include <string.h>

#define TRIES_MAX 4   /* pauses of 0.5, 1 and 2 s between them */
#define TRIES_LARGE 2 /* of an upload larger than LARGE: every try sends it all */
#define LARGE (64u << 20)
#define FIRST_PAUSE_MS 500
#define RESULT_PAUSE_MS 2000
#define LATE_POLLS 4 /* what the owner last heard may be of an earlier run: look again first */
#define EMPTY_ZIP 22 /* an archive without entries */

/* ---- gates: may this kind go now? ---- */

enum gate { GO, WAIT, LATE };

static enum gate gate_algorithm(enum core_agent_state state, const char **ret_why)
{
	switch (state) {
	case CORE_AGENT_STATE_UNKNOWN:
	case CORE_AGENT_STATE_RECEIVING_ALGORITHM:
		return GO;
	case CORE_AGENT_STATE_IDLE:
	case CORE_AGENT_STATE_RECEIVING_MANIFEST:
		*ret_why = "waits until the agent is ready for the algorithm";
		return WAIT;
	default:
		*ret_why = "the agent has an algorithm already";
		return LATE;
	}
}

static enum gate gate_dataset(enum core_agent_state state, const char **ret_why)
{
	switch (state) {
	case CORE_AGENT_STATE_UNKNOWN:
	case CORE_AGENT_STATE_RECEIVING_DATA:
		return GO;
	case CORE_AGENT_STATE_IDLE:
	case CORE_AGENT_STATE_RECEIVING_MANIFEST:
	case CORE_AGENT_STATE_RECEIVING_ALGORITHM:
		*ret_why = "waits until the agent has its algorithm";
		return WAIT;
	default:
		*ret_why = "the agent takes no more datasets";
		return LATE;
	}
}

static enum gate gate_result(enum core_agent_state state, const char **ret_why)
{
	switch (state) {
	case CORE_AGENT_STATE_UNKNOWN:
	case CORE_AGENT_STATE_CONSUMING_RESULTS:
	case CORE_AGENT_STATE_COMPLETE:
	case CORE_AGENT_STATE_FAILED: /* its error is what Result delivers */
		return GO;
	case CORE_AGENT_STATE_RUNNING:
		*ret_why = "waits until the run is over";
		return WAIT;
	default:
		*ret_why = "waits until the agent has everything and has run";
		return WAIT;
	}
}

static enum core_agent_state agent_state(const struct core_transfer *t)
{
	const struct core_transfer_env *env = &t->queue->env;
	enum core_agent_state state = env->agent_state ? env->agent_state(env->data, t->computation_id)
	                                               : CORE_AGENT_STATE_UNKNOWN;

	if (state == CORE_AGENT_STATE_RECEIVING_ALGORITHM && t->lane->algorithm_sent_for &&
	    !strcmp(t->lane->algorithm_sent_for, t->computation_id))
		return CORE_AGENT_STATE_RECEIVING_DATA; /* we know better than the last event */
	return state;
}

static enum gate gate(const struct core_transfer *t, const char **ret_why)
{
	enum core_agent_state state = agent_state(t);

	switch (t->info.kind) {
	case CORE_TRANSFER_ALGORITHM:
		return gate_algorithm(state, ret_why);
	case CORE_TRANSFER_DATASET:
		return gate_dataset(state, ret_why);
	default:
		return gate_result(state, ret_why);
	}
}

/* ---- preparing ---- */

static void prepared(void *data, struct core_prepared *result, const struct prism_error *err)
{
	struct core_transfer *t = data;
	struct core_transfer_queue *queue = t->queue;

	t->job = NULL;
	if (queue->hashing == t)
		queue->hashing = NULL;
	if (err) {
		core_transfer_finish(t,
		                     err->category == PRISM_ERROR_CANCELLED ? CORE_TRANSFER_CANCELLED
		                                                            : CORE_TRANSFER_FAILED,
		                     err);
		return;
	}
	t->prepared = *result;
	if (t->prepared.payload) {
		(void)snprintf(t->sha3, sizeof(t->sha3), "%s", core_payload_sha3(t->prepared.payload));
		t->info.total = core_payload_size(t->prepared.payload);
		if (t->prepared.requirements)
			t->info.total += core_payload_size(t->prepared.requirements);
	}
	t->info.done = 0;
	core_transfer_set_state(t, CORE_TRANSFER_WAITING);
}

static void prepare(struct core_transfer *t)
{
	static const enum core_agent_role roles[CORE_TRANSFER_KIND_COUNT] = {
	    [CORE_TRANSFER_ALGORITHM] = CORE_AGENT_ALGORITHM_PROVIDER,
	    [CORE_TRANSFER_DATASET] = CORE_AGENT_DATA_PROVIDER,
	    [CORE_TRANSFER_RESULT] = CORE_AGENT_CONSUMER,
	};
	bool upload = t->info.kind != CORE_TRANSFER_RESULT;
	struct core_prepare_spec spec = {
	    .key_file = t->key_file,
	    .passphrase = t->passphrase,
	    .role = roles[t->info.kind],
	    .path = upload ? t->path : NULL,
	    .requirements_path = t->requirements_path,
	    .expected_sha3 = t->expected_sha3,
	    .payload_flags = t->payload_flags,
	};

	t->info.started_us = prism_clock_wall_us(prism_loop_clock(t->queue->loop));
	t->rate_ms = core_transfer_now(t->queue);
	t->rate_bytes = 0;
	if (upload) {
		t->queue->hashing = t;
		core_transfer_set_state(t, CORE_TRANSFER_HASHING);
	}
	t->job = core_transfer_prepare(t->queue->work, &spec, prepared, t);
}

/* ---- the call ---- */

static void lane_free_for_next(struct core_transfer *t)
{
	if (t->lane && t->lane->active == t)
		t->lane->active = NULL;
	t->call = NULL;
	core_saver_destroy(t->saver);
	t->saver = NULL;
}

static void back_to_waiting(struct core_transfer *t, int64_t pause_ms, const char *why)
{
	lane_free_for_next(t);
	t->info.done = 0;
	t->info.rate = 0;
	t->not_before_ms = core_transfer_now(t->queue) + pause_ms;
	core_transfer_set_state(t, CORE_TRANSFER_WAITING);
	core_transfer_set_note(t, "%s", why);
}

/* True when the refusal is not the end of it. */
static bool try_again(struct core_transfer *t, const struct prism_error *err)
{
	unsigned most =
	    t->info.kind != CORE_TRANSFER_RESULT && t->info.total > LARGE ? TRIES_LARGE : TRIES_MAX;
	int64_t pause = (int64_t)FIRST_PAUSE_MS << (t->tries - 1);

	switch (core_agent_refusal(err)) {
	case CORE_AGENT_NOT_READY:
		t->tries = 0;
		back_to_waiting(t, RESULT_PAUSE_MS, "waits until the results are ready");
		return true;
	case CORE_AGENT_WRONG_STATE:
		if (t->tries >= most)
			return false;
		back_to_waiting(t, pause, "the agent is not at this step yet; tries again");
		return true;
	case CORE_AGENT_NOT_LISTENING:
		if (t->tries >= TRIES_MAX || t->info.done > LARGE)
			return false;
		back_to_waiting(t, pause, "nobody answers at the agent's address; tries again");
		return true;
	default:
		return false;
	}
}

static void checked(void *data, struct core_checked *result, const struct prism_error *err)
{
	struct core_transfer *t = data;
	char size[24];

	t->job = NULL;
	if (err) {
		core_transfer_finish(t,
		                     err->category == PRISM_ERROR_CANCELLED ? CORE_TRANSFER_CANCELLED
		                                                            : CORE_TRANSFER_FAILED,
		                     err);
		return;
	}
	t->listing = result->listing;
	(void)snprintf(t->sha3, sizeof(t->sha3), "%s", result->sha3);
	core_transfer_set_note(t, "%zu %s, %s unpacked", t->listing.count,
	                       t->listing.count == 1 ? "entry" : "entries",
	                       prism_text_bytes(t->listing.total, size));
	core_transfer_finish(t, CORE_TRANSFER_DONE, NULL);
}

/* Every byte is on its way to the disk: wait for the last of them. */
static void result_arrived(struct core_transfer *t)
{
	struct prism_error err = PRISM_ERROR_INIT;

	if (t->info.done >= EMPTY_ZIP) {
		core_transfer_set_state(t, CORE_TRANSFER_CHECKING);
		core_saver_drain(t->saver);
		return;
	}
	prism_error_raise(&err, PRISM_ERROR_PROTOCOL, "the agent delivered an empty result");
	prism_error_hint(&err, "the run has failed without a reason given; its logs may hold one");
	core_transfer_finish(t, CORE_TRANSFER_FAILED, &err);
}

static void result_saved(void *data, const struct prism_error *err)
{
	struct core_transfer *t = data;
	struct prism_file_writer *writer;

	if (err) {
		core_transfer_finish(t, CORE_TRANSFER_FAILED, err);
		return;
	}
	writer = core_saver_take(t->saver);
	lane_free_for_next(t);
	t->job = core_transfer_check(t->queue->work, writer, checked, t);
}

static void hold_agent(void *data, bool held)
{
	struct core_transfer *t = data;

	if (t->call)
		core_agent_pause(t->call, held);
}

/* An upload that broke off: how far it got, and what the agent's state allows. An agent takes a
 * file from its beginning only (reference agent.md section 2). */
static void tell_broken(const struct core_transfer *t, struct prism_error *err)
{
	enum core_agent_state state = agent_state(t);
	const char *why = "";
	char sent[24], all[24], next[200];

	if (t->info.kind == CORE_TRANSFER_RESULT || !t->info.done || !t->info.total ||
	    core_agent_refusal(err) != CORE_AGENT_UNAVAILABLE || err->category == PRISM_ERROR_TRUST)
		return;
	if (state == CORE_AGENT_STATE_UNKNOWN)
		snprintf(next, sizeof(next),
		         "look at the timeline whether it still waits for the file, "
		         "then start it again");
	else if (gate(t, &why) == LATE)
		snprintf(next, sizeof(next), "%s (%s): do not send it again", why,
		         core_agent_state_word(state));
	else
		snprintf(next, sizeof(next), "it still waits for the file: start the transfer again");
	prism_error_hint(err, "%s of %s were sent; the agent cannot go on from there. %s",
	                 prism_text_bytes(t->info.done, sent), prism_text_bytes(t->info.total, all),
	                 next);
}

static void fail(struct core_transfer *t, const struct prism_error *err)
{
	struct prism_error told = *err;

	tell_broken(t, &told);
	core_transfer_finish(t, CORE_TRANSFER_FAILED, &told);
}

static void call_done(void *data, const struct prism_error *err)
{
	struct core_transfer *t = data;

	t->call = NULL;
	core_transfer_note_trust(t);
	if (err && (t->cancelling || err->category == PRISM_ERROR_CANCELLED))
		core_transfer_finish(t, CORE_TRANSFER_CANCELLED, NULL);
	else if (err && try_again(t, err))
		return;
	else if (err)
		fail(t, err);
	else if (t->info.kind == CORE_TRANSFER_RESULT)
		result_arrived(t);
	else {
		if (t->info.kind == CORE_TRANSFER_ALGORITHM) {
			prism_free(t->lane->algorithm_sent_for);
			t->lane->algorithm_sent_for = prism_strdup(t->computation_id);
		}
		t->info.done = t->info.total;
		core_transfer_finish(t, CORE_TRANSFER_DONE, NULL);
	}
}

static void call_progress(void *data, uint64_t done, uint64_t total)
{
	struct core_transfer *t = data;

	core_transfer_note_trust(t);
	core_transfer_moved(data, done, total);
}

static int save_bytes(void *data, const void *bytes, size_t size, struct prism_error *err)
{
	struct core_transfer *t = data;

	return core_saver_add(t->saver, bytes, size, err);
}

static struct core_agent_call *start_upload(struct core_transfer *t,
                                            const struct core_agent_handlers *handlers,
                                            struct prism_error *err)
{
	if (t->info.kind == CORE_TRANSFER_ALGORITHM) {
		const struct core_agent_algo_spec spec = {
		    .algorithm = t->prepared.payload,
		    .requirements = t->prepared.requirements,
		    .signature = t->prepared.signature,
		    .type = t->algo_type,
		    .python_runtime = t->python_runtime,
		    .args = (const char *const *)t->args,
		    .arg_count = t->arg_count,
		};

		return core_agent_algo(t->lane->agent, &spec, handlers, NULL, err);
	}
	const struct core_agent_data_spec spec = {
	    .dataset = t->prepared.payload,
	    .signature = t->prepared.signature,
	    .filename = t->filename,
	    .decompress = t->decompress,
	};

	return core_agent_data(t->lane->agent, &spec, handlers, NULL, err);
}

static struct core_agent_call *start_result(struct core_transfer *t,
                                            const struct core_agent_handlers *handlers,
                                            struct prism_error *err)
{
	const struct core_agent_result_spec spec = {
	    .signature = t->prepared.signature, .sink = save_bytes, .sink_data = t};

	const struct core_saver_owner owner = {.hold = hold_agent, .drained = result_saved, .data = t};
	struct prism_file_writer *writer = prism_file_writer_create(t->path, 0600, err);

	if (!writer)
		return NULL;
	t->saver = core_saver_create(t->queue->work, writer, &owner);
	return core_agent_result(t->lane->agent, &spec, handlers, NULL, err);
}

static void start_call(struct core_transfer *t)
{
	const struct core_agent_handlers handlers = {
	    .progress = call_progress, .done = call_done, .data = t};
	struct core_transfer_queue *queue = t->queue;
	bool upload = t->info.kind != CORE_TRANSFER_RESULT;
	struct prism_error err = PRISM_ERROR_INIT;

	t->lane->active = t;
	t->info.done = 0;
	t->info.rate = 0;
	t->rate_ms = core_transfer_now(queue);
	t->rate_bytes = 0;
	t->tries++;
	t->late = 0;
	core_transfer_set_note(t, "%s", "");
	if (!t->lane->agent)
		t->lane->agent = core_agent_create(queue->loop, queue->work, t->lane->connection,
		                                   queue->env.make, queue->env.make_data, &err);
	if (t->lane->agent)
		t->call = upload ? start_upload(t, &handlers, &err) : start_result(t, &handlers, &err);
	if (t->call)
		core_transfer_set_state(t, upload ? CORE_TRANSFER_SENDING : CORE_TRANSFER_RECEIVING);
	else
		core_transfer_finish(t, CORE_TRANSFER_FAILED, &err);
}

/* ---- whose turn it is ---- */

/* An earlier kind of the same computation that is not over: algorithm before data before result. */
static const struct core_transfer *in_front(const struct core_transfer *t)
{
	PRISM_LIST_EACH (&t->queue->transfers, node, next) {
		const struct core_transfer *other = PRISM_CONTAINER(node, struct core_transfer, node);

		if (other->lane == t->lane && other->info.kind < t->info.kind &&
		    !core_transfer_state_final(other->info.state) &&
		    !strcmp(other->computation_id, t->computation_id))
			return other;
	}
	return NULL;
}

static void too_late(struct core_transfer *t, const char *why)
{
	struct prism_error err = PRISM_ERROR_INIT;

	core_transfer_set_note(t, "%s", why);
	t->next_poll_ms = core_transfer_now(t->queue) + TRANSFER_POLL_MS;
	if (++t->late < LATE_POLLS)
		return;
	prism_error_raise(&err, PRISM_ERROR_CONFLICT, "%s", why);
	prism_error_hint(&err,
	                 "nothing was sent; the timeline shows where the run is. Stop it and run again "
	                 "to send another one");
	core_transfer_finish(t, CORE_TRANSFER_FAILED, &err);
}

static void consider(struct core_transfer *t)
{
	const struct core_transfer *first = in_front(t);
	int64_t now = core_transfer_now(t->queue);
	const char *why = "";

	if (first) {
		core_transfer_set_note(t, "waits for the %s", core_transfer_kind_word(first->info.kind));
		return;
	}
	if (t->lane->active) {
		core_transfer_set_note(t, "waits for another transfer to this agent");
		return;
	}
	if (now < t->not_before_ms || now < t->next_poll_ms)
		return;
	switch (gate(t, &why)) {
	case GO:
		start_call(t);
		break;
	case WAIT:
		t->late = 0;
		t->next_poll_ms = now + TRANSFER_POLL_MS;
		core_transfer_set_note(t, "%s", why);
		break;
	case LATE:
		too_late(t, why);
		break;
	}
}

static int64_t sooner(int64_t a, int64_t b)
{
	return a < 0 || (b >= 0 && b < a) ? b : a;
}

/* Until this row must be looked at again, on account of time alone. */
static int64_t next_look(const struct core_transfer *t)
{
	int64_t now = core_transfer_now(t->queue);
	int64_t at = t->not_before_ms > t->next_poll_ms ? t->not_before_ms : t->next_poll_ms;

	if (t->job || t->call)
		return TRANSFER_TICK_MS;
	if (t->info.state != CORE_TRANSFER_WAITING || t->lane->active || in_front(t))
		return -1;
	return at > now ? at - now : 0;
}

int64_t core_transfer_pump(struct core_transfer_queue *queue)
{
	int64_t wait = -1;

	/* from the oldest: the list is newest first */
	for (struct prism_list *node = queue->transfers.prev, *before; node != &queue->transfers;
	     node = before) {
		struct core_transfer *t = PRISM_CONTAINER(node, struct core_transfer, node);

		before = node->prev;
		if (t->info.state == CORE_TRANSFER_QUEUED && !t->job &&
		    (t->info.kind == CORE_TRANSFER_RESULT || !queue->hashing))
			prepare(t);
		else if (t->info.state == CORE_TRANSFER_WAITING && !t->call)
			consider(t);
	}
	PRISM_LIST_EACH (&queue->transfers, each, next) {
		const struct core_transfer *t = PRISM_CONTAINER(each, struct core_transfer, node);

		if (!core_transfer_state_final(t->info.state))
			wait = sooner(wait, next_look(t));
	}
	return wait;
}
