/*
 * Digests, random bytes, user keys and signatures.  OpenSSL (3.x, EVP interfaces only) stays
 * inside net: its types do not appear in this header, and its error queue is translated and
 * emptied by one helper (net/crypto_ossl.h, internal to net).
 *
 * Private keys are opened, used and wiped in net/crypto.c.
 *
 * Thread rules: digests and keys may be used on workers, one thread at a time per object.
 */
#ifndef PRISM_NET_CRYPTO_H
#define PRISM_NET_CRYPTO_H

#include "base/buf.h"
#include "base/cancel.h"
#include "base/mem.h"

#include <stdint.h>

enum net_digest_kind {
	NET_SHA1,
	NET_SHA256,
	NET_SHA384,
	NET_SHA512,
	NET_SHA3_256,
	NET_SHA3_384,
	NET_SHA3_512,
	NET_SHA512_256,
	NET_DIGEST_COUNT
};
#define NET_DIGEST_MAX 64

struct net_digest;
struct net_digest *net_digest_create(enum net_digest_kind kind);
void net_digest_update(struct net_digest *digest, const void *data, size_t size);
size_t net_digest_final(struct net_digest *digest,
                        uint8_t out[NET_DIGEST_MAX]); /* once; bytes written */
void net_digest_destroy(struct net_digest *digest);   /* NULL allowed */
size_t net_digest_size(enum net_digest_kind kind);
void net_digest_bytes(enum net_digest_kind kind, const void *data, size_t size, uint8_t *out);

/* Streams the file in 1 MiB pieces; polls cancel between pieces; progress is called on the
 * calling thread. For workers. */
PRISM_MUST_USE
int net_digest_file(enum net_digest_kind kind, const char *path, const struct prism_cancel *cancel,
                    void (*progress)(void *data, uint64_t done, uint64_t total), void *data,
                    uint8_t *out, struct prism_error *err);

void net_random_bytes(void *out, size_t size); /* aborts when the system has none */
void net_uuid4(char out[37]);                  /* RFC 9562 section 5.4, lower case */
bool net_equal_const_time(const void *a, const void *b, size_t size);

/* scrypt (RFC 7914) of a passphrase, N = 2^15, r = 8, p = 1: 32 MiB and some tens of milliseconds,
 * so it belongs on a worker. For telling whether somebody knows a password without keeping it. */
#define NET_SCRYPT_SALT 16
#define NET_SCRYPT_SIZE 32
void net_scrypt(const struct prism_secret *secret, const uint8_t salt[NET_SCRYPT_SALT],
                uint8_t out[NET_SCRYPT_SIZE]);

/* Keys. */
enum net_key_kind {
	NET_KEY_RSA4096,
	NET_KEY_P256,
	NET_KEY_P384,
	NET_KEY_P521,
	NET_KEY_ED25519,
	NET_KEY_COUNT
};
const char *
net_key_kind_word(enum net_key_kind kind); /* "rsa", "ecdsa", "p384", "p521", "ed25519" */
PRISM_MUST_USE
int net_key_kind_parse(const char *word, enum net_key_kind *ret, struct prism_error *err);

struct net_key; /* a private key, or a public one */
struct net_key *net_key_generate(enum net_key_kind kind,
                                 struct prism_error *err); /* slow for RSA: worker */
/* First PEM block with a private key: PKCS#8, PKCS#1, SEC 1, encrypted PKCS#8 (passphrase may be
 * NULL: then category auth with a hint), and PKCS#1 under the PKCS#8 label as cocos-cli writes
 * it (reference agent.md section 5). */
struct net_key *net_key_read_private(const char *pem, size_t len,
                                     const struct prism_secret *passphrase,
                                     struct prism_error *err);
struct net_key *net_key_read_private_file(const char *path, const struct prism_secret *passphrase,
                                          struct prism_error *err); /* cap 64 KiB */
/* PEM SubjectPublicKeyInfo, or base64 of its DER, or of the PEM. A private key is refused with
 * category invalid and a message that says so loudly. */
struct net_key *net_key_read_public(const char *text, size_t len, struct prism_error *err);
void net_key_destroy(struct net_key *key); /* NULL allowed */
bool net_key_is_private(const struct net_key *key);
char *net_key_describe(const struct net_key *key); /* "RSA 4096", "ECDSA P-256", "Ed25519"; yours */
PRISM_MUST_USE
int net_key_public_der(const struct net_key *key, struct prism_buf *out, struct prism_error *err);
PRISM_MUST_USE
int net_key_public_pem(const struct net_key *key, struct prism_buf *out, struct prism_error *err);
/* PKCS#8 for Ed25519 and RSA, SEC 1 for ECDSA (what cocos-cli reads); encrypted PKCS#8 with a
 * passphrase. The buffer holds a secret: prism_buf_wipe() it. */
PRISM_MUST_USE
int net_key_private_pem(const struct net_key *key, const struct prism_secret *passphrase,
                        struct prism_buf *out, struct prism_error *err);
/* "SHA256:base64" over the DER SubjectPublicKeyInfo. */
PRISM_MUST_USE
int net_key_fingerprint(const struct net_key *key, char out[64], struct prism_error *err);
/* The agent's signature: RSA PKCS#1 v1.5 and ECDSA over SHA-256, Ed25519 over the bytes
 * (reference agent.md section 2). */
PRISM_MUST_USE
int net_key_sign(const struct net_key *key, const void *data, size_t size, struct prism_buf *out,
                 struct prism_error *err);
/* 0 when valid; category trust when not. */
PRISM_MUST_USE
int net_key_verify(const struct net_key *key, const void *data, size_t size, const void *sig,
                   size_t sig_len, struct prism_error *err);

#endif
