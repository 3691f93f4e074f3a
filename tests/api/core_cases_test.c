/*
 * API cases: each tests/api/core/NAME.case holds what core is asked to do, the requests it must
 * send, the replies served, and what core must make of them.
 *
 *   # comment
 *   option NAME=VALUE            a setting
 *   do VERB ARGUMENT...          the verbs are the table below; arguments may be 'quoted'
 *   > METHOD TARGET              a request that must come (any order; each once)
 *   >NAME: VALUE                 a header it must carry
 *   >{...}                       the JSON its body must equal
 *   < STATUS CONTENT-TYPE        the reply; CONTENT-TYPE may be missing
 *   <NAME: VALUE                 a header of the reply
 *   anything else                a line of the reply's body
 *   want TEXT                    a line core must have told (see tell())
 *   has TEXT                     a text that must occur in what it told
 *   not TEXT                     a text that must not
 *
 * ##-TODAY-# stands for the date, as in 2025-11-12.
 *
 * Whoever is signed in is "u1" (tokens A1 and R1), in workspace "w1"; requests nobody expects fail
 * the case, except the lookup of names.
 */
#include "base/file.h"
#include "base/mem.h"
#include "core/asset.h"
#include "core/cert.h"
#include "core/checklist.h"
#include "core/computation.h"
#include "core/cvm.h"
#include "core/dashboard.h"
#include "core/key.h"
#include "core/manifest.h"
#include "core/role.h"
#include "core/run.h"
#include "core/workspace.h"
#include "tests/lib/corerun.h"
#include "tests/lib/peer.h"

#include <ctype.h>
#include <dirent.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <strings.h>

#include <cjson/cJSON.h>
#include <cmocka.h>

#define DIR_OF_CASES "tests/api/core"
#define EXCHANGES_MAX 64
#define WORDS_MAX 8

struct exchange {
	char *method, *target;
	struct prism_buf headers; /* lines "name: value" the request must carry */
	struct prism_buf body;    /* JSON it must equal; empty: not looked at */
	int status;
	char *type;
	struct prism_buf reply_headers, reply;
	bool served;
};

struct api_case {
	char name[128];
	struct exchange exchange[EXCHANGES_MAX];
	size_t exchanges;
	struct prism_buf options, wants; /* lines */
	char *words[WORDS_MAX];          /* of the do line */
	size_t word_count;
	pthread_mutex_t lock;
	struct prism_buf complaints;
	/* while it runs */
	struct corerun *run;
	struct prism_buf told;
};

#define TEXT_MAX (16u << 20)

/* --- reading a case --- */

static void read_exchange_line(struct api_case *c, char *line)
{
	struct exchange *x = &c->exchange[c->exchanges ? c->exchanges - 1 : 0];
	if (line[0] == '>' && line[1] == ' ') {
		assert_true(c->exchanges < EXCHANGES_MAX);
		x = &c->exchange[c->exchanges++];
		*x = (struct exchange){.status = 200};
		prism_buf_init(&x->headers, TEXT_MAX);
		prism_buf_init(&x->body, TEXT_MAX);
		prism_buf_init(&x->reply_headers, TEXT_MAX);
		prism_buf_init(&x->reply, TEXT_MAX);
		char *space = strchr(line + 2, ' ');
		assert_non_null(space);
		*space = '\0';
		x->method = prism_strdup(line + 2);
		x->target = prism_strdup(space + 1);
		x->type = prism_strdup("");
	} else if (line[0] == '>' && (line[1] == '{' || line[1] == '[')) {
		prism_buf_puts(&x->body, line + 1);
	} else if (line[0] == '>') {
		prism_buf_printf(&x->headers, "%s\n", line + 1);
	} else if (line[0] == '<' && line[1] == ' ') {
		char *end;
		x->status = (int)strtol(line + 2, &end, 10);
		prism_free(x->type);
		x->type = prism_strdup(*end ? end + 1 : "");
	} else if (line[0] == '<' && line[1] != '!' && strchr(line, ':') &&
	           islower((unsigned char)line[1])) {
		prism_buf_printf(&x->reply_headers, "%s\r\n", line + 1);
	} else {
		if (x->reply.len)
			prism_buf_putc(&x->reply, '\n');
		prism_buf_puts(&x->reply, line);
	}
}

static void split_words(struct api_case *c, const char *at)
{
	while (*(at += strspn(at, " "))) {
		bool quoted = *at == '\'';
		size_t len = quoted ? strcspn(at + 1, "'") : strcspn(at, " ");
		assert_true(c->word_count < WORDS_MAX);
		c->words[c->word_count++] = prism_strndup(at + quoted, len);
		at += len + (quoted ? 2 : 0);
	}
}

/* Statistics end today: ##-TODAY-# stands for its ten characters. */
static void put_today(char *text)
{
	char now[PRISM_TIME_TEXT];

	prism_time_format(prism_clock_wall_us(prism_clock_system()), 0, now);
	for (char *at = strstr(text, "##-TODAY-#"); at; at = strstr(at, "##-TODAY-#"))
		memcpy(at, now, 10);
}

static struct api_case *case_read(const char *path)
{
	struct prism_buf text = PRISM_BUF_INIT(TEXT_MAX);
	assert_int_equal(prism_file_read(path, TEXT_MAX, &text, NULL), 0);
	struct api_case *c = prism_alloc(sizeof(*c));
	pthread_mutex_init(&c->lock, NULL);
	prism_buf_init(&c->options, TEXT_MAX);
	prism_buf_init(&c->wants, TEXT_MAX);
	prism_buf_init(&c->complaints, TEXT_MAX);
	prism_buf_init(&c->told, TEXT_MAX);
	char *save = NULL;
	put_today(text.data);
	for (char *line = strtok_r(text.data, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		if (*line == '#')
			continue;
		if (strncmp(line, "option ", 7) == 0)
			prism_buf_printf(&c->options, "%s\n", line + 7);
		else if (strncmp(line, "do ", 3) == 0)
			split_words(c, line + 3);
		else if (strncmp(line, "want ", 5) == 0 || strncmp(line, "has ", 4) == 0 ||
		         strncmp(line, "not ", 4) == 0)
			prism_buf_printf(&c->wants, "%s\n", line);
		else
			read_exchange_line(c, line);
	}
	prism_buf_finish(&text);
	assert_true(c->word_count > 0);
	return c;
}

static void case_free(struct api_case *c)
{
	for (size_t i = 0; i < c->exchanges; i++) {
		struct exchange *x = &c->exchange[i];
		prism_free(x->method);
		prism_free(x->target);
		prism_free(x->type);
		prism_buf_finish(&x->headers);
		prism_buf_finish(&x->body);
		prism_buf_finish(&x->reply_headers);
		prism_buf_finish(&x->reply);
	}
	for (size_t i = 0; i < c->word_count; i++)
		prism_free(c->words[i]);
	prism_buf_finish(&c->options);
	prism_buf_finish(&c->wants);
	prism_buf_finish(&c->complaints);
	prism_buf_finish(&c->told);
	pthread_mutex_destroy(&c->lock);
	prism_free(c);
}

/* --- serving --- */

static void serve_text(struct peer_conn *conn, int status, const char *type, const char *headers,
                       const char *body, size_t len)
{
	struct prism_buf out = PRISM_BUF_INIT(TEXT_MAX);
	prism_buf_printf(&out, "HTTP/1.1 %d Reply\r\nContent-Length: %zu\r\n", status, len);
	if (*type)
		prism_buf_printf(&out, "Content-Type: %s\r\n", type);
	prism_buf_printf(&out, "%s\r\n", headers);
	prism_buf_put(&out, body, len);
	peer_write(conn, out.data, out.len);
	prism_buf_finish(&out);
}

static bool has_header(const char *request, const char *line, size_t len)
{
	const char *end = strstr(request, "\r\n\r\n");
	for (const char *at = strstr(request, "\r\n"); at && at < end; at = strstr(at + 2, "\r\n")) {
		size_t name = strcspn(line, ":");
		const char *found = at + 2;
		if (strncasecmp(found, line, name + 1) == 0 &&
		    strncmp(found + name + 1, line + name + 1, len - name - 1) == 0 && found[len] == '\r')
			return true;
	}
	return false;
}

static void check_request(struct api_case *c, const struct exchange *x, const char *request)
{
	const char *body = strstr(request, "\r\n\r\n");
	body = body ? body + 4 : "";
	for (const char *line = prism_buf_text(&x->headers); *line; line += strcspn(line, "\n") + 1)
		if (!has_header(request, line, strcspn(line, "\n")))
			prism_buf_printf(&c->complaints, "%s %s lacks the header %.*s\n", x->method, x->target,
			                 (int)strcspn(line, "\n"), line);
	if (x->body.len == 0)
		return;
	cJSON *want = cJSON_Parse(x->body.data), *got = cJSON_Parse(body);
	if (!want || !cJSON_Compare(want, got, true))
		prism_buf_printf(&c->complaints, "%s %s has the body %s, not %s\n", x->method, x->target,
		                 body, x->body.data);
	cJSON_Delete(want);
	cJSON_Delete(got);
}

static struct exchange *find_exchange(struct api_case *c, const char *method, const char *target)
{
	for (size_t i = 0; i < c->exchanges; i++) {
		struct exchange *x = &c->exchange[i];
		if (!x->served && strcmp(x->method, method) == 0 && strcmp(x->target, target) == 0)
			return x;
	}
	return NULL;
}

static void serve_default(struct api_case *c, struct peer_conn *conn, const char *method,
                          const char *target)
{
	static const char tokens[] = "{\"access_token\":\"A1\",\"refresh_token\":\"R1\"}";
	static const char me[] =
	    "{\"id\":\"u1\",\"first_name\":\"Ada\",\"last_name\":\"Sample\","
	    "\"email\":\"ada@example.org\",\"credentials\":{\"username\":\"ada\"}}";
	static const char unknown[] = "{\"error\":\"\",\"message\":\"view entity failed\"}";
	if (strcmp(target, "/users/tokens/issue") == 0)
		serve_text(conn, 201, "application/json", "", tokens, strlen(tokens));
	else if (strcmp(target, "/users/profile") == 0)
		serve_text(conn, 200, "application/json", "", me, strlen(me));
	else if (strcmp(method, "GET") == 0 && strncmp(target, "/users/", 7) == 0)
		serve_text(conn, 400, "application/json", "", unknown, strlen(unknown));
	else {
		prism_buf_printf(&c->complaints, "nobody expected %s %s\n", method, target);
		serve_text(conn, 404, "application/json", "", "{}", 2);
	}
}

static void serve(struct peer_conn *conn, void *data)
{
	struct api_case *c = data;
	char *request = prism_alloc(1 << 20);
	while (peer_read_request(conn, request, 1 << 20)) {
		char method[16], target[4096];
		if (sscanf(request, "%15s %4095s", method, target) != 2)
			break;
		pthread_mutex_lock(&c->lock);
		struct exchange *x = find_exchange(c, method, target);
		if (x) {
			x->served = true;
			check_request(c, x, request);
			serve_text(conn, x->status, x->type, prism_buf_text(&x->reply_headers),
			           prism_buf_text(&x->reply), x->reply.len);
		} else {
			serve_default(c, conn, method, target);
		}
		pthread_mutex_unlock(&c->lock);
	}
	prism_free(request);
}

/* --- telling --- */

static void tell(struct api_case *c, const char *fmt, ...) PRISM_PRINTF(2, 3);
static void tell(struct api_case *c, const char *fmt, ...)
{
	char line[65536];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	prism_buf_printf(&c->told, "%s\n", line);
}

static void tell_error(struct api_case *c, const struct prism_error *err)
{
	if (!err) {
		tell(c, "ok");
		return;
	}
	tell(c, "error %s", prism_error_word(err->category));
	tell(c, "status %d", err->status);
	tell(c, "message %s", err->message);
	tell(c, "hint %s", err->hint);
	tell(c, "operation %s", err->operation);
}

static void told_done(void *data, const struct prism_error *err)
{
	struct api_case *c = data;
	tell_error(c, err);
	corerun_done(c->run, err);
}

static void told_id(void *data, const char *id, const struct prism_error *err)
{
	struct api_case *c = data;
	tell(c, "id %s", id);
	told_done(data, err);
}

static void told_key(void *data, enum core_key_state state, const struct prism_error *err)
{
	static const char *const words[] = {"unknown", "missing", "registered"};
	tell(data, "key %s", words[state]);
	told_done(data, err);
}

static void told_event(void *data, const struct core_run_event *event, enum core_comp_state state,
                       const struct prism_error *err)
{
	tell(data, "state %s", core_comp_state_info(state)->word);
	if (event)
		tell(data, "event %s %s %s", event->type, event->status, event->details);
	told_done(data, err);
}

static void told_text(void *data, const char *text, size_t len, const struct prism_error *err)
{
	tell(data, "text %.*s", (int)len, text);
	told_done(data, err);
}

static void told_users(void *data, const struct core_users *users, const struct prism_error *err)
{
	char name[256];
	for (size_t i = 0; users && i < users->count; i++)
		tell(data, "user %s %s", users->users[i].id,
		     core_user_display(&users->users[i], name, sizeof(name)));
	told_done(data, err);
}

static void told_stats(void *data, const struct core_stat *stats, size_t count,
                       const struct prism_error *err)
{
	for (size_t i = 0; i < count; i++)
		tell(data, "stat %s %s %lld", stats[i].day, stats[i].status, (long long)stats[i].count);
	told_done(data, err);
}

static void told_words(void *data, const char *const *words, size_t count,
                       const struct prism_error *err)
{
	for (size_t i = 0; i < count; i++)
		tell(data, "word %s", words[i]);
	told_done(data, err);
}

/* --- verbs: ask, wait, tell --- */

typedef int (*verb_fn)(struct api_case *c, struct core *core, char **arg, struct prism_error *err);

static int do_computations(struct api_case *c, struct core *core, char **arg,
                           struct prism_error *err)
{
	return core_list_await(core_computations(core), true, NULL, told_done, c, err);
}

static void tell_computations(struct api_case *c, struct core *core, char **arg)
{
	struct core_list *list = core_computations(core);
	tell(c, "count %zu", core_list_count(list));
	tell(c, "freshness %s", core_freshness_word(core_list_status(list)->freshness));
	for (size_t i = 0; i < core_list_count(list); i++) {
		const struct core_computation *at = core_computation_at(list, i);
		tell(c, "computation %s|%s|%s|%s", at->id, at->name,
		     core_computation_state_label(core, at->id), at->owner);
	}
}

static int do_workspaces(struct api_case *c, struct core *core, char **arg, struct prism_error *err)
{
	return core_list_await(core_workspaces(core), true, NULL, told_done, c, err);
}

static void tell_workspaces(struct api_case *c, struct core *core, char **arg)
{
	for (size_t i = 0; i < core_list_count(core_workspaces(core)); i++) {
		const struct core_workspace *at = core_workspace_at(core_workspaces(core), i);
		tell(c, "workspace %s|%s|%s", at->id, at->name, at->alias);
	}
}

static int do_computation(struct api_case *c, struct core *core, char **arg,
                          struct prism_error *err)
{
	core_computation_load(core, arg[0], true);
	corerun_settle(c->run);
	told_done(c, core_computation_status(core, arg[0])->error.category
	                 ? &core_computation_status(core, arg[0])->error
	                 : NULL);
	return 0;
}

static void tell_computation(struct api_case *c, struct core *core, char **arg)
{
	const struct core_computation *at = core_computation_get(core, arg[0]);
	if (!at)
		return;
	tell(c, "name %s", at->name);
	tell(c, "state %s", core_comp_state_info(core_computation_state(core, arg[0]))->word);
	tell(c, "label %s", core_computation_state_label(core, arg[0]));
	tell(c, "mode %s", core_tls_mode_info(core_tls_mode_of(at->agent))->word);
	tell(c, "log level %s", at->agent->log_level);
	tell(c, "started %s", at->start_us == PRISM_TIME_UNSET ? "never" : "once");
}

static int do_create(struct api_case *c, struct core *core, char **arg, struct prism_error *err)
{
	struct core_computation_draft draft = {.name = arg[0], .description = arg[1]};
	return core_computation_create(core, &draft, NULL, told_id, c, err);
}

static int do_rename(struct api_case *c, struct core *core, char **arg, struct prism_error *err)
{
	struct core_computation_draft draft = {.name = arg[1]};
	return core_computation_update(core, arg[0], &draft, NULL, told_done, c, err);
}

/* The same, and only when the server's copy is still the one given. */
static int do_rename_on(struct api_case *c, struct core *core, char **arg, struct prism_error *err)
{
	struct core_computation_draft draft = {.name = arg[1], .base = arg[2]};
	return core_computation_update(core, arg[0], &draft, NULL, told_done, c, err);
}

static int do_mode(struct api_case *c, struct core *core, char **arg, struct prism_error *err)
{
	struct core_computation_draft draft = {.set_mode = true};
	assert_int_equal(core_tls_mode_parse(arg[1], &draft.mode, NULL), 0);
	return core_computation_update(core, arg[0], &draft, NULL, told_done, c, err);
}

static int do_delete(struct api_case *c, struct core *core, char **arg, struct prism_error *err)
{
	return core_computation_delete(core, arg[0], NULL, told_done, c, err);
}

static int do_run(struct api_case *c, struct core *core, char **arg, struct prism_error *err)
{
	return core_run_start(core, arg[0], arg[1], NULL, told_id, c, err);
}

static int do_stop(struct api_case *c, struct core *core, char **arg, struct prism_error *err)
{
	return core_run_stop(core, arg[0], NULL, told_done, c, err);
}

static int do_status(struct api_case *c, struct core *core, char **arg, struct prism_error *err)
{
	return core_run_status(core, arg[0], NULL, told_event, c, err);
}

static int do_timeline(struct api_case *c, struct core *core, char **arg, struct prism_error *err)
{
	return core_timeline_await(core, arg[0], true, NULL, told_done, c, err);
}

static void tell_timeline(struct api_case *c, struct core *core, char **arg)
{
	struct core_timeline t = core_timeline(core, arg[0]);
	char title[128], status[128];
	for (size_t i = 0; i < t.count; i++) {
		tell(c, "card #%d %s %s%s", t.cards[i].number, t.cards[i].run.id,
		     core_comp_state_info(t.cards[i].state)->word,
		     t.cards[i].results_waiting ? " results waiting" : "");
		tell(c, "agent %s", core_run_agent_url(core, arg[0], t.cards[i].run.id));
		for (size_t e = 0; e < t.cards[i].event_count; e++)
			tell(c, "event %s: %s",
			     core_event_title(t.cards[i].events[e].type, title, sizeof(title)),
			     core_status_title(t.cards[i].events[e].status, status, sizeof(status)));
	}
}

static int do_manifest(struct api_case *c, struct core *core, char **arg, struct prism_error *err)
{
	return core_manifest_await(core, arg[0], true, NULL, told_done, c, err);
}

static void tell_manifest(struct api_case *c, struct core *core, char **arg)
{
	const struct core_manifest *m = core_manifest(core, arg[0]);
	if (!m)
		return;
	tell(c, "raw %.*s", (int)m->raw_len, m->raw);
	tell(c, "algorithm %s", m->has_algorithm ? m->algorithm.hash : "none");
	for (size_t i = 0; i < m->dataset_count; i++)
		tell(c, "dataset %s %s", m->datasets[i].hash, m->datasets[i].file_name);
}

static int do_checklist(struct api_case *c, struct core *core, char **arg, struct prism_error *err)
{
	return core_checklist_await(core, arg[0], true, NULL, told_done, c, err);
}

static void tell_checklist(struct api_case *c, struct core *core, char **arg)
{
	struct core_checklist list = core_checklist(core, arg[0]);
	for (size_t i = 0; i < list.count; i++)
		tell(c, "item %s %s (%s)", list.items[i].done ? "done" : "open", list.items[i].text,
		     list.items[i].fix);
	tell(c, "known %s", list.known ? "yes" : "no");
	tell(c, "runnable %s", list.runnable ? "yes" : "no");
	tell(c, "authoritative %s", list.authoritative ? "yes" : "no");
}

static int do_key(struct api_case *c, struct core *core, char **arg, struct prism_error *err)
{
	return core_key_check_now(core, arg[0], NULL, told_key, c, err);
}

static int do_register(struct api_case *c, struct core *core, char **arg, struct prism_error *err)
{
	return core_key_register(core, arg[0], arg[1], strlen(arg[1]), NULL, told_done, c, err);
}

static int do_roles(struct api_case *c, struct core *core, char **arg, struct prism_error *err)
{
	return core_roles_await(core, arg[0], true, NULL, told_done, c, err);
}

static void tell_roles(struct api_case *c, struct core *core, char **arg)
{
	struct core_roles roles = core_roles(core, arg[0]);
	for (size_t i = 0; i < roles.count; i++) {
		tell(c, "role %s %s bits %u members %zu%s", roles.roles[i].id, roles.roles[i].name,
		     roles.roles[i].bits, roles.roles[i].member_count,
		     roles.roles[i].members_known ? "" : " unknown");
		for (size_t m = 0; m < roles.roles[i].member_count; m++)
			tell(c, "member %s %s", roles.roles[i].name, roles.roles[i].members[m]);
	}
	struct core_permissions p = core_permissions(core, arg[0]);
	tell(c, "mine %s %u", p.known ? "known" : "unknown", p.effective);
}

static int do_grant(struct api_case *c, struct core *core, char **arg, struct prism_error *err)
{
	const char *words[] = {arg[1]};
	return core_role_grant_me(core, arg[0], words, 1, NULL, told_done, c, err);
}

static int do_actions(struct api_case *c, struct core *core, char **arg, struct prism_error *err)
{
	return core_role_actions_known(core, arg[0], NULL, told_words, c, err);
}

static int do_assets(struct api_case *c, struct core *core, char **arg, struct prism_error *err)
{
	return core_list_await(core_assets(core), true, NULL, told_done, c, err);
}

static void tell_asset_list(struct api_case *c, const struct core_list *list)
{
	for (size_t i = 0; i < core_list_count(list); i++) {
		const struct core_asset *at = core_asset_at(list, i);
		tell(c, "asset %s|%s|%s|%s", at->id, core_asset_type_word(at->type), at->file_name,
		     at->checksum);
	}
}

static void tell_assets(struct api_case *c, struct core *core, char **arg)
{
	tell_asset_list(c, core_assets(core));
}

static int do_linked(struct api_case *c, struct core *core, char **arg, struct prism_error *err)
{
	return core_list_await(core_computation_assets(core, arg[0]), true, NULL, told_done, c, err);
}

static void tell_linked(struct api_case *c, struct core *core, char **arg)
{
	tell_asset_list(c, core_computation_assets(core, arg[0]));
}

static int do_asset_create(struct api_case *c, struct core *core, char **arg,
                           struct prism_error *err)
{
	struct core_asset_draft draft = {
	    .file_name = arg[0], .description = arg[1], .checksum = arg[2], .type = CORE_ASSET_DATASET};
	return core_asset_create(core, &draft, NULL, told_id, c, err);
}

static int do_asset_describe(struct api_case *c, struct core *core, char **arg,
                             struct prism_error *err)
{
	struct core_asset_draft draft = {.description = arg[1], .type = CORE_ASSET_OTHER};
	return core_asset_update(core, arg[0], &draft, NULL, told_done, c, err);
}

static int do_link(struct api_case *c, struct core *core, char **arg, struct prism_error *err)
{
	return core_asset_link(core, arg[0], arg[1], NULL, told_done, c, err);
}

static int do_unlink(struct api_case *c, struct core *core, char **arg, struct prism_error *err)
{
	return core_asset_unlink(core, arg[0], arg[1], NULL, told_done, c, err);
}

static int do_cvms(struct api_case *c, struct core *core, char **arg, struct prism_error *err)
{
	return core_list_await(core_cvms(core), true, NULL, told_done, c, err);
}

static void tell_cvms(struct api_case *c, struct core *core, char **arg)
{
	for (size_t i = 0; i < core_list_count(core_cvms(core)); i++) {
		const struct core_cvm *at = core_cvm_at(core_cvms(core), i);
		tell(c, "cvm %s|%s|%s|%s|%s|%s", at->id, at->name, core_cvm_phase_info(at->phase)->word,
		     at->agent_url, core_provider_label(at->provider), core_platform_label(at->platform));
	}
}

static int do_cvm_create(struct api_case *c, struct core *core, char **arg, struct prism_error *err)
{
	struct core_cvm_draft draft = {.name = arg[0], .provider = arg[1], .platform = arg[2]};
	return core_cvm_create(core, &draft, NULL, told_id, c, err);
}

static int do_policy(struct api_case *c, struct core *core, char **arg, struct prism_error *err)
{
	return core_cvm_policy(core, arg[0], NULL, told_text, c, err);
}

static int do_user_search(struct api_case *c, struct core *core, char **arg,
                          struct prism_error *err)
{
	return core_user_search(core, arg[0], NULL, told_users, c, err);
}

static int do_stats(struct api_case *c, struct core *core, char **arg, struct prism_error *err)
{
	return core_run_statistics(core, 7, NULL, told_stats, c, err);
}

static int do_days(struct api_case *c, struct core *core, char **arg, struct prism_error *err)
{
	return core_days_await(core, (int)strtol(arg[0], NULL, 10), NULL, told_done, c, err);
}

static void tell_days(struct api_case *c, struct core *core, char **arg)
{
	struct core_days days = core_days(core);
	tell(c, "days %zu", days.count);
	for (int i = 0; i < CORE_COMP_STATE_COUNT; i++)
		if (days.total[i])
			tell(c, "total %s %llu", core_comp_state_info((enum core_comp_state)i)->word,
			     (unsigned long long)days.total[i]);
}

static int do_needs(struct api_case *c, struct core *core, char **arg, struct prism_error *err)
{
	return core_needs_await(core, NULL, told_done, c, err);
}

static void tell_needs(struct api_case *c, struct core *core, char **arg)
{
	struct core_needs needs = core_needs(core);
	tell(c, "needs %zu of %zu", needs.count, needs.left_out);
	for (size_t i = 0; i < needs.count; i++)
		tell(c, "need %s %s %s", core_need_word(needs.items[i].kind), needs.items[i].computation_id,
		     needs.items[i].name);
}

static int do_login(struct api_case *c, struct core *core, char **arg, struct prism_error *err)
{
	core_session_logout(core);
	prism_buf_clear(&c->told);
	return core_session_login(core, arg[0], prism_secret_from_text(arg[1]), NULL, told_done, c,
	                          err);
}

static void tell_session(struct api_case *c, struct core *core, char **arg)
{
	const struct core_user *me = core_session_user(core);
	char name[256];
	tell(c, "session %s", core_session_word(core_session_state(core)));
	tell(c, "me %s", me ? core_user_display(me, name, sizeof(name)) : "unknown");
}

static int do_workspace_create(struct api_case *c, struct core *core, char **arg,
                               struct prism_error *err)
{
	return core_workspace_create(core, arg[0], arg[1], NULL, told_id, c, err);
}

static int do_workspace_rename(struct api_case *c, struct core *core, char **arg,
                               struct prism_error *err)
{
	return core_workspace_rename(core, arg[0], arg[1], NULL, told_done, c, err);
}

static int do_workspace_disable(struct api_case *c, struct core *core, char **arg,
                                struct prism_error *err)
{
	return core_workspace_set_enabled(core, arg[0], false, NULL, told_done, c, err);
}

static int do_workspace_enable(struct api_case *c, struct core *core, char **arg,
                               struct prism_error *err)
{
	return core_workspace_set_enabled(core, arg[0], true, NULL, told_done, c, err);
}

static int do_role_create(struct api_case *c, struct core *core, char **arg,
                          struct prism_error *err)
{
	const char *actions[] = {arg[2]}, *members[] = {arg[3]};
	return core_role_create(core, arg[0], arg[1], actions, 1, members, 1, NULL, told_id, c, err);
}

static int do_role_rename(struct api_case *c, struct core *core, char **arg,
                          struct prism_error *err)
{
	return core_role_rename(core, arg[0], arg[1], arg[2], NULL, told_done, c, err);
}

static int do_role_delete(struct api_case *c, struct core *core, char **arg,
                          struct prism_error *err)
{
	return core_role_delete(core, arg[0], arg[1], NULL, told_done, c, err);
}

/* scope, role, change (0 to 3 as in enum core_role_change), word */
static int do_role_edit(struct api_case *c, struct core *core, char **arg, struct prism_error *err)
{
	const char *words[] = {arg[3]};
	enum core_role_change change = (enum core_role_change)strtol(arg[2], NULL, 10);
	return core_role_edit(core, arg[0], arg[1], change, words, 1, NULL, told_done, c, err);
}

static int do_workspace_roles(struct api_case *c, struct core *core, char **arg,
                              struct prism_error *err)
{
	return core_roles_await(core, NULL, true, NULL, told_done, c, err);
}

static void tell_workspace_roles(struct api_case *c, struct core *core, char **arg)
{
	struct core_roles roles = core_roles(core, NULL);
	for (size_t i = 0; i < roles.count; i++)
		tell(c, "role %s %s bits %u members %zu", roles.roles[i].id, roles.roles[i].name,
		     roles.roles[i].bits, roles.roles[i].member_count);
}

static int do_verification(struct api_case *c, struct core *core, char **arg,
                           struct prism_error *err)
{
	return core_session_send_verification(core, NULL, told_done, c, err);
}

static int do_asset_delete(struct api_case *c, struct core *core, char **arg,
                           struct prism_error *err)
{
	return core_asset_delete(core, arg[0], NULL, told_done, c, err);
}

static int do_cvm_delete(struct api_case *c, struct core *core, char **arg, struct prism_error *err)
{
	return core_cvm_delete(core, arg[0], NULL, told_done, c, err);
}

static int do_certs(struct api_case *c, struct core *core, char **arg, struct prism_error *err)
{
	return core_list_await(core_certs(core, arg[0]), true, NULL, told_done, c, err);
}

static void tell_certs(struct api_case *c, struct core *core, char **arg)
{
	struct core_list *list = core_certs(core, arg[0]);
	char time[PRISM_TIME_TEXT];
	for (size_t i = 0; i < core_list_count(list); i++) {
		const struct core_cert *at = core_cert_at(list, i);
		tell(c, "cert %s|%s|%s|%s", at->serial, at->entity_id, at->revoked ? "revoked" : "",
		     prism_time_format(at->expires_us, 0, time));
	}
}

static int do_cert_issue(struct api_case *c, struct core *core, char **arg, struct prism_error *err)
{
	const char *const addresses[] = {arg[1]};
	return core_cert_issue(core, arg[0], addresses, *arg[1] != '-', NULL, told_id, c, err);
}

static void then_renew(void *data, const struct prism_error *err)
{
	struct api_case *c = data;
	struct prism_error failed = PRISM_ERROR_INIT;
	if (err || core_cert_renew(c->run->core, c->words[2], NULL, told_id, c, &failed) < 0)
		told_id(c, "", err ? err : &failed);
}

/* The list is known before, as on the screen. */
static int do_cert_renew(struct api_case *c, struct core *core, char **arg, struct prism_error *err)
{
	return core_list_await(core_certs(core, arg[0]), true, NULL, then_renew, c, err);
}

static int do_cert_revoke(struct api_case *c, struct core *core, char **arg,
                          struct prism_error *err)
{
	return core_cert_revoke(core, arg[0], NULL, told_done, c, err);
}

static int do_cert_delete(struct api_case *c, struct core *core, char **arg,
                          struct prism_error *err)
{
	return core_cert_delete(core, arg[0], NULL, told_done, c, err);
}

static void told_files(void *data, const struct core_cert_files *files,
                       const struct prism_error *err)
{
	told_done(data, err);
}

static void then_download(void *data, const struct prism_error *err)
{
	struct api_case *c = data;
	struct prism_error failed = PRISM_ERROR_INIT;
	if (err || core_cert_download(c->run->core, c->words[2], NULL, told_files, c, &failed) < 0)
		told_done(c, err ? err : &failed);
}

static int do_cert_download(struct api_case *c, struct core *core, char **arg,
                            struct prism_error *err)
{
	return core_list_await(core_certs(core, arg[0]), true, NULL, then_download, c, err);
}

static void told_ca(void *data, const char *pem, size_t size, const struct prism_error *err)
{
	told_done(data, err);
}

static int do_cert_ca(struct api_case *c, struct core *core, char **arg, struct prism_error *err)
{
	return core_cert_ca(core, NULL, told_ca, c, err);
}

static int do_cert_resolve(struct api_case *c, struct core *core, char **arg,
                           struct prism_error *err)
{
	return core_cert_resolve(core, arg[0], NULL, told_id, c, err);
}

static int do_resolve(struct api_case *c, struct core *core, char **arg, struct prism_error *err)
{
	return core_computation_resolve(core, arg[0], NULL, told_id, c, err);
}

static const struct {
	const char *name;
	size_t words;
	verb_fn ask;
	void (*after)(struct api_case *c, struct core *core, char **arg);
} verbs[] = {
    {"login", 2, do_login, tell_session},
    {"workspaces", 0, do_workspaces, tell_workspaces},
    {"workspace-create", 2, do_workspace_create, NULL},
    {"computations", 0, do_computations, tell_computations},
    {"computation", 1, do_computation, tell_computation},
    {"create", 2, do_create, NULL},
    {"rename", 2, do_rename, NULL},
    {"rename-on", 3, do_rename_on, NULL},
    {"mode", 2, do_mode, NULL},
    {"delete", 1, do_delete, NULL},
    {"run", 2, do_run, NULL},
    {"stop", 1, do_stop, NULL},
    {"status", 1, do_status, NULL},
    {"timeline", 1, do_timeline, tell_timeline},
    {"manifest", 1, do_manifest, tell_manifest},
    {"checklist", 1, do_checklist, tell_checklist},
    {"key", 1, do_key, NULL},
    {"register", 2, do_register, NULL},
    {"roles", 1, do_roles, tell_roles},
    {"grant", 2, do_grant, NULL},
    {"actions", 1, do_actions, NULL},
    {"assets", 0, do_assets, tell_assets},
    {"linked", 1, do_linked, tell_linked},
    {"asset-create", 3, do_asset_create, NULL},
    {"asset-describe", 2, do_asset_describe, NULL},
    {"link", 2, do_link, NULL},
    {"unlink", 2, do_unlink, NULL},
    {"cvms", 0, do_cvms, tell_cvms},
    {"cvm-create", 3, do_cvm_create, NULL},
    {"policy", 1, do_policy, NULL},
    {"user-search", 1, do_user_search, NULL},
    {"stats", 0, do_stats, NULL},
    {"days", 1, do_days, tell_days},
    {"needs", 0, do_needs, tell_needs},
    {"workspace-rename", 2, do_workspace_rename, NULL},
    {"workspace-disable", 1, do_workspace_disable, NULL},
    {"workspace-enable", 1, do_workspace_enable, NULL},
    {"workspace-roles", 0, do_workspace_roles, tell_workspace_roles},
    {"role-create", 4, do_role_create, NULL},
    {"role-rename", 3, do_role_rename, NULL},
    {"role-delete", 2, do_role_delete, NULL},
    {"role-edit", 4, do_role_edit, NULL},
    {"verification", 0, do_verification, NULL},
    {"asset-delete", 1, do_asset_delete, NULL},
    {"cvm-delete", 1, do_cvm_delete, NULL},
    {"certs", 1, do_certs, tell_certs},
    {"cert-issue", 2, do_cert_issue, NULL},
    {"cert-renew", 2, do_cert_renew, NULL},
    {"cert-revoke", 1, do_cert_revoke, NULL},
    {"cert-delete", 1, do_cert_delete, NULL},
    {"cert-download", 2, do_cert_download, NULL},
    {"cert-ca", 0, do_cert_ca, NULL},
    {"cert-resolve", 1, do_cert_resolve, NULL},
    {"resolve", 1, do_resolve, NULL},
};

/* --- running one case --- */

static void run_verb(struct api_case *c)
{
	for (size_t i = 0; i < PRISM_COUNT(verbs); i++) {
		if (strcmp(verbs[i].name, c->words[0]) != 0)
			continue;
		assert_int_equal(c->word_count - 1, verbs[i].words);
		struct prism_error err = PRISM_ERROR_INIT;
		unsigned before = c->run->calls;
		if (verbs[i].ask(c, c->run->core, c->words + 1, &err) < 0)
			tell_error(c, &err);
		else if (c->run->calls == before)
			corerun_wait(c->run);
		corerun_settle(c->run);
		if (verbs[i].after)
			verbs[i].after(c, c->run->core, c->words + 1);
		return;
	}
	fail_msg("%s: no verb \"%s\"", c->name, c->words[0]);
}

static bool has_line(const char *text, const char *line, size_t len)
{
	for (const char *at = text; *at; at += strcspn(at, "\n") + 1)
		if (strcspn(at, "\n") == len && strncmp(at, line, len) == 0)
			return true;
	return false;
}

static void check_wants(struct api_case *c)
{
	const char *told = prism_buf_text(&c->told);
	for (const char *want = prism_buf_text(&c->wants); *want; want += strcspn(want, "\n") + 1) {
		size_t word = strcspn(want, " ") + 1, len = strcspn(want, "\n") - word;
		PRISM_AUTO_FREE char *text = prism_strndup(want + word, len);
		bool good = *want == 'w'   ? has_line(told, text, len)
		            : *want == 'h' ? strstr(told, text) != NULL
		                           : strstr(told, text) == NULL;
		if (!good)
			prism_buf_printf(&c->complaints, "unmet: %.*s\n", (int)strcspn(want, "\n"), want);
	}
	for (size_t i = 0; i < c->exchanges; i++)
		if (!c->exchange[i].served)
			prism_buf_printf(&c->complaints, "never came: %s %s\n", c->exchange[i].method,
			                 c->exchange[i].target);
}

static void run_case(void **state)
{
	const char *path = *state;
	struct api_case *c = case_read(path);
	snprintf(c->name, sizeof(c->name), "%s", prism_path_base(path));
	struct peer *peer = peer_start(serve, c, NULL);
	char url[64];
	snprintf(url, sizeof(url), "http://127.0.0.1:%u", peer_port(peer));
	c->run = corerun_open(url, NULL);
	for (const char *line = prism_buf_text(&c->options); *line; line += strcspn(line, "\n") + 1) {
		PRISM_AUTO_FREE char *option = prism_strndup(line, strcspn(line, "\n"));
		assert_int_equal(core_options_assign(c->run->options, option, NULL), 0);
	}
	bool own_login = strcmp(c->words[0], "login") == 0;
	if (!own_login)
		corerun_login(c->run, "ada", "secret");
	core_workspace_select(c->run->core, "w1", "Lab");
	run_verb(c);
	corerun_close(c->run);
	peer_stop(peer);
	check_wants(c);
	bool good = c->complaints.len == 0;
	if (!good)
		print_error("%s\n%stold:\n%s\n", path, prism_buf_text(&c->complaints),
		            prism_buf_text(&c->told));
	case_free(c);
	assert_true(good);
}

/* --- all of them --- */

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct CMUnitTest *)a)->name, ((const struct CMUnitTest *)b)->name);
}

int main(int argc, char **argv)
{
	struct CMUnitTest tests[512] = {{0}};
	size_t count = 0;
	DIR *dir = opendir(DIR_OF_CASES);
	if (!dir) {
		fprintf(stderr, "run from the top of the tree: %s is missing\n", DIR_OF_CASES);
		return 2;
	}
	for (struct dirent *entry; (entry = readdir(dir)) && count < PRISM_COUNT(tests);) {
		size_t len = strlen(entry->d_name);
		if (len < 6 || strcmp(entry->d_name + len - 5, ".case") != 0)
			continue;
		if (argc > 1 && !strstr(entry->d_name, argv[1]))
			continue;
		char *path = prism_asprintf("%s/%s", DIR_OF_CASES, entry->d_name);
		tests[count++] = (struct CMUnitTest){path, run_case, NULL, NULL, path};
	}
	closedir(dir);
	if (count == 0) {
		fprintf(stderr, "no case found\n");
		return 2;
	}
	qsort(tests, count, sizeof(tests[0]), by_name);
	int failed = _cmocka_run_group_tests("api cases", tests, count, NULL, NULL);
	for (size_t i = 0; i < count; i++)
		prism_free((char *)(uintptr_t)tests[i].name);
	return failed;
}
