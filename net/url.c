/*
 * Small URL helpers declared in net/http.h: percent-encoding of one component, and the part of a
 * URL that may be shown and logged.  Parsing for requests is libcurl's business (net/http.c).
 */
#include "base/mem.h"
#include "net/http.h"

#include <string.h>

/* RFC 3986 section 2.3 */
static bool unreserved(unsigned char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
	       c == '.' || c == '_' || c == '~';
}

char *net_url_encode(const char *text)
{
	static const char digits[] = "0123456789ABCDEF";
	size_t len = text ? strlen(text) : 0, at = 0;
	char *out = prism_alloc_array(len + 1, 3);

	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];

		if (unreserved(c)) {
			out[at++] = (char)c;
			continue;
		}
		out[at++] = '%';
		out[at++] = digits[c >> 4];
		out[at++] = digits[c & 15];
	}
	out[at] = 0;
	return out;
}

char *net_url_display(const char *url)
{
	const char *scheme_end = url ? strstr(url, "://") : NULL;
	const char *host, *end, *at;

	if (!scheme_end)
		return prism_strdup("");
	host = scheme_end + 3;
	end = host + strcspn(host, "/?#\\");
	for (at = host; at < end; at++)
		if (*at == '@')
			host = at + 1;
	return prism_asprintf("%.*s://%.*s", (int)(scheme_end - url), url, (int)(end - host), host);
}
