/*
 * The agent's gRPC surface: the table of methods, authentication, and downloads.
 *
 * Authentication (agent.md section 2): the signature is over the ASCII role word and is verified
 * against the manifest's keys for that role; it binds neither a time nor a file.
 */
#include "sandbox/agent_private.h"

#include "agent.pb-c.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define SIGNATURE_MAX 4096 /* a 16384-bit RSA signature in base64 fits */

static const char *const role_words[] = {
    [SB_AGENT_ALGORITHM_PROVIDER] = "algorithm-provider",
    [SB_AGENT_DATA_PROVIDER] = "data-provider",
    [SB_AGENT_CONSUMER] = "consumer",
};

static bool key_signed(const struct net_key *key, const char *word, const struct prism_buf *sig)
{
	struct prism_error err = PRISM_ERROR_INIT;
	return net_key_verify(key, word, strlen(word), sig->data, sig->len, &err) == 0;
}

static bool role_signed(const struct sb_agent *agent, enum sb_agent_role role,
                        const struct prism_buf *sig)
{
	const char *word = role_words[role];
	if (role == SB_AGENT_ALGORITHM_PROVIDER)
		return key_signed(agent->algorithm_key, word, sig);
	if (role == SB_AGENT_DATA_PROVIDER) { /* any of them: the key is not tied to its dataset */
		for (size_t i = 0; i < agent->item_count; i++)
			if (key_signed(agent->items[i].key, word, sig))
				return true;
		return false;
	}
	for (size_t i = 0; i < agent->consumer_count; i++)
		if (key_signed(agent->consumers[i], word, sig))
			return true;
	return false;
}

bool sb_agent_authenticate(struct sb_agent *agent, struct sb_grpc_call *call,
                           enum sb_agent_role role)
{
	struct prism_error err = PRISM_ERROR_INIT;
	struct prism_buf sig = PRISM_BUF_INIT(SIGNATURE_MAX);
	const char *text = sb_grpc_call_metadata(call, "signature", 0);
	if (!text || sb_grpc_call_metadata(call, "signature", 1)) {
		sb_grpc_call_finish(
		    call, NET_GRPC_UNAUTHENTICATED,
		    "rpc error: code = Unauthenticated desc = invalid metadata : invalid metadata");
		return false;
	}
	bool valid = prism_base64_decode(text, strlen(text), &sig, &err) == 0 && sig.len > 0 &&
	             role_signed(agent, role, &sig);
	prism_buf_wipe(&sig);
	if (!valid)
		sb_grpc_call_finish(call, NET_GRPC_UNAUTHENTICATED, "signature verification failed");
	return valid;
}

/* Downloads: from a file, or from memory. Messages have the bytes in field 1. */

struct download {
	struct sb_agent *agent;
	struct sb_grpc_call *call;
	bool is_result;
	int fd;         /* -1: memory */
	uint8_t *bytes; /* owned */
	uint64_t size, sent;
	uint8_t pcr10[20];
	bool has_pcr10;
};

static void download_free(struct download *download)
{
	if (download->fd >= 0)
		close(download->fd);
	prism_free(download->bytes);
	prism_free(download);
}

static void put_varint(struct prism_buf *out, uint64_t value)
{
	while (value > 0x7f) {
		prism_buf_putc(out, (char)(value | 0x80));
		value >>= 7;
	}
	prism_buf_putc(out, (char)value);
}

/* Field number, wire type 2, length: what comes before bytes (protobuf encoding, "Records"). */
static void put_field(struct prism_buf *out, unsigned number, size_t size)
{
	put_varint(out, number << 3 | 2);
	put_varint(out, size);
}

static int file_piece(struct download *download, struct prism_buf *out, size_t size)
{
	struct prism_error err = PRISM_ERROR_INIT;
	if (prism_buf_reserve(out, size, &err) < 0)
		return -1;
	ssize_t got = pread(download->fd, out->data + out->len, size, (off_t)download->sent);
	if (got != (ssize_t)size)
		return -1;
	out->len += size;
	return 0;
}

static int download_next(void *data, struct prism_buf *out)
{
	struct download *download = data;
	uint64_t left = download->size - download->sent;
	if (left == 0 && !download->has_pcr10) {
		if (download->is_result)
			sb_agent_result_consumed(download->agent);
		return 0;
	}
	if (download->is_result && download->agent->faults.drop_result &&
	    download->sent >= download->size / 2) {
		sb_grpc_call_drop(download->call);
		return NET_STREAM_AGAIN;
	}
	size_t piece = left < SB_AGENT_CHUNK ? (size_t)left : SB_AGENT_CHUNK;
	/* Half of a small result goes before the cut, too. */
	if (download->is_result && download->agent->faults.drop_result && piece > 1)
		piece /= 2;
	if (piece > 0)
		put_field(out, 1, piece);
	if (download->fd < 0) {
		prism_buf_put(out, download->bytes + download->sent, piece);
	} else if (file_piece(download, out, piece) < 0) {
		sb_grpc_call_finish(download->call, NET_GRPC_UNKNOWN, "error reading results");
		prism_buf_clear(out);
		return NET_STREAM_AGAIN;
	}
	if (download->has_pcr10) { /* rides in the first message only */
		put_field(out, 2, sizeof(download->pcr10));
		prism_buf_put(out, download->pcr10, sizeof(download->pcr10));
		download->has_pcr10 = false;
	}
	download->sent += piece;
	return 1;
}

static void download_begin(struct download *download)
{
	char size[24];
	snprintf(size, sizeof(size), "%llu", (unsigned long long)download->size);
	sb_grpc_call_set_data(download->call, download);
	sb_grpc_call_header(download->call, "file-size", size);
	sb_grpc_call_stream(download->call, download_next, download);
}

void sb_agent_send_blob(struct sb_agent *agent, struct sb_grpc_call *call, uint8_t *bytes,
                        size_t size, const uint8_t *pcr10)
{
	struct download *download = prism_alloc(sizeof(*download));
	*download =
	    (struct download){.agent = agent, .call = call, .fd = -1, .bytes = bytes, .size = size};
	if (pcr10) {
		memcpy(download->pcr10, pcr10, sizeof(download->pcr10));
		download->has_pcr10 = true;
	}
	download_begin(download);
}

static void download_gone(void *service, struct sb_grpc_call *call)
{
	struct download *download = sb_grpc_call_data(call);
	if (download)
		download_free(download);
}

/* Result. */

static void result_begin(void *service, struct sb_grpc_call *call)
{
	struct sb_agent *agent = service;
	if (sb_agent_authenticate(agent, call, SB_AGENT_CONSUMER) && agent->faults.early_reject)
		sb_grpc_call_finish(call, NET_GRPC_UNKNOWN, agent->faults.early_reject);
}

/* The refusal for the present state, or NULL. */
static const char *result_refusal(const struct sb_agent *agent)
{
	switch (agent->state) {
	case SB_AGENT_CONSUMING_RESULTS:
	case SB_AGENT_COMPLETE:
		return NULL;
	case SB_AGENT_FAILED:
		return agent->run_error;
	default:
		return "computation results are not yet ready";
	}
}

static void result_message(void *service, struct sb_grpc_call *call, const void *msg, size_t len)
{
	struct sb_agent *agent = service;
	int64_t since = sb_agent_now_us(agent);
	struct stat st;
	if (sb_grpc_call_data(call))
		return; /* a second request in one call */
	const char *refusal = result_refusal(agent);
	int fd = refusal ? -1 : open(agent->result_path, O_RDONLY | O_CLOEXEC);
	if (!refusal && (fd < 0 || fstat(fd, &st) != 0))
		refusal = "error reading results";
	sb_agent_log_method(agent, "Result", since, refusal);
	if (refusal) {
		if (fd >= 0)
			close(fd);
		sb_grpc_call_finish(call, NET_GRPC_UNKNOWN, refusal);
		return;
	}
	struct download *download = prism_alloc(sizeof(*download));
	*download = (struct download){
	    .agent = agent, .call = call, .is_result = true, .fd = fd, .size = (uint64_t)st.st_size};
	download_begin(download);
}

const struct sb_grpc_method sb_agent_methods[] = {
    {"/agent.AgentService/Algo", sb_agent_algo_begin, sb_agent_algo_message, sb_agent_upload_end,
     sb_agent_upload_broken, sb_agent_upload_gone},
    {"/agent.AgentService/Data", sb_agent_data_begin, sb_agent_data_message, sb_agent_upload_end,
     sb_agent_upload_broken, sb_agent_upload_gone},
    {"/agent.AgentService/Result", result_begin, result_message, NULL, NULL, download_gone},
    {"/agent.AgentService/Attestation", NULL, sb_agent_attestation, NULL, NULL, download_gone},
    {"/agent.AgentService/IMAMeasurements", NULL, sb_agent_ima, NULL, NULL, download_gone},
    {"/agent.AgentService/AzureAttestationToken", NULL, sb_agent_azure_token, NULL, NULL, NULL},
};
const size_t sb_agent_method_count = PRISM_COUNT(sb_agent_methods);
