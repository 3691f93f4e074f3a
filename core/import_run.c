/*
 * Owns the doing of a plan: one computation after another, each by these steps.
 *
 *   LOAD      a worker reads the bundle again
 *   LOOK      only when it is not known whether it was created: is there one of that name that was
 *             not there before?
 *   CREATE    or UPDATE: read, merge, write
 *   ROLES     read; roles that are missing are made; read again
 *   PEOPLE    actions added, members put into their roles, what linking needs lent to my role
 *   ASSETS    missing ones made from the file, when asked for
 *   LINKS     what is linked already is read, the rest linked
 *   TAKE      actions the file does not have are taken away, mine last; of a computation that was
 *             there only what was lent, and what the plan says is removed
 *
 * The steps before LINKS and TAKE put small writes into a queue (core/import_ops.h), which is
 * emptied before the next step; a write the server refuses is a problem of the computation and does
 * not stop it.  What would stop all of them alike (no network, not signed in, cancelled) stops the
 * run; it can be gone on with.
 */
#include "core/import_run.h"

#include "core/bundle.h"
#include "core/computation.h"
#include "core/session.h"

#include <string.h>

static void next_item(struct core_import *import);

/* ---- the end of an item, and of the run ---- */

bool core_import_fatal(const struct prism_error *err)
{
	switch (err->category) {
	case PRISM_ERROR_IO:
	case PRISM_ERROR_TIMEOUT:
	case PRISM_ERROR_AUTH:
	case PRISM_ERROR_CANCELLED:
	case PRISM_ERROR_TRUST:
	case PRISM_ERROR_INTERNAL:
		return true;
	default:
		return false;
	}
}

static void run_clear(struct import_run *run)
{
	core_import_ops_clear(run);
	prism_json_free(run->bundle);
	prism_json_free(run->merged);
	prism_free(run->id);
	prism_free(run->granted_role);
	prism_free(run->my_role);
	for (size_t i = 0; i < run->granted_count; i++)
		prism_free(run->granted[i]);
	run->bundle = run->merged = NULL;
	run->id = run->granted_role = run->my_role = NULL;
	run->granted_count = 0;
	run->looked = run->no_roles = false;
}

void core_import_run_finish(struct core_import *import)
{
	if (!import->run)
		return;
	run_clear(import->run);
	if (import->run->working)
		import->run->orphan = true; /* the worker's end frees it */
	else
		prism_free(import->run);
	import->run = NULL;
}

void core_import_stop(struct core_import *import, const struct prism_error *err)
{
	core_import_run_finish(import);
	core_journal_close(import->journal); /* another process may go on */
	import->journal = NULL;
	prism_error_clear(&import->error);
	core_import_fail(import, err);
	core_list_refresh(core_computations(import->core)); /* what was done so far is to be seen */
}

static void finish_item(struct core_import *import, enum core_import_outcome outcome)
{
	struct import_run *run = import->run;
	struct core_import_item *item = run->item;
	struct prism_error err = PRISM_ERROR_INIT;
	bool ok = outcome != CORE_IMPORT_NOT_DONE && outcome != CORE_IMPORT_PARTLY;

	item->outcome = outcome;
	if (run->id)
		item->id = prism_arena_strdup(import->arena, run->id);
	import->run_done++;
	if (core_journal_done(import->journal, item->index, ok, &err) < 0) {
		core_import_stop(import, &err);
		return;
	}
	core_import_changed(import);
	next_item(import);
}

void core_import_item_refused(struct core_import *import, uint64_t line, const char *field,
                              const char *what, const struct prism_error *err)
{
	import->run->failures++;
	core_import_problem(import, import->run->item, CORE_PROBLEM_ERROR, line, field, "%s: %s%s%s",
	                    what, err->message, *err->hint ? ": " : "", err->hint);
}

void core_import_item_failed(struct core_import *import, const struct prism_error *err)
{
	struct core_import_item *item = import->run->item;

	if (core_import_fatal(err)) {
		core_import_stop(import, err);
		return;
	}
	core_import_problem(import, item, CORE_PROBLEM_ERROR, item->line, "", "%s%s%s", err->message,
	                    *err->hint ? ": " : "", err->hint);
	finish_item(import, import->run->id ? CORE_IMPORT_PARTLY : CORE_IMPORT_NOT_DONE);
}

void core_import_item_done(struct core_import *import)
{
	struct import_run *run = import->run;

	if (run->failures)
		finish_item(import, CORE_IMPORT_PARTLY);
	else if (run->created)
		finish_item(import, CORE_IMPORT_CREATED);
	else if (run->changes)
		finish_item(import, run->item->action == CORE_IMPORT_GO_ON ? CORE_IMPORT_CREATED
		                                                           : CORE_IMPORT_UPDATED);
	else
		finish_item(import, CORE_IMPORT_UNCHANGED);
}

/* ---- creating ---- */

static void created(void *data, const struct core_reply *reply, const struct prism_error *err);

static void have_id(struct core_import *import, const char *id, bool made)
{
	struct import_run *run = import->run;
	struct prism_error err = PRISM_ERROR_INIT;

	run->id = prism_strdup(id);
	run->created = made;
	if (made && core_journal_created(import->journal, run->item->index, id, &err) < 0) {
		core_import_stop(import, &err);
		return;
	}
	core_import_roles(import);
}

static void post(struct core_import *import)
{
	struct import_run *run = import->run;
	PRISM_AUTO_JSON cJSON *body = core_bundle_create_body(run->bundle);
	struct core_call call = {.endpoint = CORE_EP_COMP_CREATE, .body = body};
	struct prism_error err = PRISM_ERROR_INIT;
	size_t count;
	const char *const *known = core_import_named(import, run->item->name, &count);

	core_import_say(import, "creating %s", run->item->name);
	if (core_journal_begin(import->journal, run->item->index, known, count, &err) < 0) {
		core_import_stop(import, &err);
		return;
	}
	core_import_hold(import);
	if (core_request_start(import->core, &call, import->cancel, created, import, &err))
		return;
	import->calls--; /* it was not started */
	core_import_item_failed(import, &err);
}

/* The first of the answer that has the name and the description and was not there before. */
static const char *find_new(struct core_import *import, const cJSON *answer)
{
	const struct core_import_item *item = import->run->item;
	const struct core_journal_entry *entry = core_journal_entry(import->journal, item->index);
	const cJSON *computation = prism_json_get(import->run->bundle, "computation"), *found;
	const char *description = prism_json_str(computation, "description", "");
	const char *me = core_session_user_id(import->core);

	cJSON_ArrayForEach(found, core_items_of(answer, "computations"))
	{
		const char *id = prism_json_str(found, "id", "");
		const char *owner = prism_json_str(found, "owner", me);
		bool old = !*id || strcmp(prism_json_str(found, "name", ""), item->name) != 0 ||
		           (*description &&
		            strcmp(prism_json_str(found, "description", description), description) != 0) ||
		           (*me && strcmp(owner, me) != 0);
		for (size_t i = 0; entry && i < entry->known_count; i++)
			old = old || strcmp(entry->known[i], id) == 0;
		for (size_t i = 0; !old && i < import->count; i++) {
			const struct core_journal_entry *other = core_journal_entry(import->journal, i);
			old = other && other->id && strcmp(other->id, id) == 0;
		}
		if (!old)
			return id;
	}
	return NULL;
}

static void looked(void *data, const struct core_reply *reply, const struct prism_error *err)
{
	struct core_import *import = data;
	struct import_run *run;
	const char *id;

	if (core_import_gone(import) || !import->run)
		return;
	run = import->run;
	if (err) {
		core_import_item_failed(import, err);
		return;
	}
	id = find_new(import, reply->json);
	if (id)
		have_id(import, id, true);
	else if (run->unclear.category != PRISM_ERROR_NONE)
		core_import_item_failed(import, &run->unclear); /* it was not created */
	else
		post(import);
}

static void look_query(struct core_query *query, void *data)
{
	const struct core_import *import = data;

	core_query_add_int(query, "limit", CORE_LIST_PAGE);
	core_query_add(query, "name", import->run->item->name);
	core_query_add(query, "order", "created_at"); /* the newest first: it is one of those */
	core_query_add(query, "dir", "desc");
}

/* Did the last attempt create it? */
static void look(struct core_import *import)
{
	struct core_call call = {
	    .endpoint = CORE_EP_COMP_LIST, .query = look_query, .query_data = import};
	struct prism_error err = PRISM_ERROR_INIT;

	import->run->looked = true;
	core_import_say(import, "looking whether %s was created", import->run->item->name);
	core_import_hold(import);
	if (core_request_start(import->core, &call, import->cancel, looked, import, &err))
		return;
	import->calls--; /* it was not started */
	core_import_item_failed(import, &err);
}

/* A request whose answer did not come may have been done all the same. */
static bool unclear(const struct prism_error *err)
{
	return err->category == PRISM_ERROR_IO || err->category == PRISM_ERROR_TIMEOUT ||
	       err->category == PRISM_ERROR_PROTOCOL || err->status >= 500;
}

static void created(void *data, const struct core_reply *reply, const struct prism_error *err)
{
	struct core_import *import = data;

	if (core_import_gone(import) || !import->run)
		return;
	if (!err && *reply->id) {
		have_id(import, reply->id, true);
	} else if (err && !unclear(err)) {
		core_import_item_failed(import, err);
	} else {
		prism_error_clear(&import->run->unclear);
		if (err)
			prism_error_copy(&import->run->unclear, err);
		else
			prism_error_raise(&import->run->unclear, PRISM_ERROR_PROTOCOL,
			                  "the server does not say what it created");
		look(import);
	}
}

/* ---- reading the bundle again ---- */

struct loading { /* the worker's; outlives the run */
	struct core_import *import;
	struct import_run *run;
	struct core_bundle_place place;
	cJSON *bundle;
	struct prism_error error;
};

static void load_run(void *data)
{
	struct loading *l = data;

	l->bundle = core_bundle_file_again(l->import->file, &l->place, &l->error);
}

static void begin_item(struct core_import *import)
{
	struct import_run *run = import->run;
	const struct core_journal_entry *entry = core_journal_entry(import->journal, run->item->index);

	if (entry && entry->granted_role && !entry->done)
		core_import_lend(run, entry->granted_role, entry->granted, entry->granted_count);
	if (run->item->action == CORE_IMPORT_UPDATE) {
		core_import_update(import);
	} else if (run->item->action == CORE_IMPORT_CREATE) {
		post(import);
	} else if (entry && entry->id) {
		have_id(import, entry->id, false);
	} else {
		look(import);
	}
}

static void rename_it(struct core_import *import, cJSON *computation)
{
	if (import->count == 1 && import->spec.name)
		core_json_put_any(computation, "name", import->spec.name);
	if (import->count == 1 && import->spec.description)
		core_json_put_any(computation, "description", import->spec.description);
}

static void load_done(void *data, bool cancelled)
{
	struct loading *l = data;
	struct core_import *import = l->import;
	struct import_run *run = l->run;
	struct prism_error err = l->error;
	cJSON *bundle = l->bundle;

	PRISM_UNUSED(cancelled);
	prism_free(l);
	run->working = false;
	if (run->orphan) {
		prism_free(run);
		prism_json_free(bundle);
		(void)core_import_gone(import);
		return;
	}
	if (core_import_gone(import)) {
		prism_json_free(bundle);
		return;
	}
	run->bundle = bundle;
	if (bundle)
		rename_it(import, cJSON_GetObjectItemCaseSensitive(bundle, "computation"));
	if (!bundle && err.category == PRISM_ERROR_NONE)
		prism_error_raise(&err, PRISM_ERROR_CANCELLED, "cancelled");
	if (!bundle)
		core_import_stop(import, &err);
	else
		begin_item(import);
}

static void load(struct core_import *import)
{
	struct loading *l = prism_alloc(sizeof(*l));

	*l = (struct loading){
	    .import = import, .run = import->run, .place = import->places[import->run->next - 1]};
	import->run->working = true;
	core_import_hold(import);
	prism_work_submit(core_work(import->core), NULL, load_run, load_done, l);
}

/* ---- one after another ---- */

static bool acts(const struct core_import_item *item)
{
	return !item->left_out && item->outcome == CORE_IMPORT_NOT_YET &&
	       (item->action == CORE_IMPORT_CREATE || item->action == CORE_IMPORT_UPDATE ||
	        item->action == CORE_IMPORT_GO_ON);
}

static void end(struct core_import *import)
{
	struct prism_error err = PRISM_ERROR_INIT;

	core_import_run_finish(import);
	if (core_journal_end(import->journal, &err) < 0) {
		core_import_stop(import, &err);
		return;
	}
	core_journal_close(import->journal);
	import->journal = NULL;
	core_import_set_stage(import, CORE_IMPORT_DONE);
	core_list_refresh(core_computations(import->core));
	core_list_refresh(core_assets(import->core));
}

static void next_item(struct core_import *import)
{
	struct import_run *run = import->run;

	run_clear(run);
	run->created = false;
	run->changes = run->failures = 0;
	prism_error_clear(&run->unclear);
	while (run->next < import->count && !acts(&import->items[run->next])) {
		struct core_import_item *item = &import->items[run->next++];
		if (item->outcome == CORE_IMPORT_NOT_YET)
			item->outcome = item->action == CORE_IMPORT_THERE    ? CORE_IMPORT_UNCHANGED
			                : item->action == CORE_IMPORT_BROKEN ? CORE_IMPORT_NOT_DONE
			                                                     : CORE_IMPORT_LEFT_OUT;
	}
	if (run->next == import->count) {
		end(import);
		return;
	}
	run->item = &import->items[run->next++];
	load(import);
}

/* What was tried and not finished is tried again, and what is known of it is looked at first. */
static void go_on(struct core_import *import)
{
	for (size_t i = 0; i < import->count; i++) {
		struct core_import_item *item = &import->items[i];
		const struct core_journal_entry *entry = core_journal_entry(import->journal, i);
		if (item->outcome == CORE_IMPORT_PARTLY || item->outcome == CORE_IMPORT_NOT_DONE)
			item->outcome = CORE_IMPORT_NOT_YET;
		if (item->outcome == CORE_IMPORT_NOT_YET && item->action == CORE_IMPORT_CREATE && entry &&
		    entry->begun && !entry->done)
			item->action = CORE_IMPORT_GO_ON;
		else if (item->outcome == CORE_IMPORT_NOT_YET && item->action == CORE_IMPORT_CREATE &&
		         entry && entry->id)
			item->action = CORE_IMPORT_GO_ON;
	}
}

int core_import_start(struct core_import *import, struct prism_error *err)
{
	bool again = import->spec.again && import->stage == CORE_IMPORT_READY;
	bool stopped = import->stage == CORE_IMPORT_STOPPED;

	if (!import->core || (import->stage != CORE_IMPORT_READY && !stopped))
		return prism_error_raise(err, PRISM_ERROR_CONFLICT, "there is nothing to import");
	core_journal_close(import->journal); /* only looked at so far */
	import->journal =
	    core_import_journal(import, again ? CORE_JOURNAL_ANEW : CORE_JOURNAL_GO_ON, err);
	if (!import->journal)
		return -1;
	if (stopped) {
		prism_cancel_destroy(import->cancel);
		import->cancel = prism_cancel_create(NULL);
		prism_error_clear(&import->error);
		go_on(import);
	}
	import->run = prism_alloc(sizeof(*import->run));
	import->run_done = import->run_total = 0;
	for (size_t i = 0; i < import->count; i++)
		import->run_total += acts(&import->items[i]);
	core_import_set_stage(import, CORE_IMPORT_RUNNING);
	next_item(import);
	return 0;
}
