/*
 * The transfer queue: every upload to and download from an agent, one row each, with its state,
 * bytes, rate and time left.
 *
 *     queued → hashing → waiting → sending → done          uploads
 *     queued → waiting → receiving → checking → done       results
 *     any of them → failed | cancelled → (retry) queued
 *
 * Per agent one transfer moves at a time, in the order its state machine wants (reference
 * agent.md section 6): the algorithm, then datasets one by one, then the result.  Hashing is not
 * held up by that.  A transfer whose turn it is not waits for the agent's state, which the owner
 * tells through agent_state(); when nobody knows the state the agent is asked by trying.
 *
 * A file that does not hash to its asset is refused before a byte is sent, with both hashes.
 * A result goes through an atomic writer: nothing under the final name until every byte is there
 * and the zip lists.
 *
 * Finished transfers stay as history (CORE_TRANSFER_HISTORY newest).
 *
 * Thread rules: loop thread only.
 */
#ifndef PRISM_CORE_TRANSFER_H
#define PRISM_CORE_TRANSFER_H

#include "core/agent.h"
#include "net/zip.h"

#define CORE_TRANSFER_HISTORY 200

struct core_appraisal;

enum core_transfer_kind {
	CORE_TRANSFER_ALGORITHM,
	CORE_TRANSFER_DATASET,
	CORE_TRANSFER_RESULT,
	CORE_TRANSFER_KIND_COUNT
};
const char *
core_transfer_kind_word(enum core_transfer_kind kind); /* "algorithm", "dataset", "result" */

/* X(ENUM, "word", final) */
#define CORE_TRANSFER_STATE_MAP(X)                                                             \
	X(QUEUED, "queued", false)                                                                 \
	X(HASHING, "hashing", false) /* reading the source; done/total count that pass */          \
	X(WAITING, "waiting", false) /* for the agent's state or for another transfer: see note */ \
	X(SENDING, "sending", false)                                                               \
	X(RECEIVING, "receiving", false)                                                           \
	X(CHECKING, "checking", false) /* the result is read as a zip */                           \
	X(DONE, "done", true)                                                                      \
	X(FAILED, "failed", true)                                                                  \
	X(CANCELLED, "cancelled", true)
enum core_transfer_state {
#define X(id, word, final) CORE_TRANSFER_##id,
	CORE_TRANSFER_STATE_MAP(X)
#undef X
	    CORE_TRANSFER_STATE_COUNT
};
const char *core_transfer_state_word(enum core_transfer_state state);
bool core_transfer_state_final(enum core_transfer_state state);

/* What to move. Everything is copied. */
struct core_transfer_spec {
	enum core_transfer_kind kind;
	const struct core_agent_connection *connection;
	const char *computation_id;            /* asked for with agent_state() */
	const char *computation_name;          /* for display; may be NULL */
	const char *key_file;                  /* private key whose public half the manifest names */
	const struct prism_secret *passphrase; /* NULL: none */
	const char *path; /* source file or directory; for a result the file to write */
	/* Uploads. */
	const char *asset_name;    /* for display; may be NULL */
	const char *expected_sha3; /* the asset's checksum, 64 hex digits; NULL: not compared */
	const char *filename; /* dataset: name the manifest knows; NULL: the path's last component */
	bool decompress;      /* dataset */
	enum core_algo_type algo_type;
	const char *python_runtime, *requirements_path;
	const char *const *args;
	size_t arg_count;
	unsigned payload_flags; /* CORE_PAYLOAD_ZIP_V08 or 0 */
	/* Result. */
	bool overwrite; /* otherwise an existing file is refused, category conflict */
};

/* One row, lent; valid until the queue changes it. */
struct core_transfer_info {
	uint64_t id; /* from 1, never reused */
	enum core_transfer_kind kind;
	enum core_transfer_state state;
	const char *computation_id, *computation_name, *asset_name;
	const char *path, *filename, *agent;     /* agent: host:port */
	uint64_t done, total;                    /* bytes of the present pass; total 0: unknown */
	uint64_t rate;                           /* bytes per second, smoothed; 0 while unknown */
	int64_t eta_ms;                          /* -1: unknown */
	int64_t queued_us, started_us, ended_us; /* wall clock; PRISM_TIME_UNSET until then */
	const char *sha3;                        /* of what is sent or was received; "" until known */
	const char *note; /* one line: what it waits for, or what the result holds; "" */
	/* What was proven about the agent, once it was reached: one line ("" until then; where it is in
	 * clear text, or "TLS, not attested", without attestation), and all of it. */
	const char *trust;
	struct core_appraisal *appraisal; /* NULL without attestation; take a reference to keep it */
	unsigned attempts;
	const struct prism_error *error;    /* NULL unless failed */
	const struct net_zip_list *listing; /* of a received result; NULL otherwise */
};

struct core_appraisal;
struct core_transfer_env {
	/* The agent's state as last heard; called when a transfer is about to start and about once a
	 * second while one waits, so it may also start a refresh. NULL: never known. */
	enum core_agent_state (*agent_state)(void *data, const char *computation_id);
	/* A row was added, changed (progress: at most ten times a second) or dropped. May be NULL. */
	void (*changed)(void *data, uint64_t id);
	/* Whether a transfer may be submitted; -1 with the reason. NULL: always. */
	int (*may)(void *data, struct prism_error *err);
	/* A transfer became final; begun: the agent was called. May be NULL. */
	void (*ended)(void *data, const struct core_transfer_info *info, bool begun);
	void *data;
	core_agent_stream_fn make; /* NULL: core_agent_stream_create */
	void *make_data;
};

struct core_transfer_queue;
struct core_transfer_queue *core_transfer_queue_create(struct prism_loop *loop,
                                                       struct prism_work *work,
                                                       const struct core_transfer_env *env);
/* Cancels what runs, without callbacks; call before the workers are destroyed, and not from one of
 * the queue's own callbacks. NULL allowed. */
void core_transfer_queue_destroy(struct core_transfer_queue *queue);

/* Returns the id, or 0 with err. done (may be NULL) comes once, when the transfer first becomes
 * final; info is lent. */
typedef void (*core_transfer_done_fn)(void *data, const struct core_transfer_info *info);
uint64_t core_transfer_submit(struct core_transfer_queue *queue,
                              const struct core_transfer_spec *spec, core_transfer_done_fn done,
                              void *data, struct prism_error *err);
void core_transfer_cancel(struct core_transfer_queue *queue, uint64_t id); /* no-op when final */
/* Failed or cancelled ones only; the source is opened and hashed anew. */
PRISM_MUST_USE
int core_transfer_retry(struct core_transfer_queue *queue, uint64_t id, struct prism_error *err);
PRISM_MUST_USE
int core_transfer_forget(struct core_transfer_queue *queue, uint64_t id, struct prism_error *err);
/* The owner heard that an agent changed its state: look again now. */
void core_transfer_poke(struct core_transfer_queue *queue);

/* The agent that is being talked to, as long as its connection is kept: the one a transfer moves
 * to or from now, else the one of the oldest transfer that waits. */
struct core_transfer_peer {
	const char *agent; /* host:port; lent until the queue changes */
	enum core_tls_mode mode;
	const char *clear; /* where it is in clear text: core_agent_clear_word(); static */
	struct core_appraisal *appraisal; /* lent; NULL: no attestation, or not judged yet */
};
bool core_transfer_peer(const struct core_transfer_queue *queue, struct core_transfer_peer *ret);
/* "attested", "attested, NOT A TEE", "NOT attested", "TLS, not attested", "clear text ...": static.
 */
const char *core_transfer_peer_word(const struct core_transfer_peer *peer);

size_t core_transfer_count(const struct core_transfer_queue *queue);
size_t core_transfer_active(const struct core_transfer_queue *queue); /* not final */
/* Newest first; NULL past the end. */
const struct core_transfer_info *core_transfer_at(const struct core_transfer_queue *queue,
                                                  size_t index);
const struct core_transfer_info *core_transfer_find(const struct core_transfer_queue *queue,
                                                    uint64_t id);

#endif
