/*
 * One SSH session over any lower stream: key exchange, the host's key, signing in, then channels.
 * libssh2 runs without blocking on the one loop; its sockets are two buffers of ours, so a session
 * runs over TCP as well as in a channel of another session.  net/tunnel.h keeps sessions alive;
 * channels are net/stream_ssh.h, files net/sftp.h.
 *
 * Decisions go up: an unknown host key, passphrases, passwords and one-time codes are asked for by
 * `ask`, and answered later by net_ssh_answer().  Nobody to ask: refused.  A changed or revoked
 * key is never asked about.
 *
 * Signing in: public keys (ssh-agent first, then key files), keyboard-interactive, password, in
 * this order and as far as the server allows; a server that wants several in a row gets them.
 *
 * Known limits of libssh2 1.10, which Debian 12 ships: no AES-GCM or ChaCha20, no host
 * certificates, no keys on security tokens (sk-*), no user certificates.  RSA keys sign with
 * SHA-512 all the same (net/ssh_auth.c).
 *
 * Thread rules: loop thread only; an encrypted key file is opened on a worker.
 */
#ifndef PRISM_NET_SSH_H
#define PRISM_NET_SSH_H

#include "base/mem.h"
#include "base/work.h"
#include "net/known_hosts.h"
#include "net/ssh_config.h"
#include "net/stream.h"

#define NET_SSH_TRIES 3 /* wrong passphrases, passwords: as ssh(1) has it */

struct net_ssh;
struct net_ssh_keyring;

/* Opened keys and passwords that worked, so that a connection that comes back asks nobody again.
 * Memory only; wiped at the end. */
struct net_ssh_keyring *net_ssh_keyring_create(void);
void net_ssh_keyring_destroy(struct net_ssh_keyring *keyring); /* NULL allowed */

struct net_ssh_host_key {
	const char *host; /* "[host]:port" or "host" */
	const char *type, *fingerprint;
	bool other_type;       /* the host is known, by a key of another type */
	const char *authority; /* line of a @cert-authority, which does not count here; "" */
};
struct net_ssh_question { /* lent until answered or withdrawn; text of a server is not neutralised
	                       */
	const struct net_ssh_host_key *host_key; /* yes or no; NULL: the prompts are answered */
	const char *title;                       /* "ada@bastion: one-time code" */
	const char *instruction;                 /* from the server; "" */
	size_t count;
	const char *const *prompts;
	const bool *echo;
};

struct net_ssh_events {
	/* Once; err NULL: signed in. May not destroy the session. */
	void (*up)(void *data, const struct prism_error *err);
	/* After up: the connection broke. Once. May not destroy the session. */
	void (*down)(void *data, const struct prism_error *err);
	void (*stage)(void *data, const char *word);   /* "key exchange", "signing in"; may be NULL */
	void (*problem)(void *data, const char *text); /* not understood, and passed; may be NULL */
	void (*ask)(void *data, struct net_ssh *ssh, const struct net_ssh_question *question);
	void (*withdraw)(void *data, struct net_ssh *ssh); /* the question is void */
	void *data;
};

/* lower: given, not yet connected. host, keyring: lent. */
struct net_ssh *net_ssh_create(struct prism_loop *loop, struct prism_work *work,
                               struct net_stream *lower, const struct net_ssh_host *host,
                               struct net_ssh_keyring *keyring,
                               const struct net_ssh_events *events);
/* Tells nobody; channels break. NULL allowed. */
void net_ssh_destroy(struct net_ssh *ssh);
/* answers: count of them, lent; NULL: refused. For a host key: yes alone counts. */
void net_ssh_answer(struct net_ssh *ssh, bool yes, const struct prism_secret *const *answers,
                    size_t count);

/* Asks the peer for a sign of life; done gets the milliseconds it took. Not while one is under
 * way, or a channel is being opened: then false. */
bool net_ssh_ping(struct net_ssh *ssh, void (*done)(void *data, int64_t ms), void *data);

struct net_ssh_counts {
	uint64_t received, sent; /* bytes of the lower stream */
	unsigned channels;
	int64_t heard_ms; /* monotonic time of the last bytes from the peer */
};
struct net_ssh_counts net_ssh_counts(const struct net_ssh *ssh);
const char *net_ssh_fingerprint(const struct net_ssh *ssh); /* of the host key; "" before */
const char *
net_ssh_method(const struct net_ssh *ssh); /* "publickey (agent: ada@home)"; "" before */

#endif
