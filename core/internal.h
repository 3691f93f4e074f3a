/*
 * What the modules of core share with one another and nobody else may include.
 */
#ifndef PRISM_CORE_INTERNAL_H
#define PRISM_CORE_INTERNAL_H

#include "base/json.h"
#include "base/mem.h"
#include "core/core.h"
#include "core/endpoints.h"
#include "core/options.h"
#include "core/request.h"

#define CORE_TEXT_MAX \
	65536 /* bytes of a field shown in lists; longer ones are cut, raw documents are not */

/* core.c */
void core_pending_add(struct core *core, int delta);
void core_parked_add(struct core *core, int delta);
void core_connection_report(struct core *core,
                            const struct prism_error *err /* NULL: an answer came */);
void core_skew_report(struct core *core, int64_t server_us);
bool core_dying(const struct core *core);
void core_reset_modules(struct core *core); /* user or workspace changed */

void core_workspaces_forget(
    struct core *core); /* workspace.c: somebody else signed in; resets all modules */

/* Made first, so that they are destroyed last: other modules lean on them to their end. */
void core_requests_init(struct core *core);
void core_watches_init(struct core *core);

/* session.c, for request.c */
const struct prism_secret *core_session_bearer(struct core *core, bool refresh); /* NULL: none */
unsigned core_session_generation(const struct core *core); /* grows with every new access token */
bool core_session_stale(
    const struct core *core);               /* less than the margin left and it can be renewed */
void core_session_renew(struct core *core); /* joins a refresh that runs */
bool core_session_known(const struct core *core); /* somebody was signed in and did not sign out */
void core_session_needs_login(struct core *core, const struct prism_error *why);

/* request_path.c, for request.c. Appends path and query below the service's URL. */
#define CORE_PATH_MAX 65536
PRISM_MUST_USE
int core_request_path(struct core *core, const struct core_endpoint *row,
                      const struct core_call *call, struct prism_buf *out, struct prism_error *err);

/* request.c, for session.c and core.c */
void core_requests_drop(struct core *core); /* completes all as cancelled, now */
void core_requests_token_ready(struct core *core);
void core_requests_token_failed(struct core *core, const struct prism_error *why, bool dead);
void core_requests_unpark(struct core *core);
void core_requests_fail_parked(struct core *core, const struct prism_error *why);
bool core_requests_parking(struct core *core);

/* decode.c: tolerant getters into an arena; never NULL. */
const char *core_str(struct prism_arena *arena, const cJSON *obj, const char *key);
/* First of the keys that holds a text; keys end with NULL. */
const char *core_str_any(struct prism_arena *arena, const cJSON *obj, const char *const *keys);
#define CORE_STR_ANY(arena, obj, ...) \
	core_str_any((arena), (obj), (const char *const[]){__VA_ARGS__, NULL})
/* The same for texts of which many in one arena are the same. */
const char *core_str_shared(struct prism_arena *arena, const cJSON *obj, const char *const *keys);
#define CORE_STR_SHARED(arena, obj, ...) \
	core_str_shared((arena), (obj), (const char *const[]){__VA_ARGS__, NULL})
const char *core_str_whole(struct prism_arena *arena, const cJSON *obj,
                           const char *key); /* up to CORE_STRING_MAX */
/* Texts of an array: strings as they are, objects by their id; count in *ret. */
const char *const *core_str_array(struct prism_arena *arena, const cJSON *array, size_t *ret_count);
char *core_text_cut(struct prism_arena *arena, const char *text, size_t max);

/* Body building. */
void core_json_put(cJSON *obj, const char *key, const char *value); /* replaces; exact key */
void core_json_put_any(cJSON *obj, const char *key,
                       const char *value); /* replaces the key in whatever case it is there */
cJSON *core_json_strings(const char *const *words, size_t count);

/* A JSON string, quoted: for bodies with secrets, which must not pass through cJSON. */
void core_json_text(struct prism_buf *buf, const char *text);

/* What modules tell one another. */
void core_computation_changed(struct core *core,
                              const char *id); /* after a write: reload detail and list */
void core_computation_stale(struct core *core, const char *id); /* the detail only */
/* Of the newest run, when the timeline is loaded; otherwise CORE_COMP_UNKNOWN. */
int core_timeline_state(struct core *core, const char *computation_id);
bool core_checklist_wants_key(struct core *core, const char *computation_id, const char *user_id);
void core_checklist_stale(struct core *core, const char *computation_id);
void core_roles_stale(struct core *core, const char *scope);

/* An operation whose answer is not looked into: forwards the error. */
PRISM_MUST_USE
int core_call_plain(struct core *core, const struct core_call *call, struct prism_cancel *cancel,
                    core_done_fn done, void *data, struct prism_error *err);

/* An operation after which something must be read anew, and whose refusal may need other words. */
struct core_write {
	struct core *core;
	core_done_fn done;
	void *data;
	void (*after)(struct core *core, const struct core_reply *reply); /* on success; may be NULL */
	const char *(*explain)(const struct prism_error *err); /* a better hint, or NULL; may be NULL */
};
PRISM_MUST_USE
int core_call_write(const struct core_write *write /* copied */, const struct core_call *call,
                    struct prism_cancel *cancel, struct prism_error *err);

/* Word → id over a loaded list: exact id, else unique name. Fails with missing or conflict. */
struct core_list;
PRISM_MUST_USE
int core_resolve_in(const struct core_list *list, const char *what, const char *word,
                    const char *(*name)(const void *item, int alternative), const char **ret_id,
                    struct prism_error *err);
PRISM_MUST_USE
int core_resolve_later(struct core_list *list, const char *what, const char *word,
                       const char *(*name)(const void *item, int alternative),
                       struct prism_cancel *cancel, core_id_fn done, void *data,
                       struct prism_error *err);

#endif
