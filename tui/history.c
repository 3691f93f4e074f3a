/* Lines typed before: a ring without doubles. */
#include "tui/prompt.h"

#include "base/mem.h"

struct pt_history {
	char **lines;
	size_t count, max;
};

struct pt_history *pt_history_create(size_t max)
{
	struct pt_history *history = prism_alloc(sizeof(*history));

	history->max = max ? max : 1;
	history->lines = prism_alloc_array(history->max, sizeof(*history->lines));
	return history;
}

void pt_history_destroy(struct pt_history *history)
{
	if (!history)
		return;
	for (size_t i = 0; i < history->count; i++)
		prism_free(history->lines[i]);
	prism_free(history->lines);
	prism_free(history);
}

static void drop(struct pt_history *history, size_t index)
{
	prism_free(history->lines[index]);
	history->count--;
	memmove(&history->lines[index], &history->lines[index + 1],
	        (history->count - index) * sizeof(*history->lines));
}

void pt_history_add(struct pt_history *history, const char *text)
{
	if (!*text)
		return;
	for (size_t i = 0; i < history->count; i++) {
		if (strcmp(history->lines[i], text) == 0) {
			drop(history, i);
			break;
		}
	}
	if (history->count == history->max)
		drop(history, 0);
	history->lines[history->count++] = prism_strdup(text);
}

size_t pt_history_count(const struct pt_history *history)
{
	return history->count;
}

const char *pt_history_get(const struct pt_history *history, size_t index)
{
	return history->lines[index];
}
