/* Assets and their links with computations (prism-api.md sections 3.7 and 4.12). */
#include "base/text.h"
#include "net/crypto.h"
#include "sandbox/api.h"

#define SAMPLE_MAX (10u << 20) /* bytes; section 3.7 */
#define CHECKSUM_HEX 64        /* SHA3-256 */

struct asset_body {
	const char *file_name, *description, *type, *mime_type, *sample, *key;
	char checksum[CHECKSUM_HEX + 1];
};

static bool is_type(const char *type)
{
	return strcmp(type, "dataset") == 0 || strcmp(type, "algorithm") == 0;
}

static const char *read_checksum(const cJSON *asset, char out[CHECKSUM_HEX + 1])
{
	const char *text = prism_json_str(asset, "Checksum", prism_json_str(asset, "hash", ""));
	uint8_t bytes[CHECKSUM_HEX / 2];
	size_t len = 0;
	out[0] = '\0';
	if (!text[0])
		return NULL;
	if (strlen(text) != CHECKSUM_HEX ||
	    prism_hex_decode(text, CHECKSUM_HEX, bytes, sizeof(bytes), &len, NULL) < 0)
		return "invalid checksum";
	prism_hex_encode(bytes, len, out);
	return NULL;
}

static const char *check_sample(const char *sample)
{
	struct prism_error err = PRISM_ERROR_INIT;
	PRISM_AUTO_BUF struct prism_buf bytes = PRISM_BUF_INIT(SAMPLE_MAX);
	if (!sample[0] || prism_base64_decode(sample, strlen(sample), &bytes, &err) == 0)
		return NULL;
	return err.category == PRISM_ERROR_LIMIT ? "sample is larger than 10 MB"
	                                         : "sample is not base64";
}

/* The object in "asset", or the body itself when that is the sample's text. Answers 400, -1. */
static int read_body(struct sb_call *call, struct asset_body *ret)
{
	const cJSON *asset = prism_json_get(call->json, "asset");
	if (!asset || !cJSON_IsObject(asset))
		asset = call->json;
	*ret = (struct asset_body){
	    .file_name = prism_json_str(asset, "file_name", ""),
	    .description = prism_json_str(asset, "description", ""),
	    .type = prism_json_str(asset, "asset_type", ""),
	    .mime_type = prism_json_str(asset, "mime_type", ""),
	    .sample = prism_json_str(asset, "asset", ""),
	    .key = prism_json_str(asset, "user_key", prism_json_str(asset, "UserKey", "")),
	};
	const char *reason = !ret->description[0]  ? "missing description"
	                     : !is_type(ret->type) ? "invalid asset type"
	                     : strlen(ret->file_name) > 255 || strchr(ret->file_name, '/')
	                         ? "invalid file name"
	                         : read_checksum(asset, ret->checksum);
	if (!reason)
		reason = check_sample(ret->sample);
	if (reason)
		sb_invalid(call, reason);
	return reason ? -1 : 0;
}

void sb_api_asset_create(struct sb_call *call)
{
	struct asset_body body;
	char id[37];
	if (read_body(call, &body) < 0)
		return;
	net_uuid4(id);
	if (sb_db_run(call->sb->db,
	              "INSERT INTO assets(id, workspace, owner, file_name, description, asset_type,"
	              " mime_type, sample, checksum, user_key, created_at) VALUES (?, ?, ?, ?, ?, ?,"
	              " ?, ?, ?, ?, ?)",
	              SB_ARGS(SB_T(id), SB_I(call->workspace), SB_I(call->caller.n),
	                      SB_T(body.file_name), SB_T(body.description), SB_T(body.type),
	                      SB_T(body.mime_type), SB_T(body.sample), SB_T(body.checksum),
	                      SB_T(body.key), SB_I(sb_now_us(call->sb)))) != 1) {
		sb_fail(call, 422, SB_TEXT_CREATE, "");
		return;
	}
	sb_header(call, "HX-Location", "/assets/%s", id);
	sb_empty(call, 201);
}

#define ASSET_COLUMNS                                                                  \
	"a.n, a.id, a.file_name, (SELECT id FROM users WHERE n = a.owner), a.description," \
	" a.asset_type, a.created_at, a.checksum, a.mime_type, a.user_key"

static void write_links(struct sb_call *call, int64_t asset)
{
	bool any = false;
	SB_AUTO_ROWS struct sb_rows *rows = sb_db_query(
	    call->sb->db,
	    "SELECT c.id, c.name FROM asset_links l JOIN computations c ON c.n = l.computation WHERE"
	    " l.asset = ? ORDER BY l.linked_at, c.n LIMIT 1000",
	    SB_ARGS(SB_I(asset)));
	while (sb_rows_next(&rows)) {
		if (!any)
			sb_json_array(&call->out, "Computations");
		any = true;
		sb_json_object(&call->out, NULL);
		sb_json_str(&call->out, "id", sb_rows_text(rows, 0));
		sb_json_str(&call->out, "name", sb_rows_text(rows, 1));
		sb_json_end(&call->out);
	}
	if (any)
		sb_json_end(&call->out);
	else
		sb_json_null(&call->out, "Computations");
}

/* rows: ASSET_COLUMNS; sample NULL: left out. */
static void write_asset(struct sb_call *call, const struct sb_rows *rows, const char *sample)
{
	struct sb_json *out = &call->out;
	sb_json_object(out, NULL);
	sb_json_str(out, "file_name", sb_rows_text(rows, 2));
	sb_json_str(out, "id", sb_rows_text(rows, 1));
	sb_json_str(out, "UserID", sb_rows_text(rows, 3));
	sb_json_str(out, "description", sb_rows_text(rows, 4));
	sb_json_str(out, "asset_type", sb_rows_text(rows, 5));
	if (sample)
		sb_json_str(out, "asset", sample);
	sb_json_time(out, "created_at", sb_rows_int(rows, 6));
	sb_json_str(out, "Checksum", sb_rows_text(rows, 7));
	sb_json_str(out, "mime_type", sb_rows_text(rows, 8));
	write_links(call, sb_rows_int(rows, 0));
	sb_json_str(out, "UserKey", sb_rows_text(rows, 9));
	sb_json_end(out);
}

/* {A} of the workspace in the path; answers 404 and gives 0 when it is not one. */
static int64_t asset_of_path(struct sb_call *call)
{
	int64_t asset =
	    sb_db_int(call->sb->db, 0, "SELECT n FROM assets WHERE id = ? AND workspace = ?",
	              SB_ARGS(SB_T(sb_path_param(call, 'A')), SB_I(call->workspace)));
	if (!asset)
		sb_fail(call, 404, SB_TEXT_NOT_FOUND, "");
	return asset;
}

/* A page of `from`, whose first ? is `value`; further filters come from the query. */
static void list(struct sb_call *call, const char *from, int64_t value)
{
	struct sb_page page;
	if (sb_page_parse(call, &page) < 0)
		return;
	const char *name = sb_query(call, "name"), *type = sb_query(call, "asset_type");
	const char *like = name && name[0] ? sb_like(call, name) : NULL;
	if (type && !type[0])
		type = NULL;
	PRISM_AUTO_FREE char *where = prism_asprintf("%s AND (?2 IS NULL OR a.file_name LIKE ?2 ESCAPE "
	                                             "'\\' OR a.description LIKE ?2 ESCAPE '\\') AND"
	                                             " (?3 IS NULL OR a.asset_type = ?3)",
	                                             from);
	const char *order = page.order && strcmp(page.order, "name") == 0 ? "a.file_name COLLATE NOCASE"
	                                                                  : "a.created_at";
	PRISM_AUTO_FREE char *count_sql = prism_asprintf("SELECT count(*) %s", where);
	PRISM_AUTO_FREE char *sql =
	    prism_asprintf("SELECT " ASSET_COLUMNS " %s ORDER BY %s %s, a.n LIMIT ?4 OFFSET ?5", where,
	                   order, page.ascending ? "ASC" : "DESC");
	int64_t total =
	    sb_db_int(call->sb->db, 0, count_sql, SB_ARGS(SB_I(value), SB_T(like), SB_T(type)));
	SB_AUTO_ROWS struct sb_rows *rows = sb_db_query(
	    call->sb->db, sql,
	    SB_ARGS(SB_I(value), SB_T(like), SB_T(type), SB_I(page.limit), SB_I(page.offset)));
	sb_json_object(&call->out, NULL);
	sb_page_write(call, &page, total);
	sb_json_array(&call->out, "assets");
	while (sb_rows_next(&rows))
		write_asset(call, rows, NULL);
	sb_json_end(&call->out);
	sb_json_end(&call->out);
	sb_ok(call, 200);
}

void sb_api_asset_list(struct sb_call *call)
{
	list(call, "FROM assets a WHERE a.workspace = ?1", call->workspace);
}

void sb_api_computation_assets(struct sb_call *call)
{
	list(call, "FROM asset_links l JOIN assets a ON a.n = l.asset WHERE l.computation = ?1",
	     call->computation);
}

void sb_api_asset_view(struct sb_call *call)
{
	int64_t asset = asset_of_path(call);
	if (!asset)
		return;
	SB_AUTO_ROWS struct sb_rows *rows =
	    sb_db_query(call->sb->db, "SELECT " ASSET_COLUMNS ", a.sample FROM assets a WHERE a.n = ?",
	                SB_ARGS(SB_I(asset)));
	if (sb_rows_next(&rows))
		write_asset(call, rows, sb_rows_text(rows, 10));
	sb_ok(call, 200);
}

/* Only whoever made an asset, or a workspace administrator, changes it. */
static int64_t changeable_asset(struct sb_call *call)
{
	int64_t asset = asset_of_path(call);
	if (!asset)
		return 0;
	int64_t owner =
	    sb_db_int(call->sb->db, 0, "SELECT owner FROM assets WHERE n = ?", SB_ARGS(SB_I(asset)));
	if (owner == call->caller.n || (call->workspace_actions & SB_W_ALL) == SB_W_ALL)
		return asset;
	sb_fail(call, 403, SB_TEXT_AUTHZ, "");
	return 0;
}

void sb_api_asset_update(struct sb_call *call)
{
	struct asset_body body;
	int64_t asset = changeable_asset(call);
	if (!asset || read_body(call, &body) < 0)
		return;
	sb_db_run(call->sb->db,
	          "UPDATE assets SET file_name = ?, description = ?, asset_type = ?, mime_type = ?,"
	          " sample = ?, checksum = ?, user_key = ?, updated_at = ? WHERE n = ?",
	          SB_ARGS(SB_T(body.file_name), SB_T(body.description), SB_T(body.type),
	                  SB_T(body.mime_type), SB_T(body.sample), SB_T(body.checksum), SB_T(body.key),
	                  SB_I(sb_now_us(call->sb)), SB_I(asset)));
	sb_empty(call, 200);
}

void sb_api_asset_delete(struct sb_call *call)
{
	int64_t asset = changeable_asset(call);
	if (!asset)
		return;
	sb_db_run(call->sb->db, "DELETE FROM assets WHERE n = ?", SB_ARGS(SB_I(asset)));
	sb_empty(call, 204);
}

/* The provider action that the asset's type asks for. */
static bool is_provider(struct sb_call *call, int64_t asset)
{
	bool algorithm =
	    sb_db_int(call->sb->db, 0, "SELECT asset_type = 'algorithm' FROM assets WHERE n = ?",
	              SB_ARGS(SB_I(asset)));
	return call->computation_actions & (algorithm ? SB_C_ALGO_PROVIDER : SB_C_DATASET_PROVIDER);
}

/* The agent runs one algorithm: a second one has no place. */
static bool algorithm_taken(struct sb_call *call, int64_t asset)
{
	return sb_db_int(
	    call->sb->db, 0,
	    "SELECT 1 FROM asset_links l JOIN assets a ON a.n = l.asset WHERE l.computation = ?1 AND"
	    " a.asset_type = 'algorithm' AND (SELECT asset_type FROM assets WHERE n = ?2) ="
	    " 'algorithm'",
	    SB_ARGS(SB_I(call->computation), SB_I(asset)));
}

void sb_api_asset_link(struct sb_call *call)
{
	int64_t asset = asset_of_path(call);
	if (!asset)
		return;
	if (!is_provider(call, asset)) {
		sb_fail(call, 403, SB_TEXT_AUTHZ, "");
		return;
	}
	if (algorithm_taken(call, asset)) {
		sb_fail(call, 409, SB_TEXT_CONFLICT, "the computation has an algorithm already");
		return;
	}
	if (sb_db_run(
	        call->sb->db,
	        "INSERT INTO asset_links(computation, asset, linked_by, linked_at) VALUES (?, ?, ?, ?)",
	        SB_ARGS(SB_I(call->computation), SB_I(asset), SB_I(call->caller.n),
	                SB_I(sb_now_us(call->sb)))) != 1)
		sb_fail(call, 422, SB_TEXT_CREATE, SB_TEXT_CONFLICT);
	else
		sb_empty(call, 201);
}

void sb_api_asset_unlink(struct sb_call *call)
{
	int64_t asset = asset_of_path(call);
	if (!asset)
		return;
	bool admin = (call->workspace_actions & SB_W_ALL) == SB_W_ALL ||
	             call->computation_actions & SB_C_ADMINISTRATOR;
	if (!admin && !is_provider(call, asset)) {
		sb_fail(call, 403, SB_TEXT_AUTHZ, "");
		return;
	}
	if (sb_db_run(call->sb->db, "DELETE FROM asset_links WHERE computation = ? AND asset = ?",
	              SB_ARGS(SB_I(call->computation), SB_I(asset))) == 1)
		sb_empty(call, 204);
	else
		sb_fail(call, 422, SB_TEXT_REMOVE, SB_TEXT_NOT_FOUND);
}

void sb_api_asset_computations(struct sb_call *call)
{
	struct sb_page page;
	int64_t asset = asset_of_path(call);
	if (!asset || sb_page_parse(call, &page) < 0)
		return;
	int64_t total = sb_db_int(call->sb->db, 0, "SELECT count(*) FROM asset_links WHERE asset = ?",
	                          SB_ARGS(SB_I(asset)));
	SB_AUTO_ROWS struct sb_rows *rows = sb_db_query(
	    call->sb->db,
	    "SELECT c.id, c.name, c.status FROM asset_links l JOIN computations c ON c.n ="
	    " l.computation WHERE l.asset = ? ORDER BY l.linked_at DESC, c.n LIMIT ? OFFSET ?",
	    SB_ARGS(SB_I(asset), SB_I(page.limit), SB_I(page.offset)));
	sb_json_object(&call->out, NULL);
	sb_page_write(call, &page, total);
	sb_json_array(&call->out, "computations");
	while (sb_rows_next(&rows)) {
		sb_json_object(&call->out, NULL);
		sb_json_str(&call->out, "id", sb_rows_text(rows, 0));
		sb_json_str(&call->out, "name", sb_rows_text(rows, 1));
		sb_json_str(&call->out, "status", sb_rows_text(rows, 2));
		sb_json_end(&call->out);
	}
	sb_json_end(&call->out);
	sb_json_end(&call->out);
	sb_ok(call, 200);
}
