/*
 * Between net/ssh_auth.c (methods) and net/ssh_identity.c (keys that are offered) only.
 */
#ifndef PRISM_NET_SSH_AUTH_PRIVATE_H
#define PRISM_NET_SSH_AUTH_PRIVATE_H

#include "net/ssh_agent.h"
#include "net/ssh_private.h"

#define AUTH_METHODS_MAX 400 /* bytes of the server's list */

enum auth_stage { AUTH_GATHER, AUTH_METHODS, AUTH_KEYS, AUTH_KEYBOARD, AUTH_PASSWORD };

struct auth_identity {
	struct prism_buf blob;
	char *label; /* "agent: ada@home", or the path */
	char *path;  /* NULL: the agent's */
	bool encrypted, tried;
};

enum auth_sign { AUTH_SIGN_IDLE, AUTH_SIGN_WAIT, AUTH_SIGN_DONE, AUTH_SIGN_FAILED };

struct auth_unlock {           /* opens a key on a worker; owned by the queue until done */
	struct net_ssh_auth *auth; /* NULL: nobody waits any more */
	char *path;
	struct prism_buf text;
	struct prism_secret *passphrase;
	struct net_ssh_key *key;
	struct prism_error err;
};

struct net_ssh_auth {
	struct net_ssh *ssh;
	enum auth_stage stage, back; /* back: where to go on when nothing was gained */
	char methods[AUTH_METHODS_MAX];
	struct net_ssh_agent *agent;
	bool listing; /* the agent is asked for its keys */
	struct auth_identity *identities;
	size_t count, at;
	enum auth_sign sign;
	struct prism_buf signature, offered;
	unsigned tries;             /* of the present passphrase, keyboard or password */
	bool offering, signed_once; /* the present key is under way; it was asked to sign */
	struct auth_unlock *unlock;
	char *title, *about;
	const char *prompt;
	struct net_ssh_kbd *kbd;
	struct prism_secret *password;
	bool password_asked, password_refused;
	char note[200]; /* what went wrong on this side, for the final error */
};

/* ssh_identity.c */
void net_ssh_identity_gather(struct net_ssh_auth *auth); /* files, and the agent is asked */
struct auth_identity *net_ssh_identity_present(struct net_ssh_auth *auth);
void net_ssh_identity_offer(
    struct net_ssh_auth *auth); /* [offered]: the present one, for libssh2 */
LIBSSH2_USERAUTH_PUBLICKEY_SIGN_FUNC(net_ssh_identity_sign);
void net_ssh_identity_unlock(struct net_ssh_auth *auth,
                             struct prism_secret *passphrase /* given */);
void net_ssh_identity_finish(struct net_ssh_auth *auth);

/* ssh_auth.c. One hidden answer; title and about are given. */
void net_ssh_auth_ask(struct net_ssh_auth *auth, char *title, char *about, const char *prompt);

#endif
