/*
 * Tokens and passwords.
 *
 * Tokens are JWTs signed with HS512, with the claims of prism-api.md section 2.2.  The signing
 * key lives in the store, so tokens survive a restart on a file.  A refresh token is good for
 * one refresh: both tokens are replaced, and the old one is refused from then on.
 *
 * Passwords: scrypt (RFC 7914) with N = 4096, r = 8, p = 1 and a 16-byte salt, cheap on purpose:
 * the sample passwords are printed at start, and a login must not stall the one loop.
 */
#ifndef PRISM_SANDBOX_AUTH_H
#define PRISM_SANDBOX_AUTH_H

#include "sandbox/router.h"

enum sb_token_type { SB_TOKEN_ACCESS, SB_TOKEN_REFRESH, SB_TOKEN_RECOVERY };

/* Reads the signing key from the store, or makes one. */
PRISM_MUST_USE
int sb_auth_init(struct sb *sb, struct prism_error *err);
void sb_auth_finish(struct sb *sb); /* wipes keys and tokens */

/* A fresh pair for an existing user. Yours. */
void sb_auth_issue(struct sb *sb, int64_t user, char **ret_access, char **ret_refresh);
char *sb_auth_recovery_token(struct sb *sb, int64_t user); /* yours; good for 10 minutes */
/* -1: not ours, expired, of another type, of a user who is gone, disabled or signed out since. */
PRISM_MUST_USE
int sb_auth_check(struct sb *sb, const char *token, enum sb_token_type type,
                  struct sb_caller *ret_caller);
/* As check with a refresh token, and uses it up. */
PRISM_MUST_USE
int sb_auth_take_refresh(struct sb *sb, const char *token, struct sb_caller *ret_caller);
void sb_auth_end_sessions(struct sb *sb, int64_t user); /* every token issued until now is dead */

char *sb_base64url(const void *data, size_t len); /* RFC 7515 section 2: no padding; yours */
/* JWTs under the store's key, for what is no session (certs.c). */
enum sb_jwt_alg { SB_JWT_HS512, SB_JWT_HS256 };
char *sb_jwt_make(const struct sb *sb, enum sb_jwt_alg alg, const char *claims,
                  size_t len); /* yours */
/* The claims of a token that is ours; NULL otherwise. Yours. Times are not looked at. */
cJSON *sb_jwt_claims(const struct sb *sb, enum sb_jwt_alg alg, const char *token);

#define SB_SECRET_SIZE 48 /* salt and key */
void sb_secret_hash(const char *password, uint8_t ret_secret[SB_SECRET_SIZE]);
bool sb_secret_matches(const char *password, const void *secret, size_t size);

#endif
