/*
 * Invitations: decoding, the two lists, sending and answering, and what a refusal means.
 */
#include "core/invitation.h"

#include "core/internal.h"
#include "core/permission.h"
#include "core/workspace.h"

#include <string.h>

static const struct core_invite_state_info states[CORE_INVITE_STATE_COUNT] = {
    [CORE_INVITE_PENDING] = {"pending", "Pending", CORE_TONE_ACTIVE},
    [CORE_INVITE_ACCEPTED] = {"accepted", "Accepted", CORE_TONE_GOOD},
    [CORE_INVITE_REJECTED] = {"rejected", "Rejected", CORE_TONE_BAD},
};

const struct core_invite_state_info *core_invite_state_info(enum core_invite_state state)
{
	return &states[state];
}

bool core_invitation_decode(void *item, const cJSON *entry, struct prism_arena *arena)
{
	struct core_invitation *i = item;
	if (!cJSON_IsObject(entry))
		return false;
	i->workspace = core_str(arena, entry, "domain_id");
	i->workspace_name = core_str(arena, entry, "domain_name");
	i->invitee = core_str(arena, entry, "invitee_user_id");
	i->inviter = core_str(arena, entry, "invited_by");
	i->role = core_str(arena, entry, "role_id");
	i->role_name = core_str(arena, entry, "role_name");
	i->actions = core_wperm_bits(prism_json_get(entry, "actions"));
	i->created_us = prism_json_time(entry, "created_at");
	i->updated_us = prism_json_time(entry, "updated_at");
	i->confirmed_us = prism_json_time(entry, "confirmed_at");
	i->rejected_us = prism_json_time(entry, "rejected_at");
	i->resent = prism_json_bool(entry, "resend", false);
	i->state = i->confirmed_us != PRISM_TIME_UNSET  ? CORE_INVITE_ACCEPTED
	           : i->rejected_us != PRISM_TIME_UNSET ? CORE_INVITE_REJECTED
	                                                : CORE_INVITE_PENDING;
	i->id = prism_arena_printf(arena, "%s/%s", i->workspace, i->invitee);
	return *i->workspace && *i->invitee;
}

static void all_states(struct core_query *query, void *data)
{
	core_query_add(query, "state", "all");
}

static const struct core_list_type workspace_type = {
    .endpoint = CORE_EP_INVITE_LIST,
    .key = "invitations",
    .item_size = sizeof(struct core_invitation),
    .event = CORE_EVENT_INVITATIONS,
    .decode = core_invitation_decode,
    .query = all_states,
};
static const struct core_list_type my_type = {
    .endpoint = CORE_EP_INVITE_MINE,
    .key = "invitations",
    .item_size = sizeof(struct core_invitation),
    .event = CORE_EVENT_INVITATIONS,
    .decode = core_invitation_decode,
    .query = all_states,
};
static const struct core_module workspace_module = {.name = "invitations", .list = &workspace_type};
static const struct core_module my_module = {.name = "my invitations", .list = &my_type};

struct core_list *core_invitations(struct core *core)
{
	return core_module(core, &workspace_module);
}

struct core_list *core_my_invitations(struct core *core)
{
	return core_module(core, &my_module);
}

const struct core_invitation *core_invitation_of(struct core *core, const char *user_id)
{
	struct core_list *list = core_invitations(core);
	for (size_t i = 0; i < core_list_count(list); i++)
		if (strcmp(core_invitation_at(list, i)->invitee, user_id) == 0)
			return core_invitation_at(list, i);
	return NULL;
}

size_t core_my_invitations_pending(struct core *core)
{
	struct core_list *list = core_my_invitations(core);
	size_t pending = 0;
	for (size_t i = 0; i < core_list_count(list); i++)
		pending += core_invitation_at(list, i)->state == CORE_INVITE_PENDING;
	return pending;
}

/* --- writing --- */

/* 422 hides several causes behind one text (reference 2.4, 3.4). */
static const char *why_not_sent(const struct prism_error *err)
{
	return err->status == 422 ? "the person is a member already or was invited before; a rejected "
	                            "invitation is sent again with resend, an accepted one never"
	                          : NULL;
}

static const char *why_not_deleted(const struct prism_error *err)
{
	return err->status == 422
	           ? "this server removes pending invitations only; one that was answered can be "
	             "removed by the invited person"
	           : NULL;
}

static const char *why_not_answered(const struct prism_error *err)
{
	if (err->status == 409)
		return "an invitation can be answered once; ask for another one";
	return err->status == 404 ? "it was taken back, or the workspace is gone"
	       : err->status == 422
	           ? "a person has one role in a workspace; you may be a member already"
	           : NULL;
}

static void list_anew(struct core *core, const struct core_reply *reply)
{
	core_list_refresh(core_invitations(core));
}

static void mine_anew(struct core *core, const struct core_reply *reply)
{
	core_list_refresh(core_my_invitations(core));
	core_list_refresh(core_workspaces(core));
}

int core_invitation_send(struct core *core, const char *user, const char *role, bool resend,
                         struct prism_cancel *cancel, core_done_fn done, void *data,
                         struct prism_error *err)
{
	PRISM_AUTO_JSON cJSON *body = cJSON_CreateObject();
	cJSON_AddStringToObject(body, "invitee_user_id", user);
	cJSON_AddStringToObject(body, "role_id", role);
	cJSON_AddBoolToObject(body, "resend", resend);
	struct core_call call = {.endpoint = CORE_EP_INVITE_SEND, .body = body};
	struct core_write write = {core, done, data, list_anew, why_not_sent};
	return core_call_write(&write, &call, cancel, err);
}

int core_invitation_delete(struct core *core, const char *user, struct prism_cancel *cancel,
                           core_done_fn done, void *data, struct prism_error *err)
{
	PRISM_AUTO_JSON cJSON *body = cJSON_CreateObject();
	cJSON_AddStringToObject(body, "user_id", user);
	struct core_call call = {.endpoint = CORE_EP_INVITE_DELETE, .body = body};
	struct core_write write = {core, done, data, list_anew, why_not_deleted};
	return core_call_write(&write, &call, cancel, err);
}

int core_invitation_answer(struct core *core, const char *workspace, bool accept,
                           struct prism_cancel *cancel, core_done_fn done, void *data,
                           struct prism_error *err)
{
	PRISM_AUTO_JSON cJSON *body = cJSON_CreateObject();
	cJSON_AddStringToObject(body, "domain_id", workspace);
	struct core_call call = {.endpoint = accept ? CORE_EP_INVITE_ACCEPT : CORE_EP_INVITE_REJECT,
	                         .body = body};
	struct core_write write = {core, done, data, mine_anew, why_not_answered};
	return core_call_write(&write, &call, cancel, err);
}

/* --- words to ids --- */

struct resolving {
	struct core *core;
	char *word;
	core_id_fn done;
	void *data;
};

static const char *find_workspace(struct core *core, const char *word, size_t *ret_matches)
{
	struct core_list *list = core_my_invitations(core);
	const char *found = NULL;
	*ret_matches = 0;
	for (size_t i = 0; i < core_list_count(list); i++) {
		const struct core_invitation *one = core_invitation_at(list, i);
		if (strcmp(one->workspace, word) == 0) {
			*ret_matches = 1;
			return one->workspace;
		}
		if (strcmp(one->workspace_name, word) == 0) {
			found = one->workspace;
			(*ret_matches)++;
		}
	}
	return found;
}

static void resolve_loaded(void *data, const struct prism_error *err)
{
	struct resolving *r = data;
	struct prism_error failure = PRISM_ERROR_INIT;
	size_t matches = 0;
	const char *id = err ? NULL : find_workspace(r->core, r->word, &matches);
	if (!err && matches == 0)
		prism_error_raise(&failure, PRISM_ERROR_MISSING, "you are not invited to \"%s\"", r->word);
	else if (!err && matches > 1)
		prism_error_raise(&failure, PRISM_ERROR_CONFLICT, "%zu workspaces are called \"%s\"",
		                  matches, r->word);
	if (failure.category != PRISM_ERROR_NONE) {
		prism_error_hint(&failure, matches ? "name it by its id"
		                                   : "\"invitation mine\" lists your invitations");
		err = &failure;
	}
	PRISM_AUTO_FREE char *copy = prism_strdup(id ? id : "");
	r->done(r->data, err ? "" : copy, err);
	prism_free(r->word);
	prism_free(r);
}

int core_invitation_resolve(struct core *core, const char *word, struct prism_cancel *cancel,
                            core_id_fn done, void *data, struct prism_error *err)
{
	struct resolving *r = prism_alloc(sizeof(*r));
	*r = (struct resolving){core, prism_strdup(word), done, data};
	if (core_list_await(core_my_invitations(core), false, cancel, resolve_loaded, r, err) == 0)
		return 0;
	prism_free(r->word);
	prism_free(r);
	return -1;
}
