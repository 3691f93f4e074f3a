/*
 * A secret that is told once: masked until asked for, shown for a few seconds, copied or saved on
 * request, wiped when the dialog goes.  Closing asks first while it was neither copied nor saved.
 */
#include "tui/dialog.h"
#include "tui/hostfile.h"
#include "tui/savefile.h"

#include "base/file.h"
#include "base/mem.h"
#include "core/options.h"
#include "tui/ui.h"

#include <stdio.h>
#include <string.h>

#define WIDTH 74
#define REVEAL_MS 10000 /* long enough to compare, too short to be forgotten on the screen */

struct told {
	struct pt_view *view;
	char *title;
	struct prism_secret *secret;
	struct prism_timer *hide; /* NULL: masked */
	bool kept;                /* copied or saved */
	bool sure;                /* asked once whether to close */
	char note[200];
};

static void hide(void *data)
{
	struct told *t = data;

	prism_timer_remove(t->hide);
	t->hide = NULL;
	pt_app_dirty(t->view->app);
}

static void reveal(struct told *t)
{
	if (t->hide) {
		prism_timer_remove(t->hide);
		t->hide = NULL;
		return;
	}
	t->hide = prism_loop_add_timer(pt_app_loop(t->view->app), REVEAL_MS, 0, hide, t);
}

static void copy(struct told *t)
{
	struct prism_error err = PRISM_ERROR_INIT;

	if (!core_option_bool(pt_ui_world(t->view->app)->options, CORE_OPT_CLIPBOARD))
		snprintf(t->note, sizeof(t->note), "copying is switched off (clipboard=no)");
	else if (pt_term_copy(pt_app_term(t->view->app), prism_secret_text(t->secret),
	                      prism_secret_size(t->secret), &err) < 0)
		snprintf(t->note, sizeof(t->note), "%.180s", err.message);
	else
		t->kept = snprintf(t->note, sizeof(t->note), "copied to the clipboard") > 0;
}

/* ---- saving ---- */

struct saving { /* outlives the dialog below it */
	struct pt_app *app;
	struct pt_view *view;
};

static struct told *told_of(const struct saving *s)
{
	return pt_ui_alive(s->app, s->view) ? s->view->state : NULL;
}

static void is_saved(struct told *t, const char *path, const struct prism_error *err)
{
	if (err)
		snprintf(t->note, sizeof(t->note), "not saved: %.180s", err->message);
	else
		t->kept =
		    snprintf(t->note, sizeof(t->note), "saved, readable by you alone: %.150s", path) > 0;
}

static void is_sent(void *data, const struct prism_error *err)
{
	struct saving *s = data;

	if (told_of(s))
		is_saved(told_of(s), "on the host", err);
	prism_free(s);
}

static void save_as(void *data, const char *text)
{
	struct saving *s = data;
	struct pt_app *app = s->app;
	struct told *t = told_of(s);
	PRISM_AUTO_FREE char *path = text && *text ? prism_path_expand(text) : NULL;
	struct pt_hostfile *file = NULL;
	struct prism_error err = PRISM_ERROR_INIT;
	int on_host = t && path ? pt_hostfile_create(pt_ui_world(app), path, true, &file, &err) : 0;

	if (!t || !path) {
		prism_free(s);
		return;
	}
	if (on_host >= 0)
		on_host =
		    prism_file_write(file ? pt_hostfile_local(file) : path, prism_secret_text(t->secret),
		                     prism_secret_size(t->secret), 0600, &err);
	if (on_host == 0 && file) {
		snprintf(t->note, sizeof(t->note), "on its way to the host");
		pt_savefile_send(app, "token", PRISM_STEAL(file), is_sent, PRISM_STEAL(s));
	} else {
		is_saved(t, path, on_host < 0 ? &err : NULL);
	}
	pt_hostfile_destroy(file);
	prism_free(s);
}

static void save(struct told *t)
{
	struct saving *s = prism_alloc(sizeof(*s));

	*s = (struct saving){t->view->app, t->view};
	pt_dialog_file(t->view->app, "Save the token", "File to write, mode 0600", "prism-token.txt",
	               save_as, s);
}

/* ---- view ---- */

static unsigned leave(struct told *t)
{
	if (t->kept || t->sure)
		return PT_HANDLED | PT_CLOSE;
	t->sure = true;
	snprintf(t->note, sizeof(t->note),
	         "neither copied nor saved: it is not told again. Once more to close");
	return PT_HANDLED | PT_REDRAW;
}

static unsigned key(struct pt_view *view, const struct pt_event *event)
{
	struct told *t = view->state;

	if (pt_key_is(event, PT_KEY_ESC, 0) || pt_key_is(event, PT_KEY_ENTER, 0) ||
	    pt_key_is(event, 'q', 0) || pt_key_is(event, 'c', PT_MOD_CTRL))
		return leave(t);
	if (pt_key_is(event, 'v', 0))
		reveal(t);
	else if (pt_key_is(event, 'y', 0))
		copy(t);
	else if (pt_key_is(event, 's', 0) || pt_key_is(event, 'w', 0))
		save(t);
	return PT_HANDLED | PT_REDRAW;
}

static const char *title(struct pt_view *view)
{
	return ((struct told *)view->state)->title;
}

static void measure(struct pt_view *view, int max_w, int max_h, int *ret_w, int *ret_h)
{
	PRISM_UNUSED(view);
	*ret_w = WIDTH < max_w ? WIDTH : max_w;
	*ret_h = 8 < max_h ? 8 : max_h;
}

struct lines {
	struct pt_canvas *canvas;
	struct pt_rect area;
};

static void secret_line(void *data, int line, const char *text, size_t len)
{
	const struct lines *l = data;

	if (line < 3)
		pt_canvas_textn(l->canvas, l->area.x, l->area.y + line, l->area.w, PT_SLOT_STRONG, 0, text,
		                len);
}

static void draw(const struct pt_view *view, struct pt_canvas *canvas, struct pt_rect area,
                 bool focus)
{
	const struct told *t = view->state;
	struct lines lines = {canvas, {area.x, area.y + 2, area.w, 3}};

	PRISM_UNUSED(focus);
	pt_canvas_text(canvas, area.x, area.y, area.w, PT_SLOT_DIALOG, 0,
	               "This is told once and kept nowhere. Copy or save it now.");
	if (t->hide)
		pt_text_wrap(prism_secret_text(t->secret), prism_secret_size(t->secret), area.w,
		             secret_line, &lines);
	else
		for (int x = 0; x < 24 && x < area.w; x++)
			pt_canvas_glyph(canvas, area.x + x, area.y + 2, PT_GLYPH_BULLET, PT_SLOT_STRONG, 0);
	pt_canvas_text(canvas, area.x, area.y + 5, area.w, t->kept ? PT_SLOT_GOOD : PT_SLOT_WARN, 0,
	               t->note);
	pt_canvas_text(canvas, area.x, area.y + 7, area.w, PT_SLOT_DIM, 0,
	               t->hide ? "v hides  y copies  s saves  esc closes"
	                       : "v shows it for ten seconds  y copies  s saves  esc closes");
}

static void destroy(struct pt_view *view)
{
	struct told *t = view->state;

	prism_timer_remove(t->hide);
	prism_secret_destroy(t->secret);
	prism_free(t->title);
	prism_free(t);
}

static const struct pt_view_ops ops = {
    .name = "secret",
    .flags = PT_VIEW_MODAL | PT_VIEW_FRAME,
    .title = title,
    .measure = measure,
    .draw = draw,
    .key = key,
    .destroy = destroy,
};

void pt_dialog_secret(struct pt_app *app, const char *heading, struct prism_secret *secret)
{
	struct told *t = prism_alloc(sizeof(*t));

	t->view = pt_view_create(app, &ops, t);
	t->title = prism_strdup(heading);
	t->secret = secret;
	pt_app_overlay(app, t->view);
}
