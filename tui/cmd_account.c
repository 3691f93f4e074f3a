/*
 * Commands about my account and my access tokens.  Secrets are no arguments: a password comes from
 * a file or from the terminal, and the text of a token goes into a file, or to standard output when
 * that was asked for.
 */
#include "base/file.h"
#include "base/mem.h"
#include "base/text.h"
#include "core/account.h"
#include "core/pat.h"
#include "core/session.h"
#include "tui/commands.h"

#include <string.h>

#define LIFE_DEFAULT_MS (INT64_C(30) * 86400 * 1000) /* thirty days */

/* ---- show and change ---- */

static void show(struct pt_command *command)
{
	static const struct pt_record_column columns[] = {
	    {"id", "Id"},
	    {"username", "User name"},
	    {"first_name", "First name"},
	    {"last_name", "Last name"},
	    {"email", "E-mail"},
	    {"tags", "Tags"},
	    {"profile_picture", "Picture"},
	    {"status", "Status"},
	    {"role", "Platform role"},
	    {"created_at", "Registered"},
	    {"verified_at", "Verified"},
	    {NULL, NULL},
	};
	const struct core_user *me = core_session_user(command->core);
	PRISM_AUTO_BUF struct prism_buf tags = PRISM_BUF_INIT(1 << 20);
	struct prism_error err = PRISM_ERROR_INIT;
	struct pt_records *r;

	if (!me) {
		prism_error_raise(&err, PRISM_ERROR_MISSING, "the profile could not be read");
		pt_command_done(command, &err);
		return;
	}
	for (size_t i = 0; i < me->tag_count; i++)
		prism_buf_printf(&tags, "%s%s", i ? "\n" : "", me->tags[i]);
	r = command->records = pt_records_create(columns, PT_RECORD_SINGLE);
	pt_records_text(r, me->id);
	pt_records_text(r, me->username);
	pt_records_text(r, me->first_name);
	pt_records_text(r, me->last_name);
	pt_records_text(r, me->email);
	pt_records_list(r, prism_buf_text(&tags));
	pt_records_text(r, *me->picture ? me->picture : NULL);
	pt_records_text(r, me->status);
	pt_records_text(r, me->role);
	pt_records_time(r, me->created_us);
	pt_records_time(r, me->verified_us);
	pt_command_done(command, NULL);
}

void pt_cmd_account_show(struct pt_command *command)
{
	core_session_reload_profile(command->core);
	pt_command_settle(command, show);
}

void pt_cmd_account_update(struct pt_command *command)
{
	struct prism_error err = PRISM_ERROR_INIT;
	struct core_account_change change = {
	    .first_name = pt_command_get(command, "first-name"),
	    .last_name = pt_command_get(command, "last-name"),
	    .username = pt_command_get(command, "username"),
	    .email = pt_command_get(command, "email"),
	    .picture = pt_command_get(command, "picture"),
	};

	change.tags = pt_command_all(command, "tag", &change.tag_count);
	change.set_tags = change.tag_count > 0 || pt_command_flag(command, "no-tags");
	pt_command_message(command, "account changed");
	pt_command_try(command,
	               core_account_update(command->core, NULL, &change, command->cancel,
	                                   pt_command_on_done, command, &err),
	               &err);
}

void pt_cmd_account_password(struct pt_command *command)
{
	struct prism_error err = PRISM_ERROR_INIT;
	struct prism_secret *old_password =
	    pt_command_secret(command, "old-file", "Present password: ", &err);
	struct prism_secret *new_password =
	    old_password ? pt_command_secret(command, "new-file", "New password: ", &err) : NULL;

	if (!new_password) {
		prism_secret_destroy(old_password);
		pt_command_done(command, &err);
		return;
	}
	pt_command_message(command, "password changed; all sessions have ended");
	pt_command_try(command,
	               core_account_password(command->core, old_password, new_password, command->cancel,
	                                     pt_command_on_done, command, &err),
	               &err);
}

void pt_cmd_account_register(struct pt_command *command)
{
	struct prism_error err = PRISM_ERROR_INIT;
	const struct core_account_new account = {
	    .first_name = pt_command_get(command, "first-name"),
	    .last_name = pt_command_get(command, "last-name"),
	    .username = pt_command_get(command, "username"),
	    .email = pt_command_get(command, "email"),
	};
	struct prism_secret *password = pt_command_secret(command, "new-file", "New password: ", &err);

	if (!password) {
		pt_command_done(command, &err);
		return;
	}
	pt_command_message(command, "registered; the server may send a mail to verify the address");
	pt_command_try(command,
	               core_account_register(command->core, &account, password, command->cancel,
	                                     pt_command_on_id, command, &err),
	               &err);
}

void pt_cmd_account_forgot(struct pt_command *command)
{
	struct prism_error err = PRISM_ERROR_INIT;

	pt_command_message(command, "if the address is known, a mail leads to a new password");
	pt_command_try(command,
	               core_account_reset_request(command->core, pt_command_get(command, "email"),
	                                          command->cancel, pt_command_on_done, command, &err),
	               &err);
}

void pt_cmd_account_verify(struct pt_command *command)
{
	struct prism_error err = PRISM_ERROR_INIT;

	pt_command_message(command, "a mail with a link was asked for");
	pt_command_try(command,
	               core_session_send_verification(command->core, command->cancel,
	                                              pt_command_on_done, command, &err),
	               &err);
}

static void deactivated(void *data, const struct prism_error *err)
{
	struct pt_command *command = data;

	if (!err)
		core_session_logout(command->core);
	pt_command_done(command, err);
}

void pt_cmd_account_deactivate(struct pt_command *command)
{
	const struct core_user *me = core_session_user(command->core);
	struct prism_error err = PRISM_ERROR_INIT;

	if (pt_command_confirm(command, "account", me ? me->username : "", &err) < 0) {
		pt_command_done(command, &err);
		return;
	}
	pt_command_message(command, "account deactivated; an administrator can enable it again");
	pt_command_try(command,
	               core_account_act(command->core, core_session_user_id(command->core),
	                                CORE_ACCOUNT_DISABLE, command->cancel, deactivated, command,
	                                &err),
	               &err);
}

/* ---- signing out ---- */

struct leaving {
	struct pt_command *command;
	bool nobody, token;
};

static void signed_out(void *data, bool revoked, const struct prism_error *why)
{
	struct leaving *leaving = data;
	struct pt_command *command = leaving->command;

	if (leaving->nobody)
		pt_command_message(command, "nobody was signed in");
	else if (leaving->token)
		pt_command_message(command,
		                   "signed out; the access token works until it is revoked or ends");
	else if (revoked)
		pt_command_message(command, "signed out; the session was revoked");
	else if (!why || why->category == PRISM_ERROR_MISSING)
		pt_command_message(command, "signed out; this server lets the session run out");
	else
		pt_command_message(command, "signed out here; the session was not revoked: %s",
		                   why->message);
	prism_free(leaving);
	pt_command_done(command, NULL);
}

void pt_cmd_logout(struct pt_command *command)
{
	struct leaving *leaving = prism_alloc(sizeof(*leaving));

	*leaving = (struct leaving){
	    .command = command,
	    .nobody = core_session_state(command->core) == CORE_SESSION_SIGNED_OUT,
	    .token = core_session_uses_pat(command->core),
	};
	core_session_sign_out(command->core, signed_out, leaving);
}

/* ---- access tokens ---- */

static const struct pt_record_column token_columns[] = {
    {"id", "Id"},
    {"name", "Name"},
    {"description", "Description"},
    {"state", "State"},
    {"issued_at", "Made"},
    {"expires_at", "Ends"},
    {"last_used_at", "Used"},
    {"revoked_at", NULL},
    {NULL, NULL},
};

static void add_token(struct pt_command *command, const struct core_pat *pat)
{
	struct pt_records *r = command->records;

	pt_records_text(r, pat->id);
	pt_records_text(r, pat->name);
	pt_records_text(r, pat->description);
	pt_records_text(r, core_pat_state(pat, prism_clock_wall_us(core_clock(command->core)) +
	                                           core_clock_skew_us(command->core)));
	pt_records_time(r, pat->issued_us);
	pt_records_time(r, pat->expires_us);
	pt_records_time(r, pat->used_us);
	pt_records_time(r, pat->revoked_us);
}

static void tokens_here(void *data, const struct prism_error *err)
{
	struct pt_command *command = data;
	struct core_list *list = core_pats(command->core);

	if (!err) {
		command->records = pt_records_create(token_columns, 0);
		for (size_t i = 0; i < core_list_count(list); i++)
			add_token(command, core_pat_at(list, i));
	}
	pt_command_done(command, err);
}

void pt_cmd_token_list(struct pt_command *command)
{
	struct prism_error err = PRISM_ERROR_INIT;

	pt_command_try(command,
	               core_list_await(core_pats(command->core), true, command->cancel, tokens_here,
	                               command, &err),
	               &err);
}

static void token_here(void *data, const struct core_pat *pat, const struct prism_error *err)
{
	struct pt_command *command = data;

	if (!err) {
		command->records = pt_records_create(token_columns, PT_RECORD_SINGLE);
		add_token(command, pat);
	}
	pt_command_done(command, err);
}

void pt_cmd_token_show(struct pt_command *command)
{
	struct prism_error err = PRISM_ERROR_INIT;

	pt_command_try(command,
	               core_pat_fetch(command->core, pt_command_get(command, "token"), command->cancel,
	                              token_here, command, &err),
	               &err);
}

/* The text is told once: where it goes must be settled before it is asked for. */
static int check_destination(struct pt_command *command, struct prism_error *err)
{
	if (pt_command_get(command, "save") || pt_command_flag(command, "print") ||
	    pt_command_keeps_secrets(command))
		return 0;
	prism_error_raise(err, PRISM_ERROR_INVALID, "nowhere to put the text of the token");
	prism_error_hint(err, "--save FILE writes it, readable by you alone; --print prints it; it is "
	                      "told only once");
	return -1;
}

static int life_of(struct pt_command *command, int64_t *ret_ms, struct prism_error *err)
{
	const char *life = pt_command_get(command, "life");
	uint64_t days;

	*ret_ms = LIFE_DEFAULT_MS;
	if (!life)
		return 0;
	if (life[0] && life[strlen(life) - 1] == 'd') {
		PRISM_AUTO_FREE char *number = prism_strndup(life, strlen(life) - 1);

		if (prism_text_parse_u64(number, 366, &days, err) < 0)
			return prism_error_wrap(err, "--life %s", life);
		*ret_ms = (int64_t)days * 86400 * 1000;
		return 0;
	}
	return prism_text_parse_duration_ms(life, ret_ms, err) < 0
	           ? prism_error_wrap(err, "--life %s", life)
	           : 0;
}

static void token_told(void *data, const char *id, struct prism_secret *secret,
                       const struct prism_error *err)
{
	static const struct pt_record_column columns[] = {
	    {"id", "Id"}, {"token", "Token"}, {"file", "File"}, {NULL, NULL}};
	struct pt_command *command = data;
	const char *save = pt_command_get(command, "save");
	PRISM_AUTO_FREE char *path = save ? prism_path_expand(save) : NULL;
	struct prism_error failed = PRISM_ERROR_INIT;
	bool print = pt_command_flag(command, "print");

	if (!err && path &&
	    prism_file_write(path, prism_secret_text(secret), prism_secret_size(secret), 0600,
	                     &failed) < 0) {
		prism_error_wrap(&failed, "the token was made, but its text could not be saved: reset it");
		err = &failed;
	}
	if (err) {
		prism_secret_destroy(secret);
		pt_command_done(command, err);
		return;
	}
	if (path || print) {
		command->records = pt_records_create(columns, PT_RECORD_SINGLE);
		pt_records_text(command->records, id);
		pt_records_text(command->records, print ? prism_secret_text(secret) : NULL);
		pt_records_text(command->records, path);
		prism_secret_destroy(secret);
	} else {
		pt_command_keep_secret(command, secret);
	}
	command->id = prism_strdup(id);
	pt_command_message(command, "access token made; its text is not told again");
	pt_command_done(command, NULL);
}

void pt_cmd_token_create(struct pt_command *command)
{
	struct prism_error err = PRISM_ERROR_INIT;
	int64_t life;

	if (check_destination(command, &err) < 0 || life_of(command, &life, &err) < 0)
		pt_command_done(command, &err);
	else
		pt_command_try(command,
		               core_pat_create(command->core, pt_command_get(command, "name"),
		                               pt_command_get(command, "description"), life,
		                               command->cancel, token_told, command, &err),
		               &err);
}

void pt_cmd_token_reset(struct pt_command *command)
{
	struct prism_error err = PRISM_ERROR_INIT;
	int64_t life;

	if (check_destination(command, &err) < 0 || life_of(command, &life, &err) < 0)
		pt_command_done(command, &err);
	else
		pt_command_try(command,
		               core_pat_reset(command->core, pt_command_get(command, "token"), life,
		                              command->cancel, token_told, command, &err),
		               &err);
}

void pt_cmd_token_revoke(struct pt_command *command)
{
	struct prism_error err = PRISM_ERROR_INIT;

	pt_command_message(command, "access token revoked");
	pt_command_try(command,
	               core_pat_revoke(command->core, pt_command_get(command, "token"), command->cancel,
	                               pt_command_on_done, command, &err),
	               &err);
}

void pt_cmd_token_delete(struct pt_command *command)
{
	const char *id = pt_command_get(command, "token");
	const struct core_pat *pat = core_list_find(core_pats(command->core), id);
	struct prism_error err = PRISM_ERROR_INIT;

	if (pt_command_confirm(command, "access token", pat ? pat->name : id, &err) < 0) {
		pt_command_done(command, &err);
		return;
	}
	pt_command_message(command, "access token deleted");
	pt_command_try(
	    command,
	    core_pat_delete(command->core, id, command->cancel, pt_command_on_done, command, &err),
	    &err);
}
