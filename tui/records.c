/*
 * Typed rows and how they are printed.  Who fills them is a command's matter, where the bytes go
 * the front end's.
 */
#include "tui/records.h"

#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"

#include <inttypes.h>
#include <string.h>

enum cell_kind { CELL_NULL, CELL_TEXT, CELL_INT, CELL_BOOL, CELL_TIME, CELL_LIST };

struct cell {
	enum cell_kind kind;
	int64_t number;
	const char *text;  /* arena; text and list */
	const char *shown; /* arena; as a table shows it, UTC */
};

struct pt_records {
	const struct pt_record_column *columns;
	size_t column_count;
	unsigned flags;
	struct prism_arena *arena;
	struct cell *cells;
	size_t count;
	char *document;
	size_t document_len;
	char *json; /* instead of everything else, for JSON; or NULL */
	void (*json_make)(void *data, struct prism_buf *out); /* NULL: no */
	void *json_data;
};

static const char *const format_words[PT_FORMAT_COUNT] = {"table", "json", "csv"};

int pt_format_parse(const char *word, enum pt_format *ret, struct prism_error *err)
{
	for (int i = 0; i < PT_FORMAT_COUNT; i++)
		if (!strcmp(format_words[i], word)) {
			*ret = (enum pt_format)i;
			return 0;
		}
	prism_error_raise(err, PRISM_ERROR_INVALID, "there is no output format \"%s\"", word);
	prism_error_hint(err, "one of: table json csv");
	return -1;
}

struct pt_records *pt_records_create(const struct pt_record_column *columns, unsigned flags)
{
	struct pt_records *records = prism_alloc(sizeof(*records));

	records->columns = columns;
	while (columns[records->column_count].key)
		records->column_count++;
	records->flags = flags;
	records->arena = prism_arena_create();
	return records;
}

void pt_records_destroy(struct pt_records *records)
{
	if (!records)
		return;
	prism_arena_destroy(records->arena);
	prism_free(records->cells);
	prism_free(records->document);
	prism_free(records->json);
	prism_free(records);
}

static struct cell *cell_add(struct pt_records *records, enum cell_kind kind)
{
	if (!(records->count & (records->count + 1)) || !records->cells)
		records->cells =
		    prism_realloc_array(records->cells, (records->count + 1) * 2, sizeof(*records->cells));
	records->cells[records->count] = (struct cell){.kind = kind};
	return &records->cells[records->count++];
}

void pt_records_text(struct pt_records *records, const char *text)
{
	struct cell *cell = cell_add(records, text ? CELL_TEXT : CELL_NULL);

	cell->text = cell->shown = prism_arena_strdup(records->arena, text ? text : "");
}

void pt_records_rename(struct pt_records *records, const char *from, const char *to)
{
	for (size_t i = 0; i < records->count; i++) {
		struct cell *cell = &records->cells[i];

		if (cell->kind == CELL_TEXT && !strcmp(cell->text, from))
			cell->text = cell->shown = prism_arena_strdup(records->arena, to);
	}
}

void pt_records_int(struct pt_records *records, int64_t number)
{
	struct cell *cell = cell_add(records, CELL_INT);

	cell->number = number;
	cell->text = cell->shown = prism_arena_printf(records->arena, "%" PRId64, number);
}

void pt_records_bool(struct pt_records *records, bool value)
{
	struct cell *cell = cell_add(records, CELL_BOOL);

	cell->number = value;
	cell->text = cell->shown = value ? "yes" : "no";
}

void pt_records_time(struct pt_records *records, int64_t wall_us)
{
	struct cell *cell = cell_add(records, wall_us == PRISM_TIME_UNSET ? CELL_NULL : CELL_TIME);
	char buf[PRISM_TIME_TEXT];

	cell->number = wall_us;
	cell->text = cell->shown = "";
	if (cell->kind == CELL_NULL)
		return;
	cell->text = prism_arena_strdup(records->arena, prism_time_format(wall_us, 6, buf));
	cell->shown = prism_arena_strdup(records->arena, prism_time_format(wall_us, 0, buf));
}

void pt_records_list(struct pt_records *records, const char *words)
{
	struct cell *cell = cell_add(records, CELL_LIST);
	PRISM_AUTO_BUF struct prism_buf shown = PRISM_BUF_INIT(SIZE_MAX / 2);

	for (const char *w = words; *w; w++)
		if (*w == '\n')
			prism_buf_puts(&shown, ", ");
		else
			prism_buf_putc(&shown, *w);
	cell->text = prism_arena_strdup(records->arena, words);
	cell->shown = prism_arena_strdup(records->arena, prism_buf_text(&shown));
}

void pt_records_json(struct pt_records *records, const char *json)
{
	prism_free(records->json);
	records->json = prism_strdup(json);
}

void pt_records_json_later(struct pt_records *records,
                           void (*make)(void *data, struct prism_buf *out), void *data)
{
	records->json_make = make;
	records->json_data = data;
}

void pt_records_document(struct pt_records *records, const char *json, size_t len)
{
	prism_free(records->document);
	records->document = prism_strndup(json, len);
	records->document_len = strlen(records->document);
}

size_t pt_records_rows(const struct pt_records *records)
{
	return records->column_count ? records->count / records->column_count : 0;
}

static const struct cell *cell_at(const struct pt_records *records, size_t row, size_t column)
{
	return &records->cells[row * records->column_count + column];
}

const char *pt_records_cell(const struct pt_records *records, size_t row, size_t column)
{
	if (row >= pt_records_rows(records) || column >= records->column_count)
		return "";
	return cell_at(records, row, column)->shown;
}

/* ---- JSON ---- */

static cJSON *cell_json(const struct cell *cell)
{
	cJSON *list;

	switch (cell->kind) {
	case CELL_INT:
		return cJSON_CreateRaw(cell->text);
	case CELL_BOOL:
		return cJSON_CreateBool(cell->number != 0);
	case CELL_NULL:
		return cJSON_CreateNull();
	case CELL_LIST:
		list = cJSON_CreateArray();
		for (const char *w = cell->text; *w;) {
			size_t n = strcspn(w, "\n");
			PRISM_AUTO_FREE char *word = prism_strndup(w, n);

			cJSON_AddItemToArray(list, cJSON_CreateString(word));
			w += n + (w[n] == '\n');
		}
		return list;
	default:
		return cJSON_CreateString(cell->text);
	}
}

static cJSON *row_json(const struct pt_records *records, size_t row)
{
	cJSON *object = cJSON_CreateObject();

	for (size_t c = 0; c < records->column_count; c++)
		cJSON_AddItemToObjectCS(object, records->columns[c].key,
		                        cell_json(cell_at(records, row, c)));
	return object;
}

/* cJSON escapes C0 only.  What else must not reach a terminal as itself (base/text.h) stands only
 * inside of strings, where \u says the same. */
static void put_escaped(const char *text, struct prism_buf *out)
{
	const char *end = text + strlen(text);

	while (text < end) {
		const char *start = text;
		int32_t cp = prism_utf8_next(&text, end);

		if (cp < 0x7f || !prism_text_hostile((uint32_t)cp))
			prism_buf_put(out, start, (size_t)(text - start));
		else if (cp > 0xffff)
			prism_buf_printf(out, "\\u%04x\\u%04x", 0xd7c0 + ((unsigned)cp >> 10),
			                 0xdc00 + ((unsigned)cp & 0x3ff));
		else
			prism_buf_printf(out, "\\u%04x", (unsigned)cp);
	}
}

static void put_json(const cJSON *doc, bool pretty, struct prism_buf *out)
{
	PRISM_AUTO_FREE char *text = prism_json_print(doc, pretty);

	put_escaped(text, out);
	prism_buf_putc(out, '\n');
}

static void print_json(const struct pt_records *records, const struct pt_print *print,
                       struct prism_buf *out)
{
	PRISM_AUTO_JSON cJSON *doc = cJSON_CreateArray();

	for (size_t row = 0; row < pt_records_rows(records); row++)
		cJSON_AddItemToArray(doc, row_json(records, row));
	if (print->lines) {
		const cJSON *object;

		cJSON_ArrayForEach(object, doc) put_json(object, false, out);
	} else if ((records->flags & PT_RECORD_SINGLE) && cJSON_GetArraySize(doc)) {
		put_json(cJSON_GetArrayItem(doc, 0), true, out);
	} else {
		put_json(doc, true, out);
	}
}

/* ---- CSV, RFC 4180 ---- */

static void csv_field(struct prism_buf *out, const char *text, const struct pt_print *print)
{
	PRISM_AUTO_BUF struct prism_buf safe = PRISM_BUF_INIT(SIZE_MAX / 2);

	if (print->terminal) {
		prism_text_neutralise(&safe, text, strlen(text), print->ascii);
		text = prism_buf_text(&safe);
	}
	if (!text[strcspn(text, ",\"\r\n")]) {
		prism_buf_puts(out, text);
		return;
	}
	prism_buf_putc(out, '"');
	for (const char *c = text; *c; c++) {
		if (*c == '"')
			prism_buf_putc(out, '"');
		prism_buf_putc(out, *c);
	}
	prism_buf_putc(out, '"');
}

static void print_csv(const struct pt_records *records, const struct pt_print *print,
                      struct prism_buf *out)
{
	if (print->headings) {
		for (size_t c = 0; c < records->column_count; c++) {
			prism_buf_puts(out, c ? "," : "");
			csv_field(out, records->columns[c].key, print);
		}
		prism_buf_puts(out, "\r\n");
	}
	for (size_t row = 0; row < pt_records_rows(records); row++) {
		for (size_t c = 0; c < records->column_count; c++) {
			const struct cell *cell = cell_at(records, row, c);

			prism_buf_puts(out, c ? "," : "");
			csv_field(out, cell->kind == CELL_LIST ? cell->shown : cell->text, print);
		}
		prism_buf_puts(out, "\r\n");
	}
}

/* ---- tables ---- */

static void shown_text(const struct cell *cell, const struct pt_print *print, struct prism_buf *out)
{
	char buf[PRISM_TIME_TEXT];
	const char *text = cell->shown;

	if (cell->kind == CELL_TIME && print->local_time)
		text = prism_time_local(cell->number, buf);
	prism_text_neutralise(out, text, strlen(text), print->ascii);
}

/* Appends at most width columns of text, padded when pad is set; what was cut off is marked. */
static void put_columns(const struct pt_print *print, struct prism_buf *out, const char *text,
                        int width, bool pad)
{
	const char *pos = text, *end = text + strlen(text);
	bool cut = width > 1 && prism_text_columns(text, strlen(text)) > (size_t)width;
	int used = 0, room = cut ? width - 1 : width;

	while (pos < end) {
		const char *from = pos;
		int32_t cp = prism_utf8_next(&pos, end);
		int w = prism_text_width((uint32_t)cp);

		if (used + w > room)
			break;
		prism_buf_put(out, from, (size_t)(pos - from));
		used += w;
	}
	if (cut)
		prism_buf_puts(out, print->ascii ? "~" : "\xe2\x80\xa6");
	for (used += cut; pad && used < width; used++)
		prism_buf_putc(out, ' ');
}

/* Natural widths, then the widest columns give until the line fits. */
static void fit_columns(const struct pt_records *records, const struct pt_print *print, int *widths)
{
	size_t n = records->column_count;
	int total = 0, shown = 0;

	for (size_t c = 0; c < n; c++) {
		const char *title = records->columns[c].title;

		widths[c] = -1;
		if (!title)
			continue;
		shown++;
		widths[c] = print->headings ? (int)prism_text_columns(title, strlen(title)) : 0;
		for (size_t row = 0; row < pt_records_rows(records); row++) {
			PRISM_AUTO_BUF struct prism_buf text = PRISM_BUF_INIT(SIZE_MAX / 2);
			size_t w;

			shown_text(cell_at(records, row, c), print, &text);
			w = prism_text_columns(prism_buf_text(&text), text.len);
			if ((int)w > widths[c])
				widths[c] = w > 100000 ? 100000 : (int)w;
		}
		total += widths[c];
	}
	for (int over = total + 2 * (shown - 1) - print->width; print->width > 0 && over > 0; over--) {
		size_t widest = 0;

		for (size_t c = 1; c < n; c++)
			if (widths[c] > widths[widest])
				widest = c;
		if (widths[widest] <= 4)
			break;
		widths[widest]--;
	}
}

static void trim_blanks(struct prism_buf *out)
{
	while (out->len && out->data[out->len - 1] == ' ')
		out->data[--out->len] = '\0';
}

/* The last column of a row may have several lines (output of an algorithm): they stand below each
 * other.  Empty ones at the end are left out. */
static void put_lines(const struct cell *cell, const struct pt_print *print, int indent, int width,
                      struct prism_buf *out)
{
	size_t len = strlen(cell->shown);
	bool first = true;

	while (len && (cell->shown[len - 1] == '\n' || cell->shown[len - 1] == '\r'))
		len--;
	for (size_t at = 0; at < len; first = false) {
		const char *line = cell->shown + at;
		const char *newline = memchr(line, '\n', len - at);
		size_t n = newline ? (size_t)(newline - line) : len - at;
		PRISM_AUTO_BUF struct prism_buf text = PRISM_BUF_INIT(SIZE_MAX / 2);

		prism_text_neutralise(&text, line, n, print->ascii);
		if (!first)
			prism_buf_printf(out, "\n%*s", indent, "");
		put_columns(print, out, prism_buf_text(&text), width, false);
		at += n + 1;
	}
}

static void put_row(const struct pt_records *records, const struct pt_print *print, size_t line,
                    const int *widths, size_t last, struct prism_buf *out)
{
	int indent = 0;

	for (size_t c = 0; c <= last; c++) {
		PRISM_AUTO_BUF struct prism_buf text = PRISM_BUF_INIT(SIZE_MAX / 2);
		const struct cell *cell = line ? cell_at(records, line - 1, c) : NULL;

		if (widths[c] < 0)
			continue;
		prism_buf_puts(out, indent ? "  " : "");
		indent += indent ? 2 : 0;
		if (c == last && cell && cell->kind == CELL_TEXT && strchr(cell->shown, '\n')) {
			put_lines(cell, print, indent, widths[c], out);
			continue;
		}
		if (cell)
			shown_text(cell, print, &text);
		else
			prism_buf_puts(&text, records->columns[c].title);
		put_columns(print, out, prism_buf_text(&text), widths[c], true);
		indent += widths[c];
	}
	trim_blanks(out);
	prism_buf_putc(out, '\n');
}

static void print_rows(const struct pt_records *records, const struct pt_print *print,
                       struct prism_buf *out)
{
	PRISM_AUTO_FREE int *widths = prism_alloc_array(records->column_count + 1, sizeof(int));
	size_t last = 0;

	fit_columns(records, print, widths);
	for (size_t c = 0; c < records->column_count; c++)
		last = widths[c] >= 0 ? c : last;
	for (size_t line = print->headings ? 0 : 1; line <= pt_records_rows(records); line++)
		put_row(records, print, line, widths, last, out);
}

static void print_single(const struct pt_records *records, const struct pt_print *print,
                         struct prism_buf *out)
{
	int label = 0;

	for (size_t c = 0; c < records->column_count; c++) {
		const char *title = records->columns[c].title;
		int w = title ? (int)prism_text_columns(title, strlen(title)) : 0;

		label = w > label ? w : label;
	}
	for (size_t row = 0; row < pt_records_rows(records); row++)
		for (size_t c = 0; c < records->column_count; c++) {
			if (!records->columns[c].title)
				continue;
			put_columns(print, out, records->columns[c].title, label, true);
			prism_buf_puts(out, "  ");
			shown_text(cell_at(records, row, c), print, out);
			trim_blanks(out);
			prism_buf_putc(out, '\n');
		}
}

/* Lines of text made harmless. */
static void put_safe_lines(const char *text, size_t len, const struct pt_print *print,
                           struct prism_buf *out)
{
	const char *end = text + len;

	while (text < end) {
		const char *newline = memchr(text, '\n', (size_t)(end - text));
		size_t n = (size_t)((newline ? newline : end) - text);

		prism_text_neutralise(out, text, n, print->ascii);
		prism_buf_putc(out, '\n');
		text += n + 1;
	}
}

/* A document goes out unchanged; on a terminal it is indented to be read, and harmless. */
static void print_document(const char *text, size_t len, const struct pt_print *print,
                           struct prism_buf *out)
{
	PRISM_AUTO_JSON cJSON *doc = NULL;
	PRISM_AUTO_FREE char *pretty = NULL;

	if (!print->terminal) {
		prism_buf_put(out, text, len);
		return;
	}
	doc = prism_json_parse(text, len, NULL);
	pretty = doc ? prism_json_print(doc, true) : prism_strndup(text, len);
	put_safe_lines(pretty, strlen(pretty), print, out);
}

static void print_made(const struct pt_records *records, const struct pt_print *print,
                       struct prism_buf *out)
{
	PRISM_AUTO_BUF struct prism_buf json = PRISM_BUF_INIT(SIZE_MAX / 2);

	records->json_make(records->json_data, &json);
	print_document(prism_buf_text(&json), json.len, print, out);
}

void pt_records_print(const struct pt_records *records, const struct pt_print *print,
                      struct prism_buf *out)
{
	if (records->json_make && print->format == PT_FORMAT_JSON)
		print_made(records, print, out);
	else if (records->json && print->format == PT_FORMAT_JSON)
		print_document(records->json, strlen(records->json), print, out);
	else if (records->document)
		print_document(records->document, records->document_len, print, out);
	else if (print->format == PT_FORMAT_JSON)
		print_json(records, print, out);
	else if (print->format == PT_FORMAT_CSV)
		print_csv(records, print, out);
	else if (records->flags & PT_RECORD_SINGLE)
		print_single(records, print, out);
	else
		print_rows(records, print, out);
}
