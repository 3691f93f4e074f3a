/*
 * Internal to net: the one translation of OpenSSL's error queue, and the OpenSSL object inside a
 * key.
 */
#ifndef PRISM_NET_CRYPTO_OSSL_H
#define PRISM_NET_CRYPTO_OSSL_H

#include "base/error.h"

/* Raises category with fmt, appends the reason of the newest queued error, and empties the queue.
 * Returns -1. Call it right after the OpenSSL function that failed. */
int net_ossl_error(struct prism_error *err, enum prism_error_category category, const char *fmt,
                   ...) PRISM_PRINTF(3, 4);
/* For failures that are part of a search ("is it this format?"). */
void net_ossl_forget(void);
/* Allocation and algorithm look-ups that can only fail when memory or the library is broken. */
void net_ossl_require(bool good, const char *what);

struct net_key;
struct evp_pkey_st;
struct evp_pkey_st *net_key_pkey(const struct net_key *key); /* lent */

#endif
