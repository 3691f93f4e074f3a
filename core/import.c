/*
 * Owns the life of an import: stages, the end of the worker that reads the file, getters.
 */
#include "core/import_private.h"

#include "base/file.h"
#include "core/session.h"
#include "core/workspace.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* ---- words ---- */

const char *core_import_stage_word(enum core_import_stage stage)
{
	static const char *const words[CORE_IMPORT_STAGE_COUNT] = {
	    "reading", "comparing", "ready", "running", "done", "stopped", "failed"};

	return words[stage];
}

const char *core_import_action_word(enum core_import_action action)
{
	static const char *const words[CORE_IMPORT_ACTION_COUNT] = {"create", "update", "go on",
	                                                            "there",  "skip",   "broken"};

	return words[action];
}

const char *core_import_outcome_word(enum core_import_outcome outcome)
{
	static const char *const words[CORE_IMPORT_OUTCOME_COUNT] = {
	    "", "created", "updated", "unchanged", "partly", "not done", "left out"};

	return words[outcome];
}

const char *core_import_found_word(enum core_import_found found)
{
	static const char *const words[CORE_IMPORT_FOUND_COUNT] = {"found", "found by checksum",
	                                                           "made from the file", "missing"};

	return words[found];
}

int core_import_existing_parse(const char *word, enum core_import_existing *ret,
                               struct prism_error *err)
{
	static const char *const words[CORE_IMPORT_EXISTING_COUNT] = {"create", "skip", "update"};

	for (size_t i = 0; i < PRISM_COUNT(words); i++) {
		if (strcmp(words[i], word) == 0) {
			*ret = (enum core_import_existing)i;
			return 0;
		}
	}
	return prism_error_raise(err, PRISM_ERROR_INVALID, "\"%s\" is none of: %s", word,
	                         CORE_IMPORT_EXISTING_WORDS);
}

/* ---- the worker's end ---- */

static void import_free(struct core_import *import)
{
	core_bundle_file_close(import->file);
	prism_arena_destroy(import->arena);
	prism_free(import->items);
	prism_free(import->places);
	core_problems_finish(&import->problems);
	core_journal_close(import->journal);
	prism_cancel_destroy(import->cancel);
	prism_free(import->path);
	prism_free(import->step);
	prism_free(import);
}

void core_import_hold(struct core_import *import)
{
	import->calls++;
}

bool core_import_gone(struct core_import *import)
{
	bool gone = import->orphan;

	import->calls--;
	if (gone && !import->calls && !import->working)
		import_free(import);
	return gone;
}

/* Problems of each item, once: the list is in the order of the file. */
static void count_warnings(struct core_import *import)
{
	for (size_t i = 0; i < import->problems.count; i++) {
		const struct core_problem *problem = &import->problems.all[i];
		if (problem->level == CORE_PROBLEM_WARNING && problem->item < import->count)
			import->items[problem->item].warnings++;
	}
}

static void read_done(void *data, bool cancelled)
{
	struct core_import *import = data;

	prism_loop_undefer(import->loop, core_import_progressed, import);
	import->working = false;
	if (import->orphan) {
		if (!import->calls)
			import_free(import);
		return;
	}
	if (!import->core)
		return; /* it was too late */
	core_pending_add(import->core, -1);
	count_warnings(import);
	if (import->broken.category != PRISM_ERROR_NONE)
		core_import_problem(import, NULL, CORE_PROBLEM_ERROR, 0, "",
		                    "%s; what comes behind is lost", import->broken.message);
	if (cancelled || prism_cancel_fired(import->cancel)) {
		prism_error_clear(&import->error);
		prism_error_raise(&import->error, PRISM_ERROR_CANCELLED, "cancelled");
	}
	if (import->error.category == PRISM_ERROR_NONE && import->count == 0 &&
	    import->broken.category != PRISM_ERROR_NONE) {
		prism_error_copy(&import->error, &import->broken);
		prism_error_wrap(&import->error, "%s cannot be imported",
		                 core_bundle_file_name(import->file));
	}
	if (import->error.category != PRISM_ERROR_NONE)
		core_import_set_stage(import, CORE_IMPORT_FAILED);
	else
		core_import_compare(import);
}

/* ---- stages ---- */

static void tell(void *data)
{
	struct core_import *import = data;

	import->notified = false;
	import->changed(import->data);
}

void core_import_changed(struct core_import *import)
{
	if (import->notified)
		return;
	import->notified = true;
	prism_loop_defer(core_loop(import->core), tell, import);
}

void core_import_set_stage(struct core_import *import, enum core_import_stage stage)
{
	import->stage = stage;
	if (stage != CORE_IMPORT_COMPARING && stage != CORE_IMPORT_RUNNING)
		core_problems_sort(&import->problems);
	core_import_say(import, "%s", "");
	core_import_changed(import);
}

void core_import_fail(struct core_import *import, const struct prism_error *err)
{
	if (import->error.category == PRISM_ERROR_NONE)
		prism_error_copy(&import->error, err);
	core_import_set_stage(import, import->stage == CORE_IMPORT_RUNNING ? CORE_IMPORT_STOPPED
	                                                                   : CORE_IMPORT_FAILED);
}

void core_import_say(struct core_import *import, const char *fmt, ...)
{
	char text[300];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	prism_free(import->step);
	import->step = prism_strdup(text);
	core_import_changed(import);
}

void core_import_problem(struct core_import *import, struct core_import_item *item,
                         enum core_problem_level level, uint64_t line, const char *field,
                         const char *fmt, ...)
{
	char text[PRISM_ERROR_TEXT], path[200];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	if (item && level == CORE_PROBLEM_WARNING)
		item->warnings++;
	if (item)
		snprintf(path, sizeof(path), "[%zu]%s%s", item->index, *field ? "." : "", field);
	core_problem_add(&import->problems, level, item ? item->index : SIZE_MAX, line,
	                 item ? path : field, "%s", text);
}

struct core_journal *core_import_journal(struct core_import *import, enum core_journal_mode mode,
                                         struct prism_error *err)
{
	PRISM_AUTO_FREE char *directory = prism_path_state("imports");
	const struct core_journal_key key = {
	    .file = import->hash,
	    .server = core_option_text(core_options(import->core), CORE_OPT_URL),
	    .workspace = core_workspace_id(import->core),
	    .user = core_session_user_id(import->core),
	    .name = core_bundle_file_name(import->file),
	};

	if (directory)
		return core_journal_open(directory, &key, mode, err);
	prism_error_raise(err, PRISM_ERROR_MISSING, "there is no place for the journal of the import");
	prism_error_hint(err, "set HOME or XDG_STATE_HOME");
	return NULL;
}

/* ---- life ---- */

static void *create(struct core *core)
{
	struct prism_list *all = prism_alloc(sizeof(*all));

	PRISM_UNUSED(core);
	prism_list_init(all);
	return all;
}

static void detach(struct core_import *import)
{
	prism_list_remove(&import->node);
	prism_loop_undefer(core_loop(import->core), tell, import);
	import->notified = true; /* nobody is told any more */
}

/* The core goes first: what is open stays readable until it is closed. */
static void destroy(void *state)
{
	struct prism_list *all = state;

	PRISM_LIST_EACH (all, node, next) {
		struct core_import *import = PRISM_CONTAINER(node, struct core_import, node);
		detach(import);
		prism_cancel_fire(import->cancel);
		core_import_run_finish(import);
		core_import_plan_finish(import);
		if (import->working)
			core_pending_add(import->core, -1);
		import->core = NULL;
	}
	prism_free(all);
}

static const struct core_module module = {.name = "imports", .create = create, .destroy = destroy};

struct core_import *core_import_open(struct core *core, const struct core_import_spec *spec,
                                     void (*changed)(void *data), void *data,
                                     struct prism_error *err)
{
	if (!*core_workspace_id(core)) {
		prism_error_raise(err, PRISM_ERROR_MISSING, "no workspace is chosen");
		return NULL;
	}
	struct core_import *import = prism_alloc(sizeof(*import));
	*import = (struct core_import){.core = core,
	                               .spec = *spec,
	                               .path = prism_strdup(spec->path),
	                               .loop = core_loop(core),
	                               .changed = changed,
	                               .data = data,
	                               .cancel = prism_cancel_create(NULL),
	                               .arena = prism_arena_create(),
	                               .working = true};
	import->spec.path = import->path;
	import->spec.name = prism_arena_strdup(import->arena, spec->name);
	import->spec.description = prism_arena_strdup(import->arena, spec->description);
	core_problems_init(&import->problems);
	prism_list_append(core_module(core, &module), &import->node);
	core_pending_add(core, 1);
	prism_work_submit(core_work(core), import->cancel, core_import_read, read_done, import);
	return import;
}

void core_import_close(struct core_import *import)
{
	if (!import)
		return;
	prism_cancel_fire(import->cancel);
	if (import->core) {
		detach(import);
		core_import_run_finish(import);
		core_import_plan_finish(import);
		if (import->working)
			core_pending_add(import->core, -1);
	}
	import->orphan = true;
	if (!import->working && !import->calls)
		import_free(import);
}

void core_import_cancel(struct core_import *import)
{
	struct prism_error err = PRISM_ERROR_INIT;

	prism_error_raise(&err, PRISM_ERROR_CANCELLED, "cancelled");
	prism_cancel_fire(import->cancel);
	if (import->stage == CORE_IMPORT_COMPARING || import->stage == CORE_IMPORT_READY)
		core_import_fail(import, &err);
}

/* ---- getters ---- */

enum core_import_stage core_import_stage(const struct core_import *import)
{
	return import->stage;
}

const struct prism_error *core_import_error(const struct core_import *import)
{
	bool over = import->stage == CORE_IMPORT_FAILED || import->stage == CORE_IMPORT_STOPPED;

	return over && import->error.category != PRISM_ERROR_NONE ? &import->error : NULL;
}

const char *core_import_file(const struct core_import *import)
{
	return strcmp(import->path, "-") == 0 ? "standard input" : prism_path_base(import->path);
}

const char *core_import_format(const struct core_import *import)
{
	return !import->working && import->file && core_bundle_file_is_csv(import->file) ? "csv"
	                                                                                 : "json";
}

const struct prism_error *core_import_broken(const struct core_import *import)
{
	return !import->working && import->broken.category != PRISM_ERROR_NONE ? &import->broken : NULL;
}

const char *core_import_before(const struct core_import *import)
{
	return import->journal && !core_journal_fresh(import->journal)
	           ? core_journal_time(import->journal)
	           : "";
}

void core_import_progress(const struct core_import *import, uint64_t *ret_done, uint64_t *ret_total)
{
	bool reading = import->stage == CORE_IMPORT_READING;

	*ret_done = reading ? atomic_load(&import->read_done) : import->run_done;
	*ret_total = reading ? atomic_load(&import->read_size) : import->run_total;
}

const char *core_import_step(const struct core_import *import)
{
	return import->step ? import->step : "";
}

static bool planned(const struct core_import *import)
{
	return import->stage >= CORE_IMPORT_READY && import->stage != CORE_IMPORT_FAILED;
}

size_t core_import_count(const struct core_import *import)
{
	return planned(import) ? import->count : 0;
}

const struct core_import_item *core_import_at(const struct core_import *import, size_t index)
{
	return index < core_import_count(import) ? &import->items[index] : NULL;
}

const struct core_problems *core_import_problems(const struct core_import *import)
{
	static const struct core_problems none;

	return import->working ? &none : &import->problems;
}

static bool will_act(const struct core_import_item *item)
{
	return !item->left_out &&
	       (item->action == CORE_IMPORT_CREATE || item->action == CORE_IMPORT_UPDATE ||
	        item->action == CORE_IMPORT_GO_ON);
}

size_t core_import_todo(const struct core_import *import)
{
	size_t count = 0;

	for (size_t i = 0; i < core_import_count(import); i++)
		count += will_act(&import->items[i]);
	return count;
}

void core_import_set_prune(struct core_import *import, bool prune)
{
	if (import->stage != CORE_IMPORT_READY)
		return;
	import->spec.prune = prune;
	core_import_changed(import);
}

bool core_import_prunes(const struct core_import *import)
{
	return import->spec.prune;
}

void core_import_leave_out(struct core_import *import, size_t index, bool left_out)
{
	if (import->stage != CORE_IMPORT_READY || index >= import->count)
		return;
	import->items[index].left_out = left_out;
	core_import_changed(import);
}
