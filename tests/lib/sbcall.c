/* Owns the calls of tests into a sandbox of the same process. */
#include "tests/lib/sbcall.h"

#include "base/json.h"
#include "base/mem.h"
#include "sandbox/router.h"
#include "sandbox/seed.h"

#include <setjmp.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void start(struct sbcall *t, const struct prism_clock *clock, const struct sb_config *config)
{
	struct prism_error err = PRISM_ERROR_INIT;
	static const struct sb_config plain;
	t->loop = prism_loop_create(clock);
	t->sb = sb_create(t->loop, config ? config : &plain, &err);
	if (!t->sb)
		fail_msg("sandbox: %s", err.message);
}

void sbcall_start(struct sbcall *t, const struct sb_config *config)
{
	memset(t, 0, sizeof(*t));
	prism_clock_manual_init(&t->clock, SBCALL_WALL_US);
	start(t, &t->clock.clock, config);
}

void sbcall_start_real(struct sbcall *t, const struct sb_config *config)
{
	memset(t, 0, sizeof(*t));
	start(t, prism_clock_system(), config);
}

void sbcall_finish(struct sbcall *t)
{
	sb_destroy(t->sb);
	prism_loop_destroy(t->loop);
	for (unsigned i = 0; i < PRISM_COUNT(t->token); i++)
		prism_free(t->token[i]);
	prism_free(t->text);
	cJSON_Delete(t->doc);
}

int sbcall_setup(void **state)
{
	*state = prism_alloc(sizeof(struct sbcall));
	sbcall_start(*state, NULL);
	return 0;
}

int sbcall_setup_empty(void **state)
{
	*state = prism_alloc(sizeof(struct sbcall));
	sbcall_start(*state, &(struct sb_config){.seed = "empty"});
	return 0;
}

int sbcall_teardown(void **state)
{
	sbcall_finish(*state);
	prism_free(*state);
	return 0;
}

static void raw_call(struct sbcall *t, const char *bearer, const char *method, const char *target,
                     const char *body)
{
	struct sb_call call = {
	    .sb = t->sb,
	    .method = (enum sb_method)sb_method_parse(method),
	    .target = target,
	    .bearer = bearer,
	    .content_type = t->content_type ? t->content_type : "application/json",
	    .body = body,
	    .body_len = body ? strlen(body) : 0,
	};
	sb_router_answer(&call);
	t->status = call.status;
	prism_free(t->text);
	t->text = prism_strdup(call.answer_type ? prism_buf_text(&call.out.buf) : "");
	cJSON_Delete(t->doc);
	t->doc = cJSON_Parse(t->text);
	snprintf(t->type, sizeof(t->type), "%s", call.answer_type ? call.answer_type : "");
	t->location[0] = '\0';
	for (unsigned i = 0; i < call.header_count; i++)
		if (strstr(call.header[i].name, "Location"))
			snprintf(t->location, sizeof(t->location), "%s", call.header[i].value);
	sb_call_finish(&call);
}

static const char *token_of(struct sbcall *t, int who)
{
	if (who == SB_NOBODY)
		return NULL;
	if (!t->token[who]) {
		const struct sb_sample_user *user = &sb_seed_users()[who];
		PRISM_AUTO_FREE char *body = prism_asprintf("{\"username\":\"%s\",\"password\":\"%s\"}",
		                                            user->username, user->password);
		raw_call(t, NULL, "POST", "/users/tokens/issue", body);
		assert_int_equal(t->status, 201);
		t->token[who] = prism_strdup(sbcall_text(t, "access_token"));
	}
	return t->token[who];
}

/* Ids are not known before the sandbox is. */
static char *with_workspaces(struct sbcall *t, const char *path)
{
	struct prism_buf buf = PRISM_BUF_INIT(1u << 20);
	for (const char *c = path; *c; c++) {
		bool lab = strncmp(c, "{W}", 3) == 0, pilot = strncmp(c, "{H}", 3) == 0;
		if (!lab && !pilot) {
			prism_buf_putc(&buf, *c);
			continue;
		}
		PRISM_AUTO_FREE char *id =
		    sb_db_text(t->sb->db, "SELECT id FROM workspaces WHERE route = ?",
		               SB_ARGS(SB_T(lab ? "open-science-lab" : "hospital-pilot")));
		prism_buf_puts(&buf, id ? id : "none");
		c += 2;
	}
	return prism_buf_take(&buf, NULL);
}

int sbcall(struct sbcall *t, int who, const char *method, const char *body, const char *path, ...)
{
	char text[2048];
	va_list args;
	va_start(args, path);
	vsnprintf(text, sizeof(text), path, args);
	va_end(args);
	PRISM_AUTO_FREE char *target = with_workspaces(t, text);
	raw_call(t, t->bearer ? t->bearer : token_of(t, who), method, target, body);
	return t->status;
}

static const cJSON *find(struct sbcall *t, const char *path)
{
	const cJSON *at = t->doc;
	PRISM_AUTO_FREE char *copy = prism_strdup(path);
	for (char *part = copy, *next; at && part && *part; part = next) {
		next = strchr(part, '.');
		if (next)
			*next++ = '\0';
		at = cJSON_IsArray(at) ? cJSON_GetArrayItem(at, (int)strtol(part, NULL, 10))
		                       : cJSON_GetObjectItemCaseSensitive(at, part);
	}
	return at;
}

const char *sbcall_text(struct sbcall *t, const char *path)
{
	const cJSON *at = find(t, path);
	return cJSON_IsString(at) ? at->valuestring : "";
}

int64_t sbcall_int(struct sbcall *t, const char *path)
{
	const cJSON *at = find(t, path);
	return cJSON_IsNumber(at) ? (int64_t)at->valuedouble : INT64_MIN;
}

int sbcall_size(struct sbcall *t, const char *path)
{
	const cJSON *at = find(t, path);
	return cJSON_IsArray(at) ? cJSON_GetArraySize(at) : -1;
}

void sbcall_refused(struct sbcall *t, int status, const char *outer, const char *inner)
{
	if (t->status != status)
		fail_msg("status %d instead of %d: %s", t->status, status, t->text);
	assert_string_equal(sbcall_text(t, "message"), outer);
	assert_string_equal(sbcall_text(t, "error"), inner);
	assert_string_equal(t->type, "application/json");
}

char *sbcall_user_id(struct sbcall *t, int who)
{
	return sb_db_text(t->sb->db, "SELECT id FROM users WHERE username = ?",
	                  SB_ARGS(SB_T(sb_seed_users()[who].username)));
}

char *sbcall_computation(struct sbcall *t, const char *name)
{
	char *id =
	    sb_db_text(t->sb->db, "SELECT id FROM computations WHERE name = ?", SB_ARGS(SB_T(name)));
	assert_non_null(id);
	return id;
}
