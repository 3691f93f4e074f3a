/*
 * People through the client's own code, against a real sandbox: roles of a workspace, invitations
 * between its users, my account, access tokens, workspaces, and signing out.
 */
#include "core/account.h"
#include "core/cvm.h"
#include "core/invitation.h"
#include "core/pat.h"
#include "core/request.h"
#include "core/role.h"
#include "core/uptime.h"
#include "core/workspace.h"
#include "tests/lib/corerun.h"
#include "tests/lib/sandbox.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

enum { ADA, BEN, CYD };

static void must(struct corerun *run, int started, const char *what)
{
	char line[1024];
	if (started < 0)
		fail_msg("%s: not started", what);
	if (corerun_wait(run) != PRISM_ERROR_NONE)
		fail_msg("%s: %s", what, prism_error_format(&run->err, line, sizeof(line)));
}

/* Refused with this status, and the hint says what it means. */
static void refused(struct corerun *run, int started, int status, const char *hint)
{
	if (started < 0)
		fail_msg("not started");
	assert_int_not_equal(corerun_wait(run), PRISM_ERROR_NONE);
	assert_int_equal(run->err.status, status);
	if (!strstr(run->err.hint, hint))
		fail_msg("\"%s\" is not in the hint: %s", hint, run->err.hint);
}

static struct corerun *signed_in(const struct sandbox *sb, int user, const char *workspace)
{
	struct corerun *run = corerun_open(sb->url, NULL);
	corerun_login(run, sb->users[user].email, sb->users[user].password);
	if (workspace)
		must(run, core_workspace_enter(run->core, workspace, NULL, corerun_done, run, NULL),
		     "enter");
	return run;
}

static char *user_id(struct corerun *run, const char *name)
{
	must(run, core_user_resolve(run->core, name, NULL, corerun_id, run, NULL), name);
	return strdup(run->id);
}

static const struct core_role *role_named(struct corerun *run, const char *name)
{
	must(run, core_roles_await(run->core, NULL, true, NULL, corerun_done, run, NULL), "roles");
	return core_role_find(run->core, NULL, name);
}

static struct prism_secret *secret(const char *text)
{
	return prism_secret_from_text(text);
}

/* --- roles of the workspace --- */

static void a_role_is_made_changed_and_deleted(void **state)
{
	static const char *const some[] = {"read", "create_cvms"}, *const one[] = {"create_cvms"};
	struct corerun *run = signed_in(*state, ADA, "Open Science Lab");
	const struct core_role *role;
	char id[256];

	must(run,
	     core_role_create(run->core, NULL, "operator", some, 2, NULL, 0, NULL, corerun_id, run,
	                      NULL),
	     "create");
	snprintf(id, sizeof(id), "%s", run->id);
	role = role_named(run, "operator");
	assert_non_null(role);
	assert_string_equal(role->id, id);
	assert_int_equal(role->bits, CORE_WPERM_READ | CORE_WPERM_CREATE_CVMS);
	assert_false(role->builtin);

	must(run, core_role_rename(run->core, NULL, id, "keeper", NULL, corerun_done, run, NULL),
	     "rename");
	must(run,
	     core_role_edit(run->core, NULL, id, CORE_ROLE_REMOVE_ACTIONS, one, 1, NULL, corerun_done,
	                    run, NULL),
	     "remove");
	role = role_named(run, "keeper");
	assert_non_null(role);
	assert_int_equal(role->bits, CORE_WPERM_READ);
	must(run, core_role_clear(run->core, NULL, id, false, NULL, corerun_done, run, NULL), "clear");
	assert_int_equal(role_named(run, "keeper")->action_count, 0);
	must(run, core_role_delete(run->core, NULL, id, NULL, corerun_done, run, NULL), "delete");
	assert_null(role_named(run, "keeper"));
	corerun_close(run);
}

static void a_person_has_one_role(void **state)
{
	struct corerun *run = signed_in(*state, ADA, "Open Science Lab");
	struct prism_error err = PRISM_ERROR_INIT;
	char *ben = user_id(run, "ben");
	const char *const users[] = {ben};
	char reader[80], scientist[80];

	snprintf(reader, sizeof(reader), "%s", role_named(run, "reader")->id);
	snprintf(scientist, sizeof(scientist), "%s", role_named(run, "scientist")->id);
	assert_string_equal(core_role_of(run->core, NULL, ben)->name, "scientist");
	corerun_settle(run);
	/* explained before it is tried */
	assert_int_equal(core_role_edit(run->core, NULL, reader, CORE_ROLE_ADD_MEMBERS, users, 1, NULL,
	                                corerun_done, run, &err),
	                 -1);
	assert_int_equal(err.category, PRISM_ERROR_CONFLICT);
	assert_non_null(strstr(err.message, "scientist"));
	assert_non_null(strstr(err.hint, "one role"));

	must(run, core_role_move(run->core, NULL, reader, ben, NULL, corerun_done, run, NULL), "move");
	role_named(run, "reader");
	assert_string_equal(core_role_of(run->core, NULL, ben)->name, "reader");
	assert_int_equal(core_role_move(run->core, NULL, reader, ben, NULL, corerun_done, run, &err),
	                 -1);
	must(run, core_role_move(run->core, NULL, scientist, ben, NULL, corerun_done, run, NULL),
	     "move back");
	role_named(run, "reader");
	assert_string_equal(core_role_of(run->core, NULL, ben)->name, "scientist");
	free(ben);
	corerun_close(run);
}

static void a_move_that_is_refused_is_taken_back(void **state)
{
	static const char *const args[] = {
	    "--fault", "5xx=500@POST:/workspaces/domains/*/roles/*/members#1", NULL};
	struct sandbox *sb = sandbox_start(args);
	struct corerun *run = signed_in(sb, ADA, "Open Science Lab");
	char *ben = user_id(run, "ben");
	char reader[80];

	snprintf(reader, sizeof(reader), "%s", role_named(run, "reader")->id);
	assert_int_equal(core_role_move(run->core, NULL, reader, ben, NULL, corerun_done, run, NULL),
	                 0);
	assert_int_not_equal(corerun_wait(run), PRISM_ERROR_NONE);
	assert_non_null(strstr(run->err.message, "the old role is kept"));
	role_named(run, "reader");
	assert_string_equal(core_role_of(run->core, NULL, ben)->name, "scientist");
	free(ben);
	corerun_close(run);
	sandbox_stop(sb);
}

static void an_invitation_is_found_by_the_name_of_its_workspace(void **state)
{
	struct sandbox *sb = sandbox_start(NULL);
	struct corerun *run = signed_in(sb, BEN, NULL);

	must(run, core_invitation_resolve(run->core, "Hospital Pilot", NULL, corerun_id, run, NULL),
	     "resolve");
	assert_int_equal(strlen(run->id), 36);
	assert_int_equal(core_invitation_resolve(run->core, "Elsewhere", NULL, corerun_id, run, NULL),
	                 0);
	assert_int_equal(corerun_wait(run), PRISM_ERROR_MISSING);
	assert_non_null(strstr(run->err.hint, "invitation mine"));
	corerun_close(run);
	sandbox_stop(sb);
}

static void a_plan_refuses_more_members(void **state)
{
	static const char *const args[] = {"--plan", "members=3", NULL};
	struct sandbox *sb = sandbox_start(args);
	struct corerun *ben = signed_in(sb, BEN, NULL), *cyd = signed_in(sb, CYD, "Hospital Pilot");
	char *ada = user_id(cyd, "ada");

	free(ada);
	must(ben, core_invitation_resolve(ben->core, "Hospital Pilot", NULL, corerun_id, ben, NULL),
	     "resolve");
	must(ben, core_invitation_answer(ben->core, ben->id, true, NULL, corerun_done, ben, NULL),
	     "the third member");
	struct core_account_new who = {"Dan", "Sample", "dan", "dan@sandbox.example"};
	must(
	    ben,
	    core_account_register(ben->core, &who, secret("dan-sample-1"), NULL, corerun_id, ben, NULL),
	    "register");
	char dan[256], role[80];
	snprintf(dan, sizeof(dan), "%s", ben->id);
	snprintf(role, sizeof(role), "%s", role_named(cyd, "data-steward")->id);
	refused(cyd, core_invitation_send(cyd->core, dan, role, false, NULL, corerun_done, cyd, NULL),
	        402, "limit of the plan");
	corerun_close(ben);
	corerun_close(cyd);
	sandbox_stop(sb);
}

static void the_last_administrator_stays(void **state)
{
	struct corerun *run = signed_in(*state, ADA, "Open Science Lab");
	char id[256];

	snprintf(id, sizeof(id), "%s", role_named(run, "admin")->id);
	refused(run, core_role_clear(run->core, NULL, id, true, NULL, corerun_done, run, NULL), 400,
	        "keep one member");
	assert_int_equal(role_named(run, "admin")->member_count, 1);
	corerun_close(run);
}

static void who_may_not_is_told(void **state)
{
	struct corerun *run = signed_in(*state, CYD, "Open Science Lab");
	char reason[200];

	assert_false(core_workspace_may(run->core, CORE_WPERM_MANAGE_ROLE, reason, sizeof(reason)));
	assert_non_null(strstr(reason, "manage_role"));
	assert_true(core_workspace_may(run->core, CORE_WPERM_READ, reason, sizeof(reason)));
	assert_int_equal(
	    core_role_create(run->core, NULL, "mine", NULL, 0, NULL, 0, NULL, corerun_id, run, NULL),
	    0);
	assert_int_equal(corerun_wait(run), PRISM_ERROR_DENIED);
	corerun_close(run);
}

/* --- invitations --- */

static const struct core_invitation *mine(struct corerun *run, const char *workspace)
{
	struct core_list *list = core_my_invitations(run->core);
	must(run, core_list_await(list, true, NULL, corerun_done, run, NULL), "my invitations");
	for (size_t i = 0; i < core_list_count(list); i++)
		if (!strcmp(core_invitation_at(list, i)->workspace_name, workspace))
			return core_invitation_at(list, i);
	return NULL;
}

static void an_invitation_is_rejected_sent_again_and_accepted(void **state)
{
	struct corerun *ada = signed_in(*state, ADA, NULL), *ben = signed_in(*state, BEN, NULL);
	char workspace[256], role[80];
	char *ben_id = user_id(ada, "ben");

	must(ada, core_workspace_create(ada->core, "Shared Wards", NULL, NULL, corerun_id, ada, NULL),
	     "create");
	snprintf(workspace, sizeof(workspace), "%s", ada->id);
	must(ada, core_workspace_enter(ada->core, workspace, NULL, corerun_done, ada, NULL), "enter");
	snprintf(role, sizeof(role), "%s", role_named(ada, "admin")->id);
	must(ada, core_invitation_send(ada->core, ben_id, role, false, NULL, corerun_done, ada, NULL),
	     "send");
	refused(ada,
	        core_invitation_send(ada->core, ben_id, role, false, NULL, corerun_done, ada, NULL),
	        422, "invited before");

	assert_int_equal(mine(ben, "Shared Wards")->state, CORE_INVITE_PENDING);
	assert_true(core_my_invitations_pending(ben->core) >= 1);
	must(ben, core_invitation_answer(ben->core, workspace, false, NULL, corerun_done, ben, NULL),
	     "reject");
	assert_int_equal(mine(ben, "Shared Wards")->state, CORE_INVITE_REJECTED);
	refused(ben, core_invitation_answer(ben->core, workspace, true, NULL, corerun_done, ben, NULL),
	        409, "answered once");

	must(ada, core_list_await(core_invitations(ada->core), true, NULL, corerun_done, ada, NULL),
	     "list");
	assert_int_equal(core_invitation_of(ada->core, ben_id)->state, CORE_INVITE_REJECTED);
	refused(ada, core_invitation_delete(ada->core, ben_id, NULL, corerun_done, ada, NULL), 422,
	        "pending");
	must(ada, core_invitation_send(ada->core, ben_id, role, true, NULL, corerun_done, ada, NULL),
	     "resend");
	assert_true(mine(ben, "Shared Wards")->resent);
	must(ben, core_invitation_answer(ben->core, workspace, true, NULL, corerun_done, ben, NULL),
	     "accept");
	must(ben, core_workspace_enter(ben->core, workspace, NULL, corerun_done, ben, NULL), "enter");
	refused(ada, core_invitation_send(ada->core, ben_id, role, true, NULL, corerun_done, ada, NULL),
	        422, "accepted one never");
	free(ben_id);
	corerun_close(ada);
	corerun_close(ben);
}

static void a_pending_invitation_is_taken_back(void **state)
{
	struct corerun *cyd = signed_in(*state, CYD, "Hospital Pilot");
	struct corerun *ben = signed_in(*state, BEN, NULL);
	char *ben_id = user_id(cyd, "ben");

	assert_non_null(mine(ben, "Hospital Pilot")); /* of the demo */
	must(cyd, core_invitation_delete(cyd->core, ben_id, NULL, corerun_done, cyd, NULL), "delete");
	assert_null(mine(ben, "Hospital Pilot"));
	refused(ben,
	        core_invitation_answer(ben->core, core_workspace_id(cyd->core), true, NULL,
	                               corerun_done, ben, NULL),
	        404, "taken back");
	free(ben_id);
	corerun_close(cyd);
	corerun_close(ben);
}

/* --- workspaces --- */

static void a_workspace_is_renamed_disabled_and_enabled(void **state)
{
	struct corerun *run = signed_in(*state, CYD, "Hospital Pilot");
	char id[256];

	snprintf(id, sizeof(id), "%s", core_workspace_id(run->core));
	must(run,
	     core_workspace_rename(run->core, id, "Hospital Pilot 2", NULL, corerun_done, run, NULL),
	     "rename");
	must(run, core_workspace_set_enabled(run->core, id, false, NULL, corerun_done, run, NULL),
	     "disable");
	refused(run, core_workspace_set_enabled(run->core, id, false, NULL, corerun_done, run, NULL),
	        409, "already");
	must(run, core_list_await(core_workspaces(run->core), true, NULL, corerun_done, run, NULL),
	     "list");
	assert_string_equal(
	    ((const struct core_workspace *)core_list_find(core_workspaces(run->core), id))->status,
	    "disabled");
	must(run, core_workspace_set_enabled(run->core, id, true, NULL, corerun_done, run, NULL),
	     "enable");
	must(run, core_workspace_rename(run->core, id, "Hospital Pilot", NULL, corerun_done, run, NULL),
	     "rename back");
	corerun_close(run);
}

/* --- my account --- */

static void profile_is_changed_field_by_field(void **state)
{
	static const char *const tags[] = {"night-shift", "lab"};
	struct corerun *run = signed_in(*state, BEN, NULL);
	struct core_account_change change = {
	    .first_name = "Benjamin", .tags = tags, .tag_count = 2, .set_tags = true};
	struct prism_error err = PRISM_ERROR_INIT;
	char name[64];

	snprintf(name, sizeof(name), "%s", core_user_name(run->core, core_session_user_id(run->core)));
	assert_string_equal(name, "Ben Sample");
	must(run, core_account_update(run->core, NULL, &change, NULL, corerun_done, run, NULL),
	     "update");
	corerun_settle(run);
	assert_string_equal(core_session_user(run->core)->first_name, "Benjamin");
	assert_string_equal(core_session_user(run->core)->last_name, "Sample");
	assert_int_equal(core_session_user(run->core)->tag_count, 2);
	assert_string_equal(core_user_name(run->core, core_session_user_id(run->core)),
	                    "Benjamin Sample");
	/* what was done before a refusal is said */
	change = (struct core_account_change){.first_name = "Ben", .username = "ada"};
	assert_int_equal(core_account_update(run->core, NULL, &change, NULL, corerun_done, run, NULL),
	                 0);
	assert_int_not_equal(corerun_wait(run), PRISM_ERROR_NONE);
	assert_non_null(strstr(run->err.message, "the names"));
	change = (struct core_account_change){.email = "no address"};
	assert_int_equal(core_account_update(run->core, NULL, &change, NULL, corerun_done, run, &err),
	                 -1);
	assert_int_equal(err.category, PRISM_ERROR_INVALID);
	change = (struct core_account_change){0};
	assert_int_equal(core_account_update(run->core, NULL, &change, NULL, corerun_done, run, &err),
	                 -1);
	corerun_close(run);
}

static void a_new_password_ends_the_session(void **state)
{
	const struct sandbox *sb = *state;
	struct corerun *run = signed_in(sb, BEN, NULL);
	struct prism_error err = PRISM_ERROR_INIT;

	assert_int_equal(core_account_password(run->core, secret(sb->users[BEN].password),
	                                       secret("short"), NULL, corerun_done, run, &err),
	                 -1);
	assert_non_null(strstr(err.message, "at least 8"));
	refused(run,
	        core_account_password(run->core, secret("not-this-one"), secret("ben-sample-2"), NULL,
	                              corerun_done, run, NULL),
	        401, "present password");
	assert_int_equal(core_session_state(run->core), CORE_SESSION_SIGNED_IN);
	must(run,
	     core_account_password(run->core, secret(sb->users[BEN].password), secret("ben-sample-2"),
	                           NULL, corerun_done, run, NULL),
	     "password");
	assert_int_equal(core_session_state(run->core), CORE_SESSION_LOGIN_NEEDED);
	corerun_login(run, "ben", "ben-sample-2");
	must(run,
	     core_account_password(run->core, secret("ben-sample-2"), secret(sb->users[BEN].password),
	                           NULL, corerun_done, run, NULL),
	     "password back");
	corerun_close(run);
}

static void registering_and_asking_for_a_password_need_no_session(void **state)
{
	const struct sandbox *sb = *state;
	struct corerun *run = corerun_open(sb->url, NULL);
	struct core_account_new who = {"Eve", "Sample", "eve", "eve@sandbox.example"};
	struct prism_error err = PRISM_ERROR_INIT;

	must(run,
	     core_account_register(run->core, &who, secret("quote\"and\\back"), NULL, corerun_id, run,
	                           NULL),
	     "register");
	assert_int_not_equal(run->id[0], 0);
	corerun_login(run, "eve", "quote\"and\\back");
	/* verified by asking for the mail: the sandbox has none */
	must(run, core_session_send_verification(run->core, NULL, corerun_done, run, NULL), "verify");
	core_session_logout(run->core);
	refused(run,
	        core_account_register(run->core, &who, secret("quote\"and\\back"), NULL, corerun_id,
	                              run, NULL),
	        422, "taken");
	who.username = "a b";
	assert_int_equal(
	    core_account_register(run->core, &who, secret("long-enough"), NULL, corerun_id, run, &err),
	    -1);
	must(
	    run,
	    core_account_reset_request(run->core, "eve@sandbox.example", NULL, corerun_done, run, NULL),
	    "reset");
	assert_int_equal(core_account_reset_request(run->core, "eve", NULL, corerun_done, run, &err),
	                 -1);
	corerun_close(run);
}

static void administrators_change_accounts(void **state)
{
	struct corerun *run = signed_in(*state, ADA, NULL), *ben = signed_in(*state, BEN, NULL);
	struct core_account_new who = {"Pat", "Sample", "pat", "pat@sandbox.example"};
	char id[256];

	must(
	    run,
	    core_account_register(run->core, &who, secret("pat-sample-1"), NULL, corerun_id, run, NULL),
	    "register");
	snprintf(id, sizeof(id), "%s", run->id);
	assert_int_equal(core_list_await(core_accounts(ben->core), true, NULL, corerun_done, ben, NULL),
	                 0);
	assert_int_equal(corerun_wait(ben), PRISM_ERROR_DENIED);
	must(run, core_account_role(run->core, id, "admin", NULL, corerun_done, run, NULL), "role");
	must(run, core_account_act(run->core, id, CORE_ACCOUNT_DISABLE, NULL, corerun_done, run, NULL),
	     "disable");
	refused(run,
	        core_account_act(run->core, id, CORE_ACCOUNT_DISABLE, NULL, corerun_done, run, NULL),
	        409, "already");
	must(run, core_account_act(run->core, id, CORE_ACCOUNT_ENABLE, NULL, corerun_done, run, NULL),
	     "enable");
	must(run, core_list_await(core_accounts(run->core), true, NULL, corerun_done, run, NULL),
	     "list");
	assert_string_equal(
	    ((const struct core_user *)core_list_find(core_accounts(run->core), id))->role, "admin");
	must(run, core_account_act(run->core, id, CORE_ACCOUNT_DELETE, NULL, corerun_done, run, NULL),
	     "delete");
	corerun_close(run);
	corerun_close(ben);
}

/* --- access tokens --- */

static struct prism_secret *told;

static void pat_told(void *data, const char *id, struct prism_secret *text,
                     const struct prism_error *err)
{
	prism_secret_destroy(told);
	told = text;
	corerun_id(data, id, err);
}

static void an_access_token_works_until_it_is_revoked(void **state)
{
	const struct sandbox *sb = *state;
	struct corerun *run = signed_in(sb, ADA, NULL);
	struct prism_error err = PRISM_ERROR_INIT;
	char id[256];

	assert_int_equal(core_pat_create(run->core, "", NULL, 3600000, NULL, pat_told, run, &err), -1);
	assert_int_equal(core_pat_create(run->core, "ci", NULL, 1000, NULL, pat_told, run, &err), -1);
	must(run, core_pat_create(run->core, "ci", "nightly", 3600000, NULL, pat_told, run, NULL),
	     "create");
	snprintf(id, sizeof(id), "%s", run->id);
	assert_true(strncmp(prism_secret_text(told), "pat_", 4) == 0);

	struct corerun *with = corerun_open(sb->url, NULL);
	assert_int_equal(core_options_set(with->options, CORE_OPT_TOKEN, prism_secret_text(told), NULL),
	                 0);
	must(with, core_list_await(core_workspaces(with->core), true, NULL, corerun_done, with, NULL),
	     "with the token");
	/* the service of tokens wants a session */
	assert_int_equal(core_list_await(core_pats(with->core), true, NULL, corerun_done, with, NULL),
	                 0);
	corerun_turns(with, 300);

	must(run, core_pat_resolve(run->core, "ci", NULL, corerun_id, run, NULL), "resolve");
	assert_string_equal(run->id, id);
	must(run, core_pat_reset(run->core, id, 7200000, NULL, pat_told, run, NULL), "reset");
	must(run, core_pat_revoke(run->core, id, NULL, corerun_done, run, NULL), "revoke");
	must(run, core_list_await(core_pats(run->core), true, NULL, corerun_done, run, NULL), "list");
	const struct core_pat *pat = core_list_find(core_pats(run->core), id);
	assert_string_equal(core_pat_state(pat, prism_clock_wall_us(prism_clock_system())), "revoked");
	must(run, core_pat_delete(run->core, id, NULL, corerun_done, run, NULL), "delete");
	prism_secret_destroy(told);
	told = NULL;
	corerun_close(with);
	corerun_close(run);
}

/* --- signing out --- */

struct out {
	bool done, revoked;
};
static struct out out;

static void signed_out(void *data, bool revoked, const struct prism_error *why)
{
	out = (struct out){true, revoked};
	corerun_done(data, NULL);
}

static void signing_out_revokes_and_wipes(void **state)
{
	struct corerun *run = signed_in(*state, ADA, "Open Science Lab");

	core_session_sign_out(run->core, signed_out, run);
	corerun_wait(run);
	assert_true(out.revoked);
	assert_int_equal(core_session_state(run->core), CORE_SESSION_SIGNED_OUT);
	assert_string_equal(core_workspace_id(run->core), "");
	core_session_sign_out(run->core, signed_out, run); /* nobody is signed in: no harm */
	corerun_wait(run);
	assert_false(out.revoked);
	corerun_close(run);
}

/* An access token about to end is renewed before the revocation, which makes a new refresh token:
 * that one is revoked, not the one before. */
static void what_is_revoked_is_the_renewed_session(void **state)
{
	static const char *const args[] = {"--token-ttl", "2", NULL};
	struct sandbox *sb = sandbox_start(args);
	struct corerun *run = signed_in(sb, ADA, NULL);

	PRISM_UNUSED(state);
	corerun_turns(run, 2100);
	assert_true(core_session_access_left_ms(run->core) <= 0);
	core_session_sign_out(run->core, signed_out, run);
	corerun_wait(run);
	assert_true(out.revoked);
	corerun_close(run);
	sandbox_stop(sb);
}

static void a_server_that_cannot_revoke_is_no_hindrance(void **state)
{
	static const char *const args[] = {"--fault", "5xx=404@POST:/users/tokens/revoke", NULL};
	struct sandbox *sb = sandbox_start(args);
	struct corerun *run = signed_in(sb, ADA, NULL);

	core_session_sign_out(run->core, signed_out, run);
	corerun_wait(run);
	assert_false(out.revoked);
	assert_int_equal(core_session_state(run->core), CORE_SESSION_SIGNED_OUT);
	corerun_close(run);
	sandbox_stop(sb);
}

/* --- up-time --- */

static void uptime_is_known_and_summed(void **state)
{
	struct corerun *run = signed_in(*state, CYD, "Open Science Lab");
	int64_t up, known;
	char id[256] = "";

	must(run, core_list_await(core_cvms(run->core), true, NULL, corerun_done, run, NULL), "CVMs");
	for (size_t i = 0; i < core_list_count(core_cvms(run->core)); i++)
		if (strstr(core_cvm_at(core_cvms(run->core), i)->name, "lab-snp-2"))
			snprintf(id, sizeof(id), "%s", core_cvm_at(core_cvms(run->core), i)->id);
	must(run, core_uptime_await(run->core, id, 7, NULL, corerun_done, run, NULL), "up-time");
	struct core_uptime uptime = core_uptime(run->core, id, 7);
	assert_true(uptime.count > 2);
	for (size_t i = 1; i < uptime.count; i++) {
		assert_true(uptime.points[i].at_us > uptime.points[i - 1].at_us);
		assert_true(uptime.points[i].online != uptime.points[i - 1].online);
	}
	core_uptime_sums(&uptime, &up, &known);
	assert_true(up > 0 && up < known);
	assert_true(known <= uptime.to_us - uptime.from_us);
	assert_int_equal(core_uptime_await(run->core, "no-such-cvm", 7, NULL, corerun_done, run, NULL),
	                 0);
	assert_int_equal(corerun_wait(run), PRISM_ERROR_MISSING);
	corerun_close(run);
}

static int start(void **state)
{
	*state = sandbox_start(NULL);
	return 0;
}

static int stop(void **state)
{
	sandbox_stop(*state);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_role_is_made_changed_and_deleted),
	    cmocka_unit_test(a_person_has_one_role),
	    cmocka_unit_test(a_move_that_is_refused_is_taken_back),
	    cmocka_unit_test(an_invitation_is_found_by_the_name_of_its_workspace),
	    cmocka_unit_test(a_plan_refuses_more_members),
	    cmocka_unit_test(the_last_administrator_stays),
	    cmocka_unit_test(who_may_not_is_told),
	    cmocka_unit_test(an_invitation_is_rejected_sent_again_and_accepted),
	    cmocka_unit_test(a_pending_invitation_is_taken_back),
	    cmocka_unit_test(a_workspace_is_renamed_disabled_and_enabled),
	    cmocka_unit_test(profile_is_changed_field_by_field),
	    cmocka_unit_test(a_new_password_ends_the_session),
	    cmocka_unit_test(registering_and_asking_for_a_password_need_no_session),
	    cmocka_unit_test(administrators_change_accounts),
	    cmocka_unit_test(an_access_token_works_until_it_is_revoked),
	    cmocka_unit_test(signing_out_revokes_and_wipes),
	    cmocka_unit_test(what_is_revoked_is_the_renewed_session),
	    cmocka_unit_test(a_server_that_cannot_revoke_is_no_hindrance),
	    cmocka_unit_test(uptime_is_known_and_summed),
	};
	return cmocka_run_group_tests(tests, start, stop);
}
