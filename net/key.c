/*
 * Owns: user keys (declared in net/crypto.h): reading every form people have them in, writing the
 * forms cocos-cli reads, fingerprints, signatures.  A private key is opened, used and wiped in
 * this file; nothing else sees its bytes except as PEM asked for by net_key_private_pem().
 */
#include "net/crypto.h"

#include "base/file.h"
#include "base/text.h"
#include "net/crypto_ossl.h"

#include <assert.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/x509.h>

#define KEY_FILE_CAP 65536 /* the largest real key file is about 4 kB */

struct net_key {
	EVP_PKEY *pkey;
	bool is_private;
};

static const struct kind_row {
	const char *word;
	const char *group; /* NULL: not an elliptic curve of this family */
} kind_rows[NET_KEY_COUNT] = {
    [NET_KEY_RSA4096] = {"rsa", NULL},     [NET_KEY_P256] = {"ecdsa", "P-256"},
    [NET_KEY_P384] = {"p384", "P-384"},    [NET_KEY_P521] = {"p521", "P-521"},
    [NET_KEY_ED25519] = {"ed25519", NULL},
};

const char *net_key_kind_word(enum net_key_kind kind)
{
	return kind < NET_KEY_COUNT ? kind_rows[kind].word : "?";
}

int net_key_kind_parse(const char *word, enum net_key_kind *ret, struct prism_error *err)
{
	for (int i = 0; i < NET_KEY_COUNT; i++) {
		if (word && !strcmp(word, kind_rows[i].word)) {
			*ret = (enum net_key_kind)i;
			return 0;
		}
	}
	prism_error_raise(err, PRISM_ERROR_INVALID, "unknown key type %s", word ? word : "");
	prism_error_hint(err, "one of rsa, ecdsa, p384, p521, ed25519");
	return -1;
}

static struct net_key *key_wrap(EVP_PKEY *pkey, bool is_private)
{
	struct net_key *key = prism_alloc(sizeof(*key));

	key->pkey = pkey;
	key->is_private = is_private;
	return key;
}

void net_key_destroy(struct net_key *key)
{
	if (!key)
		return;
	EVP_PKEY_free(key->pkey); /* wipes private parts */
	prism_free(key);
}

EVP_PKEY *net_key_pkey(const struct net_key *key)
{
	return key->pkey;
}

bool net_key_is_private(const struct net_key *key)
{
	return key->is_private;
}

struct net_key *net_key_generate(enum net_key_kind kind, struct prism_error *err)
{
	EVP_PKEY *pkey;

	assert(kind < NET_KEY_COUNT);
	if (kind == NET_KEY_RSA4096)
		pkey = EVP_RSA_gen(4096);
	else if (kind == NET_KEY_ED25519)
		pkey = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	else
		pkey = EVP_EC_gen(kind_rows[kind].group);
	if (!pkey) {
		(void)net_ossl_error(err, PRISM_ERROR_INTERNAL, "the key cannot be made");
		return NULL;
	}
	return key_wrap(pkey, true);
}

/* ---- reading ---- */

/* The agent knows three families; anything else would only fail later, on its side. */
static struct net_key *key_accept(EVP_PKEY *pkey, bool is_private, struct prism_error *err)
{
	int id = EVP_PKEY_get_base_id(pkey);

	if (id == EVP_PKEY_RSA || id == EVP_PKEY_EC || id == EVP_PKEY_ED25519)
		return key_wrap(pkey, is_private);
	prism_error_raise(err, PRISM_ERROR_INVALID, "keys of type %s are not supported",
	                  EVP_PKEY_get0_type_name(pkey) ? EVP_PKEY_get0_type_name(pkey) : "?");
	prism_error_hint(err, "use RSA, ECDSA or Ed25519");
	EVP_PKEY_free(pkey);
	return NULL;
}

/* What a file may ask for when it is opened: 2 million rounds of PBKDF2 (OWASP advised 600,000 in
 * 2023), and 128 times scrypt's interactive parameters (RFC 7914: N r p = 2^17). */
#define ROUNDS_MAX 2000000
#define SCRYPT_MAX (1u << 24)

static int give_passphrase(char *buf, int size, int writing, void *data)
{
	const struct prism_secret *passphrase = data;
	size_t len = passphrase ? prism_secret_size(passphrase) : 0;

	if (!passphrase || len > (size_t)size)
		return -1;
	memcpy(buf, prism_secret_text(passphrase), len);
	return (int)len;
}

static int passphrase_error(const struct prism_secret *passphrase, struct prism_error *err)
{
	net_ossl_forget();
	if (passphrase) {
		prism_error_raise(err, PRISM_ERROR_AUTH, "the passphrase does not open the private key");
		prism_error_hint(err, "type it again; check the keyboard layout");
	} else {
		prism_error_raise(err, PRISM_ERROR_AUTH, "the private key is protected by a passphrase");
		prism_error_hint(err, "give its passphrase");
	}
	return -1;
}

/* ---- how much work a sealed key asks for ---- */

static bool few(const ASN1_INTEGER *rounds)
{
	int64_t value;

	return rounds && ASN1_INTEGER_get_int64(&value, rounds) == 1 && value > 0 &&
	       value <= ROUNDS_MAX;
}

/* RFC 7914 section 2: the work is N r p. */
static bool scrypt_fits(const SCRYPT_PARAMS *params)
{
	uint64_t n, r, p;

	return params && ASN1_INTEGER_get_uint64(&n, params->costParameter) == 1 &&
	       ASN1_INTEGER_get_uint64(&r, params->blockSize) == 1 &&
	       ASN1_INTEGER_get_uint64(&p, params->parallelizationParameter) == 1 && n > 0 &&
	       n <= SCRYPT_MAX && r > 0 && r <= SCRYPT_MAX / n && p > 0 && p <= SCRYPT_MAX / (n * r);
}

static bool derivation_fits(const X509_ALGOR *derivation)
{
	const ASN1_OBJECT *oid;
	const void *value;
	int type;
	bool fits = false;

	X509_ALGOR_get0(&oid, &type, &value, derivation);
	if (type != V_ASN1_SEQUENCE)
		return false;
	if (OBJ_obj2nid(oid) == NID_id_pbkdf2) {
		PBKDF2PARAM *params = ASN1_item_unpack(value, ASN1_ITEM_rptr(PBKDF2PARAM));
		fits = params && few(params->iter);
		PBKDF2PARAM_free(params);
	} else if (OBJ_obj2nid(oid) == NID_id_scrypt) {
		SCRYPT_PARAMS *params = ASN1_item_unpack(value, ASN1_ITEM_rptr(SCRYPT_PARAMS));
		fits = scrypt_fits(params);
		SCRYPT_PARAMS_free(params);
	}
	return fits;
}

/* Whoever made the file decides how long opening it takes: not longer than a few seconds. */
static int affordable(const X509_SIG *sealed, struct prism_error *err)
{
	const X509_ALGOR *algorithm;
	const ASN1_OBJECT *oid;
	const void *value;
	int type;
	bool fits = false;

	X509_SIG_get0(sealed, &algorithm, NULL);
	X509_ALGOR_get0(&oid, &type, &value, algorithm);
	if (type == V_ASN1_SEQUENCE && OBJ_obj2nid(oid) == NID_pbes2) {
		PBE2PARAM *params = ASN1_item_unpack(value, ASN1_ITEM_rptr(PBE2PARAM));
		fits = params && derivation_fits(params->keyfunc);
		PBE2PARAM_free(params);
	} else if (type == V_ASN1_SEQUENCE) { /* PKCS#5 version 1, PKCS#12 */
		PBEPARAM *params = ASN1_item_unpack(value, ASN1_ITEM_rptr(PBEPARAM));
		fits = params && few(params->iter);
		PBEPARAM_free(params);
	}
	ERR_clear_error();
	if (fits)
		return 0;
	prism_error_raise(err, PRISM_ERROR_LIMIT,
	                  "opening the key asks for an unknown amount of work, or too much");
	prism_error_hint(err, "write it anew: openssl pkcs8 -topk8 -in KEY -out NEW");
	return -1;
}

static EVP_PKEY *open_encrypted_pkcs8(const unsigned char *der, long len,
                                      const struct prism_secret *passphrase,
                                      struct prism_error *err)
{
	X509_SIG *sealed = d2i_X509_SIG(NULL, &der, len);
	PKCS8_PRIV_KEY_INFO *info;
	EVP_PKEY *pkey;

	if (!sealed) {
		(void)net_ossl_error(err, PRISM_ERROR_INVALID, "the encrypted private key is damaged");
		return NULL;
	}
	if (passphrase && affordable(sealed, err) < 0) {
		X509_SIG_free(sealed);
		return NULL;
	}
	info = passphrase ? PKCS8_decrypt(sealed, prism_secret_text(passphrase),
	                                  (int)prism_secret_size(passphrase))
	                  : NULL;
	X509_SIG_free(sealed);
	if (!info) {
		(void)passphrase_error(passphrase, err);
		return NULL;
	}
	pkey = EVP_PKCS82PKEY(info);
	PKCS8_PRIV_KEY_INFO_free(info);
	if (!pkey)
		(void)net_ossl_error(err, PRISM_ERROR_INVALID, "the private key is damaged");
	return pkey;
}

/* PKCS#8, PKCS#1 or SEC 1 whatever the label says: cocos-cli writes PKCS#1 under the label of
 * PKCS#8 (reference agent.md section 5). */
static EVP_PKEY *open_plain(const char *header, unsigned char *der, long len,
                            const struct prism_secret *passphrase, struct prism_error *err)
{
	const unsigned char *at = der;
	EVP_CIPHER_INFO cipher;
	EVP_PKEY *pkey;

	if (header && *header) { /* Proc-Type: 4,ENCRYPTED of old PEM files (RFC 1421) */
		char *copy = prism_strdup(header);
		bool known = PEM_get_EVP_CIPHER_INFO(copy, &cipher) == 1;
		union {
			const struct prism_secret *secret;
			void *data;
		} lent = {.secret = passphrase};

		prism_free(copy);
		if (!known || !passphrase ||
		    PEM_do_header(&cipher, der, &len, give_passphrase, lent.data) != 1) {
			(void)passphrase_error(passphrase, err);
			return NULL;
		}
	}
	pkey = d2i_AutoPrivateKey(NULL, &at, len);
	if (!pkey)
		(void)net_ossl_error(err, PRISM_ERROR_INVALID, "the private key is damaged");
	net_ossl_forget();
	return pkey;
}

static bool is_private_label(const char *label)
{
	return !strcmp(label, "PRIVATE KEY") || !strcmp(label, "RSA PRIVATE KEY") ||
	       !strcmp(label, "EC PRIVATE KEY") || !strcmp(label, "ENCRYPTED PRIVATE KEY");
}

static int no_private_key(const char *seen, struct prism_error *err)
{
	net_ossl_forget();
	if (!strcmp(seen, "OPENSSH PRIVATE KEY")) {
		prism_error_raise(err, PRISM_ERROR_INVALID, "the private key is in OpenSSH's own format");
		prism_error_hint(err, "convert a copy of it: ssh-keygen -p -m PKCS8 -f COPY");
	} else if (strstr(seen, "PUBLIC KEY") || strstr(seen, "CERTIFICATE")) {
		prism_error_raise(err, PRISM_ERROR_INVALID, "this is a %s, not a private key",
		                  strstr(seen, "PUBLIC") ? "public key" : "certificate");
		prism_error_hint(err, "choose the private key that belongs to it");
	} else {
		prism_error_raise(err, PRISM_ERROR_INVALID, "no private key found");
		prism_error_hint(err, "expected a PEM file that begins -----BEGIN PRIVATE KEY-----");
	}
	return -1;
}

struct net_key *net_key_read_private(const char *pem, size_t len,
                                     const struct prism_secret *passphrase, struct prism_error *err)
{
	BIO *bio = len <= KEY_FILE_CAP ? BIO_new_mem_buf(pem, (int)len) : NULL;
	char *label = NULL, *header = NULL, seen[64] = "";
	unsigned char *der = NULL;
	EVP_PKEY *pkey = NULL;
	bool found = false;
	long der_len = 0;

	if (!bio) {
		prism_error_raise(err, PRISM_ERROR_LIMIT, "too large for a key file");
		return NULL;
	}
	while (!found && PEM_read_bio(bio, &label, &header, &der, &der_len) == 1) {
		(void)snprintf(seen, sizeof(seen), "%s", label);
		found = is_private_label(label);
		if (found)
			pkey = !strcmp(label, "ENCRYPTED PRIVATE KEY")
			           ? open_encrypted_pkcs8(der, der_len, passphrase, err)
			           : open_plain(header, der, der_len, passphrase, err);
		OPENSSL_free(label);
		OPENSSL_free(header);
		OPENSSL_clear_free(der, (size_t)der_len);
		label = header = NULL;
		der = NULL;
	}
	BIO_free(bio);
	if (!found)
		(void)no_private_key(seen, err);
	return pkey ? key_accept(pkey, true, err) : NULL;
}

struct net_key *net_key_read_private_file(const char *path, const struct prism_secret *passphrase,
                                          struct prism_error *err)
{
	struct prism_buf text = PRISM_BUF_INIT(KEY_FILE_CAP);
	struct net_key *key = NULL;

	if (prism_file_read(path, KEY_FILE_CAP, &text, err) == 0) {
		key = net_key_read_private(prism_buf_text(&text), text.len, passphrase, err);
		if (!key)
			(void)prism_error_wrap(err, "key file %s", path);
	}
	prism_buf_wipe(&text);
	return key;
}

static int refuse_private(struct prism_error *err)
{
	prism_error_raise(err, PRISM_ERROR_INVALID, "this is a PRIVATE key: never give it away");
	prism_error_hint(err, "choose the public key instead (public.pem)");
	return -1;
}

static struct net_key *public_from_der(const unsigned char *der, size_t len,
                                       struct prism_error *err)
{
	const unsigned char *at = der;
	EVP_PKEY *pkey = d2i_PUBKEY(NULL, &at, (long)len);

	if (pkey && at == der + len)
		return key_accept(pkey, false, err);
	EVP_PKEY_free(pkey);
	at = der;
	pkey = d2i_AutoPrivateKey(NULL, &at, (long)len);
	net_ossl_forget();
	if (pkey) {
		EVP_PKEY_free(pkey);
		(void)refuse_private(err);
		return NULL;
	}
	prism_error_raise(err, PRISM_ERROR_INVALID, "not a public key");
	prism_error_hint(err, "expected a PEM file that begins -----BEGIN PUBLIC KEY-----");
	return NULL;
}

static struct net_key *public_from_pem(const char *pem, size_t len, struct prism_error *err)
{
	char *label = NULL, *header = NULL;
	unsigned char *der = NULL;
	long der_len = 0;
	BIO *bio = BIO_new_mem_buf(pem, (int)len);
	struct net_key *key = NULL;

	if (PEM_read_bio(bio, &label, &header, &der, &der_len) != 1)
		(void)net_ossl_error(err, PRISM_ERROR_INVALID, "the PEM text is damaged");
	else if (strstr(label, "PRIVATE KEY"))
		(void)refuse_private(err);
	else if (!strcmp(label, "PUBLIC KEY"))
		key = public_from_der(der, (size_t)der_len, err);
	else {
		prism_error_raise(err, PRISM_ERROR_INVALID, "this is %s, not a public key", label);
		prism_error_hint(err, "expected a PEM file that begins -----BEGIN PUBLIC KEY-----");
	}
	OPENSSL_free(label);
	OPENSSL_free(header);
	OPENSSL_clear_free(der, (size_t)der_len);
	BIO_free(bio);
	return key;
}

static bool has_armour(const char *text, size_t len)
{
	static const char mark[] = "-----BEGIN";

	for (size_t i = 0; i + sizeof(mark) - 1 <= len; i++)
		if (!memcmp(text + i, mark, sizeof(mark) - 1))
			return true;
	return false;
}

struct net_key *net_key_read_public(const char *text, size_t len, struct prism_error *err)
{
	struct prism_buf decoded = PRISM_BUF_INIT(KEY_FILE_CAP);
	struct prism_error ignored = PRISM_ERROR_INIT;
	struct net_key *key = NULL;

	if (len > KEY_FILE_CAP) {
		prism_error_raise(err, PRISM_ERROR_LIMIT, "too large for a key");
		return NULL;
	}
	if (has_armour(text, len))
		return public_from_pem(text, len, err);
	if (prism_base64_decode(text, len, &decoded, &ignored) < 0 || !decoded.len) {
		prism_error_raise(err, PRISM_ERROR_INVALID, "not a public key");
		prism_error_hint(err, "expected a PEM file that begins -----BEGIN PUBLIC KEY-----");
	} else if (has_armour(decoded.data, decoded.len)) {
		key = public_from_pem(decoded.data, decoded.len, err);
	} else {
		key = public_from_der((const unsigned char *)decoded.data, decoded.len, err);
	}
	prism_buf_wipe(&decoded);
	return key;
}

/* ---- writing and describing ---- */

char *net_key_describe(const struct net_key *key)
{
	char group[64] = "";
	size_t len = 0;

	switch (EVP_PKEY_get_base_id(key->pkey)) {
	case EVP_PKEY_RSA:
		return prism_asprintf("RSA %d", EVP_PKEY_get_bits(key->pkey));
	case EVP_PKEY_ED25519:
		return prism_strdup("Ed25519");
	default:
		(void)EVP_PKEY_get_group_name(key->pkey, group, sizeof(group), &len);
		net_ossl_forget();
		if (!strcmp(group, "prime256v1"))
			return prism_strdup("ECDSA P-256");
		if (!strcmp(group, "secp384r1"))
			return prism_strdup("ECDSA P-384");
		if (!strcmp(group, "secp521r1"))
			return prism_strdup("ECDSA P-521");
		return prism_asprintf("ECDSA %s", group);
	}
}

int net_key_public_der(const struct net_key *key, struct prism_buf *out, struct prism_error *err)
{
	unsigned char *der = NULL;
	int len = i2d_PUBKEY(key->pkey, &der), rc;

	if (len <= 0)
		return net_ossl_error(err, PRISM_ERROR_INTERNAL, "the public key cannot be encoded");
	rc = prism_buf_append(out, der, (size_t)len, err);
	OPENSSL_free(der);
	return rc;
}

static int drain_bio(BIO *bio, struct prism_buf *out, struct prism_error *err)
{
	char *data = NULL;
	long len = BIO_get_mem_data(bio, &data);

	return prism_buf_append(out, data, (size_t)len, err);
}

int net_key_public_pem(const struct net_key *key, struct prism_buf *out, struct prism_error *err)
{
	BIO *bio = BIO_new(BIO_s_mem());
	int rc = PEM_write_bio_PUBKEY(bio, key->pkey) == 1
	             ? drain_bio(bio, out, err)
	             : net_ossl_error(err, PRISM_ERROR_INTERNAL, "the public key cannot be encoded");

	BIO_free(bio);
	return rc;
}

int net_key_private_pem(const struct net_key *key, const struct prism_secret *passphrase,
                        struct prism_buf *out, struct prism_error *err)
{
	BIO *bio;
	int rc;

	if (!key->is_private)
		return prism_error_raise(err, PRISM_ERROR_INVALID, "this is a public key only");
	bio = BIO_new(BIO_s_secmem()); /* wiped when freed */
	if (passphrase)
		rc = PEM_write_bio_PKCS8PrivateKey(bio, key->pkey, EVP_aes_256_cbc(),
		                                   prism_secret_text(passphrase),
		                                   (int)prism_secret_size(passphrase), NULL, NULL);
	else if (EVP_PKEY_get_base_id(key->pkey) == EVP_PKEY_EC)
		rc = PEM_write_bio_PrivateKey_traditional(bio, key->pkey, NULL, NULL, 0, NULL, NULL);
	else
		rc = PEM_write_bio_PKCS8PrivateKey(bio, key->pkey, NULL, NULL, 0, NULL, NULL);
	rc = rc == 1 ? drain_bio(bio, out, err)
	             : net_ossl_error(err, PRISM_ERROR_INTERNAL, "the private key cannot be encoded");
	BIO_free(bio);
	return rc;
}

int net_key_fingerprint(const struct net_key *key, char out[64], struct prism_error *err)
{
	PRISM_AUTO_BUF struct prism_buf der = PRISM_BUF_INIT(KEY_FILE_CAP);
	PRISM_AUTO_FREE char *text = NULL;
	uint8_t digest[32];

	if (net_key_public_der(key, &der, err) < 0)
		return -1;
	net_digest_bytes(NET_SHA256, der.data, der.len, digest);
	text = prism_base64_encode(digest, sizeof(digest));
	(void)snprintf(out, 64, "SHA256:%.*s", (int)strcspn(text, "="), text); /* as ssh writes it */
	return 0;
}

/* ---- signatures ---- */

/* Ed25519 signs the bytes themselves; the others their SHA-256 (reference agent.md section 2). */
static const char *signature_digest(const struct net_key *key)
{
	return EVP_PKEY_get_base_id(key->pkey) == EVP_PKEY_ED25519 ? NULL : "SHA256";
}

int net_key_sign(const struct net_key *key, const void *data, size_t size, struct prism_buf *out,
                 struct prism_error *err)
{
	EVP_MD_CTX *ctx;
	unsigned char *sig = NULL;
	size_t len = 0;
	int rc = -1;

	if (!key->is_private)
		return prism_error_raise(err, PRISM_ERROR_INVALID, "a public key cannot sign");
	ctx = EVP_MD_CTX_new();
	if (EVP_DigestSignInit_ex(ctx, NULL, signature_digest(key), NULL, NULL, key->pkey, NULL) != 1 ||
	    EVP_DigestSign(ctx, NULL, &len, data, size) != 1)
		goto out;
	sig = prism_alloc(len);
	if (EVP_DigestSign(ctx, sig, &len, data, size) != 1)
		goto out;
	rc = prism_buf_append(out, sig, len, err);
	prism_wipe(sig, len);
	prism_free(sig);
	EVP_MD_CTX_free(ctx);
	return rc;
out:
	prism_free(sig);
	EVP_MD_CTX_free(ctx);
	return net_ossl_error(err, PRISM_ERROR_INTERNAL, "signing failed");
}

int net_key_verify(const struct net_key *key, const void *data, size_t size, const void *sig,
                   size_t sig_len, struct prism_error *err)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	bool good = EVP_DigestVerifyInit_ex(ctx, NULL, signature_digest(key), NULL, NULL, key->pkey,
	                                    NULL) == 1 &&
	            EVP_DigestVerify(ctx, sig, sig_len, data, size) == 1;

	EVP_MD_CTX_free(ctx);
	net_ossl_forget();
	if (good)
		return 0;
	return prism_error_raise(err, PRISM_ERROR_TRUST, "the signature does not fit the key");
}
