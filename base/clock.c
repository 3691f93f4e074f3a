/*
 * Owns the two clocks and the text forms of time.  Calendar arithmetic is done here, because
 * the C library's is bound to the local zone and to the range of time_t.
 */
#include "base/clock.h"

#include "base/mem.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define US_PER_S INT64_C(1000000)
#define S_PER_DAY INT64_C(86400)

static int64_t system_mono_ms(void *data)
{
	struct timespec now;

	PRISM_UNUSED(data);
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int64_t system_wall_us(void *data)
{
	struct timespec now;

	PRISM_UNUSED(data);
	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * US_PER_S + now.tv_nsec / 1000;
}

const struct prism_clock *prism_clock_system(void)
{
	static const struct prism_clock clock = {.mono_ms = system_mono_ms, .wall_us = system_wall_us};

	return &clock;
}

static int64_t manual_mono_ms(void *data)
{
	return ((const struct prism_clock_manual *)data)->mono;
}

static int64_t manual_wall_us(void *data)
{
	return ((const struct prism_clock_manual *)data)->wall;
}

void prism_clock_manual_init(struct prism_clock_manual *manual, int64_t wall_us)
{
	manual->clock = (struct prism_clock){manual_mono_ms, manual_wall_us, manual};
	manual->mono = 0;
	manual->wall = wall_us;
}

void prism_clock_manual_advance(struct prism_clock_manual *manual, int64_t ms)
{
	manual->mono += ms;
	manual->wall += ms * 1000;
}

int64_t prism_clock_mono_ms(const struct prism_clock *clock)
{
	return clock->mono_ms(clock->data);
}

int64_t prism_clock_wall_us(const struct prism_clock *clock)
{
	return clock->wall_us(clock->data);
}

/* Days from 1970-01-01 in the proleptic Gregorian calendar, March-based years so that the leap
 * day is the last of its year. */
static int64_t days_from_date(int64_t year, int month, int day)
{
	year -= month <= 2;
	int64_t era = (year >= 0 ? year : year - 399) / 400;
	int64_t year_of_era = year - era * 400;
	int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;

	return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year -
	       719468;
}

static void date_from_days(int64_t days, int64_t *ret_year, int *ret_month, int *ret_day)
{
	days += 719468;
	int64_t era = (days >= 0 ? days : days - 146096) / 146097;
	int64_t doe = days - era * 146097;
	int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	int64_t mp = (5 * doy + 2) / 153;

	*ret_day = (int)(doy - (153 * mp + 2) / 5 + 1);
	*ret_month = (int)(mp < 10 ? mp + 3 : mp - 9);
	*ret_year = yoe + era * 400 + (*ret_month <= 2);
}

static int days_in_month(int64_t year, int month)
{
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return month == 2 && leap ? 29 : days[month - 1];
}

/* `count` digits, or fewer than that: false. */
static bool take_digits(const char **pos, int count, int *ret_value)
{
	int value = 0;

	for (int i = 0; i < count; i++, (*pos)++) {
		if (**pos < '0' || **pos > '9')
			return false;
		value = value * 10 + (**pos - '0');
	}
	*ret_value = value;
	return true;
}

static bool take_char(const char **pos, const char *any)
{
	if (**pos == '\0' || !strchr(any, **pos))
		return false;
	(*pos)++;
	return true;
}

static bool take_fraction(const char **pos, int64_t *ret_us)
{
	int64_t us = 0, scale = 100000;
	int digits = 0;

	*ret_us = 0;
	if (!take_char(pos, "."))
		return true;
	for (; **pos >= '0' && **pos <= '9'; (*pos)++, digits++, scale /= 10)
		us += (**pos - '0') * scale;
	*ret_us = us;
	return digits >= 1 && digits <= 9;
}

static bool take_zone(const char **pos, int64_t *ret_seconds)
{
	int hours, minutes;

	*ret_seconds = 0;
	if (take_char(pos, "Zz"))
		return true;
	bool west = **pos == '-';
	if (!take_char(pos, "+-") || !take_digits(pos, 2, &hours) || !take_char(pos, ":") ||
	    !take_digits(pos, 2, &minutes) || hours > 23 || minutes > 59)
		return false;
	*ret_seconds = (hours * 60 + minutes) * (west ? -60 : 60);
	return true;
}

static bool parse_rfc3339(const char *p, int64_t *ret_us)
{
	int year, month, day, hour, minute, second;
	int64_t fraction, zone;

	if (!take_digits(&p, 4, &year) || !take_char(&p, "-") || !take_digits(&p, 2, &month) ||
	    !take_char(&p, "-") || !take_digits(&p, 2, &day) || !take_char(&p, "Tt ") ||
	    !take_digits(&p, 2, &hour) || !take_char(&p, ":") || !take_digits(&p, 2, &minute) ||
	    !take_char(&p, ":") || !take_digits(&p, 2, &second) || !take_fraction(&p, &fraction) ||
	    !take_zone(&p, &zone) || *p != '\0')
		return false;
	/* Second 60 is a leap second (RFC 3339 section 5.7); it runs into the next minute. */
	if (month < 1 || month > 12 || day < 1 || day > days_in_month(year, month) || hour > 23 ||
	    minute > 59 || second > 60)
		return false;
	int64_t seconds =
	    days_from_date(year, month, day) * S_PER_DAY + hour * 3600 + minute * 60 + second - zone;
	*ret_us = seconds * US_PER_S + fraction;
	return true;
}

int prism_time_parse(const char *text, int64_t *ret_us, struct prism_error *err)
{
	/* Go's zero time, and the end of the years that four digits hold. */
	static const int64_t zero = -62135596800 * US_PER_S, end = 253402300800 * US_PER_S;
	int64_t us;

	if (!text || !text[0]) {
		*ret_us = PRISM_TIME_UNSET;
		return 0;
	}
	if (!parse_rfc3339(text, &us) || us >= end) {
		prism_error_raise(err, PRISM_ERROR_INVALID, "\"%.60s\" is not a time", text);
		prism_error_hint(err, "write it as 2025-11-12T14:00:01Z (RFC 3339)");
		return -1;
	}
	*ret_us = us <= zero ? PRISM_TIME_UNSET : us;
	return 0;
}

char *prism_time_format(int64_t us, int digits, char buf[PRISM_TIME_TEXT])
{
	static const int64_t divisors[] = {1000000, 100000, 10000, 1000, 100, 10, 1};
	int64_t year;
	int month, day;

	if (us == PRISM_TIME_UNSET) {
		snprintf(buf, PRISM_TIME_TEXT, "0001-01-01T00:00:00Z");
		return buf;
	}
	int64_t seconds = us / US_PER_S - (us % US_PER_S < 0);
	int64_t fraction = us - seconds * US_PER_S;
	int64_t days = seconds / S_PER_DAY - (seconds % S_PER_DAY < 0);
	int rest = (int)(seconds - days * S_PER_DAY);
	digits = digits < 0 ? 0 : digits > 6 ? 6 : digits;
	date_from_days(days, &year, &month, &day);
	int len = snprintf(buf, PRISM_TIME_TEXT, "%04lld-%02d-%02dT%02d:%02d:%02d", (long long)year,
	                   month, day, rest / 3600, rest / 60 % 60, rest % 60);
	if (digits > 0)
		len += snprintf(buf + len, (size_t)(PRISM_TIME_TEXT - len), ".%0*lld", digits,
		                (long long)(fraction / divisors[digits]));
	snprintf(buf + len, (size_t)(PRISM_TIME_TEXT - len), "Z");
	return buf;
}

char *prism_time_local(int64_t us, char buf[PRISM_TIME_TEXT])
{
	struct tm tm;
	time_t seconds = (time_t)(us / US_PER_S - (us % US_PER_S < 0));

	buf[0] = '\0';
	if (us == PRISM_TIME_UNSET || !localtime_r(&seconds, &tm))
		return buf;
	if (strftime(buf, PRISM_TIME_TEXT, "%Y-%m-%d %H:%M:%S", &tm) == 0)
		buf[0] = '\0';
	return buf;
}

char *prism_time_span(int64_t us, char buf[PRISM_TIME_TEXT])
{
	if (us == PRISM_TIME_UNSET) {
		buf[0] = '\0';
		return buf;
	}
	const char *sign = us <= -US_PER_S ? "-" : "";
	long long s = llabs((long long)(us / US_PER_S));
	if (s < 60)
		snprintf(buf, PRISM_TIME_TEXT, "%s%llds", sign, s);
	else if (s < 3600)
		snprintf(buf, PRISM_TIME_TEXT, "%s%lldm %llds", sign, s / 60, s % 60);
	else if (s < S_PER_DAY)
		snprintf(buf, PRISM_TIME_TEXT, "%s%lldh %02lldm", sign, s / 3600, s / 60 % 60);
	else
		snprintf(buf, PRISM_TIME_TEXT, "%s%lldd %lldh", sign, s / 86400, s / 3600 % 24);
	return buf;
}
