/*
 * TLS between our own two sides over a socket pair, and against peers that are not ours: each check
 * failing alone, mutual TLS and its late alerts, whole flights a byte at a time, cut and changed,
 * truncation, resumption, exporters, bulk data with back pressure.
 */
#include "net/stream_tls.h"

#include "base/mem.h"
#include "net/stream_tcp.h"
#include "tests/lib/peer.h"
#include "tests/lib/testca.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#define MIB (1u << 20)

/* A lower layer that hands out a byte at a time, changes one, or ends early. */
struct trick {
	struct net_stream stream;
	bool drip;
	int64_t flip_at, end_at; /* -1: never */
	int64_t seen;
	bool leftover;
};

struct side {
	struct world *w;
	struct net_tls *tls;
	struct net_stream *stream;
	bool told, up;
	struct prism_error err;
	unsigned ready;
	struct prism_buf got;
	bool ended;
	struct prism_error read_err;
	const char *out;
	size_t out_len, out_sent;
};

struct world {
	struct prism_clock_manual clock;
	struct prism_loop *loop;
	struct prism_work *work;
	struct testca ca, other_ca, server, client;
	struct net_tls_config client_config, server_config;
	const char *host, *sni;
	struct side a, b; /* client, server */
	struct trick *trick;
	bool drip;
	int64_t flip_at, end_at;
};

static ssize_t trick_read(struct net_stream *s, void *buf, size_t size, struct prism_error *err)
{
	struct trick *t = (struct trick *)s;
	if (t->end_at >= 0 && t->seen >= t->end_at)
		return 0;
	if (t->drip)
		size = 1;
	if (t->end_at >= 0 && (int64_t)size > t->end_at - t->seen)
		size = (size_t)(t->end_at - t->seen);
	ssize_t got = net_stream_read(s->lower, buf, size, err);
	if (got > 0 && t->flip_at >= t->seen && t->flip_at < t->seen + got)
		((uint8_t *)buf)[t->flip_at - t->seen] ^= 0x20;
	if (got > 0)
		t->seen += got;
	return got;
}

static void trick_destroy(struct net_stream *s)
{
	prism_free(s);
}

static const struct net_stream_ops trick_ops = {
    .name = "trick", .read = trick_read, .destroy = trick_destroy};

static struct testca leaf(const char *name, const char *names, const char *usage, long from,
                          long until, const struct testca *issuer)
{
	const struct testca_spec spec = {
	    .name = name, .names = names, .usage = usage, .from = from, .until = until};
	return testca_make(&spec, issuer);
}

static int setup(void **state)
{
	struct world *w = prism_alloc(sizeof(*w));
	prism_clock_manual_init(&w->clock, prism_clock_wall_us(prism_clock_system()));
	w->loop = prism_loop_create(&w->clock.clock);
	w->work = prism_work_create(w->loop, 1);
	w->ca = testca_make(&(struct testca_spec){.name = "Test CA", .ca = true}, NULL);
	w->other_ca = testca_make(&(struct testca_spec){.name = "Other CA", .ca = true}, NULL);
	w->server = leaf("agent", "DNS:agent.example,IP:127.0.0.1", "serverAuth", 0, 0, &w->ca);
	w->client = leaf("user", NULL, "clientAuth", 0, 0, &w->ca);
	w->host = "agent.example";
	w->flip_at = w->end_at = -1;
	prism_buf_init(&w->a.got, 64 * MIB);
	prism_buf_init(&w->b.got, 64 * MIB);
	w->client_config = (struct net_tls_config){.role = NET_TLS_CLIENT,
	                                           .ca_pem = w->ca.cert_pem,
	                                           .ca_len = strlen(w->ca.cert_pem),
	                                           .ca_name = "ca.pem"};
	w->server_config = (struct net_tls_config){.role = NET_TLS_SERVER};
	*state = w;
	return 0;
}

static void close_sides(struct world *w)
{
	struct side *sides[] = {&w->a, &w->b};
	for (int i = 0; i < 2; i++) {
		net_stream_destroy(sides[i]->stream);
		net_tls_unref(sides[i]->tls);
		struct prism_buf keep = sides[i]->got;
		*sides[i] = (struct side){.got = keep};
		prism_buf_clear(&sides[i]->got);
	}
	w->trick = NULL;
}

static int teardown(void **state)
{
	struct world *w = *state;
	close_sides(w);
	prism_work_destroy(w->work);
	prism_loop_destroy(w->loop);
	testca_finish(&w->ca);
	testca_finish(&w->other_ca);
	testca_finish(&w->server);
	testca_finish(&w->client);
	prism_buf_finish(&w->a.got);
	prism_buf_finish(&w->b.got);
	prism_free(w);
	return 0;
}

static void use(struct net_tls_config *config, const struct testca *identity)
{
	config->cert_pem = identity->cert_pem;
	config->cert_len = strlen(identity->cert_pem);
	config->key_pem = identity->key_pem;
	config->key_len = strlen(identity->key_pem);
}

static void on_connected(void *data, const struct prism_error *err)
{
	struct side *side = data;
	assert_false(side->told);
	side->told = true;
	side->up = !err;
	prism_error_copy(&side->err, err);
	if (side->up)
		net_stream_want(side->stream, PRISM_LOOP_READ | (side->out ? PRISM_LOOP_WRITE : 0u));
}

static void on_ready(void *data, unsigned events)
{
	struct side *side = data;
	struct prism_error err = PRISM_ERROR_INIT;
	char bytes[40000];
	ssize_t got = 1, put = 1;
	side->ready |= events;
	while (side->out && put > 0 && side->out_sent < side->out_len) {
		put = net_stream_write(side->stream, side->out + side->out_sent,
		                       side->out_len - side->out_sent, &err);
		if (put > 0)
			side->out_sent += (size_t)put;
	}
	while (!side->ended && (got = net_stream_read(side->stream, bytes, sizeof(bytes), &err)) > 0)
		prism_buf_put(&side->got, bytes, (size_t)got);
	if (got == 0 || got == -1) {
		side->ended = true;
		prism_error_copy(&side->read_err, &err);
	}
	net_stream_want(side->stream,
	                (side->ended ? 0u : PRISM_LOOP_READ) |
	                    (side->out && side->out_sent < side->out_len ? PRISM_LOOP_WRITE : 0u));
}

static void start(struct world *w)
{
	struct prism_error err = PRISM_ERROR_INIT;
	int pair[2];
	if (!w->server_config.cert_pem && !w->server_config.identity)
		use(&w->server_config, &w->server);
	if (!w->a.tls)
		w->a.tls = net_tls_create(&w->client_config, &err);
	assert_non_null(w->a.tls);
	if (!w->b.tls)
		w->b.tls = net_tls_create(&w->server_config, &err);
	assert_non_null(w->b.tls);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	w->trick = prism_alloc(sizeof(*w->trick));
	w->trick->drip = w->drip;
	w->trick->flip_at = w->flip_at;
	w->trick->end_at = w->end_at;
	net_stream_init(&w->trick->stream, &trick_ops, w->loop, net_stream_fd_create(w->loop, pair[0]));
	const struct net_stream_tls_spec client = {.tls = w->a.tls, .host = w->host, .sni = w->sni};
	const struct net_stream_tls_spec server = {.tls = w->b.tls};
	w->a.stream = net_stream_tls_create(&w->trick->stream, &client);
	w->b.stream = net_stream_tls_create(net_stream_fd_create(w->loop, pair[1]), &server);
	w->a.told = w->b.told = w->a.ended = w->b.ended = false;
	net_stream_connect(w->a.stream, on_connected, on_ready, &w->a);
	net_stream_connect(w->b.stream, on_connected, on_ready, &w->b);
}

static void turns(struct world *w, int count)
{
	for (int i = 0; i < count; i++)
		(void)prism_loop_turn(w->loop, 0);
}

static void shake(struct world *w)
{
	start(w);
	turns(w, w->drip ? 4000 : 30);
}

static enum net_tls_outcome outcome(struct side *side, enum net_tls_check_id id)
{
	return net_stream_tls_checks(side->stream)[id].outcome;
}

/* The client fails at exactly this check. */
static void assert_only_fails(struct world *w, enum net_tls_check_id failing, const char *words)
{
	shake(w);
	assert_true(w->a.told);
	assert_false(w->a.up);
	assert_false(w->b.up);
	assert_int_equal(w->a.err.category, PRISM_ERROR_TRUST);
	assert_non_null(strstr(w->a.err.message, words));
	assert_string_not_equal(w->a.err.hint, "");
	for (int id = NET_TLS_CHECK_CHAIN; id < NET_TLS_CHECK_COUNT; id++)
		assert_int_equal(outcome(&w->a, (enum net_tls_check_id)id),
		                 id == (int)failing ? NET_TLS_FAIL : NET_TLS_PASS);
}

static void test_handshake(void **state)
{
	struct world *w = *state;
	shake(w);
	assert_true(w->a.up);
	assert_true(w->b.up);
	for (int id = 0; id < NET_TLS_CHECK_COUNT; id++)
		assert_int_equal(outcome(&w->a, (enum net_tls_check_id)id), NET_TLS_PASS);
	struct net_tls_info info = net_stream_tls_info(w->a.stream);
	assert_string_equal(info.version_text, "TLS 1.3");
	assert_string_equal(info.alpn, "h2");
	assert_string_equal(info.sni, "agent.example");
	assert_false(info.resumed);
	assert_true(info.hash == NET_SHA256 || info.hash == NET_SHA384);
	assert_int_equal(net_stream_tls_peer_count(w->a.stream), 1);
	assert_string_equal(net_cert_common_name(net_stream_tls_peer(w->a.stream, 0)), "agent");
	assert_int_equal(net_stream_tls_peer_count(w->b.stream), 0);
	PRISM_AUTO_FREE char *words = net_stream_describe(w->a.stream);
	assert_non_null(strstr(words, "TLS 1.3 TLS_"));
	assert_non_null(strstr(words, "server verified by ca.pem over TCP"));
	assert_ptr_equal(net_stream_tls_of(w->a.stream), w->a.stream);
	assert_null(net_stream_tls_of(&w->trick->stream));
}

static void test_exporters_agree(void **state)
{
	struct world *w = *state;
	struct prism_error err = PRISM_ERROR_INIT;
	uint8_t one[48], two[48], other[48];
	shake(w);
	assert_int_equal(net_stream_tls_export(w->a.stream, "EXPORTER-x", "c", 1, one, 48, &err), 0);
	assert_int_equal(net_stream_tls_export(w->b.stream, "EXPORTER-x", "c", 1, two, 48, &err), 0);
	assert_int_equal(net_stream_tls_export(w->b.stream, "EXPORTER-x", "d", 1, other, 48, &err), 0);
	assert_memory_equal(one, two, 48);
	assert_memory_not_equal(one, other, 48);
}

static void test_bulk_both_ways(void **state)
{
	struct world *w = *state;
	size_t size = 20 * MIB + 3;
	char *bytes = prism_alloc(size);
	for (size_t i = 0; i < size; i++)
		bytes[i] = (char)(i * 2654435761u >> 13);
	w->a.out = w->b.out = bytes;
	w->a.out_len = w->b.out_len = size;
	start(w);
	for (int i = 0; i < 20000 && (w->a.got.len < size || w->b.got.len < size); i++)
		(void)prism_loop_turn(w->loop, 20);
	assert_int_equal(w->a.got.len, size);
	assert_int_equal(w->b.got.len, size);
	assert_memory_equal(w->a.got.data, bytes, size);
	assert_memory_equal(w->b.got.data, bytes, size);
	prism_free(bytes);
}

static void test_unknown_ca(void **state)
{
	struct world *w = *state;
	w->client_config.ca_pem = w->other_ca.cert_pem;
	w->client_config.ca_len = strlen(w->other_ca.cert_pem);
	assert_only_fails(w, NET_TLS_CHECK_CHAIN, "agent is not vouched for by ca.pem");
	assert_true(w->b.told); /* and the server hears why */
	assert_non_null(strstr(w->b.err.message, "CA of our certificate"));
}

static void test_expired(void **state)
{
	struct world *w = *state;
	testca_finish(&w->server);
	w->server = leaf("agent", "DNS:agent.example", "serverAuth", -7200, -60, &w->ca);
	assert_only_fails(w, NET_TLS_CHECK_DATES, "agent expired on ");
}

static void test_not_yet_valid(void **state)
{
	struct world *w = *state;
	testca_finish(&w->server);
	w->server = leaf("agent", "DNS:agent.example", "serverAuth", 60, 7200, &w->ca);
	assert_only_fails(w, NET_TLS_CHECK_DATES, "agent is not valid before ");
	close_sides(w);
	w->clock.wall += 120 * 1000000ll; /* the loop's clock is the one that counts */
	shake(w);
	assert_true(w->a.up);
}

static void test_wrong_name(void **state)
{
	struct world *w = *state;
	w->host = "other.example";
	assert_only_fails(w, NET_TLS_CHECK_NAME,
	                  "the certificate is for agent.example, 127.0.0.1, not for other.example");
	close_sides(w);
	w->host = "127.0.0.2";
	assert_only_fails(w, NET_TLS_CHECK_NAME, "not for 127.0.0.2");
}

static void test_common_name_is_no_name(void **state)
{
	struct world *w = *state;
	testca_finish(&w->server);
	w->server = leaf("agent.example", NULL, "serverAuth", 0, 0, &w->ca);
	assert_only_fails(w, NET_TLS_CHECK_NAME, "the certificate is for no host at all");
}

static void test_address(void **state)
{
	struct world *w = *state;
	w->host = "127.0.0.1";
	shake(w);
	assert_true(w->a.up);
	assert_string_equal(net_stream_tls_info(w->a.stream).sni, "");
}

static void test_wrong_purpose(void **state)
{
	struct world *w = *state;
	testca_finish(&w->server);
	w->server = leaf("agent", "DNS:agent.example", "clientAuth", 0, 0, &w->ca);
	assert_only_fails(w, NET_TLS_CHECK_PURPOSE, "agent may not be used by a server");
}

static void test_everything_wrong_is_all_told(void **state)
{
	struct world *w = *state;
	testca_finish(&w->server);
	w->server = leaf("agent", "DNS:x.example", "clientAuth", -7200, -60, &w->other_ca);
	shake(w);
	for (int id = NET_TLS_CHECK_CHAIN; id < NET_TLS_CHECK_COUNT; id++)
		assert_int_equal(outcome(&w->a, (enum net_tls_check_id)id), NET_TLS_FAIL);
}

static void test_name_not_asked_for(void **state)
{
	struct world *w = *state;
	w->host = "other.example";
	w->client_config.trust = NET_TLS_TRUST_NO_NAME;
	shake(w);
	assert_true(w->a.up);
	assert_int_equal(outcome(&w->a, NET_TLS_CHECK_NAME), NET_TLS_NOT_CHECKED);
}

static void test_own_certificate_as_anchor(void **state)
{
	struct world *w = *state;
	w->client_config.ca_pem = w->server.cert_pem;
	w->client_config.ca_len = strlen(w->server.cert_pem);
	shake(w);
	assert_true(w->a.up);
}

static void test_deferred_trust(void **state)
{
	struct world *w = *state;
	testca_finish(&w->server);
	w->server = leaf("anybody", NULL, NULL, -7200, -60, NULL);
	w->client_config.trust = NET_TLS_TRUST_DEFERRED;
	w->client_config.min_version = NET_TLS_1_3;
	shake(w);
	assert_true(w->a.up);
	for (int id = NET_TLS_CHECK_CHAIN; id < NET_TLS_CHECK_COUNT; id++)
		assert_int_equal(outcome(&w->a, (enum net_tls_check_id)id), NET_TLS_NOT_CHECKED);
	assert_int_equal(outcome(&w->a, NET_TLS_CHECK_PRESENT), NET_TLS_PASS);
}

static void require_client(struct world *w)
{
	w->server_config.ca_pem = w->ca.cert_pem;
	w->server_config.ca_len = strlen(w->ca.cert_pem);
}

static void test_mutual(void **state)
{
	struct world *w = *state;
	require_client(w);
	use(&w->client_config, &w->client);
	shake(w);
	assert_true(w->a.up);
	assert_true(w->b.up);
	assert_string_equal(net_cert_common_name(net_stream_tls_peer(w->b.stream, 0)), "user");
	assert_int_equal(outcome(&w->b, NET_TLS_CHECK_CHAIN), NET_TLS_PASS);
	assert_int_equal(outcome(&w->b, NET_TLS_CHECK_PURPOSE), NET_TLS_PASS);
}

/* TLS 1.3: the client is up before the server has judged; the reason comes with the first read. */
static void assert_refused_at_first_read(struct world *w, const char *words)
{
	shake(w);
	assert_true(w->a.up);
	assert_false(w->b.up);
	assert_true(w->a.ended);
	assert_int_equal(w->a.read_err.category, PRISM_ERROR_TRUST);
	assert_non_null(strstr(w->a.read_err.message, words));
	assert_string_not_equal(w->a.read_err.hint, "");
}

static void test_mutual_without_certificate(void **state)
{
	struct world *w = *state;
	require_client(w);
	assert_refused_at_first_read(w, "wants a client certificate");
	assert_non_null(strstr(w->b.err.message, "showed no certificate"));
}

static void test_mutual_with_foreign_certificate(void **state)
{
	struct world *w = *state;
	require_client(w);
	testca_finish(&w->client);
	w->client = leaf("stranger", NULL, "clientAuth", 0, 0, &w->other_ca);
	use(&w->client_config, &w->client);
	assert_refused_at_first_read(w, "does not know the CA of our certificate");
	assert_int_equal(outcome(&w->b, NET_TLS_CHECK_CHAIN), NET_TLS_FAIL);
}

static void test_mutual_with_server_certificate(void **state)
{
	struct world *w = *state;
	require_client(w);
	use(&w->client_config, &w->server);
	shake(w);
	assert_false(w->b.up);
	assert_int_equal(outcome(&w->b, NET_TLS_CHECK_PURPOSE), NET_TLS_FAIL);
}

static void test_byte_by_byte(void **state)
{
	struct world *w = *state;
	w->drip = true;
	shake(w);
	assert_true(w->a.up);
}

static void test_cut_and_changed_flights(void **state)
{
	struct world *w = *state;
	shake(w);
	int64_t flight = w->trick->seen;
	assert_true(flight > 500);
	close_sides(w);
	for (int64_t at = 0; at < flight; at += 7) {
		w->end_at = at;
		shake(w);
		assert_false(w->a.up);
		assert_true(w->a.told);
		close_sides(w);
		w->end_at = -1;
		w->flip_at = at;
		shake(w);
		assert_false(w->a.up && w->b.up && w->a.got.len > 0);
		if (w->a.told && !w->a.up)
			assert_string_not_equal(w->a.err.message, "");
		close_sides(w);
		w->flip_at = -1;
	}
}

static void test_changed_data_never_arrives(void **state)
{
	struct world *w = *state;
	w->b.out = "hello";
	w->b.out_len = 5;
	shake(w);
	assert_string_equal(prism_buf_text(&w->a.got), "hello");
	int64_t end = w->trick->seen;
	close_sides(w);
	/* The handshake before it varies by a few bytes (signatures in DER); these lie in the last
	 * record's 22 encrypted bytes all the same. */
	for (int64_t at = end - 16; at < end - 6; at++) {
		w->flip_at = at;
		w->b.out = "hello";
		w->b.out_len = 5;
		shake(w);
		assert_true(w->a.ended);
		assert_int_equal(w->a.got.len, 0);
		assert_int_equal(w->a.read_err.category, PRISM_ERROR_PROTOCOL);
		close_sides(w);
	}
}

static void test_large_certificates(void **state)
{
	struct world *w = *state;
	const struct testca_spec spec = {.name = "agent", .names = "DNS:agent.example", .bulk = 700000};
	testca_finish(&w->server);
	w->server = testca_make(&spec, &w->ca);
	start(w);
	turns(w, 300); /* the flight is larger than every buffer on its way */
	assert_true(w->a.up);
	close_sides(w);
	testca_finish(&w->server);
	w->server = testca_make(&(struct testca_spec){.name = "agent", .bulk = 1100000}, &w->ca);
	w->server_config.cert_pem = NULL;
	start(w);
	turns(w, 300);
	assert_false(w->a.up);
	assert_int_equal(w->a.err.category, PRISM_ERROR_LIMIT);
}

static void test_goodbye_and_truncation(void **state)
{
	struct world *w = *state;
	shake(w);
	net_stream_shutdown_write(w->b.stream);
	turns(w, 5);
	assert_true(w->a.ended);
	assert_int_equal(w->a.read_err.category, PRISM_ERROR_NONE);
	close_sides(w);
	shake(w);
	w->trick->end_at = w->trick->seen; /* the connection ends, and TLS did not say so */
	w->b.out = "x";
	w->b.out_len = 1;
	net_stream_want(w->b.stream, PRISM_LOOP_WRITE);
	turns(w, 5);
	assert_true(w->a.ended);
	assert_int_equal(w->a.read_err.category, PRISM_ERROR_IO);
	assert_int_equal(w->a.got.len, 0);
}

static void test_resumption(void **state)
{
	struct world *w = *state;
	for (int allowed = 0; allowed < 2; allowed++) {
		w->client_config.resumption = w->server_config.resumption = allowed;
		shake(w);
		struct net_tls *client = net_tls_ref(w->a.tls), *server = net_tls_ref(w->b.tls);
		close_sides(w);
		w->a.tls = client;
		w->b.tls = server;
		shake(w);
		assert_true(w->a.up);
		assert_int_equal(net_stream_tls_info(w->a.stream).resumed, allowed);
		assert_int_equal(outcome(&w->a, NET_TLS_CHECK_FRESH),
		                 allowed ? NET_TLS_NOT_CHECKED : NET_TLS_PASS);
		close_sides(w);
	}
}

static char seen_sni[256];

static int identity(void *data, const char *sni, struct prism_buf *cert, struct prism_buf *key,
                    struct prism_error *err)
{
	struct world *w = data;
	snprintf(seen_sni, sizeof(seen_sni), "%s", sni);
	if (strstr(sni, ".nonce") == NULL)
		return prism_error_raise(err, PRISM_ERROR_INVALID, "invalid server name");
	prism_buf_puts(cert, w->server.cert_pem);
	prism_buf_puts(key, w->server.key_pem);
	return 0;
}

static void test_identity_per_connection(void **state)
{
	struct world *w = *state;
	char nonce[135];
	memset(nonce, 'a', 128);
	memcpy(nonce + 128, ".nonce", 7);
	w->server_config.identity = identity;
	w->server_config.identity_data = w;
	w->sni = nonce;
	w->client_config.trust = NET_TLS_TRUST_DEFERRED;
	shake(w);
	assert_true(w->a.up);
	assert_string_equal(seen_sni, nonce);
	close_sides(w);
	w->sni = "";
	shake(w);
	assert_false(w->a.up);
	assert_string_equal(seen_sni, "");
	assert_non_null(strstr(w->a.err.message, "internal_error"));
}

static void test_silence_ends(void **state)
{
	struct world *w = *state;
	w->end_at = -1;
	start(w);
	net_stream_destroy(w->b.stream); /* nobody answers, and nobody hangs up either: see below */
	w->b.stream = NULL;
	close_sides(w);
	struct prism_error err = PRISM_ERROR_INIT;
	int pair[2];
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	w->a.tls = net_tls_create(&w->client_config, &err);
	const struct net_stream_tls_spec spec = {.tls = w->a.tls, .host = w->host, .timeout_ms = 900};
	w->a.stream = net_stream_tls_create(net_stream_fd_create(w->loop, pair[0]), &spec);
	net_stream_connect(w->a.stream, on_connected, on_ready, &w->a);
	turns(w, 5);
	prism_clock_manual_advance(&w->clock, 899);
	turns(w, 2);
	assert_false(w->a.told);
	prism_clock_manual_advance(&w->clock, 1);
	turns(w, 2);
	assert_true(w->a.told);
	assert_int_equal(w->a.err.category, PRISM_ERROR_TIMEOUT);
	close(pair[1]);
}

static void test_destroyed_at_every_stage(void **state)
{
	struct world *w = *state;
	for (int stage = 0; stage < 12; stage++) {
		start(w);
		turns(w, stage);
		net_stream_destroy(w->a.stream);
		w->a.stream = NULL;
		turns(w, 5);
		close_sides(w);
	}
}

/* Peers that are not ours. */

static void dial(struct world *w, const struct peer *peer)
{
	struct prism_error err = PRISM_ERROR_INIT;
	w->a.tls = net_tls_create(&w->client_config, &err);
	assert_non_null(w->a.tls);
	struct net_stream *tcp =
	    net_stream_tcp_create(w->loop, w->work, "127.0.0.1", peer_port(peer), 5000);
	const struct net_stream_tls_spec spec = {.tls = w->a.tls, .host = "127.0.0.1"};
	w->a.stream = net_stream_tls_create(tcp, &spec);
	net_stream_connect(w->a.stream, on_connected, on_ready, &w->a);
	for (int i = 0; i < 1000 && !w->a.told; i++)
		(void)prism_loop_turn(w->loop, 20);
	assert_true(w->a.told);
}

static void say_http(struct peer_conn *conn, void *data)
{
	char request[4096];
	(void)peer_read_request(conn, request, 10);
	(void)peer_puts(conn, data);
	peer_wait_closed(conn);
}

static void test_peer_without_tls(void **state)
{
	struct world *w = *state;
	static char http[] = "HTTP/1.1 400 Bad Request\r\n\r\n", h2[] = "\0\0\6\4\0\0\0\0\0";
	char *texts[] = {http, h2};
	for (size_t i = 0; i < PRISM_COUNT(texts); i++) {
		struct peer *peer = peer_start(say_http, texts[i], NULL);
		dial(w, peer);
		assert_false(w->a.up);
		if (i == 0) {
			assert_int_equal(w->a.err.category, PRISM_ERROR_PROTOCOL);
			assert_non_null(strstr(w->a.err.message, "does not speak TLS"));
		}
		assert_string_not_equal(w->a.err.hint, "");
		close_sides(w);
		peer_stop(peer);
	}
}

static void wait_closed(struct peer_conn *conn, void *data)
{
	peer_wait_closed(conn);
}

static void test_peer_without_alpn_or_version(void **state)
{
	struct world *w = *state;
	char pem[] = "/tmp/prism-tls-XXXXXX";
	int fd = mkstemp(pem);
	assert_true(fd >= 0);
	close(fd);
	const struct peer_certificate cert = {"127.0.0.1", -3600, 3600};
	SSL_CTX *ctx = peer_tls_create(&cert, pem);
	w->client_config.trust = NET_TLS_TRUST_DEFERRED;
	struct peer *peer = peer_start(wait_closed, NULL, ctx);
	dial(w, peer);
	assert_false(w->a.up);
	assert_int_equal(outcome(&w->a, NET_TLS_CHECK_ALPN), NET_TLS_FAIL);
	close_sides(w);
	w->client_config.alpn_optional = true;
	dial(w, peer);
	assert_true(w->a.up);
	close_sides(w);
	peer_stop(peer);

	SSL_CTX_set_max_proto_version(ctx, TLS1_2_VERSION);
	peer = peer_start(wait_closed, NULL, ctx);
	dial(w, peer);
	assert_true(w->a.up);
	assert_string_equal(net_stream_tls_info(w->a.stream).version_text, "TLS 1.2");
	close_sides(w);
	w->client_config.min_version = NET_TLS_1_3;
	dial(w, peer);
	assert_false(w->a.up);
	assert_non_null(strstr(w->a.err.message, "version"));
	peer_stop(peer);
	SSL_CTX_free(ctx);
	unlink(pem);
}

/* Settings. */

static void refuse(const struct net_tls_config *config, const char *words)
{
	struct prism_error err = PRISM_ERROR_INIT;
	char text[2048];
	assert_null(net_tls_create(config, &err));
	assert_int_equal(err.category, PRISM_ERROR_INVALID);
	assert_non_null(strstr(prism_error_format(&err, text, sizeof(text)), words));
}

static void test_settings_refused(void **state)
{
	struct world *w = *state;
	struct net_tls_config config = {.role = NET_TLS_SERVER};
	refuse(&config, "needs a certificate");
	use(&config, &w->server);
	config.key_pem = NULL;
	refuse(&config, "without its key");
	use(&config, &w->server);
	config.cert_pem = NULL;
	refuse(&config, "without its certificate");
	use(&config, &w->server);
	config.key_pem = w->client.key_pem;
	config.key_len = strlen(w->client.key_pem);
	refuse(&config, "do not belong together");
	config = w->client_config;
	config.ca_pem = "";
	config.ca_len = 0;
	refuse(&config, "no certificate"); /* an empty CA file is not "no CA" */
	config.ca_pem = w->server.key_pem;
	config.ca_len = strlen(w->server.key_pem);
	refuse(&config, "ca.pem");
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
	    T(test_handshake),
	    T(test_exporters_agree),
	    T(test_bulk_both_ways),
	    T(test_unknown_ca),
	    T(test_expired),
	    T(test_not_yet_valid),
	    T(test_wrong_name),
	    T(test_common_name_is_no_name),
	    T(test_address),
	    T(test_wrong_purpose),
	    T(test_everything_wrong_is_all_told),
	    T(test_name_not_asked_for),
	    T(test_own_certificate_as_anchor),
	    T(test_deferred_trust),
	    T(test_mutual),
	    T(test_mutual_without_certificate),
	    T(test_mutual_with_foreign_certificate),
	    T(test_mutual_with_server_certificate),
	    T(test_byte_by_byte),
	    T(test_cut_and_changed_flights),
	    T(test_changed_data_never_arrives),
	    T(test_large_certificates),
	    T(test_goodbye_and_truncation),
	    T(test_resumption),
	    T(test_identity_per_connection),
	    T(test_silence_ends),
	    T(test_destroyed_at_every_stage),
	    T(test_peer_without_tls),
	    T(test_peer_without_alpn_or_version),
	    T(test_settings_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
