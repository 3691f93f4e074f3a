/*
 * From the fields of a form to a command.
 *
 * What happens between Ctrl-S and the request, in this order:
 *
 *   waiting     files are still being read; goes on when they are (pt_form_tls.settled)
 *   asking      saving would clear stored files: a question, once
 *   working     the command runs; the form shows it and takes no keys but Esc
 *   conflict    the server's copy is another one by now: both are shown, and the person decides
 */
#include "base/mem.h"
#include "core/computation.h"
#include "tui/dialog.h"
#include "tui/table.h"
#include "tui/ui_private.h"
#include "tui/view_form_private.h"
#include "tui/views.h"

#include <string.h>

/* ---- collecting ---- */

static void take_repeated(struct pt_values *values, const struct pt_arg *arg, const char *text)
{
	struct pt_words words;

	pt_words_split_partial(text, strlen(text), &words);
	for (size_t i = 0; i < words.count; i++)
		pt_values_add(values, arg->name, words.v[i]);
	pt_words_finish(&words);
}

/* Without the empty lines an Enter at the end of a text leaves behind. */
static void add_trimmed(struct pt_values *values, const char *name, const char *text)
{
	size_t len = strlen(text);
	PRISM_AUTO_FREE char *copy = NULL;

	while (len && strchr(" \n\t", text[len - 1]))
		len--;
	copy = prism_strndup(text, len);
	pt_values_add(values, name, copy);
}

static void collect_field(struct pt_form_view *f, size_t i, struct pt_values *values)
{
	const struct pt_form_slot *slot = &f->slots[i];
	const struct pt_arg *arg = slot->arg;
	const char *text = pt_form_get(f->box.form, slot->id), *equals = strchr(slot->id, '=');
	bool update = slot->initial && pt_form_current(f, arg);

	if (f->fields[i].applies && !f->fields[i].applies(f, f->box.form))
		return; /* hidden: it may hold what was typed for another mode */
	if (f->fields[i].flags & PT_FIELD_READONLY || !*text ||
	    (update && !strcmp(text, slot->initial)))
		return;
	if (f->fields[i].kind == PT_FIELD_CHECK) {
		if (pt_form_checked(f->box.form, slot->id))
			pt_values_add(values, arg->name, equals ? equals + 1 : "yes");
	} else if (arg->flags & PT_ARG_REPEAT) {
		take_repeated(values, arg, text);
	} else {
		add_trimmed(values, arg->name, text);
	}
}

static struct pt_values *collect(struct pt_form_view *f)
{
	struct pt_values *values = pt_values_create(f->action);

	for (const struct pt_arg *arg = f->action->args; arg && arg->name; arg++)
		for (size_t i = 0; pt_form_arg_is_id(arg->kind) && pt_values_nth(f->values, arg->name, i);
		     i++)
			pt_values_add(values, arg->name, pt_values_nth(f->values, arg->name, i));
	for (size_t i = 0; i < f->count; i++)
		if (f->slots[i].arg && *f->slots[i].id)
			collect_field(f, i, values);
	if (f->tls) {
		/* The opened key is what goes on: nobody needs its passphrase any more. */
		pt_values_clear(values, "passphrase-file");
		pt_form_tls_attach(f->tls, values);
	}
	if (f->base)
		pt_values_attach(values, "computation", prism_secret_from_text(f->base));
	return values;
}

void pt_form_take_base(struct pt_form_view *f)
{
	const struct core_computation *stored = pt_form_stored(f);

	if (f->base)
		prism_wipe(f->base, strlen(f->base));
	prism_free(f->base);
	f->base = stored ? core_computation_snapshot(pt_ui_core(f->box.view->app), stored->id) : NULL;
}

/* ---- a conflict ---- */

struct meeting { /* outlives the form */
	struct pt_app *app;
	struct pt_view *view;
	size_t first; /* index of the first answer */
};
enum answer { SAVE_MINE, TAKE_THEIRS, GO_ON };

static struct pt_form_view *met(const struct meeting *m)
{
	return pt_ui_alive(m->app, m->view) ? m->view->state : NULL;
}

static void decided(void *data, ptrdiff_t index)
{
	struct meeting *m = data;
	struct pt_form_view *f = met(m);
	ptrdiff_t answer = index - (ptrdiff_t)m->first;

	prism_free(m);
	if (!f)
		return;
	if (index >= 0 && answer == SAVE_MINE) {
		pt_form_take_base(f); /* what was shown is what is written over */
		pt_form_submit(f);
	} else if (index >= 0 && answer == TAKE_THEIRS) {
		pt_form_draft_forget(f);
		pt_form_rebuild(f);
	}
}

/* What was not touched here stays as the server has it. */
static void add_difference(struct pt_form_view *f, const struct pt_form_slot *slot,
                           struct prism_buf *out)
{
	const char *theirs = pt_form_current(f, slot->arg), *mine = pt_form_get(f->box.form, slot->id);
	bool touched = strcmp(mine, slot->initial) != 0;
	PRISM_AUTO_FREE char *text = NULL;

	if (!theirs || strcmp(theirs, mine) == 0) {
		pt_form_set_lines(f->box.form, slot->id, NULL, 0);
		return;
	}
	theirs = *theirs ? theirs : "(empty)";
	text = prism_asprintf("on the server now%s: %.400s", touched ? "" : ", and stays", theirs);
	pt_form_set_lines(f->box.form, slot->id, &(struct pt_form_line){PT_SLOT_WARN, 0, text}, 1);
	if (touched)
		prism_buf_printf(out, "%s: %.80s there, %.80s here\n", slot->label, theirs,
		                 *mine ? mine : "(empty)");
	else
		prism_buf_printf(out, "%s: %.80s there, and stays\n", slot->label, theirs);
}

/* Files are told apart by what is stored now and what was when the form was opened. */
static void add_file_differences(struct pt_form_view *f, struct prism_buf *out)
{
	PRISM_AUTO_JSON cJSON *then = prism_json_parse(f->base, strlen(f->base), NULL);
	const cJSON *config = prism_json_get(then, "agent_config");
	const struct core_computation *now = pt_form_stored(f);

	for (unsigned i = 0; now && i < CORE_TLS_FILE_COUNT; i++) {
		const struct core_tls_file_info *info = core_tls_file_info(i);

		if (strcmp(prism_json_str(config, info->key, ""), now->agent->file[i]) != 0)
			prism_buf_printf(out, "%s: %s\n", info->status_label,
			                 *now->agent->file[i] ? "another one is stored" : "was cleared");
	}
}

static void show_both(void *data, const struct core_computation *computation,
                      const struct prism_error *err)
{
	struct meeting *m = data;
	struct pt_form_view *f = met(m);
	PRISM_AUTO_BUF struct prism_buf text = PRISM_BUF_INIT(65536);
	struct pt_dialog_item items[40];
	size_t count = 0;

	if (!f || err || !computation) {
		if (f && err)
			pt_form_set_error(f->box.form, err);
		prism_free(m);
		return;
	}
	for (size_t i = 0; i < f->count; i++)
		if (f->slots[i].arg && f->slots[i].initial)
			add_difference(f, &f->slots[i], &text);
	if (f->base)
		add_file_differences(f, &text);
	for (char *at = text.data; at && *at && count < 32;) {
		char *end = strchr(at, '\n');

		*end = '\0';
		for (char *c = at; *c; c++)
			*c = *c == '\n' ? ' ' : *c;
		items[count++] = (struct pt_dialog_item){.text = at, .disabled = true};
		at = end + 1;
	}
	m->first = count;
	items[count++] = (struct pt_dialog_item){.text = "Save mine over it"};
	items[count++] = (struct pt_dialog_item){.text = "Take the server's", .note = "mine is lost"};
	items[count++] = (struct pt_dialog_item){.text = "Go on editing"};
	pt_dialog_choose(m->app, "It was changed on the server", items, count, m->first + GO_ON,
	                 decided, m);
	pt_app_dirty(m->app);
}

static void meet(struct pt_form_view *f)
{
	struct meeting *m = prism_alloc(sizeof(*m));
	struct prism_error err = PRISM_ERROR_INIT;

	*m = (struct meeting){f->box.view->app, f->box.view, 0};
	if (core_computation_fetch(pt_ui_core(m->app), pt_values_get(f->values, "computation"),
	                           pt_ui_of(m->app)->cancel, show_both, m, &err) == 0)
		return;
	pt_form_set_error(f->box.form, &err);
	prism_free(m);
}

/* ---- sending ---- */

struct sending { /* outlives the form */
	struct pt_app *app;
	struct pt_view *view;
	bool background;
};

/* What was made is what comes next: the cursor goes to it, now or when its row arrives. */
static void select_made(struct pt_app *app, const char *id)
{
	struct pt_view *view = pt_app_focused(app);
	struct pt_table *table = view && view->ops->table ? view->ops->table(view) : NULL;

	if (table && *id && !pt_table_select(table, id))
		pt_app_dirty(app);
}

static void sent(void *data, const char *id, const struct prism_error *err)
{
	struct sending *s = data;
	bool open = !s->background && pt_ui_alive(s->app, s->view);
	struct pt_form_view *f = open ? s->view->state : NULL;

	if (f)
		pt_form_set_busy(f->box.form, NULL);
	if (err && f && err->category != PRISM_ERROR_CANCELLED) {
		pt_form_set_error(f->box.form, err);
		if (err->category == PRISM_ERROR_CONFLICT && !err->status && f->base)
			meet(f);
	} else if (err) {
		pt_app_report(s->app, err);
	} else if (f) {
		pt_form_draft_forget(f);
		pt_form_clean(f->box.form);
		pt_app_close(s->app, s->view);
		select_made(s->app, id);
	}
	pt_app_dirty(s->app);
	prism_free(s);
}

/* Transfers go on behind: their own view and the timeline show them. */
static bool in_background(const struct pt_action *action)
{
	return action->group == PT_GROUP_RUN && (action->flags & PT_ACTION_CANCELLABLE);
}

static void send(struct pt_form_view *f)
{
	struct pt_values *values = collect(f);
	struct prism_error err = PRISM_ERROR_INIT;
	struct sending *s;

	pt_form_set_error(f->box.form, NULL);
	if (pt_values_check(values, &err) < 0) {
		prism_error_hint(&err, "%s", "");
		pt_form_set_error(f->box.form, &err);
		pt_values_destroy(values);
		return;
	}
	if (pt_action_id(f->action) == PT_ACTION_COMPUTATION_IMPORT) { /* a preview comes first */
		struct pt_app *app = f->box.view->app;
		pt_app_close(app, f->box.view);
		pt_import_open(app, values);
		pt_values_destroy(values);
		return;
	}
	s = prism_alloc(sizeof(*s));
	*s = (struct sending){f->box.view->app, f->box.view, in_background(f->action)};
	if (s->background)
		pt_app_close(f->box.view->app, f->box.view);
	else
		pt_form_set_busy(f->box.form, "Working ...");
	/* What a form made is seen in its list; a result says what is in it. */
	pt_ui_run(s->app, values, pt_action_id(f->action) != PT_ACTION_RESULT_FETCH, sent, s);
}

/* ---- what saving takes away ---- */

static void agreed(void *data, bool yes)
{
	struct meeting *m = data;
	struct pt_form_view *f = met(m);

	if (f && yes) {
		f->confirmed = true;
		send(f);
	}
	prism_free(m);
}

/* True when the question was put. */
static bool ask_before_clearing(struct pt_form_view *f)
{
	PRISM_AUTO_BUF struct prism_buf list = PRISM_BUF_INIT(1024);
	struct meeting *m;

	for (unsigned i = 0; f->tls && i < CORE_TLS_FILE_COUNT; i++)
		if (pt_form_tls_clears(f->tls, i))
			prism_buf_printf(&list, "%s%s", list.len ? "\n" : "",
			                 core_tls_file_info(i)->status_label);
	if (!list.len || f->confirmed)
		return false;
	m = prism_alloc(sizeof(*m));
	*m = (struct meeting){f->box.view->app, f->box.view, 0};
	pt_dialog_confirm(f->box.view->app,
	                  &(struct pt_confirm){.title = "Change the TLS mode",
	                                       .text = "Saving clears what the new mode does not use. "
	                                               "The files stored now:",
	                                       .detail = prism_buf_text(&list),
	                                       .yes = "Save"},
	                  agreed, m);
	return true;
}

void pt_form_submit(struct pt_form_view *f)
{
	f->waiting = false;
	if (f->tls) {
		pt_form_tls_sync(f->tls, NULL);
		if (pt_form_tls_reading(f->tls)) {
			f->waiting = true;
			pt_form_set_busy(f->box.form, "Reading the files ...");
			return;
		}
		if (!pt_form_validate(f->box.form))
			return;
	}
	if (!ask_before_clearing(f))
		send(f);
}
