/* Owns what becomes of an answer: taken, tried another way, repeated later, or told as an error. */
#include "core/request_private.h"

#include "base/log.h"
#include "base/text.h"
#include "core/cache.h"
#include "core/session.h"

#include <inttypes.h>
#include <string.h>

/* --- retry --- */

static bool worth_retrying(const struct core_request *r, int status, const struct prism_error *err)
{
	if (!(r->row->flags & CORE_EPF_IDEMPOTENT) || r->once || r->attempts >= CORE_RETRY_MAX)
		return false;
	if (err)
		return err->category == PRISM_ERROR_IO ||
		       (err->category == PRISM_ERROR_TIMEOUT && r->attempts == 0);
	return status == 429 || status == 502 || status == 503 || status == 504;
}

/* What the server asks for: seconds, or a date by its own clock. -1: nothing that can be read. */
static int64_t asked_delay(struct core *core, const struct net_http_response *response)
{
	int64_t now = response->server_date_us != PRISM_TIME_UNSET
	                  ? response->server_date_us
	                  : prism_clock_wall_us(core_clock(core));
	int64_t delay, at;
	uint64_t seconds;
	if (!*response->retry_after)
		return -1;
	if (prism_text_parse_u64(response->retry_after, INT32_MAX, &seconds, NULL) == 0)
		delay = (int64_t)seconds * 1000;
	else if ((at = net_http_date_us(response->retry_after)) != PRISM_TIME_UNSET && at > now)
		delay = (at - now) / 1000;
	else
		return -1;
	return delay < CORE_RETRY_AFTER_MAX_MS ? delay : CORE_RETRY_AFTER_MAX_MS;
}

/* response NULL: no answer came. */
static int64_t retry_delay(struct core_request *r, const struct net_http_response *response)
{
	struct requests *requests = core_requests_self(r->core);
	int64_t asked = response ? asked_delay(r->core, response) : -1;
	if (asked >= 0)
		return asked;
	int64_t delay = (int64_t)CORE_RETRY_FIRST_MS << r->attempts;
	if (delay > CORE_RETRY_CAP_MS)
		delay = CORE_RETRY_CAP_MS;
	requests->jitter ^= requests->jitter << 13; /* xorshift32: spread, not secrecy */
	requests->jitter ^= requests->jitter >> 17;
	requests->jitter ^= requests->jitter << 5;
	return delay / 2 + requests->jitter % (uint32_t)(delay / 2 + 1);
}

static void retry_due(void *data)
{
	struct core_request *r = data;
	prism_timer_remove(r->timer);
	r->timer = NULL;
	if (!r->cancelled)
		core_request_go(r);
}

static void retry_later(struct core_request *r, const struct net_http_response *response)
{
	int64_t delay = retry_delay(r, response);
	r->attempts++;
	prism_log(PRISM_LOG_INFO, "request", "%s: attempt %u in %" PRId64 " ms", r->row->name,
	          r->attempts + 1, delay);
	core_request_stage(r, STAGE_WAIT_RETRY);
	r->timer = prism_loop_add_timer(core_loop(r->core), delay, 0, retry_due, r);
}

/* --- answers --- */

static char *created_id(const struct net_http_response *response, const cJSON *doc)
{
	const char *id = prism_json_str(doc, "id", "");
	if (!*id) /* {"asset": {"id": ...}} */
		for (const cJSON *child = cJSON_IsObject(doc) ? doc->child : NULL; child && !*id;
		     child = child->next)
			if (cJSON_IsObject(child))
				id = prism_json_str(child, "id", "");
	if (*id)
		return prism_strdup(id);
	char *from = core_id_from_location(response->hx_location);
	return from ? from : core_id_from_location(response->location);
}

static void succeed(struct core_request *r, const struct net_http_response *response)
{
	struct prism_error err = PRISM_ERROR_INIT;
	cJSON *doc = NULL;
	if (response->body_len)
		doc = prism_json_parse(response->body, response->body_len, &err);
	if (!doc && (r->row->flags & CORE_EPF_JSON)) {
		if (response->body_len == 0)
			prism_error_raise(&err, PRISM_ERROR_PROTOCOL,
			                  "the answer is empty where data was expected");
		else
			prism_error_wrap(&err, "the answer of the server cannot be read");
		err.category = PRISM_ERROR_PROTOCOL;
		err.status = response->status;
		prism_error_hint(&err, "the answer may have been cut on its way; try again");
		core_request_tell(r, &err);
		core_request_fail(r, &err);
		return;
	}
	PRISM_AUTO_FREE char *id = created_id(response, doc);
	struct core_reply reply = {
	    .status = response->status,
	    .json = doc,
	    .text = response->body,
	    .text_len = response->body_len,
	    .id = id ? id : "",
	};
	if (doc)
		core_cache_offer(r->core, r->row, r->path, response->body, response->body_len);
	core_request_finish(r, &reply, NULL);
	prism_json_wipe(doc); /* may hold tokens */
}

/* The documented and the actual prefix of a service differ (section 1.4 rule 2): try the other
 * once. */
static bool try_alternative(struct core_request *r, const struct net_http_response *response)
{
	struct requests *requests = core_requests_self(r->core);
	enum core_service service = r->row->service;
	bool html = core_reply_is_html(response->content_type, response->body);
	bool absent = response->status == 404 || response->status == 405 || html;
	if (!absent) {
		if (requests->choice[service] == CHOICE_UNKNOWN)
			requests->choice[service] = r->sent_to;
		return false;
	}
	if (requests->choice[service] != CHOICE_UNKNOWN || r->alternative_tried ||
	    r->sent_to == CHOICE_UNKNOWN || !core_service_alternative(service))
		return false;
	r->alternative_tried = true;
	return true;
}

static bool token_refused(struct core_request *r, const struct net_http_response *response)
{
	if (response->status != 401 || !core_request_wants_token(r) ||
	    r->row->flags & CORE_EPF_NO_REFRESH || r->token_retried)
		return false;
	return !prism_text_contains(response->body, "email not verified");
}

static void renew_and_go(struct core_request *r)
{
	r->token_retried = true;
	if (r->token_generation != core_session_generation(r->core) ||
	    core_session_state(r->core) == CORE_SESSION_LOGIN_NEEDED) {
		core_request_go(r); /* renewed, or found dead, while this one was on its way */
		return;
	}
	core_request_stage(r, STAGE_WAIT_TOKEN);
	core_session_renew(r->core);
}

void core_request_answered(void *data, const struct net_http_response *response,
                           const struct prism_error *err)
{
	struct core_request *r = data;
	r->net = NULL;
	if (r->cancelled) {
		core_request_fail_cancelled(r);
		return;
	}
	int status = response ? response->status : 0;
	if (err) {
		struct prism_error copy = *err;
		bool down = err->category == PRISM_ERROR_IO || err->category == PRISM_ERROR_TIMEOUT ||
		            err->category == PRISM_ERROR_TRUST;
		if (down)
			core_connection_report(r->core, err);
		if (worth_retrying(r, 0, err)) {
			retry_later(r, NULL);
			return;
		}
		core_request_tell(r, &copy);
		core_request_fail(r, &copy);
		return;
	}
	prism_log(PRISM_LOG_DEBUG, "request", "%s: HTTP %d, %zu bytes, %" PRId64 " ms", r->row->name,
	          status, response->body_len, response->elapsed_ms);
	core_connection_report(r->core, NULL);
	core_skew_report(r->core, response->server_date_us);
	if (try_alternative(r, response)) {
		core_request_go(r);
	} else if (token_refused(r, response)) {
		renew_and_go(r);
	} else if (worth_retrying(r, status, NULL)) {
		retry_later(r, response);
	} else if (status >= 200 && status < 300 &&
	           !core_reply_is_html(response->content_type, response->body)) {
		succeed(r, response);
	} else {
		struct prism_error failure = PRISM_ERROR_INIT;
		core_reply_error(status, response->content_type, response->body, response->body_len, r->row,
		                 &failure);
		core_request_tell(r, &failure);
		core_request_fail(r, &failure);
	}
}
