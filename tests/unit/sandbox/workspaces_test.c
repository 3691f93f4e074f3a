/* Covers sandbox/api_workspaces.c and sandbox/api_invitations.c. */
#include "sandbox/router.h"

#include "tests/lib/sbcall.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define DOMAINS "/workspaces/domains"

static void both_prefixes_show_my_workspaces(void **state)
{
	struct sbcall *t = *state;
	assert_int_equal(sbcall(t, SB_BEN, "GET", NULL, DOMAINS), 200);
	assert_int_equal(sbcall_int(t, "total"), 1);
	assert_string_equal(sbcall_text(t, "domains.0.name"), "Open Science Lab");
	assert_string_equal(sbcall_text(t, "domains.0.role_name"), "scientist");
	assert_string_equal(sbcall_text(t, "domains.0.route"), sbcall_text(t, "domains.0.alias"));
	assert_int_equal(sbcall(t, SB_BEN, "GET", NULL, "/auth/domains"), 200);
	assert_int_equal(sbcall_int(t, "total"), 1);
}

static void roles_true_adds_my_actions(void **state)
{
	struct sbcall *t = *state;
	sbcall(t, SB_CYD, "GET", NULL, DOMAINS "/{W}?roles=true");
	assert_int_equal(sbcall_size(t, "roles"), 1);
	assert_string_equal(sbcall_text(t, "roles.0.role_name"), "reader");
	assert_int_equal(sbcall_size(t, "roles.0.actions"), 2);
	sbcall(t, SB_CYD, "GET", NULL, DOMAINS "/{W}");
	assert_int_equal(sbcall_size(t, "roles"), -1);
}

static void a_new_workspace_has_me_as_admin(void **state)
{
	struct sbcall *t = *state;
	assert_int_equal(sbcall(t, SB_BEN, "POST", "{\"name\":\"Mine\",\"alias\":\"mine\"}", DOMAINS),
	                 201);
	PRISM_AUTO_FREE char *id = prism_strdup(sbcall_text(t, "id"));
	sbcall(t, SB_BEN, "GET", NULL, DOMAINS "/%s?roles=true", id);
	assert_string_equal(sbcall_text(t, "roles.0.role_name"), "admin");
	assert_int_equal(sbcall_size(t, "roles.0.actions"), 12);
	assert_int_equal(sbcall(t, SB_ADA, "GET", NULL, DOMAINS "/%s", id), 403);
}

static void routes_are_checked(void **state)
{
	struct sbcall *t = *state;
	static const struct {
		const char *body, *reason;
	} rows[] = {
	    {"{\"route\":\"x\"}", "missing identity name"},
	    {"{\"name\":\"x\"}", "missing route"},
	    {"{\"name\":\"x\",\"route\":\"1x\"}", "invalid route"},
	    {"{\"name\":\"x\",\"route\":\"x--y\"}", "invalid route"},
	    {"{\"name\":\"x\",\"route\":\"x y\"}", "invalid route"},
	    {"{\"name\":\"x\",\"route\":\"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\"}", "invalid route"},
	    {"{\"name\":\"x\",\"route\":\"y\",\"id\":\"7\"}", "invalid id format provided"},
	};
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		sbcall(t, SB_ADA, "POST", rows[i].body, DOMAINS);
		sbcall_refused(t, 400, SB_TEXT_VALIDATION, rows[i].reason);
	}
	static const char uuid[] =
	    "{\"name\":\"x\",\"route\":\"6ba7b810-9dad-41d1-80b4-00c04fd430c8\"}";
	assert_int_equal(sbcall(t, SB_ADA, "POST", uuid, DOMAINS), 201);
	sbcall(t, SB_ADA, "POST", uuid, DOMAINS);
	sbcall_refused(t, 422, "failed to create entity", "entity already exists");
}

static void only_with_update_may_one_rename(void **state)
{
	struct sbcall *t = *state;
	sbcall(t, SB_BEN, "PATCH", "{\"name\":\"Stolen\"}", DOMAINS "/{W}");
	sbcall_refused(t, 403, SB_TEXT_AUTHZ, "");
	assert_int_equal(
	    sbcall(t, SB_ADA, "PATCH", "{\"name\":\"Renamed\",\"route\":\"other\"}", DOMAINS "/{W}"),
	    200);
	assert_string_equal(sbcall_text(t, "name"), "Renamed");
	assert_string_equal(sbcall_text(t, "route"), "open-science-lab");
}

static void a_disabled_workspace_is_closed_to_members(void **state)
{
	struct sbcall *t = *state;
	assert_int_equal(sbcall(t, SB_ADA, "POST", NULL, DOMAINS "/{W}/disable"), 200);
	assert_int_equal(sbcall(t, SB_BEN, "GET", NULL, "/computations/{W}/computations"), 403);
	assert_int_equal(sbcall(t, SB_ADA, "GET", NULL, DOMAINS "/{W}"), 200);
	sbcall(t, SB_BEN, "GET", NULL, DOMAINS);
	assert_int_equal(sbcall_int(t, "total"), 0);
	sbcall(t, SB_BEN, "GET", NULL, DOMAINS "?status=all");
	assert_int_equal(sbcall_int(t, "total"), 1);
	sbcall(t, SB_BEN, "GET", NULL, DOMAINS "?status=odd");
	sbcall_refused(t, 400, SB_TEXT_VALIDATION, "invalid status");
	assert_int_equal(sbcall(t, SB_ADA, "POST", NULL, DOMAINS "/{W}/disable"), 409);
	assert_int_equal(sbcall(t, SB_ADA, "POST", NULL, DOMAINS "/{W}/enable"), 200);
	assert_int_equal(sbcall(t, SB_CYD, "POST", NULL, DOMAINS "/{W}/freeze"), 403);
}

/* ---- invitations ---- */

static char *role_id(struct sbcall *t, const char *workspace, const char *name)
{
	return sb_db_text(
	    t->sb->db,
	    "SELECT r.id FROM roles r JOIN workspaces w ON w.n = r.entity WHERE r.kind = 0 AND"
	    " w.route = ? AND r.name = ?",
	    SB_ARGS(SB_T(workspace), SB_T(name)));
}

static void an_invitation_is_seen_and_accepted_once(void **state)
{
	struct sbcall *t = *state;
	sbcall(t, SB_BEN, "GET", NULL, "/workspaces/invitations?state=pending");
	assert_int_equal(sbcall_int(t, "total"), 1);
	assert_string_equal(sbcall_text(t, "invitations.0.domain_name"), "Hospital Pilot");
	PRISM_AUTO_FREE char *body =
	    prism_asprintf("{\"domain_id\":\"%s\"}", sbcall_text(t, "invitations.0.domain_id"));
	assert_int_equal(sbcall(t, SB_BEN, "GET", NULL, DOMAINS "/{H}"), 403);
	assert_int_equal(sbcall(t, SB_BEN, "POST", body, "/workspaces/invitations/accept"), 204);
	assert_int_equal(sbcall(t, SB_BEN, "GET", NULL, DOMAINS "/{H}"), 200);
	sbcall(t, SB_BEN, "POST", body, "/workspaces/invitations/accept");
	sbcall_refused(t, 409, "invitation already accepted", "");
	sbcall(t, SB_BEN, "GET", NULL, "/workspaces/invitations?state=pending");
	assert_int_equal(sbcall_int(t, "total"), 0);
	sbcall(t, SB_ADA, "POST", body, "/workspaces/invitations/accept");
	sbcall_refused(t, 404, "entity not found", "");
}

static void a_rejected_one_can_be_sent_again(void **state)
{
	struct sbcall *t = *state;
	PRISM_AUTO_FREE char *ben = sbcall_user_id(t, SB_BEN);
	PRISM_AUTO_FREE char *role = role_id(t, "hospital-pilot", "data-steward");
	PRISM_AUTO_FREE char *domain = sb_db_text(
	    t->sb->db, "SELECT id FROM workspaces WHERE route = 'hospital-pilot'", SB_NOARGS);
	PRISM_AUTO_FREE char *answer = prism_asprintf("{\"domain_id\":\"%s\"}", domain);
	assert_int_equal(sbcall(t, SB_BEN, "POST", answer, "/workspaces/invitations/reject"), 204);
	sbcall(t, SB_BEN, "POST", answer, "/workspaces/invitations/accept");
	sbcall_refused(t, 409, "invitation already rejected", "");
	PRISM_AUTO_FREE char *again =
	    prism_asprintf("{\"invitee_user_id\":\"%s\",\"role_id\":\"%s\"}", ben, role);
	assert_int_equal(sbcall(t, SB_CYD, "POST", again, DOMAINS "/{H}/invitations"), 422);
	PRISM_AUTO_FREE char *resend = prism_asprintf(
	    "{\"invitee_user_id\":\"%s\",\"role_id\":\"%s\",\"resend\":true}", ben, role);
	assert_int_equal(sbcall(t, SB_CYD, "POST", resend, DOMAINS "/{H}/invitations"), 201);
	assert_int_equal(sbcall(t, SB_BEN, "POST", answer, "/workspaces/invitations/accept"), 204);
	sbcall(t, SB_CYD, "POST", resend, DOMAINS "/{H}/invitations");
	sbcall_refused(t, 422, "failed to create entity", "entity already exists");
}

static void inviting_needs_the_action_and_a_role_of_the_workspace(void **state)
{
	struct sbcall *t = *state;
	PRISM_AUTO_FREE char *ben = sbcall_user_id(t, SB_BEN);
	PRISM_AUTO_FREE char *foreign = role_id(t, "open-science-lab", "scientist");
	PRISM_AUTO_FREE char *body =
	    prism_asprintf("{\"invitee_user_id\":\"%s\",\"role_id\":\"%s\"}", ben, foreign);
	assert_int_equal(sbcall(t, SB_ADA, "POST", body, DOMAINS "/{H}/invitations"), 403);
	assert_int_equal(sbcall(t, SB_CYD, "POST", body, DOMAINS "/{H}/invitations"), 422);
	assert_int_equal(sbcall(t, SB_CYD, "POST", "{}", DOMAINS "/{H}/invitations"), 400);
	assert_int_equal(sbcall(t, SB_ADA, "GET", NULL, DOMAINS "/{H}/invitations"), 403);
	assert_int_equal(sbcall(t, SB_CYD, "GET", NULL, DOMAINS "/{H}/invitations?state=odd"), 400);
	assert_int_equal(sbcall(t, SB_CYD, "GET", NULL, DOMAINS "/{H}/invitations"), 200);
	assert_int_equal(sbcall_int(t, "total"), 2);
	assert_int_equal(sbcall(t, SB_CYD, "GET", NULL, DOMAINS "/{H}/invitations?state=rejected"),
	                 200);
	assert_int_equal(sbcall_int(t, "total"), 1);
}

static void deleting_an_invitation(void **state)
{
	struct sbcall *t = *state;
	PRISM_AUTO_FREE char *ben = sbcall_user_id(t, SB_BEN);
	PRISM_AUTO_FREE char *body = prism_asprintf("{\"user_id\":\"%s\"}", ben);
	assert_int_equal(sbcall(t, SB_ADA, "DELETE", body, DOMAINS "/{H}/invitations"), 403);
	assert_int_equal(sbcall(t, SB_CYD, "DELETE", body, DOMAINS "/{H}/invitations"), 204);
	assert_int_equal(sbcall(t, SB_CYD, "DELETE", body, DOMAINS "/{H}/invitations"), 404);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, sbcall_setup, sbcall_teardown)
	const struct CMUnitTest tests[] = {
	    T(both_prefixes_show_my_workspaces),
	    T(roles_true_adds_my_actions),
	    T(a_new_workspace_has_me_as_admin),
	    T(routes_are_checked),
	    T(only_with_update_may_one_rename),
	    T(a_disabled_workspace_is_closed_to_members),
	    T(an_invitation_is_seen_and_accepted_once),
	    T(a_rejected_one_can_be_sent_again),
	    T(inviting_needs_the_action_and_a_role_of_the_workspace),
	    T(deleting_an_invitation),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
