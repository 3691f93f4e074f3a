/*
 * The world one run of the program works on: core and the companions that stand beside it (key
 * pairs, transfer queue).  Made by main for the screen and for `-c` alike, lent to commands and
 * views.
 *
 * Also here: entering a workspace after sign-in, and the small questions both front ends ask
 * ("which private key is for this computation?").
 *
 * Thread rules: loop thread only.
 */
#ifndef PRISM_TUI_WORLD_H
#define PRISM_TUI_WORLD_H

#include "core/core.h"

struct core_options;
struct core_place;
struct core_userkeys;
struct core_transfer_queue;
struct pt_fleet;

struct pt_world {
	struct prism_loop *loop;
	struct prism_work *work;
	struct core_options *options;  /* lent */
	struct prism_secret *password; /* to sign in with, once, unasked; NULL: the person is asked */
	struct core *core;
	bool screen;                           /* somebody can be asked: the user interface runs */
	struct core_userkeys *keys;            /* made on first use: pt_world_keys() */
	struct core_transfer_queue *transfers; /* made on first use: pt_world_transfers() */
	struct core_place *place;              /* made on first use: pt_world_place() */
	struct pt_world_host *hosts;           /* made on first use: pt_world_host() */
	size_t host_count;
	char *fetched_dir; /* NULL until pt_world_fetched() */
	unsigned fetched_count;
	struct pt_fleet *fleet; /* this world is a member of; made on first use: pt_world_fleet() */
	bool fleet_own;         /* made by this one, and ended with it */
};

/* loop, work and options are lent. */
struct pt_world *pt_world_create(struct prism_loop *loop, struct prism_work *work,
                                 struct core_options *options);
void pt_world_destroy(struct pt_world *world); /* NULL allowed; before the workers */

struct core_userkeys *pt_world_keys(struct pt_world *world);
struct pt_fleet *pt_world_fleet(struct pt_world *world); /* all profiles (tui/fleet.h) */
struct core_transfer_queue *pt_world_transfers(struct pt_world *world);
struct core_place *pt_world_place(struct pt_world *world); /* this machine's files */
/* The files of a host; via: the way there, which ends at it. Lent for the world's life. */
struct core_place *pt_world_host(struct pt_world *world, const char *via, struct prism_error *err);

/* Where a copy of a host's file goes: a private directory that is removed at the end. Yours. */
char *pt_world_fetched(struct pt_world *world, const char *name, struct prism_error *err);

/* Enters the workspace of the options, or the one remembered, at once, when the cache knows it:
 * what was seen last can be read without a server. False: it does not. */
bool pt_world_recall(struct pt_world *world);
/* Enters the workspace of the options, else the one remembered, else the only one there is. id is
 * "" when the person has to choose. Needs a session. */
PRISM_MUST_USE
int pt_world_enter(struct pt_world *world, struct prism_cancel *cancel, core_id_fn done, void *data,
                   struct prism_error *err);

/* Private key file for a computation: named, else bound to it, to the workspace, else the option
 * key_file, else the pair called "default". Yours; NULL with category missing and a hint. */
char *pt_world_key_file(struct pt_world *world, const char *named, const char *computation_id,
                        struct prism_error *err);

#endif
