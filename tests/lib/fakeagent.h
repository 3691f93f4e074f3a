/*
 * A scripted computation agent on the test's own loop: it records what was sent and answers as
 * the knobs say.  Not the sandbox's agent: it checks nothing by itself.
 */
#ifndef PRISM_TESTS_LIB_FAKEAGENT_H
#define PRISM_TESTS_LIB_FAKEAGENT_H

#include "net/crypto.h"
#include "net/grpc.h"

#define FAKE_ARGS_MAX 8

struct fakeagent {
	/* knobs, changed by the test at any time */
	const char *refuse; /* this text instead of an answer; NULL: accept */
	int refuse_status;
	bool refuse_early;    /* before the first byte is read */
	unsigned wrong_state; /* so many refusals "not expecting" before the first acceptance */
	bool hold;            /* take the first message, then no window: uploads hang */
	uint64_t drop_after;  /* cut the connection after so many upload bytes; 0: never */
	const void *result;   /* what Result, Attestation and IMA deliver */
	size_t result_len;
	int64_t announce;                            /* file-size; -1: the truth, -2: none */
	bool result_hangs;                           /* deliver the first chunk, then nothing */
	void (*on_end)(void *data, const char *rpc); /* after an accepted Algo or Data */
	void *data;
	/* what was seen; of the last call where it is one value */
	unsigned algo_calls, data_calls, result_calls, messages;
	uint64_t algorithm_bytes, requirements_bytes, dataset_bytes;
	uint8_t algorithm_sha3[32], dataset_sha3[32];
	bool requirements_first;
	char filename[128], user_id[32], signature[1024], algo_type[16], python_runtime[32];
	char decompress[8], args[FAKE_ARGS_MAX][64];
	size_t arg_count, largest_chunk;
	uint8_t tee_nonce[64], vtpm_nonce[32];
	size_t tee_nonce_len, vtpm_nonce_len;
	int type;
	/* private */
	struct sb_grpc_server *server;
	struct net_digest *digest;
	uint64_t upload_bytes;
	size_t result_at;
};

void fakeagent_start(struct fakeagent *agent, struct prism_loop *loop); /* after zeroing it */
void fakeagent_stop(struct fakeagent *agent);
const char *fakeagent_address(const struct fakeagent *agent);

#endif
