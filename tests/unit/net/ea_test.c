/*
 * net/ea.c: authenticators that this test builds from RFC 9261 and the reference's tables, sound
 * ones for each kind of key and both hashes, and one for each negative test of reference
 * attested-tls.md 3.19 (11 to 30), refused in its own words.
 *
 * The published exchanges, flipped and cut at every byte, are in tests/unit/core/cmw_test.c.
 */
#include "net/ea.h"

#include "base/mem.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define MESSAGE_MAX (1u << 16)
#define EVIDENCE "evidence"

enum variant {
	SOUND,
	OTHER_CONTEXT,
	SHORT_CONTEXT,
	NO_CONTEXT,
	EMPTY, /* only a Finished, and a right one */
	NO_ENTRY,
	WRONG_ORDER,
	NO_FINISHED,
	TWO_FINISHED,
	TRAILING_BYTE,
	OTHER_KEY,
	SCHEME_PKCS1, /* 0x0401 */
	SCHEME_P384,  /* 0x0503 */
	SERVER_STRING,
	NO_REQUEST, /* in the transcript */
	FRAME_HEADER,
	OTHER_HASH,
	FIRST_BYTE, /* of Finished */
	LAST_BYTE,
	SHORT_FINISHED,
	LONG_FINISHED,
	ODD_EXTENSION,
	SECOND_ENTRY,
	DOUBLE_EVIDENCE,
	LENGTH_MORE, /* the evidence's own length */
	LENGTH_LESS,
	LENGTH_ZERO,
	DER_TRAILING,
	NO_EVIDENCE,
};

static EVP_PKEY *p256, *rsa, *ed25519, *p384, *other;
static X509 *cert_p256, *cert_rsa, *cert_ed25519, *cert_p384;
static uint8_t context[NET_EA_CONTEXT] = {0xc5, 1, 2, 3};
static struct prism_buf request = PRISM_BUF_INIT(1024);

static X509 *certify(EVP_PKEY *key)
{
	X509 *cert = X509_new();
	X509_NAME *name = X509_get_subject_name(cert);

	X509_set_version(cert, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(cert), 1);
	X509_gmtime_adj(X509_getm_notBefore(cert), -3600);
	X509_gmtime_adj(X509_getm_notAfter(cert), 3600);
	X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const uint8_t *)"leaf", -1, -1, 0);
	X509_set_issuer_name(cert, name);
	X509_set_pubkey(cert, key);
	if (X509_sign(cert, key, EVP_PKEY_is_a(key, "ED25519") ? NULL : EVP_sha256()) <= 0)
		abort();
	return cert;
}

static int setup(void **state)
{
	p256 = EVP_EC_gen("P-256");
	other = EVP_EC_gen("P-256");
	p384 = EVP_EC_gen("P-384");
	rsa = EVP_RSA_gen(2048);
	ed25519 = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	cert_p256 = certify(p256);
	cert_p384 = certify(p384);
	cert_rsa = certify(rsa);
	cert_ed25519 = certify(ed25519);
	net_ea_request(context, &request);
	return 0;
}

static int teardown(void **state)
{
	EVP_PKEY *keys[] = {p256, other, p384, rsa, ed25519};
	X509 *certs[] = {cert_p256, cert_p384, cert_rsa, cert_ed25519};

	for (size_t i = 0; i < PRISM_COUNT(keys); i++)
		EVP_PKEY_free(keys[i]);
	for (size_t i = 0; i < PRISM_COUNT(certs); i++)
		X509_free(certs[i]);
	prism_buf_finish(&request);
	return 0;
}

/* ---- building ------------------------------------------------------------------------------- */

struct building {
	enum variant variant;
	EVP_PKEY *key;
	X509 *cert;
	unsigned scheme;
	struct net_ea_keys keys;
};

static void put_be(struct prism_buf *out, size_t value, unsigned bytes)
{
	while (bytes-- > 0)
		prism_buf_putc(out, (char)(value >> (8 * bytes)));
}

static void put_message(struct prism_buf *out, unsigned type, const struct prism_buf *body)
{
	put_be(out, type, 1);
	put_be(out, body->len, 3);
	prism_buf_put(out, body->data, body->len);
}

static void put_evidence(const struct building *b, struct prism_buf *out)
{
	size_t size = strlen(EVIDENCE), told = size;

	if (b->variant == LENGTH_MORE)
		told++;
	if (b->variant == LENGTH_LESS)
		told--;
	if (b->variant == LENGTH_ZERO)
		told = size = 0;
	put_be(out, b->variant == ODD_EXTENSION ? 0x1234 : 0xff00, 2);
	put_be(out, size + 2, 2);
	put_be(out, told, 2);
	prism_buf_put(out, EVIDENCE, size);
}

static void put_entry(const struct building *b, bool evidence, struct prism_buf *out)
{
	PRISM_AUTO_BUF struct prism_buf extensions = PRISM_BUF_INIT(MESSAGE_MAX);
	uint8_t *der = NULL;
	int size = i2d_X509(b->cert, &der);

	if (evidence)
		put_evidence(b, &extensions);
	if (evidence && b->variant == DOUBLE_EVIDENCE)
		put_evidence(b, &extensions);
	put_be(out, (size_t)size + (b->variant == DER_TRAILING), 3);
	prism_buf_put(out, der, (size_t)size);
	if (b->variant == DER_TRAILING)
		put_be(out, 0, 1);
	put_be(out, extensions.len, 2);
	prism_buf_put(out, extensions.data, extensions.len);
	OPENSSL_free(der);
}

static void put_certificate(const struct building *b, struct prism_buf *out)
{
	PRISM_AUTO_BUF struct prism_buf body = PRISM_BUF_INIT(MESSAGE_MAX);
	PRISM_AUTO_BUF struct prism_buf list = PRISM_BUF_INIT(MESSAGE_MAX);
	size_t size = b->variant == SHORT_CONTEXT ? 31 : b->variant == NO_CONTEXT ? 0 : NET_EA_CONTEXT;
	uint8_t echoed[NET_EA_CONTEXT];

	memcpy(echoed, context, sizeof(echoed));
	echoed[31] ^= b->variant == OTHER_CONTEXT;
	if (b->variant != NO_ENTRY && b->variant != EMPTY)
		put_entry(b, b->variant != NO_EVIDENCE && b->variant != SECOND_ENTRY, &list);
	if (b->variant == SECOND_ENTRY)
		put_entry(b, true, &list);
	put_be(&body, size, 1);
	prism_buf_put(&body, echoed, size);
	put_be(&body, list.len, 3);
	prism_buf_put(&body, list.data, list.len);
	put_message(out, 11, &body);
}

static size_t transcript(const struct building *b, enum net_digest_kind kind,
                         const struct prism_buf *messages, uint8_t out[NET_DIGEST_MAX])
{
	static const uint8_t frame[] = {1, 0, 0, 0, 55};
	struct net_digest *digest = net_digest_create(kind);

	net_digest_update(digest, b->keys.handshake_context, net_digest_size(b->keys.hash));
	if (b->variant == FRAME_HEADER)
		net_digest_update(digest, frame, sizeof(frame));
	if (b->variant != NO_REQUEST)
		net_digest_update(digest, request.data, request.len);
	net_digest_update(digest, messages->data, messages->len);
	size_t size = net_digest_final(digest, out);
	net_digest_destroy(digest);
	return size;
}

static size_t sign(const struct building *b, const uint8_t *text, size_t size, uint8_t *out,
                   size_t cap)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	EVP_PKEY_CTX *pctx = NULL;
	EVP_PKEY *key = b->variant == OTHER_KEY ? other : b->key;
	size_t made = cap;

	if (EVP_DigestSignInit(ctx, &pctx, b->scheme == 0x0807 ? NULL : EVP_sha256(), NULL, key) != 1 ||
	    (b->scheme == 0x0804 &&
	     (EVP_PKEY_CTX_set_rsa_padding(pctx, RSA_PKCS1_PSS_PADDING) != 1 ||
	      EVP_PKEY_CTX_set_rsa_pss_saltlen(pctx, RSA_PSS_SALTLEN_DIGEST) != 1)) ||
	    EVP_DigestSign(ctx, out, &made, text, size) != 1)
		abort();
	EVP_MD_CTX_free(ctx);
	return made;
}

static void put_verify(const struct building *b, struct prism_buf *out)
{
	static const char ours[] = "Exported Authenticator";
	static const char servers[] = "TLS 1.3, server CertificateVerify";
	const char *title = b->variant == SERVER_STRING ? servers : ours;
	enum net_digest_kind kind = b->keys.hash;
	PRISM_AUTO_BUF struct prism_buf body = PRISM_BUF_INIT(MESSAGE_MAX);
	uint8_t text[256], signature[1024], digest[NET_DIGEST_MAX];
	size_t at = 64;

	if (b->variant == OTHER_HASH)
		kind = kind == NET_SHA256 ? NET_SHA384 : NET_SHA256;
	memset(text, 0x20, 64);
	memcpy(text + at, title, strlen(title) + 1);
	at += strlen(title) + 1;
	size_t size = transcript(b, kind, out, digest);
	memcpy(text + at, digest, size);
	size = sign(b, text, at + size, signature, sizeof(signature));
	put_be(&body,
	       b->variant == SCHEME_PKCS1  ? 0x0401
	       : b->variant == SCHEME_P384 ? 0x0503
	                                   : b->scheme,
	       2);
	put_be(&body, size, 2);
	prism_buf_put(&body, signature, size);
	put_message(out, 15, &body);
}

static void put_finished(const struct building *b, const struct prism_buf *covered,
                         struct prism_buf *out)
{
	PRISM_AUTO_BUF struct prism_buf body = PRISM_BUF_INIT(MESSAGE_MAX);
	size_t hash_size = net_digest_size(b->keys.hash), size = hash_size;
	uint8_t digest[NET_DIGEST_MAX], mac[NET_DIGEST_MAX + 1] = {0};
	unsigned made = 0;

	transcript(b, b->keys.hash, covered, digest);
	HMAC(b->keys.hash == NET_SHA384 ? EVP_sha384() : EVP_sha256(), b->keys.finished_key,
	     (int)hash_size, digest, hash_size, mac, &made);
	mac[0] ^= b->variant == FIRST_BYTE;
	mac[hash_size - 1] ^= b->variant == LAST_BYTE;
	if (b->variant == SHORT_FINISHED)
		size--;
	if (b->variant == LONG_FINISHED)
		size++;
	prism_buf_put(&body, mac, size);
	put_message(out, 20, &body);
}

static void build(const struct building *b, struct prism_buf *out)
{
	PRISM_AUTO_BUF struct prism_buf covered = PRISM_BUF_INIT(MESSAGE_MAX);

	put_certificate(b, &covered);
	if (b->variant != EMPTY)
		put_verify(b, &covered);
	if (b->variant == WRONG_ORDER)
		put_finished(b, &covered, out);
	if (b->variant != EMPTY)
		prism_buf_put(out, covered.data, covered.len);
	if (b->variant != NO_FINISHED && b->variant != WRONG_ORDER)
		put_finished(b, &covered, out);
	if (b->variant == TWO_FINISHED)
		put_finished(b, &covered, out);
	if (b->variant == TRAILING_BYTE)
		put_be(out, 0, 1);
}

static struct building with(enum variant variant, EVP_PKEY *key, X509 *cert, unsigned scheme,
                            enum net_digest_kind hash)
{
	struct building b = {variant, key, cert, scheme, {.hash = hash}};

	memset(b.keys.handshake_context, 0x11, sizeof(b.keys.handshake_context));
	memset(b.keys.finished_key, 0x22, sizeof(b.keys.finished_key));
	return b;
}

static int verify(const struct building *b, const struct net_ea_keys *keys,
                  struct net_ea_authenticator *ret, struct prism_error *err)
{
	PRISM_AUTO_BUF struct prism_buf message = PRISM_BUF_INIT(MESSAGE_MAX);

	build(b, &message);
	PRISM_AUTO_FREE uint8_t *exact = prism_memdup(message.data, message.len); /* for sanitizers */
	int rc = net_ea_verify((const uint8_t *)request.data, request.len, exact, message.len, keys,
	                       ret, err);
	if (rc == 0 && ret->payload) { /* lent from the message */
		assert_int_equal(ret->payload_size, strlen(EVIDENCE));
		assert_memory_equal(ret->payload, EVIDENCE, ret->payload_size);
	}
	return rc;
}

/* ---- tests ---------------------------------------------------------------------------------- */

static void test_every_key_and_both_hashes(void **state)
{
	const struct {
		EVP_PKEY *key;
		X509 *cert;
		unsigned scheme;
	} rows[] = {
	    {p256, cert_p256, 0x0403}, {rsa, cert_rsa, 0x0804}, {ed25519, cert_ed25519, 0x0807}};
	static const enum net_digest_kind hashes[] = {NET_SHA256, NET_SHA384};

	for (size_t i = 0; i < PRISM_COUNT(rows); i++) {
		for (size_t j = 0; j < PRISM_COUNT(hashes); j++) {
			struct building b = with(SOUND, rows[i].key, rows[i].cert, rows[i].scheme, hashes[j]);
			struct prism_error err = PRISM_ERROR_INIT;
			struct net_ea_authenticator ea;

			if (verify(&b, &b.keys, &ea, &err) < 0)
				fail_msg("row %zu, hash %zu: %s", i, j, err.message);
			assert_int_equal(ea.chain_count, 1);
			assert_non_null(ea.payload);
			net_ea_finish(&ea);
		}
	}
}

static void test_evidence_may_be_missing_here(void **state)
{
	struct building b = with(NO_EVIDENCE, p256, cert_p256, 0x0403, NET_SHA256);
	struct net_ea_authenticator ea;

	assert_int_equal(verify(&b, &b.keys, &ea, NULL), 0);
	assert_null(ea.payload); /* the judge above refuses it */
	net_ea_finish(&ea);
}

static const struct {
	enum variant variant;
	const char *words;
} refusals[] = {
    {OTHER_CONTEXT, "another request"},
    {SHORT_CONTEXT, "another request"},
    {NO_CONTEXT, "another request"},
    {EMPTY, "proves nothing"},
    {NO_ENTRY, "no certificate"},
    {WRONG_ORDER, "proves nothing"}, /* a Finished comes first, as in an empty one */
    {NO_FINISHED, "cut off or out of order"},
    {TWO_FINISHED, "bytes follow"},
    {TRAILING_BYTE, "bytes follow"},
    {OTHER_KEY, "CertificateVerify does not hold"},
    {SCHEME_PKCS1, "0x0401, which was not offered"},
    {SCHEME_P384, "0x0503, which was not offered"},
    {SERVER_STRING, "CertificateVerify does not hold"},
    {NO_REQUEST, "CertificateVerify does not hold"},
    {FRAME_HEADER, "CertificateVerify does not hold"},
    {OTHER_HASH, "CertificateVerify does not hold"},
    {FIRST_BYTE, "Finished does not hold"},
    {LAST_BYTE, "Finished does not hold"},
    {SHORT_FINISHED, "Finished does not hold"},
    {LONG_FINISHED, "Finished does not hold"},
    {ODD_EXTENSION, "not offered"},
    {SECOND_ENTRY, "not the leaf"},
    {DOUBLE_EVIDENCE, "twice"},
    {LENGTH_MORE, "length of the evidence"},
    {LENGTH_LESS, "length of the evidence"},
    {LENGTH_ZERO, "length of the evidence"},
    {DER_TRAILING, "certificate is unreadable"},
};

static void refuse(const struct building *b, const struct net_ea_keys *keys, const char *words)
{
	struct prism_error err = PRISM_ERROR_INIT;
	struct net_ea_authenticator ea;

	assert_int_equal(verify(b, keys, &ea, &err), -1);
	assert_int_equal(ea.chain_count, 0); /* nothing is left to free */
	if (!strstr(err.message, words))
		fail_msg("variant %d: \"%s\" does not say \"%s\"", (int)b->variant, err.message, words);
}

static void test_refusals(void **state)
{
	static const enum net_digest_kind hashes[] = {NET_SHA256, NET_SHA384};

	for (size_t i = 0; i < PRISM_COUNT(refusals); i++) {
		for (size_t j = 0; j < PRISM_COUNT(hashes); j++) {
			struct building b = with(refusals[i].variant, p256, cert_p256, 0x0403, hashes[j]);

			refuse(&b, &b.keys, refusals[i].words);
		}
	}
}

static void test_keys_that_do_not_fit_the_scheme(void **state)
{
	struct building b = with(SOUND, p384, cert_p384, 0x0403, NET_SHA256);

	refuse(&b, &b.keys, "CertificateVerify does not hold");
	b = with(SOUND, rsa, cert_p256, 0x0804, NET_SHA256); /* an RSA signature, a P-256 leaf */
	refuse(&b, &b.keys, "CertificateVerify does not hold");
}

/* Recorded on another connection, or with the labels of the client's role: other exporters. */
static void test_exporters_of_another_connection(void **state)
{
	struct building b = with(SOUND, p256, cert_p256, 0x0403, NET_SHA256);
	struct net_ea_keys keys = b.keys;

	keys.handshake_context[0] ^= 1;
	refuse(&b, &keys, "CertificateVerify does not hold");
	keys = b.keys;
	keys.finished_key[0] ^= 1;
	refuse(&b, &keys, "Finished does not hold");
}

/* Every length field of a sound authenticator, one more and one less. */
static void test_lengths_off_by_one(void **state)
{
	struct building b = with(SOUND, p256, cert_p256, 0x0403, NET_SHA256);
	PRISM_AUTO_BUF struct prism_buf message = PRISM_BUF_INIT(MESSAGE_MAX);

	build(&b, &message);
	const uint8_t *m = (const uint8_t *)message.data;
	size_t certificate = (size_t)m[2] << 8 | m[3];
	size_t der = (size_t)m[4 + 1 + 32 + 3 + 1] << 8 | m[4 + 1 + 32 + 3 + 2];
	size_t extensions = 4 + 1 + 32 + 3 + 3 + der, verify_at = 4 + certificate;
	size_t signature = (size_t)m[verify_at + 6] << 8 | m[verify_at + 7];
	const size_t last_bytes[] = {
	    3,                             /* Certificate */
	    4,                             /* context */
	    4 + 1 + 32 + 2,                /* list */
	    4 + 1 + 32 + 3 + 2,            /* DER */
	    extensions + 1,                /* extensions */
	    extensions + 2 + 3,            /* the extension */
	    extensions + 2 + 4 + 1,        /* the evidence */
	    verify_at + 3,                 /* CertificateVerify */
	    verify_at + 7,                 /* signature */
	    verify_at + 8 + signature + 3, /* Finished */
	};
	for (size_t i = 0; i < PRISM_COUNT(last_bytes); i++) {
		for (int change = -1; change <= 1; change += 2) {
			PRISM_AUTO_FREE uint8_t *copy = prism_memdup(m, message.len);
			struct net_ea_authenticator ea;

			copy[last_bytes[i]] = (uint8_t)(copy[last_bytes[i]] + change);
			if (net_ea_verify((const uint8_t *)request.data, request.len, copy, message.len,
			                  &b.keys, &ea, NULL) == 0)
				fail_msg("field %zu, %+d", i, change);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_every_key_and_both_hashes),
	    cmocka_unit_test(test_evidence_may_be_missing_here),
	    cmocka_unit_test(test_refusals),
	    cmocka_unit_test(test_keys_that_do_not_fit_the_scheme),
	    cmocka_unit_test(test_exporters_of_another_connection),
	    cmocka_unit_test(test_lengths_off_by_one),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
