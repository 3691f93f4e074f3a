/*
 * What waits for me: a walk over the computations that may want something.
 *
 * States of a walk:  waiting for the list of computations -> candidates chosen ->
 * CORE_NEEDS_PARALLEL looked at together: of one that runs or ran the roles (what am I there?),
 * then the timeline (what does the agent wait for?); of one that never ran the check-list (is my
 * key missing?) -> all looked at: the new result takes the place of the old one.  A candidate that
 * cannot be read counts as looked at; only a failure of all of them is a failure.
 */
#include "core/dashboard.h"

#include "core/agent.h"
#include "core/checklist.h"
#include "core/computation.h"
#include "core/internal.h"
#include "core/role.h"
#include "core/run.h"
#include "core/session.h"
#include "core/single.h"

#include <string.h>

#define CANDIDATES_MAX (CORE_NEEDS_RUNNING + CORE_NEEDS_COMPLETED + CORE_NEEDS_NEVER)

struct walk;

struct look { /* one candidate being looked at */
	struct walk *walk;
	char *id;
	enum core_comp_state state;
};

/* What a callback gets. It outlives the walk it was made for: an answer that was on its way when
 * the walk was given up is told by the generation, and one that was cancelled touches nothing. */
struct step {
	struct walk *walk;
	size_t index; /* of the look */
	unsigned generation;
};

struct walk {
	struct core *core;
	struct core_single single;
	struct look looks[CANDIDATES_MAX];
	size_t count, next, ended, failed, left_out;
	struct prism_error error; /* of the last that failed */
	struct prism_arena *arena, *building;
	struct core_need *items, *found;
	size_t item_count, found_count;
	struct prism_cancel *cancel; /* of the walk that runs; a child of core's */
	unsigned generation;         /* grows when a walk ends or is given up */
};

static void walk_start(struct core_single *single);

static const struct {
	const char *word, *label;
} kinds[CORE_NEED_COUNT] = {
    [CORE_NEED_ALGORITHM] = {"algorithm", "send the algorithm"},
    [CORE_NEED_DATA] = {"data", "send the data"},
    [CORE_NEED_RESULT] = {"result", "fetch the results"},
    [CORE_NEED_KEY] = {"key", "register your public key"},
};

const char *core_need_word(enum core_need_kind kind)
{
	return kinds[kind].word;
}

const char *core_need_label(enum core_need_kind kind)
{
	return kinds[kind].label;
}

static void *create(struct core *core)
{
	struct walk *walk = prism_alloc(sizeof(*walk));

	walk->core = core;
	core_single_init(&walk->single, core, CORE_EVENT_NEEDS, "", walk_start);
	return walk;
}

/* Forgets the candidates; what was shown stays. */
static void drop(struct walk *walk)
{
	walk->generation++;
	prism_cancel_destroy(walk->cancel);
	walk->cancel = NULL;
	for (size_t i = 0; i < walk->count; i++)
		prism_free(walk->looks[i].id);
	memset(walk->looks, 0, sizeof(walk->looks));
	prism_arena_destroy(walk->building);
	walk->building = NULL;
	prism_free(walk->found);
	walk->found = NULL;
	walk->count = walk->next = walk->ended = walk->failed = walk->found_count = 0;
}

static void destroy(void *state)
{
	struct walk *walk = state;

	core_single_finish(&walk->single);
	drop(walk);
	prism_arena_destroy(walk->arena);
	prism_free(walk->items);
	prism_free(walk);
}

static void reset(void *state)
{
	struct walk *walk = state;
	struct prism_error gone = PRISM_ERROR_INIT;

	drop(walk);
	prism_error_raise(&gone, PRISM_ERROR_CANCELLED, "another workspace");
	core_waiters_settle(&walk->single.waiters, &gone);
	prism_arena_destroy(walk->arena);
	prism_free(walk->items);
	walk->arena = NULL;
	walk->items = NULL;
	walk->item_count = 0;
	walk->single.has_value = false;
	walk->single.status.loading = false;
	walk->single.status.freshness = CORE_EMPTY;
	prism_error_clear(&walk->single.status.error);
}

static const struct core_module module = {
    .name = "needs", .create = create, .destroy = destroy, .reset = reset};

/* --- the end --- */

static int by_kind(const void *a, const void *b)
{
	const struct core_need *x = a, *y = b;

	if (x->kind != y->kind)
		return x->kind < y->kind ? -1 : 1;
	return x->since_us > y->since_us ? -1 : x->since_us < y->since_us;
}

static void finish(struct walk *walk, const struct prism_error *err)
{
	if (!err && walk->count && walk->failed == walk->count)
		err = &walk->error;
	if (!err) {
		prism_arena_destroy(walk->arena);
		prism_free(walk->items);
		walk->arena = walk->building;
		walk->items = walk->found;
		walk->item_count = walk->found_count;
		walk->building = NULL;
		walk->found = NULL;
		if (walk->item_count)
			qsort(walk->items, walk->item_count, sizeof(*walk->items), by_kind);
	}
	drop(walk);
	core_single_loaded(&walk->single, err);
	prism_error_clear(&walk->error);
}

/* --- one candidate --- */

static void found(struct look *look, enum core_need_kind kind, int64_t since_us)
{
	struct walk *walk = look->walk;
	const struct core_computation *c = core_computation_get(walk->core, look->id);

	walk->found = prism_realloc_array(walk->found, walk->found_count + 1, sizeof(*walk->found));
	walk->found[walk->found_count++] = (struct core_need){
	    .kind = kind,
	    .computation_id = prism_arena_strdup(walk->building, look->id),
	    .name = prism_arena_strdup(walk->building, c && *c->name ? c->name : look->id),
	    .since_us = since_us,
	};
}

/* The right must be mine for certain: what nobody could read is not put on a list of duties. */
static bool mine(const struct look *look, unsigned bit)
{
	struct core_permissions p = core_permissions(look->walk->core, look->id);

	return (p.explicit_bits & bit) != 0;
}

static void judge(struct look *look)
{
	struct core *core = look->walk->core;
	const struct core_card *card = core_card_find(core, look->id, NULL);
	int64_t since = card && card->event_count ? card->events[0].time_us : PRISM_TIME_UNSET;

	if (card && look->state == CORE_COMP_RUNNING) {
		enum core_agent_state agent = core_agent_state_parse(card->latest);

		if (agent == CORE_AGENT_STATE_RECEIVING_ALGORITHM && mine(look, CORE_PERM_ALGO_PROVIDER))
			found(look, CORE_NEED_ALGORITHM, since);
		if (agent == CORE_AGENT_STATE_RECEIVING_DATA && mine(look, CORE_PERM_DATASET_PROVIDER))
			found(look, CORE_NEED_DATA, since);
	}
	if (card && card->results_waiting && mine(look, CORE_PERM_RESULT_CONSUMER))
		found(look, CORE_NEED_RESULT, since);
	if (look->state == CORE_COMP_NOT_STARTED &&
	    core_checklist_wants_key(core, look->id, core_session_user_id(core)))
		found(look, CORE_NEED_KEY, PRISM_TIME_UNSET);
}

static void next(struct walk *walk);

static void looked(struct look *look, const struct prism_error *err)
{
	struct walk *walk = look->walk;

	if (err) {
		walk->failed++;
		prism_error_copy(&walk->error, err);
	} else {
		judge(look);
	}
	walk->ended++;
	core_emit(walk->core, CORE_EVENT_NEEDS, "");
	next(walk);
}

static struct step *step_create(struct walk *walk, size_t index)
{
	struct step *step = prism_alloc(sizeof(*step));

	*step = (struct step){walk, index, walk->generation};
	return step;
}

/* Frees the step; NULL when its walk is no more. */
static struct walk *step_end(struct step *step, const struct prism_error *err, size_t *ret_index)
{
	struct step ended = *step;

	prism_free(step);
	*ret_index = ended.index;
	if ((err && err->category == PRISM_ERROR_CANCELLED) ||
	    ended.walk->generation != ended.generation)
		return NULL;
	return ended.walk;
}

static void second_here(void *data, const struct prism_error *err)
{
	size_t index;
	struct walk *walk = step_end(data, err, &index);

	if (walk)
		looked(&walk->looks[index], err);
}

static void roles_here(void *data, const struct prism_error *err)
{
	size_t index;
	struct walk *walk = step_end(data, err, &index);
	struct prism_error failure = PRISM_ERROR_INIT;
	struct step *step;

	if (!walk)
		return;
	if (err) {
		looked(&walk->looks[index], err);
		return;
	}
	step = step_create(walk, index);
	if (core_timeline_await(walk->core, walk->looks[index].id, true, walk->cancel, second_here,
	                        step, &failure) < 0) {
		prism_free(step);
		looked(&walk->looks[index], &failure);
	}
}

static int begin(struct walk *walk, struct step *step, struct prism_error *err)
{
	const struct look *look = &walk->looks[step->index];

	return look->state == CORE_COMP_NOT_STARTED
	           ? core_checklist_await(walk->core, look->id, true, walk->cancel, second_here, step,
	                                  err)
	           : core_roles_await(walk->core, look->id, false, walk->cancel, roles_here, step, err);
}

static void next(struct walk *walk)
{
	while (walk->next < walk->count && walk->next - walk->ended < CORE_NEEDS_PARALLEL) {
		struct step *step = step_create(walk, walk->next++);
		struct prism_error err = PRISM_ERROR_INIT;

		if (begin(walk, step, &err) == 0)
			continue;
		prism_free(step);
		walk->ended++;
		walk->failed++;
		prism_error_copy(&walk->error, &err);
	}
	if (walk->ended == walk->count)
		finish(walk, NULL);
}

/* --- candidates --- */

struct best { /* the newest of one state */
	const struct core_computation *c[CORE_NEEDS_RUNNING];
	size_t count, max, seen;
};

static int64_t age_of(const struct core_computation *c)
{
	return c->end_us > c->created_us ? c->end_us : c->created_us;
}

static void offer(struct best *best, const struct core_computation *c)
{
	size_t at = best->count;

	best->seen++;
	if (best->count == best->max && age_of(c) <= age_of(best->c[best->max - 1]))
		return;
	if (best->count < best->max)
		best->count++;
	else
		at--;
	for (; at > 0 && age_of(best->c[at - 1]) < age_of(c); at--)
		best->c[at] = best->c[at - 1];
	best->c[at] = c;
}

static void take(struct walk *walk, const struct best *best, enum core_comp_state state)
{
	for (size_t i = 0; i < best->count; i++)
		walk->looks[walk->count++] =
		    (struct look){.walk = walk, .id = prism_strdup(best->c[i]->id), .state = state};
	walk->left_out += best->seen - best->count;
}

static void list_here(void *data, const struct prism_error *err)
{
	size_t index;
	struct walk *walk = step_end(data, err, &index);
	const struct core_list *list;
	struct best running = {.max = CORE_NEEDS_RUNNING};
	struct best completed = {.max = CORE_NEEDS_COMPLETED}, never = {.max = CORE_NEEDS_NEVER};

	if (!walk)
		return;
	if (err) {
		finish(walk, err);
		return;
	}
	list = core_computations(walk->core);
	for (size_t i = 0; i < core_list_count(list); i++) {
		const struct core_computation *c = core_computation_at(list, i);
		enum core_comp_state state = core_comp_state_of(c->status);

		if (state == CORE_COMP_RUNNING)
			offer(&running, c);
		else if (state == CORE_COMP_COMPLETED)
			offer(&completed, c);
		else if (state == CORE_COMP_NOT_STARTED)
			offer(&never, c);
	}
	walk->building = prism_arena_create();
	walk->left_out = 0;
	take(walk, &running, CORE_COMP_RUNNING);
	take(walk, &completed, CORE_COMP_COMPLETED);
	take(walk, &never, CORE_COMP_NOT_STARTED);
	next(walk);
}

static void walk_start(struct core_single *single)
{
	struct walk *walk = PRISM_CONTAINER(single, struct walk, single);
	struct prism_error err = PRISM_ERROR_INIT;
	struct step *step;

	drop(walk);
	walk->cancel = prism_cancel_create(core_cancel(walk->core));
	step = step_create(walk, 0);
	if (core_list_await(core_computations(walk->core), false, walk->cancel, list_here, step, &err) <
	    0) {
		prism_free(step);
		finish(walk, &err);
	}
}

/* --- readers --- */

struct core_needs core_needs(struct core *core)
{
	struct walk *walk = core_module(core, &module);

	return (struct core_needs){
	    .items = walk->items,
	    .count = walk->item_count,
	    .looked = walk->ended,
	    .candidates = walk->count,
	    .left_out = walk->left_out,
	    .status = &walk->single.status,
	};
}

void core_needs_load(struct core *core, bool refresh)
{
	struct walk *walk = core_module(core, &module);

	core_single_load(&walk->single, refresh);
}

int core_needs_await(struct core *core, struct prism_cancel *cancel, core_done_fn done, void *data,
                     struct prism_error *err)
{
	struct walk *walk = core_module(core, &module);

	return core_single_await(&walk->single, true, cancel, done, data, err);
}
