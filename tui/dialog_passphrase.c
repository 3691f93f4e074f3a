/*
 * A dialog that asks for a passphrase: masked, once to open something, twice to protect something.
 * What was typed goes into a secret and is wiped from the field.
 */
#include "tui/dialog.h"

#include "base/mem.h"
#include "tui/app.h"
#include "tui/formbox.h"

#include <string.h>

struct secret {
	struct pt_formbox box; /* first: see tui/formbox.h */
	char *title, *note;
	struct pt_field fields[3];
	bool twice;
	void (*done)(void *data, struct prism_secret *secret);
	void *data;
};

static void answer(struct secret *s, struct prism_secret *given)
{
	void (*done)(void *data, struct prism_secret *secret) = s->done;

	s->done = NULL;
	if (done)
		done(s->data, given);
	else
		prism_secret_destroy(given);
}

/* Empty is an answer, too: no passphrase. */
static void submit(struct pt_view *view)
{
	struct secret *s = view->state;
	struct prism_secret *first = pt_form_take_secret(s->box.form, "first");
	struct prism_secret *second = s->twice ? pt_form_take_secret(s->box.form, "second") : NULL;
	bool same = !s->twice || (first && second && prism_secret_equal(first, second));

	prism_secret_destroy(second);
	if (same) {
		answer(s, first);
		pt_app_close(view->app, view);
		return;
	}
	prism_secret_destroy(first);
	pt_form_mark(s->box.form, "first", "the two differ: type both again");
}

static const char *title(struct pt_view *view)
{
	const struct secret *s = view->state;

	return s->title;
}

static void destroy(struct pt_view *view)
{
	struct secret *s = view->state;

	answer(s, NULL);
	pt_form_destroy(s->box.form);
	prism_free(s->title);
	prism_free(s->note);
	prism_free(s);
}

static const struct pt_view_ops ops = {
    .name = "passphrase",
    PT_FORMBOX_OPS,
    .title = title,
    .key = pt_formbox_key,
    .destroy = destroy,
};

void pt_dialog_passphrase(struct pt_app *app, const char *title_text, const char *note, bool twice,
                          void (*done)(void *data, struct prism_secret *secret), void *data)
{
	struct secret *s = prism_alloc(sizeof(*s));

	s->box =
	    (struct pt_formbox){.view = pt_view_create(app, &ops, s), .width = 60, .submit = submit};
	s->title = prism_strdup(title_text);
	s->note = prism_strdup(note);
	s->twice = twice;
	s->done = done;
	s->data = data;
	s->fields[0] = (struct pt_field){.id = "note", .label = s->note, .kind = PT_FIELD_NOTE};
	s->fields[1] =
	    (struct pt_field){.id = "first", .label = "Passphrase", .kind = PT_FIELD_PASSWORD};
	s->fields[2] = (struct pt_field){.id = "second", .label = "Again", .kind = PT_FIELD_PASSWORD};
	s->box.form = pt_form_create(s->fields, twice ? 3 : 2, "OK", "Cancel", s);
	pt_app_overlay(app, s->box.view);
}
