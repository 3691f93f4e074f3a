/*
 * A loopback peer for client tests: a listener on a port the system chose, one thread per
 * connection, each running the test's handler with blocking reads and writes, in clear text or
 * TLS.  It misbehaves exactly as the handler says.
 */
#ifndef PRISM_TESTS_LIB_PEER_H
#define PRISM_TESTS_LIB_PEER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <openssl/ssl.h>

struct peer;
struct peer_conn;

typedef void (*peer_handler)(struct peer_conn *conn, void *data);

/* tls: NULL for clear text; borrowed until peer_stop(). */
struct peer *peer_start(peer_handler handler, void *data, SSL_CTX *tls);
void peer_stop(struct peer *peer); /* breaks what is open, joins every thread */
uint16_t peer_port(const struct peer *peer);
unsigned peer_connections(const struct peer *peer); /* accepted so far */

bool peer_write(struct peer_conn *conn, const void *data, size_t size);
bool peer_puts(struct peer_conn *conn, const char *text);
size_t peer_read(struct peer_conn *conn, void *buf, size_t size); /* 0: the connection ended */
struct ssl_st *peer_ssl(struct peer_conn *conn);                  /* lent; NULL in clear text */
/* Reads an HTTP/1 request with its Content-Length body. False at the end of the connection. */
bool peer_read_request(struct peer_conn *conn, char *buf, size_t cap);
void peer_wait_closed(struct peer_conn *conn); /* until the other side closes */
void peer_reset(struct peer_conn *conn);       /* RST instead of FIN */

/* Certificates, made on the spot (P-256). The PEM files are written under dir. */
struct peer_certificate {
	const char *host;             /* subjectAltName: DNS name or IP address */
	long valid_from, valid_until; /* seconds from now */
};
SSL_CTX *peer_tls_create(const struct peer_certificate *cert, const char *pem_path /* written */);

#endif
