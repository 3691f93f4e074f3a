/* Owns the making of certificates; pki_ocsp.c owns the answers about them. */
#include "sandbox/pki.h"

#include "base/mem.h"
#include "sandbox/pki_private.h"

#include <arpa/inet.h>
#include <ctype.h>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#define DAY_US 86400000000ll
#define SERIAL_BYTES 16

struct maker {
	X509 *cert;
	EVP_PKEY *key;
};

static void maker_finish(struct maker *maker)
{
	X509_free(maker->cert);
	EVP_PKEY_free(maker->key);
}

/* ---- pieces of a certificate ---- */

static bool set_serial(X509 *cert, const char *of)
{
	unsigned char bytes[EVP_MAX_MD_SIZE];
	if (of ? EVP_Digest(of, strlen(of), bytes, NULL, EVP_sha256(), NULL) != 1
	       : RAND_bytes(bytes, SERIAL_BYTES) != 1)
		return false;
	bytes[0] = (unsigned char)((bytes[0] & 0x3f) | 0x40); /* positive, of full length */
	BIGNUM *number = BN_bin2bn(bytes, SERIAL_BYTES, NULL);
	bool good = number && BN_to_ASN1_INTEGER(number, X509_get_serialNumber(cert));
	BN_free(number);
	return good;
}

void sb_serial_text(const ASN1_INTEGER *serial, char out[SB_SERIAL_TEXT])
{
	BIGNUM *number = ASN1_INTEGER_to_BN(serial, NULL);
	char *text = number ? BN_bn2dec(number) : NULL;
	snprintf(out, SB_SERIAL_TEXT, "%s", text ? text : "");
	OPENSSL_free(text);
	BN_free(number);
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

static bool set_name(X509 *cert, const char *common_name)
{
	static const unsigned char organisation[] = "Prism sandbox (NOT A TEE)";
	X509_NAME *name = X509_get_subject_name(cert);
	return X509_NAME_add_entry_by_txt(name, "O", MBSTRING_UTF8, organisation, -1, -1, 0) &&
	       X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, (const unsigned char *)common_name,
	                                  -1, -1, 0);
}

static bool start(struct maker *maker, const char *common_name, const char *serial_of,
                  int64_t from_us, int64_t to_us)
{
	time_t from = (time_t)(from_us / 1000000), to = (time_t)(to_us / 1000000);
	maker->key = EVP_EC_gen("P-256");
	maker->cert = X509_new();
	return maker->key && maker->cert && X509_set_version(maker->cert, X509_VERSION_3) == 1 &&
	       set_serial(maker->cert, serial_of) && X509_set_pubkey(maker->cert, maker->key) == 1 &&
	       X509_time_adj_ex(X509_getm_notBefore(maker->cert), 0, 0, &from) &&
	       X509_time_adj_ex(X509_getm_notAfter(maker->cert), 0, 0, &to) &&
	       set_name(maker->cert, common_name);
}

static bool make_root(struct maker *root, int64_t now_us)
{
	return start(root, "Prism sandbox CA", NULL, now_us - DAY_US, now_us + SB_CA_DAYS * DAY_US) &&
	       X509_set_issuer_name(root->cert, X509_get_subject_name(root->cert)) == 1 &&
	       add_extension(root->cert, root->cert, NID_basic_constraints,
	                     "critical,CA:TRUE,pathlen:0") &&
	       add_extension(root->cert, root->cert, NID_key_usage,
	                     "critical,keyCertSign,cRLSign,digitalSignature") &&
	       add_extension(root->cert, root->cert, NID_subject_key_identifier, "hash") &&
	       X509_sign(root->cert, root->key, EVP_sha256()) > 0;
}

/* "DNS:a,IP:b"; NULL when a name is neither. Yours. */
static char *alt_names(const char *const *names)
{
	struct prism_buf out = PRISM_BUF_INIT(65536);
	for (size_t i = 0; names && names[i]; i++) {
		unsigned char address[16];
		bool ip = inet_pton(AF_INET, names[i], address) == 1 ||
		          inet_pton(AF_INET6, names[i], address) == 1;
		bool host = names[i][0] != '\0' && strlen(names[i]) < 254;
		for (const char *c = names[i]; *c; c++)
			host &= isalnum((unsigned char)*c) || *c == '.' || *c == '-';
		if (!ip && !host) {
			prism_buf_finish(&out);
			return NULL;
		}
		prism_buf_printf(&out, "%s%s:%s", i ? "," : "", ip ? "IP" : "DNS", names[i]);
	}
	return prism_buf_take(&out, NULL);
}

static bool make_leaf(struct maker *leaf, const struct sb_ca *ca,
                      const struct sb_cert_request *request, const char *names)
{
	return start(leaf, request->common_name, request->serial_of, request->not_before_us,
	             request->not_after_us) &&
	       X509_set_issuer_name(leaf->cert, X509_get_subject_name(ca->cert)) == 1 &&
	       add_extension(leaf->cert, ca->cert, NID_basic_constraints, "critical,CA:FALSE") &&
	       add_extension(leaf->cert, ca->cert, NID_key_usage, "critical,digitalSignature") &&
	       add_extension(leaf->cert, ca->cert, NID_ext_key_usage, "serverAuth,clientAuth") &&
	       add_extension(leaf->cert, ca->cert, NID_subject_key_identifier, "hash") &&
	       add_extension(leaf->cert, ca->cert, NID_authority_key_identifier, "keyid") &&
	       (!names[0] || add_extension(leaf->cert, ca->cert, NID_subject_alt_name, names)) &&
	       X509_sign(leaf->cert, ca->key, EVP_sha256()) > 0;
}

/* ---- PEM ---- */

static char *bio_text(BIO *bio)
{
	char *data = NULL;
	long len = BIO_get_mem_data(bio, &data);
	char *text = prism_strndup(len > 0 ? data : "", len > 0 ? (size_t)len : 0);
	if (len > 0)
		prism_wipe(data, (size_t)len);
	BIO_free(bio);
	return text;
}

static char *cert_pem(const X509 *cert)
{
	BIO *bio = BIO_new(BIO_s_mem());
	PEM_write_bio_X509(bio, cert);
	return bio_text(bio);
}

static char *key_pem(const EVP_PKEY *key)
{
	BIO *bio = BIO_new(BIO_s_mem());
	PEM_write_bio_PKCS8PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL);
	return bio_text(bio);
}

static X509 *read_cert(const char *pem)
{
	BIO *bio = BIO_new_mem_buf(pem, -1);
	X509 *cert = PEM_read_bio_X509(bio, NULL, NULL, NULL);
	BIO_free(bio);
	return cert;
}

/* ---- the CA ---- */

static struct sb_ca *ca_of(struct maker *root)
{
	struct sb_ca *ca = prism_alloc(sizeof(*ca));
	ca->cert = PRISM_STEAL(root->cert);
	ca->key = PRISM_STEAL(root->key);
	ca->cert_pem = cert_pem(ca->cert);
	return ca;
}

struct sb_ca *sb_ca_create(int64_t now_us, struct prism_error *err)
{
	struct maker root = {0};
	struct sb_ca *ca = make_root(&root, now_us) ? ca_of(&root) : NULL;
	if (!ca)
		prism_error_raise(err, PRISM_ERROR_INTERNAL, "a certificate authority could not be made");
	maker_finish(&root);
	return ca;
}

struct sb_ca *sb_ca_load(const char *cert_text, const char *key_text, struct prism_error *err)
{
	BIO *bio = BIO_new_mem_buf(key_text, -1);
	struct maker root = {.cert = read_cert(cert_text),
	                     .key = PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL)};
	BIO_free(bio);
	struct sb_ca *ca = NULL;
	if (root.cert && root.key && X509_check_private_key(root.cert, root.key) == 1)
		ca = ca_of(&root);
	else
		prism_error_raise(err, PRISM_ERROR_INVALID, "the stored certificate authority is damaged");
	maker_finish(&root);
	return ca;
}

void sb_ca_destroy(struct sb_ca *ca)
{
	if (!ca)
		return;
	X509_free(ca->cert);
	EVP_PKEY_free(ca->key);
	prism_free(ca->cert_pem);
	prism_free(ca);
}

const char *sb_ca_cert_pem(const struct sb_ca *ca)
{
	return ca->cert_pem;
}

char *sb_ca_key_pem(const struct sb_ca *ca)
{
	return key_pem(ca->key);
}

int sb_ca_issue(const struct sb_ca *ca, const struct sb_cert_request *request, struct sb_cert *ret,
                struct prism_error *err)
{
	struct maker leaf = {0};
	PRISM_AUTO_FREE char *names = alt_names(request->names);
	if (!names)
		return prism_error_raise(err, PRISM_ERROR_INVALID, "not an IP address or host name");
	int rc = -1;
	if (make_leaf(&leaf, ca, request, names)) {
		sb_serial_text(X509_get0_serialNumber(leaf.cert), ret->serial);
		ret->cert_pem = cert_pem(leaf.cert);
		ret->key_pem = key_pem(leaf.key);
		rc = 0;
	} else {
		prism_error_raise(err, PRISM_ERROR_INVALID, "a certificate for %s could not be made",
		                  request->common_name);
	}
	maker_finish(&leaf);
	return rc;
}

void sb_cert_finish(struct sb_cert *cert)
{
	if (cert->key_pem)
		prism_wipe(cert->key_pem, strlen(cert->key_pem));
	prism_free(cert->key_pem);
	prism_free(cert->cert_pem);
	*cert = (struct sb_cert){0};
}

int sb_ca_serial_of(const struct sb_ca *ca, const char *text, char ret_serial[SB_SERIAL_TEXT])
{
	X509 *cert = read_cert(text);
	int rc = cert && X509_verify(cert, ca->key) == 1 ? 0 : -1;
	if (rc == 0)
		sb_serial_text(X509_get0_serialNumber(cert), ret_serial);
	X509_free(cert);
	return rc;
}
