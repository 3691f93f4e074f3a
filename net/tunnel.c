/*
 * Hops and their life.  A hop owns at most one session (net/ssh.h); users wait in a list until it
 * is up.  The states are in tunnel.h; set_state() is the one place where they change.
 *
 * A session reports from the loop and must not be destroyed in its own report, so an ended one is
 * put aside and goes in a deferred call.
 */
#include "net/tunnel.h"

#include "base/file.h"
#include "base/log.h"
#include "net/crypto.h"
#include "net/stream_ssh.h"
#include "net/stream_tcp.h"
#include "net/tunnel_private.h"

#include <assert.h>
#include <string.h>

#define CONNECT_MS 15000
#define BACKOFF_FIRST_MS 1000
#define BACKOFF_MAX_MS 30000

const char *net_tunnel_state_word(enum net_tunnel_state state)
{
	static const char *const words[NET_TUNNEL_STATE_COUNT] = {
#define X(id, word) [NET_TUNNEL_##id] = word,
	    NET_TUNNEL_STATE_MAP(X)
#undef X
	};

	return words[state];
}

static int64_t now_ms(const struct net_tunnel *t)
{
	return prism_clock_mono_ms(prism_loop_clock(t->owner->loop));
}

static void changed(struct net_tunnel *t)
{
	if (t->owner->config.changed)
		t->owner->config.changed(t->owner->config.data, t);
}

static void set_state(struct net_tunnel *t, enum net_tunnel_state state)
{
	prism_log(PRISM_LOG_INFO, "tunnel", "%s: %s -> %s%s%s", t->name,
	          net_tunnel_state_word(t->state), net_tunnel_state_word(state),
	          t->error.category ? ": " : "", t->error.message);
	t->state = state;
	t->stage[0] = '\0';
	t->since_us = prism_clock_wall_us(prism_loop_clock(t->owner->loop));
	changed(t);
}

/* ---- users that wait ---- */

static void begin(struct net_tunnel *t);

static void deliver_waits(void *data)
{
	struct net_tunnel *t = data;
	struct prism_list ready;

	if (prism_list_empty(&t->waits))
		return;
	if (t->state == NET_TUNNEL_CONNECTING || (t->state == NET_TUNNEL_WAITING && t->was_up))
		return;
	if (t->state == NET_TUNNEL_IDLE) {
		begin(t);
		return;
	}
	/* Those that are here now; one that comes back in its callback waits for the next. */
	prism_list_init(&ready);
	PRISM_LIST_EACH (&t->waits, node, next) {
		prism_list_remove(node);
		prism_list_append(&ready, node);
	}
	while (!prism_list_empty(&ready)) {
		struct net_tunnel_wait *wait = PRISM_CONTAINER(ready.next, struct net_tunnel_wait, node);

		net_tunnel_unwait(wait);
		if (t->state == NET_TUNNEL_UP)
			wait->ready(wait, t->ssh, NULL);
		else
			wait->ready(wait, NULL, &t->error);
	}
}

static void deliver_later(struct net_tunnel *t)
{
	prism_loop_undefer(t->owner->loop, deliver_waits, t);
	prism_loop_defer(t->owner->loop, deliver_waits, t);
}

void net_tunnel_late(const struct net_tunnel *t, int64_t waited_ms, struct prism_error *err)
{
	if (t->error.category != PRISM_ERROR_NONE)
		prism_error_copy(err, &t->error);
	else
		prism_error_raise(err, PRISM_ERROR_TIMEOUT, "the tunnel %s did not come up within %lld ms",
		                  t->name, (long long)waited_ms);
}

static void waited_too_long(void *data)
{
	struct net_tunnel_wait *wait = data;
	struct prism_error err = PRISM_ERROR_INIT;

	if (net_tunnel_info(wait->tunnel).asking) {
		prism_timer_rearm(wait->timer, wait->timeout_ms);
		return;
	}
	net_tunnel_late(wait->tunnel, wait->timeout_ms, &err);
	net_tunnel_unwait(wait);
	wait->ready(wait, NULL, &err);
}

void net_tunnel_await(struct net_tunnel *t, struct net_tunnel_wait *wait)
{
	prism_list_append(&t->waits, &wait->node);
	wait->tunnel = t;
	if (wait->timeout_ms > 0)
		wait->timer =
		    prism_loop_add_timer(t->owner->loop, wait->timeout_ms, 0, waited_too_long, wait);
	/* A person may have put right what was wrong; a back-off is kept to. */
	if (t->state == NET_TUNNEL_FAILED || t->state == NET_TUNNEL_IDLE ||
	    (t->state == NET_TUNNEL_WAITING && !t->was_up && now_ms(t) >= t->retry_at))
		begin(t);
	deliver_later(t);
}

void net_tunnel_unwait(struct net_tunnel_wait *wait)
{
	prism_list_remove(&wait->node);
	prism_timer_remove(wait->timer);
	wait->timer = NULL;
}

/* ---- connecting ---- */

static void bury(void *data)
{
	struct net_tunnel *t = data;

	net_ssh_destroy(t->dead);
	t->dead = NULL;
}

static void session_aside(struct net_tunnel *t)
{
	struct net_ssh_counts counts;

	if (!t->ssh)
		return;
	counts = net_ssh_counts(t->ssh);
	t->received += counts.received;
	t->sent += counts.sent;
	bury(t); /* an older one, if any */
	t->dead = PRISM_STEAL(t->ssh);
	prism_loop_undefer(t->owner->loop, bury, t);
	prism_loop_defer(t->owner->loop, bury, t);
	if (t->asking && t->owner->config.withdraw)
		t->owner->config.withdraw(t->owner->config.data, t);
	t->asking = false;
}

static void timer_set(struct net_tunnel *t, int64_t delay_ms, prism_call_fn fn)
{
	prism_timer_remove(t->timer);
	t->timer = prism_loop_add_timer(t->owner->loop, delay_ms, 0, fn, t);
}

static void try_again(void *data)
{
	begin(data);
}

/* Doubled each time, and up to a quarter more, so that many clients do not come back at once. */
static int64_t backoff(struct net_tunnel *t)
{
	int64_t delay = BACKOFF_FIRST_MS << (t->tries < 5 ? t->tries : 5);
	uint16_t spread;

	net_random_bytes(&spread, sizeof(spread));
	delay = delay < BACKOFF_MAX_MS ? delay : BACKOFF_MAX_MS;
	return delay + delay * spread / (4 * 65536);
}

static bool needs_person(const struct prism_error *err)
{
	return err->category == PRISM_ERROR_AUTH || err->category == PRISM_ERROR_TRUST ||
	       err->category == PRISM_ERROR_INVALID || err->category == PRISM_ERROR_DENIED ||
	       err->category == PRISM_ERROR_LIMIT;
}

static void broke(struct net_tunnel *t, const struct prism_error *err)
{
	session_aside(t);
	prism_timer_remove(t->timer);
	t->timer = NULL;
	prism_error_copy(&t->error, err);
	t->latency_ms = -1;
	if (needs_person(err)) {
		t->was_up = false;
		set_state(t, NET_TUNNEL_FAILED);
	} else {
		int64_t delay = backoff(t);

		t->tries++;
		t->retry_at = now_ms(t) + delay;
		if (t->was_up)
			timer_set(t, delay, try_again);
		set_state(t, NET_TUNNEL_WAITING);
	}
	deliver_later(t);
}

static void pinged(void *data, int64_t ms)
{
	struct net_tunnel *t = data;

	if (t->warm) {
		t->latency_ms = ms;
		changed(t);
		return;
	}
	t->warm = true;
	prism_timer_rearm(t->timer, 0); /* another one, which tells the round trip */
}

/* While up: signs of life. */
static void tick(void *data)
{
	struct net_tunnel *t = data;
	int64_t silent = now_ms(t) - net_ssh_counts(t->ssh).heard_ms;
	struct prism_error err = PRISM_ERROR_INIT;

	if (silent > NET_TUNNEL_SILENCE_MS) {
		prism_error_raise(&err, PRISM_ERROR_TIMEOUT, "%s has been silent for %lld s", t->hop,
		                  (long long)(silent / 1000));
		broke(t, &err);
		return;
	}
	(void)net_ssh_ping(t->ssh, pinged, t);
	timer_set(t, NET_TUNNEL_PING_MS, tick);
	changed(t);
}

static void session_up(void *data, const struct prism_error *err)
{
	struct net_tunnel *t = data;

	if (err) {
		broke(t, err);
		return;
	}
	if (t->was_up)
		t->reconnects++;
	t->was_up = true;
	t->warm = false;
	t->tries = 0;
	prism_error_clear(&t->error);
	set_state(t, NET_TUNNEL_UP);
	tick(t);
	deliver_later(t);
}

static void session_down(void *data, const struct prism_error *err)
{
	broke(data, err);
}

static void session_stage(void *data, const char *word)
{
	struct net_tunnel *t = data;

	snprintf(t->stage, sizeof(t->stage), "%s", word);
	changed(t);
}

static void session_problem(void *data, const char *text)
{
	struct net_tunnel *t = data;

	if (t->owner->config.problem)
		t->owner->config.problem(t->owner->config.data, text);
}

static void session_ask(void *data, struct net_ssh *ssh, const struct net_ssh_question *question)
{
	struct net_tunnel *t = data;

	PRISM_UNUSED(ssh);
	t->asking = true;
	changed(t);
	t->owner->config.ask(t->owner->config.data, t, question);
}

static void session_withdraw(void *data, struct net_ssh *ssh)
{
	struct net_tunnel *t = data;

	PRISM_UNUSED(ssh);
	t->asking = false;
	if (t->owner->config.withdraw)
		t->owner->config.withdraw(t->owner->config.data, t);
}

static void connect_deadline(void *data)
{
	struct net_tunnel *t = data;
	struct prism_error err = PRISM_ERROR_INIT;
	int64_t limit =
	    t->owner->config.connect_timeout_ms > 0 ? t->owner->config.connect_timeout_ms : CONNECT_MS;

	/* People take their time, and a hop below has a deadline of its own. */
	if (t->asking || (t->below && t->below->state == NET_TUNNEL_CONNECTING)) {
		timer_set(t, limit, connect_deadline);
		return;
	}
	prism_error_raise(&err, PRISM_ERROR_TIMEOUT, "%s did not let us in within %lld ms%s%s", t->hop,
	                  (long long)limit, *t->stage ? "; it got as far as " : "", t->stage);
	broke(t, &err);
}

static void begin(struct net_tunnel *t)
{
	struct net_tunnels *owner = t->owner;
	const struct net_ssh_events events = {
	    .up = session_up,
	    .down = session_down,
	    .stage = session_stage,
	    .problem = session_problem,
	    .ask = owner->config.ask ? session_ask : NULL,
	    .withdraw = session_withdraw,
	    .data = t,
	};
	int64_t limit =
	    owner->config.connect_timeout_ms > 0 ? owner->config.connect_timeout_ms : CONNECT_MS;
	struct net_stream *lower;

	if (t->ssh || owner->closing)
		return;
	lower = t->below ? net_stream_ssh_create(t->below, t->host->hostname, t->host->port, 0)
	                 : net_stream_tcp_create(owner->loop, owner->work, t->host->hostname,
	                                         t->host->port, limit);
	t->ssh = net_ssh_create(owner->loop, owner->work, lower, t->host, owner->keyring, &events);
	timer_set(t, limit, connect_deadline);
	set_state(t, NET_TUNNEL_CONNECTING);
}

void net_tunnel_answer(struct net_tunnel *t, bool yes, const struct prism_secret *const *answers,
                       size_t count)
{
	if (!t->asking)
		return;
	t->asking = false;
	net_ssh_answer(t->ssh, yes, answers, count);
	changed(t);
}

static void shut(struct net_tunnel *t)
{
	session_aside(t);
	prism_loop_undefer(t->owner->loop, bury, t);
	bury(t);
	prism_timer_remove(t->timer);
	t->timer = NULL;
}

void net_tunnel_reconnect(struct net_tunnel *t)
{
	shut(t);
	t->tries = 0;
	if (t->below && t->below->state == NET_TUNNEL_WAITING)
		net_tunnel_reconnect(t->below);
	begin(t);
}

void net_tunnel_close(struct net_tunnel *t)
{
	shut(t);
	t->was_up = false;
	t->latency_ms = -1;
	prism_error_clear(&t->error);
	set_state(t, NET_TUNNEL_IDLE);
}

/* ---- ways ---- */

static void adjust(const struct net_tunnels *owner, struct net_ssh_host *host)
{
	if (owner->known_hosts) {
		for (size_t i = 0; i < host->known_count; i++)
			prism_free(host->known[i]);
		host->known[0] = prism_path_expand(owner->known_hosts);
		host->known_count = 1;
	}
	if (owner->identity) {
		if (host->identity_count == NET_SSH_FILES_MAX)
			prism_free(host->identity[--host->identity_count]);
		memmove(host->identity + 1, host->identity, host->identity_count * sizeof(char *));
		host->identity[0] = prism_path_expand(owner->identity);
		host->identity_count++;
	}
	if (owner->config.strict >= 0)
		host->strict = (enum net_ssh_strict)owner->config.strict;
}

static void tell_problems(const struct net_tunnel *t)
{
	for (size_t i = 0; i < t->host->problem_count && t->owner->config.problem; i++)
		t->owner->config.problem(t->owner->config.data, t->host->problem[i]);
}

/* host: given. */
static struct net_tunnel *hop_get(struct net_tunnels *owner, struct net_tunnel *below,
                                  struct net_ssh_host *host)
{
	PRISM_AUTO_FREE char *hop = prism_asprintf(host->port == 22          ? "%s@%s"
	                                           : strchr(host->name, ':') ? "%s@[%s]:%u"
	                                                                     : "%s@%s:%u",
	                                           host->user, host->name, (unsigned)host->port);
	PRISM_AUTO_FREE char *name =
	    prism_asprintf("%s%s%s", below ? below->name : "", below ? "," : "", hop);
	struct net_tunnel *t;

	for (size_t i = 0; i < owner->count; i++) {
		if (!strcmp(owner->all[i]->name, name)) {
			net_ssh_host_destroy(host);
			return owner->all[i];
		}
	}
	t = prism_alloc(sizeof(*t));
	t->owner = owner;
	t->below = below;
	t->host = host;
	t->hop = PRISM_STEAL(hop);
	t->name = PRISM_STEAL(name);
	t->latency_ms = -1;
	t->since_us = prism_clock_wall_us(prism_loop_clock(owner->loop));
	prism_list_init(&t->waits);
	adjust(owner, host);
	owner->all = prism_realloc_array(owner->all, owner->count + 1, sizeof(struct net_tunnel *));
	owner->all[owner->count++] = t;
	tell_problems(t);
	return t;
}

static struct net_ssh_config *config_of(struct net_tunnels *owner)
{
	if (!owner->ssh_config)
		owner->ssh_config =
		    owner->ssh_config_path && !*owner->ssh_config_path
		        ? net_ssh_config_parse("", 0)
		        : net_ssh_config_load(owner->ssh_config_path, owner->ssh_config_path ? "" : NULL);
	return owner->ssh_config;
}

static struct net_tunnel *way_get(struct net_tunnels *owner, const char *via, unsigned depth,
                                  struct prism_error *err)
{
	struct net_tunnel *below = NULL;
	unsigned hops = 0;

	if (depth > NET_TUNNEL_HOPS_MAX) {
		prism_error_raise(err, PRISM_ERROR_INVALID, "ProxyJump goes round in a circle");
		return NULL;
	}
	for (const char *at = via;; hops++) {
		size_t len = strcspn(at, ",");
		char *user = NULL, *name = NULL;
		uint16_t port = 0;
		struct net_ssh_host *host;

		if (hops == NET_TUNNEL_HOPS_MAX) {
			prism_error_raise(err, PRISM_ERROR_INVALID, "more than %d hops", NET_TUNNEL_HOPS_MAX);
			return NULL;
		}
		if (net_ssh_hop_parse(at, len, &user, &name, &port, err) < 0)
			return NULL;
		host = net_ssh_config_host(config_of(owner), name, user, port);
		prism_free(user);
		prism_free(name);
		if (!below && host->jump) { /* as with ssh -J: only the first hop's own counts */
			below = way_get(owner, host->jump, depth + 1, err);
			if (!below) {
				net_ssh_host_destroy(host);
				return NULL;
			}
		}
		below = hop_get(owner, below, host);
		if (!at[len])
			return below;
		at += len + 1;
	}
}

struct net_tunnel *net_tunnels_get(struct net_tunnels *owner, const char *via,
                                   struct prism_error *err)
{
	struct net_tunnel *t = way_get(owner, via, 0, err);

	if (!t) {
		(void)prism_error_wrap(err, "via = %.200s", via);
		if (err && !*err->hint)
			prism_error_hint(err, "write user@bastion[:port], further hops after commas");
	}
	return t;
}

int net_tunnel_via_check(const char *via, struct prism_error *err)
{
	for (const char *at = via;;) {
		size_t len = strcspn(at, ",");
		char *user = NULL, *name = NULL;
		uint16_t port;

		if (net_ssh_hop_parse(at, len, &user, &name, &port, err) < 0) {
			prism_error_hint(err, "write user@bastion[:port], further hops after commas");
			return -1;
		}
		prism_free(user);
		prism_free(name);
		if (!at[len])
			return 0;
		at += len + 1;
	}
}

size_t net_tunnels_count(const struct net_tunnels *owner)
{
	return owner->count;
}

struct net_tunnel *net_tunnels_at(const struct net_tunnels *owner, size_t index)
{
	return owner->all[index];
}

struct prism_loop *net_tunnel_loop(const struct net_tunnel *t)
{
	return t->owner->loop;
}

struct net_tunnel_info net_tunnel_info(const struct net_tunnel *t)
{
	struct net_tunnel_info info = {
	    .name = t->name,
	    .hop = t->hop,
	    .state = t->state,
	    .stage = t->stage,
	    .error = t->state >= NET_TUNNEL_WAITING && t->error.category ? &t->error : NULL,
	    .latency_ms = t->latency_ms,
	    .received = t->received,
	    .sent = t->sent,
	    .reconnects = t->reconnects,
	    .since_us = t->since_us,
	    .fingerprint = t->ssh ? net_ssh_fingerprint(t->ssh) : "",
	    .method = t->ssh ? net_ssh_method(t->ssh) : "",
	    .asking = t->asking || (t->below && net_tunnel_info(t->below).asking),
	};

	for (const struct net_tunnel *b = t->below; b; b = b->below)
		info.depth++;
	if (t->state == NET_TUNNEL_WAITING && t->retry_at > now_ms(t))
		info.retry_ms = t->retry_at - now_ms(t);
	if (t->ssh) {
		struct net_ssh_counts counts = net_ssh_counts(t->ssh);

		info.received += counts.received;
		info.sent += counts.sent;
		info.channels = counts.channels;
	}
	return info;
}

/* ---- life ---- */

struct net_tunnels *net_tunnels_create(struct prism_loop *loop, struct prism_work *work,
                                       const struct net_tunnels_config *config)
{
	struct net_tunnels *owner = prism_alloc(sizeof(*owner));

	owner->loop = loop;
	owner->work = work;
	owner->config = *config;
	owner->ssh_config_path = prism_strdup(config->ssh_config);
	owner->known_hosts = prism_strdup(config->known_hosts);
	owner->identity = prism_strdup(config->identity);
	owner->socket_dir = prism_strdup(config->socket_dir);
	owner->keyring = net_ssh_keyring_create();
	prism_list_init(&owner->gates);
	return owner;
}

static void tunnel_free(struct net_tunnel *t)
{
	assert(prism_list_empty(&t->waits));
	shut(t);
	prism_loop_undefer(t->owner->loop, deliver_waits, t);
	net_ssh_host_destroy(t->host);
	prism_free(t->name);
	prism_free(t->hop);
	prism_free(t);
}

void net_tunnels_destroy(struct net_tunnels *owner)
{
	if (!owner)
		return;
	owner->closing = true;
	owner->config.changed = NULL;
	net_tunnel_gates_close(owner);
	for (size_t i = owner->count; i-- > 0;) /* the last hops first: they stand on the others */
		tunnel_free(owner->all[i]);
	prism_free(owner->all);
	net_ssh_keyring_destroy(owner->keyring);
	net_ssh_config_destroy(owner->ssh_config);
	prism_free(owner->ssh_config_path);
	prism_free(owner->known_hosts);
	prism_free(owner->identity);
	prism_free(owner->socket_dir);
	prism_free(owner);
}
