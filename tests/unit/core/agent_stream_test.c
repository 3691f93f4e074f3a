/*
 * The modes of an agent's connection, from files, against the sandbox's gRPC server: a health check
 * goes through, or is refused with a reason that can be acted on; files that cannot be used; modes
 * that cannot be built.
 */
#include "core/agent_private.h"

#include "base/file.h"
#include "base/mem.h"
#include "net/grpc.h"
#include "net/stream_tls.h"
#include "sandbox/grpc_server.h"
#include "tests/lib/testca.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <unistd.h>

#include <cmocka.h>

struct world {
	struct prism_loop *loop;
	struct prism_work *work;
	struct testca ca, other_ca, server, client, stranger;
	char dir[64];
	char *paths[8];
	struct net_tls *server_tls;
	struct sb_grpc_server *server_side;
	struct core_agent_connection connection;
	bool asked, done;
	int status;
	struct prism_error err;
};

enum { CA_FILE, OTHER_CA_FILE, CLIENT_FILE, CLIENT_KEY, STRANGER_FILE, STRANGER_KEY, EMPTY_FILE };

static char *put(struct world *w, const char *name, const char *text)
{
	struct prism_error err = PRISM_ERROR_INIT;
	char *path = prism_path_join(w->dir, name);
	assert_int_equal(prism_file_write(path, text, strlen(text), 0600, &err), 0);
	return path;
}

static struct testca leaf(const char *name, const char *names, const struct testca *issuer)
{
	return testca_make(&(struct testca_spec){.name = name, .names = names}, issuer);
}

static int setup(void **state)
{
	struct world *w = prism_alloc(sizeof(*w));
	w->loop = prism_loop_create(prism_clock_system());
	w->work = prism_work_create(w->loop, 1);
	w->ca = testca_make(&(struct testca_spec){.name = "CA", .ca = true}, NULL);
	w->other_ca = testca_make(&(struct testca_spec){.name = "Other CA", .ca = true}, NULL);
	w->server = leaf("agent", "IP:127.0.0.1", &w->ca);
	w->client = leaf("user", NULL, &w->ca);
	w->stranger = leaf("stranger", NULL, &w->other_ca);
	snprintf(w->dir, sizeof(w->dir), "/tmp/prism-stream-XXXXXX");
	assert_non_null(mkdtemp(w->dir));
	w->paths[CA_FILE] = put(w, "ca.pem", w->ca.cert_pem);
	w->paths[OTHER_CA_FILE] = put(w, "other.pem", w->other_ca.cert_pem);
	w->paths[CLIENT_FILE] = put(w, "client.pem", w->client.cert_pem);
	w->paths[CLIENT_KEY] = put(w, "client.key", w->client.key_pem);
	w->paths[STRANGER_FILE] = put(w, "stranger.pem", w->stranger.cert_pem);
	w->paths[STRANGER_KEY] = put(w, "stranger.key", w->stranger.key_pem);
	w->paths[EMPTY_FILE] = put(w, "empty.pem", "");
	w->connection = (struct core_agent_connection){.connect_timeout_ms = 5000};
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;
	sb_grpc_server_destroy(w->server_side);
	net_tls_unref(w->server_tls);
	prism_work_destroy(w->work);
	prism_loop_destroy(w->loop);
	for (size_t i = 0; i < PRISM_COUNT(w->paths); i++) {
		if (w->paths[i])
			unlink(w->paths[i]);
		prism_free(w->paths[i]);
	}
	assert_int_equal(rmdir(w->dir), 0);
	testca_finish(&w->ca);
	testca_finish(&w->other_ca);
	testca_finish(&w->server);
	testca_finish(&w->client);
	testca_finish(&w->stranger);
	prism_free(w);
	return 0;
}

static struct net_stream *wrap(void *data, struct net_stream *accepted)
{
	const struct world *w = data;
	return net_stream_tls_create(accepted, &(struct net_stream_tls_spec){.tls = w->server_tls});
}

static void serve(struct world *w, bool tls, bool mutual)
{
	struct prism_error err = PRISM_ERROR_INIT;
	const struct net_tls_config config = {.role = NET_TLS_SERVER,
	                                      .ca_pem = mutual ? w->ca.cert_pem : NULL,
	                                      .ca_len = strlen(w->ca.cert_pem),
	                                      .cert_pem = w->server.cert_pem,
	                                      .cert_len = strlen(w->server.cert_pem),
	                                      .key_pem = w->server.key_pem,
	                                      .key_len = strlen(w->server.key_pem)};
	if (tls) {
		w->server_tls = net_tls_create(&config, &err);
		assert_non_null(w->server_tls);
	}
	const struct sb_grpc_config server = {.listen = "127.0.0.1:0",
	                                      .health_service = "agent",
	                                      .wrap = tls ? wrap : NULL,
	                                      .wrap_data = w};
	w->server_side = sb_grpc_server_create(w->loop, &server, &err);
	assert_non_null(w->server_side);
	w->connection.url = sb_grpc_server_address(w->server_side);
}

static int ask(void *data, struct prism_buf *out, struct prism_error *err)
{
	struct world *w = data;
	bool first = !w->asked;
	w->asked = true;
	return first;
}

static int answered(void *data, const void *msg, size_t len, struct prism_error *err)
{
	return 0;
}

static void over(void *data, int status, const struct prism_error *err)
{
	struct world *w = data;
	w->done = true;
	w->status = status;
	prism_error_copy(&w->err, err);
}

/* One health check over a new connection. */
static int check(struct world *w)
{
	struct prism_error err = PRISM_ERROR_INIT;
	struct net_stream *stream =
	    core_agent_stream_create(NULL, w->loop, w->work, &w->connection, &err);
	assert_non_null(stream);
	struct net_grpc_channel *channel = net_grpc_channel_create(w->loop, stream, w->connection.url,
	                                                           w->connection.mode != CORE_TLS_NONE);
	const struct net_grpc_call_spec spec = {.path = "/grpc.health.v1.Health/Check",
	                                        .next_message = ask,
	                                        .on_message = answered,
	                                        .done = over,
	                                        .data = w};
	w->asked = w->done = false;
	prism_error_clear(&w->err);
	assert_non_null(net_grpc_call_start(channel, &spec, NULL, &err));
	for (int i = 0; i < 2000 && !w->done; i++)
		(void)prism_loop_turn(w->loop, 20);
	assert_true(w->done);
	net_grpc_channel_destroy(channel);
	return w->status;
}

static void assert_untrusted(struct world *w, const char *words)
{
	assert_int_equal(check(w), NET_GRPC_UNAVAILABLE);
	assert_int_equal(w->err.category, PRISM_ERROR_TRUST);
	assert_non_null(strstr(w->err.message, words));
	assert_string_not_equal(w->err.hint, "");
}

static void test_clear_text(void **state)
{
	struct world *w = *state;
	serve(w, false, false);
	w->connection.mode = CORE_TLS_NONE;
	assert_int_equal(check(w), NET_GRPC_OK);
}

static void test_tls(void **state)
{
	struct world *w = *state;
	serve(w, true, false);
	w->connection.mode = CORE_TLS_TLS;
	w->connection.server_ca_file = w->paths[CA_FILE];
	assert_int_equal(check(w), NET_GRPC_OK);
	w->connection.server_ca_file = w->paths[OTHER_CA_FILE];
	assert_untrusted(w, "not vouched for by other.pem");
	w->connection.server_ca_file = NULL; /* the system's do not know it either */
	assert_untrusted(w, "the system's CAs");
}

static void test_mutual_tls(void **state)
{
	struct world *w = *state;
	serve(w, true, true);
	w->connection.mode = CORE_TLS_MTLS;
	w->connection.server_ca_file = w->paths[CA_FILE];
	w->connection.client_cert_file = w->paths[CLIENT_FILE];
	w->connection.client_key_file = w->paths[CLIENT_KEY];
	assert_int_equal(check(w), NET_GRPC_OK);
	w->connection.client_cert_file = w->paths[STRANGER_FILE];
	w->connection.client_key_file = w->paths[STRANGER_KEY];
	assert_untrusted(w, "does not know the CA of our certificate");
	w->connection.mode = CORE_TLS_TLS; /* no certificate is shown then */
	assert_untrusted(w, "wants a client certificate");
}

static void test_modes_that_do_not_meet(void **state)
{
	struct world *w = *state;
	serve(w, false, false);
	w->connection.mode = CORE_TLS_TLS;
	w->connection.server_ca_file = w->paths[CA_FILE];
	assert_int_equal(check(w), NET_GRPC_UNAVAILABLE);
	assert_non_null(strstr(w->err.hint, "clear text is never used instead"));
	sb_grpc_server_destroy(w->server_side);
	serve(w, true, false);
	w->connection.mode = CORE_TLS_NONE;
	assert_int_equal(check(w), NET_GRPC_UNAVAILABLE);
}

static void assert_not_built(struct world *w, const char *words)
{
	struct prism_error err = PRISM_ERROR_INIT;
	char text[2048];
	assert_null(core_agent_stream_create(NULL, w->loop, w->work, &w->connection, &err));
	assert_non_null(strstr(prism_error_format(&err, text, sizeof(text)), words));
}

static void test_not_built(void **state)
{
	struct world *w = *state;
	w->connection.url = "127.0.0.1:1";
	w->connection.mode = CORE_TLS_ATLS;
	assert_not_built(w, "Attested TLS");
	w->connection.mode = CORE_TLS_MATLS;
	assert_not_built(w, "Mutual Attested TLS");
	w->connection.mode = CORE_TLS_TLS;
	w->connection.server_ca_file = w->paths[EMPTY_FILE];
	assert_not_built(w, "server CA is empty");
	w->connection.server_ca_file = "/nonexistent/ca.pem";
	assert_not_built(w, "server CA cannot be read");
	w->connection.server_ca_file = w->paths[CLIENT_KEY];
	assert_not_built(w, "client.key");
	w->connection.mode = CORE_TLS_MTLS;
	w->connection.server_ca_file = w->paths[CA_FILE];
	w->connection.client_cert_file = w->paths[CLIENT_FILE];
	w->connection.client_key_file = w->paths[STRANGER_KEY];
	assert_not_built(w, "do not belong together");
	w->connection.client_key_file = NULL;
	assert_not_built(w, "without its key");
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
	    T(test_clear_text), T(test_tls), T(test_mutual_tls), T(test_modes_that_do_not_meet),
	    T(test_not_built),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
