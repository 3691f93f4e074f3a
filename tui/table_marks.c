/* The set of marked ids, and the marking operations of a table. */
#include "tui/table_private.h"

#include "base/mem.h"

static size_t hash_of(const char *id)
{
	uint64_t hash = 0xcbf29ce484222325; /* FNV-1a */

	for (; *id; id++)
		hash = (hash ^ (unsigned char)*id) * 0x100000001b3;
	return (size_t)(hash ^ hash >> 32);
}

/* Slot that holds id, or the free one where it would go. */
static size_t find_slot(const struct pt_id_set *set, const char *id)
{
	size_t at = hash_of(id) & (set->size - 1);

	while (set->slots[at] && strcmp(set->slots[at], id) != 0)
		at = (at + 1) & (set->size - 1);
	return at;
}

bool pt_id_set_has(const struct pt_id_set *set, const char *id)
{
	return set->count > 0 && id && set->slots[find_slot(set, id)];
}

static void grow(struct pt_id_set *set)
{
	struct pt_id_set bigger = {.size = set->size ? set->size * 2 : 16};

	bigger.slots = prism_alloc_array(bigger.size, sizeof(*bigger.slots));
	for (size_t i = 0; i < set->size; i++)
		if (set->slots[i])
			bigger.slots[find_slot(&bigger, set->slots[i])] = set->slots[i];
	bigger.count = set->count;
	prism_free(set->slots);
	*set = bigger;
}

void pt_id_set_add(struct pt_id_set *set, const char *id)
{
	size_t at;

	if (set->count * 2 >= set->size)
		grow(set);
	at = find_slot(set, id);
	if (set->slots[at])
		return;
	set->slots[at] = prism_strdup(id);
	set->count++;
}

void pt_id_set_remove(struct pt_id_set *set, const char *id)
{
	size_t at;

	if (!pt_id_set_has(set, id))
		return;
	at = find_slot(set, id);
	prism_free(set->slots[at]);
	set->slots[at] = NULL;
	set->count--;
	/* What followed it in the chain takes its place again. */
	for (at = (at + 1) & (set->size - 1); set->slots[at]; at = (at + 1) & (set->size - 1)) {
		char *moved = set->slots[at];

		set->slots[at] = NULL;
		set->slots[find_slot(set, moved)] = moved;
	}
}

void pt_id_set_clear(struct pt_id_set *set)
{
	for (size_t i = 0; i < set->size; i++)
		prism_free(set->slots[i]);
	prism_free(set->slots);
	*set = (struct pt_id_set){0};
}

unsigned pt_table_mark(struct pt_table *table)
{
	if (!table->selected)
		return PT_HANDLED;
	if (pt_id_set_has(&table->marks, table->selected))
		pt_id_set_remove(&table->marks, table->selected);
	else
		pt_id_set_add(&table->marks, table->selected);
	prism_free(table->mark_from);
	table->mark_from = prism_strdup(table->selected);
	return PT_CHANGED | pt_table_nav(table, PT_NAV_DOWN, 1);
}

unsigned pt_table_mark_range(struct pt_table *table)
{
	size_t from = table->cursor, to = table->cursor;

	if (!table->selected)
		return PT_HANDLED;
	for (size_t i = 0; table->mark_from && i < table->rows; i++) {
		const char *id = pt_table_id(table, i);

		if (id && strcmp(id, table->mark_from) == 0)
			from = i;
	}
	if (from > to) {
		to = from;
		from = table->cursor;
	}
	for (size_t i = from; i <= to && i < table->rows; i++) {
		const char *id = pt_table_id(table, i);

		if (id)
			pt_id_set_add(&table->marks, id);
	}
	return PT_HANDLED | PT_REDRAW | PT_CHANGED;
}

unsigned pt_table_mark_all(struct pt_table *table)
{
	size_t before = table->marks.count;

	for (size_t i = 0; i < table->rows; i++) {
		const char *id = pt_table_id(table, i);

		if (id)
			pt_id_set_add(&table->marks, id);
	}
	if (table->marks.count == before) /* all were: none are */
		return pt_table_clear_marks(table);
	return PT_HANDLED | PT_REDRAW | PT_CHANGED;
}

unsigned pt_table_clear_marks(struct pt_table *table)
{
	if (table->marks.count == 0)
		return PT_IGNORED;
	pt_id_set_clear(&table->marks);
	return PT_HANDLED | PT_REDRAW | PT_CHANGED;
}

size_t pt_table_marked(const struct pt_table *table)
{
	return table->marks.count;
}

bool pt_table_is_marked(const struct pt_table *table, const char *id)
{
	return pt_id_set_has(&table->marks, id);
}

void pt_table_each_chosen(const struct pt_table *table, void (*fn)(void *data, const char *id),
                          void *data)
{
	char **ids;
	size_t count = 0;

	if (table->marks.count == 0) {
		if (table->selected) {
			PRISM_AUTO_FREE char *id = prism_strdup(table->selected);

			fn(data, id);
		}
		return;
	}
	/* A copy: fn may clear marks. */
	ids = prism_alloc_array(table->marks.count, sizeof(*ids));
	for (size_t i = 0; i < table->marks.size; i++)
		if (table->marks.slots[i])
			ids[count++] = prism_strdup(table->marks.slots[i]);
	for (size_t i = 0; i < count; i++) {
		fn(data, ids[i]);
		prism_free(ids[i]);
	}
	prism_free(ids);
}
