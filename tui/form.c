/*
 * Forms: values, keys and validation.  How they look is form_draw.c's.
 *
 * The focus is an index: a field, then the two buttons.  Fields that do not apply, and those that
 * are only text, are skipped.
 */
#include "tui/form_private.h"

#include "base/mem.h"

#include <assert.h>

#define VALUE_MAX 4096 /* bytes of a field that states no maximum */

static bool holds_text(enum pt_field_kind kind)
{
	return kind == PT_FIELD_TEXT || kind == PT_FIELD_LINES || kind == PT_FIELD_PATH ||
	       kind == PT_FIELD_PASSWORD;
}

static void init_field(struct pt_field_state *field, const struct pt_field *spec, void *data)
{
	field->spec = spec;
	field->choices = spec->choices;
	field->choice_count = spec->choice_count;
	if (!holds_text(spec->kind))
		return;
	field->prompt = pt_prompt_create(spec->max ? spec->max : VALUE_MAX);
	pt_prompt_set_masked(field->prompt, spec->kind == PT_FIELD_PASSWORD);
	if (spec->complete)
		pt_prompt_set_completion(field->prompt, spec->complete, data);
	else if (spec->kind == PT_FIELD_PATH)
		pt_prompt_set_completion(field->prompt, pt_complete_path, NULL);
}

struct pt_form *pt_form_create(const struct pt_field *fields, size_t count, const char *submit,
                               const char *cancel, void *data)
{
	struct pt_form *form = prism_alloc(sizeof(*form));

	form->fields = prism_alloc_array(count ? count : 1, sizeof(*form->fields));
	form->count = count;
	form->submit = submit;
	form->cancel = cancel;
	form->data = data;
	for (size_t i = 0; i < count; i++)
		init_field(&form->fields[i], &fields[i], data);
	for (size_t i = 0; i < count; i++)
		if (fields[i].initial && (fields[i].flags & PT_FIELD_PROPOSED) && form->fields[i].prompt)
			pt_prompt_propose(form->fields[i].prompt, fields[i].initial);
		else if (fields[i].initial)
			pt_form_set(form, fields[i].id, fields[i].initial);
	form->modified = false;
	while (form->focus < count && !pt_form_enterable(form, form->focus))
		form->focus++;
	return form;
}

static void drop_lines(struct pt_field_state *field)
{
	for (size_t i = 0; i < field->line_count; i++)
		prism_free(field->lines[i].text);
	prism_free(field->lines);
	field->lines = NULL;
	field->line_count = 0;
}

void pt_form_destroy(struct pt_form *form)
{
	if (!form)
		return;
	for (size_t i = 0; i < form->count; i++) {
		pt_prompt_destroy(form->fields[i].prompt);
		prism_free(form->fields[i].message);
		prism_free(form->fields[i].wanted);
		drop_lines(&form->fields[i]);
	}
	prism_free(form->fields);
	prism_free(form->error);
	prism_free(form->busy);
	prism_free(form);
}

static struct pt_field_state *find_field(const struct pt_form *form, const char *id)
{
	for (size_t i = 0; i < form->count; i++)
		if (strcmp(form->fields[i].spec->id, id) == 0)
			return &form->fields[i];
	return NULL;
}

bool pt_form_applies(const struct pt_form *form, size_t index)
{
	const struct pt_field *spec = form->fields[index].spec;

	return !spec->applies || spec->applies(form->data, form);
}

bool pt_form_enterable(const struct pt_form *form, size_t index)
{
	const struct pt_field *spec;

	if (index >= form->count)
		return index == form->count || form->cancel;
	spec = form->fields[index].spec;
	return spec->kind != PT_FIELD_HEADING && spec->kind != PT_FIELD_NOTE &&
	       !(spec->flags & PT_FIELD_READONLY) && pt_form_applies(form, index);
}

/* --- values --- */

static const char *field_value(const struct pt_field_state *field)
{
	if (field->prompt)
		return pt_prompt_text(field->prompt);
	if (field->spec->kind == PT_FIELD_CHECK)
		return field->checked ? "yes" : "no";
	if (field->spec->kind == PT_FIELD_SELECT && field->choice < field->choice_count)
		return field->choices[field->choice].value;
	return field->wanted ? field->wanted : "";
}

const char *pt_form_get(const struct pt_form *form, const char *id)
{
	const struct pt_field_state *field = find_field(form, id);

	return field && field->spec->kind != PT_FIELD_PASSWORD ? field_value(field) : "";
}

struct prism_secret *pt_form_take_secret(struct pt_form *form, const char *id)
{
	struct pt_field_state *field = find_field(form, id);
	struct prism_secret *secret;

	assert(field && field->prompt);
	secret = prism_secret_from_text(pt_prompt_text(field->prompt));
	pt_prompt_set(field->prompt, ""); /* wipes */
	return secret;
}

struct prism_secret *pt_form_copy_secret(const struct pt_form *form, const char *id)
{
	const struct pt_field_state *field = find_field(form, id);
	const char *text = field && field->prompt ? pt_prompt_text(field->prompt) : "";

	return *text ? prism_secret_from_text(text) : NULL;
}

bool pt_form_checked(const struct pt_form *form, const char *id)
{
	const struct pt_field_state *field = find_field(form, id);

	return field && field->checked;
}

static void choose(struct pt_field_state *field, const char *value)
{
	prism_free(field->wanted);
	field->wanted = NULL;
	for (size_t i = 0; i < field->choice_count; i++) {
		if (strcmp(field->choices[i].value, value) == 0) {
			field->choice = i;
			return;
		}
	}
	field->wanted = prism_strdup(value); /* its choice may still come */
}

void pt_form_set(struct pt_form *form, const char *id, const char *value)
{
	struct pt_field_state *field = find_field(form, id);

	if (!field)
		return; /* a draft of an older version */
	if (field->prompt)
		pt_prompt_set(field->prompt, value);
	else if (field->spec->kind == PT_FIELD_CHECK)
		field->checked = strcmp(value, "yes") == 0;
	else if (field->spec->kind == PT_FIELD_SELECT)
		choose(field, value);
	form->modified = true;
}

void pt_form_set_choices(struct pt_form *form, const char *id, const struct pt_choice *choices,
                         size_t count)
{
	struct pt_field_state *field = find_field(form, id);
	PRISM_AUTO_FREE char *value = NULL;

	assert(field && field->spec->kind == PT_FIELD_SELECT);
	value = prism_strdup(field_value(field));
	field->choices = choices;
	field->choice_count = count;
	field->choice = 0;
	choose(field, value);
	if (count) {
		prism_free(field->wanted);
		field->wanted = NULL;
	}
}

/* --- validation --- */

void pt_form_set_lines(struct pt_form *form, const char *id, const struct pt_form_line *lines,
                       size_t count)
{
	struct pt_field_state *field = find_field(form, id);

	if (!field)
		return;
	drop_lines(field);
	field->lines = prism_alloc_array(count ? count : 1, sizeof(*field->lines));
	for (size_t i = 0; i < count; i++) {
		field->lines[i] =
		    (struct pt_form_kept){lines[i].slot, lines[i].indent, prism_strdup(lines[i].text)};
	}
	field->line_count = count;
}

static void set_message(struct pt_field_state *field, const char *message)
{
	field->bad = message && *message;
	prism_free(field->message);
	field->message = message && *message ? prism_strdup(message) : NULL;
}

static bool validate_field(struct pt_form *form, size_t index)
{
	struct pt_field_state *field = &form->fields[index];
	const struct pt_field *spec = field->spec;
	const char *value = field_value(field);
	struct prism_error err = PRISM_ERROR_INIT;

	set_message(field, NULL);
	if (!pt_form_enterable(form, index))
		return true;
	if (!value[strspn(value, " \n")] && spec->kind != PT_FIELD_CHECK &&
	    !(spec->flags & PT_FIELD_JUDGE_EMPTY)) {
		if (spec->flags & PT_FIELD_REQUIRED)
			set_message(field, "cannot be empty.");
		return !field->bad;
	}
	if (spec->validate && spec->validate(form->data, form, value, &err) < 0) {
		set_message(field, err.message);
		field->bad = true;
	}
	return !field->bad;
}

bool pt_form_validate(struct pt_form *form)
{
	size_t bad = form->count;

	for (size_t i = form->count; i > 0; i--)
		if (!validate_field(form, i - 1))
			bad = i - 1;
	if (bad == form->count)
		return true;
	form->focus = bad;
	return false;
}

void pt_form_validate_field(struct pt_form *form, const char *id)
{
	struct pt_field_state *field = find_field(form, id);

	if (field)
		validate_field(form, (size_t)(field - form->fields));
}

const char *pt_form_label(const struct pt_form *form, const char *id)
{
	const struct pt_field_state *field = find_field(form, id);

	return field ? field->spec->label : "";
}

void pt_form_mark(struct pt_form *form, const char *id, const char *message)
{
	struct pt_field_state *field = find_field(form, id);

	if (!field)
		return;
	set_message(field, message);
	if (message)
		form->focus = (size_t)(field - form->fields);
}

void pt_form_set_error(struct pt_form *form, const struct prism_error *error)
{
	prism_free(form->error);
	form->error = NULL;
	if (error && error->category != PRISM_ERROR_CANCELLED)
		form->error = error->hint[0] ? prism_asprintf("%s; %s", error->message, error->hint)
		                             : prism_strdup(error->message);
}

void pt_form_set_busy(struct pt_form *form, const char *text)
{
	prism_free(form->busy);
	form->busy = prism_strdup(text);
}

bool pt_form_busy(const struct pt_form *form)
{
	return form->busy != NULL;
}

bool pt_form_modified(const struct pt_form *form)
{
	return form->modified;
}

void pt_form_clean(struct pt_form *form)
{
	form->modified = false;
}

void pt_form_focus(struct pt_form *form, const char *id)
{
	struct pt_field_state *field = find_field(form, id);

	if (field && pt_form_enterable(form, (size_t)(field - form->fields)))
		form->focus = (size_t)(field - form->fields);
}

const char *pt_form_focused(const struct pt_form *form)
{
	if (form->focus < form->count)
		return form->fields[form->focus].spec->id;
	return form->focus == form->count ? "submit" : "cancel";
}

bool pt_form_on_path(const struct pt_form *form)
{
	return !form->busy && form->focus < form->count &&
	       form->fields[form->focus].spec->kind == PT_FIELD_PATH;
}

void pt_form_export(const struct pt_form *form,
                    void (*fn)(void *data, const char *id, const char *value), void *data)
{
	for (size_t i = 0; i < form->count; i++) {
		enum pt_field_kind kind = form->fields[i].spec->kind;

		if (kind != PT_FIELD_PASSWORD && kind != PT_FIELD_HEADING && kind != PT_FIELD_NOTE)
			fn(data, form->fields[i].spec->id, field_value(&form->fields[i]));
	}
}

/* --- keys --- */

static unsigned step(struct pt_form *form, int direction)
{
	size_t places = form->count + 2;

	if (form->focus < form->count)
		validate_field(form, form->focus);
	for (size_t i = 0; i < places; i++) {
		form->focus = (form->focus + (direction < 0 ? places - 1 : 1)) % places;
		if (pt_form_enterable(form, form->focus))
			break;
	}
	return PT_HANDLED | PT_REDRAW;
}

static unsigned submit(struct pt_form *form)
{
	if (!pt_form_validate(form))
		return PT_HANDLED | PT_REDRAW;
	pt_form_set_error(form, NULL);
	return PT_HANDLED | PT_REDRAW | PT_SUBMIT;
}

static unsigned change_choice(struct pt_form *form, struct pt_field_state *field, int direction)
{
	if (field->choice_count == 0)
		return PT_HANDLED;
	prism_free(field->wanted);
	field->wanted = NULL;
	field->choice =
	    (field->choice + (direction < 0 ? field->choice_count - 1 : 1)) % field->choice_count;
	set_message(field, NULL);
	form->modified = true;
	return PT_HANDLED | PT_REDRAW | PT_CHANGED;
}

static bool last_input(const struct pt_form *form)
{
	for (size_t i = form->focus + 1; i < form->count; i++)
		if (pt_form_enterable(form, i))
			return false;
	return true;
}

/* The field itself first: text goes into it, choices turn. */
static unsigned field_key(struct pt_form *form, const struct pt_event *event)
{
	struct pt_field_state *field = &form->fields[form->focus];
	unsigned result = PT_IGNORED;

	if (field->spec->kind == PT_FIELD_SELECT) {
		if (pt_key_is(event, PT_KEY_LEFT, 0))
			return change_choice(form, field, -1);
		if (pt_key_is(event, PT_KEY_RIGHT, 0) || pt_key_is(event, ' ', 0))
			return change_choice(form, field, 1);
	} else if (field->spec->kind == PT_FIELD_CHECK) {
		if (!pt_key_is(event, ' ', 0) && !pt_key_is(event, PT_KEY_LEFT, 0) &&
		    !pt_key_is(event, PT_KEY_RIGHT, 0))
			return PT_IGNORED;
		field->checked = !field->checked;
		form->modified = true;
		return PT_HANDLED | PT_REDRAW | PT_CHANGED;
	} else if (field->spec->kind == PT_FIELD_LINES) {
		if (event->kind == PT_EVENT_KEY && event->key == PT_KEY_TAB)
			return PT_IGNORED;
		result = pt_prompt_lines_key(field->prompt, event);
	} else if (field->spec->kind == PT_FIELD_PATH && pt_key_is(event, 'o', PT_MOD_CTRL)) {
		return PT_HANDLED | PT_BROWSE;
	} else if (field->prompt) {
		PRISM_AUTO_FREE char *before = NULL;
		size_t walked;

		if (pt_key_is(event, PT_KEY_TAB, PT_MOD_SHIFT) &&
		    pt_prompt_candidates(field->prompt, &walked)->count == 0)
			return PT_IGNORED; /* nothing to walk back through: to the field before */
		if (pt_key_is(event, PT_KEY_TAB, 0)) { /* completes what can be completed, else goes on */
			if (!*pt_prompt_text(field->prompt))
				return PT_IGNORED;
			before = prism_strdup(pt_prompt_text(field->prompt));
		}
		result = pt_prompt_key(field->prompt, event);
		if (before && strcmp(before, pt_prompt_text(field->prompt)) == 0) {
			size_t current;

			prism_wipe(before, strlen(before));
			if (pt_prompt_candidates(field->prompt, &current)->count < 2)
				return PT_IGNORED;
		} else if (before) {
			prism_wipe(before, strlen(before));
		}
	}
	if (result & PT_CHANGED) {
		form->modified = true;
		set_message(field, NULL);
	}
	return result;
}

static unsigned button_key(struct pt_form *form, const struct pt_event *event)
{
	bool pressed = pt_key_is(event, PT_KEY_ENTER, 0) || pt_key_is(event, ' ', 0);

	if (pressed)
		return form->focus == form->count ? submit(form) : PT_HANDLED | PT_CANCEL;
	if (pt_key_is(event, PT_KEY_LEFT, 0) || pt_key_is(event, PT_KEY_RIGHT, 0)) {
		if (form->cancel)
			form->focus = form->focus == form->count ? form->count + 1 : form->count;
		return PT_HANDLED | PT_REDRAW;
	}
	return PT_IGNORED;
}

static unsigned form_key(struct pt_form *form, const struct pt_event *event)
{
	if (pt_key_is(event, PT_KEY_TAB, 0) || pt_key_is(event, PT_KEY_DOWN, 0))
		return step(form, 1);
	if (pt_key_is(event, PT_KEY_TAB, PT_MOD_SHIFT) || pt_key_is(event, PT_KEY_UP, 0))
		return step(form, -1);
	if (pt_key_is(event, PT_KEY_ENTER, 0))
		return last_input(form) ? submit(form) : step(form, 1);
	return PT_IGNORED;
}

/* What is above the first field, and below the last one, can be looked at too. */
static bool scroll(struct pt_form *form, const struct pt_event *event)
{
	int page = form->height - form->footer > 2 ? form->height - form->footer - 1 : 1;
	bool up = pt_key_is(event, PT_KEY_PAGE_UP, 0);

	form->scrolled = up || pt_key_is(event, PT_KEY_PAGE_DOWN, 0);
	if (form->scrolled)
		form->top += up ? -page : page; /* fitted when prepared */
	return form->scrolled;
}

unsigned pt_form_key(struct pt_form *form, const struct pt_event *event)
{
	unsigned result = PT_IGNORED;

	if (scroll(form, event))
		return PT_HANDLED | PT_REDRAW;

	if (pt_key_is(event, PT_KEY_ESC, 0))
		return PT_HANDLED | PT_CANCEL;
	if (form->busy)
		return event->kind == PT_EVENT_KEY && event->mods ? PT_IGNORED : PT_HANDLED;
	if (pt_key_is(event, 's', PT_MOD_CTRL))
		return submit(form);
	result = form->focus < form->count ? field_key(form, event) : button_key(form, event);
	if (!(result & PT_HANDLED))
		result = form_key(form, event);
	return result;
}
