/*
 * Commands on files of a host behind SSH: list, get, put, and pushing issued certificates.  Each
 * works on a place of the world (core/place_sftp.h); the way to it is the first argument.
 */
#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/text.h"
#include "core/cert.h"
#include "core/logstore.h"
#include "core/place_sftp.h"
#include "core/remotelog.h"
#include "core/tunnels.h"
#include "tui/commands.h"

#include <string.h>

#define FILE_MAX (256u << 20) /* bytes held in memory while they travel */

static struct core_place *host(struct pt_command *command, struct prism_error *err)
{
	return pt_world_host(command->world, pt_command_get(command, "host"), err);
}

/* ---- host list ---- */

static const struct pt_record_column list_columns[] = {
    {"name", "Name"},         {"kind", "Kind"}, {"size", "Size"},
    {"modified", "Modified"}, {"mode", "Mode"}, {NULL, NULL},
};

static const char *kind_word(const struct core_place_entry *entry)
{
	static const char *const words[] = {"file", "directory", "special"};

	return entry->broken ? "broken link" : words[entry->kind];
}

static void listed(void *data, struct core_place_listing *listing, const struct prism_error *err)
{
	struct pt_command *command = data;
	char mode[16];

	if (err) {
		pt_command_done(command, err);
		return;
	}
	command->records = pt_records_create(list_columns, 0);
	for (size_t i = 0; i < listing->count; i++) {
		const struct core_place_entry *entry = &listing->entries[i];

		pt_records_text(command->records, entry->name);
		pt_records_text(command->records, kind_word(entry));
		pt_records_int(command->records, (int64_t)entry->size);
		pt_records_time(command->records, entry->modified_us);
		snprintf(mode, sizeof(mode), "%04o", entry->mode);
		pt_records_text(command->records, mode);
	}
	if (listing->cut)
		pt_command_say(command, "there are more than %d names; the rest is left out",
		               CORE_PLACE_ENTRIES_MAX);
	pt_command_done(command, NULL);
}

void pt_cmd_host_list(struct pt_command *command)
{
	struct prism_error err = PRISM_ERROR_INIT;
	struct core_place *place = host(command, &err);
	const char *path = pt_command_get(command, "path");

	if (!place)
		pt_command_done(command, &err);
	else
		pt_command_try(
		    command,
		    core_place_list(place, path ? path : "~", command->cancel, listed, command, &err),
		    &err);
}

/* ---- host get, host put ---- */

static void got(void *data, struct prism_buf *bytes, const struct core_place_entry *entry,
                const struct prism_error *why)
{
	struct pt_command *command = data;
	PRISM_AUTO_FREE char *path = prism_path_expand(pt_command_get(command, "file"));
	struct prism_error err = PRISM_ERROR_INIT;
	char size[24];

	if (why) {
		pt_command_done(command, why);
		return;
	}
	/* never more open than it was there, and nobody else writes here */
	if (prism_file_write(path, prism_buf_text(bytes), bytes->len,
	                     entry->mode & 0700 ? entry->mode & 0644 : 0600, &err) < 0) {
		pt_command_done(command, &err);
		return;
	}
	pt_command_message(command, "%s written to %s", prism_text_bytes(bytes->len, size), path);
	pt_command_done(command, NULL);
}

void pt_cmd_host_get(struct pt_command *command)
{
	struct prism_error err = PRISM_ERROR_INIT;
	struct core_place *place = host(command, &err);

	if (!place)
		pt_command_done(command, &err);
	else
		pt_command_try(command,
		               core_place_read(place, pt_command_get(command, "path"), FILE_MAX,
		                               command->cancel, got, command, &err),
		               &err);
}

static const struct pt_record_column put_columns[] = {
    {"path", "Path"}, {"sha256", "SHA-256"}, {"kept", "Former file"}, {NULL, NULL}};

static void add_written(struct pt_records *records, const char *path, const char *kept,
                        const uint8_t *sha256)
{
	char hex[65];

	prism_hex_encode(sha256, 32, hex);
	pt_records_text(records, path);
	pt_records_text(records, hex);
	pt_records_text(records, kept);
}

static void put(void *data, const char *kept, const uint8_t *sha256, const struct prism_error *err)
{
	struct pt_command *command = data;

	if (!err) {
		command->records = pt_records_create(put_columns, 0);
		add_written(command->records, pt_command_get(command, "path"), kept, sha256);
	}
	pt_command_done(command, err);
}

static void putting(void *data, const char *what, uint64_t done, uint64_t total)
{
	pt_command_progress(data, what, done, total);
}

void pt_cmd_host_put(struct pt_command *command)
{
	struct prism_error err = PRISM_ERROR_INIT;
	PRISM_AUTO_FREE char *file = prism_path_expand(pt_command_get(command, "file"));
	struct core_place *place = host(command, &err);
	const struct core_place_put what = {.file = file,
	                                    .path = pt_command_get(command, "path"),
	                                    .mode = 0600,
	                                    .fresh = pt_command_flag(command, "new"),
	                                    .progress = putting};

	if (!place)
		pt_command_done(command, &err);
	else
		pt_command_try(
		    command, core_place_sftp_put(place, &what, command->cancel, put, command, &err), &err);
}

/* ---- cert push ---- */

struct pushing {
	struct pt_command *command;
	struct core_place *place;
	struct core_cert_files files; /* a copy: the download lends them */
	unsigned at;
	char *path; /* of the file under way */
};

static void pushing_free(void *state)
{
	struct pushing *p = state;

	core_cert_files_finish(&p->files);
	prism_free(p->path);
	prism_free(p);
}

static void push_next(struct pushing *p);

static void pushed(void *data, const char *kept, const uint8_t *sha256,
                   const struct prism_error *err)
{
	struct pushing *p = data;
	struct prism_error failed;

	if (err) {
		failed = *err;
		if (p->at && failed.category != PRISM_ERROR_CANCELLED)
			prism_error_hint(&failed, "%u of %d files are in place, the former ones beside them",
			                 p->at, CORE_CERT_FILE_COUNT);
		pt_command_done(p->command, &failed);
		return;
	}
	add_written(p->command->records, p->path, kept, sha256);
	p->at++;
	push_next(p);
}

/* The CA first and the key last: a service that reads them meanwhile finds what it knows. */
static void push_next(struct pushing *p)
{
	struct pt_command *command = p->command;
	struct prism_error err = PRISM_ERROR_INIT;
	enum core_cert_file file = (enum core_cert_file)p->at;

	if (p->at == CORE_CERT_FILE_COUNT) {
		pt_command_message(command, "certificate, key and CA pushed to %s, compared after writing",
		                   p->place->name);
		pt_command_done(command, NULL);
		return;
	}
	prism_free(p->path);
	p->path = core_place_join(pt_command_get(command, "directory"), core_cert_file_name(file));
	pt_command_say(command, "%s: %s", p->place->name, p->path);
	pt_command_try(command,
	               core_place_sftp_replace(p->place, p->path, p->files.pem[file].data,
	                                       p->files.pem[file].len, core_cert_file_mode(file),
	                                       command->cancel, pushed, p, &err),
	               &err);
}

static void push_files(void *data, const struct core_cert_files *files,
                       const struct prism_error *err)
{
	struct pushing *p = data;

	if (err) {
		pt_command_done(p->command, err);
		return;
	}
	for (unsigned i = 0; i < CORE_CERT_FILE_COUNT; i++) {
		prism_buf_init(&p->files.pem[i], files->pem[i].len + 1);
		prism_buf_put(&p->files.pem[i], files->pem[i].data, files->pem[i].len);
	}
	p->command->records = pt_records_create(put_columns, 0);
	push_next(p);
}

void pt_cmd_cert_push(struct pt_command *command)
{
	struct prism_error err = PRISM_ERROR_INIT;
	struct core_place *place = host(command, &err);
	struct pushing *p;

	if (!place) {
		pt_command_done(command, &err);
		return;
	}
	p = command->state = prism_alloc(sizeof(*p));
	command->state_free = pushing_free;
	p->command = command;
	p->place = place;
	pt_command_try(command,
	               core_cert_download(command->core, pt_command_get(command, "certificate"),
	                                  command->cancel, push_files, p, &err),
	               &err);
}

/* ---- log host ---- */

struct following {
	struct pt_command *command;
	struct core_logstore *store;
	struct core_remotelog *log;
	struct prism_cancel_hook hook;
};

static void following_free(void *state)
{
	struct following *f = state;

	core_remotelog_stop(f->log);
	prism_cancel_remove(&f->hook);
	core_logstore_destroy(f->store);
	prism_free(f);
}

static const struct pt_record_column log_columns[] = {{"timestamp", "Time"},
                                                      {"level", "Level"},
                                                      {"source", NULL},
                                                      {"message", "Message"},
                                                      {NULL, NULL}};

#define FOLLOWED_LINES \
	20000 /* kept, so that what is told again after a break is not printed again */

/* A printed line carries a mark. */
static void print_fresh(struct following *f)
{
	size_t count = core_logstore_count(f->store);

	f->command->records = pt_records_create(log_columns, 0);
	for (size_t i = 0; i < count; i++) {
		uint32_t id = core_logstore_first(f->store) + (uint32_t)i;
		struct core_log_line line = core_logstore_line(f->store, id);

		if (line.marked)
			continue;
		core_logstore_mark(f->store, id, true);
		PRISM_AUTO_FREE char *text = prism_strndup(line.text, line.len);
		pt_records_time(f->command->records, line.time_us);
		pt_records_text(f->command->records, core_logstore_level(f->store, line.level));
		pt_records_text(f->command->records, core_remotelog_tag(f->log));
		pt_records_text(f->command->records, text);
	}
	pt_command_rows(f->command);
}

static void lines_came(void *data)
{
	struct following *f = data;
	bool final = false;
	const struct prism_error *err = core_remotelog_error(f->log, &final);

	print_fresh(f);
	if (err && final)
		pt_command_done(f->command, err);
	else if (err)
		pt_command_say(f->command, "%s; it is tried again", err->message);
}

static void following_cancelled(void *data)
{
	struct following *f = data;
	struct prism_error err = PRISM_ERROR_INIT;

	prism_error_raise(&err, PRISM_ERROR_CANCELLED, "cancelled");
	pt_command_done(f->command, &err);
}

void pt_cmd_log_host(struct pt_command *command)
{
	struct prism_error err = PRISM_ERROR_INIT;
	struct net_tunnel *tunnel = NULL;
	struct following *f;

	if (command->world->screen) {
		prism_error_raise(&err, PRISM_ERROR_CONFLICT, "open the logs of a computation first");
		prism_error_hint(&err, "the lines are merged into them");
	} else {
		tunnel = core_tunnel(command->core, pt_command_get(command, "host"), &err);
	}
	if (!tunnel) {
		pt_command_done(command, &err);
		return;
	}
	f = command->state = prism_alloc(sizeof(*f));
	command->state_free = following_free;
	f->command = command;
	f->store = core_logstore_create(0, FOLLOWED_LINES);
	f->hook = (struct prism_cancel_hook){.fire = following_cancelled, .data = f};
	prism_cancel_add(command->cancel, &f->hook);
	f->log = core_remotelog_start(command->world->loop, tunnel, pt_command_get(command, "source"),
	                              f->store, lines_came, f, &err);
	if (!f->log)
		pt_command_done(command, &err);
}
