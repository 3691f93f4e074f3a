/*
 * Pages of facts; see factpage.h.  Lines are built anew when the facts, a fold or the width
 * changed; the title and the explanation are drawn around them.
 */
#include "tui/factpage.h"

#include "base/mem.h"
#include "base/text.h"
#include "tui/view.h"

#include <stdio.h>
#include <string.h>

#define CURSOR 2          /* columns pt_lines keeps for its pointer */
#define NARROW 60         /* below, a label has a row of its own */
#define WIDE 100          /* from here on labels and states have ample room */
#define STATE 9           /* "DIFFERS" and a blank */
#define EXPLAIN_ROWS 2    /* of the meaning, where it does not fit one */
#define EXPLAIN_MIN 14    /* rows of the area below which the meaning gets one */
#define BYTES_SHOWN 1024u /* of one value on the screen; the saved report has all */

struct pt_factpage {
	struct pt_factpage_spec spec;
	struct pt_lines *lines;
	struct pt_folds *folds;
	enum { FOLDS_PROPOSED, FOLDS_OPEN, FOLDS_CLOSED } all;
	int built_width, head_rows, explain_rows;
	bool stale;
};

struct pt_factpage *pt_factpage_create(const struct pt_factpage_spec *spec)
{
	struct pt_factpage *page = prism_alloc(sizeof(*page));

	page->spec = *spec;
	page->lines = pt_lines_create();
	page->folds = pt_folds_create();
	page->stale = true;
	return page;
}

void pt_factpage_destroy(struct pt_factpage *page)
{
	if (!page)
		return;
	pt_lines_destroy(page->lines);
	pt_folds_destroy(page->folds);
	prism_free(page);
}

void pt_factpage_changed(struct pt_factpage *page, const struct core_facts *facts)
{
	page->spec.facts = facts;
	page->stale = true;
}

struct pt_lines *pt_factpage_lines(struct pt_factpage *page)
{
	return page->lines;
}

/* ---- one fact ---- */

struct row { /* where the parts of a fact's line stand */
	int label, state, text, width;
	bool narrow;
};

static struct row row_of(const struct pt_factpage *page, const struct core_fact *fact, bool states)
{
	int indent = 2 * (int)fact->depth, width = page->built_width;
	struct row row = {.width = width, .narrow = width < NARROW};

	row.label = indent + 2;
	row.state = row.narrow ? row.label : (width < WIDE ? 26 : 32);
	row.text = row.narrow ? row.label + 2 : row.state + (states ? STATE : 0);
	return row;
}

static char *hex_of(const struct core_fact *fact)
{
	size_t size = fact->raw_size < BYTES_SHOWN ? fact->raw_size : BYTES_SHOWN;
	char *hex = prism_alloc(2 * size + 1);

	prism_hex_encode(fact->raw, size, hex);
	return hex;
}

static const struct {
	const char *word; /* shorter than core's: a column is kept for it */
	enum pt_slot slot;
} states_shown[CORE_FACT_STATE_COUNT] = {
    [CORE_FACT_PLAIN] = {"", PT_SLOT_DIM},
    [CORE_FACT_SAME] = {"same", PT_SLOT_GOOD},
    [CORE_FACT_DIFFERS] = {"DIFFERS", PT_SLOT_BAD},
    [CORE_FACT_OPEN] = {"open", PT_SLOT_WARN},
};

/* A row of its own for text that belongs to the line above: "policy  3d45...". */
static void below(struct pt_lines *lines, const struct row *row, const char *word,
                  enum pt_slot slot, const char *text)
{
	int label = word && *word ? (int)strlen(word) + 2 : 0;

	pt_detail_lines(lines, row->text, label, row->width, word ? word : "", slot, text);
}

static void put_bytes(const struct pt_factpage *page, const struct core_fact *fact,
                      const struct row *row, bool alone)
{
	PRISM_AUTO_FREE char *hex = hex_of(fact);
	int room = row->width - row->text - (int)prism_text_columns(fact->value, strlen(fact->value));
	char more[40];

	if (page->spec.base64) {
		PRISM_AUTO_FREE char *base64 = prism_base64_encode(fact->raw, fact->raw_size);
		pt_lines_pad(page->lines, row->text);
		pt_lines_part(page->lines, PT_SLOT_LABEL, "hex");
		pt_lines_wrap(page->lines, row->text + 8, row->width, PT_SLOT_LINK, hex);
		pt_detail_lines(page->lines, row->text, 8, row->width, "base64", PT_SLOT_LINK, base64);
	} else if (alone) {
		pt_lines_wrap(page->lines, row->text, row->width, PT_SLOT_LINK, hex);
	} else if (room >= (int)strlen(hex) + 2) {
		pt_lines_part(page->lines, PT_SLOT_DIM, "  %s", hex);
	} else {
		below(page->lines, row, NULL, PT_SLOT_DIM, hex);
	}
	if (fact->full_size > BYTES_SHOWN) {
		snprintf(more, sizeof(more), "(%zu bytes in all)", fact->full_size);
		below(page->lines, row, NULL, PT_SLOT_DIM, more);
	}
}

/* The other value, unless it is the same text: equality is said by the state. */
static void put_other(const struct pt_factpage *page, const struct core_fact *fact,
                      const struct row *row)
{
	PRISM_AUTO_FREE char *hex = fact->raw ? hex_of(fact) : NULL;

	if (!*fact->other || !strcmp(fact->other, hex ? hex : fact->value))
		return;
	below(page->lines, row, page->spec.other_word,
	      fact->state == CORE_FACT_DIFFERS ? PT_SLOT_STRONG : PT_SLOT_DIM, fact->other);
}

static void put_fact(struct pt_factpage *page, size_t index, bool states)
{
	const struct core_fact *fact = core_facts_at(page->spec.facts, index);
	struct row row = row_of(page, fact, states);
	bool parent = core_facts_has_children(page->spec.facts, index);
	bool open = parent && pt_folds_open(page->folds, fact->key, !fact->folded);
	enum pt_slot slot = fact->state == CORE_FACT_DIFFERS ? PT_SLOT_BAD : PT_SLOT_TEXT;

	pt_lines_add(page->lines, fact->key, parent ? PT_FACTPAGE_FOLD : 0, fact->key);
	pt_lines_pad(page->lines, row.label - 2);
	if (parent)
		pt_lines_glyph(page->lines, open ? PT_GLYPH_OPEN : PT_GLYPH_POINTER, PT_SLOT_DIM);
	else
		pt_lines_pad(page->lines, row.label);
	pt_lines_part(page->lines, PT_SLOT_LABEL, "%s", fact->label);
	if (fact->state != CORE_FACT_PLAIN) {
		if (row.narrow)
			pt_lines_part(page->lines, PT_SLOT_TEXT, "  ");
		else
			pt_lines_pad(page->lines, row.state);
		pt_lines_part(page->lines, states_shown[fact->state].slot, "%s",
		              states_shown[fact->state].word);
	}
	if (row.narrow && (*fact->value || fact->raw))
		pt_lines_add(page->lines, NULL, 0, NULL);
	pt_lines_wrap(page->lines, row.text, row.width, slot, fact->value);
	if (fact->raw)
		put_bytes(page, fact, &row, !*fact->value);
	put_other(page, fact, &row);
}

/* ---- sections ---- */

static size_t section_end(const struct core_facts *facts, size_t index)
{
	size_t at = index + 1;

	while (at < core_facts_count(facts) && core_facts_at(facts, at)->depth > 0)
		at++;
	return at;
}

static unsigned count_differences(const struct core_facts *facts, size_t from, size_t to)
{
	unsigned count = 0;

	for (size_t i = from; i < to; i++)
		count += core_facts_at(facts, i)->state == CORE_FACT_DIFFERS;
	return count;
}

static bool compares(const struct core_facts *facts, size_t from, size_t to)
{
	for (size_t i = from; i < to; i++)
		if (core_facts_at(facts, i)->state != CORE_FACT_PLAIN)
			return true;
	return false;
}

/* Skips what is below a closed fold. */
static size_t put_subtree(struct pt_factpage *page, size_t index, bool states)
{
	const struct core_fact *fact = core_facts_at(page->spec.facts, index);
	bool open = pt_folds_open(page->folds, fact->key, !fact->folded);
	size_t at = index + 1, count = core_facts_count(page->spec.facts);

	put_fact(page, index, states);
	while (at < count && core_facts_at(page->spec.facts, at)->depth > fact->depth)
		at = open ? put_subtree(page, at, states) : at + 1;
	return at;
}

static void summarise(struct pt_factpage *page, const struct core_fact *section, size_t from,
                      size_t to, char *text, size_t size, enum pt_slot *ret_slot, bool *ret_open)
{
	struct pt_check_counts counts = {0};
	unsigned differences = count_differences(page->spec.facts, from, to);

	if (page->spec.checks)
		page->spec.checks(page->spec.data, section->key, NULL, NULL, &counts);
	pt_check_tally(&counts, text, size);
	*ret_slot = pt_check_tally_slot(&counts);
	*ret_open = !section->folded || counts.of[PT_CHECK_FAIL] || counts.missing;
	if (*text)
		return;
	*ret_slot = differences ? PT_SLOT_BAD : PT_SLOT_DIM;
	if (differences)
		snprintf(text, size, "%u differ%s%s%s", differences, differences == 1 ? "s" : "",
		         *section->value ? ", " : "", section->value);
	else
		snprintf(text, size, "%s", section->value);
}

static void put_section(struct pt_factpage *page, const struct pt_check_draw *how, size_t index)
{
	const struct core_fact *section = core_facts_at(page->spec.facts, index);
	size_t end = section_end(page->spec.facts, index);
	bool states = compares(page->spec.facts, index + 1, end), open;
	struct pt_check_draw inner = *how;
	struct pt_check_counts counts = {0};
	enum pt_slot slot;
	char summary[200];

	summarise(page, section, index + 1, end, summary, sizeof(summary), &slot, &open);
	if (end == index + 1 && !*summary && !*section->meaning)
		return; /* nothing is known of this */
	if (!pt_section_lines(page->lines, how, section->key, section->label, slot, summary, open))
		return;
	inner.indent = 2;
	if (page->spec.checks)
		page->spec.checks(page->spec.data, section->key, page->lines, &inner, &counts);
	for (size_t i = index + 1; i < end;)
		i = put_subtree(page, i, states);
}

static void build(struct pt_factpage *page)
{
	const struct pt_check_draw how = {
	    .width = page->built_width, .target = PT_FACTPAGE_FOLD, .folds = page->folds};

	pt_lines_begin(page->lines);
	if (page->spec.head)
		page->spec.head(page->spec.data, page->lines, &how);
	for (size_t i = 0; i < core_facts_count(page->spec.facts); i = section_end(page->spec.facts, i))
		put_section(page, &how, i);
	pt_lines_end(page->lines);
	page->stale = false;
}

/* ---- what the owner's keys do ---- */

unsigned pt_factpage_toggle(struct pt_factpage *page)
{
	const char *arg = NULL;
	int target = 0;
	const char *key = pt_lines_owner(page->lines, &target, &arg);

	if (!key || target != PT_FACTPAGE_FOLD || !arg)
		return PT_HANDLED;
	PRISM_AUTO_FREE char *copy = prism_strdup(arg); /* the lines that lend it are built anew */
	size_t before = pt_lines_count(page->lines);
	pt_folds_toggle(page->folds, copy);
	pt_lines_select(page->lines, copy); /* a line below it may be gone */
	build(page);
	if (pt_lines_count(page->lines) > before)
		pt_lines_reveal(page->lines, pt_lines_count(page->lines) - before);
	return PT_HANDLED | PT_REDRAW;
}

unsigned pt_factpage_fold_all(struct pt_factpage *page)
{
	page->all = page->all == FOLDS_PROPOSED ? FOLDS_OPEN
	            : page->all == FOLDS_OPEN   ? FOLDS_CLOSED
	                                        : FOLDS_PROPOSED;
	if (page->all == FOLDS_PROPOSED)
		pt_folds_reset(page->folds);
	else
		pt_folds_all(page->folds, page->all == FOLDS_OPEN);
	page->stale = true;
	return PT_HANDLED | PT_REDRAW;
}

void pt_factpage_show(struct pt_factpage *page, const char *section, const char *key)
{
	if (page->stale && page->built_width)
		build(page);
	if (!pt_lines_select(page->lines, key) && section && page->built_width) {
		if (pt_lines_select(page->lines, section))
			pt_folds_toggle(page->folds, section);
		build(page);
		pt_lines_select(page->lines, key);
	}
	pt_lines_reveal(page->lines, 0);
}

/* The section a fact stands in. */
static const char *section_of(const struct pt_factpage *page, size_t index)
{
	while (index > 0 && core_facts_at(page->spec.facts, index)->depth > 0)
		index--;
	return core_facts_at(page->spec.facts, index)->key;
}

unsigned pt_factpage_next_difference(struct pt_factpage *page)
{
	const struct core_facts *facts = page->spec.facts;
	const char *now = pt_lines_owner(page->lines, NULL, NULL);
	size_t count = core_facts_count(facts), start = 0;

	for (size_t i = 0; now && i < count; i++)
		if (!strcmp(core_facts_at(facts, i)->key, now))
			start = i;
	for (size_t step = 1; step <= count; step++) {
		size_t at = (start + step) % count;
		if (core_facts_at(facts, at)->state != CORE_FACT_DIFFERS)
			continue;
		pt_factpage_show(page, section_of(page, at), core_facts_at(facts, at)->key);
		break;
	}
	return PT_HANDLED | PT_REDRAW;
}

const struct core_fact *pt_factpage_fact(const struct pt_factpage *page)
{
	const char *key = pt_lines_owner(page->lines, NULL, NULL);

	return key ? core_facts_find(page->spec.facts, key) : NULL;
}

char *pt_factpage_copy(const struct pt_factpage *page)
{
	const struct core_fact *fact = pt_factpage_fact(page);

	if (!fact || !fact->raw)
		return pt_lines_copy(page->lines);
	char *hex = prism_alloc(2 * fact->raw_size + 1);
	prism_hex_encode(fact->raw, fact->raw_size, hex);
	return hex;
}

/* ---- on the screen ---- */

void pt_factpage_prepare(struct pt_factpage *page, int width, int height)
{
	int lines_width = width - CURSOR > 10 ? width - CURSOR : 10;
	enum pt_slot slot;

	if (page->stale || page->built_width != lines_width) {
		page->built_width = lines_width;
		build(page);
	}
	page->explain_rows = height < EXPLAIN_MIN ? 1 : EXPLAIN_ROWS;
	page->head_rows = page->spec.banner && page->spec.banner(page->spec.data, &slot) ? 2 : 1;
	pt_lines_prepare(page->lines, width, height - page->head_rows - page->explain_rows);
}

static const char *explanation(const struct pt_factpage *page)
{
	const struct core_fact *fact = pt_factpage_fact(page);
	const char *key = pt_lines_owner(page->lines, NULL, NULL);

	if (fact)
		return fact->meaning;
	return key && page->spec.explain ? page->spec.explain(page->spec.data, key) : "";
}

struct explaining {
	const struct pt_factpage *page;
	struct pt_canvas *canvas;
	struct pt_rect area;
};

static void explain_row(void *data, int line, const char *text, size_t len)
{
	struct explaining *e = data;

	if (line < e->area.h)
		pt_canvas_textn(e->canvas, e->area.x, e->area.y + line, e->area.w, PT_SLOT_INFO, 0, text,
		                len);
}

static void draw_explanation(const struct pt_factpage *page, struct pt_canvas *canvas,
                             struct pt_rect area)
{
	struct explaining e = {page, canvas, {area.x + 2, area.y, area.w - 2, area.h}};
	const char *text = explanation(page);

	if (area.w > 10 && *text)
		pt_text_wrap(text, strlen(text), area.w - 2, explain_row, &e);
}

static void draw_head(const struct pt_factpage *page, struct pt_canvas *canvas, struct pt_rect area,
                      const char *title)
{
	enum pt_slot slot = PT_SLOT_TEXT;
	const char *banner = page->head_rows > 1 ? page->spec.banner(page->spec.data, &slot) : NULL;
	char position[40];

	pt_lines_position(page->lines, position, sizeof(position));
	int room = area.w - (int)strlen(position) - 5;
	pt_canvas_text(canvas, area.x + 2, area.y, room, PT_SLOT_DIALOG_TITLE, PT_LOOK_BOLD,
	               title ? title : "");
	pt_canvas_text_right(canvas, area.x, area.y, area.w - 1, PT_SLOT_DIM, 0, position);
	if (banner)
		pt_canvas_text(canvas, area.x + 2, area.y + 1, area.w - 3, slot, PT_LOOK_BOLD, banner);
}

void pt_factpage_draw(const struct pt_factpage *page, struct pt_canvas *canvas, struct pt_rect area,
                      bool focus, const char *title)
{
	int rows = area.h - page->head_rows - page->explain_rows;
	struct pt_rect body = {area.x, area.y + page->head_rows, area.w, rows};

	draw_head(page, canvas, area, title);
	if (rows < 1)
		return;
	pt_lines_draw(page->lines, canvas, body, focus);
	draw_explanation(page, canvas,
	                 (struct pt_rect){area.x, body.y + rows, area.w, page->explain_rows});
}

/* ---- a view that is one such page ---- */

static struct pt_factpage *page_of(const struct pt_view *view)
{
	return ((const struct pt_factview *)view->state)->page;
}

void pt_factview_prepare(struct pt_view *view, int width, int height)
{
	pt_factpage_prepare(page_of(view), width, height);
}

void pt_factview_draw(const struct pt_view *view, struct pt_canvas *canvas, struct pt_rect area,
                      bool focus)
{
	const struct pt_factview *fv = view->state;

	pt_factpage_draw(fv->page, canvas, area, focus, view->ops->title(fv->view));
}

unsigned pt_factview_nav(struct pt_view *view, enum pt_nav nav, int count)
{
	return pt_lines_nav(pt_factpage_lines(page_of(view)), nav, count);
}

unsigned pt_factview_search(struct pt_view *view, const char *text, int direction)
{
	return pt_lines_search(pt_factpage_lines(page_of(view)), text, direction);
}

char *pt_factview_copy(struct pt_view *view)
{
	return pt_factpage_copy(page_of(view));
}

unsigned pt_factview_act(struct pt_view *view, enum pt_action_id id)
{
	switch (id) {
	case PT_ACTION_OPEN:
		return pt_factpage_toggle(page_of(view)) | PT_HANDLED | PT_REDRAW;
	case PT_ACTION_FOLD_ALL:
		return pt_factpage_fold_all(page_of(view));
	default:
		return PT_IGNORED;
	}
}
