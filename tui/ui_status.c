/*
 * The two lowest rows: the status line, with what is known of the way to the server, the session
 * and an agent that is talked to; and the hint bar, from the action table.
 */
#include "tui/ui_private.h"

#include "base/confine.h"
#include "base/mem.h"
#include "core/appraisal.h"
#include "core/invitation.h"
#include "core/options.h"
#include "core/session.h"
#include "core/transfer.h"
#include "core/tunnels.h"
#include "core/workspace.h"
#include "net/http.h"
#include "tui/permit.h"

#include <stdio.h>
#include <string.h>

#define HALF_MINUTE_US INT64_C(30000000)

static const char *hint_word(struct pt_view *view, enum pt_action_id id)
{
	const struct pt_actor *actor = view ? view->ops->actor : NULL;
	const char *word = actor && actor->word ? actor->word(view, id) : NULL;

	return word ? word : pt_action_hint(pt_action(id));
}

/* By my roles; for a row of a list only those in the workspace, which are the same for each row. */
static bool permitted(struct pt_app *app, struct pt_view *view, enum pt_action_id id, bool of_row)
{
	char reason[200];

	return of_row ? pt_permitted(pt_ui_core(app), id, NULL, reason, sizeof(reason))
	              : pt_ui_permitted(app, view, id, reason, sizeof(reason));
}

/* Hints: the rows flagged for it that have a key here, those of the view before the general ones.
 * In a list they do not follow the row under the cursor: a bar that changes with every step costs
 * more bytes than the step, and the reason is said when the key is pressed. */
size_t pt_ui_hints(struct pt_app *app, struct pt_view *view, struct pt_hint *out, size_t cap)
{
	char(*keys)[PT_KEY_NAME] = pt_ui_of(app)->hint_keys;
	pt_where where = pt_ui_where(view);
	size_t count = 0;
	char reason[200];

	for (int general = 0; general < 2; general++)
		for (int id = PT_ACTION_NONE + 1; id < PT_ACTION_COUNT && count < cap; id++) {
			const struct pt_action *action = pt_action((enum pt_action_id)id);
			bool here = action->where & where & PT_IN_VIEWS;

			if (!(action->flags & PT_ACTION_HINT) || here == (general == 1) ||
			    !(action->where & where))
				continue;
			pt_keymap_keys(pt_ui_of(app)->keymap, (enum pt_action_id)id, where, 1, keys[id],
			               sizeof(keys[id]));
			bool of_row = (where & PT_IN_LIST) && (action->flags & PT_ACTION_SELECTION);
			bool off = !permitted(app, view, (enum pt_action_id)id, of_row);
			if (!*keys[id] ||
			    (!of_row && !off &&
			     !pt_ui_may(app, view, (enum pt_action_id)id, reason, sizeof(reason))))
				continue;
			out[count++] = (struct pt_hint){
			    keys[id], of_row ? pt_action_hint(action) : hint_word(view, (enum pt_action_id)id),
			    off};
		}
	return count;
}

static enum pt_safety safety_of(const char *url, bool tunnel, const char **ret_text)
{
	if (!strncmp(url, "https://", 8)) {
		*ret_text = "HTTPS verified";
		return PT_SAFETY_GOOD;
	}
	if (!strncmp(url, "http://127.", 11) || !strncmp(url, "http://localhost", 16) ||
	    !strncmp(url, "http://[::1]", 12)) {
		*ret_text = tunnel ? "clear text on the bastion" : "clear text, this machine";
		return PT_SAFETY_WARN;
	}
	*ret_text = tunnel ? "CLEAR TEXT behind the bastion" : "CLEAR TEXT";
	return PT_SAFETY_BAD;
}

static void status_token(struct pt_ui *ui)
{
	int64_t left = core_session_access_left_ms(ui->core);
	char until[PRISM_TIME_TEXT];

	ui->token[0] = '\0';
	if (left == INT64_MAX)
		snprintf(ui->token, sizeof(ui->token), "token");
	else if (left > 0)
		snprintf(ui->token, sizeof(ui->token), "token until %.5s",
		         prism_time_local(prism_clock_wall_us(core_clock(ui->core)) + left * 1000 +
		                              HALF_MINUTE_US, /* to the nearest minute */
		                          until) +
		             11);
}

static void add_notice(struct pt_ui *ui, const char *word, const char *text)
{
	size_t len = strlen(ui->notice);

	snprintf(ui->notice + len, sizeof(ui->notice) - len, "%s%s%s", len ? ", " : "", word, text);
}

/* What holds for everything done here, then what is wrong at the moment. */
static void status_notice(struct pt_ui *ui)
{
	const struct prism_error *down = core_connection_error(ui->core);

	ui->notice[0] = '\0';
	if (core_option_bool(ui->world->options, CORE_OPT_READ_ONLY))
		add_notice(ui, "read-only", "");
	if (prism_confined())
		add_notice(ui, "restricted", "");
	if (core_connection(ui->core) == CORE_CONN_DOWN && down)
		add_notice(ui, "offline: ", down->message);
}

/* What is known about the agent that is being talked to, while its connection lives. */
static void status_agent(struct pt_ui *ui, struct pt_status *out)
{
	struct core_transfer_peer peer;

	if (!ui->world->transfers || !core_transfer_peer(ui->world->transfers, &peer))
		return;
	snprintf(ui->agent, sizeof(ui->agent), "agent %s", core_transfer_peer_word(&peer));
	out->agent_text = ui->agent;
	if (peer.appraisal)
		out->agent_safety = !core_appraisal_attested(peer.appraisal) ? PT_SAFETY_BAD
		                    : core_appraisal_not_tee(peer.appraisal) ? PT_SAFETY_WARN
		                                                             : PT_SAFETY_GOOD;
	else
		out->agent_safety = peer.mode == CORE_TLS_NONE ? PT_SAFETY_BAD : PT_SAFETY_WARN;
}

/* "via bastion 12 ms"; what is wrong with the way, when something is. */
static void status_tunnel(struct pt_ui *ui, struct pt_status *out)
{
	ui->tunnel[0] = '\0';
	for (size_t i = 0; i < core_tunnel_count(ui->core); i++) {
		struct net_tunnel_info info = net_tunnel_info(core_tunnel_at(ui->core, i));
		const char *at = strchr(info.hop, '@');
		const char *host = at ? at + 1 : info.hop;

		if (info.state == NET_TUNNEL_IDLE)
			continue;
		if (info.state != NET_TUNNEL_UP) {
			snprintf(ui->tunnel, sizeof(ui->tunnel), "tunnel %.60s %s", host,
			         net_tunnel_state_word(info.state));
			out->tunnel_bad = info.state != NET_TUNNEL_CONNECTING;
			break;
		}
		if (info.latency_ms >= 0)
			snprintf(ui->tunnel, sizeof(ui->tunnel), "via %.60s %lld ms", host,
			         (long long)info.latency_ms);
		else
			snprintf(ui->tunnel, sizeof(ui->tunnel), "via %.60s", host);
	}
	out->tunnel = ui->tunnel;
}

void pt_ui_status(struct pt_app *app, struct pt_status *out)
{
	struct pt_ui *ui = pt_ui_of(app);
	const char *url = core_option_text(ui->world->options, CORE_OPT_URL);
	PRISM_AUTO_FREE char *host = net_url_display(url);
	const struct core_user *user = core_session_user(ui->core);
	const char *bare = strstr(host, "://");
	bool several = core_options_profile_count(ui->world->options) > 1;
	char time[PRISM_TIME_TEXT];

	snprintf(ui->backend, sizeof(ui->backend), "%s%s%s",
	         several ? core_options_profile(ui->world->options) : "", several ? ": " : "",
	         bare ? bare + 3 : host);
	snprintf(ui->user, sizeof(ui->user), "%s", core_session_login_name(ui->core));
	if (user)
		core_user_display(user, ui->user, sizeof(ui->user));
	status_token(ui);
	ui->refreshed[0] = '\0';
	if (ui->refreshed_us)
		snprintf(ui->refreshed, sizeof(ui->refreshed), "%s",
		         prism_time_local(ui->refreshed_us, time) + 11);
	status_notice(ui);
	status_tunnel(ui, out);
	out->backend = ui->backend;
	out->workspace = core_workspace_name(ui->core);
	out->user = ui->user;
	out->token = ui->token;
	out->refreshed = ui->refreshed;
	out->pending = core_pending(ui->core);
	out->transfers =
	    ui->world->transfers ? (unsigned)core_transfer_active(ui->world->transfers) : 0;
	out->invitations = (unsigned)core_my_invitations_pending(ui->core);
	out->safety =
	    safety_of(url, *core_option_text(ui->world->options, CORE_OPT_VIA), &out->safety_text);
	out->mark = strcmp(core_option_text(ui->world->options, CORE_OPT_PRODUCTION), "no") != 0
	                ? "PRODUCTION"
	                : NULL;
	status_agent(ui, out);
	if (out->agent_text) { /* side by side, each says whose it is */
		snprintf(ui->safety, sizeof(ui->safety), "server %s", out->safety_text);
		out->safety_text = ui->safety;
	}
	out->working = pt_ui_working(ui);
	out->notice = ui->notice;
}
