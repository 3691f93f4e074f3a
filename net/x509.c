/*
 * X.509 over OpenSSL: see x509.h.
 *
 * Owns: certificates, chains, bare public keys and raw signatures.  Leaves private keys to
 * net/crypto.c and connections to net/stream_tls.c.
 *
 * A certificate is read once and described once: text and times are filled in at parse time, so
 * that the accessors are plain and cannot fail.
 */
#include "net/x509.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "net/crypto.h"
#include "net/crypto_ossl.h"
#include "net/x509_private.h"

#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <string.h>

struct net_pubkey {
	EVP_PKEY *pkey;
};

/* ---- reading -------------------------------------------------------------------------------- */

static char *name_text(const X509_NAME *name)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *data = NULL;

	X509_NAME_print_ex(bio, name, 0,
	                   ASN1_STRFLGS_ESC_2253 | ASN1_STRFLGS_UTF8_CONVERT | XN_FLAG_SEP_CPLUS_SPC);
	long size = BIO_get_mem_data(bio, &data);
	char *text = prism_strndup(size > 0 ? data : "", size > 0 ? (size_t)size : 0);
	BIO_free(bio);
	return text;
}

static char *common_name(const X509_NAME *name)
{
	unsigned char *utf8 = NULL;
	int at = X509_NAME_get_index_by_NID(name, NID_commonName, -1);
	int size =
	    at < 0
	        ? -1
	        : ASN1_STRING_to_UTF8(&utf8, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at)));
	char *text = prism_strndup(size > 0 ? (const char *)utf8 : "", size > 0 ? (size_t)size : 0);

	OPENSSL_free(utf8);
	return text;
}

static int64_t time_us(const ASN1_TIME *time)
{
	int days, seconds;
	ASN1_TIME *epoch = ASN1_TIME_set(NULL, 0);
	int64_t us = PRISM_TIME_UNSET;

	if (epoch && ASN1_TIME_diff(&days, &seconds, epoch, time))
		us = ((int64_t)days * 86400 + seconds) * 1000000;
	ASN1_TIME_free(epoch);
	return us;
}

static char *serial_text(X509 *x509)
{
	BIGNUM *bn = ASN1_INTEGER_to_BN(X509_get0_serialNumber(x509), NULL);
	char *hex = bn ? BN_bn2hex(bn) : NULL;
	char *text = prism_strdup(hex ? hex : "");

	for (char *p = text; *p; p++)
		*p = (char)(*p >= 'A' && *p <= 'F' ? *p + 32 : *p);
	OPENSSL_free(hex);
	BN_free(bn);
	return text;
}

static const struct {
	const char *group, *text;
} curve_names[] = {{"prime256v1", "P-256"}, {"secp384r1", "P-384"}, {"secp521r1", "P-521"}};

static char *key_text(const EVP_PKEY *pkey)
{
	char group[64] = "";

	if (!pkey)
		return prism_strdup("unreadable key");
	if (EVP_PKEY_is_a(pkey, "ED25519"))
		return prism_strdup("Ed25519");
	if (EVP_PKEY_is_a(pkey, "EC")) {
		EVP_PKEY_get_utf8_string_param(pkey, OSSL_PKEY_PARAM_GROUP_NAME, group, sizeof(group),
		                               NULL);
		for (size_t i = 0; i < PRISM_COUNT(curve_names); i++)
			if (strcmp(group, curve_names[i].group) == 0)
				return prism_strdup(curve_names[i].text);
		return prism_asprintf("EC %s", group);
	}
	const char *type = EVP_PKEY_get0_type_name(pkey);
	return prism_asprintf("%s %d", type ? type : "key", EVP_PKEY_get_bits(pkey));
}

static struct net_cert *describe(X509 *x509, struct prism_error *err)
{
	struct net_cert *cert = prism_alloc(sizeof(*cert));
	unsigned char *der = NULL, *spki = NULL;
	int der_size = i2d_X509(x509, &der);
	int spki_size = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(x509), &spki);

	cert->x509 = x509;
	if (der_size <= 0 || spki_size <= 0) {
		OPENSSL_free(der);
		OPENSSL_free(spki);
		net_cert_destroy(cert);
		net_ossl_error(err, PRISM_ERROR_INVALID, "the certificate cannot be encoded again");
		return NULL;
	}
	cert->der = prism_memdup(der, (size_t)der_size);
	cert->der_size = (size_t)der_size;
	cert->spki = prism_memdup(spki, (size_t)spki_size);
	cert->spki_size = (size_t)spki_size;
	OPENSSL_free(der);
	OPENSSL_free(spki);
	cert->subject = name_text(X509_get_subject_name(x509));
	cert->issuer = name_text(X509_get_issuer_name(x509));
	cert->common_name = common_name(X509_get_subject_name(x509));
	cert->serial = serial_text(x509);
	cert->key_text = key_text(X509_get0_pubkey(x509));
	cert->signature_text = prism_strdup(OBJ_nid2ln(X509_get_signature_nid(x509)));
	cert->not_before = time_us(X509_get0_notBefore(x509));
	cert->not_after = time_us(X509_get0_notAfter(x509));
	net_ossl_forget();
	return cert;
}

struct net_cert *net_cert_from_der(const void *der, size_t size, struct prism_error *err)
{
	const unsigned char *at = der;

	if (size == 0 || size > NET_CERT_MAX) {
		prism_error_raise(err, size ? PRISM_ERROR_LIMIT : PRISM_ERROR_INVALID,
		                  "a certificate of %zu bytes is not read", size);
		return NULL;
	}
	X509 *x509 = d2i_X509(NULL, &at, (long)size);
	if (!x509) {
		net_ossl_error(err, PRISM_ERROR_INVALID, "not a certificate");
		return NULL;
	}
	if (at != (const unsigned char *)der + size) {
		X509_free(x509);
		prism_error_raise(err, PRISM_ERROR_INVALID, "%zu bytes follow the certificate",
		                  size - (size_t)(at - (const unsigned char *)der));
		return NULL;
	}
	return describe(x509, err);
}

int net_cert_list_from_pem(const char *pem, size_t size, struct net_cert **out, size_t max,
                           size_t *ret_count, struct prism_error *err)
{
	size_t count = 0;
	int rc = 0;

	if (size > INT32_MAX)
		return prism_error_raise(err, PRISM_ERROR_LIMIT, "a PEM text of %zu bytes is not read",
		                         size);
	BIO *bio = BIO_new_mem_buf(pem, (int)size);
	for (X509 *x509; rc == 0 && (x509 = PEM_read_bio_X509(bio, NULL, NULL, NULL)) != NULL;) {
		if (count == max) {
			X509_free(x509);
			rc = prism_error_raise(err, PRISM_ERROR_LIMIT, "more than %zu certificates", max);
		} else if (!(out[count] = describe(x509, err))) {
			rc = -1;
		} else {
			count++;
		}
	}
	BIO_free(bio);
	unsigned long code = ERR_peek_last_error();
	if (rc == 0 && count > 0 && code && ERR_GET_REASON(code) != PEM_R_NO_START_LINE)
		rc = net_ossl_error(err, PRISM_ERROR_INVALID, "a certificate block is damaged");
	net_ossl_forget();
	if (rc == 0 && count == 0)
		rc = prism_error_raise(err, PRISM_ERROR_INVALID, "no certificate in the PEM text");
	if (rc < 0) {
		while (count > 0)
			net_cert_destroy(out[--count]);
		return rc;
	}
	*ret_count = count;
	return 0;
}

struct net_cert *net_cert_from_any(const void *data, size_t size, struct prism_error *err)
{
	static const char mark[] = "-----BEGIN";
	struct net_cert *list[NET_CERT_CHAIN_MAX];
	size_t count;

	if (size < sizeof(mark) || memcmp(data, mark, sizeof(mark) - 1) != 0)
		return net_cert_from_der(data, size, err);
	if (net_cert_list_from_pem(data, size, list, NET_CERT_CHAIN_MAX, &count, err) < 0)
		return NULL;
	while (count > 1)
		net_cert_destroy(list[--count]);
	return list[0];
}

void net_cert_destroy(struct net_cert *cert)
{
	if (!cert)
		return;
	X509_free(cert->x509);
	prism_free(cert->der);
	prism_free(cert->spki);
	prism_free(cert->subject);
	prism_free(cert->issuer);
	prism_free(cert->common_name);
	prism_free(cert->serial);
	prism_free(cert->key_text);
	prism_free(cert->signature_text);
	prism_free(cert);
}

/* ---- describing ----------------------------------------------------------------------------- */

void net_cert_der(const struct net_cert *cert, const uint8_t **ret_der, size_t *ret_size)
{
	*ret_der = cert->der;
	*ret_size = cert->der_size;
}

void net_cert_fingerprint(const struct net_cert *cert, uint8_t out[NET_FINGERPRINT])
{
	net_digest_bytes(NET_SHA256, cert->der, cert->der_size, out);
}

void net_cert_spki(const struct net_cert *cert, const uint8_t **ret_der, size_t *ret_size)
{
	*ret_der = cert->spki;
	*ret_size = cert->spki_size;
}

const char *net_cert_subject(const struct net_cert *cert)
{
	return cert->subject;
}

const char *net_cert_issuer(const struct net_cert *cert)
{
	return cert->issuer;
}

const char *net_cert_common_name(const struct net_cert *cert)
{
	return cert->common_name;
}

const char *net_cert_serial(const struct net_cert *cert)
{
	return cert->serial;
}

const char *net_cert_key_text(const struct net_cert *cert)
{
	return cert->key_text;
}

const char *net_cert_signature_text(const struct net_cert *cert)
{
	return cert->signature_text;
}

int64_t net_cert_not_before_us(const struct net_cert *cert)
{
	return cert->not_before;
}

int64_t net_cert_not_after_us(const struct net_cert *cert)
{
	return cert->not_after;
}

bool net_cert_is_ca(const struct net_cert *cert)
{
	return (X509_get_extension_flags(cert->x509) & EXFLAG_CA) != 0;
}

static bool allows(const struct net_cert *cert, uint32_t use)
{
	uint32_t flags = X509_get_extended_key_usage(cert->x509); /* all bits when there is no EKU */

	return flags == UINT32_MAX || (flags & use) != 0;
}

bool net_cert_allows_server(const struct net_cert *cert)
{
	return allows(cert, XKU_SSL_SERVER);
}

bool net_cert_allows_client(const struct net_cert *cert)
{
	return allows(cert, XKU_SSL_CLIENT);
}

bool net_cert_self_signed(const struct net_cert *cert)
{
	bool valid = X509_verify(cert->x509, X509_get0_pubkey(cert->x509)) == 1;

	net_ossl_forget();
	return valid;
}

bool net_cert_equal(const struct net_cert *a, const struct net_cert *b)
{
	return a->der_size == b->der_size && memcmp(a->der, b->der, a->der_size) == 0;
}

bool net_cert_matches_host(const struct net_cert *cert, const char *host)
{
	bool match =
	    X509_check_ip_asc(cert->x509, host, 0) == 1 ||
	    X509_check_host(cert->x509, host, 0, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS, NULL) == 1;

	net_ossl_forget();
	return match;
}

struct extension_walk {
	const char *oid;
	const uint8_t *octets;
	size_t size;
	int count;
};

static void note_extension(void *data, const char *oid, const uint8_t *octets, size_t size)
{
	struct extension_walk *walk = data;

	if (strcmp(oid, walk->oid) != 0)
		return;
	if (walk->count++ == 0) {
		walk->octets = octets;
		walk->size = size;
	}
}

void net_cert_extensions(const struct net_cert *cert, const char *prefix,
                         void (*fn)(void *data, const char *oid, const uint8_t *octets,
                                    size_t size),
                         void *data)
{
	for (int i = 0; i < X509_get_ext_count(cert->x509); i++) {
		X509_EXTENSION *ext = X509_get_ext(cert->x509, i);
		ASN1_OCTET_STRING *octets = X509_EXTENSION_get_data(ext);
		char oid[128];

		OBJ_obj2txt(oid, sizeof(oid), X509_EXTENSION_get_object(ext), 1);
		if (strncmp(oid, prefix, strlen(prefix)) == 0)
			fn(data, oid, ASN1_STRING_get0_data(octets), (size_t)ASN1_STRING_length(octets));
	}
}

int net_cert_extension(const struct net_cert *cert, const char *oid, const uint8_t **ret_data,
                       size_t *ret_size)
{
	struct extension_walk walk = {.oid = oid};

	net_cert_extensions(cert, oid, note_extension, &walk);
	if (walk.count > 0) {
		*ret_data = walk.octets;
		*ret_size = walk.size;
	}
	return walk.count;
}

/* ---- chains --------------------------------------------------------------------------------- */

static void set_host(X509_VERIFY_PARAM *param, const char *host)
{
	if (X509_VERIFY_PARAM_set1_ip_asc(param, host) != 1)
		X509_VERIFY_PARAM_set1_host(param, host, 0);
}

static int chain_failed(X509_STORE_CTX *ctx, struct prism_error *err)
{
	X509 *at = X509_STORE_CTX_get_current_cert(ctx);
	PRISM_AUTO_FREE char *subject = at ? name_text(X509_get_subject_name(at)) : prism_strdup("?");
	int code = X509_STORE_CTX_get_error(ctx);

	net_ossl_forget();
	return prism_error_raise(err, PRISM_ERROR_TRUST, "%s (certificate %d in the chain: %.120s)",
	                         X509_verify_cert_error_string(code),
	                         X509_STORE_CTX_get_error_depth(ctx) + 1, subject);
}

static void set_params(X509_STORE_CTX *ctx, const struct net_chain_spec *spec)
{
	X509_VERIFY_PARAM *param = X509_STORE_CTX_get0_param(ctx);
	unsigned long flags = X509_V_FLAG_X509_STRICT;

	if (spec->allow_odd_names)
		flags = 0;
	if (spec->at_us == PRISM_TIME_UNSET)
		flags |= X509_V_FLAG_NO_CHECK_TIME;
	else
		X509_VERIFY_PARAM_set_time(param, (time_t)(spec->at_us / 1000000));
	X509_VERIFY_PARAM_set_flags(param, flags);
	X509_VERIFY_PARAM_set_depth(param, (int)NET_CERT_CHAIN_MAX);
	if (spec->host)
		set_host(param, spec->host);
	if (spec->need_server_use)
		X509_VERIFY_PARAM_set_purpose(param, X509_PURPOSE_SSL_SERVER);
}

int net_chain_verify(const struct net_chain_spec *spec, struct prism_error *err)
{
	X509_STORE *store = X509_STORE_new();
	STACK_OF(X509) *untrusted = sk_X509_new_null();
	X509_STORE_CTX *ctx = X509_STORE_CTX_new();
	int rc = -1;

	if (!store || !untrusted || !ctx) {
		net_ossl_error(err, PRISM_ERROR_INTERNAL, "certificate store");
		goto out;
	}
	if (spec->root_count == 0) {
		prism_error_raise(err, PRISM_ERROR_TRUST, "no root certificate to verify against");
		goto out;
	}
	for (size_t i = 0; i < spec->root_count; i++)
		X509_STORE_add_cert(store, spec->roots[i]->x509);
	for (size_t i = 0; i < spec->intermediate_count && i < NET_CERT_CHAIN_MAX; i++)
		sk_X509_push(untrusted, spec->intermediates[i]->x509);
	if (!X509_STORE_CTX_init(ctx, store, spec->leaf->x509, untrusted)) {
		net_ossl_error(err, PRISM_ERROR_INTERNAL, "certificate verification");
		goto out;
	}
	set_params(ctx, spec);
	rc = X509_verify_cert(ctx) == 1 ? 0 : chain_failed(ctx, err);
out:
	X509_STORE_CTX_free(ctx);
	sk_X509_free(untrusted);
	X509_STORE_free(store);
	net_ossl_forget();
	return rc;
}

int net_crl_check(const void *data, size_t size, const struct net_cert *issuer,
                  const struct net_cert *subject, int64_t at_us, struct prism_error *err)
{
	const unsigned char *at = data;
	X509_CRL *crl = size <= NET_CERT_MAX ? d2i_X509_CRL(NULL, &at, (long)size) : NULL;
	X509_REVOKED *revoked = NULL;
	time_t now = (time_t)(at_us / 1000000);
	int rc = 0;

	if (!crl)
		return net_ossl_error(err, PRISM_ERROR_INVALID, "not a revocation list");
	const ASN1_TIME *next = X509_CRL_get0_nextUpdate(crl);
	if (X509_CRL_verify(crl, X509_get0_pubkey(issuer->x509)) != 1)
		rc = prism_error_raise(err, PRISM_ERROR_TRUST, "the revocation list is not signed by %s",
		                       issuer->common_name);
	else if (at_us != PRISM_TIME_UNSET && (!next || X509_cmp_time(next, &now) <= 0))
		rc = prism_error_raise(err, PRISM_ERROR_TRUST, "the revocation list is out of date");
	else if (X509_CRL_get0_by_cert(crl, &revoked, subject->x509) == 1)
		rc = prism_error_raise(err, PRISM_ERROR_TRUST, "%s is revoked", subject->common_name);
	X509_CRL_free(crl);
	net_ossl_forget();
	return rc;
}

/* ---- bare keys and signatures --------------------------------------------------------------- */

static struct net_pubkey *wrap_key(EVP_PKEY *pkey, struct prism_error *err)
{
	if (!pkey) {
		net_ossl_error(err, PRISM_ERROR_INVALID, "unreadable public key");
		return NULL;
	}
	struct net_pubkey *key = prism_alloc(sizeof(*key));
	key->pkey = pkey;
	return key;
}

struct net_pubkey *net_pubkey_from_cert(const struct net_cert *cert, struct prism_error *err)
{
	return wrap_key(X509_get_pubkey(cert->x509), err);
}

struct net_pubkey *net_pubkey_from_spki(const void *der, size_t size, struct prism_error *err)
{
	const unsigned char *at = der;
	EVP_PKEY *pkey = size <= NET_CERT_MAX ? d2i_PUBKEY(NULL, &at, (long)size) : NULL;

	if (pkey && at != (const unsigned char *)der + size) {
		EVP_PKEY_free(pkey);
		pkey = NULL;
	}
	return wrap_key(pkey, err);
}

static EVP_PKEY *key_from_params(const char *type, OSSL_PARAM_BLD *build)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
	OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(build);
	EVP_PKEY *pkey = NULL;

	if (ctx && params && EVP_PKEY_fromdata_init(ctx) == 1 &&
	    EVP_PKEY_fromdata(ctx, &pkey, EVP_PKEY_PUBLIC_KEY, params) != 1)
		pkey = NULL;
	OSSL_PARAM_free(params);
	EVP_PKEY_CTX_free(ctx);
	return pkey;
}

struct net_pubkey *net_pubkey_from_rsa(const uint8_t *modulus, size_t size, uint32_t exponent,
                                       struct prism_error *err)
{
	OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
	BIGNUM *n = size <= 2048 ? BN_bin2bn(modulus, (int)size, NULL) : NULL;
	BIGNUM *e = BN_new();
	EVP_PKEY *pkey = NULL;

	if (build && n && e && BN_set_word(e, exponent) &&
	    OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, n) &&
	    OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, e))
		pkey = key_from_params("RSA", build);
	BN_free(n);
	BN_free(e);
	OSSL_PARAM_BLD_free(build);
	return wrap_key(pkey, err);
}

struct net_pubkey *net_pubkey_from_point(unsigned curve, const uint8_t *x, const uint8_t *y,
                                         size_t size, struct prism_error *err)
{
	const char *group = curve == 384 ? "secp384r1" : "prime256v1";
	size_t width = curve == 384 ? 48 : 32;
	uint8_t point[1 + 2 * 48] = {0x04};
	OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
	EVP_PKEY *pkey = NULL;

	if (size == width) {
		memcpy(point + 1, x, width);
		memcpy(point + 1 + width, y, width);
		if (build && OSSL_PARAM_BLD_push_utf8_string(build, OSSL_PKEY_PARAM_GROUP_NAME, group, 0) &&
		    OSSL_PARAM_BLD_push_octet_string(build, OSSL_PKEY_PARAM_PUB_KEY, point, 1 + 2 * width))
			pkey = key_from_params("EC", build);
	}
	OSSL_PARAM_BLD_free(build);
	return wrap_key(pkey, err);
}

void net_pubkey_destroy(struct net_pubkey *key)
{
	if (!key)
		return;
	EVP_PKEY_free(key->pkey);
	prism_free(key);
}

static const struct {
	const char *type, *group; /* group NULL: any */
	const EVP_MD *(*digest)(void);
	size_t half; /* of a raw r||s signature; 0: not raw */
	bool pss;
} schemes[NET_SIG_SCHEME_COUNT] = {
    [NET_SIG_ECDSA_P256_SHA256] = {"EC", "prime256v1", EVP_sha256, 32, false},
    [NET_SIG_ECDSA_P384_SHA384] = {"EC", "secp384r1", EVP_sha384, 48, false},
    [NET_SIG_ECDSA_DER_SHA256] = {"EC", "prime256v1", EVP_sha256, 0, false},
    [NET_SIG_RSA_PSS_SHA256] = {"RSA", NULL, EVP_sha256, 0, true},
    [NET_SIG_RSA_PKCS1_SHA256] = {"RSA", NULL, EVP_sha256, 0, false},
    [NET_SIG_RSA_PKCS1_SHA384] = {"RSA", NULL, EVP_sha384, 0, false},
    [NET_SIG_RSA_PKCS1_SHA512] = {"RSA", NULL, EVP_sha512, 0, false},
    [NET_SIG_ED25519] = {"ED25519", NULL, NULL, 0, false},
};

static bool key_fits(const EVP_PKEY *pkey, enum net_sig_scheme scheme)
{
	char group[64] = "";

	if (!EVP_PKEY_is_a(pkey, schemes[scheme].type))
		return false;
	if (!schemes[scheme].group)
		return true;
	EVP_PKEY_get_utf8_string_param(pkey, OSSL_PKEY_PARAM_GROUP_NAME, group, sizeof(group), NULL);
	return strcmp(group, schemes[scheme].group) == 0;
}

/* r||s into DER; NULL when the length is wrong. */
static unsigned char *raw_to_der(const uint8_t *sig, size_t size, size_t half, int *ret_size)
{
	unsigned char *der = NULL;

	if (size != 2 * half)
		return NULL;
	ECDSA_SIG *pair = ECDSA_SIG_new();
	BIGNUM *r = BN_bin2bn(sig, (int)half, NULL);
	BIGNUM *s = BN_bin2bn(sig + half, (int)half, NULL);
	if (pair && r && s && ECDSA_SIG_set0(pair, r, s)) {
		*ret_size = i2d_ECDSA_SIG(pair, &der);
	} else {
		BN_free(r);
		BN_free(s);
	}
	ECDSA_SIG_free(pair);
	return der;
}

static bool digest_verify(EVP_PKEY *pkey, enum net_sig_scheme scheme, const void *data, size_t size,
                          const uint8_t *sig, size_t sig_size)
{
	const EVP_MD *md = schemes[scheme].digest ? schemes[scheme].digest() : NULL;
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	EVP_PKEY_CTX *pctx = NULL;
	bool ok = ctx && EVP_DigestVerifyInit(ctx, &pctx, md, NULL, pkey) == 1;

	if (ok && schemes[scheme].pss)
		ok = EVP_PKEY_CTX_set_rsa_padding(pctx, RSA_PKCS1_PSS_PADDING) == 1 &&
		     EVP_PKEY_CTX_set_rsa_pss_saltlen(pctx, RSA_PSS_SALTLEN_DIGEST) == 1 &&
		     EVP_PKEY_CTX_set_rsa_mgf1_md(pctx, md) == 1;
	ok = ok && EVP_DigestVerify(ctx, sig, sig_size, data, size) == 1;
	EVP_MD_CTX_free(ctx);
	return ok;
}

int net_pubkey_verify(const struct net_pubkey *key, enum net_sig_scheme scheme, const void *data,
                      size_t size, const void *sig, size_t sig_size, struct prism_error *err)
{
	unsigned char *der = NULL;
	int der_size = 0;

	if (!key_fits(key->pkey, scheme)) {
		PRISM_AUTO_FREE char *text = key_text(key->pkey);
		return prism_error_raise(err, PRISM_ERROR_TRUST, "a %s key does not fit the signature",
		                         text);
	}
	if (schemes[scheme].half) {
		der = raw_to_der(sig, sig_size, schemes[scheme].half, &der_size);
		sig = der;
		sig_size = (size_t)der_size;
	}
	bool ok = sig && digest_verify(key->pkey, scheme, data, size, sig, sig_size);
	OPENSSL_free(der);
	net_ossl_forget();
	return ok ? 0 : prism_error_raise(err, PRISM_ERROR_TRUST, "the signature does not verify");
}

void net_hmac(int digest, const void *key, size_t key_size, const void *data, size_t size,
              uint8_t *out)
{
	unsigned int length = 0;
	const EVP_MD *md = digest == NET_SHA384 ? EVP_sha384() : EVP_sha256();

	if (!HMAC(md, key, (int)key_size, data, size, out, &length))
		abort();
}
