/*
 * bcrypt_pbkdf: the key derivation of encrypted OpenSSH key files (PROTOCOL.key, kdf "bcrypt"):
 * PBKDF2 with bcrypt's expensive Blowfish schedule in place of HMAC.  Slow on purpose: tens of
 * milliseconds per 16 rounds; for workers.
 */
#ifndef PRISM_NET_SSH_BCRYPT_H
#define PRISM_NET_SSH_BCRYPT_H

#include "base/error.h"

#include <stdint.h>

#define NET_SSH_BCRYPT_ROUNDS_MAX 1024 /* stops a file that would keep a worker for minutes */

/* Invalid: no rounds or too many, no salt, out longer than 1024 bytes. */
PRISM_MUST_USE
int net_ssh_bcrypt_pbkdf(const void *passphrase, size_t passphrase_len, const uint8_t *salt,
                         size_t salt_len, uint32_t rounds, uint8_t *out, size_t out_len,
                         struct prism_error *err);

#endif
