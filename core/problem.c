/*
 * Owns lists of findings.
 */
#include "core/problem.h"

#include "base/mem.h"

#include <stdarg.h>
#include <stdio.h>

const char *core_problem_word(enum core_problem_level level)
{
	static const char *const words[CORE_PROBLEM_LEVEL_COUNT] = {"note", "warning", "error"};

	return words[level];
}

void core_problems_init(struct core_problems *problems)
{
	*problems = (struct core_problems){.arena = prism_arena_create()};
}

void core_problems_finish(struct core_problems *problems)
{
	prism_arena_destroy(problems->arena);
	prism_free(problems->all);
	*problems = (struct core_problems){0};
}

void core_problem_add(struct core_problems *problems, enum core_problem_level level, size_t item,
                      uint64_t line, const char *field, const char *fmt, ...)
{
	char text[PRISM_ERROR_TEXT];
	va_list args;

	problems->by_level[level]++;
	if (problems->count == CORE_PROBLEMS_MAX) {
		problems->dropped++;
		return;
	}
	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	if (problems->count == problems->room) {
		problems->room = problems->room ? problems->room * 2 : 16;
		problems->all = prism_realloc_array(problems->all, problems->room, sizeof(*problems->all));
	}
	problems->all[problems->count] =
	    (struct core_problem){level,
	                          item,
	                          line,
	                          prism_arena_strdup(problems->arena, field),
	                          prism_arena_strdup(problems->arena, text),
	                          problems->count};
	problems->count++;
}

static int by_item(const void *a, const void *b)
{
	const struct core_problem *left = a, *right = b;

	if (left->item != right->item)
		return left->item < right->item ? -1 : 1;
	return (left->order > right->order) - (left->order < right->order);
}

void core_problems_sort(struct core_problems *problems)
{
	if (problems->count)
		qsort(problems->all, problems->count, sizeof(*problems->all), by_item);
}

size_t core_problems_first(const struct core_problems *problems, size_t item)
{
	size_t low = 0, high = problems->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (problems->all[middle].item < item)
			low = middle + 1;
		else
			high = middle;
	}
	return low < problems->count && problems->all[low].item == item ? low : problems->count;
}
