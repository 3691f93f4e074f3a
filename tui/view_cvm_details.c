/*
 * Details of a CVM: every field of the web console's page, and whether it can run something now.
 * Enter on a line does what it is about: saves the attestation report, shows the policy.
 *
 * Reports and tokens are those of the CVM asked for alone: lists may leave them out.  They are
 * asked for when the page opens, when the CVM comes to another phase, and with `r`.
 */
#include "base/mem.h"
#include "base/text.h"
#include "core/cvm.h"
#include "tui/args.h"
#include "tui/linesview.h"
#include "tui/listview.h"
#include "tui/views.h"

#include <stdio.h>
#include <string.h>

#define LABEL_WIDTH 24
#define LABEL_NARROW 16
#define NARROW 60 /* columns below which the labels are the short ones */

struct details {
	struct pt_linesview lv; /* first: see tui/linesview.h */
	struct core *core;
	char *id;
	enum { ASKED_NOT, ASKED, ANSWERED } asked;
	enum core_cvm_phase phase; /* when it was asked */
	size_t report, token;      /* bytes; 0: there is none */
};

enum target { TARGET_NONE, TARGET_ACTION }; /* arg: name of the action */

static const char *short_label(const char *label)
{
	static const char *const labels[][2] = {{"Estimated Monthly Cost", "Cost a month"},
	                                        {"Attestation Policy", "Policy"},
	                                        {"Attestation Report", "Report"},
	                                        {"Attestation Token", "Token"}};

	for (size_t i = 0; i < PRISM_COUNT(labels); i++)
		if (!strcmp(labels[i][0], label))
			return labels[i][1];
	return label;
}

static void field(struct details *d, const char *label, enum pt_slot slot, const char *text,
                  const char *action)
{
	bool narrow = d->lv.width < NARROW;

	pt_lines_add(d->lv.lines, label, action ? TARGET_ACTION : TARGET_NONE, action);
	pt_lines_part(d->lv.lines, PT_SLOT_LABEL, "%s", narrow ? short_label(label) : label);
	pt_lines_wrap(d->lv.lines, narrow ? LABEL_NARROW : LABEL_WIDTH, d->lv.width,
	              *text ? slot : PT_SLOT_DIM, *text ? text : "not told");
}

static void time_field(struct details *d, const char *label, int64_t us)
{
	char text[PRISM_TIME_TEXT];

	field(d, label, PT_SLOT_TEXT, pt_ui_time(d->lv.view->app, us, text), NULL);
}

/* A dollar sign in front as the web console prints it, unless the server has one. */
static void cost_field(struct details *d, const struct core_cvm *cvm)
{
	char text[64];

	snprintf(text, sizeof(text), "%s%.50s", *cvm->monthly_cost == '$' ? "" : "$",
	         cvm->monthly_cost);
	field(d, "Estimated Monthly Cost", PT_SLOT_TEXT, *cvm->monthly_cost ? text : "none", NULL);
}

static void evidence_field(struct details *d, const char *label, size_t size, const char *hint,
                           const char *action)
{
	char bytes[24], text[96];

	if (size)
		snprintf(text, sizeof(text), "%s; %s", prism_text_bytes(size, bytes), hint);
	else
		snprintf(text, sizeof(text), "%s", d->asked == ANSWERED ? "none" : "not known yet");
	field(d, label, size ? PT_SLOT_TEXT : PT_SLOT_DIM, text, size ? action : NULL);
}

/* ---- what the list does not say ---- */

static size_t decoded(const char *base64)
{
	size_t len = strlen(base64);

	if (strchr(base64, '.')) /* a token as it is */
		return len;
	while (len && base64[len - 1] == '=')
		len--;
	return len * 3 / 4;
}

static void answered(void *data, const struct core_cvm *cvm, const struct prism_error *err)
{
	struct pt_view *view = data;

	if (err && err->category == PRISM_ERROR_CANCELLED)
		return; /* with the view */
	struct details *d = view->state;
	d->asked = err ? ASKED_NOT : ANSWERED;
	if (!err) {
		d->report = decoded(cvm->attestation);
		d->token = decoded(cvm->attestation_token);
	}
	pt_app_apply(view->app, view, PT_REDRAW);
}

static void ask(struct pt_view *view)
{
	struct details *d = view->state;
	const struct core_cvm *cvm = core_cvm_get(d->core, d->id);

	if (d->asked == ASKED)
		return;
	d->phase = cvm ? cvm->phase : d->phase;
	if (core_cvm_fetch(d->core, d->id, view->cancel, answered, view, NULL) == 0)
		d->asked = ASKED;
}

static void readiness(struct details *d, const struct core_cvm *cvm)
{
	const struct core_cvm_phase_info *phase = core_cvm_phase_info(cvm->phase);
	char reason[128];

	pt_lines_add(d->lv.lines, "phase", TARGET_NONE, NULL);
	pt_lines_glyph(d->lv.lines, pt_tone_glyph(phase->tone), pt_tone_slot(phase->tone));
	pt_lines_part(d->lv.lines, pt_tone_slot(phase->tone), " %s", phase->label);
	core_cvm_reason(cvm, reason, sizeof(reason));
	pt_lines_part(d->lv.lines, PT_SLOT_DIM, "  %s", *reason ? reason : "can run a computation now");
	pt_lines_add(d->lv.lines, NULL, TARGET_NONE, NULL);
}

static void fields(struct details *d, const struct core_cvm *cvm)
{
	char vcpus[16] = "";
	bool active = cvm->phase != CORE_CVM_INACTIVE;

	if (cvm->vcpus)
		snprintf(vcpus, sizeof(vcpus), "%d", cvm->vcpus);
	readiness(d, cvm);
	field(d, "Name", PT_SLOT_STRONG, cvm->name, NULL);
	field(d, "ID", PT_SLOT_LINK, cvm->id, NULL);
	field(d, "Agent URL", PT_SLOT_LINK, *cvm->agent_url ? cvm->agent_url : "not connected", NULL);
	field(d, "CvmID", PT_SLOT_LINK, cvm->cvm_id, NULL);
	field(d, "Backend", PT_SLOT_TEXT, core_provider_label(cvm->provider), NULL);
	field(d, "Platform", PT_SLOT_TEXT, core_platform_label(cvm->platform), NULL);
	field(d, "Status", PT_SLOT_TEXT, cvm->status, NULL);
	field(d, "State", PT_SLOT_TEXT, *cvm->state ? cvm->state : "none", NULL);
	field(d, "vCPUs", PT_SLOT_TEXT, vcpus, NULL);
	field(d, "Agent Log Level", PT_SLOT_TEXT, cvm->log_level, NULL);
	cost_field(d, cvm);
	time_field(d, "Created", cvm->created_us);
	if (!active)
		time_field(d, "Deactivated", cvm->deleted_us);
	pt_lines_add(d->lv.lines, NULL, TARGET_NONE, NULL);
	field(d, "Attestation Policy", PT_SLOT_TEXT, active ? "enter shows it" : "none",
	      active ? pt_action(PT_ACTION_CVM_POLICY)->name : NULL);
	evidence_field(d, "Attestation Report", d->report, "enter saves it",
	               pt_action(PT_ACTION_CVM_ATTESTATION)->name);
	evidence_field(d, "Attestation Token", d->token, "enter shows it", "token");
}

static void build(struct pt_view *view)
{
	struct details *d = view->state;
	const struct core_cvm *cvm = core_cvm_get(d->core, d->id);

	pt_lines_begin(d->lv.lines);
	if (cvm)
		fields(d, cvm);
	pt_lines_end(d->lv.lines);
}

/* ---- actions ---- */

/* A form with the file name the reference proposes (Q11). */
static unsigned save(struct details *d)
{
	struct pt_values *values = pt_values_create(pt_action(PT_ACTION_CVM_ATTESTATION));

	pt_values_add(values, "cvm", d->id);
	pt_values_add(values, "save", "attestation.bin");
	pt_app_overlay(d->lv.view->app, pt_view_form(d->lv.view->app, values));
	return PT_HANDLED | PT_REDRAW;
}

static unsigned show_token(struct details *d)
{
	struct pt_values *values = pt_values_create(pt_action(PT_ACTION_CVM_ATTESTATION));

	pt_values_add(values, "cvm", d->id);
	pt_values_add(values, "token", "yes");
	pt_ui_run(d->lv.view->app, values, false, NULL, NULL);
	return PT_HANDLED | PT_REDRAW;
}

static unsigned act(struct pt_view *view, enum pt_action_id id, const struct pt_values *values)
{
	struct details *d = view->state;
	const char *arg = NULL;

	if (values)
		return PT_IGNORED;
	if (id == PT_ACTION_CVM_ATTESTATION)
		return save(d);
	if (id == PT_ACTION_REFRESH) {
		ask(view);
		core_list_refresh(core_cvms(d->core));
		return PT_HANDLED | PT_REDRAW;
	}
	if (id != PT_ACTION_OPEN)
		return PT_IGNORED;
	if (pt_lines_target(d->lv.lines, &arg) != TARGET_ACTION)
		return PT_HANDLED;
	if (!strcmp(arg, "token"))
		return show_token(d);
	return pt_ui_act(view->app, NULL, pt_action_id(pt_action_by_name(arg)), NULL);
}

static bool may(struct pt_view *view, enum pt_action_id id, char *reason, size_t size)
{
	const struct details *d = view->state;

	if (id != PT_ACTION_CVM_ATTESTATION || d->asked != ANSWERED || d->report)
		return true;
	snprintf(reason, size, "there is no attestation report yet");
	return false;
}

static const struct pt_actor actor = {.where = PT_IN_CVM, .may = may, .act = act};

/* ---- view ---- */

static struct pt_load load(const struct pt_view *view)
{
	const struct details *d = view->state;

	return pt_ui_load(view->app, core_list_status(core_cvms(d->core)),
	                  "This CVM is not in the list", "it may have been removed");
}

static unsigned changed(struct pt_view *view, const struct core_event *event)
{
	const struct details *d = view->state;
	const struct core_cvm *cvm = core_cvm_get(d->core, d->id);

	if (event->type != CORE_EVENT_CVMS)
		return PT_IGNORED;
	if (cvm && cvm->phase != d->phase)
		ask(view);
	return PT_REDRAW;
}

static void destroy(struct pt_view *view)
{
	struct details *d = view->state;

	pt_linesview_finish(&d->lv);
	prism_free(d->id);
	prism_free(d);
}

static const struct pt_view_ops ops = {
    .name = "cvm-details",
    PT_LINESVIEW_OPS,
    .changed = changed,
    .destroy = destroy,
    .actor = &actor,
};

struct pt_view *pt_view_cvm_details(struct pt_app *app, const char *id)
{
	struct details *d = prism_alloc(sizeof(*d));
	struct pt_view *view = pt_view_create(app, &ops, d);

	d->core = pt_ui_core(app);
	d->id = prism_strdup(id);
	pt_linesview_init(&d->lv, view, build, load);
	d->lv.every = true;
	ask(view);
	return view;
}
