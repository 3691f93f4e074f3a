/*
 * Calls in flight.  The states are explained in the header; one setter logs every transition.
 * Tokens belong to core/session.c; this file asks it for the bearer and waits for it.
 */
#include "core/internal.h"

#include "base/log.h"
#include "base/text.h"
#include "core/audit.h"
#include "core/cache.h"
#include "core/session.h"
#include "core/tunnels.h"
#include "core/workspace.h"

#include <assert.h>
#include <inttypes.h>
#include <string.h>

#define BODY_MAX (64u << 20) /* of a request: sample assets are at most 10 MB of base64 */
#define STAGES(X)                        \
	X(NEW, "new")                        \
	X(WAIT_TOKEN, "waits for a token")   \
	X(WAIT_TUNNEL, "waits for a tunnel") \
	X(PARKED, "parked") X(SENT, "sent") X(WAIT_RETRY, "waits for its retry") X(DONE, "done")

enum stage {
#define X(id, word) STAGE_##id,
	STAGES(X)
#undef X
};
static const char *const stage_words[] = {
#define X(id, word) [STAGE_##id] = word,
    STAGES(X)
#undef X
};

struct core_request {
	struct prism_list node;
	struct core *core;
	const struct core_endpoint *row;
	enum stage stage;
	char *path; /* below the service's URL, encoded, with its query */
	struct prism_buf body;
	const char *content_type, *accept; /* the caller's; NULL: JSON */
	bool has_body, secret_body, password, once, token_retried, alternative_tried, cancelled;
	bool audited, sent;           /* a change for the audit trail; anything was sent at all */
	char *object;                 /* what it changes, in words; NULL: not audited */
	char audit_id[CORE_AUDIT_ID]; /* also the header X-Request-Id */
	enum core_service_choice { CHOICE_UNKNOWN, CHOICE_FIRST, CHOICE_SECOND } sent_to;
	unsigned attempts, token_generation;
	int64_t timeout_ms;
	struct prism_timer *timer;
	struct net_http_request *net;
	struct net_tunnel *tunnel; /* NULL: direct */
	struct net_tunnel_wait wait;
	struct prism_cancel_hook hook;
	core_reply_fn done;
	void *data;
};

struct requests {
	struct core *core;
	struct prism_list all;
	bool parking;
	enum core_service_choice choice[CORE_SERVICE_COUNT]; /* which prefix answered (section 1.4) */
	uint32_t jitter;
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

static struct requests *requests_of(struct core *core)
{
	return core_module(core, &module);
}

static void set_stage(struct core_request *r, enum stage stage)
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
	struct requests *requests = requests_of(r->core);
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

/* --- audit --- */

/* A change, or an attempt at one: everything that is not a read. Renewing a token changes nothing
 * that anybody asked for. */
static bool changes(const struct core_endpoint *row)
{
	return !(row->flags & (CORE_EPF_IDEMPOTENT | CORE_EPF_REFRESH));
}

/* "computation 4f3c, cvm=8a1b": ids of the path, then the query without the workspace. */
static char *object_of(const struct core_call *call, const char *path)
{
	static const char *const nouns[CORE_ARG_COUNT] = {
	    [CORE_ARG_D] = "workspace", [CORE_ARG_C] = "computation", [CORE_ARG_A] = "asset",
	    [CORE_ARG_V] = "CVM",       [CORE_ARG_R] = "role",        [CORE_ARG_U] = "user",
	    [CORE_ARG_S] = "serial",    [CORE_ARG_P] = "provider",    [CORE_ARG_N] = "vCPUs",
	    [CORE_ARG_F] = "platform",
	};
	PRISM_AUTO_BUF struct prism_buf out = PRISM_BUF_INIT(8192);
	for (int i = 0; i < CORE_ARG_COUNT; i++)
		if (call->arg[i])
			prism_buf_printf(&out, "%s%s %.200s", out.len ? ", " : "", nouns[i], call->arg[i]);
	const char *query = strchr(path, '?');
	while (query && *query) {
		size_t len = strcspn(++query, "&");
		if (len && strncmp(query, "domainID=", 9) != 0)
			prism_buf_printf(&out, "%s%.*s", out.len ? ", " : "", (int)(len > 200 ? 200 : len),
			                 query);
		query += len;
	}
	return prism_strdup(prism_buf_text(&out));
}

static void audit_begin(struct core_request *r, const struct core_call *call)
{
	r->audited = changes(r->row);
	if (!r->audited)
		return;
	r->object = object_of(call, r->path);
	core_audit_new_id(r->audit_id);
}

/* Only what left this machine is a change. */
static void audit_end(const struct core_request *r, const struct core_reply *reply,
                      const struct prism_error *err)
{
	if (!r->audited || !r->sent || core_dying(r->core))
		return;
	PRISM_AUTO_FREE char *made =
	    reply && *reply->id && !*r->object ? prism_asprintf("made %.200s", reply->id) : NULL;
	struct core_audit_entry entry = {
	    .action = r->row->name,
	    .object = made ? made : r->object,
	    .outcome = core_audit_judge(err),
	    .status = reply ? reply->status : err->status,
	    .error = err,
	    .request_id = r->audit_id,
	};
	core_audit_write(r->core, &entry);
}

/* --- completion --- */

static void go_later(void *data);
static void fail_cancelled(void *data);

static void free_request(struct core_request *r)
{
	prism_list_remove(&r->node);
	prism_cancel_remove(&r->hook);
	prism_timer_remove(r->timer);
	net_tunnel_unwait(&r->wait);
	prism_loop_undefer(core_loop(r->core), go_later, r);
	prism_loop_undefer(core_loop(r->core), fail_cancelled, r);
	if (r->secret_body)
		prism_buf_wipe(&r->body);
	else
		prism_buf_finish(&r->body);
	prism_free(r->path);
	prism_free(r->object);
	prism_free(r);
}

static void finish(struct core_request *r, const struct core_reply *reply,
                   const struct prism_error *err)
{
	set_stage(r, STAGE_DONE);
	audit_end(r, reply, err);
	core_pending_add(r->core, -1);
	core_reply_fn done = r->done;
	void *data = r->data;
	free_request(r);
	done(data, reply, err);
}

static void fail(struct core_request *r, struct prism_error *err)
{
	if (!err->operation[0])
		snprintf(err->operation, sizeof(err->operation), "%s", r->row->name);
	finish(r, NULL, err);
}

static void fail_cancelled(void *data)
{
	struct core_request *r = data;
	struct prism_error err = PRISM_ERROR_INIT;
	prism_error_raise(&err, PRISM_ERROR_CANCELLED, "cancelled");
	fail(r, &err);
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
		prism_loop_defer(core_loop(r->core), fail_cancelled, r);
}

void core_request_abort(struct core_request *request)
{
	on_cancel(request);
}

void core_requests_init(struct core *core)
{
	requests_of(core);
}

void core_requests_drop(struct core *core)
{
	struct requests *requests = requests_of(core);
	/* All of them first: a callback may fire the token of others, and the engine is gone already.
	 */
	PRISM_LIST_EACH (&requests->all, node, next) {
		struct core_request *r = PRISM_CONTAINER(node, struct core_request, node);
		r->cancelled = true;
		r->net = NULL;
	}
	while (!prism_list_empty(&requests->all))
		fail_cancelled(PRISM_CONTAINER(requests->all.next, struct core_request, node));
}

/* --- sending --- */

static void go(struct core_request *r);
static void answered(void *data, const struct net_http_response *response,
                     const struct prism_error *err);

static bool wants_token(const struct core_request *r)
{
	return !(r->row->flags & (CORE_EPF_OPEN | CORE_EPF_REFRESH));
}

static void decorate(struct core_request *r, struct prism_error *err)
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
	    .once = changes(r->row),
	    .content_type = r->content_type         ? r->content_type
	                    : writes || r->has_body ? "application/json"
	                                            : NULL,
	    .accept = r->accept,
	    .request_id = r->audited ? r->audit_id : NULL,
	    .timeout_ms = r->timeout_ms,
	    .tunnel = r->tunnel,
	    .done = answered,
	    .data = r,
	};
	struct prism_error err = PRISM_ERROR_INIT;
	r->token_generation = core_session_generation(r->core);
	set_stage(r, STAGE_SENT);
	r->sent = true;
	r->net = net_http_start(core_http(r->core), &spec, NULL, &err);
	if (!r->net) {
		decorate(r, &err);
		fail(r, &err);
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
	decorate(r, &copy);
	fail(r, &copy);
}

static void send_now(struct core_request *r)
{
	struct prism_error err = PRISM_ERROR_INIT;
	if (core_tunnel_of_service(r->core, r->row->service, &r->tunnel, &err) < 0) {
		decorate(r, &err);
		fail(r, &err);
		return;
	}
	if (!r->tunnel) {
		send_built(r);
		return;
	}
	set_stage(r, STAGE_WAIT_TUNNEL);
	r->wait.ready = tunnel_ready;
	r->wait.timeout_ms = r->timeout_ms;
	net_tunnel_await(r->tunnel, &r->wait);
}

static void park(struct core_request *r)
{
	if (requests_of(r->core)->parking && core_session_known(r->core)) {
		set_stage(r, STAGE_PARKED);
		return;
	}
	struct prism_error err = PRISM_ERROR_INIT;
	prism_error_raise(&err, PRISM_ERROR_AUTH, "not signed in");
	prism_error_hint(&err, "sign in again");
	fail(r, &err);
}

static void go(struct core_request *r)
{
	if (!wants_token(r)) {
		send_now(r);
	} else if (core_session_state(r->core) == CORE_SESSION_LOGIN_NEEDED ||
	           (!core_session_bearer(r->core, false) && !core_session_bearer(r->core, true))) {
		park(r);
	} else if (core_session_stale(r->core)) {
		set_stage(r, STAGE_WAIT_TOKEN);
		core_session_renew(r->core);
	} else {
		send_now(r);
	}
}

static void go_later(void *data)
{
	struct core_request *r = data;
	go(r);
}

/* --- retry --- */

static bool worth_retrying(const struct core_request *r, int status, const struct prism_error *err)
{
	if (!(r->row->flags & CORE_EPF_IDEMPOTENT) || r->once || r->attempts >= CORE_RETRY_MAX)
		return false;
	if (err)
		return err->category == PRISM_ERROR_IO ||
		       (err->category == PRISM_ERROR_TIMEOUT && r->attempts == 0);
	return status == 429 || status == 502 || status == 503 || status == 504;
}

static int64_t retry_delay(struct core_request *r, const char *retry_after)
{
	struct requests *requests = requests_of(r->core);
	uint64_t seconds;
	if (retry_after && *retry_after &&
	    prism_text_parse_u64(retry_after, 86400, &seconds, NULL) == 0)
		return seconds * 1000 > CORE_RETRY_AFTER_MAX_MS ? CORE_RETRY_AFTER_MAX_MS
		                                                : (int64_t)seconds * 1000;
	int64_t delay = (int64_t)CORE_RETRY_FIRST_MS << r->attempts;
	if (delay > CORE_RETRY_CAP_MS)
		delay = CORE_RETRY_CAP_MS;
	requests->jitter ^= requests->jitter << 13; /* xorshift32: spread, not secrecy */
	requests->jitter ^= requests->jitter >> 17;
	requests->jitter ^= requests->jitter << 5;
	return delay / 2 + requests->jitter % (uint32_t)(delay / 2 + 1);
}

static void retry_due(void *data)
{
	struct core_request *r = data;
	prism_timer_remove(r->timer);
	r->timer = NULL;
	if (!r->cancelled)
		go(r);
}

static void retry_later(struct core_request *r, const char *retry_after)
{
	int64_t delay = retry_delay(r, retry_after);
	r->attempts++;
	prism_log(PRISM_LOG_INFO, "request", "%s: attempt %u in %" PRId64 " ms", r->row->name,
	          r->attempts + 1, delay);
	set_stage(r, STAGE_WAIT_RETRY);
	r->timer = prism_loop_add_timer(core_loop(r->core), delay, 0, retry_due, r);
}

/* --- answers --- */

static char *created_id(const struct net_http_response *response, const cJSON *doc)
{
	const char *id = prism_json_str(doc, "id", "");
	if (!*id) /* {"asset": {"id": ...}} */
		for (const cJSON *child = cJSON_IsObject(doc) ? doc->child : NULL; child && !*id;
		     child = child->next)
			if (cJSON_IsObject(child))
				id = prism_json_str(child, "id", "");
	if (*id)
		return prism_strdup(id);
	char *from = core_id_from_location(response->hx_location);
	return from ? from : core_id_from_location(response->location);
}

static void succeed(struct core_request *r, const struct net_http_response *response)
{
	struct prism_error err = PRISM_ERROR_INIT;
	cJSON *doc = NULL;
	if (response->body_len)
		doc = prism_json_parse(response->body, response->body_len, &err);
	if (!doc && (r->row->flags & CORE_EPF_JSON)) {
		if (response->body_len == 0)
			prism_error_raise(&err, PRISM_ERROR_PROTOCOL,
			                  "the answer is empty where data was expected");
		else
			prism_error_wrap(&err, "the answer of the server cannot be read");
		err.category = PRISM_ERROR_PROTOCOL;
		err.status = response->status;
		prism_error_hint(&err, "the answer may have been cut on its way; try again");
		decorate(r, &err);
		fail(r, &err);
		return;
	}
	PRISM_AUTO_FREE char *id = created_id(response, doc);
	struct core_reply reply = {
	    .status = response->status,
	    .json = doc,
	    .text = response->body,
	    .text_len = response->body_len,
	    .id = id ? id : "",
	};
	if (doc)
		core_cache_offer(r->core, r->row, r->path, response->body, response->body_len);
	finish(r, &reply, NULL);
	prism_json_wipe(doc); /* may hold tokens */
}

/* The documented and the actual prefix of a service differ (section 1.4 rule 2): try the other
 * once. */
static bool try_alternative(struct core_request *r, const struct net_http_response *response)
{
	struct requests *requests = requests_of(r->core);
	enum core_service service = r->row->service;
	bool html = core_reply_is_html(response->content_type, response->body);
	bool absent = response->status == 404 || response->status == 405 || html;
	if (!absent) {
		if (requests->choice[service] == CHOICE_UNKNOWN)
			requests->choice[service] = r->sent_to;
		return false;
	}
	if (requests->choice[service] != CHOICE_UNKNOWN || r->alternative_tried ||
	    r->sent_to == CHOICE_UNKNOWN || !core_service_alternative(service))
		return false;
	r->alternative_tried = true;
	return true;
}

static bool token_refused(struct core_request *r, const struct net_http_response *response)
{
	if (response->status != 401 || !wants_token(r) || r->row->flags & CORE_EPF_NO_REFRESH ||
	    r->token_retried)
		return false;
	return !prism_text_contains(response->body, "email not verified");
}

static void renew_and_go(struct core_request *r)
{
	r->token_retried = true;
	if (r->token_generation != core_session_generation(r->core) ||
	    core_session_state(r->core) == CORE_SESSION_LOGIN_NEEDED) {
		go(r); /* renewed, or found dead, while this one was on its way */
		return;
	}
	set_stage(r, STAGE_WAIT_TOKEN);
	core_session_renew(r->core);
}

static void answered(void *data, const struct net_http_response *response,
                     const struct prism_error *err)
{
	struct core_request *r = data;
	r->net = NULL;
	if (r->cancelled) {
		fail_cancelled(r);
		return;
	}
	int status = response ? response->status : 0;
	if (err) {
		struct prism_error copy = *err;
		bool down = err->category == PRISM_ERROR_IO || err->category == PRISM_ERROR_TIMEOUT ||
		            err->category == PRISM_ERROR_TRUST;
		if (down)
			core_connection_report(r->core, err);
		if (worth_retrying(r, 0, err)) {
			retry_later(r, NULL);
			return;
		}
		decorate(r, &copy);
		fail(r, &copy);
		return;
	}
	prism_log(PRISM_LOG_DEBUG, "request", "%s: HTTP %d, %zu bytes, %" PRId64 " ms", r->row->name,
	          status, response->body_len, response->elapsed_ms);
	core_connection_report(r->core, NULL);
	core_skew_report(r->core, response->server_date_us);
	if (try_alternative(r, response)) {
		go(r);
	} else if (token_refused(r, response)) {
		renew_and_go(r);
	} else if (worth_retrying(r, status, NULL)) {
		retry_later(r, response->retry_after);
	} else if (status >= 200 && status < 300 &&
	           !core_reply_is_html(response->content_type, response->body)) {
		succeed(r, response);
	} else {
		struct prism_error failure = PRISM_ERROR_INIT;
		core_reply_error(status, response->content_type, response->body, response->body_len, r->row,
		                 &failure);
		decorate(r, &failure);
		fail(r, &failure);
	}
}

/* --- start --- */

static int refuse(struct core *core, const struct core_endpoint *row, struct prism_error *err)
{
	bool write = changes(row) && !(row->flags & CORE_EPF_OPEN);
	if (core_dying(core))
		return prism_error_raise(err, PRISM_ERROR_CANCELLED, "shutting down");
	if (write && core_option_bool(core_options(core), CORE_OPT_READ_ONLY)) {
		prism_error_raise(err, PRISM_ERROR_DENIED, "read-only mode is on: nothing is changed");
		prism_error_hint(err, "start without --read-only, or set read_only = no in the profile");
		return -1;
	}
	if (changes(row) && core_audit_ready(core, err) < 0)
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
	audit_begin(r, call);
	prism_list_append(&requests_of(core)->all, &r->node);
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
	struct requests *requests = requests_of(core);
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
	go(r);
}

static void park_each(struct core_request *r, void *data)
{
	park(r);
}

static void fail_each(struct core_request *r, void *data)
{
	struct prism_error err = *(const struct prism_error *)data;
	err.operation[0] = '\0';
	fail(r, &err);
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
	return requests_of(core)->parking;
}

void core_request_set_parking(struct core *core, bool parking)
{
	requests_of(core)->parking = parking;
}
