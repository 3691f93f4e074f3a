/*
 * Covers sandbox/http.c, sandbox/pki.c and the listening part of sandbox/sandbox.c: the sandbox on
 * a real socket, called by the client's own HTTP engine on the same loop.
 */
#include "sandbox/http.h"

#include "net/http.h"
#include "sandbox/faults.h"
#include "sandbox/logsearch.h"
#include "sandbox/router.h"
#include "tests/lib/sbcall.h"

#include <string.h>
#include <sys/stat.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

struct world {
	struct sbcall t;
	struct sb_faults *faults;
	struct net_http *http;
	char *url;
};

struct answer {
	bool done;
	int status;
	char type[80], version[8], location[80];
	char *body; /* owned */
	size_t len;
	enum prism_error_category category;
	int64_t elapsed_ms;
};

static void on_done(void *data, const struct net_http_response *response,
                    const struct prism_error *err)
{
	struct answer *a = data;
	a->done = true;
	a->category = err ? err->category : PRISM_ERROR_NONE;
	if (!response)
		return;
	a->status = response->status;
	a->len = response->body_len;
	a->body = prism_strndup(response->body ? response->body : "", response->body_len);
	a->elapsed_ms = response->elapsed_ms;
	snprintf(a->type, sizeof(a->type), "%s", response->content_type);
	snprintf(a->location, sizeof(a->location), "%s", response->hx_location);
}

static void start(struct world *w, struct sb_config config, const char *fault, bool trust)
{
	struct prism_error err = PRISM_ERROR_INIT;
	memset(w, 0, sizeof(*w));
	w->faults = sb_faults_create();
	if (fault)
		assert_int_equal(sb_faults_add(w->faults, fault, NULL), 0);
	config.faults = w->faults;
	sbcall_start_real(&w->t, &config);
	if (sb_listen(w->t.sb, &err) < 0)
		fail_msg("%s", err.message);
	w->url = sb_url(w->t.sb);
	w->http = net_http_create(w->t.loop, &(struct net_http_config){
	                                         .ca_file = trust ? w->t.sb->ca_file : NULL,
	                                         .user_agent = "test",
	                                         .connect_timeout_ms = 5000,
	                                     });
}

static void finish(struct world *w)
{
	net_http_destroy(w->http);
	sbcall_finish(&w->t);
	sb_faults_destroy(w->faults);
	prism_free(w->url);
}

static int setup(void **state)
{
	*state = prism_alloc(sizeof(struct world));
	start(*state, (struct sb_config){0}, NULL, false);
	return 0;
}

static int teardown(void **state)
{
	finish(*state);
	prism_free(*state);
	return 0;
}

static void request_start(struct world *w, struct answer *a, enum net_http_method method,
                          const char *path, const char *body, size_t len, int64_t timeout_ms)
{
	PRISM_AUTO_FREE char *url = prism_asprintf("%s%s", w->url, path);
	memset(a, 0, sizeof(*a));
	assert_non_null(net_http_start(w->http,
	                               &(struct net_http_spec){.method = method,
	                                                       .url = url,
	                                                       .body = body,
	                                                       .body_len = len,
	                                                       .content_type = "application/json",
	                                                       .timeout_ms = timeout_ms,
	                                                       .done = on_done,
	                                                       .data = a},
	                               NULL, NULL));
}

static void wait_for(struct world *w, struct answer *a)
{
	int64_t end = prism_clock_mono_ms(prism_clock_system()) + 20000;
	while (!a->done) {
		assert_true(prism_clock_mono_ms(prism_clock_system()) < end);
		(void)prism_loop_turn(w->t.loop, 100);
	}
}

static struct answer request(struct world *w, enum net_http_method method, const char *path,
                             const char *body)
{
	struct answer a;
	request_start(w, &a, method, path, body, body ? strlen(body) : 0, 15000);
	wait_for(w, &a);
	return a;
}

static const char login[] = "{\"username\":\"ada\",\"password\":\"ada-sample-1\"}";

static void a_request_is_answered(void **state)
{
	struct world *w = *state;
	struct answer a = request(w, NET_HTTP_POST, "/users/tokens/issue", login);
	assert_int_equal(a.status, 201);
	assert_string_equal(a.type, "application/json");
	assert_non_null(strstr(a.body, "access_token"));
	prism_free(a.body);
	a = request(w, NET_HTTP_GET, "/users/profile", NULL);
	assert_int_equal(a.status, 401);
	prism_free(a.body);
}

static void many_at_once(void **state)
{
	struct world *w = *state;
	struct answer a[40];
	for (unsigned i = 0; i < 40; i++)
		request_start(w, &a[i], NET_HTTP_GET, "/computations/health", NULL, 0, 15000);
	for (unsigned i = 0; i < 40; i++) {
		wait_for(w, &a[i]);
		assert_int_equal(a[i].status, 200);
		prism_free(a[i].body);
	}
}

static void large_bodies_pass_and_larger_ones_are_413(void **state)
{
	struct world *w = *state;
	size_t len = SB_BODY_CAP;
	char *body = prism_alloc(len + 2);
	struct answer a;
	memset(body, ' ', len + 1);
	memcpy(body, login, strlen(login));
	request_start(w, &a, NET_HTTP_POST, "/users/tokens/issue", body, len, 15000);
	wait_for(w, &a);
	assert_int_equal(a.status, 201);
	prism_free(a.body);
	request_start(w, &a, NET_HTTP_POST, "/users/tokens/issue", body, len + 1, 15000);
	wait_for(w, &a);
	assert_int_equal(a.status, 413);
	prism_free(a.body);
	prism_free(body);
}

static void latency_delays_every_answer(void **state)
{
	struct world w;
	start(&w, (struct sb_config){.latency_min_ms = 120, .latency_max_ms = 140}, NULL, false);
	struct answer a = request(&w, NET_HTTP_GET, "/computations/health", NULL);
	assert_int_equal(a.status, 200);
	assert_true(a.elapsed_ms >= 115);
	prism_free(a.body);
	finish(&w);
}

static void stopping_while_answers_wait(void **state)
{
	struct world w;
	struct answer a;
	start(&w, (struct sb_config){.latency_min_ms = 60000, .latency_max_ms = 60000}, NULL, false);
	request_start(&w, &a, NET_HTTP_GET, "/computations/health", NULL, 0, 15000);
	for (int i = 0; i < 20; i++)
		(void)prism_loop_turn(w.t.loop, 10);
	finish(&w); /* nothing leaks, nothing hangs */
}

/* ---- answers that take long ---- */

#define LINES "120000" /* thirty slices */

/* A search in the log that has them, under way. */
static void start_search(struct world *w, struct answer *a, struct prism_cancel *cancel)
{
	struct answer token = request(w, NET_HTTP_POST, "/users/tokens/issue", login);
	struct sb_db *db = w->t.sb->db;
	cJSON *doc = cJSON_Parse(token.body);
	struct prism_secret *bearer =
	    prism_secret_from_text(cJSON_GetObjectItemCaseSensitive(doc, "access_token")->valuestring);
	PRISM_AUTO_FREE char *path = sb_db_text(
	    db,
	    "SELECT '/computations/' || w.id || '/computations/' || c.id || '/logs?message=nowhere'"
	    " FROM computations c JOIN workspaces w ON w.n = c.workspace ORDER BY c.log_count DESC"
	    " LIMIT 1",
	    SB_NOARGS);
	PRISM_AUTO_FREE char *url = prism_asprintf("%s%s", w->url, path);
	memset(a, 0, sizeof(*a));
	assert_non_null(net_http_start(w->http,
	                               &(struct net_http_spec){.method = NET_HTTP_GET,
	                                                       .url = url,
	                                                       .bearer = bearer,
	                                                       .timeout_ms = 15000,
	                                                       .done = on_done,
	                                                       .data = a},
	                               cancel, NULL));
	prism_secret_destroy(bearer);
	cJSON_Delete(doc);
	prism_free(token.body);
}

static struct sb_search *the_search(struct world *w)
{
	return sb_search_obtain(
	    w->t.sb->searches,
	    &(struct sb_search_spec){
	        .computation =
	            sb_db_int(w->t.sb->db, 0,
	                      "SELECT n FROM computations ORDER BY log_count DESC LIMIT 1", SB_NOARGS),
	        .from = INT64_MIN,
	        .to = INT64_MAX,
	        .level = -1,
	        .message = "nowhere"});
}

static void others_are_answered_while_a_search_goes_on(void **state)
{
	struct world w;
	struct answer search, other;
	start(&w, (struct sb_config){.seed = "scale=1,logs=" LINES}, NULL, false);
	start_search(&w, &search, NULL);
	other = request(&w, NET_HTTP_GET, "/computations/health", NULL);
	assert_int_equal(other.status, 200);
	assert_false(search.done);
	prism_free(other.body);
	wait_for(&w, &search);
	assert_int_equal(search.status, 200);
	assert_non_null(strstr(search.body, "\"total\":0"));
	prism_free(search.body);
	finish(&w);
}

static void a_search_nobody_waits_for_ends(void **state)
{
	struct world w;
	struct answer answer;
	start(&w, (struct sb_config){.seed = "scale=1,logs=" LINES}, NULL, false);
	struct prism_cancel *cancel = prism_cancel_create(NULL);
	start_search(&w, &answer, cancel);
	struct answer other = request(&w, NET_HTTP_GET, "/computations/health", NULL);
	prism_free(other.body);
	assert_false(answer.done);
	prism_cancel_fire(cancel);
	for (int i = 0; i < 200; i++) /* more turns than the search has slices */
		(void)prism_loop_turn(w.t.loop, 0);
	assert_int_equal(answer.category, PRISM_ERROR_CANCELLED);
	prism_free(answer.body);
	struct sb_search *search = the_search(&w);
	assert_false(sb_search_step(search, 120000));
	sb_search_release(search);
	prism_cancel_destroy(cancel);
	finish(&w);
}

static void stopping_while_a_search_goes_on(void **state)
{
	struct world w;
	struct answer answer;
	start(&w, (struct sb_config){.seed = "scale=1,logs=" LINES}, NULL, false);
	start_search(&w, &answer, NULL);
	struct answer other = request(&w, NET_HTTP_GET, "/computations/health", NULL);
	prism_free(other.body);
	assert_false(answer.done);
	finish(&w); /* nothing leaks, nothing hangs */
}

/* ---- faults that only the wire shows ---- */

static struct answer with_fault(const char *fault, int64_t timeout_ms)
{
	struct world w;
	struct answer a;
	start(&w, (struct sb_config){0}, fault, false);
	request_start(&w, &a, NET_HTTP_GET, "/computations/health", NULL, 0, timeout_ms);
	wait_for(&w, &a);
	finish(&w);
	return a;
}

static void cut_answers_are_errors(void **state)
{
	struct answer a = with_fault("reset", 15000);
	assert_int_equal(a.category, PRISM_ERROR_IO);
	prism_free(a.body);
	a = with_fault("short", 15000);
	assert_int_not_equal(a.category, PRISM_ERROR_NONE);
	prism_free(a.body);
}

static void dripping_takes_its_time_and_arrives_whole(void **state)
{
	struct answer a = with_fault("drip=1000", 15000); /* 100 bytes each 100 ms */
	assert_int_equal(a.status, 200);
	assert_true(a.elapsed_ms >= 100);
	assert_int_equal(a.body[a.len - 1], '}');
	prism_free(a.body);
	a = with_fault("drip=10", 400);
	assert_int_equal(a.category, PRISM_ERROR_TIMEOUT);
	prism_free(a.body);
}

static void delays_are_obeyed(void **state)
{
	struct answer a = with_fault("delay=150@/computations/*", 15000);
	assert_int_equal(a.status, 200);
	assert_true(a.elapsed_ms >= 145);
	prism_free(a.body);
}

/* ---- TLS ---- */

static void tls_is_trusted_with_the_printed_ca_only(void **state)
{
	struct world w;
	struct stat st;
	start(&w, (struct sb_config){.tls = true}, NULL, true);
	assert_memory_equal(w.url, "https://127.0.0.1:", 18);
	assert_int_equal(stat(w.t.sb->directory, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0700);
	struct answer a = request(&w, NET_HTTP_GET, "/computations/health", NULL);
	assert_int_equal(a.category, PRISM_ERROR_NONE);
	assert_int_equal(a.status, 200);
	prism_free(a.body);
	PRISM_AUTO_FREE char *ca = prism_strdup(w.t.sb->ca_file);
	PRISM_AUTO_FREE char *dir = prism_strdup(w.t.sb->directory);
	finish(&w);
	assert_int_equal(stat(ca, &st), -1); /* gone with the sandbox */
	assert_int_equal(stat(dir, &st), -1);
	start(&w, (struct sb_config){.tls = true}, NULL, false);
	a = request(&w, NET_HTTP_GET, "/computations/health", NULL);
	assert_int_equal(a.category, PRISM_ERROR_TRUST);
	prism_free(a.body);
	finish(&w);
}

/* ---- listening ---- */

static int listen_on(const char *address, bool allow_remote, struct prism_error *err)
{
	struct sbcall t;
	sbcall_start(
	    &t, &(struct sb_config){.listen = address, .seed = "empty", .allow_remote = allow_remote});
	int rc = sb_listen(t.sb, err);
	sbcall_finish(&t);
	return rc;
}

static void only_loopback_unless_told_twice(void **state)
{
	struct prism_error err = PRISM_ERROR_INIT;
	assert_int_equal(listen_on("127.0.0.1:0", false, &err), 0);
	assert_int_equal(listen_on("127.9.8.7:0", false, &err), 0);
	assert_int_equal(listen_on("0.0.0.0:0", false, &err), -1);
	assert_int_equal(err.category, PRISM_ERROR_INVALID);
	assert_non_null(strstr(err.hint, "--allow-remote"));
	assert_int_equal(listen_on("0.0.0.0:0", true, &err), 0);
}

static void bad_addresses_are_refused(void **state)
{
	static const char *const bad[] = {"", "127.0.0.1:99999", "no-such-host:0", ":0"};
	for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct prism_error err = PRISM_ERROR_INIT;
		assert_int_equal(listen_on(bad[i], true, &err), -1);
		assert_string_not_equal(err.message, "");
	}
}

static void a_taken_port_is_an_error(void **state)
{
	struct world *w = *state;
	struct prism_error err = PRISM_ERROR_INIT;
	PRISM_AUTO_FREE char *address = prism_asprintf("127.0.0.1:%u", sb_http_port(w->t.sb->http));
	assert_int_equal(listen_on(address, false, &err), -1);
	assert_int_equal(err.category, PRISM_ERROR_IO);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
	    T(a_request_is_answered),
	    T(many_at_once),
	    T(large_bodies_pass_and_larger_ones_are_413),
	    cmocka_unit_test(latency_delays_every_answer),
	    cmocka_unit_test(stopping_while_answers_wait),
	    cmocka_unit_test(others_are_answered_while_a_search_goes_on),
	    cmocka_unit_test(a_search_nobody_waits_for_ends),
	    cmocka_unit_test(stopping_while_a_search_goes_on),
	    cmocka_unit_test(cut_answers_are_errors),
	    cmocka_unit_test(dripping_takes_its_time_and_arrives_whole),
	    cmocka_unit_test(delays_are_obeyed),
	    cmocka_unit_test(tls_is_trusted_with_the_printed_ca_only),
	    cmocka_unit_test(only_loopback_unless_told_twice),
	    cmocka_unit_test(bad_addresses_are_refused),
	    T(a_taken_port_is_an_error),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
