/*
 * Forms with passwords: changing mine, and registering.  They are no forms of the action table
 * (tui/view_form.c), because a password is never an argument: it goes from the field into a secret
 * and from there to core.
 */
#include "base/mem.h"
#include "core/account.h"
#include "core/session.h"
#include "core/validate.h"
#include "tui/formbox.h"
#include "tui/ui_private.h"
#include "tui/views.h"

#include <string.h>

#define FIELDS_MAX 8

struct password {
	struct pt_formbox box; /* first: see tui/formbox.h */
	struct core *core;
	const struct kind *kind;
	struct pt_field fields[FIELDS_MAX];
};

struct kind {
	const char *title, *submit, *busy, *note;
	const struct field {
		const char *id, *label;
		enum pt_field_kind kind;
		int validate; /* enum core_field; -1: none */
	} fields[FIELDS_MAX - 1];
	void (*send)(struct password *p);
};

static int validate_username(void *data, const struct pt_form *form, const char *value,
                             struct prism_error *err)
{
	return core_validate(CORE_FIELD_USERNAME, value, err);
}

static int validate_email(void *data, const struct pt_form *form, const char *value,
                          struct prism_error *err)
{
	return core_validate(CORE_FIELD_EMAIL, value, err);
}

/* ---- sending ---- */

struct sending { /* outlives the form */
	struct pt_app *app;
	struct pt_view *view;
	const char *done;
	char *email; /* of who registered; NULL */
};

static struct sending *sending_create(struct password *p, const char *done)
{
	struct sending *s = prism_alloc(sizeof(*s));

	*s = (struct sending){p->box.view->app, p->box.view, done, NULL};
	pt_form_set_error(p->box.form, NULL);
	pt_form_set_busy(p->box.form, p->kind->busy);
	return s;
}

static void sent(void *data, const struct prism_error *err)
{
	struct sending *s = data;
	struct password *p = pt_ui_alive(s->app, s->view) ? s->view->state : NULL;

	if (p)
		pt_form_set_busy(p->box.form, NULL);
	if (err && p && err->category != PRISM_ERROR_CANCELLED)
		pt_form_set_error(p->box.form, err);
	else if (err)
		pt_app_report(s->app, err);
	else {
		if (p)
			pt_app_close(s->app, s->view);
		pt_app_message(s->app, PT_SLOT_GOOD, "%s", s->done);
		if (s->email)
			pt_view_login_as(s->app, s->email);
	}
	pt_app_dirty(s->app);
	prism_free(s->email);
	prism_free(s);
}

static void registered(void *data, const char *id, const struct prism_error *err)
{
	PRISM_UNUSED(id);
	sent(data, err);
}

static void fail_now(struct sending *s, const struct prism_error *err)
{
	sent(s, err);
}

/* The new one, typed twice the same; NULL with the mark set. */
static struct prism_secret *take_new(struct password *p)
{
	struct prism_secret *first = pt_form_take_secret(p->box.form, "new");
	struct prism_secret *again = pt_form_take_secret(p->box.form, "again");
	bool same = first && again && prism_secret_equal(first, again);

	prism_secret_destroy(again);
	if (same)
		return first;
	prism_secret_destroy(first);
	pt_form_mark(p->box.form, "new", "the two are not the same; type both again");
	return NULL;
}

static void send_change(struct password *p)
{
	struct prism_secret *new_password = take_new(p), *old_password;
	struct prism_error err = PRISM_ERROR_INIT;
	struct sending *s;

	if (!new_password)
		return;
	old_password = pt_form_take_secret(p->box.form, "old");
	s = sending_create(p, "password changed; all sessions have ended");
	if (core_account_password(p->core, old_password, new_password, p->box.view->cancel, sent, s,
	                          &err) < 0)
		fail_now(s, &err);
}

static void send_register(struct password *p)
{
	struct prism_secret *password = take_new(p);
	struct prism_error err = PRISM_ERROR_INIT;
	const struct core_account_new account = {
	    .first_name = pt_form_get(p->box.form, "first"),
	    .last_name = pt_form_get(p->box.form, "last"),
	    .username = pt_form_get(p->box.form, "username"),
	    .email = pt_form_get(p->box.form, "email"),
	};
	struct sending *s;

	if (!password)
		return;
	s = sending_create(p, "registered; the server may send a mail to verify the address");
	s->email = prism_strdup(account.email);
	if (core_account_register(p->core, &account, password, p->box.view->cancel, registered, s,
	                          &err) < 0)
		fail_now(s, &err);
}

static const struct kind change_kind = {
    .title = "Change password",
    .submit = "Change",
    .busy = "Changing ...",
    .note = "A new password ends every session, this one too: you sign in anew, and the work goes "
            "on where it was.",
    .fields = {{"old", "Present password", PT_FIELD_PASSWORD, -1},
               {"new", "New password", PT_FIELD_PASSWORD, -1},
               {"again", "Once more", PT_FIELD_PASSWORD, -1}},
    .send = send_change,
};

static const struct kind register_kind = {
    .title = "Register",
    .submit = "Register",
    .busy = "Registering ...",
    .note = NULL,
    .fields = {{"first", "First name", PT_FIELD_TEXT, -1},
               {"last", "Last name", PT_FIELD_TEXT, -1},
               {"username", "User name", PT_FIELD_TEXT, CORE_FIELD_USERNAME},
               {"email", "Email Address", PT_FIELD_TEXT, CORE_FIELD_EMAIL},
               {"new", "Password", PT_FIELD_PASSWORD, -1},
               {"again", "Once more", PT_FIELD_PASSWORD, -1}},
    .send = send_register,
};

/* ---- view ---- */

static void submit(struct pt_view *view)
{
	struct password *p = view->state;

	p->kind->send(p);
}

static const char *title(struct pt_view *view)
{
	return ((struct password *)view->state)->kind->title;
}

static void destroy(struct pt_view *view)
{
	struct password *p = view->state;

	pt_form_destroy(p->box.form);
	prism_free(p);
}

static const struct pt_view_ops ops = {
    .name = "password",
    PT_FORMBOX_OPS,
    .title = title,
    .key = pt_formbox_key,
    .destroy = destroy,
    .actor = &pt_formbox_actor,
};

static struct pt_view *make(struct pt_app *app, const struct kind *kind)
{
	struct password *p = prism_alloc(sizeof(*p));
	size_t count = 0;

	p->box =
	    (struct pt_formbox){.view = pt_view_create(app, &ops, p), .width = 66, .submit = submit};
	p->core = pt_ui_core(app);
	p->kind = kind;
	if (kind->note)
		p->fields[count++] =
		    (struct pt_field){.id = "note", .label = kind->note, .kind = PT_FIELD_NOTE};
	for (const struct field *f = kind->fields; f->id; f++)
		p->fields[count++] = (struct pt_field){
		    .id = f->id,
		    .label = f->label,
		    .kind = f->kind,
		    .flags = PT_FIELD_REQUIRED,
		    .max = 1024,
		    .validate = f->validate == CORE_FIELD_USERNAME ? validate_username
		                : f->validate == CORE_FIELD_EMAIL  ? validate_email
		                                                   : NULL,
		};
	p->box.form = pt_form_create(p->fields, count, kind->submit, "Cancel", p);
	return p->box.view;
}

struct pt_view *pt_view_password(struct pt_app *app)
{
	return make(app, &change_kind);
}

struct pt_view *pt_view_register(struct pt_app *app)
{
	return make(app, &register_kind);
}
