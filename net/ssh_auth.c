/*
 * Signing in.  What the server allows decides what is tried, in a fixed order:
 *
 *   methods ─► public keys, one after another ─► keyboard-interactive ─► password
 *      ▲                    └── taken, but not enough ──┘     │
 *      └──────────── what the server still wants ◄────────────┘
 *
 * A key is offered first and signs only when the server would take it, so nobody types a passphrase
 * for nothing.  libssh2 does not say that a method succeeded in part; so after a signature or an
 * answer that did not end it, the server is asked again what it allows: another list is progress.
 */
#include "net/ssh_auth_private.h"

#include <string.h>

/* ---- methods ---- */

void net_ssh_auth_ask(struct net_ssh_auth *auth, char *title, char *about, const char *prompt)
{
	static const bool hidden = false;

	prism_free(auth->title);
	prism_free(auth->about);
	auth->title = title;
	auth->about = about;
	auth->prompt = prompt;
	const struct net_ssh_question question = {
	    .title = auth->title,
	    .instruction = auth->about,
	    .count = 1,
	    .prompts = &auth->prompt,
	    .echo = &hidden,
	};
	net_ssh_stage(auth->ssh, "waiting for an answer");
	net_ssh_ask(auth->ssh, &question);
}

static bool allows(const struct net_ssh_auth *auth, const char *method)
{
	size_t len = strlen(method);

	for (const char *at = auth->methods; *at;) {
		size_t part = strcspn(at, ",");

		if (part == len && !memcmp(at, method, len))
			return true;
		at += part + (at[part] == ',');
	}
	return false;
}

static int enter(struct net_ssh_auth *auth, enum auth_stage stage)
{
	auth->stage = stage;
	auth->tries = 0;
	auth->at = 0;
	auth->sign = AUTH_SIGN_IDLE;
	return 1; /* go on at once */
}

/* In the server's own words, when it has said why. */
static int refused(struct net_ssh_auth *auth, struct prism_error *err)
{
	PRISM_AUTO_BUF struct prism_buf tried = PRISM_BUF_INIT(65536);
	const char *goodbye = auth->ssh->goodbye;

	for (size_t i = 0; i < auth->count; i++)
		if (auth->identities[i].tried)
			prism_buf_printf(&tried, "%s%s", tried.len ? ", " : "", auth->identities[i].label);
	prism_error_raise(err, PRISM_ERROR_AUTH, "%s does not let this user in%s%.200s",
	                  auth->ssh->label, goodbye ? ": " : "", goodbye ? goodbye : "");
	prism_error_hint(err, "it allows %s; keys offered: %.120s%s%s", auth->methods,
	                 tried.len ? prism_buf_text(&tried) : "none", *auth->note ? "; " : "",
	                 auth->note);
	return -1;
}

/* The connection went while signing in.  A server that says why has had enough: every look at its
 * methods is one of the failures it counts. */
static int broken(struct net_ssh_auth *auth, struct prism_error *err)
{
	if (auth->ssh->goodbye)
		return refused(auth, err);
	(void)net_ssh_error(auth->ssh, err, "signing in");
	if (auth->stage >= AUTH_KEYBOARD && !*err->hint) /* sshd goes without a word then */
		prism_error_hint(err,
		                 "after a right answer this means an account that is locked, expired or "
		                 "not let in");
	return -1;
}

/* A person gave up: no other method is tried behind their back, and no empty answer is sent, which
 * would count as a failure there. */
static int unanswered(const struct net_ssh_auth *auth, struct prism_error *err)
{
	prism_error_raise(err, PRISM_ERROR_AUTH, "what %s asks was not answered", auth->ssh->label);
	prism_error_hint(err, "the next use of this way asks again");
	return -1;
}

/* 1: go on; 0: signed in; EAGAIN; else *err */
static int step_methods(struct net_ssh_auth *auth, struct prism_error *err)
{
	struct net_ssh *ssh = auth->ssh;
	char before[AUTH_METHODS_MAX];
	const char *list =
	    libssh2_userauth_list(ssh->session, ssh->host->user, (unsigned)strlen(ssh->host->user));

	if (!list && libssh2_userauth_authenticated(ssh->session)) {
		prism_free(ssh->method);
		ssh->method = prism_strdup("none");
		return 0;
	}
	if (!list) {
		if (libssh2_session_last_errno(ssh->session) == LIBSSH2_ERROR_EAGAIN)
			return LIBSSH2_ERROR_EAGAIN;
		return broken(auth, err);
	}
	memcpy(before, auth->methods, sizeof(before));
	snprintf(auth->methods, sizeof(auth->methods), "%s", list);
	if (!*before || strcmp(before, auth->methods) != 0) {
		/* The first list, or progress: everything may be tried that was not taken yet. */
		for (size_t i = 0; i < auth->count; i++)
			auth->identities[i].tried = *before && auth->back == AUTH_KEYS && i == auth->at;
		return enter(auth, AUTH_KEYS);
	}
	auth->stage = auth->back;
	return 1;
}

/* Not signed in, but perhaps further than before. */
static int look_again(struct net_ssh_auth *auth)
{
	auth->back = auth->stage;
	auth->stage = AUTH_METHODS;
	return 1;
}

static int step_keys(struct net_ssh_auth *auth, struct prism_error *err)
{
	struct net_ssh *ssh = auth->ssh;
	int rc;

	if (!allows(auth, "publickey"))
		return enter(auth, AUTH_KEYBOARD);
	while (!auth->offering && auth->at < auth->count && net_ssh_identity_present(auth)->tried)
		auth->at++;
	if (auth->at >= auth->count)
		return enter(auth, AUTH_KEYBOARD);
	if (!auth->offering) {
		auth->offering = net_ssh_identity_present(auth)->tried = true;
		auth->signed_once = false;
		auth->tries = 0;
		net_ssh_identity_offer(auth);
	}
	void *abstract = auth;
	rc = libssh2_userauth_publickey(ssh->session, ssh->host->user,
	                                (const unsigned char *)auth->offered.data, auth->offered.len,
	                                net_ssh_identity_sign, &abstract);
	if (rc == LIBSSH2_ERROR_EAGAIN)
		return rc;
	auth->offering = false;
	if (rc == 0) {
		prism_free(ssh->method);
		ssh->method = prism_asprintf("publickey (%s)", net_ssh_identity_present(auth)->label);
		return 0;
	}
	if (ssh->lower_over || net_ssh_fatal(ssh, rc))
		return broken(auth, err);
	bool sent = auth->signed_once && auth->sign == AUTH_SIGN_DONE;
	auth->sign = AUTH_SIGN_IDLE;
	if (sent) /* perhaps it was taken, and something else is wanted beside it */
		return look_again(auth);
	auth->at++;
	return 1;
}

static int step_keyboard(struct net_ssh_auth *auth, struct prism_error *err)
{
	struct net_ssh *ssh = auth->ssh;
	int rc;

	if (!auth->kbd && (!allows(auth, "keyboard-interactive") || auth->tries >= NET_SSH_TRIES))
		return enter(auth, AUTH_PASSWORD);
	if (auth->kbd && net_ssh_kbd_refused(auth->kbd)) {
		net_ssh_kbd_destroy(PRISM_STEAL(auth->kbd));
		return unanswered(auth, err);
	}
	if (!auth->kbd) {
		auth->kbd = net_ssh_kbd_create(ssh);
		auth->tries++;
	}
	rc = net_ssh_kbd_step(auth->kbd);
	if (rc == LIBSSH2_ERROR_EAGAIN)
		return rc;
	if (rc == 0) {
		prism_free(ssh->method);
		ssh->method = prism_strdup("keyboard-interactive");
		return 0;
	}
	if (ssh->lower_over || net_ssh_fatal(ssh, rc))
		return broken(auth, err);
	net_ssh_kbd_destroy(auth->kbd);
	auth->kbd = NULL;
	return look_again(auth);
}

/* No new password: without this function libssh2 takes the request for a refusal. */
static LIBSSH2_PASSWD_CHANGEREQ_FUNC(no_new_password)
{
	PRISM_UNUSED(session);
	PRISM_UNUSED(abstract);
	*newpw = NULL;
	*newpw_len = 0;
}

static int step_password(struct net_ssh_auth *auth, struct prism_error *err)
{
	struct net_ssh *ssh = auth->ssh;
	const struct prism_secret *kept = net_ssh_keyring_password(ssh->keyring, ssh->label);
	int rc;

	if (auth->password_refused)
		return unanswered(auth, err);
	if (!allows(auth, "password") || auth->tries >= NET_SSH_TRIES)
		return refused(auth, err);
	if (!auth->password && kept && !auth->password_asked)
		auth->password = prism_secret_create(prism_secret_text(kept), prism_secret_size(kept));
	if (!auth->password) {
		if (!ssh->asking) {
			auth->password_asked = true;
			net_ssh_auth_ask(
			    auth,
			    prism_asprintf("%s%s", auth->tries ? "that password is wrong; " : "", ssh->label),
			    prism_strdup(""), "Password");
		}
		return LIBSSH2_ERROR_EAGAIN;
	}
	rc = libssh2_userauth_password_ex(ssh->session, ssh->host->user,
	                                  (unsigned)strlen(ssh->host->user),
	                                  prism_secret_text(auth->password),
	                                  (unsigned)prism_secret_size(auth->password), no_new_password);
	if (rc == LIBSSH2_ERROR_EAGAIN)
		return rc;
	if (rc == 0) {
		net_ssh_keyring_set_password(ssh->keyring, ssh->label, PRISM_STEAL(auth->password));
		prism_free(ssh->method);
		ssh->method = prism_strdup("password");
		return 0;
	}
	prism_secret_destroy(PRISM_STEAL(auth->password));
	net_ssh_keyring_set_password(ssh->keyring, ssh->label, NULL);
	auth->password_asked = true;
	auth->tries++;
	if (rc == LIBSSH2_ERROR_PASSWORD_EXPIRED) {
		prism_error_raise(err, PRISM_ERROR_AUTH, "the password of %s has expired", ssh->label);
		prism_error_hint(err, "change it with: ssh %s", ssh->label);
		return -1;
	}
	if (ssh->lower_over || net_ssh_fatal(ssh, rc))
		return broken(auth, err);
	return look_again(auth);
}

static int step_gather(struct net_ssh_auth *auth, struct prism_error *err)
{
	PRISM_UNUSED(err);
	return auth->listing ? LIBSSH2_ERROR_EAGAIN : enter(auth, AUTH_METHODS);
}

int net_ssh_auth_step(struct net_ssh_auth *auth, struct prism_error *err)
{
	static int (*const steps[])(struct net_ssh_auth *, struct prism_error *) = {
	    [AUTH_GATHER] = step_gather,     [AUTH_METHODS] = step_methods,   [AUTH_KEYS] = step_keys,
	    [AUTH_KEYBOARD] = step_keyboard, [AUTH_PASSWORD] = step_password,
	};
	int rc;

	if (auth->ssh->asking || auth->unlock)
		return LIBSSH2_ERROR_EAGAIN;
	do
		rc = steps[auth->stage](auth, err);
	while (rc == 1);
	return rc;
}

void net_ssh_auth_answer(struct net_ssh_auth *auth, const struct prism_secret *const *answers,
                         size_t count)
{
	struct prism_secret *copy =
	    answers && count
	        ? prism_secret_create(prism_secret_text(answers[0]), prism_secret_size(answers[0]))
	        : NULL;

	net_ssh_stage(auth->ssh, "signing in");
	if (auth->stage == AUTH_KEYBOARD && auth->kbd) {
		net_ssh_kbd_answer(auth->kbd, answers, count);
		prism_secret_destroy(copy);
	} else if (auth->stage == AUTH_PASSWORD) {
		auth->password = copy;
		auth->password_refused = !copy;
	} else if (auth->stage == AUTH_KEYS && copy) {
		net_ssh_identity_unlock(auth, copy);
	} else {
		prism_secret_destroy(copy);
		auth->sign = AUTH_SIGN_FAILED;
	}
}

struct net_ssh_auth *net_ssh_auth_create(struct net_ssh *ssh)
{
	struct net_ssh_auth *auth = prism_alloc(sizeof(*auth));

	auth->ssh = ssh;
	prism_buf_init(&auth->signature, NET_SSH_BLOB_MAX);
	prism_buf_init(&auth->offered, NET_SSH_BLOB_MAX + 16);
	net_ssh_identity_gather(auth);
	return auth;
}

void net_ssh_auth_destroy(struct net_ssh_auth *auth)
{
	if (!auth)
		return;
	net_ssh_kbd_destroy(auth->kbd);
	net_ssh_identity_finish(auth);
	prism_secret_destroy(auth->password);
	prism_buf_finish(&auth->signature);
	prism_buf_finish(&auth->offered);
	prism_free(auth->title);
	prism_free(auth->about);
	prism_free(auth);
}
