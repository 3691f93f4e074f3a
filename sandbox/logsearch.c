/*
 * Owns the searches and what they found, oldest line first.
 *
 * A search reads in passes.  Each takes note of how many lines there are and of the newest row, and
 * reads nothing beyond it, so that what is written meanwhile is left to the next pass:
 *
 *   FRESH   through the index of the computation (or of the run) in the order of time
 *   LATER   through the rows that were added after the last pass, whatever they belong to
 */
#include "sandbox/logsearch.h"

#include "base/list.h"
#include "base/mem.h"

#include <string.h>

struct found {
	int64_t at, n;
};

struct sb_search {
	struct sb_searches *all;
	struct prism_list node;
	struct sb_search_spec spec;
	char *needle; /* spec.message in lower case */
	size_t needle_len;
	unsigned users;
	struct found *found; /* by (at, n) */
	size_t count, room;
	int64_t lines; /* known up to so many; -1: no pass was finished */
	int64_t last;  /* newest row of the passes so far */
	/* The pass in progress. */
	bool reading, fresh;
	int64_t pass_lines, pass_last;
	struct found place; /* where it stands; FRESH: both, LATER: n */
};

struct sb_searches {
	struct sb_db *db;
	struct prism_list list; /* used last: at the end */
	unsigned idle;
};

struct sb_searches *sb_searches_create(struct sb_db *db)
{
	struct sb_searches *all = prism_alloc(sizeof(*all));
	all->db = db;
	prism_list_init(&all->list);
	return all;
}

static void search_free(struct sb_search *search)
{
	prism_list_remove(&search->node);
	prism_free(search->needle);
	prism_free(search->found);
	prism_free(search);
}

void sb_searches_destroy(struct sb_searches *all)
{
	if (!all)
		return;
	PRISM_LIST_EACH (&all->list, node, next)
		search_free(PRISM_CONTAINER(node, struct sb_search, node));
	prism_free(all);
}

static void start_over(struct sb_search *search)
{
	search->count = 0;
	search->lines = -1;
	search->reading = false;
}

void sb_searches_forget(struct sb_searches *all)
{
	PRISM_LIST_EACH (&all->list, node, next)
		start_over(PRISM_CONTAINER(node, struct sb_search, node));
}

/* ---- which searches are kept ---- */

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

static bool same(const struct sb_search *search, const struct sb_search_spec *spec,
                 const char *needle)
{
	const struct sb_search_spec *have = &search->spec;
	return have->computation == spec->computation && have->from == spec->from &&
	       have->to == spec->to && have->run == spec->run && have->level == spec->level &&
	       strcmp(search->needle, needle) == 0;
}

struct sb_search *sb_search_obtain(struct sb_searches *all, const struct sb_search_spec *spec)
{
	PRISM_AUTO_FREE char *needle = prism_strdup(spec->message);
	struct sb_search *search = NULL;

	for (char *c = needle; *c; c++)
		*c = lower(*c);
	PRISM_LIST_EACH (&all->list, node, next) {
		struct sb_search *candidate = PRISM_CONTAINER(node, struct sb_search, node);
		if (same(candidate, spec, needle))
			search = candidate;
	}
	if (search) {
		prism_list_remove(&search->node);
		all->idle -= search->users == 0;
	} else {
		search = prism_alloc(sizeof(*search));
		search->all = all;
		search->spec = *spec;
		search->needle_len = strlen(needle);
		search->needle = PRISM_STEAL(needle);
		search->spec.message = search->needle;
		start_over(search);
	}
	search->users++;
	prism_list_append(&all->list, &search->node);
	return search;
}

void sb_search_release(struct sb_search *search)
{
	if (!search || --search->users > 0)
		return;
	struct sb_searches *all = search->all;
	all->idle++;
	PRISM_LIST_EACH (&all->list, node, next) {
		struct sb_search *oldest = PRISM_CONTAINER(node, struct sb_search, node);
		if (oldest->users > 0)
			continue;
		if (all->idle <= SB_SEARCHES_KEPT)
			break;
		all->idle--;
		search_free(oldest);
	}
}

/* ---- reading ---- */

static bool contains(const char *text, const char *needle, size_t len)
{
	if (len == 0)
		return true;
	for (; *text; text++) {
		size_t i = 0;
		while (i < len && lower(text[i]) == needle[i])
			i++;
		if (i == len)
			return true;
	}
	return false;
}

enum column { AT, N, COMPUTATION, RUN, LEVEL, MESSAGE };
#define COLUMNS "SELECT x.at, x.n, x.computation, x.run, x.level, x.message FROM logs x WHERE "

static bool matches(const struct sb_search *search, const struct sb_rows *rows)
{
	const struct sb_search_spec *spec = &search->spec;
	int64_t at = sb_rows_int(rows, AT);
	return sb_rows_int(rows, N) <= search->pass_last && at >= spec->from && at <= spec->to &&
	       sb_rows_int(rows, COMPUTATION) == spec->computation &&
	       (spec->run == 0 || sb_rows_int(rows, RUN) == spec->run) &&
	       (spec->level < 0 || sb_rows_int(rows, LEVEL) == spec->level) &&
	       contains(sb_rows_text(rows, MESSAGE), search->needle, search->needle_len);
}

static bool before(const struct found *a, const struct found *b)
{
	return a->at != b->at ? a->at < b->at : a->n < b->n;
}

/* Lines mostly come in the order of their times; one that is late moves the others. */
static void keep(struct sb_search *search, struct found line)
{
	if (search->count == search->room) {
		search->room = search->room ? 2 * search->room : 256;
		search->found = prism_realloc_array(search->found, search->room, sizeof(*search->found));
	}
	size_t at = search->count++;
	for (; at > 0 && before(&line, &search->found[at - 1]); at--)
		search->found[at] = search->found[at - 1];
	search->found[at] = line;
}

static struct sb_rows *open_slice(struct sb_search *search)
{
	const struct sb_search_spec *spec = &search->spec;
	if (!search->fresh)
		return sb_db_query(
		    search->all->db, COLUMNS "x.n > ? AND x.n <= ? ORDER BY x.n LIMIT ?",
		    SB_ARGS(SB_I(search->place.n), SB_I(search->pass_last), SB_I(SB_SEARCH_SLICE)));
	const char *sql = spec->run ? COLUMNS "x.run = ? AND (x.at, x.n) > (?, ?) AND x.at <= ? ORDER"
	                                      " BY x.at, x.n LIMIT ?"
	                            : COLUMNS "x.computation = ? AND (x.at, x.n) > (?, ?) AND x.at <= ?"
	                                      " ORDER BY x.at, x.n LIMIT ?";
	return sb_db_query(search->all->db, sql,
	                   SB_ARGS(SB_I(spec->run ? spec->run : spec->computation),
	                           SB_I(search->place.at), SB_I(search->place.n), SB_I(spec->to),
	                           SB_I(SB_SEARCH_SLICE)));
}

static void read_slice(struct sb_search *search)
{
	int read = 0;
	SB_AUTO_ROWS struct sb_rows *rows = open_slice(search);
	for (; sb_rows_next(&rows); read++) {
		search->place = (struct found){sb_rows_int(rows, AT), sb_rows_int(rows, N)};
		if (matches(search, rows))
			keep(search, search->place);
	}
	if (read == SB_SEARCH_SLICE)
		return;
	search->reading = false;
	search->lines = search->pass_lines;
	search->last = search->pass_last;
}

static void begin_pass(struct sb_search *search, int64_t lines)
{
	search->reading = true;
	search->fresh = search->lines < 0;
	search->pass_lines = lines;
	search->pass_last = sb_db_int(search->all->db, 0, "SELECT max(n) FROM logs", SB_NOARGS);
	search->place =
	    search->fresh ? (struct found){search->spec.from, 0} : (struct found){0, search->last};
}

bool sb_search_step(struct sb_search *search, int64_t lines)
{
	if (search->lines >= lines)
		return true;
	if (!search->reading)
		begin_pass(search, lines);
	read_slice(search);
	return search->lines >= lines;
}

size_t sb_search_count(const struct sb_search *search)
{
	return search->count;
}

int64_t sb_search_line(const struct sb_search *search, size_t index)
{
	return search->found[index].n;
}
