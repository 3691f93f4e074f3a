/*
 * Between tui/command.c (the life of a command) and tui/command_host.c (its files on hosts) only.
 */
#ifndef PRISM_TUI_COMMAND_PRIVATE_H
#define PRISM_TUI_COMMAND_PRIVATE_H

#include "tui/command.h"
#include "tui/hostfile.h"

struct pt_command_private {
	const struct pt_front *front;
	void *front_data;
	struct pt_values *given;  /* as typed */
	const struct pt_arg *arg; /* being looked up */
	size_t nth;
	char *role_word;
	const char **list; /* last answer of pt_command_all */
	struct core_subscription *settling;
	struct prism_timer *settle_limit;
	void (*settled)(struct pt_command *command);
	int settle_turns;
	struct pt_hostfile **hosts; /* arguments that name a file on a host, in their order */
	size_t host_count, host_at; /* the one that is looked at, or placed */
	bool looked;                /* the hosts were reached, and the handler has run */
	bool placing;               /* a host is looked at, or a file is placed there */
	bool ended;
	bool failed;
	struct prism_error error;
};

/* -1: an argument names a place on a host that cannot be one, or a directory there. */
PRISM_MUST_USE
int pt_command_hosts_check(const struct pt_arg *arg, const char *text, struct prism_error *err);
bool pt_command_names_host(const struct pt_values *values); /* as the place of a new file */
/* Reaches the hosts of new files, then calls then(); without any at once. A failure ends it. */
void pt_command_hosts_look(struct pt_command *command, void (*then)(struct pt_command *command));
/* What the handler finds in place of a word: the local file that is placed later, or the word. */
const char *pt_command_hosts_local(const struct pt_command *command, const char *word);
/* Places what was written, then calls then(); without anything to place at once. */
void pt_command_hosts_place(struct pt_command *command, void (*then)(struct pt_command *command));
void pt_command_hosts_finish(struct pt_command *command);

#endif
