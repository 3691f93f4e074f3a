/*
 * Views that are opened for a thing by its name: typed after `:`, or the one under the cursor.  The
 * name is looked up first; the view comes when its id is known.
 */
#include "tui/ui_private.h"

#include "base/mem.h"
#include "core/computation.h"
#include "core/cvm.h"
#include "tui/args.h"
#include "tui/views.h"

#include <string.h>

struct opening {
	struct pt_app *app;
	enum pt_action_id id;
};

static void found(void *data, const char *id, const struct prism_error *err)
{
	struct opening opening = *(struct opening *)data;
	struct prism_error ignored = PRISM_ERROR_INIT;

	prism_free(data);
	if (err) {
		pt_app_report(opening.app, err);
	} else if (opening.id == PT_ACTION_COMPUTATION_DOCTOR) {
		pt_app_overlay(opening.app, pt_view_doctor(opening.app, id));
	} else if (pt_app_open_tab_named(opening.app, "cvms", &ignored) == 0) {
		pt_app_push(opening.app, PT_PANE_LIST, pt_view_certs(opening.app, id));
	}
}

/* More than the name was typed: what is asked for is an answer, not a view. */
static bool only(const struct pt_values *values, const char *name)
{
	for (const struct pt_arg *arg = values ? pt_values_action(values)->args : NULL;
	     arg && arg->name; arg++)
		if (strcmp(arg->name, name) != 0 && pt_values_get(values, arg->name))
			return false;
	return true;
}

unsigned pt_ui_open(struct pt_app *app, struct pt_view *view, enum pt_action_id id,
                    const struct pt_values *values)
{
	bool doctor = id == PT_ACTION_COMPUTATION_DOCTOR, env = id == PT_ACTION_AGENT_ENV;
	const char *name = doctor || env ? "computation" : "cvm";
	const struct pt_actor *actor = view ? view->ops->actor : NULL;
	const char *word =
	    values && pt_action_arg(pt_action(id), name) ? pt_values_get(values, name) : NULL;
	struct prism_error err = PRISM_ERROR_INIT;
	struct opening *opening;
	int started;

	if (id == PT_ACTION_CERT_WIZARD) {
		const char *computation =
		    actor && actor->subject ? actor->subject(view, PT_ARG_COMPUTATION) : NULL;
		const char *cvm = actor && actor->subject ? actor->subject(view, PT_ARG_CVM) : NULL;

		pt_app_overlay(app, pt_view_certwizard(app, computation, cvm));
		return PT_HANDLED | PT_REDRAW;
	}
	if (id == PT_ACTION_CERT_DOCTOR) {
		pt_app_overlay(app, pt_view_certdoctor(app, values));
		return PT_HANDLED | PT_REDRAW;
	}
	if ((!doctor && !env && id != PT_ACTION_CERT_LIST) || !only(values, name))
		return PT_IGNORED;
	if (!word && actor && actor->subject)
		word = actor->subject(view, doctor || env ? PT_ARG_COMPUTATION : PT_ARG_CVM);
	if (!word || !*word || (env && values))
		return PT_IGNORED;
	if (env) {
		pt_env_open(app, word);
		return PT_HANDLED | PT_REDRAW;
	}
	opening = prism_alloc(sizeof(*opening));
	*opening = (struct opening){app, id};
	started = doctor ? core_computation_resolve(pt_ui_core(app), word, pt_ui_of(app)->cancel, found,
	                                            opening, &err)
	                 : core_cvm_resolve(pt_ui_core(app), word, pt_ui_of(app)->cancel, found,
	                                    opening, &err);
	if (started < 0)
		found(opening, "", &err);
	return PT_HANDLED | PT_REDRAW;
}
