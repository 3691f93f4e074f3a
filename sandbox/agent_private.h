/*
 * Shared by the files of the sandbox's agent; nobody else includes it.
 *
 *   sandbox/agent.c           life, state machine, run, result archive
 *   sandbox/agent_outbox.c    what its owner is told
 *   sandbox/agent_service.c   the six RPCs: authentication, Result, dispatch
 *   sandbox/agent_upload.c    Algo and Data: spooling, hashing, matching with the manifest
 *   sandbox/agent_tls.c       the transport that the computation's agent_config asks for
 *   sandbox/agent_evidence.c  Attestation, IMAMeasurements, AzureAttestationToken
 */
#ifndef PRISM_SANDBOX_AGENT_PRIVATE_H
#define PRISM_SANDBOX_AGENT_PRIVATE_H

#include "sandbox/agent.h"
#include "sandbox/grpc_server.h"

#include "base/list.h"
#include "base/mem.h"
#include "net/crypto.h"
#include "net/stream_tls.h"

#define SB_AGENT_CHUNK (1u << 20) /* payload of one download message (agent.md section 3) */

enum sb_agent_state { /* agent.md section 6, wire words in agent.c */
	                  SB_AGENT_IDLE,
	                  SB_AGENT_RECEIVING_MANIFEST,
	                  SB_AGENT_RECEIVING_ALGORITHM,
	                  SB_AGENT_RECEIVING_DATA,
	                  SB_AGENT_RUNNING,
	                  SB_AGENT_CONSUMING_RESULTS,
	                  SB_AGENT_COMPLETE,
	                  SB_AGENT_FAILED,
	                  SB_AGENT_STATE_COUNT
};

enum sb_agent_role { SB_AGENT_ALGORITHM_PROVIDER, SB_AGENT_DATA_PROVIDER, SB_AGENT_CONSUMER };

struct sb_agent_item { /* a dataset of the manifest */
	uint8_t hash[32];
	char *filename;
	bool decompress;
	bool received; /* struck off the list: cannot be sent again */
	bool placed;   /* and its files are where the algorithm looks */
	struct net_key *key;
};

struct sb_agent {
	struct prism_loop *loop;
	struct prism_work *work;
	struct sb_agent_callbacks callbacks;
	enum sb_agent_rule rule;
	struct sb_agent_faults faults;
	struct sb_runner_limits limits;
	struct sb_grpc_server *server;
	struct net_tls *tls;    /* NULL: clear text, or attested */
	struct sb_atls *atls;   /* attested; NULL: not */
	struct sb_forge *forge; /* lent; NULL: attested TLS is refused */
	unsigned generation;
	enum sb_agent_state state;
	/* Manifest. */
	char *id, *name;
	uint8_t algorithm_hash[32];
	struct net_key *algorithm_key;
	struct sb_agent_item *items;
	size_t item_count;
	struct net_key **consumers;
	size_t consumer_count;
	/* Files: directory/ holds spool/ (uploads under way, result.zip) and cocos/ (where it runs). */
	char *directory, *spool_dir, *run_dir, *result_path;
	unsigned spool_count;
	/* The accepted algorithm. */
	enum sb_algo_type algo_type;
	char *algo_word; /* as it was sent */
	bool algo_known;
	char *algo_file, *requirements_file; /* names inside run_dir */
	char **algo_args;
	size_t algo_arg_count;
	struct sb_runner *runner;
	char *run_error;
	bool mutual;   /* clients have to show a certificate */
	bool consumed; /* the first Result has been delivered */
	/* Life. */
	struct prism_list outbox;
	unsigned jobs; /* on the workers; each holds the memory */
	bool stopped, destroyed;
	bool *flush_alive; /* cleared when a callback destroys the agent */
};

/* agent_outbox.c */
void sb_agent_outbox_flush(struct sb_agent *agent); /* now; the agent may be gone afterwards */
void sb_agent_outbox_drop(struct sb_agent *agent);
void sb_agent_tell_state(struct sb_agent *agent, const char *word); /* static text */
void sb_agent_event(struct sb_agent *agent, const char *type, const char *status);
void sb_agent_event_warning(struct sb_agent *agent);
/* Cut into pieces that all carry the same time. */
void sb_agent_log_bytes(struct sb_agent *agent, const char *level, const char *bytes, size_t len);
void sb_agent_log(struct sb_agent *agent, const char *level, const char *fmt, ...)
    PRISM_PRINTF(3, 4);
/* "Method Algo took 12µs to complete without errors"; error NULL: none. */
void sb_agent_log_method(struct sb_agent *agent, const char *method, int64_t since_us,
                         const char *error);
int64_t sb_agent_now_us(const struct sb_agent *agent);

/* agent.c */
void sb_agent_algorithm_received(struct sb_agent *agent);
void sb_agent_dataset_received(struct sb_agent *agent);
void sb_agent_result_consumed(struct sb_agent *agent);
/* run() on a worker, then done() on the loop; done is always called, also after destroy (then
 * agent->destroyed is set and only the job's own memory may be touched). */
void sb_agent_job(struct sb_agent *agent, void (*run)(void *job), void (*done)(void *job),
                  void *job);

/* agent_service.c */
extern const struct sb_grpc_method sb_agent_methods[];
extern const size_t sb_agent_method_count;
/* False: the call is finished with the refusal. */
bool sb_agent_authenticate(struct sb_agent *agent, struct sb_grpc_call *call,
                           enum sb_agent_role role);
/* Streams bytes (given: freed at the end of the call) in ResultResponse-shaped messages, field 1,
 * after a file-size header. pcr10, 20 bytes or NULL, rides in field 2 of the first one. */
void sb_agent_send_blob(struct sb_agent *agent, struct sb_grpc_call *call, uint8_t *bytes,
                        size_t size, const uint8_t *pcr10);

/* agent_upload.c */
void sb_agent_algo_begin(void *service, struct sb_grpc_call *call);
void sb_agent_algo_message(void *service, struct sb_grpc_call *call, const void *msg, size_t len);
void sb_agent_data_begin(void *service, struct sb_grpc_call *call);
void sb_agent_data_message(void *service, struct sb_grpc_call *call, const void *msg, size_t len);
void sb_agent_upload_end(void *service, struct sb_grpc_call *call);
void sb_agent_upload_broken(void *service, struct sb_grpc_call *call,
                            const struct prism_error *err);
void sb_agent_upload_gone(void *service, struct sb_grpc_call *call);

/* agent_tls.c */
/* Sets agent->tls, or leaves it NULL for clear text. -1: the settings cannot be served. */
PRISM_MUST_USE
int sb_agent_tls_open(struct sb_agent *agent, const struct sb_agent_tls *tls,
                      struct prism_error *err);
struct net_stream *sb_agent_tls_wrap(void *agent, struct net_stream *accepted);
const char *sb_agent_tls_words(const struct sb_agent *agent); /* "without TLS", "with mTLS" */

/* agent_evidence.c */
void sb_agent_attestation(void *service, struct sb_grpc_call *call, const void *msg, size_t len);
void sb_agent_ima(void *service, struct sb_grpc_call *call, const void *msg, size_t len);
void sb_agent_azure_token(void *service, struct sb_grpc_call *call, const void *msg, size_t len);

#endif
