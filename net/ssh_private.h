/*
 * Internal to net: what the files of an SSH session share (ssh*.c,
 * stream_ssh.c, sftp.c and its parts).
 */
#ifndef PRISM_NET_SSH_PRIVATE_H
#define PRISM_NET_SSH_PRIVATE_H

#include "base/list.h"
#include "net/ssh.h"
#include "net/ssh_key.h"

#include <libssh2.h>

/* Our receive window of a channel: what a peer may send before we have read, and at a round trip of
 * 200 ms the limit to 20 MB/s. */
#define NET_SSH_WINDOW (4u << 20)
#define NET_SSH_PACKET 32768u /* RFC 4254 section 5.1's customary maximum */

struct net_ssh_auth;
struct net_ssh_kbd;

/* Something that lives in a session: a channel, a file transfer. */
struct net_ssh_client {
	struct prism_list node; /* of net_ssh.clients */
	/* Moves on as far as it goes; called when bytes came or left, and after net_ssh_kick(). Calls
	 * no user. */
	void (*turn)(struct net_ssh_client *client);
	/* The session is over: libssh2's objects in it are gone. Calls no user. */
	void (*broke)(struct net_ssh_client *client, const struct prism_error *err);
	bool counts; /* shown as a channel */
};

/* Opening channels is one at a time in libssh2: a queue. */
struct net_ssh_opening {
	struct prism_list node;
	/* LIBSSH2_ERROR_EAGAIN: call again; anything else: it is over (and told). Calls no user. */
	int (*step)(struct net_ssh_opening *opening, LIBSSH2_SESSION *session);
	/* The session is over, and this will not be stepped again. May be NULL. */
	void (*drop)(struct net_ssh_opening *opening);
};

enum net_ssh_state {
	NET_SSH_CONNECT,
	NET_SSH_HANDSHAKE,
	NET_SSH_HOST_KEY,
	NET_SSH_AUTH,
	NET_SSH_UP,
	NET_SSH_OVER,
	NET_SSH_STATE_COUNT
};

struct net_ssh {
	struct prism_loop *loop;
	struct prism_work *work;
	struct net_stream *lower;
	const struct net_ssh_host *host;
	struct net_ssh_keyring *keyring;
	struct net_ssh_events events;
	enum net_ssh_state state;
	LIBSSH2_SESSION *session;
	struct prism_list pieces; /* memory of libssh2's */
	size_t held;              /* bytes of it */
	int dummy_fd;             /* libssh2 insists on a descriptor; it is never read or written */
	struct prism_buf out;
	uint8_t *in;
	size_t in_start, in_end;
	bool lower_over;
	struct prism_error lower_error;
	bool kicked, telling, fault;
	unsigned dry;            /* reads that found nothing, in this turn */
	char *goodbye;           /* why the server ends it, in its words */
	struct prism_error over; /* why it ended */
	bool was_up;
	char *label; /* "ada@bastion:2222" */
	char fingerprint[NET_SSH_FINGERPRINT];
	char *method;
	struct prism_list clients, openings;
	/* a channel whose owner has gone while it was being opened, or that is being closed */
	struct prism_list orphans;
	bool asking;
	struct net_ssh_question question;
	struct net_ssh_host_key host_key;
	char *host_name; /* of the question */
	bool host_answered, host_accepted;
	char authority[300];
	struct net_ssh_auth *auth;
	struct net_ssh_kbd *kbd;
	uint64_t received, sent;
	int64_t heard_ms;
	struct net_ssh_opening ping;
	bool pinging;
	int64_t ping_at;
	void (*pinged)(void *data, int64_t ms);
	void *ping_data;
};

/* A copy in memory that libssh2 frees, and that is wiped then. */
struct net_ssh_buffer {
	char *data;
	size_t len;
};
struct net_ssh_buffer net_ssh_buffer(struct net_ssh *ssh, const void *data, size_t len);

/* A turn of the session soon. */
void net_ssh_kick(struct net_ssh *ssh);
/* Room for more packets; false: the peer does not keep up. */
bool net_ssh_may_send(const struct net_ssh *ssh);
/* libssh2's last complaint in our words. Returns -1. */
int net_ssh_error(struct net_ssh *ssh, struct prism_error *err, const char *what);
/* True when the code means that the whole session is broken; the next turn ends it. */
bool net_ssh_fatal(struct net_ssh *ssh, int rc);
void net_ssh_ask(struct net_ssh *ssh, const struct net_ssh_question *question);
void net_ssh_stage(struct net_ssh *ssh, const char *word);

/* Closes and frees a channel without waiting for it here. */
void net_ssh_orphan(struct net_ssh *ssh, LIBSSH2_CHANNEL *channel);

/* ssh_bytes.c: the libssh2 session with its memory and buffers; what it forgot when it was freed;
 * the buffers' end. */
void net_ssh_bytes_begin(struct net_ssh *ssh);
void net_ssh_bytes_forget(struct net_ssh *ssh);
void net_ssh_bytes_end(struct net_ssh *ssh);
bool net_ssh_fill(struct net_ssh *ssh);          /* true when there is something to work on */
bool net_ssh_watches(const struct net_ssh *ssh); /* more is read though some is left */
void net_ssh_flush(struct net_ssh *ssh);

/* ssh_hostkey.c. Before the handshake: which kinds are asked for. After it: 1: wait for a person,
 * 0: trusted, -1. */
int net_ssh_hostkey_prefer(struct net_ssh *ssh, struct prism_error *err);
/* Only these methods, names separated by commas, in this order. Names that this libssh2 does not
 * know are left out here: it would copy over itself when it drops them (1.10, common_lang). */
void net_ssh_prefer(struct net_ssh *ssh, int method, const char *names);
int net_ssh_hostkey_judge(struct net_ssh *ssh, struct prism_error *err);

/* ssh_auth.c. One step: EAGAIN: go on when something came; 0: signed in; else: *err. */
struct net_ssh_auth *net_ssh_auth_create(struct net_ssh *ssh);
void net_ssh_auth_destroy(struct net_ssh_auth *auth); /* NULL allowed */
int net_ssh_auth_step(struct net_ssh_auth *auth, struct prism_error *err);
void net_ssh_auth_answer(struct net_ssh_auth *auth, const struct prism_secret *const *answers,
                         size_t count);

/* ssh_kbd.c: keyboard-interactive, whose callback must answer at once. */
struct net_ssh_kbd *net_ssh_kbd_create(struct net_ssh *ssh);
void net_ssh_kbd_destroy(struct net_ssh_kbd *kbd); /* NULL allowed; before the session is freed */
/* As libssh2; EAGAIN also while somebody is asked. */
int net_ssh_kbd_step(struct net_ssh_kbd *kbd);
void net_ssh_kbd_answer(struct net_ssh_kbd *kbd, const struct prism_secret *const *answers,
                        size_t count);
bool net_ssh_kbd_refused(const struct net_ssh_kbd *kbd); /* the person did not want to answer */

struct net_ssh_key;
struct net_ssh_key *net_ssh_keyring_key(struct net_ssh_keyring *keyring, const char *path);
void net_ssh_keyring_add_key(struct net_ssh_keyring *keyring, const char *path,
                             struct net_ssh_key *key /* given */);
const struct prism_secret *net_ssh_keyring_password(struct net_ssh_keyring *keyring,
                                                    const char *label);
void net_ssh_keyring_set_password(struct net_ssh_keyring *keyring, const char *label,
                                  struct prism_secret *password /* given; NULL: forget */);

#endif
