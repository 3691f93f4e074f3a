/*
 * The evidence view: the verdict in words, then section by section what was checked and what the
 * evidence says, down to the bytes.  It lies over the work, takes all the room there is, and opens
 * on the first check that failed.
 *
 * It shows an appraisal (core/appraisal.h) and nothing else: whether it comes from a file, a CVM,
 * an agent or a connection that was refused makes no difference here.
 */
#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "core/appraisal.h"
#include "core/evidence_facts.h"
#include "tui/args.h"
#include "tui/factpage.h"
#include "tui/savefile.h"
#include "tui/views.h"

#include <stdio.h>
#include <string.h>

#define LABEL 9 /* "remedy" and what aligns with it */

struct evidence {
	struct pt_factview fv;            /* first: see tui/factpage.h */
	struct core_appraisal *appraisal; /* a reference */
	char *title;
	bool opened; /* the cursor was put on what failed */
};

/* ---- checks --------------------------------------------------------------------------------- */

static void check_of(const struct core_check *check, char *key, size_t size, struct pt_check *ret)
{
	static const enum pt_check_result results[] = {[CORE_CHECK_PASS] = PT_CHECK_PASS,
	                                               [CORE_CHECK_FAIL] = PT_CHECK_FAIL,
	                                               [CORE_CHECK_SKIPPED] = PT_CHECK_SKIPPED};

	snprintf(key, size, "rule:%s", core_rule_id(check->rule));
	*ret = (struct pt_check){
	    .key = key,
	    .result = results[check->result],
	    .optional = !check->required,
	    .line = core_rule_line(check->rule),
	    .id = core_rule_id(check->rule),
	    .expected = check->expected,
	    .found = check->found,
	    .reason = check->reason,
	    .remedy = core_rule_remedy(check->rule),
	};
}

static void checks(void *data, const char *section, struct pt_lines *lines,
                   const struct pt_check_draw *how, struct pt_check_counts *counts)
{
	struct evidence *e = data;
	const struct core_verdict *verdict = core_appraisal_verdict(e->appraisal);
	enum core_verdict_group group = core_evidence_section_group(section);
	struct pt_check check;
	char key[64];

	for (unsigned i = 0; i < core_verdict_count(verdict); i++) {
		const struct core_check *at = core_verdict_at(verdict, i);
		if (core_rule_group(at->rule) != group)
			continue;
		check_of(at, key, sizeof(key), &check);
		pt_check_count(counts, &check);
		if (lines)
			pt_check_lines(lines, how, &check);
	}
}

static const char *explain(void *data, const char *key)
{
	const struct evidence *e = data;
	const struct core_verdict *verdict = core_appraisal_verdict(e->appraisal);

	for (unsigned i = 0; i < core_verdict_count(verdict); i++) {
		const struct core_check *at = core_verdict_at(verdict, i);
		if (strncmp(key, "rule:", 5) != 0 || strcmp(key + 5, core_rule_id(at->rule)) != 0)
			continue;
		if (at->result == CORE_CHECK_PASS)
			return *at->found ? at->found : "holds";
		return *at->reason ? at->reason : core_rule_remedy(at->rule);
	}
	return "";
}

/* ---- the verdict ---------------------------------------------------------------------------- */

static void line(struct pt_lines *lines, const char *key, int width, enum pt_slot slot,
                 const char *text)
{
	pt_lines_add(lines, key, 0, NULL);
	pt_lines_wrap(lines, 0, width, slot, text);
}

static void head_worst(struct pt_lines *lines, const struct core_check *worst, int width)
{
	int column = width < 60 ? 0 : 2;

	if (!worst)
		return;
	pt_detail_lines(lines, column, LABEL, width, "check", PT_SLOT_STRONG,
	                core_rule_line(worst->rule));
	pt_detail_lines(lines, column, LABEL, width, "because", PT_SLOT_TEXT, worst->reason);
	pt_detail_lines(lines, column, LABEL, width, "remedy", PT_SLOT_STRONG,
	                core_rule_remedy(worst->rule));
}

static const char *banner(void *data, enum pt_slot *ret_slot)
{
	const struct evidence *e = data;
	const struct core_verdict *verdict = core_appraisal_verdict(e->appraisal);

	*ret_slot = core_verdict_state(verdict) != CORE_VERDICT_ATTESTED ? PT_SLOT_BAD
	            : core_verdict_not_tee(verdict)                      ? PT_SLOT_WARN
	                                                                 : PT_SLOT_GOOD;
	return core_verdict_summary(verdict);
}

/* Below the banner, which a narrow window cuts: all of it, and what to do. */
static void head(void *data, struct pt_lines *lines, const struct pt_check_draw *how)
{
	struct evidence *e = data;
	const struct core_verdict *verdict = core_appraisal_verdict(e->appraisal);
	const char *not_tee = core_verdict_not_tee(verdict);
	enum pt_slot slot;
	const char *summary = banner(e, &slot);

	if ((int)strlen(summary) > how->width)
		line(lines, "verdict", how->width, slot, summary);
	if (not_tee) {
		PRISM_AUTO_FREE char *text = prism_asprintf("NOT A TEE: %s", not_tee);
		line(lines, "not-tee", how->width, PT_SLOT_BAD, text);
	}
	if (core_verdict_state(verdict) != CORE_VERDICT_ATTESTED)
		head_worst(lines, core_verdict_worst(verdict), how->width);
	pt_lines_add(lines, "blank", 0, NULL);
}

/* ---- keys ----------------------------------------------------------------------------------- */

/* The next line of the page that says something is wrong, from the cursor on. */
static unsigned next_failure(struct evidence *e)
{
	const struct core_verdict *verdict = core_appraisal_verdict(e->appraisal);
	const char *now = pt_lines_key(pt_factpage_lines(e->fv.page));
	const struct core_check *first = NULL, *next = NULL;
	bool passed = false;
	char key[64];

	for (unsigned i = 0; i < core_verdict_count(verdict); i++) {
		const struct core_check *at = core_verdict_at(verdict, i);
		bool here;

		snprintf(key, sizeof(key), "rule:%s", core_rule_id(at->rule));
		here = now && !strcmp(key, now);
		if (at->result == CORE_CHECK_FAIL || (at->result == CORE_CHECK_SKIPPED && at->required)) {
			first = first ? first : at;
			next = passed && !next ? at : next;
		}
		passed = passed || here;
	}
	next = next ? next : first;
	if (!next) {
		pt_app_message(e->fv.view->app, PT_SLOT_GOOD, "nothing failed");
		return PT_HANDLED | PT_REDRAW;
	}
	snprintf(key, sizeof(key), "rule:%s", core_rule_id(next->rule));
	pt_factpage_show(e->fv.page, core_evidence_group_section(core_rule_group(next->rule)), key);
	return PT_HANDLED | PT_REDRAW;
}

/* .json: the document of `evidence open -o json`; .bin: the evidence as it came; else the report.
 */
static void save_to(void *data, const char *path)
{
	struct evidence *e = data;
	struct pt_app *app = e->fv.view->app;

	if (pt_savefile_ends(path, ".bin") && core_appraisal_evidence(e->appraisal)) {
		size_t size;
		const uint8_t *bytes = core_evidence_bytes(core_appraisal_evidence(e->appraisal), &size);
		pt_savefile(app, "evidence", path, bytes, size);
	} else if (pt_savefile_ends(path, ".json")) {
		cJSON *doc = core_appraisal_json(e->appraisal, CORE_APPRAISAL_FULL);
		PRISM_AUTO_FREE char *json = prism_json_print(doc, true);
		pt_savefile(app, "report", path, json, strlen(json));
		prism_json_free(doc);
	} else {
		PRISM_AUTO_FREE char *text = core_appraisal_text(e->appraisal, CORE_APPRAISAL_FULL);
		pt_savefile(app, "report", path, text, strlen(text));
	}
}

static unsigned save(struct pt_view *view, const struct pt_values *values)
{
	const char *file = values ? pt_values_get(values, "file") : NULL;

	if (file)
		save_to(view->state, file);
	else
		pt_savefile_ask(view, "Save evidence", "File (.txt report, .json, .bin: as it came)",
		                "evidence.txt", save_to);
	return PT_HANDLED | PT_REDRAW;
}

static unsigned act(struct pt_view *view, enum pt_action_id id, const struct pt_values *values)
{
	struct evidence *e = view->state;

	switch (id) {
	case PT_ACTION_EVIDENCE_FAILURE:
		return next_failure(e);
	case PT_ACTION_SAVE:
		return save(view, values);
	default:
		return pt_factview_act(view, id);
	}
}

static const struct pt_actor actor = {.where = PT_IN_EVIDENCE, .act = act};

/* ---- view ----------------------------------------------------------------------------------- */

static const char *title(struct pt_view *view)
{
	struct evidence *e = view->state;

	return e->title;
}

static void prepare(struct pt_view *view, int width, int height)
{
	struct evidence *e = view->state;
	const struct core_check *worst = core_verdict_worst(core_appraisal_verdict(e->appraisal));
	char key[64];

	pt_factpage_prepare(e->fv.page, width, height);
	if (e->opened)
		return;
	e->opened = true;
	if (core_verdict_state(core_appraisal_verdict(e->appraisal)) == CORE_VERDICT_ATTESTED || !worst)
		return;
	snprintf(key, sizeof(key), "rule:%s", core_rule_id(worst->rule));
	pt_factpage_show(e->fv.page, core_evidence_group_section(core_rule_group(worst->rule)), key);
	pt_factpage_prepare(e->fv.page, width, height);
}

static void destroy(struct pt_view *view)
{
	struct evidence *e = view->state;

	pt_factpage_destroy(e->fv.page);
	core_appraisal_unref(e->appraisal);
	prism_free(e->title);
	prism_free(e);
}

static const struct pt_view_ops ops = {
    .name = "evidence",
    .title = title,
    PT_FACTVIEW_OPS,
    .prepare = prepare,
    .destroy = destroy,
    .actor = &actor,
};

struct pt_view *pt_view_evidence(struct pt_app *app, struct core_appraisal *appraisal)
{
	struct evidence *e = prism_alloc(sizeof(*e));
	struct pt_view *view = pt_view_create(app, &ops, e);
	char time[PRISM_TIME_TEXT];

	e->fv.view = view;
	e->appraisal = core_appraisal_ref(appraisal);
	e->title = prism_asprintf("Evidence of %s, judged %s", core_appraisal_source(appraisal),
	                          pt_ui_time(app, core_appraisal_judged_us(appraisal), time));
	const struct pt_factpage_spec spec = {
	    .facts = core_appraisal_facts(appraisal),
	    .banner = banner,
	    .head = head,
	    .checks = checks,
	    .explain = explain,
	    .value_word = "found",
	    .other_word = "expected",
	    .data = e,
	};
	e->fv.page = pt_factpage_create(&spec);
	return view;
}
