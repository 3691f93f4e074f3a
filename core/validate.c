/*
 * Field rules.  The table says what each field is; special rules are one function each.
 */
#include "core/validate.h"

#include "base/mem.h"
#include "base/text.h"

#include <ctype.h>
#include <string.h>

static const struct {
	const char *word, *label;
	bool required;
	size_t max;
} fields[CORE_FIELD_COUNT] = {
#define X(id, word, label, required, max) [CORE_FIELD_##id] = {word, label, required, max},
    CORE_FIELD_MAP(X)
#undef X
};

const char *core_field_word(enum core_field field)
{
	return fields[field].word;
}

const char *core_field_label(enum core_field field)
{
	return fields[field].label;
}

bool core_field_required(enum core_field field)
{
	return fields[field].required;
}

bool core_is_email(const char *text)
{
	const char *at = strrchr(text, '@');
	if (!at || at == text || !at[1] || strlen(text) > 254)
		return false;
	for (const char *c = text; *c; c++)
		if ((unsigned char)*c <= ' ' || *c == 0x7f)
			return false;
	return at[1] != '.' && at[strlen(at) - 1] != '.' && !strstr(at, "..");
}

bool core_is_uuid(const char *text)
{
	if (strlen(text) != 36)
		return false;
	for (int i = 0; i < 36; i++) {
		bool dash = i == 8 || i == 13 || i == 18 || i == 23;
		if (dash ? text[i] != '-' : !isxdigit((unsigned char)text[i]))
			return false;
	}
	return true;
}

static int refuse(struct prism_error *err, const char *message)
{
	return prism_error_raise(err, PRISM_ERROR_INVALID, "%s", message);
}

/* ^[a-zA-Z0-9][a-zA-Z0-9_-]{0,31}$ without "__" or "--"; first: letters only for aliases. */
static int check_slug(const char *text, bool letter_first, struct prism_error *err)
{
	if (letter_first ? !isalpha((unsigned char)*text) : !isalnum((unsigned char)*text))
		return refuse(err, letter_first ? "must begin with a letter"
		                                : "must begin with a letter or digit");
	for (const char *c = text; *c; c++)
		if (!isalnum((unsigned char)*c) && *c != '_' && *c != '-')
			return refuse(err, "may hold letters, digits, '_' and '-' only");
	if (strstr(text, "__") || strstr(text, "--"))
		return refuse(err, "may not hold \"__\" or \"--\"");
	return 0;
}

static int check_url(const char *text, struct prism_error *err)
{
	const char *host = strncmp(text, "https://", 8) == 0  ? text + 8
	                   : strncmp(text, "http://", 7) == 0 ? text + 7
	                                                      : NULL;
	if (!host)
		return refuse(err, "must begin with https:// or http://");
	if (!*host || *host == '/' || *host == ':')
		return refuse(err, "names no host");
	if (strpbrk(host, " \t\r\n\"<>\\"))
		return refuse(err, "may not hold spaces or quotes");
	if (strpbrk(host, "?#"))
		return refuse(err, "may not hold a query or a fragment");
	const char *slash = strchr(host, '/'), *user = strchr(host, '@');
	if (user && (!slash || user < slash))
		return refuse(err, "may not hold a user name or password");
	return 0;
}

static int check_address(const char *text, struct prism_error *err)
{
	const char *colon = strrchr(text, ':');
	uint64_t port;
	if (strstr(text, "://"))
		return refuse(err, "is host:port, without a scheme");
	if (!colon || colon == text)
		return refuse(err, "must be host:port");
	if (prism_text_parse_u64(colon + 1, 65535, &port, NULL) < 0 || port == 0)
		return refuse(err, "the port must be 1 to 65535");
	return 0;
}

static int check_checksum(const char *text, struct prism_error *err)
{
	size_t len = strlen(text);
	if (len != 64 || strspn(text, "0123456789abcdefABCDEF") != len)
		return refuse(err, "must be 64 hexadecimal digits (SHA3-256)");
	return 0;
}

static int check_file_name(const char *text, struct prism_error *err)
{
	if (strchr(text, '/') || strcmp(text, ".") == 0 || strcmp(text, "..") == 0)
		return refuse(err, "must be a name without directories");
	for (const char *c = text; *c; c++)
		if ((unsigned char)*c < 0x20 || *c == 0x7f)
			return refuse(err, "may not hold control characters");
	return 0;
}

static int check_word(const char *text, const char *words, struct prism_error *err)
{
	size_t len = strlen(text);
	for (const char *at = words; *at; at += strspn(at, " ")) {
		size_t word = strcspn(at, " ");
		if (word == len && strncmp(at, text, len) == 0)
			return 0;
		at += word;
	}
	return prism_error_raise(err, PRISM_ERROR_INVALID, "must be one of: %s", words);
}

static int check_special(enum core_field field, const char *text, struct prism_error *err)
{
	switch (field) {
	case CORE_FIELD_LOG_LEVEL:
		return check_word(text, "debug info warn error", err);
	case CORE_FIELD_ASSET_TYPE:
		return check_word(text, "algorithm dataset", err);
	case CORE_FIELD_NEW_PASSWORD:
		return strlen(text) < 8 ? refuse(err, "must have at least 8 characters") : 0;
	case CORE_FIELD_EMAIL:
		return core_is_email(text) ? 0 : refuse(err, "is no e-mail address");
	case CORE_FIELD_USERNAME:
		return check_slug(text, false, err);
	case CORE_FIELD_WORKSPACE_ALIAS:
		return core_is_uuid(text) ? 0 : check_slug(text, true, err);
	case CORE_FIELD_CHECKSUM:
		return check_checksum(text, err);
	case CORE_FIELD_FILE_NAME:
		return check_file_name(text, err);
	case CORE_FIELD_URL:
		return check_url(text, err);
	case CORE_FIELD_AGENT_ADDRESS:
		return check_address(text, err);
	case CORE_FIELD_USER_SEARCH:
		return strlen(text) < 3 ? refuse(err, "type at least three characters") : 0;
	default:
		return 0;
	}
}

/* Fields whose spaces matter, and which are never shown. */
static bool is_password(enum core_field field)
{
	return field == CORE_FIELD_PASSWORD || field == CORE_FIELD_NEW_PASSWORD;
}

int core_validate(enum core_field field, const char *text, struct prism_error *err)
{
	if (!text)
		text = "";
	size_t len = strlen(text);
	bool blank = is_password(field) ? len == 0 : strspn(text, " \t\r\n") == len;
	if (blank)
		return fields[field].required ? refuse(err, "cannot be empty.") : 0;
	if (len > fields[field].max)
		return prism_error_raise(err, PRISM_ERROR_INVALID, "is too long: %zu bytes, at most %zu",
		                         len, fields[field].max);
	if (!prism_utf8_valid(text, len))
		return refuse(err, "is not valid UTF-8");
	return check_special(field, text, err);
}

int core_validate_named(enum core_field field, const char *text, struct prism_error *err)
{
	struct prism_error failure = PRISM_ERROR_INIT;
	if (core_validate(field, text, &failure) == 0)
		return 0;
	return prism_error_raise(err, failure.category, "%s %s", fields[field].label, failure.message);
}
