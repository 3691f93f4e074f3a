/* Covers sandbox/perms.c: action words, built-in roles, and the whole matrix of needs. */
#include "sandbox/perms.h"

#include "tests/lib/sbcall.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void words_and_bits_agree(void **state)
{
	for (int kind = 0; kind < SB_ROLE_KIND_COUNT; kind++)
		for (unsigned bit = 0; bit < sb_action_count((enum sb_role_kind)kind); bit++) {
			const char *word = sb_action_word((enum sb_role_kind)kind, bit);
			assert_int_equal(sb_action_parse((enum sb_role_kind)kind, word), 1u << bit);
		}
	assert_int_equal(sb_action_count(SB_ROLE_COMPUTATION), 7);
	assert_int_equal(sb_action_count(SB_ROLE_WORKSPACE), 12);
}

static void unknown_words_have_no_bit(void **state)
{
	assert_int_equal(sb_action_parse(SB_ROLE_COMPUTATION, "create_cvms"), 0);
	assert_int_equal(sb_action_parse(SB_ROLE_WORKSPACE, "run"), 0);
	assert_int_equal(sb_action_parse(SB_ROLE_WORKSPACE, ""), 0);
}

static void built_in_roles_are_those_of_the_reference(void **state)
{
	unsigned count;
	const struct sb_builtin_role *roles = sb_builtin_roles(SB_ROLE_COMPUTATION, &count);
	assert_int_equal(count, 7);
	assert_string_equal(roles[0].name, "owner");
	assert_int_equal(roles[0].actions, SB_C_VIEW | SB_C_EDIT | SB_C_RUN | SB_C_ADMINISTRATOR);
	roles = sb_builtin_roles(SB_ROLE_WORKSPACE, &count);
	assert_int_equal(count, 1);
	assert_int_equal(roles[0].actions, SB_W_ALL);
}

static void the_matrix(void **state)
{
	const uint32_t provider = SB_C_DATASET_PROVIDER;
	static const struct {
		enum sb_need need;
		bool outsider, member, ws_admin; /* no computation action */
		uint32_t enough;                 /* a member with one of these computation bits may */
	} rows[] = {
	    {SB_NEED_NOTHING, true, true, true, SB_C_ALL},
	    {SB_NEED_MEMBER, false, true, true, SB_C_ALL},
	    {SB_NEED_WS_ADMIN, false, false, true, 0},
	    {SB_NEED_WS_CREATE_COMPUTATION, false, false, true, 0},
	    {SB_NEED_C_VIEW, false, false, true, SB_C_ALL},
	    {SB_NEED_C_EDIT, false, false, true, SB_C_EDIT | SB_C_ADMINISTRATOR},
	    {SB_NEED_C_RUN, false, false, true, SB_C_RUN | SB_C_ADMINISTRATOR},
	    {SB_NEED_C_OWNER, false, false, true, SB_C_ADMINISTRATOR},
	};
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		enum sb_need need = rows[i].need;
		assert_int_equal(sb_allowed(need, false, 0, 0), rows[i].outsider);
		assert_int_equal(sb_allowed(need, true, 0, 0), rows[i].member);
		assert_int_equal(sb_allowed(need, true, SB_W_ALL, 0), rows[i].ws_admin);
		for (unsigned bit = 0; bit < SB_C_COUNT; bit++)
			assert_int_equal(sb_allowed(need, true, 0, 1u << bit),
			                 rows[i].member || rows[i].enough & (1u << bit));
	}
	/* an outsider's old role on a computation is worth nothing */
	assert_false(sb_allowed(SB_NEED_C_VIEW, false, 0, provider));
}

static void one_workspace_action_is_enough_for_its_need(void **state)
{
	assert_true(sb_allowed(SB_NEED_WS_CREATE_CVMS, true, SB_W_CREATE_CVMS, 0));
	assert_false(sb_allowed(SB_NEED_WS_CREATE_CVMS, true, SB_W_REMOVE_CVMS, 0));
	assert_false(sb_allowed(SB_NEED_WS_ADMIN, true, SB_W_ALL & ~SB_W_READ, 0));
}

static void actions_of_a_user_come_from_roles(void **state)
{
	struct sbcall *t = *state;
	bool member;
	int64_t lab = sb_db_int(t->sb->db, 0, "SELECT min(n) FROM workspaces", SB_NOARGS);
	assert_int_equal(sb_workspace_actions(t->sb->db, lab, 1, &member), SB_W_ALL);
	assert_true(member);
	sb_workspace_actions(t->sb->db, lab, 99, &member);
	assert_false(member);
}

static void the_creator_is_owner_before_roles_are_made(void **state)
{
	struct sbcall *t = *state;
	int64_t n =
	    sb_db_int(t->sb->db, 0, "SELECT n FROM computations WHERE name = 'Empty draft'", SB_NOARGS);
	assert_int_equal(sb_db_int(t->sb->db, 9,
	                           "SELECT count(*) FROM roles WHERE kind = 1 AND entity = ?",
	                           SB_ARGS(SB_I(n))),
	                 0);
	assert_int_equal(sb_computation_actions(t->sb->db, n, 1),
	                 SB_C_VIEW | SB_C_EDIT | SB_C_RUN | SB_C_ADMINISTRATOR);
	assert_int_equal(sb_computation_actions(t->sb->db, n, 2), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(words_and_bits_agree),
	    cmocka_unit_test(unknown_words_have_no_bit),
	    cmocka_unit_test(built_in_roles_are_those_of_the_reference),
	    cmocka_unit_test(the_matrix),
	    cmocka_unit_test(one_workspace_action_is_enough_for_its_need),
	    cmocka_unit_test_setup_teardown(actions_of_a_user_come_from_roles, sbcall_setup,
	                                    sbcall_teardown),
	    cmocka_unit_test_setup_teardown(the_creator_is_owner_before_roles_are_made, sbcall_setup,
	                                    sbcall_teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
