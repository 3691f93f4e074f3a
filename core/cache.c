/*
 * Answers kept on disk; the rules are in the header.
 *
 * A file:  "prism-tui cache 1 FETCHED_US NAME\n" and the JSON text.  FETCHED_US is wall time in
 * microseconds; NAME is what was asked, so that a file that was put under another name is told.
 */
#include "core/cache.h"

#include "base/file.h"
#include "base/log.h"
#include "base/text.h"
#include "core/internal.h"
#include "core/session.h"
#include "core/workspace.h"
#include "net/crypto.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAGIC "prism-tui cache 1 "
#define NAME_BYTES 16 /* of the digest: 32 hex digits name a file */
#define SUFFIX ".cache"
#define OWNER "owner"
#define OWNER_MAX 256
#define WRITTEN_MAX 512  /* answers remembered as written; others are written once more */
#define TRIM_EVERY 32    /* writes between two looks at the size of the directory */
#define FILES_MAX 100000 /* looked at in one trim; stops a directory somebody filled */

struct written {
	uint64_t name, content; /* hashes */
	int64_t at_ms;
};

struct cache {
	struct core *core;
	bool started;
	char *dir; /* NULL: none */
	struct written written[WRITTEN_MAX];
	size_t next;
	unsigned writes;
	struct core_subscription *subscription;
};

/* --- pure --- */

/* Names as the reference has them, in any case. agent_config holds the agent's private key; asset
 * is the sample; the attestation fields are large. */
static bool unwanted(const char *name)
{
	static const char *const exact[] = {
	    "agent_config", "agentconfig", "asset",       "attestation", "credentials",
	    "key",          "keys",        "certificate", "user_key",    "userkey",
	    "client_key",   "server_key",  "private_key", "privatekey",  "downloadurl",
	};
	static const char *const inside[] = {"token", "secret", "password", "passphrase", "private"};

	for (size_t i = 0; i < PRISM_COUNT(exact); i++)
		if (strcasecmp(name, exact[i]) == 0)
			return true;
	for (size_t i = 0; i < PRISM_COUNT(inside); i++)
		if (prism_text_contains(name, inside[i]))
			return true;
	return false;
}

void core_cache_scrub(cJSON *doc)
{
	for (cJSON *child = doc ? doc->child : NULL, *next; child; child = next) {
		next = child->next;
		if (child->string && unwanted(child->string))
			cJSON_Delete(cJSON_DetachItemViaPointer(doc, child));
		else
			core_cache_scrub(child);
	}
}

cJSON *core_cache_parse(const char *text, size_t len, const char *name, int64_t *ret_us)
{
	const char *end = memchr(text, '\n', len), *at = text + strlen(MAGIC);
	PRISM_AUTO_FREE char *line = end ? prism_strndup(text, (size_t)(end - text)) : NULL;
	int64_t us = 0;
	int digits = 0;

	if (!line || strlen(line) != (size_t)(end - text) || strncmp(line, MAGIC, strlen(MAGIC)) != 0)
		return NULL;
	for (at = line + strlen(MAGIC); *at >= '0' && *at <= '9' && digits < 18; at++, digits++)
		us = us * 10 + (*at - '0');
	if (!digits || *at != ' ' || strcmp(at + 1, name) != 0)
		return NULL;
	*ret_us = us;
	return prism_json_parse(end + 1, len - (size_t)(end + 1 - text), NULL);
}

/* --- state --- */

static uint64_t hash(const char *text, size_t len)
{
	uint64_t value = UINT64_C(14695981039346656037); /* FNV-1a */

	for (size_t i = 0; i < len; i++)
		value = (value ^ (unsigned char)text[i]) * UINT64_C(1099511628211);
	return value;
}

static void *create(struct core *core)
{
	struct cache *cache = prism_alloc(sizeof(*cache));

	cache->core = core;
	return cache;
}

static void destroy(void *state)
{
	struct cache *cache = state;

	core_unsubscribe(cache->subscription);
	prism_free(cache->dir);
	prism_free(cache);
}

static const struct core_module module = {.name = "cache", .create = create, .destroy = destroy};

static struct cache *cache_of(const struct core *core)
{
	return core_module((struct core *)(uintptr_t)core, &module);
}

bool core_cache_active(const struct core *core)
{
	const struct cache *cache = cache_of(core);

	return cache->started && cache->dir && core_option_bool(core_options(core), CORE_OPT_CACHE);
}

char *core_cache_dir(const struct core *core)
{
	const char *profile = core_options_profile(core_options(core));

	return prism_path_safe_name(profile) ? prism_path_cache(profile) : NULL;
}

static char *file_of(const struct cache *cache, const char *name)
{
	uint8_t digest[NET_DIGEST_MAX];
	char hex[NAME_BYTES * 2 + sizeof(SUFFIX)] = "";

	net_digest_bytes(NET_SHA256, name, strlen(name), digest);
	for (int i = 0; i < NAME_BYTES; i++)
		snprintf(hex + 2 * i, 3, "%02x", digest[i]);
	snprintf(hex + 2 * NAME_BYTES, sizeof(SUFFIX), "%s", SUFFIX);
	return prism_path_join(cache->dir, hex);
}

/* --- reading --- */

static bool trusted(const struct stat *info)
{
	return S_ISREG(info->st_mode) && info->st_uid == geteuid() && !(info->st_mode & 077);
}

cJSON *core_cache_fetch(struct core *core, const char *name, int64_t *ret_us)
{
	PRISM_AUTO_FREE char *path = NULL;
	PRISM_AUTO_BUF struct prism_buf text = PRISM_BUF_INIT(CORE_CACHE_FILE);
	struct prism_error ignored = PRISM_ERROR_INIT;
	struct stat link, info;
	cJSON *doc;

	if (!core_cache_active(core))
		return NULL;
	path = file_of(cache_of(core), name);
	if (lstat(path, &link) < 0 || !trusted(&link) ||
	    prism_file_read_stat(path, CORE_CACHE_FILE, &text, &info, &ignored) < 0 || !trusted(&info))
		return NULL;
	doc = core_cache_parse(prism_buf_text(&text), text.len, name, ret_us);
	if (!doc)
		prism_log(PRISM_LOG_INFO, "cache", "%s is not what it should be; it is ignored",
		          prism_path_base(path));
	return doc;
}

/* "https://prism.example /w1/computations?limit=100" */
static char *name_of(const struct core *core, enum core_service service, const char *path)
{
	return prism_asprintf("%s %d%s", core_option_text(core_options(core), CORE_OPT_URL),
	                      (int)service, path);
}

cJSON *core_cache_recall(struct core *core, const struct core_call *call, int64_t *ret_us)
{
	const struct core_endpoint *row = &core_endpoints[call->endpoint];
	PRISM_AUTO_BUF struct prism_buf path = PRISM_BUF_INIT(CORE_PATH_MAX);
	PRISM_AUTO_FREE char *name = NULL;

	if (!core_cache_active(core) || !(row->flags & CORE_EPF_CACHED) ||
	    core_request_path(core, row, call, &path, NULL) < 0)
		return NULL;
	name = name_of(core, row->service, prism_buf_text(&path));
	return core_cache_fetch(core, name, ret_us);
}

/* --- writing --- */

struct job {
	char *path, *dir, *head;
	struct prism_buf text;
	int64_t size_max; /* bytes of the directory; 0: not looked at this time */
};

static void job_free(struct job *job)
{
	prism_free(job->path);
	prism_free(job->dir);
	prism_free(job->head);
	prism_buf_finish(&job->text);
	prism_free(job);
}

struct kept {
	char *name;
	int64_t size, time;
};

static int newest_first(const void *a, const void *b)
{
	const struct kept *x = a, *y = b;

	return x->time > y->time ? -1 : x->time < y->time;
}

static size_t list_files(const char *dir, struct kept **ret_files)
{
	DIR *open = opendir(dir);
	struct kept *files = NULL;
	size_t count = 0, room = 0;
	const struct dirent *entry;

	while (open && count < FILES_MAX && (entry = readdir(open))) {
		size_t len = strlen(entry->d_name);
		struct stat info;

		if (len <= strlen(SUFFIX) || strcmp(entry->d_name + len - strlen(SUFFIX), SUFFIX) != 0 ||
		    fstatat(dirfd(open), entry->d_name, &info, AT_SYMLINK_NOFOLLOW) < 0)
			continue;
		if (count == room) {
			room = room ? room * 2 : 64;
			files = prism_realloc_array(files, room, sizeof(*files));
		}
		files[count++] =
		    (struct kept){prism_path_join(dir, entry->d_name), info.st_size, info.st_mtime};
	}
	if (open)
		closedir(open);
	*ret_files = files;
	return count;
}

/* The newest files that fit stay. */
static void trim(const char *dir, int64_t most)
{
	struct kept *files;
	size_t count = list_files(dir, &files);
	int64_t sum = 0;

	if (count)
		qsort(files, count, sizeof(*files), newest_first);
	for (size_t i = 0; i < count; i++) {
		sum += files[i].size;
		if (sum > most)
			unlink(files[i].name);
		prism_free(files[i].name);
	}
	prism_free(files);
}

/* On a worker, or at the end in its place. */
static void job_run(void *data)
{
	struct job *job = data;
	PRISM_AUTO_JSON cJSON *doc = prism_json_parse(job->text.data, job->text.len, NULL);
	PRISM_AUTO_BUF struct prism_buf out = PRISM_BUF_INIT(CORE_CACHE_FILE);
	PRISM_AUTO_FREE char *json = NULL;
	struct prism_error err = PRISM_ERROR_INIT;

	if (!doc || prism_file_mkdirs(job->dir, 0700, &err) < 0)
		return;
	core_cache_scrub(doc);
	json = prism_json_print(doc, false);
	if (strlen(job->head) + strlen(json) >= CORE_CACHE_FILE)
		return;
	prism_buf_puts(&out, job->head);
	prism_buf_puts(&out, json);
	if (prism_file_write(job->path, out.data, out.len, 0600, &err) < 0)
		prism_log(PRISM_LOG_WARN, "cache", "%s", err.message);
	if (job->size_max)
		trim(job->dir, job->size_max);
}

static void job_done(void *data, bool cancelled)
{
	if (cancelled) /* the program ends: what is known now is what the next start shows */
		job_run(data);
	job_free(data);
}

/* True: this very answer was written a moment ago. */
static bool written_lately(struct cache *cache, const char *name, const char *json, size_t len)
{
	uint64_t of_name = hash(name, strlen(name)), of_content = hash(json, len);
	int64_t now = prism_clock_mono_ms(core_clock(cache->core));
	struct written *slot = NULL;

	for (size_t i = 0; i < WRITTEN_MAX && !slot; i++)
		if (cache->written[i].name == of_name)
			slot = &cache->written[i];
	if (slot && slot->content == of_content && now - slot->at_ms < CORE_CACHE_AGAIN_MS)
		return true;
	if (!slot)
		slot = &cache->written[cache->next++ % WRITTEN_MAX];
	*slot = (struct written){of_name, of_content, now};
	return false;
}

void core_cache_store(struct core *core, const char *name, const char *json, size_t len)
{
	struct cache *cache = cache_of(core);
	struct job *job;

	if (!core_cache_active(core) || len > CORE_CACHE_FILE / 2 || strchr(name, '\n') ||
	    written_lately(cache, name, json, len))
		return;
	job = prism_alloc(sizeof(*job));
	job->dir = prism_strdup(cache->dir);
	job->path = file_of(cache, name);
	job->head =
	    prism_asprintf(MAGIC "%" PRId64 " %s\n", prism_clock_wall_us(core_clock(core)), name);
	prism_buf_init(&job->text, CORE_CACHE_FILE);
	prism_buf_put(&job->text, json, len);
	if (cache->writes++ % TRIM_EVERY == 0)
		job->size_max = core_option_int(core_options(core), CORE_OPT_CACHE_SIZE) << 20;
	prism_work_submit(core_work(core), NULL, job_run, job_done, job);
}

/* Pages far down a list are not what anybody looks at before the server answers. */
static bool far_down(const char *path)
{
	const char *offset = strstr(path, "offset=");

	return offset && strtoull(offset + strlen("offset="), NULL, 10) >= CORE_CACHE_ROWS;
}

void core_cache_offer(struct core *core, const struct core_endpoint *row, const char *path,
                      const char *json, size_t len)
{
	PRISM_AUTO_FREE char *name = NULL;

	if (!(row->flags & CORE_EPF_CACHED) || core_dying(core) || !core_cache_active(core) ||
	    far_down(path))
		return;
	name = name_of(core, row->service, path);
	core_cache_store(core, name, json, len);
}

/* --- whose it is --- */

size_t core_cache_size(const struct core *core, int64_t *ret_bytes)
{
	PRISM_AUTO_FREE char *dir = core_cache_dir(core);
	struct kept *files = NULL;
	size_t count = dir ? list_files(dir, &files) : 0;

	*ret_bytes = 0;
	for (size_t i = 0; i < count; i++) {
		*ret_bytes += files[i].size;
		prism_free(files[i].name);
	}
	prism_free(files);
	return count;
}

int core_cache_clear(struct core *core, size_t *ret_count, struct prism_error *err)
{
	PRISM_AUTO_FREE char *dir = core_cache_dir(core);
	struct kept *files = NULL;
	size_t count = dir ? list_files(dir, &files) : 0;
	int result = 0;

	*ret_count = 0;
	for (size_t i = 0; i < count; i++) {
		if (unlink(files[i].name) == 0)
			++*ret_count;
		else if (errno != ENOENT && result == 0)
			result = prism_error_errno(err, errno, "%s", files[i].name);
		prism_free(files[i].name);
	}
	prism_free(files);
	memset(cache_of(core)->written, 0, sizeof(cache_of(core)->written));
	return result;
}

/* What another person left is gone before anything of it is shown. */
static void check_owner(struct cache *cache)
{
	const char *me = core_session_user_id(cache->core);
	PRISM_AUTO_FREE char *path = cache->dir ? prism_path_join(cache->dir, OWNER) : NULL;
	PRISM_AUTO_BUF struct prism_buf owner = PRISM_BUF_INIT(OWNER_MAX);
	struct prism_error ignored = PRISM_ERROR_INIT;
	size_t count;

	if (!*me || !core_cache_active(cache->core))
		return;
	if (prism_file_read(path, OWNER_MAX, &owner, &ignored) == 0 &&
	    strcmp(prism_buf_text(&owner), me) == 0)
		return;
	if (*core_workspace_id(cache->core)) /* what is shown may be another person's */
		core_workspaces_forget(cache->core);
	if (core_cache_clear(cache->core, &count, &ignored) < 0 ||
	    prism_file_mkdirs(cache->dir, 0700, &ignored) < 0 ||
	    prism_file_write(path, me, strlen(me), 0600, &ignored) < 0) {
		prism_log(PRISM_LOG_WARN, "cache", "it is not used: %s", ignored.message);
		cache->started = false;
	}
}

static void on_event(void *data, const struct core_event *event)
{
	if (event->type == CORE_EVENT_SESSION)
		check_owner(data);
}

/* The directory is this user's alone, or it is not used. */
static bool usable(const char *dir)
{
	struct stat info;

	if (lstat(dir, &info) < 0)
		return errno == ENOENT;
	return S_ISDIR(info.st_mode) && info.st_uid == geteuid() &&
	       (!(info.st_mode & 077) || chmod(dir, 0700) == 0);
}

void core_cache_start(struct core *core)
{
	struct cache *cache = cache_of(core);

	if (cache->started)
		return;
	cache->dir = core_cache_dir(core);
	if (cache->dir && !usable(cache->dir)) {
		core_notify(core, CORE_WARNING, "the cache is not used: %s is not only yours", cache->dir);
		prism_free(cache->dir);
		cache->dir = NULL;
	}
	cache->started = true;
	cache->subscription = core_subscribe(core, on_event, cache);
	check_owner(cache);
}
