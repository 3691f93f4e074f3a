/* One look at a list, repeated while nobody answers.  The rules are in the header. */
#include "core/made.h"

#include "core/audit.h"
#include "core/list.h"

#include <string.h>

struct look {
	struct core *core;
	struct core_made what;
	char *computation_id, *wanted[CORE_MADE_WANTED];
	struct prism_error silence;
	unsigned tries;
	struct prism_timer *timer;
	struct prism_cancel_hook hook;
};

int64_t core_made_now(struct core *core)
{
	return prism_clock_wall_us(core_clock(core)) + core_clock_skew_us(core);
}

/* Whether an error leaves it open if the change was made. */
static bool unclear(const struct prism_error *err)
{
	return core_audit_judge(err) == CORE_AUDIT_UNCLEAR;
}

static void finish(struct look *look, const char *id, const struct prism_error *err)
{
	core_id_fn done = look->what.done;
	void *data = look->what.data;
	prism_cancel_remove(&look->hook);
	prism_timer_remove(look->timer);
	prism_free(look->computation_id);
	for (size_t i = 0; i < CORE_MADE_WANTED; i++)
		prism_free(look->wanted[i]);
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
		if (!*id || !fresh || !look->what.type->same(entry, look->what.wanted))
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
	} else if (err && silent && unclear(err) && ++look->tries < CORE_MADE_TRIES) {
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
	if (look->what.type->by_name)
		core_query_add(query, "name", look->wanted[0]);
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

static void look_for(struct core *core, const struct core_made *what,
                     const struct prism_error *silence)
{
	struct look *look = prism_alloc(sizeof(*look));
	look->core = core;
	look->what = *what;
	look->computation_id = prism_strdup(what->computation_id);
	for (size_t i = 0; i < CORE_MADE_WANTED; i++)
		look->what.wanted[i] = look->wanted[i] =
		    prism_strdup(what->wanted[i] ? what->wanted[i] : "");
	if (silence)
		prism_error_copy(&look->silence, silence);
	look->hook.fire = on_cancel;
	look->hook.data = look;
	prism_cancel_add(core_cancel(core), &look->hook);
	look_now(look);
}

void core_made_answer(struct core *core, const struct core_made *what, const char *id,
                      const struct prism_error *err)
{
	if (err ? unclear(err) : !*id)
		look_for(core, what, err);
	else
		what->done(what->data, err ? "" : id, err);
}

/* ---- by one request ---- */

struct making {
	struct core *core;
	struct core_made what;
	char *wanted[CORE_MADE_WANTED];
	core_id_fn done;
	void *data;
};

static void making_free(struct making *m)
{
	for (size_t i = 0; i < CORE_MADE_WANTED; i++)
		prism_free(m->wanted[i]);
	prism_free(m);
}

static void making_finish(void *data, const char *id, const struct prism_error *err)
{
	struct making *m = data;
	if (!err && !core_dying(m->core))
		m->what.type->made(m->core);
	m->done(m->data, id, err);
	making_free(m);
}

static void making_answered(void *data, const struct core_reply *reply,
                            const struct prism_error *err)
{
	struct making *m = data;
	core_made_answer(m->core, &m->what, err ? "" : reply->id, err);
}

int core_make(struct core *core, const struct core_call *call, const struct core_made *what,
              struct prism_cancel *cancel, struct prism_error *err)
{
	struct making *m = prism_alloc(sizeof(*m));
	*m = (struct making){.core = core, .what = *what, .done = what->done, .data = what->data};
	m->what.asked_us = core_made_now(core);
	m->what.done = making_finish;
	m->what.data = m;
	for (size_t i = 0; i < CORE_MADE_WANTED; i++)
		m->what.wanted[i] = m->wanted[i] = prism_strdup(what->wanted[i] ? what->wanted[i] : "");
	if (core_request_start(core, call, cancel, making_answered, m, err))
		return 0;
	making_free(m);
	return -1;
}
