/* Owns the agents that are alive and the rows of runs; api_runs.c owns the endpoints. */
#include "sandbox/run.h"

#include "base/json.h"
#include "base/log.h"
#include "net/crypto.h"
#include "sandbox/agent.h"
#include "sandbox/cvm.h"
#include "sandbox/record.h"

struct live {
	struct prism_list node;
	struct sb *sb;
	struct sb_agent *agent;
	struct sb_run_ref ref;
	int64_t cvm;
	struct prism_timer *release; /* NULL until the run has ended */
};

struct sb_runs {
	struct sb *sb;
	struct prism_list live;
};

/* ---- rows ---- */

/* The computation's status follows its runs. */
static void refresh_computation(struct sb *sb, int64_t computation)
{
	sb_db_run(
	    sb->db,
	    "UPDATE computations SET status = coalesce((SELECT 'running' FROM runs WHERE computation"
	    " = ?1 AND status = 'running'), (SELECT status FROM runs WHERE computation = ?1 ORDER BY"
	    " number DESC LIMIT 1), 'executable'), start_time = (SELECT start_time FROM runs WHERE"
	    " computation = ?1 ORDER BY number DESC LIMIT 1), end_time = (SELECT end_time FROM runs"
	    " WHERE computation = ?1 ORDER BY number DESC LIMIT 1), updated_at = ?2 WHERE n = ?1",
	    SB_ARGS(SB_I(computation), SB_I(sb_now_us(sb))));
}

/* A run ends once; what comes later does not change how. */
static void end_run(struct sb *sb, struct sb_run_ref ref, const char *status)
{
	if (sb_db_run(sb->db,
	              "UPDATE runs SET status = ?, end_time = ? WHERE n = ? AND status = 'running'",
	              SB_ARGS(SB_T(status), SB_I(sb_now_us(sb)), SB_I(ref.run))) == 1)
		refresh_computation(sb, ref.computation);
}

static void log_line(struct sb *sb, struct sb_run_ref ref, enum sb_level level, const char *text)
{
	sb_record_log(sb, ref, sb_now_us(sb), level, text, strlen(text));
}

static int64_t insert_run(struct sb *sb, const struct sb_run_request *request, char id[37])
{
	int64_t now = sb_now_us(sb);
	struct sb_json manifest;
	net_uuid4(id);
	sb_json_init(&manifest);
	sb_manifest_write(&manifest, request->manifest, id);
	sb_db_run(sb->db, "UPDATE computations SET runs = runs + 1 WHERE n = ?",
	          SB_ARGS(SB_I(request->computation)));
	sb_db_run(sb->db,
	          "INSERT INTO runs(id, computation, cvm, user, number, status, manifest,"
	          " created_at, start_time) VALUES (?1, ?2, ?3, ?4, (SELECT runs FROM computations"
	          " WHERE n = ?2), 'running', ?5, ?6, ?6)",
	          SB_ARGS(SB_T(id), SB_I(request->computation), SB_I(request->cvm), SB_I(request->user),
	                  SB_T(prism_buf_text(&manifest.buf)), SB_I(now)));
	sb_json_finish(&manifest);
	return sb_db_last_id(sb->db);
}

/* ---- the agent's reports ---- */

static void live_free(struct live *live)
{
	prism_list_remove(&live->node);
	prism_timer_remove(live->release);
	sb_agent_destroy(live->agent);
	prism_free(live);
}

static void on_release(void *data)
{
	struct live *live = data;
	prism_log(PRISM_LOG_DEBUG, "run", "agent of run %lld released", (long long)live->ref.run);
	sb_cvm_set_state(live->sb, live->cvm, SB_STATE_READY);
	live_free(live);
}

static void release_in(struct live *live, int64_t seconds)
{
	if (live->release)
		prism_timer_rearm(live->release, seconds * 1000);
	else
		live->release = prism_loop_add_timer(live->sb->loop, seconds * 1000, 0, on_release, live);
}

static int64_t linger_s(const struct sb *sb)
{
	return sb->config.linger_s > 0 ? sb->config.linger_s : SB_LINGER_S;
}

static void on_event(void *data, const char *type, const char *status, int64_t at_us,
                     const char *originator, const char *details)
{
	struct live *live = data;
	struct sb *sb = live->sb;
	int64_t linger = linger_s(sb);
	if (at_us == PRISM_TIME_UNSET)
		at_us = sb_now_us(sb);
	sb_record_event(sb, live->ref, at_us, type, status, originator, details);
	if (strcmp(type, "ConsumingResults") == 0) {
		end_run(sb, live->ref, "completed");
		release_in(live, 10 * linger);
	} else if (strcmp(type, "Complete") == 0) {
		release_in(live, linger);
	} else if (strcmp(type, "Failed") == 0) {
		end_run(sb, live->ref, "failed");
		release_in(live, linger < SB_LINGER_FAILED_S ? linger : SB_LINGER_FAILED_S);
	} else if (strcmp(type, "Stopped") == 0) {
		end_run(sb, live->ref, "cancelled");
	}
}

static void on_log(void *data, const char *level_word, const char *message, size_t len,
                   int64_t at_us)
{
	struct live *live = data;
	enum sb_level level = SB_LEVEL_INFO;
	if (sb_level_parse(level_word, &level) < 0)
		level = SB_LEVEL_INFO;
	sb_record_log(live->sb, live->ref, at_us == PRISM_TIME_UNSET ? sb_now_us(live->sb) : at_us,
	              level, message, len);
}

static void on_state(void *data, const char *state)
{
	struct live *live = data;
	sb_cvm_set_state(live->sb, live->cvm, state);
}

/* ---- start ---- */

static void fill_manifest(struct sb_agent_manifest *out, const struct sb_manifest *in,
                          struct prism_arena *arena, const char *run_id, const cJSON *config)
{
	struct sb_agent_dataset *datasets =
	    prism_arena_alloc(arena, (in->dataset_count + 1) * sizeof(*datasets));
	struct sb_agent_consumer *consumers =
	    prism_arena_alloc(arena, (in->consumer_count + 1) * sizeof(*consumers));
	for (size_t i = 0; i < in->dataset_count; i++) {
		memcpy(datasets[i].hash, in->datasets[i].hash, sizeof(datasets[i].hash));
		datasets[i].key = in->datasets[i].key;
		datasets[i].key_len = in->datasets[i].key_len;
		datasets[i].filename = in->datasets[i].file_name;
	}
	for (size_t i = 0; i < in->consumer_count; i++)
		consumers[i] = (struct sb_agent_consumer){in->consumers[i].key, in->consumers[i].key_len};
	*out = (struct sb_agent_manifest){
	    .id = run_id,
	    .name = in->name,
	    .algorithm = {.key = in->algorithm.key, .key_len = in->algorithm.key_len},
	    .datasets = datasets,
	    .dataset_count = in->dataset_count,
	    .consumers = consumers,
	    .consumer_count = in->consumer_count,
	    .tls = {.cert = prism_json_str(config, "cert_file", ""),
	            .key = prism_json_str(config, "server_key", ""),
	            .client_ca = prism_json_str(config, "client_ca_file", ""),
	            .server_ca = prism_json_str(config, "server_ca_file", ""),
	            .attested = prism_json_bool(config, "attested_tls", false)},
	};
	memcpy(out->algorithm.hash, in->algorithm.hash, sizeof(out->algorithm.hash));
}

/* On the CVM's own port, or on another when that one is taken meanwhile. */
static struct sb_agent *create_agent(struct live *live, const struct sb_agent_manifest *manifest,
                                     struct prism_error *err)
{
	struct sb *sb = live->sb;
	const struct sb_agent_callbacks callbacks = {on_event, on_log, on_state, live};
	PRISM_AUTO_FREE char *url =
	    sb_db_text(sb->db, "SELECT agent_url FROM cvms WHERE n = ?", SB_ARGS(SB_I(live->cvm)));
	struct sb_agent_config config = {
	    .directory = sb_directory(sb, err),
	    .limits = sb->config.run_limits,
	    .rule = sb->config.agent_rule,
	    .faults = sb_agent_faults_of(&sb->config.agent_faults, manifest->name),
	    .generation = sb->config.agent_generation};
	struct sb_agent *agent = NULL;
	if (!config.directory)
		return NULL;
	if (manifest->tls.attested && !(config.forge = sb_forge_of(sb, err)))
		return NULL;
	if (url && strlen(url) > 1) {
		config.listen = url;
		agent = sb_agent_create(sb->loop, sb->work, &config, manifest, &callbacks, err);
	}
	if (agent)
		return agent;
	char other[SB_AGENT_URL];
	sb_free_agent_url(sb, other);
	config.listen = other;
	prism_error_clear(err);
	return sb_agent_create(sb->loop, sb->work, &config, manifest, &callbacks, err);
}

static int start_agent(struct live *live, const struct sb_manifest *manifest, const char *run_id,
                       struct prism_error *err)
{
	struct sb *sb = live->sb;
	struct prism_arena *arena = prism_arena_create();
	PRISM_AUTO_JSON cJSON *config =
	    prism_json_parse(manifest->agent_config, strlen(manifest->agent_config), NULL);
	struct sb_agent_manifest agent_manifest;
	fill_manifest(&agent_manifest, manifest, arena, run_id, config);
	live->agent = create_agent(live, &agent_manifest, err);
	prism_arena_destroy(arena);
	if (!live->agent)
		return -1;
	const char *address = sb_agent_address(live->agent);
	sb_cvm_set_agent_url(sb, live->cvm, address);
	sb_cvm_set_state(sb, live->cvm, sb_agent_state(live->agent));
	sb_db_run(sb->db, "UPDATE runs SET agent_url = ? WHERE n = ?",
	          SB_ARGS(SB_T(address), SB_I(live->ref.run)));
	return 0;
}

int sb_run_start(struct sb *sb, const struct sb_run_request *request, char ret_id[37],
                 struct prism_error *err)
{
	struct live *live = prism_alloc(sizeof(*live));
	live->sb = sb;
	live->cvm = request->cvm;
	prism_list_append(&sb->runs->live, &live->node);
	sb_db_begin(sb->db);
	live->ref.computation = request->computation;
	live->ref.run = insert_run(sb, request, ret_id);
	PRISM_AUTO_FREE char *text =
	    prism_asprintf("computation started by user %s", request->user_name);
	log_line(sb, live->ref, SB_LEVEL_WARN, text);
	if (start_agent(live, request->manifest, ret_id, err) < 0) {
		sb_db_rollback(sb->db);
		live_free(live);
		return -1;
	}
	refresh_computation(sb, request->computation);
	sb_db_commit(sb->db);
	return 0;
}

/* ---- stop ---- */

/* How a run ends that has no agent behind it. */
struct ending {
	const char *status, *type, *text;
};

/* Ends the runs that `where` (with one ?) finds, as if an agent had reported. */
static unsigned end_without_agent(struct sb *sb, const char *where, int64_t value,
                                  const struct ending *ending)
{
	PRISM_AUTO_FREE char *sql = prism_asprintf(
	    "SELECT n, computation, cvm FROM runs WHERE status = 'running' AND %s ORDER BY n LIMIT 1",
	    where);
	for (unsigned count = 0;; count++) {
		SB_AUTO_ROWS struct sb_rows *rows = sb_db_query(sb->db, sql, SB_ARGS(SB_I(value)));
		if (!sb_rows_next(&rows))
			return count;
		struct sb_run_ref ref = {.run = sb_rows_int(rows, 0), .computation = sb_rows_int(rows, 1)};
		int64_t cvm = sb_rows_int(rows, 2);
		sb_rows_close(&rows);
		log_line(sb, ref, SB_LEVEL_WARN, ending->text);
		sb_record_event(sb, ref, sb_now_us(sb), ending->type, ending->type, "agent", "");
		end_run(sb, ref, ending->status);
		sb_cvm_set_state(sb, cvm, SB_STATE_READY);
	}
}

unsigned sb_run_stop(struct sb *sb, int64_t computation)
{
	unsigned count = 0;
	PRISM_LIST_EACH (&sb->runs->live, node, next) {
		struct live *live = PRISM_CONTAINER(node, struct live, node);
		if (live->ref.computation != computation)
			continue;
		sb_agent_stop(live->agent);
		sb_cvm_set_state(sb, live->cvm, SB_STATE_READY);
		live_free(live);
		count++;
	}
	static const struct ending stopped = {"cancelled", "Stopped", "computation stopped"};
	return count + end_without_agent(sb, "computation = ?", computation, &stopped);
}

void sb_run_release(struct sb *sb, int64_t cvm)
{
	PRISM_LIST_EACH (&sb->runs->live, node, next) {
		struct live *live = PRISM_CONTAINER(node, struct live, node);
		if (live->cvm == cvm)
			live_free(live);
	}
}

unsigned sb_runs_live(const struct sb *sb)
{
	unsigned count = 0;
	PRISM_LIST_EACH (&sb->runs->live, node, next)
		count++;
	return count;
}

/* ---- life ---- */

struct sb_runs *sb_runs_create(struct sb *sb)
{
	struct sb_runs *runs = prism_alloc(sizeof(*runs));
	runs->sb = sb;
	prism_list_init(&runs->live);
	sb->runs = runs;
	/* Runs of the demo have no manifest; the others had agents, which are gone. */
	static const struct ending lost = {"failed", "Failed", "agent lost: the sandbox was restarted"};
	end_without_agent(sb, "(manifest IS NOT NULL) = ?", 1, &lost);
	sb_db_run(sb->db,
	          "UPDATE cvms SET state = '" SB_STATE_READY
	          "' WHERE status = 'online' AND deleted_at IS NULL AND n NOT IN (SELECT cvm FROM"
	          " runs WHERE status = 'running')",
	          SB_NOARGS);
	return runs;
}

void sb_runs_destroy(struct sb_runs *runs)
{
	if (!runs)
		return;
	PRISM_LIST_EACH (&runs->live, node, next)
		live_free(PRISM_CONTAINER(node, struct live, node));
	prism_free(runs);
}
