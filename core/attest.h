/*
 * Reaching an agent by attested TLS: settings read and checked before anything is dialled, the
 * stream chain built, and the peer judged, rule by rule, into one verdict - whatever the
 * generation.
 *
 * Nothing of the application is sent before the verdict is "attested".  With a test root (the
 * sandbox's) the verdict is labelled NOT A TEE and stays so wherever it is shown.
 *
 * Source: reference attested-tls.md (both generations, section 4 for telling them apart).
 *
 * Life: create (reads policy, roots, keys), then one core_attest_stream() per connection; the
 * object must outlive its streams, which hold a reference.
 *
 * Thread rules: loop thread only.
 */
#ifndef PRISM_CORE_ATTEST_H
#define PRISM_CORE_ATTEST_H

#include "base/loop.h"
#include "core/tlsmode.h"
#include "core/verdict.h"

#include <stdint.h>

struct core_appraisal;
struct net_stream;
struct core_attest;

enum core_attest_generation { CORE_ATTEST_AUTO, CORE_ATTEST_GEN1, CORE_ATTEST_GEN2 };
PRISM_MUST_USE
int core_attest_generation_parse(const char *word, enum core_attest_generation *ret,
                                 struct prism_error *err); /* auto, gen1, gen2 */

struct core_attest_config {  /* paths and texts lent; NULL: not given */
	enum core_tls_mode mode; /* CORE_TLS_ATLS or CORE_TLS_MATLS */
	enum core_attest_generation generation;
	const char *policy_file; /* required */
	/* maTLS: the certificate must chain to it, in generation 2 for the host dialled; NULL: the
	 * evidence alone vouches for the peer (an agent of generation 1 signs its own certificate). */
	const char *server_ca_file;
	const char *client_cert_file, *client_key_file; /* maTLS: both required */
	const char *certificates_file; /* PEM: VCEK chain where the evidence lacks it */
	const char *policy_key_file;   /* CoRIM: a signature under this key is required */
	const char *trust_root_file;   /* PEM: a test root, everything under it is NOT A TEE */
	const char *product_line;      /* "Milan", "Genoa", "Turin": what the CPU must be; NULL: any */
	int64_t timeout_ms;            /* of handshake and exchange, each; 0: NET_ATLS_EXCHANGE_MS */
	const char *extra_policy_file; /* JSON beside a CoRIM: further constraints, e.g. PCR values */
};

/* NULL on failure: every file is read and parsed here. */
struct core_attest *core_attest_create(struct prism_loop *loop,
                                       const struct core_attest_config *config,
                                       struct prism_error *err);
void core_attest_unref(struct core_attest *attest); /* NULL allowed */
/* The generation that will be spoken: as configured, else by the policy's kind. */
unsigned core_attest_generation(const struct core_attest *attest);

/* The chain over `lower` (TCP or a tunnel; given, also on failure): TLS 1.3, then attestation.
 * host: what the agent's address names; checked against the certificate under maTLS. Its
 * net_stream_verdict() is a struct core_appraisal. */
struct net_stream *core_attest_stream(struct core_attest *attest, struct net_stream *lower,
                                      const char *host);

/* The appraisal of the latest connection, kept after its stream ends; NULL before the first. Lent
 * until the next connection is judged: take a reference to keep it. */
struct core_appraisal *core_attest_last(const struct core_attest *attest);

#endif
