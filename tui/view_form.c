/*
 * One form for every command: its fields are the arguments of the action's row, so what can be
 * typed after `-c` can be filled in here, and nothing else has to be kept in step.
 *
 *   choice          one of a list; a repeated one becomes a box for each word
 *   file            a path, completed by Tab
 *   flag            a box
 *   id of something a text, completed from what is loaded; what is known already is only told
 *
 * Drafts: what was typed is remembered as it changes (never passwords; there are none here), so it
 * survives a hang-up, and is forgotten when the command has worked.
 *
 * Updates start from what is there now, and send only what was changed.
 */
#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "core/asset.h"
#include "core/computation.h"
#include "core/options.h"
#include "tui/args.h"
#include "tui/candidates.h"
#include "tui/form.h"
#include "tui/picker.h"
#include "tui/table.h"
#include "tui/ui_private.h"
#include "tui/view_form_tls.h"
#include "tui/views.h"

#include <stdio.h>
#include <string.h>

#define FIELDS_MAX 32
#define CHOICES_MAX 16

struct slot { /* one field and where it came from */
	const struct pt_arg *arg;
	char *id, *label;
	char *hint;    /* placeholder of its own; NULL: none */
	char *initial; /* what the field starts with; NULL: nothing */
	struct pt_choice choices[CHOICES_MAX];
	char *words[CHOICES_MAX];
	size_t choice_count;
};

struct form {
	struct pt_view *view;
	const struct pt_action *action;
	struct pt_values *values; /* known before */
	struct pt_form *form;
	struct pt_field fields[FIELDS_MAX];
	struct slot slots[FIELDS_MAX];
	size_t count;
	char *note, *tls_panel, *clears[CORE_TLS_FILE_COUNT];
	char title[160], submit[64];
};

/* ---- fields ---- */

static bool is_id(enum pt_arg_kind kind)
{
	return kind == PT_ARG_COMPUTATION || kind == PT_ARG_CVM || kind == PT_ARG_ASSET ||
	       kind == PT_ARG_CERT || kind == PT_ARG_ROLE || kind == PT_ARG_WORKSPACE ||
	       kind == PT_ARG_USER || kind == PT_ARG_PAT || kind == PT_ARG_INVITATION;
}

/* "log-level" is "Log level"; words that are names keep their capitals. */
static char *label_of(const char *name)
{
	static const struct {
		const char *name, *label;
	} known[] = {{"ip", "IP addresses"},
	             {"tls-mode", "TLS mode"},
	             {"server-ca-file", "Server CA file"},
	             {"client-ca-file", "Client CA file"}};
	char *label = prism_strdup(name);

	for (size_t i = 0; i < PRISM_COUNT(known); i++)
		if (!strcmp(name, known[i].name)) {
			prism_free(label);
			return prism_strdup(known[i].label);
		}

	for (char *c = label; *c; c++)
		if (*c == '-' || *c == '_')
			*c = ' ';
	if (*label >= 'a' && *label <= 'z')
		*label = (char)(*label - 32);
	return label;
}

static enum pt_field_kind kind_of(const struct pt_arg *arg)
{
	switch (arg->kind) {
	case PT_ARG_CHOICE:
		return PT_FIELD_SELECT;
	case PT_ARG_FLAG:
		return PT_FIELD_CHECK;
	case PT_ARG_FILE:
	case PT_ARG_NEW_FILE:
		return PT_FIELD_PATH;
	default:
		return !strcmp(arg->name, "description") ? PT_FIELD_LINES : PT_FIELD_TEXT;
	}
}

static int validate_number(void *data, const struct pt_form *form, const char *value,
                           struct prism_error *err)
{
	uint64_t number;

	PRISM_UNUSED(data);
	PRISM_UNUSED(form);
	return prism_text_parse_u64(value, 1000000000, &number, err);
}

/* ---- fields of TLS modes ---- */

/* What is changed, when its document is known. */
static const struct core_computation *stored(const struct form *f)
{
	const char *id = pt_values_get(f->values, "computation");

	return id && pt_action_id(f->action) == PT_ACTION_COMPUTATION_UPDATE
	           ? core_computation_get(pt_ui_core(f->view->app), id)
	           : NULL;
}

static int64_t form_now(const struct form *f)
{
	return prism_clock_wall_us(prism_loop_clock(pt_ui_world(f->view->app)->loop));
}

/* Form callbacks do not say which field they are for: one set for each file. */
#define X(name, key, label, status, file)                                                  \
	static int validate_##name(void *data, const struct pt_form *form, const char *value,  \
	                           struct prism_error *err)                                    \
	{                                                                                      \
		const struct form *f = data;                                                       \
		PRISM_UNUSED(value);                                                               \
		return pt_form_tls_check(form, stored(f), CORE_TLS_FILE_##name, form_now(f), err); \
	}                                                                                      \
	static bool applies_##name(void *data, const struct pt_form *form)                     \
	{                                                                                      \
		return pt_form_tls_uses(form, stored(data), CORE_TLS_FILE_##name);                 \
	}                                                                                      \
	static bool clears_##name(void *data, const struct pt_form *form)                      \
	{                                                                                      \
		return pt_form_tls_clears(form, stored(data), CORE_TLS_FILE_##name);               \
	}
CORE_TLS_FILE_MAP(X)
#undef X

static const struct {
	int (*validate)(void *data, const struct pt_form *form, const char *value,
	                struct prism_error *err);
	bool (*applies)(void *data, const struct pt_form *form);
	bool (*clears)(void *data, const struct pt_form *form);
} tls_calls[CORE_TLS_FILE_COUNT] = {
#define X(name, key, label, status, file) {validate_##name, applies_##name, clears_##name},
    CORE_TLS_FILE_MAP(X)
#undef X
};

static bool key_applies(void *data, const struct pt_form *form)
{
	const char *key = pt_form_get(form, "key-file");

	return pt_form_tls_uses(form, stored(data), CORE_TLS_FILE_KEY) && key && *key;
}

static void tls_field(struct slot *slot, struct pt_field *field)
{
	int file = pt_form_tls_file(slot->arg->name);

	if (file >= 0) {
		slot->hint = pt_form_tls_needed((unsigned)file);
		field->placeholder = slot->hint;
		field->flags |= PT_FIELD_JUDGE_EMPTY; /* required by some modes */
		field->validate = tls_calls[file].validate;
		field->applies = tls_calls[file].applies;
	} else if (!strcmp(slot->arg->name, "passphrase-file")) {
		field->applies = key_applies;
	} else {
		for (size_t i = 0; i < slot->choice_count; i++) {
			enum core_tls_mode mode;
			if (core_tls_mode_parse(slot->choices[i].value, &mode, NULL) < 0)
				continue;
			slot->choices[i].label = core_tls_mode_info(mode)->label;
			slot->choices[i].note = core_tls_mode_info(mode)->use;
		}
	}
}

static bool has_tls(const struct form *f)
{
	return pt_action_arg(f->action, "tls-mode") != NULL;
}

/* Before the fields: what is stored. Behind them: what saving would take away. */
static void add_tls_panel(struct form *f)
{
	f->tls_panel = has_tls(f) ? pt_form_tls_panel(stored(f), form_now(f)) : NULL;
	if (f->tls_panel)
		f->fields[f->count++] =
		    (struct pt_field){.id = "stored", .label = f->tls_panel, .kind = PT_FIELD_NOTE};
}

static void add_tls_losses(struct form *f)
{
	for (unsigned i = 0; f->tls_panel && i < CORE_TLS_FILE_COUNT && f->count < FIELDS_MAX; i++) {
		f->clears[i] = prism_asprintf("Saving clears the stored %s: the mode does not use it.",
		                              core_tls_file_info(i)->status_label);
		f->fields[f->count++] = (struct pt_field){.id = core_tls_file_info(i)->key,
		                                          .label = f->clears[i],
		                                          .kind = PT_FIELD_NOTE,
		                                          .applies = tls_calls[i].clears};
	}
}

/* The name or description as the server has it, for updates. Lent. */
static const char *current(struct form *f, const struct pt_arg *arg)
{
	struct core *core = pt_ui_core(f->view->app);
	const char *id = pt_values_get(f->values, "computation");
	const struct core_computation *c;
	const struct core_asset *asset;

	if (pt_action_id(f->action) == PT_ACTION_COMPUTATION_UPDATE && id &&
	    (c = core_computation_get(core, id))) {
		if (!strcmp(arg->name, "name"))
			return c->name;
		if (!strcmp(arg->name, "description"))
			return c->description;
		if (!strcmp(arg->name, "log-level"))
			return c->agent.present ? c->agent.log_level : NULL;
		if (!strcmp(arg->name, "tls-mode"))
			return c->agent.present ? core_tls_mode_info(core_tls_mode_of(&c->agent))->word : NULL;
	}
	id = pt_values_get(f->values, "asset");
	if (pt_action_id(f->action) == PT_ACTION_ASSET_UPDATE && id &&
	    (asset = core_list_find(core_assets(core), id))) {
		if (!strcmp(arg->name, "name"))
			return asset->file_name;
		if (!strcmp(arg->name, "description"))
			return asset->description;
	}
	return NULL;
}

/* What an empty field starts with though the server says nothing; lent. */
static const char *proposed(const struct form *f, const struct pt_arg *arg)
{
	enum pt_action_id id = pt_action_id(f->action);

	if (id == PT_ACTION_RESULT_FETCH && !strcmp(arg->name, "save"))
		return "results.zip";
	if (id == PT_ACTION_COMPUTATION_EXPORT && !strcmp(arg->name, "file"))
		return "computations.json";
	if (id == PT_ACTION_KEY_GENERATE && !strcmp(arg->name, "name"))
		return "default";
	return NULL;
}

struct completing {
	struct pt_completion *completion;
	const char *typed;
};

static void completing_add(void *data, const char *value, const char *note)
{
	struct completing *c = data;

	PRISM_UNUSED(note);
	if (!*c->typed || prism_text_contains(value, c->typed))
		pt_completion_add(c->completion, value);
}

/* Which field asks is known by the one that has the cursor. */
static void complete_field(void *data, const char *text, size_t cursor,
                           struct pt_completion *ret_completion)
{
	struct form *f = data;
	const char *focused = pt_form_focused(f->form);
	PRISM_AUTO_FREE char *typed = prism_strndup(text, cursor);
	struct completing c = {ret_completion, typed};

	ret_completion->start = 0;
	ret_completion->end = strlen(text);
	for (size_t i = 0; i < f->count; i++)
		if (f->slots[i].arg && focused && !strcmp(f->slots[i].id, focused))
			pt_candidates(f->view->app, f->slots[i].arg, pt_values_get(f->values, "computation"),
			              completing_add, &c);
}

static void add_choices(struct slot *slot, struct pt_field *field, bool required)
{
	if (!required)
		slot->choices[slot->choice_count++] = (struct pt_choice){"", "(default)", NULL};
	for (const char *c = slot->arg->choices; *c && slot->choice_count < CHOICES_MAX;) {
		size_t n = strcspn(c, " ");

		slot->words[slot->choice_count] = prism_strndup(c, n);
		slot->choices[slot->choice_count] =
		    (struct pt_choice){slot->words[slot->choice_count], NULL, NULL};
		slot->choice_count++;
		c += n + strspn(c + n, " ");
	}
	field->choices = slot->choices;
	field->choice_count = slot->choice_count;
}

static struct pt_field *add_field(struct form *f, const struct pt_arg *arg, char *id, char *label)
{
	struct slot *slot = &f->slots[f->count];
	struct pt_field *field = &f->fields[f->count++];

	slot->arg = arg;
	slot->id = id;
	slot->label = label;
	*field = (struct pt_field){.id = id, .label = label, .help = arg->help};
	return field;
}

/* A repeated choice: a heading, then a box for each word. */
static void add_boxes(struct form *f, const struct pt_arg *arg)
{
	struct pt_field *heading = add_field(f, arg, prism_strdup(""), label_of(arg->name));

	heading->kind = PT_FIELD_HEADING;
	for (const char *c = arg->choices; *c && f->count < FIELDS_MAX;) {
		size_t n = strcspn(c, " ");
		char *word = prism_strndup(c, n);
		struct pt_field *field =
		    add_field(f, arg, prism_asprintf("%s=%s", arg->name, word), prism_strdup(word));

		field->kind = PT_FIELD_CHECK;
		prism_free(word);
		c += n + strspn(c + n, " ");
	}
}

static void add_arg(struct form *f, const struct pt_arg *arg)
{
	bool required = arg->flags & PT_ARG_REQUIRED;
	const char *known = current(f, arg);
	struct pt_field *field;
	struct slot *slot;

	if (arg->kind == PT_ARG_CHOICE && (arg->flags & PT_ARG_REPEAT)) {
		add_boxes(f, arg);
		return;
	}
	field = add_field(f, arg, prism_strdup(arg->name), label_of(arg->name));
	slot = &f->slots[f->count - 1];
	field->kind = kind_of(arg);
	field->flags = required ? PT_FIELD_REQUIRED : 0;
	field->max = 65536;
	field->rows = 3;
	slot->initial = prism_strdup(known ? known : pt_values_get(f->values, arg->name));
	if (!slot->initial)
		slot->initial = prism_strdup(proposed(f, arg));
	field->initial = slot->initial;
	if (field->kind == PT_FIELD_TEXT && (arg->flags & PT_ARG_REPEAT))
		field->placeholder = "separated by blanks; quotes keep them together";
	if (field->kind == PT_FIELD_SELECT)
		add_choices(slot, field, required);
	if (field->kind == PT_FIELD_TEXT && arg->kind == PT_ARG_NUMBER)
		field->validate = validate_number;
	if (is_id(arg->kind) || arg->kind == PT_ARG_RUN)
		field->complete = complete_field;
	if (has_tls(f) && (!strcmp(arg->name, "tls-mode") || arg->kind == PT_ARG_FILE))
		tls_field(slot, field);
}

static const char *name_of_id(struct pt_app *app, const struct pt_arg *arg, const char *id)
{
	struct core *core = pt_ui_core(app);
	struct pt_view *view = pt_app_focused(app);
	const struct core_computation *c =
	    arg->kind == PT_ARG_COMPUTATION ? core_computation_get(core, id) : NULL;
	const char *name = c ? c->name : NULL;

	if (!name && view && view->ops->actor && view->ops->actor->name_of)
		name = view->ops->actor->name_of(view, arg->kind, id);
	return name && *name ? name : id;
}

/* Questions about attestation are asked only where the agent attests. */
static bool fits_agent(const struct form *f, const struct pt_arg *arg)
{
	const char *id = pt_values_get(f->values, "computation");
	const struct core_computation *computation =
	    id ? core_computation_get(pt_ui_core(f->view->app), id) : NULL;

	return !(arg->flags & PT_ARG_ATTESTED) ||
	       (computation && core_tls_mode_info(core_tls_mode_of(&computation->agent))->attested);
}

/* What is known and not asked for: told in a note. */
static void add_known(struct form *f)
{
	PRISM_AUTO_BUF struct prism_buf note = PRISM_BUF_INIT(65536);

	for (const struct pt_arg *arg = f->action->args; arg && arg->name; arg++) {
		const char *id = is_id(arg->kind) ? pt_values_get(f->values, arg->name) : NULL;

		size_t count = id ? pt_values_count(f->values, arg->name) : 0;

		if (id)
			prism_buf_printf(&note, "%s%s: %.200s", note.len ? "\n" : "", arg->name,
			                 name_of_id(f->view->app, arg, id));
		if (count > 1)
			prism_buf_printf(&note, " and %zu more", count - 1);
	}
	if (!note.len)
		return;
	f->note = prism_strdup(prism_buf_text(&note));
	f->fields[f->count] = (struct pt_field){.id = "known", .label = f->note, .kind = PT_FIELD_NOTE};
	f->slots[f->count++].arg = NULL;
}

/* ---- drafts ---- */

static char *draft_key(const struct form *f, const char *field)
{
	char *key = prism_asprintf("draft.%s.%s", f->action->name, field);

	for (char *c = key; *c; c++)
		if (*c == ' ' || *c == '=')
			*c = '-';
	return key;
}

/* Only forms that make something new have drafts: an update begins with what is there. */
static bool has_draft(const struct form *f)
{
	enum pt_action_id id = pt_action_id(f->action);

	return id == PT_ACTION_COMPUTATION_CREATE || id == PT_ACTION_ASSET_CREATE ||
	       id == PT_ACTION_ROLE_CREATE || id == PT_ACTION_CVM_CREATE;
}

static void draft_load(struct form *f)
{
	struct core_options *options = pt_ui_world(f->view->app)->options;
	bool any = false;

	for (size_t i = 0; has_draft(f) && i < f->count; i++) {
		PRISM_AUTO_FREE char *key = f->slots[i].arg ? draft_key(f, f->slots[i].id) : NULL;
		const char *text = key ? core_remembered(options, key) : NULL;

		if (!text || !*text || f->slots[i].initial)
			continue;
		pt_form_set(f->form, f->slots[i].id, text);
		any = true;
	}
	if (any)
		pt_app_message(f->view->app, PT_SLOT_INFO, "your draft is back; ctrl-u empties a field");
}

static void draft_keep(struct form *f, bool forget)
{
	struct core_options *options = pt_ui_world(f->view->app)->options;

	for (size_t i = 0; has_draft(f) && i < f->count; i++) {
		PRISM_AUTO_FREE char *key = NULL;
		const char *text;

		if (!f->slots[i].arg || f->fields[i].kind == PT_FIELD_HEADING)
			continue;
		key = draft_key(f, f->slots[i].id);
		text = pt_form_get(f->form, f->slots[i].id);
		core_remember(options, key, forget || !text || !*text ? NULL : text);
	}
}

/* ---- sending ---- */

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

static struct pt_values *collect(struct form *f)
{
	struct pt_values *values = pt_values_create(f->action);

	for (const struct pt_arg *arg = f->action->args; arg && arg->name; arg++)
		for (size_t i = 0; is_id(arg->kind) && pt_values_nth(f->values, arg->name, i); i++)
			pt_values_add(values, arg->name, pt_values_nth(f->values, arg->name, i));
	for (size_t i = 0; i < f->count; i++) {
		const struct pt_arg *arg = f->slots[i].arg;
		const char *text = arg && *f->slots[i].id ? pt_form_get(f->form, f->slots[i].id) : NULL;
		const char *equals = arg ? strchr(f->slots[i].id, '=') : NULL;
		bool update = f->slots[i].initial && current(f, arg);

		if (f->fields[i].applies && !f->fields[i].applies(f, f->form))
			continue; /* hidden: it may hold what was typed for another mode */
		if (!text || !*text || (update && !strcmp(text, f->slots[i].initial)))
			continue;
		if (f->fields[i].kind == PT_FIELD_CHECK) {
			if (pt_form_checked(f->form, f->slots[i].id))
				pt_values_add(values, arg->name, equals ? equals + 1 : "yes");
		} else if (arg->flags & PT_ARG_REPEAT) {
			take_repeated(values, arg, text);
		} else {
			add_trimmed(values, arg->name, text);
		}
	}
	return values;
}

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
	struct form *f = open ? s->view->state : NULL;

	if (f)
		pt_form_set_busy(f->form, NULL);
	if (err && f && err->category != PRISM_ERROR_CANCELLED)
		pt_form_set_error(f->form, err);
	else if (err)
		pt_app_report(s->app, err);
	else if (f) {
		draft_keep(f, true);
		pt_form_clean(f->form);
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

static void submit(struct pt_view *view)
{
	struct form *f = view->state;
	struct pt_values *values = collect(f);
	struct prism_error err = PRISM_ERROR_INIT;
	struct sending *s;

	pt_form_set_error(f->form, NULL);
	if (pt_values_check(values, &err) < 0) {
		prism_error_hint(&err, "%s", "");
		pt_form_set_error(f->form, &err);
		pt_values_destroy(values);
		return;
	}
	s = prism_alloc(sizeof(*s));
	*s = (struct sending){view->app, view, in_background(f->action)};
	if (s->background)
		pt_app_close(view->app, view);
	else
		pt_form_set_busy(f->form, "Working ...");
	/* What a form made is seen in its list; a result says what is in it. */
	pt_ui_run(view->app, values, pt_action_id(f->action) != PT_ACTION_RESULT_FETCH, sent, s);
}

/* ---- choosing a file ---- */

struct browsing { /* outlives the form */
	struct pt_app *app;
	struct pt_view *view;
	char *field;
};

static void browsed(void *data, struct core_place *place, const char *path)
{
	struct browsing *b = data;
	struct form *f = pt_ui_alive(b->app, b->view) ? b->view->state : NULL;

	PRISM_UNUSED(place);
	if (f && path) {
		pt_form_set(f->form, b->field, path);
		pt_form_validate_field(f->form, b->field);
		draft_keep(f, false);
	}
	prism_free(b->field);
	prism_free(b);
}

static bool takes_directory(const struct form *f, const char *id)
{
	const struct pt_arg *arg = pt_action_arg(f->action, id);

	return arg && (arg->kind == PT_ARG_NEW_FILE || (arg->flags & PT_ARG_OR_DIRECTORY));
}

static void browse(struct pt_view *view)
{
	struct form *f = view->state;
	const char *id = pt_form_focused(f->form);
	struct browsing *b = prism_alloc(sizeof(*b));

	*b = (struct browsing){view->app, view, prism_strdup(id)};
	pt_picker_open(view->app, &(struct pt_picker){.title = pt_form_label(f->form, id),
	                                              .start = pt_form_get(f->form, id),
	                                              .directories = takes_directory(f, id),
	                                              .done = browsed,
	                                              .data = b});
}

/* ---- view ---- */

static unsigned key(struct pt_view *view, const struct pt_event *event)
{
	struct form *f = view->state;
	unsigned result = pt_form_key(f->form, event);

	if (pt_key_is(event, 'c', PT_MOD_CTRL))
		result |= PT_CANCEL;
	if (result & PT_CHANGED)
		draft_keep(f, false);
	if (result & PT_CANCEL) {
		draft_keep(f, true); /* given up on purpose; a hang-up does not come this way */
		return PT_HANDLED | PT_CLOSE;
	}
	if (result & PT_SUBMIT)
		submit(view);
	if (result & PT_BROWSE)
		browse(view);
	return result | PT_HANDLED | PT_REDRAW;
}

static const char *title(struct pt_view *view)
{
	struct form *f = view->state;

	return f->title;
}

static void measure(struct pt_view *view, int max_w, int max_h, int *ret_w, int *ret_h)
{
	struct form *f = view->state;

	pt_form_measure(f->form, max_w < 78 ? max_w : 78, max_h, ret_w, ret_h);
}

static void prepare(struct pt_view *view, int width, int height)
{
	struct form *f = view->state;

	pt_form_prepare(f->form, width, height);
}

static void draw(const struct pt_view *view, struct pt_canvas *canvas, struct pt_rect area,
                 bool focus)
{
	const struct form *f = view->state;

	pt_form_draw(f->form, canvas, area, focus);
}

static void destroy(struct pt_view *view)
{
	struct form *f = view->state;

	pt_form_destroy(f->form);
	for (size_t i = 0; i < f->count; i++) {
		for (size_t k = 0; k < CHOICES_MAX; k++)
			prism_free(f->slots[i].words[k]);
		prism_free(f->slots[i].id);
		prism_free(f->slots[i].label);
		prism_free(f->slots[i].initial);
		prism_free(f->slots[i].hint);
	}
	pt_values_destroy(f->values);
	prism_free(f->note);
	prism_free(f->tls_panel);
	for (size_t i = 0; i < CORE_TLS_FILE_COUNT; i++)
		prism_free(f->clears[i]);
	prism_free(f);
}

static const struct pt_actor actor = {.where = PT_IN_FORM};

static const struct pt_view_ops ops = {
    .name = "form",
    .flags = PT_VIEW_TAKES_TEXT | PT_VIEW_MODAL | PT_VIEW_FRAME,
    .title = title,
    .measure = measure,
    .prepare = prepare,
    .draw = draw,
    .key = key,
    .destroy = destroy,
    .actor = &actor,
};

static char upper(char c)
{
	return c >= 'a' && c <= 'z' ? (char)(c - 32) : c;
}

/* The form of "asset create" says what it does; its button says "Create". */
static void name_form(struct form *f)
{
	const char *verb = strrchr(f->action->name, ' ');

	verb = verb ? verb + 1 : f->action->name;
	snprintf(f->title, sizeof(f->title), "%c%s", upper(f->action->help[0]), f->action->help + 1);
	snprintf(f->submit, sizeof(f->submit), "%c%s", upper(verb[0]), verb + 1);
}

struct pt_view *pt_view_form(struct pt_app *app, struct pt_values *values)
{
	struct form *f = prism_alloc(sizeof(*f));
	struct pt_view *view = pt_view_create(app, &ops, f);

	f->view = view;
	f->values = values;
	f->action = pt_values_action(values);
	name_form(f);
	add_known(f);
	add_tls_panel(f);
	for (const struct pt_arg *arg = f->action->args; arg && arg->name; arg++)
		if (f->count < FIELDS_MAX && fits_agent(f, arg) && strcmp(arg->name, "confirm") != 0 &&
		    strcmp(arg->name, "follow") != 0 &&
		    !(is_id(arg->kind) && pt_values_get(values, arg->name)))
			add_arg(f, arg);
	add_tls_losses(f);
	f->form = pt_form_create(f->fields, f->count, f->submit, "Cancel", f);
	draft_load(f);
	return view;
}
