/*
 * The audit trail by command: what this client changed, and copies of it for somebody else.
 */
#include "base/file.h"
#include "base/mem.h"
#include "base/text.h"
#include "core/audit.h"
#include "core/options.h"
#include "tui/commands.h"

#include <string.h>

#define MOST 200000 /* lines; more than the files hold */

static int read_trail(struct pt_command *command, size_t most, struct core_audit_log *ret,
                      struct prism_error *err)
{
	PRISM_AUTO_FREE char *path = core_audit_path(command->world->options);

	if (!path)
		return prism_error_raise(err, PRISM_ERROR_MISSING, "there is no home directory");
	return core_audit_read(path, most, ret, err);
}

static bool wanted(const struct core_audit_row *row, const char *text, int64_t since)
{
	if (since != PRISM_TIME_UNSET && row->wall_us < since)
		return false;
	return !text || prism_text_contains(row->action, text) ||
	       prism_text_contains(row->object, text) || prism_text_contains(row->user, text) ||
	       prism_text_contains(row->outcome, text) || prism_text_contains(row->request_id, text) ||
	       prism_text_contains(row->profile, text);
}

static void add_row(struct pt_records *records, const struct core_audit_row *row)
{
	pt_records_time(records, row->wall_us);
	pt_records_text(records, row->user);
	pt_records_text(records, row->action);
	pt_records_text(records, row->object);
	pt_records_text(records, row->outcome);
	pt_records_int(records, row->status);
	pt_records_text(records, row->error);
	pt_records_text(records, row->profile);
	pt_records_text(records, row->server);
	pt_records_text(records, row->workspace);
	pt_records_text(records, row->request_id);
}

void pt_cmd_audit_list(struct pt_command *command)
{
	static const struct pt_record_column columns[] = {
	    {"time", "Time"},     {"user", "User"},          {"action", "Action"},
	    {"object", "Object"}, {"outcome", "Outcome"},    {"status", "Status"},
	    {"error", NULL},      {"profile", NULL},         {"server", "Server"},
	    {"workspace", NULL},  {"request_id", "Request"}, {NULL, NULL},
	};
	const char *text = pt_command_get(command, "text");
	uint64_t limit = pt_command_number(command, "limit", 100);
	struct prism_error err = PRISM_ERROR_INIT;
	struct core_audit_log log;
	int64_t since;

	if (pt_command_time(command, "since", &since, &err) < 0 ||
	    read_trail(command,
	               text || since != PRISM_TIME_UNSET || limit > MOST ? MOST : (size_t)limit, &log,
	               &err) < 0) {
		pt_command_done(command, &err);
		return;
	}
	command->records = pt_records_create(columns, 0);
	for (size_t i = 0; i < log.count && limit; i++)
		if (wanted(&log.rows[i], text, since)) {
			add_row(command->records, &log.rows[i]);
			limit--;
		}
	if (log.damaged)
		pt_command_say(command, "%zu lines of the trail could not be read", log.damaged);
	core_audit_log_finish(&log);
	pt_command_done(command, NULL);
}

/* The files as they are, oldest line first: what another program wants. */
static int copy_file(const char *path, struct prism_file_writer *to, struct prism_error *err)
{
	PRISM_AUTO_BUF struct prism_buf text = PRISM_BUF_INIT(0);
	struct prism_error missing = PRISM_ERROR_INIT;

	if (prism_file_read(path, 2 * (size_t)CORE_AUDIT_BYTES, &text, &missing) < 0) {
		if (missing.category == PRISM_ERROR_MISSING)
			return 0;
		prism_error_copy(err, &missing);
		return -1;
	}
	return prism_file_writer_write(to, prism_buf_text(&text), text.len, err);
}

static int save(const struct pt_command *command, const char *to, struct prism_error *err)
{
	PRISM_AUTO_FREE char *path = core_audit_path(command->world->options);
	PRISM_AUTO_FREE char *target = prism_path_expand(to);
	struct prism_file_writer *writer;

	if (!path)
		return prism_error_raise(err, PRISM_ERROR_MISSING, "there is no home directory");
	writer = prism_file_writer_create(target, 0600, err);
	if (!writer)
		return -1;
	for (int i = CORE_AUDIT_KEEP; i >= 0; i--) {
		PRISM_AUTO_FREE char *from = i ? prism_asprintf("%s.%d", path, i) : prism_strdup(path);

		if (copy_file(from, writer, err) < 0) {
			prism_file_writer_discard(writer);
			return -1;
		}
	}
	return prism_file_writer_commit(writer, err);
}

void pt_cmd_audit_save(struct pt_command *command)
{
	const char *path = pt_command_get(command, "path");
	struct prism_error err = PRISM_ERROR_INIT;

	if (save(command, path, &err) < 0) {
		pt_command_done(command, &err);
		return;
	}
	pt_command_message(command, "audit trail saved as %s", path);
	pt_command_done(command, NULL);
}
