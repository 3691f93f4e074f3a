/*
 * Logs, events, latest status and run statistics (prism-api.md sections 3.8, 4.6, 4.7, 4.13).
 *
 * Lists are newest first.  A client that walks a long list asks for one page after the other; the
 * place where the last page ended is remembered, so that the next one need not count from the
 * top.  The memory holds only as long as no row of the table changes.
 */
#include "base/text.h"
#include "sandbox/api.h"
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
	int64_t from, to;
	const char *run = sb_query(call, "run_id");
	prism_buf_init(&filter->where, 4096);
	filter->table = table;
	filter->plain = true;
	prism_buf_puts(&filter->where, "x.computation = ?");
	filter->args[filter->count++] = (struct sb_arg)SB_I(call->computation);
	if (sb_query_time(call, "from", INT64_MIN, &from) < 0 ||
	    sb_query_time(call, "to", INT64_MAX, &to) < 0)
		return -1;
	if (from != INT64_MIN)
		clause(filter, "x.at >= ?", (struct sb_arg)SB_I(from));
	if (to != INT64_MAX)
		clause(filter, "x.at <= ?", (struct sb_arg)SB_I(to));
	if (run && run[0])
		clause(filter, "x.run = coalesce((SELECT n FROM runs WHERE id = ?), -1)",
		       (struct sb_arg)SB_T(run));
	return 0;
}

/* Changes when a row of the list does: log lines are only ever added, so their count tells. */
static uint64_t generation_of(struct sb_call *call, const struct filter *filter)
{
	if (strcmp(filter->table, "logs") != 0)
		return sb_db_generation(call->sb->db, filter->table);
	return (uint64_t)sb_db_int(call->sb->db, 0, "SELECT log_count FROM computations WHERE n = ?",
	                           SB_ARGS(SB_I(call->computation)));
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

void sb_api_computation_logs(struct sb_call *call)
{
	struct filter filter = {0};
	enum sb_level level;
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
	if (message && message[0])
		clause(&filter, "x.message LIKE ? ESCAPE '\\'",
		       (struct sb_arg)SB_T(sb_like(call, message)));
	write_page(call, &filter,
	           "(SELECT id FROM runs WHERE n = x.run), x.level, x.message, x.at, x.n", 3,
	           write_log);
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

/* Per day and latest event of a run: "Running_InProgress" and the like. */
void sb_api_computation_statistics(struct sb_call *call)
{
	const char *text = sb_query(call, "days");
	uint64_t days = 7;
	if (text && text[0] && (prism_text_parse_u64(text, 3650, &days, NULL) < 0 || days == 0)) {
		sb_invalid(call, SB_TEXT_QUERY);
		return;
	}
	int64_t from = sb_now_us(call->sb) - (int64_t)days * 86400000000ll;
	SB_AUTO_ROWS struct sb_rows *rows = sb_db_query(
	    call->sb->db,
	    "SELECT strftime('%Y-%m-%d', created_at / 1000000, 'unixepoch') AS day, last, count(*)"
	    " FROM (SELECT r.created_at, (SELECT e.type || '_' || e.status FROM events e WHERE"
	    " e.computation = r.computation AND e.run = r.n ORDER BY e.at DESC, e.n DESC LIMIT 1) AS"
	    " last FROM runs r CROSS JOIN computations c ON c.n = r.computation WHERE r.created_at"
	    " >= ? AND c.workspace = ?) WHERE last IS NOT NULL GROUP BY day, last ORDER BY day, last",
	    SB_ARGS(SB_I(from), SB_I(call->workspace)));
	sb_json_object(&call->out, NULL);
	sb_json_array(&call->out, "comp_stats");
	while (sb_rows_next(&rows)) {
		sb_json_object(&call->out, NULL);
		sb_json_str(&call->out, "day", sb_rows_text(rows, 0));
		sb_json_str(&call->out, "status", sb_rows_text(rows, 1));
		sb_json_int(&call->out, "count", sb_rows_int(rows, 2));
		sb_json_end(&call->out);
	}
	sb_json_end(&call->out);
	sb_json_end(&call->out);
	sb_ok(call, 200);
}
