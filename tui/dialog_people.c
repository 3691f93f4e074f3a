/*
 * Choosing a person: those of the workspace at once, others by searching the platform as one types
 * (at least three characters, reference 3.1).  A search starts when typing pauses; a newer one
 * cancels the one before.
 */
#include "tui/dialog.h"

#include "base/mem.h"
#include "core/role.h"
#include "core/session.h"
#include "core/user.h"
#include "core/validate.h"
#include "tui/match.h"
#include "tui/ui.h"

#include <string.h>

#define WIDTH 66
#define ROWS_MAX 14
#define TEXT_MAX 254
#define PAUSE_MS 250 /* without a key, then the server is asked */

struct person {
	char *id, *name, *note;
	bool member;
};

struct people {
	struct pt_view *view;
	struct core *core;
	char *title;
	struct pt_prompt *prompt;
	struct person *found; /* of the last search */
	size_t found_count;
	struct person *shown; /* members that match, then found ones; owned */
	size_t shown_count, at, top;
	struct prism_timer *pause;
	struct prism_cancel *search; /* NULL: none under way */
	char *searched;              /* text of the last search; NULL */
	struct prism_error error;    /* of the last search */
	bool outside;                /* members cannot be chosen */
	void (*done)(void *data, const char *user_id);
	void *data;
};

static void persons_free(struct person *persons, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		prism_free(persons[i].id);
		prism_free(persons[i].name);
		prism_free(persons[i].note);
	}
	prism_free(persons);
}

static void add(struct people *p, const char *id, const char *name, const char *note, bool member)
{
	for (size_t i = 0; i < p->shown_count; i++)
		if (!strcmp(p->shown[i].id, id))
			return;
	p->shown = prism_realloc_array(p->shown, p->shown_count + 1, sizeof(*p->shown));
	p->shown[p->shown_count++] =
	    (struct person){prism_strdup(id), prism_strdup(name), prism_strdup(note), member};
}

static void add_members(struct people *p, const char *text)
{
	struct core_roles roles = core_roles(p->core, NULL);

	for (size_t i = 0; i < roles.count; i++)
		for (size_t k = 0; k < roles.roles[i].member_count; k++) {
			const char *id = roles.roles[i].members[k], *name = core_user_name(p->core, id);

			if (pt_match_words(name, strlen(name), text))
				add(p, id, name, roles.roles[i].name, true);
		}
}

static void refill(struct people *p)
{
	const char *text = pt_prompt_text(p->prompt);

	persons_free(p->shown, p->shown_count);
	p->shown = NULL;
	p->shown_count = 0;
	if (!p->outside || *text)
		add_members(p, text);
	for (size_t i = 0; p->searched && !strcmp(p->searched, text) && i < p->found_count; i++)
		add(p, p->found[i].id, p->found[i].name, p->found[i].note,
		    core_role_of(p->core, NULL, p->found[i].id) != NULL);
	if (p->at >= p->shown_count)
		p->at = p->shown_count ? p->shown_count - 1 : 0;
	pt_app_dirty(p->view->app);
}

/* ---- searching ---- */

static void stop_search(struct people *p)
{
	struct prism_cancel *search = p->search;

	p->search = NULL;
	if (!search)
		return;
	prism_cancel_fire(search);
	prism_cancel_destroy(search);
}

struct searching { /* outlives the dialog and its token */
	struct pt_app *app;
	struct pt_view *view;
	char *text;
};

static void found(void *data, const struct core_users *users, const struct prism_error *err)
{
	struct searching *s = data;
	struct people *p = pt_ui_alive(s->app, s->view) ? s->view->state : NULL;

	if (p && p->searched && !strcmp(p->searched, s->text) &&
	    !(err && err->category == PRISM_ERROR_CANCELLED)) {
		prism_cancel_destroy(p->search);
		p->search = NULL;
		prism_error_clear(&p->error);
		if (err)
			prism_error_copy(&p->error, err);
		persons_free(p->found, p->found_count);
		p->found_count = err ? 0 : users->count;
		p->found = prism_alloc_array(p->found_count + 1, sizeof(*p->found));
		for (size_t i = 0; i < p->found_count; i++) {
			char name[256];

			core_user_display(&users->users[i], name, sizeof(name));
			p->found[i] = (struct person){prism_strdup(users->users[i].id), prism_strdup(name),
			                              prism_strdup(users->users[i].username), false};
		}
		refill(p);
	}
	prism_free(s->text);
	prism_free(s);
}

static void search_now(struct people *p)
{
	const char *text = pt_prompt_text(p->prompt);
	struct searching *s;

	stop_search(p);
	prism_error_clear(&p->error);
	prism_free(p->searched);
	p->searched = NULL;
	if (core_validate(CORE_FIELD_USER_SEARCH, text, NULL) < 0)
		return;
	s = prism_alloc(sizeof(*s));
	*s = (struct searching){p->view->app, p->view, prism_strdup(text)};
	p->searched = prism_strdup(text);
	p->search = prism_cancel_create(p->view->cancel);
	if (core_user_search(p->core, text, p->search, found, s, &p->error) < 0) {
		stop_search(p);
		prism_free(s->text);
		prism_free(s);
	}
	pt_app_dirty(p->view->app);
}

static void paused(void *data)
{
	struct people *p = data;

	prism_timer_remove(p->pause);
	p->pause = NULL;
	search_now(p);
}

static void typed(struct people *p)
{
	prism_timer_remove(p->pause);
	p->pause = prism_loop_add_timer(pt_app_loop(p->view->app), PAUSE_MS, 0, paused, p);
	p->at = p->top = 0;
	refill(p);
}

/* ---- view ---- */

static void answer(struct people *p, const char *id)
{
	void (*done)(void *data, const char *user_id) = p->done;

	p->done = NULL;
	if (done)
		done(p->data, id);
}

static bool barred(const struct people *p, const struct person *person)
{
	return p->outside && person->member;
}

static unsigned enter(struct people *p)
{
	if (p->shown_count == 0) {
		prism_timer_remove(p->pause);
		p->pause = NULL;
		search_now(p);
		return PT_HANDLED | PT_REDRAW;
	}
	if (barred(p, &p->shown[p->at]))
		return PT_HANDLED;
	answer(p, p->shown[p->at].id);
	return PT_HANDLED | PT_CLOSE;
}

static unsigned key(struct pt_view *view, const struct pt_event *event)
{
	struct people *p = view->state;
	unsigned result;

	if (pt_key_is(event, PT_KEY_ESC, 0) || pt_key_is(event, 'c', PT_MOD_CTRL)) {
		answer(p, NULL);
		return PT_HANDLED | PT_CLOSE;
	}
	if (pt_key_is(event, PT_KEY_ENTER, 0))
		return enter(p);
	if (pt_key_is(event, PT_KEY_DOWN, 0) || pt_key_is(event, 'n', PT_MOD_CTRL)) {
		p->at += p->at + 1 < p->shown_count;
		return PT_HANDLED | PT_REDRAW;
	}
	if (pt_key_is(event, PT_KEY_UP, 0) || pt_key_is(event, 'p', PT_MOD_CTRL)) {
		p->at -= p->at > 0;
		return PT_HANDLED | PT_REDRAW;
	}
	result = pt_prompt_key(p->prompt, event);
	if (result & PT_CHANGED)
		typed(p);
	return result | PT_HANDLED;
}

static const char *title(struct pt_view *view)
{
	return ((struct people *)view->state)->title;
}

static void measure(struct pt_view *view, int max_w, int max_h, int *ret_w, int *ret_h)
{
	PRISM_UNUSED(view);
	*ret_w = WIDTH < max_w ? WIDTH : max_w;
	*ret_h = ROWS_MAX + 3 < max_h ? ROWS_MAX + 3 : max_h;
}

static void prepare(struct pt_view *view, int width, int height)
{
	struct people *p = view->state;
	size_t rows = height > 3 ? (size_t)height - 3 : 1;

	PRISM_UNUSED(width);
	if (p->at < p->top)
		p->top = p->at;
	if (p->at >= p->top + rows)
		p->top = p->at - rows + 1;
}

/* What stands below the input: why there is nothing, or what is going on. */
static const char *state_line(const struct people *p, enum pt_slot *ret_slot)
{
	const char *text = pt_prompt_text(p->prompt);

	*ret_slot = PT_SLOT_DIM;
	if (p->error.category != PRISM_ERROR_NONE) {
		*ret_slot = PT_SLOT_BAD;
		return p->error.message;
	}
	if (p->search || p->pause)
		return "searching ...";
	if (core_validate(CORE_FIELD_USER_SEARCH, text, NULL) < 0)
		return p->outside ? "type three letters to search all users"
		                  : "members of the workspace; three letters search all users";
	return p->shown_count ? "" : "nobody is called like that";
}

static void draw(const struct pt_view *view, struct pt_canvas *canvas, struct pt_rect area,
                 bool focus)
{
	const struct people *p = view->state;
	enum pt_slot slot;
	const char *line = state_line(p, &slot);

	pt_prompt_draw(p->prompt, canvas, area.x, area.y, area.w, focus, "user name or first name");
	pt_canvas_text(canvas, area.x, area.y + 1, area.w, slot, 0, line);
	for (int i = 0; i < area.h - 3 && p->top + (size_t)i < p->shown_count; i++) {
		const struct person *person = &p->shown[p->top + (size_t)i];
		bool selected = p->top + (size_t)i == p->at;
		int y = area.y + 3 + i, used;

		if (selected)
			pt_canvas_glyph(canvas, area.x, y, PT_GLYPH_POINTER, PT_SLOT_TITLE_FOCUS, 0);
		used = pt_canvas_text(canvas, area.x + 2, y, area.w - 2,
		                      barred(p, person) ? PT_SLOT_OFF : PT_SLOT_DIALOG,
		                      selected ? PT_LOOK_SELECTED : 0, person->name);
		if (area.w - used - 5 > 3)
			pt_canvas_text_right(canvas, area.x + used + 4, y, area.w - used - 4, PT_SLOT_DIM, 0,
			                     barred(p, person) ? "member already" : person->note);
	}
}

static unsigned changed(struct pt_view *view, const struct core_event *event)
{
	if (event->type != CORE_EVENT_USERS && event->type != CORE_EVENT_ROLES)
		return PT_IGNORED;
	refill(view->state);
	return PT_REDRAW;
}

static void destroy(struct pt_view *view)
{
	struct people *p = view->state;

	answer(p, NULL);
	prism_timer_remove(p->pause);
	stop_search(p);
	persons_free(p->found, p->found_count);
	persons_free(p->shown, p->shown_count);
	pt_prompt_destroy(p->prompt);
	prism_free(p->searched);
	prism_free(p->title);
	prism_free(p);
}

static const struct pt_view_ops ops = {
    .name = "people-choice",
    .flags = PT_VIEW_MODAL | PT_VIEW_FRAME | PT_VIEW_TAKES_TEXT,
    .title = title,
    .measure = measure,
    .prepare = prepare,
    .draw = draw,
    .key = key,
    .changed = changed,
    .destroy = destroy,
};

void pt_dialog_person(struct pt_app *app, const char *heading, bool outside,
                      void (*done)(void *data, const char *user_id), void *data)
{
	struct people *p = prism_alloc(sizeof(*p));

	p->view = pt_view_create(app, &ops, p);
	p->core = pt_ui_core(app);
	p->title = prism_strdup(heading);
	p->prompt = pt_prompt_create(TEXT_MAX);
	p->outside = outside;
	p->done = done;
	p->data = data;
	core_roles_load(p->core, NULL, false); /* members are offered without searching */
	refill(p);
	pt_app_overlay(app, p->view);
}
