/* Between pki.c and pki_ocsp.c: the CA's OpenSSL objects. */
#ifndef PRISM_SANDBOX_PKI_PRIVATE_H
#define PRISM_SANDBOX_PKI_PRIVATE_H

#include "sandbox/pki.h"

#include <openssl/x509.h>

struct sb_ca {
	X509 *cert;
	EVP_PKEY *key;
	char *cert_pem;
};

void sb_serial_text(const ASN1_INTEGER *serial, char out[SB_SERIAL_TEXT]);

#endif
