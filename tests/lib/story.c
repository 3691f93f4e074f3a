/* See story.h. */
#include "tests/lib/story.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <cmocka.h>

#define ARGS_MAX 100

void story_start(struct story *s, const char *const *args)
{
	const char *all[ARGS_MAX] = {"--cvm-step", "50"};
	size_t count = 2;

	for (; args && *args && count < ARGS_MAX - 1; args++)
		all[count++] = *args;
	memset(s, 0, sizeof(*s));
	s->sandbox = sandbox_start(all);
	s->cli = (struct cli){.sandbox = s->sandbox};
	const cJSON *found = cli_find(cli_must(&s->cli, "workspace list"), "name", "Open Science Lab");
	assert_non_null(found);
	snprintf(s->workspace, sizeof(s->workspace), "%s", cli_text(found, "id"));
	s->cli.workspace = s->workspace;
}

void story_stop(struct story *s)
{
	cli_finish(&s->cli);
	sandbox_stop(s->sandbox);
}

/* A CVM that is ready: one of the seed, else a new one. */
static void find_cvm(struct story *s)
{
	const cJSON *one, *list = cli_must(&s->cli, "cvm list");

	s->cvm[0] = '\0';
	cJSON_ArrayForEach(one, list)
	{
		if (strcasecmp(cli_text(one, "phase"), "ready") == 0)
			snprintf(s->cvm, sizeof(s->cvm), "%s", cli_text(one, "id"));
	}
	if (!s->cvm[0]) {
		list = cli_must(&s->cli, "cvm create --name story --wait");
		snprintf(s->cvm, sizeof(s->cvm), "%s", cli_text(list, "id"));
	}
	assert_true(s->cvm[0] != '\0');
}

static void take_roles(struct story *s, const char *id)
{
	const cJSON *list = cli_must(&s->cli, "role list %s", id);
	const cJSON *role = cli_find(list, "name", "owner");
	char role_id[80];

	if (!role)
		role = cJSON_GetArrayItem(list, 0);
	snprintf(role_id, sizeof(role_id), "%s", cli_text(role, "id"));
	cli_must(&s->cli, "role action add %s %s algo_provider dataset_provider result_consumer", id,
	         role_id);
}

void story_define(struct story *s, const char *name, const char *options, const char *algorithm,
                  const char *dataset, char ret_id[80])
{
	struct cli *c = &s->cli;
	const cJSON *one, *list;
	int open = 0;

	list = cli_must(c, "computation create '%s' --description 'made by a test' %s", name, options);
	snprintf(ret_id, 80, "%s", cli_text(list, "id"));
	assert_true(ret_id[0] != '\0');
	take_roles(s, ret_id);
	cli_must(c, "key register %s", ret_id);
	cli_must(c, "asset create %s --type algorithm --description 'the algorithm' --link %s",
	         algorithm, ret_id);
	cli_must(c, "asset create %s --type dataset --description 'the data' --link %s", dataset,
	         ret_id);
	list = cli_must(c, "computation checklist %s", ret_id);
	cJSON_ArrayForEach(one, list)
	{
		open += !cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(one, "done")) &&
		        cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(one, "mandatory"));
	}
	if (open)
		fail_msg("the check-list still has %d open:\n%s", open, c->out);
}

void story_run_until(struct story *s, const char *id, const char *event)
{
	find_cvm(s);
	cli_must(&s->cli, "computation run %s --cvm %s", id, s->cvm);
	cli_must(&s->cli, "computation follow %s --until-state %s --timeout 30s", id, event);
}

void story_must_be(struct story *s, const char *id, const char *state)
{
	const char *is = cli_text(cli_must(&s->cli, "computation show %s", id), "state");

	if (strcasecmp(is, state) != 0)
		fail_msg("the computation is %s, not %s", is, state);
}

void story_must_contain(const char *text, const char *part)
{
	if (!text || !strstr(text, part))
		fail_msg("\"%s\" is not in:\n%s", part, text ? text : "(nothing)");
}

char *story_tmp(const char *name)
{
	return prism_asprintf("%s/%s", getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp", name);
}
