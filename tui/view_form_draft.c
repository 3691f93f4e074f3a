/*
 * Drafts: what was typed into a form, kept beside the remembered state (0600, written atomically)
 * within PT_DRAFT_MS of a change, so that neither a hang-up nor a crash loses it.  When the form is
 * opened again the draft is offered; sending it or giving it up on purpose forgets it.
 *
 * One JSON object a draft: "at" (wall time), "fields" (texts), "pasted" (fields whose contents are
 * not kept), "base" (digest of the document an update began with).  A draft holds texts and paths;
 * passwords, pasted PEM and the contents of files are never in it.
 */
#include "base/clock.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"
#include "core/core.h"
#include "core/options.h"
#include "core/workspace.h"
#include "net/crypto.h"
#include "tui/dialog.h"
#include "tui/view_form_private.h"

#include <string.h>

#define PT_DRAFT_MS 1000
#define SHOWN 4 /* fields told about when it is offered */

static struct core_options *options_of(const struct pt_form_view *f)
{
	return pt_ui_world(f->box.view->app)->options;
}

static bool has_draft(const struct pt_form_view *f)
{
	switch (pt_action_id(f->action)) {
	case PT_ACTION_COMPUTATION_CREATE:
	case PT_ACTION_COMPUTATION_UPDATE:
	case PT_ACTION_ASSET_CREATE:
	case PT_ACTION_ASSET_UPDATE:
	case PT_ACTION_ROLE_CREATE:
	case PT_ACTION_CVM_CREATE:
		return true;
	default:
		return false;
	}
}

/* For an update the thing, for a new one the workspace it would be in. */
static char *key_of(const struct pt_form_view *f)
{
	const char *id = pt_values_get(f->values, "computation");

	if (!id)
		id = pt_values_get(f->values, "asset");
	return prism_asprintf("draft.%s.%s", f->action->name,
	                      id ? id : core_workspace_id(pt_ui_core(f->box.view->app)));
}

/* What tells documents apart without holding what is in them. */
static char *digest_of(const char *base)
{
	uint8_t bytes[NET_DIGEST_MAX];
	char *text = prism_alloc(65);

	net_digest_bytes(NET_SHA256, base ? base : "", base ? strlen(base) : 0, bytes);
	prism_hex_encode(bytes, 32, text);
	return text;
}

/* ---- keeping ---- */

static bool keeps(const struct pt_form_view *f, size_t i)
{
	return f->slots[i].arg && *f->slots[i].id && f->fields[i].kind != PT_FIELD_HEADING &&
	       !(f->fields[i].flags & PT_FIELD_READONLY);
}

static char *document(const struct pt_form_view *f)
{
	PRISM_AUTO_JSON cJSON *draft = cJSON_CreateObject();
	PRISM_AUTO_FREE char *digest = digest_of(f->base);
	cJSON *fields = cJSON_AddObjectToObject(draft, "fields");
	cJSON *pasted = cJSON_AddArrayToObject(draft, "pasted");
	bool any = false;

	for (size_t i = 0; i < f->count; i++) {
		const char *id = f->slots[i].id;
		const char *text = keeps(f, i) ? pt_form_get(f->box.form, id) : "";
		const char *initial = f->slots[i].initial ? f->slots[i].initial : "";

		if (!keeps(f, i) || strcmp(text, initial) == 0 ||
		    (f->fields[i].kind == PT_FIELD_CHECK && strcmp(text, "no") == 0))
			continue;
		any = true;
		if (f->tls && pt_form_tls_pasted(f->tls, id))
			cJSON_AddItemToArray(pasted, cJSON_CreateString(f->slots[i].label));
		else
			cJSON_AddStringToObject(fields, id, text);
	}
	cJSON_AddNumberToObject(draft, "at",
	                        (double)prism_clock_wall_us(pt_app_clock(f->box.view->app)));
	if (f->base)
		cJSON_AddStringToObject(draft, "base", digest);
	return any ? prism_json_print(draft, false) : NULL;
}

static void write_down(void *data)
{
	struct pt_form_view *f = data;
	PRISM_AUTO_FREE char *key = key_of(f), *text = document(f);
	struct prism_error err = PRISM_ERROR_INIT;

	prism_timer_remove(f->draft_timer);
	f->draft_timer = NULL;
	core_remember(options_of(f), key, text);
	if (core_remember_flush(options_of(f), &err) < 0)
		pt_app_report(f->box.view->app, &err);
}

void pt_form_draft_changed(struct pt_form_view *f)
{
	if (has_draft(f) && !f->draft_timer)
		f->draft_timer =
		    prism_loop_add_timer(pt_app_loop(f->box.view->app), PT_DRAFT_MS, 0, write_down, f);
}

void pt_form_draft_forget(struct pt_form_view *f)
{
	PRISM_AUTO_FREE char *key = key_of(f);

	prism_timer_remove(f->draft_timer);
	f->draft_timer = NULL;
	if (!has_draft(f) || !core_remembered(options_of(f), key))
		return;
	core_remember(options_of(f), key, NULL);
	if (core_remember_flush(options_of(f), NULL) < 0)
		return; /* said when the draft was written, and again at the end */
}

/* ---- offering ---- */

struct offer { /* outlives the form */
	struct pt_app *app;
	struct pt_view *view;
	size_t take; /* index of the answer that takes it up */
};

static void take_up(struct pt_form_view *f, const cJSON *draft)
{
	const cJSON *field;
	PRISM_AUTO_FREE char *digest = digest_of(f->base);
	const char *base = prism_json_str(draft, "base", digest);
	PRISM_AUTO_BUF struct prism_buf lost = PRISM_BUF_INIT(4096);

	for (field = prism_json_members(prism_json_get(draft, "fields")); field; field = field->next)
		if (cJSON_IsString(field))
			pt_form_set(f->box.form, field->string, field->valuestring);
	cJSON_ArrayForEach(field, prism_json_get(draft, "pasted")) if (cJSON_IsString(field))
	    prism_buf_printf(&lost, "%s%.60s", lost.len ? ", " : "", field->valuestring);
	if (strcmp(base, digest) != 0)
		pt_app_message(f->box.view->app, PT_SLOT_WARN,
		               "it was changed on the server since this draft: compare before saving");
	if (lost.len)
		pt_app_message(f->box.view->app, PT_SLOT_WARN, "pasted text is not kept in drafts: %s",
		               prism_buf_text(&lost));
	if (f->tls)
		pt_form_tls_sync(f->tls, NULL);
	pt_app_dirty(f->box.view->app);
}

static void answered(void *data, ptrdiff_t index)
{
	struct offer *offer = data;
	struct pt_form_view *f = pt_ui_alive(offer->app, offer->view) ? offer->view->state : NULL;
	PRISM_AUTO_FREE char *key = f ? key_of(f) : NULL;
	const char *text = f ? core_remembered(options_of(f), key) : NULL;
	PRISM_AUTO_JSON cJSON *draft = text ? prism_json_parse(text, strlen(text), NULL) : NULL;

	if (f && draft && index == (ptrdiff_t)offer->take)
		take_up(f, draft);
	else if (f && index > (ptrdiff_t)offer->take)
		pt_form_draft_forget(f);
	prism_free(offer);
}

/* What it holds, so that the answer is no guess. */
static size_t add_shown(const struct pt_form_view *f, const cJSON *draft,
                        struct pt_dialog_item *items, char **texts)
{
	const cJSON *field;
	size_t count = 0;

	for (field = prism_json_members(prism_json_get(draft, "fields")); field; field = field->next) {
		if (count == SHOWN || !cJSON_IsString(field))
			break;
		texts[count] = prism_asprintf("%.40s: %.200s", pt_form_label(f->box.form, field->string),
		                              field->valuestring);
		for (char *c = texts[count]; *c; c++)
			if (*c == '\n')
				*c = ' ';
		items[count] = (struct pt_dialog_item){.text = texts[count], .disabled = true};
		count++;
	}
	return count;
}

static void ask(void *data)
{
	struct pt_form_view *f = data;
	PRISM_AUTO_FREE char *key = key_of(f), *title = NULL;
	const char *text = core_remembered(options_of(f), key);
	PRISM_AUTO_JSON cJSON *draft = text ? prism_json_parse(text, strlen(text), NULL) : NULL;
	struct pt_dialog_item items[SHOWN + 2];
	char *texts[SHOWN], when[PRISM_TIME_TEXT];
	struct offer *offer;
	size_t count;

	if (!draft)
		return;
	count = add_shown(f, draft, items, texts);
	offer = prism_alloc(sizeof(*offer));
	*offer = (struct offer){f->box.view->app, f->box.view, count};
	items[count] = (struct pt_dialog_item){.text = "Take the draft up", .note = "enter"};
	items[count + 1] = (struct pt_dialog_item){.text = "Begin anew", .note = "the draft goes"};
	title = prism_asprintf("A draft from %s",
	                       pt_ui_time(f->box.view->app, prism_json_int(draft, "at", 0), when));
	pt_dialog_choose(f->box.view->app, title, items, count + 2, count, answered, offer);
	for (size_t i = 0; i < count; i++)
		prism_free(texts[i]);
}

void pt_form_draft_offer(struct pt_form_view *f)
{
	PRISM_AUTO_FREE char *key = key_of(f);

	if (has_draft(f) && core_remembered(options_of(f), key))
		prism_loop_defer(pt_app_loop(f->box.view->app), ask, f);
}

void pt_form_draft_finish(struct pt_form_view *f)
{
	prism_loop_undefer(pt_app_loop(f->box.view->app), ask, f);
	if (f->draft_timer)
		write_down(f); /* closed from outside: a hang-up, another workspace */
}
