/*
 * A dialog that asks for a passphrase: masked, once to open something, twice to protect something.
 * What was typed goes into a secret and is wiped from the field.
 */
#include "tui/dialog.h"

#include "base/mem.h"
#include "tui/app.h"
#include "tui/form.h"

#include <string.h>

struct secret {
	struct pt_view *view;
	char *title, *note;
	struct pt_field fields[3];
	struct pt_form *form;
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
static unsigned submit(struct secret *s)
{
	struct prism_secret *first = pt_form_take_secret(s->form, "first");
	struct prism_secret *second = s->twice ? pt_form_take_secret(s->form, "second") : NULL;
	bool same = !s->twice || (first && second && prism_secret_equal(first, second));

	prism_secret_destroy(second);
	if (same) {
		answer(s, first);
		return PT_HANDLED | PT_CLOSE;
	}
	prism_secret_destroy(first);
	pt_form_mark(s->form, "first", "the two differ: type both again");
	return PT_HANDLED | PT_REDRAW;
}

static unsigned key(struct pt_view *view, const struct pt_event *event)
{
	struct secret *s = view->state;
	unsigned result =
	    pt_key_is(event, 'c', PT_MOD_CTRL) ? (unsigned)PT_CANCEL : pt_form_key(s->form, event);

	if (result & PT_CANCEL) {
		answer(s, NULL);
		return PT_HANDLED | PT_CLOSE;
	}
	return result & PT_SUBMIT ? submit(s) : result | PT_HANDLED | PT_REDRAW;
}

static const char *title(struct pt_view *view)
{
	const struct secret *s = view->state;

	return s->title;
}

static void measure(struct pt_view *view, int max_w, int max_h, int *ret_w, int *ret_h)
{
	const struct secret *s = view->state;

	pt_form_measure(s->form, max_w < 60 ? max_w : 60, max_h, ret_w, ret_h);
}

static void prepare(struct pt_view *view, int width, int height)
{
	struct secret *s = view->state;

	pt_form_prepare(s->form, width, height);
}

static void draw(const struct pt_view *view, struct pt_canvas *canvas, struct pt_rect area,
                 bool focus)
{
	const struct secret *s = view->state;

	pt_form_draw(s->form, canvas, area, focus);
}

static void destroy(struct pt_view *view)
{
	struct secret *s = view->state;

	answer(s, NULL);
	pt_form_destroy(s->form);
	prism_free(s->title);
	prism_free(s->note);
	prism_free(s);
}

static const struct pt_view_ops ops = {
    .name = "passphrase",
    .flags = PT_VIEW_MODAL | PT_VIEW_FRAME | PT_VIEW_TAKES_TEXT,
    .title = title,
    .measure = measure,
    .prepare = prepare,
    .draw = draw,
    .key = key,
    .destroy = destroy,
};

void pt_dialog_passphrase(struct pt_app *app, const char *title_text, const char *note, bool twice,
                          void (*done)(void *data, struct prism_secret *secret), void *data)
{
	struct secret *s = prism_alloc(sizeof(*s));

	s->title = prism_strdup(title_text);
	s->note = prism_strdup(note);
	s->twice = twice;
	s->done = done;
	s->data = data;
	s->fields[0] = (struct pt_field){.id = "note", .label = s->note, .kind = PT_FIELD_NOTE};
	s->fields[1] =
	    (struct pt_field){.id = "first", .label = "Passphrase", .kind = PT_FIELD_PASSWORD};
	s->fields[2] = (struct pt_field){.id = "second", .label = "Again", .kind = PT_FIELD_PASSWORD};
	s->form = pt_form_create(s->fields, twice ? 3 : 2, "OK", "Cancel", s);
	s->view = pt_view_create(app, &ops, s);
	pt_app_overlay(app, s->view);
}
