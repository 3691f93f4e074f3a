/*
 * One call of the API, from request line to answer, without any socket: parsing the target,
 * finding the route, the checks every route shares (method, content type, token, workspace,
 * permission), and the answers' common shapes.  http.c feeds it from the network, tests directly.
 *
 * Errors have the bodies and texts of supermq v0.18.1 (prism-api.md section 2.4):
 * {"error": inner, "message": outer}.
 */
#ifndef PRISM_SANDBOX_ROUTER_H
#define PRISM_SANDBOX_ROUTER_H

#include "base/json.h"
#include "base/mem.h"
#include "sandbox/json_out.h"
#include "sandbox/perms.h"
#include "sandbox/sandbox.h"

enum sb_method { SB_GET, SB_POST, SB_PUT, SB_PATCH, SB_DELETE, SB_METHOD_COUNT };
int sb_method_parse(const char *word); /* -1: none of them */

#define SB_QUERY_MAX 32         /* more parameters than any endpoint has */
#define SB_BODY_CAP (16u << 20) /* a 10 MB sample in base64, and its JSON around it */

struct sb_param {
	const char *key, *value;
};

struct sb_caller {
	int64_t n; /* 0: nobody */
	char id[40];
	bool admin, verified;
	int64_t pat; /* the personal access token it came by; 0: a session */
};

struct sb_header {
	const char *name;
	char *value;
};

struct sb_call {
	struct sb *sb;
	/* The request, filled by whoever makes the call; lent. */
	enum sb_method method;
	const char *target; /* path and query, percent-encoded */
	const char *bearer; /* token text; NULL: no Authorization header */
	const char *content_type;
	const char *body;
	size_t body_len;
	/* Filled by the router. */
	struct prism_arena *arena;
	char *path;
	struct sb_param query[SB_QUERY_MAX];
	unsigned query_count;
	const struct sb_route *route;
	const char *param[26]; /* by letter of the template: {C} is param['C' - 'A'] */
	cJSON *json;           /* the body, when the route wants one */
	struct sb_caller caller;
	int64_t workspace, computation; /* row numbers of {D} and {C}, 0: not in the path */
	bool member;
	uint32_t workspace_actions, computation_actions;
	/* The answer. */
	int status; /* 0: nothing answered yet */
	const char *answer_type;
	struct sb_json out;
	struct sb_header header[4];
	unsigned header_count;
	/* Of an answer that is made in steps: see sb_later(). */
	void (*step)(struct sb_call *call);
	void *work;
	void (*drop)(void *work);
};

typedef void (*sb_handler)(struct sb_call *call);

enum sb_route_flags {
	SB_ROUTE_BODY = 1 << 0,    /* a JSON body is required */
	SB_ROUTE_NO_TYPE = 1 << 1, /* a write without Content-Type is fine */
	SB_ROUTE_SESSION = 1 << 2, /* personal access tokens are refused */
};

struct sb_route {
	enum sb_method method;
	const char *path; /* "/computations/{D}/computations/{C}/run" */
	sb_handler handler;
	enum sb_need need;
	unsigned flags;
};
extern const struct sb_route sb_routes[];
extern const unsigned sb_route_count;

/* Answers the call: afterwards status, answer_type, headers and out.buf are set. What takes long
 * is done in steps, for the caller to do other things in between: begin() does the first one, and
 * each further step() one more, until one of them says true: answered. */
PRISM_MUST_USE
bool sb_router_begin(struct sb_call *call);
PRISM_MUST_USE
bool sb_router_step(struct sb_call *call);
void sb_router_answer(struct sb_call *call); /* all steps at once */
void sb_call_finish(struct sb_call *call);   /* frees what the router made */

/* Reading the request. */
const char *sb_query(const struct sb_call *call, const char *key); /* NULL: absent */
static inline const char *sb_path_param(const struct sb_call *call, char letter)
{
	return call->param[letter - 'A'];
}

/* A handler that cannot answer within a few milliseconds returns with this: step is called again
 * and again until it has answered, then drop(work) once, also when nobody waits for the answer any
 * more. What was checked before (who asks, what there is) may have changed between two steps. */
void sb_later(struct sb_call *call, void (*step)(struct sb_call *), void *work,
              void (*drop)(void *work));

/* Answering. The first answer counts; later ones are ignored. */
void sb_ok(struct sb_call *call, int status); /* body: what was written to call->out */
void sb_empty(struct sb_call *call, int status);
void sb_header(struct sb_call *call, const char *name, const char *fmt, ...) PRISM_PRINTF(3, 4);
/* {"error": inner, "message": outer} */
void sb_fail(struct sb_call *call, int status, const char *outer, const char *inner);
void sb_invalid(struct sb_call *call, const char *reason); /* 400 "something went wrong ..." */

/* Texts of supermq v0.18.1, where more than one file needs them. */
#define SB_TEXT_VALIDATION "something went wrong with the request"
#define SB_TEXT_BEARER "missing or invalid bearer user token"
#define SB_TEXT_AUTHN "failed to perform authentication over the entity"
#define SB_TEXT_AUTHZ "failed to perform authorization over the entity"
#define SB_TEXT_MALFORMED "malformed entity specification"
#define SB_TEXT_NOT_FOUND "entity not found"
#define SB_TEXT_CONFLICT "entity already exists"
#define SB_TEXT_CREATE "failed to create entity"
#define SB_TEXT_UPDATE "update entity failed"
#define SB_TEXT_REMOVE "failed to remove entity"
#define SB_TEXT_VIEW "view entity failed"
#define SB_TEXT_QUERY "invalid query parameters"
#define SB_TEXT_LIMIT "invalid limit size"
#define SB_TEXT_MISSING_ID "missing entity id"

/* Lists. */
#define SB_LIMIT_DEFAULT 10
#define SB_LIMIT_MAX 100
struct sb_page {
	int64_t limit, offset;
	bool ascending;
	const char *order; /* lent; NULL: not asked for */
};
/* Answers 400 and returns -1 when limit, offset or dir are not as supermq wants them. */
PRISM_MUST_USE
int sb_page_parse(struct sb_call *call, struct sb_page *ret_page);
/* Writes total, offset, limit into the open object (supermq leaves out zeros). */
void sb_page_write(struct sb_call *call, const struct sb_page *page, int64_t total);
/* RFC 3339 or Unix seconds, milliseconds, microseconds or nanoseconds (told apart by size);
 * absent: fallback. Answers 400 and returns -1 otherwise. */
PRISM_MUST_USE
int sb_query_time(struct sb_call *call, const char *key, int64_t fallback, int64_t *ret_us);
/* A LIKE pattern that matches text anywhere, with the wildcards in it escaped by '\'. From the
 * call's arena. */
const char *sb_like(struct sb_call *call, const char *text);

#endif
