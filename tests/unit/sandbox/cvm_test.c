/* Covers sandbox/cvm.c, sandbox/api_cvms.c and sandbox/policy.c. */
#include "sandbox/cvm.h"

#include "base/text.h"
#include "sandbox/router.h"
#include "tests/lib/sbcall.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define PATH "/backends/{W}/cvms"

static char *create(struct sbcall *t, const char *segments)
{
	assert_int_equal(sbcall(t, SB_BEN, "POST", "{\"name\":\"mine\"}", PATH "/%s", segments), 201);
	return prism_strdup(sbcall_text(t, "id"));
}

static void step(struct sbcall *t, int64_t ms)
{
	prism_clock_manual_advance(&t->clock, ms);
	while (prism_loop_turn(t->loop, 0))
		;
}

static const char *status(struct sbcall *t, const char *id)
{
	sbcall(t, SB_BEN, "GET", NULL, PATH "/%s", id);
	return sbcall_text(t, "status");
}

static void a_new_one_climbs_the_ladder(void **state)
{
	struct sbcall *t = *state;
	PRISM_AUTO_FREE char *id = create(t, "ultraviolet/2/sev-snp");
	assert_string_equal(status(t, id), "creating");
	assert_string_equal(sbcall_text(t, "agent_url"), ":");
	step(t, 2000);
	assert_string_equal(status(t, id), "starting");
	step(t, 1999);
	assert_string_equal(status(t, id), "starting");
	step(t, 1);
	assert_string_equal(status(t, id), "online");
	assert_string_equal(sbcall_text(t, "state"), "ReceivingManifest");
	assert_memory_equal(sbcall_text(t, "agent_url"), "127.0.0.1:", 10);
	assert_string_equal(sbcall_text(t, "provider"), "manager");
	assert_string_equal(sbcall_text(t, "name"), "mine (NOT A TEE)");
	assert_string_not_equal(sbcall_text(t, "cvm_id"), id);
}

static void azure_ones_have_a_token(void **state)
{
	struct sbcall *t = *state;
	PRISM_AUTO_FREE char *azure = create(t, "azure/2/sev-snp");
	PRISM_AUTO_FREE char *other = create(t, "ultraviolet/2/sev-snp");
	PRISM_AUTO_BUF struct prism_buf token = PRISM_BUF_INIT(4096);
	step(t, 2000);
	step(t, 2000);
	assert_string_equal(status(t, other), "online");
	assert_string_equal(sbcall_text(t, "attestation_token"), "");
	assert_string_equal(status(t, azure), "online");
	const char *text = sbcall_text(t, "attestation_token");
	assert_int_equal(prism_base64_decode(text, strlen(text), &token, NULL), 0);
	char *first = strchr(prism_buf_text(&token), '.'),
	     *second = first ? strchr(first + 1, '.') : NULL;
	assert_non_null(second);
	assert_null(strchr(second + 1, '.'));
}

static void external_ones_stay_offline(void **state)
{
	struct sbcall *t = *state;
	PRISM_AUTO_FREE char *id = create(t, "external/4/tdx");
	step(t, 60000);
	assert_string_equal(status(t, id), "offline");
	assert_string_equal(sbcall_text(t, "agent_url"), ":");
	assert_string_equal(sbcall_text(t, "cvm_id"), id);
}

static void choices_are_checked(void **state)
{
	struct sbcall *t = *state;
	static const struct {
		const char *segments, *body, *reason;
	} rows[] = {
	    {"ultraviolet/2/sgx", "{\"name\":\"n\"}", "invalid cc platform"},
	    {"aws/2/tdx", "{\"name\":\"n\"}", "invalid provider"},
	    {"azure/3/sev-snp", "{\"name\":\"n\"}", "invalid vcpu count"},
	    {"azure/128/sev-snp", "{\"name\":\"n\"}", "invalid vcpu count"},
	    {"gcp/two/tdx", "{\"name\":\"n\"}", "invalid vcpu count"},
	    {"gcp/4/tdx", "{}", "missing identity name"},
	    {"gcp/4/tdx", "{\"name\":\"n\",\"agent_log_level\":\"loud\"}", "invalid level"},
	};
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		sbcall(t, SB_BEN, "POST", rows[i].body, PATH "/%s", rows[i].segments);
		sbcall_refused(t, 400, SB_TEXT_VALIDATION, rows[i].reason);
	}
	assert_int_equal(sbcall(t, SB_BEN, "POST", "{\"name\":\"n\"}", PATH "/azure/128/TDX"), 201);
	assert_string_equal(sbcall_text(t, "monthly_cost_estimate"), "5045.76");
	assert_int_equal(sbcall(t, SB_CYD, "POST", "{\"name\":\"n\"}", PATH "/gcp/4/tdx"), 403);
}

static void lists_filter(void **state)
{
	struct sbcall *t = *state;
	sbcall(t, SB_CYD, "GET", NULL, PATH);
	assert_int_equal(sbcall_int(t, "total"), 8);
	sbcall(t, SB_CYD, "GET", NULL, PATH "?status=active");
	assert_int_equal(sbcall_int(t, "total"), 7);
	sbcall(t, SB_CYD, "GET", NULL, PATH "?status=online&cc_platform=tdx");
	assert_int_equal(sbcall_int(t, "total"), 1);
	sbcall(t, SB_CYD, "GET", NULL, PATH "?name=BASEMENT");
	assert_int_equal(sbcall_int(t, "total"), 1);
	sbcall(t, SB_CYD, "GET", NULL, PATH "?status=odd");
	sbcall_refused(t, 400, SB_TEXT_VALIDATION, "invalid status");
}

static void deleting_keeps_the_row(void **state)
{
	struct sbcall *t = *state;
	PRISM_AUTO_FREE char *id = create(t, "manager/2/snp");
	assert_int_equal(sbcall(t, SB_CYD, "DELETE", NULL, PATH "/%s", id), 403);
	assert_int_equal(sbcall(t, SB_BEN, "DELETE", NULL, PATH "/%s", id), 204);
	assert_string_equal(status(t, id), "offline");
	assert_string_equal(sbcall_text(t, "deleted_at"), "2026-01-01T00:00:00Z");
	assert_int_equal(sbcall(t, SB_BEN, "DELETE", NULL, PATH "/%s", id), 422);
	step(t, 10000);
	assert_string_equal(status(t, id), "offline");
}

static void a_busy_one_is_not_deleted(void **state)
{
	struct sbcall *t = *state;
	sbcall(t, SB_ADA, "GET", NULL, PATH "?name=lab-tdx");
	PRISM_AUTO_FREE char *id = prism_strdup(sbcall_text(t, "cvms.0.id"));
	sbcall(t, SB_ADA, "DELETE", NULL, PATH "/%s", id);
	sbcall_refused(t, 422, "failed to remove entity", "a computation runs on this CVM");
}

static void statistics_cover_the_days_asked_for(void **state)
{
	struct sbcall *t = *state;
	sbcall(t, SB_ADA, "GET", NULL, PATH "?name=lab-snp-1");
	PRISM_AUTO_FREE char *id = prism_strdup(sbcall_text(t, "cvms.0.id"));
	sbcall(t, SB_ADA, "GET", NULL, PATH "/%s/statistics", id);
	int all = sbcall_size(t, "cvm_stats");
	assert_true(all > 3);
	sbcall(t, SB_ADA, "GET", NULL, PATH "/%s/statistics?days=2", id);
	assert_true(sbcall_size(t, "cvm_stats") >= 1);
	assert_true(sbcall_size(t, "cvm_stats") < all);
	assert_string_equal(sbcall_text(t, "cvm_stats.0.cvm_id"), id);
	assert_int_equal(sbcall(t, SB_ADA, "GET", NULL, PATH "/%s/statistics?days=x", id), 400);
	assert_int_equal(sbcall(t, SB_ADA, "GET", NULL, PATH "/none/statistics"), 404);
}

static void every_attestation_output_says_not_a_tee(void **state)
{
	struct sbcall *t = *state;
	struct prism_buf text = PRISM_BUF_INIT(1u << 20);
	sbcall(t, SB_ADA, "GET", NULL, PATH "?name=lab-snp-1");
	const char *evidence = sbcall_text(t, "cvms.0.attestation");
	assert_int_equal(prism_base64_decode(evidence, strlen(evidence), &text, NULL), 0);
	assert_memory_equal(text.data, "NOT A TEE", 9);
	PRISM_AUTO_FREE char *id = prism_strdup(sbcall_text(t, "cvms.0.id"));
	sbcall(t, SB_ADA, "GET", NULL, PATH "/%s/attestation_policy", id);
	const char *policy = sbcall_text(t, "attestation_policy");
	prism_buf_clear(&text);
	assert_int_equal(prism_base64_decode(policy, strlen(policy), &text, NULL), 0);
	cJSON *doc = cJSON_Parse(text.data);
	assert_non_null(doc);
	const cJSON *root = cJSON_GetObjectItem(doc, "rootOfTrust");
	assert_string_equal(cJSON_GetObjectItem(root, "product")->valuestring, "NOT A TEE");
	const cJSON *sha256 = cJSON_GetObjectItem(cJSON_GetObjectItem(doc, "pcr_values"), "sha256");
	assert_true(cJSON_GetArraySize(sha256) > 0);
	assert_memory_equal(cJSON_GetObjectItem(doc, "notice")->valuestring, "NOT A TEE", 9);
	cJSON_Delete(doc);
	prism_buf_finish(&text);
}

static void ports_come_from_the_range(void **state)
{
	struct sbcall t;
	uint16_t free_port;
	sbcall_start(&t, &(struct sb_config){.seed = "empty"});
	free_port = sb_free_port(t.sb);
	assert_int_not_equal(free_port, 0);
	t.sb->config.port_first = t.sb->config.port_last = free_port;
	assert_int_equal(sb_free_port(t.sb), free_port);
	sbcall_finish(&t);
}

static void agents_listen_where_the_sandbox_does(void **state)
{
	static const struct {
		const char *listen, *host;
	} hosts[] = {
	    {NULL, "127.0.0.1"},          {"127.0.0.1:0", "127.0.0.1"}, {"127.3.2.1:80", "127.3.2.1"},
	    {"0.0.0.0:80", "127.0.0.1"},  {"[::1]:0", "127.0.0.1"},     {"localhost:0", "127.0.0.1"},
	    {"192.0.2.7:0", "192.0.2.7"},
	};
	for (unsigned i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++) {
		char buf[64];
		struct sb sb = {.config = {.listen = hosts[i].listen}};
		assert_string_equal(sb_agent_host(&sb, buf), hosts[i].host);
	}
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, sbcall_setup, sbcall_teardown)
	const struct CMUnitTest tests[] = {
	    T(a_new_one_climbs_the_ladder),
	    T(azure_ones_have_a_token),
	    T(external_ones_stay_offline),
	    T(choices_are_checked),
	    T(lists_filter),
	    T(deleting_keeps_the_row),
	    T(a_busy_one_is_not_deleted),
	    T(statistics_cover_the_days_asked_for),
	    T(every_attestation_output_says_not_a_tee),
	    cmocka_unit_test(ports_come_from_the_range),
	    cmocka_unit_test(agents_listen_where_the_sandbox_does),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
