/*
 * PEM text (RFC 7468) seen as a person sees it: which blocks, where, and what is around them.
 * Decodes nothing but base64; what a block holds is the matter of net.  Pure.
 *
 * Input is untrusted: any bytes, any length; all blocks are counted, the first CORE_PEM_KEPT are
 * described.
 */
#ifndef PRISM_CORE_PEM_H
#define PRISM_CORE_PEM_H

#include <stdbool.h>
#include <stddef.h>

#define CORE_PEM_KEPT 64

enum core_pem_kind {
	CORE_PEM_CERT,
	CORE_PEM_KEY,           /* PKCS#8, PKCS#1, SEC 1; possibly encrypted the old way */
	CORE_PEM_ENCRYPTED_KEY, /* PKCS#8 with a passphrase, or a Proc-Type header */
	CORE_PEM_PUBLIC_KEY,
	CORE_PEM_CSR,
	CORE_PEM_PARAMETERS, /* EC or DH parameters, which some tools write before the key */
	CORE_PEM_CRL,
	CORE_PEM_PKCS7,
	CORE_PEM_OPENSSH_KEY,
	CORE_PEM_TRUSTED_CERT, /* a certificate with OpenSSL's own trust settings behind it */
	CORE_PEM_OTHER,
	CORE_PEM_KIND_COUNT
};
const char *core_pem_kind_text(enum core_pem_kind kind); /* "a private key" */

struct core_pem_block {
	enum core_pem_kind kind;
	char label[40]; /* as written, cut, printable */
	size_t line;    /* of the BEGIN line, from 1 */
	bool closed;    /* an END line with the same label follows */
	bool base64;    /* the body is base64 */
};
struct core_pem {
	size_t blocks; /* all */
	size_t kept;   /* in block[] */
	struct core_pem_block block[CORE_PEM_KEPT];
	size_t of_kind[CORE_PEM_KIND_COUNT];
	bool crlf, nul, bom, utf16;
	bool controls;    /* control bytes outside of blocks: escape sequences in comments */
	bool text_before; /* anything but white space before the first block */
	bool text_after;  /* ... behind the last one */
	bool text_between;
	size_t after_line; /* where the text behind begins */
};
void core_pem_scan(const char *data, size_t size, struct core_pem *ret);

#endif
