/*
 * TLS settings: PEM texts become an SSL_CTX with our rules.  Judging certificates is in
 * net/tls_verify.c, connections in net/stream_tls.c.
 */
#include "net/tls_private.h"

#include "net/crypto.h"
#include "net/crypto_ossl.h"

#include <openssl/err.h>
#include <openssl/pem.h>

#define CHAIN_MAX 16 /* own intermediates; stops a file that is something else */
#define CA_MAX 10000

static const unsigned char alpn_h2[] = {2, 'h', '2'};

/* Certificates of a PEM text, one by one, until fn fails or they are over. Returns how many. */
static int each_certificate(const char *pem, size_t len, int max,
                            int (*fn)(void *data, int index, X509 *cert), void *data,
                            struct prism_error *err)
{
	int count = 0;
	if (len > INT32_MAX)
		return prism_error_raise(err, PRISM_ERROR_LIMIT, "the PEM text is too large");
	BIO *bio = BIO_new_mem_buf(pem, (int)len);
	net_ossl_require(bio != NULL, "BIO_new_mem_buf");
	for (X509 *cert; count < max && (cert = PEM_read_bio_X509(bio, NULL, NULL, NULL)); count++) {
		int taken = fn(data, count, cert);
		X509_free(cert);
		if (taken != 1) {
			BIO_free(bio);
			return net_ossl_error(err, PRISM_ERROR_INVALID, "a certificate cannot be used");
		}
	}
	BIO_free(bio);
	net_ossl_forget(); /* the end of a PEM text is an error in OpenSSL's queue */
	if (count == 0)
		return prism_error_raise(err, PRISM_ERROR_INVALID, "no certificate in the PEM text");
	return count;
}

/* Authorities. */

static int store_add(void *store, int index, X509 *cert)
{
	return X509_STORE_add_cert(store, cert);
}

static int client_ca_add(void *ctx, int index, X509 *cert)
{
	return SSL_CTX_add_client_CA(ctx, cert);
}

static int roots_load(struct net_tls *tls, const struct net_tls_config *config,
                      struct prism_error *err)
{
	X509_STORE *store = SSL_CTX_get_cert_store(tls->ctx);
	/* Every certificate of the file is an anchor, also an intermediate or the agent's own: that is
	 * how the other clients of these agents read it. */
	X509_STORE_set_flags(store, X509_V_FLAG_PARTIAL_CHAIN);
	if (!config->ca_pem) {
		tls->ca_name = prism_strdup(config->ca_name ? config->ca_name : "the system's CAs");
		if (config->role == NET_TLS_CLIENT && config->trust != NET_TLS_TRUST_DEFERRED)
			net_ossl_require(SSL_CTX_set_default_verify_paths(tls->ctx) == 1, "verify paths");
		return 0;
	}
	tls->ca_name = prism_strdup(config->ca_name ? config->ca_name : "the given CA");
	if (each_certificate(config->ca_pem, config->ca_len, CA_MAX, store_add, store, err) < 0)
		return prism_error_wrap(err, "the CA %s cannot be read", tls->ca_name);
	if (config->role == NET_TLS_SERVER &&
	    each_certificate(config->ca_pem, config->ca_len, CA_MAX, client_ca_add, tls->ctx, err) < 0)
		return -1;
	return 0;
}

/* Own identity. */

struct identity_target {
	SSL_CTX *ctx;
	SSL *ssl; /* NULL: ctx */
};

static int own_certificate(void *data, int index, X509 *cert)
{
	const struct identity_target *to = data;
	if (index == 0)
		return to->ssl ? SSL_use_certificate(to->ssl, cert)
		               : SSL_CTX_use_certificate(to->ctx, cert);
	return to->ssl ? (int)SSL_add1_chain_cert(to->ssl, cert)
	               : (int)SSL_CTX_add1_chain_cert(to->ctx, cert);
}

int net_tls_use_identity(SSL_CTX *ctx, SSL *ssl, const char *cert_pem, size_t cert_len,
                         const char *key_pem, size_t key_len, const struct prism_secret *passphrase,
                         struct prism_error *err)
{
	struct identity_target target = {ctx, ssl};
	if (each_certificate(cert_pem, cert_len, CHAIN_MAX, own_certificate, &target, err) < 0)
		return prism_error_wrap(err, "the own certificate cannot be used");
	struct net_key *key = net_key_read_private(key_pem, key_len, passphrase, err);
	if (!key)
		return prism_error_wrap(err, "the key of the own certificate cannot be read");
	int used = ssl ? SSL_use_PrivateKey(ssl, net_key_pkey(key))
	               : SSL_CTX_use_PrivateKey(ctx, net_key_pkey(key));
	net_key_destroy(key);
	if (used == 1)
		return 0;
	net_ossl_error(err, PRISM_ERROR_INVALID, "certificate and key do not belong together");
	prism_error_hint(err, "give the key that the certificate was made for");
	return -1;
}

/* Server: called with the ClientHello. */
static int on_identity(SSL *ssl, void *unused)
{
	struct net_tls_peer *peer = SSL_get_app_data(ssl);
	struct prism_error err = PRISM_ERROR_INIT;
	struct prism_buf cert = PRISM_BUF_INIT(4u << 20), key = PRISM_BUF_INIT(1u << 16);
	const char *sni = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
	int made = peer->tls->identity(peer->tls->identity_data, sni ? sni : "", &cert, &key, &err);
	if (made == 0)
		made = net_tls_use_identity(NULL, ssl, prism_buf_text(&cert), cert.len,
		                            prism_buf_text(&key), key.len, NULL, &err);
	prism_buf_finish(&cert);
	prism_buf_wipe(&key);
	return made == 0; /* 0: alert internal_error */
}

static int identity_load(struct net_tls *tls, const struct net_tls_config *config,
                         struct prism_error *err)
{
	if (config->identity) {
		SSL_CTX_set_cert_cb(tls->ctx, on_identity, NULL);
		return 0;
	}
	if (!config->cert_pem != !config->key_pem) {
		prism_error_raise(err, PRISM_ERROR_INVALID,
		                  config->key_pem ? "a key was given without its certificate"
		                                  : "a certificate was given without its key");
		prism_error_hint(err, "give both or neither");
		return -1;
	}
	if (config->cert_pem)
		return net_tls_use_identity(tls->ctx, NULL, config->cert_pem, config->cert_len,
		                            config->key_pem, config->key_len, config->key_passphrase, err);
	if (config->role == NET_TLS_SERVER)
		return prism_error_raise(err, PRISM_ERROR_INVALID,
		                         "a TLS server needs a certificate and its key");
	return 0;
}

/* Rules. */

static int on_alpn_select(SSL *ssl, const unsigned char **out, unsigned char *out_len,
                          const unsigned char *in, unsigned in_len, void *unused)
{
	unsigned char *chosen;
	if (SSL_select_next_proto(&chosen, out_len, alpn_h2, sizeof(alpn_h2), in, in_len) !=
	    OPENSSL_NPN_NEGOTIATED)
		return SSL_TLSEXT_ERR_ALERT_FATAL;
	*out = chosen;
	return SSL_TLSEXT_ERR_OK;
}

static int on_session(SSL *ssl, SSL_SESSION *session)
{
	struct net_tls_peer *peer = SSL_get_app_data(ssl);
	SSL_SESSION_free(peer->tls->session);
	peer->tls->session = session; /* 1: the reference is ours */
	return 1;
}

static void on_info(const SSL *ssl, int where, int value)
{
	struct net_tls_peer *peer = SSL_get_app_data(ssl);
	bool warning = (value >> 8) == SSL3_AL_WARNING; /* close_notify */
	if (peer && (where & SSL_CB_ALERT) && (where & SSL_CB_READ) && !warning)
		peer->alert = value & 0xff;
}

static void resumption_set(SSL_CTX *ctx, const struct net_tls_config *config)
{
	static const unsigned char id[] = "prism";
	if (!config->resumption) {
		SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
		SSL_CTX_set_options(ctx, SSL_OP_NO_TICKET);
		SSL_CTX_set_num_tickets(ctx, 0);
	} else if (config->role == NET_TLS_CLIENT) {
		SSL_CTX_set_session_cache_mode(ctx,
		                               SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL_STORE);
		SSL_CTX_sess_set_new_cb(ctx, on_session);
	} else {
		SSL_CTX_set_session_id_context(ctx, id, sizeof(id) - 1);
	}
}

static void rules_set(struct net_tls *tls, const struct net_tls_config *config)
{
	SSL_CTX *ctx = tls->ctx;
	int version = config->min_version == NET_TLS_1_3 ? TLS1_3_VERSION : TLS1_2_VERSION;
	net_ossl_require(SSL_CTX_set_min_proto_version(ctx, version) == 1, "minimum version");
	SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
	                             SSL_OP_CIPHER_SERVER_PREFERENCE);
	SSL_CTX_set_mode(ctx, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	SSL_CTX_set_max_cert_list(ctx, NET_TLS_CERT_LIST_MAX);
	SSL_CTX_set_info_callback(ctx, on_info);
	SSL_CTX_set_cert_verify_callback(ctx, net_tls_verify, NULL);
	if (config->role == NET_TLS_CLIENT) {
		net_ossl_require(SSL_CTX_set_alpn_protos(ctx, alpn_h2, sizeof(alpn_h2)) == 0, "ALPN");
		tls->judges = true;
		SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
	} else {
		SSL_CTX_set_alpn_select_cb(ctx, on_alpn_select, NULL);
		tls->judges = config->ca_pem && config->trust != NET_TLS_TRUST_DEFERRED;
		SSL_CTX_set_verify(
		    ctx, tls->judges ? SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT : SSL_VERIFY_NONE,
		    NULL);
	}
	resumption_set(ctx, config);
}

struct net_tls *net_tls_create(const struct net_tls_config *config, struct prism_error *err)
{
	struct net_tls *tls = prism_alloc(sizeof(*tls));
	tls->refs = 1;
	tls->role = config->role;
	tls->trust = config->trust;
	tls->resumption = config->resumption;
	tls->alpn_optional = config->alpn_optional;
	tls->identity = config->identity;
	tls->identity_data = config->identity_data;
	tls->ctx =
	    SSL_CTX_new(config->role == NET_TLS_CLIENT ? TLS_client_method() : TLS_server_method());
	net_ossl_require(tls->ctx != NULL, "SSL_CTX_new");
	rules_set(tls, config);
	if (roots_load(tls, config, err) < 0 || identity_load(tls, config, err) < 0) {
		net_tls_unref(tls);
		return NULL;
	}
	return tls;
}

struct net_tls *net_tls_ref(struct net_tls *tls)
{
	tls->refs++;
	return tls;
}

void net_tls_unref(struct net_tls *tls)
{
	if (!tls || --tls->refs > 0)
		return;
	SSL_SESSION_free(tls->session);
	SSL_CTX_free(tls->ctx);
	prism_free(tls->ca_name);
	prism_free(tls);
}
