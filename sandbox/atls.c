/*
 * The attested listener: TLS identities, and the layer that answers authenticator requests.  See
 * atls.h; the authenticator's bytes are made in sandbox/atls_answer.c.
 *
 *   states of a generation-2 connection:  reading header → reading request → answering → open
 */
#include "sandbox/atls.h"

#include "base/mem.h"
#include "base/text.h"
#include "net/ea.h"
#include "net/stream_tls.h"
#include "sandbox/atls_private.h"

#include <openssl/bio.h>
#include <openssl/pem.h>
#include <string.h>

#define REQUEST_MAX 4096u /* a request has under a hundred bytes */
#define ANSWER_MAX (1u << 20)

static const struct {
	const char *word, *help;
} fault_rows[SB_ATLS_FAULT_COUNT] = {
    [SB_ATLS_SOUND] = {"none", "nothing is wrong"},
    [SB_ATLS_REPLAYED_CONTEXT] = {"replayed-context", "the authenticator answers another request"},
    [SB_ATLS_OTHER_KEY] = {"other-tls-key", "the authenticator is signed by another key"},
    [SB_ATLS_WRONG_HASH] = {"wrong-hash", "the authenticator uses the other hash"},
    [SB_ATLS_BAD_FINISHED] = {"bad-finished", "the authenticator has a wrong MAC"},
    [SB_ATLS_TRUNCATED_FRAME] = {"truncated-frame", "the authenticator is cut off"},
    [SB_ATLS_OVERSIZE_FRAME] = {"oversize-frame", "a frame of 16 MiB and a byte is announced"},
    [SB_ATLS_WRONG_FRAME] = {"wrong-frame", "the frame has another type"},
    [SB_ATLS_EMPTY_AUTHENTICATOR] = {"empty-authenticator", "an authenticator that proves nothing"},
    [SB_ATLS_OTHER_CHANNEL] = {"other-channel", "evidence and binder of another connection"},
    [SB_ATLS_RELAYED_EVIDENCE] = {"relayed-evidence",
                                  "evidence of another connection in a right binder"},
    [SB_ATLS_NO_EVIDENCE] = {"no-evidence", "no evidence at all"},
    [SB_ATLS_DOUBLE_EVIDENCE] = {"double-evidence", "evidence twice in the certificate"},
    [SB_ATLS_EXPIRED_LEAF] = {"expired-leaf", "a TLS certificate out of date"},
    [SB_ATLS_PLAIN_TLS] = {"plain-tls",
                           "TLS that nobody attests, as an agent without its TEE falls "
                           "back to"},
    [SB_ATLS_CLEAR_TEXT] = {"clear-text",
                            "no TLS at all, as an agent without its TEE falls back to"},
    [SB_ATLS_HANG] = {"hang", "no answer to the request for evidence, or to the handshake"},
};

const char *sb_atls_fault_help(enum sb_atls_fault fault)
{
	return fault < SB_ATLS_FAULT_COUNT ? fault_rows[fault].help : "";
}

const char *sb_atls_fault_word(enum sb_atls_fault fault)
{
	return fault < SB_ATLS_FAULT_COUNT ? fault_rows[fault].word : "";
}

int sb_atls_fault_parse(const char *word, enum sb_atls_fault *ret_fault,
                        enum sb_forge_fault *ret_evidence, struct prism_error *err)
{
	for (int fault = 0; fault < SB_ATLS_FAULT_COUNT; fault++) {
		if (strcmp(fault_rows[fault].word, word) == 0) {
			*ret_fault = (enum sb_atls_fault)fault;
			return 0;
		}
	}
	for (int fault = 0; fault < SB_FORGE_FAULT_COUNT; fault++) {
		if (strcmp(sb_forge_fault_word((enum sb_forge_fault)fault), word) == 0) {
			*ret_evidence = (enum sb_forge_fault)fault;
			return 0;
		}
	}
	return prism_error_raise(err, PRISM_ERROR_INVALID, "unknown agent fault \"%s\"", word);
}

/* ---- identities ----------------------------------------------------------------------------- */

static void put_pem(struct prism_buf *out, BIO *bio)
{
	char *data = NULL;
	long size = BIO_get_mem_data(bio, &data);

	if (size > 0)
		prism_buf_put(out, data, (size_t)size);
}

int sb_atls_identity_pem(X509 *cert, EVP_PKEY *key, struct prism_buf *ret_cert,
                         struct prism_buf *ret_key, struct prism_error *err)
{
	BIO *cert_bio = BIO_new(BIO_s_mem()), *key_bio = BIO_new(BIO_s_secmem());
	bool ok = cert_bio && key_bio && PEM_write_bio_X509(cert_bio, cert) == 1 &&
	          PEM_write_bio_PKCS8PrivateKey(key_bio, key, NULL, NULL, 0, NULL, NULL) == 1;

	if (ok) {
		put_pem(ret_cert, cert_bio);
		put_pem(ret_key, key_bio);
	}
	BIO_free(cert_bio);
	BIO_free(key_bio);
	return ok ? 0 : prism_error_raise(err, PRISM_ERROR_INTERNAL, "cannot write an identity");
}

static int parse_nonce(const char *sni, uint8_t nonce[64], struct prism_error *err)
{
	static const char suffix[] = ".nonce";
	size_t length = strlen(sni), size = 0;

	if (length < sizeof(suffix) || strcmp(sni + length - 6, suffix) != 0)
		return prism_error_raise(err, PRISM_ERROR_PROTOCOL, "invalid server name");
	if (prism_hex_decode(sni, length - 6, nonce, 64, &size, NULL) < 0 || size != 64)
		return prism_error_raise(err, PRISM_ERROR_PROTOCOL, "invalid nonce length");
	return 0;
}

static int gen1_identity(void *data, const char *sni, struct prism_buf *cert, struct prism_buf *key,
                         struct prism_error *err)
{
	struct sb_atls *atls = data;
	uint8_t nonce[64];

	if (parse_nonce(sni, nonce, err) < 0)
		return -1;
	return sb_atls_gen1_certificate(atls, nonce, cert, key, err);
}

static int make_tls(struct sb_atls *atls, struct prism_error *err)
{
	PRISM_AUTO_BUF struct prism_buf cert = PRISM_BUF_INIT(1u << 16);
	struct prism_buf key = PRISM_BUF_INIT(1u << 16);
	struct net_tls_config config = {
	    .role = NET_TLS_SERVER,
	    .trust = atls->config.client_ca_pem ? NET_TLS_TRUST_FULL : NET_TLS_TRUST_DEFERRED,
	    .min_version = NET_TLS_1_3,
	    .ca_pem = atls->config.client_ca_pem,
	    .ca_len = atls->config.client_ca_pem ? strlen(atls->config.client_ca_pem) : 0,
	};

	if (atls->config.generation == 1) {
		config.identity = gen1_identity;
		config.identity_data = atls;
	} else {
		if (sb_atls_identity_pem(atls->cert, atls->key, &cert, &key, err) < 0)
			return -1;
		config.cert_pem = cert.data;
		config.cert_len = cert.len;
		config.key_pem = key.data;
		config.key_len = key.len;
	}
	atls->tls = net_tls_create(&config, err);
	prism_buf_wipe(&key);
	return atls->tls ? 0 : -1;
}

static int read_identity(struct sb_atls *atls, struct prism_error *err)
{
	BIO *cert = BIO_new_mem_buf(atls->config.cert_pem, -1);
	BIO *key = BIO_new_mem_buf(atls->config.key_pem, -1);

	atls->cert = PEM_read_bio_X509(cert, NULL, NULL, NULL);
	atls->key = PEM_read_bio_PrivateKey(key, NULL, NULL, NULL);
	BIO_free(cert);
	BIO_free(key);
	return atls->cert && atls->key
	           ? 0
	           : prism_error_raise(err, PRISM_ERROR_INVALID, "unreadable agent certificate or key");
}

struct sb_atls *sb_atls_create(struct prism_loop *loop, struct sb_forge *forge,
                               const struct sb_atls_config *config, struct prism_error *err)
{
	struct sb_atls *atls = prism_alloc(sizeof(*atls));

	atls->loop = loop;
	atls->forge = forge;
	atls->config = *config;
	int rc = 0;
	if (config->generation == 2 && config->cert_pem && config->key_pem)
		rc = read_identity(atls, err);
	else if (config->generation == 2)
		rc = sb_atls_ephemeral(atls, err);
	if (rc == 0)
		rc = make_tls(atls, err);
	if (rc < 0) {
		sb_atls_destroy(atls);
		return NULL;
	}
	return atls;
}

void sb_atls_destroy(struct sb_atls *atls)
{
	if (!atls)
		return;
	net_tls_unref(atls->tls);
	X509_free(atls->cert);
	EVP_PKEY_free(atls->key);
	prism_free(atls);
}

/* ---- the layer of generation 2 -------------------------------------------------------------- */

enum state { READING_HEADER, READING_REQUEST, ANSWERING, OPEN, SILENT };

struct answer_layer {
	struct net_stream s; /* first */
	struct sb_atls *atls;
	enum state state;
	uint8_t header[NET_EA_FRAME_HEADER];
	size_t header_read, request_size, sent;
	struct prism_buf request, answer;
};

static void refuse(struct answer_layer *l, const char *why)
{
	struct prism_error err = PRISM_ERROR_INIT;

	l->state = SILENT;
	prism_error_raise(&err, PRISM_ERROR_PROTOCOL, "%s", why);
	net_stream_layer_connected(&l->s, &err);
}

static size_t receive(struct answer_layer *l, void *into, size_t want)
{
	ssize_t n = net_stream_read(l->s.lower, into, want, NULL);

	if (n == NET_STREAM_AGAIN)
		net_stream_want(l->s.lower, PRISM_LOOP_READ);
	else if (n <= 0)
		refuse(l, "the client left before its request was in");
	return n > 0 ? (size_t)n : 0;
}

static bool read_header(struct answer_layer *l)
{
	size_t n = receive(l, l->header + l->header_read, sizeof(l->header) - l->header_read);

	l->header_read += n;
	if (l->header_read < sizeof(l->header))
		return n > 0;
	l->request_size = (size_t)l->header[1] << 24 | (size_t)l->header[2] << 16 |
	                  (size_t)l->header[3] << 8 | l->header[4];
	if (l->header[0] != NET_EA_FRAME_REQUEST || l->request_size == 0 ||
	    l->request_size > REQUEST_MAX) {
		refuse(l, "unexpected frame");
		return false;
	}
	l->state = READING_REQUEST;
	return true;
}

static bool read_request(struct answer_layer *l)
{
	struct prism_error err = PRISM_ERROR_INIT;
	uint8_t piece[REQUEST_MAX];
	size_t n = receive(l, piece, l->request_size - l->request.len);

	prism_buf_put(&l->request, piece, n);
	if (n == 0 || l->request.len < l->request_size)
		return n > 0;
	if (l->atls->config.fault == SB_ATLS_HANG) {
		l->state = SILENT;
		return false;
	}
	if (sb_atls_answer(l->atls, net_stream_tls_of(l->s.lower), &l->request, &l->answer, &err) < 0) {
		refuse(l, err.message);
		return false;
	}
	l->state = ANSWERING;
	return true;
}

static bool send_answer(struct answer_layer *l)
{
	ssize_t n =
	    net_stream_write(l->s.lower, l->answer.data + l->sent, l->answer.len - l->sent, NULL);

	if (n == NET_STREAM_AGAIN) {
		net_stream_want(l->s.lower, PRISM_LOOP_WRITE);
		return false;
	}
	if (n < 0) {
		refuse(l, "the client left while it was answered");
		return false;
	}
	l->sent += (size_t)n;
	if (l->sent < l->answer.len)
		return true;
	if (l->atls->config.fault == SB_ATLS_TRUNCATED_FRAME) {
		net_stream_shutdown_write(l->s.lower);
		refuse(l, "as asked for, the authenticator was cut off");
		return false;
	}
	l->state = OPEN;
	net_stream_layer_connected(&l->s, NULL);
	return false;
}

static void step(struct answer_layer *l)
{
	bool progress = true;

	while (progress) {
		switch (l->state) {
		case READING_HEADER:
			progress = read_header(l);
			break;
		case READING_REQUEST:
			progress = read_request(l);
			break;
		case ANSWERING:
			progress = send_answer(l);
			break;
		default:
			return;
		}
	}
}

static void layer_connect(struct net_stream *s)
{
	step((struct answer_layer *)s);
}

static void layer_lower_ready(struct net_stream *s, unsigned events)
{
	struct answer_layer *l = (struct answer_layer *)s;

	if (l->state == OPEN)
		net_stream_layer_ready(s, events);
	else
		step(l);
}

static void layer_destroy(struct net_stream *s)
{
	struct answer_layer *l = (struct answer_layer *)s;

	prism_buf_finish(&l->request);
	prism_buf_finish(&l->answer);
	prism_free(l);
}

static const struct net_stream_ops layer_ops = {
    .name = "atls",
    .connect = layer_connect,
    .lower_ready = layer_lower_ready,
    .destroy = layer_destroy,
};

struct net_stream *sb_atls_wrap(void *data, struct net_stream *accepted)
{
	struct sb_atls *atls = data;
	const struct net_stream_tls_spec spec = {.tls = atls->tls};

	bool hang = atls->config.generation == 1 && atls->config.fault == SB_ATLS_HANG;

	if (atls->config.fault == SB_ATLS_CLEAR_TEXT)
		return accepted;
	struct net_stream *lower = hang ? accepted : net_stream_tls_create(accepted, &spec);
	if (!hang && (atls->config.generation == 1 || atls->config.fault == SB_ATLS_PLAIN_TLS))
		return lower;
	struct answer_layer *l = prism_alloc(sizeof(*l));
	net_stream_init(&l->s, &layer_ops, atls->loop, lower);
	l->state = hang ? SILENT : READING_HEADER;
	l->atls = atls;
	prism_buf_init(&l->request, REQUEST_MAX + 1);
	prism_buf_init(&l->answer, ANSWER_MAX);
	return &l->s;
}
