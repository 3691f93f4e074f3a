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
	problems->all[problems->count++] =
	    (struct core_problem){level, item, line, prism_arena_strdup(problems->arena, field),
	                          prism_arena_strdup(problems->arena, text)};
}

size_t core_problems_of(const struct core_problems *problems, size_t item,
                        enum core_problem_level level)
{
	size_t found = 0;

	for (size_t i = 0; i < problems->count; i++)
		found += problems->all[i].item == item && problems->all[i].level == level;
	return found;
}
