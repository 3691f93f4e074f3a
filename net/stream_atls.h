/*
 * Attested TLS as a layer over net/stream_tls.h: collects what the peer proves about itself and
 * lets the user of the layer judge it before a single byte of the application goes out.
 *
 * Generation 1: the evidence stands in the peer's certificate; freshness is the nonce that was
 * sent as the server name.  Generation 2: an authenticator request is sent right after the
 * handshake, the peer answers with an authenticator whose leaf entry carries the evidence.
 * Source: reference attested-tls.md sections 2 and 3.
 *
 *   states:  waiting (lower layers connect)
 *            → requesting   generation 2: request frame being written
 *            → reading      generation 2: header, then payload, exactly as many bytes as announced
 *            → judging      judge() is called, once
 *            → open         bytes pass through; or failed
 *
 * The TLS layer below must defer its trust (NET_TLS_TRUST_DEFERRED): a generation-2 peer stops
 * listening when a client leaves during the exchange, so faults of the certificate are collected
 * and judged after the answer is in (reference 3.15).
 *
 * Bytes that follow the authenticator belong to HTTP/2 and are left in the TLS layer.
 *
 * Thread rules: loop thread only.
 */
#ifndef PRISM_NET_STREAM_ATLS_H
#define PRISM_NET_STREAM_ATLS_H

#include "net/ea.h"
#include "net/stream_tls.h"

#define NET_ATLS_NONCE 64u                    /* bytes of a generation-1 nonce */
#define NET_ATLS_SNI (2 * NET_ATLS_NONCE + 7) /* its hex, ".nonce" and a NUL */
#define NET_ATLS_EXCHANGE_MS 60000            /* the agent asks its TPM and its CPU meanwhile */

enum net_atls_generation { NET_ATLS_GEN1 = 1, NET_ATLS_GEN2 = 2 };

/* What judge() sees. Everything is lent and valid during the call. */
struct net_atls_facts {
	enum net_atls_generation generation;
	const struct net_stream *tls; /* the layer below: version, checks, peer's chain */
	const struct net_cert *leaf;  /* of the TLS handshake; NULL when none was shown */

	/* Generation 1: evidence of the leaf's extension; occurrences counts all three OIDs. */
	const uint8_t *nonce;
	unsigned occurrences;
	unsigned extension; /* last arc of the OID: 0 SNP with vTPM, 1 Azure, 2 TDX */
	const uint8_t *evidence;
	size_t evidence_size;

	/* Generation 2. failure: why there is no verified authenticator; NULL when there is one. */
	const struct prism_error *failure;
	const struct net_ea_authenticator *authenticator;
	enum net_digest_kind hash;
	const uint8_t *exported; /* 32 bytes: the attestation value */
};

struct net_stream_atls_spec {
	enum net_atls_generation generation;
	uint8_t nonce[NET_ATLS_NONCE]; /* generation 1: the one that net_atls_sni() was made from */
	int64_t timeout_ms; /* of the exchange after the handshake; 0: NET_ATLS_EXCHANGE_MS */
	/* 0: proven, the stream opens. -1 with err: it fails, nothing was sent. */
	int (*judge)(void *data, const struct net_atls_facts *facts, struct prism_error *err);
	const void *(*verdict)(const void *data); /* for net_stream_verdict(); may be NULL */
	void (*release)(void *data);              /* when the layer ends; may be NULL */
	void *data;
};

/* lower: a chain whose top is a TLS layer; given. */
struct net_stream *net_stream_atls_create(struct net_stream *lower,
                                          const struct net_stream_atls_spec *spec);
/* The server name of a generation-1 handshake. */
void net_atls_sni(const uint8_t nonce[NET_ATLS_NONCE], char out[NET_ATLS_SNI]);

#endif
