/*
 * One JSON text among what is remembered of a profile (core/remember.c):
 *
 *     {"at": time, "workspace": id, "tab": name, "computation": id, "open": tab number,
 *      "cut": ["dataset flowers.csv, sending, 40 %", ...]}
 */
#include "tui/resume.h"

#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"
#include "core/computation.h"
#include "core/options.h"
#include "core/transfer.h"
#include "core/workspace.h"
#include "tui/dialog.h"
#include "tui/ui.h"
#include "tui/views.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define KEY "resume"
#define CUT_MOST 20 /* transfers named; more are not read anyway */

static struct core_options *options_of(struct pt_app *app)
{
	return pt_ui_world(app)->options;
}

/* ---- remembering ---- */

static void save_cut(struct pt_app *app, cJSON *doc)
{
	const struct core_transfer_queue *queue = pt_ui_world(app)->transfers;
	cJSON *cut = cJSON_AddArrayToObject(doc, "cut");
	const struct core_transfer_info *info;

	for (size_t i = 0; queue && (info = core_transfer_at(queue, i)) && i < CUT_MOST; i++) {
		char line[512], percent[24] = "";

		if (core_transfer_state_final(info->state))
			continue;
		if (info->total)
			snprintf(percent, sizeof(percent), ", %d %%",
			         (int)(100.0 * (double)info->done / (double)info->total));
		snprintf(line, sizeof(line), "%s %.200s: %s%s", core_transfer_kind_word(info->kind),
		         info->path ? info->path : "", core_transfer_state_word(info->state), percent);
		cJSON_AddItemToArray(cut, cJSON_CreateString(line));
	}
}

void pt_resume_save(struct pt_app *app)
{
	const struct pt_view *open = pt_app_top(app, PT_PANE_DETAIL);
	const char *computation = open ? pt_view_computation_id(open) : NULL;
	const char *workspace = core_workspace_id(pt_ui_core(app));
	PRISM_AUTO_JSON cJSON *doc = cJSON_CreateObject();
	char at[PRISM_TIME_TEXT];

	if (!*workspace)
		return;
	cJSON_AddStringToObject(doc, "at",
	                        prism_time_format(prism_clock_wall_us(pt_app_clock(app)), 0, at));
	cJSON_AddStringToObject(doc, "workspace", workspace);
	cJSON_AddStringToObject(doc, "tab", pt_app_tab_at(app, pt_app_tab(app))->name);
	if (computation) {
		cJSON_AddStringToObject(doc, "computation", computation);
		cJSON_AddNumberToObject(doc, "open", pt_view_computation_open_tab(open));
	}
	save_cut(app, doc);
	PRISM_AUTO_FREE char *text = prism_json_print(doc, false);
	core_remember(options_of(app), KEY, text);
}

void pt_resume_forget(struct pt_app *app)
{
	core_remember(options_of(app), KEY, NULL);
}

/* ---- offering ---- */

struct offer {
	struct pt_app *app;
	cJSON *doc;
};

static void answered(void *data, bool yes)
{
	struct offer *offer = data;
	const char *computation = prism_json_str(offer->doc, "computation", "");
	int64_t open = prism_json_int(offer->doc, "open", PT_TAB_OVERVIEW);
	struct prism_error ignored = PRISM_ERROR_INIT;

	if (yes &&
	    pt_app_open_tab_named(offer->app, prism_json_str(offer->doc, "tab", ""), &ignored) == 0 &&
	    *computation)
		pt_computation_open(offer->app, computation,
		                    open >= 0 && open < PT_TAB_COUNT ? (enum pt_computation_tab)open
		                                                     : PT_TAB_OVERVIEW);
	prism_json_free(offer->doc);
	prism_free(offer);
}

static char *cut_lines(const cJSON *doc)
{
	PRISM_AUTO_BUF struct prism_buf out = PRISM_BUF_INIT(65536);
	const cJSON *line;

	cJSON_ArrayForEach(line, prism_json_array(doc, "cut"))
	{
		if (cJSON_IsString(line))
			prism_buf_printf(&out, "%s%s", out.len ? "\n" : "", line->valuestring);
	}
	return prism_strdup(prism_buf_text(&out));
}

void pt_resume_offer(struct pt_app *app)
{
	const char *text = core_remembered(options_of(app), KEY);
	cJSON *doc = text ? prism_json_parse(text, strlen(text), NULL) : NULL;
	struct offer *offer;
	char time[PRISM_TIME_TEXT], question[300];
	PRISM_AUTO_FREE char *cut = cut_lines(doc);
	struct pt_confirm confirm = {.title = "Go on", .text = question, .yes = "Go on"};

	if (!doc || strcmp(prism_json_str(doc, "workspace", ""), core_workspace_id(pt_ui_core(app)))) {
		prism_json_free(doc);
		return;
	}
	pt_resume_forget(app);
	if (!strcmp(prism_json_str(doc, "tab", ""), pt_app_tab_at(app, pt_app_tab(app))->name) &&
	    !*prism_json_str(doc, "computation", "") && !*cut) {
		prism_json_free(doc); /* nowhere else to go, nothing lost */
		return;
	}
	snprintf(question, sizeof(question),
	         "The terminal went away at %s. Go back to where you were?%s",
	         prism_time_local(prism_json_time(doc, "at"), time),
	         *cut ? " These transfers were cut off; send them again from there:" : "");
	confirm.detail = *cut ? cut : NULL;
	offer = prism_alloc(sizeof(*offer));
	*offer = (struct offer){app, doc};
	pt_dialog_confirm(app, &confirm, answered, offer);
}
