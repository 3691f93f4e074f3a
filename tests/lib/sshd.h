/*
 * Debian's sshd on loopback for one test: keys, configuration and port of its own, never the
 * system's.  It runs as the user of the test, so that user is who signs in.
 *
 * Everything lives in a directory of the test's: host keys, authorized_keys, known_hosts, client
 * keys, the log.  Ports are the system's choice.
 */
#ifndef PRISM_TESTS_SSHD_H
#define PRISM_TESTS_SSHD_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct sshd {
	char *dir;  /* lent */
	char *user; /* who may sign in */
	uint16_t port;
	pid_t pid;
	char *known_hosts; /* has its key, unless told otherwise */
	char *key, *authorized;
	char *extra;  /* lines of its configuration */
	char *prefix; /* "sshd-1": its files in dir */
	char *pam;    /* directory of its PAM services; NULL: without PAM */
};

/* Why sshd cannot be run here; NULL: it can. */
const char *sshd_missing(void);
/* extra: further lines of sshd_config, NULL for none. Fails the test when it does not come up. */
struct sshd *sshd_start(const char *dir, const char *extra);
/* On a further address beside loopback. */
struct sshd *sshd_start_on(const char *dir, const char *address, const char *extra);

/* With PAM as it is, but services of the test's own, by libpam-wrapper: nothing in /etc is read or
 * written.  stack: lines of a service; "@matrix" stands for the module that knows the passwords of
 * a file, "@dir" for dir, where sshd_pam_password() makes such files. */
const char *sshd_pam_missing(void);
struct sshd *sshd_start_pam(const char *dir, const char *stack, const char *extra);
void sshd_pam_password(const char *dir, const char *file, const char *password);
char *sshd_log(const struct sshd *sshd); /* what it has said so far; yours */

void sshd_stop(struct sshd *sshd);    /* the listener and every session; NULL allowed */
void sshd_kill(struct sshd *sshd);    /* the same at once, by SIGKILL; can be started again */
void sshd_restart(struct sshd *sshd); /* on the same port */
void sshd_new_host_key(struct sshd *sshd);
unsigned sshd_sessions(const struct sshd *sshd); /* connections that are served now */
/* Runs a tool to its end, silently; fails the test unless it exits with 0. */
void sshd_tool(const char *const *argv);
/* ssh-keygen; yours: the path. passphrase "": none. The public half is let in. */
char *sshd_make_key(struct sshd *sshd, const char *name, const char *type, const char *passphrase);

/* An ssh-agent that holds one key. */
struct ssh_agent {
	pid_t pid;
	char *socket;
};
struct ssh_agent *ssh_agent_start(const char *dir, const char *key);
void ssh_agent_stop(struct ssh_agent *agent); /* NULL allowed */

#endif
