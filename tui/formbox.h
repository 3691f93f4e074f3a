/*
 * A box over the work that is one form: the part all such views share.
 *
 * Their state begins with a struct pt_formbox, and their ops with PT_FORMBOX_OPS.  What the fields
 * are and what is done with them is the view's; sizes, drawing, the keys that close and send, and
 * the picker behind a file field are done here.
 */
#ifndef PRISM_TUI_FORMBOX_H
#define PRISM_TUI_FORMBOX_H

#include "tui/actor.h"
#include "tui/form.h"

struct pt_formbox {
	struct pt_view *view;                  /* the view this is the state of */
	struct pt_form *form;                  /* yours to destroy: a box may make its form anew */
	int width;                             /* columns it wants */
	void (*submit)(struct pt_view *view);  /* every field is valid */
	void (*changed)(struct pt_view *view); /* a value changed, by a key; may be NULL */
	/* Esc, ctrl-c or the cancel button: what follows. NULL: it closes. */
	unsigned (*cancel)(struct pt_view *view);
	/* A picker is wanted for this path. May be NULL when there is none. */
	void (*browse)(struct pt_view *view, const char *field);
	void (*browsed)(struct pt_view *view, const char *field); /* one was chosen; may be NULL */
};

/* Opens the picker, which starts at `start`; what is chosen goes into the field, if the box is
 * still there. */
void pt_formbox_browse(struct pt_formbox *box, const char *field, const char *start,
                       bool directories, bool saves);

/* For ops; `key` is the view's own where it has keys beside those of the form. */
void pt_formbox_measure(struct pt_view *view, int max_w, int max_h, int *ret_w, int *ret_h);
void pt_formbox_prepare(struct pt_view *view, int width, int height);
void pt_formbox_draw(const struct pt_view *view, struct pt_canvas *canvas, struct pt_rect area,
                     bool focus);
unsigned pt_formbox_key(struct pt_view *view, const struct pt_event *event);
/* For actors: ctrl-o means something on a path alone. */
bool pt_formbox_may(struct pt_view *view, enum pt_action_id id, char *reason, size_t size);
extern const struct pt_actor pt_formbox_actor;

#define PT_FORMBOX_OPS                                                                          \
	.flags = PT_VIEW_TAKES_TEXT | PT_VIEW_MODAL | PT_VIEW_FRAME, .measure = pt_formbox_measure, \
	.prepare = pt_formbox_prepare, .draw = pt_formbox_draw

#endif
