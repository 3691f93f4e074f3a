/* What tui/view_logs.c and tui/view_logs_act.c share; nobody else includes it. */
#ifndef PRISM_TUI_VIEW_LOGS_PRIVATE_H
#define PRISM_TUI_VIEW_LOGS_PRIVATE_H

#include "core/logfile.h"
#include "core/logs.h"
#include "core/remotelog.h"
#include "tui/logpane.h"
#include "tui/view_logs.h"
#include "tui/views.h"

struct logs_asking;
struct host_asking;

#define LOGS_REMOTE_MAX 8 /* each is a channel and a process at the far end */

struct logs {
	struct pt_view *view;
	struct core *core;
	struct core_logs *feed;      /* NULL: a file */
	struct core_logfile *file;   /* NULL: a computation */
	struct core_logstore *store; /* owned for a file, else the feed's */
	char *name;                  /* computation id, or path */
	struct pt_logpane pane;
	struct core_log_filter filter; /* pattern owned */
	unsigned least_level;          /* 0: all */
	bool busy;                     /* filtering or searching was not over at the last look */
	bool paused, asked;            /* asked: the feed is being followed for us */
	int64_t drawn_ms;
	struct prism_timer *later; /* a redraw that was put off */
	struct logs_asking *asking;
	struct core_remotelog *remote[LOGS_REMOTE_MAX]; /* logs of hosts, merged into the store */
	unsigned remote_count;
	struct host_asking *host_asking; /* which one to follow is being asked for */
	char summary[200], typed[256];
};

void pt_logs_redraw(struct logs *l); /* soon, but not more often than a screen can be read */
void pt_logs_watch(struct logs *l);  /* follows or stops, by what is seen and paused */
/* Applies l->filter with another pattern (NULL: the one it has). */
PRISM_MUST_USE
int pt_logs_apply(struct logs *l, const char *pattern, unsigned match_flags,
                  struct prism_error *err);
unsigned pt_logs_act(struct pt_view *view, enum pt_action_id id, const struct pt_values *values);
void pt_logs_forget_host(struct logs *l);   /* ends following hosts, and the question about one */
void pt_logs_forget_asking(struct logs *l); /* the prompt outlives the view */
char *pt_logs_copy(struct pt_view *view);

#endif
