/*
 * Owns what one load of roles gathers, from the list of roles, from the list of all members, and
 * from what was asked for role by role.
 */
#include "core/internal.h"
#include "core/role_private.h"

#include <string.h>

static const char *const builtin_names[] = {"owner",           "algo_provider", "dataset_provider",
                                            "result_consumer", "viewer",        "editor",
                                            "runner",          "admin"};

void core_role_decode(struct core_role *role, const cJSON *entry, struct prism_arena *arena)
{
	role->id = CORE_STR_ANY(arena, entry, "id", "role_id");
	role->name = CORE_STR_ANY(arena, entry, "name", "role_name");
	role->created_by = core_str(arena, entry, "created_by");
	role->created_us = prism_json_time(entry, "created_at");
	role->updated_us = prism_json_time(entry, "updated_at");
	for (size_t i = 0; i < PRISM_COUNT(builtin_names); i++)
		role->builtin = role->builtin || strcmp(role->name, builtin_names[i]) == 0;
}

struct core_role_load *core_role_load_create(bool workspace)
{
	struct core_role_load *load = prism_alloc(sizeof(*load));

	load->workspace = workspace;
	load->arena = prism_arena_create();
	return load;
}

void core_role_load_free(struct core_role_load *load)
{
	if (!load)
		return;
	prism_arena_destroy(load->arena);
	prism_free(load->roles);
	prism_free(load->told);
	prism_free(load);
}

static unsigned bits_of(const struct core_role_load *load, const cJSON *actions)
{
	return load->workspace ? core_wperm_bits(actions) : core_perm_bits(actions);
}

void core_role_load_actions(struct core_role_load *load, struct core_role *role, const cJSON *array)
{
	role->actions = core_str_array(load->arena, array, &role->action_count);
	role->bits = bits_of(load, array);
}

void core_role_load_members(struct core_role_load *load, struct core_role *role, const cJSON *array)
{
	size_t more;
	const char *const *words = core_str_array(load->arena, array, &more);
	if (role->member_count + more > CORE_ROLE_MEMBERS_MAX)
		more = CORE_ROLE_MEMBERS_MAX - role->member_count;
	const char **all =
	    prism_arena_alloc(load->arena, (role->member_count + more + 1) * sizeof(*all));
	for (size_t i = 0; i < role->member_count; i++)
		all[i] = role->members[i];
	for (size_t i = 0; i < more; i++)
		all[role->member_count + i] = words[i];
	role->members = all;
	role->member_count += more;
	role->members_known = true;
}

struct core_role *core_role_load_add(struct core_role_load *load, const cJSON *entry)
{
	struct core_role *role;

	if (load->count == load->room) {
		load->room = load->room ? load->room * 2 : 16;
		load->roles = prism_realloc_array(load->roles, load->room, sizeof(*load->roles));
	}
	role = &load->roles[load->count];
	*role = (struct core_role){0};
	if (cJSON_IsObject(entry))
		core_role_decode(role, entry, load->arena);
	if (!role->id || !*role->id)
		return NULL;
	load->count++;
	return role;
}

void core_role_load_tell(struct core_role_load *load, const char *member, const cJSON *entry)
{
	const cJSON *actions = prism_json_array(entry, "actions");

	if (load->told_count == load->told_room) {
		load->told_room = load->told_room ? load->told_room * 2 : 16;
		load->told = prism_realloc_array(load->told, load->told_room, sizeof(*load->told));
	}
	struct core_role_told *told = &load->told[load->told_count++];
	*told = (struct core_role_told){.member = member, .bits = bits_of(load, actions)};
	told->role_id = CORE_STR_ANY(load->arena, entry, "role_id", "id");
	told->role_name = CORE_STR_ANY(load->arena, entry, "role_name", "name");
	told->actions = core_str_array(load->arena, actions, &told->action_count);
}

static bool is_of(const struct core_role_told *told, const struct core_role *role)
{
	return *told->role_id ? strcmp(role->id, told->role_id) == 0
	                      : strcmp(role->name, told->role_name) == 0;
}

void core_role_load_take(struct core_role_load *load, struct core_role *role)
{
	size_t members = 0;

	for (size_t i = 0; i < load->told_count; i++)
		members += is_of(&load->told[i], role);
	const char **all = prism_arena_alloc(load->arena, (members + 1) * sizeof(*all));
	bool silent = !role->members_known;
	for (size_t i = 0; i < load->told_count; i++) {
		const struct core_role_told *told = &load->told[i];
		if (!is_of(told, role))
			continue;
		if (silent)
			all[role->member_count++] = told->member;
		if (role->actions || !told->action_count)
			continue;
		role->actions = told->actions;
		role->action_count = told->action_count;
		role->bits = told->bits;
	}
	if (silent)
		role->members = all;
	role->members_known = true;
}

bool core_role_load_lacks_members(const struct core_role_load *load)
{
	for (size_t i = 0; i < load->count; i++)
		if (!load->roles[i].members_known)
			return true;
	return false;
}
