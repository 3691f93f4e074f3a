/*
 * The view of a page (tui/page.h): a policy with every field explained, two policies beside each
 * other, a launch measurement.  It lies over the work, as the evidence view does.
 *
 * What can be done from it are the commands on policy files, with the file filled in: a policy that
 * is no file yet (a CVM's) is saved first.  After an edit the page shows the file anew.
 */
#include "tui/page.h"

#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"
#include "core/policy_facts.h"
#include "tui/args.h"
#include "tui/factpage.h"
#include "tui/savefile.h"
#include "tui/views.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define TEXT_MAX (16u * CORE_POLICY_MAX)

struct state {
	struct pt_factview fv; /* first: see tui/factpage.h */
	struct pt_page *page;  /* owned */
	struct stat seen;      /* the policy's file as it was read */
};

/* ---- pages ---------------------------------------------------------------------------------- */

struct pt_page *pt_page_policy(struct core_policy *policy, struct core_facts *facts,
                               const char *path, const char *source)
{
	struct pt_page *page = prism_alloc(sizeof(*page));

	page->kind = PT_PAGE_POLICY;
	page->title = prism_asprintf("Attestation policy of %s", source);
	page->facts = facts;
	page->policy = policy;
	page->path = prism_strdup(path);
	return page;
}

struct pt_page *pt_page_comparison(struct core_facts *facts, const char *title)
{
	struct pt_page *page = prism_alloc(sizeof(*page));

	page->kind = PT_PAGE_COMPARISON;
	page->title = prism_strdup(title);
	page->facts = facts;
	return page;
}

struct pt_page *pt_page_measurement(struct core_facts *facts, const char *hex)
{
	struct pt_page *page = prism_alloc(sizeof(*page));

	page->kind = PT_PAGE_MEASUREMENT;
	page->title = prism_strdup("Launch measurement");
	page->facts = facts;
	page->value = prism_strdup(hex);
	return page;
}

struct pt_page *pt_page_report(struct core_facts *facts, const char *title, enum pt_slot tone,
                               const char *outcome)
{
	struct pt_page *page = prism_alloc(sizeof(*page));

	page->kind = PT_PAGE_REPORT;
	page->title = prism_strdup(title);
	page->facts = facts;
	page->outcome = prism_strdup(outcome);
	page->tone = tone;
	return page;
}

void pt_page_destroy(struct pt_page *page)
{
	if (!page)
		return;
	core_facts_destroy(page->facts);
	core_policy_destroy(page->policy);
	prism_free(page->title);
	prism_free(page->path);
	prism_free(page->value);
	prism_free(page->outcome);
	prism_free(page);
}

/* ---- what the page says on top -------------------------------------------------------------- */

static const char *banner(void *data, enum pt_slot *ret_slot)
{
	const struct state *s = data;

	switch (s->page->kind) {
	case PT_PAGE_POLICY:
		*ret_slot = PT_SLOT_DIM;
		return s->page->path ? "m measurement, d host data, x extend by manifests, c compare"
		                     : "W saves it as a file; files can be edited";
	case PT_PAGE_COMPARISON:
		if (core_facts_count_state(s->page->facts, CORE_FACT_DIFFERS)) {
			*ret_slot = PT_SLOT_BAD;
			return "The policies differ";
		}
		*ret_slot = PT_SLOT_GOOD;
		return "The policies say the same";
	case PT_PAGE_REPORT:
		*ret_slot = s->page->tone;
		return s->page->outcome;
	default:
		*ret_slot = PT_SLOT_DIM;
		return "m writes it into a policy, c makes a CoRIM of it";
	}
}

/* ---- the file changed ----------------------------------------------------------------------- */

static void remember_file(struct state *s)
{
	if (!s->page->path || stat(s->page->path, &s->seen) < 0)
		memset(&s->seen, 0, sizeof(s->seen));
}

/* An edit replaces the file, so that its inode changes whatever the clock says. */
static void look_again(struct state *s)
{
	struct stat now;
	struct prism_error err = PRISM_ERROR_INIT;
	struct core_policy *policy;

	if (!s->page->path || stat(s->page->path, &now) < 0 ||
	    (now.st_ino == s->seen.st_ino && now.st_mtime == s->seen.st_mtime &&
	     now.st_size == s->seen.st_size))
		return;
	policy = core_policy_read(s->page->path, &err);
	s->seen = now;
	if (!policy) {
		pt_app_report(s->fv.view->app, &err);
		return;
	}
	core_policy_destroy(s->page->policy);
	core_facts_destroy(s->page->facts);
	s->page->policy = policy;
	s->page->facts = core_policy_facts(policy);
	pt_factpage_changed(s->fv.page, s->page->facts);
}

/* ---- saving --------------------------------------------------------------------------------- */

/* A policy is saved as it came; so that a page of a policy becomes a page of that file. */
static void save_policy(struct state *s, const char *path)
{
	PRISM_AUTO_BUF struct prism_buf bytes = PRISM_BUF_INIT(TEXT_MAX);

	core_policy_bytes(s->page->policy, &bytes);
	if (!pt_savefile(s->fv.view->app, "policy", path, prism_buf_text(&bytes), bytes.len))
		return;
	prism_free(s->page->path);
	s->page->path = prism_path_expand(path);
	remember_file(s);
	pt_factpage_changed(s->fv.page, s->page->facts);
}

static void save_facts(struct state *s, const char *path)
{
	static const struct core_fact_names names = {"first", "second"};
	PRISM_AUTO_BUF struct prism_buf text = PRISM_BUF_INIT(TEXT_MAX);

	if (pt_savefile_ends(path, ".json")) {
		cJSON *doc = core_facts_json(s->page->facts);
		PRISM_AUTO_FREE char *json = prism_json_print(doc, true);
		pt_savefile(s->fv.view->app, "page", path, json, strlen(json));
		prism_json_free(doc);
		return;
	}
	core_facts_text(s->page->facts, s->page->kind == PT_PAGE_COMPARISON ? &names : NULL, &text);
	pt_savefile(s->fv.view->app, "page", path, prism_buf_text(&text), text.len);
}

static void save_to(void *data, const char *path)
{
	struct state *s = data;

	if (s->page->kind == PT_PAGE_POLICY)
		save_policy(s, path);
	else
		save_facts(s, path);
}

static unsigned save(struct pt_view *view, const struct pt_values *values)
{
	static const char *const names[] = {[PT_PAGE_POLICY] = "attestation_policy.json",
	                                    [PT_PAGE_COMPARISON] = "comparison.txt",
	                                    [PT_PAGE_MEASUREMENT] = "measurement.txt",
	                                    [PT_PAGE_REPORT] = "report.txt"};
	struct state *s = view->state;
	const char *file = values ? pt_values_get(values, "file") : NULL;
	bool corim = s->page->policy && core_policy_corim(s->page->policy);

	if (file)
		save_to(s, file);
	else
		pt_savefile_ask(view, "Save", "File",
		                corim ? "attestation_policy.cbor" : names[s->page->kind], save_to);
	return PT_HANDLED | PT_REDRAW;
}

/* ---- commands on it ------------------------------------------------------------------------- */

static unsigned ask(struct pt_view *view, enum pt_action_id id, const char *policy,
                    const char *value)
{
	struct pt_values *values = pt_values_create(pt_action(id));

	pt_values_add(values, "policy", policy);
	pt_values_add(values, "value", value);
	pt_app_overlay(view->app, pt_view_form(view->app, values));
	return PT_HANDLED | PT_REDRAW;
}

static bool edits(enum pt_action_id id)
{
	return id == PT_ACTION_POLICY_MEASUREMENT || id == PT_ACTION_POLICY_HOST_DATA ||
	       id == PT_ACTION_POLICY_EXTEND || id == PT_ACTION_POLICY_COMPARE;
}

static bool may(struct pt_view *view, enum pt_action_id id, char *reason, size_t size)
{
	const struct state *s = view->state;

	if (s->page->kind == PT_PAGE_COMPARISON && (edits(id) || id == PT_ACTION_POLICY_CORIM))
		snprintf(reason, size, "two policies are shown: open one with policy explain");
	else if (s->page->kind == PT_PAGE_POLICY && edits(id) && !s->page->path)
		snprintf(reason, size, "it is no file yet: save it first");
	else if (s->page->kind == PT_PAGE_MEASUREMENT && edits(id) &&
	         id != PT_ACTION_POLICY_MEASUREMENT)
		snprintf(reason, size, "this is a measurement");
	else if (s->page->kind == PT_PAGE_POLICY && id == PT_ACTION_POLICY_CORIM)
		snprintf(reason, size, "a CoRIM is made of a measurement");
	else
		return true;
	return false;
}

static unsigned act(struct pt_view *view, enum pt_action_id id, const struct pt_values *values)
{
	struct state *s = view->state;

	switch (id) {
	case PT_ACTION_EVIDENCE_FAILURE:
		return pt_factpage_next_difference(s->fv.page);
	case PT_ACTION_SAVE:
		return save(view, values);
	case PT_ACTION_REFRESH:
		look_again(s);
		return PT_HANDLED | PT_REDRAW;
	case PT_ACTION_POLICY_MEASUREMENT:
	case PT_ACTION_POLICY_HOST_DATA:
	case PT_ACTION_POLICY_EXTEND:
	case PT_ACTION_POLICY_COMPARE:
	case PT_ACTION_POLICY_CORIM:
		return values ? PT_IGNORED : ask(view, id, s->page->path, s->page->value);
	default:
		return pt_factview_act(view, id);
	}
}

static pt_where where_now(const struct pt_view *view)
{
	const struct state *s = view->state;

	return PT_IN_EVIDENCE | (s->page->kind == PT_PAGE_POLICY        ? PT_IN_POLICY
	                         : s->page->kind == PT_PAGE_MEASUREMENT ? PT_IN_MEASUREMENT
	                                                                : 0);
}

static const struct pt_actor actor = {
    .where = PT_IN_EVIDENCE, .where_now = where_now, .may = may, .act = act};

/* ---- view ----------------------------------------------------------------------------------- */

static const char *title(struct pt_view *view)
{
	struct state *s = view->state;

	return s->page->title;
}

static void prepare(struct pt_view *view, int width, int height)
{
	struct state *s = view->state;

	look_again(s);
	pt_factpage_prepare(s->fv.page, width, height);
}

static void destroy(struct pt_view *view)
{
	struct state *s = view->state;

	pt_factpage_destroy(s->fv.page);
	pt_page_destroy(s->page);
	prism_free(s);
}

static const struct pt_view_ops ops = {
    .name = "page",
    .title = title,
    PT_FACTVIEW_OPS,
    .prepare = prepare,
    .destroy = destroy,
    .actor = &actor,
};

struct pt_view *pt_view_page(struct pt_app *app, struct pt_page *page)
{
	struct state *s = prism_alloc(sizeof(*s));
	struct pt_view *view = pt_view_create(app, &ops, s);
	const struct pt_factpage_spec spec = {
	    .facts = page->facts,
	    .banner = banner,
	    .value_word = "first",
	    .other_word = page->kind == PT_PAGE_REPORT ? "given" : "second",
	    .base64 = page->kind == PT_PAGE_POLICY || page->kind == PT_PAGE_MEASUREMENT,
	    .data = s,
	};

	s->fv.view = view;
	s->page = page;
	s->fv.page = pt_factpage_create(&spec);
	remember_file(s);
	return view;
}
