/*
 * The rows of a plan: one for each computation, and below those that are open one for each part.
 * The id of a row is its computation and its part ("12", "12.a1", "f.p0"), so the cursor stays
 * where it is when rows are made anew.
 *
 * Rows of parts are sentences as wide as the table, what matters first.
 */
#include "base/mem.h"
#include "tui/cmd_import.h"
#include "tui/view_import_private.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { COLUMN_NAME, COLUMN_ACTION, COLUMN_TLS, COLUMN_ROLES, COLUMN_ASSETS, COLUMN_LINE };
const struct pt_column pt_import_columns[] = {
    {"name", "Computation", 16, 0, 4, 0, PT_COLUMN_MAIN | PT_COLUMN_NO_SORT},
    {"action", "Action", 10, 12, 0, 0, PT_COLUMN_NO_SORT},
    {"tls", "TLS", 5, 6, 0, 3, PT_COLUMN_NO_SORT},
    {"roles", "Roles", 5, 5, 0, 2, PT_COLUMN_NO_SORT},
    {"assets", "Assets", 6, 12, 0, 1, PT_COLUMN_NO_SORT},
    {"line", "Line", 7, 8, 0, 4, PT_COLUMN_NO_SORT},
};

/* ---- rows ---- */

static void add_row(struct importing *v, size_t item, enum import_part part, size_t n)
{
	if (v->count == v->room) {
		v->room = v->room ? v->room * 2 : 64;
		v->rows = prism_realloc_array(v->rows, v->room, sizeof(*v->rows));
	}
	v->rows[v->count++] = (struct import_row){item, part, n};
}

/* Sorted by computation, except while it runs. */
static void add_problems(struct importing *v, size_t item)
{
	const struct core_problems *problems = core_import_problems(v->import);
	size_t all = core_import_count(v->import);
	bool sorted = item != THE_FILE && core_import_stage(v->import) != CORE_IMPORT_RUNNING;

	for (size_t i = sorted ? core_problems_first(problems, item) : 0; i < problems->count; i++) {
		size_t of = problems->all[i].item;
		if (of == item || (item == THE_FILE && of >= all))
			add_row(v, item, PART_PROBLEM, i);
		else if (sorted)
			break;
	}
}

static bool file_has_findings(const struct importing *v)
{
	const struct core_problems *problems = core_import_problems(v->import);
	size_t all = core_import_count(v->import);

	for (size_t i = 0; i < problems->count; i++)
		if (problems->all[i].item >= all)
			return true;
	return false;
}

void pt_import_rows_build(struct importing *v)
{
	size_t all = core_import_count(v->import);

	v->count = 0;
	if (all && !v->open)
		v->open = prism_alloc_array(all, sizeof(*v->open));
	if (file_has_findings(v)) {
		add_row(v, THE_FILE, PART_NONE, 0);
		if (v->file_open)
			add_problems(v, THE_FILE);
	}
	for (size_t i = 0; i < all; i++) {
		const struct core_import_item *item = core_import_at(v->import, i);
		add_row(v, i, PART_NONE, 0);
		if (!v->open[i])
			continue;
		/* of an update what differs, of anything else what there is */
		for (size_t r = 0; !item->compared && r < item->role_count; r++)
			add_row(v, i, PART_ROLE, r);
		for (size_t a = 0; a < item->asset_count; a++)
			if (!item->compared || item->assets[a].found == CORE_IMPORT_MISSING)
				add_row(v, i, PART_ASSET, a);
		for (size_t n = 0; n < item->news_count; n++)
			add_row(v, i, PART_NEWS, n);
		for (size_t b = 0; b < item->beyond_count; b++)
			add_row(v, i, PART_BEYOND, b);
		add_problems(v, i);
	}
	pt_table_reload(v->table);
}

static size_t row_count(void *data)
{
	return ((struct importing *)data)->count;
}

static const char *row_id(void *data, size_t row)
{
	static const char letters[] = {'i', 'r', 'a', 'c', 'b', 'p'};
	struct importing *v = data;
	const struct import_row *r = &v->rows[row];

	if (r->item == THE_FILE)
		snprintf(v->id, sizeof(v->id), "f.%c%zu", letters[r->part], r->n);
	else
		snprintf(v->id, sizeof(v->id), "%zu.%c%zu", r->item, letters[r->part], r->n);
	return v->id;
}

/* ---- cells ---- */

static enum pt_slot slot_of_level(enum core_problem_level level)
{
	return level == CORE_PROBLEM_ERROR     ? PT_SLOT_BAD
	       : level == CORE_PROBLEM_WARNING ? PT_SLOT_WARN
	                                       : PT_SLOT_DIM;
}

/* Rows below a computation are sentences, as wide as the table. */
static void sentence(struct importing *v, struct pt_value *ret, enum pt_slot slot, const char *fmt,
                     ...) PRISM_PRINTF(4, 5);
static void sentence(struct importing *v, struct pt_value *ret, enum pt_slot slot, const char *fmt,
                     ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(v->line, sizeof(v->line), fmt, args);
	va_end(args);
	ret->slot = (uint8_t)slot;
	ret->text = v->line;
	ret->wide = true;
}

/* What, then where: a narrow screen shows the beginning. */
static void problem_cell(struct importing *v, size_t n, struct pt_value *ret)
{
	const struct core_problem *problem = &core_import_problems(v->import)->all[n];
	char where[40] = "";

	if (problem->line)
		snprintf(where, sizeof(where), ", line %" PRIu64, problem->line);
	sentence(v, ret, slot_of_level(problem->level), "  %s%s: %s%s%s%s",
	         core_problem_word(problem->level), where, problem->text, *problem->field ? " (" : "",
	         problem->field, *problem->field ? ")" : "");
}

static void role_cell(struct importing *v, const struct core_import_role *role,
                      struct pt_value *ret)
{
	char unknown[40] = "";

	if (role->unknown)
		snprintf(unknown, sizeof(unknown), " (%zu unknown)", role->unknown);
	sentence(v, ret, role->unknown ? PT_SLOT_WARN : PT_SLOT_DIM,
	         "  role %.80s: %zu action%s, %zu member%s%s", role->name, role->actions,
	         role->actions == 1 ? "" : "s", role->member_count, role->member_count == 1 ? "" : "s",
	         unknown);
}

static void asset_cell(struct importing *v, const struct core_import_asset *asset,
                       struct pt_value *ret)
{
	sentence(v, ret, asset->found == CORE_IMPORT_MISSING ? PT_SLOT_WARN : PT_SLOT_DIM,
	         "  %s %.90s: %s",
	         asset->type == CORE_ASSET_OTHER ? "asset" : core_asset_type_word(asset->type),
	         *asset->file_name ? asset->file_name
	         : *asset->id      ? asset->id
	                           : asset->checksum,
	         core_import_found_word(asset->found));
}

static void news_cell(struct importing *v, const struct core_import_beyond *b, struct pt_value *ret)
{
	char text[200];

	core_import_beyond_text(v->import, b, text, sizeof(text));
	sentence(v, ret, PT_SLOT_TEXT, "  %s: %s", b->kind == CORE_IMPORT_FIELD ? "changes" : "new",
	         text);
}

static void beyond_cell(struct importing *v, const struct core_import_beyond *b,
                        struct pt_value *ret)
{
	bool removed = core_import_prunes(v->import) && !*b->kept;
	char text[200];

	core_import_beyond_text(v->import, b, text, sizeof(text));
	sentence(v, ret, removed ? PT_SLOT_WARN : PT_SLOT_DIM, "  extra, %s: %s%s%s",
	         removed    ? "is removed"
	         : *b->kept ? "is kept"
	                    : "stays",
	         text, *b->kept ? "; " : "", b->kept);
}

static enum pt_slot slot_of_item(const struct core_import_item *item)
{
	switch (item->outcome) {
	case CORE_IMPORT_CREATED:
	case CORE_IMPORT_UPDATED:
		return PT_SLOT_GOOD;
	case CORE_IMPORT_PARTLY:
		return PT_SLOT_WARN;
	case CORE_IMPORT_NOT_DONE:
		return PT_SLOT_BAD;
	default:
		break;
	}
	if (item->left_out || item->action == CORE_IMPORT_SKIP || item->action == CORE_IMPORT_THERE)
		return PT_SLOT_OFF;
	return item->action == CORE_IMPORT_BROKEN ? PT_SLOT_BAD : PT_SLOT_TEXT;
}

/* An update that would change nothing. */
static bool same(const struct importing *v, const struct core_import_item *item)
{
	bool removes = false;

	for (size_t b = 0; core_import_prunes(v->import) && b < item->beyond_count; b++)
		removes = removes || !*item->beyond[b].kept;
	return item->compared && !item->news_count && !removes;
}

static void item_cell(struct importing *v, size_t n, int column, struct pt_value *ret)
{
	const struct core_import_item *item = core_import_at(v->import, n);

	ret->slot = (uint8_t)slot_of_item(item);
	ret->text = ret->scratch;
	switch (column) {
	case COLUMN_NAME:
		snprintf(ret->scratch, sizeof(ret->scratch), "%s %.120s%s", v->open[n] ? "-" : "+",
		         *item->name ? item->name : "(no name)", item->has_key ? "  (private key)" : "");
		break;
	case COLUMN_ACTION:
		if (!item->outcome && !item->left_out && same(v, item)) {
			ret->text = "same";
			break;
		}
		ret->text = item->outcome
		                ? core_import_outcome_word(item->outcome)
		                : core_import_action_word(item->left_out ? CORE_IMPORT_SKIP : item->action);
		if (!item->outcome && item->warnings && ret->slot == PT_SLOT_TEXT) {
			snprintf(ret->scratch, sizeof(ret->scratch), "%s, %zu!", ret->text, item->warnings);
			ret->text = ret->scratch; /* a screen without colours shows it too */
			ret->slot = PT_SLOT_WARN;
		}
		break;
	case COLUMN_TLS:
		ret->text = core_tls_mode_info(item->mode)->badge;
		break;
	case COLUMN_ROLES:
		snprintf(ret->scratch, sizeof(ret->scratch), "%zu", item->role_count);
		break;
	case COLUMN_ASSETS:
		pt_import_assets(item, ret->scratch, sizeof(ret->scratch));
		break;
	default:
		snprintf(ret->scratch, sizeof(ret->scratch), "%" PRIu64, item->line);
	}
}

static void cell(void *data, size_t n, int column, struct pt_value *ret)
{
	struct importing *v = data;
	const struct import_row *r = &v->rows[n];

	ret->glyph = -1;
	if (r->part != PART_NONE && column != COLUMN_NAME)
		return;
	if (r->part == PART_PROBLEM) {
		problem_cell(v, r->n, ret);
	} else if (r->item == THE_FILE) {
		if (column == COLUMN_NAME)
			ret->text = v->file_open ? "- findings about the file" : "+ findings about the file";
		ret->slot = PT_SLOT_WARN;
	} else if (r->part == PART_ROLE) {
		role_cell(v, &core_import_at(v->import, r->item)->roles[r->n], ret);
	} else if (r->part == PART_ASSET) {
		asset_cell(v, &core_import_at(v->import, r->item)->assets[r->n], ret);
	} else if (r->part == PART_NEWS) {
		news_cell(v, &core_import_at(v->import, r->item)->news[r->n], ret);
	} else if (r->part == PART_BEYOND) {
		beyond_cell(v, &core_import_at(v->import, r->item)->beyond[r->n], ret);
	} else {
		item_cell(v, r->item, column, ret);
	}
}

const struct pt_table_model pt_import_model = {.count = row_count, .id = row_id, .cell = cell};
