/*
 * Where a kept session lies and in what form, lines: expiry (seconds of the epoch), URL, login,
 * token. When it is read, written and forgotten is core/session.c's.
 */
#include "core/keep.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/keyring.h"
#include "base/text.h"

#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define KEPT_MAX PRISM_KEYRING_MAX /* the larger place holds no more than the smaller one */

enum place { PLACE_NONE, PLACE_SESSION, PLACE_USER, PLACE_FILE };

static enum place place_of(const struct core_options *options)
{
	static const char *const words[] = {"no", "session", "user", "file"};
	const char *word = core_option_text(options, CORE_OPT_KEEP_SESSION);
	for (size_t i = 0; i < PRISM_COUNT(words); i++)
		if (!strcmp(words[i], word))
			return (enum place)i;
	return PLACE_NONE;
}

bool core_keep_wanted(const struct core_options *options)
{
	return place_of(options) != PLACE_NONE;
}

/* One for each profile and server: a token must never go to another server. */
static char *name_of(const struct core_options *options)
{
	return prism_asprintf("prism-tui:%s:%s", core_options_profile(options),
	                      core_option_text(options, CORE_OPT_URL));
}

static char *path_of(const struct core_options *options)
{
	PRISM_AUTO_FREE char *name = prism_asprintf("%s.session", core_options_profile(options));
	return prism_path_state(name);
}

/* ---- the form ---- */

static struct prism_secret *pack(const struct core_options *options, const char *login,
                                 const struct prism_secret *refresh, int64_t expiry_s)
{
	size_t size = strlen(login) + strlen(core_option_text(options, CORE_OPT_URL)) +
	              prism_secret_size(refresh) + 64;
	struct prism_buf text = PRISM_BUF_INIT(size);
	struct prism_secret *secret = NULL;
	if (prism_buf_reserve(&text, size - 1, NULL) == 0) { /* grown once: no copies are left behind */
		prism_buf_printf(&text, "%" PRId64 "\n%s\n%s\n", expiry_s,
		                 core_option_text(options, CORE_OPT_URL), login);
		prism_buf_puts(&text, prism_secret_text(refresh));
		secret = prism_secret_create(text.data, text.len);
	}
	prism_buf_wipe(&text);
	return secret;
}

static const char *line(const char **at, size_t *ret_len)
{
	const char *begin = *at, *end = strchr(begin, '\n');
	if (!end)
		return NULL;
	*ret_len = (size_t)(end - begin);
	*at = end + 1;
	return begin;
}

static int unpack(const struct core_options *options, const struct prism_secret *secret,
                  struct core_kept *ret, struct prism_error *err)
{
	const char *at = prism_secret_text(secret), *expiry, *url, *login;
	size_t expiry_len, url_len, login_len;
	uint64_t expiry_s = 0;
	char number[24];
	expiry = line(&at, &expiry_len);
	url = expiry ? line(&at, &url_len) : NULL;
	login = url ? line(&at, &login_len) : NULL;
	if (!login || !*at || expiry_len >= sizeof(number))
		return prism_error_raise(err, PRISM_ERROR_INVALID, "the kept session is damaged");
	snprintf(number, sizeof(number), "%.*s", (int)expiry_len, expiry);
	if (prism_text_parse_u64(number, INT64_MAX, &expiry_s, err) < 0)
		return prism_error_wrap(err, "the kept session is damaged");
	const char *mine = core_option_text(options, CORE_OPT_URL);
	if (strlen(mine) != url_len || strncmp(mine, url, url_len) != 0)
		return prism_error_raise(err, PRISM_ERROR_MISSING, "the kept session is another server's");
	if ((int64_t)expiry_s <= prism_clock_wall_us(prism_clock_system()) / 1000000)
		return prism_error_raise(err, PRISM_ERROR_MISSING, "the kept session has expired");
	ret->login = prism_strndup(login, login_len);
	ret->refresh = prism_secret_from_text(at);
	return 0;
}

/* ---- the file ---- */

static int check_file(const char *path, struct prism_error *err)
{
	struct stat st;
	if (lstat(path, &st) != 0)
		return prism_error_raise(err, PRISM_ERROR_MISSING, "no session is kept");
	if (S_ISREG(st.st_mode) && st.st_uid == geteuid() && !(st.st_mode & 077))
		return 0;
	prism_error_raise(err, PRISM_ERROR_TRUST, "%s is not a file that only you can read", path);
	prism_error_hint(err, "it is not used; remove it, and sign in again");
	return -1;
}

static struct prism_secret *read_file(const char *path, struct prism_error *err)
{
	struct prism_buf text = PRISM_BUF_INIT(0);
	struct prism_secret *secret = NULL;
	if (check_file(path, err) < 0)
		return NULL;
	if (prism_file_read(path, KEPT_MAX, &text, err) == 0)
		secret = prism_secret_create(text.data, text.len);
	prism_buf_wipe(&text);
	return secret;
}

static int write_file(const char *path, const struct prism_secret *secret, struct prism_error *err)
{
	const char *slash = strrchr(path, '/');
	PRISM_AUTO_FREE char *dir = prism_strndup(path, slash ? (size_t)(slash - path) : 0);
	if (prism_file_mkdirs(dir, 0700, err) < 0)
		return -1;
	return prism_file_write(path, prism_secret_text(secret), prism_secret_size(secret), 0600, err);
}

/* ---- the interface ---- */

int core_keep_load(const struct core_options *options, struct core_kept *ret,
                   struct prism_error *err)
{
	enum place place = place_of(options);
	PRISM_AUTO_FREE char *name = name_of(options);
	PRISM_AUTO_FREE char *path = path_of(options);
	struct prism_secret *secret = NULL;
	*ret = (struct core_kept){0};
	if (place == PLACE_NONE || (place == PLACE_FILE && !path))
		return prism_error_raise(err, PRISM_ERROR_MISSING, "no session is kept");
	if (place == PLACE_FILE)
		secret = read_file(path, err);
	else
		secret = prism_keyring_get(place == PLACE_USER ? PRISM_KEYRING_USER : PRISM_KEYRING_SESSION,
		                           name, err);
	if (!secret)
		return -1;
	int result = unpack(options, secret, ret, err);
	prism_secret_destroy(secret);
	return result;
}

int core_keep_save(const struct core_options *options, const char *login,
                   const struct prism_secret *refresh, int64_t life_ms, struct prism_error *err)
{
	enum place place = place_of(options);
	int64_t life_s = life_ms / 1000;
	int64_t now_s = prism_clock_wall_us(prism_clock_system()) / 1000000;
	PRISM_AUTO_FREE char *name = name_of(options);
	PRISM_AUTO_FREE char *path = path_of(options);
	if (place == PLACE_NONE || strchr(login, '\n'))
		return 0;
	struct prism_secret *secret = pack(options, login, refresh, now_s + life_s);
	int result = -1;
	if (!secret || prism_secret_size(secret) > KEPT_MAX)
		prism_error_raise(err, PRISM_ERROR_LIMIT, "the token is too large to be kept");
	else if (place != PLACE_FILE)
		result = prism_keyring_put(place == PLACE_USER ? PRISM_KEYRING_USER : PRISM_KEYRING_SESSION,
		                           name, secret, life_s > 0 ? (unsigned)life_s : 1, err);
	else if (!path)
		prism_error_raise(err, PRISM_ERROR_MISSING, "there is no home directory");
	else
		result = write_file(path, secret, err);
	prism_secret_destroy(secret);
	if (result < 0) {
		prism_error_wrap(err, "the session is not kept");
		prism_error_hint(err, "set keep_session = no, or another of its values");
	}
	return result;
}

void core_keep_forget(const struct core_options *options)
{
	PRISM_AUTO_FREE char *name = name_of(options);
	PRISM_AUTO_FREE char *path = path_of(options);
	prism_keyring_forget(PRISM_KEYRING_SESSION, name);
	prism_keyring_forget(PRISM_KEYRING_USER, name);
	if (path)
		(void)unlink(path);
}

void core_kept_finish(struct core_kept *kept)
{
	prism_secret_destroy(kept->refresh);
	prism_free(kept->login);
	*kept = (struct core_kept){0};
}
