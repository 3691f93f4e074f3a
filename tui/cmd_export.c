/*
 * "computation export": computations with their roles and assets into one file.
 */
#include "base/mem.h"
#include "base/text.h"
#include "core/export.h"
#include "tui/commands.h"

#include <string.h>

#define WARNINGS_MAX 20 /* said one by one; the rest is counted */

struct leaving { /* one export */
	size_t warnings;
};

static void progress(void *data, size_t done, size_t total)
{
	pt_command_progress(data, "exporting computations", done, total);
}

static void warned(void *data, const char *text)
{
	struct pt_command *command = data;
	struct leaving *leaving = command->state;

	if (leaving->warnings++ < WARNINGS_MAX)
		pt_command_say(command, "%s", text);
}

static void exported(void *data, const struct core_export_result *result,
                     const struct prism_error *err)
{
	static const struct pt_record_column columns[] = {{"file", "File"},
	                                                  {"computations", "Computations"},
	                                                  {"bytes", "Bytes"},
	                                                  {"skipped", "Skipped"},
	                                                  {"incomplete", "Incomplete"},
	                                                  {"private_keys", "Private keys"},
	                                                  {NULL, NULL}};
	struct pt_command *command = data;
	const struct leaving *leaving = command->state;
	char size[24];

	if (err) {
		pt_command_done(command, err);
		return;
	}
	if (leaving->warnings > WARNINGS_MAX)
		pt_command_say(command, "and %zu more left out", leaving->warnings - WARNINGS_MAX);
	if (result->keys)
		pt_command_say(command,
		               "the file holds the private keys of %zu agent%s: whoever reads it can pose "
		               "as them (--no-private-keys leaves them out)",
		               result->keys, result->keys == 1 ? "" : "s");
	command->records = pt_records_create(columns, PT_RECORD_SINGLE);
	pt_records_text(command->records, pt_command_get(command, "file"));
	pt_records_int(command->records, (int64_t)result->computations);
	pt_records_int(command->records, (int64_t)result->bytes);
	pt_records_int(command->records, (int64_t)result->skipped);
	pt_records_int(command->records, (int64_t)result->incomplete);
	pt_records_int(command->records, (int64_t)result->keys);
	pt_command_message(command, "%zu computation%s exported to %s, %s%s", result->computations,
	                   result->computations == 1 ? "" : "s", pt_command_get(command, "file"),
	                   prism_text_bytes(result->bytes, size),
	                   result->keys ? "; private keys inside, keep it secret" : "");
	pt_command_done(command, NULL);
}

void pt_cmd_computation_export(struct pt_command *command)
{
	struct prism_error err = PRISM_ERROR_INIT;
	size_t count;
	const char *const *ids = pt_command_all(command, "computation", &count);
	struct core_export_spec spec = {
	    .path = pt_command_get(command, "file"),
	    .replace = pt_command_flag(command, "replace"),
	    .ids = ids,
	    .count = pt_command_flag(command, "all") ? 0 : count,
	    .private_keys = !pt_command_flag(command, "no-private-keys"),
	    .samples = !pt_command_flag(command, "no-samples"),
	    .manifests = pt_command_get(command, "manifests"),
	    .progress = progress,
	    .warn = warned,
	};

	if (count == 0 && !pt_command_flag(command, "all")) {
		prism_error_raise(&err, PRISM_ERROR_INVALID, "no computation is named");
		prism_error_hint(&err, "name some, or give --all for every computation of the workspace");
		pt_command_done(command, &err);
		return;
	}
	command->state = prism_alloc(sizeof(struct leaving));
	command->state_free = prism_free;
	pt_command_try(
	    command, core_export_start(command->core, &spec, command->cancel, exported, command, &err),
	    &err);
}
