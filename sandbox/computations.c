/* Owns the facts about computations that several files ask for. */
#include "sandbox/computations.h"

bool sb_computation_running(struct sb *sb, int64_t computation)
{
	return sb_db_int(sb->db, 0, "SELECT 1 FROM runs WHERE computation = ? AND status = 'running'",
	                 SB_ARGS(SB_I(computation)));
}
