/*
 * How many runs of each day ended in which latest event (prism-api.md sections 3.8, 4.13).
 *
 * A workspace may have a hundred thousand runs: they are counted in slices, oldest first, and what
 * the slices say is added up per day and event.
 */
#include "base/text.h"
#include "sandbox/api.h"

#include <stdlib.h>

#define SLICE 2000 /* runs of one step: some milliseconds */
#define DAY_US 86400000000ll

struct tally {
	int64_t day;      /* since 1970 */
	const char *last; /* "Running_InProgress"; in the call's arena */
	int64_t count;
};

struct counting {
	struct tally *tally; /* by day as they come, any order within one */
	size_t count, room;
	int64_t at, n; /* the run that was counted last */
};

static void counting_drop(void *work)
{
	struct counting *c = work;
	prism_free(c->tally);
}

/* Runs come by time: only the days at the end of the list can be meant. */
static void add(struct sb_call *call, struct counting *c, int64_t day, const char *last)
{
	for (size_t i = c->count; i > 0 && c->tally[i - 1].day == day; i--)
		if (strcmp(c->tally[i - 1].last, last) == 0) {
			c->tally[i - 1].count++;
			return;
		}
	if (c->count == c->room) {
		c->room = c->room ? 2 * c->room : 64;
		c->tally = prism_realloc_array(c->tally, c->room, sizeof(*c->tally));
	}
	c->tally[c->count++] = (struct tally){day, prism_arena_strdup(call->arena, last), 1};
}

static int by_day(const void *a, const void *b)
{
	const struct tally *x = a, *y = b;
	return x->day != y->day ? (x->day > y->day) - (x->day < y->day) : strcmp(x->last, y->last);
}

static void write_counts(struct sb_call *call, struct counting *c)
{
	if (c->count)
		qsort(c->tally, c->count, sizeof(*c->tally), by_day);
	sb_json_object(&call->out, NULL);
	sb_json_array(&call->out, "comp_stats");
	for (size_t i = 0; i < c->count; i++) {
		char day[PRISM_TIME_TEXT];
		prism_time_format(c->tally[i].day * DAY_US, 0, day);
		sb_json_object(&call->out, NULL);
		sb_json_strn(&call->out, "day", day, strlen("2026-01-01"));
		sb_json_str(&call->out, "status", c->tally[i].last);
		sb_json_int(&call->out, "count", c->tally[i].count);
		sb_json_end(&call->out);
	}
	sb_json_end(&call->out);
	sb_json_end(&call->out);
	sb_ok(call, 200);
}

static void counting_step(struct sb_call *call)
{
	struct counting *c = call->work;
	int read = 0;
	SB_AUTO_ROWS struct sb_rows *rows = sb_db_query(
	    call->sb->db,
	    "SELECT r.created_at, r.n, (SELECT workspace FROM computations WHERE n = r.computation),"
	    " (SELECT e.type || '_' || e.status FROM events e WHERE e.computation = r.computation AND"
	    " e.run = r.n ORDER BY e.at DESC, e.n DESC LIMIT 1) FROM runs r WHERE (r.created_at, r.n) >"
	    " (?, ?) ORDER BY r.created_at, r.n LIMIT ?",
	    SB_ARGS(SB_I(c->at), SB_I(c->n), SB_I(SLICE)));
	for (; sb_rows_next(&rows); read++) {
		c->at = sb_rows_int(rows, 0);
		c->n = sb_rows_int(rows, 1);
		if (sb_rows_int(rows, 2) == call->workspace && !sb_rows_null(rows, 3))
			add(call, c, c->at / DAY_US, sb_rows_text(rows, 3));
	}
	if (read < SLICE)
		write_counts(call, c);
}

void sb_api_computation_statistics(struct sb_call *call)
{
	const char *text = sb_query(call, "days");
	uint64_t days = 7;
	if (text && text[0] && (prism_text_parse_u64(text, 3650, &days, NULL) < 0 || days == 0)) {
		sb_invalid(call, SB_TEXT_QUERY);
		return;
	}
	struct counting *c = prism_arena_alloc(call->arena, sizeof(*c));
	c->at = sb_now_us(call->sb) - (int64_t)days * DAY_US;
	sb_later(call, counting_step, c, counting_drop);
	counting_step(call);
}
