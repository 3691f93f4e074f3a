/*
 * Construction of core and its companions, and how they hear of each other: transfers learn the
 * agent's state from the timeline, views learn of transfers through core's events.
 */
#include "tui/world.h"

#include "base/file.h"
#include "base/mem.h"
#include "core/audit.h"
#include "core/cache.h"
#include "core/options.h"
#include "core/place.h"
#include "core/place_sftp.h"
#include "core/run.h"
#include "core/transfer.h"
#include "core/tunnels.h"
#include "core/userkey.h"
#include "core/workspace.h"
#include "tui/fleet.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct pt_world_host {
	struct net_tunnel *tunnel;
	struct core_place *place;
};

struct pt_world *pt_world_create(struct prism_loop *loop, struct prism_work *work,
                                 struct core_options *options)
{
	struct pt_world *world = prism_alloc(sizeof(*world));

	world->loop = loop;
	world->work = work;
	world->options = options;
	world->core = core_create(loop, work, options);
	return world;
}

/* Each copy has a directory of its own, so that it keeps its name. */
char *pt_world_fetched(struct pt_world *world, const char *name, struct prism_error *err)
{
	PRISM_AUTO_FREE char *state = prism_path_state(NULL); /* what restricted mode leaves */
	const char *places[] = {getenv("XDG_RUNTIME_DIR"), getenv("TMPDIR"), "/tmp", state};
	PRISM_AUTO_FREE char *dir = NULL;

	for (size_t i = 0; i < PRISM_COUNT(places) && !world->fetched_dir; i++) {
		char *made = places[i] && *places[i] == '/'
		                 ? prism_asprintf("%s/prism-tui-XXXXXX", places[i])
		                 : NULL;

		if (made && mkdtemp(made))
			world->fetched_dir = PRISM_STEAL(made);
		prism_free(made);
	}
	if (world->fetched_dir)
		dir = prism_asprintf("%s/%u", world->fetched_dir, ++world->fetched_count);
	if (!dir || !prism_path_safe_name(name) || mkdir(dir, 0700) < 0) {
		prism_error_raise(err, PRISM_ERROR_IO, "there is no place for a copy of %s", name);
		return NULL;
	}
	return prism_path_join(dir, name);
}

static void remove_fetched(struct pt_world *world)
{
	for (unsigned i = 1; i <= world->fetched_count; i++) {
		PRISM_AUTO_FREE char *path = prism_asprintf("%s/%u", world->fetched_dir, i);
		DIR *dir = opendir(path);

		for (const struct dirent *entry; dir && (entry = readdir(dir));) {
			PRISM_AUTO_FREE char *file = prism_path_join(path, entry->d_name);

			(void)unlink(file); /* "." and ".." stay */
		}
		if (dir)
			closedir(dir);
		(void)rmdir(path);
	}
	if (world->fetched_dir)
		(void)rmdir(world->fetched_dir);
	prism_free(world->fetched_dir);
}

void pt_world_destroy(struct pt_world *world)
{
	if (!world)
		return;
	if (world->fleet_own)
		pt_fleet_close(world->fleet);
	prism_secret_destroy(world->password);
	core_place_destroy(world->place);
	for (size_t i = 0; i < world->host_count; i++)
		core_place_destroy(world->hosts[i].place);
	prism_free(world->hosts);
	remove_fetched(world);
	core_transfer_queue_destroy(world->transfers);
	core_userkeys_destroy(world->keys);
	core_destroy(world->core);
	if (world->fleet_own)
		pt_fleet_destroy(world->fleet);
	prism_free(world);
}

struct core_place *pt_world_host(struct pt_world *world, const char *via, struct prism_error *err)
{
	struct net_tunnel *tunnel = core_tunnel(world->core, via, err);

	if (!tunnel)
		return NULL;
	for (size_t i = 0; i < world->host_count; i++)
		if (world->hosts[i].tunnel == tunnel)
			return world->hosts[i].place;
	world->hosts = prism_realloc_array(world->hosts, world->host_count + 1, sizeof(*world->hosts));
	world->hosts[world->host_count] = (struct pt_world_host){
	    tunnel, core_place_sftp_create(world->loop, tunnel,
	                                   core_option_int(world->options, CORE_OPT_READ_TIMEOUT))};
	return world->hosts[world->host_count++].place;
}

struct pt_fleet *pt_world_fleet(struct pt_world *world)
{
	const char *file = core_options_file(world->options);

	if (!world->fleet) {
		world->fleet = pt_fleet_create(world, access(file, R_OK) == 0 ? file : NULL, world->screen);
		world->fleet_own = true;
	}
	return world->fleet;
}

struct core_userkeys *pt_world_keys(struct pt_world *world)
{
	if (!world->keys)
		world->keys = core_userkeys_create(world->loop, world->work, NULL);
	return world->keys;
}

/* What the newest run's events say the agent is doing. Each question also refreshes the timeline,
 * because a transfer that waits is the reason to ask. */
static enum core_agent_state agent_state(void *data, const char *computation_id)
{
	struct pt_world *world = data;
	const struct core_card *card = core_card_find(world->core, computation_id, NULL);

	core_timeline_load(world->core, computation_id, true);
	return card ? core_agent_state_parse(card->latest) : CORE_AGENT_STATE_UNKNOWN;
}

static void transfer_changed(void *data, uint64_t id)
{
	struct pt_world *world = data;
	const struct core_transfer_info *info = core_transfer_find(world->transfers, id);
	char text[24];

	snprintf(text, sizeof(text), "%" PRIu64, id);
	core_emit(world->core, CORE_EVENT_TRANSFERS, text);
	if (info && core_transfer_state_final(info->state))
		core_timeline_load(world->core, info->computation_id, true);
}

/* Below every front end: what the profile says about changes holds for agents as well. Fetching a
 * result moves the agent to its last state, so it is a change too. */
static int may_transfer(void *data, struct prism_error *err)
{
	struct pt_world *world = data;

	if (core_option_bool(world->options, CORE_OPT_READ_ONLY)) {
		prism_error_raise(err, PRISM_ERROR_DENIED, "read-only mode is on: no agent is talked to");
		prism_error_hint(err, "start without --read-only, or set read_only = no in the profile");
		return -1;
	}
	return core_audit_ready(world->core, err);
}

/* Uploads and downloads stand in the audit trail beside what was asked of the server. */
static void transfer_ended(void *data, const struct core_transfer_info *info, bool begun)
{
	static const char *const actions[CORE_TRANSFER_KIND_COUNT] = {
	    [CORE_TRANSFER_ALGORITHM] = "send the algorithm",
	    [CORE_TRANSFER_DATASET] = "send a dataset",
	    [CORE_TRANSFER_RESULT] = "fetch the result",
	};
	struct pt_world *world = data;
	PRISM_AUTO_FREE char *object =
	    prism_asprintf("computation %s, file %s%s%s", info->computation_id,
	                   prism_path_base(info->path), *info->sha3 ? ", SHA3-256 " : "", info->sha3);
	struct core_audit_entry entry = {
	    .action = actions[info->kind],
	    .object = object,
	    .outcome = info->state == CORE_TRANSFER_CANCELLED ? CORE_AUDIT_CANCELLED
	                                                      : core_audit_judge(info->error),
	    .error = info->error,
	    .server = info->agent,
	};

	if (begun)
		core_audit_write(world->core, &entry);
}

struct core_transfer_queue *pt_world_transfers(struct pt_world *world)
{
	struct core_transfer_env env = {
	    .agent_state = agent_state,
	    .changed = transfer_changed,
	    .may = may_transfer,
	    .ended = transfer_ended,
	    .data = world,
	};

	if (!world->transfers)
		world->transfers = core_transfer_queue_create(world->loop, world->work, &env);
	return world->transfers;
}

struct core_place *pt_world_place(struct pt_world *world)
{
	if (!world->place)
		world->place = core_place_local_create(world->loop);
	return world->place;
}

/* ---- workspace ---- */

struct enter {
	struct pt_world *world;
	struct prism_cancel *cancel;
	core_id_fn done;
	void *data;
};

static void entered(void *data, const char *id, const struct prism_error *err)
{
	struct enter *enter = data;

	if (!err)
		core_workspace_select(enter->world->core, id, NULL);
	enter->done(enter->data, err ? "" : id, err);
	prism_free(enter);
}

static void workspaces_known(void *data, const struct prism_error *err)
{
	struct enter *enter = data;
	struct core_list *list = core_workspaces(enter->world->core);
	const char *last = core_remembered(enter->world->options, "workspace");
	const struct core_workspace *only = NULL;

	if (!err && last && core_list_find(list, last))
		only = core_list_find(list, last);
	else if (!err && core_list_count(list) == 1)
		only = core_workspace_at(list, 0);
	if (only)
		core_workspace_select(enter->world->core, only->id, only->name);
	enter->done(enter->data, only ? only->id : "", err);
	prism_free(enter);
}

/* The workspace meant, when the list is there already, as it was kept: nobody has to wait for the
 * server to see what is known of it. */
static const struct core_workspace *known_workspace(struct pt_world *world, const char *named)
{
	struct core_list *list = core_workspaces(world->core);
	const char *last = core_remembered(world->options, "workspace");

	core_list_load(list);
	for (size_t i = 0; *named && i < core_list_count(list); i++) {
		const struct core_workspace *w = core_workspace_at(list, i);

		if (!strcmp(w->id, named) || !strcmp(w->name, named) || !strcmp(w->alias, named))
			return w;
	}
	return *named || !last ? NULL : core_list_find(list, last);
}

bool pt_world_recall(struct pt_world *world)
{
	const struct core_workspace *known;

	if (!core_cache_active(world->core))
		return false;
	known = known_workspace(world, core_option_text(world->options, CORE_OPT_WORKSPACE));
	if (known)
		core_workspace_select(world->core, known->id, known->name);
	return known != NULL;
}

int pt_world_enter(struct pt_world *world, struct prism_cancel *cancel, core_id_fn done, void *data,
                   struct prism_error *err)
{
	const char *named = core_option_text(world->options, CORE_OPT_WORKSPACE);
	struct enter *enter = prism_alloc(sizeof(*enter));
	int result;

	*enter = (struct enter){world, cancel, done, data};
	if (*named)
		result = core_workspace_resolve(world->core, named, cancel, entered, enter, err);
	else
		result = core_list_await(core_workspaces(world->core), false, cancel, workspaces_known,
		                         enter, err);
	if (result < 0)
		prism_free(enter);
	return result;
}

/* ---- keys ---- */

static char *default_pair(struct pt_world *world)
{
	char *path = prism_path_join(core_userkeys_dir(pt_world_keys(world)), "default.pem");

	if (access(path, R_OK) == 0)
		return path;
	prism_free(path);
	return NULL;
}

char *pt_world_key_file(struct pt_world *world, const char *named, const char *computation_id,
                        struct prism_error *err)
{
	struct core_userkeys *keys = pt_world_keys(world);
	const char *path = named && *named ? named : NULL;
	char *pair;

	if (!path && computation_id)
		path = core_userkeys_bound(keys, "computation", computation_id);
	if (!path)
		path = core_userkeys_bound(keys, "workspace", core_workspace_id(world->core));
	if (!path && *core_option_text(world->options, CORE_OPT_KEY_FILE))
		path = core_option_text(world->options, CORE_OPT_KEY_FILE);
	if (path)
		return prism_path_expand(path);
	pair = default_pair(world);
	if (pair)
		return pair;
	prism_error_raise(err, PRISM_ERROR_MISSING, "there is no key pair for this computation");
	prism_error_hint(err, "make one with \"key generate\", or name a file with --key");
	return NULL;
}
