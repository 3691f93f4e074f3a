/*
 * Commands that talk to a run's agent: send the algorithm, send data, fetch the result; and what
 * can be done with a result zip here.
 *
 * A transfer, step by step:
 *   timeline, CVMs   where the agent of the newest run listens (unless --address)
 *   computation      how its agent is protected
 *   linked assets    which checksum the file must have
 *   submit           the queue hashes, waits for the agent's turn, moves the bytes
 *   done             the queue's completion is the command's
 */
#include "base/file.h"
#include "base/mem.h"
#include "core/appraisal.h"
#include "core/asset.h"
#include "core/assetfile.h"
#include "core/computation.h"
#include "core/options.h"
#include "core/transfer.h"
#include "core/userkey.h"
#include "net/zip.h"
#include "tui/agent_reach.h"
#include "tui/commands.h"

#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

struct moving {
	struct pt_command *command;
	enum core_transfer_kind kind;
	char *path;
	char *key_file;
	struct prism_secret *passphrase;          /* NULL: the key has none */
	struct core_agent_connection *connection; /* owned; NULL until the agent was found */
	uint64_t id;                              /* of the transfer; 0 before */
	enum core_transfer_state state;           /* last heard of */
	struct core_subscription *subscription;
	struct prism_cancel_hook cancelled;
};

static void moving_free(void *state)
{
	struct moving *m = state;

	core_unsubscribe(m->subscription);
	prism_cancel_remove(&m->cancelled);
	prism_free(m->path);
	prism_free(m->key_file);
	prism_secret_destroy(m->passphrase);
	core_agent_connection_destroy(m->connection);
	prism_free(m);
}

static const struct pt_record_column transfer_columns[] = {
    {"id", "#"},        {"kind", "What"},   {"state", "State"}, {"path", "File"},
    {"agent", "Agent"}, {"bytes", "Bytes"}, {"sha3_256", NULL}, {"trust", "Trust"},
    {"note", "Note"},   {"error", "Error"}, {NULL, NULL},
};
/* A fetched result also says what is in it. */
static const struct pt_record_column result_columns[] = {
    {"id", "#"},        {"kind", "What"},   {"state", "State"},   {"path", "File"},
    {"agent", "Agent"}, {"bytes", "Bytes"}, {"sha3_256", NULL},   {"trust", "Trust"},
    {"note", "Note"},   {"error", "Error"}, {"entries", "In it"}, {NULL, NULL},
};

static void add_transfer(struct pt_records *r, const struct core_transfer_info *info)
{
	char text[PRISM_ERROR_TEXT];

	pt_records_int(r, (int64_t)info->id);
	pt_records_text(r, core_transfer_kind_word(info->kind));
	pt_records_text(r, core_transfer_state_word(info->state));
	pt_records_text(r, info->path);
	pt_records_text(r, info->agent);
	pt_records_int(r, (int64_t)info->done);
	pt_records_text(r, info->sha3);
	pt_records_text(r, *info->trust ? info->trust : NULL);
	pt_records_text(r, info->note);
	pt_records_text(r, info->error ? prism_error_format(info->error, text, sizeof(text)) : NULL);
}

static void add_listing(struct pt_records *r, const struct net_zip_list *listing)
{
	PRISM_AUTO_BUF struct prism_buf names = PRISM_BUF_INIT(SIZE_MAX / 2);

	for (size_t i = 0; i < listing->count; i++)
		prism_buf_printf(&names, "%s%s%s", i ? "\n" : "", listing->entries[i].name,
		                 listing->entries[i].refused ? " (refused)" : "");
	pt_records_list(r, prism_buf_text(&names));
}

/* ---- moving ---- */

static void moved(void *data, const struct core_transfer_info *info)
{
	struct moving *m = data;
	struct pt_command *command = m->command;
	struct prism_error err = PRISM_ERROR_INIT;

	m->id = 0;
	if (info->state == CORE_TRANSFER_FAILED) {
		if (info->error->category == PRISM_ERROR_TRUST)
			command->appraisal = core_appraisal_ref(info->appraisal);
		pt_command_done(command, info->error);
		return;
	}
	if (info->state == CORE_TRANSFER_CANCELLED) {
		prism_error_raise(&err, PRISM_ERROR_CANCELLED, "the transfer was cancelled");
		pt_command_done(command, &err);
		return;
	}
	command->records =
	    pt_records_create(info->listing ? result_columns : transfer_columns, PT_RECORD_SINGLE);
	add_transfer(command->records, info);
	if (info->listing)
		add_listing(command->records, info->listing);
	if (m->kind != CORE_TRANSFER_RESULT)
		core_assetfile_note(command->world->options, info->sha3, info->path);
	if (m->kind == CORE_TRANSFER_RESULT)
		pt_command_message(command, "result saved as %s: %s", info->path, info->note);
	else
		pt_command_message(command, "%s sent: %s", core_transfer_kind_word(m->kind),
		                   prism_path_base(info->path));
	pt_command_done(command, NULL);
}

static void moving_changed(void *data, const struct core_event *event)
{
	struct moving *m = data;
	const struct core_transfer_info *info;

	if (event->type != CORE_EVENT_TRANSFERS || !m->id)
		return;
	info = core_transfer_find(pt_world_transfers(m->command->world), m->id);
	if (info && info->state == CORE_TRANSFER_WAITING && m->state != info->state)
		pt_command_say(m->command, "waiting: %s", info->note && *info->note ? info->note : "");
	if (info)
		m->state = info->state;
	if (info)
		pt_command_progress(m->command, core_transfer_state_word(info->state), info->done,
		                    info->total);
}

static void moving_cancelled(void *data)
{
	struct moving *m = data;

	if (m->id)
		core_transfer_cancel(pt_world_transfers(m->command->world), m->id);
}

/* The linked asset this file is meant to be: of the right type, by file name, else the only one. */
static const struct core_asset *asset_of(const struct moving *m)
{
	enum core_asset_type type =
	    m->kind == CORE_TRANSFER_ALGORITHM ? CORE_ASSET_ALGORITHM : CORE_ASSET_DATASET;
	struct core_list *list =
	    core_computation_assets(m->command->core, pt_command_get(m->command, "computation"));
	const struct core_asset *only = NULL;
	size_t found = 0;

	for (size_t i = 0; i < core_list_count(list); i++) {
		const struct core_asset *asset = core_asset_at(list, i);

		if (asset->type != type)
			continue;
		if (!strcmp(asset->file_name, prism_path_base(m->path)))
			return asset;
		only = asset;
		found++;
	}
	return found == 1 ? only : NULL;
}

static int submit(struct moving *m, struct prism_error *err)
{
	struct pt_command *command = m->command;
	const char *computation = pt_command_get(command, "computation");
	const struct core_computation *c = core_computation_get(command->core, computation);
	const struct core_asset *asset = m->kind == CORE_TRANSFER_RESULT ? NULL : asset_of(m);
	bool algorithm = m->kind == CORE_TRANSFER_ALGORITHM;
	const char *requirements = algorithm ? pt_command_get(command, "requirements") : NULL;
	PRISM_AUTO_FREE char *requirements_path = requirements ? prism_path_expand(requirements) : NULL;
	struct core_transfer_spec spec = {
	    .kind = m->kind,
	    .connection = m->connection,
	    .computation_id = computation,
	    .computation_name = c ? c->name : NULL,
	    .key_file = m->key_file,
	    .passphrase = m->passphrase,
	    .path = m->path,
	    .asset_name = asset ? asset->file_name : NULL,
	    .expected_sha3 = asset && *asset->checksum ? asset->checksum : NULL,
	    .filename = m->kind == CORE_TRANSFER_DATASET && asset && *asset->file_name
	                    ? asset->file_name
	                    : NULL,
	    .requirements_path = requirements_path,
	};

	if (algorithm) {
		const char *type = pt_command_get(command, "type");

		spec.algo_type = core_algo_type_guess(m->path);
		if (type && core_algo_type_parse(type, &spec.algo_type, err) < 0)
			return -1;
		spec.args = pt_command_all(command, "arg", &spec.arg_count);
	}
	spec.decompress = m->kind == CORE_TRANSFER_DATASET && pt_command_flag(command, "decompress");
	m->subscription = core_subscribe(command->core, moving_changed, m);
	m->id = core_transfer_submit(pt_world_transfers(command->world), &spec, moved, m, err);
	return m->id ? 0 : -1;
}

static void assets_here(void *data, const struct prism_error *err)
{
	struct moving *m = data;
	struct prism_error failed = PRISM_ERROR_INIT;

	if (err)
		pt_command_done(m->command, err);
	else
		pt_command_try(m->command, submit(m, &failed), &failed);
}

/* Then: what must the file be? */
static void agent_here(void *data, const char *address, enum core_tls_mode mode)
{
	struct moving *m = data;
	struct prism_error err = PRISM_ERROR_INIT;
	int result = -1;

	m->connection = pt_agent_connection(m->command, address, mode, &err);
	if (m->connection && m->kind == CORE_TRANSFER_RESULT)
		result = submit(m, &err);
	else if (m->connection)
		result = core_list_await(
		    core_computation_assets(m->command->core, pt_command_get(m->command, "computation")),
		    false, m->command->cancel, assets_here, m, &err);
	pt_command_try(m->command, result, &err);
}

/* Only a key that needs one is asked about: typed unseen, from a file, or attached by the screen.
 */
static int unlock(struct moving *m, struct prism_error *err)
{
	const struct prism_secret *attached = pt_command_attached(m->command, "passphrase-file");
	struct core_userkey_facts facts = {0};
	bool locked = core_userkey_facts(m->key_file, NULL, &facts, NULL) == 0 && facts.encrypted;

	core_userkey_facts_finish(&facts);
	if (!locked)
		return 0;
	m->passphrase =
	    attached ? prism_secret_create(prism_secret_text(attached), prism_secret_size(attached))
	             : pt_command_secret(m->command, "passphrase-file", "Passphrase of the key: ", err);
	if (!m->passphrase)
		prism_error_hint(err, "the key is protected: give --passphrase-file");
	return m->passphrase ? 0 : -1;
}

static void move(struct pt_command *command, enum core_transfer_kind kind, char *path)
{
	const char *computation = pt_command_get(command, "computation");
	struct moving *m = prism_alloc(sizeof(*m));
	struct prism_error err = PRISM_ERROR_INIT;

	m->command = command;
	m->kind = kind;
	m->path = path;
	command->state = m;
	command->state_free = moving_free;
	m->cancelled = (struct prism_cancel_hook){.fire = moving_cancelled, .data = m};
	prism_cancel_add(command->cancel, &m->cancelled);
	m->key_file =
	    pt_world_key_file(command->world, pt_command_get(command, "key"), computation, &err);
	if (!m->key_file || unlock(m, &err) < 0)
		pt_command_done(command, &err);
	else
		pt_agent_reach(command, agent_here, m);
}

static char *source(struct pt_command *command)
{
	char *path = prism_path_expand(pt_command_get(command, "file"));

	for (size_t n = strlen(path); n > 1 && path[n - 1] == '/';)
		path[--n] = '\0';
	return path;
}

void pt_cmd_send_algorithm(struct pt_command *command)
{
	move(command, CORE_TRANSFER_ALGORITHM, source(command));
}

void pt_cmd_send_data(struct pt_command *command)
{
	move(command, CORE_TRANSFER_DATASET, source(command));
}

void pt_cmd_result_fetch(struct pt_command *command)
{
	const char *save = pt_command_get(command, "save");
	const char *dir = core_option_text(command->world->options, CORE_OPT_DOWNLOAD_DIR);
	PRISM_AUTO_FREE char *base = *dir ? prism_path_expand(dir) : prism_strdup(".");
	char *path = save ? prism_path_expand(save) : prism_path_join(base, "results.zip");

	move(command, CORE_TRANSFER_RESULT, path);
}

/* ---- zips here ---- */

void pt_cmd_result_show(struct pt_command *command)
{
	static const struct pt_record_column columns[] = {
	    {"name", "Name"},         {"size", "Bytes"},      {"packed", NULL},
	    {"modified", "Modified"}, {"refused", "Refused"}, {NULL, NULL}};
	PRISM_AUTO_FREE char *path = prism_path_expand(pt_command_get(command, "file"));
	struct net_zip_list list;
	struct prism_error err = PRISM_ERROR_INIT;

	if (net_zip_list(path, &list, &err) < 0) {
		pt_command_done(command, &err);
		return;
	}
	command->records = pt_records_create(columns, 0);
	for (size_t i = 0; i < list.count; i++) {
		const struct net_zip_entry *entry = &list.entries[i];

		pt_records_text(command->records, entry->name);
		pt_records_int(command->records, (int64_t)entry->size);
		pt_records_int(command->records, (int64_t)entry->packed);
		pt_records_time(command->records, entry->mtime_us);
		pt_records_text(command->records, entry->refused ? entry->reason : NULL);
	}
	net_zip_list_finish(&list);
	pt_command_done(command, NULL);
}

struct unpacking {
	struct pt_command *command;
	char *path, *dir;
	uint64_t files;
	int result;
	struct prism_cancel *cancel;
	struct prism_error error;
};

static void unpacking_free(void *state)
{
	struct unpacking *u = state;

	prism_cancel_unref(u->cancel);
	prism_free(u->path);
	prism_free(u->dir);
	prism_free(u);
}

static void unpack_run(void *data)
{
	struct unpacking *u = data;

	u->result = net_zip_unpack(u->path, u->dir, u->cancel, &u->files, &u->error);
}

static void unpack_done(void *data, bool cancelled)
{
	struct unpacking *u = data;

	if (cancelled)
		prism_error_raise(&u->error, PRISM_ERROR_CANCELLED, "unpacking was cancelled");
	if (!cancelled && u->result == 0)
		pt_command_message(u->command, "%" PRIu64 " files unpacked into %s", u->files, u->dir);
	pt_command_done(u->command, cancelled || u->result < 0 ? &u->error : NULL);
}

void pt_cmd_result_unpack(struct pt_command *command)
{
	struct unpacking *u = prism_alloc(sizeof(*u));

	u->command = command;
	u->path = prism_path_expand(pt_command_get(command, "file"));
	u->dir = prism_path_expand(pt_command_get(command, "directory"));
	u->cancel = prism_cancel_ref(command->cancel);
	command->state = u;
	command->state_free = unpacking_free;
	prism_work_submit(command->world->work, command->cancel, unpack_run, unpack_done, u);
}

void pt_cmd_transfer_list(struct pt_command *command)
{
	struct core_transfer_queue *queue = pt_world_transfers(command->world);

	command->records = pt_records_create(transfer_columns, 0);
	for (size_t i = 0; i < core_transfer_count(queue); i++)
		add_transfer(command->records, core_transfer_at(queue, i));
	pt_command_done(command, NULL);
}
