/* Covers sandbox/roles.c and sandbox/api_roles.c, for computations and workspaces. */
#include "sandbox/roles.h"

#include "sandbox/router.h"
#include "tests/lib/sbcall.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

struct world {
	struct sbcall t;
	char *base; /* path of the computation "Empty draft", whose owner is ada */
};

static int setup(void **state)
{
	struct world *w = prism_alloc(sizeof(*w));
	sbcall_start(&w->t, NULL);
	PRISM_AUTO_FREE char *id = sbcall_computation(&w->t, "Empty draft");
	w->base = prism_asprintf("/computations/{W}/computations/%s", id);
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;
	sbcall_finish(&w->t);
	prism_free(w->base);
	prism_free(w);
	return 0;
}

static char *role_id(struct world *w, const char *name)
{
	sbcall(&w->t, SB_ADA, "GET", NULL, "%s/roles?limit=100", w->base);
	for (int i = 0; i < sbcall_size(&w->t, "roles"); i++) {
		char path[32];
		snprintf(path, sizeof(path), "roles.%d.name", i);
		if (strcmp(sbcall_text(&w->t, path), name) == 0) {
			snprintf(path, sizeof(path), "roles.%d.id", i);
			return prism_strdup(sbcall_text(&w->t, path));
		}
	}
	return prism_strdup("none");
}

static char *members_body(struct world *w, int who)
{
	PRISM_AUTO_FREE char *id = sbcall_user_id(&w->t, who);
	return prism_asprintf("{\"members\":[\"%s\"]}", id);
}

static void built_in_roles_are_there(void **state)
{
	struct world *w = *state;
	assert_int_equal(sbcall(&w->t, SB_ADA, "GET", NULL, "%s/roles", w->base), 200);
	assert_int_equal(sbcall_int(&w->t, "total"), 7);
	assert_string_equal(sbcall_text(&w->t, "roles.0.name"), "owner");
	assert_memory_equal(sbcall_text(&w->t, "roles.0.id"), "computation_", 12);
	PRISM_AUTO_FREE char *owner = role_id(w, "owner"), *ada = sbcall_user_id(&w->t, SB_ADA);
	sbcall(&w->t, SB_ADA, "GET", NULL, "%s/roles/%s/actions", w->base, owner);
	assert_int_equal(sbcall_size(&w->t, "actions"), 4);
	sbcall(&w->t, SB_ADA, "GET", NULL, "%s/roles/%s/members", w->base, owner);
	assert_string_equal(sbcall_text(&w->t, "members.0"), ada);
}

static void actions_come_and_go(void **state)
{
	struct world *w = *state;
	PRISM_AUTO_FREE char *owner = role_id(w, "owner");
	assert_int_equal(sbcall(&w->t, SB_ADA, "POST", "{\"actions\":[\"algo_provider\"]}",
	                        "%s/roles/%s/actions", w->base, owner),
	                 200);
	assert_int_equal(sbcall_size(&w->t, "actions"), 5);
	assert_int_equal(sbcall(&w->t, SB_ADA, "POST", "{\"actions\":[\"algo_provider\"]}",
	                        "%s/roles/%s/actions/delete", w->base, owner),
	                 204);
	sbcall(&w->t, SB_ADA, "GET", NULL, "%s/roles/%s/actions", w->base, owner);
	assert_int_equal(sbcall_size(&w->t, "actions"), 4);
	sbcall(&w->t, SB_ADA, "POST", "{\"actions\":[\"fly\"]}", "%s/roles/%s/actions", w->base, owner);
	sbcall_refused(&w->t, 400, SB_TEXT_VALIDATION, "invalid action");
	sbcall(&w->t, SB_ADA, "POST", "{\"actions\":[]}", "%s/roles/%s/actions", w->base, owner);
	sbcall_refused(&w->t, 400, SB_TEXT_VALIDATION, "empty role operations");
}

static void a_user_has_one_role(void **state)
{
	struct world *w = *state;
	PRISM_AUTO_FREE char *viewer = role_id(w, "viewer"), *editor = role_id(w, "editor");
	PRISM_AUTO_FREE char *ben = members_body(w, SB_BEN);
	assert_int_equal(sbcall(&w->t, SB_ADA, "POST", ben, "%s/roles/%s/members", w->base, viewer),
	                 200);
	sbcall(&w->t, SB_ADA, "POST", ben, "%s/roles/%s/members", w->base, editor);
	sbcall_refused(&w->t, 422, "update entity failed", "");
	assert_int_equal(
	    sbcall(&w->t, SB_ADA, "POST", ben, "%s/roles/%s/members/delete", w->base, viewer), 204);
	assert_int_equal(sbcall(&w->t, SB_ADA, "POST", ben, "%s/roles/%s/members", w->base, editor),
	                 200);
}

static void a_role_gives_its_actions(void **state)
{
	struct world *w = *state;
	PRISM_AUTO_FREE char *viewer = role_id(w, "viewer"), *ben = members_body(w, SB_BEN);
	assert_int_equal(sbcall(&w->t, SB_BEN, "GET", NULL, "%s", w->base), 403);
	sbcall(&w->t, SB_ADA, "POST", ben, "%s/roles/%s/members", w->base, viewer);
	assert_int_equal(sbcall(&w->t, SB_BEN, "GET", NULL, "%s", w->base), 200);
	assert_int_equal(
	    sbcall(&w->t, SB_BEN, "PUT", "{\"name\":\"x\",\"description\":\"y\"}", "%s", w->base), 403);
	assert_int_equal(sbcall(&w->t, SB_BEN, "POST", "{\"actions\":[\"edit\"]}",
	                        "%s/roles/%s/actions", w->base, viewer),
	                 403);
}

static void who_is_not_in_the_workspace_gets_no_role(void **state)
{
	struct world *w = *state;
	PRISM_AUTO_FREE char *viewer = role_id(w, "viewer");
	sbcall(&w->t, SB_NOBODY, "POST",
	       "{\"first_name\":\"D\",\"last_name\":\"S\",\"email\":\"d@s.example\",\"credentials\":{"
	       "\"username\":\"dora\",\"secret\":\"12345678\"}}",
	       "/users");
	PRISM_AUTO_FREE char *body = prism_asprintf("{\"members\":[\"%s\"]}", sbcall_text(&w->t, "id"));
	assert_int_equal(sbcall(&w->t, SB_ADA, "POST", body, "%s/roles/%s/members", w->base, viewer),
	                 422);
	assert_int_equal(sbcall(&w->t, SB_ADA, "POST", "{\"members\":[\"nobody\"]}",
	                        "%s/roles/%s/members", w->base, viewer),
	                 422);
	assert_int_equal(
	    sbcall(&w->t, SB_ADA, "POST", "{\"members\":[]}", "%s/roles/%s/members", w->base, viewer),
	    400);
}

static void own_roles_are_made_renamed_and_deleted(void **state)
{
	struct world *w = *state;
	PRISM_AUTO_FREE char *ben = sbcall_user_id(&w->t, SB_BEN);
	PRISM_AUTO_FREE char *body = prism_asprintf(
	    "{\"role_name\":\"auditor\",\"optional_actions\":[\"view\"],\"optional_members\":[\"%s\"]}",
	    ben);
	assert_int_equal(sbcall(&w->t, SB_ADA, "POST", body, "%s/roles", w->base), 201);
	assert_string_equal(sbcall_text(&w->t, "optional_members.0"), ben);
	PRISM_AUTO_FREE char *id = prism_strdup(sbcall_text(&w->t, "id"));
	sbcall(&w->t, SB_ADA, "POST", "{\"role_name\":\"auditor\"}", "%s/roles", w->base);
	sbcall_refused(&w->t, 422, "failed to create entity", "");
	sbcall(&w->t, SB_ADA, "POST", "{}", "%s/roles", w->base);
	sbcall_refused(&w->t, 400, SB_TEXT_VALIDATION, "empty role name");
	assert_int_equal(
	    sbcall(&w->t, SB_ADA, "PUT", "{\"name\":\"checker\"}", "%s/roles/%s", w->base, id), 200);
	assert_string_equal(sbcall_text(&w->t, "name"), "checker");
	assert_int_equal(
	    sbcall(&w->t, SB_ADA, "PUT", "{\"name\":\"owner\"}", "%s/roles/%s", w->base, id), 422);
	assert_int_equal(sbcall(&w->t, SB_ADA, "DELETE", NULL, "%s/roles/%s", w->base, id), 204);
	assert_int_equal(sbcall(&w->t, SB_ADA, "GET", NULL, "%s/roles/%s", w->base, id), 404);
	assert_int_equal(sbcall(&w->t, SB_BEN, "GET", NULL, "%s", w->base), 403);
}

static void the_owner_role_stays_and_keeps_a_member(void **state)
{
	struct world *w = *state;
	PRISM_AUTO_FREE char *owner = role_id(w, "owner"), *runner = role_id(w, "runner");
	PRISM_AUTO_FREE char *ada = members_body(w, SB_ADA);
	sbcall(&w->t, SB_ADA, "DELETE", NULL, "%s/roles/%s", w->base, owner);
	sbcall_refused(&w->t, 422, "failed to remove entity", "");
	sbcall(&w->t, SB_ADA, "POST", ada, "%s/roles/%s/members/delete", w->base, owner);
	sbcall_refused(&w->t, 400, "must retain at least one member", "");
	assert_int_equal(
	    sbcall(&w->t, SB_ADA, "POST", NULL, "%s/roles/%s/members/delete-all", w->base, owner), 400);
	assert_int_equal(sbcall(&w->t, SB_ADA, "DELETE", NULL, "%s/roles/%s", w->base, runner), 204);
}

static void all_members_are_listed_with_their_role(void **state)
{
	struct world *w = *state;
	PRISM_AUTO_FREE char *viewer = role_id(w, "viewer"), *ben = members_body(w, SB_BEN);
	sbcall(&w->t, SB_ADA, "POST", ben, "%s/roles/%s/members", w->base, viewer);
	sbcall(&w->t, SB_ADA, "GET", NULL, "%s/roles/members", w->base);
	assert_int_equal(sbcall_int(&w->t, "total"), 2);
	assert_string_equal(sbcall_text(&w->t, "members.1.roles.0.role_name"), "viewer");
	sbcall(&w->t, SB_ADA, "GET", NULL, "%s/roles/members?role_name=viewer", w->base);
	assert_int_equal(sbcall_int(&w->t, "total"), 1);
}

static void known_actions(void **state)
{
	struct world *w = *state;
	sbcall(&w->t, SB_BEN, "GET", NULL, "/computations/{W}/computations/roles/available-actions");
	assert_int_equal(sbcall_size(&w->t, "available_actions"), 7);
	sbcall(&w->t, SB_BEN, "GET", NULL, "/workspaces/domains/roles/available-actions");
	assert_int_equal(sbcall_size(&w->t, "available_actions"), 12);
}

static void leaving_a_workspace_takes_the_roles_below(void **state)
{
	struct world *w = *state;
	PRISM_AUTO_FREE char *id = sbcall_computation(&w->t, "Iris classification baseline");
	PRISM_AUTO_FREE char *ben = members_body(w, SB_BEN);
	PRISM_AUTO_FREE char *role = sb_db_text(
	    w->t.sb->db, "SELECT id FROM roles WHERE kind = 0 AND name = 'scientist'", SB_NOARGS);
	assert_int_equal(sbcall(&w->t, SB_BEN, "GET", NULL, "/computations/{W}/computations/%s", id),
	                 200);
	assert_int_equal(
	    sbcall(&w->t, SB_CYD, "POST", ben, "/workspaces/domains/{W}/roles/%s/members/delete", role),
	    403);
	assert_int_equal(
	    sbcall(&w->t, SB_ADA, "POST", ben, "/workspaces/domains/{W}/roles/%s/members/delete", role),
	    204);
	assert_int_equal(sbcall(&w->t, SB_BEN, "GET", NULL, "/computations/{W}/computations/%s", id),
	                 403);
	sbcall(&w->t, SB_ADA, "GET", NULL,
	       "/computations/{W}/computations/%s/roles/members?role_name=dataset_provider", id);
	assert_int_equal(sbcall_int(&w->t, "total"), 0);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
	    T(built_in_roles_are_there),
	    T(actions_come_and_go),
	    T(a_user_has_one_role),
	    T(a_role_gives_its_actions),
	    T(who_is_not_in_the_workspace_gets_no_role),
	    T(own_roles_are_made_renamed_and_deleted),
	    T(the_owner_role_stays_and_keeps_a_member),
	    T(all_members_are_listed_with_their_role),
	    T(known_actions),
	    T(leaving_a_workspace_takes_the_roles_below),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
