/*
 * Owns the past of the demo: runs with the events of an agent (prism-api.md section 4.6), the log
 * lines of Prism and the agent (section 4.7), and what a sample algorithm prints.
 *
 * A run is told as a sequence of moments; how it ends decides where the telling stops.
 */
#include "sandbox/seed_rows.h"

#include "base/mem.h"
#include "sandbox/cvm.h"
#include "sandbox/record.h"

#define SECOND_US 1000000ll
#define HOUR_US 3600000000ll
#define LIVE_MINUTES 25 /* how long ago the runs that still run were started */

struct teller {
	struct sb *sb;
	struct sb_run_ref ref;
	int64_t at; /* the story's present */
	uint64_t random;
	char run_id[37];
};

static void pass(struct teller *t, int64_t least_s, int64_t most_s)
{
	int64_t span = (most_s - least_s) * SECOND_US;
	t->at += least_s * SECOND_US + (int64_t)(sb_seed_random(&t->random) % (uint64_t)(span + 1));
}

static void say(struct teller *t, enum sb_level level, const char *text)
{
	t->at += 1 + (int64_t)(sb_seed_random(&t->random) % 900);
	sb_record_log(t->sb, t->ref, t->at, level, text, strlen(text));
}

static void event(struct teller *t, const char *type, const char *status)
{
	t->at += 1 + (int64_t)(sb_seed_random(&t->random) % 400);
	sb_record_event(t->sb, t->ref, t->at, type, status, "agent", "");
}

static void say_method(struct teller *t, const char *method, const char *rest)
{
	uint64_t r = sb_seed_random(&t->random);
	PRISM_AUTO_FREE char *text =
	    prism_asprintf("Method %s took %u.%02uµs to complete %s", method, (unsigned)(r % 900) + 4,
	                   (unsigned)(r >> 20) % 100, rest);
	say(t, SB_LEVEL_INFO, text);
}

static void tell_start(struct teller *t, const char *user_name)
{
	PRISM_AUTO_FREE char *started = prism_asprintf("computation started by user %s", user_name);
	PRISM_AUTO_FREE char *init = prism_asprintf("InitComputation for computation id %s", t->run_id);
	say(t, SB_LEVEL_WARN, started);
	pass(t, 1, 3);
	say_method(t, init, "without errors");
	say(t, SB_LEVEL_INFO, "agent service gRPC server listening at 10.0.2.15:7002 without TLS");
	event(t, "ReceivingAlgorithm", "InProgress");
}

static void tell_uploads(struct teller *t, bool dataset, bool arrived)
{
	pass(t, 20, 70);
	say_method(t, "Algo", "without errors");
	if (!dataset)
		return;
	event(t, "ReceivingData", "InProgress");
	if (!arrived)
		return;
	pass(t, 15, 90);
	say_method(t, "Data", "without errors");
	if (sb_seed_random(&t->random) % 3 == 0) {
		pass(t, 1, 2);
		say(t, SB_LEVEL_WARN,
		    "Method Data took 18.7µs to complete with error: all expected manifest Items have"
		    " been received");
	}
}

static void tell_work(struct teller *t, unsigned lines, int64_t step_s)
{
	event(t, "Running", "Starting");
	event(t, "Running", "InProgress");
	say(t, SB_LEVEL_DEBUG, "reading datasets");
	for (unsigned i = 1; i <= lines; i++) {
		uint64_t r = sb_seed_random(&t->random);
		pass(t, step_s, step_s + 2);
		PRISM_AUTO_FREE char *text = prism_asprintf("pass %u/%u loss=0.%04u score=0.%03u", i, lines,
		                                            (unsigned)(9000 / (i + 1) + r % 120),
		                                            (unsigned)(600 + 380 * i / lines + r % 9));
		say(t, SB_LEVEL_DEBUG, text);
		if (r % 23 == 0)
			say(t, SB_LEVEL_WARN, "slow storage: last pass waited for data");
	}
}

static void tell_completed(struct teller *t)
{
	tell_work(t, 24, 2);
	say(t, SB_LEVEL_DEBUG, "results written to results/");
	event(t, "Running", "Completed");
	event(t, "ConsumingResults", "Ready");
	pass(t, 60, 900);
	say_method(t, "Result", "without errors");
	event(t, "Complete", "Completed");
}

static void tell_failed(struct teller *t)
{
	static const char *const trace[] = {
	    "Traceback (most recent call last):",
	    "  File \"/cocos/algo\", line 61, in <module>",
	    "    main()",
	    "ValueError: could not convert string to float: 'n/a'",
	};
	tell_work(t, 6, 2);
	for (unsigned i = 0; i < PRISM_COUNT(trace); i++)
		say(t, SB_LEVEL_ERROR, trace[i]);
	event(t, "AlgorithmRun", "Warning");
	pass(t, 0, 1);
	say(t, SB_LEVEL_ERROR, "algorithm execution error: exit status 1");
	event(t, "Running", "Failed");
	event(t, "Failed", "Failed");
}

static void tell_cancelled(struct teller *t)
{
	tell_work(t, 9, 3);
	say_method(t, "StopComputation", "without errors");
	event(t, "Stopped", "Stopped");
}

static int64_t insert_run(struct teller *t, const struct sb_seed_computation *row, unsigned number,
                          int64_t cvm, const char *status)
{
	PRISM_AUTO_FREE char *key = prism_asprintf("run %s %u", row->name, number);
	sb_seed_uuid(key, t->run_id);
	sb_db_run(t->sb->db,
	          "INSERT INTO runs(id, computation, cvm, user, number, status, agent_url,"
	          " created_at, start_time) SELECT ?1, ?2, ?3, ?4, ?5, ?6, CASE WHEN agent_url = ':'"
	          " THEN '127.0.0.1:7002' ELSE agent_url END, ?7, ?7 FROM cvms WHERE n = ?3",
	          SB_ARGS(SB_T(t->run_id), SB_I(t->ref.computation), SB_I(cvm),
	                  SB_I(sb_seed_user(t->sb, row->owner)), SB_I(number), SB_T(status),
	                  SB_I(t->at)));
	return sb_db_last_id(t->sb->db);
}

static void finish_run(struct teller *t, bool ended)
{
	struct sb_arg end = ended ? (struct sb_arg)SB_I(t->at) : (struct sb_arg){.type = SB_ARG_NULL};
	sb_db_run(t->sb->db, "UPDATE runs SET end_time = ? WHERE n = ?",
	          SB_ARGS(end, SB_I(t->ref.run)));
	sb_db_run(
	    t->sb->db,
	    "UPDATE computations SET runs = runs + 1, end_time = ?1, start_time = (SELECT start_time"
	    " FROM runs WHERE n = ?2), updated_at = ?3 WHERE n = ?4",
	    SB_ARGS(end, SB_I(t->ref.run), SB_I(t->at), SB_I(t->ref.computation)));
}

/* Those that run now: the first is at work, the second waits for its dataset. */
static void tell_live(struct teller *t, bool working)
{
	tell_uploads(t, true, working);
	if (working)
		tell_work(t, 120, 9);
}

static void tell_run(struct teller *t, const struct sb_seed_computation *row, unsigned number,
                     const char *status, const char *user_name)
{
	bool live = strcmp(status, "running") == 0, working = row->runs > 1;
	const char *cvm_state = !live ? SB_STATE_READY : working ? "Running" : "ReceivingData";
	int64_t cvm = sb_seed_cvm(t->sb, row->workspace, cvm_state);
	t->ref.run = insert_run(t, row, number, cvm, status);
	tell_start(t, user_name);
	if (live) {
		tell_live(t, working);
		finish_run(t, false);
		return;
	}
	tell_uploads(t, row->dataset != NULL, true);
	if (strcmp(status, "completed") == 0)
		tell_completed(t);
	else if (strcmp(status, "failed") == 0)
		tell_failed(t);
	else
		tell_cancelled(t);
	finish_run(t, true);
}

void sb_seed_history(struct sb *sb, int64_t now)
{
	static const char *const earlier[] = {"failed", "completed", "cancelled"};
	static const char *const names[][2] = {
	    {"ada", "Ada Sample"}, {"ben", "Ben Sample"}, {"cyd", "Cyd Sample"}};
	for (unsigned i = 0; i < sb_seed_computation_count; i++) {
		const struct sb_seed_computation *row = &sb_seed_computations[i];
		struct teller t = {.sb = sb, .random = i + 1};
		const char *name = names[0][1];
		for (unsigned k = 0; k < PRISM_COUNT(names); k++)
			if (strcmp(names[k][0], row->owner) == 0)
				name = names[k][1];
		t.ref.computation = sb_seed_computation_n(sb, row);
		for (unsigned number = 1; number <= row->runs; number++) {
			bool last = number == row->runs;
			const char *status = last ? row->status : earlier[(i + number) % PRISM_COUNT(earlier)];
			int64_t span = row->age_hours * HOUR_US;
			t.at = now - span + (int64_t)number * span / (row->runs + 1) + i * 7 * 60 * SECOND_US;
			if (strcmp(status, "running") == 0)
				t.at = now - LIVE_MINUTES * 60 * SECOND_US;
			tell_run(&t, row, number, status, name);
		}
	}
}
