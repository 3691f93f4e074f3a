/*
 * The test hierarchy of forged evidence: ARK, ASK and VCEK certificates with AMD's extensions.
 *
 * Real ones use RSA-4096; these use RSA-2048, because two 4096-bit keys at every start would cost
 * seconds and prove no more.  Signatures are RSA-PSS with SHA-384 as the real ones'.
 */
#include "base/mem.h"
#include "sandbox/forge_private.h"

#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>
#include <string.h>

#define KEY_BITS 2048
#define DAY 86400L
/* Vendors' certificates are years older than what they vouch for; so are these, for clients whose
 * clock is behind. */
#define VCEK_AGE (3 * 365 * DAY)
#define CA_AGE (5 * 365 * DAY)
#define AMD_OID "1.3.6.1.4.1.3704.1."

int sb_forge_raise(struct prism_error *err, const char *what)
{
	const char *reason = ERR_reason_error_string(ERR_get_error());

	ERR_clear_error();
	return prism_error_raise(err, PRISM_ERROR_INTERNAL, "forging %s: %s", what,
	                         reason ? reason : "failed");
}

/* ---- extensions ----------------------------------------------------------------------------- */

static bool add_octets(X509 *cert, const char *oid, const uint8_t *data, size_t size)
{
	ASN1_OBJECT *object = OBJ_txt2obj(oid, 1);
	ASN1_OCTET_STRING *octets = ASN1_OCTET_STRING_new();
	X509_EXTENSION *ext = NULL;
	bool ok = object && octets && ASN1_OCTET_STRING_set(octets, data, (int)size) &&
	          (ext = X509_EXTENSION_create_by_OBJ(NULL, object, 0, octets)) != NULL &&
	          X509_add_ext(cert, ext, -1);

	X509_EXTENSION_free(ext);
	ASN1_OCTET_STRING_free(octets);
	ASN1_OBJECT_free(object);
	return ok;
}

static bool add_number(X509 *cert, const char *oid, uint8_t value)
{
	const uint8_t small[] = {0x02, 0x01, value}, large[] = {0x02, 0x02, 0x00, value};

	return value < 0x80 ? add_octets(cert, oid, small, sizeof(small))
	                    : add_octets(cert, oid, large, sizeof(large));
}

static bool add_vcek_extensions(X509 *cert, struct sb_forge_tcb tcb, const uint8_t chip[64])
{
	static const uint8_t product[] = {0x16, 8, 'M', 'i', 'l', 'a', 'n', '-', 'B', '0'};

	return add_number(cert, AMD_OID "1", 0) &&
	       add_octets(cert, AMD_OID "2", product, sizeof(product)) &&
	       add_number(cert, AMD_OID "3.1", tcb.boot_loader) &&
	       add_number(cert, AMD_OID "3.2", tcb.tee) && add_number(cert, AMD_OID "3.3", tcb.snp) &&
	       add_number(cert, AMD_OID "3.4", 0) && add_number(cert, AMD_OID "3.5", 0) &&
	       add_number(cert, AMD_OID "3.6", 0) && add_number(cert, AMD_OID "3.7", 0) &&
	       add_number(cert, AMD_OID "3.8", tcb.microcode) &&
	       add_octets(cert, AMD_OID "4", chip, 64);
}

static bool add_ca(X509 *cert)
{
	X509V3_CTX ctx;
	X509V3_set_ctx_nodb(&ctx);
	X509V3_set_ctx(&ctx, cert, cert, NULL, NULL, 0);
	X509_EXTENSION *basic =
	    X509V3_EXT_conf_nid(NULL, &ctx, NID_basic_constraints, "critical,CA:TRUE");
	X509_EXTENSION *usage =
	    X509V3_EXT_conf_nid(NULL, &ctx, NID_key_usage, "critical,keyCertSign,cRLSign");
	bool ok = basic && usage && X509_add_ext(cert, basic, -1) && X509_add_ext(cert, usage, -1);

	X509_EXTENSION_free(basic);
	X509_EXTENSION_free(usage);
	return ok;
}

/* ---- certificates --------------------------------------------------------------------------- */

static bool set_name(X509_NAME *name, const char *common_name)
{
	static const char organisation[] = "Prism sandbox, NOT A TEE";

	return X509_NAME_add_entry_by_txt(name, "O", MBSTRING_UTF8, (const unsigned char *)organisation,
	                                  -1, -1, 0) &&
	       X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, (const unsigned char *)common_name,
	                                  -1, -1, 0);
}

/* Serial numbers only have to differ between subjects here; the name's bytes do that. */
static long serial_of(const char *name, long to)
{
	long serial = to < 0 ? 2 : 1; /* an expired twin is another certificate */

	for (; *name; name++)
		serial = (serial * 31 + *name) & 0xffffff;
	return serial;
}

static X509 *start_certificate(const char *name, EVP_PKEY *key, const X509 *issuer, long from,
                               long to)
{
	X509 *cert = X509_new();

	if (cert && X509_set_version(cert, 2) &&
	    ASN1_INTEGER_set(X509_get_serialNumber(cert), serial_of(name, to)) &&
	    X509_gmtime_adj(X509_getm_notBefore(cert), from) &&
	    X509_gmtime_adj(X509_getm_notAfter(cert), to) && X509_set_pubkey(cert, key) &&
	    set_name(X509_get_subject_name(cert), name) &&
	    X509_set_issuer_name(cert, X509_get_subject_name(issuer ? issuer : cert)))
		return cert;
	X509_free(cert);
	return NULL;
}

static bool sign_pss(X509 *cert, EVP_PKEY *key)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	EVP_PKEY_CTX *pctx = NULL;
	bool ok = ctx && EVP_DigestSignInit(ctx, &pctx, EVP_sha384(), NULL, key) == 1 &&
	          EVP_PKEY_CTX_set_rsa_padding(pctx, RSA_PKCS1_PSS_PADDING) == 1 &&
	          EVP_PKEY_CTX_set_rsa_pss_saltlen(pctx, RSA_PSS_SALTLEN_DIGEST) == 1 &&
	          X509_sign_ctx(cert, ctx) > 0;

	EVP_MD_CTX_free(ctx);
	return ok;
}

static X509 *make_vcek(struct sb_forge *forge, enum sb_forge_fault fault)
{
	bool expired = fault == SB_FORGE_EXPIRED_VCEK;
	uint8_t chip[64];
	X509 *cert =
	    start_certificate("SEV-VCEK", forge->vcek_key, forge->ask, expired ? -20 * DAY : -VCEK_AGE,
	                      expired ? -10 * DAY : 365 * DAY);

	memcpy(chip, forge->chip_id, sizeof(chip));
	if (fault == SB_FORGE_OTHER_CHIP)
		chip[0] ^= 0xff;
	if (cert && add_vcek_extensions(cert, sb_forge_tcb_of(fault), chip) &&
	    sign_pss(cert, forge->ask_key))
		return cert;
	X509_free(cert);
	return NULL;
}

static X509 *make_ca(const char *name, EVP_PKEY *key, const X509 *issuer, EVP_PKEY *issuer_key)
{
	X509 *cert = start_certificate(name, key, issuer, -CA_AGE, 3650 * DAY);

	if (cert && add_ca(cert) && sign_pss(cert, issuer_key))
		return cert;
	X509_free(cert);
	return NULL;
}

static char *to_pem(X509 *cert)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *data = NULL;

	PEM_write_bio_X509(bio, cert);
	long size = BIO_get_mem_data(bio, &data);
	char *pem = prism_strndup(data, size > 0 ? (size_t)size : 0);
	BIO_free(bio);
	return pem;
}

int sb_forge_make_chain(struct sb_forge *f, struct prism_error *err)
{
	f->ark_key = EVP_RSA_gen(KEY_BITS);
	f->ask_key = EVP_RSA_gen(KEY_BITS);
	f->vcek_key = EVP_EC_gen("P-384");
	f->other_key = EVP_EC_gen("P-384");
	f->eat_key = EVP_EC_gen("P-256");
	if (!f->ark_key || !f->ask_key || !f->vcek_key || !f->other_key || !f->eat_key ||
	    RAND_bytes(f->chip_id, sizeof(f->chip_id)) != 1)
		return sb_forge_raise(err, "keys");
	f->ark = make_ca("ARK-Milan (NOT A TEE)", f->ark_key, NULL, f->ark_key);
	f->ask = f->ark ? make_ca("SEV-Milan (NOT A TEE)", f->ask_key, f->ark, f->ark_key) : NULL;
	if (!f->ask)
		return sb_forge_raise(err, "certificates");
	f->vcek = make_vcek(f, SB_FORGE_SOUND);
	f->vcek_expired = make_vcek(f, SB_FORGE_EXPIRED_VCEK);
	f->vcek_other_chip = make_vcek(f, SB_FORGE_OTHER_CHIP);
	f->vcek_stale = make_vcek(f, SB_FORGE_STALE_TCB);
	if (!f->vcek || !f->vcek_expired || !f->vcek_other_chip || !f->vcek_stale)
		return sb_forge_raise(err, "certificates");
	f->root_pem = to_pem(f->ark);
	return 0;
}
