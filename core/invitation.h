/*
 * Invitations into workspaces (reference 3.4, 4.11): those of the current workspace, and mine.
 *
 * There is no state on the wire; it follows from two times.  An invitation has no id either: there
 * is one for each person and workspace, so "workspace/person" stands for it here.
 *
 * What the server allows, and a hint says when it refuses: only registered users can be invited; a
 * rejected invitation is opened again by sending it with `resend`; one that was answered is removed
 * by the invited person only (v0.18.1); each can be answered once.
 */
#ifndef PRISM_CORE_INVITATION_H
#define PRISM_CORE_INVITATION_H

#include "core/list.h"

enum core_invite_state {
	CORE_INVITE_PENDING,
	CORE_INVITE_ACCEPTED,
	CORE_INVITE_REJECTED,
	CORE_INVITE_STATE_COUNT
};
struct core_invite_state_info {
	const char *word, *label;
	enum core_tone tone;
};
const struct core_invite_state_info *core_invite_state_info(enum core_invite_state state);

struct core_invitation { /* strings never NULL */
	const char *id;      /* "workspace/invitee" */
	const char *workspace, *workspace_name, *invitee /* user id */, *inviter /* user id */, *role,
	    *role_name;
	unsigned actions; /* CORE_WPERM_*; 0 when not told */
	int64_t created_us, updated_us, confirmed_us, rejected_us;
	enum core_invite_state state;
	bool resent;
};

/* Fills a zeroed struct core_invitation; false: not one. Survives any JSON. */
struct prism_arena;
bool core_invitation_decode(void *item, const cJSON *entry, struct prism_arena *arena);

/* Of the current workspace; needs view_role_users, or more. Its event is INVITATIONS without id. */
struct core_list *core_invitations(struct core *core);
/* Mine, of every workspace. Same event. */
struct core_list *core_my_invitations(struct core *core);
static inline const struct core_invitation *core_invitation_at(const struct core_list *list,
                                                               size_t i)
{
	return core_list_at(list, i);
}
/* Of the person in the current workspace; NULL when none is known. */
const struct core_invitation *core_invitation_of(struct core *core, const char *user_id);
size_t core_my_invitations_pending(struct core *core); /* of those loaded; loads nothing */

/* user, role: ids; the role is one of the workspace. resend opens a rejected one again. */
PRISM_MUST_USE
int core_invitation_send(struct core *core, const char *user, const char *role, bool resend,
                         struct prism_cancel *cancel, core_done_fn done, void *data,
                         struct prism_error *err);
PRISM_MUST_USE
int core_invitation_delete(struct core *core, const char *user, struct prism_cancel *cancel,
                           core_done_fn done, void *data, struct prism_error *err);
/* Mine, into the workspace of that id. Accepting makes the list of workspaces load anew. */
PRISM_MUST_USE
int core_invitation_answer(struct core *core, const char *workspace, bool accept,
                           struct prism_cancel *cancel, core_done_fn done, void *data,
                           struct prism_error *err);

/* Id of the workspace of one of my invitations, by its id or name. */
PRISM_MUST_USE
int core_invitation_resolve(struct core *core, const char *word, struct prism_cancel *cancel,
                            core_id_fn done, void *data, struct prism_error *err);

#endif
