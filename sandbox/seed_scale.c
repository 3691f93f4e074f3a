/* Owns the seed that is only large: many computations, a run and its last event for each that ran,
 * and many log lines on the first of them. */
#include "sandbox/seed_rows.h"

#include "base/mem.h"

#define STEP_US 37000000ll /* between two computations */
#define LOG_US 250000ll    /* between two log lines */

static const char *const subjects[] = {"Iris", "Fraud",  "Churn",   "Yield",  "Traffic", "Genome",
                                       "Load", "Speech", "Weather", "Credit", "Ledger",  "Sensor"};
static const char *const methods[] = {"regression", "clustering", "forest",    "screening",
                                      "forecast",   "ranking",    "embedding", "audit"};
static const char *const states[] = {"executable", "completed",  "completed", "failed",
                                     "cancelled",  "executable", "completed", "executable"};

/* What a dashboard and a list of runs are made of; the whole story is told by the demo alone. */
static void run_row(struct sb *sb, int64_t computation, int64_t cvm, int64_t owner,
                    const char *state, int64_t start, int64_t end)
{
	char key[48], id[37], event_id[37];
	const char *type = state[0] == 'f'   ? "Failed"
	                   : state[1] == 'a' ? "Stopped" /* cancelled */
	                                     : "Complete";

	snprintf(key, sizeof(key), "scale run %lld", (long long)computation);
	sb_seed_uuid(key, id);
	snprintf(key, sizeof(key), "scale event %lld", (long long)computation);
	sb_seed_uuid(key, event_id);
	sb_db_run(sb->db,
	          "INSERT INTO runs(id, computation, cvm, user, number, status, created_at, start_time,"
	          " end_time) VALUES (?, ?, ?, ?, 1, ?, ?, ?, ?)",
	          SB_ARGS(SB_T(id), SB_I(computation), SB_I(cvm), SB_I(owner), SB_T(state), SB_I(start),
	                  SB_I(start), SB_I(end)));
	sb_db_run(sb->db,
	          "INSERT INTO events(id, computation, run, type, status, originator, at)"
	          " VALUES (?, ?, ?, ?, ?, 'agent', ?)",
	          SB_ARGS(SB_T(event_id), SB_I(computation), SB_I(sb_db_last_id(sb->db)), SB_T(type),
	                  SB_T(type[0] == 'C' ? "Completed" : type), SB_I(end)));
}

static void computation_rows(struct sb *sb, uint64_t count)
{
	int64_t workspace = sb_seed_workspace(sb), owner = sb_seed_owner(sb), now = sb_now_us(sb);
	int64_t cvm = sb_db_int(sb->db, 0, "SELECT min(n) FROM cvms WHERE workspace = ?",
	                        SB_ARGS(SB_I(workspace)));
	uint64_t random = 1;
	for (uint64_t i = 0; i < count; i++) {
		char key[40], id[37], name[96], description[160];
		uint64_t r = sb_seed_random(&random);
		const char *subject = subjects[r % PRISM_COUNT(subjects)];
		const char *method = methods[(r >> 8) % PRISM_COUNT(methods)];
		snprintf(key, sizeof(key), "scale %llu", (unsigned long long)i);
		snprintf(name, sizeof(name), "%s %s %06llu", subject, method, (unsigned long long)i + 1);
		snprintf(description, sizeof(description), "Sample %s of %s data, part %u of a series",
		         method, subject, (unsigned)(r >> 16) % 900);
		sb_seed_uuid(key, id);
		int64_t created = now - (int64_t)(count - i) * STEP_US;
		const char *state = states[(r >> 32) % PRISM_COUNT(states)];
		bool ran = state[0] != 'e';
		struct sb_arg none = {.type = SB_ARG_NULL};
		sb_db_run(
		    sb->db,
		    "INSERT INTO computations(id, workspace, name, description, owner, status,"
		    " created_at, updated_at, start_time, end_time) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?,"
		    " ?)",
		    SB_ARGS(SB_T(id), SB_I(workspace), SB_T(name), SB_T(description), SB_I(owner),
		            SB_T(state), SB_I(created), SB_I(created + STEP_US / 2),
		            ran ? (struct sb_arg)SB_I(created + 1000000) : none,
		            ran ? (struct sb_arg)SB_I(created + STEP_US / 2) : none));
		if (ran && cvm)
			run_row(sb, sb_db_last_id(sb->db), cvm, owner, state, created + 1000000,
			        created + STEP_US / 2);
	}
}

static void log_line(uint64_t i, uint64_t r, char *out, size_t size, int *ret_level)
{
	*ret_level = r % 50 == 0 ? 3 : r % 17 == 0 ? 2 : r % 3 == 0 ? 1 : 0;
	switch (*ret_level) {
	case 3:
		snprintf(out, size, "Traceback: batch %llu rejected, value %u out of range",
		         (unsigned long long)i, (unsigned)(r >> 20) % 4096);
		return;
	case 2:
		snprintf(out, size, "slow batch %llu took %u.%03us", (unsigned long long)i,
		         (unsigned)(r >> 24) % 9, (unsigned)(r >> 30) % 1000);
		return;
	case 1:
		snprintf(out, size, "Method Data took %u.%uµs to complete without errors",
		         (unsigned)(r >> 24) % 900, (unsigned)(r >> 40) % 10);
		return;
	default:
		snprintf(out, size, "epoch %llu/%u loss=0.%04u accuracy=0.%04u batch=%u",
		         (unsigned long long)i / 100, 10000, (unsigned)(r >> 20) % 10000,
		         (unsigned)(r >> 36) % 10000, (unsigned)(i % 100));
	}
}

static void log_rows(struct sb *sb, uint64_t count)
{
	int64_t now = sb_now_us(sb);
	int64_t computation = sb_db_int(sb->db, 0, "SELECT min(n) FROM computations", SB_NOARGS);
	int64_t run = sb_db_int(sb->db, 0, "SELECT max(n) FROM runs WHERE computation = ?",
	                        SB_ARGS(SB_I(computation)));
	uint64_t random = 2;
	for (uint64_t i = 0; i < count; i++) {
		char message[160];
		int level;
		log_line(i, sb_seed_random(&random), message, sizeof(message), &level);
		sb_db_run(sb->db,
		          "INSERT INTO logs(computation, run, at, level, message) VALUES (?, ?, ?, ?, ?)",
		          SB_ARGS(SB_I(computation), SB_I(run), SB_I(now - (int64_t)(count - i) * LOG_US),
		                  SB_I(level), SB_T(message)));
	}
	sb_db_run(
	    sb->db,
	    "UPDATE computations SET log_count = (SELECT count(*) FROM logs WHERE computation = ?1)"
	    " WHERE n = ?1",
	    SB_ARGS(SB_I(computation)));
}

void sb_seed_scale(struct sb *sb, uint64_t computations, uint64_t logs)
{
	computation_rows(sb, computations);
	log_rows(sb, logs);
}
