/*
 * The life of a command: checks, looking up ids, the handler, and one completion.  What each
 * command does is in tui/cmd_*.c.
 */
#include "tui/command_private.h"

#include "base/confine.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/text.h"
#include "core/appraisal.h"
#include "core/asset.h"
#include "core/cert.h"
#include "core/computation.h"
#include "core/cvm.h"
#include "core/invitation.h"
#include "core/options.h"
#include "core/pat.h"
#include "core/role.h"
#include "core/session.h"
#include "core/user.h"
#include "core/workspace.h"
#include "tui/legal_command.h"
#include "tui/page.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define SETTLE_TURNS 3 /* turns of the loop until a background look-up has become a request */

static void resolve_next(struct pt_command *command);

static void settle_now(void *data)
{
	struct pt_command *command = data;
	struct pt_command_private *p = command->p;
	void (*then)(struct pt_command *) = p->settled;

	core_unsubscribe(p->settling);
	prism_timer_remove(p->settle_limit);
	p->settling = NULL;
	p->settle_limit = NULL;
	p->settled = NULL;
	if (then && !p->ended)
		then(command);
}

static void settle_look(void *data, const struct core_event *event)
{
	struct pt_command *command = data;

	if (event->type == CORE_EVENT_REQUESTS && core_pending(command->core) == 0)
		settle_now(command);
}

/* What was just asked for may start its requests some deferred calls later. */
static void settle_begin(void *data)
{
	struct pt_command *command = data;
	struct pt_command_private *p = command->p;

	if (p->settle_turns++ < SETTLE_TURNS) {
		prism_loop_defer(command->world->loop, settle_begin, command);
		return;
	}
	if (core_pending(command->core) == 0) {
		settle_now(command);
		return;
	}
	p->settling = core_subscribe(command->core, settle_look, command);
	p->settle_limit =
	    prism_loop_add_timer(command->world->loop, PT_COMMAND_SETTLE_MS, 0, settle_now, command);
}

void pt_command_settle(struct pt_command *command, void (*then)(struct pt_command *command))
{
	command->p->settled = then;
	command->p->settle_turns = 0;
	prism_loop_defer(command->world->loop, settle_begin, command);
}

static void deliver(void *data)
{
	struct pt_command *command = data;
	struct pt_command_private *p = command->p;

	p->front->done(p->front_data, command, p->failed ? &p->error : NULL);
	if (command->state_free)
		command->state_free(command->state);
	core_unsubscribe(p->settling);
	prism_timer_remove(p->settle_limit);
	prism_loop_undefer(command->world->loop, settle_begin, command);
	prism_cancel_destroy(command->cancel);
	pt_command_hosts_finish(command);
	pt_records_destroy(command->records);
	core_appraisal_unref(command->appraisal);
	pt_page_destroy(command->page);
	pt_values_destroy(command->values);
	pt_values_destroy(p->given);
	prism_free(command->message);
	prism_free(command->id);
	prism_free(p->role_word);
	prism_free(p->list);
	prism_free(p);
	prism_free(command);
}

static void placed(struct pt_command *command)
{
	prism_loop_defer(command->world->loop, deliver, command);
}

bool pt_command_placing(const struct pt_command *command)
{
	return command->p->placing;
}

void pt_command_done(struct pt_command *command, const struct prism_error *err)
{
	struct pt_command_private *p = command->p;

	if (p->ended)
		return;
	p->ended = true;
	p->failed = err != NULL;
	if (err)
		prism_error_copy(&p->error, err);
	pt_command_hosts_place(command, placed);
}

void pt_command_try(struct pt_command *command, int started, const struct prism_error *err)
{
	if (started < 0)
		pt_command_done(command, err);
}

void pt_command_on_done(void *data, const struct prism_error *err)
{
	pt_command_done(data, err);
}

void pt_command_on_id(void *data, const char *id, const struct prism_error *err)
{
	struct pt_command *command = data;

	if (!err) {
		prism_free(command->id);
		command->id = prism_strdup(id);
	}
	pt_command_done(command, err);
}

void pt_command_cancel(struct pt_command *command)
{
	prism_cancel_fire(command->cancel);
}

/* ---- looking up ids ---- */

static void take_id(struct pt_command *command, const char *id)
{
	pt_values_add(command->values, command->p->arg->name, id);
	command->p->nth++;
	resolve_next(command);
}

static void resolved(void *data, const char *id, const struct prism_error *err)
{
	struct pt_command *command = data;

	if (err)
		pt_command_done(command, err);
	else
		take_id(command, id);
}

static void roles_known(void *data, const struct prism_error *err)
{
	struct pt_command *command = data;
	const char *scope = pt_values_get(command->values, "computation");
	const struct core_role *role;
	struct prism_error missing = PRISM_ERROR_INIT;

	if (err) {
		pt_command_done(command, err);
		return;
	}
	role = core_role_find(command->core, scope, command->p->role_word);
	if (role) {
		take_id(command, role->id);
		return;
	}
	prism_error_raise(&missing, PRISM_ERROR_MISSING, "there is no role \"%s\"",
	                  command->p->role_word);
	prism_error_hint(&missing, scope ? "\"role list\" shows the roles of the computation"
	                                 : "\"workspace role list\" shows the roles of the workspace");
	pt_command_done(command, &missing);
}

static int resolve_role(struct pt_command *command, const char *word, struct prism_error *err)
{
	prism_free(command->p->role_word);
	command->p->role_word = prism_strdup(word);
	return core_roles_await(command->core, pt_values_get(command->values, "computation"), false,
	                        command->cancel, roles_known, command, err);
}

/* Starts the look-up of one word. 1: it needs none. */
static int resolve_start(struct pt_command *command, const char *word, struct prism_error *err)
{
	struct core *core = command->core;
	struct prism_cancel *cancel = command->cancel;

	switch (command->p->arg->kind) {
	case PT_ARG_COMPUTATION:
		return core_computation_resolve(core, word, cancel, resolved, command, err);
	case PT_ARG_CVM:
		return core_cvm_resolve(core, word, cancel, resolved, command, err);
	case PT_ARG_CERT:
		return core_cert_resolve(core, word, cancel, resolved, command, err);
	case PT_ARG_ASSET:
		return core_asset_resolve(core, word, cancel, resolved, command, err);
	case PT_ARG_WORKSPACE:
		return core_workspace_resolve(core, word, cancel, resolved, command, err);
	case PT_ARG_USER:
		return core_user_resolve(core, word, cancel, resolved, command, err);
	case PT_ARG_ROLE:
		return resolve_role(command, word, err);
	case PT_ARG_PAT:
		return core_pat_resolve(core, word, cancel, resolved, command, err);
	case PT_ARG_INVITATION:
		return core_invitation_resolve(core, word, cancel, resolved, command, err);
	default:
		return 1;
	}
}

static void action_run(struct pt_command *command)
{
	command->action->run(command);
}

static void resolve_next(struct pt_command *command)
{
	struct pt_command_private *p = command->p;
	struct prism_error err = PRISM_ERROR_INIT;

	while (p->arg && p->arg->name) {
		const char *word = pt_values_nth(p->given, p->arg->name, p->nth);
		int started;

		if (!word) {
			p->arg++;
			p->nth = 0;
			continue;
		}
		started = resolve_start(command, word, &err);
		if (started < 0)
			pt_command_done(command, &err);
		if (started <= 0)
			return;
		pt_values_add(command->values, p->arg->name,
		              p->arg->kind == PT_ARG_NEW_FILE ? pt_command_hosts_local(command, word)
		                                              : word);
		p->nth++;
	}
	pt_legal_judge(command, action_run);
}

bool pt_command_writes(const struct pt_values *values)
{
	const struct pt_action *action = pt_values_action(values);

	return (action->flags & PT_ACTION_WRITES) || pt_command_names_host(values);
}

static int check_allowed(struct pt_world *world, const struct pt_values *values,
                         struct prism_error *err)
{
	const struct pt_action *action = pt_values_action(values);
	bool writes = pt_command_writes(values);

	if (!action->run)
		return prism_error_raise(err, PRISM_ERROR_INVALID, "\"%s\" works on the screen only",
		                         action->name);
	if (writes && core_option_bool(world->options, CORE_OPT_READ_ONLY)) {
		prism_error_raise(err, PRISM_ERROR_DENIED,
		                  "\"%s\" changes something, and this is read-only", action->name);
		prism_error_hint(err, "start without --read-only, or set read_only=no");
		return -1;
	}
	if (writes && !world->screen &&
	    !strcmp(core_option_text(world->options, CORE_OPT_PRODUCTION), "ask")) {
		prism_error_raise(err, PRISM_ERROR_DENIED,
		                  "\"%s\" changes something, and the profile \"%s\" is production",
		                  action->name, core_options_profile(world->options));
		prism_error_hint(err, "add --production to say that it is meant");
		return -1;
	}
	if (!(action->flags & PT_ACTION_NO_LOGIN) && !core_session_ready(world->core)) {
		prism_error_raise(err, PRISM_ERROR_AUTH, "not signed in");
		prism_error_hint(err, "sign in first");
		return -1;
	}
	return 0;
}

/* Restricted mode, in words: the kernel would only say "permission denied". A file on a host is
 * none of this machine. */
static int check_path(const struct pt_arg *arg, const char *given, struct prism_error *err)
{
	PRISM_AUTO_FREE char *path = prism_path_expand(given);
	int on_host = arg->kind == PT_ARG_NEW_FILE ? pt_command_hosts_check(arg, given, err) : 0;

	if (on_host || !prism_confined() || !strcmp(path, "-"))
		return on_host < 0 ? -1 : 0;
	return prism_confine_allows(path, arg->kind == PT_ARG_NEW_FILE, err);
}

static int check_paths(const struct pt_values *values, struct prism_error *err)
{
	for (const struct pt_arg *arg = pt_values_action(values)->args; arg && arg->name; arg++) {
		const char *given;

		for (size_t i = 0; (arg->kind == PT_ARG_FILE || arg->kind == PT_ARG_NEW_FILE) &&
		                   (given = pt_values_nth(values, arg->name, i));
		     i++)
			if (check_path(arg, given, err) < 0)
				return -1;
	}
	return 0;
}

struct pt_command *pt_command_start(struct pt_world *world, struct pt_values *values,
                                    struct prism_cancel *cancel, const struct pt_front *front,
                                    void *data, struct prism_error *err)
{
	const struct pt_action *action = pt_values_action(values);
	struct pt_command *command;

	if (check_allowed(world, values, err) < 0 || pt_values_check(values, err) < 0 ||
	    check_paths(values, err) < 0) {
		pt_values_destroy(values);
		return NULL;
	}
	command = prism_alloc(sizeof(*command));
	command->p = prism_alloc(sizeof(*command->p));
	*command->p = (struct pt_command_private){
	    .front = front,
	    .front_data = data,
	    .given = values,
	    .arg = action->args,
	    .error = PRISM_ERROR_INIT,
	};
	command->action = action;
	command->values = pt_values_create(action);
	command->world = world;
	command->core = world->core;
	command->cancel = prism_cancel_create(cancel ? cancel : core_cancel(world->core));
	pt_command_hosts_look(command, resolve_next);
	return command;
}

/* ---- for handlers ---- */

const char *pt_command_get(const struct pt_command *command, const char *name)
{
	return pt_values_get(command->values, name);
}

const struct prism_secret *pt_command_attached(const struct pt_command *command, const char *name)
{
	return pt_values_attached(command->p->given, name);
}

bool pt_command_flag(const struct pt_command *command, const char *name)
{
	return pt_values_get(command->values, name) != NULL;
}

uint64_t pt_command_number(const struct pt_command *command, const char *name, uint64_t fallback)
{
	const char *text = pt_command_get(command, name);
	uint64_t number = fallback;

	if (text && prism_text_parse_u64(text, UINT32_MAX, &number, NULL) < 0)
		return fallback;
	return number;
}

int pt_command_time(struct pt_command *command, const char *name, int64_t *ret_us,
                    struct prism_error *err)
{
	const char *text = pt_command_get(command, name);
	int64_t ms;

	*ret_us = PRISM_TIME_UNSET;
	if (!text)
		return 0;
	if (prism_text_parse_duration_ms(text, &ms, NULL) == 0) {
		*ret_us = prism_clock_wall_us(core_clock(command->core)) - ms * 1000;
		return 0;
	}
	if (prism_time_parse(text, ret_us, NULL) == 0)
		return 0;
	prism_error_raise(err, PRISM_ERROR_INVALID, "--%s: \"%s\" is not a time", name, text);
	prism_error_hint(err, "a span such as 15m or 2h, or a time such as 2025-11-12T14:00:00Z");
	return -1;
}

const char *const *pt_command_all(struct pt_command *command, const char *name, size_t *ret_count)
{
	size_t count = pt_values_count(command->values, name);

	prism_free(command->p->list);
	command->p->list = prism_alloc_array(count + 1, sizeof(*command->p->list));
	for (size_t i = 0; i < count; i++)
		command->p->list[i] = pt_values_nth(command->values, name, i);
	*ret_count = count;
	return command->p->list;
}

int pt_command_confirm(struct pt_command *command, const char *what, const char *name,
                       struct prism_error *err)
{
	const struct pt_front *front = command->p->front;
	const char *given = pt_command_get(command, "confirm");
	PRISM_AUTO_FREE char *typed = NULL;

	if (!given && front->ask_name)
		given = typed = front->ask_name(command->p->front_data, what, name);
	if (given && !strcmp(given, name))
		return 0;
	if (given)
		prism_error_raise(err, PRISM_ERROR_INVALID, "\"%s\" is not the name of this %s", given,
		                  what);
	else
		prism_error_raise(err, PRISM_ERROR_INVALID, "%s: the %s \"%s\" was not confirmed",
		                  command->action->name, what, name);
	prism_error_hint(err, "this cannot be undone: confirm with --confirm and its name");
	return -1;
}

int pt_command_new_file(struct pt_command *command, const char *path, struct prism_error *err)
{
	if (pt_command_flag(command, "replace") || access(path, F_OK) != 0)
		return 0;
	prism_error_raise(err, PRISM_ERROR_CONFLICT, "%s exists already", path);
	prism_error_hint(err, "choose another name, or have it replaced (--replace)");
	return -1;
}

struct prism_secret *pt_command_secret(struct pt_command *command, const char *file_argument,
                                       const char *prompt, struct prism_error *err)
{
	const struct pt_front *front = command->p->front;
	const char *file = pt_command_get(command, file_argument);

	if (front->ask_secret) {
		struct prism_secret *secret = front->ask_secret(command->p->front_data, file, prompt, err);

		if (!secret && !file)
			prism_error_hint(err, "--%s names a file whose first line it is", file_argument);
		return secret;
	}
	prism_error_raise(err, PRISM_ERROR_INVALID, "a password cannot be typed as a command here");
	prism_error_hint(err, "use the form: the tab People, Account");
	return NULL;
}

bool pt_command_keeps_secrets(const struct pt_command *command)
{
	return command->p->front->keep_secret != NULL;
}

void pt_command_keep_secret(struct pt_command *command, struct prism_secret *secret)
{
	command->p->front->keep_secret(command->p->front_data, secret);
}

void pt_command_say(struct pt_command *command, const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	if (!command->p->front->say)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	command->p->front->say(command->p->front_data, text);
}

void pt_command_progress(struct pt_command *command, const char *what, uint64_t done,
                         uint64_t total)
{
	if (command->p->front->progress)
		command->p->front->progress(command->p->front_data, what, done, total);
}

void pt_command_rows(struct pt_command *command)
{
	if (command->p->front->rows && command->records)
		command->p->front->rows(command->p->front_data, command->records);
	pt_records_destroy(command->records);
	command->records = NULL;
}

void pt_command_message(struct pt_command *command, const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	prism_free(command->message);
	command->message = prism_strdup(text);
}
