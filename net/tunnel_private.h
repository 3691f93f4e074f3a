/*
 * Internal to net: shared by tunnel.c (hops) and tunnel_gate.c (UNIX sockets).
 */
#ifndef PRISM_NET_TUNNEL_PRIVATE_H
#define PRISM_NET_TUNNEL_PRIVATE_H

#include "net/tunnel.h"

struct net_tunnels {
	struct prism_loop *loop;
	struct prism_work *work;
	struct net_tunnels_config config;
	char *ssh_config_path, *known_hosts, *identity, *socket_dir;
	struct net_ssh_config *ssh_config; /* read at the first use */
	struct net_ssh_keyring *keyring;
	struct net_tunnel **all;
	size_t count;
	struct prism_list gates;
	char *gate_dir; /* NULL until the first gate */
	unsigned gate_number;
	bool closing;
};

struct net_tunnel {
	struct net_tunnels *owner;
	struct net_tunnel *below; /* NULL: reached by TCP */
	char *name, *hop;
	struct net_ssh_host *host;
	enum net_tunnel_state state;
	char stage[32];
	struct net_ssh *ssh;  /* connecting and up; NULL otherwise */
	struct net_ssh *dead; /* over, to be destroyed from the loop */
	struct prism_error error;
	struct prism_list waits;
	struct prism_timer
	    *timer; /* back-off while waiting; ping while up; deadline while connecting */
	int64_t retry_at, since_us, latency_ms, connect_began;
	unsigned tries, reconnects;
	bool was_up, asking;
	bool warm; /* the first ping is over: it waits for sshd to set up the user's process */
	uint64_t received, sent; /* of former sessions */
};

void net_tunnel_gates_close(struct net_tunnels *tunnels);

#endif
