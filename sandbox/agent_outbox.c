/*
 * What the agent tells its owner: events, log entries, states, and their texts (agent.md section
 * 7).
 *
 * Everything is queued and delivered by a deferred call, in order: the owner never runs inside a
 * gRPC pump or a job, and may stop or destroy the agent from a callback.
 */
#include "sandbox/agent_private.h"

#define LOG_PIECE 500 /* bytes of one log entry (agent.md section 7) */

struct letter {
	struct prism_list node;
	enum { LETTER_EVENT, LETTER_LOG, LETTER_STATE } kind;
	const char *type, *status, *originator; /* static text */
	int64_t time_us;
	char *text;
	size_t len;
};

static void letter_free(struct letter *letter)
{
	prism_list_remove(&letter->node);
	prism_free(letter->text);
	prism_free(letter);
}

static void letter_deliver(const struct sb_agent_callbacks *to, const struct letter *letter)
{
	if (letter->kind == LETTER_EVENT && to->on_event)
		to->on_event(to->data, letter->type, letter->status, letter->time_us, letter->originator,
		             "");
	else if (letter->kind == LETTER_LOG && to->on_log)
		to->on_log(to->data, letter->type, letter->text, letter->len, letter->time_us);
	else if (letter->kind == LETTER_STATE && to->on_state)
		to->on_state(to->data, letter->type);
}

/* False when a callback destroyed the agent. */
static bool outbox_flush(struct sb_agent *agent)
{
	bool alive = true, *outer = agent->flush_alive;
	const struct sb_agent_callbacks to = agent->callbacks;
	agent->flush_alive = &alive;
	while (alive && !prism_list_empty(&agent->outbox)) {
		struct letter *letter = PRISM_CONTAINER(agent->outbox.next, struct letter, node);
		prism_list_remove(&letter->node);
		letter_deliver(&to, letter);
		letter_free(letter);
	}
	if (alive)
		agent->flush_alive = outer;
	else if (outer)
		*outer = false;
	return alive;
}

static void outbox_flush_deferred(void *data)
{
	(void)outbox_flush(data);
}

static struct letter *outbox_add(struct sb_agent *agent, int kind, const char *type)
{
	struct letter *letter = prism_alloc(sizeof(*letter));
	letter->kind = kind;
	letter->type = type;
	letter->time_us = sb_agent_now_us(agent);
	if (prism_list_empty(&agent->outbox))
		prism_loop_defer(agent->loop, outbox_flush_deferred, agent);
	prism_list_append(&agent->outbox, &letter->node);
	return letter;
}

void sb_agent_outbox_flush(struct sb_agent *agent)
{
	(void)outbox_flush(agent);
}

void sb_agent_outbox_drop(struct sb_agent *agent)
{
	prism_loop_undefer(agent->loop, outbox_flush_deferred, agent);
	PRISM_LIST_EACH (&agent->outbox, node, tmp)
		letter_free(PRISM_CONTAINER(node, struct letter, node));
}

void sb_agent_tell_state(struct sb_agent *agent, const char *word)
{
	(void)outbox_add(agent, LETTER_STATE, word);
}

int64_t sb_agent_now_us(const struct sb_agent *agent)
{
	return prism_clock_wall_us(prism_loop_clock(agent->loop));
}

void sb_agent_event(struct sb_agent *agent, const char *type, const char *status)
{
	struct letter *letter = outbox_add(agent, LETTER_EVENT, type);
	letter->status = status;
	letter->originator = "agent";
}

/* Once per write of the algorithm to stderr; from v0.9 on it comes from another process, which
 * sends no time. */
void sb_agent_event_warning(struct sb_agent *agent)
{
	struct letter *letter = outbox_add(agent, LETTER_EVENT, "AlgorithmRun");
	letter->status = "Warning";
	letter->originator = agent->rule == SB_AGENT_RULE_V08 ? "agent" : "computation-runner";
	if (agent->rule != SB_AGENT_RULE_V08)
		letter->time_us = PRISM_TIME_UNSET;
}

/* Cut into pieces that all carry the same time. */
void sb_agent_log_bytes(struct sb_agent *agent, const char *level, const char *bytes, size_t len)
{
	int64_t now = sb_agent_now_us(agent);
	while (len > 0) {
		size_t piece = len < LOG_PIECE ? len : LOG_PIECE;
		struct letter *letter = outbox_add(agent, LETTER_LOG, level);
		letter->time_us = now;
		letter->text = prism_alloc(piece + 1);
		memcpy(letter->text, bytes, piece);
		letter->len = piece;
		bytes += piece;
		len -= piece;
	}
}

void sb_agent_log(struct sb_agent *agent, const char *level, const char *fmt, ...)
{
	char text[2048];
	va_list args;
	va_start(args, fmt);
	int len = vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	if (len > 0)
		sb_agent_log_bytes(agent, level, text,
		                   (size_t)len < sizeof(text) ? (size_t)len : sizeof(text) - 1);
}

/* A duration as Go prints it: "12µs", "3.25ms", "1.5s". */
static void duration_text(int64_t us, char out[32])
{
	const char *unit = us < 1000 ? "\xc2\xb5s" : us < 1000000 ? "ms" : "s";
	int64_t scale = us < 1000 ? 1 : us < 1000000 ? 1000 : 1000000;
	int digits = us < 1000 ? 0 : us < 1000000 ? 3 : 6;
	int len = snprintf(out, 32, "%lld", (long long)(us / scale));
	if (digits > 0 && us % scale != 0) {
		len += snprintf(out + len, 32 - (size_t)len, ".%0*lld", digits, (long long)(us % scale));
		while (out[len - 1] == '0')
			len--;
	}
	snprintf(out + len, 32 - (size_t)len, "%s", unit);
}

void sb_agent_log_method(struct sb_agent *agent, const char *method, int64_t since_us,
                         const char *error)
{
	char took[32];
	int64_t us = sb_agent_now_us(agent) - since_us;
	duration_text(us > 0 ? us : 0, took);
	if (error)
		sb_agent_log(agent, "WARN", "Method %s took %s to complete with error: %s", method, took,
		             error);
	else
		sb_agent_log(agent, "INFO", "Method %s took %s to complete without errors", method, took);
}
