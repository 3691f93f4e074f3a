/*
 * What evidence lacks, from the vendor: certificates of the chip's key (VCEK), the chain above it,
 * revocation lists.  They come from a cache on this machine, or from AMD's key distribution
 * service (KDS) where that is allowed (option amd_kds, off by default: a question tells AMD
 * which chip one looks at, and when).
 *
 * Nothing is trusted by where it came from.  The chain is taken only when its root is a pin of
 * the given trust and has signed what is below it, a VCEK only when that chain has signed it;
 * cached files are looked at the same way each time.  The verdict then judges dates, firmware
 * versions and chip as ever.
 *
 * Cache: files of mode 0600 in a directory of mode 0700, named by what they are; safe to remove.
 *
 * Source of the addresses: reference attestation.md section 6.4.
 * Thread rules: loop thread only.
 */
#ifndef PRISM_CORE_VENDOR_H
#define PRISM_CORE_VENDOR_H

#include "base/cancel.h"
#include "base/loop.h"
#include "core/evidence.h"

#define CORE_VENDOR_ANSWER_MAX (1u << 20) /* certificates are 2 KB, lists some more */

struct core_policy;
struct core_trust;

struct core_vendor_want {
	struct core_evidence *evidence;   /* lent; certificates are added to it */
	struct core_trust *trust;         /* lent; the revocation list is added to it */
	const struct core_policy *policy; /* asks for the list, and may name the product; NULL: none */
	int64_t at_us;                    /* moment a cached list must be in date */
};

/* bits of what is missing */
enum core_vendor_item {
	CORE_VENDOR_CHAIN = 1 << 0,
	CORE_VENDOR_VCEK = 1 << 1,
	CORE_VENDOR_CRL = 1 << 2,
};
unsigned core_vendor_missing(const struct core_vendor_want *want); /* 0: nothing, or no SEV-SNP */

/* Takes from the cache what it has; returns what is still missing. dir NULL: the usual place. */
unsigned core_vendor_from_cache(const struct core_vendor_want *want, const char *dir);

struct core_vendor_source {
	struct prism_loop *loop;
	const char *url; /* "https://kdsintf.amd.com"; no slash at its end */
	const char *dir; /* of the cache; NULL: the usual place */
};
/* Asks for what is missing, adds it and keeps it. Fails now, without a callback, when there is
 * nothing to ask for or no way to ask (the chip's id is hidden, a provider's key, an unknown
 * processor); else calls done once, later. */
PRISM_MUST_USE
int core_vendor_fetch(const struct core_vendor_source *source, const struct core_vendor_want *want,
                      struct prism_cancel *cancel,
                      void (*done)(void *data, const struct prism_error *err), void *data,
                      struct prism_error *err);

#endif
