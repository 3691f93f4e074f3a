/* Owns what goes into a manifest and what is missing for one. */
#include "sandbox/manifest.h"

#include "base/text.h"
#include "sandbox/perms.h"
#include "sandbox/roles.h"

#define ITEMS_MAX 1000 /* datasets, members: more than any computation has */

static void add_text(struct prism_arena *arena, const char ***list, size_t *count, const char *text)
{
	for (size_t i = 0; i < *count; i++)
		if (strcmp((*list)[i], text) == 0)
			return;
	if (!*list)
		*list = prism_arena_alloc(arena, ITEMS_MAX * sizeof(**list));
	if (*count < ITEMS_MAX)
		(*list)[(*count)++] = prism_arena_strdup(arena, text);
}

static void *arena_copy(struct prism_arena *arena, const void *data, size_t size)
{
	void *copy = prism_arena_alloc(arena, size ? size : 1);
	if (size)
		memcpy(copy, data, size);
	return copy;
}

static void gather_computation(struct sb *sb, struct prism_arena *arena, struct sb_manifest *m,
                               int64_t computation)
{
	SB_AUTO_ROWS struct sb_rows *rows =
	    sb_db_query(sb->db, "SELECT name, description, agent_config FROM computations WHERE n = ?",
	                SB_ARGS(SB_I(computation)));
	bool found = sb_rows_next(&rows);
	m->name = prism_arena_strdup(arena, found ? sb_rows_text(rows, 0) : "");
	m->description = prism_arena_strdup(arena, found ? sb_rows_text(rows, 1) : "");
	m->agent_config = prism_arena_strdup(arena, found ? sb_rows_text(rows, 2) : "");
}

/* Members who provide or consume; their keys, or the want of them. Returns all their actions. */
static uint32_t gather_people(struct sb *sb, struct prism_arena *arena, struct sb_manifest *m,
                              int64_t computation)
{
	const uint32_t roles = SB_C_ALGO_PROVIDER | SB_C_DATASET_PROVIDER | SB_C_RESULT_CONSUMER;
	uint32_t all = 0;
	m->consumers = prism_arena_alloc(arena, ITEMS_MAX * sizeof(*m->consumers));
	SB_AUTO_ROWS struct sb_rows *rows =
	    sb_db_query(sb->db,
	                "SELECT u.id, r.actions, k.der FROM role_members m JOIN roles r ON r.n ="
	                " m.role JOIN users u ON u.n = m.user LEFT JOIN computation_keys k ON"
	                " k.computation = m.entity AND k.user = m.user WHERE m.kind = 1 AND m.entity"
	                " = ? ORDER BY m.added_at, u.n",
	                SB_ARGS(SB_I(computation)));
	while (sb_rows_next(&rows)) {
		uint32_t actions = (uint32_t)sb_rows_int(rows, 1) & roles;
		size_t size;
		const void *der = sb_rows_blob(rows, 2, &size);
		all |= actions;
		if (!actions)
			continue;
		if (sb_rows_null(rows, 2))
			add_text(arena, &m->missing_keys, &m->missing_key_count, sb_rows_text(rows, 0));
		else if (actions & SB_C_RESULT_CONSUMER && m->consumer_count < ITEMS_MAX)
			m->consumers[m->consumer_count++] =
			    (struct sb_manifest_key){arena_copy(arena, der, size), size};
	}
	return all;
}

static void gather_assets(struct sb *sb, struct prism_arena *arena, struct sb_manifest *m,
                          int64_t computation)
{
	m->datasets = prism_arena_alloc(arena, ITEMS_MAX * sizeof(*m->datasets));
	SB_AUTO_ROWS struct sb_rows *rows = sb_db_query(
	    sb->db,
	    "SELECT a.asset_type, a.file_name, a.checksum, k.der, u.id, a.id FROM asset_links l JOIN"
	    " assets a ON a.n = l.asset JOIN users u ON u.n = l.linked_by LEFT JOIN computation_keys"
	    " k ON k.computation = l.computation AND k.user = l.linked_by WHERE l.computation = ?"
	    " ORDER BY l.linked_at, a.n",
	    SB_ARGS(SB_I(computation)));
	while (sb_rows_next(&rows)) {
		struct sb_manifest_item item = {
		    .file_name = prism_arena_strdup(arena, sb_rows_text(rows, 1)),
		    .checksum = prism_arena_strdup(arena, sb_rows_text(rows, 2)),
		};
		size_t len = 0;
		const void *der = sb_rows_blob(rows, 3, &item.key_len);
		if (sb_rows_null(rows, 3))
			add_text(arena, &m->missing_keys, &m->missing_key_count, sb_rows_text(rows, 4));
		else
			item.key = arena_copy(arena, der, item.key_len);
		if (prism_hex_decode(item.checksum, strlen(item.checksum), item.hash, sizeof(item.hash),
		                     &len, NULL) < 0 ||
		    len != sizeof(item.hash))
			add_text(arena, &m->missing_hashes, &m->missing_hash_count,
			         item.file_name[0] ? item.file_name : sb_rows_text(rows, 5));
		if (strcmp(sb_rows_text(rows, 0), "algorithm") == 0) {
			m->has_algorithm = true;
			m->algorithm = item;
		} else if (m->dataset_count < ITEMS_MAX) {
			m->datasets[m->dataset_count++] = item;
		}
	}
}

struct sb_manifest *sb_manifest_gather(struct sb *sb, struct prism_arena *arena,
                                       int64_t computation)
{
	struct sb_manifest *m = prism_arena_alloc(arena, sizeof(*m));
	sb_roles_ensure(sb, computation);
	gather_computation(sb, arena, m, computation);
	uint32_t held = gather_people(sb, arena, m, computation);
	gather_assets(sb, arena, m, computation);
	const char ***info = &m->missing_info;
	size_t *count = &m->missing_info_count;
	if (!(held & SB_C_RESULT_CONSUMER))
		add_text(arena, info, count,
		         "Result Consumers (Add a user with result_consumer action on the roles page)");
	if (!(held & SB_C_ALGO_PROVIDER))
		add_text(arena, info, count,
		         "Algorithm Provider (Add a user with algo_provider action on the roles page)");
	else if (!m->has_algorithm)
		add_text(arena, info, count, "Link Algorithm Asset");
	if (held & SB_C_DATASET_PROVIDER && !m->dataset_count)
		add_text(arena, info, count, "Link Dataset(s) Asset");
	return m;
}

bool sb_manifest_complete(const struct sb_manifest *m)
{
	return m->has_algorithm && !m->missing_key_count && !m->missing_hash_count &&
	       !m->missing_info_count;
}

static void write_key(struct sb_json *out, const void *key, size_t len)
{
	PRISM_AUTO_FREE char *text = prism_base64_encode(key ? key : "", key ? len : 0);
	sb_json_str(out, "user_key", text);
}

static void write_item(struct sb_json *out, const char *key, const struct sb_manifest_item *item,
                       bool named)
{
	sb_json_object(out, key);
	sb_json_array(out, "hash");
	for (size_t i = 0; i < sizeof(item->hash); i++)
		sb_json_int(out, NULL, item->hash[i]);
	sb_json_end(out);
	write_key(out, item->key, item->key_len);
	if (named && item->file_name[0])
		sb_json_str(out, "filename", item->file_name);
	sb_json_end(out);
}

void sb_manifest_write(struct sb_json *out, const struct sb_manifest *m, const char *run_id)
{
	sb_json_object(out, NULL);
	if (run_id)
		sb_json_str(out, "id", run_id);
	sb_json_str(out, "name", m->name);
	sb_json_str(out, "description", m->description);
	if (m->dataset_count) {
		sb_json_array(out, "datasets");
		for (size_t i = 0; i < m->dataset_count; i++)
			write_item(out, NULL, &m->datasets[i], true);
		sb_json_end(out);
	}
	if (m->has_algorithm)
		write_item(out, "algorithm", &m->algorithm, false);
	if (m->consumer_count) {
		sb_json_array(out, "result_consumers");
		for (size_t i = 0; i < m->consumer_count; i++) {
			sb_json_object(out, NULL);
			write_key(out, m->consumers[i].key, m->consumers[i].key_len);
			sb_json_end(out);
		}
		sb_json_end(out);
	}
	sb_json_end(out);
}
