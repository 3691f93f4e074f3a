/*
 * Owns: SSH private keys from the file's text to a signature.
 *
 * Reading an OpenSSH file: armour -> header (cipher, derivation, public key) -> decrypt -> two
 * equal check words -> the numbers of the key.  PEM goes to net/key.c.  A key that was opened holds
 * an OpenSSL key, which wipes itself, and its public half.
 */
#include "net/ssh_key.h"

#include "base/text.h"
#include "net/crypto.h"
#include "net/crypto_ossl.h"
#include "net/ssh_bcrypt.h"
#include "net/ssh_wire.h"

#include <string.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>

#define ARMOUR_BEGIN "-----BEGIN OPENSSH PRIVATE KEY-----"
#define ARMOUR_END "-----END OPENSSH PRIVATE KEY-----"
#define MAGIC "openssh-key-v1" /* with its NUL */

static const struct curve {
	const char *type, *name, *group, *digest;
	size_t bytes; /* of a coordinate */
} curves[] = {
    {"ecdsa-sha2-nistp256", "nistp256", "P-256", "SHA256", 32},
    {"ecdsa-sha2-nistp384", "nistp384", "P-384", "SHA384", 48},
    {"ecdsa-sha2-nistp521", "nistp521", "P-521", "SHA512", 66},
};

struct net_ssh_key {
	EVP_PKEY *pkey;
	const struct curve *curve; /* NULL: not ECDSA */
	struct prism_buf blob;
};

char *net_ssh_blob_type(const void *blob, size_t len)
{
	struct net_ssh_reader r = net_ssh_reader(blob, len);
	struct net_ssh_string type = net_ssh_read_string(&r);

	return type.len > 100 ? prism_strdup("") : net_ssh_string_text(type);
}

const char *net_ssh_blob_fingerprint(const void *blob, size_t len, char out[NET_SSH_FINGERPRINT])
{
	uint8_t digest[32];

	net_digest_bytes(NET_SHA256, blob, len, digest);
	PRISM_AUTO_FREE char *text = prism_base64_encode(digest, sizeof(digest));
	text[strcspn(text, "=")] = '\0'; /* as ssh-keygen -l writes it */
	snprintf(out, NET_SSH_FINGERPRINT, "SHA256:%s", text);
	return out;
}

/* ---- the file ---- */

struct file {
	struct prism_buf bytes;
	char *cipher, *kdf;
	struct net_ssh_string options, public, private; /* lent by bytes */
};

static void file_finish(struct file *file)
{
	prism_buf_wipe(&file->bytes);
	prism_free(file->cipher);
	prism_free(file->kdf);
}

static const char *find(const char *text, size_t len, const char *word)
{
	size_t n = strlen(word);

	for (const char *at = text; len >= n; at++, len--)
		if (*at == *word && !memcmp(at, word, n))
			return at;
	return NULL;
}

static bool is_openssh(const char *text, size_t len)
{
	return find(text, len, ARMOUR_BEGIN) != NULL;
}

static int file_read(const char *text, size_t len, struct file *ret, struct prism_error *err)
{
	const char *begin = find(text, len, ARMOUR_BEGIN);
	const char *end = find(text, len, ARMOUR_END);
	struct net_ssh_reader r;

	*ret = (struct file){.bytes = PRISM_BUF_INIT(NET_SSH_KEY_FILE_MAX)};
	if (!begin || !end || end < begin + strlen(ARMOUR_BEGIN))
		return prism_error_raise(err, PRISM_ERROR_INVALID, "the key file is cut off");
	begin += strlen(ARMOUR_BEGIN);
	if (prism_base64_decode(begin, (size_t)(end - begin), &ret->bytes, err) < 0)
		return prism_error_wrap(err, "the key file is damaged");
	if (ret->bytes.len < sizeof(MAGIC) || memcmp(ret->bytes.data, MAGIC, sizeof(MAGIC)) != 0)
		return prism_error_raise(err, PRISM_ERROR_INVALID, "not an OpenSSH key of version 1");
	r = net_ssh_reader(ret->bytes.data + sizeof(MAGIC), ret->bytes.len - sizeof(MAGIC));
	ret->cipher = net_ssh_string_text(net_ssh_read_string(&r));
	ret->kdf = net_ssh_string_text(net_ssh_read_string(&r));
	ret->options = net_ssh_read_string(&r);
	if (net_ssh_read_u32(&r) != 1 && !r.bad)
		return prism_error_raise(err, PRISM_ERROR_INVALID, "the key file holds several keys");
	ret->public = net_ssh_read_string(&r);
	ret->private = net_ssh_read_string(&r);
	if (r.bad || ret->public.len > NET_SSH_BLOB_MAX)
		return prism_error_raise(err, PRISM_ERROR_INVALID, "the key file is damaged");
	return 0;
}

int net_ssh_key_inspect(const char *text, size_t len, struct net_ssh_key_info *ret,
                        struct prism_error *err)
{
	struct file file;
	int result;

	*ret = (struct net_ssh_key_info){.blob = PRISM_BUF_INIT(NET_SSH_BLOB_MAX)};
	if (!is_openssh(text, len)) {
		ret->encrypted = find(text, len, "ENCRYPTED") != NULL;
		if (find(text, len, "PRIVATE KEY-----"))
			return 0;
		return prism_error_raise(err, PRISM_ERROR_INVALID, "the file holds no private key");
	}
	result = file_read(text, len, &file, err);
	if (result == 0) {
		prism_buf_put(&ret->blob, file.public.data, file.public.len);
		ret->encrypted = strcmp(file.cipher, "none") != 0;
	}
	file_finish(&file);
	return result;
}

void net_ssh_key_info_finish(struct net_ssh_key_info *info)
{
	prism_buf_finish(&info->blob);
}

/* ---- decrypting ---- */

static const EVP_CIPHER *cipher_of(const char *name, struct prism_error *err)
{
	static const char *const names[][2] = {
	    {"aes256-ctr", "AES-256-CTR"}, {"aes192-ctr", "AES-192-CTR"}, {"aes128-ctr", "AES-128-CTR"},
	    {"aes256-cbc", "AES-256-CBC"}, {"aes192-cbc", "AES-192-CBC"}, {"aes128-cbc", "AES-128-CBC"},
	};

	for (size_t i = 0; i < PRISM_COUNT(names); i++)
		if (!strcmp(names[i][0], name))
			return EVP_get_cipherbyname(names[i][1]);
	prism_error_raise(err, PRISM_ERROR_INVALID, "the key file is encrypted with %.40s", name);
	prism_error_hint(err,
	                 "write it anew with: ssh-keygen -p -Z aes256-ctr -f FILE; or load it into "
	                 "ssh-agent");
	return NULL;
}

static int wrong_passphrase(const struct prism_secret *passphrase, struct prism_error *err)
{
	return prism_error_raise(err, PRISM_ERROR_AUTH,
	                         passphrase ? "the passphrase of the key file is wrong"
	                                    : "the key file needs its passphrase");
}

/* In place. */
static int decrypt(const EVP_CIPHER *cipher, const uint8_t *key_iv, uint8_t *data, size_t len,
                   struct prism_error *err)
{
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	int out = 0;
	bool good = ctx &&
	            EVP_DecryptInit_ex(ctx, cipher, NULL, key_iv,
	                               key_iv + EVP_CIPHER_get_key_length(cipher)) == 1 &&
	            EVP_CIPHER_CTX_set_padding(ctx, 0) == 1 &&
	            EVP_DecryptUpdate(ctx, data, &out, data, (int)len) == 1 && (size_t)out == len;

	EVP_CIPHER_CTX_free(ctx);
	net_ossl_forget();
	return good ? 0
	            : prism_error_raise(err, PRISM_ERROR_INVALID, "the key file cannot be decrypted");
}

/* Leaves file->private in clear. */
static int file_decrypt(struct file *file, const struct prism_secret *passphrase,
                        struct prism_error *err)
{
	struct net_ssh_reader options = net_ssh_reader(file->options.data, file->options.len);
	uint8_t key_iv[EVP_MAX_KEY_LENGTH + EVP_MAX_IV_LENGTH];
	const EVP_CIPHER *cipher;
	size_t offset = (size_t)(file->private.data - (const uint8_t *)file->bytes.data);
	int result;

	if (!strcmp(file->cipher, "none"))
		return 0;
	cipher = cipher_of(file->cipher, err);
	if (!cipher)
		return -1;
	if (strcmp(file->kdf, "bcrypt") != 0)
		return prism_error_raise(err, PRISM_ERROR_INVALID,
		                         "the key file's derivation \"%.40s\" is unknown", file->kdf);
	if (!passphrase || !prism_secret_size(passphrase))
		return wrong_passphrase(NULL, err);
	struct net_ssh_string salt = net_ssh_read_string(&options);
	uint32_t rounds = net_ssh_read_u32(&options);
	result = net_ssh_bcrypt_pbkdf(
	    prism_secret_text(passphrase), prism_secret_size(passphrase), salt.data, salt.len, rounds,
	    key_iv, (size_t)(EVP_CIPHER_get_key_length(cipher) + EVP_CIPHER_get_iv_length(cipher)),
	    err);
	if (result == 0)
		result =
		    decrypt(cipher, key_iv, (uint8_t *)file->bytes.data + offset, file->private.len, err);
	prism_wipe(key_iv, sizeof(key_iv));
	return result;
}

/* ---- numbers to a key ---- */

static EVP_PKEY *from_params(const char *type, OSSL_PARAM_BLD *builder)
{
	OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(builder);
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
	EVP_PKEY *pkey = NULL;

	if (params && ctx && EVP_PKEY_fromdata_init(ctx) == 1)
		(void)EVP_PKEY_fromdata(ctx, &pkey, EVP_PKEY_KEYPAIR, params);
	OSSL_PARAM_free(params);
	EVP_PKEY_CTX_free(ctx);
	return pkey;
}

static BIGNUM *number(struct net_ssh_reader *r)
{
	struct net_ssh_string s = net_ssh_read_string(r);
	BIGNUM *n = BN_bin2bn(s.data, (int)s.len, NULL);

	net_ossl_require(n != NULL, "BN_bin2bn");
	BN_set_flags(n, BN_FLG_CONSTTIME);
	return n;
}

static EVP_PKEY *read_ecdsa(struct net_ssh_reader *r, const struct curve *curve)
{
	struct net_ssh_string name = net_ssh_read_string(r);
	struct net_ssh_string point = net_ssh_read_string(r);
	BIGNUM *secret = number(r);
	OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
	EVP_PKEY *pkey = NULL;

	if (net_ssh_string_is(name, curve->name) && builder &&
	    OSSL_PARAM_BLD_push_utf8_string(builder, OSSL_PKEY_PARAM_GROUP_NAME, curve->group, 0) &&
	    OSSL_PARAM_BLD_push_octet_string(builder, OSSL_PKEY_PARAM_PUB_KEY, point.data, point.len) &&
	    OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_PRIV_KEY, secret))
		pkey = from_params("EC", builder);
	OSSL_PARAM_BLD_free(builder);
	BN_clear_free(secret);
	return pkey;
}

/* secret mod (prime - 1); NULL when it cannot be. */
static BIGNUM *crt_exponent(const BIGNUM *secret, const BIGNUM *prime)
{
	BN_CTX *ctx = BN_CTX_secure_new();
	BIGNUM *less = BN_dup(prime), *result = BN_secure_new();
	bool good = ctx && less && result && BN_sub_word(less, 1) == 1 && !BN_is_zero(less) &&
	            BN_mod(result, secret, less, ctx) == 1;

	BN_clear_free(less);
	BN_CTX_free(ctx);
	if (good)
		return result;
	BN_clear_free(result);
	return NULL;
}

static EVP_PKEY *read_rsa(struct net_ssh_reader *r)
{
	enum { N, E, D, QINV, P, Q, DP, DQ, COUNT };
	static const char *const names[COUNT] = {
	    OSSL_PKEY_PARAM_RSA_N,         OSSL_PKEY_PARAM_RSA_E,
	    OSSL_PKEY_PARAM_RSA_D,         OSSL_PKEY_PARAM_RSA_COEFFICIENT1,
	    OSSL_PKEY_PARAM_RSA_FACTOR1,   OSSL_PKEY_PARAM_RSA_FACTOR2,
	    OSSL_PKEY_PARAM_RSA_EXPONENT1, OSSL_PKEY_PARAM_RSA_EXPONENT2,
	};
	BIGNUM *n[COUNT] = {0};
	OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
	bool good = builder != NULL;
	EVP_PKEY *pkey = NULL;

	for (unsigned i = N; i <= Q; i++)
		n[i] = number(r);
	n[DP] = crt_exponent(n[D], n[P]);
	n[DQ] = crt_exponent(n[D], n[Q]);
	for (unsigned i = 0; i < COUNT; i++)
		good = good && n[i] && OSSL_PARAM_BLD_push_BN(builder, names[i], n[i]);
	if (good && !r->bad)
		pkey = from_params("RSA", builder);
	OSSL_PARAM_BLD_free(builder);
	for (unsigned i = 0; i < COUNT; i++)
		BN_clear_free(n[i]);
	return pkey;
}

static EVP_PKEY *read_ed25519(struct net_ssh_reader *r)
{
	struct net_ssh_string public = net_ssh_read_string(r);
	struct net_ssh_string pair = net_ssh_read_string(r); /* seed, then the public key again */

	if (public.len != 32 || pair.len != 64)
		return NULL;
	return EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, pair.data, 32);
}

static const struct curve *curve_of(struct net_ssh_string type)
{
	for (size_t i = 0; i < PRISM_COUNT(curves); i++)
		if (net_ssh_string_is(type, curves[i].type))
			return &curves[i];
	return NULL;
}

static struct net_ssh_key *key_wrap(EVP_PKEY *pkey, const struct curve *curve)
{
	struct net_ssh_key *key = prism_alloc(sizeof(*key));

	key->pkey = pkey;
	key->curve = curve;
	prism_buf_init(&key->blob, NET_SSH_BLOB_MAX);
	return key;
}

static struct net_ssh_key *read_private(const struct file *file,
                                        const struct prism_secret *passphrase,
                                        struct prism_error *err)
{
	struct net_ssh_reader r = net_ssh_reader(file->private.data, file->private.len);
	uint32_t check = net_ssh_read_u32(&r);
	const struct curve *curve;
	EVP_PKEY *pkey;

	if (net_ssh_read_u32(&r) != check || r.bad) {
		(void)wrong_passphrase(passphrase, err);
		return NULL;
	}
	struct net_ssh_string type = net_ssh_read_string(&r);
	curve = curve_of(type);
	if (curve) {
		pkey = read_ecdsa(&r, curve);
	} else if (net_ssh_string_is(type, "ssh-ed25519")) {
		pkey = read_ed25519(&r);
	} else if (net_ssh_string_is(type, "ssh-rsa")) {
		pkey = read_rsa(&r);
	} else {
		prism_error_raise(err, PRISM_ERROR_INVALID, "keys of type %.*s are not supported",
		                  (int)(type.len < 60 ? type.len : 60), (const char *)type.data);
		prism_error_hint(err, "use Ed25519, ECDSA or RSA, or load the key into ssh-agent");
		return NULL;
	}
	net_ossl_forget();
	if (!pkey || r.bad) {
		EVP_PKEY_free(pkey);
		prism_error_raise(err, PRISM_ERROR_INVALID, "the key file is damaged");
		return NULL;
	}
	struct net_ssh_key *key = key_wrap(pkey, curve);
	prism_buf_put(&key->blob, file->public.data, file->public.len);
	return key;
}

/* ---- PEM ---- */

static void put_number(struct prism_buf *out, const EVP_PKEY *pkey, const char *name)
{
	uint8_t bytes[2100]; /* RSA 16384 */
	BIGNUM *n = NULL;

	if (EVP_PKEY_get_bn_param(pkey, name, &n) == 1 && BN_num_bytes(n) <= (int)sizeof(bytes))
		net_ssh_put_mpint(out, bytes, (size_t)BN_bn2bin(n, bytes));
	BN_free(n);
}

/* False: a kind that SSH has no name for. */
static bool blob_make(struct net_ssh_key *key)
{
	uint8_t bytes[200];
	char group[40] = "";
	size_t len = sizeof(bytes);

	if (EVP_PKEY_get_base_id(key->pkey) == EVP_PKEY_RSA) {
		net_ssh_put_text(&key->blob, "ssh-rsa");
		put_number(&key->blob, key->pkey, OSSL_PKEY_PARAM_RSA_E);
		put_number(&key->blob, key->pkey, OSSL_PKEY_PARAM_RSA_N);
		return true;
	}
	if (EVP_PKEY_get_base_id(key->pkey) == EVP_PKEY_ED25519) {
		net_ssh_put_text(&key->blob, "ssh-ed25519");
		if (EVP_PKEY_get_raw_public_key(key->pkey, bytes, &len) != 1)
			return false;
		net_ssh_put_string(&key->blob, bytes, len);
		return true;
	}
	(void)EVP_PKEY_get_group_name(key->pkey, group, sizeof(group), NULL);
	for (size_t i = 0; i < PRISM_COUNT(curves); i++)
		if (OBJ_txt2nid(group) == EC_curve_nist2nid(curves[i].group))
			key->curve = &curves[i];
	if (!key->curve || EVP_PKEY_get_octet_string_param(key->pkey, OSSL_PKEY_PARAM_PUB_KEY, bytes,
	                                                   sizeof(bytes), &len) != 1)
		return false;
	net_ssh_put_text(&key->blob, key->curve->type);
	net_ssh_put_text(&key->blob, key->curve->name);
	net_ssh_put_string(&key->blob, bytes, len);
	return true;
}

static struct net_ssh_key *open_pem(const char *text, size_t len,
                                    const struct prism_secret *passphrase, struct prism_error *err)
{
	struct net_key *pem = net_key_read_private(text, len, passphrase, err);
	struct net_ssh_key *key;

	if (!pem)
		return NULL;
	EVP_PKEY_up_ref(net_key_pkey(pem));
	key = key_wrap(net_key_pkey(pem), NULL);
	net_key_destroy(pem);
	if (blob_make(key))
		return key;
	net_ossl_forget();
	net_ssh_key_destroy(key);
	prism_error_raise(err, PRISM_ERROR_INVALID, "SSH has no name for this kind of key");
	prism_error_hint(err, "use Ed25519, RSA, or ECDSA on P-256, P-384 or P-521");
	return NULL;
}

struct net_ssh_key *net_ssh_key_open(const char *text, size_t len,
                                     const struct prism_secret *passphrase, struct prism_error *err)
{
	struct net_ssh_key *key = NULL;
	struct file file;

	if (!is_openssh(text, len))
		return open_pem(text, len, passphrase, err);
	if (file_read(text, len, &file, err) == 0 && file_decrypt(&file, passphrase, err) == 0)
		key = read_private(&file, passphrase, err);
	file_finish(&file);
	return key;
}

void net_ssh_key_destroy(struct net_ssh_key *key)
{
	if (!key)
		return;
	EVP_PKEY_free(key->pkey);
	prism_buf_finish(&key->blob);
	prism_free(key);
}

const struct prism_buf *net_ssh_key_blob(const struct net_ssh_key *key)
{
	return &key->blob;
}

/* ---- signing ---- */

/* OpenSSL's DER to RFC 5656's two numbers. */
static bool put_ecdsa(struct prism_buf *out, const struct curve *curve, const uint8_t *der,
                      size_t len)
{
	ECDSA_SIG *sig = d2i_ECDSA_SIG(NULL, &der, (long)len);
	uint8_t bytes[66];
	bool good = sig && BN_bn2binpad(ECDSA_SIG_get0_r(sig), bytes, (int)curve->bytes) > 0;

	if (good) {
		net_ssh_put_mpint(out, bytes, curve->bytes);
		good = BN_bn2binpad(ECDSA_SIG_get0_s(sig), bytes, (int)curve->bytes) > 0;
		net_ssh_put_mpint(out, bytes, curve->bytes);
	}
	ECDSA_SIG_free(sig);
	return good;
}

int net_ssh_key_sign(const struct net_ssh_key *key, const void *data, size_t len,
                     struct prism_buf *out, struct prism_error *err)
{
	const char *digest = key->curve                                            ? key->curve->digest
	                     : EVP_PKEY_get_base_id(key->pkey) == EVP_PKEY_ED25519 ? NULL
	                                                                           : "SHA512";
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	uint8_t sig[2100];
	size_t sig_len = sizeof(sig);
	bool good = ctx && EVP_DigestSignInit_ex(ctx, NULL, digest, NULL, NULL, key->pkey, NULL) == 1 &&
	            EVP_DigestSign(ctx, sig, &sig_len, data, len) == 1;

	EVP_MD_CTX_free(ctx);
	if (good && key->curve)
		good = put_ecdsa(out, key->curve, sig, sig_len);
	else if (good)
		prism_buf_put(out, sig, sig_len);
	return good ? 0 : net_ossl_error(err, PRISM_ERROR_INTERNAL, "the key cannot sign");
}
