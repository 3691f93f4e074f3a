/*
 * Going to a section: by its key, by its name, by the list of them all.  An action called "go NAME"
 * opens the tab of that name, so a new section is a row in the table of tabs (tui/ui.c) and a row
 * in the table of actions.
 */
#include "tui/ui_private.h"

#include "base/mem.h"
#include "core/options.h"
#include "core/workspace.h"
#include "tui/dialog.h"
#include "tui/fleet.h"
#include "tui/views.h"

#include <stdio.h>
#include <string.h>

static unsigned go(struct pt_app *app, const char *tab)
{
	struct prism_error err = PRISM_ERROR_INIT;

	if (pt_app_open_tab_named(app, tab, &err) == 0)
		return PT_HANDLED | PT_REDRAW;
	if (!strcmp(tab, "tunnels")) /* without a way in the profile it has no tab */
		pt_app_push(app, PT_PANE_LIST, pt_view_tunnels(app));
	else
		pt_app_report(app, &err);
	return PT_HANDLED | PT_REDRAW;
}

/* ---- the list of sections ---- */

static void chosen(void *data, ptrdiff_t index)
{
	struct pt_app *app = data;

	if (index >= 0)
		pt_app_open_tab(app, (size_t)index);
	pt_app_dirty(app);
}

static unsigned choose(struct pt_app *app)
{
	size_t count = pt_app_tab_count(app);
	struct pt_dialog_item *items = prism_alloc_array(count, sizeof(*items));
	char(*keys)[PT_KEY_NAME] = prism_alloc_array(count, sizeof(*keys));

	for (size_t i = 0; i < count; i++) {
		const struct pt_tab *tab = pt_app_tab_at(app, i);
		PRISM_AUTO_FREE char *name = prism_asprintf("go %s", tab->name);
		const struct pt_action *action = pt_action_by_name(name);

		if (action)
			pt_keymap_keys(pt_ui_of(app)->keymap, pt_action_id(action), PT_IN_ANY, 1, keys[i],
			               sizeof(keys[i]));
		items[i] = (struct pt_dialog_item){
		    .text = tab->title, .note = keys[i], .key = keys[i][0] && !keys[i][1] ? keys[i][0] : 0};
	}
	pt_dialog_choose(app, "Sections", items, count, pt_app_tab(app), chosen, app);
	prism_free(keys);
	prism_free(items);
	return PT_HANDLED | PT_REDRAW;
}

/* ---- profiles ---- */

unsigned pt_ui_switch(struct pt_app *app, const char *profile, const char *computation)
{
	struct pt_world *world = pt_ui_world(app);
	struct prism_error err = PRISM_ERROR_INIT;

	if (!strcmp(profile, core_options_profile(world->options)))
		pt_app_message(app, PT_SLOT_INFO, "this is profile %s", profile);
	else if (pt_fleet_switch(pt_world_fleet(world), profile, computation, &err) < 0)
		pt_app_report(app, &err);
	else
		pt_app_quit(app);
	return PT_HANDLED | PT_REDRAW;
}

void pt_ui_begin(struct pt_ui *ui, const char *computation)
{
	struct prism_error err = PRISM_ERROR_INIT;

	if (*core_workspace_id(ui->core) && pt_app_open_tab_named(ui->app, "computations", &err) == 0)
		pt_computation_open(ui->app, computation, PT_TAB_OVERVIEW);
}

static void profile_chosen(void *data, ptrdiff_t index)
{
	struct pt_app *app = data;

	if (index >= 0)
		pt_ui_switch(app, pt_fleet_at(pt_world_fleet(pt_ui_world(app)), (size_t)index)->profile,
		             NULL);
	pt_app_dirty(app);
}

/* The one after the present one is offered first, so that two keys go round. */
static unsigned choose_profile(struct pt_app *app)
{
	struct pt_fleet *fleet = pt_world_fleet(pt_ui_world(app));
	size_t count = pt_fleet_count(fleet), at = 0;
	struct pt_dialog_item *items = prism_alloc_array(count, sizeof(*items));
	char(*notes)[120] = prism_alloc_array(count, sizeof(*notes));

	for (size_t i = 0; i < count; i++) {
		const struct pt_fleet_member *member = pt_fleet_at(fleet, i);

		if (member->current)
			at = (i + 1) % count;
		snprintf(notes[i], sizeof(notes[i]), "%s", member->current ? "this one" : "");
		if (!member->current)
			pt_fleet_text(member, notes[i], sizeof(notes[i]));
		items[i] = (struct pt_dialog_item){.text = member->profile, .note = notes[i]};
	}
	pt_dialog_choose(app, "Profile", items, count, at, profile_chosen, app);
	prism_free(notes);
	prism_free(items);
	return PT_HANDLED | PT_REDRAW;
}

/* ---- actions ---- */

/* Commands that list what a section shows: with nothing to narrow them, the section answers. */
static const struct {
	enum pt_action_id id;
	const char *tab;
} lists[] = {
    {PT_ACTION_DASHBOARD, "dashboard"},
    {PT_ACTION_TRANSFER_LIST, "transfers"},
    {PT_ACTION_KEY_LIST, "keys"},
    {PT_ACTION_WORKSPACE_LIST, "workspaces"},
    {PT_ACTION_COMPUTATION_LIST, "computations"},
    {PT_ACTION_ASSET_LIST, "assets"},
    {PT_ACTION_CVM_LIST, "cvms"},
    {PT_ACTION_RUN_LIST, "runs"},
    {PT_ACTION_TUNNELS, "tunnels"},
    {PT_ACTION_TUNNEL_LIST, "tunnels"},
    {PT_ACTION_FLEET, "fleet"},
};

static bool bare(const struct pt_action *action, const struct pt_values *values)
{
	for (const struct pt_arg *arg = action->args; values && arg && arg->name; arg++)
		if (pt_values_get(values, arg->name))
			return false;
	return true;
}

unsigned pt_ui_sections(struct pt_app *app, enum pt_action_id id, const struct pt_values *values)
{
	const struct pt_action *action = pt_action(id);

	if (id == PT_ACTION_GO_SECTIONS)
		return choose(app);
	if ((id == PT_ACTION_GO_FLEET || id == PT_ACTION_FLEET) &&
	    core_options_profile_count(pt_ui_world(app)->options) < 2) {
		pt_app_message(app, PT_SLOT_INFO, "there is one profile only; the fleet shows several");
		return PT_HANDLED | PT_REDRAW;
	}
	if (id == PT_ACTION_PROFILE_USE)
		return values && pt_values_get(values, "profile")
		           ? pt_ui_switch(app, pt_values_get(values, "profile"), NULL)
		           : choose_profile(app);
	if (strncmp(action->name, "go ", 3) == 0)
		return go(app, action->name + 3);
	for (size_t i = 0; i < PRISM_COUNT(lists); i++)
		if (lists[i].id == id)
			return bare(action, values) ? go(app, lists[i].tab) : PT_IGNORED;
	return PT_IGNORED;
}
