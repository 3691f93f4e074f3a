/*
 * The action table and the few functions that look things up in it.  Its rows are in
 * tui/actions_*.def, a file for each subject; what an action does is not there either: commands
 * live in tui/cmd_*.c, screen actions in the views and the shell.
 */
#include "tui/actions.h"

#include "base/mem.h"
#include "base/text.h"
#include "tui/commands.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "tui/actions_args.def"

static const struct pt_action rows[PT_ACTION_COUNT] = {
#include "tui/actions_computations.def"
#include "tui/actions_machines.def"
#include "tui/actions_people.def"
#include "tui/actions_screen.def"
#include "tui/actions_trust.def"
};

static_assert(sizeof(rows) / sizeof(rows[0]) == PT_ACTION_COUNT, "one row per action");

static const char *const group_titles[PT_GROUP_COUNT] = {
    [PT_GROUP_MOVE] = "Moving",
    [PT_GROUP_SCREEN] = "Screen",
    [PT_GROUP_FIND] = "Finding and marking",
    [PT_GROUP_GO] = "Sections",
    [PT_GROUP_SESSION] = "Session and workspaces",
    [PT_GROUP_ACCOUNT] = "Your account",
    [PT_GROUP_PEOPLE] = "People of the workspace",
    [PT_GROUP_COMPUTATION] = "Computations",
    [PT_GROUP_CERT] = "Certificates",
    [PT_GROUP_EVIDENCE] = "Evidence and policies",
    [PT_GROUP_RUN] = "Runs and agents",
    [PT_GROUP_ROLE] = "Roles",
    [PT_GROUP_KEY] = "Keys",
    [PT_GROUP_ASSET] = "Assets",
    [PT_GROUP_CVM] = "CVMs",
    [PT_GROUP_TRANSFER] = "Transfers",
    [PT_GROUP_TUNNEL] = "Tunnels",
    [PT_GROUP_LOG] = "Logs and saving",
    [PT_GROUP_SAFETY] = "Shared machines",
    [PT_GROUP_EDIT] = "Inputs and forms",
};

static const char *const where_words[PT_AT_COUNT] = {
#define WORD(NAME, word) [PT_AT_##NAME] = word,
    PT_WHERE_MAP(WORD)
#undef WORD
};

const char *pt_group_title(enum pt_group group)
{
	assert(group < PT_GROUP_COUNT);
	return group_titles[group];
}

const char *pt_where_word(pt_where bit)
{
	for (int i = 0; i < PT_AT_COUNT; i++)
		if (UINT64_C(1) << i == bit)
			return where_words[i];
	return "";
}

pt_where pt_where_parse(const char *word)
{
	for (int i = 0; i < PT_AT_COUNT; i++)
		if (!strcmp(where_words[i], word))
			return UINT64_C(1) << i;
	return 0;
}

const struct pt_action *pt_action(enum pt_action_id id)
{
	assert(id > PT_ACTION_NONE && id < PT_ACTION_COUNT);
	return &rows[id];
}

enum pt_action_id pt_action_id(const struct pt_action *action)
{
	assert(action > rows && action < rows + PT_ACTION_COUNT);
	return (enum pt_action_id)(action - rows);
}

const struct pt_action *pt_action_by_name(const char *name)
{
	for (int i = PT_ACTION_NONE + 1; i < PT_ACTION_COUNT; i++)
		if (!strcmp(rows[i].name, name))
			return &rows[i];
	return NULL;
}

/* How many words of name the given words spell; 0 when they do not spell it whole. */
static size_t spelled(const char *name, char *const *words, size_t count)
{
	size_t used = 0;

	while (used < count) {
		size_t len = strlen(words[used]);

		if (strncmp(name, words[used], len) || (name[len] != ' ' && name[len] != '\0'))
			return 0;
		used++;
		if (name[len] == '\0')
			return used;
		name += len + 1;
	}
	return 0;
}

const struct pt_action *pt_action_by_words(char *const *words, size_t count, size_t *ret_used)
{
	const struct pt_action *best = NULL;
	size_t best_used = 0;

	for (int i = PT_ACTION_NONE + 1; i < PT_ACTION_COUNT; i++) {
		size_t used = spelled(rows[i].name, words, count);

		if (used > best_used) {
			best = &rows[i];
			best_used = used;
		}
	}
	*ret_used = best_used;
	return best;
}

const char *pt_action_hint(const struct pt_action *action)
{
	const char *space;

	if (action->hint)
		return action->hint;
	space = strrchr(action->name, ' ');
	return space ? space + 1 : action->name;
}

const struct pt_arg *pt_action_arg(const struct pt_action *action, const char *name)
{
	for (const struct pt_arg *arg = action->args; arg && arg->name; arg++)
		if (!strcmp(arg->name, name))
			return arg;
	return NULL;
}

bool pt_action_arg_directory(const struct pt_arg *arg)
{
	return arg && (arg->flags & (PT_ARG_DIRECTORY | PT_ARG_OR_DIRECTORY));
}

bool pt_action_arg_saves(const struct pt_arg *arg)
{
	return arg && arg->kind == PT_ARG_NEW_FILE && !(arg->flags & PT_ARG_DIRECTORY);
}

bool pt_action_headless(const struct pt_action *action)
{
	return !(action->flags & PT_ACTION_UI);
}

const char *pt_arg_placeholder(const struct pt_arg *arg)
{
	static const char *const words[PT_ARG_KIND_COUNT] = {
	    [PT_ARG_TEXT] = "TEXT",
	    [PT_ARG_CHOICE] = "WORD",
	    [PT_ARG_FLAG] = "",
	    [PT_ARG_NUMBER] = "N",
	    [PT_ARG_TIME] = "TIME",
	    [PT_ARG_FILE] = "PATH",
	    [PT_ARG_NEW_FILE] = "PATH",
	    [PT_ARG_WORKSPACE] = "WORKSPACE",
	    [PT_ARG_COMPUTATION] = "COMPUTATION",
	    [PT_ARG_RUN] = "RUN",
	    [PT_ARG_ROLE] = "ROLE",
	    [PT_ARG_USER] = "USER",
	    [PT_ARG_ASSET] = "ASSET",
	    [PT_ARG_CVM] = "CVM",
	    [PT_ARG_CERT] = "CERTIFICATE",
	    [PT_ARG_TRANSFER] = "NUMBER",
	    [PT_ARG_PROFILE] = "PROFILE",
	    [PT_ARG_PAT] = "TOKEN",
	    [PT_ARG_INVITATION] = "WORKSPACE",
	    [PT_ARG_THEME] = "THEME",
	    [PT_ARG_COMMAND] = "COMMAND",
	};

	return words[arg->kind];
}

char *pt_action_usage(const struct pt_action *action, char *buf, size_t size)
{
	PRISM_AUTO_BUF struct prism_buf text = PRISM_BUF_INIT(4096);

	prism_buf_puts(&text, action->name);
	for (const struct pt_arg *arg = action->args; arg && arg->name; arg++) {
		bool optional = !(arg->flags & PT_ARG_REQUIRED);
		const char *value = pt_arg_placeholder(arg);

		prism_buf_puts(&text, optional ? " [" : " ");
		if (!(arg->flags & PT_ARG_POSITIONAL))
			prism_buf_printf(&text, "--%s%s%s", arg->name, *value ? " " : "", value);
		else
			prism_buf_puts(&text, value);
		prism_buf_puts(&text, optional ? "]" : "");
		prism_buf_puts(&text, arg->flags & PT_ARG_REPEAT ? "..." : "");
	}
	snprintf(buf, size, "%s", prism_buf_text(&text));
	return buf;
}
