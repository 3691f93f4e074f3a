/*
 * Shared by sandbox/forge*.c: the hierarchy, and what the pieces need from each other.
 */
#ifndef PRISM_SANDBOX_FORGE_PRIVATE_H
#define PRISM_SANDBOX_FORGE_PRIVATE_H

#include "sandbox/forge.h"

#include <openssl/evp.h>
#include <openssl/x509.h>

#define SB_FORGE_PCRS 24u

struct sb_forge_tcb { /* of the imaginary Milan */
	uint8_t boot_loader, tee, snp, microcode;
};

struct sb_forge {
	EVP_PKEY *ark_key, *ask_key, *vcek_key, *other_key, *ak_key, *eat_key;
	X509 *ark, *ask, *vcek, *vcek_expired, *vcek_other_chip, *vcek_stale;
	char *root_pem;
	uint8_t chip_id[64], measurement[48];
	uint8_t *ak_pub, *ak_pub_open; /* TPMT_PUBLIC; the second without the restricted bit */
	size_t ak_pub_size;
	uint8_t *log; /* TCG event log */
	size_t log_size;
	uint8_t pcrs[2][SB_FORGE_PCRS][48]; /* SHA-256 and SHA-384 banks, replayed from the log */
};

struct sb_forge_tcb sb_forge_tcb_of(enum sb_forge_fault fault);
uint64_t sb_forge_tcb_value(struct sb_forge_tcb tcb);

/* forge_x509.c */
PRISM_MUST_USE
int sb_forge_make_chain(struct sb_forge *forge, struct prism_error *err);
int sb_forge_raise(struct prism_error *err, const char *what); /* OpenSSL's queue translated; -1 */

/* forge_tpm.c */
PRISM_MUST_USE
int sb_forge_make_tpm(struct sb_forge *forge, struct prism_error *err);
struct Evidence__Quote;
PRISM_MUST_USE
int sb_forge_quote(struct sb_forge *forge, unsigned bank, const uint8_t nonce[32],
                   enum sb_forge_fault fault, struct prism_buf *ret_quote,
                   struct prism_buf *ret_signature, struct prism_error *err);

#endif
