/*
 * The evidence payload of attested TLS, generation 2: one JSON object with the evidence and a
 * binder that ties it to the TLS key and the connection; and the values the evidence itself must
 * contain.  Also the binding values of generation 1.
 *
 * Source: reference attested-tls.md 2.5, 3.8, 3.9.
 * Thread rules: no state.
 */
#ifndef PRISM_CORE_CMW_H
#define PRISM_CORE_CMW_H

#include "base/buf.h"
#include "core/verdict.h"
#include "net/crypto.h"

#include <stdint.h>

/* What evidence made for a connection must say. */
struct core_binding {
	uint8_t report_data[64]; /* given to the CPU's attester */
	uint8_t nonce[32];       /* extraData of the TPM's quotes; the EAT's nonce */
};

/* Generation 1: SHA3-512(SPKI || nonce), and its first half. */
void core_binding_gen1(const uint8_t *spki, size_t spki_size, const uint8_t nonce[64],
                       struct core_binding *ret);

struct core_binding2 {
	struct core_binding binding;
	uint8_t key_hash[48], binder[48]; /* hash_size bytes each */
	size_t hash_size;
};
/* Generation 2: from the leaf's SPKI and the exported value, with the cipher suite's hash. */
void core_binding_gen2(enum net_digest_kind hash, const uint8_t *spki, size_t spki_size,
                       const uint8_t exported[32], struct core_binding2 *ret);

/* Parses the payload, compares its binder with the expected one (reporting on CORE_RULE_BINDER)
 * and appends the evidence. Category protocol when it cannot be read. */
PRISM_MUST_USE
int core_cmw_open(const void *payload, size_t size, const struct core_binding2 *expect,
                  struct core_verdict *verdict, struct prism_buf *ret_evidence,
                  struct prism_error *err);

#endif
