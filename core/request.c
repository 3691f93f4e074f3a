/*
 * Calls in flight: building, sending, completion.  The states are explained in the header; one
 * setter logs every transition.  Answers and retries are core/request_answer.c, the trail of
 * changes core/request_audit.c. Tokens belong to core/session.c; this file asks it for the bearer
 * and waits for it.
 */
#include "core/request_private.h"

#include "base/log.h"
#include "core/session.h"
#include "core/tunnels.h"
#include "core/workspace.h"

#include <assert.h>
#include <string.h>

#define BODY_MAX (64u << 20) /* of a request: sample assets are at most 10 MB of base64 */

static const char *const stage_words[] = {
#define X(id, word) [STAGE_##id] = word,
    STAGES(X)
#undef X
};

static void *create(struct core *core)
{
	struct requests *requests = prism_alloc(sizeof(*requests));
	requests->core = core;
	requests->parking = true;
	requests->jitter = (uint32_t)prism_clock_mono_ms(core_clock(core)) | 1;
	prism_list_init(&requests->all);
	return requests;
}

static void destroy(void *state)
{
	struct requests *requests = state;
	assert(prism_list_empty(&requests->all));
	prism_free(requests);
}

static const struct core_module module = {.name = "requests", .create = create, .destroy = destroy};

struct requests *core_requests_self(struct core *core)
{
	return core_module(core, &module);
}

void core_request_stage(struct core_request *r, enum stage stage)
{
	if (r->stage == stage)
		return;
	prism_log(PRISM_LOG_DEBUG, "request", "%s: %s", r->row->name, stage_words[stage]);
	if (r->stage == STAGE_PARKED)
		core_parked_add(r->core, -1);
	if (stage == STAGE_PARKED)
		core_parked_add(r->core, 1);
	r->stage = stage;
}

/* --- building --- */

static const char *option_url(struct core *core, enum core_service service)
{
	int id = core_option_find(core_service_option(service));
	return core_option_text(core_options(core), (enum core_option_id)id);
}

static char *build_url(struct core_request *r)
{
	struct requests *requests = core_requests_self(r->core);
	enum core_service service = r->row->service;
	const char *override = option_url(r->core, service);
	const char *base = *override ? override : core_option_text(core_options(r->core), CORE_OPT_URL);
	size_t len = strlen(base);
	while (len > 0 && base[len - 1] == '/')
		len--;
	r->sent_to = *override ? CHOICE_UNKNOWN : requests->choice[service];
	bool second = r->alternative_tried || r->sent_to == CHOICE_SECOND;
	const char *prefix = *override ? ""
	                     : second  ? core_service_alternative(service)
	                               : core_service_prefix(service);
	if (!*override && r->sent_to == CHOICE_UNKNOWN)
		r->sent_to = second ? CHOICE_SECOND : CHOICE_FIRST;
	return prism_asprintf("%.*s%s%s", (int)len, base, prefix, r->path);
}

static int64_t timeout_of(struct core *core, const struct core_endpoint *row)
{
	if (row->timeout == CORE_TIMEOUT_LONG)
		return CORE_TIMEOUT_LONG_MS;
	return core_option_int(core_options(core), row->timeout == CORE_TIMEOUT_READ
	                                               ? CORE_OPT_READ_TIMEOUT
	                                               : CORE_OPT_WRITE_TIMEOUT);
}

static void build_body(struct core_request *r, const struct core_call *call)
{
	prism_buf_init(&r->body, BODY_MAX);
	if (call->secret) {
		prism_buf_put(&r->body, call->secret->data, call->secret->len);
		r->has_body = r->secret_body = r->password = true;
	} else if (call->bytes) {
		prism_buf_put(&r->body, call->bytes->data, call->bytes->len);
		r->has_body = true;
	} else if (call->body) {
		char *text = prism_json_print(call->body, false);
		prism_buf_puts(&r->body, text);
		r->secret_body = (r->row->flags & CORE_EPF_SECRET) != 0;
		if (r->secret_body)
			prism_wipe(text, strlen(text));
		prism_free(text);
		r->has_body = true;
	}
}

/* --- completion --- */

static void go_later(void *data);

static void free_request(struct core_request *r)
{
	prism_list_remove(&r->node);
	prism_cancel_remove(&r->hook);
	prism_timer_remove(r->timer);
	net_tunnel_unwait(&r->wait);
	prism_loop_undefer(core_loop(r->core), go_later, r);
	prism_loop_undefer(core_loop(r->core), core_request_fail_cancelled, r);
	if (r->secret_body)
		prism_buf_wipe(&r->body);
	else
		prism_buf_finish(&r->body);
	prism_free(r->path);
	prism_free(r->object);
	prism_free(r);
}

void core_request_finish(struct core_request *r, const struct core_reply *reply,
                         const struct prism_error *err)
{
	core_request_stage(r, STAGE_DONE);
	core_request_audit_end(r, reply, err);
	core_pending_add(r->core, -1);
	core_reply_fn done = r->done;
	void *data = r->data;
	free_request(r);
	done(data, reply, err);
}

void core_request_fail(struct core_request *r, struct prism_error *err)
{
	if (!err->operation[0])
		snprintf(err->operation, sizeof(err->operation), "%s", r->row->name);
	core_request_finish(r, NULL, err);
}

void core_request_fail_cancelled(void *data)
{
	struct core_request *r = data;
	struct prism_error err = PRISM_ERROR_INIT;
	prism_error_raise(&err, PRISM_ERROR_CANCELLED, "cancelled");
	core_request_fail(r, &err);
}

static void on_cancel(void *data)
{
	struct core_request *r = data;
	if (r->cancelled)
		return;
	r->cancelled = true;
	net_tunnel_unwait(&r->wait);
	prism_loop_undefer(core_loop(r->core), go_later, r);
	if (r->net)
		net_http_abort(r->net);
	else
		prism_loop_defer(core_loop(r->core), core_request_fail_cancelled, r);
}

void core_request_abort(struct core_request *request)
{
	on_cancel(request);
}

void core_requests_init(struct core *core)
{
	core_requests_self(core);
}

void core_requests_drop(struct core *core)
{
	struct requests *requests = core_requests_self(core);
	/* All of them first: a callback may fire the token of others, and the engine is gone already.
	 */
	PRISM_LIST_EACH (&requests->all, node, next) {
		struct core_request *r = PRISM_CONTAINER(node, struct core_request, node);
		r->cancelled = true;
		r->net = NULL;
	}
	while (!prism_list_empty(&requests->all))
		core_request_fail_cancelled(PRISM_CONTAINER(requests->all.next, struct core_request, node));
}

/* --- sending --- */

bool core_request_wants_token(const struct core_request *r)
{
	return !(r->row->flags & (CORE_EPF_OPEN | CORE_EPF_REFRESH));
}

void core_request_tell(struct core_request *r, struct prism_error *err)
{
	if (!err->operation[0])
		snprintf(err->operation, sizeof(err->operation), "%s", r->row->name);
	if (!err->peer[0]) {
		PRISM_AUTO_FREE char *url = build_url(r);
		PRISM_AUTO_FREE char *peer = net_url_display(url);
		snprintf(err->peer, sizeof(err->peer), "%s", peer);
	}
}

static void send_built(struct core_request *r)
{
	bool refresh = (r->row->flags & CORE_EPF_REFRESH) != 0;
	PRISM_AUTO_FREE char *url = build_url(r);
	bool writes = r->row->method != NET_HTTP_GET && r->row->method != NET_HTTP_DELETE;
	struct net_http_spec spec = {
	    .method = r->row->method,
	    .url = url,
	    .bearer = r->row->flags & CORE_EPF_OPEN ? NULL : core_session_bearer(r->core, refresh),
	    .body = r->has_body ? prism_buf_text(&r->body) : NULL,
	    .body_len = r->body.len,
	    .secret = r->password,
	    .once = core_request_changes(r->row),
	    .content_type = r->content_type         ? r->content_type
	                    : writes || r->has_body ? "application/json"
	                                            : NULL,
	    .accept = r->accept,
	    .request_id = r->audited ? r->audit_id : NULL,
	    .timeout_ms = r->timeout_ms,
	    .tunnel = r->tunnel,
	    .done = core_request_answered,
	    .data = r,
	};
	struct prism_error err = PRISM_ERROR_INIT;
	r->token_generation = core_session_generation(r->core);
	core_request_stage(r, STAGE_SENT);
	r->sent = true;
	r->net = net_http_start(core_http(r->core), &spec, NULL, &err);
	if (!r->net) {
		core_request_tell(r, &err);
		core_request_fail(r, &err);
	}
}

/* The clock of the request starts when the way is there: somebody may have to type a passphrase. */
static void tunnel_ready(struct net_tunnel_wait *wait, struct net_ssh *ssh,
                         const struct prism_error *err)
{
	struct core_request *r = PRISM_CONTAINER(wait, struct core_request, wait);
	PRISM_UNUSED(ssh);
	if (!err) {
		send_built(r);
		return;
	}
	struct prism_error copy = *err;
	core_connection_report(r->core, err);
	core_request_tell(r, &copy);
	core_request_fail(r, &copy);
}

static void send_now(struct core_request *r)
{
	struct prism_error err = PRISM_ERROR_INIT;
	if (core_tunnel_of_service(r->core, r->row->service, &r->tunnel, &err) < 0) {
		core_request_tell(r, &err);
		core_request_fail(r, &err);
		return;
	}
	if (!r->tunnel) {
		send_built(r);
		return;
	}
	core_request_stage(r, STAGE_WAIT_TUNNEL);
	r->wait.ready = tunnel_ready;
	r->wait.timeout_ms = r->timeout_ms;
	net_tunnel_await(r->tunnel, &r->wait);
}

static void park(struct core_request *r)
{
	if (core_requests_self(r->core)->parking && core_session_known(r->core)) {
		core_request_stage(r, STAGE_PARKED);
		return;
	}
	struct prism_error err = PRISM_ERROR_INIT;
	prism_error_raise(&err, PRISM_ERROR_AUTH, "not signed in");
	prism_error_hint(&err, "sign in again");
	core_request_fail(r, &err);
}

void core_request_go(struct core_request *r)
{
	if (!core_request_wants_token(r)) {
		send_now(r);
	} else if (core_session_state(r->core) == CORE_SESSION_LOGIN_NEEDED ||
	           (!core_session_bearer(r->core, false) && !core_session_bearer(r->core, true))) {
		park(r);
	} else if (core_session_stale(r->core)) {
		core_request_stage(r, STAGE_WAIT_TOKEN);
		core_session_renew(r->core);
	} else {
		send_now(r);
	}
}

static void go_later(void *data)
{
	struct core_request *r = data;
	core_request_go(r);
}

/* --- start --- */

static int refuse(struct core *core, const struct core_endpoint *row, struct prism_error *err)
{
	bool write = core_request_changes(row) && !(row->flags & CORE_EPF_OPEN);
	if (core_dying(core))
		return prism_error_raise(err, PRISM_ERROR_CANCELLED, "shutting down");
	if (write && core_option_bool(core_options(core), CORE_OPT_READ_ONLY)) {
		prism_error_raise(err, PRISM_ERROR_DENIED, "read-only mode is on: nothing is changed");
		prism_error_hint(err, "start without --read-only, or set read_only = no in the profile");
		return -1;
	}
	if (core_request_changes(row) && core_audit_ready(core, err) < 0)
		return -1;
	if (!(row->flags & (CORE_EPF_OPEN | CORE_EPF_REFRESH)) && !core_session_known(core)) {
		prism_error_raise(err, PRISM_ERROR_AUTH, "not signed in");
		prism_error_hint(err, "sign in first");
		return -1;
	}
	return 0;
}

struct core_request *core_request_start(struct core *core, const struct core_call *call,
                                        struct prism_cancel *cancel, core_reply_fn done, void *data,
                                        struct prism_error *err)
{
	const struct core_endpoint *row = &core_endpoints[call->endpoint];
	struct prism_buf path = PRISM_BUF_INIT(CORE_PATH_MAX);
	if (refuse(core, row, err) < 0 || core_request_path(core, row, call, &path, err) < 0) {
		prism_buf_finish(&path);
		return NULL;
	}
	struct core_request *r = prism_alloc(sizeof(*r));
	r->core = core;
	r->row = row;
	r->path = prism_buf_take(&path, NULL);
	r->once = call->once;
	r->content_type = call->content_type;
	r->accept = call->accept;
	r->timeout_ms = call->timeout_ms ? call->timeout_ms : timeout_of(core, row);
	r->done = done;
	r->data = data;
	build_body(r, call);
	core_request_audit_begin(r, call);
	prism_list_append(&core_requests_self(core)->all, &r->node);
	core_pending_add(core, 1);
	r->hook.fire = on_cancel;
	r->hook.data = r;
	if (cancel)
		prism_cancel_add(cancel, &r->hook);
	/* Sending is left to the next turn: whatever fails then fails through the callback. */
	if (!r->cancelled)
		prism_loop_defer(core_loop(core), go_later, r);
	return r;
}

/* --- what the session tells --- */

static void each_in_stage(struct core *core, enum stage stage,
                          void (*fn)(struct core_request *r, void *data), void *data)
{
	/* fn may start requests (appended) or finish this one; a batch is marked first. */
	struct requests *requests = core_requests_self(core);
	struct prism_list batch = PRISM_LIST_INIT(batch);
	PRISM_LIST_EACH (&requests->all, node, next) {
		struct core_request *r = PRISM_CONTAINER(node, struct core_request, node);
		if (r->stage != stage || r->cancelled)
			continue;
		prism_list_remove(node);
		prism_list_append(&batch, node);
	}
	while (!prism_list_empty(&batch)) {
		struct prism_list *node = batch.next;
		prism_list_remove(node);
		prism_list_append(&requests->all, node);
		struct core_request *r = PRISM_CONTAINER(node, struct core_request, node);
		if (!r->cancelled) /* by the callback of one before it */
			fn(r, data);
	}
}

static void go_each(struct core_request *r, void *data)
{
	core_request_go(r);
}

static void park_each(struct core_request *r, void *data)
{
	park(r);
}

static void fail_each(struct core_request *r, void *data)
{
	struct prism_error err = *(const struct prism_error *)data;
	err.operation[0] = '\0';
	core_request_fail(r, &err);
}

void core_requests_token_ready(struct core *core)
{
	each_in_stage(core, STAGE_WAIT_TOKEN, go_each, NULL);
}

void core_requests_token_failed(struct core *core, const struct prism_error *why, bool dead)
{
	struct prism_error copy = *why;
	if (dead)
		each_in_stage(core, STAGE_WAIT_TOKEN, park_each, NULL);
	else
		each_in_stage(core, STAGE_WAIT_TOKEN, fail_each, &copy);
}

void core_requests_unpark(struct core *core)
{
	each_in_stage(core, STAGE_PARKED, go_each, NULL);
}

void core_requests_fail_parked(struct core *core, const struct prism_error *why)
{
	struct prism_error copy = *why;
	each_in_stage(core, STAGE_PARKED, fail_each, &copy);
}

bool core_requests_parking(struct core *core)
{
	return core_requests_self(core)->parking;
}

void core_request_set_parking(struct core *core, bool parking)
{
	core_requests_self(core)->parking = parking;
}
