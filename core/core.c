/*
 * The root: events, modules, counters, connection state.  Knows nothing of any endpoint.
 *
 * Destroying completes what is in flight with category cancelled, at once: the data of callbacks
 * must be alive until then.  New requests are refused meanwhile.
 */
#include "core/internal.h"

#include "base/file.h"
#include "core/list.h"
#include "net/http.h"

#include <string.h>

struct core_subscription {
	struct prism_list node;
	struct core *core;
	core_event_fn fn; /* NULL: unsubscribed during a delivery */
	void *data;
};

struct module_slot {
	struct prism_list node;
	const struct core_module *module;
	void *state;
};

struct queued_event {
	enum core_event_type type;
	char *id;
	struct core_notice notice;
	char *text;
	struct prism_error *error;
};

struct core {
	struct prism_loop *loop;
	struct prism_work *work;
	struct core_options *options;
	struct prism_cancel *cancel;
	struct net_http *http;
	struct prism_list modules; /* newest first */
	struct prism_list subscriptions;
	struct queued_event *queue;
	size_t queued, queue_room;
	bool delivery_planned, delivering, dying;
	unsigned pending, parked;
	enum core_connection connection;
	struct prism_error connection_error;
	int64_t skew_us;
	bool skew_told;
};

static const char *const event_words[CORE_EVENT_COUNT] = {
#define X(id, word, what) [CORE_EVENT_##id] = word,
    CORE_EVENT_MAP(X)
#undef X
};

const char *core_event_word(enum core_event_type type)
{
	return event_words[type];
}

/* --- life --- */

struct core *core_create(struct prism_loop *loop, struct prism_work *work,
                         struct core_options *options)
{
	struct core *core = prism_alloc(sizeof(*core));
	core->loop = loop;
	core->work = work;
	core->options = options;
	core->cancel = prism_cancel_create(NULL);
	prism_list_init(&core->modules);
	prism_list_init(&core->subscriptions);
	core_requests_init(core);
	core_watches_init(core);
	return core;
}

static void free_event(struct queued_event *event)
{
	prism_free(event->id);
	prism_free(event->text);
	prism_free(event->error);
}

static void deliver(void *data);

void core_destroy(struct core *core)
{
	if (!core)
		return;
	core->dying = true;
	net_http_destroy(core->http);
	core->http = NULL;
	core_requests_drop(core);
	prism_cancel_fire(core->cancel);
	PRISM_LIST_EACH (&core->modules, node, next) {
		struct module_slot *slot = PRISM_CONTAINER(node, struct module_slot, node);
		prism_list_remove(&slot->node);
		if (slot->module->list)
			core_list_destroy(slot->state);
		else
			slot->module->destroy(slot->state);
		prism_free(slot);
	}
	prism_loop_undefer(core->loop, deliver, core);
	for (size_t i = 0; i < core->queued; i++)
		free_event(&core->queue[i]);
	prism_free(core->queue);
	PRISM_LIST_EACH (&core->subscriptions, node, next) {
		prism_list_remove(node);
		prism_free(PRISM_CONTAINER(node, struct core_subscription, node));
	}
	prism_cancel_destroy(core->cancel);
	int saved = core_remember_flush(core->options, NULL);
	PRISM_UNUSED(saved); /* pane sizes are not worth a message */
	prism_free(core);
}

struct prism_loop *core_loop(const struct core *core)
{
	return core->loop;
}

struct prism_work *core_work(const struct core *core)
{
	return core->work;
}

const struct prism_clock *core_clock(const struct core *core)
{
	return prism_loop_clock(core->loop);
}

struct core_options *core_options(const struct core *core)
{
	return core->options;
}

struct prism_cancel *core_cancel(const struct core *core)
{
	return core->cancel;
}

bool core_dying(const struct core *core)
{
	return core->dying;
}

struct net_http *core_http(struct core *core)
{
	if (!core->http) {
		const char *ca_file = core_option_text(core->options, CORE_OPT_CA_FILE);
		PRISM_AUTO_FREE char *expanded = *ca_file ? prism_path_expand(ca_file) : NULL;
		struct net_http_config config = {
		    .ca_file = expanded,
		    .user_agent = "prism-tui/" PRISM_VERSION,
		    .connect_timeout_ms = core_option_int(core->options, CORE_OPT_CONNECT_TIMEOUT),
		    .max_connections = 6,
		};
		core->http = net_http_create(core->loop, &config);
	}
	return core->http;
}

/* --- modules --- */

void *core_module(struct core *core, const struct core_module *module)
{
	PRISM_LIST_EACH (&core->modules, node, next) {
		struct module_slot *slot = PRISM_CONTAINER(node, struct module_slot, node);
		if (slot->module == module)
			return slot->state;
	}
	struct module_slot *slot = prism_alloc(sizeof(*slot));
	slot->module = module;
	/* may make others first; those outlive this one */
	slot->state =
	    module->list ? core_list_create(core, module->list, NULL, NULL) : module->create(core);
	prism_list_prepend(&core->modules, &slot->node);
	return slot->state;
}

void core_reset_modules(struct core *core)
{
	PRISM_LIST_EACH (&core->modules, node, next) {
		struct module_slot *slot = PRISM_CONTAINER(node, struct module_slot, node);
		if (slot->module->list)
			core_list_clear(slot->state);
		else if (slot->module->reset)
			slot->module->reset(slot->state);
	}
}

/* --- events --- */

struct core_subscription *core_subscribe(struct core *core, core_event_fn fn, void *data)
{
	struct core_subscription *subscription = prism_alloc(sizeof(*subscription));
	subscription->core = core;
	subscription->fn = fn;
	subscription->data = data;
	prism_list_append(&core->subscriptions, &subscription->node);
	return subscription;
}

void core_unsubscribe(struct core_subscription *subscription)
{
	if (!subscription)
		return;
	if (subscription->core->delivering) {
		subscription->fn = NULL;
		return;
	}
	prism_list_remove(&subscription->node);
	prism_free(subscription);
}

static void deliver_one(struct core *core, const struct queued_event *queued)
{
	struct core_event event = {.type = queued->type, .id = queued->id};
	if (queued->type == CORE_EVENT_NOTICE)
		event.notice = &queued->notice;
	PRISM_LIST_EACH (&core->subscriptions, node, next) {
		struct core_subscription *s = PRISM_CONTAINER(node, struct core_subscription, node);
		if (s->fn)
			s->fn(s->data, &event);
	}
}

static void deliver(void *data)
{
	struct core *core = data;
	struct queued_event *batch = core->queue;
	size_t count = core->queued;
	core->queue = NULL;
	core->queued = core->queue_room = 0;
	core->delivery_planned = false;
	core->delivering = true;
	for (size_t i = 0; i < count; i++) {
		deliver_one(core, &batch[i]);
		free_event(&batch[i]);
	}
	core->delivering = false;
	prism_free(batch);
	PRISM_LIST_EACH (&core->subscriptions, node, next) {
		struct core_subscription *s = PRISM_CONTAINER(node, struct core_subscription, node);
		if (s->fn)
			continue;
		prism_list_remove(&s->node);
		prism_free(s);
	}
}

static struct queued_event *enqueue(struct core *core, enum core_event_type type)
{
	if (core->queued == core->queue_room) {
		core->queue_room = core->queue_room ? core->queue_room * 2 : 16;
		core->queue = prism_realloc_array(core->queue, core->queue_room, sizeof(*core->queue));
	}
	struct queued_event *event = &core->queue[core->queued++];
	*event = (struct queued_event){.type = type};
	if (!core->delivery_planned) {
		core->delivery_planned = true;
		prism_loop_defer(core->loop, deliver, core);
	}
	return event;
}

void core_emit(struct core *core, enum core_event_type type, const char *id)
{
	if (core->dying)
		return;
	if (!id)
		id = "";
	for (size_t i = 0; i < core->queued; i++)
		if (core->queue[i].type == type && strcmp(core->queue[i].id, id) == 0)
			return;
	enqueue(core, type)->id = prism_strdup(id);
}

static void notice(struct core *core, enum core_severity severity, char *text,
                   const struct prism_error *err)
{
	if (core->dying) {
		prism_free(text);
		return;
	}
	struct queued_event *event = enqueue(core, CORE_EVENT_NOTICE);
	event->id = prism_strdup("");
	event->text = text;
	event->error = err ? prism_memdup(err, sizeof(*err)) : NULL;
	event->notice = (struct core_notice){
	    .severity = severity,
	    .wall_us = prism_clock_wall_us(core_clock(core)),
	    .text = event->text,
	    .error = event->error,
	};
}

void core_notify(struct core *core, enum core_severity severity, const char *fmt, ...)
{
	struct prism_buf text = PRISM_BUF_INIT(PRISM_ERROR_TEXT * 4);
	char line[PRISM_ERROR_TEXT * 2];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	prism_buf_puts(&text, line);
	notice(core, severity, prism_buf_take(&text, NULL), NULL);
}

void core_notify_error(struct core *core, const struct prism_error *err)
{
	if (err->category == PRISM_ERROR_CANCELLED || err->category == PRISM_ERROR_NONE)
		return;
	char line[PRISM_ERROR_TEXT * 3];
	notice(core, CORE_ERROR, prism_strdup(prism_error_format(err, line, sizeof(line))), err);
}

/* --- counters and connection --- */

unsigned core_pending(const struct core *core)
{
	return core->pending;
}

unsigned core_parked(const struct core *core)
{
	return core->parked;
}

void core_pending_add(struct core *core, int delta)
{
	core->pending = (unsigned)((int)core->pending + delta);
	core_emit(core, CORE_EVENT_REQUESTS, NULL);
}

void core_parked_add(struct core *core, int delta)
{
	core->parked = (unsigned)((int)core->parked + delta);
	core_emit(core, CORE_EVENT_REQUESTS, NULL);
}

enum core_connection core_connection(const struct core *core)
{
	return core->connection;
}

const struct prism_error *core_connection_error(const struct core *core)
{
	return core->connection == CORE_CONN_DOWN ? &core->connection_error : NULL;
}

void core_connection_report(struct core *core, const struct prism_error *err)
{
	enum core_connection now = err ? CORE_CONN_DOWN : CORE_CONN_UP;
	if (err)
		prism_error_copy(&core->connection_error, err);
	if (now == core->connection)
		return;
	core->connection = now;
	core_emit(core, CORE_EVENT_CONNECTION, NULL);
}

int64_t core_clock_skew_us(const struct core *core)
{
	return core->skew_us;
}

void core_skew_report(struct core *core, int64_t server_us)
{
	if (server_us == PRISM_TIME_UNSET)
		return;
	/* The Date header has whole seconds: less than two is noise. */
	int64_t skew = server_us - prism_clock_wall_us(core_clock(core));
	core->skew_us = skew > -2000000 && skew < 2000000 ? 0 : skew;
	bool far = core->skew_us > CORE_SKEW_WARN_US || core->skew_us < -CORE_SKEW_WARN_US;
	if (!far || core->skew_told)
		return;
	core->skew_told = true;
	char span[PRISM_TIME_TEXT];
	prism_time_span(skew < 0 ? -skew : skew, span);
	core_notify(core, CORE_WARNING,
	            "the clock of this machine is %s %s the server's; times shown may be off", span,
	            skew > 0 ? "behind" : "ahead of");
	core_emit(core, CORE_EVENT_CONNECTION, NULL);
}
