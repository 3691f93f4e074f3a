/*
 * The root of the domain library: one `struct core` is one profile (one backend, one signed-in
 * user, one current workspace).  It owns the HTTP engine, the session, every cached collection
 * and every request in flight; it draws nothing and prints nothing.
 *
 * How a front end uses it:
 *   - getters lend what is known now (core_computations(), core_timeline(), ...) and never block;
 *   - loads and operations are asynchronous; each starts with an int that is 0 (started: the
 *     callback comes exactly once, later, from the loop) or -1 (failed now: *err filled, no
 *     callback).  Cancelling is a completion with category cancelled;
 *   - changes are told by typed events; a view marks itself dirty and draws later.
 *
 * Events are queued, merged (same type and id once) and delivered from a deferred call, that is
 * before the before-sleep hooks of the next turn; handlers may call anything in core.
 *
 * Life of what getters lend: the present callback.  Content may be replaced by any answer that
 * arrives, so front ends keep ids, look things up again when they draw, and never keep pointers.
 *
 * Thread rules: loop thread only.
 */
#ifndef PRISM_CORE_CORE_H
#define PRISM_CORE_CORE_H

#include "base/cancel.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/loop.h"
#include "base/work.h"

#include <stdint.h>

struct core;
struct core_options;
struct net_http;

/* X(ENUM, "word", what the id of the event is) */
#define CORE_EVENT_MAP(X)                                                                \
	X(SESSION, "session", "none: signed in or out, login needed, tokens renewed")        \
	X(WORKSPACES, "workspaces", "none: the list, or the current workspace")              \
	X(COMPUTATIONS, "computations", "none: the list of computations")                    \
	X(COMPUTATION, "computation", "computation id: detail, state or permissions")        \
	X(TIMELINE, "timeline", "computation id: runs or events")                            \
	X(LOGS, "logs", "computation id: log lines")                                         \
	X(ASSETS, "assets", "none: the list; computation id: what is linked to it")          \
	X(CVMS, "cvms", "none: the list; CVM id: one of them")                               \
	X(CERTS, "certs", "CVM id: its certificates; none: those of the workspace")          \
	X(ROLES, "roles", "computation id, or none for the workspace's roles")               \
	X(USERS, "users", "none: a display name became known")                               \
	X(INVITATIONS, "invitations", "none: of the workspace, or mine")                     \
	X(PATS, "access-tokens", "none: the list of personal access tokens")                 \
	X(MANIFEST, "manifest", "computation id")                                            \
	X(CHECKLIST, "checklist", "computation id")                                          \
	X(KEYS, "keys", "computation id: registration of my public key")                     \
	X(STATISTICS, "statistics", "none: runs per day; CVM id: its up-time")               \
	X(NEEDS, "needs", "none: what waits for me")                                         \
	X(FOLLOWED, "followed", "computation id: its state changed, and it is followed")     \
	X(FLEET, "fleet", "profile: one of the others answered, or something there changed") \
	X(TRANSFERS, "transfers", "transfer id, or none")                                    \
	X(TUNNELS, "tunnels", "none: a tunnel's state or numbers, or a question about it")   \
	X(REQUESTS, "requests", "none: the number of requests in flight changed")            \
	X(CONNECTION, "connection", "none: reachable, unreachable, clock skew")              \
	X(OPTIONS, "options", "option name: a setting changed at run time")                  \
	X(NOTICE, "notice", "none: a line for the messages history")

enum core_event_type {
#define X(id, word, what) CORE_EVENT_##id,
	CORE_EVENT_MAP(X)
#undef X
	    CORE_EVENT_COUNT
};
const char *core_event_word(enum core_event_type type);

enum core_severity { CORE_INFO, CORE_GOOD, CORE_WARNING, CORE_ERROR };
/* The tone of a state, status or severity; the front end maps tones to theme slots. */
enum core_tone {
	CORE_TONE_PLAIN,
	CORE_TONE_MUTED,  /* over, inactive */
	CORE_TONE_ACTIVE, /* in progress: yellow in the web console */
	CORE_TONE_GOOD,   /* completed, online: green */
	CORE_TONE_INFO,   /* starting, warning of an event: cyan in the web console */
	CORE_TONE_WARN,   /* needs attention */
	CORE_TONE_BAD,    /* failed, stopped: red */
	CORE_TONE_COUNT
};

/* A line for people: toast now, messages history later. */
struct core_notice {
	enum core_severity severity;
	int64_t wall_us;
	const char *text;                /* lent during the callback */
	const struct prism_error *error; /* lent during the callback; NULL when there is none */
};

struct core_event {
	enum core_event_type type;
	const char *id;                   /* lent; "" when the event has no id; see CORE_EVENT_MAP */
	const struct core_notice *notice; /* only CORE_EVENT_NOTICE */
};

typedef void (*core_event_fn)(void *data, const struct core_event *event);
struct core_subscription;
struct core_subscription *core_subscribe(struct core *core, core_event_fn fn, void *data);
void core_unsubscribe(
    struct core_subscription *subscription); /* NULL allowed; also from a handler */

/* The loop, the workers and the options are lent and must outlive the core.  Nothing is dialled
 * and libcurl is not touched before the first request. */
struct core *core_create(struct prism_loop *loop, struct prism_work *work,
                         struct core_options *options);
/* Completes what is in flight with category cancelled, now (the one callback that does not come
 * from the loop), wipes tokens. NULL allowed. */
void core_destroy(struct core *core);

struct prism_loop *core_loop(const struct core *core);
struct prism_work *core_work(const struct core *core);
const struct prism_clock *core_clock(const struct core *core);
struct core_options *core_options(const struct core *core);
struct prism_cancel *
core_cancel(const struct core *core);          /* root of the token tree; parent for yours */
struct net_http *core_http(struct core *core); /* made on first use */

/* Requests started and not finished, parked ones included (status line; tests wait for 0). */
unsigned core_pending(const struct core *core);
unsigned core_parked(const struct core *core); /* of those: waiting for somebody to sign in */

/* What the last answer told about the way to the server. */
enum core_connection { CORE_CONN_UNKNOWN, CORE_CONN_UP, CORE_CONN_DOWN };
enum core_connection core_connection(const struct core *core);
const struct prism_error *
core_connection_error(const struct core *core); /* why it is down; NULL when up */
/* Server time minus ours, from the Date header; 0 until known. Beyond CORE_SKEW_WARN_US a notice is
 * given once; token life is measured so that skew does not matter. */
#define CORE_SKEW_WARN_US (120 * 1000000LL)
int64_t core_clock_skew_us(const struct core *core);

/* Common callbacks. `err` NULL means success. Results are lent for the call. */
typedef void (*core_done_fn)(void *data, const struct prism_error *err);
typedef void (*core_id_fn)(void *data, const char *id /* "" when the server did not say */,
                           const struct prism_error *err);

/* --- for modules of core and its companions (logs, transfers, agents) --- */

void core_emit(struct core *core, enum core_event_type type, const char *id /* NULL: none */);
void core_notify(struct core *core, enum core_severity severity, const char *fmt, ...)
    PRISM_PRINTF(3, 4);
void core_notify_error(struct core *core,
                       const struct prism_error *err); /* cancelled is not told */

/* State of one module, made on first use, destroyed with the core in reverse order.
 * `reset` is called when the workspace or the user changes: drop what belonged to the old one.
 * A module whose whole state is one list names its type instead of the three functions. */
struct core_list_type;
struct core_module {
	const char *name;
	const struct core_list_type *list; /* NULL: the functions below */
	void *(*create)(struct core *core);
	void (*destroy)(void *state);
	void (*reset)(void *state); /* may be NULL */
};
void *core_module(struct core *core, const struct core_module *module);

#endif
