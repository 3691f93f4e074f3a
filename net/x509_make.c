/*
 * Owns the making of certificates: see x509_make.h.  Reading them is net/x509.c's matter, private
 * keys are net/key.c's.
 */
#include "net/x509_make.h"

#include "base/clock.h"
#include "net/crypto_ossl.h"
#include "net/x509_private.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <string.h>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

/* Letters, digits, '-', '_', '.', and '*' as the first label (RFC 6125): nothing that could become
 * syntax in the text OpenSSL reads. */
static bool is_dns_name(const char *name)
{
	if (strncmp(name, "*.", 2) == 0)
		name += 2;
	if (!*name || *name == '.' || strlen(name) > 253)
		return false;
	for (; *name; name++)
		if (!isalnum((unsigned char)*name) && !strchr("-_.", *name))
			return false;
	return true;
}

char *net_cert_alt_names_text(const char *const *names, size_t count, struct prism_error *err)
{
	struct prism_buf out = PRISM_BUF_INIT(300u * NET_CERT_NAMES_MAX);

	if (count > NET_CERT_NAMES_MAX) {
		prism_error_raise(err, PRISM_ERROR_LIMIT, "more than %d names", NET_CERT_NAMES_MAX);
		return NULL;
	}
	for (size_t i = 0; i < count; i++) {
		unsigned char address[16];
		bool ip = inet_pton(AF_INET, names[i], address) == 1 ||
		          inet_pton(AF_INET6, names[i], address) == 1;
		if (!ip && !is_dns_name(names[i])) {
			prism_error_raise(err, PRISM_ERROR_INVALID, "\"%.100s\" is no DNS name and no address",
			                  names[i]);
			prism_error_hint(err, "give names like agent.example or 10.0.0.7, without a port");
			prism_buf_finish(&out);
			return NULL;
		}
		prism_buf_printf(&out, "%s%s:%s", i ? "," : "", ip ? "IP" : "DNS", names[i]);
	}
	return prism_buf_take(&out, NULL);
}

static int add_name(X509_NAME *name, const char *field, const char *text, struct prism_error *err)
{
	if (!text || !*text)
		return 0;
	if (strlen(text) > NET_CERT_NAME_MAX)
		return prism_error_raise(err, PRISM_ERROR_INVALID, "%s is longer than %d bytes", field,
		                         NET_CERT_NAME_MAX);
	for (const char *at = text; *at; at++)
		if ((unsigned char)*at < 0x20 || *at == 0x7f)
			return prism_error_raise(err, PRISM_ERROR_INVALID, "%s holds a control character",
			                         field);
	if (X509_NAME_add_entry_by_txt(name, field, MBSTRING_UTF8, (const unsigned char *)text, -1, -1,
	                               0) != 1)
		return net_ossl_error(err, PRISM_ERROR_INVALID, "%s cannot stand in a certificate", field);
	return 0;
}

static bool set_serial(X509 *cert)
{
	unsigned char bytes[16];

	net_random_bytes(bytes, sizeof(bytes));
	bytes[0] = (unsigned char)((bytes[0] & 0x3f) | 0x40); /* positive, of full length */
	BIGNUM *number = BN_bin2bn(bytes, sizeof(bytes), NULL);
	bool good = number && BN_to_ASN1_INTEGER(number, X509_get_serialNumber(cert)) != NULL;
	BN_free(number);
	return good;
}

static bool extend(X509 *cert, X509 *issuer, int nid, const char *value)
{
	X509V3_CTX ctx;

	X509V3_set_ctx(&ctx, issuer, cert, NULL, NULL, 0);
	X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
	bool good = extension && X509_add_ext(cert, extension, -1) == 1;
	X509_EXTENSION_free(extension);
	return good;
}

static bool extensions(const struct net_cert_spec *spec, X509 *cert, X509 *issuer,
                       const char *names)
{
	bool ca = spec->role == NET_CERT_ROLE_CA;
	bool rsa = EVP_PKEY_is_a(net_key_pkey(spec->key), "RSA") == 1;

	return extend(cert, issuer, NID_basic_constraints,
	              ca ? "critical,CA:TRUE,pathlen:0" : "critical,CA:FALSE") &&
	       extend(cert, issuer, NID_key_usage,
	              ca    ? "critical,keyCertSign,cRLSign"
	              : rsa ? "critical,digitalSignature,keyEncipherment"
	                    : "critical,digitalSignature") &&
	       (ca || extend(cert, issuer, NID_ext_key_usage,
	                     spec->role == NET_CERT_ROLE_SERVER ? "serverAuth" : "clientAuth")) &&
	       extend(cert, issuer, NID_subject_key_identifier, "hash") &&
	       (ca || extend(cert, issuer, NID_authority_key_identifier, "keyid:always")) &&
	       (!*names || extend(cert, issuer, NID_subject_alt_name, names)) &&
	       extend(cert, issuer, NID_netscape_comment, NET_CERT_COMMENT);
}

static int fill(const struct net_cert_spec *spec, X509 *cert, struct prism_error *err)
{
	X509_NAME *name = X509_get_subject_name(cert);
	X509 *issuer = spec->issuer ? spec->issuer->x509 : cert;
	time_t from = (time_t)(spec->not_before_us / 1000000);
	time_t to = (time_t)(spec->not_after_us / 1000000);
	PRISM_AUTO_FREE char *names = net_cert_alt_names_text(spec->names, spec->name_count, err);

	if (!names || add_name(name, "O", spec->organisation, err) < 0 ||
	    add_name(name, "OU", spec->unit, err) < 0 ||
	    add_name(name, "CN", spec->common_name, err) < 0)
		return -1;
	if (X509_set_version(cert, X509_VERSION_3) != 1 || !set_serial(cert) ||
	    X509_set_pubkey(cert, net_key_pkey(spec->key)) != 1 ||
	    !X509_time_adj_ex(X509_getm_notBefore(cert), 0, 0, &from) ||
	    !X509_time_adj_ex(X509_getm_notAfter(cert), 0, 0, &to) ||
	    X509_set_issuer_name(cert, X509_get_subject_name(issuer)) != 1 ||
	    !extensions(spec, cert, issuer, names))
		return net_ossl_error(err, PRISM_ERROR_INTERNAL, "the certificate cannot be made");
	return 0;
}

int net_cert_make(const struct net_cert_spec *spec, struct prism_buf *out, struct prism_error *err)
{
	X509 *cert = X509_new();
	EVP_PKEY *signer = net_key_pkey(spec->issuer_key);
	const EVP_MD *digest = EVP_PKEY_is_a(signer, "ED25519") == 1 ? NULL : EVP_sha256();
	BIO *bio = NULL;
	char *text;
	int rc = -1;

	net_ossl_require(cert != NULL, "a certificate");
	if (fill(spec, cert, err) < 0)
		goto out;
	if (X509_sign(cert, signer, digest) <= 0) {
		net_ossl_error(err, PRISM_ERROR_INTERNAL, "the certificate cannot be signed");
		goto out;
	}
	bio = BIO_new(BIO_s_mem());
	net_ossl_require(bio && PEM_write_bio_X509(bio, cert) == 1, "PEM text");
	long size = BIO_get_mem_data(bio, &text);
	rc = prism_buf_append(out, text, (size_t)size, err);
out:
	BIO_free(bio);
	X509_free(cert);
	net_ossl_forget();
	return rc;
}
