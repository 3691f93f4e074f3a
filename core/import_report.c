/*
 * Owns the report of an import: what is planned, or what was done.
 */
#include "core/import_private.h"

#include "core/workspace.h"

#include <inttypes.h>

static void put_problem_json(cJSON *array, const struct core_problem *problem)
{
	cJSON *entry = cJSON_CreateObject();

	cJSON_AddStringToObject(entry, "level", core_problem_word(problem->level));
	if (problem->line)
		cJSON_AddNumberToObject(entry, "line", (double)problem->line);
	cJSON_AddStringToObject(entry, "field", problem->field);
	cJSON_AddStringToObject(entry, "text", problem->text);
	cJSON_AddItemToArray(array, entry);
}

static void put_news_json(const struct core_import_item *item, cJSON *array)
{
	for (size_t i = 0; i < item->news_count; i++) {
		cJSON *entry = cJSON_CreateObject();
		cJSON_AddStringToObject(entry, "kind", core_import_beyond_word(item->news[i].kind));
		cJSON_AddStringToObject(entry, "role", item->news[i].role);
		cJSON_AddStringToObject(entry, "id", item->news[i].id);
		cJSON_AddItemToArray(array, entry);
	}
}

static void put_beyond_json(const struct core_import *import, const struct core_import_item *item,
                            cJSON *array)
{
	for (size_t i = 0; i < item->beyond_count; i++) {
		const struct core_import_beyond *b = &item->beyond[i];
		cJSON *entry = cJSON_CreateObject();
		cJSON_AddStringToObject(entry, "kind", core_import_beyond_word(b->kind));
		cJSON_AddStringToObject(entry, "role", b->role);
		cJSON_AddStringToObject(entry, "id", b->id);
		cJSON_AddBoolToObject(entry, "removed", import->spec.prune && !*b->kept);
		cJSON_AddStringToObject(entry, "kept", b->kept);
		cJSON_AddItemToArray(array, entry);
	}
}

static cJSON *item_json(const struct core_import *import, const struct core_import_item *item)
{
	cJSON *entry = cJSON_CreateObject(), *assets;

	cJSON_AddNumberToObject(entry, "index", (double)item->index);
	cJSON_AddNumberToObject(entry, "line", (double)item->line);
	cJSON_AddStringToObject(entry, "name", item->name);
	cJSON_AddStringToObject(
	    entry, "action", core_import_action_word(item->left_out ? CORE_IMPORT_SKIP : item->action));
	cJSON_AddStringToObject(entry, "outcome", core_import_outcome_word(item->outcome));
	cJSON_AddStringToObject(entry, "id", item->id);
	cJSON_AddStringToObject(entry, "why", item->left_out ? "left out by hand" : item->why);
	cJSON_AddStringToObject(entry, "tls_mode", core_tls_mode_info(item->mode)->word);
	assets = cJSON_AddArrayToObject(entry, "assets");
	for (size_t i = 0; i < item->asset_count; i++) {
		cJSON *asset = cJSON_CreateObject();
		cJSON_AddStringToObject(asset, "id", item->assets[i].id);
		cJSON_AddStringToObject(asset, "file_name", item->assets[i].file_name);
		cJSON_AddStringToObject(asset, "found", core_import_found_word(item->assets[i].found));
		cJSON_AddStringToObject(asset, "found_id", item->assets[i].found_id);
		cJSON_AddItemToArray(assets, asset);
	}
	put_news_json(item, cJSON_AddArrayToObject(entry, "changes"));
	put_beyond_json(import, item, cJSON_AddArrayToObject(entry, "not_in_file"));
	cJSON_AddArrayToObject(entry, "problems");
	return entry;
}

static void report_json(const struct core_import *import, struct prism_buf *out)
{
	PRISM_AUTO_JSON cJSON *doc = cJSON_CreateObject();
	const struct core_problems *problems = core_import_problems(import);
	cJSON *items, *of_file, **entries;

	cJSON_AddStringToObject(doc, "file", core_import_file(import));
	cJSON_AddStringToObject(doc, "sha3_256", import->hash);
	cJSON_AddStringToObject(doc, "format", core_import_format(import));
	cJSON_AddStringToObject(doc, "stage", core_import_stage_word(import->stage));
	cJSON_AddStringToObject(doc, "imported_before", core_import_before(import));
	if (core_import_broken(import))
		cJSON_AddStringToObject(doc, "broken", core_import_broken(import)->message);
	if (core_import_error(import))
		cJSON_AddStringToObject(doc, "error", core_import_error(import)->message);
	items = cJSON_AddArrayToObject(doc, "computations");
	entries = prism_alloc_array(core_import_count(import) + 1, sizeof(*entries));
	for (size_t i = 0; i < core_import_count(import); i++) {
		entries[i] = item_json(import, &import->items[i]);
		cJSON_AddItemToArray(items, entries[i]);
	}
	of_file = cJSON_AddArrayToObject(doc, "problems");
	for (size_t i = 0; i < problems->count; i++) {
		const struct core_problem *problem = &problems->all[i];
		bool own = problem->item < core_import_count(import);
		put_problem_json(own ? cJSON_GetObjectItem(entries[problem->item], "problems") : of_file,
		                 problem);
	}
	prism_free(entries);
	prism_json_print_part(doc, 0, out);
	prism_buf_putc(out, '\n');
}

static void put_problem_text(struct prism_buf *out, const struct core_problem *problem)
{
	prism_buf_printf(out, "    %s", core_problem_word(problem->level));
	if (problem->line)
		prism_buf_printf(out, ", line %" PRIu64, problem->line);
	if (*problem->field)
		prism_buf_printf(out, ", %s", problem->field);
	prism_buf_printf(out, ": %s\n", problem->text);
}

static void report_text(const struct core_import *import, struct prism_buf *out)
{
	const struct core_problems *problems = core_import_problems(import);
	size_t at = 0;
	char text[400];

	prism_buf_printf(out, "import of %s (%s, SHA3-256 %s): %s\n", core_import_file(import),
	                 core_import_format(import), import->hash,
	                 core_import_stage_word(import->stage));
	if (core_import_error(import))
		prism_buf_printf(out, "stopped: %s\n", core_import_error(import)->message);
	for (size_t i = 0; i < problems->count; i++)
		if (problems->all[i].item >= core_import_count(import))
			put_problem_text(out, &problems->all[i]);
	for (size_t i = 0; i < core_import_count(import); i++) {
		const struct core_import_item *item = &import->items[i];
		prism_buf_printf(out, "line %" PRIu64 ": %s: %s%s%s%s%s\n", item->line,
		                 *item->name ? item->name : "(no name)",
		                 core_import_action_word(item->left_out ? CORE_IMPORT_SKIP : item->action),
		                 item->outcome ? ", " : "", core_import_outcome_word(item->outcome),
		                 *item->id ? ", " : "", item->id);
		for (size_t b = 0; b < item->news_count; b++)
			prism_buf_printf(out, "    changes: %s\n",
			                 core_import_beyond_text(import, &item->news[b], text, sizeof(text)));
		for (size_t b = 0; b < item->beyond_count; b++)
			prism_buf_printf(out, "    not in the file: %s: %s\n",
			                 core_import_beyond_text(import, &item->beyond[b], text, sizeof(text)),
			                 core_import_beyond_fate(import, &item->beyond[b]));
		for (at = core_problems_first(problems, i);
		     at < problems->count && problems->all[at].item == i; at++)
			put_problem_text(out, &problems->all[at]);
	}
	if (problems->dropped)
		prism_buf_printf(out, "and %zu more findings\n", problems->dropped);
}

void core_import_report(const struct core_import *import, bool json, struct prism_buf *out)
{
	if (json)
		report_json(import, out);
	else
		report_text(import, out);
}
