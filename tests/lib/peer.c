/* See peer.h. */
#include "tests/lib/peer.h"

#include "base/mem.h"

#include <arpa/inet.h>
#include <assert.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/pem.h>
#include <openssl/x509v3.h>

#define CONNECTIONS_MAX 256

struct peer_conn {
	struct peer *peer;
	pthread_t thread;
	int fd;
	bool reset;
	SSL *ssl;
};

struct peer {
	peer_handler handler;
	void *data;
	SSL_CTX *tls;
	int fd;
	uint16_t port;
	bool stopping;
	pthread_t thread;
	pthread_mutex_t lock;
	struct peer_conn conns[CONNECTIONS_MAX];
	unsigned count;
};

static void *serve(void *data)
{
	struct peer_conn *conn = data;
	struct peer *peer = conn->peer;
	bool ready = true;

	if (peer->tls) {
		conn->ssl = SSL_new(peer->tls);
		SSL_set_fd(conn->ssl, conn->fd);
		ready = SSL_accept(conn->ssl) == 1;
	}
	if (ready)
		peer->handler(conn, peer->data);
	if (conn->ssl) {
		if (ready && !conn->reset)
			(void)SSL_shutdown(conn->ssl);
		SSL_free(conn->ssl);
	}
	pthread_mutex_lock(&peer->lock);
	close(conn->fd);
	conn->fd = -1;
	pthread_mutex_unlock(&peer->lock);
	return NULL;
}

static void *accept_all(void *data)
{
	struct peer *peer = data;

	for (;;) {
		int fd = accept(peer->fd, NULL, NULL);
		struct peer_conn *conn;

		if (fd < 0)
			return NULL;
		pthread_mutex_lock(&peer->lock);
		if (peer->stopping || peer->count == CONNECTIONS_MAX) {
			pthread_mutex_unlock(&peer->lock);
			close(fd);
			return NULL;
		}
		conn = &peer->conns[peer->count++];
		conn->peer = peer;
		conn->fd = fd;
		if (pthread_create(&conn->thread, NULL, serve, conn) != 0)
			abort();
		pthread_mutex_unlock(&peer->lock);
	}
}

struct peer *peer_start(peer_handler handler, void *data, SSL_CTX *tls)
{
	struct peer *peer = prism_alloc(sizeof(*peer));
	struct sockaddr_in addr = {.sin_family = AF_INET};
	socklen_t len = sizeof(addr);

	signal(SIGPIPE, SIG_IGN);
	peer->handler = handler;
	peer->data = data;
	peer->tls = tls;
	pthread_mutex_init(&peer->lock, NULL);
	addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	peer->fd = socket(AF_INET, SOCK_STREAM, 0);
	if (peer->fd < 0 || bind(peer->fd, (struct sockaddr *)&addr, sizeof(addr)) < 0 ||
	    listen(peer->fd, 64) < 0 || getsockname(peer->fd, (struct sockaddr *)&addr, &len) < 0 ||
	    pthread_create(&peer->thread, NULL, accept_all, peer) != 0)
		abort();
	peer->port = ntohs(addr.sin_port);
	return peer;
}

void peer_stop(struct peer *peer)
{
	if (!peer)
		return;
	pthread_mutex_lock(&peer->lock);
	peer->stopping = true;
	for (unsigned i = 0; i < peer->count; i++)
		if (peer->conns[i].fd >= 0)
			shutdown(peer->conns[i].fd, SHUT_RDWR);
	pthread_mutex_unlock(&peer->lock);
	shutdown(peer->fd, SHUT_RDWR);
	pthread_join(peer->thread, NULL);
	close(peer->fd);
	for (unsigned i = 0; i < peer->count; i++)
		pthread_join(peer->conns[i].thread, NULL);
	pthread_mutex_destroy(&peer->lock);
	prism_free(peer);
}

uint16_t peer_port(const struct peer *peer)
{
	return peer->port;
}

unsigned peer_connections(const struct peer *peer)
{
	return peer->count;
}

static ssize_t conn_read(struct peer_conn *conn, void *buf, size_t size)
{
	return conn->ssl ? SSL_read(conn->ssl, buf, (int)size) : recv(conn->fd, buf, size, 0);
}

size_t peer_read(struct peer_conn *conn, void *buf, size_t size)
{
	ssize_t n = conn_read(conn, buf, size);

	return n > 0 ? (size_t)n : 0;
}

struct ssl_st *peer_ssl(struct peer_conn *conn)
{
	return conn->ssl;
}

bool peer_write(struct peer_conn *conn, const void *data, size_t size)
{
	const char *at = data;

	while (size) {
		ssize_t n = conn->ssl ? SSL_write(conn->ssl, at, (int)(size > 65536 ? 65536 : size))
		                      : send(conn->fd, at, size, MSG_NOSIGNAL);

		if (n <= 0)
			return false;
		at += n;
		size -= (size_t)n;
	}
	return true;
}

bool peer_puts(struct peer_conn *conn, const char *text)
{
	return peer_write(conn, text, strlen(text));
}

static size_t content_length(const char *head)
{
	for (const char *line = head; line; line = strstr(line, "\r\n")) {
		if (line != head)
			line += 2;
		if (!strncasecmp(line, "content-length:", 15))
			return strtoul(line + 15, NULL, 10);
		if (line[0] == '\r')
			break;
	}
	return 0;
}

bool peer_read_request(struct peer_conn *conn, char *buf, size_t cap)
{
	size_t len = 0;

	while (len + 1 < cap) {
		char *end;
		ssize_t n = conn_read(conn, buf + len, 1);

		if (n <= 0)
			return false;
		if (!len && buf[0] == 0x16) { /* a TLS ClientHello on a clear text port */
			(void)peer_puts(conn, "HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n");
			return false;
		}
		len += (size_t)n;
		buf[len] = 0;
		end = len >= 4 ? buf + len - 4 : NULL;
		if (!end || memcmp(end, "\r\n\r\n", 4) != 0)
			continue;
		for (size_t left = content_length(buf); left && len + 1 < cap; left--) {
			n = conn_read(conn, buf + len, 1);
			if (n <= 0)
				return false;
			buf[++len] = 0;
		}
		return true;
	}
	return false;
}

void peer_wait_closed(struct peer_conn *conn)
{
	char buf[4096];

	while (conn_read(conn, buf, sizeof(buf)) > 0)
		;
}

void peer_reset(struct peer_conn *conn)
{
	struct linger hard = {.l_onoff = 1, .l_linger = 0};

	conn->reset = true;
	(void)setsockopt(conn->fd, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard));
}

static X509 *make_certificate(const struct peer_certificate *spec, EVP_PKEY *key)
{
	X509 *cert = X509_new();
	struct in_addr ip;
	char san[300];
	X509_EXTENSION *ext;

	X509_set_version(cert, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(cert), 1);
	X509_gmtime_adj(X509_getm_notBefore(cert), spec->valid_from);
	X509_gmtime_adj(X509_getm_notAfter(cert), spec->valid_until);
	X509_set_pubkey(cert, key);
	X509_NAME_add_entry_by_txt(X509_get_subject_name(cert), "CN", MBSTRING_ASC,
	                           (const unsigned char *)"loopback", -1, -1, 0);
	X509_set_issuer_name(cert, X509_get_subject_name(cert));
	(void)snprintf(san, sizeof(san), "%s:%s",
	               inet_pton(AF_INET, spec->host, &ip) == 1 ? "IP" : "DNS", spec->host);
	ext = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, san);
	X509_add_ext(cert, ext, -1);
	X509_EXTENSION_free(ext);
	if (!X509_sign(cert, key, EVP_sha256()))
		abort();
	return cert;
}

SSL_CTX *peer_tls_create(const struct peer_certificate *spec, const char *pem_path)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *cert = make_certificate(spec, key);
	FILE *file = fopen(pem_path, "w");

	if (!ctx || !file || SSL_CTX_use_certificate(ctx, cert) != 1 ||
	    SSL_CTX_use_PrivateKey(ctx, key) != 1 || !PEM_write_X509(file, cert))
		abort();
	fclose(file);
	X509_free(cert);
	EVP_PKEY_free(key);
	return ctx;
}
