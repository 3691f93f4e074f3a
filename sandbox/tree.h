/*
 * Removing a directory with all that an algorithm may have left in it: links are removed, not
 * followed; directories without permissions are opened first.  For workers: it blocks.
 */
#ifndef PRISM_SANDBOX_TREE_H
#define PRISM_SANDBOX_TREE_H

#include "base/error.h"

#define SB_TREE_DEPTH 256 /* stops a hostile nest of directories; what is deeper stays */

/* 0 also when there is nothing at path. */
PRISM_MUST_USE
int sb_tree_remove(const char *path, struct prism_error *err);

#endif
