/*
 * My account, and those of others for platform administrators.
 */
#include "core/account.h"

#include "core/internal.h"
#include "core/list.h"
#include "core/session.h"
#include "core/validate.h"

#include <string.h>

/* --- fields, one call for each kind --- */

enum part { PART_NAMES, PART_USERNAME, PART_EMAIL, PART_TAGS, PART_PICTURE, PART_COUNT };

static const struct {
	enum core_endpoint_id endpoint;
	const char *what;
} parts[PART_COUNT] = {
    [PART_NAMES] = {CORE_EP_USER_UPDATE, "the names"},
    [PART_USERNAME] = {CORE_EP_USER_USERNAME, "the user name"},
    [PART_EMAIL] = {CORE_EP_USER_EMAIL, "the e-mail address"},
    [PART_TAGS] = {CORE_EP_USER_TAGS, "the tags"},
    [PART_PICTURE] = {CORE_EP_USER_PICTURE, "the picture"},
};

struct updating {
	struct core *core;
	char *user;
	cJSON *bodies[PART_COUNT]; /* NULL: that part stays */
	size_t at;
	char done_before[160];       /* what was changed so far, for the error */
	struct prism_cancel *cancel; /* borrowed */
	core_done_fn done;
	void *data;
};

static void updating_finish(struct updating *u, const struct prism_error *err)
{
	core_done_fn done = u->done;
	void *data = u->data;
	if (done && !core_dying(u->core) && strcmp(u->user, core_session_user_id(u->core)) == 0)
		core_session_reload_profile(u->core);
	for (size_t i = 0; i < PART_COUNT; i++)
		cJSON_Delete(u->bodies[i]);
	prism_free(u->user);
	prism_free(u);
	if (done)
		done(data, err);
}

static int updating_next(struct updating *u, struct prism_error *err);

static void part_answered(void *data, const struct core_reply *reply, const struct prism_error *err)
{
	struct updating *u = data;
	struct prism_error failure = PRISM_ERROR_INIT;
	size_t used = strlen(u->done_before);
	if (err) {
		prism_error_copy(&failure, err);
		if (used)
			prism_error_wrap(&failure, "%s changed, but not %s", u->done_before, parts[u->at].what);
		updating_finish(u, &failure);
		return;
	}
	snprintf(u->done_before + used, sizeof(u->done_before) - used, "%s%s", used ? ", " : "",
	         parts[u->at].what);
	u->at++;
	if (updating_next(u, &failure) < 0)
		updating_finish(u, &failure);
}

static int updating_next(struct updating *u, struct prism_error *err)
{
	while (u->at < PART_COUNT && !u->bodies[u->at])
		u->at++;
	if (u->at == PART_COUNT) {
		updating_finish(u, NULL);
		return 0;
	}
	struct core_call call = {.endpoint = parts[u->at].endpoint,
	                         .arg = {[CORE_ARG_U] = u->user},
	                         .body = u->bodies[u->at]};
	return core_request_start(u->core, &call, u->cancel, part_answered, u, err) ? 0 : -1;
}

static cJSON *one(cJSON *body, const char *key, const char *value)
{
	if (!value)
		return body;
	if (!body)
		body = cJSON_CreateObject();
	cJSON_AddStringToObject(body, key, value);
	return body;
}

static int check_change(const struct core_account_change *change, struct prism_error *err)
{
	if (change->username && core_validate_named(CORE_FIELD_USERNAME, change->username, err) < 0)
		return -1;
	if (change->email && core_validate_named(CORE_FIELD_EMAIL, change->email, err) < 0)
		return -1;
	if ((change->first_name && !*change->first_name) || (change->last_name && !*change->last_name))
		return prism_error_raise(err, PRISM_ERROR_INVALID, "a name cannot be empty.");
	if (!change->first_name && !change->last_name && !change->username && !change->email &&
	    !change->picture && !change->set_tags)
		return prism_error_raise(err, PRISM_ERROR_INVALID, "nothing to change was given");
	return 0;
}

int core_account_update(struct core *core, const char *user,
                        const struct core_account_change *change, struct prism_cancel *cancel,
                        core_done_fn done, void *data, struct prism_error *err)
{
	if (check_change(change, err) < 0)
		return -1;
	struct updating *u = prism_alloc(sizeof(*u));
	u->core = core;
	u->user = prism_strdup(user ? user : core_session_user_id(core));
	u->cancel = cancel;
	u->data = data;
	u->bodies[PART_NAMES] = one(NULL, "first_name", change->first_name);
	u->bodies[PART_NAMES] = one(u->bodies[PART_NAMES], "last_name", change->last_name);
	u->bodies[PART_USERNAME] = one(NULL, "username", change->username);
	u->bodies[PART_EMAIL] = one(NULL, "email", change->email);
	u->bodies[PART_PICTURE] = one(NULL, "profile_picture", change->picture);
	if (change->set_tags) {
		u->bodies[PART_TAGS] = cJSON_CreateObject();
		cJSON_AddItemToObject(u->bodies[PART_TAGS], "tags",
		                      core_json_strings(change->tags, change->tag_count));
	}
	if (updating_next(u, err) < 0) {
		updating_finish(u, NULL); /* done is not set yet: no callback */
		return -1;
	}
	u->done = done;
	return 0;
}

/* --- passwords --- */

/* {"key":"secret",...} in one reserved buffer: nothing is left behind by a growing one. */
struct secret_field {
	const char *key;
	const char *text; /* lent */
};

static int secret_body(struct prism_buf *body, const char *head, const struct secret_field *fields,
                       size_t count, const char *tail, struct prism_error *err)
{
	size_t room = strlen(head) + strlen(tail) + 8;
	for (size_t i = 0; i < count; i++)
		room += 6 * strlen(fields[i].text) + strlen(fields[i].key) + 8;
	prism_buf_init(body, room);
	if (prism_buf_reserve(body, room - 1, err) < 0)
		return -1;
	prism_buf_puts(body, head);
	for (size_t i = 0; i < count; i++) {
		prism_buf_printf(body, "%s\"%s\":", i ? "," : "", fields[i].key);
		core_json_text(body, fields[i].text);
	}
	prism_buf_puts(body, tail);
	return 0;
}

static void sessions_ended(struct core *core, const struct core_reply *reply)
{
	struct prism_error why = PRISM_ERROR_INIT;
	prism_error_raise(&why, PRISM_ERROR_AUTH, "the password was changed, which ends all sessions");
	prism_error_hint(&why, "sign in with the new password");
	core_session_needs_login(core, &why);
}

static const char *why_no_password(const struct prism_error *err)
{
	return err->status == 401 ? "the present password is not right" : NULL;
}

int core_account_password(struct core *core, struct prism_secret *old_password,
                          struct prism_secret *new_password, struct prism_cancel *cancel,
                          core_done_fn done, void *data, struct prism_error *err)
{
	const char *old_text = old_password ? prism_secret_text(old_password) : "";
	const char *new_text = new_password ? prism_secret_text(new_password) : "";
	const struct secret_field fields[] = {{"old_secret", old_text}, {"new_secret", new_text}};
	struct prism_buf body = PRISM_BUF_INIT(0);
	struct core_call call = {.endpoint = CORE_EP_USER_SECRET, .secret = &body};
	struct core_write write = {core, done, data, sessions_ended, why_no_password};
	int started = -1;
	if (core_validate_named(CORE_FIELD_PASSWORD, old_text, err) == 0 &&
	    core_validate_named(CORE_FIELD_NEW_PASSWORD, new_text, err) == 0 &&
	    secret_body(&body, "{", fields, PRISM_COUNT(fields), "}", err) == 0)
		started = core_call_write(&write, &call, cancel, err);
	prism_buf_wipe(&body);
	prism_secret_destroy(old_password);
	prism_secret_destroy(new_password);
	return started;
}

struct registering {
	core_id_fn done;
	void *data;
};

static void registered(void *data, const struct core_reply *reply, const struct prism_error *err)
{
	struct registering r = *(struct registering *)data;
	struct prism_error failure = PRISM_ERROR_INIT;
	prism_free(data);
	if (err) {
		prism_error_copy(&failure, err);
		if (err->status == 422)
			prism_error_hint(&failure, "the user name or the e-mail address may be taken");
	}
	r.done(r.data, err ? "" : reply->id, err ? &failure : NULL);
}

static int check_new(const struct core_account_new *account, const char *password,
                     struct prism_error *err)
{
	if (!account->first_name || !*account->first_name || !account->last_name ||
	    !*account->last_name)
		return prism_error_raise(err, PRISM_ERROR_INVALID, "first and last name cannot be empty.");
	if (core_validate_named(CORE_FIELD_USERNAME, account->username, err) < 0 ||
	    core_validate_named(CORE_FIELD_EMAIL, account->email, err) < 0)
		return -1;
	return core_validate_named(CORE_FIELD_NEW_PASSWORD, password, err);
}

int core_account_register(struct core *core, const struct core_account_new *account,
                          struct prism_secret *password, struct prism_cancel *cancel,
                          core_id_fn done, void *data, struct prism_error *err)
{
	const char *text = password ? prism_secret_text(password) : "";
	struct prism_buf body = PRISM_BUF_INIT(0);
	struct registering *r = prism_alloc(sizeof(*r));
	struct core_request *request = NULL;
	*r = (struct registering){done, data};
	if (check_new(account, text, err) == 0) {
		PRISM_AUTO_BUF struct prism_buf head = PRISM_BUF_INIT(65536);
		const char *keys[] = {"first_name", "last_name", "email"};
		const char *values[] = {account->first_name, account->last_name, account->email};
		const struct secret_field fields[] = {{"username", account->username}, {"secret", text}};
		struct core_call call = {.endpoint = CORE_EP_USER_REGISTER, .secret = &body};
		prism_buf_putc(&head, '{');
		for (size_t i = 0; i < PRISM_COUNT(keys); i++) {
			prism_buf_printf(&head, "\"%s\":", keys[i]);
			core_json_text(&head, values[i]);
			prism_buf_putc(&head, ',');
		}
		prism_buf_puts(&head, "\"credentials\":{");
		if (secret_body(&body, prism_buf_text(&head), fields, PRISM_COUNT(fields), "}}", err) == 0)
			request = core_request_start(core, &call, cancel, registered, r, err);
	}
	prism_buf_wipe(&body);
	prism_secret_destroy(password);
	if (request)
		return 0;
	prism_free(r);
	return -1;
}

int core_account_reset_request(struct core *core, const char *email, struct prism_cancel *cancel,
                               core_done_fn done, void *data, struct prism_error *err)
{
	if (core_validate_named(CORE_FIELD_EMAIL, email, err) < 0)
		return -1;
	PRISM_AUTO_JSON cJSON *body = cJSON_CreateObject();
	cJSON_AddStringToObject(body, "email", email);
	struct core_call call = {.endpoint = CORE_EP_PASSWORD_REQUEST, .body = body};
	return core_call_plain(core, &call, cancel, done, data, err);
}

/* --- accounts of the platform --- */

static bool decode(void *item, const cJSON *entry, struct prism_arena *arena)
{
	return core_user_decode(item, entry, arena);
}

static void all_accounts(struct core_query *query, void *data)
{
	core_query_add(query, "status", "all");
}

static const struct core_list_type list_type = {
    .endpoint = CORE_EP_USER_LIST,
    .key = "users",
    .item_size = sizeof(struct core_user),
    .event = CORE_EVENT_USERS,
    .decode = decode,
    .query = all_accounts,
};
static const struct core_module module = {.name = "accounts", .list = &list_type};

struct core_list *core_accounts(struct core *core)
{
	return core_module(core, &module);
}

static void accounts_anew(struct core *core, const struct core_reply *reply)
{
	core_list_invalidate(core_accounts(core));
}

static const char *why_no_change(const struct prism_error *err)
{
	return err->status == 409 ? "the account is in that state already" : NULL;
}

int core_account_act(struct core *core, const char *user, enum core_account_act act,
                     struct prism_cancel *cancel, core_done_fn done, void *data,
                     struct prism_error *err)
{
	static const enum core_endpoint_id endpoints[] = {
	    [CORE_ACCOUNT_ENABLE] = CORE_EP_USER_ENABLE,
	    [CORE_ACCOUNT_DISABLE] = CORE_EP_USER_DISABLE,
	    [CORE_ACCOUNT_DELETE] = CORE_EP_USER_DELETE,
	};
	struct core_call call = {.endpoint = endpoints[act], .arg = {[CORE_ARG_U] = user}};
	struct core_write write = {core, done, data, accounts_anew, why_no_change};
	return core_call_write(&write, &call, cancel, err);
}

int core_account_role(struct core *core, const char *user, const char *role,
                      struct prism_cancel *cancel, core_done_fn done, void *data,
                      struct prism_error *err)
{
	PRISM_AUTO_JSON cJSON *body = cJSON_CreateObject();
	cJSON_AddStringToObject(body, "role", role);
	struct core_call call = {
	    .endpoint = CORE_EP_USER_ROLE, .arg = {[CORE_ARG_U] = user}, .body = body};
	struct core_write write = {core, done, data, accounts_anew, NULL};
	return core_call_write(&write, &call, cancel, err);
}
