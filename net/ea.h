/*
 * Exported Authenticators (RFC 9261) as the agents of generation 2 use them: codec and
 * cryptographic checks, no sockets.
 *
 * The client sends an authenticator request in a frame right after the TLS 1.3 handshake; the
 * server answers with Certificate, CertificateVerify and Finished, computed over values exported
 * from this very connection.  The evidence rides in a private extension of the leaf entry.
 *
 * Source: RFC 9261; frames, extension number and error cases in reference attested-tls.md
 * section 3.  Where the official client is lenient this one refuses: empty authenticators,
 * doubled extensions, curves that do not fit the scheme.
 *
 * Thread rules: no state.
 */
#ifndef PRISM_NET_EA_H
#define PRISM_NET_EA_H

#include "base/buf.h"
#include "net/crypto.h"
#include "net/x509.h"

#include <stdint.h>

#define NET_EA_FRAME_HEADER 5u
#define NET_EA_FRAME_REQUEST 1u
#define NET_EA_FRAME_AUTHENTICATOR 2u
#define NET_EA_FRAME_MAX (1u << 20) /* the protocol allows 16 MiB; evidence fits in 64 KB */
#define NET_EA_CONTEXT 32u          /* bytes of our certificate_request_context */
#define NET_EA_HASH_MAX 48u

/* RFC 9261 section 5.1, server role; the last one is the agents' own. */
#define NET_EA_LABEL_HANDSHAKE "EXPORTER-server authenticator handshake context"
#define NET_EA_LABEL_FINISHED "EXPORTER-server authenticator finished key"
#define NET_EA_LABEL_ATTESTATION "Attestation"

/* Values exported from the connection. Wipe after use. */
struct net_ea_keys {
	enum net_digest_kind hash; /* of the cipher suite: SHA-256 or SHA-384 */
	uint8_t handshake_context[NET_EA_HASH_MAX];
	uint8_t finished_key[NET_EA_HASH_MAX];
};

/* The handshake message (no frame header): 55 bytes. */
void net_ea_request(const uint8_t context[NET_EA_CONTEXT], struct prism_buf *out);
/* A frame's 5 bytes. */
void net_ea_frame_header(unsigned type, uint32_t size, uint8_t out[NET_EA_FRAME_HEADER]);
/* Type must be the authenticator's; size within NET_EA_FRAME_MAX. */
PRISM_MUST_USE
int net_ea_frame_read(const uint8_t header[NET_EA_FRAME_HEADER], uint32_t *ret_size,
                      struct prism_error *err);

struct net_ea_authenticator {
	struct net_cert *chain[NET_CERT_CHAIN_MAX]; /* owned; [0] is the leaf */
	size_t chain_count;
	const uint8_t *payload; /* lent from the message: the evidence payload of the leaf entry */
	size_t payload_size;
};

/* Verifies context, CertificateVerify and Finished. Category trust for what does not hold,
 * protocol for what cannot be read; messages name the step. */
PRISM_MUST_USE
int net_ea_verify(const uint8_t *request, size_t request_size, const uint8_t *message, size_t size,
                  const struct net_ea_keys *keys, struct net_ea_authenticator *ret,
                  struct prism_error *err);
void net_ea_finish(struct net_ea_authenticator *authenticator);

#endif
