/*
 * Intel TDX quotes, versions 4 and 5: parsing and judging.
 *
 * Source: Intel TDX DCAP Quoting Library API (quote layout) as collected in reference
 * attestation.md section 8.  Integers are little-endian; signatures are r||s big-endian.
 *
 * Collateral (TCB status) is not fetched; the verdict says so.
 * Thread rules: no shared state.
 */
#ifndef PRISM_CORE_TDX_H
#define PRISM_CORE_TDX_H

#include "core/verdict.h"

#include <stdint.h>

struct core_policy;
struct core_trust;

#define CORE_TDX_QUOTE_MAX (1u << 16) /* real ones are about 5 KB; trailing padding is allowed */

struct core_tdx_quote { /* everything is lent from the quote's bytes */
	unsigned version;
	const uint8_t *signed_data; /* what the quote signature covers */
	size_t signed_size;
	uint16_t pce_svn, qe_svn;
	const uint8_t *qe_vendor_id; /* 16 */
	const uint8_t *tee_tcb_svn;  /* 16 */
	const uint8_t *mr_seam, *mr_signer_seam;
	const uint8_t *seam_attributes, *td_attributes, *xfam; /* 8 */
	const uint8_t *mr_td, *mr_config_id, *mr_owner, *mr_owner_config;
	const uint8_t *rtmrs[4];
	const uint8_t *report_data;     /* 64 */
	const uint8_t *mr_service_td;   /* version 5, body type 3; or NULL */
	const uint8_t *signature;       /* 64 */
	const uint8_t *attestation_key; /* 64: X, Y */
	const uint8_t *qe_report;       /* 384 */
	const uint8_t *qe_signature;    /* 64 */
	const uint8_t *qe_auth;
	size_t qe_auth_size;
	const char *pck_chain; /* PEM: leaf, intermediate, root; not terminated */
	size_t pck_chain_size;
};

PRISM_MUST_USE
int core_tdx_parse(const uint8_t *data, size_t size, struct core_tdx_quote *ret,
                   struct prism_error *err);

struct core_tdx_expectation {
	const uint8_t *report_data; /* 64 bytes; NULL: no session to bind to */
	int64_t at_us;              /* moment for certificate dates; PRISM_TIME_UNSET: not looked at */
};

void core_tdx_verify(const struct core_tdx_quote *quote, const struct core_policy *policy,
                     const struct core_trust *trust, const struct core_tdx_expectation *expect,
                     struct core_verdict *verdict);

#endif
