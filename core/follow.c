/* Computations a person follows; see the header. */
#include "core/follow.h"

#include "core/computation.h"
#include "core/internal.h"
#include "core/run.h"
#include "core/watch.h"
#include "core/workspace.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

struct entry {
	char *id, *step;
	enum core_comp_state state;
	bool seen;                   /* state and step are known */
	enum core_comp_state before; /* of the last change told */
	bool changed;                /* there was one */
	struct core_watch *watch;
};

struct follow {
	struct core *core;
	char *workspace; /* the entries are of; "" none */
	struct entry entries[CORE_FOLLOW_MAX];
	size_t count;
	bool started;
	struct core_subscription *subscription;
};

static void on_event(void *data, const struct core_event *event);

static void *create(struct core *core)
{
	struct follow *f = prism_alloc(sizeof(*f));

	f->core = core;
	f->workspace = prism_strdup("");
	return f;
}

static void entry_free(struct entry *e)
{
	core_unwatch(e->watch);
	prism_free(e->id);
	prism_free(e->step);
}

static void forget(struct follow *f)
{
	for (size_t i = 0; i < f->count; i++)
		entry_free(&f->entries[i]);
	f->count = 0;
	prism_free(f->workspace);
	f->workspace = prism_strdup("");
}

static void destroy(void *state)
{
	struct follow *f = state;

	core_unsubscribe(f->subscription);
	forget(f);
	prism_free(f->workspace);
	prism_free(f);
}

static void reset(void *state)
{
	forget(state);
}

static const struct core_module module = {
    .name = "follow", .create = create, .destroy = destroy, .reset = reset};

/* --- remembered --- */

static char *key_of(const struct follow *f)
{
	return prism_asprintf("follow %s", f->workspace);
}

/* Lines "id state step"; a state that was never seen is "?". */
static void save(struct follow *f)
{
	PRISM_AUTO_BUF struct prism_buf text = PRISM_BUF_INIT(65536);
	PRISM_AUTO_FREE char *key = key_of(f);

	for (size_t i = 0; i < f->count; i++)
		prism_buf_printf(&text, "%s %s %s\n", f->entries[i].id,
		                 f->entries[i].seen ? core_comp_state_info(f->entries[i].state)->word : "?",
		                 f->entries[i].step);
	core_remember(core_options(f->core), key, text.len ? prism_buf_text(&text) : NULL);
}

static void watch(struct follow *f, struct entry *e)
{
	if (f->started && !e->watch)
		e->watch = core_watch(f->core, CORE_WATCH_TIMELINE, e->id);
}

static struct entry *add(struct follow *f, const char *id, size_t len)
{
	struct entry *e = &f->entries[f->count++];

	*e = (struct entry){.id = prism_strndup(id, len), .step = prism_strdup("")};
	watch(f, e);
	return e;
}

static void read_line(struct follow *f, const char *line, size_t len)
{
	size_t id = 0, word;
	struct entry *e;

	while (id < len && line[id] != ' ')
		id++;
	if (!id || f->count == CORE_FOLLOW_MAX)
		return;
	e = add(f, line, id);
	line += id < len ? id + 1 : id;
	len -= id < len ? id + 1 : id;
	for (word = 0; word < len && line[word] != ' '; word++)
		;
	for (int s = 0; s < CORE_COMP_STATE_COUNT; s++) {
		const char *known = core_comp_state_info((enum core_comp_state)s)->word;

		if (strlen(known) != word || strncmp(known, line, word) != 0)
			continue;
		e->state = (enum core_comp_state)s;
		e->seen = true;
		prism_free(e->step);
		e->step = word < len ? prism_strndup(line + word + 1, len - word - 1) : prism_strdup("");
	}
}

/* The entries are those of the current workspace. */
static struct follow *follow_of(struct core *core)
{
	struct follow *f = core_module(core, &module);
	const char *workspace = core_workspace_id(core), *text;
	PRISM_AUTO_FREE char *key = NULL;

	if (strcmp(f->workspace, workspace) == 0)
		return f;
	forget(f);
	prism_free(f->workspace);
	f->workspace = prism_strdup(workspace);
	key = key_of(f);
	text = *workspace ? core_remembered(core_options(core), key) : NULL;
	for (; text && *text; text += strcspn(text, "\n"), text += *text == '\n')
		read_line(f, text, strcspn(text, "\n"));
	return f;
}

static struct entry *find(struct follow *f, const char *id)
{
	for (size_t i = 0; i < f->count; i++)
		if (strcmp(f->entries[i].id, id) == 0)
			return &f->entries[i];
	return NULL;
}

/* --- changes --- */

/* The step of a run that goes on; "" when it is not known or says nothing new. */
static const char *step_now(struct core *core, const char *id, enum core_comp_state state)
{
	const struct core_card *card =
	    state == CORE_COMP_RUNNING ? core_card_find(core, id, NULL) : NULL;

	return card && strncasecmp(card->latest, "AlgorithmRun", 12) != 0 ? card->latest : "";
}

static void look(struct follow *f, struct entry *e)
{
	enum core_comp_state state = core_computation_state(f->core, e->id);
	const char *step = step_now(f->core, e->id, state);
	bool known = core_computation_get(f->core, e->id) || core_card_find(f->core, e->id, NULL);
	bool same = e->seen && e->state == state && (!*step || strcmp(step, e->step) == 0);

	if (!known || same)
		return;
	/* A step that was not known before is learned, not news. */
	bool news = e->seen && (e->state != state || *e->step);

	if (news)
		e->before = e->state;
	e->changed = e->changed || news;
	e->seen = true;
	e->state = state;
	if (strcmp(e->step, step) != 0) {
		prism_free(e->step);
		e->step = prism_strdup(step);
	}
	save(f);
	if (news)
		core_emit(f->core, CORE_EVENT_FOLLOWED, e->id);
}

static void on_event(void *data, const struct core_event *event)
{
	struct follow *f = data;

	switch (event->type) {
	case CORE_EVENT_WORKSPACES:
	case CORE_EVENT_SESSION:
		follow_of(f->core);
		break;
	case CORE_EVENT_TIMELINE:
	case CORE_EVENT_COMPUTATION:
	case CORE_EVENT_COMPUTATIONS:
		f = follow_of(f->core);
		for (size_t i = 0; i < f->count; i++)
			if (!*event->id || strcmp(event->id, f->entries[i].id) == 0)
				look(f, &f->entries[i]);
		break;
	default:
		break;
	}
}

/* --- for front ends --- */

bool core_followed(struct core *core, const char *id)
{
	return find(follow_of(core), id) != NULL;
}

size_t core_followed_count(struct core *core)
{
	return follow_of(core)->count;
}

const char *core_followed_at(struct core *core, size_t index)
{
	const struct follow *f = follow_of(core);

	return index < f->count ? f->entries[index].id : NULL;
}

int core_follow(struct core *core, const char *id, bool on, struct prism_error *err)
{
	struct follow *f = follow_of(core);
	struct entry *e = find(f, id);

	if (!*f->workspace)
		return prism_error_raise(err, PRISM_ERROR_MISSING, "no workspace is open");
	if (strpbrk(id, " \n") || !*id)
		return prism_error_raise(err, PRISM_ERROR_INVALID, "\"%s\" is no id", id);
	if (on && !e) {
		if (f->count == CORE_FOLLOW_MAX) {
			prism_error_raise(err, PRISM_ERROR_LIMIT, "%d computations are followed already",
			                  CORE_FOLLOW_MAX);
			prism_error_hint(err, "give up another one first: notify --off");
			return -1;
		}
		look(f, add(f, id, strlen(id)));
	} else if (!on && e) {
		entry_free(e);
		memmove(e, e + 1, (size_t)(f->entries + f->count - e - 1) * sizeof(*e));
		f->count--;
	}
	save(f);
	core_emit(core, CORE_EVENT_COMPUTATIONS, NULL);
	return 0;
}

void core_follow_start(struct core *core)
{
	struct follow *f = follow_of(core);

	if (f->started)
		return;
	f->started = true;
	f->subscription = core_subscribe(core, on_event, f);
	for (size_t i = 0; i < f->count; i++)
		watch(f, &f->entries[i]);
}

bool core_follow_change(struct core *core, const char *id, struct core_change *ret)
{
	const struct entry *e = find(follow_of(core), id);
	const struct core_computation *c = core_computation_get(core, id);

	if (!e || !e->changed)
		return false;
	*ret = (struct core_change){
	    .id = e->id,
	    .name = c && *c->name ? c->name : e->id,
	    .before = e->before,
	    .after = e->state,
	    .step = e->step,
	};
	return true;
}

char *core_change_text(const struct core_change *change, char *buf, size_t size)
{
	const char *label = core_comp_state_info(change->after)->label;
	char title[128];

	if (change->after != CORE_COMP_RUNNING || !*change->step ||
	    strcasecmp(change->step, "Running") == 0) {
		snprintf(buf, size, "%s", label);
		return buf;
	}
	core_event_title(change->step, title, sizeof(title));
	title[0] = (char)tolower((unsigned char)title[0]);
	snprintf(buf, size, "%s: %s", label, title);
	return buf;
}
