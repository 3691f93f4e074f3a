/*
 * Internal to core: the parts of the transfer queue.  core/transfer.c keeps the rows and tells
 * about them, core/transfer_run.c moves them through their states.
 */
#ifndef PRISM_CORE_TRANSFER_PRIVATE_H
#define PRISM_CORE_TRANSFER_PRIVATE_H

#include "base/list.h"
#include "core/saver.h"
#include "core/transfer.h"
#include "core/transfer_job.h"

/* One agent: its connection, and the transfer that has it now. Lives while transfers name it. */
struct transfer_lane {
	struct prism_list node;
	struct core_agent_connection *connection;
	struct core_agent *agent;     /* NULL until something is sent */
	struct core_transfer *active; /* NULL: free */
	unsigned users;               /* transfers that are not final */
	char *algorithm_sent_for; /* computation whose algorithm this agent took: events lag behind */
};

struct core_transfer {
	struct prism_list node; /* newest first */
	struct core_transfer_queue *queue;
	struct core_transfer_info info; /* its strings point at what is owned here */
	struct core_agent_connection *connection;
	char *computation_id, *computation_name, *asset_name, *path, *filename, *agent;
	char *key_file, *expected_sha3, *python_runtime, *requirements_path;
	struct prism_secret *passphrase;
	char **args;
	size_t arg_count;
	bool decompress, overwrite;
	enum core_algo_type algo_type;
	unsigned payload_flags;
	core_transfer_done_fn done;
	void *data;
	/* the present attempt */
	struct transfer_lane *lane; /* NULL when final */
	struct core_transfer_job *job;
	struct core_prepared prepared;
	struct core_agent_call *call;
	struct core_saver *saver;            /* of a result that arrives */
	int64_t not_before_ms, next_poll_ms; /* monotonic; 0: at once */
	unsigned tries, late; /* sends so far; polls in a row that found the agent past this step */
	bool cancelling;
	/* rate */
	int64_t rate_ms;
	uint64_t rate_bytes;
	/* telling */
	bool dirty, moved, tell_done;
	char sha3[CORE_SHA3_TEXT], note[160];
	char *trust; /* NULL: no attested connection so far; the appraisal is in info, a reference */
	struct prism_error error;
	struct net_zip_list listing;
};

struct core_transfer_queue {
	struct prism_loop *loop;
	struct prism_work *work;
	struct core_transfer_env env;
	struct prism_list transfers, lanes;
	struct prism_timer *timer;
	uint64_t last_id;
	struct core_transfer *hashing; /* one at a time: workers are needed for reading ahead too */
};

#define TRANSFER_TICK_MS 100  /* progress is told ten times a second at most */
#define TRANSFER_POLL_MS 1000 /* the agent's state is asked for this often while one waits */

int64_t core_transfer_now(const struct core_transfer_queue *queue);
void core_transfer_set_state(struct core_transfer *t, enum core_transfer_state state);
void core_transfer_set_note(struct core_transfer *t, const char *fmt, ...) PRISM_PRINTF(2, 3);
void core_transfer_note_trust(struct core_transfer *t); /* the verdict on the agent, kept */
void core_transfer_touch(struct core_transfer *t);      /* changed: tell soon */
void core_transfer_moved(struct core_transfer *t, uint64_t done,
                         uint64_t total); /* tell with the next tick */
/* Final: everything of the attempt is let go; err NULL unless failed. */
void core_transfer_finish(struct core_transfer *t, enum core_transfer_state state,
                          const struct prism_error *err);
void core_transfer_release(
    struct core_transfer *t); /* drops the attempt's resources without a word */
/* Looks at every row and starts what may start; returns ms until it must look again, -1: never. */
int64_t core_transfer_pump(struct core_transfer_queue *queue);
void core_transfer_schedule(
    struct core_transfer_queue *queue);             /* a pump and a flush in the next turn */
void core_transfer_attach(struct core_transfer *t); /* gives it its lane */

#endif
