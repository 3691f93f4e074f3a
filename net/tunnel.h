/*
 * Tunnels: ways to hosts that only a bastion reaches.  A way is written "user@bastion:port,hop2";
 * each hop is one SSH session with many channels, and hop n+1's TCP connection runs in a channel of
 * hop n.  Hops are shared by all ways that begin alike; ~/.ssh/config is followed, ProxyJump too.
 * Names of targets are looked up by the last hop.
 *
 *   idle ─► connecting ─► up ─► waiting ─► connecting ...        back-off: 1 s, doubled, to 30 s
 *                └─► failed: a person must act (key refused, not let in); the next use tries again
 *
 * A hop that was up once is brought up again by itself.  While it is away, users wait for it within
 * their own deadlines; the first connection that fails fails its users at once.
 *
 * Who needs an address (libcurl) gets a private UNIX socket per target: in a directory of mode
 * 0700, and only this process may connect (SO_PEERCRED).  Never a listening TCP port, which other
 * users of a shared machine could reach.
 *
 * libssh2 opens one channel at a time: a target that a bastion cannot reach holds the others back
 * until the bastion gives up, or the session is made anew when nothing else uses it.
 *
 * Thread rules: loop thread only.
 */
#ifndef PRISM_NET_TUNNEL_H
#define PRISM_NET_TUNNEL_H

#include "net/ssh.h"

#define NET_TUNNEL_HOPS_MAX 8 /* longer chains are a mistake, or ProxyJump in a circle */
#define NET_TUNNEL_PING_MS                                                \
	15000 /* sign of life of an idle session: below the 60 s of many NATs \
	       */
#define NET_TUNNEL_SILENCE_MS 45000 /* three of them without an answer: it is gone */

struct net_tunnels;
struct net_tunnel; /* one hop */

#define NET_TUNNEL_STATE_MAP(X) \
	X(IDLE, "idle")             \
	X(CONNECTING, "connecting") \
	X(UP, "up")                 \
	X(WAITING, "waiting")       \
	X(FAILED, "failed")
enum net_tunnel_state {
#define X(id, word) NET_TUNNEL_##id,
	NET_TUNNEL_STATE_MAP(X)
#undef X
	    NET_TUNNEL_STATE_COUNT
};
const char *net_tunnel_state_word(enum net_tunnel_state state);

struct net_tunnels_config {
	const char *ssh_config;     /* NULL: ~/.ssh/config and the system's; "": none. Copied. */
	const char *known_hosts;    /* in place of what the configuration says; NULL. Copied. */
	const char *identity;       /* key file tried first; NULL. Copied. */
	int strict;                 /* enum net_ssh_strict; -1: as configured */
	const char *socket_dir;     /* where the private directory is made, when nothing better can be
	                               written; NULL. Copied. */
	int64_t connect_timeout_ms; /* of one hop, people not counted; 0: 15 s */
	/* Questions for a person; NULL: nobody is there. net_tunnel_answer() answers. */
	void (*ask)(void *data, struct net_tunnel *tunnel, const struct net_ssh_question *question);
	void (*withdraw)(void *data, struct net_tunnel *tunnel);
	void (*changed)(void *data, struct net_tunnel *tunnel); /* state or numbers; may be NULL */
	/* Something of the configuration is not understood: told once for each hop. May be NULL. */
	void (*problem)(void *data, const char *text);
	void *data;
};
struct net_tunnels *net_tunnels_create(struct prism_loop *loop, struct prism_work *work,
                                       const struct net_tunnels_config *config);
/* Streams over it must be gone. NULL allowed. */
void net_tunnels_destroy(struct net_tunnels *tunnels);

/* The last hop of a way; lent, lives as long as the tunnels. NULL: it cannot be read. */
struct net_tunnel *net_tunnels_get(struct net_tunnels *tunnels, const char *via,
                                   struct prism_error *err);
PRISM_MUST_USE
int net_tunnel_via_check(const char *via, struct prism_error *err); /* the words alone */
size_t net_tunnels_count(const struct net_tunnels *tunnels);
struct net_tunnel *net_tunnels_at(const struct net_tunnels *tunnels, size_t index);

void net_tunnel_answer(struct net_tunnel *tunnel, bool yes,
                       const struct prism_secret *const *answers, size_t count);
/* Connects now, whatever the back-off says; an open session is closed first. */
void net_tunnel_reconnect(struct net_tunnel *tunnel);
void net_tunnel_close(struct net_tunnel *tunnel); /* users break; the next use opens it again */

struct net_tunnel_info { /* lent until the loop runs on */
	const char *name;    /* the whole way: "ada@bastion,ada@inner:2222" */
	const char *hop;     /* "ada@inner:2222" */
	unsigned depth;      /* 0: reached directly */
	enum net_tunnel_state state;
	const char *stage;               /* while connecting: "key exchange", "signing in" */
	const struct prism_error *error; /* why it is waiting or failed; NULL */
	int64_t retry_ms;                /* waiting: until the next try */
	int64_t latency_ms;              /* last round trip to the far end; -1: not known */
	uint64_t received, sent;         /* since the start, all sessions */
	unsigned channels, reconnects;
	int64_t since_us;                 /* wall time of the present state */
	const char *fingerprint, *method; /* of the host key; how we signed in; "" */
	bool asking;                      /* waits for a person */
};
struct net_tunnel_info net_tunnel_info(const struct net_tunnel *tunnel);

/* Waiting for a session: ready is called once, later, from the loop; within the deadline, whose
 * clock stands still while a person is asked. */
struct net_tunnel_wait {
	int64_t timeout_ms;        /* 0: none */
	struct prism_list node;    /* private */
	struct net_tunnel *tunnel; /* private */
	struct prism_timer *timer; /* private */
	void (*ready)(struct net_tunnel_wait *wait, struct net_ssh *ssh, const struct prism_error *err);
};
void net_tunnel_await(struct net_tunnel *tunnel, struct net_tunnel_wait *wait);
void net_tunnel_unwait(struct net_tunnel_wait *wait); /* safe when it was called */
struct prism_loop *net_tunnel_loop(const struct net_tunnel *tunnel);

/* Why somebody who waited got nothing, when nothing else is known. */
void net_tunnel_late(const struct net_tunnel *tunnel, int64_t waited_ms, struct prism_error *err);

/* The private UNIX socket that leads to host:port behind the tunnel. Path lent for the life of the
 * tunnels; NULL: it cannot be made. */
const char *net_tunnel_gate(struct net_tunnel *tunnel, const char *host, uint16_t port,
                            struct prism_error *err);
/* Why the last connection through that socket failed; false: it did not. */
bool net_tunnel_explain(const struct net_tunnel *tunnel, const char *path, struct prism_error *err);

#endif
