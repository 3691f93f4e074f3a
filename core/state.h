/*
 * Words of the wire made into states: computation states and what each allows, event types and
 * their titles, status tones (reference 4.5, 4.6).  Unknown words stay visible.  Pure functions.
 */
#ifndef PRISM_CORE_STATE_H
#define PRISM_CORE_STATE_H

#include "core/core.h"
#include "core/permission.h"

enum core_comp_state {
	CORE_COMP_NOT_STARTED, /* never run */
	CORE_COMP_RUNNING,
	CORE_COMP_COMPLETED,
	CORE_COMP_FAILED,
	CORE_COMP_CANCELLED,
	CORE_COMP_UNKNOWN, /* show the raw text; no state-specific actions except Logs */
	CORE_COMP_STATE_COUNT
};
struct core_comp_state_info {
	const char *word;  /* "not-started", "running", ... for JSON and filters */
	const char *label; /* "Not started", "Running", "Completed", "Failed", "Cancelled", "Unknown" */
	const char *meaning;
	enum core_tone tone;
	bool final; /* the run is over */
};
const struct core_comp_state_info *core_comp_state_info(enum core_comp_state state);

/* Of a computation's status word; NULL and "" are not started. */
enum core_comp_state core_comp_state_of(const char *status);
/* Of an event: its type first; its status only overrides when it says failed or stopped.
 * `previous` comes back when the event changes nothing (a stop that failed, an unknown one). */
enum core_comp_state core_comp_state_of_event(const char *event_type, const char *status,
                                              enum core_comp_state previous);

/* Title of an event type: the table's words, else CamelCase or kebab split into a sentence
 * ("Receiving algorithm"). buf is filled; returns buf. */
char *core_event_title(const char *event_type, char *buf, size_t size);
char *core_status_title(const char *status, char *buf, size_t size); /* "In progress" */
enum core_tone core_status_tone(const char *event_type, const char *status);

/* What a person can do with a computation.
 * X(ENUM, "word", "label", states bit mask, needed permission or 0, dangerous) */
#define CORE_S_(x) (1 << CORE_COMP_##x)
#define CORE_S_ANY ((1 << CORE_COMP_STATE_COUNT) - 1)
#define CORE_ACTION_MAP(X)                                                                     \
	X(MONITOR, "monitor", "Monitor", CORE_S_(RUNNING), CORE_PERM_VIEW, 0)                      \
	X(LOGS, "logs", "View Logs", CORE_S_ANY, CORE_PERM_VIEW, 0)                                \
	X(RUN, "run", "Run Computation",                                                           \
	  CORE_S_(NOT_STARTED) | CORE_S_(RUNNING) | CORE_S_(COMPLETED) | CORE_S_(UNKNOWN),         \
	  CORE_PERM_RUN, 0)                                                                        \
	X(RETRY, "retry", "Retry", CORE_S_(FAILED) | CORE_S_(CANCELLED), CORE_PERM_RUN, 0)         \
	X(STOP, "stop", "Stop", CORE_S_(RUNNING) | CORE_S_(UNKNOWN), CORE_PERM_RUN, 1)             \
	X(RESULTS, "results", "View Results", CORE_S_(COMPLETED) | CORE_S_(RUNNING),               \
	  CORE_PERM_RESULT_CONSUMER, 0)                                                            \
	X(DOWNLOAD, "download", "Download", CORE_S_(COMPLETED) | CORE_S_(RUNNING),                 \
	  CORE_PERM_RESULT_CONSUMER, 0)                                                            \
	X(SEND_ALGORITHM, "send-algorithm", "Send algorithm", CORE_S_(RUNNING) | CORE_S_(UNKNOWN), \
	  CORE_PERM_ALGO_PROVIDER, 0)                                                              \
	X(SEND_DATASET, "send-dataset", "Send dataset", CORE_S_(RUNNING) | CORE_S_(UNKNOWN),       \
	  CORE_PERM_DATASET_PROVIDER, 0)                                                           \
	X(EDIT, "edit", "Update Computation", CORE_S_ANY & ~CORE_S_(RUNNING), CORE_PERM_EDIT, 0)   \
	X(DELETE, "delete", "Delete Computation", CORE_S_ANY, CORE_PERM_ADMINISTRATOR, 1)          \
	X(ROLES, "roles", "Roles", CORE_S_ANY, CORE_PERM_ADMINISTRATOR, 0)                         \
	X(KEY, "key", "Upload Public Key", CORE_S_ANY, CORE_PERM_VIEW, 0)                          \
	X(ASSETS, "assets", "Asset Management", CORE_S_ANY, CORE_PERM_VIEW, 0)                     \
	X(MANIFEST, "manifest", "Preview Manifest", CORE_S_ANY, CORE_PERM_VIEW, 0)                 \
	X(EXPORT, "export", "Export", CORE_S_ANY, CORE_PERM_VIEW, 0)

enum core_comp_action {
#define X(id, word, label, states, perm, danger) CORE_ACTION_##id,
	CORE_ACTION_MAP(X)
#undef X
	    CORE_ACTION_COUNT
};
struct core_comp_action_info {
	const char *word, *label;
	unsigned states; /* bit 1 << core_comp_state: legal there */
	unsigned needs;  /* one CORE_PERM_ bit, 0 none */
	bool dangerous;
};
const struct core_comp_action_info *core_comp_action_info(enum core_comp_action action);

/* By its state alone, whoever asks. */
bool core_comp_action_legal(enum core_comp_action action, enum core_comp_state state);
/* Legal now? When not, `reason` (may be NULL) is the line to grey it with: "not while it is
 * running", "needs the action run (you have view)". Unknown permissions forbid nothing: the server
 * decides. */
bool core_comp_action_allowed(enum core_comp_action action, enum core_comp_state state,
                              const struct core_permissions *permissions, char *reason,
                              size_t size);

#endif
