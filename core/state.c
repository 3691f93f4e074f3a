/*
 * Wire words to states, titles and tones (reference 4.5, 4.6), and the table of legal actions.
 */
#include "core/state.h"

#include "base/mem.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#define WORD_MAX 128 /* a longer status word is unknown anyway */

static const struct core_comp_state_info states[CORE_COMP_STATE_COUNT] = {
    [CORE_COMP_NOT_STARTED] = {"not-started", "Not started", "never run", CORE_TONE_PLAIN, false},
    [CORE_COMP_RUNNING] = {"running", "Running", "executing", CORE_TONE_ACTIVE, false},
    [CORE_COMP_COMPLETED] = {"completed", "Completed", "finished well", CORE_TONE_GOOD, true},
    [CORE_COMP_FAILED] = {"failed", "Failed", "execution failed", CORE_TONE_BAD, true},
    [CORE_COMP_CANCELLED] = {"cancelled", "Cancelled", "stopped by hand", CORE_TONE_BAD, true},
    [CORE_COMP_UNKNOWN] = {"unknown", "Unknown", "a state this program does not know",
                           CORE_TONE_MUTED, false},
};

const struct core_comp_state_info *core_comp_state_info(enum core_comp_state state)
{
	return &states[state];
}

/* Lower case without '-', '_' and spaces. */
static void normalise(const char *word, char out[WORD_MAX])
{
	size_t used = 0;
	for (; word && *word && used < WORD_MAX - 1; word++)
		if (*word != '-' && *word != '_' && *word != ' ')
			out[used++] = (char)tolower((unsigned char)*word);
	out[used] = '\0';
}

static bool starts(const char *word, const char *prefix)
{
	return strncmp(word, prefix, strlen(prefix)) == 0;
}

static bool ends(const char *word, const char *suffix)
{
	size_t len = strlen(word), tail = strlen(suffix);
	return len >= tail && strcmp(word + len - tail, suffix) == 0;
}

/* The rows of 4.5, first match wins. */
enum match { EXACT, PREFIX, SUFFIX };
static const struct {
	const char *word;
	enum match match;
	enum core_comp_state state;
} rows[] = {
    {"stopped", EXACT, CORE_COMP_CANCELLED},
    {"stopcomputationrun", PREFIX, CORE_COMP_CANCELLED},
    {"cancelled", EXACT, CORE_COMP_CANCELLED},
    {"canceled", EXACT, CORE_COMP_CANCELLED},
    {"terminated", EXACT, CORE_COMP_CANCELLED},
    {"failed", SUFFIX, CORE_COMP_FAILED},
    {"error", EXACT, CORE_COMP_FAILED},
    {"complete", EXACT, CORE_COMP_COMPLETED},
    {"completed", EXACT, CORE_COMP_COMPLETED},
    {"completecompleted", EXACT, CORE_COMP_COMPLETED},
    {"consumingresults", PREFIX, CORE_COMP_COMPLETED},
    {"resultsready", EXACT, CORE_COMP_COMPLETED},
    {"success", EXACT, CORE_COMP_COMPLETED},
    {"vmprovision", PREFIX, CORE_COMP_RUNNING},
    {"receivingmanifest", PREFIX, CORE_COMP_RUNNING},
    {"receivingalgorithm", PREFIX, CORE_COMP_RUNNING},
    {"receivingdata", PREFIX, CORE_COMP_RUNNING},
    {"running", PREFIX, CORE_COMP_RUNNING},
    {"algorithmrun", PREFIX, CORE_COMP_RUNNING},
    {"started", EXACT, CORE_COMP_RUNNING},
    {"starting", EXACT, CORE_COMP_RUNNING},
    {"inprogress", EXACT, CORE_COMP_RUNNING},
    {"executable", EXACT, CORE_COMP_NOT_STARTED},
    {"created", EXACT, CORE_COMP_NOT_STARTED},
    {"idle", PREFIX, CORE_COMP_NOT_STARTED},
    {"ready", EXACT, CORE_COMP_NOT_STARTED},
};

static enum core_comp_state lookup(const char *word)
{
	if (!*word)
		return CORE_COMP_NOT_STARTED;
	for (size_t i = 0; i < PRISM_COUNT(rows); i++) {
		bool match = rows[i].match == EXACT    ? strcmp(word, rows[i].word) == 0
		             : rows[i].match == PREFIX ? starts(word, rows[i].word)
		                                       : ends(word, rows[i].word);
		if (match)
			return rows[i].state;
	}
	return CORE_COMP_UNKNOWN;
}

enum core_comp_state core_comp_state_of(const char *status)
{
	char word[WORD_MAX];
	normalise(status, word);
	if (starts(word, "stopcomputationrun") && ends(word, "failed"))
		return CORE_COMP_UNKNOWN; /* row 1 leaves the state as it was, which is not known here */
	return lookup(word);
}

enum core_comp_state core_comp_state_of_event(const char *event_type, const char *status,
                                              enum core_comp_state previous)
{
	char type[WORD_MAX], word[WORD_MAX];
	normalise(event_type, type);
	normalise(status, word);
	if (starts(type, "stopcomputationrun") && (ends(type, "failed") || ends(word, "failed")))
		return previous;
	if (ends(word, "failed"))
		return CORE_COMP_FAILED;
	if (strcmp(word, "stopped") == 0)
		return CORE_COMP_CANCELLED;
	if (!*type)
		return *word ? core_comp_state_of(status) : previous;
	enum core_comp_state state = lookup(type);
	if (state == CORE_COMP_UNKNOWN)
		return previous;
	/* An agent that goes back to idle says nothing about how the run ended. */
	return state == CORE_COMP_NOT_STARTED ? previous : state;
}

/* --- titles --- */

static const struct {
	const char *word, *title;
} titles[] = {
    {"receivingmanifest", "Receiving manifest"},
    {"receivingalgorithm", "Receiving algorithm"},
    {"receivingdata", "Receiving data"},
    {"running", "Running"},
    {"algorithmrun", "Algorithm run"},
    {"consumingresults", "Consuming results"},
    {"complete", "Complete"},
    {"failed", "Failed"},
    {"stopped", "Stopped"},
    {"idle", "Idle"},
    {"idlestate", "Idle"},
    {"vmprovision", "Virtual machine provisioning"},
    {"stopcomputationrun", "Stop computation run"},
    {"inprogress", "In progress"},
};

/* "ReceivingData", "in-progress", "TLSReady" → "Receiving data", "In progress", "TLS ready" */
static void split_words(const char *word, char *buf, size_t size)
{
	size_t used = 0;
	bool start = true;
	for (const char *at = word; *at && used + 2 < size; at++) {
		unsigned char c = (unsigned char)*at;
		if (c == '-' || c == '_' || c == ' ' || c == '.') {
			start = start || used == 0;
			if (used > 0 && buf[used - 1] != ' ')
				buf[used++] = ' ';
			continue;
		}
		bool before_lower = at > word && islower((unsigned char)at[-1]);
		bool acronym = isupper(c) && ((at > word && isupper((unsigned char)at[-1])) ||
		                              isupper((unsigned char)at[1]));
		bool acronym_ends = isupper(c) && at > word && isupper((unsigned char)at[-1]) &&
		                    islower((unsigned char)at[1]);
		if (isupper(c) && (before_lower || acronym_ends) && used > 0 && buf[used - 1] != ' ')
			buf[used++] = ' ';
		if (used == 0)
			buf[used++] = (char)toupper(c);
		else
			buf[used++] = (char)(acronym && !acronym_ends ? c : tolower(c));
	}
	while (used > 0 && buf[used - 1] == ' ')
		used--;
	buf[used] = '\0';
}

static char *title_of(const char *word, char *buf, size_t size)
{
	char plain[WORD_MAX];
	normalise(word, plain);
	for (size_t i = 0; i < PRISM_COUNT(titles); i++) {
		if (strcmp(plain, titles[i].word) == 0) {
			snprintf(buf, size, "%s", titles[i].title);
			return buf;
		}
	}
	split_words(word ? word : "", buf, size);
	return buf;
}

char *core_event_title(const char *event_type, char *buf, size_t size)
{
	return title_of(event_type, buf, size);
}

char *core_status_title(const char *status, char *buf, size_t size)
{
	return title_of(status, buf, size);
}

enum core_tone core_status_tone(const char *event_type, const char *status)
{
	char type[WORD_MAX], word[WORD_MAX];
	normalise(event_type, type);
	normalise(status, word);
	if (!*word)
		memcpy(word, type, sizeof(word));
	if (ends(word, "failed") || strcmp(word, "error") == 0 || strcmp(word, "stopped") == 0 ||
	    strcmp(word, "terminated") == 0)
		return CORE_TONE_BAD;
	if (strcmp(word, "completed") == 0 || strcmp(word, "complete") == 0 ||
	    strcmp(word, "success") == 0 || strcmp(word, "ready") == 0)
		return CORE_TONE_GOOD;
	if (strcmp(word, "warning") == 0 || strcmp(word, "starting") == 0)
		return CORE_TONE_INFO;
	if (strcmp(word, "inprogress") == 0 || strcmp(word, "started") == 0 ||
	    strcmp(word, "running") == 0)
		return CORE_TONE_ACTIVE;
	return CORE_TONE_PLAIN;
}

/* --- actions --- */

static const struct core_comp_action_info actions[CORE_ACTION_COUNT] = {
#define X(id, word_, label_, states_, perm, danger) \
	[CORE_ACTION_##id] = {.word = word_,            \
	                      .label = label_,          \
	                      .states = (states_),      \
	                      .needs = (perm),          \
	                      .dangerous = (danger)},
    CORE_ACTION_MAP(X)
#undef X
};

const struct core_comp_action_info *core_comp_action_info(enum core_comp_action action)
{
	return &actions[action];
}

static const char *state_phrase(enum core_comp_state state)
{
	switch (state) {
	case CORE_COMP_NOT_STARTED:
		return "it was never run";
	case CORE_COMP_RUNNING:
		return "not while it is running";
	case CORE_COMP_COMPLETED:
		return "it is completed";
	case CORE_COMP_FAILED:
		return "it has failed";
	case CORE_COMP_CANCELLED:
		return "it is cancelled";
	default:
		return "its state is not known";
	}
}

static void reason_permission(unsigned need, const struct core_permissions *p, char *reason,
                              size_t size)
{
	size_t used = 0;
	for (unsigned i = 0; i < CORE_PERM_COUNT && used < size; i++)
		if (need == 1u << i)
			used += (size_t)snprintf(reason, size,
			                         "needs the action %s (you have: ", core_perm_word(i));
	bool any = false;
	for (unsigned i = 0; i < CORE_PERM_COUNT && used < size; i++) {
		if (!(p->explicit_bits & (1u << i)))
			continue;
		used += (size_t)snprintf(reason + used, size - used, "%s%s", any ? ", " : "",
		                         core_perm_word(i));
		any = true;
	}
	if (used < size)
		snprintf(reason + used, size - used, "%s)", any ? "" : "none");
}

bool core_comp_action_legal(enum core_comp_action action, enum core_comp_state state)
{
	return (actions[action].states & (1u << state)) != 0;
}

bool core_comp_action_allowed(enum core_comp_action action, enum core_comp_state state,
                              const struct core_permissions *permissions, char *reason, size_t size)
{
	const struct core_comp_action_info *info = &actions[action];
	if (reason && size)
		reason[0] = '\0';
	if (!core_comp_action_legal(action, state)) {
		if (reason)
			snprintf(reason, size, "%s", state_phrase(state));
		return false;
	}
	if (!permissions || !permissions->known || !info->needs ||
	    (permissions->effective & info->needs))
		return true;
	if (reason)
		reason_permission(info->needs, permissions, reason, size);
	return false;
}
