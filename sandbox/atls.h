/*
 * Attested TLS from the agent's side, both generations, with evidence that proves nothing
 * (sandbox/forge.h), and with every fault a client must refuse.
 *
 * Independent of the client's reading: the authenticator is built here from RFC 9261 and the
 * layouts in reference attested-tls.md sections 2.11 and 3.18.
 *
 * Thread rules: loop thread only.
 */
#ifndef PRISM_SANDBOX_ATLS_H
#define PRISM_SANDBOX_ATLS_H

#include "base/loop.h"
#include "net/stream.h"
#include "sandbox/forge.h"

struct net_tls;

/* Faults of the exchange itself; those of the evidence are in sandbox/forge.h. */
enum sb_atls_fault {
	SB_ATLS_SOUND,
	SB_ATLS_REPLAYED_CONTEXT, /* answers another request */
	SB_ATLS_OTHER_KEY,        /* CertificateVerify by another key */
	SB_ATLS_WRONG_HASH,       /* transcript with the other hash */
	SB_ATLS_BAD_FINISHED,
	SB_ATLS_TRUNCATED_FRAME,     /* closes inside the authenticator */
	SB_ATLS_OVERSIZE_FRAME,      /* announces 16 MiB and one byte */
	SB_ATLS_WRONG_FRAME,         /* frame type 1 instead of 2 */
	SB_ATLS_EMPTY_AUTHENTICATOR, /* only a Finished, with a right MAC */
	SB_ATLS_OTHER_CHANNEL,       /* evidence and binder of another connection */
	SB_ATLS_RELAYED_EVIDENCE,    /* right binder around evidence of another connection */
	SB_ATLS_NO_EVIDENCE,         /* authenticator, or certificate, without evidence */
	SB_ATLS_DOUBLE_EVIDENCE,     /* generation 1: two attestation extensions */
	SB_ATLS_EXPIRED_LEAF,        /* generation 1: certificate out of date */
	SB_ATLS_PLAIN_TLS,           /* fallback: TLS that nobody attests */
	SB_ATLS_CLEAR_TEXT,          /* fallback: no TLS at all */
	SB_ATLS_HANG,                /* never answers */
	SB_ATLS_FAULT_COUNT
};

struct sb_atls_config {
	unsigned generation; /* 1 or 2 */
	enum sb_forge_kind kind;
	enum sb_atls_fault fault;
	enum sb_forge_fault evidence_fault;
	/* Identity of generation 2 (PEM); NULL: an ephemeral one. Generation 1 makes its own. */
	const char *cert_pem, *key_pem;
	const char *client_ca_pem; /* NULL: clients need no certificate */
};

struct sb_atls;
struct sb_atls *sb_atls_create(struct prism_loop *loop, struct sb_forge *forge /* lent */,
                               const struct sb_atls_config *config, struct prism_error *err);
void sb_atls_destroy(struct sb_atls *atls); /* after its streams; NULL allowed */
/* For sb_grpc_config.wrap: data is the sb_atls; accepted is given. */
struct net_stream *sb_atls_wrap(void *data, struct net_stream *accepted);

/* A word of --agent-fault: "replayed-context", "debug-policy", ... Sets one of the two. */
PRISM_MUST_USE
int sb_atls_fault_parse(const char *word, enum sb_atls_fault *ret_fault,
                        enum sb_forge_fault *ret_evidence, struct prism_error *err);
const char *sb_atls_fault_word(enum sb_atls_fault fault);
const char *sb_atls_fault_help(enum sb_atls_fault fault); /* what is wrong then */

#endif
