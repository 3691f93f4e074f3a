/* Owns the reading of a state for a command: the computation, then its latest event. */
#include "tui/legal_command.h"

#include "base/mem.h"
#include "core/computation.h"
#include "core/run.h"
#include "tui/legal.h"

struct judging {
	struct pt_command *command;
	void (*then)(struct pt_command *command);
	enum core_comp_state stored; /* what the computation's own word says */
};

static void end(struct judging *j, const struct prism_error *err)
{
	if (err)
		pt_command_done(j->command, err);
	else
		j->then(j->command);
	prism_free(j);
}

static void judge(struct judging *j, enum core_comp_state state)
{
	const char *id = pt_command_get(j->command, "computation");
	const struct core_computation *c = core_computation_get(j->command->core, id);
	struct prism_error err = PRISM_ERROR_INIT;
	int legal =
	    pt_legal_check(pt_action_id(j->command->action), state, c && *c->name ? c->name : id, &err);

	end(j, legal < 0 ? &err : NULL);
}

static void event_here(void *data, const struct core_run_event *event, enum core_comp_state state,
                       const struct prism_error *err)
{
	struct judging *j = data;

	PRISM_UNUSED(state);
	if (err && err->category == PRISM_ERROR_CANCELLED)
		end(j, err);
	else if (event)
		judge(j, core_comp_state_of_event(event->type, event->status, j->stored));
	else if (err && err->category == PRISM_ERROR_MISSING)
		judge(j, j->stored); /* no event: it never ran */
	else
		end(j, NULL);
}

static void computation_here(void *data, const struct core_computation *computation,
                             const struct prism_error *err)
{
	struct judging *j = data;
	unsigned states = pt_legal_states(pt_action_id(j->command->action));
	struct prism_error failed = PRISM_ERROR_INIT;

	if (err && (err->category == PRISM_ERROR_DENIED || err->category == PRISM_ERROR_MISSING ||
	            err->category == PRISM_ERROR_PROTOCOL)) {
		end(j, NULL);
		return;
	}
	if (err) {
		end(j, err);
		return;
	}
	j->stored = core_comp_state_of(computation->status);
	if (*computation->status && (states & (1u << j->stored)))
		end(j, NULL);
	else if (core_run_status(j->command->core, computation->id, j->command->cancel, event_here, j,
	                         &failed) < 0)
		end(j, &failed);
}

void pt_legal_judge(struct pt_command *command, void (*then)(struct pt_command *command))
{
	const char *id = pt_command_get(command, "computation");
	struct prism_error err = PRISM_ERROR_INIT;

	if (!id || pt_legal_states(pt_action_id(command->action)) == CORE_S_ANY) {
		then(command);
		return;
	}
	struct judging *j = prism_alloc(sizeof(*j));
	*j = (struct judging){.command = command, .then = then};
	if (core_computation_fetch(command->core, id, command->cancel, computation_here, j, &err) < 0)
		end(j, &err);
}
