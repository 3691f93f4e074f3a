/*
 * What is wrong with a document somebody gave us: a list of findings by line and field.
 *
 * Levels say what follows from it, not how bad it looks:
 *   NOTE     nothing is lost
 *   WARNING  a part of the computation will not be there
 *   ERROR    the computation cannot be created
 *
 * Thread rules: plain data, one thread at a time.
 */
#ifndef PRISM_CORE_PROBLEM_H
#define PRISM_CORE_PROBLEM_H

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

#define CORE_PROBLEMS_MAX 10000 /* kept; the rest is only counted */

enum core_problem_level {
	CORE_PROBLEM_NOTE,
	CORE_PROBLEM_WARNING,
	CORE_PROBLEM_ERROR,
	CORE_PROBLEM_LEVEL_COUNT
};
const char *core_problem_word(enum core_problem_level level); /* "note", "warning", "error" */

struct core_problem {
	enum core_problem_level level;
	size_t item;       /* index of the computation in the file; SIZE_MAX: the file */
	uint64_t line;     /* 0: not from a line of the file */
	const char *field; /* "[2].roles[0].members[1]"; "" when there is none */
	const char *text;
	size_t order; /* in which they were found */
};

struct prism_arena;
struct core_problems {
	struct prism_arena *arena; /* of the texts */
	struct core_problem *all;
	size_t count, room;
	size_t dropped;                            /* beyond CORE_PROBLEMS_MAX */
	size_t by_level[CORE_PROBLEM_LEVEL_COUNT]; /* dropped ones too */
};
void core_problems_init(struct core_problems *problems);
void core_problems_finish(struct core_problems *problems);
void core_problem_add(struct core_problems *problems, enum core_problem_level level, size_t item,
                      uint64_t line, const char *field, const char *fmt, ...) PRISM_PRINTF(6, 7);
/* By computation, those of the file last; within one, as they were found. */
void core_problems_sort(struct core_problems *problems);
/* Index of the first of a computation, in a sorted list; they follow one another. count when there
 * is none. */
size_t core_problems_first(const struct core_problems *problems, size_t item);

#endif
