/* Check lines, sections and folds: see checks_draw.h. */
#include "tui/checks_draw.h"

#include "base/mem.h"

#include <stdio.h>
#include <string.h>

#define NARROW 60      /* columns below which result words are short */
#define WORD 12        /* "not checked" and a blank */
#define WORD_NARROW 5  /* "FAIL" and a blank */
#define MARKER 2       /* of the fold, and a blank */
#define DETAIL_LABEL 9 /* "expected" and a blank */
#define FOUND_MIN 12   /* columns from which what was found is worth showing behind the line */

/* ---- folds ---- */

struct pt_folds {
	char **turned;
	size_t count;
	bool all, open; /* everything that was not turned is open, or closed */
};

struct pt_folds *pt_folds_create(void)
{
	return prism_alloc(sizeof(struct pt_folds));
}

void pt_folds_reset(struct pt_folds *folds)
{
	for (size_t i = 0; i < folds->count; i++)
		prism_free(folds->turned[i]);
	folds->count = 0;
	folds->all = false;
}

void pt_folds_destroy(struct pt_folds *folds)
{
	if (!folds)
		return;
	pt_folds_reset(folds);
	prism_free(folds->turned);
	prism_free(folds);
}

void pt_folds_all(struct pt_folds *folds, bool open)
{
	pt_folds_reset(folds);
	folds->all = true;
	folds->open = open;
}

static size_t find(const struct pt_folds *folds, const char *key)
{
	size_t i = 0;

	while (i < folds->count && strcmp(folds->turned[i], key) != 0)
		i++;
	return i;
}

void pt_folds_toggle(struct pt_folds *folds, const char *key)
{
	size_t at = find(folds, key);

	if (at < folds->count) {
		prism_free(folds->turned[at]);
		folds->turned[at] = folds->turned[--folds->count];
		return;
	}
	folds->turned = prism_realloc_array(folds->turned, folds->count + 1, sizeof(*folds->turned));
	folds->turned[folds->count++] = prism_strdup(key);
}

bool pt_folds_open(const struct pt_folds *folds, const char *key, bool proposed)
{
	if (!folds)
		return proposed;
	if (folds->all)
		proposed = folds->open;
	return proposed != (find(folds, key) < folds->count);
}

/* ---- words ---- */

static const struct {
	const char *word, *narrow;
	enum pt_slot slot;
} results[PT_CHECK_RESULT_COUNT] = {
    [PT_CHECK_PASS] = {"pass", "pass", PT_SLOT_GOOD},
    [PT_CHECK_WARN] = {"warn", "warn", PT_SLOT_WARN},
    [PT_CHECK_FAIL] = {"FAIL", "FAIL", PT_SLOT_BAD},
    [PT_CHECK_SKIPPED] = {"not checked", "skip", PT_SLOT_OFF},
};

const char *pt_check_word(enum pt_check_result result)
{
	return results[result].word;
}

enum pt_slot pt_check_slot(enum pt_check_result result)
{
	return results[result].slot;
}

static bool is_missing(const struct pt_check *check)
{
	return check->result == PT_CHECK_SKIPPED && !check->optional;
}

static enum pt_slot slot_of(const struct pt_check *check)
{
	return is_missing(check) ? PT_SLOT_WARN : results[check->result].slot;
}

bool pt_check_proposed(const struct pt_check *check)
{
	return check->result == PT_CHECK_FAIL || check->result == PT_CHECK_WARN || is_missing(check);
}

void pt_check_count(struct pt_check_counts *counts, const struct pt_check *check)
{
	counts->of[check->result]++;
	counts->missing += is_missing(check);
}

/* What is wrong first: a narrow window cuts the rest. */
char *pt_check_tally(const struct pt_check_counts *counts, char *buf, size_t size)
{
	static const enum pt_check_result order[] = {PT_CHECK_FAIL, PT_CHECK_WARN, PT_CHECK_SKIPPED,
	                                             PT_CHECK_PASS};
	size_t used = 0;

	buf[0] = '\0';
	for (size_t i = 0; i < PRISM_COUNT(order) && used < size; i++)
		if (counts->of[order[i]])
			used += (size_t)snprintf(buf + used, size - used, "%s%u %s", used ? ", " : "",
			                         counts->of[order[i]], results[order[i]].word);
	return buf;
}

enum pt_slot pt_check_tally_slot(const struct pt_check_counts *counts)
{
	if (counts->of[PT_CHECK_FAIL])
		return PT_SLOT_BAD;
	if (counts->of[PT_CHECK_WARN] || counts->missing)
		return PT_SLOT_WARN;
	return counts->of[PT_CHECK_PASS] ? PT_SLOT_GOOD : PT_SLOT_DIM;
}

/* ---- lines ---- */

static bool given(const char *text)
{
	return text && *text;
}

void pt_detail_lines(struct pt_lines *lines, int column, int label_width, int width,
                     const char *label, enum pt_slot slot, const char *text)
{
	if (!given(text))
		return;
	pt_lines_add(lines, NULL, 0, NULL);
	if (given(label)) {
		pt_lines_pad(lines, column);
		pt_lines_part(lines, PT_SLOT_LABEL, "%s", label);
	}
	pt_lines_wrap(lines, column + label_width, width, slot, text);
}

static void marker(struct pt_lines *lines, const struct pt_check_draw *how, bool open)
{
	if (how->indent)
		pt_lines_pad(lines, how->indent);
	pt_lines_glyph(lines, open ? PT_GLYPH_OPEN : PT_GLYPH_POINTER, PT_SLOT_DIM);
}

static void details(struct pt_lines *lines, const struct pt_check *check, int column, int width)
{
	enum pt_slot found = check->result == PT_CHECK_FAIL ? PT_SLOT_BAD : PT_SLOT_TEXT;

	pt_detail_lines(lines, column, DETAIL_LABEL + 1, width, "expected", PT_SLOT_TEXT,
	                check->expected);
	pt_detail_lines(lines, column, DETAIL_LABEL + 1, width, "found", found, check->found);
	pt_detail_lines(lines, column, DETAIL_LABEL + 1, width, "because", PT_SLOT_TEXT, check->reason);
	pt_detail_lines(lines, column, DETAIL_LABEL + 1, width, "remedy", PT_SLOT_STRONG,
	                check->result == PT_CHECK_PASS ? NULL : check->remedy);
	pt_detail_lines(lines, column, DETAIL_LABEL + 1, width, "rule", PT_SLOT_DIM, check->id);
}

void pt_check_lines(struct pt_lines *lines, const struct pt_check_draw *how,
                    const struct pt_check *check)
{
	bool narrow = how->width < NARROW;
	bool open = pt_folds_open(how->folds, check->key, pt_check_proposed(check));
	int text = how->indent + MARKER + (narrow ? WORD_NARROW : WORD);
	int rest = how->width - text - (int)strlen(check->line) - 2;

	pt_lines_add(lines, check->key, how->target, check->key);
	marker(lines, how, open);
	pt_lines_part(lines, slot_of(check), "%s",
	              narrow ? results[check->result].narrow : results[check->result].word);
	pt_lines_wrap(lines, text, how->width, PT_SLOT_TEXT, check->line);
	if (open)
		details(lines, check, narrow ? how->indent + MARKER : text, how->width);
	else if (given(check->found) && rest >= FOUND_MIN && rest >= (int)strlen(check->found))
		pt_lines_part(lines, PT_SLOT_DIM, "  %s", check->found);
}

bool pt_section_lines(struct pt_lines *lines, const struct pt_check_draw *how, const char *key,
                      const char *title, enum pt_slot summary_slot, const char *summary,
                      bool proposed)
{
	bool open = pt_folds_open(how->folds, key, proposed);

	pt_lines_add(lines, key, how->target, key);
	marker(lines, how, open);
	pt_lines_part(lines, PT_SLOT_TITLE, "%s", title);
	if (given(summary))
		pt_lines_part(lines, summary_slot, "  %s", summary);
	return open;
}
