/* Words about certificates of Prism's service; see cert_words.h. */
#include "tui/cert_words.h"

#include "base/clock.h"

#include <stdio.h>
#include <string.h>

#define DAY_US 86400000000LL

char *pt_cert_short(const char *serial, char buf[PT_CERT_SHORT])
{
	size_t at = PT_CERT_SHORT, len = strlen(serial), digits = 0;

	buf[--at] = '\0';
	while (len > 0 && digits < 8 && at > 0) {
		if (serial[--len] == ':')
			continue;
		buf[--at] = serial[len];
		digits++;
	}
	memmove(buf, buf + at, PT_CERT_SHORT - at);
	return buf;
}

char *pt_cert_left(const struct core_cert *cert, int64_t now_us, char *buf, size_t size)
{
	int64_t days = (cert->expires_us - now_us) / DAY_US;

	if (cert->revoked)
		snprintf(buf, size, "revoked");
	else if (cert->expires_us == PRISM_TIME_UNSET)
		snprintf(buf, size, "unknown");
	else if (cert->expires_us <= now_us)
		snprintf(buf, size, "expired %lld day%s ago", (long long)-days, days == -1 ? "" : "s");
	else if (days == 0)
		snprintf(buf, size, "expires today");
	else
		snprintf(buf, size, "expires in %lld day%s", (long long)days, days == 1 ? "" : "s");
	return buf;
}
