/*
 * Attested TLS of generation 1 against a server of the test's own making: the negative tests of
 * reference attested-tls.md 2.12, each refused at its own rule and with no byte of the application
 * sent; flips all over the certificate; a nonce that never comes twice; no resumption.
 *
 * The certificate is built here from the reference's words, apart from the sandbox's reading.
 */
#include "base/clock.h"
#include "base/file.h"
#include "base/loop.h"
#include "base/mem.h"
#include "base/text.h"
#include "base/work.h"
#include "core/appraisal.h"
#include "core/attest.h"
#include "net/stream_tcp.h"
#include "sandbox/forge.h"
#include "tests/lib/peer.h"
#include "tests/lib/testca.h"
#include "tests/lib/tmpdir.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define TURNS_MAX 4000
#define NAMES 100

enum variant {
	SOUND,
	NO_EXTENSION,
	UNKNOWN_OID,
	EMPTY_EXTENSION,
	TRUNCATED,
	TWO_PLATFORMS, /* the evidence under two of the three numbers */
	WRONG_OID,     /* SNP evidence under TDX's number */
	OTHER_NONCE,
	OTHER_KEY,
	SHA2,    /* SHA-512 instead of SHA3-512 */
	SWAPPED, /* nonce before key */
	AK_NOT_COVERED,
	LAST_HALF, /* the quote carries the last 32 bytes of the hash */
	EXPIRED,
	NOT_YET_VALID,
	BROKEN_SIGNATURE, /* the leaf is signed by another key than its own */
	NO_SERVER_AUTH,
	HUGE,   /* larger than any Certificate message that is read */
	ISSUED, /* by the CA instead of itself */
	FLIPPED,
};

static struct server { /* what the peer's threads see; changed only while none runs */
	enum variant variant;
	size_t at; /* TRUNCATED: bytes left; FLIPPED: which byte */
	char names[NAMES][160];
	atomic_uint connections, application_bytes, resumed;
	atomic_size_t certificate_size;
} server;

static struct prism_loop *loop;
static struct prism_work *work;
static struct sb_forge *forge;
static struct testca authority, stranger, client_id;
static SSL_CTX *ctx;
static char *dir, *policy_json, *policy_tdx, *root_pem, *ca_pem, *stranger_pem, *client_cert,
    *client_key;

static char *put(const char *name, const void *data, size_t size)
{
	char *path = prism_path_join(dir, name);

	assert_int_equal(prism_file_write(path, data, size, 0600, NULL), 0);
	return path;
}

/* ---- the server's certificate --------------------------------------------------------------- */

static void hash_of(const char *name, const void *a, size_t a_size, const void *b, size_t b_size,
                    uint8_t out[64])
{
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	unsigned size = 64;

	if (EVP_DigestInit_ex(md, EVP_get_digestbyname(name), NULL) != 1 ||
	    EVP_DigestUpdate(md, a, a_size) != 1 || EVP_DigestUpdate(md, b, b_size) != 1 ||
	    EVP_DigestFinal_ex(md, out, &size) != 1)
		abort();
	EVP_MD_CTX_free(md);
}

static void binding_of(EVP_PKEY *key, const uint8_t nonce[64], uint8_t out[64])
{
	uint8_t *spki = NULL, changed[64];
	EVP_PKEY *other = server.variant == OTHER_KEY ? EVP_EC_gen("P-256") : NULL;
	int size = i2d_PUBKEY(other ? other : key, &spki);

	memcpy(changed, nonce, 64);
	changed[63] ^= server.variant == OTHER_NONCE;
	if (server.variant == SWAPPED)
		hash_of("SHA3-512", changed, 64, spki, (size_t)size, out);
	else
		hash_of(server.variant == SHA2 ? "SHA512" : "SHA3-512", spki, (size_t)size, changed, 64,
		        out);
	OPENSSL_free(spki);
	EVP_PKEY_free(other);
}

static void evidence_for(EVP_PKEY *key, const uint8_t nonce[64], struct prism_buf *out)
{
	enum sb_forge_fault fault =
	    server.variant == AK_NOT_COVERED ? SB_FORGE_AK_NOT_COVERED : SB_FORGE_SOUND;
	uint8_t binding[64];

	binding_of(key, nonce, binding);
	if (sb_forge_evidence(forge, SB_FORGE_SNP_VTPM, binding,
	                      binding + (server.variant == LAST_HALF ? 32 : 0), fault, out, NULL) < 0)
		abort();
	if (server.variant == TRUNCATED)
		out->len = server.at;
	if (server.variant == EMPTY_EXTENSION)
		out->len = 0;
}

static void add(X509 *cert, const char *oid, const void *data, size_t size)
{
	ASN1_OBJECT *number = OBJ_txt2obj(oid, 1);
	ASN1_OCTET_STRING *octets = ASN1_OCTET_STRING_new();
	X509_EXTENSION *extension;

	if (ASN1_OCTET_STRING_set(octets, data, (int)size) != 1 ||
	    !(extension = X509_EXTENSION_create_by_OBJ(NULL, number, 0, octets)) ||
	    X509_add_ext(cert, extension, -1) != 1)
		abort();
	X509_EXTENSION_free(extension);
	ASN1_OCTET_STRING_free(octets);
	ASN1_OBJECT_free(number);
}

static void add_evidence(X509 *cert, EVP_PKEY *key, const uint8_t nonce[64])
{
	PRISM_AUTO_BUF struct prism_buf evidence = PRISM_BUF_INIT(1u << 20);
	PRISM_AUTO_FREE uint8_t *bulk = NULL;

	evidence_for(key, nonce, &evidence);
	switch (server.variant) {
	case NO_EXTENSION:
		return;
	case HUGE:
		bulk = prism_alloc(2u << 20);
		add(cert, "2.99999.1.0", bulk, 2u << 20);
		return;
	case UNKNOWN_OID:
		add(cert, "2.99999.1.3", evidence.data, evidence.len);
		return;
	case WRONG_OID:
		add(cert, "2.99999.1.2", evidence.data, evidence.len);
		return;
	case TWO_PLATFORMS:
		add(cert, "2.99999.1.1", evidence.data, evidence.len);
		break;
	default:
		break;
	}
	add(cert, "2.99999.1.0", evidence.data, evidence.len);
}

static void add_usual(X509 *cert)
{
	X509_EXTENSION *use =
	    X509V3_EXT_conf_nid(NULL, NULL, NID_ext_key_usage,
	                        server.variant == NO_SERVER_AUTH ? "clientAuth" : "serverAuth");

	if (!use || X509_add_ext(cert, use, -1) != 1)
		abort();
	X509_EXTENSION_free(use);
}

static void sign(X509 *cert, EVP_PKEY *own)
{
	EVP_PKEY *other = NULL;

	if (server.variant == ISSUED) {
		BIO *key = BIO_new_mem_buf(authority.key_pem, -1),
		    *ca = BIO_new_mem_buf(authority.cert_pem, -1);
		X509 *issuer = PEM_read_bio_X509(ca, NULL, NULL, NULL);

		other = PEM_read_bio_PrivateKey(key, NULL, NULL, NULL);
		X509_set_issuer_name(cert, X509_get_subject_name(issuer));
		X509_free(issuer);
		BIO_free(key);
		BIO_free(ca);
	}
	if (server.variant == BROKEN_SIGNATURE)
		other = EVP_EC_gen("P-256");
	if (X509_sign(cert, other ? other : own, EVP_sha256()) <= 0)
		abort();
	EVP_PKEY_free(other);
}

static X509 *certificate(EVP_PKEY *key, const uint8_t nonce[64])
{
	X509 *cert = X509_new();
	X509_NAME *name = X509_get_subject_name(cert);
	long from = server.variant == NOT_YET_VALID ? 3600 : -3600;
	long until = server.variant == EXPIRED ? -60 : 86400;

	X509_set_version(cert, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(cert), 1764000000);
	X509_gmtime_adj(X509_getm_notBefore(cert), from);
	X509_gmtime_adj(X509_getm_notAfter(cert), until);
	X509_NAME_add_entry_by_txt(name, "O", MBSTRING_ASC, (const uint8_t *)"Ultraviolet", -1, -1, 0);
	X509_set_issuer_name(cert, name);
	X509_set_pubkey(cert, key);
	add_usual(cert);
	add_evidence(cert, key, nonce);
	sign(cert, key);
	return cert;
}

/* One byte of the finished certificate turned over; NULL when no certificate is left. */
static X509 *flip(X509 *cert)
{
	uint8_t *der = NULL;
	int size = i2d_X509(cert, &der);
	const uint8_t *at = der;

	X509_free(cert);
	server.certificate_size = (size_t)size;
	der[server.at % (size_t)size] ^= 1;
	cert = d2i_X509(NULL, &at, size);
	OPENSSL_free(der);
	return cert;
}

static int on_certificate(SSL *ssl, void *unused)
{
	const char *name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
	uint8_t nonce[64];
	size_t size = 0;
	unsigned index = server.connections++;

	if (!name || strlen(name) != 134 || strcmp(name + 128, ".nonce") != 0 ||
	    prism_hex_decode(name, 128, nonce, sizeof(nonce), &size, NULL) < 0 || size != 64)
		return 0;
	snprintf(server.names[index % NAMES], sizeof(server.names[0]), "%s", name);
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *cert = certificate(key, nonce);
	if (server.variant == FLIPPED)
		cert = flip(cert);
	int ok = cert && SSL_use_certificate(ssl, cert) == 1 && SSL_use_PrivateKey(ssl, key) == 1;
	X509_free(cert);
	EVP_PKEY_free(key);
	return ok;
}

static int on_alpn(SSL *ssl, const unsigned char **out, unsigned char *out_size,
                   const unsigned char *in, unsigned in_size, void *unused)
{
	static const unsigned char h2[] = "\2h2";

	return SSL_select_next_proto((unsigned char **)(uintptr_t)out, out_size, h2, 3, in, in_size) ==
	               OPENSSL_NPN_NEGOTIATED
	           ? SSL_TLSEXT_ERR_OK
	           : SSL_TLSEXT_ERR_NOACK;
}

static void serve(struct peer_conn *conn, void *data)
{
	char piece[4096];
	size_t size;

	server.resumed += SSL_session_reused(peer_ssl(conn)) != 0;
	while ((size = peer_read(conn, piece, sizeof(piece))) > 0)
		server.application_bytes += (unsigned)size;
}

static SSL_CTX *server_context(void)
{
	SSL_CTX *made = SSL_CTX_new(TLS_server_method());

	SSL_CTX_set_cert_cb(made, on_certificate, NULL);
	SSL_CTX_set_alpn_select_cb(made, on_alpn, NULL);
	SSL_CTX_set_session_id_context(made, (const uint8_t *)"test", 4);
	SSL_CTX_set_num_tickets(made, 2); /* as Go's servers: nobody has to take them */
	return made;
}

/* ---- setup ---------------------------------------------------------------------------------- */

static int setup(void **state)
{
	static const char tdx[] = "{\"policy\":{\"headerPolicy\":{\"minimumQeSvn\":0},"
	                          "\"tdQuoteBodyPolicy\":{}},\"rootOfTrust\":{}}";
	PRISM_AUTO_BUF struct prism_buf json = PRISM_BUF_INIT(1u << 16);

	loop = prism_loop_create(prism_clock_system());
	work = prism_work_create(loop, 1);
	forge = sb_forge_create(NULL);
	assert_non_null(forge);
	authority = testca_make(&(struct testca_spec){.name = "CA", .ca = true}, NULL);
	stranger = testca_make(&(struct testca_spec){.name = "Other CA", .ca = true}, NULL);
	client_id = testca_make(&(struct testca_spec){.name = "client"}, &authority);
	ctx = server_context();
	dir = tmpdir_create();
	sb_forge_policy(forge, &json);
	policy_json = put("policy.json", json.data, json.len);
	policy_tdx = put("tdx.json", tdx, sizeof(tdx) - 1);
	root_pem = put("root.pem", sb_forge_root_pem(forge), strlen(sb_forge_root_pem(forge)));
	ca_pem = put("ca.pem", authority.cert_pem, strlen(authority.cert_pem));
	stranger_pem = put("stranger.pem", stranger.cert_pem, strlen(stranger.cert_pem));
	client_cert = put("client.pem", client_id.cert_pem, strlen(client_id.cert_pem));
	client_key = put("client-key.pem", client_id.key_pem, strlen(client_id.key_pem));
	return 0;
}

static int teardown(void **state)
{
	char *const paths[] = {policy_json,  policy_tdx,  root_pem,  ca_pem,
	                       stranger_pem, client_cert, client_key};

	tmpdir_remove(dir);
	for (size_t i = 0; i < PRISM_COUNT(paths); i++)
		prism_free(paths[i]);
	SSL_CTX_free(ctx);
	testca_finish(&authority);
	testca_finish(&stranger);
	testca_finish(&client_id);
	sb_forge_destroy(forge);
	prism_work_destroy(work);
	prism_loop_destroy(loop);
	return 0;
}

static struct core_attest_config plain(void)
{
	return (struct core_attest_config){
	    .mode = CORE_TLS_ATLS, .policy_file = policy_json, .trust_root_file = root_pem};
}

/* ---- one connection ------------------------------------------------------------------------- */

struct outcome {
	bool over, up;
	struct prism_error err;
};

static void connected(void *data, const struct prism_error *err)
{
	struct outcome *o = data;

	o->over = true;
	o->up = !err;
	prism_error_copy(&o->err, err);
}

static void ready(void *data, unsigned events)
{
}

/* The appraisal stays with attest. */
static struct outcome dial(struct core_attest *attest, const struct peer *peer)
{
	struct outcome o = {.over = false, .err = PRISM_ERROR_INIT};
	struct net_stream *stream = core_attest_stream(
	    attest, net_stream_tcp_create(loop, work, "127.0.0.1", peer_port(peer), 5000), "127.0.0.1");

	net_stream_connect(stream, connected, ready, &o);
	for (unsigned turn = 0; turn < TURNS_MAX && !o.over; turn++)
		prism_loop_turn(loop, 50);
	assert_true(o.over);
	net_stream_destroy(stream);
	prism_loop_turn(loop, 0);
	return o;
}

static struct core_attest *open_client(const struct core_attest_config *config)
{
	struct prism_error err = PRISM_ERROR_INIT;
	struct core_attest *attest = core_attest_create(loop, config, &err);

	if (!attest)
		fail_msg("%s", err.message);
	return attest;
}

static enum core_verdict_state state_of(const struct core_attest *attest)
{
	struct core_appraisal *last = core_attest_last(attest);

	return last ? core_verdict_state(core_appraisal_verdict(last)) : CORE_VERDICT_OPEN;
}

static void print_verdict(const struct core_attest *attest)
{
	struct core_appraisal *last = core_attest_last(attest);
	PRISM_AUTO_FREE char *text =
	    last ? core_verdict_text(core_appraisal_verdict(last)) : prism_strdup("no verdict\n");

	print_error("%s", text);
}

static void expect_attested(enum variant variant, const struct core_attest_config *config)
{
	struct core_attest *attest = open_client(config);

	server.variant = variant;
	struct peer *peer = peer_start(serve, NULL, ctx);
	struct outcome o = dial(attest, peer);
	peer_stop(peer);
	if (!o.up || state_of(attest) != CORE_VERDICT_ATTESTED) {
		print_verdict(attest);
		fail_msg("variant %d: %s", (int)variant, o.err.message);
	}
	core_attest_unref(attest);
}

/* rule COUNT: the connection breaks before anything is judged, with these words. */
static void expect_refused(enum variant variant, const struct core_attest_config *config,
                           enum core_rule rule, const char *words)
{
	struct core_attest *attest = open_client(config);

	server.variant = variant;
	server.application_bytes = 0;
	struct peer *peer = peer_start(serve, NULL, ctx);
	struct outcome o = dial(attest, peer);
	peer_stop(peer);
	assert_false(o.up);
	assert_int_equal(server.application_bytes, 0);
	if (rule == CORE_RULE_COUNT) {
		assert_null(core_attest_last(attest));
		if (!strstr(o.err.message, words))
			fail_msg("variant %d: \"%s\" does not say \"%s\"", (int)variant, o.err.message, words);
	} else if (!core_attest_last(attest)) {
		fail_msg("variant %d: nothing was judged: %s", (int)variant, o.err.message);
	} else {
		const struct core_verdict *verdict = core_appraisal_verdict(core_attest_last(attest));
		const struct core_check *worst = core_verdict_worst(verdict);

		if (core_verdict_state(verdict) == CORE_VERDICT_ATTESTED || !worst || worst->rule != rule) {
			print_verdict(attest);
			fail_msg("variant %d: not first of all %s", (int)variant, core_rule_id(rule));
		}
	}
	core_attest_unref(attest);
}

/* ---- tests ---------------------------------------------------------------------------------- */

static void test_sound(void **state)
{
	struct core_attest_config config = plain();

	expect_attested(SOUND, &config);
}

static void test_each_refusal_at_its_own_rule(void **state)
{
	static const struct {
		enum variant variant;
		enum core_rule rule;
	} rows[] = {
	    {NO_EXTENSION, CORE_RULE_EVIDENCE},
	    {UNKNOWN_OID, CORE_RULE_EVIDENCE},
	    {EMPTY_EXTENSION, CORE_RULE_EVIDENCE},
	    {TWO_PLATFORMS, CORE_RULE_EVIDENCE},
	    {WRONG_OID, CORE_RULE_EVIDENCE},
	    {OTHER_NONCE, CORE_RULE_FRESH},
	    {OTHER_KEY, CORE_RULE_FRESH},
	    {SHA2, CORE_RULE_FRESH},
	    {SWAPPED, CORE_RULE_FRESH},
	    {AK_NOT_COVERED, CORE_RULE_FRESH},
	    {LAST_HALF, CORE_RULE_QUOTE_SIGNED},
	    {EXPIRED, CORE_RULE_LEAF},
	    {NOT_YET_VALID, CORE_RULE_LEAF},
	    {BROKEN_SIGNATURE, CORE_RULE_LEAF},
	    {NO_SERVER_AUTH, CORE_RULE_LEAF},
	};
	struct core_attest_config config = plain();

	for (size_t i = 0; i < PRISM_COUNT(rows); i++)
		expect_refused(rows[i].variant, &config, rows[i].rule, "");
}

static void test_truncated_evidence(void **state)
{
	struct core_attest_config config = plain();

	for (server.at = 1; server.at <= 32; server.at++)
		expect_refused(TRUNCATED, &config, CORE_RULE_EVIDENCE, "");
}

static void test_certificates_larger_than_the_limit(void **state)
{
	struct core_attest_config config = plain();

	expect_refused(HUGE, &config, CORE_RULE_COUNT, "larger");
}

static void test_with_a_ca(void **state)
{
	struct core_attest_config config = plain();

	config.mode = CORE_TLS_MATLS;
	config.client_cert_file = client_cert;
	config.client_key_file = client_key;
	config.server_ca_file = ca_pem;
	expect_attested(ISSUED, &config);
	expect_refused(SOUND, &config, CORE_RULE_SERVER_CA, ""); /* signs itself */
	config.server_ca_file = stranger_pem;
	expect_refused(ISSUED, &config, CORE_RULE_SERVER_CA, "");
}

static void test_policy_of_another_platform(void **state)
{
	struct core_attest_config config = plain();

	config.policy_file = policy_tdx;
	expect_refused(SOUND, &config, CORE_RULE_REFERENCE, "");
}

static void test_peers_without_tls_1_3_or_http_2(void **state)
{
	struct core_attest_config config = plain();

	SSL_CTX_set_max_proto_version(ctx, TLS1_2_VERSION);
	expect_refused(SOUND, &config, CORE_RULE_COUNT, "version");
	SSL_CTX_set_max_proto_version(ctx, 0);
	SSL_CTX_set_alpn_select_cb(ctx, NULL, NULL);
	expect_refused(SOUND, &config, CORE_RULE_COUNT, "HTTP/2");
	SSL_CTX_set_alpn_select_cb(ctx, on_alpn, NULL);
}

/* One settings object, many connections: each with a nonce of its own, none resumed, and not one
 * connection more than was asked for. */
static void test_every_connection_is_new(void **state)
{
	struct core_attest_config config = plain();
	struct core_attest *attest = open_client(&config);

	server.variant = NO_EXTENSION; /* the cheapest; the name is sent all the same */
	server.connections = server.resumed = 0;
	struct peer *peer = peer_start(serve, NULL, ctx);
	for (unsigned i = 0; i < NAMES; i++)
		dial(attest, peer);
	assert_int_equal(peer_connections(peer), NAMES);
	peer_stop(peer);
	core_attest_unref(attest);
	assert_int_equal(server.connections, NAMES);
	assert_int_equal(server.resumed, 0);
	for (unsigned i = 0; i < NAMES; i++)
		for (unsigned j = i + 1; j < NAMES; j++)
			assert_string_not_equal(server.names[i], server.names[j]);
}

static void test_a_sound_peer_is_not_resumed_either(void **state)
{
	struct core_attest_config config = plain();
	struct core_attest *attest = open_client(&config);

	server.variant = SOUND;
	server.resumed = 0;
	struct peer *peer = peer_start(serve, NULL, ctx);
	for (unsigned i = 0; i < 3; i++)
		assert_true(dial(attest, peer).up);
	peer_stop(peer);
	core_attest_unref(attest);
	assert_int_equal(server.resumed, 0);
}

/* Only the issuer's name may differ: then the certificate does not claim to sign itself, as that of
 * an agent with a CA, and the verdict says that nobody checked who issued it. */
static bool issuer_not_checked(const struct core_attest *attest)
{
	const struct core_verdict *verdict = core_appraisal_verdict(core_attest_last(attest));
	const struct core_check *check = core_verdict_find(verdict, CORE_RULE_SERVER_CA);

	return check && check->result == CORE_CHECK_SKIPPED;
}

/* The certificate is the whole transcript of this generation: no other byte of it may be turned
 * over.  A prime step visits header, names, key, evidence and signature. */
static void test_no_byte_of_the_certificate_may_change(void **state)
{
	struct core_attest_config config = plain();
	struct core_attest *attest = open_client(&config);
	unsigned refused = 0;

	server.variant = FLIPPED;
	server.at = 0;
	server.application_bytes = 0;
	server.certificate_size = SIZE_MAX;
	struct peer *peer = peer_start(serve, NULL, ctx);
	for (; server.at < server.certificate_size; server.at += 41, refused++)
		if (dial(attest, peer).up && (server.at > 200 || !issuer_not_checked(attest)))
			fail_msg("byte %zu was turned over and nobody minded", server.at);
	peer_stop(peer);
	core_attest_unref(attest);
	assert_int_equal(server.application_bytes, 0);
	assert_true(refused > 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_sound),
	    cmocka_unit_test(test_each_refusal_at_its_own_rule),
	    cmocka_unit_test(test_truncated_evidence),
	    cmocka_unit_test(test_certificates_larger_than_the_limit),
	    cmocka_unit_test(test_with_a_ca),
	    cmocka_unit_test(test_policy_of_another_platform),
	    cmocka_unit_test(test_peers_without_tls_1_3_or_http_2),
	    cmocka_unit_test(test_every_connection_is_new),
	    cmocka_unit_test(test_a_sound_peer_is_not_resumed_either),
	    cmocka_unit_test(test_no_byte_of_the_certificate_may_change),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
