/* What all views that are one form share; see formbox.h. */
#include "tui/formbox.h"

#include "base/mem.h"
#include "tui/picker.h"
#include "tui/ui.h"

#include <stdio.h>

/* ---- choosing a file ---- */

struct browsing { /* outlives the box */
	struct pt_app *app;
	struct pt_view *view;
	char *field;
};

static void picked(void *data, struct core_place *place, const char *path)
{
	struct browsing *b = data;
	struct pt_formbox *box = path && pt_ui_alive(b->app, b->view) ? b->view->state : NULL;

	PRISM_UNUSED(place);
	if (box) {
		pt_form_set(box->form, b->field, path);
		if (box->browsed)
			box->browsed(b->view, b->field);
	}
	prism_free(b->field);
	prism_free(b);
}

void pt_formbox_browse(struct pt_formbox *box, const char *field, const char *start,
                       bool directories, bool saves)
{
	struct browsing *b = prism_alloc(sizeof(*b));

	*b = (struct browsing){box->view->app, box->view, prism_strdup(field)};
	pt_picker_open(b->app, &(struct pt_picker){.title = pt_form_label(box->form, field),
	                                           .start = start,
	                                           .directories = directories,
	                                           .saves = saves,
	                                           .done = picked,
	                                           .data = b});
}

/* ---- ops ---- */

unsigned pt_formbox_key(struct pt_view *view, const struct pt_event *event)
{
	struct pt_formbox *box = view->state;
	unsigned result = pt_form_key(box->form, event);

	if (pt_key_is(event, 'c', PT_MOD_CTRL))
		result |= PT_CANCEL;
	if ((result & PT_CHANGED) && box->changed)
		box->changed(view);
	if (result & PT_CANCEL)
		return box->cancel ? box->cancel(view) : PT_HANDLED | PT_CLOSE;
	if (result & PT_SUBMIT)
		box->submit(view);
	if ((result & PT_BROWSE) && box->browse)
		box->browse(view, pt_form_focused(box->form));
	return result | PT_HANDLED | PT_REDRAW;
}

void pt_formbox_measure(struct pt_view *view, int max_w, int max_h, int *ret_w, int *ret_h)
{
	const struct pt_formbox *box = view->state;

	pt_form_measure(box->form, max_w < box->width ? max_w : box->width, max_h, ret_w, ret_h);
}

void pt_formbox_prepare(struct pt_view *view, int width, int height)
{
	const struct pt_formbox *box = view->state;

	pt_form_prepare(box->form, width, height);
}

void pt_formbox_draw(const struct pt_view *view, struct pt_canvas *canvas, struct pt_rect area,
                     bool focus)
{
	const struct pt_formbox *box = view->state;

	pt_form_draw(box->form, canvas, area, focus);
}

bool pt_formbox_may(struct pt_view *view, enum pt_action_id id, char *reason, size_t size)
{
	const struct pt_formbox *box = view->state;

	if (id != PT_ACTION_BROWSE || pt_form_on_path(box->form))
		return true;
	snprintf(reason, size, "the cursor is not in a file field");
	return false;
}

const struct pt_actor pt_formbox_actor = {.where = PT_IN_FORM, .may = pt_formbox_may};
