/*
 * The doctor of a computation, over the whole screen: what the troubleshooting tables advise to
 * verify, verified, in sections of check lines that appear as they are finished.  Enter opens a
 * line, `f` goes to what mends it, `r` looks again, `ctrl-g` stops.
 */
#include "base/mem.h"
#include "core/agent_settings.h"
#include "core/computation.h"
#include "core/doctor.h"
#include "core/run.h"
#include "tui/args.h"
#include "tui/checksview.h"
#include "tui/keymap.h"
#include "tui/views.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TARGET_FIX (PT_CHECKSVIEW_FOLD + 1)

struct doctor {
	struct pt_checksview cv; /* first: see tui/checksview.h */
	struct core *core;
	char *id;
	struct core_doctor *core_doctor; /* NULL: stopped */
	struct prism_error error;        /* it could not begin */
	bool stopped;
	char title[160], key[16];
};

/* ---- lines ---- */

static enum pt_check_result result_of(enum core_doctor_result result)
{
	static const enum pt_check_result results[] = {[CORE_DOCTOR_PASS] = PT_CHECK_PASS,
	                                               [CORE_DOCTOR_SKIPPED] = PT_CHECK_SKIPPED,
	                                               [CORE_DOCTOR_WARN] = PT_CHECK_WARN,
	                                               [CORE_DOCTOR_FAIL] = PT_CHECK_FAIL};

	return results[result];
}

/* Keys carry the index: it is what the doctor knows a line by, and lines are only added. */
static struct pt_check check_of(struct pt_view *view, size_t index, unsigned *ret_section)
{
	struct doctor *d = view->state;
	const struct core_doctor_line *line = core_doctor_line(d->core_doctor, index);

	*ret_section = line->group;
	snprintf(d->key, sizeof(d->key), "c %u", (unsigned)index);
	return (struct pt_check){
	    .key = d->key,
	    .result = result_of(line->result),
	    .optional = line->result == CORE_DOCTOR_SKIPPED,
	    .line = line->line,
	    .found = line->found,
	    .reason = line->why,
	    .remedy = line->remedy,
	    .id = line->id,
	};
}

static size_t check_count(const struct pt_view *view)
{
	const struct doctor *d = view->state;

	return d->core_doctor ? core_doctor_count(d->core_doctor) : 0;
}

static const struct pt_action *fix_of(const struct core_doctor_line *line)
{
	return *line->fix ? pt_action_by_name(line->fix) : NULL;
}

/* Under an opened line that is not a pass: what mends it, for Enter and for the key. */
static void fix_line(struct pt_view *view, const struct pt_check_draw *how,
                     const struct pt_check *check, size_t index)
{
	struct doctor *d = view->state;
	const struct core_doctor_line *line = core_doctor_line(d->core_doctor, index);
	const struct pt_action *action = fix_of(line);
	int column = how->width < 60 ? how->indent + 2 : how->indent + 14;

	if (!action || line->result == CORE_DOCTOR_PASS ||
	    !pt_folds_open(d->cv.folds, check->key, pt_check_proposed(check)))
		return;
	pt_lines_add(d->cv.lv.lines, NULL, TARGET_FIX, check->key);
	pt_lines_pad(d->cv.lv.lines, column);
	pt_lines_part(d->cv.lv.lines, PT_SLOT_LABEL, "go there");
	pt_lines_pad(d->cv.lv.lines, column + 10);
	pt_lines_part(d->cv.lv.lines, PT_SLOT_LINK, "%s", action->name);
}

static void build(struct pt_view *view)
{
	struct doctor *d = view->state;

	pt_lines_begin(d->cv.lv.lines);
	if (d->error.category != PRISM_ERROR_NONE) {
		pt_lines_add(d->cv.lv.lines, NULL, 0, NULL);
		pt_lines_wrap(d->cv.lv.lines, 0, d->cv.lv.width, PT_SLOT_BAD, d->error.message);
	}
	for (unsigned group = 0; d->core_doctor && group < CORE_DOCTOR_GROUP_COUNT; group++)
		pt_checksview_section(view, group, core_doctor_group_word(group),
		                      core_doctor_group_title(group));
	if (d->core_doctor && !core_doctor_done(d->core_doctor)) {
		pt_lines_add(d->cv.lv.lines, NULL, 0, NULL);
		pt_lines_part(d->cv.lv.lines, d->stopped ? PT_SLOT_WARN : PT_SLOT_BUSY, "%s",
		              d->stopped ? "stopped" : core_doctor_doing(d->core_doctor));
	}
	pt_lines_end(d->cv.lv.lines);
}

/* ---- looking ---- */

static void looked(void *data, bool done)
{
	struct doctor *d = data;

	PRISM_UNUSED(done);
	build(d->cv.lv.view);
	pt_app_dirty(d->cv.lv.view->app);
}

static void look(struct doctor *d)
{
	struct pt_world *world = pt_ui_world(d->cv.lv.view->app);
	struct core_doctor_spec spec = {.computation_id = d->id};
	PRISM_AUTO_FREE char *key = pt_world_key_file(world, NULL, d->id, NULL);

	core_doctor_destroy(d->core_doctor);
	d->core_doctor = NULL;
	d->stopped = false;
	prism_error_clear(&d->error);
	spec.key_file = key;
	const char *names[CORE_RUN_NAMES];
	core_run_cvm_names(d->core, d->id, NULL, NULL, names);
	spec.connection.url = core_agent_settings_url(world->options, names);
	if (core_agent_settings_fill(world->options, names, &spec.connection, &d->error) == 0)
		d->core_doctor = core_doctor_start(d->core, &spec, looked, d);
	build(d->cv.lv.view);
}

/* The doctor that was stopped keeps its lines; only its work ends. */
static unsigned stop(struct doctor *d)
{
	if (!d->core_doctor || core_doctor_done(d->core_doctor))
		return PT_IGNORED;
	core_doctor_stop(d->core_doctor);
	d->stopped = true;
	build(d->cv.lv.view);
	return PT_HANDLED | PT_REDRAW;
}

/* ---- going there ---- */

/* What lies below the doctor: it is closed first. */
static bool lies_below(enum pt_action_id id)
{
	static const enum pt_action_id ids[] = {
	    PT_ACTION_COMPUTATION_LOGS, PT_ACTION_COMPUTATION_LIST, PT_ACTION_CVM_LIST,
	    PT_ACTION_CERT_LIST,        PT_ACTION_GO_KEYS,          PT_ACTION_LOGIN,
	};

	for (size_t i = 0; i < PRISM_COUNT(ids); i++)
		if (ids[i] == id)
			return true;
	return false;
}

static void add_given(struct pt_values *values, const char *name, const char *id)
{
	if (*id && pt_action_arg(pt_values_action(values), name))
		pt_values_add(values, name, id);
}

/* The certificate doctor begins with what this person reaches agents with. */
static void add_own_files(struct doctor *d, struct pt_values *values)
{
	const struct core_computation *c = core_computation_get(d->core, d->id);
	struct core_agent_connection own = {0};
	const char *names[CORE_RUN_NAMES];

	core_run_cvm_names(d->core, d->id, NULL, NULL, names);
	if (core_agent_settings_fill(pt_ui_world(d->cv.lv.view->app)->options, names, &own, NULL) < 0)
		return;
	if (c && c->agent->present)
		pt_values_add(values, "mode", core_tls_mode_info(core_tls_mode_of(c->agent))->word);
	pt_values_add(values, "server-ca-file", own.server_ca_file);
	pt_values_add(values, "client-cert", own.client_cert_file);
	pt_values_add(values, "client-key", own.client_key_file);
	pt_values_add(values, "host", core_run_agent_url(d->core, d->id, NULL));
}

static unsigned fix(struct pt_view *view, const char *key)
{
	struct doctor *d = view->state;
	struct pt_app *app = view->app;
	const struct core_doctor_line *line =
	    key && !strncmp(key, "c ", 2)
	        ? core_doctor_line(d->core_doctor, (size_t)strtoul(key + 2, NULL, 10))
	        : NULL;
	const struct pt_action *action = line ? fix_of(line) : NULL;
	struct pt_values *values;
	enum pt_action_id id;
	char reason[200];

	if (!action) {
		pt_app_message(app, PT_SLOT_INFO, "nothing goes there by itself");
		return PT_HANDLED | PT_REDRAW;
	}
	id = pt_action_id(action);
	if (!pt_ui_may(app, NULL, id, reason, sizeof(reason))) {
		pt_app_message(app, PT_SLOT_OFF, "%s: %s", pt_action_hint(action), reason);
		return PT_HANDLED | PT_REDRAW;
	}
	if (id == PT_ACTION_COMPUTATION_RUN) {
		pt_app_overlay(app, pt_view_run(app, d->id));
		return PT_HANDLED | PT_REDRAW;
	}
	values = pt_values_create(action);
	add_given(values, "computation", d->id);
	add_given(values, "cvm", line->subject);
	if (id == PT_ACTION_CERT_DOCTOR)
		add_own_files(d, values);
	if (lies_below(id))
		pt_app_close(app, view);
	pt_ui_act(app, lies_below(id) ? NULL : view, id,
	          id == PT_ACTION_CVM_LIST || id == PT_ACTION_GO_KEYS ? NULL : values);
	pt_values_destroy(values);
	return PT_HANDLED | PT_REDRAW;
}

static unsigned act(struct pt_view *view, enum pt_action_id id, const struct pt_values *values)
{
	struct doctor *d = view->state;
	const char *arg = NULL;
	int target;

	if (values)
		return PT_IGNORED;
	switch (id) {
	case PT_ACTION_REFRESH:
		look(d);
		return PT_HANDLED | PT_REDRAW;
	case PT_ACTION_CANCEL:
		return stop(d);
	case PT_ACTION_DOCTOR_FIX:
		target = pt_lines_target(d->cv.lv.lines, &arg);
		return fix(view, target ? arg : NULL);
	case PT_ACTION_OPEN:
		if (!pt_checksview_toggle(view) && pt_lines_target(d->cv.lv.lines, &arg) == TARGET_FIX)
			return fix(view, arg);
		return PT_HANDLED | PT_REDRAW;
	default:
		return PT_IGNORED;
	}
}

static const char *subject(struct pt_view *view, enum pt_arg_kind kind)
{
	const struct doctor *d = view->state;

	return kind == PT_ARG_COMPUTATION ? d->id : NULL;
}

static const struct pt_actor actor = {.where = PT_IN_DOCTOR, .act = act, .subject = subject};

/* ---- view ---- */

static const char *title(struct pt_view *view)
{
	struct doctor *d = view->state;
	const struct core_computation *c = core_computation_get(d->core, d->id);

	snprintf(d->title, sizeof(d->title), "Doctor: %s", c ? c->name : d->id);
	return d->title;
}

static void destroy(struct pt_view *view)
{
	struct doctor *d = view->state;

	core_doctor_destroy(d->core_doctor);
	pt_checksview_finish(&d->cv);
	prism_free(d->id);
	prism_free(d);
}

static const struct pt_view_ops ops = {
    .name = "doctor",
    PT_CHECKSVIEW_OPS,
    .title = title,
    .destroy = destroy,
    .actor = &actor,
};

struct pt_view *pt_view_doctor(struct pt_app *app, const char *computation_id)
{
	struct doctor *d = prism_alloc(sizeof(*d));
	struct pt_view *view = pt_view_create(app, &ops, d);

	d->core = pt_ui_core(app);
	d->id = prism_strdup(computation_id);
	d->cv.count = check_count;
	d->cv.check = check_of;
	d->cv.below = fix_line;
	pt_checksview_init(&d->cv, view, build);
	look(d);
	return view;
}
