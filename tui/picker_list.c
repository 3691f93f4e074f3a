/*
 * What the picker lists: a directory, sorted and filtered, with marks; or the remembered ones.
 */
#include "tui/picker_private.h"

#include "base/mem.h"
#include "base/text.h"
#include "core/filetell.h"
#include "core/options.h"
#include "tui/match.h"
#include "tui/ui.h"

#include <string.h>
#include <strings.h>

static struct core_options *options_of(const struct picker *p)
{
	return pt_ui_world(p->view->app)->options;
}

const struct core_place_entry *pt_picker_entry(const struct picker *p, size_t row)
{
	return p->state == PICKER_LISTED ? &p->listing.entries[p->rows[row]] : NULL;
}

const char *pt_picker_name(const struct picker *p, size_t row)
{
	return p->state == PICKER_LISTED ? p->listing.entries[p->rows[row]].name
	                                 : p->recent[p->rows[row]];
}

/* ---- rows ---- */

static size_t entry_count(const struct picker *p)
{
	return p->state == PICKER_LISTED   ? p->listing.count
	       : p->state == PICKER_RECENT ? p->recent_count
	                                   : 0;
}

static bool shown(struct picker *p, const char *name, const char *filter)
{
	if (p->state == PICKER_LISTED && *name == '.' && !p->hidden && *filter != '.') {
		p->hidden_count++;
		return false;
	}
	if (*filter == '.' && p->state == PICKER_LISTED) /* a hidden name, from its beginning */
		return strncmp(name, filter, strlen(filter)) == 0;
	return pt_match_words(name, strlen(name), filter);
}

void pt_picker_filter(struct picker *p)
{
	const char *filter = pt_prompt_text(p->prompt);
	PRISM_AUTO_FREE char *keep = prism_strdup(p->count ? pt_picker_name(p, p->cursor) : p->want);
	size_t total = entry_count(p);

	prism_free(p->rows);
	p->rows = prism_alloc_array(total ? total : 1, sizeof(*p->rows));
	p->count = p->cursor = p->hidden_count = 0;
	for (size_t i = 0; i < total; i++) {
		const char *name = p->state == PICKER_LISTED ? p->listing.entries[i].name : p->recent[i];

		if (!shown(p, name, filter))
			continue;
		if (keep && strcmp(keep, name) == 0)
			p->cursor = p->count;
		p->rows[p->count++] = i;
	}
}

/* ---- marks ---- */

static void marked(void *data, struct prism_buf *bytes, const struct core_place_entry *entry,
                   const struct prism_error *err)
{
	struct picker *p = data;

	PRISM_UNUSED(entry);
	if (err && err->category == PRISM_ERROR_CANCELLED)
		return; /* the picker may be gone */
	p->marks[p->asked] = bytes ? core_filetell(prism_buf_text(bytes), bytes->len,
	                                           prism_clock_wall_us(pt_app_clock(p->view->app)))
	                           : prism_strdup("");
	p->asked = -1;
	pt_app_dirty(p->view->app);
}

static bool worth_a_look(const struct picker *p, const struct core_place_entry *entry)
{
	static const char *const ends[] = {"pem", "crt", "cer", "key", "csr", "der",
	                                   "p12", "pfx", "pub", "crl", "p7b"};
	const char *dot = strrchr(entry->name, '.');

	if (entry->kind != CORE_PLACE_FILE || !entry->size || entry->size > PICKER_MARK_MAX)
		return false;
	for (size_t i = 0; dot && i < PRISM_COUNT(ends); i++)
		if (strcasecmp(dot + 1, ends[i]) == 0)
			return true;
	return p->place->local && !dot; /* over a network only what is called like it */
}

void pt_picker_mark(struct picker *p, size_t first, size_t rows)
{
	for (size_t i = first; p->state == PICKER_LISTED && p->asked < 0 && i < p->count; i++) {
		size_t at = p->rows[i];
		PRISM_AUTO_FREE char *path = NULL;

		if (i >= first + rows)
			return;
		if (p->marks[at])
			continue;
		path = core_place_join(p->listing.path, p->listing.entries[at].name);
		p->asked = (ptrdiff_t)at;
		if (!worth_a_look(p, &p->listing.entries[at]) ||
		    core_place_read(p->place, path, PICKER_MARK_MAX, p->marking, marked, p, NULL) < 0) {
			p->marks[at] = prism_strdup("");
			p->asked = -1;
		}
	}
}

static void drop_listing(struct picker *p)
{
	prism_cancel_destroy(p->marking);
	p->marking = NULL;
	p->asked = -1;
	for (size_t i = 0; p->marks && i < p->listing.count; i++)
		prism_free(p->marks[i]);
	prism_free(p->marks);
	p->marks = NULL;
	core_place_listing_finish(&p->listing);
	p->count = p->cursor = p->top = 0;
}

/* ---- going to a directory ---- */

static int by_name(const void *a, const void *b)
{
	const struct core_place_entry *left = a, *right = b;
	bool left_dir = left->kind == CORE_PLACE_DIRECTORY;
	int order;

	if (left_dir != (right->kind == CORE_PLACE_DIRECTORY))
		return left_dir ? -1 : 1;
	order = strcasecmp(left->name, right->name);
	return order ? order : strcmp(left->name, right->name);
}

static void listed(void *data, struct core_place_listing *listing, const struct prism_error *err)
{
	struct picker *p = data;

	if (err && err->category == PRISM_ERROR_CANCELLED)
		return; /* the picker may be gone */
	prism_timer_rearm(p->timer, -1);
	p->slow = false;
	if (err) {
		p->error = *err;
		p->state = PICKER_FAILED;
	} else {
		p->listing = *listing;
		*listing = (struct core_place_listing){0};
		if (p->listing.count)
			qsort(p->listing.entries, p->listing.count, sizeof(*p->listing.entries), by_name);
		p->marks = prism_alloc_array(p->listing.count + 1, sizeof(*p->marks));
		p->marking = prism_cancel_create(p->view->cancel);
		prism_free(p->dir);
		p->dir = prism_strdup(p->listing.path);
		p->state = PICKER_LISTED;
	}
	pt_picker_filter(p);
	prism_free(p->want);
	p->want = NULL;
	pt_app_dirty(p->view->app);
}

static void is_slow(void *data)
{
	struct picker *p = data;

	p->slow = p->state == PICKER_READING;
	pt_app_dirty(p->view->app);
}

void pt_picker_go(struct picker *p, const char *path, const char *want)
{
	char *dir = *path == '/' || *path == '~' || !p->dir ? prism_strdup(path)
	                                                    : core_place_join(p->dir, path);
	char *name = prism_strdup(want);

	prism_cancel_destroy(p->going);
	p->going = prism_cancel_create(p->view->cancel);
	drop_listing(p);
	prism_free(p->dir);
	prism_free(p->want);
	p->dir = dir;
	p->want = name;
	p->slow = false;
	prism_error_clear(&p->error);
	p->state = PICKER_READING;
	if (!p->timer)
		p->timer = prism_loop_add_timer(pt_app_loop(p->view->app), -1, 0, is_slow, p);
	prism_timer_rearm(p->timer, PICKER_SLOW_MS);
	if (core_place_list(p->place, dir, p->going, listed, p, &p->error) < 0)
		p->state = PICKER_FAILED;
	pt_picker_filter(p);
}

/* ---- recent places ---- */

static char *recent_key(const struct picker *p)
{
	return p->place->local ? prism_strdup("picker.recent")
	                       : prism_asprintf("picker.recent.%s", p->place->name);
}

static void drop_recent(struct picker *p)
{
	for (size_t i = 0; i < p->recent_count; i++)
		prism_free(p->recent[i]);
	p->recent_count = 0;
}

/* One a line in the remembered state; a directory whose name has a line break is not kept. */
void pt_picker_load_recent(struct picker *p)
{
	PRISM_AUTO_FREE char *key = recent_key(p);
	const char *text = core_remembered(options_of(p), key);

	drop_recent(p);
	while (text && *text && p->recent_count < PICKER_RECENT_MAX) {
		size_t len = strcspn(text, "\n");

		if (len)
			p->recent[p->recent_count++] = prism_strndup(text, len);
		text += len + (text[len] == '\n');
	}
}

const char *pt_picker_last(const struct picker *p)
{
	return p->recent_count ? p->recent[0] : ".";
}

void pt_picker_show_recent(struct picker *p)
{
	prism_cancel_destroy(p->going);
	p->going = NULL;
	drop_listing(p);
	pt_picker_load_recent(p);
	p->state = PICKER_RECENT;
	pt_prompt_set(p->prompt, "");
	pt_picker_filter(p);
}

void pt_picker_remember(struct picker *p)
{
	PRISM_AUTO_FREE char *key = recent_key(p);
	PRISM_AUTO_BUF struct prism_buf text = PRISM_BUF_INIT(1 << 20);
	size_t kept = 1;

	if (!p->dir || strchr(p->dir, '\n'))
		return;
	pt_picker_load_recent(p);
	prism_buf_puts(&text, p->dir);
	for (size_t i = 0; i < p->recent_count && kept < PICKER_RECENT_MAX; i++)
		if (strcmp(p->recent[i], p->dir) != 0) {
			prism_buf_printf(&text, "\n%s", p->recent[i]);
			kept++;
		}
	core_remember(options_of(p), key, prism_buf_text(&text));
}

void pt_picker_list_finish(struct picker *p)
{
	prism_cancel_destroy(p->going);
	drop_listing(p);
	drop_recent(p);
	prism_timer_remove(p->timer);
	prism_free(p->rows);
	prism_free(p->dir);
	prism_free(p->want);
}
