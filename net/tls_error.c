/*
 * Failures of a TLS connection in words: which alert the peer sent and what to do about it, a peer
 * that does not speak TLS at all, and otherwise OpenSSL's own reason.
 */
#include "net/tls_private.h"

#include "net/crypto_ossl.h"

#include <openssl/err.h>

#define FOR_CLIENT \
	"check the client certificate and key, and that its CA is the one the agent trusts"
#define FOR_VERSION "the two sides have no TLS version or cipher in common"

/* RFC 8446 section 6.2; only what says more than its name. */
static const struct alert_row {
	int alert;
	enum prism_error_category category;
	const char *text, *hint;
} alerts[] = {
    {40, PRISM_ERROR_PROTOCOL, "the peer found no common way to talk", FOR_VERSION},
    {42, PRISM_ERROR_TRUST, "the peer refuses our certificate as bad", FOR_CLIENT},
    {43, PRISM_ERROR_TRUST, "the peer does not take our kind of certificate", FOR_CLIENT},
    {44, PRISM_ERROR_TRUST, "the peer says that our certificate is revoked", FOR_CLIENT},
    {45, PRISM_ERROR_TRUST, "the peer says that our certificate has expired", FOR_CLIENT},
    {46, PRISM_ERROR_TRUST, "the peer refuses our certificate", FOR_CLIENT},
    {48, PRISM_ERROR_TRUST, "the peer does not know the CA of our certificate", FOR_CLIENT},
    {49, PRISM_ERROR_DENIED, "the peer denies us access", FOR_CLIENT},
    {51, PRISM_ERROR_TRUST, "the peer could not verify our signature", FOR_CLIENT},
    {70, PRISM_ERROR_PROTOCOL, "the peer does not allow this TLS version", FOR_VERSION},
    {80, PRISM_ERROR_PROTOCOL, "the peer failed inside (alert internal_error)",
     "an agent with attested TLS of generation 1 (up to v0.8) answers so to any other client: "
     "check "
     "the mode and the generation"},
    {112, PRISM_ERROR_PROTOCOL, "the peer does not know the name we asked for", ""},
    {116, PRISM_ERROR_TRUST, "the peer wants a client certificate and got none",
     "mutual TLS: give a client certificate and its key"},
    {120, PRISM_ERROR_PROTOCOL, "the peer does not speak HTTP/2",
     "check that the address is that of a gRPC service"},
};

static int alert_error(int alert, struct prism_error *err)
{
	for (size_t i = 0; i < PRISM_COUNT(alerts); i++) {
		if (alerts[i].alert != alert)
			continue;
		prism_error_raise(err, alerts[i].category, "TLS: %s", alerts[i].text);
		prism_error_hint(err, "%s", alerts[i].hint);
		return -1;
	}
	return prism_error_raise(err, PRISM_ERROR_PROTOCOL, "TLS: the peer sent the alert %s",
	                         SSL_alert_desc_string_long(alert));
}

static int reason_error(int reason, struct prism_error *err)
{
	switch (reason) {
	case SSL_R_WRONG_VERSION_NUMBER:
	case SSL_R_HTTP_REQUEST:
	case SSL_R_HTTPS_PROXY_REQUEST:
	case SSL_R_UNEXPECTED_MESSAGE:
	case SSL_R_BAD_RECORD_TYPE:
		prism_error_raise(err, PRISM_ERROR_PROTOCOL, "TLS: the peer does not speak TLS");
		prism_error_hint(err, "it may run without TLS: check how the computation's agent is "
		                      "configured; clear text is never used instead");
		return -1;
	case SSL_R_UNSUPPORTED_PROTOCOL:
	case SSL_R_NO_PROTOCOLS_AVAILABLE:
		prism_error_raise(err, PRISM_ERROR_PROTOCOL,
		                  "TLS: the peer's version is older than what is allowed");
		prism_error_hint(err, FOR_VERSION);
		return -1;
	case SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE:
		return prism_error_raise(err, PRISM_ERROR_TRUST, "TLS: the peer showed no certificate");
	case SSL_R_EXCESSIVE_MESSAGE_SIZE:
		return prism_error_raise(err, PRISM_ERROR_LIMIT,
		                         "TLS: the peer's certificates are larger "
		                         "than 1 MiB");
	case SSL_R_UNEXPECTED_EOF_WHILE_READING:
		return prism_error_raise(err, PRISM_ERROR_IO,
		                         "TLS: the peer broke the connection off without closing it");
	default:
		return 0;
	}
}

int net_tls_error(const struct net_tls_peer *peer, bool handshake, struct prism_error *err)
{
	unsigned long code = ERR_peek_error(); /* the oldest: the others are its consequences */
	int told = 0;
	if (peer->alert >= 0)
		told = alert_error(peer->alert, err);
	else if (ERR_GET_LIB(code) == ERR_LIB_SSL)
		told = reason_error(ERR_GET_REASON(code), err);
	if (told == 0)
		return net_ossl_error(err, PRISM_ERROR_PROTOCOL, "TLS: the %s failed",
		                      handshake ? "handshake" : "connection");
	net_ossl_forget();
	return -1;
}
