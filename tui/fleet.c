/* All profiles at once; see the header. */
#include "tui/fleet.h"

#include "base/mem.h"
#include "core/cache.h"
#include "core/computation.h"
#include "core/follow.h"
#include "core/options.h"
#include "core/request.h"
#include "core/session.h"
#include "core/watch.h"
#include "core/workspace.h"

#include <stdio.h>
#include <string.h>

#define MEMBERS_MAX 32 /* profiles; more in a file are left out */

struct waiter { /* one pt_fleet_await() */
	core_done_fn done;
	void *data;
	unsigned open;
};

struct pt_fleet {
	struct pt_fleet_member members[MEMBERS_MAX];
	size_t count, current;
	char *config;
	bool screen, closing;
	ptrdiff_t next; /* member to be shown; -1: none */
	char *computation;
	struct waiter *waiter; /* NULL: nobody waits */
};

/* ---- members ---- */

static void add(struct pt_fleet *fleet, const char *profile)
{
	if (fleet->count == MEMBERS_MAX || pt_fleet_find(fleet, profile))
		return;
	fleet->members[fleet->count++] =
	    (struct pt_fleet_member){.profile = prism_strdup(profile), .fleet = fleet};
}

static void on_event(void *data, const struct core_event *event);

static void adopt(struct pt_fleet_member *member, struct pt_world *world)
{
	member->world = world;
	member->world->fleet = member->fleet;
	member->subscription = core_subscribe(world->core, on_event, member);
}

struct pt_fleet *pt_fleet_create(struct pt_world *first, const char *config, bool screen)
{
	struct pt_fleet *fleet = prism_alloc(sizeof(*fleet));

	fleet->config = prism_strdup(config);
	fleet->screen = screen;
	fleet->next = -1;
	add(fleet, core_options_profile(first->options));
	for (size_t i = 0; i < core_options_profile_count(first->options); i++)
		if (strcmp(core_options_profile_at(first->options, i), "default") != 0)
			add(fleet, core_options_profile_at(first->options, i)); /* default always exists */
	adopt(&fleet->members[0], first);
	fleet->members[0].current = true;
	return fleet;
}

void pt_fleet_close(struct pt_fleet *fleet)
{
	if (!fleet)
		return;
	fleet->closing = true;
	pt_fleet_watch(fleet, false);
	for (size_t i = 0; i < fleet->count; i++)
		core_unsubscribe(fleet->members[i].subscription);
	for (size_t i = 1; i < fleet->count; i++) {
		pt_world_destroy(fleet->members[i].world);
		core_options_destroy(fleet->members[i].options);
	}
}

void pt_fleet_destroy(struct pt_fleet *fleet)
{
	if (!fleet)
		return;
	for (size_t i = 0; i < fleet->count; i++)
		prism_free((char *)(uintptr_t)fleet->members[i].profile);
	prism_free(fleet->waiter);
	prism_free(fleet->config);
	prism_free(fleet->computation);
	prism_free(fleet);
}

size_t pt_fleet_count(const struct pt_fleet *fleet)
{
	return fleet->count;
}

const struct pt_fleet_member *pt_fleet_at(const struct pt_fleet *fleet, size_t index)
{
	return &fleet->members[index];
}

const struct pt_fleet_member *pt_fleet_find(const struct pt_fleet *fleet, const char *profile)
{
	for (size_t i = 0; i < fleet->count; i++)
		if (!strcmp(fleet->members[i].profile, profile))
			return &fleet->members[i];
	return NULL;
}

/* ---- opening one ---- */

/* Belongs to a profile, not to this terminal: who, where, with which keys. */
static bool of_profile(enum core_option_id id)
{
	return id <= CORE_OPT_CA_FILE || id == CORE_OPT_DOWNLOAD_DIR || id == CORE_OPT_KEY_FILE ||
	       (id >= CORE_OPT_AGENT_SERVER_CA && id <= CORE_OPT_TRUST_ROOT);
}

static int copy_settings(struct core_options *to, const struct core_options *from,
                         struct prism_error *err)
{
	for (int id = 0; id < CORE_OPTION_COUNT; id++) {
		enum core_option_source source = core_option_source(from, (enum core_option_id)id);

		if (of_profile((enum core_option_id)id) || source < CORE_FROM_ENVIRONMENT ||
		    core_option_table[id].type == CORE_OPTION_SECRET)
			continue;
		if (core_options_set(to, (enum core_option_id)id,
		                     core_option_text(from, (enum core_option_id)id), err) < 0)
			return -1;
	}
	return 0;
}

static int open_member(struct pt_fleet_member *member)
{
	const struct pt_world *first = member->fleet->members[0].world;
	struct core_options *options;

	if (member->world)
		return 0;
	prism_error_clear(&member->error);
	options = core_options_create();
	if (core_options_load(options, member->fleet->config, &member->error) < 0 ||
	    core_options_use(options, member->profile, &member->error) < 0 ||
	    copy_settings(options, first->options, &member->error) < 0) {
		core_options_destroy(options);
		member->state = PT_FLEET_FAILED;
		return -1;
	}
	member->options = options;
	adopt(member, pt_world_create(first->loop, first->work, options));
	core_request_set_parking(member->world->core, member->fleet->screen);
	if (member->fleet->screen)
		core_cache_start(member->world->core);
	return 0;
}

/* ---- what is known ---- */

struct core_list *pt_fleet_computations(const struct pt_fleet_member *member)
{
	return member->world && *core_workspace_id(member->world->core)
	           ? core_computations(member->world->core)
	           : NULL;
}

char *pt_fleet_text(const struct pt_fleet_member *member, char *buf, size_t size)
{
	const struct core_list *list = pt_fleet_computations(member);
	const struct core_status *status = list ? core_list_status(list) : NULL;
	char age[PRISM_TIME_TEXT] = "";
	bool known = status && status->fetched_us != PRISM_TIME_UNSET && status->loaded;

	if (known)
		prism_time_span(prism_clock_wall_us(core_clock(member->world->core)) - status->fetched_us,
		                age);
	buf[0] = '\0';
	switch (member->state) {
	case PT_FLEET_CLOSED:
		break;
	case PT_FLEET_SIGNED_OUT:
		snprintf(buf, size, "not signed in%s%s%s", known ? "; known for " : "", age, "");
		break;
	case PT_FLEET_LOADING:
		snprintf(buf, size, "loading");
		break;
	case PT_FLEET_READY:
		if (status && !status->loaded)
			snprintf(buf, size, "no computations");
		break;
	default:
		snprintf(buf, size, "%s%s%s", member->error.message, known ? "; known for " : "", age);
	}
	return buf;
}

/* ---- asking ---- */

static void tell(struct pt_fleet *fleet, const struct pt_fleet_member *member)
{
	core_emit(fleet->members[fleet->current].world->core, CORE_EVENT_FLEET, member->profile);
}

static void settle(struct pt_fleet *fleet)
{
	struct waiter waiter;

	if (!fleet->waiter || --fleet->waiter->open > 0)
		return;
	waiter = *fleet->waiter;
	prism_free(fleet->waiter);
	fleet->waiter = NULL;
	waiter.done(waiter.data, NULL);
}

static void ended(struct pt_fleet_member *member, const struct prism_error *err)
{
	member->asking = 0;
	if (member->fleet->closing)
		return;
	if (err && err->category == PRISM_ERROR_CANCELLED) {
		member->state = PT_FLEET_CLOSED;
	} else if (err) {
		prism_error_copy(&member->error, err);
		member->state = err->category == PRISM_ERROR_AUTH ? PT_FLEET_SIGNED_OUT : PT_FLEET_FAILED;
	} else {
		prism_error_clear(&member->error);
		member->state = PT_FLEET_READY;
	}
	tell(member->fleet, member);
	settle(member->fleet);
}

static void listed(void *data, const struct prism_error *err)
{
	ended(data, err);
}

static void ask_list(struct pt_fleet_member *member)
{
	struct prism_error err = PRISM_ERROR_INIT;

	if (core_list_await(core_computations(member->world->core), true,
	                    core_cancel(member->world->core), listed, member, &err) < 0)
		ended(member, &err);
}

static void entered(void *data, const char *id, const struct prism_error *err)
{
	struct pt_fleet_member *member = data;
	struct prism_error none = PRISM_ERROR_INIT;

	if (err || *id) {
		if (err)
			ended(member, err);
		else
			ask_list(member);
		return;
	}
	prism_error_raise(&none, PRISM_ERROR_MISSING, "no workspace is chosen");
	prism_error_hint(&none, "set option workspace in the profile, or switch to it and choose one");
	ended(member, &none);
}

static void ask(struct pt_fleet_member *member)
{
	struct prism_error err = PRISM_ERROR_INIT;
	struct core *core;

	if (member->asking) {
		settle(member->fleet);
		return;
	}
	member->asking = 1;
	if (open_member(member) < 0) {
		err = member->error;
		ended(member, &err);
		return;
	}
	core = member->world->core;
	if (!*core_workspace_id(core))
		pt_world_recall(member->world);
	if (!core_session_ready(core)) {
		if (*core_workspace_id(core))
			core_list_load(core_computations(core)); /* what the cache knows */
		prism_error_raise(&err, PRISM_ERROR_AUTH, "not signed in");
		ended(member, &err);
		return;
	}
	member->state = PT_FLEET_LOADING;
	if (*core_workspace_id(core))
		ask_list(member);
	else if (pt_world_enter(member->world, core_cancel(core), entered, member, &err) < 0)
		ended(member, &err);
}

int pt_fleet_await(struct pt_fleet *fleet, struct prism_cancel *cancel, core_done_fn done,
                   void *data, struct prism_error *err)
{
	PRISM_UNUSED(cancel); /* each ends by its own deadlines */
	if (fleet->waiter)
		return prism_error_raise(err, PRISM_ERROR_CONFLICT, "the fleet is asked already");
	fleet->waiter = prism_alloc(sizeof(*fleet->waiter));
	*fleet->waiter = (struct waiter){done, data, (unsigned)fleet->count + 1};
	for (size_t i = 0; i < fleet->count; i++)
		ask(&fleet->members[i]);
	settle(fleet);
	return 0;
}

void pt_fleet_load(struct pt_fleet *fleet)
{
	for (size_t i = 0; i < fleet->count; i++)
		if (!fleet->members[i].asking)
			ask(&fleet->members[i]);
}

void pt_fleet_watch(struct pt_fleet *fleet, bool on)
{
	for (size_t i = 0; i < fleet->count; i++) {
		struct pt_fleet_member *member = &fleet->members[i];

		if (!on) {
			core_unwatch(member->watch);
			member->watch = NULL;
		} else if (!member->watch && member->world && core_session_ready(member->world->core)) {
			member->watch = core_watch(member->world->core, CORE_WATCH_COMPUTATIONS, NULL);
			core_watch_range(member->watch, 0, CORE_LIST_PAGE);
		}
	}
}

/* A member that is not on the screen tells through the one that is. */
static void on_event(void *data, const struct core_event *event)
{
	struct pt_fleet_member *member = data;
	struct core *shown = member->fleet->members[member->fleet->current].world->core;
	struct core_change change;
	char text[200];

	switch (event->type) {
	case CORE_EVENT_SESSION:
		if (!member->asking && member->state == PT_FLEET_SIGNED_OUT &&
		    core_session_ready(member->world->core))
			ask(member);
		break;
	case CORE_EVENT_COMPUTATIONS:
	case CORE_EVENT_WORKSPACES:
		tell(member->fleet, member);
		break;
	case CORE_EVENT_FOLLOWED:
		if (!member->current && core_follow_change(member->world->core, event->id, &change))
			core_notify(shown, CORE_INFO, "%s: %.200s: %s", member->profile, change.name,
			            core_change_text(&change, text, sizeof(text)));
		break;
	default:
		break;
	}
}

/* ---- switching ---- */

int pt_fleet_switch(struct pt_fleet *fleet, const char *profile, const char *computation,
                    struct prism_error *err)
{
	const struct pt_fleet_member *found = pt_fleet_find(fleet, profile);

	if (!found) {
		prism_error_raise(err, PRISM_ERROR_MISSING, "there is no profile \"%s\"", profile);
		prism_error_hint(err,
		                 "profile list shows them; they are sections of the configuration file");
		return -1;
	}
	if (open_member(&fleet->members[found - fleet->members]) < 0) {
		prism_error_copy(err, &found->error);
		return -1;
	}
	fleet->next = found - fleet->members;
	prism_free(fleet->computation);
	fleet->computation = prism_strdup(computation);
	return 0;
}

struct pt_world *pt_fleet_next(struct pt_fleet *fleet, char **ret_computation)
{
	if (fleet->next < 0)
		return NULL;
	pt_fleet_watch(fleet, false);
	fleet->members[fleet->current].current = false;
	fleet->current = (size_t)fleet->next;
	fleet->members[fleet->current].current = true;
	fleet->next = -1;
	*ret_computation = fleet->computation;
	fleet->computation = NULL;
	return fleet->members[fleet->current].world;
}
