/*
 * Internal to net: libcurl's result codes as prism_error.
 */
#ifndef PRISM_NET_HTTP_ERROR_H
#define PRISM_NET_HTTP_ERROR_H

#include "base/error.h"

#include <stdint.h>

/* What is known about a failed transfer. Strings lent. */
struct net_http_failure {
	int code;                  /* CURLcode */
	const char *detail;        /* CURLOPT_ERRORBUFFER; "" when empty */
	const char *url, *ca_file; /* ca_file NULL: the system's */
	long os_errno;             /* CURLINFO_OS_ERRNO */
	long verify_result;        /* CURLINFO_SSL_VERIFYRESULT, an X509_V_ERR_ number */
	bool connected;            /* a connection stood (TLS included) */
	int64_t waited_ms;
	uint64_t received; /* body bytes */
};

/* Returns -1, for symmetry with prism_error_raise(). */
int net_http_error(struct prism_error *err, const struct net_http_failure *failure);

#endif
