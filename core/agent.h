/*
 * The computation agent over gRPC: sending the algorithm and the datasets, fetching the result,
 * attestation, IMA log and Azure token (reference agent.md sections 1 to 4 and 6).
 *
 * One core_agent is one HTTP/2 connection, dialled by its first call.  A start function fails
 * now (NULL, no callback) or calls done exactly once, later, from the loop; cancelling is a
 * completion with category cancelled.  The agent's own refusals become one readable message
 * with a hint (core_agent_explain()), even when they arrive in the middle of an upload.
 *
 * Memory is flat whatever the size: an upload holds a few pieces of 1 MiB, read ahead on a
 * worker; a download hands every chunk on.
 *
 * The signature is a constant per key and role and can be replayed by whoever sees it: it lives
 * in a prism_secret, is never logged, and core_agent_warning() says what plain text means.
 *
 * Thread rules: loop thread only, except core_agent_sign(), which is for workers too.
 */
#ifndef PRISM_CORE_AGENT_H
#define PRISM_CORE_AGENT_H

#include "base/cancel.h"
#include "base/loop.h"
#include "base/mem.h"
#include "base/work.h"
#include "core/payload.h"
#include "core/tlsmode.h" /* how the connection is protected (reference agent.md section 8) */

struct core_appraisal;
struct net_key;
struct net_tunnel;
struct net_stream;

#define CORE_AGENT_PORT 7002
#define CORE_AGENT_CONNECT_MS 15000

/* What is needed to reach an agent. Plain data; strings lent and copied by whoever keeps them. */
struct core_agent_connection {
	const char *url; /* host:port; a scheme http:// or https:// in front is tolerated */
	enum core_tls_mode mode;
	const char *server_ca_file, *client_cert_file, *client_key_file; /* PEM; NULL: none */
	const char *policy_file; /* attestation policy; NULL: none */
	/* Attested modes only (core/attest.h). */
	unsigned generation;           /* 1 or 2; 0: by the policy's kind */
	const char *extra_policy_file; /* JSON constraints beside a CoRIM */
	const char *certificates_file; /* VCEK chain, where the evidence lacks it */
	const char *policy_key_file;   /* key that must have signed a CoRIM */
	const char *trust_root_file;   /* a test root; what it vouches for is NOT A TEE */
	const char *product_line;      /* "Milan", "Genoa", "Turin"; NULL: any */
	int64_t attest_timeout_ms;     /* of handshake and evidence, each; 0: core/attest.h's own */
	int64_t connect_timeout_ms;    /* 0: CORE_AGENT_CONNECT_MS */
	struct net_tunnel *tunnel;     /* the way there; NULL: direct. Lent, not copied. */
};
struct core_agent_connection *core_agent_connection_copy(const struct core_agent_connection *from);
void core_agent_connection_destroy(struct core_agent_connection *connection); /* NULL allowed */
/* Checks url and inputs of the mode without dialling. */
PRISM_MUST_USE
int core_agent_connection_check(const struct core_agent_connection *connection,
                                struct prism_error *err);
/* What the user should know before using it ("" when nothing), and where it is in clear text, in
 * few words ("" with TLS): static text. Behind a tunnel loopback is not this machine. */
const char *core_agent_warning(const struct core_agent_connection *connection);
const char *core_agent_clear_word(const struct core_agent_connection *connection);

/* Builds the stream chain, not yet connected; returned stream is given. The built-in factory
 * knows all modes but the attested ones; another one is handed in to add layers. */
typedef struct net_stream *(*core_agent_stream_fn)(void *data, struct prism_loop *loop,
                                                   struct prism_work *work,
                                                   const struct core_agent_connection *connection,
                                                   struct prism_error *err);
struct net_stream *core_agent_stream_create(void *unused, struct prism_loop *loop,
                                            struct prism_work *work,
                                            const struct core_agent_connection *connection,
                                            struct prism_error *err);

struct core_agent;
struct core_agent *core_agent_create(struct prism_loop *loop, struct prism_work *work,
                                     const struct core_agent_connection *connection,
                                     core_agent_stream_fn make /* NULL: built in */,
                                     void *make_data, struct prism_error *err);
void core_agent_destroy(struct core_agent *agent); /* ends calls without callbacks; NULL allowed */
/* What was proven about the peer of the latest connection; NULL without attestation, and before
 * the first judgement. Lent until the next connection or destroy. */
struct core_appraisal *core_agent_appraisal(const struct core_agent *agent);
char *core_agent_describe(const struct core_agent *agent); /* "TCP 127.0.0.1:7002"; yours */

/* Roles and their signature (section 2): the ASCII role string is what is signed. */
enum core_agent_role {
	CORE_AGENT_ALGORITHM_PROVIDER,
	CORE_AGENT_DATA_PROVIDER,
	CORE_AGENT_CONSUMER,
	CORE_AGENT_ROLE_COUNT
};
const char *core_agent_role_word(enum core_agent_role role); /* "algorithm-provider" */
/* base64, one line. ret_signature is yours. */
PRISM_MUST_USE
int core_agent_sign(const struct net_key *key, enum core_agent_role role,
                    struct prism_secret **ret_signature, struct prism_error *err);

enum core_algo_type {
	CORE_ALGO_BIN,
	CORE_ALGO_PYTHON,
	CORE_ALGO_WASM,
	CORE_ALGO_DOCKER,
	CORE_ALGO_COUNT
};
const char *core_algo_type_word(enum core_algo_type type); /* "bin", "python", "wasm", "docker" */
PRISM_MUST_USE
int core_algo_type_parse(const char *word, enum core_algo_type *ret, struct prism_error *err);
enum core_algo_type
core_algo_type_guess(const char *path); /* by extension: .py, .wasm, .tar; else bin */
/* Arguments travel as header values: printable ASCII only (section 11, trap 3). */
PRISM_MUST_USE
int core_agent_check_arg(const char *arg, struct prism_error *err);

/* Agent states (section 6); the words are wire strings. */
#define CORE_AGENT_STATE_MAP(X)                  \
	X(UNKNOWN, "")                               \
	X(IDLE, "Idle")                              \
	X(RECEIVING_MANIFEST, "ReceivingManifest")   \
	X(RECEIVING_ALGORITHM, "ReceivingAlgorithm") \
	X(RECEIVING_DATA, "ReceivingData")           \
	X(RUNNING, "Running")                        \
	X(CONSUMING_RESULTS, "ConsumingResults")     \
	X(COMPLETE, "Complete")                      \
	X(FAILED, "Failed")
enum core_agent_state {
#define X(id, word) CORE_AGENT_STATE_##id,
	CORE_AGENT_STATE_MAP(X)
#undef X
	    CORE_AGENT_STATE_COUNT
};
const char *core_agent_state_word(enum core_agent_state state);
enum core_agent_state core_agent_state_parse(const char *word); /* unknown text, NULL: UNKNOWN */

/* Refusals by their text: exact match first, prefix second (section 11, trap 5). */
enum core_agent_refusal {
	CORE_AGENT_OTHER,
	CORE_AGENT_WRONG_STATE,
	CORE_AGENT_BAD_SIGNATURE,
	CORE_AGENT_BAD_HASH,
	CORE_AGENT_NOT_DECLARED,
	CORE_AGENT_NOT_READY,
	CORE_AGENT_RUN_FAILED,
	CORE_AGENT_UNAVAILABLE,   /* the connection could not be made, was not trusted, or broke */
	CORE_AGENT_NOT_LISTENING, /* nobody there yet: asking again costs nothing and may help */
	CORE_AGENT_REFUSAL_COUNT
};
/* Rewrites an error that carries a gRPC status: category, readable message, hint; the agent's own
 * text stays as a cause. Errors without one are left alone. */
enum core_agent_refusal core_agent_explain(struct prism_error *err);
enum core_agent_refusal
core_agent_refusal(const struct prism_error *err); /* of an explained error */

/* Calls. */
struct core_agent_call;
struct core_agent_handlers {
	void (*progress)(void *data, uint64_t done, uint64_t total /* 0: unknown */); /* may be NULL */
	void (*done)(void *data, const struct prism_error *err /* NULL: success */);
	void *data;
};

struct core_agent_algo_spec {
	struct core_payload *algorithm; /* borrowed until done */
	struct core_payload
	    *requirements; /* Python requirements file, sent first; NULL: none; borrowed */
	const struct prism_secret *signature;
	enum core_algo_type type;
	const char *python_runtime; /* NULL: "python3"; sent with CORE_ALGO_PYTHON only */
	const char *const *args;
	size_t arg_count;
};
struct core_agent_call *core_agent_algo(struct core_agent *agent,
                                        const struct core_agent_algo_spec *spec,
                                        const struct core_agent_handlers *handlers,
                                        struct prism_cancel *cancel, struct prism_error *err);

struct core_agent_data_spec {
	struct core_payload *dataset; /* borrowed until done */
	const struct prism_secret *signature;
	const char *filename; /* NULL: the payload's name; last component only */
	bool decompress;
};
struct core_agent_call *core_agent_data(struct core_agent *agent,
                                        const struct core_agent_data_spec *spec,
                                        const struct core_agent_handlers *handlers,
                                        struct prism_cancel *cancel, struct prism_error *err);

#define CORE_AGENT_RESULT_CAP (64ull << 30) /* stops an agent that sends without end */

struct core_agent_result_spec {
	const struct prism_secret *signature;
	uint64_t cap; /* 0: CORE_AGENT_RESULT_CAP */
	int (*sink)(void *data, const void *bytes, size_t size,
	            struct prism_error *err); /* -1 ends it */
	void *sink_data;
};
struct core_agent_call *core_agent_result(struct core_agent *agent,
                                          const struct core_agent_result_spec *spec,
                                          const struct core_agent_handlers *handlers,
                                          struct prism_cancel *cancel, struct prism_error *err);

enum core_attestation_type { /* wire values of section 1 */
	                         CORE_ATTESTATION_SNP = 0,
	                         CORE_ATTESTATION_VTPM = 1,
	                         CORE_ATTESTATION_SNP_VTPM = 2,
	                         CORE_ATTESTATION_AZURE = 3,
	                         CORE_ATTESTATION_TDX = 4
};
#define CORE_ATTESTATION_CAP (16u << 20) /* evidence is kilobytes; an IMA log a few MiB */

/* Small downloads, held in memory: file lent to done. pcr10 is 20 bytes or NULL. */
typedef void (*core_agent_evidence_fn)(void *data, const void *file, size_t len,
                                       const uint8_t *pcr10, const struct prism_error *err);
struct core_agent_call *core_agent_attestation(
    struct core_agent *agent, enum core_attestation_type type, const uint8_t *tee_nonce,
    size_t tee_nonce_len /* <= 64 */, const uint8_t *vtpm_nonce, size_t vtpm_nonce_len /* <= 32 */,
    core_agent_evidence_fn done, void *data, struct prism_cancel *cancel, struct prism_error *err);
struct core_agent_call *core_agent_ima(struct core_agent *agent, core_agent_evidence_fn done,
                                       void *data, struct prism_cancel *cancel,
                                       struct prism_error *err);
struct core_agent_call *core_agent_azure_token(struct core_agent *agent, const uint8_t *nonce,
                                               size_t nonce_len, core_agent_evidence_fn done,
                                               void *data, struct prism_cancel *cancel,
                                               struct prism_error *err);
/* Back pressure for a result: while paused the agent is given no further window. */
void core_agent_pause(struct core_agent_call *call, bool paused);
void core_agent_abort(struct core_agent_call *call); /* done follows, category cancelled */

#endif
