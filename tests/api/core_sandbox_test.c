/*
 * The domain library against a real sandbox: the story of the main job up to a running computation,
 * permissions, paging, sessions that expire.
 */
#include "base/file.h"
#include "core/asset.h"
#include "core/checklist.h"
#include "core/computation.h"
#include "core/cvm.h"
#include "core/key.h"
#include "core/manifest.h"
#include "core/request.h"
#include "core/role.h"
#include "core/run.h"
#include "core/watch.h"
#include "core/workspace.h"
#include "net/crypto.h"
#include "tests/lib/corerun.h"
#include "tests/lib/sandbox.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static void must(struct corerun *run, int started, const char *what)
{
	char line[1024];
	if (started < 0)
		fail_msg("%s: not started", what);
	if (corerun_wait(run) != PRISM_ERROR_NONE)
		fail_msg("%s: %s", what, prism_error_format(&run->err, line, sizeof(line)));
}

static struct corerun *signed_in(const struct sandbox *sb, int user, const char *workspace)
{
	struct corerun *run = corerun_open(sb->url, NULL);
	corerun_login(run, sb->users[user].email, sb->users[user].password);
	must(run, core_workspace_enter(run->core, workspace, NULL, corerun_done, run, NULL), "enter");
	return run;
}

static char *make_computation(struct corerun *run, const char *name)
{
	struct core_computation_draft draft = {.name = name, .description = "made by a test"};
	must(run, core_computation_create(run->core, &draft, NULL, corerun_id, run, NULL), "create");
	assert_int_not_equal(run->id[0], 0);
	return strdup(run->id);
}

static const char *write_sample(char path[64], const char *name, const char *text)
{
	snprintf(path, 64, "/tmp/core-sample-%d-%s", (int)getpid(), name);
	assert_int_equal(prism_file_write(path, text, strlen(text), 0644, NULL), 0);
	return path;
}

static const char *open_items(struct corerun *run, const char *id, char *buf, size_t size)
{
	struct core_checklist list = core_checklist(run->core, id);
	size_t used = 0;
	buf[0] = '\0';
	for (size_t i = 0; i < list.count; i++)
		if (list.items[i].mandatory && !list.items[i].done)
			used += (size_t)snprintf(buf + used, size - used, "%s;", list.items[i].text);
	return buf;
}

static void keep_first_ready(struct corerun *run, char id[64])
{
	struct core_list *list = core_cvms(run->core);
	id[0] = '\0';
	for (size_t i = 0; i < core_list_count(list); i++)
		if (core_cvm_ready(core_cvm_at(list, i)) && !*id)
			snprintf(id, 64, "%s", core_cvm_at(list, i)->id);
}

static void prepare(struct corerun *run, const char *id, struct net_key **ret_key)
{
	static const char *const actions[] = {"algo_provider", "dataset_provider", "result_consumer"};
	struct prism_buf pem = PRISM_BUF_INIT(65536);
	char path[64];
	must(run, core_role_grant_me(run->core, id, actions, 3, NULL, corerun_done, run, NULL),
	     "grant");
	*ret_key = net_key_generate(NET_KEY_ED25519, NULL);
	assert_int_equal(net_key_public_pem(*ret_key, &pem, NULL), 0);
	must(run, core_key_register(run->core, id, pem.data, pem.len, NULL, corerun_done, run, NULL),
	     "key");
	prism_buf_finish(&pem);
	struct core_asset_from_file algorithm = {
	    .path = write_sample(path, "count.py", "print('done')\n"),
	    .description = "counts",
	    .type = CORE_ASSET_ALGORITHM,
	    .link_to = id,
	};
	must(run, core_asset_create_from_file(run->core, &algorithm, NULL, NULL, corerun_id, run, NULL),
	     "algorithm");
	unlink(path);
	struct core_asset_from_file data = {
	    .path = write_sample(path, "rows.csv", "a,b\n1,2\n"),
	    .description = "rows",
	    .type = CORE_ASSET_DATASET,
	    .link_to = id,
	};
	must(run, core_asset_create_from_file(run->core, &data, NULL, NULL, corerun_id, run, NULL),
	     "dataset");
	unlink(path);
}

static void test_story(void **state)
{
	struct sandbox *sb = *state;
	struct corerun *run = signed_in(sb, 0, "Open Science Lab");
	char *id = make_computation(run, "Counting Demo");
	char text[2048], cvm[64];
	must(run, core_checklist_await(run->core, id, true, NULL, corerun_done, run, NULL),
	     "check-list");
	corerun_settle(run);
	open_items(run, id, text, sizeof(text));
	assert_non_null(strstr(text, "Result Consumers"));
	assert_non_null(strstr(text, "Algorithm Provider"));
	assert_false(core_checklist(run->core, id).runnable);

	struct net_key *key;
	prepare(run, id, &key);
	must(run, core_checklist_await(run->core, id, true, NULL, corerun_done, run, NULL),
	     "check-list");
	corerun_settle(run);
	assert_string_equal(open_items(run, id, text, sizeof(text)), "");
	assert_true(core_checklist(run->core, id).runnable);
	assert_true(core_checklist(run->core, id).authoritative);

	struct core_participants people = core_participants(run->core, id);
	assert_int_equal(people.algo_count, 1);
	assert_int_equal(people.consumer_count, 1);
	assert_false(people.algo_providers[0].key_missing);
	assert_int_equal(core_list_count(core_computation_assets(run->core, id)), 2);

	must(run, core_manifest_await(run->core, id, true, NULL, corerun_done, run, NULL), "manifest");
	const struct core_manifest *manifest = core_manifest(run->core, id);
	assert_true(manifest->has_algorithm);
	assert_int_equal(manifest->dataset_count, 1);
	assert_string_equal(
	    manifest->datasets[0].file_name + strlen(manifest->datasets[0].file_name) - 8, "rows.csv");
	char print[64];
	assert_int_equal(net_key_fingerprint(key, print, NULL), 0);
	assert_string_equal(manifest->algorithm.fingerprint, print);
	net_key_destroy(key);

	must(run, core_list_await(core_cvms(run->core), true, NULL, corerun_done, run, NULL), "CVMs");
	keep_first_ready(run, cvm);
	assert_int_not_equal(cvm[0], 0);
	must(run, core_run_start(run->core, id, cvm, NULL, corerun_id, run, NULL), "run");
	assert_int_not_equal(run->id[0], 0);
	must(run, core_timeline_await(run->core, id, true, NULL, corerun_done, run, NULL), "timeline");
	assert_int_equal(core_computation_state(run->core, id), CORE_COMP_RUNNING);
	assert_int_equal(core_timeline(run->core, id).count, 1);
	assert_non_null(strchr(core_run_agent_url(run->core, id, NULL), ':'));

	must(run, core_run_stop(run->core, id, NULL, corerun_done, run, NULL), "stop");
	must(run, core_timeline_await(run->core, id, true, NULL, corerun_done, run, NULL), "timeline");
	corerun_settle(run);
	assert_int_equal(core_computation_state(run->core, id), CORE_COMP_CANCELLED);
	must(run, core_computation_delete(run->core, id, NULL, corerun_done, run, NULL), "delete");
	assert_null(core_list_find(core_computations(run->core), id));
	free(id);
	corerun_close(run);
}

static void test_update_keeps_what_it_does_not_know(void **state)
{
	struct corerun *run = signed_in(*state, 0, "Open Science Lab");
	char *id = make_computation(run, "Before");
	struct core_computation_draft draft = {.name = "After", .log_level = "debug"};
	must(run, core_computation_update(run->core, id, &draft, NULL, corerun_done, run, NULL),
	     "update");
	corerun_settle(run);
	core_computation_load(run->core, id, true);
	corerun_settle(run);
	const struct core_computation *c = core_computation_get(run->core, id);
	assert_string_equal(c->name, "After");
	assert_string_equal(c->description, "made by a test");
	assert_string_equal(c->agent->log_level, "debug");
	assert_int_equal(core_tls_mode_of(c->agent), CORE_TLS_NONE);
	free(id);
	corerun_close(run);
}

static void test_wrong_password(void **state)
{
	const struct sandbox *sb = *state;
	struct corerun *run = corerun_open(sb->url, NULL);
	assert_int_equal(core_session_login(run->core, sb->users[0].email,
	                                    prism_secret_from_text("wrong"), NULL, corerun_done, run,
	                                    NULL),
	                 0);
	assert_int_equal(corerun_wait(run), PRISM_ERROR_AUTH);
	assert_non_null(strstr(run->err.hint, "password"));
	assert_int_equal(core_session_state(run->core), CORE_SESSION_SIGNED_OUT);
	/* and nothing works without */
	struct prism_error err = PRISM_ERROR_INIT;
	assert_int_equal(core_workspace_enter(run->core, NULL, NULL, corerun_done, run, &err), 0);
	assert_int_equal(corerun_wait(run), PRISM_ERROR_AUTH);
	corerun_close(run);
}

static void test_names_resolve(void **state)
{
	struct corerun *run = signed_in(*state, 0, "Open Science Lab");
	struct core_list *list = core_computations(run->core);
	must(run, core_list_await(list, false, NULL, corerun_done, run, NULL), "list");
	assert_true(core_list_count(list) > 3);
	const struct core_computation *first = core_computation_at(list, 0);
	char *name = strdup(first->name), *id = strdup(first->id);
	must(run, core_computation_resolve(run->core, name, NULL, corerun_id, run, NULL), "resolve");
	assert_string_equal(run->id, id);
	assert_int_equal(
	    core_computation_resolve(run->core, "no such thing", NULL, corerun_id, run, NULL), 0);
	assert_int_equal(corerun_wait(run), PRISM_ERROR_MISSING);
	assert_int_equal(
	    core_workspace_enter(run->core, "no such place", NULL, corerun_done, run, NULL), 0);
	assert_int_equal(corerun_wait(run), PRISM_ERROR_MISSING);
	free(name);
	free(id);
	corerun_close(run);
}

static void test_permissions(void **state)
{
	const struct sandbox *sb = *state;
	struct corerun *admin = signed_in(sb, 0, "Open Science Lab");
	char *id = make_computation(admin, "Mine Alone");
	struct corerun *reader = signed_in(sb, 2, "Open Science Lab");
	char reason[200];
	assert_false(
	    core_workspace_may(reader->core, CORE_WPERM_CREATE_COMPUTATION, reason, sizeof(reason)));
	assert_non_null(strstr(reason, "create_computation"));
	struct core_computation_draft draft = {.name = "No", .description = "not allowed"};
	assert_int_equal(core_computation_create(reader->core, &draft, NULL, corerun_id, reader, NULL),
	                 0);
	assert_int_equal(corerun_wait(reader), PRISM_ERROR_DENIED);
	assert_int_equal(reader->err.status, 403);
	assert_int_equal(core_computation_delete(reader->core, id, NULL, corerun_done, reader, NULL),
	                 0);
	enum prism_error_category refused = corerun_wait(reader);
	assert_true(refused == PRISM_ERROR_DENIED || refused == PRISM_ERROR_MISSING);
	must(admin, core_roles_await(admin->core, id, false, NULL, corerun_done, admin, NULL), "roles");
	assert_true(core_computation_may(admin->core, id, CORE_ACTION_DELETE, reason, sizeof(reason)));
	assert_false(core_computation_may(admin->core, id, CORE_ACTION_STOP, reason, sizeof(reason)));
	free(id);
	corerun_close(admin);
	corerun_close(reader);
}

static void test_expired_token_is_renewed_once(void **state)
{
	static const char *const args[] = {"--token-ttl", "2", NULL};
	struct sandbox *sb = sandbox_start(args);
	struct corerun *run = signed_in(sb, 0, "Open Science Lab");
	corerun_turns(run, 2200);
	for (int i = 0; i < 8; i++)
		assert_int_equal(
		    core_list_await(core_computations(run->core), true, NULL, corerun_done, run, NULL), 0);
	must(run, core_list_await(core_cvms(run->core), true, NULL, corerun_done, run, NULL), "CVMs");
	assert_int_equal(core_session_state(run->core), CORE_SESSION_SIGNED_IN);
	corerun_close(run);
	sandbox_stop(sb);
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
	    cmocka_unit_test(test_story),
	    cmocka_unit_test(test_update_keeps_what_it_does_not_know),
	    cmocka_unit_test(test_wrong_password),
	    cmocka_unit_test(test_names_resolve),
	    cmocka_unit_test(test_permissions),
	    cmocka_unit_test(test_expired_token_is_renewed_once),
	};
	return cmocka_run_group_tests(tests, start, stop);
}
