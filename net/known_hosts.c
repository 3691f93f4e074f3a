/*
 * known_hosts: see known_hosts.h.  The text of each file is kept and walked for every question;
 * the lists are short and questions rare.
 */
#include "net/known_hosts.h"

#include "base/file.h"
#include "base/mem.h"
#include "base/text.h"
#include "net/crypto.h"
#include "net/ssh_key.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/evp.h>
#include <openssl/hmac.h>

#define SALT 20 /* a SHA-1 key, as ssh-keygen -H makes it */
#define FILES_MAX 16

struct known_file {
	char *path;
	struct prism_buf text;
};

struct net_known_hosts {
	struct known_file files[FILES_MAX];
	size_t count;
};

/* ---- patterns ---- */

bool net_ssh_pattern(const char *pattern, size_t len, const char *name)
{
	const char *end = pattern + len, *star = NULL, *again = NULL;

	while (*name) {
		if (pattern < end && *pattern == '*') {
			star = ++pattern;
			again = name;
		} else if (pattern < end && (*pattern == '?' || tolower((unsigned char)*pattern) ==
		                                                    tolower((unsigned char)*name))) {
			pattern++;
			name++;
		} else if (star) {
			pattern = star;
			name = ++again;
		} else {
			return false;
		}
	}
	while (pattern < end && *pattern == '*')
		pattern++;
	return pattern == end;
}

bool net_ssh_pattern_list(const char *patterns, size_t len, const char *name)
{
	bool found = false;

	for (const char *at = patterns, *end = patterns + len; at < end;) {
		const char *comma = memchr(at, ',', (size_t)(end - at));
		size_t part = (size_t)((comma ? comma : end) - at);
		bool negated = part && *at == '!';

		if (part && net_ssh_pattern(at + negated, part - negated, name)) {
			if (negated)
				return false;
			found = true;
		}
		at += part + 1;
	}
	return found;
}

/* ---- lines ---- */

struct line {
	bool revoked, authority;
	const char *names;
	size_t names_len;
	const char *type;
	size_t type_len;
	const char *key; /* base64 */
	size_t key_len;
};

static const char *word(const char **at, const char *end, size_t *ret_len)
{
	const char *begin;

	while (*at < end && (**at == ' ' || **at == '\t'))
		(*at)++;
	begin = *at;
	while (*at < end && **at != ' ' && **at != '\t' && **at != '\r')
		(*at)++;
	*ret_len = (size_t)(*at - begin);
	return begin;
}

/* False: empty, a comment, or not a line of this format. */
static bool line_parse(const char *at, const char *end, struct line *ret)
{
	*ret = (struct line){0};
	ret->names = word(&at, end, &ret->names_len);
	if (!ret->names_len || *ret->names == '#')
		return false;
	if (*ret->names == '@') {
		ret->revoked = ret->names_len == 8 && !memcmp(ret->names, "@revoked", 8);
		ret->authority = ret->names_len == 15 && !memcmp(ret->names, "@cert-authority", 15);
		if (!ret->revoked && !ret->authority)
			return false;
		ret->names = word(&at, end, &ret->names_len);
	}
	ret->type = word(&at, end, &ret->type_len);
	ret->key = word(&at, end, &ret->key_len);
	return ret->key_len > 0;
}

static void hash_name(const uint8_t *salt, size_t salt_len, const char *name, uint8_t out[SALT])
{
	unsigned len = SALT;
	uint8_t digest[EVP_MAX_MD_SIZE];

	memset(out, 0, SALT);
	if (HMAC(EVP_sha1(), salt, (int)salt_len, (const unsigned char *)name, strlen(name), digest,
	         &len))
		memcpy(out, digest, SALT);
}

/* "|1|salt|hash", both base64 of 20 bytes. */
static bool hashed_matches(const char *names, size_t len, const char *name)
{
	PRISM_AUTO_BUF struct prism_buf salt = PRISM_BUF_INIT(64), hash = PRISM_BUF_INIT(64);
	const char *bar;
	uint8_t mine[SALT];

	if (len < 5 || memcmp(names, "|1|", 3) != 0)
		return false;
	names += 3;
	len -= 3;
	bar = memchr(names, '|', len);
	if (!bar || prism_base64_decode(names, (size_t)(bar - names), &salt, NULL) < 0 ||
	    prism_base64_decode(bar + 1, len - (size_t)(bar - names) - 1, &hash, NULL) < 0 ||
	    hash.len != SALT || !salt.len)
		return false;
	hash_name((const uint8_t *)salt.data, salt.len, name, mine);
	return net_equal_const_time(mine, hash.data, SALT);
}

static bool names_match(const struct line *line, const char *name)
{
	return line->names[0] == '|' ? hashed_matches(line->names, line->names_len, name)
	                             : net_ssh_pattern_list(line->names, line->names_len, name);
}

char *net_known_hosts_name(const char *host, uint16_t port)
{
	char *name = port == 22 ? prism_strdup(host) : prism_asprintf("[%s]:%u", host, (unsigned)port);

	for (char *c = name; *c; c++)
		*c = (char)tolower((unsigned char)*c);
	return name;
}

/* Calls fn for each line about this name, until it returns false. */
static void each_line(const struct net_known_hosts *known, const char *name,
                      bool (*fn)(void *data, const struct line *line, const char *path, int number),
                      void *data)
{
	for (size_t i = 0; i < known->count; i++) {
		const char *at = prism_buf_text(&known->files[i].text);
		const char *end = at + known->files[i].text.len;

		for (int number = 1; at < end; number++) {
			const char *newline = memchr(at, '\n', (size_t)(end - at));
			const char *stop = newline ? newline : end;
			struct line line;

			if (line_parse(at, stop, &line) && names_match(&line, name) &&
			    !fn(data, &line, known->files[i].path, number))
				return;
			at = stop + 1;
		}
	}
}

/* ---- questions ---- */

struct check {
	const void *blob;
	size_t len;
	char *type;
	struct net_known_result *result;
};

static bool same_key(const struct line *line, const struct check *check)
{
	PRISM_AUTO_BUF struct prism_buf key = PRISM_BUF_INIT(NET_SSH_BLOB_MAX);

	return prism_base64_decode(line->key, line->key_len, &key, NULL) == 0 &&
	       key.len == check->len && memcmp(key.data, check->blob, key.len) == 0;
}

static void decide(struct check *check, enum net_known verdict, const char *path, int number)
{
	check->result->verdict = verdict;
	snprintf(check->result->where, sizeof(check->result->where), "%s:%d", path, number);
}

static bool check_line(void *data, const struct line *line, const char *path, int number)
{
	struct check *check = data;
	enum net_known now = check->result->verdict;
	bool type =
	    strlen(check->type) == line->type_len && !memcmp(check->type, line->type, line->type_len);

	if (line->authority) {
		snprintf(check->result->authority, sizeof(check->result->authority), "%s:%d", path, number);
		return true;
	}
	if (line->revoked) {
		if (same_key(line, check)) {
			decide(check, NET_KNOWN_REVOKED, path, number);
			return false; /* outweighs everything */
		}
		return true;
	}
	if (type && same_key(line, check))
		decide(check, NET_KNOWN_MATCH, path, number);
	else if (type && now != NET_KNOWN_MATCH && now != NET_KNOWN_CHANGED)
		decide(check, NET_KNOWN_CHANGED, path, number);
	else if (!type && now == NET_KNOWN_UNKNOWN)
		decide(check, NET_KNOWN_OTHER_TYPE, path, number);
	return true;
}

void net_known_hosts_check(const struct net_known_hosts *known, const char *host, uint16_t port,
                           const void *blob, size_t len, struct net_known_result *ret)
{
	PRISM_AUTO_FREE char *name = net_known_hosts_name(host, port);
	struct check check = {blob, len, net_ssh_blob_type(blob, len), ret};

	*ret = (struct net_known_result){.verdict = NET_KNOWN_UNKNOWN};
	each_line(known, name, check_line, &check);
	prism_free(check.type);
}

struct has {
	const char *type;
	bool found;
};

static bool has_line(void *data, const struct line *line, const char *path, int number)
{
	struct has *has = data;

	PRISM_UNUSED(path);
	PRISM_UNUSED(number);
	has->found = !line->authority && !line->revoked && strlen(has->type) == line->type_len &&
	             !memcmp(has->type, line->type, line->type_len);
	return !has->found;
}

bool net_known_hosts_has(const struct net_known_hosts *known, const char *host, uint16_t port,
                         const char *type)
{
	PRISM_AUTO_FREE char *name = net_known_hosts_name(host, port);
	struct has has = {type, false};

	each_line(known, name, has_line, &has);
	return has.found;
}

/* ---- files ---- */

struct net_known_hosts *net_known_hosts_load(const char *const *paths, size_t count,
                                             struct prism_error *err)
{
	struct net_known_hosts *known = prism_alloc(sizeof(*known));

	for (size_t i = 0; i < count && known->count < FILES_MAX; i++) {
		struct known_file *file = &known->files[known->count];
		struct prism_error failure = PRISM_ERROR_INIT;

		if (prism_file_read(paths[i], NET_KNOWN_HOSTS_MAX, &file->text, &failure) < 0) {
			if (failure.category == PRISM_ERROR_MISSING)
				continue;
			prism_error_copy(err, &failure);
			net_known_hosts_destroy(known);
			return NULL;
		}
		file->path = prism_strdup(paths[i]);
		known->count++;
	}
	return known;
}

struct net_known_hosts *net_known_hosts_parse(const char *text, size_t len)
{
	struct net_known_hosts *known = prism_alloc(sizeof(*known));

	known->files[0].path = prism_strdup("known_hosts");
	prism_buf_init(&known->files[0].text, len + 1);
	prism_buf_put(&known->files[0].text, text, len);
	known->count = 1;
	return known;
}

void net_known_hosts_destroy(struct net_known_hosts *known)
{
	if (!known)
		return;
	for (size_t i = 0; i < known->count; i++) {
		prism_free(known->files[i].path);
		prism_buf_finish(&known->files[i].text);
	}
	prism_free(known);
}

static char *name_hashed(const char *name)
{
	uint8_t salt[SALT], hash[SALT];

	net_random_bytes(salt, sizeof(salt));
	hash_name(salt, sizeof(salt), name, hash);
	PRISM_AUTO_FREE char *salt_text = prism_base64_encode(salt, sizeof(salt));
	PRISM_AUTO_FREE char *hash_text = prism_base64_encode(hash, sizeof(hash));
	return prism_asprintf("|1|%s|%s", salt_text, hash_text);
}

static int append(const char *path, const struct prism_buf *line, struct prism_error *err)
{
	PRISM_AUTO_FD int fd = open(path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
	struct stat st;
	char last = '\n';
	size_t skip = 1; /* the newline in front is for a file that ends without one */

	if (fd < 0 || fstat(fd, &st) < 0)
		return prism_error_errno(err, errno, "%s", path);
	if (!S_ISREG(st.st_mode))
		return prism_error_raise(err, PRISM_ERROR_IO, "%s is not a file", path);
	if (st.st_size > 0 && pread(fd, &last, 1, st.st_size - 1) == 1 && last != '\n')
		skip = 0;
	if (write(fd, line->data + skip, line->len - skip) != (ssize_t)(line->len - skip) ||
	    fsync(fd) < 0)
		return prism_error_errno(err, errno, "%s", path);
	return 0;
}

int net_known_hosts_add(const char *path, const char *host, uint16_t port, const void *blob,
                        size_t len, bool hashed, struct prism_error *err)
{
	PRISM_AUTO_FREE char *name = net_known_hosts_name(host, port);
	PRISM_AUTO_FREE char *shown = hashed ? name_hashed(name) : prism_strdup(name);
	PRISM_AUTO_FREE char *type = net_ssh_blob_type(blob, len);
	PRISM_AUTO_FREE char *key = prism_base64_encode(blob, len);
	PRISM_AUTO_FREE char *dir = prism_strdup(path);
	PRISM_AUTO_BUF struct prism_buf line = PRISM_BUF_INIT(2 * NET_SSH_BLOB_MAX);
	char *slash = strrchr(dir, '/');

	/* The name came from a person, and would otherwise be a way to write other lines. */
	for (const char *c = shown; *c; c++)
		if ((unsigned char)*c <= ' ' || *c == ',' || *c == '*' || *c == '?' || *c == '!')
			return prism_error_raise(err, PRISM_ERROR_INVALID, "\"%.200s\" is not a host name",
			                         host);
	if (slash && slash != dir) {
		*slash = '\0';
		if (prism_file_mkdirs(dir, 0700, err) < 0)
			return -1;
	}
	prism_buf_printf(&line, "\n%s %s %s\n", shown, type, key);
	return append(path, &line, err);
}
