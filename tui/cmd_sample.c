/*
 * Commands about samples of assets: look at one, save one; and where an asset is used.
 */
#include "base/file.h"
#include "base/mem.h"
#include "base/text.h"
#include "core/computation.h"
#include "core/sample.h"
#include "tui/commands.h"
#include "tui/sampletext.h"

#include <string.h>

#define TEXT_MAX (32u << 20) /* of a preview: columns padded to their width */

/* ---- preview ---- */

static void add_lines(struct pt_records *records, const char *text)
{
	while (*text) {
		size_t len = strcspn(text, "\n");
		PRISM_AUTO_FREE char *line = prism_strndup(text, len);

		pt_records_text(records, line);
		text += len + (text[len] == '\n');
	}
}

/* Programs get what it is, and the text itself when it is text; people get it laid out. */
static char *as_json(const struct core_sample *sample)
{
	PRISM_AUTO_JSON cJSON *doc = cJSON_CreateObject();
	bool text = sample->kind == CORE_SAMPLE_TEXT || sample->kind == CORE_SAMPLE_CSV;

	cJSON_AddStringToObject(doc, "asset_id", sample->asset->id);
	cJSON_AddStringToObject(doc, "kind", core_sample_kind_word(sample->kind));
	cJSON_AddStringToObject(doc, "mime_type", sample->asset->mime_type);
	cJSON_AddNumberToObject(doc, "size", (double)sample->size);
	if (text)
		cJSON_AddStringToObject(doc, "text", sample->bytes);
	return prism_json_print(doc, true);
}

static void preview_here(void *data, const struct core_sample *sample,
                         const struct prism_error *err)
{
	static const struct pt_record_column columns[] = {{"line", "Sample"}, {NULL, NULL}};
	struct pt_command *command = data;
	PRISM_AUTO_BUF struct prism_buf text = PRISM_BUF_INIT(TEXT_MAX);

	if (!err) {
		PRISM_AUTO_FREE char *json = as_json(sample);

		pt_sample_text(sample, false, &text);
		command->records = pt_records_create(columns, 0);
		add_lines(command->records, prism_buf_text(&text));
		pt_records_json(command->records, json);
	}
	pt_command_done(command, err);
}

void pt_cmd_asset_preview(struct pt_command *command)
{
	struct prism_error err = PRISM_ERROR_INIT;

	pt_command_try(command,
	               core_sample_fetch(command->core, pt_command_get(command, "asset"),
	                                 command->cancel, preview_here, command, &err),
	               &err);
}

/* ---- download ---- */

/* The bytes are somebody else's, and so is the name when none is given: it takes no other file's
 * place, nor one that programs read by themselves. */
static char *where_to(struct pt_command *command, const char *file_name, struct prism_error *err)
{
	const char *save = pt_command_get(command, "save");
	const char *name = prism_path_base(file_name);
	char *path = NULL;

	if (save)
		path = prism_path_expand(save);
	else if (prism_path_safe_name(name) && *name != '.')
		path = prism_strdup(name);
	if (!path || !*path) {
		prism_error_raise(err, PRISM_ERROR_INVALID,
		                  *name ? "the asset's name \"%.80s\" is no name for a new file"
		                        : "the asset has no file name",
		                  name);
		prism_error_hint(err, "--save names the file to write");
	} else if (pt_command_new_file(command, path, err) == 0) {
		return path;
	}
	prism_free(path);
	return NULL;
}

static int save(struct pt_command *command, const struct core_sample *sample,
                struct prism_error *err)
{
	PRISM_AUTO_FREE char *path = NULL;

	if (sample->kind == CORE_SAMPLE_NONE)
		return prism_error_raise(err, PRISM_ERROR_MISSING, "this asset has no sample");
	path = where_to(command, sample->asset->file_name, err);
	if (!path)
		return -1;
	if (prism_file_write(path, sample->bytes, sample->size, 0644, err) < 0)
		return -1;
	pt_command_message(command, "sample saved as %s", path);
	return 0;
}

static void download_here(void *data, const struct core_sample *sample,
                          const struct prism_error *err)
{
	struct pt_command *command = data;
	struct prism_error failed = PRISM_ERROR_INIT;

	if (!err && save(command, sample, &failed) < 0)
		err = &failed;
	pt_command_done(command, err);
}

void pt_cmd_asset_download(struct pt_command *command)
{
	struct prism_error err = PRISM_ERROR_INIT;

	pt_command_try(command,
	               core_sample_fetch(command->core, pt_command_get(command, "asset"),
	                                 command->cancel, download_here, command, &err),
	               &err);
}

/* ---- where it is used ---- */

static void used_here(void *data, const char *const *words, size_t count,
                      const struct prism_error *err)
{
	static const struct pt_record_column columns[] = {
	    {"id", "Id"}, {"name", "Computation"}, {NULL, NULL}};
	struct pt_command *command = data;

	if (!err) {
		command->records = pt_records_create(columns, 0);
		for (size_t i = 0; i < count; i++) {
			const struct core_computation *c = core_computation_get(command->core, words[i]);

			pt_records_text(command->records, c ? c->id : words[i]);
			pt_records_text(command->records, c ? c->name : words[i]);
		}
	}
	pt_command_done(command, err);
}

static void ask_used(void *data, const struct prism_error *err)
{
	struct pt_command *command = data;
	struct prism_error failed = PRISM_ERROR_INIT;

	PRISM_UNUSED(err); /* names are nice to have: ids do without */
	pt_command_try(command,
	               core_asset_computations(command->core, pt_command_get(command, "asset"),
	                                       command->cancel, used_here, command, &failed),
	               &failed);
}

void pt_cmd_asset_computations(struct pt_command *command)
{
	struct prism_error err = PRISM_ERROR_INIT;

	pt_command_try(command,
	               core_list_await(core_computations(command->core), false, command->cancel,
	                               ask_used, command, &err),
	               &err);
}
