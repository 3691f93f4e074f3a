/*
 * The network side: libmicrohttpd without threads, driven by its epoll descriptor on our loop.
 * Requests are collected, given to the router, and answered, late when latency or a fault says
 * so.
 *
 * Thread rules: loop thread only.
 */
#ifndef PRISM_SANDBOX_HTTP_H
#define PRISM_SANDBOX_HTTP_H

#include "sandbox/sandbox.h"

#define SB_HTTP_CONNECTIONS 256 /* stops a client that opens connections without end */
#define SB_HTTP_IDLE_S 120

struct sb_http;

/* cert_pem and key_pem: NULL for plain HTTP. host: a literal address. */
struct sb_http *sb_http_create(struct sb *sb, const char *host, uint16_t port, const char *cert_pem,
                               const char *key_pem, struct prism_error *err);
void sb_http_destroy(struct sb_http *http); /* cuts what is in flight; NULL allowed */
uint16_t sb_http_port(const struct sb_http *http);

#endif
