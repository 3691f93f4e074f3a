/* Owns the timer of the demo's running computation. */
#include "sandbox/seed_live.h"

#include "base/mem.h"
#include "sandbox/record.h"
#include "sandbox/seed_rows.h"

#define TICK_MS 4000
#define TICKS_MAX 900 /* an hour: a sandbox that is forgotten does not fill memory */

struct sb_seed_live {
	struct sb *sb;
	struct prism_timer *timer;
	unsigned ticks;
	uint64_t random;
};

static void on_tick(void *data)
{
	struct sb_seed_live *live = data;
	struct sb *sb = live->sb;
	struct sb_run_ref ref = {0};
	SB_AUTO_ROWS struct sb_rows *rows =
	    sb_db_query(sb->db,
	                "SELECT r.n, r.computation FROM runs r JOIN cvms v ON v.n = r.cvm WHERE"
	                " r.status = 'running' AND r.manifest IS NULL AND v.state = 'Running' ORDER"
	                " BY r.n LIMIT 1",
	                SB_NOARGS);
	if (sb_rows_next(&rows)) {
		ref.run = sb_rows_int(rows, 0);
		ref.computation = sb_rows_int(rows, 1);
	}
	sb_rows_close(&rows);
	if (!ref.run || ++live->ticks > TICKS_MAX) {
		prism_timer_remove(live->timer);
		live->timer = NULL;
		return;
	}
	uint64_t r = sb_seed_random(&live->random);
	bool slow = r % 29 == 0;
	char text[96];
	if (slow)
		snprintf(text, sizeof(text), "slow storage: last pass waited for data");
	else
		snprintf(text, sizeof(text), "pass %u loss=0.%04u score=0.%03u", 120 + live->ticks,
		         (unsigned)(40 + r % 90), (unsigned)(970 + r % 25));
	sb_record_log(sb, ref, sb_now_us(sb), slow ? SB_LEVEL_WARN : SB_LEVEL_DEBUG, text,
	              strlen(text));
}

struct sb_seed_live *sb_seed_live_create(struct sb *sb)
{
	struct sb_seed_live *live = prism_alloc(sizeof(*live));
	live->sb = sb;
	live->random = 3;
	live->timer = prism_loop_add_timer(sb->loop, TICK_MS, TICK_MS, on_tick, live);
	return live;
}

void sb_seed_live_destroy(struct sb_seed_live *live)
{
	if (!live)
		return;
	prism_timer_remove(live->timer);
	prism_free(live);
}
