/*
 * What an attested agent says: certificates of generation 1, authenticators of generation 2.
 *
 * Formulas of the authenticator (RFC 9261 section 5.2, reference attested-tls.md 3.6):
 *   CertificateVerify over 64 spaces, "Exported Authenticator", NUL, H(context, request, cert)
 *   Finished = HMAC(finished key, H(context, request, cert, verify))
 */
#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "net/crypto.h"
#include "net/ea.h"
#include "net/stream_tls.h"
#include "sandbox/atls_private.h"

#include <openssl/ec.h>
#include <openssl/hmac.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>
#include <string.h>

#define DAY 86400L
#define EVIDENCE_MAX (1u << 20)
#define HASH_MAX 48u

/* ---- certificates --------------------------------------------------------------------------- */

static bool add_text_extension(X509 *cert, int nid, const char *value)
{
	X509V3_CTX ctx;
	X509V3_set_ctx_nodb(&ctx);
	X509V3_set_ctx(&ctx, cert, cert, NULL, NULL, 0);
	X509_EXTENSION *ext = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
	bool ok = ext && X509_add_ext(cert, ext, -1);

	X509_EXTENSION_free(ext);
	return ok;
}

static X509 *start_leaf(EVP_PKEY *key, const char *name, long from, long to)
{
	X509 *cert = X509_new();
	X509_NAME *subject = cert ? X509_get_subject_name(cert) : NULL;

	if (cert && X509_set_version(cert, 2) && ASN1_INTEGER_set(X509_get_serialNumber(cert), 7) &&
	    X509_gmtime_adj(X509_getm_notBefore(cert), from) &&
	    X509_gmtime_adj(X509_getm_notAfter(cert), to) && X509_set_pubkey(cert, key) &&
	    X509_NAME_add_entry_by_txt(subject, "O", MBSTRING_UTF8,
	                               (const unsigned char *)"Prism sandbox, NOT A TEE", -1, -1, 0) &&
	    X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8, (const unsigned char *)name, -1,
	                               -1, 0) &&
	    X509_set_issuer_name(cert, subject) &&
	    add_text_extension(cert, NID_key_usage, "critical,digitalSignature") &&
	    add_text_extension(cert, NID_ext_key_usage, "serverAuth") &&
	    add_text_extension(cert, NID_basic_constraints, "critical,CA:FALSE"))
		return cert;
	X509_free(cert);
	return NULL;
}

int sb_atls_ephemeral(struct sb_atls *atls, struct prism_error *err)
{
	atls->key = EVP_EC_gen("P-256");
	atls->cert = atls->key ? start_leaf(atls->key, "sandbox-atls-ephemeral", -3600, DAY) : NULL;
	if (!atls->cert || !add_text_extension(atls->cert, NID_subject_alt_name, "DNS:localhost") ||
	    X509_sign(atls->cert, atls->key, EVP_sha256()) <= 0)
		return prism_error_raise(err, PRISM_ERROR_INTERNAL, "cannot make an agent identity");
	return 0;
}

static bool add_evidence(X509 *cert, bool azure, const struct prism_buf *evidence)
{
	ASN1_OBJECT *oid = OBJ_txt2obj(azure ? "2.99999.1.1" : "2.99999.1.0", 1);
	ASN1_OCTET_STRING *octets = ASN1_OCTET_STRING_new();
	X509_EXTENSION *ext = NULL;
	bool ok =
	    oid && octets &&
	    ASN1_OCTET_STRING_set(octets, (const unsigned char *)evidence->data, (int)evidence->len) &&
	    (ext = X509_EXTENSION_create_by_OBJ(NULL, oid, 0, octets)) != NULL &&
	    X509_add_ext(cert, ext, -1);

	X509_EXTENSION_free(ext);
	ASN1_OCTET_STRING_free(octets);
	ASN1_OBJECT_free(oid);
	return ok;
}

static int spki_of(EVP_PKEY *key, uint8_t **ret, struct prism_error *err)
{
	int size = i2d_PUBKEY(key, ret);

	return size > 0 ? size : prism_error_raise(err, PRISM_ERROR_INTERNAL, "cannot encode a key");
}

/* SHA3-512(SPKI || nonce) */
static int gen1_binding(EVP_PKEY *key, const uint8_t nonce[64], uint8_t out[64],
                        struct prism_error *err)
{
	uint8_t *spki = NULL, full[NET_DIGEST_MAX];
	int size = spki_of(key, &spki, err);

	if (size < 0)
		return -1;
	struct net_digest *digest = net_digest_create(NET_SHA3_512);
	net_digest_update(digest, spki, (size_t)size);
	net_digest_update(digest, nonce, 64);
	net_digest_final(digest, full);
	net_digest_destroy(digest);
	OPENSSL_free(spki);
	memcpy(out, full, 64);
	return 0;
}

int sb_atls_gen1_certificate(struct sb_atls *atls, const uint8_t nonce[64],
                             struct prism_buf *ret_cert, struct prism_buf *ret_key,
                             struct prism_error *err)
{
	enum sb_atls_fault fault = atls->config.fault;
	PRISM_AUTO_BUF struct prism_buf evidence = PRISM_BUF_INIT(EVIDENCE_MAX);
	EVP_PKEY *key = EVP_EC_gen("P-256"), *other = EVP_EC_gen("P-256");
	bool expired = fault == SB_ATLS_EXPIRED_LEAF;
	X509 *cert = key ? start_leaf(key, "sandbox-atls", expired ? -9 * DAY : -3600,
	                              expired ? -DAY : 365 * DAY)
	                 : NULL;
	uint8_t binding[64];
	int rc = -1;

	if (!cert || !other)
		prism_error_raise(err, PRISM_ERROR_INTERNAL, "cannot make an agent certificate");
	else
		rc = gen1_binding(fault == SB_ATLS_OTHER_KEY ? other : key, nonce, binding, err);
	if (rc == 0 && fault == SB_ATLS_OTHER_CHANNEL)
		binding[63] ^= 1;
	if (rc == 0 && fault != SB_ATLS_NO_EVIDENCE && fault != SB_ATLS_PLAIN_TLS)
		rc = sb_forge_evidence(atls->forge, atls->config.kind, binding, binding,
		                       atls->config.evidence_fault, &evidence, err);
	if (rc == 0 && evidence.len &&
	    !add_evidence(cert, atls->config.kind == SB_FORGE_AZURE, &evidence))
		rc = prism_error_raise(err, PRISM_ERROR_INTERNAL, "cannot add evidence");
	if (rc == 0 && fault == SB_ATLS_DOUBLE_EVIDENCE &&
	    !add_evidence(cert, atls->config.kind == SB_FORGE_AZURE, &evidence))
		rc = prism_error_raise(err, PRISM_ERROR_INTERNAL, "cannot add evidence");
	if (rc == 0 && X509_sign(cert, key, EVP_sha256()) <= 0)
		rc = prism_error_raise(err, PRISM_ERROR_INTERNAL, "cannot sign a certificate");
	if (rc == 0)
		rc = sb_atls_identity_pem(cert, key, ret_cert, ret_key, err);
	X509_free(cert);
	EVP_PKEY_free(key);
	EVP_PKEY_free(other);
	return rc;
}

/* ---- the evidence payload ------------------------------------------------------------------- */

struct session { /* one answer under way */
	struct sb_atls *atls;
	enum net_digest_kind hash;
	size_t hash_size;
	uint8_t context[HASH_MAX], finished_key[HASH_MAX], exported[32];
	const uint8_t *request; /* whole message */
	size_t request_size;
	struct sb_atls_request asked;
};

static void hash_of(const struct session *s, const void *a, size_t a_size, const void *b,
                    size_t b_size, uint8_t out[HASH_MAX])
{
	struct net_digest *digest = net_digest_create(s->hash);
	uint8_t full[NET_DIGEST_MAX];

	net_digest_update(digest, a, a_size);
	net_digest_update(digest, b, b_size);
	size_t size = net_digest_final(digest, full);
	net_digest_destroy(digest);
	memcpy(out, full, size);
}

static int put_payload(struct session *s, struct prism_buf *out, struct prism_error *err)
{
	enum sb_atls_fault fault = s->atls->config.fault;
	PRISM_AUTO_BUF struct prism_buf eat = PRISM_BUF_INIT(EVIDENCE_MAX);
	uint8_t *spki = NULL, key_hash[HASH_MAX], binder[HASH_MAX], report_data[64], nonce[32];
	uint8_t evidence_binder[HASH_MAX], exported[32], evidence_exported[32];
	int size = spki_of(s->atls->key, &spki, err);

	if (size < 0)
		return -1;
	memcpy(exported, s->exported, sizeof(exported));
	if (fault == SB_ATLS_OTHER_CHANNEL)
		exported[0] ^= 1;
	memcpy(evidence_exported, exported, sizeof(exported));
	if (fault == SB_ATLS_RELAYED_EVIDENCE)
		evidence_exported[0] ^= 1;
	hash_of(s, spki, (size_t)size, "", 0, key_hash);
	hash_of(s, spki, (size_t)size, exported, 32, binder);
	hash_of(s, spki, (size_t)size, evidence_exported, 32, evidence_binder);
	OPENSSL_free(spki);
	net_digest_bytes(NET_SHA512, evidence_binder, s->hash_size, report_data);
	net_digest_bytes(NET_SHA256, evidence_exported, 32, nonce);
	if (sb_forge_eat(s->atls->forge, s->atls->config.kind, report_data, nonce,
	                 prism_clock_wall_us(prism_loop_clock(s->atls->loop)),
	                 s->atls->config.evidence_fault, &eat, err) < 0)
		return -1;
	PRISM_AUTO_FREE char *evidence = prism_base64_encode(eat.data, eat.len);
	PRISM_AUTO_FREE char *hash_text = prism_base64_encode(key_hash, s->hash_size);
	PRISM_AUTO_FREE char *binder_text = prism_base64_encode(binder, s->hash_size);
	prism_buf_printf(out,
	                 "{\"version\":1,\"media_type\":\"application/eat+cwt\",\"evidence\":\"%s\","
	                 "\"binder\":{\"exporter_label\":\"Attestation\",\"aik_pub_hash\":\"%s\","
	                 "\"binding\":\"%s\"}}",
	                 evidence, hash_text, binder_text);
	return 0;
}

/* ---- the three messages --------------------------------------------------------------------- */

static void put_be(struct prism_buf *out, uint64_t value, unsigned bytes)
{
	while (bytes-- > 0)
		prism_buf_putc(out, (char)(value >> (8 * bytes)));
}

static void put_message(struct prism_buf *out, unsigned type, const struct prism_buf *body)
{
	prism_buf_putc(out, (char)type);
	put_be(out, body->len, 3);
	prism_buf_put(out, body->data, body->len);
}

static int put_certificate(struct session *s, struct prism_buf *out, struct prism_error *err)
{
	PRISM_AUTO_BUF struct prism_buf body = PRISM_BUF_INIT(EVIDENCE_MAX);
	PRISM_AUTO_BUF struct prism_buf payload = PRISM_BUF_INIT(EVIDENCE_MAX);
	uint8_t context[255];
	size_t context_size = s->asked.context_size;
	unsigned char *der = NULL;
	bool evidence = s->atls->config.fault != SB_ATLS_NO_EVIDENCE;

	memcpy(context, s->asked.context, context_size);
	if (s->atls->config.fault == SB_ATLS_REPLAYED_CONTEXT)
		context[0] ^= 1;
	if (evidence && put_payload(s, &payload, err) < 0)
		return -1;
	if (payload.len > 65529) /* reference 3.8: the extension's length must fit */
		return prism_error_raise(err, PRISM_ERROR_LIMIT, "the evidence is too large to carry");
	int der_size = i2d_X509(s->atls->cert, &der);
	if (der_size <= 0)
		return prism_error_raise(err, PRISM_ERROR_INTERNAL, "cannot encode the certificate");
	size_t extensions = evidence ? payload.len + 6 : 0;
	put_be(&body, context_size, 1);
	prism_buf_put(&body, context, context_size);
	put_be(&body, 3 + (size_t)der_size + 2 + extensions, 3);
	put_be(&body, (size_t)der_size, 3);
	prism_buf_put(&body, der, (size_t)der_size);
	OPENSSL_free(der);
	put_be(&body, extensions, 2);
	if (evidence) {
		put_be(&body, 0xff00, 2);
		put_be(&body, payload.len + 2, 2);
		put_be(&body, payload.len, 2);
		prism_buf_put(&body, payload.data, payload.len);
	}
	put_message(out, 11, &body);
	return 0;
}

static void transcript(const struct session *s, const struct prism_buf *messages,
                       enum net_digest_kind hash, uint8_t out[HASH_MAX])
{
	struct net_digest *digest = net_digest_create(hash);
	uint8_t full[NET_DIGEST_MAX];

	net_digest_update(digest, s->context, s->hash_size);
	net_digest_update(digest, s->request, s->request_size);
	net_digest_update(digest, messages->data, messages->len);
	size_t size = net_digest_final(digest, full);
	net_digest_destroy(digest);
	memcpy(out, full, size);
}

static unsigned scheme_of(EVP_PKEY *key)
{
	return EVP_PKEY_is_a(key, "ED25519") ? 0x0807 : EVP_PKEY_is_a(key, "RSA") ? 0x0804 : 0x0403;
}

static int put_verify(struct session *s, struct prism_buf *out, struct prism_error *err)
{
	static const char title[] = "Exported Authenticator";
	enum net_digest_kind hash = s->hash;
	PRISM_AUTO_BUF struct prism_buf body = PRISM_BUF_INIT(4096);
	uint8_t text[64 + sizeof(title) + HASH_MAX], signature[1024];
	size_t size = sizeof(signature);
	EVP_PKEY *other = NULL, *key = s->atls->key;
	EVP_PKEY_CTX *pctx = NULL;

	if (!sb_atls_request_offers(&s->asked, scheme_of(key))) /* the real agent stops listening */
		return prism_error_raise(err, PRISM_ERROR_PROTOCOL,
		                         "no offered signature scheme fits the agent's key");
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	if (s->atls->config.fault == SB_ATLS_WRONG_HASH)
		hash = hash == NET_SHA256 ? NET_SHA384 : NET_SHA256;
	if (s->atls->config.fault == SB_ATLS_OTHER_KEY)
		key = other = EVP_EC_gen("P-256");
	memset(text, 0x20, 64);
	memcpy(text + 64, title, sizeof(title));
	transcript(s, out, hash, text + 64 + sizeof(title));
	unsigned scheme = scheme_of(key);
	bool ok = ctx && EVP_DigestSignInit(ctx, &pctx, scheme == 0x0807 ? NULL : EVP_sha256(), NULL,
	                                    key) == 1;
	if (ok && scheme == 0x0804)
		ok = EVP_PKEY_CTX_set_rsa_padding(pctx, RSA_PKCS1_PSS_PADDING) == 1 &&
		     EVP_PKEY_CTX_set_rsa_pss_saltlen(pctx, RSA_PSS_SALTLEN_DIGEST) == 1;
	ok = ok && EVP_DigestSign(ctx, signature, &size, text,
	                          64 + sizeof(title) + net_digest_size(hash)) == 1;
	EVP_MD_CTX_free(ctx);
	EVP_PKEY_free(other);
	if (!ok)
		return prism_error_raise(err, PRISM_ERROR_INTERNAL, "cannot sign the authenticator");
	put_be(&body, scheme, 2);
	put_be(&body, size, 2);
	prism_buf_put(&body, signature, size);
	put_message(out, 15, &body);
	return 0;
}

static void put_finished(struct session *s, const struct prism_buf *covered, struct prism_buf *out)
{
	PRISM_AUTO_BUF struct prism_buf body = PRISM_BUF_INIT(4096);
	uint8_t digest[HASH_MAX], mac[HASH_MAX];
	unsigned size = 0;

	transcript(s, covered, s->hash, digest);
	HMAC(s->hash == NET_SHA384 ? EVP_sha384() : EVP_sha256(), s->finished_key, (int)s->hash_size,
	     digest, s->hash_size, mac, &size);
	if (s->atls->config.fault == SB_ATLS_BAD_FINISHED)
		mac[0] ^= 1;
	prism_buf_put(&body, mac, s->hash_size);
	put_message(out, 20, &body);
}

/* RFC 9261 section 5: the Certificate message with no entries is covered, but not sent. */
static void put_empty(struct session *s, struct prism_buf *out)
{
	PRISM_AUTO_BUF struct prism_buf body = PRISM_BUF_INIT(4096);
	PRISM_AUTO_BUF struct prism_buf covered = PRISM_BUF_INIT(4096);

	prism_buf_put(&body, s->request + 4, 1 + (size_t)s->request[4]);
	put_be(&body, 0, 3);
	put_message(&covered, 11, &body);
	put_finished(s, &covered, out);
}

/* ---- frames --------------------------------------------------------------------------------- */

static int session_init(struct session *s, struct sb_atls *atls, const struct net_stream *tls,
                        const struct prism_buf *request, struct prism_error *err)
{
	s->atls = atls;
	s->hash = net_stream_tls_info(tls).hash;
	s->request = (const uint8_t *)request->data;
	s->request_size = request->len;
	if (sb_atls_request_parse(request->data, request->len, &s->asked, err) < 0)
		return -1;
	if (s->hash != NET_SHA256 && s->hash != NET_SHA384)
		return prism_error_raise(err, PRISM_ERROR_PROTOCOL, "unknown cipher suite");
	s->hash_size = net_digest_size(s->hash);
	if (net_stream_tls_export(tls, NET_EA_LABEL_HANDSHAKE, NULL, 0, s->context, s->hash_size, err) <
	        0 ||
	    net_stream_tls_export(tls, NET_EA_LABEL_FINISHED, NULL, 0, s->finished_key, s->hash_size,
	                          err) < 0 ||
	    net_stream_tls_export(tls, NET_EA_LABEL_ATTESTATION, s->asked.context,
	                          s->asked.context_size, s->exported, sizeof(s->exported), err) < 0)
		return -1;
	return 0;
}

int sb_atls_answer(struct sb_atls *atls, const struct net_stream *tls,
                   const struct prism_buf *request, struct prism_buf *out, struct prism_error *err)
{
	PRISM_AUTO_BUF struct prism_buf message = PRISM_BUF_INIT(2 * EVIDENCE_MAX);
	struct session s = {.atls = atls};
	uint8_t header[NET_EA_FRAME_HEADER];
	enum sb_atls_fault fault = atls->config.fault;

	if (session_init(&s, atls, tls, request, err) < 0)
		return -1;
	if (fault == SB_ATLS_EMPTY_AUTHENTICATOR) {
		put_empty(&s, &message);
	} else {
		if (put_certificate(&s, &message, err) < 0 || put_verify(&s, &message, err) < 0)
			return -1;
		put_finished(&s, &message, &message);
	}
	net_ea_frame_header(
	    fault == SB_ATLS_WRONG_FRAME ? NET_EA_FRAME_REQUEST : NET_EA_FRAME_AUTHENTICATOR,
	    fault == SB_ATLS_OVERSIZE_FRAME ? (16u << 20) + 1 : (uint32_t)message.len, header);
	prism_buf_put(out, header, sizeof(header));
	prism_buf_put(out, message.data,
	              fault == SB_ATLS_TRUNCATED_FRAME ? message.len / 2 : message.len);
	return 0;
}
