/* Users (prism-api.md section 3.1), apart from tokens and passwords (api_tokens.c). */
#include "base/text.h"
#include "net/crypto.h"
#include "sandbox/api.h"
#include "sandbox/auth.h"
#include "sandbox/users.h"

#include <ctype.h>

/* ^[a-zA-Z0-9][a-zA-Z0-9_-]{0,31}$ without "__" and "--" */
static bool username_valid(const char *name)
{
	if (!isalnum((unsigned char)name[0]) || strlen(name) > 32 || strstr(name, "__") ||
	    strstr(name, "--"))
		return false;
	for (const char *c = name; *c; c++)
		if ((unsigned char)*c >= 0x80 || (!isalnum((unsigned char)*c) && *c != '_' && *c != '-'))
			return false;
	return true;
}

static bool email_valid(const char *email)
{
	const char *at = strchr(email, '@');
	return at && at != email && at[1] && !strchr(at + 1, '@') && strchr(at + 1, '.') &&
	       !strpbrk(email, " \t\r\n<>\"") && strlen(email) <= 254;
}

static const char *refusal(const struct sb_user_row *row)
{
	if (!row->first_name[0])
		return "missing first name";
	if (!row->last_name[0])
		return "missing last name";
	if (strlen(row->first_name) > 254 || strlen(row->last_name) > 254)
		return "invalid name size";
	if (!row->username[0])
		return "missing username";
	if (!username_valid(row->username))
		return "invalid username";
	if (!row->email[0])
		return "missing email";
	if (!email_valid(row->email))
		return "invalid email";
	if (!row->password[0])
		return "missing password";
	if (strlen(row->password) < SB_PASSWORD_MIN)
		return "password does not meet the requirements";
	return NULL;
}

void sb_api_user_create(struct sb_call *call)
{
	const cJSON *credentials = prism_json_get(call->json, "credentials");
	char id[37];
	net_uuid4(id);
	struct sb_user_row row = {
	    .id = id,
	    .first_name = prism_json_str(call->json, "first_name", ""),
	    .last_name = prism_json_str(call->json, "last_name", ""),
	    .email = prism_json_str(call->json, "email", ""),
	    .username = prism_json_str(credentials, "username", ""),
	    .password = prism_json_str(credentials, "secret", ""),
	    .unverified = true,
	};
	const char *reason = refusal(&row);
	if (reason) {
		sb_invalid(call, reason);
		return;
	}
	int64_t user = sb_user_insert(call->sb, &row, sb_now_us(call->sb));
	if (!user) {
		sb_fail(call, 422, SB_TEXT_CREATE, "");
		return;
	}
	sb_header(call, "Location", "/users/%s", id);
	sb_user_write(call, user, true);
	sb_ok(call, 201);
}

/* There is no mail here: asking for it is taken as reading it. */
void sb_api_user_send_verification(struct sb_call *call)
{
	if (call->caller.verified) {
		sb_fail(call, 409, "user already verified", "");
		return;
	}
	sb_db_run(call->sb->db, "UPDATE users SET verified_at = ? WHERE n = ?",
	          SB_ARGS(SB_I(sb_now_us(call->sb)), SB_I(call->caller.n)));
	sb_empty(call, 200);
}

void sb_api_user_profile(struct sb_call *call)
{
	sb_user_write(call, call->caller.n, true);
	sb_ok(call, 200);
}

/* {U}, or 400 "view entity failed" as the real service words a missing one. */
static int64_t user_of_path(struct sb_call *call)
{
	int64_t user = sb_user_find(call->sb, sb_path_param(call, 'U'));
	if (!user)
		sb_fail(call, 400, SB_TEXT_VIEW, SB_TEXT_NOT_FOUND);
	return user;
}

void sb_api_user_view(struct sb_call *call)
{
	int64_t user = user_of_path(call);
	if (!user)
		return;
	sb_user_write(call, user, call->caller.admin || user == call->caller.n);
	sb_ok(call, 200);
}

/* Writes the page of users whose row numbers `sql` yields; `count` counts them. */
static void write_page(struct sb_call *call, const struct sb_page *page, const char *where,
                       const struct sb_arg *args, unsigned arg_count, bool full)
{
	struct sb_arg all[12] = {{0}};
	memcpy(all, args, arg_count * sizeof(*args));
	PRISM_AUTO_FREE char *count_sql = prism_asprintf("SELECT count(*) FROM users WHERE %s", where);
	int64_t total = sb_db_int(call->sb->db, 0, count_sql, all);
	const char *order = "created_at";
	static const char *const orders[] = {"username", "first_name", "last_name", "email",
	                                     "updated_at"};
	for (unsigned i = 0; page->order && i < PRISM_COUNT(orders); i++)
		if (strcmp(page->order, orders[i]) == 0)
			order = orders[i];
	PRISM_AUTO_FREE char *sql =
	    prism_asprintf("SELECT n FROM users WHERE %s ORDER BY %s %s, n LIMIT ? OFFSET ?", where,
	                   order, page->ascending ? "ASC" : "DESC");
	all[arg_count] = (struct sb_arg)SB_I(page->limit);
	all[arg_count + 1] = (struct sb_arg)SB_I(page->offset);
	SB_AUTO_ROWS struct sb_rows *rows = sb_db_query(call->sb->db, sql, all);
	sb_json_object(&call->out, NULL);
	sb_page_write(call, page, total);
	sb_json_array(&call->out, "users");
	while (sb_rows_next(&rows))
		sb_user_write(call, sb_rows_int(rows, 0), full);
	sb_json_end(&call->out);
	sb_json_end(&call->out);
	sb_ok(call, 200);
}

/* Filters that compare one column with one query key; exact: no substring. */
static const struct {
	const char *key, *clause;
	bool exact;
} user_filters[] = {
    {"username", "username LIKE ? ESCAPE '\\'", false},
    {"email", "email LIKE ? ESCAPE '\\'", false},
    {"first_name", "first_name LIKE ? ESCAPE '\\'", false},
    {"last_name", "last_name LIKE ? ESCAPE '\\'", false},
    {"id", "id LIKE ? ESCAPE '\\'", false},
    {"status", "status = ?", true},
    {"tag", "tags LIKE ? ESCAPE '\\'", false},
};

static unsigned user_where(struct sb_call *call, struct prism_buf *where, struct sb_arg *args)
{
	unsigned count = 0;
	for (unsigned i = 0; i < PRISM_COUNT(user_filters); i++) {
		const char *value = sb_query(call, user_filters[i].key);
		if (!value || !value[0] || (user_filters[i].exact && strcmp(value, "all") == 0))
			continue;
		prism_buf_printf(where, "%s%s", count ? " AND " : "", user_filters[i].clause);
		args[count++] = (struct sb_arg)SB_T(user_filters[i].exact ? value : sb_like(call, value));
	}
	if (!count)
		prism_buf_puts(where, "1");
	return count;
}

void sb_api_user_list(struct sb_call *call)
{
	struct sb_page page;
	struct sb_arg args[PRISM_COUNT(user_filters)];
	PRISM_AUTO_BUF struct prism_buf where = PRISM_BUF_INIT(4096);
	if (sb_page_parse(call, &page) < 0)
		return;
	unsigned count = user_where(call, &where, args);
	write_page(call, &page, prism_buf_text(&where), args, count, true);
}

void sb_api_user_search(struct sb_call *call)
{
	static const struct {
		const char *key;
		size_t min;
	} keys[] = {{"username", 3}, {"id", 3}, {"first_name", 1}, {"last_name", 1}};
	struct sb_page page;
	struct sb_arg args[PRISM_COUNT(user_filters)];
	PRISM_AUTO_BUF struct prism_buf where = PRISM_BUF_INIT(4096);
	bool any = false;
	if (sb_page_parse(call, &page) < 0)
		return;
	for (unsigned i = 0; i < PRISM_COUNT(keys); i++) {
		const char *value = sb_query(call, keys[i].key);
		if (!value || !value[0])
			continue;
		any = true;
		if (strlen(value) < keys[i].min) {
			sb_invalid(call, "search query must be at least 3 characters");
			return;
		}
	}
	if (!any) {
		sb_invalid(call, "search query must not be empty");
		return;
	}
	unsigned count = user_where(call, &where, args);
	prism_buf_puts(&where, " AND status = 'enabled'");
	write_page(call, &page, prism_buf_text(&where), args, count, false);
}

/* {U} if the caller may change it: oneself, or anyone for platform administrators. */
static int64_t changeable_user(struct sb_call *call)
{
	int64_t user = sb_user_find(call->sb, sb_path_param(call, 'U'));
	if (user != call->caller.n && !call->caller.admin) {
		sb_fail(call, 403, SB_TEXT_AUTHZ, "");
		return 0;
	}
	if (!user)
		sb_fail(call, 422, SB_TEXT_UPDATE, SB_TEXT_NOT_FOUND);
	return user;
}

static void touched(struct sb_call *call, int64_t user)
{
	sb_db_run(call->sb->db, "UPDATE users SET updated_at = ?, updated_by = ? WHERE n = ?",
	          SB_ARGS(SB_I(sb_now_us(call->sb)), SB_T(call->caller.id), SB_I(user)));
	sb_user_write(call, user, true);
	sb_ok(call, 200);
}

static void update_field(struct sb_call *call, const char *sql, const char *value)
{
	int64_t user = changeable_user(call);
	if (!user)
		return;
	if (sb_db_run(call->sb->db, sql, SB_ARGS(SB_T(value), SB_I(user))) < 0)
		sb_fail(call, 422, SB_TEXT_UPDATE, "");
	else
		touched(call, user);
}

void sb_api_user_update(struct sb_call *call)
{
	int64_t user = changeable_user(call);
	if (!user)
		return;
	const cJSON *metadata = prism_json_get(call->json, "metadata");
	PRISM_AUTO_FREE char *text = metadata ? prism_json_print(metadata, false) : NULL;
	sb_db_run(call->sb->db,
	          "UPDATE users SET first_name = coalesce(nullif(?, ''), first_name), last_name ="
	          " coalesce(nullif(?, ''), last_name), metadata = coalesce(?, metadata) WHERE n = ?",
	          SB_ARGS(SB_T(prism_json_str(call->json, "first_name", "")),
	                  SB_T(prism_json_str(call->json, "last_name", "")), SB_T(text), SB_I(user)));
	touched(call, user);
}

void sb_api_user_update_username(struct sb_call *call)
{
	const char *name = prism_json_str(call->json, "username", "");
	if (!name[0])
		sb_invalid(call, "missing username");
	else if (!username_valid(name))
		sb_invalid(call, "invalid username");
	else
		update_field(call, "UPDATE users SET username = ? WHERE n = ?", name);
}

void sb_api_user_update_email(struct sb_call *call)
{
	const char *email = prism_json_str(call->json, "email", "");
	if (!email_valid(email))
		sb_invalid(call, email[0] ? "invalid email" : "missing email");
	else
		update_field(call, "UPDATE users SET email = ? WHERE n = ?", email);
}

void sb_api_user_update_tags(struct sb_call *call)
{
	const cJSON *tags = prism_json_array(call->json, "tags");
	if (!tags) {
		sb_invalid(call, SB_TEXT_MALFORMED);
		return;
	}
	PRISM_AUTO_FREE char *text = prism_json_print(tags, false);
	update_field(call, "UPDATE users SET tags = ? WHERE n = ?", text);
}

void sb_api_user_update_picture(struct sb_call *call)
{
	const char *url = prism_json_str(call->json, "profile_picture", "");
	if (strncmp(url, "http://", 7) != 0 && strncmp(url, "https://", 8) != 0)
		sb_invalid(call, "invalid profile picture url");
	else
		update_field(call, "UPDATE users SET picture = ? WHERE n = ?", url);
}

void sb_api_user_update_role(struct sb_call *call)
{
	const char *role = prism_json_str(call->json, "role", "");
	if (strcmp(role, "admin") != 0 && strcmp(role, "user") != 0)
		sb_invalid(call, "invalid client role");
	else
		update_field(call, "UPDATE users SET role = ? WHERE n = ?", role);
}

static void set_status(struct sb_call *call, const char *status)
{
	int64_t user = changeable_user(call);
	if (!user)
		return;
	if (sb_db_run(call->sb->db, "UPDATE users SET status = ?1 WHERE n = ?2 AND status <> ?1",
	              SB_ARGS(SB_T(status), SB_I(user))) != 1) {
		sb_fail(call, 409, "status already assigned", "");
		return;
	}
	touched(call, user);
}

void sb_api_user_enable(struct sb_call *call)
{
	set_status(call, "enabled");
}

void sb_api_user_disable(struct sb_call *call)
{
	set_status(call, "disabled");
}

/* The row stays, because computations and events name it; nobody can sign in any more. */
void sb_api_user_delete(struct sb_call *call)
{
	int64_t user = changeable_user(call);
	if (!user)
		return;
	sb_db_run(call->sb->db, "UPDATE users SET status = 'deleted' WHERE n = ?", SB_ARGS(SB_I(user)));
	sb_auth_end_sessions(call->sb, user);
	sb_empty(call, 204);
}
