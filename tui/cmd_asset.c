/*
 * Commands about assets: descriptions of algorithms and datasets with the checksum of the real
 * file, which never leaves this machine through here.
 *
 * Creating is three steps: hash the file, create the asset, link it (when asked).
 */
#include "base/file.h"
#include "base/mem.h"
#include "base/text.h"
#include "core/asset.h"
#include "core/assetfile.h"
#include "core/computation.h"
#include "core/user.h"
#include "core/validate.h"
#include "tui/commands.h"

#include <string.h>

/* ---- list and show ---- */

static const struct pt_record_column asset_columns[] = {
    {"id", "Id"},
    {"file_name", "File"},
    {"asset_type", "Type"},
    {"description", "Description"},
    {"owner", NULL},
    {"owner_name", "Owner"},
    {"checksum", NULL},
    {"mime_type", NULL},
    {"computations", NULL},
    {"computation_names", "Computations"},
    {"created_at", "Created"},
    {NULL, NULL},
};
static const struct pt_record_column one_columns[] = {
    {"id", "Id"},
    {"file_name", "File"},
    {"asset_type", "Type"},
    {"description", "Description"},
    {"owner", NULL},
    {"owner_name", "Owner"},
    {"checksum", "SHA3-256"},
    {"mime_type", "MIME type"},
    {"computations", NULL},
    {"computation_names", "Computations"},
    {"created_at", "Created"},
    {NULL, NULL},
};

static void add_asset(struct pt_command *command, const struct core_asset *asset)
{
	struct pt_records *r = command->records;
	PRISM_AUTO_BUF struct prism_buf computations = PRISM_BUF_INIT(1 << 24);
	PRISM_AUTO_BUF struct prism_buf names = PRISM_BUF_INIT(1 << 24);

	for (size_t i = 0; i < asset->computation_count; i++) {
		const struct core_computation *c =
		    core_computation_get(command->core, asset->computations[i]);

		prism_buf_printf(&computations, "%s%s", i ? "\n" : "", asset->computations[i]);
		prism_buf_printf(&names, "%s%s", i ? "\n" : "", c ? c->name : asset->computations[i]);
	}
	pt_records_text(r, asset->id);
	pt_records_text(r, asset->file_name);
	pt_records_text(r, asset->type_word);
	pt_records_text(r, asset->description);
	pt_records_text(r, asset->owner);
	pt_records_text(r, core_user_name(command->core, asset->owner));
	pt_records_text(r, asset->checksum);
	pt_records_text(r, asset->mime_type);
	pt_records_list(r, prism_buf_text(&computations));
	pt_records_list(r, prism_buf_text(&names));
	pt_records_time(r, asset->created_us);
}

static struct core_list *asked_list(const struct pt_command *command)
{
	const char *computation = pt_command_get(command, "computation");

	return computation ? core_computation_assets(command->core, computation)
	                   : core_assets(command->core);
}

static void list_print(struct pt_command *command)
{
	struct core_list *list = asked_list(command);
	const char *type = pt_command_get(command, "type");

	command->records = pt_records_create(asset_columns, 0);
	for (size_t i = 0; i < core_list_count(list); i++) {
		const struct core_asset *asset = core_asset_at(list, i);

		if (!type || !strcmp(type, core_asset_type_word(asset->type)))
			add_asset(command, asset);
	}
	pt_command_done(command, NULL);
}

static void list_here(void *data, const struct prism_error *err)
{
	struct pt_command *command = data;
	struct core_list *list = asked_list(command);

	if (err) {
		pt_command_done(command, err);
		return;
	}
	for (size_t i = 0; i < core_list_count(list); i++)
		core_user_name(command->core, core_asset_at(list, i)->owner);
	core_list_load(core_computations(command->core)); /* for their names */
	pt_command_settle(command, list_print);
}

void pt_cmd_asset_list(struct pt_command *command)
{
	struct prism_error err = PRISM_ERROR_INIT;

	pt_command_try(
	    command,
	    core_list_await(asked_list(command), true, command->cancel, list_here, command, &err),
	    &err);
}

static void show_here(void *data, const struct core_asset *asset, const cJSON *raw,
                      const struct prism_error *err)
{
	struct pt_command *command = data;

	PRISM_UNUSED(raw);
	if (!err) {
		command->records = pt_records_create(one_columns, PT_RECORD_SINGLE);
		add_asset(command, asset);
	}
	pt_command_done(command, err);
}

void pt_cmd_asset_show(struct pt_command *command)
{
	struct prism_error err = PRISM_ERROR_INIT;

	pt_command_try(command,
	               core_asset_fetch(command->core, pt_command_get(command, "asset"),
	                                command->cancel, show_here, command, &err),
	               &err);
}

/* ---- create and update ---- */

struct making {
	char *path; /* expanded */
	char checksum[65];
	char *sample; /* base64 */
};

static void making_free(void *state)
{
	struct making *making = state;

	prism_free(making->path);
	prism_free(making->sample);
	prism_free(making);
}

static void made_print(struct pt_command *command)
{
	static const struct pt_record_column columns[] = {
	    {"id", "Id"}, {"file_name", "File"}, {"checksum", "SHA3-256"}, {NULL, NULL}};
	struct making *making = command->state;
	const char *name = pt_command_get(command, "name");

	command->records = pt_records_create(columns, PT_RECORD_SINGLE);
	pt_records_text(command->records, command->id);
	pt_records_text(command->records, name ? name : prism_path_base(making->path));
	pt_records_text(command->records, making->checksum);
}

static void linked(void *data, const struct prism_error *err)
{
	struct pt_command *command = data;
	struct prism_error failed = PRISM_ERROR_INIT;

	if (err) {
		prism_error_copy(&failed, err);
		prism_error_wrap(&failed, "asset %s was created, but not linked", command->id);
		pt_command_done(command, &failed);
		return;
	}
	pt_command_message(command, "asset created and linked");
	made_print(command);
	pt_command_done(command, NULL);
}

static void created(void *data, const char *id, const struct prism_error *err)
{
	struct pt_command *command = data;
	const char *computation = pt_command_get(command, "link");
	struct prism_error failed = PRISM_ERROR_INIT;

	if (err) {
		pt_command_done(command, err);
		return;
	}
	command->id = prism_strdup(id);
	if (computation) {
		pt_command_try(command,
		               core_asset_link(command->core, id, computation, command->cancel, linked,
		                               command, &failed),
		               &failed);
		return;
	}
	pt_command_message(command, "asset created");
	made_print(command);
	pt_command_done(command, NULL);
}

static void hash_progress(void *data, uint64_t done, uint64_t total)
{
	pt_command_progress(data, "checksum", done, total);
}

static void create_hashed(void *data, const char *hex, uint64_t size, const struct prism_error *err)
{
	struct pt_command *command = data;
	struct making *making = command->state;
	const char *name = pt_command_get(command, "name");
	struct core_asset_draft draft = {
	    .description = pt_command_get(command, "description"),
	    .checksum = making->checksum,
	    .sample = making->sample,
	};
	struct prism_error failed = PRISM_ERROR_INIT;

	PRISM_UNUSED(size);
	if (err) {
		pt_command_done(command, err);
		return;
	}
	snprintf(making->checksum, sizeof(making->checksum), "%s", hex);
	core_assetfile_note(command->world->options, hex, making->path);
	draft.file_name = name ? name : prism_path_base(making->path);
	draft.mime_type = core_mime_of(draft.file_name);
	pt_command_try(
	    command,
	    core_asset_type_parse(pt_command_get(command, "type"), &draft.type, &failed) < 0
	        ? -1
	        : core_asset_create(command->core, &draft, command->cancel, created, command, &failed),
	    &failed);
}

static struct making *making_create(struct pt_command *command)
{
	const char *file = pt_command_get(command, "file");
	struct making *making = prism_alloc(sizeof(*making));

	making->path = file ? prism_path_expand(file) : NULL;
	for (size_t n = making->path ? strlen(making->path) : 0; n > 1 && making->path[n - 1] == '/';)
		making->path[--n] = '\0'; /* "data/" is the directory data */
	command->state = making;
	command->state_free = making_free;
	return making;
}

static int read_sample(struct making *making, const char *file, struct prism_error *err)
{
	PRISM_AUTO_BUF struct prism_buf bytes = PRISM_BUF_INIT(CORE_SAMPLE_MAX);
	PRISM_AUTO_FREE char *path = file ? prism_path_expand(file) : NULL;

	if (!path)
		return 0;
	if (prism_file_read(path, CORE_SAMPLE_MAX, &bytes, err) < 0) {
		if (err->category != PRISM_ERROR_LIMIT)
			return prism_error_wrap(err, "the sample %s cannot be read", path);
		prism_error_raise(err, PRISM_ERROR_LIMIT, "%s is larger than the %u MiB a sample may have",
		                  path, CORE_SAMPLE_MAX >> 20);
		prism_error_hint(err, "a sample is what others may look at: give an excerpt of the file");
		return -1;
	}
	making->sample = prism_base64_encode(bytes.data, bytes.len);
	return 0;
}

void pt_cmd_asset_create(struct pt_command *command)
{
	struct making *making = making_create(command);
	struct prism_error err = PRISM_ERROR_INIT;

	if (read_sample(making, pt_command_get(command, "sample"), &err) < 0 ||
	    core_validate_named(CORE_FIELD_ASSET_DESCRIPTION, pt_command_get(command, "description"),
	                        &err) < 0)
		pt_command_done(command, &err);
	else
		pt_command_try(command,
		               core_checksum_path(command->core, making->path, command->cancel,
		                                  hash_progress, create_hashed, command, &err),
		               &err);
}

static void update_hashed(void *data, const char *hex, uint64_t size, const struct prism_error *err)
{
	struct pt_command *command = data;
	const struct making *making = command->state;
	const char *name = pt_command_get(command, "name");
	struct core_asset_draft draft = {
	    .file_name = name,
	    .description = pt_command_get(command, "description"),
	    .checksum = hex,
	    .sample = pt_command_flag(command, "no-sample") ? "" : making->sample,
	    .type = CORE_ASSET_OTHER,
	};
	struct prism_error failed = PRISM_ERROR_INIT;

	PRISM_UNUSED(size);
	if (err) {
		pt_command_done(command, err);
		return;
	}
	if (hex)
		core_assetfile_note(command->world->options, hex, making->path);
	pt_command_message(command, "asset updated");
	pt_command_try(command,
	               core_asset_update(command->core, pt_command_get(command, "asset"), &draft,
	                                 command->cancel, pt_command_on_done, command, &failed),
	               &failed);
}

void pt_cmd_asset_update(struct pt_command *command)
{
	struct making *making = making_create(command);
	struct prism_error err = PRISM_ERROR_INIT;

	if (read_sample(making, pt_command_get(command, "sample"), &err) < 0)
		pt_command_done(command, &err);
	else if (making->path)
		pt_command_try(command,
		               core_checksum_path(command->core, making->path, command->cancel,
		                                  hash_progress, update_hashed, command, &err),
		               &err);
	else
		update_hashed(command, NULL, 0, NULL);
}

/* ---- link, unlink, delete ---- */

void pt_cmd_asset_link(struct pt_command *command)
{
	struct prism_error err = PRISM_ERROR_INIT;

	pt_command_message(command, "asset linked");
	pt_command_try(command,
	               core_asset_link(command->core, pt_command_get(command, "asset"),
	                               pt_command_get(command, "computation"), command->cancel,
	                               pt_command_on_done, command, &err),
	               &err);
}

void pt_cmd_asset_unlink(struct pt_command *command)
{
	struct prism_error err = PRISM_ERROR_INIT;

	pt_command_message(command, "asset unlinked");
	pt_command_try(command,
	               core_asset_unlink(command->core, pt_command_get(command, "asset"),
	                                 pt_command_get(command, "computation"), command->cancel,
	                                 pt_command_on_done, command, &err),
	               &err);
}

void pt_cmd_asset_delete(struct pt_command *command)
{
	const char *id = pt_command_get(command, "asset");
	const struct core_asset *asset = core_list_find(core_assets(command->core), id);
	struct prism_error err = PRISM_ERROR_INIT;

	if (pt_command_confirm(command, "asset", asset && *asset->file_name ? asset->file_name : id,
	                       &err) < 0) {
		pt_command_done(command, &err);
		return;
	}
	pt_command_message(command, "asset deleted");
	pt_command_try(
	    command,
	    core_asset_delete(command->core, id, command->cancel, pt_command_on_done, command, &err),
	    &err);
}

/* ---- checksum ---- */

static void checksum_here(void *data, const char *hex, uint64_t size, const struct prism_error *err)
{
	static const struct pt_record_column columns[] = {
	    {"sha3_256", "SHA3-256"}, {"size", "Bytes"}, {"file", "File"}, {NULL, NULL}};
	struct pt_command *command = data;

	if (!err) {
		command->records = pt_records_create(columns, PT_RECORD_SINGLE);
		pt_records_text(command->records, hex);
		pt_records_int(command->records, (int64_t)size);
		pt_records_text(command->records, pt_command_get(command, "file"));
	}
	pt_command_done(command, err);
}

void pt_cmd_checksum(struct pt_command *command)
{
	struct making *making = making_create(command);
	struct prism_error err = PRISM_ERROR_INIT;

	pt_command_try(command,
	               core_checksum_path(command->core, making->path, command->cancel, hash_progress,
	                                  checksum_here, command, &err),
	               &err);
}
