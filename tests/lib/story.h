/*
 * The steps of the main job by -c that several stories share: a sandbox with its workspace, a
 * computation that is ready to run, a run on a CVM.
 */
#ifndef PRISM_TESTS_STORY_H
#define PRISM_TESTS_STORY_H

#include "tests/lib/client.h"

#define STORY_SAMPLES "sandbox/samples/"

struct story {
	struct sandbox *sandbox;
	struct cli cli;
	char workspace[128], cvm[80];
};

/* args: further arguments of the sandbox, NULL-terminated, at most 96. CVMs come up quickly. */
void story_start(struct story *s, const char *const *args);
void story_stop(struct story *s);

/* A computation with the owner in every role, a registered key (one must have been made), and
 * both assets linked; its mandatory check-list is done. options: of "computation create"; "" for
 * none. */
void story_define(struct story *s, const char *name, const char *options, const char *algorithm,
                  const char *dataset, char ret_id[80]);
/* Starts it on a CVM that is ready, and follows it until this event. */
void story_run_until(struct story *s, const char *id, const char *event);
void story_must_be(struct story *s, const char *id, const char *state);
void story_must_contain(const char *text, const char *part);
char *story_tmp(const char *name); /* a path in the test's temporary directory; yours */

#endif
