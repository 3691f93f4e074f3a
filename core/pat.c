/*
 * Personal access tokens.
 */
#include "core/pat.h"

#include "core/internal.h"

#include <string.h>

bool core_pat_decode(void *item, const cJSON *entry, struct prism_arena *arena)
{
	struct core_pat *p = item;
	if (!cJSON_IsObject(entry))
		return false;
	p->id = core_str(arena, entry, "id");
	p->name = core_str(arena, entry, "name");
	p->description = core_str(arena, entry, "description");
	p->status = core_str(arena, entry, "status");
	p->issued_us = prism_json_time(entry, "issued_at");
	p->expires_us = prism_json_time(entry, "expires_at");
	p->used_us = prism_json_time(entry, "last_used_at");
	p->updated_us = prism_json_time(entry, "updated_at");
	p->revoked_us = prism_json_time(entry, "revoked_at");
	p->revoked = prism_json_bool(entry, "revoked", false);
	return true;
}

const char *core_pat_state(const struct core_pat *pat, int64_t now_us)
{
	if (pat->revoked || strcmp(pat->status, "revoked") == 0)
		return "revoked";
	bool over = pat->expires_us != PRISM_TIME_UNSET && pat->expires_us <= now_us;
	return over || strcmp(pat->status, "expired") == 0 ? "expired" : "active";
}

static const struct core_list_type list_type = {
    .endpoint = CORE_EP_PAT_LIST,
    .key = "pats",
    .item_size = sizeof(struct core_pat),
    .event = CORE_EVENT_PATS,
    .decode = core_pat_decode,
};
static const struct core_module module = {.name = "access tokens", .list = &list_type};

struct core_list *core_pats(struct core *core)
{
	return core_module(core, &module);
}

static const char *name_of(const void *item, int alternative)
{
	return alternative ? NULL : ((const struct core_pat *)item)->name;
}

int core_pat_resolve(struct core *core, const char *word, struct prism_cancel *cancel,
                     core_id_fn done, void *data, struct prism_error *err)
{
	return core_resolve_later(core_pats(core), "access token", word, name_of, cancel, done, data,
	                          err);
}

/* --- with a secret in the answer --- */

struct issuing {
	struct core *core;
	core_pat_fn done;
	void *data;
};

static void issued(void *data, const struct core_reply *reply, const struct prism_error *err)
{
	struct issuing i = *(struct issuing *)data;
	struct prism_error failure = PRISM_ERROR_INIT;
	struct prism_secret *secret = NULL;
	prism_free(data);
	if (!err) {
		const char *text = prism_json_str(reply->json, "secret", "");
		core_list_refresh(core_pats(i.core));
		if (*text)
			secret = prism_secret_from_text(text);
		else
			prism_error_raise(&failure, PRISM_ERROR_PROTOCOL,
			                  "the server made the token but did not tell its text");
	}
	if (failure.category != PRISM_ERROR_NONE)
		err = &failure;
	i.done(i.data, err ? "" : prism_json_str(reply->json, "id", reply->id), secret, err);
}

static int issue(struct core *core, const struct core_call *call, struct prism_cancel *cancel,
                 core_pat_fn done, void *data, struct prism_error *err)
{
	struct issuing *i = prism_alloc(sizeof(*i));
	*i = (struct issuing){core, done, data};
	if (core_request_start(core, call, cancel, issued, i, err))
		return 0;
	prism_free(i);
	return -1;
}

/* Go's duration text; seconds are enough. */
static int add_life(cJSON *body, int64_t life_ms, struct prism_error *err)
{
	char text[32];
	if (life_ms < 60000 || life_ms > CORE_PAT_LIFE_MAX_MS)
		return prism_error_raise(err, PRISM_ERROR_INVALID,
		                         "a token lives from one minute to 366 days");
	snprintf(text, sizeof(text), "%llds", (long long)(life_ms / 1000));
	cJSON_AddStringToObject(body, "duration", text);
	return 0;
}

int core_pat_create(struct core *core, const char *name, const char *description, int64_t life_ms,
                    struct prism_cancel *cancel, core_pat_fn done, void *data,
                    struct prism_error *err)
{
	PRISM_AUTO_JSON cJSON *body = cJSON_CreateObject();
	if (!name || !*name)
		return prism_error_raise(err, PRISM_ERROR_INVALID, "Name cannot be empty.");
	cJSON_AddStringToObject(body, "name", name);
	cJSON_AddStringToObject(body, "description", description ? description : "");
	if (add_life(body, life_ms, err) < 0)
		return -1;
	struct core_call call = {.endpoint = CORE_EP_PAT_CREATE, .body = body};
	return issue(core, &call, cancel, done, data, err);
}

int core_pat_reset(struct core *core, const char *id, int64_t life_ms, struct prism_cancel *cancel,
                   core_pat_fn done, void *data, struct prism_error *err)
{
	PRISM_AUTO_JSON cJSON *body = cJSON_CreateObject();
	if (add_life(body, life_ms, err) < 0)
		return -1;
	struct core_call call = {
	    .endpoint = CORE_EP_PAT_RESET, .arg = {[CORE_ARG_S] = id}, .body = body};
	return issue(core, &call, cancel, done, data, err);
}

/* --- plain --- */

static void anew(struct core *core, const struct core_reply *reply)
{
	core_list_refresh(core_pats(core));
}

int core_pat_revoke(struct core *core, const char *id, struct prism_cancel *cancel,
                    core_done_fn done, void *data, struct prism_error *err)
{
	struct core_call call = {.endpoint = CORE_EP_PAT_REVOKE, .arg = {[CORE_ARG_S] = id}};
	struct core_write write = {core, done, data, anew, NULL};
	return core_call_write(&write, &call, cancel, err);
}

int core_pat_delete(struct core *core, const char *id, struct prism_cancel *cancel,
                    core_done_fn done, void *data, struct prism_error *err)
{
	struct core_call call = {.endpoint = CORE_EP_PAT_DELETE, .arg = {[CORE_ARG_S] = id}};
	struct core_write write = {core, done, data, anew, NULL};
	return core_call_write(&write, &call, cancel, err);
}

struct fetching {
	core_pat_one_fn done;
	void *data;
};

static void fetched(void *data, const struct core_reply *reply, const struct prism_error *err)
{
	struct fetching f = *(struct fetching *)data;
	struct prism_error failure = PRISM_ERROR_INIT;
	struct prism_arena *arena = prism_arena_create();
	struct core_pat pat = {0};
	prism_free(data);
	if (!err && !core_pat_decode(&pat, reply->json, arena)) {
		prism_error_raise(&failure, PRISM_ERROR_PROTOCOL, "the answer is not an access token");
		err = &failure;
	}
	f.done(f.data, err ? NULL : &pat, err);
	prism_arena_destroy(arena);
}

int core_pat_fetch(struct core *core, const char *id, struct prism_cancel *cancel,
                   core_pat_one_fn done, void *data, struct prism_error *err)
{
	struct fetching *f = prism_alloc(sizeof(*f));
	*f = (struct fetching){done, data};
	struct core_call call = {.endpoint = CORE_EP_PAT_GET, .arg = {[CORE_ARG_S] = id}};
	if (core_request_start(core, &call, cancel, fetched, f, err))
		return 0;
	prism_free(f);
	return -1;
}
