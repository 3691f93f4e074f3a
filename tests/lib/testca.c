/* See testca.h. */
#include "tests/lib/testca.h"

#include "base/mem.h"

#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <string.h>

static void need(bool good)
{
	if (!good)
		abort();
}

static void extension(X509 *cert, X509 *issuer, int nid, const char *value)
{
	X509V3_CTX ctx;
	X509V3_set_ctx(&ctx, issuer, cert, NULL, NULL, 0);
	X509_EXTENSION *made = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
	need(made && X509_add_ext(cert, made, -1) == 1);
	X509_EXTENSION_free(made);
}

static void bulk_extension(X509 *cert, unsigned size)
{
	ASN1_OBJECT *oid = OBJ_txt2obj("2.99999.1.0", 1);
	ASN1_OCTET_STRING *octets = ASN1_OCTET_STRING_new();
	unsigned char *bytes = prism_alloc(size);
	need(oid && octets && ASN1_OCTET_STRING_set(octets, bytes, (int)size) == 1);
	X509_EXTENSION *made = X509_EXTENSION_create_by_OBJ(NULL, oid, 0, octets);
	need(made && X509_add_ext(cert, made, -1) == 1);
	X509_EXTENSION_free(made);
	ASN1_OCTET_STRING_free(octets);
	ASN1_OBJECT_free(oid);
	prism_free(bytes);
}

static char *take_text(BIO *bio)
{
	char *data;
	long size = BIO_get_mem_data(bio, &data);
	char *text = prism_strndup(data, (size_t)size);
	BIO_free(bio);
	return text;
}

static X509 *describe(const struct testca_spec *spec, EVP_PKEY *key)
{
	X509 *cert = X509_new();
	X509_NAME *name = X509_NAME_new();
	int64_t serial = 0;
	need(cert && name && RAND_bytes((unsigned char *)&serial, sizeof(serial)) == 1);
	need(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, (const unsigned char *)spec->name,
	                                -1, -1, 0) == 1);
	if (spec->nul)
		need(X509_NAME_add_entry_by_txt(name, "O", MBSTRING_UTF8,
		                                (const unsigned char *)"good\0.example", 13, -1, 0) == 1);
	X509_set_version(cert, 2);
	ASN1_INTEGER_set_int64(X509_get_serialNumber(cert), serial & INT64_MAX);
	X509_set_subject_name(cert, name);
	X509_NAME_free(name);
	bool usual = spec->from == 0 && spec->until == 0;
	X509_gmtime_adj(X509_getm_notBefore(cert), usual ? -3600 : spec->from);
	X509_gmtime_adj(X509_getm_notAfter(cert), usual ? 3600 : spec->until);
	X509_set_pubkey(cert, key);
	return cert;
}

struct testca testca_make(const struct testca_spec *spec, const struct testca *issuer)
{
	EVP_PKEY *key =
	    spec->rsa ? EVP_RSA_gen(spec->rsa) : EVP_EC_gen(spec->curve ? spec->curve : "P-256");
	EVP_PKEY *signer = key;
	X509 *cert = describe(spec, key), *parent = cert;
	if (issuer) {
		BIO *cert_bio = BIO_new_mem_buf(issuer->cert_pem, -1);
		BIO *key_bio = BIO_new_mem_buf(issuer->key_pem, -1);
		parent = PEM_read_bio_X509(cert_bio, NULL, NULL, NULL);
		signer = PEM_read_bio_PrivateKey(key_bio, NULL, NULL, NULL);
		BIO_free(cert_bio);
		BIO_free(key_bio);
	}
	need(parent && signer && X509_set_issuer_name(cert, X509_get_subject_name(parent)) == 1);
	extension(cert, parent, NID_basic_constraints,
	          spec->ca ? "critical,CA:TRUE" : "critical,CA:FALSE");
	if (spec->names)
		extension(cert, parent, NID_subject_alt_name, spec->names);
	if (spec->usage)
		extension(cert, parent, NID_ext_key_usage, spec->usage);
	if (spec->key_usage)
		extension(cert, parent, NID_key_usage, spec->key_usage);
	if (spec->bulk)
		bulk_extension(cert, spec->bulk);
	need(X509_sign(cert, signer, spec->digest ? EVP_get_digestbyname(spec->digest) : EVP_sha256()) >
	     0);
	BIO *cert_out = BIO_new(BIO_s_mem()), *key_out = BIO_new(BIO_s_mem());
	need(PEM_write_bio_X509(cert_out, cert) == 1);
	need(PEM_write_bio_PrivateKey(key_out, key, NULL, NULL, 0, NULL, NULL) == 1);
	if (issuer) {
		X509_free(parent);
		EVP_PKEY_free(signer);
	}
	X509_free(cert);
	EVP_PKEY_free(key);
	return (struct testca){take_text(cert_out), take_text(key_out)};
}

void testca_finish(struct testca *made)
{
	prism_free(made->cert_pem);
	prism_free(made->key_pem);
	*made = (struct testca){NULL, NULL};
}
