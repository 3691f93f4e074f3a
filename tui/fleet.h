/*
 * All profiles of the configuration at once: each has a world of its own (settings, session, cache,
 * transfers), and one of them is on the screen.
 *
 * Worlds of other profiles are made when the fleet is looked at or switched to, and stay until the
 * end: their sessions live, transfers go on, and what is followed there is told here.  They share
 * the loop and nothing else, so that a slow or dead backend delays nobody but itself.
 *
 * Settings of another profile come from the file.  What was given on the command line or in the
 * environment holds for the profile it was started with, except what is about this terminal or
 * limits what may be done (read_only, restricted, ...): that holds for all.
 *
 * A member is signed in by its access token, its kept session, or because somebody signed in after
 * switching to it; else its rows are what the cache knows, and it says that nobody is signed in.
 *
 * Thread rules: loop thread only.
 */
#ifndef PRISM_TUI_FLEET_H
#define PRISM_TUI_FLEET_H

#include "core/list.h"
#include "tui/world.h"

struct pt_fleet;

enum pt_fleet_state {
	PT_FLEET_CLOSED,     /* nobody looked yet */
	PT_FLEET_SIGNED_OUT, /* rows, if any, are from the cache */
	PT_FLEET_LOADING,
	PT_FLEET_READY,
	PT_FLEET_FAILED, /* error; rows, if any, are those known last */
};

struct pt_fleet_member { /* lent, lives with the fleet */
	const char *profile;
	struct pt_world *world; /* NULL: closed, or its settings cannot be read */
	enum pt_fleet_state state;
	struct prism_error error;
	bool current; /* on the screen */
	struct pt_fleet *fleet;
	struct core_options *options; /* of members we made */
	struct core_subscription *subscription;
	struct core_watch *watch;
	unsigned asking; /* a chain of requests is under way */
};

/* For tui/world.c: see pt_world_fleet(). first: the world of the profile the program was started
 * with; lent, and told of the fleet. config: path of the configuration file, NULL: the usual one.
 * screen: members use their caches, and wait for a sign-in rather than fail. */
struct pt_fleet *pt_fleet_create(struct pt_world *first, const char *config, bool screen);
/* Before the first world's core is destroyed: ends all worlds but the first. NULL allowed. */
void pt_fleet_close(struct pt_fleet *fleet);
void pt_fleet_destroy(struct pt_fleet *fleet); /* after it; NULL allowed */

size_t pt_fleet_count(const struct pt_fleet *fleet);
const struct pt_fleet_member *pt_fleet_at(const struct pt_fleet *fleet, size_t index);
const struct pt_fleet_member *pt_fleet_find(const struct pt_fleet *fleet, const char *profile);
/* Computations of a member as they are known; NULL: none yet. */
struct core_list *pt_fleet_computations(const struct pt_fleet_member *member);
/* "not signed in", "loading", "3h 05m old, not current: ..."; "" when there is nothing to say. */
char *pt_fleet_text(const struct pt_fleet_member *member, char *buf, size_t size);

/* Opens and asks all of them, side by side; CORE_EVENT_FLEET in the current core as they answer. */
void pt_fleet_load(struct pt_fleet *fleet);
/* While the list is seen, its members are kept fresh. */
void pt_fleet_watch(struct pt_fleet *fleet, bool on);
/* The same as load, and done when each has answered or failed. */
PRISM_MUST_USE
int pt_fleet_await(struct pt_fleet *fleet, struct prism_cancel *cancel, core_done_fn done,
                   void *data, struct prism_error *err);

/* Asks for another profile on the screen, with that computation open (NULL: none). The user
 * interface ends after this; whoever runs it asks pt_fleet_next(). */
PRISM_MUST_USE
int pt_fleet_switch(struct pt_fleet *fleet, const char *profile, const char *computation,
                    struct prism_error *err);
/* The world to show now; NULL: the program ends. ret_computation: to be opened, or NULL; yours. */
struct pt_world *pt_fleet_next(struct pt_fleet *fleet, char **ret_computation);

#endif
