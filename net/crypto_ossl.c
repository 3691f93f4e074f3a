/* See crypto_ossl.h. */
#include "net/crypto_ossl.h"

#include <stdio.h>
#include <stdlib.h>

#include <openssl/err.h>

int net_ossl_error(struct prism_error *err, enum prism_error_category category, const char *fmt,
                   ...)
{
	char text[PRISM_ERROR_TEXT];
	unsigned long code = ERR_peek_last_error();
	const char *reason = code ? ERR_reason_error_string(code) : NULL;
	va_list args;

	va_start(args, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	ERR_clear_error();
	if (reason)
		return prism_error_raise(err, category, "%s: %s", text, reason);
	return prism_error_raise(err, category, "%s", text);
}

void net_ossl_forget(void)
{
	ERR_clear_error();
}

void net_ossl_require(bool good, const char *what)
{
	if (good)
		return;
	(void)fprintf(stderr, "prism: OpenSSL: %s failed\n", what);
	abort();
}
