/* Phases of a run; see the header. */
#include "core/phase.h"

#include "core/computation.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

static const struct {
	const char *word, *label;
	unsigned waits;
} kinds[CORE_PHASE_COUNT] = {
#define X(id, word, label, waits) [CORE_PHASE_##id] = {word, label, waits},
    CORE_PHASE_MAP(X)
#undef X
};

const char *core_phase_word(enum core_phase_kind kind)
{
	return kinds[kind].word;
}

const char *core_phase_label(enum core_phase_kind kind)
{
	return kinds[kind].label;
}

unsigned core_phase_waits_for(enum core_phase_kind kind)
{
	return kinds[kind].waits;
}

/* --- events to phases --- */

/* What an event begins (reference 4.6). END: the run is over, or going back to idle. */
enum { PHASE_END = CORE_PHASE_COUNT, PHASE_SAME };

static const struct {
	const char *prefix; /* of the event's type, without '-', '_' and blanks */
	int begins;
} rows[] = {
    {"vmprovision", CORE_PHASE_PROVISION},
    {"receivingmanifest", CORE_PHASE_MANIFEST},
    {"receivingalgorithm", CORE_PHASE_ALGORITHM},
    {"receivingdata", CORE_PHASE_DATA},
    {"running", CORE_PHASE_RUN},
    {"algorithmrun", PHASE_SAME}, /* what the algorithm printed */
    {"consumingresults", CORE_PHASE_RESULT},
    {"complete", PHASE_END},
    {"failed", PHASE_END},
    {"stopped", PHASE_END},
    {"stopcomputationrun", PHASE_END},
    {"idle", PHASE_END},
};

static int begins(const struct core_run_event *event)
{
	char word[64];
	size_t len = 0;

	for (const char *at = event->type; *at && len + 1 < sizeof(word); at++)
		if (!strchr("-_ ", *at))
			word[len++] = *at;
	word[len] = '\0';
	if (strcasecmp(event->status, "failed") == 0)
		return PHASE_END;
	for (size_t i = 0; i < PRISM_COUNT(rows); i++)
		if (strncasecmp(word, rows[i].prefix, strlen(rows[i].prefix)) == 0)
			return rows[i].begins;
	return CORE_PHASE_OTHER;
}

struct maker {
	struct core_phase *phases;
	size_t count;
};

static void end_last(struct maker *m, int64_t at)
{
	if (m->count && m->phases[m->count - 1].to_us == PRISM_TIME_UNSET)
		m->phases[m->count - 1].to_us = at;
}

static void begin(struct maker *m, enum core_phase_kind kind, int64_t at)
{
	const struct core_phase *last = m->count ? &m->phases[m->count - 1] : NULL;

	if (last && last->kind == kind && last->to_us == PRISM_TIME_UNSET)
		return;
	if (m->count == CORE_PHASES_MAX)
		return;
	end_last(m, at);
	m->phases[m->count++] = (struct core_phase){kind, at, PRISM_TIME_UNSET};
}

size_t core_phases(const struct core_card *card, struct core_phase ret[CORE_PHASES_MAX])
{
	struct maker m = {.phases = ret};
	int64_t start = card->run.start_us;

	if (start != PRISM_TIME_UNSET && card->event_count &&
	    start < card->events[card->event_count - 1].time_us)
		begin(&m, CORE_PHASE_PREPARE, start);
	for (size_t i = card->event_count; i-- > 0;) { /* oldest first */
		const struct core_run_event *event = &card->events[i];
		int what = begins(event);

		if (event->time_us == PRISM_TIME_UNSET || what == PHASE_SAME)
			continue;
		if (what == PHASE_END)
			end_last(&m, event->time_us);
		else
			begin(&m, (enum core_phase_kind)what, event->time_us);
	}
	if (core_comp_state_info(card->state)->final && card->state != CORE_COMP_COMPLETED)
		end_last(&m, card->run.end_us);
	return m.count;
}

/* --- durations --- */

int64_t core_phase_took(const struct core_phase *phase, int64_t now_us)
{
	int64_t to = phase->to_us == PRISM_TIME_UNSET ? now_us : phase->to_us;

	return to > phase->from_us ? to - phase->from_us : 0;
}

int64_t core_phases_took(const struct core_phase *phases, size_t count, enum core_phase_kind kind,
                         int64_t now_us)
{
	int64_t sum = -1;

	for (size_t i = 0; i < count; i++)
		if (phases[i].kind == kind)
			sum = (sum < 0 ? 0 : sum) + core_phase_took(&phases[i], now_us);
	return sum;
}

int64_t core_run_took(const struct core_run *run, enum core_comp_state state, int64_t now_us)
{
	int64_t from = run->start_us != PRISM_TIME_UNSET ? run->start_us : run->created_us;
	int64_t to = run->end_us;

	if (to == PRISM_TIME_UNSET && state == CORE_COMP_RUNNING)
		to = now_us;
	return from == PRISM_TIME_UNSET || to == PRISM_TIME_UNSET || to < from ? -1 : to - from;
}

/* --- people --- */

char *core_phase_people(struct core *core, const char *computation_id, enum core_phase_kind kind,
                        char *buf, size_t size)
{
	struct core_participants all = core_participants(core, computation_id);
	const struct core_participant *who = NULL;
	size_t count = 0, used = 0;

	buf[0] = '\0';
	switch (kinds[kind].waits) {
	case CORE_PERM_ALGO_PROVIDER:
		who = all.algo_providers;
		count = all.algo_count;
		break;
	case CORE_PERM_DATASET_PROVIDER:
		who = all.dataset_providers;
		count = all.dataset_count;
		break;
	case CORE_PERM_RESULT_CONSUMER:
		who = all.result_consumers;
		count = all.consumer_count;
		break;
	default:
		return buf;
	}
	for (size_t i = 0; i < count && used < size; i++)
		used += (size_t)snprintf(buf + used, size - used, "%s%s (%s)", used ? ", " : "",
		                         who[i].name, who[i].role);
	return buf;
}
