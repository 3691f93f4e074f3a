/*
 * Constructors of the views.  Each returns a view the app owns once it is pushed or shown.
 */
#ifndef PRISM_TUI_VIEWS_H
#define PRISM_TUI_VIEWS_H

#include "tui/ui.h"

/* Roots of tabs. */
struct pt_view *pt_view_dashboard(struct pt_app *app);
struct pt_view *pt_view_workspaces(struct pt_app *app);
struct pt_view *pt_view_computations(struct pt_app *app);
struct pt_view *pt_view_assets(struct pt_app *app);
struct pt_view *pt_view_cvms(struct pt_app *app);
struct pt_view *pt_view_transfers(struct pt_app *app);
struct pt_view *pt_view_keys(struct pt_app *app);
struct pt_view *pt_view_tunnels(struct pt_app *app);
struct pt_view *pt_view_messages(struct pt_app *app);
struct pt_view *pt_view_runs(struct pt_app *app);
struct pt_view *pt_view_fleet(struct pt_app *app);

/* One CVM with its tabs, into the detail pane, with the focus. */
enum pt_cvm_tab { PT_CVM_TAB_DETAILS, PT_CVM_TAB_UPTIME, PT_CVM_TAB_CERTS, PT_CVM_TAB_COUNT };
void pt_cvm_open(struct pt_app *app, const char *id, enum pt_cvm_tab tab);
/* The one shown beside the list becomes this one, in the same tab; nothing when none is shown. */
void pt_cvm_follow(struct pt_app *app, const char *id);
struct pt_view *pt_view_cvm_details(struct pt_app *app, const char *id);
struct pt_view *pt_view_uptime(struct pt_app *app, const char *cvm_id);
/* May this action be used on this CVM now? Others are allowed. id NULL: none is selected. */
bool pt_cvm_may(struct core *core, const char *id, enum pt_action_id action, char *reason,
                size_t size);
/* Create a CVM: an overlay. known: what is chosen already, NULL: nothing; lent. */
struct pt_view *pt_view_cvm_form(struct pt_app *app, const struct pt_values *known);

/* Certificates of one CVM. */
struct pt_view *pt_view_certs(struct pt_app *app, const char *cvm_id);
struct pt_view *pt_view_people(struct pt_app *app);

/* The people of the workspace and what is mine, as tabs. */
enum pt_people_tab {
	PT_PEOPLE_MEMBERS,
	PT_PEOPLE_ROLES,
	PT_PEOPLE_INVITATIONS,
	PT_PEOPLE_MINE,
	PT_PEOPLE_ACCOUNT,
	PT_PEOPLE_TOKENS,
	PT_PEOPLE_COUNT
};
void pt_people_open(struct pt_app *app, enum pt_people_tab tab);
struct pt_view *pt_view_members(struct pt_app *app);
struct pt_view *pt_view_invitations(struct pt_app *app, bool mine);
struct pt_view *pt_view_account(struct pt_app *app);
struct pt_view *pt_view_tokens(struct pt_app *app);

/* One asset with its tabs, into the detail pane, with the focus. */
enum pt_asset_tab { PT_ASSET_TAB_DETAILS, PT_ASSET_TAB_SAMPLE, PT_ASSET_TAB_COUNT };
void pt_asset_open(struct pt_app *app, const char *id, enum pt_asset_tab tab);
/* The one shown beside the list becomes this one, in the same tab; nothing when none is shown. */
void pt_asset_follow(struct pt_app *app, const char *id);
struct pt_view *pt_view_sample(struct pt_app *app, const char *asset_id);
struct core_asset;
/* May this action be used on this asset now? Others are allowed. asset NULL: none is selected. */
bool pt_asset_may(struct core *core, const struct core_asset *asset, enum pt_action_id action,
                  char *reason, size_t size);
/* Chooses a computation to link it to, or of those it is linked to, and does it. Returns enum
 * pt_result. */
unsigned pt_asset_choose_computation(struct pt_app *app, const struct core_asset *asset,
                                     enum pt_action_id action);

/* One computation with its tabs. */
enum pt_computation_tab {
	PT_TAB_OVERVIEW,
	PT_TAB_TIMELINE,
	PT_TAB_LOGS,
	PT_TAB_MANIFEST,
	PT_TAB_ROLES,
	PT_TAB_ASSETS,
	PT_TAB_COUNT
};
const char *pt_view_computation_id(const struct pt_view *view); /* NULL: another view */
enum pt_computation_tab pt_view_computation_open_tab(const struct pt_view *view);
/* Into the detail pane, with the focus; the one open there is used when it is of this id. */
void pt_computation_open(struct pt_app *app, const char *id, enum pt_computation_tab tab);
/* The cursor of the list rests on this one: one that is open follows, in the tab that is open. */
void pt_computation_follow(struct pt_app *app, const char *id);

/* Its logs: in a pane of their own when the window is wide, else as its tab. */
void pt_logs_open(struct pt_app *app, const char *id);

/* Its tabs, hosted by it. */
struct pt_view *pt_view_overview(struct pt_app *app, const char *id);
struct pt_view *pt_view_timeline(struct pt_app *app, const char *id);
struct pt_view *pt_view_manifest(struct pt_app *app, const char *id);
struct pt_view *pt_view_roles(struct pt_app *app, const char *id); /* "": of the workspace */
struct pt_view *pt_view_linked(struct pt_app *app, const char *id);

/* Asks for a shell; the environment of the agent goes to the clipboard and is shown. */
void pt_env_open(struct pt_app *app, const char *computation_id);

/* Overlays. */
struct pt_view *pt_view_doctor(struct pt_app *app, const char *computation_id);
/* computation: offered the files afterwards; its agent, or the CVM's, is what they name. NULL:
 * none.
 */
struct pt_view *pt_view_certwizard(struct pt_app *app, const char *computation_id,
                                   const char *cvm_id);
/* values: of "cert doctor", lent; NULL: none. */
struct pt_view *pt_view_certdoctor(struct pt_app *app, const struct pt_values *values);
struct pt_view *pt_view_lock(struct pt_app *app);
struct pt_view *pt_view_login(struct pt_app *app);
void pt_view_login_as(struct pt_app *app, const char *login); /* into its field, when it is open */
/* As if the password had been typed; takes it. Nothing happens when no name is known. */
void pt_view_login_with(struct pt_app *app, struct prism_secret *password);
struct pt_view *pt_view_password(struct pt_app *app); /* change mine */
struct pt_view *pt_view_register(struct pt_app *app);
struct pt_view *pt_view_audit(struct pt_app *app);
struct pt_view *pt_view_help(struct pt_app *app, struct pt_view *about);
struct pt_view *pt_view_run(struct pt_app *app, const char *computation_id);
/* A form for the arguments of an action: values holds what is known already, and is given. */
struct pt_view *pt_view_form(struct pt_app *app, struct pt_values *values);
/* Takes a reference. Opens on what failed. */
struct core_appraisal;
struct pt_view *pt_view_evidence(struct pt_app *app, struct core_appraisal *appraisal);
/* A policy, a comparison, a measurement; given. */
struct pt_page;
struct pt_view *pt_view_page(struct pt_app *app, struct pt_page *page);
/* What is in a result zip, on the list pane; and the form that asks where to unpack it. */
void pt_result_open(struct pt_app *app, const char *path);
void pt_result_ask_unpack(struct pt_app *app, const char *path);
/* The preview of an import, on the list pane; values of "computation import", lent. */
void pt_import_open(struct pt_app *app, const struct pt_values *values);
void pt_palette_open(struct pt_app *app, const char *initial);

#endif
