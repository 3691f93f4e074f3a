/*
 * Internal to net: what a certificate is inside, for the files that read and make them.
 */
#ifndef PRISM_NET_X509_PRIVATE_H
#define PRISM_NET_X509_PRIVATE_H

#include "net/x509.h"

#include <openssl/x509.h>

struct net_cert {
	X509 *x509;
	uint8_t *der, *spki;
	size_t der_size, spki_size;
	char *subject, *issuer, *common_name, *serial, *key_text, *signature_text;
	int64_t not_before, not_after;
};

#endif
