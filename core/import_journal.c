/*
 * Owns the file of a journal and what its lines say.
 */
#include "core/import_journal.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"
#include "core/internal.h"
#include "net/crypto.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define JOURNAL_MAX (256u << 20) /* bytes read back; a line is some hundred bytes */
#define ENTRIES_MAX 1000000

struct core_journal {
	int fd;
	char *path, *at;
	struct prism_arena *arena;
	struct core_journal_entry *entries;
	size_t count;
	bool any, ended;
};

static struct core_journal_entry *entry_of(struct core_journal *j, size_t index)
{
	if (index >= j->count) {
		size_t count = index + 1 > j->count * 2 ? index + 1 : j->count * 2;
		j->entries = prism_realloc_array(j->entries, count, sizeof(*j->entries));
		memset(j->entries + j->count, 0, (count - j->count) * sizeof(*j->entries));
		j->count = count;
	}
	return &j->entries[index];
}

/* ---- what the lines say ---- */

static const char *const *words_of(struct core_journal *j, const cJSON *array, size_t *ret_count)
{
	return core_str_array(j->arena, array, ret_count);
}

static bool index_in(const cJSON *line, const char *key, size_t *ret_index)
{
	int64_t index = prism_json_int(line, key, -1);

	if (index < 0 || index >= ENTRIES_MAX)
		return false;
	*ret_index = (size_t)index;
	return true;
}

static void apply(struct core_journal *j, const cJSON *line)
{
	struct core_journal_entry *entry;
	size_t index;

	if (index_in(line, "begin", &index)) {
		entry = entry_of(j, index);
		entry->begun = j->any = true;
		entry->done = false;
		entry->id = NULL;
		entry->known = words_of(j, prism_json_array(line, "known"), &entry->known_count);
	} else if (index_in(line, "created", &index)) {
		entry = entry_of(j, index);
		entry->begun = j->any = true;
		entry->id = prism_arena_strdup(j->arena, prism_json_str(line, "id", ""));
	} else if (index_in(line, "granted", &index)) {
		entry = entry_of(j, index);
		entry->granted_role = prism_arena_strdup(j->arena, prism_json_str(line, "role", ""));
		entry->granted = words_of(j, prism_json_array(line, "actions"), &entry->granted_count);
		entry->done = false; /* until it was taken back */
	} else if (index_in(line, "done", &index)) {
		entry = entry_of(j, index);
		entry->done = j->any = true;
		entry->ok = prism_json_bool(line, "ok", false);
	} else if (prism_json_bool(line, "end", false)) {
		j->ended = true;
	} else if (!j->at && *prism_json_str(line, "at", "")) {
		j->at = prism_strdup(prism_json_str(line, "at", ""));
	}
}

/* Whole lines only; what is behind the last break was cut off and goes. */
static int read_back(struct core_journal *j, struct prism_error *err)
{
	PRISM_AUTO_BUF struct prism_buf text = PRISM_BUF_INIT(JOURNAL_MAX);
	char bytes[65536];
	size_t whole = 0;
	ssize_t got;

	while ((got = read(j->fd, bytes, sizeof(bytes))) > 0)
		if (prism_buf_append(&text, bytes, (size_t)got, err) < 0)
			return -1;
	if (got < 0)
		return prism_error_errno(err, errno, "cannot read %s", j->path);
	for (size_t at = 0; at < text.len;) {
		const char *stop = memchr(text.data + at, '\n', text.len - at);
		if (!stop)
			break;
		size_t len = (size_t)(stop - text.data) - at;
		PRISM_AUTO_JSON cJSON *line = prism_json_parse(text.data + at, len, NULL);
		if (line)
			apply(j, line);
		at += len + 1;
		whole = at;
	}
	if (ftruncate(j->fd, (off_t)whole) < 0 || lseek(j->fd, 0, SEEK_END) < 0)
		return prism_error_errno(err, errno, "cannot write %s", j->path);
	return 0;
}

/* ---- writing ---- */

static int append(struct core_journal *j, cJSON *line, struct prism_error *err)
{
	PRISM_AUTO_FREE char *text = prism_json_print(line, false);
	PRISM_AUTO_FREE char *whole = prism_asprintf("%s\n", text);
	size_t len = strlen(whole);

	if (write(j->fd, whole, len) != (ssize_t)len || fdatasync(j->fd) < 0) {
		cJSON_Delete(line);
		prism_error_errno(err, errno, "the journal of the import cannot be written");
		prism_error_hint(err, "without it nothing is created; see %s", j->path);
		return -1;
	}
	apply(j, line);
	cJSON_Delete(line);
	return 0;
}

static cJSON *line_of(const char *what, size_t index)
{
	cJSON *line = cJSON_CreateObject();

	cJSON_AddNumberToObject(line, what, (double)index);
	return line;
}

int core_journal_begin(struct core_journal *j, size_t index, const char *const *known, size_t count,
                       struct prism_error *err)
{
	cJSON *line = line_of("begin", index);

	cJSON_AddItemToObject(line, "known", core_json_strings(known, count));
	return append(j, line, err);
}

int core_journal_created(struct core_journal *j, size_t index, const char *id,
                         struct prism_error *err)
{
	cJSON *line = line_of("created", index);

	cJSON_AddStringToObject(line, "id", id);
	return append(j, line, err);
}

int core_journal_granted(struct core_journal *j, size_t index, const char *role,
                         const char *const *actions, size_t count, struct prism_error *err)
{
	cJSON *line = line_of("granted", index);

	cJSON_AddStringToObject(line, "role", role);
	cJSON_AddItemToObject(line, "actions", core_json_strings(actions, count));
	return append(j, line, err);
}

int core_journal_done(struct core_journal *j, size_t index, bool ok, struct prism_error *err)
{
	cJSON *line = line_of("done", index);

	cJSON_AddBoolToObject(line, "ok", ok);
	return append(j, line, err);
}

int core_journal_end(struct core_journal *j, struct prism_error *err)
{
	cJSON *line = cJSON_CreateObject();

	cJSON_AddBoolToObject(line, "end", true);
	return append(j, line, err);
}

static int write_head(struct core_journal *j, const struct core_journal_key *key,
                      struct prism_error *err)
{
	cJSON *line = cJSON_CreateObject();
	char at[PRISM_TIME_TEXT];

	cJSON_AddNumberToObject(line, "v", 1);
	cJSON_AddStringToObject(line, "file", key->file);
	cJSON_AddStringToObject(line, "workspace", key->workspace);
	cJSON_AddStringToObject(line, "server", key->server);
	cJSON_AddStringToObject(line, "user", key->user);
	cJSON_AddStringToObject(line, "name", key->name);
	prism_time_format(prism_clock_wall_us(prism_clock_system()), 0, at);
	cJSON_AddStringToObject(line, "at", at);
	return append(j, line, err);
}

/* ---- files ---- */

static char *name_of(const struct core_journal_key *key)
{
	const char *const parts[] = {key->file, key->server, key->workspace, key->user};
	struct net_digest *digest = net_digest_create(NET_SHA3_256);
	uint8_t bytes[NET_DIGEST_MAX];
	char hex[2 * NET_DIGEST_MAX + 1];

	for (size_t i = 0; i < PRISM_COUNT(parts); i++)
		net_digest_update(digest, parts[i], strlen(parts[i]) + 1);
	size_t len = net_digest_final(digest, bytes);
	net_digest_destroy(digest);
	prism_hex_encode(bytes, len, hex);
	return prism_asprintf("%s.journal", hex);
}

/* Removes the oldest ones beyond CORE_JOURNALS_KEPT; failures do not matter. */
static void prune(const char *directory)
{
	for (;;) {
		DIR *dir = opendir(directory);
		char oldest[300] = "";
		struct stat info;
		time_t time = 0;
		size_t count = 0;
		for (struct dirent *item; dir && (item = readdir(dir));) {
			size_t len = strlen(item->d_name);
			PRISM_AUTO_FREE char *path = prism_path_join(directory, item->d_name);
			if (len < 9 || strcmp(item->d_name + len - 8, ".journal") != 0 || stat(path, &info) < 0)
				continue;
			if (count++ == 0 || info.st_mtime < time) {
				time = info.st_mtime;
				snprintf(oldest, sizeof(oldest), "%s", item->d_name);
			}
		}
		if (dir)
			closedir(dir);
		PRISM_AUTO_FREE char *path = prism_path_join(directory, oldest);
		if (count <= CORE_JOURNALS_KEPT || unlink(path) < 0)
			return;
	}
}

static int lock(struct core_journal *j, struct prism_error *err)
{
	if (flock(j->fd, LOCK_EX | LOCK_NB) == 0)
		return 0;
	prism_error_raise(err, PRISM_ERROR_CONFLICT, "another import of this file is under way");
	prism_error_hint(err, "wait until it has ended, then look again");
	return -1;
}

struct core_journal *core_journal_open(const char *directory, const struct core_journal_key *key,
                                       enum core_journal_mode mode, struct prism_error *err)
{
	PRISM_AUTO_FREE char *name = name_of(key);
	int flags = O_RDWR | O_CLOEXEC | O_NOFOLLOW | (mode == CORE_JOURNAL_LOOK ? 0 : O_CREAT);
	struct core_journal *j;

	if (mode != CORE_JOURNAL_LOOK && prism_file_mkdirs(directory, 0700, err) < 0)
		return NULL;
	if (mode != CORE_JOURNAL_LOOK)
		prune(directory);
	j = prism_alloc(sizeof(*j));
	j->path = prism_path_join(directory, name);
	j->arena = prism_arena_create();
	j->fd = open(j->path, flags, 0600);
	if (j->fd < 0)
		prism_error_errno(err, errno, "cannot open %s", j->path);
	else if (lock(j, err) == 0 && (mode != CORE_JOURNAL_ANEW || ftruncate(j->fd, 0) == 0) &&
	         read_back(j, err) == 0 &&
	         (j->at || mode == CORE_JOURNAL_LOOK || write_head(j, key, err) == 0))
		return j;
	core_journal_close(j);
	return NULL;
}

void core_journal_close(struct core_journal *j)
{
	if (!j)
		return;
	if (j->fd >= 0)
		close(j->fd);
	prism_arena_destroy(j->arena);
	prism_free(j->entries);
	prism_free(j->path);
	prism_free(j->at);
	prism_free(j);
}

bool core_journal_fresh(const struct core_journal *j)
{
	return !j->any;
}

bool core_journal_ended(const struct core_journal *j)
{
	return j->ended;
}

const char *core_journal_time(const struct core_journal *j)
{
	return j->at ? j->at : "";
}

const struct core_journal_entry *core_journal_entry(const struct core_journal *j, size_t index)
{
	if (index >= j->count || (!j->entries[index].begun && !j->entries[index].done))
		return NULL;
	return &j->entries[index];
}
