/*
 * Counts and runs per day; see the header.  What waits for me is core/needs.c.
 */
#include "core/dashboard.h"

#include "core/asset.h"
#include "core/computation.h"
#include "core/internal.h"
#include "core/role.h"
#include "core/run.h"
#include "core/single.h"

#include <string.h>

#define DAY_US (86400 * INT64_C(1000000))

struct dashboard {
	struct core *core;
	struct core_counts counts;
	unsigned computations_seen, cvms_seen; /* generations counted, plus one; 0: never */
	int64_t counted_ms;

	struct core_single single; /* of the days */
	int period, asked;         /* days wanted, and of the request in flight */
	struct core_day days[CORE_DAYS_MAX];
	size_t day_count;
	uint64_t total[CORE_COMP_STATE_COUNT];
};

static void days_start(struct core_single *single);

static void *create(struct core *core)
{
	struct dashboard *d = prism_alloc(sizeof(*d));

	d->core = core;
	d->period = 7; /* as the web console */
	core_single_init(&d->single, core, CORE_EVENT_STATISTICS, "", days_start);
	return d;
}

static void destroy(void *state)
{
	struct dashboard *d = state;

	core_single_finish(&d->single);
	prism_free(d);
}

static void reset(void *state)
{
	struct dashboard *d = state;

	d->computations_seen = d->cvms_seen = 0;
	d->counts = (struct core_counts){0};
	d->day_count = 0;
	d->single.has_value = false;
	d->single.again = false;
	d->asked = 0; /* an answer under way is of the old workspace */
	d->single.status.freshness = CORE_EMPTY;
	prism_error_clear(&d->single.status.error);
}

static const struct core_module module = {
    .name = "dashboard", .create = create, .destroy = destroy, .reset = reset};

/* --- counts --- */

static void count_computations(struct dashboard *d)
{
	const struct core_list *list = core_computations(d->core);
	const struct core_status *status = core_list_status(list);
	int64_t now = prism_clock_mono_ms(core_clock(d->core));

	if (d->computations_seen == core_list_generation(list) + 1)
		return;
	if (status->loading && d->computations_seen && now - d->counted_ms < CORE_COUNT_MS) {
		d->counts.computations = core_list_count(list);
		return;
	}
	memset(d->counts.by_state, 0, sizeof(d->counts.by_state));
	d->counts.computations = core_list_count(list);
	for (size_t i = 0; i < d->counts.computations; i++)
		d->counts.by_state[core_comp_state_of(core_computation_at(list, i)->status)]++;
	d->computations_seen = core_list_generation(list) + 1;
	d->counted_ms = now;
}

static void count_cvms(struct dashboard *d)
{
	const struct core_list *list = core_cvms(d->core);

	if (d->cvms_seen == core_list_generation(list) + 1)
		return;
	memset(d->counts.by_phase, 0, sizeof(d->counts.by_phase));
	for (size_t i = 0; i < core_list_count(list); i++)
		d->counts.by_phase[core_cvm_at(list, i)->phase]++;
	d->counts.cvms = core_list_count(list) - d->counts.by_phase[CORE_CVM_INACTIVE];
	d->cvms_seen = core_list_generation(list) + 1;
}

static bool in_earlier_role(const struct core_roles *roles, size_t role, const char *user)
{
	for (size_t i = 0; i < role; i++)
		for (size_t j = 0; j < roles->roles[i].member_count; j++)
			if (strcmp(roles->roles[i].members[j], user) == 0)
				return true;
	return false;
}

static void count_people(struct dashboard *d)
{
	struct core_roles roles = core_roles(d->core, NULL);
	const struct core_list *invitations = core_invitations(d->core);

	d->counts.members = 0;
	d->counts.members_known = roles.count > 0;
	for (size_t i = 0; i < roles.count; i++) {
		d->counts.members_known = d->counts.members_known && roles.roles[i].members_known;
		for (size_t j = 0; j < roles.roles[i].member_count; j++)
			if (!in_earlier_role(&roles, i, roles.roles[i].members[j]))
				d->counts.members++;
	}
	memset(d->counts.by_invite, 0, sizeof(d->counts.by_invite));
	d->counts.invitations = core_list_count(invitations);
	for (size_t i = 0; i < d->counts.invitations; i++)
		d->counts.by_invite[core_invitation_at(invitations, i)->state]++;
}

const struct core_counts *core_counts(struct core *core)
{
	struct dashboard *d = core_module(core, &module);

	count_computations(d);
	count_cvms(d);
	count_people(d);
	d->counts.assets = core_list_count(core_assets(core));
	return &d->counts;
}

/* --- runs per day --- */

/* The days of the period, empty, today last. */
static void make_days(struct dashboard *d, int period)
{
	int64_t now = prism_clock_wall_us(core_clock(d->core));
	char text[PRISM_TIME_TEXT];

	d->day_count = (size_t)period;
	memset(d->total, 0, sizeof(d->total));
	for (int i = 0; i < period; i++) {
		d->days[i] = (struct core_day){0};
		snprintf(d->days[i].day, sizeof(d->days[i].day), "%.10s",
		         prism_time_format(now - (period - 1 - i) * DAY_US, 0, text));
	}
}

/* The words of the statistics are those of events: "Running_InProgress", "Receiving Algorithm". */
static enum core_comp_state state_of_stat(const char *word)
{
	const char *bar = strrchr(word, '_');
	PRISM_AUTO_FREE char *type = bar ? prism_strndup(word, (size_t)(bar - word)) : NULL;

	return bar ? core_comp_state_of_event(type, bar + 1, CORE_COMP_UNKNOWN)
	           : core_comp_state_of(word);
}

static void add_stat(struct dashboard *d, const struct core_stat *stat)
{
	enum core_comp_state state = state_of_stat(stat->status);

	if (stat->count <= 0)
		return;
	for (size_t i = 0; i < d->day_count; i++)
		if (strncmp(d->days[i].day, stat->day, 10) == 0) {
			d->days[i].count[state] += (uint64_t)stat->count;
			d->total[state] += (uint64_t)stat->count;
		}
}

static void days_here(void *data, const struct core_stat *stats, size_t count,
                      const struct prism_error *err)
{
	struct dashboard *d = data;
	int asked = d->asked;

	if (!core_dying(d->core) && asked != d->period) { /* another period, or another workspace */
		d->single.status.loading = false;
		core_single_load(&d->single, true);
		return;
	}
	if (!err) {
		make_days(d, asked);
		for (size_t i = 0; i < count; i++)
			add_stat(d, &stats[i]);
	}
	core_single_loaded(&d->single, err);
}

static void days_start(struct core_single *single)
{
	struct dashboard *d = PRISM_CONTAINER(single, struct dashboard, single);
	struct prism_error err = PRISM_ERROR_INIT;

	d->asked = d->period;
	if (core_run_statistics(d->core, d->period, core_cancel(d->core), days_here, d, &err) < 0)
		core_single_loaded(single, &err);
}

struct core_days core_days(struct core *core)
{
	struct dashboard *d = core_module(core, &module);
	struct core_days days = {.days = d->days, .count = d->day_count, .status = &d->single.status};

	memcpy(days.total, d->total, sizeof(days.total));
	return days;
}

static bool set_period(struct dashboard *d, int period)
{
	bool other = period != d->period;

	if (period >= 1 && period <= CORE_DAYS_MAX)
		d->period = period;
	return other;
}

void core_days_load(struct core *core, int period, bool refresh)
{
	struct dashboard *d = core_module(core, &module);

	refresh = set_period(d, period) || refresh;
	core_single_load(&d->single, refresh);
}

int core_days_await(struct core *core, int period, struct prism_cancel *cancel, core_done_fn done,
                    void *data, struct prism_error *err)
{
	struct dashboard *d = core_module(core, &module);

	return core_single_await(&d->single, set_period(d, period), cancel, done, data, err);
}
