/*
 * Confidential VMs of the workspace.  Enter opens one; `p` shows its attestation policy, `u` when
 * it was online, `C` its certificates, which are flagged in the list when they are about to expire.
 * `f` shows one status only, at first those that are active.
 */
#include "base/mem.h"
#include "base/text.h"
#include "core/cert.h"
#include "core/cvm.h"
#include "tui/args.h"
#include "tui/listview.h"
#include "tui/views.h"

#include <stdio.h>
#include <string.h>

struct cvms {
	struct pt_listview lv;         /* first: see tui/listview.h */
	struct core_cvm_filter filter; /* its texts are constants below, or of the action table */
	char summary[160];
};

static const char *const states[] = {"active",       "ready",   "busy",     "online",
                                     "initializing", "offline", "inactive", "all"};

enum {
	COLUMN_NAME,
	COLUMN_PHASE,
	COLUMN_STATE,
	COLUMN_AGENT,
	COLUMN_BACKEND,
	COLUMN_PLATFORM,
	COLUMN_CERT,
	COLUMN_CREATED
};

static const struct pt_column columns[] = {
    {"name", "Name", 14, 0, 3, 0, PT_COLUMN_MAIN},
    {"status", "Status", 14, 16, 0, 0, 0},
    {"state", "State", 12, 20, 1, 3, 0},
    {"agent", "Agent URL", 15, 0, 2, 1, 0},
    {"backend", "Backend", 11, 22, 1, 2, 0},
    {"platform", "Platform", 11, 14, 0, 5, 0},
    {"certificate", "Cert", 9, 9, 0, 1, PT_COLUMN_NO_SORT},
    {"created", "Created", 16, 16, 0, 4, PT_COLUMN_TIME},
};

/* How long the one in force still lasts; empty without one: most CVMs need none. */
static void cert_cell(const struct pt_listview *lv, const char *cvm_id, struct pt_value *ret)
{
	const struct core_cert *cert = core_cert_of_cvm(lv->core, cvm_id);
	int64_t now = prism_clock_wall_us(core_clock(lv->core));
	enum core_cert_state state;

	if (!cert)
		return;
	state = core_cert_state(cert, now);
	if (state == CORE_CERT_EXPIRED)
		snprintf(ret->scratch, sizeof(ret->scratch), "expired");
	else if (cert->expires_us == PRISM_TIME_UNSET)
		snprintf(ret->scratch, sizeof(ret->scratch), "valid");
	else
		snprintf(ret->scratch, sizeof(ret->scratch), "%lld d",
		         (long long)((cert->expires_us - now) / 86400000000LL));
	pt_value_state(ret, ret->scratch, core_cert_state_info(state)->tone);
}

static void cell(struct pt_listview *lv, const void *item, int column, struct pt_value *ret)
{
	const struct core_cvm *cvm = item;
	const struct core_cvm_phase_info *phase = core_cvm_phase_info(cvm->phase);

	switch (column) {
	case COLUMN_NAME:
		pt_value_text(ret, cvm->name, cvm->phase == CORE_CVM_INACTIVE ? PT_SLOT_OFF : PT_SLOT_TEXT);
		break;
	case COLUMN_PHASE:
		pt_value_state(ret, cvm->phase == CORE_CVM_UNKNOWN ? cvm->status : phase->label,
		               phase->tone);
		break;
	case COLUMN_STATE:
		pt_value_text(ret, cvm->state, PT_SLOT_TEXT);
		break;
	case COLUMN_AGENT:
		pt_value_text(ret, cvm->agent_url, PT_SLOT_LINK);
		break;
	case COLUMN_BACKEND:
		pt_value_text(ret, core_provider_label(cvm->provider), PT_SLOT_TEXT);
		break;
	case COLUMN_PLATFORM:
		pt_value_text(ret, core_platform_label(cvm->platform), PT_SLOT_DIM);
		break;
	case COLUMN_CERT:
		if (cvm->phase != CORE_CVM_INACTIVE)
			cert_cell(lv, cvm->id, ret);
		break;
	default:
		pt_value_time(lv->tv.app, ret, cvm->created_us);
	}
}

static const char *selected(struct pt_view *view)
{
	return pt_tableview_selected(view);
}

static const char *subject(struct pt_view *view, enum pt_arg_kind kind)
{
	return kind == PT_ARG_CVM ? selected(view) : NULL;
}

static const char *name_of(struct pt_view *view, enum pt_arg_kind kind, const char *id)
{
	const struct pt_listview *lv = view->state;
	const struct core_cvm *cvm = kind == PT_ARG_CVM ? core_cvm_get(lv->core, id) : NULL;

	return cvm ? cvm->name : NULL;
}

static bool may(struct pt_view *view, enum pt_action_id id, char *reason, size_t size)
{
	const struct pt_listview *lv = view->state;

	if ((id == PT_ACTION_CVM_STATISTICS || id == PT_ACTION_CERT_LIST) && !selected(view)) {
		snprintf(reason, size, "no CVM is selected");
		return false;
	}
	return pt_cvm_may(lv->core, selected(view), id, reason, size);
}

/* The detail beside the list is about the row the cursor rests on. */
static void follow(struct pt_listview *lv, const char *id)
{
	pt_cvm_follow(lv->tv.app, id);
}

/* ---- one status only ---- */

static int rank(const struct pt_listview *lv, const void *item)
{
	return core_cvm_fits(item, &((const struct cvms *)lv)->filter) ? 0 : -1;
}

static const char *known_word(const char *const *words, size_t count, const char *word)
{
	for (size_t i = 0; word && i < count; i++)
		if (!strcmp(words[i], word))
			return words[i];
	return NULL;
}

static const char *next_state(const struct cvms *c)
{
	for (size_t i = 0; i < PRISM_COUNT(states); i++)
		if (!strcmp(states[i], c->filter.status))
			return states[(i + 1) % PRISM_COUNT(states)];
	return states[0];
}

static unsigned choose_filter(struct pt_view *view, const struct pt_values *values)
{
	static const char *const platforms[] = {"sev-snp", "tdx"};
	struct cvms *c = view->state;
	const char *status = values ? pt_values_get(values, "status") : next_state(c);
	const char *days = values ? pt_values_get(values, "days") : NULL;
	uint64_t count = 0;

	c->filter.status = known_word(states, PRISM_COUNT(states), status ? status : "active");
	c->filter.platform =
	    values ? known_word(platforms, PRISM_COUNT(platforms), pt_values_get(values, "platform"))
	           : c->filter.platform;
	if (values)
		c->filter.since_us = PRISM_TIME_UNSET;
	if (days && prism_text_parse_u64(days, 36500, &count, NULL) == 0)
		c->filter.since_us =
		    prism_clock_wall_us(core_clock(c->lv.core)) - (int64_t)count * 86400LL * 1000000;
	pt_listview_sync(&c->lv);
	return PT_HANDLED | PT_REDRAW;
}

static const char *summary(struct pt_view *view)
{
	struct cvms *c = view->state;

	snprintf(c->summary, sizeof(c->summary), "%s%s%s%s, %.100s", c->filter.status,
	         c->filter.platform ? " " : "", c->filter.platform ? c->filter.platform : "",
	         c->filter.since_us != PRISM_TIME_UNSET ? ", by age" : "", pt_tableview_summary(view));
	return c->summary;
}

static unsigned run_on(struct pt_view *view, enum pt_action_id id, const char *save)
{
	struct pt_values *values;

	if (!selected(view))
		return PT_HANDLED;
	values = pt_values_create(pt_action(id));
	pt_values_add(values, "cvm", selected(view));
	pt_values_add(values, "save", save);
	if (save)
		pt_app_overlay(view->app, pt_view_form(view->app, values));
	else
		pt_ui_run(view->app, values, false, NULL, NULL);
	return PT_HANDLED | PT_REDRAW;
}

static unsigned act(struct pt_view *view, enum pt_action_id id, const struct pt_values *values)
{
	if (id == PT_ACTION_CVM_FILTER)
		return choose_filter(view, values);
	if (values)
		return PT_IGNORED;
	switch (id) {
	case PT_ACTION_REFRESH:
		core_list_refresh(core_workspace_certs(pt_ui_core(view->app)));
		return pt_listview_refresh(view);
	case PT_ACTION_OPEN:
	case PT_ACTION_CVM_STATISTICS:
		if (selected(view))
			pt_cvm_open(view->app, selected(view),
			            id == PT_ACTION_OPEN ? PT_CVM_TAB_DETAILS : PT_CVM_TAB_UPTIME);
		return PT_HANDLED | PT_REDRAW;
	case PT_ACTION_SAVE:
		return run_on(view, PT_ACTION_CVM_POLICY, "attestation_policy.json");
	default:
		return PT_IGNORED;
	}
}

static const struct pt_actor actor = {
    .where = PT_IN_CVMS,
    .may = may,
    .subject = subject,
    .name_of = name_of,
    .act = act,
};

/* The flags of certificates are drawn anew, too. */
static unsigned changed(struct pt_view *view, const struct core_event *event)
{
	if (event->type == CORE_EVENT_CERTS)
		pt_table_reload(pt_tableview_table(view));
	return event->type == CORE_EVENT_CERTS ? PT_REDRAW : pt_listview_changed(view, event);
}

static const struct pt_view_ops ops = {
    .name = "CVMs",
    PT_LISTVIEW_TABLE_OPS,
    .summary = summary,
    .shown = pt_listview_shown,
    .changed = changed,
    .destroy = pt_listview_destroy,
    .actor = &actor,
};

struct pt_view *pt_view_cvms(struct pt_app *app)
{
	struct cvms *c = prism_alloc(sizeof(*c));
	struct pt_view *view = pt_view_create(app, &ops, c);
	const struct pt_listview_spec spec = {
	    .columns = columns,
	    .column_count = PRISM_COUNT(columns),
	    .list = core_cvms(pt_ui_core(app)),
	    .event = CORE_EVENT_CVMS,
	    .watch = CORE_WATCH_CVMS,
	    .empty = "No CVMs yet",
	    .empty_hint = "press c to create one",
	    .cell = cell,
	    .rank = rank,
	    .rested = follow,
	};

	c->filter = (struct core_cvm_filter){.status = states[0], .since_us = PRISM_TIME_UNSET};
	pt_listview_init(&c->lv, view, &spec);
	core_list_load(core_workspace_certs(c->lv.core)); /* one that is refused leaves no flags */
	return view;
}
