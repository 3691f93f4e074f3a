/*
 * The sandbox's agent: one per run of a computation on a CVM.  It listens on an address of its
 * own, speaks the agent's gRPC interface (reference: agent.md), and really executes the algorithm.
 *
 * It is NOT a TEE: whatever it answers to a request for evidence says so.
 *
 * States and events (agent.md section 6 and 7).  Creation takes the place of the manifest's
 * arrival, so the first state is ReceivingAlgorithm:
 *
 *   ReceivingAlgorithm -Algo-> ReceivingData, or Running when there are no datasets
 *   ReceivingData      -last Data-> Running
 *   Running            -exit 0-> ConsumingResults, otherwise -> Failed
 *   ConsumingResults   -first Result-> Complete
 *   any                -sb_agent_stop()-> Idle
 *
 * Callbacks come from the loop, never from inside a function of this header, with two exceptions
 * that say so: sb_agent_create() queues its first events, sb_agent_stop() reports at once.
 *
 * Thread rules: loop thread only; hashing, unpacking and zipping go to the workers.
 */
#ifndef PRISM_SANDBOX_AGENT_H
#define PRISM_SANDBOX_AGENT_H

#include "base/loop.h"
#include "base/work.h"
#include "sandbox/atls.h"
#include "sandbox/runner.h"

/* How an upload is matched with the manifest (agent.md section 4). */
enum sb_agent_rule {
	SB_AGENT_RULE_V10, /* by exact file name, then the hash must match: v0.10.0 and later */
	SB_AGENT_RULE_V08, /* by hash alone: v0.8.2 */
};

/* Misbehaviour on demand; all zero: none. Each applies to every call it fits. */
struct sb_agent_faults {
	bool fail_run; /* the run ends as "algorithm execution error: exit status 1" */
	uint64_t
	    slow_bytes_per_s; /* uploads are taken and downloads given at this rate; 0: full speed */
	const char *early_reject; /* Algo, Data, Result are refused before reading, code 2, this text */
	uint64_t drop_after_bytes; /* the connection is cut after so many upload bytes of one call; 0:
	                              never */
	bool drop_result;          /* the connection is cut in the middle of Result */
	enum sb_atls_fault attest; /* of an attested listener */
	enum sb_forge_fault evidence;
};

/* Transport of the computation's agent_config. Values are PEM text; NULL or "": not set.
 * Nothing set: clear text. cert and key: TLS. With client_ca: mutual TLS. */
struct sb_agent_tls {
	const char *cert, *key, *client_ca, *server_ca;
	bool attested;
};

struct sb_agent_algorithm {
	uint8_t hash[32];   /* SHA3-256 of the uploaded bytes */
	const uint8_t *key; /* DER SubjectPublicKeyInfo of the provider */
	size_t key_len;
};
struct sb_agent_dataset {
	uint8_t hash[32];
	const uint8_t *key;
	size_t key_len;
	const char *filename;
	bool decompress; /* of the manifest; the request's own `decompress` counts as well */
};
struct sb_agent_consumer {
	const uint8_t *key;
	size_t key_len;
};
struct sb_agent_manifest { /* everything is copied */
	const char *id;        /* run id; part of the directory name, so a safe file name */
	const char *name;      /* of the computation, for the log line */
	struct sb_agent_algorithm algorithm;
	const struct sb_agent_dataset *datasets;
	size_t dataset_count;
	const struct sb_agent_consumer *consumers;
	size_t consumer_count;
	struct sb_agent_tls tls;
};

struct sb_agent_callbacks {
	/* Every event of agent.md section 7. timestamp_us is PRISM_TIME_UNSET where the real agent
	 * sends none (AlgorithmRun). originator: "agent" or "computation-runner". details: "". Lent. */
	void (*on_event)(void *data, const char *event_type, const char *status, int64_t timestamp_us,
	                 const char *originator, const char *details);
	/* level: DEBUG, INFO, WARN, ERROR. message: at most 500 bytes, len bytes long, NUL-terminated,
	 * not necessarily UTF-8 (algorithm output, cut anywhere). */
	void (*on_log)(void *data, const char *level, const char *message, size_t len,
	               int64_t timestamp_us);
	/* After each change; the same words as sb_agent_state(). */
	void (*on_state)(void *data, const char *state);
	void *data;
};

struct sb_agent_config {
	const char *listen; /* "127.0.0.1:0" (NULL): loopback, port chosen by the system */
	const char
	    *directory; /* exists; the agent makes a 0700 directory inside, and removes it at the end */
	struct sb_runner_limits limits;
	enum sb_agent_rule rule;
	struct sb_agent_faults faults;
	struct sb_forge *forge; /* lent; makes evidence for attested TLS. NULL: attested is refused */
	unsigned generation;    /* of attested TLS: 1 (0 too) or 2 */
};

struct sb_agent;

/* NULL: an unreadable key (as run_res.error would say), a taken port, a directory that cannot be
 * made. */
struct sb_agent *sb_agent_create(struct prism_loop *loop, struct prism_work *work,
                                 const struct sb_agent_config *config,
                                 const struct sb_agent_manifest *manifest,
                                 const struct sb_agent_callbacks *callbacks,
                                 struct prism_error *err);
/* Ends calls and run, closes the port; no callback afterwards. NULL allowed. Work already on a
 * worker is finished in the background before the directory goes. */
void sb_agent_destroy(struct sb_agent *agent);
/* The management server's StopComputation: kills the run, closes port and connections, reports
 * Stopped/Stopped and state Idle before it returns. Once; destroy it afterwards. */
void sb_agent_stop(struct sb_agent *agent);
const char *sb_agent_address(const struct sb_agent *agent); /* "127.0.0.1:41233"; lent */
const char *sb_agent_state(const struct sb_agent *agent);   /* "ReceivingAlgorithm"; static text */
/* The run error of state Failed, "" otherwise; lent. */
const char *sb_agent_error(const struct sb_agent *agent);

#endif
