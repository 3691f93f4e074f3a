/*
 * The locked screen: nothing of the work is drawn, only the password field; transfers and watches
 * go on behind it.  It comes by the action `lock`, or after the option lock_after without a key.
 *
 * States:  asking → checking → (right) closed | (wrong) asking, after a pause that doubles
 * After LOCK_TRIES wrong answers the program ends, as the option lock_action = quit does at once.
 */
#include "base/mem.h"
#include "core/core.h"
#include "core/options.h"
#include "core/session.h"
#include "core/unlock.h"
#include "tui/form.h"
#include "tui/ui_private.h"
#include "tui/views.h"

#include <stdio.h>
#include <string.h>

#define LOCK_TRIES 10     /* guesses at a stranger's keyboard */
#define LOCK_PAUSE_MS 500 /* after the first wrong one; doubles */
#define LOCK_PAUSE_CAP_MS 30000

struct lock {
	struct pt_view *view;
	struct pt_form *form;
	char since[64], who[320];
	struct pt_field fields[2];
	unsigned wrong;
	int64_t not_before_ms; /* monotonic */
	bool checking;
	enum core_unlock_kind kind;
};

static int64_t now_ms(const struct lock *l)
{
	return prism_clock_mono_ms(pt_app_clock(l->view->app));
}

static void refuse(struct lock *l, const struct prism_error *err)
{
	struct prism_error said = *err;
	int64_t pause;

	if (err->category == PRISM_ERROR_AUTH) {
		l->wrong++;
		if (l->wrong >= LOCK_TRIES) {
			pt_app_quit(l->view->app);
			return;
		}
		pause = (int64_t)LOCK_PAUSE_MS << (l->wrong - 1);
		l->not_before_ms = now_ms(l) + (pause < LOCK_PAUSE_CAP_MS ? pause : LOCK_PAUSE_CAP_MS);
		prism_error_clear(&said);
		prism_error_raise(&said, PRISM_ERROR_AUTH, "wrong; %u more tries", LOCK_TRIES - l->wrong);
	}
	pt_form_set_error(l->form, &said);
	pt_app_dirty(l->view->app);
}

static void answered(void *data, const struct prism_error *err)
{
	struct pt_app *app = data;
	struct pt_view *view = pt_ui_of(app)->lock;
	struct lock *l = view ? view->state : NULL;

	if (!l)
		return;
	l->checking = false;
	pt_form_set_busy(l->form, NULL);
	if (!err)
		pt_app_close(app, view);
	else if (err->category != PRISM_ERROR_CANCELLED)
		refuse(l, err);
	pt_app_dirty(app);
}

static void submit(struct lock *l)
{
	struct prism_secret *typed = pt_form_take_secret(l->form, "password");
	struct prism_error err = PRISM_ERROR_INIT;

	if (now_ms(l) < l->not_before_ms) {
		prism_secret_destroy(typed);
		prism_error_raise(&err, PRISM_ERROR_AUTH, "wait a moment before the next try");
		pt_form_set_error(l->form, &err);
		return;
	}
	pt_form_set_error(l->form, NULL);
	if (core_unlock(pt_ui_core(l->view->app), typed, l->view->cancel, answered, l->view->app,
	                &err) < 0) {
		pt_form_set_error(l->form, &err);
		return;
	}
	l->checking = true;
	pt_form_set_busy(l->form, "Checking ...");
}

/* Every key ends here: nothing behind the lock may be reached. */
static unsigned key(struct pt_view *view, const struct pt_event *event)
{
	struct lock *l = view->state;
	unsigned result;

	if (pt_key_is(event, 'c', PT_MOD_CTRL)) {
		pt_app_quit(view->app);
		return PT_HANDLED;
	}
	if (l->checking || event->kind == PT_EVENT_MOUSE)
		return PT_HANDLED;
	result = pt_form_key(l->form, event);
	if (result & PT_SUBMIT)
		submit(l);
	return PT_HANDLED | PT_REDRAW;
}

static const char *title(struct pt_view *view)
{
	PRISM_UNUSED(view);
	return "Locked";
}

static struct pt_rect middle(struct lock *l, int width, int height)
{
	int w, h;

	pt_form_measure(l->form, width < 60 ? width - 2 : 58, height, &w, &h);
	return pt_rect_center((struct pt_rect){0, 0, width, height}, w, h < height ? h : height);
}

static void prepare(struct pt_view *view, int width, int height)
{
	struct lock *l = view->state;
	struct pt_rect rect = middle(l, width, height);

	pt_form_prepare(l->form, rect.w, rect.h);
}

static void draw(const struct pt_view *view, struct pt_canvas *canvas, struct pt_rect area,
                 bool focus)
{
	struct lock *l = view->state;

	pt_form_draw(l->form, canvas, middle(l, area.w, area.h), focus);
}

static void destroy(struct pt_view *view)
{
	struct lock *l = view->state;
	struct pt_ui *ui = pt_ui_of(view->app);

	if (ui->lock == view)
		ui->lock = NULL;
	pt_ui_lock_watch(ui);
	pt_form_destroy(l->form);
	prism_free(l);
}

static const struct pt_actor actor = {.where = PT_IN_FORM};

static const struct pt_view_ops ops = {
    .name = "lock",
    .flags = PT_VIEW_TAKES_TEXT | PT_VIEW_MODAL | PT_VIEW_CURTAIN,
    .title = title,
    .prepare = prepare,
    .draw = draw,
    .key = key,
    .destroy = destroy,
    .actor = &actor,
};

static const char *asks_for(enum core_unlock_kind kind)
{
	switch (kind) {
	case CORE_UNLOCK_TOKEN:
		return "Access token";
	case CORE_UNLOCK_SERVER:
		return "Password (checked by the server)";
	default:
		return "Password";
	}
}

struct pt_view *pt_view_lock(struct pt_app *app)
{
	struct lock *l = prism_alloc(sizeof(*l));
	struct pt_view *view = pt_view_create(app, &ops, l);
	const char *name = core_session_login_name(pt_ui_core(app));
	char time[PRISM_TIME_TEXT];

	l->view = view;
	l->kind = core_unlock_kind(pt_ui_core(app));
	snprintf(l->since, sizeof(l->since), "%s",
	         prism_time_local(prism_clock_wall_us(pt_app_clock(app)), time));
	snprintf(l->who, sizeof(l->who), "prism-tui, locked at %.5s%s%.200s. Ctrl-C ends it.",
	         l->since + 11, *name ? " for " : "", name);
	l->fields[0] = (struct pt_field){.id = "who", .label = l->who, .kind = PT_FIELD_NOTE};
	l->fields[1] = (struct pt_field){
	    .id = "password",
	    .label = asks_for(l->kind),
	    .kind = PT_FIELD_PASSWORD,
	    .flags = PT_FIELD_REQUIRED,
	    .max = 16384,
	};
	l->form = pt_form_create(l->fields, PRISM_COUNT(l->fields), "UNLOCK", NULL, l);
	pt_form_focus(l->form, "password");
	return view;
}
