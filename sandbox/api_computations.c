/* Computations and their public keys (prism-api.md sections 3.5 and 4.3). Runs: api_runs.c. */
#include "net/crypto.h"
#include "sandbox/api.h"
#include "sandbox/computations.h"
#include "sandbox/logsearch.h"
#include "sandbox/run.h"

static const char *const config_fields[] = {"log_level", "cert_file", "server_key",
                                            "server_ca_file", "client_ca_file"};

static bool is_known(const char *key)
{
	bool known = strcmp(key, "attested_tls") == 0;

	for (unsigned i = 0; i < PRISM_COUNT(config_fields); i++)
		known = known || strcmp(config_fields[i], key) == 0;
	return known;
}

/* The agent_config as it is stored and given back: the known fields, then what else was sent, as
 * it is. Yours. */
static char *config_text(const cJSON *config)
{
	const cJSON *field;
	struct sb_json j;
	sb_json_init(&j);
	sb_json_object(&j, NULL);
	for (unsigned i = 0; i < PRISM_COUNT(config_fields); i++)
		sb_json_str(&j, config_fields[i], prism_json_str(config, config_fields[i], ""));
	sb_json_bool(&j, "attested_tls", prism_json_bool(config, "attested_tls", false));
	for (field = prism_json_members(config); field; field = field->next) {
		if (is_known(field->string))
			continue;
		PRISM_AUTO_FREE char *value = prism_json_print(field, false);
		sb_json_raw(&j, field->string, value);
	}
	sb_json_end(&j);
	char *text = prism_buf_take(&j.buf, NULL);
	sb_json_finish(&j);
	return text;
}

static const char *refusal(const cJSON *body)
{
	static const char *const levels[] = {"", "debug", "info", "warn", "error"};
	const char *name = prism_json_str(body, "name", "");
	const cJSON *config = prism_json_get(body, "agent_config");
	const char *level = prism_json_str(config, "log_level", "");
	bool known = false;
	for (unsigned i = 0; i < PRISM_COUNT(levels); i++)
		known |= strcmp(levels[i], level) == 0;
	if (config && !cJSON_IsObject(config))
		return SB_TEXT_MALFORMED;
	if (!name[0])
		return "missing identity name";
	if (strlen(name) > 1024)
		return "invalid name size";
	if (!prism_json_str(body, "description", "")[0])
		return "missing description";
	return known ? NULL : "invalid level";
}

void sb_api_computation_create(struct sb_call *call)
{
	const char *reason = refusal(call->json);
	if (reason) {
		sb_invalid(call, reason);
		return;
	}
	if (!sb_plan_allows(call, SB_PLAN_COMPUTATIONS, call->workspace))
		return;
	char id[37];
	net_uuid4(id);
	PRISM_AUTO_FREE char *config = config_text(prism_json_get(call->json, "agent_config"));
	int64_t now = sb_now_us(call->sb);
	if (sb_db_run(call->sb->db,
	              "INSERT INTO computations(id, workspace, name, description, owner,"
	              " agent_config, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
	              SB_ARGS(SB_T(id), SB_I(call->workspace),
	                      SB_T(prism_json_str(call->json, "name", "")),
	                      SB_T(prism_json_str(call->json, "description", "")), SB_I(call->caller.n),
	                      SB_T(config), SB_I(now), SB_I(now))) != 1) {
		sb_fail(call, 422, SB_TEXT_CREATE, "");
		return;
	}
	sb_header(call, "HX-Location", "/computations/%s", id);
	sb_empty(call, 201);
}

#define COMPUTATION_COLUMNS                                                             \
	"c.id, c.name, c.description, (SELECT id FROM users WHERE n = c.owner), c.status, " \
	"c.created_at,"                                                                     \
	" c.updated_at, c.start_time, c.end_time, c.agent_config"

static void write_computation(struct sb_json *out, const struct sb_rows *rows, bool full)
{
	sb_json_object(out, NULL);
	sb_json_str(out, "id", sb_rows_text(rows, 0));
	sb_json_str(out, "name", sb_rows_text(rows, 1));
	sb_json_str(out, "description", sb_rows_text(rows, 2));
	sb_json_str(out, "owner", sb_rows_text(rows, 3));
	sb_json_str(out, "status", sb_rows_text(rows, 4));
	sb_json_time(out, "created_at", sb_rows_int(rows, 5));
	sb_json_time(out, "updated_at", sb_rows_int(rows, 6));
	sb_json_time(out, "start_time",
	             sb_rows_null(rows, 7) ? PRISM_TIME_UNSET : sb_rows_int(rows, 7));
	sb_json_time(out, "end_time", sb_rows_null(rows, 8) ? PRISM_TIME_UNSET : sb_rows_int(rows, 8));
	if (full)
		sb_json_raw(out, "agent_config", sb_rows_text(rows, 9));
	sb_json_end(out);
}

static const char *order_clause(const struct sb_page *page)
{
	static const struct {
		const char *word, *column;
	} orders[] = {
	    {"name", "c.name COLLATE NOCASE"},
	    {"created_at", "c.created_at"},
	    {"updated_at", "c.updated_at"},
	    {"status", "c.status"},
	    {"owner", "c.owner"},
	    {"description", "c.description COLLATE NOCASE"},
	};
	for (unsigned i = 0; page->order && i < PRISM_COUNT(orders); i++)
		if (strcmp(page->order, orders[i].word) == 0)
			return orders[i].column;
	return page->order ? "c.created_at" : "c.updated_at"; /* supermq's default */
}

/* The WHERE of a list: only the clauses that are needed, so that indexes serve. */
static unsigned list_where(struct sb_call *call, struct prism_buf *where, struct sb_arg *args)
{
	unsigned count = 0;
	const char *name = sb_query(call, "name"), *status = sb_query(call, "status");
	prism_buf_puts(where, "c.workspace = ?");
	args[count++] = (struct sb_arg)SB_I(call->workspace);
	if (name && name[0]) {
		prism_buf_puts(where, " AND c.name LIKE ? ESCAPE '\\'");
		args[count++] = (struct sb_arg)SB_T(sb_like(call, name));
	}
	if (status && status[0] && strcmp(status, "all") != 0) {
		prism_buf_puts(where, " AND c.status = ?");
		args[count++] = (struct sb_arg)SB_T(status);
	}
	return count;
}

void sb_api_computation_list(struct sb_call *call)
{
	struct sb_page page;
	struct sb_arg args[8] = {{0}};
	PRISM_AUTO_BUF struct prism_buf where = PRISM_BUF_INIT(4096);
	if (sb_page_parse(call, &page) < 0)
		return;
	unsigned count = list_where(call, &where, args);
	/* Names are all in one index: counting those with a text in them need not read the rows. */
	const char *name = sb_query(call, "name");
	PRISM_AUTO_FREE char *count_sql =
	    prism_asprintf("SELECT count(*) FROM computations c %s WHERE %s",
	                   name && name[0] && count == 2 ? "INDEXED BY computations_by_name" : "",
	                   prism_buf_text(&where));
	int64_t total =
	    sb_db_count(call->sb->db, sb_db_generation(call->sb->db, "computations"), count_sql, args);
	const char *dir = page.ascending ? "ASC" : "DESC";
	/* Row numbers first: a deep offset then steps over index entries only. */
	PRISM_AUTO_FREE char *sql = prism_asprintf(
	    "SELECT " COMPUTATION_COLUMNS " FROM (SELECT c.n AS found FROM computations c WHERE %s"
	    " ORDER BY %s %s, c.n %s LIMIT ? OFFSET ?) JOIN computations c ON c.n = found ORDER BY"
	    " %s %s, c.n %s",
	    prism_buf_text(&where), order_clause(&page), dir, dir, order_clause(&page), dir, dir);
	args[count] = (struct sb_arg)SB_I(page.limit);
	args[count + 1] = (struct sb_arg)SB_I(page.offset);
	/* Behind the end there is nothing to look for. */
	SB_AUTO_ROWS struct sb_rows *rows =
	    page.offset < total ? sb_db_query(call->sb->db, sql, args) : NULL;
	sb_json_object(&call->out, NULL);
	sb_page_write(call, &page, total);
	sb_json_array(&call->out, "computations");
	while (sb_rows_next(&rows))
		write_computation(&call->out, rows, false);
	sb_json_end(&call->out);
	sb_json_end(&call->out);
	sb_ok(call, 200);
}

void sb_api_computation_view(struct sb_call *call)
{
	SB_AUTO_ROWS struct sb_rows *rows = sb_db_query(
	    call->sb->db, "SELECT " COMPUTATION_COLUMNS " FROM computations c WHERE c.n = ?",
	    SB_ARGS(SB_I(call->computation)));
	if (sb_rows_next(&rows))
		write_computation(&call->out, rows, true);
	sb_ok(call, 200);
}

/* The TLS part is read-only once the computation has run (seed: "some fields become read-only"). */
void sb_api_computation_update(struct sb_call *call)
{
	const char *reason = refusal(call->json);
	if (reason) {
		sb_invalid(call, reason);
		return;
	}
	PRISM_AUTO_FREE char *config = config_text(prism_json_get(call->json, "agent_config"));
	PRISM_AUTO_FREE char *stored =
	    sb_db_text(call->sb->db, "SELECT agent_config FROM computations WHERE n = ?",
	               SB_ARGS(SB_I(call->computation)));
	int64_t runs = sb_db_int(call->sb->db, 0, "SELECT runs FROM computations WHERE n = ?",
	                         SB_ARGS(SB_I(call->computation)));
	if (runs && strcmp(config, stored ? stored : "") != 0) {
		sb_fail(call, 422, SB_TEXT_UPDATE, "agent configuration is read-only after the first run");
		return;
	}
	sb_db_run(call->sb->db,
	          "UPDATE computations SET name = ?, description = ?, agent_config = ?, updated_at ="
	          " ? WHERE n = ?",
	          SB_ARGS(SB_T(prism_json_str(call->json, "name", "")),
	                  SB_T(prism_json_str(call->json, "description", "")), SB_T(config),
	                  SB_I(sb_now_us(call->sb)), SB_I(call->computation)));
	sb_empty(call, 200);
}

void sb_api_computation_delete(struct sb_call *call)
{
	if (sb_computation_running(call->sb, call->computation)) {
		sb_fail(call, 422, SB_TEXT_REMOVE, "computation is running");
		return;
	}
	sb_run_stop(call->sb, call->computation); /* agents that stayed for downloads */
	sb_db_begin(call->sb->db);
	sb_db_run(call->sb->db, "DELETE FROM roles WHERE kind = 1 AND entity = ?",
	          SB_ARGS(SB_I(call->computation)));
	sb_db_run(call->sb->db, "DELETE FROM computations WHERE n = ?",
	          SB_ARGS(SB_I(call->computation)));
	sb_db_commit(call->sb->db);
	sb_searches_forget(call->sb->searches);
	sb_empty(call, 204);
}

/* ---- keys ---- */

void sb_api_computation_key_set(struct sb_call *call)
{
	const char *text = prism_json_str(call->json, "key", "");
	struct prism_error err = PRISM_ERROR_INIT;
	PRISM_AUTO_BUF struct prism_buf der = PRISM_BUF_INIT(16384);
	if (!text[0]) {
		sb_invalid(call, "missing key");
		return;
	}
	struct net_key *key = net_key_read_public(text, strlen(text), &err);
	int rc = key ? net_key_public_der(key, &der, &err) : -1;
	net_key_destroy(key);
	if (rc < 0) {
		sb_invalid(call, "invalid public key");
		return;
	}
	sb_db_run(call->sb->db,
	          "INSERT INTO computation_keys(computation, user, der, created_at) VALUES (?, ?, ?,"
	          " ?) ON CONFLICT(computation, user) DO UPDATE SET der = excluded.der, created_at ="
	          " excluded.created_at",
	          SB_ARGS(SB_I(call->computation), SB_I(call->caller.n), SB_B(der.data, der.len),
	                  SB_I(sb_now_us(call->sb))));
	sb_empty(call, 201);
}

void sb_api_computation_key_check(struct sb_call *call)
{
	bool there = sb_db_int(call->sb->db, 0,
	                       "SELECT 1 FROM computation_keys WHERE computation = ? AND user = ?",
	                       SB_ARGS(SB_I(call->computation), SB_I(call->caller.n)));
	sb_json_object(&call->out, NULL);
	sb_json_bool(&call->out, "uploaded", there);
	sb_json_end(&call->out);
	sb_ok(call, 200);
}
