/*
 * Two runs side by side: how each ended, on what, and how long every phase took.
 *
 * Steps: the timeline of the first computation, then that of the second when it is another, then
 * the table.
 */
#include "base/mem.h"
#include "core/computation.h"
#include "core/cvm.h"
#include "core/phase.h"
#include "tui/commands.h"

#include <stdio.h>
#include <string.h>

struct comparing {
	struct pt_command *command;
	const char *computation[2]; /* ids; lent by the command's values */
	int asking;                 /* whose timeline is awaited */
};

struct side {
	const struct core_card *card;
	const char *computation, *name;
	struct core_phase phases[CORE_PHASES_MAX];
	size_t count;
};

static void comparing_free(void *state)
{
	prism_free(state);
}

static void line(struct pt_records *r, const char *what, const char *a, const char *b,
                 const char *difference)
{
	pt_records_text(r, what);
	pt_records_text(r, a);
	pt_records_text(r, b);
	pt_records_text(r, difference);
}

static const char *same(const char *a, const char *b)
{
	return strcmp(a, b) == 0 ? "" : "differs";
}

static char *span(int64_t us, char buf[PRISM_TIME_TEXT])
{
	if (us < 0)
		snprintf(buf, PRISM_TIME_TEXT, "-");
	else
		prism_time_span(us, buf);
	return buf;
}

/* "+2m 10s" where the second took longer. */
static void duration(struct pt_records *r, const char *what, int64_t a, int64_t b)
{
	char first[PRISM_TIME_TEXT], second[PRISM_TIME_TEXT], by[PRISM_TIME_TEXT];
	char difference[PRISM_TIME_TEXT + 2] = "";

	if (a < 0 && b < 0)
		return;
	if (a >= 0 && b >= 0 && prism_time_span(b - a, by) && strcmp(by, "0s") != 0)
		snprintf(difference, sizeof(difference), "%s%s", b > a ? "+" : "", by);
	line(r, what, span(a, first), span(b, second), difference);
}

static void moment(struct pt_records *r, const char *what, int64_t a, int64_t b)
{
	char first[PRISM_TIME_TEXT], second[PRISM_TIME_TEXT];

	line(r, what, a == PRISM_TIME_UNSET ? "-" : prism_time_local(a, first),
	     b == PRISM_TIME_UNSET ? "-" : prism_time_local(b, second), "");
}

static void number(struct pt_records *r, const char *what, size_t a, size_t b)
{
	char first[24], second[24];

	snprintf(first, sizeof(first), "%zu", a);
	snprintf(second, sizeof(second), "%zu", b);
	line(r, what, first, second, same(first, second));
}

/* The name that the run tells, else the one that the list of CVMs has for its id. */
static const char *cvm_name(struct core *core, const struct core_run *run)
{
	const struct core_cvm *cvm = core_cvm_get(core, run->cvm_id);

	return *run->cvm_name ? run->cvm_name : cvm && *cvm->name ? cvm->name : run->cvm_id;
}

static void print(struct pt_command *command, const struct side sides[2])
{
	static const struct pt_record_column columns[] = {{"what", ""},
	                                                  {"first", "First run"},
	                                                  {"second", "Second run"},
	                                                  {"difference", "Difference"},
	                                                  {NULL, NULL}};
	const struct side *a = &sides[0], *b = &sides[1];
	int64_t now = prism_clock_wall_us(core_clock(command->core));
	struct pt_records *r = command->records = pt_records_create(columns, 0);
	char first[32], second[32];

	line(r, "Computation", a->name, b->name, same(a->computation, b->computation));
	snprintf(first, sizeof(first), "#%d", a->card->number);
	snprintf(second, sizeof(second), "#%d", b->card->number);
	line(r, "Run", first, second, "");
	line(r, "ID", a->card->run.id, b->card->run.id, "");
	line(r, "State", core_comp_state_info(a->card->state)->label,
	     core_comp_state_info(b->card->state)->label,
	     a->card->state == b->card->state ? "" : "differs");
	line(r, "CVM", cvm_name(command->core, &a->card->run), cvm_name(command->core, &b->card->run),
	     same(a->card->run.cvm_id, b->card->run.cvm_id));
	moment(r, "Started", a->card->run.start_us, b->card->run.start_us);
	moment(r, "Ended", a->card->run.end_us, b->card->run.end_us);
	duration(r, "Took", core_run_took(&a->card->run, a->card->state, now),
	         core_run_took(&b->card->run, b->card->state, now));
	for (int kind = 0; kind < CORE_PHASE_COUNT; kind++)
		duration(r, core_phase_label((enum core_phase_kind)kind),
		         core_phases_took(a->phases, a->count, (enum core_phase_kind)kind, now),
		         core_phases_took(b->phases, b->count, (enum core_phase_kind)kind, now));
	number(r, "Events", a->card->event_count, b->card->event_count);
}

/* run NULL: the newest; with `other`, a run of the same computation: the one before it, or after
 * the oldest the one that follows. */
static const struct core_card *pick(struct core *core, const char *computation, const char *run,
                                    const struct core_card *other)
{
	struct core_timeline t = core_timeline(core, computation);

	if (run)
		return core_card_find(core, computation, run);
	for (size_t i = 0; other && i < t.count; i++)
		if (strcmp(t.cards[i].run.id, other->run.id) == 0)
			return i + 1 < t.count ? &t.cards[i + 1] : i > 0 ? &t.cards[i - 1] : NULL;
	return t.count ? &t.cards[0] : NULL;
}

static bool fill(struct side *side, struct core *core, const char *computation, const char *run,
                 const struct core_card *other, struct prism_error *err)
{
	const struct core_computation *c = core_computation_get(core, computation);

	side->computation = computation;
	side->name = c && *c->name ? c->name : computation;
	side->card = pick(core, computation, run, other);
	if (!side->card && run)
		prism_error_raise(err, PRISM_ERROR_MISSING, "\"%s\" has no run %s", side->name, run);
	else if (!side->card)
		prism_error_raise(err, PRISM_ERROR_MISSING, "\"%s\" has %s", side->name,
		                  other ? "only one run" : "never run");
	else
		side->count = core_phases(side->card, side->phases);
	return side->card != NULL;
}

static void compare(struct comparing *c)
{
	struct pt_command *command = c->command;
	struct prism_error err = PRISM_ERROR_INIT;
	struct side *sides = prism_alloc_array(2, sizeof(*sides));
	const char *first = pt_command_get(command, "run"), *second = pt_command_get(command, "second");
	bool one = strcmp(c->computation[0], c->computation[1]) == 0;
	int begin = first ? 0 : 1; /* whose run is settled before the other's */
	const char *runs[2] = {first, second};
	const struct core_card *other = NULL;
	bool good = fill(&sides[begin], command->core, c->computation[begin], runs[begin], NULL, &err);

	/* Without ids: the one before the newest, and the newest; or the newest of each. */
	if (good && one &&
	    (begin == 1 || pick(command->core, c->computation[0], NULL, NULL) == sides[0].card))
		other = sides[begin].card;
	good = good &&
	       fill(&sides[!begin], command->core, c->computation[!begin], runs[!begin], other, &err);
	if (good)
		print(command, sides);
	prism_free(sides);
	pt_command_done(command, good ? NULL : &err);
}

/* Names of CVMs are nice to have: ids do without. */
static void cvms_here(void *data, const struct prism_error *err)
{
	struct comparing *c = data;

	if (err && err->category == PRISM_ERROR_CANCELLED)
		pt_command_done(c->command, err);
	else
		compare(c);
}

static void timeline_here(void *data, const struct prism_error *err)
{
	struct comparing *c = data;
	struct prism_error failure = PRISM_ERROR_INIT;

	if (err) {
		pt_command_done(c->command, err);
		return;
	}
	if (c->asking == 1 || strcmp(c->computation[0], c->computation[1]) == 0) {
		if (core_list_await(core_cvms(c->command->core), false, c->command->cancel, cvms_here, c,
		                    &failure) < 0)
			pt_command_done(c->command, &failure);
		return;
	}
	c->asking = 1;
	if (core_timeline_await(c->command->core, c->computation[1], true, c->command->cancel,
	                        timeline_here, c, &failure) < 0)
		pt_command_done(c->command, &failure);
}

void pt_cmd_run_compare(struct pt_command *command)
{
	struct comparing *c = prism_alloc(sizeof(*c));
	const char *with = pt_command_get(command, "with");
	struct prism_error err = PRISM_ERROR_INIT;

	c->command = command;
	c->computation[0] = pt_command_get(command, "computation");
	c->computation[1] = with ? with : c->computation[0];
	command->state = c;
	command->state_free = comparing_free;
	pt_command_try(command,
	               core_timeline_await(command->core, c->computation[0], true, command->cancel,
	                                   timeline_here, c, &err),
	               &err);
}
