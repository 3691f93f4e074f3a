/*
 * Tunnels: every hop with its state, latency, bytes and channels; `t` connects anew, `x` closes,
 * Enter shows all of it.
 */
#include "base/mem.h"
#include "base/text.h"
#include "core/tunnels.h"
#include "tui/args.h"
#include "tui/dialog.h"
#include "tui/tableview.h"
#include "tui/views.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

struct tunnels {
	struct pt_tableview tv; /* first: see tui/tableview.h */
	struct core *core;
};

enum {
	COLUMN_HOP,
	COLUMN_STATE,
	COLUMN_LATENCY,
	COLUMN_CHANNELS,
	COLUMN_RECEIVED,
	COLUMN_SENT,
	COLUMN_SINCE,
	COLUMN_NOTE
};

static const struct pt_column columns[] = {
    {"hop", "Hop", 14, 44, 2, 0, PT_COLUMN_MAIN},
    {"state", "State", 10, 12, 0, 0, 0},
    {"latency", "Latency", 8, 9, 0, 1, PT_COLUMN_NUMBER},
    {"channels", "Chan", 4, 5, 0, 3, PT_COLUMN_NUMBER},
    {"received", "Received", 9, 10, 0, 2, PT_COLUMN_NUMBER},
    {"sent", "Sent", 9, 10, 0, 2, PT_COLUMN_NUMBER},
    {"since", "Since", 19, 20, 0, 5, PT_COLUMN_TIME},
    {"note", "Note", 12, 0, 3, 4, PT_COLUMN_NO_SORT},
};

static size_t count(void *data)
{
	return core_tunnel_count(((struct tunnels *)data)->core);
}

static const char *row_id(void *data, size_t row)
{
	struct tunnels *t = data;

	return row < core_tunnel_count(t->core) ? net_tunnel_info(core_tunnel_at(t->core, row)).name
	                                        : NULL;
}

static enum core_tone tone_of(const struct net_tunnel_info *info)
{
	static const enum core_tone tones[NET_TUNNEL_STATE_COUNT] = {
	    [NET_TUNNEL_IDLE] = CORE_TONE_MUTED, [NET_TUNNEL_CONNECTING] = CORE_TONE_ACTIVE,
	    [NET_TUNNEL_UP] = CORE_TONE_GOOD,    [NET_TUNNEL_WAITING] = CORE_TONE_WARN,
	    [NET_TUNNEL_FAILED] = CORE_TONE_BAD,
	};

	return info->asking ? CORE_TONE_WARN : tones[info->state];
}

static void cell_bytes(struct pt_value *ret, uint64_t bytes)
{
	char text[24];

	snprintf(ret->scratch, sizeof(ret->scratch), "%s", prism_text_bytes(bytes, text));
	ret->text = ret->scratch;
	ret->number = (int64_t)bytes;
}

static void cell_note(struct pt_value *ret, const struct net_tunnel_info *info)
{
	ret->slot = PT_SLOT_DIM;
	if (info->asking) {
		ret->text = "waits for your answer";
		ret->slot = PT_SLOT_WARN;
	} else if (info->error) {
		char again[40] = "";

		if (info->retry_ms)
			snprintf(again, sizeof(again),
			         "again in %lld s: ", (long long)(info->retry_ms + 999) / 1000);
		snprintf(ret->scratch, sizeof(ret->scratch), "%s%.110s", again, info->error->message);
		ret->text = ret->scratch;
		ret->slot = PT_SLOT_BAD;
	} else {
		ret->text = *info->stage ? info->stage : info->method;
	}
}

static void cell(void *data, size_t row, int column, struct pt_value *ret)
{
	const struct tunnels *t = data;
	struct net_tunnel_info info;
	char time[PRISM_TIME_TEXT];

	if (row >= core_tunnel_count(t->core))
		return;
	info = net_tunnel_info(core_tunnel_at(t->core, row));
	ret->slot = PT_SLOT_TEXT;
	switch (column) {
	case COLUMN_HOP:
		snprintf(ret->scratch, sizeof(ret->scratch), "%*s%s", (int)info.depth * 2, "", info.hop);
		ret->text = ret->scratch;
		break;
	case COLUMN_STATE:
		ret->text = net_tunnel_state_word(info.state);
		ret->slot = pt_tone_slot(tone_of(&info));
		break;
	case COLUMN_LATENCY:
		ret->number = info.latency_ms;
		if (info.latency_ms >= 0)
			snprintf(ret->scratch, sizeof(ret->scratch), "%" PRId64 " ms", info.latency_ms);
		ret->text = ret->scratch;
		break;
	case COLUMN_CHANNELS:
		snprintf(ret->scratch, sizeof(ret->scratch), "%u", info.channels);
		ret->text = ret->scratch;
		ret->number = info.channels;
		break;
	case COLUMN_RECEIVED:
		cell_bytes(ret, info.received);
		break;
	case COLUMN_SENT:
		cell_bytes(ret, info.sent);
		break;
	case COLUMN_SINCE:
		snprintf(ret->scratch, sizeof(ret->scratch), "%s", prism_time_local(info.since_us, time));
		ret->text = ret->scratch;
		ret->number = info.since_us;
		break;
	default:
		cell_note(ret, &info);
	}
}

static const struct pt_table_model model = {.count = count, .id = row_id, .cell = cell};

/* ---- actions ---- */

static struct net_tunnel *selected(struct pt_view *view)
{
	struct tunnels *t = view->state;
	const char *id = pt_tableview_selected(view);

	return id ? core_tunnel_find(t->core, id, NULL) : NULL;
}

static bool may(struct pt_view *view, enum pt_action_id id, char *reason, size_t size)
{
	struct net_tunnel *tunnel = selected(view);

	if (id != PT_ACTION_TUNNEL_RECONNECT && id != PT_ACTION_TUNNEL_CLOSE)
		return true;
	if (!tunnel)
		snprintf(reason, size, "there is no tunnel");
	else if (id == PT_ACTION_TUNNEL_CLOSE && net_tunnel_info(tunnel).state == NET_TUNNEL_IDLE)
		snprintf(reason, size, "it is closed");
	else
		return true;
	return false;
}

static void show(struct pt_view *view)
{
	struct net_tunnel *tunnel = selected(view);
	struct net_tunnel_info info;
	PRISM_AUTO_BUF struct prism_buf text = PRISM_BUF_INIT(65536);
	char line[1024], in[24], out[24];

	if (!tunnel)
		return;
	info = net_tunnel_info(tunnel);
	prism_buf_printf(&text,
	                 "way         %s\nstate       %s%s%s\nhost key    %s\nsigned in   %s\n"
	                 "received    %s\nsent        %s\nchannels    %u\nreconnects  %u\n",
	                 info.name, net_tunnel_state_word(info.state), *info.stage ? ", " : "",
	                 info.stage, info.fingerprint, info.method, prism_text_bytes(info.received, in),
	                 prism_text_bytes(info.sent, out), info.channels, info.reconnects);
	if (info.latency_ms >= 0)
		prism_buf_printf(&text, "latency     %" PRId64 " ms for one round trip\n", info.latency_ms);
	if (info.error)
		prism_buf_printf(&text, "\n%s\n%s\n", prism_error_format(info.error, line, sizeof(line)),
		                 info.error->hint);
	pt_dialog_text(view->app, "Tunnel", prism_buf_text(&text));
}

static unsigned act(struct pt_view *view, enum pt_action_id id, const struct pt_values *values)
{
	struct net_tunnel *tunnel = selected(view);

	if (values && pt_values_get(values, "tunnel"))
		return PT_IGNORED; /* the command does it */
	switch (id) {
	case PT_ACTION_OPEN:
		show(view);
		break;
	case PT_ACTION_TUNNEL_RECONNECT:
		if (tunnel)
			net_tunnel_reconnect(tunnel);
		break;
	case PT_ACTION_TUNNEL_CLOSE:
		if (tunnel)
			net_tunnel_close(tunnel);
		break;
	case PT_ACTION_REFRESH:
		break;
	default:
		return PT_IGNORED;
	}
	pt_table_reload(pt_tableview_table(view));
	return PT_HANDLED | PT_REDRAW;
}

static const struct pt_actor actor = {.where = PT_IN_TUNNELS, .may = may, .act = act};

/* ---- view ---- */

static const char *title(struct pt_view *view)
{
	PRISM_UNUSED(view);
	return "Tunnels";
}

static unsigned changed(struct pt_view *view, const struct core_event *event)
{
	if (event->type != CORE_EVENT_TUNNELS)
		return PT_IGNORED;
	pt_table_reload(pt_tableview_table(view));
	return PT_REDRAW;
}

static void destroy(struct pt_view *view)
{
	struct tunnels *t = view->state;

	pt_tableview_finish(&t->tv);
	prism_free(t);
}

static const struct pt_view_ops ops = {
    .name = "tunnels",
    PT_TABLEVIEW_OPS,
    .title = title,
    .summary = pt_tableview_summary,
    .changed = changed,
    .destroy = destroy,
    .actor = &actor,
};

struct pt_view *pt_view_tunnels(struct pt_app *app)
{
	struct tunnels *t = prism_alloc(sizeof(*t));
	struct pt_view *view = pt_view_create(app, &ops, t);

	t->core = pt_ui_core(app);
	pt_tableview_init(&t->tv, view, columns, PRISM_COUNT(columns), &model);
	pt_tableview_reload_local(
	    &t->tv, "No tunnel is in use",
	    "via = user@bastion in the profile, or --via, leads through SSH hosts", NULL);
	return view;
}
