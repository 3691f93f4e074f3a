/*
 * Plain calls to a sandbox, for tests that prepare something or look behind the client's back.
 * Blocking, through libcurl's easy interface; nothing of net or core is used.
 */
#ifndef PRISM_TESTS_API_H
#define PRISM_TESTS_API_H

#include "tests/lib/sandbox.h"

#include <cjson/cJSON.h>

struct api {
	const struct sandbox *sandbox; /* lent */
	char *token;                   /* NULL before api_login() */
	char *workspace;               /* id used for %w in paths */
	long status;                   /* of the last call */
};

void api_init(struct api *api, const struct sandbox *sandbox);
void api_finish(struct api *api);
/* Signs in as a user of the ready line and remembers the workspace of that name (NULL: the first).
 * Fails the test when that does not work. */
void api_login(struct api *api, int user, const char *workspace);
/* "%w" in path becomes the workspace's id. body NULL: none. The answer's document, to be freed with
 * cJSON_Delete(); NULL when it has none. The status is in api->status, 0 without an answer. */
cJSON *api_call(struct api *api, const char *method, const char *path, const char *body);
/* The same, and the test fails unless the status is 2xx. */
cJSON *api_must(struct api *api, const char *method, const char *path, const char *body);
/* Lent: text of a member, or "". */
const char *api_text(const cJSON *doc, const char *key);

#endif
