/*
 * One form for every command: its fields are the arguments of the action's row, so what can be
 * typed after `-c` can be filled in here, and nothing else has to be kept in step.  See
 * view_form_private.h for who does what.
 *
 * Updates start from what is there now, and send only what was changed.
 */
#include "base/mem.h"
#include "tui/dialog.h"
#include "tui/ui_private.h"
#include "tui/view_form_private.h"
#include "tui/views.h"

#include <stdio.h>
#include <string.h>

/* ---- choosing a file ---- */

static void sync(struct pt_form_view *f, const char *focus)
{
	if (f->tls)
		pt_form_tls_sync(f->tls, focus);
}

static void browsed(struct pt_view *view, const char *field)
{
	struct pt_form_view *f = view->state;

	pt_form_validate_field(f->box.form, field);
	sync(f, NULL);
	pt_form_draft_changed(f);
}

static void browse(struct pt_view *view, const char *field)
{
	struct pt_form_view *f = view->state;
	const struct pt_arg *arg = pt_action_arg(f->action, field);
	bool pasted = f->tls && pt_form_tls_pasted(f->tls, field);

	pt_formbox_browse(&f->box, field, pasted ? "" : pt_form_get(f->box.form, field),
	                  pt_action_arg_directory(arg), pt_action_arg_saves(arg));
}

/* ---- saving what is stored ---- */

struct saving {
	struct pt_app *app;
	char *computation;
};

static void save_to(void *data, const char *text)
{
	struct saving *s = data;

	if (text && *text) {
		struct pt_values *values = pt_values_create(pt_action(PT_ACTION_COMPUTATION_CERTS));

		pt_values_add(values, "computation", s->computation);
		pt_values_add(values, "directory", text);
		pt_ui_run(s->app, values, false, NULL, NULL);
	}
	prism_free(s->computation);
	prism_free(s);
}

/* "Download TLS certs": the files that are stored now, the key readable by its owner only. */
static void download(struct pt_form_view *f)
{
	struct saving *s;

	if (!f->tls || !pt_form_tls_stored(f->tls)) {
		pt_app_message(f->box.view->app, PT_SLOT_INFO, "nothing is stored yet");
		return;
	}
	s = prism_alloc(sizeof(*s));
	*s = (struct saving){f->box.view->app, prism_strdup(f->tls->computation)};
	pt_dialog_input(s->app, "Save the stored TLS files", "Directory", "certs", pt_complete_path,
	                save_to, s);
}

/* ---- keys ---- */

static bool pasted(struct pt_form_view *f, const struct pt_event *event)
{
	if (event->kind != PT_EVENT_PASTE || !f->tls || pt_form_busy(f->box.form) ||
	    !pt_form_tls_paste(f->tls, pt_form_focused(f->box.form), event->text, event->len))
		return false;
	pt_form_draft_changed(f);
	return true;
}

static bool own_key(struct pt_form_view *f, const struct pt_event *event)
{
	if (!f->tls || pt_form_busy(f->box.form))
		return false;
	if (pt_key_is(event, 't', PT_MOD_CTRL)) {
		f->tls->all = !f->tls->all;
		pt_form_tls_judge(f->tls);
	} else if (pt_key_is(event, 'g', PT_MOD_CTRL)) {
		download(f);
	} else {
		return false;
	}
	return true;
}

static void edited(struct pt_view *view)
{
	struct pt_form_view *f = view->state;

	f->confirmed = false;
	pt_form_draft_changed(f);
}

static unsigned cancel(struct pt_view *view)
{
	struct pt_form_view *f = view->state;

	if (pt_form_busy(f->box.form) && pt_ui_cancel_command(view->app))
		return PT_HANDLED | PT_REDRAW; /* its end comes back to the form */
	pt_form_draft_forget(f);           /* given up on purpose; a hang-up does not come this way */
	return PT_HANDLED | PT_CLOSE;
}

static void submit(struct pt_view *view)
{
	struct pt_form_view *f = view->state;

	sync(f, pt_form_focused(f->box.form));
	pt_form_submit(f);
}

static unsigned key(struct pt_view *view, const struct pt_event *event)
{
	struct pt_form_view *f = view->state;
	unsigned result;

	if (pasted(f, event) || own_key(f, event))
		return PT_HANDLED | PT_REDRAW;
	result = pt_formbox_key(view, event);
	if (!(result & (PT_CLOSE | PT_SUBMIT | PT_CANCEL)))
		sync(f, pt_form_focused(f->box.form));
	return result;
}

/* The files are read: what was to be sent may go on. */
static void settled(void *data)
{
	struct pt_form_view *f = data;

	if (!f->waiting)
		return;
	pt_form_set_busy(f->box.form, NULL);
	pt_form_submit(f);
}

/* ---- view ---- */

static const char *title(struct pt_view *view)
{
	return ((struct pt_form_view *)view->state)->title;
}

/* ---- life ---- */

static bool is_update(const struct pt_form_view *f)
{
	return pt_action_id(f->action) == PT_ACTION_COMPUTATION_UPDATE &&
	       pt_values_get(f->values, "computation");
}

static void build(struct pt_form_view *f)
{
	if (pt_action_arg(f->action, "tls-mode"))
		f->tls =
		    pt_form_tls_create(f->box.view, pt_values_get(f->values, "computation"), settled, f);
	f->box.width = f->tls ? 98 : 76; /* paths and reasons want room */
	pt_form_fields_add(f);
	f->box.form = pt_form_create(f->fields, f->count, f->submit, "Cancel", f);
	if (f->tls) {
		f->tls->form = f->box.form;
		pt_form_tls_sync(f->tls, NULL);
	}
	pt_form_take_base(f);
	f->loading = is_update(f) && !f->base;
	if (f->loading)
		pt_form_set_busy(f->box.form, "Reading what is stored ...");
}

static void take_down(struct pt_form_view *f)
{
	pt_form_destroy(f->box.form);
	pt_form_tls_destroy(f->tls);
	pt_form_fields_finish(f);
	f->box.form = NULL;
	f->tls = NULL;
}

void pt_form_rebuild(struct pt_form_view *f)
{
	take_down(f);
	build(f);
	pt_app_dirty(f->box.view->app);
}

/* What is changed has come, or cannot come. */
static void loaded(void *data, const struct core_computation *computation,
                   const struct prism_error *err)
{
	struct pt_form_view *f = data;

	PRISM_UNUSED(computation);
	if (err && err->category == PRISM_ERROR_CANCELLED)
		return; /* the form may be gone */
	if (!err) {
		pt_form_rebuild(f);
		pt_form_draft_offer(f);
		return;
	}
	pt_form_set_busy(f->box.form, NULL);
	pt_form_set_error(f->box.form, err);
	pt_app_dirty(f->box.view->app);
}

static void load(struct pt_form_view *f)
{
	struct prism_error err = PRISM_ERROR_INIT;

	if (core_computation_fetch(pt_ui_core(f->box.view->app),
	                           pt_values_get(f->values, "computation"), f->box.view->cancel, loaded,
	                           f, &err) < 0)
		loaded(f, NULL, &err);
}

static void destroy(struct pt_view *view)
{
	struct pt_form_view *f = view->state;

	pt_form_draft_finish(f);
	take_down(f);
	pt_values_destroy(f->values);
	if (f->base)
		prism_wipe(f->base, strlen(f->base)); /* may hold a stored key */
	prism_free(f->base);
	prism_free(f);
}

/* CVMs have come: their addresses are among what certificates are checked for. */
static unsigned changed(struct pt_view *view, const struct core_event *event)
{
	struct pt_form_view *f = view->state;

	if (event->type != CORE_EVENT_CVMS || !f->tls || !f->box.form)
		return PT_IGNORED;
	pt_form_tls_judge(f->tls);
	return PT_REDRAW;
}

static const struct pt_view_ops ops = {
    .name = "form",
    PT_FORMBOX_OPS,
    .title = title,
    .key = key,
    .changed = changed,
    .destroy = destroy,
    .actor = &pt_formbox_actor,
};

static char upper(char c)
{
	return c >= 'a' && c <= 'z' ? (char)(c - 32) : c;
}

/* The form of "asset create" says what it does; its button says "Create". */
static void name_form(struct pt_form_view *f)
{
	static const struct {
		enum pt_action_id id;
		const char *verb;
	} named[] = {/* whose last word is no verb */
	             {PT_ACTION_SEND_ALGORITHM, "send"},      {PT_ACTION_SEND_DATA, "send"},
	             {PT_ACTION_AGENT_ATTESTATION, "ask"},    {PT_ACTION_AGENT_IMA, "ask"},
	             {PT_ACTION_CVM_ATTESTATION, "get"},      {PT_ACTION_CERT_CA, "get"},
	             {PT_ACTION_COMPUTATION_CERTS, "save"},   {PT_ACTION_AGENT_ENV, "show"},
	             {PT_ACTION_LOG_HOST, "follow"},          {PT_ACTION_MEASURE_SNP, "measure"},
	             {PT_ACTION_POLICY_MEASUREMENT, "write"}, {PT_ACTION_POLICY_HOST_DATA, "write"},
	             {PT_ACTION_POLICY_CORIM, "write"}};
	const char *verb = strrchr(f->action->name, ' ');

	verb = verb ? verb + 1 : f->action->name;
	for (size_t i = 0; i < PRISM_COUNT(named); i++)
		if (pt_action_id(f->action) == named[i].id)
			verb = named[i].verb;
	snprintf(f->title, sizeof(f->title), "%c%s", upper(f->action->help[0]), f->action->help + 1);
	snprintf(f->submit, sizeof(f->submit), "%c%s", upper(verb[0]), verb + 1);
}

/* What was known is filled in: the cursor starts where something is still needed. */
static void focus_first_gap(struct pt_form_view *f)
{
	for (size_t i = 0; i < f->count; i++) {
		const char *text = pt_form_get(f->box.form, f->fields[i].id);

		if (!(f->fields[i].flags & PT_FIELD_REQUIRED) || f->fields[i].kind == PT_FIELD_SELECT)
			continue;
		if (!text || !*text) {
			pt_form_focus(f->box.form, f->fields[i].id);
			return;
		}
	}
}

struct pt_view *pt_view_form(struct pt_app *app, struct pt_values *values)
{
	struct pt_form_view *f = prism_alloc(sizeof(*f));

	f->box = (struct pt_formbox){.view = pt_view_create(app, &ops, f),
	                             .submit = submit,
	                             .changed = edited,
	                             .cancel = cancel,
	                             .browse = browse,
	                             .browsed = browsed};
	f->values = values;
	f->action = pt_values_action(values);
	name_form(f);
	build(f);
	if (f->loading)
		load(f);
	else
		pt_form_draft_offer(f);
	if (!f->loading)
		focus_first_gap(f);
	return f->box.view;
}
