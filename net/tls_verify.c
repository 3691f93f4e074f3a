/*
 * Judging the peer's certificate chain, check by check.
 *
 * OpenSSL builds and verifies the chain with the settings of the handshake (roots, purpose, host,
 * time); its verify callback reports one error at a time and goes on when told to.  Each error is
 * booked under the check it belongs to, so that the user sees all that is wrong and not only what
 * OpenSSL met first.
 */
#include "net/tls_private.h"

#include "base/clock.h"

#include <arpa/inet.h>
#include <openssl/x509v3.h>

static const struct check_row {
	const char *word, *proves;
} rows[] = {
#define X(id, word, proves) [NET_TLS_CHECK_##id] = {word, proves},
    NET_TLS_CHECK_MAP(X)
#undef X
};

static const char *check_hint(enum net_tls_check_id id)
{
	switch (id) {
	case NET_TLS_CHECK_CHAIN:
		return "give the CA that issued the certificate; if it should be trusted already, this may "
		       "not be the host you mean";
	case NET_TLS_CHECK_DATES:
		return "check this machine's clock; otherwise the certificate has to be renewed";
	case NET_TLS_CHECK_NAME:
		return "use a host name or address that the certificate names";
	case NET_TLS_CHECK_PURPOSE:
		return "the certificate was made for something else: it needs the right extended key usage";
	case NET_TLS_CHECK_ALPN:
		return "check that the address is that of a gRPC service";
	case NET_TLS_CHECK_VERSION:
		return "the peer's TLS is older than what is allowed here";
	default:
		return "";
	}
}

const char *net_tls_check_word(enum net_tls_check_id id)
{
	return rows[id].word;
}

const char *net_tls_check_proves(enum net_tls_check_id id)
{
	return rows[id].proves;
}

/* A failure stands: the first one says what is wrong. */
void net_tls_check_set(struct net_tls_peer *peer, enum net_tls_check_id id,
                       enum net_tls_outcome outcome, const char *fmt, ...)
{
	struct net_tls_check *check = &peer->checks[id];
	va_list args;
	if (check->outcome == NET_TLS_FAIL)
		return;
	check->outcome = outcome;
	va_start(args, fmt);
	(void)vsnprintf(check->detail, sizeof(check->detail), fmt, args);
	va_end(args);
}

bool net_tls_check_error(const struct net_tls_peer *peer, struct prism_error *err)
{
	for (int id = 0; id < NET_TLS_CHECK_COUNT; id++) {
		if (peer->checks[id].outcome != NET_TLS_FAIL)
			continue;
		prism_error_raise(err, PRISM_ERROR_TRUST, "TLS: %s", peer->checks[id].detail);
		prism_error_hint(err, "%s", check_hint((enum net_tls_check_id)id));
		return true;
	}
	return false;
}

static enum net_tls_check_id check_of(int code)
{
	switch (code) {
	case X509_V_ERR_CERT_HAS_EXPIRED:
	case X509_V_ERR_CERT_NOT_YET_VALID:
	case X509_V_ERR_ERROR_IN_CERT_NOT_BEFORE_FIELD:
	case X509_V_ERR_ERROR_IN_CERT_NOT_AFTER_FIELD:
		return NET_TLS_CHECK_DATES;
	case X509_V_ERR_HOSTNAME_MISMATCH:
	case X509_V_ERR_IP_ADDRESS_MISMATCH:
		return NET_TLS_CHECK_NAME;
	case X509_V_ERR_INVALID_PURPOSE:
		return NET_TLS_CHECK_PURPOSE;
	default:
		return NET_TLS_CHECK_CHAIN;
	}
}

static void subject_text(X509 *cert, char *out, size_t size)
{
	out[0] = '\0';
	X509_NAME *name = X509_get_subject_name(cert);
	if (X509_NAME_get_text_by_NID(name, NID_commonName, out, (int)size) <= 0 &&
	    !X509_NAME_oneline(name, out, (int)size))
		snprintf(out, size, "a certificate without a name");
}

static void date_text(const ASN1_TIME *when, char *out, size_t size)
{
	struct tm tm;
	if (ASN1_TIME_to_tm(when, &tm) != 1 || strftime(out, size, "%Y-%m-%d %H:%M UTC", &tm) == 0)
		snprintf(out, size, "an unreadable date");
}

/* The names of a certificate, as many as fit. */
static void names_text(X509 *cert, char *out, size_t size)
{
	GENERAL_NAMES *names = X509_get_ext_d2i(cert, NID_subject_alt_name, NULL, NULL);
	size_t used = 0;
	snprintf(out, size, "no host at all");
	for (int i = 0; names && i < sk_GENERAL_NAME_num(names) && used + 64 < size; i++) {
		const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);
		char text[INET6_ADDRSTRLEN] = "";
		int len = 0;
		if (name->type == GEN_DNS) {
			len = snprintf(out + used, size - used, "%s%.*s", used ? ", " : "",
			               ASN1_STRING_length(name->d.dNSName) < 200
			                   ? ASN1_STRING_length(name->d.dNSName)
			                   : 200,
			               (const char *)ASN1_STRING_get0_data(name->d.dNSName));
		} else if (name->type == GEN_IPADD) {
			int family = ASN1_STRING_length(name->d.iPAddress) == 4 ? AF_INET : AF_INET6;
			if (family == AF_INET || ASN1_STRING_length(name->d.iPAddress) == 16)
				(void)inet_ntop(family, ASN1_STRING_get0_data(name->d.iPAddress), text,
				                sizeof(text));
			len = snprintf(out + used, size - used, "%s%s", used ? ", " : "", text);
		}
		if (len > 0)
			used += (size_t)len < size - used ? (size_t)len : size - used - 1;
	}
	GENERAL_NAMES_free(names);
}

static void book_error(struct net_tls_peer *peer, X509_STORE_CTX *store, int code)
{
	enum net_tls_check_id id = check_of(code);
	X509 *cert = X509_STORE_CTX_get_current_cert(store);
	char subject[80] = "the certificate", extra[160] = "";
	if (cert)
		subject_text(cert, subject, sizeof(subject));
	if (id == NET_TLS_CHECK_NAME) {
		names_text(X509_STORE_CTX_get0_cert(store), extra, sizeof(extra));
		net_tls_check_set(peer, id, NET_TLS_FAIL, "the certificate is for %s, not for %s", extra,
		                  peer->host ? peer->host : "this host");
	} else if (id == NET_TLS_CHECK_DATES && cert) {
		bool expired = code == X509_V_ERR_CERT_HAS_EXPIRED;
		date_text(expired ? X509_get0_notAfter(cert) : X509_get0_notBefore(cert), extra,
		          sizeof(extra));
		net_tls_check_set(peer, id, NET_TLS_FAIL,
		                  expired ? "the certificate of %s expired on %s"
		                          : "the certificate of %s is not valid before %s",
		                  subject, extra);
	} else if (id == NET_TLS_CHECK_PURPOSE) {
		net_tls_check_set(peer, id, NET_TLS_FAIL, "the certificate of %s may not be used by a %s",
		                  subject, peer->tls->role == NET_TLS_CLIENT ? "server" : "client");
	} else {
		net_tls_check_set(peer, id, NET_TLS_FAIL, "%s is not vouched for by %s: %s", subject,
		                  peer->tls->ca_name, X509_verify_cert_error_string(code));
	}
}

static int collect(int good, X509_STORE_CTX *store)
{
	const SSL *ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
	if (!good)
		book_error(SSL_get_app_data(ssl), store, X509_STORE_CTX_get_error(store));
	return 1; /* go on: there may be more to tell */
}

static void book_passes(struct net_tls_peer *peer, X509_STORE_CTX *store)
{
	STACK_OF(X509) *chain = X509_STORE_CTX_get0_chain(store);
	char text[160];
	int last = chain ? sk_X509_num(chain) - 1 : -1;
	if (last < 0)
		return;
	subject_text(sk_X509_value(chain, last), text, sizeof(text));
	net_tls_check_set(peer, NET_TLS_CHECK_CHAIN, NET_TLS_PASS, "vouched for by %s (%s)", text,
	                  peer->tls->ca_name);
	date_text(X509_get0_notAfter(sk_X509_value(chain, 0)), text, sizeof(text));
	net_tls_check_set(peer, NET_TLS_CHECK_DATES, NET_TLS_PASS, "valid until %s", text);
	net_tls_check_set(peer, NET_TLS_CHECK_PURPOSE, NET_TLS_PASS, "%s authentication",
	                  peer->tls->role == NET_TLS_CLIENT ? "server" : "client");
	if (peer->host)
		net_tls_check_set(peer, NET_TLS_CHECK_NAME, NET_TLS_PASS, "%s", peer->host);
}

int net_tls_verify(X509_STORE_CTX *store, void *unused)
{
	static const enum net_tls_check_id judged[] = {NET_TLS_CHECK_CHAIN, NET_TLS_CHECK_DATES,
	                                               NET_TLS_CHECK_PURPOSE, NET_TLS_CHECK_NAME};
	const SSL *ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
	struct net_tls_peer *peer = SSL_get_app_data(ssl);
	if (peer->tls->trust == NET_TLS_TRUST_DEFERRED) {
		for (size_t i = 0; i < PRISM_COUNT(judged); i++)
			net_tls_check_set(peer, judged[i], NET_TLS_NOT_CHECKED,
			                  "left to the attestation that follows");
		return 1;
	}
	X509_STORE_CTX_set_verify_cb(store, collect);
	int verified = X509_verify_cert(store);
	int code = X509_STORE_CTX_get_error(store);
	bool failed = false;
	for (size_t i = 0; i < PRISM_COUNT(judged); i++)
		failed = failed || peer->checks[judged[i]].outcome == NET_TLS_FAIL;
	if (verified <= 0 && !failed) {
		net_tls_check_set(peer, NET_TLS_CHECK_CHAIN, NET_TLS_FAIL,
		                  "the chain cannot be verified: %s", X509_verify_cert_error_string(code));
		failed = true;
	}
	book_passes(peer, store);
	if (failed && code == X509_V_OK)
		X509_STORE_CTX_set_error(store, X509_V_ERR_APPLICATION_VERIFICATION);
	return failed ? 0 : 1;
}
