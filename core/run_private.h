/*
 * Between core/run.c (calls, decoding) and core/timeline.c (the cache of runs and events).
 */
#ifndef PRISM_CORE_RUN_PRIVATE_H
#define PRISM_CORE_RUN_PRIVATE_H

#include "base/json.h"
#include "core/run.h"

bool core_run_decode(void *item, const cJSON *entry,
                     struct prism_arena *arena); /* struct core_run */
/* False when it holds nothing: never run (reference 3.8). */
bool core_run_event_decode(struct core_run_event *event, const cJSON *entry,
                           struct prism_arena *arena);
/* A run we just started: on the timeline before the server tells it. */
void core_timeline_started(struct core *core, const char *computation, const char *run,
                           const char *cvm);
/* The latest event, from GET status. */
void core_timeline_latest(struct core *core, const char *computation, const cJSON *entry);
void core_timeline_reload(struct core *core, const char *computation);

#endif
