/* Dry run, run, runs, stop and manifest (prism-api.md sections 3.5, 4.4 and 6.2). */
#include "sandbox/api.h"
#include "sandbox/cvm.h"
#include "sandbox/manifest.h"
#include "sandbox/run.h"
#include "sandbox/users.h"

static void write_list(struct sb_json *out, const char *key, const char **list, size_t count)
{
	if (!count) { /* as Go writes a nil slice */
		sb_json_null(out, key);
		return;
	}
	sb_json_array(out, key);
	for (size_t i = 0; i < count; i++)
		sb_json_str(out, NULL, list[i]);
	sb_json_end(out);
}

static void write_missing(struct sb_json *out, const struct sb_manifest *m)
{
	sb_json_object(out, NULL);
	sb_json_object(out, "missing_items");
	write_list(out, "keys", m->missing_keys, m->missing_key_count);
	write_list(out, "hashes", m->missing_hashes, m->missing_hash_count);
	write_list(out, "info", m->missing_info, m->missing_info_count);
	sb_json_end(out);
	sb_json_end(out);
}

void sb_api_computation_dryrun(struct sb_call *call)
{
	write_missing(&call->out, sb_manifest_gather(call->sb, call->arena, call->computation));
	sb_ok(call, 200);
}

void sb_api_computation_manifest(struct sb_call *call)
{
	sb_manifest_write(&call->out, sb_manifest_gather(call->sb, call->arena, call->computation),
	                  NULL);
	sb_ok(call, 200);
}

/* The CVM of ?cvm=, ready to run; answers and gives 0 otherwise. */
static int64_t ready_cvm(struct sb_call *call)
{
	const char *id = sb_query(call, "cvm");
	if (!id || !id[0]) {
		sb_invalid(call, SB_TEXT_MISSING_ID);
		return 0;
	}
	int64_t cvm = sb_db_int(call->sb->db, 0, "SELECT n FROM cvms WHERE id = ? AND workspace = ?",
	                        SB_ARGS(SB_T(id), SB_I(call->workspace)));
	if (!cvm) {
		sb_fail(call, 404, SB_TEXT_NOT_FOUND, "");
		return 0;
	}
	if (!sb_cvm_ready(call->sb, cvm)) {
		sb_fail(call, 409, "cvm is not ready to run a computation", "");
		return 0;
	}
	return cvm;
}

void sb_api_computation_run(struct sb_call *call)
{
	struct prism_error err = PRISM_ERROR_INIT;
	int64_t cvm = ready_cvm(call);
	if (!cvm)
		return;
	struct sb_run_request request = {
	    .computation = call->computation,
	    .cvm = cvm,
	    .user = call->caller.n,
	    .user_name = sb_user_name(call, call->caller.n),
	    .manifest = sb_manifest_gather(call->sb, call->arena, call->computation),
	};
	if (!sb_manifest_complete(request.manifest)) {
		sb_fail(call, 422, SB_TEXT_UPDATE, "computation is missing items, see dryrun");
		return;
	}
	if (!sb_plan_allows(call, SB_PLAN_RUNS, call->workspace))
		return;
	char id[37];
	if (sb_run_start(call->sb, &request, id, &err) < 0) {
		sb_fail(call, 422, "failed to run computation", err.message);
		return;
	}
	sb_json_str(&call->out, NULL, id);
	sb_ok(call, 200);
}

/* CROSS JOIN: SQLite then reads runs, which are few, before computations, which may be many. */
#define RUN_TABLES " FROM runs r CROSS JOIN computations c ON c.n = r.computation"
#define RUN_COLUMNS                                                                          \
	"r.id, c.id, v.id, v.name, r.agent_url, r.status, r.number, r.created_at, r.start_time," \
	" r.end_time" RUN_TABLES " CROSS JOIN cvms v ON v.n = r.cvm"
#define RUN_OF_ONE " AND r.computation = (SELECT n FROM computations WHERE id = ?)"
#define RUN_PAGE " ORDER BY r.created_at DESC, r.n DESC LIMIT ? OFFSET ?"

static int64_t time_of(const struct sb_rows *rows, int column)
{
	return sb_rows_null(rows, column) ? PRISM_TIME_UNSET : sb_rows_int(rows, column);
}

static void write_run(struct sb_json *out, const struct sb_rows *rows)
{
	sb_json_object(out, NULL);
	sb_json_str(out, "id", sb_rows_text(rows, 0));
	sb_json_str(out, "computation_id", sb_rows_text(rows, 1));
	sb_json_str(out, "cvm_id", sb_rows_text(rows, 2));
	sb_json_str(out, "cvm_name", sb_rows_text(rows, 3));
	sb_json_str(out, "agent_url", sb_rows_text(rows, 4));
	sb_json_str(out, "status", sb_rows_text(rows, 5));
	sb_json_int(out, "index", sb_rows_int(rows, 6));
	sb_json_time(out, "created_at", sb_rows_int(rows, 7));
	sb_json_time(out, "start_time", time_of(rows, 8));
	sb_json_time(out, "end_time", time_of(rows, 9));
	sb_json_end(out);
}

void sb_api_run_latest(struct sb_call *call)
{
	SB_AUTO_ROWS struct sb_rows *rows =
	    sb_db_query(call->sb->db,
	                "SELECT " RUN_COLUMNS " WHERE r.computation = ? ORDER BY r.number DESC LIMIT 1",
	                SB_ARGS(SB_I(call->computation)));
	if (!sb_rows_next(&rows)) {
		sb_fail(call, 404, SB_TEXT_NOT_FOUND, "");
		return;
	}
	write_run(&call->out, rows);
	sb_ok(call, 200);
}

void sb_api_run_list(struct sb_call *call)
{
	struct sb_page page;
	const char *id = sb_query(call, "computation_id");
	if (sb_page_parse(call, &page) < 0)
		return;
	/* The runs of one computation are read through its index, not picked out of all. */
	const char *count = id ? "SELECT count(*)" RUN_TABLES " WHERE c.workspace = ?" RUN_OF_ONE
	                       : "SELECT count(*)" RUN_TABLES " WHERE c.workspace = ? AND ? IS NULL";
	const char *sql = id ? "SELECT " RUN_COLUMNS " WHERE c.workspace = ?" RUN_OF_ONE RUN_PAGE
	                     : "SELECT " RUN_COLUMNS " WHERE c.workspace = ? AND ? IS NULL" RUN_PAGE;
	uint64_t generation =
	    sb_db_generation(call->sb->db, "runs") + sb_db_generation(call->sb->db, "computations");
	int64_t total =
	    sb_db_count(call->sb->db, generation, count, SB_ARGS(SB_I(call->workspace), SB_T(id)));
	SB_AUTO_ROWS struct sb_rows *rows =
	    sb_db_query(call->sb->db, sql,
	                SB_ARGS(SB_I(call->workspace), SB_T(id), SB_I(page.limit), SB_I(page.offset)));
	sb_json_object(&call->out, NULL);
	sb_page_write(call, &page, total);
	sb_json_array(&call->out, "runs");
	while (sb_rows_next(&rows))
		write_run(&call->out, rows);
	sb_json_end(&call->out);
	sb_json_end(&call->out);
	sb_ok(call, 200);
}

void sb_api_computation_stop(struct sb_call *call)
{
	if (sb_run_stop(call->sb, call->computation))
		sb_empty(call, 200);
	else
		sb_fail(call, 409, "computation is not running", "");
}
