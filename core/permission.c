/*
 * Actions as bits, and the permission rules of reference 4.9.
 */
#include "core/permission.h"

#include "core/computation.h"
#include "core/internal.h"
#include "core/role.h"
#include "core/session.h"
#include "core/workspace.h"

#include <string.h>

struct word {
	const char *word, *label;
};
static const struct word perms[CORE_PERM_COUNT] = {
#define X(id, word, label) [CORE_PERM_INDEX_##id] = {word, label},
    CORE_PERM_MAP(X)
#undef X
};
static const struct word wperms[CORE_WPERM_COUNT] = {
#define X(id, word, label) [CORE_WPERM_INDEX_##id] = {word, label},
    CORE_WPERM_MAP(X)
#undef X
};

const char *core_perm_word(unsigned index)
{
	return perms[index].word;
}

const char *core_perm_label(unsigned index)
{
	return perms[index].label;
}

const char *core_wperm_word(unsigned index)
{
	return wperms[index].word;
}

const char *core_wperm_label(unsigned index)
{
	return wperms[index].label;
}

static unsigned bit_of(const struct word *words, unsigned count, const char *word)
{
	for (unsigned i = 0; i < count; i++)
		if (strcmp(words[i].word, word) == 0)
			return 1u << i;
	return 0;
}

unsigned core_perm_bit(const char *word)
{
	return bit_of(perms, CORE_PERM_COUNT, word);
}

unsigned core_wperm_bit(const char *word)
{
	return bit_of(wperms, CORE_WPERM_COUNT, word);
}

static unsigned bits_of(const cJSON *array, unsigned (*bit)(const char *word))
{
	unsigned bits = 0;
	const cJSON *entry;
	if (!cJSON_IsArray(array))
		return 0;
	cJSON_ArrayForEach(entry, array)
	{
		if (cJSON_IsString(entry) && entry->valuestring)
			bits |= bit(entry->valuestring);
	}
	return bits;
}

unsigned core_perm_bits(const cJSON *array)
{
	return bits_of(array, core_perm_bit);
}

unsigned core_wperm_bits(const cJSON *array)
{
	return bits_of(array, core_wperm_bit);
}

unsigned core_perm_effective(unsigned explicit_bits, bool workspace_admin)
{
	unsigned bits = explicit_bits;
	if (workspace_admin)
		bits |= CORE_PERM_ADMINISTRATOR;
	if (bits & CORE_PERM_ADMINISTRATOR)
		bits |= CORE_PERM_EDIT | CORE_PERM_RUN;
	if (bits)
		bits |= CORE_PERM_VIEW; /* any action lets one view */
	return bits;
}

static bool is_member(const struct core_role *role, const char *user_id)
{
	for (size_t i = 0; i < role->member_count; i++)
		if (strcmp(role->members[i], user_id) == 0)
			return true;
	return false;
}

struct core_permissions core_permissions(struct core *core, const char *computation_id)
{
	struct core_permissions p = {0};
	const struct core_workspace *workspace =
	    core_list_find(core_workspaces(core), core_workspace_id(core));
	const char *me = core_session_user_id(core);
	if (workspace && workspace->actions) {
		p.workspace = workspace->actions;
		p.workspace_known = true;
		p.workspace_admin = p.workspace == CORE_WPERM_ALL;
	}
	if (!computation_id || !*me)
		return p;
	if (core_computation_hidden(core, computation_id)) {
		p.known = true;
		p.effective = core_perm_effective(0, p.workspace_admin);
		return p;
	}
	struct core_roles roles = core_roles(core, computation_id);
	bool complete = roles.count > 0;
	for (size_t i = 0; i < roles.count; i++) {
		if (!roles.roles[i].members_known)
			complete = false;
		if (is_member(&roles.roles[i], me))
			p.explicit_bits |= roles.roles[i].bits;
	}
	p.known = complete &&
	          (roles.status->freshness == CORE_READY || roles.status->freshness == CORE_STALE);
	p.effective = core_perm_effective(p.explicit_bits, p.workspace_admin);
	return p;
}

static void list_bits(const struct word *words, unsigned count, unsigned bits, char *buf,
                      size_t size)
{
	size_t used = 0;
	buf[0] = '\0';
	for (unsigned i = 0; i < count && used < size; i++)
		if (bits & (1u << i))
			used +=
			    (size_t)snprintf(buf + used, size - used, "%s%s", used ? ", " : "", words[i].word);
	if (!bits)
		snprintf(buf, size, "none");
}

static const char *word_of_bit(const struct word *words, unsigned count, unsigned bit)
{
	for (unsigned i = 0; i < count; i++)
		if (bit == 1u << i)
			return words[i].word;
	return "?";
}

const char *core_wperm_word_of(enum core_wperm bit)
{
	return word_of_bit(wperms, CORE_WPERM_COUNT, bit);
}

bool core_may(struct core *core, const char *computation_id, enum core_perm need, char *reason,
              size_t size)
{
	struct core_permissions p = core_permissions(core, computation_id);
	if (size)
		reason[0] = '\0';
	if (!p.known || (p.effective & need))
		return true;
	if (size) {
		char have[128];
		list_bits(perms, CORE_PERM_COUNT, p.explicit_bits, have, sizeof(have));
		snprintf(reason, size, "needs the action %s (you have: %s)",
		         word_of_bit(perms, CORE_PERM_COUNT, need), have);
	}
	return false;
}

bool core_workspace_may(struct core *core, enum core_wperm need, char *reason, size_t size)
{
	struct core_permissions p = core_permissions(core, NULL);
	if (size)
		reason[0] = '\0';
	if (!p.workspace_known || (p.workspace & need))
		return true;
	if (size)
		snprintf(reason, size, "needs the workspace action %s", core_wperm_word_of(need));
	return false;
}
