/* Covers sandbox/api_computations.c and sandbox/computations.c. */
#include "sandbox/computations.h"

#include "base/text.h"
#include "net/crypto.h"
#include "sandbox/router.h"
#include "tests/lib/sbcall.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define PATH "/computations/{W}/computations"

static char *create(struct sbcall *t, const char *body)
{
	assert_int_equal(sbcall(t, SB_ADA, "POST", body, PATH "?domainID={W}"), 201);
	assert_string_equal(t->text, "");
	assert_memory_equal(t->location, "/computations/", 14);
	return prism_strdup(t->location + 14);
}

static void creating_answers_a_header_and_no_body(void **state)
{
	struct sbcall *t = *state;
	PRISM_AUTO_FREE char *id = create(t, "{\"name\":\"Iris\",\"description\":\"d\"}");
	assert_int_equal(sbcall(t, SB_ADA, "GET", NULL, PATH "/%s?peek=true", id), 200);
	assert_string_equal(sbcall_text(t, "name"), "Iris");
	assert_string_equal(sbcall_text(t, "status"), "executable");
	assert_string_equal(sbcall_text(t, "start_time"), "0001-01-01T00:00:00Z");
	assert_string_equal(sbcall_text(t, "agent_config.cert_file"), "");
}

static void fields_are_checked(void **state)
{
	struct sbcall *t = *state;
	static const struct {
		const char *body, *reason;
	} rows[] = {
	    {"{\"description\":\"d\"}", "missing identity name"},
	    {"{\"name\":\"n\"}", "missing description"},
	    {"{\"name\":\"n\",\"description\":\"d\",\"agent_config\":{\"log_level\":\"loud\"}}",
	     "invalid level"},
	    {"{\"name\":\"n\",\"description\":\"d\",\"agent_config\":[1]}", SB_TEXT_MALFORMED},
	};
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		sbcall(t, SB_ADA, "POST", rows[i].body, PATH);
		sbcall_refused(t, 400, SB_TEXT_VALIDATION, rows[i].reason);
	}
	sbcall(t, SB_CYD, "POST", "{\"name\":\"n\",\"description\":\"d\"}", PATH);
	sbcall_refused(t, 403, SB_TEXT_AUTHZ, "");
}

static void the_agent_configuration_comes_back_verbatim(void **state)
{
	struct sbcall *t = *state;
	PRISM_AUTO_FREE char *id = create(
	    t,
	    "{\"name\":\"n\",\"description\":\"d\",\"agent_config\":{\"cert_file\":\"-----BEGIN "
	    "X-----\\nAA\\n\",\"server_key\":\"k<>&\",\"attested_tls\":true,\"log_level\":\"warn\"}}");
	sbcall(t, SB_ADA, "GET", NULL, PATH "/%s", id);
	assert_string_equal(sbcall_text(t, "agent_config.cert_file"), "-----BEGIN X-----\nAA\n");
	assert_string_equal(sbcall_text(t, "agent_config.server_key"), "k<>&");
	assert_string_equal(sbcall_text(t, "agent_config.log_level"), "warn");
	assert_non_null(strstr(t->text, "\"attested_tls\":true"));
	sbcall(t, SB_ADA, "GET", NULL, PATH "?name=n");
	assert_null(strstr(t->text, "agent_config")); /* keys do not travel in lists */
}

static void updating_replaces(void **state)
{
	struct sbcall *t = *state;
	PRISM_AUTO_FREE char *id = create(t, "{\"name\":\"n\",\"description\":\"d\"}");
	prism_clock_manual_advance(&t->clock, 5000);
	assert_int_equal(
	    sbcall(t, SB_ADA, "PUT", "{\"name\":\"m\",\"description\":\"e\"}", PATH "/%s", id), 200);
	sbcall(t, SB_ADA, "GET", NULL, PATH "/%s", id);
	assert_string_equal(sbcall_text(t, "name"), "m");
	assert_string_equal(sbcall_text(t, "updated_at"), "2026-01-01T00:00:05Z");
	assert_int_equal(sbcall(t, SB_ADA, "PUT", "{\"name\":\"m\"}", PATH "/%s", id), 400);
	assert_int_equal(
	    sbcall(t, SB_ADA, "PUT", "{\"name\":\"m\",\"description\":\"e\"}", PATH "/none"), 404);
}

static void the_configuration_is_locked_after_the_first_run(void **state)
{
	struct sbcall *t = *state;
	PRISM_AUTO_FREE char *id = sbcall_computation(t, "Iris classification baseline");
	sbcall(t, SB_ADA, "PUT",
	       "{\"name\":\"a\",\"description\":\"b\",\"agent_config\":{\"attested_tls\":true}}",
	       PATH "/%s", id);
	sbcall_refused(t, 422, "update entity failed",
	               "agent configuration is read-only after the first run");
	assert_int_equal(
	    sbcall(t, SB_ADA, "PUT", "{\"name\":\"a\",\"description\":\"b\"}", PATH "/%s", id), 200);
}

static void deleting_takes_everything_along(void **state)
{
	struct sbcall *t = *state;
	PRISM_AUTO_FREE char *id = sbcall_computation(t, "Iris classification baseline");
	assert_int_equal(sbcall(t, SB_ADA, "DELETE", NULL, PATH "/%s", id), 204);
	assert_int_equal(sbcall(t, SB_ADA, "DELETE", NULL, PATH "/%s", id), 404);
	assert_int_equal(sb_db_int(t->sb->db, 0,
	                           "SELECT count(*) FROM logs WHERE computation NOT IN (SELECT n FROM"
	                           " computations)",
	                           SB_NOARGS),
	                 0);
	assert_int_equal(
	    sb_db_int(t->sb->db, 0,
	              "SELECT count(*) FROM roles WHERE kind = 1 AND entity NOT IN (SELECT n"
	              " FROM computations)",
	              SB_NOARGS),
	    0);
}

static void a_running_one_is_not_deleted(void **state)
{
	struct sbcall *t = *state;
	PRISM_AUTO_FREE char *id = sbcall_computation(t, "Network anomaly scoring");
	sbcall(t, SB_ADA, "DELETE", NULL, PATH "/%s", id);
	sbcall_refused(t, 422, "failed to remove entity", "computation is running");
}

/* ---- keys ---- */

static int put_key(struct sbcall *t, const char *id, const char *key)
{
	cJSON *body = cJSON_CreateObject();
	cJSON_AddStringToObject(body, "key", key);
	char *text = cJSON_PrintUnformatted(body);
	int status = sbcall(t, SB_ADA, "POST", text, PATH "/%s/key", id);
	cJSON_free(text);
	cJSON_Delete(body);
	return status;
}

static void keys_are_read_in_every_form(void **state)
{
	struct sbcall *t = *state;
	struct net_key *key = net_key_generate(NET_KEY_ED25519, NULL);
	struct prism_buf der = PRISM_BUF_INIT(4096), pem = PRISM_BUF_INIT(4096);
	assert_int_equal(net_key_public_der(key, &der, NULL), 0);
	assert_int_equal(net_key_public_pem(key, &pem, NULL), 0);
	PRISM_AUTO_FREE char *der64 = prism_base64_encode(der.data, der.len);
	PRISM_AUTO_FREE char *pem64 = prism_base64_encode(pem.data, pem.len);
	const char *forms[] = {der64, pem64, pem.data};
	for (unsigned i = 0; i < 3; i++) {
		PRISM_AUTO_FREE char *id = create(t, "{\"name\":\"k\",\"description\":\"d\"}");
		sbcall(t, SB_ADA, "GET", NULL, PATH "/%s/key", id);
		assert_string_equal(t->text, "{\"uploaded\":false}");
		assert_int_equal(put_key(t, id, forms[i]), 201);
		sbcall(t, SB_ADA, "GET", NULL, PATH "/%s/key", id);
		assert_string_equal(t->text, "{\"uploaded\":true}");
		size_t size;
		SB_AUTO_ROWS struct sb_rows *rows = sb_db_query(
		    t->sb->db,
		    "SELECT der FROM computation_keys ORDER BY created_at DESC, computation DESC",
		    SB_NOARGS);
		assert_true(sb_rows_next(&rows));
		const void *stored = sb_rows_blob(rows, 0, &size);
		assert_int_equal(size, der.len);
		assert_memory_equal(stored, der.data, size);
	}
	net_key_destroy(key);
	prism_buf_finish(&der);
	prism_buf_finish(&pem);
}

static void what_is_no_public_key_is_refused(void **state)
{
	struct sbcall *t = *state;
	struct net_key *key = net_key_generate(NET_KEY_ED25519, NULL);
	struct prism_buf pem = PRISM_BUF_INIT(4096);
	assert_int_equal(net_key_private_pem(key, NULL, &pem, NULL), 0);
	PRISM_AUTO_FREE char *id = create(t, "{\"name\":\"k\",\"description\":\"d\"}");
	const char *bad[] = {"aGVsbG8=", "!!!", pem.data};
	for (unsigned i = 0; i < 3; i++) {
		put_key(t, id, bad[i]);
		sbcall_refused(t, 400, SB_TEXT_VALIDATION, "invalid public key");
	}
	put_key(t, id, "");
	sbcall_refused(t, 400, SB_TEXT_VALIDATION, "missing key");
	net_key_destroy(key);
	prism_buf_wipe(&pem);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, sbcall_setup, sbcall_teardown)
	const struct CMUnitTest tests[] = {
	    T(creating_answers_a_header_and_no_body),
	    T(fields_are_checked),
	    T(the_agent_configuration_comes_back_verbatim),
	    T(updating_replaces),
	    T(the_configuration_is_locked_after_the_first_run),
	    T(deleting_takes_everything_along),
	    T(a_running_one_is_not_deleted),
	    T(keys_are_read_in_every_form),
	    T(what_is_no_public_key_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
