/*
 * The fields of a command form: one for each argument of the action, and notes about what is known
 * already.
 *
 *   choice          one of a list; a repeated one becomes a box for each word
 *   file            a path, completed by Tab, looked for by ctrl-o
 *   flag            a box
 *   id of something a text, completed from what is loaded; what is known already is only told
 */
#include "base/file.h"
#include "base/mem.h"
#include "base/text.h"
#include "core/asset.h"
#include "core/role.h"
#include "core/session.h"
#include "core/workspace.h"
#include "tui/candidates.h"
#include "tui/ui_private.h"
#include "tui/view_form_private.h"

#include <string.h>

bool pt_form_arg_is_id(enum pt_arg_kind kind)
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
	             {"link", "Linked to"},
	             {"cvm", "CVM"},
	             {"pat", "Access token"},
	             {"tls-mode", "TLS mode"},
	             {"server-ca-file", "Server CA file"},
	             {"client-ca-file", "Client CA file"},
	             {"as-tpm", "As the TPM does"},
	             {"ovmf", "Firmware (OVMF)"},
	             {"append", "Command line"},
	             {"vcpus", "vCPUs"},
	             {"vcpu-type", "vCPU type"},
	             {"vcpu-sig", "vCPU signature"},
	             {"vmm-type", "Hypervisor"},
	             {"svsm", "SVSM"},
	             {"snp-ovmf-hash", "Firmware digest"}};
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

/* ---- what is there now ---- */

const struct core_computation *pt_form_stored(const struct pt_form_view *f)
{
	const char *id = pt_values_get(f->values, "computation");

	return id && pt_action_id(f->action) == PT_ACTION_COMPUTATION_UPDATE
	           ? core_computation_get(pt_ui_core(f->box.view->app), id)
	           : NULL;
}

static const char *current_of_computation(const struct core_computation *c, const char *name)
{
	if (!strcmp(name, "name"))
		return c->name;
	if (!strcmp(name, "description"))
		return c->description;
	if (!strcmp(name, "log-level"))
		return c->agent->present ? c->agent->log_level : NULL;
	if (!strcmp(name, "tls-mode"))
		return c->agent->present ? core_tls_mode_info(core_tls_mode_of(c->agent))->word : NULL;
	return NULL;
}

/* My account, as the profile has it. */
static const char *current_of_account(const struct core_user *me, const char *name)
{
	const struct {
		const char *name, *value;
	} rows[] = {{"first-name", me->first_name},
	            {"last-name", me->last_name},
	            {"username", me->username},
	            {"email", me->email},
	            {"picture", me->picture}};

	for (size_t i = 0; i < PRISM_COUNT(rows); i++)
		if (!strcmp(rows[i].name, name) && *rows[i].value)
			return rows[i].value;
	return NULL;
}

/* The name a workspace or a role has before it gets another one; NULL: not such a form. */
static const char *current_name(const struct pt_form_view *f)
{
	struct core *core = pt_ui_core(f->box.view->app);
	enum pt_action_id id = pt_action_id(f->action);
	const char *word =
	    pt_values_get(f->values, id == PT_ACTION_WORKSPACE_UPDATE ? "workspace" : "role");
	const struct core_workspace *w;
	const struct core_role *r;

	if (!word)
		return NULL;
	if (id == PT_ACTION_WORKSPACE_UPDATE)
		return (w = core_list_find(core_workspaces(core), word)) ? w->name : NULL;
	if (id != PT_ACTION_ROLE_RENAME && id != PT_ACTION_WROLE_RENAME)
		return NULL;
	r = core_role_find(core, pt_values_get(f->values, "computation"), word);
	return r ? r->name : NULL;
}

const char *pt_form_current(const struct pt_form_view *f, const struct pt_arg *arg)
{
	const struct core_user *me = core_session_user(pt_ui_core(f->box.view->app));
	const struct core_computation *c = pt_form_stored(f);
	const char *id = pt_values_get(f->values, "asset");
	const struct core_asset *asset;

	if (c)
		return current_of_computation(c, arg->name);
	if (pt_action_id(f->action) == PT_ACTION_ACCOUNT_UPDATE)
		return me ? current_of_account(me, arg->name) : NULL;
	if (!strcmp(arg->name, "name") && current_name(f))
		return current_name(f);
	if (pt_action_id(f->action) != PT_ACTION_ASSET_UPDATE || !id ||
	    !(asset = core_list_find(core_assets(pt_ui_core(f->box.view->app)), id)))
		return NULL;
	if (!strcmp(arg->name, "name"))
		return asset->file_name;
	return !strcmp(arg->name, "description") ? asset->description : NULL;
}

static int validate_number(void *data, const struct pt_form *form, const char *value,
                           struct prism_error *err)
{
	uint64_t number;

	PRISM_UNUSED(data);
	PRISM_UNUSED(form);
	return prism_text_parse_u64(value, 1000000000, &number, err);
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
	struct pt_form_view *f = data;
	const char *focused = pt_form_focused(f->box.form);
	PRISM_AUTO_FREE char *typed = prism_strndup(text, cursor);
	struct completing c = {ret_completion, typed};

	ret_completion->start = 0;
	ret_completion->end = strlen(text);
	for (size_t i = 0; i < f->count; i++)
		if (f->slots[i].arg && focused && !strcmp(f->slots[i].id, focused))
			pt_candidates(f->box.view->app, f->slots[i].arg,
			              pt_values_get(f->values, "computation"), completing_add, &c);
}

/* ---- fields of TLS modes ---- */

/* Form callbacks do not say which field they are for: one set for each file. */
#define X(name, key, label, status, file)                                                    \
	static int validate_##name(void *data, const struct pt_form *form, const char *value,    \
	                           struct prism_error *err)                                      \
	{                                                                                        \
		struct pt_form_view *f = data;                                                       \
		PRISM_UNUSED(form);                                                                  \
		PRISM_UNUSED(value);                                                                 \
		return pt_form_tls_check(f->tls, CORE_TLS_FILE_##name, err);                         \
	}                                                                                        \
	static bool applies_##name(void *data, const struct pt_form *form)                       \
	{                                                                                        \
		PRISM_UNUSED(form);                                                                  \
		return pt_form_tls_uses(((struct pt_form_view *)data)->tls, CORE_TLS_FILE_##name);   \
	}                                                                                        \
	static bool clears_##name(void *data, const struct pt_form *form)                        \
	{                                                                                        \
		PRISM_UNUSED(form);                                                                  \
		return pt_form_tls_clears(((struct pt_form_view *)data)->tls, CORE_TLS_FILE_##name); \
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

static bool key_is_encrypted(void *data, const struct pt_form *form)
{
	PRISM_UNUSED(form);
	return pt_form_tls_encrypted(((struct pt_form_view *)data)->tls);
}

static void add_note(struct pt_form_view *f, const char *id, const char *text,
                     bool (*applies)(void *data, const struct pt_form *form))
{
	if (text && f->count < PT_FORM_FIELDS_MAX)
		f->fields[f->count++] =
		    (struct pt_field){.id = id, .label = text, .kind = PT_FIELD_NOTE, .applies = applies};
}

/* A passphrase is asked for where its key is, and is no argument: it goes nowhere but into the
 * check, which hands on the opened key. */
static void add_passphrase(struct pt_form_view *f)
{
	if (f->count < PT_FORM_FIELDS_MAX)
		f->fields[f->count++] =
		    (struct pt_field){.id = "passphrase",
		                      .label = "Passphrase",
		                      .kind = PT_FIELD_PASSWORD,
		                      .max = 1024,
		                      .help = "opens the key here; it is never stored or sent",
		                      .applies = key_is_encrypted};
}

static void mode_choices(struct pt_form_slot *slot)
{
	for (size_t i = 0; i < slot->choice_count; i++) {
		enum core_tls_mode mode;
		if (core_tls_mode_parse(slot->choices[i].value, &mode, NULL) < 0)
			continue;
		slot->choices[i].label = core_tls_mode_info(mode)->label;
		slot->choices[i].note = core_tls_mode_info(mode)->use;
	}
}

/* Behind a field of the TLS kind: what belongs to it. */
static void tls_field(struct pt_form_view *f, struct pt_form_slot *slot, struct pt_field *field)
{
	int file = pt_form_tls_file(slot->arg->name);

	if (!strcmp(slot->arg->name, "log-level") || !strcmp(slot->arg->name, "tls-mode"))
		field->flags |= f->tls->locked ? PT_FIELD_READONLY : 0;
	if (file >= 0 && file != PT_FORM_PASSPHRASE) {
		slot->hint = pt_form_tls_needed((unsigned)file);
		field->placeholder = slot->hint;
		field->flags |= PT_FIELD_JUDGE_EMPTY; /* required by some modes */
		field->validate = tls_calls[file].validate;
		field->applies = tls_calls[file].applies;
		if (file == CORE_TLS_FILE_KEY)
			add_passphrase(f);
	} else if (file == PT_FORM_PASSPHRASE) {
		field->applies = key_is_encrypted;
	} else if (!strcmp(slot->arg->name, "tls-mode")) {
		mode_choices(slot);
		for (unsigned i = 0; i < CORE_TLS_FILE_COUNT && !f->tls->locked; i++)
			add_note(f, core_tls_file_info(i)->key, f->tls->clears[i], tls_calls[i].clears);
	}
}

/* ---- all fields ---- */

static void add_choices(struct pt_form_slot *slot, struct pt_field *field, bool required)
{
	if (!required)
		slot->choices[slot->choice_count++] = (struct pt_choice){"", "(default)", NULL};
	for (const char *c = slot->arg->choices; *c && slot->choice_count < PT_FORM_CHOICES_MAX;) {
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

static struct pt_field *add_field(struct pt_form_view *f, const struct pt_arg *arg, char *id,
                                  char *label)
{
	struct pt_form_slot *slot = &f->slots[f->count];
	struct pt_field *field = &f->fields[f->count++];

	slot->arg = arg;
	slot->id = id;
	slot->label = label;
	*field = (struct pt_field){.id = id, .label = label, .help = arg->help};
	return field;
}

/* A repeated choice: a heading, then a box for each word. */
static void add_boxes(struct pt_form_view *f, const struct pt_arg *arg)
{
	struct pt_field *heading = add_field(f, arg, prism_strdup(""), label_of(arg->name));

	heading->kind = PT_FIELD_HEADING;
	for (const char *c = arg->choices; *c && f->count < PT_FORM_FIELDS_MAX;) {
		size_t n = strcspn(c, " ");
		char *word = prism_strndup(c, n);
		struct pt_field *field =
		    add_field(f, arg, prism_asprintf("%s=%s", arg->name, word), prism_strdup(word));

		field->kind = PT_FIELD_CHECK;
		prism_free(word);
		c += n + strspn(c + n, " ");
	}
}

static void add_arg(struct pt_form_view *f, const struct pt_arg *arg)
{
	bool required = arg->flags & PT_ARG_REQUIRED;
	const char *given = pt_values_get(f->values, arg->name);
	struct pt_field *field;
	struct pt_form_slot *slot;

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
	/* What whoever opened the form proposes goes before what is there now. */
	bool locked = f->tls && f->tls->locked && pt_form_current(f, arg);
	slot->initial = prism_strdup(given && !locked ? given : pt_form_current(f, arg));
	if (!slot->initial && (slot->initial = pt_form_proposed(f, arg)))
		field->flags |= PT_FIELD_PROPOSED;
	field->initial = slot->initial;
	if (field->kind == PT_FIELD_TEXT && (arg->flags & PT_ARG_REPEAT))
		field->placeholder = "separated by blanks; quotes keep them together";
	if (field->kind == PT_FIELD_SELECT)
		add_choices(slot, field, required);
	if (field->kind == PT_FIELD_TEXT && arg->kind == PT_ARG_NUMBER)
		field->validate = validate_number;
	if (pt_form_arg_is_id(arg->kind) || arg->kind == PT_ARG_RUN)
		field->complete = complete_field;
	if (f->tls)
		tls_field(f, slot, field);
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
static bool fits_agent(const struct pt_form_view *f, const struct pt_arg *arg)
{
	const char *id = pt_values_get(f->values, "computation");
	const struct core_computation *computation =
	    id ? core_computation_get(pt_ui_core(f->box.view->app), id) : NULL;

	return !(arg->flags & PT_ARG_ATTESTED) ||
	       (computation && core_tls_mode_info(core_tls_mode_of(computation->agent))->attested);
}

/* What is known and not asked for: told in a note. */
static void add_known(struct pt_form_view *f)
{
	PRISM_AUTO_BUF struct prism_buf note = PRISM_BUF_INIT(65536);

	for (const struct pt_arg *arg = f->action->args; arg && arg->name; arg++) {
		const char *id = pt_form_arg_is_id(arg->kind) ? pt_values_get(f->values, arg->name) : NULL;
		size_t count = id ? pt_values_count(f->values, arg->name) : 0;

		PRISM_AUTO_FREE char *label = label_of(arg->name);
		if (id)
			prism_buf_printf(&note, "%s%s: %.200s", note.len ? "\n" : "", label,
			                 name_of_id(f->box.view->app, arg, id));
		if (count > 1)
			prism_buf_printf(&note, " and %zu more", count - 1);
	}
	if (!note.len)
		return;
	f->note = prism_strdup(prism_buf_text(&note));
	f->fields[f->count] = (struct pt_field){.id = "known", .label = f->note, .kind = PT_FIELD_NOTE};
	f->slots[f->count++].arg = NULL;
}

static bool asked_for(const struct pt_form_view *f, const struct pt_arg *arg)
{
	return fits_agent(f, arg) && !(arg->flags & PT_ARG_NO_FORM) &&
	       strcmp(arg->name, "confirm") != 0 && strcmp(arg->name, "follow") != 0 &&
	       !(pt_form_arg_is_id(arg->kind) && pt_values_get(f->values, arg->name));
}

void pt_form_fields_add(struct pt_form_view *f)
{
	add_known(f);
	if (f->tls) {
		add_note(f, "stored", f->tls->panel, NULL);
		add_note(f, "locked", f->tls->locked_note, NULL);
	}
	for (const struct pt_arg *arg = f->action->args; arg && arg->name; arg++)
		if (f->count < PT_FORM_FIELDS_MAX && asked_for(f, arg))
			add_arg(f, arg);
}

void pt_form_fields_finish(struct pt_form_view *f)
{
	for (size_t i = 0; i < f->count; i++) {
		for (size_t k = 0; k < PT_FORM_CHOICES_MAX; k++)
			prism_free(f->slots[i].words[k]);
		prism_free(f->slots[i].id);
		prism_free(f->slots[i].label);
		prism_free(f->slots[i].initial);
		prism_free(f->slots[i].hint);
	}
	prism_free(f->note);
	memset(f->slots, 0, sizeof(f->slots));
	memset(f->fields, 0, sizeof(f->fields));
	f->note = NULL;
	f->count = 0;
}
