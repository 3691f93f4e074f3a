/*
 * Attested TLS as a stream layer: see stream_atls.h.
 *
 * One function per state; enter() is the only setter and logs the transition.
 */
#include "net/stream_atls.h"

#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"

#include <string.h>

#define MODULE "atls"
#define EXPORTED_SIZE 32u

enum state { WAITING, REQUESTING, READING_HEADER, READING_PAYLOAD, OPEN, FAILED };

static const char *const state_words[] = {"waiting",         "requesting", "reading header",
                                          "reading payload", "open",       "failed"};

struct atls {
	struct net_stream s; /* first */
	struct net_stream_atls_spec spec;
	enum state state;
	struct prism_timer *deadline;
	struct prism_buf request; /* frame header and message */
	size_t sent;
	uint8_t header[NET_EA_FRAME_HEADER];
	size_t header_read;
	struct prism_buf payload;
	uint32_t payload_size;
};

static const struct {
	const char *oid;
	unsigned last_arc;
} evidence_oids[] = {{"2.99999.1.0", 0}, {"2.99999.1.1", 1}, {"2.99999.1.2", 2}};

void net_atls_sni(const uint8_t nonce[NET_ATLS_NONCE], char out[NET_ATLS_SNI])
{
	prism_hex_encode(nonce, NET_ATLS_NONCE, out);
	memcpy(out + 2 * NET_ATLS_NONCE, ".nonce", 7);
}

static void enter(struct atls *a, enum state state)
{
	prism_log(PRISM_LOG_DEBUG, MODULE, "%s -> %s", state_words[a->state], state_words[state]);
	a->state = state;
}

static void end_exchange(struct atls *a)
{
	prism_timer_remove(a->deadline);
	a->deadline = NULL;
}

static void fail(struct atls *a, const struct prism_error *err)
{
	end_exchange(a);
	enter(a, FAILED);
	net_stream_layer_connected(&a->s, err);
}

/* ---- judging -------------------------------------------------------------------------------- */

static void judge(struct atls *a, const struct net_atls_facts *facts)
{
	struct prism_error err = PRISM_ERROR_INIT;
	int rc = a->spec.judge(a->spec.data, facts, &err);

	if (rc < 0) {
		fail(a, &err);
		return;
	}
	end_exchange(a);
	enter(a, OPEN);
	net_stream_want(a->s.lower, 0);
	net_stream_layer_connected(&a->s, NULL);
}

static void common_facts(struct atls *a, struct net_atls_facts *facts)
{
	struct net_stream *tls = net_stream_tls_of(a->s.lower);

	facts->generation = a->spec.generation;
	facts->tls = tls;
	facts->leaf = net_stream_tls_peer_count(tls) ? net_stream_tls_peer(tls, 0) : NULL;
	facts->hash = net_stream_tls_info(tls).hash;
}

static void judge_gen1(struct atls *a)
{
	struct net_atls_facts facts = {.nonce = a->spec.nonce};

	common_facts(a, &facts);
	for (size_t i = 0; facts.leaf && i < PRISM_COUNT(evidence_oids); i++) {
		int count = net_cert_extension(facts.leaf, evidence_oids[i].oid, &facts.evidence,
		                               &facts.evidence_size);
		if (count > 0)
			facts.extension = evidence_oids[i].last_arc;
		facts.occurrences += (unsigned)count;
	}
	judge(a, &facts);
}

static int export_keys(const struct net_stream *tls, enum net_digest_kind hash,
                       struct net_ea_keys *keys, struct prism_error *err)
{
	keys->hash = hash;
	if (hash != NET_SHA256 && hash != NET_SHA384)
		return prism_error_raise(err, PRISM_ERROR_TRUST, "the cipher suite is not one of TLS 1.3");
	size_t size = net_digest_size(hash);
	if (net_stream_tls_export(tls, NET_EA_LABEL_HANDSHAKE, NULL, 0, keys->handshake_context, size,
	                          err) < 0 ||
	    net_stream_tls_export(tls, NET_EA_LABEL_FINISHED, NULL, 0, keys->finished_key, size, err) <
	        0)
		return -1;
	return 0;
}

/* failure: why the authenticator could not even be read; NULL: it is in the buffer. */
static void judge_gen2(struct atls *a, const struct prism_error *failure)
{
	struct net_atls_facts facts = {.failure = failure};
	struct net_ea_authenticator authenticator = {.chain_count = 0};
	struct prism_error err = PRISM_ERROR_INIT;
	struct net_ea_keys keys = {.hash = NET_SHA256};
	uint8_t exported[EXPORTED_SIZE] = {0};
	const uint8_t *message = (const uint8_t *)a->request.data + NET_EA_FRAME_HEADER;

	common_facts(a, &facts);
	if (!failure && (export_keys(facts.tls, facts.hash, &keys, &err) < 0 ||
	                 net_stream_tls_export(facts.tls, NET_EA_LABEL_ATTESTATION, message + 5,
	                                       NET_EA_CONTEXT, exported, sizeof(exported), &err) < 0 ||
	                 net_ea_verify(message, a->request.len - NET_EA_FRAME_HEADER,
	                               (const uint8_t *)a->payload.data, a->payload.len, &keys,
	                               &authenticator, &err) < 0))
		facts.failure = &err;
	facts.authenticator = facts.failure ? NULL : &authenticator;
	facts.exported = exported;
	judge(a, &facts);
	net_ea_finish(&authenticator);
	prism_wipe(&keys, sizeof(keys));
	prism_wipe(exported, sizeof(exported));
}

/* ---- the exchange of generation 2 ----------------------------------------------------------- */

static void step(struct atls *a);

static void broken(struct atls *a, const struct prism_error *err)
{
	judge_gen2(a, err);
}

static void on_deadline(void *data)
{
	struct atls *a = data;
	struct prism_error err = PRISM_ERROR_INIT;

	prism_error_raise(&err, PRISM_ERROR_TIMEOUT,
	                  "the peer did not answer the request for evidence");
	prism_error_hint(&err, "an agent without attested TLS never answers: check the mode");
	broken(a, &err);
}

static void start_gen2(struct atls *a)
{
	uint8_t context[NET_EA_CONTEXT], header[NET_EA_FRAME_HEADER];
	struct prism_buf message = PRISM_BUF_INIT(1024);

	net_random_bytes(context, sizeof(context)); /* new for every connection */
	net_ea_request(context, &message);
	net_ea_frame_header(NET_EA_FRAME_REQUEST, (uint32_t)message.len, header);
	prism_buf_put(&a->request, header, sizeof(header));
	prism_buf_put(&a->request, message.data, message.len);
	prism_buf_finish(&message);
	a->deadline = prism_loop_add_timer(
	    a->s.loop, a->spec.timeout_ms > 0 ? a->spec.timeout_ms : NET_ATLS_EXCHANGE_MS, 0,
	    on_deadline, a);
	enter(a, REQUESTING);
	step(a);
}

/* True when there is progress; false: wait, or the exchange has ended. */
static bool send_request(struct atls *a)
{
	struct prism_error err = PRISM_ERROR_INIT;
	ssize_t n =
	    net_stream_write(a->s.lower, a->request.data + a->sent, a->request.len - a->sent, &err);

	if (n == NET_STREAM_AGAIN) {
		net_stream_want(a->s.lower, PRISM_LOOP_WRITE);
		return false;
	}
	if (n < 0) {
		broken(a, &err);
		return false;
	}
	a->sent += (size_t)n;
	if (a->sent == a->request.len)
		enter(a, READING_HEADER);
	return true;
}

/* Reads up to `want` bytes; 0 when it has to wait or the exchange has ended. */
static size_t receive(struct atls *a, void *into, size_t want)
{
	struct prism_error err = PRISM_ERROR_INIT;
	ssize_t n = net_stream_read(a->s.lower, into, want, &err);

	if (n == NET_STREAM_AGAIN) {
		net_stream_want(a->s.lower, PRISM_LOOP_READ);
		return 0;
	}
	if (n == 0)
		prism_error_raise(&err, PRISM_ERROR_PROTOCOL,
		                  "the peer closed the connection instead of sending evidence");
	if (n <= 0) {
		broken(a, &err);
		return 0;
	}
	return (size_t)n;
}

static bool read_header(struct atls *a)
{
	struct prism_error err = PRISM_ERROR_INIT;
	size_t n = receive(a, a->header + a->header_read, sizeof(a->header) - a->header_read);

	if (n == 0)
		return false;
	a->header_read += n;
	if (a->header_read < sizeof(a->header))
		return true;
	if (net_ea_frame_read(a->header, &a->payload_size, &err) < 0 ||
	    prism_buf_reserve(&a->payload, a->payload_size, &err) < 0) {
		broken(a, &err);
		return false;
	}
	enter(a, READING_PAYLOAD);
	return true;
}

static bool read_payload(struct atls *a)
{
	uint8_t piece[16384];
	struct prism_error err = PRISM_ERROR_INIT;
	size_t want = a->payload_size - a->payload.len;
	size_t n = receive(a, piece, want < sizeof(piece) ? want : sizeof(piece));

	if (n == 0)
		return false;
	if (prism_buf_append(&a->payload, piece, n, &err) < 0) {
		broken(a, &err);
		return false;
	}
	if (a->payload.len < a->payload_size)
		return true;
	judge_gen2(a, NULL);
	return false;
}

static void step(struct atls *a)
{
	bool progress = true;

	while (progress) {
		switch (a->state) {
		case REQUESTING:
			progress = send_request(a);
			break;
		case READING_HEADER:
			progress = read_header(a);
			break;
		case READING_PAYLOAD:
			progress = read_payload(a);
			break;
		default:
			return;
		}
	}
}

/* ---- the layer ------------------------------------------------------------------------------ */

static struct atls *of(const struct net_stream *s)
{
	return (struct atls *)(uintptr_t)s;
}

static void atls_connect(struct net_stream *s)
{
	struct atls *a = of(s);

	if (a->spec.generation == NET_ATLS_GEN1)
		judge_gen1(a);
	else
		start_gen2(a);
}

static void atls_lower_ready(struct net_stream *s, unsigned events)
{
	struct atls *a = of(s);

	if (a->state == OPEN)
		net_stream_layer_ready(s, events);
	else
		step(a);
}

static void atls_describe(const struct net_stream *s, struct prism_buf *out)
{
	prism_buf_printf(out, "attestation (generation %d)", (int)of(s)->spec.generation);
}

static const void *atls_verdict(const struct net_stream *s)
{
	const struct atls *a = of(s);

	return a->spec.verdict ? a->spec.verdict(a->spec.data) : NULL;
}

static void atls_destroy(struct net_stream *s)
{
	struct atls *a = of(s);

	end_exchange(a);
	prism_buf_wipe(&a->request);
	prism_buf_finish(&a->payload);
	if (a->spec.release)
		a->spec.release(a->spec.data);
	prism_free(a);
}

static const struct net_stream_ops ops = {
    .name = "atls",
    .connect = atls_connect,
    .lower_ready = atls_lower_ready,
    .describe = atls_describe,
    .verdict = atls_verdict,
    .destroy = atls_destroy,
};

struct net_stream *net_stream_atls_create(struct net_stream *lower,
                                          const struct net_stream_atls_spec *spec)
{
	struct atls *a = prism_alloc(sizeof(*a));

	net_stream_init(&a->s, &ops, lower->loop, lower);
	a->spec = *spec;
	prism_buf_init(&a->request, 1024);
	prism_buf_init(&a->payload, NET_EA_FRAME_MAX);
	return &a->s;
}
