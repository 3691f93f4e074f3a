/* Owns the table between actions of people and actions of the table of states, and the sentence
 * of a refusal. */
#include "tui/legal.h"

#include "base/mem.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

static const struct {
	enum pt_action_id action;
	enum core_comp_action is, or_else;
} rows[] = {
    {PT_ACTION_COMPUTATION_RUN, CORE_ACTION_RUN, CORE_ACTION_RETRY},
    {PT_ACTION_COMPUTATION_STOP, CORE_ACTION_STOP, CORE_ACTION_STOP},
    {PT_ACTION_COMPUTATION_UPDATE, CORE_ACTION_EDIT, CORE_ACTION_EDIT},
    {PT_ACTION_COMPUTATION_DELETE, CORE_ACTION_DELETE, CORE_ACTION_DELETE},
    {PT_ACTION_SEND_ALGORITHM, CORE_ACTION_SEND_ALGORITHM, CORE_ACTION_SEND_ALGORITHM},
    {PT_ACTION_SEND_DATA, CORE_ACTION_SEND_DATASET, CORE_ACTION_SEND_DATASET},
    {PT_ACTION_RESULT_FETCH, CORE_ACTION_DOWNLOAD, CORE_ACTION_DOWNLOAD},
    {PT_ACTION_KEY_REGISTER, CORE_ACTION_KEY, CORE_ACTION_KEY},
    {PT_ACTION_LOG_OPEN, CORE_ACTION_LOGS, CORE_ACTION_LOGS},
    {PT_ACTION_COMPUTATION_EXPORT, CORE_ACTION_EXPORT, CORE_ACTION_EXPORT},
    {PT_ACTION_ROLE_CREATE, CORE_ACTION_ROLES, CORE_ACTION_ROLES},
    {PT_ACTION_ROLE_DELETE, CORE_ACTION_ROLES, CORE_ACTION_ROLES},
    {PT_ACTION_ROLE_ACTION_ADD, CORE_ACTION_ROLES, CORE_ACTION_ROLES},
    {PT_ACTION_ROLE_ACTION_REMOVE, CORE_ACTION_ROLES, CORE_ACTION_ROLES},
    {PT_ACTION_ROLE_MEMBER_ADD, CORE_ACTION_ROLES, CORE_ACTION_ROLES},
    {PT_ACTION_ROLE_MEMBER_REMOVE, CORE_ACTION_ROLES, CORE_ACTION_ROLES},
};

bool pt_legal_actions(enum pt_action_id id, enum core_comp_action ret[2])
{
	for (size_t i = 0; i < PRISM_COUNT(rows); i++)
		if (rows[i].action == id) {
			ret[0] = rows[i].is;
			ret[1] = rows[i].or_else;
			return true;
		}
	return false;
}

unsigned pt_legal_states(enum pt_action_id id)
{
	enum core_comp_action is[2];

	if (!pt_legal_actions(id, is))
		return CORE_S_ANY;
	return core_comp_action_info(is[0])->states | core_comp_action_info(is[1])->states;
}

static void add(char *text, size_t size, const char *separator, const char *word)
{
	size_t used = strlen(text);

	snprintf(text + used, size - used, "%s%s", used ? separator : "", word);
}

static const char *lower(const char *text, char buf[64])
{
	snprintf(buf, 64, "%s", text);
	buf[0] = (char)tolower((unsigned char)buf[0]);
	return buf;
}

/* "completed or running", in the order of the table; a state nobody knows is not worth a word. */
static void list_states(unsigned states, char *text, size_t size)
{
	char word[64];
	unsigned left = states & ~(1u << CORE_COMP_UNKNOWN);

	text[0] = '\0';
	for (int state = 0; state < CORE_COMP_STATE_COUNT; state++) {
		if (!(left & (1u << state)))
			continue;
		left &= ~(1u << state);
		add(text, size, left ? ", " : " or ",
		    lower(core_comp_state_info((enum core_comp_state)state)->label, word));
	}
}

static void list_possible(enum core_comp_state state, char *text, size_t size)
{
	text[0] = '\0';
	for (int action = 0; action < CORE_ACTION_COUNT; action++)
		if (core_comp_action_legal((enum core_comp_action)action, state))
			add(text, size, ", ", core_comp_action_info((enum core_comp_action)action)->word);
}

int pt_legal_check(enum pt_action_id id, enum core_comp_state state, const char *name,
                   struct prism_error *err)
{
	unsigned states = pt_legal_states(id);
	char is[64], needed[160], possible[240];

	if (state == CORE_COMP_UNKNOWN || (states & (1u << state)))
		return 0;
	list_states(states, needed, sizeof(needed));
	list_possible(state, possible, sizeof(possible));
	prism_error_raise(err, PRISM_ERROR_CONFLICT,
	                  "the computation \"%s\" is %s; \"%s\" needs one that is %s", name,
	                  lower(core_comp_state_info(state)->label, is), pt_action(id)->name, needed);
	prism_error_hint(err, "possible with it as it is: %s", possible);
	return -1;
}
