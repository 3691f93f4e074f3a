/*
 * Logs, events and latest status (prism-api.md sections 3.8, 4.6, 4.7).
 *
 * Lists are newest first.  A client that walks a long list asks for one page after the other; the
 * place where the last page ended is remembered, so that the next one need not count from the
 * top.  The memory holds only as long as no row of the table changes.  Lines by text or run are
 * searched for (logsearch.c).
 */
#include "sandbox/api.h"
#include "sandbox/logsearch.h"
#include "sandbox/record.h"

/* ---- the place where a page ended ---- */

#define PLACES_MAX 16

struct place {
	char *key; /* list and filters */
	uint64_t generation;
	int64_t offset; /* of the row after it */
	int64_t at, n;
};

struct sb_places {
	struct place place[PLACES_MAX];
	unsigned next;
};

struct sb_places *sb_places_create(void)
{
	return prism_alloc(sizeof(struct sb_places));
}

void sb_places_destroy(struct sb_places *places)
{
	for (unsigned i = 0; places && i < PLACES_MAX; i++)
		prism_free(places->place[i].key);
	prism_free(places);
}

static const struct place *place_find(struct sb_call *call, const char *key, uint64_t generation,
                                      int64_t offset)
{
	struct sb_places *places = call->sb->places;
	for (unsigned i = 0; offset > 0 && i < PLACES_MAX; i++) {
		const struct place *place = &places->place[i];
		if (place->key && place->generation == generation && place->offset == offset &&
		    strcmp(place->key, key) == 0)
			return place;
	}
	return NULL;
}

static void place_remember(struct sb_call *call, const char *key, uint64_t generation,
                           int64_t offset, int64_t at, int64_t n)
{
	struct sb_places *places = call->sb->places;
	struct place *slot = NULL;
	for (unsigned i = 0; i < PLACES_MAX && !slot; i++)
		if (places->place[i].key && strcmp(places->place[i].key, key) == 0)
			slot = &places->place[i];
	if (!slot)
		slot = &places->place[places->next++ % PLACES_MAX];
	if (!slot->key || strcmp(slot->key, key) != 0) {
		prism_free(slot->key);
		slot->key = prism_strdup(key);
	}
	slot->generation = generation;
	slot->offset = offset;
	slot->at = at;
	slot->n = n;
}

/* ---- filters ---- */

#define ARGS_MAX 12

struct filter {
	const char *table;
	struct prism_buf where;
	struct sb_arg args[ARGS_MAX];
	unsigned count;
	bool plain; /* nothing but the computation */
	int64_t from, to;
	int64_t run; /* 0: any; -1: one that is not there */
};

static void clause(struct filter *filter, const char *text, struct sb_arg arg)
{
	prism_buf_printf(&filter->where, " AND %s", text);
	filter->args[filter->count++] = arg;
	filter->plain = false;
}

/* from, to and run_id, which both lists have. Answers 400 and returns -1. */
static int filter_start(struct sb_call *call, struct filter *filter, const char *table)
{
	const char *run = sb_query(call, "run_id");
	prism_buf_init(&filter->where, 4096);
	filter->table = table;
	filter->plain = true;
	prism_buf_puts(&filter->where, "x.computation = ?");
	filter->args[filter->count++] = (struct sb_arg)SB_I(call->computation);
	if (sb_query_time(call, "from", INT64_MIN, &filter->from) < 0 ||
	    sb_query_time(call, "to", INT64_MAX, &filter->to) < 0)
		return -1;
	if (filter->from != INT64_MIN)
		clause(filter, "x.at >= ?", (struct sb_arg)SB_I(filter->from));
	if (filter->to != INT64_MAX)
		clause(filter, "x.at <= ?", (struct sb_arg)SB_I(filter->to));
	if (run && run[0]) {
		filter->run =
		    sb_db_int(call->sb->db, -1, "SELECT n FROM runs WHERE id = ?", SB_ARGS(SB_T(run)));
		clause(filter, "x.run = ?", (struct sb_arg)SB_I(filter->run));
	}
	return 0;
}

/* -1: the computation is no more. */
static int64_t log_count(struct sb_call *call)
{
	return sb_db_int(call->sb->db, -1, "SELECT log_count FROM computations WHERE n = ?",
	                 SB_ARGS(SB_I(call->computation)));
}

/* Changes when a row of the list does: log lines are only ever added, so their count tells. */
static uint64_t generation_of(struct sb_call *call, const struct filter *filter)
{
	return strcmp(filter->table, "logs") == 0 ? (uint64_t)log_count(call)
	                                          : sb_db_generation(call->sb->db, filter->table);
}

static int64_t total_of(struct sb_call *call, struct filter *filter, uint64_t generation)
{
	if (filter->plain && strcmp(filter->table, "logs") == 0)
		return (int64_t)generation;
	PRISM_AUTO_FREE char *sql = prism_asprintf("SELECT count(*) FROM %s x WHERE %s", filter->table,
	                                           prism_buf_text(&filter->where));
	return sb_db_count(call->sb->db, generation, sql, filter->args);
}

static char *place_key(const struct filter *filter)
{
	struct prism_buf key = PRISM_BUF_INIT(1u << 20);
	prism_buf_printf(&key, "%s %s", filter->table, prism_buf_text(&filter->where));
	for (unsigned i = 0; i < filter->count; i++) {
		if (filter->args[i].type == SB_ARG_INT)
			prism_buf_printf(&key, "\x1f%lld", (long long)filter->args[i].number);
		else
			prism_buf_printf(&key, "\x1f%s", (const char *)filter->args[i].data);
	}
	return prism_buf_take(&key, NULL);
}

/* Writes the page; columns end with x.at, x.n, and write() makes one element of a row. */
static void write_page(struct sb_call *call, struct filter *filter, const char *columns,
                       int at_column, void (*write)(struct sb_call *, const struct sb_rows *))
{
	struct sb_page page;
	if (sb_page_parse(call, &page) < 0)
		return;
	uint64_t generation = generation_of(call, filter);
	int64_t total = total_of(call, filter, generation), seen = 0, at = 0, n = 0;
	PRISM_AUTO_FREE char *key = place_key(filter);
	const struct place *place =
	    page.ascending ? NULL : place_find(call, key, generation, page.offset);
	const char *dir = page.ascending ? "ASC" : "DESC";
	/* Row numbers first: a deep offset then steps over index entries only. */
	PRISM_AUTO_FREE char *sql = prism_asprintf(
	    "SELECT %s FROM (SELECT x.n AS found FROM %s x WHERE %s%s ORDER BY x.at %s, x.n %s LIMIT"
	    " ? OFFSET ?) JOIN %s x ON x.n = found ORDER BY x.at %s, x.n %s",
	    columns, filter->table, prism_buf_text(&filter->where),
	    place ? " AND (x.at, x.n) < (?, ?)" : "", dir, dir, filter->table, dir, dir);
	if (place) {
		filter->args[filter->count++] = (struct sb_arg)SB_I(place->at);
		filter->args[filter->count++] = (struct sb_arg)SB_I(place->n);
	}
	filter->args[filter->count++] = (struct sb_arg)SB_I(page.limit);
	filter->args[filter->count++] = (struct sb_arg)SB_I(place ? 0 : page.offset);
	SB_AUTO_ROWS struct sb_rows *rows = sb_db_query(call->sb->db, sql, filter->args);
	sb_json_object(&call->out, NULL);
	sb_page_write(call, &page, total);
	sb_json_array(&call->out, filter->table);
	while (sb_rows_next(&rows)) {
		write(call, rows);
		at = sb_rows_int(rows, at_column);
		n = sb_rows_int(rows, at_column + 1);
		seen++;
	}
	sb_json_end(&call->out);
	sb_json_end(&call->out);
	if (seen && !page.ascending)
		place_remember(call, key, generation, page.offset + seen, at, n);
	sb_ok(call, 200);
}

/* ---- logs ---- */

static void write_log(struct sb_call *call, const struct sb_rows *rows)
{
	struct sb_json *out = &call->out;
	sb_json_object(out, NULL);
	sb_json_str(out, "run_id", sb_rows_text(rows, 0));
	sb_json_str(out, "level", sb_level_word((enum sb_level)sb_rows_int(rows, 1)));
	sb_json_str(out, "message", sb_rows_text(rows, 2));
	sb_json_time(out, "timestamp", sb_rows_int(rows, 3));
	sb_json_end(out);
}

#define LOG_COLUMNS "(SELECT id FROM runs WHERE n = x.run), x.level, x.message, x.at, x.n"

/* A page of a search that is made in steps. */
struct searching {
	struct sb_search *search;
	struct sb_page page;
	int64_t lines; /* what the computation had when the call came */
};

static void searching_drop(void *work)
{
	struct searching *s = work;
	sb_search_release(s->search);
}

static void write_found(struct sb_call *call, const struct searching *s)
{
	int64_t total = (int64_t)sb_search_count(s->search), left = s->page.limit;
	sb_json_object(&call->out, NULL);
	sb_page_write(call, &s->page, total);
	sb_json_array(&call->out, "logs");
	for (int64_t at = s->page.offset; at < total && left > 0; at++, left--) {
		int64_t index = s->page.ascending ? at : total - 1 - at;
		SB_AUTO_ROWS struct sb_rows *rows =
		    sb_db_query(call->sb->db, "SELECT " LOG_COLUMNS " FROM logs x WHERE x.n = ?",
		                SB_ARGS(SB_I(sb_search_line(s->search, (size_t)index))));
		if (sb_rows_next(&rows))
			write_log(call, rows);
	}
	sb_json_end(&call->out);
	sb_json_end(&call->out);
	sb_ok(call, 200);
}

static void searching_step(struct sb_call *call)
{
	struct searching *s = call->work;
	if (log_count(call) < 0)
		sb_fail(call, 404, SB_TEXT_NOT_FOUND, ""); /* deleted meanwhile */
	else if (sb_search_step(s->search, s->lines))
		write_found(call, s);
}

static void search_logs(struct sb_call *call, const struct filter *filter, int level,
                        const char *message)
{
	struct searching *s = prism_arena_alloc(call->arena, sizeof(*s));
	if (sb_page_parse(call, &s->page) < 0)
		return;
	s->lines = log_count(call);
	s->search = sb_search_obtain(call->sb->searches, &(struct sb_search_spec){
	                                                     .computation = call->computation,
	                                                     .from = filter->from,
	                                                     .to = filter->to,
	                                                     .run = filter->run,
	                                                     .level = level,
	                                                     .message = message,
	                                                 });
	sb_later(call, searching_step, s, searching_drop);
	searching_step(call);
}

void sb_api_computation_logs(struct sb_call *call)
{
	struct filter filter = {0};
	enum sb_level level = SB_LEVEL_COUNT;
	const char *word = sb_query(call, "level"), *message = sb_query(call, "message");
	if (filter_start(call, &filter, "logs") < 0)
		goto out;
	if (word && word[0] && strcmp(word, "all") != 0) {
		if (sb_level_parse(word, &level) < 0) {
			sb_invalid(call, "invalid level");
			goto out;
		}
		clause(&filter, "x.level = ?", (struct sb_arg)SB_I(level));
	}
	bool text = message && message[0];
	if (text || filter.run) /* what no index answers */
		search_logs(call, &filter, level == SB_LEVEL_COUNT ? -1 : (int)level, text ? message : "");
	else
		write_page(call, &filter, LOG_COLUMNS, 3, write_log);
out:
	prism_buf_finish(&filter.where);
}

/* ---- events ---- */

static void write_event(struct sb_call *call, const struct sb_rows *rows)
{
	struct sb_json *out = &call->out;
	sb_json_object(out, NULL);
	sb_json_str(out, "id", sb_rows_text(rows, 0));
	sb_json_str(out, "event_type", sb_rows_text(rows, 1));
	sb_json_str(out, "status", sb_rows_text(rows, 2));
	sb_json_str(out, "details", sb_rows_text(rows, 3));
	sb_json_str(out, "run_id", sb_rows_text(rows, 4));
	sb_json_time(out, "timestamp", sb_rows_int(rows, 7));
	sb_json_str(out, "originator", sb_rows_text(rows, 5));
	sb_json_str(out, "cvm_id", sb_rows_text(rows, 6));
	sb_json_end(out);
}

#define EVENT_COLUMNS                                                                         \
	"x.id, x.type, x.status, x.details, (SELECT id FROM runs WHERE n = x.run), x.originator," \
	" (SELECT v.id FROM runs r JOIN cvms v ON v.n = r.cvm WHERE r.n = x.run), x.at, x.n"

void sb_api_computation_events(struct sb_call *call)
{
	struct filter filter = {0};
	const char *status = sb_query(call, "status"), *type = sb_query(call, "event_type");
	if (filter_start(call, &filter, "events") < 0)
		goto out;
	if (status && status[0] && strcmp(status, "all") != 0)
		clause(&filter, "x.status = ? COLLATE NOCASE", (struct sb_arg)SB_T(status));
	if (type && type[0])
		clause(&filter, "x.type = ? COLLATE NOCASE", (struct sb_arg)SB_T(type));
	write_page(call, &filter, EVENT_COLUMNS, 7, write_event);
out:
	prism_buf_finish(&filter.where);
}

void sb_api_computation_status(struct sb_call *call)
{
	SB_AUTO_ROWS struct sb_rows *rows =
	    sb_db_query(call->sb->db,
	                "SELECT " EVENT_COLUMNS
	                " FROM events x WHERE x.computation = ? ORDER BY x.at DESC, x.n DESC LIMIT 1",
	                SB_ARGS(SB_I(call->computation)));
	if (!sb_rows_next(&rows)) {
		sb_fail(call, 404, SB_TEXT_NOT_FOUND, "");
		return;
	}
	write_event(call, rows);
	sb_ok(call, 200);
}
