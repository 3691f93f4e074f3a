/*
 * Owns the table of CSV columns and the way of each cell into a bundle.
 */
#include "core/bundle_csv.h"

#include "base/file.h"
#include "base/mem.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define PEM_MAX 65536 /* of a certificate chain or a key in a file of its own */

enum column_kind { TEXT, CONFIG, FLAG, PEM, MEMBERS, ASSETS, IGNORED };
static const struct column {
	const char *name;
	enum column_kind kind;
	const char *key; /* of the bundle; of MEMBERS: the role */
} columns[] = {
    {"name", TEXT, "name"},
    {"description", TEXT, "description"},
    {"start_time", TEXT, "start_time"},
    {"end_time", TEXT, "end_time"},
    {"log_level", CONFIG, "log_level"},
    {"attested_tls", FLAG, "attested_tls"},
    {"cert_file", PEM, "cert_file"},
    {"server_key", PEM, "server_key"},
    {"server_ca_file", PEM, "server_ca_file"},
    {"client_ca_file", PEM, "client_ca_file"},
    {"owner", MEMBERS, "owner"},
    {"dataset_providers", MEMBERS, "dataset_provider"},
    {"algo_providers", MEMBERS, "algo_provider"},
    {"result_consumers", MEMBERS, "result_consumer"},
    {"viewers", MEMBERS, "viewer"},
    {"editors", MEMBERS, "editor"},
    {"runners", MEMBERS, "runner"},
    {"assets", ASSETS, NULL},
    {"backend_id", IGNORED, NULL},
};

struct core_csv_header {
	const struct column *column[PRISM_CSV_COLUMNS]; /* NULL: unknown, left out */
	size_t count;
};

static const struct column *column_named(const char *name)
{
	while (isspace((unsigned char)*name))
		name++;
	for (size_t i = 0; i < PRISM_COUNT(columns); i++) {
		size_t len = strlen(columns[i].name);
		if (strncasecmp(columns[i].name, name, len) == 0 &&
		    name[len + strspn(name + len, " \t")] == '\0')
			return &columns[i];
	}
	return NULL;
}

struct core_csv_header *core_csv_header_create(const struct prism_csv_row *row,
                                               struct core_problems *problems,
                                               struct prism_error *err)
{
	struct core_csv_header *header = prism_alloc(sizeof(*header));
	bool named = false;

	header->count = row->count;
	for (size_t i = 0; i < row->count; i++) {
		const struct column *column = column_named(row->cells[i]);
		bool twice = false;
		for (size_t before = 0; column && before < i; before++)
			twice = twice || header->column[before] == column;
		if (!column || twice)
			core_problem_add(problems, CORE_PROBLEM_WARNING, SIZE_MAX, row->lines[i], row->cells[i],
			                 "%s column: not read", twice ? "second" : "unknown");
		else
			header->column[i] = column;
		named = named || column == &columns[0];
	}
	if (named)
		return header;
	prism_source_fail(row->start, err, "the header row has no column \"name\"");
	prism_error_hint(err, row->count == 1 && strchr(row->cells[0], ';')
	                          ? "cells are separated by commas, not semicolons"
	                          : "the first row names the columns: name,description,...");
	core_csv_header_destroy(header);
	return NULL;
}

void core_csv_header_destroy(struct core_csv_header *header)
{
	prism_free(header);
}

/* ---- cells ---- */

struct row {
	const char *directory;
	size_t item;
	struct core_problems *problems;
	cJSON *computation, *config, *roles, *assets;
};

static void complain(struct row *r, const struct column *column, uint64_t line,
                     enum core_problem_level level, const char *text)
{
	char field[80];

	snprintf(field, sizeof(field), "[%zu].%s", r->item, column->name);
	core_problem_add(r->problems, level, r->item, line, field, "%s", text);
}

static cJSON *text_node(const char *text, uint64_t line)
{
	cJSON *node = cJSON_CreateString(text);

	node->valueint = (int)line;
	return node;
}

static void put_flag(struct row *r, const struct column *column, const char *text, uint64_t line)
{
	static const char *const yes[] = {"true", "1", "yes"}, *const no[] = {"false", "0", "no"};

	for (size_t i = 0; i < PRISM_COUNT(yes); i++) {
		if (strcasecmp(text, yes[i]) == 0 || strcasecmp(text, no[i]) == 0) {
			cJSON_AddBoolToObject(r->config, column->key, strcasecmp(text, yes[i]) == 0);
			return;
		}
	}
	complain(r, column, line, CORE_PROBLEM_ERROR, "neither true nor false (also 1, 0, yes, no)");
}

/* PEM as it stands, or the path of a file of it. */
static void put_pem(struct row *r, const struct column *column, const char *text, uint64_t line)
{
	struct prism_error err = PRISM_ERROR_INIT;
	struct prism_buf data;

	if (strstr(text, "-----BEGIN ")) {
		cJSON_AddItemToObject(r->config, column->key, text_node(text, line));
		return;
	}
	PRISM_AUTO_FREE char *path = prism_path_join(r->directory, text);
	if (prism_file_read(path, PEM_MAX, &data, &err) < 0)
		complain(r, column, line, CORE_PROBLEM_ERROR, err.message);
	else if (!strstr(prism_buf_text(&data), "-----BEGIN "))
		complain(r, column, line, CORE_PROBLEM_ERROR, "the file it names is not PEM");
	else
		cJSON_AddItemToObject(r->config, column->key, text_node(prism_buf_text(&data), line));
	prism_buf_wipe(&data);
}

/* The next of words separated by ';', trimmed; NULL at the end. *at moves on. */
static char *next_word(const char **at)
{
	while (**at) {
		size_t len = strcspn(*at, ";\n");
		const char *start = *at;
		*at += len + ((*at)[len] != '\0');
		while (len && isspace((unsigned char)*start))
			start++, len--;
		while (len && isspace((unsigned char)start[len - 1]))
			len--;
		if (len)
			return prism_strndup(start, len);
	}
	return NULL;
}

static void put_members(struct row *r, const struct column *column, const char *text, uint64_t line)
{
	cJSON *role = cJSON_CreateObject(), *members;
	char *word;

	role->valueint = (int)line;
	cJSON_AddItemToObject(role, "role_name", text_node(column->key, line));
	/* no actions: those a built-in role has stay */
	members = cJSON_AddArrayToObject(role, "members");
	while ((word = next_word(&text))) {
		cJSON_AddItemToArray(members, text_node(word, line));
		prism_free(word);
	}
	cJSON_AddItemToArray(r->roles, role);
}

static bool is_checksum(const char *word)
{
	return strlen(word) == 64 && strspn(word, "0123456789abcdefABCDEF") == 64;
}

static void put_assets(struct row *r, const char *text, uint64_t line)
{
	char *word;

	while ((word = next_word(&text))) {
		cJSON *asset = cJSON_CreateObject();
		asset->valueint = (int)line;
		cJSON_AddItemToObject(asset, is_checksum(word) ? "Checksum" : "id", text_node(word, line));
		cJSON_AddItemToArray(r->assets, asset);
		prism_free(word);
	}
}

static void put_cell(struct row *r, const struct column *column, const char *text, uint64_t line)
{
	if (!*text)
		return;
	if (*text == '=' || (*text == '@' && column->kind == TEXT))
		complain(r, column, line, CORE_PROBLEM_WARNING,
		         "looks like a spreadsheet formula; it is taken as text");
	switch (column->kind) {
	case TEXT:
		cJSON_AddItemToObject(r->computation, column->key, text_node(text, line));
		break;
	case CONFIG:
		cJSON_AddItemToObject(r->config, column->key, text_node(text, line));
		break;
	case FLAG:
		put_flag(r, column, text, line);
		break;
	case PEM:
		put_pem(r, column, text, line);
		break;
	case MEMBERS:
		put_members(r, column, text, line);
		break;
	case ASSETS:
		put_assets(r, text, line);
		break;
	case IGNORED:
		complain(r, column, line, CORE_PROBLEM_NOTE, "not used any more");
		break;
	}
}

cJSON *core_csv_bundle(const struct core_csv_header *header, const struct prism_csv_row *row,
                       const char *directory, size_t item, struct core_problems *problems)
{
	cJSON *bundle = cJSON_CreateObject();
	struct row r = {directory, item, problems, cJSON_AddObjectToObject(bundle, "computation"),
	                NULL,      NULL, NULL};
	char field[32];

	bundle->valueint = r.computation->valueint = (int)row->start.line;
	r.config = cJSON_AddObjectToObject(r.computation, "agent_config");
	r.roles = cJSON_AddArrayToObject(bundle, "roles");
	r.assets = cJSON_AddArrayToObject(bundle, "assets");
	r.config->valueint = (int)row->start.line;
	snprintf(field, sizeof(field), "[%zu]", item);
	if (row->count != header->count)
		core_problem_add(problems, CORE_PROBLEM_ERROR, item, row->start.line, field,
		                 "%zu cells, and the header has %zu", row->count, header->count);
	for (size_t i = 0; i < row->count && i < header->count; i++)
		if (header->column[i])
			put_cell(&r, header->column[i], row->cells[i], row->lines[i]);
	return bundle;
}
