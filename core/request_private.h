/*
 * Inside the requests only: one call in flight, and what request.c (building, sending, completion),
 * request_answer.c (answers, retries) and request_audit.c do for each other.
 */
#ifndef PRISM_CORE_REQUEST_PRIVATE_H
#define PRISM_CORE_REQUEST_PRIVATE_H

#include "core/audit.h"
#include "core/internal.h"
#include "net/tunnel.h"

#define STAGES(X)                        \
	X(NEW, "new")                        \
	X(WAIT_TOKEN, "waits for a token")   \
	X(WAIT_TUNNEL, "waits for a tunnel") \
	X(PARKED, "parked") X(SENT, "sent") X(WAIT_RETRY, "waits for its retry") X(DONE, "done")

enum stage {
#define X(id, word) STAGE_##id,
	STAGES(X)
#undef X
};

struct core_request {
	struct prism_list node;
	struct core *core;
	const struct core_endpoint *row;
	enum stage stage;
	char *path; /* below the service's URL, encoded, with its query */
	struct prism_buf body;
	const char *content_type, *accept; /* the caller's; NULL: JSON */
	bool has_body, secret_body, password, once, token_retried, alternative_tried, cancelled;
	bool audited, sent;           /* a change for the audit trail; anything was sent at all */
	char *object;                 /* what it changes, in words; NULL: not audited */
	char audit_id[CORE_AUDIT_ID]; /* also the header X-Request-Id */
	enum core_service_choice { CHOICE_UNKNOWN, CHOICE_FIRST, CHOICE_SECOND } sent_to;
	unsigned attempts, token_generation;
	int64_t timeout_ms;
	struct prism_timer *timer;
	struct net_http_request *net;
	struct net_tunnel *tunnel; /* NULL: direct */
	struct net_tunnel_wait wait;
	struct prism_cancel_hook hook;
	core_reply_fn done;
	void *data;
};

struct requests {
	struct core *core;
	struct prism_list all;
	bool parking;
	enum core_service_choice choice[CORE_SERVICE_COUNT]; /* which prefix answered (section 1.4) */
	uint32_t jitter;
};

struct requests *core_requests_self(struct core *core);
void core_request_stage(struct core_request *r, enum stage stage);
bool core_request_wants_token(const struct core_request *r);
void core_request_go(struct core_request *r); /* sends, or waits for what sending needs */
/* Operation and peer, where they are not told yet. */
void core_request_tell(struct core_request *r, struct prism_error *err);
/* The end, each of them: the request is freed before its owner is called. */
void core_request_finish(struct core_request *r, const struct core_reply *reply,
                         const struct prism_error *err);
void core_request_fail(struct core_request *r, struct prism_error *err);
void core_request_fail_cancelled(void *data);

/* What the HTTP engine calls; data is the request. */
void core_request_answered(void *data, const struct net_http_response *response,
                           const struct prism_error *err);

/* A change, or an attempt at one: everything that is not a read. Renewing a token changes nothing
 * that anybody asked for. */
static inline bool core_request_changes(const struct core_endpoint *row)
{
	return !(row->flags & (CORE_EPF_IDEMPOTENT | CORE_EPF_REFRESH));
}
/* A change gets an id and words for its object; what became of it is written at the end. */
void core_request_audit_begin(struct core_request *r, const struct core_call *call);
void core_request_audit_end(const struct core_request *r, const struct core_reply *reply,
                            const struct prism_error *err);

#endif
