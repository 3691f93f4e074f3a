/*
 * Everything that was said since the program started, newest first; what a toast showed for a
 * moment can be read, searched and saved here.
 */
#include "base/mem.h"
#include "tui/args.h"
#include "tui/savefile.h"
#include "tui/textview.h"
#include "tui/ui.h"
#include "tui/views.h"

#include <string.h>

struct messages {
	struct pt_app *app;
	struct pt_textview *text;
	size_t seen;      /* messages built into the text */
	unsigned repeats; /* of the newest one then */
};

static void build(struct pt_view *view)
{
	struct messages *m = view->state;
	const struct pt_messages *all = pt_app_messages(view->app);
	size_t count = pt_messages_count(all);
	char time[PRISM_TIME_TEXT];

	pt_textview_clear(m->text);
	for (size_t i = count; i-- > 0;) {
		const struct pt_message *message = pt_messages_get(all, i);

		pt_textview_line(m->text, PT_SLOT_DIM, prism_time_local(message->wall_us, time));
		pt_textview_part(m->text, PT_SLOT_DIM, "  ");
		pt_textview_part(m->text, message->tone, message->text);
		if (message->repeats > 1)
			pt_textview_printf(m->text, PT_SLOT_DIM, "  (%u times)", message->repeats);
	}
	if (!count)
		pt_textview_line(m->text, PT_SLOT_DIM, "Nothing was said yet");
	m->seen = count;
	m->repeats = count ? pt_messages_get(all, count - 1)->repeats : 0;
}

static void save_to(void *state, const char *path)
{
	const struct messages *m = state;
	PRISM_AUTO_FREE char *text = pt_textview_copy(m->text);

	pt_savefile_mode(m->app, "messages", path, text, strlen(text), 0600);
}

static unsigned act(struct pt_view *view, enum pt_action_id id, const struct pt_values *values)
{
	const char *file = values ? pt_values_get(values, "file") : NULL;

	if (id != PT_ACTION_SAVE)
		return PT_IGNORED;
	if (file)
		save_to(view->state, file);
	else
		pt_savefile_ask(view, "Save messages", "File", "messages.txt", save_to);
	return PT_HANDLED | PT_REDRAW;
}

static const struct pt_actor actor = {
    .where = PT_IN_MESSAGES, .may = pt_ui_opens_nothing, .act = act};

static struct pt_textview *text(struct pt_view *view)
{
	struct messages *m = view->state;

	return m->text;
}

static const char *title(struct pt_view *view)
{
	PRISM_UNUSED(view);
	return "Messages";
}

static const char *summary(struct pt_view *view)
{
	return pt_textview_summary(text(view));
}

static void prepare(struct pt_view *view, int width, int height)
{
	struct messages *m = view->state;
	const struct pt_messages *all = pt_app_messages(view->app);
	size_t count = pt_messages_count(all);

	if (m->seen != count || (count && pt_messages_get(all, count - 1)->repeats != m->repeats))
		build(view);
	pt_textview_prepare(m->text, width, height);
}

static void draw(const struct pt_view *view, struct pt_canvas *canvas, struct pt_rect area,
                 bool focus)
{
	const struct messages *m = view->state;

	PRISM_UNUSED(focus);
	pt_textview_draw(m->text, canvas, area);
}

static void destroy(struct pt_view *view)
{
	struct messages *m = view->state;

	pt_textview_destroy(m->text);
	prism_free(m);
}

static const struct pt_view_ops ops = {
    .name = "messages",
    .title = title,
    .summary = summary,
    .prepare = prepare,
    .draw = draw,
    .destroy = destroy,
    .text = text,
    .actor = &actor,
};

struct pt_view *pt_view_messages(struct pt_app *app)
{
	struct messages *m = prism_alloc(sizeof(*m));
	struct pt_view *view = pt_view_create(app, &ops, m);

	m->app = app;
	m->text = pt_textview_create();
	pt_textview_set_wrap(m->text, true);
	build(view);
	return view;
}
