/*
 * Which rows a table shows, and in which order: filter, sort, search.
 *
 * Sorting reads the column once into keys (a number, or the text in one case) and sorts those, so
 * that the model is asked n times and not n log n times.  Equal keys keep the order of the source.
 */
#include "tui/table_private.h"

#include "base/mem.h"
#include "base/text.h"
#include "tui/match.h"

#define KEY_MAX 256 /* bytes of a text that count for its place */

struct key {
	int64_t number;
	const char *text; /* in the arena */
	uint32_t row;
};

static const char *fold_text(struct prism_arena *arena, const char *text)
{
	char folded[KEY_MAX + 8];
	const char *pos = text, *end = text + strnlen(text, KEY_MAX);
	size_t len = 0;

	while (pos < end && len < KEY_MAX) {
		int32_t cp = prism_utf8_next(&pos, end);

		len += prism_utf8_encode(prism_text_fold((uint32_t)cp), folded + len);
	}
	return prism_arena_strndup(arena, folded, len);
}

static int by_row(const struct key *a, const struct key *b)
{
	return a->row < b->row ? -1 : a->row > b->row;
}

static int by_number(const void *left, const void *right)
{
	const struct key *a = left, *b = right;

	if (a->number != b->number)
		return a->number < b->number ? -1 : 1;
	return by_row(a, b);
}

static int by_number_down(const void *left, const void *right)
{
	const struct key *a = left, *b = right;

	if (a->number != b->number)
		return a->number > b->number ? -1 : 1;
	return by_row(a, b);
}

static int by_text(const void *left, const void *right)
{
	const struct key *a = left, *b = right;
	int order = strcmp(a->text, b->text);

	return order ? order : by_row(a, b);
}

static int by_text_down(const void *left, const void *right)
{
	const struct key *a = left, *b = right;
	int order = strcmp(b->text, a->text);

	return order ? order : by_row(a, b);
}

static void sort_index(struct pt_table *table)
{
	bool numbers = table->columns[table->sort].flags & (PT_COLUMN_NUMBER | PT_COLUMN_TIME);
	struct prism_arena *arena = prism_arena_create();
	struct key *keys = prism_alloc_array(table->rows ? table->rows : 1, sizeof(*keys));

	for (size_t i = 0; i < table->rows; i++) {
		struct pt_value value;

		keys[i].row = table->index[i];
		pt_table_value(table, keys[i].row, table->sort, &value);
		keys[i].number = value.number;
		if (!numbers)
			keys[i].text = fold_text(arena, value.text ? value.text : "");
	}
	if (numbers)
		qsort(keys, table->rows, sizeof(*keys), table->descending ? by_number_down : by_number);
	else
		qsort(keys, table->rows, sizeof(*keys), table->descending ? by_text_down : by_text);
	for (size_t i = 0; i < table->rows; i++)
		table->index[i] = keys[i].row;
	prism_free(keys);
	prism_arena_destroy(arena);
}

/* One word in one column of a row. */
static bool row_has_word(const struct pt_table *table, size_t row, const char *word)
{
	for (int column = 0; column < table->column_count; column++) {
		struct pt_value value;
		size_t start, end;

		pt_table_value(table, row, column, &value);
		if (value.text && pt_match_find(value.text, strlen(value.text), word, 0, &start, &end))
			return true;
	}
	return false;
}

bool pt_table_row_has(const struct pt_table *table, size_t row, const char *words)
{
	while (*words) {
		char word[128];
		size_t size = strcspn(words, " ");

		snprintf(word, sizeof(word), "%.*s", (int)(size < 127 ? size : 127), words);
		if (size && !row_has_word(table, row, word))
			return false;
		words += size;
		words += strspn(words, " ");
	}
	return true;
}

void pt_table_order(struct pt_table *table)
{
	bool filter = table->filter && !table->server_filter;
	bool sort = table->sort >= 0 && !table->server_sort;

	table->total = table->model->count(table->data);
	if (table->total > UINT32_MAX)
		table->total = UINT32_MAX;
	table->rows = table->total;
	table->indexed = filter || sort;
	if (!table->indexed) {
		prism_free(table->index);
		table->index = NULL;
		return;
	}
	table->index =
	    prism_realloc_array(table->index, table->total ? table->total : 1, sizeof(*table->index));
	table->rows = 0;
	for (size_t row = 0; row < table->total; row++)
		if (!filter || pt_table_row_has(table, row, table->filter))
			table->index[table->rows++] = (uint32_t)row;
	if (sort)
		sort_index(table);
}

void pt_table_narrow(struct pt_table *table)
{
	size_t kept = 0;

	for (size_t i = 0; i < table->rows; i++)
		if (pt_table_row_has(table, table->index[i], table->filter))
			table->index[kept++] = table->index[i];
	table->rows = kept;
}

unsigned pt_table_search(struct pt_table *table, const char *text, int direction)
{
	size_t at = table->cursor;

	if (text) {
		prism_free(table->search);
		table->search = *text ? prism_strdup(text) : NULL;
	}
	if (!table->search || table->rows == 0)
		return PT_HANDLED | PT_REDRAW;
	for (size_t i = 0; i < table->rows; i++) {
		if (direction == 0 && i == 0) { /* as typed: the row under the cursor counts */
		} else if (direction < 0) {
			at = at == 0 ? table->rows - 1 : at - 1;
		} else {
			at = at + 1 == table->rows ? 0 : at + 1;
		}
		if (pt_table_row_has(table, pt_table_source(table, at), table->search)) {
			if (at > table->cursor)
				return pt_table_nav(table, PT_NAV_DOWN, (int)(at - table->cursor));
			if (at < table->cursor)
				return pt_table_nav(table, PT_NAV_UP, (int)(table->cursor - at));
			break;
		}
	}
	return PT_HANDLED | PT_REDRAW;
}
