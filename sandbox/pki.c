/* Owns certificate making with OpenSSL; nothing else in the sandbox sees X509 objects. */
#include "sandbox/pki.h"

#include "base/mem.h"

#include <arpa/inet.h>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#define DAY_S 86400
#define LIFE_DAYS 30

struct maker {
	X509 *cert;
	EVP_PKEY *key;
};

static void maker_finish(struct maker *maker)
{
	X509_free(maker->cert);
	EVP_PKEY_free(maker->key);
}

static bool set_serial(X509 *cert)
{
	unsigned char bytes[16];
	if (RAND_bytes(bytes, sizeof(bytes)) != 1)
		return false;
	bytes[0] = (unsigned char)((bytes[0] & 0x3f) | 0x40); /* positive, of full length */
	BIGNUM *number = BN_bin2bn(bytes, sizeof(bytes), NULL);
	bool good = number && BN_to_ASN1_INTEGER(number, X509_get_serialNumber(cert));
	BN_free(number);
	return good;
}

static bool add_extension(X509 *cert, X509 *issuer, int nid, const char *value)
{
	X509V3_CTX ctx;
	X509V3_set_ctx(&ctx, issuer, cert, NULL, NULL, 0);
	X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
	bool good = extension && X509_add_ext(cert, extension, -1) == 1;
	X509_EXTENSION_free(extension);
	return good;
}

static bool start(struct maker *maker, const char *common_name, int64_t now_us)
{
	time_t now = (time_t)(now_us / 1000000), from = now - DAY_S;
	maker->key = EVP_EC_gen("P-256");
	maker->cert = X509_new();
	if (!maker->key || !maker->cert || X509_set_version(maker->cert, X509_VERSION_3) != 1 ||
	    !set_serial(maker->cert) || X509_set_pubkey(maker->cert, maker->key) != 1)
		return false;
	X509_NAME *name = X509_get_subject_name(maker->cert);
	return X509_time_adj_ex(X509_getm_notBefore(maker->cert), 0, 0, &from) &&
	       X509_time_adj_ex(X509_getm_notAfter(maker->cert), LIFE_DAYS, 0, &now) &&
	       X509_NAME_add_entry_by_txt(name, "O", MBSTRING_ASC,
	                                  (const unsigned char *)"Prism sandbox (NOT A TEE)", -1, -1,
	                                  0) &&
	       X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)common_name,
	                                  -1, -1, 0);
}

static bool make_ca(struct maker *ca, int64_t now_us)
{
	return start(ca, "Prism sandbox CA", now_us) &&
	       X509_set_issuer_name(ca->cert, X509_get_subject_name(ca->cert)) == 1 &&
	       add_extension(ca->cert, ca->cert, NID_basic_constraints, "critical,CA:TRUE,pathlen:0") &&
	       add_extension(ca->cert, ca->cert, NID_key_usage, "critical,keyCertSign,cRLSign") &&
	       add_extension(ca->cert, ca->cert, NID_subject_key_identifier, "hash") &&
	       X509_sign(ca->cert, ca->key, EVP_sha256()) > 0;
}

static bool make_server(struct maker *server, const struct maker *ca, const char *host,
                        int64_t now_us)
{
	PRISM_AUTO_FREE char *names = prism_asprintf("DNS:localhost,IP:127.0.0.1,IP:::1,%s:%s",
	                                             strpbrk(host, ".:") ? "IP" : "DNS", host);
	return start(server, "localhost", now_us) &&
	       X509_set_issuer_name(server->cert, X509_get_subject_name(ca->cert)) == 1 &&
	       add_extension(server->cert, ca->cert, NID_basic_constraints, "critical,CA:FALSE") &&
	       add_extension(server->cert, ca->cert, NID_key_usage, "critical,digitalSignature") &&
	       add_extension(server->cert, ca->cert, NID_ext_key_usage, "serverAuth") &&
	       add_extension(server->cert, ca->cert, NID_subject_key_identifier, "hash") &&
	       add_extension(server->cert, ca->cert, NID_authority_key_identifier, "keyid") &&
	       add_extension(server->cert, ca->cert, NID_subject_alt_name, names) &&
	       X509_sign(server->cert, ca->key, EVP_sha256()) > 0;
}

static char *bio_text(BIO *bio)
{
	char *data = NULL;
	long len = BIO_get_mem_data(bio, &data);
	char *text = len > 0 ? prism_strndup(data, (size_t)len) : prism_strdup("");
	if (len > 0)
		prism_wipe(data, (size_t)len);
	BIO_free(bio);
	return text;
}

static char *certs_pem(const X509 *first, const X509 *second)
{
	BIO *bio = BIO_new(BIO_s_mem());
	if (first)
		PEM_write_bio_X509(bio, first);
	if (second)
		PEM_write_bio_X509(bio, second);
	return bio_text(bio);
}

int sb_pki_server_identity(const char *host, int64_t now_us, struct sb_server_identity *ret,
                           struct prism_error *err)
{
	struct maker ca = {0}, server = {0};
	int rc = -1;
	if (make_ca(&ca, now_us) && make_server(&server, &ca, host, now_us)) {
		BIO *bio = BIO_new(BIO_s_mem());
		PEM_write_bio_PKCS8PrivateKey(bio, server.key, NULL, NULL, 0, NULL, NULL);
		ret->key_pem = bio_text(bio);
		ret->cert_pem = certs_pem(server.cert, ca.cert);
		ret->ca_pem = certs_pem(ca.cert, NULL);
		rc = 0;
	} else {
		prism_error_raise(err, PRISM_ERROR_INTERNAL, "certificates for --tls could not be made");
	}
	maker_finish(&server);
	maker_finish(&ca);
	return rc;
}

void sb_server_identity_finish(struct sb_server_identity *identity)
{
	if (identity->key_pem)
		prism_wipe(identity->key_pem, strlen(identity->key_pem));
	prism_free(identity->key_pem);
	prism_free(identity->cert_pem);
	prism_free(identity->ca_pem);
}
