/*
 * Commands about tunnels: the list of hops, connecting anew, closing.
 */
#include "core/tunnels.h"
#include "tui/commands.h"

#include <inttypes.h>
#include <string.h>

static const struct pt_record_column columns[] = {
    {"tunnel", "Tunnel"},         {"hop", NULL},      {"depth", NULL},
    {"state", "State"},           {"stage", NULL},    {"latency_ms", "Latency ms"},
    {"received", "Received"},     {"sent", "Sent"},   {"channels", "Channels"},
    {"reconnects", "Reconnects"}, {"since", "Since"}, {"host_key", NULL},
    {"method", "Signed in by"},   {"error", "Error"}, {NULL, NULL},
};

static void add(struct pt_records *records, const struct net_tunnel_info *info)
{
	pt_records_text(records, info->name);
	pt_records_text(records, info->hop);
	pt_records_int(records, info->depth);
	pt_records_text(records, net_tunnel_state_word(info->state));
	pt_records_text(records, info->stage);
	if (info->latency_ms >= 0)
		pt_records_int(records, info->latency_ms);
	else
		pt_records_text(records, NULL);
	pt_records_int(records, (int64_t)info->received);
	pt_records_int(records, (int64_t)info->sent);
	pt_records_int(records, info->channels);
	pt_records_int(records, info->reconnects);
	pt_records_time(records, info->since_us);
	pt_records_text(records, info->fingerprint);
	pt_records_text(records, info->method);
	pt_records_text(records, info->error ? info->error->message : NULL);
}

static void list(struct pt_command *command)
{
	command->records = pt_records_create(columns, 0);
	for (size_t i = 0; i < core_tunnel_count(command->core); i++) {
		struct net_tunnel_info info = net_tunnel_info(core_tunnel_at(command->core, i));

		add(command->records, &info);
	}
	pt_command_done(command, NULL);
}

#define LATENCY_MS 3000 /* the longest wait for the first round trip to be measured */

struct opening {
	struct net_tunnel_wait wait;
	struct pt_command *command;
	struct net_tunnel *tunnel;
	struct core_subscription *subscription;
	struct prism_timer *timer;
	struct prism_cancel_hook hook;
};

static void opening_free(void *state)
{
	struct opening *o = state;

	net_tunnel_unwait(&o->wait);
	core_unsubscribe(o->subscription);
	prism_timer_remove(o->timer);
	prism_cancel_remove(&o->hook);
	prism_free(o);
}

static void measured(void *data, const struct core_event *event)
{
	struct opening *o = data;

	if (event->type != CORE_EVENT_TUNNELS || net_tunnel_info(o->tunnel).latency_ms < 0)
		return;
	core_unsubscribe(o->subscription);
	o->subscription = NULL;
	prism_timer_remove(o->timer);
	o->timer = NULL;
	list(o->command);
}

static void not_measured(void *data)
{
	struct opening *o = data;

	core_unsubscribe(o->subscription);
	o->subscription = NULL;
	list(o->command);
}

static void opened(struct net_tunnel_wait *wait, struct net_ssh *ssh, const struct prism_error *err)
{
	struct opening *o = PRISM_CONTAINER(wait, struct opening, wait);

	PRISM_UNUSED(ssh);
	if (err) {
		pt_command_done(o->command, err);
		return;
	}
	o->subscription = core_subscribe(o->command->core, measured, o);
	o->timer = prism_loop_add_timer(o->command->world->loop, LATENCY_MS, 0, not_measured, o);
	core_emit(o->command->core, CORE_EVENT_TUNNELS, NULL); /* it may be known already */
}

static void opening_cancelled(void *data)
{
	struct opening *o = data;
	struct prism_error err = PRISM_ERROR_INIT;

	net_tunnel_unwait(&o->wait);
	core_unsubscribe(o->subscription);
	o->subscription = NULL;
	prism_timer_remove(o->timer);
	o->timer = NULL;
	prism_error_raise(&err, PRISM_ERROR_CANCELLED, "cancelled");
	pt_command_done(o->command, &err);
}

/* With a way: brought up first, and so its numbers are there to be seen. */
void pt_cmd_tunnel_list(struct pt_command *command)
{
	const char *via = pt_command_get(command, "via");
	struct prism_error err = PRISM_ERROR_INIT;
	struct net_tunnel *tunnel;
	struct opening *o;

	if (!via) {
		list(command);
		return;
	}
	tunnel = core_tunnel(command->core, via, &err);
	if (!tunnel) {
		pt_command_done(command, &err);
		return;
	}
	o = command->state = prism_alloc(sizeof(*o));
	command->state_free = opening_free;
	o->command = command;
	o->tunnel = tunnel;
	o->wait.ready = opened;
	o->hook = (struct prism_cancel_hook){.fire = opening_cancelled, .data = o};
	prism_cancel_add(command->cancel, &o->hook);
	net_tunnel_await(tunnel, &o->wait);
}

static void with_tunnel(struct pt_command *command, void (*fn)(struct net_tunnel *tunnel),
                        const char *what)
{
	struct prism_error err = PRISM_ERROR_INIT;
	struct net_tunnel *tunnel =
	    core_tunnel_find(command->core, pt_command_get(command, "tunnel"), &err);

	if (tunnel) {
		fn(tunnel);
		pt_command_message(command, "%s %s", net_tunnel_info(tunnel).name, what);
	}
	pt_command_done(command, tunnel ? NULL : &err);
}

void pt_cmd_tunnel_reconnect(struct pt_command *command)
{
	with_tunnel(command, net_tunnel_reconnect, "connects anew");
}

void pt_cmd_tunnel_close(struct pt_command *command)
{
	with_tunnel(command, net_tunnel_close, "is closed");
}
