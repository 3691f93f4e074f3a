/*
 * Commands about what is kept on this machine between two starts.
 */
#include "base/mem.h"
#include "core/cache.h"
#include "core/options.h"
#include "tui/commands.h"

void pt_cmd_cache_show(struct pt_command *command)
{
	static const struct pt_record_column columns[] = {
	    {"enabled", "Kept"}, {"directory", "Directory"},    {"files", "Files"},
	    {"bytes", "Bytes"},  {"limit_mib", "At most, MiB"}, {NULL, NULL}};
	const struct core_options *options = core_options(command->core);
	PRISM_AUTO_FREE char *dir = core_cache_dir(command->core);
	struct pt_records *r = command->records = pt_records_create(columns, PT_RECORD_SINGLE);
	int64_t bytes;
	size_t count = core_cache_size(command->core, &bytes);

	pt_records_bool(r, core_option_bool(options, CORE_OPT_CACHE));
	pt_records_text(r, dir);
	pt_records_int(r, (int64_t)count);
	pt_records_int(r, bytes);
	pt_records_int(r, core_option_int(options, CORE_OPT_CACHE_SIZE));
	pt_command_done(command, NULL);
}

void pt_cmd_cache_clear(struct pt_command *command)
{
	struct prism_error err = PRISM_ERROR_INIT;
	size_t count;

	if (core_cache_clear(command->core, &count, &err) == 0)
		pt_command_message(command, "%zu file%s deleted", count, count == 1 ? "" : "s");
	pt_command_done(command, err.category ? &err : NULL);
}
