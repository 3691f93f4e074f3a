/*
 * Create a CVM: what is offered depends on what is chosen, so this form is not the one of the
 * action table.  Platform, then where, then how many CPUs that place sells for that platform
 * (reference 3.9, 4.8); places without a list take two.
 *
 * Creating takes minutes and goes on behind: the form closes at once, the list shows the CVM, and
 * the news say when it is ready.  When it is refused the form comes back as it was, with the
 * reason.
 */
#include "base/mem.h"
#include "core/cvm.h"
#include "core/options.h"
#include "core/remember.h"
#include "core/validate.h"
#include "tui/args.h"
#include "tui/formbox.h"
#include "tui/ui.h"
#include "tui/views.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNTS_MAX 16 /* the longest list has eleven */

enum { FIELD_PLATFORM, FIELD_PROVIDER, FIELD_NAME, FIELD_VCPUS, FIELD_LEVEL, FIELD_COUNT };

struct cvm_form {
	struct pt_formbox box; /* first: see tui/formbox.h */
	struct pt_field fields[FIELD_COUNT];
	struct pt_choice providers[COUNTS_MAX], counts[COUNTS_MAX];
	char count_words[COUNTS_MAX][8];
	const int *list; /* of counts shown; NULL: none */
};

static const struct pt_choice platforms[] = {
    {"sev-snp", "SNP (AMD Secure Nested Paging)", NULL},
    {"tdx", "TDX (Intel Trust Domain Extensions)", NULL},
};
static const struct pt_choice levels[] = {{"info", "Info", NULL},
                                          {"debug", "Debug", NULL},
                                          {"warn", "Warn", NULL},
                                          {"error", "Error", NULL}};

/* ---- what depends on what ---- */

static const struct core_provider *provider_of(const struct pt_form *form)
{
	size_t count;
	const struct core_provider *providers = core_providers(&count);
	const char *word = pt_form_get(form, "provider");

	for (size_t i = 0; word && i < count; i++)
		if (!strcmp(providers[i].word, word))
			return &providers[i];
	return NULL;
}

static const int *counts_of(const struct pt_form *form)
{
	const struct core_provider *provider = provider_of(form);
	const char *platform = pt_form_get(form, "platform");

	if (!provider || !platform)
		return NULL;
	return !strcmp(platform, "tdx") ? provider->vcpus_tdx : provider->vcpus_snp;
}

static bool vcpus_apply(void *data, const struct pt_form *form)
{
	PRISM_UNUSED(data);
	return counts_of(form) != NULL;
}

static void offer_counts(struct cvm_form *f)
{
	const int *list = counts_of(f->box.form);
	size_t count = 0;

	if (list == f->list)
		return;
	f->list = list;
	for (; list && list[count] && count < COUNTS_MAX; count++) {
		snprintf(f->count_words[count], sizeof(f->count_words[count]), "%d", list[count]);
		f->counts[count] = (struct pt_choice){f->count_words[count], NULL, NULL};
	}
	pt_form_set_choices(f->box.form, "vcpus", f->counts, count);
}

static int validate_name(void *data, const struct pt_form *form, const char *value,
                         struct prism_error *err)
{
	PRISM_UNUSED(data);
	PRISM_UNUSED(form);
	return core_validate(CORE_FIELD_CVM_NAME, value, err);
}

/* ---- drafts: what was typed survives a hang-up ---- */

static const char *const names[] = {"platform", "provider", "name", "vcpus", "log-level"};

static void draft_keep(const struct cvm_form *f, bool forget)
{
	for (size_t i = 0; i < PRISM_COUNT(names); i++) {
		PRISM_AUTO_FREE char *key = prism_asprintf("draft.cvm-create.%s", names[i]);
		const char *text = forget ? NULL : pt_form_get(f->box.form, names[i]);

		core_remember(pt_ui_world(f->box.view->app)->options, key, text && *text ? text : NULL);
	}
}

static const char *draft(struct pt_app *app, const char *name)
{
	PRISM_AUTO_FREE char *key = prism_asprintf("draft.cvm-create.%s", name);

	return core_remembered(pt_ui_world(app)->options, key);
}

/* ---- sending ---- */

struct creating { /* outlives the form */
	struct pt_app *app;
	struct pt_values *values;
};

static void reopen(struct creating *c, const struct prism_error *err)
{
	struct pt_view *view;

	if (pt_app_top_overlay(c->app)) { /* somebody is at something else: told, not thrown at them */
		pt_app_report(c->app, err);
		return;
	}
	view = pt_view_cvm_form(c->app, c->values);
	pt_form_set_error(((struct cvm_form *)view->state)->box.form, err);
	pt_app_overlay(c->app, view);
}

static void created(void *data, const char *id, const struct prism_error *err)
{
	struct creating *c = data;

	PRISM_UNUSED(id);
	if (err && err->category != PRISM_ERROR_CANCELLED)
		reopen(c, err);
	pt_values_destroy(c->values);
	prism_free(c);
}

static struct pt_values *collect(const struct cvm_form *f)
{
	struct pt_values *values = pt_values_create(pt_action(PT_ACTION_CVM_CREATE));

	pt_values_add(values, "name", pt_form_get(f->box.form, "name"));
	pt_values_add(values, "provider", pt_form_get(f->box.form, "provider"));
	pt_values_add(values, "platform", pt_form_get(f->box.form, "platform"));
	if (f->list)
		pt_values_add(values, "vcpus", pt_form_get(f->box.form, "vcpus"));
	pt_values_add(values, "log-level", pt_form_get(f->box.form, "log-level"));
	/* An external one comes online when its owner starts it: not waited for. */
	if (strcmp(pt_form_get(f->box.form, "provider"), "external") != 0)
		pt_values_add(values, "wait", "yes");
	return values;
}

static void submit(struct pt_view *view)
{
	struct cvm_form *f = view->state;
	struct creating *c = prism_alloc(sizeof(*c));

	*c = (struct creating){f->box.view->app, collect(f)};
	draft_keep(f, true);
	pt_app_message(c->app, PT_SLOT_INFO, "creating %.200s; this may take minutes",
	               pt_values_get(c->values, "name"));
	pt_app_close(c->app, f->box.view);
	pt_ui_run(c->app, collect(f), true, created, c);
}

/* ---- view ---- */

static void changed(struct pt_view *view)
{
	offer_counts(view->state);
	draft_keep(view->state, false);
}

static unsigned cancel(struct pt_view *view)
{
	draft_keep(view->state, true); /* given up on purpose; a hang-up does not come this way */
	return PT_HANDLED | PT_CLOSE;
}

static const char *title(struct pt_view *view)
{
	PRISM_UNUSED(view);
	return "Create CVM";
}

static void destroy(struct pt_view *view)
{
	struct cvm_form *f = view->state;

	pt_form_destroy(f->box.form);
	prism_free(f);
}

static const struct pt_view_ops ops = {
    .name = "cvm-form",
    PT_FORMBOX_OPS,
    .title = title,
    .key = pt_formbox_key,
    .destroy = destroy,
    .actor = &pt_formbox_actor,
};

static void make_fields(struct cvm_form *f, size_t provider_count)
{
	f->fields[FIELD_PLATFORM] = (struct pt_field){.id = "platform",
	                                              .label = "Select Platform",
	                                              .kind = PT_FIELD_SELECT,
	                                              .choices = platforms,
	                                              .choice_count = PRISM_COUNT(platforms)};
	f->fields[FIELD_PROVIDER] = (struct pt_field){.id = "provider",
	                                              .label = "Select Backend",
	                                              .kind = PT_FIELD_SELECT,
	                                              .choices = f->providers,
	                                              .choice_count = provider_count,
	                                              .initial = "ultraviolet"};
	f->fields[FIELD_NAME] = (struct pt_field){.id = "name",
	                                          .label = "CVM Name",
	                                          .kind = PT_FIELD_TEXT,
	                                          .flags = PT_FIELD_REQUIRED,
	                                          .max = 255,
	                                          .validate = validate_name};
	f->fields[FIELD_VCPUS] = (struct pt_field){.id = "vcpus",
	                                           .label = "vCPU",
	                                           .kind = PT_FIELD_SELECT,
	                                           .choices = f->counts,
	                                           .applies = vcpus_apply,
	                                           .help = "what this backend sells for the platform"};
	f->fields[FIELD_LEVEL] = (struct pt_field){.id = "log-level",
	                                           .label = "CVM Agent Log Level",
	                                           .kind = PT_FIELD_SELECT,
	                                           .choices = levels,
	                                           .choice_count = PRISM_COUNT(levels)};
}

struct pt_view *pt_view_cvm_form(struct pt_app *app, const struct pt_values *known)
{
	struct cvm_form *f = prism_alloc(sizeof(*f));
	size_t count;
	const struct core_provider *providers = core_providers(&count);

	f->box = (struct pt_formbox){.view = pt_view_create(app, &ops, f),
	                             .width = 70,
	                             .submit = submit,
	                             .changed = changed,
	                             .cancel = cancel};
	for (size_t i = 0; i < count && i < COUNTS_MAX; i++)
		f->providers[i] = (struct pt_choice){providers[i].word, providers[i].label, NULL};
	make_fields(f, count);
	f->box.form = pt_form_create(f->fields, FIELD_COUNT, "Create CVM", "Close", f);
	for (size_t i = 0; i < PRISM_COUNT(names); i++) {
		const char *value = known ? pt_values_get(known, names[i]) : draft(app, names[i]);

		offer_counts(f); /* counts follow from what was set before them */
		if (value)
			pt_form_set(f->box.form, names[i], value);
	}
	offer_counts(f);
	pt_form_clean(f->box.form);
	pt_form_focus(f->box.form, "name");
	return f->box.view;
}
