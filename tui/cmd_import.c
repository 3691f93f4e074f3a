/*
 * "computation import": a file is looked at, compared with the workspace, and created.
 *
 *   reading, comparing   news of the plan; with --dry-run it ends here
 *   running              computation by computation
 *   done or stopped      the report: rows, JSON, and a file with --report
 */
#include "tui/cmd_import.h"
#include "base/buf.h"
#include "base/file.h"
#include "base/mem.h"
#include "core/import.h"
#include "tui/commands.h"

#include <inttypes.h>
#include <string.h>

struct importing {
	struct pt_command *command;
	struct core_import *import;
	struct prism_cancel_hook cancelled;
	bool dry, partial, started;
};

static void importing_free(void *state)
{
	struct importing *i = state;

	prism_cancel_remove(&i->cancelled);
	core_import_close(i->import);
	prism_free(i);
}

static void on_cancel(void *data)
{
	struct importing *i = data;

	core_import_cancel(i->import);
}

/* ---- the answer ---- */

char *pt_import_assets(const struct core_import_item *item, char *buf, size_t size)
{
	size_t missing = 0, made = 0;

	for (size_t i = 0; i < item->asset_count; i++) {
		missing += item->assets[i].found == CORE_IMPORT_MISSING;
		made += item->assets[i].found == CORE_IMPORT_EMBEDDED;
	}
	snprintf(buf, size, "%zu", item->asset_count);
	if (item->action > CORE_IMPORT_GO_ON)
		return buf;
	if (missing)
		snprintf(buf, size, "%zu of %zu", item->asset_count - missing, item->asset_count);
	else if (made)
		snprintf(buf, size, made == item->asset_count ? "%zu new" : "%zu, %zu new",
		         item->asset_count, made);
	return buf;
}

static void put_problems(struct importing *i, struct pt_records *records, size_t item)
{
	const struct core_problems *problems = core_import_problems(i->import);
	PRISM_AUTO_BUF struct prism_buf list = PRISM_BUF_INIT(1 << 20);

	for (size_t p = core_problems_first(problems, item);
	     p < problems->count && problems->all[p].item == item && list.len < 4096; p++) {
		const struct core_problem *problem = &problems->all[p];
		if (problem->level == CORE_PROBLEM_NOTE)
			continue;
		prism_buf_printf(&list, "%s%s %" PRIu64 ": %s%s%s", list.len ? "\n" : "",
		                 core_problem_word(problem->level), problem->line, problem->field,
		                 *problem->field ? ": " : "", problem->text);
	}
	pt_records_list(records, prism_buf_text(&list));
}

/* What comes with an update, or what is there beyond the file; of the latter also what becomes of
 * it. */
static void put_beyond(struct importing *i, struct pt_records *records,
                       const struct core_import_beyond *entries, size_t count, bool fate)
{
	PRISM_AUTO_BUF struct prism_buf list = PRISM_BUF_INIT(1 << 20);
	char text[400];

	for (size_t b = 0; b < count && list.len < 4096; b++)
		prism_buf_printf(&list, "%s%s%s%s", list.len ? "\n" : "",
		                 core_import_beyond_text(i->import, &entries[b], text, sizeof(text)),
		                 fate ? ": " : "",
		                 fate ? core_import_beyond_fate(i->import, &entries[b]) : "");
	pt_records_list(records, prism_buf_text(&list));
}

static void make_json(void *data, struct prism_buf *out)
{
	const struct importing *i = data;

	core_import_report(i->import, true, out);
}

static void put_rows(struct importing *i)
{
	static const struct pt_record_column columns[] = {{"line", "Line"},
	                                                  {"name", "Name"},
	                                                  {"action", "Action"},
	                                                  {"outcome", "Outcome"},
	                                                  {"id", "Id"},
	                                                  {"tls_mode", "TLS mode"},
	                                                  {"roles", "Roles"},
	                                                  {"assets", "Assets"},
	                                                  {"problems", "Problems"},
	                                                  {"changes", "Changes"},
	                                                  {"not_in_file", "Not in the file"},
	                                                  {NULL, NULL}};
	struct pt_records *records = pt_records_create(columns, 0);
	char text[64];

	for (size_t n = 0; n < core_import_count(i->import); n++) {
		const struct core_import_item *item = core_import_at(i->import, n);
		pt_records_int(records, (int64_t)item->line);
		pt_records_text(records, item->name);
		pt_records_text(records, core_import_action_word(item->action));
		pt_records_text(records, core_import_outcome_word(item->outcome));
		pt_records_text(records, item->id);
		pt_records_text(records, core_tls_mode_info(item->mode)->label);
		pt_records_int(records, (int64_t)item->role_count);
		pt_records_text(records, pt_import_assets(item, text, sizeof(text)));
		put_problems(i, records, n);
		put_beyond(i, records, item->news, item->news_count, false);
		put_beyond(i, records, item->beyond, item->beyond_count, true);
	}
	pt_records_json_later(records, make_json, i);
	i->command->records = records;
}

int pt_import_save(const struct core_import *import, const char *path, struct prism_error *err)
{
	PRISM_AUTO_FREE char *expanded = prism_path_expand(path);
	PRISM_AUTO_BUF struct prism_buf report = PRISM_BUF_INIT(PT_IMPORT_REPORT_MAX);
	size_t len = strlen(path);

	core_import_report(import, len > 5 && strcmp(path + len - 5, ".json") == 0, &report);
	return prism_file_write(expanded, prism_buf_text(&report), report.len, 0600, err);
}

static void add_part(char *buf, size_t size, size_t count, const char *words)
{
	size_t used = strlen(buf);

	if (count)
		snprintf(buf + used, size - used, "%s%zu %s", used ? ", " : "", count, words);
}

static void add_count(char *buf, size_t size, size_t count, const char *one, const char *many)
{
	add_part(buf, size, count, count == 1 ? one : many);
}

static void add_plan(const struct core_import *import, const struct core_import_counts *counts,
                     char *buf, size_t size)
{
	static const char *const words[CORE_IMPORT_ACTION_COUNT] = {
	    "to create", "to change", "to go on with", "there already", "left out", "broken"};
	bool prunes = core_import_prunes(import);

	for (size_t i = 0; i < CORE_IMPORT_ACTION_COUNT; i++)
		add_part(buf, size, counts->by_action[i], words[i]);
	add_count(buf, size, counts->name_clashes, "name taken", "names taken");
	add_count(buf, size, counts->by_found[CORE_IMPORT_MISSING], "asset missing", "assets missing");
	add_count(buf, size, counts->members_unknown, "person unknown", "people unknown");
	add_part(buf, size, prunes ? counts->beyond : 0, "extra to remove");
	add_part(buf, size, counts->beyond_kept + (prunes ? 0 : counts->beyond), "extra, which stay");
}

char *pt_import_summary(const struct core_import *import, char *buf, size_t size)
{
	static const char *const outcomes[CORE_IMPORT_OUTCOME_COUNT] = {
	    "not begun", "created", "changed", "unchanged", "in part", "not done", "left out"};
	struct core_import_counts counts = core_import_counts(import);
	bool plan = core_import_stage(import) <= CORE_IMPORT_READY;

	buf[0] = '\0';
	if (plan)
		add_plan(import, &counts, buf, size);
	for (size_t i = 0; !plan && i < CORE_IMPORT_OUTCOME_COUNT; i++)
		add_part(buf, size, counts.by_outcome[i], outcomes[i]);
	if (!*buf)
		snprintf(buf, size, "no computations");
	return buf;
}

static void say_file_problems(struct importing *i)
{
	const struct core_problems *problems = core_import_problems(i->import);
	size_t said = 0;

	for (size_t p = 0; p < problems->count && said < 20; p++) {
		const struct core_problem *problem = &problems->all[p];
		if (problem->item < core_import_count(i->import))
			continue;
		char line[40] = "";
		if (problem->line)
			snprintf(line, sizeof(line), ", line %" PRIu64, problem->line);
		pt_command_say(i->command, "%s%s: %s%s%s", core_problem_word(problem->level), line,
		               problem->field, *problem->field ? ": " : "", problem->text);
		said++;
	}
}

/* Rows first, then how it ended. */
static void end(struct importing *i, const struct prism_error *why)
{
	const char *report = pt_command_get(i->command, "report");
	struct core_import_counts counts = core_import_counts(i->import);
	size_t bad = counts.by_outcome[CORE_IMPORT_PARTLY] + counts.by_outcome[CORE_IMPORT_NOT_DONE];
	struct prism_error err = PRISM_ERROR_INIT;
	char text[200];

	prism_error_copy(&err, why);
	say_file_problems(i);
	if (i->dry)
		bad = counts.by_action[CORE_IMPORT_BROKEN] + (core_import_broken(i->import) != NULL);
	if (!why && bad && i->dry)
		prism_error_raise(&err, PRISM_ERROR_INVALID, "not all of the file can be imported: %s",
		                  pt_import_summary(i->import, text, sizeof(text)));
	else if (!why && bad)
		prism_error_raise(&err, PRISM_ERROR_CONFLICT, "not everything was imported: %s",
		                  pt_import_summary(i->import, text, sizeof(text)));
	if (report && pt_import_save(i->import, report, &err) < 0)
		bad++;
	put_rows(i);
	if (why || bad) {
		pt_command_rows(i->command);
		pt_command_done(i->command, &err);
		return;
	}
	pt_command_message(i->command, "%s", pt_import_summary(i->import, text, sizeof(text)));
	pt_command_done(i->command, NULL);
}

/* ---- stages ---- */

static void ready(struct importing *i)
{
	const struct prism_error *broken = core_import_broken(i->import);
	struct prism_error err = PRISM_ERROR_INIT;
	char text[200];

	if (*core_import_before(i->import))
		pt_command_say(i->command, "this file was imported before, from %s on",
		               core_import_before(i->import));
	if (i->dry || core_import_todo(i->import) == 0) {
		i->dry = i->dry || core_import_counts(i->import).by_action[CORE_IMPORT_BROKEN] > 0;
		end(i, NULL);
		return;
	}
	if (broken && !i->partial) {
		prism_error_copy(&err, broken);
		(void)prism_error_wrap(&err, "the file is broken; nothing was created");
		prism_error_hint(&err, "--partial imports the %zu computations before the damage",
		                 core_import_count(i->import));
		end(i, &err);
		return;
	}
	pt_command_say(i->command, "%s", pt_import_summary(i->import, text, sizeof(text)));
	if (core_import_counts(i->import).beyond && !core_import_prunes(i->import))
		pt_command_say(i->command, "--prune removes what the file has not");
	i->started = true;
	if (core_import_start(i->import, &err) < 0)
		end(i, &err);
}

static void changed(void *data)
{
	struct importing *i = data;
	uint64_t done, total;

	core_import_progress(i->import, &done, &total);
	switch (core_import_stage(i->import)) {
	case CORE_IMPORT_READING:
		pt_command_progress(i->command, "reading", done, total);
		break;
	case CORE_IMPORT_READY:
		if (!i->started && !i->command->records)
			ready(i);
		break;
	case CORE_IMPORT_RUNNING:
		pt_command_progress(i->command, "importing computations", done, total);
		break;
	case CORE_IMPORT_DONE:
		end(i, NULL);
		break;
	case CORE_IMPORT_STOPPED:
	case CORE_IMPORT_FAILED: {
		struct prism_error err = PRISM_ERROR_INIT;
		prism_error_copy(&err, core_import_error(i->import));
		if (core_import_stage(i->import) == CORE_IMPORT_STOPPED &&
		    err.category != PRISM_ERROR_CANCELLED)
			prism_error_hint(&err, "the same command goes on where it stopped");
		end(i, &err);
		break;
	}
	default:
		break;
	}
}

int pt_import_spec(const struct pt_values *values, struct core_import_spec *ret_spec,
                   struct prism_error *err)
{
	const char *existing = pt_values_get(values, "existing");

	*ret_spec = (struct core_import_spec){
	    .path = pt_values_get(values, "file"),
	    .create_assets = pt_values_get(values, "create-assets") != NULL,
	    .no_members = pt_values_get(values, "no-members") != NULL,
	    .again = pt_values_get(values, "again") != NULL,
	    .prune = pt_values_get(values, "prune") != NULL,
	};
	return existing ? core_import_existing_parse(existing, &ret_spec->existing, err) : 0;
}

void pt_cmd_computation_import(struct pt_command *command)
{
	struct importing *i = prism_alloc(sizeof(*i));
	struct core_import_spec spec;
	struct prism_error err = PRISM_ERROR_INIT;

	i->command = command;
	i->dry = pt_command_flag(command, "dry-run");
	i->partial = pt_command_flag(command, "partial");
	i->cancelled = (struct prism_cancel_hook){.fire = on_cancel, .data = i};
	command->state = i;
	command->state_free = importing_free;
	if (pt_import_spec(command->values, &spec, &err) == 0)
		i->import = core_import_open(command->core, &spec, changed, i, &err);
	if (i->import)
		prism_cancel_add(command->cancel, &i->cancelled);
	else
		pt_command_done(command, &err);
}
