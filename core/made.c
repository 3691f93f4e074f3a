/* One look at a list, repeated while nobody answers.  The rules are in the header. */
#include "core/made.h"

#include "core/audit.h"
#include "core/list.h"

#include <string.h>

struct look {
	struct core *core;
	struct core_made what;
	char *computation_id, *name;
	struct prism_error silence;
	unsigned tries;
	struct prism_timer *timer;
	struct prism_cancel_hook hook;
};

int64_t core_made_now(struct core *core)
{
	return prism_clock_wall_us(core_clock(core)) + core_clock_skew_us(core);
}

bool core_made_unclear(const struct prism_error *err)
{
	return err && core_audit_judge(err) == CORE_AUDIT_UNCLEAR;
}

static void finish(struct look *look, const char *id, const struct prism_error *err)
{
	core_id_fn done = look->what.done;
	void *data = look->what.data;
	prism_cancel_remove(&look->hook);
	prism_timer_remove(look->timer);
	prism_free(look->computation_id);
	prism_free(look->name);
	prism_free(look);
	done(data, id, err);
}

static void give_up(struct look *look, const char *hint)
{
	struct prism_error err = look->silence;
	prism_error_hint(&err, hint, look->what.type->noun);
	finish(look, "", &err);
}

/* The newest entry that fits; "" when none does. */
static const char *newest(const struct look *look, const cJSON *doc)
{
	const cJSON *items = core_items_of(doc, look->what.type->key), *entry;
	int64_t best_us = PRISM_TIME_UNSET;
	const char *best = "";
	const cJSON *one = items ? items->child : cJSON_IsObject(doc) ? doc : NULL;
	for (entry = one; entry; entry = items ? entry->next : NULL) {
		int64_t made_us = prism_json_time(entry, "created_at");
		const char *id = prism_json_str(entry, "id", prism_json_str(entry, "run_id", ""));
		bool fresh =
		    look->silence.category == PRISM_ERROR_NONE ||
		    (made_us != PRISM_TIME_UNSET && made_us >= look->what.asked_us - CORE_MADE_SLACK_US);
		if (!*id || !fresh || !look->what.type->same(entry, look->what.data))
			continue;
		if (!*best || made_us > best_us) {
			best = id;
			best_us = made_us;
		}
	}
	return best;
}

static void look_now(void *data);

static void answered(void *data, const struct core_reply *reply, const struct prism_error *err)
{
	struct look *look = data;
	bool silent = look->silence.category != PRISM_ERROR_NONE;
	PRISM_AUTO_FREE char *id = prism_strdup(err ? "" : newest(look, reply->json));
	if (err && err->category == PRISM_ERROR_CANCELLED) {
		finish(look, "", silent ? &look->silence : NULL);
	} else if (err && silent && core_made_unclear(err) && ++look->tries < CORE_MADE_TRIES) {
		look->timer =
		    prism_loop_add_timer(core_loop(look->core), CORE_MADE_AGAIN_MS, 0, look_now, look);
	} else if (!silent) {
		finish(look, id, NULL); /* it was made; not finding it is no failure */
	} else if (err) {
		give_up(look, "whether the %s was made is not known: look at the list before trying again");
	} else if (!*id) {
		give_up(look, "there is no sign of the %s on the server so far; look once more before "
		              "trying again");
	} else {
		core_notify(look->core, CORE_INFO, "no answer came, but the %s was made",
		            look->what.type->noun);
		finish(look, id, NULL);
	}
}

static void list_query(struct core_query *query, void *data)
{
	const struct look *look = data;
	if (look->name)
		core_query_add(query, "name", look->name);
	if (core_endpoints[look->what.type->list].flags & CORE_EPF_PAGED) {
		core_query_add(query, "order", "created_at");
		core_query_add(query, "dir", "desc");
		core_query_add_int(query, "offset", 0);
		core_query_add_int(query, "limit", 100);
	}
}

static void look_now(void *data)
{
	struct look *look = data;
	struct prism_error err = PRISM_ERROR_INIT;
	struct core_call call = {
	    .endpoint = look->what.type->list,
	    .arg = {[CORE_ARG_C] = look->computation_id},
	    .query = list_query,
	    .query_data = look,
	};
	prism_timer_remove(look->timer);
	look->timer = NULL;
	if (!core_request_start(look->core, &call, core_cancel(look->core), answered, look, &err))
		finish(look, "", look->silence.category == PRISM_ERROR_NONE ? NULL : &look->silence);
}

/* Core ends while the next try is waited for. */
static void on_cancel(void *data)
{
	struct look *look = data;
	if (look->timer)
		finish(look, "", &look->silence);
}

void core_made_look(struct core *core, const struct core_made *what)
{
	struct look *look = prism_alloc(sizeof(*look));
	look->core = core;
	look->what = *what;
	look->computation_id = prism_strdup(what->computation_id);
	look->name = prism_strdup(what->name);
	if (what->silence)
		prism_error_copy(&look->silence, what->silence);
	look->hook.fire = on_cancel;
	look->hook.data = look;
	prism_cancel_add(core_cancel(core), &look->hook);
	look_now(look);
}
