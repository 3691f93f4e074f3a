/*
 * Private keys for signing in to SSH servers: OpenSSH's own file format (PROTOCOL.key) and PEM, for
 * Ed25519, ECDSA P-256/P-384/P-521 and RSA.  A key is opened, used and wiped in net/ssh_key.c.
 *
 * The public half of an OpenSSH file can be read without its passphrase, so that a server can be
 * asked whether it takes the key before a person is asked for anything.
 *
 * Thread rules: reading an encrypted key is slow on purpose and may be done on a worker; one thread
 * at a time per object.
 */
#ifndef PRISM_NET_SSH_KEY_H
#define PRISM_NET_SSH_KEY_H

#include "base/buf.h"
#include "base/mem.h"

#define NET_SSH_KEY_FILE_MAX 65536u /* the largest real key file is about 4 kB */
#define NET_SSH_BLOB_MAX 16384u     /* a public key as SSH writes it; RSA 16384 has 2 kB */
#define NET_SSH_FINGERPRINT 64      /* "SHA256:" and 43 characters */

/* What a key file says about itself without being opened. */
struct net_ssh_key_info {
	struct prism_buf blob; /* public key; empty: only known once it is opened */
	bool encrypted;        /* a passphrase is needed */
};
PRISM_MUST_USE
int net_ssh_key_inspect(const char *text, size_t len, struct net_ssh_key_info *ret,
                        struct prism_error *err);
void net_ssh_key_info_finish(struct net_ssh_key_info *info);

struct net_ssh_key;
/* passphrase NULL: none. Auth: it is encrypted, or the passphrase is wrong; invalid: no key, or one
 * of a kind or cipher that is not supported (the hint says what to do). */
struct net_ssh_key *net_ssh_key_open(const char *text, size_t len,
                                     const struct prism_secret *passphrase,
                                     struct prism_error *err);
void net_ssh_key_destroy(struct net_ssh_key *key);                       /* NULL allowed */
const struct prism_buf *net_ssh_key_blob(const struct net_ssh_key *key); /* lent */
/* The inner signature (RFC 4253 6.6, 5656 3.1.2, 8332 3 with SHA-512 for RSA, 8709 6). */
PRISM_MUST_USE
int net_ssh_key_sign(const struct net_ssh_key *key, const void *data, size_t len,
                     struct prism_buf *out, struct prism_error *err);

/* Of a public key as SSH writes it. */
char *net_ssh_blob_type(const void *blob,
                        size_t len); /* "ssh-ed25519"; "" when unreadable; yours */
const char *net_ssh_blob_fingerprint(const void *blob, size_t len, char out[NET_SSH_FINGERPRINT]);

#endif
