/*
 * Signing in: an overlay, at the start and over the work when the session has died.  The password
 * goes from the field into a secret and from there to core; it is never shown, kept or exported.
 */
#include "base/mem.h"
#include "core/options.h"
#include "core/session.h"
#include "core/workspace.h"
#include "net/http.h"
#include "tui/formbox.h"
#include "tui/resume.h"
#include "tui/ui_private.h"
#include "tui/views.h"

#include <stdio.h>
#include <string.h>

struct login {
	struct pt_formbox box; /* first: see tui/formbox.h */
	struct core *core;
	char where[256]; /* the note above the fields */
	struct pt_field fields[4];
};

static void signed_in(void *data, const struct prism_error *err)
{
	struct pt_app *app = data;
	struct pt_view *view = pt_ui_of(app)->login;
	struct login *l = view ? view->state : NULL;

	if (!err) {
		if (view)
			pt_app_close(app, view);
		pt_app_message(app, PT_SLOT_GOOD, "signed in as %s",
		               core_session_login_name(pt_ui_core(app)));
		if (*core_workspace_id(pt_ui_core(app))) /* what was known last was shown behind this */
			pt_resume_offer(app);
		return;
	}
	if (!l || err->category == PRISM_ERROR_CANCELLED)
		return;
	pt_form_set_busy(l->box.form, NULL);
	pt_form_set_error(l->box.form, err);
	pt_form_focus(l->box.form, "password");
	pt_app_dirty(app);
}

static void sign_in(struct login *l, struct prism_secret *password)
{
	struct prism_error err = PRISM_ERROR_INIT;

	pt_form_set_error(l->box.form, NULL);
	if (core_session_login(l->core, pt_form_get(l->box.form, "user"), password, NULL, signed_in,
	                       l->box.view->app, &err) < 0)
		pt_form_set_error(l->box.form, &err);
	else
		pt_form_set_busy(l->box.form, "Signing in ...");
}

static void submit(struct pt_view *view)
{
	struct login *l = view->state;

	sign_in(l, pt_form_take_secret(l->box.form, "password"));
}

/* At the start there is nothing behind this to go back to: Esc leaves the program.  Over the work
 * it gives up what waited for it. */
static unsigned give_up(struct pt_view *view)
{
	struct login *l = view->state;

	if (core_session_state(l->core) == CORE_SESSION_LOGIN_NEEDED) {
		core_session_abandon(l->core);
		return PT_HANDLED | PT_CLOSE;
	}
	pt_app_quit(l->box.view->app);
	return PT_HANDLED;
}

static unsigned key(struct pt_view *view, const struct pt_event *event)
{
	if (pt_key_is(event, 'c', PT_MOD_CTRL)) {
		pt_app_quit(view->app);
		return PT_HANDLED;
	}
	if (pt_key_is(event, PT_KEY_F1 + 1, 0))
		return pt_ui_act(view->app, NULL, PT_ACTION_ACCOUNT_REGISTER, NULL);
	if (pt_key_is(event, PT_KEY_F1 + 2, 0))
		return pt_ui_act(view->app, NULL, PT_ACTION_ACCOUNT_FORGOT, NULL);
	return pt_formbox_key(view, event);
}

static const char *title(struct pt_view *view)
{
	const struct login *l = view->state;

	return core_session_state(l->core) == CORE_SESSION_LOGIN_NEEDED
	           ? "Session over: sign in to go on"
	           : "Sign in to Prism";
}

static void destroy(struct pt_view *view)
{
	struct login *l = view->state;
	struct pt_ui *ui = pt_ui_of(view->app);

	if (ui->login == view)
		ui->login = NULL;
	pt_form_destroy(l->box.form);
	prism_free(l);
}

void pt_view_login_as(struct pt_app *app, const char *login)
{
	struct pt_view *view = pt_ui_of(app)->login;
	struct login *l = view ? view->state : NULL;

	if (!l)
		return;
	pt_form_set(l->box.form, "user", login);
	pt_form_focus(l->box.form, "password");
}

void pt_view_login_with(struct pt_app *app, struct prism_secret *password)
{
	struct pt_view *view = pt_ui_of(app)->login;
	struct login *l = view ? view->state : NULL;

	if (l && *pt_form_get(l->box.form, "user"))
		sign_in(l, password);
	else
		prism_secret_destroy(password);
}

static const struct pt_actor actor = {.where = PT_IN_LOGIN | PT_IN_FORM, .may = pt_formbox_may};

static const struct pt_view_ops ops = {
    .name = "login",
    PT_FORMBOX_OPS,
    .title = title,
    .key = key,
    .destroy = destroy,
    .actor = &actor,
};

struct pt_view *pt_view_login(struct pt_app *app)
{
	struct login *l = prism_alloc(sizeof(*l));
	struct pt_view *view = pt_view_create(app, &ops, l);
	const struct core_options *options = pt_ui_world(app)->options;
	PRISM_AUTO_FREE char *host = net_url_display(core_option_text(options, CORE_OPT_URL));
	const char *user;

	l->box = (struct pt_formbox){.view = view, .width = 60, .submit = submit, .cancel = give_up};
	l->core = pt_ui_core(app);
	user = core_session_login_name(l->core);
	if (!*user)
		user = core_option_text(options, CORE_OPT_USER);
	snprintf(l->where, sizeof(l->where), "%s  (profile %s)", host, core_options_profile(options));
	l->fields[0] = (struct pt_field){.id = "where", .label = l->where, .kind = PT_FIELD_NOTE};
	l->fields[1] = (struct pt_field){
	    .id = "user",
	    .label = "Email Address",
	    .kind = PT_FIELD_TEXT,
	    .flags = PT_FIELD_REQUIRED,
	    .max = 254,
	    .initial = user,
	    .placeholder = "e-mail address or user name",
	};
	l->fields[2] = (struct pt_field){
	    .id = "password",
	    .label = "Password",
	    .kind = PT_FIELD_PASSWORD,
	    .flags = PT_FIELD_REQUIRED,
	    .max = 1024,
	};
	l->fields[3] = (struct pt_field){
	    .id = "others",
	    .label = "F2 registers a new account, F3 asks for a new password.",
	    .kind = PT_FIELD_NOTE,
	};
	l->box.form = pt_form_create(l->fields, PRISM_COUNT(l->fields), "LOGIN", "Cancel", l);
	pt_form_focus(l->box.form, *user ? "password" : "user");
	return view;
}
