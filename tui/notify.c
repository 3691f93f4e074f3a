/* News of followed computations; see the header. */
#include "tui/notify.h"

#include "base/mem.h"
#include "base/spawn.h"
#include "base/text.h"
#include "core/follow.h"
#include "core/options.h"
#include "core/workspace.h"
#include "tui/actor.h"
#include "tui/args.h"
#include "tui/table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ENVIRONMENT_MAX 16

struct program { /* one that runs */
	struct pt_notify *notify;
	struct prism_spawn *spawn; /* NULL: the place is free */
};

struct pt_notify {
	struct pt_app *app;
	struct core *core;
	struct program programs[PT_NOTIFY_RUNNING];
	bool told_restricted;
};

struct pt_notify *pt_notify_create(struct pt_ui *ui)
{
	struct pt_notify *n = prism_alloc(sizeof(*n));

	n->app = pt_ui_app(ui);
	n->core = pt_ui_core(n->app);
	return n;
}

static const struct core_options *options_of(const struct pt_notify *n)
{
	return pt_ui_world(n->app)->options;
}

/* ---- a program ---- */

/* "NAME=VALUE" of the names that are set; the texts are yours. */
static size_t environment(char *env[ENVIRONMENT_MAX + 1])
{
	PRISM_AUTO_FREE char *names = prism_strdup(PT_NOTIFY_ENVIRONMENT);
	char *save = NULL;
	size_t count = 0;

	for (char *name = strtok_r(names, " ", &save); name && count < ENVIRONMENT_MAX;
	     name = strtok_r(NULL, " ", &save)) {
		const char *value = getenv(name);

		if (value)
			env[count++] = prism_asprintf("%s=%s", name, value);
	}
	env[count] = NULL;
	return count;
}

static void program_ended(void *data, const struct prism_spawn_result *result)
{
	struct program *program = data;
	struct pt_app *app = program->notify->app;

	program->spawn = NULL;
	if (result->timed_out)
		pt_app_message(app, PT_SLOT_WARN, "notify_command was killed after %d s",
		               PT_NOTIFY_MS / 1000);
	else if (result->status != 0)
		pt_app_message(app, PT_SLOT_WARN, "notify_command ended with %s %d%s%s",
		               result->signum ? "signal" : "status",
		               result->signum ? result->signum : result->status, *result->said ? ": " : "",
		               result->said);
}

static void start(struct pt_notify *n, struct program *program, struct pt_words *words,
                  const struct core_change *change, struct prism_error *err)
{
	const char *const news[] = {"state",
	                            change->id,
	                            change->name,
	                            core_comp_state_info(change->before)->word,
	                            core_comp_state_info(change->after)->word,
	                            change->step,
	                            core_workspace_name(n->core)};
	const char **argv = prism_alloc_array(words->count + PRISM_COUNT(news) + 1, sizeof(*argv));
	char *env[ENVIRONMENT_MAX + 1];
	size_t env_count = environment(env);

	memcpy(argv, words->v, words->count * sizeof(*argv));
	memcpy(argv + words->count, news, sizeof(news));
	program->notify = n;
	program->spawn = prism_spawn(pt_app_loop(n->app), argv, (const char *const *)env, PT_NOTIFY_MS,
	                             program_ended, program, err);
	for (size_t i = 0; i < env_count; i++)
		prism_free(env[i]);
	prism_free(argv);
}

static void run_program(struct pt_notify *n, const char *line, const struct core_change *change)
{
	struct prism_error err = PRISM_ERROR_INIT;
	struct pt_words words = {0};
	size_t slot = 0;

	if (core_option_bool(options_of(n), CORE_OPT_RESTRICTED)) {
		if (!n->told_restricted)
			pt_app_message(n->app, PT_SLOT_WARN, "restricted: notify_command is not started");
		n->told_restricted = true;
		return;
	}
	while (slot < PT_NOTIFY_RUNNING && n->programs[slot].spawn)
		slot++;
	if (slot == PT_NOTIFY_RUNNING) {
		pt_app_message(n->app, PT_SLOT_WARN, "notify_command was left out: %d of them still run",
		               PT_NOTIFY_RUNNING);
		return;
	}
	if (pt_words_split(line, &words, &err) == 0 && words.count > 0)
		start(n, &n->programs[slot], &words, change, &err);
	pt_words_finish(&words);
	if (err.category == PRISM_ERROR_NONE)
		return;
	prism_error_wrap(&err, "notify_command");
	pt_app_report(n->app, &err);
}

/* ---- all of it ---- */

void pt_notify_changed(struct pt_notify *n, const char *id)
{
	const char *desktop = core_option_text(options_of(n), CORE_OPT_NOTIFY);
	const char *line = core_option_text(options_of(n), CORE_OPT_NOTIFY_COMMAND);
	struct pt_term *term = pt_app_term(n->app);
	struct core_change change;
	char text[200];

	if (!core_follow_change(n->core, id, &change))
		return;
	core_change_text(&change, text, sizeof(text));
	pt_app_message(n->app, pt_tone_slot(core_comp_state_info(change.after)->tone), "%.200s: %s",
	               change.name, text);
	if (core_option_bool(options_of(n), CORE_OPT_BELL))
		pt_term_bell(term);
	if (strcmp(desktop, "no") != 0 && !pt_ui_locked(n->app))
		pt_term_notify(term, strcmp(desktop, "osc777") == 0, change.name, text);
	if (*line)
		run_program(n, line, &change);
}

/* ---- marking ---- */

struct toggling {
	struct core *core;
	bool on;
	size_t count, followed;
	struct prism_error err;
};

static void count_one(void *data, const char *id)
{
	struct toggling *t = data;

	t->count++;
	t->followed += core_followed(t->core, id);
}

static void follow_one(void *data, const char *id)
{
	struct toggling *t = data;

	if (t->err.category == PRISM_ERROR_NONE && core_follow(t->core, id, t->on, &t->err) < 0)
		return;
}

static void each(struct pt_view *view, void (*fn)(void *data, const char *id),
                 struct toggling *toggling)
{
	const struct pt_actor *actor = view->ops->actor;
	const char *id = actor && actor->subject ? actor->subject(view, PT_ARG_COMPUTATION) : NULL;
	struct pt_table *table = view->ops->table ? view->ops->table(view) : NULL;

	if (table && (pt_ui_where(view) & PT_IN_COMPUTATIONS))
		pt_table_each_chosen(table, fn, toggling);
	else if (id && *id)
		fn(toggling, id);
}

unsigned pt_notify_toggle(struct pt_app *app, struct pt_view *view)
{
	struct toggling t = {.core = pt_ui_core(app), .err = PRISM_ERROR_INIT};

	if (!view)
		return PT_IGNORED;
	each(view, count_one, &t);
	t.on = t.followed < t.count;
	each(view, follow_one, &t);
	if (t.err.category != PRISM_ERROR_NONE)
		pt_app_report(app, &t.err);
	else if (t.count)
		pt_app_message(app, PT_SLOT_INFO, t.on ? "followed: changes are told" : "not followed");
	return t.count ? PT_HANDLED | PT_REDRAW : PT_IGNORED;
}

void pt_notify_destroy(struct pt_notify *n)
{
	if (!n)
		return;
	for (size_t i = 0; i < PT_NOTIFY_RUNNING; i++)
		prism_spawn_abandon(n->programs[i].spawn);
	prism_free(n);
}
