/*
 * Appending to the audit trail, rotating it, reading it back.  What goes in is decided by its
 * callers: core/request.c for the server, tui/world.c for agents.
 */
#include "core/audit.h"

#include "base/file.h"
#include "core/internal.h"
#include "core/session.h"
#include "core/workspace.h"
#include "net/crypto.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

#define FIELD_MAX 2048 /* names and error texts come from a server: longer ones are cut */
#define FIELDS 12      /* a few more than a line has */
/* The longest line this can write: each byte of a field may need six in JSON. */
#define LINE_MAX_BYTES ((size_t)FIELDS * (6 * FIELD_MAX + 32))

struct audit {
	struct core *core;
	char *path;  /* NULL: no home */
	bool warned; /* that it cannot be written */
};

static void *create(struct core *core)
{
	struct audit *audit = prism_alloc(sizeof(*audit));
	audit->core = core;
	audit->path = core_audit_path(core_options(core));
	return audit;
}

static void destroy(void *state)
{
	struct audit *audit = state;
	prism_free(audit->path);
	prism_free(audit);
}

static const struct core_module module = {.name = "audit", .create = create, .destroy = destroy};

const char *core_audit_outcome_word(enum core_audit_outcome outcome)
{
	static const char *const words[CORE_AUDIT_OUTCOME_COUNT] = {
#define X(id, word, text) [CORE_AUDIT_##id] = word,
	    CORE_AUDIT_OUTCOME_MAP(X)
#undef X
	};
	return words[outcome];
}

char *core_audit_path(const struct core_options *options)
{
	const char *named = core_option_text(options, CORE_OPT_AUDIT_FILE);
	return *named ? prism_path_expand(named) : prism_path_state("audit.jsonl");
}

void core_audit_new_id(char ret[CORE_AUDIT_ID])
{
	unsigned char bytes[8];
	net_random_bytes(bytes, sizeof(bytes));
	for (size_t i = 0; i < sizeof(bytes); i++)
		snprintf(ret + 2 * i, 3, "%02x", bytes[i]);
}

enum core_audit_outcome core_audit_judge(const struct prism_error *error)
{
	if (!error)
		return CORE_AUDIT_DONE;
	if (error->category == PRISM_ERROR_CANCELLED)
		return CORE_AUDIT_CANCELLED;
	/* An answer of the service says no; 5xx, silence and what cannot be read say nothing about what
	 * happened behind them. */
	if (error->status >= 400 && error->status < 500)
		return CORE_AUDIT_REFUSED;
	if (error->status >= 500 || error->category == PRISM_ERROR_TIMEOUT ||
	    error->category == PRISM_ERROR_IO || error->category == PRISM_ERROR_PROTOCOL)
		return CORE_AUDIT_UNCLEAR;
	return CORE_AUDIT_REFUSED;
}

/* ---- the file ---- */

static char *numbered(const char *path, int number)
{
	return number ? prism_asprintf("%s.%d", path, number) : prism_strdup(path);
}

/* Makes room: .4 becomes .5, ..., the file itself .1. The lock is on the file that is moved away;
 * whoever waited for it finds another file under the name and opens that. */
static void rotate(const char *path)
{
	for (int i = CORE_AUDIT_KEEP; i > 0; i--) {
		PRISM_AUTO_FREE char *from = numbered(path, i - 1);
		PRISM_AUTO_FREE char *to = numbered(path, i);
		if (rename(from, to) != 0 && errno != ENOENT)
			return;
	}
}

static int open_trail(const char *path, struct prism_error *err)
{
	int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
	struct stat st;
	if (fd < 0)
		return prism_error_raise(err, PRISM_ERROR_IO, "%s: %s", path, strerror(errno));
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
		close(fd);
		return prism_error_raise(err, PRISM_ERROR_IO, "%s: not a regular file", path);
	}
	if (st.st_mode & 077) /* made by hand, or before a careless umask */
		(void)fchmod(fd, 0600);
	return fd;
}

/* The descriptor to append to, locked; rotates first when the file is full. */
static int open_locked(const char *path, struct prism_error *err)
{
	for (int attempt = 0; attempt < 4; attempt++) {
		int fd = open_trail(path, err);
		struct stat mine, named;
		if (fd < 0)
			return -1;
		(void)flock(fd, LOCK_EX); /* held for one append; where there are no locks, without */
		if (fstat(fd, &mine) == 0 && stat(path, &named) == 0 && mine.st_ino == named.st_ino &&
		    mine.st_dev == named.st_dev) {
			if (mine.st_size < (off_t)CORE_AUDIT_BYTES)
				return fd;
			rotate(path);
		}
		close(fd);
	}
	return prism_error_raise(err, PRISM_ERROR_IO, "%s: cannot be rotated", path);
}

static int make_directory(const char *path, struct prism_error *err)
{
	const char *slash = strrchr(path, '/');
	PRISM_AUTO_FREE char *dir = prism_strndup(path, slash ? (size_t)(slash - path) : 0);
	return *dir ? prism_file_mkdirs(dir, 0700, err) : 0;
}

/* All of it or nothing: half a line would take the next one with it. */
static int append_line(int fd, const char *path, const char *line, size_t len,
                       struct prism_error *err)
{
	struct stat before;
	bool sized = fstat(fd, &before) == 0;
	ssize_t n = write(fd, line, len);
	int why = n < 0 ? errno : ENOSPC; /* what keeps a write short is said by the next one only */

	if (n == (ssize_t)len)
		return 0;
	if (n > 0 && sized && ftruncate(fd, before.st_size) != 0)
		why = errno;
	return prism_error_raise(err, PRISM_ERROR_IO, "%s: %s", path, strerror(why));
}

static int append(const struct audit *audit, const char *line, size_t len, struct prism_error *err)
{
	if (!audit->path)
		return prism_error_raise(err, PRISM_ERROR_IO, "there is no home directory to keep it in");
	if (make_directory(audit->path, err) < 0)
		return -1;
	PRISM_AUTO_FD int fd = open_locked(audit->path, err);
	if (fd < 0)
		return -1;
	return len ? append_line(fd, audit->path, line, len, err) : 0;
}

/* ---- writing ---- */

static bool off(const struct core *core)
{
	return !strcmp(core_option_text(core_options(core), CORE_OPT_AUDIT), "off");
}

static void warn(struct audit *audit, const struct prism_error *err)
{
	char text[512];
	if (audit->warned || core_dying(audit->core))
		return;
	audit->warned = true;
	core_notify(audit->core, CORE_WARNING, "changes are not recorded: the audit trail: %s",
	            prism_error_format(err, text, sizeof(text)));
}

int core_audit_ready(struct core *core, struct prism_error *err)
{
	struct audit *audit = core_module(core, &module);
	if (strcmp(core_option_text(core_options(core), CORE_OPT_AUDIT), "required") != 0)
		return 0;
	if (append(audit, "", 0, err) == 0)
		return 0;
	err->category = PRISM_ERROR_IO; /* whatever kept it from being opened */
	prism_error_wrap(err, "the audit trail cannot be written, so nothing is changed");
	prism_error_hint(err, "make room or mend its permissions, or set audit = on in the profile");
	return -1;
}

static void put(cJSON *line, const char *key, const char *value)
{
	size_t len = value ? strnlen(value, FIELD_MAX + 1) : 0;
	if (len > FIELD_MAX) /* between characters: UTF-8 goes on with bytes 10xxxxxx */
		for (len = FIELD_MAX; len && ((unsigned char)value[len] & 0xc0) == 0x80;)
			len--;
	PRISM_AUTO_FREE char *cut = prism_strndup(value ? value : "", len);
	cJSON_AddStringToObject(line, key, cut);
}

static cJSON *line_of(struct core *core, const struct core_audit_entry *entry)
{
	PRISM_AUTO_FREE char *server =
	    net_url_display(core_option_text(core_options(core), CORE_OPT_URL));
	char time[PRISM_TIME_TEXT], error[1024] = "";
	cJSON *line = cJSON_CreateObject();
	if (entry->error)
		prism_error_format(entry->error, error, sizeof(error));
	put(line, "time", prism_time_format(prism_clock_wall_us(core_clock(core)), 3, time));
	put(line, "profile", core_options_profile(core_options(core)));
	put(line, "server", entry->server ? entry->server : server);
	put(line, "user", core_session_login_name(core));
	put(line, "workspace", core_workspace_id(core));
	put(line, "action", entry->action);
	put(line, "object", entry->object);
	put(line, "outcome", core_audit_outcome_word(entry->outcome));
	cJSON_AddNumberToObject(line, "status", entry->status);
	put(line, "error", error);
	put(line, "request_id", entry->request_id);
	return line;
}

void core_audit_write(struct core *core, const struct core_audit_entry *entry)
{
	struct audit *audit = core_module(core, &module);
	struct prism_error err = PRISM_ERROR_INIT;
	if (off(core))
		return;
	PRISM_AUTO_JSON cJSON *line = line_of(core, entry);
	PRISM_AUTO_FREE char *text = prism_json_print(line, false);
	if (core_option_bool(core_options(core), CORE_OPT_AUDIT_SYSLOG))
		syslog(LOG_USER | LOG_NOTICE, "prism-tui: %s", text);
	PRISM_AUTO_FREE char *ended = prism_asprintf("%s\n", text);
	if (append(audit, ended, strlen(ended), &err) < 0)
		warn(audit, &err);
	else
		audit->warned = false;
}

/* ---- reading ---- */

static void take_line(struct core_audit_log *log, const char *text, size_t len)
{
	PRISM_AUTO_JSON cJSON *doc = prism_json_parse(text, len, NULL);
	if (!cJSON_IsObject(doc)) {
		log->damaged++;
		return;
	}
	log->rows = prism_realloc_array(log->rows, log->count + 1, sizeof(*log->rows));
	log->rows[log->count++] = (struct core_audit_row){
	    .wall_us = prism_json_time(doc, "time"),
	    .profile = core_str(log->arena, doc, "profile"),
	    .server = core_str(log->arena, doc, "server"),
	    .user = core_str(log->arena, doc, "user"),
	    .workspace = core_str(log->arena, doc, "workspace"),
	    .action = core_str(log->arena, doc, "action"),
	    .object = core_str(log->arena, doc, "object"),
	    .outcome = core_str(log->arena, doc, "outcome"),
	    .error = core_str(log->arena, doc, "error"),
	    .request_id = core_str(log->arena, doc, "request_id"),
	    .status = (int)prism_json_int(doc, "status", 0),
	};
}

/* Lines of one file from its end; false when that is enough. */
static bool take_file(struct core_audit_log *log, const struct prism_buf *text, size_t most)
{
	const char *data = prism_buf_text(text);
	size_t end = text->len;
	while (end > 0 && log->count < most) {
		size_t begin = end - 1; /* the newline that ends the line */
		while (begin > 0 && data[begin - 1] != '\n')
			begin--;
		size_t len = end - begin - (data[end - 1] == '\n');
		if (len > LINE_MAX_BYTES)
			log->damaged++;
		else if (len)
			take_line(log, data + begin, len);
		end = begin;
	}
	return log->count < most;
}

int core_audit_read(const char *path, size_t most, struct core_audit_log *ret,
                    struct prism_error *err)
{
	*ret = (struct core_audit_log){.arena = prism_arena_create()};
	for (int i = 0; i <= CORE_AUDIT_KEEP; i++) {
		PRISM_AUTO_FREE char *name = numbered(path, i);
		/* The line that made it full may stand beyond the limit. */
		PRISM_AUTO_BUF struct prism_buf text = PRISM_BUF_INIT(0);
		struct prism_error failure = PRISM_ERROR_INIT;
		if (access(name, F_OK) != 0)
			continue;
		if (prism_file_read(name, CORE_AUDIT_BYTES + LINE_MAX_BYTES, &text, &failure) < 0) {
			core_audit_log_finish(ret);
			prism_error_copy(err, &failure);
			return prism_error_wrap(err, "the audit trail cannot be read");
		}
		if (!take_file(ret, &text, most))
			break;
	}
	return 0;
}

void core_audit_log_finish(struct core_audit_log *log)
{
	prism_free(log->rows);
	prism_arena_destroy(log->arena);
	*log = (struct core_audit_log){0};
}
