/*
 * What a small file holds, in one line for a list of files: "certificate agent, 364 days",
 * "private key, RSA 4096", "PKCS#12 bundle".  Knows PEM blocks and the DER forms people meet.
 * Pure; nothing is kept of a private key.
 *
 * Input is untrusted: any bytes, any length.  The names in the answer come from the file; whoever
 * shows them goes through the cell door.
 */
#ifndef PRISM_CORE_FILETELL_H
#define PRISM_CORE_FILETELL_H

#include <stddef.h>
#include <stdint.h>

/* DER, told apart by its first bytes and, for certificates, by decoding. */
enum core_der_kind {
	CORE_DER_NONE, /* no SEQUENCE */
	CORE_DER_CERT,
	CORE_DER_KEY,    /* PKCS#8, PKCS#1 or SEC 1 */
	CORE_DER_PKCS12, /* PFX, version 3 (RFC 7292 section 4) */
	CORE_DER_OTHER,
};
enum core_der_kind core_der_kind(const char *data, size_t size);

/* "" when it is nothing of that kind. at_us: the moment dates are judged by. Yours. */
char *core_filetell(const char *data, size_t size, int64_t at_us);

#endif
