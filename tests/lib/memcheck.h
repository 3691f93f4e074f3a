/*
 * Whether this runs under memcheck (`make valgrind` says so), which answers a few system calls in
 * its own way: what those tests look for cannot be seen there.
 */
#ifndef PRISM_TESTS_LIB_MEMCHECK_H
#define PRISM_TESTS_LIB_MEMCHECK_H

#include <stdbool.h>
#include <stdlib.h>

static inline bool memcheck_runs(void)
{
	return getenv("PRISM_MEMCHECK") != NULL;
}

#endif
