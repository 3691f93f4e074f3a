/*
 * Commands that read what a run says: events, log lines, and following both until it ends.
 *
 * Following, step by step:
 *   watch     core keeps the timeline fresh (core/watch.h) and tells of changes
 *   tick      events not printed yet go out, oldest first
 *   log       with --logs core keeps a feed of the log (core/logs.h); after each whole look the new
 *             lines of the run go out in order, none left out and none twice
 *   end       the run's card is final, the wanted event came (and the log was looked at once more),
 *             the time is over, or Ctrl-C
 */
#include "base/mem.h"
#include "base/text.h"
#include "core/computation.h"
#include "core/list.h"
#include "core/logs.h"
#include "core/request.h"
#include "core/run.h"
#include "core/watch.h"
#include "tui/commands.h"

#include <stdlib.h>
#include <string.h>

#define LOG_PAGE 100   /* supermq's largest page (reference section 3) */
#define LOG_MAX 100000 /* lines of one answer; stops a server that counts without end */

/* ---- events ---- */

static const struct pt_record_column event_columns[] = {
    {"timestamp", "Time"}, {"event_type", "Event"}, {"title", NULL},
    {"status", "Status"},  {"run_id", "Run"},       {"details", "Details"},
    {"originator", NULL},  {"cvm_id", NULL},        {NULL, NULL},
};

static void add_event(struct pt_records *r, const struct core_run_event *event)
{
	char title[128];

	pt_records_time(r, event->time_us);
	pt_records_text(r, event->type);
	pt_records_text(r, core_event_title(event->type, title, sizeof(title)));
	pt_records_text(r, event->status);
	pt_records_text(r, event->run_id);
	pt_records_text(r, event->details);
	pt_records_text(r, event->originator);
	pt_records_text(r, event->cvm_id);
}

static void events_here(void *data, const struct prism_error *err)
{
	struct pt_command *command = data;
	const char *run = pt_command_get(command, "run");
	uint64_t left = pt_command_number(command, "limit", 100);
	struct prism_error bad = PRISM_ERROR_INIT;
	int64_t since, until;
	struct core_timeline timeline;

	if (err) {
		pt_command_done(command, err);
		return;
	}
	if (pt_command_time(command, "since", &since, &bad) < 0 ||
	    pt_command_time(command, "until", &until, &bad) < 0) {
		pt_command_done(command, &bad);
		return;
	}
	timeline = core_timeline(command->core, pt_command_get(command, "computation"));
	command->records = pt_records_create(event_columns, 0);
	for (size_t i = 0; i < timeline.count; i++)
		for (size_t k = 0; k < timeline.cards[i].event_count; k++) {
			const struct core_run_event *event = &timeline.cards[i].events[k];

			if (!left || (run && strcmp(run, event->run_id) != 0) ||
			    (since != PRISM_TIME_UNSET && event->time_us < since) ||
			    (until != PRISM_TIME_UNSET && event->time_us > until))
				continue;
			add_event(command->records, event);
			left--;
		}
	pt_command_done(command, NULL);
}

void pt_cmd_computation_events(struct pt_command *command)
{
	struct prism_error err = PRISM_ERROR_INIT;

	pt_command_try(command,
	               core_timeline_await(command->core, pt_command_get(command, "computation"), true,
	                                   command->cancel, events_here, command, &err),
	               &err);
}

/* ---- logs ---- */

static const struct pt_record_column log_columns[] = {
    {"timestamp", "Time"},  {"level", "Level"}, {"run_id", NULL},
    {"message", "Message"}, {NULL, NULL},
};

struct line { /* strings of the arena */
	int64_t time_us;
	const char *level, *run, *message;
};

struct logs {
	struct pt_command *command;
	struct prism_arena *arena;
	struct line *lines; /* newest first, as they come */
	size_t count, want;
	int64_t since, until;
	uint64_t offset;
};

static void logs_free(void *state)
{
	struct logs *logs = state;

	prism_arena_destroy(logs->arena);
	prism_free(logs->lines);
	prism_free(logs);
}

static void add_line(struct pt_records *r, const struct line *line)
{
	pt_records_time(r, line->time_us);
	pt_records_text(r, line->level);
	pt_records_text(r, line->run);
	pt_records_text(r, line->message);
}

static bool same_level(const char *wanted, const char *level)
{
	return !wanted || prism_text_contains(level, wanted);
}

static void take_line(struct logs *logs, const cJSON *entry)
{
	struct pt_command *command = logs->command;
	const char *run = pt_command_get(command, "run");
	const char *text = pt_command_get(command, "text");
	struct line line = {
	    .time_us = prism_json_time(entry, "timestamp"),
	    .level = prism_json_str(entry, "level", ""),
	    .run = prism_json_str(entry, "run_id", ""),
	    .message = prism_json_str(entry, "message", ""),
	};

	if ((run && strcmp(run, line.run) != 0) || (text && !prism_text_contains(line.message, text)) ||
	    !same_level(pt_command_get(command, "level"), line.level) ||
	    (logs->since != PRISM_TIME_UNSET && line.time_us < logs->since) ||
	    (logs->until != PRISM_TIME_UNSET && line.time_us > logs->until) ||
	    logs->count >= logs->want)
		return;
	line.level = prism_arena_strdup(logs->arena, line.level);
	line.run = prism_arena_strdup(logs->arena, line.run);
	line.message = prism_arena_strdup(logs->arena, line.message);
	logs->lines = prism_realloc_array(logs->lines, logs->count + 1, sizeof(*logs->lines));
	logs->lines[logs->count++] = line;
}

static void logs_query(struct core_query *query, void *data)
{
	struct logs *logs = data;
	char buf[PRISM_TIME_TEXT];

	core_query_add_int(query, "limit", LOG_PAGE);
	core_query_add_int(query, "offset", (int64_t)logs->offset);
	core_query_add(query, "run_id", pt_command_get(logs->command, "run"));
	core_query_add(query, "level", pt_command_get(logs->command, "level"));
	core_query_add(query, "message", pt_command_get(logs->command, "text"));
	if (logs->since != PRISM_TIME_UNSET)
		core_query_add(query, "from", prism_time_format(logs->since, 6, buf));
	if (logs->until != PRISM_TIME_UNSET)
		core_query_add(query, "to", prism_time_format(logs->until, 6, buf));
}

static int logs_ask(struct logs *logs, core_reply_fn done, struct prism_error *err);

static void logs_print(struct logs *logs)
{
	struct pt_command *command = logs->command;

	command->records = pt_records_create(log_columns, 0);
	for (size_t i = logs->count; i-- > 0;)
		add_line(command->records, &logs->lines[i]);
	pt_command_done(command, NULL);
}

static void logs_page(void *data, const struct core_reply *reply, const struct prism_error *err)
{
	struct logs *logs = data;
	const cJSON *items = err ? NULL : core_items_of(reply->json, "logs");
	struct prism_error failed = PRISM_ERROR_INIT;
	size_t got = 0;
	const cJSON *entry;

	if (err) {
		pt_command_done(logs->command, err);
		return;
	}
	cJSON_ArrayForEach(entry, items)
	{
		take_line(logs, entry);
		got++;
	}
	logs->offset += got;
	if (got < LOG_PAGE || logs->count >= logs->want || logs->offset >= LOG_MAX)
		logs_print(logs);
	else
		pt_command_try(logs->command, logs_ask(logs, logs_page, &failed), &failed);
}

static int logs_ask(struct logs *logs, core_reply_fn done, struct prism_error *err)
{
	struct core_call call = {
	    .endpoint = CORE_EP_COMP_LOGS,
	    .query = logs_query,
	    .query_data = logs,
	};

	call.arg[CORE_ARG_C] = pt_command_get(logs->command, "computation");
	return core_request_start(logs->command->core, &call, logs->command->cancel, done, logs, err)
	           ? 0
	           : -1;
}

static struct logs *logs_create(struct pt_command *command)
{
	struct logs *logs = prism_alloc(sizeof(*logs));

	logs->command = command;
	logs->arena = prism_arena_create();
	logs->since = logs->until = PRISM_TIME_UNSET;
	logs->want = LOG_MAX;
	return logs;
}

void pt_cmd_computation_logs(struct pt_command *command)
{
	struct logs *logs = logs_create(command);
	struct prism_error err = PRISM_ERROR_INIT;

	command->state = logs;
	command->state_free = logs_free;
	logs->want = pt_command_number(command, "limit", 1000);
	if (pt_command_time(command, "since", &logs->since, &err) < 0 ||
	    pt_command_time(command, "until", &logs->until, &err) < 0)
		pt_command_done(command, &err);
	else
		pt_command_try(command, logs_ask(logs, logs_page, &err), &err);
}

/* ---- follow ---- */

/* A log line that is here and not printed yet. */
struct waiting {
	int64_t time_us;
	size_t order; /* as it came: keeps lines of one instant in order */
	char *run, *level;
	struct prism_buf message;
};

struct follow {
	struct pt_command *command;
	struct core_watch *watch;
	struct core_subscription *subscription;
	struct prism_timer *deadline;
	struct prism_timer *first; /* until the first look */
	int64_t begun_us;
	struct prism_cancel_hook cancelled;
	struct prism_arena *arena;
	const char **seen; /* keys of printed events */
	size_t seen_count;
	struct core_logs *logs; /* with --logs: core keeps them whole, whatever the network does */
	struct core_log_observer observer;
	struct waiting *waiting;
	size_t waiting_count, arrived;
	int64_t fetched_us; /* of the last whole look at the log */
	unsigned looks;     /* whole looks that are still owed before the end */
	bool ended;         /* end when the log is read */
	struct prism_error result;
};

static void waiting_drop(struct follow *f)
{
	for (size_t i = 0; i < f->waiting_count; i++) {
		prism_free(f->waiting[i].run);
		prism_free(f->waiting[i].level);
		prism_buf_finish(&f->waiting[i].message);
	}
	f->waiting_count = 0;
}

static void follow_free(void *state)
{
	struct follow *f = state;

	core_unwatch(f->watch);
	core_unsubscribe(f->subscription);
	prism_timer_remove(f->deadline);
	prism_timer_remove(f->first);
	prism_cancel_remove(&f->cancelled);
	if (f->logs) {
		core_logstore_unobserve(&f->observer);
		core_logs_follow(f->logs, false);
		core_logs_close(f->logs);
	}
	waiting_drop(f);
	prism_free(f->waiting);
	prism_arena_destroy(f->arena);
	prism_free(f->seen);
	prism_free(f);
}

static bool first_time(struct follow *f, const char *a, const char *b, const char *c,
                       int64_t time_us)
{
	PRISM_AUTO_FREE char *key = prism_asprintf("%s\n%s\n%s\n%lld", a, b, c, (long long)time_us);

	for (size_t i = f->seen_count; i-- > 0;)
		if (!strcmp(f->seen[i], key))
			return false;
	f->seen = prism_realloc_array(f->seen, f->seen_count + 1, sizeof(*f->seen));
	f->seen[f->seen_count++] = prism_arena_strdup(f->arena, key);
	return true;
}

/* "receiving-algorithm" is ReceivingAlgorithm. */
static bool same_word(const char *a, const char *b)
{
	for (;; a++, b++) {
		while (*a == '-' || *a == '_' || *a == ' ')
			a++;
		while (*b == '-' || *b == '_' || *b == ' ')
			b++;
		if (prism_text_fold((unsigned char)*a) != prism_text_fold((unsigned char)*b))
			return false;
		if (!*a)
			return true;
	}
}

static void follow_end(struct follow *f)
{
	pt_command_done(f->command, f->result.category == PRISM_ERROR_NONE ? NULL : &f->result);
}

/* ---- its log ---- */

static void take_lines(void *data, uint32_t id, uint32_t count, bool front)
{
	struct follow *f = data;
	const struct core_logstore *store = core_logs_store(f->logs);

	PRISM_UNUSED(front);
	for (uint32_t i = 0; i < count; i++) {
		struct core_log_line line = core_logstore_line(store, id + i);
		struct waiting *to;

		if (!line.continuation || !f->waiting_count) {
			f->waiting = prism_realloc_array(f->waiting, f->waiting_count + 1, sizeof(*f->waiting));
			to = &f->waiting[f->waiting_count++];
			*to = (struct waiting){.time_us = line.time_us, .order = f->arrived++};
			to->run = prism_strdup(core_logstore_run(store, line.run));
			to->level = prism_strdup(core_logstore_level(store, line.level));
			prism_buf_init(&to->message, 64u << 20);
		} else {
			to = &f->waiting[f->waiting_count - 1];
			prism_buf_putc(&to->message, '\n');
		}
		prism_buf_put(&to->message, line.text, line.len);
	}
}

static int by_time(const void *a, const void *b)
{
	const struct waiting *x = a, *y = b;

	if (x->time_us != y->time_us)
		return x->time_us < y->time_us ? -1 : 1;
	return x->order < y->order ? -1 : 1;
}

/* What came with one whole look, in order; lines of other runs are not what is followed. */
static void print_waiting(struct follow *f)
{
	const char *run = f->command->id;

	if (!f->waiting_count || !run)
		return;
	qsort(f->waiting, f->waiting_count, sizeof(*f->waiting), by_time);
	f->command->records = pt_records_create(log_columns, 0);
	for (size_t i = 0; i < f->waiting_count; i++) {
		const struct waiting *w = &f->waiting[i];
		struct line line = {w->time_us, w->level, w->run, prism_buf_text(&w->message)};

		if (!*w->run || !strcmp(w->run, run))
			add_line(f->command->records, &line);
	}
	pt_command_rows(f->command);
	waiting_drop(f);
}

/* A look at the log has ended, or begun. */
static void logs_changed(struct follow *f)
{
	const struct core_status *status = core_logs_status(f->logs);

	if (status->fetched_us == f->fetched_us || status->fetched_us == PRISM_TIME_UNSET)
		return;
	f->fetched_us = status->fetched_us;
	print_waiting(f);
	if (f->ended && f->looks && --f->looks == 0)
		follow_end(f);
}

/* The run is over: the log is looked at once more, from after that moment on. A look that is under
 * way may have begun before it. While the server cannot be reached the feed tries again. */
static void finish_logs(struct follow *f)
{
	f->looks = core_logs_status(f->logs)->loading ? 2 : 1;
	core_logs_refresh(f->logs);
}

static void follow_logs(struct follow *f)
{
	f->logs = core_logs_open(f->command->core, pt_command_get(f->command, "computation"));
	f->fetched_us = PRISM_TIME_UNSET;
	f->observer = (struct core_log_observer){.inserted = take_lines, .data = f};
	core_logstore_observe(core_logs_store(f->logs), &f->observer);
	core_logs_follow(f->logs, true);
}

/* ---- its events ---- */

/* Prints what is new of a card; true when the wanted event is among it. */
static bool follow_card(struct follow *f, const struct core_card *card)
{
	const char *until = pt_command_get(f->command, "until-state");
	bool reached = false;

	f->command->records = pt_records_create(event_columns, 0);
	for (size_t i = card->event_count; i-- > 0;) {
		const struct core_run_event *event = &card->events[i];

		if (until && same_word(event->type, until))
			reached = true;
		if (first_time(f, event->id, event->type, event->status, event->time_us))
			add_event(f->command->records, event);
	}
	pt_command_rows(f->command);
	return reached;
}

static void follow_look(struct follow *f)
{
	const char *id = pt_command_get(f->command, "computation");
	const char *run = f->command->id ? f->command->id : NULL;
	const struct core_timeline timeline = core_timeline(f->command->core, id);
	const struct core_card *card = core_card_find(f->command->core, id, run);
	bool reached;

	if (f->ended)
		return;
	if (!card) {
		if (timeline.status && timeline.status->freshness == CORE_FAILED) {
			prism_error_copy(&f->result, &timeline.status->error);
			f->ended = true;
			follow_end(f);
		} else if (timeline.status && timeline.status->freshness == CORE_READY && !run) {
			prism_error_raise(&f->result, PRISM_ERROR_MISSING, "this computation has never run");
			prism_error_hint(&f->result, "start it with \"computation run\"");
			f->ended = true;
			follow_end(f);
		}
		return;
	}
	if (!f->command->id)
		f->command->id = prism_strdup(card->run.id);
	reached = follow_card(f, card);
	if (!reached && !core_comp_state_info(card->state)->final)
		return;
	f->ended = true;
	if (!reached && card->state != CORE_COMP_COMPLETED)
		prism_error_raise(&f->result, PRISM_ERROR_CONFLICT, "the run ended: %s",
		                  core_comp_state_info(card->state)->label);
	else if (!reached)
		pt_command_message(f->command, "the run ended: %s",
		                   core_comp_state_info(card->state)->label);
	if (f->logs)
		finish_logs(f);
	else
		follow_end(f);
}

static void follow_changed(void *data, const struct core_event *event)
{
	struct follow *f = data;

	if (event->type == CORE_EVENT_TIMELINE &&
	    !strcmp(event->id, pt_command_get(f->command, "computation")))
		follow_look(f);
	else if (event->type == CORE_EVENT_LOGS && f->logs && !strcmp(event->id, core_logs_id(f->logs)))
		logs_changed(f);
}

static void follow_stop(struct follow *f)
{
	f->ended = true;
	f->looks = 0;
	if (f->logs)
		print_waiting(f);
	follow_end(f);
}

static void follow_late(void *data)
{
	struct follow *f = data;

	if (f->ended && !f->looks)
		return;
	if (!f->ended)
		prism_error_raise(&f->result, PRISM_ERROR_TIMEOUT, "the run had not ended by then");
	follow_stop(f);
	prism_cancel_fire(f->command->cancel);
}

static void follow_cancelled(void *data)
{
	struct follow *f = data;

	if (f->ended && !f->looks)
		return;
	prism_error_raise(&f->result, PRISM_ERROR_CANCELLED, "no longer followed");
	follow_stop(f);
}

/* Also the second half of "computation run --follow": command->id then names the run. */
#define FIRST_LOOK_MS 200

/* A timeline that an earlier command of the same process has loaded may be the same again, and then
 * nothing tells of it: the first look is taken when an answer newer than this command is there. */
static void first_look(void *data)
{
	struct follow *f = data;
	const struct core_timeline timeline =
	    core_timeline(f->command->core, pt_command_get(f->command, "computation"));

	if (!timeline.status || timeline.status->loading || timeline.status->fetched_us < f->begun_us)
		return;
	prism_timer_remove(f->first);
	f->first = NULL;
	follow_look(f);
}

void pt_cmd_computation_follow(struct pt_command *command)
{
	bool full = pt_action_arg(command->action, "until-state") != NULL;
	const char *timeout = full ? pt_command_get(command, "timeout") : NULL;
	struct prism_error err = PRISM_ERROR_INIT;
	struct follow *f;
	int64_t ms = 0;

	if (timeout && prism_text_parse_duration_ms(timeout, &ms, &err) < 0) {
		pt_command_done(command, &err);
		return;
	}
	f = prism_alloc(sizeof(*f));
	f->command = command;
	f->arena = prism_arena_create();
	command->state = f;
	command->state_free = follow_free;
	if (full && pt_command_flag(command, "logs"))
		follow_logs(f);
	if (timeout)
		f->deadline = prism_loop_add_timer(command->world->loop, ms, 0, follow_late, f);
	f->cancelled = (struct prism_cancel_hook){.fire = follow_cancelled, .data = f};
	prism_cancel_add(command->cancel, &f->cancelled);
	f->subscription = core_subscribe(command->core, follow_changed, f);
	f->begun_us = prism_clock_wall_us(core_clock(command->core));
	f->first =
	    prism_loop_add_timer(command->world->loop, FIRST_LOOK_MS, FIRST_LOOK_MS, first_look, f);
	core_timeline_load(command->core, pt_command_get(command, "computation"), true);
	f->watch =
	    core_watch(command->core, CORE_WATCH_TIMELINE, pt_command_get(command, "computation"));
}
