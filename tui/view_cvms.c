/*
 * Confidential VMs of the workspace.  Enter shows one; `p` its attestation policy, `C` its
 * certificates, which are flagged in the list when they are about to expire.
 */
#include "base/mem.h"
#include "core/cert.h"
#include "core/cvm.h"
#include "core/permission.h"
#include "tui/args.h"
#include "tui/listview.h"
#include "tui/views.h"

#include <stdio.h>
#include <string.h>

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
		pt_value_time(lv->app, ret, cvm->created_us);
	}
}

static const char *selected(struct pt_view *view)
{
	return pt_table_selected(pt_listview_table(view));
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
	const char *chosen = selected(view);
	const struct core_cvm *cvm = chosen ? core_cvm_get(lv->core, chosen) : NULL;

	if (id == PT_ACTION_CVM_CREATE)
		return core_workspace_may(lv->core, CORE_WPERM_CREATE_CVMS, reason, size);
	if (id != PT_ACTION_CVM_DELETE && id != PT_ACTION_CVM_POLICY)
		return true;
	if (!cvm) {
		snprintf(reason, size, "no CVM is selected");
		return false;
	}
	if (cvm->phase == CORE_CVM_INACTIVE) {
		snprintf(reason, size, "it is inactive");
		return false;
	}
	return id != PT_ACTION_CVM_DELETE ||
	       core_workspace_may(lv->core, CORE_WPERM_REMOVE_CVMS, reason, size);
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
	if (values)
		return PT_IGNORED;
	switch (id) {
	case PT_ACTION_REFRESH:
		return pt_listview_refresh(view);
	case PT_ACTION_OPEN:
		return run_on(view, PT_ACTION_CVM_SHOW, NULL);
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
		pt_table_reload(pt_listview_table(view));
	return event->type == CORE_EVENT_CERTS ? PT_REDRAW : pt_listview_changed(view, event);
}

static const struct pt_view_ops ops = {
    .name = "CVMs",
    .summary = pt_listview_summary,
    .shown = pt_listview_shown,
    .prepare = pt_listview_prepare,
    .draw = pt_listview_draw,
    .key = pt_listview_key,
    .changed = changed,
    .destroy = pt_listview_destroy,
    .table = pt_listview_table,
    .actor = &actor,
};

struct pt_view *pt_view_cvms(struct pt_app *app)
{
	struct pt_listview *lv = prism_alloc(sizeof(*lv));
	struct pt_view *view = pt_view_create(app, &ops, lv);
	const struct pt_listview_spec spec = {
	    .columns = columns,
	    .column_count = PRISM_COUNT(columns),
	    .list = core_cvms(pt_ui_core(app)),
	    .event = CORE_EVENT_CVMS,
	    .watch = CORE_WATCH_CVMS,
	    .empty = "No CVMs yet",
	    .empty_hint = "press c to create one",
	    .cell = cell,
	};

	pt_listview_init(lv, view, &spec);
	core_list_load(core_workspace_certs(lv->core)); /* one that is refused leaves no flags */
	return view;
}
