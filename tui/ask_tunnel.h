/*
 * Questions of tunnels on the screen: an unknown host key (Cancel has the focus, the fingerprint is
 * shown), a passphrase, a password, one-time codes.  Each is an overlay; closing it refuses.
 */
#ifndef PRISM_TUI_ASK_TUNNEL_H
#define PRISM_TUI_ASK_TUNNEL_H

struct core;
struct pt_app;
struct pt_tunnel_asks;

/* Registers as the one who is asked. Both are lent. */
struct pt_tunnel_asks *pt_tunnel_asks_create(struct pt_app *app, struct core *core);
/* Nobody is asked any more. After the app's overlays are closed. NULL allowed. */
void pt_tunnel_asks_destroy(struct pt_tunnel_asks *asks);

/* What is asked about a host key, in words: the same on the screen and in a terminal. Yours. */
struct net_ssh_host_key;
char *pt_host_key_text(const struct net_ssh_host_key *key);

#endif
